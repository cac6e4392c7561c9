//! Random sessions on random hardware, and what happens to them from outside.

use core::fmt;

use nmes_core::*;
use proptest::prelude::*;

use super::{Action, forms, lateness, random, started};

/// A whole random set-up. Its `Debug` is what a failed test prints: a line a channel.
#[derive(Clone)]
pub struct Case {
    pub channels: Vec<Channel<'static>>,
    pub schedule: Schedule<'static>,
    pub overlap: Overlap,
    pub length: Millis,
    pub hardware: Hardware,
    pub seed: u64,
}

impl Case {
    pub fn session(&self) -> Session<'_> {
        Session::new(&self.channels, self.schedule, self.length).unwrap().with_overlap(self.overlap)
    }
    pub fn lateness(&self, seed: u64) -> impl FnMut() -> i64 + use<> {
        lateness(self.hardware.timing(), seed)
    }
    pub fn pulse(&self, channel: u8) -> &PulseShape<'static> {
        &self.channels[usize::from(channel)].pulse
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} for {}, {:?}, seed {}", self.schedule, self.length, self.overlap, self.seed)?;
        let timing = self.hardware.timing();
        let ideal = HardwareTiming::ideal(timing.ticks_per_second);
        let more = if *timing == ideal { String::new() } else { format!(": {timing:?}") };
        writeln!(f, "  {} ticks/s{more}", timing.ticks_per_second)?;
        for (channel, output) in self.channels.iter().zip(self.hardware.channels()) {
            show(f, channel)?;
            writeln!(f, "    on {output:?}")?;
        }
        let script = script(self);
        let listed: Vec<_> = script.iter().map(|(tick, action)| format!("{tick} {action:?}")).collect();
        write!(f, "  {}", listed.join("\n  "))
    }
}

fn show(f: &mut fmt::Formatter<'_>, channel: &Channel<'_>) -> fmt::Result {
    let (pulse, set, ramp) = (&channel.pulse, channel.set, &channel.ramp);
    write!(f, "  {} × {} {:?} {:?}", set.amplitude, set.width, pulse.leading, pulse.form)?;
    write!(f, ", gap {}, {:?}", pulse.gap, pulse.balance)?;
    if pulse.repeat != Repeat::ONCE {
        write!(f, ", {} times {} apart", pulse.repeat.count, pulse.repeat.gap)?;
    }
    let (rate, train) = (channel.rate, &channel.train);
    write!(f, "; {} in {} µs {:?}", rate.pulses(), rate.per_us(), train.timing)?;
    write!(f, ", at most {}, stale after {}", train.pulses_max, train.stale_after)?;
    if *ramp != Ramp::default() {
        write!(
            f,
            "; {:?} {:?} {} up {} down from {}",
            ramp.control, ramp.slope, ramp.up, ramp.down, ramp.floor
        )?;
    }
    writeln!(f, "; {} later", channel.offset)
}

/// Which cases: with late edges or none, with exact outputs or calibrated ones.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub late: bool,
    pub exact: bool,
}

pub fn ms(n: u32) -> Millis {
    Millis::from_millis(n).unwrap()
}

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

/// A pulse and the width it is set to.
fn pulse(kind: Kind) -> impl Strategy<Value = (PulseShape<'static>, u32)> {
    let form = prop_oneof![
        4 => Just((0_u8, 0_usize)),
        1 => (Just(1_u8), 0..forms::MADE),
        1 => (Just(2_u8), 0..forms::MADE),
        2 => (Just(3_u8), 0..forms::MADE),
        2 => (Just(4_u8), 0..forms::MADE),
    ];
    let narrow = if kind.late { 200_u32 } else { 60 };
    let balance = (0_u8..8, 100_u16..=800);
    let repeat = prop_oneof![
        5 => Just((1_u16, 0_u32)),
        2 => (2_u16..=6, prop_oneof![Just(0_u32), 200_u32..1_500]),
        1 => (7_u16..=40, Just(0_u32)),
    ];
    (form, narrow..600, 0_u32..250, balance, any::<bool>(), repeat).prop_map(
        move |(form, width, gap, balance, negative, repeat)| {
            let balance = match balance {
                (0..=3, _) => Balance::Symmetric,
                (4..=6, length_percent) => Balance::Asymmetric { length_percent },
                _ => Balance::DeclaredDc { at_most: MicroAmps::MAX },
            };
            let (form, balance, width) = formed(form, balance, width, kind);
            let many = repeat.0 > 6 && (kind.late || width > 600 || balance.length_percent() > 200);
            let (count, apart) = if many { (1, 0) } else { repeat };
            let apart = if kind.late && count > 1 { apart.max(800) + 18 * 20 } else { apart };
            let leading = if negative { Polarity::Negative } else { Polarity::Positive };
            let repeat = Repeat { count, gap: us(apart) };
            (PulseShape { form, gap: us(gap), balance, leading, repeat }, width)
        },
    )
}

fn formed(form: (u8, usize), balance: Balance, width: u32, kind: Kind) -> (Form<'static>, Balance, u32) {
    let number = form.1;
    let percent = 1 + (number % 100) as u8;
    let balanced = if balance.is_balanced() { balance } else { Balance::Symmetric };
    match form.0 {
        0 => (Form::Rectangular, balance, width),
        1 => {
            let pre = if kind.late { 200 } else { 30 } + (number / 100) as u32 * 10;
            (Form::Prepulse(Prepulse { amplitude_percent: percent, width: us(pre) }), balanced, width)
        }
        2 => (Form::Triphasic { outer_percent: percent.min(90) }, Balance::Symmetric, width),
        3 => {
            let points = if number.is_multiple_of(2) {
                forms::points(number / 2)
            } else {
                forms::resting_points(number / 2)
            };
            let balance = if balance.is_balanced() { Balance::Symmetric } else { balance };
            (Form::Points(points), balance, points.iter().map(|p| p.width.as_micros()).sum())
        }
        _ => {
            let table = forms::table(if number < 512 { number % 4 } else { number });
            let step = if kind.late { 24 + number as u32 % 60 } else { 4 + number as u32 % 60 };
            (Form::Table(table), balance, step * table.len() as u32)
        }
    }
}

/// About how long a pulse is, with room for late edges, in microseconds.
fn room(pulse: &PulseShape<'_>, width: u32, kind: Kind) -> u32 {
    let pre = match pulse.form {
        Form::Prepulse(pre) => pre.width.as_micros(),
        Form::Rectangular | Form::Triphasic { .. } | Form::Points(_) | Form::Table(_) => 0,
    };
    let each = (width + pre) * (100 + u32::from(pulse.balance.length_percent())) / 100
        + width
        + 2 * pulse.gap.as_micros();
    let all = (each + pulse.repeat.gap.as_micros() + 100) * u32::from(pulse.repeat.count);
    all + if kind.late { 20_000 } else { 200 }
}

fn train(kind: Kind) -> impl Strategy<Value = (PulseShape<'static>, u32, Rate, Train<'static>)> {
    let timing = (0_u8..8, 0..forms::MADE, 500_u32..40_000);
    let bounds =
        (prop_oneof![4 => Just(0_u32), 1 => 1_u32..30], prop_oneof![4 => Just(0_u32), 1 => 20_u32..900]);
    (pulse(kind), timing, bounds).prop_map(
        move |((pulse, width), (timing, number, millihertz), (pulses_max, stale))| {
            let slowest = 1_000_000_000 / room(&pulse, widest(&pulse, width), kind);
            let millihertz = match timing {
                7 if slowest >= 1_000 => {
                    if slowest >= 10_000 {
                        10_000
                    } else {
                        1_000
                    }
                }
                _ => millihertz.min(slowest).max(1),
            };
            let rate = Rate::from_millihertz(millihertz).unwrap();
            let timing = timed(timing, number, millihertz);
            let train = Train { timing, pulses_max, stale_after: ms(stale), pattern: None };
            (pulse, width, rate, train)
        },
    )
}

/// The width of a ceiling.
fn widest(pulse: &PulseShape<'_>, width: u32) -> u32 {
    if matches!(pulse.form, Form::Points(_)) { width } else { width + width / 8 }
}

fn timed(timing: u8, number: usize, millihertz: u32) -> Timing<'static> {
    let part = |n: usize| Rate::from_millihertz((millihertz / n as u32).max(1)).unwrap();
    match timing {
        0..=3 => Timing::Even,
        4 | 5 => {
            let pulses = 1 + (number % 6) as u16;
            Timing::Bursts(Bursts { pulses, every: part(usize::from(pulses) + 1 + number / 7 % 5) })
        }
        6 => {
            let (from, to) = (part(1 + number % 7), part(1 + number / 7 % 7));
            let law = if number.is_multiple_of(2) { SweepLaw::Linear } else { SweepLaw::Exponential };
            Timing::Sweep(Sweep { from, to, over: ms(1 + (number % 1_500) as u32), law })
        }
        _ if millihertz == 10_000 || millihertz == 1_000 => {
            Timing::List(forms::intervals(number, millihertz == 1_000))
        }
        _ => Timing::Even,
    }
}

fn channel(kind: Kind) -> impl Strategy<Value = Channel<'static>> {
    let slope = prop_oneof![Just(Slope::Linear), Just(Slope::RaisedCosine), Just(Slope::Exponential)];
    let ramp = (any::<bool>(), 0_u32..400, 0_u32..400, any::<bool>(), slope);
    let amplitude = (2_000_u32..100_000, prop_oneof![Just(0_u32), 0_u32..30_000]);
    (train(kind), amplitude, ramp, 0_u32..20_000).prop_map(
        |((pulse, width, rate, train), (amplitude, more), ramp, offset)| {
            let (by_width, up, down, floored, slope) = ramp;
            let set = Setting::new(amplitude, width).unwrap();
            let by_width = by_width && !matches!(pulse.form, Form::Points(_));
            let control = if by_width { Control::Width } else { Control::Amplitude };
            let floor = if floored { if by_width { width / 2 } else { amplitude / 2 } } else { 0 };
            let ramp = Ramp { control, up: ms(up), down: ms(down), down_min: Millis::ZERO, slope, floor };
            let ceiling = Setting::new(amplitude + more, widest(&pulse, width)).unwrap();
            Channel { pulse, rate, train, set, ceiling, ramp, offset: us(offset) }
        },
    )
}

fn hardware(kind: Kind) -> impl Strategy<Value = Hardware> {
    let rest = || prop_oneof![Just(Rest::Open), Just(Rest::Shorted), Just(Rest::DrivenZero)];
    let clock = prop_oneof![Just(1_000_000_u32), Just(250_000), Just(1_048_576), Just(8_000_000)];
    let gain = (60_000_u32..400_000, -5_000_i32..5_000, -20_000_i32..20_000);
    let late = if kind.late { 1_u32..=18 } else { 0_u32..=0 };
    let shared = prop_oneof![4 => Just([0_u8; 4]), 1 => Just([0, 1, 1, 0]), 1 => Just([1; 4])];
    (clock, late, 1_u32..4, 0_u32..60, (rest(), rest(), any::<bool>()), gain, shared).prop_map(move |n| {
        let (hz, late_us, spacing, dead_us, (gap_rest, pulse_rest, has_latch), (na, skew, offset), shared) =
            n;
        let us = |n: u32| u32::try_from(u64::from(n) * u64::from(hz) / 1_000_000).unwrap();
        let late = if kind.late { us(late_us).max(spacing) } else { 0 };
        let dead_ticks = if dead_us > 30 { us(dead_us) } else { 0 };
        let pulse_rest = if dead_ticks > 0 { Rest::Open } else { pulse_rest };
        let pulse_rest =
            if kind.exact || pulse_rest != Rest::DrivenZero { pulse_rest } else { Rest::Shorted };
        let timing = HardwareTiming {
            late_max_ticks: late,
            stamp_error_ticks: if kind.late && dead_us % 4 == 0 { us(1) } else { 0 },
            min_edge_ticks: spacing,
            dead_ticks,
            gap_rest,
            pulse_rest,
            has_latch,
            ..HardwareTiming::ideal(hz)
        };
        // a few ranges are narrow, and not the same both ways
        let code_min = if skew % 7 == 0 { -600 } else { -32_768 };
        let mut output = ChannelHardware::symmetric(na, code_min, 32_767);
        if !kind.exact {
            output.na_per_code_negative = na.saturating_add_signed(skew);
            output.offset_na = offset;
        }
        Hardware::new(timing, &shared.map(|source| ChannelHardware { source, ..output }), 0).unwrap()
    })
}

fn schedule() -> impl Strategy<Value = Schedule<'static>> {
    prop_oneof![
        Just(Schedule::Continuous),
        (1_u32..300, 0_u32..300)
            .prop_map(|(hold, rest)| Schedule::Cyclic(Cycle { hold: ms(hold), rest: ms(rest) })),
        (50_u32..2_000, 0_u32..200, 30_u16..600, prop_oneof![Just(0_u32), 0_u32..400]).prop_map(
            |(on, off, triggers, refractory)| {
                Schedule::Gated(Gate {
                    max_on: ms(on),
                    min_off: ms(off),
                    max_triggers_per_minute: triggers,
                    refractory: ms(refractory),
                })
            }
        ),
        (0..forms::MADE).prop_map(|number| Schedule::Program(forms::stages(number, true))),
    ]
}

/// No stage is faster than a channel.
fn slow_enough(schedule: Schedule<'static>, channels: &[Channel<'_>], seed: u64) -> Schedule<'static> {
    let slow = channels.iter().any(|c| c.rate.as_millihertz() < 2_000);
    match schedule {
        Schedule::Program(_) if slow => Schedule::Program(forms::stages(seed as usize % forms::MADE, false)),
        Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Gated(_) | Schedule::Program(_) => schedule,
    }
}

/// A programme gets the time it needs.
fn fitting(length: u32, schedule: Schedule<'_>, channels: &[Channel<'_>]) -> Millis {
    let Schedule::Program(stages) = schedule else { return ms(length) };
    let ramps = channels.iter().map(|c| c.ramp.up.as_millis() + c.ramp.down.as_millis()).max().unwrap_or(0);
    let each =
        |s: &Stage| (ramps + s.cycle.hold.as_millis() + s.cycle.rest.as_millis()) * u32::from(s.repeats);
    ms(stages.iter().map(each).sum::<u32>().max(length))
}

/// Random sessions on random hardware, nearly all of which compile.
pub fn case(kind: Kind) -> impl Strategy<Value = Case> {
    let channels = prop::collection::vec(channel(kind), 1..=4);
    let wait = (0_u32..30_000).prop_map(|wait| Overlap::Defer(us(wait)));
    (channels, schedule(), 500_u32..2_500, hardware(kind), any::<u64>(), wait).prop_map(
        |(channels, schedule, length, hardware, seed, overlap)| {
            let schedule = slow_enough(schedule, &channels, seed);
            let length = fitting(length, schedule, &channels);
            Case { channels, schedule, overlap, length, hardware, seed }
        },
    )
}

/// A script of gate inputs, pauses, and lower or higher settings at random moments of a session.
pub fn script(case: &Case) -> Vec<(u64, Action)> {
    let mut script = started(&case.session());
    let mut random = random(u32::MAX - 1, case.seed ^ 0x5eed);
    let hz = u64::from(case.hardware.timing().ticks_per_second);
    let mut tick = 0_u64;
    for _ in 0..12 {
        tick += random() % (hz / 5);
        let index = (random() % case.channels.len() as u64) as u8;
        let Channel { set, ceiling, pulse, .. } = case.channels[usize::from(index)];
        let action = match random() % 9 {
            0 | 1 => Action::Gate(GateInput::Open),
            2 => Action::Gate(GateInput::Hold),
            3 => Action::Gate(GateInput::Close { down: None }),
            4 => Action::Command(index, Setting { amplitude: MicroAmps::ZERO, ..set }),
            5 => Action::Gate(GateInput::Toggle),
            6 => Action::Pause,
            7 => Action::Resume,
            _ => {
                let (least, most) = (set.amplitude.as_microamps() / 2, ceiling.amplitude.as_microamps());
                let ua = least + (random() % u64::from(most - least + 1)) as u32;
                let moves = !matches!(pulse.form, Form::Points(_)) && random().is_multiple_of(2);
                let us = set.width.as_micros() - if moves { (random() % 8) as u32 } else { 0 };
                Action::Command(
                    index,
                    Setting::new(ua, if moves && us % 2 == 0 { ceiling.width.as_micros() } else { us })
                        .unwrap(),
                )
            }
        };
        script.push((tick, action));
    }
    script
}
