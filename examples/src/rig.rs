//! Runs a checked plan on a simulated bench with any trigger: readings come in, gates are worked, channel by channel.

use crate::failure::Failure;
use crate::scenario::Scenario;
use crate::simulation::DeliveredPulse;
use nmes_core::{ChannelState, GateAnswer, GateInput, MAX_CHANNELS, StopPolicy};
use nmes_hal_adapters::sim::{Bench, SimAlarm, SimOutput, SimSense};
use nmes_hal_adapters::{Stimulator, Stopped};
use nmes_protocols::triggers::GateCommands;
use nmes_protocols::{GateCommand, PollAt};
use nmes_safety::Checked;

const TICK_US: u64 = 10_000;
/// Raising the set levels takes no longer than this, or something is wrong.
const RAISE_MAX_US: u64 = 400_000_000;
/// After a stop of the trigger everything is off within its ramp; no ramp is longer.
const AFTER_US: u64 = 4_500_000;

/// A trigger with what it reads.
pub trait Source {
    /// When the next reading comes; `u64::MAX` for none.
    fn reading_us(&self) -> u64;
    /// Takes the reading that is due.
    fn read(&mut self, now_us: u64) -> GateCommands;
    /// When the trigger wants to be polled.
    fn poll_at(&self) -> PollAt;
    /// Polls it.
    fn poll(&mut self, now_us: u64) -> GateCommands;
    /// A pulse began on a channel.
    fn pulse(&mut self, channel: u8, onset_us: u64);
    /// The end.
    fn stop(&mut self, now_us: u64) -> GateCommands;
}

/// All that came out of a run.
#[derive(Debug, Default)]
pub struct Ran {
    /// Pulses, in order, repayments among them; times count from session time zero.
    pub pulses: Vec<DeliveredPulse>,
    /// What gates were told, with session time in µs.
    pub told: Vec<(u64, u8, GateCommand)>,
    /// Openings that the session's gate refused.
    pub refused: usize,
    /// Why it stopped by itself, if it did.
    pub stopped: Option<String>,
    /// The commanded ledger of each channel at the end, in nA·ticks.
    pub residual_na_ticks: Vec<i64>,
    /// How long raising the set levels took, in µs.
    pub raised_us: u64,
}

impl Ran {
    /// Onsets of the pulses of a channel, in µs, each with its peak in mA.
    pub fn onsets(&self, channel: u8, hz: u32) -> impl Iterator<Item = (u64, f64)> {
        let own = self.pulses.iter().filter(move |p| p.is_pulse() && p.receipt.channel == channel);
        own.map(move |p| (micros(p.receipt.onset_tick, hz), p.delivered.peak_ua / 1e3))
    }

    /// When the last pulse ended, in µs.
    #[must_use]
    pub fn last_pulse_us(&self, hz: u32) -> Option<u64> {
        self.pulses.iter().filter(|p| p.is_pulse()).map(|p| micros(p.receipt.end_tick, hz)).max()
    }
}

fn micros(tick: u64, hz: u32) -> u64 {
    u64::try_from(u128::from(tick) * 1_000_000 / u128::from(hz)).unwrap_or(u64::MAX)
}

type Stim<'r> = Stimulator<'r, SimOutput<'r, ()>, SimAlarm<'r>, SimSense<'r>>;

struct Rig<'r> {
    bench: &'r Bench,
    stim: Stim<'r>,
    hz: u32,
    start: u64,
    ran: Ran,
}

/// Runs a trigger for some session time, stops it, and lets everything ramp down.
///
/// # Errors
/// The stimulator could not be armed or its levels not raised; a fault during the session is in [`Ran::stopped`].
pub fn run(
    scenario: &Scenario,
    checked: &Checked<'_>,
    source: &mut dyn Source,
    length_us: u64,
) -> Result<Ran, Failure> {
    let bench = Bench::new(scenario.hardware, scenario.stage, scenario.late_ticks, scenario.seed);
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let armed = Stimulator::arm(checked, &mut storage, bench.output(), bench.alarm(), bench.sense());
    let stim = armed.map_err(|error| Failure::Denied(format!("not armed: {}", error.why)))?;
    let hz = scenario.hardware.timing().ticks_per_second;
    let mut rig = Rig { bench: &bench, stim, hz, start: 0, ran: Ran::default() };
    rig.raise(checked)?;
    rig.session(source, length_us);
    let count = checked.plan().channel_count();
    rig.ran.residual_na_ticks =
        (0..count).map(|c| rig.stim.engine().ledger(c).map_or(0, |l| l.as_nanoamp_ticks())).collect();
    Ok(rig.ran)
}

impl Rig<'_> {
    fn ticks(&self, us: u64) -> u64 {
        u64::try_from((u128::from(us) * u128::from(self.hz)).div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    fn us(&self) -> u64 {
        micros(self.bench.clock().now().saturating_sub(self.start), self.hz)
    }

    /// Raises every set level from nothing, as slowly as the guard demands; nothing is put out meanwhile.
    fn raise(&mut self, checked: &Checked<'_>) -> Result<(), Failure> {
        let refused = |what: &dyn std::fmt::Display| Failure::Denied(format!("set level not raised: {what}"));
        let targets: Vec<_> = checked.plan().session().channels().iter().map(|c| c.set).collect();
        for (channel, target) in (0_u8..).zip(&targets) {
            self.stim.aim(channel, *target).map_err(|error| refused(&error))?;
        }
        let mut now_us = 0;
        while (0_u8..).zip(&targets).any(|(c, target)| self.stim.engine().setting(c) != Some(*target)) {
            now_us += TICK_US;
            if now_us > RAISE_MAX_US {
                return Err(refused(&format!("still too low after {} s", now_us / 1_000_000)));
            }
            self.bench.clock().advance_to(self.ticks(now_us));
            self.tick();
            if let Some(stopped) = &self.ran.stopped {
                return Err(refused(stopped));
            }
        }
        self.start = self.bench.clock().now();
        self.ran.raised_us = now_us;
        Ok(())
    }

    fn session(&mut self, source: &mut dyn Source, length_us: u64) {
        let started = self.stim.start();
        self.take(started, source);
        let (mut tick_us, mut stopped) = (0, false);
        while self.ran.stopped.is_none() && self.stim.finished().is_none() {
            let end_us = if stopped { length_us + AFTER_US } else { length_us };
            let poll = match source.poll_at() {
                PollAt::At(at) => at,
                PollAt::Never => u64::MAX,
            };
            let reading = if stopped { u64::MAX } else { source.reading_us() };
            let at_us = [tick_us, poll, reading, end_us].into_iter().min().unwrap_or(end_us).max(self.us());
            let at = self.start + self.ticks(at_us);
            if self.bench.clock().next_alarm().is_some_and(|alarm| alarm <= at) {
                self.bench.clock().fire();
                let done = self.stim.on_alarm();
                self.take(done, source);
                continue;
            }
            self.bench.clock().advance_to(at);
            let now = self.us();
            if now >= end_us {
                let end = if stopped { self.end() } else { source.stop(now) };
                stopped = true;
                self.obey(end, source);
            } else if now >= reading {
                let commands = source.read(now);
                self.obey(commands, source);
            } else if now >= poll {
                let commands = source.poll(now);
                self.obey(commands, source);
            } else {
                tick_us += TICK_US;
                self.tick();
            }
        }
    }

    /// Everything has ramped down: the session is over.
    fn end(&mut self) -> GateCommands {
        let stopped = self.stim.stop(StopPolicy::FinishPulse);
        self.note(stopped);
        GateCommands::NONE
    }

    fn obey(&mut self, commands: GateCommands, source: &mut dyn Source) {
        for (channel, command) in commands.iter() {
            self.ran.told.push((self.us(), channel, command));
            let answered = self.stim.gate_channel(channel, GateInput::from(command));
            if matches!(answered, Ok(GateAnswer::Refused(_))) {
                self.ran.refused += 1;
            }
            self.take(answered.map(drop), source);
        }
    }

    fn tick(&mut self) {
        self.stim.keep_alive();
        let ticked = self.stim.on_tick().map(drop);
        self.note(ticked);
    }

    fn note(&mut self, result: Result<(), Stopped>) {
        if let Err(stopped) = result {
            self.ran.stopped.get_or_insert(stopped.to_string());
        }
    }

    fn take(&mut self, result: Result<(), Stopped>, source: &mut dyn Source) {
        self.note(result);
        while let Some(mut receipt) = self.stim.take_receipt() {
            receipt.onset_tick = receipt.onset_tick.saturating_sub(self.start);
            receipt.end_tick = receipt.end_tick.saturating_sub(self.start);
            let delivered = self.bench.take_delivered(receipt.channel);
            let pulse = DeliveredPulse { receipt, delivered };
            if pulse.is_pulse() {
                source.pulse(receipt.channel, micros(receipt.onset_tick, self.hz));
            }
            self.ran.pulses.push(pulse);
        }
    }
}
