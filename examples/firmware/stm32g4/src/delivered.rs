//! What was measured, against what was played: sample by sample.
//!
//! The guard of a [`Streamer`](nmes_hal_adapters::Streamer) sees no measurement. This stands beside it.

use nmes_core::{ChannelHardware, Hardware};
use nmes_hal_adapters::{Calibration, CalibrationError, Line};

/// Readings that are off in a row before it counts: 30 µs.
const IN_A_ROW: u8 = 3;
/// What a reading may be off at no current: two steps of each converter and noise.
const FLOOR_NA: i64 = 1_000_000;
/// And beyond that, as a part of what is commanded.
const PART: i64 = 8;

/// A current that is not the one that was played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What was played.
    pub commanded_na: i64,
    /// What was measured, for the third time in a row.
    pub measured_na: i64,
}

/// Holds readings against samples.
#[derive(Clone, Copy, Debug)]
pub struct Delivered {
    line: Line,
    output: ChannelHardware,
    before: i16,
    off: u8,
}

impl Delivered {
    /// Of the first channel of a calibration that was made for this output.
    ///
    /// # Errors
    /// It was made for another.
    pub fn new(calibration: &Calibration, hardware: &Hardware) -> Result<Self, CalibrationError> {
        calibration.fits(hardware)?;
        let none = CalibrationError::Channels { found: 0 };
        let line = *calibration.line(0).ok_or(none)?;
        let output = *hardware.channels().first().ok_or(none)?;
        Ok(Self { line, output, before: 0, off: 0 })
    }

    /// One half: each reading is of the sample before the one beside it, because the converter puts out at a trigger what
    /// was fetched at the trigger before.
    ///
    /// # Errors
    /// Three readings in a row are off by more than 1 mA and an eighth of what was played.
    pub fn half(&mut self, played: &[i16], readings: &[u16]) -> Result<(), Mismatch> {
        for (&sample, &reading) in played.iter().zip(readings) {
            let commanded_na = self.output.current_na(i32::from(self.before));
            self.before = sample;
            let measured_na = self.line.current_na(reading);
            let most = FLOOR_NA.saturating_add(commanded_na.saturating_abs() / PART);
            let off = measured_na.saturating_sub(commanded_na).saturating_abs() > most;
            self.off = if off { self.off.saturating_add(1) } else { 0 };
            if self.off >= IN_A_ROW {
                return Err(Mismatch { commanded_na, measured_na });
            }
        }
        Ok(())
    }
}
