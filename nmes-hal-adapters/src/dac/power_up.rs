//! The EEPROM of a converter, which decides what it drives between power and the first instruction.

use super::DacError;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use nmes_safety::records::OffPermit;

/// The longest write cycle of an MCP4725 and an MCP4728, in milliseconds (DS22039D and DS22187E,
/// "Electrical Characteristics").
const WRITE_CYCLE_MS: u32 = 50;

/// Fails where a channel powers up with another code than zero.
pub(super) fn powers_up_at_zero<BUS, PIN>(channel: u8, code: u16) -> Result<(), DacError<BUS, PIN>> {
    if code == 0 { Ok(()) } else { Err(DacError::PowersUpDriving { channel, code }) }
}

/// Sends a command that writes the EEPROM, and waits until it is over. Only while the output is off.
pub(super) fn store<I2C: I2c>(
    i2c: &mut I2C,
    delay: &mut impl DelayNs,
    address: u8,
    command: &[u8],
    _off: OffPermit<'_>,
) -> Result<(), I2C::Error> {
    i2c.write(address, command)?;
    delay.delay_ms(WRITE_CYCLE_MS);
    Ok(())
}
