//! Where onsets stand, each from its number alone.

use nmes_core::*;

/// floor(n × period), in ticks.
fn periods(rate: Rate, n: i128, hz: i128) -> i128 {
    n * i128::from(rate.per_us()) * hz / (i128::from(rate.pulses()) * 1_000_000)
}

/// Onset `n` of a train whose first stands at `base`.
pub fn onset(base: i128, n: i128, rate: Rate, timing: &Timing<'_>, hz: i128) -> i128 {
    base + match timing {
        Timing::Even => periods(rate, n, hz),
        Timing::Bursts(bursts) => {
            let pulses = i128::from(bursts.pulses);
            periods(bursts.every, n / pulses, hz) + periods(rate, n % pulses, hz)
        }
        Timing::List(intervals) => {
            let count = intervals.len() as i128;
            let sum = |n: i128| {
                intervals.iter().take(n as usize).map(|us| i128::from(us.as_micros())).sum::<i128>()
            };
            (sum(count) * (n / count) + sum(n % count)) * hz / 1_000_000
        }
        Timing::Sweep(_) => unreachable!("sweeps are exact to two ticks, not to one"),
    }
}
