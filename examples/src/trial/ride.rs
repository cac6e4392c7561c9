//! A simulated crank, and what its windows got.

use super::Shown;
use crate::cli::{Ask, CrankArgs, CrankHarm, CrankWord};
use crate::failure::Failure;
use crate::plot::ride::{RidePicture, Row};
use crate::rig::{self, Ran, Source};
use crate::scenario::Scenario;
use crate::text::{Table, thousandths, trimmed};
use nmes_core::Millis;
use nmes_protocols::triggers::crank::{Crank, CrankTimes, Encoder, Forward, Window};
use nmes_protocols::triggers::{GateCommands, GateTrigger};
use nmes_protocols::{CRANKS, CrankSource, PollAt};
use nmes_safety::Checked;
use serde::Serialize;

/// Samples of the encoder: 200 a second.
const SAMPLE_US: u64 = 5_000;
/// The crank is known to this, in µs.
const STEP_US: u64 = 1_000;
/// A pulse may stand this far beside its window: what a change of speed in 0.14 s and a turn of a sample may come to.
const BESIDE_DEG: f64 = 3.0;
const ENCODER: Encoder = Encoder { counts_per_turn: 1_024, forward: Forward::Up, index_mdeg: None };

/// One muscle of one leg. Trains and pulses are all there were; what is said of where and how strong is of those before a harm.
#[derive(Clone, Debug, Serialize)]
pub struct MuscleRow {
    /// The channel.
    pub channel: u8,
    /// Side and muscle.
    pub muscle: String,
    /// Where the pull was asked to begin and end, in degrees.
    pub asked_deg: (f64, f64),
    /// Where it began on average: the first pulse of a train, the muscle's delay later.
    pub start_deg: f64,
    /// Where it ended on average: the last pulse, the same delay later.
    pub end_deg: f64,
    /// The mean lead of the first pulses.
    pub lead_deg: f64,
    /// The strongest pulse of a train, on average, in mA.
    pub peak_ma: f64,
    /// Trains, those after a harm too.
    pub trains: usize,
    /// Pulses, those after a harm too.
    pub pulses: usize,
    /// Pulses more than 3 degrees beside the window, before a harm was done.
    pub outside: usize,
}

/// What a ride came to.
#[derive(Clone, Debug, Serialize)]
pub struct RideSummary {
    /// The row.
    pub protocol: &'static str,
    /// The source of the windows.
    pub windows: &'static str,
    /// Turns of the crank.
    pub turns: f64,
    /// Each channel.
    pub muscles: Vec<MuscleRow>,
    /// What was done to the crank, and when, in µs.
    pub harm: Option<(&'static str, u64)>,
    /// The last pulse, in µs after that.
    pub off_after_us: Option<u64>,
    /// What the trigger said.
    pub fault: Option<String>,
    /// The trigger's state before it was stopped.
    pub state: String,
    /// Openings that the session's gate refused.
    pub refused: usize,
    /// Charge left on the channels, in nA·ticks.
    pub residual_na_ticks: Vec<i64>,
}

/// Where no ramps are asked for: as short as the slope allows, so that windows of fast turns have room for them.
pub(super) fn prepare(ask: &mut Ask) {
    let row = ask.protocol.as_deref().and_then(nmes_protocols::find);
    let amplitude = ask.pulse.amplitude_ma.or(row.map(|row| row.amplitude.default)).unwrap_or(0);
    let steepest = row.map_or(400, |row| row.ramp_floor.value.steepest_ua_per_ms).max(1);
    // a millisecond more than the slope needs, as a hardware rounds the top to its codes
    let ramp = (amplitude.div_ceil(steepest) + 1).clamp(25, 1_000);
    ask.shape.ramp_up_ms.get_or_insert(ramp);
    ask.shape.ramp_down_ms.get_or_insert(ramp);
}

/// The crank of a rider, known at every millisecond.
struct Path {
    /// Degrees since the start.
    deg: Vec<f64>,
}

impl Path {
    fn new(args: &CrankArgs, harm_us: Option<u64>, length_us: u64) -> Self {
        let (from, to) = (rpm(args.rpm_milli()), rpm(args.rpm_to.unwrap_or(args.rpm_milli())));
        let third = length_us as f64 / 3.0;
        let mut deg = vec![0.0];
        let mut at = 0.0;
        for step in 0..(length_us + 6_000_000) / STEP_US {
            let now = (step * STEP_US) as f64;
            let part = ((now - third) / third).clamp(0.0, 1.0);
            let steady = from + (to - from) * part;
            let since = harm_us.map_or(-1.0, |harm| (now - harm as f64) / 1e6);
            let rpm = match args.harm.filter(|_| since >= 0.0) {
                Some(CrankHarm::Stop) => (steady * (1.0 - since / 0.1)).max(0.0),
                Some(CrankHarm::Reverse) => steady * (1.0 - since / 0.1).max(-1.0),
                Some(CrankHarm::Race) => (steady + since * 60.0).min(90.0),
                _ => steady,
            };
            at += rpm * 6.0 * STEP_US as f64 / 1e6;
            deg.push(at);
        }
        Self { deg }
    }

    fn deg(&self, us: u64) -> f64 {
        let step = usize::try_from(us / STEP_US).unwrap_or(usize::MAX).min(self.deg.len() - 2);
        let part = (us % STEP_US) as f64 / STEP_US as f64;
        self.deg[step] + (self.deg[step + 1] - self.deg[step]) * part
    }

    /// Where a muscle that is stimulated now will pull.
    fn pull(&self, us: u64, delay_us: u64) -> f64 {
        self.deg(us + delay_us)
    }
}

fn rpm(thousandths: u32) -> f64 {
    f64::from(thousandths) / 1e3
}

/// The encoder on that crank, and the trigger.
struct Cycle<'a> {
    crank: Crank<'a>,
    path: &'a Path,
    harm: Option<(CrankHarm, u64)>,
    reading_us: u64,
}

impl Cycle<'_> {
    fn counts(&self, us: u64) -> u32 {
        let harmed = self.harm.filter(|(_, at)| us >= *at);
        let at = match harmed {
            Some((CrankHarm::Lost, since)) => since,
            _ => us,
        };
        let counts = (self.path.deg(at) * f64::from(ENCODER.counts_per_turn) / 360.0).floor() as i64;
        let extra = match harmed {
            Some((CrankHarm::Jump, _)) => 200,
            Some((CrankHarm::Tremble, _)) if (us / SAMPLE_US).is_multiple_of(2) => 4,
            _ => 0,
        };
        u32::try_from((counts + extra).rem_euclid(1 << 32)).unwrap_or(0)
    }
}

impl Source for Cycle<'_> {
    fn reading_us(&self) -> u64 {
        match self.harm {
            Some((CrankHarm::Silent, at)) if self.reading_us >= at => u64::MAX,
            _ => self.reading_us,
        }
    }

    fn read(&mut self, now_us: u64) -> GateCommands {
        self.reading_us += SAMPLE_US;
        self.crank.counts(now_us, self.counts(now_us))
    }

    fn poll_at(&self) -> PollAt {
        self.crank.poll_at()
    }

    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.crank.poll(now_us)
    }

    fn pulse(&mut self, _: u8, _: u64) {}

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.crank.stop(now_us)
    }
}

fn source(word: CrankWord) -> &'static CrankSource {
    let name = match word {
        CrankWord::Trike => "trike",
        CrankWord::SimulatedCycle => "simulated cycle",
    };
    CRANKS.iter().find(|source| source.name == name).unwrap_or(&CRANKS[0])
}

/// Both legs: the right one's windows, then the left one's, half a turn later.
fn windows(source: &CrankSource) -> (Vec<Window>, Vec<String>) {
    let right = source.windows.iter().map(|w| (w.start_deg, w.width_deg, "right", w.muscle));
    let left = source.windows.iter().map(|w| (w.left_start(), w.width_deg, "left", w.muscle));
    let both = right.chain(left);
    both.map(|(start_deg, width_deg, side, muscle)| {
        (Window { start_deg, width_deg }, format!("{side} {muscle}"))
    })
    .unzip()
}

/// Rides: the windows of a source on both legs.
///
/// # Errors
/// Bad settings of the crank, or a stimulator that could not be armed.
pub fn ride(
    scenario: &Scenario,
    checked: &Checked<'_>,
    args: &CrankArgs,
    length_ms: u32,
) -> Result<Shown<RideSummary>, Failure> {
    let length_us = u64::from(length_ms) * 1_000;
    let source = source(args.windows.unwrap_or(CrankWord::Trike));
    let (windows, names) = windows(source);
    let ramp_down = checked.plan().session().channels()[0].ramp.down;
    let times = CrankTimes::new(ENCODER, ramp_down);
    let harm_us = args.harm.map(|_| args.harm_at_s.map_or(length_us * 2 / 3, |ms| u64::from(ms) * 1_000));
    if let Some(late) = harm_us.filter(|harm| *harm >= length_us) {
        let [at, length] = [late, length_us].map(|us| thousandths(us / 1_000, 3));
        return Err(Failure::Input(format!(
            "--harm-at-s {at}: the session ends at {length} s; accepted: before that"
        )));
    }
    let path = Path::new(args, harm_us, length_us);
    let mut crank = Crank::new(times, &windows).map_err(|error| Failure::Input(error.to_string()))?;
    let refused = |error: &dyn std::fmt::Display| Failure::Input(error.to_string());
    crank.counts(0, 0);
    crank.zero(0, 0).map_err(|error| refused(&error))?;
    crank.start(0).map_err(|error| refused(&error))?;
    crank.motor(0, args.harm == Some(CrankHarm::Lost));
    let mut cycle = Cycle { crank, path: &path, harm: args.harm.zip(harm_us), reading_us: SAMPLE_US };
    let mut ridden = Ridden { cycle: &mut cycle, state: String::new() };
    let mut ran = rig::run(scenario, checked, &mut ridden, length_us)?;
    let state = std::mem::take(&mut ridden.state);
    ran.played.trigger_fault = cycle.crank.fault().map(|fault| fault.to_string());
    let delay_us = u64::from(times.delay.as_millis()) * 1_000;
    let hz = scenario.hardware.timing().ticks_per_second;
    let rows: Vec<MuscleRow> = (0_u8..)
        .zip(windows.iter().zip(&names))
        .map(|(channel, (window, name))| {
            let pulses: Vec<(u64, f64)> = ran.onsets(channel, hz).collect();
            muscle_row(channel, name, *window, &pulses, &path, delay_us, harm_us.unwrap_or(u64::MAX))
        })
        .collect();
    let summary = RideSummary {
        protocol: scenario.row.name,
        windows: source.name,
        turns: path.deg(length_us) / 360.0,
        muscles: rows,
        harm: args.harm.map(CrankHarm::word).zip(harm_us),
        off_after_us: harm_us.and_then(|harm| Some(ran.last_pulse_us(hz)?.saturating_sub(harm))),
        fault: ran.played.trigger_fault.clone(),
        state,
        refused: ran.refused,
        residual_na_ticks: ran.played.residual_na_ticks.clone(),
    };
    let picture = picture(&summary, &windows, &ran, &path, delay_us, harm_us, hz, length_us)?;
    let text = text(&summary, args, ramp_down) + &shut(args, &times, &windows, &names);
    Ok(Shown { text, summary, picture, played: ran.played })
}

/// The cycle, and the state of its trigger just before it is stopped.
struct Ridden<'c, 'a> {
    cycle: &'c mut Cycle<'a>,
    state: String,
}

impl Source for Ridden<'_, '_> {
    fn reading_us(&self) -> u64 {
        self.cycle.reading_us()
    }

    fn read(&mut self, now_us: u64) -> GateCommands {
        self.cycle.read(now_us)
    }

    fn poll_at(&self) -> PollAt {
        self.cycle.poll_at()
    }

    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.cycle.poll(now_us)
    }

    fn pulse(&mut self, channel: u8, onset_us: u64) {
        self.cycle.pulse(channel, onset_us);
    }

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.state = self.cycle.crank.state().to_string();
        self.cycle.stop(now_us)
    }
}

/// Pulses further apart than this are of two trains, in µs.
const APART_US: u64 = 120_000;

fn trains(pulses: &[(u64, f64)]) -> Vec<&[(u64, f64)]> {
    pulses.chunk_by(|a, b| b.0 - a.0 < APART_US).collect()
}

fn muscle_row(
    channel: u8,
    name: &str,
    window: Window,
    pulses: &[(u64, f64)],
    path: &Path,
    delay_us: u64,
    harm_us: u64,
) -> MuscleRow {
    let (start, width) = (f64::from(window.start_deg), f64::from(window.width_deg));
    // past the start of the window, -180 to 180
    let past = |us: u64| (path.pull(us, delay_us) - start + 180.0).rem_euclid(360.0) - 180.0;
    let good: Vec<(u64, f64)> = pulses.iter().copied().filter(|(us, _)| us + delay_us < harm_us).collect();
    let middle = width / 2.0;
    let outside = good.iter().filter(|(us, _)| {
        let from_middle = (path.pull(*us, delay_us) - start - middle + 180.0).rem_euclid(360.0) - 180.0;
        from_middle.abs() > middle + BESIDE_DEG
    });
    let (count, trains) = (trains(pulses).len(), trains(&good));
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let all: Vec<f64> = values.collect();
        if all.is_empty() { f64::NAN } else { all.iter().sum::<f64>() / all.len() as f64 }
    };
    let firsts = || trains.iter().filter_map(|t| t.first()).map(|p| p.0);
    let lasts = || trains.iter().filter_map(|t| t.last()).map(|p| p.0);
    let end = |us: u64| (path.pull(us, delay_us) - start).rem_euclid(360.0);
    MuscleRow {
        channel,
        muscle: name.to_owned(),
        asked_deg: (start, (start + width) % 360.0),
        start_deg: (start + mean(&mut firsts().map(past))).rem_euclid(360.0),
        end_deg: (start + mean(&mut lasts().map(end))).rem_euclid(360.0),
        lead_deg: mean(&mut firsts().map(|us| path.pull(us, delay_us) - path.deg(us))),
        peak_ma: mean(&mut trains.iter().map(|t| t.iter().map(|p| p.1).fold(0.0, f64::max))),
        trains: count,
        pulses: pulses.len(),
        outside: outside.count(),
    }
}

/// The muscles of which the window has no room for its ramp at the highest cadence that is asked for.
fn shut(args: &CrankArgs, times: &CrankTimes, windows: &[Window], names: &[String]) -> String {
    let most = rpm(args.rpm_milli().max(args.rpm_to.unwrap_or(0)));
    let both = windows.iter().zip(names);
    let short: Vec<String> = both
        .filter_map(|(window, name)| {
            let fastest = times.fastest_rpm(*window)?;
            let shut = fastest < times.max_rpm && f64::from(fastest) < most;
            shut.then(|| format!("{name} above {fastest}"))
        })
        .collect();
    if short.is_empty() {
        return String::new();
    }
    format!(
        "No room in the window for a ramp-down of {} ms, so no train: {} turns a minute; a lower amplitude has a shorter ramp\n",
        times.ramp_down.as_millis(),
        short.join(", ")
    )
}

fn text(summary: &RideSummary, args: &CrankArgs, down: Millis) -> String {
    let mut table = Table::new(&[
        "channel",
        "muscle",
        "asked, deg",
        "pull from",
        "to",
        "lead",
        "peak, mA",
        "trains",
        "pulses",
        "outside",
    ]);
    let deg = |value: f64| if value.is_nan() { "-".to_owned() } else { trimmed(value, 1) };
    for row in &summary.muscles {
        table.row([
            row.channel.to_string(),
            row.muscle.clone(),
            format!("{} to {}", row.asked_deg.0, row.asked_deg.1),
            deg(row.start_deg),
            deg(row.end_deg),
            deg(row.lead_deg),
            deg(row.peak_ma),
            row.trains.to_string(),
            row.pulses.to_string(),
            row.outside.to_string(),
        ]);
    }
    let speed = args.rpm_to.map_or(format!("{} turns a minute", rpm(args.rpm_milli())), |to| {
        format!("{} to {} turns a minute", rpm(args.rpm_milli()), rpm(to))
    });
    let harm = summary.harm.map_or(String::new(), |(word, at)| {
        let after =
            summary.off_after_us.map_or("none".to_owned(), |us| format!("{} ms after it", us / 1_000));
        format!(
            "\nHarm: {word} at {:.3} s; last pulse {after}; the trigger says: {}",
            at as f64 / 1e6,
            summary.fault.as_deref().unwrap_or("nothing, it waits for the crank")
        )
    });
    format!(
        "{}: windows of the {}, {speed}, {} turns; ramp-down {} ms; pull is taken 115 ms after a pulse\n\n{}\nTrigger: {}; openings refused by the gate: {}; charge left: {} nA·ticks{harm}\n",
        summary.protocol,
        summary.windows,
        trimmed(summary.turns, 1),
        down.as_millis(),
        table.plain(),
        summary.state,
        summary.refused,
        summary.residual_na_ticks.iter().map(|r| r.abs()).max().unwrap_or(0),
    )
}

#[expect(clippy::too_many_arguments, reason = "all that one picture shows, gathered once")]
fn picture(
    summary: &RideSummary,
    windows: &[Window],
    ran: &Ran,
    path: &Path,
    delay_us: u64,
    harm_us: Option<u64>,
    hz: u32,
    length_us: u64,
) -> Result<String, Failure> {
    // six seconds: around the harm, else in the middle
    let middle = harm_us.unwrap_or(length_us / 2);
    let from = middle.saturating_sub(3_500_000);
    let span = (from, (from + 6_000_000).min(length_us + 1_000_000));
    let steps = (span.0..span.1).step_by(2_000);
    let angle: Vec<(f64, f64)> =
        steps.clone().map(|us| (us as f64 / 1e6, path.deg(us).rem_euclid(360.0))).collect();
    let rows = (0_u8..).zip(windows.iter().zip(&summary.muscles)).map(|(channel, (window, muscle))| {
        let inside = |us: &u64| {
            (path.pull(*us, delay_us) - f64::from(window.start_deg)).rem_euclid(360.0)
                <= f64::from(window.width_deg)
        };
        Row {
            name: muscle.muscle.clone(),
            due: spans(steps.clone().map(|us| (us as f64 / 1e6, inside(&us)))),
            pulses: ran
                .played
                .pulses
                .iter()
                .filter(|p| p.is_pulse() && p.receipt.channel == channel)
                .map(|p| {
                    let onset = p.receipt.onset_tick as f64 / f64::from(hz);
                    (onset, p.delivered.peak_ua / 1e3)
                })
                .collect(),
        }
    });
    let drawing = RidePicture {
        title: format!("{}: windows of the {} on a simulated crank", summary.protocol, summary.windows),
        subtitle: "shaded: where a pulse now would pull inside the window; bars: pulses as delivered"
            .to_owned(),
        span_s: (span.0 as f64 / 1e6, span.1 as f64 / 1e6),
        angle,
        rows: rows.collect(),
        harm_s: harm_us.map(|us| us as f64 / 1e6),
    };
    drawing.to_svg().map_err(|error| Failure::Input(format!("picture: {error}")))
}

/// From moments that are inside or not to spans.
fn spans(moments: impl Iterator<Item = (f64, bool)>) -> Vec<(f64, f64)> {
    let mut spans: Vec<(f64, f64)> = Vec::new();
    let mut open = false;
    for (at, inside) in moments {
        if inside && !open {
            spans.push((at, at));
        }
        if let Some(last) = spans.last_mut().filter(|_| inside) {
            last.1 = at;
        }
        open = inside;
    }
    spans
}
