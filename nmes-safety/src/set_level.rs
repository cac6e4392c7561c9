//! How the set level of a channel rises: in steps, slowly, and from zero slower still.

use core::fmt;

use nmes_core::{MicroAmps, Setting};

use crate::fault::Cite;
use crate::rules;

/// A rise of the set level that is not taken. Nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SetRefusal {
    /// The channel asked for.
    pub channel: u8,
    /// The value asked for, in `unit`.
    pub value: u32,
    /// The most (or for times the least) that is taken now, in `unit`.
    pub limit: u32,
    /// The unit of both.
    pub unit: &'static str,
    /// The rule's name, as in [`rules::by_id`], or that of a requirement of the guard's own.
    pub rule: &'static str,
    /// Where the limit is from.
    pub source: &'static str,
}

impl SetRefusal {
    pub(crate) const fn new(channel: u8, cite: Cite, value: u32, limit: u32, unit: &'static str) -> Self {
        Self { channel, value, limit, unit, rule: cite.rule, source: cite.source }
    }
}

impl fmt::Display for SetRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, value, limit, unit, rule, source } = self;
        write!(f, "channel {channel}: {value} {unit} against {limit} {unit} ({rule}; {source})")
    }
}

impl core::error::Error for SetRefusal {}

/// What is authorised on a channel, and how it got there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetLevel {
    pub(crate) authorised: Setting,
    /// Amplitude and width of it, each bit turned round.
    complement: (u32, u32),
    /// The rise in hand: when it began and from which amplitude, in µA. `None` at rest at zero.
    rise: Option<(u64, u32)>,
    /// Slew credit used, in µA, as of a tick.
    spent_ua: u32,
    spent_tick: u64,
    /// After a lost contact: how many trains have to begin before it may go more than half way back, and where that is, in µA.
    regain: Option<(u8, u32)>,
}

/// Trains that begin with contact before the level may be what it was: the first of them at most half way. Ours: two steps of a walker, as
/// no source that was read gives a number.
const REGAIN_TRAINS: u8 = 2;

/// What bounds a rise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RiseLimits {
    pub(crate) ticks_per_second: u32,
    /// N-STEP-1, in µA.
    pub(crate) step_ua: u32,
    /// E-SLEW-1, in µA each second.
    pub(crate) slew_ua: u32,
    /// E-RAMP-1, in ticks.
    pub(crate) ramp_ticks: u64,
    /// The amplitude at full level that the session asks for, in µA.
    pub(crate) target_ua: u32,
    /// The channel's ceiling.
    pub(crate) ceiling: Setting,
}

impl RiseLimits {
    /// What may come at once: one step, but no more than half of what a second may hold.
    fn burst_ua(&self) -> u32 {
        self.step_ua.min(self.slew_ua / 2)
    }
}

pub(crate) fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(SetLevel { authorised, complement, rise, spent_ua, spent_tick, regain });

impl SetLevel {
    pub(crate) const ZERO: Self = Self {
        authorised: Setting::ZERO,
        complement: (u32::MAX, u32::MAX),
        rise: None,
        spent_ua: 0,
        spent_tick: 0,
        regain: None,
    };

    fn authorise(&mut self, setting: Setting) {
        self.authorised = setting;
        self.complement = (!setting.amplitude.as_microamps(), !setting.width.as_micros());
    }

    /// Whether what is authorised fits its complement.
    pub(crate) const fn is_intact(&self) -> bool {
        let (amplitude, width) = self.complement;
        self.authorised.amplitude.as_microamps() == !amplitude && self.authorised.width.as_micros() == !width
    }

    /// Takes a new setting, or says why not. A lower one is always taken.
    pub(crate) fn request(
        &mut self,
        now: u64,
        channel: u8,
        want: Setting,
        limits: &RiseLimits,
    ) -> Result<(), SetRefusal> {
        // also of a pulse that is wider and so much weaker that it is no rise
        below_ceiling(channel, want, limits.ceiling)?;
        let rise = self.rise_ua(want);
        if rise > 0 {
            let spent = self.check_rise(now, channel, want, rise, limits)?;
            self.spent_ua = spent.saturating_add(rise);
            self.spent_tick = now;
            self.rise.get_or_insert((now, self.authorised.amplitude.as_microamps()));
        }
        self.authorise(want);
        if want.amplitude.as_microamps() == 0 {
            self.rise = None;
        }
        Ok(())
    }

    /// The slew credit in use, when the rise may be.
    fn check_rise(
        &self,
        now: u64,
        channel: u8,
        want: Setting,
        rise: u32,
        limits: &RiseLimits,
    ) -> Result<u32, SetRefusal> {
        let asked = want.amplitude.as_microamps();
        refuse_above(channel, Cite::of(&rules::N_STEP_1), rise, limits.step_ua, "µA in one action")?;
        let highest = self.ramp_ua(now, limits);
        refuse_above(channel, Cite::of(&rules::E_RAMP_1), asked, highest, "µA this soon after zero")?;
        let spent = self.spent_ua(now, limits);
        let credit = limits.burst_ua().saturating_sub(spent);
        refuse_above(channel, Cite::of(&rules::E_SLEW_1), rise, credit, "µA at this moment")?;
        Ok(spent)
    }

    /// Lowers the amplitude without asking, and lets the next rise begin anew from there.
    pub(crate) fn drop_to(&mut self, amplitude: MicroAmps) {
        self.authorise(Setting { amplitude: self.authorised.amplitude.min(amplitude), ..self.authorised });
        self.rise = None;
        self.regain = None;
    }

    /// Contact is back: the next rise begins from where the level is, whatever was asked for while it was lost.
    pub(crate) const fn rise_anew(&mut self) {
        self.rise = None;
    }

    /// As [`SetLevel::drop_to`] where contact is lost in trains: the way back is one of two of them, half of it each.
    pub(crate) fn lose(&mut self, probe: MicroAmps) {
        let before = self.authorised.amplitude.as_microamps();
        let after = before.min(probe.as_microamps());
        let half = after.saturating_add(before.saturating_sub(after) / 2);
        // lost again on the way back: it is still the way to where it was at first
        let half = self.regain.map_or(half, |(_, old)| old.max(half));
        self.drop_to(probe);
        self.regain = Some((REGAIN_TRAINS, half));
    }

    /// A train begins, with contact.
    pub(crate) fn begin_train(&mut self) {
        self.regain =
            self.regain.and_then(|(trains, half)| Some((trains.checked_sub(1).filter(|&n| n > 0)?, half)));
    }

    /// Half of the way back, in µA, while no more is allowed: until the second train begins, and within the one from `train` to
    /// `last_pulse` until it lasted as long as a rise, for that is no step.
    pub(crate) fn half_way(&self, train: Option<u64>, last_pulse: u64, ramp_ticks: u64) -> Option<u32> {
        let (_, half) = self.regain?;
        let began = self.rise.map(|(began, _)| began).max(train);
        let lasted = began.map_or(0, |began| last_pulse.saturating_sub(began));
        (lasted < ramp_ticks).then_some(half)
    }

    /// By how much a setting is stronger, in µA of amplitude at its own width, rounded up: a wider pulse counts as
    /// the rise of amplitude that adds the same charge. 0 when it is not stronger.
    fn rise_ua(&self, want: Setting) -> u32 {
        let old = self.authorised;
        let (old_us, new_us) = (u64::from(old.width.as_micros()), u64::from(want.width.as_micros()));
        let old_ua = u64::from(old.amplitude.as_microamps());
        // below 10^6 × 10^7 = 10^13
        let same_charge = old_ua.saturating_mul(old_us).checked_div(new_us).unwrap_or(old_ua);
        let counted = narrow(same_charge.min(old_ua));
        want.amplitude.as_microamps().saturating_sub(counted)
    }

    /// Slew credit in use, in µA. It comes back over the second, so that no second holds more than E-SLEW-1.
    fn spent_ua(&self, now: u64, limits: &RiseLimits) -> u32 {
        let per_second = u64::from(limits.slew_ua.saturating_sub(limits.burst_ua()));
        let hz = u64::from(limits.ticks_per_second);
        // at most a burst is in use, which is back within a second: the product stays below 10^9 × 2^32
        let elapsed = now.saturating_sub(self.spent_tick).min(hz);
        let back = narrow(elapsed.saturating_mul(per_second).checked_div(hz).unwrap_or(0));
        self.spent_ua.saturating_sub(back)
    }

    /// The highest amplitude that E-RAMP-1 allows now: one step at once, then a line that reaches the session's set
    /// value when the time is over, and from then on anything.
    fn ramp_ua(&self, now: u64, limits: &RiseLimits) -> u32 {
        let (began, from) = self.rise.unwrap_or((now, self.authorised.amplitude.as_microamps()));
        let elapsed = now.saturating_sub(began);
        if elapsed >= limits.ramp_ticks {
            return u32::MAX;
        }
        let span = u64::from(limits.target_ua.saturating_sub(from));
        // below 10^6 × 2^42
        let risen = span.saturating_mul(elapsed).checked_div(limits.ramp_ticks).unwrap_or(0);
        from.saturating_add(narrow(risen).max(limits.step_ua))
    }

    /// Whether the first rise is over, or none is in hand.
    pub(crate) fn is_settled(&self, now: u64, ramp_ticks: u64) -> bool {
        self.rise.is_none_or(|(began, _)| now.saturating_sub(began) >= ramp_ticks)
    }
}

fn below_ceiling(channel: u8, want: Setting, ceiling: Setting) -> Result<(), SetRefusal> {
    let cite = Cite { rule: "CEILING", source: "the channel's ceiling in the checked plan" };
    refuse_above(channel, cite, want.amplitude.as_microamps(), ceiling.amplitude.as_microamps(), "µA")?;
    refuse_above(channel, cite, want.width.as_micros(), ceiling.width.as_micros(), "µs")
}

fn refuse_above(
    channel: u8,
    cite: Cite,
    value: u32,
    limit: u32,
    unit: &'static str,
) -> Result<(), SetRefusal> {
    if value > limit { Err(SetRefusal::new(channel, cite, value, limit, unit)) } else { Ok(()) }
}
