//! Runs a checked plan on a simulated bench with any trigger: readings come in, gates are worked, channel by channel.

use crate::desk::{Played, Player, TICK_US, Table};
use crate::failure::Failure;
use crate::scenario::Scenario;
use nmes_core::{GateAnswer, GateInput, StopPolicy};
use nmes_hal_adapters::Stopped;
use nmes_protocols::triggers::GateCommands;
use nmes_protocols::{GateCommand, PollAt};
use nmes_safety::Checked;

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
    /// The output.
    pub played: Played,
    /// What gates were told, with session time in µs.
    pub told: Vec<(u64, u8, GateCommand)>,
    /// Openings that the session's gate refused.
    pub refused: usize,
}

impl Ran {
    /// Onsets of the pulses of a channel, in µs, each with its peak in mA.
    pub fn onsets(&self, channel: u8, hz: u32) -> impl Iterator<Item = (u64, f64)> {
        let own = self.played.pulses.iter().filter(move |p| p.is_pulse() && p.receipt.channel == channel);
        own.map(move |p| (micros(p.receipt.onset_tick, hz), p.delivered.peak_ua / 1e3))
    }

    /// When the last pulse ended, in µs.
    #[must_use]
    pub fn last_pulse_us(&self, hz: u32) -> Option<u64> {
        self.played.pulses.iter().filter(|p| p.is_pulse()).map(|p| micros(p.receipt.end_tick, hz)).max()
    }
}

fn micros(tick: u64, hz: u32) -> u64 {
    u64::try_from(u128::from(tick) * 1_000_000 / u128::from(hz)).unwrap_or(u64::MAX)
}

/// Runs a trigger for some session time, stops it, and lets everything ramp down; a stop that was asked for comes before.
///
/// # Errors
/// The stimulator could not be armed or its levels not raised; a fault during the session is in [`Played::stopped`].
pub fn run(
    scenario: &Scenario,
    checked: &Checked<'_>,
    source: &mut dyn Source,
    length_us: u64,
) -> Result<Ran, Failure> {
    let mut table = Table::of(&scenario.desk(), checked);
    let player = Player::start(&mut table, checked)?;
    let mut rig = Rig { player, source, seen: 0, told: Vec::new(), refused: 0 };
    rig.session(length_us, scenario.stop);
    let Rig { player, told, refused, .. } = rig;
    Ok(Ran { played: player.finish(), told, refused })
}

struct Rig<'r, 's> {
    player: Player<'r>,
    source: &'s mut dyn Source,
    /// Pulses that the source was told of.
    seen: usize,
    told: Vec<(u64, u8, GateCommand)>,
    refused: usize,
}

impl Rig<'_, '_> {
    fn session(&mut self, length_us: u64, mut stop: Option<(u64, StopPolicy)>) {
        let (mut tick_us, mut stopped) = (0, false);
        while !self.player.over() {
            self.tell_pulses();
            let end_us = if stopped { length_us + AFTER_US } else { length_us };
            let poll = match self.source.poll_at() {
                PollAt::At(at) => at,
                PollAt::Never => u64::MAX,
            };
            let reading = if stopped { u64::MAX } else { self.source.reading_us() };
            let stop_us = stop.map_or(u64::MAX, |(us, _)| us);
            let first = [tick_us, poll, reading, end_us, stop_us].into_iter().min().unwrap_or(end_us);
            if self.player.fired_before(first.max(self.player.us())) {
                continue;
            }
            let now = self.player.us();
            if let Some((_, policy)) = stop.take_if(|(us, _)| now >= *us) {
                // the stop closes the gates; what the trigger would have them do is of no use any more
                let _ = self.source.stop(now);
                self.player.stop(policy);
            } else if now >= end_us {
                let end = if stopped { self.end() } else { self.source.stop(now) };
                stopped = true;
                self.obey(end);
            } else if now >= reading {
                let commands = self.source.read(now);
                self.obey(commands);
            } else if now >= poll {
                let commands = self.source.poll(now);
                self.obey(commands);
            } else {
                tick_us += TICK_US;
                self.player.tick();
            }
        }
        self.tell_pulses();
    }

    /// Everything has ramped down: the session is over.
    fn end(&mut self) -> GateCommands {
        self.player.stop(StopPolicy::FinishPulse);
        GateCommands::NONE
    }

    fn obey(&mut self, commands: GateCommands) {
        for (channel, command) in commands.iter() {
            self.told.push((self.player.us(), channel, command));
            let answered: Result<_, Stopped> =
                self.player.stim.gate_channel(channel, GateInput::from(command));
            if matches!(answered, Ok(GateAnswer::Refused(_))) {
                self.refused += 1;
            }
            self.player.take(answered.map(drop));
        }
    }

    /// The source hears of the pulses that came out since.
    fn tell_pulses(&mut self) {
        for pulse in self.player.played.pulses.iter().skip(self.seen).filter(|p| p.is_pulse()) {
            self.source.pulse(pulse.receipt.channel, self.player.micros(pulse.receipt.onset_tick));
        }
        self.seen = self.player.played.pulses.len();
    }
}
