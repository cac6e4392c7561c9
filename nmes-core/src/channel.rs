//! The running state of one channel: its ledger, the frame in hand, and the edge that comes next.

use crate::engine::Change;
use crate::envelope::Envelope;
use crate::error::EngineFault;
use crate::frame::{FrameKind, Level, PulseFrame};
use crate::plan::{ChannelPlan, Plan};
use crate::rate::Onsets;
use crate::recipe::Recipe;
use crate::session::Setting;
use crate::train::{Clockwork, balancing_side};
use crate::units::Charge;

/// What a channel does next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pending {
    /// Nothing, until something from outside.
    #[default]
    Nothing,
    /// An onset without output.
    Silent(u64),
    /// Look again at this tick.
    Pause(u64),
    /// The output goes open.
    Off(u64),
    /// Edge `edge` of the frame in hand.
    Frame { accepted: bool, edge: u8, at: u64 },
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
    /// The code of the primary phase.
    pub code: i32,
    /// Ticks from the first to the second edge, as applied; 0 for a trim.
    pub primary_ticks: u32,
    /// Charge of the primary phase, as applied; zero for a trim.
    pub primary_charge: Charge,
    /// The channel's ledger after the last edge.
    pub ledger: Charge,
    /// How long the onset waited for the pulse before it.
    pub deferred_ticks: u64,
    /// Whether the envelope was at full level.
    pub full_level: bool,
    /// Whether a hard off cut it: `end_tick` is when the output went open, `ledger` what it left.
    pub cut: bool,
}

impl PulseReceipt {
    const NONE: Self = Self {
        channel: 0,
        sequence: 0,
        kind: FrameKind::Pulse,
        onset_tick: 0,
        end_tick: 0,
        setting: Setting::ZERO,
        code: 0,
        primary_ticks: 0,
        primary_charge: Charge::ZERO,
        ledger: Charge::ZERO,
        deferred_ticks: 0,
        full_level: false,
        cut: false,
    };
}

/// Counts since the engine was made; each saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Counters {
    /// Pulses begun.
    pub pulses: u32,
    /// Onsets at which the level was under one code.
    pub silent: u32,
    /// Onsets that waited for the pulse before them.
    pub deferred: u32,
    /// Onsets left out because they would have waited a period or more.
    pub dropped: u32,
    /// Trims and recoveries begun.
    pub trims: u32,
    /// Trains that were closed because their gate was open for its longest time.
    pub forced_closes: u32,
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
    pub(crate) train: Train,
    pub(crate) frame: PulseFrame,
    pub(crate) recipe: Recipe,
    pub(crate) envelope: Envelope,
    pub(crate) onsets: Onsets,
    pub(crate) contraction: u64,
    pub(crate) earliest_onset: u64,
    pub(crate) train_end: Option<u64>,
    pub(crate) set: Setting,
    pub(crate) set_ticks: (u32, u32),
    pub(crate) sequence: u32,
    pub(crate) level: Level,
    pub(crate) current_na: i64,
    pub(crate) since: u64,
    pub(crate) ledger: Charge,
    /// Nominal ledger of the frames begun: 0 on an exact channel, else below one code × one tick.
    pub(crate) carry: i64,
    pub(crate) recover: bool,
    pub(crate) draft: PulseReceipt,
    pub(crate) receipt: Option<PulseReceipt>,
    pub(crate) counters: Counters,
    /// The envelope's close is the longest open time, not yet counted.
    pub(crate) limited: bool,
    /// When the train began.
    pub(crate) train_open: u64,
    /// The train of a gated session that begins when the one before is closed.
    pub(crate) queued: Option<Envelope>,
    /// The repayment that takes the place of the frame in hand when it is accepted.
    pub(crate) recovery: Option<PulseFrame>,
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
            train: Train::Idle,
            frame: PulseFrame::EMPTY,
            recipe: Recipe::EMPTY,
            envelope: Envelope::CLOSED,
            onsets: Onsets::NEVER,
            contraction: 0,
            earliest_onset: 0,
            train_end: None,
            set: Setting::ZERO,
            set_ticks: (0, 0),
            sequence: 0,
            level: Level::Open,
            current_na: 0,
            since: 0,
            ledger: Charge::ZERO,
            carry: 0,
            recover: false,
            draft: PulseReceipt::NONE,
            receipt: None,
            counters: Counters { pulses: 0, silent: 0, deferred: 0, dropped: 0, trims: 0, forced_closes: 0 },
            limited: false,
            train_open: 0,
            queued: None,
            recovery: None,
            balancing_code: 1,
            trims_in_row: 0,
            fault: None,
        }
    }

    /// The tick of what comes next, if it may happen.
    pub(crate) fn due(&self) -> Option<u64> {
        match self.pending {
            Pending::Nothing | Pending::Frame { accepted: false, .. } => None,
            Pending::Silent(at) | Pending::Pause(at) | Pending::Off(at) | Pending::Frame { at, .. } => {
                Some(at)
            }
        }
    }

    /// What this channel does when it is due; `None` at a silent onset.
    pub(crate) fn change(&self, channel: u8) -> Option<Change> {
        let sequence = self.frame.sequence();
        match self.pending {
            Pending::Nothing | Pending::Silent(_) | Pending::Pause(_) => None,
            Pending::Off(_) => Some(Change { channel, sequence, edge: None, level: Level::Open }),
            Pending::Frame { edge, .. } => {
                self.frame.edge_level(edge).map(|level| Change { channel, sequence, edge: Some(edge), level })
            }
        }
    }

    /// Whether a frame is to begin by `soon`: too near to be made anew.
    pub(crate) fn is_imminent(&self, soon: u64) -> bool {
        matches!(self.pending, Pending::Frame { edge: 0, at, .. } if at <= soon)
    }

    /// The least number of a frame with the present setting.
    pub(crate) fn next_sequence(&self, now: u64) -> u32 {
        match self.pending {
            Pending::Frame { edge: 0, .. } if !self.is_imminent(now) => self.frame.sequence(),
            Pending::Frame { .. }
            | Pending::Nothing
            | Pending::Silent(_)
            | Pending::Pause(_)
            | Pending::Off(_) => self.sequence,
        }
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
            Pending::Pause(_) => {}
            Pending::Silent(at) => self.pass_onset(channel, at),
            Pending::Off(at) => {
                let overflow = EngineFault::LedgerOverflow { channel: index };
                self.change_level(Level::Open, channel, t).ok_or(overflow)?;
                check_time(index, channel, at, t)?;
            }
            Pending::Frame { edge, at, .. } => {
                self.recovery = None;
                if !self.take_edge(channel, edge, at, t)? {
                    if self.recover {
                        self.make_recovery(index, channel, t.saturating_add(u64::from(channel.spacing)));
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
        matches!(self.pending, Pending::Frame { edge, .. } if edge > 0 || self.frame.kind() == FrameKind::Recover)
    }

    /// The frame that waits for admission.
    pub(crate) fn waiting(&self) -> Option<&PulseFrame> {
        match self.pending {
            Pending::Frame { accepted: false, .. } => Some(&self.frame),
            Pending::Frame { .. }
            | Pending::Nothing
            | Pending::Silent(_)
            | Pending::Pause(_)
            | Pending::Off(_) => self.recovery.as_ref(),
        }
    }

    /// The frame that waits was admitted. False when none waits, or another.
    pub(crate) fn accept(&mut self, sequence: u32) -> bool {
        if self.waiting().is_none_or(|frame| frame.sequence() != sequence) {
            return false;
        }
        if let Some(recovery) = self.recovery.take() {
            self.pending = Pending::Frame { accepted: true, edge: 0, at: recovery.onset_tick() };
            self.frame = recovery;
        } else if let Pending::Frame { accepted, .. } = &mut self.pending {
            *accepted = true;
        }
        true
    }

    /// The output was opened at `t`, whatever came before: the level is open in any case, and a pulse that was under
    /// way keeps a record. `None` when the ledger overflowed.
    pub(crate) fn open_now(&mut self, plan: &ChannelPlan, t: u64) -> Option<()> {
        let cut = self.under_way() && self.level != Level::Open;
        let counted = self.change_level(Level::Open, plan, t);
        (self.level, self.current_na, self.since) = (Level::Open, 0, t);
        self.pending = Pending::Nothing;
        self.train = Train::Done;
        self.recovery = None;
        self.queued = None;
        if cut {
            self.note_primary(t);
            self.draft = PulseReceipt { end_tick: t, ledger: self.ledger, cut: true, ..self.draft };
            self.receipt = Some(self.draft);
        }
        counted
    }

    /// Counts the present level up to `t` and goes to the next one.
    pub(crate) fn change_level(&mut self, level: Level, plan: &ChannelPlan, t: u64) -> Option<()> {
        let ticks = t.checked_sub(self.since)?;
        if self.current_na != 0 {
            self.ledger = self.ledger.checked_add(Charge::of(self.current_na, ticks)?)?;
        }
        self.level = level;
        self.current_na = level.current_na(plan.hardware());
        self.since = t;
        Some(())
    }

    /// The ledger as it will be at `t` if nothing changes before.
    pub(crate) fn ledger_at(&self, t: u64) -> Option<Charge> {
        self.ledger.checked_add(Charge::of(self.current_na, t.checked_sub(self.since)?)?)
    }

    /// Takes an edge of the frame in hand, applied at `t`. `Ok(true)` when it was the last.
    pub(crate) fn take_edge(
        &mut self,
        plan: &ChannelPlan,
        edge: u8,
        at: u64,
        t: u64,
    ) -> Result<bool, EngineFault> {
        let channel = self.frame.channel();
        let level = self.frame.edge_level(edge).ok_or(EngineFault::OutOfOrder)?;
        self.change_level(level, plan, t).ok_or(EngineFault::LedgerOverflow { channel })?;
        check_time(channel, plan, at, t)?;
        match edge {
            0 => self.begin(at, t),
            1 if self.frame.kind() == FrameKind::Pulse => {
                self.draft.primary_ticks =
                    u32::try_from(t.saturating_sub(self.draft.onset_tick)).unwrap_or(u32::MAX);
                self.draft.primary_charge = difference(self.ledger, self.draft.ledger)
                    .ok_or(EngineFault::LedgerOverflow { channel })?;
            }
            _ => {}
        }
        if edge == self.frame.len {
            self.draft.end_tick = t;
            self.draft.ledger = self.ledger;
            self.receipt = Some(self.draft);
            return Ok(true);
        }
        let next = edge.saturating_add(1);
        let soonest = t.saturating_add(u64::from(plan.spacing));
        let at = if next == self.frame.len {
            self.last_edge(plan, at, t)?
        } else {
            self.grid_tick(next)?.max(soonest)
        };
        self.pending = Pending::Frame { accepted: true, edge: next, at };
        Ok(false)
    }

    fn grid_tick(&self, edge: u8) -> Result<u64, EngineFault> {
        self.frame.edge_tick(edge).ok_or(EngineFault::OutOfOrder)
    }

    fn begin(&mut self, at: u64, t: u64) {
        let frame = &self.frame;
        let kind = frame.kind();
        if kind == FrameKind::Recover {
            self.begin_recovery(t);
            return;
        }
        self.draft = PulseReceipt {
            channel: frame.channel(),
            sequence: frame.sequence(),
            kind,
            onset_tick: t,
            ledger: self.ledger,
            primary_ticks: 0,
            primary_charge: Charge::ZERO,
            cut: false,
            ..self.draft
        };
        match kind {
            FrameKind::Pulse => {
                self.counters.pulses = self.counters.pulses.saturating_add(1);
                if self.draft.deferred_ticks > 0 {
                    self.counters.deferred = self.counters.deferred.saturating_add(1);
                }
                self.carry = self.recipe.carry;
                self.trims_in_row = 0;
                self.balancing_code = balancing_side(frame).1;
                let period = self.onsets.period_ticks();
                self.earliest_onset = at.saturating_add(period);
                self.onsets.advance();
            }
            FrameKind::Trim | FrameKind::Recover => {
                self.trims_in_row = self.trims_in_row.saturating_add(1);
                self.counters.trims = self.counters.trims.saturating_add(1);
                self.draft.code = match frame.edge_level(0) {
                    Some(Level::Code(code)) => code,
                    Some(Level::Open | Level::Shorted) | None => 0,
                };
                self.draft.setting = Setting::ZERO;
                self.draft.deferred_ticks = 0;
                self.draft.full_level = false;
            }
        }
    }

    /// A pulse that is cut keeps its own record; its kind and number become those of the repayment.
    fn begin_recovery(&mut self, t: u64) {
        self.counters.trims = self.counters.trims.saturating_add(1);
        self.draft.kind = FrameKind::Recover;
        self.draft.sequence = self.frame.sequence();
        self.note_primary(t);
    }

    /// Takes down length and charge of a primary phase that ended at `t` before its edge.
    fn note_primary(&mut self, t: u64) {
        if self.draft.primary_ticks == 0 && self.draft.kind != FrameKind::Trim {
            self.draft.primary_ticks =
                u32::try_from(t.saturating_sub(self.draft.onset_tick)).unwrap_or(u32::MAX);
            self.draft.primary_charge = difference(self.ledger, self.draft.ledger).unwrap_or(Charge::ZERO);
        }
    }

    /// When the last edge has to stand for the ledger to come out at the nominal carry, if it is as late as the
    /// edge before it, applied at `t` instead of `at`: so a latency that stays the same cancels. When nothing is
    /// owed it stands on the grid and nothing is divided.
    fn last_edge(&self, plan: &ChannelPlan, at: u64, t: u64) -> Result<u64, EngineFault> {
        let channel = self.frame.channel();
        let overflow = EngineFault::LedgerOverflow { channel };
        let ticks = u64::from(self.frame.segments().last().map_or(0, |s| s.ticks));
        let grid = at.checked_add(ticks).ok_or(overflow)?;
        let left = Charge::of(self.current_na, ticks)
            .and_then(|c| c.checked_add(self.ledger))
            .and_then(|c| c.as_nanoamp_ticks().checked_sub(self.carry))
            .ok_or(overflow)?;
        let soonest = t.saturating_add(u64::from(plan.spacing));
        if left == 0 {
            return Ok(grid.max(soonest));
        }
        let shift = round_div(left, self.current_na).and_then(i64::checked_neg).ok_or(overflow)?;
        let moved = grid.checked_add_signed(shift).ok_or(overflow)?;
        if moved > grid.saturating_add(plan.stretch_ticks()) {
            return Err(EngineFault::Repayment { channel, ledger: left });
        }
        Ok(moved.max(soonest))
    }
}

fn difference(a: Charge, b: Charge) -> Option<Charge> {
    a.as_nanoamp_ticks().checked_sub(b.as_nanoamp_ticks()).map(Charge::from_nanoamp_ticks)
}

fn check_time(channel: u8, plan: &ChannelPlan, at: u64, t: u64) -> Result<(), EngineFault> {
    if t.saturating_add(u64::from(plan.stamp_error)) < at {
        return Err(EngineFault::Early { channel, by_ticks: at.saturating_sub(t) });
    }
    let by_ticks = t.saturating_sub(at);
    let limit_ticks = plan.late_limit_ticks();
    if by_ticks > limit_ticks {
        return Err(EngineFault::Late { channel, by_ticks, limit_ticks });
    }
    Ok(())
}

/// `a / b` to the nearest, with the sign of the quotient; one 32-bit division where both fit.
fn round_div(a: i64, b: i64) -> Option<i64> {
    let (n, d) = (a.unsigned_abs(), b.unsigned_abs());
    let n = n.checked_add(d >> 1)?;
    let quotient = match (u32::try_from(n), u32::try_from(d)) {
        (Ok(n), Ok(d)) => u64::from(n.checked_div(d)?),
        _ => n.checked_div(d)?,
    };
    let quotient = i64::try_from(quotient).ok()?;
    if (a < 0) == (b < 0) { Some(quotient) } else { quotient.checked_neg() }
}
