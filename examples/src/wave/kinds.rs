//! The kinds of pulses and trains, what each is, what it takes, and an example of it.

use super::args::{CarrierWord, LawWord, PolarityWord, SlopeWord, WaveArgs};
use crate::cli::ControlWord;
use crate::failure::Failure;
use crate::flags;
use clap::ValueEnum;
use nmes_core::{
    Balance, Bursts, Channel, Control, Form, MicroAmps, Micros, Millis, Point, Polarity, Prepulse,
    PulseShape, Ramp, Rate, Repeat, Setting, Slope, Sweep, SweepLaw, Timing, Train, shapes,
};

/// A kind of pulse or train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "KINDS says what each is; a doc comment here would be a second place")]
pub enum Kind {
    Symmetric,
    Asymmetric,
    PrePulse,
    Triphasic,
    Points,
    Triangular,
    Exponential,
    Sawtooth,
    Sine,
    Doublet,
    Triplet,
    Quadruplet,
    Quintuplet,
    Sextuplet,
    Russian,
    Monophasic,
    Bursts,
    Sweep,
    Intervals,
    Ramp,
}

/// What a kind is, and what its example is made of.
#[derive(Debug)]
pub struct KindRow {
    /// The kind.
    pub kind: Kind,
    /// Its word on the command line.
    pub word: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Amplitude in µA, width in µs, gap in µs, rate in mHz, length in ms.
    pub example: [u32; 5],
    /// Flags that only some kinds take.
    pub takes: &'static [&'static str],
}

const fn row(
    kind: Kind,
    word: &'static str,
    about: &'static str,
    example: [u32; 5],
    takes: &'static [&'static str],
) -> KindRow {
    KindRow { kind, word, about, example, takes }
}

const USUAL: [u32; 5] = [40_000, 300, 100, 40_000, 200];
const GROUP: [u32; 5] = [40_000, 300, 100, 10_000, 400];
const LONG: [u32; 5] = [10_000, 100_000, 0, 1_000, 2_000];
const GAP: &str = "gap-us";
const PHASE: &str = "phase-us";
const LENGTH: &str = "length-percent";

/// Every kind.
pub static KINDS: [KindRow; 20] = [
    row(Kind::Symmetric, "symmetric", "two equal phases, one each way", USUAL, &[PHASE, GAP]),
    row(Kind::Asymmetric, "asymmetric", "the second phase longer and weaker", USUAL, &[PHASE, GAP, LENGTH]),
    row(
        Kind::PrePulse,
        "pre-pulse",
        "a weak phase of the same polarity ahead of the main one",
        USUAL,
        &[PHASE, GAP, LENGTH, "prepulse-percent", "prepulse-us"],
    ),
    row(
        Kind::Triphasic,
        "triphasic",
        "weak, strong the other way, and what is left",
        USUAL,
        &[PHASE, GAP, "outer-percent"],
    ),
    row(Kind::Points, "points", "2 to 16 levels of one's own; the last one pays", USUAL, &["points"]),
    row(
        Kind::Triangular,
        "triangular",
        "a table: up and down, and its mirror image",
        LONG,
        &[PHASE, GAP, LENGTH],
    ),
    row(Kind::Exponential, "exponential", "a table: slow, then steep", LONG, &[PHASE, GAP, LENGTH]),
    row(Kind::Sawtooth, "sawtooth", "a table: a straight rise", LONG, &[PHASE, GAP, LENGTH]),
    row(Kind::Sine, "sine", "a table: half a period each way", LONG, &[PHASE, GAP, LENGTH]),
    row(Kind::Doublet, "doublet", "two pulses close together", GROUP, &[PHASE, GAP, LENGTH, "between-us"]),
    row(Kind::Triplet, "triplet", "three pulses close together", GROUP, &[PHASE, GAP, LENGTH, "between-us"]),
    row(
        Kind::Quadruplet,
        "quadruplet",
        "four pulses close together",
        GROUP,
        &[PHASE, GAP, LENGTH, "between-us"],
    ),
    row(
        Kind::Quintuplet,
        "quintuplet",
        "five pulses close together",
        GROUP,
        &[PHASE, GAP, LENGTH, "between-us"],
    ),
    row(
        Kind::Sextuplet,
        "sextuplet",
        "six pulses close together",
        GROUP,
        &[PHASE, GAP, LENGTH, "between-us"],
    ),
    row(
        Kind::Russian,
        "russian",
        "a kHz carrier in bursts: 2.5 kHz, 25 cycles, 50 bursts a second",
        [40_000, 200, 0, 50_000, 100],
        &[PHASE, "cycles", "carrier"],
    ),
    row(
        Kind::Monophasic,
        "monophasic",
        "one phase, with a direct current that has to be declared",
        USUAL,
        &[PHASE, "declared-dc-ma"],
    ),
    row(
        Kind::Bursts,
        "bursts",
        "pulses in groups that begin at a rate of their own",
        [40_000, 300, 100, 100_000, 1_000],
        &[PHASE, GAP, LENGTH, "burst-pulses", "bursts-hz"],
    ),
    row(
        Kind::Sweep,
        "sweep",
        "a rate that moves",
        [40_000, 300, 100, 50_000, 1_000],
        &[PHASE, GAP, LENGTH, "from-hz", "to-hz", "sweep-ms", "law"],
    ),
    row(
        Kind::Intervals,
        "intervals",
        "onsets after listed times",
        [40_000, 300, 100, 100_000, 1_000],
        &[PHASE, GAP, LENGTH, "intervals-ms"],
    ),
    row(
        Kind::Ramp,
        "ramp",
        "an envelope: up, hold, down",
        [40_000, 300, 100, 40_000, 1_000],
        &[PHASE, GAP, LENGTH, "ramp-up-ms", "ramp-down-ms", "floor-percent", "slope", "control"],
    ),
];

/// The flags that only some kinds take, with whether they were given.
fn given(args: &WaveArgs) -> [(&'static str, bool); 23] {
    let (s, t) = (&args.shape, &args.train);
    [
        (PHASE, s.phase_us.is_some()),
        (GAP, s.gap_us.is_some()),
        (LENGTH, s.length_percent.is_some()),
        ("declared-dc-ma", s.declared_dc_ma.is_some()),
        ("prepulse-percent", s.prepulse_percent.is_some()),
        ("prepulse-us", s.prepulse_us.is_some()),
        ("outer-percent", s.outer_percent.is_some()),
        ("points", s.points.is_some()),
        ("cycles", s.cycles.is_some()),
        ("between-us", s.between_us.is_some()),
        ("carrier", s.carrier.is_some()),
        ("burst-pulses", t.burst_pulses.is_some()),
        ("bursts-hz", t.bursts_hz.is_some()),
        ("from-hz", t.from_hz.is_some()),
        ("to-hz", t.to_hz.is_some()),
        ("sweep-ms", t.sweep_ms.is_some()),
        ("law", t.law.is_some()),
        ("intervals-ms", t.intervals_ms.is_some()),
        ("ramp-up-ms", t.ramp_up_ms.is_some()),
        ("ramp-down-ms", t.ramp_down_ms.is_some()),
        ("floor-percent", t.floor_percent.is_some()),
        ("slope", t.slope.is_some()),
        ("control", t.control.is_some()),
    ]
}

/// A flag that means nothing for a kind is an error, not passed over.
///
/// # Errors
/// Names the flag, the kind, and what it takes.
pub(super) fn refuse_foreign(kind: Kind, args: &WaveArgs) -> Result<(), Failure> {
    let row = kind.row();
    let foreign = given(args).into_iter().find(|(flag, given)| *given && !row.takes.contains(flag));
    foreign.map_or(Ok(()), |(flag, _)| {
        let takes = row.takes.iter().map(|flag| format!("--{flag}")).collect::<Vec<_>>().join(", ");
        Err(Failure::Input(format!(
            "--{flag}: the kind {} does not take it; it takes {takes}, and what every kind takes",
            row.word
        )))
    })
}

/// The list of kinds is the same whatever else is given, so nothing else may be.
///
/// # Errors
/// Asks for a kind.
pub(super) fn takes_nothing(args: &WaveArgs) -> Result<(), Failure> {
    let (s, t) = (&args.shape, &args.train);
    let usual = [
        ("amplitude-ma", s.amplitude_ma.is_some()),
        ("polarity", s.polarity.is_some()),
        ("frequency-hz", t.frequency_hz.is_some()),
        ("seconds", t.seconds.is_some()),
        ("svg", args.svg.is_some()),
        ("samples", args.samples.is_some()),
        ("format csv", args.format == super::WaveFormat::Csv),
    ];
    let flag = usual.into_iter().chain(given(args)).find(|(_, given)| *given);
    flag.map_or(Ok(()), |(flag, _)| {
        Err(Failure::Input(format!("--{flag}: of which kind? `nmes wave` alone lists them")))
    })
}

/// A channel in parts that own what it points to.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    args: &'a WaveArgs,
    kind: Kind,
    set: Setting,
    gap: Micros,
    points: Vec<Point>,
    intervals: Vec<Micros>,
    rate: Rate,
    /// Of the session.
    pub(super) length: Millis,
}

/// Levels and times of the example of [`Kind::Points`].
const POINTS: [(i16, u32); 4] = [(1_000, 200), (0, 100), (-600, 250), (-100, 500)];
/// Times between onsets of the example of [`Kind::Intervals`], in µs.
const INTERVALS_US: [u32; 4] = [20_000, 50_000, 35_000, 80_000];

impl Kind {
    /// What it is.
    #[must_use]
    pub fn row(self) -> &'static KindRow {
        // the table has a row for each kind, in order; a test holds that
        &KINDS[self as usize]
    }

    pub(super) fn parts(self, args: &WaveArgs) -> Result<Parts<'_>, Failure> {
        let [ua, us, gap_us, millihertz, length_ms] = self.row().example;
        let (shape, train) = (&args.shape, &args.train);
        let points = shape.points.as_ref().map_or(POINTS.to_vec(), |points| points.0.clone());
        let points: Vec<Point> = points
            .into_iter()
            .map(|(permille, us)| Ok(Point { permille, width: micros(us)? }))
            .collect::<Result<_, Failure>>()?;
        let own = points.iter().map(|p| p.width.as_micros()).sum::<u32>();
        let width = if self == Self::Points { own } else { shape.phase_us.unwrap_or(us) };
        let set = Setting::new(shape.amplitude_ma.unwrap_or(ua), width);
        let intervals = train.intervals_ms.as_ref().map_or(INTERVALS_US.to_vec(), |list| list.0.clone());
        let length = train.seconds.unwrap_or(length_ms);
        Ok(Parts {
            args,
            kind: self,
            set: set.ok_or_else(|| Failure::Input("--points: longer together than 12 hours".into()))?,
            gap: micros(shape.gap_us.unwrap_or(if self == Self::Points { 0 } else { gap_us }))?,
            points,
            intervals: intervals.into_iter().map(micros).collect::<Result<_, _>>()?,
            rate: hertz(train.frequency_hz.unwrap_or(millihertz))?,
            length: Millis::from_millis(length).ok_or_else(|| out_of_range("--seconds"))?,
        })
    }
}

fn out_of_range(flag: &str) -> Failure {
    Failure::Input(format!("{flag}: out of range"))
}

/// A ramp begins at no more than all of what it goes to.
fn floor_percent(asked: Option<u8>) -> Result<u8, Failure> {
    match asked.unwrap_or(0) {
        percent @ 0..=100 => Ok(percent),
        above => Err(Failure::Input(format!(
            "--floor-percent {above}: a ramp begins at no more than the set value; accepted: 0 to 100"
        ))),
    }
}

/// So many percent of a value, to the nearest unit.
fn share(of: u32, percent: u8) -> u32 {
    u32::try_from((u64::from(of) * u64::from(percent) + 50) / 100).unwrap_or(u32::MAX)
}

fn micros(us: u32) -> Result<Micros, Failure> {
    Micros::from_micros(us).ok_or_else(|| out_of_range("--phase-us, --gap-us, --intervals-ms"))
}

fn hertz(millihertz: u32) -> Result<Rate, Failure> {
    Rate::from_millihertz(millihertz).map_err(|error| flags::of_config(&error))
}

fn millis(ms: u32) -> Result<Millis, Failure> {
    Millis::from_millis(ms).ok_or_else(|| out_of_range("--sweep-ms, --ramp-up-ms, --ramp-down-ms"))
}

impl Parts<'_> {
    pub(super) fn channel(&self) -> Result<Channel<'_>, Failure> {
        let (set, rate) = (self.set, self.rate);
        let train = Train { timing: self.timing()?, ..Train::default() };
        let (pulse, ramp) = (self.pulse()?, self.ramp()?);
        Ok(Channel { pulse, rate, train, set, ceiling: set, ramp, offset: Micros::ZERO })
    }

    fn pulse(&self) -> Result<PulseShape<'_>, Failure> {
        let negative = self.args.shape.polarity == Some(PolarityWord::Negative);
        Ok(PulseShape {
            form: self.form()?,
            gap: self.gap,
            balance: self.balance()?,
            leading: if negative { Polarity::Negative } else { Polarity::Positive },
            repeat: self.repeat()?,
        })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are rectangular")]
    fn form(&self) -> Result<Form<'_>, Failure> {
        let shape = &self.args.shape;
        Ok(match self.kind {
            Kind::PrePulse => Form::Prepulse(Prepulse {
                amplitude_percent: shape.prepulse_percent.unwrap_or(20),
                width: micros(shape.prepulse_us.unwrap_or(300))?,
            }),
            Kind::Triphasic => Form::Triphasic { outer_percent: shape.outer_percent.unwrap_or(50) },
            Kind::Points => Form::Points(&self.points),
            Kind::Triangular => Form::Table(&shapes::TRIANGULAR),
            Kind::Exponential => Form::Table(&shapes::EXPONENTIAL),
            Kind::Sawtooth => Form::Table(&shapes::SAWTOOTH),
            Kind::Sine => Form::Table(&shapes::HALF_SINE),
            Kind::Russian if shape.carrier == Some(CarrierWord::Sine) => Form::Table(&shapes::HALF_SINE),
            _ => Form::Rectangular,
        })
    }

    fn balance(&self) -> Result<Balance, Failure> {
        let shape = &self.args.shape;
        let declared = || {
            let ua = shape.declared_dc_ma.unwrap_or(1_000);
            MicroAmps::from_microamps(ua).ok_or_else(|| out_of_range("--declared-dc-ma"))
        };
        Ok(match (self.kind, shape.length_percent) {
            (Kind::Monophasic, _) => Balance::DeclaredDc { at_most: declared()? },
            (_, Some(length_percent)) => Balance::Asymmetric { length_percent },
            (Kind::Asymmetric, None) => Balance::Asymmetric { length_percent: 400 },
            (_, None) => Balance::Symmetric,
        })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others come once")]
    fn repeat(&self) -> Result<Repeat, Failure> {
        let shape = &self.args.shape;
        let between = micros(shape.between_us.unwrap_or(5_000))?;
        Ok(match self.kind {
            Kind::Doublet => Repeat { count: 2, gap: between },
            Kind::Triplet => Repeat { count: 3, gap: between },
            Kind::Quadruplet => Repeat { count: 4, gap: between },
            Kind::Quintuplet => Repeat { count: 5, gap: between },
            Kind::Sextuplet => Repeat { count: 6, gap: between },
            Kind::Russian => Repeat { count: shape.cycles.unwrap_or(25), gap: Micros::ZERO },
            _ => Repeat::ONCE,
        })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are even")]
    fn timing(&self) -> Result<Timing<'_>, Failure> {
        let train = &self.args.train;
        Ok(match self.kind {
            Kind::Bursts => Timing::Bursts(Bursts {
                pulses: train.burst_pulses.unwrap_or(3),
                every: hertz(train.bursts_hz.unwrap_or(5_000))?,
            }),
            Kind::Sweep => Timing::Sweep(Sweep {
                from: hertz(train.from_hz.unwrap_or(10_000))?,
                to: hertz(train.to_hz.unwrap_or(50_000))?,
                over: millis(train.sweep_ms.unwrap_or(800))?,
                law: if train.law == Some(LawWord::Exponential) {
                    SweepLaw::Exponential
                } else {
                    SweepLaw::Linear
                },
            }),
            Kind::Intervals => Timing::List(&self.intervals),
            _ => Timing::Even,
        })
    }

    fn ramp(&self) -> Result<Ramp, Failure> {
        if self.kind != Kind::Ramp {
            return Ok(Ramp::NONE);
        }
        let train = &self.args.train;
        let by_width = train.control == Some(ControlWord::Width);
        let most = if by_width { self.set.width.as_micros() } else { self.set.amplitude.as_microamps() };
        let slope = match train.slope {
            None | Some(SlopeWord::Linear) => Slope::Linear,
            Some(SlopeWord::RaisedCosine) => Slope::RaisedCosine,
            Some(SlopeWord::Exponential) => Slope::Exponential,
        };
        Ok(Ramp {
            control: if by_width { Control::Width } else { Control::Amplitude },
            slope,
            up: millis(train.ramp_up_ms.unwrap_or(300))?,
            down: millis(train.ramp_down_ms.unwrap_or(300))?,
            down_min: Millis::ZERO,
            floor: share(most, floor_percent(train.floor_percent)?),
        })
    }
}
