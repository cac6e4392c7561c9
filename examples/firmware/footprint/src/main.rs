//! The template's foot drop behind an MCP4922 and a bridge, on registers that are words in memory: what core, safety,
//! protocol and driver take of a Cortex-M, without a board's clocks and drivers. It links, and is never run.
#![no_std]
#![no_main]

use core::cell::RefCell;
use core::convert::Infallible;
use core::hint::black_box;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m_rt::{entry, exception};
use critical_section::Mutex;
use embedded_hal::digital::{ErrorType, OutputPin};
use embedded_hal::spi::{self, Operation, SpiDevice};
use nmes_core::ChannelState;
use nmes_hal_adapters::{Alarm, DacBridge, HBridge, Late, Mcp4922, NoSense, Watchdog};
use nmes_protocols::{GaitConfig, Heel, Storage};
use nmes_safety::Checked;
use nmes_safety::selftest::{ClockCount, OpenLimits, OpenSample};
use nmes_template::{Device, SelfTest, SelfTested, hardware, plan};

/// Stand for the registers of a processor.
static REGISTERS: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

fn write(register: usize, value: u32) {
    if let Some(register) = REGISTERS.get(register) {
        register.store(value, Ordering::Relaxed);
    }
}

fn read(register: usize) -> u32 {
    REGISTERS.get(register).map_or(0, |register| register.load(Ordering::Relaxed))
}

/// A pin, by its bit.
struct Pin(u32);

impl ErrorType for Pin {
    type Error = Infallible;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        write(0, read(0) & !self.0);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        write(0, read(0) | self.0);
        Ok(())
    }
}

/// A bus that sends a byte by a write.
struct Bus;

impl spi::ErrorType for Bus {
    type Error = Infallible;
}

impl SpiDevice for Bus {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        for operation in operations {
            if let Operation::Write(bytes) = operation {
                bytes.iter().for_each(|&byte| write(1, u32::from(byte)));
            }
        }
        Ok(())
    }
}

/// A timer of 64 bits.
struct Timer;

impl Alarm for Timer {
    fn now(&mut self) -> u64 {
        u64::from(read(2))
    }

    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        write(3, u32::try_from(at_tick).unwrap_or(u32::MAX));
        Ok(())
    }

    fn clear(&mut self) {
        write(3, 0);
    }
}

struct Dog;

impl Watchdog for Dog {
    fn timeout_us(&self) -> u32 {
        50_000
    }

    fn caused_reset(&self) -> bool {
        read(0) & 32 != 0
    }

    fn feed(&mut self) {
        write(0, 16);
    }
}

type Output = DacBridge<Mcp4922<Bus, Pin>, Pin, 2, 1>;
type Everything = Device<'static, Output, Timer, NoSense>;

static DEVICE: Mutex<RefCell<Option<&'static mut Everything>>> = Mutex::new(RefCell::new(None));

#[entry]
fn main() -> ! {
    start();
    loop {
        cortex_m::asm::wfi();
    }
}

/// The plan in its place. A function of its own, so that the stack it takes is given back before the rest.
#[inline(never)]
fn checked() -> Option<(&'static Checked<'static>, GaitConfig)> {
    let storage = cortex_m::singleton!(: Storage = Storage::new())?;
    let place = cortex_m::singleton!(: Option<Checked<'static>> = None)?;
    plan(storage, place)
}

/// What a board reads of itself, as words in memory here.
#[inline(never)]
fn tested() -> Option<SelfTested> {
    let count = |register| ClockCount { ticks: u64::from(read(register)), ticks_per_second: 1_000_000 };
    let reading = |register| i32::try_from(read(register)).unwrap_or(i32::MAX);
    let open = [false, false, false, false, true, true, true, true]
        .map(|driven| OpenSample { driven, current_ua: reading(1) });
    let mut memory = [0_u32; 64];
    let test = SelfTest {
        image: black_box(&[0_u8; 16]),
        stored: (16, read(0)),
        memory: memory.as_mut_slice(),
        clocks: [count(2), count(3)],
        tolerance_ppm: 5_000,
        open: &open,
        open_limits: OpenLimits::with_reference(reading(0), 4_500, 5_500),
    };
    test.run(|| Dog.feed()).ok()
}

/// The device in its place; what is handed over later is its address.
#[inline(never)]
fn device(checked: &'static Checked<'static>, gait: GaitConfig) -> Option<&'static mut Everything> {
    let states = cortex_m::singleton!(: [ChannelState; 1] = [ChannelState::new(); 1])?;
    let bridge = HBridge::diagonal(Pin(1), Pin(2)).ok()?;
    let dac = Mcp4922::new(Bus, Some(Pin(4))).ok()?;
    let output = DacBridge::new(dac, [bridge], hardware().ok()?).ok()?;
    let parts = (output, Timer, NoSense);
    cortex_m::singleton!(: Option<Everything> = Device::new(checked, states, gait, parts, &Dog, tested()?))?
        .as_mut()
}

fn start() -> Option<()> {
    let (checked, gait) = checked()?;
    let device = device(checked, gait)?;
    critical_section::with(|cs| DEVICE.borrow(cs).replace(Some(device)));
    Some(())
}

fn with_device(act: impl FnOnce(&mut Everything)) {
    critical_section::with(|cs| {
        if let Ok(mut device) = DEVICE.borrow(cs).try_borrow_mut()
            && let Some(device) = device.as_mut()
        {
            act(device);
        }
    });
}

/// Stands for the alarm's interrupt.
#[exception]
fn PendSV() {
    with_device(|device| {
        black_box(device.edges()).ok();
    });
}

/// Every millisecond.
#[exception]
fn SysTick() {
    let heel = if read(0) & 8 == 0 { Heel::Lifted } else { Heel::Loaded };
    with_device(|device| {
        black_box(device.slow(heel, read(0) & 64 != 0, || Dog.feed())).ok();
    });
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        write(0, 0);
    }
}
