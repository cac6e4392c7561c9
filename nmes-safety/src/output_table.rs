//! What a plan puts out, in the rows that two regulators' documents ask for: as data, for a maker's own papers.
//!
//! [`OutputTable`] has the seventeen rows of the output specifications in FDA's guidance on powered muscle stimulators
//! of 1999 (read, see `docs/sources.md`, STD-S8); [`Characteristics`] the output characteristics that the special controls
//! of 21 CFR 882.5891 ask for (read, STD-S9). The titles are in our own words. The numbers are worked out from one plan
//! and one setup, with an ideal stage that clips at the rail: what a device puts out is measured on the device, and each
//! row that only its maker can fill in says so. Nothing here says that a device is cleared, or that it may be.

mod answer;
mod characteristics;
mod facts;
mod phases;
mod rows;

pub use answer::{Answer, LOADS_OHM, TableRow};
pub use characteristics::{CHARACTERISTICS_ROWS, Characteristics, is_complete};
pub use rows::{OUTPUT_ROWS, OutputTable};
