//! What a frame has to be before its first edge.

use nmes_core::wide::{product, quotient};
use nmes_core::{ChannelHardware, ChannelPlan, FrameKind, Level, Polarity, PulseFrame};

use crate::fault::{Cite, Fault, Finding, Trip, signed};
use crate::guard::Guard;
use crate::guard_form::{Main, Shape, driven};
use crate::interlock::State;
use crate::limits::Limits;
use crate::metrics::narrow;
use crate::rules;
use crate::survey::{Known, Survey};
use crate::watch::Watch;

/// A frame with all that it is held against.
pub(crate) struct Examination<'e> {
    pub(crate) frame: &'e PulseFrame<'e>,
    plan: &'e ChannelPlan<'e>,
    hardware: &'e ChannelHardware,
    pub(crate) watch: &'e Watch<'e>,
    limits: &'e Limits,
}

/// nA² in one µA².
const NA2_PER_UA2: u128 = 1_000_000;

impl<'a, const N: usize> Guard<'a, N> {
    /// Admits the last pulse once more. False, and nothing done, where there is anything to be said of that: what it is, is found
    /// and said on the long way, by the same questions.
    #[inline]
    pub(crate) fn admit_again(&mut self, now: u64, frame: &PulseFrame<'a>) -> bool {
        if !self.is_fine_again(now, frame) {
            return false;
        }
        let Some(watch) = self.watches.get_mut(usize::from(frame.channel())) else { return false };
        watch.take_again(frame);
        self.last_tick = now;
        true
    }

    /// The questions are asked where they stand here, so that of each no more is left than its answer.
    #[inline]
    fn is_fine_again(&self, now: u64, frame: &PulseFrame<'_>) -> bool {
        let Some(exam) = self.examination(frame) else { return false };
        let well = self.latched.is_none() && now >= self.last_tick && exam.watch.plain.is_none();
        let attended = self.last_call.is_some_and(|since| self.silent(since, now).is_none());
        well && attended
            && matches!(self.state(), State::Armed | State::Ramping | State::Running)
            && exam.watch.set.is_intact()
            && exam.sequence().is_none()
            && exam.onset(now, self.dead_ticks()).is_none()
            && exam.watch.is_again(frame)
            && self.again(&exam).is_none()
    }

    #[inline]
    fn examination<'e>(&'e self, frame: &'e PulseFrame<'e>) -> Option<Examination<'e>> {
        let channel = frame.channel();
        let (plan, watch) = self.plan_of(channel).zip(self.watches.get(usize::from(channel)))?;
        Some(Examination { frame, plan, hardware: plan.hardware(), watch, limits: &self.limits })
    }

    /// Looks at any frame.
    #[inline(never)]
    pub(crate) fn admit_any(&mut self, now: u64, frame: &PulseFrame<'a>) -> Result<(), Trip> {
        let channel = frame.channel();
        if let Some((_, hardware, watch)) = self.parts(channel).filter(|(_, _, watch)| watch.plain.is_some())
        {
            watch.catch_up(hardware);
        }
        let found = self.clock(now).or_else(|| self.intact()).or_else(|| self.set_intact(channel));
        let found = found.or_else(|| self.slow_side(now));
        if let Some(trip) = self.latched {
            return Err(trip);
        }
        let known = match found.map_or_else(|| self.examine(now, frame), Err) {
            Ok(known) => known,
            Err(finding) => return Err(self.trip(now, Some(channel), &finding)),
        };
        if let Some(watch) = self.watches.get_mut(usize::from(channel)) {
            watch.take_new(frame, known);
        }
        Ok(())
    }

    /// What is known of a frame that may be admitted, or the first thing that is wrong with it.
    pub(crate) fn examine(&self, now: u64, frame: &PulseFrame<'_>) -> Result<Known, Finding> {
        let Some(exam) = self.examination(frame) else {
            let (channel, count) = (frame.channel(), self.checked.plan().channel_count());
            let (channel, count) = (i64::from(channel), i64::from(count));
            return Err(Finding::new(Fault::Channel, Cite::PLAN, channel, count, "channels"));
        };
        let permitted = self.permitted(frame.kind()).or_else(|| exam.sequence());
        match permitted.or_else(|| exam.onset(now, self.dead_ticks())) {
            Some(finding) => Err(finding),
            None => self.anew(&exam),
        }
    }

    fn dead_ticks(&self) -> u64 {
        u64::from(self.hardware().timing().dead_ticks)
    }

    /// What depends on more than levels, lengths and set level.
    #[inline]
    fn again(&self, exam: &Examination<'_>) -> Option<Finding> {
        let found = exam.alone().or_else(|| exam.paid_back());
        let found = found.or_else(|| self.balance(exam, Some(exam.watch.known.net)));
        found.or_else(|| exam.rate()).or_else(|| self.session(exam))
    }

    #[inline(never)]
    fn anew(&self, exam: &Examination<'_>) -> Result<Known, Finding> {
        let timing = self.hardware().timing();
        let rests = (Level::from(timing.gap_rest), Level::from(timing.pulse_rest));
        let leads_up = exam.plan.leading() == Polarity::Positive;
        let survey = Survey::of(exam.frame, exam.hardware, leads_up, exam.before());
        let close = u64::from(survey.shortest);
        let spacing = self.limits.spacing_ticks;
        let found = Finding::above(Fault::Form, Cite::HARDWARE, spacing, close, "ticks between edges")
            .or_else(|| exam.codes(&survey))
            .or_else(|| exam.turns(&survey, timing.dead_ticks))
            .or_else(|| match exam.frame.kind() {
                FrameKind::Pulse => self.pulse(exam, &survey, rests),
                FrameKind::Trim | FrameKind::Recover => self.repayment(exam, &survey, rests.1),
            });
        found.map_or(Ok(survey.known), Err)
    }

    /// A pulse that waits and is stronger or wider than what is set now is admitted no longer. One that begins within an edge
    /// spacing and L goes on: it is too near to be made anew.
    pub(crate) fn withdraw(&mut self, now: u64, channel: u8) {
        let near = now.saturating_add(self.limits.spacing_ticks).saturating_add(self.limits.late_ticks);
        let Some((plan, watch)) = self.plan_of(channel).zip(self.watches.get(usize::from(channel))) else {
            return;
        };
        let frame = watch.admitted.frame();
        if !watch.waits || frame.kind() != FrameKind::Pulse || frame.onset_tick() <= near {
            return;
        }
        let exam = Examination { frame, plan, hardware: plan.hardware(), watch, limits: &self.limits };
        let main = exam.shape(self.hardware().timing().gap_rest.into()).main();
        let fits = main.is_some_and(|main| exam.amplitude(&main, 0).or_else(|| exam.width(&main)).is_none());
        if let Some((_, _, watch)) = self.parts(channel).filter(|_| !fits) {
            watch.waits = false;
        }
    }

    fn permitted(&self, kind: FrameKind) -> Option<Finding> {
        let state = self.state();
        let repays = kind != FrameKind::Pulse && state == State::Idle;
        Finding::unless(state.permits_output() || repays, Fault::NotArmed, Cite::LOCK)
    }

    fn pulse(&self, exam: &Examination<'_>, survey: &Survey, rests: (Level, Level)) -> Option<Finding> {
        let Some(main) = exam.shape(rests.0).main().filter(|_| exam.rest_ok(rests.1)) else {
            return exam.alone().or(Finding::unless(false, Fault::Form, Cite::PLAN));
        };
        let (net, most) = ((!survey.overflow).then_some(survey.known.net), self.limits.pulse_square);
        exam.alone()
            .or_else(|| exam.paid_back())
            .or_else(|| exam.amplitude(&main, survey.peak_na))
            .or_else(|| exam.width(&main))
            .or_else(|| self.probing(exam, &main, survey.peak_na))
            .or_else(|| {
                Finding::above(Fault::Form, Cite::PLAN, survey.ticks, exam.plan.longest_ticks(), "ticks")
            })
            .or_else(|| self.balance(exam, net))
            .or_else(|| (survey.square > most && !self.is_long(&main)).then(|| energy(survey.square, most)))
            .or_else(|| exam.rate())
            .or_else(|| self.session(exam))
    }

    /// From [`rules::LONG_PULSE_US`] on the peak is bounded (N-DC-2) and not the energy, as in the check.
    fn is_long(&self, main: &Main) -> bool {
        let limit = product(rules::LONG_PULSE_US, u64::from(self.limits.ticks_per_second));
        product(u64::from(main.ticks), 1_000_000) >= limit
    }

    /// Exactly zero on an exact channel; else the frames begun and this one sum to less than one code × one tick for each
    /// repeat. A declared direct current goes the leading way, by no more than the profile lets it.
    #[inline(always)]
    fn balance(&self, exam: &Examination<'_>, net: Option<i64>) -> Option<Finding> {
        let cite = Cite::of(&rules::E_BAL_1);
        let Some(net) = net else {
            return Some(Finding::new(Fault::Unbalanced, cite, i64::MAX, 0, "nA·ticks"));
        };
        if !exam.plan.channel().pulse.balance.is_balanced() {
            return Finding::above(Fault::Unbalanced, cite, net.unsigned_abs(), self.limits.net, "nA·ticks");
        }
        let sum = exam.watch.nominal.checked_add(net);
        if sum == Some(0) {
            return None;
        }
        let carried = u64::from(exam.coarser_gain()).saturating_mul(u64::from(exam.frame.cycles()));
        let most = if exam.hardware.is_exact() { 0 } else { carried.saturating_sub(1) };
        Finding::above(Fault::Unbalanced, cite, sum.map_or(u64::MAX, i64::unsigned_abs), most, "nA·ticks")
    }

    /// No pulse begins after the session is over, counted from the first pulse.
    #[inline(always)]
    fn session(&self, exam: &Examination<'_>) -> Option<Finding> {
        let began = self.first_pulse?;
        let since = exam.frame.onset_tick().checked_sub(began)?;
        let most = self.limits.session_ticks.saturating_add(self.limits.late_ticks);
        if since > most { self.session_over(since, most) } else { None }
    }

    /// What ends the session: its own length, or E-SES-1 where that is less.
    #[cold]
    #[inline(never)]
    pub(crate) fn session_over(&self, lasted: u64, most: u64) -> Option<Finding> {
        let plan = self.checked.plan();
        let planned = Limits::planned_ticks(plan) <= self.limits.session_ticks;
        let cite = if planned { Cite::PLAN } else { Cite::of(&rules::E_SES_1) };
        Finding::above(Fault::SessionLength, cite, lasted, most, "ticks")
    }

    /// A trim or a recovery: one way only, against what is owed, no stronger than the last repayment.
    ///
    /// Either goes against what is owed and not beyond it by more than one code × one tick. A recovery where edges may
    /// be late is made at the level of the pulse that it cuts, so it may go beyond by that level over one edge spacing,
    /// which the last edge and a trim take back.
    fn repayment(&self, exam: &Examination<'_>, survey: &Survey, rest: Level) -> Option<Finding> {
        let recovers = exam.frame.kind() == FrameKind::Recover;
        let fits = exam.watch.active.is_some() == recovers;
        let (owed, net) = (exam.watch.owed_at(exam.frame.onset_tick()), survey.known.net);
        let Some(owed) = owed.filter(|_| !survey.overflow) else {
            return Some(Finding::new(Fault::LedgerOverflow, Cite::LEDGER, i64::MAX, i64::MAX, "nA·ticks"));
        };
        let against = owed != 0 && net != 0 && (net < 0) != (owed < 0);
        let strongest = survey.known.strongest;
        let code = u64::from(strongest.way(net > 0));
        let most_code = u64::from(exam.paying_code(net > 0)).saturating_add(1);
        let most = owed.unsigned_abs().saturating_add(self.beyond(exam, most_code));
        Finding::unless(fits, Fault::OutOfOrder, Cite::ORDER)
            .or_else(|| exam.cut_in_time())
            .or_else(|| Finding::unless(exam.is_one_way(rest), Fault::Form, Cite::PLAN))
            .or_else(|| Finding::unless(against, Fault::Repayment, Cite::LEDGER))
            .or_else(|| Finding::above(Fault::Repayment, Cite::LEDGER, net.unsigned_abs(), most, "nA·ticks"))
            .or_else(|| Finding::above(Fault::Repayment, Cite::PLAN, code, most_code, "codes"))
            .or_else(|| self.probing_peak(survey.peak_na))
    }

    /// How far a repayment may go beyond what is owed: one code × one tick, and for a recovery where edges may be late its
    /// level over one edge spacing; at what flows with an offset.
    fn beyond(&self, exam: &Examination<'_>, code: u64) -> u64 {
        let recovers = exam.frame.kind() == FrameKind::Recover;
        let offset = u64::from(exam.hardware.offset_na.unsigned_abs());
        let spacing = if recovers && self.limits.jitter_ticks > 0 { self.limits.spacing_ticks } else { 0 };
        let gain = u64::from(exam.coarser_gain());
        let level = gain.saturating_mul(code).saturating_add(offset);
        level.saturating_mul(spacing).saturating_add(gain).saturating_add(offset)
    }
}

/// Divisions: only for what is refused.
#[cold]
#[inline(never)]
fn energy(square: u128, most: u128) -> Finding {
    let shown = |square: u128| signed(narrow(quotient(square, NA2_PER_UA2)));
    Finding::new(Fault::Energy, Cite::of(&rules::N_EN_1), shown(square), shown(most), "µA²·ticks")
}

impl Examination<'_> {
    /// A bridge is open between two polarities for its dead time, also where the edge before is late and the one after is not; from
    /// one repeat to the next also where the edge before is moved.
    fn turns(&self, survey: &Survey, dead_ticks: u32) -> Option<Finding> {
        if dead_ticks == 0 {
            return None;
        }
        let terms = &self.watch.terms;
        let least = u64::from(dead_ticks).saturating_add(u64::from(terms.jitter));
        let short = |least, open: Option<u64>| {
            Finding::above(Fault::Form, Cite::HARDWARE, least, open?, "ticks open between polarities")
        };
        short(least, survey.open_between)
            .or_else(|| short(least.saturating_add(u64::from(terms.stretch)), survey.open_to_next))
    }

    fn coarser_gain(&self) -> u32 {
        self.hardware.na_per_code_positive.max(self.hardware.na_per_code_negative)
    }

    fn shape(&self, gap_rest: Level) -> Shape<'_> {
        let (frame, widen) = (self.frame, self.watch.terms.widen);
        Shape { frame, plan: self.plan, hardware: self.hardware, gap_rest, widen }
    }

    /// No pulse is under way.
    fn alone(&self) -> Option<Finding> {
        Finding::unless(self.watch.active.is_none(), Fault::OutOfOrder, Cite::ORDER)
    }

    /// A pulse that was cut leaves its charge in the ledger: that is paid back before the next begins.
    fn paid_back(&self) -> Option<Finding> {
        let watch = self.watch;
        Finding::above(Fault::Ledger, Cite::LEDGER, watch.owed(), watch.may_leave, "nA·ticks")
    }

    /// Its first edge is not past, and not too soon after an edge; what it drives waits for the dead time of the bridge too.
    #[inline(always)]
    fn onset(&self, now: u64, dead: u64) -> Option<Finding> {
        let onset = self.frame.onset_tick();
        let (before, spacing) = (&self.watch.interval, self.limits.spacing_ticks);
        let far = |rest: u64| rest >= spacing && (rest >= dead || before.is_driven());
        // before the first edge of all there is no edge to keep a distance from; what is nearer may still be within ε
        let clear = self.watch.sequence.is_none() || onset.checked_sub(before.since).is_some_and(far);
        let late = self.limits.late_ticks;
        Finding::longer(Fault::OnsetPast, Cite::LATENESS, (onset, now), late, "ticks past")
            .or_else(|| if clear { None } else { self.soon(dead) })
    }

    fn after_last_edge(&self, ticks: u64) -> u64 {
        self.watch.interval.since.saturating_add(ticks).saturating_sub(self.limits.stamp_error_ticks)
    }

    /// By how much it comes too soon after the last edge. For the dead time counts how long the frame is open before it drives;
    /// a gap that is shorted or driven to zero has had an open time of its own, and what turns a level round has it in the frame.
    #[cold]
    #[inline(never)]
    fn soon(&self, dead: u64) -> Option<Finding> {
        let onset = self.frame.onset_tick();
        let opens = self.frame.cycle_segments().take_while(|segment| segment.level == Level::Open);
        let open = opens.fold(0_u64, |sum, segment| sum.saturating_add(u64::from(segment.ticks)));
        let waits = self.watch.interval.level == Level::Open || self.watch.active.is_none();
        let turned = self.after_last_edge(if waits { dead } else { 0 });
        let left = turned.saturating_sub(onset.saturating_add(open));
        let near = self.after_last_edge(self.limits.spacing_ticks).saturating_sub(onset);
        Finding::above(Fault::OnsetPast, Cite::HARDWARE, near.max(left), 0, "ticks too soon after an edge")
    }

    /// The level that a frame begins from. At one of no code within a phase the bridge still drives the way of the level before it;
    /// in a gap an open time stands before it.
    fn before(&self) -> Level {
        let level = self.watch.interval.level;
        let cut = self.watch.active.as_ref().filter(|_| level == Level::Code(0));
        let Some(cut) = cut else { return level };
        let frame = self.watch.admitted.frame();
        let mut levels = (0..cut.next_edge).rev().filter_map(|edge| frame.edge_level(edge));
        levels.find(|before| *before != Level::Code(0)).unwrap_or(level)
    }

    /// No sooner than a period after the pulse before, counted so that neither lateness nor a deferral adds up: a pulse that
    /// waited, for a command just before it or for a shared source, is followed by one that did not.
    ///
    /// Onset k stands at k periods and its own wait, which is at most `Terms::wait`. The next is allowed a period after
    /// the latest of those before it, each brought up to it by whole periods: so it is too soon by what one of them
    /// waited, at most. A wait is shorter than a period, so twice the rate is refused at the third pulse at the latest.
    ///
    /// Of bursts, lists and sweeps no more in the long run than they have, however they are spread: what is ahead of even pulses is at
    /// most what [`Sustained`](crate::onsets::Sustained) says.
    #[inline(always)]
    fn rate(&self) -> Option<Finding> {
        let (onset, terms) = (self.frame.onset_tick(), &self.watch.terms);
        let soon = (onset, self.watch.next_onset);
        let found = Finding::longer(Fault::Rate, Cite::PLAN, soon, terms.wait, "ticks before its period");
        if found.is_some() {
            return found;
        }
        let sustained = terms.sustained?;
        let ahead = self.watch.next_of_group.saturating_sub(onset);
        let most = sustained.depth.saturating_sub(1).saturating_mul(sustained.each);
        Finding::above(
            Fault::Rate,
            Cite::PLAN,
            ahead,
            most.saturating_add(terms.wait),
            "ticks ahead of its timing",
        )
    }

    /// A recovery comes no later than the edge that it stands in for: until it comes, the level of the pulse goes on.
    fn cut_in_time(&self) -> Option<Finding> {
        let cut = self.watch.active.as_ref()?;
        let late = self.frame.onset_tick().saturating_sub(cut.next_tick);
        let most = self.limits.late_ticks.saturating_add(cut.next_moves());
        Finding::above(Fault::Repayment, Cite::LATENESS, late, most, "ticks after the edge it stands in for")
    }

    /// The strongest code that a repayment may have: of a trim that of the last pulse's own repayment, of a recovery the
    /// strongest of the pulse that it cuts, the same way; at least one.
    fn paying_code(&self, positive: bool) -> u32 {
        let cut = self.watch.active.as_ref().filter(|_| self.frame.kind() == FrameKind::Recover);
        cut.map_or(self.watch.balancing_code, |pulse| pulse.strongest.way(positive)).max(1)
    }

    fn sequence(&self) -> Option<Finding> {
        let last = self.watch.sequence?;
        let number = self.frame.sequence();
        let finding = Finding::new(
            Fault::Sequence,
            Cite::ORDER,
            i64::from(number),
            i64::from(last),
            "as number, after",
        );
        (number <= last).then_some(finding)
    }

    fn codes(&self, survey: &Survey) -> Option<Finding> {
        let strongest = survey.known.strongest;
        let found = |code: i32, limit: i32| {
            Finding::new(Fault::CodeRange, Cite::HARDWARE, i64::from(code), i64::from(limit), "codes")
        };
        let (low, high) = (self.hardware.code_min, self.hardware.code_max);
        if strongest.positive > high {
            return Some(found(strongest.positive, high));
        }
        (strongest.negative < low).then(|| found(strongest.negative, low))
    }

    /// A frame ends open, or as the hardware rests between pulses.
    fn rest_ok(&self, pulse_rest: Level) -> bool {
        self.frame.rest() == Level::Open || self.frame.rest() == pulse_rest
    }

    /// After an open time every level repays, all the same way.
    fn is_one_way(&self, rest: Level) -> bool {
        let mut codes = self.frame.segments().skip_while(|s| s.level == Level::Open).map(|s| driven(s.level));
        let Some(Some(first)) = codes.next() else { return false };
        codes.all(|code| code.is_some_and(|c| (c > 0) == (first > 0))) && self.rest_ok(rest)
    }

    /// The main phase at the code nearest to the set level or below it, and nothing stronger than it and one code.
    /// Nothing is stronger than the peak that was checked.
    fn amplitude(&self, main: &Main, peak_na: u64) -> Option<Finding> {
        let set = self.watch.set.authorised.amplitude.min(self.plan.channel().ceiling.amplitude);
        let leads_up = self.plan.leading() == Polarity::Positive;
        let towards = |code: i32| if leads_up { code } else { code.saturating_neg() };
        let main_na = self.hardware.current_na(towards(main.code)).unsigned_abs();
        let nearest = i32::try_from(self.plan.code_for(set)).unwrap_or(i32::MAX);
        let most = self.hardware.current_na(towards(nearest)).unsigned_abs();
        let repaid = main_na.max(main.repaid_na).saturating_add(u64::from(self.coarser_gain()));
        let checked = Cite::of(&rules::E_PEAK_1);
        Finding::above(Fault::Amplitude, Cite::SET, main_na, most, "nA")
            .or_else(|| Finding::above(Fault::Amplitude, Cite::SET, peak_na, repaid, "nA to repay with"))
            .or_else(|| {
                Finding::above(Fault::Amplitude, checked, peak_na, self.limits.measured.peak_na, "nA")
            })
    }

    fn width(&self, main: &Main) -> Option<Finding> {
        let ceiling = self.plan.channel().ceiling.width;
        let width = self.plan.width_ticks(self.watch.set.authorised.width.min(ceiling));
        Finding::above(Fault::Width, Cite::SET, u64::from(main.ticks), u64::from(width), "ticks")
    }
}
