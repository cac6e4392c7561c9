//! The enable line of the stage: a pin of the advanced timer, as a one-shot that the hardware can open.
//!
//! The timer counts down nothing: it runs once from 1 to [`ONE_SHOT_US`], holds the pin high on its way, and stops. Each
//! half that was filled writes 1 again. Its break input opens the pin without the program and without a clock: from the
//! comparator of the current, from the emergency stop's own contact, when the crystal stops, and when the processor
//! locks up. Nothing sets the pin free again but a reset.
//!
//! It needs the processor's clock to end by itself, and stands in the same package as what it guards: a monostable beside
//! the processor, triggered by this pin's rising edge, is the better one. `docs/porting.md` has it.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, OutputPin};
use nmes_stm32g4::ONE_SHOT_US;
use stm32_metapac as pac;
use stm32_metapac::timer::vals::{Bkp, Lock, Ocm, Ossi, Ossr};

/// The pin, which only this module switches.
pub(crate) struct StageEnable(());

impl StageEnable {
    /// Sets the timer up with its output low, and locks how it may be opened until the next reset. The timer and the
    /// comparator have their clocks, the comparator its limit.
    ///
    /// `timer_hz` is what the timer is clocked with. `None` where a microsecond of it is no whole number.
    pub(crate) fn new(timer_hz: u32) -> Option<Self> {
        let timer = pac::TIM1;
        let divider = timer_hz.checked_div(1_000_000)?.checked_sub(1)?;
        let last = u16::try_from(ONE_SHOT_US).ok()?;
        timer.psc().write_value(u16::try_from(divider).ok()?);
        timer.arr().write(|w| w.set_arr(last));
        timer.ccr(0).write(|w| w.set_ccr(1));
        timer.ccmr_output(0).modify(|w| w.set_ocm(0, Ocm::FORCE_INACTIVE));
        timer.ccer().modify(|w| w.set_cce(0, true));
        // the divider is taken over at an update
        timer.egr().write(|w| w.set_ug(true));
        timer.cr1().write(|w| {
            w.set_opm(true);
            w.set_urs(pac::timer::vals::Urs::COUNTER_ONLY);
        });
        timer.af1().write(|w| {
            w.set_bkine(true);
            w.set_bkcmpe(0, true);
        });
        timer.bdtr().write(|w| {
            w.set_bke(0, true);
            w.set_bkp(0, Bkp::ACTIVE_HIGH);
            w.set_ossi(Ossi::IDLE_LEVEL);
            w.set_ossr(Ossr::IDLE_LEVEL);
            w.set_lock(Lock::LEVEL2);
        });
        clear_flags();
        // from here on a break clears it, and nothing sets it again
        timer.bdtr().modify(|w| w.set_moe(true));
        Some(Self(()))
    }
}

impl ErrorType for StageEnable {
    type Error = Infallible;
}

impl OutputPin for StageEnable {
    fn set_low(&mut self) -> Result<(), Infallible> {
        pac::TIM1.ccmr_output(0).modify(|w| w.set_ocm(0, Ocm::FORCE_INACTIVE));
        pac::TIM1.cr1().modify(|w| w.set_cen(false));
        pac::TIM1.cnt().write(|w| w.set_cnt(0));
        Ok(())
    }

    /// High for the time of the one-shot from now, if no break came since the reset.
    fn set_high(&mut self) -> Result<(), Infallible> {
        pac::TIM1.cnt().write(|w| w.set_cnt(1));
        pac::TIM1.ccmr_output(0).modify(|w| w.set_ocm(0, Ocm::PWM_MODE2));
        pac::TIM1.cr1().modify(|w| w.set_cen(true));
        Ok(())
    }
}

fn clear_flags() {
    // a flag is cleared by writing 0
    pac::TIM1.sr().write(|w| w.0 = 0);
}

/// Whether a break has opened the stage since the reset.
pub(crate) fn was_opened() -> bool {
    !pac::TIM1.bdtr().read().moe()
}
