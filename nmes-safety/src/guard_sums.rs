//! Whether what never changes while a guard lives is still what it was.

use nmes_core::{ChannelPlan, MAX_CHANNELS, Plan};

use crate::checked::Checked;
use crate::fault::{Cite, Fault, Finding};
use crate::guard::Guard;
use crate::limits::Limits;
use crate::setup::{Setup, UseClass};
use crate::watch::Watch;

/// Words of a plan as it was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    plan: u32,
    channels: [u32; MAX_CHANNELS],
}

impl Words {
    pub(crate) fn of(plan: &Plan<'_>, setup: &Setup) -> Self {
        let mut channels = [0; MAX_CHANNELS];
        for (word, channel) in channels.iter_mut().zip(plan.channels()) {
            *word = channel.word();
        }
        Self { plan: plan_word(plan, setup), channels }
    }
}

/// Checksums of what never changes while a guard lives. The plan stands outside of it, and the engine goes by the same one: a gain
/// that changed there would make both wrong alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums<const N: usize> {
    limits: u32,
    terms: [u32; N],
    plan: u32,
    plans: [u32; N],
}

impl<const N: usize> Sums<N> {
    pub(crate) fn of(checked: &Checked<'_>, limits: &Limits, watches: &[Watch<'_>; N]) -> Self {
        let mut plans = [0; N];
        let words = checked.words();
        for (word, as_checked) in plans.iter_mut().zip(&words.channels) {
            *word = *as_checked;
        }
        let terms = watches.map(|watch| watch.terms.sum());
        Self { limits: limits.sum(), terms, plan: words.plan, plans }
    }
}

#[cfg(feature = "fault-injection")]
impl<const N: usize> nmes_core::flip::Flip for Sums<N> {
    /// All under one name, which is none of what they are of.
    fn flip(&mut self, walk: &mut nmes_core::flip::Walk<'_>) {
        let Self { limits, terms, plan, plans } = self;
        walk.part("sums", limits);
        walk.part("sums", terms);
        walk.part("sums", plan);
        walk.part("sums", plans);
    }
}

/// The plan without its channels, and what of the setup is asked while it runs.
fn plan_word(plan: &Plan<'_>, setup: &Setup) -> u32 {
    let wear = setup.use_class() == UseClass::FunctionalWear;
    plan.word().wrapping_add(wear.into())
}

impl<const N: usize> Guard<'_, N> {
    /// Looks at two checksums, those of limits and plan, or those of the terms and the plan of a channel, in turn.
    pub(crate) fn constants_intact(&mut self) -> Option<Finding> {
        let turn = self.next_sum;
        self.next_sum = if turn < self.checked.plan().channel_count() { turn.saturating_add(1) } else { 0 };
        let sums = &self.sums;
        let intact = match turn.checked_sub(1) {
            None => {
                let plan = plan_word(self.checked.plan(), self.checked.setup());
                self.limits.sum() == sums.limits && plan == sums.plan
            }
            Some(channel) => {
                let (place, plan) = (usize::from(channel), self.plan_of(channel).map(ChannelPlan::word));
                let terms = self.watches.get(place).map(|watch| watch.terms.sum());
                terms == sums.terms.get(place).copied() && plan == sums.plans.get(place).copied()
            }
        };
        Finding::unless(intact, Fault::StateCorrupt, Cite::STATE)
    }
}
