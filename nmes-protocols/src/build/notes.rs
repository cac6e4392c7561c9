//! What a person should know before a session runs.

use super::NOTES;
use crate::amplitude::{AmplitudeRule, tolerable};
use crate::build_error::BuildNote;
use crate::condition::Condition;
use crate::request::{Request, Subject};
use crate::shape::Shape;
use nmes_core::{Channel, Control, MicroAmps, Micros, Session, Setting};

pub(super) fn notes(
    row: &Condition,
    (measured_at, subject): (&Subject, &Subject),
    request: &Request,
    set: Setting,
    shape: &Shape,
) -> [Option<BuildNote>; NOTES] {
    let threshold = subject.motor_threshold;
    let rule = row.amplitude_rule.value;
    let steps = row.schedule.step().is_some();
    let unknown = steps && threshold.is_none() && shape.ramp.floor == 0;
    let too_low = threshold.filter(|t| *t >= set.amplitude && rule.wants_contraction());
    let measured = request.amplitude.is_some() || rule.for_person(subject).is_some();
    // of a step the settings say that its amplitude is the row's; there the foot is seen to lift
    let stands_in = !measured && !steps;
    let asked = rule.asks_for(subject).or(MicroAmps::from_microamps(row.amplitude.default));
    let asked = asked.filter(|ua| request.amplitude.is_none() && tolerable(*ua, subject) < *ua);
    [
        unknown.then_some(BuildNote::MotorThresholdUnknown),
        too_low.map(|threshold| BuildNote::SetNotAboveThreshold { set: set.amplitude, threshold }),
        (shape.ramp.control == Control::Width).then_some(BuildNote::RampsWidth),
        shape.no_floor_for_width.then_some(BuildNote::NoFloorForWidth),
        stands_in.then_some(BuildNote::RuleNotMeasured { set: set.amplitude, rule }),
        transferred(measured_at, subject, set),
        share_of_force(row, subject),
        asked.map(|asked| BuildNote::NoMoreThanTolerated { asked, set: set.amplitude }),
        None,
        None,
    ]
}

/// The first channel that is set above what was tolerated of the person whom it is for.
pub(super) fn above_tolerated(session: &Session<'_>, subjects: &[Subject]) -> Option<BuildNote> {
    (0_u8..).zip(session.channels()).find_map(|(channel, Channel { set, .. })| {
        let subject = subjects.get(usize::from(channel)).or(subjects.last())?;
        let tolerated = subject.at_width(set.width).tolerated.filter(|most| *most < set.amplitude)?;
        Some(BuildNote::AboveTolerated { channel, set: set.amplitude, tolerated })
    })
}

/// The charge of a phase at the amplitude that was moved, against the same where it was measured.
fn transferred(measured: &Subject, moved: &Subject, set: Setting) -> Option<BuildNote> {
    let from = measured.measured_width.filter(|from| *from != set.width)?;
    let known = |s: &Subject| s.motor_threshold.or(s.effect).or(s.tolerated).or(s.sensory_threshold);
    let charge = |ua: MicroAmps, width: Micros| {
        u64::from(ua.as_microamps()).saturating_mul(u64::from(width.as_micros()))
    };
    let (was, is) = (charge(known(measured)?, from), charge(known(moved)?, set.width));
    let permille = is.saturating_mul(1_000).checked_div(was)?;
    let charge_permille = u32::try_from(permille).unwrap_or(u32::MAX);
    Some(BuildNote::Transferred { from, to: set.width, charge_permille })
}

/// What was reached of a share of the maximal voluntary force.
fn share_of_force(row: &Condition, subject: &Subject) -> Option<BuildNote> {
    let AmplitudeRule::PercentMvic { target, least } = row.amplitude_rule.value else { return None };
    match subject.mvic_percent {
        None if subject.effect.is_some() => Some(BuildNote::ForceNotRecorded { target }),
        Some(achieved) if achieved < target => Some(BuildNote::TargetNotReached { achieved, target, least }),
        None | Some(_) => None,
    }
}
