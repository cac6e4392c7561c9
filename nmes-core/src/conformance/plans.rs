//! Properties of whole plans: random sessions for the output's own hardware, played on it by the engine.

use super::probe::{Probe, driven};
use super::{Holds, Rig, Seen};
use crate::engine::{Change, StopPolicy};
use crate::frame::Level;
use crate::hardware::ChannelHardware;
use crate::plan::Plan;
use crate::strategies::{Action, Case, Put, Run, case_on, play_through, stop};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use std::format;
use std::prelude::v1::*;

pub(super) fn plans_come_out<R: Rig>(make: &dyn Fn() -> R, cases: u32) -> Holds {
    let hardware = make().hardware();
    each_plan(cases, case_on(hardware), |case, plan| {
        let mut probe = Probe::new(make());
        if *plan.hardware() != probe.rig.hardware() {
            return Err("the plan was compiled for another hardware".into());
        }
        let played = Played::of(&mut probe, case, plan, &case.script())?;
        if let Some(fault) = played.run.fault {
            return Err(format!("the output is not as its hardware says: {fault}"));
        }
        probe.all_open("at the end")?;
        probe.channels().try_for_each(|channel| played.channel_holds(case, plan, channel))
    })
}

pub(super) fn stops_leave_it_open<R: Rig>(make: &dyn Fn() -> R, cases: u32) -> Holds {
    let hardware = make().hardware();
    let cases_and_stops = (case_on(hardware), stop(), prop::option::of(0_u32..60)).prop_map(StoppedCase);
    each_plan(cases, cases_and_stops, |StoppedCase((case, (policy, millionths), failing)), plan| {
        let mut probe = Probe::new(make());
        let mut script = case.script();
        script.push((plan.length_ticks() * u64::from(*millionths) / 1_000_000, Action::Stop(*policy)));
        script.sort_by_key(|(tick, _)| *tick);
        if let Some(transfers) = failing {
            probe.rig.fail_after(*transfers);
        }
        let played = Played::of(&mut probe, case, plan, &script)?;
        if let (Some(fault), None) = (played.run.fault, &played.error) {
            return Err(format!("the output is not as its hardware says: {fault}"));
        }
        if probe.rig.failed() && played.error.is_none() {
            return Err("a transfer failed, and no call told".into());
        }
        if played.error.is_some() && !probe.rig.failed() {
            return Err(format!("no transfer failed, and the output answered {:?}", played.error));
        }
        if played.off_failed {
            // the transfer that failed may be the one that opens: asked again, it has to
            drop(probe.off());
        }
        if played.error.is_some() {
            probe.all_safe("after an error")
        } else {
            probe.all_open("after the stop")
        }
    })
}

/// A case, a stop, and after how many transfers one fails.
#[derive(Clone, Debug)]
struct StoppedCase((Case, (StopPolicy, u32), Option<u32>));

/// What has a session to compile.
trait HasCase: core::fmt::Debug {
    fn case(&self) -> &Case;
}

impl HasCase for Case {
    fn case(&self) -> &Case {
        self
    }
}

impl HasCase for StoppedCase {
    fn case(&self) -> &Case {
        &self.0.0
    }
}

/// Looks at random cases that compile; what is found is the smallest that fails.
fn each_plan<C: HasCase>(
    cases: u32,
    strategy: impl Strategy<Value = C>,
    holds: impl Fn(&C, &Plan<'_>) -> Holds,
) -> Holds {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_global_rejects: cases.saturating_mul(40).max(1_000),
        ..Config::default()
    };
    let test = |case: C| {
        let session = case.case().session();
        let plan = Plan::compile(&session, &case.case().hardware)
            .map_err(|e| TestCaseError::reject(format!("{e}")))?;
        holds(&case, &plan).map_err(TestCaseError::fail)
    };
    TestRunner::new(config).run(&strategy, test).map_err(|error| match error {
        TestError::Fail(reason, case) => format!("{reason} in\n{case:?}"),
        TestError::Abort(reason) => format!("too few random sessions compile for this hardware: {reason}"),
    })
}

/// A plan as it went through an output.
struct Played {
    run: Run,
    /// Every level that came out.
    seen: Vec<Seen>,
    error: Option<String>,
    /// The call that failed was `off`.
    off_failed: bool,
}

impl Played {
    fn of<R: Rig>(
        probe: &mut Probe<R>,
        case: &Case,
        plan: &Plan<'_>,
        script: &[(u64, Action)],
    ) -> Result<Self, String> {
        let (mut late, mut seen, mut error, mut wrong) = (case.lateness(), Vec::new(), None, None);
        let mut off_failed = false;
        probe.now = 0;
        let run = play_through(plan, script, |now, due, put| {
            let time = match put {
                Put::Step([]) | Put::Off => now,
                // what the writes of other channels take is the output's own
                Put::Step(_) => now.max(due.saturating_add_signed(late())),
            };
            probe.before = probe.levels;
            let result = put_out(probe, time, put);
            let came = probe.look();
            wrong = wrong.take().or_else(|| foreign(probe, put, &came));
            if let Ok(stamp) = result {
                wrong = wrong.take().or_else(|| not_as_asked(probe, put, &came, stamp));
            }
            seen.extend(came);
            off_failed |= result.is_err() && matches!(put, Put::Off);
            result.map_err(|told| error = Some(told)).ok()
        });
        if run.fault.is_some() && error.is_none() {
            // as the caller of an engine has to
            let now = probe.now;
            drop(probe.rig.off(now));
            seen.extend(probe.look());
        }
        wrong.map_or(Ok(()), Err)?;
        Ok(Self { run, seen, error, off_failed })
    }

    fn channel_holds(&self, case: &Case, plan: &Plan<'_>, channel: u8) -> Holds {
        let Some(own) = plan.channel(channel) else { return self.stays_open(channel) };
        let (output, timing) = (own.hardware(), case.hardware.timing());
        let seen: Vec<_> = self.seen.iter().filter(|s| s.channel == channel).collect();
        let jitter = i64::from(case.hardware.jitter_ticks());
        if case.pulse(channel).balance.is_balanced() {
            balances(&seen, output, jitter, i64::from(case.pulse(channel).repeat.count))?;
        }
        let slack = u64::from(case.hardware.jitter_ticks());
        let stamps: Vec<_> = self.run.edges.iter().filter(|e| e.channel == channel).map(|e| e.tick).collect();
        let spacing = stamps.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(u64::MAX);
        for (what, is, least) in [
            ("open between opposite polarities", least_open(&seen), timing.dead_ticks),
            ("at one level", spacing, timing.min_edge_ticks),
        ] {
            if is.saturating_add(slack) < u64::from(least) {
                return Err(format!("channel {channel} was {what} for {is} ticks, {least} are declared"));
            }
        }
        Ok(())
    }

    fn stays_open(&self, channel: u8) -> Holds {
        let strange = self.seen.iter().find(|s| s.channel == channel && s.level != Level::Open);
        strange.map_or(Ok(()), |s| Err(format!("the session does not use channel {channel}: {s:?}")))
    }
}

fn put_out<R: Rig>(probe: &mut Probe<R>, time: u64, put: Put<'_>) -> Result<u64, String> {
    let told = |e: R::Error| format!("{e:?}");
    let Put::Step(changes) = put else { return probe.rig.off(time).map_err(told) };
    let framed = |c: &&Change| c.edge.is_some();
    let edges: Vec<_> = changes.iter().filter(framed).map(|c| (c.channel, c.level)).collect();
    let mut stamp = time;
    if !edges.is_empty() {
        stamp = probe.rig.apply(stamp, &edges).map_err(told)?;
    }
    for change in changes.iter().filter(|c| c.edge.is_none()) {
        stamp = probe.rig.channel_off(stamp, change.channel).map_err(told)?;
    }
    Ok(stamp)
}

/// What drove within a call was neither there before nor asked for.
fn foreign<R: Rig>(probe: &Probe<R>, put: Put<'_>, came: &[Seen]) -> Option<String> {
    let asked: Vec<_> = match put {
        Put::Step(changes) => changes.iter().map(|c| (c.channel, c.level)).collect(),
        Put::Off => Vec::new(),
    };
    probe.nothing_else(&asked, came, &format!("within {put:?}")).err()
}

/// A level came later than its stamp may be wrong, or is another one.
fn not_as_asked<R: Rig>(probe: &Probe<R>, put: Put<'_>, came: &[Seen], stamp: u64) -> Option<String> {
    let late = probe.in_time(came, stamp).err();
    let Put::Step(changes) = put else { return late };
    late.or_else(|| mismatch(probe, changes))
}

fn mismatch<R: Rig>(probe: &Probe<R>, changes: &[Change]) -> Option<String> {
    changes.iter().find_map(|c| probe.is_at(c.channel, Some(c.level), &format!("after {c:?}")).err())
}

/// Σ codes × ticks is 0 where gains are equal, no offset is there and edges are exact. Else the calibrated charge is at
/// most one code × L, and of calibrated outputs the code × tick that is carried.
fn balances(seen: &[&Seen], output: &ChannelHardware, jitter: i64, repeats: i64) -> Holds {
    let (mut codes, mut charge) = (0_i64, 0_i64);
    for pair in seen.windows(2) {
        let ticks = i64::try_from(pair[1].tick - pair[0].tick).unwrap_or(i64::MAX);
        codes += i64::from(driven(pair[0].level)) * ticks;
        charge += pair[0].level.current_na(output) * ticks;
    }
    if output.is_exact() && jitter == 0 {
        return if codes == 0 { Ok(()) } else { Err(format!("Σ codes × ticks is {codes}, not 0")) };
    }
    let gain = output.na_per_code_positive.max(output.na_per_code_negative);
    let code_tick = i64::from(gain) + i64::from(output.offset_na.abs());
    let carried = if output.is_exact() { 0 } else { (1 + repeats) * code_tick };
    let most = code_tick * jitter + carried;
    if charge.abs() <= most { Ok(()) } else { Err(format!("{charge} nA × ticks are left, {most} may be")) }
}

/// The least time open between opposite polarities.
fn least_open(seen: &[&Seen]) -> u64 {
    let (mut least, mut open, mut last) = (u64::MAX, 0, 0);
    for pair in seen.windows(2) {
        let sign = driven(pair[0].level).signum();
        if pair[0].level == Level::Open {
            open += pair[1].tick - pair[0].tick;
        } else if sign != 0 {
            least = if last == -sign { least.min(open) } else { least };
            (last, open) = (sign, 0);
        }
    }
    least
}
