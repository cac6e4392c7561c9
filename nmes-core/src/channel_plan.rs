//! One channel of a plan: what the session asks of it, in codes and ticks.

use crate::cell::{Packed, PlanPoint};
use crate::error::{ConfigError, Field, at_least};
use crate::frame::Level;
use crate::hardware::{ChannelHardware, Hardware, Rest};
use crate::pulse::{Form, MAX_POINTS, Point, Polarity};
use crate::rate::Rate;
use crate::recipe::sign;
use crate::session::{Channel, Control};
use crate::ticks::{is_micros, micros_to_ticks, micros_to_ticks_long, millis_to_ticks};
use crate::timing::OnsetPlan;
use crate::units::{MicroAmps, Micros};

/// One channel of a plan: codes and ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelPlan<'a> {
    pub(crate) channel: Channel<'a>,
    pub(crate) hardware: ChannelHardware,
    pub(crate) onsets: OnsetPlan<'a>,
    pub(crate) ticks_per_second: u32,
    /// Equal gains and no offset: the ledger counts codes, of `unit_na` nanoamperes each; else nanoamperes.
    pub(crate) exact: bool,
    pub(crate) unit_na: i64,
    /// [`ChannelPlan::stretch_ticks`], worked out once.
    pub(crate) stretch: i64,
    pub(crate) stale_ticks: u64,
    /// The most an onset may wait; `u64::MAX` where only a period bounds it.
    pub(crate) wait_ticks: u64,
    /// A pulse with its worst stretch, the trims after it, and the turn to the next.
    pub(crate) room_ticks: u64,
    pub(crate) pre_ticks: u32,
    /// Custom points in ticks, and how many of them are not the last.
    pub(crate) points: [PlanPoint; MAX_POINTS],
    pub(crate) body_points: u8,
    /// Points from the first on that drive the leading way.
    pub(crate) main_points: u8,
    pub(crate) cycles: u16,
    pub(crate) repeat_gap_ticks: u32,
    pub(crate) gap_ticks: u32,
    pub(crate) dead_ticks: u32,
    pub(crate) gap_rest: Rest,
    pub(crate) rests_open: bool,
    pub(crate) spacing: u32,
    /// Least length of a segment on the grid: so that late edges do not come nearer than `spacing`.
    pub(crate) segment_min: u32,
    /// Least time from the last edge of a frame to the next one's first, whose polarity may be the other.
    pub(crate) turn_ticks: u32,
    pub(crate) lateness: u32,
    pub(crate) jitter: u32,
    pub(crate) stamp_error: u32,
    pub(crate) width_min: u32,
    /// The floor of the ramp in codes or ticks.
    pub(crate) ramp_floor: u32,
    pub(crate) up_ticks: u64,
    pub(crate) down_ticks: u64,
    pub(crate) offset_ticks: u64,
}

impl<'a> ChannelPlan<'a> {
    pub(crate) fn new(
        channel: &Channel<'a>,
        output: &ChannelHardware,
        hardware: &Hardware,
    ) -> Result<Self, ConfigError> {
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
        let gap = |us| match micros_to_ticks(us, hz) {
            0 => dead,
            ticks => ticks.max(segment_min).max(dead),
        };
        let points = points_of(channel.pulse.form, hz)?;
        let plan = Self {
            channel: *channel,
            hardware: *output,
            onsets: OnsetPlan::new(channel.rate, &channel.train.timing, hz)?,
            ticks_per_second: hz,
            exact: output.is_exact(),
            unit_na: if output.is_exact() { output.gain_na(true) } else { 1 },
            stretch: 0,
            wait_ticks: u64::MAX,
            room_ticks: 0,
            stale_ticks: millis_to_ticks(channel.train.stale_after, hz),
            pre_ticks: match channel.pulse.form {
                Form::Prepulse(prepulse) => micros_to_ticks(prepulse.width, hz),
                Form::Rectangular | Form::Triphasic { .. } | Form::Points(_) | Form::Table(_) => 0,
            },
            points: points.table,
            body_points: points.count.saturating_sub(1),
            main_points: points.main,
            cycles: channel.pulse.repeat.count,
            repeat_gap_ticks: if channel.pulse.repeat.count > 1 { gap(channel.pulse.repeat.gap) } else { 0 },
            gap_ticks: gap(channel.pulse.gap),
            dead_ticks: dead,
            gap_rest: timing.gap_rest,
            rests_open: timing.pulse_rest == Rest::Open,
            spacing,
            segment_min,
            turn_ticks: spacing.max(timing.dead_ticks),
            lateness,
            jitter,
            stamp_error: timing.stamp_error_ticks,
            ramp_floor: 0,
            width_min: segment_min.max(jitter.saturating_mul(10)).max(1),
            up_ticks: millis_to_ticks(channel.ramp.up, hz),
            down_ticks: millis_to_ticks(channel.ramp.down, hz),
            offset_ticks: micros_to_ticks_long(channel.offset, hz),
        };
        let stretch = i64::try_from(plan.stretch_ticks()).unwrap_or(i64::MAX);
        let plan = Self { repeat_gap_ticks: plan.open_between_repeats(), ..plan };
        let room_ticks = u64::try_from(plan.room_needed()).unwrap_or(u64::MAX);
        let width_min = plan.width_min.max(plan.shortest_retimed());
        let ramp_floor = plan.floor_of_ramp();
        Ok(Self { stretch, room_ticks, width_min, ramp_floor, ..plan })
    }

    /// The channel of the session.
    #[must_use]
    pub const fn channel(&self) -> &Channel<'a> {
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

    /// Ticks from the first onset of a train to onset `index`, of a channel whose rate sweeps; `None` of another. Onsets are put out
    /// less than 2 ticks from there, for as long as [`Sweep`](crate::Sweep) says. Work: as an onset of the sweep.
    ///
    /// ```
    /// use nmes_core::*;
    /// # let set = Setting::new(40_000, 300).unwrap();
    /// let (from, to) = (Rate::from_hz(10)?, Rate::from_hz(50)?);
    /// let over = Millis::from_millis(8_000).unwrap();
    /// let timing = Timing::Sweep(Sweep { from, to, over, law: SweepLaw::Linear });
    /// # let channels = [Channel { pulse: PulseShape::default(), rate: to, set, ceiling: set,
    /// #     train: Train { timing, ..Train::default() }, ramp: Ramp::default(), offset: Micros::ZERO }];
    /// # let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(10_000).unwrap()).unwrap();
    /// # let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
    /// # let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
    /// # let plan = Plan::compile(&session, &hardware)?;
    /// let channel = plan.channel(0).unwrap();
    /// // 240 pulses, 30 a second on average, in the 8 s, then 50 a second
    /// assert_eq!([0, 240, 290].map(|index| channel.swept_ticks(index)), [Some(0), Some(8_000_000), Some(9_000_000)]);
    /// # Ok::<(), ConfigError>(())
    /// ```
    #[must_use]
    pub fn swept_ticks(&self, index: u64) -> Option<u64> {
        self.onsets.swept_ticks(index)
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

    /// The gap between two repeats as it is put out, under the same rule, but with a dead time at least that + L + 2 ε +
    /// [`ChannelPlan::stretch_ticks`]: the edge before it is moved. 0 for a pulse that is not repeated.
    #[must_use]
    pub const fn repeat_gap_ticks(&self) -> u32 {
        self.repeat_gap_ticks
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

    /// The shortest primary phase that is put out: the edge spacing + L + 2 ε, or 10 (L + 2 ε) if longer; of a triphasic
    /// pulse, and of a table that is paid back in one level, at least so long that the balancing phase outlasts
    /// [`ChannelPlan::stretch_ticks`]. A width ramp is silent below it.
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

    /// The last of custom points, which balances the others.
    pub(crate) fn last_point(&self) -> Option<PlanPoint> {
        self.points.get(usize::from(self.body_points)).copied()
    }

    /// How the output rests between two phases: open where a bridge has a dead time.
    pub(crate) fn gap_level(&self) -> Packed {
        if self.dead_ticks > 0 { Packed::OPEN } else { Packed::from(Level::from(self.gap_rest)) }
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

    /// Whether that is how many ticks a width takes: the same as to compare with [`ChannelPlan::width_ticks`], without its
    /// division.
    ///
    /// ```
    /// # use nmes_core::{ChannelPlan, Micros};
    /// fn both(plan: &ChannelPlan<'_>, width: Micros) -> bool {
    ///     plan.is_width(width, plan.width_ticks(width)) // always
    /// }
    /// ```
    #[must_use]
    pub fn is_width(&self, width: Micros, ticks: u32) -> bool {
        is_micros(width, ticks, self.ticks_per_second)
    }

    /// Nominal length of the balancing phase that pays back a primary phase of `width` ticks.
    #[must_use]
    pub fn balancing_ticks(&self, width: u32) -> u32 {
        if self.channel.pulse.balance.length_percent() == 100 {
            return width;
        }
        u32::try_from(self.balancing_ticks_long(u64::from(width))).unwrap_or(u32::MAX)
    }

    /// The same of a width that may be more than a level can last.
    pub(crate) fn balancing_ticks_long(&self, width: u64) -> u64 {
        let percent = u64::from(self.channel.pulse.balance.length_percent());
        width.saturating_mul(percent).saturating_add(50) / 100
    }

    /// Code and width at the floor of the ramp, no more than a set code and width.
    pub(crate) fn floor(&self, set: (u32, u32)) -> (u32, u32) {
        match self.channel.ramp.control {
            Control::Amplitude => (self.ramp_floor.min(set.0), set.1),
            Control::Width => (set.0, self.ramp_floor.min(set.1)),
        }
    }

    /// The floor of the ramp in codes or ticks.
    fn floor_of_ramp(&self) -> u32 {
        let floor = self.channel.ramp.floor;
        match self.channel.ramp.control {
            Control::Amplitude if floor == 0 => 0,
            Control::Amplitude => self.code_for(MicroAmps::from_microamps(floor).unwrap_or(MicroAmps::MAX)),
            Control::Width => self.width_ticks(Micros::from_micros(floor).unwrap_or(Micros::MAX)),
        }
    }
}

/// Custom points in ticks.
struct Points {
    table: [PlanPoint; MAX_POINTS],
    count: u8,
    main: u8,
}

/// Each point ends on the tick nearest to its time, so that roundings do not add up.
fn points_of(form: Form<'_>, hz: u32) -> Result<Points, ConfigError> {
    let mut points = Points { table: [PlanPoint::default(); MAX_POINTS], count: 0, main: 0 };
    let Form::Points(given) = form else { return Ok(points) };
    let (mut us, mut ticks) = (0_u32, 0_u32);
    for (slot, point) in points.table.iter_mut().zip(given) {
        us = us.saturating_add(point.width.as_micros());
        let end = Micros::from_micros(us).map_or(u32::MAX, |us| micros_to_ticks(us, hz));
        *slot = PlanPoint { fraction: fraction(point), ticks: end.saturating_sub(ticks) };
        let source = "each point of a custom pulse is at least one tick long";
        at_least(Field::PhaseTicks, i64::from(slot.ticks), 1, source)?;
        ticks = end;
        points.count = points.count.saturating_add(1);
    }
    let main = given.iter().take_while(|p| p.permille > 0).count();
    points.main = u8::try_from(main).unwrap_or(0);
    Ok(points)
}

/// Thousandths of the set amplitude, with [`crate::FULL_SCALE`] as one.
fn fraction(point: &Point) -> i16 {
    let scaled = i32::from(point.permille).saturating_mul(i32::from(crate::FULL_SCALE));
    let half = if scaled < 0 { -500 } else { 500 };
    i16::try_from(scaled.saturating_add(half) / 1_000).unwrap_or(crate::FULL_SCALE)
}
