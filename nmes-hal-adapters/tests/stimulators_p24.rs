//! Conversations with a simulated P24, as they should go and as they should not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod stimulators;

use nmes_hal_adapters::sciencemode4::*;
use nmes_hal_adapters::sim::{P24Fault, Random, Running, SimP24};
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

fn ready() -> Line<Session, SimP24> {
    let mut line = Line::new(Session::mid_level(Timing::default()), SimP24::new());
    line.run(10);
    assert_eq!(line.session.phase(), Phase::Ready);
    line
}

fn running(mask: u8) -> Line<Session, SimP24> {
    let mut line = ready();
    line.session.update(p24_update(mask)).unwrap();
    line.run(3);
    assert_eq!((line.session.phase(), line.session.active()), (Phase::Running, mask));
    line
}

/// REQ-HAL-106: status, version, identity, init, update, a question every 500 ms, another update, stop; nothing else.
#[test]
fn a_whole_conversation() {
    let mut line = running(0b0000_0101);
    assert_eq!(line.session.identity().device, *b"SIMULATED ");
    assert_eq!(line.device.active, 0b101);
    line.run(10_000);
    assert!((19..=21).contains(&line.device.kept_alive), "{}", line.device.kept_alive);
    line.session.update(p24_update(0b0000_1000)).unwrap();
    line.run(1_500);
    assert_eq!((line.session.fault(), line.device.active), (None, 0b1000));
    line.session.stop();
    line.run(2);
    assert!(line.is_over());
    assert_eq!(line.device.state, Running(StimState::Idle));
    assert_eq!((line.session.fault(), line.device.strange, line.device.timed_out), (None, 0, false));
    let kinds = kinds(&line.sent);
    let opening = [Kind::StimStatus, Kind::Version, Kind::DeviceId, Kind::MidLevelInit, Kind::MidLevelUpdate];
    assert_eq!(kinds[..5], opening);
    assert_eq!(kinds.last(), Some(&Kind::MidLevelStop));
    assert!(kinds[5..kinds.len() - 1].iter().all(|k| matches!(k, Kind::CurrentData | Kind::MidLevelUpdate)));
    let alive = kinds.iter().zip(&line.sent).filter(|(kind, _)| **kind == Kind::CurrentData);
    let times: Vec<u64> = alive.map(|(_, (at, _))| *at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= 501), "{times:?}");
}

/// REQ-HAL-106: the low level puts out one pulse a command, and refuses what leaves charge.
#[test]
fn a_conversation_on_the_low_level() {
    let session = Session::low_level(Timing::default(), Measurement::None, HighVoltage::Standard);
    let mut line = Line::new(session, SimP24::new());
    line.run(10);
    let point = |us, ua| Point::new(us, ua).unwrap();
    let config = |points| ChannelConfig { channel: Channel::Blue, connector: Connector::Green, points };
    let pulse = config(Some(Points::symmetric(200, 0, 20_000).unwrap()));
    for n in 1..=50 {
        line.session.pulse(pulse).unwrap();
        assert_eq!(line.session.pulse(pulse), Err(Denied::Busy));
        line.run(25);
        assert_eq!(line.device.pulses, n);
    }
    let lame = config(Some(Points::new(&[point(200, 20_000), point(199, -20_000)]).unwrap()));
    let denied = line.session.pulse(lame).unwrap_err().to_string();
    assert_eq!(denied, "charge left by a pulse 20 nC: at most 0 nC (ours)");
    assert_eq!(line.session.update(Update::OFF), Err(Denied::Level));
    line.session.stop();
    line.run(2);
    assert_eq!((line.session.phase(), line.session.fault()), (Phase::Over, None));
    assert_eq!(kinds(&line.sent).last(), Some(&Kind::LowLevelStop));
}

/// REQ-HAL-106: what was left running is stopped before anything is started.
#[test]
fn what_was_left_running_is_stopped() {
    for (state, stop) in [
        (StimState::LowLevel, Kind::LowLevelStop),
        (StimState::MidLevel, Kind::MidLevelStop),
        (StimState::MidLevelRunning, Kind::MidLevelStop),
    ] {
        let mut device = SimP24::new();
        device.state = Running(state);
        let mut line = Line::new(Session::mid_level(Timing::default()), device);
        line.run(10);
        assert_eq!(line.session.phase(), Phase::Ready);
        assert_eq!(kinds(&line.sent)[..2], [Kind::StimStatus, stop]);
    }
}

/// REQ-HAL-107: whatever the device does wrong is told apart, is latched, and is answered by a stop at once.
#[test]
fn each_fault_stops() {
    let faults = [
        (
            P24Fault::Reject(Kind::CurrentData, ResultCode::Electrode),
            "the device refused CurrentData: Electrode",
        ),
        (P24Fault::Channel(2, ChannelState::Electrode), "channel 2: Electrode"),
        (P24Fault::Channel(7, ChannelState::LowCurrent), "channel 7: LowCurrent"),
        (P24Fault::RunsAll, "channels 0b00000101 were asked for, 0b11111111 run"),
        (P24Fault::WrongNumber, "fits no question"),
        (P24Fault::Silent, "no answer to CurrentData in time"),
        (P24Fault::Garbage, "17 broken frames"),
        (P24Fault::KnowsNothing, "the device does not know a command: InvalidCommand"),
    ];
    for (fault, text) in faults {
        let mut line = running(0b101);
        line.device.fault = Some(fault);
        line.run(2_600);
        let found = line.session.fault().unwrap_or_else(|| panic!("{fault:?} went by"));
        assert!(found.to_string().contains(text), "{fault:?}: {found}");
        assert_eq!(line.session.phase(), Phase::Over, "{fault:?}");
        let stops = kinds(&line.sent).iter().filter(|kind| **kind == Kind::MidLevelStop).count();
        assert!((1..=3).contains(&stops), "{fault:?}: {stops} stops");
        let stopped = line.device.stops >= 1 || line.device.timed_out;
        assert!(stopped, "the device took one, or stopped for want of questions");
        assert_eq!(line.device.state, Running(StimState::Idle), "{fault:?}");
        assert_eq!(line.session.update(p24_update(1)), Err(Denied::Phase(Phase::Over)));
    }
}

/// REQ-HAL-107: a refusal while opening or updating ends the conversation too, with its reason.
#[test]
fn refusals_are_told() {
    for kind in [Kind::StimStatus, Kind::Version, Kind::DeviceId, Kind::MidLevelInit, Kind::MidLevelUpdate] {
        let fault = P24Fault::Reject(kind, ResultCode::Parameter);
        let mut device = SimP24::new();
        device.fault = Some(fault);
        let mut line = Line::new(Session::mid_level(Timing::default()), device);
        line.run(20);
        if kind == Kind::MidLevelUpdate {
            line.session.update(p24_update(1)).unwrap();
        }
        line.run(1_000);
        assert_eq!(line.session.fault(), Some(Fault::Rejected { kind, result: ResultCode::Parameter }));
        assert_eq!((line.session.phase(), line.device.stops), (Phase::Over, 1));
    }
}

/// REQ-HAL-442: a stop that the device refuses is sent again 50 ms later: until it is taken, for 750 ms. The refusal is kept.
#[test]
fn a_refused_stop_is_sent_again() {
    let result = ResultCode::Transfer;
    for taken in [1, 2, 99] {
        let mut line = running(1);
        line.device.fault = Some(P24Fault::Reject(Kind::MidLevelStop, result));
        line.session.stop();
        let mut stops = 0;
        while line.session.phase() != Phase::Over {
            if stops >= taken {
                line.device.fault = None;
            }
            line.step();
            stops = kinds(&line.sent).iter().filter(|kind| **kind == Kind::MidLevelStop).count();
        }
        assert_eq!(stops, 15.min(taken + 1));
        assert_eq!(line.device.active, u8::from(taken == 99));
        assert_eq!(line.session.fault(), Some(Fault::Rejected { kind: Kind::MidLevelStop, result }));
    }
}

/// REQ-HAL-442: a device that says nothing is prepared has stopped: that is not asked twice.
#[test]
fn nothing_prepared_is_stopped() {
    let mut line = running(1);
    line.device.fault = Some(P24Fault::Reject(Kind::MidLevelStop, ResultCode::NotInitialised));
    line.session.stop();
    line.run(2);
    assert_eq!((line.is_over(), line.session.fault()), (true, None));
    assert_eq!(kinds(&line.sent).iter().filter(|kind| **kind == Kind::MidLevelStop).count(), 1);
}

/// REQ-HAL-110: a cable pulled at any moment is found within the stated bound, a stop is tried three times, and the
/// device stops by itself.
#[test]
fn a_pulled_cable_is_found() {
    for at in 0..600 {
        let mut line = running(1);
        line.run(at);
        line.plugged = false;
        let pulled = line.now;
        while line.session.fault().is_none() {
            line.step();
            assert!(line.now - pulled <= 500 + 2 * 250 + 1, "{at}");
        }
        let found = line.now;
        line.run(3 * 250);
        assert!(line.is_over(), "{at}");
        assert!(matches!(line.session.fault(), Some(Fault::NoReply { .. })));
        let stops = kinds(&line.sent).iter().filter(|kind| **kind == Kind::MidLevelStop).count();
        assert_eq!(stops, 3);
        line.run(pulled + 2_001 - (found + 750).min(pulled + 2_001));
        assert!(line.device.timed_out, "{at}");
    }
}

/// REQ-HAL-106: a port that says it is gone ends the conversation with the poll after one more stop was tried.
#[test]
fn a_port_that_is_gone() {
    let mut line = running(1);
    line.session.lost(line.now);
    let mut out = [0; Session::FRAME_MAX];
    assert_eq!(line.session.poll(line.now, &mut out), Poll::Send(12));
    line.session.lost(line.now);
    assert_eq!(line.session.poll(line.now, &mut out), Poll::Over);
    assert_eq!(line.session.fault(), Some(Fault::Lost));
}

/// REQ-HAL-112: a buffer that is too short is an error that says what is needed, and a session on one stops.
#[test]
fn short_buffers_are_errors() {
    let command = Command::MidLevelUpdate(p24_update(0xFF));
    let mut out = [0; COMMAND_LONGEST];
    let length = command.encode(0, &mut out).unwrap();
    let error = command.encode(0, &mut out[..length - 1]).unwrap_err();
    assert_eq!(error.to_string(), format!("the frame needs {length} bytes, the buffer has {}", length - 1));
    let mut session = Session::mid_level(Timing::default());
    for _ in 0..10 {
        session.poll(0, &mut []);
    }
    assert_eq!((session.phase(), session.fault()), (Phase::Over, Some(Fault::Lost)));
}

/// REQ-HAL-112: the longest command there is fits the stated length.
#[test]
fn the_longest_command_fits() {
    // every byte of these points that can be is one that is escaped
    let points = Points::new(&[Point::new(0x0F0, -130_000).unwrap(); 16]).unwrap();
    let train = Train::new(16_383_000, 15, points).unwrap();
    let command = Command::MidLevelUpdate(Update::new([Some(train); 8]).unwrap());
    assert!(command.encode(0x3C, &mut [0; COMMAND_LONGEST]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(512), ..ProptestConfig::default() })]

    /// REQ-HAL-104: whatever the device says, in whatever pieces, the session neither panics nor goes on with a fault:
    /// a fault is followed by a stop in the next poll, and the end comes in time.
    #[test]
    fn a_hostile_device_is_stopped(seed: u64, steps in 1_usize..60) {
        let mut random = Random::new(seed);
        let mut line = Line::new(Session::mid_level(Timing::default()), SimP24::new());
        line.run(u64::from(random.up_to(12)));
        line.session.update(p24_update(3)).ok();
        let mut answer = [0; 1_200];
        for _ in 0..steps {
            let length = p24_answer(&mut random, &mut answer);
            let mut stream = answer[..length].to_vec();
            if random.up_to(2) > 0 {
                mutate(&mut random, &mut stream);
            }
            let before = line.session.fault();
            line.session.receive(&stream, line.now);
            let sent = line.sent.len();
            line.step();
            if before.is_none() && line.session.fault().is_some() {
                prop_assert_eq!(kinds(&line.sent[sent..]).first().copied(), Some(Kind::MidLevelStop));
            }
            line.run(u64::from(random.up_to(30)));
        }
        if line.session.fault().is_some() {
            line.run(751);
            prop_assert!(line.is_over());
        }
    }

    /// REQ-HAL-103: a frame behind any bytes at all is found as its last byte arrives, but for a chance hit of the
    /// checksum; a frame longer than the collector is refused at its header and the one behind it is found.
    #[test]
    fn a_frame_is_found_behind_garbage(seed: u64, noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut random = Random::new(seed);
        let mut frame = [0; 64];
        let length = Command::Plain(Plain::Version).encode(random.up_to(63) as u8, &mut frame).unwrap();
        let mut stream = noise;
        mutate(&mut random, &mut stream);
        let begin = stream.len();
        stream.extend_from_slice(&frame[..length]);
        let mut decoder = Decoder::<64>::new();
        let mut ends = Vec::new();
        for (at, &byte) in stream.iter().enumerate() {
            if let Some(body) = decoder.push(byte) {
                prop_assert!(body.len() >= 2 && body.len() <= 64);
                ends.push((at, body.to_vec()));
            }
        }
        let found = ends.last().map(|(at, _)| *at);
        prop_assert!(found == Some(stream.len() - 1) || ends.iter().any(|(at, _)| *at > begin), "{ends:?}");
    }
}

/// REQ-HAL-103: a byte costs a bounded number of steps even when every header byte is a false start.
#[test]
fn false_starts_are_cheap() {
    let mut decoder: Decoder = Decoder::new();
    let begin = std::time::Instant::now();
    for n in 0..2_000_000_u32 {
        decoder.push(if n % 2 == 0 { 0xF0 } else { 0x81 });
    }
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
    assert_eq!(decoder.counts().frames, 0);
}
