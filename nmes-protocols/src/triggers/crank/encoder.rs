//! From the counts of an encoder to angle and speed, and what no crank can do.

use core::fmt;

/// A turn in millidegrees.
pub(super) const TURN: u64 = 360_000;
/// Positions that speed is taken over.
const KEPT: usize = 8;
/// They are kept this far apart or further: speed is over 0.14 s where counts come fast.
const KEEP_US: u64 = 20_000;
/// Older ones are left out, but for the newest.
const OLD_US: u64 = 300_000;
/// Speed is not known from less.
const LEAST_US: u64 = 100_000;
/// No change for this long is no motion: facts, a lost encoder.
pub(super) const STILL_US: u64 = 300_000;
/// Backwards by more than this is backwards, in millidegrees; less is a crank that rocks on its chain. Ours.
const BACK_MDEG: u64 = 10_000;
/// Turns of sense within a second that are no rider. Ours.
const TREMBLES: u8 = 6;
const TREMBLE_US: u64 = 1_000_000;
/// Faster than so many times the cap is no motion of a crank but a jump of the counts. Ours.
const JUMP_TIMES: u64 = 3;

/// Which sense of the counts is forward pedalling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Forward {
    /// Counts rise.
    Up,
    /// Counts fall.
    Down,
}

/// The encoder: how finely it counts, which sense is forward, and where zero is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Encoder {
    /// Counts in a turn of the crank, 36 to 65,536.
    pub counts_per_turn: u32,
    /// Which sense of the counts is forward pedalling.
    pub forward: Forward,
    /// The angle in millidegrees at which an index mark stands, where there is one.
    pub index_mdeg: Option<u32>,
}

/// Counts that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CrankFault {
    /// No sample in time.
    Silent,
    /// No motion while a motor turns the crank: the encoder is off its shaft.
    Lost,
    /// More counts than any crank turns in the time.
    Jump,
    /// The sense changes more than six times in a second.
    Trembling,
    /// The index mark stands more than 10 degrees from where it should: the zero is wrong.
    Index,
}

impl fmt::Display for CrankFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "crank encoder: no sample in time",
            Self::Lost => "crank encoder: no motion while the motor turns",
            Self::Jump => "crank encoder: more counts than a crank can turn",
            Self::Trembling => "crank encoder: the sense of turning changes too often",
            Self::Index => "crank encoder: the index mark is not where it should be, the zero is wrong",
        })
    }
}

/// Where the crank is and how fast it turns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    encoder: Encoder,
    last: Option<u32>,
    /// Counts forward since the zero; wraps with the turn only where an angle is made of it.
    position: i64,
    at_us: u64,
    moved_us: u64,
    kept: [(u64, i64); KEPT],
    count: usize,
    /// The furthest forward, and the sense of the last motion with how often it changed.
    furthest: i64,
    forward: bool,
    trembles: (u64, u8),
}

impl Track {
    pub(super) const fn new(encoder: Encoder) -> Self {
        Self {
            encoder,
            last: None,
            position: 0,
            at_us: 0,
            moved_us: 0,
            kept: [(0, 0); KEPT],
            count: 0,
            furthest: 0,
            forward: true,
            trembles: (0, 0),
        }
    }

    /// Takes the counter of an encoder, which may wrap.
    pub(super) fn sample(&mut self, now: u64, counts: u32, most_mdeg_s: u64) -> Option<CrankFault> {
        let Some(last) = self.last.replace(counts) else {
            self.at_us = now;
            self.restart();
            return None;
        };
        let raw = i64::from(counts.wrapping_sub(last).cast_signed());
        let step = match self.encoder.forward {
            Forward::Up => raw,
            Forward::Down => raw.saturating_neg(),
        };
        let took_us = now.saturating_sub(self.at_us);
        self.at_us = now;
        if self.mdeg(step.unsigned_abs()) > self.most_step(took_us, most_mdeg_s) {
            self.restart();
            return Some(CrankFault::Jump);
        }
        if step == 0 {
            return None;
        }
        self.position = self.position.saturating_add(step);
        self.moved_us = now;
        self.furthest = self.furthest.max(self.position);
        self.keep(now);
        self.sense(now, step > 0)
    }

    /// One count and a quarter of the reaction are allowed on top.
    fn most_step(&self, took_us: u64, most_mdeg_s: u64) -> u64 {
        let turned = took_us.saturating_mul(most_mdeg_s.saturating_mul(JUMP_TIMES)) / 1_000_000;
        turned.saturating_add(self.mdeg(2))
    }

    fn sense(&mut self, now: u64, forward: bool) -> Option<CrankFault> {
        if self.forward == forward {
            return None;
        }
        self.forward = forward;
        if forward {
            // from here on it counts afresh how far it goes back
            self.furthest = self.position;
        }
        let (since, count) = self.trembles;
        let within = count > 0 && now.saturating_sub(since) <= TREMBLE_US;
        self.trembles = if within { (since, count.saturating_add(1)) } else { (now, 1) };
        (self.trembles.1 > TREMBLES).then_some(CrankFault::Trembling)
    }

    /// Speed and sense are not known any more; the angle stays.
    pub(super) fn restart(&mut self) {
        let now = self.at_us;
        self.moved_us = now;
        self.count = 0;
        self.furthest = self.position;
        self.forward = true;
        self.trembles = (now, 0);
        self.keep(now);
    }

    /// The crank was at this angle at the last sample.
    pub(super) fn set_angle(&mut self, mdeg: u32) {
        let per_turn = u64::from(self.encoder.counts_per_turn);
        let counts = (u64::from(mdeg) % TURN).saturating_mul(per_turn) / TURN;
        self.position = i64::try_from(counts).unwrap_or(0);
        self.restart();
    }

    /// How far an index mark that is seen now is from where it should be, in millidegrees.
    pub(super) fn index_error(&self) -> Option<u64> {
        let due = u64::from(self.encoder.index_mdeg?) % TURN;
        let ahead = self.angle().saturating_add(TURN).saturating_sub(due) % TURN;
        Some(ahead.min(TURN.saturating_sub(ahead)))
    }

    /// 0 to 359,999.
    pub(super) fn angle(&self) -> u64 {
        let per_turn = i64::from(self.encoder.counts_per_turn).max(1);
        let within = self.position.checked_rem_euclid(per_turn).unwrap_or(0);
        self.mdeg(within.unsigned_abs())
    }

    fn mdeg(&self, counts: u64) -> u64 {
        counts.saturating_mul(TURN).checked_div(u64::from(self.encoder.counts_per_turn)).unwrap_or(0)
    }

    fn keep(&mut self, now: u64) {
        let newest = self.kept.first().map_or(0, |(t, _)| *t);
        if self.count > 0 && now.saturating_sub(newest) < KEEP_US {
            return;
        }
        self.kept.rotate_right(1);
        if let Some(first) = self.kept.first_mut() {
            *first = (now, self.position);
        }
        self.count = self.count.saturating_add(1).min(KEPT);
    }

    /// Forward, in millidegrees a second, from change to change of the counter; never more than one count in the time
    /// since the last change. 0 backwards, and before there is a tenth of a second.
    pub(super) fn speed(&self) -> u64 {
        let young = |(at, _): &&(u64, i64)| self.moved_us.saturating_sub(*at) <= OLD_US;
        let kept = self.kept.get(..self.count).unwrap_or_default();
        let oldest =
            kept.iter().rev().find(young).filter(|(at, _)| self.moved_us.saturating_sub(*at) >= LEAST_US);
        let Some((since, from)) = oldest.or_else(|| kept.get(1)) else { return 0 };
        let took_us = self.moved_us.saturating_sub(*since);
        if took_us < LEAST_US {
            return 0;
        }
        let counts = u64::try_from(self.position.saturating_sub(*from)).unwrap_or(0);
        let mean = self.mdeg(counts.saturating_mul(1_000_000)).checked_div(took_us).unwrap_or(0);
        // of samples without a change; two counts, as one may have come just after the last change was seen
        let since_us = self.at_us.saturating_sub(self.moved_us);
        let most = self.mdeg(2_000_000).checked_div(since_us).unwrap_or(u64::MAX);
        mean.min(most)
    }

    /// The angle now, on from the last change at a speed: at most to the next count while samples say that it has not come.
    /// May pass a turn.
    pub(super) fn angle_at(&self, now: u64, speed: u64) -> u64 {
        let on = |from: u64, to: u64| speed.saturating_mul(to.saturating_sub(from)) / 1_000_000;
        let sampled = on(self.moved_us, self.at_us).min(self.mdeg(1));
        self.angle().saturating_add(sampled).saturating_add(on(self.at_us, now))
    }

    /// Whether it has gone back further than a crank rocks.
    pub(super) fn is_backwards(&self) -> bool {
        let back = self.furthest.saturating_sub(self.position);
        self.mdeg(back.unsigned_abs()) > BACK_MDEG
    }

    pub(super) const fn at_us(&self) -> u64 {
        self.at_us
    }

    pub(super) const fn moved_us(&self) -> u64 {
        self.moved_us
    }

    pub(super) const fn position(&self) -> i64 {
        self.position
    }

    pub(super) const fn is_read(&self) -> bool {
        self.last.is_some()
    }

    /// Half a turn in counts.
    pub(super) fn half_turn(&self) -> i64 {
        i64::from(self.encoder.counts_per_turn / 2)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    const DEGREES: Encoder = Encoder { counts_per_turn: 360, forward: Forward::Up, index_mdeg: None };
    /// 60 turns a minute.
    const MOST: u64 = 360_000;

    fn fed(counts: &[u32], step_us: u64) -> (Track, Vec<Option<CrankFault>>) {
        let mut track = Track::new(DEGREES);
        let told =
            (1..).zip(counts).map(|(n, c)| track.sample(u64::saturating_mul(n, step_us), *c, MOST)).collect();
        (track, told)
    }

    /// REQ-PRO-347: six turns of sense within a second are a crank that rocks, the seventh is none.
    #[test]
    fn seven_turns_of_sense_are_no_crank() {
        let (_, told) = fed(&[100, 101, 100, 101, 100, 101, 100, 101, 100], 20_000);
        assert!(told.iter().take(8).all(Option::is_none), "{told:?}");
        assert_eq!(told.last(), Some(&Some(CrankFault::Trembling)));
        let slow = fed(&[100, 101, 100, 101, 100, 101, 100, 101, 100], 200_000).1;
        assert!(slow.iter().all(Option::is_none), "{slow:?}");
    }

    /// REQ-PRO-347: a crank rocks by up to ten degrees; how far it goes back is counted afresh where it goes on.
    #[test]
    fn rocking_is_not_backwards() {
        assert!(!fed(&[100, 110, 100], 20_000).0.is_backwards());
        assert!(fed(&[100, 110, 99], 20_000).0.is_backwards());
        assert!(!fed(&[100, 110, 102, 103, 95], 20_000).0.is_backwards(), "eight back, one on, eight back");
    }

    /// REQ-PRO-347: three times the cap and two counts are a motion; a count more is a jump, either way.
    #[test]
    fn a_jump_is_more_than_a_crank_can_turn() {
        // in 10 ms at 3 × 360 degrees a second 10.8 degrees, and 2 counts
        for (to, fault) in [(112, None), (113, Some(CrankFault::Jump)), (87, Some(CrankFault::Jump))] {
            assert_eq!(fed(&[100, to], 10_000).1.last(), Some(&fault), "{to}");
        }
    }

    /// REQ-PRO-348: speed is not known before a tenth of a second.
    #[test]
    fn speed_takes_a_tenth_of_a_second() {
        let counts: Vec<u32> = (100..110).collect();
        for (samples, speed) in [(2, 0), (5, 0), (7, 50_000)] {
            let (track, _) = fed(counts.get(..samples).unwrap_or_default(), 20_000);
            assert_eq!(track.speed(), speed, "{samples}");
        }
    }

    /// REQ-PRO-347: each fault says what it is.
    #[test]
    fn faults_are_told_apart() {
        use CrankFault::{Index, Jump, Lost, Silent, Trembling};
        let words: Vec<_> =
            [Index, Jump, Lost, Silent, Trembling].iter().map(std::string::ToString::to_string).collect();
        assert!(words.iter().all(|word| word.starts_with("crank encoder: ")));
        assert!(words.iter().enumerate().all(|(i, a)| words.iter().skip(i + 1).all(|b| a != b)));
    }
}
