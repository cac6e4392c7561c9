//! What a pulse that is narrower than the one before it adds to a window that cuts both.
//!
//! A window that begins in one pulse of a train and ends in a later one holds the end of the first and the beginning of the last. Of like
//! pulses that is one pulse, whatever the instant. The last may be narrower, though, by a command or in a ramp of width: a pulse that
//! rises slowly then has more in the same time than the wide one had in its beginning.

use nmes_core::wide::{div_up, product, quotient, times};
use nmes_core::{Balance, ChannelPlan, Form, Plan, PulseFrame};

use super::PulseMetrics;

/// The most that a narrower pulse has put out by any time after its onset over what one at the ceiling has by then.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ahead {
    /// In nA² × ticks.
    pub(crate) square: u128,
    /// In nA × ticks.
    pub(crate) absolute: u128,
}

/// How the course of a pulse changes with its width.
enum Course {
    /// No narrower one is ahead: custom points have one width, a rectangle is strongest first, and so is what follows a prepulse.
    Never,
    /// All of it in proportion; what stands between its parts stays, which only delays them.
    Scales,
    /// Each repeat begins with a prepulse that stays, and what stands after it is nearer.
    Nears,
}

impl Course {
    fn of(channel: &ChannelPlan<'_>) -> Self {
        let pulse = &channel.channel().pulse;
        match pulse.form {
            Form::Points(_) => Self::Never,
            Form::Rectangular | Form::Prepulse(_) if pulse.repeat.count < 2 => Self::Never,
            // the second of two repeats may begin while the first still pays back
            Form::Rectangular if as_strong_back(channel) => Self::Never,
            Form::Rectangular | Form::Triphasic { .. } | Form::Table(_) => Self::Scales,
            Form::Prepulse(_) => Self::Nears,
        }
    }
}

/// Whether all of it is as strong as its main phase.
fn as_strong_back(channel: &ChannelPlan<'_>) -> bool {
    match channel.channel().pulse.balance {
        Balance::Symmetric => channel.hardware().is_exact(),
        Balance::Asymmetric { .. } => false,
        Balance::DeclaredDc { .. } => true,
    }
}

impl Ahead {
    /// Of a channel whose pulses amount to `most`. Work: two passes over the segments of a repeat, of the forms that can be ahead.
    pub(crate) fn of(plan: &Plan<'_>, channel: u8, most: &PulseMetrics) -> Self {
        let Some(compiled) = plan.channel(channel) else { return Self::default() };
        let course = Course::of(compiled);
        if matches!(course, Course::Never) {
            return Self::default();
        }
        let Some(frame) = plan.frame(channel, compiled.channel().ceiling, 0) else {
            return Self { square: most.square, absolute: most.absolute };
        };
        let passed = |quantity, most, peak| Passed { frame: &frame, compiled, quantity, most, peak };
        Self {
            square: passed(squared, most.square, squared(most.peak_na)).ahead(&course),
            absolute: passed(u128::from, most.absolute, most.peak_na.into()).ahead(&course),
        }
    }
}

fn squared(na: u64) -> u128 {
    product(na, na)
}

/// What has come of a quantity in the course of a pulse at its ceiling.
struct Passed<'f> {
    frame: &'f PulseFrame<'f>,
    compiled: &'f ChannelPlan<'f>,
    quantity: fn(u64) -> u128,
    /// Of the whole pulse at its worst.
    most: u128,
    /// Of a tick at the peak.
    peak: u128,
}

impl Passed<'_> {
    fn ahead(&self, course: &Course) -> u128 {
        let (all, ticks) = self.total();
        let ahead = match course {
            Course::Never => return 0,
            Course::Nears => return self.at_the_peak(all, ticks),
            Course::Scales if self.frame.cycles() < 2 => self.of_one(all, ticks),
            Course::Scales => self.of_repeats(all, ticks),
        };
        // steps stand on whole ticks: each may be a tick off; and edges may be late, levels a code off
        let steps = u128::try_from(self.frame.cycle_segments().len()).unwrap_or(u128::MAX);
        let worse = self.most.saturating_sub(times(all, u128::from(self.frame.cycles())));
        let ahead = ahead.saturating_add(times(self.peak, steps)).saturating_add(worse);
        ahead.min(self.most)
    }

    /// What segment `index` has, and how long it is.
    fn part(&self, index: u16) -> (u128, u128) {
        let Some(segment) = self.frame.segment(index) else { return (0, 0) };
        let na = segment.level.current_na(self.compiled.hardware()).unsigned_abs();
        let ticks = u128::from(segment.ticks);
        (times((self.quantity)(na), ticks), ticks)
    }

    fn indices(&self) -> core::ops::Range<u16> {
        0..u16::try_from(self.frame.cycle_segments().len()).unwrap_or(u16::MAX)
    }

    /// Of one repeat, and how long that is.
    fn total(&self) -> (u128, u128) {
        self.indices()
            .map(|index| self.part(index))
            .fold((0, 0), |sum, part| (sum.0.saturating_add(part.0), sum.1.saturating_add(part.1)))
    }

    /// Drawn together in time to a part of it, a pulse has by `t` what it had by a later `v`, in that part: t · C(v) / v. From the end
    /// backwards, with the largest C(v) / v of what is later.
    fn of_one(&self, all: u128, ticks: u128) -> u128 {
        let (mut passed, mut at) = (all, ticks);
        let (mut best, mut ahead) = ((all, ticks), 0_u128);
        for (part, long) in self.indices().rev().map(|index| self.part(index)) {
            if times(passed, best.1) > times(best.0, at) {
                best = (passed, at);
            }
            ahead = ahead.max(div_up(times(best.0, at), best.1.max(1)).saturating_sub(passed));
            (passed, at) = (passed.saturating_sub(part), at.saturating_sub(long));
        }
        ahead
    }

    /// After many repeats a narrower one may be at any place of its course: as far as one repeat strays from its mean, both ways.
    fn of_repeats(&self, all: u128, ticks: u128) -> u128 {
        let (mut passed, mut at) = (0_u128, 0_u128);
        let (mut over, mut under) = (0_u128, 0_u128);
        for (part, long) in self.indices().map(|index| self.part(index)) {
            (passed, at) = (passed.saturating_add(part), at.saturating_add(long));
            let (real, mean) = (times(passed, ticks), times(all, at));
            over = over.max(real.saturating_sub(mean));
            under = under.max(mean.saturating_sub(real));
        }
        div_up(over.saturating_add(under), ticks.max(1))
    }

    /// All of it at the peak, against the repeats that the pulse at the ceiling has behind it by then.
    fn at_the_peak(&self, all: u128, ticks: u128) -> u128 {
        let repeats = quotient(quotient(self.most, self.peak), ticks);
        self.most.saturating_sub(times(repeats, all))
    }
}
