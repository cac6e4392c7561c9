//! Foot drop on a Raspberry Pi Pico, as far as it can be shown without a person: an MCP4922 and an H-bridge, edges from
//! the 64-bit timer, current and voltage converted before each edge, a heel switch on a supervised line, an emergency
//! stop, a watchdog that only the stimulator's own tick feeds, and a one-shot on the enable line.
//!
//! `README.md` beside this package has the wiring; `docs/porting.md` says what has to be different on another board.
//!
//! **Not a medical device, and not to be connected to a person as it stands.**
#![no_std]
#![no_main]

mod app;
mod board;
mod clock;
mod heel;
mod report;
mod sense;
mod session;

use core::cell::RefCell;
use core::fmt::Write;
use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, entry, exception};
use critical_section::Mutex;
use nmes_hal_adapters::{SafeState, Watchdog};
use rp2040_hal::Timer;
use rp2040_hal::pac::{self, interrupt};

use app::{App, NotReady};
use board::{Board, Pico, Serial};
use report::{Report, say};

/// The second-stage loader for the flash of a Pico, with its checksum.
#[expect(unsafe_code, reason = "the boot ROM finds the loader by its place")]
#[unsafe(link_section = ".boot2")]
#[used]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

/// Everything that runs, for the interrupts.
static APP: Mutex<RefCell<Option<App>>> = Mutex::new(RefCell::new(None));

#[entry]
fn main() -> ! {
    Pico::safe_state();
    let Some(mut board) = Board::take() else { hang() };
    let (serial, timer) = (board.serial.take(), board.timer);
    match start(board) {
        Ok(()) => say(Report::Armed),
        Err(report) => say(report),
    }
    idle(serial, &timer)
}

/// Apart from `main`, so that its stack is free again once it returns.
#[inline(never)]
fn start(mut board: Board) -> Result<(), Report> {
    if board.watchdog.caused_reset() {
        return Err(Report::AfterWatchdog);
    }
    let ready = session::ready().map_err(|why| Report::NotReady(NotReady::Plan(why)))?;
    board.watchdog.start();
    let app = App::new(board, ready).map_err(Report::NotReady)?;
    critical_section::with(|cs| APP.borrow_ref_mut(cs).replace(app));
    unmask();
    Ok(())
}

/// Both interrupts have the same priority, so neither comes within the other.
#[expect(
    unsafe_code,
    reason = "unmasking an interrupt can break a critical section made of masks; there is none"
)]
fn unmask() {
    // SAFETY: everything shared with these interrupts is behind a critical section
    unsafe {
        cortex_m::peripheral::NVIC::unmask(pac::Interrupt::TIMER_IRQ_0);
        cortex_m::peripheral::NVIC::unmask(pac::Interrupt::TIMER_IRQ_1);
    }
}

/// Sends what there is to say. Nothing of the output depends on how fast this is, or whether it runs at all.
fn idle(mut serial: Option<Serial>, timer: &Timer) -> ! {
    loop {
        if let Some(serial) = serial.as_mut()
            && let Some(report) = report::next()
        {
            let _ = write!(serial, "{report:?}\r\n");
        }
        pass_the_time(timer);
    }
}

#[cfg(not(feature = "disturb"))]
fn pass_the_time(_: &Timer) {
    cortex_m::asm::wfi();
}

/// Masks interrupts for a time between 0 and 200 µs, then leaves as long again: what a careless neighbour would do.
#[cfg(feature = "disturb")]
fn pass_the_time(timer: &Timer) {
    use core::sync::atomic::{AtomicU32, Ordering};
    static SEED: AtomicU32 = AtomicU32::new(1);
    let seed = SEED.load(Ordering::Relaxed).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    SEED.store(seed, Ordering::Relaxed);
    let micros = u64::from(seed >> 8) % 201;
    let wait = || {
        let until = clock::now(timer).saturating_add(micros);
        while clock::now(timer) < until {}
    };
    critical_section::with(|_| wait());
    wait();
}

#[interrupt]
fn TIMER_IRQ_0() {
    with_app(App::edges);
}

#[interrupt]
fn TIMER_IRQ_1() {
    with_app(App::slow);
}

/// Neither interrupt comes within the other; if one did, the bridge would be opened and nothing else.
fn with_app(act: fn(&mut App)) {
    critical_section::with(|cs| match APP.borrow(cs).try_borrow_mut() {
        Ok(mut app) => {
            if let Some(app) = app.as_mut() {
                act(app);
            }
        }
        Err(_) => Pico::safe_state(),
    });
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    hang()
}

#[allow(unsafe_code, reason = "a fault handler is entered by the processor; the macro makes two items of it")]
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    hang()
}

/// Off, and no way on: the watchdog, if it runs, starts the board again.
fn hang() -> ! {
    loop {
        Pico::safe_state();
    }
}
