//! A simulated forearm: rest, efforts, noise and the artefacts of the pulses, and what the EMG trigger makes of it.

use super::Shown;
use crate::cli::EmgArgs;
use crate::failure::Failure;
use crate::plot::effort::EffortPicture;
use crate::rig::{self, Ran, Source};
use crate::scenario::Scenario;
use crate::text::{Table, trimmed};
use nmes_core::Schedule;
use nmes_protocols::triggers::emg::{Emg, EmgSample, EmgState, EmgTimes, ThresholdStart};
use nmes_protocols::triggers::{GateCommands, GateTrigger};
use nmes_protocols::{GateCommand, PollAt};
use nmes_safety::Checked;
use serde::Serialize;

const SAMPLE_US: u64 = 1_000;
const RAIL_NV: i32 = 400_000_000;
/// The muscle rests at first; the attempts that set the threshold come in this time.
const FIRST_US: u64 = 3_000_000;
const CALIBRATION: usize = 3;
/// An opening this long after the begin of an effort is its answer.
const ANSWER_US: u64 = 1_000_000;
/// An effort that is made while a train runs, or in the rest after it, is not waited for.
const EFFORT_US: u64 = 1_200_000;
/// The artefact of a pulse in nanovolts, and how fast it decays: what an amplifier shows that was driven to a few millivolts.
const ARTEFACT_NV: f64 = 8_000_000.0;
const ARTEFACT_MS: f64 = 3.0;

/// What a run of efforts came to.
#[derive(Clone, Debug, Serialize)]
pub struct EffortSummary {
    /// The row.
    pub protocol: &'static str,
    /// Efforts that were made while the trigger listened.
    pub efforts: usize,
    /// Of these: answered by a train.
    pub triggers: usize,
    /// Trains that opened while no effort was made.
    pub false_triggers: usize,
    /// Efforts without a train.
    pub missed: usize,
    /// From the begin of an effort to the opening of the gate, in ms: least, median, most.
    pub latency_ms: Option<(u64, u64, u64)>,
    /// The threshold at the end, in nV.
    pub threshold_nv: Option<u32>,
    /// Pulses that were put out.
    pub pulses: usize,
    /// Whether pulses were told to the trigger.
    pub blanked: bool,
    /// What the trigger said.
    pub fault: Option<String>,
    /// Why it never came to listen, where it did not.
    pub never_listened: Option<String>,
    /// Openings that the session's gate refused.
    pub refused: usize,
    /// Charge left on the channel, in nA·ticks.
    pub residual_na_ticks: i64,
}

/// A small generator of noise.
struct Noise(u64);

impl Noise {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31)
    }

    /// Close to normal, with standard deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

struct Forearm {
    emg: Emg,
    noise: Noise,
    efforts: Vec<u64>,
    rest_nv: f64,
    effort_nv: f64,
    hum_nv: f64,
    blank: bool,
    lead_off_us: u64,
    reading_us: u64,
    artefact: Option<u64>,
    /// Level of the last window, for the picture.
    levels: Vec<(u64, u32, u32)>,
    listened: Vec<bool>,
    /// Where the trigger was when it was stopped, and what counted as an attempt there.
    ended_in: EmgState,
    attempt_nv: Option<u32>,
}

impl Forearm {
    fn nanovolts(&mut self, now: u64) -> i32 {
        let tries = self.efforts.iter().any(|at| (*at..*at + EFFORT_US).contains(&now));
        let sigma = if tries { self.effort_nv } else { self.rest_nv };
        let hum = self.hum_nv * (now as f64 * 50.0 * std::f64::consts::TAU / 1e6).sin();
        let artefact = self.artefact.map_or(0.0, |at| {
            let ms = now.saturating_sub(at) as f64 / 1e3;
            ARTEFACT_NV * (-ms / ARTEFACT_MS).exp()
        });
        (self.noise.normal() * sigma + hum + artefact) as i32
    }
}

impl Source for Forearm {
    fn reading_us(&self) -> u64 {
        self.reading_us
    }

    fn read(&mut self, now_us: u64) -> GateCommands {
        self.reading_us += SAMPLE_US;
        let nv = self.nanovolts(now_us);
        for (at, listened) in self.efforts.iter().zip(&mut self.listened) {
            if (*at..*at + SAMPLE_US).contains(&now_us) {
                *listened = matches!(self.emg.state(), EmgState::Listen);
            }
        }
        let sample = if now_us >= self.lead_off_us { EmgSample::LeadOff } else { EmgSample::Nanovolts(nv) };
        let command = self.emg.sample(now_us, sample);
        if now_us.is_multiple_of(20_000) && !self.emg.state().is_on() {
            let threshold = self.emg.threshold_nv().unwrap_or(0);
            self.levels.push((now_us, self.emg.level_nv().unwrap_or(0), threshold));
        }
        command.into()
    }

    fn poll_at(&self) -> PollAt {
        self.emg.poll_at()
    }

    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.emg.poll(now_us)
    }

    fn pulse(&mut self, _: u8, onset_us: u64) {
        self.artefact = Some(onset_us);
        if self.blank {
            self.emg.stimulated(onset_us);
        }
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        if self.ended_in == EmgState::Off {
            (self.ended_in, self.attempt_nv) = (self.emg.state(), self.emg.attempt_nv());
        }
        self.emg.stop(now_us)
    }
}

/// The attempts that set the threshold, then one every so often, some of them while a train runs.
fn efforts(every_us: u64, length_us: u64) -> Vec<u64> {
    let first = (0_u64..).take(CALIBRATION).map(|n| FIRST_US + n * 3_000_000);
    let begin = FIRST_US + 3_000_000 * (CALIBRATION as u64 + 1);
    let later =
        (begin..length_us.saturating_sub(EFFORT_US)).step_by(usize::try_from(every_us).unwrap_or(usize::MAX));
    first.chain(later).collect()
}

/// Tries again and again.
///
/// # Errors
/// Bad settings of the trigger, or a stimulator that could not be armed.
pub fn try_wrist(
    scenario: &Scenario,
    checked: &Checked<'_>,
    args: &EmgArgs,
    length_ms: u32,
) -> Result<Shown<EffortSummary>, Failure> {
    let length_us = u64::from(length_ms) * 1_000;
    let session = checked.plan().session();
    let ramp_down = session.channels()[0].ramp.down;
    let mut times = EmgTimes { ramp_down, ..EmgTimes::wrist(1_000, RAIL_NV) };
    if let Schedule::Gated(gate) = session.schedule() {
        (times.on, times.lockout) = (gate.max_on, gate.min_off);
    }
    times.start = ThresholdStart::BestOf(3);
    let mut emg = Emg::new(times).map_err(|error| Failure::Input(error.to_string()))?;
    emg.start(0);
    let efforts = efforts(u64::from(args.effort_every_ms()) * 1_000, length_us);
    let nv = |thousandths: u32| f64::from(thousandths);
    let mut forearm = Forearm {
        emg,
        noise: Noise(scenario.seed),
        listened: vec![false; efforts.len()],
        efforts,
        rest_nv: nv(args.noise_nv()),
        effort_nv: nv(args.effort_nv()),
        hum_nv: nv(args.hum_nv()),
        blank: !args.no_blanking,
        lead_off_us: args.lead_off_at_s.map_or(u64::MAX, |ms| u64::from(ms) * 1_000),
        reading_us: SAMPLE_US,
        artefact: None,
        levels: Vec::new(),
        ended_in: EmgState::Off,
        attempt_nv: None,
    };
    let mut ran = rig::run(scenario, checked, &mut forearm, length_us)?;
    ran.played.trigger_fault = forearm.emg.fault().map(|fault| fault.to_string());
    let summary = summary(scenario, &forearm, &times, &ran);
    let picture = picture(&summary, &forearm, &ran, scenario, length_us)?;
    Ok(Shown { text: text(&summary, args), summary, picture, played: ran.played })
}

fn summary(scenario: &Scenario, forearm: &Forearm, times: &EmgTimes, ran: &Ran) -> EffortSummary {
    let opened: Vec<u64> =
        ran.told.iter().filter(|(_, _, c)| *c == GateCommand::Open).map(|(at, _, _)| *at).collect();
    let listened: Vec<u64> =
        forearm.efforts.iter().zip(&forearm.listened).filter(|(_, l)| **l).map(|(at, _)| *at).collect();
    let answer = |effort: &u64| opened.iter().find(|at| (*effort..*effort + ANSWER_US).contains(at)).copied();
    let mut latencies: Vec<u64> =
        listened.iter().filter_map(|effort| Some((answer(effort)? - effort) / 1_000)).collect();
    latencies.sort_unstable();
    let answered = |at: &&u64| listened.iter().any(|effort| (*effort..*effort + ANSWER_US).contains(*at));
    let triggers = opened.iter().filter(answered).count();
    let tries = |at: &u64| forearm.efforts.iter().any(|effort| (*effort..*effort + EFFORT_US).contains(at));
    EffortSummary {
        protocol: scenario.row.name,
        efforts: listened.len(),
        triggers,
        false_triggers: opened.iter().filter(|at| !tries(at)).count(),
        missed: listened.len() - latencies.len(),
        latency_ms: latencies
            .first()
            .zip(latencies.last())
            .map(|(least, most)| (*least, latencies[latencies.len() / 2], *most)),
        threshold_nv: forearm.emg.threshold_nv(),
        pulses: ran.played.pulses.iter().filter(|p| p.is_pulse()).count(),
        blanked: forearm.blank,
        fault: ran.played.trigger_fault.clone(),
        never_listened: never_listened(forearm, times),
        refused: ran.refused,
        residual_na_ticks: ran.played.residual_na_ticks.iter().map(|r| r.abs()).max().unwrap_or(0),
    }
}

/// Before it listens a trigger measures the muscle at rest, then takes its threshold from attempts that stand out of that.
fn never_listened(forearm: &Forearm, times: &EmgTimes) -> Option<String> {
    let uv = |nv: u32| trimmed(f64::from(nv) / 1e3, 1);
    let restless = forearm.emg.counters().restless;
    match forearm.ended_in {
        EmgState::Baseline if restless > 0 => Some(format!(
            "no threshold was set: the level at rest was above {} µV, {restless} times, and the trigger takes no level above \
             that for rest; less --noise-uv or --hum-uv",
            uv(times.rest_max_nv)
        )),
        EmgState::Baseline => Some(format!(
            "no threshold was set: the run ended before the muscle had rested for {} ms; more --seconds",
            times.baseline.as_millis()
        )),
        EmgState::Attempts => Some(format!(
            "no threshold was set: fewer than {CALIBRATION} attempts came to twice the level at rest with its wandering, {} µV; \
             more --effort-uv, less --noise-uv, or more --seconds",
            forearm.attempt_nv.map_or("-".to_owned(), uv)
        )),
        EmgState::Off
        | EmgState::Listen
        | EmgState::On
        | EmgState::RampDown
        | EmgState::Lockout
        | EmgState::Fault => None,
    }
}

fn text(summary: &EffortSummary, args: &EmgArgs) -> String {
    let uv = |nv: u32| trimmed(f64::from(nv) / 1e3, 1);
    let mut table = Table::new(&["what", ">value"]);
    let latency = summary
        .latency_ms
        .map_or("-".to_owned(), |(least, median, most)| format!("{least} / {median} / {most}"));
    let rows = [
        ("efforts while it listened", summary.efforts.to_string()),
        ("triggers", summary.triggers.to_string()),
        ("false triggers", summary.false_triggers.to_string()),
        ("missed", summary.missed.to_string()),
        ("latency, ms: least / median / most", latency),
        ("threshold at the end, µV", summary.threshold_nv.map_or("-".to_owned(), uv)),
        ("pulses", summary.pulses.to_string()),
        ("openings refused by the gate", summary.refused.to_string()),
        ("charge left, nA·ticks", summary.residual_na_ticks.to_string()),
    ];
    for (what, value) in rows {
        table.row([what.to_owned(), value]);
    }
    let why = summary
        .never_listened
        .as_ref()
        .map_or(String::new(), |why| format!("\nThe trigger never listened: {why}\n"));
    let fault =
        summary.fault.as_ref().map_or(String::new(), |fault| format!("\nThe trigger says: {fault}\n"));
    format!(
        "{}: noise {} µV, efforts of {} µV for 1.2 s, hum of 50 Hz {} µV; artefacts of the pulses are {}\n\n{}{why}{fault}",
        summary.protocol,
        uv(args.noise_nv()),
        uv(args.effort_nv()),
        uv(args.hum_nv()),
        if summary.blanked { "blanked" } else { "not blanked" },
        table.plain(),
    )
}

fn picture(
    summary: &EffortSummary,
    forearm: &Forearm,
    ran: &Ran,
    scenario: &Scenario,
    length_us: u64,
) -> Result<String, Failure> {
    let s = |us: u64| us as f64 / 1e6;
    let hz = f64::from(scenario.hardware.timing().ticks_per_second);
    let pulses = ran.played.pulses.iter().filter(|p| p.is_pulse());
    let drawing = EffortPicture {
        title: format!("{}: efforts, level and trains on a simulated forearm", summary.protocol),
        subtitle: format!(
            "{} efforts heard, {} triggers, {} false, {} missed; shaded: efforts",
            summary.efforts, summary.triggers, summary.false_triggers, summary.missed
        ),
        length_s: s(length_us),
        efforts: forearm.efforts.iter().map(|at| (s(*at), s(*at + EFFORT_US))).collect(),
        level: forearm.levels.iter().map(|(at, nv, _)| (s(*at), f64::from(*nv) / 1e3)).collect(),
        threshold: forearm.levels.iter().map(|(at, _, nv)| (s(*at), f64::from(*nv) / 1e3)).collect(),
        pulses: pulses.map(|p| (p.receipt.onset_tick as f64 / hz, p.delivered.peak_ua / 1e3)).collect(),
    };
    drawing.to_svg().map_err(|error| Failure::Input(format!("picture: {error}")))
}
