//! What a rule finds at one channel and the electrodes it shares, for lists of output.

use core::ptr;

use nmes_core::Plan;

use super::judges::JUDGES;
use super::{Context, Judge};
use crate::profile::Profile;
use crate::report::Place;
use crate::rules::Rule;
use crate::setup::Setup;

/// A value in a rule's unit, as the check shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) value: u64,
    /// It is that of an electrode which the channel shares, and above that of the channel by itself.
    pub(crate) is_shared: bool,
}

/// The figures of some rules at a channel: for each the larger of the channel by itself and of each electrode that it
/// shares. `None` where a datum is missing, or for a rule that is not of channels or electrodes.
pub(crate) fn figures<const N: usize>(
    plan: &Plan<'_>,
    setup: &Setup,
    channel: u8,
    rules: [&'static Rule; N],
) -> [Option<Figure>; N] {
    // which rules bind and at what limit makes no difference to a value
    let profile = Profile::default();
    let context = Context::new(plan, setup, &profile);
    rules.map(|rule| context.figure(rule, channel))
}

impl Context<'_> {
    fn figure(&self, rule: &'static Rule, channel: u8) -> Option<Figure> {
        let (_, judge) = JUDGES.iter().find(|(judged, _)| ptr::eq(*judged, rule))?;
        let value = self.value_at(*judge, Place::Channel(channel))?;
        let mut figure = Figure { value, is_shared: false };
        for (mask, _) in (0_u8..).map_while(|n| self.setup.shared(n)) {
            let is_member = mask.checked_shr(u32::from(channel)).unwrap_or(0) & 1 == 1;
            let shared = self.value_at(*judge, Place::Shared(mask)).filter(|_| is_member);
            if let Some(value) = shared.filter(|value| *value > figure.value) {
                figure = Figure { value, is_shared: true };
            }
        }
        Some(figure)
    }

    fn value_at(&self, judge: Judge, place: Place) -> Option<u64> {
        let found = match (judge, place) {
            (Judge::Channel(judge), Place::Channel(channel)) => judge(self, self.facts(channel)?)?,
            (Judge::Electrode(judge), _) => judge(self, place)?,
            (Judge::Channel(_) | Judge::Session(_) | Judge::From(..) | Judge::Device(_), _) => return None,
        };
        found.value.map(super::Measured::shown)
    }
}
