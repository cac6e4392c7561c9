//! What is told over the serial line: written down by interrupts, sent by the main loop.

use core::cell::RefCell;

use critical_section::Mutex;
use nmes_hal_adapters::{Stats, Stopped};

use crate::app::NotReady;

/// Something worth a line.
#[expect(dead_code, reason = "the fields are for the line, which is made by Debug")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Report {
    /// Armed; the start contact is waited for.
    Armed,
    /// It was closed; the level rises.
    Raising,
    /// The watchdog made this start: nothing is armed until the power was off.
    AfterWatchdog,
    /// Nothing can run.
    NotReady(NotReady),
    /// Session time zero.
    Running,
    /// The emergency stop.
    Halted(Stats),
    /// A fault.
    Stopped(Stopped, Stats),
}

static REPORTS: Mutex<RefCell<[Option<Report>; 5]>> = Mutex::new(RefCell::new([None; 5]));

/// Keeps a line for the main loop; the first five are kept.
pub(crate) fn say(report: Report) {
    critical_section::with(|cs| {
        // nobody else has it inside a critical section; if somebody had, the line would be lost
        if let Ok(mut kept) = REPORTS.borrow(cs).try_borrow_mut()
            && let Some(free) = kept.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(report);
        }
    });
}

/// The oldest line that was not sent.
pub(crate) fn next() -> Option<Report> {
    critical_section::with(|cs| {
        let mut kept = REPORTS.borrow_ref_mut(cs);
        let report = kept.first_mut()?.take();
        kept.rotate_left(1);
        report
    })
}
