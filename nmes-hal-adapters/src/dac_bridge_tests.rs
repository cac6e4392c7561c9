//! Exact bytes and pins: through embedded-hal-mock, and through a log that keeps the order between bus and pins and
//! can fail at any event.

#![expect(clippy::arithmetic_side_effects, reason = "tests; overflow would panic")]

extern crate std;
use crate::test_log::{Broken, Bus, Log, Pin};
use crate::{BridgeState, Dac, DacBridge, DacError, Error, HBridge, Mcp4922, Output, WiringError};
use core::convert::Infallible;
use embedded_hal_mock::eh1::digital::{Mock as PinMock, State, Transaction as PinTx};
use embedded_hal_mock::eh1::spi::{Mock as SpiMock, Transaction as SpiTx};
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Level, Rest};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

fn hardware(channels: usize, limit: i32, timing: HardwareTiming) -> Hardware {
    let channel = ChannelHardware::symmetric(25_000, -limit, limit);
    Hardware::new(timing, &vec![channel; channels], 0xC0FFEE).unwrap()
}

fn ideal() -> HardwareTiming {
    HardwareTiming::ideal(1_000_000)
}

fn no_latch() -> HardwareTiming {
    HardwareTiming { has_latch: false, ..ideal() }
}

// ---- embedded-hal-mock -------------------------------------------------------------------------------------------

fn words(list: &[u16]) -> SpiMock<u8> {
    let word = |w: &u16| {
        [SpiTx::transaction_start(), SpiTx::write_vec(w.to_be_bytes().to_vec()), SpiTx::transaction_end()]
    };
    SpiMock::new(&list.iter().flat_map(word).collect::<Vec<_>>())
}

/// `"lhl"`: low, high, low.
fn levels(list: &str) -> PinMock {
    let set = |c| PinTx::set(if c == 'h' { State::High } else { State::Low });
    PinMock::new(&list.chars().map(set).collect::<Vec<_>>())
}

/// LDAC, high and then low for each latch, for as many writes as an MCP4922 wants.
fn latches(count: usize) -> PinMock {
    let latch = "l".repeat(25) + "h";
    levels(&format!("h{}", latch.repeat(count)))
}

/// REQ-HAL-002: the DAC is written to zero first and last, and each code is the data sheet's word.
#[test]
fn dac_writes_exact_words() {
    let expected = [0x3000, 0xB000, 0x3FFF, 0xB001, 0x3000, 0xB000];
    let (mut bus, mut ldac) = (words(&expected), latches(3));
    let mut dac = Mcp4922::new(&mut bus, Some(&mut ldac)).unwrap();
    assert_eq!(dac.output(0), Some(0));
    dac.write(0, 4_095).unwrap();
    dac.write(1, 1).unwrap();
    assert_eq!(dac.output(0), Some(0), "only the latch moves the output");
    dac.latch().unwrap();
    assert_eq!((dac.output(0), dac.output(1)), (Some(4_095), Some(1)));
    assert_eq!(dac.write(1, 4_096), Err(DacError::Code { channel: 1, code: 4_096 }));
    drop(dac);
    bus.done();
    ldac.done();
}

/// REQ-HAL-003: every wiring of the bridge opens all pins between two closed states, in `new` and on drop.
#[test]
fn bridges_break_before_make() {
    let states = [BridgeState::Forward, BridgeState::Reverse, BridgeState::Reverse, BridgeState::Shorted];
    let (mut a, mut b, mut en) = (levels("lhlll"), levels("llhll"), levels("lhlhlhl"));
    let mut bridge = HBridge::with_enable(&mut a, &mut b, &mut en).unwrap();
    for state in states {
        bridge.set(state).unwrap();
        assert_eq!(bridge.state(), Some(state));
    }
    drop(bridge);
    for pin in [&mut a, &mut b, &mut en] {
        pin.done();
    }
    let mut pins = [levels("llhlhl"), levels("lhllhl"), levels("lhlll"), levels("llhll")];
    let [low_a, low_b, high_a, high_b] = &mut pins;
    let mut bridge = HBridge::four_switch(low_a, low_b, high_a, high_b).unwrap();
    for state in states {
        bridge.set(state).unwrap();
    }
    drop(bridge);
    for pin in &mut pins {
        pin.done();
    }
}

/// REQ-HAL-004: one biphasic pulse with an open gap on the whole output, byte for byte and pin for pin.
#[test]
fn output_makes_a_biphasic_pulse() {
    let expected = [0x3000, 0xB000, 0x3640, 0x3000, 0x3640, 0x3641, 0x3000, 0x3000, 0xB000, 0x3000, 0xB000];
    let mut bus = words(&expected);
    // new; code, zero, code, code, zero; off; drop
    let mut ldac = latches(8);
    let (mut forward, mut reverse) = (levels("lhllll"), levels("llhlll"));
    let dac = Mcp4922::new(&mut bus, Some(&mut ldac)).unwrap();
    let bridge = HBridge::diagonal(&mut forward, &mut reverse).unwrap();
    let mut output = DacBridge::new(dac, [bridge], hardware(1, 4_095, ideal())).unwrap();
    for level in [Level::Code(0x640), Level::Open, Level::Code(-0x640), Level::Code(-0x641), Level::Open] {
        output.put([(0, level)].into_iter()).unwrap();
    }
    output.off().unwrap();
    drop(output);
    bus.done();
    ldac.done();
    forward.done();
    reverse.done();
}

// ---- the log -------------------------------------------------------------------------------------------------------

type Fault = Error<DacError<Broken, Broken>, Broken>;
type Logged<'l, const N: usize> = DacBridge<Mcp4922<Bus<'l>, Pin<'l>>, Pin<'l>, 3, N>;

fn two_channels<'l>(log: &'l Log, ldac: bool) -> Result<Logged<'l, 2>, Fault> {
    let dac = Mcp4922::new(Bus(log), ldac.then_some(Pin("L", log))).map_err(Error::Dac)?;
    let zero = HBridge::with_enable(Pin("f0", log), Pin("r0", log), Pin("e0", log)).map_err(Error::Pin)?;
    let one = HBridge::with_enable(Pin("f1", log), Pin("r1", log), Pin("e1", log)).map_err(Error::Pin)?;
    let timing = if ldac { ideal() } else { no_latch() };
    Ok(DacBridge::new(dac, [zero, one], hardware(2, 4_095, timing)).unwrap())
}

fn joined(log: &Log) -> String {
    // a latch is low for as many writes as its part wants
    let mut events = log.take();
    events.dedup_by(|next, before| *next == "L=0" && *before == "L=0");
    events.join(" ")
}

/// REQ-HAL-004: the stated order: zero, open, close, code, with one latch for both channels.
#[test]
fn changing_polarity_goes_through_zero_and_open() {
    let log = Log::default();
    let mut output = two_channels(&log, true).unwrap();
    assert_eq!(joined(&log), "L=1 3000 B000 L=0 L=1 e0=0 r0=0 f0=0 e1=0 r1=0 f1=0");
    let steps = [
        ([(0, Level::Code(5)), (1, Level::Code(-7))], "f0=1 e0=1 r1=1 e1=1 3005 B007 L=0 L=1"),
        (
            [(0, Level::Code(-5)), (1, Level::Code(7))],
            "3000 B000 L=0 L=1 e0=0 r0=0 f0=0 r0=1 e0=1 e1=0 r1=0 f1=0 f1=1 e1=1 3005 B007 L=0 L=1",
        ),
        // same polarity: no pin moves; same code: no byte either
        ([(0, Level::Code(-6)), (1, Level::Code(7))], "3006 L=0 L=1"),
        // a driven zero keeps the bridge, a short does not
        ([(0, Level::Code(0)), (1, Level::Shorted)], "B000 L=0 L=1 e1=0 r1=0 f1=0 e1=1 3000 L=0 L=1"),
        ([(0, Level::Open), (1, Level::Open)], "e0=0 r0=0 f0=0 e1=0 r1=0 f1=0"),
        ([(0, Level::Code(0)), (1, Level::Open)], "f0=1 e0=1"),
    ];
    for (edges, expected) in steps {
        output.put(edges.into_iter()).unwrap();
        assert_eq!(joined(&log), expected, "{edges:?}");
    }
    output.channel_off(0).unwrap();
    assert_eq!(joined(&log), "e0=0 r0=0 f0=0");
    drop(output);
    assert_eq!(joined(&log), "e0=0 r0=0 f0=0 e1=0 r1=0 f1=0 3000 B000 L=0 L=1");
}

/// REQ-HAL-004: without LDAC each write counts at once, and a promise of a latch is refused.
#[test]
fn without_a_latch_writes_follow_one_another() {
    let log = Log::default();
    let mut output = two_channels(&log, false).unwrap();
    log.take();
    output.put([(0, Level::Code(1)), (1, Level::Code(2))].into_iter()).unwrap();
    assert_eq!(joined(&log), "f0=1 e0=1 f1=1 e1=1 3001 B002");
    output.put([(0, Level::Open)].into_iter()).unwrap();
    assert_eq!(joined(&log), "3000 e0=0 r0=0 f0=0");
}

const PULSE: [[(u8, Level); 2]; 4] = [
    [(0, Level::Code(5)), (1, Level::Code(-7))],
    [(0, Level::Code(-5)), (1, Level::Shorted)],
    [(0, Level::Shorted), (1, Level::Code(9))],
    [(0, Level::Open), (1, Level::Open)],
];

/// Whether the last write to every DAC was a zero that was latched, and the last of every enable pin a low.
fn is_safe(events: &[String]) -> bool {
    let last = |start: &str| events.iter().rfind(|e| e.starts_with(start)).map_or("", String::as_str);
    let pins = ["f0", "r0", "e0", "f1", "r1", "e1"].iter().all(|p| last(p) == format!("{p}=0"));
    pins && last("3") == "3000" && last("B") == "B000" && events.ends_with(&["L=0", "L=1"].map(String::from))
}

/// REQ-HAL-005: an error at any single bus or pin event of a pulse ends with everything opened and zeroed, with the
/// cause kept, and the output refuses to go on until it is restarted.
#[test]
fn every_single_failure_opens_the_output() {
    let log = Log::default();
    let mut output = two_channels(&log, true).unwrap();
    let before = log.events.borrow().len();
    for edges in PULSE {
        output.put(edges.into_iter()).unwrap();
    }
    let after = log.events.borrow().len();
    assert!(after > before + 40);
    drop(output);
    for failing in before..after {
        let log = Log::default();
        log.fail.borrow_mut().push(failing);
        let mut output = two_channels(&log, true).unwrap();
        let error = PULSE.into_iter().find_map(|edges| output.put(edges.into_iter()).err());
        let events = log.events.borrow().clone();
        let pin = events[failing].contains('=');
        let broken = Broken(failing);
        let cause = match (pin, events[failing].starts_with("L=")) {
            (true, true) => Error::Dac(DacError::Pin(broken)),
            (true, false) => Error::Pin(broken),
            (false, _) => Error::Dac(DacError::Bus(broken)),
        };
        assert_eq!(error, Some(cause), "{events:?}");
        assert!(is_safe(&events), "event {failing}: {events:?}");
        assert_eq!(output.put(PULSE[0].into_iter()), Err(Error::Stopped));
        assert_eq!(log.events.borrow().len(), events.len(), "nothing is put out while stopped");
        output.restart().unwrap();
        output.put(PULSE[0].into_iter()).unwrap();
    }
}

/// REQ-HAL-005: with the bus gone for good, the bridges still open, and both causes are told.
#[test]
fn off_tries_everything_and_keeps_both_causes() {
    let log = Log::default();
    let mut output = two_channels(&log, true).unwrap();
    output.put(PULSE[0].into_iter()).unwrap();
    log.take();
    log.fail.borrow_mut().extend([0, 6, 7]);
    assert_eq!(output.off(), Err(Error::DacAndPin(DacError::Bus(Broken(6)), Broken(0))));
    let expected = "e0=0 failed r0=0 f0=0 e1=0 r1=0 f1=0 3000 failed B000 failed L=0 L=1";
    assert_eq!(joined(&log), expected);
    log.fail.borrow_mut().clear();
    output.restart().unwrap();
}

/// REQ-HAL-005: a failure in `new` is told after everything was tried, and tried again on drop.
#[test]
fn failures_in_new_leave_zero_behind() {
    for failing in 0..11 + 24 {
        let log = Log::default();
        log.fail.borrow_mut().push(failing);
        assert!(two_channels(&log, true).is_err(), "event {failing}");
        let events = joined(&log);
        assert!(events.ends_with("3000 B000 L=0 L=1"), "{events}");
    }
}

/// REQ-HAL-006: edges that do not fit are refused before anything moves, and stop the output.
#[test]
fn edges_that_do_not_fit_are_refused() {
    let log = Log::default();
    let mut output = two_channels(&log, true).unwrap();
    let code = Error::Code { channel: 1, code: 4_096 };
    for (edge, error) in
        [((1, Level::Code(4_096)), code), ((2, Level::Open), Error::NoChannel { channel: 2 })]
    {
        log.take();
        assert_eq!(output.put([(0, Level::Code(1)), edge].into_iter()), Err(error));
        assert!(!log.take().contains(&"f0=1".to_string()));
        output.restart().unwrap();
    }
    let bridge = || HBridge::diagonal(Pin("F", &log), Pin("R", &log)).unwrap();
    let dac = || Mcp4922::new(Bus(&log), None::<Pin<'_>>).unwrap();
    let mut output = DacBridge::new(dac(), [bridge()], hardware(1, 4_095, ideal())).unwrap();
    assert_eq!(output.put([(0, Level::Shorted)].into_iter()), Err(Error::CannotShort { channel: 0 }));
}

/// REQ-HAL-006: a hardware record the parts cannot keep is refused.
#[test]
fn impossible_wirings_are_refused() {
    let log = Log::default();
    let bridge = || HBridge::diagonal(Pin("F", &log), Pin("R", &log)).unwrap();
    let dac = || Mcp4922::new(Bus(&log), None::<Pin<'_>>).unwrap();
    let one = |hardware| DacBridge::new(dac(), [bridge()], hardware).err();
    let two = |hardware| DacBridge::new(dac(), [bridge(), bridge()], hardware).err();
    let shorting = HardwareTiming { pulse_rest: Rest::Shorted, ..ideal() };
    assert_eq!(one(hardware(1, 4_095, ideal())), None);
    assert_eq!(
        one(hardware(1, 4_096, ideal())),
        Some(WiringError::CodeRange { channel: 0, code: -4_096, limit: -4_095 })
    );
    assert_eq!(one(hardware(2, 100, no_latch())), Some(WiringError::Channels { declared: 2 }));
    assert_eq!(two(hardware(2, 100, no_latch())), None);
    assert_eq!(two(hardware(2, 100, ideal())), Some(WiringError::NoLatch));
    assert_eq!(one(hardware(1, 100, shorting)), Some(WiringError::CannotShort { channel: 0 }));
}

/// REQ-HAL-005: causes add up, and the first of each kind stays.
#[test]
fn errors_keep_the_first_cause_of_each_kind() {
    type E = Error<u8, u8>;
    assert_eq!(E::Dac(1).with(E::Pin(2)), E::DacAndPin(1, 2));
    assert_eq!(E::Pin(2).with(E::Dac(1)), E::DacAndPin(1, 2));
    assert_eq!(E::Dac(1).with(E::DacAndPin(9, 2)), E::DacAndPin(1, 2));
    assert_eq!(E::Pin(2).with(E::DacAndPin(1, 9)), E::DacAndPin(1, 2));
    assert_eq!(E::DacAndPin(1, 2).with(E::DacAndPin(3, 4)), E::DacAndPin(1, 2));
    assert_eq!(E::Stopped.with(E::Dac(1)), E::Stopped);
    assert!(E::DacAndPin(1, 2).to_string().contains("pin failed: 2"));
    let _: Error<Infallible, Infallible> = Error::Stopped;
}
