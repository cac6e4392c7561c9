//! The other foot's heel: it vouches for a lift, and starts nothing.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{Driver, Foot, build, config, judge, millis, pulses, regular, with_other};
use nmes_protocols::GateCommand::{Close, Hold, Open};
use nmes_protocols::Heel::{Lifted, LineOpen, Loaded};
use nmes_protocols::{
    GaitConfig, GaitTimes, GateCommand, Heel, PollAt, Request, State, Trigger, TriggerNote,
};
use proptest::prelude::*;

/// Own heel, other heel, or a poll.
#[derive(Clone, Copy, Debug)]
enum In {
    Own(Heel),
    Other(Heel),
    Poll,
}

/// Milliseconds, input, the command it gives, the state after it.
type Row = (u64, In, Option<GateCommand>, State);

/// Plays a table from ARM, the other foot in the air since 500 ms; no command but those of the table is given.
fn play(config: GaitConfig, table: &[Row]) -> Driver {
    let mut driver = Driver::walking(config, 0);
    other(&mut driver, 0, Loaded);
    other(&mut driver, 500_000, Lifted);
    for (i, (ms, input, expected, state)) in table.iter().enumerate() {
        let now = ms * 1_000;
        let before = driver.commands.len();
        driver.run_to(now);
        assert_eq!(driver.commands.len(), before, "row {i} at {ms} ms: {:?}", driver.commands);
        let command = driver.act(now, |t: &mut Trigger, n| match input {
            In::Own(heel) => t.heel(n, *heel),
            In::Other(heel) => t.other_heel(n, *heel),
            In::Poll => t.poll(n),
        });
        assert_eq!((command, driver.state()), (*expected, *state), "row {i} at {ms} ms, {input:?}");
    }
    driver
}

fn other(driver: &mut Driver, now: u64, heel: Heel) {
    let command = driver.act(now, |t, n| t.other_heel(n, heel));
    assert_eq!(command, None, "at {now} µs");
}

fn close(ms: u32) -> Option<GateCommand> {
    Some(Close { down: millis(ms) })
}

/// REQ-PRO-029: after a strike of the other heel a lift opens at its first edge; the ramp is full 50 ms later.
#[test]
fn a_vouched_lift_opens_at_its_first_edge() {
    for before_ms in [0, 100, 600] {
        let driver = play(
            config(),
            &[
                (2_000 - before_ms, In::Other(Loaded), None, State::Arm),
                (2_000, In::Own(Lifted), Some(Open), State::Early),
                (2_025, In::Poll, None, State::RampUp),
                (2_050, In::Poll, None, State::Hold),
                (2_500, In::Own(Loaded), None, State::Hold),
                (2_540, In::Poll, close(200), State::RampDown),
            ],
        );
        let counters = driver.trigger.counters();
        assert_eq!((counters.steps, counters.early, counters.false_starts), (1, 1, 0));
    }
    // the two at the same moment, the other way round
    play(
        config(),
        &[
            (2_000, In::Own(Lifted), None, State::Arm),
            (2_000, In::Other(Loaded), Some(Open), State::Early),
            (2_025, In::Poll, None, State::RampUp),
        ],
    );
}

/// REQ-PRO-029: a lift of the other heel that has not lasted the debounce time yet may be a bounce, and takes nothing away; one that has
/// does.
#[test]
fn a_bounce_of_the_other_heel_still_vouches() {
    let struck: Row = (1_900, In::Other(Loaded), None, State::Arm);
    let own = |command, state| (2_000, In::Own(Lifted), command, state);
    play(config(), &[struck, (1_976, In::Other(Lifted), None, State::Arm), own(Some(Open), State::Early)]);
    play(config(), &[struck, (1_975, In::Other(Lifted), None, State::Arm), own(None, State::Arm)]);
}

/// REQ-PRO-029: without a fresh strike after a real swing of the other foot the lift is debounced as always.
#[test]
fn what_does_not_vouch() {
    let debounced: [Row; 2] =
        [(2_000, In::Own(Lifted), None, State::Arm), (2_025, In::Poll, Some(Open), State::RampUp)];
    let tables: [&[Row]; 5] = [
        &[],
        // too long ago
        &[(1_399, In::Other(Loaded), None, State::Arm)],
        // struck, and in the air again
        &[(1_500, In::Other(Loaded), None, State::Arm), (1_900, In::Other(Lifted), None, State::Arm)],
        // a broken wire
        &[(1_900, In::Other(Loaded), None, State::Arm), (1_950, In::Other(LineOpen), None, State::Arm)],
        // a bounce is no swing
        &[
            (700, In::Other(Loaded), None, State::Arm),
            (1_850, In::Other(Lifted), None, State::Arm),
            (1_949, In::Other(Loaded), None, State::Arm),
        ],
    ];
    for before in tables {
        play(config(), &[before, &debounced].concat());
    }
    for times in [
        GaitTimes { vouch: millis(0), ..*config().times() },
        GaitTimes { ramp_up: millis(49), ..*config().times() },
    ] {
        let table = [&[(1_900, In::Other(Loaded), None, State::Arm)], &debounced[..]].concat();
        play(GaitConfig::new(times).unwrap(), &table);
    }
    let times = GaitTimes { delay: millis(50), ..*config().times() };
    let table = [(1_900, In::Other(Loaded), None, State::Arm), (2_000, In::Own(Lifted), None, State::Arm)];
    play(GaitConfig::new(times).unwrap(), &table);
}

/// REQ-PRO-030: a vouched lift that does not last ends by itself: the level stays from the second edge on, goes down
/// over the shortest ramp once the heel is believed to be down, and the same strike vouches for nothing more.
#[test]
fn a_false_start_ends_by_itself() {
    let mut driver = play(
        config(),
        &[
            (1_900, In::Other(Loaded), None, State::Arm),
            (2_000, In::Own(Lifted), Some(Open), State::Early),
            (2_010, In::Own(Loaded), Some(Hold), State::Early),
            (2_035, In::Poll, close(100), State::RampDown),
            (2_135, In::Poll, None, State::Arm),
            (2_200, In::Own(Lifted), None, State::Arm),
            (2_210, In::Own(Loaded), None, State::Arm),
            // a real lift is a step, debounced
            (2_400, In::Own(Lifted), None, State::Arm),
            (2_425, In::Poll, Some(Open), State::RampUp),
        ],
    );
    assert_eq!(driver.notes(), [TriggerNote::FalseStart]);
    let counters = driver.trigger.counters();
    assert_eq!((counters.steps, counters.early, counters.false_starts, counters.merged), (1, 0, 1, 0));
    // one pulse at the floor, then weak ones: none past the middle of the ramp
    let (_, shape) = build(&Request::default());
    let weak: Vec<_> = pulses(&driver.commands[..3], &shape);
    assert_eq!(weak[0].ua, shape.floor_ua);
    let middle = (shape.floor_ua + shape.set_ua) / 2;
    assert!(weak.len() <= 6 && weak.iter().all(|p| p.ua <= middle), "{weak:?}");
}

/// REQ-PRO-030: a contact that bounces as it opens costs only the bounce; one that never settles ends within four
/// debounce times; a lift that comes while a false start ramps down goes on from there and merges nothing.
#[test]
fn bounces_in_early() {
    play(
        config(),
        &[
            (1_900, In::Other(Loaded), None, State::Arm),
            (2_000, In::Own(Lifted), Some(Open), State::Early),
            (2_003, In::Own(Loaded), Some(Hold), State::Early),
            (2_006, In::Own(Lifted), Some(Open), State::Early),
            (2_031, In::Poll, None, State::RampUp),
            (2_081, In::Poll, None, State::Hold),
        ],
    );
    let mut driver = Driver::walking(config(), 0);
    for (t, heel) in [(0, Loaded), (500_000, Lifted), (1_900_000, Loaded)] {
        other(&mut driver, t, heel);
    }
    for i in 0..100 {
        driver.heel(2_000_000 + i * 10_000, if i % 2 == 0 { Lifted } else { Loaded });
    }
    let last = driver.commands.last().unwrap();
    assert_eq!((last.t_us, last.command), (2_100_000, close(100).unwrap()));
    assert_eq!(driver.state(), State::Arm);
    let mut driver = play(
        config(),
        &[
            (1_900, In::Other(Loaded), None, State::Arm),
            (2_000, In::Own(Lifted), Some(Open), State::Early),
            (2_010, In::Own(Loaded), Some(Hold), State::Early),
            (2_035, In::Poll, close(100), State::RampDown),
            (2_060, In::Own(Lifted), None, State::RampDown),
            (2_085, In::Poll, Some(Open), State::RampUp),
        ],
    );
    assert_eq!((driver.notes(), driver.trigger.counters().merged), (vec![TriggerNote::FalseStart], 0));
}

/// REQ-PRO-029: pause, stop, an open line and a host that polls far too late end an early start like any other output.
#[test]
fn an_early_start_is_ended_like_any_output() {
    let early = || {
        let table = [
            (1_900, In::Other(Loaded), None, State::Arm),
            (2_000, In::Own(Lifted), Some(Open), State::Early),
        ];
        play(config(), &table)
    };
    let mut driver = early();
    assert_eq!(driver.act(2_005_000, Trigger::pause), close(100));
    let mut driver = early();
    assert_eq!(driver.act(2_005_000, Trigger::stop), close(200));
    assert_eq!(driver.notes(), [TriggerNote::EndedMidStep]);
    let mut driver = early();
    assert_eq!(driver.heel(2_005_000, LineOpen), close(200));
    let mut driver = early();
    assert_eq!(driver.trigger.poll(60_000_000), close(200), "a minute late");
}

/// REQ-PRO-029: a person who stops with the other foot gets nothing, for however long.
#[test]
fn stopping_starts_nothing() {
    let mut driver = Driver::walking(config(), 0);
    other(&mut driver, 0, Loaded);
    for n in 1..50 {
        other(&mut driver, n * 1_000_000, Lifted);
        other(&mut driver, n * 1_000_000 + 500_000, Loaded);
    }
    driver.run_to(100_000_000);
    assert_eq!((driver.commands, driver.trigger.state()), (vec![], State::Arm));
}

/// REQ-PRO-031: a missing, stuck, silent or broken other switch leaves the steps of the treated heel as they are
/// without one, and is told where it can be.
#[test]
fn a_bad_other_switch_changes_nothing() {
    let foot = with_other(regular("walk", 1_200_000, 200_000, 600_000, 20), 1_200_000);
    let (config, shape) = build(&Request::default());
    let alone = foot.alone().drive(config);
    let with = |heel: Heel| {
        let mut driver = Driver::walking(config, 0);
        driver.act(0, |t, n| t.other_heel(n, heel));
        for (t, _, heel) in foot.alone().switches() {
            driver.heel(t, heel);
        }
        driver.run_to(40_000_000);
        driver
    };
    let silent = TriggerNote::OtherSilent;
    for (heel, note) in [(Loaded, silent), (Lifted, silent), (LineOpen, TriggerNote::OtherLineOpen)] {
        let mut driver = with(heel);
        assert_eq!(driver.commands, alone.commands, "{heel:?}");
        assert_eq!(driver.notes(), [note], "{heel:?}");
    }
    // one that chatters without end, too fast for a swing
    let chatters: Vec<_> = (0..1_000_u64)
        .map(|i| (i * 37_000, if i % 2 == 0 { common::Event::HeelOff } else { common::Event::Strike }))
        .collect();
    let driver = Foot { other: chatters, ..foot.clone() }.drive(config);
    assert_eq!(driver.commands, alone.commands);
    assert!(judge(&foot, &driver.commands, &shape, 450_000).passes());
    // and with it all steps but the first start early
    let counters = foot.drive(config).trigger.counters();
    assert_eq!((counters.steps, counters.early), (20, 20));
}

fn inputs() -> impl Strategy<Value = Vec<(u64, In)>> {
    let gap = prop_oneof![4 => 0..20_000_u64, 4 => 20_000..120_000_u64, 4 => 120_000..900_000_u64, 1 => 900_000..5_000_000_u64];
    let heel = prop_oneof![8 => Just(Lifted), 8 => Just(Loaded), 1 => Just(LineOpen)];
    let input = prop_oneof![heel.clone().prop_map(In::Own), heel.prop_map(In::Other)];
    prop::collection::vec((gap, input), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// REQ-PRO-029, REQ-PRO-030: over random switches of both feet, nothing opens but at an edge of the treated heel or
    /// a poll after one, EARLY lasts at most four debounce times, each needs a strike of its own, and silence is off.
    #[test]
    fn random_feet(inputs in inputs()) {
        let mut driver = Driver::walking(config(), 0);
        let (mut now, mut strikes, mut other_up) = (0, 0, false);
        for (gap, input) in inputs {
            now += gap;
            driver.run_to(now);
            match input {
                In::Other(heel) => {
                    strikes += u32::from(other_up && heel == Loaded);
                    other_up = heel == Lifted;
                    driver.act(now, |t, n| t.other_heel(n, heel));
                }
                In::Own(heel) => drop(driver.heel(now, heel)),
                In::Poll => drop(driver.act(now, Trigger::poll)),
            }
        }
        driver.run_to(now + 10_000_000);
        prop_assert!(!driver.state().is_on() && driver.trigger.poll_at() == PollAt::Never);
        let spans = driver.states.windows(2).filter(|w| w[0].1 == State::Early);
        let spans: Vec<u64> = spans.map(|w| w[1].0 - w[0].0).collect();
        prop_assert!(spans.iter().all(|s| *s <= 100_000), "{spans:?}");
        prop_assert!(spans.len() <= usize::try_from(strikes).unwrap());
        let counters = driver.trigger.counters();
        prop_assert!(counters.early + counters.false_starts <= strikes);
    }

    /// REQ-PRO-029: the other heel alone never opens anything.
    #[test]
    fn the_other_heel_alone_opens_nothing(inputs in inputs()) {
        let mut driver = Driver::walking(config(), 0);
        let mut now = 0;
        for (gap, input) in inputs {
            now += gap;
            if let In::Other(heel) = input {
                driver.act(now, |t, n| t.other_heel(n, heel));
            }
        }
        driver.run_to(now + 10_000_000);
        prop_assert!(driver.commands.is_empty());
    }
}
