//! A session quantised once, against one hardware.

use crate::balance::{WIDEN_MAX_TICKS, unpayable};
use crate::error::{ConfigError, Field, at_least, at_most};
use crate::frame::{FrameKind, Level, PulseFrame};
use crate::hardware::{ChannelHardware, Hardware, MAX_CHANNELS, Rest};
use crate::rate::{Onsets, Rate};
use crate::recipe::sign;
use crate::rounding::{Rounded, RoundingReport};
use crate::session::{Channel, Control, Polarity, Schedule, Session, Setting};
use crate::units::{MicroAmps, Micros, Millis};

/// One channel of a plan: codes and ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelPlan {
    pub(crate) channel: Channel,
    pub(crate) hardware: ChannelHardware,
    pub(crate) onsets: Onsets,
    pub(crate) ticks_per_second: u32,
    pub(crate) gap_ticks: u32,
    pub(crate) dead_ticks: u32,
    pub(crate) gap_rest: Rest,
    pub(crate) spacing: u32,
    /// Least length of a segment on the grid: so that late edges do not come nearer than `spacing`.
    pub(crate) segment_min: u32,
    /// Least time from the last edge of a frame to the next one's first, whose polarity may be the other.
    pub(crate) turn_ticks: u32,
    pub(crate) lateness: u32,
    pub(crate) jitter: u32,
    pub(crate) stamp_error: u32,
    pub(crate) width_min: u32,
    pub(crate) up_ticks: u64,
    pub(crate) down_ticks: u64,
    pub(crate) offset_ticks: u64,
}

/// A [`Session`] compiled for one [`Hardware`]: every value a whole number of codes or ticks, every pulse balanced.
///
/// All rounding happens in [`Plan::compile`] and is reported by [`Plan::rounding`]. A plan also answers what a pulse
/// at any setting looks like, so that a check sees the very frames that will run.
///
/// ```
/// use nmes_core::*;
/// let set = Setting::new(40_000, 300).unwrap();
/// let channels = [Channel {
///     pulse: PulseShape::default(),
///     rate: Rate::from_hz(40).unwrap(),
///     set,
///     ceiling: set,
///     ramp: Ramp::default(),
///     offset: Micros::ZERO,
/// }];
/// let second = Millis::from_millis(1_000).unwrap();
/// let session = Session::new(&channels, Schedule::Continuous, second).unwrap();
/// let dac = ChannelHardware::symmetric(37_000, -2_048, 2_047);
/// let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// let plan = Plan::compile(&session, &hardware).unwrap();
/// let pulse = plan.frame(0, set, 0).unwrap();
/// assert_eq!(pulse.segments()[0].level, Level::Code(1_081)); // 39.997 mA, the nearest to 40 mA
/// assert_eq!(pulse.net_charge(&dac), Some(Charge::ZERO));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    session: Session<'a>,
    hardware: Hardware,
    channels: [Option<ChannelPlan>; MAX_CHANNELS],
}

impl<'a> Plan<'a> {
    /// Quantises a session for a hardware.
    ///
    /// # Errors
    /// Names the field, the value and the limit: more channels than the hardware has; a rate beyond the ticks; a
    /// code range too small for one step of the amplitude; a phase shorter than the edge spacing; L over 10 % of
    /// the phase; a closing charge over 5 % of a phase; or a period without room for the pulse, its worst stretch
    /// and the trim.
    pub fn compile(session: &Session<'a>, hardware: &Hardware) -> Result<Self, ConfigError> {
        let asked = i64::try_from(session.channels().len()).unwrap_or(i64::MAX);
        let there = i64::from(hardware.channel_count());
        at_most(Field::Channels, asked, there, "the channels of the hardware")?;
        let mut channels = [None; MAX_CHANNELS];
        for channel in session.channels() {
            fits_the_session(session, channel)?;
        }
        for ((slot, channel), output) in channels.iter_mut().zip(session.channels()).zip(hardware.channels())
        {
            let plan = ChannelPlan::new(channel, output, hardware)?;
            plan.validate()?;
            *slot = Some(plan);
        }
        Ok(Self { session: *session, hardware: *hardware, channels })
    }

    /// The session this plan was compiled from.
    #[must_use]
    pub const fn session(&self) -> &Session<'a> {
        &self.session
    }

    /// The hardware this plan was compiled for.
    #[must_use]
    pub const fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    /// The channels.
    pub fn channels(&self) -> impl Iterator<Item = &ChannelPlan> {
        self.channels.iter().flatten()
    }

    /// How many channels there are.
    #[must_use]
    pub fn channel_count(&self) -> u8 {
        u8::try_from(self.session.channels().len()).unwrap_or(u8::MAX)
    }

    /// One channel; `None` past the last.
    #[must_use]
    pub fn channel(&self, index: u8) -> Option<&ChannelPlan> {
        self.channels.get(usize::from(index)).and_then(Option::as_ref)
    }

    /// The length of the session in ticks.
    #[must_use]
    pub fn length_ticks(&self) -> u64 {
        millis_to_ticks(self.session.length(), self.hardware.timing().ticks_per_second)
    }

    /// The pulse that a channel puts out at a setting, with its first edge at `onset_tick`. `None` for a channel that
    /// is not there, a setting that rounds to no code, a width under [`ChannelPlan::width_min_ticks`], or a pulse
    /// that the code range cannot pay back.
    #[must_use]
    pub fn frame(&self, channel: u8, setting: Setting, onset_tick: u64) -> Option<PulseFrame> {
        let plan = self.channel(channel)?;
        let recipe = plan.recipe(plan.code_for(setting.amplitude), plan.width_ticks(setting.width), 0)?;
        let rest = Level::from(self.hardware.timing().pulse_rest);
        let segments = recipe.segments.get(..usize::from(recipe.len))?;
        PulseFrame::from_parts(channel, FrameKind::Pulse, 0, onset_tick, segments, rest)
    }

    /// What was asked of a channel and what it became; `None` for a channel that is not there.
    #[must_use]
    pub fn rounding(&self, channel: u8) -> Option<RoundingReport> {
        self.channel(channel).map(ChannelPlan::rounding)
    }
}

impl ChannelPlan {
    fn new(channel: &Channel, output: &ChannelHardware, hardware: &Hardware) -> Result<Self, ConfigError> {
        let timing = hardware.timing();
        let hz = timing.ticks_per_second;
        let spacing = hardware.edge_spacing_ticks();
        let lateness = hardware.lateness_ticks();
        let jitter = hardware.jitter_ticks();
        let segment_min = spacing.saturating_add(jitter);
        // an edge that is late into the dead step and on time out of it must not shorten it
        let dead = if timing.dead_ticks == 0 {
            0
        } else {
            timing.dead_ticks.saturating_add(jitter).max(segment_min)
        };
        let gap = match micros_to_ticks(channel.pulse.gap, hz) {
            0 => 0,
            ticks => ticks.max(segment_min),
        };
        Ok(Self {
            channel: *channel,
            hardware: *output,
            onsets: Onsets::new(channel.rate, hz)?,
            ticks_per_second: hz,
            gap_ticks: gap.max(dead),
            dead_ticks: dead,
            gap_rest: timing.gap_rest,
            spacing,
            segment_min,
            turn_ticks: spacing.max(timing.dead_ticks),
            lateness,
            jitter,
            stamp_error: timing.stamp_error_ticks,
            width_min: segment_min.max(jitter.saturating_mul(10)).max(1),
            up_ticks: millis_to_ticks(channel.ramp.up, hz),
            down_ticks: millis_to_ticks(channel.ramp.down, hz),
            offset_ticks: u64::from(micros_to_ticks(channel.offset, hz)),
        })
    }

    /// Every refusal that depends on both the session and the hardware.
    fn validate(&self) -> Result<(), ConfigError> {
        for setting in [self.channel.set, self.channel.ceiling] {
            self.validate_setting(setting)?;
        }
        let code = u64::from(self.code_for(self.channel.set.amplitude));
        let phase = code.saturating_mul(u64::from(self.width_ticks(self.channel.set.width)));
        let closing = i64::from(self.jitter);
        let twentieth = i64::try_from(phase / 20).unwrap_or(i64::MAX);
        at_most(Field::ClosingCharge, closing, twentieth, "one code × (L + 2 ε) is at most 5 % of a phase")?;
        let (most, source) = match self.channel.ramp.control {
            Control::Amplitude => (MicroAmps::MAX.as_microamps(), "an amplitude is at most 1 A"),
            Control::Width => (Micros::MAX.as_micros(), "a width is at most 10 s"),
        };
        at_most(Field::RampFloor, i64::from(self.channel.ramp.floor), i64::from(most), source)?;
        let period = i64::try_from(self.onsets.period_ticks()).unwrap_or(i64::MAX);
        let source = "the period has to hold the pulse, its worst stretch and the trim after it";
        at_most(Field::PulseLength, self.room_needed(), period, source)
    }

    /// The codes that a setting is put out with, or why it cannot be.
    pub(crate) fn validate_setting(&self, setting: Setting) -> Result<u32, ConfigError> {
        let width = self.width_ticks(setting.width);
        let source = "the least time between two edges of the hardware, and L + 2 ε";
        at_least(Field::PhaseTicks, i64::from(width), i64::from(self.segment_min), source)?;
        let source = "L + 2 ε is at most 10 % of the shortest phase";
        at_most(Field::Lateness, i64::from(self.jitter), i64::from(width / 10), source)?;
        let percent = self.channel.pulse.balance.length_percent();
        if !self.hardware.is_exact() || percent != 100 {
            let source = "an asymmetric or calibrated balancing phase is at least four edge spacings long";
            at_least(
                Field::PhaseTicks,
                i64::from(width),
                i64::from(self.segment_min).saturating_mul(4),
                source,
            )?;
        }
        let code = self.code_for(setting.amplitude);
        at_least(Field::AmplitudeCodes, i64::from(code), 1, "an amplitude under half a code is no output")?;
        let leading = self.channel.pulse.leading == Polarity::Positive;
        let limit = i64::from(self.hardware.code_limit(leading));
        at_most(Field::AmplitudeCodes, i64::from(code), limit, "the code range of the hardware")?;
        let other = self.hardware.code_limit(!leading);
        self.recipe(code, width, 0)
            .map(|recipe| recipe.code.unsigned_abs())
            .ok_or_else(|| unpayable(code, other))
    }

    fn room_needed(&self) -> i64 {
        let width = self.width_ticks(self.channel.ceiling.width);
        let balancing = u64::from(self.balancing_ticks(width)).saturating_add(u64::from(WIDEN_MAX_TICKS));
        let pulse = u64::from(width).saturating_add(u64::from(self.gap_ticks)).saturating_add(balancing);
        let after =
            self.stretch_ticks().saturating_add(self.trim_ticks()).saturating_add(u64::from(self.turn_ticks));
        i64::try_from(pulse.saturating_add(after)).unwrap_or(i64::MAX)
    }

    /// The channel of the session.
    #[must_use]
    pub const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The output it runs on.
    #[must_use]
    pub const fn hardware(&self) -> &ChannelHardware {
        &self.hardware
    }

    /// The pulse rate.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.channel.rate
    }

    /// Ticks from onset to onset, rounded down.
    #[must_use]
    pub const fn period_ticks(&self) -> u64 {
        self.onsets.period_ticks()
    }

    /// Which way the primary phase drives.
    #[must_use]
    pub const fn leading(&self) -> Polarity {
        self.channel.pulse.leading
    }

    /// The gap as it is put out: 0, or at least the edge spacing + L + 2 ε, and at least the dead time + L + 2 ε.
    #[must_use]
    pub const fn gap_ticks(&self) -> u32 {
        self.gap_ticks
    }

    /// How much later than the session this channel begins, and ends, in ticks.
    #[must_use]
    pub const fn offset_ticks(&self) -> u64 {
        self.offset_ticks
    }

    /// Ramp-up time in ticks.
    #[must_use]
    pub const fn ramp_up_ticks(&self) -> u64 {
        self.up_ticks
    }

    /// Ramp-down time in ticks.
    #[must_use]
    pub const fn ramp_down_ticks(&self) -> u64 {
        self.down_ticks
    }

    /// The shortest ramp-down a gate may ask for, in ticks.
    #[must_use]
    pub fn ramp_down_min_ticks(&self) -> u64 {
        millis_to_ticks(self.channel.ramp.down_min, self.ticks_per_second)
    }

    /// The shortest primary phase that is put out: the edge spacing + L + 2 ε, or 10 (L + 2 ε) if longer. A width
    /// ramp is silent below it.
    #[must_use]
    pub const fn width_min_ticks(&self) -> u32 {
        self.width_min
    }

    /// L + ε: how late a stamp of an edge may be, in ticks.
    #[must_use]
    pub fn late_limit_ticks(&self) -> u64 {
        u64::from(self.lateness).saturating_add(u64::from(self.stamp_error))
    }

    /// L + 2 ε: by how much the length of a segment, as stamped, may differ from the grid, in ticks.
    #[must_use]
    pub fn jitter_ticks(&self) -> u64 {
        u64::from(self.jitter)
    }

    /// The most that the last edge of a pulse moves when it is re-timed, in ticks.
    ///
    /// The primary phase is off by at most L (its first edge late, its second not), which the balancing phase takes
    /// up to twice its length ratio as long to repay (four times with an offset of half a code); its levels change
    /// up to L late; up to L + 1 is carried from the pulse before. With stamps that are off by ε, L + 2 ε for L.
    #[must_use]
    pub fn stretch_ticks(&self) -> u64 {
        let late = self.jitter_ticks();
        if late == 0 {
            return 0;
        }
        let percent = u64::from(self.channel.pulse.balance.length_percent());
        let exact = self.hardware.is_exact();
        let times = if exact { 2 } else { 4 };
        let several = percent.div_ceil(100).saturating_mul(times).saturating_add(1);
        let ratio = if exact && percent == 100 { 1 } else { several };
        late.saturating_mul(ratio.saturating_add(2)).saturating_add(2)
    }

    /// The longest that a trim takes, in ticks: each step leaves at most a quarter of the charge.
    #[must_use]
    pub fn trim_ticks(&self) -> u64 {
        let late = self.jitter_ticks();
        if late == 0 {
            return 0;
        }
        let codes = self.hardware.code_limit(true).max(self.hardware.code_limit(false));
        let steps = u64::from(codes.checked_ilog2().unwrap_or(0) / 2).saturating_add(2);
        let step = late.saturating_mul(18).saturating_add(u64::from(self.turn_ticks).saturating_mul(2));
        steps.saturating_mul(step)
    }

    /// The codes nearest to an amplitude in the leading polarity, as a magnitude; saturates at `u32::MAX`.
    #[must_use]
    pub fn code_for(&self, amplitude: MicroAmps) -> u32 {
        let positive = self.channel.pulse.leading == Polarity::Positive;
        let offset = i64::from(self.hardware.offset_na).saturating_mul(sign(positive));
        let wanted = i64::from(amplitude.as_microamps()).saturating_mul(1_000).saturating_sub(offset);
        let gain = self.hardware.gain_na(positive);
        let codes = wanted.saturating_add(gain / 2).checked_div(gain).unwrap_or(0);
        u32::try_from(codes.max(0)).unwrap_or(u32::MAX)
    }

    /// The ticks nearest to a width.
    #[must_use]
    pub fn width_ticks(&self, width: Micros) -> u32 {
        micros_to_ticks(width, self.ticks_per_second)
    }

    /// Nominal length of the balancing phase that pays back a primary phase of `width` ticks.
    #[must_use]
    pub fn balancing_ticks(&self, width: u32) -> u32 {
        let percent = self.channel.pulse.balance.length_percent();
        if percent == 100 {
            return width;
        }
        let scaled = u64::from(width).saturating_mul(u64::from(percent)).saturating_add(50) / 100;
        u32::try_from(scaled).unwrap_or(u32::MAX)
    }

    /// Code and width at a fraction of full level, from a set code and width.
    pub(crate) fn floor(&self, set: (u32, u32)) -> (u32, u32) {
        let floor = self.channel.ramp.floor;
        match self.channel.ramp.control {
            Control::Amplitude => {
                let amplitude = MicroAmps::from_microamps(floor).unwrap_or(MicroAmps::MAX);
                let codes = if floor == 0 { 0 } else { self.code_for(amplitude) };
                (codes.min(set.0), set.1)
            }
            Control::Width => {
                let width = Micros::from_micros(floor).unwrap_or(Micros::MAX);
                (set.0, self.width_ticks(width).min(set.1))
            }
        }
    }

    fn rounding(&self) -> RoundingReport {
        let hz = self.ticks_per_second;
        let channel = &self.channel;
        let width = self.width_ticks(channel.set.width);
        let us = |us: Micros| u64::from(us.as_micros()).saturating_mul(1_000);
        let ms = |ms: Millis| u64::from(ms.as_millis()).saturating_mul(1_000_000);
        let ns = |field, requested, ticks: u64| Rounded {
            field,
            requested,
            realised: ticks_to_ns(ticks, hz),
            unit: "ns",
        };
        let recipe = self.recipe(self.code_for(channel.set.amplitude), width, 0).unwrap_or_default();
        let pulse = recipe.segments.iter().fold(0_u64, |sum, s| sum.saturating_add(u64::from(s.ticks)));
        let balance = pulse.saturating_sub(u64::from(width)).saturating_sub(u64::from(self.gap_ticks));
        let percent = u64::from(channel.pulse.balance.length_percent());
        let amplitude = Rounded {
            field: Field::Amplitude,
            requested: u64::from(channel.set.amplitude.as_microamps()).saturating_mul(1_000),
            realised: self.hardware.current_na(recipe.code).unsigned_abs(),
            unit: "nA",
        };
        let rows = [
            amplitude,
            ns(Field::PhaseWidth, us(channel.set.width), u64::from(width)),
            ns(Field::InterphaseGap, us(channel.pulse.gap), u64::from(self.gap_ticks)),
            ns(Field::BalanceLength, us(channel.set.width).saturating_mul(percent) / 100, balance),
            ns(Field::RampTime, ms(channel.ramp.up), self.up_ticks),
            ns(Field::RampTime, ms(channel.ramp.down), self.down_ticks),
            ns(Field::Offset, us(channel.offset), self.offset_ticks),
        ];
        RoundingReport { rows }
    }
}

/// One contraction with its ramps has to fit into the session.
fn fits_the_session(session: &Session<'_>, channel: &Channel) -> Result<(), ConfigError> {
    let ms = |part: Millis| i64::from(part.as_millis());
    let (up, down) = (ms(channel.ramp.up), ms(channel.ramp.down));
    let needed = match session.schedule() {
        Schedule::Continuous => up.saturating_add(down),
        Schedule::Cyclic(cycle) => up.saturating_add(ms(cycle.hold)).saturating_add(down),
        Schedule::Gated(_) => down.saturating_add(1),
    };
    at_most(
        Field::RampTime,
        needed,
        ms(session.length()),
        "one contraction with its ramps fits into the session",
    )
}

fn micros_to_ticks(us: Micros, hz: u32) -> u32 {
    // at most 10^7 × 10^9 = 10^16, below 2^64
    let scaled = u64::from(us.as_micros()).saturating_mul(u64::from(hz)).saturating_add(500_000);
    u32::try_from(scaled / 1_000_000).unwrap_or(u32::MAX)
}

pub(crate) fn millis_to_ticks(ms: Millis, hz: u32) -> u64 {
    // at most 1.8 × 10^8 × 10^9, below 2^64
    u64::from(ms.as_millis()).saturating_mul(u64::from(hz)).saturating_add(500) / 1_000
}

fn ticks_to_ns(ticks: u64, hz: u32) -> u64 {
    let ns = u128::from(ticks).saturating_mul(1_000_000_000).checked_div(u128::from(hz)).unwrap_or(0);
    u64::try_from(ns).unwrap_or(u64::MAX)
}
