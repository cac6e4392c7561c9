//! A log of everything on buses and pins, in order, whose events fail where they are told to.

extern crate std;
use core::cell::RefCell;
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{self, OutputPin};
use embedded_hal::i2c::{self, I2c};
use embedded_hal::spi::{self, Operation, SpiDevice};
use std::format;
use std::string::String;
use std::vec::Vec;

/// The events so far; the numbers of those that fail; what reads answer, the next one first.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) events: RefCell<Vec<String>>,
    pub(crate) fail: RefCell<Vec<usize>>,
    pub(crate) answers: RefCell<Vec<Vec<u8>>>,
}

impl Log {
    /// Fails the event of this number.
    pub(crate) fn failing(number: usize) -> Self {
        let log = Self::default();
        log.fail.borrow_mut().push(number);
        log
    }

    pub(crate) fn event(&self, text: String) -> Result<(), Broken> {
        let mut events = self.events.borrow_mut();
        let number = events.len();
        let broken = self.fail.borrow().contains(&number);
        events.push(if broken { text + " failed" } else { text });
        if broken { Err(Broken(number)) } else { Ok(()) }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.events.take()
    }

    fn answer(&self, bytes: &mut [u8]) {
        let mut answers = self.answers.borrow_mut();
        if answers.is_empty() {
            bytes.fill(0);
        } else {
            bytes.copy_from_slice(&answers.remove(0));
        }
    }
}

/// The number of the event that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) usize);
impl spi::Error for Broken {
    fn kind(&self) -> spi::ErrorKind {
        spi::ErrorKind::Other
    }
}
impl i2c::Error for Broken {
    fn kind(&self) -> i2c::ErrorKind {
        i2c::ErrorKind::Other
    }
}
impl digital::Error for Broken {
    fn kind(&self) -> digital::ErrorKind {
        digital::ErrorKind::Other
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

/// A device on SPI: `3FFF` is a write of two bytes, `<1900 0C` a transfer. What it takes in is logged before it answers.
pub(crate) struct Bus<'l>(pub(crate) &'l Log);
impl spi::ErrorType for Bus<'_> {
    type Error = Broken;
}
impl SpiDevice for Bus<'_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Broken> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => self.0.event(hex(bytes))?,
                Operation::TransferInPlace(bytes) => {
                    self.0.event(format!("<{}", hex(bytes)))?;
                    self.0.answer(bytes);
                }
                Operation::Read(_) | Operation::Transfer(..) | Operation::DelayNs(_) => {
                    panic!("not expected")
                }
            }
        }
        Ok(())
    }
}

/// An I2C bus: `60:0000` is a write to the part at 0x60, `60?24` a read of so many bytes.
pub(crate) struct Wire<'l>(pub(crate) &'l Log);
impl i2c::ErrorType for Wire<'_> {
    type Error = Broken;
}
impl I2c for Wire<'_> {
    fn transaction(&mut self, address: u8, operations: &mut [i2c::Operation<'_>]) -> Result<(), Broken> {
        for operation in operations {
            match operation {
                i2c::Operation::Write(bytes) => self.0.event(format!("{address:02X}:{}", hex(bytes)))?,
                i2c::Operation::Read(bytes) => {
                    self.0.event(format!("{address:02X}?{}", bytes.len()))?;
                    self.0.answer(bytes);
                }
            }
        }
        Ok(())
    }
}

pub(crate) struct Pin<'l>(pub(crate) &'static str, pub(crate) &'l Log);
impl digital::ErrorType for Pin<'_> {
    type Error = Broken;
}
impl OutputPin for Pin<'_> {
    fn set_low(&mut self) -> Result<(), Broken> {
        self.1.event(format!("{}=0", self.0))
    }
    fn set_high(&mut self) -> Result<(), Broken> {
        self.1.event(format!("{}=1", self.0))
    }
}

/// Waits are events too, which cannot fail.
pub(crate) struct Waits<'l>(pub(crate) &'l Log);
impl DelayNs for Waits<'_> {
    fn delay_ns(&mut self, ns: u32) {
        self.0.events.borrow_mut().push(format!("wait {ns}"));
    }
}
