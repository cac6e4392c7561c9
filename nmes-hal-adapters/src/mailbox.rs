//! One message at a time from one priority to another, without a lock and without compare-and-swap.

use core::sync::atomic::{AtomicU32, Ordering};

use nmes_core::{GateInput, Setting, StopPolicy};

use crate::alarm::Alarm;
use crate::outcome::{CommandError, Stopped};
use crate::output::Output;
use crate::sense::Sense;
use crate::stimulator::Stimulator;

/// What the sender asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// [`Stimulator::aim`].
    Aim {
        /// The channel.
        channel: u8,
        /// Where to.
        setting: Setting,
    },
    /// [`Stimulator::command`].
    Command {
        /// The channel.
        channel: u8,
        /// What to.
        setting: Setting,
    },
    /// [`Stimulator::gate`], opening.
    Open,
    /// [`Stimulator::gate`], closing as the session's ramp has it.
    Close,
}

/// What became of the message sent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// None was sent.
    None,
    /// It has not been taken out yet.
    Waiting,
    /// It was done.
    Done,
    /// The stimulator or the guard refused it. Nothing changed.
    Refused,
}

/// The box is full: the message before it has not been taken out yet. It gives this one back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full(pub Mail);

/// A slot for one message, a stop that always gets through, and a sign of life.
///
/// Two counters say whether the slot is full: the sender writes one, the receiver the other, and neither is ever changed
/// by both. So loads and stores are enough, which is all that a Cortex-M0+ has; nothing is masked, and neither side waits.
/// [`Mailbox::split`] makes one sender and one receiver and no more.
///
/// # Bounds
/// A message is taken out by the next [`Stimulator::on_mail`], so within one interval of the slow side; a second one is
/// refused until then. A stop is not a message: it is stored beside the slot, it only ever becomes stricter, and it is
/// looked at first.
///
/// ```
/// use nmes_core::Setting;
/// use nmes_hal_adapters::{Fate, Full, Mail, Mailbox};
/// let mut mailbox = Mailbox::new(); // on a device: in a static cell
/// let (mut sender, mut receiver) = mailbox.split();
/// let mail = Mail::Aim { channel: 0, setting: Setting::new(20_000, 300).unwrap() };
/// sender.send(mail).unwrap();
/// assert_eq!(sender.send(Mail::Open), Err(Full(Mail::Open)));
/// assert_eq!(receiver.take(), Some(mail));
/// assert_eq!(sender.fate(), Fate::Waiting);
/// receiver.answer(true);
/// assert_eq!(sender.fate(), Fate::Done);
/// ```
#[derive(Debug, Default)]
pub struct Mailbox {
    /// Messages written, by the sender alone; 0 only before the first.
    sent: AtomicU32,
    /// Messages answered, by the receiver alone.
    answered: AtomicU32,
    /// 1 when the last one was done.
    done: AtomicU32,
    /// Kind and channel, amplitude, width.
    words: [AtomicU32; 3],
    stop: AtomicU32,
    alive: AtomicU32,
}

impl Mailbox {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sent: AtomicU32::new(0),
            answered: AtomicU32::new(0),
            done: AtomicU32::new(0),
            words: [const { AtomicU32::new(0) }; 3],
            stop: AtomicU32::new(0),
            alive: AtomicU32::new(0),
        }
    }

    /// The two ends; whatever was in it before is gone.
    pub fn split(&mut self) -> (Sender<'_>, Receiver<'_>) {
        *self = Self::new();
        (Sender { mailbox: self }, Receiver { mailbox: self, alive: 0 })
    }
}

/// The end that asks: a host's link, a user's buttons, a main loop.
#[derive(Debug)]
pub struct Sender<'m> {
    mailbox: &'m Mailbox,
}

impl Sender<'_> {
    /// Puts a message in.
    ///
    /// # Errors
    /// The one before is still there.
    pub fn send(&mut self, mail: Mail) -> Result<(), Full> {
        let sent = self.mailbox.sent.load(Ordering::Relaxed);
        if sent != self.mailbox.answered.load(Ordering::Acquire) {
            return Err(Full(mail));
        }
        for (word, value) in self.mailbox.words.iter().zip(words(mail)) {
            word.store(value, Ordering::Relaxed);
        }
        // the words are in place before the count says so
        self.mailbox.sent.store(sent.checked_add(1).unwrap_or(1), Ordering::Release);
        Ok(())
    }

    /// What became of the message sent last.
    #[must_use]
    pub fn fate(&self) -> Fate {
        let sent = self.mailbox.sent.load(Ordering::Relaxed);
        match (
            self.mailbox.answered.load(Ordering::Acquire) == sent,
            self.mailbox.done.load(Ordering::Relaxed),
        ) {
            (true, _) if sent == 0 => Fate::None,
            (false, _) => Fate::Waiting,
            (true, 0) => Fate::Refused,
            (true, _) => Fate::Done,
        }
    }

    /// Asks for a stop, past any message. Asked for again it only becomes stricter; it cannot be taken back.
    pub fn stop(&mut self, policy: StopPolicy) {
        let strictness = match policy {
            StopPolicy::FinishPulse => 1,
            StopPolicy::RecoverNow => 2,
            StopPolicy::HardOff => 3,
        };
        let before = self.mailbox.stop.load(Ordering::Relaxed);
        self.mailbox.stop.store(before.max(strictness), Ordering::Release);
    }

    /// The host is alive.
    pub fn keep_alive(&mut self) {
        let before = self.mailbox.alive.load(Ordering::Relaxed);
        self.mailbox.alive.store(before.wrapping_add(1), Ordering::Release);
    }
}

/// The end beside the stimulator: hand it to [`Stimulator::on_mail`].
#[derive(Debug)]
pub struct Receiver<'m> {
    mailbox: &'m Mailbox,
    alive: u32,
}

impl Receiver<'_> {
    /// The message that waits; it waits until [`Receiver::answer`].
    pub fn take(&mut self) -> Option<Mail> {
        let sent = self.mailbox.sent.load(Ordering::Acquire);
        if sent == self.mailbox.answered.load(Ordering::Relaxed) {
            return None;
        }
        let [a, b, c] = &self.mailbox.words;
        let mail = mail([a, b, c].map(|word| word.load(Ordering::Relaxed)));
        if mail.is_none() {
            // only a memory that fails makes one
            self.answer(false);
        }
        mail
    }

    /// Says what became of the message, and makes room for the next.
    pub fn answer(&mut self, done: bool) {
        self.mailbox.done.store(u32::from(done), Ordering::Relaxed);
        let sent = self.mailbox.sent.load(Ordering::Relaxed);
        self.mailbox.answered.store(sent, Ordering::Release);
    }

    /// Refuses the message that waits, if one does.
    fn refuse(&mut self) {
        if self.take().is_some() {
            self.answer(false);
        }
    }

    /// The stop that was asked for.
    #[must_use]
    pub fn stop(&self) -> Option<StopPolicy> {
        match self.mailbox.stop.load(Ordering::Acquire) {
            0 => None,
            1 => Some(StopPolicy::FinishPulse),
            2 => Some(StopPolicy::RecoverNow),
            _ => Some(StopPolicy::HardOff),
        }
    }

    /// Whether the sender gave a sign of life since this was asked last.
    pub fn was_alive(&mut self) -> bool {
        let alive = self.mailbox.alive.load(Ordering::Acquire);
        let since = alive != self.alive;
        self.alive = alive;
        since
    }
}

impl<O: Output, A: Alarm, S: Sense, const N: usize> Stimulator<'_, O, A, S, N> {
    /// Does what the mailbox asks for: a stop first, then the sign of life, then the message. From the slow side, before
    /// [`Stimulator::on_tick`].
    ///
    /// # Errors
    /// It has stopped, and a message that waited is refused. A message that is refused is an answer, not an error.
    pub fn on_mail(&mut self, mailbox: &mut Receiver<'_>) -> Result<(), Stopped> {
        let stopped = mailbox.stop().map_or(Ok(()), |policy| self.stop(policy));
        if stopped.is_err() {
            mailbox.refuse();
            return stopped;
        }
        if mailbox.was_alive() {
            self.keep_alive();
        }
        let Some(mail) = mailbox.take() else { return Ok(()) };
        let done = self.do_mail(mail);
        mailbox.answer(matches!(done, Ok(true)));
        done.map(drop)
    }

    fn do_mail(&mut self, mail: Mail) -> Result<bool, Stopped> {
        let asked = match mail {
            Mail::Aim { channel, setting } => self.aim(channel, setting),
            Mail::Command { channel, setting } => self.command(channel, setting),
            Mail::Open => return self.gate(GateInput::Open).map(|answer| !is_refused(answer)),
            Mail::Close => {
                return self.gate(GateInput::Close { down: None }).map(|answer| !is_refused(answer));
            }
        };
        match asked {
            Ok(()) => Ok(true),
            Err(CommandError::Stopped(stopped)) => Err(stopped),
            Err(
                CommandError::Guard(_)
                | CommandError::Plan(_)
                | CommandError::NotAuthorised { .. }
                | CommandError::Ending,
            ) => Ok(false),
        }
    }
}

const fn is_refused(answer: nmes_core::GateAnswer) -> bool {
    matches!(answer, nmes_core::GateAnswer::Refused(_))
}

fn words(mail: Mail) -> [u32; 3] {
    let with = |kind: u32, channel: u8, setting: Setting| {
        [kind | u32::from(channel) << 8, setting.amplitude.as_microamps(), setting.width.as_micros()]
    };
    match mail {
        Mail::Aim { channel, setting } => with(1, channel, setting),
        Mail::Command { channel, setting } => with(2, channel, setting),
        Mail::Open => [3, 0, 0],
        Mail::Close => [4, 0, 0],
    }
}

fn mail([head, ua, us]: [u32; 3]) -> Option<Mail> {
    let [kind, channel, _, _] = head.to_le_bytes();
    let setting = Setting::new(ua, us);
    match kind {
        1 => setting.map(|setting| Mail::Aim { channel, setting }),
        2 => setting.map(|setting| Mail::Command { channel, setting }),
        3 => Some(Mail::Open),
        4 => Some(Mail::Close),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests: a panic here is a failed test")]
mod tests {
    use super::*;

    /// REQ-HAL-484: so is a sign of life after the largest count of them.
    #[test]
    fn the_count_of_signs_of_life_comes_round() {
        let mut mailbox = Mailbox::new();
        let (mut sender, mut receiver) = mailbox.split();
        sender.mailbox.alive.store(u32::MAX, Ordering::Relaxed);
        assert!(receiver.was_alive() && !receiver.was_alive());
        sender.keep_alive();
        assert!(receiver.was_alive() && !receiver.was_alive());
    }

    /// REQ-HAL-484: the message after the largest count is as any other: it waits, is taken once, and has its fate.
    #[test]
    fn the_count_of_messages_comes_round() {
        let mut mailbox = Mailbox::new();
        let (mut sender, mut receiver) = mailbox.split();
        let before = u32::MAX - 1;
        sender.mailbox.sent.store(before, Ordering::Relaxed);
        sender.mailbox.answered.store(before, Ordering::Relaxed);
        for done in [true, false, true] {
            sender.send(Mail::Open).unwrap();
            assert_eq!((sender.send(Mail::Close), sender.fate()), (Err(Full(Mail::Close)), Fate::Waiting));
            assert_eq!(receiver.take(), Some(Mail::Open));
            receiver.answer(done);
            assert_eq!(receiver.take(), None);
            assert_eq!(sender.fate(), if done { Fate::Done } else { Fate::Refused });
        }
    }
}
