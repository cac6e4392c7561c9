//! Checked plans, armed guards, and pulses to feed them.
#![allow(dead_code, reason = "each test binary uses its part")]

use nmes_core::*;
use nmes_safety::*;

/// What a test varies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rig {
    pub(crate) hz: u32,
    pub(crate) set: (u32, u32),
    pub(crate) ceiling: (u32, u32),
    pub(crate) gap_us: u32,
    pub(crate) balance: Balance,
    pub(crate) form: Form<'static>,
    pub(crate) repeat: Repeat,
    pub(crate) train: Train<'static>,
    pub(crate) dead: u32,
    pub(crate) gap_rest: Rest,
    pub(crate) late: u32,
    pub(crate) stamp: u32,
    pub(crate) gains: (u32, u32),
    pub(crate) pulse_rest: Rest,
    pub(crate) class: UseClass,
    pub(crate) schedule: Schedule<'static>,
    pub(crate) seconds: u32,
    pub(crate) ramp_down_ms: u32,
    /// Channels, all alike.
    pub(crate) channels: usize,
    /// A measurement is promised.
    pub(crate) measured: bool,
    /// What else the setup says.
    pub(crate) more: fn(Setup) -> Setup,
}

impl Default for Rig {
    fn default() -> Self {
        Self {
            hz: 40,
            set: (40_000, 300),
            ceiling: (40_000, 300),
            gap_us: 100,
            balance: Balance::Symmetric,
            form: Form::Rectangular,
            repeat: Repeat::ONCE,
            train: Train::default(),
            dead: 0,
            gap_rest: Rest::Open,
            late: 0,
            stamp: 0,
            gains: (100_000, 100_000),
            pulse_rest: Rest::Open,
            class: UseClass::FunctionalWear,
            schedule: Schedule::Continuous,
            seconds: 3_600,
            ramp_down_ms: 500,
            channels: 1,
            measured: false,
            more: |setup| setup,
        }
    }
}

/// A setup whose measurement has next to no noise, for [`Rig::more`].
pub(crate) fn quiet(setup: Setup) -> Setup {
    setup.with_measurement_noise(MicroAmps::from_microamps(1).unwrap()).unwrap()
}

/// Of a weak and long balancing phase, measured.
pub(crate) fn asymmetric() -> Rig {
    let balance = Balance::Asymmetric { length_percent: 300 };
    Rig { measured: true, balance, class: UseClass::Continuous, ..Rig::default() }
}

pub(crate) fn ms(value: u32) -> Millis {
    Millis::from_millis(value).unwrap()
}

pub(crate) fn setting(ua: u32, us: u32) -> Setting {
    Setting::new(ua, us).unwrap()
}

impl Rig {
    /// The default, but for what the pulses of a test need.
    fn profile(&self) -> Profile {
        let usual = Profile::default();
        if self.form == Form::Rectangular && self.balance.is_balanced() {
            return usual;
        }
        let wide = Profile::custom("test", &usual).with_limit(&rules::E_W_1, 1_000).unwrap();
        if self.balance.is_balanced() {
            return wide;
        }
        // what one pulse at the ceiling leaves
        let longest = u64::from(self.ceiling.1 + self.late + 2 * self.stamp) * u64::from(self.repeat.count);
        let net = u64::from(self.ceiling.0) * longest;
        wide.with_limit(&rules::E_BAL_1, net).unwrap()
    }

    /// A checked plan that lives as long as the test.
    pub(crate) fn checked(&self) -> &'static Checked<'static> {
        let channel = Channel {
            pulse: PulseShape {
                gap: Micros::from_micros(self.gap_us).unwrap(),
                balance: self.balance,
                form: self.form,
                repeat: self.repeat,
                ..PulseShape::default()
            },
            rate: Rate::from_hz(self.hz).unwrap(),
            train: self.train,
            set: setting(self.set.0, self.set.1),
            ceiling: setting(self.ceiling.0, self.ceiling.1),
            ramp: Ramp {
                up: ms(500),
                down: ms(self.ramp_down_ms),
                down_min: ms(self.ramp_down_ms),
                ..Ramp::default()
            },
            offset: Micros::ZERO,
        };
        let channels: &'static [Channel] = vec![channel; self.channels].leak();
        let session = Session::new(channels, self.schedule, ms(self.seconds * 1_000)).unwrap();
        let timing = HardwareTiming {
            late_max_ticks: self.late,
            stamp_error_ticks: self.stamp,
            dead_ticks: self.dead,
            gap_rest: self.gap_rest,
            pulse_rest: self.pulse_rest,
            ..HardwareTiming::ideal(1_000_000)
        };
        let output = ChannelHardware {
            na_per_code_negative: self.gains.1,
            ..ChannelHardware::symmetric(self.gains.0, -2_048, 2_047)
        };
        let hardware = Hardware::new(timing, &vec![output; self.channels], 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let setup = Setup::new(&vec![5_000; self.channels], self.class).unwrap();
        let setup = (self.more)(if self.measured { setup.with_measurement() } else { setup });
        let setup = match self.class {
            UseClass::FunctionalWear | UseClass::Continuous => {
                setup.with_limit(Layer::Protocol, &rules::E_SES_1, 28_800_000).unwrap()
            }
            _ => setup,
        };
        let checked = check(plan, &setup, &self.profile());
        Box::leak(Box::new(checked.unwrap_or_else(|denied| panic!("{denied}"))))
    }
}

/// The same plan with pulses that lead another way.
pub(crate) fn led(checked: &'static Checked<'static>, leading: Polarity) -> &'static Checked<'static> {
    let session = checked.plan().session();
    let mut channel = session.channels()[0];
    channel.pulse.leading = leading;
    let session = Session::new(vec![channel].leak(), session.schedule(), session.length()).unwrap();
    let plan = Plan::compile(&session, checked.plan().hardware()).unwrap();
    Box::leak(Box::new(check(plan, checked.setup(), checked.profile()).unwrap()))
}

/// The same plan on hardware with another timing.
pub(crate) fn timed(
    checked: &'static Checked<'static>,
    change: impl FnOnce(&mut HardwareTiming),
) -> &'static Checked<'static> {
    let old = checked.plan().hardware();
    let mut timing = *old.timing();
    change(&mut timing);
    let outputs: Vec<_> = (0..checked.plan().channel_count()).map(|n| *old.channel(n).unwrap()).collect();
    let hardware = Hardware::new(timing, &outputs, 0).unwrap();
    let plan = Plan::compile(checked.plan().session(), &hardware).unwrap();
    Box::leak(Box::new(check(plan, checked.setup(), checked.profile()).unwrap()))
}

/// Self test, contact check, armed, at tick `now`.
pub(crate) fn armed(checked: &'static Checked<'static>, now: u64) -> Guard<'static> {
    let mut guard = Guard::new(checked, now);
    for event in [Event::Passed, Event::Probe, Event::Contact] {
        guard.handle(now, event).unwrap();
    }
    guard
}

/// Raises every channel in steps until it is at the session's set value; gives the time.
pub(crate) fn raise(guard: &mut Guard<'_>, checked: &Checked<'_>, mut now: u64) -> u64 {
    let latest = now + 600_000_000;
    for (channel, plan) in checked.plan().session().channels().iter().enumerate() {
        let (top, width) = (plan.set.amplitude.as_microamps(), plan.set.width.as_micros());
        let mut ua = 0;
        while ua < top {
            ua = (ua + 1_000).min(top);
            while guard.set_level(now, u8::try_from(channel).unwrap(), setting(ua, width)).is_err() {
                // under Miri each try takes milliseconds
                now += if cfg!(miri) { 250_000 } else { 10_000 };
                assert!(now < latest, "the level does not rise in ten minutes");
            }
        }
    }
    guard.keep_alive(now);
    now
}

/// Armed and raised; the time is that of the last step.
pub(crate) fn ready(checked: &'static Checked<'static>) -> (Guard<'static>, u64) {
    let mut guard = armed(checked, 0);
    let now = raise(&mut guard, checked, 0);
    (guard, now)
}

/// The plan's own pulse at its set value.
pub(crate) fn pulse(checked: &Checked<'_>, sequence: u32, onset: u64) -> PulseFrame<'static> {
    pulse_at(checked, checked.plan().session().channels()[0].set, sequence, onset)
}

pub(crate) fn pulse_at(
    checked: &Checked<'_>,
    set: Setting,
    sequence: u32,
    onset: u64,
) -> PulseFrame<'static> {
    let made = checked.plan().frame(0, set, onset).unwrap();
    remade(&made, sequence, onset, &list(&made))
}

pub(crate) fn list(frame: &PulseFrame<'_>) -> Vec<Segment> {
    frame.segments().collect()
}

/// The same frame with other segments, number and onset.
pub(crate) fn remade(
    frame: &PulseFrame<'_>,
    sequence: u32,
    onset: u64,
    segments: &[Segment],
) -> PulseFrame<'static> {
    PulseFrame::from_parts(frame.channel(), frame.kind(), sequence, onset, segments, frame.rest()).unwrap()
}

pub(crate) fn change(frame: &PulseFrame<'_>, edge: u16) -> Change {
    let level = frame.edge_level(edge).unwrap();
    Change { channel: frame.channel(), sequence: frame.sequence(), edge: Some(edge), level }
}

/// A sample of the phase that `edge` ends, `gain` permille of what was commanded.
pub(crate) fn sample(
    checked: &Checked<'_>,
    frame: &PulseFrame<'_>,
    edge: u16,
    t: u64,
    permille: i64,
) -> Option<Sensed> {
    let level = frame.edge_level(edge.checked_sub(1)?)?;
    let output = checked.plan().hardware().channel(0)?;
    let instant = match level {
        Level::Code(_) => SampleInstant::PhaseEnd,
        Level::Open | Level::Shorted => SampleInstant::Rest,
    };
    let current_na = level.current_na(output) * permille / 1_000;
    Some(Sensed { current_na, voltage_mv: 0, at_tick: t - 1, instant })
}

/// The slow side comes, and finds nothing.
pub(crate) fn tended(guard: &mut Guard<'_>, now: u64) {
    guard.keep_alive(now);
    guard.tick(now).unwrap();
}

/// Admits a frame and applies all its edges on the grid.
pub(crate) fn play<'a>(guard: &mut Guard<'a>, frame: &PulseFrame<'a>) -> Result<(), Trip> {
    guard.keep_alive(frame.onset_tick());
    guard.admit(frame.onset_tick(), frame)?;
    for edge in 0..frame.edge_count() {
        guard.edge(frame.edge_tick(edge).unwrap(), &change(frame, edge), None)?;
    }
    Ok(())
}

/// The same with a measurement of each phase, in permille of the commanded current for driven phases.
pub(crate) fn play_sensed<'a>(
    guard: &mut Guard<'a>,
    checked: &Checked<'_>,
    frame: &PulseFrame<'a>,
    permille: impl Fn(u16) -> i64,
) -> Result<(), Trip> {
    guard.keep_alive(frame.onset_tick());
    guard.admit(frame.onset_tick(), frame)?;
    for edge in 0..frame.edge_count() {
        let t = frame.edge_tick(edge).unwrap();
        guard.edge(t, &change(frame, edge), sample(checked, frame, edge, t, permille(edge)))?;
    }
    Ok(())
}

/// Fault of an answer.
pub(crate) fn fault<T: core::fmt::Debug>(result: Result<T, Trip>) -> Fault {
    result.unwrap_err().fault
}

/// The number of the first pulse that the guard refuses, of onsets in ticks after a first one.
pub(crate) fn refused(checked: &'static Checked<'static>, onsets: impl Iterator<Item = u64>) -> Option<u32> {
    let (mut guard, now) = ready(checked);
    let first = now + 1_000_000;
    (1..).zip(onsets).find_map(|(number, at)| {
        let onset = first + at;
        tended(&mut guard, onset - 1_000);
        let trip = play(&mut guard, &pulse(checked, number, onset)).err()?;
        assert_eq!(
            (trip.fault, trip.rule, trip.unit),
            (Fault::Rate, "PLAN", "ticks ahead of its timing"),
            "{trip}"
        );
        Some(number)
    })
}
