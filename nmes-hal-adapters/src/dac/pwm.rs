//! A pulse-width output and a low-pass, as the poorest of converters.

use super::{Dac, DacError};
use core::convert::Infallible;
use embedded_hal::pwm::SetDutyCycle;
use nmes_core::HardwareTiming;

/// One channel: a duty cycle, filtered by an R-C into a set-point.
///
/// A code is a duty; the highest is the timer's own. Zero is written in `new` and on drop.
///
/// # Limitations
/// What it takes to settle and how late a duty counts is in [`LowPass::timing`]: an output made of it is only good for
/// long phases. Ripple stays on the set-point: with a corner far below the PWM, 1/(2π) × period/τ of full scale at most.
///
/// ```
/// use embedded_hal_mock::eh1::pwm::{Mock, Transaction};
/// use nmes_hal_adapters::{Dac, PwmDac};
/// let duties = [0, 512, 0].map(Transaction::set_duty_cycle);
/// let mut expected = vec![Transaction::max_duty_cycle(1_023)];
/// for duty in duties {
///     expected.push(duty);
/// }
/// let mut timer = Mock::new(&expected);
/// let mut dac = PwmDac::new(&mut timer).unwrap();
/// dac.write(0, 512).unwrap();
/// drop(dac);
/// timer.done();
/// ```
#[derive(Debug)]
pub struct PwmDac<P: SetDutyCycle> {
    pwm: P,
    code_max: u16,
    output: Option<u16>,
}

type Fault<P> = DacError<<P as embedded_hal::pwm::ErrorType>::Error, Infallible>;

impl<P: SetDutyCycle> PwmDac<P> {
    /// Takes the output and sets its duty to zero.
    ///
    /// # Errors
    /// The timer failed; zero is tried once more as the value is dropped.
    pub fn new(pwm: P) -> Result<Self, Fault<P>> {
        let code_max = pwm.max_duty_cycle();
        let mut dac = Self { pwm, code_max, output: None };
        dac.zero()?;
        Ok(dac)
    }
}

impl<P: SetDutyCycle> Dac for PwmDac<P> {
    type Error = Fault<P>;

    fn channels(&self) -> u8 {
        1
    }

    fn code_min(&self) -> i32 {
        0
    }

    fn code_max(&self) -> i32 {
        i32::from(self.code_max)
    }

    fn has_latch(&self) -> bool {
        false
    }

    fn write(&mut self, channel: u8, code: i32) -> Result<(), Self::Error> {
        if channel != 0 {
            return Err(DacError::NoChannel { channel });
        }
        let fits = u16::try_from(code).ok().filter(|&code| code <= self.code_max);
        let duty = fits.ok_or(DacError::Code { channel, code })?;
        let set = self.pwm.set_duty_cycle(duty).map_err(DacError::Bus);
        self.output = set.is_ok().then_some(duty);
        set
    }

    fn latch(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn zero(&mut self) -> Result<(), Self::Error> {
        self.write(0, 0)
    }

    fn output(&self, channel: u8) -> Option<i32> {
        self.output.filter(|_| channel == 0).map(i32::from)
    }
}

impl<P: SetDutyCycle> Drop for PwmDac<P> {
    fn drop(&mut self) {
        // nobody is left to hear of a failure
        let _ = self.zero();
    }
}

/// A PWM and the single-pole low-pass behind it, as the timing of a [`Hardware`](nmes_core::Hardware).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowPass {
    /// One period of the PWM, in nanoseconds.
    pub period_ns: u32,
    /// Time constant of the low-pass, in nanoseconds.
    pub tau_ns: u32,
    /// Duties of the timer: the highest code.
    pub code_max: u16,
}

impl LowPass {
    /// How long a step of the whole range takes to come within half a code, in nanoseconds: τ × ln(2 × codes), rounded
    /// up to the next power of two of codes.
    ///
    /// ```
    /// let filter = nmes_hal_adapters::LowPass { period_ns: 4_000, tau_ns: 20_000, code_max: 1_023 };
    /// assert_eq!(filter.settle_ns(), 152_493); // 20 µs × 11 × ln 2
    /// ```
    #[must_use]
    pub fn settle_ns(self) -> u64 {
        // below 2^17 half codes, and ln 2 is below 0.693148
        let half_codes = u32::from(self.code_max).saturating_mul(2).max(1);
        let bits = u32::BITS.saturating_sub(half_codes.leading_zeros());
        u64::from(self.tau_ns).saturating_mul(u64::from(bits)).saturating_mul(693_148).div_ceil(1_000_000)
    }

    /// The grid this is: a duty counts from the next period on, then it settles, and no edge may stand closer than that.
    /// L is the same, because [`Hardware`](nmes_core::Hardware) asks for an L no shorter than its spacing; so
    /// [`Plan::compile`](nmes_core::Plan::compile) takes phases of ten times that and more.
    ///
    /// ```
    /// let filter = nmes_hal_adapters::LowPass { period_ns: 4_000, tau_ns: 2_000, code_max: 255 };
    /// let timing = filter.timing(1_000_000);
    /// // 13 µs to settle, 4 for the period: phases of 170 µs and more
    /// assert_eq!((timing.settle_ticks, timing.min_edge_ticks, timing.late_max_ticks), (13, 17, 17));
    /// ```
    #[must_use]
    pub fn timing(self, ticks_per_second: u32) -> HardwareTiming {
        let ticks = |ns: u64| {
            let ticks = ns.saturating_mul(u64::from(ticks_per_second)).div_ceil(1_000_000_000);
            u32::try_from(ticks).unwrap_or(u32::MAX)
        };
        let settle_ticks = ticks(self.settle_ns());
        let spacing = settle_ticks.saturating_add(ticks(u64::from(self.period_ns))).max(1);
        HardwareTiming {
            late_max_ticks: spacing,
            settle_ticks,
            min_edge_ticks: spacing,
            has_latch: false,
            ..HardwareTiming::ideal(ticks_per_second)
        }
    }
}
