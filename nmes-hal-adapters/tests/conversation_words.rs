//! For what an answer of a stimulator is taken: its kind, its number, and when it comes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod stimulators;

use nmes_hal_adapters::sim::{SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{Exchange, Plays, Poll, StopAnswer};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use stimulators::{Line, p24_update, rehastim_list};

fn rehastim() -> Line<rs2::Session, SimRehaStim2> {
    let mut line = Line::new(rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new());
    line.run(10);
    let (list, start) = rehastim_list(3);
    line.session.start(list, start).unwrap();
    line.run(10);
    line
}

fn p24() -> Line<sm4::Session, SimP24> {
    let mut line = Line::new(sm4::Session::mid_level(sm4::Timing::default()), SimP24::new());
    line.run(10);
    line.session.update(p24_update(3)).unwrap();
    line.run(10);
    line
}

fn rs2_number(frame: &[u8]) -> u8 {
    let mut decoder: rs2::Decoder = rs2::Decoder::new();
    frame.iter().find_map(|&byte| decoder.push(byte).and_then(rs2::Packet::new).map(|p| p.number)).unwrap()
}

fn sm4_number(frame: &[u8]) -> u8 {
    let mut decoder: sm4::Decoder = sm4::Decoder::new();
    frame.iter().find_map(|&byte| decoder.push(byte).and_then(sm4::Packet::new).map(|p| p.number)).unwrap()
}

fn rs2_says(session: &mut rs2::Session, number: u8, said: rs2::Said) {
    let mut out = [0; 69];
    let length = rs2::Reply { number, said }.encode(&mut out).unwrap();
    session.receive(&out[..length], 1_000_000);
}

fn sm4_says(session: &mut sm4::Session, number: u8, kind: sm4::Kind) {
    let (answer, result) = (sm4::Answer::To(kind), sm4::ResultCode::Successful);
    let mut out = [0; 128];
    let length = sm4::Reply { number, answer, result, body: sm4::Body::Empty }.encode(&mut out).unwrap();
    session.receive(&out[..length], 1_000_000);
}

/// REQ-HAL-500: what has the number of a stop and is no answer to one, and an answer to one with a number that no stop had, leave the
/// device as what it is: not known to be off.
#[test]
fn only_the_answer_to_a_stop_is_one() {
    for good in [rs2::ResultCode::Successful, rs2::ResultCode::Busy] {
        let mut line = rehastim();
        line.session.stop();
        line.plugged = false;
        line.run(2);
        let number = rs2_number(&line.sent.last().unwrap().1);
        for said in [rs2::Said::StartList(good), rs2::Said::InitList(good)] {
            rs2_says(&mut line.session, number, said);
        }
        for other in (0..=255).filter(|&other| other != number) {
            rs2_says(&mut line.session, other, rs2::Said::StopList(good));
        }
        assert_eq!(line.session.stop_answer(), StopAnswer::None);
        assert_eq!((line.session.phase(), line.session.fault()), (rs2::Phase::Stopping, None));
    }
    let mut line = p24();
    line.session.stop();
    line.plugged = false;
    line.run(2);
    let number = sm4_number(&line.sent.last().unwrap().1);
    for kind in [sm4::Kind::MidLevelUpdate, sm4::Kind::LowLevelStop, sm4::Kind::MidLevelInit] {
        sm4_says(&mut line.session, number, kind);
    }
    for other in (0..64).filter(|&other| other != number) {
        sm4_says(&mut line.session, other, sm4::Kind::MidLevelStop);
    }
    assert_eq!(line.session.stop_answer(), StopAnswer::None);
    assert_eq!((line.session.phase(), line.session.fault()), (sm4::Phase::Stopping, None));
}

/// REQ-HAL-500: the answer to the first of three stops counts also where their numbers come round.
#[test]
fn numbers_of_stops_come_round() {
    for last in [252, 253, 254, 255] {
        let mut line = rehastim();
        while rs2_number(&line.sent.last().unwrap().1) != last {
            line.step();
            assert_eq!(line.session.fault(), None);
        }
        line.session.stop();
        line.plugged = false;
        line.run(450);
        let stops: Vec<_> =
            line.sent.iter().rev().take(3).rev().map(|(_, frame)| rs2_number(frame)).collect();
        assert_eq!(stops, [1, 2, 3].map(|n: u8| n.wrapping_add(last)));
        rs2_says(&mut line.session, stops[0], rs2::Said::StopList(rs2::ResultCode::Successful));
        assert_eq!(line.session.stop_answer(), StopAnswer::Taken, "{last}");
    }
    for last in [60, 61, 62, 63] {
        let mut line = p24();
        while sm4_number(&line.sent.last().unwrap().1) != last {
            line.step();
            assert_eq!(line.session.fault(), None);
        }
        line.session.stop();
        line.plugged = false;
        line.run(550);
        let stops: Vec<_> =
            line.sent.iter().rev().take(3).rev().map(|(_, frame)| sm4_number(frame)).collect();
        assert_eq!(stops, [1, 2, 3].map(|n| (last + n) & 63));
        sm4_says(&mut line.session, stops[0], sm4::Kind::MidLevelStop);
        assert_eq!(line.session.stop_answer(), StopAnswer::Taken, "{last}");
    }
}

/// REQ-HAL-442: to ask for a stop again, however often, sends no more of them and none sooner.
#[test]
fn a_stop_that_is_asked_for_again_is_one() {
    let mut line = rehastim();
    line.plugged = false;
    let (began, before) = (line.now, line.sent.len());
    for _ in 0..1_000 {
        line.session.stop();
        line.step();
    }
    let times: Vec<_> = line.sent[before..].iter().map(|(at, _)| at - began).collect();
    assert_eq!((times, line.session.phase()), (vec![0, 200, 400], rs2::Phase::Over));
    let mut line = p24();
    line.plugged = false;
    let (began, before) = (line.now, line.sent.len());
    for _ in 0..1_000 {
        line.session.stop();
        line.step();
    }
    let times: Vec<_> = line.sent[before..].iter().map(|(at, _)| at - began).collect();
    assert_eq!((times, line.session.phase()), (vec![0, 250, 500], sm4::Phase::Over));
}

/// REQ-HAL-500: an answer of another kind is none, whatever its number: a device that answers a start with a list is stopped.
#[test]
fn an_answer_of_another_kind_is_none() {
    let mut line = rehastim();
    let (_, start) = rehastim_list(3);
    line.session.update(start).unwrap();
    line.plugged = false;
    line.step();
    let number = rs2_number(&line.sent.last().unwrap().1);
    rs2_says(&mut line.session, number, rs2::Said::InitList(rs2::ResultCode::Successful));
    assert!(matches!(line.session.fault(), Some(rs2::Fault::Unexpected(_))));
    let mut line = p24();
    line.session.update(p24_update(1)).unwrap();
    line.plugged = false;
    line.step();
    let number = sm4_number(&line.sent.last().unwrap().1);
    sm4_says(&mut line.session, number, sm4::Kind::MidLevelInit);
    assert!(matches!(line.session.fault(), Some(sm4::Fault::Unexpected { .. })));
}

/// REQ-HAL-104: strays are passed over up to the first answer that fits, and not after it, also while the conversation is still opened.
#[test]
fn strays_end_with_the_first_answer() {
    let mut line = Line::new(sm4::Session::mid_level(sm4::Timing::default()), SimP24::new());
    line.step();
    sm4_says(&mut line.session, 40, sm4::Kind::Reset);
    assert!(matches!(line.session.fault(), Some(sm4::Fault::Unexpected { number: 40, .. })));
    let mut line = Line::new(sm4::Session::mid_level(sm4::Timing::default()), SimP24::new());
    sm4_says(&mut line.session, 40, sm4::Kind::Reset);
    line.run(10);
    assert_eq!((line.session.phase(), line.session.fault()), (sm4::Phase::Ready, None));
}

/// REQ-HAL-448: of two words of a device that it is there the last one is answered; one after the answer is a restart, also while what it ran
/// is ended.
#[test]
fn the_last_word_is_answered() {
    let (mut session, mut out) = (rs2::Session::new(rs2::Timing::default()), [0; 69]);
    for number in [7, 8] {
        rs2_says(&mut session, number, rs2::Said::Init { version: 1 });
    }
    assert!(matches!(session.poll(0, &mut out), Poll::Send(9)));
    assert_eq!((rs2_number(&out[..9]), session.fault()), (8, None));
    let Poll::Send(length) = session.poll(0, &mut out) else { panic!("it is asked for its mode") };
    let number = rs2_number(&out[..length]);
    let (result, mode) = (rs2::ResultCode::Successful, Some(rs2::Mode::Running));
    rs2_says(&mut session, number, rs2::Said::Mode { result, mode });
    assert!(matches!(session.poll(1, &mut out), Poll::Send(_)), "a stop");
    rs2_says(&mut session, 9, rs2::Said::Init { version: 1 });
    assert_eq!(session.fault(), Some(rs2::Fault::Restarted));
}

/// REQ-HAL-109: the protocol has one version; one below is turned away as one above is.
#[test]
fn other_versions_are_turned_away() {
    for version in [0, 2, 255] {
        let (mut session, mut out) = (rs2::Session::new(rs2::Timing::default()), [0; 69]);
        rs2_says(&mut session, 1, rs2::Said::Init { version });
        assert!(matches!(session.poll(0, &mut out), Poll::Send(_)));
        assert_eq!(session.fault(), Some(rs2::Fault::Version { found: version }));
        assert_eq!(session.phase(), rs2::Phase::Over);
    }
}
