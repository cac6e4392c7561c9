//! The least that a board needs to run foot drop. Copy this package, keep the order of things, put your parts in.
//!
//! What a board brings: an [`Output`] (with an MCP4922 and pins of a bridge, `DacBridge` of `nmes-hal-adapters`), an
//! [`Alarm`] of 64 bits, a [`Sense`] or `NoSense`, a [`SafeState`](nmes_hal_adapters::SafeState) for its panic and fault
//! handlers, a watchdog, and two interrupts of one priority. `rp2040-pico` beside this package is such a board;
//! `docs/porting.md` says what a board has to do at reset, in the boot loader and under a debugger.
//!
//! ```text
//! main:                   safe_state(); parts; watchdog.start(50 ms); Device::new(…); unmask both interrupts; sleep
//! alarm's interrupt:      device.edges()
//! every millisecond:      device.slow(heel, || watchdog.feed())
//! stop pressed:           device.stop()
//! panic, hard fault:      safe_state(), for ever
//! ```
//!
//! **Not a medical device, and not to be connected to a person as it stands.**
#![no_std]

use nmes_core::{
    ChannelHardware, ChannelState, ConfigError, GateInput, Hardware, HardwareTiming, MicroAmps, Plan,
    Setting, StopPolicy,
};
use nmes_hal_adapters::{Alarm, Output, Sense, Stimulator, Stopped};
use nmes_protocols::{
    Answers, FOOT_DROP, GaitConfig, Heel, Innervation, Request, Side, Storage, Subject, Trigger,
    build_session,
};
use nmes_safety::{Checked, Layer, Profile, Setup, check, rules};

/// What your output really is. Measure `late_max_ticks` on a bench: run with a generous one into a dummy load, read
/// `Stats::worst_late`, add a margin.
///
/// # Errors
/// A value is out of range.
pub fn hardware() -> Result<Hardware, ConfigError> {
    let timing = HardwareTiming {
        late_max_ticks: 20,
        stamp_error_ticks: 1,
        min_edge_ticks: 20,
        ..HardwareTiming::ideal(1_000_000)
    };
    Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -4_095, 4_095)], 0)
}

/// Foot drop for one person, compiled and checked. `None` where any of it is refused: ask each call for the reason.
pub fn plan<'a>(storage: &'a mut Storage) -> Option<(Checked<'a>, GaitConfig)> {
    let subject = Subject {
        motor_threshold: MicroAmps::from_microamps(25_000),
        ..Subject::new(Innervation::Intact, Side::Left)
    };
    // the answers of the person, not these
    let answers = Answers::all_no();
    let built = build_session(&FOOT_DROP, &subject, &Request::default(), &answers, storage).ok()?;
    let setup = Setup::new(&[FOOT_DROP.electrodes.area.default], FOOT_DROP.use_class.value).ok()?;
    let longest = u64::from(FOOT_DROP.session_length.default);
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, longest).ok()?;
    let plan = Plan::compile(&built.session, &hardware().ok()?).ok()?;
    Some((check(plan, &setup, &Profile::default()).ok()?, built.gait?))
}

/// Channels that the board has; a stimulator has room for so many, and each takes some kilobytes of memory.
pub const CHANNELS: usize = 1;

/// Everything that runs.
#[derive(Debug)]
pub struct Device<'a, O: Output, A: Alarm, S: Sense> {
    stim: Stimulator<'a, O, A, S, CHANNELS>,
    trigger: Trigger,
    target: Setting,
    begun: bool,
    millis: u64,
}

impl<'a, O: Output, A: Alarm, S: Sense> Device<'a, O, A, S> {
    /// Arms, and sets the level on its way up. `None` where the parts do not fit the plan; they are dropped, and off.
    pub fn new(
        checked: &'a Checked<'a>,
        states: &'a mut [ChannelState],
        gait: GaitConfig,
        (output, alarm, sense): (O, A, S),
    ) -> Option<Self> {
        let target = checked.plan().session().channels().first()?.set;
        let mut stim = Stimulator::arm_sized(checked, states, output, alarm, sense).ok()?;
        stim.aim(0, target).ok()?;
        Some(Self { stim, trigger: Trigger::new(gait), target, begun: false, millis: 0 })
    }

    /// From the alarm's interrupt.
    ///
    /// # Errors
    /// It stopped; the output is off.
    pub fn edges(&mut self) -> Result<(), Stopped> {
        self.stim.on_alarm()
    }

    /// Every millisecond, with the alarm's interrupt masked. The watchdog is fed here and nowhere else.
    ///
    /// # Errors
    /// It stopped, the output is off, and the watchdog was not fed.
    pub fn slow(&mut self, heel: Heel, feed: impl FnOnce()) -> Result<(), Stopped> {
        self.millis = self.millis.saturating_add(1);
        if self.millis.is_multiple_of(5) {
            self.stim.keep_alive();
            self.stim.on_tick_feeding(feed)?;
        }
        let now_us = self.millis.saturating_mul(1_000);
        if !self.begun && self.stim.engine().setting(0) == Some(self.target) {
            self.begun = true;
            self.stim.start()?;
            self.trigger.start(now_us);
            self.trigger.heel(now_us, heel);
            self.trigger.resume(now_us);
        }
        let commands = [self.trigger.poll(now_us), self.trigger.heel(now_us, heel)];
        for command in commands.into_iter().flatten().filter(|_| self.begun) {
            self.stim.gate(GateInput::from(command))?;
        }
        Ok(())
    }

    /// The emergency stop: open at once.
    ///
    /// # Errors
    /// It had stopped by itself, or the output could not be opened.
    pub fn stop(&mut self) -> Result<(), Stopped> {
        self.stim.stop(StopPolicy::HardOff)
    }

    /// The stimulator, to look at.
    pub const fn stimulator(&self) -> &Stimulator<'a, O, A, S, CHANNELS> {
        &self.stim
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use nmes_core::Level;
    use nmes_hal_adapters::sim::{Bench, Load, Stage};
    use nmes_protocols::channel_storage;

    use super::*;

    /// REQ-HAL-206: the template runs on a simulated bench: a lifted heel brings pulses, a stop opens the output, and the
    /// watchdog is fed as long as nothing is wrong.
    #[test]
    fn a_step_and_a_stop() {
        let mut storage = channel_storage();
        let (checked, gait) = plan(&mut storage).unwrap();
        let bench =
            Bench::new(hardware().unwrap(), Stage::ideal(120.0, Load::resistor(1_000.0).unwrap()), 20, 7);
        let mut states = [ChannelState::new(); 1];
        let parts = (bench.output(), bench.alarm(), bench.sense());
        let mut device = Device::new(&checked, &mut states, gait, parts).unwrap();
        let (mut fed, mut ms) = (0, 0_u64);
        while ms < 14_000 {
            if bench.clock().alarm_by(ms * 1_000) {
                device.edges().unwrap();
            } else {
                let heel = if (13_000..13_500).contains(&ms) { Heel::Lifted } else { Heel::Loaded };
                device.slow(heel, || fed += 1).unwrap();
                ms += 1;
            }
        }
        assert!(device.stimulator().counters(0).unwrap().pulses > 15);
        assert_eq!(fed, 2_800);
        device.stop().unwrap();
        assert_eq!(bench.level(0), Level::Open);
    }
}
