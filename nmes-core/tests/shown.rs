//! What an engine shows between two steps, in a train that is as it was, and in one that is left.
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

fn late(late_max_ticks: u32) -> HardwareTiming {
    HardwareTiming { late_max_ticks, ..HardwareTiming::ideal(1_000_000) }
}

fn continuous<R>(channel: Channel, timing: HardwareTiming, then: impl FnOnce(&mut Engine<'_, '_>) -> R) -> R {
    with_plan(&[channel], Schedule::Continuous, 1_000, timing, |plan| with_engine(plan, then))
}

/// REQ-CORE-10, REQ-CORE-130: the ledger is at every step what the edges came to, also where each edge is late by the same.
#[test]
fn the_ledger_is_that_of_the_edges_at_every_step() {
    for lateness in [0, 1, 9, 15] {
        continuous(plain(), late(15), |engine| {
            let (mut sum, mut since, mut level) = (0, 0, Level::Open);
            for step in 0..140 {
                let Some(t) = advance(engine, lateness) else { break };
                sum += level.current_na(&DAC) * i64::try_from(t - since).unwrap();
                (since, level) = (t, engine.level(0).unwrap());
                assert_eq!(engine.ledger(0), Some(Charge::from_nanoamp_ticks(sum)), "{lateness}, {step}");
            }
        });
    }
}

/// REQ-CORE-130: the onset of a pulse that is left after it began is that of its first edge, which was as late as all others.
#[test]
fn a_pulse_that_is_left_began_when_it_did() {
    for (steps, lateness) in [(40, 0), (40, 9), (41, 9), (42, 9), (43, 9)] {
        continuous(plain(), late(15), |engine| {
            let mut stamps = vec![];
            while stamps.len() < 60 {
                stamps.push(advance(engine, lateness).unwrap());
                if stamps.len() == steps {
                    while engine.take_receipt().is_some() {}
                    let onset = stamps[(steps - 1) / 4 * 4];
                    engine.stop(StopPolicy::HardOff, stamps[steps - 1] + 1);
                    let cut = engine.take_receipt().map(|receipt| receipt.onset_tick);
                    assert_eq!(cut, (steps % 4 != 0).then_some(onset), "{steps}, {lateness}");
                    return;
                }
            }
        });
    }
}

/// REQ-CORE-12, REQ-CORE-130: the record of a pulse is there until the next pulse begins, whichever way that goes.
#[test]
fn a_record_is_there_until_the_next_pulse() {
    for lateness in [0, 9] {
        continuous(plain(), late(15), |engine| {
            for pulse in 0..19 {
                assert_eq!(engine.take_receipt(), None, "{pulse}");
                let onset = advance(engine, lateness).unwrap();
                (0..3).for_each(|_| assert!(advance(engine, lateness).is_some()));
                let mut other = 0;
                if pulse % 3 == 0 {
                    // another level now and then, so that the next pulse goes the long way
                    other = 10_000;
                    engine.command(0, Setting::new(30_000, 300).unwrap(), onset + 5_000).unwrap();
                }
                if pulse % 2 == 0 {
                    assert_eq!(
                        engine.take_receipt().map(|receipt| receipt.onset_tick),
                        Some(onset),
                        "{other}"
                    );
                }
                if pulse % 3 == 1 {
                    engine.command(0, Setting::new(40_000, 300).unwrap(), onset + 5_000).unwrap();
                }
                let next = advance(engine, lateness).unwrap();
                assert_eq!(engine.take_receipt(), None, "pulse {pulse}: one has begun at {next}");
                (0..3).for_each(|_| assert!(advance(engine, lateness).is_some()));
                engine.take_receipt();
            }
        });
    }
}

/// REQ-CORE-12, REQ-CORE-130: the record of the first pulse at full level says so, and each after it, also where the last step of
/// the ramp had the same code and rounds to the same setting.
#[test]
fn full_level_is_said_from_the_first() {
    let set = Setting::new(100, 300).unwrap();
    let channel = Channel { set, ceiling: set, ramp: ramped(10_000, 0, 0), ..plain() };
    let channels = [channel];
    let session = Session::new(&channels, Schedule::Continuous, ms(11_000)).unwrap();
    let output = ChannelHardware::symmetric(10_000, -2_048, 2_047);
    let hardware = Hardware::new(late(0), &[output], 0).unwrap();
    let run = play_on(&Plan::compile(&session, &hardware).unwrap(), &[], || 0);
    let (ramp, full): (Vec<&PulseReceipt>, Vec<_>) =
        run.pulses().partition(|pulse| pulse.onset_tick < 10_000_000);
    let last = ramp.last().unwrap();
    assert_eq!((last.setting, last.code), (set, full[0].code), "the last step is the set value, rounded");
    assert!(ramp.iter().all(|pulse| !pulse.full_level));
    assert!(full.len() > 30 && full.iter().all(|pulse| pulse.full_level));
}

/// REQ-CORE-75: a pause takes a train down that was as it was, at whatever tick before an onset it comes; and a resume brings it back.
#[test]
fn a_pause_just_before_an_onset_takes_the_train_down() {
    let channel = Channel { ramp: ramped(0, 200, 0), ..plain() };
    for before in [0, 1, 2, 3, 4, 5, 10, 500] {
        continuous(channel, late(0), |engine| {
            let onset = (0..37).filter_map(|_| advance(engine, 0)).last().unwrap();
            (0..3).for_each(|_| assert!(advance(engine, 0).is_some()));
            let paused = onset + 25_000 - before;
            engine.pause(paused);
            while advance(engine, 0).is_some_and(|t| t < paused + 280_000) {}
            let pulses = engine.counters(0).unwrap().pulses;
            assert!((17..=19).contains(&pulses), "{before}: {pulses} pulses");
            engine.resume(paused + 300_000);
            run_out(engine, || 0);
            assert!(engine.counters(0).unwrap().pulses > pulses + 5, "{before}");
        });
    }
}

/// REQ-CORE-06, REQ-CORE-132: whether a frame waits is what there is to see: a repayment that nobody accepted waits no more when its
/// pulse pays back by itself.
#[test]
fn a_repayment_that_is_past_waits_no_more() {
    for accepted_late in [false, true] {
        continuous(plain(), late(0), |engine| {
            let onset = advance(engine, 0).unwrap();
            engine.stop(StopPolicy::RecoverNow, onset + 10);
            let mut waited = 0;
            while let Next::At(at) = engine.next() {
                assert_eq!(engine.is_waiting(), engine.pending().is_some(), "at {at}");
                waited += u32::from(engine.is_waiting());
                if accepted_late && waited == 2 {
                    accept_all(engine);
                }
                let Next::At(at) = engine.next() else { panic!("due") };
                engine.applied(at).unwrap();
            }
            assert!(waited > 0 && !engine.is_waiting());
            assert!(engine.offer(|_| panic!("nothing waits")));
            assert_eq!(engine.finished().map(|end| end.residual), Some(Charge::ZERO));
        });
    }
}

/// REQ-CORE-145: the end of a train, at which the output goes open, is put off by no input, however many there are.
#[test]
fn no_input_puts_off_going_open() {
    let timing = HardwareTiming { min_edge_ticks: 20, pulse_rest: Rest::DrivenZero, ..late(0) };
    for spaced in [3, 19] {
        with_plan(&[plain()], gated(1_000, 0, 60), 10_000, timing, |plan| {
            with_engine(plan, |engine| {
                engine.gate(GateInput::Open, 0);
                let onset = advance(engine, 0).unwrap();
                engine.gate(GateInput::Close { down: None }, onset + 1);
                let last = (0..3).filter_map(|_| advance(engine, 0)).last().unwrap();
                let Next::At(opens) = engine.next() else { panic!("it is not open yet") };
                let mut now = last;
                for turn in 0..20 {
                    now = (now + spaced).min(opens);
                    if turn % 2 == 0 {
                        engine.pause(now)
                    } else {
                        engine.resume(now)
                    };
                    assert_eq!(engine.next(), Next::At(opens), "input {turn}");
                }
            });
        });
    }
}

/// REQ-CORE-12, REQ-CORE-130: a pulse whose late onset its last edge took in leaves nothing, but those after it have records of their own.
#[test]
fn what_one_pulse_was_late_by_is_in_its_record_alone() {
    continuous(plain(), late(15), |engine| {
        for pulse in 0..40 {
            let lateness = if pulse % 10 == 7 { 3 } else { 0 };
            let onset = advance(engine, lateness).unwrap();
            (0..3).for_each(|_| assert!(advance(engine, 0).is_some()));
            let receipt = engine.take_receipt().unwrap();
            assert_eq!((receipt.onset_tick, receipt.ledger), (onset, Charge::ZERO), "{pulse}");
            assert_eq!(u64::from(receipt.primary_ticks), 300 - lateness, "{pulse}");
        }
    });
}

/// REQ-CORE-74, REQ-CORE-75: a command while a channel is paused, also after it went stale, makes nothing come before it is resumed.
#[test]
fn a_command_does_not_resume() {
    let train = Train { stale_after: ms(100), ..Train::default() };
    let channel = Channel { train, ramp: ramped(0, 50, 0), ..plain() };
    for paused in [20_000, 90_000, 120_000, 200_000] {
        continuous(channel, late(0), |engine| {
            while matches!(engine.next(), Next::At(at) if at < paused) || engine.is_waiting() {
                accept_all(engine);
                if !matches!(engine.next(), Next::At(at) if at < paused) {
                    break;
                }
                advance(engine, 0);
            }
            engine.pause(paused);
            while matches!(engine.next(), Next::At(at) if at < 400_000) {
                advance(engine, 0);
            }
            let pulses = engine.counters(0).unwrap().pulses;
            for (turn, at) in [400_000, 450_000, 700_000].into_iter().enumerate() {
                engine
                    .command(0, Setting::new(30_000 + u32::try_from(turn).unwrap(), 300).unwrap(), at)
                    .unwrap();
                while advance(engine, 0).is_some_and(|t| t < at + 40_000) {}
                assert_eq!(
                    engine.counters(0).unwrap().pulses,
                    pulses,
                    "paused at {paused}, commanded at {at}"
                );
            }
            engine.resume(750_000);
            engine.command(0, Setting::new(30_000, 300).unwrap(), 750_001).unwrap();
            run_out(engine, || 0);
            assert!(engine.counters(0).unwrap().pulses > pulses);
        });
    }
}

/// REQ-CORE-74, REQ-CORE-75: a resume does not bring back a channel whose command went stale while it was paused; a command does.
#[test]
fn a_resume_does_not_refresh() {
    let train = Train { stale_after: ms(100), ..Train::default() };
    let channel = Channel { train, ramp: ramped(0, 50, 0), ..plain() };
    continuous(channel, late(0), |engine| {
        engine.pause(50_000);
        while matches!(engine.next(), Next::At(at) if at < 400_000) || engine.is_waiting() {
            advance(engine, 0);
        }
        let pulses = engine.counters(0).unwrap().pulses;
        engine.resume(400_000);
        while advance(engine, 0).is_some_and(|t| t < 600_000) {}
        assert_eq!(engine.counters(0).unwrap().pulses, pulses);
        engine.command(0, channel.set, 610_000).unwrap();
        while advance(engine, 0).is_some_and(|t| t < 700_000) {}
        assert!(engine.counters(0).unwrap().pulses > pulses + 2);
    });
}

/// REQ-CORE-143: a command that goes stale between the tick of an onset and its late stamp is counted with the pulse after it.
#[test]
fn a_late_stamp_makes_no_command_stale() {
    let train = Train { stale_after: ms(100), ..Train::default() };
    with_plan(&[Channel { train, ..plain() }], Schedule::Continuous, 1_000, late(15), |plan| {
        for commanded in 0..9 {
            let mut storage = [ChannelState::new()];
            let mut engine = Engine::new(plan, &mut storage).unwrap();
            engine.command(0, plain().set, commanded).unwrap();
            engine.start(0);
            (0..15).for_each(|_| assert!(advance(&mut engine, 0).is_some()));
            // what this leaves has the next pulse planned anew; its onset, the fifth, stands at tick 100,000
            advance(&mut engine, 3).unwrap();
            accept_all(&mut engine);
            let Next::At(at) = engine.next() else { panic!("due") };
            assert!((100_000..=100_001).contains(&at), "{at}");
            let counted = u32::from(at > commanded + 100_000);
            engine.applied(at + 15).unwrap();
            assert_eq!(engine.counters(0).unwrap().stale, counted, "{commanded}");
        }
    });
}

/// REQ-CORE-146: a command that changes one of the two values alone is taken as well, and told in the record.
#[test]
fn a_command_may_change_one_value() {
    continuous(plain(), late(0), |engine| {
        // the first stands an edge spacing after the start
        (0..4).for_each(|_| assert!(advance(engine, 0).is_some()));
        engine.take_receipt();
        for (turn, (ua, us)) in [(40_000, 200), (30_000, 200), (30_000, 201), (30_000, 300), (30_001, 300)]
            .into_iter()
            .enumerate()
        {
            let set = Setting::new(ua, us).unwrap();
            accept_all(engine);
            let Next::At(at) = engine.next() else { panic!("{turn}") };
            engine.command(0, set, at.saturating_sub(3)).unwrap();
            assert_eq!(engine.setting(0), Some(set));
            (0..4).for_each(|_| assert!(advance(engine, 0).is_some()));
            let receipt = engine.take_receipt().unwrap();
            assert_eq!((receipt.setting, receipt.primary_ticks), (set, us), "{turn}");
        }
    });
}

/// REQ-CORE-80, REQ-CORE-81: a declared direct current is not paid back: no trim follows late edges, and a recovery lets the pulse run out.
#[test]
fn a_declared_direct_current_is_not_paid_back() {
    let at_most = MicroAmps::from_microamps(2_000).unwrap();
    let pulse = PulseShape { balance: Balance::DeclaredDc { at_most }, ..PulseShape::default() };
    continuous(Channel { pulse, ..plain() }, late(15), |engine| {
        for turn in 0..20 {
            advance(engine, turn % 16).unwrap();
        }
        while !engine.pending().is_some_and(|frame| frame.kind() == FrameKind::Pulse) {
            advance(engine, 9).unwrap();
        }
        let onset = advance(engine, 0).unwrap();
        engine.take_receipt();
        engine.stop(StopPolicy::RecoverNow, onset + 20);
        assert_eq!((engine.pending(), engine.next()), (None, Next::At(onset + 300)));
        let (frames, receipts) = run_out(engine, || 7);
        assert!(
            frames.is_empty() && receipts[0].kind == FrameKind::Pulse && receipts[0].primary_ticks == 307
        );
        assert_eq!(engine.counters(0).unwrap().trims, 0);
        assert!(engine.finished().is_some());
    });
}

/// REQ-INV-02, REQ-CORE-174: after a level at which a table is no pulse, the level before it comes as it was: no frame is made of parts.
#[test]
fn a_level_after_one_that_cannot_be_is_whole() {
    const FLAT: [i16; 6] = [8_000; 6];
    let set = Setting::new(300, 300).unwrap();
    let pulse = PulseShape { form: Form::Table(&FLAT), ..plain().pulse };
    let channel = Channel { pulse, set, ceiling: set, ramp: ramped(0, 400, 0), ..plain() };
    with_plan(&[channel], Schedule::Continuous, 6_000, late(0), |plan| {
        let turns = (0..24_u64).map(|turn| (turn * 200_000 + 60_000, 25_000 * (turn % 5 + 10)));
        let script: Vec<_> =
            turns.flat_map(|(at, down)| [(at, Action::Pause), (at + down, Action::Resume)]).collect();
        let run = play_on(plan, &script, || 0);
        let silent = run.counters[0].silent;
        assert!(run.fault.is_none() && silent > 10 && run.frames.len() > 50, "{silent} silent");
        for frame in &run.frames {
            let segments: Vec<_> = frame.segments().collect();
            assert_eq!((frame.net_charge(&DAC), segments.len()), (Some(Charge::ZERO), 13), "{segments:?}");
        }
    });
}

/// REQ-CORE-08, REQ-CORE-130: only trims that follow one another are counted against the 24: pulses between them begin the count anew,
/// also where they go the short way.
#[test]
fn trims_between_pulses_are_not_in_a_row() {
    with_plan(&[plain()], gated(3_000, 0, 600), 10_000, late(15), |plan| {
        with_engine(plan, |engine| {
            engine.gate(GateInput::Open, 0);
            let settings =
                [(40_000, 15), (1_000, 0)].map(|(ua, late)| (Setting::new(ua, 300).unwrap(), late));
            for turn in 0..80_u32 {
                let (setting, lateness) = settings[usize::from(turn % 2 == 1)];
                let Some(last) = pulse_of(engine, lateness) else { panic!("{turn}") };
                let next = settings[usize::from(turn % 2 == 0)].0;
                assert_ne!(setting, next);
                engine.command(0, next, last + 100).unwrap();
            }
            assert!(engine.counters(0).unwrap().trims > 24);
        });
    });
}

/// The trims that are due, an opening that changes nothing, and a pulse whose last edge is late; when that was.
fn pulse_of(engine: &mut Engine<'_, '_>, lateness: u64) -> Option<u64> {
    while engine.pending().is_some_and(|frame| frame.kind() == FrameKind::Trim) {
        let edges = engine.pending()?.segments().count() + 1;
        (0..edges).try_for_each(|_| advance(engine, 0).map(drop))?;
    }
    let before = engine.pending()?.onset_tick().checked_sub(100);
    if let Some(before) = before {
        assert_eq!(engine.gate(GateInput::Open, before), GateAnswer::Continued);
    }
    (0..3).try_for_each(|_| advance(engine, 0).map(drop))?;
    advance(engine, lateness)
}

/// REQ-CORE-181: of channels that are due together the lower number comes first, without a latch one after the other, whatever was asked
/// of which of them before.
#[test]
fn channels_that_are_due_together_come_in_order() {
    for (commanded, has_latch) in (0..8).flat_map(|mask| [(mask, false), (mask, true)]) {
        let timing = HardwareTiming { has_latch, ..late(0) };
        with_plan(&[plain(); 3], Schedule::Continuous, 1_000, timing, |plan| {
            with_engine(plan, |engine| {
                let (mut due, mut came) = (0, vec![]);
                for _ in 0..60 {
                    accept_all(engine);
                    let Next::At(at) = engine.next() else { panic!("due") };
                    if at > due + 1_000 {
                        for channel in (0..3).filter(|channel| commanded >> channel & 1 == 1) {
                            let set = Setting::new(30_000 + u32::from(at % 50_000 < 25_000), 300).unwrap();
                            engine.command(channel, set, at - 500).unwrap();
                        }
                        accept_all(engine);
                    }
                    if at > due {
                        (due, came) = (at, vec![]);
                    }
                    came.extend(engine.step().unwrap().changes().map(|change| change.channel));
                    assert!(came.is_sorted(), "{commanded:03b} at {at}: {came:?}");
                    engine.applied(at).unwrap();
                }
            });
        });
    }
}
