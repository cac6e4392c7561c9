//! Judges of one pulse and of the ramp that leads to it.

use nmes_core::wide::product;
use nmes_core::{Balance, ChannelPlan, Control, Form, MicroAmps, Point, Polarity, Schedule, Slope};

use super::judges::{plain, whole};
use super::{Context, Facts, Found};
use crate::metrics::{Ratio, at_half_peak, narrow, scale_up};
use crate::profile::Layer;
use crate::report::{Detail, Remark, Verdict};
use crate::rules::{E_BAL_1, E_SLEW_2, G_LO_Q, G_LO_Q_PC_PER_US};

/// The steepest part of a ramp against a linear one: π/2 for the raised cosine, 3/(1 − e⁻³) for the exponential.
const fn steepest_permille(slope: Slope) -> u64 {
    match slope {
        Slope::Linear => 1_000,
        Slope::RaisedCosine => 1_571,
        Slope::Exponential => 3_158,
    }
}

/// The longest rest within custom points, in µs.
fn longest_rest(points: &[Point]) -> u64 {
    let (mut longest, mut rest) = (0_u64, 0_u64);
    for point in points {
        let us = u64::from(point.width.as_micros());
        rest = if point.permille == 0 { rest.saturating_add(us) } else { 0 };
        longest = longest.max(rest);
    }
    longest
}

/// How long a table of levels drives nothing, in ticks: before its first level, after its last, and the longest between.
#[derive(Default)]
struct Rests {
    first: u64,
    within: u64,
    last: u64,
}

impl Rests {
    /// The first steps are a tick longer where the width is no multiple of their number.
    fn of(levels: &[i16], width: u32) -> Self {
        let count = u32::try_from(levels.len()).unwrap_or(u32::MAX);
        let each = u64::from(width.checked_div(count).unwrap_or(0));
        let longer = usize::try_from(width.checked_rem(count).unwrap_or(0)).unwrap_or(usize::MAX);
        let (mut rests, mut driven) = (Self::default(), false);
        for (index, level) in levels.iter().enumerate() {
            if *level == 0 {
                rests.last = rests.last.saturating_add(each).saturating_add(u64::from(index < longer));
                continue;
            }
            if driven {
                rests.within = rests.within.max(rests.last);
            } else {
                rests.first = rests.last;
            }
            (rests.last, driven) = (0, true);
        }
        rests
    }
}

/// The current of a channel at its code for an amplitude, in nA.
fn realised_na(compiled: &ChannelPlan<'_>, amplitude: MicroAmps) -> u64 {
    let code = i32::try_from(compiled.code_for(amplitude)).unwrap_or(i32::MAX);
    let signed = if compiled.leading() == Polarity::Positive { code } else { code.saturating_neg() };
    compiled.hardware().current_na(signed).unsigned_abs()
}

impl Context<'_> {
    /// The width, unless the profile may not be used for what the session is for: then nothing is compared.
    pub(super) fn width(&self, facts: &Facts<'_>) -> Found {
        if self.profile.takes(self.setup.use_class()) {
            return plain(facts.pulse.primary_width());
        }
        Found::missing(Verdict::Deny, Remark::OtherUseClass)
    }

    /// A line over the time that the primary phase is at half its peak or above. A figure that a layer states is a cap.
    pub(super) fn limited_charge(&self, facts: &Facts<'_>) -> Option<Found> {
        let asked = facts.asked();
        let found = whole(facts.pulse.primary_charge_pc());
        let stated = self.setup.limit(&G_LO_Q, self.profile)?;
        if stated.layer != Layer::Rule {
            return Some(found);
        }
        let (us, of) = at_half_peak(&asked.pulse, asked.ceiling.width);
        let slope = us.saturating_mul(G_LO_Q_PC_PER_US).checked_div(of).unwrap_or(0);
        Some(Found { limit: Some(stated.value.saturating_add(slope)), ..found })
    }

    /// The commanded sum of the pulse at the ceiling and as set. Every pulse is looked at again before it runs. A limit
    /// that a profile states is for pulses with a declared direct current; all others sum to zero.
    pub(super) fn balance(&self, facts: &Facts<'_>) -> Option<Found> {
        let asked = facts.asked();
        if !asked.pulse.balance.is_balanced() {
            return Some(plain(facts.pulse.net_charge()));
        }
        let output = facts.compiled.hardware();
        let net = |setting| {
            let frame = self.plan.frame(facts.channel, setting, 0)?;
            Some(frame.net_charge(output)?.magnitude())
        };
        let ceiling = net(asked.ceiling);
        let set = if asked.set == asked.ceiling { ceiling } else { net(asked.set) };
        let (Some(ceiling), Some(set)) = (ceiling, set) else {
            return Some(Found::missing(Verdict::Deny, Remark::NoPulse));
        };
        let hz = u128::from(self.plan.hardware().timing().ticks_per_second);
        let worst = plain(Ratio::of(ceiling.max(set).into(), 1_000, hz));
        let code = u64::from(output.na_per_code_positive.max(output.na_per_code_negative));
        let carried = code.saturating_mul(u64::from(asked.pulse.repeat.count));
        if !output.is_exact() && ceiling.max(set) > 0 && ceiling.max(set) < carried {
            return Some(Found { verdict: Some(Verdict::Warn), remark: Some(Remark::Carried), ..worst });
        }
        Some(Found { limit: Some(E_BAL_1.limit), ..worst })
    }

    /// The gap, or a longer rest within custom points or a table; what a table rests at its ends stands beside the gap.
    pub(super) fn gap(&self, facts: &Facts<'_>) -> Option<Found> {
        let pulse = &facts.asked().pulse;
        let gap = u64::from(facts.compiled.gap_ticks());
        let (rest_us, rest_ticks) = match pulse.form {
            Form::Points(points) => (longest_rest(points), gap),
            Form::Table(levels) => {
                let rests = Rests::of(levels, facts.compiled.width_ticks(facts.asked().ceiling.width));
                let mirrored = pulse.balance == Balance::Symmetric && facts.compiled.hardware().is_exact();
                let before = if pulse.balance.is_balanced() { rests.last } else { 0 };
                let after = if mirrored { rests.first } else { 0 };
                (0, rests.within.max(gap.saturating_add(before).saturating_add(after)))
            }
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } => (0, gap),
        };
        let hz = u128::from(self.plan.hardware().timing().ticks_per_second);
        let [rest, ticks] = [Ratio::whole(rest_us), Ratio::of(u128::from(rest_ticks), 1_000_000, hz)];
        Some(plain(if rest.exceeds(&ticks) { rest } else { ticks }))
    }

    /// The rate of the frames, and what is within one that has several pulses.
    pub(super) fn rate(&self, facts: &Facts<'_>) -> Found {
        let found = plain(facts.rate_mhz);
        let pulses = facts.asked().pulse.repeat.count;
        if pulses < 2 {
            return found;
        }
        let Some(frame) = self.plan.frame(facts.channel, facts.asked().ceiling, 0) else { return found };
        let period =
            frame.cycle_segments().fold(0_u64, |sum, segment| sum.saturating_add(segment.ticks.into()));
        let hz = u64::from(self.plan.hardware().timing().ticks_per_second);
        let within = hz.saturating_mul(1_000).saturating_add(period / 2).checked_div(period).unwrap_or(0);
        let within_mhz = u32::try_from(within).unwrap_or(u32::MAX);
        Found { detail: Some(Detail::Repeats { pulses, within_mhz }), ..found }
    }

    /// The steeper of the ramp up and the shortest ramp down, where its shape is steepest. A ramp of no time counts as
    /// 1 ms. The step to a floor has no slope: it warns where it would be steeper than the limit in 1 ms.
    pub(super) fn slew(&self, facts: &Facts<'_>) -> Option<Found> {
        let ramp = &facts.asked().ramp;
        let down = match self.plan.session().schedule() {
            Schedule::Gated(_) => ramp.down_min,
            Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Program(_) => ramp.down,
        };
        // nA per ms are µA per s
        let shortest = u64::from(ramp.up.min(down).as_millis()).max(1);
        let ends = Ends::of(facts);
        let found = plain(Ratio::of(ends.rise_na(), steepest_permille(ramp.slope), product(shortest, 1_000)));
        let microamps = narrow(scale_up(ends.floor_na, 1, 1_000));
        if microamps == 0 {
            return Some(found);
        }
        let detail = Some(Detail::Step { microamps: u32::try_from(microamps).unwrap_or(u32::MAX) });
        let limit = self.setup.limit(&E_SLEW_2, self.profile)?.value;
        let denies = found.value.is_none_or(|value| value.breaks(&E_SLEW_2, limit));
        if denies || ends.floor_na <= u128::from(limit) {
            return Some(Found { detail, ..found });
        }
        Some(Found { verdict: Some(Verdict::Warn), remark: Some(Remark::StepsToFloor), detail, ..found })
    }
}

/// One code against the range of the output, the way the pulses lead. Zero itself is off.
pub(super) fn least_output(facts: &Facts<'_>) -> Found {
    let output = facts.compiled.hardware();
    let (one, top) = if facts.compiled.leading() == Polarity::Positive {
        (1, output.code_max)
    } else {
        (-1, output.code_min)
    };
    let [one, top] = [one, top].map(|code| output.current_na(code).unsigned_abs());
    plain(Ratio::of(one.into(), 1_000, top.into()))
}

/// The ends of a ramp, in nA. One in width counts as the amplitude that moves the same charge.
struct Ends {
    floor_na: u128,
    top_na: u128,
}

impl Ends {
    fn of(facts: &Facts<'_>) -> Self {
        let asked = facts.asked();
        let top = realised_na(facts.compiled, asked.ceiling.amplitude);
        let floor = asked.ramp.floor;
        let floor_na = match asked.ramp.control {
            Control::Amplitude => {
                let amplitude = MicroAmps::from_microamps(floor).unwrap_or(MicroAmps::MAX);
                let bottom = if floor == 0 { 0 } else { realised_na(facts.compiled, amplitude) };
                u128::from(bottom.min(top))
            }
            Control::Width => {
                let width = asked.ceiling.width.as_micros();
                let above = u64::from(width.saturating_sub(floor));
                u128::from(top).saturating_sub(scale_up(u128::from(top), above, u128::from(width)))
            }
        };
        Self { floor_na, top_na: u128::from(top) }
    }

    fn rise_na(&self) -> u128 {
        self.top_na.saturating_sub(self.floor_na)
    }
}
