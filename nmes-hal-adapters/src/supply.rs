//! The supply rail of an output stage: when it is up, and how it goes down.

use core::fmt::Debug;

use embedded_hal::digital::{InputPin, OutputPin};
use nmes_core::{Hardware, Plan};
use nmes_safety::{Admitted, AdmittedEdge};

use crate::layer::LayerError;
use crate::output::Output;

/// The rail that an output stage drives from, 60 to 150 V as a rule.
///
/// # For driver authors
/// A new part is discharged, and stays so until [`Supply::charge`]; it discharges on drop. [`Supply::ready`] is asked
/// at every edge: it reads what is known, takes a constant time and does not wait. `discharge` stops the charging
/// first and then bleeds; it works in any state, as often as it is called.
///
/// # For callers
/// Charge before `arm`, put nothing out before [`Supply::ready`] has said true, and discharge at the end and whenever
/// an output cannot be opened: it is what is left then. [`Powered`] does the last two.
///
/// # Limitations
/// After `discharge` the rail falls with the time constant of the bleeder: how long it is dangerous is the board's, and
/// belongs into its documentation. A rail that sags within a phase shows as less current than was commanded, which
/// [`Sense`](crate::Sense) sees, not as `ready`.
pub trait Supply {
    /// What can go wrong.
    type Error: Debug;

    /// Begins to charge the rail.
    ///
    /// # Errors
    /// The part failed; it has tried to discharge.
    fn charge(&mut self) -> Result<(), Self::Error>;

    /// Whether the rail is where the hardware record needs it to be.
    ///
    /// # Errors
    /// Nobody can tell: the same as no.
    fn ready(&mut self) -> Result<bool, Self::Error>;

    /// Stops charging and bleeds the rail.
    ///
    /// # Errors
    /// A pin failed; both were tried.
    fn discharge(&mut self) -> Result<(), Self::Error>;
}

impl<U: Supply + ?Sized> Supply for &mut U {
    type Error = U::Error;

    fn charge(&mut self) -> Result<(), U::Error> {
        (**self).charge()
    }

    fn ready(&mut self) -> Result<bool, U::Error> {
        (**self).ready()
    }

    fn discharge(&mut self) -> Result<(), U::Error> {
        (**self).discharge()
    }
}

/// What failed of a [`PinSupply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinSupplyError<OUT, IN> {
    /// A pin of the converter's or the bleeder's control.
    Control(OUT),
    /// The pin that reads whether the rail is up.
    Good(IN),
}

impl<OUT: Debug, IN: Debug> core::fmt::Display for PinSupplyError<OUT, IN> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Control(pin) => write!(f, "a pin that controls the supply failed: {pin:?}"),
            Self::Good(pin) => write!(f, "the pin that tells whether the supply is up failed: {pin:?}"),
        }
    }
}

impl<OUT: Debug, IN: Debug> core::error::Error for PinSupplyError<OUT, IN> {}

/// A boost converter with an enable pin, a bleeder that conducts while its pin is *low* (so that a processor in reset
/// discharges), and a comparator that is high while the rail is up.
///
/// # Order
/// `new`, `discharge` and drop: converter off, then bleeder on. `charge`: bleeder off, then converter on.
#[derive(Debug)]
pub struct PinSupply<P: OutputPin, G: InputPin> {
    converter: P,
    hold: P,
    good: G,
}

impl<P: OutputPin, G: InputPin> PinSupply<P, G> {
    /// Takes the pins: `converter` high charges, `hold` low bleeds, `good` is high while the rail is up. Discharges.
    ///
    /// # Errors
    /// A pin failed; both were tried, and are tried again as the value is dropped.
    pub fn new(converter: P, hold: P, good: G) -> Result<Self, PinSupplyError<P::Error, G::Error>> {
        let mut supply = Self { converter, hold, good };
        supply.discharge()?;
        Ok(supply)
    }
}

impl<P: OutputPin, G: InputPin> Supply for PinSupply<P, G> {
    type Error = PinSupplyError<P::Error, G::Error>;

    fn charge(&mut self) -> Result<(), Self::Error> {
        let done = self.hold.set_high().and_then(|()| self.converter.set_high());
        done.map_err(|pin| {
            let _ = self.discharge();
            PinSupplyError::Control(pin)
        })
    }

    fn ready(&mut self) -> Result<bool, Self::Error> {
        self.good.is_high().map_err(PinSupplyError::Good)
    }

    fn discharge(&mut self) -> Result<(), Self::Error> {
        let off = self.converter.set_low();
        let bleed = self.hold.set_low();
        off.and(bleed).map_err(PinSupplyError::Control)
    }
}

impl<P: OutputPin, G: InputPin> Drop for PinSupply<P, G> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.discharge();
    }
}

/// An output that drives only while its supply is up, and whose supply is cut when it cannot be opened.
///
/// # Order
/// [`Output::apply`]: asks the supply, then puts the edges out. [`Output::off`]: the output; if that fails, the supply is
/// discharged. On drop: the output's own drop, then discharge.
///
/// After an error no edge is taken until [`Output::off`] has succeeded.
///
/// The time that [`Supply::ready`] takes is part of every edge. The supply is charged by hand, with
/// [`Powered::supply`], before `arm`.
#[derive(Debug)]
pub struct Powered<O: Output, U: Supply> {
    output: O,
    supply: Discharged<U>,
    stopped: bool,
}

/// Discharges on drop.
#[derive(Debug)]
struct Discharged<U: Supply>(U);

impl<U: Supply> Drop for Discharged<U> {
    fn drop(&mut self) {
        let _ = self.0.discharge();
    }
}

impl<O: Output, U: Supply> Powered<O, U> {
    /// Joins the two, which are safe already.
    pub const fn new(output: O, supply: U) -> Self {
        Self { output, supply: Discharged(supply), stopped: false }
    }

    /// The supply, to charge it and to ask whether it is up.
    pub const fn supply(&mut self) -> &mut U {
        &mut self.supply.0
    }

    /// The output, to look at.
    #[must_use]
    pub const fn output(&self) -> &O {
        &self.output
    }

    fn cut_where_not_open(
        &mut self,
        opened: Result<(), O::Error>,
    ) -> Result<(), LayerError<O::Error, U::Error>> {
        let Err(output) = opened else { return Ok(()) };
        LayerError::both(Err(output), self.supply.0.discharge())
    }
}

impl<O: Output, U: Supply> Output for Powered<O, U> {
    type Error = LayerError<O::Error, U::Error>;

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

    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), Self::Error> {
        self.output.begin(frame).map_err(LayerError::Output)
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
        if self.stopped {
            return Err(LayerError::Stopped);
        }
        let why = match self.supply.0.ready() {
            Ok(true) => return self.output.apply(edges).map_err(LayerError::Output),
            Ok(false) => LayerError::NotReady,
            Err(part) => LayerError::Part(part),
        };
        self.stopped = true;
        let opened = self.output.off();
        self.cut_where_not_open(opened)?;
        Err(why)
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
        self.output.channel_off(channel).map_err(LayerError::Output)
    }

    fn off(&mut self) -> Result<(), Self::Error> {
        let opened = self.output.off();
        let done = self.cut_where_not_open(opened);
        self.stopped = done.is_err();
        done
    }
}
