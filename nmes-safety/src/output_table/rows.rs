//! The output specifications of FDA's guidance of 1999.

use nmes_core::{Millis, Plan, Schedule, Timing};

use super::answer::{Answer, TableRow};
use super::facts::{Facts, millihertz_up};
use crate::metrics::{narrow, scale_up};
use crate::rules::Unit;
use crate::setup::Setup;
use crate::stages::{longest_hold, longest_opening, shortest_rest};

/// Lines of the table: seventeen rows, one of them with four parts.
pub const OUTPUT_ROWS: usize = 20;

const TOLERANCE: &str = "± __ %: measured by the maker; worked out for an ideal stage that clips at the rail";
const CHAINED: &str = "without a least OFF time one opening may follow at once on another; each is over after the gate's longest ON and a ramp-down";
const COUNTED: &str = "a train is over after the most pulses it may have, which may be sooner";
const CLIPPED: &str = "not reduced for what clips at the rail: the most it can be";

/// The output of one channel of a plan, in the seventeen rows of section 3 of FDA's guidance on 510(k)s of powered muscle
/// stimulators, 9 June 1999.
///
/// Maxima are at the channel's ceilings, with edges as late as the hardware declares, rounded up. Densities are those of the check:
/// of a pulse period while on or the worst second, and of an electrode that the channel shares where that has more.
///
/// ```
/// use nmes_core::*;
/// use nmes_safety::output_table::{Answer, OutputTable};
/// use nmes_safety::{Setup, Unit, UseClass};
/// # let set = Setting::new(100_000, 300).unwrap();
/// # let ms = |n| Millis::from_millis(n).unwrap();
/// # let channels = [Channel { pulse: PulseShape::default(), rate: Rate::from_hz(50).unwrap(), train: Train::default(),
/// #     set, ceiling: set, ramp: Ramp { up: ms(500), down: ms(500), ..Ramp::default() }, offset: Micros::ZERO }];
/// # let session = Session::new(&channels, Schedule::Continuous, ms(600_000)).unwrap();
/// # let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
/// # let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// let plan = Plan::compile(&session, &hardware).unwrap(); // 100 mA, 300 µs, 50 Hz, on a rail of 150 V
/// let setup = Setup::new(&[2_500], UseClass::Exercise).unwrap().with_rail_mv(150_000).unwrap();
/// let table = OutputTable::of(&plan, &setup, 0).unwrap();
/// let row = table.row("4").unwrap();
/// assert_eq!(row.answer, Answer::AtLoads { unit: Unit::MicroAmps, values: [100_000, 75_000, 15_000] });
/// assert_eq!(row.answer.to_string(), "100 mA @ 500 ohm, 75 mA @ 2000 ohm, 15 mA @ 10000 ohm");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OutputTable {
    channel: u8,
    rows: [TableRow; OUTPUT_ROWS],
}

impl OutputTable {
    /// The table of a channel; `None` for one that is not there. The work does not depend on the session's length.
    #[must_use]
    pub fn of(plan: &Plan<'_>, setup: &Setup, channel: u8) -> Option<Self> {
        let facts = Facts::of(plan, setup, channel)?;
        let [pulses, rate, length, duty] = facts.bursts();
        let (row, said) = (TableRow::new, TableRow::saying);
        let rows = [
            row("1", "waveform", Answer::Words(facts.waveform())),
            row("2", "shape", Answer::Words(facts.shape())),
            row("3", "maximum output voltage", facts.voltages()).noting(TOLERANCE),
            row("4", "maximum output current", facts.currents()).noting(TOLERANCE),
            row("5", "pulse width", facts.width()).noting(facts.width_of(WIDTH)),
            said("6", "frequency", facts.frequency(INSIDE)),
            row("7", "beat frequency (interferential only)", Answer::NotApplicable(INTERFERENTIAL)),
            row("8", "symmetrical phases (multiphasic only)", facts.symmetrical()),
            said("9", "phase duration (multiphasic only)", facts.phases()),
            row("10", "net charge of one pulse @ 500 ohm", facts.net_charge()).noting(NET_CHARGE),
            row("11", "maximum phase charge @ 500 ohm", facts.phase_charge()).noting(CLIPPED),
            said("12", "maximum current density @ 500 ohm", facts.density()),
            said("13", "maximum power density @ 500 ohm", facts.power()),
            row("14a", "burst mode: pulses of one burst", pulses),
            row("14b", "burst mode: bursts per second", rate),
            row("14c", "burst mode: burst duration", length),
            row("14d", "burst mode: duty cycle (14b × 14c)", duty),
            row("15", "ON time", facts.sooner(facts.on_time())).noting(facts.of_openings()),
            row("16", "OFF time", facts.later(facts.off_time())).noting(facts.of_pulses()),
            row("17", "additional features", Answer::MakerStates("what else the unit does")),
        ];
        Some(Self { channel, rows })
    }

    /// The channel.
    #[must_use]
    pub const fn channel(&self) -> u8 {
        self.channel
    }

    /// The rows, in the document's order.
    #[must_use]
    pub const fn rows(&self) -> &[TableRow; OUTPUT_ROWS] {
        &self.rows
    }

    /// A row by its number, "1" to "17", of row 14 with a letter.
    #[must_use]
    pub fn row(&self, number: &str) -> Option<&TableRow> {
        self.rows.iter().find(|row| row.number == number)
    }
}

const INTERFERENTIAL: &str =
    "a plan has pulsed channels; whether two of them are crossed in tissue is not part of it";
const NET_CHARGE: &str = "as commanded: codes × ticks sum to it; how a device holds it (capacitor, transformer, \
                          measurement) the maker states";
const WIDTH: [&str; 2] = [
    "of the main phase; row 9 has both phases",
    "of the whole pulse, all its levels and rests; row 9 has the phases",
];
const INSIDE: &str = "inside a burst, or between the peaks of a pulse; row 14b has how often they come";
const NO_BURSTS: Answer = Answer::NotApplicable("no bursts");

impl Facts<'_, '_> {
    /// Pulses of a burst, bursts per second, burst duration, duty.
    fn bursts(&self) -> [Answer; 4] {
        let repeat = self.asked.pulse.repeat;
        let (pulses, [least, most], length_us) = match self.asked.train.timing {
            Timing::Bursts(bursts) => {
                let apart = u64::from(bursts.pulses.saturating_sub(1)).saturating_mul(self.period_us());
                let pulses = u64::from(bursts.pulses).saturating_mul(u64::from(repeat.count));
                let mhz = millihertz_up(bursts.every);
                (pulses, [mhz; 2], apart.saturating_add(self.frame_us()))
            }
            Timing::Even | Timing::Sweep(_) | Timing::List(_) if repeat.count > 1 => {
                (u64::from(repeat.count), self.onsets(), self.frame_us())
            }
            Timing::Even | Timing::Sweep(_) | Timing::List(_) => return [NO_BURSTS; 4],
        };
        let unit = Unit::MilliHertz;
        let rate = if least == most {
            Answer::Figure { unit, value: most }
        } else {
            Answer::Range { unit, least, most }
        };
        // mHz × µs are 10⁻⁹
        let duty = narrow(scale_up(u128::from(most), length_us, 1_000_000));
        [
            Answer::Count(pulses),
            rate,
            Answer::Figure { unit: Unit::Micros, value: length_us },
            Answer::Figure { unit: Unit::Permille, value: duty },
        ]
    }

    fn period_us(&self) -> u64 {
        let rate = self.asked.rate;
        narrow(scale_up(u128::from(rate.per_us()), 1, u128::from(rate.pulses())))
    }

    /// From the first edge of a pulse at the ceiling to its last.
    fn frame_us(&self) -> u64 {
        let frame = self.plan.frame(self.index, self.asked.ceiling, 0);
        let ticks: u64 = frame.map_or(0, |frame| {
            frame.segments().map(|segment| u64::from(segment.ticks)).fold(0, u64::saturating_add)
        });
        narrow(scale_up(u128::from(ticks), 1_000_000, u128::from(self.hz())))
    }

    fn ends_by_count(&self) -> bool {
        self.asked.train.pulses_max > 0
    }

    fn of_pulses(&self) -> &'static str {
        if self.ends_by_count() { COUNTED } else { "" }
    }

    /// What bounds an ON time.
    fn of_openings(&self) -> &'static str {
        match self.plan.session().schedule() {
            Schedule::Gated(gate) if gate.min_off == Millis::ZERO => CHAINED,
            Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Gated(_) | Schedule::Program(_) => {
                self.of_pulses()
            }
        }
    }

    /// An ON time of a train that may be over before, by the number of its pulses.
    fn sooner(&self, on: Answer) -> Answer {
        if self.ends_by_count()
            && let Answer::Figure { unit, value: most } | Answer::Range { unit, most, .. } = on
        {
            return Answer::Range { unit, least: 0, most };
        }
        on
    }

    /// The OFF time after such a train.
    fn later(&self, off: Answer) -> Answer {
        if self.ends_by_count()
            && let Answer::Figure { unit, value } | Answer::Range { unit, least: value, .. } = off
        {
            return Answer::AtLeast { unit, value };
        }
        off
    }

    fn on_time(&self) -> Answer {
        let ramp = self.asked.ramp;
        let ramps = u64::from(ramp.up.as_millis()).saturating_add(u64::from(ramp.down.as_millis()));
        let figure = |ms: u64| Answer::Figure { unit: Unit::Millis, value: ms };
        match self.plan.session().schedule() {
            Schedule::Continuous => figure(u64::from(self.plan.session().length().as_millis())),
            Schedule::Cyclic(cycle) => figure(u64::from(cycle.hold.as_millis()).saturating_add(ramps)),
            Schedule::Program(stages) => {
                let longest = u64::from(longest_hold(stages).as_millis()).saturating_add(ramps);
                let holds = stages.iter().map(|stage| stage.cycle.hold.as_millis());
                let least = u64::from(holds.min().unwrap_or(0)).saturating_add(ramps);
                Answer::Range { unit: Unit::Millis, least, most: longest }
            }
            Schedule::Gated(gate) => {
                let down = u64::from(ramp.down.as_millis());
                let most = longest_opening(self.plan, gate, down);
                Answer::Range { unit: Unit::Millis, least: 0, most }
            }
        }
    }

    fn off_time(&self) -> Answer {
        match self.plan.session().schedule() {
            Schedule::Continuous => Answer::NotApplicable("continuous"),
            Schedule::Cyclic(cycle) => {
                Answer::Figure { unit: Unit::Millis, value: u64::from(cycle.rest.as_millis()) }
            }
            Schedule::Program(stages) => {
                let longest = stages.iter().map(|stage| stage.cycle.rest.as_millis()).max().unwrap_or(0);
                let least = u64::from(shortest_rest(stages).as_millis());
                Answer::Range { unit: Unit::Millis, least, most: u64::from(longest) }
            }
            Schedule::Gated(gate) => {
                Answer::AtLeast { unit: Unit::Millis, value: u64::from(gate.min_off.as_millis()) }
            }
        }
    }
}
