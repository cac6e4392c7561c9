//! Edges as they were applied: order, time, charge, and what was measured.

use nmes_core::{Change, ChannelHardware, ChannelPlan, FrameKind, Level, PulseFrame};

use crate::fault::{Cite, Fault, Finding, Response, Trip, signed};
use crate::guard::{Guard, PROBE_LEVEL};
use crate::interlock::{Event, State};
use crate::limits::Limits;
use crate::rules;
use crate::sense::{SampleInstant, Sensed};
use crate::watch::{Active, Watch};

/// One applied edge with all that it is held against.
struct Applied<'e> {
    t: u64,
    edge: u16,
    sequence: u32,
    level: Level,
    plan: &'e ChannelPlan<'e>,
    hardware: &'e ChannelHardware,
    limits: &'e Limits,
}

impl Guard<'_> {
    /// Takes an edge after it is out: `t` is the clock as read *after* the level changed, `sense` the newest
    /// measurement of the channel, if there is one. Work: a fixed number of operations; at the last edge of a pulse
    /// also the buckets of the windows.
    ///
    /// The change is counted whatever is wrong with it, because the level is out. A change without an edge opens the
    /// channel, needs no admission and is always in order.
    ///
    /// # Errors
    /// A [`Trip`]. Order, level and time are held against the admitted frame: every edge but the last between its
    /// grid tick and L + ε later, the last at most the plan's stretch away from its grid tick and that late. After
    /// a pulse the ledger holds at most two balancing codes × (L + 2 ε), nothing when both are 0 and the channel is
    /// exact, else less than one code × one tick more. A sample shows over-current (E-OC-1, E-PEAK-1), a wrong
    /// polarity or a stuck output at once; a lost contact (E-DEL-1) and an imbalance (E-BAL-2) after three pulses.
    pub fn edge(&mut self, t: u64, change: &Change, sense: Option<Sensed>) -> Result<(), Trip> {
        let channel = change.channel;
        let found = self.clock(t).or_else(|| self.intact());
        let state = self.state();
        let limits = self.limits;
        let Some((plan, hardware, watch)) = self.parts(channel) else {
            let finding = Finding::new(Fault::Channel, Cite::PLAN, i64::from(channel), 0, "as channel");
            return Err(self.trip(t, Some(channel), &finding));
        };
        let (before, after) = split(sense, t);
        let found = found.or(before.and_then(|s| watch.take_sample(&s, t, limits.peak_na)));
        let outcome = match change.edge {
            None => open(watch, hardware, change.level, t),
            Some(edge) => {
                let (sequence, level) = (change.sequence, change.level);
                Applied { t, edge, sequence, level, plan, hardware, limits: &limits }.take(watch, state)
            }
        };
        let found = found.or(outcome.finding);
        let found = found.or(after.and_then(|s| watch.take_sample(&s, u64::MAX, limits.peak_na)));
        self.act(t, channel, found, &outcome)
    }

    /// Takes a measurement between edges, most of all one at rest. Fixed work.
    ///
    /// # Errors
    /// A [`Trip`]: over-current, wrong polarity, or a stuck output.
    pub fn sample(&mut self, now: u64, channel: u8, sensed: Sensed) -> Result<(), Trip> {
        let found = self.clock(now).or_else(|| self.intact());
        let peak_na = self.limits.peak_na;
        let judged = self.parts(channel).and_then(|(_, _, watch)| watch.take_sample(&sensed, now, peak_na));
        self.act(now, channel, found.or(judged), &Outcome::default())
    }

    /// Every channel was opened at `t`, outside any frame. Pulses under way are cut, and what they leave stays in the
    /// ledgers. Work: one pass over the channels.
    pub fn off(&mut self, t: u64) {
        let t = t.max(self.last_tick);
        self.last_tick = t;
        for channel in 0..self.checked.plan().channel_count() {
            let Some((_, hardware, watch)) = self.parts(channel) else { continue };
            let opened = open(watch, hardware, Level::Open, t);
            if let Some(finding) = opened.finding {
                self.trip(t, Some(channel), &finding);
            }
        }
    }

    fn act(&mut self, t: u64, channel: u8, found: Option<Finding>, outcome: &Outcome) -> Result<(), Trip> {
        if outcome.first_edge {
            self.first_pulse.get_or_insert(t);
            if self.state() == State::Armed {
                self.interlock.handle(Event::Pulse).ok();
            }
        }
        if let Some(latched) = self.latched {
            return Err(latched);
        }
        if let Some(finding) = found {
            return Err(self.trip(t, Some(channel), &finding));
        }
        if outcome.contact_lost { Err(self.lose_contact(t, channel)) } else { Ok(()) }
    }

    fn lose_contact(&mut self, t: u64, channel: u8) -> Trip {
        let permille = self.parts(channel).map_or(0, |(_, _, watch)| signed(watch.contact.permille));
        if self.state() == State::Running {
            self.interlock.handle(Event::Ramp).ok();
        }
        let (cite, least) = (Cite::of(&rules::E_DEL_1), signed(rules::E_DEL_1.limit));
        let finding =
            Finding::new(Fault::ContactLoss, cite, permille, least, "‰ of the set current, at least");
        let trip = self.trip(t, Some(channel), &finding);
        // a ramp-down starts from the level there is
        if let Some((_, _, watch)) = self.parts(channel).filter(|_| trip.response == Response::ProbeLevel) {
            watch.set.drop_to(PROBE_LEVEL);
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

fn open(watch: &mut Watch<'_>, hardware: &ChannelHardware, level: Level, t: u64) -> Outcome {
    let order = Finding::unless(level == Level::Open, Fault::OutOfOrder, Cite::ORDER);
    let finding = order.or(watch.change_level(level, hardware, t));
    watch.abort(t);
    watch.waiting = None;
    Outcome { finding, ..Outcome::default() }
}

impl Applied<'_> {
    /// Counts the edge, then says what is wrong with it.
    fn take(&self, watch: &mut Watch<'_>, state: State) -> Outcome {
        let since = watch.interval.since;
        let frame = self.frame_in_hand(watch);
        let order = frame
            .and_then(|f| self.order(&f, state))
            .or_else(|| Finding::unless(frame.is_some(), Fault::OutOfOrder, Cite::ORDER));
        let time = frame.and_then(|f| self.time(&f, since));
        let overflow = watch.change_level(self.level, self.hardware, self.t);
        let mut outcome = Outcome { finding: order.or(time).or(overflow), ..Outcome::default() };
        let Some(frame) = frame else { return outcome };
        if self.edge == 0 {
            watch.waiting = None;
            watch.begin(frame, self.hardware, self.plan.period_ticks(), self.t);
            outcome.first_edge = frame.kind() == FrameKind::Pulse;
        } else if self.edge.saturating_add(1) == frame.edge_count() {
            let (finding, lost) = self.end(watch);
            outcome.finding = outcome.finding.or(finding);
            outcome.contact_lost = lost;
        } else if let Some(active) = &mut watch.active {
            active.next_edge = self.edge.saturating_add(1);
        }
        outcome
    }

    /// The frame whose next edge this is: the one that waits for its first edge, or the one under way.
    fn frame_in_hand<'a>(&self, watch: &Watch<'a>) -> Option<PulseFrame<'a>> {
        let frame = if self.edge == 0 {
            let cuts = |f: &PulseFrame<'a>| watch.active.is_none() || f.kind() == FrameKind::Recover;
            watch.waiting.filter(cuts)
        } else {
            watch.active.filter(|active| active.next_edge == self.edge).map(|active| active.frame)
        };
        frame.filter(|f| f.sequence() == self.sequence)
    }

    fn order(&self, frame: &PulseFrame<'_>, state: State) -> Option<Finding> {
        let starts = self.edge == 0 && frame.kind() == FrameKind::Pulse;
        let armed = !starts || state.permits_output();
        Finding::unless(frame.edge_level(self.edge) == Some(self.level), Fault::OutOfOrder, Cite::ORDER)
            .or_else(|| Finding::unless(armed, Fault::NotArmed, Cite::LOCK))
    }

    /// Holds an edge against the absolute grid of its frame, so that constant latency cancels.
    fn time(&self, frame: &PulseFrame<'_>, since: u64) -> Option<Finding> {
        let grid = frame.edge_tick(self.edge)?;
        let last = self.edge.saturating_add(1) == frame.edge_count();
        let stretch = if last { self.plan.stretch_ticks() } else { 0 };
        let late = self.t.saturating_sub(grid);
        let early = grid.saturating_sub(self.t);
        let soon = since.saturating_add(self.limits.spacing_ticks).saturating_sub(self.t);
        let most_late = self.limits.late_ticks.saturating_add(stretch);
        let most_early = self.limits.stamp_error_ticks.saturating_add(stretch);
        let too_soon = if last { soon } else { 0 };
        Finding::above(Fault::Late, Cite::LATENESS, late, most_late, "ticks")
            .or_else(|| Finding::above(Fault::Early, Cite::LATENESS, early, most_early, "ticks"))
            .or_else(|| {
                let slack = self.limits.stamp_error_ticks;
                Finding::above(Fault::Early, Cite::HARDWARE, too_soon, slack, "ticks after the edge before")
            })
    }

    fn end(&self, watch: &mut Watch<'_>) -> (Option<Finding>, bool) {
        let Some(ended) = watch.end(self.t) else { return (None, false) };
        let ledger = self.ledger(watch, &ended);
        let (balance, lost) = watch.judge_pulse(&ended);
        (ledger.or(balance).or_else(|| watch.stale()), lost)
    }

    /// What may stay after a pulse: two codes of its movable level × (L + 2 ε), and what the frames are meant to leave.
    fn ledger(&self, watch: &Watch<'_>, ended: &Active<'_>) -> Option<Finding> {
        let last =
            ended.frame.segments().last().map_or(0, |s| s.level.current_na(self.hardware).unsigned_abs());
        let gain = u64::from(self.hardware.na_per_code_positive.max(self.hardware.na_per_code_negative));
        let carried = if self.hardware.is_exact() { 0 } else { gain.saturating_sub(1) };
        let late = last.saturating_mul(2).saturating_mul(self.limits.jitter_ticks);
        let most = late.saturating_add(carried);
        Finding::above(Fault::Ledger, Cite::LEDGER, watch.ledger.unsigned_abs(), most, "nA·ticks")
    }
}
