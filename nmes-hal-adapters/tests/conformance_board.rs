//! The board of the conformance suite hands over what a bus does in the order in which the bus does it.
#![allow(clippy::unwrap_used, reason = "tests: a panic here is a failed test")]

use embedded_hal::i2c::{I2c, Operation as I2cOperation};
use embedded_hal::spi::{Operation, SpiDevice};
use nmes_core::Level;
use nmes_hal_adapters::conformance::{Board, Chip};

/// A part whose register is read where the last write pointed.
#[derive(Default)]
struct Pointed {
    calls: Vec<String>,
    pointer: u8,
}

impl Pointed {
    fn wrote(&mut self, bytes: &[u8]) {
        self.calls.push(format!("write {bytes:?}"));
        self.pointer = *bytes.first().unwrap();
    }

    fn read(&mut self, buffer: &mut [u8]) {
        self.calls.push(format!("read {}", buffer.len()));
        buffer.fill(self.pointer);
    }
}

impl Chip for Pointed {
    fn spi(&mut self, _bus: u8, bytes: &[u8]) {
        self.wrote(bytes);
    }
    fn spi_read(&mut self, _bus: u8, buffer: &mut [u8]) {
        self.read(buffer);
    }
    fn i2c(&mut self, _address: u8, bytes: &[u8]) {
        self.wrote(bytes);
    }
    fn i2c_read(&mut self, _address: u8, buffer: &mut [u8]) {
        self.read(buffer);
    }
    fn level(&self, _channel: u8) -> Option<Level> {
        None
    }
    fn is_closed(&self, _channel: u8) -> bool {
        false
    }
    fn set_point(&self, _channel: u8) -> Option<i32> {
        None
    }
}

/// REQ-HAL-473: what is written before a read of the same I2C transaction reaches the model before it; what is written in a row
/// arrives as one write.
#[test]
fn an_i2c_read_answers_what_was_written_before_it() {
    let board = Board::new(Pointed::default(), 1);
    let mut bus = board.i2c();
    let mut answer = [0; 2];
    bus.write_read(0x60, &[7], &mut answer).unwrap();
    assert_eq!(answer, [7; 2]);
    let (mut first, mut second) = ([0; 1], [0; 3]);
    let mut operations = [
        I2cOperation::Write(&[1, 2]),
        I2cOperation::Write(&[3]),
        I2cOperation::Read(&mut first),
        I2cOperation::Write(&[9]),
        I2cOperation::Read(&mut second),
        I2cOperation::Write(&[5]),
    ];
    bus.transaction(0x60, &mut operations).unwrap();
    assert_eq!((first, second), ([1], [9; 3]));
    let calls = board.with(|part| std::mem::take(&mut part.calls));
    let expected = ["write [7]", "read 2", "write [1, 2, 3]", "read 1", "write [9]", "read 3", "write [5]"];
    assert_eq!(calls, expected);
}

/// REQ-HAL-473: so on SPI, where a transfer both ways answers what was written before it and then writes; a transaction that only
/// reads writes nothing.
#[test]
fn an_spi_read_answers_what_was_written_before_it() {
    let board = Board::new(Pointed::default(), 1);
    let mut device = board.spi(0);
    let mut answer = [0; 2];
    device.transaction(&mut [Operation::Write(&[7]), Operation::Read(&mut answer)]).unwrap();
    assert_eq!(answer, [7; 2]);
    let (mut both, mut in_place) = ([0; 2], [6, 0]);
    device.transfer(&mut both, &[4, 0]).unwrap();
    device.transfer_in_place(&mut in_place).unwrap();
    device.read(&mut answer).unwrap();
    assert_eq!((both, in_place, answer), ([7; 2], [4; 2], [6; 2]));
    let mut tail = [0; 1];
    let mut operations = [
        Operation::Write(&[1]),
        Operation::DelayNs(10),
        Operation::Write(&[2]),
        Operation::Transfer(&mut tail, &[3]),
        Operation::Write(&[8]),
    ];
    device.transaction(&mut operations).unwrap();
    assert_eq!(tail, [1]);
    let calls = board.with(|part| std::mem::take(&mut part.calls)).join(", ");
    let transfers = "read 2, write [4, 0], read 2, write [6, 0], read 2";
    assert_eq!(calls, format!("write [7], read 2, {transfers}, write [1, 2], read 1, write [3, 8]"));
}
