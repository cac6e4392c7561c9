//! What measurements at the start and the end of a phase say of the electrodes.

use crate::check::Checked;
use crate::rules;
use crate::sense::{NOISE_NA, SampleInstant, Sensed};

/// How old a measurement may be before it counts for nothing, in ms: E-Z-2's window. Our choice.
pub const CONTACT_AGE_MS: u32 = 5_000;

/// How many phases in a row have to agree before a channel counts as in contact. Our choice, as many as E-DEL-1 takes.
pub const CONTACT_PHASES: u8 = 3;

/// Magnitude of an impedance in ohm; the largest value for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Impedance {
    /// At the first sample of a phase: mostly the resistance in series.
    pub start_ohm: Option<u32>,
    /// At its last sample: all of it.
    pub end_ohm: Option<u32>,
}

/// What is known of the electrodes of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum ContactState {
    /// Nothing was measured yet, or too long ago: to be taken for no contact.
    Unknown,
    /// Under E-Z-1-S.
    Short,
    /// Over E-Z-1-O, or no current that can be told from noise where one was commanded.
    Open,
    /// Between the two.
    Good,
    /// Between the two, and over 1.5 times what it was when output began, for 5 s (E-Z-2): a pad that peels or dries.
    Rising,
}

impl ContactState {
    /// Whether output may begin or go on.
    #[must_use]
    pub const fn is_in_contact(self) -> bool {
        matches!(self, Self::Good | Self::Rising)
    }
}

/// Takes the samples of one channel and says whether its electrodes are on.
///
/// Feed it every sample with what was commanded at that instant: [`SampleInstant::PhaseStart`] after the settling time of
/// an edge, [`SampleInstant::PhaseEnd`] right before the next. Samples at rest, and of phases that are commanded at less
/// than [`NOISE_FLOOR`](crate::NOISE_FLOOR), say nothing. What is older than [`CONTACT_AGE_MS`] is taken for no contact.
/// All calls do a fixed amount of work.
///
/// ```
/// use nmes_safety::{Contact, ContactState, SampleInstant, Sensed};
/// let mut contact = Contact::new(1_000_000);
/// assert_eq!(contact.state(0), ContactState::Unknown);
/// for pulse in 0..3_u64 {
///     let sample = |voltage_mv, at, instant| Sensed { current_na: 3_000_000, voltage_mv, at_tick: pulse * 100_000 + at, instant };
///     contact.take(3_000_000, &sample(1_500, 20, SampleInstant::PhaseStart)); // 3 mA at 1.5 V: 500 ohm
///     contact.take(3_000_000, &sample(3_000, 199, SampleInstant::PhaseEnd)); // and 1 kohm at the end
/// }
/// assert_eq!(contact.state(300_000), ContactState::Good);
/// assert_eq!((contact.impedance().start_ohm, contact.impedance().end_ohm), (Some(500), Some(1_000)));
/// assert_eq!(contact.state(5_200_200), ContactState::Unknown); // five seconds later
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Contact {
    ticks_per_second: u32,
    /// E-Z-1 from below and from above.
    short_ohm: u64,
    open_ohm: u64,
    /// E-Z-2, in permille of what it was.
    rise_permille: u64,
    last: Impedance,
    judged: Judged,
    in_a_row: u8,
    at_tick: u64,
    /// What it was when output began.
    begun_ohm: Option<u32>,
    /// Since when it is over 1.5 times that.
    rising_since: Option<u64>,
}

/// What the last phases say, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    Short,
    Open,
    Good,
}

impl Contact {
    /// Nothing known, with the limits of a checked session: those of the rules, or what a layer states instead.
    #[must_use]
    pub fn of(checked: &Checked<'_>) -> Self {
        let limit = |rule: &rules::Rule| checked.limit(rule).map_or(rule.limit, |limit| limit.value);
        Self {
            short_ohm: limit(&rules::E_Z_1_SHORT),
            open_ohm: limit(&rules::E_Z_1_OPEN),
            rise_permille: limit(&rules::E_Z_2),
            ..Self::new(checked.plan().hardware().timing().ticks_per_second)
        }
    }

    /// Nothing known, with the limits of the rules, on a clock of so many ticks a second.
    #[must_use]
    pub const fn new(ticks_per_second: u32) -> Self {
        Self {
            ticks_per_second,
            short_ohm: rules::E_Z_1_SHORT.limit,
            open_ohm: rules::E_Z_1_OPEN.limit,
            rise_permille: rules::E_Z_2.limit,
            last: Impedance { start_ohm: None, end_ohm: None },
            judged: Judged::Open,
            in_a_row: 0,
            at_tick: 0,
            begun_ohm: None,
            rising_since: None,
        }
    }

    /// Takes a sample of a phase that is commanded at `commanded_na`.
    pub fn take(&mut self, commanded_na: i64, sample: &Sensed) {
        if commanded_na.unsigned_abs() <= NOISE_NA {
            return;
        }
        let ohm = ohms(sample);
        match sample.instant {
            SampleInstant::PhaseStart => self.last.start_ohm = ohm,
            SampleInstant::PhaseEnd => {
                self.last.end_ohm = ohm;
                self.judge(ohm, sample.at_tick);
            }
            SampleInstant::Rest => {}
        }
    }

    fn judge(&mut self, ohm: Option<u32>, at_tick: u64) {
        let judged = match ohm.map(u64::from) {
            Some(ohm) if rules::E_Z_1_SHORT.breaks(ohm, self.short_ohm) => Judged::Short,
            Some(ohm) if !rules::E_Z_1_OPEN.breaks(ohm, self.open_ohm) => Judged::Good,
            Some(_) | None => Judged::Open,
        };
        let stale = at_tick.saturating_sub(self.at_tick) > self.age_ticks();
        self.in_a_row = if judged == self.judged && !stale { self.in_a_row.saturating_add(1) } else { 1 };
        self.judged = judged;
        self.at_tick = self.at_tick.max(at_tick);
        self.follow(ohm, at_tick);
    }

    /// The trend while on.
    fn follow(&mut self, ohm: Option<u32>, at_tick: u64) {
        let Some(ohm) = ohm.filter(|_| self.in_a_row >= CONTACT_PHASES) else { return };
        let begun = u64::from(*self.begun_ohm.get_or_insert(ohm));
        let rise = u64::from(ohm).saturating_mul(1_000).saturating_sub(begun.saturating_mul(1_000));
        if rise > begun.saturating_mul(self.rise_permille) {
            self.rising_since.get_or_insert(at_tick);
        } else {
            self.rising_since = None;
        }
    }

    /// Output begins anew: the trend is held against what comes next.
    pub const fn begin(&mut self) {
        self.begun_ohm = None;
        self.rising_since = None;
    }

    /// The last impedances.
    #[must_use]
    pub const fn impedance(&self) -> Impedance {
        self.last
    }

    /// What is known now.
    #[must_use]
    pub fn state(&self, now: u64) -> ContactState {
        let stale = now.saturating_sub(self.at_tick) > self.age_ticks();
        if self.in_a_row == 0 || stale {
            return ContactState::Unknown;
        }
        match self.judged {
            Judged::Short => ContactState::Short,
            Judged::Open => ContactState::Open,
            Judged::Good if self.in_a_row < CONTACT_PHASES => ContactState::Unknown,
            Judged::Good if self.has_risen() => ContactState::Rising,
            Judged::Good => ContactState::Good,
        }
    }

    fn has_risen(&self) -> bool {
        self.rising_since.is_some_and(|since| self.at_tick.saturating_sub(since) >= self.age_ticks())
    }

    fn age_ticks(&self) -> u64 {
        u64::from(self.ticks_per_second).saturating_mul(u64::from(CONTACT_AGE_MS)) / 1_000
    }
}

/// |V|/|I|; `None` where no current flows that can be told from noise.
fn ohms(sample: &Sensed) -> Option<u32> {
    let current = sample.current_na.unsigned_abs();
    if current <= NOISE_NA {
        return None;
    }
    // mV over nA is 10^6 ohm: below 2^31 × 10^6
    let ohm = u64::from(sample.voltage_mv.unsigned_abs()).saturating_mul(1_000_000).checked_div(current)?;
    Some(u32::try_from(ohm).unwrap_or(u32::MAX))
}
