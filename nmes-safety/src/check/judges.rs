//! One small function a rule: whether it binds a place, and what is found there.

use nmes_core::wide::{product, times};
use nmes_core::{MAX_CHANNELS, Millis, Schedule};

use super::Judge::{self, Channel, Device, Electrode, From, Session};
use super::measured::Measured;
use super::shape::least_output;
use super::{Context, Facts, Found};
use crate::limits::takes_turns;
use crate::metrics::{Ratio, density_square, narrow, power, root_up, scale_up};
use crate::report::{Detail, MAX_ROWS, Place, Remark, Row, Verdict};
use crate::rules::*;
use crate::setup::{Setup, UseClass};
use crate::stages::{longest_on, shortest_rest};

/// A rule and its judge, in the order of the report.
pub(super) static JUDGES: [(&Rule, Judge); MAX_ROWS] = [
    (&N_RMS_1, Electrode(|c, p| c.rms_row(p, &N_RMS_1, 0, RMS_LOW_MHZ))),
    (&N_RMS_2, Electrode(|c, p| c.rms_row(p, &N_RMS_2, RMS_LOW_MHZ, RMS_MID_MHZ))),
    (&N_RMS_3, Electrode(|c, p| c.rms_row(p, &N_RMS_3, RMS_MID_MHZ, u64::MAX))),
    (&N_RMS_X, Electrode(|c, p| Some(c.guarded_rms(&N_RMS_X, c.total_square(p, &N_RMS_X)?, |_| true)))),
    (&N_DC_1, Electrode(|c, p| c.direct_current(p))),
    (&N_DC_2, Electrode(|c, p| c.long_peak(p))),
    (&N_EN_1, Electrode(|c, p| c.short_energy(p))),
    (&N_V_1, Session(|c| c.rail())),
    (&N_IND_1, Electrode(|c, p| Some(rms(c.total_square(p, &N_IND_1)?)))),
    (&N_IND_1_ENERGY, Channel(|c, f| c.energy(f))),
    (&N_IND_2, Device(Remark::ShowIndicator)),
    (&N_MARK_1, From(&N_IND_1, |c, row| c.marked(row))),
    (&N_DOC_1, Electrode(|c, p| c.density(p, &N_DOC_1, 1_000))),
    (&N_MIN_1, Channel(|_, f| Some(least_output(f)))),
    (&N_ACC_1, Device(Remark::ShowAccuracy)),
    (&N_SUP_1, Device(Remark::ShowSupply)),
    (&N_OCSC_1, Device(Remark::ShowOpenShort)),
    (&N_LEAK_1, Device(Remark::ShowLeakage)),
    (&N_LEAK_1_FAULT, Device(Remark::ShowLeakage)),
    (&N_LEAK_2, Device(Remark::ShowLeakage)),
    (&N_LEAK_2_FAULT, Device(Remark::ShowLeakage)),
    (&N_TEMP_1, Device(Remark::ShowTemperature)),
    (&G_PD_1, Electrode(|c, p| c.power(p))),
    (&G_LO_Q, Channel(|c, f| c.limited_charge(f))),
    (&G_LO_I, Electrode(|c, p| c.mean_absolute(p))),
    (&G_LO_T, Channel(|_, f| Some(plain(f.pulse.primary_width())))),
    (&G_LO_J, Electrode(|c, p| c.density(p, &G_LO_J, 1_000))),
    (&G_NS4_Q, Channel(|_, f| Some(whole(f.pulse.absolute_charge_pc())))),
    (&E_BAL_1, Channel(|c, f| c.balance(f))),
    (&E_DC_4, Electrode(|c, p| c.direct_density(p))),
    (&E_J_2, Electrode(|c, p| c.contact_density(p))),
    (&E_PEAK_1, Channel(|c, f| Some(plain(c.peak(f))))),
    (&E_Q_1, Channel(|_, f| Some(plain(f.pulse.phase_charge())))),
    (&E_W_1, Channel(|c, f| Some(c.width(f)))),
    (&E_F_1, Channel(|c, f| Some(c.rate(f)))),
    (&E_IPG_1, Channel(|c, f| c.gap(f))),
    (&E_DUTY_1, Channel(|c, f| Some(c.exercise(&E_DUTY_1, longest_on(c.plan, f.asked()))))),
    (&E_REST_1, Channel(|c, _| Some(c.exercise(&E_REST_1, c.rest_time())))),
    (&E_SES_1, Session(|c| c.session())),
    (&E_SLEW_2, Channel(|c, f| c.slew(f))),
    (&E_COMP_1, Channel(|c, f| c.compliance(f))),
    (&E_SH_1, Electrode(|c, p| c.shannon(p))),
    (&E_J2T_1, From(&E_J_2, |c, row| c.heat(row))),
    (&E_STUCK_1, Channel(|c, f| Some(c.stuck(f)))),
    (&E_STUCK_2, Channel(|c, f| c.stuck_with_one_shot(f))),
];

pub(super) const fn plain(value: Ratio) -> Found {
    Found::value(Measured::plain(value))
}

pub(super) fn whole(value: u64) -> Found {
    Found::value(Measured::whole(value))
}

/// Root mean square of a mean square in nA².
fn rms(square: u128) -> Found {
    Found::value(Measured::square(Ratio::of(square, 1, 1_000_000)))
}

/// Up to the next µA; mostly there is none at all.
fn microamps(na: u128) -> u64 {
    if na == 0 { 0 } else { narrow(scale_up(na, 1, 1_000)) }
}

impl Context<'_> {
    /// The mean square over the window of a rule. On a shared electrode the r.m.s. currents add, as if they flowed at the same time;
    /// those of channels on one source never do, so that their squares add.
    fn mean_square(&self, place: Place, rule: &Rule) -> Option<u128> {
        match place {
            Place::Channel(channel) => self.facts(channel).map(|facts| facts.mean_square(rule)),
            Place::Shared(mask) => {
                let squares = self.squares_by_source(mask, rule);
                let sum = squares.into_iter().map(root_up).fold(0, u128::saturating_add);
                Some(times(sum, sum))
            }
            Place::Session => None,
        }
    }

    /// Mean squares of the channels of a mask, those on one source added up at the first of them.
    fn squares_by_source(&self, mask: u8, rule: &Rule) -> [u128; MAX_CHANNELS] {
        let mut squares = [(0_u8, 0_u128); MAX_CHANNELS];
        for facts in self.members(mask) {
            let source = facts.source();
            let own = |slot: &&mut (u8, u128)| slot.1 == 0 || (source != 0 && slot.0 == source);
            if let Some(slot) = squares.iter_mut().find(own) {
                *slot = (source, slot.1.saturating_add(facts.mean_square(rule)));
            }
        }
        squares.map(|(_, square)| square)
    }

    /// The sum of a quantity over the channels of a mask, of which those on one source take turns: the largest of these.
    fn at_once(&self, mask: u8, quantity: impl Fn(&Facts<'_>) -> u128) -> u128 {
        let mut largest = [(0_u8, 0_u128); MAX_CHANNELS];
        for facts in self.members(mask) {
            let (source, value) = (facts.source(), quantity(facts));
            let own = |slot: &&mut (u8, u128)| slot.1 == 0 || (source != 0 && slot.0 == source);
            if let Some(slot) = largest.iter_mut().find(own) {
                *slot = (source, slot.1.max(value));
            }
        }
        largest.iter().fold(0, |sum, (_, value)| sum.saturating_add(*value))
    }

    /// The peaks of long phases, which on a shared electrode flow at the same time but for those on one source.
    fn long_peak(&self, place: Place) -> Option<Found> {
        let of = |facts: &Facts<'_>| u128::from(facts.pulse.long_peak_ua().unwrap_or(0));
        let peak = match place {
            Place::Channel(channel) => self.facts(channel).map_or(0, of),
            Place::Shared(mask) => self.at_once(mask, of),
            Place::Session => 0,
        };
        (peak > 0).then(|| whole(narrow(peak)))
    }

    /// The energy of the short phases of a pulse. On a shared electrode the currents add, so that the roots of it do; pulses on
    /// one source do not overlap.
    fn short_energy(&self, place: Place) -> Option<Found> {
        let ohms = N_EN_1.load.ohms()?;
        let energy = match place {
            Place::Channel(channel) => self.facts(channel)?.pulse.short_energy(ohms),
            Place::Shared(mask) => {
                let root = self.at_once(mask, |facts| facts.pulse.short_root());
                self.members(mask).next()?.pulse.microjoules(times(root, root), ohms)
            }
            Place::Session => return None,
        };
        Some(plain(energy))
    }

    /// The mean of |I| over the worst second, with a declared direct current, which adds on a shared electrode also where channels
    /// take turns.
    fn mean_absolute(&self, place: Place) -> Option<Found> {
        let of =
            |facts: &Facts<'_>| facts.second.mean_absolute_na.saturating_add(self.declared_na().unwrap_or(0));
        let mean = match place {
            Place::Channel(channel) => of(self.facts(channel)?),
            Place::Shared(mask) => self.members(mask).map(of).fold(0, u128::saturating_add),
            Place::Session => return None,
        };
        Some(plain(Ratio::of(mean, 1, 1_000)))
    }

    /// The largest current, that of a pulse on a declared direct current.
    fn peak(&self, facts: &Facts<'_>) -> Ratio {
        Ratio::of(self.peak_na(facts), 1, 1_000)
    }

    fn peak_na(&self, facts: &Facts<'_>) -> u128 {
        facts.pulse.peak_na().saturating_add(self.declared_na().unwrap_or(0))
    }

    /// The lowest pulse rate at a place: the r.m.s. limits grow with the rate.
    fn lowest_mhz(&self, place: Place) -> Option<u64> {
        match place {
            Place::Channel(channel) => self.facts(channel).map(|f| f.lowest_mhz),
            Place::Shared(mask) => self.members(mask).map(|f| f.lowest_mhz).min(),
            Place::Session => None,
        }
    }

    /// The same with the direct current that the setup declares on each channel, as if all of it added.
    fn total_square(&self, place: Place, rule: &Rule) -> Option<u128> {
        let square = self.mean_square(place, rule)?;
        let Some(declared) = self.declared_na() else { return Some(square) };
        let channels = match place {
            Place::Shared(mask) => self.members(mask).count(),
            Place::Channel(_) | Place::Session => 1,
        };
        let direct = declared.saturating_mul(u128::try_from(channels).unwrap_or(u128::MAX));
        let total = root_up(square).saturating_add(direct);
        Some(times(total, total))
    }

    /// What the setup declares on each channel, in nA.
    fn declared_na(&self) -> Option<u128> {
        self.setup.declared_dc().map(|dc| product(dc.as_microamps().into(), 1_000))
    }

    /// The energy of a pulse, and of a declared direct current for the longest that one takes.
    fn energy(&self, facts: &Facts<'_>) -> Option<Found> {
        let ohms = N_IND_1_ENERGY.load.ohms()?;
        let Some(declared) = self.declared_na() else { return Some(plain(facts.pulse.energy(ohms))) };
        let direct = times(times(declared, declared), u128::from(facts.compiled.longest_ticks()));
        let root = facts.pulse.root().saturating_add(root_up(direct));
        Some(plain(facts.pulse.microjoules(times(root, root), ohms)))
    }

    /// A mean square, and whether the guard, which counts more, may trip although it is within the limit: on any channel that the
    /// rule binds, as there is one row for all of them.
    fn guarded_rms(&self, rule: &Rule, square: u128, binds: impl Fn(u64) -> bool) -> Found {
        let found = rms(square);
        let limit = self.setup.limit(rule, self.profile).map_or(0, |limit| limit.value);
        if found.value.is_none_or(|value| value.breaks(rule, limit)) {
            return found;
        }
        let most_na2 = times(product(limit, limit), 1_000_000);
        let mut bound = self.facts.iter().flatten().filter(|facts| binds(facts.lowest_mhz));
        let may_trip = bound.any(|facts| !facts.again && facts.in_guard.is_above(most_na2));
        Found { remark: may_trip.then_some(Remark::GuardMayTrip), ..found }
    }

    fn rms_row(&self, place: Place, rule: &Rule, above_mhz: u64, up_to_mhz: u64) -> Option<Found> {
        let applies = |mhz: u64| mhz > above_mhz && mhz <= up_to_mhz;
        let rate = self.lowest_mhz(place)?;
        if applies(rate) {
            Some(self.guarded_rms(rule, self.mean_square(place, rule)?, applies))
        } else {
            None
        }
    }

    /// 10 mA, or what makes 10 V at the load that is stated if that is less.
    fn marked(&self, rms: &Row) -> Found {
        let by_voltage = self.setup.load_ohm().and_then(|ohms| MARK_UV.checked_div(ohms.into()));
        let binds = self.setup.limit(&N_MARK_1, self.profile).map_or(0, |limit| limit.value);
        Found { limit: by_voltage.filter(|limit| *limit < binds), ..whole(rms.value.unwrap_or(u64::MAX)) }
    }

    fn area(&self, place: Place) -> Option<Option<u32>> {
        match place {
            Place::Channel(channel) => Some(self.setup.area_mm2(channel)),
            Place::Shared(mask) => {
                let areas = (0_u8..).map_while(|n| self.setup.shared(n));
                Some(areas.filter(|(channels, _)| *channels == mask).map(|(_, area)| area).min())
            }
            Place::Session => None,
        }
    }

    fn on_area(&self, place: Place, rule: &Rule, value: impl Fn(u128, u32) -> Measured) -> Option<Found> {
        let square = self.total_square(place, rule)?;
        let found = self.area(place)?.map(|area| Found::value(value(square, area)));
        Some(found.unwrap_or(Found::missing(Verdict::Deny, Remark::ElectrodeUnknown)))
    }

    fn density(&self, place: Place, rule: &Rule, permille: u16) -> Option<Found> {
        self.on_area(place, rule, |square, area| Measured::square(density_square(square, area, permille)))
    }

    /// On the part of an electrode that is in contact, of which no setup makes more than half.
    fn contact_density(&self, place: Place) -> Option<Found> {
        let permille = self.setup.contact_permille().min(Setup::CONTACT_PERMILLE);
        let found = self.density(place, &E_J_2, permille)?;
        Some(Found { detail: found.value.map(|_| Detail::Contact { permille }), ..found })
    }

    /// The charge of the largest phase, squared, over the conductive area; on a shared electrode the charges add. It warns and
    /// denies in a profile that has the rule for its own and where a layer states a limit of it, and informs elsewhere.
    fn shannon(&self, place: Place) -> Option<Found> {
        let charge = match place {
            Place::Channel(channel) => self.facts(channel)?.pulse.phase_charge_pc(),
            Place::Shared(mask) => {
                self.members(mask).map(|f| f.pulse.phase_charge_pc()).fold(0, u64::saturating_add)
            }
            Place::Session => return None,
        };
        let Some(area) = self.area(place)? else {
            return Some(Found::missing(Verdict::NotEvaluated, Remark::ElectrodeUnknown));
        };
        // pC² are 10⁻¹⁵ µC·mC, and 100 mm² are 1 cm²
        let value = Measured::plain(Ratio::of(product(charge, charge), 1, product(area.into(), 10_000_000)));
        let denies = value.breaks(&E_SH_1, self.setup.limit(&E_SH_1, self.profile)?.value);
        let warns = E_SH_1.warn.is_some_and(|warn| value.breaks(&E_SH_1, warn));
        let found = Found::value(value);
        let binds = self.profile.adds(&E_SH_1) || self.profile.states(&E_SH_1) || self.setup.states(&E_SH_1);
        Some(match (binds, denies, warns) {
            (true, true, _) | (_, false, false) => found,
            (true, false, true) => Found { verdict: Some(Verdict::Warn), ..found },
            (false, ..) => Found { verdict: Some(Verdict::Inform), remark: Some(Remark::Advisory), ..found },
        })
    }

    /// The session to the end of the channel that begins last, in ms. An offset of less than a period only keeps channels out of
    /// each other's way.
    fn length_ms(&self) -> u64 {
        let later = self.plan.channels().filter(|channel| !takes_turns(channel));
        let offset = later.map(|channel| channel.channel().offset.as_micros()).max().unwrap_or(0);
        u64::from(self.plan.session().length().as_millis()).saturating_add(u64::from(offset.div_ceil(1_000)))
    }

    /// The whole session counts as on.
    fn heat(&self, row: &Row) -> Found {
        let Some(density) = row.value else {
            return Found::missing(Verdict::NotEvaluated, Remark::ElectrodeUnknown);
        };
        // (µA/cm²)²·ms are 10⁻⁹ mA²·s/cm⁴
        let heat = plain(Ratio::of(product(density, density), self.length_ms(), 1_000_000_000));
        Found { detail: row.detail, ..heat }
    }

    fn power(&self, place: Place) -> Option<Found> {
        let ohms = G_PD_1.load.ohms()?;
        self.on_area(place, &G_PD_1, |square, area| Measured::plain(power(square, ohms, area)))
    }

    /// Direct current at a place in µA: on each channel what the setup declares and what its pulses leave, |ΣIt| of the worst second. They
    /// add: the one is the stage's, the other is commanded. `None` where neither is declared.
    fn declared_ua(&self, place: Place) -> Option<u64> {
        let stage = self.setup.declared_dc().map(|dc| u64::from(dc.as_microamps()));
        let on_channel = |f: &Facts| stage.unwrap_or(0).saturating_add(microamps(f.second.mean_dc_na));
        let sum = match place {
            Place::Channel(channel) => self.facts(channel).map_or(0, on_channel),
            Place::Shared(mask) => self.members(mask).map(on_channel).fold(0, u64::saturating_add),
            Place::Session => 0,
        };
        (stage.is_some() || sum > 0).then_some(sum)
    }

    fn direct_current(&self, place: Place) -> Option<Found> {
        let none = Found { remark: Some(Remark::NoDcDeclared), ..whole(0) };
        Some(self.declared_ua(place).map_or(none, whole))
    }

    fn direct_density(&self, place: Place) -> Option<Found> {
        let Some(area) = self.area(place)? else {
            return Some(Found::missing(Verdict::Deny, Remark::ElectrodeUnknown));
        };
        let Some(current) = self.declared_ua(place) else {
            return Some(Found::missing(Verdict::NotEvaluated, Remark::NoDcDeclared));
        };
        let permille = self.setup.contact_permille();
        let contact = product(u64::from(area), u64::from(permille));
        let density = plain(Ratio::of(u128::from(current), 100_000, contact));
        Some(Found { detail: Some(Detail::Contact { permille }), ..density })
    }

    fn rail(&self) -> Found {
        let missing = Found::missing(Verdict::NotEvaluated, Remark::RailUnknown);
        self.setup.rail_mv().map_or(missing, |rail| whole(u64::from(rail)))
    }

    /// A rule on contractions, which binds exercise alone. What is not called so and contracts all the same warns past it.
    fn exercise(&self, rule: &Rule, value: u64) -> Found {
        if self.setup.use_class() == UseClass::Exercise {
            return whole(value);
        }
        if self.contracts_as_exercise() && rule.breaks(value, rule.limit) {
            return self.as_exercise(value);
        }
        Found::missing(Verdict::NotEvaluated, Remark::UseClass)
    }

    /// Whether the schedule is one of contractions and rests although the use class is for none. A programme without a rest is one
    /// train.
    fn contracts_as_exercise(&self) -> bool {
        let class = self.setup.use_class();
        let rests = match self.plan.session().schedule() {
            Schedule::Cyclic(_) => true,
            Schedule::Program(stages) => stages.iter().any(|stage| stage.cycle.rest > Millis::ZERO),
            Schedule::Gated(_) => class == UseClass::Continuous,
            Schedule::Continuous => false,
        };
        rests && matches!(class, UseClass::FunctionalWear | UseClass::Continuous)
    }

    fn as_exercise(&self, value: u64) -> Found {
        Found { verdict: Some(Verdict::Warn), remark: Some(Remark::ClassAndSchedule), ..whole(value) }
    }

    /// The length of the session. Where the protocol is to state it and does not, what a device or a subject states denies, and
    /// nothing passes; contractions for longer than exercise may last warn.
    fn session(&self) -> Found {
        let found = whole(self.length_ms());
        let breaks = |limit| found.value.is_some_and(|value| value.breaks(&E_SES_1, limit));
        let limit = self.setup.limit(&E_SES_1, self.profile);
        if limit.is_some_and(|limit| breaks(limit.value)) {
            return found;
        }
        if self.contracts_as_exercise() && breaks(E_SES_1.limit) {
            return self.as_exercise(self.length_ms());
        }
        if self.setup.session_is_stated(self.profile) {
            return found;
        }
        let remark = Some(Remark::SessionLengthUnstated);
        Found { verdict: Some(Verdict::NotEvaluated), remark, ..found }
    }

    /// The shortest rest between two contractions, in ms.
    fn rest_time(&self) -> u64 {
        match self.plan.session().schedule() {
            Schedule::Continuous => 0,
            Schedule::Cyclic(cycle) => u64::from(cycle.rest.as_millis()),
            Schedule::Program(stages) => u64::from(shortest_rest(stages).as_millis()),
            Schedule::Gated(gate) => u64::from(gate.min_off.as_millis()),
        }
    }

    fn compliance(&self, facts: &Facts<'_>) -> Option<Found> {
        let (Some(rail), Some(load)) = (self.setup.rail_mv(), self.setup.load_ohm()) else {
            let rail = self.setup.rail_mv().is_none();
            let remark = if rail { Remark::RailUnknown } else { Remark::LoadUnknown };
            return Some(Found::missing(Verdict::NotEvaluated, remark));
        };
        let peak_mv = scale_up(self.peak_na(facts), load.into(), 1_000_000);
        Some(plain(Ratio::of(peak_mv, 1_000, u128::from(rail))))
    }
}
