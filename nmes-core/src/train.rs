//! What a channel does next: the next pulse of its train, a trim, open, or nothing.

use crate::balance::{Balancing, repay, repay_units};
use crate::channel::{ChannelState, Pending, Train};
use crate::envelope::{Envelope, FULL, between};
use crate::error::EngineFault;
use crate::frame::{FrameKind, Level, MAX_SEGMENTS, PulseFrame, Segment};
use crate::plan::{ChannelPlan, Plan, millis_to_ticks};
use crate::session::{Control, Cycle, Schedule, Session, Setting};
use crate::units::{MicroAmps, Micros, Millis};

/// What all channels share while a session runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clockwork {
    /// Tick of session time zero; `None` before `start`.
    pub(crate) start: Option<u64>,
    /// No onset of a channel without offset stands at or after this tick.
    pub(crate) end: u64,
    /// A stop was asked for: trains close and none begins.
    pub(crate) stopping: bool,
}

impl Clockwork {
    /// No onset of a channel stands at or after this tick: the session's end, later by the channel's offset.
    fn end_of(&self, channel: &ChannelPlan) -> u64 {
        self.end.saturating_add(channel.offset_ticks)
    }
}

/// Trims that follow one another at most; each leaves at most a quarter, so more mean that stamps lie.
const TRIMS_MAX: u8 = 24;

impl ChannelState {
    /// A silent onset has passed, at `at`: counted as silent, or as dropped when it had waited a period for the
    /// pulse before it.
    pub(crate) fn pass_onset(&mut self, channel: &ChannelPlan, at: u64) {
        let count = if at.saturating_sub(self.onsets.tick()) >= channel.period_ticks() {
            &mut self.counters.dropped
        } else {
            &mut self.counters.silent
        };
        *count = count.saturating_add(1);
        self.onsets.advance();
    }

    /// Decides what comes next, not before `earliest`. Looks at one onset at most: a bounded amount of work.
    pub(crate) fn plan_next(&mut self, index: u8, plan: &Plan<'_>, clock: &Clockwork, earliest: u64) {
        self.pending = Pending::Nothing;
        let Some(channel) = plan.channel(index) else { return };
        if clock.stopping && self.train != Train::Done {
            self.train = Train::Closing;
        }
        // running (over) → closing → idle → running is the longest way through to an onset
        for _ in 0..4 {
            match self.train {
                Train::Done => return,
                Train::Closing => {
                    if self.close(index, channel, earliest) {
                        return;
                    }
                    self.train_end = Some(self.since);
                    self.train = if clock.stopping { Train::Done } else { Train::Idle };
                }
                Train::Idle => {
                    if !self.schedule(plan, channel, clock) {
                        return;
                    }
                }
                Train::Running => {
                    if self.next_onset(index, plan, channel, clock, earliest) {
                        return;
                    }
                    self.train = Train::Closing;
                }
            }
        }
        // a contraction that the rate leaves without an onset: look on when the next onset may stand
        self.pending = Pending::Pause(earliest.max(self.onsets.tick()));
    }

    /// The end of a train: trims until the ledger is small, then open. False when there is nothing left to do.
    fn close(&mut self, index: u8, channel: &ChannelPlan, earliest: u64) -> bool {
        if self.trim(index, channel, earliest, channel.jitter_ticks(), Level::Open) {
            return true;
        }
        if self.level == Level::Open {
            return false;
        }
        self.pending = Pending::Off(earliest);
        true
    }

    /// Makes a trim when more than `allowed` code-ticks are owed. Each leaves at most a quarter.
    /// Never stronger than the last pulse's balancing level.
    fn trim(&mut self, index: u8, channel: &ChannelPlan, earliest: u64, allowed: u64, rest: Level) -> bool {
        let late = channel.jitter_ticks();
        let owed = self.ledger.as_nanoamp_ticks().saturating_sub(self.carry);
        let one = |code: i32| channel.hardware().current_na(code).unsigned_abs();
        let step = if owed < 0 { 1 } else { -1 };
        let units = owed.unsigned_abs().checked_div(one(step)).unwrap_or(0);
        if late == 0 || units <= allowed {
            return false;
        }
        if self.trims_in_row >= TRIMS_MAX {
            let ledger = self.ledger.as_nanoamp_ticks();
            self.fault.get_or_insert(EngineFault::Repayment { channel: index, ledger });
            return false;
        }
        let eighth = units.checked_div(late.saturating_mul(8)).unwrap_or(0);
        let limit = channel.hardware().code_limit(owed < 0).min(self.balancing_code);
        let Ok(codes) = i32::try_from(eighth.min(u64::from(limit)).max(1)) else { return false };
        let code = codes.saturating_mul(step);
        let ticks = owed.unsigned_abs().checked_div(one(code)).unwrap_or(0).max(u64::from(channel.spacing));
        let Ok(ticks) = u32::try_from(ticks) else { return false };
        let segments = [Segment { level: Level::Code(code), ticks }];
        self.set_frame(index, FrameKind::Trim, earliest, &segments, rest);
        true
    }

    fn set_frame(&mut self, index: u8, kind: FrameKind, onset: u64, segments: &[Segment], rest: Level) {
        if let Some(frame) = PulseFrame::from_parts(index, kind, self.sequence, onset, segments, rest) {
            self.frame = frame;
            self.sequence = self.sequence.wrapping_add(1);
            self.pending = Pending::Frame { accepted: false, edge: 0, at: onset };
        }
    }

    /// Starts the next train of a session that runs by itself. False when none will come by itself.
    fn schedule(&mut self, plan: &Plan<'_>, channel: &ChannelPlan, clock: &Clockwork) -> bool {
        let Some(start) = clock.start else { return false };
        let begin = start.saturating_add(channel.offset_ticks);
        let gated = matches!(plan.session().schedule(), Schedule::Gated(_));
        let envelope = match plan.session().schedule() {
            Schedule::Gated(_) => self.queued.take(),
            Schedule::Continuous => {
                (self.contraction == 0).then(|| continuous(channel, begin, clock.end_of(channel)))
            }
            Schedule::Cyclic(cycle) => contraction(plan.session(), channel, &cycle, begin, self.contraction),
        };
        if let Some(envelope) = envelope {
            self.contraction = self.contraction.saturating_add(1);
            self.envelope = envelope;
            self.onsets = channel.onsets.starting_at(envelope.open_tick.max(self.earliest_onset));
            self.train = Train::Running;
            self.train_open = envelope.open_tick;
            // a gated train that does not last to the end of the session is closed by its longest time
            self.limited = gated && envelope.over_tick() < clock.end_of(channel);
            return true;
        }
        if !gated {
            self.train = Train::Done;
        }
        false
    }

    /// Plans the onset in hand. False when the train is over.
    fn next_onset(
        &mut self,
        index: u8,
        plan: &Plan<'_>,
        channel: &ChannelPlan,
        clock: &Clockwork,
        earliest: u64,
    ) -> bool {
        let ideal = self.onsets.tick();
        let at = ideal.max(earliest);
        if self.limited && ideal >= self.envelope.close_tick {
            self.limited = false;
            self.counters.forced_closes = self.counters.forced_closes.saturating_add(1);
        }
        let over = at >= clock.end_of(channel) || self.envelope.fraction(at).is_none();
        let Some(fraction) = self.envelope.fraction(ideal).filter(|_| !over) else { return false };
        let waited = at.saturating_sub(ideal);
        let (code, width) = self.level(channel, fraction);
        let late = waited >= channel.period_ticks();
        let recipe = self.recipe_for(channel, code, width).filter(|_| !late);
        // what is owed after a silence, or what the next pulse's last edge can take in, by one tick each code
        let allowed = channel.jitter_ticks().saturating_add(recipe.map_or(0, |_| 1));
        let allowed = allowed.saturating_mul(recipe.as_ref().map_or(1, movable_codes));
        let rest = Level::from(plan.hardware().timing().pulse_rest);
        if self.trim(index, channel, earliest, allowed, rest) {
            return true;
        }
        let Some(recipe) = recipe else {
            self.pending = Pending::Silent(at);
            return true;
        };
        self.recipe = recipe;
        let segments = recipe.segments.get(..usize::from(recipe.len)).unwrap_or(&[]);
        self.set_frame(index, FrameKind::Pulse, at, segments, rest);
        self.draft.setting = self.commanded(channel, fraction);
        self.draft.code = recipe.code;
        self.draft.deferred_ticks = waited;
        self.draft.full_level = fraction == FULL;
        true
    }

    fn recipe_for(&self, channel: &ChannelPlan, code: u32, width: u32) -> Option<crate::recipe::Recipe> {
        if channel.hardware().is_exact() && self.recipe.len > 0 && self.recipe.asked == (code, width) {
            return Some(self.recipe);
        }
        channel.recipe(code, width, self.carry)
    }

    fn level(&self, channel: &ChannelPlan, fraction: u32) -> (u32, u32) {
        let floor = channel.floor(self.set_ticks);
        (between(floor.0, self.set_ticks.0, fraction), between(floor.1, self.set_ticks.1, fraction))
    }

    /// The set values under the envelope, in the units they were given in.
    fn commanded(&self, channel: &ChannelPlan, fraction: u32) -> Setting {
        let ramp = channel.channel().ramp;
        let mut setting = self.set;
        match ramp.control {
            Control::Amplitude => {
                let ua = between(
                    ramp.floor.min(setting.amplitude.as_microamps()),
                    setting.amplitude.as_microamps(),
                    fraction,
                );
                setting.amplitude = MicroAmps::from_microamps(ua).unwrap_or(setting.amplitude);
            }
            Control::Width => {
                let us =
                    between(ramp.floor.min(setting.width.as_micros()), setting.width.as_micros(), fraction);
                setting.width = Micros::from_micros(us).unwrap_or(setting.width);
            }
        }
        setting
    }

    /// Makes the repayment, from `cut` on, of a pulse whose charge is not yet coming back. It takes the place of the
    /// frame in hand when it is accepted; until then that frame's edges stay due. Nothing is made when the frame in
    /// hand is already paying back, or has an edge before `cut` after which this is asked again.
    pub(crate) fn make_recovery(&mut self, index: u8, channel: &ChannelPlan, cut: u64) {
        let Pending::Frame { edge, at, .. } = self.pending else { return };
        let (direction, cap) = balancing_side(&self.frame);
        let paying = matches!(self.level, Level::Code(code) if code.signum() == direction);
        let unbegun = self.frame.kind() != FrameKind::Pulse || edge == 0;
        if unbegun || paying || at <= cut || self.recovery.is_some() {
            return;
        }
        self.recovery = self.recovery_frame(index, channel, cut, direction, cap);
        self.sequence = self.sequence.wrapping_add(u32::from(self.recovery.is_some()));
    }

    /// How long the output has to be open from `cut` on before it may drive the other polarity.
    fn dead_left(&self, channel: &ChannelPlan, cut: u64) -> u32 {
        let opened = u32::try_from(cut.saturating_sub(self.since)).unwrap_or(u32::MAX);
        let left = match self.level {
            Level::Code(0) | Level::Shorted => 0,
            Level::Code(_) => channel.dead_ticks,
            Level::Open => channel.dead_ticks.saturating_sub(opened),
        };
        if left == 0 { 0 } else { left.max(channel.segment_min) }
    }

    fn recovery_frame(
        &self,
        index: u8,
        channel: &ChannelPlan,
        cut: u64,
        direction: i32,
        cap: u32,
    ) -> Option<PulseFrame> {
        let owed = self.ledger_at(cut)?.as_nanoamp_ticks().checked_sub(self.carry)?;
        let owed = owed.checked_mul(i64::from(direction.saturating_neg()))?;
        let balancing = recovery(channel, owed, direction > 0, cap)?;
        let mut segments = [Segment::default(); MAX_SEGMENTS];
        let mut len = 0_usize;
        let parts = [(0, self.dead_left(channel, cut)), balancing.first, balancing.last];
        for (codes, ticks) in parts.into_iter().filter(|p| p.1 > 0) {
            let magnitude = i32::try_from(codes).unwrap_or(0);
            let level = match magnitude {
                0 => Level::Open,
                m => Level::Code(m.saturating_mul(direction)),
            };
            if let Some(slot) = segments.get_mut(len) {
                *slot = Segment { level, ticks };
                len = len.saturating_add(1);
            }
        }
        let kind = FrameKind::Recover;
        PulseFrame::from_parts(index, kind, self.sequence, cut, segments.get(..len)?, Level::Open)
    }
}

/// Sign and greatest magnitude of the codes that pay the first phase of a frame back.
pub(crate) fn balancing_side(frame: &PulseFrame) -> (i32, u32) {
    let code = |s: &Segment| match s.level {
        Level::Code(code) => code,
        Level::Open | Level::Shorted => 0,
    };
    let primary = frame.segments().first().map_or(0, code);
    let opposite =
        frame.segments().iter().map(code).filter(|c| c.signum() == primary.signum().saturating_neg());
    let strongest = opposite.map(i32::unsigned_abs).max().unwrap_or(1);
    (primary.signum().saturating_neg(), strongest)
}

/// The codes of the last, movable segment of a pulse.
fn movable_codes(recipe: &crate::recipe::Recipe) -> u64 {
    let last = usize::from(recipe.len).checked_sub(1).and_then(|i| recipe.segments.get(i));
    match last.map(|s| s.level) {
        Some(Level::Code(code)) => u64::from(code.unsigned_abs()),
        Some(Level::Open | Level::Shorted) | None => 0,
    }
}

/// Levels that pay `owed` nanoampere-ticks (in the direction of the primary phase) back at no more than `cap`
/// codes. Without lateness exactly, as a last resort with one code for as long as it takes. With lateness at the
/// cap: the last edge is re-timed and a trim follows, so that a late cut is repaid about as fast as it came.
fn recovery(channel: &ChannelPlan, owed: i64, positive: bool, cap: u32) -> Option<Balancing> {
    let payer = channel.payer(positive);
    let cap = cap.max(1);
    let magnitude = owed.max(0);
    let units = u64::try_from(magnitude.checked_div(payer.gain_na)?).ok()?;
    let width = u32::try_from(units.div_ceil(u64::from(cap))).ok()?.max(channel.spacing);
    let single = |codes, ticks| Some(Balancing { first: (0, 0), last: (codes, ticks), left_na_ticks: 0 });
    if channel.jitter_ticks() > 0 {
        return single(cap, width);
    }
    let exact = channel.hardware().is_exact();
    let over = |w| if exact { repay_units(units, w, &payer) } else { repay(magnitude, w, &payer) };
    // at half the level a width that fits is found within a few ticks, so this seldom goes further
    let widths = (0..8).map_while(|half| width.checked_shl(half));
    widths
        .map(over)
        .find_map(|parts| parts)
        .or_else(|| single(1, u32::try_from(units).ok()?.max(payer.spacing)))
}

fn continuous(channel: &ChannelPlan, begin: u64, end: u64) -> Envelope {
    Envelope {
        open_tick: begin,
        from: 0,
        hold_tick: u64::MAX,
        close_tick: end.saturating_sub(channel.down_ticks).max(begin),
        up_ticks: channel.up_ticks,
        down_ticks: channel.down_ticks,
    }
}

/// Contraction number `k`: its start stands on the exact millisecond, so starts do not drift. `None` when it would
/// not end within the session.
fn contraction(
    session: &Session<'_>,
    channel: &ChannelPlan,
    cycle: &Cycle,
    begin: u64,
    k: u64,
) -> Option<Envelope> {
    let ramp = channel.channel().ramp;
    let sum =
        |parts: &[Millis]| parts.iter().fold(0_u64, |sum, ms| sum.saturating_add(u64::from(ms.as_millis())));
    let on = sum(&[ramp.up, cycle.hold, ramp.down]);
    let start = k.checked_mul(on.saturating_add(u64::from(cycle.rest.as_millis())))?;
    if start.saturating_add(on) > u64::from(session.length().as_millis()) {
        return None;
    }
    let elapsed = start.checked_mul(u64::from(channel.ticks_per_second))? / 1_000;
    let open_tick = begin.checked_add(elapsed)?;
    let hold = millis_to_ticks(cycle.hold, channel.ticks_per_second);
    Some(Envelope {
        open_tick,
        from: 0,
        hold_tick: u64::MAX,
        close_tick: open_tick.checked_add(channel.up_ticks)?.checked_add(hold)?,
        up_ticks: channel.up_ticks,
        down_ticks: channel.down_ticks,
    })
}
