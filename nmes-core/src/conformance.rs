//! What every stimulation output has to do, as properties that a driver author runs against their own (feature `proptest`,
//! which needs std: for tests only).
//!
//! Around the output goes a [`Rig`]: it hands levels on, and tells what pins and buses then made of them, decoded by the
//! author's own model of the parts (never by the driver's code, or the driver is compared with itself). A rig can make the
//! transfer of a given number fail, without and with its effect. [`output_conformance!`](crate::output_conformance) makes a test of each property;
//! [`check`] runs them all. A property that does not hold says which, and what was seen.
//!
//! | property | what is looked at |
//! |---|---|
//! | `starts_open` | after construction every channel was made open, and its set-point zero; within it nothing drove |
//! | `codes_come_out` | every code of the range (some 8,000 of a wider one) comes out as it is, sign and all |
//! | `open_is_open` | open, shorted and a driven zero are three levels; each comes out as itself from every other |
//! | `only_rests_between` | between an old level and a new one there is nothing but a rest, and so until a channel is opened alone |
//! | `channels_are_apart` | what one channel does leaves the others as they are; one channel opens alone |
//! | `instants_are_together` | codes of one instant change in one event with a latch, within the declared skew without |
//! | `off_opens` | `off` opens every channel from every state, as often as it is called, and every set-point is zero; nothing comes back by itself, nor with the next level of one channel |
//! | `drop_opens` | an output that is dropped leaves every channel open, and every set-point zero |
//! | `drop_opens_despite_errors` | whichever transfer of a drop fails, the rest is tried, so that nothing drives; a drop after an error opens every channel |
//! | `what_does_not_fit_is_refused` | a code outside the range or a channel that is not there is an error, also of `channel_off`, and opens all |
//! | `errors_are_told` | whichever transfer of `apply`, `channel_off` and `off` fails, the call says so |
//! | `errors_open` | after an error of `apply` or `channel_off` every channel is open and every set-point zero, when one transfer failed and the next ones work; after one of `off` nothing drives, and the next `off` opens every channel |
//! | `nothing_follows_an_error` | after an error no level comes out, whichever channel is asked, until `off` has succeeded, and `channel_off` opens every channel; what is taken after that comes out as itself |
//! | `hardware_stays` | the hardware record is the same throughout, so it is the one the plan was compiled for |
//! | `plans_come_out` | random sessions: every level of the engine comes out; Σ codes × ticks of a channel is exactly 0 where L is 0; dead time and edge spacing are kept |
//! | `stops_leave_it_open` | each stop policy, at random moments of random sessions, leaves every channel open, and so does an error |
//!
//! No level that is put out in them comes after the stamp that was answered by more than ε, nor one of `off`. Within any call, also
//! `off`, drop and one that ends in an error, nothing drives but what a channel had before it and what it was asked for.
//!
//! # Setting it up
//! ```toml
//! [dev-dependencies]
//! nmes-core = { version = "*", features = ["proptest"] } # the version that your driver is built with
//! ```
//! The macro makes seventeen tests: one for each property, and one that none is left out. The last two properties play 2,000
//! random sessions each; the environment variable `NMES_CASES` sets another number.
//!
//! Where channels share a [source](crate::ChannelHardware::source), none is asked for a code while another one on it has one.
//!
//! What they do not see: analogue behaviour, a fault of the board, time and set-points that the rig does not tell, and what a
//! constructor leaves that fails: a rig holds an output that was made.
//!
//! ```
//! use nmes_core::conformance::{Rig, Seen, check};
//! use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Level};
//!
//! /// An output that is a list of levels. A real rig holds a driver, and a record of its bus.
//! struct Levels { levels: Vec<Level>, seen: Vec<Seen>, events: u64, fail_in: Option<u32>, failed: bool, stopped: bool }
//!
//! impl Levels {
//!     fn new() -> Self {
//!         let mut new = Self {
//!             levels: vec![Level::Open; 2], seen: vec![], events: 0, fail_in: None, failed: false, stopped: false,
//!         };
//!         for channel in 0..2 { new.set(0, channel, Level::Open); }
//!         new
//!     }
//!     fn transfer(&mut self) -> Result<(), &'static str> {
//!         self.events += 1;
//!         match self.fail_in {
//!             Some(0) => { (self.fail_in, self.failed) = (None, true); Err("the bus failed") }
//!             left => { self.fail_in = left.map(|n| n - 1); Ok(()) }
//!         }
//!     }
//!     fn set(&mut self, tick: u64, channel: u8, level: Level) {
//!         self.levels[usize::from(channel)] = level;
//!         self.seen.push(Seen { tick, event: self.events, channel, level });
//!     }
//!     fn try_apply(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<(), &'static str> {
//!         let fits = |&(channel, level): &(u8, Level)| channel < 2
//!             && matches!(level, Level::Open | Level::Code(-100..=100));
//!         if self.stopped || !edges.iter().all(fits) { return Err("refused"); }
//!         self.transfer()?;
//!         for &(channel, level) in edges { self.set(now, channel, level); }
//!         Ok(())
//!     }
//! }
//!
//! impl Rig for Levels {
//!     type Error = &'static str;
//!     fn hardware(&self) -> Hardware {
//!         let channel = ChannelHardware::symmetric(1_000_000, -100, 100);
//!         Hardware::new(HardwareTiming::ideal(1_000_000), &[channel; 2], 0).unwrap()
//!     }
//!     fn apply(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<u64, Self::Error> {
//!         let result = self.try_apply(now, edges);
//!         if result.is_err() { let _ = self.off(now); self.stopped = true; }
//!         result.map(|()| now)
//!     }
//!     fn channel_off(&mut self, now: u64, channel: u8) -> Result<u64, Self::Error> {
//!         if !self.stopped { return self.apply(now, &[(channel, Level::Open)]); }
//!         let result = self.off(now);
//!         self.stopped = true; // until `off` itself has succeeded
//!         result
//!     }
//!     fn off(&mut self, now: u64) -> Result<u64, Self::Error> {
//!         let result = self.transfer();
//!         for channel in 0..2 { self.set(now, channel, Level::Open); }
//!         self.stopped = result.is_err();
//!         result.map(|()| now)
//!     }
//!     fn end(&mut self, now: u64) { let _ = self.off(now); }
//!     fn fail_after(&mut self, transfers: u32) { self.fail_in = Some(transfers); self.failed = false; }
//!     fn failed(&self) -> bool { self.failed }
//!     fn seen(&mut self) -> Vec<Seen> { std::mem::take(&mut self.seen) }
//! }
//!
//! check(Levels::new, 16).unwrap();
//! ```
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "for tests: a panic is a failed test"
)]

mod errors;
mod levels;
mod plans;
mod probe;

use crate::frame::Level;
use crate::hardware::Hardware;
use std::fmt;
use std::prelude::v1::*;

pub(crate) use probe::Probe;

/// A stimulation output on a test rig that records what it does.
///
/// Times are in ticks of the output's hardware. A rig without a clock answers every call with the `now` it was given.
pub trait Rig {
    /// What the output answers when it fails.
    type Error: fmt::Debug;

    /// The hardware record of the output.
    fn hardware(&self) -> Hardware;

    /// Puts out all edges of one instant, channel and level; the clock as it is read after that.
    ///
    /// # Errors
    /// What the output answered.
    fn apply(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<u64, Self::Error>;

    /// Opens one channel; the clock as it is read after that. After an error, until `off` has succeeded, it opens every
    /// channel instead: which levels they have is not known then. The error stays.
    ///
    /// # Errors
    /// What the output answered.
    fn channel_off(&mut self, now: u64, channel: u8) -> Result<u64, Self::Error>;

    /// Opens every channel; the clock as it is read after that. After a success without an error before it, levels are taken.
    /// After an error none is taken until it has succeeded; a driver may need a restart of its own as well.
    ///
    /// # Errors
    /// What the output answered.
    fn off(&mut self, now: u64) -> Result<u64, Self::Error>;

    /// Drops the output. The record stays, and nothing more is asked of the output.
    fn end(&mut self, now: u64);

    /// After `transfers` more that work, the next transfer on a bus or change of a pin fails, once, and does nothing. Of every
    /// call: from a level that drives, `apply`, `channel_off`, `off` and `end` each have at least one that can fail, and at most
    /// 1,000. A rig that does not reach one of them is told so, for then nothing was looked at.
    fn fail_after(&mut self, transfers: u32);

    /// As [`Rig::fail_after`], but the transfer takes effect, and then is told as failed: a bus may err after the bytes are out, and
    /// a driver that then believes that nothing was written lets out a code that nobody asked for. Whether the rig can; where
    /// it cannot, which is what it says if it does not say anything, nothing is looked at for it.
    fn fail_with_effect_after(&mut self, _transfers: u32) -> bool {
        false
    }

    /// Whether a transfer of `channel_off`, `off` and `end` can fail. `false` is for a simulated output that opens without any; a
    /// driver has a bus or a pin.
    fn opening_can_fail(&self) -> bool {
        true
    }

    /// Whether that has happened since it was asked for.
    fn failed(&self) -> bool;

    /// What the current source of a channel is asked for now, by the model of the parts, whether its output is open or not: the
    /// code that its converter has, of either sign. `None` where the rig cannot tell, which is what it says if it does not say
    /// anything, and nothing is looked at; and while the converter has what it powered up with.
    fn set_point(&self, _channel: u8) -> Option<i32> {
        None
    }

    /// What came out since this was last called, in order, from construction on. A level that is told twice counts once.
    fn seen(&mut self) -> Vec<Seen>;
}

/// A level of a channel as it came out of pins and buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub tick: u64,
    /// Number of the transfer or change of a pin that brought it: levels that came with one have the same. A simulated
    /// output that has none may give the tick.
    pub event: u64,
    /// The channel.
    pub channel: u8,
    /// What its terminals do now.
    pub level: Level,
}

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub property: &'static str,
    /// What was asked for, and what was seen.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.seen)
    }
}

impl core::error::Error for Violation {}

/// What a property answers; `Err` is what was seen.
type Holds = Result<(), String>;

type Test<R> = fn(&dyn Fn() -> R, u32) -> Holds;

fn named<R: Rig>() -> [(&'static str, Test<R>); 16] {
    [
        ("starts_open", levels::starts_open),
        ("codes_come_out", levels::codes_come_out),
        ("open_is_open", levels::open_is_open),
        ("only_rests_between", levels::only_rests_between),
        ("channels_are_apart", levels::channels_are_apart),
        ("instants_are_together", levels::instants_are_together),
        ("off_opens", levels::off_opens),
        ("drop_opens", levels::drop_opens),
        ("drop_opens_despite_errors", errors::drop_opens_despite_errors),
        ("what_does_not_fit_is_refused", errors::what_does_not_fit_is_refused),
        ("errors_are_told", errors::errors_are_told),
        ("errors_open", errors::errors_open),
        ("nothing_follows_an_error", errors::nothing_follows_an_error),
        ("hardware_stays", errors::hardware_stays),
        ("plans_come_out", plans::plans_come_out),
        ("stops_leave_it_open", plans::stops_leave_it_open),
    ]
}

/// The names of the properties, in the order they are looked at.
#[must_use]
pub fn properties() -> Vec<&'static str> {
    named::<Never>().map(|(name, _)| name).to_vec()
}

/// Looks at one property; `cases` is how many random sessions the last two play.
///
/// # Errors
/// It does not hold, or there is none of that name.
pub fn holds<R: Rig>(property: &str, make: impl Fn() -> R, cases: u32) -> Result<(), Violation> {
    let found = named::<R>().into_iter().find(|(name, _)| *name == property);
    let Some((property, test)) = found else {
        return Err(Violation { property: "holds", seen: std::format!("no property is named {property}") });
    };
    test(&make, cases).map_err(|seen| Violation { property, seen })
}

/// Looks at every property, in order, each on fresh rigs. See the [module](self).
///
/// # Errors
/// The first that does not hold.
pub fn check<R: Rig>(make: impl Fn() -> R, cases: u32) -> Result<(), Violation> {
    named::<R>()
        .into_iter()
        .try_for_each(|(property, test)| test(&make, cases).map_err(|seen| Violation { property, seen }))
}

/// Random sessions of a property in a test: the environment's `NMES_CASES`, or `usual`.
#[must_use]
pub fn cases(usual: u32) -> u32 {
    std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// A test of each property of the [suite](crate::conformance), in a module of the given name.
///
/// ```
/// # use nmes_core::conformance::{Rig, Seen};
/// # use nmes_core::{Hardware, Level};
/// # enum MyRig {}
/// # impl MyRig { fn new() -> Self { std::process::abort() } }
/// # impl Rig for MyRig {
/// #     type Error = ();
/// #     fn hardware(&self) -> Hardware { match *self {} }
/// #     fn apply(&mut self, _: u64, _: &[(u8, Level)]) -> Result<u64, ()> { match *self {} }
/// #     fn channel_off(&mut self, _: u64, _: u8) -> Result<u64, ()> { match *self {} }
/// #     fn off(&mut self, _: u64) -> Result<u64, ()> { match *self {} }
/// #     fn end(&mut self, _: u64) { match *self {} }
/// #     fn fail_after(&mut self, _: u32) { match *self {} }
/// #     fn failed(&self) -> bool { match *self {} }
/// #     fn seen(&mut self) -> Vec<Seen> { match *self {} }
/// # }
/// // in a file of tests: my_output::starts_open, my_output::codes_come_out, …
/// nmes_core::output_conformance!(my_output, MyRig::new);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! output_conformance {
    ($name:ident, $make:expr) => {
        $crate::output_conformance!(@ $name, $make, starts_open codes_come_out open_is_open only_rests_between
            channels_are_apart instants_are_together off_opens drop_opens drop_opens_despite_errors
            what_does_not_fit_is_refused errors_are_told errors_open nothing_follows_an_error hardware_stays
            plans_come_out stops_leave_it_open);
    };
    (@ $name:ident, $make:expr, $($property:ident)*) => {
        mod $name {
            #[allow(unused_imports, reason = "the rig may be made by a closure")]
            use super::*;
            $(
                // REQ-CORE-100
                #[test]
                fn $property() {
                    let cases = $crate::conformance::cases(2_000);
                    let held = $crate::conformance::holds(stringify!($property), $make, cases);
                    held.unwrap_or_else(|violation| panic!("{violation}"));
                }
            )*
            // REQ-CORE-100
            #[test]
            fn nothing_is_left_out() {
                assert_eq!($crate::conformance::properties(), [$(stringify!($property)),*]);
            }
        }
    };
}

/// Stands for any rig where only names are wanted.
enum Never {}

impl Rig for Never {
    type Error = ();
    fn hardware(&self) -> Hardware {
        match *self {}
    }
    fn apply(&mut self, _: u64, _: &[(u8, Level)]) -> Result<u64, ()> {
        match *self {}
    }
    fn channel_off(&mut self, _: u64, _: u8) -> Result<u64, ()> {
        match *self {}
    }
    fn off(&mut self, _: u64) -> Result<u64, ()> {
        match *self {}
    }
    fn end(&mut self, _: u64) {
        match *self {}
    }
    fn fail_after(&mut self, _: u32) {
        match *self {}
    }
    fn failed(&self) -> bool {
        match *self {}
    }
    fn seen(&mut self) -> Vec<Seen> {
        match *self {}
    }
}
