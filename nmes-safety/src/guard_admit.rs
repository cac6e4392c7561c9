//! What a frame has to be before its first edge.

use nmes_core::{ChannelHardware, ChannelPlan, FrameKind, Level, Overlap, Polarity, PulseFrame};

use crate::fault::{Cite, Fault, Finding, signed};
use crate::guard::Guard;
use crate::guard_form::{Main, Shape, driven};
use crate::interlock::State;
use crate::rules;
use crate::survey::{Known, Survey};
use crate::watch::Watch;

/// A frame with all that it is held against.
struct Examination<'e> {
    frame: &'e PulseFrame<'e>,
    survey: &'e Survey,
    plan: &'e ChannelPlan<'e>,
    hardware: &'e ChannelHardware,
    watch: &'e Watch<'e>,
    /// How the output rests in the gap and between pulses.
    rests: (Level, Level),
    /// Least time that a bridge is open between two polarities.
    dead_ticks: u64,
}

/// nA² in one µA².
const NA2_PER_UA2: u128 = 1_000_000;

impl Guard<'_> {
    /// What is known of a frame that may be admitted, or the first thing that is wrong with it.
    pub(crate) fn examine(&self, now: u64, frame: &PulseFrame<'_>) -> Result<Known, Finding> {
        let channel = frame.channel();
        let parts = self
            .plan_of(channel)
            .zip(self.hardware().channel(channel))
            .zip(self.watches.get(usize::from(channel)));
        let count = signed(u64::from(self.checked.plan().channel_count()));
        let Some(((plan, hardware), watch)) = parts else {
            return Err(Finding::new(Fault::Channel, Cite::PLAN, i64::from(channel), count, "channels"));
        };
        let timing = self.hardware().timing();
        let rests = (Level::from(timing.gap_rest), Level::from(timing.pulse_rest));
        let dead_ticks = u64::from(timing.dead_ticks);
        let survey = Survey::of(frame, hardware, plan.leading() == Polarity::Positive);
        let exam = Examination { frame, survey: &survey, plan, hardware, watch, rests, dead_ticks };
        let found =
            self.permitted(frame.kind()).or_else(|| exam.sequence()).or_else(|| self.time(now, &exam));
        let found = found.or_else(|| exam.codes()).or_else(|| exam.turns()).or_else(|| match frame.kind() {
            FrameKind::Pulse => self.pulse(&exam),
            FrameKind::Trim | FrameKind::Recover => self.repayment(&exam),
        });
        found.map_or(Ok(survey.known), Err)
    }

    fn permitted(&self, kind: FrameKind) -> Option<Finding> {
        let state = self.state();
        let repays = kind != FrameKind::Pulse && state == State::Idle;
        Finding::unless(state.permits_output() || repays, Fault::NotArmed, Cite::LOCK)
    }

    fn time(&self, now: u64, exam: &Examination<'_>) -> Option<Finding> {
        let onset = exam.frame.onset_tick();
        let past = now.saturating_sub(onset);
        let spacing = self.limits.spacing_ticks;
        let free =
            exam.watch.interval.since.saturating_add(spacing).saturating_sub(self.limits.stamp_error_ticks);
        // before the first edge of all there is no edge to keep a distance from
        let soon = if exam.watch.sequence.is_some() { free.saturating_sub(onset) } else { 0 };
        let close = u64::from(exam.survey.shortest);
        Finding::above(Fault::OnsetPast, Cite::LATENESS, past, self.limits.late_ticks, "ticks past")
            .or_else(|| {
                Finding::above(Fault::OnsetPast, Cite::HARDWARE, soon, 0, "ticks too soon after an edge")
            })
            .or_else(|| Finding::above(Fault::Form, Cite::HARDWARE, spacing, close, "ticks between edges"))
    }

    fn pulse(&self, exam: &Examination<'_>) -> Option<Finding> {
        let Some(main) = exam.shape().main().filter(|_| exam.rest_ok()) else {
            let found = Finding::unless(exam.watch.active.is_none(), Fault::OutOfOrder, Cite::ORDER);
            return found.or(Finding::unless(false, Fault::Form, Cite::PLAN));
        };
        let (survey, most) = (exam.survey, self.limits.pulse_square);
        let energy = u64::try_from(survey.square / NA2_PER_UA2).unwrap_or(u64::MAX);
        let limit = u64::try_from(most / NA2_PER_UA2).unwrap_or(u64::MAX);
        Finding::unless(exam.watch.active.is_none(), Fault::OutOfOrder, Cite::ORDER)
            .or_else(|| exam.amplitude(&main))
            .or_else(|| exam.width(&main))
            .or_else(|| {
                Finding::above(Fault::Form, Cite::PLAN, survey.ticks, exam.plan.longest_ticks(), "ticks")
            })
            .or_else(|| self.balance(exam))
            .or_else(|| {
                let cite = Cite::of(&rules::N_EN_1);
                let found = Finding::new(Fault::Energy, cite, signed(energy), signed(limit), "µA²·ticks");
                (survey.square > most).then_some(found)
            })
            .or_else(|| self.rate(exam))
            .or_else(|| self.session(exam))
    }

    /// Exactly zero on an exact channel; else the frames begun and this one sum to less than one code × one tick for each
    /// repeat. A declared direct current goes the leading way, by no more than the profile lets it.
    fn balance(&self, exam: &Examination<'_>) -> Option<Finding> {
        let (cite, net) = (Cite::of(&rules::E_BAL_1), exam.survey.known.net);
        if exam.survey.overflow {
            return Some(Finding::new(Fault::Unbalanced, cite, i64::MAX, 0, "nA·ticks"));
        }
        if !exam.plan.channel().pulse.balance.is_balanced() {
            return Finding::above(Fault::Unbalanced, cite, net.unsigned_abs(), self.limits.net, "nA·ticks");
        }
        let sum = exam.watch.nominal.checked_add(net);
        let carried = u64::from(exam.coarser_gain()).saturating_mul(u64::from(exam.frame.cycles()));
        let most = if exam.hardware.is_exact() { 0 } else { carried.saturating_sub(1) };
        Finding::above(Fault::Unbalanced, cite, sum.map_or(u64::MAX, i64::unsigned_abs), most, "nA·ticks")
    }

    /// No sooner than a period after the pulse before, counted so that neither lateness nor a deferral adds up: a pulse that
    /// waited, for a command just before it or for a shared source, is followed by one that did not.
    fn rate(&self, exam: &Examination<'_>) -> Option<Finding> {
        let soon = exam.watch.next_onset.saturating_sub(exam.frame.onset_tick());
        let command = self.limits.spacing_ticks.saturating_sub(1);
        let allowed = exam.watch.terms.stretch.max(command).max(self.longest_wait(exam));
        Finding::above(Fault::Rate, Cite::PLAN, soon, allowed, "ticks before its period")
    }

    /// The longest that the session lets an onset wait for a shared source, less than a period.
    fn longest_wait(&self, exam: &Examination<'_>) -> u64 {
        let plan = self.checked.plan();
        let Overlap::Defer(most) = plan.session().overlap() else { return 0 };
        if !plan.shares_sources() || exam.hardware.source == 0 {
            return 0;
        }
        // below 10^7 × 10^9
        let ticks = u64::from(most.as_micros()).saturating_mul(u64::from(self.limits.ticks_per_second));
        (ticks / 1_000_000).min(exam.watch.terms.period.saturating_sub(1))
    }

    /// No pulse begins after the session is over, counted from the first pulse.
    fn session(&self, exam: &Examination<'_>) -> Option<Finding> {
        let began = self.first_pulse?;
        let since = exam.frame.onset_tick().saturating_sub(began);
        let most = self.limits.session_ticks.saturating_add(self.limits.late_ticks);
        Finding::above(Fault::SessionLength, Cite::of(&rules::E_SES_1), since, most, "ticks")
    }

    /// A trim or a recovery: one way only, against what is owed, no stronger than the last repayment.
    ///
    /// Either goes against what is owed and not beyond it by more than one code × one tick. A recovery where edges may
    /// be late is made at the level of the pulse that it cuts, so it may go beyond by that level over one edge spacing,
    /// which the last edge and a trim take back.
    fn repayment(&self, exam: &Examination<'_>) -> Option<Finding> {
        let recovers = exam.frame.kind() == FrameKind::Recover;
        let fits = exam.watch.active.is_some() == recovers;
        let (owed, net) = (exam.watch.owed_at(exam.frame.onset_tick()), exam.survey.known.net);
        let Some(owed) = owed.filter(|_| !exam.survey.overflow) else {
            return Some(Finding::new(Fault::LedgerOverflow, Cite::LEDGER, i64::MAX, i64::MAX, "nA·ticks"));
        };
        let against = owed != 0 && net != 0 && (net < 0) != (owed < 0);
        let strongest = exam.survey.known.strongest;
        let code = u64::from(strongest.way(net > 0));
        let most_code = u64::from(exam.paying_code(net > 0)).saturating_add(1);
        let most = owed.unsigned_abs().saturating_add(self.beyond(exam, most_code));
        Finding::unless(fits, Fault::OutOfOrder, Cite::ORDER)
            .or_else(|| Finding::unless(exam.is_one_way(), Fault::Form, Cite::PLAN))
            .or_else(|| Finding::unless(against, Fault::Repayment, Cite::LEDGER))
            .or_else(|| Finding::above(Fault::Repayment, Cite::LEDGER, net.unsigned_abs(), most, "nA·ticks"))
            .or_else(|| Finding::above(Fault::Repayment, Cite::PLAN, code, most_code, "codes"))
    }

    /// How far a repayment may go beyond what is owed: one code × one tick, what an offset adds, and for a recovery
    /// where edges may be late its level over one edge spacing.
    fn beyond(&self, exam: &Examination<'_>, code: u64) -> u64 {
        let recovers = exam.frame.kind() == FrameKind::Recover;
        let offset = u64::from(exam.hardware.offset_na.unsigned_abs());
        let drift = offset.saturating_mul(exam.survey.ticks);
        let spacing = if recovers && self.limits.jitter_ticks > 0 { self.limits.spacing_ticks } else { 0 };
        let gain = u64::from(exam.coarser_gain());
        gain.saturating_mul(code).saturating_mul(spacing).saturating_add(gain).saturating_add(drift)
    }
}

impl Examination<'_> {
    fn coarser_gain(&self) -> u32 {
        self.hardware.na_per_code_positive.max(self.hardware.na_per_code_negative)
    }

    fn shape(&self) -> Shape<'_> {
        Shape { frame: self.frame, plan: self.plan, hardware: self.hardware, gap_rest: self.rests.0 }
    }

    /// The strongest code that a repayment may have: of a trim that of the last pulse's own repayment, of a recovery the
    /// strongest of the pulse that it cuts, the same way; at least one.
    fn paying_code(&self, positive: bool) -> u32 {
        let cut = self.watch.active.as_ref().filter(|_| self.frame.kind() == FrameKind::Recover);
        cut.map_or(self.watch.balancing_code, |pulse| pulse.known.strongest.way(positive)).max(1)
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

    fn codes(&self) -> Option<Finding> {
        let strongest = self.survey.known.strongest;
        let found = |code: i32, limit: i32| {
            Finding::new(Fault::CodeRange, Cite::HARDWARE, i64::from(code), i64::from(limit), "codes")
        };
        let (low, high) = (self.hardware.code_min, self.hardware.code_max);
        if strongest.positive > high {
            return Some(found(strongest.positive, high));
        }
        (strongest.negative < low).then(|| found(strongest.negative, low))
    }

    /// A bridge is open between two polarities for its dead time.
    fn turns(&self) -> Option<Finding> {
        let open = self.survey.open_between?;
        Finding::above(Fault::Form, Cite::HARDWARE, self.dead_ticks, open, "ticks open between polarities")
    }

    /// A frame ends open, or as the hardware rests between pulses.
    fn rest_ok(&self) -> bool {
        self.frame.rest() == Level::Open || self.frame.rest() == self.rests.1
    }

    /// After an open time every level repays, all the same way.
    fn is_one_way(&self) -> bool {
        let mut codes = self.frame.segments().skip_while(|s| s.level == Level::Open).map(|s| driven(s.level));
        let Some(Some(first)) = codes.next() else { return false };
        codes.all(|code| code.is_some_and(|c| (c > 0) == (first > 0))) && self.rest_ok()
    }

    /// The main phase to the nearest code of the set level, and nothing stronger than it and one code.
    fn amplitude(&self, main: &Main) -> Option<Finding> {
        let set = self.watch.set.authorised.amplitude.min(self.plan.channel().ceiling.amplitude);
        let leads_up = self.plan.leading() == Polarity::Positive;
        let signed = if leads_up { main.code } else { main.code.saturating_neg() };
        let main_na = self.hardware.current_na(signed).unsigned_abs();
        let code = u64::from(self.coarser_gain());
        let rounding = if set.as_microamps() == 0 { 0 } else { code };
        let most = u64::from(set.as_microamps()).saturating_mul(1_000).saturating_add(rounding);
        let repaid = main_na.max(main.repaid_na).saturating_add(code);
        Finding::above(Fault::Amplitude, Cite::SET, main_na, most, "nA").or_else(|| {
            Finding::above(Fault::Amplitude, Cite::SET, self.survey.peak_na, repaid, "nA to repay with")
        })
    }

    fn width(&self, main: &Main) -> Option<Finding> {
        let ceiling = self.plan.channel().ceiling.width;
        let width = self.plan.width_ticks(self.watch.set.authorised.width.min(ceiling));
        Finding::above(Fault::Width, Cite::SET, u64::from(main.ticks), u64::from(width), "ticks")
    }
}
