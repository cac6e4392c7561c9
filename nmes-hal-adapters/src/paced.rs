//! A clock that a host moves on, for outputs that put whole pulses out by themselves.

use crate::alarm::{Alarm, Late};
use core::cell::Cell;

/// The clock of a session whose edges are made elsewhere: in a commercial stimulator, or in a simulation in real time.
///
/// A host calls [`PacedClock::turn`] with its own monotonic clock, as often as it can; where the alarm is due, the clock
/// stands at the alarm's very tick and [`Stimulator::on_alarm`](crate::Stimulator::on_alarm) is called. Edges within a
/// pulse are then exactly on the plan's grid, as the device makes them; only the onset is as late as the host is.
///
/// # When the host is late
/// Up to `late_max` ticks an onset comes late and the next one stands where it would have: nothing drifts. Later than
/// that, or while the output is still busy with the pulse before, session time waits and what was waited is not caught
/// up on: no two pulses come closer together than a period less `late_max`. [`PacedClock::stalls`] counts both.
///
/// ```
/// use nmes_hal_adapters::{Alarm, PacedClock};
/// let clock = PacedClock::new(5_000);
/// clock.alarm().set(1_000).unwrap();
/// assert!(!clock.turn(999, false));
/// assert!(clock.turn(3_000, false)); // 2 ms late
/// assert_eq!(clock.now(), 1_000);
/// clock.alarm().set(20_000).unwrap();
/// assert!(clock.turn(60_000, false)); // 40 ms late: the session waited
/// assert_eq!((clock.now(), clock.stalls(), clock.waited()), (20_000, 1, 40_000));
/// ```
#[derive(Debug)]
pub struct PacedClock {
    now: Cell<u64>,
    alarm: Cell<Option<u64>>,
    waited: Cell<u64>,
    stalls: Cell<u32>,
    worst_late: Cell<u64>,
    held: Cell<bool>,
    late_max: u64,
    /// Time is the host's, and it waits for nothing.
    follows: bool,
    host: Cell<Option<u64>>,
    overdue: Cell<Option<Late>>,
}

impl PacedClock {
    /// At tick 0, without an alarm.
    #[must_use]
    pub const fn new(late_max_ticks: u32) -> Self {
        Self::made(late_max_ticks, false)
    }

    /// At tick 0, without an alarm, for an output that repeats pulses by itself: time never waits, and a host that was away
    /// for more than `away_max_ticks` from one [`PacedClock::turn`] to the next ends the session.
    ///
    /// ```
    /// use nmes_hal_adapters::{Alarm, PacedClock};
    /// let clock = PacedClock::following(50_000);
    /// clock.alarm().set(1_000).unwrap();
    /// assert!(!clock.turn(0, false));
    /// assert!(clock.turn(50_000, false)); // 49 ms late: nothing waits
    /// assert_eq!((clock.now(), clock.waited(), clock.alarm().overdue()), (1_000, 0, None));
    /// assert!(!clock.turn(100_001, false)); // away for longer than it may be
    /// assert_eq!(clock.alarm().overdue().unwrap().by_ticks, 50_001);
    /// ```
    #[must_use]
    pub const fn following(away_max_ticks: u32) -> Self {
        Self::made(away_max_ticks, true)
    }

    const fn made(late_max_ticks: u32, follows: bool) -> Self {
        Self {
            now: Cell::new(0),
            alarm: Cell::new(None),
            waited: Cell::new(0),
            stalls: Cell::new(0),
            worst_late: Cell::new(0),
            held: Cell::new(false),
            late_max: widen(late_max_ticks),
            follows,
            host: Cell::new(None),
            overdue: Cell::new(None),
        }
    }

    /// Moves on to what the host's clock says, in ticks since the session's clock began; `busy` while the output has not
    /// taken the pulse before. True when the alarm is due: call [`Stimulator::on_alarm`](crate::Stimulator::on_alarm),
    /// and this again. An output that repeats is never busy; a clock that follows takes no notice of it.
    #[must_use]
    pub fn turn(&self, host_tick: u64, busy: bool) -> bool {
        self.look_at_host(host_tick);
        let wanted = host_tick.saturating_sub(self.waited.get()).max(self.now.get());
        self.held.set(false);
        match self.alarm.get().filter(|&at| at <= wanted) {
            None => self.now.set(wanted),
            Some(at) if busy && !self.follows => {
                self.held.set(true);
                self.now.set(self.now.get().max(at.saturating_sub(1)));
            }
            Some(at) => {
                self.note(wanted.saturating_sub(at));
                self.alarm.set(None);
                self.now.set(self.now.get().max(at));
                return true;
            }
        }
        false
    }

    fn look_at_host(&self, host_tick: u64) {
        let away = host_tick.saturating_sub(self.host.get().unwrap_or(host_tick));
        if self.follows && away > self.late_max && self.overdue.get().is_none() {
            self.overdue.set(Some(Late { by_ticks: away }));
        }
        self.host.set(Some(host_tick));
    }

    fn note(&self, late: u64) {
        self.worst_late.set(self.worst_late.get().max(late));
        if late > self.late_max && !self.follows {
            self.waited.set(self.waited.get().saturating_add(late));
            self.stalls.set(self.stalls.get().saturating_add(1));
        }
    }

    /// Whether the last [`PacedClock::turn`] held the clock, because the output is busy. Time then stands still, so
    /// [`Stimulator::on_tick`](crate::Stimulator::on_tick) is left out: its guard takes a clock that stands for broken. The
    /// device's own conversation bounds how long that lasts.
    pub const fn is_held(&self) -> bool {
        self.held.get()
    }

    /// The present tick.
    pub const fn now(&self) -> u64 {
        self.now.get()
    }

    /// The tick of the host's clock at which the alarm will be due; `None` without one.
    pub fn due_at(&self) -> Option<u64> {
        self.alarm.get().map(|at| at.saturating_add(self.waited.get()))
    }

    /// The host tick at which a tick of this clock was, or will be, if nothing waits until then.
    pub const fn host_tick(&self, tick: u64) -> u64 {
        tick.saturating_add(self.waited.get())
    }

    /// How often session time waited because the host or the output was late.
    pub const fn stalls(&self) -> u32 {
        self.stalls.get()
    }

    /// How long it waited in all, in ticks.
    pub const fn waited(&self) -> u64 {
        self.waited.get()
    }

    /// The most that an alarm was answered late, in ticks.
    pub const fn worst_late(&self) -> u64 {
        self.worst_late.get()
    }

    /// The alarm of this clock.
    pub const fn alarm(&self) -> PacedAlarm<'_> {
        PacedAlarm(self)
    }
}

/// The alarm of a [`PacedClock`].
#[derive(Clone, Copy, Debug)]
pub struct PacedAlarm<'c>(&'c PacedClock);

impl Alarm for PacedAlarm<'_> {
    fn now(&mut self) -> u64 {
        self.0.now()
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        self.0.alarm.set(None);
        match self.0.now().checked_sub(at_tick) {
            Some(by_ticks) => Err(Late { by_ticks }),
            None => {
                self.0.alarm.set(Some(at_tick));
                Ok(())
            }
        }
    }

    fn clear(&mut self) {
        self.0.alarm.set(None);
    }

    fn waits(&self) -> bool {
        !self.0.follows
    }

    fn overdue(&self) -> Option<Late> {
        self.0.overdue.get()
    }
}

#[expect(clippy::as_conversions, reason = "u64::from is not const; widening loses nothing")]
const fn widen(ticks: u32) -> u64 {
    ticks as u64
}
