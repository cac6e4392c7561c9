//! The picture of a run, from what the run showed.

use crate::desk::end_us;
use crate::judge::{Outcome, StepVerdict};
use crate::plot::{Picture, PulseTrace};
use crate::report::Shown;
use crate::text::{thousandths, trimmed};
use nmes_core::{Channel, Control, Plan, Setting};
use nmes_hal_adapters::sim::{ChannelStage, Stage};

/// How much of the session is drawn large.
const CLOSE_UP_US: u64 = 8_000_000;
/// Points of a drawn pulse between two edges.
const POINTS: u64 = 60;

/// The picture of a run.
#[must_use]
pub fn picture<'s>(shown: &'s Shown<'s>) -> Picture<'s> {
    let scenario = shown.scenario;
    let plan = shown.checked.plan();
    let channel = &plan.session().channels()[0];
    let planned_us = end_us(plan.session());
    // where a fault ended the run, the time that it did not have is drawn too
    let end_us = if shown.cut_us().is_some() { planned_us } else { shown.run.played.end_us };
    let whole_us = end_us.max(1_000_000);
    Picture {
        title: format!(
            "{}, {} foot (*): a simulation, not for use on a person",
            scenario.row.name,
            scenario.foot.word()
        ),
        subtitle: subtitle(shown),
        walk: &scenario.walk,
        pulses: &shown.pulses,
        judgement: &shown.judgement,
        terms: &shown.terms,
        threshold_ua: scenario.threshold_ua(),
        full_ua: channel.set.amplitude.as_microamps(),
        level_unit: level_unit(channel),
        cut_us: shown.cut_us(),
        close_up_us: close_up(shown, whole_us),
        whole_us,
        pulse: pulse_trace(plan, channel.set, scenario.stage),
    }
}

/// Where the ramps move the width, a level is a charge, told as the amplitude that carries it at the set width.
fn level_unit(channel: &Channel) -> String {
    match channel.ramp.control {
        Control::Amplitude => "mA".to_owned(),
        Control::Width => format!("mA at {} µs, by charge", channel.set.width.as_micros()),
    }
}

/// The time around the fault that ended a run; or the first steps; or, when a step was late, missed or cut, the time around the first such one.
fn close_up(shown: &Shown<'_>, whole_us: u64) -> (u64, u64) {
    let judged = &shown.judgement;
    let around = |middle: u64| {
        let from = middle.saturating_sub(CLOSE_UP_US / 2).min(whole_us.saturating_sub(CLOSE_UP_US));
        (from, (from + CLOSE_UP_US).min(whole_us))
    };
    if let Some(cut_us) = shown.cut_us() {
        return around(cut_us);
    }
    let is_cut =
        |s: &StepVerdict| s.swing.is_some_and(|swing| swing.longest_gap_us > 2 * shown.terms.period_us);
    let is_wrong = |s: &&StepVerdict| matches!(s.outcome(), Outcome::Late | Outcome::Missed) || is_cut(s);
    let wrong = judged.steps.iter().find(is_wrong);
    around(wrong.and_then(|s| s.step.toe_off).unwrap_or(0))
}

fn subtitle(shown: &Shown<'_>) -> String {
    let channel = &shown.checked.plan().session().channels()[0];
    let (set, ramp) = (channel.set, channel.ramp);
    let hz = f64::from(channel.rate.pulses()) * 1e6 / f64::from(channel.rate.per_us());
    let floor = match ramp.control {
        Control::Amplitude => format!("{} mA", thousandths(u64::from(ramp.floor), 1)),
        Control::Width => format!("{} µs", ramp.floor),
    };
    let extension = shown.gait.times().extension.as_millis();
    format!(
        "{} mA, {} µs, {} Hz; ramp up {} ms from {floor}, extension up to {extension} ms, ramp down {} ms; {} ohm; {}",
        thousandths(u64::from(set.amplitude.as_microamps()), 1),
        set.width.as_micros(),
        trimmed(hz, 1),
        ramp.up.as_millis(),
        ramp.down.as_millis(),
        shown.scenario.load_ohm,
        file_name(shown.scenario.walk.name()),
    )
}

/// The last part of a path.
fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// One pulse at full level on the simulated stage, from rest.
fn pulse_trace(plan: &Plan<'_>, set: Setting, stage: Stage) -> PulseTrace {
    let timing = plan.hardware().timing();
    let hardware = plan.hardware().channels()[0];
    let Some(frame) = plan.frame(0, set, 0) else { return PulseTrace::default() };
    let per_us = f64::from(timing.ticks_per_second) / 1e6;
    let mut live = ChannelStage::new(stage, hardware, timing.ticks_per_second);
    let mut trace = PulseTrace { rail_v: stage.rail_v, ..PulseTrace::default() };
    let lead = -0.04 * frame.length_ticks() as f64 / per_us;
    let mut commanded = 0.0;
    let mut mark = |t: f64, commanded: f64, live: &ChannelStage| {
        let point = live.point();
        trace.commanded_ma.push((t, commanded));
        trace.delivered_ma.push((t, point.current_ua / 1e3));
        trace.volts.push((t, point.voltage_v));
    };
    mark(lead, commanded, &live);
    for edge in 0..frame.edge_count() {
        let (Some(tick), Some(level)) = (frame.edge_tick(edge), frame.edge_level(edge)) else { break };
        live.advance_to(tick);
        mark(tick as f64 / per_us, commanded, &live);
        live.set(tick, level);
        commanded = level.current_na(&hardware) as f64 / 1e6;
        mark(tick as f64 / per_us, commanded, &live);
        let length = frame.segment(edge).map_or(frame.length_ticks() / 12, |s| u64::from(s.ticks));
        for part in 1..POINTS {
            let between = tick + length * part / POINTS;
            live.advance_to(between);
            mark(between as f64 / per_us, commanded, &live);
        }
    }
    trace
}
