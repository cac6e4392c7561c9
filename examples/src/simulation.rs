//! Runs a checked plan on a simulated bench: the heel events of a walk work the trigger, the trigger works the gate.
//!
//! Before session time zero the set level is raised from nothing as slowly as the guard demands; nothing is put out
//! meanwhile. All ticks and microseconds that come out of here count from session time zero.

use crate::failure::Failure;
use crate::gait::Foot;
use crate::scenario::Scenario;
use nmes_core::{ChannelState, Counters, FrameKind, GateInput, Level, PulseReceipt, Setting, StopPolicy};
use nmes_hal_adapters::sim::{Bench, Delivered, EdgeSink, SimAlarm, SimEdge, SimOutput, SimSense};
use nmes_hal_adapters::{Cause, Stats, Stimulator, Stopped, Ticked};
use nmes_protocols::{GaitConfig, GateCommand, Heel, PollAt, State, Trigger, TriggerNote};
use nmes_safety::{Checked, Trip, rules};
use std::cell::RefCell;
use std::collections::VecDeque;

/// How often the slow side is called.
const TICK_US: u64 = 10_000;
/// Raising the set level takes no longer than this, or something is wrong: 1 A at 5 mA a second.
const RAISE_MAX_US: u64 = 200_000_000;
/// A session that goes on for this long past its end will never end.
const OVERTIME_US: u64 = 60_000_000;
/// A trigger that was stopped is in OFF after at most so many calls.
const SETTLE_CALLS: u32 = 64;

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
    /// As measured on the simulated stage.
    pub delivered: Delivered,
}

impl DeliveredPulse {
    /// Whether it is a pulse of the session, not a repayment.
    #[must_use]
    pub fn is_pulse(&self) -> bool {
        self.receipt.kind == FrameKind::Pulse
    }
}

/// What the trigger did.
#[derive(Clone, Debug)]
pub struct TriggerEnd {
    /// Where it ended.
    pub state: State,
    /// What it counted.
    pub counters: nmes_protocols::Counters,
    /// What it said, with session time in µs.
    pub notes: Vec<(u64, TriggerNote)>,
}

/// All that came out of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Level changes, in order.
    pub changes: Vec<LevelChange>,
    /// Pulses, in order, repayments among them.
    pub pulses: Vec<DeliveredPulse>,
    /// The trigger.
    pub trigger: TriggerEnd,
    /// Why it stopped by itself, if it did.
    pub stopped: Option<Stopped>,
    /// Trips that lowered or ramped down output without opening it at once, and warnings: the first of each fault.
    pub trips: Vec<Trip>,
    /// The commanded ledger at the end, in nA·ticks.
    pub residual_na_ticks: i64,
    /// The largest measured direct current of a second, in nA, signed.
    pub worst_second_dc_na: i64,
    /// Counts of the engine.
    pub counters: Counters,
    /// What the edge path did.
    pub stats: Stats,
    /// How long raising the set level took, in µs.
    pub raised_us: u64,
    /// Session time at the end, in µs.
    pub end_us: u64,
}

impl Run {
    /// The trip that ended output by a ramp-down, if one did.
    #[must_use]
    pub fn ended_by(&self) -> Option<&Trip> {
        self.trips.iter().find(|trip| trip.response.latches())
    }
}

#[derive(Default)]
struct Tape(RefCell<Vec<LevelChange>>);

impl EdgeSink for &Tape {
    fn edge(&mut self, edge: SimEdge) {
        self.0.borrow_mut().push(LevelChange {
            tick: edge.at_tick,
            channel: edge.channel,
            level: edge.level,
        });
    }
}

type Stim<'r> = Stimulator<'r, SimOutput<'r, &'r Tape>, SimAlarm<'r>, SimSense<'r>>;

/// Runs it to its end. `progress` is told the session time in µs.
///
/// # Errors
/// The stimulator could not be armed or its level could not be raised. A fault during the session is no error here:
/// it is in [`Run::stopped`].
pub fn run(
    scenario: &Scenario,
    gait: &GaitConfig,
    checked: &Checked<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Run, Failure> {
    let bench = Bench::new(scenario.hardware, scenario.stage, scenario.late_ticks, scenario.seed);
    let tape = Tape::default();
    let mut storage = [ChannelState::new(); 1];
    let armed = Stimulator::arm(checked, &mut storage, bench.output_to(&tape), bench.alarm(), bench.sense());
    let stim = armed.map_err(|error| Failure::Denied(format!("not armed: {}", error.why)))?;
    let mut bout = Bout {
        bench: &bench,
        stim,
        trigger: Trigger::new(*gait),
        hz: u64::from(scenario.hardware.timing().ticks_per_second),
        start: 0,
        pulses: Vec::new(),
        notes: Vec::new(),
        trips: Vec::new(),
        worst_dc_na: 0,
        stopped: None,
    };
    let raised_us = bout.raise(checked)?;
    bout.session(scenario, checked, progress)?;
    let (start, mut run) = bout.finish(raised_us);
    run.changes = tape.0.take();
    for change in &mut run.changes {
        change.tick = change.tick.saturating_sub(start);
    }
    Ok(run)
}

/// What is due next, in the order in which things of one moment are done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Heel,
    Poll,
    Stop,
    Tick,
}

/// The same with its times counted from session time zero.
fn since(start: u64, mut stopped: Stopped) -> Stopped {
    stopped.at_tick = stopped.at_tick.saturating_sub(start);
    if let Cause::Guard(trip) = &mut stopped.cause {
        trip.at_tick = trip.at_tick.saturating_sub(start);
    }
    stopped
}

/// What is still to come from outside: heel events, the stop, and the next call of the slow side.
struct Agenda {
    heel: VecDeque<(u64, Foot, bool)>,
    stop: Option<(u64, StopPolicy)>,
    tick_us: u64,
}

impl Agenda {
    /// What is due next, and when.
    fn next(&self, poll: PollAt) -> (u64, Due) {
        let poll = match poll {
            PollAt::At(us) => Some((us, Due::Poll)),
            PollAt::Never => None,
        };
        let heel = self.heel.front().map(|(us, _, _)| (*us, Due::Heel));
        let stop = self.stop.map(|(us, _)| (us, Due::Stop));
        let tick = (self.tick_us, Due::Tick);
        [poll, heel, stop].into_iter().flatten().fold(tick, std::cmp::Ord::min)
    }
}

/// A first step of the set level that is rounded to no code at all would leave it at nothing for ever.
fn reachable(checked: &Checked<'_>, target: Setting) -> Result<(), Failure> {
    let code_na = u64::from(checked.plan().hardware().channels()[0].na_per_code_positive);
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

struct Bout<'r> {
    bench: &'r Bench,
    stim: Stim<'r>,
    trigger: Trigger,
    hz: u64,
    /// Tick of session time zero.
    start: u64,
    pulses: Vec<DeliveredPulse>,
    notes: Vec<(u64, TriggerNote)>,
    trips: Vec<Trip>,
    worst_dc_na: i64,
    stopped: Option<Stopped>,
}

impl Bout<'_> {
    fn ticks(&self, us: u64) -> u64 {
        let ticks = (u128::from(us) * u128::from(self.hz)).div_ceil(1_000_000);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// Microseconds since session time zero (before it, since arming).
    fn us(&self) -> u64 {
        let ticks = u128::from(self.bench.clock().now() - self.start);
        u64::try_from(ticks * 1_000_000 / u128::from(self.hz)).unwrap_or(u64::MAX)
    }

    fn over(&self) -> bool {
        self.stopped.is_some() || self.stim.finished().is_some()
    }

    /// Raises the set level from nothing; how long that took, in µs.
    fn raise(&mut self, checked: &Checked<'_>) -> Result<u64, Failure> {
        let target = checked.plan().session().channels()[0].set;
        reachable(checked, target)?;
        let refused = |what: &dyn std::fmt::Display| Failure::Denied(format!("set level not raised: {what}"));
        self.stim.aim(0, target).map_err(|error| refused(&error))?;
        let mut now_us = 0;
        while self.stim.engine().setting(0) != Some(target) {
            now_us += TICK_US;
            if now_us > RAISE_MAX_US {
                return Err(refused(&format!(
                    "still below {} after {} s",
                    target.amplitude,
                    now_us / 1_000_000
                )));
            }
            self.bench.clock().advance_to(self.ticks(now_us));
            self.tick();
            if let Some(stopped) = self.stopped {
                return Err(refused(&stopped));
            }
        }
        self.start = self.bench.clock().now();
        Ok(now_us)
    }

    fn session(
        &mut self,
        scenario: &Scenario,
        checked: &Checked<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let started = self.stim.start();
        self.take(started);
        let first = |foot| if scenario.walk.starts_on_heel(foot) { Heel::Loaded } else { Heel::Lifted };
        self.trigger.start(0);
        self.trigger.heel(0, first(scenario.foot));
        if scenario.other_heel {
            self.trigger.other_heel(0, first(scenario.foot.other()));
        }
        self.trigger.resume(0);
        let length_us = u64::from(checked.plan().session().length().as_millis()) * 1_000;
        let read = |foot: &Foot| *foot == scenario.foot || scenario.other_heel;
        let heel = scenario.walk.heels().filter(|(_, foot, _)| read(foot)).collect();
        let mut agenda = Agenda { heel, stop: scenario.stop, tick_us: 0 };
        while !self.over() {
            if agenda.tick_us > length_us + OVERTIME_US {
                return Err(Failure::Faulted("the session went on past its end".to_owned()));
            }
            let (at_us, due) = agenda.next(self.trigger.poll_at());
            let at = self.start + self.ticks(at_us);
            if self.bench.clock().next_alarm().is_some_and(|alarm| alarm <= at) {
                self.bench.clock().fire();
                let done = self.stim.on_alarm();
                self.take(done);
                continue;
            }
            self.bench.clock().advance_to(at);
            self.serve(due, &mut agenda, scenario.foot);
            progress(agenda.tick_us.min(length_us));
        }
        Ok(())
    }

    fn serve(&mut self, due: Due, agenda: &mut Agenda, treated: Foot) {
        match due {
            Due::Heel => {
                if let Some((_, foot, lifted)) = agenda.heel.pop_front() {
                    let heel = if lifted { Heel::Lifted } else { Heel::Loaded };
                    let now_us = self.us();
                    let command = if foot == treated {
                        self.trigger.heel_edge(now_us, heel)
                    } else {
                        self.trigger.other_heel(now_us, heel)
                    };
                    self.obey(command);
                }
            }
            Due::Poll => {
                let command = self.trigger.poll(self.us());
                self.obey(command);
            }
            Due::Stop => {
                if let Some((_, policy)) = agenda.stop.take() {
                    self.stop(policy);
                }
            }
            Due::Tick => {
                agenda.tick_us += TICK_US;
                self.tick();
            }
        }
    }

    /// Keeps what the last call on the stimulator left behind.
    fn take(&mut self, result: Result<(), Stopped>) {
        if let Err(stopped) = result {
            self.stopped.get_or_insert(stopped);
        }
        while let Some(mut receipt) = self.stim.take_receipt() {
            receipt.onset_tick = receipt.onset_tick.saturating_sub(self.start);
            receipt.end_tick = receipt.end_tick.saturating_sub(self.start);
            let delivered = self.bench.take_delivered(receipt.channel);
            self.pulses.push(DeliveredPulse { receipt, delivered });
        }
        if let Some(trip) = self.stim.last_trip().copied() {
            self.keep_trip(trip);
        }
    }

    /// The first of each fault and answer.
    fn keep_trip(&mut self, mut trip: Trip) {
        if !self.trips.iter().any(|t| t.fault == trip.fault && t.response == trip.response) {
            trip.at_tick = trip.at_tick.saturating_sub(self.start);
            self.trips.push(trip);
        }
    }

    fn tick(&mut self) {
        self.stim.keep_alive();
        let ticked = self.stim.on_tick();
        if let Ok(Ticked::Well(report)) = &ticked {
            if report.measured_dc_na.abs() > self.worst_dc_na.abs() {
                self.worst_dc_na = report.measured_dc_na;
            }
            if let Some(warning) = report.warning {
                self.keep_trip(warning);
            }
        }
        self.take(ticked.map(drop));
    }

    fn obey(&mut self, command: Option<GateCommand>) {
        self.take_notes();
        let input = match command {
            None => return,
            Some(GateCommand::Open) => GateInput::Open,
            Some(GateCommand::Hold) => GateInput::Hold,
            Some(GateCommand::Close { down }) => GateInput::Close { down: Some(down) },
        };
        let answered = self.stim.gate(input).map(drop);
        self.take(answered);
    }

    fn take_notes(&mut self) {
        let now_us = self.us();
        while let Some(note) = self.trigger.take_note() {
            self.notes.push((now_us, note));
        }
    }

    fn stop(&mut self, policy: StopPolicy) {
        // the stop below closes the gate; what the trigger would have it do is of no use any more
        self.trigger.stop(self.us());
        self.take_notes();
        let stopped = self.stim.stop(policy);
        self.take(stopped);
    }

    /// Ends the trigger too, and gathers what there is.
    fn finish(mut self, raised_us: u64) -> (u64, Run) {
        let end_us = self.us();
        self.trigger.stop(end_us);
        let mut now_us = end_us;
        for _ in 0..SETTLE_CALLS {
            let PollAt::At(at_us) = self.trigger.poll_at() else { break };
            now_us = now_us.max(at_us);
            self.trigger.poll(now_us);
        }
        self.take_notes();
        let run = Run {
            changes: Vec::new(),
            trigger: TriggerEnd {
                state: self.trigger.state(),
                counters: self.trigger.counters(),
                notes: std::mem::take(&mut self.notes),
            },
            stopped: self.stopped.map(|stopped| since(self.start, stopped)),
            trips: std::mem::take(&mut self.trips),
            residual_na_ticks: self.stim.engine().ledger(0).map_or(0, |ledger| ledger.as_nanoamp_ticks()),
            worst_second_dc_na: self.worst_dc_na,
            counters: self.stim.counters(0).unwrap_or_default(),
            stats: self.stim.stats(),
            pulses: std::mem::take(&mut self.pulses),
            raised_us,
            end_us,
        };
        (self.start, run)
    }
}
