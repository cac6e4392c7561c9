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
}

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
        let (result, seen) = probe.apply(&[edge]);
        let strange = seen.iter().find(|s| driven(s.level) != 0);
        match (result, strange) {
            (Ok(()), _) => return Err(format!("{edge:?} was taken")),
            (Err(_), Some(s)) => return Err(format!("{edge:?} was refused, and {s:?} came out")),
            (Err(_), None) => probe.all_open(&format!("after {edge:?} was refused"))?,
        }
    }
    Ok(())
}

pub(super) fn errors_are_told<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    at_each_transfer(make, |_, call, told, transfer| match told.result {
        Ok(()) => Err(format!("{call:?} did not tell that its transfer {transfer} failed")),
        Err(_) => Ok(()),
    })
}

pub(super) fn errors_open<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    at_each_transfer(make, |probe, call, told, transfer| {
        let when = format!("after transfer {transfer} of {call:?} failed");
        probe.nothing_else(&told.asked, &told.seen, &when)?;
        if matches!(call, Call::Apply | Call::ChannelOff) {
            return probe.all_open(&when);
        }
        // an off that failed has tried the rest: nothing drives, and the next one opens what is left
        let drives = probe.levels.iter().flatten().find(|level| driven(**level) != 0);
        if let Some(level) = drives {
            return Err(format!("{when}, a channel drives {level:?}"));
        }
        let (result, seen) = probe.off();
        result.map_err(|e| format!("{when}, the next off was answered with {e}"))?;
        probe.nothing_else(&[], &seen, &format!("{when}, within the next off"))?;
        probe.all_open(&format!("{when}, and off was called again"))
    })
}

pub(super) fn nothing_follows_an_error<R: Rig>(make: &dyn Fn() -> R, _: u32) -> Holds {
    at_each_transfer(make, |probe, call, _, transfer| {
        let when = format!("after transfer {transfer} of {call:?} failed");
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
        let (result, seen) = probe.off();
        result.map_err(|e| format!("{when}, off was answered with {e}"))?;
        probe.nothing_else(&[], &seen, &format!("{when}, within the next off"))?;
        probe.all_open(&format!("{when}, and off was called"))
    })
}

/// Lets each transfer of each call fail, from driving channels in both polarities, and looks at what follows.
fn at_each_transfer<R: Rig>(
    make: &dyn Fn() -> R,
    mut look: impl FnMut(&mut Probe<R>, Call, Told, u32) -> Holds,
) -> Holds {
    for first in Probe::new(make()).turns() {
        for call in [Call::Apply, Call::ChannelOff, Call::Off] {
            for (from, to) in [(1, -1), (-1, 1), (0, 1), (1, 0)] {
                let mut transfer = 0;
                while let Some((mut probe, told)) = failing(make, call, (first, from, to), transfer)? {
                    look(&mut probe, call, told, transfer)?;
                    transfer += 1;
                }
                // from a driven level every call has something to do
                let asked = matches!(call, Call::Apply) || make().opening_can_fail();
                if transfer == 0 && from != 0 && asked {
                    return Err(format!("no transfer of {call:?} from {from} to {to} could fail"));
                }
            }
        }
    }
    Ok(())
}

/// What a call of which a transfer failed was asked for, what it answered, and what was seen meanwhile.
struct Told {
    asked: Vec<(u8, Level)>,
    result: Result<(), String>,
    seen: Vec<Seen>,
}

/// A call of which a transfer fails; `None` when it has fewer. Code 0 stands for open; `first` has the codes where
/// others share its source.
fn failing<R: Rig>(
    make: &dyn Fn() -> R,
    call: Call,
    (first, from, to): (u8, i32, i32),
    transfer: u32,
) -> Result<Option<(Probe<R>, Told)>, String> {
    let level = |code| if code == 0 { Level::Open } else { Level::Code(code) };
    let mut probe = Probe::new(make());
    let [before, after] = [from, to].map(|code| probe.together(first, |_| level(code)));
    probe.put(&before)?;
    probe.rig.fail_after(transfer);
    let (asked, (result, seen)) = match call {
        Call::Apply => (after.clone(), probe.apply(&after)),
        Call::ChannelOff => (Vec::new(), probe.channel_off(first)),
        Call::Off => (Vec::new(), probe.off()),
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
    Ok(Some((probe, Told { asked, result, seen })))
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
    at_each_transfer(make, |probe, call, _, _| same(probe, &format!("after an error of {call:?}")))
}
