//! What has to be looked at although nothing happens.

use nmes_core::{ChannelPlan, Millis, Schedule};

use crate::fault::{Cite, Fault, Finding, Response, Trip, signed};
use crate::guard::Guard;
use crate::interlock::{Event, State};
use crate::limits::Limits;
use crate::rules;
use crate::sense::Tolerances;
use crate::stages::{longest_hold, shortest_rest};
use crate::watch::Watch;
use crate::windows::{Dose, rms_ua};

/// After how many calls with the same time the clock counts as stopped. Our choice; a call comes every 1 to 10 ms,
/// and a tick is at most 1 ms.
const STILL_CALLS: u8 = 10;

/// What a tick saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TickReport {
    /// The state of the interlock.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub state: State,
    /// The first thing to tell the user: measured direct current (E-DC-3), imbalance (E-BAL-2), a contact that is
    /// still lost (E-DEL-1), a voltage near the rail (E-COMP-1), a gated train beyond its longest opening. Its response
    /// is [`Response::Warn`].
    pub warning: Option<Trip>,
    /// The highest r.m.s. current of a channel over the last second, in µA, at most a bucket too long.
    pub rms_second_ua: u32,
    /// The same over the last five seconds.
    pub rms_five_ua: u32,
    /// The largest measured direct current of a channel over the last second, in nA, signed.
    pub measured_dc_na: i64,
    /// [`Guard::indicator`].
    pub indicator: bool,
    /// Channels whose contact is lost and that are held at the probe level, one bit each.
    pub contact_lost: u8,
}

/// What one pass over a channel finds.
#[derive(Clone, Copy, Default)]
struct Findings {
    trip: Option<Finding>,
    warning: Option<Finding>,
}

impl<const N: usize> Guard<'_, N> {
    /// Looks at everything that depends on time alone; call it every 1 to 10 ms. Work: one pass over the channels
    /// and the 15 buckets of each.
    ///
    /// # Errors
    /// A [`Trip`], one that opens the output at once before one that ramps down: a damaged state, set level or limit (a
    /// checksum of these a tick, in turn); a clock that went back or stands still for ten calls; an edge that is due more
    /// than L + ε ago; measurements that stopped; r.m.s. current (the strictest N-RMS row) or measured direct current
    /// (E-DC-3) over the last second; a silent host (E-WD-1); a session or a train that lasts too long; a ramp-down that is
    /// over its time, which then opens the output.
    pub fn tick(&mut self, now: u64) -> Result<TickReport, Trip> {
        let general = self.clock(now).or_else(|| self.intact()).or_else(|| self.constants_intact());
        let general = general.or_else(|| self.sets_intact()).or_else(|| self.standstill(now));
        if let Some(latched) = self.latched {
            return Err(latched);
        }
        if let Some(finding) = general {
            return Err(self.trip(now, None, &finding));
        }
        if let Some(overdue) = self.overdue(now) {
            return Err(overdue);
        }
        let (mut report, found) = self.look(now);
        let found = found.or(self.host(now).map(|finding| (None, finding)));
        // what a ramp-down answers is being answered
        let closing = self.closing.is_some();
        let news = |finding: &Finding| !closing || opens(finding);
        if let Some((channel, finding)) = found.filter(|(_, finding)| news(finding)) {
            return Err(self.trip(now, channel, &finding));
        }
        self.settle(now);
        report.state = self.state();
        Ok(report)
    }

    /// Whether anything was put out in the last five seconds, or flows although nothing is put out: the output indicator is
    /// lit ([`crate::rules::N_IND_2`]). Also after a fault, when [`Guard::tick`] has only the fault to tell: go on
    /// asking, and go on handing over measurements with [`Guard::sample`]. Work: one pass over the channels.
    pub fn indicator(&self, now: u64) -> bool {
        let channels = usize::from(self.checked.plan().channel_count());
        self.watches.iter().take(channels).any(|watch| {
            // a copy, so that a time that is wrong empties nothing
            let mut windows = watch.windows;
            windows.advance(now);
            windows.five() > 0 || watch.flows(&self.limits.measured)
        })
    }

    /// The trip that a ramp-down answers, until a reset: the first that asked for one. What comes after it is in the black box.
    #[must_use]
    pub const fn ramping_down(&self) -> Option<&Trip> {
        match &self.closing {
            Some((trip, _)) => Some(trip),
            None => None,
        }
    }

    fn sets_intact(&self) -> Option<Finding> {
        (0..self.checked.plan().channel_count()).find_map(|channel| self.set_intact(channel))
    }

    fn standstill(&mut self, now: u64) -> Option<Finding> {
        let still = self.last_call == Some(now);
        self.last_call = Some(now);
        self.still_calls = if still { self.still_calls.saturating_add(1) } else { 0 };
        let (calls, most) = (u64::from(self.still_calls), u64::from(STILL_CALLS).saturating_sub(1));
        Finding::above(Fault::ClockStopped, Cite::CLOCK, calls, most, "calls at one tick")
    }

    /// What only a tick looks at (the host, r.m.s. and direct current, times) is not looked at when none comes, so no pulse is
    /// admitted then.
    pub(crate) fn slow_side(&mut self, now: u64) -> Option<Finding> {
        let since = *self.last_call.get_or_insert(now);
        self.silent(since, now)
    }

    /// No tick came for longer than E-WD-1.
    pub(crate) fn silent(&self, since: u64, now: u64) -> Option<Finding> {
        let most = self.limits.keep_alive_ticks;
        Finding::longer(Fault::SlowSide, Cite::of(&rules::E_WD_1), (since, now), most, "ticks")
    }

    /// Ends a ramp-down that was asked for: latched as what it was when nothing flows any more, opened by force when
    /// something does.
    fn overdue(&mut self, now: u64) -> Option<Trip> {
        let (cause, deadline) = self.closing?;
        if now < deadline {
            return None;
        }
        let channels = self.checked.plan().channel_count();
        let flows = self.watches.iter().take(usize::from(channels)).any(|w| w.active.is_some());
        let trip = if flows {
            let late = signed(now.saturating_sub(deadline));
            let finding =
                Finding::new(Fault::RampDownOverdue, Cite::PLAN, late, 0, "ticks over the ramp-down");
            let trip = Trip::new(&finding, Response::OpenNow, cause.channel, now);
            self.black_box.record(trip);
            trip
        } else {
            Trip { response: Response::OpenNow, ..cause }
        };
        self.latch(trip);
        Some(trip)
    }

    /// One pass over the channels; the first trip that opens at once, else the first trip, and the first warning are kept.
    fn look(&mut self, now: u64) -> (TickReport, Option<(Option<u8>, Finding)>) {
        let mut report = TickReport {
            state: State::Fault,
            warning: None,
            rms_second_ua: 0,
            rms_five_ua: 0,
            measured_dc_na: 0,
            indicator: false,
            contact_lost: 0,
        };
        let mut found = None;
        let (mut second, mut five, mut dc) = (0_u64, 0_u64, 0_i64);
        let (checked, limits) = (self.checked, self.limits);
        for (channel, watch) in self.each_watch() {
            let Some(plan) = checked.plan().channel(channel) else { continue };
            watch.windows.advance(now);
            let (mut sums, longer) = (watch.windows.second(), watch.windows.five());
            sums.measured = sums.measured.saturating_add(watch.leaks(now, &limits));
            (second, five) = (second.max(sums.squared), five.max(longer));
            if sums.measured.unsigned_abs() > dc.unsigned_abs() {
                dc = sums.measured;
            }
            report.add(channel, watch, &limits.measured);
            let findings = watch.windowed(&sums, &limits).or(watch.timed(now, &limits));
            let findings =
                findings.or(watch.on_time(now, checked.plan().session().schedule(), plan, &limits));
            found = graver(found, findings.trip.map(|finding| (Some(channel), finding)));
            let warning = findings.warning.map(|w| Trip::new(&w, Response::Warn, Some(channel), now));
            report.warning = report.warning.or(warning);
        }
        let hz = u64::from(limits.ticks_per_second);
        report.rms_second_ua = rms_ua(second, hz);
        report.rms_five_ua = rms_ua(five, hz.saturating_mul(5));
        report.measured_dc_na = dc.checked_div(signed(hz)).unwrap_or(0);
        report.indicator = report.indicator || five > 0;
        (report, found)
    }

    fn host(&self, now: u64) -> Option<Finding> {
        let silent = now.saturating_sub(self.last_keep_alive);
        let lasted = self.first_pulse.map_or(0, |first| self.last_onset().saturating_sub(first));
        let most = self.limits.session_ticks.saturating_add(self.limits.late_ticks.saturating_mul(2));
        let on = self.state().permits_output();
        let cite = Cite::of(&rules::E_WD_1);
        Finding::above(Fault::KeepAlive, cite, silent, self.limits.keep_alive_ticks, "ticks")
            .filter(|_| on)
            .or_else(|| if lasted > most { self.session_over(lasted, most) } else { None })
    }

    fn last_onset(&self) -> u64 {
        self.watches.iter().map(|w| w.last_pulse).max().unwrap_or(0)
    }

    /// Ramping is over when every first rise is, and no contact is lost.
    fn settle(&mut self, now: u64) {
        let ramp = self.limits.ramp_ticks;
        let settled = self.each_watch().all(|(_, w)| w.set.is_settled(now, ramp) && !w.contact.lost);
        if settled && self.state() == State::Ramping {
            self.interlock.handle(Event::Level).ok();
        }
    }
}

/// Whether it opens the output at once.
fn opens(finding: &Finding) -> bool {
    finding.fault.response(Response::RampDown) == Response::OpenNow
}

/// The first of two, unless only the second opens the output at once.
fn graver(
    first: Option<(Option<u8>, Finding)>,
    second: Option<(Option<u8>, Finding)>,
) -> Option<(Option<u8>, Finding)> {
    let graver = second.filter(|(_, finding)| opens(finding));
    first.filter(|(_, finding)| graver.is_none() || opens(finding)).or(graver).or(second)
}

impl Findings {
    fn or(self, other: Self) -> Self {
        Self { trip: self.trip.or(other.trip), warning: self.warning.or(other.warning) }
    }
}

impl TickReport {
    fn add(&mut self, channel: u8, watch: &Watch<'_>, limits: &Tolerances) {
        self.indicator = self.indicator || watch.flows(limits);
        if watch.contact.lost {
            self.contact_lost |= 1_u8.checked_shl(u32::from(channel)).unwrap_or(0);
        }
    }
}

impl Watch<'_> {
    /// A frame is under way, or current was measured at rest.
    fn flows(&self, limits: &Tolerances) -> bool {
        self.active.is_some() || self.interval.is_driven() || self.interval.leak_na(limits) != 0
    }

    /// What the rest in hand has leaked so far, of the last second at most, in nA × ticks.
    fn leaks(&self, now: u64, limits: &Limits) -> i64 {
        let (leak, ticks) = self.interval.leaked(now, &limits.measured);
        leak.saturating_mul(signed(ticks.min(u64::from(limits.ticks_per_second))))
    }

    fn windowed(&self, second: &Dose, limits: &Limits) -> Findings {
        let (rule, most) = (self.terms.rms_rule, self.terms.rms_square);
        let rms = Finding::above(Fault::Rms, Cite::of(rule), second.squared, most, "µA²·ticks in a second");
        let charge = second.measured.unsigned_abs().max(second.commanded.unsigned_abs());
        let cite = Cite::of(&rules::E_DC_3);
        let unit = "nA·ticks in a second";
        let declared = self.terms.declared;
        let dc =
            |most: u64| Finding::above(Fault::MeasuredDc, cite, charge, most.saturating_add(declared), unit);
        let lost = Finding::unless(!self.contact.lost, Fault::ContactLoss, Cite::of(&rules::E_DEL_1));
        Findings { trip: rms.or_else(|| dc(limits.dc_trip)), warning: lost.or_else(|| dc(limits.dc_warn)) }
    }

    /// An edge that is due and did not come, and measurements that stopped.
    fn timed(&self, now: u64, limits: &Limits) -> Findings {
        let missing = self.active.as_ref().and_then(|active| {
            let late = now.saturating_sub(active.next_tick);
            let most = limits.late_ticks.saturating_add(active.next_moves());
            Finding::above(Fault::MissingEdge, Cite::LATENESS, late, most, "ticks")
        });
        let last = self.last_pulse.saturating_add(self.terms.longest_period.saturating_mul(2));
        let warning = self.of_the_last_pulse(&limits.measured).filter(|_| now <= last);
        Findings { trip: missing.or_else(|| self.stale()), warning }
    }

    /// What the last pulse warns of, while pulses come.
    fn of_the_last_pulse(&self, limits: &Tolerances) -> Option<Finding> {
        let (cite, warn) = (Cite::of(&rules::E_BAL_2), limits.balance_warn);
        let unit = "‰ of the phase charge";
        let uneven = self
            .imbalance_warning
            .and_then(|permille| Finding::above(Fault::MeasuredBalance, cite, permille, warn, unit));
        let (volts, most) = (u64::from(self.last_mv), u64::from(limits.clip_mv));
        let clips = || Finding::above(Fault::Compliance, Cite::of(&rules::E_COMP_1), volts, most, "mV");
        uneven.or_else(clips)
    }

    /// A train that lasts longer than its contraction or its opening.
    fn on_time(&self, now: u64, schedule: Schedule<'_>, plan: &ChannelPlan<'_>, limits: &Limits) -> Findings {
        let period = self.terms.longest_period;
        let ends = self.last_pulse.saturating_add(period.saturating_mul(2));
        let Some(began) = self.train_began.filter(|_| now <= ends) else { return Findings::default() };
        let lasted = self.last_pulse.saturating_sub(began);
        let ramps = plan.ramp_up_ticks().saturating_add(plan.ramp_down_ticks());
        let ticks = |time: Millis| {
            u64::from(time.as_millis()).saturating_mul(u64::from(limits.ticks_per_second)) / 1_000
        };
        let of = |time: Millis| ticks(time).saturating_add(ramps).saturating_add(period);
        let found = |most| Finding::above(Fault::OnTime, Cite::PLAN, lasted, most, "ticks in one train");
        match schedule {
            Schedule::Continuous => Findings::default(),
            // shorter rests cannot be told from a pause within a train
            Schedule::Cyclic(cycle) if ticks(cycle.rest) <= period.saturating_mul(2) => Findings::default(),
            Schedule::Cyclic(cycle) => Findings { trip: found(of(cycle.hold)), warning: None },
            Schedule::Program(stages) if ticks(shortest_rest(stages)) <= period.saturating_mul(2) => {
                Findings::default()
            }
            Schedule::Program(stages) => Findings { trip: found(of(longest_hold(stages))), warning: None },
            // the engine closes a train after its longest time; without an Off that can be told from a pause, two
            // trains look like one, and opening a gait in mid-swing for that would be a hazard of its own
            Schedule::Gated(gate) if ticks(gate.min_off) <= period.saturating_mul(2) => {
                Findings { trip: None, warning: found(of(gate.max_on)) }
            }
            Schedule::Gated(gate) => Findings { trip: found(of(gate.max_on)), warning: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::tests::with_checked;

    /// REQ-SAF-041: what the last second holds is judged by one nA·tick and by one µA²·tick. A second has 10^6 ticks.
    #[test]
    fn a_second_by_one_unit() {
        with_checked(|checked, _, _| {
            let guard: Guard<'_> = Guard::new(checked, 0);
            let of = |second: Dose| {
                let found = guard.watches[0].windowed(&second, &guard.limits);
                (found.trip.map(|f| f.fault), found.warning.map(|f| f.fault))
            };
            let dc = Some(Fault::MeasuredDc);
            for way in [1, -1] {
                for (charge, expected) in [
                    (10_000_000_000, (None, None)),
                    (10_000_000_001, (None, dc)),
                    (50_000_000_000, (None, dc)),
                    (50_000_000_001, (dc, dc)),
                ] {
                    assert_eq!(of(Dose { measured: way * charge, ..Dose::default() }), expected, "{charge}");
                    assert_eq!(of(Dose { commanded: way * charge, ..Dose::default() }), expected, "{charge}");
                }
            }
            let most = guard.watches[0].terms.rms_square;
            assert_eq!(of(Dose { squared: most, ..Dose::default() }), (None, None));
            assert_eq!(of(Dose { squared: most + 1, ..Dose::default() }), (Some(Fault::Rms), None));
        });
    }
}
