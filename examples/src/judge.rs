//! What a walk got: every step, every swing and every stance held against the pulses that were delivered.
//!
//! Looks only at foot events and delivered pulses, so that it judges any trigger, ours or another.

use crate::gait::{Foot, Step, Walk};
use serde::Serialize;

/// One delivered pulse as the judge sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// When its first edge was applied.
    pub onset_us: u64,
    /// Its level: the amplitude at the set width that carries the same phase charge.
    pub level_ua: u32,
    /// Whether the envelope was at its full level.
    pub full: bool,
}

/// What the pulses are held against.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The treated foot.
    pub foot: Foot,
    /// Motor threshold.
    pub threshold_ua: u32,
    /// Time from pulse to pulse.
    pub period_us: u64,
    /// How long a lift lasts before a heel switch is believed.
    pub debounce_us: u64,
    /// How long after a strike of the other heel a lift is announced by it.
    pub vouch_us: u64,
    /// The longest output may last after a strike: debounce, extension and ramp-down.
    pub tail_us: u64,
    /// The longest output may last after a heel-off that no strike follows: time-out and ramp-down.
    pub time_out_us: u64,
    /// Steps from here on are not judged: the session ended.
    pub end_us: u64,
}

/// The least Off that is asked of a long stance. (The trigger's own note of merged steps asks for 100 ms.)
pub const LEAST_OFF_US: u64 = 80_000;
/// Stances no longer than this are too short to hold an Off.
pub const SHORT_STANCE_US: u64 = 400_000;
/// Steps whose heel-off leads toe-off by this or more are asked to be above motor threshold by then.
pub const FAIR_LEAD_US: u64 = 150_000;
/// A gap between pulses is one when it is longer than two periods by more than this: onsets stand an edge spacing after
/// their trigger, and foot events on a grid of milliseconds.
const GRID_US: u64 = 1_000;

/// What one step got.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StepVerdict {
    /// The step's own moments.
    pub step: Step,
    /// From heel-off to the first pulse at or above motor threshold.
    pub to_threshold_us: Option<u64>,
    /// From heel-off to the first pulse at full level.
    pub to_full_us: Option<u64>,
    /// Whether a heel announced the swing: its own by the debounce time before toe-off, or the other's strike.
    pub announced: bool,
    /// How the swing went; `None` for a shuffle and for a swing the walk does not end.
    pub swing: Option<Swing>,
    /// Whether a pulse of two periods before toe-off, or at it, was at or above motor threshold.
    pub strong_at_toe_off: bool,
    /// Whether one of them was at full level.
    pub full_at_toe_off: bool,
    /// Whether a pulse of the swing was at or above motor threshold.
    pub strong_in_swing: bool,
}

/// What one swing got.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Swing {
    /// Its length.
    pub length_us: u64,
    /// How much of it is at full level without a gap of more than two periods between pulses. The time from toe-off to
    /// the first pulse at full level is a gap like any other: up to two periods of it are none.
    pub full_us: u64,
    /// The same counted strictly: all time before the first pulse at full level is against it.
    pub strict_full_us: u64,
    /// Its share of the time from the first full-level pulse on: 1,000 means that full level, once reached, lasted;
    /// also when it was never reached.
    pub held_permille: u64,
    /// The longest gap between pulses of any level after the first one.
    pub longest_gap_us: u64,
}

/// How a step went, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Above motor threshold by toe-off, and still at toe-off.
    OnTime,
    /// Above motor threshold, but only during swing.
    Late,
    /// Not above motor threshold at any time of the swing, even if it was before.
    Missed,
    /// No toe-off: the heel rose and the toes stayed.
    Shuffle,
}

impl Swing {
    /// Whether full level lasted through 95 % of it, without a gap of more than two periods.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.full_us * 100 >= self.length_us * 95
    }

    /// The same counted strictly, see [`Swing::strict_full_us`].
    #[must_use]
    pub const fn is_strictly_full(&self) -> bool {
        self.strict_full_us * 100 >= self.length_us * 95
    }
}

impl StepVerdict {
    /// How the step went.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let Some(toe_off) = self.step.toe_off else { return Outcome::Shuffle };
        let Some(after) = self.to_threshold_us else { return Outcome::Missed };
        if self.start_us() + after <= toe_off && self.strong_at_toe_off {
            Outcome::OnTime
        } else if self.strong_in_swing {
            Outcome::Late
        } else {
            Outcome::Missed
        }
    }

    /// Whether full level was reached by toe-off.
    #[must_use]
    pub fn full_by_toe_off(&self) -> bool {
        let reached = |(after, toe)| self.start_us() + after <= toe;
        self.full_at_toe_off && self.to_full_us.zip(self.step.toe_off).is_some_and(reached)
    }

    /// How long after toe-off full level came; 0 when it came before.
    #[must_use]
    pub fn full_after_toe_off_us(&self) -> Option<u64> {
        let toe_off = self.step.toe_off?;
        Some((self.start_us() + self.to_full_us?).saturating_sub(toe_off))
    }

    fn start_us(&self) -> u64 {
        self.step.heel_off.or(self.step.toe_off).unwrap_or(0)
    }
}

/// What one stance got: from the strike to the next heel-off.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Stance {
    /// The strike.
    pub from_us: u64,
    /// The next heel-off.
    pub to_us: u64,
    /// The longest time in it without output.
    pub off_us: u64,
    /// When in it the last pulse at or above motor threshold came, in thousandths of its length.
    pub last_permille: Option<u64>,
}

impl Stance {
    /// Long enough that an Off is due.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.to_us - self.from_us > SHORT_STANCE_US
    }

    /// Whether stimulation at or above motor threshold lasted past its middle.
    #[must_use]
    pub fn is_past_middle(&self) -> bool {
        self.last_permille.is_some_and(|permille| permille > 500)
    }

    /// Long, and without the Off that is due.
    #[must_use]
    pub fn lacks_off(&self) -> bool {
        self.is_long() && self.off_us < LEAST_OFF_US
    }
}

/// All that a walk got.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement {
    /// Every step that ended before the session did, shuffles among them.
    pub steps: Vec<StepVerdict>,
    /// Every stance between two of them.
    pub stances: Vec<Stance>,
    /// Pulses outside every window from a heel-off to the end of the tail after its strike.
    pub stray_pulses: usize,
    /// Time under stimulation from the first heel-off to the last strike.
    pub on_us: u64,
    /// From the first heel-off to the last strike.
    pub walked_us: u64,
}

/// One line of the verdict on a walk.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Criterion {
    /// What is asked.
    pub asked: &'static str,
    /// How many have it.
    pub have: usize,
    /// Of how many.
    pub of: usize,
    /// The share that is asked for, in percent.
    pub least_percent: usize,
}

impl Criterion {
    /// Whether the share is reached; nothing to judge is a pass.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.have * 100 >= self.of * self.least_percent
    }
}

impl Judgement {
    /// Judges a walk.
    #[must_use]
    pub fn of(walk: &Walk, pulses: &[Pulse], terms: &Terms) -> Self {
        let all: Vec<Step> = walk.steps(terms.foot);
        let ended: Vec<Step> = all.iter().filter(|s| last_moment(s) <= terms.end_us).copied().collect();
        let strikes: Vec<u64> =
            walk.heel(terms.foot.other()).filter(|(_, lifted)| !lifted).map(|(t, _)| t).collect();
        let judge = |(i, s)| StepVerdict {
            announced: is_announced(s, &strikes, terms),
            ..judge_step(s, ended.get(i + 1), pulses, terms)
        };
        let steps: Vec<StepVerdict> = ended.iter().enumerate().map(judge).collect();
        let first = all.first().and_then(|s| s.heel_off.or(s.toe_off)).unwrap_or(0);
        let last = ended.last().map_or(first, last_moment);
        Self {
            steps,
            stances: stances(walk, pulses, terms),
            stray_pulses: count_stray(walk, pulses, terms),
            on_us: on_time(within(pulses, first, last.max(first)), last, terms.period_us),
            walked_us: last.saturating_sub(first),
        }
    }

    /// Steps with a swing.
    pub fn swings(&self) -> impl Iterator<Item = &StepVerdict> {
        self.steps.iter().filter(|s| s.step.toe_off.is_some())
    }

    /// How many steps went a given way.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.steps.iter().filter(|s| s.outcome() == outcome).count()
    }

    /// Share of the walking time under stimulation, in percent.
    #[must_use]
    pub fn on_percent(&self) -> f64 {
        if self.walked_us == 0 { 0.0 } else { 100.0 * self.on_us as f64 / self.walked_us as f64 }
    }

    /// The longest time from heel-off to motor threshold.
    #[must_use]
    pub fn worst_to_threshold_us(&self) -> Option<u64> {
        self.swings().filter_map(|s| s.to_threshold_us).max()
    }

    /// What is asked of every walk, in order.
    #[must_use]
    pub fn criteria(&self) -> [Criterion; 5] {
        let is_fair = |s: &StepVerdict| s.step.lead_us().is_some_and(|l| l >= FAIR_LEAD_US);
        let fair: Vec<&StepVerdict> = self.swings().filter(|s| is_fair(s)).collect();
        let swings =
            |wanted: bool| self.swings().filter(move |s| s.announced == wanted).filter_map(|s| s.swing);
        let (announced, other): (Vec<Swing>, Vec<Swing>) = (swings(true).collect(), swings(false).collect());
        let long: Vec<&Stance> = self.stances.iter().filter(|s| s.is_long()).collect();
        [
            Criterion {
                asked: "above motor threshold by toe-off (steps with 150 ms or more from heel-off)",
                have: fair.iter().filter(|s| s.outcome() == Outcome::OnTime).count(),
                of: fair.len(),
                least_percent: 95,
            },
            Criterion {
                asked: "full level through 95 % of the swing, no gap over two periods (swings a heel announced)",
                have: announced.iter().filter(|s| s.is_full()).count(),
                of: announced.len(),
                least_percent: 100,
            },
            Criterion {
                asked: "full level, once reached, held to the heel strike (swings no heel announced)",
                have: other.iter().filter(|s| s.held_permille >= 950).count(),
                of: other.len(),
                least_percent: 100,
            },
            Criterion {
                asked: "at least 80 ms of Off in stances over 0.4 s",
                have: long.iter().filter(|s| !s.lacks_off()).count(),
                of: long.len(),
                least_percent: 90,
            },
            Criterion {
                asked: "no pulse outside a step and its tail",
                have: usize::from(self.stray_pulses == 0),
                of: 1,
                least_percent: 100,
            },
        ]
    }

    /// Whether all criteria are reached.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.criteria().iter().all(Criterion::passes)
    }
}

fn last_moment(step: &Step) -> u64 {
    step.strike.or(step.toe_off).or(step.heel_off).unwrap_or(0)
}

/// Whether a heel said in time that the swing comes: the own one by the debounce time before toe-off, or the other one
/// by its strike, up to the vouching time before the own heel-off.
fn is_announced(step: &Step, strikes: &[u64], terms: &Terms) -> bool {
    let Some(heel_off) = step.heel_off else { return false };
    let window = heel_off.saturating_sub(terms.vouch_us)..=heel_off;
    step.lead_us().is_some_and(|lead| lead >= terms.debounce_us) || strikes.iter().any(|t| window.contains(t))
}

fn judge_step(step: &Step, next: Option<&Step>, pulses: &[Pulse], terms: &Terms) -> StepVerdict {
    let start = step.heel_off.or(step.toe_off).unwrap_or(0);
    let next_start = next.and_then(|n| n.heel_off.or(n.toe_off));
    let end = step.strike.or(next_start).unwrap_or(terms.end_us);
    // a heel that never came down has no heel-off to wait for: a pulse just before toe-off is on time
    let earliest = if step.heel_off.is_some() { start } else { start.saturating_sub(terms.period_us) };
    let during = within(pulses, earliest, end);
    let first = |wanted: &dyn Fn(&Pulse) -> bool| {
        during.iter().find(|p| wanted(p)).map(|p| p.onset_us.saturating_sub(start))
    };
    // a pulse stands for two periods at most
    let at_toe_off = step.toe_off.map_or(&[][..], |toe| {
        within(pulses, toe.saturating_sub(2 * terms.period_us).max(earliest), toe.saturating_add(1))
    });
    let in_swing = step.toe_off.map_or(&[][..], |toe| within(pulses, toe, end.max(toe)));
    let strong = |p: &Pulse| p.level_ua >= terms.threshold_ua;
    StepVerdict {
        step: *step,
        announced: false,
        strong_at_toe_off: at_toe_off.iter().any(strong),
        full_at_toe_off: at_toe_off.iter().any(|p| p.full),
        strong_in_swing: in_swing.iter().any(strong),
        to_threshold_us: first(&strong),
        to_full_us: first(&|p| p.full),
        swing: step.toe_off.zip(step.strike).map(|(from, to)| judge_swing(from, to, pulses, terms.period_us)),
    }
}

/// Pulses with an onset in `from..to`.
fn within(pulses: &[Pulse], from: u64, to: u64) -> &[Pulse] {
    let low = pulses.partition_point(|p| p.onset_us < from);
    let high = pulses.partition_point(|p| p.onset_us < to).max(low);
    &pulses[low..high]
}

fn judge_swing(from: u64, to: u64, pulses: &[Pulse], period: u64) -> Swing {
    // a pulse up to two periods before toe-off still counts for the time after it
    let near = within(pulses, from.saturating_sub(2 * period), to);
    let full: Vec<u64> = near.iter().filter(|p| p.full).map(|p| p.onset_us).collect();
    let mut strict_full_us = 0;
    for (i, &onset) in full.iter().enumerate() {
        let next = full.get(i + 1).copied().unwrap_or(u64::MAX);
        let lasts = if next.saturating_sub(onset) <= 2 * period { next } else { onset + period };
        strict_full_us += lasts.min(to).saturating_sub(onset.max(from));
    }
    // up to two periods before the first pulse are no gap; the strict count has them against it
    let first_us = full.first().map_or(0, |&first| first.clamp(from, to) - from);
    let start_us = if first_us <= 2 * period + GRID_US { first_us } else { 0 };
    let due = full.first().map_or(0, |&first| to - first.clamp(from, to));
    Swing {
        length_us: to - from,
        full_us: strict_full_us + start_us,
        strict_full_us,
        held_permille: (strict_full_us * 1_000).checked_div(due).unwrap_or(1_000),
        longest_gap_us: longest_gap(near, from, to, period),
    }
}

/// The longest time between two pulses, or from the last one to `to`, in which none came; all of it without any.
fn longest_gap(pulses: &[Pulse], from: u64, to: u64, period: u64) -> u64 {
    let between = pulses.windows(2).map(|w| w[1].onset_us - w[0].onset_us).max().unwrap_or(0);
    let after = pulses.last().map_or(to - from, |p| to.saturating_sub(p.onset_us));
    if after > period { between.max(after) } else { between }
}

fn stances(walk: &Walk, pulses: &[Pulse], terms: &Terms) -> Vec<Stance> {
    let heel: Vec<(u64, bool)> = walk.heel(terms.foot).collect();
    let pairs = heel.windows(2).filter(|w| !w[0].1 && w[1].1 && w[1].0 <= terms.end_us);
    pairs
        .map(|w| {
            let (from, to) = (w[0].0, w[1].0);
            let strong = within(pulses, from, to).iter().rev().find(|p| p.level_ua >= terms.threshold_ua);
            let last_permille = strong.and_then(|p| ((p.onset_us - from) * 1_000).checked_div(to - from));
            Stance {
                from_us: from,
                to_us: to,
                off_us: longest_off(pulses, from, to, terms.period_us),
                last_permille,
            }
        })
        .collect()
}

/// The longest time in `from..to` that is more than a period after one pulse and before the next.
fn longest_off(pulses: &[Pulse], from: u64, to: u64, period: u64) -> u64 {
    let before = pulses[..pulses.partition_point(|p| p.onset_us < from)].last();
    let mut quiet_since = before.map_or(from, |p| (p.onset_us + period).max(from));
    let mut longest = 0;
    for pulse in within(pulses, from, to) {
        longest = longest.max(pulse.onset_us.saturating_sub(quiet_since));
        quiet_since = pulse.onset_us + period;
    }
    longest.max(to.saturating_sub(quiet_since))
}

/// Pulses outside every window from a heel-off to the tail after its strike (or, without a strike, its time-out)
/// and one period.
fn count_stray(walk: &Walk, pulses: &[Pulse], terms: &Terms) -> usize {
    let heel: Vec<(u64, bool)> = walk.heel(terms.foot).collect();
    let mut windows = Vec::new();
    for (i, &(lifted_at, _)) in heel.iter().enumerate().filter(|(_, (_, lifted))| *lifted) {
        let struck_at = heel.get(i + 1).filter(|(_, lifted)| !lifted).map(|&(at, _)| at);
        let end = struck_at.map_or(lifted_at + terms.time_out_us, |at| at + terms.tail_us);
        windows.push((lifted_at, end + terms.period_us));
    }
    let is_due = |t: u64| {
        let started = windows.partition_point(|&(from, _)| from <= t);
        windows[..started].last().is_some_and(|&(_, to)| t <= to)
    };
    pulses.iter().filter(|p| !is_due(p.onset_us)).count()
}

/// Time under pulses up to `end`; each stands for a period or until the next.
fn on_time(pulses: &[Pulse], end: u64, period: u64) -> u64 {
    let spans = pulses.windows(2).map(|w| (w[1].onset_us - w[0].onset_us).min(period));
    spans.sum::<u64>() + pulses.last().map_or(0, |p| end.saturating_sub(p.onset_us).min(period))
}
