//! An H-bridge of plain pins, in which opposite switches cannot be closed together.

use embedded_hal::digital::OutputPin;

/// What a bridge does. These are the only states there are, and every change goes through [`BridgeState::Off`].
///
/// ```text
///            ┌────────► Forward
///   Off ◄────┼────────► Reverse
///            └────────► Shorted   (where the wiring can)
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BridgeState {
    /// Every switch open.
    #[default]
    Off,
    /// Current flows from the first electrode to the second.
    Forward,
    /// Current flows from the second electrode to the first.
    Reverse,
    /// Both electrodes connected to each other.
    Shorted,
}

/// Which pins are high in each state. In `Off` all are low.
#[derive(Clone, Copy, Debug)]
struct Patterns<const PINS: usize> {
    forward: [bool; PINS],
    reverse: Option<[bool; PINS]>,
    shorted: Option<[bool; PINS]>,
}

/// An H-bridge on `PINS` pins of one type (erase them: `AnyPin`, `DynPinId`, `ErasedPin`).
///
/// A state is one of four patterns, so two switches of one leg cannot be closed together; and before a pattern
/// is set, all pins are low, so they cannot overlap while changing either.
///
/// All pins are low after construction and on drop.
///
/// # Limitations
/// The pins carry logic levels, not switch positions. Where a switch takes longer to open than the code takes to
/// close the next, declare `dead_ticks` in the hardware: the plan then puts open steps in between.
///
/// ```
/// use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};
/// use nmes_hal_adapters::{BridgeState, HBridge};
/// let set = |s| Transaction::set(s);
/// let mut forward = Mock::new(&[set(State::Low), set(State::High), set(State::Low), set(State::Low)]);
/// let mut reverse = Mock::new(&[set(State::Low), set(State::Low), set(State::High), set(State::Low)]);
/// let mut bridge = HBridge::diagonal(&mut forward, &mut reverse).unwrap();
/// bridge.set(BridgeState::Forward).unwrap();
/// bridge.set(BridgeState::Reverse).unwrap(); // both low in between
/// drop(bridge); // both low
/// forward.done();
/// reverse.done();
/// ```
#[derive(Debug)]
pub struct HBridge<P: OutputPin, const PINS: usize> {
    /// In the order they close; they open the other way round.
    pins: [P; PINS],
    patterns: Patterns<PINS>,
    state: Option<BridgeState>,
}

impl<P: OutputPin> HBridge<P, 1> {
    /// One switch between a source that drives both ways and its load. Cannot reverse, and cannot short.
    ///
    /// # Errors
    /// The pin failed.
    pub fn switch(close: P) -> Result<Self, P::Error> {
        Self::new([close], Patterns { forward: [true], reverse: None, shorted: None })
    }
}

impl<P: OutputPin> HBridge<P, 2> {
    /// Two pins, each closing one diagonal. Cannot short.
    ///
    /// # Errors
    /// A pin failed; both were tried.
    pub fn diagonal(forward: P, reverse: P) -> Result<Self, P::Error> {
        let patterns = Patterns { forward: [true, false], reverse: Some([false, true]), shorted: None };
        Self::new([forward, reverse], patterns)
    }
}

impl<P: OutputPin> HBridge<P, 3> {
    /// A bridge driver with two inputs and an enable: enabled with both inputs low it shorts its load. The enable
    /// pin closes last and opens first.
    ///
    /// # Errors
    /// A pin failed; all were tried.
    pub fn with_enable(in_a: P, in_b: P, enable: P) -> Result<Self, P::Error> {
        let patterns = Patterns {
            forward: [true, false, true],
            reverse: Some([false, true, true]),
            shorted: Some([false, false, true]),
        };
        Self::new([in_a, in_b, enable], patterns)
    }
}

impl<P: OutputPin> HBridge<P, 4> {
    /// Four switches; low sides close first and open last. Shorts through both low sides.
    ///
    /// # Errors
    /// A pin failed; all were tried.
    pub fn four_switch(low_a: P, low_b: P, high_a: P, high_b: P) -> Result<Self, P::Error> {
        let patterns = Patterns {
            forward: [false, true, true, false],
            reverse: Some([true, false, false, true]),
            shorted: Some([true, true, false, false]),
        };
        Self::new([low_a, low_b, high_a, high_b], patterns)
    }
}

impl<P: OutputPin, const PINS: usize> HBridge<P, PINS> {
    fn new(pins: [P; PINS], patterns: Patterns<PINS>) -> Result<Self, P::Error> {
        let mut bridge = Self { pins, patterns, state: None };
        bridge.open()?;
        Ok(bridge)
    }

    /// Whether [`BridgeState::Reverse`] exists in this wiring.
    pub const fn can_reverse(&self) -> bool {
        self.patterns.reverse.is_some()
    }

    /// Whether [`BridgeState::Shorted`] exists in this wiring.
    pub const fn can_short(&self) -> bool {
        self.patterns.shorted.is_some()
    }

    /// The present state; `None` when a pin failed and it is unknown.
    pub const fn state(&self) -> Option<BridgeState> {
        self.state
    }

    /// Goes to a state through [`BridgeState::Off`]; does nothing if it is there already. A wiring that cannot
    /// have it stays off instead: ask [`HBridge::can_short`] and [`HBridge::can_reverse`] first.
    ///
    /// # Errors
    /// A pin failed. Every pin has been set low again, as far as it can be.
    pub fn set(&mut self, state: BridgeState) -> Result<(), P::Error> {
        if self.state == Some(state) {
            return Ok(());
        }
        if self.state != Some(BridgeState::Off) {
            self.open()?;
        }
        let Some(pattern) = self.pattern(state) else { return Ok(()) };
        self.state = None;
        match self.close(pattern) {
            Ok(()) => self.state = Some(state),
            Err(error) => {
                let _ = self.open();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Sets every pin low, in any case, the last one to close first; every pin is tried.
    ///
    /// # Errors
    /// The first pin that failed.
    pub fn open(&mut self) -> Result<(), P::Error> {
        let mut first = Ok(());
        for pin in self.pins.iter_mut().rev() {
            let low = pin.set_low();
            first = first.and(low);
        }
        self.state = first.is_ok().then_some(BridgeState::Off);
        first
    }

    const fn pattern(&self, state: BridgeState) -> Option<[bool; PINS]> {
        match state {
            BridgeState::Off => None,
            BridgeState::Forward => Some(self.patterns.forward),
            BridgeState::Reverse => self.patterns.reverse,
            BridgeState::Shorted => self.patterns.shorted,
        }
    }

    fn close(&mut self, pattern: [bool; PINS]) -> Result<(), P::Error> {
        for (pin, high) in self.pins.iter_mut().zip(pattern) {
            if high {
                pin.set_high()?;
            }
        }
        Ok(())
    }
}

impl<P: OutputPin, const PINS: usize> Drop for HBridge<P, PINS> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.open();
    }
}
