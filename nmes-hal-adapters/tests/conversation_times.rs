//! When a conversation speaks: how long it waits, how often it asks again, and that nothing it is asked for keeps it from asking.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod stimulators;

use nmes_hal_adapters::sim::{FarEnd, P24Fault, RehaStimFault, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{Exchange, Field, Limit, Poll};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use stimulators::{Line, p24_update, rehastim_list};

fn rehastim(timing: rs2::Timing) -> Line<rs2::Session, SimRehaStim2> {
    let mut line = Line::new(rs2::Session::new(timing), SimRehaStim2::new());
    line.run(10);
    let (list, start) = rehastim_list(3);
    line.session.start(list, start).unwrap();
    line.run(10);
    assert_eq!(line.session.phase(), rs2::Phase::Running);
    line
}

fn p24(timing: sm4::Timing) -> Line<sm4::Session, SimP24> {
    let mut line = Line::new(sm4::Session::mid_level(timing), SimP24::new());
    line.run(10);
    line.session.update(p24_update(3)).unwrap();
    line.run(10);
    assert_eq!(line.session.phase(), sm4::Phase::Running);
    line
}

fn low() -> sm4::Session {
    sm4::Session::low_level(sm4::Timing::default(), sm4::Measurement::None, sm4::HighVoltage::Standard)
}

fn rs2_kinds(sent: &[(u64, Vec<u8>)]) -> Vec<(u64, rs2::Kind)> {
    let kind = |frame: &[u8]| {
        let mut decoder: rs2::Decoder = rs2::Decoder::new();
        let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
        rs2::Command::decode(&rs2::Packet::new(&body).unwrap()).unwrap().kind()
    };
    sent.iter().map(|(at, frame)| (*at, kind(frame))).collect()
}

fn sm4_kinds(sent: &[(u64, Vec<u8>)]) -> Vec<(u64, sm4::Kind)> {
    let kind = |frame: &[u8]| {
        let mut decoder: sm4::Decoder = sm4::Decoder::new();
        let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
        sm4::Command::decode(&sm4::Packet::new(&body).unwrap()).unwrap().kind()
    };
    sent.iter().map(|(at, frame)| (*at, kind(frame))).collect()
}

/// REQ-HAL-485: times that would let the device stop by itself before a lost link is found are refused by their sum, zeros as such.
#[test]
fn times_are_bounded() {
    let of = |reply, keep| rs2::Timing::new(reply, keep).map_err(|why| (why.field, why.value, why.limit));
    let refused = |value, limit| Err((Field::Timing, value, limit));
    for (reply, keep) in [(1, 999), (999, 1), (500, 500), (1, 1)] {
        assert!(of(reply, keep).is_ok(), "{reply} {keep}");
    }
    for (reply, keep) in [(1, 1_000), (1_000, 1), (501, 500)] {
        assert_eq!(of(reply, keep), refused(1_001, Limit::AtMost(1_000)));
    }
    for (reply, keep) in [(0, 300), (200, 0), (0, 0)] {
        assert_eq!(of(reply, keep), refused(0, Limit::AtLeast(1)));
    }
    let of = |reply, keep| sm4::Timing::new(reply, keep).map_err(|why| (why.field, why.value, why.limit));
    let refused = |value, limit| Err((Field::Timing, value, limit));
    for (reply, keep) in [(1, 1_498), (749, 2), (500, 500), (1, 1)] {
        assert!(of(reply, keep).is_ok(), "{reply} {keep}");
    }
    for (reply, keep) in [(1, 1_499), (750, 1), (500, 501)] {
        assert_eq!(of(reply, keep), refused(1_501, Limit::AtMost(1_500)));
    }
    for (reply, keep) in [(0, 300), (200, 0), (0, 0)] {
        assert_eq!(of(reply, keep), refused(0, Limit::AtLeast(1)));
    }
}

/// REQ-HAL-485: a RehaStim 2 has 2,000 ms from the first poll on to say that it is there.
#[test]
fn a_device_is_listened_for_so_long() {
    let (mut session, mut out) = (rs2::Session::new(rs2::Timing::default()), [0; 69]);
    for now in [500, 1_000, 2_499] {
        assert_eq!((session.poll(now, &mut out), session.fault()), (Poll::Wait(2_500), None), "{now}");
    }
    assert!(matches!(session.poll(2_500, &mut out), Poll::Send(_)));
    assert_eq!(session.fault(), Some(rs2::Fault::Silent));
}

/// What is sent in 4 s by a host that polls every millisecond, or only when it was told to and when something came.
fn sent<S: Exchange, D: FarEnd>(
    mut line: Line<S, D>,
    only_when_told: bool,
    act: impl Fn(&mut Line<S, D>, u64) -> bool,
) -> Vec<(u64, Vec<u8>)> {
    let (mut wake, mut out) = (0, vec![0; S::FRAME_MAX]);
    let began = line.now;
    for _ in 0..4_000 {
        let at = line.now - began;
        let asked = act(&mut line, at);
        let mut back = Vec::new();
        if !only_when_told || asked || line.now >= wake {
            for _ in 0..4 {
                match line.session.poll(line.now, &mut out) {
                    Poll::Send(length) => {
                        line.sent.push((line.now, out[..length].to_vec()));
                        let device = &mut line.device;
                        device.receive(&out[..length], line.now, &mut |bytes| back.extend_from_slice(bytes));
                    }
                    Poll::Wait(until) => {
                        wake = until;
                        break;
                    }
                    Poll::Over => {
                        wake = u64::MAX;
                        break;
                    }
                }
            }
        }
        line.device.tick(line.now, &mut |bytes| back.extend_from_slice(bytes));
        if !back.is_empty() {
            line.session.receive(&back, line.now);
            wake = line.now + 1;
        }
        line.now += 1;
    }
    line.sent
}

/// REQ-HAL-485: a host that polls when it was told to, and when something came, sends what one sends that polls all the time, and when.
#[test]
fn a_poll_says_when_the_next_is_due() {
    let busy = rs2::ResultCode::Busy;
    for fault in [None, Some(RehaStimFault::Silent), Some(RehaStimFault::Reject(rs2::Kind::StopList, busy))] {
        let told = |only: bool, opened: bool| {
            let line = if opened {
                rehastim(rs2::Timing::default())
            } else {
                Line::new(rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new())
            };
            sent(line, only, |line, at| {
                if at == u64::from(opened) * 1_500 {
                    line.device.fault = fault;
                }
                if at == 2_700 {
                    line.session.stop();
                }
                at == 2_700
            })
        };
        for opened in [false, true] {
            assert!(told(true, opened).len() > 2);
            assert_eq!(told(true, opened), told(false, opened), "{fault:?} {opened}");
        }
    }
    for fault in
        [None, Some(P24Fault::Silent), Some(P24Fault::Reject(sm4::Kind::MidLevelStop, sm4::ResultCode::Busy))]
    {
        let told = |only: bool, level: u8| {
            let line = match level {
                0 => p24(sm4::Timing::default()),
                1 => Line::new(sm4::Session::mid_level(sm4::Timing::default()), SimP24::new()),
                _ => Line::new(low(), SimP24::new()),
            };
            sent(line, only, |line, at| {
                if at == 1_500 {
                    line.device.fault = fault;
                }
                if at == 2_700 {
                    line.session.stop();
                }
                at == 2_700
            })
        };
        for level in 0..3 {
            assert!(told(true, level).len() > 2);
            assert_eq!(told(true, level), told(false, level), "{fault:?} {level}");
        }
    }
}

/// REQ-HAL-485: however often pulses change, a device is asked whether it does what it was told, as often as without a change; and
/// however often it is asked, changes go out.
#[test]
fn changes_keep_no_question_back() {
    let gaps = |times: Vec<u64>| times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    for every in [1, 10, 50, 290, 299, 310] {
        let mut line = rehastim(rs2::Timing::default());
        let ((list, start), began) = (rehastim_list(3), line.now);
        let off = rs2::Start::new(&list, &[rs2::Pulse::OFF; 2]).unwrap();
        for n in 0..6_000 / every {
            line.session.update(if n % 2 == 0 { off } else { start }).unwrap();
            line.run(every);
        }
        let said = rs2_kinds(&line.sent);
        let of = |kind| said.iter().filter(|(at, k)| *at > began && *k == kind).map(|(at, _)| *at).collect();
        assert!(gaps(of(rs2::Kind::GetMode)) <= 602, "{every}");
        assert!(gaps(of(rs2::Kind::StartList)) <= every + 3, "{every}");

        let (mut line, began) = (p24(sm4::Timing::default()), line.now);
        for n in 0..6_000 / every {
            line.session.update(p24_update(if n % 2 == 0 { 1 } else { 3 })).unwrap();
            line.run(every);
        }
        let said = sm4_kinds(&line.sent);
        let of = |kind| said.iter().filter(|(at, k)| *at > 20 && *k == kind).map(|(at, _)| *at).collect();
        assert!(began > 0 && gaps(of(sm4::Kind::CurrentData)) <= 502, "{every}");
        assert!(gaps(of(sm4::Kind::MidLevelUpdate)) <= every + 3, "{every}");
    }
}

/// REQ-HAL-442: a stop that is refused is sent again 50 ms after it went out, or when its answer would have been missed, whichever is
/// sooner, and in neither case later than 3 answers after the first.
#[test]
fn a_refused_stop_keeps_to_its_time() {
    for (reply, times) in [
        (30, vec![0, 30, 60]),
        (49, vec![0, 49, 98]),
        (50, vec![0, 50, 100]),
        (51, vec![0, 50, 100, 150]),
        (60, vec![0, 50, 100, 150]),
    ] {
        let mut line = rehastim(rs2::Timing::new(reply, 300).unwrap());
        line.device.fault = Some(RehaStimFault::Reject(rs2::Kind::StopList, rs2::ResultCode::Busy));
        let began = line.now;
        line.session.stop();
        while line.session.phase() != rs2::Phase::Over {
            line.step();
        }
        let over = line.now - 1 - began;
        let stops = rs2_kinds(&line.sent).into_iter().filter(|(_, kind)| *kind == rs2::Kind::StopList);
        assert_eq!(stops.map(|(at, _)| at - began).collect::<Vec<_>>(), times, "{reply}");
        assert_eq!(over, 3 * u64::from(reply), "{reply}");

        let mut line = p24(sm4::Timing::new(reply, 500).unwrap());
        line.device.fault = Some(P24Fault::Reject(sm4::Kind::MidLevelStop, sm4::ResultCode::Busy));
        let began = line.now;
        line.session.stop();
        while line.session.phase() != sm4::Phase::Over {
            line.step();
        }
        let over = line.now - 1 - began;
        let stops = sm4_kinds(&line.sent).into_iter().filter(|(_, kind)| *kind == sm4::Kind::MidLevelStop);
        assert_eq!(stops.map(|(at, _)| at - began).collect::<Vec<_>>(), times, "{reply}");
        assert_eq!(over, 3 * u64::from(reply), "{reply}");
    }
}

/// REQ-HAL-442, REQ-HAL-109, REQ-HAL-107: what a stop is for stays the fault, also where the stop is refused.
#[test]
fn a_refused_stop_does_not_hide_its_reason() {
    let mut line = rehastim(rs2::Timing::default());
    let mut frame = [0; 69];
    let said = rs2::Said::Error(rs2::StimulationError::Electrode);
    let length = rs2::Reply { number: 3, said }.encode(&mut frame).unwrap();
    line.device.fault = Some(RehaStimFault::Reject(rs2::Kind::StopList, rs2::ResultCode::Busy));
    line.session.receive(&frame[..length], line.now);
    line.run(1_000);
    assert_eq!(line.session.phase(), rs2::Phase::Over);
    assert_eq!(line.session.fault(), Some(rs2::Fault::Device(rs2::StimulationError::Electrode)));

    let mut line = p24(sm4::Timing::default());
    let (answer, result) = (sm4::Answer::GeneralError, sm4::ResultCode::Electrode);
    let reply = sm4::Reply { number: 9, answer, result, body: sm4::Body::Empty };
    let mut frame = [0; 100];
    let length = reply.encode(&mut frame).unwrap();
    line.device.fault = Some(P24Fault::Reject(sm4::Kind::MidLevelStop, sm4::ResultCode::Busy));
    line.session.receive(&frame[..length], line.now);
    line.run(1_000);
    assert_eq!(line.session.phase(), sm4::Phase::Over);
    assert_eq!(line.session.fault(), Some(sm4::Fault::Device { result, unknown: false }));
}

/// REQ-HAL-106: on the mid level the first question is asked half a second after the update was answered, and then every half second; on
/// the low level so long after the last thing that was said.
#[test]
fn questions_have_their_time() {
    let mut line = Line::new(sm4::Session::mid_level(sm4::Timing::default()), SimP24::new());
    line.run(10);
    line.session.update(p24_update(3)).unwrap();
    line.run(2_100);
    let said = sm4_kinds(&line.sent);
    let update = said.iter().find(|(_, kind)| *kind == sm4::Kind::MidLevelUpdate).unwrap().0;
    let asked = said.iter().filter(|(_, kind)| *kind == sm4::Kind::CurrentData).map(|(at, _)| at - update);
    assert_eq!(asked.collect::<Vec<_>>(), [500, 1_000, 1_500, 2_000]);

    let mut line = Line::new(low(), SimP24::new());
    line.run(10);
    let points = Some(sm4::Points::symmetric(200, 0, 20_000).unwrap());
    let (channel, connector) = (sm4::Channel::Red, sm4::Connector::Yellow);
    let pulse = sm4::ChannelConfig { channel, connector, points };
    line.session.pulse(pulse).unwrap();
    line.step();
    let began = line.now - 1;
    // one that is asked for when a question is due goes first
    line.run(1_499);
    line.session.pulse(pulse).unwrap();
    line.run(600);
    let said = sm4_kinds(&line.sent).into_iter().filter(|(at, _)| *at >= began);
    let (status, pulse) = (sm4::Kind::StimStatus, sm4::Kind::LowLevelChannel);
    let said: Vec<_> = said.map(|(at, kind)| (at - began, kind)).collect();
    assert_eq!(said, [(0, pulse), (500, status), (1_000, status), (1_500, pulse), (2_000, status)]);
}

/// REQ-HAL-107: channels that were asked for and do not run are borne in one answer, as they may be between two pulses, and are a fault
/// in the second in a row; an answer in which they run, and a change of them, begin the count anew.
#[test]
fn channels_may_be_idle_once() {
    // what runs of channels 0 and 1 at each question; `None` is a change of both before it
    let (both, one) = (Some(3), Some(1));
    for (answers, well) in [
        (&[one, both, both][..], true),
        (&[one, both, one, both], true),
        (&[one, None, one, both], true),
        (&[both, one, one], false),
        (&[one, Some(2)], false),
        (&[Some(0), one], false),
        (&[Some(7)], false),
    ] {
        let mut line = p24(sm4::Timing::default());
        for &answer in answers {
            match answer {
                Some(running) => {
                    line.device.active = running;
                    line.run(500);
                }
                None => {
                    line.session.update(p24_update(3)).unwrap();
                    line.run(2);
                }
            }
        }
        let fault = line.session.fault();
        assert_eq!(fault.is_none(), well, "{answers:?}: {fault:?}");
        assert!(well || matches!(fault, Some(sm4::Fault::Active { asked: 3, .. })), "{fault:?}");
        assert_eq!(line.device.stops, u32::from(!well));
    }
}

/// REQ-HAL-107: an answer to a pulse that names another channel, or the same of another connector, is a fault.
#[test]
fn a_pulse_is_answered_for_its_channel() {
    use sm4::{Body, Channel, Connector, Kind, Reply, ResultCode};
    let asked = (Channel::Blue, Connector::Green);
    for (channel, connector, well) in [
        (Channel::Blue, Connector::Green, true),
        (Channel::Red, Connector::Green, false),
        (Channel::Blue, Connector::Yellow, false),
        (Channel::Red, Connector::Yellow, false),
    ] {
        let mut line = Line::new(low(), SimP24::new());
        line.run(10);
        let points = Some(sm4::Points::symmetric(200, 0, 20_000).unwrap());
        let pulse = sm4::ChannelConfig { channel: asked.0, connector: asked.1, points };
        line.session.pulse(pulse).unwrap();
        line.plugged = false;
        line.step();
        let mut decoder: sm4::Decoder = sm4::Decoder::new();
        let frame = &line.sent.last().unwrap().1;
        let number = frame
            .iter()
            .find_map(|&byte| decoder.push(byte).and_then(sm4::Packet::new).map(|packet| packet.number))
            .unwrap();
        let (answer, result) = (sm4::Answer::To(Kind::LowLevelChannel), ResultCode::Successful);
        let body = Body::Pulse { channel, connector, samples: None };
        let mut out = [0; 128];
        let length = Reply { number, answer, result, body }.encode(&mut out).unwrap();
        line.session.receive(&out[..length], line.now);
        assert_eq!(line.session.fault().is_none(), well, "{channel:?} {connector:?}");
    }
}

/// REQ-HAL-485: so much noise is borne between two good answers, by broken frames and by stray bytes, and one more of either is a fault.
#[test]
fn noise_is_borne_so_far() {
    let mut broken = [0; 69];
    let length = rs2::Reply { number: 3, said: rs2::Said::UnknownCommand }.encode(&mut broken).unwrap();
    broken[2] ^= 1;
    let broken = &broken[..length];
    let mut line = rehastim(rs2::Timing::default());
    line.session.receive(&broken.repeat(16), line.now);
    assert_eq!(line.session.fault(), None);
    line.session.receive(broken, line.now);
    assert!(matches!(line.session.fault(), Some(rs2::Fault::Noise { refused: 17, .. })));
    let mut line = rehastim(rs2::Timing::default());
    line.session.receive(&[0x55; 1_024], line.now);
    assert_eq!(line.session.fault(), None);
    line.session.receive(&[0x55], line.now);
    assert_eq!(line.session.fault(), Some(rs2::Fault::Noise { refused: 0, discarded: 1_025 }));

    let mut broken = [0; 100];
    let (answer, result) = (sm4::Answer::UnknownCommand, sm4::ResultCode::InvalidCommand);
    let reply = sm4::Reply { number: 9, answer, result, body: sm4::Body::Empty };
    let length = reply.encode(&mut broken).unwrap();
    broken[length - 2] ^= 1;
    let broken = &broken[..length];
    let mut line = p24(sm4::Timing::default());
    line.session.receive(&broken.repeat(16), line.now);
    assert_eq!(line.session.fault(), None);
    line.session.receive(broken, line.now);
    assert!(matches!(line.session.fault(), Some(sm4::Fault::Noise { refused: 17, .. })));
    let mut line = p24(sm4::Timing::default());
    line.session.receive(&[0x55; 4_096], line.now);
    assert_eq!(line.session.fault(), None);
    line.session.receive(&[0x55], line.now);
    assert_eq!(line.session.fault(), Some(sm4::Fault::Noise { refused: 0, discarded: 4_097 }));
}

/// REQ-HAL-112: a conversation that is given too short a buffer asks to be polled again at once, and is over with the second that it is.
#[test]
fn a_buffer_too_short_ends_at_once() {
    let mut line = rehastim(rs2::Timing::default());
    line.session.stop();
    assert_eq!(line.session.poll(line.now, &mut []), Poll::Wait(line.now));
    assert_eq!((line.session.poll(line.now, &mut []), line.session.phase()), (Poll::Over, rs2::Phase::Over));
    assert_eq!(line.session.fault(), Some(rs2::Fault::Lost));
    let mut line = p24(sm4::Timing::default());
    line.session.stop();
    assert_eq!(line.session.poll(line.now, &mut []), Poll::Wait(line.now));
    assert_eq!((line.session.poll(line.now, &mut []), line.session.phase()), (Poll::Over, sm4::Phase::Over));
    assert_eq!(line.session.fault(), Some(sm4::Fault::Lost));
}
