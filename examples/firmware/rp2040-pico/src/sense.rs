//! Current and voltage at the electrodes, converted shortly before an edge ends their level.

use core::cell::Cell;

use critical_section::Mutex;
use nmes_core::Level;
use nmes_hal_adapters::Sense;
use nmes_safety::{SampleInstant, Sensed};

/// The converter's reading of no current and no voltage: the middle of twelve bits.
const MIDDLE: i64 = 2_048;
/// One step of the converter: ±102.4 mA and ±150 V over its range.
const NA_PER_STEP: i64 = 50_000;
const MV_PER_STEP: i64 = 73;

/// What was converted last, and when.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) current: u16,
    pub(crate) voltage: u16,
    pub(crate) at_tick: u64,
}

static READING: Mutex<Cell<Option<Reading>>> = Mutex::new(Cell::new(None));

/// Keeps a reading for the edge that comes next.
pub(crate) fn keep(reading: Option<Reading>) {
    critical_section::with(|cs| READING.borrow(cs).set(reading));
}

/// The measurement that the stimulator owns: each reading is given once.
pub(crate) struct AdcSense {
    level: Level,
}

impl AdcSense {
    pub(crate) const fn new() -> Self {
        Self { level: Level::Open }
    }
}

impl Sense for AdcSense {
    /// Nothing of the new level is converted yet; which it is decides what the next reading is of.
    fn sample(&mut self, _channel: u8, level: Level) -> Option<Sensed> {
        self.level = level;
        None
    }

    fn ended(&mut self, _channel: u8) -> Option<Sensed> {
        let reading = critical_section::with(|cs| READING.borrow(cs).take())?;
        let of = |steps: u16, each: i64| i64::from(steps).saturating_sub(MIDDLE).saturating_mul(each);
        let instant = match self.level {
            Level::Open | Level::Shorted => SampleInstant::Rest,
            Level::Code(_) => SampleInstant::PhaseEnd,
        };
        Some(Sensed {
            current_na: of(reading.current, NA_PER_STEP),
            voltage_mv: i32::try_from(of(reading.voltage, MV_PER_STEP)).unwrap_or(i32::MAX),
            at_tick: reading.at_tick,
            instant,
        })
    }
}
