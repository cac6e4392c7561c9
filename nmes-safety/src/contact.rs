//! What measurements at the start and the end of a phase say of the electrodes.

use nmes_core::{MicroAmps, Polarity};

use crate::checked::Checked;
use crate::rules;
use crate::selftest::{impedance_ohm, impedance_up_ohm};
use crate::sense::{NOISE_FLOOR, SampleInstant, Sensed, is_above_noise, nanoamps};

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
    /// Over E-Z-1-O; or no current that can be told from noise where one was commanded, or current or voltage against it.
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
/// an edge, [`SampleInstant::PhaseEnd`] right before the next. Samples at rest, and of phases that are commanded at less than
/// twice the noise of the measurement, say nothing. All calls do a fixed amount of work.
///
/// Only phases of the leading polarity are judged: a balancing phase begins with the skin charged the other way, and
/// |V| / |I| at its end is that much lower. A current or a voltage against the one that is driven is no impedance: such a phase
/// says that there is no contact.
///
/// What is older than [`CONTACT_AGE_MS`], or stamped later than the time that is asked for, is taken for no contact. A stamp
/// that was there before is the same measurement again and does not count; an earlier one is of a clock that began anew, and
/// so does the count.
///
/// # Limitations
/// A pulse with several phases of the leading polarity (a prepulse, points, a table) has each of them judged, and the trend
/// compares ends of unlike phases: such a pulse may dry unseen. Pulses of the contact check have one.
///
/// ```
/// use nmes_core::Polarity;
/// use nmes_safety::{Contact, ContactState, SampleInstant, Sensed};
/// let mut contact = Contact::new(1_000_000, Polarity::Positive);
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
    /// Of the phases that are judged.
    leading: Polarity,
    /// What a measurement may read although nothing flows.
    noise: MicroAmps,
    /// E-Z-1 from below and from above.
    short_ohm: u64,
    open_ohm: u64,
    /// E-Z-2, in permille of what it was.
    rise_permille: u64,
    last: Impedance,
    judged: Judged,
    in_a_row: u8,
    at_tick: u64,
    /// When output began.
    begun_tick: u64,
    /// What it was then.
    begun_ohm: Option<u32>,
    /// Since when it is over 1.5 times that, silences left out.
    rising_since: Option<u64>,
}

/// Whether current and voltage go the way that is driven: no electrode answers the other way, so what does is no measurement of one.
fn goes_with(commanded_na: i64, sample: &Sensed) -> bool {
    let way = commanded_na.signum();
    sample.current_na.signum() == way && i64::from(sample.voltage_mv).signum() != way.saturating_neg()
}

/// What the last phases say, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    Short,
    Open,
    Good,
}

impl Contact {
    /// Nothing known of a channel of a checked session, with its limits (those of the rules, or what a layer states
    /// instead), its leading polarity and the noise its setup states.
    #[must_use]
    pub fn of(checked: &Checked<'_>, channel: u8) -> Self {
        let limit = |rule: &rules::Rule| checked.limit(rule).map_or(rule.limit, |limit| limit.value);
        let shapes = checked.plan().session().channels();
        let leading = shapes.get(usize::from(channel)).map_or(Polarity::Positive, |own| own.pulse.leading);
        Self {
            noise: checked.setup().measurement_noise(),
            short_ohm: limit(&rules::E_Z_1_SHORT),
            open_ohm: limit(&rules::E_Z_1_OPEN),
            rise_permille: limit(&rules::E_Z_2),
            ..Self::new(checked.plan().hardware().timing().ticks_per_second, leading)
        }
    }

    /// Goes over to a channel of a checked session. Where it would judge as it does, by the same limits, leading polarity, noise and
    /// clock, what is known is kept; else nothing is known any more, as with [`Contact::of`].
    pub fn go_over_to(&mut self, checked: &Checked<'_>, channel: u8) {
        let anew = Self::of(checked, channel);
        if self.measure() != anew.measure() {
            *self = anew;
        }
    }

    /// What it judges by.
    const fn measure(&self) -> (u32, Polarity, MicroAmps, [u64; 3]) {
        let limits = [self.short_ohm, self.open_ohm, self.rise_permille];
        (self.ticks_per_second, self.leading, self.noise, limits)
    }

    /// Nothing known, with the limits of the rules and [`NOISE_FLOOR`], on a clock of so many ticks a
    /// second.
    #[must_use]
    pub const fn new(ticks_per_second: u32, leading: Polarity) -> Self {
        Self {
            ticks_per_second,
            leading,
            noise: NOISE_FLOOR,
            short_ohm: rules::E_Z_1_SHORT.limit,
            open_ohm: rules::E_Z_1_OPEN.limit,
            rise_permille: rules::E_Z_2.limit,
            last: Impedance { start_ohm: None, end_ohm: None },
            judged: Judged::Open,
            in_a_row: 0,
            at_tick: 0,
            begun_tick: 0,
            begun_ohm: None,
            rising_since: None,
        }
    }

    /// Takes a sample of a phase that is commanded at `commanded_na`.
    pub fn take(&mut self, commanded_na: i64, sample: &Sensed) {
        let told = is_above_noise(commanded_na.unsigned_abs(), nanoamps(self.noise));
        if !told || !self.leads(commanded_na) {
            return;
        }
        let narrow = |ohm: u64| u32::try_from(ohm).unwrap_or(u32::MAX);
        let told = Some(sample).filter(|sample| goes_with(commanded_na, sample));
        let ohm = told.and_then(|sample| impedance_ohm(sample, self.noise)).map(narrow);
        let up_ohm = told.and_then(|sample| impedance_up_ohm(sample, self.noise)).map(narrow);
        match sample.instant {
            SampleInstant::PhaseStart => self.last.start_ohm = ohm,
            SampleInstant::PhaseEnd if self.in_a_row > 0 && sample.at_tick == self.at_tick => {}
            SampleInstant::PhaseEnd => {
                self.last.end_ohm = ohm;
                self.judge(ohm.zip(up_ohm), sample.at_tick);
            }
            SampleInstant::Rest => {}
        }
    }

    const fn leads(&self, commanded_na: i64) -> bool {
        match self.leading {
            Polarity::Positive => commanded_na > 0,
            Polarity::Negative => commanded_na < 0,
        }
    }

    /// Takes an impedance rounded down, and the same rounded up.
    fn judge(&mut self, ohm: Option<(u32, u32)>, at_tick: u64) {
        let judged = match ohm {
            Some((down, _)) if rules::E_Z_1_SHORT.breaks(down.into(), self.short_ohm) => Judged::Short,
            Some((_, up)) if !rules::E_Z_1_OPEN.breaks(up.into(), self.open_ohm) => Judged::Good,
            Some(_) | None => Judged::Open,
        };
        let goes_on = judged == self.judged && self.is_fresh(at_tick);
        self.in_a_row = if goes_on { self.in_a_row.saturating_add(1) } else { 1 };
        if judged != Judged::Good || at_tick < self.at_tick {
            self.rising_since = None;
        } else if !self.is_fresh(at_tick) {
            // the rest between two contractions is no time in which it was risen
            let silence = at_tick.saturating_sub(self.at_tick);
            self.rising_since = self.rising_since.map(|since| since.saturating_add(silence));
        }
        self.judged = judged;
        self.at_tick = at_tick;
        self.follow(ohm, at_tick);
    }

    /// The trend while on, of phases that say that there is contact.
    fn follow(&mut self, ohm: Option<(u32, u32)>, at_tick: u64) {
        let agreed = self.judged == Judged::Good && self.in_a_row >= CONTACT_PHASES;
        let Some((down, up)) = ohm.filter(|_| agreed) else { return };
        let begun = u64::from(*self.begun_ohm.get_or_insert(down));
        let rise = u64::from(up).saturating_mul(1_000).saturating_sub(begun.saturating_mul(1_000));
        if rise > begun.saturating_mul(self.rise_permille) {
            self.rising_since.get_or_insert(at_tick);
        } else {
            self.rising_since = None;
        }
    }

    /// Output begins anew at `now`: the trend is held against what comes next. Where that is before the last measurement, or
    /// before output began the last time, the clock began anew, and what was measured before is forgotten.
    pub const fn begin(&mut self, now: u64) {
        if now < self.at_tick || now < self.begun_tick {
            self.in_a_row = 0;
            self.last = Impedance { start_ohm: None, end_ohm: None };
        }
        self.begun_tick = now;
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
        if self.in_a_row == 0 || !self.is_fresh(now) {
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

    /// Whether the last measurement is of this time or before it, and not too old.
    fn is_fresh(&self, now: u64) -> bool {
        now.checked_sub(self.at_tick).is_some_and(|age| age <= self.age_ticks())
    }

    fn age_ticks(&self) -> u64 {
        u64::from(self.ticks_per_second).saturating_mul(u64::from(CONTACT_AGE_MS)) / 1_000
    }
}
