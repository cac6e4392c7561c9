//! The most pulses in a window, of each kind of train.

use super::*;
use nmes_core::{
    Bursts, Channel, ChannelHardware, Cycle, Hardware, HardwareTiming, Millis, PulseShape, Ramp, Session,
    Setting, Sweep, SweepLaw,
};

/// Of pulses of 600 µs, one tick a µs.
fn with<T>(hz: u32, timing: Timing<'_>, schedule: Schedule<'_>, look: impl FnOnce(&Onsets<'_>) -> T) -> T {
    let set = Setting::new(10_000, 300).unwrap();
    let train = nmes_core::Train { timing, ..nmes_core::Train::default() };
    let (pulse, rate) =
        (PulseShape { gap: Micros::ZERO, ..PulseShape::default() }, Rate::from_hz(hz).unwrap());
    let channels =
        [Channel { pulse, rate, train, set, ceiling: set, ramp: Ramp::default(), offset: Micros::ZERO }];
    let session = Session::new(&channels, schedule, Millis::from_millis(60_000).unwrap()).unwrap();
    let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    look(&Onsets::of(&plan, plan.channel(0).unwrap(), 0))
}

/// Of a quantity of which a pulse has a thousand, and a tick at most one.
fn held(onsets: &Onsets<'_>, ticks: u64) -> u128 {
    onsets.window(ticks).amount(1_000, 1, 0)
}

fn bursts() -> Timing<'static> {
    Timing::Bursts(Bursts { pulses: 7, every: Rate::from_hz(2).unwrap() })
}

fn resting(rest_ms: u32) -> Schedule<'static> {
    let ms = |ms| Millis::from_millis(ms).unwrap();
    Schedule::Cyclic(Cycle { hold: ms(700), rest: ms(rest_ms) })
}

/// REQ-SAF-701: whole bursts, and of a part of one what it may hold, but never more than one has.
#[test]
fn bursts_in_a_window() {
    with(100, bursts(), Schedule::Continuous, |onsets| {
        assert_eq!([0, 30_000, 90_000, 499_998].map(|ticks| held(onsets, ticks)), [2, 3_002, 7_000, 7_000]);
        assert_eq!([500_000, 1_000_000].map(|ticks| held(onsets, ticks)), [7_002, 14_002]);
        // twice in two bursts and a part of a third
        assert_eq!(onsets.in_guard(), 42);
    });
    with(100, Timing::Even, Schedule::Continuous, |onsets| {
        assert_eq!([10_000, 25_000].map(|ticks| held(onsets, ticks)), [1_000, 3_000]);
        // nine times all that touch an eighth of a second; by pulses it is 226
        assert_eq!(onsets.in_guard(), 9 * 13);
    });
    with(2, Timing::Even, Schedule::Continuous, |onsets| assert_eq!(onsets.in_guard(), 6));
}

/// REQ-SAF-701: trains that begin anew within a window begin a burst each.
#[test]
fn trains_in_a_window() {
    // the 616 µs that a pulse may take are no rest
    for (rest_ms, most) in [(2_000, 14_002), (1_000, 28_000), (500, 35_000), (10, 100_002)] {
        with(100, bursts(), resting(rest_ms), |onsets| {
            assert_eq!(held(onsets, 1_000_000), most, "{rest_ms} ms")
        });
    }
    with(100, bursts(), resting(2_000), |onsets| {
        assert_eq!([1_999_382, 1_999_383].map(|ticks| held(onsets, ticks)), [28_000, 35_000]);
    });
}

/// REQ-SAF-701: of a list the most of its onsets that a window touches, wherever it begins.
#[test]
fn lists_in_a_window() {
    let us = |all: [u32; 3]| all.map(|us| Micros::from_micros(us).unwrap());
    for (window, most) in [(0, 1), (10, 1), (11, 2), (30, 2), (31, 3), (1_000, 3)] {
        assert_eq!(most_of(&us([10, 20, 30]), window), most, "{window}");
        assert_eq!(most_of(&us([30, 10, 20]), window), most, "{window}");
    }
    let alone = us([25; 3]);
    assert_eq!((most_of(alone.get(..1).unwrap(), 100), most_of(&alone, 26), most_of(&alone, 25)), (1, 2, 1));
    let list = us([50_000, 120_000, 60_000]);
    with(20, Timing::List(&list), Schedule::Continuous, |onsets| {
        let some = [40_000, 55_000, 105_000, 115_000, 230_000, 1_000_000];
        assert_eq!(some.map(|ticks| held(onsets, ticks)), [1_000, 2_000, 2_000, 3_000, 3_002, 14_000]);
    });
}

fn hz(hz: u32) -> Rate {
    Rate::from_hz(hz).unwrap()
}

fn ms(ms: u32) -> Millis {
    Millis::from_millis(ms).unwrap()
}

fn sweep(from: u32, to: u32, over_ms: u32, law: SweepLaw) -> Timing<'static> {
    Timing::Sweep(Sweep { from: hz(from), to: hz(to), over: ms(over_ms), law })
}

/// REQ-SAF-692: of a sweep the window where its pulses stand closest: 4 ticks for what is rounded are part of one more.
#[test]
fn sweeps_in_a_window() {
    for (from, to, over, law, most) in [
        // 55 a second on average, then 10 a second
        (100, 10, 1_000, SweepLaw::Linear, 55_004),
        (100, 10, 500, SweepLaw::Linear, 32_504),
        // 90 / ln 10, 39.09 a second
        (100, 10, 1_000, SweepLaw::Exponential, 39_088),
        // what it ends at
        (10, 100, 1_000, SweepLaw::Linear, 100_004),
        (10, 60, 5_000, SweepLaw::Exponential, 60_004),
    ] {
        with(100, sweep(from, to, over, law), Schedule::Continuous, |onsets| {
            let held = held(onsets, 1_000_000);
            let close = most - 1_000..=most + 1_000;
            assert!(close.contains(&held), "{from} {to} {over} {law:?}: {held}");
        });
    }
    // trains of 700 ms of one that rises over 7 s: 45.5 pulses, the last of 19 a second
    with(100, sweep(10, 100, 7_000, SweepLaw::Linear), resting(2_000), |onsets| {
        assert!((9_000..=12_000).contains(&held(onsets, 1_000_000)));
        let while_on = Rate::new(1, 53_000).unwrap();
        assert!(
            matches!(&onsets.timed, Some(Train::Swept(swept)) if swept.shortest() > Some(while_on.per_us().into()))
        );
    });
    // two trains in a second
    with(100, sweep(100, 10, 100, SweepLaw::Linear), resting(200), |onsets| {
        let alone = with(100, sweep(100, 10, 100, SweepLaw::Linear), resting(2_000), |onsets| {
            held(onsets, 1_000_000)
        });
        let both = held(onsets, 1_000_000);
        assert!(alone < both && both < 100_000, "{alone} {both}");
    });
}

/// REQ-SAF-692: of stages the fastest rate there is, and the channel's where a stage has none.
#[test]
fn stages_in_a_window() {
    let stage = |rate| Stage {
        cycle: Cycle { hold: ms(1_000), rest: ms(1_500) },
        repeats: 2,
        level_permille: 1_000,
        rate,
    };
    let (slow, fast, own) = (stage(Some(hz(10))), stage(Some(hz(30))), stage(None));
    for (stages, most) in
        [([slow, slow], 10_000), ([slow, fast], 30_000), ([fast, slow], 30_000), ([slow, own], 100_000)]
    {
        with(100, Timing::Even, Schedule::Program(&stages), |onsets| {
            assert_eq!(held(onsets, 1_000_000), most);
        });
    }
    // 14 pulses of bursts and what 2 ticks hold, or 30 of a stage
    for (stages, most) in [([slow, own], 14_002), ([fast, own], 30_000)] {
        with(100, bursts(), Schedule::Program(&stages), |onsets| {
            assert_eq!(held(onsets, 1_000_000), most);
            // a window that holds trains of both kinds: past the rest, less the 616 µs of a pulse
            assert_eq!(held(onsets, 2_000_000), 200_000);
            let [one, two] = [1_499_382, 1_499_383].map(|ticks| held(onsets, ticks));
            assert!(one <= 45_000 && two > 149_000, "{one} {two}");
        });
    }
    // trains of one rate that stand nearer to each other than its period
    let near = Stage { cycle: Cycle { hold: ms(1_000), rest: ms(50) }, ..slow };
    with(100, Timing::Even, Schedule::Program(&[near, near]), |onsets| {
        assert_eq!(held(onsets, 1_000_000), 100_000);
        // a pulse of two trains in each 149 ms
        assert_eq!(onsets.sustained(), Some(Sustained { each: 19_802, depth: 2 }));
    });
    with(100, Timing::Even, Schedule::Program(&[slow, fast]), |onsets| {
        assert_eq!(onsets.sustained(), Some(Sustained { each: 33_333, depth: 2 }));
    });
}

/// REQ-SAF-693: a sweep that falls is ahead of the rate it ends at by the pulses of its beginning; trains that begin anew are so each.
#[test]
fn sustained() {
    with(100, sweep(100, 10, 1_000, SweepLaw::Linear), Schedule::Continuous, |onsets| {
        // 55 in the first second, 10 at the rate that lasts
        assert_eq!(onsets.sustained(), Some(Sustained { each: 100_000, depth: 48 }));
    });
    with(100, sweep(10, 50, 1_000, SweepLaw::Linear), Schedule::Continuous, |onsets| {
        assert_eq!(onsets.sustained(), Some(Sustained { each: 20_000, depth: 2 }));
    });
    with(100, sweep(10, 100, 1_000, SweepLaw::Linear), Schedule::Continuous, |onsets| {
        assert_eq!(onsets.sustained(), None);
    });
    // after a rest that is longer than its period, and after one that is not
    with(100, sweep(10, 50, 1_000, SweepLaw::Linear), resting(2_000), |onsets| {
        assert_eq!(onsets.sustained(), Some(Sustained { each: 20_000, depth: 2 }));
    });
    with(100, sweep(10, 50, 1_000, SweepLaw::Linear), resting(10), |onsets| {
        assert_eq!(onsets.sustained(), None);
    });
    with(100, sweep(100, 10, 1_000, SweepLaw::Linear), resting(10_000), |onsets| {
        let Sustained { each, depth } = onsets.sustained().unwrap();
        // 48 periods in the 0.7 s of a train, of which 7 are of the rate that lasts: so many more in each 10 s
        assert_eq!((each, depth), (69_443, 44));
    });
}
