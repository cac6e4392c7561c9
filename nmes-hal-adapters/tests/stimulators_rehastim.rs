//! Conversations with a simulated RehaStim 2, as they should go and as they should not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod stimulators;

use nmes_hal_adapters::rehastim2::*;
use nmes_hal_adapters::sim::{Random, RehaStimFault, SimRehaStim2};
use nmes_hal_adapters::wire::{Exchange, Poll};
use proptest::prelude::*;
use stimulators::*;

fn kinds(sent: &[(u64, Vec<u8>)]) -> Vec<Kind> {
    let kind = |frame: &[u8]| {
        let mut decoder: Decoder = Decoder::new();
        let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
        Command::decode(&Packet::new(&body).unwrap()).unwrap().kind()
    };
    sent.iter().map(|(_, frame)| kind(frame)).collect()
}

fn running(mask: u8) -> Line<Session, SimRehaStim2> {
    let mut line = Line::new(Session::new(Timing::default()), SimRehaStim2::new());
    line.run(10);
    assert_eq!(line.session.phase(), Phase::Ready);
    let (list, start) = rehastim_list(mask);
    line.session.start(list, start).unwrap();
    line.run(5);
    assert_eq!((line.session.phase(), line.device.start), (Phase::Running, Some(start)));
    line
}

/// REQ-HAL-108: heard, asked, list, start, kept alive, changed, stopped; nothing else.
#[test]
fn a_whole_conversation() {
    let mut line = running(0b1001);
    line.run(10_000);
    assert!((15..=18).contains(&line.device.watchdogs), "{}", line.device.watchdogs);
    let off = Start::new(&line.session.list().unwrap(), &[Pulse::OFF; 2]).unwrap();
    line.session.update(off).unwrap();
    line.run(5);
    assert_eq!(line.device.start.unwrap().active(), 0);
    line.session.stop();
    line.run(2);
    assert!(line.is_over());
    assert_eq!((line.session.fault(), line.device.start, line.device.strange), (None, None, 0));
    let kinds = kinds(&line.sent);
    assert_eq!(kinds[..4], [Kind::InitAck, Kind::GetMode, Kind::InitList, Kind::StartList]);
    assert_eq!(kinds.last(), Some(&Kind::StopList));
    let pairs: Vec<u64> = line.sent.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(pairs.iter().all(|gap| *gap <= 301), "never longer silent than this: {pairs:?}");
}

/// REQ-HAL-108: what was left running is stopped before anything is started, and another version is not spoken to.
#[test]
fn what_was_left_running_is_stopped() {
    let (list, start) = rehastim_list(1);
    let mut device = SimRehaStim2::new();
    (device.list, device.start) = (Some(list), Some(start));
    let mut line = Line::new(Session::new(Timing::default()), device);
    line.run(10);
    assert_eq!((line.session.phase(), line.device.stops), (Phase::Ready, 1));

    let mut session = Session::new(Timing::default());
    let mut frame = [0; 69];
    let length = Reply { number: 1, said: Said::Init { version: 2 } }.encode(&mut frame).unwrap();
    session.receive(&frame[..length], 0);
    session.poll(0, &mut frame);
    assert_eq!(frame[5..8], [1, 2, 0xFB]); // −5
    assert_eq!((session.phase(), session.fault()), (Phase::Over, Some(Fault::Version { found: 2 })));
}

/// REQ-HAL-109: whatever the device does wrong is told apart, is latched, and is answered by a stop at once.
#[test]
fn each_fault_stops() {
    let faults = [
        (RehaStimFault::Reject(Kind::GetMode, ResultCode::Busy), "the device refused GetMode: Busy"),
        (
            RehaStimFault::Error(StimulationError::EmergencySwitch),
            "the device stopped by itself: EmergencySwitch",
        ),
        (RehaStimFault::Error(StimulationError::Electrode), "the device stopped by itself: Electrode"),
        (RehaStimFault::Error(StimulationError::Module), "the device stopped by itself: Module"),
        (RehaStimFault::Silent, "no answer to GetMode in time"),
        (RehaStimFault::WrongNumber, "fits no question"),
        (RehaStimFault::Restart, "the device has started again"),
        (RehaStimFault::Lies, "the device is Idle, which was not asked for"),
    ];
    for (fault, text) in faults {
        let mut line = running(0b101);
        line.device.fault = Some(fault);
        line.run(2_000);
        let found = line.session.fault().unwrap_or_else(|| panic!("{fault:?} went by"));
        assert!(found.to_string().contains(text), "{fault:?}: {found}");
        assert_eq!(line.session.phase(), Phase::Over, "{fault:?}");
        let stops = kinds(&line.sent).iter().filter(|kind| **kind == Kind::StopList).count();
        assert!((1..=3).contains(&stops) && line.device.stops >= 1, "{fault:?}: {stops} stops");
        assert_eq!(line.device.start, None, "{fault:?}");
    }
}

/// REQ-HAL-109: a refusal of a list or its start ends the conversation, with its reason; so does silence at first.
#[test]
fn refusals_are_told() {
    for kind in [Kind::InitList, Kind::StartList] {
        let fault = Some(RehaStimFault::Reject(kind, ResultCode::Parameter));
        let mut line = Line::new(Session::new(Timing::default()), SimRehaStim2::new());
        line.device.fault = fault;
        line.run(10);
        let (list, start) = rehastim_list(1);
        line.session.start(list, start).unwrap();
        line.run(10);
        assert_eq!(line.session.fault(), Some(Fault::Rejected { kind, result: ResultCode::Parameter }));
        assert_eq!((line.session.phase(), line.device.stops), (Phase::Over, 1));
    }
    let mut line = Line::new(Session::new(Timing::default()), SimRehaStim2::new());
    line.plugged = false;
    line.run(2_000 + 3 * 200 + 1);
    assert_eq!((line.session.fault(), line.session.phase()), (Some(Fault::Silent), Phase::Over));
}

/// REQ-HAL-110: a cable pulled at any moment is found within the stated bound, a stop is tried three times, and the
/// device stops by itself.
#[test]
fn a_pulled_cable_is_found() {
    for at in 0..700 {
        let mut line = running(1);
        line.run(at);
        line.plugged = false;
        let pulled = line.now;
        while line.session.fault().is_none() {
            line.step();
            assert!(line.now - pulled <= 2 * 300 + 200 + 1, "{at}");
        }
        line.run(3 * 200);
        assert!(line.is_over(), "{at}");
        assert_eq!(kinds(&line.sent).iter().filter(|kind| **kind == Kind::StopList).count(), 3);
        line.run(1_201);
        assert!(line.device.timed_out, "{at}");
    }
}

/// REQ-HAL-442: a stop that the device refuses is sent again 50 ms later: until it is taken, for 600 ms. The refusal is kept.
#[test]
fn a_refused_stop_is_sent_again() {
    for result in [ResultCode::Transfer, ResultCode::Busy] {
        for taken in [1, 2, 99] {
            let mut line = running(1);
            line.device.fault = Some(RehaStimFault::Reject(Kind::StopList, result));
            line.session.stop();
            while line.session.phase() != Phase::Over {
                if line.device.stops >= taken {
                    line.device.fault = None;
                }
                line.step();
            }
            let stops = kinds(&line.sent).iter().filter(|kind| **kind == Kind::StopList).count();
            assert_eq!(stops, 12.min(taken as usize + 1), "{result:?}");
            assert_eq!(line.device.start.is_some(), taken == 99, "{result:?}");
            assert_eq!(line.session.fault(), Some(Fault::Rejected { kind: Kind::StopList, result }));
        }
    }
}

/// REQ-HAL-103: a body that is one byte once unstuffed is no frame, however right its checksum (found by fuzzing).
#[test]
fn one_byte_is_no_frame() {
    let mut decoder: Decoder = Decoder::new();
    let stream = [0xF0, 0x81, 0xFF, 0x81, 0x57, 0x81, 0x03, 0x0F];
    assert!(stream.iter().all(|&byte| decoder.push(byte).is_none()));
    assert_eq!((decoder.counts().frames, decoder.counts().refused), (0, 1));
}

/// REQ-HAL-448: a device says every 500 ms that it is there, also while our answer is on its way to it: that is no restart.
#[test]
fn a_word_that_crosses_the_answer_is_no_restart() {
    let said = |session: &mut Session, number| {
        let mut frame = [0; 69];
        let length = Reply { number, said: Said::Init { version: 1 } }.encode(&mut frame).unwrap();
        session.receive(&frame[..length], 499);
    };
    let (mut session, mut out) = (Session::new(Timing::default()), [0; 69]);
    said(&mut session, 1);
    while let Poll::Send(_) = session.poll(499, &mut out) {}
    said(&mut session, 2);
    assert_eq!((session.phase(), session.fault()), (Phase::Opening, None));
    // one that has started again leaves the question unanswered
    assert!(matches!(session.poll(699, &mut out), Poll::Send(_)));
    assert_eq!(session.fault(), Some(Fault::NoReply { kind: Kind::GetMode }));

    let mut line = running(1);
    said(&mut line.session, 2);
    assert_eq!(line.session.fault(), Some(Fault::Restarted), "where the question was answered");
}

/// REQ-HAL-109: a device that was turned away for its version is not let in by a second word (found by fuzzing).
#[test]
fn another_version_stays_out() {
    let mut session = Session::new(Timing::default());
    let mut frame = [0; 69];
    for version in [2, 1] {
        let length = Reply { number: version, said: Said::Init { version } }.encode(&mut frame).unwrap();
        session.receive(&frame[..length], 0);
    }
    session.poll(0, &mut frame);
    assert_eq!((session.phase(), session.fault()), (Phase::Over, Some(Fault::Version { found: 2 })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(512), ..ProptestConfig::default() })]

    /// REQ-HAL-104: whatever the device says, in whatever pieces, the session neither panics nor goes on with a fault:
    /// a fault is followed by a stop in the next poll, and the end comes in time.
    #[test]
    fn a_hostile_device_is_stopped(seed: u64, steps in 1_usize..60) {
        let mut random = Random::new(seed);
        let mut line = Line::new(Session::new(Timing::default()), SimRehaStim2::new());
        line.run(u64::from(random.up_to(8)));
        let (list, start) = rehastim_list(3);
        line.session.start(list, start).ok();
        let mut answer = [0; 69];
        for _ in 0..steps {
            let length = rehastim_answer(&mut random, &mut answer);
            let mut stream = answer[..length].to_vec();
            if random.up_to(2) > 0 {
                mutate(&mut random, &mut stream);
            }
            let before = line.session.fault();
            line.session.receive(&stream, line.now);
            let sent = line.sent.len();
            line.step();
            let version = matches!(line.session.fault(), Some(Fault::Version { .. }));
            if before.is_none() && line.session.fault().is_some() && !version {
                prop_assert_eq!(kinds(&line.sent[sent..]).first().copied(), Some(Kind::StopList));
            }
            line.run(u64::from(random.up_to(30)));
        }
        if line.session.fault().is_some() {
            line.run(601);
            prop_assert!(line.is_over());
        }
    }

    /// REQ-HAL-103: a frame behind any bytes at all is found as its last byte arrives, but for a chance hit of the
    /// checksum.
    #[test]
    fn a_frame_is_found_behind_garbage(seed: u64, noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut random = Random::new(seed);
        let mut frame = [0; 69];
        let length = Command::Watchdog.encode(random.up_to(255) as u8, &mut frame).unwrap();
        let mut stream = noise;
        mutate(&mut random, &mut stream);
        let begin = stream.len();
        stream.extend_from_slice(&frame[..length]);
        let mut decoder: Decoder = Decoder::new();
        let ends: Vec<usize> = (0..).zip(&stream).filter(|(_, b)| decoder.push(**b).is_some()).map(|(i, _)| i).collect();
        prop_assert!(ends.last() == Some(&(stream.len() - 1)) || ends.iter().any(|at| *at > begin), "{ends:?}");
    }
}
