//! The densest that a programme gets.

use nmes_core::{Millis, Stage};

/// The longest time at full level of any stage.
pub(crate) fn longest_hold(stages: &[Stage]) -> Millis {
    stages.iter().map(|stage| stage.cycle.hold).max().unwrap_or(Millis::ZERO)
}

/// The shortest rest between two contractions. The rest after the last one of all is none: nothing follows it.
pub(crate) fn shortest_rest(stages: &[Stage]) -> Millis {
    let Some((last, before)) = stages.split_last() else { return Millis::ZERO };
    let inner = (last.repeats > 1 || before.is_empty()).then_some(last);
    before.iter().chain(inner).map(|stage| stage.cycle.rest).min().unwrap_or(Millis::ZERO)
}
