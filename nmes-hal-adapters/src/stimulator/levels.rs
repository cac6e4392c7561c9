//! Set levels: engine and guard together, and a step at a time towards a target.

use super::Stimulator;
use crate::alarm::Alarm;
use crate::outcome::CommandError;
use crate::output::Output;
use crate::sense::Sense;
use nmes_core::{Engine, GateInput, MicroAmps, Setting};
use nmes_safety::Guard;

/// Sets a level of both; half of it is never left.
pub(crate) fn set_level<const N: usize>(
    engine: &mut Engine<'_, '_>,
    guard: &mut Guard<'_, N>,
    ending: bool,
    (channel, setting, now): (u8, Setting, u64),
) -> Result<(), CommandError> {
    let old = engine.setting(channel).unwrap_or(Setting::ZERO);
    if is_lower(setting, old) {
        engine.command(channel, setting, now).map_err(CommandError::Plan)?;
        return guard.set_level(now, channel, setting).map_err(CommandError::Guard);
    }
    if ending {
        return Err(CommandError::Ending);
    }
    // what the engine could not have is not asked of the guard: it may be less there, and then nothing takes it back
    engine.validate(channel, setting).map_err(CommandError::Plan)?;
    guard.set_level(now, channel, setting).map_err(CommandError::Guard)?;
    engine.command(channel, setting, now).map(drop).map_err(CommandError::Plan)
}

/// Whether the engine could have a setting; nothing comes of it, but that the present one does not go stale.
pub(crate) fn could_have(
    engine: &mut Engine<'_, '_>,
    channel: u8,
    setting: Setting,
    now: u64,
) -> Result<(), CommandError> {
    let old = engine.setting(channel).unwrap_or(Setting::ZERO);
    engine.validate(channel, setting).map_err(CommandError::Plan)?;
    engine.command(channel, old, now).map(drop).map_err(CommandError::Plan)
}

/// One step of a channel towards its target, as far as the guard lets it.
pub(crate) fn raise<const N: usize>(
    engine: &mut Engine<'_, '_>,
    guard: &mut Guard<'_, N>,
    channel: u8,
    target: Setting,
    now: u64,
) {
    let present = engine.setting(channel).unwrap_or(Setting::ZERO);
    if present == target {
        return;
    }
    for step_ua in [1_000, 100] {
        let next = towards(present, target, step_ua);
        if set_level(engine, guard, false, (channel, next, now)).is_ok() {
            break;
        }
    }
}

/// Every level to zero, its width as it is.
pub(crate) fn silence(engine: &mut Engine<'_, '_>, now: u64) {
    for channel in 0..engine.plan().channel_count() {
        let set = engine.setting(channel).unwrap_or(Setting::ZERO);
        let _ = engine.command(channel, Setting { amplitude: MicroAmps::ZERO, ..set }, now);
    }
}

impl<O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'_, O, A, S, N> {
    pub(super) fn set_level(&mut self, channel: u8, setting: Setting, now: u64) -> Result<(), CommandError> {
        set_level(&mut self.engine, &mut self.guard, self.ending, (channel, setting, now))
    }

    pub(super) fn set_target(&mut self, channel: u8, target: Option<Setting>) {
        if let Some(slot) = self.targets.get_mut(usize::from(channel)) {
            *slot = target;
        }
    }

    /// One step of each channel towards its target.
    pub(super) fn raise_levels(&mut self, now: u64) {
        for (channel, target) in (0_u8..).zip(self.targets) {
            if let Some(target) = target.filter(|_| !self.ending) {
                raise(&mut self.engine, &mut self.guard, channel, target, now);
            }
        }
    }

    pub(super) fn end_levels(&mut self) {
        self.ending = true;
        self.targets = [None; N];
    }
}

/// All but a close can open a gate, or keep it open. While a session is ending none of them is taken.
pub(crate) const fn may_open(input: GateInput) -> bool {
    !matches!(input, GateInput::Close { .. })
}

pub(crate) fn is_lower(setting: Setting, old: Setting) -> bool {
    setting.amplitude <= old.amplitude && setting.width <= old.width
}

/// A setting on the way to `target`: its width, and an amplitude that adds at most a step of charge rate.
fn towards(present: Setting, target: Setting, step_ua: u32) -> Setting {
    let (old_us, new_us) = (u64::from(present.width.as_micros()), u64::from(target.width.as_micros()));
    let old_ua = u64::from(present.amplitude.as_microamps());
    // below 10^6 × 10^7
    let same_charge = old_ua.saturating_mul(old_us).checked_div(new_us).unwrap_or(old_ua).min(old_ua);
    let next = same_charge.saturating_add(u64::from(step_ua)).min(u64::from(target.amplitude.as_microamps()));
    let amplitude = u32::try_from(next).ok().and_then(MicroAmps::from_microamps);
    Setting { amplitude: amplitude.unwrap_or(present.amplitude), width: target.width }
}
