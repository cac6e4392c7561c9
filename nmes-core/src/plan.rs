//! A session quantised once, against one hardware.

use crate::balance::{Balancing, Payer, WIDEN_MAX_TICKS, repay, repay_units, unpayable};
use crate::error::{ConfigError, Field, at_least, at_most};
use crate::frame::{FrameKind, Level, MAX_SEGMENTS, PulseFrame, Segment};
use crate::hardware::{ChannelHardware, Hardware, MAX_CHANNELS, Rest};
use crate::rate::{Onsets, Rate};
use crate::rounding::{Rounded, RoundingReport};
use crate::session::{Channel, Control, Polarity, Session, Setting};
use crate::units::{Charge, MicroAmps, Micros, Millis};

/// How many codes lower a pulse may be made when no balancing phase fits the one that was asked for.
const LOWER_MAX: u32 = 8;

/// The shape of one pulse at one setting; all but its place in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) asked: (u32, u32),
    pub(crate) code: i32,
    pub(crate) segments: [Segment; MAX_SEGMENTS],
    pub(crate) len: u8,
    /// Nominal ledger after the pulse, in nanoampere-ticks.
    pub(crate) carry: i64,
}

impl Recipe {
    pub(crate) const EMPTY: Self = Self {
        asked: (0, 0),
        code: 0,
        segments: [Segment { level: Level::Open, ticks: 0 }; MAX_SEGMENTS],
        len: 0,
        carry: 0,
    };

    fn push(&mut self, level: Level, ticks: u32) {
        if let Some(slot) = self.segments.get_mut(usize::from(self.len)).filter(|_| ticks > 0) {
            *slot = Segment { level, ticks };
            self.len = self.len.saturating_add(1);
        }
    }
}

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
    pub(crate) lateness: u32,
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
        let dead = if timing.dead_ticks == 0 { 0 } else { timing.dead_ticks.max(spacing) };
        let gap = match micros_to_ticks(channel.pulse.gap, hz) {
            0 => 0,
            ticks => ticks.max(spacing),
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
            lateness,
            stamp_error: timing.stamp_error_ticks,
            width_min: spacing.max(lateness.saturating_mul(10)).max(1),
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
        let closing = i64::from(self.lateness).saturating_add(i64::from(self.stamp_error));
        let twentieth = i64::try_from(phase / 20).unwrap_or(i64::MAX);
        at_most(Field::ClosingCharge, closing, twentieth, "one code × (L + ε) is at most 5 % of a phase")?;
        at_most(Field::RampFloor, i64::from(self.channel.ramp.floor), 10_000_000, "10 A or 10 s")?;
        let period = i64::try_from(self.onsets.period_ticks()).unwrap_or(i64::MAX);
        let source = "the period has to hold the pulse, its worst stretch and the trim after it";
        at_most(Field::PulseLength, self.room_needed(), period, source)
    }

    pub(crate) fn validate_setting(&self, setting: Setting) -> Result<(), ConfigError> {
        let width = self.width_ticks(setting.width);
        let source = "the least time between two edges of the hardware";
        at_least(Field::PhaseTicks, i64::from(width), i64::from(self.spacing), source)?;
        let source = "L is at most 10 % of the shortest phase";
        at_most(Field::Lateness, i64::from(self.lateness), i64::from(width / 10), source)?;
        let percent = self.channel.pulse.balance.length_percent();
        if !self.hardware.is_exact() || percent != 100 {
            let source = "an asymmetric or calibrated balancing phase is at least four edge spacings long";
            at_least(Field::PhaseTicks, i64::from(width), i64::from(self.spacing).saturating_mul(4), source)?;
        }
        let code = self.code_for(setting.amplitude);
        at_least(Field::AmplitudeCodes, i64::from(code), 1, "an amplitude under half a code is no output")?;
        let leading = self.channel.pulse.leading == Polarity::Positive;
        let limit = i64::from(self.hardware.code_limit(leading));
        at_most(Field::AmplitudeCodes, i64::from(code), limit, "the code range of the hardware")?;
        let other = self.hardware.code_limit(!leading);
        self.recipe(code, width, 0).map(drop).ok_or_else(|| unpayable(code, other))
    }

    fn room_needed(&self) -> i64 {
        let width = self.width_ticks(self.channel.ceiling.width);
        let balancing = u64::from(self.balancing_ticks(width)).saturating_add(u64::from(WIDEN_MAX_TICKS));
        let pulse = u64::from(width).saturating_add(u64::from(self.gap_ticks)).saturating_add(balancing);
        let after =
            self.stretch_ticks().saturating_add(self.trim_ticks()).saturating_add(u64::from(self.spacing));
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

    /// The gap as it is put out: at least the dead time, and 0 or at least the edge spacing.
    #[must_use]
    pub const fn gap_ticks(&self) -> u32 {
        self.gap_ticks
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

    /// The shortest primary phase that is put out: the edge spacing or 10 L. A width ramp is silent below it.
    #[must_use]
    pub const fn width_min_ticks(&self) -> u32 {
        self.width_min
    }

    /// L + ε: how late a stamp of an edge may be, in ticks.
    #[must_use]
    pub fn late_limit_ticks(&self) -> u64 {
        u64::from(self.lateness).saturating_add(u64::from(self.stamp_error))
    }

    /// The most that the last edge of a pulse moves when it is re-timed, in ticks.
    ///
    /// The primary phase is off by at most L (its first edge late, its second not), which the balancing phase takes
    /// up to twice its length ratio as long to repay (four times with an offset of half a code); its levels change
    /// up to L late; up to L + 1 is carried from the pulse before.
    #[must_use]
    pub fn stretch_ticks(&self) -> u64 {
        let late = self.late_limit_ticks();
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
        let late = self.late_limit_ticks();
        if late == 0 {
            return 0;
        }
        let codes = self.hardware.code_limit(true).max(self.hardware.code_limit(false));
        let steps = u64::from(codes.checked_ilog2().unwrap_or(0) / 2).saturating_add(2);
        let step = late.saturating_mul(18).saturating_add(u64::from(self.spacing).saturating_mul(2));
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

    /// The pulse of about `code` codes and `width` ticks with a nominal ledger of `carry` before it. Where no
    /// balancing phase fits, a code a little lower is taken.
    pub(crate) fn recipe(&self, code: u32, width: u32, carry: i64) -> Option<Recipe> {
        if width < self.width_min {
            return None;
        }
        let lowest = code.saturating_sub(LOWER_MAX).max(1);
        let mut candidate = code;
        while candidate >= lowest {
            if let Some(recipe) = self.recipe_at(candidate, width, carry) {
                return Some(Recipe { asked: (code, width), ..recipe });
            }
            candidate = candidate.checked_sub(1)?;
        }
        None
    }

    fn recipe_at(&self, code: u32, width: u32, carry: i64) -> Option<Recipe> {
        let leading = self.channel.pulse.leading == Polarity::Positive;
        if code == 0 || code > self.hardware.code_limit(leading) {
            return None;
        }
        let codes = i32::try_from(code).ok()?;
        let primary = if leading { codes } else { codes.checked_neg()? };
        let mut recipe = Recipe { code: primary, ..Recipe::default() };
        recipe.push(Level::Code(primary), width);
        recipe.push(Level::Open, self.dead_ticks);
        self.push_gap(&mut recipe);
        let owed = self.owed(&recipe, carry)?;
        let balancing = self.balancing(code, width, owed)?;
        recipe.carry = balancing.left_na_ticks.checked_mul(sign(leading))?;
        for (codes, ticks) in [balancing.first, balancing.last] {
            let level = i32::try_from(codes).ok()?;
            recipe.push(Level::Code(if leading { level.checked_neg()? } else { level }), ticks);
        }
        Some(recipe)
    }

    fn push_gap(&self, recipe: &mut Recipe) {
        let rest = self.gap_ticks.saturating_sub(self.dead_ticks);
        let gap_level = Level::from(self.gap_rest);
        if self.dead_ticks == 0 || (gap_level != Level::Open && rest >= self.spacing) {
            recipe.push(gap_level, rest);
        } else if let Some(dead) = recipe.segments.get_mut(1) {
            dead.ticks = dead.ticks.saturating_add(rest);
        }
    }

    /// What the phases so far and the carry leave to pay, in the direction of the primary phase.
    fn owed(&self, recipe: &Recipe, carry: i64) -> Option<i64> {
        let driven = recipe.segments.get(..usize::from(recipe.len))?;
        let sum = driven.iter().try_fold(Charge::from_nanoamp_ticks(carry), |sum, s| {
            sum.checked_add(Charge::of(s.level.current_na(&self.hardware), u64::from(s.ticks))?)
        })?;
        sum.as_nanoamp_ticks().checked_mul(sign(recipe.code > 0))
    }

    fn balancing(&self, code: u32, width: u32, owed: i64) -> Option<Balancing> {
        let payer = self.payer(self.channel.pulse.leading == Polarity::Negative);
        let nominal = self.balancing_ticks(width);
        if self.hardware.is_exact() {
            return repay_units(u64::from(code).checked_mul(u64::from(width))?, nominal, &payer);
        }
        repay(owed, nominal, &payer)
    }

    /// How a polarity pays back.
    pub(crate) fn payer(&self, positive: bool) -> Payer {
        Payer {
            gain_na: self.hardware.gain_na(positive),
            // paying with a negative code, a positive offset flows the way of the charge that is owed
            drift_na: i64::from(self.hardware.offset_na).saturating_mul(sign(!positive)),
            spacing: self.spacing,
            code_limit: self.hardware.code_limit(positive),
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

/// +1 or −1.
pub(crate) const fn sign(positive: bool) -> i64 {
    if positive { 1 } else { -1 }
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
