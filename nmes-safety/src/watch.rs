//! What the guard knows of one channel, all of it from its own counting.

use nmes_core::{ChannelHardware, FrameKind, Level, PulseFrame, Setting};

use crate::admitted::Admitted;
use crate::fault::{Cite, Fault, Finding, signed};
use crate::guard::PROBE_LEVEL;
use crate::rules;
use crate::sense::{
    ContactWatch, Delivered, Interval, SampleInstant, Sensed, Tolerances, delivered, judge_sample, pulses_of,
};
use crate::set_level::{SetLevel, narrow};
use crate::survey::{Known, Strongest, word_of};
use crate::terms::Terms;
use crate::windows::{Dose, Windows, charge};

/// A frame whose first edge was applied and whose last was not.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Active {
    // bytes and halves first: a Cortex-M0+ reads those near the start of a structure only with one instruction
    pub(crate) next_edge: u16,
    /// The number of the last edge.
    count: u16,
    /// Segments of a repeat that ends with a gap to the next; 0 where none does.
    each: u16,
    pub(crate) kind: FrameKind,
    all_sensed: bool,
    any_sensed: bool,
    /// The strongest code of each polarity: a recovery that cuts it may wait while it is under way.
    pub(crate) strongest: Strongest,
    /// For how long current was driven and measured, in ticks.
    sensed_ticks: u32,
    /// The next edge's place on the grid.
    pub(crate) next_tick: u64,
    /// By how much the last edge of a repeat may be moved.
    moves: u64,
    pub(crate) began: u64,
    // zeros at first, apart from `sensed_ticks`: of more of them in a row a compiler makes a call
    dose: Dose,
    /// Σ I·t as commanded of the phases that were not measured.
    unsensed: i64,
    /// The worst phase, against what was commanded.
    delivered: Option<Delivered>,
}

/// One channel.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Watch<'a> {
    // every edge: near the start, as above
    /// The frame that was admitted last waits for its first edge.
    pub(crate) waits: bool,
    sensed_once: bool,
    /// Every edge of the pulse under way was late by so many ticks, and all but the first are still to be counted: see
    /// [`Watch::catch_up`].
    pub(crate) plain: Option<u32>,
    pub(crate) sequence: Option<u32>,
    /// The strongest code of the last pulse against its leading way.
    pub(crate) balancing_code: u32,
    pub(crate) active: Option<Active>,
    /// The frame that was admitted last, what it amounts to, and a checksum of that.
    pub(crate) admitted: Admitted<'a>,
    pub(crate) known: Known,
    // every pulse
    pub(crate) interval: Interval,
    /// Charge as commanded and applied, nA × ticks.
    pub(crate) ledger: i64,
    /// What the frames that ended sum to by themselves: 0 on an exact channel, but for a declared direct current.
    pub(crate) nominal: i64,
    /// What the last frame that ended whole may leave, beside what it is meant to: no more is owed when a pulse begins.
    pub(crate) may_leave: u64,
    /// The tick from which the rate allows the next pulse.
    pub(crate) next_onset: u64,
    /// The tick at which the next pulse would stand if bursts, lists and sweeps were even.
    pub(crate) next_of_group: u64,
    /// The same of pulses of a contact check, since it began.
    pub(crate) next_probe: u64,
    pub(crate) train_began: Option<u64>,
    pub(crate) last_pulse: u64,
    pub(crate) terms: Terms,
    pub(crate) set: SetLevel,
    pub(crate) windows: Windows,
    pub(crate) contact: ContactWatch,
    /// Measured imbalance above E-BAL-2's warning in the last pulse, in permille.
    pub(crate) imbalance_warning: Option<u64>,
    pub(crate) known_sum: u32,
    /// The set level that it was held against, from end to end; `None` for what is no pulse.
    pub(crate) judged: Option<Setting>,
    pub(crate) unsensed: u32,
    pub(crate) imbalanced: u32,
    /// The highest voltage that was measured of the pulse under way, and of the last one that ended, in mV.
    volts_mv: u32,
    pub(crate) last_mv: u32,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Active {
    kind,
    strongest,
    next_edge,
    count,
    each,
    next_tick,
    moves,
    began,
    dose,
    unsensed,
    all_sensed,
    any_sensed,
    sensed_ticks,
    delivered
});
#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Watch<'_> {
    terms, admitted, known, known_sum, judged, waits, active, plain, sequence, interval, ledger, nominal, next_onset, next_of_group, next_probe, balancing_code, may_leave, set, contact, windows,
    train_began, last_pulse, unsensed, sensed_once, imbalanced, imbalance_warning, volts_mv, last_mv
});

impl<'a> Watch<'a> {
    pub(crate) fn new(now: u64, ticks_per_second: u32, terms: Terms) -> Self {
        Self {
            terms,
            admitted: Admitted::new(PulseFrame::default()),
            known: Known::default(),
            known_sum: 0,
            judged: None,
            waits: false,
            active: None,
            plain: None,
            sequence: None,
            interval: Interval::opened(now),
            ledger: 0,
            nominal: 0,
            next_onset: 0,
            next_of_group: 0,
            next_probe: 0,
            balancing_code: 0,
            may_leave: 0,
            set: SetLevel::ZERO,
            contact: ContactWatch::default(),
            windows: Windows::new(now, ticks_per_second),
            train_began: None,
            last_pulse: now,
            unsensed: 0,
            sensed_once: false,
            imbalanced: 0,
            imbalance_warning: None,
            volts_mv: 0,
            last_mv: 0,
        }
    }

    /// Whether a frame is the last one again, at the same set level, and what is known of it is undamaged: what was found
    /// of it then need not be found again. What depends on the time of a frame is always looked at, and points and tables,
    /// which stand elsewhere, are held against the word of what they were.
    pub(crate) fn is_again(&self, frame: &PulseFrame<'_>) -> bool {
        self.judged == Some(self.set.authorised)
            && self.admitted.frame().is_repeated_by(frame)
            && self.known.sum() == self.known_sum
            && (frame.is_stored() || word_of(frame) == self.known.word)
    }

    /// The last frame was admitted again.
    pub(crate) fn take_again(&mut self, frame: &PulseFrame<'a>) {
        self.sequence = Some(frame.sequence());
        self.waits = true;
        self.admitted.move_to(frame);
    }

    /// A frame was admitted of which this was found.
    pub(crate) fn take_new(&mut self, frame: &PulseFrame<'a>, known: Known) {
        self.sequence = Some(frame.sequence());
        self.waits = true;
        self.admitted = Admitted::new(*frame);
        (self.known, self.known_sum) = (known, known.sum());
        self.judged = (frame.kind() == FrameKind::Pulse).then_some(self.set.authorised);
    }

    /// The ledger at `t` if the level stays, less what the frames are meant to leave; `None` on overflow.
    pub(crate) fn owed_at(&self, t: u64) -> Option<i64> {
        let flown = charge(self.interval.current_na, t.saturating_sub(self.interval.since))?;
        self.ledger.checked_add(flown)?.checked_sub(self.nominal)
    }

    /// Takes a sample of the level in place. One of another kind of level, or from outside its time, counts for
    /// nothing, so that a frozen measurement ages.
    pub(crate) fn take_sample(
        &mut self,
        sample: &Sensed,
        until: u64,
        limits: &Tolerances,
    ) -> Option<Finding> {
        let fits = match sample.instant {
            SampleInstant::PhaseStart | SampleInstant::PhaseEnd => self.interval.is_driven(),
            SampleInstant::Rest => !self.interval.is_driven(),
        };
        if !fits || sample.at_tick < self.interval.since || sample.at_tick > until {
            return None;
        }
        self.interval.take(sample);
        if self.interval.is_driven() {
            self.sensed_once = true;
            self.volts_mv = self.volts_mv.max(sample.voltage_mv.unsigned_abs());
        }
        let found = judge_sample(&self.interval, sample, limits);
        self.count_rest(sample.at_tick, limits);
        found
    }

    /// A rest between frames is counted bucket by bucket, so that a leak that begins late in it stands beside no long time
    /// without one.
    fn count_rest(&mut self, t: u64, limits: &Tolerances) {
        let (leak, ticks) = self.interval.leaked(t, limits);
        if self.active.is_some() || self.interval.is_driven() || ticks < self.windows.bucket_ticks() {
            return;
        }
        if leak != 0 {
            let mut dose = Dose { measured: leak.saturating_mul(signed(ticks)), ..Dose::default() };
            dose.add_squared(leak, ticks);
            self.windows.add(t.saturating_sub(ticks), t, &dose);
        }
        self.interval.count_from(t);
    }

    /// Ends the level in place at `t` and counts it, then begins the next one.
    pub(crate) fn change_level(
        &mut self,
        level: Level,
        hardware: &ChannelHardware,
        t: u64,
        limits: &Tolerances,
    ) -> Option<Finding> {
        let overflow = || Finding::new(Fault::LedgerOverflow, Cite::LEDGER, i64::MAX, i64::MAX, "nA·ticks");
        let ticks = t.saturating_sub(self.interval.since);
        let flown = charge(self.interval.current_na, ticks);
        let sum = flown.and_then(|charge| self.ledger.checked_add(charge));
        self.count_interval(flown.unwrap_or(i64::MAX), ticks, t, limits);
        self.interval = Interval::new(level, hardware, t);
        match sum {
            Some(ledger) => {
                self.ledger = ledger;
                None
            }
            None => Some(overflow()),
        }
    }

    /// Counts squares of the larger of commanded and measured current. Only what is measured beyond the noise is larger, and at rest
    /// only that counts.
    fn count_interval(&mut self, flown: i64, ticks: u64, t: u64, limits: &Tolerances) {
        let interval = &self.interval;
        let (measured, over) = if interval.is_driven() {
            (interval.measured_na(), ticks)
        } else {
            let (leak, leaked) = interval.leaked(t, limits);
            if interval.current_na == 0 && leak == 0 {
                return;
            }
            (Some(leak.saturating_add(interval.current_na)), leaked)
        };
        let charge = measured.map_or(0, |na| na.saturating_mul(signed(over)));
        let least = interval.current_na.unsigned_abs().saturating_add(limits.noise_na);
        let stronger = measured.filter(|na| na.unsigned_abs() > least || !interval.is_driven());
        let mut dose = Dose { squared: 0, commanded: flown, measured: charge };
        dose.add_squared(stronger.unwrap_or(interval.current_na), over);
        let from = if interval.current_na == 0 { t.saturating_sub(over) } else { interval.since };
        match &mut self.active {
            Some(active) => active.count(interval, &dose, ticks, delivered(interval, limits)),
            None if dose != Dose::default() => self.windows.add(from, t, &dose),
            None => {}
        }
    }

    /// Begins the frame that waits, with its first edge at `t`, and no other is under way; the level before drove `before_na`,
    /// the first segment lasts `ticks`.
    pub(crate) fn begin(&mut self, before_na: i64, hardware: &ChannelHardware, t: u64, ticks: u32) {
        self.waits = false;
        let frame = self.admitted.frame();
        let (kind, onset) = (frame.kind(), frame.onset_tick());
        let moves = self.terms.moves(frame, before_na, hardware);
        if kind == FrameKind::Pulse {
            self.next_onset = self.next_onset.max(onset).saturating_add(self.terms.period);
            if let Some(sustained) = self.terms.sustained {
                self.next_of_group = self.next_of_group.max(onset).saturating_add(sustained.each);
            }
            self.balancing_code = self.known.strongest.way(!self.terms.leads_up);
            let pause = t.saturating_sub(self.last_pulse);
            if pause > self.terms.apart {
                self.train_began = None;
            }
            if self.train_began.is_none() && !self.contact.lost {
                self.set.begin_train();
            }
            self.train_began.get_or_insert(t);
            self.last_pulse = t;
        }
        self.active = Some(Active {
            kind,
            strongest: self.known.strongest,
            next_edge: 1,
            count: self.known.count,
            each: if self.known.gap_last { self.known.each } else { 0 },
            next_tick: onset.saturating_add(u64::from(ticks)),
            moves,
            began: t,
            dose: Dose::default(),
            unsensed: 0,
            all_sensed: true,
            any_sensed: false,
            sensed_ticks: 0,
            delivered: None,
        });
    }

    /// Begins the frame that waits, while the pulse that it cuts may be under way: the repayment is part of that.
    pub(crate) fn begin_or_cut(&mut self, before_na: i64, hardware: &ChannelHardware, t: u64, ticks: u32) {
        let cut = self.active.take();
        self.begin(before_na, hardware, t, ticks);
        if let Some((active, cut)) = self.active.as_mut().zip(cut) {
            (active.began, active.dose) = (cut.began, cut.dose);
        }
    }

    /// Ends the frame under way without its last edge. What it leaves is in the ledger, once and not every second, so
    /// it is no direct current: only its squares go into the windows.
    pub(crate) fn abort(&mut self, t: u64) {
        if !self.terms.balanced {
            self.nominal = self.ledger;
        }
        if let Some(active) = &mut self.active {
            active.dose = Dose { squared: active.dose.squared, ..Dose::default() };
            active.unsensed = 0;
        }
        self.volts_mv = 0;
        self.end(t);
    }

    /// Takes a frame that ended into the windows.
    pub(crate) fn end(&mut self, t: u64) -> Option<Active> {
        let mut ended = self.active.take()?;
        if ended.any_sensed {
            // of a stage that measures one phase of each pulse the other is taken for what was commanded
            ended.dose.measured = ended.dose.measured.saturating_add(ended.unsensed);
        }
        self.windows.add(ended.began, t, &ended.dose);
        Some(ended)
    }

    /// What is held beside what the frames that ended, and this one, are meant to leave. Of a declared direct current
    /// nothing is owed afterwards: no pulse repays what edges of another left.
    pub(crate) fn settle(&mut self, ended: &Active) -> u64 {
        if ended.kind == FrameKind::Pulse {
            self.nominal = self.nominal.saturating_add(self.known.net);
        }
        let owed = self.owed();
        if !self.terms.balanced {
            self.nominal = self.ledger;
        }
        owed
    }

    /// What is held beside what the frames are meant to leave, in nA·ticks.
    pub(crate) fn owed(&self) -> u64 {
        if self.ledger == self.nominal {
            return 0;
        }
        self.ledger.checked_sub(self.nominal).map_or(u64::MAX, i64::unsigned_abs)
    }

    /// Ends a pulse and judges what was measured of it. True when contact was lost with it.
    pub(crate) fn judge_pulse(&mut self, ended: &Active, limits: &Tolerances) -> (Option<Finding>, bool) {
        if ended.kind != FrameKind::Pulse {
            self.volts_mv = 0;
            return (None, false);
        }
        (self.last_mv, self.volts_mv) = (self.volts_mv, 0);
        self.unsensed = if ended.any_sensed { 0 } else { self.unsensed.saturating_add(1) };
        let was_lost = self.contact.lost;
        let lost = ended.delivered.is_some_and(|delivered| self.contact.pulse(delivered));
        if was_lost && !self.contact.lost {
            self.set.rise_anew();
        }
        (self.judge_balance(ended, limits), lost)
    }

    fn judge_balance(&mut self, ended: &Active, limits: &Tolerances) -> Option<Finding> {
        self.imbalance_warning = None;
        if !ended.all_sensed || !ended.any_sensed {
            return None;
        }
        // what late edges leave is in the ledger and is repaid; the stage's own part is judged here
        let net = ended.dose.measured.saturating_sub(ended.dose.commanded).unsigned_abs();
        let permille = match self.known.along {
            0 => u64::MAX,
            along => net.saturating_mul(1_000).div_ceil(along),
        };
        // both phases may be read wrong, in opposite directions, and be longer than planned
        let noise = limits.noise_na.saturating_mul(ended.sensed_ticks.into());
        let warns = |limit: u64| permille > limit && net > noise;
        self.imbalance_warning = warns(limits.balance_warn).then_some(permille);
        if !warns(limits.balance_trip) {
            self.imbalanced = 0;
            return None;
        }
        self.imbalanced = self.imbalanced.saturating_add(1);
        let cite = Cite::of(&rules::E_BAL_2);
        let unit = "‰ of the phase charge";
        let found = Finding::above(Fault::MeasuredBalance, cite, permille, limits.balance_trip, unit);
        found.filter(|_| self.imbalanced >= pulses_of(&rules::E_BAL_2))
    }

    /// The most, in µA, that may be set while contact is lost, and on the way back in trains.
    pub(crate) fn held(&self, ramp_ticks: u64) -> Option<u32> {
        let back = || self.set.half_way(self.train_began, self.last_pulse, ramp_ticks);
        if self.contact.lost { Some(PROBE_LEVEL.as_microamps()) } else { back() }
    }

    /// What was measured of pulses before a fresh arming says nothing of those after it.
    pub(crate) const fn forget_measured(&mut self) {
        (self.unsensed, self.imbalanced, self.imbalance_warning) = (0, 0, None);
    }

    /// Ends a pulse of which nothing was measured.
    pub(crate) const fn end_unmeasured(&mut self) {
        (self.last_mv, self.volts_mv) = (self.volts_mv, 0);
        self.unsensed = self.unsensed.saturating_add(1);
        self.imbalance_warning = None;
    }

    /// Whether a measurement ever came.
    pub(crate) const fn was_sensed(&self) -> bool {
        self.sensed_once
    }

    /// Measurements that came once, or are promised, and do not come count as the worst value.
    pub(crate) fn stale(&self) -> Option<Finding> {
        let most = pulses_of(&rules::E_DEL_1).saturating_sub(1);
        let cite = Cite::of(&rules::E_DEL_1);
        let unit = "pulses without a measurement";
        Finding::above(Fault::SenseStale, cite, u64::from(self.unsensed), u64::from(most), unit)
            .filter(|_| self.sensed_once || self.terms.measured)
    }
}

impl Active {
    /// The pending edge was applied, and its segment lasts `ticks`: the next one follows it. Fixed work.
    #[inline]
    pub(crate) fn advance(&mut self, ticks: u32) {
        self.next_tick = self.next_tick.saturating_add(u64::from(ticks));
        self.next_edge = self.next_edge.saturating_add(1);
    }

    /// Whether the next edge is the last one.
    pub(crate) const fn is_last(&self) -> bool {
        self.next_edge == self.count
    }

    /// By how much the next edge may be moved: one that ends a repeat, or the frame.
    pub(crate) fn next_moves(&self) -> u64 {
        let left_of_repeat = self.next_edge.saturating_add(1).checked_rem(self.each);
        if self.is_last() || left_of_repeat == Some(0) { self.moves } else { 0 }
    }

    /// Counts an interval of which nothing was measured.
    #[inline]
    pub(crate) fn count_unmeasured(&mut self, driven: bool, squared: u64, flown: i64) {
        self.dose.squared = self.dose.squared.saturating_add(squared);
        self.dose.commanded = self.dose.commanded.saturating_add(flown);
        if driven {
            self.all_sensed = false;
            self.unsensed = self.unsensed.saturating_add(flown);
        }
    }

    fn count(&mut self, interval: &Interval, dose: &Dose, ticks: u64, arrived: Option<Delivered>) {
        self.dose.squared = self.dose.squared.saturating_add(dose.squared);
        self.dose.commanded = self.dose.commanded.saturating_add(dose.commanded);
        self.dose.measured = self.dose.measured.saturating_add(dose.measured);
        if interval.is_driven() {
            let sensed = interval.measured_na().is_some();
            self.all_sensed = self.all_sensed && sensed;
            self.any_sensed = self.any_sensed || sensed;
            if sensed {
                self.sensed_ticks = self.sensed_ticks.saturating_add(narrow(ticks));
            } else {
                self.unsensed = self.unsensed.saturating_add(dose.commanded);
            }
            self.delivered = match (self.delivered, arrived) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }
}
