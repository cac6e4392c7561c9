//! Sessions on simulated commercial stimulators: every pulse that arrives is an admitted one, and every end is a stop.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod common;
#[path = "stimulators/road.rs"]
mod road;
mod stimulators;

use common::{ms, setting};
use nmes_core::*;
use nmes_hal_adapters::sim::{P24Fault, Random, RehaStimFault, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{PlayError, Plays};
use nmes_hal_adapters::{Cause, PacedClock, rehastim2 as rs2, sciencemode4 as sm4};
use nmes_safety::UseClass;
use proptest::prelude::*;
use road::{Road, checked_on, low, on, session_channels};
use std::cell::RefCell;
use stimulators::{Line, cases};

fn p24_commands(sent: &[(u64, Vec<u8>)]) -> Vec<(u64, sm4::Command)> {
    let decode = |frame: &[u8]| {
        let mut decoder: sm4::Decoder = sm4::Decoder::new();
        let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
        sm4::Command::decode(&sm4::Packet::new(&body).unwrap()).unwrap()
    };
    sent.iter().map(|(at, frame)| (*at, decode(frame))).collect()
}

fn p24_pulses(sent: &[(u64, Vec<u8>)]) -> Vec<(u64, sm4::ChannelConfig)> {
    let pulse = |(at, command)| {
        let sm4::Command::LowLevelChannel(config) = command else { return None };
        Some((at, config))
    };
    p24_commands(sent).into_iter().filter_map(pulse).collect()
}

fn rs2_commands(sent: &[(u64, Vec<u8>)]) -> Vec<(u64, rs2::Command)> {
    let decode = |frame: &[u8]| {
        let mut decoder = rs2::Decoder::<69>::new();
        let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
        rs2::Command::decode(&rs2::Packet::new(&body).unwrap()).unwrap()
    };
    sent.iter().map(|(at, frame)| (*at, decode(frame))).collect()
}

/// REQ-HAL-344: two channels of ScienceMode 4, pulse by pulse: as many as receipts, each with its channel, width and level,
/// within a millisecond of its onset, and each time the level of the ramp.
#[test]
fn every_pulse_of_a_p24_is_an_admitted_one() {
    let channels = session_channels(2, setting(12_000, 250), 3_000);
    let checked = checked_on(&channels, &sm4::hardware(2).unwrap());
    let (cell, clock, mut states) = (RefCell::new(low()), PacedClock::new(5_000), [ChannelState::new(); 2]);
    let mut road = on(&cell, SimP24::new(), &checked, &mut states, &clock);
    let began = road.line.now;
    road.line.sent.clear();
    road.stim.start().unwrap();
    road.run(8_000).unwrap();
    road.stim.stop(StopPolicy::FinishPulse).unwrap();
    road.run(50).unwrap();
    let pulses = p24_pulses(&road.line.sent);
    assert!(pulses.len() > 300, "{}", pulses.len());
    assert_eq!((pulses.len(), road.line.device.pulses as usize), (road.receipts.len(), road.receipts.len()));
    // the order of two channels at nearly one time is the order of their onsets
    let mut receipts = road.receipts.clone();
    receipts.sort_by_key(|receipt| receipt.onset_tick);
    for ((at, config), receipt) in pulses.iter().zip(&receipts) {
        let colour = [sm4::Channel::Red, sm4::Channel::Blue][usize::from(receipt.channel)];
        assert_eq!((config.channel, config.connector), (colour, sm4::Connector::Yellow));
        let ua = receipt.code * 500;
        let points = config.points.unwrap();
        let point = |us, ua| sm4::Point::new(us, ua).unwrap();
        assert_eq!(points.as_slice(), [point(250, ua), point(250, -ua)]);
        let late = (*at * 1_000).abs_diff(receipt.onset_tick);
        assert!(late <= 1_000, "{late}");
    }
    assert!(receipts.iter().any(|r| r.code == 24) && receipts.iter().any(|r| r.code < 12));
    // 2 s at level, half a second up and down, 3 s of rest
    assert!(pulses.iter().all(|(at, _)| (at - began) % 6_000 < 3_010), "no pulse in the rest");
    assert_eq!((clock.stalls(), road.line.device.strange), (0, 0));
}

/// Channels of 50 Hz that want the one source at the same time, for 20 s.
fn shared<'a>(channels: &'a mut [Channel<'static>]) -> Session<'a> {
    for channel in channels.iter_mut() {
        channel.rate = Rate::from_hz(50).unwrap();
        let balance = Balance::Asymmetric { length_percent: 200 };
        channel.pulse =
            PulseShape { balance, gap: Micros::from_micros(100).unwrap(), ..PulseShape::default() };
        channel.ramp.up = ms(2_000);
    }
    let cycle = Schedule::Cyclic(Cycle { hold: ms(8_000), rest: ms(12_000) });
    let wait = Overlap::Defer(Micros::from_micros(8_000).unwrap());
    Session::new(channels, cycle, ms(20_000)).unwrap().with_overlap(wait)
}

/// REQ-HAL-344: four channels that want the one source at the same time are told of new levels between their onsets, just
/// before them most of all: onsets wait for each other, each time for another while, and that is not taken for too fast a rate.
#[test]
fn waits_are_not_taken_for_a_rate() {
    let mut channels = session_channels(4, setting(8_000, 250), 0);
    let session = shared(&mut channels);
    let checked = common::checked(&session, &sm4::hardware(4).unwrap(), UseClass::Exercise);
    let (cell, clock, mut states) = (RefCell::new(low()), PacedClock::new(5_000), [ChannelState::new(); 4]);
    let mut road = on(&cell, SimP24::new(), &checked, &mut states, &clock);
    road.stim.start().unwrap();
    let (mut random, end) = (Random::new(7), clock.now() + 9_000_000);
    while clock.now() < end {
        let before = u64::from(random.up_to(30));
        let moment = clock.due_at().unwrap().saturating_sub(before).max(clock.now());
        if !clock.turn(moment, false) {
            road.stim.keep_alive();
            road.stim.on_tick().unwrap();
            let level = setting(1_000 + 500 * random.up_to(14), 250);
            road.stim.modulate(random.up_to(3) as u8, level).unwrap();
            while !clock.turn(clock.due_at().unwrap(), false) {}
        }
        road.stim.on_alarm().unwrap();
        road.keep();
        road.line.now = clock.now() / 1_000;
        road.line.step();
    }
    let waits: std::collections::BTreeSet<u64> = road.receipts.iter().map(|r| r.deferred_ticks).collect();
    assert!(waits.len() > 10, "{waits:?}");
    assert!((0..4).all(|channel| road.stim.counters(channel).unwrap().dropped == 0));
}

/// REQ-HAL-345: in the rest of a session a P24 is asked for its status every half second; what is not the level that was
/// prepared ends the session, and so does a silence, within the stated time.
#[test]
fn a_p24_is_kept_alive_in_rests() {
    let channels = session_channels(1, setting(10_000, 250), 0);
    let checked = checked_on(&channels, &sm4::hardware(1).unwrap());
    for wrong in [None, Some(false), Some(true)] {
        let (cell, clock, mut states) =
            (RefCell::new(low()), PacedClock::new(5_000), [ChannelState::new(); 1]);
        let mut road = on(&cell, SimP24::new(), &checked, &mut states, &clock);
        road.stim.start().unwrap();
        road.run(3_200).unwrap();
        road.line.sent.clear();
        let began = road.line.now;
        match wrong {
            None => {
                road.run(2_600).unwrap();
                let asked = p24_commands(&road.line.sent);
                let status = sm4::Command::Plain(sm4::Plain::StimStatus);
                assert!(asked.iter().all(|(_, command)| *command == status), "{asked:?}");
                assert!((5..=6).contains(&asked.len()), "{}", asked.len());
                continue;
            }
            Some(false) => road.line.device = SimP24::new(),
            Some(true) => road.line.plugged = false,
        }
        road.run(760).unwrap();
        let fault = cell.borrow().fault().unwrap();
        match wrong {
            Some(false) => assert_eq!(fault, sm4::Fault::State { found: sm4::StimState::Idle }),
            _ => assert_eq!(fault, sm4::Fault::NoReply { kind: sm4::Kind::StimStatus }),
        }
        // the next pulse finds it, and nothing comes out any more
        let cause = road.run(4_000).unwrap_err();
        assert_eq!(cause, Cause::Output);
        assert_eq!(road.stim.output_error(), Some(&PlayError::Ended(Some(fault))));
        let after = p24_commands(&road.line.sent);
        let stop = sm4::Command::Plain(sm4::Plain::LowLevelStop);
        assert!(after.iter().any(|(at, command)| *command == stop && at - began < 760), "{after:?}");
        assert!(p24_pulses(&road.line.sent).is_empty());
    }
}

/// REQ-HAL-346: a refusal, a strange answer, noise and silence during a train each end it: the stimulator stops with the
/// device's own words, a stop goes out, and no pulse after it.
#[test]
fn a_p24_that_goes_wrong_ends_the_session() {
    let rejected = P24Fault::Reject(sm4::Kind::LowLevelChannel, sm4::ResultCode::ALL[5]);
    for fault in
        [rejected, P24Fault::Silent, P24Fault::WrongNumber, P24Fault::Garbage, P24Fault::KnowsNothing]
    {
        let channels = session_channels(1, setting(10_000, 250), 0);
        let checked = checked_on(&channels, &sm4::hardware(1).unwrap());
        let (cell, clock, mut states) =
            (RefCell::new(low()), PacedClock::new(5_000), [ChannelState::new(); 1]);
        let mut road = on(&cell, SimP24::new(), &checked, &mut states, &clock);
        road.stim.start().unwrap();
        road.run(1_000).unwrap();
        road.line.device.fault = Some(fault);
        let began = road.line.now;
        let cause = road.run(5_000).unwrap_err();
        assert_eq!(cause, Cause::Output, "{fault:?}");
        let found = cell.borrow().fault().unwrap();
        assert_eq!(road.stim.output_error(), Some(&PlayError::Ended(Some(found))), "{fault:?}");
        road.line.run(1_000);
        let sent = p24_commands(&road.line.sent);
        let stop = sm4::Command::Plain(sm4::Plain::LowLevelStop);
        let stopped = sent.iter().rfind(|(_, command)| *command == stop).unwrap().0;
        let first = sent.iter().find(|(at, command)| *at >= began && *command == stop).unwrap().0;
        assert!(first - began <= 25 + 250, "{fault:?}: {} ms", first - began);
        assert!(p24_pulses(&road.line.sent).iter().all(|(at, _)| *at <= first && *at <= stopped));
        assert!(road.line.is_over());
    }
}

/// REQ-HAL-346: a stop by the user finishes the pulse in hand and no other comes; dropping the stimulator asks for the stop.
#[test]
fn a_stop_is_a_stop() {
    for policy in [StopPolicy::FinishPulse, StopPolicy::HardOff] {
        let channels = session_channels(1, setting(10_000, 250), 0);
        let checked = checked_on(&channels, &sm4::hardware(1).unwrap());
        let (cell, clock, mut states) =
            (RefCell::new(low()), PacedClock::new(5_000), [ChannelState::new(); 1]);
        let mut road = on(&cell, SimP24::new(), &checked, &mut states, &clock);
        road.stim.start().unwrap();
        road.run(1_500).unwrap();
        let before = road.line.device.pulses;
        assert!(before > 20);
        road.stim.stop(policy).unwrap();
        road.run(200).unwrap();
        assert_eq!(road.line.device.pulses, before, "{policy:?}");
        let Road { stim, mut line, .. } = road;
        drop(stim);
        line.run(10);
        assert_eq!((line.device.stops, line.is_over(), cell.borrow().fault()), (1, true, None), "{policy:?}");
    }
}

/// REQ-HAL-347: a list of ScienceMode 2 has the newest admitted pulse of each channel, follows the ramp, is empty in the
/// rest and at the end, and is kept alive throughout.
#[test]
fn a_list_follows_the_frames() {
    let channels = session_channels(2, setting(12_000, 250), 0);
    let checked = checked_on(&channels, &rs2::hardware(2).unwrap());
    let cell = RefCell::new(rs2::Session::new(rs2::Timing::default()));
    let (clock, mut states) = (PacedClock::following(50_000), [ChannelState::new(); 2]);
    let mut road = on(&cell, SimRehaStim2::new(), &checked, &mut states, &clock);
    let began = road.line.now;
    road.stim.start().unwrap();
    let mut in_rest = 0;
    for _ in 0..8_000 {
        road.step().unwrap();
        let active = road.line.device.start.map_or(0, |start| start.active());
        let moment = (road.line.now - began) % 6_000;
        if (3_100..5_900).contains(&moment) {
            assert_eq!(active, 0, "at {moment}");
            in_rest += 1;
        } else if (700..2_400).contains(&moment) {
            assert_eq!(active, 2, "at {moment}");
        }
    }
    assert!(in_rest > 2_500 && !road.line.device.timed_out);
    let levels: Vec<u32> = rs2_commands(&road.line.sent)
        .iter()
        .filter_map(|(_, command)| {
            let rs2::Command::StartList(start) = command else { return None };
            Some(start.as_slice()[0].current_ua())
        })
        .collect();
    let played: std::collections::BTreeSet<u32> =
        road.receipts.iter().map(|r| r.code as u32 * 2_000).collect();
    assert!(levels.iter().all(|ua| *ua == 0 || played.contains(ua)), "{levels:?} {played:?}");
    assert_eq!(levels.iter().max(), Some(&12_000));
    assert!(
        levels.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 2_000),
        "one code at a time: {levels:?}"
    );
    drop(road.stim);
    road.line.run(10);
    assert_eq!((road.line.device.stops, road.line.device.start), (1, None));
}

/// REQ-HAL-347: an error of a RehaStim 2 and a lost cable end the session; where the device may go on by itself, the stop
/// says that the output could not be opened.
#[test]
fn a_list_that_goes_wrong_ends_the_session() {
    for pulled in [false, true] {
        let channels = session_channels(1, setting(10_000, 250), 0);
        let checked = checked_on(&channels, &rs2::hardware(1).unwrap());
        let cell = RefCell::new(rs2::Session::new(rs2::Timing::default()));
        let (clock, mut states) = (PacedClock::following(50_000), [ChannelState::new(); 1]);
        let mut road = on(&cell, SimRehaStim2::new(), &checked, &mut states, &clock);
        road.stim.start().unwrap();
        road.run(1_200).unwrap();
        if pulled {
            road.line.plugged = false;
        } else {
            road.line.device.fault = Some(RehaStimFault::Error(rs2::StimulationError::ALL[0]));
        }
        let cause = road.run(3_000).unwrap_err();
        assert_eq!(cause, Cause::Output);
        assert_eq!(road.stim.stopped().unwrap().off_failed, pulled);
        // by a stop, or by itself where none gets through
        road.line.run(if pulled { 2_000 } else { 5 });
        assert_eq!((road.line.device.start, road.line.is_over()), (None, true));
        assert_eq!(road.line.device.timed_out, pulled);
    }
}

/// REQ-HAL-348: the mid level repeats the newest admitted frame at the plan's period, and is off in rests.
#[test]
fn the_mid_level_follows_the_frames() {
    let channels = session_channels(1, setting(12_000, 250), 0);
    let checked = checked_on(&channels, &sm4::hardware(1).unwrap());
    let cell = RefCell::new(sm4::Session::mid_level(sm4::Timing::default()));
    let (clock, mut states) = (PacedClock::following(50_000), [ChannelState::new(); 1]);
    let mut road = on(&cell, SimP24::new(), &checked, &mut states, &clock);
    road.stim.start().unwrap();
    road.run(2_000).unwrap();
    assert_eq!(road.line.device.active, 1);
    road.run(1_500).unwrap();
    assert_eq!(road.line.device.active, 0);
    let trains = p24_commands(&road.line.sent).into_iter().filter_map(|(_, command)| {
        let sm4::Command::MidLevelUpdate(update) = command else { return None };
        Some(update.trains()[0])
    });
    let trains: Vec<sm4::Train> = trains.flatten().collect();
    let codes: Vec<i32> =
        trains.iter().map(|train| train.points().as_slice()[0].current_ua() / 500).collect();
    let played: Vec<i32> = road.receipts.iter().map(|receipt| receipt.code).collect();
    let mut expected = played.clone();
    expected.dedup();
    assert_eq!(codes, expected, "each level of the frames once, in order");
    assert!(trains.iter().all(|train| train.period_us() == 25_000 && train.ramp() == 0));
}

/// REQ-HAL-349: nothing is played that no plan was bound for, after the end, or as a repayment.
#[test]
fn what_is_not_played() {
    let channels = session_channels(1, setting(10_000, 250), 0);
    let checked = checked_on(&channels, &sm4::hardware(1).unwrap());
    let mut guard = nmes_safety::Guard::new(&checked, 0);
    for event in [nmes_safety::Event::Passed, nmes_safety::Event::Probe, nmes_safety::Event::Contact] {
        guard.handle(0, event).unwrap();
    }
    guard.set_level(0, 0, setting(1_000, 250)).unwrap();
    let frame = checked.plan().frame(0, setting(1_000, 250), 100).unwrap();
    let admitted = *guard.admit(0, &frame).unwrap();
    let mut session = low();
    assert_eq!(session.play(&admitted), Err(PlayError::NotReady));
    session.bind(checked.plan()).unwrap();
    assert_eq!(session.play(&admitted), Err(PlayError::NotReady), "not opened yet");
    let mut line = Line::new(session, SimP24::new());
    line.run(10);
    line.session.play(&admitted).unwrap();
    assert_eq!(line.session.play(&admitted), Err(PlayError::Behind { channel: 0 }));
    line.run(2);
    line.session.play(&admitted).unwrap();
    line.session.end().unwrap();
    line.run(5);
    assert_eq!((line.device.pulses, line.device.stops), (1, 1), "the stop goes ahead of what waits");
    assert_eq!(line.session.play(&admitted), Err(PlayError::Ended(None)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(24)))]

    /// REQ-HAL-350: whatever the host does (stalls of up to 120 ms, a link that answers late), no two pulses of a channel
    /// are sent closer together than a period less the lateness that the clock bears, and none is lost or doubled.
    #[test]
    fn stalls_never_bunch_pulses(seed: u64) {
        let mut random = Random::new(seed);
        let channels = session_channels(2, setting(8_000, 250), 4_000);
        let checked = checked_on(&channels, &sm4::hardware(2).unwrap());
        let (cell, clock, mut states) = (RefCell::new(low()), PacedClock::new(5_000), [ChannelState::new(); 2]);
        let mut road = on(&cell, SimP24::new(), &checked, &mut states, &clock);
        road.line.sent.clear();
        road.stim.start().unwrap();
        for _ in 0..400 {
            if random.up_to(20) == 0 {
                // the program was not run for so long
                road.line.now += u64::from(random.up_to(120));
            }
            road.run(1 + u64::from(random.up_to(12))).unwrap();
        }
        road.stim.stop(StopPolicy::FinishPulse).unwrap();
        road.run(50).unwrap();
        let pulses = p24_pulses(&road.line.sent);
        prop_assert_eq!(pulses.len(), road.receipts.len());
        for colour in [sm4::Channel::Red, sm4::Channel::Blue] {
            let times: Vec<u64> = pulses.iter().filter(|(_, p)| p.channel == colour).map(|(at, _)| *at).collect();
            let closest = times.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
            prop_assert!(closest >= 25 - 5 - 1, "{} ms", closest);
        }
        prop_assert!(clock.stalls() > 0);
    }
}
