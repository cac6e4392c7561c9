//! What a stimulation output has to do, and what may be asked of it.

use core::fmt::Debug;
use nmes_core::{Hardware, Plan};
use nmes_safety::{Admitted, AdmittedEdge};

/// A stimulation output: one or more channels that are open, shorted, or drive a code.
///
/// Levels come only as [`AdmittedEdge`], which the guard alone makes, so no level reaches a pin that a guard has not admitted
/// before. Going open needs no permission.
///
/// # For driver authors
/// Make the output safe (every channel open, every set-point zero) in the constructor, on `Drop`, and before an
/// error is returned, and try every part of that whatever fails before it; after an error, take no edge until [`Output::off`]
/// has succeeded, or longer: until a restart of the driver's own. The feature `proptest` has a suite that looks at this on a
/// record of pins and buses: `conformance`; what a constructor leaves that fails is looked at by its `check_constructor`. No
/// method waits for anything but its own bus, and none calls back: that is not looked at.
///
/// # For callers
/// After an error the levels are unknown until [`Output::off`] has succeeded: call it at once, and stop. Whether edges are taken
/// after that is the driver's: [`DacBridge`](crate::DacBridge) needs a restart.
///
/// # Limitations
/// The trait has no time. An output puts out what it is told when it is told; how late that is, is measured by the
/// [`Alarm`](crate::Alarm) after the call and judged by engine and guard. While nothing is called the last level
/// stays. Only a hardware limit, such as a one-shot on the enable line, bounds it if the processor dies.
///
/// Nor does it know a session. A permission is a value that can be copied and kept: whoever has both an output and a copy of an
/// edge or a frame can put it out again, later, out of order, and when its guard has stopped or is gone. An output that is
/// inside a runner, which owns it and hands it out only to look at, cannot be asked by anybody else; an output that is lent
/// (`&mut`) can, once the runner is dropped. Give the runner the output itself, and keep no permissions.
pub trait Output {
    /// What can go wrong.
    type Error: Debug;

    /// The hardware as this output really is: clock, lateness, code range, calibration and its CRC.
    ///
    /// For driver authors: constant from construction on. For callers: a plan compiled for anything else is
    /// refused by [`Stimulator::arm`](crate::Stimulator::arm).
    fn hardware(&self) -> &Hardware;

    /// Whether it may play this plan, which is for its [hardware](Output::hardware): asked once, before it is armed.
    ///
    /// For driver authors: an output that was told of a plan beforehand (a stimulator with a list of its own) takes that
    /// plan and no other. All others leave this as it is; an output that wraps another passes it on.
    fn fits(&self, _plan: &Plan<'_>) -> bool {
        true
    }

    /// Whether what is behind it repeats pulses by itself, until it is told otherwise. Armed only with an alarm whose time
    /// does not [wait](crate::Alarm::waits).
    ///
    /// For driver authors: as [`Output::fits`].
    fn repeats(&self) -> bool {
        false
    }

    /// The longest that the hardware lets one level stand, in µs, where the output knows of a one-shot on its enable line
    /// ([`OneShot`](crate::OneShot)); `None` where there is none, or it is out of sight. Armed only where it is no longer and
    /// no shorter than the [setup](nmes_safety::Setup::with_one_shot_between) says, so that the report's E-STUCK-1 is the
    /// board's and no pulse is cut; not where the setup says nothing.
    ///
    /// For driver authors: as [`Output::fits`].
    fn one_shot_us(&self) -> Option<u32> {
        None
    }

    /// A frame is about to begin: its first edge comes with the next [`Output::apply`].
    ///
    /// For driver authors: an output that puts a whole pulse out by itself (a commercial stimulator, a sequencer) takes
    /// it here, lets nothing out before the call of [`Output::apply`] that follows at once, and has nothing to do at the
    /// other edges. All others leave this as it is; an output that wraps another passes it on.
    ///
    /// # Errors
    /// The output cannot put the frame out. Nothing of it has come out.
    fn begin(&mut self, _frame: &Admitted<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Puts out all edges of one instant.
    ///
    /// For driver authors: when this returns, the levels *have changed*, because the time stamp is read after it;
    /// with `has_latch`, all together. Opposite polarities are never connected at the same time: break before
    /// make. Dead time longer than the calls themselves take is in the frame as explicit open steps: do not wait
    /// here. Constant duration is worth more than short duration, because constant latency cancels.
    ///
    /// For callers: channels that are not named keep their level.
    ///
    /// # Errors
    /// A bus or pin failed, or an edge does not fit this output. The output has already tried to open every
    /// channel.
    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error>;

    /// Opens one channel.
    ///
    /// For driver authors: after an error, until [`Output::off`] has succeeded, it opens every channel instead, because which
    /// levels they have is not known then, and the error stays.
    ///
    /// # Errors
    /// A bus or pin failed, or there is no such channel. The output has already tried to open every channel.
    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error>;

    /// Opens every channel, at once, from any state, as often as it is called.
    ///
    /// For driver authors: every channel is tried whatever fails before it, and every set-point made zero; what does not depend
    /// on a bus (pins) goes first. The first error of each kind is kept.
    ///
    /// # Errors
    /// Some channel could not be opened. Nothing else can be done from here: cut the supply.
    fn off(&mut self) -> Result<(), Self::Error>;
}

impl<O: Output + ?Sized> Output for &mut O {
    type Error = O::Error;

    fn hardware(&self) -> &Hardware {
        (**self).hardware()
    }

    fn fits(&self, plan: &Plan<'_>) -> bool {
        (**self).fits(plan)
    }

    fn repeats(&self) -> bool {
        (**self).repeats()
    }

    fn one_shot_us(&self) -> Option<u32> {
        (**self).one_shot_us()
    }

    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), Self::Error> {
        (**self).begin(frame)
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
        (**self).apply(edges)
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
        (**self).channel_off(channel)
    }

    fn off(&mut self) -> Result<(), Self::Error> {
        (**self).off()
    }
}

/// The last resort of a board: every channel open, without any state.
///
/// # For board authors
/// May be called from a panic or hard-fault handler, with interrupts off, in the middle of another access to the
/// same registers, and more than once. So: registers and pins only, no bus transaction, no lock, no wait, no
/// memory but its own; enable lines first. It must be right before any initialisation has run.
///
/// # For callers
/// Reset afterwards. Outputs that were in use are out of step with what they believe.
///
/// ```
/// use nmes_hal_adapters::SafeState;
/// struct Board;
/// impl SafeState for Board {
///     fn safe_state() {
///         // GPIO.out_clear.write(ENABLE_LINES)
///     }
/// }
/// Board::safe_state();
/// ```
pub trait SafeState {
    /// Opens every channel.
    fn safe_state();
}
