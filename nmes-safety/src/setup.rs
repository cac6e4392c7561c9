//! What a check has to know that no plan contains: electrodes, supply, load, use, and limits of other layers.

use core::{fmt, ptr};

use nmes_core::{MAX_CHANNELS, MicroAmps, Micros, Millis};

use crate::profile::{Layer, Limit, LimitError, Profile, Stated};
use crate::rules::{self, Rule};
use crate::sense::NOISE_FLOOR;

mod fields;

use fields::within;
pub use fields::{SetupError, SetupField};

/// How many electrodes may be shared by several channels.
pub const MAX_SHARED: usize = 4;

/// What a session is for. It selects the duty, rest and session rules, and how the guard answers a lost contact. All other rules
/// bind every class, those on slopes too: E-SLEW-1 and E-RAMP-1 on the set level, E-SLEW-2 on the envelope of a ramp. It is a
/// label that nobody checks but against the schedule: contractions past what exercise may warn in a class that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum UseClass {
    /// Contractions and rests, for strength or endurance.
    #[default]
    Exercise,
    /// Worn in daily life, with trains started by movement.
    FunctionalWear,
    /// One train over the session.
    Continuous,
    /// Direct stimulation of muscle, under a specialist.
    Specialist,
}

impl fmt::Display for UseClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exercise => "exercise",
            Self::FunctionalWear => "functional wear",
            Self::Continuous => "continuous",
            Self::Specialist => "specialist",
        })
    }
}

fn area_in_range(mm2: u32) -> Result<(), SetupError> {
    let source = "conductive area of one electrode, up to 1000 cm²";
    within(SetupField::ElectrodeArea, u64::from(mm2), (1, 100_000), source)
}

/// An electrode that carries the current of several channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    pub(crate) channels: u8,
    pub(crate) area_mm2: u32,
}

/// Electrodes, contact, supply, load, use class and the limits of device, protocol and subject.
///
/// ```
/// use nmes_safety::{rules, Layer, Setup, UseClass};
/// let setup = Setup::new(&[2_500], UseClass::FunctionalWear)? // one channel, 25 cm² at its smaller electrode
///     .with_rail_mv(90_000)?
///     .with_load_ohm(1_000)?;
/// let capped = setup.with_limit(Layer::Subject, &rules::E_PEAK_1, 60_000).unwrap(); // µA
/// assert!(setup.with_limit(Layer::Subject, &rules::E_PEAK_1, 200_000).is_err());
/// assert_ne!(setup, capped);
/// # Ok::<(), nmes_safety::SetupError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    areas_mm2: [u32; MAX_CHANNELS],
    channels: u8,
    contact_permille: u16,
    shared: [Option<Shared>; MAX_SHARED],
    rail_mv: Option<u32>,
    load_ohm: Option<u32>,
    declared_dc: Option<MicroAmps>,
    one_shot: Option<Micros>,
    one_shot_least: Option<Micros>,
    watchdog: Option<Millis>,
    measured: bool,
    noise: MicroAmps,
    use_class: UseClass,
    stated: Stated,
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Setup { stated } not {
    areas_mm2, channels, contact_permille, shared, rail_mv, load_ohm, declared_dc, one_shot, one_shot_least, watchdog, measured, noise, use_class
});

impl Setup {
    /// The part of an electrode that is taken to be in contact unless told otherwise, in thousandths: half. E-J-2 takes no more.
    pub const CONTACT_PERMILLE: u16 = 500;

    /// One area a channel, of its smaller electrode, in mm² of conductive surface.
    ///
    /// # Errors
    /// No channel or more than eight; an area outside 1 mm² to 1000 cm².
    pub fn new(areas_mm2: &[u32], use_class: UseClass) -> Result<Self, SetupError> {
        let channels = u8::try_from(areas_mm2.len()).unwrap_or(u8::MAX);
        within(SetupField::Channels, u64::from(channels), (1, 8), "a session has 1 to 8 channels")?;
        let mut table = [0; MAX_CHANNELS];
        for (slot, &area) in table.iter_mut().zip(areas_mm2) {
            area_in_range(area)?;
            *slot = area;
        }
        Ok(Self {
            areas_mm2: table,
            channels,
            contact_permille: Self::CONTACT_PERMILLE,
            shared: [None; MAX_SHARED],
            rail_mv: None,
            load_ohm: None,
            declared_dc: None,
            one_shot: None,
            one_shot_least: None,
            watchdog: None,
            measured: false,
            noise: NOISE_FLOOR,
            use_class,
            stated: Stated::NONE,
        })
    }

    /// The same electrodes and limits for the contact check, which is one short train whatever the session is for.
    pub(crate) const fn probing(mut self) -> Self {
        self.use_class = UseClass::Continuous;
        self
    }

    /// The same with another part of the electrode in contact, in thousandths, for E-DC-4; for E-J-2 too where it is less than
    /// half ([`Setup::CONTACT_PERMILLE`]).
    ///
    /// # Errors
    /// Outside 1 to 1000.
    pub fn with_contact_permille(mut self, permille: u16) -> Result<Self, SetupError> {
        let source = "1000 is the whole conductive area";
        within(SetupField::ContactFraction, u64::from(permille), (1, 1_000), source)?;
        self.contact_permille = permille;
        Ok(self)
    }

    /// The same with an electrode that several channels share; bit n of `channels` is channel n. Their currents
    /// are taken to flow at the same time.
    ///
    /// # Errors
    /// Fewer than two channels, a channel without an area, an area out of range, more than [`MAX_SHARED`].
    pub fn with_shared(mut self, channels: u8, area_mm2: u32) -> Result<Self, SetupError> {
        let known =
            (0..self.channels).fold(0_u8, |mask, n| mask | 1_u8.checked_shl(u32::from(n)).unwrap_or(0));
        let members = u64::from((channels & known).count_ones());
        let source = "an electrode is shared by two channels or more, each of which is in the setup";
        if channels & !known != 0 {
            let value = u64::from(channels.count_ones());
            return Err(SetupError {
                field: SetupField::SharedChannels,
                value,
                least: 2,
                most: members,
                source,
            });
        }
        within(SetupField::SharedChannels, members, (2, u64::from(self.channels)), source)?;
        area_in_range(area_mm2)?;
        let full = SetupError {
            field: SetupField::SharedElectrodes,
            value: 5,
            least: 0,
            most: 4,
            source: "a setup has room for four shared electrodes",
        };
        let free = self.shared.iter_mut().find(|slot| slot.is_none()).ok_or(full)?;
        *free = Some(Shared { channels, area_mm2 });
        Ok(self)
    }

    /// The same with a known supply rail, in millivolts.
    ///
    /// # Errors
    /// Outside 1 V to 2 kV.
    pub fn with_rail_mv(mut self, millivolts: u32) -> Result<Self, SetupError> {
        let source = "the rail of the output stage, 1 V to 2 kV";
        within(SetupField::SupplyRail, u64::from(millivolts), (1_000, 2_000_000), source)?;
        self.rail_mv = Some(millivolts);
        Ok(self)
    }

    /// The same with a known load of each channel, in ohm: the largest at which the full current is wanted.
    ///
    /// # Errors
    /// Outside 1 ohm to 1 Mohm.
    pub fn with_load_ohm(mut self, ohms: u32) -> Result<Self, SetupError> {
        within(SetupField::Load, u64::from(ohms), (1, 1_000_000), "electrodes and tissue, 1 ohm to 1 Mohm")?;
        self.load_ohm = Some(ohms);
        Ok(self)
    }

    /// The same with a declared direct current on each channel. It is added to the r.m.s. current of the pulses in every rule on the
    /// total, and left out of N-RMS-1 to -3, beside which N-DC-1 limits it.
    ///
    /// # Errors
    /// Zero; declare none instead.
    pub fn with_declared_dc(mut self, current: MicroAmps) -> Result<Self, SetupError> {
        let range = (1, u64::from(MicroAmps::MAX.as_microamps()));
        within(
            SetupField::DeclaredDc,
            u64::from(current.as_microamps()),
            range,
            "without direct current declare none",
        )?;
        self.declared_dc = Some(current);
        Ok(self)
    }

    /// The same with a hardware one-shot on the enable line that lets one level stand for exactly this time.
    ///
    /// # Errors
    /// Zero.
    pub fn with_one_shot(self, time: Micros) -> Result<Self, SetupError> {
        self.with_one_shot_between(time, time)
    }

    /// The same with its tolerance: the shortest and the longest that it lets one level stand. The longest bounds what an
    /// output that stays on delivers (E-STUCK-1); a plan with a level that outlasts the shortest is denied, because it would
    /// be cut, and its charge left.
    ///
    /// ```
    /// use nmes_core::Micros;
    /// use nmes_safety::{Setup, UseClass};
    /// let us = |n| Micros::from_micros(n).unwrap();
    /// let setup = Setup::new(&[2_500], UseClass::Exercise)?;
    /// assert!(setup.with_one_shot_between(us(400), us(600)).is_ok());
    /// assert!(setup.with_one_shot_between(us(600), us(400)).is_err());
    /// # Ok::<(), nmes_safety::SetupError>(())
    /// ```
    ///
    /// # Errors
    /// A time of zero; the longest below the shortest.
    pub fn with_one_shot_between(mut self, least: Micros, longest: Micros) -> Result<Self, SetupError> {
        let hint = "without a one-shot declare none";
        let most = u64::from(Micros::MAX.as_micros());
        within(SetupField::OneShot, u64::from(least.as_micros()), (1, most), hint)?;
        let range = (u64::from(least.as_micros()), most);
        within(
            SetupField::OneShot,
            u64::from(longest.as_micros()),
            range,
            "the longest is not below the shortest",
        )?;
        (self.one_shot, self.one_shot_least) = (Some(longest), Some(least));
        Ok(self)
    }

    /// The same with a measurement of current on every channel: one that gives nothing from the start is then a fault as one
    /// that stops is, after three pulses (E-DEL-1). Without this the guard takes silence from the start for a stage that
    /// does not measure. Rests are measured too, each time the slow side comes: what an output that stays on in one delivers
    /// (E-STUCK-1) is counted until then.
    #[must_use]
    pub const fn with_measurement(mut self) -> Self {
        self.measured = true;
        self
    }

    /// The same with a measurement on every channel, as [`Setup::with_measurement`], of which it is known how much a reading
    /// may be off from what is commanded of a stage in order, in either direction: [`NOISE_FLOOR`] where nothing is said. Every
    /// tolerance of a measured current is at least this wide, in each phase, and what is measured at rest beyond it counts as direct current (E-DC-3): with 1 mA a leak of
    /// 0.9 mA is not seen, with 20 µA one of 80 µA is.
    ///
    /// Direct current while it drives is what is read, and is not widened: an error that is always the same way trips E-DC-3 where it
    /// comes to 50 µA over the time that is driven (0.3 mA at 150 Hz and two phases of 500 µs).
    /// [`read_as_dc_ua`](crate::selftest::read_as_dc_ua) says what it comes to.
    ///
    /// ```
    /// use nmes_core::MicroAmps;
    /// use nmes_safety::{Setup, UseClass};
    /// let setup = Setup::new(&[2_500], UseClass::Exercise)?;
    /// let noise = MicroAmps::from_microamps(20).unwrap();
    /// assert!(setup.with_measurement_noise(noise)?.is_measured());
    /// assert!(setup.with_measurement_noise(MicroAmps::ZERO).is_err());
    /// # Ok::<(), nmes_safety::SetupError>(())
    /// ```
    ///
    /// # Errors
    /// Outside 1 µA to [`NOISE_FLOOR`].
    pub fn with_measurement_noise(mut self, noise: MicroAmps) -> Result<Self, SetupError> {
        let range = (1, u64::from(NOISE_FLOOR.as_microamps()));
        let source = "what one reading is off at the most, as the bench wrote it; the guard judges nothing below 1 mA at once";
        within(SetupField::MeasurementNoise, u64::from(noise.as_microamps()), range, source)?;
        (self.measured, self.noise) = (true, noise);
        Ok(self)
    }

    /// The same with a watchdog that resets the processor, and so opens the output, when it is not fed: the longest from the
    /// last feed to an open output. Without a hardware one-shot an output that stays on when the processor stands still is
    /// on for that long (E-STUCK-1).
    ///
    /// ```
    /// use nmes_core::Millis;
    /// use nmes_safety::{Setup, UseClass};
    /// let setup = Setup::new(&[2_500], UseClass::Exercise)?;
    /// let time = Millis::from_millis(50).unwrap();
    /// assert_eq!(setup.with_watchdog(time)?.watchdog(), Some(time));
    /// assert!(setup.with_watchdog(Millis::ZERO).is_err());
    /// # Ok::<(), nmes_safety::SetupError>(())
    /// ```
    ///
    /// # Errors
    /// Zero.
    pub fn with_watchdog(mut self, time: Millis) -> Result<Self, SetupError> {
        let range = (1, u64::from(Millis::MAX.as_millis()));
        within(SetupField::Watchdog, u64::from(time.as_millis()), range, "without a watchdog declare none")?;
        self.watchdog = Some(time);
        Ok(self)
    }

    /// The same with a limit of the device, the protocol or the subject, in the rule's unit. It can only make a
    /// rule stricter, and one that only some profiles have binds in any of them then. For E-SES-1 in functional wear and continuous use the protocol's figure is the limit, and what a device
    /// or a subject states lowers it.
    ///
    /// # Errors
    /// Looser than [`Rule::loosest`]; another layer; more than [`crate::MAX_STATED`] limits.
    pub fn with_limit(mut self, layer: Layer, rule: &'static Rule, value: u64) -> Result<Self, LimitError> {
        if matches!(layer, Layer::Rule | Layer::Profile) {
            return Err(LimitError::Layer { layer });
        }
        self.stated.state(layer, (rule, rule), value)?;
        Ok(self)
    }

    /// Conductive area of a channel's smaller electrode in mm²; `None` past the last.
    #[must_use]
    pub fn area_mm2(&self, channel: u8) -> Option<u32> {
        self.areas_mm2.get(..usize::from(self.channels))?.get(usize::from(channel)).copied()
    }

    /// The part of an electrode in contact, in thousandths.
    #[must_use]
    pub const fn contact_permille(&self) -> u16 {
        self.contact_permille
    }

    /// Channels (bit n is channel n) and area in mm² of a shared electrode; `None` past the last.
    #[must_use]
    pub fn shared(&self, index: u8) -> Option<(u8, u32)> {
        self.shared.get(usize::from(index)).copied().flatten().map(|s| (s.channels, s.area_mm2))
    }

    /// The supply rail in millivolts, where known.
    #[must_use]
    pub const fn rail_mv(&self) -> Option<u32> {
        self.rail_mv
    }

    /// The load in ohm, where known.
    #[must_use]
    pub const fn load_ohm(&self) -> Option<u32> {
        self.load_ohm
    }

    /// The declared direct current, if any.
    #[must_use]
    pub const fn declared_dc(&self) -> Option<MicroAmps> {
        self.declared_dc
    }

    /// The longest that a hardware one-shot lets one level stand, if there is one.
    #[must_use]
    pub const fn one_shot(&self) -> Option<Micros> {
        self.one_shot
    }

    /// The shortest that it lets one level stand, if there is one.
    #[must_use]
    pub const fn one_shot_least(&self) -> Option<Micros> {
        self.one_shot_least
    }

    /// Whether every channel is said to be measured.
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        self.measured
    }

    /// What a measurement may read although nothing flows.
    #[must_use]
    pub const fn measurement_noise(&self) -> MicroAmps {
        self.noise
    }

    /// The longest from the last feed of the watchdog to an open output, if there is a watchdog.
    #[must_use]
    pub const fn watchdog(&self) -> Option<Millis> {
        self.watchdog
    }

    /// What the session is for.
    #[must_use]
    pub const fn use_class(&self) -> UseClass {
        self.use_class
    }

    /// The limit of a rule over all layers. `None` only for E-SES-1 in functional wear and continuous use while
    /// no layer states it. That of E-STUCK-1 and E-STUCK-2 is twice that of E-Q-1, unless a layer states less. What a layer states
    /// of G-LO-Q is a cap for every width; without it the check adds to the rule's figure what the width allows.
    ///
    /// ```
    /// use nmes_safety::{rules, Layer, Profile, Setup, UseClass};
    /// let setup = Setup::new(&[2_500], UseClass::Exercise).unwrap();
    /// let setup = setup.with_limit(Layer::Device, &rules::E_PEAK_1, 100_000).unwrap();
    /// let setup = setup.with_limit(Layer::Subject, &rules::E_PEAK_1, 60_000).unwrap();
    /// let limit = setup.limit(&rules::E_PEAK_1, &Profile::default()).unwrap();
    /// assert_eq!((limit.value, limit.layer), (60_000, Layer::Subject));
    /// ```
    #[must_use]
    pub fn limit(&self, rule: &Rule, profile: &Profile) -> Option<Limit> {
        let base = if ptr::eq(rule, &rules::E_SES_1) {
            self.session_limit(profile)
        } else if ptr::eq(rule, &rules::E_STUCK_1) || ptr::eq(rule, &rules::E_STUCK_2) {
            Some(self.stuck_limit(rule, profile))
        } else if ptr::eq(rule, &rules::G_LO_Q) && self.stated.strictest(rule, None).is_some() {
            // the strictest of what is stated, also where that is the rule's own figure
            profile.stated(rule)
        } else {
            Some(self.profile_limit(rule, profile))
        };
        self.stated.strictest(rule, base)
    }

    /// Whether the device, the protocol or the subject states a limit of a rule: then it binds in every profile.
    pub(crate) fn states(&self, rule: &Rule) -> bool {
        self.stated.is_stated(rule)
    }

    /// Whether a session's length has a figure to be compared with: the rule's, or where there is none the profile's or the
    /// protocol's. What a device or a subject states only lowers it.
    pub(crate) fn session_is_stated(&self, profile: &Profile) -> bool {
        let rule = &rules::E_SES_1;
        self.session_limit(profile).is_some() || self.stated.is_by(Layer::Protocol, rule)
    }

    /// That of the profile, whose own figures bind only in the use class that it is for.
    fn profile_limit(&self, rule: &Rule, profile: &Profile) -> Limit {
        if profile.takes(self.use_class) { profile.limit(rule) } else { profile.limit_of_table(rule) }
    }

    /// In functional wear and continuous use none unless the profile states one: the protocol's figure is the limit. No
    /// profile lets other sessions last longer than the rule.
    fn session_limit(&self, profile: &Profile) -> Option<Limit> {
        let rule = &rules::E_SES_1;
        let base = self.profile_limit(rule, profile);
        let own = Limit { value: rule.limit, layer: Layer::Rule };
        match self.use_class {
            UseClass::FunctionalWear | UseClass::Continuous => (base.layer != Layer::Rule).then_some(base),
            UseClass::Exercise | UseClass::Specialist if rule.breaks(base.value, own.value) => Some(own),
            UseClass::Exercise | UseClass::Specialist => Some(base),
        }
    }

    /// Twice E-Q-1 as it binds over all layers, or what the profile states if that is less.
    fn stuck_limit(&self, rule: &Rule, profile: &Profile) -> Limit {
        let charge = self.profile_limit(&rules::E_Q_1, profile);
        let charge = self.stated.strictest(&rules::E_Q_1, Some(charge)).unwrap_or(charge);
        let twice = Limit { value: charge.value.saturating_mul(2), ..charge };
        let stated = self.profile_limit(rule, profile);
        if stated.layer == Layer::Rule || rule.breaks(stated.value, twice.value) { twice } else { stated }
    }
}
