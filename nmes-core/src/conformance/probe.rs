//! A rig, and what is known of its channels.

use super::{Holds, Rig, Seen};
use crate::frame::Level;
use crate::hardware::{Hardware, MAX_CHANNELS, Rest};
use std::format;
use std::prelude::v1::*;
use std::vec;

/// Follows what a rig tells.
pub(crate) struct Probe<R> {
    pub(crate) rig: R,
    pub(crate) hardware: Hardware,
    pub(crate) now: u64,
    /// `None` until it was seen.
    pub(crate) levels: [Option<Level>; MAX_CHANNELS],
    /// What came out within construction.
    pub(crate) born: Vec<Seen>,
    /// The levels before the last call.
    pub(crate) before: [Option<Level>; MAX_CHANNELS],
    /// What the last call that succeeded answered.
    pub(crate) stamp: u64,
    step: u64,
}

impl<R: Rig> Probe<R> {
    pub(crate) fn new(rig: R) -> Self {
        let hardware = rig.hardware();
        // an instant apart from the one before, whatever the output has to wait for
        let timing = hardware.timing();
        let step = u64::from(hardware.edge_spacing_ticks())
            + u64::from(timing.dead_ticks)
            + u64::from(hardware.jitter_ticks())
            + u64::from(timing.write_ticks) * 8
            + 100;
        let (levels, before) = ([None; MAX_CHANNELS], [None; MAX_CHANNELS]);
        let mut probe = Self { rig, hardware, now: 0, levels, born: vec![], before, stamp: 0, step };
        probe.born = probe.look();
        probe
    }

    /// What changed since the last look.
    pub(crate) fn look(&mut self) -> Vec<Seen> {
        let mut changes = vec![];
        for seen in self.rig.seen() {
            let Some(slot) = self.levels.get_mut(usize::from(seen.channel)) else { continue };
            if *slot != Some(seen.level) {
                *slot = Some(seen.level);
                changes.push(seen);
            }
            self.now = self.now.max(seen.tick);
        }
        changes
    }

    /// One instant later than everything so far.
    pub(crate) fn later(&mut self) -> u64 {
        self.now += self.step;
        self.now
    }

    /// Puts edges out; whether the output took them, and what was seen meanwhile.
    pub(crate) fn apply(&mut self, edges: &[(u8, Level)]) -> (Result<(), String>, Vec<Seen>) {
        let now = self.later();
        let result = self.rig.apply(now, edges);
        self.took(result)
    }

    pub(crate) fn off(&mut self) -> (Result<(), String>, Vec<Seen>) {
        let now = self.later();
        let result = self.rig.off(now);
        self.took(result)
    }

    pub(crate) fn channel_off(&mut self, channel: u8) -> (Result<(), String>, Vec<Seen>) {
        let now = self.later();
        let result = self.rig.channel_off(now, channel);
        self.took(result)
    }

    /// Drops the output; what was seen meanwhile.
    pub(crate) fn end(&mut self) -> Vec<Seen> {
        let now = self.later();
        self.rig.end(now);
        self.before = self.levels;
        self.look()
    }

    fn took(&mut self, result: Result<u64, R::Error>) -> (Result<(), String>, Vec<Seen>) {
        self.before = self.levels;
        self.stamp = result.as_ref().copied().unwrap_or(self.stamp);
        self.now = self.now.max(self.stamp);
        (result.map(|_| ()).map_err(|e| format!("{e:?}")), self.look())
    }

    /// Puts edges out that have to be taken and to be at the terminals afterwards, the other channels as they were; none
    /// of those drives in between.
    pub(crate) fn put(&mut self, edges: &[(u8, Level)]) -> Result<Vec<Seen>, String> {
        let (result, seen) = self.apply(edges);
        result.map_err(|e| format!("{edges:?} was answered with {e}"))?;
        self.in_time(&seen, self.stamp)?;
        for (channel, level) in self.channels().zip(self.before) {
            let asked = edges.iter().rev().find(|(c, _)| *c == channel).map(|(_, level)| *level);
            self.is_at(channel, asked.or(level), &format!("after {edges:?}"))?;
        }
        let asked = |channel| edges.iter().any(|(c, _)| *c == channel);
        let strange = seen.iter().find(|s| driven(s.level) != 0 && !asked(s.channel));
        strange.map_or(Ok(()), |s| Err(format!("with {edges:?}, {s:?} came out")))?;
        self.nothing_else(edges, &seen, &format!("with {edges:?}"))?;
        Ok(seen)
    }

    /// Within the last call nothing drove but what a channel had before it and what it was asked for.
    pub(crate) fn nothing_else(&self, asked: &[(u8, Level)], seen: &[Seen], when: &str) -> Holds {
        let known = |s: &Seen| {
            let had = self.before.get(usize::from(s.channel)).copied().flatten();
            driven(s.level) == 0 || had == Some(s.level) || asked.contains(&(s.channel, s.level))
        };
        let odd = seen.iter().find(|s| !known(s));
        odd.map_or(Ok(()), |s| Err(format!("{when}, {s:?} came out")))
    }

    /// No level came later than its stamp may be wrong.
    pub(crate) fn in_time(&self, seen: &[Seen], stamp: u64) -> Holds {
        let latest = stamp.saturating_add(self.hardware.timing().stamp_error_ticks.into());
        let late = seen.iter().find(|s| s.tick > latest);
        late.map_or(Ok(()), |s| {
            Err(format!("{s:?} came {} ticks after the stamp of its call, {stamp}", s.tick - stamp))
        })
    }

    pub(crate) fn is_at(&self, channel: u8, level: Option<Level>, when: &str) -> Holds {
        let is = self.levels[usize::from(channel)];
        if is == level {
            return Ok(());
        }
        let word = |level: Option<Level>| level.map_or("unknown".into(), |level| format!("{level:?}"));
        Err(format!("{when}, channel {channel} is {}, not {}", word(is), word(level)))
    }

    pub(crate) fn all_open(&self, when: &str) -> Holds {
        self.channels().try_for_each(|channel| self.is_at(channel, Some(Level::Open), when))
    }

    /// Every channel is open, and its current source is asked for nothing, as far as the rig tells.
    pub(crate) fn all_safe(&self, when: &str) -> Holds {
        self.all_open(when)?;
        self.channels().try_for_each(|channel| match self.rig.set_point(channel) {
            None | Some(0) => Ok(()),
            Some(code) => Err(format!("{when}, the set-point of channel {channel} is {code}, not 0")),
        })
    }

    pub(crate) fn channels(&self) -> std::ops::Range<u8> {
        0..self.hardware.channel_count()
    }

    /// Channels on one source, of which one at most may have a code.
    pub(crate) fn share(&self, channel: u8, other: u8) -> bool {
        let source = |c| self.hardware.channel(c).map_or(0, |own| own.source);
        channel != other && source(channel) != 0 && source(channel) == source(other)
    }

    /// A level for every channel at once. Of channels on one source the first one has it, or `first` where that is among them;
    /// the others are open where it is a code.
    pub(crate) fn together(&self, first: u8, level: impl Fn(u8) -> Level) -> Vec<(u8, Level)> {
        let waits = |c| self.share(c, first) || c != first && (0..c).any(|before| self.share(c, before));
        let fit = |c| match level(c) {
            Level::Code(_) if waits(c) => Level::Open,
            level @ (Level::Open | Level::Shorted | Level::Code(_)) => level,
        };
        self.channels().map(|c| (c, fit(c))).collect()
    }

    /// Who is `first` in turn, so that each channel is at a code in one of them.
    pub(crate) fn turns(&self) -> Vec<u8> {
        self.channels().filter(|c| *c == 0 || self.channels().any(|other| self.share(*c, other))).collect()
    }

    /// The lowest and highest code of a channel.
    pub(crate) fn range(&self, channel: u8) -> (i32, i32) {
        self.hardware.channel(channel).map_or((-1, 1), |c| (c.code_min, c.code_max))
    }

    /// A level, within the range of a channel.
    pub(crate) fn fitting(&self, channel: u8, level: Level) -> Level {
        let (low, high) = self.range(channel);
        match level {
            Level::Code(code) => Level::Code(code.clamp(low, high)),
            Level::Open | Level::Shorted => level,
        }
    }

    /// The levels that are tried as states: each rest that the hardware has, zero, the smallest and the strongest codes.
    pub(crate) fn states(&self, channel: u8) -> Vec<Level> {
        let (low, high) = self.range(channel);
        let timing = self.hardware.timing();
        let mut states = vec![Level::Open, Level::Code(0)];
        if timing.gap_rest == Rest::Shorted || timing.pulse_rest == Rest::Shorted {
            states.push(Level::Shorted);
        }
        states.extend([1, -1, high, low, high / 2, low / 2].map(Level::Code));
        states.dedup();
        states
    }
}

/// The code that drives; 0 at rest.
pub(crate) fn driven(level: Level) -> i32 {
    match level {
        Level::Code(code) => code,
        Level::Open | Level::Shorted => 0,
    }
}
