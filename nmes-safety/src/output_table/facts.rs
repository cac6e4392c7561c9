//! What the rows ask about one channel of a plan.

use nmes_core::{Balance, Channel, ChannelPlan, Form, MicroAmps, Plan, Rate, Schedule, Timing};

use super::answer::{Answer, LOADS_OHM};
use crate::check::{Figure, figures};
use crate::metrics::{PulseMetrics, narrow, scale_up};
use crate::rules::{G_LO_I, G_PD_1, N_DOC_1, Rule, Unit};
use crate::setup::Setup;
use crate::stages::has_own_rates;

/// A channel with everything that is worked out of it.
pub(super) struct Facts<'p, 'a> {
    pub(super) plan: &'p Plan<'a>,
    pub(super) setup: &'p Setup,
    pub(super) index: u8,
    pub(super) asked: &'p Channel<'a>,
    pub(super) compiled: &'p ChannelPlan<'a>,
    pub(super) pulse: PulseMetrics,
    density: Option<Figure>,
    power: Option<Figure>,
    mean_absolute: Option<Figure>,
}

const NO_PULSE: &str = "no pulse can be made at the ceiling";
const AREA: &str = "the conductive area of the smallest electrode";

/// What a figure over a second is of: of the channel or of an electrode that it shares, each with one rate and with stages that have
/// rates of their own.
type SecondRemarks = [[&'static str; 2]; 2];

macro_rules! shared {
    () => {
        "; on an electrode that several channels share, where their currents add"
    };
}
macro_rules! staged {
    () => {
        "; as if every stage had the fastest rate of all and full level: an upper bound"
    };
}
macro_rules! of_a_second {
    ($what:literal, $own:literal, $tail:literal) => {
        [
            [concat!($what, $own, $tail), concat!($what, $own, staged!(), $tail)],
            [concat!($what, shared!(), $tail), concat!($what, shared!(), staged!(), $tail)],
        ]
    };
}

const DENSITY: SecondRemarks = of_a_second!(
    "r.m.s. over a pulse period while on, within a burst too, or the worst second, onsets as late as they may be",
    "; on the smaller electrode's conductive area",
    ""
);
const POWER: SecondRemarks = of_a_second!(
    "over the worst second, onsets as late as they may be",
    "; on the smaller electrode's conductive area",
    "; note 6 of the guidance of 1999 asks for less than 0.25 W/cm²"
);
const MEAN: SecondRemarks =
    of_a_second!("mean of the absolute current over the worst second, onsets as late as they may be", "", "");

/// `num / den` rounded down; 0 for a zero divisor.
fn div_down(num: u64, den: u64) -> u64 {
    num.checked_div(den).unwrap_or(0)
}

impl<'p, 'a> Facts<'p, 'a> {
    pub(super) fn of(plan: &'p Plan<'a>, setup: &'p Setup, index: u8) -> Option<Self> {
        let compiled = plan.channel(index)?;
        let pulse = PulseMetrics::worst(plan, index)?;
        let [density, power, mean_absolute] = figures(plan, setup, index, [&N_DOC_1, &G_PD_1, &G_LO_I]);
        let asked = compiled.channel();
        Some(Self { plan, setup, index, asked, compiled, pulse, density, power, mean_absolute })
    }

    pub(super) fn hz(&self) -> u32 {
        self.plan.hardware().timing().ticks_per_second
    }

    pub(super) fn waveform(&self) -> &'static str {
        match (self.asked.pulse.balance, self.asked.pulse.form) {
            (Balance::DeclaredDc { .. }, Form::Points(_)) if !self.is_monophasic() => {
                "pulsed, custom levels, not balanced (a direct current is declared)"
            }
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

    /// The largest current in µA: that of a pulse, on a declared direct current.
    fn most_ua(&self) -> u64 {
        let direct = self.setup.declared_dc().map_or(0, MicroAmps::as_microamps);
        self.pulse.peak_ua().saturating_add(u64::from(direct))
    }

    /// Peak current in µA into a load, of a stage that clips at the rail. `None` when the rail is not known.
    fn peak_ua(&self, ohms: u32) -> Option<u64> {
        let rail = u64::from(self.setup.rail_mv()?).saturating_mul(1_000);
        let clipped = rail.saturating_add(u64::from(ohms).saturating_sub(1)).checked_div(u64::from(ohms))?;
        Some(self.most_ua().min(clipped))
    }

    pub(super) fn currents(&self) -> Answer {
        self.at_loads(Unit::MicroAmps, |facts, ohms| facts.peak_ua(ohms))
    }

    pub(super) fn voltages(&self) -> Answer {
        self.at_loads(Unit::MilliVolts, |facts, ohms| {
            let direct = facts.most_ua().saturating_sub(facts.pulse.peak_ua());
            let direct_mv = narrow(scale_up(direct.into(), ohms.into(), 1_000));
            let peak_mv = facts.pulse.peak_mv(ohms).saturating_add(direct_mv);
            Some(peak_mv.min(u64::from(facts.setup.rail_mv()?)))
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

    /// Of pulses with nothing between them but their gaps: inside a burst where there are bursts, as the remark says.
    pub(super) fn frequency(&self, inside: &'static str) -> (Answer, &'static str) {
        if self.asked.pulse.repeat.count > 1 {
            return (self.inside(), inside);
        }
        let [least, most] = self.onsets();
        let answer = Answer::Range { unit: Unit::MilliHertz, least, most };
        (answer, if matches!(self.asked.train.timing, Timing::Bursts(_)) { inside } else { "" })
    }

    /// How often a repeat comes within its pulse: the wider, the less.
    fn inside(&self) -> Answer {
        let per_repeat = |[ticks, ..]: [u64; 3]| (ticks > 0).then_some(ticks);
        let of = |width_us| self.cycle_ticks(width_us).and_then(per_repeat);
        let [least_us, most_us] = self.widths_us();
        let Some(longest) = of(most_us) else { return Answer::NotApplicable(NO_PULSE) };
        let shortest = of(least_us).unwrap_or(longest);
        let mhz = u64::from(self.hz()).saturating_mul(1_000);
        let most = mhz.div_ceil(shortest);
        let least = if shortest == longest { most } else { div_down(mhz, longest) };
        Answer::Range { unit: Unit::MilliHertz, least, most }
    }

    /// The least and the most pulses in a thousand seconds, with all their repeats as one.
    pub(super) fn onsets(&self) -> [u64; 2] {
        let top = self.asked.rate;
        let own = match self.asked.train.timing {
            Timing::Even | Timing::Bursts(_) if millihertz_down(top) == 0 => 0,
            Timing::Even | Timing::Bursts(_) => millihertz_up(top),
            Timing::Sweep(sweep) => millihertz_down(sweep.from).min(millihertz_down(sweep.to)),
            Timing::List(intervals) => {
                let longest = intervals.iter().map(|interval| interval.as_micros()).max().unwrap_or(0);
                div_down(1_000_000_000, u64::from(longest))
            }
        };
        [self.slowest_stage(own), millihertz_up(top)]
    }

    /// Where every stage has a rate of its own, that of the timing is not played; it is left in, as it may be asked for.
    fn slowest_stage(&self, own_mhz: u64) -> u64 {
        let stages = match self.plan.session().schedule() {
            Schedule::Program(stages) => stages,
            Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Gated(_) => &[],
        };
        stages.iter().filter_map(|stage| stage.rate).map(millihertz_down).fold(own_mhz, u64::min)
    }

    /// The commanded sum of one pulse at the ceiling, in pC.
    pub(super) fn net_charge(&self) -> Answer {
        let output = self.compiled.hardware();
        let frame = self.plan.frame(self.index, self.asked.ceiling, 0);
        let Some(net) = frame.and_then(|frame| frame.net_charge(output)) else {
            return Answer::NotApplicable(NO_PULSE);
        };
        let value = narrow(scale_up(u128::from(net.magnitude()), 1_000, u128::from(self.hz())));
        Answer::Figure { unit: Unit::PicoCoulombs, value }
    }

    pub(super) fn phase_charge(&self) -> Answer {
        Answer::Figure { unit: Unit::PicoCoulombs, value: self.pulse.phase_charge_pc() }
    }

    pub(super) fn density(&self) -> (Answer, &'static str) {
        self.worst_second(&N_DOC_1, self.density, &DENSITY)
    }

    pub(super) fn power(&self) -> (Answer, &'static str) {
        self.worst_second(&G_PD_1, self.power, &POWER)
    }

    pub(super) fn mean_absolute(&self) -> (Answer, &'static str) {
        self.worst_second(&G_LO_I, self.mean_absolute, &MEAN)
    }

    /// The figure that the check has of a rule, and what it is of.
    fn worst_second(
        &self,
        rule: &Rule,
        figure: Option<Figure>,
        [own, shared]: &SecondRemarks,
    ) -> (Answer, &'static str) {
        let Some(Figure { value, is_shared }) = figure else {
            return (Answer::MakerStates(AREA), "");
        };
        let [of_one_rate, staged] = if is_shared { shared } else { own };
        let remark = if has_own_rates(self.plan) { staged } else { of_one_rate };
        (Answer::Figure { unit: rule.unit, value }, remark)
    }
}

pub(super) fn millihertz_up(rate: Rate) -> u64 {
    narrow(scale_up(u128::from(rate.pulses()), 1_000_000_000, u128::from(rate.per_us())))
}

pub(super) fn millihertz_down(rate: Rate) -> u64 {
    div_down(u64::from(rate.pulses()).saturating_mul(1_000_000_000), u64::from(rate.per_us()))
}
