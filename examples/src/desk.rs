//! A checked plan on the simulated bench: what a run on a walk, by a clock and with any trigger has in common.
//!
//! Before session time zero the set levels are raised from nothing as slowly as the guard demands; nothing is put out
//! meanwhile. All ticks and microseconds that come out of here count from session time zero.

use crate::failure::Failure;
use crate::phase::Phases;
use crate::text::thousandths;
use nmes_core::{
    ChannelState, Counters, FrameKind, Hardware, Level, MAX_CHANNELS, MicroAmps, PulseReceipt, Session,
    Setting, StopPolicy,
};
use nmes_hal_adapters::sim::{Bench, Delivered, EdgeSink, SimAlarm, SimEdge, SimOutput, SimSense, Stage};
use nmes_hal_adapters::{ArmRefusal, Cause, Stats, Stimulator, Stopped, Ticked};
use nmes_safety::records::{OffPermit, StillOn, StoredBlackBox};
use nmes_safety::{Checked, Rule, Trip, rules};
use std::cell::RefCell;

/// How often the slow side is called.
pub(crate) const TICK_US: u64 = 10_000;
/// A session that goes on for this long past its end will never end.
pub(crate) const OVERTIME_US: u64 = 60_000_000;

/// When a session is over, in µs: its length, and later by the largest offset, as a channel ends later by its own.
pub(crate) fn end_us(session: &Session<'_>) -> u64 {
    let offsets = session.channels().iter().map(|channel| channel.offset.as_micros());
    u64::from(session.length().as_millis()) * 1_000 + u64::from(offsets.max().unwrap_or(0))
}

/// For people: how long a session is, and by how much its last channel is later.
pub(crate) fn length_text(session: &Session<'_>) -> String {
    let length_ms = u64::from(session.length().as_millis());
    let later_us = end_us(session) - length_ms * 1_000;
    let length = thousandths(length_ms, 3);
    // onsets that are spread over a period change no length
    if later_us < 1_000_000 {
        format!("{length} s")
    } else {
        format!("{length} s, its last channel {} s later", later_us as f64 / 1e6)
    }
}

/// Raising the set levels takes no longer than this: 1 A at 5 mA a second.
const RAISE_MAX_US: u64 = 200_000_000;

/// The output stage as it is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Desk {
    /// As it is declared.
    pub hardware: Hardware,
    /// Stage and load.
    pub stage: Stage,
    /// How late edges are applied, in ticks.
    pub late_ticks: u32,
    /// Seed of the lateness.
    pub seed: u64,
}

/// A change of level as it was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelChange {
    /// Ticks of session time.
    pub tick: u64,
    /// The channel.
    pub channel: u8,
    /// The level it went to.
    pub level: Level,
}

/// One pulse, trim or recovery: what was commanded of it and what flowed.
#[derive(Clone, Copy, Debug)]
pub struct DeliveredPulse {
    /// As commanded and applied; its ticks are of session time.
    pub receipt: PulseReceipt,
    /// As measured on the simulated stage, the whole frame.
    pub delivered: Delivered,
    /// The same of its main phase; nothing where that did not begin.
    pub phases: Option<Phases>,
    /// What the slow side had told of its channel when it was called last.
    pub told: Told,
}

/// What the slow side tells of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// A warning stands, of this channel or of all.
    pub warning: bool,
    /// Its contact is lost, and it is held at the probe level.
    pub contact_lost: bool,
}

impl DeliveredPulse {
    /// Whether it is a pulse of the session, not a repayment.
    #[must_use]
    pub fn is_pulse(&self) -> bool {
        self.receipt.kind == FrameKind::Pulse
    }

    /// Charge of its main phase, of a burst that of one repeat, in nC.
    #[must_use]
    pub fn main_nc(&self) -> f64 {
        self.phases.map_or(0.0, |phases| phases.main_nc)
    }

    /// Its level by charge, as an amplitude at that width, in mA: as commanded, for as much of it as flowed.
    #[must_use]
    pub fn level_ma(&self, width_us: f64) -> f64 {
        let setting = self.receipt.setting;
        let area = f64::from(setting.amplitude.as_microamps()) * f64::from(setting.width.as_micros());
        self.phases.map_or(0.0, |phases| area / width_us / 1e3 * phases.share)
    }

    /// Charge against that, of a burst for one repeat, in nC.
    #[must_use]
    pub fn against_nc(&self) -> f64 {
        self.phases.map_or(self.delivered.net_nc, |phases| phases.against_nc)
    }
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// Level changes of all channels, in order.
    pub changes: Vec<LevelChange>,
    /// Pulses of all channels, in order, repayments among them.
    pub pulses: Vec<DeliveredPulse>,
    /// Trips that lowered or ramped down output without opening it at once, and warnings: the first of each fault.
    pub trips: Vec<Trip>,
    /// Why it stopped by itself, if it did.
    pub stopped: Option<Stopped>,
    /// The fault of a trigger that ended output, if one did.
    pub trigger_fault: Option<String>,
    /// The commanded ledger of each channel at the end, in nA·ticks.
    pub residual_na_ticks: Vec<i64>,
    /// Counts of the engine, channel by channel.
    pub counters: Vec<Counters>,
    /// What the edge path did.
    pub stats: Stats,
    /// The largest measured direct current of a second, in nA, signed.
    pub worst_second_dc_na: i64,
    /// Whether it was ended from outside before its own end.
    pub cut_short: bool,
    /// How often a timer opened the gate, in a session that is gated and whose trigger is not simulated.
    pub openings: Option<u32>,
    /// The set amplitude of each channel when the slow side was called last before the end.
    pub levels: Vec<MicroAmps>,
    /// The first faults and warnings of the guard, in the device's time.
    pub black_box: StoredBlackBox,
    /// Whether a record could not be written at the end, as output was on.
    pub still_on: Option<StillOn>,
    /// The device's clock at session time zero.
    pub start_tick: u64,
    /// How long raising the set levels took, in µs.
    pub raised_us: u64,
    /// Session time at the end, in µs.
    pub end_us: u64,
}

impl Played {
    /// Whether a fault ended output: of the stimulator, by a trip, or of the trigger.
    #[must_use]
    pub fn is_faulted(&self) -> bool {
        self.stopped.is_some() || self.ended_by().is_some() || self.trigger_fault.is_some()
    }

    /// The trip that ended output by a ramp-down, if one did.
    #[must_use]
    pub fn ended_by(&self) -> Option<&Trip> {
        self.trips.iter().find(|trip| trip.response.latches())
    }
}

/// Where the bench writes its edges.
#[derive(Default)]
pub(crate) struct Tape(RefCell<Vec<LevelChange>>);

impl Tape {
    /// Those of a frame.
    fn edges_of(&self, receipt: &PulseReceipt) -> Vec<LevelChange> {
        let changes = self.0.borrow();
        let from = changes.partition_point(|change| change.tick < receipt.onset_tick);
        let own = changes.iter().skip(from).filter(|change| change.channel == receipt.channel);
        own.take_while(|change| change.tick <= receipt.end_tick).copied().collect()
    }
}

impl EdgeSink for &Tape {
    fn edge(&mut self, edge: SimEdge) {
        let change = LevelChange { tick: edge.at_tick, channel: edge.channel, level: edge.level };
        self.0.borrow_mut().push(change);
    }
}

/// What a player stands on; it outlives it.
pub(crate) struct Table {
    bench: Bench,
    tape: Tape,
    storage: Vec<ChannelState>,
    hz: u64,
}

impl Table {
    pub(crate) fn of(desk: &Desk, checked: &Checked<'_>) -> Self {
        Self {
            bench: Bench::new(desk.hardware, desk.stage, desk.late_ticks, desk.seed),
            tape: Tape::default(),
            storage: vec![ChannelState::new(); usize::from(checked.plan().channel_count())],
            hz: u64::from(desk.hardware.timing().ticks_per_second),
        }
    }
}

type Stim<'r> = Stimulator<'r, SimOutput<'r, &'r Tape>, SimAlarm<'r>, SimSense<'r>>;

/// An armed stimulator on the bench, its levels raised, and what came out of it up to now.
pub(crate) struct Player<'r> {
    bench: &'r Bench,
    tape: &'r Tape,
    pub(crate) stim: Stim<'r>,
    hardware: &'r Hardware,
    channels: u8,
    hz: u64,
    /// Tick of session time zero.
    start: u64,
    /// What the slow side told when it was called last.
    told: [Told; MAX_CHANNELS],
    pub(crate) played: Played,
}

impl<'r> Player<'r> {
    /// Arms it, raises the set levels and starts the session.
    ///
    /// # Errors
    /// The stimulator could not be armed or its levels could not be raised.
    pub(crate) fn start(table: &'r mut Table, checked: &'r Checked<'r>) -> Result<Self, Failure> {
        let Table { bench, tape, storage, hz } = table;
        let (bench, tape) = (&*bench, &*tape);
        let armed = Stimulator::arm(checked, storage, bench.output_to(tape), bench.alarm(), bench.sense());
        let stim = armed.map_err(|error| not_armed(bench, checked, &error.why))?;
        let (hardware, channels) = (checked.plan().hardware(), checked.plan().channel_count());
        let (told, played) = ([Told::default(); MAX_CHANNELS], Played::default());
        let mut player = Self { bench, tape, stim, hardware, channels, hz: *hz, start: 0, told, played };
        player.raise(checked)?;
        let started = player.stim.start();
        player.take(started);
        Ok(player)
    }

    fn ticks(&self, us: u64) -> u64 {
        let ticks = (u128::from(us) * u128::from(self.hz)).div_ceil(1_000_000);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// Session time of a tick of session time, in whole µs.
    pub(crate) fn micros(&self, tick: u64) -> u64 {
        u64::try_from(u128::from(tick) * 1_000_000 / u128::from(self.hz)).unwrap_or(u64::MAX)
    }

    /// Session time, in whole µs.
    pub(crate) fn us(&self) -> u64 {
        self.micros(self.bench.clock().now() - self.start)
    }

    /// Whether the session is.
    pub(crate) fn over(&self) -> bool {
        self.played.stopped.is_some() || self.stim.finished().is_some()
    }

    /// Raises every set level from nothing.
    fn raise(&mut self, checked: &Checked<'_>) -> Result<(), Failure> {
        let refused = |what: &dyn std::fmt::Display| Failure::Denied(format!("set level not raised: {what}"));
        let targets: Vec<_> = checked.plan().session().channels().iter().map(|c| c.set).collect();
        for (channel, target) in (0_u8..).zip(&targets) {
            reachable(checked, channel, *target)?;
            self.stim.aim(channel, *target).map_err(|error| refused(&error))?;
        }
        let mut now_us = 0;
        while let Some((_, target)) =
            (0_u8..).zip(&targets).find(|(c, target)| self.stim.engine().setting(*c) != Some(**target))
        {
            now_us += TICK_US;
            if now_us > RAISE_MAX_US {
                let seconds = now_us / 1_000_000;
                return Err(refused(&format!("still below {} after {seconds} s", target.amplitude)));
            }
            self.bench.clock().advance_to(self.ticks(now_us));
            self.tick();
            if let Some(stopped) = self.played.stopped {
                return Err(refused(&stopped));
            }
        }
        self.played.raised_us = now_us;
        self.start = self.bench.clock().now();
        Ok(())
    }

    /// Fires the alarm that is due first, if one is due by then; else moves the clock there.
    pub(crate) fn fired_before(&mut self, at_us: u64) -> bool {
        let at = self.start + self.ticks(at_us);
        let due = self.bench.clock().next_alarm().is_some_and(|alarm| alarm <= at);
        if due {
            self.bench.clock().fire();
            let done = self.stim.on_alarm();
            self.take(done);
        } else {
            self.bench.clock().advance_to(at);
        }
        due
    }

    /// One call of the slow side.
    pub(crate) fn tick(&mut self) {
        self.stim.keep_alive();
        let ticked = self.stim.on_tick();
        if let Ok(Ticked::Well(report)) = &ticked {
            if report.measured_dc_na.abs() > self.played.worst_second_dc_na.abs() {
                self.played.worst_second_dc_na = report.measured_dc_na;
            }
            if let Some(warning) = report.warning {
                self.keep_trip(warning);
            }
            for (channel, told) in (0_u8..).zip(&mut self.told) {
                let own = |trip: Trip| trip.channel.is_none_or(|of| of == channel);
                let warning = report.warning.is_some_and(own);
                *told = Told { warning, contact_lost: report.contact_lost >> channel & 1 == 1 };
            }
        }
        self.take(ticked.map(drop));
        if !self.over() {
            let settings = (0..self.channels).filter_map(|channel| self.stim.engine().setting(channel));
            self.played.levels = settings.map(|setting| setting.amplitude).collect();
        }
    }

    /// Ends the session before its own end.
    pub(crate) fn stop(&mut self, policy: StopPolicy) {
        self.played.cut_short = true;
        let stopped = self.stim.stop(policy);
        self.take(stopped);
    }

    /// Keeps what the last call on the stimulator left behind.
    pub(crate) fn take(&mut self, result: Result<(), Stopped>) {
        if let Err(mut stopped) = result
            && self.played.stopped.is_none()
        {
            stopped.at_tick = stopped.at_tick.saturating_sub(self.start);
            if let Cause::Guard(trip) = &mut stopped.cause {
                trip.at_tick = trip.at_tick.saturating_sub(self.start);
            }
            self.played.stopped = Some(stopped);
        }
        while let Some(mut receipt) = self.stim.take_receipt() {
            let delivered = self.bench.take_delivered(receipt.channel);
            let phases = Phases::of(self.hardware, &self.tape.edges_of(&receipt), &receipt, &delivered);
            receipt.onset_tick = receipt.onset_tick.saturating_sub(self.start);
            receipt.end_tick = receipt.end_tick.saturating_sub(self.start);
            let told = self.told.get(usize::from(receipt.channel)).copied().unwrap_or_default();
            self.played.pulses.push(DeliveredPulse { receipt, delivered, phases, told });
        }
        if let Some(trip) = self.stim.last_trip().copied() {
            self.keep_trip(trip);
        }
    }

    /// The first of each fault and answer.
    fn keep_trip(&mut self, mut trip: Trip) {
        if !self.played.trips.iter().any(|t| t.fault == trip.fault && t.response == trip.response) {
            trip.at_tick = trip.at_tick.saturating_sub(self.start);
            self.played.trips.push(trip);
        }
    }

    /// All that came out, up to the last opening.
    pub(crate) fn finish(mut self) -> Played {
        self.played.end_us = self.us();
        self.played.stats = self.stim.stats();
        for channel in 0..self.channels {
            let ledger = self.stim.engine().ledger(channel);
            self.played.residual_na_ticks.push(ledger.map_or(0, |ledger| ledger.as_nanoamp_ticks()));
            self.played.counters.push(self.stim.counters(channel).unwrap_or_default());
        }
        // a stop between two pulses is seen by the next call of the slow side
        self.tick();
        self.played.still_on = OffPermit::of(self.stim.guard()).err();
        self.played.black_box = self.stim.black_box().into();
        self.played.start_tick = self.start;
        let Self { stim, tape, start, mut played, .. } = self;
        drop(stim);
        played.changes = tape.0.take();
        for change in &mut played.changes {
            change.tick = change.tick.saturating_sub(start);
        }
        played
    }
}

/// Why it was not armed; of electrodes also what is between them, and the rule that it is held against.
fn not_armed<E: std::fmt::Debug>(bench: &Bench, checked: &Checked<'_>, why: &ArmRefusal<E>) -> Failure {
    let ArmRefusal::NoContact { channel } = why else { return Failure::Denied(format!("not armed: {why}")) };
    let limit = |rule: &Rule| checked.limit(rule).map_or(rule.limit, |limit| limit.value);
    let (short, open) = (&rules::E_Z_1_SHORT, &rules::E_Z_1_OPEN);
    let found = match bench.resistance_ohm(*channel) {
        Some(ohm) if short.breaks(ohm, limit(short)) => {
            format!("they touch: {ohm} ohm, and {} asks for {} ohm or more", short.id, limit(short))
        }
        Some(ohm) => format!("one is off: {ohm} ohm, and {} allows {} ohm at most", open.id, limit(open)),
        None => "a lead is off".to_owned(),
    };
    Failure::Denied(format!("not armed: {why}; {found} (--load-ohm)"))
}

/// A first step of the set level that is rounded to no code at all would leave it at nothing for ever.
fn reachable(checked: &Checked<'_>, channel: u8, target: Setting) -> Result<(), Failure> {
    let hardware = checked.plan().hardware().channel(channel);
    let code_na = hardware.map_or(0, |hardware| u64::from(hardware.na_per_code_positive));
    let most_na = 2_000 * rules::N_STEP_1.limit;
    if code_na <= most_na {
        return Ok(());
    }
    let (rule, step) = (rules::N_STEP_1.id, rules::N_STEP_1.amount(rules::N_STEP_1.limit));
    Err(Failure::Input(format!(
        "--na-per-code {code_na}: too coarse to raise the set level to {} in steps of {step} ({rule}), each of half a \
         code or more; accepted: up to {most_na}",
        target.amplitude
    )))
}
