//! What a stimulator is never told: more than its plan has on that channel, and more than all channels may have together.
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
use nmes_hal_adapters::sim::{FarEnd, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{DeviceOutput, Field, Limit, PlayError, Plays, Refusal, Shared};
use nmes_hal_adapters::{Output, rehastim2 as rs2, sciencemode4 as sm4};
use nmes_safety::{Admitted, Checked, Event, Guard, UseClass};
use std::cell::RefCell;
use stimulators::Line;

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn low() -> sm4::Session {
    sm4::Session::low_level(sm4::Timing::default(), sm4::Measurement::None, sm4::HighVoltage::Standard)
}

/// Channels of these settings, so many microseconds after one another.
fn channels(hz: u32, apart: u32, sets: &[Setting]) -> Vec<Channel<'static>> {
    let ramp = Ramp { up: ms(500), down: ms(500), down_min: ms(500), ..Ramp::default() };
    let (pulse, rate) = (PulseShape::default(), Rate::from_hz(hz).unwrap());
    (0..)
        .zip(sets)
        .map(|(i, &set)| Channel { pulse, ramp, rate, offset: us(i * apart), ..channel(set) })
        .collect()
}

fn cyclic() -> Schedule<'static> {
    Schedule::Cyclic(Cycle { hold: ms(2_000), rest: ms(3_000) })
}

fn checked_on<'a>(channels: &'a [Channel<'a>], hardware: &Hardware) -> Checked<'a> {
    common::checked(&Session::new(channels, cyclic(), ms(20_000)).unwrap(), hardware, UseClass::Exercise)
}

/// The first pulse of a channel, admitted by a guard of its own.
fn admitted(checked: &Checked<'_>, channel: u8, set: Setting, play: impl FnOnce(&Admitted<'_>)) {
    let mut guard = Guard::new(checked, 0);
    for event in [Event::Passed, Event::Probe, Event::Contact] {
        guard.handle(0, event).unwrap();
    }
    let mut now = 0;
    for ua in (500..=set.amplitude.as_microamps()).step_by(500) {
        while guard.set_level(now, channel, setting(ua, set.width.as_micros())).is_err() {
            now += 10_000;
        }
    }
    guard.keep_alive(now);
    let frame = checked.plan().frame(channel, set, now + 100).unwrap();
    play(guard.admit(now, &frame).unwrap());
}

/// Binds a plan of a strong and a weak channel, and plays pulses of the second one that another plan may have.
fn beyond<S: Plays, D: FarEnd>(session: S, device: D, hardware: &Hardware, apart: u32) {
    let (strong, weak) = (setting(20_000, 300), setting(10_000, 250));
    let (mut bound, other) = (channels(40, apart, &[strong, weak]), channels(40, apart, &[strong, strong]));
    // what it ever has is the ceiling
    bound[1].set = setting(8_000, 250);
    let (bound, other) = (checked_on(&bound, hardware), checked_on(&other, hardware));
    let mut line = Line::new(session, device);
    line.session.bind(bound.plan()).unwrap();
    line.run(600);
    assert!(line.session.is_ready());
    for (set, field) in [
        (setting(12_000, 250), Some(Field::Current)),
        (setting(10_000, 260), Some(Field::Width)),
        (weak, None),
    ] {
        admitted(&other, 1, set, |frame| {
            let refused = match line.session.play(frame) {
                Ok(()) => None,
                Err(PlayError::Refusal(Refusal { field, .. })) => Some(field),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(refused, field, "{set:?}");
        });
    }
}

/// REQ-HAL-401: a frame above what the plan ever has on its own channel is not played, in current or in width, although another
/// channel of the plan has as much.
#[test]
fn a_frame_is_held_against_its_own_channel() {
    beyond(rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new(), &rs2::hardware(2).unwrap(), 0);
    beyond(low(), SimP24::new(), &sm4::hardware(2).unwrap(), 3_000);
}

/// REQ-HAL-347: a list is started once for a pulse, however often that pulse is played and answered.
#[test]
fn a_pulse_is_told_once() {
    let each = channels(40, 0, &[setting(20_000, 300)]);
    let checked = checked_on(&each, &rs2::hardware(1).unwrap());
    let mut line = Line::new(rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new());
    line.session.bind(checked.plan()).unwrap();
    line.run(600);
    let is_start = |frame: &[u8]| {
        let mut decoder: rs2::Decoder = rs2::Decoder::new();
        let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
        let command = rs2::Command::decode(&rs2::Packet::new(&body).unwrap()).unwrap();
        matches!(command, rs2::Command::StartList(_))
    };
    for (ua, starts) in [(20_000, 1), (20_000, 1), (10_000, 2), (20_000, 3)] {
        admitted(&checked, 0, setting(ua, 300), |frame| line.session.play(frame).unwrap());
        line.run(500);
        assert_eq!(line.sent.iter().filter(|(_, frame)| is_start(frame)).count(), starts);
    }
}

/// Whether the device gives pulses after `channel_off` of a channel was asked for while the first of two was on.
fn gives_after<S: Plays, D: FarEnd>(
    (session, device): (S, D),
    hardware: &Hardware,
    channel: u8,
    gives: impl Fn(&D) -> bool,
) -> (Result<(), PlayError<S::Fault>>, bool) {
    let set = setting(10_000, 250);
    let channels = channels(40, 0, &[set, set]);
    let checked = checked_on(&channels, hardware);
    let cell = RefCell::new(session);
    let mut output = DeviceOutput::bind(&cell, checked.plan()).unwrap();
    let mut line = Line::new(Shared(&cell), device);
    line.run(600);
    admitted(&checked, 0, set, |frame| output.begin(frame).unwrap());
    line.run(100);
    assert!(gives(&line.device));
    let told = output.channel_off(channel);
    line.run(20);
    (told, gives(&line.device))
}

/// REQ-HAL-480: `channel_off` of a channel that the hardware has not is an error, and stops the device; one that it has and that rests
/// leaves the others on.
#[test]
fn a_channel_that_is_not_there_stops_the_device() {
    for (channel, is_there, goes_on) in
        [(0, true, false), (1, true, true), (2, false, false), (255, false, false)]
    {
        let list = (rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new());
        let on = |device: &SimRehaStim2| device.start.is_some_and(|start| start.active() > 0);
        let (told, gives) = gives_after(list, &rs2::hardware(2).unwrap(), channel, on);
        let expected = if is_there { Ok(()) } else { Err(PlayError::NoChannel { channel }) };
        assert_eq!((told, gives), (expected, goes_on), "{channel}");
        let mid = (sm4::Session::mid_level(sm4::Timing::default()), SimP24::new());
        let own = Hardware::new(
            *sm4::hardware(2).unwrap().timing(),
            &[ChannelHardware::symmetric(500_000, -260, 260); 2],
            0,
        );
        let (told, gives) = gives_after(mid, &own.unwrap(), channel, |device| device.active != 0);
        let expected = if is_there { Ok(()) } else { Err(PlayError::NoChannel { channel }) };
        assert_eq!((told, gives), (expected, goes_on), "{channel}");
    }
    let none: PlayError<rs2::Fault> = PlayError::NoChannel { channel: 2 };
    assert_eq!(none.to_string(), "the output has no channel 2");
}

/// REQ-HAL-343: the one source of a P24 may be busy for 999,000 µs in a second, with 60 µs for each pulse beside it, and not for one more.
#[test]
fn a_source_is_busy_so_long() {
    let busy = |millihertz| {
        let pulse = PulseShape { gap: us(123), ..PulseShape::default() };
        let rate = Rate::from_millihertz(millihertz).unwrap();
        let each = [Channel { pulse, rate, ..channel(setting(10_000, 400)) }];
        bound_to(&mut low(), &each).map(|why| (why.field, why.value, why.limit))
    };
    // 939 µs at the longest and 60, a thousand times; that there are more than 500 a second is looked at after it
    assert_eq!(busy(1_000_000), Some((Field::Rate, 1_000_000, Limit::AtMost(500_000))));
    assert_eq!(busy(1_000_002), Some((Field::Busy, 999_001, Limit::AtMost(999_000))));
}

fn bound_to(session: &mut impl Plays, channels: &[Channel<'_>]) -> Option<Refusal> {
    let hardware = sm4::hardware(channels.len()).unwrap();
    let plan = Session::new(channels, cyclic(), ms(20_000)).unwrap().with_overlap(Overlap::Defer(us(9_000)));
    session.bind(&Plan::compile(&plan, &hardware).unwrap()).err()
}

/// REQ-HAL-343: pulses a second, and the time that pulses take, are those of all channels together.
#[test]
fn all_channels_together_are_bounded() {
    let set = setting(10_000, 250);
    assert_eq!(bound_to(&mut low(), &channels(100, 1_500, &[set; 5])), None);
    let refused = bound_to(&mut low(), &channels(100, 1_500, &[set; 6])).unwrap();
    assert_eq!((refused.field, refused.value, refused.limit), (Field::Rate, 600_000, Limit::AtMost(500_000)));
    let mid = || sm4::Session::mid_level(sm4::Timing::default());
    let long = setting(10_000, 1_600);
    assert_eq!(bound_to(&mut mid(), &channels(100, 0, &[long; 3])), None);
    let longer = setting(10_000, 1_640);
    let refused = bound_to(&mut mid(), &channels(100, 0, &[longer; 3])).unwrap();
    assert_eq!((refused.field, refused.limit), (Field::Busy, Limit::AtMost(999_000)));
}

/// REQ-HAL-390: what goes on after a lost link is counted channel by channel, at the ceiling of each.
#[test]
fn what_goes_on_is_of_each_channel_at_its_ceiling() {
    let mut each = channels(40, 0, &[setting(20_000, 300), setting(10_000, 250)]);
    each[0].ceiling = setting(30_000, 300);
    each[1].pulse.repeat = Repeat { count: 2, gap: us(5_000) };
    let session = Session::new(&each, cyclic(), ms(20_000)).unwrap();
    let plan = Plan::compile(&session, &rs2::hardware(2).unwrap()).unwrap();
    let told = rs2::Session::new(rs2::Timing::default()).run_on(&plan).unwrap();
    // 1.2 s at 40 Hz, and one at the start; two of each of the second channel's
    assert_eq!((told.time_ms, told.pulses), (1_200, 49 + 2 * 49));
    assert_eq!(told.charge_pc, 49 * (30_000 * 300 + 2 * 10_000 * 250));
}

/// REQ-HAL-343: the record of a plan's hardware is the device's, on every channel and in both directions, and late by nothing; the rate
/// of a stage is the channel's own.
#[test]
fn another_hardware_is_not_bound() {
    let own = rs2::hardware(2).unwrap();
    let bind = |hardware: &Hardware, schedule: Schedule<'_>| {
        let each = channels(40, 0, &[setting(20_000, 300); 2]);
        let session = Session::new(&each, schedule, ms(20_000)).unwrap();
        let plan = Plan::compile(&session, hardware).unwrap();
        rs2::Session::new(rs2::Timing::default()).bind(&plan).err().map(|refusal| refusal.field)
    };
    assert_eq!(bind(&own, cyclic()), None);
    let table = [*own.channel(0).unwrap(); 2];
    let with = |timing, channels: &[ChannelHardware]| Hardware::new(timing, channels, 0).unwrap();
    // an offset goes only with a rest that is open
    let open = HardwareTiming { gap_rest: Rest::Open, pulse_rest: Rest::Open, ..*own.timing() };
    for channel in 0..2 {
        for change in [
            |channel: &mut ChannelHardware| channel.na_per_code_positive += 100_000,
            |channel: &mut ChannelHardware| channel.na_per_code_negative += 100_000,
            |channel: &mut ChannelHardware| channel.offset_na = 1_000,
        ] {
            let mut changed = table;
            change(&mut changed[channel]);
            assert_eq!(bind(&with(open, &changed), cyclic()), Some(Field::Code), "{changed:?}");
        }
    }
    let late = HardwareTiming { late_max_ticks: 20, ..*own.timing() };
    assert_eq!(bind(&with(late, &table), cyclic()), Some(Field::Late));
    let cycle = Cycle { hold: ms(2_000), rest: ms(3_000) };
    for (hz, field) in [(40, None), (20, Some(Field::Rate))] {
        let rate = Some(Rate::from_hz(hz).unwrap());
        let stages = [
            Stage { cycle, repeats: 1, level_permille: 1_000, rate: None },
            Stage { cycle, repeats: 1, level_permille: 1_000, rate },
        ];
        assert_eq!(bind(&own, Schedule::Program(&stages)), field, "{hz}");
    }
}
