//! A measurement that keeps what it says of the electrodes.

use crate::sense::{Contact, Sense};
use nmes_core::{Hardware, Level, MAX_CHANNELS};
use nmes_safety::{Checked, ContactState, Impedance, Sensed};

/// Passes a [`Sense`] on, and has a [`nmes_safety::Contact`] for each channel look at its samples on the way.
///
/// Its answer to [`Sense::contact`] is what was measured: [`Contact::Good`] only where three phases in a row say so, not
/// longer ago than 5 s on the clock of the stimulator that asks; else [`Contact::Bad`]. So a session armed with it needs
/// [`Stimulator::probe`] before it, or pulses of another session with the same limits within the last 5 s. A [`Streamer`](crate::Streamer) has no
/// clock before its first block, so it finds no contact here.
///
/// [`Stimulator::probe`]: crate::Stimulator::probe
#[derive(Clone, Copy, Debug)]
pub struct ContactSense<S> {
    sense: S,
    hardware: Hardware,
    contacts: [nmes_safety::Contact; MAX_CHANNELS],
    levels: [Level; MAX_CHANNELS],
    now: u64,
}

fn contacts_of(session: &Checked<'_>) -> [nmes_safety::Contact; MAX_CHANNELS] {
    core::array::from_fn(|channel| {
        nmes_safety::Contact::of(session, u8::try_from(channel).unwrap_or(u8::MAX))
    })
}

impl<S: Sense> ContactSense<S> {
    /// Knows nothing yet; the limits are those of the session, over all its layers, until another is armed with it.
    #[must_use]
    pub fn new(session: &Checked<'_>, sense: S) -> Self {
        let (hardware, contacts) = (*session.plan().hardware(), contacts_of(session));
        Self { sense, hardware, contacts, levels: [Level::Open; MAX_CHANNELS], now: 0 }
    }

    /// What is known of the electrodes of a channel at `now`; `None` for one that no hardware has.
    #[must_use]
    pub fn state(&self, channel: u8, now: u64) -> Option<ContactState> {
        self.contacts.get(usize::from(channel)).map(|contact| contact.state(now))
    }

    /// The last impedance of a channel.
    #[must_use]
    pub fn impedance(&self, channel: u8) -> Option<Impedance> {
        self.contacts.get(usize::from(channel)).map(nmes_safety::Contact::impedance)
    }

    fn take(&mut self, channel: u8, level: Option<Level>, sample: Option<Sensed>) -> Option<Sensed> {
        let index = usize::from(channel);
        let commanded =
            level.zip(self.hardware.channel(channel)).map(|(level, output)| level.current_na(output));
        if let Some(((sample, commanded), contact)) = sample.zip(commanded).zip(self.contacts.get_mut(index))
        {
            contact.take(commanded, &sample);
        }
        sample
    }
}

impl<S: Sense> Sense for ContactSense<S> {
    fn sample(&mut self, channel: u8, level: Level) -> Option<Sensed> {
        if let Some(slot) = self.levels.get_mut(usize::from(channel)) {
            *slot = level;
        }
        let sample = self.sense.sample(channel, level);
        self.take(channel, Some(level), sample)
    }

    fn ended(&mut self, channel: u8) -> Option<Sensed> {
        let level = self.levels.get(usize::from(channel)).copied();
        let sample = self.sense.ended(channel);
        self.take(channel, level, sample)
    }

    fn resting(&mut self, channel: u8) -> Option<Sensed> {
        self.sense.resting(channel)
    }

    /// Contact is judged by the limits of this session from now on. What was measured by those of another one that differ, or for another
    /// hardware, is forgotten.
    fn session(&mut self, session: &Checked<'_>) {
        let hardware = *session.plan().hardware();
        if self.hardware == hardware {
            let contacts = (0_u8..).zip(&mut self.contacts);
            contacts.for_each(|(channel, contact)| contact.go_over_to(session, channel));
        } else {
            self.contacts = contacts_of(session);
            self.hardware = hardware;
        }
        self.sense.session(session);
    }

    /// Output begins from rest: the trend is held against what comes from now on, and answers are as old as they are at `now`.
    /// A `now` before the last one, or before a measurement, is of a clock that began anew: what was measured is forgotten.
    fn arming(&mut self, now: u64) {
        self.now = now;
        self.levels = [Level::Open; MAX_CHANNELS];
        self.contacts.iter_mut().for_each(|contact| contact.begin(now));
        self.sense.arming(now);
    }

    fn contact(&mut self, channel: u8) -> Contact {
        let in_contact = self.state(channel, self.now).is_some_and(ContactState::is_in_contact);
        if in_contact { Contact::Good } else { Contact::Bad }
    }
}
