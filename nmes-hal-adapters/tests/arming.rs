//! Arming, stopping and the edges of the runner: refusals, early calls, levels, and a real output's bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use core::convert::Infallible;
use embedded_hal::digital::{self, OutputPin};
use embedded_hal::spi::{self, Operation, SpiDevice};
use nmes_core::*;
use nmes_hal_adapters::sim::{FaultyOutput, SimEdge, StageFault};
use nmes_hal_adapters::{
    Alarm, ArmRefusal, Cause, CommandError, Contact, DacBridge, HBridge, Late, Mcp4922, NoSense, Output,
    Sense, Stimulator,
};
use nmes_safety::{Checked, Sensed, State, UseClass, rules};
use std::cell::RefCell;

fn one_channel<'a>(channels: &'a [Channel<'a>], timing: HardwareTiming) -> (Hardware, Checked<'a>) {
    let session = Session::new(channels, gated(), ms(60_000)).unwrap();
    let hardware = hardware(timing, 25_000, 1);
    (hardware, checked(&session, &hardware, UseClass::FunctionalWear))
}

/// REQ-HAL-040: another hardware than the plan's, down to the calibration's checksum, is refused, and the parts come
/// back and work.
#[test]
fn another_hardware_is_refused_and_given_back() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let (planned, checked) = one_channel(&channels, late(0));
    let recalibrated = Hardware::new(*planned.timing(), planned.channels(), 0x9999).unwrap();
    let other = bench(recalibrated, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let refused = Stimulator::arm(&checked, &mut states, other.output(), other.alarm(), NoSense).unwrap_err();
    assert_eq!(refused.why, ArmRefusal::Hardware { planned_crc: 0x1234, output_crc: 0x9999 });
    assert!(refused.to_string().contains("0x00009999"));
    assert_eq!(refused.output.hardware(), &recalibrated);
    let later = hardware(late(1), 25_000, 1);
    let other = bench(later, stage(1_000.0, 120.0), 0, 0);
    let refused = Stimulator::arm(&checked, &mut states, other.output(), other.alarm(), NoSense).unwrap_err();
    assert_eq!(refused.why, ArmRefusal::Hardware { planned_crc: 0x1234, output_crc: 0x1234 });
    // the alarm that came back arms the right output
    let right = bench(planned, stage(1_000.0, 120.0), 0, 0);
    assert!(Stimulator::arm(&checked, &mut states, right.output(), refused.alarm, refused.sense).is_ok());
}

/// REQ-HAL-380: a runner with room for one channel runs a plan of one, and one with too little room refuses it.
#[test]
fn room_for_channels() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let (planned, checked) = one_channel(&channels, late(0));
    let bench = bench(planned, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let small =
        Stimulator::<_, _, _, 1>::arm_sized(&checked, &mut states, bench.output(), bench.alarm(), NoSense);
    let mut small = small.unwrap();
    small.aim(0, set).unwrap();
    small.start().unwrap();
    small.on_tick().unwrap();
    assert!(small.guard().authorised(0).unwrap().amplitude > MicroAmps::ZERO);
    assert_eq!(small.guard().authorised(1), None);
    drop(small);
    let none =
        Stimulator::<_, _, _, 0>::arm_sized(&checked, &mut states, bench.output(), bench.alarm(), NoSense);
    assert!(matches!(none.unwrap_err().why, ArmRefusal::Storage(ConfigError::Below { limit: 1, .. })));
}

/// REQ-HAL-381: a failure that is reported, a supply that came back say, opens the output first and stops for good, with
/// the guard latched; only a fresh arm goes on, from zero.
#[test]
fn a_reported_failure_ends_it() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let (planned, checked) = one_channel(&channels, late(0));
    let bench = bench(planned, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
    stim.command(0, setting(1_000, 300)).unwrap();
    stim.start().unwrap();
    let stopped = stim.report_fault();
    assert_eq!((stopped.cause, stopped.off_failed), (Cause::Reported, false));
    assert_eq!(stim.state(), State::Fault);
    assert_eq!(stim.guard().black_box().first().unwrap().fault, nmes_safety::Fault::Output);
    assert_eq!(stim.report_fault(), stopped, "the first cause stays");
    assert_eq!(stim.start(), Err(stopped));
    assert_eq!(stim.guard().authorised(0).unwrap().amplitude, MicroAmps::ZERO);
    drop(stim);
    let again = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
    assert_eq!((again.state(), again.guard().authorised(0)), (State::Armed, Some(Setting::ZERO)));
}

/// REQ-HAL-040: electrodes that are off, an output that does not open, and too little storage are refused.
#[test]
fn other_refusals_name_their_reason() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let (hardware, checked) = one_channel(&channels, late(0));
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    bench.inject(0, StageFault::OpenCircuit);
    let refused =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap_err();
    assert_eq!(refused.why, ArmRefusal::NoContact { channel: 0 });
    bench.inject(0, StageFault::None);
    let broken = FaultyOutput::new(bench.output(), 0, 1);
    let refused = Stimulator::arm(&checked, &mut states, broken, bench.alarm(), NoSense).unwrap_err();
    assert!(matches!(refused.why, ArmRefusal::Output(_)));
    let refused = Stimulator::arm(&checked, &mut [], bench.output(), bench.alarm(), NoSense).unwrap_err();
    assert!(matches!(
        refused.why,
        ArmRefusal::Storage(ConfigError::Below { field: Field::Channels, value: 0, limit: 1, .. })
    ));
}

/// REQ-HAL-041: before `start` and while a level is at zero nothing comes out; a first rise above one step, and
/// anything above the ceiling, is refused and changes nothing.
#[test]
fn nothing_comes_out_at_level_zero() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let (hardware, checked) = one_channel(&channels, late(0));
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let edges = RefCell::new(Vec::new());
    let mut states = [ChannelState::new(); 1];
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
    assert_eq!(stim.gate(GateInput::Open), Ok(GateAnswer::Refused(GateRefusal::Stopped)));
    stim.start().unwrap();
    stim.gate(GateInput::Open).unwrap();
    run_to(&mut stim, bench.clock(), 500_000, &mut Seen::default()).unwrap();
    assert!(edges.borrow().is_empty() && stim.counters(0).unwrap().silent > 10);
    let too_much = stim.command(0, setting(5_000, 300));
    assert!(
        matches!(too_much, Err(CommandError::Guard(refusal)) if refusal.rule == rules::N_STEP_1.id),
        "{too_much:?}"
    );
    let above = setting(10_001, 300);
    assert!(matches!(
        stim.aim(0, above),
        Err(CommandError::Plan(ConfigError::Above { field: Field::Amplitude, .. }))
    ));
    assert!(matches!(stim.aim(1, set), Err(CommandError::Plan(_))));
    assert_eq!(stim.engine().setting(0).unwrap().amplitude, MicroAmps::ZERO);
    stim.command(0, setting(1_000, 300)).unwrap();
    let now = bench.clock().now();
    run_to(&mut stim, bench.clock(), now + 100_000, &mut Seen::default()).unwrap();
    assert_eq!(edges.borrow().iter().map(|e| code_of(e.level)).max(), Some(40));
}

/// REQ-HAL-042: each policy keeps its bound: finish ends the pulse, recover pays back at once, hard-off opens at the
/// very tick and tells the residual; afterwards
/// levels are at zero and nothing raises them or opens the gate.
#[test]
fn each_policy_of_stopping_keeps_its_bound() {
    for (policy, within, residual) in [
        (StopPolicy::FinishPulse, 700, 0),
        (StopPolicy::RecoverNow, 400, 0),
        (StopPolicy::HardOff, 0, 150 * 400 * 25_000),
    ] {
        let set = setting(10_000, 300);
        let channels = [channel(set)];
        let (hardware, checked) = one_channel(&channels, late(0));
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
        let mut states = [ChannelState::new(); 1];
        let mut stim =
            Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
        let (clock, seen) = (bench.clock(), &mut Seen::default());
        stim.start().unwrap();
        raise(&mut stim, clock, &[set]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        run_to(&mut stim, clock, clock.now() + 400_000, seen).unwrap();
        while bench.level(0) == Level::Open {
            run_to(&mut stim, clock, clock.now() + 1, seen).unwrap();
        }
        let onset = clock.now();
        run_to(&mut stim, clock, onset + 150, seen).unwrap();
        stim.stop(policy).unwrap();
        run_to(&mut stim, clock, onset + 100_000, seen).unwrap();
        let finished = stim.finished().unwrap();
        assert!(finished.at_tick <= onset + 150 + within, "{policy:?}: {}", finished.at_tick - onset);
        assert_eq!(finished.residual.as_nanoamp_ticks(), residual, "{policy:?}");
        assert_eq!(stim.guard().ledger(0).unwrap(), finished.residual);
        assert_eq!((bench.level(0), clock.next_alarm()), (Level::Open, None));
        let net_nc = bench.take_delivered(0).net_nc;
        assert!((net_nc - residual as f64 / 1e6).abs() < 1e-6 || policy != StopPolicy::HardOff, "{net_nc}");
        assert_eq!(stim.state(), State::Idle, "{policy:?}");
        assert_eq!(stim.engine().setting(0).unwrap().amplitude, MicroAmps::ZERO);
        assert_eq!(stim.aim(0, set), Err(CommandError::Ending));
        assert_eq!(stim.gate(GateInput::Open), Ok(GateAnswer::Refused(GateRefusal::Stopped)));
    }
}

/// REQ-HAL-043: an interrupt that comes early, twice or for nothing puts nothing out and sets the alarm again.
#[test]
fn early_interrupts_do_nothing() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let (hardware, checked) = one_channel(&channels, late(0));
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let edges = RefCell::new(Vec::new());
    let mut states = [ChannelState::new(); 1];
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
    stim.on_alarm().unwrap();
    assert_eq!(bench.clock().next_alarm(), None);
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[set]).unwrap();
    stim.gate(GateInput::Open).unwrap();
    let due = bench.clock().next_alarm().unwrap();
    for _ in 0..3 {
        stim.on_alarm().unwrap();
        assert_eq!(bench.clock().next_alarm(), Some(due));
    }
    assert!(edges.borrow().is_empty());
}

/// A clock that a processor cannot keep up with: a second goes by at each reading.
struct Racing(u64);
impl Alarm for Racing {
    fn now(&mut self) -> u64 {
        self.0 += 50_000;
        self.0
    }
    fn set(&mut self, _at_tick: u64) -> Result<(), Late> {
        Err(Late { by_ticks: 1 })
    }
    fn clear(&mut self) {}
}

/// REQ-HAL-044: when steps are overdue faster than they are done, a call still ends, with the output off.
#[test]
fn an_overrun_ends() {
    let set = setting(10_000, 300);
    let channels = [channel(set)];
    let (hardware, checked) = one_channel(&channels, late(0));
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), Racing(0), NoSense).unwrap();
    stim.start().unwrap();
    let stopped = stim.gate(GateInput::Open).unwrap_err();
    assert_eq!(stopped.cause, Cause::Overrun);
    assert_eq!((stim.state(), bench.level(0)), (State::Fault, Level::Open));
}

/// A measurement that only knows whether a pad is on.
#[derive(Debug)]
struct OneBad;
impl Sense for OneBad {
    fn sample(&mut self, _channel: u8, _level: Level) -> Option<Sensed> {
        None
    }
    fn contact(&mut self, channel: u8) -> Contact {
        if channel == 1 { Contact::Bad } else { Contact::Unknown }
    }
}

/// REQ-HAL-040: every channel is asked for contact, through a borrowed sense too; unknown is let through.
#[test]
fn every_channel_is_asked_for_contact() {
    let set = setting(10_000, 300);
    let channels = [channel(set), channel(set)];
    let session = Session::new(&channels, gated(), ms(60_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 2);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 2];
    let mut sense = OneBad;
    let refused =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), &mut sense).unwrap_err();
    assert_eq!(refused.why, ArmRefusal::NoContact { channel: 1 });
    assert!(Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).is_ok());
}

/// Bytes and pins of the real parts, as text.
#[derive(Default)]
struct Wire(RefCell<Vec<String>>);
struct Bus<'w>(&'w Wire);
impl spi::ErrorType for Bus<'_> {
    type Error = Infallible;
}
impl SpiDevice for Bus<'_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            let Operation::Write(bytes) = operation else { panic!("only writes are expected") };
            self.0.0.borrow_mut().push(format!("{:02X}{:02X}", bytes[0], bytes[1]));
        }
        Ok(())
    }
}
struct Pin<'w>(&'static str, &'w Wire);
impl digital::ErrorType for Pin<'_> {
    type Error = Infallible;
}
impl OutputPin for Pin<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.1.0.borrow_mut().push(format!("{}0", self.0));
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.1.0.borrow_mut().push(format!("{}1", self.0));
        Ok(())
    }
}

/// REQ-HAL-045: a session on the DAC and bridge: 1 mA at 25 µA a code is 0x028 each way, and the last thing on the
/// wire is off.
#[test]
fn the_runner_drives_real_parts() {
    let set = setting(1_000, 300);
    let channels = [channel(set)];
    let (hardware, checked) = one_channel(&channels, late(0));
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let wire = Wire::default();
    let dac = Mcp4922::new(Bus(&wire), None::<Pin<'_>>).unwrap();
    let bridge = HBridge::diagonal(Pin("f", &wire), Pin("r", &wire)).unwrap();
    let output = DacBridge::new(dac, [bridge], hardware).unwrap();
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    stim.command(0, set).unwrap();
    stim.gate(GateInput::Open).unwrap();
    wire.0.borrow_mut().clear();
    let seen = &mut Seen::default();
    run_to(&mut stim, bench.clock(), 300_000, seen).unwrap();
    let full = seen.receipts.iter().filter(|r| r.full_level).count();
    let pulse = "f1 3028 3000 r0 f0 r1 3028 3000 r0 f0";
    assert_eq!(wire.0.borrow().join(" ").matches(pulse).count(), full);
    assert!(full >= 3);
    drop(stim);
    assert!(
        wire.0.borrow().ends_with(&["r0", "f0", "3000", "B000"].map(String::from)),
        "{:?}",
        wire.0.borrow()
    );
}
