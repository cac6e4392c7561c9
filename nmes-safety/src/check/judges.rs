//! One small function a rule: whether it binds a place, and what is found there.

use nmes_core::{
    Channel, Control, Form, Gate, MAX_CHANNELS, MicroAmps, Millis, Plan, Point, Polarity, Rate, Schedule,
    Slope,
};

use super::{Context, Facts, Found, Judge, Measured};
use crate::metrics::{density_square, narrow, power_uw_per_cm2, root_up, scale_up};
use crate::report::{MAX_ROWS, Place, Remark, Verdict};
use crate::rules::*;
use crate::setup::UseClass;
use crate::stages::{longest_hold, shortest_rest};

/// A rule and its judge, in the order of the report.
pub(super) static JUDGES: [(&Rule, Judge); MAX_ROWS] = [
    (&N_RMS_1, |c, p| c.rms_row(p, 0, RMS_LOW_MHZ)),
    (&N_RMS_2, |c, p| c.rms_row(p, RMS_LOW_MHZ, RMS_MID_MHZ)),
    (&N_RMS_3, |c, p| c.rms_row(p, RMS_MID_MHZ, u64::MAX)),
    (&N_RMS_X, |c, p| c.rms(p)),
    (&N_DC_1, |c, p| c.direct_current(p)),
    (&N_DC_2, |c, p| c.on_channel(p, |f| f.pulse.long_peak_ua())),
    (&N_EN_1, |c, p| c.on_channel(p, |f| Some(f.pulse.short_energy_uj(N_EN_1.load.ohms()?)))),
    (&N_V_1, |c, p| c.on_session(p, c.rail())),
    (&N_IND_1, |c, p| c.rms(p)),
    (&N_IND_1_ENERGY, |c, p| c.on_channel(p, |f| Some(f.pulse.energy_uj(N_IND_1_ENERGY.load.ohms()?)))),
    (&N_DOC_1, |c, p| c.density(p, 1_000)),
    (&G_PD_1, |c, p| c.power(p)),
    (&G_LO_Q, |c, p| c.limited_charge(p)),
    (&G_LO_I, |c, p| c.on_channel(p, |f| Some(microamps(f.second.mean_absolute_na)))),
    (&G_LO_T, |c, p| c.on_channel(p, |f| Some(f.pulse.primary_us()))),
    (&G_LO_J, |c, p| c.density(p, 1_000)),
    (&G_NS4_Q, |c, p| c.on_channel(p, |f| Some(f.pulse.absolute_charge_pc()))),
    (&E_BAL_1, |c, p| c.balance(p)),
    (&E_DC_4, |c, p| c.direct_density(p)),
    (&E_J_2, |c, p| c.density(p, c.setup.contact_permille())),
    (&E_PEAK_1, |c, p| c.on_channel(p, |f| Some(f.pulse.peak_ua()))),
    (&E_Q_1, |c, p| c.on_channel(p, |f| Some(f.pulse.phase_charge_pc()))),
    (&E_W_1, |c, p| c.on_channel(p, |f| Some(f.pulse.primary_us()))),
    (&E_F_1, |c, p| c.on_channel(p, |f| Some(millihertz(f.rate)))),
    (&E_IPG_1, |c, p| c.gap(p)),
    (&E_DUTY_1, |c, p| c.exercise(p, Context::on_time)),
    (&E_REST_1, |c, p| c.exercise(p, |c, _| c.rest_time())),
    (&E_SES_1, |c, p| c.on_session(p, plain(c.plan.session().length().as_millis().into()))),
    (&E_SLEW_2, |c, p| c.slew(p)),
    (&E_COMP_1, |c, p| c.compliance(p)),
    (&E_STUCK_1, |c, p| c.stuck(p)),
];

/// The time a gate counts its triggers in.
const MINUTE_MS: u64 = 60_000;

const fn plain(value: u64) -> Found {
    Found::Value(Measured::Plain(value))
}

fn microamps(na: u128) -> u64 {
    narrow(scale_up(na, 1, 1_000))
}

fn millihertz(rate: Rate) -> u64 {
    narrow(scale_up(u128::from(rate.pulses()), 1_000_000_000, u128::from(rate.per_us())))
}

/// The steepest part of a ramp against a linear one: π/2 for the raised cosine, 3/(1 − e⁻³) for the exponential.
const fn steepest_permille(slope: Slope) -> u128 {
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
fn realised_na(plan: &Plan<'_>, channel: u8, amplitude: MicroAmps) -> Option<u64> {
    let compiled = plan.channel(channel)?;
    let code = i32::try_from(compiled.code_for(amplitude)).unwrap_or(i32::MAX);
    let signed = if compiled.leading() == Polarity::Positive { code } else { code.saturating_neg() };
    Some(compiled.hardware().current_na(signed).unsigned_abs())
}

impl Context<'_, '_> {
    fn on_channel(&self, place: Place, value: impl Fn(&Facts) -> Option<u64>) -> Option<Found> {
        match place {
            Place::Channel(channel) => value(self.facts(channel)?).map(plain),
            Place::Shared(_) | Place::Session => None,
        }
    }

    fn on_session(&self, place: Place, found: Found) -> Option<Found> {
        (place == Place::Session).then_some(found)
    }

    /// ΣI²t of the worst second. On a shared electrode the r.m.s. currents add, as if they flowed at the same time; those
    /// of channels on one source never do, so that their squares add.
    fn mean_square(&self, place: Place) -> Option<u128> {
        match place {
            Place::Channel(channel) => self.facts(channel).map(|f| f.second.mean_square_na2),
            Place::Shared(mask) => {
                let sum = self.squares_by_source(mask).into_iter().map(root_up).fold(0, u128::saturating_add);
                Some(sum.saturating_mul(sum))
            }
            Place::Session => None,
        }
    }

    /// Mean squares of the channels of a mask, those on one source added up at the first of them.
    fn squares_by_source(&self, mask: u8) -> [u128; MAX_CHANNELS] {
        let mut squares = [(0_u8, 0_u128); MAX_CHANNELS];
        for facts in self.members(mask) {
            let own = |slot: &&mut (u8, u128)| slot.1 == 0 || (facts.source != 0 && slot.0 == facts.source);
            if let Some(slot) = squares.iter_mut().find(own) {
                *slot = (facts.source, slot.1.saturating_add(facts.second.mean_square_na2));
            }
        }
        squares.map(|(_, square)| square)
    }

    /// The lowest pulse rate at a place: the r.m.s. limits grow with the rate. Where the rate varies it counts as next to nothing.
    fn lowest_mhz(&self, place: Place) -> Option<u64> {
        let lowest = |f: &Facts| if f.is_steady { millihertz(f.rate) } else { 1 };
        match place {
            Place::Channel(channel) => self.facts(channel).map(lowest),
            Place::Shared(mask) => self.members(mask).map(lowest).min(),
            Place::Session => None,
        }
    }

    fn rms(&self, place: Place) -> Option<Found> {
        let square = self.mean_square(place)?;
        Some(Found::Value(Measured::Square(scale_up(square, 1, 1_000_000))))
    }

    fn rms_row(&self, place: Place, above_mhz: u64, up_to_mhz: u64) -> Option<Found> {
        let rate = self.lowest_mhz(place)?;
        if rate > above_mhz && rate <= up_to_mhz { self.rms(place) } else { None }
    }

    fn area(&self, place: Place) -> Option<Option<u32>> {
        match place {
            Place::Channel(channel) => Some(self.setup.area_mm2(channel)),
            Place::Shared(mask) => {
                let areas = (0_u8..).map_while(|n| self.setup.shared(n));
                Some(areas.filter(|(channels, _)| *channels == mask).map(|(_, area)| area).min())
            }
            Place::Session => None,
        }
    }

    fn on_area(&self, place: Place, value: impl Fn(u128, u32) -> Measured) -> Option<Found> {
        let square = self.mean_square(place)?;
        let found = self.area(place)?.map(|area| Found::Value(value(square, area)));
        Some(found.unwrap_or(Found::Missing(Verdict::Deny, Remark::ElectrodeUnknown)))
    }

    fn density(&self, place: Place, permille: u16) -> Option<Found> {
        self.on_area(place, |square, area| Measured::Square(density_square(square, area, permille)))
    }

    fn power(&self, place: Place) -> Option<Found> {
        let ohms = G_PD_1.load.ohms()?;
        self.on_area(place, |square, area| Measured::Plain(power_uw_per_cm2(square, ohms, area)))
    }

    /// Direct current at a place in µA: on each channel what the setup declares and what its pulses leave, |ΣIt| of the worst second. They
    /// add: the one is the stage's, the other is commanded. `None` where neither is declared.
    fn declared_ua(&self, place: Place) -> Option<u64> {
        let stage = self.setup.declared_dc().map(|dc| u64::from(dc.as_microamps()));
        let on_channel = |f: &Facts| stage.unwrap_or(0).saturating_add(microamps(f.second.mean_dc_na));
        let sum = match place {
            Place::Channel(channel) => self.facts(channel).map_or(0, on_channel),
            Place::Shared(mask) => self.members(mask).map(on_channel).fold(0, u64::saturating_add),
            Place::Session => 0,
        };
        (stage.is_some() || sum > 0).then_some(sum)
    }

    fn direct_current(&self, place: Place) -> Option<Found> {
        if place == Place::Session {
            return None;
        }
        Some(self.declared_ua(place).map_or(Found::Noted(Measured::Plain(0), Remark::NoDcDeclared), plain))
    }

    fn direct_density(&self, place: Place) -> Option<Found> {
        let Some(area) = self.area(place)? else {
            return Some(Found::Missing(Verdict::Deny, Remark::ElectrodeUnknown));
        };
        let Some(current) = self.declared_ua(place) else {
            return Some(Found::Missing(Verdict::NotEvaluated, Remark::NoDcDeclared));
        };
        let contact = u128::from(area).saturating_mul(u128::from(self.setup.contact_permille()));
        Some(plain(narrow(scale_up(u128::from(current), 100_000, contact))))
    }

    fn rail(&self) -> Found {
        let missing = Found::Missing(Verdict::NotEvaluated, Remark::RailUnknown);
        self.setup.rail_mv().map_or(missing, |rail| plain(u64::from(rail)))
    }

    fn limited_charge(&self, place: Place) -> Option<Found> {
        let Place::Channel(channel) = place else { return None };
        let pulse = &self.facts(channel)?.pulse;
        let width = self.plan.session().channels().get(usize::from(channel))?.ceiling.width;
        let slope = u64::from(width.as_micros()).saturating_mul(G_LO_Q_PC_PER_US);
        let base = self.setup.limit(&G_LO_Q, self.profile)?.value;
        Some(Found::Against(Measured::Plain(pulse.primary_charge_pc()), base.saturating_add(slope)))
    }

    /// The commanded sum of the pulse at the ceiling and as set. Every pulse is looked at again before it runs. A limit
    /// that a profile states is for pulses with a declared direct current; all others sum to zero.
    fn balance(&self, place: Place) -> Option<Found> {
        let Place::Channel(channel) = place else { return None };
        let asked = self.plan.session().channels().get(usize::from(channel))?;
        if !asked.pulse.balance.is_balanced() {
            let net = self.facts(channel)?.pulse.net_na_ticks().unsigned_abs();
            return Some(plain(narrow(net)));
        }
        let output = self.plan.channel(channel)?.hardware();
        let net = |setting| {
            let frame = self.plan.frame(channel, setting, 0)?;
            Some(frame.net_charge(output)?.magnitude())
        };
        let (Some(ceiling), Some(set)) = (net(asked.ceiling), net(asked.set)) else {
            return Some(Found::Missing(Verdict::Deny, Remark::NoPulse));
        };
        let worst = Measured::Plain(ceiling.max(set));
        let code = u64::from(output.na_per_code_positive.max(output.na_per_code_negative));
        let carried = code.saturating_mul(u64::from(asked.pulse.repeat.count));
        if !output.is_exact() && ceiling.max(set) > 0 && ceiling.max(set) < carried {
            return Some(Found::Judged(worst, Verdict::Warn, Remark::Carried));
        }
        Some(Found::Against(worst, E_BAL_1.limit))
    }

    fn gap(&self, place: Place) -> Option<Found> {
        let Place::Channel(channel) = place else { return None };
        let compiled = self.plan.channel(channel)?;
        let ticks = u128::from(compiled.gap_ticks());
        let hz = u128::from(self.plan.hardware().timing().ticks_per_second);
        let gap = narrow(scale_up(ticks, 1_000_000, hz));
        let rest = match compiled.channel().pulse.form {
            Form::Points(points) => longest_rest(points),
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } | Form::Table(_) => 0,
        };
        Some(plain(gap.max(rest)))
    }

    fn exercise(&self, place: Place, value: impl Fn(&Self, &Channel<'_>) -> u64) -> Option<Found> {
        let Place::Channel(channel) = place else { return None };
        let asked = self.plan.session().channels().get(usize::from(channel))?;
        Some(match self.setup.use_class() {
            UseClass::Exercise => plain(value(self, asked)),
            UseClass::FunctionalWear | UseClass::Continuous | UseClass::Specialist => {
                Found::Missing(Verdict::NotEvaluated, Remark::UseClass)
            }
        })
    }

    /// The longest a channel is on without a rest, in ms.
    fn on_time(&self, asked: &Channel<'_>) -> u64 {
        let (up, down) = (u64::from(asked.ramp.up.as_millis()), u64::from(asked.ramp.down.as_millis()));
        match self.plan.session().schedule() {
            Schedule::Continuous => u64::from(self.plan.session().length().as_millis()),
            Schedule::Cyclic(cycle) => {
                u64::from(cycle.hold.as_millis()).saturating_add(up).saturating_add(down)
            }
            Schedule::Program(stages) => {
                u64::from(longest_hold(stages).as_millis()).saturating_add(up).saturating_add(down)
            }
            Schedule::Gated(gate) => self.chained(gate, down),
        }
    }

    /// One opening of a gate, in ms: however often it is triggered, a train is over its longest time and a ramp-down after
    /// it began. Without a least OFF time the next one follows at once, and the triggers that a minute allows bound how
    /// many do; where they fill the minute nothing does.
    fn chained(&self, gate: Gate, down: u64) -> u64 {
        let session = u64::from(self.plan.session().length().as_millis());
        let one = u64::from(gate.max_on.as_millis()).saturating_add(down);
        if gate.min_off > Millis::ZERO {
            return one.min(session);
        }
        let chain = one.saturating_mul(u64::from(gate.max_triggers_per_minute));
        if chain >= MINUTE_MS { session } else { chain.min(session) }
    }

    /// The shortest rest between two contractions, in ms.
    fn rest_time(&self) -> u64 {
        match self.plan.session().schedule() {
            Schedule::Continuous => 0,
            Schedule::Cyclic(cycle) => u64::from(cycle.rest.as_millis()),
            Schedule::Program(stages) => u64::from(shortest_rest(stages).as_millis()),
            Schedule::Gated(gate) => u64::from(gate.min_off.as_millis()),
        }
    }

    /// From the floor to the ceiling, in nA. A ramp in width counts as the amplitude that moves the same charge.
    fn rise_na(&self, channel: u8, asked: &Channel<'_>) -> Option<u128> {
        let top = realised_na(self.plan, channel, asked.ceiling.amplitude)?;
        let floor = asked.ramp.floor;
        match asked.ramp.control {
            Control::Amplitude => {
                let amplitude = MicroAmps::from_microamps(floor).unwrap_or(MicroAmps::MAX);
                let bottom = if floor == 0 { 0 } else { realised_na(self.plan, channel, amplitude)? };
                Some(u128::from(top.saturating_sub(bottom)))
            }
            Control::Width => {
                let width = asked.ceiling.width.as_micros();
                Some(scale_up(u128::from(top), u128::from(width.saturating_sub(floor)), u128::from(width)))
            }
        }
    }

    /// The steeper of the ramp up and the shortest ramp down, where its shape is steepest. A ramp of no time counts as
    /// 1 ms.
    fn slew(&self, place: Place) -> Option<Found> {
        let Place::Channel(channel) = place else { return None };
        let asked = self.plan.session().channels().get(usize::from(channel))?;
        let down = match self.plan.session().schedule() {
            Schedule::Gated(_) => asked.ramp.down_min,
            Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Program(_) => asked.ramp.down,
        };
        // nA per ms are µA per s
        let shortest = u128::from(asked.ramp.up.min(down).as_millis()).max(1);
        let steepest = steepest_permille(asked.ramp.slope);
        Some(plain(narrow(scale_up(self.rise_na(channel, asked)?, steepest, shortest.saturating_mul(1_000)))))
    }

    fn compliance(&self, place: Place) -> Option<Found> {
        let Place::Channel(channel) = place else { return None };
        let pulse = &self.facts(channel)?.pulse;
        let (Some(rail), Some(load)) = (self.setup.rail_mv(), self.setup.load_ohm()) else {
            let rail = self.setup.rail_mv().is_none();
            let remark = if rail { Remark::RailUnknown } else { Remark::LoadUnknown };
            return Some(Found::Missing(Verdict::NotEvaluated, remark));
        };
        Some(plain(narrow(scale_up(u128::from(pulse.peak_mv(load)), 1_000, u128::from(rail)))))
    }

    /// Peak current for the time of the one-shot, or for a period when there is none.
    fn stuck(&self, place: Place) -> Option<Found> {
        let Place::Channel(channel) = place else { return None };
        let facts = self.facts(channel)?;
        let peak = u128::from(facts.pulse.peak_ua());
        let one_shot = self.setup.one_shot().map(|time| u128::from(time.as_micros()));
        // µA·µs are pC
        Some(match one_shot {
            Some(time) => plain(narrow(peak.saturating_mul(time))),
            None => {
                let charge = scale_up(peak, u128::from(facts.rate.per_us()), u128::from(facts.rate.pulses()));
                Found::Noted(Measured::Plain(narrow(charge)), Remark::NoOneShot)
            }
        })
    }
}
