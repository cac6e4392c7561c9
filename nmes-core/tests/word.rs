//! The word of a plan: any one thing that is asked or described otherwise gives another.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests: a panic here is a failed test"
)]

use nmes_core::*;

struct Asked {
    channel: Channel<'static>,
    timing: HardwareTiming,
    dac: ChannelHardware,
    schedule: Schedule<'static>,
    seconds: u32,
    overlap: Overlap,
}

fn ms(ms: u32) -> Millis {
    Millis::from_millis(ms).unwrap()
}

fn us(us: u32) -> Micros {
    Micros::from_micros(us).unwrap()
}

impl Default for Asked {
    fn default() -> Self {
        let set = Setting::new(40_000, 300).unwrap();
        let ramp = Ramp { up: ms(500), down: ms(500), down_min: ms(300), ..Ramp::default() };
        let (pulse, rate) = (PulseShape::default(), Rate::from_hz(40).unwrap());
        Self {
            channel: Channel {
                pulse,
                rate,
                train: Train::default(),
                set,
                ceiling: set,
                ramp,
                offset: us(1_000),
            },
            timing: HardwareTiming {
                late_max_ticks: 8,
                min_edge_ticks: 5,
                ..HardwareTiming::ideal(1_000_000)
            },
            dac: ChannelHardware::symmetric(100_000, -2_048, 2_047),
            schedule: Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(5_000) }),
            seconds: 60,
            overlap: Overlap::Forbid,
        }
    }
}

impl Asked {
    /// The words of both channels, and of what is not theirs.
    fn words(&self) -> [u32; 3] {
        let channels = [self.channel; 2];
        let session = Session::new(&channels, self.schedule, ms(self.seconds * 1_000)).unwrap();
        let session = session.with_overlap(self.overlap);
        let hardware = Hardware::new(self.timing, &[self.dac; 2], 7).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        [plan.channel(0).unwrap().word(), plan.channel(1).unwrap().word(), plan.word()]
    }
}

static STEPS: [i16; 2] = [16_384, 8_192];
static OTHER: [i16; 2] = [16_384, 8_192];

/// REQ-CORE-176: of all that a channel is asked for and of its output, each value counts, and for both channels.
#[test]
fn each_value_of_a_channel_counts() {
    type Change = fn(&mut Channel<'static>, &mut HardwareTiming, &mut ChannelHardware);
    let changes: [Change; 33] = [
        |channel, _, _| channel.set = Setting::new(39_999, 300).unwrap(),
        |channel, _, _| channel.set = Setting::new(40_000, 299).unwrap(),
        |channel, _, _| channel.ceiling = Setting::new(40_001, 300).unwrap(),
        |channel, _, _| channel.ceiling = Setting::new(40_000, 301).unwrap(),
        |channel, _, _| channel.rate = Rate::from_hz(41).unwrap(),
        |channel, _, _| channel.offset = us(1_001),
        |channel, _, _| channel.pulse.gap = us(101),
        |channel, _, _| channel.pulse.balance = Balance::Asymmetric { length_percent: 400 },
        |channel, _, _| channel.pulse.leading = Polarity::Positive,
        |channel, _, _| channel.pulse.leading = Polarity::Negative,
        |channel, _, _| channel.pulse.repeat = Repeat { count: 2, gap: us(50) },
        |channel, _, _| channel.pulse.form = Form::Triphasic { outer_percent: 50 },
        |channel, _, _| channel.pulse.form = Form::Table(&STEPS),
        |channel, _, _| channel.pulse.form = Form::Table(&OTHER),
        |channel, _, _| channel.ramp.up = ms(501),
        |channel, _, _| channel.ramp.down = ms(501),
        |channel, _, _| channel.ramp.down_min = ms(301),
        |channel, _, _| channel.ramp.floor = 50,
        |channel, _, _| channel.ramp.control = Control::Width,
        |channel, _, _| channel.ramp.slope = Slope::Exponential,
        |channel, _, _| channel.train.pulses_max = 1,
        |channel, _, _| channel.train.stale_after = ms(1_000),
        |channel, _, _| {
            channel.train.timing = Timing::Bursts(Bursts { pulses: 2, every: Rate::from_hz(10).unwrap() });
        },
        |channel, _, _| {
            channel.train.timing = Timing::Bursts(Bursts { pulses: 3, every: Rate::from_hz(10).unwrap() });
        },
        |channel, _, _| {
            let (from, to, law) = (Rate::from_hz(10).unwrap(), Rate::from_hz(40).unwrap(), SweepLaw::Linear);
            channel.train.timing = Timing::Sweep(Sweep { from, to, over: ms(1_000), law });
        },
        |_, timing, _| timing.late_max_ticks = 9,
        |_, timing, _| timing.stamp_error_ticks = 1,
        |_, timing, _| timing.min_edge_ticks = 6,
        |_, timing, _| timing.dead_ticks = 2,
        |_, timing, _| timing.gap_rest = Rest::Shorted,
        |_, _, dac| dac.na_per_code_positive ^= 1 << 10,
        |_, _, dac| dac.offset_na = 1,
        |_, _, dac| dac.code_min = -2_047,
    ];
    let usual = Asked::default().words();
    assert_eq!(usual, Asked::default().words());
    let mut seen = vec![usual[0]];
    for (number, change) in changes.iter().enumerate() {
        let mut asked = Asked::default();
        let before = (asked.channel, asked.timing, asked.dac);
        change(&mut asked.channel, &mut asked.timing, &mut asked.dac);
        if before == (asked.channel, asked.timing, asked.dac) {
            continue;
        }
        let [one, other, _] = asked.words();
        assert_eq!(one, other, "alike");
        assert!(!seen.contains(&one), "change {number}");
        seen.push(one);
    }
    assert!(seen.len() >= changes.len(), "all but the polarity that it has");
}

/// REQ-CORE-176: the same of schedule, length, overlap and hardware.
#[test]
fn each_value_of_a_session_counts() {
    let gate =
        Gate { max_on: ms(4_000), min_off: ms(100), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    let later = Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(5_001) });
    let timing = HardwareTiming { stamp_error_ticks: 1, ..Asked::default().timing };
    let all = [
        Asked::default(),
        Asked { schedule: Schedule::Continuous, ..Asked::default() },
        Asked { schedule: Schedule::Gated(gate), ..Asked::default() },
        Asked { schedule: later, ..Asked::default() },
        Asked { seconds: 61, ..Asked::default() },
        Asked { overlap: Overlap::Defer(us(1_000)), ..Asked::default() },
        Asked { timing, ..Asked::default() },
    ];
    let mut words: Vec<u32> = all.iter().map(|asked| asked.words()[2]).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), all.len());
}
