//! Before contact is known: no more than a contact check may put out, whatever the plan that the guard was made from.

use nmes_core::Setting;

use crate::fault::{Cite, Fault, Finding};
use crate::guard::Guard;
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
    /// A pulse while probing: its peak and its width against those of a contact check.
    pub(crate) fn probing(&self, main: &Main, peak_na: u64) -> Option<Finding> {
        if self.state() != State::Probing {
            return None;
        }
        let hz = u64::from(self.limits.ticks_per_second);
        let most_na = limit(&rules::E_PEAK_1).saturating_mul(1_000);
        let most_ticks = limit(&rules::E_W_1).saturating_mul(hz) / 1_000_000;
        Finding::above(Fault::Amplitude, Cite::PROBING, peak_na, most_na, "nA").or_else(|| {
            Finding::above(Fault::Width, Cite::PROBING, u64::from(main.ticks), most_ticks, "ticks")
        })
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
