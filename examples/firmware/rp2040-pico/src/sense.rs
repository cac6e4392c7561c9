//! Current and voltage at the electrodes, converted shortly before an edge ends their level.

use core::cell::Cell;

use critical_section::Mutex;
use nmes_core::Hardware;
use nmes_hal_adapters::{AdcSense, Calibration, CalibrationError, Line, Reading};

/// Twelve bits: no current and no voltage in the middle, ±102.4 mA and ±150 V over the range. A device keeps the line that
/// was found on its own bench, as bytes, and decodes it here.
const LINE: Line =
    Line { current_zero: 2_048, na_per_step: 50_000, voltage_zero: 2_048, mv_per_1024: 74_752 };

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

/// The measurement for an output of this board.
pub(crate) fn sense(hardware: &Hardware) -> Result<BoardSense, CalibrationError> {
    let calibration = Calibration::new(&[LINE], hardware.calibration_crc())?;
    AdcSense::new(calibration, hardware, take)
}
