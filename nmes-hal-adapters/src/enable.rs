//! A hardware one-shot on the enable line, re-armed at each edge.

use core::fmt::Debug;

use embedded_hal::digital::OutputPin;
use nmes_core::{Hardware, Plan};
use nmes_safety::{Admitted, AdmittedEdge};

use crate::layer::LayerError;
use crate::output::Output;

/// A retriggerable one-shot (a 74HC123, say) in series with the enable of the output stage.
///
/// It is the only thing that bounds a level when the processor stands still, whatever stopped it: without a new
/// [`Enable::rearm`] the stage opens after [`Enable::hold_us`], by itself.
///
/// # For driver authors
/// A new part does not enable: until the first `rearm` the stage is open. The trigger is an edge, never a level, so
/// that a pin that is stuck either way enables nothing for longer than `hold_us`. `rearm` takes a constant time and
/// waits for nothing.
///
/// # For callers
/// Call `rearm` *before* the level changes, at every edge, and from nowhere else: a call from a timer or from the slow
/// loop would keep a dead edge path alive. [`OneShot`] does so. Give `hold_us`, and
/// the shortest time that the part may have, to
/// [`Setup::with_one_shot_between`](nmes_safety::Setup::with_one_shot_between): the report then says what one stuck level
/// delivers, and a plan with a phase that would be cut is denied. A setup that says nothing of it, or of another one, is not
/// armed with a [`OneShot`].
///
/// # Limitations
/// `hold_us` is longer than the longest stretch between two edges within a pulse, L included, or pulses are cut. A trim stands for no
/// longer than a phase, but for custom points and mirrored tables, where trims repay late edges: one that stands longer than
/// `hold_us` is cut, and what it leaves is in no ledger. It
/// does not bound an edge path that goes on re-arming with a wrong level; the guard does.
pub trait Enable {
    /// What can go wrong.
    type Error: Debug;

    /// The longest the stage may stay enabled after one `rearm`, in microseconds: with all tolerances.
    fn hold_us(&self) -> u32;

    /// Lets the stage drive for `hold_us` from now.
    ///
    /// # Errors
    /// A pin failed. What was armed before runs out by itself.
    fn rearm(&mut self) -> Result<(), Self::Error>;

    /// Ends it now, where the part can; else it runs out. May be called at any time, as often as wanted.
    ///
    /// # Errors
    /// A pin failed.
    fn release(&mut self) -> Result<(), Self::Error>;
}

impl<E: Enable + ?Sized> Enable for &mut E {
    type Error = E::Error;

    fn hold_us(&self) -> u32 {
        (**self).hold_us()
    }

    fn rearm(&mut self) -> Result<(), E::Error> {
        (**self).rearm()
    }

    fn release(&mut self) -> Result<(), E::Error> {
        (**self).release()
    }
}

/// A one-shot that a pin triggers by a rising edge, and another may clear while low.
///
/// Both are low after `new` and on drop. On a 74HC123 the trigger is input B (with A low) and the clear is RD: RD going
/// high would itself trigger if B were high then, so B is low whenever RD rises.
///
/// # Limitations
/// The trigger is high for as long as two writes to a pin take, some 10 to 100 ns: check it against the part's least
/// pulse width. Without a clear pin `release` does nothing, and the stage opens when the time is over.
///
/// ```
/// use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};
/// use nmes_hal_adapters::{Enable, PulseEnable};
/// let set = Transaction::set;
/// let mut trigger = Mock::new(&[set(State::Low), set(State::High), set(State::Low), set(State::Low)]);
/// let mut part = PulseEnable::new(&mut trigger, None, 500).unwrap();
/// part.rearm().unwrap();
/// drop(part);
/// trigger.done();
/// ```
#[derive(Debug)]
pub struct PulseEnable<P: OutputPin> {
    trigger: P,
    clear: Option<P>,
    hold_us: u32,
}

impl<P: OutputPin> PulseEnable<P> {
    /// Takes the pins and sets them low. `hold_us` is the longest time of the part, capacitor and resistor at their
    /// worst.
    ///
    /// # Errors
    /// A pin failed; both were tried.
    pub fn new(trigger: P, clear: Option<P>, hold_us: u32) -> Result<Self, P::Error> {
        let mut part = Self { trigger, clear, hold_us };
        part.release()?;
        Ok(part)
    }
}

impl<P: OutputPin> Enable for PulseEnable<P> {
    type Error = P::Error;

    fn hold_us(&self) -> u32 {
        self.hold_us
    }

    fn rearm(&mut self) -> Result<(), P::Error> {
        if let Some(clear) = self.clear.as_mut() {
            clear.set_high()?;
        }
        let high = self.trigger.set_high();
        // low again in any case, or there is no next edge
        let low = self.trigger.set_low();
        high.and(low)
    }

    fn release(&mut self) -> Result<(), P::Error> {
        let cleared = self.clear.as_mut().map_or(Ok(()), OutputPin::set_low);
        let low = self.trigger.set_low();
        cleared.and(low)
    }
}

impl<P: OutputPin> Drop for PulseEnable<P> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.release();
    }
}

/// An output behind a one-shot, which is re-armed before each change of level.
///
/// # Order
/// [`Output::apply`]: re-arm, then the edges. [`Output::off`]: release, then the output, whatever the first came to.
/// On drop: release, then the output's own drop. [`Output::channel_off`] leaves the one-shot as it is, because other
/// channels may be driving.
///
/// # Limitations
/// One part stands before all channels of the output, and the edges of each re-arm it: what sticks on one of them stands until it is
/// measured, however short `hold_us` is. The figure of E-STUCK-1 is of a part for each channel. Nor does the part end what does not open
/// while edges go on: that stands for the rest of the pulse and `hold_us`.
///
/// Where re-arming fails, the output is opened and the edges are not put out; no edge is, until [`Output::off`] has
/// succeeded.
#[derive(Debug)]
pub struct OneShot<O: Output, E: Enable> {
    enable: Released<E>,
    output: O,
    stopped: bool,
}

/// Releases on drop.
#[derive(Debug)]
struct Released<E: Enable>(E);

impl<E: Enable> Drop for Released<E> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}

impl<O: Output, E: Enable> OneShot<O, E> {
    /// Joins the two, which are safe already.
    pub const fn new(output: O, enable: E) -> Self {
        Self { enable: Released(enable), output, stopped: false }
    }

    /// The longest one level can stand, in microseconds: for
    /// [`Setup::with_one_shot_between`](nmes_safety::Setup::with_one_shot_between).
    #[must_use]
    pub fn hold_us(&self) -> u32 {
        self.enable.0.hold_us()
    }

    /// The output behind it, to look at.
    #[must_use]
    pub const fn output(&self) -> &O {
        &self.output
    }
}

impl<O: Output, E: Enable> Output for OneShot<O, E> {
    type Error = LayerError<O::Error, E::Error>;

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
        Some(self.enable.0.hold_us())
    }

    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), Self::Error> {
        self.output.begin(frame).map_err(LayerError::Output)
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
        if self.stopped {
            return Err(LayerError::Stopped);
        }
        if let Err(part) = self.enable.0.rearm() {
            self.stopped = true;
            return Err(match self.output.off() {
                Ok(()) => LayerError::Part(part),
                Err(output) => LayerError::Both(output, part),
            });
        }
        self.output.apply(edges).map_err(LayerError::Output)
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
        self.output.channel_off(channel).map_err(LayerError::Output)
    }

    fn off(&mut self) -> Result<(), Self::Error> {
        let released = self.enable.0.release();
        let done = LayerError::both(self.output.off(), released);
        self.stopped = done.is_err();
        done
    }
}
