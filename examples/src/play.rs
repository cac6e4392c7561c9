//! Plays a checked plan on the simulated bench by its own clock: contractions, one train, stages; and, where a trigger
//! works the gate, a timer in its place.
//!
//! Before session time zero the set levels are raised from nothing as slowly as the guard demands; nothing is put out
//! meanwhile. All ticks and microseconds that come out of here count from session time zero.

use crate::failure::Failure;
use crate::simulation::{DeliveredPulse, LevelChange};
use nmes_core::{ChannelState, Counters, Gate, GateInput, Hardware, Schedule, StopPolicy};
use nmes_hal_adapters::sim::{Bench, EdgeSink, SimAlarm, SimEdge, SimOutput, SimSense, Stage};
use nmes_hal_adapters::{Cause, Stats, Stimulator, Stopped, Ticked};
use nmes_safety::{Checked, Trip};
use std::cell::RefCell;

/// How often the slow side is called.
const TICK_US: u64 = 10_000;
/// Raising the set levels takes no longer than this: 1 A at 5 mA a second.
const RAISE_MAX_US: u64 = 200_000_000;
/// A session that goes on for this long past its end will never end.
const OVERTIME_US: u64 = 60_000_000;

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
    /// The commanded ledger of each channel at the end, in nA·ticks.
    pub residual_na_ticks: Vec<i64>,
    /// Counts of the engine, channel by channel.
    pub counters: Vec<Counters>,
    /// What the edge path did.
    pub stats: Stats,
    /// The largest measured direct current of a second, in nA, signed.
    pub worst_second_dc_na: i64,
    /// How often the timer opened the gate, in a session that is gated.
    pub openings: Option<u32>,
    /// How long raising the set levels took, in µs.
    pub raised_us: u64,
    /// Session time at the end, in µs.
    pub end_us: u64,
}

#[derive(Default)]
struct Tape(RefCell<Vec<LevelChange>>);

impl EdgeSink for &Tape {
    fn edge(&mut self, edge: SimEdge) {
        let change = LevelChange { tick: edge.at_tick, channel: edge.channel, level: edge.level };
        self.0.borrow_mut().push(change);
    }
}

/// A timer that works a gate as long and as often as the gate's own bounds allow.
#[derive(Clone, Copy)]
struct Timer {
    on_us: u64,
    off_us: u64,
    open: bool,
    due_us: u64,
    openings: u32,
}

impl Timer {
    /// Open for the longest opening or two seconds, closed for the least Off or a second, and no more often than the gate
    /// takes. The gate counts its least Off from the end of a ramp-down, so that is added.
    fn of(gate: &Gate, down_ms: u32) -> Self {
        let on_ms = u64::from(gate.max_on.as_millis()).min(2_000);
        let each_ms = 60_000_u64.div_ceil(u64::from(gate.max_triggers_per_minute).max(1));
        let least = u64::from(gate.min_off.as_millis()).max(1_000) + u64::from(down_ms);
        let off_ms = least.max(each_ms.saturating_sub(on_ms));
        Self { on_us: on_ms * 1_000, off_us: off_ms * 1_000, open: false, due_us: 500_000, openings: 0 }
    }

    fn turn(&mut self) -> GateInput {
        self.open = !self.open;
        self.due_us += if self.open { self.on_us } else { self.off_us };
        self.openings += u32::from(self.open);
        if self.open { GateInput::Open } else { GateInput::Close { down: None } }
    }
}

type Stim<'r> = Stimulator<'r, SimOutput<'r, &'r Tape>, SimAlarm<'r>, SimSense<'r>>;

struct Player<'r> {
    bench: &'r Bench,
    stim: Stim<'r>,
    hz: u64,
    start: u64,
    played: Played,
}

/// Plays it to its end, or to the moment of `stop`. `progress` is told the session time in µs.
///
/// # Errors
/// The stimulator could not be armed or its levels could not be raised. A fault during the session is no error here: it is
/// in [`Played::stopped`].
pub fn play(
    desk: &Desk,
    checked: &Checked<'_>,
    stop: Option<(u64, StopPolicy)>,
    progress: &mut dyn FnMut(u64),
) -> Result<Played, Failure> {
    let bench = Bench::new(desk.hardware, desk.stage, desk.late_ticks, desk.seed);
    let tape = Tape::default();
    let count = checked.plan().session().channels().len();
    let mut storage = vec![ChannelState::new(); count];
    let armed = Stimulator::arm(checked, &mut storage, bench.output_to(&tape), bench.alarm(), bench.sense());
    let stim = armed.map_err(|error| Failure::Denied(format!("not armed: {}", error.why)))?;
    let hz = u64::from(desk.hardware.timing().ticks_per_second);
    let mut player = Player { bench: &bench, stim, hz, start: 0, played: Played::default() };
    player.raise(checked)?;
    player.session(checked, stop, progress)?;
    let mut played = player.finish(count);
    played.0.changes = tape.0.take();
    for change in &mut played.0.changes {
        change.tick = change.tick.saturating_sub(played.1);
    }
    Ok(played.0)
}

impl Player<'_> {
    fn ticks(&self, us: u64) -> u64 {
        let ticks = (u128::from(us) * u128::from(self.hz)).div_ceil(1_000_000);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    fn us(&self) -> u64 {
        let ticks = u128::from(self.bench.clock().now() - self.start);
        u64::try_from(ticks * 1_000_000 / u128::from(self.hz)).unwrap_or(u64::MAX)
    }

    fn raise(&mut self, checked: &Checked<'_>) -> Result<(), Failure> {
        let refused = |what: &dyn std::fmt::Display| Failure::Denied(format!("set level not raised: {what}"));
        let targets: Vec<_> = checked.plan().session().channels().iter().map(|c| c.set).collect();
        for (channel, target) in (0_u8..).zip(&targets) {
            self.stim.aim(channel, *target).map_err(|error| refused(&error))?;
        }
        let raised =
            |stim: &Stim<'_>| (0_u8..).zip(&targets).all(|(c, t)| stim.engine().setting(c) == Some(*t));
        let mut now_us = 0;
        while !raised(&self.stim) {
            now_us += TICK_US;
            if now_us > RAISE_MAX_US {
                return Err(refused(&format!("still below after {} s", now_us / 1_000_000)));
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

    fn session(
        &mut self,
        checked: &Checked<'_>,
        mut stop: Option<(u64, StopPolicy)>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let session = *checked.plan().session();
        let down_ms = session.channels().iter().map(|c| c.ramp.down.as_millis()).max().unwrap_or(0);
        let mut timer = match session.schedule() {
            Schedule::Gated(gate) => Some(Timer::of(&gate, down_ms)),
            Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Program(_) => None,
        };
        let started = self.stim.start();
        self.take(started);
        let length_us = u64::from(session.length().as_millis()) * 1_000;
        let mut tick_us = 0;
        while self.played.stopped.is_none() && self.stim.finished().is_none() {
            if tick_us > length_us + OVERTIME_US {
                return Err(Failure::Faulted("the session went on past its end".to_owned()));
            }
            let stop_us = stop.map_or(u64::MAX, |(us, _)| us);
            let timer_us = timer.map_or(u64::MAX, |timer| timer.due_us);
            let at_us = tick_us.min(stop_us).min(timer_us);
            let at = self.start + self.ticks(at_us);
            if self.bench.clock().next_alarm().is_some_and(|alarm| alarm <= at) {
                self.bench.clock().fire();
                let done = self.stim.on_alarm();
                self.take(done);
                continue;
            }
            self.bench.clock().advance_to(at);
            if at_us == stop_us {
                if let Some((_, policy)) = stop.take() {
                    timer = None;
                    let stopped = self.stim.stop(policy);
                    self.take(stopped);
                }
            } else if at_us == timer_us {
                if let Some(timer) = timer.as_mut() {
                    let input = timer.turn();
                    self.played.openings = Some(timer.openings);
                    let answered = self.stim.gate(input).map(drop);
                    self.take(answered);
                }
            } else {
                tick_us += TICK_US;
                self.tick();
            }
            progress(tick_us.min(length_us));
        }
        Ok(())
    }

    fn tick(&mut self) {
        self.stim.keep_alive();
        let ticked = self.stim.on_tick();
        if let Ok(Ticked::Well(report)) = &ticked {
            if report.measured_dc_na.abs() > self.played.worst_second_dc_na.abs() {
                self.played.worst_second_dc_na = report.measured_dc_na;
            }
            if let Some(warning) = report.warning {
                self.keep_trip(warning);
            }
        }
        self.take(ticked.map(drop));
    }

    /// Keeps what the last call on the stimulator left behind.
    fn take(&mut self, result: Result<(), Stopped>) {
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
            receipt.onset_tick = receipt.onset_tick.saturating_sub(self.start);
            receipt.end_tick = receipt.end_tick.saturating_sub(self.start);
            let delivered = self.bench.take_delivered(receipt.channel);
            self.played.pulses.push(DeliveredPulse { receipt, delivered });
        }
        if let Some(trip) = self.stim.last_trip().copied() {
            self.keep_trip(trip);
        }
    }

    fn keep_trip(&mut self, mut trip: Trip) {
        if !self.played.trips.iter().any(|t| t.fault == trip.fault && t.response == trip.response) {
            trip.at_tick = trip.at_tick.saturating_sub(self.start);
            self.played.trips.push(trip);
        }
    }

    fn finish(mut self, count: usize) -> (Played, u64) {
        self.played.end_us = self.us();
        self.played.stats = self.stim.stats();
        for channel in (0_u8..).take(count) {
            let ledger = self.stim.engine().ledger(channel);
            self.played.residual_na_ticks.push(ledger.map_or(0, |ledger| ledger.as_nanoamp_ticks()));
            self.played.counters.push(self.stim.counters(channel).unwrap_or_default());
        }
        (self.played, self.start)
    }
}
