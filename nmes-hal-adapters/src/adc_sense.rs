//! Current and voltage from a converter, by a calibration.

use crate::calibration::{Calibration, CalibrationError};
use crate::sense::{Contact, Sense};
use nmes_core::{Hardware, Level, MAX_CHANNELS};
use nmes_safety::{SampleInstant, Sensed};

/// One conversion of both quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the converter read for the current.
    pub current: u16,
    /// And for the voltage.
    pub voltage: u16,
    /// When, in ticks of the edge clock.
    pub at_tick: u64,
}

/// [`Sense`] over any converter: a closure hands each finished reading over once, and a calibration says what it means.
///
/// embedded-hal 1.0 has no trait for an ADC. Readings are converted shortly before the edge that ends a level, by whoever
/// waits for that edge (the interrupt of the edges, or a timer that triggers the converter); the closure only takes the
/// newest one out of its place. So a reading is of the level that the edge ends, at the phase's end. Between trains no edge comes:
/// convert before each call of the slow side too, and a rest is measured as long as it lasts.
///
/// # What is refused, and what is not found
/// Without a whole calibration for this very output there is no value of this type, and so no
/// [`Stimulator::arm`](crate::Stimulator::arm). A reading at the end of the converter's range is given as it is: it is far
/// off what was commanded, or rightly too much.
///
/// A closure that answers `None` has nothing. Readings that came and then stop are a fault, by the guard's count of pulses.
/// **Readings that never come are a fault only where the check was promised them**, by
/// [`Setup::with_measurement`](nmes_safety::Setup::with_measurement): without it the guard takes silence from the start for a
/// board that does not measure, as with [`NoSense`](crate::NoSense). So a board with this type gives its setup that promise.
///
/// # Limitations
/// One reading is of one channel. Where several channels share a converter, convert the one whose edge comes next.
///
/// ```
/// use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Level};
/// use nmes_hal_adapters::{AdcSense, Calibration, Line, Reading, Sense};
/// let dac = ChannelHardware::symmetric(25_000, -4_095, 4_095);
/// let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0x1234).unwrap();
/// let line = Line { current_zero: 2_048, na_per_step: 50_000, voltage_zero: 2_048, mv_per_1024: 74_752 };
/// let calibration = Calibration::new(&[line], 0x1234).unwrap();
/// let mut newest = Some(Reading { current: 2_448, voltage: 2_322, at_tick: 7 });
/// let mut sense = AdcSense::new(calibration, &hardware, |_channel| newest.take()).unwrap();
/// assert!(sense.sample(0, Level::Code(800)).is_none()); // of the new level nothing is converted yet
/// let ended = sense.ended(0).unwrap();
/// assert_eq!((ended.current_na, ended.voltage_mv), (20_000_000, 20_002));
/// assert!(sense.ended(0).is_none()); // a reading is given once
/// ```
#[derive(Debug)]
pub struct AdcSense<F: FnMut(u8) -> Option<Reading>> {
    calibration: Calibration,
    newest: F,
    levels: [Level; MAX_CHANNELS],
    contact: Contact,
}

impl<F: FnMut(u8) -> Option<Reading>> AdcSense<F> {
    /// Joins a calibration and a source of readings, for one output.
    ///
    /// # Errors
    /// The calibration is for another output.
    pub fn new(calibration: Calibration, hardware: &Hardware, newest: F) -> Result<Self, CalibrationError> {
        calibration.fits(hardware)?;
        Ok(Self { calibration, newest, levels: [Level::Open; MAX_CHANNELS], contact: Contact::Unknown })
    }

    /// What a probe of the electrodes came to, for all channels; unknown until told.
    pub const fn set_contact(&mut self, contact: Contact) {
        self.contact = contact;
    }
}

impl<F: FnMut(u8) -> Option<Reading>> Sense for AdcSense<F> {
    fn sample(&mut self, channel: u8, level: Level) -> Option<Sensed> {
        if let Some(present) = self.levels.get_mut(usize::from(channel)) {
            *present = level;
        }
        None
    }

    fn ended(&mut self, channel: u8) -> Option<Sensed> {
        let reading = (self.newest)(channel)?;
        let line = self.calibration.line(channel)?;
        let drives = |level: &&Level| matches!(level, Level::Code(code) if *code != 0);
        let driven = self.levels.get(usize::from(channel)).filter(drives).is_some();
        Some(Sensed {
            current_na: line.current_na(reading.current),
            voltage_mv: line.voltage_mv(reading.voltage),
            at_tick: reading.at_tick,
            instant: if driven { SampleInstant::PhaseEnd } else { SampleInstant::Rest },
        })
    }

    fn resting(&mut self, channel: u8) -> Option<Sensed> {
        self.ended(channel).filter(|sensed| sensed.instant == SampleInstant::Rest)
    }

    /// The output rests, whatever level a session before was cut at.
    fn arming(&mut self, _now: u64) {
        self.levels = [Level::Open; MAX_CHANNELS];
    }

    fn contact(&mut self, _channel: u8) -> Contact {
        self.contact
    }
}
