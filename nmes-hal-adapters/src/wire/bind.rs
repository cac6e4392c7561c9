//! What every device asks of a plan.

use super::{Field, Grid, Limit, Refusal};
use nmes_core::{ChannelPlan, Plan, Schedule, Timing};

/// Ticks in a second of every device's clock.
pub(crate) const TICKS: u32 = 1_000_000;

pub(crate) const fn refuse<T>(
    field: Field,
    value: i64,
    limit: Limit,
    source: &'static str,
) -> Result<T, Refusal> {
    Err(Refusal { field, value, limit, source })
}

/// Where the limits of a bound plan are from.
pub(crate) const BOUND: &str = "the plan that was bound";

/// What the bound plan has, or less.
pub(crate) fn at_most(field: Field, value: u32, most: u32) -> Result<(), Refusal> {
    if value <= most {
        Ok(())
    } else {
        refuse(field, i64::from(value), Limit::AtMost(i64::from(most)), BOUND)
    }
}

/// The device was told of a plan and has played it.
pub(crate) const fn second_plan<T>() -> Result<T, Refusal> {
    refuse(Field::Plans, 2, Limit::AtMost(1), "a conversation plays one")
}

fn equals(field: Field, value: i64, wanted: i64, source: &'static str) -> Result<(), Refusal> {
    if value == wanted { Ok(()) } else { refuse(field, value, Limit::Equal(wanted), source) }
}

impl Grid {
    /// The plan was compiled for this grid and no other.
    pub(crate) fn is_of(&self, plan: &Plan<'_>) -> Result<(), Refusal> {
        let timing = plan.hardware().timing();
        equals(Field::Ticks, i64::from(timing.ticks_per_second), i64::from(TICKS), self.source)?;
        equals(Field::Late, i64::from(plan.hardware().jitter_ticks()), 0, self.source)?;
        self.check(Field::Channels, i64::from(plan.channel_count()), 1, (1, i64::from(self.channels)))?;
        let code_na = i64::from(self.current_step_ua).saturating_mul(1_000);
        for channel in plan.channels() {
            let hardware = channel.hardware();
            for na in [hardware.na_per_code_positive, hardware.na_per_code_negative] {
                equals(Field::Code, i64::from(na), code_na, self.source)?;
            }
            equals(Field::Code, i64::from(hardware.offset_na), 0, self.source)?;
        }
        Ok(())
    }
}

/// The period of a channel that the device repeats by itself, µs.
pub(crate) fn even_period_us(plan: &Plan<'_>, channel: &ChannelPlan<'_>) -> Result<u32, Refusal> {
    let own = channel.channel();
    let (pulses, per_us) = (i64::from(own.rate.pulses()), i64::from(own.rate.per_us()));
    if own.train.timing != Timing::Even {
        return refuse(Field::Trains, 0, Limit::Equal(1), "the device repeats evenly");
    }
    equals(Field::Trains, i64::from(own.train.pulses_max), 0, "the device does not count")?;
    if let Schedule::Program(stages) = plan.session().schedule() {
        let moved = stages.iter().filter_map(|stage| stage.rate).find(|rate| *rate != own.rate);
        if let Some(rate) = moved {
            let (value, wanted) = (rate.as_millihertz(), own.rate.as_millihertz());
            let signed = |rate: u64| i64::try_from(rate).unwrap_or(i64::MAX);
            equals(Field::Rate, signed(value), signed(wanted), "the device has one period a channel")?;
        }
    }
    let period = match (per_us.checked_div(pulses), per_us.checked_rem(pulses)) {
        (Some(whole), Some(0)) => whole,
        // rounded down, and said to be no multiple
        (down, _) => {
            return refuse(
                Field::Period,
                down.unwrap_or(0),
                Limit::MultipleOf(1),
                "a period of whole microseconds",
            );
        }
    };
    let offset = i64::try_from(channel.offset_ticks()).unwrap_or(i64::MAX);
    if offset.checked_rem(period) != Some(0) {
        return refuse(
            Field::Offset,
            offset,
            Limit::MultipleOf(period),
            "the device chooses the order itself",
        );
    }
    Ok(u32::try_from(period).unwrap_or(u32::MAX))
}
