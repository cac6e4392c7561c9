//! What a session that runs by its own clock, or by a timer in place of its trigger, shows.

use super::show::{never_stopped, rounding_of, settings_of, shown_value};
use super::words::{found_by_guard, stopped_text, trip_text};
use super::{WARNING, limits_text};
use crate::desk::{DeliveredPulse, LevelChange, Played};
use crate::failure::Failure;
use crate::scenario::Scenario;
use crate::text::{Paint, Table, thousandths, trimmed};
use nmes_core::{Plan, Rate, Schedule, Timing};
use nmes_protocols::{Built, Settings, TriggerKind, Unit};
use nmes_safety::{Checked, Report, Response};
use serde::Serialize;
use std::fmt::Write as _;

/// Everything that such a run showed.
#[derive(Debug)]
pub struct PlayedShown<'s> {
    /// What was asked.
    pub scenario: &'s Scenario,
    /// What was built of it.
    pub built: &'s Built<'s>,
    /// What was checked.
    pub checked: &'s Checked<'s>,
    /// What came out.
    pub played: &'s Played,
}

/// One channel of it.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelPlayed {
    /// The channel.
    pub channel: u8,
    /// Pulses of the session, repayments not counted.
    pub pulses: usize,
    /// Trains with a silence between them; of a session of one train, one.
    pub trains: usize,
    /// From the first onset of a train to the end of its last pulse, over all trains, in s.
    pub on_s: f64,
    /// Charge of the primary phase at full level, measured, in µC; nothing where no pulse reached it.
    pub phase_charge_uc: Option<f64>,
    /// The highest voltage at the electrodes, in V.
    pub volts: f64,
    /// Pulses for which the rail was too low.
    pub clipped: usize,
    /// Sum of current × time over every level change, in nA·ticks, by this program's own counting.
    pub commanded_na_ticks: i128,
    /// The largest ledger after any pulse, in nA·ticks.
    pub worst_pulse_na_ticks: u64,
    /// What the engine's ledger holds at the end, in nA·ticks.
    pub residual_na_ticks: i64,
    /// Measured mean direct current over the session, in µA.
    pub session_dc_ua: f64,
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub struct PlayedJson<'s> {
    simulation: &'static str,
    protocol: &'static str,
    side: &'static str,
    timer_openings: Option<u32>,
    seconds: f64,
    stopped_early: bool,
    settings: &'s Settings,
    screening: String,
    notes: Vec<String>,
    channels: Vec<ChannelPlayed>,
    worst_second_dc_ua: f64,
    limits: &'s Report,
    /// What the guard found, warnings among it.
    warnings: Vec<String>,
    fault: Option<String>,
}

impl<'s> PlayedShown<'s> {
    fn hz(&self) -> u32 {
        self.scenario.hardware.timing().ticks_per_second
    }

    /// The fault or trip that it is not "done" with, in words.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let trip = self.played.trips.iter().find(|t| t.response != Response::Warn);
        let stopped = self.played.stopped.map(|stopped| stopped_text(&stopped, self.hz()));
        let trigger = || Some(format!("the trigger ended output: {}", self.played.trigger_fault.as_ref()?));
        stopped.or_else(|| trip.map(|trip| trip_text(trip, self.hz()))).or_else(trigger)
    }

    /// A run that was not "done" ends with exit status 1.
    ///
    /// # Errors
    /// The fault.
    pub fn verdict(&self) -> Result<(), Failure> {
        self.fault().map_or(Ok(()), |fault| Err(Failure::Faulted(fault)))
    }

    /// Channel by channel.
    #[must_use]
    pub fn channels(&self) -> Vec<ChannelPlayed> {
        (0_u8..).take(self.checked.plan().session().channels().len()).map(|n| self.channel(n)).collect()
    }

    fn channel(&self, channel: u8) -> ChannelPlayed {
        let of = |p: &&DeliveredPulse| p.receipt.channel == channel;
        let all: Vec<_> = self.played.pulses.iter().filter(of).collect();
        let pulses: Vec<_> = all.iter().copied().filter(|p| p.is_pulse()).collect();
        let hz = f64::from(self.hz());
        let trains = self.trains(channel);
        let ends = trains.iter().filter_map(|train| train.first().zip(train.last()));
        let on: u64 = ends.map(|(first, last)| last.receipt.end_tick - first.receipt.onset_tick).sum();
        let full = pulses.iter().filter(|p| p.receipt.full_level).map(|p| p.main_nc().abs());
        let net: f64 = all.iter().map(|p| p.delivered.net_nc).sum();
        let seconds = self.played.end_us as f64 / 1e6;
        ChannelPlayed {
            channel,
            pulses: pulses.len(),
            trains: trains.len(),
            on_s: on as f64 / hz,
            phase_charge_uc: full.reduce(f64::max).map(|nc| nc / 1e3),
            volts: all.iter().map(|p| p.delivered.max_v.max(-p.delivered.min_v)).fold(0.0, f64::max),
            clipped: all.iter().filter(|p| p.delivered.clipped).count(),
            commanded_na_ticks: self.commanded(channel),
            worst_pulse_na_ticks: all.iter().map(|p| p.receipt.ledger.magnitude()).max().unwrap_or(0),
            residual_na_ticks: self.played.residual_na_ticks.get(usize::from(channel)).copied().unwrap_or(0),
            session_dc_ua: if seconds > 0.0 { net / seconds / 1e3 } else { 0.0 },
        }
    }

    /// The pulses of a channel, repayments not counted, train by train.
    #[must_use]
    pub fn trains(&self, channel: u8) -> Vec<Vec<&DeliveredPulse>> {
        let silence = silence_ticks(self.checked.plan(), channel);
        let mut trains: Vec<Vec<&DeliveredPulse>> = Vec::new();
        for pulse in self.played.pulses.iter().filter(|p| p.is_pulse() && p.receipt.channel == channel) {
            let onset = pulse.receipt.onset_tick;
            let joins = |last: &&DeliveredPulse| onset.saturating_sub(last.receipt.onset_tick) <= silence;
            match trains.last_mut() {
                Some(train) if train.last().is_some_and(joins) => train.push(pulse),
                _ => trains.push(vec![pulse]),
            }
        }
        trains
    }

    fn commanded(&self, channel: u8) -> i128 {
        let Some(output) = self.checked.plan().hardware().channel(channel) else { return 0 };
        let changes: Vec<_> = self.played.changes.iter().filter(|c| c.channel == channel).collect();
        let charge = |w: &[&LevelChange]| {
            i128::from(w[0].level.current_na(output)) * i128::from(w[1].tick - w[0].tick)
        };
        changes.windows(2).map(charge).sum()
    }

    fn notes(&self) -> Vec<String> {
        let never = never_stopped(self.scenario, self.played);
        self.scenario.all_notes(self.built).into_iter().chain(never).collect()
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> PlayedJson<'_> {
        PlayedJson {
            simulation: WARNING,
            protocol: self.scenario.row.name,
            side: self.scenario.foot.word(),
            timer_openings: self.played.openings,
            seconds: self.played.end_us as f64 / 1e6,
            stopped_early: self.played.cut_short,
            settings: &self.built.settings,
            screening: self.built.screening.to_string(),
            notes: self.notes(),
            channels: self.channels(),
            worst_second_dc_ua: self.played.worst_second_dc_na as f64 / 1e3,
            limits: self.checked.report(),
            warnings: found_by_guard(&self.played.trips, self.hz()),
            fault: self.fault(),
        }
    }

    /// For people.
    #[must_use]
    pub fn text(&self, paint: Paint) -> String {
        self.head(paint) + &self.sections(paint)
    }

    /// Settings with their marks, what each channel put out, and the limits.
    #[must_use]
    pub fn sections(&self, paint: Paint) -> String {
        let mut text = String::new();
        let mut section = |title: &str, body: &str| {
            let _ = write!(text, "\n{}\n{body}", paint.head(title));
        };
        let mut settings = settings_of(self.built, false);
        let _ = writeln!(settings, "  {}", rounding_of(self.checked));
        for note in self.notes() {
            let _ = writeln!(settings, "  {}", paint.warn(&format!("note: {note}")));
        }
        section("Settings", &settings);
        section("Channels", &self.table(paint));
        let limits = limits_text(self.checked.report(), paint);
        section("Limits (worst case at the ceilings; `nmes check` names the sources)", &limits);
        text
    }

    fn head(&self, paint: Paint) -> String {
        let scenario = self.scenario;
        let mut text = format!("{}\n", paint.warn(WARNING));
        let _ = writeln!(text, "{}", scenario.person_text(&self.built.screening));
        let seconds = trimmed(self.played.end_us as f64 / 1e6, 1);
        let early = if self.played.cut_short { ", stopped before its end" } else { "" };
        let _ = writeln!(text, "\n{}: {seconds} s{early}.", paint.head(scenario.row.title));
        if let Some(timer) = self.timer() {
            let _ = writeln!(text, "  {timer}.");
        }
        text
    }

    /// That a timer stands in for the trigger, where one does.
    fn timer(&self) -> Option<String> {
        let (openings, trigger) = (self.played.openings?, self.scenario.row.trigger.value);
        Some(format!(
            "A timer stands in for the trigger ({trigger}): {openings} openings within the bounds of the gate"
        ))
    }

    /// What goes with level changes and a picture, line by line: that the session is another one than that of `nmes run`, and the notes.
    #[must_use]
    pub fn aside(&self) -> Vec<String> {
        let own = match self.scenario.row.trigger.value {
            TriggerKind::CrankAngle => "; `nmes run` has a simulated crank, and with it another session",
            TriggerKind::EmgThreshold => "; `nmes run` has a simulated EMG, and with it another session",
            TriggerKind::Cyclic
            | TriggerKind::Continuous
            | TriggerKind::HeelSwitch
            | TriggerKind::HeelOrTilt
            | TriggerKind::ManualSwitch
            | TriggerKind::SwitchOrPosition => "",
        };
        let timer = self.timer().map(|timer| format!("note: {timer}{own}"));
        timer.into_iter().chain(self.notes().iter().map(|note| format!("note: {note}"))).collect()
    }

    fn table(&self, paint: Paint) -> String {
        let mut table = Table::new(&[
            ">channel",
            ">set",
            ">pulses",
            ">trains",
            ">on",
            ">charge",
            ">volts",
            ">commanded",
            ">worst pulse",
            ">at the end",
            ">measured d.c.",
        ]);
        let channels = self.channels();
        for (c, of) in channels.iter().zip(self.checked.plan().session().channels()) {
            table.row([
                c.channel.to_string(),
                shown_value(of.set.amplitude.as_microamps(), Unit::MicroAmps),
                c.pulses.to_string(),
                c.trains.to_string(),
                format!("{} s", trimmed(c.on_s, 1)),
                c.phase_charge_uc.map_or_else(|| "-".to_owned(), |uc| format!("{} µC", trimmed(uc, 2))),
                format!("{} V", trimmed(c.volts, 1)),
                format!("{} nA·ticks", c.commanded_na_ticks),
                format!("{} nA·ticks", c.worst_pulse_na_ticks),
                format!("{} nA·ticks", c.residual_na_ticks),
                format!("{} µA", trimmed(c.session_dc_ua, 2)),
            ]);
        }
        let mut text = table.plain();
        let raised = thousandths(self.played.raised_us / 1_000, 1);
        let _ = writeln!(
            text,
            "  Before that the set levels were raised from nothing, without output, in {raised} s."
        );
        for c in channels.iter().filter(|c| c.clipped > 0) {
            let said = format!(
                "compliance clipping on channel {}: the rail of {} V was too low in {} of {} pulses",
                c.channel,
                trimmed(self.scenario.stage.rail_v, 1),
                c.clipped,
                c.pulses
            );
            let _ = writeln!(text, "  {}", paint.bad(&said));
        }
        for found in found_by_guard(&self.played.trips, self.hz()) {
            let _ = writeln!(text, "  {}", paint.warn(&format!("guard: {found}")));
        }
        if let Some(fault) = self.fault() {
            let _ = writeln!(text, "  {}", paint.bad(&fault));
        }
        text
    }
}

/// From one onset to the next more than this is a silence between trains. Without a rest there is none.
///
/// Two pulses of a train are a period apart, two trains a rest or more: it is half-way, and never so short that a late pulse is
/// taken for a train.
fn silence_ticks(plan: &Plan<'_>, channel: u8) -> u64 {
    let rest_ms = match plan.session().schedule() {
        Schedule::Continuous => None,
        Schedule::Cyclic(cycle) => Some(cycle.rest.as_millis()),
        Schedule::Program(stages) => {
            stages.iter().map(|s| s.cycle.rest.as_millis()).filter(|ms| *ms > 0).min()
        }
        Schedule::Gated(gate) => Some(gate.min_off.as_millis()),
    };
    let hz = plan.hardware().timing().ticks_per_second;
    let period = longest_us(plan, channel) * u64::from(hz) / 1_000_000;
    let ticks = |ms: u32| u64::from(ms) * u64::from(hz) / 1_000;
    let rest = rest_ms.filter(|ms| *ms > 0).map(ticks);
    rest.map_or(u64::MAX, |rest| (rest / 2 + period / 2).max(period + period / 2))
}

/// The longest time between two onsets of a train that was planned, rounded up.
fn longest_us(plan: &Plan<'_>, channel: u8) -> u64 {
    let Some(channel) = plan.channel(channel).map(|c| *c.channel()) else { return 0 };
    let period = |rate: Rate| u64::from(rate.per_us()).div_ceil(u64::from(rate.pulses()));
    let own = match channel.train.timing {
        Timing::Even => period(channel.rate),
        Timing::Bursts(bursts) => period(bursts.every),
        Timing::Sweep(sweep) => period(sweep.from).max(period(sweep.to)),
        Timing::List(intervals) => intervals.iter().map(|i| u64::from(i.as_micros())).max().unwrap_or(0),
    };
    let Schedule::Program(stages) = plan.session().schedule() else { return own };
    stages.iter().map(|stage| stage.rate.map_or(own, period)).max().unwrap_or(own)
}
