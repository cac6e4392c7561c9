//! Lines to other instruments: an edge a pulse or a train, a trigger in, a gate for an EMG amplifier.

use core::fmt::Debug;

use embedded_hal::digital::{InputPin, OutputPin};
use nmes_core::{FrameKind, Hardware, MAX_CHANNELS, Plan};
use nmes_safety::{Admitted, AdmittedEdge};

use crate::layer::LayerError;
use crate::output::Output;

/// Lines that other instruments see, and one that they drive. (Not named `Sync`, which would hide the prelude's.)
///
/// # For driver authors
/// `marker` and `blank` are called on the edge path: one pin each, a constant time, no wait. Both lines are low in
/// `new` and on drop.
///
/// # For callers
/// [`Synced`] moves marker and gate with the edges of an output. [`SyncLines::triggered`] is asked from the slow side, and
/// what it says goes to [`Stimulator::gate`](crate::Stimulator::gate): a trigger begins a train, never a level.
///
/// # Limitations
/// The gate is as long as the pulse. An amplifier recovers for milliseconds after it: that tail is the amplifier's, or a
/// monostable's behind the line. The lines carry no permission, and nothing of the output depends on them.
pub trait SyncLines {
    /// What can go wrong.
    type Error: Debug;

    /// Sets the marker: its rising edge is an event.
    ///
    /// # Errors
    /// A pin failed.
    fn marker(&mut self, high: bool) -> Result<(), Self::Error>;

    /// Sets the gate: while it is high an EMG amplifier is to look away.
    ///
    /// # Errors
    /// A pin failed.
    fn blank(&mut self, high: bool) -> Result<(), Self::Error>;

    /// Whether the trigger has come since this was asked last. One answer for each edge, however long the line stays.
    ///
    /// # Errors
    /// The pin failed: the same as no.
    fn triggered(&mut self) -> Result<bool, Self::Error>;
}

impl<Y: SyncLines + ?Sized> SyncLines for &mut Y {
    type Error = Y::Error;

    fn marker(&mut self, high: bool) -> Result<(), Y::Error> {
        (**self).marker(high)
    }

    fn blank(&mut self, high: bool) -> Result<(), Y::Error> {
        (**self).blank(high)
    }

    fn triggered(&mut self) -> Result<bool, Y::Error> {
        (**self).triggered()
    }
}

/// What the marker rises for; it falls at the end of the same pulse, or of the last of those that overlap it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkerMode {
    /// The first edge of each pulse of any channel: once for those that begin at the same instant. Where one begins while the marker is
    /// up for another, it goes low and up again, for as long as one call of [`SyncLines::marker`] takes: some 10 to 100 ns of a pin.
    Pulse,
    /// The first edge of a pulse before which no channel had an edge for longer than this, in ticks of the clock that
    /// [`Synced`] was given: a train.
    Train {
        /// Longer than any time between two pulses of a train, shorter than the rest between two trains.
        gap_ticks: u64,
    },
}

/// An output whose edges move marker and gate.
///
/// # Order
/// Both lines rise before the level changes and fall after it has. The gate is high from the first edge of any pulse or
/// repayment to the last, gaps between its phases included; channels that overlap make one gate.
///
/// A line that fails does not stop stimulation, which does not depend on it: it is kept for [`Synced::line_error`].
///
/// # Limitations
/// The time the lines take is part of the first edge of a pulse: some 100 ns that no other edge has, within ε. With
/// [`MarkerMode::Train`] the clock is read at each edge.
#[derive(Debug)]
pub struct Synced<O: Output, Y: SyncLines, C: FnMut() -> u64> {
    output: O,
    lines: Lowered<Y>,
    clock: C,
    mode: MarkerMode,
    in_frame: [bool; MAX_CHANNELS],
    last_edge: Option<u64>,
    marker: bool,
    blank: bool,
    failed: Option<Y::Error>,
}

/// Lowers both lines on drop.
#[derive(Debug)]
struct Lowered<Y: SyncLines>(Y);

impl<Y: SyncLines> Drop for Lowered<Y> {
    fn drop(&mut self) {
        let _ = self.0.blank(false);
        let _ = self.0.marker(false);
    }
}

impl<O: Output, Y: SyncLines, C: FnMut() -> u64> Synced<O, Y, C> {
    /// Joins an output that is off and lines that are low. The clock is asked only with [`MarkerMode::Train`].
    pub const fn new(output: O, lines: Y, mode: MarkerMode, clock: C) -> Self {
        Self {
            output,
            lines: Lowered(lines),
            clock,
            mode,
            in_frame: [false; MAX_CHANNELS],
            last_edge: None,
            marker: false,
            blank: false,
            failed: None,
        }
    }

    /// The first failure of a line.
    #[must_use]
    pub const fn line_error(&self) -> Option<&Y::Error> {
        self.failed.as_ref()
    }

    /// The output, to look at.
    #[must_use]
    pub const fn output(&self) -> &O {
        &self.output
    }

    /// Whether this pulse begins what the marker is for.
    fn marks(&mut self) -> bool {
        let MarkerMode::Train { gap_ticks } = self.mode else { return true };
        let now = (self.clock)();
        let before = self.last_edge.replace(now);
        before.is_none_or(|before| now.saturating_sub(before) > gap_ticks)
    }

    fn rise(&mut self, edges: &[AdmittedEdge]) {
        let (marks, mut pulse_begins) = (self.marks(), false);
        for edge in edges {
            let begins = edge.number() == 0;
            if let Some(within) = self.in_frame.get_mut(usize::from(edge.channel())) {
                *within |= begins;
            }
            pulse_begins |= begins && matches!(edge.kind(), FrameKind::Pulse);
        }
        if pulse_begins && marks {
            // low first where it is up for a pulse under way, or this one has no edge of its own
            self.set_marker(false);
            self.set_marker(true);
        }
        if self.in_frame.contains(&true) {
            self.set_blank(true);
        }
    }

    fn end(&mut self, channel: u8) {
        if let Some(within) = self.in_frame.get_mut(usize::from(channel)) {
            *within = false;
        }
    }

    fn fall(&mut self) {
        if !self.in_frame.contains(&true) {
            self.set_marker(false);
            self.set_blank(false);
        }
    }

    fn set_marker(&mut self, high: bool) {
        if self.marker != high {
            self.marker = high;
            let done = self.lines.0.marker(high);
            self.keep(done);
        }
    }

    fn set_blank(&mut self, high: bool) {
        if self.blank != high {
            self.blank = high;
            let done = self.lines.0.blank(high);
            self.keep(done);
        }
    }

    fn keep(&mut self, done: Result<(), Y::Error>) {
        if let Err(error) = done {
            self.failed.get_or_insert(error);
        }
    }

    fn all_down(&mut self) {
        self.in_frame = [false; MAX_CHANNELS];
        self.fall();
    }
}

impl<O: Output, Y: SyncLines, C: FnMut() -> u64> Output for Synced<O, Y, C> {
    type Error = O::Error;

    fn hardware(&self) -> &Hardware {
        self.output.hardware()
    }

    fn fits(&self, plan: &Plan<'_>) -> bool {
        self.output.fits(plan)
    }

    fn repeats(&self) -> bool {
        self.output.repeats()
    }

    fn one_shot_us(&self) -> Option<u32> {
        self.output.one_shot_us()
    }

    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), O::Error> {
        self.output.begin(frame)
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), O::Error> {
        self.rise(edges);
        let done = self.output.apply(edges);
        for edge in edges.iter().filter(|edge| edge.is_last()) {
            self.end(edge.channel());
        }
        if done.is_err() {
            self.all_down()
        } else {
            self.fall()
        }
        done
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), O::Error> {
        let done = self.output.channel_off(channel);
        self.end(channel);
        self.fall();
        done
    }

    fn off(&mut self) -> Result<(), O::Error> {
        let done = self.output.off();
        self.all_down();
        done
    }
}

/// Three pins: marker and gate out, trigger in (rising edge).
///
/// The trigger is polled: a high shorter than the interval of asking is missed, so stretch it or latch it.
#[derive(Debug)]
pub struct PinSync<P: OutputPin, T: InputPin> {
    marker: P,
    gate: P,
    trigger: T,
    was_high: bool,
}

/// What failed of a [`PinSync`].
pub type PinSyncError<P, T> = LayerError<
    <P as embedded_hal::digital::ErrorType>::Error,
    <T as embedded_hal::digital::ErrorType>::Error,
>;

impl<P: OutputPin, T: InputPin> PinSync<P, T> {
    /// Takes the pins and sets both outputs low. A trigger that is high already does not count.
    ///
    /// # Errors
    /// A pin failed; both outputs were tried.
    pub fn new(marker: P, gate: P, trigger: T) -> Result<Self, PinSyncError<P, T>> {
        let mut lines = Self { marker, gate, trigger, was_high: true };
        let marker = lines.marker.set_low();
        marker.and(lines.gate.set_low()).map_err(LayerError::Output)?;
        Ok(lines)
    }
}

impl<P: OutputPin, T: InputPin> SyncLines for PinSync<P, T> {
    type Error = PinSyncError<P, T>;

    fn marker(&mut self, high: bool) -> Result<(), Self::Error> {
        self.marker.set_state(high.into()).map_err(LayerError::Output)
    }

    fn blank(&mut self, high: bool) -> Result<(), Self::Error> {
        self.gate.set_state(high.into()).map_err(LayerError::Output)
    }

    fn triggered(&mut self) -> Result<bool, Self::Error> {
        let high = self.trigger.is_high().map_err(LayerError::Part)?;
        let rose = high && !self.was_high;
        self.was_high = high;
        Ok(rose)
    }
}

impl<P: OutputPin, T: InputPin> Drop for PinSync<P, T> {
    fn drop(&mut self) {
        let _ = self.gate.set_low();
        let _ = self.marker.set_low();
    }
}
