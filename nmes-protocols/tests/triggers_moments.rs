//! Timer, switch and the other heel at chosen moments, on both sides of each limit; and all of them with any input.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::as_conversions,
    clippy::float_arithmetic,
    reason = "tests: a panic is a failed test"
)]

mod triggers;

use nmes_protocols::triggers::opposite::{Opposite, OppositeState, OppositeTimes};
use nmes_protocols::triggers::switch::{Contact, Mode, SwitchState};
use nmes_protocols::triggers::timer::TimerState;
use nmes_protocols::triggers::{GateCommands, GateTrigger};
use nmes_protocols::{GateCommand, Heel, PollAt};
use proptest::prelude::*;
use triggers::*;

const OPEN: Option<GateCommand> = Some(GateCommand::Open);

fn close() -> Option<GateCommand> {
    Some(GateCommand::Close { down: ms(DOWN_MS) })
}

fn one(commands: GateCommands) -> Option<GateCommand> {
    commands.iter().next().map(|(_, command)| command)
}

/// REQ-PRO-352: a timer's trains begin and end at its times, as many as it is set to, and each start begins anew.
#[test]
fn timer_moments() {
    let mut timer = timer();
    for begin in [0, 5_000_000] {
        assert_eq!(timer.start(begin), None);
        assert_eq!(timer.start(begin), None, "a second start is none");
        let mut moments = Vec::new();
        while let PollAt::At(at) = timer.poll_at() {
            assert!(timer.poll(at - 1).is_empty(), "early is nothing");
            moments.push(((at - begin) / MS, one(timer.poll(at)), timer.state()));
        }
        let trains = [100, 850, 1_600];
        let mut wanted = Vec::new();
        for (nth, at) in trains.into_iter().enumerate() {
            wanted.push((at, OPEN, TimerState::On));
            wanted.push((at + 300, close(), TimerState::RampDown));
            wanted.push((at + 500, None, if nth == 2 { TimerState::Off } else { TimerState::Rest }));
        }
        assert_eq!(moments, wanted);
        assert_eq!((timer.opened(), timer.is_off()), (3, true));
    }
}

/// REQ-PRO-352: a host that polls late gets whole trains and whole rests, later.
#[test]
fn timer_polled_late() {
    let mut timer = timer();
    timer.start(0);
    assert_eq!(one(timer.poll(5_000_000)), OPEN);
    assert_eq!(timer.poll_at(), PollAt::At(5_300_000));
    assert_eq!(one(timer.poll(9_000_000)), close());
    timer.poll(20_000_000);
    assert_eq!(timer.poll_at(), PollAt::At(20_250_000));
}

/// REQ-PRO-353: held, toggled and pressed contacts at the edge of the debounce time and of their train.
#[test]
fn switch_moments() {
    let ready = |mode| {
        let mut s = triggers::switch(mode, 0);
        s.contact(0, Contact::Open);
        s.start(0);
        s.poll(499_999);
        assert_eq!(s.state(), SwitchState::Release);
        s.poll(500_000);
        assert_eq!(s.state(), SwitchState::Ready);
        s
    };
    let mut s = ready(Mode::Hold);
    s.contact(600_000, Contact::Closed);
    assert_eq!(s.contact(624_999, Contact::Open), None, "shorter than the debounce time");
    assert_eq!((s.poll(1_000_000), s.state()), (GateCommands::NONE, SwitchState::Ready));
    s.contact(1_000_000, Contact::Closed);
    assert_eq!((one(s.poll(1_024_999)), one(s.poll(1_025_000))), (None, OPEN));
    s.contact(2_000_000, Contact::Open);
    assert_eq!((one(s.poll(2_024_999)), one(s.poll(2_025_000))), (None, close()));
    // pressed again in the ramp: nothing until it is let go
    s.contact(2_100_000, Contact::Closed);
    assert_eq!((one(s.poll(2_900_000)), s.state()), (None, SwitchState::Ready));
    s.contact(3_000_000, Contact::Open);
    s.poll(3_025_000);
    s.contact(3_100_000, Contact::Closed);
    assert_eq!(one(s.poll(3_125_000)), OPEN);

    let mut s = ready(Mode::Toggle);
    s.contact(600_000, Contact::Closed);
    assert_eq!(one(s.poll(625_000)), OPEN);
    s.contact(700_000, Contact::Open);
    assert_eq!(one(s.poll(1_000_000)), None, "letting go changes nothing");
    s.contact(1_100_000, Contact::Closed);
    assert_eq!(one(s.poll(1_125_000)), close());

    let mut s = ready(Mode::Press(ms(400)));
    s.contact(600_000, Contact::Closed);
    assert_eq!(one(s.poll(625_000)), OPEN);
    s.contact(700_000, Contact::Open);
    assert_eq!((one(s.poll(1_024_999)), one(s.poll(1_025_000))), (None, close()));
    assert_eq!((one(s.poll(1_225_000)), s.state()), (None, SwitchState::Ready));

    // letting go restarts the clear time
    let mut s = triggers::switch(Mode::Hold, 0);
    s.start(0);
    s.contact(100_000, Contact::Open);
    s.contact(400_000, Contact::Closed);
    s.contact(450_000, Contact::Open);
    s.poll(949_999);
    assert_eq!(s.state(), SwitchState::Release);
    s.poll(950_000);
    assert_eq!(s.state(), SwitchState::Ready);
}

/// REQ-PRO-344: the other heel's strike opens after the debounce time or the delay; the train is 60 % of the median stride.
#[test]
fn opposite_moments() {
    let mut trigger = opposite();
    trigger.heel(0, Heel::Loaded);
    trigger.start(0);
    let mut opened = Vec::new();
    let mut log = Log::default();
    // strides of 1.2 s: in the air for 0.4 s
    for stride in 1..=4 {
        let lift = stride * 1_200_000;
        log.run_to(&mut trigger, lift);
        trigger.heel(lift, Heel::Lifted);
        log.run_to(&mut trigger, lift + 400_000);
        trigger.heel(lift + 400_000, Heel::Loaded);
        log.run_to(&mut trigger, lift + 450_000);
        assert_eq!(trigger.state(), OppositeState::On);
        opened.push(lift + 425_000);
    }
    log.run_to(&mut trigger, 10_000_000);
    let on: Vec<_> = log.told.chunks(2).map(|c| (c[0].0, c[1].0 - c[0].0)).collect();
    let wanted = [700_000, 720_000, 720_000, 720_000];
    assert_eq!(on, opened.into_iter().zip(wanted).collect::<Vec<_>>());

    let delayed = OppositeTimes { delay: ms(100), ..OppositeTimes::new(ms(DOWN_MS)) };
    let mut trigger = Opposite::new(delayed).unwrap();
    trigger.heel(0, Heel::Loaded);
    trigger.start(0);
    trigger.heel(1_000_000, Heel::Lifted);
    trigger.poll(1_025_000);
    trigger.heel(1_099_999, Heel::Loaded);
    trigger.poll(1_125_000);
    assert_eq!(trigger.state(), OppositeState::Stance, "shorter than four debounce times");
    trigger.heel(2_000_000, Heel::Lifted);
    trigger.poll(2_025_000);
    trigger.heel(2_100_000, Heel::Loaded);
    assert_eq!(one(trigger.poll(2_125_000)), None);
    assert_eq!(
        (trigger.state(), one(trigger.poll(2_199_999)), one(trigger.poll(2_200_000))),
        (OppositeState::Delay, None, OPEN)
    );
}

/// REQ-PRO-344: five short levels in a second leave a train alone, the sixth ends it.
#[test]
fn opposite_chatter() {
    for levels in [5, 6] {
        let (mut trigger, now, mut log) = struck();
        let mut at = now;
        for nth in 0..levels {
            at = now + 30_000 + nth * 40_000;
            log.run_to(&mut trigger, at);
            let command = trigger.heel(at, if nth % 2 == 0 { Heel::Lifted } else { Heel::Loaded });
            log.book(at, command);
        }
        log.run_to(&mut trigger, at + 26_000);
        // a level that comes after a long one is no short one
        assert_eq!(trigger.state() == OppositeState::On, levels == 5, "{levels}: {:?}", log.told);
    }
}

/// REQ-PRO-344: a lift that lasts longer than a step opens nothing when it ends.
#[test]
fn opposite_long_lift() {
    // a swing is over when its strike has lasted for the debounce time
    for (strike, opened) in [(2_974_000, 1), (2_976_000, 0)] {
        let (mut trigger, mut log) = (opposite(), Log::default());
        trigger.heel(0, Heel::Loaded);
        trigger.start(0);
        trigger.heel(1_000_000, Heel::Lifted);
        log.run_to(&mut trigger, strike);
        trigger.heel(strike, Heel::Loaded);
        log.run_to(&mut trigger, 10_000_000);
        assert_eq!(
            log.opened(),
            if strike < 2_975_000 { 1 } else { 0 },
            "{opened}: the strike counts after the debounce time"
        );
    }
}

/// What is fed to each trigger in the property below.
#[derive(Clone, Copy, Debug)]
enum Fed {
    Wait,
    Down,
    Up,
    Lost,
}

fn fed() -> impl Strategy<Value = Fed> {
    prop_oneof![2 => Just(Fed::Wait), 4 => Just(Fed::Down), 4 => Just(Fed::Up), 1 => Just(Fed::Lost)]
}

/// Feeds any trigger; polling at other times too changes nothing, times may jump and go back.
fn play<T: GateTrigger + Copy>(
    fresh: T,
    script: &[(i64, Fed)],
    often: bool,
    begin: u64,
    feed: impl Fn(&mut T, u64, Fed) -> GateCommands,
) -> Log {
    let (mut trigger, mut log, mut now) = (fresh, Log::default(), begin);
    for (step, what) in script {
        let next = now.saturating_add_signed(*step);
        if next > now {
            if often {
                for poll in 1..8 {
                    let at = now + (next - now) / 8 * poll;
                    log.run_to(&mut trigger, at);
                    let commands = trigger.poll(at);
                    log.book(at, commands);
                }
            }
            log.run_to(&mut trigger, next);
        }
        let commands = feed(&mut trigger, next, *what);
        log.book(next.max(now), commands);
        now = now.max(next);
    }
    let commands = trigger.stop(now);
    log.book(now, commands);
    log.run_to(&mut trigger, u64::MAX);
    if let PollAt::At(at) = trigger.poll_at() {
        let commands = trigger.poll(at);
        log.book(at, commands);
    }
    assert!(trigger.is_off(), "off in the end");
    log
}

proptest! {
    #![proptest_config(cases(300))]

    /// REQ-PRO-356: whatever comes and whenever: opens and closes take turns, after a stop all is off, polling at other times
    /// changes nothing, and times near the end of the clock are times like others.
    #[test]
    fn any_trigger_any_input(script in prop::collection::vec((prop_oneof![8 => 0_i64..900_000, 1 => Just(-50_000), 1 => Just(5_000_000)], fed()), 1..80)) {
        for begin in [0, u64::MAX - 2_000_000] {
            let each = |trigger: &str, run: &dyn Fn(bool) -> Log| {
                let (plain, often) = (run(false), run(true));
                prop_assert!(plain.takes_turns() && plain.off_us().is_some(), "{trigger}: {:?}", plain.told);
                prop_assert_eq!(plain.told, often.told, "{}", trigger);
                Ok(())
            };
            for mode in [Mode::Hold, Mode::Toggle, Mode::Press(ms(700))] {
                let mut fresh = triggers::switch(mode, 0);
                fresh.contact(begin, Contact::Open);
                fresh.start(begin);
                each("switch", &|often| play(fresh, &script, often, begin, |t, now, what| match what {
                    Fed::Wait => t.poll(now),
                    Fed::Down => t.contact(now, Contact::Closed).into(),
                    Fed::Up => t.contact(now, Contact::Open).into(),
                    Fed::Lost => t.contact(now, Contact::LineOpen).into(),
                }))?;
            }
            let mut fresh = opposite();
            fresh.heel(begin, Heel::Loaded);
            fresh.start(begin);
            each("opposite", &|often| play(fresh, &script, often, begin, |t, now, what| match what {
                Fed::Wait => t.poll(now),
                Fed::Down => t.heel(now, Heel::Loaded).into(),
                Fed::Up => t.heel(now, Heel::Lifted).into(),
                Fed::Lost => t.heel(now, Heel::LineOpen).into(),
            }))?;
            let mut fresh = timer();
            fresh.start(begin);
            each("timer", &|often| play(fresh, &script, often, begin, |t, now, what| match what {
                Fed::Wait | Fed::Down | Fed::Lost => t.poll(now),
                Fed::Up => t.start(now).into(),
            }))?;
            let mut fresh = tilt();
            fresh.start(begin);
            each("tilt", &|often| play(fresh, &script, often, begin, |t, now, what| match what {
                Fed::Wait => t.poll(now),
                Fed::Down => t.angle(now, Ok(12_000)).into(),
                Fed::Up => t.angle(now, Ok(-16_000)).into(),
                Fed::Lost => {
                    let commands = t.acknowledge(now);
                    t.start(now).or(commands).into()
                }
            }))?;
        }
    }
}
