//! The other two runners, and the mailbox: what they put out, how they stop, and deadlines that are missed on purpose.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use embedded_hal::delay::DelayNs;
use nmes_core::*;
use nmes_hal_adapters::sim::{Random, SimEdge};
use nmes_hal_adapters::*;
use nmes_safety::{Fault, State, UseClass};
use proptest::prelude::*;
use std::cell::{Cell, RefCell};

// ---- blocking ----------------------------------------------------------------------------------------------------

/// A delay that lasts at least as long as asked, and up to `over` ticks longer; once, much longer.
struct SimDelay<'c> {
    clock: &'c nmes_hal_adapters::sim::SimClock,
    random: Random,
    over: u32,
    sleeps_at: &'c Cell<Option<(u64, u64)>>,
}

impl DelayNs for SimDelay<'_> {
    fn delay_ns(&mut self, ns: u32) {
        let ticks = u64::from(ns).div_ceil(1_000) + u64::from(self.random.up_to(self.over));
        let now = self.clock.now();
        let slept = self.sleeps_at.get().filter(|(at, _)| now + ticks >= *at);
        if let Some((at, long)) = slept {
            self.sleeps_at.set(None);
            self.clock.advance_to(at.max(now) + long);
        } else {
            self.clock.advance_to(now + ticks);
        }
    }
}

struct Walked {
    edges: Vec<SimEdge>,
    pulses: u32,
    stats: Stats,
    stopped: Option<Stopped>,
    end: u64,
}

/// A second of a train in the blocking runner. `tick_takes` is how long the caller's closure dawdles; half a
/// second into the train a delay lasts for `sleeps` ticks; `stops` ends the session 300 ms into the train.
fn walk(late_max: u32, over: u32, tick_takes: u64, sleeps: Option<u64>, stops: Option<StopPolicy>) -> Walked {
    let set = setting(5_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(late_max), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let clock = bench.clock();
    // a look at the counter takes a tick, every second time
    let looks = Cell::new(0_u32);
    let alarm = Polled(|| {
        looks.set(looks.get().wrapping_add(1));
        clock.advance_to(clock.now() + u64::from(looks.get() & 1));
        clock.now()
    });
    let edges = RefCell::new(Vec::new());
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut states = [ChannelState::new(); 1];
    let stim = Stimulator::arm(&checked, &mut states, output, alarm, NoSense).unwrap();
    let sleeps_at = Cell::new(None);
    let delay = SimDelay { clock, random: Random::new(11), over, sleeps_at: &sleeps_at };
    let pace = Pace { slow_ticks: 5_000, tick_ticks: 400, spin_ticks: 60 };
    let mut runner = Blocking::new(stim, delay, pace);
    runner.stimulator().start().unwrap();
    runner.stimulator().aim(0, set).unwrap();
    let (mut opened, mut end) = (None, None);
    let ran = runner.run(|stim| {
        stim.keep_alive();
        clock.advance_to(clock.now() + tick_takes);
        let now = clock.now();
        if opened.is_none() && stim.engine().setting(0) == Some(set) {
            let _ = stim.gate(GateInput::Open).unwrap();
            opened = Some(now);
            end = Some(now + 1_000_000);
            sleeps_at.set(sleeps.map(|long| (now + 500_000, long)));
        }
        if opened.is_some_and(|at| now > at + 300_000)
            && let Some(policy) = stops
        {
            end = end.min(Some(now + 100_000));
            return stim.stop(policy).is_ok() && end.is_none_or(|end| now < end);
        }
        end.is_none_or(|end| now < end)
    });
    let stim = runner.stimulator();
    let (pulses, stats) = (stim.counters(0).unwrap().pulses, stim.stats());
    let end = clock.now();
    drop(runner);
    assert_eq!(bench.level(0), Level::Open);
    Walked { edges: edges.into_inner(), pulses, stats, stopped: ran.err(), end }
}

/// REQ-HAL-300: in a loop without interrupts every edge is put out within a few looks at the counter, and the charge of
/// the whole session is within what L allows.
#[test]
fn the_blocking_runner_meets_its_edges() {
    for (over, tick_takes) in [(0, 0), (50, 100), (50, 350)] {
        let done = walk(15, over, tick_takes, None, None);
        assert_eq!(done.stopped, None);
        assert!(done.pulses >= 38, "{}", done.pulses);
        assert!(done.stats.worst_late <= 4, "{:?}", done.stats);
        assert_eq!(done.stats.dropped, 0);
        // at most two balancing codes x L after any pulse
        assert!(code_ticks(&done.edges, 0).abs() <= 2 * 200 * 15);
    }
}

/// REQ-HAL-300: a delay or a tick that is too long by no more than L is put out late, balanced and counted; beyond L it
/// opens the output at that edge, and latches.
#[test]
fn a_missed_deadline_of_the_blocking_runner_opens_the_output() {
    // a delay that oversleeps by more than is spun for, by up to 12 ticks
    let done = walk(15, 72, 0, None, None);
    assert_eq!(done.stopped, None);
    assert!(done.stats.worst_late > 4 && done.stats.worst_late <= 15, "{:?}", done.stats);
    assert!(done.stats.late > 0);
    // one sleep of 40 ms: some edge is beyond L
    let done = walk(15, 0, 0, Some(40_000), None);
    let stopped = done.stopped.unwrap();
    let late = matches!(stopped.cause, Cause::Engine(_))
        || matches!(stopped.cause, Cause::Guard(trip) if trip.fault == Fault::Late);
    assert!(late, "{stopped}");
    assert!(done.stats.worst_late > 15);
    assert_eq!(done.edges.last().unwrap().level, Level::Open);
    assert!(stopped.at_tick <= done.edges.last().unwrap().at_tick + 20);
}

/// REQ-HAL-300: a stop that is asked for in a tick acts within the pulse, whatever the policy.
#[test]
fn a_stop_of_the_blocking_runner_acts_within_its_bound() {
    for policy in [StopPolicy::FinishPulse, StopPolicy::RecoverNow, StopPolicy::HardOff] {
        let done = walk(15, 0, 0, None, Some(policy));
        assert_eq!(done.stopped, None);
        let last = done.edges.last().unwrap();
        assert_eq!(last.level, Level::Open);
        assert!(done.end - last.at_tick > 50_000, "{policy:?}");
    }
}

// ---- DMA ---------------------------------------------------------------------------------------------------------

const RATE: u32 = 48_000;
const HALF: usize = 480;

/// What was played: samples while the line was high; and whether every one that was not zero met a high line.
#[derive(Default)]
struct Played {
    samples: Vec<i16>,
    halves: u32,
    lost: usize,
}

struct Board<'l> {
    halves: [[i16; HALF]; 2],
    line: &'l Cell<bool>,
    played: Played,
}

impl Board<'_> {
    fn play(&mut self) {
        let half = &self.halves[(self.played.halves & 1) as usize];
        for &sample in half {
            self.played.lost += usize::from(sample != 0 && !self.line.get());
            self.played.samples.push(if self.line.get() { sample } else { 0 });
        }
        self.played.halves += 1;
    }
}

/// Plays 3 s: level up, a train from the first half after that. `act` sees the streamer before each filling, with the
/// number of the half; `false` leaves that half unfilled.
fn stream(
    mut act: impl FnMut(&mut Streamer<'_, i16, EnableLine<'_>>, u32) -> bool,
) -> (Played, Result<(), Stopped>, Vec<(i64, u32)>) {
    let set = setting(20_000, 400);
    let channels = [Channel {
        pulse: PulseShape { gap: Micros::from_micros(125).unwrap(), ..PulseShape::default() },
        rate: Rate::from_hz(40).unwrap(),
        ..channel(set)
    }];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = Hardware::new(
        HardwareTiming::ideal(RATE),
        &[ChannelHardware::symmetric(4_000, -32_768, 32_767)],
        0x1234,
    )
    .unwrap();
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let line = Cell::new(true);
    let mut states = [ChannelState::new(); 1];
    let mut streamer =
        Streamer::<i16, _>::arm(&checked, &mut states, &hardware, EnableLine(&line), &mut NoSense).unwrap();
    assert!(!line.get(), "low from the start");
    let mut board = Board { halves: [[0; HALF]; 2], line: &line, played: Played::default() };
    streamer.start().unwrap();
    streamer.aim(0, set).unwrap();
    let mut result = Ok(());
    let mut filled = Vec::new();
    for number in 0..1_000_u32 {
        if number >= 2 {
            board.play();
        }
        streamer.keep_alive();
        if streamer.engine().setting(0) == Some(set) && streamer.counters(0).unwrap().pulses == 0 {
            let _ = streamer.gate(GateInput::Open);
        }
        if act(&mut streamer, number) {
            let half = &mut board.halves[(number & 1) as usize];
            let done = streamer.fill(number, half);
            filled.push((half.iter().map(|&s| i64::from(s)).sum(), number));
            if let Err(stopped) = done {
                assert!(half.iter().all(|&s| s == 0));
                assert!(!line.get());
                result = result.and(Err(stopped));
            }
        }
    }
    drop(streamer);
    assert!(!line.get(), "low on drop");
    (board.played, result, filled)
}

/// REQ-HAL-301: what is played sums to zero over the session, no sample that is not zero meets an open stage, and the
/// stage is open while nothing is due.
#[test]
fn a_streamed_session_is_balanced() {
    let mut open_before = true;
    let (played, result, _) = stream(|streamer, _| {
        if streamer.counters(0).unwrap().pulses == 0 {
            open_before &= streamer.engine().level(0) == Some(Level::Open);
        }
        if streamer.counters(0).unwrap().pulses == 100 {
            let _ = streamer.gate(GateInput::Close { down: None });
        }
        true
    });
    assert_eq!((result, played.lost), (Ok(()), 0));
    let sum: i64 = played.samples.iter().map(|&s| i64::from(s)).sum();
    assert_eq!(sum, 0);
    let most = played.samples.iter().map(|s| s.unsigned_abs()).max().unwrap();
    assert_eq!(most, 5_000, "20 mA at 4 µA a code");
    assert!(open_before);
}

/// REQ-HAL-301: a half that is not filled in time switches the enable line off before anything else, everything after is
/// zero, and it stays so.
#[test]
fn a_missed_half_opens_the_stage() {
    for missed in [700, 701] {
        let open_at = Cell::new(None);
        let (played, result, filled) = stream(|streamer, number| {
            if streamer.stopped().is_some() && open_at.get().is_none() {
                open_at.set(Some(number));
            }
            number != missed
        });
        let stopped = result.unwrap_err();
        assert_eq!(stopped.cause, Cause::Overrun);
        // found with the very next filling, and zero from there on
        assert_eq!(open_at.get(), Some(missed + 2));
        assert!(filled.iter().filter(|(_, number)| *number > missed).all(|(sum, _)| *sum == 0));
        // the half that was not filled plays what was there two halves before, once; then the line is low
        let after = usize::try_from(missed).unwrap() * HALF;
        assert!(played.samples[after..].iter().all(|&s| s == 0), "from half {missed} on");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases().min(40), ..ProptestConfig::default() })]

    /// REQ-HAL-301: a stop before any half acts within two halves by its policy: nothing of a new pulse later, the sum
    /// zero where it should be, and with a hard off not one sample more.
    #[test]
    fn a_stop_acts_within_two_halves(at in 450_u32..900, policy in 0_usize..3) {
        let policy = [StopPolicy::FinishPulse, StopPolicy::RecoverNow, StopPolicy::HardOff][policy];
        let (played, result, _) = stream(|streamer, number| {
            if number == at {
                streamer.stop(policy).unwrap();
            }
            true
        });
        prop_assert_eq!(result, Ok(()));
        // half `at` is filled while half at - 1 plays
        let now = usize::try_from(at - 1).unwrap() * HALF;
        let sum: i64 = played.samples.iter().map(|&s| i64::from(s)).sum();
        if policy == StopPolicy::HardOff {
            prop_assert!(played.samples[now..].iter().all(|&s| s == 0));
        } else {
            prop_assert_eq!((sum, played.lost), (0, 0));
            // two halves, and a pulse and its trims
            prop_assert!(played.samples[now + 3 * HALF..].iter().all(|&s| s == 0));
        }
    }
}

/// REQ-HAL-301: another hardware, and edges that may be late, are refused, with the line low.
#[test]
fn a_streamer_is_not_armed_for_another_board() {
    let channels = [channel(setting(20_000, 400))];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let dac = [ChannelHardware::symmetric(4_000, -30_000, 30_000)];
    let ideal = Hardware::new(HardwareTiming::ideal(RATE), &dac, 1).unwrap();
    let other = Hardware::new(HardwareTiming::ideal(RATE), &dac, 2).unwrap();
    let late =
        Hardware::new(HardwareTiming { late_max_ticks: 1, ..HardwareTiming::ideal(RATE) }, &dac, 1).unwrap();
    for (planned, board) in [(&ideal, &other), (&late, &late)] {
        let checked = checked(&session, planned, UseClass::FunctionalWear);
        let line = Cell::new(true);
        let mut states = [ChannelState::new(); 1];
        let armed = Streamer::<i16, _>::arm(&checked, &mut states, board, EnableLine(&line), &mut NoSense);
        let refused = armed.map(drop).unwrap_err();
        assert!(matches!(refused, ArmRefusal::Hardware { .. } | ArmRefusal::Storage(_)), "{refused}");
        assert!(!line.get());
    }
}

// ---- mailbox -----------------------------------------------------------------------------------------------------

/// REQ-HAL-302: of fifty thousand messages between two threads each is received once, whole, and in order, and none is
/// taken out before it is whole.
#[test]
fn messages_arrive_whole_once_and_in_order() {
    let count = if cfg!(miri) { 50 } else { 50_000_u32 };
    let mut mailbox = Mailbox::new();
    let (mut sender, mut receiver) = mailbox.split();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for number in 1..=count {
                let mail = numbered(number);
                while sender.send(mail).is_err() {
                    std::thread::yield_now();
                }
            }
            while sender.fate() == Fate::Waiting {
                std::thread::yield_now();
            }
            let last = if count % 3 == 0 { Fate::Refused } else { Fate::Done };
            assert_eq!(sender.fate(), last);
        });
        for number in 1..=count {
            let mail = loop {
                if let Some(mail) = receiver.take() {
                    break mail;
                }
                std::thread::yield_now();
            };
            assert_eq!(mail, numbered(number));
            assert_eq!(receiver.take(), Some(mail), "it stays until it is answered");
            receiver.answer(number % 3 != 0);
        }
    });
}

/// All three words depend on the number.
fn numbered(number: u32) -> Mail {
    let setting = setting(number % 100_000, 1 + number % 900);
    match number % 4 {
        0 => Mail::Aim { channel: (number % 251) as u8, setting },
        1 => Mail::Command { channel: (number % 251) as u8, setting },
        2 => Mail::Open,
        _ => Mail::Close,
    }
}

/// REQ-HAL-302: a stop gets past a full box, becomes only stricter, and is done before the message that waits.
#[test]
fn a_stop_gets_past_a_full_box() {
    let channels = [channel(setting(20_000, 300))];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    let mut mailbox = Mailbox::new();
    let (mut sender, mut receiver) = mailbox.split();
    assert_eq!(sender.fate(), Fate::None);
    let aim = Mail::Aim { channel: 0, setting: setting(20_000, 300) };
    sender.send(aim).unwrap();
    stim.on_mail(&mut receiver).unwrap();
    assert_eq!(sender.fate(), Fate::Done);
    // above the ceiling
    sender.send(Mail::Aim { channel: 0, setting: setting(20_001, 300) }).unwrap();
    stim.on_mail(&mut receiver).unwrap();
    assert_eq!(sender.fate(), Fate::Refused);
    sender.send(Mail::Open).unwrap();
    stim.on_mail(&mut receiver).unwrap();
    assert_eq!(sender.fate(), Fate::Done);
    run_to(&mut stim, bench.clock(), 30_000, &mut Seen::default()).unwrap();
    sender.send(Mail::Open).unwrap();
    assert_eq!(sender.send(aim), Err(Full(aim)));
    sender.stop(StopPolicy::HardOff);
    sender.stop(StopPolicy::FinishPulse);
    assert_eq!(receiver.stop(), Some(StopPolicy::HardOff));
    stim.on_mail(&mut receiver).unwrap();
    assert_eq!(bench.level(0), Level::Open);
    assert_eq!(sender.fate(), Fate::Refused, "the session is over before the message is looked at");
    assert_ne!(stim.state(), State::Running);
}

/// REQ-HAL-457: a message to a stimulator that has stopped is refused also after a stop was asked for, by any policy, and makes room for
/// the next.
#[test]
fn mail_to_a_stopped_stimulator_is_refused() {
    let channels = [channel(setting(20_000, 300))];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    for policy in
        [None, Some(StopPolicy::FinishPulse), Some(StopPolicy::RecoverNow), Some(StopPolicy::HardOff)]
    {
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
        let mut states = [ChannelState::new(); 1];
        let mut stim =
            Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
        let stopped = stim.report_fault();
        let mut mailbox = Mailbox::new();
        let (mut sender, mut receiver) = mailbox.split();
        policy.into_iter().for_each(|policy| sender.stop(policy));
        for mail in [Mail::Open, Mail::Close] {
            sender.send(mail).unwrap();
            assert_eq!(stim.on_mail(&mut receiver), Err(stopped));
            assert_eq!(sender.fate(), Fate::Refused, "{policy:?}");
        }
        assert_eq!(stim.on_mail(&mut receiver).is_err(), policy.is_some());
    }
}

/// REQ-HAL-302: signs of life through the box keep a session alive, and their absence ends it.
#[test]
fn signs_of_life_come_through_the_box() {
    for alive in [true, false] {
        let channels = [channel(setting(20_000, 300))];
        let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
        let hardware = hardware(late(0), 25_000, 1);
        let checked = checked(&session, &hardware, UseClass::FunctionalWear);
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
        let mut states = [ChannelState::new(); 1];
        let mut stim =
            Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
        stim.start().unwrap();
        let mut mailbox = Mailbox::new();
        let (mut sender, mut receiver) = mailbox.split();
        sender.send(Mail::Aim { channel: 0, setting: setting(20_000, 300) }).unwrap();
        let mut slow = 0;
        let mut ended = false;
        while bench.clock().now() < 10_000_000 {
            if bench.clock().alarm_by(slow) {
                ended |= stim.on_alarm().is_err();
            } else {
                if alive {
                    sender.keep_alive();
                }
                ended |= stim.on_mail(&mut receiver).is_err();
                ended |= !matches!(stim.on_tick(), Ok(Ticked::Well(_)));
                slow += SLOW;
            }
        }
        assert_eq!(ended, !alive);
    }
}
