//! What a frame has to be before its first edge.

use nmes_core::{ChannelHardware, ChannelPlan, FrameKind, Level, Polarity, PulseFrame, Segment};

use crate::fault::{Cite, Fault, Finding, signed};
use crate::guard::Guard;
use crate::interlock::State;
use crate::rules;
use crate::watch::Watch;
use crate::windows::squared;

/// By how many ticks the plan may widen a balancing phase to keep its edges apart.
const WIDEN_MAX: u64 = 16;

/// A frame with all that it is held against.
struct Examination<'e> {
    frame: &'e PulseFrame<'e>,
    plan: &'e ChannelPlan<'e>,
    hardware: &'e ChannelHardware,
    watch: &'e Watch<'e>,
    /// How the output rests in the gap and between pulses.
    rests: (Level, Level),
}

/// Code of a driven level; `None` when nothing is driven, or zero.
fn driven(level: Level) -> Option<i32> {
    match level {
        Level::Code(code) if code != 0 => Some(code),
        Level::Code(_) | Level::Open | Level::Shorted => None,
    }
}

fn ticks(segments: impl Iterator<Item = Segment>) -> u64 {
    segments.fold(0, |sum, s| sum.saturating_add(u64::from(s.ticks)))
}

impl Guard<'_> {
    pub(crate) fn examine(&self, now: u64, frame: &PulseFrame<'_>) -> Option<Finding> {
        if self.latched.is_some() {
            return None;
        }
        let channel = frame.channel();
        let parts = self
            .plan_of(channel)
            .zip(self.hardware().channel(channel))
            .zip(self.watches.get(usize::from(channel)));
        let count = u64::from(self.checked.plan().channel_count());
        let Some(((plan, hardware), watch)) = parts else {
            return Some(Finding::new(
                Fault::Channel,
                Cite::PLAN,
                i64::from(channel),
                signed(count),
                "channels",
            ));
        };
        let timing = self.hardware().timing();
        let rests = (Level::from(timing.gap_rest), Level::from(timing.pulse_rest));
        let exam = Examination { frame, plan, hardware, watch, rests };
        let general =
            self.permitted(frame.kind()).or_else(|| exam.sequence()).or_else(|| self.time(now, &exam));
        general.or_else(|| exam.codes()).or_else(|| match frame.kind() {
            FrameKind::Pulse => self.pulse(&exam),
            FrameKind::Trim | FrameKind::Recover => self.repayment(&exam),
        })
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
        let close = exam.frame.segments().map(|s| u64::from(s.ticks)).min().unwrap_or(0);
        Finding::above(Fault::OnsetPast, Cite::LATENESS, past, self.limits.late_ticks, "ticks past")
            .or_else(|| {
                Finding::above(Fault::OnsetPast, Cite::HARDWARE, soon, 0, "ticks too soon after an edge")
            })
            .or_else(|| Finding::above(Fault::Form, Cite::HARDWARE, spacing, close, "ticks between edges"))
    }

    fn pulse(&self, exam: &Examination<'_>) -> Option<Finding> {
        let ceiling = exam.plan.channel().ceiling.width;
        let width = exam.plan.width_ticks(exam.watch.set.authorised.width.min(ceiling));
        let primary = exam.frame.segment(0).map_or(0, |s| s.ticks);
        let energy = exam.frame.segments().fold(0_u64, |sum, s| {
            sum.saturating_add(squared(s.level.current_na(exam.hardware), u64::from(s.ticks)))
        });
        Finding::unless(exam.watch.active.is_none(), Fault::OutOfOrder, Cite::ORDER)
            .or_else(|| exam.pulse_form())
            .or_else(|| exam.amplitude())
            .or_else(|| {
                Finding::above(Fault::Width, Cite::SET, u64::from(primary), u64::from(width), "ticks")
            })
            .or_else(|| exam.balance())
            .or_else(|| {
                let cite = Cite::of(&rules::N_EN_1);
                Finding::above(Fault::Energy, cite, energy, self.limits.pulse_squared, "µA²·ticks")
            })
            .or_else(|| self.rate(exam))
            .or_else(|| self.session(exam))
    }

    /// No sooner than a period after the pulse before, counted so that neither lateness nor a deferral adds up.
    fn rate(&self, exam: &Examination<'_>) -> Option<Finding> {
        let soon = exam.watch.next_onset.saturating_sub(exam.frame.onset_tick());
        let allowed = exam.plan.stretch_ticks();
        Finding::above(Fault::Rate, Cite::PLAN, soon, allowed, "ticks before its period")
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
        let owed = exam.watch.owed_at(exam.frame.onset_tick());
        let net = exam.frame.net_charge(exam.hardware).map(nmes_core::Charge::as_nanoamp_ticks);
        let Some((owed, net)) = owed.zip(net) else {
            return Some(Finding::new(Fault::LedgerOverflow, Cite::LEDGER, i64::MAX, i64::MAX, "nA·ticks"));
        };
        let against = |other: i64| other != 0 && net != 0 && (net < 0) != (other < 0);
        let paying_na = exam.paying_na(net);
        let most = owed.unsigned_abs().saturating_add(self.beyond(exam, paying_na));
        let level = paying_na.saturating_add(u64::from(exam.coarser_gain()));
        let peak = exam.frame.peak_na(exam.hardware);
        Finding::unless(fits, Fault::OutOfOrder, Cite::ORDER)
            .or_else(|| Finding::unless(exam.is_one_way(), Fault::Form, Cite::PLAN))
            .or_else(|| Finding::unless(against(owed), Fault::Repayment, Cite::LEDGER))
            .or_else(|| Finding::above(Fault::Repayment, Cite::LEDGER, net.unsigned_abs(), most, "nA·ticks"))
            .or_else(|| Finding::above(Fault::Repayment, Cite::PLAN, peak, level, "nA"))
    }

    /// How far a repayment may go beyond what is owed: one code × one tick, what an offset adds, and for a recovery
    /// where edges may be late its level over one edge spacing.
    fn beyond(&self, exam: &Examination<'_>, paying_na: u64) -> u64 {
        let recovers = exam.frame.kind() == FrameKind::Recover;
        let offset = u64::from(exam.hardware.offset_na.unsigned_abs());
        let drift = offset.saturating_mul(exam.frame.length_ticks());
        let spacing = if recovers && self.limits.jitter_ticks > 0 { self.limits.spacing_ticks } else { 0 };
        let level = paying_na.saturating_mul(spacing);
        u64::from(exam.coarser_gain()).saturating_add(drift).saturating_add(level)
    }
}

impl Examination<'_> {
    fn coarser_gain(&self) -> u32 {
        self.hardware.na_per_code_positive.max(self.hardware.na_per_code_negative)
    }

    /// The strongest level that a repayment may have: of a trim that of the last pulse's own repayment, of a recovery
    /// the strongest of the pulse that it cuts, the same way.
    fn paying_na(&self, net: i64) -> u64 {
        let Some(cut) = self.watch.active.filter(|_| self.frame.kind() == FrameKind::Recover) else {
            return self.watch.balancing_na.unsigned_abs();
        };
        let currents =
            cut.frame.cycle_segments().filter_map(|s| driven(s.level).map(|c| self.hardware.current_na(c)));
        currents.filter(|na| (*na < 0) == (net < 0)).map(i64::unsigned_abs).max().unwrap_or(0)
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
        let outside = |code: &i32| *code < self.hardware.code_min || *code > self.hardware.code_max;
        let code = self.frame.segments().filter_map(|s| driven(s.level)).find(outside)?;
        let limit = if code < 0 { self.hardware.code_min } else { self.hardware.code_max };
        Some(Finding::new(Fault::CodeRange, Cite::HARDWARE, i64::from(code), i64::from(limit), "codes"))
    }

    /// Primary phase in the leading polarity, its gap to the tick, one or two repaying levels, then rest.
    fn pulse_form(&self) -> Option<Finding> {
        let leading = self.plan.leading() == Polarity::Positive;
        let primary = self.frame.segment(0);
        let leads = primary.and_then(|s| driven(s.level)).is_some_and(|code| (code > 0) == leading);
        let rest = || self.frame.segments().skip(1);
        let gap_len = rest().take_while(|s| driven(s.level).is_none()).count();
        let (gap, paying) = (|| rest().take(gap_len), || rest().skip(gap_len));
        let pays = |s: Segment| driven(s.level).is_some_and(|code| (code > 0) != leading);
        let gap_ok = gap().all(|s| s.level == Level::Open || s.level == self.rests.0)
            && ticks(gap()) == u64::from(self.plan.gap_ticks());
        let paying_ok = matches!(paying().count(), 1 | 2) && paying().all(pays);
        let width = self.plan.balancing_ticks(primary.map_or(0, |s| s.ticks));
        let paid_in_time = ticks(paying()) <= u64::from(width).saturating_add(WIDEN_MAX);
        let holds = leads && gap_ok && paying_ok && paid_in_time && self.rest_ok();
        Finding::unless(holds, Fault::Form, Cite::PLAN)
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

    /// The primary phase to the nearest code of the set level, and the repayment no stronger than the primary phase
    /// and one code.
    fn amplitude(&self) -> Option<Finding> {
        let set = self.watch.set.authorised.amplitude.min(self.plan.channel().ceiling.amplitude);
        let code = u64::from(self.coarser_gain());
        let primary = self.frame.segment(0).map_or(0, |s| s.level.current_na(self.hardware).unsigned_abs());
        let rounding = if set.as_microamps() == 0 { 0 } else { code };
        let most = u64::from(set.as_microamps()).saturating_mul(1_000).saturating_add(rounding);
        let peak = self.frame.peak_na(self.hardware);
        Finding::above(Fault::Amplitude, Cite::SET, primary, most, "nA").or_else(|| {
            Finding::above(
                Fault::Amplitude,
                Cite::SET,
                peak,
                primary.saturating_add(code),
                "nA to repay with",
            )
        })
    }

    /// Exactly zero on an exact channel; else the frames begun and this one sum to less than one code × one tick.
    fn balance(&self) -> Option<Finding> {
        let cite = Cite::of(&rules::E_BAL_1);
        let net = self.frame.net_charge(self.hardware).map(nmes_core::Charge::as_nanoamp_ticks);
        let sum = net.and_then(|net| self.watch.nominal.checked_add(net));
        let most =
            if self.hardware.is_exact() { 0 } else { u64::from(self.coarser_gain()).saturating_sub(1) };
        let value = sum.map_or(u64::MAX, i64::unsigned_abs);
        Finding::above(Fault::Unbalanced, cite, value, most, "nA·ticks")
    }
}
