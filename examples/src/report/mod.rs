//! What a run shows: the numbers first, as data, then the same for people.

mod limits;
mod output;
mod played;
mod show;
mod steps;
mod words;

pub use limits::{limits_text, sources_text};
pub use output::{ChannelJson, Listing, OutputJson};
pub use played::{ChannelPlayed, PlayedJson, PlayedShown};
pub(crate) use show::shown_value;
pub use show::{PULSES, run_text};

use crate::desk::DeliveredPulse;
use crate::failure::Failure;
use crate::gait::Walk;
use crate::judge::{Judgement, Pulse, Terms};
use crate::scenario::Scenario;
use crate::simulation::Run;
use nmes_core::{Level, Plan};
use nmes_protocols::{Built, Condition, GaitConfig};
use nmes_safety::{Checked, Report, Response, Trip, rules};
use serde::Serialize;
use show::never_stopped;
use steps::cautions;
use words::{found_by_guard, stopped_text, trip_text};

/// The blocking capacitor that the report reckons with, in µF.
pub const BLOCKING_MICROFARAD: f64 = 1.0;

/// Everything that a run showed.
#[derive(Debug)]
pub struct Shown<'s> {
    /// What was asked.
    pub scenario: &'s Scenario,
    /// What was built of it.
    pub built: &'s Built<'s>,
    /// The times of its trigger.
    pub gait: &'s GaitConfig,
    /// What was checked.
    pub checked: &'s Checked<'s>,
    /// What came out.
    pub run: &'s Run,
    /// What the judge saw of it.
    pub pulses: Vec<Pulse>,
    /// What the steps were held against.
    pub terms: Terms,
    /// What they got.
    pub judgement: Judgement,
    /// What flowed, pulse by pulse and in all.
    pub dose: Dose,
    /// What was left of it.
    pub balance: Balance,
}

/// What one pulse and one second amount to.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Dose {
    /// Pulses of the session, repayments not counted.
    pub pulses: usize,
    /// Charge of the primary phase at full level, measured, in µC; nothing where no pulse reached it.
    pub phase_charge_uc: Option<f64>,
    /// r.m.s. current while on, at full level, in mA.
    pub rms_on_ma: f64,
    /// The same for each cm² of the electrode.
    pub density_ma_cm2: f64,
    /// Its limit.
    pub density_limit_ma_cm2: f64,
    /// The highest voltage at the electrodes, in V.
    pub volts: f64,
    /// The voltage that the set amplitude needs at the simulated resistance, in V.
    pub volts_needed: f64,
    /// The supply rail, in V.
    pub rail_v: f64,
    /// Pulses for which the rail was too low.
    pub clipped: usize,
}

/// Charge commanded and charge measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Balance {
    /// Sum of current × time over every level change, in nA·ticks, by this program's own counting.
    pub commanded_na_ticks: i128,
    /// The largest ledger after any pulse, in nA·ticks.
    pub worst_pulse_na_ticks: u64,
    /// What a pulse may leave: two balancing codes × L, in nA·ticks.
    pub pulse_bound_na_ticks: u64,
    /// What the end of a train may leave: one code × L, in nA·ticks.
    pub end_bound_na_ticks: u64,
    /// Measured mean direct current of the pulses at full level, in µA.
    pub full_level_ua: Option<f64>,
    /// Measured mean direct current while trains were on, in µA.
    pub on_ua: f64,
    /// Measured mean direct current over the session, in µA.
    pub session_ua: f64,
    /// The largest measured direct current of a second, in µA.
    pub worst_second_ua: f64,
    /// The most mean direct current over an hour that a blocking capacitor lets through, in µA.
    pub blocked_hour_ua: f64,
    /// The most charge that it lets through in all, in µC.
    pub blocked_uc: f64,
}

impl<'s> Shown<'s> {
    /// Puts a run together.
    #[must_use]
    pub fn of(
        scenario: &'s Scenario,
        (built, gait): (&'s Built<'s>, &'s GaitConfig),
        checked: &'s Checked<'s>,
        run: &'s Run,
    ) -> Self {
        let pulses = judged_pulses(checked.plan(), run);
        let terms = terms(scenario, gait, checked.plan(), run);
        let judgement = Judgement::of(&scenario.walk, &pulses, &terms);
        let dose = dose(scenario, checked, run);
        let balance = balance(scenario, checked.plan(), run);
        Self { scenario, built, gait, checked, run, pulses, terms, judgement, dose, balance }
    }

    /// The fault or trip that a run is not "done" with, in words.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let trip = self.run.played.trips.iter().find(|t| t.response != Response::Warn);
        let stopped = self.run.played.stopped.map(|stopped| stopped_text(&stopped, self.hz()));
        stopped.or_else(|| trip.map(|t| format!("{}{}", trip_text(t, self.hz()), limit_of(t))))
    }

    /// All that the text has as notes, oddities of the walk among it.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let debounce_us = u64::from(self.gait.times().debounce.as_millis()) * 1_000;
        let oddities = self.scenario.walk.oddities(self.scenario.foot, debounce_us);
        let mut notes = self.scenario.all_notes(self.built);
        notes.extend(cautions(self));
        notes.extend(oddities.into_iter().map(|oddity| format!("walk: {oddity}")));
        notes.extend(never_stopped(self.scenario, &self.run.played));
        notes
    }

    /// Ticks in a second.
    #[must_use]
    pub fn hz(&self) -> u32 {
        self.scenario.hardware.timing().ticks_per_second
    }

    /// When a fault or a trip ended output before the session was over, in µs.
    #[must_use]
    pub fn cut_us(&self) -> Option<u64> {
        let tick = self
            .run
            .played
            .stopped
            .map(|s| s.at_tick)
            .or_else(|| self.run.played.ended_by().map(|t| t.at_tick))?;
        tick.checked_mul(1_000_000)?.checked_div(u64::from(self.hz()))
    }
}

/// A trip's limit in the words of its rule, where the table has it.
fn limit_of(trip: &Trip) -> String {
    trip.table_rule()
        .map_or(String::new(), |rule| format!("; limit of {}: {}", rule.id, rule.amount(rule.limit)))
}

/// The pulses of a run as the judge sees them: what was delivered, as an amplitude at the set width. Full level is
/// commanded at full level and delivered within the 20 % of rule N-ACC-1.
fn judged_pulses(plan: &Plan<'_>, run: &Run) -> Vec<Pulse> {
    let hz = f64::from(plan.hardware().timing().ticks_per_second);
    let width_us = f64::from(plan.session().channels()[0].set.width.as_micros());
    let full_ua = 0.8 * f64::from(plan.session().channels()[0].set.amplitude.as_microamps());
    let of = |p: &DeliveredPulse| {
        let level_ua = (p.main_nc().abs() * 1e3 / width_us).round();
        Pulse {
            onset_us: (p.receipt.onset_tick as f64 * 1e6 / hz) as u64,
            level_ua: level_ua as u32,
            full: p.receipt.full_level && level_ua >= full_ua,
        }
    };
    run.played.pulses.iter().filter(|p| p.is_pulse()).map(of).collect()
}

fn terms(scenario: &Scenario, gait: &GaitConfig, plan: &Plan<'_>, run: &Run) -> Terms {
    let times = gait.times();
    let hz = u64::from(plan.hardware().timing().ticks_per_second);
    let period_us = plan.channel(0).map_or(0, |channel| channel.period_ticks() * 1_000_000 / hz);
    let us = |ms: u32| u64::from(ms) * 1_000;
    let down = us(times.ramp_down.as_millis());
    // a session that ends before its walk ramps down by its end
    let early_us = if scenario.length_from_walk { 0 } else { down };
    Terms {
        foot: scenario.foot,
        threshold_ua: threshold_seen(scenario, plan),
        period_us,
        debounce_us: us(times.debounce.as_millis()),
        vouch_us: us(times.vouch.as_millis()),
        tail_us: us(times.extension.as_millis()) + down,
        time_out_us: us(times.hold_cap.as_millis()) + down,
        end_us: run.played.end_us.saturating_sub(early_us),
    }
}

/// Motor threshold. Lower by half a code, so that a pulse that was rounded to the nearest code still counts; out of
/// reach where the set amplitude is not above it, as then no contraction is to be expected.
fn threshold_seen(scenario: &Scenario, plan: &Plan<'_>) -> u32 {
    if scenario.threshold_ua() >= plan.session().channels()[0].set.amplitude.as_microamps() {
        return u32::MAX;
    }
    let half_code = plan.hardware().channels()[0].na_per_code_positive / 2_000;
    scenario.threshold_ua().saturating_sub(half_code)
}

fn dose(scenario: &Scenario, checked: &Checked<'_>, run: &Run) -> Dose {
    let full: Vec<&DeliveredPulse> =
        run.played.pulses.iter().filter(|p| p.is_pulse() && p.receipt.full_level).collect();
    let charge_nc = full.iter().map(|p| p.main_nc().abs()).reduce(f64::max);
    let report = checked.report();
    let value = |rule| report.row(rule).and_then(|row| row.value).map_or(0.0, |v| v as f64 / 1e3);
    let limit = report.row(&rules::N_DOC_1).and_then(|row| row.limit).map_or(0.0, |v| v as f64 / 1e3);
    let volts =
        run.played.pulses.iter().map(|p| p.delivered.max_v.max(-p.delivered.min_v)).fold(0.0, f64::max);
    let set_ma = f64::from(checked.plan().session().channels()[0].set.amplitude.as_microamps()) / 1e3;
    Dose {
        pulses: run.played.pulses.iter().filter(|p| p.is_pulse()).count(),
        phase_charge_uc: charge_nc.map(|nc| nc / 1e3),
        rms_on_ma: value(&rules::N_RMS_X),
        density_ma_cm2: value(&rules::N_DOC_1),
        density_limit_ma_cm2: limit,
        volts,
        volts_needed: set_ma * f64::from(scenario.load_ohm) / 1e3,
        rail_v: scenario.stage.rail_v,
        clipped: run.played.pulses.iter().filter(|p| p.delivered.clipped).count(),
    }
}

/// The sum of current × time over every level change: from one to the next, in calibrated nanoamperes.
#[must_use]
pub fn commanded_na_ticks(plan: &Plan<'_>, run: &Run) -> i128 {
    let channel = &plan.hardware().channels()[0];
    let current = |level: Level| i128::from(level.current_na(channel));
    run.played.changes.windows(2).map(|w| current(w[0].level) * i128::from(w[1].tick - w[0].tick)).sum()
}

fn balance(scenario: &Scenario, plan: &Plan<'_>, run: &Run) -> Balance {
    let hardware = plan.hardware();
    let late = plan.channel(0).map_or(0, nmes_core::ChannelPlan::jitter_ticks);
    let code = u64::from(hardware.channels()[0].na_per_code_positive);
    // a symmetric pulse is paid back at its own code, so two balancing codes × L are twice its amplitude × L
    let set = plan.session().channels()[0].set.amplitude;
    let highest = plan.channel(0).map_or(0, |channel| u64::from(channel.code_for(set)));
    let full: Vec<f64> = run
        .played
        .pulses
        .iter()
        .filter(|p| p.is_pulse() && p.receipt.full_level)
        .map(|p| p.delivered.net_nc)
        .collect();
    let rate = plan.session().channels()[0].rate;
    let hz = f64::from(rate.pulses()) * 1e6 / f64::from(rate.per_us());
    let mean_nc = (!full.is_empty()).then(|| full.iter().sum::<f64>() / full.len() as f64);
    let sum_nc: f64 = run.played.pulses.iter().map(|p| p.delivered.net_nc).sum();
    let pulses = run.played.pulses.iter().filter(|p| p.is_pulse()).count();
    // nC over s is nA
    let mean_ua = |seconds: f64| if seconds > 0.0 { sum_nc / seconds / 1e3 } else { 0.0 };
    Balance {
        commanded_na_ticks: commanded_na_ticks(plan, run),
        worst_pulse_na_ticks: run
            .played
            .pulses
            .iter()
            .map(|p| p.receipt.ledger.magnitude())
            .max()
            .unwrap_or(0),
        pulse_bound_na_ticks: 2 * highest * code * late,
        end_bound_na_ticks: code * late,
        full_level_ua: mean_nc.map(|nc| nc * hz / 1e3),
        on_ua: mean_ua(pulses as f64 / hz),
        session_ua: mean_ua(run.played.end_us as f64 / 1e6),
        worst_second_ua: run.played.worst_second_dc_na as f64 / 1e3,
        blocked_hour_ua: scenario.stage.blocked_dc_ua(BLOCKING_MICROFARAD, 3_600.0),
        blocked_uc: scenario.stage.blocked_dc_ua(BLOCKING_MICROFARAD, 1.0),
    }
}

/// A check for programs, see `report` in docs/schema/check-report.schema.json.
#[derive(Debug, Serialize)]
pub struct CheckJson<'s> {
    /// Every rule.
    #[serde(flatten)]
    pub report: &'s Report,
    /// What a person should know of it, what was made up among it.
    pub notes: Vec<String>,
}

/// A run for programs.
#[derive(Debug, Serialize)]
pub struct RunJson<'s> {
    simulation: &'static str,
    protocol: &'static str,
    side: &'static str,
    walk: &'s str,
    settings: &'s nmes_protocols::Settings,
    notes: Vec<String>,
    screening: String,
    judgement: &'s Judgement,
    criteria: Vec<CriterionJson>,
    dose: Dose,
    balance: Balance,
    trigger: TriggerJson,
    limits: &'s Report,
    /// What the guard found, warnings among it.
    warnings: Vec<String>,
    fault: Option<String>,
}

#[derive(Debug, Serialize)]
struct CriterionJson {
    #[serde(flatten)]
    criterion: crate::judge::Criterion,
    /// Nothing where there was nothing to judge.
    passes: Option<bool>,
}

impl From<crate::judge::Criterion> for CriterionJson {
    fn from(criterion: crate::judge::Criterion) -> Self {
        Self { criterion, passes: (criterion.of > 0).then(|| criterion.passes()) }
    }
}

#[derive(Debug, Serialize)]
struct TriggerJson {
    ended_in: &'static str,
    openings: u32,
    counters: Option<nmes_protocols::Counters>,
    notes: Vec<NoteJson>,
}

#[derive(Debug, Serialize)]
struct NoteJson {
    t_us: u64,
    said: String,
}

/// A command that did not do what was asked, for programs; see `refused` in the schemas of docs/schema.
#[derive(Debug, Serialize)]
pub struct RefusedJson {
    /// Not where a stimulator was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    simulation: Option<&'static str>,
    refused: String,
    exit_status: u8,
}

impl RefusedJson {
    /// Of a command that is a simulation, or of one that asked for a stimulator.
    #[must_use]
    pub fn of(failure: &Failure, simulated: bool) -> Self {
        Self {
            simulation: simulated.then_some(WARNING),
            refused: failure.to_string(),
            exit_status: failure.exit_status(),
        }
    }
}

/// The line that stands first in every output about a run.
pub const WARNING: &str = "SIMULATION, not for use on a person: no stimulator is connected.";

impl<'s> From<&'s Shown<'s>> for RunJson<'s> {
    fn from(shown: &'s Shown<'s>) -> Self {
        let trigger = &shown.run.trigger;
        let notes = trigger.notes.iter().map(|(t_us, note)| NoteJson { t_us: *t_us, said: note.to_string() });
        let criteria = shown.judgement.criteria();
        Self {
            simulation: WARNING,
            protocol: row_name(shown.scenario.row),
            side: shown.scenario.foot.word(),
            walk: walk_name(&shown.scenario.walk),
            settings: &shown.built.settings,
            notes: shown.notes(),
            screening: shown.built.screening.to_string(),
            judgement: &shown.judgement,
            criteria: criteria.into_iter().map(CriterionJson::from).collect(),
            dose: shown.dose,
            balance: shown.balance,
            trigger: TriggerJson {
                ended_in: trigger.state,
                openings: trigger.openings,
                counters: trigger.counters,
                notes: notes.collect(),
            },
            limits: shown.checked.report(),
            warnings: found_by_guard(&shown.run.played.trips, shown.hz()),
            fault: shown.fault(),
        }
    }
}

const fn row_name(row: &'static Condition) -> &'static str {
    row.name
}

fn walk_name(walk: &Walk) -> &str {
    walk.name()
}
