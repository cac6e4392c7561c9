//! A switch level that counts only after it has stayed.

/// A change that has stayed, and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) lifted: bool,
    pub(crate) at_us: u64,
}

/// The raw level of the switch and the level that is believed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Debounce {
    raw: Settled,
    stable: Settled,
}

impl Debounce {
    pub(crate) const fn new(lifted: bool, now_us: u64) -> Self {
        let level = Settled { lifted, at_us: now_us };
        Self { raw: level, stable: level }
    }

    /// Takes a raw level. True: a change that had begun is gone again, a bounce.
    pub(crate) const fn sample(&mut self, lifted: bool, now_us: u64) -> bool {
        if self.raw.lifted == lifted {
            return false;
        }
        self.raw = Settled { lifted, at_us: now_us };
        self.raw.lifted == self.stable.lifted
    }

    /// When the raw level will be believed, if it differs from the believed one.
    pub(crate) const fn due_us(&self, debounce_us: u64) -> Option<u64> {
        if self.raw.lifted == self.stable.lifted {
            None
        } else {
            Some(self.raw.at_us.saturating_add(debounce_us))
        }
    }

    /// Believes the raw level.
    pub(crate) const fn settle(&mut self) -> Settled {
        self.stable = self.raw;
        self.stable
    }

    pub(crate) const fn raw_lifted(&self) -> bool {
        self.raw.lifted
    }

    pub(crate) const fn raw(&self) -> Settled {
        self.raw
    }

    /// A lift has begun and has not lasted yet.
    pub(crate) const fn is_lifting(&self) -> bool {
        self.raw.lifted && !self.stable.lifted
    }

    /// A lift that has lasted is over, and the strike has not lasted yet.
    pub(crate) const fn is_landing(&self) -> bool {
        self.stable.lifted && !self.raw.lifted
    }

    pub(crate) const fn stable(&self) -> Settled {
        self.stable
    }
}
