//! The wiring of the board, and its way to safety.

use embedded_hal::digital::InputPin;
use embedded_hal::spi::MODE_0;
use embedded_hal_bus::spi::{ExclusiveDevice, NoDelay};
use nmes_hal_adapters::{DacBridge, HBridge, Mcp4922, OneShot, PulseEnable, Reading, SafeState};
use rp2040_hal::adc::AdcPin;
use rp2040_hal::clocks::ClocksManager;
use rp2040_hal::fugit::{ExtU32, HertzU32, RateExtU32};
use rp2040_hal::gpio::bank0::{Gpio0, Gpio1, Gpio2, Gpio3, Gpio14, Gpio15, Gpio26, Gpio27, Gpio28};
use rp2040_hal::gpio::{
    DynPinId, FunctionNull, FunctionSioInput, FunctionSioOutput, FunctionSpi, FunctionUart, Pin, Pins,
    PullDown, PullNone, PullUp,
};
use rp2040_hal::pac::vreg_and_chip_reset::vreg::VSEL_A;
use rp2040_hal::pll::common_configs::PLL_USB_48MHZ;
use rp2040_hal::pll::{PLLConfig, setup_pll_blocking};
use rp2040_hal::uart::{DataBits, Enabled, StopBits, UartConfig, UartPeripheral};
use rp2040_hal::xosc::setup_xosc_blocking;
use rp2040_hal::{Adc, Clock, Sio, Spi, Timer, Watchdog, pac, spi, vreg};

use crate::clock::{Alarms, EdgeClock, now};
use crate::session::{ONE_SHOT_MOST_US, hardware};

/// The crystal of a Pico.
const CRYSTAL_MHZ: u32 = 12;
/// 200 MHz, which the maker allows from 1.15 V on (pico-sdk 2.1.1, release notes): at 125 MHz a trim after a pulse has an
/// edge that this processor cannot meet, `docs/emulation.md` has the measurement.
const FAST: PLLConfig = PLLConfig { vco_freq: HertzU32::MHz(1_200), refdiv: 1, post_div1: 6, post_div2: 1 };
/// Forward and reverse of the bridge, and the trigger of the one-shot, by their numbers below.
const OUTPUT_PINS: u32 = 1 << 7 | 1 << 8 | 1 << 9;

/// LDAC is low for 100 ns at least: a write to a pin takes a cycle of 5 ns or more.
const LDAC_WRITES: u16 = 20;

pub(crate) type Out = Pin<DynPinId, FunctionSioOutput, PullDown>;
type SpiPins = (Pin<Gpio3, FunctionSpi, PullDown>, Pin<Gpio2, FunctionSpi, PullDown>);
type Bus = ExclusiveDevice<Spi<spi::Enabled, pac::SPI0, SpiPins, 8>, Out, NoDelay>;
pub(crate) type BoardOutput = OneShot<DacBridge<Mcp4922<Bus, Out>, Out, 2, 1>, PulseEnable<Out>>;
type SerialPins = (Pin<Gpio0, FunctionUart, PullDown>, Pin<Gpio1, FunctionUart, PullDown>);
pub(crate) type Serial = UartPeripheral<Enabled, pac::UART0, SerialPins>;

/// This board, for its last resort.
pub(crate) struct Pico;

impl SafeState for Pico {
    #[expect(
        unsafe_code,
        reason = "from a panic or a fault there is no owner to ask; the register takes any word"
    )]
    fn safe_state() {
        // SAFETY: the register only clears pins; it may be written at any time and from anywhere
        unsafe { (*pac::SIO::ptr()).gpio_out_clr().write(|w| w.bits(OUTPUT_PINS)) };
    }
}

/// The processor's own watchdog.
pub(crate) struct Dog {
    watchdog: Watchdog,
    caused_reset: bool,
}

impl Dog {
    /// Without a tick of the stimulator for so long, the board starts again, and then stays off.
    const TIMEOUT_MS: u32 = 50;

    /// From here on it has to be fed, also while a debugger holds the processor.
    pub(crate) fn start(&mut self) {
        self.watchdog.pause_on_debug(false);
        self.watchdog.start(Self::TIMEOUT_MS.millis());
    }
}

impl nmes_hal_adapters::Watchdog for Dog {
    fn timeout_us(&self) -> u32 {
        Self::TIMEOUT_MS.saturating_mul(1_000)
    }

    fn caused_reset(&self) -> bool {
        self.caused_reset
    }

    fn feed(&mut self) {
        self.watchdog.feed();
    }
}

/// What is measured and read.
pub(crate) struct Inputs {
    adc: Adc,
    current: AdcPin<Pin<Gpio26, FunctionNull, PullNone>>,
    voltage: AdcPin<Pin<Gpio27, FunctionNull, PullNone>>,
    heel: AdcPin<Pin<Gpio28, FunctionNull, PullNone>>,
    stop: Pin<Gpio14, FunctionSioInput, PullUp>,
    start: Pin<Gpio15, FunctionSioInput, PullUp>,
    timer: Timer,
}

impl Inputs {
    /// Current and voltage; takes some 5 µs.
    pub(crate) fn measure(&mut self) -> Option<Reading> {
        let at_tick = now(&self.timer);
        let current = self.adc.read(&mut self.current).ok()?;
        let voltage = self.adc.read(&mut self.voltage).ok()?;
        Some(Reading { current, voltage, at_tick })
    }

    /// The voltage of the heel's line; full scale, which is a broken line, where the converter fails.
    pub(crate) fn heel(&mut self) -> u16 {
        self.adc.read(&mut self.heel).unwrap_or(u16::MAX)
    }

    /// The contact closes to ground when it is pressed, so a broken wire starts nothing.
    pub(crate) fn start_closed(&mut self) -> bool {
        self.start.is_low().unwrap_or(false)
    }

    /// The contact opens when it is pressed, so a broken wire stops too.
    pub(crate) fn stop_pressed(&mut self) -> bool {
        self.stop.is_high().unwrap_or(true)
    }
}

/// Every part, safe already.
pub(crate) struct Board {
    pub(crate) output: BoardOutput,
    pub(crate) clock: EdgeClock,
    pub(crate) alarms: Alarms,
    pub(crate) inputs: Inputs,
    pub(crate) watchdog: Dog,
    pub(crate) running: Out,
    pub(crate) serial: Option<Serial>,
    pub(crate) timer: Timer,
}

impl Board {
    /// Takes the parts and makes them safe: pins before the bus, the bridge before the converter.
    ///
    /// `None` if it was called before, or if a clock, a part or the record of the hardware does not do.
    pub(crate) fn take() -> Option<Self> {
        let mut p = pac::Peripherals::take()?;
        let caused_reset = p.WATCHDOG.reason().read().bits() != 0;
        let sio = Sio::new(p.SIO);
        let pins = Pins::new(p.IO_BANK0, p.PADS_BANK0, sio.gpio_bank0, &mut p.RESETS);
        // low from the reset on by the pads' own pull-down; driven low from here
        let forward: Out = pins.gpio7.into_push_pull_output_in_state(LOW).into_dyn_pin();
        let reverse: Out = pins.gpio8.into_push_pull_output_in_state(LOW).into_dyn_pin();
        let bridge = HBridge::diagonal(forward, reverse).ok()?;
        let trigger: Out = pins.gpio9.into_push_pull_output_in_state(LOW).into_dyn_pin();
        // its clear is the emergency stop's, in copper
        let one_shot = PulseEnable::new(trigger, None, ONE_SHOT_MOST_US).ok()?;
        let mut watchdog = Watchdog::new(p.WATCHDOG);
        vreg::set_voltage(&mut p.VREG_AND_CHIP_RESET, VSEL_A::VOLTAGE1_15);
        let clocks = clocks((p.XOSC, p.CLOCKS, p.PLL_SYS, p.PLL_USB), &mut p.RESETS, &mut watchdog)?;
        let mut timer = Timer::new(p.TIMER, &mut p.RESETS, &clocks);
        keep_running_when_halted();
        let layout = (pins.gpio3.into_function(), pins.gpio2.into_function());
        let peripheral = clocks.peripheral_clock.freq();
        let bus = Spi::<_, _, _, 8>::new(p.SPI0, layout).init(&mut p.RESETS, peripheral, 16.MHz(), MODE_0);
        let select: Out = pins.gpio5.into_push_pull_output_in_state(HIGH).into_dyn_pin();
        let latch: Out = pins.gpio6.into_push_pull_output_in_state(HIGH).into_dyn_pin();
        let device = ExclusiveDevice::new_no_delay(bus, select).ok()?;
        let dac = Mcp4922::new(device, Some(latch)).ok()?.with_ldac_writes(LDAC_WRITES);
        let output = OneShot::new(DacBridge::new(dac, [bridge], hardware().ok()?).ok()?, one_shot);
        let lines = (pins.gpio0.into_function(), pins.gpio1.into_function());
        let serial = UartPeripheral::new(p.UART0, lines, &mut p.RESETS)
            .enable(UartConfig::new(115_200.Hz(), DataBits::Eight, None, StopBits::One), peripheral)
            .ok();
        let inputs = Inputs {
            adc: Adc::new(p.ADC, &mut p.RESETS),
            current: AdcPin::new(pins.gpio26.into_floating_disabled()).ok()?,
            voltage: AdcPin::new(pins.gpio27.into_floating_disabled()).ok()?,
            heel: AdcPin::new(pins.gpio28.into_floating_disabled()).ok()?,
            stop: pins.gpio14.into_pull_up_input(),
            start: pins.gpio15.into_pull_up_input(),
            timer,
        };
        let alarms = Alarms::new(timer, timer.alarm_0()?, timer.alarm_1()?);
        let running = pins.gpio25.into_push_pull_output_in_state(LOW).into_dyn_pin();
        let clock = EdgeClock::new(timer);
        let watchdog = Dog { watchdog, caused_reset };
        Some(Self { output, clock, alarms, inputs, watchdog, running, serial, timer })
    }
}

/// A halt stops the code and not the clock of the edges: with a clock that stood still the edge that follows would be stamped
/// as on time. After its reset the timer stops with either processor.
#[expect(unsafe_code, reason = "the timer belongs to its driver, which has no word for this")]
fn keep_running_when_halted() {
    // SAFETY: the register says what a halt stops and nothing else; nobody else writes it
    unsafe { &*pac::TIMER::ptr() }.dbgpause().write(|w| w.dbg0().clear_bit().dbg1().clear_bit());
}

/// The system clock at 200 MHz, the rest as usual. `None` where a crystal or a loop does not do.
fn clocks(
    (xosc, clocks, pll_sys, pll_usb): (pac::XOSC, pac::CLOCKS, pac::PLL_SYS, pac::PLL_USB),
    resets: &mut pac::RESETS,
    watchdog: &mut Watchdog,
) -> Option<ClocksManager> {
    let xosc = setup_xosc_blocking(xosc, CRYSTAL_MHZ.MHz()).ok()?;
    watchdog.enable_tick_generation(u8::try_from(CRYSTAL_MHZ).ok()?);
    let mut clocks = ClocksManager::new(clocks);
    let crystal = xosc.operating_frequency();
    let sys = setup_pll_blocking(pll_sys, crystal, FAST, &mut clocks, resets).ok()?;
    let usb = setup_pll_blocking(pll_usb, crystal, PLL_USB_48MHZ, &mut clocks, resets).ok()?;
    clocks.init_default(&xosc, &sys, &usb).ok()?;
    Some(clocks)
}

const LOW: rp2040_hal::gpio::PinState = rp2040_hal::gpio::PinState::Low;
const HIGH: rp2040_hal::gpio::PinState = rp2040_hal::gpio::PinState::High;
