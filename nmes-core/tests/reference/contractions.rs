//! Which contractions a schedule has, one by one.

use nmes_core::*;

/// Contraction number `k`: when it begins in milliseconds, its hold, level and rate. `None` when it does not end within
/// the session.
pub fn contraction(
    schedule: Schedule<'_>,
    channel: &Channel<'_>,
    length: Millis,
    k: u64,
) -> Option<(i128, Millis, i128, Option<Rate>)> {
    let ramps = i128::from(channel.ramp.up.as_millis()) + i128::from(channel.ramp.down.as_millis());
    let stages: Vec<Stage> = match schedule {
        Schedule::Cyclic(cycle) => {
            let often = (k + 1).min(60_000) as u16;
            vec![Stage { cycle, repeats: often, level_permille: 1_000, rate: None }]
        }
        Schedule::Program(stages) => stages.to_vec(),
        Schedule::Continuous | Schedule::Gated(_) => vec![],
    };
    let one_by_one = stages.iter().flat_map(|stage| (0..stage.repeats).map(move |_| *stage));
    let mut begin = 0;
    for (n, stage) in (0..).zip(one_by_one) {
        let on = ramps + i128::from(stage.cycle.hold.as_millis());
        if n == k {
            let fits = begin + on <= i128::from(length.as_millis());
            return fits.then_some((begin, stage.cycle.hold, i128::from(stage.level_permille), stage.rate));
        }
        begin += on + i128::from(stage.cycle.rest.as_millis());
    }
    None
}
