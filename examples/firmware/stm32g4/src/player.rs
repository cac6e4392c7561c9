//! The one interrupt: a half of the ring is finished with; look at what was measured, fill it again.

use core::fmt;

use embedded_hal::digital::OutputPin;
use nmes_core::{ChannelState, Hardware, Setting, StopPolicy};
use nmes_hal_adapters::{
    ArmRefusal, Calibration, CalibrationError, CommandError, NoSense, StartContact, Stopped, Streamer,
};
use nmes_safety::Checked;

use crate::delivered::{Delivered, Mismatch};
use crate::halves::{Half, Halves};
use crate::samples::Samples;
use crate::session::{CHANNELS, HALF};

/// Halves for which the start contact has to stay as it is: 20 ms.
const STILL: u16 = 40;

/// Where the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Armed; nothing is put out until the contact closes.
    Waiting,
    /// The set level rises; nothing is put out.
    Raising,
    /// The session runs.
    Running,
    /// It was asked to end.
    Ending,
    /// Off, until the power was off.
    Off(Why),
}

/// Why it is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The session has ended.
    Done,
    /// The emergency stop.
    EmergencyStop,
    /// The hardware has opened the stage: too much current, or the stop's own line to it.
    Opened,
    /// The converter asked for a sample that was not there, or DMA failed.
    Converter,
    /// A half was missed, or was filled too late.
    Late,
    /// The set level cannot be had.
    Level,
    /// The current is not the one that was played.
    NotDelivered(Mismatch),
    /// The runner stopped by itself.
    Stopped(Stopped),
}

/// What is known at the end of a half.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'r> {
    /// The current, once a sample.
    pub readings: &'r [u16; HALF],
    /// What the hardware says is wrong.
    pub wrong: Option<Why>,
    /// The start contact is closed.
    pub start_closed: bool,
}

/// Why nothing is armed.
#[derive(Debug)]
pub enum NotReady<E> {
    /// What the converter reads means nothing for this output.
    Calibration(CalibrationError),
    /// Not armed; the stage is off, but for [`ArmRefusal::Output`], where switching it off failed.
    Arm(ArmRefusal<E>),
    /// The plan has no channel.
    Plan,
}

/// Everything that runs. The stage is off on drop.
pub struct Player<'a, P: OutputPin> {
    streamer: Streamer<'a, i16, P, CHANNELS>,
    delivered: Delivered,
    halves: Halves,
    ring: [[i16; HALF]; 2],
    /// What DMA plays.
    samples: &'a Samples,
    start: StartContact,
    target: Setting,
    phase: Phase,
}

impl<P: OutputPin> fmt::Debug for Player<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Player").field("phase", &self.phase).finish_non_exhaustive()
    }
}

impl<'a, P: OutputPin> Player<'a, P> {
    /// Arms with every amplitude at zero and the stage off. The ring holds zeros, which is what is played first.
    ///
    /// `hardware` is what this board is, and `calibration` is from the board's own memory: never take either of the plan, or
    /// the plan is compared with itself.
    ///
    /// # Errors
    /// [`NotReady`] says why not; the stage is off, but where switching it off is what failed.
    pub fn new(
        checked: &'a Checked<'a>,
        states: &'a mut [ChannelState],
        (hardware, calibration): (&Hardware, &Calibration),
        enable: P,
        samples: &'a Samples,
    ) -> Result<Self, NotReady<P::Error>> {
        let target = checked.plan().session().channels().first().ok_or(NotReady::Plan)?.set;
        let delivered = Delivered::new(calibration, hardware).map_err(NotReady::Calibration)?;
        let armed = Streamer::arm_sized(checked, states, hardware, enable, &mut NoSense);
        let mut player = Self {
            streamer: armed.map_err(NotReady::Arm)?,
            delivered,
            halves: Halves::new(),
            ring: [[0; HALF]; 2],
            samples,
            start: StartContact::new(STILL),
            target,
            phase: Phase::Waiting,
        };
        for (number, half) in (0..).zip(&mut player.ring) {
            if let Err(stopped) = player.streamer.fill(number, half) {
                player.phase = Phase::Off(Why::Stopped(stopped));
            }
        }
        Ok(player)
    }

    /// Which half the flags of the channel mean. `None`: one was missed, the stage is off, and both halves of the ring are zero.
    pub fn finish(&mut self, half_transfer: bool, transfer_complete: bool) -> Option<Half> {
        let half = self.halves.finish(half_transfer, transfer_complete);
        if half.is_none() {
            self.off(Why::Late);
        }
        half
    }

    /// Looks at what was measured during a half, and fills it anew in the ring, which is to be done before DMA comes back to
    /// it: see [`Player::was_late`]. After a stop it is zero. Answers with the samples.
    pub fn half(&mut self, half: Half, seen: &Seen<'_>) -> [i16; HALF] {
        let samples = self.next(half, seen);
        self.samples.put(half.place, &samples);
        samples
    }

    fn next(&mut self, half: Half, seen: &Seen<'_>) -> [i16; HALF] {
        let closes = self.start.closes(seen.start_closed);
        let Some(place) = self.ring.get_mut(usize::from(half.place)) else { return [0; HALF] };
        let delivered = self.delivered.half(place, seen.readings);
        let wrong = seen.wrong.or(delivered.err().map(Why::NotDelivered));
        match wrong {
            Some(why) => self.off(why),
            None if closes => self.closed(),
            None => {}
        }
        self.fill(half)
    }

    fn fill(&mut self, half: Half) -> [i16; HALF] {
        let off = matches!(self.phase, Phase::Off(_));
        if off {
            self.low_again();
        }
        let Some(place) = self.ring.get_mut(usize::from(half.place)) else { return [0; HALF] };
        if off {
            place.fill(0);
            return *place;
        }
        // the device is its own host
        self.streamer.keep_alive();
        let filled = self.streamer.fill(half.next, place);
        let samples = *place;
        match filled {
            Err(stopped) => self.off(Why::Stopped(stopped)),
            // and what was rendered before was played
            Ok(filled) if filled.finished.is_some() => self.off(Why::Done),
            Ok(_) => self.go_on(),
        }
        samples
    }

    fn go_on(&mut self) {
        if self.phase != Phase::Raising || self.streamer.engine().setting(0) != Some(self.target) {
            return;
        }
        match self.streamer.start() {
            Ok(()) => self.phase = Phase::Running,
            Err(stopped) => self.off(Why::Stopped(stopped)),
        }
    }

    fn closed(&mut self) {
        let done = match self.phase {
            Phase::Waiting => self.streamer.aim(0, self.target).map(|()| Phase::Raising),
            Phase::Raising | Phase::Running => self
                .streamer
                .stop(StopPolicy::FinishPulse)
                .map(|()| Phase::Ending)
                .map_err(CommandError::Stopped),
            Phase::Ending | Phase::Off(_) => Ok(self.phase),
        };
        match done {
            Ok(phase) => self.phase = phase,
            Err(CommandError::Stopped(stopped)) => self.off(Why::Stopped(stopped)),
            Err(_) => self.off(Why::Level),
        }
    }

    /// The half was not filled before DMA came back to it: the stage is off.
    pub fn was_late(&mut self) {
        self.off(Why::Late);
    }

    /// Off at once, whatever the reason, until the power was off; the first reason is kept. The ring is zero, so that nothing
    /// comes of a line that stays high.
    pub fn off(&mut self, why: Why) {
        self.samples.silence();
        if matches!(self.phase, Phase::Off(_)) {
            return self.low_again();
        }
        self.phase = Phase::Off(why);
        // the line is low, or is tried again with every half that DMA has finished with
        let _ = self.streamer.stop(StopPolicy::HardOff);
    }

    /// Tries again to set the line low, where that failed.
    fn low_again(&mut self) {
        if self.streamer.stopped().is_some_and(|stopped| stopped.off_failed) {
            let _ = self.streamer.stop(StopPolicy::HardOff);
        }
    }

    /// Where the session is.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The runner, to look at.
    #[must_use]
    pub const fn streamer(&self) -> &Streamer<'a, i16, P, CHANNELS> {
        &self.streamer
    }
}
