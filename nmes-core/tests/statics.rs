//! Sessions that are a `static` in flash, and the offsets of channels that share time.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;

const CYCLE: Cycle =
    Cycle { hold: constant!(Millis::from_millis(400)), rest: constant!(Millis::from_millis(1_000)) };
const RAMP: Ramp =
    Ramp { up: constant!(Millis::from_millis(200)), down: constant!(Millis::from_millis(100)), ..Ramp::NONE };
const RATE: Rate = constant!(Rate::from_hz(30));
const SECOND: Micros = constant!(Synchrony::Alternating.offset(1, 2, &CYCLE, &RAMP, RATE));

static POINTS: [Point; 3] = [
    Point { permille: 1_000, width: constant!(Micros::from_micros(200)) },
    Point { permille: 0, width: constant!(Micros::from_micros(50)) },
    Point { permille: -500, width: constant!(Micros::from_micros(400)) },
];
static PATTERN_POINTS: [PatternPoint; 2] = [
    PatternPoint { command_permille: 0, setting: constant!(Setting::new(0, 300)) },
    PatternPoint { command_permille: 1_000, setting: constant!(Setting::new(40_000, 300)) },
];
static CHANNELS: [Channel<'static>; 2] = [
    Channel {
        pulse: PulseShape { gap: constant!(Micros::from_micros(100)), ..PulseShape::SYMMETRIC },
        rate: RATE,
        train: Train { pattern: Some(constant!(Pattern::new(&PATTERN_POINTS))), ..Train::EVEN },
        set: constant!(Setting::new(30_000, 300)),
        ceiling: constant!(Setting::new(40_000, 300)),
        ramp: RAMP,
        offset: Micros::ZERO,
    },
    Channel {
        pulse: PulseShape { form: Form::Points(&POINTS), ..PulseShape::SYMMETRIC },
        rate: RATE,
        train: Train::EVEN,
        set: constant!(Setting::new(20_000, 650)),
        ceiling: constant!(Setting::new(20_000, 650)),
        ramp: RAMP,
        offset: SECOND,
    },
];
static SESSION: Session<'static> =
    constant!(Session::new(&CHANNELS, Schedule::Cyclic(CYCLE), constant!(Millis::from_millis(6_000))));

/// REQ-CORE-72: a whole session is a `static`, runs, and is equal to one that is built at run time.
#[test]
fn a_session_in_flash_is_one_of_run_time() {
    let us = |n| Micros::from_micros(n).unwrap();
    let points = vec![(1_000, 200), (0, 50), (-500, 400)];
    let points: Vec<_> = points.into_iter().map(|(permille, n)| Point { permille, width: us(n) }).collect();
    let table = [(0, 0), (1_000, 40_000)].map(|(command_permille, ua)| PatternPoint {
        command_permille,
        setting: Setting::new(ua, 300).unwrap(),
    });
    let ramp = Ramp { up: ms(200), down: ms(100), ..Ramp::default() };
    let rate = Rate::from_hz(30).unwrap();
    let first = Channel {
        pulse: PulseShape { gap: us(100), ..PulseShape::default() },
        rate,
        train: Train { pattern: Pattern::new(&table).ok(), ..Train::default() },
        set: Setting::new(30_000, 300).unwrap(),
        ceiling: Setting::new(40_000, 300).unwrap(),
        ramp,
        offset: us(0),
    };
    let set = Setting::new(20_000, 650).unwrap();
    let pulse = PulseShape { form: Form::Points(&points), ..PulseShape::default() };
    let channels =
        [first, Channel { pulse, train: Train::default(), set, ceiling: set, offset: us(850_000), ..first }];
    let cycle = Cycle { hold: ms(400), rest: ms(1_000) };
    let built = Session::new(&channels, Schedule::Cyclic(cycle), ms(6_000)).unwrap();
    assert_eq!(built, SESSION);
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[DAC; 2], 0).unwrap();
    let run = |session| play_on(&Plan::compile(session, &hardware).unwrap(), &[], || 0);
    let (one, two) = (run(&built), run(&SESSION));
    assert_eq!(one.hash, two.hash);
    assert!(one.counters.iter().all(|c| c.pulses > 50));
}

/// REQ-CORE-72: what the default is, it is in a constant too.
#[test]
fn constants_are_the_defaults() {
    assert_eq!(PulseShape::SYMMETRIC, PulseShape::default());
    assert_eq!(Train::EVEN, Train::default());
    assert_eq!(Ramp::NONE, Ramp::default());
}

fn offsets(synchrony: Synchrony, count: u8, cycle: Cycle, ramp: &Ramp) -> Vec<Option<u32>> {
    let rate = Rate::from_hz(30).unwrap();
    let offset = |index| synchrony.offset(index, count, &cycle, ramp, rate).ok().map(Micros::as_micros);
    (0..count).map(offset).collect()
}

/// REQ-CORE-71: each offset to the microsecond, and both sides of each refusal.
#[test]
fn offsets_are_exact() {
    let ramp = Ramp { up: ms(200), down: ms(100), ..Ramp::default() };
    // ON is 700 ms
    let cycle = |rest| Cycle { hold: ms(400), rest: ms(rest) };
    assert_eq!(offsets(Synchrony::Together, 3, cycle(0), &ramp), [Some(0); 3]);
    assert_eq!(
        offsets(Synchrony::Alternating, 4, cycle(701), &ramp),
        [Some(0), Some(700_500), Some(0), Some(700_500)]
    );
    assert_eq!(offsets(Synchrony::Alternating, 2, cycle(700), &ramp)[1], Some(700_000));
    assert_eq!(offsets(Synchrony::Alternating, 2, cycle(699), &ramp), [None; 2]);
    assert_eq!(
        offsets(Synchrony::Sequential, 3, cycle(1_400), &ramp),
        [Some(0), Some(700_000), Some(1_400_000)]
    );
    assert_eq!(offsets(Synchrony::Sequential, 3, cycle(1_399), &ramp), [None; 3]);
    let quarters = [Some(0), Some(8_333), Some(16_666), Some(25_000)];
    assert_eq!(offsets(Synchrony::Interleaved, 4, cycle(0), &ramp), quarters);
}

/// REQ-CORE-71: an index or a count that no session has, and an offset that no unit holds, are refused by name.
#[test]
fn offsets_are_refused_by_name() {
    let (cycle, ramp) = (Cycle { hold: ms(1), rest: ms(1) }, Ramp::default());
    let slow = Rate::new(1, 4_000_000_000).unwrap();
    let field = |synchrony: Synchrony, index, count| {
        synchrony.offset(index, count, &cycle, &ramp, slow).map_err(|e| e.field())
    };
    for synchrony in
        [Synchrony::Together, Synchrony::Alternating, Synchrony::Sequential, Synchrony::Interleaved]
    {
        assert_eq!(field(synchrony, 0, 0), Err(Field::Channels));
        assert_eq!(field(synchrony, 2, 2), Err(Field::Channels));
        assert_eq!(field(synchrony, 0, 9), Err(Field::Channels));
        assert!(field(synchrony, 0, 1).is_ok());
    }
    assert_eq!(field(Synchrony::Interleaved, 1, 2).map(Micros::as_micros), Ok(2_000_000_000));
    assert_eq!(field(Synchrony::Interleaved, 7, 8), Ok(Micros::from_micros(3_500_000_000).unwrap()));
    let long = Cycle { hold: ms(3_600_001), rest: ms(3_600_001) };
    let after = Synchrony::Sequential.offset(1, 2, &long, &ramp, slow);
    assert_eq!(after.map_err(|e| e.field()), Err(Field::Offset));
}

/// REQ-CORE-71, REQ-CORE-73: interleaved channels on one source are proved apart, and never drive it together; the muscle
/// gets four times the rate of each.
#[test]
fn interleaved_channels_share_one_source() {
    let (cycle, ramp) = (Cycle { hold: ms(400), rest: ms(300) }, ramped(200, 100, 0));
    let rate = Rate::from_hz(10).unwrap();
    let offset = |index| Synchrony::Interleaved.offset(index, 4, &cycle, &ramp, rate).unwrap();
    let channels = [0, 1, 2, 3].map(|index| Channel { rate, ramp, offset: offset(index), ..plain() });
    let session = Session::new(&channels, Schedule::Cyclic(cycle), ms(6_000)).unwrap();
    let output = ChannelHardware { source: 7, ..DAC };
    let timing = HardwareTiming { late_max_ticks: 9, ..HardwareTiming::ideal(1_000_000) };
    let hardware = Hardware::new(timing, &[output; 4], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let run = play_on(&plan, &[], lateness(&timing, 3));
    assert_eq!((run.fault, run.shared_at_once(&hardware)), (None, None));
    let mut onsets: Vec<_> = run.pulses().map(|p| p.onset_tick).collect();
    onsets.sort_unstable();
    let near = onsets.windows(2).filter(|pair| (24_980..25_020).contains(&(pair[1] - pair[0])));
    assert!(near.count() > 100);
}
