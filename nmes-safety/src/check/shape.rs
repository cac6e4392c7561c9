//! Judges of one pulse and of the ramp that leads to it.

use nmes_core::{ChannelPlan, Control, Form, MicroAmps, Point, Polarity, Schedule, Slope};

use super::judges::{plain, whole};
use super::{Context, Facts, Found};
use crate::metrics::{Ratio, at_half_peak, narrow, product, scale_up};
use crate::profile::Layer;
use crate::report::{Remark, Verdict};
use crate::rules::{E_BAL_1, G_LO_Q, G_LO_Q_PC_PER_US};

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
            return Some(whole(narrow(facts.pulse.net_na_ticks().unsigned_abs())));
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
        let worst = whole(ceiling.max(set));
        let code = u64::from(output.na_per_code_positive.max(output.na_per_code_negative));
        let carried = code.saturating_mul(u64::from(asked.pulse.repeat.count));
        if !output.is_exact() && ceiling.max(set) > 0 && ceiling.max(set) < carried {
            return Some(Found { verdict: Some(Verdict::Warn), remark: Some(Remark::Carried), ..worst });
        }
        Some(Found { limit: Some(E_BAL_1.limit), ..worst })
    }

    pub(super) fn gap(&self, facts: &Facts<'_>) -> Option<Found> {
        let rest = match facts.asked().pulse.form {
            Form::Points(points) => longest_rest(points),
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } | Form::Table(_) => 0,
        };
        let hz = u128::from(self.plan.hardware().timing().ticks_per_second);
        let gap = Ratio::of(u128::from(facts.compiled.gap_ticks()), 1_000_000, hz);
        let rest = Ratio::whole(rest);
        Some(plain(if rest.exceeds(&gap) { rest } else { gap }))
    }

    /// The steeper of the ramp up and the shortest ramp down, where its shape is steepest. A ramp of no time counts as
    /// 1 ms.
    pub(super) fn slew(&self, facts: &Facts<'_>) -> Option<Found> {
        let ramp = &facts.asked().ramp;
        let down = match self.plan.session().schedule() {
            Schedule::Gated(_) => ramp.down_min,
            Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Program(_) => ramp.down,
        };
        // nA per ms are µA per s
        let shortest = u64::from(ramp.up.min(down).as_millis()).max(1);
        Some(plain(Ratio::of(rise_na(facts), steepest_permille(ramp.slope), product(shortest, 1_000))))
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

/// From the floor to the ceiling, in nA. A ramp in width counts as the amplitude that moves the same charge.
fn rise_na(facts: &Facts<'_>) -> u128 {
    let asked = facts.asked();
    let top = realised_na(facts.compiled, asked.ceiling.amplitude);
    let floor = asked.ramp.floor;
    match asked.ramp.control {
        Control::Amplitude => {
            let amplitude = MicroAmps::from_microamps(floor).unwrap_or(MicroAmps::MAX);
            let bottom = if floor == 0 { 0 } else { realised_na(facts.compiled, amplitude) };
            u128::from(top.saturating_sub(bottom))
        }
        Control::Width => {
            let width = asked.ceiling.width.as_micros();
            scale_up(u128::from(top), u64::from(width.saturating_sub(floor)), u128::from(width))
        }
    }
}
