//! Set levels: engine and guard together, and a step at a time towards a target.

use super::Stimulator;
use crate::alarm::Alarm;
use crate::outcome::CommandError;
use crate::output::Output;
use crate::sense::Sense;
use nmes_core::{MAX_CHANNELS, MicroAmps, Setting};

impl<O: Output, A: Alarm, S: Sense> Stimulator<'_, O, A, S> {
    pub(super) fn set_level(&mut self, channel: u8, setting: Setting, now: u64) -> Result<(), CommandError> {
        let old = self.engine.setting(channel).unwrap_or(Setting::ZERO);
        if is_lower(setting, old) {
            self.engine.command(channel, setting, now).map_err(CommandError::Plan)?;
            return self.guard.set_level(now, channel, setting).map_err(CommandError::Guard);
        }
        if self.ending {
            return Err(CommandError::Ending);
        }
        let authorised = self.guard.authorised(channel).unwrap_or(Setting::ZERO);
        self.guard.set_level(now, channel, setting).map_err(CommandError::Guard)?;
        let Err(error) = self.engine.command(channel, setting, now) else { return Ok(()) };
        if self.guard.set_level(now, channel, authorised).is_err() {
            // half a rise cannot be taken back (wider but weaker): silence is always taken
            let silence = Setting { amplitude: MicroAmps::ZERO, ..old };
            let _ = self.engine.command(channel, silence, now);
            let _ = self.guard.set_level(now, channel, silence);
        }
        Err(CommandError::Plan(error))
    }

    pub(super) fn set_target(&mut self, channel: u8, target: Option<Setting>) {
        if let Some(slot) = self.targets.get_mut(usize::from(channel)) {
            *slot = target;
        }
    }

    /// One step of each channel towards its target, as far as the guard lets it.
    pub(super) fn raise_levels(&mut self, now: u64) {
        for (channel, target) in (0_u8..).zip(self.targets) {
            let Some(target) = target.filter(|_| !self.ending) else { continue };
            let present = self.engine.setting(channel).unwrap_or(Setting::ZERO);
            if present == target {
                continue;
            }
            for step_ua in [1_000, 100] {
                if self.set_level(channel, towards(present, target, step_ua), now).is_ok() {
                    break;
                }
            }
        }
    }

    pub(super) fn end_levels(&mut self) {
        self.ending = true;
        self.targets = [None; MAX_CHANNELS];
    }
}

pub(super) fn is_lower(setting: Setting, old: Setting) -> bool {
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
