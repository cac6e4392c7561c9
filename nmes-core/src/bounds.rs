//! What a hardware refuses of a channel, and how much room late edges need.

use crate::balance::{WIDEN_MAX_TICKS, unpayable};
use crate::cell::{Body, PlanPoint, scale};
use crate::channel_plan::ChannelPlan;
use crate::error::{ConfigError, Field, at_least, at_most};
use crate::pulse::{Balance, Form, Polarity};
use crate::session::{Control, Setting};
use crate::units::{MicroAmps, Micros};
use crate::wide::{div_up, product, times};

/// The most segments of a frame: a frame counts its edges in 16 bits.
const SEGMENTS_MAX: u64 = 65_000;

impl ChannelPlan<'_> {
    /// Every refusal that depends on both the session and the hardware.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        for setting in [self.channel.set, self.channel.ceiling] {
            self.validate_setting(setting)?;
        }
        self.validate_parts()?;
        self.validate_repeats()?;
        self.validate_direct_current()?;
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
        let moved = setting.width != self.channel.set.width;
        if matches!(self.channel.pulse.form, Form::Points(_)) && moved {
            let reason = "the widths of custom points stay as they are: set the amplitude";
            return Err(ConfigError::Conflict { field: Field::PhaseWidth, reason });
        }
        let source = "the least time between two edges of the hardware, and L + 2 ε";
        at_least(Field::PhaseTicks, i64::from(width), i64::from(self.segment_min), source)?;
        let source = "L + 2 ε is at most 10 % of the shortest phase";
        at_most(Field::Lateness, i64::from(self.jitter), i64::from(width / 10), source)?;
        let source = "late edges are repaid by the balancing phase, which is longer than its worst stretch";
        at_least(Field::PhaseTicks, i64::from(width), i64::from(self.width_min), source)?;
        if self.pays_in_two_levels() {
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
            .ok_or_else(|| self.unpayable(width, code, other))
    }

    /// Whether a setting below one that can be had is too small for the hardware.
    pub(crate) fn is_too_small(&self, setting: Setting) -> bool {
        let short = self.width_ticks(setting.width) < self.width_min;
        let refused = self.validate_setting(setting).err();
        short
            || refused.is_some_and(|error| match error {
                ConfigError::Below { .. } => true,
                ConfigError::Conflict { field, .. } => field == Field::AmplitudeCodes,
                ConfigError::Above { .. } => false,
            })
    }

    /// Whether the balancing phase may have to be put out in two levels one code apart.
    fn pays_in_two_levels(&self) -> bool {
        let pulse = &self.channel.pulse;
        let plain = match pulse.form {
            Form::Rectangular | Form::Table(_) => {
                pulse.balance.length_percent() == 100 && self.hardware.is_exact()
            }
            Form::Points(_) => true,
            Form::Prepulse(_) | Form::Triphasic { .. } => false,
        };
        !plain && pulse.balance.is_balanced()
    }

    fn unpayable(&self, width: u32, code: u32, limit: u32) -> ConfigError {
        if let Form::Table(levels) = self.channel.pulse.form {
            let steps = u32::try_from(levels.len()).unwrap_or(u32::MAX);
            let source = "each step of a table is at least the edge spacing + L + 2 ε long";
            let least = i64::from(self.segment_min).saturating_mul(i64::from(steps));
            if let Err(error) = at_least(Field::PhaseTicks, i64::from(width), least, source) {
                return error;
            }
        }
        let source = "a table whose levels are all under half a code is no output";
        at_least(Field::AmplitudeCodes, i64::from(self.strongest_code(code)), 1, source)
            .err()
            .unwrap_or_else(|| unpayable(code, limit))
    }

    /// The strongest code of a table, or that of another pulse.
    fn strongest_code(&self, code: u32) -> u32 {
        match self.body() {
            Body::None | Body::Points(_) => code,
            Body::Table(_) => {
                let level = i16::try_from(self.loudest()).unwrap_or(crate::FULL_SCALE);
                scale(i32::try_from(code).unwrap_or(i32::MAX), level).unsigned_abs()
            }
        }
    }

    /// On a fast clock a width or a gap may be more ticks than a level can last, all of which fit 32 bits.
    fn validate_long(&self) -> Result<(), ConfigError> {
        let pulse = &self.channel.pulse;
        // the last microsecond that is rounded to a number of 32 bits
        let most = (u64::from(u32::MAX).saturating_mul(1_000_000).saturating_add(499_999))
            .checked_div(u64::from(self.ticks_per_second));
        let most = most.and_then(|us| i64::try_from(us).ok()).unwrap_or(i64::MAX);
        let source = "a level lasts less than 2³² ticks of the hardware's clock";
        let fits = |field, us: Micros| at_most(field, i64::from(us.as_micros()), most, source);
        if let Form::Prepulse(prepulse) = pulse.form {
            fits(Field::PhaseWidth, prepulse.width)?;
        }
        fits(Field::PhaseWidth, self.channel.ceiling.width)?;
        fits(Field::InterphaseGap, pulse.gap)?;
        if pulse.repeat.count > 1 { fits(Field::RepeatGap, pulse.repeat.gap) } else { Ok(()) }
    }

    /// The lengths that no setting moves.
    fn validate_parts(&self) -> Result<(), ConfigError> {
        self.validate_long()?;
        let least = i64::from(self.segment_min);
        let source = "the least time between two edges of the hardware, and L + 2 ε";
        if matches!(self.channel.pulse.form, Form::Prepulse(_)) {
            at_least(
                Field::PhaseTicks,
                i64::from(self.pre_ticks),
                least.max(i64::from(self.jitter).saturating_mul(10)),
                source,
            )?;
        }
        let Form::Points(given) = self.channel.pulse.form else { return Ok(()) };
        let points = self.points.get(..given.len()).unwrap_or(&[]);
        for point in points {
            at_least(Field::PhaseTicks, i64::from(point.ticks), least, source)?;
        }
        if self.dead_ticks > 0 && !self.turns_over(points) {
            let reason =
                "a bridge with a dead time needs a point of zero, as long as it, between two polarities";
            return Err(ConfigError::Conflict { field: Field::PointLevel, reason });
        }
        Ok(())
    }

    /// Of the points that drive, one drives the way of the one before it, or after a rest as long as the dead time.
    fn turns_over(&self, points: &[PlanPoint]) -> bool {
        let (mut last, mut rested) = (0, true);
        points.iter().all(|point| {
            if point.fraction == 0 {
                rested |= point.ticks >= self.dead_ticks;
                return true;
            }
            let way = point.fraction.signum();
            let fits = rested || way == last;
            (last, rested) = (way, false);
            fits
        })
    }

    /// The gap between two repeats, of which the dead time is left when the last edge of a repeat is moved into it.
    pub(crate) fn open_between_repeats(&self) -> u32 {
        if self.dead_ticks == 0 || self.repeat_gap_ticks == 0 {
            return self.repeat_gap_ticks;
        }
        let least = self.stretch_ticks().saturating_add(u64::from(self.dead_ticks));
        self.repeat_gap_ticks.max(u32::try_from(least).unwrap_or(u32::MAX))
    }

    /// A repeat ends before the next begins, late or not; and a frame has a bounded number of edges.
    fn validate_repeats(&self) -> Result<(), ConfigError> {
        let repeats = u64::from(self.cycles);
        if repeats > 1 && self.jitter > 0 {
            let least = self.stretch_ticks().saturating_add(u64::from(self.segment_min));
            let source = "late edges of a repeated pulse are repaid in the gap between two of them; \
                          without room for that, declare L and ε as 0";
            let least = i64::try_from(least).unwrap_or(i64::MAX);
            at_least(Field::InterphaseGap, i64::from(self.repeat_gap_ticks), least, source)?;
        }
        let code = self.code_for(self.channel.ceiling.amplitude);
        let width = self.width_ticks(self.channel.ceiling.width);
        // one more than at the ceiling, where a balancing phase at another setting has two levels
        let each = self.recipe(code, width, 0).map_or(0, |r| u64::from(r.cell.per_cycle()).saturating_add(1));
        let total = i64::try_from(each.saturating_mul(repeats)).unwrap_or(i64::MAX);
        at_most(
            Field::Repeat,
            total,
            i64::try_from(SEGMENTS_MAX).unwrap_or(0),
            "a frame has at most 65,000 segments",
        )
    }

    /// A declared direct current covers what any setting up to the ceiling can be.
    fn validate_direct_current(&self) -> Result<(), ConfigError> {
        let Balance::DeclaredDc { at_most: declared } = self.channel.pulse.balance else { return Ok(()) };
        let ceiling = self.channel.ceiling;
        let (code, width) = (self.code_for(ceiling.amplitude), self.width_ticks(ceiling.width));
        let there = u128::from(self.recipe(code, width, 0).map_or(0, |r| r.carry.unsigned_abs()));
        let charge = there.max(self.declared_below(code, width));
        // nA·ticks × pulses/µs ÷ (ticks/s) are 10^3 µA
        let pulses = product(self.channel.rate.pulses().into(), 1_000);
        let per = product(self.channel.rate.per_us().into(), self.ticks_per_second.into());
        let mean = i64::try_from(div_up(times(charge, pulses), per)).unwrap_or(i64::MAX);
        let source = "the direct current that the session declares";
        at_most(Field::DirectCurrent, mean, i64::from(declared.as_microamps()), source)
    }

    /// The most charge, in nA·ticks, that a pulse of declared direct current may have below its ceiling and not at it. A charge of one
    /// polarity rises with the amplitude. One of custom points of both is what is left of them, and moves by up to half a code over
    /// each level that is rounded; an offset may be more than the weakest levels.
    fn declared_below(&self, code: u32, width: u32) -> u128 {
        let offset = product(self.hardware.offset_na.unsigned_abs().into(), width.into());
        times(offset.saturating_add(self.left_of_points(code)), u128::from(self.cycles))
    }

    /// Of custom points of both polarities; 0 of another pulse.
    fn left_of_points(&self, code: u32) -> u128 {
        let Form::Points(given) = self.channel.pulse.form else { return 0 };
        let points = self.points.get(..given.len()).unwrap_or(&[]);
        if points.iter().all(|point| point.fraction >= 0) {
            return 0;
        }
        let leading = self.channel.pulse.leading == Polarity::Positive;
        let (mut sum, mut rounded) = (0_i128, 0_i128);
        for point in points {
            let gain = self.hardware.gain_na((point.fraction > 0) == leading);
            let each = i128::from(gain).saturating_mul(i128::from(point.ticks));
            sum = sum.saturating_add(each.saturating_mul(i128::from(point.fraction)));
            if !matches!(point.fraction.saturating_abs(), 0 | crate::FULL_SCALE) {
                rounded = rounded.saturating_add(each);
            }
        }
        // FULL_SCALE is 2^14
        let left = times(sum.unsigned_abs(), u128::from(code)).saturating_add(0x3fff) >> 14;
        left.saturating_add(rounded.unsigned_abs().div_ceil(2))
    }

    /// Whether the last edge of a pulse is moved to repay late ones. It is where the balancing part is rectangular; the
    /// last level of custom points or of a mirrored table may be too small for that, and trims repay instead.
    pub(crate) fn retimes(&self) -> bool {
        match self.channel.pulse.form {
            Form::Points(_) => false,
            Form::Table(_) => !(self.channel.pulse.balance == Balance::Symmetric && self.hardware.is_exact()),
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } => true,
        }
    }

    pub(crate) fn room_needed(&self) -> i64 {
        let after =
            self.stretch_ticks().saturating_add(self.trim_ticks()).saturating_add(u64::from(self.turn_ticks));
        i64::try_from(self.longest_ticks().saturating_add(after)).unwrap_or(i64::MAX)
    }

    /// The longest pulse up to the ceiling, with all its repeats and no edge late, in ticks.
    #[must_use]
    pub fn longest_ticks(&self) -> u64 {
        let wide = u64::from(self.width_ticks(self.channel.ceiling.width));
        let gap = u64::from(self.gap_ticks);
        let widened =
            |width: u64| self.balancing_ticks_long(width).saturating_add(u64::from(WIDEN_MAX_TICKS));
        let balancing = match self.channel.pulse.balance {
            Balance::DeclaredDc { .. } => 0,
            Balance::Symmetric | Balance::Asymmetric { .. } => gap.saturating_add(widened(wide)),
        };
        let each = match self.channel.pulse.form {
            Form::Rectangular | Form::Table(_) => wide.saturating_add(balancing),
            Form::Prepulse(_) => {
                let both = wide.saturating_add(u64::from(self.pre_ticks));
                both.saturating_add(gap).saturating_add(widened(both))
            }
            Form::Triphasic { .. } => wide.saturating_mul(2).saturating_add(gap).saturating_add(balancing),
            Form::Points(_) => wide.saturating_add(u64::from(WIDEN_MAX_TICKS)),
        };
        let repeats = u64::from(self.cycles);
        let gaps = u64::from(self.repeat_gap_ticks).saturating_mul(repeats.saturating_sub(1));
        each.saturating_mul(repeats).saturating_add(gaps)
    }

    /// The most that the last edge of a pulse moves when it is re-timed, in ticks.
    ///
    /// The main phase is off by at most L (its first edge late, its second not), which the balancing phase takes
    /// up to twice its length ratio as long to repay (four times with an offset of half a code); its levels change
    /// up to L late; up to L + 1 is carried from the pulse before. With stamps that are off by ε, L + 2 ε for L. The
    /// outer phase of a triphasic pulse is off as well, and the balancing one is weaker by it. Each step of a table is off
    /// by how much the level changes there, and the level that pays is its mean. Where the last edge does not move, it is
    /// 0.
    #[must_use]
    pub fn stretch_ticks(&self) -> u64 {
        let late = self.jitter_ticks();
        if late == 0 || !self.retimes() {
            return 0;
        }
        let percent = u64::from(self.channel.pulse.balance.length_percent());
        let exact = self.hardware.is_exact();
        let weaker = match self.channel.pulse.form {
            Form::Triphasic { outer_percent } => {
                let outer = self.outer_charge_percent(outer_percent);
                // a balancing level of one and a half codes may be one
                let swing = outer.saturating_add(100).saturating_mul(3);
                swing.div_ceil(100_u64.saturating_sub(outer).saturating_mul(2).max(1)).saturating_add(1)
            }
            Form::Table(_) => self.changes().div_ceil(self.mean()),
            Form::Rectangular | Form::Prepulse(_) | Form::Points(_) => 1,
        };
        let times = weaker.saturating_mul(if exact { 2 } else { 4 });
        let several = percent.div_ceil(100).saturating_mul(times).saturating_add(self.levels());
        let plain = exact && percent == 100 && self.channel.pulse.form == Form::Rectangular;
        let ratio = if plain { 1 } else { several };
        late.saturating_mul(ratio.saturating_add(2)).saturating_add(2)
    }

    /// The shortest main phase whose balancing phase can be shortened by as much as it can be stretched.
    pub(crate) fn shortest_retimed(&self) -> u32 {
        match self.channel.pulse.form {
            Form::Triphasic { .. } | Form::Table(_) if !self.retimes() || self.jitter == 0 => 0,
            Form::Triphasic { .. } | Form::Table(_) => {
                let percent = u64::from(self.channel.pulse.balance.length_percent());
                let least = self.stretch_ticks().saturating_add(u64::from(self.segment_min));
                u32::try_from(least.saturating_mul(100).div_ceil(percent.max(1))).unwrap_or(u32::MAX)
            }
            Form::Rectangular | Form::Prepulse(_) | Form::Points(_) => 0,
        }
    }

    /// Charge of the first outer phase of a triphasic pulse in percent of the main phase's: on calibrated outputs the
    /// gains of the two polarities differ.
    fn outer_charge_percent(&self, outer_percent: u8) -> u64 {
        let leading = self.channel.pulse.leading == Polarity::Positive;
        let gain = |positive| self.hardware.gain_na(positive).unsigned_abs().max(1);
        u64::from(outer_percent).saturating_mul(gain(!leading)).div_ceil(gain(leading))
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
        steps.saturating_mul(step).saturating_add(self.swings().saturating_mul(late))
    }

    /// The most that an onset waits after its place on a source of its own, in ticks, while every edge is at most L + ε late.
    ///
    /// A pulse with all that may follow it fits in a period, so no pulse delays the next. An input does, where a pulse is made
    /// because of it: at its own instant at the latest, or it would be left as it is, so one edge spacing on (or the dead
    /// time, after an edge); and first the trims go out that take back what the last pulse owes and a weaker one cannot, all
    /// together no longer than [`ChannelPlan::trim_ticks`]. Where the output does not rest open between pulses, it may first
    /// go open, up to L + ε late.
    #[must_use]
    pub fn deferral_ticks(&self) -> u64 {
        let turn = u64::from(self.turn_ticks);
        let opens = if self.rests_open { 0 } else { self.late_limit_ticks().saturating_add(turn) };
        turn.saturating_add(self.trim_ticks()).saturating_add(opens)
    }

    /// The most that the last edge of a trim or of a repayment moves when it is re-timed, in ticks: as that of a pulse,
    /// or, where that does not move, what a level of full strength is late by at the level that pays.
    #[must_use]
    pub fn repayment_stretch_ticks(&self) -> u64 {
        let late = self.jitter_ticks();
        if late == 0 || self.retimes() {
            return self.stretch_ticks();
        }
        let ratio = self.loudest().saturating_mul(2).div_ceil(self.paying_fraction());
        late.saturating_mul(ratio.saturating_add(3)).saturating_add(2)
    }

    /// By how many times the level that pays a trim the levels of one pulse with its repeats change, all changes added
    /// up, where trims repay late edges.
    fn swings(&self) -> u64 {
        if self.retimes() {
            return 0;
        }
        // there and back, twice for a mirror image; a code is up to half as much again as it should be, or 1 for nothing
        let each = self.changes().saturating_mul(3).div_ceil(self.paying_fraction());
        let all = each.saturating_add(self.levels().saturating_mul(2));
        all.saturating_mul(u64::from(self.cycles)).saturating_add(4)
    }

    /// All changes of level of custom points or of a table, there and back, with [`crate::FULL_SCALE`] for the set
    /// amplitude.
    fn changes(&self) -> u64 {
        let (mut last, mut sum) = (0_i16, 0_u64);
        self.fractions(|level| {
            sum = sum.saturating_add(u64::from(level.abs_diff(last)));
            last = level;
        });
        sum.saturating_add(u64::from(last.unsigned_abs()))
    }

    /// The mean level of a table.
    fn mean(&self) -> u64 {
        let mut sum = 0_u64;
        self.fractions(|level| sum = sum.saturating_add(u64::from(level.unsigned_abs())));
        sum.checked_div(self.levels()).unwrap_or(0).max(1)
    }

    /// How many levels custom points or a table have; 1 for another pulse.
    fn levels(&self) -> u64 {
        let mut count = 0_u64;
        self.fractions(|_| count = count.saturating_add(1));
        count.max(1)
    }

    /// The strongest level, with [`crate::FULL_SCALE`] for the set amplitude.
    fn loudest(&self) -> u64 {
        let mut most = 1;
        self.fractions(|level| most = level.unsigned_abs().max(most));
        u64::from(most)
    }

    /// The strongest level against the main phase.
    fn paying_fraction(&self) -> u64 {
        let mut most = 1;
        self.fractions(|level| most = level.saturating_neg().max(most));
        let mirrored = matches!(self.body(), Body::Table(_));
        if mirrored { self.loudest() } else { u64::from(most.unsigned_abs()) }
    }

    /// Looks at each level of custom points or of a table.
    fn fractions(&self, mut look: impl FnMut(i16)) {
        match self.body() {
            Body::None => {}
            Body::Points(points) => points.iter().chain(&self.last_point()).for_each(|p| look(p.fraction)),
            Body::Table(levels) => levels.iter().for_each(|level| look(*level)),
        }
    }
}
