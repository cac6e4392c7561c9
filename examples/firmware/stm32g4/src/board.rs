//! The wiring of the board, its clocks, and its way to safety.

use nmes_hal_adapters::SafeState;
use nmes_stm32g4::SAMPLE_HZ;
use stm32_metapac as pac;
use stm32_metapac::adc::vals::{Dmacfg, Dmaen, Exten, SampleTime};
use stm32_metapac::gpio::Gpio;
use stm32_metapac::gpio::vals::{Idr, Moder, Pupdr};
use stm32_metapac::timer::vals::{Mms, Ocm};

use crate::enable::StageEnable;
use crate::ring;

/// System clock, and that of the timers: 170 MHz from the Nucleo's crystal of 24 MHz.
const CLOCK_HZ: u32 = 170_000_000;
/// Of port A: the enable line, the lamp, the analog pins.
const ENABLE: usize = 8;
const LAMP: usize = 5;
const CURRENT: usize = 0;
const RECTIFIED: usize = 1;
const SET_POINT: usize = 4;
/// Of port B: start and emergency stop.
const START: usize = 0;
const STOP: usize = 12;
/// TIM1 on PA8 and PB12 (data sheet of the STM32G474).
const TIM1_FUNCTION: u8 = 6;
/// Triggers (RM0440): of the DAC, TIM4's update; of the ADC, its fourth compare.
const DAC_TIM4: u8 = 5;
const ADC_TIM4_CC4: u8 = 5;
/// Where the comparator opens the stage: 60 mA of the 102.4 that 4,095 are.
const LIMIT: u16 = 2_400;
/// How often a flag is asked for before a part counts as dead.
const PATIENCE: u32 = 1_000_000;

/// This board, for its last resort.
pub(crate) struct Nucleo;

impl SafeState for Nucleo {
    /// The enable line as a plain output, low, whatever its timer does.
    fn safe_state() {
        pac::RCC.ahb2enr().modify(|w| w.set_gpioaen(true));
        pac::GPIOA.bsrr().write(|w| w.set_br(ENABLE, true));
        pac::GPIOA.moder().modify(|w| w.set_moder(ENABLE, Moder::OUTPUT));
    }
}

/// The independent watchdog, which has a clock of its own.
pub(crate) struct Dog {
    caused_reset: bool,
}

impl Dog {
    /// Without halves that are filled for so long, the board starts again, and then stays off.
    const TIMEOUT_US: u32 = 50_000;

    /// From here on it has to be fed, also while a debugger holds the processor.
    pub(crate) fn start(&mut self) {
        use pac::iwdg::vals::{Key, Pr};
        pac::IWDG.kr().write(|w| w.set_key(Key::START));
        pac::IWDG.kr().write(|w| w.set_key(Key::ENABLE));
        // 32 kHz by 4, 400 of them
        pac::IWDG.pr().write(|w| w.set_pr(Pr::DIVIDE_BY4));
        pac::IWDG.rlr().write(|w| w.set_rl(400));
        // both are taken over within some cycles of its clock; until then its time is longer
        let _ = until(|| pac::IWDG.sr().read().0 == 0);
        nmes_hal_adapters::Watchdog::feed(self);
    }
}

impl nmes_hal_adapters::Watchdog for Dog {
    fn timeout_us(&self) -> u32 {
        Self::TIMEOUT_US
    }

    fn caused_reset(&self) -> bool {
        self.caused_reset
    }

    fn feed(&mut self) {
        pac::IWDG.kr().write(|w| w.set_key(pac::iwdg::vals::Key::RESET));
    }
}

/// The timer of the samples, ready and standing still.
pub(crate) struct Samples(());

impl Samples {
    /// The first trigger is made here, and makes the converter fetch sample 0 while it puts out zero; so readings lag by one
    /// sample, and a half of the samples is fetched when the half of the readings is full.
    pub(crate) fn start(self) {
        pac::ADC1.cr().modify(|w| w.set_adstart(true));
        pac::TIM4.egr().write(|w| w.set_ug(true));
        pac::TIM4.cr1().modify(|w| w.set_cen(true));
    }
}

/// Every part, safe already.
pub(crate) struct Board {
    pub(crate) enable: StageEnable,
    pub(crate) samples: Samples,
    pub(crate) dog: Dog,
}

impl Board {
    /// Takes the parts and makes them safe: the enable line before anything that could be enabled.
    ///
    /// `None` if it was called before, or if a clock or a converter does not come up.
    pub(crate) fn take() -> Option<Self> {
        cortex_m::Peripherals::take()?;
        let dog = Dog { caused_reset: caused_reset() };
        clocks()?;
        keep_running_when_halted();
        pins();
        converter();
        limit();
        let enable = StageEnable::new(CLOCK_HZ)?;
        pac::GPIOA.moder().modify(|w| w.set_moder(ENABLE, Moder::ALTERNATE));
        measurement()?;
        ring::set_up()?;
        sample_timer()?;
        stop_interrupt();
        Some(Self { enable, samples: Samples(()), dog })
    }
}

/// Whether the watchdog made this start, or one before it since the power was off: nothing here clears the flag.
fn caused_reset() -> bool {
    pac::RCC.csr().read().iwdgrstf()
}

fn until(ready: impl Fn() -> bool) -> Option<()> {
    (0..PATIENCE).any(|_| ready()).then_some(())
}

/// 24 MHz by 6, by 85, by 2, with the voltage range and the wait states that 170 MHz need (RM0440).
fn clocks() -> Option<()> {
    use pac::rcc::vals::{Hpre, Pllm, Plln, Pllr, Pllsrc, Sw};
    pac::RCC.apb1enr1().modify(|w| w.set_pwren(true));
    pac::RCC.apb2enr().modify(|w| w.set_syscfgen(true));
    pac::PWR.cr5().modify(|w| w.set_r1mode(false));
    pac::FLASH.acr().modify(|w| {
        w.set_latency(pac::flash::vals::Latency::WS4);
        w.set_prften(true);
    });
    pac::RCC.cr().modify(|w| w.set_hseon(true));
    until(|| pac::RCC.cr().read().hserdy())?;
    pac::RCC.pllcfgr().write(|w| {
        w.set_pllsrc(Pllsrc::HSE);
        w.set_pllm(Pllm::DIV6);
        w.set_plln(Plln::MUL85);
        w.set_pllr(Pllr::DIV2);
        w.set_pllren(true);
    });
    pac::RCC.cr().modify(|w| w.set_pllon(true));
    until(|| pac::RCC.cr().read().pllrdy())?;
    // by way of half the clock, for a microsecond
    pac::RCC.cfgr().modify(|w| {
        w.set_hpre(Hpre::DIV2);
        w.set_sw(Sw::PLL1_R);
    });
    until(|| pac::RCC.cfgr().read().sws() == Sw::PLL1_R)?;
    cortex_m::asm::delay(170);
    pac::RCC.cfgr().modify(|w| w.set_hpre(Hpre::DIV1));
    pac::RCC.cr().modify(|w| w.set_csson(true));
    parts_on();
    Some(())
}

fn parts_on() {
    pac::RCC.ahb1enr().modify(|w| {
        w.set_dma1en(true);
        w.set_dmamux1en(true);
    });
    pac::RCC.ahb2enr().modify(|w| {
        w.set_gpioaen(true);
        w.set_gpioben(true);
        w.set_adc12en(true);
        w.set_dac1en(true);
        w.set_dac3en(true);
    });
    pac::RCC.apb1enr1().modify(|w| w.set_tim4en(true));
    pac::RCC.apb2enr().modify(|w| w.set_tim1en(true));
    // a supply under 2.9 V, and a processor that locks up, are breaks too
    pac::PWR.cr2().modify(|w| {
        w.set_pls(6);
        w.set_pvde(true);
    });
    pac::SYSCFG.cfgr2().modify(|w| {
        w.set_cll(true);
        w.set_pvdl(true);
    });
}

/// A halt stops the code and nothing else: the one-shot runs out, the samples go on into an open stage, the watchdog
/// resets. Debuggers like to set these bits the other way.
fn keep_running_when_halted() {
    pac::DBGMCU.apb1lfzr().write(|w| w.0 = 0);
    pac::DBGMCU.apb2fzr().write(|w| w.0 = 0);
}

fn pins() {
    pac::GPIOA.pupdr().modify(|w| w.set_pupdr(ENABLE, Pupdr::PULL_DOWN));
    pac::GPIOA.afr(1).modify(|w| w.set_afr(ENABLE % 8, TIM1_FUNCTION));
    for pin in [CURRENT, RECTIFIED, SET_POINT] {
        pac::GPIOA.moder().modify(|w| w.set_moder(pin, Moder::ANALOG));
    }
    pac::GPIOA.moder().modify(|w| w.set_moder(LAMP, Moder::OUTPUT));
    pac::GPIOB.pupdr().modify(|w| {
        w.set_pupdr(START, Pupdr::PULL_UP);
        w.set_pupdr(STOP, Pupdr::PULL_UP);
    });
    pac::GPIOB.moder().modify(|w| w.set_moder(START, Moder::INPUT));
    // the stop's pin is the timer's break input, and is read and interrupts as well
    pac::GPIOB.afr(1).modify(|w| w.set_afr(STOP % 8, TIM1_FUNCTION));
    pac::GPIOB.moder().modify(|w| w.set_moder(STOP, Moder::ALTERNATE));
}

/// The converter of the set-point: two's complement in, zero out, a new code at each update of TIM4.
fn converter() {
    let dac = pac::DAC1;
    dac.mcr().modify(|w| {
        w.set_sinformat(0, true);
        // for a bus above 160 MHz
        w.set_hfsel(2);
    });
    // without a trigger a code is put out at once: zero, where the reset leaves the lowest
    dac.cr().modify(|w| w.set_en(0, true));
    dac.dhr12r(0).write(|w| w.set_dhr(0));
    cortex_m::asm::delay(CLOCK_HZ / 100_000);
    dac.cr().modify(|w| {
        w.set_tsel(0, DAC_TIM4);
        w.set_ten(0, true);
        w.set_dmaen(0, true);
    });
}

/// The comparator that opens the stage: rectified current against a converter of its own. Locked until the next reset.
fn limit() {
    use pac::comp::vals::{Hysteresis, Inm};
    pac::DAC3.mcr().modify(|w| {
        w.set_mode(0, pac::dac::vals::Mode::NORMAL_INT_BUFDIS);
        w.set_hfsel(2);
    });
    pac::DAC3.dhr12r(0).write(|w| w.set_dhr(LIMIT));
    pac::DAC3.cr().modify(|w| w.set_en(0, true));
    pac::COMP1.csr().write(|w| {
        w.set_inmsel(Inm::DACA);
        w.set_hyst(Hysteresis::HYST10M);
        w.set_en(true);
    });
    cortex_m::asm::delay(CLOCK_HZ / 10_000);
    pac::COMP1.csr().modify(|w| w.set_lock(true));
}

/// The converter of the current: once a sample, at the fourth compare of TIM4.
fn measurement() -> Option<()> {
    let adc = pac::ADC1;
    pac::ADC12_COMMON.ccr().modify(|w| w.set_ckmode(pac::adccommon::vals::Ckmode::SYNC_DIV4));
    adc.cr().modify(|w| w.set_deeppwd(false));
    adc.cr().modify(|w| w.set_advregen(true));
    cortex_m::asm::delay(CLOCK_HZ / 20_000);
    adc.cr().modify(|w| w.set_adcal(true));
    until(|| !adc.cr().read().adcal())?;
    cortex_m::asm::delay(CLOCK_HZ / 100_000);
    adc.isr().write(|w| w.set_adrdy(true));
    adc.cr().modify(|w| w.set_aden(true));
    until(|| adc.isr().read().adrdy())?;
    // one conversion, of PA0
    adc.sqr1().write(|w| w.set_sq(0, 1));
    adc.smpr().modify(|w| w.set_smp(1, SampleTime::CYCLES6_5));
    adc.cfgr().write(|w| {
        w.set_extsel(ADC_TIM4_CC4);
        w.set_exten(Exten::RISING_EDGE);
        w.set_dmaen(Dmaen::ENABLE);
        w.set_dmacfg(Dmacfg::CIRCULAR);
        w.set_jqdis(true);
    });
    Some(())
}

/// One update a sample, which the DAC takes; one compare at four fifths of it, which the ADC takes.
fn sample_timer() -> Option<()> {
    let timer = pac::TIM4;
    let counts = CLOCK_HZ.checked_div(SAMPLE_HZ)?;
    let late = u16::try_from(counts.checked_mul(4)?.checked_div(5)?).ok()?;
    timer.psc().write_value(0);
    timer.arr().write(|w| w.set_arr(u16::try_from(counts.saturating_sub(1)).unwrap_or(u16::MAX)));
    timer.ccr(3).write(|w| w.set_ccr(late));
    timer.ccmr_output(1).modify(|w| w.set_ocm(1, Ocm::PWM_MODE2));
    timer.ccer().modify(|w| w.set_cce(3, true));
    timer.cr2().modify(|w| w.set_mms(Mms::UPDATE));
    Some(())
}

/// A rising edge of the stop's line interrupts.
fn stop_interrupt() {
    const PORT_B: u8 = 1;
    pac::SYSCFG.exticr(STOP / 4).modify(|w| w.set_exti(STOP % 4, PORT_B));
    pac::EXTI.rtsr(0).modify(|w| w.set_line(STOP, true));
    take_stop();
    pac::EXTI.imr(0).modify(|w| w.set_line(STOP, true));
}

/// Takes the stop's interrupt.
pub(crate) fn take_stop() {
    // a flag is cleared by writing 1
    pac::EXTI.pr(0).write(|w| w.set_line(STOP, true));
}

/// The contact opens when it is pressed, so a broken wire stops too.
pub(crate) fn stop_pressed() -> bool {
    is_high(pac::GPIOB, STOP)
}

/// A contact to ground.
pub(crate) fn start_closed() -> bool {
    !is_high(pac::GPIOB, START)
}

fn is_high(port: Gpio, pin: usize) -> bool {
    port.idr().read().idr(pin) == Idr::HIGH
}

/// The lamp: the session runs.
pub(crate) fn show_running(running: bool) {
    pac::GPIOA.bsrr().write(|w| if running { w.set_bs(LAMP, true) } else { w.set_br(LAMP, true) });
}
