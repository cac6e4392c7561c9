//! A gate at the very tick at which something else happens, before anything was put out, and at its second opening.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;

fn ideal() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn on_gate<R>(
    channels: &[Channel<'_>],
    schedule: Schedule<'_>,
    then: impl FnOnce(&mut Engine<'_, '_>) -> R,
) -> R {
    with_plan(channels, schedule, 100_000, ideal(), |plan| with_engine(plan, then))
}

/// Applies what is due before a tick.
fn until(engine: &mut Engine<'_, '_>, tick: u64) {
    loop {
        accept_all(engine);
        let Next::At(at) = engine.next() else { return };
        if at >= tick {
            return;
        }
        engine.applied(at).unwrap();
    }
}

fn ramping() -> Channel<'static> {
    Channel { ramp: Ramp { down_min: ms(10), ..ramped(0, 200, 0) }, ..plain() }
}

/// REQ-CORE-05: a train that its longest time closed is counted once, also where the session is stopped after it; one that is stopped
/// before that is not counted, however near, and one that is stopped on its way down is.
#[test]
fn a_forced_close_is_counted_once() {
    for (stopped, counted) in [(999_999, 0), (1_000_000, 1), (1_100_000, 1), (1_300_000, 1), (5_000_000, 1)] {
        for policy in [StopPolicy::FinishPulse, StopPolicy::RecoverNow] {
            on_gate(&[ramping()], gated(1_000, 0, 60), |engine| {
                engine.gate(GateInput::Open, 0);
                until(engine, stopped);
                engine.stop(policy, stopped);
                run_out(engine, || 0);
                assert!(engine.finished().is_some());
                assert_eq!(engine.counters(0).unwrap().forced_closes, counted, "{policy:?} at {stopped}");
            });
        }
    }
}

/// REQ-CORE-05, REQ-CORE-11: on a channel with an offset a train that its longest time closes before the channel's own end is counted,
/// though the session is over for the others; one that the channel's end closes is not.
#[test]
fn a_forced_close_before_the_end_of_a_channel() {
    let channel = Channel { offset: Micros::from_micros(3_000_000).unwrap(), ..ramping() };
    for (max_on, counted) in [(2_000, 1), (4_799, 1), (4_800, 0), (8_000, 0)] {
        on_gate(&[channel], gated(max_on, 0, 60), |engine| {
            engine.gate(GateInput::Open, 94_999_999);
            run_out(engine, || 0);
            assert_eq!(engine.counters(0).unwrap().forced_closes, counted, "{max_on}");
        });
        on_gate(&[channel], gated(max_on, 0, 60), |engine| {
            engine.gate(GateInput::Open, 94_999_999);
            until(engine, 99_000_000);
            assert_eq!(engine.gate(GateInput::Open, 96_000_000), GateAnswer::Continued);
            run_out(engine, || 0);
            assert_eq!(engine.counters(0).unwrap().forced_closes, counted, "{max_on}, opened again");
        });
    }
}

/// REQ-CORE-04, REQ-CORE-05: a ramp-down that began, at this very tick by the longest time, goes on as it began, whatever comes; one
/// tick before that a close with a shorter one is taken.
#[test]
fn a_close_at_the_tick_of_another() {
    let down = Some(ms(10));
    on_gate(&[ramping()], gated(1_000, 0, 60), |engine| {
        assert_eq!(engine.gate(GateInput::Open, 0), GateAnswer::Started { at_tick: 1 });
        until(engine, 1_000_001);
        assert_eq!(engine.gate(GateInput::Close { down }, 1_000_001), GateAnswer::Ignored);
        assert_eq!(engine.gate(GateInput::Hold, 1_000_001), GateAnswer::Ignored);
        let refused = GateAnswer::Refused(GateRefusal::LongestOn);
        assert_eq!(engine.gate(GateInput::Open, 1_000_001), refused);
        run_out(engine, || 0);
        assert_eq!(engine.counters(0).unwrap().forced_closes, 1);
    });
    on_gate(&[ramping()], gated(1_000, 0, 60), |engine| {
        engine.gate(GateInput::Open, 0);
        until(engine, 1_000_000);
        assert_eq!(
            engine.gate(GateInput::Close { down }, 1_000_000),
            GateAnswer::Closed { over_tick: 1_010_000 }
        );
        run_out(engine, || 0);
        assert_eq!(engine.counters(0).unwrap().forced_closes, 0);
    });
}

/// REQ-CORE-05: where no pulse was put out yet there is no OFF time to wait for, whenever the clock began.
#[test]
fn nothing_that_was_put_out_is_nothing_to_rest_from() {
    let channel = Channel { ramp: ramped(2_000, 0, 0), ..plain() };
    on_gate(&[channel], gated(5_000, 3_000, 60), |engine| {
        assert_eq!(engine.gate(GateInput::Open, 10), GateAnswer::Started { at_tick: 11 });
        engine.gate(GateInput::Close { down: None }, 20);
        assert_eq!(engine.counters(0).unwrap().pulses, 0);
        assert_eq!(engine.gate(GateInput::Open, 30), GateAnswer::Started { at_tick: 31 });
    });
}

/// REQ-CORE-05, REQ-CORE-156: what a minute has is counted from the start of the session, whenever the clock began: openings half a
/// second beside its whole seconds are taken and refused at the same distance from the start.
#[test]
fn a_minute_is_counted_from_the_start() {
    let answers = |start: u64| {
        with_plan(&[plain()], gated(100, 0, 2), 100_000, ideal(), |plan| {
            let mut storage = [ChannelState::new()];
            let mut engine = Engine::new(plan, &mut storage).unwrap();
            engine.start(start);
            let opened = |after: u64| {
                engine.gate(GateInput::Close { down: None }, start + after - 10);
                matches!(engine.gate(GateInput::Open, start + after), GateAnswer::Refused(_))
            };
            [100_000, 600_000, 60_500_000, 60_900_000, 61_100_000, 61_400_000].map(opened)
        })
    };
    let first = answers(0);
    assert_eq!(first, [false, false, true, true, false, false]);
    for start in [1, 300_000, 500_000, 999_999, u64::MAX / 2] {
        assert_eq!(answers(start), first, "{start}");
    }
}

/// REQ-CORE-05: an opening that is told of with an earlier time than the one before makes no minute shorter.
#[test]
fn an_earlier_time_frees_no_opening() {
    on_gate(&[plain()], gated(100, 0, 1), |engine| {
        assert!(matches!(engine.gate(GateInput::Open, 40_000_000), GateAnswer::Started { .. }));
        engine.gate(GateInput::Close { down: None }, 40_000_010);
        let refused = GateAnswer::Refused(GateRefusal::TooManyTriggers);
        for at in [1_000_000, 62_500_000, 99_000_000] {
            assert_eq!(engine.gate(GateInput::Open, at), refused, "{at}");
        }
    });
}

/// REQ-CORE-77: an opening of all channels is refused within the refractory time of any of them.
#[test]
fn the_refractory_time_of_any_channel_counts() {
    let Schedule::Gated(gate) = gated(100, 0, 60) else { panic!() };
    let schedule = Schedule::Gated(Gate { refractory: ms(500), ..gate });
    for channel in 0..3 {
        on_gate(&[plain(); 3], schedule, |engine| {
            engine.gate_channel(channel, GateInput::Open, 1_000_000);
            engine.gate(GateInput::Close { down: None }, 1_000_010);
            let refused = GateAnswer::Refused(GateRefusal::Refractory);
            assert_eq!(engine.gate(GateInput::Open, 1_499_999), refused, "{channel}");
            assert_ne!(engine.gate(GateInput::Open, 1_500_000), refused, "{channel}");
        });
    }
}

/// REQ-CORE-77: a toggle closes a train that waits for the last pulse of the one before it.
#[test]
fn a_toggle_closes_what_waits_for_a_pulse() {
    on_gate(&[plain()], gated(1_000, 100, 60), |engine| {
        engine.gate(GateInput::Open, 0);
        until(engine, 2);
        engine.gate(GateInput::Close { down: None }, 10);
        let GateAnswer::Waiting { at_tick } = engine.gate(GateInput::Open, 20) else { panic!("it waits") };
        assert_eq!(at_tick, 125_001);
        assert_eq!(engine.gate(GateInput::Open, 25), GateAnswer::Waiting { at_tick }, "and goes on waiting");
        assert!(matches!(engine.gate(GateInput::Toggle, 30), GateAnswer::Closed { .. }));
        run_out(engine, || 0);
        assert_eq!(engine.counters(0).unwrap().pulses, 1);
    });
}

/// REQ-CORE-05, REQ-CORE-11: an opening that is due on a channel with an offset after the train before, which there is still on, waits
/// for a period and the least OFF time after the end of its ramp-down.
#[test]
fn an_opening_waits_for_what_an_offset_lets_run() {
    let channel = Channel { offset: Micros::from_micros(3_000_000).unwrap(), ..ramping() };
    on_gate(&[channel], gated(10_000, 100, 60), |engine| {
        engine.gate(GateInput::Open, 0);
        until(engine, 5_000_000);
        assert_eq!(
            engine.gate(GateInput::Close { down: None }, 5_000_000),
            GateAnswer::Closed { over_tick: 8_200_000 }
        );
        until(engine, 5_300_000);
        let at_tick = 8_200_000 + 25_000 + 100_000;
        assert_eq!(engine.gate(GateInput::Open, 5_300_000), GateAnswer::Waiting { at_tick });
    });
}

/// REQ-CORE-05: an opening of one channel is counted as its own, at its own offset: one that begins a train there is one too many,
/// though another channel would still be on.
#[test]
fn an_opening_is_counted_at_its_own_offset() {
    let later = Channel { offset: Micros::from_micros(3_000_000).unwrap(), ..ramping() };
    on_gate(&[ramping(), later], gated(10_000, 0, 1), |engine| {
        engine.gate_channel(1, GateInput::Open, 0);
        until(engine, 5_000_000);
        engine.gate_channel(1, GateInput::Close { down: None }, 5_000_000);
        assert_eq!(
            engine.gate_channel(0, GateInput::Open, 5_400_000),
            GateAnswer::Started { at_tick: 5_400_001 }
        );
        until(engine, 5_500_000);
        let refused = GateAnswer::Refused(GateRefusal::TooManyTriggers);
        assert_eq!(engine.gate_channel(1, GateInput::Open, 5_500_000), refused);
        assert_eq!(engine.gate_channel(0, GateInput::Open, 5_600_000), GateAnswer::Continued);
    });
}

/// REQ-CORE-05: an input that opens more often than a minute has is counted, once, however many channels it is for; one that is
/// refused for another reason is not.
#[test]
fn an_opening_that_is_too_many_is_counted_once() {
    let Schedule::Gated(gate) = gated(100, 0, 2) else { panic!("gated") };
    let schedule = Schedule::Gated(Gate { refractory: ms(50), ..gate });
    on_gate(&[plain(); 3], schedule, |engine| {
        for (at, refused) in [(0, 0), (40_000, 0), (500_000, 0), (1_000_000, 1), (1_500_000, 2)] {
            engine.gate(GateInput::Open, at);
            assert_eq!(engine.refused_triggers(), refused, "{at}");
            engine.gate(GateInput::Close { down: None }, at + 10);
        }
        engine.gate_channel(2, GateInput::Open, 2_000_000);
        assert_eq!(engine.refused_triggers(), 3);
    });
}

/// REQ-CORE-05, REQ-INV-04: a train that follows another stands a period after the onset of its last pulse, not after the stamp of
/// that, which may be late.
#[test]
fn a_train_follows_a_late_pulse_by_its_onset() {
    let timing = HardwareTiming { late_max_ticks: 15, ..ideal() };
    with_plan(&[plain()], gated(10_000, 0, 60), 100_000, timing, |plan| {
        for lateness in [0, 9, 15] {
            with_engine(plan, |engine| {
                engine.gate(GateInput::Open, 0);
                let onset = advance(engine, lateness).unwrap() - lateness;
                engine.gate(GateInput::Close { down: None }, onset + 20);
                let waiting = GateAnswer::Waiting { at_tick: onset + 25_000 };
                assert_eq!(engine.gate(GateInput::Open, onset + 30), waiting, "{lateness}");
                run_out(engine, || lateness);
            });
        }
    });
}

/// REQ-CORE-11, REQ-CORE-77: what one channel is asked is answered by its own ramp and offset, not by those of the first: too near
/// the end for its ramp-down it is refused, and a toggle closes what is still open there.
#[test]
fn a_channel_is_answered_by_its_own_plan() {
    let long = Channel { ramp: ramped(0, 2_000, 0), ..plain() };
    on_gate(&[ramping(), long], gated(1_000, 0, 60), |engine| {
        let over = GateAnswer::Refused(GateRefusal::SessionOver);
        assert_eq!(engine.gate_channel(1, GateInput::Open, 98_000_000), over);
        assert_ne!(engine.gate_channel(0, GateInput::Open, 98_000_000), over);
    });
    let later = Channel { offset: Micros::from_micros(3_000_000).unwrap(), ..ramping() };
    for (at, closes) in [(1_500_000, true), (3_700_000, false)] {
        on_gate(&[later, ramping()], gated(3_500, 0, 60), |engine| {
            engine.gate(GateInput::Open, 0);
            until(engine, at);
            let answer = engine.gate_channel(1, GateInput::Toggle, at);
            assert_eq!(matches!(answer, GateAnswer::Closed { .. }), closes, "{at}: {answer:?}");
        });
    }
}

/// REQ-CORE-05: after a fault an opening is refused as after a stop.
#[test]
fn a_fault_refuses_openings() {
    on_gate(&[plain()], gated(1_000, 0, 60), |engine| {
        assert_eq!(engine.applied(3), Err(EngineFault::OutOfOrder));
        for at in [10, 2_000_000] {
            assert_eq!(engine.gate(GateInput::Open, at), GateAnswer::Refused(GateRefusal::Stopped));
        }
        assert_eq!((engine.next(), engine.pending()), (Next::Never, None));
    });
}

/// REQ-CORE-04, REQ-CORE-145: an input that there is nothing to do for leaves the frame that was accepted where it is.
#[test]
fn an_input_that_is_ignored_changes_nothing() {
    on_gate(&[ramping(), ramping()], gated(5_000, 0, 60), |engine| {
        engine.gate(GateInput::Open, 0);
        until(engine, 101_000);
        assert_eq!(engine.gate(GateInput::Hold, 101_000), GateAnswer::Continued);
        let accepted = accept_all(engine);
        assert_eq!(accepted.len(), 2);
        let due = engine.next();
        for at in [101_000, 101_020, 110_000] {
            assert_eq!(engine.gate(GateInput::Hold, at), GateAnswer::Ignored);
            assert!(!engine.resume(at));
            assert_eq!((engine.next(), engine.pending()), (due, None), "{at}");
        }
    });
}

/// REQ-CORE-04: a hold is taken from the tick on at which its train opens.
#[test]
fn a_hold_at_the_first_tick() {
    for (at, answer) in [(0, GateAnswer::Ignored), (1, GateAnswer::Continued)] {
        on_gate(&[Channel { ramp: ramped(500, 0, 0), ..plain() }], gated(5_000, 0, 60), |engine| {
            assert_eq!(engine.gate(GateInput::Open, 0), GateAnswer::Started { at_tick: 1 });
            assert_eq!(engine.gate(GateInput::Hold, at), answer, "{at}");
        });
    }
}

/// REQ-CORE-11: a channel with an offset that is opened again from a hold goes on at the level it held until that is due there, also
/// where it has no ramp up.
#[test]
fn a_held_level_stays_until_the_opening_is_due() {
    let channel = Channel { offset: Micros::from_micros(3_000_000).unwrap(), ..ramping() };
    on_gate(&[channel], gated(50_000, 0, 60), |engine| {
        engine.gate(GateInput::Open, 0);
        until(engine, 10_000_000);
        engine.gate(GateInput::Hold, 10_000_000);
        until(engine, 14_000_000);
        assert_eq!(engine.gate(GateInput::Open, 14_000_000), GateAnswer::Continued);
        until(engine, 20_000_000);
        let counters = engine.counters(0).unwrap();
        assert_eq!((counters.pulses, counters.silent), (680, 0));
    });
}

/// REQ-CORE-145, REQ-CORE-146: an input that may end a train has a pulse made anew that can stand where it is, an edge spacing on; one
/// that was accepted and is a tick nearer is left as it is.
#[test]
fn a_pulse_an_edge_spacing_on_is_made_anew() {
    let timing = HardwareTiming { min_edge_ticks: 5, ..ideal() };
    for (before, anew) in [(6, true), (5, true), (4, false), (1, false)] {
        with_plan(&[ramping()], gated(5_000, 0, 60), 100_000, timing, |plan| {
            with_engine(plan, |engine| {
                engine.gate(GateInput::Open, 0);
                until(engine, 101_000);
                let Next::At(onset) = engine.next() else { panic!("due") };
                assert_eq!(engine.gate(GateInput::Hold, onset - before), GateAnswer::Continued);
                assert_eq!(
                    engine.pending().map(|frame| frame.onset_tick()),
                    anew.then_some(onset),
                    "{before}"
                );
                accept_all(engine);
                assert_eq!(engine.next(), Next::At(onset));
            });
        });
    }
}
