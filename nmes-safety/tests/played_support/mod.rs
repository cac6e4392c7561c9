//! A plan played out edge by edge, and what it amounts to: slow, and nothing of the closed form in it.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

use nmes_core::*;
use nmes_safety::{Report, Rule};

/// How late each edge is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lateness {
    Never,
    /// By all that the guard admits, L + 2 ε, where its bit is set, else not at all: sixteen bits for the edges of each odd
    /// frame of a channel, sixteen for those of each even one. The stamps make each look nearer to the others.
    Pattern(u32),
    /// By all that the guard admits where a level ends for a weaker one, so that the stronger lasts the longer.
    Longest,
    Random(u64),
}

impl Lateness {
    /// How late an edge is, and how late its stamp says it is.
    fn next(&mut self, timing: &HardwareTiming, odd: bool, edge: u16, weaker: bool) -> (u64, u64) {
        let (late, off) = (u64::from(timing.late_max_ticks), u64::from(timing.stamp_error_ticks));
        match self {
            Self::Never => (0, 0),
            Self::Pattern(bits) => {
                let bit = u32::from(edge.min(15)) + if odd { 16 } else { 0 };
                if *bits >> bit & 1 == 1 { (late + 2 * off, late + off) } else { (0, off) }
            }
            Self::Longest if weaker => (late + 2 * off, late + off),
            Self::Longest => (0, off),
            Self::Random(state) => {
                *state = step(*state);
                let true_late = (*state >> 33) % (late + 1);
                *state = step(*state);
                (true_late, true_late + (*state >> 33) % (off + 1))
            }
        }
    }
}

/// The next of a row of random numbers, of which the upper bits are good.
pub(crate) fn step(state: u64) -> u64 {
    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

/// A current as a function of time: what flows from each instant to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wave {
    /// Tick and nanoamperes from it on.
    pub(crate) steps: Vec<(u64, i64)>,
    /// Whether a code drives it: an offset may flow where none does.
    driven: Vec<bool>,
    /// Ticks at which a frame begins, and whether it is a pulse.
    pub(crate) frames: Vec<(u64, bool)>,
}

impl Wave {
    fn to(&mut self, at: u64, na: i64, driven: bool) {
        self.steps.push((at, na));
        self.driven.push(driven);
    }

    /// The currents of several channels through one electrode, each counted as a magnitude.
    pub(crate) fn through_one(waves: &[Self]) -> Self {
        let mut changes: Vec<(u64, usize, i64)> = Vec::new();
        for (index, wave) in waves.iter().enumerate() {
            changes.extend(wave.steps.iter().map(|&(at, na)| (at, index, na)));
        }
        changes.sort_unstable();
        let mut now = vec![0_i64; waves.len()];
        let mut sum = Self::default();
        for (at, index, na) in changes {
            now[index] = na.abs();
            sum.to(at, now.iter().sum(), true);
        }
        sum
    }

    /// Levels with their lengths; the last one, which is off, is left out.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.steps.windows(2).map(|pair| (pair[0].1, pair[1].0 - pair[0].0))
    }

    pub(crate) fn peak(&self) -> u64 {
        self.steps.iter().map(|(_, na)| na.unsigned_abs()).max().unwrap_or(0)
    }

    /// The most that any window of so many ticks holds of a quantity of the current. It begins or ends at a step.
    pub(crate) fn window(&self, ticks: u64, quantity: impl Fn(i64) -> i128) -> i128 {
        let mut sums = vec![0_i128];
        for (na, length) in self.levels() {
            sums.push(sums.last().unwrap() + quantity(na) * i128::from(length));
        }
        let until = |t: u64| {
            let index = self.steps.partition_point(|&(at, _)| at <= t);
            if index == 0 {
                return 0;
            }
            let (at, na) = self.steps[index - 1];
            sums[index - 1] + quantity(na) * i128::from(t - at)
        };
        let begins = self.steps.iter().flat_map(|&(at, _)| [Some(at), at.checked_sub(ticks)]);
        begins.flatten().map(|begin| until(begin + ticks) - until(begin)).max().unwrap_or(0)
    }

    /// Sign, charge and length of each phase of a pulse: what flows one way until a rest or the other way.
    pub(crate) fn phases(&self) -> Vec<(i64, u64, u64)> {
        let mut phases: Vec<(i64, u64, u64)> = Vec::new();
        let mut sign = 0;
        let levels = self
            .levels()
            .zip(&self.driven)
            .map(|((na, ticks), &driven)| (if driven { na } else { 0 }, ticks));
        for (&(at, _), (na, ticks)) in self.steps.iter().zip(levels).filter(|(_, level)| level.1 > 0) {
            let charge = na.unsigned_abs() * ticks;
            let frame = self.frames.partition_point(|frame| frame.0 <= at);
            let in_a_pulse = frame > 0 && self.frames[frame - 1].1;
            match phases.last_mut() {
                Some(last) if na != 0 && na.signum() == sign => {
                    last.1 += charge;
                    last.2 += ticks;
                }
                _ if na != 0 && in_a_pulse => phases.push((na.signum(), charge, ticks)),
                _ => {}
            }
            sign = if in_a_pulse { na.signum() } else { 0 };
        }
        phases
    }

    /// The largest sum of a quantity from the beginning of a pulse to that of the next frame.
    pub(crate) fn pulse(&self, quantity: impl Fn(i64) -> i128) -> i128 {
        let ends = self.frames.iter().skip(1).map(|frame| frame.0).chain([u64::MAX]);
        let pulses = self.frames.iter().zip(ends).filter(|(frame, _)| frame.1);
        pulses.map(|(frame, to)| self.between(frame.0, to, &quantity)).max().unwrap_or(0)
    }

    /// The most that is moved one way between any two instants of a pulse, so that no rest within a phase hides anything.
    pub(crate) fn moved(&self) -> u64 {
        let ends = self.frames.iter().skip(1).map(|frame| frame.0).chain([u64::MAX]);
        let pulses = self.frames.iter().zip(ends).filter(|(frame, _)| frame.1);
        let of = |(frame, to): (&(u64, bool), u64)| {
            let first = self.steps.partition_point(|&(at, _)| at < frame.0);
            let steps = self.steps[first..].windows(2).take_while(|pair| pair[0].0 < to);
            let (mut sum, mut low, mut high) = (0_i64, 0_i64, 0_i64);
            for pair in steps {
                sum += pair[0].1 * i64::try_from(pair[1].0 - pair[0].0).unwrap();
                (low, high) = (low.min(sum), high.max(sum));
            }
            high.abs_diff(low)
        };
        pulses.map(of).max().unwrap_or(0)
    }

    /// The most that the frames of so many ticks leave, as a magnitude. One that is cut by the end of the window counts by
    /// what it moved until then, but by no more than it leaves: what is paid back afterwards is no direct current.
    pub(crate) fn left_in(&self, ticks: u64) -> i128 {
        let ends = self.frames.iter().skip(1).map(|frame| frame.0).chain([u64::MAX]);
        let spans: Vec<(u64, u64)> = self.frames.iter().map(|frame| frame.0).zip(ends).collect();
        let net = |from, to| self.between(from, to, &|na| i128::from(na));
        let nets: Vec<i128> = spans.iter().map(|&(from, to)| net(from, to)).collect();
        let sum = |&(begin, _): &(u64, u64)| {
            let end = begin + ticks;
            let inside = spans.iter().zip(&nets).filter(|(span, _)| span.0 >= begin && span.0 < end);
            let left = inside.map(|(&(from, to), &all)| {
                let part = net(from, to.min(end));
                if part.abs() < all.abs() { part } else { all }
            });
            left.sum::<i128>().abs()
        };
        spans.iter().map(sum).max().unwrap_or(0)
    }

    fn between(&self, from: u64, to: u64, quantity: &impl Fn(i64) -> i128) -> i128 {
        let first = self.steps.partition_point(|&(at, _)| at < from);
        let steps = self.steps[first..].windows(2).take_while(|pair| pair[0].0 < to);
        steps.map(|pair| quantity(pair[0].1) * i128::from(pair[1].0.min(to) - pair[0].0)).sum()
    }
}

/// The value of a rule's row.
pub(crate) fn value(report: &Report, rule: &Rule) -> u128 {
    report.row(rule).and_then(|row| row.value).unwrap_or(0).into()
}

pub(crate) fn square(na: i64) -> i128 {
    i128::from(na) * i128::from(na)
}

pub(crate) fn magnitude(na: i64) -> i128 {
    i128::from(na.unsigned_abs())
}

/// What a trigger does at a millisecond.
pub(crate) type Trigger<'t> = &'t mut dyn FnMut(u32) -> Option<GateInput>;

/// Plays a session of so many milliseconds at its ceilings, to its end. `None` where the
/// engine meets what it cannot go on with.
pub(crate) fn play(plan: &Plan<'_>, late: Lateness, ms: u32, trigger: Trigger<'_>) -> Option<Vec<Wave>> {
    play_to(plan, late, ms, trigger, None)
}

/// The same with a setting for all channels from a millisecond on.
pub(crate) fn play_to(
    plan: &Plan<'_>,
    mut late: Lateness,
    ms: u32,
    trigger: Trigger<'_>,
    order: Option<(u32, Setting)>,
) -> Option<Vec<Wave>> {
    let channels = usize::from(plan.channel_count());
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let mut engine = Engine::new(plan, &mut storage).unwrap();
    for (channel, asked) in (0..).zip(plan.session().channels()) {
        engine.command(channel, asked.ceiling, 0).unwrap();
    }
    let hz = u64::from(plan.hardware().timing().ticks_per_second);
    // a command just before an onset would defer it
    engine.start(hz / 1_000);
    let timing = plan.hardware().timing();
    let mut pulse = [false; MAX_CHANNELS];
    let (mut waves, mut since, mut stamp) = (vec![Wave::default(); channels], 0_u64, 0_u64);
    // and what pays back at the end
    for now_ms in 0..ms + 500 {
        let now = u64::from(now_ms) * hz / 1_000;
        engine.tick(now.max(stamp));
        if let Some(input) = trigger(now_ms) {
            engine.gate(input, now.max(stamp));
        }
        if let Some((_, setting)) = order.filter(|order| order.0 == now_ms) {
            for channel in 0..plan.channel_count() {
                // one that is too narrow for the form changes nothing
                let _refused = engine.command(channel, setting, now.max(stamp)).err();
            }
        }
        let until = u64::from(now_ms + 1) * hz / 1_000;
        loop {
            while let Some(frame) = engine.pending() {
                pulse[usize::from(frame.channel())] = frame.kind() == FrameKind::Pulse;
                engine.accept(frame.channel(), frame.sequence());
            }
            let Next::At(due) = engine.next() else { break };
            if due >= until {
                break;
            }
            let changes: Vec<Change> = engine.step().iter().flat_map(Step::changes).collect();
            let odd = changes.first().is_some_and(|c| waves[usize::from(c.channel)].frames.len() % 2 == 1);
            let edge = changes.first().and_then(|c| c.edge).unwrap_or(0);
            let weaker = changes.first().is_some_and(|c| {
                let current =
                    |level: Level| Some(level.current_na(plan.channel(c.channel)?.hardware()).unsigned_abs());
                let before =
                    waves[usize::from(c.channel)].steps.last().map_or(0, |step| step.1.unsigned_abs());
                current(c.level) < Some(before)
            });
            let (late, stamped) = late.next(timing, odd, edge, weaker);
            let at = (due + late).max(since);
            since = at;
            for change in changes {
                let wave = &mut waves[usize::from(change.channel)];
                if change.edge == Some(0) {
                    wave.frames.push((at, pulse[usize::from(change.channel)]));
                }
                let driven = matches!(change.level, Level::Code(code) if code != 0);
                wave.to(at, change.level.current_na(plan.channel(change.channel)?.hardware()), driven);
            }
            stamp = stamp.max(due + stamped);
            engine.applied(stamp).ok()?;
        }
    }
    waves.iter().all(|wave| wave.steps.last().is_none_or(|last| last.1 == 0)).then_some(waves)
}
