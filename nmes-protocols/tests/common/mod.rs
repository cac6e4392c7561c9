//! What the tests of the trigger share: a driver with a virtual clock, an envelope, and walks.
#![allow(unreachable_pub, reason = "a module shared by test binaries")]
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_core::{Channel, MicroAmps, Millis, Session};
use nmes_protocols::{
    Answers, FOOT_DROP, GaitConfig, GateCommand, Heel, Innervation, PollAt, Request, Side, State, Subject,
    Trigger, build_session, channel_storage,
};
use std::path::PathBuf;

pub const PERIOD_US: u64 = 25_000;
pub const THRESHOLD_UA: u64 = 25_000;

/// What a command did, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub t_us: u64,
    pub command: GateCommand,
}

/// A trigger, polled exactly when it asks for it.
pub struct Driver {
    pub trigger: Trigger,
    pub commands: Vec<Moment>,
    pub states: Vec<(u64, State)>,
}

impl Driver {
    pub fn new(config: GaitConfig) -> Self {
        Self { trigger: Trigger::new(config), commands: Vec::new(), states: vec![(0, State::Off)] }
    }

    /// Started, with the heel down, ready for a step.
    pub fn walking(config: GaitConfig, now: u64) -> Self {
        let mut driver = Self::new(config);
        driver.act(now, Trigger::start);
        driver.act(now, |t, n| t.heel(n, Heel::Loaded));
        driver.act(now, Trigger::resume);
        driver
    }

    pub fn act(
        &mut self,
        now: u64,
        input: impl FnOnce(&mut Trigger, u64) -> Option<GateCommand>,
    ) -> Option<GateCommand> {
        self.run_to(now);
        let command = input(&mut self.trigger, now);
        self.book(now, command);
        command
    }

    pub fn heel(&mut self, now: u64, heel: Heel) -> Option<GateCommand> {
        self.act(now, |t, n| t.heel(n, heel))
    }

    /// Polls at every time asked for before `until`.
    pub fn run_to(&mut self, until: u64) {
        while let PollAt::At(at) = self.trigger.poll_at() {
            if at >= until {
                return;
            }
            let command = self.trigger.poll(at);
            self.book(at, command);
        }
    }

    pub fn state(&self) -> State {
        self.trigger.state()
    }

    pub fn notes(&mut self) -> Vec<nmes_protocols::TriggerNote> {
        std::iter::from_fn(|| self.trigger.take_note()).collect()
    }

    fn book(&mut self, t_us: u64, command: Option<GateCommand>) {
        if let Some(command) = command {
            self.commands.push(Moment { t_us, command });
        }
        let state = self.trigger.state();
        if self.states.last().is_none_or(|(_, last)| *last != state) {
            self.states.push((t_us, state));
        }
    }
}

/// The level that a gated session makes of commands: what the set level, the floor and the ramps are.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub set_ua: u64,
    pub floor_ua: u64,
    pub up_us: u64,
    pub down_us: u64,
}

impl Shape {
    pub fn of(session: &Session<'_>) -> Self {
        let channel = session.channels()[0];
        Self {
            set_ua: u64::from(channel.set.amplitude.as_microamps()),
            floor_ua: u64::from(channel.ramp.floor),
            up_us: u64::from(channel.ramp.up.as_millis()) * 1_000,
            down_us: u64::from(channel.ramp.down.as_millis()) * 1_000,
        }
    }
}

/// One pulse of the envelope: when, and how strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    pub t_us: u64,
    pub ua: u64,
}

/// Pulses of one train after another: the first at the opening, then one a period, each at the envelope's level.
pub fn pulses(commands: &[Moment], shape: &Shape) -> Vec<Pulse> {
    let mut out = Vec::new();
    let mut level = Level::Off;
    let mut next = 0;
    for (i, moment) in commands.iter().enumerate() {
        let end = commands.get(i + 1).map_or(u64::MAX / 2, |m| m.t_us);
        let was_off = matches!(level, Level::Off) || level.at(moment.t_us, shape).is_none();
        if was_off {
            next = moment.t_us;
        }
        level = level.after(moment, shape);
        while next < end {
            let Some(ua) = level.at(next, shape) else { break };
            out.push(Pulse { t_us: next, ua });
            next += PERIOD_US;
            if matches!(level, Level::Held(_)) && i + 1 == commands.len() {
                break;
            }
        }
    }
    out
}

#[derive(Clone, Copy, Debug)]
enum Level {
    Off,
    Rising { from_us: u64, from_ua: u64 },
    Held(u64),
    Falling { from_us: u64, from_ua: u64, down_us: u64 },
}

impl Level {
    fn after(self, moment: &Moment, shape: &Shape) -> Self {
        let now = moment.t_us;
        let present = self.at(now, shape);
        match moment.command {
            GateCommand::Open => Self::Rising { from_us: now, from_ua: present.unwrap_or(shape.floor_ua) },
            GateCommand::Hold => present.map_or(Self::Off, Self::Held),
            GateCommand::Close { down } => present.map_or(Self::Off, |from_ua| Self::Falling {
                from_us: now,
                from_ua,
                down_us: u64::from(down.as_millis()) * 1_000,
            }),
        }
    }

    fn at(self, t: u64, shape: &Shape) -> Option<u64> {
        let span = shape.set_ua - shape.floor_ua;
        match self {
            Self::Off => None,
            Self::Held(ua) => Some(ua),
            Self::Rising { from_us, from_ua } => {
                let risen = (span * (t - from_us)).checked_div(shape.up_us).unwrap_or(span);
                Some((from_ua + risen).min(shape.set_ua))
            }
            Self::Falling { from_us, from_ua, down_us } => {
                let gone = t - from_us;
                (gone < down_us)
                    .then(|| (from_ua - (from_ua - shape.floor_ua) * gone / down_us).max(shape.floor_ua))
            }
        }
    }
}

/// A person with a known motor threshold of 25 mA, and what is asked for.
pub fn subject() -> Subject {
    Subject {
        motor_threshold: MicroAmps::from_microamps(25_000),
        ..Subject::new(Innervation::Intact, Side::Left)
    }
}

pub fn build(request: &Request) -> (GaitConfig, Shape) {
    let mut storage: [Channel; 1] = channel_storage();
    let built = build_session(&FOOT_DROP, &subject(), request, &Answers::all_no(), &mut storage).unwrap();
    (built.gait, Shape::of(&built.session))
}

pub fn config() -> GaitConfig {
    build(&Request::default()).0
}

pub fn millis(value: u32) -> Millis {
    Millis::from_millis(value).unwrap()
}

/// One event of one foot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    HeelOff,
    ToeOff,
    Strike,
}

/// One foot of one walk.
#[derive(Clone, Debug)]
pub struct Foot {
    pub name: String,
    pub events: Vec<(u64, Event)>,
    /// Heel events of the other foot; empty where it has no switch.
    pub other: Vec<(u64, Event)>,
}

/// One step: heel-off, toe-off, strike, and the heel-off after it if there is one.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub heel_off: u64,
    pub toe_off: u64,
    pub strike: u64,
    pub next_heel_off: Option<u64>,
}

impl Foot {
    pub fn steps(&self) -> Vec<Step> {
        let at = |i: usize| self.events.get(i).copied();
        (0..self.events.len())
            .filter_map(|i| match (at(i)?, at(i + 1)?, at(i + 2)?) {
                ((heel_off, Event::HeelOff), (toe_off, Event::ToeOff), (strike, Event::Strike)) => {
                    Some(Step { heel_off, toe_off, strike, next_heel_off: at(i + 3).map(|e| e.0) })
                }
                _ => None,
            })
            .collect()
    }

    /// Heel events of both feet in order of time: when, whether of the other foot, what the switch reads.
    pub fn switches(&self) -> Vec<(u64, bool, Heel)> {
        let of = |other: bool| {
            move |(t, event): &(u64, Event)| match event {
                Event::HeelOff => Some((*t, other, Heel::Lifted)),
                Event::Strike => Some((*t, other, Heel::Loaded)),
                Event::ToeOff => None,
            }
        };
        let mut all: Vec<_> = self.events.iter().filter_map(of(false)).collect();
        all.extend(self.other.iter().filter_map(of(true)));
        all.sort_by_key(|(t, other, _)| (*t, *other));
        all
    }

    /// The same without the other foot's switch.
    pub fn alone(&self) -> Self {
        Self { other: Vec::new(), ..self.clone() }
    }

    /// The commands that a trigger gives on the heel events.
    pub fn drive(&self, config: GaitConfig) -> Driver {
        let mut driver = Driver::walking(config, 0);
        if !self.other.is_empty() {
            driver.act(0, |t, n| t.other_heel(n, Heel::Loaded));
        }
        for (t, other, heel) in self.switches() {
            if other {
                driver.act(t, |trigger, n| trigger.other_heel(n, heel));
            } else {
                driver.heel(t, heel);
            }
        }
        let end = self.events.last().map_or(0, |e| e.0) + 10_000_000;
        driver.run_to(end);
        driver
    }
}

/// The walks in `NMES_GAIT_DIR` or beside the repository; empty, with a line that says so, where there are none.
pub fn walks() -> Vec<Foot> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/gait");
    let dir = std::env::var_os("NMES_GAIT_DIR").map_or(default, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&dir) else {
        println!("skipped: no walks in {}; set NMES_GAIT_DIR", dir.display());
        return Vec::new();
    };
    let mut files: Vec<_> =
        entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "csv")).collect();
    files.sort();
    files.iter().flat_map(|file| ["left", "right"].map(|side| read(file, side))).collect()
}

fn read(file: &std::path::Path, side: &str) -> Foot {
    let text = std::fs::read_to_string(file).unwrap();
    let rows = || text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let event = |row: Vec<&str>| {
        let event = match row[2] {
            "heel_off" => Event::HeelOff,
            "toe_off" => Event::ToeOff,
            "heel_strike" => Event::Strike,
            other => panic!("event {other}"),
        };
        (row[0].parse().unwrap(), event)
    };
    Foot {
        name: format!("{} {side}", file.file_stem().unwrap().to_string_lossy()),
        events: rows().filter(|row| row[1] == side).map(event).collect(),
        other: rows().filter(|row| row[1] != side).map(event).collect(),
    }
}

/// Swings of a walk that nothing announces: at most one, see `walks.rs`, which names them.
const UNANNOUNCED: usize = 1;

/// What a judge of one walk counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Steps whose heel-off leads toe-off by 150 ms or more.
    pub led: usize,
    /// Of these: above motor threshold by toe-off.
    pub above: usize,
    /// Of these: full level by toe-off.
    pub full: usize,
    /// Of these: full level, each pulse standing for its period, through 95 % of the swing.
    pub swings_full: usize,
    /// Swings of all steps, and of these the ones at full level, with no gap of more than two periods, through 95 %;
    /// the time from toe-off to the first pulse at full level is such a gap like any other.
    pub swings: (usize, usize),
    /// The same with all the time before the first pulse at full level counted against it.
    pub swings_strictly: usize,
    /// Full level over all swings of the walk, in permille.
    pub pooled_permille: u64,
    /// Stances (strike to heel-off) longer than 0.4 s, and of these with 80 ms of Off before heel-off.
    pub stances: (usize, usize),
    /// The same from strike to toe-off.
    pub stances_to_toe_off: (usize, usize),
    /// The least Off before heel-off, in milliseconds.
    pub least_off_ms: u64,
    /// Pulses later than extension + ramp-down + one period after a strike and before the next heel-off.
    pub stray: usize,
}

impl Verdict {
    pub fn passes(&self) -> bool {
        self.above * 100 >= self.led * 95
            && self.swings_full * 100 >= self.led * 95
            && self.swings.1 + UNANNOUNCED >= self.swings.0
            && self.pooled_permille >= 950
            && self.stances.1 * 100 >= self.stances.0 * 90
            && self.stances_to_toe_off.1 * 100 >= self.stances_to_toe_off.0 * 90
            && self.stray == 0
    }
}

pub fn judge(foot: &Foot, commands: &[Moment], shape: &Shape, tail_us: u64) -> Verdict {
    judge_pulses(foot, &pulses(commands, shape), shape, tail_us)
}

pub fn judge_pulses(foot: &Foot, pulses: &[Pulse], shape: &Shape, tail_us: u64) -> Verdict {
    let mut v = Verdict { least_off_ms: u64::MAX, ..Verdict::default() };
    let (mut covered, mut swings) = (0, 0);
    let steps = foot.steps();
    for (i, step) in steps.iter().enumerate() {
        let full = covered_by_full(pulses, shape, step.toe_off, step.strike);
        let swing = step.strike - step.toe_off;
        (covered, swings) = (covered + full, swings + swing);
        v.swings.0 += 1;
        v.swings.1 +=
            usize::from(without_long_gaps(pulses, shape, step.toe_off, step.strike) * 100 >= swing * 95);
        v.swings_strictly += usize::from(full * 100 >= swing * 95);
        if step.toe_off - step.heel_off >= 150_000 {
            let before = |p: &&Pulse| (step.heel_off..=step.toe_off).contains(&p.t_us);
            v.led += 1;
            v.above += usize::from(pulses.iter().filter(before).any(|p| p.ua > THRESHOLD_UA));
            v.full += usize::from(pulses.iter().filter(before).any(|p| p.ua == shape.set_ua));
            v.swings_full += usize::from(full * 100 >= swing * 95);
        }
        let end = step.next_heel_off.unwrap_or(u64::MAX);
        let after = step.strike + tail_us + PERIOD_US;
        v.stray += pulses.iter().filter(|p| p.t_us > after && p.t_us < end).count();
        if let Some(next) = steps.get(i + 1) {
            let off = longest_off(pulses, step.strike, next.heel_off);
            count(&mut v.stances, next.heel_off - step.strike, off);
            count(
                &mut v.stances_to_toe_off,
                next.toe_off - step.strike,
                longest_off(pulses, step.strike, next.toe_off),
            );
            v.least_off_ms = v.least_off_ms.min(off / 1_000);
        }
    }
    v.pooled_permille = covered * 1_000 / swings.max(1);
    v
}

fn count(stances: &mut (usize, usize), length: u64, off: u64) {
    if length > 400_000 {
        stances.0 += 1;
        stances.1 += usize::from(off >= 80_000);
    }
}

fn covered_by_full(pulses: &[Pulse], shape: &Shape, from: u64, to: u64) -> u64 {
    let (mut covered, mut at) = (0, from);
    for pulse in pulses.iter().filter(|p| p.ua == shape.set_ua && p.t_us + PERIOD_US > from && p.t_us < to) {
        let (start, end) = (pulse.t_us.max(at), (pulse.t_us + PERIOD_US).min(to));
        covered += end.saturating_sub(start);
        at = at.max(end);
    }
    covered
}

/// Time of a swing that is not within a gap of more than two periods between pulses at full level; its ends count as
/// pulses. Two periods and a millisecond: the first pulse stands an edge spacing after the opening. Without any pulse at
/// full level it is nothing.
pub fn without_long_gaps(pulses: &[Pulse], shape: &Shape, from: u64, to: u64) -> u64 {
    let full = |p: &&Pulse| p.ua == shape.set_ua && p.t_us + 2 * PERIOD_US >= from && p.t_us < to;
    let onsets: Vec<u64> = pulses.iter().filter(full).map(|p| p.t_us).collect();
    let Some(first) = onsets.first() else { return 0 };
    let points: Vec<u64> = [*first.min(&from)].into_iter().chain(onsets).chain([to]).collect();
    let gaps = points.windows(2).filter(|w| w[1] - w[0] > 2 * PERIOD_US + 1_000);
    to - from - gaps.map(|w| w[1] - w[0].max(from)).sum::<u64>()
}

/// The longest time with no pulse and not within the period after one.
pub fn longest_off(pulses: &[Pulse], from: u64, to: u64) -> u64 {
    let (mut longest, mut at) = (0, from);
    for pulse in pulses.iter().filter(|p| p.t_us + PERIOD_US > from && p.t_us < to) {
        longest = longest.max(pulse.t_us.saturating_sub(at));
        at = at.max(pulse.t_us + PERIOD_US);
    }
    longest.max(to.saturating_sub(at))
}

/// The same gait with the other foot half a cycle apart: it strikes a quarter of a cycle before each toe-off.
pub fn with_other(foot: Foot, cycle_us: u64) -> Foot {
    let toe_offs = foot.events.iter().filter(|(_, event)| *event == Event::ToeOff);
    let other = toe_offs.flat_map(|(t, _)| {
        let strike = t - cycle_us / 4;
        [(strike - cycle_us * 2 / 5, Event::HeelOff), (strike, Event::Strike)]
    });
    Foot { other: other.collect(), ..foot }
}

/// A gait made from a cycle: heel-off to strike and toe-off within it, `steps` times.
pub fn regular(name: &str, cycle_us: u64, swing_from: u64, lift_us: u64, steps: u64) -> Foot {
    let events = (0..steps)
        .flat_map(|n| {
            let start = 1_000_000 + n * cycle_us;
            [(start, Event::HeelOff), (start + swing_from, Event::ToeOff), (start + lift_us, Event::Strike)]
        })
        .collect();
    Foot { name: name.into(), events, other: Vec::new() }
}
