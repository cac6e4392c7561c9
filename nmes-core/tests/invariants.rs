//! A property for each invariant of the design, over random sessions, hardware, lateness and stops.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;
use proptest::prelude::*;

fn compiled(case: &Case) -> Result<Plan<'_>, TestCaseError> {
    Plan::compile(&case.session(), &case.hardware).map_err(|e| TestCaseError::reject(e.to_string()))
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-INV-01, REQ-INV-02: without lateness every pulse's sum, and the ledger after it, is exactly zero, at
    /// every amplitude, width and ramp step; the edges alone give the same sum.
    #[test]
    fn charge_is_exact(case in case(Kind { late: false, exact: true })) {
        let plan = compiled(&case)?;
        let run = play(&plan, &script(&case), || 0);
        prop_assert_eq!(run.fault, None);
        for frame in run.frames.iter().filter(|f| f.kind() == FrameKind::Pulse) {
            if balanced(&case, frame.channel()) {
                prop_assert_eq!(frame.net_charge(output(&case, frame.channel())), Some(Charge::ZERO));
            }
        }
        for receipt in run.receipts.iter().filter(|r| balanced(&case, r.channel)) {
            prop_assert_eq!(receipt.ledger, Charge::ZERO);
        }
        for channel in 0..plan.channel_count() {
            let sum = run.charge_from_edges(channel, output(&case, channel));
            prop_assert_eq!(sum, run.ledgers[usize::from(channel)].as_nanoamp_ticks());
            prop_assert!(sum == 0 || !balanced(&case, channel));
        }
    }

    /// REQ-INV-02: with unequal gains and an offset the ledger stays below one code × one tick, and is carried.
    #[test]
    fn calibrated_charge_is_carried(case in case(Kind { late: false, exact: false })) {
        let plan = compiled(&case)?;
        let run = play(&plan, &script(&case), || 0);
        prop_assert_eq!(run.fault, None);
        for receipt in run.receipts.iter().filter(|r| balanced(&case, r.channel)) {
            let bound = repeats(&case, receipt.channel) * code_tick(output(&case, receipt.channel));
            prop_assert!(receipt.ledger.magnitude() < bound as u64, "{:?}", receipt);
        }
        for channel in 0..plan.channel_count() {
            prop_assert_eq!(run.charge_from_edges(channel, output(&case, channel)), run.ledgers[usize::from(channel)].as_nanoamp_ticks());
        }
    }

    /// REQ-INV-03: with edges late by up to L, two balancing codes × L bound the ledger after every pulse, and one
    /// code × L the end of every train.
    #[test]
    fn balance_survives_lateness(case in case(Kind { late: true, exact: true })) {
        lateness_holds(&case)?;
    }

    /// REQ-INV-03: the same with unequal gains and an offset, plus the code × tick that is carried.
    #[test]
    fn calibrated_balance_survives_lateness(case in case(Kind { late: true, exact: false })) {
        lateness_holds(&case)?;
    }

    /// REQ-INV-03: the same number of ticks late at every edge changes nothing, on any number of channels: latency
    /// cancels, and no trim comes.
    #[test]
    fn constant_latency_cancels(case in case(Kind { late: true, exact: true })) {
        let plan = compiled(&case)?;
        let late = i64::from(case.hardware.timing().late_max_ticks);
        let mut script = started(&case.session());
        script.push((0, Action::Gate(GateInput::Open)));
        let run = play(&plan, &script, || late);
        prop_assert_eq!(run.fault, None);
        prop_assert!(run.receipts.iter().all(|r| r.ledger == Charge::ZERO || !balanced(&case, r.channel)));
        prop_assert!(run.counters.iter().all(|c| c.trims == 0));
    }

    /// REQ-INV-03: one tick later than L + ε is a fault that names channel and limit, in gated sessions too; at L + ε
    /// it is none.
    #[test]
    fn later_than_declared_is_a_fault(case in case(Kind { late: true, exact: true }), nth in 1_u32..12) {
        let plan = compiled(&case)?;
        let limit_ticks = plan.channel(0).unwrap().late_limit_ticks();
        let mut script = started(&case.session());
        script.push((0, Action::Gate(GateInput::Open)));
        for (by_ticks, faults) in [(limit_ticks, false), (limit_ticks + 1, true)] {
            let mut count = 0_u32;
            let run = play(&plan, &script, || { count += 1; if count == nth { by_ticks as i64 } else { 0 } });
            prop_assume!(count >= nth);
            let found = matches!(run.fault, Some(EngineFault::Late { by_ticks: by, limit_ticks: limit, .. }) if (by, limit) == (by_ticks, limit_ticks));
            prop_assert_eq!(found, faults, "{:?}", run.fault);
            prop_assert!(!faults || count == nth, "nothing comes after a fault");
        }
    }

    /// REQ-INV-05: whatever happens from outside but a recovery or a hard off, every pulse that begins has all its
    /// edges, in order, within L of the grid but for the last.
    #[test]
    fn no_pulse_is_cut(case in case(Kind { late: true, exact: true })) {
        let plan = compiled(&case)?;
        let mut script = script(&case);
        let tick = case.seed % (plan.length_ticks() + 1);
        script.push((tick, Action::Stop(StopPolicy::FinishPulse)));
        script.sort_by_key(|(t, _)| *t);
        let run = play(&plan, &script, case.lateness());
        prop_assert_eq!(run.fault, None);
        for channel in 0..plan.channel_count() {
            let stretch = plan.channel(channel).unwrap().stretch_ticks();
            let trims = plan.channel(channel).unwrap().repayment_stretch_ticks();
            let edges: Vec<_> = run.edges.iter().filter(|e| e.channel == channel).collect();
            let mut expected: Option<(u32, u16)> = None;
            for edge in edges {
                let Some((sequence, number)) = edge.frame else { prop_assert_eq!(expected, None); continue };
                prop_assert_eq!(expected.unwrap_or((sequence, 0)), (sequence, number));
                let frame = run.frames.iter().find(|f| f.channel() == channel && f.sequence() == sequence).unwrap();
                prop_assert_eq!(Some(edge.level), frame.edge_level(number));
                let grid = frame.edge_tick(number).unwrap();
                let last = number + 1 == frame.edge_count();
                let moves = frame.is_retimed(number);
                let stretch = if frame.kind() == FrameKind::Pulse { stretch } else { trims };
                let late = plan.channel(channel).unwrap().late_limit_ticks() + if moves { stretch } else { 0 };
                prop_assert!(edge.tick <= grid + late, "{:?} against {}", edge, grid);
                prop_assert!(moves || edge.tick + u64::from(case.hardware.timing().stamp_error_ticks) >= grid);
                expected = if last { None } else { Some((sequence, number + 1)) };
            }
            prop_assert_eq!(expected, None, "a frame was left unfinished");
        }
    }

    /// REQ-INV-06: a finished or recovered session leaves nothing when L is 0, a hard off is open at once and
    /// reports what is left; all are over in bounded time.
    #[test]
    fn stops_leave_what_they_say(case in case(Kind { late: false, exact: true }), policy in 0..3) {
        let plan = compiled(&case)?;
        let policy = [StopPolicy::FinishPulse, StopPolicy::RecoverNow, StopPolicy::HardOff][policy as usize];
        let mut script = started(&case.session());
        script.push((0, Action::Gate(GateInput::Open)));
        let tick = case.seed % plan.length_ticks();
        script.push((tick, Action::Stop(policy)));
        let run = play(&plan, &script, || 0);
        prop_assert_eq!(run.fault, None);
        let finished = run.finished.unwrap();
        let stopped = run.stopped_at.unwrap();
        let mut longest = 0;
        for channel in 0..plan.channel_count() {
            let left = run.charge_from_edges(channel, output(&case, channel));
            prop_assert_eq!(left, run.ledgers[usize::from(channel)].as_nanoamp_ticks());
            if policy != StopPolicy::HardOff && balanced(&case, channel) {
                prop_assert_eq!(left, 0);
            }
            let c = plan.channel(channel).unwrap();
            longest = longest.max(c.longest_ticks() * 2 + 200);
        }
        let bound = if policy == StopPolicy::HardOff { 0 } else { longest };
        prop_assert!(finished.at_tick <= stopped + bound, "{} after {}", finished.at_tick, stopped);
    }

    /// REQ-INV-06: recovery pays back at no more than the pulse's balancing level, with L as well.
    #[test]
    fn recovery_is_gentle(case in case(Kind { late: true, exact: true })) {
        let plan = compiled(&case)?;
        let mut script = started(&case.session());
        script.push((0, Action::Gate(GateInput::Open)));
        script.push((case.seed % plan.length_ticks(), Action::Stop(StopPolicy::RecoverNow)));
        let run = play(&plan, &script, case.lateness());
        prop_assert_eq!(run.fault, None);
        for frame in run.frames.iter().filter(|f| f.kind() == FrameKind::Recover) {
            let pulse = run.frames.iter().rev().find(|f| {
                f.channel() == frame.channel() && f.kind() == FrameKind::Pulse && f.sequence() < frame.sequence()
            }).unwrap();
            let gain = i64::from(output(&case, frame.channel()).na_per_code_positive);
            let paying = i64::from(paying_code(pulse, case.pulse(frame.channel()).leading));
            prop_assert!(frame.peak_na(output(&case, frame.channel())) as i64 <= paying * gain);
        }
        for (channel, ledger) in run.ledgers.iter().enumerate().filter(|(c, _)| balanced(&case, *c as u8)) {
            let limit = plan.channel(channel as u8).unwrap().jitter_ticks();
            let gain = u64::from(output(&case, channel as u8).na_per_code_positive);
            prop_assert!(ledger.magnitude() <= gain * limit);
        }
    }

    /// REQ-INV-07: off is not zero: the level outside pulses is the declared rest, and outside trains it is open.
    #[test]
    fn rests_are_as_declared(case in case(Kind { late: false, exact: true })) {
        let plan = compiled(&case)?;
        let run = play(&plan, &script(&case), || 0);
        let rest = Level::from(case.hardware.timing().pulse_rest);
        for channel in 0..plan.channel_count() {
            let edges: Vec<_> = run.edges.iter().filter(|e| e.channel == channel).collect();
            for pair in edges.windows(2) {
                let frame_ended = pair[1].frame.is_none_or(|(_, n)| n == 0);
                if frame_ended {
                    let expected = if pair[0].frame.is_some() { rest } else { Level::Open };
                    prop_assert_eq!(pair[0].level, expected);
                }
            }
            if let Some(last) = edges.last() { prop_assert_eq!(last.level, Level::Open); }
        }
    }

    /// REQ-INV-09: what is put out is the code nearest to what was commanded, and the receipt says both.
    #[test]
    fn receipts_say_what_was_done(case in case(Kind { late: false, exact: true })) {
        let plan = compiled(&case)?;
        let run = play(&plan, &script(&case), || 0);
        for receipt in run.pulses() {
            let c = plan.channel(receipt.channel).unwrap();
            let gain = i64::from(output(&case, receipt.channel).na_per_code_positive);
            let asked = i64::from(receipt.setting.amplitude.as_microamps()) * 1_000;
            let done = i64::from(receipt.code.unsigned_abs()) * gain;
            let form = case.pulse(receipt.channel).form;
            if matches!(form, Form::Points(_) | Form::Table(_)) { continue }
            // half a code where it is set, one more where a ramp goes through whole codes, eight where a
            // balancing phase fits only a lower one
            let narrow = output(&case, receipt.channel).code_min > -32_768;
            let allowed = if !narrow && case.channels[usize::from(receipt.channel)].pulse.balance == Balance::Symmetric && form == Form::Rectangular { 2 } else { 10 };
            prop_assert!((asked - done).abs() <= gain * allowed, "{} for {}", done, asked);
            let width = i64::from(c.width_ticks(receipt.setting.width));
            prop_assert!((i64::from(receipt.primary_ticks) - width).abs() <= 1 + i64::from(case.hardware.timing().ticks_per_second) / 1_000_000);
            prop_assert_eq!(receipt.primary_charge.as_nanoamp_ticks(), i64::from(receipt.code) * gain * i64::from(receipt.primary_ticks));
        }
    }

    /// REQ-CORE-70, REQ-INV-08: no level of a pulse is above the set amplitude by more than two codes of the weaker
    /// polarity, whatever form it has and however far it is ramped down.
    #[test]
    fn nothing_is_stronger_than_set(case in prop_oneof![case(Kind { late: false, exact: true }), case(Kind { late: true, exact: false })]) {
        let plan = compiled(&case)?;
        let run = play(&plan, &script(&case), case.lateness());
        for receipt in run.pulses() {
            let output = output(&case, receipt.channel);
            // custom points are parts of one code, whatever the gain of the other polarity
            let main = i64::from(receipt.code.unsigned_abs()) * code_tick(output);
            let frame = run.frames.iter().find(|f| f.channel() == receipt.channel && f.sequence() == receipt.sequence).unwrap();
            prop_assert!(frame.peak_na(output) as i64 <= main + 2 * code_tick(output), "{:?} of {:?}", frame, receipt);
        }
    }

    /// REQ-INV-11, REQ-INV-12: the same inputs give the same frames and edges, and the edges are those of the
    /// frames, expanded.
    #[test]
    fn runs_repeat(case in case(Kind { late: true, exact: false })) {
        let plan = compiled(&case)?;
        let run = || play(&plan, &script(&case), case.lateness());
        let (one, two) = (run(), run());
        prop_assert_eq!(one.hash, two.hash);
        prop_assert_eq!(&one.edges, &two.edges);
        for edge in &one.edges {
            let Some((sequence, number)) = edge.frame else { continue };
            let frame = one.frames.iter().find(|f| f.channel() == edge.channel && f.sequence() == sequence).unwrap();
            prop_assert_eq!(frame.edge_level(number), Some(edge.level));
        }
    }
}

fn lateness_holds(case: &Case) -> Result<(), TestCaseError> {
    let plan = compiled(case)?;
    let run = play(&plan, &script(case), case.lateness());
    prop_assert_eq!(run.fault, None);
    for receipt in run.pulses() {
        if !balanced(case, receipt.channel) {
            continue;
        }
        let frame =
            run.frames.iter().find(|f| f.channel() == receipt.channel && f.sequence() == receipt.sequence);
        let late = plan.channel(receipt.channel).unwrap().jitter_ticks() as i64;
        let bound = ledger_bound(case, frame.unwrap(), late);
        prop_assert!(receipt.ledger.magnitude() as i64 <= bound, "{:?} over {}", receipt, bound);
    }
    for channel in 0..plan.channel_count() {
        let output = output(case, channel);
        let late = plan.channel(channel).unwrap().jitter_ticks() as i64;
        // the code × tick that is carried, and the rounding of the last edge to a tick
        let exact = if output.is_exact() { 0 } else { (1 + repeats(case, channel)) * code_tick(output) };
        let left = run.charge_from_edges(channel, output);
        prop_assert_eq!(left, run.ledgers[usize::from(channel)].as_nanoamp_ticks());
        if !balanced(case, channel) {
            continue;
        }
        prop_assert!(
            left.abs() <= code_tick(output) * late + exact,
            "{} code-ticks left",
            left / code_tick(output)
        );
        // every train that ended, not only the last one
        let mut sum = 0_i64;
        let edges: Vec<_> = run.edges.iter().filter(|e| e.channel == channel).collect();
        for pair in edges.windows(2) {
            let ticks = pair[1].tick - pair[0].tick;
            sum += pair[0].level.current_na(output) * ticks as i64;
            // on a shared source the trim may have to wait for another channel
            let evenly =
                case.channels[usize::from(channel)].train.timing == Timing::Even && !plan.shares_sources();
            let longest = if evenly { plan.channel(channel).unwrap().period_ticks() } else { u64::MAX / 3 };
            if pair[0].level == Level::Open
                && ticks > longest * 3
                && !matches!(case.schedule, Schedule::Program(_))
            {
                prop_assert!(sum.abs() <= code_tick(output) * late + exact);
            }
        }
    }
    Ok(())
}

/// REQ-CORE-80: the random sessions of these properties are not mostly refused, and have every form, timing and schedule.
#[test]
fn the_cases_are_not_mostly_refused() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    for (late, exact) in [(false, true), (false, false), (true, true), (true, false)] {
        let mut runner = TestRunner::deterministic();
        let mut seen = std::collections::BTreeMap::<&str, u32>::new();
        for _ in 0..600 {
            let case = case(Kind { late, exact }).new_tree(&mut runner).unwrap().current();
            if Plan::compile(&case.session(), &case.hardware).is_err() {
                continue;
            }
            let mut count = |name| *seen.entry(name).or_default() += 1;
            count("session");
            count(match case.schedule {
                Schedule::Continuous => "continuous",
                Schedule::Cyclic(_) => "cyclic",
                Schedule::Gated(_) => "gated",
                Schedule::Program(_) => "program",
            });
            for channel in &case.channels {
                count(match channel.pulse.form {
                    Form::Rectangular => "rectangular",
                    Form::Prepulse(_) => "prepulse",
                    Form::Triphasic { .. } => "triphasic",
                    Form::Points(_) => "points",
                    Form::Table(_) => "table",
                });
                count(match channel.train.timing {
                    Timing::Even => "even",
                    Timing::Bursts(_) => "bursts",
                    Timing::Sweep(_) => "sweep",
                    Timing::List(_) => "list",
                });
                count(if channel.pulse.repeat == Repeat::ONCE { "once" } else { "repeated" });
            }
        }
        assert_eq!(seen.len(), 16, "{late} {exact}: {seen:?}");
        assert!(seen.values().all(|n| *n >= 20), "{late} {exact}: {seen:?}");
        assert!(seen["session"] >= 300, "{late} {exact}: {seen:?}");
    }
}
