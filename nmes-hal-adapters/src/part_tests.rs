//! What parts around an output do when something of them fails: every access in turn, and pins that are dead for good.

extern crate std;
use crate::layer::LayerError;
use crate::output::Output;
use crate::test_log::{Broken, Bus, Log, Pin, Waits, Wire};
use crate::{
    Ad5754, BridgeState, Coding, Dac, DacBridge, DacError, Enable, Error, HBridge, Mcp4728, Mcp4922,
    OnChipDac, OneShot, PinSupply, PinSupplyError, Powered, PulseEnable, PwmDac, Range, Reference, Supply,
    WiringError,
};
use core::convert::Infallible;
use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal::pwm;
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Rest};
use nmes_safety::AdmittedEdge;
use std::string::{String, ToString};
use std::vec::Vec;

fn hardware(timing: HardwareTiming) -> Hardware {
    Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -100, 100)], 0).unwrap()
}

fn ideal() -> HardwareTiming {
    HardwareTiming { has_latch: false, ..HardwareTiming::ideal(1_000_000) }
}

fn joined(log: &Log) -> String {
    log.take().join(" ")
}

/// An output that only writes down what is asked of it.
struct Out<'l>(&'l Log, Hardware);

impl<'l> Out<'l> {
    fn new(log: &'l Log) -> Self {
        Self(log, hardware(ideal()))
    }
}

impl Output for Out<'_> {
    type Error = Broken;
    fn hardware(&self) -> &Hardware {
        &self.1
    }
    fn apply(&mut self, _edges: &[AdmittedEdge]) -> Result<(), Broken> {
        self.0.event("apply".to_string())
    }
    fn channel_off(&mut self, _channel: u8) -> Result<(), Broken> {
        self.0.event("channel_off".to_string())
    }
    fn off(&mut self) -> Result<(), Broken> {
        self.0.event("off".to_string())
    }
}

/// The next accesses fail, by their places from here on.
fn fail(log: &Log, places: &[usize]) {
    log.take();
    *log.fail.borrow_mut() = places.to_vec();
}

/// REQ-HAL-280: both pins of an enable line are tried whatever the other does, and the first error is told.
#[test]
fn both_pins_of_an_enable_are_tried() {
    for (places, told) in [(&[][..], None), (&[0], Some(0)), (&[1], Some(1)), (&[0, 1], Some(0))] {
        let log = Log::default();
        let mut part = PulseEnable::new(Pin("T", &log), Some(Pin("C", &log)), 500).unwrap();
        fail(&log, places);
        assert_eq!(part.release().err(), told.map(Broken), "{places:?}");
        let events = joined(&log).replace(" failed", "");
        assert_eq!(events, "C=0 T=0");
    }
    let log = Log::failing(0);
    assert!(PulseEnable::new(Pin("T", &log), Some(Pin("C", &log)), 500).is_err());
    assert_eq!(joined(&log), "C=0 failed T=0 C=0 T=0", "and again as it is dropped");
}

/// REQ-HAL-280: a one-shot that cannot be triggered, by any of its pins, opens the output and takes no edge until all is off again;
/// its line is released first, and both causes are told.
#[test]
fn a_one_shot_takes_nothing_after_an_error() {
    for place in [0, 1, 2] {
        let log = Log::default();
        let part = PulseEnable::new(Pin("T", &log), Some(Pin("C", &log)), 500).unwrap();
        let mut output = OneShot::new(Out::new(&log), part);
        fail(&log, &[place]);
        assert_eq!(output.apply(&[]), Err(LayerError::Part(Broken(place))));
        let events = joined(&log);
        assert!(events.ends_with("off") && !events.contains("apply"), "{events}");
        // off fails once in the output, and is tried again
        fail(&log, &[2]);
        assert_eq!(output.apply(&[]), Err(LayerError::Stopped));
        assert_eq!(output.off(), Err(LayerError::Output(Broken(2))));
        assert_eq!(output.apply(&[]), Err(LayerError::Stopped));
        assert_eq!(output.off(), Ok(()));
        assert_eq!(output.apply(&[]), Ok(()));
        assert_eq!(joined(&log), "C=0 T=0 off failed C=0 T=0 off C=1 T=1 T=0 apply");
    }
    let log = Log::default();
    let part = PulseEnable::new(Pin("T", &log), None, 500).unwrap();
    let mut output = OneShot::new(Out::new(&log), part);
    fail(&log, &[0, 2]);
    assert_eq!(output.apply(&[]), Err(LayerError::Both(Broken(2), Broken(0))));
    fail(&log, &[0]);
    assert_eq!(output.off(), Err(LayerError::Part(Broken(0))));
    assert_eq!(output.apply(&[]), Err(LayerError::Stopped));
}

/// A pin that says whether the supply is up: it answers what the log says of it.
struct Good<'l>(&'l Log, bool);
impl ErrorType for Good<'_> {
    type Error = Broken;
}
impl InputPin for Good<'_> {
    fn is_high(&mut self) -> Result<bool, Broken> {
        self.0.event("good?".to_string()).map(|()| self.1)
    }
    fn is_low(&mut self) -> Result<bool, Broken> {
        self.is_high().map(|high| !high)
    }
}

fn powered(log: &Log, good: bool) -> Powered<Out<'_>, PinSupply<Pin<'_>, Good<'_>>> {
    let supply = PinSupply::new(Pin("V", log), Pin("H", log), Good(log, good)).unwrap();
    Powered::new(Out::new(log), supply)
}

/// REQ-HAL-281: the converter goes off and the bleeding begins whatever fails of the two, and the first error is told.
#[test]
fn both_pins_of_a_supply_are_tried() {
    for (places, told) in [(&[][..], None), (&[0], Some(0)), (&[1], Some(1)), (&[0, 1], Some(0))] {
        let log = Log::default();
        let mut supply = PinSupply::new(Pin("V", &log), Pin("H", &log), Good(&log, true)).unwrap();
        fail(&log, places);
        assert_eq!(supply.discharge().err(), told.map(|place| PinSupplyError::Control(Broken(place))));
        assert_eq!(joined(&log).replace(" failed", ""), "V=0 H=0");
    }
}

/// REQ-HAL-281: where the supply is not up, or does not say, the output is opened and takes no edge until it is off; one that does
/// not open has its supply cut, and all causes are told.
#[test]
fn a_supply_that_is_not_up_takes_nothing() {
    let log = Log::default();
    let mut output = powered(&log, false);
    fail(&log, &[]);
    assert_eq!(output.apply(&[]), Err(LayerError::NotReady));
    assert_eq!(output.apply(&[]), Err(LayerError::Stopped));
    assert_eq!(output.off(), Ok(()));
    assert_eq!(output.apply(&[]), Err(LayerError::NotReady), "asked again");
    assert_eq!(joined(&log), "good? off off good? off");
    let mut output = powered(&log, true);
    fail(&log, &[0]);
    assert_eq!(output.apply(&[]), Err(LayerError::Part(PinSupplyError::Good(Broken(0)))));
    assert_eq!(joined(&log), "good? failed off");
    fail(&log, &[0]);
    assert_eq!(output.off(), Err(LayerError::Output(Broken(0))));
    assert_eq!(output.apply(&[]), Err(LayerError::Stopped));
    assert_eq!(joined(&log), "off failed V=0 H=0");
    fail(&log, &[]);
    assert_eq!((output.off(), output.apply(&[])), (Ok(()), Ok(())));
    for (places, told) in [
        (&[1][..], LayerError::Output(Broken(1))),
        (&[1, 3], LayerError::Both(Broken(1), PinSupplyError::Control(Broken(3)))),
    ] {
        let mut output = powered(&log, false);
        fail(&log, places);
        assert_eq!(output.apply(&[]), Err(told));
        assert_eq!(joined(&log).replace(" failed", ""), "good? off V=0 H=0");
    }
}

/// REQ-HAL-003: a bridge that fails as it closes opens again; one of which it is not known whether it is open opens before it closes,
/// until it is.
#[test]
fn a_bridge_that_fails_is_opened_first() {
    let log = Log::default();
    let mut bridge = HBridge::diagonal(Pin("F", &log), Pin("R", &log)).unwrap();
    // closing fails, opening after that works
    fail(&log, &[0]);
    assert_eq!(bridge.set(BridgeState::Forward), Err(Broken(0)));
    assert_eq!((joined(&log).as_str(), bridge.state()), ("F=1 failed R=0 F=0", Some(BridgeState::Off)));
    // closing fails, and opening too
    fail(&log, &[0, 2]);
    assert_eq!(bridge.set(BridgeState::Forward), Err(Broken(0)));
    assert_eq!((joined(&log).as_str(), bridge.state()), ("F=1 failed R=0 F=0 failed", None));
    // opening fails again: nothing is closed
    fail(&log, &[1]);
    assert_eq!(bridge.set(BridgeState::Reverse), Err(Broken(1)));
    assert_eq!((joined(&log).as_str(), bridge.state()), ("R=0 F=0 failed", None));
    fail(&log, &[]);
    bridge.set(BridgeState::Reverse).unwrap();
    assert_eq!((joined(&log).as_str(), bridge.state()), ("R=0 F=0 R=1", Some(BridgeState::Reverse)));
}

/// REQ-HAL-463: a converter behind bridges that was stopped by an error, of putting out, of opening or of a restart, takes nothing
/// until a restart; opening a channel opens all of it, and opening everything ends nothing.
#[test]
fn a_stopped_output_waits_for_its_restart() {
    let log = Log::default();
    let dac = Mcp4922::new(Bus(&log), None::<Pin<'_>>).unwrap();
    let bridges = [(); 2].map(|()| HBridge::diagonal(Pin("F", &log), Pin("R", &log)).unwrap());
    let two = Hardware::new(ideal(), &[ChannelHardware::symmetric(25_000, -100, 100); 2], 0).unwrap();
    let mut output = DacBridge::new(dac, bridges, two).unwrap();
    let all = "R=0 F=0 R=0 F=0 3000 B000";
    for by_restart in [true, false] {
        // all that it writes
        fail(&log, &(0..6).collect::<Vec<_>>());
        let failed = if by_restart { output.restart() } else { output.off() };
        assert_eq!(failed, Err(Error::DacAndPin(DacError::Bus(Broken(4)), Broken(0))));
        fail(&log, &[]);
        assert_eq!(output.apply(&[]), Err(Error::Stopped));
        assert_eq!(output.channel_off(1), Ok(()));
        assert_eq!(joined(&log), all, "all of it is opened");
        output.off().unwrap();
        assert_eq!(output.apply(&[]), Err(Error::Stopped));
        output.restart().unwrap();
        assert_eq!(output.apply(&[]), Ok(()));
    }
    // an edge that fails, and then its opening: both causes
    fail(&log, &[0, 2]);
    let put = output.put([(0, nmes_core::Level::Code(1))].into_iter());
    assert_eq!(put, Err(Error::Pin(Broken(0))));
    output.restart().unwrap();
    fail(&log, &[0, 7]);
    let put = output.put([(0, nmes_core::Level::Code(1))].into_iter());
    assert_eq!(put, Err(Error::DacAndPin(DacError::Bus(Broken(7)), Broken(0))));
}

/// REQ-HAL-006: a rest that is shorted is refused where the bridge cannot short, in the gap as well as between pulses.
#[test]
fn a_gap_that_is_shorted_needs_a_bridge_that_can() {
    let log = Log::default();
    for timing in [
        HardwareTiming { gap_rest: Rest::Shorted, ..ideal() },
        HardwareTiming { pulse_rest: Rest::Shorted, ..ideal() },
    ] {
        let dac = Mcp4922::new(Bus(&log), None::<Pin<'_>>).unwrap();
        let bridge = HBridge::diagonal(Pin("F", &log), Pin("R", &log)).unwrap();
        let made = DacBridge::new(dac, [bridge], hardware(timing));
        assert_eq!(made.err(), Some(WiringError::CannotShort { channel: 0 }));
    }
}

/// REQ-HAL-451, REQ-HAL-293: with a latch pin that is dead no output is claimed to have moved; each pin is tried again, high last.
#[test]
fn a_dead_latch_pin_moves_no_output() {
    let log = Log::default();
    let mut mcp4922 = Mcp4922::new(Bus(&log), Some(Pin("L", &log))).unwrap();
    let reference = Reference::Supply;
    let mut mcp4728 = Mcp4728::new(Wire(&log), 0x60, reference, Some(Pin("L", &log))).unwrap();
    let dacs: [&mut dyn Dac<Error = DacError<Broken, Broken>>; 2] = [&mut mcp4922, &mut mcp4728];
    for dac in dacs {
        fail(&log, &[]);
        dac.write(0, 5).unwrap();
        fail(&log, &(0..1_000).collect::<Vec<_>>());
        assert_eq!(dac.latch(), Err(DacError::Pin(Broken(0))), "the first error");
        let events = log.take();
        assert!(events.len() > 2 && events.ends_with(&["L=1 failed".to_string()]), "{events:?}");
        let lows = events.iter().filter(|event| event.starts_with("L=0")).count();
        assert_eq!(lows + 1, events.len());
        assert_eq!((dac.output(0), dac.output(1)), (None, None));
        fail(&log, &[]);
        dac.zero().unwrap();
        assert_eq!((dac.output(0), dac.output(1)), (Some(0), Some(0)));
    }
}

/// REQ-HAL-002, REQ-HAL-291: a converter whose latch pin fails as it is made is written to zero all the same.
#[test]
fn a_latch_pin_that_fails_at_first_leaves_zero() {
    let log = Log::failing(0);
    assert!(Mcp4922::new(Bus(&log), Some(Pin("L", &log))).is_err());
    let events = log.take();
    assert_eq!(events.iter().filter(|event| *event == "3000").count(), 2, "made and dropped: {events:?}");
    let log = Log::failing(0);
    assert!(Mcp4728::new(Wire(&log), 0x60, Reference::Supply, Some(Pin("L", &log))).is_err());
    let events = log.take();
    let zeros = events.iter().filter(|event| *event == "60:0000000000000000").count();
    assert_eq!(zeros, 2, "made and dropped: {events:?}");
    // and where the zero fails, the latch is pulsed all the same
    fail(&log, &[]);
    let mut dac = Mcp4728::new(Wire(&log), 0x60, Reference::Supply, Some(Pin("L", &log))).unwrap();
    fail(&log, &[0]);
    assert_eq!(dac.zero(), Err(DacError::Bus(Broken(0))));
    assert!(joined(&log).ends_with("L=0 L=1"));
    assert_eq!(dac.output(0), None);
}

/// REQ-HAL-295: an on-chip converter knows that it is at zero again.
#[test]
fn an_on_chip_converter_knows_its_zero() {
    let mut dac = OnChipDac::<_, 2>::new(4_095, |_, _| ());
    dac.write(1, 7).unwrap();
    assert_eq!((dac.output(0), dac.output(1)), (Some(0), Some(7)));
    dac.zero().unwrap();
    assert_eq!((dac.output(0), dac.output(1)), (Some(0), Some(0)));
    let _: Result<(), DacError<Infallible, Infallible>> = dac.latch();
}

/// REQ-HAL-293: a write that failed may have reached the output too, also where that waits for a latch.
#[test]
fn after_a_failed_write_an_output_is_not_known() {
    let log = Log::default();
    let mut dac = Mcp4922::new(Bus(&log), Some(Pin("L", &log))).unwrap();
    assert_eq!(dac.output(0), Some(0));
    fail(&log, &[0]);
    assert_eq!(dac.write(0, 5), Err(DacError::Bus(Broken(0))));
    assert_eq!((dac.output(0), dac.output(1)), (None, Some(0)));
}

/// REQ-HAL-292, REQ-HAL-293: an AD5754 is loaded also where its zeros failed, and of a latch pin that is dead no output has moved.
#[test]
fn an_ad5754_is_loaded_whatever_failed() {
    let log = Log::default();
    *log.answers.borrow_mut() = std::vec![std::vec![0, 0, 4], std::vec![0, 0, 0x0C]];
    let (range, coding) = (Range::Bipolar10, Coding::TwosComplement);
    let mut dac = Ad5754::new(Bus(&log), Some(Pin("L", &log)), range, coding, &mut Waits(&log)).unwrap();
    dac.write(0, 5).unwrap();
    fail(&log, &(0..1_000).collect::<Vec<_>>());
    assert_eq!(dac.latch(), Err(DacError::Pin(Broken(0))));
    assert_eq!((dac.output(0), dac.output(3)), (None, None));
    fail(&log, &[0]);
    assert_eq!(dac.zero(), Err(DacError::Bus(Broken(0))));
    assert_eq!((joined(&log).as_str(), dac.output(0)), ("040000 failed 1D0000", None));
    fail(&log, &[]);
    dac.zero().unwrap();
    assert_eq!((dac.output(0), dac.output(3)), (Some(0), Some(0)));
}

/// A timer of so many duties.
struct Timer<'l>(&'l Log);
impl pwm::ErrorType for Timer<'_> {
    type Error = Broken;
}
impl pwm::Error for Broken {
    fn kind(&self) -> pwm::ErrorKind {
        pwm::ErrorKind::Other
    }
}
impl pwm::SetDutyCycle for Timer<'_> {
    fn max_duty_cycle(&self) -> u16 {
        255
    }
    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Broken> {
        self.0.event(std::format!("duty {duty}"))
    }
}

/// REQ-HAL-295: a PWM is at zero before and after, and its output is not known after a failure.
#[test]
fn a_pwm_is_zero_before_and_after() {
    let log = Log::default();
    let mut dac = PwmDac::new(Timer(&log)).unwrap();
    assert_eq!((joined(&log).as_str(), dac.output(0)), ("duty 0", Some(0)));
    fail(&log, &[1]);
    dac.write(0, 7).unwrap();
    assert_eq!(dac.output(0), Some(7));
    assert_eq!(dac.write(0, 9), Err(DacError::Bus(Broken(1))));
    assert_eq!((dac.output(0), dac.output(1)), (None, None));
    drop(dac);
    assert_eq!(joined(&log), "duty 7 duty 9 failed duty 0");
}
