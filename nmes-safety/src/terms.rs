//! What the plan of a channel fixes for the guard, worked out once.

use nmes_core::{
    ChannelHardware, ChannelPlan, FrameKind, Millis, Overlap, Plan, Polarity, PulseFrame, Schedule,
};

use crate::checked::Checked;
use crate::crc32::Crc32;
use crate::limits::rms_row;
use crate::metrics::PulseMetrics;
use crate::onsets::{Onsets, Sustained};
use crate::rules::{self, Rule};
use crate::set_level::narrow;
use crate::stages::{deferral, longest_period, shortest_rest};
use crate::windows::EIGHTHS;

/// Of one channel. All times are in ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) balanced: bool,
    pub(crate) leads_up: bool,
    /// A measurement is promised: its silence from the start counts.
    pub(crate) measured: bool,
    /// The most that the last edge of a pulse is moved; 0 where trims repay.
    pub(crate) stretch: u32,
    /// L + 2 ε.
    pub(crate) jitter: u32,
    /// By how much the last of custom points may be widened.
    pub(crate) widen: u32,
    /// The shortest and the longest time between two onsets of a train.
    pub(crate) period: u64,
    pub(crate) longest_period: u64,
    /// A pause that is longer ends a train: two periods, or half of the shortest rest between two contractions.
    pub(crate) apart: u64,
    /// The longest that an onset may wait, less than a period.
    pub(crate) wait: u64,
    /// What bursts and listed intervals come to in the long run; none where no more is known than the period.
    pub(crate) sustained: Option<Sustained>,
    /// What declared direct current may leave in the second's window, nA × ticks.
    pub(crate) declared: u64,
    /// The strictest row for r.m.s. current, and Σ I²t over one second that it allows, µA² × ticks.
    pub(crate) rms_rule: &'static Rule,
    pub(crate) rms_square: u64,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Terms {
    balanced, leads_up, measured, stretch, jitter, widen, period, longest_period, apart, wait, sustained, declared, rms_square
} not { rms_rule });

impl Terms {
    /// Of a channel that is not there: nothing is allowed.
    pub(crate) const NONE: Self = Self {
        balanced: false,
        leads_up: false,
        measured: false,
        stretch: 0,
        jitter: 0,
        widen: 0,
        period: 0,
        longest_period: 0,
        apart: 0,
        wait: 0,
        sustained: None,
        declared: 0,
        rms_rule: &rules::N_RMS_1,
        rms_square: 0,
    };

    pub(crate) fn of(checked: &Checked<'_>, channel: u8) -> Self {
        let plan = checked.plan();
        let Some(compiled) = plan.channel(channel) else { return Self::NONE };
        let balanced = compiled.channel().pulse.balance.is_balanced();
        let (rms_rule, _, rms_square) = rms_row(checked, compiled);
        let longest_period = longest_period(plan, compiled);
        let onsets = Onsets::of(plan, compiled, deferral(plan, compiled));
        Self {
            balanced,
            leads_up: compiled.leading() == Polarity::Positive,
            measured: checked.setup().is_measured(),
            stretch: if balanced { narrow(compiled.stretch_ticks()) } else { 0 },
            jitter: narrow(compiled.jitter_ticks()),
            widen: PulseMetrics::widened(plan, channel),
            period: compiled.period_ticks(),
            longest_period,
            apart: longest_period.saturating_mul(2).max(rest_ticks(plan) / 2),
            wait: longest_wait(plan, compiled),
            sustained: onsets.sustained(),
            declared: if balanced { 0 } else { declared(plan, channel, &onsets) },
            rms_rule,
            rms_square,
        }
    }

    /// A checksum over all of it, which is never changed.
    pub(crate) fn sum(&self) -> u32 {
        let ways = [u8::from(self.balanced), u8::from(self.leads_up), u8::from(self.measured)];
        let short = [self.stretch, self.jitter, self.widen];
        let Sustained { each, depth } = self.sustained.unwrap_or_default();
        let times = [self.period, self.longest_period, self.apart, self.wait, each, depth];
        let sums = [self.declared, self.rms_square];
        let sum = short.iter().fold(Crc32::new().update(&ways), |sum, word| sum.update(&word.to_le_bytes()));
        times.iter().chain(&sums).fold(sum, |sum, word| sum.update(&word.to_le_bytes())).value()
    }

    /// By how much the last edge of a frame may be moved. A repayment takes in what the level before it left by its own
    /// late edge, so at a weaker level it takes the longer; on an output that is not exact what it leaves itself is less than a
    /// code, and against an offset less than two ticks of one.
    pub(crate) fn moves(&self, frame: &PulseFrame<'_>, before_na: i64, hardware: &ChannelHardware) -> u64 {
        if frame.kind() == FrameKind::Pulse || (self.jitter == 0 && hardware.is_exact()) {
            return u64::from(self.stretch);
        }
        let last = frame.segment_count().checked_sub(1).and_then(|last| frame.segment(last));
        let level = last.map_or(0, |s| s.level.current_na(hardware).unsigned_abs());
        let ratio = before_na.unsigned_abs().checked_div(level).unwrap_or(0).saturating_add(2);
        u64::from(self.stretch).max(u64::from(self.jitter).saturating_mul(ratio).saturating_add(2))
    }
}

/// On a source of its own, what an input may put an onset off by. On a shared one, what the session lets it wait, for an
/// input or another channel; where the plan is proved to keep channels apart, it is an input to another channel that may
/// still bring their pulses between, and only the period bounds it.
fn longest_wait(plan: &Plan<'_>, channel: &ChannelPlan<'_>) -> u64 {
    let source = channel.hardware().source;
    let shared = source != 0 && plan.channels().filter(|c| c.hardware().source == source).count() > 1;
    let most = match plan.session().overlap() {
        Overlap::Defer(most) if shared => u64::from(channel.width_ticks(most)),
        Overlap::Forbid if shared => u64::MAX,
        Overlap::Defer(_) | Overlap::Forbid => channel.deferral_ticks(),
    };
    most.min(channel.period_ticks().saturating_sub(1))
}

/// The shortest rest between two contractions that the schedule itself makes; a gate is opened from outside.
fn rest_ticks(plan: &Plan<'_>) -> u64 {
    let rest = match plan.session().schedule() {
        Schedule::Cyclic(cycle) => cycle.rest,
        Schedule::Program(stages) => shortest_rest(stages),
        Schedule::Continuous | Schedule::Gated(_) => Millis::ZERO,
    };
    let hz = u64::from(plan.hardware().timing().ticks_per_second);
    u64::from(rest.as_millis()).saturating_mul(hz) / 1_000
}

/// The charge of a pulse at the ceiling, as often as one may end in the second's window: it is kept in whole buckets of
/// an eighth of a second, nine of them.
fn declared(plan: &Plan<'_>, channel: u8, onsets: &Onsets<'_>) -> u64 {
    let Some(pulse) = PulseMetrics::worst(plan, channel) else { return 0 };
    let second = u64::from(plan.hardware().timing().ticks_per_second);
    let window = second.saturating_add(second.div_ceil(EIGHTHS)).saturating_add(EIGHTHS);
    let pulses = onsets.ending_in(window);
    let each = u64::try_from(pulse.net_na_ticks().unsigned_abs()).unwrap_or(u64::MAX);
    each.saturating_mul(pulses)
}
