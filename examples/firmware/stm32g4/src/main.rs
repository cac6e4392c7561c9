//! The session after a knee replacement on an STM32G474 (a Nucleo-64 and an output stage), as far as it can be shown
//! without a board: the processor's own converter played by DMA, the current converted once a sample, an enable line
//! that a timer in hardware drops and that a comparator and the emergency stop open without the program, a watchdog.
//!
//! `README.md` beside this package has the wiring; what is not about registers is in the library, and is tested there.
//!
//! **Not a medical device, and not to be connected to a person as it stands. Never run on a board so far.**
#![no_std]
#![no_main]

mod board;
mod enable;
mod ring;

use core::cell::RefCell;
use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, entry, exception};
use critical_section::Mutex;
use nmes_core::ChannelState;
use nmes_hal_adapters::{Calibration, SafeState, Watchdog};
use nmes_protocols::Storage;
use nmes_safety::Checked;
use nmes_stm32g4::{CALIBRATION, Half, Halves, Phase, Player, RING, Seen, Why, checked, hardware};
use stm32_metapac::{self as pac, interrupt};

use board::{Board, Dog, Nucleo};
use enable::StageEnable;

/// Halves to one feed of the watchdog: 10 ms.
const HALVES_A_FEED: u8 = 20;

/// Everything that runs.
struct App {
    player: Player<'static, StageEnable>,
    dog: Dog,
    since_fed: u8,
}

/// Everything that runs, for the interrupts.
static APP: Mutex<RefCell<Option<App>>> = Mutex::new(RefCell::new(None));

#[entry]
fn main() -> ! {
    Nucleo::safe_state();
    if let Some(board) = Board::take()
        && !board.dog.caused_reset()
    {
        start(board);
    }
    loop {
        cortex_m::asm::wfi();
    }
}

/// Apart from `main`, so that its stack is free again once it returns. Where a thing does not fit, nothing runs.
#[inline(never)]
fn start(mut board: Board) -> Option<()> {
    let storage = cortex_m::singleton!(: Storage = Storage::new())?;
    let place = cortex_m::singleton!(: Option<Checked<'static>> = None)?;
    let checked = checked(storage, place).ok()?;
    let states = cortex_m::singleton!(: [ChannelState; 1] = [ChannelState::new(); 1])?;
    let (own, calibration) = (hardware().ok()?, Calibration::decode(&CALIBRATION).ok()?);
    let player = Player::new(checked, states, (&own, &calibration), board.enable, &ring::SAMPLES).ok()?;
    board.dog.start();
    let app = App { player, dog: board.dog, since_fed: 0 };
    critical_section::with(|cs| APP.borrow_ref_mut(cs).replace(app));
    unmask();
    board.samples.start();
    Some(())
}

/// Both interrupts have the same priority, so neither comes within the other.
#[expect(
    unsafe_code,
    reason = "unmasking an interrupt can break a critical section made of masks; there is none"
)]
fn unmask() {
    // SAFETY: everything shared with these interrupts is behind a critical section
    unsafe {
        cortex_m::peripheral::NVIC::unmask(pac::Interrupt::DMA1_CHANNEL2);
        cortex_m::peripheral::NVIC::unmask(pac::Interrupt::EXTI15_10);
    }
}

impl App {
    /// A half of the ring was converted, and the half of the samples beside it was fetched.
    fn half(&mut self) {
        let (half_transfer, transfer_complete) = ring::take_flags();
        let Some(half) = self.player.finish(half_transfer, transfer_complete) else { return self.show() };
        let readings = ring::readings(half.place);
        let seen = Seen { readings: &readings, wrong: wrong(), start_closed: board::start_closed() };
        self.player.half(half, &seen);
        self.settle(half);
    }

    fn settle(&mut self, half: Half) {
        if !Halves::clear_of(half, ring::left(), RING) {
            self.player.was_late();
        }
        if !matches!(self.player.phase(), Phase::Off(why) if why != Why::Done) {
            self.feed();
        }
        self.show();
    }

    /// Fed by halves that were filled in time and by nothing else: after any fault the board starts again, and stays off.
    fn feed(&mut self) {
        self.since_fed = self.since_fed.saturating_add(1);
        if self.since_fed >= HALVES_A_FEED {
            self.since_fed = 0;
            self.dog.feed();
        }
    }

    fn show(&self) {
        board::show_running(self.player.phase() == Phase::Running);
    }
}

/// What the hardware says.
fn wrong() -> Option<Why> {
    if board::stop_pressed() {
        Some(Why::EmergencyStop)
    } else if enable::was_opened() {
        Some(Why::Opened)
    } else {
        ring::failed().then_some(Why::Converter)
    }
}

#[interrupt]
fn DMA1_CHANNEL2() {
    with_app(App::half);
}

/// The emergency stop. The timer's break input has opened the stage by now; this tells the session.
#[interrupt]
fn EXTI15_10() {
    board::take_stop();
    with_app(|app| app.player.off(Why::EmergencyStop));
}

/// Neither interrupt comes within the other; if one did, the stage would be switched off and nothing else.
fn with_app(act: impl FnOnce(&mut App)) {
    critical_section::with(|cs| match APP.borrow(cs).try_borrow_mut() {
        Ok(mut app) => {
            if let Some(app) = app.as_mut() {
                act(app);
            }
        }
        Err(_) => safe(),
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

/// The crystal stopped (its security system), or nobody knows what.
#[allow(unsafe_code, reason = "as above")]
#[exception]
unsafe fn NonMaskableInt() -> ! {
    hang()
}

/// Off, and no way on: the watchdog, if it runs, starts the board again.
fn hang() -> ! {
    loop {
        safe();
    }
}

/// The stage is off, and DMA has nothing to play.
fn safe() {
    Nucleo::safe_state();
    ring::SAMPLES.silence();
}
