//! What a frame amounts to, summed up once before its first edge: one pass over the segments of a repeat.

use nmes_core::{ChannelHardware, Level, PulseFrame, Segment};

use crate::metrics::square_of;
use crate::sense::NOISE_NA;

/// What is kept of a frame while it waits and while it is under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    /// Σ I·t as planned, nA × ticks.
    pub(crate) net: i64,
    /// Σ I·t of what drives the leading way, nA × ticks, as a magnitude.
    pub(crate) along: u64,
    /// [`NOISE_NA`] over half the driven time: a measured imbalance under it is not judged.
    pub(crate) noise: u64,
    /// All changes of the level added up, nA.
    pub(crate) swing_na: u64,
    /// The strongest code of each polarity, 0 for none.
    pub(crate) strongest: Strongest,
    /// Segments of a repeat, with the gap after it.
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
nmes_core::flip_fields!(Known { net, along, noise, swing_na, strongest, each, gap_last });

impl Strongest {
    /// As a magnitude, the way of a sign.
    pub(crate) const fn way(self, positive: bool) -> u32 {
        if positive { self.positive.unsigned_abs() } else { self.negative.unsigned_abs() }
    }
}

/// Sums over some segments; `None` where they do not fit.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    net: i64,
    along: u64,
    against: u64,
    driven: u64,
    ticks: u64,
    square: u128,
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
    /// The shortest time that the output is open between two polarities, and that there is such a change at all.
    pub(crate) open_between: Option<u64>,
}

/// How long the output has been open since it last drove, and which way that was.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    sign: i32,
    open: u64,
    least: Option<u64>,
}

impl Turn {
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
    fn take(&mut self, segment: &Segment, current_na: i64) -> Option<()> {
        let ticks = i64::from(segment.ticks);
        let charge = current_na.checked_mul(ticks)?;
        self.net = self.net.checked_add(charge)?;
        let side = if charge > 0 { &mut self.along } else { &mut self.against };
        *side = side.checked_add(charge.unsigned_abs())?;
        let wide = u64::from(segment.ticks);
        self.ticks = self.ticks.checked_add(wide)?;
        if matches!(segment.level, Level::Code(code) if code != 0) {
            self.driven = self.driven.checked_add(wide)?;
        }
        self.square = self.square.saturating_add(square_of(current_na, wide));
        Some(())
    }

    /// So many repeats, less the gap after the last.
    fn times(&self, cycles: u16, less: &Self) -> Option<Self> {
        let narrow = u64::from(cycles);
        Some(Self {
            net: self.net.checked_mul(i64::from(cycles))?.checked_sub(less.net)?,
            along: self.along.checked_mul(narrow)?.checked_sub(less.along)?,
            against: self.against.checked_mul(narrow)?.checked_sub(less.against)?,
            driven: self.driven.checked_mul(narrow)?.checked_sub(less.driven)?,
            ticks: self.ticks.checked_mul(narrow)?.checked_sub(less.ticks)?,
            square: self.square.saturating_mul(u128::from(cycles)).saturating_sub(less.square),
        })
    }
}

impl Survey {
    /// Looks through a frame that drives, or is meant to drive, the leading way first.
    pub(crate) fn of(frame: &PulseFrame<'_>, hardware: &ChannelHardware, leads_up: bool) -> Self {
        let each = u16::try_from(frame.cycle_segments().len()).unwrap_or(u16::MAX);
        let cycles = frame.cycles();
        let gap_last = u32::from(each).saturating_mul(u32::from(cycles)) > u32::from(frame.segment_count());
        let mut survey = Self {
            known: Known { each, gap_last, ..Known::default() },
            overflow: false,
            square: 0,
            peak_na: 0,
            ticks: 0,
            shortest: u32::MAX,
            open_between: None,
        };
        let (mut sums, mut last) = (Some(Sums::default()), Sums::default());
        let (mut turn, mut before) = (Turn::default(), 0_i64);
        for segment in frame.cycle_segments() {
            let current = segment.level.current_na(hardware);
            survey.look(&segment, current);
            survey.swing(before, current);
            before = current;
            turn.take(&segment);
            sums = sums.and_then(|mut sums| sums.take(&segment, current).map(|()| sums));
            last = Sums::default();
            let fits = last.take(&segment, current);
            sums = sums.filter(|_| fits.is_some());
        }
        survey.swing(before, 0);
        if cycles > 1 {
            // as far as what the next repeat drives first
            for segment in frame.cycle_segments() {
                turn.take(&segment);
                if turn.open == 0 {
                    break;
                }
            }
        }
        survey.open_between = turn.least;
        let less = if gap_last { last } else { Sums::default() };
        survey.total(sums.and_then(|sums| sums.times(cycles, &less)), cycles, leads_up);
        survey
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
        let Some(sums) = sums else {
            self.overflow = true;
            return;
        };
        self.known.swing_na = self.known.swing_na.saturating_mul(u64::from(cycles));
        self.known.net = sums.net;
        self.known.along = if leads_up { sums.along } else { sums.against };
        self.known.noise = NOISE_NA.saturating_mul(sums.driven) / 2;
        self.square = sums.square;
        self.ticks = sums.ticks;
    }
}
