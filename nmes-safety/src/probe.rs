//! The contact check before arming: a session of its own, checked like any other and with limits of its own.

use core::fmt;
use core::ops::Deref;

use nmes_core::{
    Channel, ConfigError, Control, Form, Level, MAX_CHANNELS, MicroAmps, Micros, Millis, Plan, Polarity,
    PulseShape, Ramp, Rate, Repeat, Schedule, Session, Setting, Slope, Train,
};

use crate::checked::{Checked, Denied, check};
use crate::guard::PROBE_LEVEL;
use crate::rules::{self, Rule};
use crate::sense::{is_above_noise, nanoamps};
use crate::set_level::{RiseLimits, SetLevel, SetRefusal, narrow};
use crate::setup::Setup;

/// The ceiling of a contact check, rule by rule in each rule's unit. All of it is our choice: [`PROBE_LEVEL`]
/// for 200 µs, with room for coarse codes and late edges; about a thirtieth of the default limits in current and a
/// sixtieth in charge.
pub const PROBE_LIMITS: [(&Rule, u64); 5] = [
    (&rules::E_PEAK_1, 4_000),
    (&rules::E_Q_1, 1_000_000),
    (&rules::E_W_1, 250),
    (&rules::E_F_1, 10_000),
    (&rules::E_SES_1, 5_000),
];

/// Main phase of a probing pulse, in µs: long enough for a sample at its start and one at its end. Our choice.
const WIDTH_US: u32 = 200;
/// Ten pulses a second. Our choice.
const PERIOD_US: u32 = 100_000;
/// The set level is at its top no sooner than after the default E-RAMP-1, or what the layers make of it; then something more,
/// and five pulses. Our choice.
const RISE_MS: u64 = 2_000;
const MORE_MS: u32 = 100;
const PULSES: u32 = 5;
/// How often the level is raised while it rises, and by which steps, the larger first, in µA: no slower than a runner does.
const RAISE_EVERY_MS: u64 = 20;
const STEPS_UA: [u32; 2] = [1_000, 100];
/// Slow enough for E-SLEW-2.
const RAMP_MS: u32 = 10;

/// Why a contact check cannot be made for a plan.
#[expect(
    clippy::large_enum_variant,
    reason = "without an allocator the plan and the report go back by value"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeError<'p> {
    /// The hardware cannot put its pulses out.
    Plan(ConfigError),
    /// A rule denies it, with all layers of the setup as they are for the session itself.
    Denied(Denied<'p>),
    /// On a channel its pulses are under twice the noise of the measurement, so nothing they measure says anything.
    Noise {
        /// The first such channel.
        channel: u8,
        /// What its strongest pulse is put out at.
        current_na: u64,
        /// What a measurement may read although nothing flows, as the setup has it.
        noise_na: u64,
    },
    /// The set level rises too slowly, with all layers of the setup as they are for the session itself.
    Rise {
        /// How far it comes, in µA.
        reached_ua: u32,
        /// How far it has to, in µA.
        level_ua: u32,
        /// The time that E-SES-1 leaves for it, in ms.
        within_ms: u64,
        /// What slows it down: rule, value, limit and source.
        why: SetRefusal,
    },
}

impl fmt::Display for ProbeError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("contact check: ")?;
        match self {
            Self::Plan(why) => why.fmt(f),
            Self::Denied(why) => why.fmt(f),
            Self::Noise { channel, current_na, noise_na } => {
                write!(f, "channel {channel}: {current_na} nA are less than twice what the measurement")?;
                write!(f, " may read of nothing, {noise_na} nA")
            }
            Self::Rise { reached_ua, level_ua, within_ms, why } => {
                write!(f, "the set level is at {reached_ua} µA of {level_ua} µA after {within_ms} ms,")?;
                write!(f, " all that E-SES-1 leaves for it: {why}")
            }
        }
    }
}

impl core::error::Error for ProbeError<'_> {}

/// The pulses that look for contact ahead of a session: on each of its channels, one after the other, symmetric pulses of
/// at most [`PROBE_LEVEL`] and 200 µs at 10 a second, for 2.6 s, or longer where E-RAMP-1, E-SLEW-1 or N-STEP-1 are stated such
/// that the set level rises for more than 2 s. No channel goes above its own ceiling. Where E-F-1 is stated as less
/// than 10 Hz they come at that rate, for as long as five of them take; under 1.725 Hz that is more than the check may last.
///
/// What they measure is for a [`Contact`](crate::Contact) to judge. A channel whose ceiling is under twice the noise of the
/// measurement has no such pulses: with [`NOISE_FLOOR`](crate::NOISE_FLOOR) that is one of less than 2 mA, and
/// [`Setup::with_measurement_noise`] states less.
///
/// ```
/// # use nmes_core::*;
/// # use nmes_safety::*;
/// # let set = Setting::new(40_000, 300).unwrap();
/// # let half = Millis::from_millis(500).unwrap();
/// # let channels = [Channel { pulse: PulseShape::default(), rate: Rate::from_hz(40).unwrap(), set, ceiling: set,
/// #     train: Train::default(), ramp: Ramp { up: half, down: half, down_min: half, ..Ramp::default() }, offset: Micros::ZERO }];
/// # let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(1_000).unwrap()).unwrap();
/// # let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
/// # let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// # let plan = Plan::compile(&session, &hardware).unwrap();
/// # let setup = Setup::new(&[2_500], UseClass::Specialist).unwrap();
/// let checked = check(plan, &setup, &Profile::default()).unwrap();
/// let probe = Probe::of(&checked);
/// let probing = probe.check(&checked).unwrap();
/// assert_eq!(probing.report().row(&rules::E_PEAK_1).unwrap().value, Some(3_000)); // 3 mA
/// assert_eq!(probing.report().row(&rules::E_Q_1).unwrap().value, Some(600_000)); // 0.6 µC
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    channels: [Channel<'static>; MAX_CHANNELS],
    count: usize,
    /// How long the pulses at the top take.
    pulses_ms: u32,
}

impl Probe {
    /// The check for the channels of a plan.
    #[must_use]
    pub fn of(checked: &Checked<'_>) -> Self {
        let fastest = checked.limit(&rules::E_F_1).map_or(rules::E_F_1.limit, |limit| limit.value).max(1);
        let period_us = u32::try_from(1_000_000_000_u64.div_ceil(fastest)).unwrap_or(u32::MAX).max(PERIOD_US);
        let mut channels = [channel(&QUIET, 0, period_us); MAX_CHANNELS];
        for ((slot, asked), place) in channels.iter_mut().zip(checked.plan().session().channels()).zip(0..) {
            *slot = channel(&asked.ceiling, place, period_us);
            slot.pulse.gap = asked.pulse.gap;
            slot.pulse.leading = asked.pulse.leading;
        }
        let pulses_ms = PULSES.saturating_mul(period_us.div_ceil(1_000));
        Self { channels, count: usize::from(checked.plan().channel_count()), pulses_ms }
    }

    /// Its plan, checked with the limits of the session's own setup and profile, those of the rules and [`PROBE_LIMITS`],
    /// whichever is strictest.
    ///
    /// # Errors
    /// [`ProbeError`]: this hardware, setup or profile has no such pulses.
    #[expect(
        clippy::result_large_err,
        reason = "without an allocator the plan and the report go back by value"
    )]
    pub fn check(&self, session: &Checked<'_>) -> Result<CheckedProbe<'_>, ProbeError<'_>> {
        let channels = self.channels.get(..self.count).unwrap_or(&[]);
        let rise_ms = rise_ms(channels, self.pulses_ms.saturating_add(MORE_MS), session)?;
        let length_ms = narrow(rise_ms).saturating_add(MORE_MS).saturating_add(self.pulses_ms);
        let length = Millis::from_millis(length_ms).unwrap_or(Millis::MAX);
        let own = Session::new(channels, Schedule::Continuous, length).map_err(ProbeError::Plan)?;
        let plan = Plan::compile(&own, session.plan().hardware()).map_err(ProbeError::Plan)?;
        above_noise(&plan, session.setup())?;
        let profile = session.profile().probing("contact-check");
        check(plan, &session.setup().probing(), &profile).map(CheckedProbe).map_err(ProbeError::Denied)
    }
}

/// How long the strongest level takes from zero, in ms, at least [`RISE_MS`]: each step is asked of what the guard asks. Looks
/// at no more than the time that a contact check may last, without what comes `after_ms` it.
#[expect(clippy::result_large_err, reason = "without an allocator the plan and the report go back by value")]
fn rise_ms<'p>(
    channels: &[Channel<'_>],
    after_ms: u32,
    session: &Checked<'_>,
) -> Result<u64, ProbeError<'p>> {
    let Some(top) = channels.iter().map(|channel| channel.set).max_by_key(|set| set.amplitude) else {
        return Ok(RISE_MS);
    };
    let limits = rise_limits(session, top);
    let most_ms = PROBE_LIMITS.iter().find(|(rule, _)| core::ptr::eq(*rule, &rules::E_SES_1));
    let most_ms = most_ms.map_or(0, |(_, ms)| *ms).saturating_sub(after_ms.into()).max(RISE_MS);
    let (mut level, mut now, mut why) = (SetLevel::ZERO, 0, None);
    while now <= most_ms {
        why = raise(&mut level, now, top, &limits).err().or(why);
        if level.authorised == top {
            return Ok(now.max(RISE_MS));
        }
        now = now.saturating_add(RAISE_EVERY_MS);
    }
    let amount = |set: Setting| set.amplitude.as_microamps();
    let (reached_ua, level_ua) = (amount(level.authorised), amount(top));
    why.map_or(Ok(RISE_MS), |why| Err(ProbeError::Rise { reached_ua, level_ua, within_ms: most_ms, why }))
}

/// One step towards `top`, by the larger of the steps that are taken.
fn raise(level: &mut SetLevel, now: u64, top: Setting, limits: &RiseLimits) -> Result<(), SetRefusal> {
    let mut last = Ok(());
    for step in STEPS_UA {
        let next = level.authorised.amplitude.as_microamps().saturating_add(step);
        let next = MicroAmps::from_microamps(next).map_or(top.amplitude, |next| next.min(top.amplitude));
        last = level.request(now, 0, Setting { amplitude: next, ..top }, limits);
        if last.is_ok() {
            break;
        }
    }
    last
}

/// What bounds the rise of a contact check, on a clock of ms.
fn rise_limits(session: &Checked<'_>, top: Setting) -> RiseLimits {
    let limit = |rule: &Rule| session.limit(rule).map_or(rule.limit, |limit| limit.value);
    RiseLimits {
        ticks_per_second: 1_000,
        step_ua: narrow(limit(&rules::N_STEP_1)),
        slew_ua: narrow(limit(&rules::E_SLEW_1)),
        ramp_ticks: limit(&rules::E_RAMP_1),
        target_ua: top.amplitude.as_microamps(),
        ceiling: top,
    }
}

/// Each channel's pulses are at least twice as strong, as put out, as what a measurement may read of nothing.
#[expect(clippy::result_large_err, reason = "without an allocator the plan and the report go back by value")]
fn above_noise<'p>(plan: &Plan<'p>, setup: &Setup) -> Result<(), ProbeError<'p>> {
    let noise_na = nanoamps(setup.measurement_noise());
    for (channel, asked) in (0_u8..).zip(plan.session().channels()) {
        let parts = plan.channel(channel).zip(plan.hardware().channel(channel));
        let current_na = parts.map_or(0, |(own, output)| {
            let code = i32::try_from(own.code_for(asked.set.amplitude)).unwrap_or(i32::MAX);
            let code = if asked.pulse.leading == Polarity::Positive { code } else { code.saturating_neg() };
            Level::Code(code).current_na(output).unsigned_abs()
        });
        if !is_above_noise(current_na, noise_na) {
            return Err(ProbeError::Noise { channel, current_na, noise_na });
        }
    }
    Ok(())
}

/// The checked plan of a contact check. Only [`Probe::check`] makes one, so what is run without having asked for contact
/// stays below [`PROBE_LIMITS`].
///
/// ```compile_fail,E0423
/// fn disguised(session: nmes_safety::Checked<'_>) -> nmes_safety::CheckedProbe<'_> {
///     nmes_safety::CheckedProbe(session)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CheckedProbe<'p>(Checked<'p>);

impl<'p> Deref for CheckedProbe<'p> {
    type Target = Checked<'p>;

    fn deref(&self) -> &Checked<'p> {
        &self.0
    }
}

const QUIET: Setting = Setting { amplitude: PROBE_LEVEL, width: micros(WIDTH_US) };

const USUAL_RATE: Rate = match Rate::new(1, PERIOD_US) {
    Ok(rate) => rate,
    Err(_) => panic!("a rate of zero"),
};

const fn micros(us: u32) -> Micros {
    match Micros::from_micros(us) {
        Some(us) => us,
        None => Micros::ZERO,
    }
}

/// A channel that probes at `place` of a period, so that no two do at a time.
fn channel(ceiling: &Setting, place: u32, period_us: u32) -> Channel<'static> {
    let ramp = Millis::from_millis(RAMP_MS).unwrap_or(Millis::ZERO);
    let set =
        Setting { amplitude: PROBE_LEVEL.min(ceiling.amplitude), width: QUIET.width.min(ceiling.width) };
    let most = u32::try_from(MAX_CHANNELS).unwrap_or(u32::MAX);
    let apart = period_us.checked_div(most).unwrap_or(0);
    Channel {
        pulse: PulseShape { form: Form::Rectangular, repeat: Repeat::ONCE, ..PulseShape::default() },
        rate: Rate::new(1, period_us).unwrap_or(USUAL_RATE),
        train: Train::EVEN,
        set,
        ceiling: set,
        ramp: Ramp {
            control: Control::Amplitude,
            slope: Slope::Linear,
            up: ramp,
            down: ramp,
            down_min: ramp,
            floor: 0,
        },
        offset: micros(apart.saturating_mul(place)),
    }
}
