//! What a pulse amounts to: charge, energy, r.m.s., in whole units, every one rounded up.
//!
//! No square root stands in any comparison: [`PulseMetrics::mean_square_na2`] is compared with the square of a
//! limit, and roots are only for showing. Where a sum does not fit its integer it becomes the largest value, which
//! is above every limit.

use nmes_core::{Balance, Plan, Polarity, Rate, WIDEN_MAX_TICKS};

use crate::rules::LONG_PULSE_US;

/// `num / den` rounded up; the largest value for a zero divisor.
pub(crate) fn div_up(num: u128, den: u128) -> u128 {
    match (num.checked_div(den), num.checked_rem(den)) {
        (Some(whole), Some(0)) => whole,
        (Some(whole), Some(_)) => whole.saturating_add(1),
        _ => u128::MAX,
    }
}

/// `value × by / den` rounded up; the largest value when the product does not fit, or `value` did not before.
pub(crate) fn scale_up(value: u128, by: u128, den: u128) -> u128 {
    if value == u128::MAX {
        return value;
    }
    value.checked_mul(by).map_or(u128::MAX, |num| div_up(num, den))
}

/// The least whole number whose square is not below `square`.
pub(crate) fn root_up(square: u128) -> u128 {
    let root = square.isqrt();
    if root.saturating_mul(root) < square { root.saturating_add(1) } else { root }
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
}

impl PulseMetrics {
    /// The sums over `phases`, the first of which is the primary one, on a clock of `ticks_per_second`.
    #[must_use]
    pub fn of(phases: &[Phase], ticks_per_second: u32) -> Self {
        let mut sums = Self { ticks_per_second, ..Self::default() };
        for (index, phase) in phases.iter().enumerate() {
            let square = square_of(phase.current_na, phase.ticks);
            sums.add(phase, index == 0, square);
            if !sums.is_long(phase) {
                sums.short_square = sums.short_square.saturating_add(square);
            }
        }
        sums
    }

    fn add(&mut self, phase: &Phase, first: bool, square: u128) {
        let magnitude = phase.current_na.unsigned_abs();
        let charge = u128::from(magnitude).saturating_mul(u128::from(phase.ticks));
        let signed = i128::from(phase.current_na).saturating_mul(i128::from(phase.ticks));
        if first {
            self.primary = charge;
            self.primary_ticks = phase.ticks;
        }
        self.peak_na = self.peak_na.max(magnitude);
        self.net = self.net.saturating_add(signed);
        self.largest = self.largest.max(charge);
        self.absolute = self.absolute.saturating_add(charge);
        self.square = self.square.saturating_add(square);
        if self.is_long(phase) {
            self.long_peak_na = self.long_peak_na.max(magnitude);
        }
    }

    fn is_long(&self, phase: &Phase) -> bool {
        let limit = u128::from(LONG_PULSE_US).saturating_mul(u128::from(self.ticks_per_second));
        u128::from(phase.ticks).saturating_mul(1_000_000) >= limit
    }

    /// A width ceiling above [`LONG_PULSE_US`] also allows a pulse just below it, which is still limited by its energy.
    fn add_short(&mut self, phase: &Phase, square: u128) {
        let limit = u64::from(self.ticks_per_second).saturating_mul(LONG_PULSE_US).div_ceil(1_000_000);
        let shorter = square_of(phase.current_na, limit).min(square);
        self.short_square =
            self.short_square.saturating_add(if self.is_long(phase) { shorter } else { square });
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

    fn picocoulombs(&self, na_ticks: u128) -> u64 {
        narrow(scale_up(na_ticks, 1_000, u128::from(self.ticks_per_second)))
    }

    /// Charge of the primary phase, in pC.
    #[must_use]
    pub fn primary_charge_pc(&self) -> u64 {
        self.picocoulombs(self.primary)
    }

    /// Charge of the largest phase, in pC.
    #[must_use]
    pub fn phase_charge_pc(&self) -> u64 {
        self.picocoulombs(self.largest)
    }

    /// Σ|I|t over all phases, in pC.
    #[must_use]
    pub fn absolute_charge_pc(&self) -> u64 {
        self.picocoulombs(self.absolute)
    }

    /// Width of the primary phase, in µs.
    #[must_use]
    pub fn primary_us(&self) -> u64 {
        narrow(scale_up(u128::from(self.primary_ticks), 1_000_000, u128::from(self.ticks_per_second)))
    }

    fn microjoules(&self, square: u128, ohms: u32) -> u64 {
        // nA²·tick·ohm are 10⁻¹⁸ J at one tick a second
        let den = u128::from(self.ticks_per_second).saturating_mul(1_000_000_000_000);
        narrow(scale_up(square, u128::from(ohms), den))
    }

    /// R·ΣI²t over all phases, in µJ.
    #[must_use]
    pub fn energy_uj(&self, ohms: u32) -> u64 {
        self.microjoules(self.square, ohms)
    }

    /// R·ΣI²t over the phases shorter than [`crate::rules::LONG_PULSE_US`], in µJ.
    #[must_use]
    pub fn short_energy_uj(&self, ohms: u32) -> u64 {
        self.microjoules(self.short_square, ohms)
    }

    fn per_time(&self, sum: u128, rate: Rate) -> u128 {
        let pulses = u128::from(rate.pulses()).saturating_mul(1_000_000);
        scale_up(sum, pulses, u128::from(self.ticks_per_second).saturating_mul(u128::from(rate.per_us())))
    }

    /// f·ΣI²t, the square of the r.m.s. current over one pulse period, in nA².
    #[must_use]
    pub fn mean_square_na2(&self, rate: Rate) -> u128 {
        self.per_time(self.square, rate)
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
        narrow(scale_up(u128::from(self.peak_na), u128::from(ohms), 1_000_000))
    }

    /// The most that a pulse of a channel amounts to at any amplitude and width up to its ceilings, with every edge
    /// as late as the hardware declares; `None` for a channel that is not there. The work does not depend on the
    /// length of the session.
    ///
    /// The primary phase is the ceiling's code and width and L + ε. The balancing phase is as strong as its
    /// shortest form at the ceiling, and lasts [`nmes_core::ChannelPlan::stretch_ticks`] + L + ε longer. On a
    /// hardware that is never late and with a symmetric pulse these are the sums of the pulse itself. The trim that
    /// closes a train is not in them: it repays what a pulse before it fell short by.
    #[must_use]
    pub fn worst(plan: &Plan<'_>, channel: u8) -> Option<Self> {
        let worst = Worst::of(plan, channel)?;
        let hz = plan.hardware().timing().ticks_per_second;
        let late = worst.late;
        let primary = Phase { current_na: worst.primary_na, ticks: worst.width.saturating_add(late) };
        let mut sums = Self { ticks_per_second: hz, ..Self::default() };
        let square = square_of(primary.current_na, primary.ticks);
        sums.add(&primary, true, square);
        sums.add_short(&primary, square);
        let back_na = i64::try_from(worst.back_na).unwrap_or(i64::MAX).saturating_neg();
        let slack = worst.stretch.saturating_add(late);
        let back = Phase { current_na: back_na, ticks: worst.back_ticks.saturating_add(slack) };
        let square = worst.back_square.saturating_add(square_of(back_na, slack));
        sums.add(&back, false, square);
        sums.add_short(&back, square);
        // the balancing phase pays the primary charge, not peak × time
        let paid = worst.charge.saturating_add(u128::from(worst.back_na).saturating_mul(u128::from(slack)));
        sums.largest = sums.primary.max(paid);
        sums.absolute = sums.primary.saturating_add(paid);
        sums.net = 0;
        Some(sums)
    }
}

fn square_of(current_na: i64, ticks: u64) -> u128 {
    let current = u128::from(current_na.unsigned_abs());
    current.saturating_mul(current).saturating_mul(u128::from(ticks))
}

/// Bounds on one pulse at any setting up to the ceiling, before lateness. Each of them grows with amplitude and
/// width, which a real balancing phase does not quite do: it is widened by a few ticks at some settings only.
struct Worst {
    primary_na: i64,
    width: u64,
    /// |charge| of the balancing phase, in nA·ticks.
    charge: u128,
    /// Its strongest level, its longest form, and its ΣI²t.
    back_na: u64,
    back_ticks: u64,
    back_square: u128,
    late: u64,
    stretch: u64,
}

impl Worst {
    fn of(plan: &Plan<'_>, channel: u8) -> Option<Self> {
        let compiled = plan.channel(channel)?;
        let asked = compiled.channel();
        let output = compiled.hardware();
        let code = i32::try_from(compiled.code_for(asked.ceiling.amplitude)).unwrap_or(i32::MAX);
        let positive = compiled.leading() == Polarity::Positive;
        let primary_na = output.current_na(if positive { code } else { code.saturating_neg() });
        let width = u64::from(compiled.width_ticks(asked.ceiling.width));
        let charge = u128::from(primary_na.unsigned_abs()).saturating_mul(u128::from(width));
        let late = compiled.jitter_ticks();
        let stretch = compiled.stretch_ticks();
        let exact = Self {
            primary_na,
            width,
            charge,
            back_na: primary_na.unsigned_abs(),
            back_ticks: width,
            back_square: square_of(primary_na, width),
            late,
            stretch,
        };
        if output.is_exact() && asked.pulse.balance == Balance::Symmetric {
            return Some(exact);
        }
        let gain =
            u64::from(if positive { output.na_per_code_negative } else { output.na_per_code_positive });
        let offset = Phase {
            current_na: i64::from(output.offset_na),
            ticks: u64::from(compiled.gap_ticks()).saturating_add(late),
        };
        let shortest = u64::from(compiled.width_min_ticks().max(1));
        Some(exact.spread(asked.pulse.balance.length_percent(), gain, offset, shortest))
    }

    /// With a balancing phase of two levels, one code apart, over `percent` of the width, rounded. It also pays what is
    /// not in proportion to the width: one code × one tick that is carried, and what an offset puts out in a driven
    /// gap; that weighs most in the shortest pulse, of `shortest` ticks.
    fn spread(self, percent: u16, gain: u64, gap: Phase, shortest: u64) -> Self {
        let (gain, peak) = (u128::from(gain), u128::from(self.primary_na.unsigned_abs()));
        let in_gap = u128::from(gap.current_na.unsigned_abs()).saturating_mul(u128::from(gap.ticks));
        let extra = gain.saturating_add(in_gap);
        let (least, longest) = (Self::back_scaled(percent, shortest), Self::back_scaled(percent, self.width));
        let in_proportion = div_up(self.charge.saturating_mul(200), longest).saturating_mul(self.charge);
        let both = peak.saturating_mul(u128::from(shortest)).saturating_mul(2).saturating_add(extra);
        let besides = div_up(both.saturating_mul(200), least).saturating_mul(extra);
        let ticks = div_up(longest.saturating_add(200), 200).saturating_add(u128::from(WIDEN_MAX_TICKS));
        // levels one code apart add at most gain²/4 to the mean square
        let apart = div_up(gain.saturating_mul(gain).saturating_mul(ticks), 4);
        let owed = peak.saturating_mul(u128::from(shortest)).saturating_add(extra);
        Self {
            charge: self.charge.saturating_add(extra),
            back_na: narrow(div_up(owed.saturating_mul(200), least).saturating_add(gain)),
            back_ticks: narrow(ticks),
            back_square: in_proportion
                .saturating_add(besides)
                .saturating_add(apart)
                .saturating_add(square_of(gap.current_na, gap.ticks)),
            ..self
        }
    }

    /// The least nominal length of the balancing phase of a width, in 1/200 tick: nearest to `percent` of it, and
    /// exactly the width at 100 %.
    fn back_scaled(percent: u16, width: u64) -> u128 {
        let scaled = u128::from(percent).saturating_mul(2).saturating_mul(u128::from(width));
        if percent == 100 { scaled } else { scaled.saturating_sub(100) }.max(1)
    }
}

/// The square of the current density on `area_mm2` of which `permille` is in contact, in (µA/cm²)².
pub(crate) fn density_square(mean_square_na2: u128, area_mm2: u32, permille: u16) -> u128 {
    // I[nA]·100 / (A[mm²]·‰) is µA/cm²
    let area = u128::from(area_mm2).saturating_mul(u128::from(permille));
    scale_up(mean_square_na2, 10_000, area.saturating_mul(area))
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
    narrow(root_up(density_square(mean_square_na2, area_mm2, permille)))
}

/// Power density in µW/cm² of a mean square current through `ohms` on `area_mm2`.
#[must_use]
pub fn power_uw_per_cm2(mean_square_na2: u128, ohms: u32, area_mm2: u32) -> u64 {
    // nA²·ohm are 10⁻¹² µW, and 100 mm² are 1 cm²
    let by = u128::from(ohms).saturating_mul(100);
    narrow(scale_up(mean_square_na2, by, u128::from(area_mm2).saturating_mul(1_000_000_000_000)))
}
