//! Random sessions on random hardware.

use super::inputs::{Action, Input, Lateness, inputs, lateness, script_of, started};
use super::outputs::plain_hardware;
use super::pulses::plain_train;
use super::simply::simply;
use super::{Kind, forms, hardware, ms, pulses, train, us};
use crate::*;
use core::fmt;
use proptest::prelude::*;
use std::ops::RangeInclusive;
use std::string::String;
use std::vec::Vec;
use std::{format, panic, vec, write, writeln};

/// A whole random set-up. Its `Debug` is what a failed test prints: a line for each channel, and the script.
#[derive(Clone)]
pub struct Case {
    /// The channels of the session.
    pub channels: Vec<Channel<'static>>,
    /// When they run.
    pub schedule: Schedule<'static>,
    /// What happens where pulses on one source would overlap.
    pub overlap: Overlap,
    /// How long the session is.
    pub length: Millis,
    /// What it is compiled for; it may have more channels than the session.
    pub hardware: Hardware,
    /// What happens while it runs, after every channel was set and the session started; see [`Case::script`].
    pub inputs: Vec<Input>,
    /// How late edges are.
    pub late: Lateness,
    /// A number to derive more from, such as the moment of a stop.
    pub seed: u64,
}

impl Case {
    /// The session.
    ///
    /// # Panics
    /// When a field was changed to what a session refuses.
    #[must_use]
    pub fn session(&self) -> Session<'_> {
        let session = Session::new(&self.channels, self.schedule, self.length);
        session.unwrap_or_else(|e| panic!("{e}: {self:?}")).with_overlap(self.overlap)
    }

    /// How late the edges of one run are, in ticks, one after the other.
    pub fn lateness(&self) -> impl FnMut() -> i64 + use<> {
        self.late.ticks(self.hardware.timing())
    }

    /// The script: every channel set to its session value, the start, then [`Case::inputs`] in ticks of the hardware.
    #[must_use]
    pub fn script(&self) -> Vec<(u64, Action)> {
        let mut script = started(&self.channels);
        script.extend(self.later());
        script
    }

    fn later(&self) -> Vec<(u64, Action)> {
        script_of(&self.inputs, &self.channels, self.hardware.timing().ticks_per_second)
    }

    /// The pulse of a channel.
    ///
    /// # Panics
    /// When there is no such channel.
    #[must_use]
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
        writeln!(f, "  {} ticks/s, edges {:?}{more}", timing.ticks_per_second, self.late)?;
        for (channel, output) in self.channels.iter().zip(self.hardware.channels()) {
            show(f, channel)?;
            writeln!(f, "    on {output:?}")?;
        }
        let listed: Vec<_> = self.later().iter().map(|(tick, action)| format!("{tick} {action:?}")).collect();
        if listed.is_empty() { f.write_str("  no input") } else { write!(f, "  {}", listed.join("\n  ")) }
    }
}

fn show(f: &mut fmt::Formatter<'_>, channel: &Channel<'_>) -> fmt::Result {
    let (pulse, set, ramp) = (&channel.pulse, channel.set, &channel.ramp);
    write!(f, "  {} × {} {:?} {:?}", set.amplitude, set.width, pulse.leading, pulse.form)?;
    write!(f, ", gap {}, {:?}", pulse.gap, pulse.balance)?;
    if pulse.repeat != Repeat::ONCE {
        write!(f, ", {} times {} apart", pulse.repeat.count, pulse.repeat.gap)?;
    }
    if channel.ceiling != set {
        write!(f, ", up to {} × {}", channel.ceiling.amplitude, channel.ceiling.width)?;
    }
    let (rate, train) = (channel.rate, &channel.train);
    write!(f, "; {} in {} µs {:?}", rate.pulses(), rate.per_us(), train.timing)?;
    write!(f, ", at most {}, stale after {}", train.pulses_max, train.stale_after)?;
    if *ramp != Ramp::default() {
        let (control, slope, up, down) = (ramp.control, ramp.slope, ramp.up, ramp.down);
        write!(f, "; {control:?} {slope:?} {up} up {down} down from {}", ramp.floor)?;
    }
    writeln!(f, "; {} later", channel.offset)
}

/// Ramps up to 400 ms each way, in amplitude or in width (never in width where it is given by points), from a floor of
/// 0 or of half the setting.
pub fn ramp(set: Setting, by_points: bool) -> impl Strategy<Value = Ramp> {
    ramps().prop_map(move |numbers| ramp_of(numbers, set, by_points))
}

/// Of a ramp: by width, up, down, from a floor, slope.
type Ramping = Option<(bool, u32, u32, bool, Slope)>;

fn ramps() -> impl Strategy<Value = Ramping> {
    let slope = prop_oneof![Just(Slope::Linear), Just(Slope::RaisedCosine), Just(Slope::Exponential)];
    simply(None, (any::<bool>(), 0_u32..400, 0_u32..400, any::<bool>(), slope).prop_map(Some))
}

fn ramp_of(numbers: Ramping, set: Setting, by_points: bool) -> Ramp {
    let Some((by_width, up, down, floored, slope)) = numbers else { return Ramp::default() };
    let by_width = by_width && !by_points;
    let control = if by_width { Control::Width } else { Control::Amplitude };
    let most = if by_width { set.width.as_micros() } else { set.amplitude.as_microamps() };
    let floor = if floored { most / 2 } else { 0 };
    Ramp { control, up: ms(up), down: ms(down), down_min: Millis::ZERO, slope, floor }
}

/// A channel whose amplitude is in a range of microamperes, with a ceiling up to a third higher.
///
/// # Panics
/// When the range goes beyond what the unit holds.
pub fn channel(kind: Kind, amplitude: RangeInclusive<u32>) -> impl Strategy<Value = Channel<'static>> {
    let most = *amplitude.end();
    let amplitude = (amplitude, prop_oneof![Just(0_u32), 0..=most / 3]);
    let train = simply(plain_train(), train(kind));
    (train, ramps(), simply(0, 0_u32..20_000), amplitude).prop_map(
        move |((pulse, width, rate, train), ramping, offset, (amplitude, more))| {
            let set = Setting::new(amplitude, width).unwrap();
            let ceiling = Setting::new((amplitude + more).min(most), pulses::widest(&pulse, width)).unwrap();
            let ramp = ramp_of(ramping, set, matches!(pulse.form, Form::Points(_)));
            Channel { pulse, rate, train, set, ceiling, ramp, offset: us(offset) }
        },
    )
}

/// A channel about which nothing matters but that there are pulses.
fn plain_channel(ua: u32) -> Channel<'static> {
    let (pulse, width, rate, train) = plain_train();
    let set = Setting::new(ua, width).unwrap();
    Channel { pulse, rate, train, set, ceiling: set, ramp: Ramp::default(), offset: Micros::ZERO }
}

/// One train, contractions, a gate or a programme.
pub fn schedule() -> impl Strategy<Value = Schedule<'static>> {
    let any = prop_oneof![
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
    ];
    simply(Schedule::Continuous, any)
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

/// Random sessions of 0.5 to 2.5 s and one to four channels on random hardware, nearly all of which compile.
pub fn case(kind: Kind) -> impl Strategy<Value = Case> {
    let channels = prop::collection::vec(channel(kind, 2_000..=100_000), 1..=4);
    case_of((plain_channel(20_000), channels), 500_u32..2_500, (plain_hardware(kind), hardware(kind)))
}

/// Random sessions of up to 0.8 s for a hardware that there is. What it refuses (a phase shorter than ten times its
/// lateness, a gap shorter than its dead time) is not left out: compile, and pass over what does not.
pub fn case_on(hardware: Hardware) -> impl Strategy<Value = Case> {
    let kind = Kind {
        late: hardware.jitter_ticks() > 0,
        exact: hardware.channels().iter().all(ChannelHardware::is_exact),
    };
    let top = |c: &ChannelHardware| {
        let na = c.current_na(c.code_max).min(-c.current_na(c.code_min)) - i64::from(c.offset_na.abs());
        u32::try_from(na / 1_000).unwrap_or(u32::MAX).min(MicroAmps::MAX.as_microamps())
    };
    let most = hardware.channels().iter().map(top).min().unwrap_or(1).max(1);
    let count = usize::from(hardware.channel_count());
    let channels = prop::collection::vec(channel(kind, (most / 40).max(1)..=most), 1..=count);
    case_of((plain_channel(most.div_ceil(2)), channels), 100_u32..800, (hardware, Just(hardware)))
}

/// Of channels and hardware the plain ones come first.
fn case_of(
    (channel, channels): (Channel<'static>, impl Strategy<Value = Vec<Channel<'static>>>),
    length: core::ops::Range<u32>,
    (plain, hardware): (Hardware, impl Strategy<Value = Hardware>),
) -> impl Strategy<Value = Case> {
    let wait = (0_u32..30_000).prop_map(|wait| Overlap::Defer(us(wait)));
    let (hardware, seed) = (simply(plain, hardware), simply(0, any::<u64>()));
    let channels = simply(vec![channel], channels);
    // what was not to be had plain may be, once the others are
    let again = || simply(true, Just(false));
    let agains = (again(), again(), again(), again(), again());
    // in the order that they shrink in
    (channels, schedule(), inputs(), lateness(), hardware, length, wait, seed, agains).prop_map(
        move |(channels, schedule, inputs, late, hardware, length, overlap, seed, agains)| {
            let schedule = if agains.0 { Schedule::Continuous } else { schedule };
            let inputs = if agains.1 { vec![] } else { inputs };
            let late = if agains.2 { Lateness::Never } else { late };
            let hardware = if agains.3 { plain } else { hardware };
            let channels = if agains.4 { vec![channel] } else { channels };
            let schedule = slow_enough(schedule, &channels, seed);
            let length = fitting(length, schedule, &channels);
            Case { channels, schedule, overlap, length, hardware, inputs, late, seed }
        },
    )
}
