//! The running state of one channel: the frame in hand, the edge that comes next, and what late edges owe.

use crate::cell::{Cell, Packed};
use crate::channel_plan::ChannelPlan;
use crate::engine::Change;
use crate::envelope::Envelope;
use crate::error::EngineFault;
use crate::frame::{FrameKind, PulseFrame};
use crate::gate::Openings;
use crate::plan::Plan;
use crate::receipt::{Counters, Planned, PulseReceipt};
use crate::recovery::Recovery;
use crate::session::Setting;
use crate::timing::{OnsetPlan, OnsetState};
use crate::train::Clockwork;

/// What a channel does next, at [`ChannelState::at`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pending {
    /// Nothing, until something from outside.
    #[default]
    Nothing,
    /// An onset without output.
    Silent,
    /// Look again.
    Pause,
    /// The output goes open.
    Off,
    /// The next edge of the frame in hand.
    Frame,
}

/// Where a channel is in its trains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Train {
    /// Between trains.
    #[default]
    Idle,
    /// Pulses.
    Running,
    /// After the last pulse: trims, then open.
    Closing,
    /// Nothing more will come.
    Done,
}

/// Storage for one channel of an engine, provided by the caller.
///
/// ```
/// let storage = [nmes_core::ChannelState::new(); 4];
/// # let _ = storage;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ChannelState {
    pub(crate) pending: Pending,
    /// The frame in hand was admitted.
    pub(crate) accepted: bool,
    pub(crate) train: Train,
    pub(crate) kind: FrameKind,
    /// When what is pending is due; an edge may have moved from its place on the grid, `grid`, by `moved` ticks.
    pub(crate) at: u64,
    pub(crate) grid: u64,
    pub(crate) moved: i32,
    /// Number of the pending edge, its segment within a repeat, and how many edges follow it.
    pub(crate) edge: u16,
    pub(crate) within: u16,
    pub(crate) left: u16,
    /// Where the pending edge goes to, and for how long.
    pub(crate) next: Packed,
    pub(crate) next_ticks: u32,
    pub(crate) level: Packed,
    pub(crate) since: u64,
    /// What late and moved edges have put out beside the plan: code × ticks on an exact channel, else nA × ticks.
    pub(crate) owed: i64,
    /// Nominal ledger before the frame in hand, in nA × ticks: 0 on an exact channel, else below one code × one tick;
    /// all that was put out where a direct current is declared.
    pub(crate) carry: i64,
    /// Of a pulse, the nominal ledger after it; of a repayment, what it adds to `owed`.
    pub(crate) outcome: i64,
    pub(crate) cell: Cell,
    pub(crate) onset: u64,
    /// When the main phase of the frame in hand began.
    pub(crate) main_began: u64,
    /// The level of the main phase that has ended.
    pub(crate) main_level: Packed,
    /// A pulse of stored segments is under way, once, and nothing was asked that would cut it.
    pub(crate) plain: bool,
    pub(crate) rest: Packed,
    pub(crate) frame_sequence: u32,
    pub(crate) sequence: u32,
    /// The code and width that `cell` was made for, while it can be used again.
    pub(crate) made_for: Option<(u32, u32)>,
    pub(crate) envelope: Envelope,
    /// Full level of the contraction in 16 fractional bits.
    pub(crate) peak: u32,
    pub(crate) onsets: OnsetState,
    /// Onsets of the stage, where they are not the channel's.
    pub(crate) stage_onsets: Option<OnsetPlan<'static>>,
    pub(crate) contraction: u64,
    pub(crate) earliest_onset: u64,
    pub(crate) train_end: Option<u64>,
    pub(crate) train_pulses: u32,
    pub(crate) set: Setting,
    pub(crate) set_ticks: (u32, u32),
    pub(crate) commanded_at: u64,
    pub(crate) recover: bool,
    /// The output is to go open at the end of the repeat under way.
    pub(crate) last_repeat: bool,
    pub(crate) planned: Planned,
    pub(crate) receipt: PulseReceipt,
    pub(crate) receipt_ready: bool,
    pub(crate) counters: Counters,
    /// The envelope's close is the longest open time, not yet counted.
    pub(crate) limited: bool,
    /// Openings of the gate that were taken.
    pub(crate) openings: Openings,
    /// When the train began.
    pub(crate) train_open: u64,
    /// Opening and latest close of the train of a gated session that begins when the one before is closed.
    pub(crate) queued: Option<(u64, u64)>,
    /// The repayment that takes the place of the frame in hand when it is accepted.
    pub(crate) recovery: Option<Recovery>,
    /// While paused or stale, or coming back from it.
    pub(crate) duck: Option<Envelope>,
    pub(crate) paused: bool,
    pub(crate) stale: bool,
    /// The strongest balancing code of the last pulse.
    pub(crate) balancing_code: u32,
    pub(crate) trims_in_row: u8,
    pub(crate) fault: Option<EngineFault>,
}

impl Default for ChannelState {
    fn default() -> Self {
        Self::new()
    }
}

impl ChannelState {
    /// Empty storage.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            pending: Pending::Nothing,
            accepted: false,
            train: Train::Idle,
            kind: FrameKind::Pulse,
            at: 0,
            grid: 0,
            moved: 0,
            edge: 0,
            within: 0,
            left: 0,
            next: Packed::OPEN,
            next_ticks: 0,
            level: Packed::OPEN,
            since: 0,
            owed: 0,
            carry: 0,
            outcome: 0,
            cell: Cell::EMPTY,
            onset: 0,
            main_began: 0,
            main_level: Packed::OPEN,
            plain: false,
            rest: Packed::OPEN,
            frame_sequence: 0,
            sequence: 0,
            made_for: None,
            envelope: Envelope::CLOSED,
            peak: crate::envelope::FULL,
            onsets: OnsetState::START,
            stage_onsets: None,
            contraction: 0,
            earliest_onset: 0,
            train_end: None,
            train_pulses: 0,
            set: Setting::ZERO,
            set_ticks: (0, 0),
            commanded_at: 0,
            recover: false,
            last_repeat: false,
            planned: Planned::NONE,
            receipt: PulseReceipt::NONE,
            receipt_ready: false,
            counters: Counters::NONE,
            limited: false,
            openings: Openings::EMPTY,
            train_open: 0,
            queued: None,
            recovery: None,
            duck: None,
            paused: false,
            stale: false,
            balancing_code: 1,
            trims_in_row: 0,
            fault: None,
        }
    }

    /// The tick of what comes next, if it may happen; `u64::MAX` when nothing may.
    #[inline]
    pub(crate) fn due(&self) -> u64 {
        match self.pending {
            Pending::Nothing => u64::MAX,
            Pending::Frame if !self.accepted => u64::MAX,
            Pending::Frame | Pending::Silent | Pending::Pause | Pending::Off => self.at,
        }
    }

    /// What this channel does when it is due; `None` at a silent onset.
    pub(crate) fn change(&self, channel: u8) -> Option<Change> {
        let sequence = self.frame_sequence;
        match self.pending {
            Pending::Nothing | Pending::Silent | Pending::Pause => None,
            Pending::Off => Some(Change { channel, sequence, edge: None, level: Packed::OPEN.into() }),
            Pending::Frame => {
                Some(Change { channel, sequence, edge: Some(self.edge), level: self.next.into() })
            }
        }
    }

    /// Whether a frame is to begin by `soon`: too near to be made anew.
    pub(crate) fn is_imminent(&self, soon: u64) -> bool {
        self.pending == Pending::Frame && self.edge == 0 && self.at <= soon
    }

    /// The least number of a frame with the present setting.
    pub(crate) fn next_sequence(&self, now: u64) -> u32 {
        let unbegun = self.pending == Pending::Frame && self.edge == 0;
        if unbegun && !self.is_imminent(now) { self.frame_sequence } else { self.sequence }
    }

    /// Takes what was due, done at `t`, and decides what comes next.
    pub(crate) fn apply(
        &mut self,
        index: u8,
        plan: &Plan<'_>,
        clock: &Clockwork,
        t: u64,
    ) -> Result<(), EngineFault> {
        let channel = plan.channel(index).ok_or(EngineFault::OutOfOrder)?;
        match self.pending {
            Pending::Nothing => return Err(EngineFault::OutOfOrder),
            Pending::Pause => {}
            Pending::Silent => self.pass_onset(channel, self.at),
            Pending::Off => self.take_off(index, channel, t)?,
            Pending::Frame => {
                if !self.take_edge(index, channel, t)? {
                    if self.recover {
                        self.make_recovery(channel, t.saturating_add(u64::from(channel.spacing)));
                    }
                    return Ok(());
                }
            }
        }
        self.plan_next(index, plan, clock, t.saturating_add(u64::from(channel.turn_ticks)));
        self.fault.map_or(Ok(()), Err)
    }

    /// Whether a frame is under way: its first edge was applied, its last was not; or it pays back one that was.
    pub(crate) fn under_way(&self) -> bool {
        let frame = self.pending == Pending::Frame && (self.edge > 0 || self.kind == FrameKind::Recover);
        frame || (self.pending == Pending::Off && self.last_repeat)
    }

    /// A frame waits for admission.
    #[inline]
    pub(crate) fn waits(&self) -> bool {
        (self.pending == Pending::Frame && !self.accepted) || self.recovery.is_some()
    }

    /// The frame that waits for admission.
    #[inline]
    pub(crate) fn waiting<'p>(&self, index: u8, plan: &'p ChannelPlan<'_>) -> Option<PulseFrame<'p>> {
        if self.pending == Pending::Frame && !self.accepted {
            return Some(PulseFrame {
                channel: index,
                kind: self.kind,
                sequence: self.frame_sequence,
                onset_tick: self.onset,
                rest: self.rest,
                cell: self.cell,
                body: if self.kind == FrameKind::Pulse { plan.body() } else { crate::cell::Body::None },
            });
        }
        self.recovery.and_then(|recovery| recovery.frame(index))
    }

    /// The frame that waits was admitted. False when none waits, or another.
    pub(crate) fn accept(&mut self, plan: &ChannelPlan<'_>, sequence: u32) -> bool {
        if self.pending == Pending::Frame && !self.accepted {
            self.accepted = sequence == self.frame_sequence;
            return self.accepted;
        }
        match self.recovery.take() {
            Some(recovery) if recovery.sequence == sequence => self.begin_recovery(plan, &recovery).is_some(),
            other => {
                self.recovery = other;
                false
            }
        }
    }

    /// Puts a frame in hand, its first edge at `onset`.
    pub(crate) fn set_frame(
        &mut self,
        kind: FrameKind,
        onset: u64,
        cell: Cell,
        rest: Packed,
        plan: &ChannelPlan<'_>,
    ) {
        self.kind = kind;
        self.cell = cell;
        self.rest = rest;
        self.restart(onset, plan);
    }

    /// The cell in hand once more, as a new frame.
    pub(crate) fn restart(&mut self, onset: u64, plan: &ChannelPlan<'_>) {
        self.frame_sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.pending = Pending::Frame;
        self.accepted = false;
        (self.onset, self.at, self.grid, self.moved) = (onset, onset, onset, 0);
        (self.edge, self.within) = (0, 0);
        self.last_repeat = false;
        self.left = self.cell.total();
        let body = if self.kind == FrameKind::Pulse { plan.body() } else { crate::cell::Body::None };
        (self.next, self.next_ticks) = self.cell.part(0, body).unwrap_or((self.rest, 0));
    }
}
