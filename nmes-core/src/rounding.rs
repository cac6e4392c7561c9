//! What was asked and what a hardware makes of it.

use crate::channel_plan::ChannelPlan;
use crate::error::Field;
use crate::pulse::{Form, MAX_POINTS};
use crate::ticks::ticks_to_ns;
use crate::units::Micros;

/// One value before and after quantisation, both in `unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rounded {
    /// What the value is.
    pub field: Field,
    /// As asked.
    pub requested: u64,
    /// As the hardware does it.
    pub realised: u64,
    /// "nA" or "ns".
    pub unit: &'static str,
}

impl Rounded {
    /// Realised minus requested; saturates at the ends of `i64`.
    ///
    /// ```
    /// use nmes_core::{Field, Rounded};
    /// let r = Rounded { field: Field::Amplitude, requested: 40_000_000, realised: 39_997_000, unit: "nA" };
    /// assert_eq!(r.error(), -3_000);
    /// ```
    #[must_use]
    pub fn error(&self) -> i64 {
        let difference = i128::from(self.realised).saturating_sub(i128::from(self.requested));
        i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
    }
}

/// All that there is of a pulse of points, which has most: amplitude, width, two ramps, offset, gap of repeats, points.
const ROWS_MAX: usize = 6 + MAX_POINTS;

/// All roundings of one channel of a plan.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RoundingReport {
    rows: [Rounded; ROWS_MAX],
    count: usize,
}

impl RoundingReport {
    const EMPTY: Self = Self {
        rows: [Rounded { field: Field::Amplitude, requested: 0, realised: 0, unit: "" }; ROWS_MAX],
        count: 0,
    };

    /// The rows: amplitude, phase width, interphase gap, balancing phase, ramp up, ramp down, offset, pre-pulse, gap between
    /// repeats, and each of custom points. Without a gap where the pulse has none (one phase, custom points), with a
    /// balancing phase where its length is asked for: in a rectangular pulse without a pre-pulse; with the others where
    /// the pulse has them.
    #[must_use]
    pub fn rows(&self) -> &[Rounded] {
        self.rows.get(..self.count).unwrap_or(&[])
    }

    fn push(&mut self, row: Rounded) {
        if let Some(slot) = self.rows.get_mut(self.count) {
            *slot = row;
            self.count = self.count.saturating_add(1);
        }
    }
}

impl core::fmt::Debug for RoundingReport {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.rows()).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for RoundingReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut report = serializer.serialize_struct("RoundingReport", 1)?;
        report.serialize_field("rows", self.rows())?;
        report.end()
    }
}

impl ChannelPlan<'_> {
    pub(crate) fn rounding(&self) -> RoundingReport {
        let set = self.channel.set;
        let width = self.width_ticks(set.width);
        let recipe = self.recipe(self.code_for(set.amplitude), width, 0);
        let (code, cycle) = recipe.map_or((0, 0), |r| (r.code, r.cell.cycle_ticks(self.body())));
        let pulse = cycle.saturating_sub(u64::from(self.repeat_gap_ticks));
        let mut report = RoundingReport::EMPTY;
        report.push(Rounded {
            field: Field::Amplitude,
            requested: u64::from(set.amplitude.as_microamps()).saturating_mul(1_000),
            realised: self.hardware.current_na(code).unsigned_abs(),
            unit: "nA",
        });
        self.round_phases(&mut report, width, pulse);
        let ramp = self.channel.ramp;
        for (ms, ticks) in [(ramp.up, self.up_ticks), (ramp.down, self.down_ticks)] {
            let ns = u64::from(ms.as_millis()).saturating_mul(1_000_000);
            report.push(self.rounded(Field::RampTime, ns, ticks));
        }
        report.push(self.rounded(Field::Offset, nanos(self.channel.offset), self.offset_ticks));
        self.round_further(&mut report, pulse);
        report
    }

    fn rounded(&self, field: Field, requested: u64, ticks: u64) -> Rounded {
        Rounded { field, requested, realised: ticks_to_ns(ticks, self.ticks_per_second), unit: "ns" }
    }

    /// The primary phase (of custom points the whole pulse), the gap after it and the phase that pays it back.
    fn round_phases(&self, report: &mut RoundingReport, width: u32, pulse: u64) {
        let (shape, asked) = (self.channel.pulse, nanos(self.channel.set.width));
        let (width, gap) = (u64::from(width), u64::from(self.gap_ticks));
        let points = matches!(shape.form, Form::Points(_));
        report.push(self.rounded(Field::PhaseWidth, asked, if points { pulse } else { width }));
        if !shape.balance.is_balanced() {
            return;
        }
        if !points {
            report.push(self.rounded(Field::InterphaseGap, nanos(shape.gap), gap));
        }
        if shape.form == Form::Rectangular {
            let length = asked.saturating_mul(u64::from(shape.balance.length_percent())) / 100;
            let balancing = pulse.saturating_sub(width.saturating_add(gap));
            report.push(self.rounded(Field::BalanceLength, length, balancing));
        }
    }

    /// The parts that only some pulses have. The last of custom points lasts for what is left of the pulse: it may be longer or
    /// shorter than asked, to pay the others back.
    fn round_further(&self, report: &mut RoundingReport, pulse: u64) {
        let shape = self.channel.pulse;
        if let Form::Prepulse(prepulse) = shape.form {
            let ticks = u64::from(self.pre_ticks);
            report.push(self.rounded(Field::PrepulseWidth, nanos(prepulse.width), ticks));
        }
        if shape.repeat.count > 1 {
            let ticks = u64::from(self.repeat_gap_ticks);
            report.push(self.rounded(Field::RepeatGap, nanos(shape.repeat.gap), ticks));
        }
        let Form::Points(points) = shape.form else { return };
        let mut left = pulse;
        for (index, (point, planned)) in (0..).zip(points.iter().zip(&self.points)) {
            let ticks = if index < self.body_points { u64::from(planned.ticks) } else { left };
            left = left.saturating_sub(ticks);
            report.push(self.rounded(Field::PointWidth, nanos(point.width), ticks));
        }
    }
}

fn nanos(us: Micros) -> u64 {
    u64::from(us.as_micros()).saturating_mul(1_000)
}
