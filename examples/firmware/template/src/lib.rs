//! The least that a board needs to run foot drop. Copy this package, keep the order of things, put your parts in.
//!
//! What a board brings: an [`Output`] (with an MCP4922 and pins of a bridge, `DacBridge` of `nmes-hal-adapters`), an
//! [`Alarm`] of 64 bits, a [`Sense`] or `NoSense`, a [`SafeState`](nmes_hal_adapters::SafeState) for its panic and fault
//! handlers, a watchdog, and two interrupts of one priority. `rp2040-pico` beside this package is such a board;
//! `docs/porting.md` says what a board has to do at reset, in the boot loader and under a debugger.
//!
//! ```text
//! main:                   safe_state(); parts; watchdog.start(50 ms); SelfTest { … }.run(|| watchdog.feed())
//!                         Device::new(…, &watchdog, tested); unmask both interrupts; sleep
//! alarm's interrupt:      device.edges()
//! every millisecond:      device.slow(heel, start_closed, || watchdog.feed())
//! stop pressed:           device.stop()
//! panic, hard fault:      safe_state(), for ever
//! ```
//!
//! Nothing rises by itself: after power has come, or come back, and after every reset a person closes the start contact. After a
//! reset by the watchdog nothing is armed at all.
//!
//! **Not a medical device, and not to be connected to a person as it stands.**
#![no_std]

mod selftest;

pub use selftest::{SelfTest, SelfTestFault, SelfTested};

use nmes_core::{
    ChannelHardware, ChannelState, ConfigError, GateInput, Hardware, HardwareTiming, MicroAmps, Plan,
    Setting, StopPolicy,
};
use nmes_hal_adapters::{Alarm, CommandError, Output, Sense, StartContact, Stimulator, Stopped, Watchdog};
use nmes_protocols::{
    Answers, FOOT_DROP, GaitConfig, Heel, Innervation, Request, Side, Storage, Subject, Trigger,
    build_session,
};
use nmes_safety::{Checked, Layer, Profile, Setup, check_into, rules};

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

/// Foot drop for one person, compiled and checked, in a place that is not on the stack: on a board a static. `None` where any of it
/// is refused: ask each call for the reason.
pub fn plan<'a>(
    storage: &'a mut Storage,
    place: &'a mut Option<Checked<'a>>,
) -> Option<(&'a Checked<'a>, GaitConfig)> {
    let subject = Subject {
        motor_threshold: MicroAmps::from_microamps(25_000),
        ..Subject::new(Innervation::Intact, Side::Left)
    };
    // the answers of the person, not these
    let answers = Answers::all_no();
    let built = build_session(&FOOT_DROP, &subject, &Request::default(), &answers, storage).ok()?;
    let setup = Setup::new(&[FOOT_DROP.electrodes.area.default], FOOT_DROP.use_class.value).ok()?;
    let setup = FOOT_DROP.limit(setup).ok()?;
    let longest = u64::from(FOOT_DROP.session_length.default);
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, longest).ok()?;
    // by reference: a plan has 4 kB
    let plan = Plan::compile(&built.session, &hardware().ok()?);
    let plan = plan.as_ref().ok()?;
    Some((check_into(place, plan, &setup, &Profile::default()).ok()?, built.gait?))
}

/// Channels that the board has; a stimulator has room for so many, and each takes some kilobytes of memory.
pub const CHANNELS: usize = 1;

/// Milliseconds for which the start contact has to stay as it is.
const STILL: u16 = 20;

/// Where the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Armed; nothing rises until the start contact closes.
    Waiting,
    /// The set level rises; nothing is put out.
    Raising,
    /// The heel opens and closes the gate.
    Walking,
    /// The emergency stop; until the next power-on.
    Halted,
}

/// Everything that runs.
#[derive(Debug)]
pub struct Device<'a, O: Output, A: Alarm, S: Sense> {
    stim: Stimulator<'a, O, A, S, CHANNELS>,
    trigger: Trigger,
    target: Setting,
    start: StartContact,
    phase: Phase,
    millis: u64,
}

impl<'a, O: Output, A: Alarm, S: Sense> Device<'a, O, A, S> {
    /// Arms a board that looked at itself. `None` where the parts do not fit the plan, or where the watchdog made the board start:
    /// it stopped feeding for a reason, so somebody has to switch the power off. The parts are dropped, and off.
    pub fn new(
        checked: &'a Checked<'a>,
        states: &'a mut [ChannelState],
        gait: GaitConfig,
        (output, alarm, sense): (O, A, S),
        watchdog: &impl Watchdog,
        _: SelfTested,
    ) -> Option<Self> {
        let target = checked.plan().session().channels().first()?.set;
        if watchdog.caused_reset() {
            return None;
        }
        let stim = Stimulator::arm_sized(checked, states, output, alarm, sense).ok()?;
        let (trigger, start) = (Trigger::new(gait), StartContact::new(STILL));
        Some(Self { stim, trigger, target, start, phase: Phase::Waiting, millis: 0 })
    }

    /// From the alarm's interrupt.
    ///
    /// # Errors
    /// It stopped; the output is off.
    pub fn edges(&mut self) -> Result<(), Stopped> {
        self.stim.on_alarm()
    }

    /// Every millisecond, with the alarm's interrupt masked; `start_closed` is the contact as it is read. The watchdog is fed
    /// here and, before anything is armed, between pieces of the self-test; nowhere else.
    ///
    /// # Errors
    /// It stopped, the output is off, and the watchdog was not fed.
    pub fn slow(&mut self, heel: Heel, start_closed: bool, feed: impl FnOnce()) -> Result<(), Stopped> {
        self.millis = self.millis.saturating_add(1);
        if self.millis.is_multiple_of(5) {
            self.stim.keep_alive();
            self.stim.on_tick_feeding(feed)?;
        }
        let now_us = self.millis.saturating_mul(1_000);
        let closes = self.start.closes(start_closed);
        match self.phase {
            Phase::Waiting if closes => self.raise(),
            Phase::Raising if self.stim.engine().setting(0) == Some(self.target) => self.begin(now_us, heel),
            Phase::Walking => self.follow(now_us, heel),
            Phase::Waiting | Phase::Raising | Phase::Halted => Ok(()),
        }
    }

    fn raise(&mut self) -> Result<(), Stopped> {
        match self.stim.aim(0, self.target) {
            Ok(()) => self.phase = Phase::Raising,
            Err(CommandError::Stopped(stopped)) => return Err(stopped),
            // a level that cannot be had
            Err(_) => self.phase = Phase::Halted,
        }
        Ok(())
    }

    fn begin(&mut self, now_us: u64, heel: Heel) -> Result<(), Stopped> {
        self.phase = Phase::Walking;
        self.stim.start()?;
        self.trigger.start(now_us);
        self.trigger.heel(now_us, heel);
        self.trigger.resume(now_us);
        self.follow(now_us, heel)
    }

    fn follow(&mut self, now_us: u64, heel: Heel) -> Result<(), Stopped> {
        let commands = [self.trigger.poll(now_us), self.trigger.heel(now_us, heel)];
        for command in commands.into_iter().flatten() {
            self.stim.gate(GateInput::from(command))?;
        }
        Ok(())
    }

    /// The emergency stop: open at once.
    ///
    /// # Errors
    /// It had stopped by itself, or the output could not be opened.
    pub fn stop(&mut self) -> Result<(), Stopped> {
        self.phase = Phase::Halted;
        self.stim.stop(StopPolicy::HardOff)
    }

    /// The stimulator, to look at.
    pub const fn stimulator(&self) -> &Stimulator<'a, O, A, S, CHANNELS> {
        &self.stim
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests; a panic is a failure")]
mod tests {
    extern crate std;
    use nmes_core::Level;
    use nmes_hal_adapters::sim::{Bench, Load, SimAlarm, SimOutput, SimSense, Stage};
    use nmes_protocols::channel_storage;

    use super::*;

    struct Dog {
        caused_reset: bool,
    }

    impl Watchdog for Dog {
        fn timeout_us(&self) -> u32 {
            50_000
        }
        fn caused_reset(&self) -> bool {
            self.caused_reset
        }
        fn feed(&mut self) {}
    }

    /// A device on a bench, and `act` on it.
    fn on_a_bench(caused_reset: bool, act: impl FnOnce(&Bench, Option<SimDevice<'_, '_>>)) {
        let mut storage = channel_storage();
        let mut place = None;
        let (checked, gait) = plan(&mut storage, &mut place).unwrap();
        let bench =
            Bench::new(hardware().unwrap(), Stage::ideal(120.0, Load::resistor(1_000.0).unwrap()), 20, 7);
        let mut states = [ChannelState::new(); 1];
        let parts = (bench.output(), bench.alarm(), bench.sense());
        let tested = selftest::tests::passed();
        act(&bench, Device::new(checked, &mut states, gait, parts, &Dog { caused_reset }, tested));
    }

    type SimDevice<'a, 'b> = Device<'a, SimOutput<'b, ()>, SimAlarm<'b>, SimSense<'b>>;

    /// Runs both interrupts up to a millisecond; how often the watchdog was fed.
    fn run(
        bench: &Bench,
        device: &mut SimDevice<'_, '_>,
        (from, to): (u64, u64),
        inputs: impl Fn(u64) -> (Heel, bool),
    ) -> u32 {
        let (mut fed, mut ms) = (0, from);
        while ms < to {
            if bench.clock().alarm_by(ms * 1_000) {
                device.edges().unwrap();
            } else {
                let (heel, start) = inputs(ms);
                device.slow(heel, start, || fed += 1).unwrap();
                ms += 1;
            }
        }
        fed
    }

    /// REQ-HAL-206: the template runs on a simulated bench: once started, a lifted heel brings pulses, a stop opens the output,
    /// and the watchdog is fed as long as nothing is wrong.
    #[test]
    fn a_step_and_a_stop() {
        on_a_bench(false, |bench, device| {
            let mut device = device.unwrap();
            let fed = run(bench, &mut device, (0, 14_500), |ms| {
                let lifted = (13_500..14_000).contains(&ms);
                (if lifted { Heel::Lifted } else { Heel::Loaded }, (100..400).contains(&ms))
            });
            assert!(device.stimulator().counters(0).unwrap().pulses > 15);
            assert_eq!(fed, 2_900);
            device.stop().unwrap();
            assert_eq!(bench.level(0), Level::Open);
            // nor does the start contact bring it back
            run(bench, &mut device, (14_500, 16_000), |ms| (Heel::Loaded, ms >= 15_000));
            assert_eq!(device.stimulator().guard().authorised(0).unwrap().amplitude, MicroAmps::ZERO);
        });
    }

    /// REQ-HAL-404: where power has come, or come back, nothing rises until a person closes the start contact: not by itself,
    /// and not with a contact that is stuck. Where the watchdog made the board start, nothing is armed.
    #[test]
    fn nothing_starts_by_itself() {
        for stuck in [false, true] {
            on_a_bench(false, |bench, device| {
                let mut device = device.unwrap();
                run(bench, &mut device, (0, 20_000), |ms| {
                    let heel = if ms % 1_000 < 500 { Heel::Lifted } else { Heel::Loaded };
                    (heel, stuck)
                });
                assert_eq!(device.stimulator().guard().authorised(0), Some(Setting::ZERO));
                assert_eq!(device.stimulator().counters(0).unwrap().pulses, 0);
            });
        }
        on_a_bench(true, |_, device| assert!(device.is_none()));
    }
}
