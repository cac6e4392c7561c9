//! Properties of an output that fails, or is asked for what it does not have.

use super::probe::driven;
use super::{Holds, Probe, Rig, Seen};
use crate::frame::Level;
use std::format;
use std::prelude::v1::*;

/// More transfers than any call may make.
const TRANSFERS_MAX: u32 = 1_000;

/// What is asked of an output when a transfer fails.
#[derive(Clone, Copy, Debug)]
enum Call {
    Apply,
    ChannelOff,
    Off,
    /// Answers nothing.
    Drop,
}

/// Those that answer.
const CALLS: [Call; 3] = [Call::Apply, Call::ChannelOff, Call::Off];

pub(super) fn what_does_not_fit_is_refused<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    let count = make().hardware().channel_count();
    let mut odd = std::vec![(count, Level::Open), (count, Level::Code(1)), (u8::MAX, Level::Code(0))];
    let probe = Probe::new(make());
    for channel in probe.channels() {
        let (low, high) = probe.range(channel);
        odd.extend([low - 1, high + 1].map(|code| (channel, Level::Code(code))));
    }
    for edge in odd {
        let mut probe = Probe::new(make());
        probe.put(&[(0, Level::Code(1))])?;
        let told = probe.apply(&[edge]);
        is_refused(&probe, &format!("{edge:?}"), told)?;
    }
    for channel in [count, u8::MAX] {
        let mut probe = Probe::new(make());
        probe.put(&[(0, Level::Code(1))])?;
        let told = probe.channel_off(channel);
        is_refused(&probe, &format!("channel_off({channel}) of {count} channels"), told)?;
    }
    Ok(())
}

fn is_refused<R: Rig>(probe: &Probe<R>, what: &str, told: (Result<(), String>, Vec<Seen>)) -> Holds {
    let (result, seen) = told;
    let strange = seen.iter().find(|s| driven(s.level) != 0);
    match (result, strange) {
        (Ok(()), _) => Err(format!("{what} was taken")),
        (Err(_), Some(s)) => Err(format!("{what} was refused, and {s:?} came out")),
        (Err(_), None) => probe.all_safe(&format!("after {what} was refused")),
    }
}

pub(super) fn errors_are_told<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    at_each_transfer(make, &CALLS, |_, told| match told.result {
        Ok(()) => Err(format!(
            "{:?} did not tell that its transfer {} failed",
            told.failing.call, told.failing.transfer
        )),
        Err(_) => Ok(()),
    })
}

pub(super) fn errors_open<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    at_each_transfer(make, &CALLS, |probe, told| {
        let when = told.failing.when();
        probe.nothing_else(&told.asked, &told.seen, &when)?;
        if matches!(told.failing.call, Call::Apply | Call::ChannelOff) {
            return probe.all_safe(&when);
        }
        // an off that failed has tried the rest, and the next one opens what is left
        nothing_drives(probe, &when)?;
        opens_next(probe, &when)
    })
}

fn nothing_drives<R: Rig>(probe: &Probe<R>, when: &str) -> Holds {
    let drives = probe.levels.iter().flatten().find(|level| driven(**level) != 0);
    drives.map_or(Ok(()), |level| Err(format!("{when}, a channel drives {level:?}")))
}

pub(super) fn drop_opens_despite_errors<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    at_each_transfer(make, &[Call::Drop], |probe, told| {
        let when = told.failing.when();
        probe.nothing_else(&[], &told.seen, &when)?;
        // as an off that failed
        nothing_drives(probe, &when)
    })?;
    at_each_transfer(make, &CALLS, |probe, told| {
        let when = format!("{}, and it was dropped", told.failing.when());
        let seen = probe.end();
        probe.nothing_else(&[], &seen, &when)?;
        probe.all_safe(&when)
    })
}

/// An `off` after an error opens all, and nothing drives within it.
fn opens_next<R: Rig>(probe: &mut Probe<R>, when: &str) -> Holds {
    let (result, seen) = probe.off();
    result.map_err(|e| format!("{when}, the next off was answered with {e}"))?;
    probe.nothing_else(&[], &seen, &format!("{when}, within the next off"))?;
    probe.all_safe(&format!("{when}, and off was called"))
}

pub(super) fn nothing_follows_an_error<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    at_each_transfer(make, &CALLS, |probe, told| {
        let when = told.failing.when();
        takes_nothing(probe, &when)?;
        opens_next(probe, &when)
    })?;
    let last = make().hardware().channel_count().saturating_sub(1);
    for alone in [0, last] {
        at_each_transfer(make, &CALLS, |probe, told| opens_more_than(probe, told.failing, alone))?;
    }
    // what was there before the error, and two codes that were not
    [None, Some(0), Some(2)].into_iter().try_for_each(|next| {
        at_each_transfer(make, &CALLS, |probe, told| comes_as_asked(probe, told.failing, next))
    })
}

/// After an error.
fn takes_nothing<R: Rig>(probe: &mut Probe<R>, when: &str) -> Holds {
    for code in [1, -1] {
        let all = probe.together(0, |_| Level::Code(code));
        let (result, seen) = probe.apply(&all);
        if let Some(s) = seen.iter().find(|s| driven(s.level) != 0) {
            return Err(format!("{when}, {s:?} came out"));
        }
        if result.is_ok() {
            return Err(format!("{when}, {all:?} was taken"));
        }
    }
    Ok(())
}

/// The opening of one channel after an error opens every one, and is not the `off` that ends the error.
fn opens_more_than<R: Rig>(probe: &mut Probe<R>, failing: Failing, alone: u8) -> Holds {
    let when = format!("{}, and channel_off({alone}) was called", failing.when());
    let (_, seen) = probe.channel_off(alone);
    probe.nothing_else(&[], &seen, &when)?;
    probe.all_open(&when)?;
    takes_nothing(probe, &when)?;
    opens_next(probe, &when)
}

/// A level that is taken after an error and an `off` comes out as itself: what was out at the error is known again, or is not
/// relied on.
fn comes_as_asked<R: Rig>(probe: &mut Probe<R>, failing: Failing, next: Option<i32>) -> Holds {
    let when = failing.when();
    opens_next(probe, &when)?;
    let level = next.map_or_else(|| level_of(failing.from), Level::Code);
    let asked = probe.together(failing.first, |c| probe.fitting(c, level));
    let (result, seen) = probe.apply(&asked);
    let when = format!("{when}, and off was called, with {asked:?}");
    probe.nothing_else(&asked, &seen, &when)?;
    if result.is_err() {
        // it needs a restart of its own
        return Ok(());
    }
    asked.iter().try_for_each(|(channel, level)| probe.is_at(*channel, Some(*level), &when))
}

/// A call of which a transfer fails.
#[derive(Clone, Copy)]
struct Failing {
    call: Call,
    /// Who has the codes where others share its source.
    first: u8,
    /// The codes before it and asked for; see [`level_of`].
    from: i32,
    to: i32,
    /// What the transfer does is done before it is told as failed.
    has_effect: bool,
    transfer: u32,
}

impl Failing {
    fn when(&self) -> String {
        let Self { call, transfer, .. } = self;
        let how = if self.has_effect { "took effect and failed" } else { "failed" };
        format!("after transfer {transfer} of {call:?} {how}")
    }
}

/// Code 0 stands for open.
fn level_of(code: i32) -> Level {
    if code == 0 { Level::Open } else { Level::Code(code) }
}

/// What such a call was asked for, what it answered, and what was seen meanwhile.
struct Told {
    failing: Failing,
    asked: Vec<(u8, Level)>,
    result: Result<(), String>,
    seen: Vec<Seen>,
}

/// Codes from and to which a call fails. The largest numbers stand for the ends of a channel's range.
const STEPS: [(i32, i32); 7] =
    [(1, -1), (-1, 1), (0, 1), (1, 0), (0, i32::MAX), (i32::MAX, i32::MIN), (i32::MIN, 1)];

/// Lets each transfer of each call fail, from driving channels in both polarities, and looks at what follows: of transfers that
/// did nothing, then of those that took effect, where the rig can.
fn at_each_transfer<R: Rig>(
    make: &dyn Fn() -> R,
    calls: &[Call],
    mut look: impl FnMut(&mut Probe<R>, &Told) -> Holds,
) -> Holds {
    let turns = Probe::new(make()).turns();
    let can = make().fail_with_effect_after(0);
    for has_effect in [false, true].into_iter().filter(|has| can || !has) {
        for first in turns.iter().copied() {
            for call in calls.iter().copied() {
                for (from, to) in STEPS {
                    let failing = Failing { call, first, from, to, has_effect, transfer: 0 };
                    at_each_of(make, failing, &mut look)?;
                }
            }
        }
    }
    Ok(())
}

/// Each transfer of one call.
fn at_each_of<R: Rig>(
    make: &dyn Fn() -> R,
    mut failing: Failing,
    look: &mut impl FnMut(&mut Probe<R>, &Told) -> Holds,
) -> Holds {
    while let Some((mut probe, told)) = fail(make, failing)? {
        look(&mut probe, &told)?;
        failing.transfer += 1;
    }
    let Failing { call, from, to, transfer, .. } = failing;
    // from a driven level every call has something to do
    let asked = matches!(call, Call::Apply) || make().opening_can_fail();
    if transfer == 0 && from != 0 && asked {
        return Err(format!("no transfer of {call:?} from {from} to {to} could fail"));
    }
    Ok(())
}

/// The call, of which that transfer fails; `None` when it has fewer.
fn fail<R: Rig>(make: &dyn Fn() -> R, failing: Failing) -> Result<Option<(Probe<R>, Told)>, String> {
    let Failing { call, first, from, to, has_effect, transfer } = failing;
    let mut probe = Probe::new(make());
    let [before, after] = [from, to].map(|code| probe.together(first, |c| probe.fitting(c, level_of(code))));
    probe.put(&before)?;
    if has_effect {
        probe.rig.fail_with_effect_after(transfer);
    } else {
        probe.rig.fail_after(transfer);
    }
    let (asked, (result, seen)) = match call {
        Call::Apply => (after.clone(), probe.apply(&after)),
        Call::ChannelOff => (Vec::new(), probe.channel_off(first)),
        Call::Off => (Vec::new(), probe.off()),
        Call::Drop => (Vec::new(), (Ok(()), probe.end())),
    };
    if transfer > TRANSFERS_MAX && probe.rig.failed() {
        return Err(format!(
            "{call:?} makes more than {TRANSFERS_MAX} transfers: they are not all looked at"
        ));
    }
    if !probe.rig.failed() {
        result.map_err(|e| format!("{call:?}, of which no transfer failed, was answered with {e}"))?;
        return Ok(None);
    }
    Ok(Some((probe, Told { failing, asked, result, seen })))
}

pub(super) fn hardware_stays<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    let first = make().hardware();
    let same = |probe: &Probe<R>, when: &str| {
        let now = probe.rig.hardware();
        if now == first { Ok(()) } else { Err(format!("{when} the hardware is {now:?}, it was {first:?}")) }
    };
    let mut probe = Probe::new(make());
    same(&probe, "on a second rig")?;
    for channel in probe.channels() {
        for state in probe.states(channel) {
            probe.put(&[(channel, state)])?;
            same(&probe, &format!("after {state:?}"))?;
        }
        probe.put(&[(channel, Level::Open)])?;
    }
    drop(probe.off());
    same(&probe, "after off")?;
    at_each_transfer(make, &CALLS, |probe, told| {
        same(probe, &format!("after an error of {:?}", told.failing.call))
    })
}
