//! What a frame amounts to, summed up once before its first edge: one pass over the segments of a repeat.

use nmes_core::wide::times;
use nmes_core::{ChannelHardware, Level, PulseFrame, Segment};

use crate::metrics::square_of;
use crate::windows::{charge, squared};

/// What is kept of a frame while it waits and while it is under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// Σ I·t as planned, nA × ticks.
    pub(crate) net: i64,
    /// Σ I·t of what drives the leading way, nA × ticks, as a magnitude.
    pub(crate) along: u64,
    /// Σ I²·t of a repeat as the windows count it, µA² × ticks.
    pub(crate) squared: u64,
    /// How long it drives, in ticks of all repeats.
    pub(crate) driven: u64,
    /// All changes of the level added up, nA.
    pub(crate) swing_na: u64,
    /// The strongest code of each polarity, 0 for none.
    pub(crate) strongest: Strongest,
    /// [`word_of`] its segments.
    pub(crate) word: u32,
    /// Segments of the frame, and of a repeat with the gap after it.
    pub(crate) count: u16,
    pub(crate) each: u16,
    /// The last segment of a repeat is a gap to the next.
    pub(crate) gap_last: bool,
}

/// The strongest code of each polarity.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strongest {
    pub(crate) positive: i32,
    pub(crate) negative: i32,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Strongest { positive, negative });
#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Known {
    net,
    along,
    squared,
    driven,
    swing_na,
    strongest,
    word,
    count,
    each,
    gap_last
});

impl Known {
    /// A checksum: any one flipped bit of what is known changes it.
    pub(crate) fn sum(&self) -> u32 {
        let Self { net, along, squared, driven, swing_na, strongest, word, count, each, gap_last } = self;
        let halves = |word: u64| {
            let [a, b, c, d, e, f, g, h] = word.to_le_bytes();
            u32::from_le_bytes([a, b, c, d]).rotate_left(5) ^ u32::from_le_bytes([e, f, g, h])
        };
        let small = (u32::from(*count) << 16) ^ (u32::from(*each) << 1) ^ u32::from(*gap_last);
        let words = [
            halves(net.cast_unsigned()),
            halves(*along),
            halves(*squared),
            halves(*driven),
            halves(*swing_na),
            strongest.positive.cast_unsigned(),
            strongest.negative.cast_unsigned(),
            *word,
            small,
        ];
        words.iter().fold(0x5a5a_5a5a, |sum: u32, word| sum.rotate_left(3) ^ word)
    }
}

impl Strongest {
    /// As a magnitude, the way of a sign.
    pub(crate) const fn way(self, positive: bool) -> u32 {
        if positive { self.positive.unsigned_abs() } else { self.negative.unsigned_abs() }
    }
}

/// A word of the levels and lengths of a repeat. One of them changed, by whatever, is always another word.
pub(crate) fn word_of(frame: &PulseFrame<'_>) -> u32 {
    frame.cycle_segments().fold(0, |word, segment| folded(word, &segment))
}

fn folded(word: u32, segment: &Segment) -> u32 {
    // levels that are no code, as codes that none has
    let level = match segment.level {
        Level::Open => i32::MIN,
        Level::Shorted => i32::MAX,
        Level::Code(code) => code,
    };
    // by an odd number, so that no two words come to one
    let with = |word: u32, part: u32| (word ^ part).wrapping_mul(0x9e37_79b1);
    with(with(word, level.cast_unsigned()), segment.ticks)
}

fn is_driven(segment: &Segment) -> bool {
    matches!(segment.level, Level::Code(code) if code != 0)
}

/// Sums over some segments.
#[derive(Clone, Copy, Debug)]
struct Sums {
    /// Σ I·t of either way, as magnitudes; past an `i64` they are too much.
    along: u64,
    against: u64,
    driven: u64,
    ticks: u64,
    square: u128,
    /// The charge of each segment fits.
    fits: bool,
}

/// A frame, looked through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Survey {
    pub(crate) known: Known,
    /// The sum left the range of its integer.
    pub(crate) overflow: bool,
    /// Σ I²·t, nA² × ticks; saturates.
    pub(crate) square: u128,
    pub(crate) peak_na: u64,
    pub(crate) ticks: u64,
    /// The shortest segment.
    pub(crate) shortest: u32,
    /// The shortest time that the output is open between two polarities; `None` where it drives one way.
    pub(crate) open_between: Option<u64>,
    /// The same from one repeat to the next.
    pub(crate) open_to_next: Option<u64>,
}

/// How long the output has been open since it last drove, and which way that was.
#[derive(Clone, Copy, Debug)]
struct Turn {
    sign: i32,
    open: u64,
    least: Option<u64>,
}

impl Turn {
    const START: Self = Self { sign: 0, open: 0, least: None };

    fn take(&mut self, segment: &Segment) {
        match segment.level {
            Level::Open => self.open = self.open.saturating_add(u64::from(segment.ticks)),
            Level::Code(code) if code != 0 => {
                if self.sign != 0 && self.sign != code.signum() {
                    self.least = Some(self.least.map_or(self.open, |least| least.min(self.open)));
                }
                (self.sign, self.open) = (code.signum(), 0);
            }
            Level::Code(_) | Level::Shorted => {}
        }
    }
}

impl Sums {
    const ZERO: Self = Self { along: 0, against: 0, driven: 0, ticks: 0, square: 0, fits: true };

    /// A segment more.
    fn add(&mut self, segment: &Segment, current_na: i64) {
        let ticks = u64::from(segment.ticks);
        let Some(charge) = charge(current_na, ticks) else {
            self.fits = false;
            return;
        };
        let side = if charge > 0 { &mut self.along } else { &mut self.against };
        *side = side.saturating_add(charge.unsigned_abs());
        // segments are counted in 16 bits, and last 32
        self.ticks = self.ticks.wrapping_add(ticks);
        if is_driven(segment) {
            self.driven = self.driven.wrapping_add(ticks);
        }
        self.square = self.square.saturating_add(square_of(current_na, ticks));
    }

    /// What both ways come to.
    fn net(&self) -> Option<i64> {
        i64::try_from(self.along).ok()?.checked_sub(i64::try_from(self.against).ok()?)
    }

    /// So many repeats, less the gap after the last.
    fn times(&self, cycles: u16, less: &Self) -> Option<Self> {
        if cycles == 1 && less.ticks == 0 {
            return Some(*self);
        }
        let narrow = u64::from(cycles);
        Some(Self {
            along: self.along.checked_mul(narrow)?.checked_sub(less.along)?,
            against: self.against.checked_mul(narrow)?.checked_sub(less.against)?,
            driven: self.driven.checked_mul(narrow)?.checked_sub(less.driven)?,
            ticks: self.ticks.checked_mul(narrow)?.checked_sub(less.ticks)?,
            square: times(self.square, u128::from(cycles)).saturating_sub(less.square),
            fits: self.fits && less.fits,
        })
    }
}

/// One pass over the segments of a repeat.
#[derive(Clone, Copy, Debug)]
struct Pass {
    sums: Sums,
    /// The last segment, and its current.
    last: (Segment, i64),
    turn: Turn,
}

impl Pass {
    const START: Self =
        Self { sums: Sums::ZERO, last: (Segment { level: Level::Open, ticks: 0 }, 0), turn: Turn::START };

    fn take(&mut self, segment: &Segment, current_na: i64) {
        self.turn.take(segment);
        self.sums.add(segment, current_na);
        self.last = (*segment, current_na);
    }

    /// All repeats, less the gap after the last; `None` where a sum does not fit.
    fn total(&self, cycles: u16, gap_last: bool) -> Option<Sums> {
        let (last, current_na) = &self.last;
        let mut less = Sums::ZERO;
        if gap_last {
            less.add(last, *current_na);
        }
        self.sums.times(cycles, &less).filter(|sums| sums.fits)
    }
}

impl Survey {
    /// Looks through a frame of a channel that leads up, or down; `before` is the level that it begins from.
    pub(crate) fn of(
        frame: &PulseFrame<'_>,
        hardware: &ChannelHardware,
        leads_up: bool,
        before: Level,
    ) -> Self {
        let mut survey = Self::empty(frame);
        let mut pass = Pass::START;
        pass.turn.take(&Segment { level: before, ticks: 0 });
        for segment in frame.cycle_segments() {
            let current = segment.level.current_na(hardware);
            survey.look(&segment, current);
            let squared = squared(current, u64::from(segment.ticks));
            survey.known.squared = survey.known.squared.saturating_add(squared);
            survey.swing(pass.last.1, current);
            survey.known.word = folded(survey.known.word, &segment);
            pass.take(&segment, current);
        }
        survey.swing(pass.last.1, 0);
        // from the last of a repeat to the first that the next one drives
        let again =
            if frame.cycles() > 1 { frame.cycle_segments().position(|s| is_driven(&s)) } else { None };
        survey.open_between = pass.turn.least.take();
        for segment in frame.cycle_segments().take(again.map_or(0, |index| index.saturating_add(1))) {
            pass.turn.take(&segment);
        }
        survey.open_to_next = pass.turn.least;
        survey.total(pass.total(frame.cycles(), survey.known.gap_last), frame.cycles(), leads_up);
        survey
    }

    fn empty(frame: &PulseFrame<'_>) -> Self {
        let each = u16::try_from(frame.cycle_segments().len()).unwrap_or(u16::MAX);
        let all = u32::from(each).saturating_mul(u32::from(frame.cycles()));
        let count = frame.segment_count();
        Self {
            known: Known { count, each, gap_last: all > u32::from(count), ..Known::default() },
            overflow: false,
            square: 0,
            peak_na: 0,
            ticks: 0,
            shortest: u32::MAX,
            open_between: None,
            open_to_next: None,
        }
    }

    fn look(&mut self, segment: &Segment, current: i64) {
        self.shortest = self.shortest.min(segment.ticks);
        self.peak_na = self.peak_na.max(current.unsigned_abs());
        if let Level::Code(code) = segment.level {
            let strongest = &mut self.known.strongest;
            strongest.positive = strongest.positive.max(code);
            strongest.negative = strongest.negative.min(code);
        }
    }

    fn swing(&mut self, before: i64, next: i64) {
        self.known.swing_na = self.known.swing_na.saturating_add(before.abs_diff(next));
    }

    fn total(&mut self, sums: Option<Sums>, cycles: u16, leads_up: bool) {
        let Some((sums, net)) = sums.and_then(|sums| Some((sums, sums.net()?))) else {
            self.overflow = true;
            return;
        };
        self.known.swing_na = self.known.swing_na.saturating_mul(u64::from(cycles));
        self.known.net = net;
        self.known.along = if leads_up { sums.along } else { sums.against };
        self.known.driven = sums.driven;
        self.square = sums.square;
        self.ticks = sums.ticks;
    }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "tests: a panic here is a failed test"
)]
mod tests {
    use nmes_core::FrameKind;

    use super::*;

    /// REQ-SAF-500: one level or one length of a repeat changed is another word, whichever and however; number and time are not
    /// in it.
    #[test]
    fn a_word_of_each_level_and_length() {
        let of = |levels: [Level; 3], ticks: [u32; 3], number: u32| {
            let segments: [Segment; 3] = core::array::from_fn(|i| Segment {
                level: *levels.get(i).unwrap(),
                ticks: *ticks.get(i).unwrap(),
            });
            let onset = u64::from(number);
            word_of(
                &PulseFrame::from_parts(0, FrameKind::Pulse, number, onset, &segments, Level::Open).unwrap(),
            )
        };
        let (levels, ticks) = ([Level::Code(400), Level::Open, Level::Code(-400)], [300, 100, 300]);
        let word = of(levels, ticks, 0);
        assert_eq!(of(levels, ticks, 9), word);
        for place in 0..3 {
            let with = |level| {
                let mut other = levels;
                *other.get_mut(place).unwrap() = level;
                of(other, ticks, 0)
            };
            for bit in 0..24 {
                assert_ne!(with(Level::Code(400 ^ (1 << bit))), word);
                let mut longer = ticks;
                *longer.get_mut(place).unwrap() ^= 1 << bit;
                assert_ne!(of(levels, longer, 0), word);
            }
            let all = [Level::Code(0), Level::Open, Level::Shorted].map(with);
            let [zero, open, shorted] = all;
            assert!(zero != open && zero != shorted && open != shorted);
        }
    }
}
