//! What starts the board again when nothing runs any more.

use embedded_hal::digital::StatefulOutputPin;

/// A hardware watchdog.
///
/// # For driver authors
/// Once started it cannot be stopped by software, a debugger's halt included where the part can be told so. The reset
/// it makes leaves every output open: that is the board's wiring, not this trait's (see `docs/porting.md`).
///
/// # For callers
/// Feed it in one place: [`Stimulator::on_tick_watched`](crate::Stimulator::on_tick_watched), which feeds only after a
/// tick in which nothing had stopped, so it needs edge path, guard and slow side all alive. Never from an interrupt of
/// its own. Where [`Watchdog::caused_reset`] says true at start-up, arm nothing until the power was off.
///
/// # Limitations
/// It acts after tens of milliseconds: many pulses. What bounds a single level is the [`Enable`](crate::Enable).
pub trait Watchdog {
    /// The longest time between two feeds, in microseconds: at least two intervals of `on_tick`.
    fn timeout_us(&self) -> u32;

    /// Whether this start of the board was its doing.
    fn caused_reset(&self) -> bool;

    /// Starts its time from now. A part that cannot be fed resets the board, so there is nothing to report.
    fn feed(&mut self);
}

impl<W: Watchdog + ?Sized> Watchdog for &mut W {
    fn timeout_us(&self) -> u32 {
        (**self).timeout_us()
    }

    fn caused_reset(&self) -> bool {
        (**self).caused_reset()
    }

    fn feed(&mut self) {
        (**self).feed();
    }
}

/// A supervisor beside the processor (a TPS3823 or MAX6369, say) that is fed by every change of a pin.
///
/// It has a clock and a reference of its own, so it also acts when the processor's clock stops.
///
/// ```
/// use embedded_hal_mock::eh1::digital::{Mock, Transaction};
/// use nmes_hal_adapters::{PinWatchdog, Watchdog};
/// let mut pin = Mock::new(&[Transaction::toggle(), Transaction::toggle()]);
/// let mut watchdog = PinWatchdog::new(&mut pin, 200_000, false);
/// watchdog.feed();
/// watchdog.feed();
/// pin.done();
/// ```
#[derive(Debug)]
pub struct PinWatchdog<P: StatefulOutputPin> {
    pin: P,
    timeout_us: u32,
    caused_reset: bool,
}

impl<P: StatefulOutputPin> PinWatchdog<P> {
    /// Takes the pin, and leaves it as it is: the first change is the first [`Watchdog::feed`]. `caused_reset` is what
    /// the board knows of its start: from a latch at the supervisor, or the reset-reason register.
    pub const fn new(pin: P, timeout_us: u32, caused_reset: bool) -> Self {
        Self { pin, timeout_us, caused_reset }
    }
}

impl<P: StatefulOutputPin> Watchdog for PinWatchdog<P> {
    fn timeout_us(&self) -> u32 {
        self.timeout_us
    }

    fn caused_reset(&self) -> bool {
        self.caused_reset
    }

    fn feed(&mut self) {
        // a pin that does not move is a watchdog that is not fed, which is the safe side
        let _ = self.pin.toggle();
    }
}
