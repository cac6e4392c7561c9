//! What the plan of a channel fixes for the guard, worked out once.

use nmes_core::{ChannelHardware, FrameKind, Plan, Polarity, PulseFrame};

use crate::crc32::Crc32;
use crate::metrics::PulseMetrics;
use crate::stages::longest_period;

/// Of one channel. All times are in ticks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) balanced: bool,
    pub(crate) leads_up: bool,
    /// The most that the last edge of a pulse is moved; 0 where trims repay.
    pub(crate) stretch: u64,
    /// L + 2 ε.
    pub(crate) jitter: u64,
    /// The shortest and the longest time between two onsets of a train.
    pub(crate) period: u64,
    pub(crate) longest_period: u64,
    /// What declared direct current may leave in the second's window, nA × ticks.
    pub(crate) declared: u64,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Terms { balanced, leads_up, stretch, jitter, period, longest_period, declared });

impl Terms {
    pub(crate) fn of(plan: &Plan<'_>, channel: u8) -> Self {
        let Some(compiled) = plan.channel(channel) else { return Self::default() };
        let balanced = compiled.channel().pulse.balance.is_balanced();
        Self {
            balanced,
            leads_up: compiled.leading() == Polarity::Positive,
            stretch: if balanced { compiled.stretch_ticks() } else { 0 },
            jitter: compiled.jitter_ticks(),
            period: compiled.period_ticks(),
            longest_period: longest_period(plan, compiled),
            declared: if balanced { 0 } else { declared(plan, channel) },
        }
    }

    /// A checksum over all of it, which is never changed.
    pub(crate) fn sum(&self) -> u32 {
        let ways = [u8::from(self.balanced), u8::from(self.leads_up)];
        let words = [self.stretch, self.jitter, self.period, self.longest_period, self.declared];
        words.iter().fold(Crc32::new().update(&ways), |sum, word| sum.update(&word.to_le_bytes())).value()
    }

    /// By how much the last edge of a frame may be moved. A repayment takes in what the level before it left by its own
    /// late edge, so at a weaker level it takes the longer.
    pub(crate) fn moves(&self, frame: &PulseFrame<'_>, before_na: i64, hardware: &ChannelHardware) -> u64 {
        if frame.kind() == FrameKind::Pulse || self.jitter == 0 {
            return self.stretch;
        }
        let last = frame.segment_count().checked_sub(1).and_then(|last| frame.segment(last));
        let level = last.map_or(0, |s| s.level.current_na(hardware).unsigned_abs());
        let ratio = before_na.unsigned_abs().checked_div(level).unwrap_or(0).saturating_add(2);
        self.stretch.max(self.jitter.saturating_mul(ratio).saturating_add(2))
    }
}

/// The charge of a pulse at the ceiling, as often as one may end in the second's window: it is kept in whole buckets of
/// an eighth of a second, nine of them.
fn declared(plan: &Plan<'_>, channel: u8) -> u64 {
    let Some((compiled, pulse)) = plan.channel(channel).zip(PulseMetrics::worst(plan, channel)) else {
        return 0;
    };
    let second = u64::from(plan.hardware().timing().ticks_per_second);
    let window = second.saturating_add(second.div_ceil(8)).saturating_add(8);
    let pulses = window.checked_div(compiled.period_ticks()).unwrap_or(u64::MAX).saturating_add(2);
    let each = u64::try_from(pulse.net_na_ticks().unsigned_abs()).unwrap_or(u64::MAX);
    each.saturating_mul(pulses)
}
