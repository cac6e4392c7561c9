//! Converters: exact bytes, every failure at every access, and what the part would be left at, by models of the parts.

#![expect(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "tests; a panic is a failure")]

extern crate std;
use crate::dac::*;
use crate::test_log::{Broken, Bus, Log, Pin, Waits, Wire};
use crate::{DacBridge, Error, HBridge, Output, WiringError};
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Level};
use nmes_safety::records::OffPermit;
use std::boxed::Box;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

type E = DacError<Broken, Broken>;

/// What a part's outputs are at after some events, by its data sheet; `None` where nobody knows.
type Model = fn(&[String]) -> Vec<Option<i32>>;

fn bytes_of(event: &str) -> Option<Vec<u8>> {
    let pairs = event.as_bytes().chunks(2);
    pairs.map(|p| core::str::from_utf8(p).ok().and_then(|p| u8::from_str_radix(p, 16).ok())).collect()
}

/// Applies accepted events: `take` gets input registers, outputs and an event's bytes; a rising LDAC moves all outputs.
fn run_model(
    events: &[String],
    channels: usize,
    latched: bool,
    take: impl Fn(&[u8], &mut Vec<Option<i32>>, &mut Vec<Option<i32>>),
) -> Vec<Option<i32>> {
    let (mut input, mut output) = (vec![None; channels], vec![None; channels]);
    for event in events.iter().filter(|e| !e.ends_with("failed")) {
        if event == "L=0" {
            output.clone_from(&input);
        } else if let Some(bytes) = bytes_of(event.split(':').next_back().unwrap()) {
            take(&bytes, &mut input, &mut output);
            if !latched {
                output.clone_from(&input);
            }
        }
    }
    output
}

fn is_latched(events: &[String]) -> bool {
    events.iter().any(|e| e.starts_with("L="))
}

fn model_4922(events: &[String]) -> Vec<Option<i32>> {
    run_model(events, 2, is_latched(events), |bytes, input, _| {
        let word = u16::from_be_bytes([bytes[0], bytes[1]]);
        assert_eq!(word & 0x7000, 0x3000, "gain 1, active, unbuffered");
        input[usize::from(word >> 15)] = Some(i32::from(word & 0xFFF));
    })
}

fn model_4725(events: &[String]) -> Vec<Option<i32>> {
    run_model(events, 1, false, |bytes, input, _| {
        assert_eq!((bytes.len(), bytes[0] >> 4), (2, 0), "fast mode, powered");
        input[0] = Some(i32::from(u16::from_be_bytes([bytes[0], bytes[1]])));
    })
}

fn model_4728(events: &[String]) -> Vec<Option<i32>> {
    run_model(events, 4, is_latched(events), |bytes, input, output| {
        if bytes.len() == 8 {
            for (channel, pair) in bytes.chunks(2).enumerate() {
                assert_eq!(pair[0] >> 4, 0, "fast write, powered");
                input[channel] = Some(i32::from(u16::from_be_bytes([pair[0], pair[1]])));
            }
        } else {
            assert_eq!((bytes.len(), bytes[0] >> 3), (3, 0b0_1000), "multi-write");
            let channel = usize::from(bytes[0] >> 1 & 3);
            assert_eq!(bytes[1] & 0x60, 0, "powered");
            input[channel] = Some(i32::from(u16::from_be_bytes([bytes[1] & 0x0F, bytes[2]])));
            // UDAC = 0 updates as the byte ends
            if bytes[0] & 1 == 0 {
                output[channel] = input[channel];
            }
        }
    })
}

fn model_57xx(events: &[String]) -> Vec<Option<i32>> {
    run_model(events, 4, is_latched(events), |bytes, input, output| {
        let data = i32::from(u16::from_be_bytes([bytes[1], bytes[2]])) - 0x8000;
        match bytes[0] {
            0x04 => input.fill(Some(data)),
            channel @ 0..=3 => input[usize::from(channel)] = Some(data),
            0x1D => output.clone_from(input),
            0x0C | 0x10 | 0x19 | 0x88 | 0x99 => {}
            other => panic!("no such command {other:02X}"),
        }
    })
}

fn dac_4922(log: &Log, ldac: bool) -> Result<Mcp4922<Bus<'_>, Pin<'_>>, E> {
    Mcp4922::new(Bus(log), ldac.then_some(Pin("L", log)))
}

fn dac_4728(log: &Log, ldac: bool) -> Result<Mcp4728<Wire<'_>, Pin<'_>>, E> {
    Mcp4728::new(Wire(log), 0x60, Reference::Internal, ldac.then_some(Pin("L", log)))
}

fn dac_5754(log: &Log, ldac: bool) -> Result<Ad5754<Bus<'_>, Pin<'_>>, E> {
    *log.answers.borrow_mut() = vec![vec![0, 0, 4], vec![0, 0, 0x0C]];
    let ldac = ldac.then_some(Pin("L", log));
    Ad5754::new(Bus(log), ldac, Range::Bipolar10, Coding::OffsetBinary, &mut Waits(log))
}

fn joined(log: &Log) -> String {
    // a latch is low for as many writes as its part wants
    let mut events = log.take();
    events.dedup_by(|next, before| *next == "L=0" && *before == "L=0");
    events.join(" ")
}

/// REQ-HAL-002: an MCP4921 is the first half of an MCP4922.
#[test]
fn an_mcp4921_has_one_channel() {
    let log = Log::default();
    let mut dac = Mcp4921::new(Bus(&log), None::<Pin<'_>>).unwrap();
    dac.write(0, 0xABC).unwrap();
    assert_eq!(dac.write(1, 0), Err(E::NoChannel { channel: 1 }));
    assert_eq!((dac.channels(), dac.output(0), dac.output(1)), (1, Some(0xABC), None));
    drop(dac);
    assert_eq!(joined(&log), "3000 3ABC 3000");
}

/// REQ-HAL-290: the MCP4725 is written in fast mode, zero first and last, and its EEPROM is read and not written.
#[test]
fn an_mcp4725_sends_exact_bytes() {
    let log = Log::default();
    let mut dac = Mcp4725::new(Wire(&log), 0x62).unwrap();
    for code in [1, 4_095] {
        dac.write(0, code).unwrap();
        assert_eq!(dac.output(0), Some(code));
    }
    for (channel, code) in [(0, -1), (0, 4_096), (1, 0)] {
        assert!(dac.write(channel, code).is_err());
    }
    drop(dac);
    assert_eq!(joined(&log), "62:0000 62?5 62:0001 62:0FFF 62:0000");
}

/// REQ-HAL-290: a part that powers up driving is refused, after zero was written; its EEPROM is written only with proof
/// that the output is off.
#[test]
fn a_converter_that_powers_up_driving_is_refused() {
    let log = Log::default();
    // from the factory: half scale, in bits 4 to 15 of the register and 0 to 11 of the EEPROM
    log.answers.borrow_mut().push(vec![0xC0, 0x80, 0x00, 0x08, 0x00]);
    let refused = Mcp4725::new(Wire(&log), 0x62).err();
    assert_eq!(refused, Some(DacError::PowersUpDriving { channel: 0, code: 0x800 }));
    assert_eq!(joined(&log), "62:0000 62?5 62:0000");
    let mut read = vec![0; 24];
    (read[16], read[17]) = (0x91, 0x23);
    log.answers.borrow_mut().push(read);
    let refused = dac_4728(&log, false).err();
    assert_eq!(refused, Some(DacError::PowersUpDriving { channel: 2, code: 0x123 }));
    log.take();
    let off = || OffPermit::before_any_guard();
    Mcp4725::store_zero(&mut Wire(&log), &mut Waits(&log), 0x62, off()).unwrap();
    Mcp4728::<_, Pin<'_>>::store_zero(&mut Wire(&log), &mut Waits(&log), 0x60, off()).unwrap();
    let events = joined(&log);
    assert!(events.starts_with("62:600000 wait"), "{events}");
    assert!(events.contains(" 60:500000000000000000 wait"), "{events}");
}

/// REQ-HAL-291: the MCP4728 is written one channel at a time with its reference, zero first and last as one fast write.
#[test]
fn an_mcp4728_sends_exact_bytes() {
    let log = Log::default();
    let mut dac = dac_4728(&log, true).unwrap();
    dac.write(3, 0xFFF).unwrap();
    dac.write(0, 1).unwrap();
    assert_eq!((dac.output(3), dac.output(0)), (Some(0), Some(0)), "only the latch moves the outputs");
    dac.latch().unwrap();
    assert_eq!((dac.output(3), dac.output(0), dac.output(1)), (Some(0xFFF), Some(1), Some(0)));
    assert_eq!(dac.write(4, 0), Err(E::NoChannel { channel: 4 }));
    drop(dac);
    let zero = "60:0000000000000000 L=0 L=1";
    assert_eq!(joined(&log), format!("L=1 {zero} 60?24 60:478FFF 60:418001 L=0 L=1 {zero}"));
    for (reference, byte) in [(Reference::Supply, "00"), (Reference::InternalDoubled, "90")] {
        let mut dac = Mcp4728::new(Wire(&log), 0x60, reference, None::<Pin<'_>>).unwrap();
        log.take();
        dac.write(2, 0).unwrap();
        assert_eq!(joined(&log), format!("60:44{byte}00"));
        assert_eq!(dac.output(2), Some(0));
    }
}

/// REQ-HAL-292: the AD5754 is set up in the stated order, and codes of both signs are the data sheet's in both codings.
#[test]
fn an_ad5754_sends_exact_words() {
    let log = Log::default();
    let mut dac = dac_5754(&log, true).unwrap();
    let zero = "048000 1D0000";
    let order = format!("L=1 19000C 0C0004 {zero} 880000 <180000 990000 <180000 10000F wait 10000 {zero}");
    assert_eq!(joined(&log), order);
    for (code, word) in
        [(0, "028000"), (1, "028001"), (-1, "027FFF"), (32_767, "02FFFF"), (-32_768, "020000")]
    {
        dac.write(2, code).unwrap();
        dac.latch().unwrap();
        assert_eq!(joined(&log), format!("{word} L=0 L=1"));
        assert_eq!(dac.output(2), Some(code));
    }
    assert_eq!(dac.write(2, 32_768), Err(E::Code { channel: 2, code: 32_768 }));
    log.answers.borrow_mut().push(vec![0, 0x01, 0x2F]);
    let report = dac.report().unwrap();
    assert_eq!(report, Report { powered: true, too_hot: true, over_current: true });
    log.answers.borrow_mut().push(vec![0, 0, 0x07]);
    assert_eq!(dac.report().unwrap(), Report { powered: false, too_hot: false, over_current: false });
    log.take();
    drop(dac);
    assert_eq!(joined(&log), format!("{zero} 100000"));
}

/// REQ-HAL-292: the AD5752 has its second channel at address 2 and powers bits 0 and 2; two's complement needs its pin.
#[test]
fn an_ad5752_sends_exact_words() {
    let log = Log::default();
    *log.answers.borrow_mut() = vec![vec![0, 0, 3], vec![0, 0, 0x0C]];
    let coding = Coding::TwosComplement;
    let mut dac = Ad5752::new(Bus(&log), None::<Pin<'_>>, Range::Bipolar5, coding, &mut Waits(&log)).unwrap();
    let order = "19000C 0C0003 040000 1D0000 880000 <180000 990000 <180000 100005 wait 10000 040000 1D0000";
    assert_eq!(joined(&log), order);
    dac.write(1, -2).unwrap();
    dac.write(0, 2).unwrap();
    assert_eq!(joined(&log), "02FFFE 000002");
    assert_eq!(dac.write(2, 0), Err(E::NoChannel { channel: 2 }));
}

/// What the terminals of a part of `bits` make of a word in offset binary: it has no low bits, and drops them. In steps of its own.
fn put_out(bits: u32, word: &str) -> i32 {
    let data = u16::from_str_radix(&word[2..], 16).unwrap();
    i32::from(data >> (16 - bits)) - (1 << (bits - 1))
}

fn keeps_charge<const BITS: u32>() {
    let log = Log::default();
    *log.answers.borrow_mut() = vec![vec![0, 0, 4], vec![0, 0, 0x0C]];
    let (range, coding) = (Range::Bipolar10, Coding::OffsetBinary);
    let mut dac =
        Ad57xx::<_, Pin<'_>, 4, BITS>::new(Bus(&log), None, range, coding, &mut Waits(&log)).unwrap();
    let most = (1 << (BITS - 1)) - 1;
    assert_eq!((dac.code_min(), dac.code_max()), (-most - 1, most));
    let codes = [1, 7, 15, 100, 1_000, most / 3, most].into_iter().flat_map(|code| [code, -code]);
    for code in codes.chain([0, -most - 1]) {
        log.take();
        dac.write(1, code).unwrap();
        assert_eq!(put_out(BITS, &joined(&log)), code, "{BITS} bits");
        assert_eq!(dac.output(1), Some(code));
    }
    log.take();
    for code in [most + 1, -most - 2] {
        assert_eq!(dac.write(1, code), Err(E::Code { channel: 1, code }));
    }
    dac.zero().unwrap();
    assert_eq!(joined(&log), "048000 1D0000");
}

/// REQ-HAL-450: a part of 12 or 14 bits puts out every code it takes, of either sign, so that what was balanced stays so; it takes no
/// other.
#[test]
fn a_part_of_fewer_bits_keeps_charge() {
    keeps_charge::<12>();
    keeps_charge::<14>();
    keeps_charge::<16>();
}

/// REQ-HAL-292: a part that does not read back as written, or is not there, is refused.
#[test]
fn an_ad5754_that_does_not_answer_is_refused() {
    for (answers, register, wrote, read) in
        [([[0_u8; 3], [0, 0, 0x0C]], 0x08, 4, 0), ([[0, 0, 4], [0xFF; 3]], 0x19, 0x0C, 0x0F)]
    {
        let log = Log::default();
        *log.answers.borrow_mut() = answers.map(Vec::from).to_vec();
        let dac =
            Ad5754::new(Bus(&log), None::<Pin<'_>>, Range::Bipolar10, Coding::OffsetBinary, &mut Waits(&log));
        assert_eq!(dac.err(), Some(DacError::ReadBack { register, wrote, read }));
        assert!(!joined(&log).contains("10000F"), "it is not powered up");
    }
}

/// An error, and what the converter says its outputs are; no outputs where `new` has failed.
type Outcome<E> = (Option<E>, Option<Vec<Option<i32>>>);

/// Everything a converter is made to do.
fn script<D: Dac>(
    log: &'static Log,
    make: impl Fn(&'static Log) -> Result<D, D::Error>,
) -> Outcome<D::Error> {
    let mut dac = match make(log) {
        Ok(dac) => dac,
        Err(error) => return (Some(error), None),
    };
    let top = dac.code_max();
    let last = dac.channels() - 1;
    let mut steps = || {
        dac.write(0, top)?;
        dac.write(last, 1)?;
        dac.latch()?;
        dac.write(0, dac.code_min())?;
        dac.write(last, top / 3)?;
        dac.latch()?;
        dac.zero()
    };
    let error = steps().err();
    let outputs = (0..=last).map(|channel| dac.output(channel)).collect();
    // kept from dropping until the log was looked at
    core::mem::forget(dac);
    (error, Some(outputs))
}

fn every_failure<D: Dac>(make: fn(&'static Log) -> Result<D, D::Error>, model: Model, sound: usize) {
    let new_log = |log: Log| -> &'static Log { Box::leak(Box::new(log)) };
    let log = new_log(Log::default());
    assert!(script(log, make).0.is_none());
    let all = log.take();
    assert!(all.len() >= sound, "{all:?}");
    let accesses = all.iter().enumerate().filter(|(_, event)| !event.starts_with("wait"));
    for (failing, _) in accesses {
        let log = new_log(Log::failing(failing));
        let (error, outputs) = script(log, make);
        let error = format!("{:?}", error.expect("a failure is told"));
        assert!(error.contains(&format!("Broken({failing})")), "{error}");
        let events = log.take();
        // what it claims to know of its outputs is what a part that took the others would be at
        if let Some(outputs) = outputs {
            for (claimed, real) in outputs.into_iter().zip(model(&events)) {
                assert!(claimed.is_none() || claimed == real, "{failing}: {events:?}");
            }
        } else {
            // `new` has zeroed on its way out, for all that it could
            assert!(model(&events).iter().all(|code| *code == Some(0)), "{failing}: {events:?}");
        }
    }
}

/// REQ-HAL-293: an error at any access of any converter is told with its cause, no output is claimed that the part may
/// not have, and a constructor that fails leaves zero behind.
#[test]
fn every_failure_of_a_converter_is_told() {
    every_failure(|log| dac_4922(log, false), model_4922, 7);
    every_failure(|log| dac_4922(log, true), model_4922, 15);
    every_failure(|log| Mcp4725::new(Wire(log), 0x60), model_4725, 6);
    every_failure(|log| dac_4728(log, false), model_4728, 7);
    every_failure(|log| dac_4728(log, true), model_4728, 15);
    every_failure(|log| dac_5754(log, false), model_57xx, 16);
    every_failure(|log| dac_5754(log, true), model_57xx, 20);
}

fn hardware(channels: usize, least: i32, most: i32) -> Hardware {
    let timing = HardwareTiming { has_latch: false, ..HardwareTiming::ideal(1_000_000) };
    Hardware::new(timing, &vec![ChannelHardware::symmetric(25_000, least, most); channels], 0).unwrap()
}

/// REQ-HAL-294: behind a converter of both signs a switch is closed while a code is out, of either sign, and is open
/// otherwise; between two signs it stays closed, because nothing has to be turned round.
#[test]
fn a_bipolar_converter_needs_only_a_switch() {
    let log = Log::default();
    let dac = dac_5754(&log, false).unwrap();
    let switch = HBridge::switch(Pin("s", &log)).unwrap();
    let mut output = DacBridge::new(dac, [switch], hardware(1, -32_768, 32_767)).unwrap();
    log.take();
    let steps = [
        (Level::Code(256), "s=1 008100"),
        (Level::Code(-256), "007F00"),
        (Level::Code(0), "008000"),
        (Level::Code(-32_768), "000000"),
        (Level::Open, "008000 s=0"),
        (Level::Code(0), "s=1"),
    ];
    for (level, expected) in steps {
        output.put([(0, level)].into_iter()).unwrap();
        assert_eq!(joined(&log), expected, "{level:?}");
    }
    assert_eq!(output.put([(0, Level::Shorted)].into_iter()), Err(Error::CannotShort { channel: 0 }));
    log.take();
    output.off().unwrap();
    assert_eq!(joined(&log), "s=0 048000 1D0000");
}

/// REQ-HAL-006: a converter without signs behind a switch, codes beyond a converter, and more channels than it has are
/// refused.
#[test]
fn wirings_that_cannot_be_are_refused() {
    let log = Log::default();
    let switch = || HBridge::switch(Pin("s", &log)).unwrap();
    let bridge = || HBridge::diagonal(Pin("f", &log), Pin("r", &log)).unwrap();
    let unipolar = || dac_4922(&log, false).unwrap();
    let refused = DacBridge::new(unipolar(), [switch()], hardware(1, -100, 100)).err();
    assert_eq!(refused, Some(WiringError::CannotReverse { channel: 0 }));
    let refused = DacBridge::new(unipolar(), [bridge(), bridge(), bridge()], hardware(3, -100, 100)).err();
    assert_eq!(refused, Some(WiringError::Channels { declared: 3 }));
    let bipolar = || dac_5754(&log, false).unwrap();
    for (least, most, fits) in [(-32_768, 32_767, true), (-32_769, 32_767, false), (-32_768, 32_768, false)] {
        let made = DacBridge::new(bipolar(), [switch()], hardware(1, least, most));
        assert_eq!(made.is_ok(), fits, "{least} {most}");
    }
}

/// REQ-HAL-458: a record beyond a converter is refused with the range of that converter, at the end that it is beyond.
#[test]
fn a_record_beyond_a_converter_is_told_its_range() {
    let log = Log::default();
    let switch = || HBridge::switch(Pin("s", &log)).unwrap();
    let bridge = || HBridge::diagonal(Pin("f", &log), Pin("r", &log)).unwrap();
    let wide = |least, most| {
        DacBridge::new(dac_5754(&log, false).unwrap(), [switch()], hardware(1, least, most)).err()
    };
    let narrow = |least, most| {
        DacBridge::new(dac_4922(&log, false).unwrap(), [bridge()], hardware(1, least, most)).err()
    };
    let told = |code, limit| Some(WiringError::CodeRange { channel: 0, code, limit });
    assert_eq!(wide(-32_769, 32_767), told(-32_769, -32_768));
    assert_eq!(wide(-32_768, 32_768), told(32_768, 32_767));
    assert_eq!(narrow(-4_096, 4_095), told(-4_096, -4_095));
    let refused = narrow(-4_095, 5_000).unwrap();
    assert_eq!(refused, told(5_000, 4_095).unwrap());
    assert_eq!(
        format!("{refused}"),
        "channel 0: the hardware record has the code 5000, beyond the converter's 4095"
    );
}

/// REQ-HAL-295: an on-chip converter and a PWM take codes of their range and no other, and are at zero before and after.
#[test]
fn an_on_chip_converter_is_zero_before_and_after() {
    let registers = core::cell::Cell::new([7_u16; 2]);
    let put = |channel: u8, code| {
        let mut now = registers.get();
        now[usize::from(channel)] = code;
        registers.set(now);
    };
    let mut dac = OnChipDac::<_, 2>::new(4_095, put);
    assert_eq!(registers.get(), [0, 0]);
    dac.write(1, 4_095).unwrap();
    dac.write(0, 1).unwrap();
    assert_eq!((registers.get(), dac.output(1), dac.output(2)), ([1, 4_095], Some(4_095), None));
    for (channel, code) in [(0, 4_096), (0, -1), (2, 0)] {
        assert!(dac.write(channel, code).is_err());
    }
    assert_eq!(registers.get(), [1, 4_095]);
    dac.zero().unwrap();
    assert_eq!(registers.get(), [0, 0]);
    dac.write(0, 5).unwrap();
    drop(dac);
    assert_eq!(registers.get(), [0, 0]);
}

/// REQ-HAL-295: a filter's time to settle is enough, and not by more than a power of two of codes: held against the
/// exponential itself.
#[test]
fn a_low_pass_settles_within_half_a_code() {
    for code_max in [1_u16, 255, 1_000, 1_023, 4_095, 65_535] {
        let filter = LowPass { period_ns: 1_000, tau_ns: 50_000, code_max };
        let settle = filter.settle_ns() as f64 / f64::from(filter.tau_ns);
        let left = f64::from(code_max) * libm::exp(-settle);
        assert!((0.5 / 2.001..=0.5).contains(&left), "{code_max}: {left}");
        let timing = filter.timing(1_000_000);
        assert!(u64::from(timing.settle_ticks) * 1_000 >= filter.settle_ns());
        assert!(Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -1, 1)], 0).is_ok());
    }
}
