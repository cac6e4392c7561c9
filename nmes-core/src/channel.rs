//! The running state of one channel: the frame in hand, the edge that comes next, and what late edges owe.

use crate::cell::{Body, Cell, Packed};
use crate::channel_plan::ChannelPlan;
use crate::duck::Duck;
use crate::engine::Change;
use crate::envelope::Envelope;
use crate::error::EngineFault;
use crate::frame::{FrameKind, PulseFrame};
use crate::gate::Openings;
use crate::plan::Plan;
use crate::receipt::{Counters, Planned, PulseReceipt};
use crate::recovery::Recovery;
use crate::session::Setting;
use crate::step::EdgeWords;
use crate::timing::{OnsetState, Period};
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

/// What became of a frame that was offered for admission.
pub(crate) enum Offered {
    /// It was not admitted, or none waits.
    Refused,
    /// It was admitted, no other waits, and its first edge is due then.
    Due(u64),
    /// It was admitted.
    Other,
}

/// Storage for one channel of an engine, provided by the caller.
///
/// ```
/// let storage = [nmes_core::ChannelState::new(); 4];
/// # let _ = storage;
/// ```
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ChannelState {
    // every edge: see `steady.rs`
    pub(crate) pending: Pending,
    /// The frame in hand was admitted.
    pub(crate) accepted: bool,
    /// A pulse of stored segments is under way, once, each edge late by the same: see [`ChannelState::catch_up`].
    pub(crate) plain: bool,
    pub(crate) receipt_ready: bool,
    /// Number of the pending edge, its segment within a repeat, and how many edges follow it.
    pub(crate) edge: u16,
    pub(crate) within: u16,
    pub(crate) left: u16,
    /// The output is to go open at the end of the repeat under way.
    pub(crate) last_repeat: bool,
    /// The record of the last pulse will be that of the frame in hand, but for times and number.
    pub(crate) recorded: bool,
    /// Where the pending edge goes to, and for how long.
    pub(crate) next: Packed,
    pub(crate) next_ticks: u32,
    /// By how much each edge of a plain pulse is late.
    pub(crate) late: u32,
    pub(crate) level: Packed,
    /// By how much the pending edge stands off its place on the grid.
    pub(crate) moved: i32,
    pub(crate) sequence: u32,
    /// The level of the main phase that has ended; here, as it takes no room.
    pub(crate) main_level: Packed,
    /// When what is pending is due.
    pub(crate) at: u64,
    pub(crate) since: u64,
    /// Before this tick each pulse is the one before it again, if nothing comes from outside; 0 when that is not so.
    pub(crate) steady_until: u64,
    pub(crate) earliest_onset: u64,
    pub(crate) onsets: OnsetState,
    pub(crate) counters: Counters,
    /// Pulses of the train; here, as it takes no room.
    pub(crate) train_pulses: u32,
    /// The frame in hand, but for a body that it does not store; its channel is this one.
    pub(crate) frame: PulseFrame<'static>,
    pub(crate) receipt: PulseReceipt,
    // every pulse
    /// What late and moved edges have put out beside the plan: code × ticks on an exact channel, else nA × ticks.
    pub(crate) owed: i64,
    /// Nominal ledger before the frame in hand, in nA × ticks: 0 on an exact channel, else below one code × one tick;
    /// all that was put out where a direct current is declared.
    pub(crate) carry: i64,
    /// Of a pulse, the nominal ledger after it; of a repayment, what it adds to `owed`.
    pub(crate) outcome: i64,
    /// When the main phase of the frame in hand began.
    pub(crate) main_began: u64,
    /// The code and width that `cell` was made for, while it can be used again.
    pub(crate) made_for: Option<(u32, u32)>,
    /// The strongest balancing code of the last pulse.
    pub(crate) balancing_code: u32,
    pub(crate) planned: Planned,
    pub(crate) envelope: Envelope,
    /// Full level of the contraction in 16 fractional bits.
    pub(crate) peak: u32,
    pub(crate) train: Train,
    pub(crate) trims_in_row: u8,
    pub(crate) paused: bool,
    pub(crate) stale: bool,
    // what comes seldom
    pub(crate) recover: bool,
    /// The envelope's close is the longest open time, not yet counted.
    pub(crate) limited: bool,
    /// The period of the stage, where it is not the channel's.
    pub(crate) stage_period: Option<Period>,
    pub(crate) contraction: u64,
    pub(crate) train_end: Option<u64>,
    pub(crate) set: Setting,
    pub(crate) set_ticks: (u32, u32),
    pub(crate) commanded_at: u64,
    /// Openings of the gate that were taken.
    pub(crate) openings: Openings,
    /// When the train began.
    pub(crate) train_open: u64,
    /// Opening and latest close of the train of a gated session that begins when the one before is closed.
    pub(crate) queued: Option<(u64, u64)>,
    /// The repayment that takes the place of the frame in hand when it is accepted.
    pub(crate) recovery: Option<Recovery>,
    /// While paused or stale, or coming back from it.
    pub(crate) duck: Option<Duck>,
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
            frame: PulseFrame::EMPTY,
            at: 0,
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
            main_began: 0,
            main_level: Packed::OPEN,
            plain: false,
            late: 0,
            steady_until: 0,
            sequence: 0,
            made_for: None,
            envelope: Envelope::CLOSED,
            peak: crate::envelope::FULL,
            onsets: OnsetState::START,
            stage_period: None,
            contraction: 0,
            earliest_onset: 0,
            train_end: None,
            train_pulses: 0,
            set: Setting::ZERO,
            set_ticks: (0, 0),
            commanded_at: u64::MAX,
            recover: false,
            last_repeat: false,
            planned: Planned::NONE,
            receipt: PulseReceipt::NONE,
            receipt_ready: false,
            recorded: false,
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
        let sequence = self.frame.sequence;
        match self.pending {
            Pending::Nothing | Pending::Silent | Pending::Pause => None,
            Pending::Off => Some(Change { channel, sequence, edge: None, level: Packed::OPEN.into() }),
            Pending::Frame => {
                Some(Change { channel, sequence, edge: Some(self.edge), level: self.next.into() })
            }
        }
    }

    /// The edge of a frame that is pending.
    #[inline]
    pub(crate) fn edge_words(&self, channel: u8) -> Option<EdgeWords> {
        let (edge, sequence, level) = (self.edge, self.frame.sequence, self.next.word());
        (self.pending == Pending::Frame).then_some(EdgeWords { channel, edge, sequence, level })
    }

    /// Whether what comes next is too near at `now` to be planned anew, so that inputs, however many, do not put it off: what
    /// is due within an edge spacing, once it may happen, and a silent onset that is past.
    pub(crate) fn is_imminent(&self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        let soon = self.due() <= now.saturating_add(u64::from(plan.spacing));
        match self.pending {
            Pending::Nothing => false,
            Pending::Silent => self.onsets.tick() < now,
            Pending::Pause | Pending::Off => soon,
            Pending::Frame => self.edge == 0 && soon,
        }
    }

    /// The same for an input that may end or silence a train: then no pulse of it comes any more. A pulse that can stand where
    /// it is, an edge spacing on, is made anew.
    pub(crate) fn stays(&self, plan: &ChannelPlan<'_>, now: u64) -> bool {
        let runs = self.train == Train::Running;
        let nearer = self.at < now.saturating_add(u64::from(plan.spacing));
        let goes_on = match self.pending {
            Pending::Nothing => false,
            Pending::Pause | Pending::Off => true,
            Pending::Silent => runs,
            Pending::Frame if self.frame.kind == FrameKind::Trim => true,
            Pending::Frame => runs && nearer && self.is_driven_at(plan, self.at),
        };
        goes_on && self.is_imminent(plan, now)
    }

    /// Neither the train is over at `tick` nor a pause at its bottom.
    fn is_driven_at(&self, plan: &ChannelPlan<'_>, tick: u64) -> bool {
        self.envelope.fraction(tick).is_some() && self.left_at(plan, tick) > 0
    }

    /// The least number of a frame with the present setting.
    pub(crate) fn next_sequence(&self, now: u64) -> u32 {
        let unbegun = self.pending == Pending::Frame && self.edge == 0;
        if unbegun && self.at > now { self.frame.sequence } else { self.sequence }
    }

    /// Takes what was due, done at `t`, and decides what comes next.
    pub(crate) fn apply(&mut self, plan: &Plan<'_>, clock: &Clockwork, t: u64) -> Result<(), EngineFault> {
        let channel = plan.channel(self.frame.channel).ok_or(EngineFault::OutOfOrder)?;
        match self.pending {
            Pending::Nothing => return Err(EngineFault::OutOfOrder),
            Pending::Pause => {}
            Pending::Silent => self.pass_onset(channel, self.at),
            Pending::Off => self.take_off(channel, t)?,
            Pending::Frame => {
                if !self.take_edge(channel, t)? {
                    if self.recover {
                        self.make_recovery(channel, t.saturating_add(u64::from(channel.spacing)));
                    }
                    return Ok(());
                }
            }
        }
        let earliest = t.saturating_add(u64::from(channel.turn_ticks));
        if !self.plan_again(channel, earliest) {
            self.plan_next(plan, channel, clock, earliest);
        }
        self.fault.map_or(Ok(()), Err)
    }

    /// Whether a frame is under way: its first edge was applied, its last was not; or it pays back one that was.
    pub(crate) fn under_way(&self) -> bool {
        let frame =
            self.pending == Pending::Frame && (self.edge > 0 || self.frame.kind == FrameKind::Recover);
        frame || (self.pending == Pending::Off && self.last_repeat)
    }

    /// A frame waits for admission.
    #[inline]
    pub(crate) fn waits(&self) -> bool {
        (self.pending == Pending::Frame && !self.accepted) || self.recovery.is_some()
    }

    /// The frame that waits for admission.
    pub(crate) fn waiting<'p>(&self, plan: &'p ChannelPlan<'_>) -> Option<PulseFrame<'p>> {
        if self.pending == Pending::Frame && !self.accepted {
            return Some(PulseFrame { body: self.body(plan), ..self.frame });
        }
        self.recovery.and_then(|recovery| recovery.frame(self.frame.channel))
    }

    /// The levels of the frame in hand that it does not store.
    pub(crate) fn body<'p>(&self, plan: &'p ChannelPlan<'_>) -> Body<'p> {
        if self.frame.kind == FrameKind::Pulse { plan.body() } else { Body::None }
    }

    /// Shows the frame that waits, and takes it as admitted when the answer is yes.
    #[inline]
    pub(crate) fn offer<'p>(
        &mut self,
        plan: &'p Plan<'_>,
        admit: &mut impl FnMut(&PulseFrame<'p>) -> bool,
    ) -> Offered {
        let plain = self.pending == Pending::Frame && !self.accepted && self.frame.cell.body_len == 0;
        if plain && self.recovery.is_none() {
            // nothing has to be copied
            self.accepted = admit(&self.frame);
            return if self.accepted { Offered::Due(self.at) } else { Offered::Refused };
        }
        self.offer_copy(plan, admit)
    }

    #[cold]
    #[inline(never)]
    fn offer_copy<'p>(
        &mut self,
        plan: &'p Plan<'_>,
        admit: &mut impl FnMut(&PulseFrame<'p>) -> bool,
    ) -> Offered {
        let plan = plan.channel(self.frame.channel);
        match plan.and_then(|plan| self.waiting(plan).zip(Some(plan))) {
            Some((frame, plan)) if admit(&frame) && self.accept(plan, frame.sequence) => Offered::Other,
            _ => Offered::Refused,
        }
    }

    /// The frame that waits was admitted. False when none waits, or another.
    pub(crate) fn accept(&mut self, plan: &ChannelPlan<'_>, sequence: u32) -> bool {
        if self.pending == Pending::Frame && !self.accepted {
            self.accepted = sequence == self.frame.sequence;
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
        self.frame.kind = kind;
        self.frame.cell = cell;
        self.frame.rest = rest;
        self.restart(onset, plan);
    }

    /// The cell in hand once more, as a new frame.
    pub(crate) fn restart(&mut self, onset: u64, plan: &ChannelPlan<'_>) {
        self.number(onset);
        self.pending = Pending::Frame;
        self.moved = 0;
        self.last_repeat = false;
        (self.next, self.next_ticks) =
            self.frame.cell.part(0, self.body(plan)).unwrap_or((self.frame.rest, 0));
    }

    /// The frame in hand gets the next number and an onset; it has to be admitted.
    #[inline]
    pub(crate) fn number(&mut self, onset: u64) {
        self.frame.sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.accepted = false;
        (self.frame.onset_tick, self.at, self.edge) = (onset, onset, 0);
    }
}
