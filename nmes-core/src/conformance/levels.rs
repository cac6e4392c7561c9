//! Properties of single levels and instants.

use super::probe::driven;
use super::{Holds, Probe, Rig, Seen};
use crate::frame::Level;
use std::format;
use std::prelude::v1::*;
use std::vec;

/// Up to so many codes each one is tried, else about as many.
const CODES_MAX: i64 = 8_192;

pub(super) fn starts_open<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    let mut probe = Probe::new(make());
    probe.all_safe("after construction")?;
    // nobody asked for anything yet
    probe.nothing_else(&[], &probe.born, "within construction")?;
    // what a converter powers up with is not zero: who tells a code later tells one from the start
    let untold: Vec<_> = probe.channels().filter(|channel| probe.rig.set_point(*channel).is_none()).collect();
    for channel in untold {
        drop(probe.apply(&[(channel, Level::Code(1))]));
        if probe.rig.set_point(channel).is_some() {
            return Err(format!("after construction, nobody has written the set-point of channel {channel}"));
        }
        drop(probe.apply(&[(channel, Level::Open)]));
    }
    Ok(())
}

pub(super) fn codes_come_out<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    let mut probe = Probe::new(make());
    for channel in probe.channels() {
        let codes = codes(probe.range(channel));
        // up one way, then polarity by polarity
        let mut zigzag = codes.clone();
        zigzag.sort_by_key(|code| (code.unsigned_abs(), *code));
        for code in codes.into_iter().chain(zigzag) {
            probe.put(&[(channel, Level::Code(code))])?;
        }
        probe.put(&[(channel, Level::Open)])?;
    }
    Ok(())
}

/// Every code of a range, or its ends, powers of two and their neighbours, and an even spread.
fn codes((low, high): (i32, i32)) -> Vec<i32> {
    let span = i64::from(high) - i64::from(low) + 1;
    let step = usize::try_from(span / CODES_MAX + 1).unwrap_or(1);
    // an odd step meets every low bit
    let mut codes: Vec<i32> = (low..=high).step_by(step | 1).collect();
    let near =
        (0..24).flat_map(|bit| [-1, 0, 1].map(|by| (1 << bit) + by)).flat_map(|code: i32| [code, -code]);
    codes.extend(near.chain([low, low + 1, high - 1, high]).filter(|code| (low..=high).contains(code)));
    codes.sort_unstable();
    codes.dedup();
    codes
}

pub(super) fn open_is_open<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    from_each_to_each(make, |probe, channel, _, to| probe.put(&[(channel, to)]).map(|_| ()))
}

pub(super) fn only_rests_between<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    from_each_to_each(make, |probe, channel, from, to| {
        let (result, seen) = probe.apply(&[(channel, to)]);
        result.map_err(|e| format!("{to:?} was answered with {e}"))?;
        let rests = |level| matches!(level, Level::Open | Level::Shorted | Level::Code(0));
        let odd = seen.iter().find(|s| !(rests(s.level) || s.level == from || s.level == to));
        odd.map_or(Ok(()), |s| {
            Err(format!("from {from:?} to {to:?}, channel {channel} was {:?} between", s.level))
        })?;
        let (result, seen) = probe.channel_off(channel);
        result.map_err(|e| format!("opening channel {channel} was answered with {e}"))?;
        probe.nothing_else(&[], &seen, &format!("within an opening from {to:?}"))
    })
}

fn from_each_to_each<R: Rig>(
    make: &dyn Fn() -> R,
    holds: impl Fn(&mut Probe<R>, u8, Level, Level) -> Holds,
) -> Holds {
    let mut probe = Probe::new(make());
    for channel in probe.channels() {
        let states = probe.states(channel);
        for (from, to) in states.iter().flat_map(|from| states.iter().map(move |to| (*from, *to))) {
            probe.put(&[(channel, from)])?;
            holds(&mut probe, channel, from, to)?;
        }
        probe.put(&[(channel, Level::Open)])?;
    }
    Ok(())
}

pub(super) fn channels_are_apart<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    let mut probe = Probe::new(make());
    for (channel, other) in pairs(&probe) {
        for (level, held) in crossed(&probe, channel, other) {
            probe.put(&[(other, held)])?;
            let seen = probe.put(&[(channel, level)])?;
            if let Some(s) = seen.iter().find(|s| s.channel != channel) {
                return Err(format!(
                    "channel {channel} went to {level:?}, and channel {} to {:?}",
                    s.channel, s.level
                ));
            }
            let (result, seen) = probe.channel_off(channel);
            result.map_err(|e| format!("opening channel {channel} was answered with {e}"))?;
            probe.is_at(channel, Some(Level::Open), "opened alone")?;
            if let Some(s) = seen.iter().find(|s| s.channel != channel) {
                return Err(format!(
                    "channel {channel} was opened, and channel {} went to {:?}",
                    s.channel, s.level
                ));
            }
            probe.put(&[(other, Level::Open)])?;
        }
    }
    Ok(())
}

/// Each channel with each other one.
fn pairs<R: Rig>(probe: &Probe<R>) -> Vec<(u8, u8)> {
    let all = probe.channels();
    all.clone().flat_map(|a| all.clone().map(move |b| (a, b))).filter(|(a, b)| a != b).collect()
}

/// The states of two channels; on one source without those in which both have a code.
fn crossed<R: Rig>(probe: &Probe<R>, channel: u8, other: u8) -> Vec<(Level, Level)> {
    let share = probe.share(channel, other);
    let others = probe.states(other);
    probe
        .states(channel)
        .into_iter()
        .flat_map(|level| others.iter().map(move |held| (level, *held)))
        .filter(|states| !(share && matches!(states, (Level::Code(_), Level::Code(_)))))
        .collect()
}

pub(super) fn instants_are_together<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    let mut probe = Probe::new(make());
    for (a, b) in pairs(&probe) {
        let held = if probe.share(a, b) { Level::Open } else { Level::Code(-1) };
        for (first, second) in crossed(&probe, a, b) {
            for from in [[(a, Level::Open), (b, Level::Open)], [(a, Level::Code(1)), (b, held)]] {
                probe.put(&from)?;
                let seen = probe.put(&[(a, first), (b, second)])?;
                in_one_instant(&probe, &seen, (a, b))?;
            }
        }
        probe.put(&[(a, Level::Open), (b, Level::Open)])?;
    }
    Ok(())
}

fn in_one_instant<R: Rig>(probe: &Probe<R>, seen: &[Seen], (a, b): (u8, u8)) -> Holds {
    let last = [a, b].map(|channel| seen.iter().rev().find(|s| s.channel == channel));
    let [Some(one), Some(two)] = last else { return Ok(()) };
    match [one, two].map(|s| driven(s.level) != 0) {
        [true, true] => at_once(probe, one, two),
        [true, false] => over_before(probe, seen, two.channel, one),
        [false, true] => over_before(probe, seen, one.channel, two),
        [false, false] => Ok(()),
    }
}

/// A current that ends is over when another one begins.
fn over_before<R: Rig>(probe: &Probe<R>, seen: &[Seen], ends: u8, begins: &Seen) -> Holds {
    let Some(zero) = seen.iter().find(|s| s.channel == ends && driven(s.level) == 0) else { return Ok(()) };
    if zero.event > begins.event && zero.tick > begins.tick + skew_ticks(probe) {
        return Err(format!("{zero:?} came after {begins:?}, in one instant"));
    }
    Ok(())
}

/// Ticks by which channels may differ without a latch.
fn skew_ticks<R: Rig>(probe: &Probe<R>) -> u64 {
    let timing = probe.hardware.timing();
    if timing.has_latch {
        0
    } else {
        u64::from(timing.write_ticks) * (u64::from(probe.hardware.channel_count()) - 1)
    }
}

fn at_once<R: Rig>(probe: &Probe<R>, one: &Seen, two: &Seen) -> Holds {
    let timing = probe.hardware.timing();
    if timing.has_latch && one.event != two.event {
        return Err(format!("with a latch, {one:?} and {two:?} came one after the other"));
    }
    let (apart, skew) = (one.tick.abs_diff(two.tick), skew_ticks(probe));
    if apart > skew {
        return Err(format!("{one:?} and {two:?} are {apart} ticks apart, declared are {skew}"));
    }
    Ok(())
}

pub(super) fn off_opens<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    let mut probe = Probe::new(make());
    let (result, _) = probe.off();
    result.map_err(|e| format!("off, before anything, was answered with {e}"))?;
    probe.all_safe("off before anything")?;
    for channel in probe.channels() {
        for state in probe.states(channel) {
            // the others are in the same kind of state
            let all = probe.together(channel, |c| probe.fitting(c, state));
            probe.put(&all)?;
            for time in ["off", "off again"] {
                let (result, seen) = probe.off();
                result.map_err(|e| format!("{time} from {all:?} was answered with {e}"))?;
                probe.in_time(&seen, probe.stamp)?;
                probe.all_safe(&format!("{time} from {all:?}"))?;
                probe.nothing_else(&[], &seen, &format!("within {time} from {all:?}"))?;
            }
            probe.channels().try_for_each(|alone| comes_alone(&mut probe, &all, alone))?;
        }
    }
    Ok(())
}

/// What was there before an `off` does not come back after it, nor with the next level, which is that of one channel.
fn comes_alone<R: Rig>(probe: &mut Probe<R>, before: &[(u8, Level)], alone: u8) -> Holds {
    let off = |probe: &mut Probe<R>, from: &[(u8, Level)]| {
        let (result, seen) = probe.off();
        result.map_err(|e| format!("off was answered with {e}"))?;
        probe.nothing_else(&[], &seen, &format!("within off from {from:?}"))
    };
    probe.put(before)?;
    off(probe, before)?;
    let asked = Level::Code(1);
    let seen =
        probe.put(&[(alone, asked)]).map_err(|told| format!("{told}, with off from {before:?} before"))?;
    if let Some(s) = seen.iter().find(|s| driven(s.level) != 0 && s.level != asked) {
        return Err(format!("off from {before:?} was followed by {s:?}"));
    }
    off(probe, &[(alone, asked)])
}

pub(super) fn drop_opens<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    let mut probe = Probe::new(make());
    let mut states = vec![];
    for channel in probe.channels() {
        states.extend(probe.states(channel).into_iter().map(|state| (channel, state)));
    }
    for (channel, state) in states {
        let all = probe.together(channel, |c| probe.fitting(c, state));
        probe.put(&all)?;
        let seen = probe.end();
        probe.all_safe(&format!("dropped from {all:?}"))?;
        probe.nothing_else(&[], &seen, &format!("within drop from {all:?}"))?;
        probe = Probe::new(make());
    }
    Ok(())
}
