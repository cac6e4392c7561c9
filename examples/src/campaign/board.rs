//! A [`Plant`] as the software sees it: output, alarm and measurement.

use nmes_core::{Hardware, Level};
use nmes_hal_adapters::{Alarm, Contact, Late, Output, Sense};
use nmes_safety::{AdmittedEdge, Sensed};

use super::plant::{Bus, Plant};

/// The converter and bridge of a [`Plant`].
#[derive(Clone, Copy, Debug)]
pub(super) struct PlantOutput<'p>(pub(super) &'p Plant);

/// The bus refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

impl PlantOutput<'_> {
    fn put(&mut self, channel: u8, level: Level) -> Result<(), Refused> {
        let mut inside = self.0.inside.borrow_mut();
        if inside.bus == Bus::Refuses && level != Level::Open {
            inside.bus = Bus::Well;
            return Err(Refused);
        }
        let timing = self.0.hardware.timing();
        if !timing.has_latch {
            // an edge waits for the writes ahead of it
            let free = inside.busy_until;
            inside.advance(free);
            inside.busy_until = inside.now + u64::from(timing.write_ticks);
        }
        inside.write(usize::from(channel), level);
        Ok(())
    }
}

impl Output for PlantOutput<'_> {
    type Error = Refused;

    fn hardware(&self) -> &Hardware {
        &self.0.hardware
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Refused> {
        self.0.inside.borrow_mut().rearm(edges);
        edges.iter().try_for_each(|edge| self.put(edge.channel(), edge.level()))
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Refused> {
        self.0.inside.borrow_mut().open(usize::from(channel));
        Ok(())
    }

    fn off(&mut self) -> Result<(), Refused> {
        let mut inside = self.0.inside.borrow_mut();
        inside.enabled_until = 0;
        inside.gate();
        inside.open_all();
        Ok(())
    }
}

/// The timer of a [`Plant`].
#[derive(Clone, Copy, Debug)]
pub(super) struct PlantAlarm<'p>(pub(super) &'p Plant);

impl Alarm for PlantAlarm<'_> {
    fn now(&mut self) -> u64 {
        self.0.device_now()
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        let mut inside = self.0.inside.borrow_mut();
        let now = inside.device_now();
        if let Some(by_ticks) = now.checked_sub(at_tick) {
            (inside.alarm, inside.rings) = (None, None);
            return Err(Late { by_ticks });
        }
        // set again for the same tick it is the same interrupt, with the same lateness
        if inside.alarm != Some(at_tick) || inside.rings.is_none() {
            inside.alarm = Some(at_tick);
            inside.rings = inside.ring_at(at_tick);
        }
        Ok(())
    }

    fn clear(&mut self) {
        let mut inside = self.0.inside.borrow_mut();
        (inside.alarm, inside.rings) = (None, None);
    }
}

/// The measurement of a [`Plant`].
#[derive(Clone, Copy, Debug)]
pub(super) struct PlantSense<'p>(pub(super) &'p Plant);

impl Sense for PlantSense<'_> {
    fn sample(&mut self, channel: u8, level: Level) -> Option<Sensed> {
        self.0.inside.borrow_mut().sensed(channel, Some(level))
    }

    fn ended(&mut self, channel: u8) -> Option<Sensed> {
        self.0.inside.borrow_mut().sensed(channel, None)
    }

    fn resting(&mut self, channel: u8) -> Option<Sensed> {
        self.0.inside.borrow_mut().sensed_at_rest(channel)
    }

    fn contact(&mut self, _channel: u8) -> Contact {
        Contact::Good
    }
}
