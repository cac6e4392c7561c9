//! The first faults, kept.

use crate::fault::{Response, Trip};
use crate::rules::E_LOG_1;
use crate::selftest::MeasuredFault;

/// How many faults a [`BlackBox`] keeps.
pub const BLACK_BOX_ENTRIES: usize = 8;

/// How many of them only a fault that ends output may take; the last one only a fault that opens it at once.
pub(crate) const FOR_ENDS: usize = 4;

/// The first faults of a run with their time stamps. First failures win: what is written is never overwritten, and
/// what comes after the last free entry is only counted. Warnings are not written.
///
/// The second half is for faults that end output, and the last entry for one that opens it at once: contact that is lost and comes
/// back again and again does not keep the fault that ended output from being kept.
///
/// ```
/// use nmes_safety::BlackBox;
/// let log = BlackBox::new();
/// assert_eq!(log.first(), None);
/// assert_eq!(log.later(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlackBox {
    entries: [Option<Trip>; BLACK_BOX_ENTRIES],
    later: u32,
}

impl BlackBox {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: [None; BLACK_BOX_ENTRIES], later: 0 }
    }

    /// Keeps a fault if there is room for its response, and counts it otherwise (the count saturates). Looks at each entry
    /// twice at the most.
    pub fn record(&mut self, trip: Trip) {
        let spared = match trip.response {
            Response::Warn | Response::ProbeLevel => FOR_ENDS,
            Response::RampDown => 1,
            Response::OpenNow => 0,
        };
        let free = self.entries.iter().filter(|entry| entry.is_none()).count();
        match self.entries.iter_mut().find(|entry| entry.is_none()).filter(|_| free > spared) {
            Some(free) => *free = Some(trip),
            None => self.later = self.later.saturating_add(1),
        }
    }

    /// The faults in the order they came, at most [`BLACK_BOX_ENTRIES`].
    pub fn entries(&self) -> impl Iterator<Item = &Trip> {
        self.entries.iter().flatten()
    }

    /// The first fault of all; the rest are often its consequences.
    #[must_use]
    pub fn first(&self) -> Option<&Trip> {
        self.entries().next()
    }

    /// How many faults found no entry left for them.
    #[must_use]
    pub const fn later(&self) -> u32 {
        self.later
    }

    /// Whether every fault of the run is kept, as E-LOG-1 has it. Fixed work.
    ///
    /// ```
    /// use nmes_safety::BlackBox;
    /// fn line(log: &BlackBox) -> String {
    ///     log.is_whole().map_or_else(|lost| lost.to_string(), |()| "every fault is kept".to_owned())
    /// }
    /// assert_eq!(line(&BlackBox::new()), "every fault is kept");
    /// ```
    ///
    /// # Errors
    /// [`MeasuredFault`] with how many were only counted.
    pub fn is_whole(&self) -> Result<(), MeasuredFault> {
        MeasuredFault::judge(&E_LOG_1, self.later.into(), E_LOG_1.limit)
    }
}
