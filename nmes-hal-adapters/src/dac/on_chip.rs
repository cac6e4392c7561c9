//! A processor's own converter, by one method.

use super::{Dac, DacError};
use core::convert::Infallible;

/// `N` channels of a processor's own DAC, or whatever else takes a code in one register write.
///
/// embedded-hal 1.0 has no trait for a DAC, so the method is a closure: channel and code in, done when it returns. It
/// cannot fail. Zero is written in `new` and on drop.
///
/// # Limitations
/// A register write takes effect at the converter's next clock, and settles within some microseconds: that is
/// `settle_ticks`. A converter that waits for a trigger has `write` take effect later, by up to one trigger: that is L.
///
/// ```
/// use nmes_hal_adapters::{Dac, OnChipDac};
/// let mut registers = [9_u16; 2]; // DAC1.dhr12r1, DAC1.dhr12r2
/// let mut dac = OnChipDac::<_, 2>::new(4_095, |channel, code| {
///     if let Some(register) = registers.get_mut(usize::from(channel)) {
///         *register = code; // dac.dhr12r1().write(|w| w.dhr().bits(code))
///     }
/// });
/// dac.write(1, 2_000)?;
/// assert!(dac.write(1, 4_096).is_err());
/// assert_eq!((dac.output(0), dac.output(1)), (Some(0), Some(2_000)));
/// drop(dac);
/// assert_eq!(registers, [0, 0]);
/// # Ok::<(), nmes_hal_adapters::DacError<core::convert::Infallible, core::convert::Infallible>>(())
/// ```
#[derive(Debug)]
pub struct OnChipDac<F: FnMut(u8, u16), const N: usize> {
    put: F,
    code_max: u16,
    output: [u16; N],
}

impl<F: FnMut(u8, u16), const N: usize> OnChipDac<F, N> {
    /// Takes the method and writes zero to each channel. `code_max` is 4,095 for twelve bits.
    pub fn new(code_max: u16, put: F) -> Self {
        const { assert!(N >= 1 && N <= nmes_core::MAX_CHANNELS, "1 to 8 channels") }
        let mut dac = Self { put, code_max, output: [0; N] };
        dac.all_to_zero();
        dac
    }

    fn all_to_zero(&mut self) {
        for (channel, output) in (0_u8..).zip(&mut self.output) {
            (self.put)(channel, 0);
            *output = 0;
        }
    }
}

impl<F: FnMut(u8, u16), const N: usize> Dac for OnChipDac<F, N> {
    type Error = DacError<Infallible, Infallible>;

    fn channels(&self) -> u8 {
        u8::try_from(N).unwrap_or(u8::MAX)
    }

    fn code_min(&self) -> i32 {
        0
    }

    fn code_max(&self) -> i32 {
        i32::from(self.code_max)
    }

    fn has_latch(&self) -> bool {
        false
    }

    fn write(&mut self, channel: u8, code: i32) -> Result<(), Self::Error> {
        let output = self.output.get_mut(usize::from(channel)).ok_or(DacError::NoChannel { channel })?;
        let fits = u16::try_from(code).ok().filter(|&code| code <= self.code_max);
        let code = fits.ok_or(DacError::Code { channel, code })?;
        (self.put)(channel, code);
        *output = code;
        Ok(())
    }

    fn latch(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn zero(&mut self) -> Result<(), Self::Error> {
        self.all_to_zero();
        Ok(())
    }

    fn output(&self, channel: u8) -> Option<i32> {
        self.output.get(usize::from(channel)).map(|&code| i32::from(code))
    }
}

impl<F: FnMut(u8, u16), const N: usize> Drop for OnChipDac<F, N> {
    fn drop(&mut self) {
        self.all_to_zero();
    }
}
