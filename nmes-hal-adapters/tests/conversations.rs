//! What a conversation with a stimulator keeps, forgets and bears, on both protocols.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod stimulators;

use nmes_hal_adapters::sim::{P24Fault, RehaStimFault, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{Exchange, Poll};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use stimulators::{Line, p24_update, rehastim_list};

type RehaStim = Line<rs2::Session, SimRehaStim2>;
type P24 = Line<sm4::Session, SimP24>;

fn rehastim() -> RehaStim {
    let mut line = Line::new(rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new());
    line.run(600);
    let (list, start) = rehastim_list(3);
    line.session.start(list, start).unwrap();
    line.run(100);
    assert_eq!(line.session.phase(), rs2::Phase::Running);
    line
}

fn p24() -> P24 {
    let mut line = Line::new(sm4::Session::mid_level(sm4::Timing::default()), SimP24::new());
    line.run(100);
    line.session.update(p24_update(3)).unwrap();
    line.run(100);
    assert_eq!(line.session.phase(), sm4::Phase::Running);
    line
}

fn rehastim_packet(frame: &[u8]) -> (u8, rs2::Command) {
    let mut decoder: rs2::Decoder = rs2::Decoder::new();
    let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
    let packet = rs2::Packet::new(&body).unwrap();
    (packet.number, rs2::Command::decode(&packet).unwrap())
}

fn p24_packet(frame: &[u8]) -> (u8, sm4::Command) {
    let mut decoder: sm4::Decoder = sm4::Decoder::new();
    let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
    let packet = sm4::Packet::new(&body).unwrap();
    (packet.number, sm4::Command::decode(&packet).unwrap())
}

/// Polls, with no answer, until a frame is sent; the frame.
fn next_sent<S: Exchange>(session: &mut S, now: &mut u64) -> Vec<u8> {
    let mut out = vec![0; S::FRAME_MAX];
    loop {
        if let Poll::Send(length) = session.poll(*now, &mut out) {
            return out[..length].to_vec();
        }
        *now += 1;
    }
}

/// REQ-HAL-104: a stop is sent by the poll after it was asked for, whatever is not answered yet.
#[test]
fn a_stop_waits_for_no_answer() {
    let mut line = rehastim();
    let mut now = line.now;
    // a watchdog has no answer
    while rehastim_packet(&next_sent(&mut line.session, &mut now)).1 != rs2::Command::GetMode {}
    let asked = now;
    line.session.stop();
    let sent = next_sent(&mut line.session, &mut now);
    assert_eq!((rehastim_packet(&sent).1, now), (rs2::Command::StopList, asked));
    let mut line = p24();
    let mut now = line.now;
    next_sent(&mut line.session, &mut now);
    let asked = now;
    line.session.stop();
    let sent = next_sent(&mut line.session, &mut now);
    assert_eq!((p24_packet(&sent).1, now), (sm4::Command::Plain(sm4::Plain::MidLevelStop), asked));
}

/// REQ-HAL-107, REQ-HAL-109: the first fault is kept, also where the link is lost after it; one that was ended well has none, whatever
/// comes after; a link that is lost while a stop is under way ends it at once.
#[test]
fn the_first_fault_is_kept() {
    let mut line = rehastim();
    line.device.fault = Some(RehaStimFault::Error(rs2::StimulationError::Electrode));
    line.run(5);
    let first = line.session.fault();
    assert!(matches!(first, Some(rs2::Fault::Device(_))), "{first:?}");
    line.session.lost(line.now);
    assert_eq!(line.session.fault(), first);
    let mut line = rehastim();
    line.session.stop();
    line.run(50);
    assert_eq!((line.session.phase(), line.session.list()), (rs2::Phase::Over, None));
    line.session.lost(line.now);
    line.session.receive(&[0x55; 3_000], line.now);
    assert_eq!((line.session.phase(), line.session.fault()), (rs2::Phase::Over, None));
    let mut line = rehastim();
    line.session.stop();
    line.session.lost(line.now);
    assert_eq!((line.session.phase(), line.session.fault()), (rs2::Phase::Over, Some(rs2::Fault::Lost)));

    let mut line = p24();
    line.device.fault = Some(P24Fault::Silent);
    line.run(2_000);
    let first = line.session.fault();
    assert!(matches!(first, Some(sm4::Fault::NoReply { .. })), "{first:?}");
    line.session.lost(line.now);
    assert_eq!(line.session.fault(), first);
    let mut line = p24();
    line.session.stop();
    line.run(50);
    assert_eq!((line.session.phase(), line.session.active()), (sm4::Phase::Over, 0));
    line.session.lost(line.now);
    line.session.receive(&[0x55; 9_000], line.now);
    assert_eq!((line.session.phase(), line.session.fault()), (sm4::Phase::Over, None));
    let mut line = p24();
    line.session.stop();
    line.session.lost(line.now);
    assert_eq!((line.session.phase(), line.session.fault()), (sm4::Phase::Over, Some(sm4::Fault::Lost)));
}

/// Answers that fit no question, on both.
fn strange() -> ([u8; 100], usize, [u8; 100], usize) {
    let (mut rehastim, mut p24) = ([0; 100], [0; 100]);
    let said = rs2::Said::Error(rs2::StimulationError::Electrode);
    let first = rs2::Reply { number: 3, said }.encode(&mut rehastim).unwrap();
    let (answer, result) = (sm4::Answer::GeneralError, sm4::ResultCode::Electrode);
    let reply = sm4::Reply { number: 9, answer, result, body: sm4::Body::Empty };
    let second = reply.encode(&mut p24).unwrap();
    (rehastim, first, p24, second)
}

/// REQ-HAL-107, REQ-HAL-109: a link that is lost before the stop for a fault is answered changes nothing of the fault; and what a device
/// says while it is stopped as asked is no fault.
#[test]
fn a_stop_under_way_keeps_what_it_is_for() {
    let (rehastim_says, first, p24_says, second) = strange();
    for asked in [false, true] {
        let (mut rehastim, mut p24) = (rehastim(), p24());
        if asked {
            rehastim.session.stop();
            p24.session.stop();
        }
        rehastim.session.receive(&rehastim_says[..first], rehastim.now);
        p24.session.receive(&p24_says[..second], p24.now);
        let before = (rehastim.session.fault(), p24.session.fault());
        assert_eq!((before.0.is_none(), before.1.is_none()), (asked, asked));
        if !asked {
            rehastim.session.lost(rehastim.now);
            p24.session.lost(p24.now);
        }
        rehastim.run(50);
        p24.run(50);
        assert_eq!((rehastim.session.fault(), p24.session.fault()), before);
    }
}

/// REQ-HAL-106, REQ-HAL-108: each packet has the number after the one before, so that no answer is taken for another's.
#[test]
fn packets_are_numbered_on() {
    let mut line = rehastim();
    line.run(2_000);
    // the first one answers the device, with the device's number
    let numbers: Vec<_> = line.sent[1..].iter().map(|(_, frame)| rehastim_packet(frame).0).collect();
    assert!(
        numbers.len() > 8 && numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)),
        "{numbers:?}"
    );
    let mut line = p24();
    line.run(60_000);
    let numbers: Vec<_> = line.sent.iter().map(|(_, frame)| p24_packet(frame).0).collect();
    assert!(
        numbers.len() > 100 && numbers.windows(2).all(|pair| pair[1] == (pair[0] + 1) & 63),
        "{numbers:?}"
    );
}

/// REQ-HAL-104: noise is borne between two good answers, for ever; so much of it that none is left between is a fault.
#[test]
fn noise_between_good_answers_is_borne() {
    let (mut rehastim, mut p24) = (rehastim(), p24());
    for _ in 0..12 {
        // a question every 600 ms, and one every 500 ms
        rehastim.run(700);
        p24.run(700);
        rehastim.session.receive(&[0x55; 500], rehastim.now);
        p24.session.receive(&[0x55; 2_000], p24.now);
    }
    assert_eq!((rehastim.session.fault(), p24.session.fault()), (None, None));
    rehastim.session.receive(&[0x55; 1_025], rehastim.now);
    p24.session.receive(&[0x55; 4_097], p24.now);
    assert!(matches!(rehastim.session.fault(), Some(rs2::Fault::Noise { .. })));
    assert!(matches!(p24.session.fault(), Some(sm4::Fault::Noise { .. })));
}

/// REQ-HAL-104: of what an earlier conversation left in the port so many answers are passed over, and no more.
#[test]
fn so_many_strays_are_passed_over() {
    let mut frame = [0; 200];
    let mut rehastim = rs2::Session::new(rs2::Timing::default());
    let said = rs2::Said::StartList(rs2::ResultCode::Successful);
    let length = rs2::Reply { number: 3, said }.encode(&mut frame).unwrap();
    assert!(matches!(rehastim.poll(0, &mut [0; 200]), Poll::Wait(_)));
    for _ in 0..32 {
        rehastim.receive(&frame[..length], 1);
        assert_eq!(rehastim.fault(), None);
    }
    rehastim.receive(&frame[..length], 1);
    assert!(matches!(rehastim.fault(), Some(rs2::Fault::Unexpected(_))));
    let mut p24 = sm4::Session::mid_level(sm4::Timing::default());
    let (answer, result) = (sm4::Answer::To(sm4::Kind::MidLevelUpdate), sm4::ResultCode::Successful);
    let reply = sm4::Reply { number: 9, answer, result, body: sm4::Body::Empty };
    let length = reply.encode(&mut frame).unwrap();
    assert!(matches!(p24.poll(0, &mut [0; 2_000]), Poll::Send(_)));
    for _ in 0..32 {
        p24.receive(&frame[..length], 1);
        assert_eq!(p24.fault(), None);
    }
    p24.receive(&frame[..length], 1);
    assert!(matches!(p24.fault(), Some(sm4::Fault::Unexpected { .. })));
}
