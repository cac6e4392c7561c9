//! Current and voltage at the electrodes, converted shortly before an edge ends their level.

use core::cell::Cell;

use critical_section::Mutex;
use nmes_core::Hardware;
use nmes_hal_adapters::{AdcSense, Calibration, CalibrationError, Reading};

use crate::session::CALIBRATION;

static READING: Mutex<Cell<Option<Reading>>> = Mutex::new(Cell::new(None));

/// Keeps a reading for the edge that comes next.
pub(crate) fn keep(reading: Option<Reading>) {
    critical_section::with(|cs| READING.borrow(cs).set(reading));
}

fn take(_channel: u8) -> Option<Reading> {
    critical_section::with(|cs| READING.borrow(cs).take())
}

/// The measurement that the stimulator owns.
pub(crate) type BoardSense = AdcSense<fn(u8) -> Option<Reading>>;

/// The measurement for an output of this board, by the calibration in its memory.
pub(crate) fn sense(hardware: &Hardware) -> Result<BoardSense, CalibrationError> {
    AdcSense::new(Calibration::decode(&CALIBRATION)?, hardware, take)
}
