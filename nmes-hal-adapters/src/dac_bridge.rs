//! A converter and bridges, or switches, as an [`Output`].

use crate::bridge::{BridgeState, HBridge};
use crate::dac::Dac;
use crate::error::Error;
use crate::output::Output;
use core::fmt;
use embedded_hal::digital::OutputPin;
use nmes_core::{ChannelHardware, Hardware, Level, Rest};
use nmes_safety::AdmittedEdge;

type Fault<D, P> = Error<<D as Dac>::Error, <P as embedded_hal::digital::ErrorType>::Error>;

/// `N` channels, each a channel of a [`Dac`] and a bridge of `PINS` pins. A DAC that only knows magnitudes leaves the sign to
/// the bridge; behind one that drives both ways a switch is enough.
///
/// | level | DAC | bridge | DAC of both signs | its switch or bridge |
/// |---|---|---|---|---|
/// | [`Level::Open`] | 0 | off | 0 | off |
/// | [`Level::Shorted`] | 0 | shorted | 0 | shorted |
/// | [`Level::Code`] above 0 | code | forward | code | forward |
/// | [`Level::Code`] below 0 | −code | reverse | code | forward |
/// | [`Level::Code`] 0 | 0 | as it is; forward if it was off or shorted | 0 | forward |
///
/// # Order
/// The edges of one instant are put out in four steps, each for every channel before the next:
/// 1. where a bridge changes, its DAC goes to zero: all are written, then one latch;
/// 2. those bridges open, and
/// 3. close the other way, with no current asked for;
/// 4. the codes are written, then one latch. A code that is already out is not written again.
///
/// [`Output::off`] is the other way round: bridges first, because pins do not wait for a bus, then the DACs. A bridge
/// that opens under current makes the source run to its rail, which is why step 1 exists and why the DACs are zeroed
/// after an `off` too.
///
/// # Limitations
/// The time from step 1 to step 4 is taken from the new phase. It is the same at every such edge; declare it, and
/// what the switches need, as `dead_ticks`, or accept the error it makes in asymmetric pulses.
///
/// After an error, of [`Output::off`] too, [`Output::apply`] is refused until [`DacBridge::restart`]: an `off` that succeeds opens
/// everything, and does not end that. On drop the bridges open, then the DACs go to zero.
#[derive(Debug)]
pub struct DacBridge<D: Dac, P: OutputPin, const PINS: usize, const N: usize> {
    // dropped in this order: pins before the bus
    bridges: [HBridge<P, PINS>; N],
    dac: D,
    hardware: Hardware,
    stopped: bool,
}

/// A hardware record that the parts cannot fulfil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WiringError {
    /// The record has another number of channels than there are bridges, or more than the DAC has.
    Channels {
        /// Channels of the record.
        declared: u8,
    },
    /// A code of the record is beyond the DAC's: of both signs, where the bridge makes the sign.
    CodeRange {
        /// The channel.
        channel: u8,
        /// The code of the record.
        code: i32,
        /// The nearest that the DAC has.
        limit: i32,
    },
    /// The DAC knows no sign, and the bridge is a switch.
    CannotReverse {
        /// The channel.
        channel: u8,
    },
    /// The record promises a latch for two channels, and there is no LDAC pin.
    NoLatch,
    /// The record rests shorted, and the bridge cannot short.
    CannotShort {
        /// The channel.
        channel: u8,
    },
}

impl fmt::Display for WiringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channels { declared } => {
                write!(
                    f,
                    "the hardware record has {declared} channels, another number than there are bridges, or more than the DAC"
                )
            }
            Self::CodeRange { channel, code, limit } => write!(
                f,
                "channel {channel}: the hardware record has the code {code}, beyond the converter's {limit}"
            ),
            Self::CannotReverse { channel } => {
                write!(f, "channel {channel}: the DAC knows no sign, and a switch cannot turn it round")
            }
            Self::NoLatch => {
                f.write_str("the hardware record has a latch for two channels, but no LDAC pin is given")
            }
            Self::CannotShort { channel } => {
                write!(f, "channel {channel}: the hardware record rests shorted, which this bridge cannot")
            }
        }
    }
}

impl core::error::Error for WiringError {}

impl<D: Dac, P: OutputPin, const PINS: usize, const N: usize> DacBridge<D, P, PINS, N> {
    /// Joins the parts, which are safe already: bridge `n` belongs to DAC `n`.
    ///
    /// # Errors
    /// The record promises what the parts cannot do. The parts are dropped, and so safe.
    pub fn new(dac: D, bridges: [HBridge<P, PINS>; N], hardware: Hardware) -> Result<Self, WiringError> {
        check_wiring(&hardware, &dac, &bridges)?;
        Ok(Self { bridges, dac, hardware, stopped: false })
    }

    /// Opens everything and, if that succeeds, takes edges again after an error.
    ///
    /// # Errors
    /// Something could not be opened; the output stays stopped.
    pub fn restart(&mut self) -> Result<(), Fault<D, P>> {
        self.stopped = true;
        self.all_off()?;
        self.stopped = false;
        Ok(())
    }

    /// Puts levels out, in the order of the type's documentation; on an error everything is opened.
    pub(crate) fn put<I>(&mut self, edges: I) -> Result<(), Fault<D, P>>
    where
        I: Iterator<Item = (u8, Level)> + Clone,
    {
        if self.stopped {
            return Err(Error::Stopped);
        }
        self.try_put(edges).map_err(|error| {
            self.stopped = true;
            match self.all_off() {
                Ok(()) => error,
                Err(later) => error.with(later),
            }
        })
    }

    fn try_put<I>(&mut self, edges: I) -> Result<(), Fault<D, P>>
    where
        I: Iterator<Item = (u8, Level)> + Clone,
    {
        for (channel, level) in edges.clone() {
            self.check(channel, level)?;
        }
        self.quiet(edges.clone())?;
        for (channel, level) in edges.clone() {
            let state = self.bridge_state(channel, level)?;
            self.bridge(channel)?.set(state).map_err(Error::Pin)?;
        }
        self.set_codes(edges)
    }

    /// Step 1: zero where a bridge is going to change.
    fn quiet<I: Iterator<Item = (u8, Level)>>(&mut self, edges: I) -> Result<(), Fault<D, P>> {
        let mut written = false;
        for (channel, level) in edges {
            let state = self.bridge_state(channel, level)?;
            if self.bridge(channel)?.state() != Some(state) {
                written |= self.write(channel, 0)?;
            }
        }
        if written { self.dac.latch().map_err(Error::Dac) } else { Ok(()) }
    }

    /// Step 4.
    fn set_codes<I: Iterator<Item = (u8, Level)>>(&mut self, edges: I) -> Result<(), Fault<D, P>> {
        let mut written = false;
        for (channel, level) in edges {
            written |= self.write(channel, self.code(level))?;
        }
        if written { self.dac.latch().map_err(Error::Dac) } else { Ok(()) }
    }

    /// Whether something was written: not if it is out already.
    fn write(&mut self, channel: u8, code: i32) -> Result<bool, Fault<D, P>> {
        if self.dac.output(channel) == Some(code) {
            return Ok(false);
        }
        self.dac.write(channel, code).map(|()| true).map_err(Error::Dac)
    }

    /// The DAC's code of a level, which was checked against the hardware, whose range fits the DAC.
    fn code(&self, level: Level) -> i32 {
        match level {
            Level::Open | Level::Shorted => 0,
            Level::Code(code) if drives_both_ways(&self.dac) => code,
            Level::Code(code) => code.saturating_abs(),
        }
    }

    fn check(&mut self, channel: u8, level: Level) -> Result<(), Fault<D, P>> {
        let limits = *self.hardware.channel(channel).ok_or(Error::NoChannel { channel })?;
        let can_short = self.bridge(channel)?.can_short();
        match level {
            Level::Open => Ok(()),
            Level::Shorted if can_short => Ok(()),
            Level::Shorted => Err(Error::CannotShort { channel }),
            Level::Code(code) if (limits.code_min..=limits.code_max).contains(&code) => Ok(()),
            Level::Code(code) => Err(Error::Code { channel, code }),
        }
    }

    fn bridge(&mut self, channel: u8) -> Result<&mut HBridge<P, PINS>, Fault<D, P>> {
        self.bridges.get_mut(usize::from(channel)).ok_or(Error::NoChannel { channel })
    }

    fn bridge_state(&mut self, channel: u8, level: Level) -> Result<BridgeState, Fault<D, P>> {
        let present = self.bridge(channel)?.state();
        Ok(match level {
            Level::Open => BridgeState::Off,
            Level::Shorted => BridgeState::Shorted,
            Level::Code(_) if drives_both_ways(&self.dac) => BridgeState::Forward,
            Level::Code(code) if code < 0 => BridgeState::Reverse,
            Level::Code(0) if present == Some(BridgeState::Reverse) => BridgeState::Reverse,
            Level::Code(_) => BridgeState::Forward,
        })
    }

    fn all_off(&mut self) -> Result<(), Fault<D, P>> {
        let mut first = Ok(());
        for bridge in &mut self.bridges {
            first = Error::join(first, bridge.open().map_err(Error::Pin));
        }
        Error::join(first, self.dac.zero().map_err(Error::Dac))
    }
}

fn drives_both_ways(dac: &impl Dac) -> bool {
    dac.code_min() < 0
}

/// Behind one that knows no sign the bridge makes it.
fn codes_fit(channel: u8, limits: &ChannelHardware, dac: &impl Dac) -> Result<(), WiringError> {
    let most = dac.code_max();
    let least = if drives_both_ways(dac) { dac.code_min() } else { most.saturating_neg() };
    if limits.code_min < least {
        return Err(WiringError::CodeRange { channel, code: limits.code_min, limit: least });
    }
    if limits.code_max > most {
        return Err(WiringError::CodeRange { channel, code: limits.code_max, limit: most });
    }
    Ok(())
}

fn check_wiring<D: Dac, P: OutputPin, const PINS: usize>(
    hardware: &Hardware,
    dac: &D,
    bridges: &[HBridge<P, PINS>],
) -> Result<(), WiringError> {
    let declared = hardware.channel_count();
    if usize::from(declared) != bridges.len() || declared > dac.channels() {
        return Err(WiringError::Channels { declared });
    }
    let timing = hardware.timing();
    if timing.has_latch && declared > 1 && !dac.has_latch() {
        return Err(WiringError::NoLatch);
    }
    let both_ways = drives_both_ways(dac);
    let shorts = timing.gap_rest == Rest::Shorted || timing.pulse_rest == Rest::Shorted;
    for (channel, (limits, bridge)) in (0_u8..).zip(hardware.channels().iter().zip(bridges)) {
        codes_fit(channel, limits, dac)?;
        if !both_ways && !bridge.can_reverse() {
            return Err(WiringError::CannotReverse { channel });
        }
        if shorts && !bridge.can_short() {
            return Err(WiringError::CannotShort { channel });
        }
    }
    Ok(())
}

impl<D: Dac, P: OutputPin, const PINS: usize, const N: usize> Output for DacBridge<D, P, PINS, N> {
    type Error = Fault<D, P>;

    fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
        self.put(edges.iter().map(|edge| (edge.channel(), edge.level())))
    }

    /// A stopped output is opened altogether.
    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
        if self.stopped {
            return self.all_off();
        }
        self.put(core::iter::once((channel, Level::Open)))
    }

    fn off(&mut self) -> Result<(), Self::Error> {
        let result = self.all_off();
        self.stopped |= result.is_err();
        result
    }
}
