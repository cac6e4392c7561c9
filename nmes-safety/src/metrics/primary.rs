//! Which phases of a pulse are primary, and how long one of them is at half its peak.

use nmes_core::{Balance, Form, Micros, Point, PulseShape};

/// Points that drive one way before any drives the other way, in thousandths and µs as they are given.
#[derive(Clone, Copy, Default)]
struct Run {
    sign: i16,
    peak: u16,
    charge: u64,
    /// How long it is at half its peak or above.
    half_us: u64,
}

impl Run {
    fn of(points: &[Point], sign: i16) -> Self {
        let peak = points.iter().map(|point| point.permille.unsigned_abs()).max().unwrap_or(0);
        let mut run = Self { sign, peak, ..Self::default() };
        for point in points {
            let (level, us) = (point.permille.unsigned_abs(), u64::from(point.width.as_micros()));
            run.charge = run.charge.saturating_add(u64::from(level).saturating_mul(us));
            if level > 0 && level.saturating_mul(2) >= peak {
                run.half_us = run.half_us.saturating_add(us);
            }
        }
        run
    }

    /// The larger of each.
    fn or(self, other: &Self) -> Self {
        Self { peak: self.peak.max(other.peak), charge: self.charge.max(other.charge), ..self }
    }
}

fn runs(points: &[Point]) -> impl Iterator<Item = Run> {
    let mut left = points;
    core::iter::from_fn(move || {
        let sign = left.iter().find(|point| point.permille != 0)?.permille.signum();
        let count = left.iter().take_while(|point| point.permille.signum() != sign.saturating_neg()).count();
        let (run, rest) = left.split_at_checked(count)?;
        left = rest;
        Some(Run::of(run, sign))
    })
}

/// The largest peak and charge of the runs of one sign.
fn largest(points: &[Point], sign: i16) -> Run {
    let of_sign = runs(points).filter(|run| run.sign == sign);
    of_sign.fold(Run::default(), |largest, run| largest.or(&run))
}

/// What the last run moves with the first one of the next repeat, where both drive against the main way.
fn joined(points: &[Point]) -> u64 {
    match (runs(points).next(), runs(points).last()) {
        (Some(first), Some(last)) if first.sign < 0 && last.sign < 0 => {
            first.charge.saturating_add(last.charge)
        }
        _ => 0,
    }
}

/// Whether what drives against the main way counts as primary too. In custom points it does, unless it is weaker and carries
/// no more charge: a weaker phase that pays back. The last of balanced points is right to a thousandth of the amplitude.
pub(super) fn both_ways(pulse: &PulseShape<'_>) -> bool {
    let Form::Points(points) = pulse.form else { return false };
    let (along, against) = (largest(points, 1), largest(points, -1));
    let at_once = pulse.repeat.count > 1 && pulse.repeat.gap == Micros::ZERO;
    let charge = against.charge.max(if at_once { joined(points) } else { 0 });
    let last_us = points.last().map_or(0, |last| u64::from(last.width.as_micros()));
    let rounded = if matches!(pulse.balance, Balance::DeclaredDc { .. }) { 0 } else { last_us };
    against.peak >= along.peak || charge > along.charge.saturating_add(rounded)
}

/// How long the primary phase is at half its peak or above, in µs as a fraction: the shortest of those with the largest peak or
/// charge. Rests and weak levels within do not count, and neither does the next repeat.
pub(crate) fn at_half_peak(pulse: &PulseShape<'_>, width: Micros) -> (u64, u64) {
    let us = u64::from(width.as_micros());
    match pulse.form {
        Form::Rectangular | Form::Triphasic { .. } => (us, 1),
        Form::Prepulse(pre) if pre.amplitude_percent >= 50 => {
            (us.saturating_add(u64::from(pre.width.as_micros())), 1)
        }
        Form::Prepulse(_) => (us, 1),
        Form::Points(points) => (shortest(points, both_ways(pulse)), 1),
        Form::Table(levels) => {
            let peak = levels.iter().map(|level| level.unsigned_abs()).max().unwrap_or(0);
            let half = levels.iter().filter(|level| level.unsigned_abs().saturating_mul(2) >= peak).count();
            let [half, all] = [half, levels.len()].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
            (us.saturating_mul(half), all)
        }
    }
}

fn shortest(points: &[Point], both_ways: bool) -> u64 {
    let primary = || runs(points).filter(|run| run.sign > 0 || both_ways);
    let largest = primary().fold(Run::default(), |largest, run| largest.or(&run));
    let is_largest = |run: &Run| run.peak == largest.peak || run.charge == largest.charge;
    primary().filter(is_largest).map(|run| run.half_us).min().unwrap_or(0)
}
