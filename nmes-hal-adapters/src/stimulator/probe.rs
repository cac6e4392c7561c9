//! The contact check before a session, run like one.

use super::Stimulator;
use super::permit::ready;
use crate::alarm::Alarm;
use crate::contact_sense::ContactSense;
use crate::outcome::ArmError;
use crate::output::Output;
use crate::sense::Sense;
use nmes_core::ChannelState;
use nmes_safety::{Checked, CheckedProbe};

impl<'a, O: Output, A: Alarm, S: Sense> Stimulator<'a, O, A, S> {
    /// As [`Stimulator::arm`], for the plan of a [`nmes_safety::Probe`] and for no other: nobody is asked for contact, and its guard stays
    /// in [`State::Probing`](nmes_safety::State::Probing). Give it the parts by reference, with a [`ContactSense`] for the
    /// measurement, run it as any session, and drop it once it has finished or stopped; then the parts are there for
    /// [`Stimulator::arm_probed`]. Use [`Stimulator::aim`] to have its levels raised.
    ///
    /// ```
    /// # use nmes_core::*;
    /// # use nmes_hal_adapters::{ContactSense, Stimulator, sim::{Bench, Load, Stage}};
    /// # use nmes_safety::*;
    /// # let set = Setting::new(40_000, 300).unwrap();
    /// # let half = Millis::from_millis(500).unwrap();
    /// # let channels = [Channel { pulse: PulseShape::default(), rate: Rate::from_hz(40).unwrap(), set, ceiling: set,
    /// #     train: Train::default(), ramp: Ramp { up: half, down: half, down_min: half, ..Ramp::default() }, offset: Micros::ZERO }];
    /// # let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(1_000).unwrap()).unwrap();
    /// # let dac = ChannelHardware::symmetric(50_000, -2_048, 2_047);
    /// # let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
    /// # let plan = Plan::compile(&session, &hardware).unwrap();
    /// # let setup = Setup::new(&[2_500], UseClass::Specialist).unwrap();
    /// # let checked = check(plan, &setup, &Profile::default()).unwrap();
    /// # let bench = Bench::new(hardware, Stage::ideal(120.0, Load::resistor(1_000.0).unwrap()), 0, 1);
    /// # let (mut output, mut alarm) = (bench.output(), bench.alarm());
    /// let mut states = [ChannelState::new(); 1];
    /// let mut sense = ContactSense::new(&checked, bench.sense());
    /// let probe = Probe::of(&checked);
    /// let plan = probe.check(&checked).unwrap();
    /// let mut probing = Stimulator::probe(&plan, &mut states, &mut output, &mut alarm, &mut sense).unwrap();
    /// probing.aim(0, plan.plan().session().channels()[0].set).unwrap();
    /// probing.start().unwrap();
    /// while probing.finished().is_none() {
    ///     let slow = bench.clock().now() + 5_000;
    ///     while bench.clock().alarm_by(slow) {
    ///         probing.on_alarm().unwrap();
    ///     }
    ///     probing.keep_alive();
    ///     probing.on_tick().unwrap();
    /// }
    /// drop(probing);
    /// assert_eq!(sense.impedance(0).unwrap().end_ohm, Some(1_000));
    /// let armed = Stimulator::arm_probed(&checked, &mut states, output, alarm, sense).unwrap();
    /// assert_eq!(armed.state(), State::Armed);
    /// ```
    ///
    /// A session's own plan does not go in here:
    ///
    /// ```compile_fail,E0308
    /// # use nmes_hal_adapters::{Alarm, NoSense, Output, Stimulator};
    /// fn unasked<'a, O: Output, A: Alarm>(
    ///     session: &'a nmes_safety::Checked<'a>, states: &'a mut [nmes_core::ChannelState], output: O, alarm: A,
    /// ) {
    ///     let _ = Stimulator::probe(session, states, output, alarm, NoSense);
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Stimulator::arm`], but for the contact.
    pub fn probe(
        checked: &'a CheckedProbe<'a>,
        channels: &'a mut [ChannelState],
        output: O,
        alarm: A,
        sense: S,
    ) -> Result<Self, ArmError<O, A, S>> {
        Self::probe_sized(checked, channels, output, alarm, sense)
    }
}

impl<'a, O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'a, O, A, S, N> {
    /// The same with room for `N` channels, as [`Stimulator::arm_sized`].
    ///
    /// # Errors
    /// As [`Stimulator::arm_sized`], but for the contact.
    pub fn probe_sized(
        checked: &'a CheckedProbe<'a>,
        channels: &'a mut [ChannelState],
        output: O,
        alarm: A,
        sense: S,
    ) -> Result<Self, ArmError<O, A, S>> {
        Self::made(checked, (output, alarm, sense), |hardware, sense, now| {
            let ready = ready(checked, channels, hardware, now)?;
            sense.arming(now);
            Ok(ready)
        })
    }
}

impl<'a, O: Output, A: Alarm, S: Sense> Stimulator<'a, O, A, ContactSense<S>> {
    /// As [`Stimulator::arm`], with contact as it was measured: a channel that was not, longer than 5 s ago, or outside the
    /// limits of E-Z-1, is refused. The trend of the impedance begins here.
    ///
    /// # Errors
    /// As [`Stimulator::arm`]; [`ArmRefusal::NoContact`](crate::ArmRefusal::NoContact) names the first channel.
    #[expect(clippy::result_large_err, reason = "without an allocator the parts go back by value")]
    pub fn arm_probed(
        checked: &'a Checked<'a>,
        channels: &'a mut [ChannelState],
        output: O,
        alarm: A,
        sense: ContactSense<S>,
    ) -> Result<Self, ArmError<O, A, ContactSense<S>>> {
        Self::arm_probed_sized(checked, channels, output, alarm, sense)
    }
}

impl<'a, O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'a, O, A, ContactSense<S>, N> {
    /// The same with room for `N` channels, as [`Stimulator::arm_sized`].
    ///
    /// # Errors
    /// As [`Stimulator::arm_probed`]; [`ArmRefusal::Storage`](crate::ArmRefusal::Storage) also when the plan has more
    /// than `N` channels.
    #[expect(clippy::result_large_err, reason = "without an allocator the parts go back by value")]
    pub fn arm_probed_sized(
        checked: &'a Checked<'a>,
        channels: &'a mut [ChannelState],
        output: O,
        alarm: A,
        sense: ContactSense<S>,
    ) -> Result<Self, ArmError<O, A, ContactSense<S>>> {
        Self::arm_sized(checked, channels, output, alarm, sense)
    }

    /// What is known of the electrodes: impedance and trend while on.
    #[must_use]
    pub const fn contact(&self) -> &ContactSense<S> {
        &self.sense
    }
}
