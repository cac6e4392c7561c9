//! Plays a checked plan on the simulated bench by its own clock: contractions, one train, stages; and, where a trigger
//! works the gate, a timer in its place.

use crate::desk::{Desk, OVERTIME_US, Played, Player, TICK_US, Table, end_us};
use crate::failure::Failure;
use nmes_core::{Gate, GateInput, Schedule, Session, StopPolicy};
use nmes_safety::Checked;

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
    /// For a session that is gated.
    fn in_place_of_a_trigger(session: &Session<'_>) -> Option<Self> {
        let ramps = || session.channels().iter().map(|channel| channel.ramp);
        let up_ms = ramps().map(|ramp| ramp.up.as_millis()).max().unwrap_or(0);
        let down_ms = ramps().map(|ramp| ramp.down.as_millis()).max().unwrap_or(0);
        match session.schedule() {
            Schedule::Gated(gate) => Some(Self::of(&gate, up_ms, down_ms)),
            Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Program(_) => None,
        }
    }

    /// Open for the longest opening or two seconds at full level, closed for the least Off or a second, and no more often than the gate
    /// takes. The gate counts its least Off from the end of a ramp-down, so that is added.
    fn of(gate: &Gate, up_ms: u32, down_ms: u32) -> Self {
        let on_ms = u64::from(gate.max_on.as_millis()).min(u64::from(up_ms) + 2_000);
        // a gate counts 61 seconds
        let each_ms = 61_000_u64.div_ceil(u64::from(gate.max_triggers_per_minute).max(1));
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
    let mut table = Table::of(desk, checked);
    let mut player = Player::start(&mut table, checked)?;
    session(&mut player, checked.plan().session(), stop, progress)?;
    Ok(player.finish())
}

fn session(
    player: &mut Player<'_>,
    session: &Session<'_>,
    mut stop: Option<(u64, StopPolicy)>,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    let mut timer = Timer::in_place_of_a_trigger(session);
    let end_us = end_us(session);
    let mut tick_us = 0;
    while !player.over() {
        if tick_us > end_us + OVERTIME_US {
            return Err(Failure::Faulted("the session went on past its end".to_owned()));
        }
        let stop_us = stop.map_or(u64::MAX, |(us, _)| us);
        let timer_us = timer.map_or(u64::MAX, |timer| timer.due_us);
        let at_us = tick_us.min(stop_us).min(timer_us);
        if player.fired_before(at_us) {
            continue;
        }
        if at_us == stop_us {
            if let Some((_, policy)) = stop.take() {
                timer = None;
                player.stop(policy);
            }
        } else if at_us == timer_us {
            if let Some(timer) = timer.as_mut() {
                let input = timer.turn();
                player.played.openings = Some(timer.openings);
                let answered = player.stim.gate(input).map(drop);
                player.take(answered);
            }
        } else {
            tick_us += TICK_US;
            player.tick();
        }
        progress(tick_us.min(end_us));
    }
    Ok(())
}
