//! How long the latch pin of a converter is low.

#![expect(clippy::arithmetic_side_effects, reason = "tests; a panic is a failure")]

extern crate std;
use crate::dac::*;
use crate::test_log::{Bus, Log, Waits, Wire};
use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, OutputPin};
use std::vec;
use std::vec::Vec;

/// A pin on which a write takes `write_ns`; the level changes as it ends. Keeps the lengths of its low pulses, in ns.
#[derive(Default)]
struct Timed {
    write_ns: u32,
    now_ns: Cell<u32>,
    fell_ns: Cell<Option<u32>>,
    pulses_ns: RefCell<Vec<u32>>,
}

impl Timed {
    fn new(write_ns: u32) -> Self {
        Self { write_ns, ..Self::default() }
    }
    fn wrote(&self) -> u32 {
        self.now_ns.set(self.now_ns.get() + self.write_ns);
        self.now_ns.get()
    }
}

impl ErrorType for &Timed {
    type Error = Infallible;
}
impl OutputPin for &Timed {
    fn set_low(&mut self) -> Result<(), Infallible> {
        let now = self.wrote();
        self.fell_ns.set(self.fell_ns.get().or(Some(now)));
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        let now = self.wrote();
        self.pulses_ns.borrow_mut().extend(self.fell_ns.take().map(|fell| now - fell));
        Ok(())
    }
}

fn ad5754<'t>(log: &'t Log, pin: &'t Timed) -> Ad5754<Bus<'t>, &'t Timed> {
    *log.answers.borrow_mut() = vec![vec![0, 0, 4], vec![0, 0, 0x0C]];
    let (range, coding) = (Range::Bipolar10, Coding::OffsetBinary);
    Ad5754::new(Bus(log), Some(pin), range, coding, &mut Waits(log)).unwrap()
}

/// REQ-HAL-451: LDAC is low for as long as each part wants also where a write to a pin takes but a cycle of 250 MHz: for the zero of
/// `new`, for every latch, and for the zero of the drop.
#[test]
fn a_latch_pulse_is_long_enough() {
    let (log, cycle) = (Log::default(), || Timed::new(4));
    let latched = |mut dac: &mut dyn Dac<Error = DacError<_, Infallible>>| {
        dac.write(0, 1).unwrap();
        Dac::latch(&mut dac).unwrap();
    };
    let pin = cycle();
    latched(&mut Mcp4922::new(Bus(&log), Some(&pin)).unwrap());
    assert_eq!(*pin.pulses_ns.borrow(), [100, 100, 100]);
    let pin = cycle();
    latched(&mut Mcp4728::new(Wire(&log), 0x60, Reference::Supply, Some(&pin)).unwrap());
    assert_eq!(*pin.pulses_ns.borrow(), [212, 212, 212]);
    // whose zero is loaded by a command
    let pin = cycle();
    latched(&mut ad5754(&log, &pin));
    assert_eq!(*pin.pulses_ns.borrow(), [20]);
}

/// REQ-HAL-451: a board that knows how long a write to its pin takes has so many as it says, and one at least.
#[test]
fn a_board_says_how_many_writes_a_latch_takes() {
    for (said, length) in [(0, 60), (1, 60), (2, 120)] {
        let log = Log::default();
        let (first, second, third) = (Timed::new(60), Timed::new(60), Timed::new(60));
        let mut dac = Mcp4922::new(Bus(&log), Some(&first)).unwrap().with_ldac_writes(said);
        dac.latch().unwrap();
        drop(dac);
        assert_eq!(*first.pulses_ns.borrow(), [25 * 60, length, length]);
        let dac = Mcp4728::new(Wire(&log), 0x60, Reference::Supply, Some(&second)).unwrap();
        dac.with_ldac_writes(said).latch().unwrap();
        assert_eq!(second.pulses_ns.borrow()[1], length);
        ad5754(&log, &third).with_ldac_writes(said).latch().unwrap();
        assert_eq!(*third.pulses_ns.borrow(), [length]);
    }
}
