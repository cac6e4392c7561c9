//! Stimulators that repeat pulses by themselves: a host that is late, and a plan that the device was not told of.
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
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use nmes_core::*;
use nmes_hal_adapters::sim::{FarEnd, FaultyOutput, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{DeviceOutput, PlayError, Plays, Poll};
use nmes_hal_adapters::{
    Alarm, ArmRefusal, Cause, Late, MarkerMode, NoSense, OneShot, Output, PacedAlarm, PacedClock, PinSupply,
    PinSync, Powered, PulseEnable, Stimulator, Stopped, Synced, rehastim2 as rs2, sciencemode4 as sm4,
};
use nmes_safety::{Checked, Event, Guard, State, UseClass};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use stimulators::Line;

/// As `nmes run` has it.
const AWAY_MAX_US: u32 = 50_000;

/// One channel at a rate; 5 s of contraction and 5 s of rest between ramps of half a second.
fn channels(hz: u32, set: Setting) -> [Channel<'static>; 1] {
    let ramp = Ramp { up: ms(500), down: ms(500), down_min: ms(500), ..Ramp::default() };
    let pulse = PulseShape { gap: Micros::ZERO, ..PulseShape::default() };
    [Channel { pulse, ramp, rate: Rate::from_hz(hz).unwrap(), ..channel(set) }]
}

fn checked_on<'a>(channels: &'a [Channel<'a>], hardware: &Hardware) -> Checked<'a> {
    let cycle = Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(5_000) });
    common::checked(&Session::new(channels, cycle, ms(60_000)).unwrap(), hardware, UseClass::Exercise)
}

/// Whether a simulated device puts pulses out now.
trait Repeats: FarEnd {
    fn is_on(&self) -> bool;
}

impl Repeats for SimRehaStim2 {
    fn is_on(&self) -> bool {
        self.start.is_some_and(|start| start.active() > 0)
    }
}

impl Repeats for SimP24 {
    fn is_on(&self) -> bool {
        self.active != 0
    }
}

/// A host that looks at its clock every so often, and a device that runs all the time.
struct Road<'r, S: Plays, D> {
    stim: Stimulator<'r, DeviceOutput<'r, S>, PacedAlarm<'r>, NoSense>,
    clock: &'r PacedClock,
    session: &'r RefCell<S>,
    device: D,
    now_us: u64,
    turn_at: u64,
    tick_at: u64,
    /// How long the device takes for an answer, and the answers that are under way.
    answers_us: u64,
    answers: VecDeque<(u64, Vec<u8>)>,
    on_us: u64,
    longest_on_us: u64,
}

impl<S: Plays, D: Repeats> Road<'_, S, D> {
    /// Until then, in steps of 100 µs; the host comes every `turn` of them.
    fn run(&mut self, until_us: u64, turn_us: u64) -> Result<(), Stopped> {
        self.turn_at = self.turn_at.min(self.now_us + turn_us);
        while self.now_us < until_us {
            self.now_us += 100;
            let (due, answers) = (self.now_us + self.answers_us, &mut self.answers);
            self.device.tick(self.now_us / 1_000, &mut |bytes| answers.push_back((due, bytes.to_vec())));
            if self.now_us >= self.turn_at {
                self.turn_at = self.now_us + turn_us;
                let went = self.turn();
                self.talk();
                went?;
            }
            self.on_us = if self.device.is_on() { self.on_us + 100 } else { 0 };
            self.longest_on_us = self.longest_on_us.max(self.on_us);
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<(), Stopped> {
        let host = self.now_us;
        while self.clock.turn(host, self.session.borrow().is_behind()) {
            self.stim.on_alarm()?;
        }
        if host >= self.tick_at {
            self.tick_at = host + 5_000;
            self.stim.keep_alive();
            self.stim.on_tick()?;
        }
        Ok(())
    }

    /// What has come back, and what is to be sent.
    fn talk(&mut self) {
        let (now, mut out) = (self.now_us / 1_000, vec![0; S::FRAME_MAX]);
        for _ in 0..8 {
            while self.answers.front().is_some_and(|(due, _)| *due <= self.now_us) {
                let (_, bytes) = self.answers.pop_front().unwrap();
                self.session.borrow_mut().receive(&bytes, now);
            }
            let Poll::Send(length) = self.session.borrow_mut().poll(now, &mut out) else { break };
            let (due, answers) = (self.now_us + self.answers_us, &mut self.answers);
            self.device.receive(&out[..length], now, &mut |bytes| answers.push_back((due, bytes.to_vec())));
        }
    }
}

/// Opens, arms, raises and starts, with a host that is never late.
fn started<'r, S: Plays, D: Repeats>(
    session: &'r RefCell<S>,
    device: D,
    checked: &'r Checked<'r>,
    states: &'r mut [ChannelState],
    clock: &'r PacedClock,
) -> Road<'r, S, D> {
    let output = DeviceOutput::bind(session, checked.plan()).unwrap();
    let stim = Stimulator::arm(checked, states, output, clock.alarm(), NoSense).unwrap();
    let (answers_us, answers) = (0, VecDeque::new());
    let (now_us, turn_at, tick_at, on_us, longest_on_us) = (0, 0, 0, 0, 0);
    let mut road = Road {
        stim,
        clock,
        session,
        device,
        now_us,
        turn_at,
        tick_at,
        answers_us,
        answers,
        on_us,
        longest_on_us,
    };
    road.run(1_000_000, 500).unwrap();
    assert!(session.borrow().is_ready());
    let set = checked.plan().session().channels()[0].set;
    road.stim.aim(0, set).unwrap();
    while road.stim.engine().setting(0) != Some(set) {
        road.run(road.now_us + 5_000, 500).unwrap();
    }
    road.stim.start().unwrap();
    road
}

/// Session time beside host time after 12 s, the longest the device was on, and why it ended when it did.
fn late_by<S: Plays, D: Repeats>(
    session: S,
    device: D,
    hardware: &Hardware,
    (turn_us, answers_us): (u64, u64),
) -> (u64, u64, u64, Option<Cause>) {
    let (channels, session) = (channels(50, setting(20_000, 300)), RefCell::new(session));
    let checked = checked_on(&channels, hardware);
    let (clock, mut states) = (PacedClock::following(AWAY_MAX_US), [ChannelState::new(); 1]);
    let mut road = started(&session, device, &checked, &mut states, &clock);
    let began = road.now_us;
    road.answers_us = answers_us;
    // at the top of the first contraction the host becomes late
    let ended = road.run(began + 3_000_000, 500).and_then(|()| road.run(began + 12_000_000, turn_us));
    let spent = road.now_us - began;
    let why = ended.err().map(|stopped| stopped.cause);
    if why.is_some() {
        assert!(!road.device.is_on(), "a stop went out at once");
        assert_eq!(road.stim.state(), State::Fault);
    }
    (spent, clock.now() - began, road.longest_on_us, why)
}

/// REQ-HAL-400: time of the session is time of the host where a device repeats by itself. A host that comes every 5 or 15.6 ms
/// leaves the device on for no longer than planned and 50 ms; one that stays away for longer ends the session, with a stop.
#[test]
fn a_late_host_stretches_nothing() {
    let on = |turn| {
        let (list, mid) = (rs2::hardware(1).unwrap(), sm4::hardware(1).unwrap());
        [
            late_by(rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new(), &list, (turn, 0)),
            late_by(sm4::Session::mid_level(sm4::Timing::default()), SimP24::new(), &mid, (turn, 0)),
        ]
    };
    // what a host that is never late leaves on: hold and ramps, but for their ends below one code
    let punctual = on(500).map(|(_, _, on_us, _)| on_us);
    assert!(punctual.iter().all(|on_us| (5_800_000..=6_000_500).contains(on_us)), "{punctual:?}");
    for turn in [5_000, 15_600, 49_900] {
        for ((host_us, session_us, on_us, why), punctual) in on(turn).into_iter().zip(punctual) {
            assert_eq!(why, None, "{turn}");
            assert!(host_us - session_us <= turn, "{turn}: {session_us} µs of {host_us} µs");
            assert!(on_us.abs_diff(punctual) <= turn, "{turn}: on for {on_us} µs, not {punctual}");
        }
    }
    for turn in [100_000, 400_000] {
        for (host_us, _, on_us, why) in on(turn) {
            assert_eq!(why, Some(Cause::Overdue(Late { by_ticks: turn })));
            assert!(host_us <= 3_000_000 + turn + 500 && on_us <= host_us, "over after {host_us} µs");
        }
    }
}

/// REQ-HAL-400: a device that is slow to answer, but in time, is told of a rest after two answers at most, whatever is asked of
/// it in between: also where a question is due again as soon as one was answered.
#[test]
fn slow_answers_delay_a_rest_by_two() {
    let (list, mid) = (rs2::hardware(1).unwrap(), sm4::hardware(1).unwrap());
    for (reply_ms, keep_alive_ms, answers_us) in
        [(600, 400, 590_000), (600, 100, 500_000), (500, 500, 120_000)]
    {
        let on = |answers_us: u64| {
            let timing = rs2::Timing::new(reply_ms, keep_alive_ms).unwrap();
            let mid_timing = sm4::Timing::new(reply_ms, keep_alive_ms.min(300)).unwrap();
            [
                late_by(rs2::Session::new(timing), SimRehaStim2::new(), &list, (500, answers_us)),
                late_by(sm4::Session::mid_level(mid_timing), SimP24::new(), &mid, (500, answers_us)),
            ]
        };
        for ((_, _, on_us, why), (_, _, punctual, _)) in on(answers_us).into_iter().zip(on(0)) {
            assert_eq!(why, None, "{answers_us}");
            assert!(on_us <= punctual + 2 * (answers_us + 1_500), "{answers_us}: {on_us} µs, not {punctual}");
        }
    }
}

/// REQ-HAL-400: a clock that waits for its host is refused with a device that goes on meanwhile, and taken with one that
/// puts out what it is sent.
#[test]
fn a_clock_that_waits_is_refused() {
    let channels = channels(50, setting(20_000, 300));
    let mut states = [ChannelState::new(); 1];
    let checked = checked_on(&channels, &rs2::hardware(1).unwrap());
    let session = RefCell::new(rs2::Session::new(rs2::Timing::default()));
    let clock = PacedClock::new(5_000);
    let output = DeviceOutput::bind(&session, checked.plan()).unwrap();
    let refused = Stimulator::arm(&checked, &mut states, output, clock.alarm(), NoSense).unwrap_err();
    assert_eq!(refused.why, ArmRefusal::Waits);
    let checked = checked_on(&channels, &sm4::hardware(1).unwrap());
    let low =
        sm4::Session::low_level(sm4::Timing::default(), sm4::Measurement::None, sm4::HighVoltage::Standard);
    let session = RefCell::new(low);
    let output = DeviceOutput::bind(&session, checked.plan()).unwrap();
    assert!(Stimulator::arm(&checked, &mut states, output, clock.alarm(), NoSense).is_ok());
}

/// Arms an output that was bound to one plan with another.
fn armed_with<S: Plays>(
    session: S,
    bound: &Checked<'_>,
    other: &Checked<'_>,
) -> Option<ArmRefusal<PlayError<S::Fault>>> {
    let (session, clock) = (RefCell::new(session), PacedClock::following(AWAY_MAX_US));
    let mut states = [ChannelState::new(); 1];
    let output = DeviceOutput::bind(&session, bound.plan()).unwrap();
    Stimulator::arm(other, &mut states, output, clock.alarm(), NoSense).err().map(|error| error.why)
}

/// REQ-HAL-401: an output that was bound to a plan is armed with that plan, and with no other that the device would play
/// differently: another rate, ceiling, width or group.
#[test]
fn another_plan_is_refused() {
    let set = setting(20_000, 300);
    let [first] = channels(50, set);
    let twice = Repeat { count: 2, gap: Micros::from_micros(4_400).unwrap() };
    let others = [
        channels(20, set),
        channels(50, setting(22_000, 300)),
        channels(50, setting(20_000, 301)),
        [Channel { pulse: PulseShape { repeat: twice, ..first.pulse }, ..first }],
    ];
    let rs2 = || rs2::Session::new(rs2::Timing::default());
    let mid = || sm4::Session::mid_level(sm4::Timing::default());
    let low = || {
        sm4::Session::low_level(sm4::Timing::default(), sm4::Measurement::None, sm4::HighVoltage::Standard)
    };
    let (list, points) = (rs2::hardware(1).unwrap(), sm4::hardware(1).unwrap());
    let mine = [first];
    let (on_list, on_points) = (checked_on(&mine, &list), checked_on(&mine, &points));
    assert_eq!(armed_with(rs2(), &on_list, &on_list), None);
    assert_eq!(armed_with(mid(), &on_points, &on_points), None);
    assert_eq!(armed_with(low(), &on_points, &on_points), None);
    for other in &others {
        let (list, points) = (checked_on(other, &list), checked_on(other, &points));
        assert_eq!(armed_with(rs2(), &on_list, &list), Some(ArmRefusal::OtherPlan), "{other:?}");
        assert_eq!(armed_with(mid(), &on_points, &points), Some(ArmRefusal::OtherPlan), "{other:?}");
        assert_eq!(armed_with(low(), &on_points, &points), Some(ArmRefusal::OtherPlan), "{other:?}");
    }
}

/// REQ-HAL-401: the plan that was bound last counts, whichever output was made first.
#[test]
fn the_plan_bound_last_counts() {
    let (first, second) = (channels(50, setting(20_000, 300)), channels(20, setting(20_000, 300)));
    let hardware = rs2::hardware(1).unwrap();
    let (first, second) = (checked_on(&first, &hardware), checked_on(&second, &hardware));
    let session = RefCell::new(rs2::Session::new(rs2::Timing::default()));
    let clock = PacedClock::following(AWAY_MAX_US);
    let mut states = [ChannelState::new(); 1];
    let output = DeviceOutput::bind(&session, first.plan()).unwrap();
    DeviceOutput::bind(&session, second.plan()).unwrap();
    let refused = Stimulator::arm(&first, &mut states, output, clock.alarm(), NoSense).unwrap_err();
    assert_eq!(refused.why, ArmRefusal::OtherPlan);
}

/// A pin that is on nothing.
struct Tied;

impl ErrorType for Tied {
    type Error = Infallible;
}

impl OutputPin for Tied {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl InputPin for Tied {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(true)
    }
    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }
}

/// What an output says of two plans, and whether it repeats.
fn says(output: impl Output, plans: (&Plan<'_>, &Plan<'_>)) -> (bool, bool, bool) {
    (output.fits(plans.0), output.fits(plans.1), output.repeats())
}

/// REQ-HAL-400, REQ-HAL-401: an output around another says what that one says.
#[test]
fn parts_around_an_output_say_the_same() {
    let (mine, other) = (channels(50, setting(20_000, 300)), channels(20, setting(20_000, 300)));
    let hardware = rs2::hardware(1).unwrap();
    let (mine, other) = (checked_on(&mine, &hardware), checked_on(&other, &hardware));
    let plans = (mine.plan(), other.plan());
    let session = RefCell::new(rs2::Session::new(rs2::Timing::default()));
    let bare = || DeviceOutput::bind(&session, mine.plan()).unwrap();
    let expected = (true, false, true);
    assert_eq!(says(bare(), plans), expected);
    assert_eq!(says(&mut bare(), plans), expected);
    assert_eq!(says(FaultyOutput::new(bare(), 0, 0), plans), expected);
    let enable = PulseEnable::new(Tied, None, 500).unwrap();
    assert_eq!(says(OneShot::new(bare(), enable), plans), expected);
    let supply = PinSupply::new(Tied, Tied, Tied).unwrap();
    assert_eq!(says(Powered::new(bare(), supply), plans), expected);
    let lines = PinSync::new(Tied, Tied, Tied).unwrap();
    assert_eq!(says(Synced::new(bare(), lines, MarkerMode::Pulse, || 0), plans), expected);
    let clock = PacedClock::following(AWAY_MAX_US);
    let (_, _) = (clock.turn(0, false), clock.turn(60_000, false));
    let mut alarm = clock.alarm();
    assert_eq!((alarm.waits(), alarm.overdue()), (false, Some(Late { by_ticks: 60_000 })));
    let lent = &mut alarm;
    assert_eq!((Alarm::waits(&lent), Alarm::overdue(&lent)), (false, Some(Late { by_ticks: 60_000 })));
    assert!(PacedClock::new(5_000).alarm().waits());
}

/// The first pulse of a plan, admitted by a guard of its own.
fn admitted<'a>(checked: &'a Checked<'a>, set: Setting, play: impl FnOnce(&nmes_safety::Admitted<'a>)) {
    let mut guard: Guard<'a> = Guard::new(checked, 0);
    for event in [Event::Passed, Event::Probe, Event::Contact] {
        guard.handle(0, event).unwrap();
    }
    let (mut now, mut level) = (0, 0);
    while level < set.amplitude.as_microamps() {
        level = (level + 500).min(set.amplitude.as_microamps());
        while guard.set_level(now, 0, setting(level, set.width.as_micros())).is_err() {
            now += 10_000;
        }
    }
    guard.keep_alive(now);
    let frame = checked.plan().frame(0, set, now + 100).unwrap();
    play(guard.admit(now, &frame).unwrap());
}

/// REQ-HAL-401: a frame of another plan that is more than the bound one ever has is not played, whatever guard admitted it,
/// and once a frame was played no other plan is bound.
#[test]
fn a_frame_beyond_the_plan_is_not_played() {
    let (weak, strong) = (setting(10_000, 250), setting(20_000, 250));
    let hardware = rs2::hardware(1).unwrap();
    let (weak_channels, strong_channels) = (channels(50, weak), channels(50, strong));
    let (bound, other) = (checked_on(&weak_channels, &hardware), checked_on(&strong_channels, &hardware));
    let mut line = Line::new(rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new());
    line.session.bind(bound.plan()).unwrap();
    line.run(600);
    admitted(&other, strong, |frame| {
        let refused = line.session.play(frame).unwrap_err().to_string();
        assert_eq!(refused, "current 20000 µA: at most 10000 µA (the plan that was bound)");
    });
    admitted(&bound, weak, |frame| line.session.play(frame).unwrap());
    assert!(line.session.bind(bound.plan()).is_ok());
    let refused = line.session.bind(other.plan()).unwrap_err().to_string();
    assert_eq!(refused, "number of plans 2: at most 1 (a conversation plays one)");
    let hardware = sm4::hardware(1).unwrap();
    let (bound, other) = (checked_on(&weak_channels, &hardware), checked_on(&strong_channels, &hardware));
    let mut line = Line::new(sm4::Session::mid_level(sm4::Timing::default()), SimP24::new());
    line.session.bind(bound.plan()).unwrap();
    line.run(20);
    admitted(&other, strong, |frame| assert!(line.session.play(frame).is_err()));
    admitted(&bound, weak, |frame| line.session.play(frame).unwrap());
    assert!(line.session.bind(other.plan()).is_err());
}
