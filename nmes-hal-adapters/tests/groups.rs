//! Pulses in groups, channels that wait for one another, and the end of both, on simulated commercial stimulators.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;
mod stimulators;

use common::{channel, ms, setting};
use nmes_core::*;
use nmes_hal_adapters::sim::{FarEnd, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{
    DeviceOutput, Exchange, Field, Limit, PlayError, Plays, Poll, Refusal, Shared,
};
use nmes_hal_adapters::{Output, rehastim2 as rs2, sciencemode4 as sm4};
use nmes_safety::{Admitted, Checked, Event, Guard, UseClass};
use std::cell::RefCell;
use stimulators::Line;

const SET: (u32, u32) = (10_000, 250);

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn set() -> Setting {
    setting(SET.0, SET.1)
}

fn rehastim() -> rs2::Session {
    rs2::Session::new(rs2::Timing::default())
}

fn mid() -> sm4::Session {
    sm4::Session::mid_level(sm4::Timing::default())
}

fn low() -> sm4::Session {
    sm4::Session::low_level(sm4::Timing::default(), sm4::Measurement::None, sm4::HighVoltage::Standard)
}

/// Groups of so many at 20 Hz, so many microseconds from onset to onset.
fn group(count: u16, apart: u32) -> Channel<'static> {
    let ramp = Ramp { up: ms(500), down: ms(500), down_min: ms(500), ..Ramp::default() };
    let repeat = if count == 1 { Repeat::ONCE } else { Repeat { count, gap: us(apart - 2 * SET.1) } };
    let pulse = PulseShape { repeat, gap: Micros::ZERO, ..PulseShape::default() };
    Channel { pulse, ramp, rate: Rate::from_hz(20).unwrap(), ..channel(set()) }
}

fn checked_on<'a>(channels: &'a [Channel<'a>], hardware: &Hardware) -> Checked<'a> {
    let cycle = Schedule::Cyclic(Cycle { hold: ms(2_000), rest: ms(3_000) });
    let session = Session::new(channels, cycle, ms(20_000)).unwrap();
    let session = session.with_overlap(Overlap::Defer(us(20_000)));
    common::checked(&session, hardware, UseClass::Exercise)
}

/// The first pulse of a channel, admitted by a guard of its own.
fn admitted(checked: &Checked<'_>, channel: u8, play: impl FnOnce(&Admitted<'_>)) {
    admitted_at(checked, channel, set(), play);
}

fn admitted_at(checked: &Checked<'_>, channel: u8, level: Setting, play: impl FnOnce(&Admitted<'_>)) {
    let mut guard = Guard::new(checked, 0);
    for event in [Event::Passed, Event::Probe, Event::Contact] {
        guard.handle(0, event).unwrap();
    }
    let mut now = 0;
    for ua in (500..=SET.0).step_by(500) {
        while guard.set_level(now, channel, setting(ua, SET.1)).is_err() {
            now += 10_000;
        }
    }
    guard.keep_alive(now);
    let frame = checked.plan().frame(channel, level, now + 100).unwrap();
    play(guard.admit(now, &frame).unwrap());
}

fn refusal<F: std::fmt::Debug>(played: Result<(), PlayError<F>>) -> Option<(Field, i64, Limit)> {
    match played {
        Ok(()) => None,
        Err(PlayError::Refusal(Refusal { field, value, limit, .. })) => Some((field, value, limit)),
        Err(other) => panic!("{other:?}"),
    }
}

/// REQ-HAL-486: of a group neither another number of pulses nor another time between them is played than the plan has that was bound; it
/// is named by both, on either side.
#[test]
fn a_group_is_played_as_it_was_bound() {
    let hardware = rs2::hardware(1).unwrap();
    for (count, apart) in [(2, 5_000), (3, 5_000)] {
        let bound = [group(count, apart)];
        let bound = checked_on(&bound, &hardware);
        for (other, other_apart) in
            [(1, 5_000), (2, 5_000), (3, 5_000), (2, 4_500), (2, 5_500), (3, 4_500), (3, 5_500)]
        {
            let mut line = Line::new(rehastim(), SimRehaStim2::new());
            line.session.bind(bound.plan()).unwrap();
            line.run(20);
            let channels = [group(other, other_apart)];
            let checked = checked_on(&channels, &hardware);
            let expected = if other_apart != apart {
                Some((Field::PulseGap, i64::from(other_apart), Limit::Equal(i64::from(apart))))
            } else if other != count {
                Some((Field::Points, i64::from(other), Limit::Equal(i64::from(count))))
            } else {
                None
            };
            admitted(&checked, 0, |frame| {
                assert_eq!(refusal(line.session.play(frame)), expected, "{other} {other_apart}");
            });
            line.run(20);
            assert_eq!(line.device.start.is_some(), expected.is_none());
        }
    }
}

/// REQ-HAL-486: channels of a list have one time between the pulses of their groups; single pulses go with any.
#[test]
fn groups_of_a_list_have_one_gap() {
    let hardware = rs2::hardware(2).unwrap();
    let bind = |pair: [Channel<'_>; 2]| rehastim().bind(checked_on(&pair, &hardware).plan()).err();
    for (pair, apart) in [([2, 3], 5_000), ([1, 3], 5_500), ([2, 1], 5_500), ([1, 1], 5_500)] {
        assert_eq!(bind([group(pair[0], 5_000.max(apart)), group(pair[1], apart)]), None, "{pair:?}");
    }
    for pair in [[2, 2], [2, 3], [3, 2]] {
        for (first, second) in [(5_000, 5_500), (5_500, 5_000)] {
            let found = bind([group(pair[0], first), group(pair[1], second)]).unwrap();
            let expected = (Field::PulseGap, i64::from(second), Limit::Equal(i64::from(first)));
            assert_eq!((found.field, found.value, found.limit), expected, "{pair:?}");
        }
    }
}

/// REQ-HAL-486: a group whose width may move is refused by the other width that it may have; a single pulse may be of any.
#[test]
fn the_width_of_a_group_stays() {
    let hardware = rs2::hardware(1).unwrap();
    let bind = |channel: Channel<'_>| rehastim().bind(checked_on(&[channel], &hardware).plan()).err();
    let by_width = |floor| Ramp { control: Control::Width, floor, ..group(1, 0).ramp };
    let wider = setting(SET.0, 300);
    for count in [1, 2, 3] {
        let own = group(count, 5_000);
        assert_eq!(bind(own), None, "{count}");
        for (moves, other) in [
            (Channel { ceiling: wider, ..own }, 300),
            (Channel { ramp: by_width(0), ..own }, 0),
            (Channel { ramp: by_width(100), ..own }, 100),
        ] {
            let found = bind(moves);
            let expected = (count > 1).then_some((Field::Width, other, Limit::Equal(250)));
            assert_eq!(found.map(|why| (why.field, why.value, why.limit)), expected, "{count} {other}");
        }
    }
}

/// REQ-HAL-487: pulses of several channels that wait for the link go out in the order in which they were begun, each is waited for, and
/// none is on its way twice.
#[test]
fn pulses_go_out_in_their_order() {
    let hardware = sm4::hardware(4).unwrap();
    let channels = [group(1, 0); 4];
    let checked = checked_on(&channels, &hardware);
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let mut line = Line::new(low(), SimP24::new());
        line.session.bind(checked.plan()).unwrap();
        line.run(20);
        for channel in order {
            assert_eq!(line.session.is_behind(), channel != order[0]);
            admitted(&checked, channel, |frame| line.session.play(frame).unwrap());
        }
        let before = line.sent.len();
        for left in (0..4).rev() {
            assert!(line.session.is_behind());
            line.step();
            assert_eq!(line.session.is_behind(), left > 0, "{order:?} {left}");
        }
        let sent = line.sent[before..].iter().map(|(_, frame)| {
            let mut decoder: sm4::Decoder = sm4::Decoder::new();
            let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
            match sm4::Command::decode(&sm4::Packet::new(&body).unwrap()).unwrap() {
                sm4::Command::LowLevelChannel(config) => config.channel.code(),
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(sent.collect::<Vec<_>>(), order);
    }
}

/// A device that plays the first of its channels, and its output.
fn playing<S: Plays, D: FarEnd>(
    (session, device): (S, D),
    hardware: &Hardware,
    act: impl FnOnce(&mut Line<Shared<'_, S>, D>, &mut DeviceOutput<'_, S>, &RefCell<S>),
) {
    let channels = [group(1, 0)];
    let checked = checked_on(&channels, hardware);
    let cell = RefCell::new(session);
    let mut output = DeviceOutput::bind(&cell, checked.plan()).unwrap();
    let mut line = Line::new(Shared(&cell), device);
    line.run(20);
    admitted(&checked, 0, |frame| output.begin(frame).unwrap());
    line.run(20);
    act(&mut line, &mut output, &cell);
}

/// REQ-HAL-447: while a stop may still be answered, and the link is said to be gone, the end is an error; where nothing was played there
/// is nothing to end, whatever happened to the link.
#[test]
fn a_link_that_is_gone_is_told_at_the_end() {
    playing((rehastim(), SimRehaStim2::new()), &rs2::hardware(1).unwrap(), |_, output, cell| {
        cell.borrow_mut().lost(40);
        assert_eq!(cell.borrow().phase(), rs2::Phase::Stopping);
        assert_eq!(output.off(), Err(PlayError::Ended(Some(rs2::Fault::Lost))));
    });
    playing((mid(), SimP24::new()), &sm4::hardware(1).unwrap(), |_, output, cell| {
        cell.borrow_mut().lost(40);
        assert_eq!(cell.borrow().phase(), sm4::Phase::Stopping);
        assert_eq!(output.off(), Err(PlayError::Ended(Some(sm4::Fault::Lost))));
    });
    let channels = [group(1, 0)];
    let list = checked_on(&channels, &rs2::hardware(1).unwrap());
    let (mut session, mut out) = (rehastim(), vec![0; 2_000]);
    session.bind(list.plan()).unwrap();
    session.lost(0);
    assert_eq!(session.end(), Ok(()));
    session.lost(0);
    assert_eq!((session.poll(0, &mut out), session.end()), (Poll::Over, Ok(())));
    let trains = checked_on(&channels, &sm4::hardware(1).unwrap());
    let mut session = mid();
    session.bind(trains.plan()).unwrap();
    session.lost(0);
    assert_eq!(session.end(), Ok(()));
    session.lost(0);
    assert_eq!((session.poll(0, &mut out), session.end()), (Poll::Over, Ok(())));
}

/// REQ-HAL-488: a frame that the device is not told stops what it was told before; after a fault of the device each edge says so.
#[test]
fn a_refused_frame_stops_the_device() {
    let hardware = rs2::hardware(1).unwrap();
    playing((rehastim(), SimRehaStim2::new()), &hardware, |line, output, _| {
        let channels = [group(2, 5_000)];
        let other = checked_on(&channels, &hardware);
        assert!(line.device.start.is_some());
        admitted(&other, 0, |frame| assert!(matches!(output.begin(frame), Err(PlayError::Refusal(_)))));
        line.run(5);
        assert_eq!((line.device.start, line.device.stops), (None, 1));
    });
    let own = sm4::hardware(1).unwrap();
    playing((mid(), SimP24::new()), &own, |line, output, _| {
        let channels = [group(2, 5_000)];
        let other = checked_on(&channels, &own);
        assert_eq!((line.device.active, output.apply(&[])), (1, Ok(())));
        admitted(&other, 0, |frame| assert!(matches!(output.begin(frame), Err(PlayError::Refusal(_)))));
        line.run(5);
        assert_eq!((line.device.active, line.device.stops), (0, 1));
    });
    playing((rehastim(), SimRehaStim2::new()), &hardware, |line, output, cell| {
        assert_eq!(output.apply(&[]), Ok(()));
        line.device.fault = Some(nmes_hal_adapters::sim::RehaStimFault::Silent);
        line.run(1_000);
        let fault = cell.borrow().fault();
        assert!(fault.is_some());
        assert_eq!(output.apply(&[]), Err(PlayError::Ended(fault)));
    });
}

/// REQ-HAL-488: a conversation that is in use when its driver asks is asked again at once, and not taken to be over; nothing of what is
/// said to it meanwhile is taken.
#[test]
fn a_conversation_in_use_is_asked_again() {
    let cell = RefCell::new(mid());
    let mut shared = Shared(&cell);
    let mut out = [0; sm4::Session::FRAME_MAX];
    {
        let _in_use = cell.borrow_mut();
        assert_eq!(shared.poll(7, &mut out), Poll::Wait(7));
        shared.stop();
        shared.lost(7);
        shared.receive(&[1; 9_000], 7);
    }
    assert_eq!((cell.borrow().phase(), cell.borrow().fault()), (sm4::Phase::Opening, None));
    assert!(matches!(shared.poll(7, &mut out), Poll::Send(_)));
}

/// REQ-HAL-487: while a list is prepared the newest of each channel waits for its start: one that rests meanwhile is not started, and a
/// weaker pulse is started at once, in place of the one before it.
#[test]
fn what_changes_before_the_start_is_started() {
    let hardware = rs2::hardware(2).unwrap();
    let channels = [group(1, 0); 2];
    let checked = checked_on(&channels, &hardware);
    let mut line = Line::new(rehastim(), SimRehaStim2::new());
    line.session.bind(checked.plan()).unwrap();
    line.run(20);
    for channel in [0, 1] {
        admitted(&checked, channel, |frame| line.session.play(frame).unwrap());
    }
    let (mut out, mut answer) = ([0; 69], Vec::new());
    let Poll::Send(length) = line.session.poll(line.now, &mut out) else { panic!("nothing is sent") };
    line.device.receive(&out[..length], line.now, &mut |bytes| answer.extend_from_slice(bytes));
    assert!(line.device.list.is_some() && !answer.is_empty());
    assert!(matches!(line.session.poll(line.now, &mut out), Poll::Wait(_)));
    line.session.rest(1);
    assert!(matches!(line.session.poll(line.now, &mut out), Poll::Wait(_)));
    line.session.receive(&answer, line.now);
    let before = line.sent.len();
    for _ in 0..100 {
        line.step();
        let started = line.device.start.map(|start| start.as_slice().to_vec());
        let expected = vec![rs2::Pulse::new(250, 10_000, rs2::Count::Single).unwrap(), rs2::Pulse::OFF];
        assert!(started.is_none_or(|pulses| pulses == expected));
    }
    assert_eq!((line.device.start.is_some(), line.sent.len()), (true, before + 1));
}

/// REQ-HAL-486: a list takes groups up to the end of its period, gaps of 2,000 to 129,000 µs, and seven periods to be left out; one step
/// beyond each is refused by that limit.
#[test]
fn a_list_has_its_limits() {
    let list = |period, gap| rs2::List::new(1, period).unwrap().with_gap(gap);
    for (gap, limit) in [
        (2_000, None),
        (129_000, None),
        (1_500, Some(Limit::AtLeast(2_000))),
        (129_500, Some(Limit::AtMost(129_000))),
    ] {
        let found = list(1_000_000, gap).err().map(|why| (why.field, why.value, why.limit));
        assert_eq!(found, limit.map(|limit| (Field::PulseGap, i64::from(gap), limit)));
    }
    let factor = |factor| rs2::List::new(1, 25_000).unwrap().with_low_frequency(1, factor);
    assert!(factor(7).is_ok());
    assert_eq!(factor(8).unwrap_err().limit, Limit::AtMost(7));
    for (count, group) in
        [(rs2::Count::Single, 0), (rs2::Count::Doublet, 5_000), (rs2::Count::Triplet, 10_000)]
    {
        for period in [8_000, 9_500, 10_000, 10_500] {
            let list = list(period, 5_000).unwrap();
            let found = rs2::Start::new(&list, &[rs2::Pulse::new(250, 10_000, count).unwrap()]).err();
            let expected = (group >= period).then_some((group.into(), Limit::AtMost(i64::from(period) - 1)));
            assert_eq!(found.map(|why| (why.value, why.limit)), expected, "{count:?} {period}");
        }
    }
}

/// REQ-HAL-343: the train of a P24 may keep the source busy for 999,000 µs of a second, its 60 µs with it, and not for longer.
#[test]
fn a_train_is_busy_so_long() {
    let point = |us| sm4::Point::new(us, 0).unwrap();
    // 64,875 µs and 60, of 65,000
    for (last, busy) in [(3_450, None), (3_451, Some((999_016, Limit::AtMost(999_000))))] {
        let mut points = [point(4_095); 16];
        points[15] = point(last);
        let train = sm4::Train::new(65_000, 0, sm4::Points::new(&points).unwrap());
        assert_eq!(train.err().map(|why| (why.value, why.limit)), busy);
    }
}

/// REQ-APP-322: of two pulses of a channel of which one goes out, the other is still told as one that did not.
#[test]
fn the_second_of_two_is_unsent() {
    let hardware = sm4::hardware(1).unwrap();
    let channels = [group(1, 0)];
    let checked = checked_on(&channels, &hardware);
    let mut line = Line::new(low(), SimP24::new());
    line.session.bind(checked.plan()).unwrap();
    line.run(20);
    let (mut out, mut answers) = (vec![0; sm4::Session::FRAME_MAX], Vec::new());
    // the first is on its way, the second is next, the third waits
    for _ in 0..3 {
        admitted(&checked, 0, |frame| line.session.play(frame).unwrap());
        if let Poll::Send(length) = line.session.poll(line.now, &mut out) {
            line.device.receive(&out[..length], line.now, &mut |bytes| answers.extend_from_slice(bytes));
        }
    }
    for left in [true, false] {
        assert!(line.session.unsent(0).is_some());
        line.session.receive(&std::mem::take(&mut answers), line.now);
        let Poll::Send(length) = line.session.poll(line.now, &mut out) else { panic!("nothing is sent") };
        line.device.receive(&out[..length], line.now, &mut |bytes| answers.extend_from_slice(bytes));
        assert_eq!(line.session.unsent(0).is_some(), left);
    }
    assert_eq!(line.device.pulses, 3);
}

/// REQ-HAL-488: a group at a width of its own, which the device could only give at another time between its pulses, is refused by that
/// time and stops the device; at the width of the session any level goes.
#[test]
fn a_group_of_another_width_is_a_stop() {
    let hardware = rs2::hardware(1).unwrap();
    let channels = [group(2, 5_000)];
    let checked = checked_on(&channels, &hardware);
    for (level, refused) in [(setting(8_000, 250), None), (setting(10_000, 200), Some(4_900))] {
        let cell = RefCell::new(rehastim());
        let mut output = DeviceOutput::bind(&cell, checked.plan()).unwrap();
        let mut line = Line::new(Shared(&cell), SimRehaStim2::new());
        line.run(20);
        admitted(&checked, 0, |frame| output.begin(frame).unwrap());
        line.run(20);
        let mut told = None;
        admitted_at(&checked, 0, level, |frame| told = refusal(output.begin(frame)));
        let expected = refused.map(|apart| (Field::PulseGap, apart, Limit::Equal(5_000)));
        line.run(20);
        assert_eq!((told, line.device.start.is_some()), (expected, expected.is_none()));
    }
}

/// REQ-HAL-487: each of the eight channels of a P24 has a socket of its own.
#[test]
fn each_channel_has_its_socket() {
    let hardware = sm4::hardware(8).unwrap();
    let channels = [group(1, 0); 8];
    let checked = checked_on(&channels, &hardware);
    for channel in 0..8_u8 {
        let mut line = Line::new(low(), SimP24::new());
        line.session.bind(checked.plan()).unwrap();
        line.run(20);
        admitted(&checked, channel, |frame| line.session.play(frame).unwrap());
        line.step();
        let mut decoder: sm4::Decoder = sm4::Decoder::new();
        let frame = &line.sent.last().unwrap().1;
        let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
        let command = sm4::Command::decode(&sm4::Packet::new(&body).unwrap()).unwrap();
        let sm4::Command::LowLevelChannel(config) = command else { panic!("{command:?}") };
        let connector = if channel < 4 { sm4::Connector::Yellow } else { sm4::Connector::Green };
        assert_eq!((config.connector, config.channel.code()), (connector, channel % 4));
    }
}

/// One pulse of 40 codes of the first phase, 10 times a second, so shaped.
fn shaped(pulse: PulseShape<'static>, width: u32, ua: u32) -> [Channel<'static>; 1] {
    let set = setting(ua, width);
    [Channel { pulse, set, ceiling: set, rate: Rate::from_hz(10).unwrap(), ..group(1, 0) }]
}

fn on_plan<T>(channels: &[Channel<'_>], hardware: &Hardware, look: impl FnOnce(&Plan<'_>) -> T) -> T {
    let session = Session::new(channels, Schedule::Continuous, ms(10_000)).unwrap();
    look(&Plan::compile(&session, hardware).unwrap())
}

/// REQ-HAL-343: sixteen points are taken, with the one that a weaker pulse may need, and not one more; a phase is as few points as it can
/// be.
#[test]
fn a_pulse_has_sixteen_points() {
    let hardware = sm4::hardware(1).unwrap();
    let balance = Balance::Asymmetric { length_percent: 200 };
    // five points, ten, one more at another level
    for (gap, refused) in [(0, None), (100, Some((Field::Points, 17, Limit::AtMost(16))))] {
        let pulse = PulseShape { balance, gap: us(gap), ..PulseShape::default() };
        let found = on_plan(&shaped(pulse, 20_475, 20_000), &hardware, |plan| low().bind(plan).err());
        assert_eq!(found.map(|why| (why.field, why.value, why.limit)), refused, "{gap}");
    }
    for (width, points) in [(4_094, 2), (4_095, 2), (4_096, 4), (8_190, 4), (8_191, 6)] {
        let pulse = PulseShape { gap: Micros::ZERO, ..PulseShape::default() };
        let made = on_plan(&shaped(pulse, width, 20_000), &hardware, |plan| {
            let frame = plan.frame(0, setting(20_000, width), 0).unwrap();
            sm4::Points::of(&frame).unwrap().as_slice().len()
        });
        assert_eq!(made, points, "{width}");
    }
}

const fn point(permille: i16) -> Point {
    let Some(width) = Micros::from_micros(50) else { panic!("a width") };
    Point { permille, width }
}

/// There and back, and there and back again.
const TWICE: [Point; 4] = [point(1_000), point(-1_000), point(1_000), point(-1_000)];

/// REQ-HAL-342: of a frame of any other form than a phase and its mirror image no pulse of a RehaStim 2 is made.
#[test]
fn only_mirrored_phases_are_pulses_of_a_list() {
    let hardware = rs2::hardware(1).unwrap();
    let list = rs2::List::new(1, 100_000).unwrap();
    let of = |pulse| {
        on_plan(&shaped(pulse, 200, 20_000), &hardware, |plan| {
            let frame = plan.frame(0, setting(20_000, 200), 0).unwrap();
            rs2::Pulse::of(&frame, &list).err().map(|why| why.field)
        })
    };
    let plain = PulseShape { gap: Micros::ZERO, ..PulseShape::default() };
    assert_eq!(of(plain), None);
    for wrong in [
        PulseShape { gap: us(100), ..plain },
        PulseShape { form: Form::Triphasic { outer_percent: 50 }, ..plain },
        PulseShape { balance: Balance::Asymmetric { length_percent: 200 }, ..plain },
        PulseShape { form: Form::Points(&TWICE), ..plain },
    ] {
        assert_eq!(of(wrong), Some(Field::Form), "{wrong:?}");
    }
}
