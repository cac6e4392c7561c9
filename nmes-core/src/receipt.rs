//! What was put out: one record a pulse, and counts.

use crate::cell::Packed;
use crate::channel::ChannelState;
use crate::channel_plan::ChannelPlan;
use crate::frame::{FrameKind, Level};
use crate::session::Setting;
use crate::units::Charge;

/// One pulse as it was put out: times are those of the applied edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PulseReceipt {
    /// The channel.
    pub channel: u8,
    /// The frame's number; of a pulse that was paid back early, the repayment's.
    pub sequence: u32,
    /// Why the frame existed.
    pub kind: FrameKind,
    /// When the first edge was applied.
    pub onset_tick: u64,
    /// When the last edge was applied.
    pub end_tick: u64,
    /// Amplitude and width that were commanded, after the envelope.
    pub setting: Setting,
    /// The code of the main phase.
    pub code: i32,
    /// Length of the main phase (of the first repeat), as applied; 0 for a trim, and for a pulse cut before it.
    pub primary_ticks: u32,
    /// Charge of the main phase, up to where it was cut: as applied where it is one level, else as planned; zero for a trim.
    pub primary_charge: Charge,
    /// Repeats whose main phase was begun: all of them, but in a pulse that was cut or paid back early; 0 for a trim.
    pub repeats: u16,
    /// The channel's ledger after the last edge.
    pub ledger: Charge,
    /// How long the onset waited after its place: see [`Counters::deferred`].
    pub deferred_ticks: u64,
    /// Whether the envelope was at full level.
    pub full_level: bool,
    /// Whether a hard off cut it: `end_tick` is when the output went open, `ledger` what it left.
    pub cut: bool,
}

impl PulseReceipt {
    pub(crate) const NONE: Self = Self {
        channel: 0,
        sequence: 0,
        kind: FrameKind::Pulse,
        onset_tick: 0,
        end_tick: 0,
        setting: Setting::ZERO,
        code: 0,
        primary_ticks: 0,
        primary_charge: Charge::ZERO,
        repeats: 0,
        ledger: Charge::ZERO,
        deferred_ticks: 0,
        full_level: false,
        cut: false,
    };
}

/// What is known of a pulse when its frame is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) setting: Setting,
    pub(crate) deferred_ticks: u64,
    pub(crate) full_level: bool,
    /// The strongest balancing code.
    pub(crate) balancing_code: u32,
}

#[cfg(feature = "fault-injection")]
crate::flip_fields!(Planned { setting, deferred_ticks, full_level, balancing_code });

impl Planned {
    pub(crate) const NONE: Self =
        Self { setting: Setting::ZERO, deferred_ticks: 0, full_level: false, balancing_code: 1 };
}

/// Counts since the engine was made; each saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Counters {
    /// Pulses begun.
    pub pulses: u32,
    /// Onsets at which the level was under one code.
    pub silent: u32,
    /// Onsets that waited after their place: for the pulse before them, for a shared source, for trims ahead of a weaker pulse,
    /// for an output that goes open first, or because an input came within an edge spacing of them. Such an input is the start
    /// of a session whose ramp begins above nothing: its first pulse stands an edge spacing after it.
    pub deferred: u32,
    /// Onsets left out because they would have waited a period or more, longer for a shared source than allowed, or past the
    /// end of their train. Of the last kind there is one a train, which ends with it; the onsets that a train on a shared source
    /// would have had after that one are not counted anywhere.
    pub dropped: u32,
    /// Trims and recoveries begun.
    pub trims: u32,
    /// Trains that were closed because their gate was open for its longest time.
    pub forced_closes: u32,
    /// Times the channel ramped down because no command came for as long as it declares.
    pub stale: u32,
}

impl Counters {
    pub(crate) const NONE: Self =
        Self { pulses: 0, silent: 0, deferred: 0, dropped: 0, trims: 0, forced_closes: 0, stale: 0 };
}

impl ChannelState {
    /// The record of a frame begins with its first edge.
    pub(crate) fn begin_receipt(&mut self, t: u64) {
        let trim = self.frame.kind != FrameKind::Pulse;
        let planned = if trim { Planned::NONE } else { self.planned };
        self.receipt_ready = false;
        // a pulse may be cut before its main phase begins
        self.main_began = if self.frame.cell.main == 0 { t } else { u64::MAX };
        self.receipt = PulseReceipt {
            channel: self.frame.channel,
            sequence: self.frame.sequence,
            kind: self.frame.kind,
            onset_tick: t,
            setting: planned.setting,
            code: if trim { self.next.code() } else { self.frame.cell.code },
            deferred_ticks: planned.deferred_ticks,
            full_level: planned.full_level,
            ..PulseReceipt::NONE
        };
    }

    pub(crate) fn end_receipt(&mut self, plan: &ChannelPlan<'_>, t: u64, cut: bool) {
        if self.receipt.primary_charge == Charge::ZERO {
            self.receipt.primary_charge = self.main_charge(plan, cut).unwrap_or(Charge::ZERO);
        }
        self.receipt.end_tick = t;
        self.receipt.cut = cut;
        self.receipt.ledger = self.ledger(plan).unwrap_or(Charge::ZERO);
        self.receipt_ready = true;
    }

    /// Takes down length and charge of a main phase that ended at `t`, at its edge or before it.
    pub(crate) fn note_primary(&mut self, main_level: Packed, t: u64) {
        if self.receipt.primary_ticks == 0 && self.receipt.kind != FrameKind::Trim {
            self.receipt.primary_ticks = u32::try_from(t.saturating_sub(self.main_began)).unwrap_or(u32::MAX);
            self.main_level = main_level;
        }
    }

    /// Takes down how many repeats of a pulse have begun their main phase, up to the present level: before its frame is left.
    pub(crate) fn note_repeats(&mut self) {
        if self.frame.kind == FrameKind::Pulse && self.edge > 0 {
            let (whole, within) = self.frame.cell.locate(self.edge.saturating_sub(1));
            self.receipt.repeats = whole.saturating_add(u16::from(within >= self.frame.cell.main));
        }
    }

    fn main_charge(&self, plan: &ChannelPlan<'_>, cut: bool) -> Option<Charge> {
        if self.receipt.primary_ticks == 0 {
            return None;
        }
        if self.frame.kind == FrameKind::Pulse && self.frame.cell.has_several_main() {
            // of one that is cut it was taken down before
            return if cut { None } else { self.planned_main(plan, u32::MAX) };
        }
        let na = Level::from(self.main_level).current_na(plan.hardware());
        Charge::of(na, u64::from(self.receipt.primary_ticks))
    }

    /// A pulse is about to be cut, at `cut`: takes down the main phase where it has several levels. Nothing is known of them any more
    /// once a repayment is in hand, nor whether they had ended.
    pub(crate) fn note_main(&mut self, plan: &ChannelPlan<'_>, cut: u64) {
        if self.frame.cell.has_several_main() {
            let begun = u32::try_from(cut.saturating_sub(self.main_began)).unwrap_or(u32::MAX);
            let until = if self.receipt.primary_ticks == 0 { begun } else { u32::MAX };
            self.receipt.primary_charge = self.planned_main(plan, until).unwrap_or(Charge::ZERO);
        }
    }

    /// The charge of the first `until` ticks of the main phase, by plan.
    fn planned_main(&self, plan: &ChannelPlan<'_>, until: u32) -> Option<Charge> {
        let mut parts = (self.frame.cell.main..self.frame.cell.main_end)
            .map_while(|w| self.frame.cell.part(w, plan.body()));
        let begin = (Charge::ZERO, until);
        let (sum, _) = parts.try_fold(begin, |(sum, left), (level, ticks)| {
            let na = Level::from(level).current_na(plan.hardware());
            let part = Charge::of(na, u64::from(ticks.min(left)))?;
            Some((sum.checked_add(part)?, left.saturating_sub(ticks)))
        })?;
        Some(sum)
    }
}
