//! What the rows ask about one channel of a plan.

use nmes_core::{Balance, Channel, ChannelPlan, Control, Form, Plan, Rate, Schedule, Timing};

use super::answer::{Answer, LOADS_OHM};
use crate::metrics::{PulseMetrics, density_ua_per_cm2, narrow, power_uw_per_cm2, scale_up};
use crate::rules::Unit;
use crate::setup::Setup;

/// The load that charge, density and power are meant at.
const TABLE_OHM: u32 = 500;

/// A channel with everything that is worked out of it.
pub(super) struct Facts<'p, 'a> {
    pub(super) plan: &'p Plan<'a>,
    pub(super) setup: &'p Setup,
    pub(super) index: u8,
    pub(super) asked: &'p Channel<'a>,
    pub(super) compiled: &'p ChannelPlan<'a>,
    pub(super) pulse: PulseMetrics,
}

/// `num / den` rounded down; 0 for a zero divisor.
fn div_down(num: u64, den: u64) -> u64 {
    num.checked_div(den).unwrap_or(0)
}

impl<'p, 'a> Facts<'p, 'a> {
    pub(super) fn of(plan: &'p Plan<'a>, setup: &'p Setup, index: u8) -> Option<Self> {
        let compiled = plan.channel(index)?;
        let pulse = PulseMetrics::worst(plan, index)?;
        Some(Self { plan, setup, index, asked: compiled.channel(), compiled, pulse })
    }

    pub(super) fn hz(&self) -> u32 {
        self.plan.hardware().timing().ticks_per_second
    }

    pub(super) fn waveform(&self) -> &'static str {
        match (self.asked.pulse.balance, self.asked.pulse.form) {
            (Balance::DeclaredDc { .. }, _) => "pulsed, monophasic (a direct current is declared)",
            (_, Form::Triphasic { .. }) => "pulsed, triphasic, balanced",
            (_, Form::Points(_)) => "pulsed, custom levels, balanced",
            (Balance::Symmetric, _) => "pulsed, biphasic, symmetrically balanced",
            (Balance::Asymmetric { .. }, _) => "pulsed, biphasic, asymmetrically balanced",
        }
    }

    pub(super) fn shape(&self) -> &'static str {
        match self.asked.pulse.form {
            Form::Rectangular | Form::Triphasic { .. } => "rectangular",
            Form::Prepulse(_) => "rectangular, a weak phase ahead of the main phase",
            Form::Points(_) => "rectangular steps at the points of the plan",
            Form::Table(_) => "equal steps after a table (triangle, exponential, sine or other)",
        }
    }

    /// Peak current in µA into a load, of a stage that clips at the rail. `None` when the rail is not known.
    fn peak_ua(&self, ohms: u32) -> Option<u64> {
        let rail = u64::from(self.setup.rail_mv()?).saturating_mul(1_000);
        let clipped = rail.saturating_add(u64::from(ohms).saturating_sub(1)).checked_div(u64::from(ohms))?;
        Some(self.pulse.peak_ua().min(clipped))
    }

    pub(super) fn currents(&self) -> Answer {
        self.at_loads(Unit::MicroAmps, |facts, ohms| facts.peak_ua(ohms))
    }

    pub(super) fn voltages(&self) -> Answer {
        self.at_loads(Unit::MilliVolts, |facts, ohms| {
            Some(facts.pulse.peak_mv(ohms).min(u64::from(facts.setup.rail_mv()?)))
        })
    }

    fn at_loads(&self, unit: Unit, value: impl Fn(&Self, u32) -> Option<u64>) -> Answer {
        let [one, two, three] = LOADS_OHM.map(|ohms| value(self, ohms));
        match (one, two, three) {
            (Some(one), Some(two), Some(three)) => Answer::AtLoads { unit, values: [one, two, three] },
            _ => {
                Answer::MakerStates("the supply rail, without which the output into a high load is not known")
            }
        }
    }

    /// The widths of the main phase that this plan allows, in µs.
    pub(super) fn widths_us(&self) -> [u64; 2] {
        let set = self.asked.set.width.as_micros();
        let least = match self.asked.ramp.control {
            Control::Amplitude => set,
            Control::Width => set.min(self.asked.ramp.floor.max(1)),
        };
        [u64::from(least), u64::from(self.asked.ceiling.width.as_micros())]
    }

    pub(super) fn width(&self) -> Answer {
        let [least, most] = self.widths_us();
        Answer::Range { unit: Unit::Micros, least, most }
    }

    fn balancing_us(&self, width_us: u64) -> u64 {
        let hz = u128::from(self.hz());
        let ticks = narrow(scale_up(hz, width_us, 1_000_000));
        let balancing = self.compiled.balancing_ticks(u32::try_from(ticks).unwrap_or(u32::MAX));
        narrow(scale_up(u128::from(balancing), 1_000_000, hz))
    }

    /// Widths of both phases, where there are two; the width of all levels together where there are more.
    pub(super) fn phases(&self) -> Answer {
        if !self.asked.pulse.balance.is_balanced() {
            return Answer::NotApplicable("monophasic");
        }
        match self.asked.pulse.form {
            Form::Rectangular | Form::Prepulse(_) | Form::Table(_) => {
                let main_us = self.widths_us();
                Answer::Phases { main_us, balancing_us: main_us.map(|us| self.balancing_us(us)) }
            }
            Form::Triphasic { .. } => self.width(),
            Form::Points(_) => Answer::MakerStates("the widths of the custom levels, as in the plan"),
        }
    }

    pub(super) fn symmetrical(&self) -> Answer {
        match (self.asked.pulse.balance, self.asked.pulse.form) {
            (Balance::DeclaredDc { .. }, _) => Answer::NotApplicable("monophasic"),
            (Balance::Symmetric, Form::Rectangular | Form::Table(_)) => {
                Answer::YesNo(self.compiled.hardware().is_exact())
            }
            (Balance::Symmetric | Balance::Asymmetric { .. }, _) => Answer::YesNo(false),
        }
    }

    /// The least and the most pulses in a thousand seconds.
    pub(super) fn frequency(&self) -> Answer {
        let top = self.asked.rate;
        let slowest = match self.asked.train.timing {
            Timing::Even | Timing::Bursts(_) => self.slowest_stage(),
            Timing::Sweep(sweep) => millihertz_down(sweep.from).min(millihertz_down(sweep.to)),
            Timing::List(intervals) => {
                let longest = intervals.iter().map(|interval| interval.as_micros()).max().unwrap_or(0);
                div_down(1_000_000_000, u64::from(longest))
            }
        };
        Answer::Range { unit: Unit::MilliHertz, least: slowest, most: millihertz_up(top) }
    }

    fn slowest_stage(&self) -> u64 {
        let own = self.asked.rate;
        let even = matches!(self.asked.train.timing, Timing::Even);
        let stages = match self.plan.session().schedule() {
            Schedule::Program(stages) if even => stages,
            Schedule::Program(_) | Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Gated(_) => &[],
        };
        let own_mhz = if millihertz_down(own) == 0 { 0 } else { millihertz_up(own) };
        stages.iter().filter_map(|stage| stage.rate).map(millihertz_down).fold(own_mhz, u64::min)
    }

    /// The commanded sum of one pulse at the ceiling, in pC.
    pub(super) fn net_charge(&self) -> Answer {
        let output = self.compiled.hardware();
        let frame = self.plan.frame(self.index, self.asked.ceiling, 0);
        let Some(net) = frame.and_then(|frame| frame.net_charge(output)) else {
            return Answer::NotApplicable("no pulse can be made at the ceiling");
        };
        let value = narrow(scale_up(u128::from(net.magnitude()), 1_000, u128::from(self.hz())));
        Answer::Figure { unit: Unit::PicoCoulombs, value }
    }

    pub(super) fn phase_charge(&self) -> Answer {
        Answer::Figure { unit: Unit::PicoCoulombs, value: self.pulse.phase_charge_pc() }
    }

    pub(super) fn mean_absolute(&self) -> Answer {
        let value = self.pulse.mean_absolute_ua(self.asked.rate);
        Answer::Figure { unit: Unit::MicroAmps, value }
    }

    fn on_area(&self, unit: Unit, value: impl Fn(u128, u32) -> u64) -> Answer {
        let square = self.pulse.mean_square_na2(self.asked.rate);
        match self.setup.area_mm2(self.index) {
            Some(area) => Answer::Figure { unit, value: value(square, area) },
            None => Answer::MakerStates("the conductive area of the smallest electrode"),
        }
    }

    pub(super) fn density(&self) -> Answer {
        self.on_area(Unit::MicroAmpsRmsPerCm2, |square, area| density_ua_per_cm2(square, area, 1_000))
    }

    pub(super) fn power(&self) -> Answer {
        self.on_area(Unit::MicroWattsPerCm2, |square, area| power_uw_per_cm2(square, TABLE_OHM, area))
    }
}

pub(super) fn millihertz_up(rate: Rate) -> u64 {
    narrow(scale_up(u128::from(rate.pulses()), 1_000_000_000, u128::from(rate.per_us())))
}

pub(super) fn millihertz_down(rate: Rate) -> u64 {
    div_down(u64::from(rate.pulses()).saturating_mul(1_000_000_000), u64::from(rate.per_us()))
}
