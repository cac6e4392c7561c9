//! What the documents say is left after a pulse, for a random case.

use nmes_core::*;

use super::{Case, Frame};

/// The output of a channel.
pub fn output(case: &Case, channel: u8) -> &ChannelHardware {
    case.hardware.channel(channel).unwrap()
}

/// One code × one tick of a channel, in the polarity with the larger gain.
pub fn code_tick(output: &ChannelHardware) -> i64 {
    i64::from(output.na_per_code_positive.max(output.na_per_code_negative))
        + i64::from(output.offset_na.abs())
}

/// Repeats of a channel's pulse.
pub fn repeats(case: &Case, channel: u8) -> i64 {
    i64::from(case.pulse(channel).repeat.count)
}

/// Whether no direct current is declared.
pub fn balanced(case: &Case, channel: u8) -> bool {
    case.pulse(channel).balance.is_balanced()
}

/// Whether the last edge of a pulse is re-timed: not of custom points, nor of a table that is mirrored.
pub fn retimes(case: &Case, channel: u8) -> bool {
    let pulse = case.pulse(channel);
    match pulse.form {
        Form::Points(_) => false,
        Form::Table(_) => !(pulse.balance == Balance::Symmetric && output(case, channel).is_exact()),
        Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } => true,
    }
}

/// What is known of the ledger after a pulse, in nanoampere-ticks, with L + 2 ε of `late` ticks.
pub fn ledger_bound(case: &Case, frame: &Frame, late: i64) -> i64 {
    let output = output(case, frame.channel());
    let carried = repeats(case, frame.channel()) * code_tick(output);
    if retimes(case, frame.channel()) {
        return 2 * balancing_code(frame) * code_tick(output) * late + carried;
    }
    // every change of level, and what a pulse begins with
    let levels: Vec<_> = frame.segments().map(|s| s.level).chain([Level::Open]).collect();
    let swing = |pair: &[Level]| (pair[1].current_na(output) - pair[0].current_na(output)).abs();
    let first = levels[0].current_na(output).abs();
    (first + levels.windows(2).map(swing).sum::<i64>() + code_tick(output)) * late + carried
}

/// The largest balancing code of a frame.
pub fn balancing_code(frame: &Frame) -> i64 {
    let codes = frame.segments().skip(1).filter_map(|s| match s.level {
        Level::Code(c) => Some(i64::from(c.unsigned_abs())),
        Level::Open | Level::Shorted => None,
    });
    codes.max().unwrap_or(0)
}
