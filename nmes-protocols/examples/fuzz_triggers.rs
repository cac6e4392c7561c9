//! Feeds every trigger with readings that no body, switch or encoder gives, until a time is over.
//!
//! `cargo run --release -p nmes-protocols --example fuzz_triggers -- 60 [SEED]`
//!
//! There is no feedback of coverage. Settings are random and mostly accepted; readings are random, extreme, or a walk of
//! small steps, at times that stand still, jump, go back and reach the end of the clock. What is checked, besides that
//! nothing panics: two opens of a gate have a close between them; a trigger that says that it is off has no gate open; no
//! train is longer than the most that is set, and each ends by the ramp that is set; a reading that contradicts itself, or an
//! open line, leaves no gate open; polls move on; after a stop all is off once what is due has been polled, and stays off.
//! Both feet are two gait triggers, each with the other's heel; a contralateral switch is a switch.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "a host tool in which a panic is the finding"
)]

#[path = "../tests/triggers/mod.rs"]
mod triggers;

use nmes_core::Millis;
use nmes_protocols::triggers::crank::{Crank, CrankTimes, Encoder, Forward, Window};
use nmes_protocols::triggers::emg::{Emg, EmgSample, EmgState, EmgTimes, ThresholdStart};
use nmes_protocols::triggers::opposite::{Opposite, OppositeState, OppositeTimes};
use nmes_protocols::triggers::switch::{Contact, Mode, Switch, SwitchState, SwitchTimes};
use nmes_protocols::triggers::tilt::{Motion, ShankAngle, Tilt, TiltState, TiltTimes};
use nmes_protocols::triggers::timer::{Timer, TimerTimes};
use nmes_protocols::triggers::{GateCommands, GateTrigger};
use nmes_protocols::{FOOT_DROP_STEP, GaitConfig, GaitTimes, GateCommand, Heel, PollAt, Trigger};
use std::time::{Duration, Instant};
use triggers::Dice;

#[derive(Default)]
struct Tally {
    runs: u64,
    inputs: u64,
    opened: u64,
    refused: u64,
}

/// Which gates are open, from the commands alone.
#[derive(Default)]
struct Gates {
    open: [bool; 8],
    since: [u64; 8],
    opened: u64,
    bounds: Bounds,
}

/// What a train may be, where the trigger bounds it.
#[derive(Clone, Copy, Default)]
struct Bounds {
    /// In µs.
    on: Option<u64>,
    down: Option<Millis>,
}

impl Bounds {
    fn new(on: Millis, down: Millis) -> Self {
        // samples of one feed are up to 12 ms apart
        Self { on: Some(u64::from(on.as_millis()) * 1_000 + 12_000), down: Some(down) }
    }
}

impl Gates {
    fn take(&mut self, now: u64, commands: GateCommands) {
        for (channel, command) in commands.iter() {
            let gate = &mut self.open[usize::from(channel)];
            let since = &mut self.since[usize::from(channel)];
            match command {
                GateCommand::Open | GateCommand::Hold => {
                    assert!(!*gate || command == GateCommand::Hold, "opened twice");
                    if !*gate {
                        *since = now;
                    }
                    *gate = true;
                    self.opened += 1;
                }
                GateCommand::Close { down } => {
                    let on = now.saturating_sub(*since);
                    assert!(!*gate || self.bounds.on.is_none_or(|most| on <= most), "on for {on} us");
                    assert!(self.bounds.down.is_none_or(|set| set == down), "another ramp than is set");
                    *gate = false;
                }
            }
        }
    }

    fn any(&self) -> bool {
        self.open.contains(&true)
    }
}

fn millis(dice: &mut Dice) -> Millis {
    let most = [10, 100, 1_000, 10_000][dice.roll(4) as usize];
    Millis::from_millis(dice.roll(most) as u32).unwrap()
}

/// Mostly a little later; now and then the same, far, back, or the end.
fn later(dice: &mut Dice, now: u64) -> u64 {
    match dice.roll(40) {
        0 => now,
        1 => now.saturating_sub(dice.roll(1_000_000)),
        2 => now.saturating_add(dice.roll(100_000_000)),
        3 if dice.roll(200) == 0 => u64::MAX - dice.roll(1_000),
        _ => now.saturating_add(1_000 + dice.roll(30_000)),
    }
}

fn number(dice: &mut Dice) -> i32 {
    match dice.roll(4) {
        0 => [0, 1, -1, i32::MAX, i32::MIN][dice.roll(5) as usize],
        1 => dice.roll(200_000) as i32 - 100_000,
        _ => dice.roll(1 << 32) as u32 as i32,
    }
}

/// Feeds a trigger, polled whenever it asks for it. Without bounds it may open an open gate again, as for a second step, and
/// shortens its ramp.
fn run<T: GateTrigger>(
    tally: &mut Tally,
    dice: &mut Dice,
    mut trigger: T,
    bounds: Option<Bounds>,
    mut feed: impl FnMut(&mut T, &mut Dice, u64) -> GateCommands,
) {
    let reopens = bounds.is_none();
    let bounds = bounds.unwrap_or_default();
    let (mut gates, mut now) = (Gates { bounds, ..Gates::default() }, dice.roll(1_000));
    let inputs = 200 + dice.roll(600);
    for _ in 0..inputs {
        let next = later(dice, now);
        polls(&mut trigger, &mut gates, (now, next), reopens);
        let commands = feed(&mut trigger, dice, next);
        book(&mut gates, next.max(now), commands, reopens);
        assert!(!trigger.is_off() || !gates.any(), "off, and a gate is open");
        now = now.max(next);
    }
    let commands = trigger.stop(now);
    book(&mut gates, now, commands, reopens);
    assert!(!gates.any(), "stopped, and a gate is open");
    polls(&mut trigger, &mut gates, (now, u64::MAX), reopens);
    trigger.poll(u64::MAX);
    assert!(trigger.is_off() && !gates.any(), "not off after a stop");
    tally.runs += 1;
    tally.inputs += inputs;
    tally.opened += gates.opened;
}

fn book(gates: &mut Gates, now: u64, commands: GateCommands, reopens: bool) {
    if reopens {
        commands.iter().for_each(|(channel, _)| gates.open[usize::from(channel)] = false);
    }
    gates.take(now, commands);
}

/// Polls up to a time. After a step back of the clock what is due may lie before the latest time that there was, and is done then.
fn polls<T: GateTrigger>(trigger: &mut T, gates: &mut Gates, (now, until): (u64, u64), reopens: bool) {
    for _ in 0..200_000 {
        let PollAt::At(at) = trigger.poll_at() else { return };
        if at >= until {
            return;
        }
        let commands = trigger.poll(at);
        book(gates, at.max(now), commands, reopens);
    }
    panic!("polls do not move on");
}

/// Both feet: two triggers on two channels.
struct Both([Trigger; 2]);

impl Both {
    fn each(&mut self, mut act: impl FnMut(&mut Trigger) -> Option<GateCommand>) -> GateCommands {
        let [left, right] = &mut self.0;
        GateCommands::from(act(left)).and(GateCommands::from(act(right)).on_channel(1))
    }
}

impl GateTrigger for Both {
    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.each(|one| one.poll(now_us))
    }

    fn poll_at(&self) -> PollAt {
        let due = self.0.iter().filter_map(|one| match one.poll_at() {
            PollAt::At(at) => Some(at),
            PollAt::Never => None,
        });
        due.min().map_or(PollAt::Never, PollAt::At)
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.each(|one| one.stop(now_us))
    }

    fn is_off(&self) -> bool {
        self.0.iter().all(GateTrigger::is_off)
    }
}

fn heel(dice: &mut Dice) -> Heel {
    [Heel::Loaded, Heel::Lifted, Heel::Loaded, Heel::Lifted, Heel::LineOpen][dice.roll(5) as usize]
}

fn one(tally: &mut Tally, dice: &mut Dice) {
    let mut refused = 0;
    let times =
        GaitTimes { delay: millis(dice), extension: millis(dice), ..GaitTimes::of_row(&FOOT_DROP_STEP) };
    match GaitConfig::new(times) {
        Ok(config) => run(tally, dice, Trigger::new(config), None, |t, dice, now| match dice.roll(12) {
            0 => t.start(now).into(),
            1 => t.resume(now).into(),
            2 => t.acknowledge(now).into(),
            3 => t.manual_test(now).into(),
            4 | 5 => t.other_heel(now, heel(dice)).into(),
            6 => t.heel_edge(now, heel(dice)).into(),
            _ => t.heel(now, heel(dice)).into(),
        }),
        Err(_) => refused += 1,
    }
    if let Ok(config) = GaitConfig::new(times) {
        let both = Both([Trigger::new(config), Trigger::new(config)]);
        run(tally, dice, both, None, |t, dice, now| {
            let foot = dice.roll(2) as usize;
            let heel = heel(dice);
            match dice.roll(10) {
                0 => t.each(|one| one.start(now)),
                1 => t.each(|one| one.resume(now)),
                2 => t.each(|one| one.acknowledge(now)),
                _ => {
                    let own = GateCommands::from(t.0[foot].heel(now, heel)).on_channel(foot as u8);
                    let other = GateCommands::from(t.0[1 - foot].other_heel(now, heel));
                    own.and(other.on_channel(1 - foot as u8))
                }
            }
        });
    }
    let times = TimerTimes {
        first: millis(dice),
        on: millis(dice),
        off: Millis::from_millis(1 + dice.roll(500) as u32).unwrap(),
        ramp_down: millis(dice),
        repeats: 1 + dice.roll(30) as u16,
    };
    match Timer::new(times) {
        Ok(timer) => {
            let bounds = Bounds::new(times.on, times.ramp_down);
            run(tally, dice, timer, Some(bounds), |t, _, now| t.start(now).into());
        }
        Err(_) => refused += 1,
    }
    let mode = [Mode::Hold, Mode::Toggle, Mode::Press(millis(dice))][dice.roll(3) as usize];
    let times = SwitchTimes {
        clear: millis(dice),
        silence: millis(dice),
        ..SwitchTimes::new(mode, millis(dice), millis(dice))
    };
    match Switch::new(times) {
        Ok(switch) => {
            let bounds = Bounds::new(times.max_on, times.ramp_down);
            run(tally, dice, switch, Some(bounds), |t, dice, now| match dice.roll(12) {
                0 => t.start(now).into(),
                1 => t.acknowledge(now).into(),
                2 => {
                    let command = t.contact(now, Contact::LineOpen);
                    assert!(t.state() != SwitchState::On, "open line, and on");
                    command.into()
                }
                3..=7 => t.contact(now, Contact::Open).into(),
                _ => t.contact(now, Contact::Closed).into(),
            });
        }
        Err(_) => refused += 1,
    }
    let times = OppositeTimes {
        delay: millis(dice),
        stride_percent: dice.roll(110) as u32,
        on_first: millis(dice),
        swing_max: millis(dice),
        ..OppositeTimes::new(millis(dice))
    };
    match Opposite::new(times) {
        Ok(opposite) => {
            let bounds = Bounds::new(times.on_max, times.ramp_down);
            run(tally, dice, opposite, Some(bounds), |t, dice, now| match dice.roll(12) {
                0 => t.start(now).into(),
                1 => t.acknowledge(now).into(),
                _ => {
                    let heel = heel(dice);
                    let command = t.heel(now, heel);
                    assert!(heel != Heel::LineOpen || t.state() != OppositeState::On, "open line, and on");
                    command.into()
                }
            });
        }
        Err(_) => refused += 1,
    }
    refused +=
        u64::from(!tilts(tally, dice)) + u64::from(!emgs(tally, dice)) + u64::from(!cranks(tally, dice));
    tally.refused += refused;
}

fn tilts(tally: &mut Tally, dice: &mut Dice) -> bool {
    let times = TiltTimes {
        start_mdeg: dice.roll(80_000) as i32 - 70_000,
        end_mdeg: dice.roll(80_000) as i32 - 10_000,
        wait: millis(dice),
        max_on: millis(dice),
        ramp_down: millis(dice),
        silence: Millis::from_millis(dice.roll(210) as u32).unwrap(),
    };
    let Ok(tilt) = Tilt::new(times) else { return false };
    let (mut shank, mut at) = (ShankAngle::new(), 0_i32);
    let bounds = Bounds::new(times.max_on, times.ramp_down);
    run(tally, dice, tilt, Some(bounds), |t, dice, now| {
        at = (at + dice.roll(16_001) as i32 - 8_000).clamp(-110_000, 110_000);
        match dice.roll(14) {
            0 => t.start(now).into(),
            1 => t.acknowledge(now).into(),
            2 => {
                let motion =
                    Motion { along_mg: number(dice), across_mg: number(dice), turn_mdps: number(dice) };
                let _upright = shank.set_upright();
                let angle = shank.update(now, motion);
                let command = t.angle(now, angle);
                assert!(angle.is_ok() || t.state() != TiltState::Swing, "no angle, and on");
                command.into()
            }
            3 => t.angle(now, Ok(number(dice))).into(),
            _ => t.angle(now, Ok(at)).into(),
        }
    });
    true
}

fn emgs(tally: &mut Tally, dice: &mut Dice) -> bool {
    let start = if dice.roll(2) == 0 {
        ThresholdStart::BestOf(dice.roll(4) as u8)
    } else {
        ThresholdStart::Given(20_000)
    };
    let times = EmgTimes {
        baseline: Millis::from_millis(500).unwrap(),
        rail_nv: number(dice),
        rest_max_nv: 100_000,
        start,
        on: millis(dice),
        ramp_down: millis(dice),
        lockout: millis(dice),
        ..EmgTimes::wrist(500 + dice.roll(3_000) as u32, 400_000_000)
    };
    let Ok(emg) = Emg::new(times) else { return false };
    let bounds = Bounds::new(times.on, times.ramp_down);
    run(tally, dice, emg, Some(bounds), |t, dice, now| {
        let mut commands = match dice.roll(20) {
            0 | 1 => t.start(now).into(),
            2 => t.acknowledge(now).into(),
            3 if dice.roll(5) == 0 => {
                let command = t.sample(now, EmgSample::LeadOff);
                assert!(t.state() != EmgState::On, "a lead is off, and on");
                command.into()
            }
            4 => t.sample(now, EmgSample::Nanovolts(number(dice))).into(),
            5 => {
                t.stimulated(now.saturating_add(dice.roll(50_000)));
                GateCommands::NONE
            }
            _ => GateCommands::NONE,
        };
        let size = [4_000, 4_000, 90_000, 400_000][dice.roll(4) as usize];
        for step in 0..dice.roll(120) {
            let sample = triggers::muscle(dice, size);
            let command = t.sample(now.saturating_add(step * 100), sample);
            // two commands in one feed: the trigger itself keeps them apart
            commands = commands.and(command.into());
        }
        commands
    });
    true
}

fn cranks(tally: &mut Tally, dice: &mut Dice) -> bool {
    let most = [40, 5_000, 70_000][dice.roll(3) as usize];
    let encoder = Encoder {
        counts_per_turn: 30 + dice.roll(most) as u32,
        forward: if dice.roll(2) == 0 { Forward::Up } else { Forward::Down },
        index_mdeg: (dice.roll(4) == 0).then(|| dice.roll(370_000) as u32),
    };
    let times = CrankTimes {
        delay: Millis::from_millis(dice.roll(310) as u32).unwrap(),
        min_rpm: 4 + dice.roll(20) as u16,
        max_rpm: 30 + dice.roll(65) as u16,
        ..CrankTimes::new(encoder, millis(dice))
    };
    let windows: Vec<Window> = (0..1 + dice.roll(8))
        .map(|_| Window { start_deg: dice.roll(361) as u16, width_deg: 9 + dice.roll(290) as u16 })
        .collect();
    let Ok(crank) = Crank::new(times, &windows) else { return false };
    let (mut counts, mut rate, mut last) = (dice.roll(1 << 32) as u32, 40_i64, 0_u64);
    let bounds = Bounds { on: None, down: Some(times.ramp_down) };
    run(tally, dice, crank, Some(bounds), |t, dice, now| {
        if dice.roll(60) == 0 {
            rate = [40, 40, 30, 50, 20, 10, 0, -20, 90][dice.roll(9) as usize];
        }
        let took = i64::try_from(now.saturating_sub(last)).unwrap_or(0).min(50_000);
        last = now;
        let step = took * rate * i64::from(encoder.counts_per_turn) / 60_000_000;
        let step = if encoder.forward == Forward::Up { step } else { -step };
        counts = counts.wrapping_add_signed(step as i32);
        match dice.roll(60) {
            0 => t.acknowledge(now),
            1 => t.motor(now, dice.roll(2) == 0),
            2 => t.index(now),
            3 if dice.roll(4) == 0 => t.counts(now, number(dice) as u32),
            4..=9 => {
                let _zero = t.zero(now, dice.roll(400_000) as u32);
                let _start = t.start(now);
                GateCommands::NONE
            }
            _ => t.counts(now, counts),
        }
    });
    true
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(60, |word| word.parse().expect("seconds"));
    let seed = arguments.next().map_or(1, |word| word.parse().expect("a seed"));
    let (mut tally, mut dice, begin) = (Tally::default(), Dice(seed), Instant::now());
    while begin.elapsed() < Duration::from_secs(seconds) {
        one(&mut tally, &mut dice);
    }
    let Tally { runs, inputs, opened, refused } = tally;
    println!(
        "triggers: {runs} runs, {inputs} inputs, {opened} openings, {refused} settings refused in {seconds} s, seed {seed}; no finding"
    );
}
