//! The short way of the guard: a pulse without a measurement, each edge at its level and on its tick, or all of them late by the
//! same, while all is well.
//!
//! An edge is held against the same things as on the long way of [`Guard::edge`]. What flowed is not counted edge by edge:
//! it is what the admitted frame sums to, and is taken from there when the pulse is over. Where anything is not as it should
//! be, or takes more than counting on, the edge goes the long way, and [`Watch::catch_up`] counts what was left for later.

use nmes_core::{ChannelHardware, Level, MAX_POINTS};

use crate::admitted::Put;
use crate::guard::Guard;
use crate::sense::Interval;
use crate::watch::{Active, Watch};
use crate::windows::{Dose, charge, squared};

impl<const N: usize> Guard<'_, N> {
    /// Takes an edge the short way; false, and nothing done, where it has to go the long way.
    #[inline]
    pub(crate) fn take_short(&mut self, t: u64, put: &Put) -> bool {
        let (channel, first) = (put.channel(), put.number() == 0);
        // what latched does not run
        if !self.interlock.runs() || t < self.last_tick || (first && self.source_is_busy(channel)) {
            return false;
        }
        let (hardware, most_late) = (self.hardware(), self.limits.late_ticks);
        let hardware = || hardware.channel(channel);
        let Some(watch) = self.watches.get_mut(usize::from(channel)) else { return false };
        if watch.admitted.frame().sequence() != put.sequence {
            return false;
        }
        let taken = match (&watch.active, watch.plain) {
            (Some(active), Some(late)) => {
                active.is_next(put.number(), t, late)
                    && if active.is_last() {
                        hardware().is_some_and(|hardware| watch.end_plain(t, put, hardware))
                    } else {
                        watch.go_on(put)
                    }
            }
            (None, None) if first && watch.waits => {
                hardware().is_some_and(|hardware| watch.begin_plain(t, put, hardware, most_late))
            }
            _ => false,
        };
        if taken {
            self.last_tick = t;
        }
        taken
    }
}

impl Active {
    /// Whether an edge is the next one, late by so much. A sum past the end of the clock is a time long ago.
    #[inline]
    pub(crate) fn is_next(&self, number: u16, t: u64, late: u32) -> bool {
        self.next_edge == number && self.next_tick.wrapping_add(u64::from(late)) == t
    }
}

impl Watch<'_> {
    /// An edge within the pulse.
    #[inline]
    fn go_on(&mut self, put: &Put) -> bool {
        let segment = self.admitted.frame().segment_word(put.number());
        let Some(((level, ticks), active)) = segment.zip(self.active.as_mut()) else { return false };
        if level != put.level {
            return false;
        }
        active.advance(ticks);
        true
    }

    /// The first edge of the pulse that waits, after a rest of which nothing was measured, when nothing is owed, so that it is
    /// no repayment. A pulse of many segments goes the long way: to count them all at once would take too long.
    fn begin_plain(&mut self, t: u64, put: &Put, hardware: &ChannelHardware, most_late: u64) -> bool {
        let (frame, before) = (self.admitted.frame(), &self.interval);
        let rested = before.current_na == 0 && !before.is_sampled();
        let unmeasured = !self.terms.measured && !self.was_sensed();
        let once = self.known.count <= self.known.each && usize::from(self.known.count) <= MAX_POINTS;
        let owes = self.ledger != self.nominal;
        let late = t.checked_sub(frame.onset_tick()).filter(|late| *late <= most_late);
        let Some(late) = late.and_then(|late| u32::try_from(late).ok()) else { return false };
        if !rested || !unmeasured || !once || owes {
            return false;
        }
        let Some((level, ticks)) = frame.segment_word(0).filter(|(level, _)| *level == put.level) else {
            return false;
        };
        self.interval = Interval::new(Level::of_word(level), hardware, t);
        self.begin(0, hardware, t, ticks);
        self.plain = Some(late);
        true
    }

    /// The last edge.
    fn end_plain(&mut self, t: u64, put: &Put, hardware: &ChannelHardware) -> bool {
        let rest = self.admitted.frame().rest();
        let rests = rest.word() == put.level;
        let (sum, net) = (self.ledger.checked_add(self.known.net), self.known.net);
        let Some((ledger, active)) = sum.zip(self.active.as_ref()).filter(|_| rests) else { return false };
        let dose = Dose { squared: self.known.squared, commanded: net, measured: 0 };
        self.windows.add(active.began, t, &dose);
        (self.ledger, self.nominal, self.may_leave) = (ledger, ledger, 0);
        self.interval = Interval::new(rest, hardware, t);
        self.end_unmeasured();
        (self.active, self.plain) = (None, None);
        true
    }

    /// Counts what was left for later in the pulse under way. From here on it goes the long way.
    #[inline]
    pub(crate) fn catch_up(&mut self, hardware: &ChannelHardware) {
        if self.plain.take().is_some() {
            self.count_edges(hardware);
        }
    }

    /// Every edge so far was as late as the first, and the interval is still that of the first.
    #[cold]
    #[inline(never)]
    fn count_edges(&mut self, hardware: &ChannelHardware) {
        let Some(active) = &mut self.active else { return };
        let applied = usize::from(active.next_edge);
        let mut before = 0;
        for segment in self.admitted.frame().segments().take(applied) {
            let t = self.interval.since.saturating_add(before);
            if before > 0 {
                // never near what an `i64` holds, but where a declared direct current has come near: the next edge trips
                let flown = charge(self.interval.current_na, before).unwrap_or(i64::MAX);
                let driven = self.interval.is_driven();
                active.count_unmeasured(driven, squared(self.interval.current_na, before), flown);
                self.ledger = self.ledger.saturating_add(flown);
            }
            self.interval = Interval::new(segment.level, hardware, t);
            before = u64::from(segment.ticks);
        }
    }
}
