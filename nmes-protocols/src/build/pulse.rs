//! The pulse of a session: amplitude, width, rate, and how its charge is paid back.

use super::{add, us};
use crate::amplitude::{AmplitudeRule, stand_in};
use crate::build_error::BuildError;
use crate::condition::Condition;
use crate::provenance::{Provenance, Ranged, Unit};
use crate::request::{BalanceChoice, Param, Request, Subject, pick};
use crate::screening::{Answers, Item};
use crate::settings::{Origin, Settings};
use crate::waveform::{ChargeReturn, TimingRow};
use nmes_core::{MicroAmps, Micros, PulseShape, Rate, Setting, Timing};

const IMPAIRED: &str =
    "impaired sensation: the top of the band that most people use, as the lists ask for a lower cap";

impl Condition {
    /// The range of the amplitude for somebody with these answers: the row's, lowered for a person who feels less.
    #[must_use]
    pub fn amplitude_for(&self, answers: &Answers) -> Ranged {
        let mut range = self.amplitude;
        if answers.answer(Item::ImpairedSensation) == Some(true) {
            range.max = range.max.min(self.typical_amplitude_ua.value.1);
            range.default = range.default.min(range.max);
            range.range = Provenance::Ours { reason: IMPAIRED };
        }
        range
    }
}

/// What one pulse of the session is, and when pulses stand.
pub(super) struct Pulse {
    pub(super) set: Setting,
    pub(super) shape: PulseShape<'static>,
    pub(super) rate: Rate,
    pub(super) timing: Timing<'static>,
}

pub(super) fn pulse(
    row: &Condition,
    subject: &Subject,
    request: &Request,
    amplitudes: &Ranged,
    settings: &mut Settings,
) -> Result<Pulse, BuildError> {
    let amplitude = amplitude(row, subject, request, amplitudes, settings)?;
    let width = pick(row.name, Param::PhaseWidth, &row.phase_width, request.width.map(Micros::as_micros))?;
    let millihertz = pick(row.name, Param::Rate, &row.rate, request.rate_millihertz)?;
    let gap = pick(row.name, Param::Gap, &row.gap, request.gap.map(Micros::as_micros))?;
    add(settings, "phase width", width, &row.phase_width, request.width.is_some());
    add(settings, "frequency", millihertz, &row.rate, request.rate_millihertz.is_some());
    add(settings, "interphase gap", gap, &row.gap, request.gap.is_some());
    let back = charge_return(row, request, settings)?;
    let ceiling = |given: bool| if given { Origin::Given } else { Origin::Row(row.ceiling.provenance) };
    settings.add("ceiling amplitude", amplitude, Unit::MicroAmps, ceiling(request.amplitude.is_some()));
    settings.add("ceiling width", width, Unit::Micros, ceiling(request.width.is_some()));
    let direct = direct_current(row, back, (amplitude, width, millihertz), settings)?;
    Ok(Pulse {
        set: Setting { amplitude: ua(amplitude), width: us(width) },
        shape: row.waveform.shape(back, us(gap), ua(direct)),
        rate: Rate::from_millihertz(millihertz).map_err(BuildError::Session)?,
        timing: timing(row.timing.map(|timing| timing.value))?,
    })
}

fn timing(row: Option<TimingRow>) -> Result<Timing<'static>, BuildError> {
    row.map_or(Ok(Timing::Even), |row| row.timing().map_err(BuildError::Session))
}

/// Asked for; else what the rule comes to for the person; else the row's default. Where it was not asked for, no more than the
/// person tolerates.
fn amplitude(
    row: &Condition,
    subject: &Subject,
    request: &Request,
    range: &Ranged,
    settings: &mut Settings,
) -> Result<u32, BuildError> {
    let asked = request.amplitude.map(MicroAmps::as_microamps);
    let rule = &row.amplitude_rule;
    let measured = rule.value.for_person(subject).map(MicroAmps::as_microamps);
    let (usual, chosen) = stand_in(range.default, range.chosen, subject);
    let amplitude = pick(row.name, Param::Amplitude, range, asked.or(measured).or(Some(usual)))?;
    let origin = match (asked, measured) {
        (Some(_), _) => Origin::Given,
        (None, Some(_)) => Origin::Measured(rule.value.provenance(subject, rule.provenance)),
        (None, None) if usual < range.default => Origin::Measured(chosen),
        (None, None) => Origin::Row(chosen),
    };
    settings.add("amplitude", amplitude, range.unit, origin);
    if let (AmplitudeRule::PercentMvic { .. }, Some(percent)) =
        (row.amplitude_rule.value, subject.mvic_percent)
    {
        let origin = Origin::Measured(row.amplitude_rule.provenance);
        settings.add("share of maximal force, measured", u32::from(percent), Unit::Percent, origin);
    }
    Ok(amplitude)
}

fn charge_return(
    row: &Condition,
    request: &Request,
    settings: &mut Settings,
) -> Result<ChargeReturn, BuildError> {
    let back = match request.balance {
        None | Some(BalanceChoice::Default) => row.waveform.balance,
        Some(BalanceChoice::Option) => {
            row.waveform.option.ok_or(BuildError::NoOtherBalance { row: row.name })?
        }
    };
    let length_percent = u32::from(back.value.length_percent());
    let origin = if request.balance.is_some() { Origin::Given } else { Origin::Row(back.provenance) };
    settings.add("balancing phase length", length_percent, Unit::Percent, origin);
    Ok(back.value)
}

const DIRECT: &str = "phase charge × rate of the set values, and 2 % for what a hardware rounds up";

/// What a monophasic pulse declares, held against the row's cap for its pads. 0 for a balanced one.
fn direct_current(
    row: &Condition,
    back: ChargeReturn,
    (amplitude, width, millihertz): (u32, u32, u32),
    settings: &mut Settings,
) -> Result<u32, BuildError> {
    if back != ChargeReturn::Monophasic {
        return Ok(0);
    }
    let direct = row.waveform.kind.value.direct_ua(amplitude, width, millihertz);
    let origin = Origin::Row(Provenance::Ours { reason: DIRECT });
    settings.add("declared direct current", direct, Unit::MicroAmps, origin);
    let most = row.direct_cap();
    let area = u64::from(row.electrodes.area.default.max(1));
    let density = u64::from(direct).saturating_mul(100).div_ceil(area);
    let ua_per_cm2 = u32::try_from(density).unwrap_or(u32::MAX);
    if ua_per_cm2 > most.value {
        let limit = most.provenance;
        return Err(BuildError::DirectCurrent { row: row.name, ua_per_cm2, most: most.value, limit });
    }
    Ok(direct)
}

fn ua(value: u32) -> MicroAmps {
    MicroAmps::from_microamps(value).unwrap_or(MicroAmps::MAX)
}
