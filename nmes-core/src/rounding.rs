//! What was asked and what a hardware makes of it.

use crate::channel_plan::ChannelPlan;
use crate::error::Field;
use crate::pulse::Form;
use crate::ticks::ticks_to_ns;
use crate::units::{Micros, Millis};

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

/// All roundings of one channel of a plan.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RoundingReport {
    rows: [Rounded; 7],
    count: usize,
}

impl RoundingReport {
    /// The rows: amplitude, phase width, interphase gap, balancing phase, ramp up, ramp down, offset. Without a gap where
    /// the pulse has none (one phase, custom points), and with a balancing phase where its length is asked for: in a
    /// rectangular pulse without a pre-pulse.
    #[must_use]
    pub fn rows(&self) -> &[Rounded] {
        self.rows.get(..self.count).unwrap_or(&[])
    }

    /// Those that there are.
    fn of(rows: [Option<Rounded>; 7]) -> Self {
        let none = Rounded { field: Field::Amplitude, requested: 0, realised: 0, unit: "" };
        let mut kept = Self { rows: [none; 7], count: 0 };
        for (slot, row) in kept.rows.iter_mut().zip(rows.into_iter().flatten()) {
            *slot = row;
            kept.count = kept.count.saturating_add(1);
        }
        kept
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
        let hz = self.ticks_per_second;
        let channel = &self.channel;
        let width = self.width_ticks(channel.set.width);
        let us = |us: Micros| u64::from(us.as_micros()).saturating_mul(1_000);
        let ms = |ms: Millis| u64::from(ms.as_millis()).saturating_mul(1_000_000);
        let ns = |field, requested, ticks: u64| Rounded {
            field,
            requested,
            realised: ticks_to_ns(ticks, hz),
            unit: "ns",
        };
        let recipe = self.recipe(self.code_for(channel.set.amplitude), width, 0);
        let (code, pulse) = recipe.map_or((0, 0), |r| (r.code, r.cell.cycle_ticks(self.body())));
        let other = u64::from(self.gap_ticks).saturating_add(u64::from(self.repeat_gap_ticks));
        let balance = pulse.saturating_sub(u64::from(width)).saturating_sub(other);
        let percent = u64::from(channel.pulse.balance.length_percent());
        let amplitude = Rounded {
            field: Field::Amplitude,
            requested: u64::from(channel.set.amplitude.as_microamps()).saturating_mul(1_000),
            realised: self.hardware.current_na(code).unsigned_abs(),
            unit: "nA",
        };
        let balanced = channel.pulse.balance.is_balanced();
        let gap = balanced && !matches!(channel.pulse.form, Form::Points(_));
        let recharge = balanced && channel.pulse.form == Form::Rectangular;
        let length = us(channel.set.width).saturating_mul(percent) / 100;
        RoundingReport::of([
            Some(amplitude),
            Some(ns(Field::PhaseWidth, us(channel.set.width), u64::from(width))),
            gap.then(|| ns(Field::InterphaseGap, us(channel.pulse.gap), u64::from(self.gap_ticks))),
            recharge.then(|| ns(Field::BalanceLength, length, balance)),
            Some(ns(Field::RampTime, ms(channel.ramp.up), self.up_ticks)),
            Some(ns(Field::RampTime, ms(channel.ramp.down), self.down_ticks)),
            Some(ns(Field::Offset, us(channel.offset), self.offset_ticks)),
        ])
    }
}
