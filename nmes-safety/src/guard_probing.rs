//! Before contact is known: no more than a contact check may put out, whatever the plan that the guard was made from.

use nmes_core::Setting;

use crate::fault::{Cite, Fault, Finding};
use crate::guard::Guard;
use crate::guard_admit::Examination;
use crate::guard_form::Main;
use crate::interlock::State;
use crate::probe::PROBE_LIMITS;
use crate::rules::{self, Rule};
use crate::set_level::{SetRefusal, narrow};

/// A limit of the contact check, in its rule's unit.
fn limit(rule: &'static Rule) -> u64 {
    PROBE_LIMITS.iter().find(|(other, _)| core::ptr::eq(*other, rule)).map_or(0, |(_, limit)| *limit)
}

impl<const N: usize> Guard<'_, N> {
    /// A pulse while probing: its peak, width, rate and time against those of a contact check, and it does not repeat.
    pub(crate) fn probing(&self, exam: &Examination<'_>, main: &Main, peak_na: u64) -> Option<Finding> {
        if self.state() != State::Probing {
            return None;
        }
        let cite = Cite::PROBING;
        let hz = u64::from(self.limits.ticks_per_second);
        let most_ticks = limit(&rules::E_W_1).saturating_mul(hz) / 1_000_000;
        self.probing_peak(peak_na)
            .or_else(|| Finding::above(Fault::Width, cite, u64::from(main.ticks), most_ticks, "ticks"))
            .or_else(|| Finding::above(Fault::Form, cite, u64::from(exam.frame.cycles()), 1, "repeats"))
            .or_else(|| exam.probing_rate())
            .or_else(|| self.probing_time(exam.frame.onset_tick(), hz))
    }

    /// What repays while probing is no stronger than a contact check: what is owed of a session before it is not paid then.
    pub(crate) fn probing_peak(&self, peak_na: u64) -> Option<Finding> {
        let most_na = limit(&rules::E_PEAK_1).saturating_mul(1_000);
        let probes = self.state() == State::Probing;
        if probes { Finding::above(Fault::Amplitude, Cite::PROBING, peak_na, most_na, "nA") } else { None }
    }

    /// A contact check begins.
    pub(crate) fn begin_probing(&mut self) {
        self.probing_began = None;
        self.each_watch().for_each(|(_, watch)| watch.next_probe = 0);
    }

    /// A pulse of a contact check began.
    pub(crate) fn probed(&mut self, t: u64, channel: u8) {
        self.probing_began.get_or_insert(t);
        let hz = u64::from(self.limits.ticks_per_second);
        let period = hz.saturating_mul(1_000).checked_div(limit(&rules::E_F_1)).unwrap_or(u64::MAX);
        if let Some((_, _, watch)) = self.parts(channel) {
            let onset = watch.admitted.frame().onset_tick();
            watch.next_probe = watch.next_probe.max(onset).saturating_add(period);
            // of no burst and no contraction of the plan
            watch.next_of_group = 0;
            watch.train_began = None;
        }
    }

    /// From the first pulse since the check began.
    fn probing_time(&self, onset: u64, hz: u64) -> Option<Finding> {
        let lasted = onset.saturating_sub(self.probing_began?);
        let most = limit(&rules::E_SES_1).saturating_mul(hz) / 1_000;
        Finding::above(Fault::SessionLength, Cite::PROBING, lasted, most, "ticks")
    }

    /// The same for a set level that is asked for.
    pub(crate) fn probing_level(&self, channel: u8, setting: Setting) -> Result<(), SetRefusal> {
        let asked = u64::from(setting.amplitude.as_microamps());
        let (wide, most) = (u64::from(setting.width.as_micros()), limit(&rules::E_PEAK_1));
        let refuse = |value, limit, unit| {
            Err(SetRefusal {
                limit: narrow(limit),
                ..SetRefusal::new(channel, Cite::PROBING, narrow(value), 0, unit)
            })
        };
        if self.state() != State::Probing {
            Ok(())
        } else if asked > most {
            refuse(asked, most, "µA")
        } else if wide > limit(&rules::E_W_1) {
            refuse(wide, limit(&rules::E_W_1), "µs")
        } else {
            Ok(())
        }
    }
}

impl Examination<'_> {
    /// As the rate of the plan, with the period of a contact check: neither lateness nor a wait adds up.
    fn probing_rate(&self) -> Option<Finding> {
        let soon = self.watch.next_probe.saturating_sub(self.frame.onset_tick());
        Finding::above(Fault::Rate, Cite::PROBING, soon, self.watch.terms.wait, "ticks before its period")
    }
}
