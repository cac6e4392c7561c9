//! What a pulse amounts to: charge, energy, r.m.s., in whole units, every one rounded up.
//!
//! No square root stands in any comparison: [`PulseMetrics::mean_square_na2`] is compared with the square of a
//! limit, and roots are only for showing. Where a sum does not fit its integer it becomes the largest value, which
//! is above every limit.

use nmes_core::wide::{div_up, product, times};
use nmes_core::{Level, Plan, Polarity, PulseFrame, Rate};

use crate::onsets::Onsets;
use crate::rules::LONG_PULSE_US;

mod ahead;
mod back;
mod meter;
mod primary;
mod worst;

pub(crate) use ahead::Ahead;
use meter::Meter;
pub(crate) use primary::at_half_peak;
pub(crate) use worst::{fraction, percent, scale};

/// `value × by / den` rounded up; the largest value when the product does not fit, or `value` did not before.
pub(crate) fn scale_up(value: u128, by: u64, den: u128) -> u128 {
    Ratio::of(value, by, den).up()
}

/// A fraction that stands for itself rounded up, so that it can be compared without a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ratio {
    num: u128,
    den: u64,
}

impl Ratio {
    /// Above every limit.
    const TOO_MUCH: Self = Self { num: u128::MAX, den: 1 };

    /// `value × by / den`; the largest value when the product does not fit, `value` did not before, or `den` is zero.
    pub(crate) fn of(value: u128, by: u64, den: u128) -> Self {
        let num = if value == u128::MAX || den == 0 { u128::MAX } else { times(value, u128::from(by)) };
        match u64::try_from(den) {
            _ if num == u128::MAX => Self::TOO_MUCH,
            Ok(den) => Self { num, den },
            Err(_) => Self { num: div_up(num, den), den: 1 },
        }
    }

    pub(crate) fn whole(value: u64) -> Self {
        Self { num: u128::from(value), den: 1 }
    }

    /// Rounded up.
    pub(crate) fn up(self) -> u128 {
        if self.den == 1 { self.num } else { div_up(self.num, u128::from(self.den)) }
    }

    /// Whether it is above a limit when rounded up, which is above a whole number exactly where it is.
    pub(crate) fn is_above(self, limit: u128) -> bool {
        self.num == u128::MAX || self.num > times(limit, u128::from(self.den))
    }

    /// Whether it is above another: as fractions, or rounded up where the products do not fit.
    pub(crate) fn exceeds(&self, other: &Self) -> bool {
        if self.den == other.den {
            return self.num > other.num;
        }
        let small = |n: u128| u64::try_from(n).ok();
        match (small(self.num), small(other.num)) {
            (Some(one), Some(two)) => product(one, other.den) > product(two, self.den),
            _ => self.up() > other.up(),
        }
    }
}

/// The least whole number whose square is not below `square`.
pub(crate) fn root_up(square: u128) -> u128 {
    let root = u64::try_from(square).map_or_else(|_| square.isqrt(), |square| u128::from(square.isqrt()));
    if times(root, root) < square { root.saturating_add(1) } else { root }
}

pub(crate) fn narrow(wide: u128) -> u64 {
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// A current for a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    /// Signed current in nanoamperes.
    pub current_na: i64,
    /// Length in ticks.
    pub ticks: u64,
}

/// Sums over the phases of one pulse.
///
/// ```
/// use nmes_core::Rate;
/// use nmes_safety::{Phase, PulseMetrics};
/// // 100 mA, 300 µs, symmetric, at 50 Hz
/// let phases = [Phase { current_na: 100_000_000, ticks: 300 }, Phase { current_na: -100_000_000, ticks: 300 }];
/// let pulse = PulseMetrics::of(&phases, 1_000_000);
/// assert_eq!(pulse.phase_charge_pc(), 30_000_000); // 30 µC
/// assert_eq!(pulse.energy_uj(500), 3_000); // 3 mJ
/// assert_eq!(pulse.rms_ua(Rate::from_hz(50).unwrap()), 17_321); // 17.32 mA
/// assert_eq!(pulse.net_na_ticks(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PulseMetrics {
    ticks_per_second: u32,
    peak_na: u64,
    net: i128,
    primary: u128,
    largest: u128,
    absolute: u128,
    square: u128,
    short_square: u128,
    long_peak_na: u64,
    primary_ticks: u64,
    longest_ticks: u64,
}

/// Means over the second of a train that has the most of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Second {
    pub(crate) mean_square_na2: u128,
    pub(crate) mean_absolute_na: u128,
    pub(crate) mean_dc_na: u128,
}

impl PulseMetrics {
    /// The sums over `phases`, the first of which is the primary one, on a clock of `ticks_per_second`.
    #[must_use]
    pub fn of(phases: &[Phase], ticks_per_second: u32) -> Self {
        let mut sums = Self { ticks_per_second, ..Self::default() };
        for (index, phase) in phases.iter().enumerate() {
            sums.add(phase, index == 0);
        }
        sums
    }

    /// The sums over a frame of a plan, all its repeats counted; `None` where the plan does not have its channel. A phase
    /// is what flows one way until a rest or the other way: the steps of a table are one. The charge of the largest phase
    /// is the most that is moved one way between any two instants of a repeat, so that a rest or a weak level within a
    /// phase hides nothing. The primary phase is the largest that drives the leading way; of custom points also the largest
    /// against it, unless that is weaker and moves no more charge. Work: one pass over the segments of a repeat.
    ///
    /// ```
    /// use nmes_core::*;
    /// use nmes_safety::PulseMetrics;
    /// let set = Setting::new(40_000, 320).unwrap(); // 40 mA, 64 steps in 320 µs
    /// let pulse = PulseShape { form: Form::Table(&shapes::TRIANGULAR), ..PulseShape::default() };
    /// let channels = [Channel { pulse, rate: Rate::from_hz(40).unwrap(), train: Train::default(), set, ceiling: set,
    ///     ramp: Ramp::default(), offset: Micros::ZERO }];
    /// let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(1_000).unwrap()).unwrap();
    /// let dac = ChannelHardware::symmetric(1_000, -100_000, 100_000);
    /// let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
    /// let plan = Plan::compile(&session, &hardware).unwrap();
    /// let frame = plan.frame(0, set, 0).unwrap();
    /// let sums = PulseMetrics::of_frame(&plan, &frame).unwrap();
    /// assert_eq!((sums.phase_charge_pc(), sums.primary_us()), (6_400_000, 320)); // half of 40 mA × 320 µs
    /// assert_eq!(sums, PulseMetrics::worst(&plan, 0).unwrap());
    /// ```
    #[must_use]
    pub fn of_frame(plan: &Plan<'_>, frame: &PulseFrame<'_>) -> Option<Self> {
        let channel = plan.channel(frame.channel())?;
        let hardware = channel.hardware();
        let both_ways = primary::both_ways(&channel.channel().pulse);
        let mut meter = Meter::new(plan.hardware().timing().ticks_per_second, both_ways);
        for segment in frame.cycle_segments() {
            let na = segment.level.current_na(hardware);
            let along = if channel.leading() == Polarity::Positive { na } else { na.saturating_neg() };
            let ticks = u64::from(segment.ticks);
            if segment.level == Level::Code(0) { meter.leak(along, ticks) } else { meter.feed(along, ticks) }
        }
        let cycles = u64::from(frame.cycles());
        let each = u64::try_from(frame.cycle_segments().len()).unwrap_or(u64::MAX);
        let joined = cycles.saturating_mul(each) == u64::from(frame.segment_count());
        Some(meter.finish(cycles, joined))
    }

    fn add(&mut self, phase: &Phase, first: bool) {
        let magnitude = phase.current_na.unsigned_abs();
        let charge = product(magnitude, phase.ticks);
        let signed = charge_of(phase.current_na, phase.ticks);
        let square = square_of(phase.current_na, phase.ticks);
        if first {
            self.primary = charge;
            self.primary_ticks = phase.ticks;
        }
        self.peak_na = self.peak_na.max(magnitude);
        self.longest_ticks = self.longest_ticks.max(phase.ticks);
        self.net = self.net.saturating_add(signed);
        self.largest = self.largest.max(charge);
        self.absolute = self.absolute.saturating_add(charge);
        self.square = self.square.saturating_add(square);
        if self.is_long(phase.ticks) {
            self.long_peak_na = self.long_peak_na.max(magnitude);
        } else {
            self.short_square = self.short_square.saturating_add(square);
        }
    }

    fn is_long(&self, ticks: u64) -> bool {
        product(ticks, 1_000_000) >= product(LONG_PULSE_US, u64::from(self.ticks_per_second))
    }

    /// The largest magnitude of the current, in µA.
    #[must_use]
    pub const fn peak_ua(&self) -> u64 {
        self.peak_na.div_ceil(1_000)
    }

    /// The same over phases of [`crate::rules::LONG_PULSE_US`] or longer; `None` when there is none.
    #[must_use]
    pub const fn long_peak_ua(&self) -> Option<u64> {
        if self.long_peak_na == 0 { None } else { Some(self.long_peak_na.div_ceil(1_000)) }
    }

    /// ΣIt, in nA·ticks, with its sign.
    #[must_use]
    pub const fn net_na_ticks(&self) -> i128 {
        self.net
    }

    fn picocoulombs(&self, na_ticks: u128) -> Ratio {
        Ratio::of(na_ticks, 1_000, u128::from(self.ticks_per_second))
    }

    /// [`PulseMetrics::phase_charge_pc`] before it is rounded.
    pub(crate) fn phase_charge(&self) -> Ratio {
        self.picocoulombs(self.largest)
    }

    /// [`PulseMetrics::net_na_ticks`] as a magnitude in pC.
    pub(crate) fn net_charge(&self) -> Ratio {
        self.picocoulombs(self.net.unsigned_abs())
    }

    /// [`PulseMetrics::peak_ua`] before it is rounded.
    pub(crate) fn peak_na(&self) -> u128 {
        u128::from(self.peak_na)
    }

    /// [`PulseMetrics::primary_us`] before it is rounded.
    pub(crate) fn primary_width(&self) -> Ratio {
        Ratio::of(u128::from(self.primary_ticks), 1_000_000, u128::from(self.ticks_per_second))
    }

    /// The longest phase, in ticks.
    pub(crate) fn longest_ticks(&self) -> u64 {
        self.longest_ticks
    }

    /// [`PulseMetrics::energy_uj`] before it is rounded.
    pub(crate) fn energy(&self, ohms: u32) -> Ratio {
        self.microjoules(self.square, ohms)
    }

    /// [`PulseMetrics::short_energy_uj`] before it is rounded.
    pub(crate) fn short_energy(&self, ohms: u32) -> Ratio {
        self.microjoules(self.short_square, ohms)
    }

    /// Charge of the primary phase, in pC.
    #[must_use]
    pub fn primary_charge_pc(&self) -> u64 {
        narrow(self.picocoulombs(self.primary).up())
    }

    /// Charge of the largest phase, in pC.
    #[must_use]
    pub fn phase_charge_pc(&self) -> u64 {
        narrow(self.phase_charge().up())
    }

    /// Σ|I|t over all phases, in pC.
    #[must_use]
    pub fn absolute_charge_pc(&self) -> u64 {
        narrow(self.picocoulombs(self.absolute).up())
    }

    /// Width of the primary phase, in µs.
    #[must_use]
    pub fn primary_us(&self) -> u64 {
        narrow(self.primary_width().up())
    }

    /// The root of ΣI²t: what adds where currents do.
    pub(crate) fn root(&self) -> u128 {
        root_up(self.square)
    }

    /// The same over the short phases.
    pub(crate) fn short_root(&self) -> u128 {
        root_up(self.short_square)
    }

    pub(crate) fn microjoules(&self, square: u128, ohms: u32) -> Ratio {
        // nA²·tick·ohm are 10⁻¹⁸ J at one tick a second
        Ratio::of(square, u64::from(ohms), product(u64::from(self.ticks_per_second), 1_000_000_000_000))
    }

    /// R·ΣI²t over all phases, in µJ.
    #[must_use]
    pub fn energy_uj(&self, ohms: u32) -> u64 {
        narrow(self.energy(ohms).up())
    }

    /// R·ΣI²t over the phases shorter than [`crate::rules::LONG_PULSE_US`], in µJ.
    #[must_use]
    pub fn short_energy_uj(&self, ohms: u32) -> u64 {
        narrow(self.short_energy(ohms).up())
    }

    fn per_time(&self, sum: u128, rate: Rate) -> u128 {
        let pulses = u64::from(rate.pulses()).saturating_mul(1_000_000);
        scale_up(sum, pulses, product(u64::from(self.ticks_per_second), u64::from(rate.per_us())))
    }

    /// f·ΣI²t, the square of the r.m.s. current over one pulse period, in nA².
    #[must_use]
    pub fn mean_square_na2(&self, rate: Rate) -> u128 {
        self.per_time(self.square, rate)
    }

    /// What the worst second of a train amounts to, whatever instant it begins at: as many whole pulses as fit into it, and
    /// as much of one more as the rest of it holds at the peak. Never below f times a pulse, and equal to it where a
    /// second holds whole periods. Onsets that may be `slack` ticks late make the second that much longer, and a last pulse that is
    /// narrower than the first may be `ahead` of it.
    pub(crate) fn worst_second(&self, onsets: &Onsets<'_>, slack: u64, ahead: &Ahead) -> Second {
        let hz = u64::from(self.ticks_per_second);
        let held = onsets.window(hz.saturating_add(slack));
        let over = |each, a_tick, ahead| div_up(held.amount(each, a_tick, ahead), u128::from(hz));
        let peak = u128::from(self.peak_na);
        Second {
            mean_square_na2: over(self.square, product(self.peak_na, self.peak_na), ahead.square),
            mean_absolute_na: over(self.absolute, peak, ahead.absolute),
            mean_dc_na: over(self.net.unsigned_abs(), peak, ahead.absolute),
        }
    }

    /// What the windows of the guard may hold of `count` pulses that take `ticks` each at most, in nA² × s, each current
    /// rounded up to a µA.
    pub(crate) fn in_guard(&self, count: u64, ticks: u64) -> Ratio {
        let rounded = times(self.absolute, 2_000).saturating_add(product(ticks, 1_000_000));
        Ratio::of(self.square.saturating_add(rounded), count, u128::from(self.ticks_per_second))
    }

    /// √(f·ΣI²t) in µA, for showing.
    #[must_use]
    pub fn rms_ua(&self, rate: Rate) -> u64 {
        narrow(root_up(scale_up(self.mean_square_na2(rate), 1, 1_000_000)))
    }

    /// f·Σ|I|t, in µA.
    #[must_use]
    pub fn mean_absolute_ua(&self, rate: Rate) -> u64 {
        narrow(scale_up(self.per_time(self.absolute, rate), 1, 1_000))
    }

    /// f·|ΣIt|, in µA.
    #[must_use]
    pub fn mean_dc_ua(&self, rate: Rate) -> u64 {
        narrow(scale_up(self.per_time(self.net.unsigned_abs(), rate), 1, 1_000))
    }

    /// Voltage across `ohms` at the peak, in mV.
    #[must_use]
    pub fn peak_mv(&self, ohms: u32) -> u64 {
        narrow(scale_up(u128::from(self.peak_na), u64::from(ohms), 1_000_000))
    }
}

/// Signed charge in nA·ticks.
pub(crate) fn charge_of(current_na: i64, ticks: u64) -> i128 {
    let charge = i128::try_from(product(current_na.unsigned_abs(), ticks)).unwrap_or(i128::MAX);
    if current_na < 0 { charge.saturating_neg() } else { charge }
}

pub(crate) fn square_of(current_na: i64, ticks: u64) -> u128 {
    let current = current_na.unsigned_abs();
    match (u32::try_from(current), u32::try_from(ticks)) {
        (Ok(current), Ok(ticks)) => {
            let [current, ticks] = [current, ticks].map(u64::from);
            let square = current.wrapping_mul(current);
            // 96 bits of two products of 32 bits each
            let (high, low) =
                ((square >> 32).wrapping_mul(ticks), (square & 0xffff_ffff).wrapping_mul(ticks));
            (u128::from(high) << 32).wrapping_add(u128::from(low))
        }
        _ => times(product(current, current), u128::from(ticks)),
    }
}

/// The square of the current density on `area_mm2` of which `permille` is in contact, in (µA/cm²)².
pub(crate) fn density_square(mean_square_na2: u128, area_mm2: u32, permille: u16) -> Ratio {
    // I[nA]·100 / (A[mm²]·‰) is µA/cm²
    let area = u64::from(area_mm2).saturating_mul(u64::from(permille));
    Ratio::of(mean_square_na2, 10_000, product(area, area))
}

/// r.m.s. current density in µA/cm², for showing: `area_mm2` of conductive surface, of which `permille` is in
/// contact.
///
/// ```
/// use nmes_core::Rate;
/// use nmes_safety::{density_ua_per_cm2, Phase, PulseMetrics};
/// let phases = [Phase { current_na: 100_000_000, ticks: 365 }, Phase { current_na: -100_000_000, ticks: 365 }];
/// let square = PulseMetrics::of(&phases, 1_000_000).mean_square_na2(Rate::from_hz(40).unwrap());
/// assert_eq!(density_ua_per_cm2(square, 800, 1_000), 2_137); // on 8 cm²
/// assert_eq!(density_ua_per_cm2(square, 900, 1_000), 1_899); // on 9 cm²
/// ```
#[must_use]
pub fn density_ua_per_cm2(mean_square_na2: u128, area_mm2: u32, permille: u16) -> u64 {
    narrow(root_up(density_square(mean_square_na2, area_mm2, permille).up()))
}

/// Power density in µW/cm² of a mean square current through `ohms` on `area_mm2`.
#[must_use]
pub fn power_uw_per_cm2(mean_square_na2: u128, ohms: u32, area_mm2: u32) -> u64 {
    narrow(power(mean_square_na2, ohms, area_mm2).up())
}

/// The same before it is rounded.
pub(crate) fn power(mean_square_na2: u128, ohms: u32, area_mm2: u32) -> Ratio {
    // nA²·ohm are 10⁻¹² µW, and 100 mm² are 1 cm²
    Ratio::of(
        mean_square_na2,
        u64::from(ohms).saturating_mul(100),
        product(u64::from(area_mm2), 1_000_000_000_000),
    )
}

#[cfg(test)]
mod tests;
