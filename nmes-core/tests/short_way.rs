//! The short way through a train does what the long way does; frames that are offered; what a channel's storage takes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;
use proptest::prelude::*;

/// All that a step shows.
#[derive(Debug, PartialEq)]
struct Shown {
    frames: Vec<Frame>,
    next: Next,
    changes: Vec<Change>,
    levels: Vec<Option<Level>>,
    ledgers: Vec<Option<Charge>>,
    counters: Vec<Option<Counters>>,
    finished: Option<Finished>,
}

fn shown(engine: &Engine<'_, '_>, frames: Vec<Frame>) -> Shown {
    let each = || 0..engine.plan().channel_count();
    Shown {
        frames,
        next: engine.next(),
        changes: engine.step().iter().flat_map(|step| step.changes().collect::<Vec<_>>()).collect(),
        levels: each().map(|c| engine.level(c)).collect(),
        ledgers: each().map(|c| engine.ledger(c)).collect(),
        counters: each().map(|c| engine.counters(c)).collect(),
        finished: engine.finished(),
    }
}

fn offered(engine: &mut Engine<'_, '_>) -> Vec<Frame> {
    let mut frames = vec![];
    assert!(engine.offer(|frame| {
        frames.push(Frame::of(frame));
        true
    }));
    frames
}

/// The same setting again, which changes nothing but that the next pulse is planned the long way.
fn nudge(engine: &mut Engine<'_, '_>, now: u64) {
    for channel in 0..engine.plan().channel_count() {
        let set = engine.setting(channel).unwrap();
        engine.command(channel, set, now).unwrap();
    }
}

/// What comes from outside at about the middle: nothing, a pause, another setting, or an end.
fn disturb(engine: &mut Engine<'_, '_>, which: u8, now: u64) {
    match which {
        0 => drop(engine.pause(now)),
        1 => drop(engine.resume(now)),
        2 => engine.stop(StopPolicy::FinishPulse, now),
        3 => engine.stop(StopPolicy::RecoverNow, now),
        4 => engine.stop(StopPolicy::HardOff, now),
        5 => drop(engine.command(0, Setting::new(1_500, 300).unwrap(), now)),
        6 => drop(engine.gate(GateInput::Toggle, now)),
        _ => {}
    }
}

/// Edges are late by `always` ticks, up to L, and now and then, one in `lateness`, by others.
fn agree(case: &Case, plan: &Plan<'_>, (lateness, always): (u8, u32), at: u64, which: u8) {
    let (mut short, mut long) = ([ChannelState::new(); MAX_CHANNELS], [ChannelState::new(); MAX_CHANNELS]);
    let mut short = Engine::new(plan, &mut short).unwrap();
    let mut long = Engine::new(plan, &mut long).unwrap();
    for engine in [&mut short, &mut long] {
        for (index, channel) in (0..).zip(&case.channels) {
            let _ = engine.command(index, channel.set, 0);
        }
        engine.start(0);
        engine.gate(GateInput::Open, 0);
    }
    let (mut late, mut seldom) = (case.lateness(), random(u32::from(lateness), case.seed));
    let most = i64::from(case.hardware.timing().late_max_ticks);
    let always = i64::from(always).checked_rem(most + 1).unwrap_or(0);
    let mut now = 0;
    for _ in 0..4_000 {
        let one = offered(&mut short);
        let other = accept_all(&mut long);
        assert_eq!(shown(&short, one), shown(&long, other));
        let Next::At(tick) = short.next() else { break };
        if now <= at && at < tick {
            now = at.max(now);
            disturb(&mut short, which, now);
            disturb(&mut long, which, now);
            nudge(&mut long, now);
            if short.next() != Next::At(tick) || short.pending().is_some() {
                continue;
            }
        }
        let too_late = which == 7 && now > at;
        let by = match seldom() {
            _ if too_late => most + i64::from(case.hardware.timing().stamp_error_ticks) + 1,
            0 => late(),
            _ => always,
        };
        now = now.max(tick.saturating_add_signed(by));
        nudge(&mut long, now.min(tick));
        let answers = (short.applied(now), long.applied(now));
        assert_eq!(answers.0, answers.1);
        if answers.0.is_err() {
            break;
        }
        loop {
            let receipts = (short.take_receipt(), long.take_receipt());
            assert_eq!(receipts.0, receipts.1);
            if receipts.0.is_none() {
                break;
            }
        }
    }
    assert_eq!(shown(&short, vec![]), shown(&long, vec![]));
}

fn kinds() -> impl Strategy<Value = Case> {
    let without_stale = |mut case: Case| {
        // the same setting again would keep it from going stale
        case.channels.iter_mut().for_each(|channel| channel.train.stale_after = Millis::ZERO);
        case
    };
    let kinds = [(false, true), (true, true), (false, false)].map(|(late, exact)| case(Kind { late, exact }));
    let [exact, late, calibrated] = kinds;
    prop_oneof![3 => exact, 3 => late, 1 => calibrated].prop_map(without_stale)
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-CORE-130: frames, edges, records, ledgers and counts are those of an engine whose every pulse is planned anew,
    /// with edges on time, late now and then, always or always by the same, and with whatever comes from outside.
    #[test]
    fn the_short_way_is_the_long_way(
        case in kinds(), lateness in prop_oneof![Just(0_u8), 1_u8..40, Just(u8::MAX)],
        always in prop_oneof![Just(0_u32), any::<u32>(), 1_u32..20], at in 0_u64..2_000_000, which in 0_u8..8,
    ) {
        let session = case.session();
        let plan = Plan::compile(&session, &case.hardware);
        prop_assume!(plan.is_ok());
        agree(&case, &plan.unwrap(), (lateness, always), at, which);
    }
}

/// REQ-CORE-132: what is not admitted still waits, is not due, and keeps what waits behind it.
#[test]
fn a_frame_that_is_refused_still_waits() {
    let timing = HardwareTiming::ideal(1_000_000);
    with_plan(&[plain(); 3], Schedule::Continuous, 1_000, timing, |plan| {
        with_engine(plan, |engine| {
            let mut asked = vec![];
            let all = engine.offer(|frame| {
                asked.push(frame.channel());
                frame.channel() != 1
            });
            assert_eq!((all, &asked[..]), (false, &[0, 1][..]));
            assert_eq!(engine.pending().unwrap().channel(), 1);
            let due: Vec<_> = engine.step().unwrap().changes().map(|change| change.channel).collect();
            assert_eq!(due, [0]);
            assert!(engine.offer(|_| true));
            assert_eq!(engine.pending(), None);
            assert_eq!(engine.step().unwrap().changes().count(), 3);
        });
    });
}

/// REQ-CORE-130: the first pulse of a train, planned again before it begins, goes the short way too: what a trim looks at is this
/// pulse, as it is on the long way, and not that there was none (found by 200,000 cases: a trim of 1 code for 24).
#[test]
fn a_first_pulse_may_go_the_short_way() {
    let us = |n| Micros::from_micros(n).unwrap();
    let list: &'static [Micros] = Box::leak(vec![us(179_135)].into_boxed_slice());
    let set = Setting::new(83_047, 237).unwrap();
    let channel = Channel {
        pulse: PulseShape {
            form: Form::Triphasic { outer_percent: 20 },
            leading: Polarity::Negative,
            gap: us(77),
            ..PulseShape::default()
        },
        rate: Rate::from_hz(10).unwrap(),
        train: Train { timing: Timing::List(list), ..Train::default() },
        set,
        ceiling: Setting::new(86_789, 266).unwrap(),
        ramp: Ramp { control: Control::Width, ..ramped(35, 173, 0) },
        offset: us(19_016),
    };
    let timing = HardwareTiming {
        late_max_ticks: 96,
        min_edge_ticks: 3,
        dead_ticks: 312,
        has_latch: true,
        gap_rest: Rest::DrivenZero,
        ..HardwareTiming::ideal(8_000_000)
    };
    let output = ChannelHardware::symmetric(226_641, -32_768, 32_767);
    let case = Case {
        channels: vec![channel],
        schedule: gated(1_372, 103, 207),
        overlap: Overlap::Defer(us(16_315)),
        length: ms(1_642),
        hardware: Hardware::new(timing, &[output], 0).unwrap(),
        inputs: vec![],
        late: Lateness::Random(3_915_528_825_931_674_681),
        seed: 1_878_199_508_760_873_830,
    };
    let session = case.session();
    agree(&case, &Plan::compile(&session, &case.hardware).unwrap(), (9, 0), 1_472_334, 6);
}

/// REQ-CORE-133: what a channel takes is bounded, so that storage on a small controller can be planned.
#[test]
fn the_storage_of_a_channel_is_bounded() {
    // 150 of them count the openings of the channel's gate in the last minute, second by second
    assert!(size_of::<ChannelState>() <= 848, "{} bytes", size_of::<ChannelState>());
}
