//! The stop of a device: until when it is tried, what was said to it, and what the end of a session is told.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod common;
mod stimulators;

use common::{channel, ms, setting};
use nmes_core::*;
use nmes_hal_adapters::sim::{FarEnd, P24Fault, RehaStimFault, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{Exchange, Plays, Poll, StopAnswer};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use nmes_safety::{Admitted, Checked, Event, Guard, UseClass};
use stimulators::Line;

type RehaStim = Line<rs2::Session, SimRehaStim2>;
type P24 = Line<sm4::Session, SimP24>;

/// The first pulse of a plan on this hardware, admitted by a guard of its own.
fn first_pulse(hardware: &Hardware, play: impl FnOnce(&Plan<'_>, &Admitted<'_>)) {
    let set = setting(10_000, 250);
    let ramp = Ramp { up: ms(500), down: ms(500), down_min: ms(500), ..Ramp::default() };
    let pulse = PulseShape { gap: Micros::ZERO, ..PulseShape::default() };
    let channels = [Channel { pulse, ramp, rate: Rate::from_hz(50).unwrap(), ..channel(set) }];
    let cycle = Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(5_000) });
    let session = Session::new(&channels, cycle, ms(60_000)).unwrap();
    let checked: Checked<'_> = common::checked(&session, hardware, UseClass::Exercise);
    let mut guard = Guard::new(&checked, 0);
    for event in [Event::Passed, Event::Probe, Event::Contact] {
        guard.handle(0, event).unwrap();
    }
    let mut now = 0;
    for level in (500..=set.amplitude.as_microamps()).step_by(500) {
        while guard.set_level(now, 0, setting(level, 250)).is_err() {
            now += 10_000;
        }
    }
    guard.keep_alive(now);
    let frame = checked.plan().frame(0, set, now + 100).unwrap();
    play(checked.plan(), guard.admit(now, &frame).unwrap());
}

fn playing<S: Plays, D: FarEnd>(session: S, device: D, hardware: &Hardware) -> Line<S, D> {
    let mut line = Line::new(session, device);
    first_pulse(hardware, |plan, frame| {
        line.session.bind(plan).unwrap();
        line.run(20);
        line.session.play(frame).unwrap();
    });
    line.run(20);
    line
}

fn rehastim() -> RehaStim {
    let session = rs2::Session::new(rs2::Timing::default());
    let line = playing(session, SimRehaStim2::new(), &rs2::hardware(1).unwrap());
    assert!(line.session.phase() == rs2::Phase::Running && line.device.start.is_some());
    line
}

fn p24() -> P24 {
    let session = sm4::Session::mid_level(sm4::Timing::default());
    let line = playing(session, SimP24::new(), &sm4::hardware(1).unwrap());
    assert!(line.session.phase() == sm4::Phase::Running && line.device.active != 0);
    line
}

/// Answers arrive so much later.
fn run_late<S: Exchange, D: FarEnd>(line: &mut Line<S, D>, late: u64, ms: u64) {
    let (mut back, mut out): (Vec<(u64, Vec<u8>)>, _) = (Vec::new(), vec![0; S::FRAME_MAX]);
    for now in line.now..line.now + ms {
        if let Poll::Send(length) = line.session.poll(now, &mut out) {
            line.device.receive(&out[..length], now, &mut |bytes| back.push((now + late, bytes.to_vec())));
        }
        while back.first().is_some_and(|(due, _)| *due <= now) {
            line.session.receive(&back.remove(0).1, now);
        }
    }
    line.now += ms;
}

/// When something was sent from here on.
fn sent_since<S, D>(line: &Line<S, D>, at: u64) -> Vec<u64> {
    line.sent.iter().filter(|(sent, _)| *sent >= at).map(|(sent, _)| sent - at).collect()
}

const BUSY_RS: RehaStimFault = RehaStimFault::Reject(rs2::Kind::StopList, rs2::ResultCode::Busy);
const BUSY_P24: P24Fault = P24Fault::Reject(sm4::Kind::MidLevelStop, sm4::ResultCode::Busy);

/// REQ-HAL-447: a plug that is half out says something strange and then nothing: the first fault is the strange word, the
/// device goes on, and the end says so.
#[test]
fn a_strange_word_and_then_a_dead_cable() {
    let mut line = rehastim();
    let mut frame = [0; 69];
    let length = rs2::Packet { number: 1, command: 99, payload: &[] }.encode(&mut frame).unwrap();
    line.session.receive(&frame[..length], line.now);
    line.plugged = false;
    line.run(650);
    assert!(matches!(line.session.fault(), Some(rs2::Fault::Malformed(_))), "{:?}", line.session.fault());
    assert_eq!((line.session.phase(), line.session.stop_answer()), (rs2::Phase::Over, StopAnswer::None));
    assert!(line.device.start.is_some() && line.session.end().is_err());

    let mut line = p24();
    let mut frame = [0; sm4::Session::FRAME_MAX];
    let strange = sm4::Reply {
        number: 40,
        answer: sm4::Answer::To(sm4::Kind::Reset),
        result: sm4::ResultCode::Successful,
        body: sm4::Body::Empty,
    };
    let length = strange.encode(&mut frame).unwrap();
    line.session.receive(&frame[..length], line.now);
    line.plugged = false;
    line.run(800);
    assert!(
        matches!(line.session.fault(), Some(sm4::Fault::Unexpected { .. })),
        "{:?}",
        line.session.fault()
    );
    assert_eq!((line.session.phase(), line.session.stop_answer()), (sm4::Phase::Over, StopAnswer::None));
    assert!(line.device.active != 0 && line.session.end().is_err());
}

/// REQ-HAL-447: an answer is missed, and the stop that follows is taken: the device is off, and the end says so.
#[test]
fn a_missed_answer_and_then_a_stop_that_is_taken() {
    let mut line = rehastim();
    line.device.fault = Some(RehaStimFault::Silent);
    while line.session.fault().is_none() {
        line.step();
    }
    assert!(line.session.end().is_err(), "nothing gets through so far");
    line.device.fault = None;
    line.run(450);
    assert!(matches!(line.session.fault(), Some(rs2::Fault::NoReply { .. })));
    assert_eq!((line.session.stop_answer(), line.device.start), (StopAnswer::Taken, None));
    assert!(line.session.end().is_ok());

    let mut line = p24();
    line.device.fault = Some(P24Fault::Silent);
    while line.session.fault().is_none() {
        line.step();
    }
    assert!(line.session.end().is_err(), "nothing gets through so far");
    line.device.fault = None;
    line.run(550);
    assert!(matches!(line.session.fault(), Some(sm4::Fault::NoReply { .. })));
    assert_eq!((line.session.stop_answer(), line.device.active), (StopAnswer::Taken, 0));
    assert!(line.session.end().is_ok());
}

/// REQ-HAL-442: a device that is busy for a moment is asked again after it.
#[test]
fn a_device_that_is_busy_for_a_moment_stops() {
    let mut line = rehastim();
    line.device.fault = Some(BUSY_RS);
    let at = line.now;
    line.session.end().unwrap();
    line.run(20);
    line.device.fault = None;
    line.run(1_000);
    assert_eq!((line.device.start, sent_since(&line, at)), (None, vec![0, 50]));
    assert!(line.session.end().is_ok());

    let mut line = p24();
    line.device.fault = Some(BUSY_P24);
    let at = line.now;
    line.session.end().unwrap();
    line.run(20);
    line.device.fault = None;
    line.run(1_000);
    assert_eq!((line.device.active, sent_since(&line, at)), (0, vec![0, 50]));
    assert!(line.session.end().is_ok());
}

/// REQ-HAL-442, REQ-HAL-447: a device that refuses for good hears of it for as long as three answers take, then nothing, so
/// that its own time-out comes; the end says that it goes on.
#[test]
fn a_stop_that_is_refused_for_good_is_told() {
    let mut line = rehastim();
    line.device.fault = Some(BUSY_RS);
    let at = line.now;
    line.session.end().unwrap();
    line.run(601);
    assert_eq!(sent_since(&line, at), (0..600).step_by(50).collect::<Vec<_>>());
    assert_eq!((line.session.phase(), line.session.stop_answer()), (rs2::Phase::Over, StopAnswer::Refused));
    assert!(line.device.start.is_some() && line.session.end().is_err());
    line.run(1_201);
    assert!(line.device.timed_out && line.sent.last().unwrap().0 < at + 600);

    let mut line = p24();
    line.device.fault = Some(BUSY_P24);
    let at = line.now;
    line.session.end().unwrap();
    line.run(751);
    assert_eq!(sent_since(&line, at), (0..750).step_by(50).collect::<Vec<_>>());
    assert_eq!((line.session.phase(), line.session.stop_answer()), (sm4::Phase::Over, StopAnswer::Refused));
    assert!(line.device.active != 0 && line.session.end().is_err());
}

/// REQ-HAL-446: an answer to a stop counts when it is later than it may be, also to an earlier one and after the last.
#[test]
fn late_answers_to_stops_count() {
    for late in [250, 350, 900] {
        let mut line = rehastim();
        line.session.end().unwrap();
        run_late(&mut line, late, 1_500);
        assert_eq!((line.device.start, line.session.stop_answer()), (None, StopAnswer::Taken), "{late}");
        assert_eq!(line.session.fault().is_none(), late < 600, "{late}: {:?}", line.session.fault());
        assert!(line.session.end().is_ok(), "{late}");

        let mut line = p24();
        line.session.end().unwrap();
        run_late(&mut line, late + 50, 1_500);
        assert_eq!((line.device.active, line.session.stop_answer()), (0, StopAnswer::Taken), "{late}");
        assert_eq!(line.session.fault().is_none(), late < 600, "{late}: {:?}", line.session.fault());
        assert!(line.session.end().is_ok(), "{late}");
    }
}

/// REQ-HAL-446: what is said to another stop later does not undo one that was taken, and is no fault.
#[test]
fn a_stop_that_was_taken_stays_taken() {
    let mut line = rehastim();
    line.session.end().unwrap();
    line.plugged = false;
    line.run(250);
    let number = |back: usize| line.sent[line.sent.len() - 1 - back].1[5];
    let (first, second) = (number(1), number(0));
    let mut out = [0; 69];
    for (number, result) in [(second, rs2::ResultCode::Successful), (first, rs2::ResultCode::Busy)] {
        let length = rs2::Reply { number, said: rs2::Said::StopList(result) }.encode(&mut out).unwrap();
        line.session.receive(&out[..length], line.now);
        assert_eq!((line.session.stop_answer(), line.session.fault()), (StopAnswer::Taken, None));
    }
    assert!(line.is_over() && line.session.end().is_ok());
}

/// REQ-HAL-446: before a stop was sent nothing that is said is an answer to it.
#[test]
fn before_a_stop_nothing_is_its_answer() {
    for number in 0..=255 {
        let mut line = rehastim();
        let mut out = [0; 69];
        let said = rs2::Said::StopList(rs2::ResultCode::Successful);
        let length = rs2::Reply { number, said }.encode(&mut out).unwrap();
        line.session.receive(&out[..length], line.now);
        assert!(matches!(line.session.fault(), Some(rs2::Fault::Unexpected(_))), "{number}");
        assert_eq!(line.session.stop_answer(), StopAnswer::None, "{number}");
    }
}

/// REQ-HAL-447: where a device puts out no pulse more than was sent, its refusal of a stop leaves nothing on, and is told.
#[test]
fn what_repeats_nothing_is_off() {
    let low =
        sm4::Session::low_level(sm4::Timing::default(), sm4::Measurement::None, sm4::HighVoltage::Standard);
    let mut line = playing(low, SimP24::new(), &sm4::hardware(1).unwrap());
    line.device.fault = Some(P24Fault::Reject(sm4::Kind::LowLevelStop, sm4::ResultCode::Busy));
    line.session.end().unwrap();
    line.run(800);
    assert_eq!((line.session.phase(), line.session.stop_answer()), (sm4::Phase::Over, StopAnswer::Refused));
    assert!(line.session.end().is_ok());
}
