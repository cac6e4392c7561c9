//! Drawing, table of transitions and code of every trigger agree.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic is a failed test"
)]

mod triggers;

use nmes_protocols::triggers::GateTrigger;
use nmes_protocols::triggers::crank::{self, Crank, CrankState};
use nmes_protocols::triggers::emg::{self, Emg, EmgSample, EmgState, EmgTimes, ThresholdStart};
use nmes_protocols::triggers::opposite::{self, OppositeState, OppositeTimes};
use nmes_protocols::triggers::switch::{self, Contact, Mode, SwitchState};
use nmes_protocols::triggers::tilt::{self, TiltFault, TiltState};
use nmes_protocols::triggers::timer::{self, TimerState};
use nmes_protocols::{Heel, PollAt};
use std::collections::BTreeSet;
use triggers::*;

type Edges = BTreeSet<(String, String)>;

/// The drawing names every state, and the list under it is the table, each line with a cause.
fn agrees(diagram: &str, states: &[&str], table: &[(String, String)]) {
    let (drawing, list) = diagram.split_at(diagram.find("\n OFF ").unwrap());
    for state in states {
        assert!(drawing.contains(state), "{state} is not drawn");
    }
    let mut listed = Edges::new();
    for line in list.lines().filter(|line| !line.trim().is_empty()) {
        let (from, rest) = line.split_once("->").unwrap();
        let (to, cause) = rest.trim().split_once("  ").unwrap();
        assert!(!cause.trim().is_empty(), "{line} has no cause");
        assert!(listed.insert((from.trim().to_owned(), to.trim().to_owned())), "{line} stands twice");
    }
    let once: Edges = table.iter().cloned().collect();
    assert_eq!(listed, once);
    assert_eq!(table.len(), once.len(), "no row stands twice");
}

macro_rules! drawn {
    ($name:ident, $module:ident, $state:ident) => {
        /// REQ-PRO-341: drawing and table of transitions agree.
        #[test]
        fn $name() {
            let states: Vec<_> = $state::ALL.iter().map(|s| s.name()).collect();
            agrees($module::DIAGRAM, &states, &table($module::TRANSITIONS));
        }
    };
}

fn table<S: std::fmt::Display>(rows: &[(S, S)]) -> Vec<(String, String)> {
    rows.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect()
}

drawn!(timer_is_drawn, timer, TimerState);
drawn!(switch_is_drawn, switch, SwitchState);
drawn!(opposite_is_drawn, opposite, OppositeState);
drawn!(tilt_is_drawn, tilt, TiltState);
drawn!(emg_is_drawn, emg, EmgState);
drawn!(crank_is_drawn, crank, CrankState);

/// Takes inputs one by one, each preceded by everything that is due, and keeps every change of state.
struct Watch<S> {
    seen: Edges,
    state: fn(&S) -> String,
}

impl<S: GateTrigger + std::fmt::Debug> Watch<S> {
    fn new(state: fn(&S) -> String) -> Self {
        Self { seen: Edges::new(), state }
    }

    fn step(&mut self, trigger: &mut S, now: u64, act: impl FnOnce(&mut S)) {
        for polls in 0.. {
            let PollAt::At(at) = trigger.poll_at() else { break };
            if at > now {
                break;
            }
            assert!(polls < 10_000, "polls do not move on: {trigger:?} at {at}");
            self.record(trigger, |t| {
                t.poll(at);
            });
        }
        self.record(trigger, act);
    }

    fn record(&mut self, trigger: &mut S, act: impl FnOnce(&mut S)) {
        let from = (self.state)(trigger);
        act(trigger);
        let to = (self.state)(trigger);
        if from != to {
            self.seen.insert((from, to));
        }
    }

    fn is(&self, rows: &[(String, String)]) {
        let wanted: Edges = rows.iter().cloned().collect();
        let missing: Vec<_> = wanted.difference(&self.seen).collect();
        let extra: Vec<_> = self.seen.difference(&wanted).collect();
        assert!(missing.is_empty() && extra.is_empty(), "missing {missing:?}, extra {extra:?}");
    }
}

/// REQ-PRO-341: the timer takes every transition of its table and no other.
#[test]
fn timer_takes_its_transitions() {
    let (mut watch, mut dice, mut now) = (Watch::new(|t: &timer::Timer| t.state().to_string()), Dice(1), 0);
    let mut trigger = triggers::timer();
    for _ in 0..3_000 {
        now += dice.roll(120) * MS;
        watch.step(&mut trigger, now, |t| match dice.roll(40) {
            0..=6 => {
                t.start(now);
            }
            7 => {
                t.stop(now);
            }
            _ => {
                t.poll(now);
            }
        });
    }
    watch.is(&table(timer::TRANSITIONS));
}

/// REQ-PRO-341: the switch takes every transition of its table and no other, in each mode.
#[test]
fn switch_takes_its_transitions() {
    let mut watch = Watch::new(|t: &switch::Switch| t.state().to_string());
    for (seed, mode) in [(1, Mode::Hold), (2, Mode::Toggle), (3, Mode::Press(ms(400)))] {
        let (mut trigger, mut dice, mut now) = (triggers::switch(mode, 60), Dice(seed), 0);
        for _ in 0..60_000 {
            let chatters = dice.roll(30) == 0;
            let contact = if dice.roll(3) == 0 { Contact::Closed } else { Contact::Open };
            let samples = if chatters { 60 } else { dice.roll(90) };
            for sample in 0..samples {
                now += 10 * MS + if dice.roll(4_000) == 0 { 70 * MS } else { 0 };
                let level = if chatters && sample % 2 == 0 { Contact::Closed } else { contact };
                watch.step(&mut trigger, now, |t| {
                    t.contact(now, level);
                });
            }
            watch.step(&mut trigger, now, |t| match dice.roll(60) {
                0..=14 => {
                    t.start(now);
                }
                15 => {
                    t.stop(now);
                }
                16 => {
                    t.contact(now, Contact::LineOpen);
                }
                17..=30 => {
                    t.acknowledge(now);
                }
                _ => {
                    t.poll(now);
                }
            });
            if now > 2_000_000_000 {
                break;
            }
        }
    }
    watch.is(&table(switch::TRANSITIONS));
}

/// REQ-PRO-341: the trigger of the other heel takes every transition of its table and no other.
#[test]
fn opposite_takes_its_transitions() {
    let mut watch = Watch::new(|t: &opposite::Opposite| t.state().to_string());
    let times = OppositeTimes { delay: ms(60), ..OppositeTimes::new(ms(DOWN_MS)) };
    let (mut trigger, mut dice, mut now) = (opposite::Opposite::new(times).unwrap(), Dice(5), 0);
    let mut lifted = false;
    for _ in 0..200_000 {
        now += match dice.roll(60) {
            0 => 2_500 * MS,
            1..=20 => 30 * MS + dice.roll(40) * MS,
            _ => 110 * MS + dice.roll(600) * MS,
        };
        watch.step(&mut trigger, now, |t| match dice.roll(80) {
            0 => {
                t.stop(now);
            }
            1 => {
                t.heel(now, Heel::LineOpen);
            }
            2..=9 => {
                t.acknowledge(now);
            }
            10..=20 => {
                t.start(now);
            }
            _ => {
                lifted = !lifted;
                t.heel(now, if lifted { Heel::Lifted } else { Heel::Loaded });
            }
        });
    }
    watch.is(&table(opposite::TRANSITIONS));
}

/// REQ-PRO-341: the tilt trigger takes every transition of its table and no other.
#[test]
fn tilt_takes_its_transitions() {
    let mut watch = Watch::new(|t: &tilt::Tilt| t.state().to_string());
    let (mut trigger, mut dice, mut now, mut deg, mut sense) = (triggers::tilt(), Dice(5), 0, 0_i32, 1);
    for _ in 0..120_000 {
        now += 10 * MS + if dice.roll(3_000) == 0 { 95 * MS } else { 0 };
        if deg.abs() > 25 || dice.roll(40) == 0 {
            sense = if deg > 25 {
                -1
            } else if deg < -25 {
                1
            } else {
                -sense
            };
        }
        deg += sense * 2;
        watch.step(&mut trigger, now, |t| match dice.roll(900) {
            0 | 1 => {
                t.stop(now);
            }
            2 => {
                t.angle(now, Err(TiltFault::Frozen));
            }
            3 => {
                t.angle(now, Ok(120_000));
            }
            4..=20 => {
                t.acknowledge(now);
            }
            21..=60 => {
                t.start(now);
            }
            _ => {
                t.angle(now, Ok(deg * 1_000));
            }
        });
    }
    watch.is(&table(tilt::TRANSITIONS));
}

/// REQ-PRO-341: the EMG trigger takes every transition of its table and no other.
#[test]
fn emg_takes_its_transitions() {
    let mut watch = Watch::new(|t: &Emg| t.state().to_string());
    for (seed, start) in [(1, ThresholdStart::BestOf(2)), (2, ThresholdStart::Given(15_000))] {
        let times = EmgTimes {
            baseline: ms(500),
            on: ms(150),
            lockout: ms(200),
            attempt: ms(1_000),
            start,
            ..emg_times()
        };
        let (mut trigger, mut dice, mut now) = (Emg::new(times).unwrap(), Dice(seed), 0);
        for _ in 0..2_500 {
            let nv = if dice.roll(5) < 2 { 90_000 } else { 4_000 };
            for _ in 0..dice.roll(700) {
                now += MS;
                watch.step(&mut trigger, now, |t| {
                    t.sample(now, muscle(&mut dice, nv));
                });
            }
            watch.step(&mut trigger, now, |t| match dice.roll(30) {
                0 => {
                    t.stop(now);
                }
                1 => {
                    t.sample(now, EmgSample::LeadOff);
                }
                2..=12 => {
                    t.start(now);
                }
                13..=20 => {
                    t.acknowledge(now);
                }
                _ => {
                    t.poll(now);
                }
            });
        }
    }
    watch.is(&table(emg::TRANSITIONS));
}

/// REQ-PRO-341: the crank trigger takes every transition of its table and no other.
#[test]
fn crank_takes_its_transitions() {
    let mut watch = Watch::new(|t: &Crank<'_>| t.state().to_string());
    let mut dice = Dice(9);
    let mut trigger = Crank::new(crank_times(ENCODER), &WINDOWS).unwrap();
    let mut turner = Turner::new(ENCODER, 0);
    for _ in 0..6_000 {
        let rpm = [40, 40, 30, 50, 20, 0, -20, 75, 8][usize::try_from(dice.roll(9)).unwrap()] * 1_000;
        for _ in 0..dice.roll(250) {
            turner.turn(10 * MS, rpm);
            let now = turner.now;
            watch.step(&mut trigger, now, |t| {
                t.counts(now, turner.counts());
            });
        }
        let now = turner.now;
        watch.step(&mut trigger, now, |t| match dice.roll(40) {
            0 | 1 => {
                t.stop(now);
            }
            2 => {
                t.counts(now, turner.counts().wrapping_add(400));
            }
            3 => {
                t.motor(now, true);
            }
            4..=9 => {
                t.motor(now, false);
            }
            _ => {}
        });
        watch.step(&mut trigger, now, |t| {
            t.acknowledge(now);
        });
        watch.step(&mut trigger, now, |t| {
            let _ = t.zero(now, 0);
            let _ = t.start(now);
        });
    }
    watch.is(&table(crank::TRANSITIONS));
}
