//! Edges as they were applied: order, time, charge, and what was measured.

use nmes_core::{Change, ChannelHardware, FrameKind, Level, Schedule};

use crate::admitted::{AdmittedEdge, Put};
use crate::fault::{Cite, Fault, Finding, Response, Trip, signed};
use crate::guard::{Guard, PROBE_LEVEL};
use crate::interlock::{Event, State};
use crate::limits::Limits;
use crate::rules;
use crate::sense::{SampleInstant, Sensed, Tolerances};
use crate::watch::{Active, Watch};

/// One applied edge with all that it is held against.
struct Applied<'e> {
    t: u64,
    edge: u16,
    sequence: u32,
    level: Level,
    hardware: &'e ChannelHardware,
    limits: &'e Limits,
}

impl<const N: usize> Guard<'_, N> {
    /// Takes an edge after it is out: `t` is the clock as read *after* the level changed, `sense` the newest
    /// measurement of the channel, if there is one. Work: a fixed number of operations; at the last edge of a pulse
    /// also the buckets of the windows, and at one that is not as late as those before it also a pass over them, 16 at most.
    ///
    /// The change is counted whatever is wrong with it, because the level is out. A change without an edge opens the
    /// channel, needs no admission and is always in order.
    ///
    /// # Errors
    /// A [`Trip`]. Order, level and time are held against the admitted frame: every edge but the last of a repeat between
    /// its grid tick and L + ε later, that one at most the plan's stretch away from its grid tick and that late. After a
    /// pulse the ledger holds, beside what the frames are meant to leave, at most two balancing codes × (L + 2 ε); where
    /// no edge is moved (custom points, a mirrored table, a declared direct current) all changes of the level × (L + 2 ε);
    /// nothing when both are 0. A sample shows over-current (E-OC-1, E-PEAK-1), a wrong
    /// polarity or a stuck output at once; a lost contact (E-DEL-1) and an imbalance (E-BAL-2) after three pulses. Phases that
    /// do not cancel at the pulse with which contact is lost are that loss, where it is answered by the probe level; at the
    /// probe level they are counted anew.
    #[inline]
    pub fn edge(&mut self, t: u64, change: &Change, sense: Option<Sensed>) -> Result<(), Trip> {
        if sense.is_none() && Put::of(change).is_some_and(|put| self.take_short(t, &put)) {
            return Ok(());
        }
        self.any_edge(t, change, sense)
    }

    /// As [`Guard::edge`], of an edge that was admitted.
    ///
    /// # Errors
    /// As [`Guard::edge`].
    #[inline]
    pub fn edge_put(&mut self, t: u64, edge: &AdmittedEdge, sense: Option<Sensed>) -> Result<(), Trip> {
        if sense.is_none() && self.take_short(t, edge.put()) {
            return Ok(());
        }
        self.any_edge(t, &edge.change(), sense)
    }

    #[inline(never)]
    fn any_edge(&mut self, t: u64, change: &Change, sense: Option<Sensed>) -> Result<(), Trip> {
        let channel = change.channel;
        let (state, damaged) = self.interlock.read();
        let found = self.clock(t).or(damaged).or_else(|| self.source_free(change));
        let Self { checked, limits, watches, .. } = self;
        let Some((plan, watch)) = checked.plan().channel(channel).zip(watches.get_mut(usize::from(channel)))
        else {
            let finding = Finding::new(Fault::Channel, Cite::PLAN, i64::from(channel), 0, "as channel");
            return Err(self.trip(t, Some(channel), &finding));
        };
        let hardware = plan.hardware();
        watch.catch_up(hardware);
        let (before, after) = split(sense, t);
        let found = found.or(before.and_then(|s| watch.take_sample(&s, t, &limits.measured)));
        let outcome = match change.edge {
            None => open(watch, hardware, change.level, t, &limits.measured),
            Some(edge) => {
                let (sequence, level) = (change.sequence, change.level);
                Applied { t, edge, sequence, level, hardware, limits }.take(watch, state)
            }
        };
        let found = found.or(outcome.finding);
        // taken between the edge and this call, which is no eighth of a second after it
        let until = t.saturating_add(watch.windows.bucket_ticks());
        let after = after.and_then(|s| watch.take_sample(&s, until, &limits.measured));
        // what a sample shows is graver than phases that do not cancel
        let unbalanced = found.is_some_and(|f| f.fault == Fault::MeasuredBalance);
        let found = if unbalanced { after.or(found) } else { found.or(after) };
        self.act(t, channel, found, &outcome)
    }

    /// A pulse begins on a current source that puts out one of another channel: the plan was checked with none at once.
    fn source_free(&self, change: &Change) -> Option<Finding> {
        let begins = change.edge == Some(0);
        let busy = begins && self.source_is_busy(change.channel);
        Finding::unless(!busy, Fault::OutOfOrder, Cite::SOURCE)
    }

    /// Another channel on the source of this one has a frame under way. One pass over the channels where it has a source that
    /// others may share.
    pub(crate) fn source_is_busy(&self, channel: u8) -> bool {
        let source = |channel| self.plan_of(channel).map_or(0, |plan| plan.hardware().source);
        let own = source(channel);
        own != 0
            && (0_u8..)
                .zip(&self.watches)
                .any(|(other, watch)| other != channel && watch.active.is_some() && source(other) == own)
    }

    /// Since when a channel rests: no frame of it is under way and nothing is driven. `None` while one is, and of no channel.
    /// Fixed work.
    #[must_use]
    pub fn rests_since(&self, channel: u8) -> Option<u64> {
        let watch = self.plan_of(channel).and(self.watches.get(usize::from(channel)))?;
        let rests = watch.active.is_none() && !watch.interval.is_driven();
        rests.then_some(watch.interval.since)
    }

    /// Takes a measurement between edges, most of all one at rest. Work: as [`Guard::edge`].
    ///
    /// # Errors
    /// A [`Trip`]: over-current, wrong polarity, a stuck output, or no such channel.
    pub fn sample(&mut self, now: u64, channel: u8, sensed: Sensed) -> Result<(), Trip> {
        let found = self.clock(now).or_else(|| self.intact());
        let limits = self.limits.measured;
        let Some((_, hardware, watch)) = self.parts(channel) else {
            let finding = Finding::new(Fault::Channel, Cite::PLAN, i64::from(channel), 0, "as channel");
            return Err(self.trip(now, Some(channel), &finding));
        };
        watch.catch_up(hardware);
        let judged = watch.take_sample(&sensed, now, &limits);
        self.act(now, channel, found.or(judged), &Outcome::default())
    }

    /// Every channel was opened at `t`, outside any frame. Pulses under way are cut, and what they leave stays in the
    /// ledgers. Work: one pass over the channels.
    ///
    /// What a cut pulse leaves is paid back by a trim of the engine that made it, also in [`State::Idle`](crate::State::Idle); until
    /// then no pulse is admitted. With a new engine goes a new guard.
    pub fn off(&mut self, t: u64) {
        let t = t.max(self.last_tick);
        self.last_tick = t;
        let limits = self.limits.measured;
        for channel in 0..self.checked.plan().channel_count() {
            let Some((_, hardware, watch)) = self.parts(channel) else { continue };
            watch.catch_up(hardware);
            let opened = open(watch, hardware, Level::Open, t, &limits);
            if let Some(finding) = opened.finding {
                self.trip(t, Some(channel), &finding);
            }
        }
    }

    fn act(&mut self, t: u64, channel: u8, found: Option<Finding>, outcome: &Outcome) -> Result<(), Trip> {
        if outcome.first_edge {
            let state = self.state();
            if state == State::Probing {
                self.probed(t, channel);
            } else {
                self.first_pulse.get_or_insert(t);
            }
            if state == State::Armed {
                self.interlock.handle(Event::Pulse).ok();
            }
        }
        if let Some(latched) = self.latched {
            return Err(latched);
        }
        let short = outcome.contact_lost && self.contact_response(Some(channel)) == Response::ProbeLevel;
        if let Some(finding) = found.filter(|f| !short || f.fault != Fault::MeasuredBalance) {
            return Err(self.trip(t, Some(channel), &finding));
        }
        if outcome.contact_lost { Err(self.lose_contact(t, channel)) } else { Ok(()) }
    }

    fn lose_contact(&mut self, t: u64, channel: u8) -> Trip {
        let permille = self.parts(channel).map_or(0, |(_, _, watch)| signed(watch.contact.permille));
        if self.state() == State::Running {
            self.interlock.handle(Event::Ramp).ok();
        }
        let (cite, least) = (Cite::of(&rules::E_DEL_1), signed(self.limits.measured.least_permille));
        let finding =
            Finding::new(Fault::ContactLoss, cite, permille, least, "‰ of the set current, at least");
        let trip = self.trip(t, Some(channel), &finding);
        // a ramp-down starts from the level there is
        let gated = matches!(self.checked.plan().session().schedule(), Schedule::Gated(_));
        if let Some((_, _, watch)) = self.parts(channel).filter(|_| trip.response == Response::ProbeLevel) {
            if gated {
                watch.set.lose(PROBE_LEVEL);
            } else {
                watch.set.drop_to(PROBE_LEVEL);
            }
            watch.imbalanced = 0;
        }
        trip
    }
}

/// What an edge did.
#[derive(Default)]
struct Outcome {
    finding: Option<Finding>,
    /// The first edge of a pulse.
    first_edge: bool,
    contact_lost: bool,
}

/// A sample of the level an edge ends, and one of the level it goes to.
fn split(sense: Option<Sensed>, t: u64) -> (Option<Sensed>, Option<Sensed>) {
    let of_the_old = |s: &Sensed| match s.instant {
        SampleInstant::PhaseStart => false,
        SampleInstant::PhaseEnd => true,
        SampleInstant::Rest => s.at_tick < t,
    };
    (sense.filter(|s| of_the_old(s)), sense.filter(|s| !of_the_old(s)))
}

fn open(
    watch: &mut Watch<'_>,
    hardware: &ChannelHardware,
    level: Level,
    t: u64,
    limits: &Tolerances,
) -> Outcome {
    let order = Finding::unless(level == Level::Open, Fault::OutOfOrder, Cite::ORDER);
    let finding = order.or(watch.change_level(level, hardware, t, limits));
    watch.abort(t);
    watch.waits = false;
    Outcome { finding, ..Outcome::default() }
}

/// The edge that is next in order.
struct Hand {
    level: Option<Level>,
    /// How long its level stays; nothing for the last.
    ticks: u32,
    /// Its tick on the absolute grid, and by how much it may be moved.
    grid: u64,
    moves: u64,
    last: bool,
    kind: FrameKind,
}

impl Applied<'_> {
    /// Counts the edge, then says what is wrong with it.
    fn take(&self, watch: &mut Watch<'_>, state: State) -> Outcome {
        let (since, before_na) = (watch.interval.since, watch.interval.current_na);
        let hand = self.hand(watch);
        let found = match &hand {
            None => Finding::unless(false, Fault::OutOfOrder, Cite::ORDER),
            Some(hand) => self.order(hand, state).or_else(|| self.time(hand, since)),
        };
        let overflow = watch.change_level(self.level, self.hardware, self.t, &self.limits.measured);
        let mut outcome = Outcome { finding: found.or(overflow), first_edge: false, contact_lost: false };
        let Some(hand) = hand else { return outcome };
        if self.edge == 0 {
            watch.begin_or_cut(before_na, self.hardware, self.t, hand.ticks);
            outcome.first_edge = hand.kind == FrameKind::Pulse;
        } else if hand.last {
            let (finding, lost) = self.end(watch);
            outcome.finding = outcome.finding.or(finding);
            outcome.contact_lost = lost;
        } else if let Some(active) = &mut watch.active {
            active.advance(hand.ticks);
        }
        outcome
    }

    /// The next edge of the frame that waits for its first, or of the one under way, when it is this one. Once a recovery
    /// waits, no edge of the pulse that it cuts comes any more.
    fn hand(&self, watch: &Watch<'_>) -> Option<Hand> {
        let frame = watch.admitted.frame();
        let active = watch.active.as_ref();
        let is_next = if self.edge == 0 {
            watch.waits && (active.is_none() || frame.kind() == FrameKind::Recover)
        } else {
            !watch.waits && active.is_some_and(|active| active.next_edge == self.edge)
        };
        if !is_next || frame.sequence() != self.sequence {
            return None;
        }
        let (grid, moves, last) = match active.filter(|_| self.edge > 0) {
            Some(active) => (active.next_tick, active.next_moves(), active.is_last()),
            None => (frame.onset_tick(), 0, false),
        };
        let segment = if last { None } else { frame.segment(self.edge) };
        let level = if last { Some(frame.rest()) } else { segment.map(|s| s.level) };
        let ticks = segment.map_or(0, |s| s.ticks);
        Some(Hand { level, ticks, grid, moves, last, kind: frame.kind() })
    }

    fn order(&self, hand: &Hand, state: State) -> Option<Finding> {
        let starts = self.edge == 0 && hand.kind == FrameKind::Pulse;
        let armed = !starts || state.permits_output();
        Finding::unless(hand.level == Some(self.level), Fault::OutOfOrder, Cite::ORDER)
            .or_else(|| Finding::unless(armed, Fault::NotArmed, Cite::LOCK))
    }

    /// Holds an edge against the absolute grid of its frame, so that constant latency cancels.
    fn time(&self, hand: &Hand, since: u64) -> Option<Finding> {
        let late = self.t.saturating_sub(hand.grid);
        let early = hand.grid.saturating_sub(self.t);
        let soon = since.saturating_add(self.limits.spacing_ticks).saturating_sub(self.t);
        let most_late = self.limits.late_ticks.saturating_add(hand.moves);
        let most_early = self.limits.stamp_error_ticks.saturating_add(hand.moves);
        let too_soon = if hand.last || hand.moves > 0 { soon } else { 0 };
        Finding::above(Fault::Late, Cite::LATENESS, late, most_late, "ticks")
            .or_else(|| Finding::above(Fault::Early, Cite::LATENESS, early, most_early, "ticks"))
            .or_else(|| {
                let slack = self.limits.stamp_error_ticks;
                Finding::above(Fault::Early, Cite::HARDWARE, too_soon, slack, "ticks after the edge before")
            })
    }

    fn end(&self, watch: &mut Watch<'_>) -> (Option<Finding>, bool) {
        let Some(ended) = watch.end(self.t) else { return (None, false) };
        let owed = watch.settle(&ended);
        watch.may_leave = if owed == 0 { 0 } else { self.may_leave(watch, &ended) };
        let ledger = Finding::above(Fault::Ledger, Cite::LEDGER, owed, watch.may_leave, "nA·ticks");
        let (balance, lost) = watch.judge_pulse(&ended, &self.limits.measured);
        (ledger.or(balance).or_else(|| watch.stale()), lost)
    }

    /// What may stay after a frame beside what it is meant to leave; of a repayment also what a code for an edge spacing is
    /// too much.
    fn may_leave(&self, watch: &Watch<'_>, ended: &Active) -> u64 {
        let pulse = ended.kind == FrameKind::Pulse;
        let gain = u64::from(self.hardware.na_per_code_positive.max(self.hardware.na_per_code_negative));
        let least = gain.saturating_mul(self.limits.spacing_ticks);
        let less = if self.hardware.is_exact() { gain } else { 1 };
        let whole = if pulse { 0 } else { least.saturating_sub(less) };
        let late = if pulse && watch.terms.stretch == 0 {
            // half of all changes at most, and a code that was left before: together less than all changes
            let swing = watch.known.swing_na;
            swing.max((swing / 2).saturating_add(gain)).saturating_mul(self.limits.jitter_ticks)
        } else {
            self.retimed(watch)
        };
        late.saturating_add(whole)
    }

    /// Where the last edge is moved: two codes of the level before it × (L + 2 ε), which it cannot know. It can be moved
    /// no nearer to the edge before it than an edge spacing; what a weak level leaves for that stays.
    fn retimed(&self, watch: &Watch<'_>) -> u64 {
        let (jitter, frame) = (self.limits.jitter_ticks, watch.admitted.frame());
        let last = frame.segment_count().checked_sub(1).and_then(|last| frame.segment(last));
        let Some(last) = last else { return 0 };
        let level = last.level.current_na(self.hardware).unsigned_abs();
        let unknown = level.saturating_mul(jitter).saturating_mul(2);
        if frame.kind() != FrameKind::Pulse {
            return unknown;
        }
        let room = u64::from(last.ticks).saturating_sub(self.limits.spacing_ticks).saturating_mul(level);
        let wanted = (watch.known.swing_na / 2).saturating_mul(jitter).saturating_add(unknown);
        unknown.saturating_add(wanted.saturating_sub(room))
    }
}
