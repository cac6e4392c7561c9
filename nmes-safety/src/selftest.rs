//! What a device looks at in itself before it leaves [`crate::State::SelfTest`], as functions its maker calls.
//!
//! None of them reads a memory, a clock or a pin by itself: the maker's code hands in what was read and acts on the
//! answer. Each states its work, so that it can be cut into pieces that fit between two feeds of a watchdog. What they
//! find is a fault of the device; none of them shows that a device is sound.
//!
//! | test | what it is handed | what it finds |
//! |---|---|---|
//! | [`FlashCheck`] | the program's bytes, piece by piece | a byte that changed |
//! | [`ram_test`] | a piece of memory nobody else uses meanwhile | stuck, coupled and doubly selected words |
//! | [`compare_clocks`] | ticks of two clocks over the same time | a clock that is off, or stands still |
//! | [`judge_open`] | currents read while everything is commanded open | a bridge that does not open, a dead measurement |
//! | [`judge_measured`] | a figure from a bench or a board | contact, accuracy or a stop past its limit |
//! | [`read_as_dc_ua`] | how far a reading is off | a measurement whose error alone would trip E-DC-3 |
//! | [`LimitsSum`], [`check_rules`] | the rules, a profile, a checked plan | a limit that changed |

mod clock;
mod flash;
mod limits;
mod measured;
mod open;
mod ram;

pub use clock::{ClockCount, ClockFault, MOST_PPM, compare_clocks};
pub use flash::{FlashCheck, FlashFault, FlashStep};
pub use limits::{LimitsFault, LimitsSum, RULES_CRC, check_rules};
pub use measured::{MeasuredFault, impedance_ohm, impedance_up_ohm, judge_measured, read_as_dc_ua};
pub use open::{OpenFault, OpenFigures, OpenLimits, OpenSample, judge_open};
pub use ram::{RAM_PASSES, RamCells, RamFault, ram_test};
