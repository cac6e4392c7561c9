//! The output characteristics that 21 CFR 882.5891 and its likes ask for.

use nmes_core::Plan;

use super::answer::{Answer, TableRow};
use super::facts::Facts;
use crate::rules::G_RPT_1;
use crate::selftest::MeasuredFault;
use crate::setup::Setup;

/// Lines of the list.
pub const CHARACTERISTICS_ROWS: usize = 13;

/// The electrical output of one channel of a plan, as the special controls of 21 CFR 882.5891(b)(3) list it (882.5892 and
/// 882.5888 ask for the same).
///
/// The regulation is about transcutaneous stimulators for headache; the list is used here because it is the most complete
/// one for any skin electrode. That it applies to a device is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Characteristics {
    channel: u8,
    rows: [TableRow; CHARACTERISTICS_ROWS],
}

/// Their numbers.
const NUMBERS: [&str; CHARACTERISTICS_ROWS] =
    ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"];

/// Whether a report about the output has all that [`Characteristics`] lists, as G-RPT-1 has it: a row of each number, in any order and
/// with others beside them, that says what is asked, and the answer or why there is none. That only the maker can state it, or
/// that it does not apply, is an answer where it says what or why. Work for thirteen numbers times the rows.
///
/// ```
/// use nmes_core::Plan;
/// use nmes_safety::{Setup, output_table::{Characteristics, is_complete}};
/// fn shows_all(plan: &Plan<'_>, setup: &Setup) -> bool {
///     let lists = (0..plan.channel_count()).filter_map(|channel| Characteristics::of(plan, setup, channel));
///     lists.map(|list| is_complete(list.rows())).all(|whole| whole.is_ok())
/// }
/// # assert!(is_complete(&[]).is_err_and(|fault| fault.value == 13));
/// ```
///
/// # Errors
/// [`MeasuredFault`] with how many are left out.
pub fn is_complete(report: &[TableRow]) -> Result<(), MeasuredFault> {
    let answers = |number: &str| report.iter().any(|row| row.number == number && row.is_answered());
    let left_out = NUMBERS.iter().filter(|number| !answers(number)).map(|_| 1_u64).sum();
    MeasuredFault::judge(&G_RPT_1, left_out, G_RPT_1.limit)
}

const DURATION: [&str; 2] = ["of the main phase", "of the whole pulse, all its levels and rests"];
const INSIDE: &str =
    "inside a burst, or between the peaks of a pulse; row 14b of FDA's table of 1999 has how often they come";
const MODES: &str = "the modes of the device; this list is of one plan";
const MONITOR: &str = "what measures the contact, how often, and what it does; the guard judges what a board measures (E-DEL-1, E-OC-1)";

impl Characteristics {
    /// The list of a channel; `None` for one that is not there.
    #[must_use]
    pub fn of(plan: &Plan<'_>, setup: &Setup, channel: u8) -> Option<Self> {
        let facts = Facts::of(plan, setup, channel)?;
        let (row, said) = (TableRow::new, TableRow::saying);
        let rows = [
            row("1", "waveform", Answer::Words(facts.waveform())),
            row("2", "shape", Answer::Words(facts.shape())),
            row("3", "output modes", Answer::MakerStates(MODES)),
            row("4", "maximum output voltage", facts.voltages()),
            row("5", "maximum output current", facts.currents()),
            row("6", "pulse duration", facts.width()).noting(facts.width_of(DURATION)),
            said("7", "frequency", facts.frequency(INSIDE)),
            row("8", "net charge of one pulse", facts.net_charge()).noting("as commanded"),
            row("9", "maximum phase charge @ 500 ohm", facts.phase_charge()),
            said("10", "maximum current density, r.m.s.", facts.density()),
            said("11", "maximum average current", facts.mean_absolute()),
            said("12", "maximum average power density", facts.power()),
            row("13", "impedance monitoring system", Answer::MakerStates(MONITOR)),
        ];
        Some(Self { channel, rows })
    }

    /// The channel.
    #[must_use]
    pub const fn channel(&self) -> u8 {
        self.channel
    }

    /// The rows.
    #[must_use]
    pub const fn rows(&self) -> &[TableRow; CHARACTERISTICS_ROWS] {
        &self.rows
    }

    /// A row by its number.
    #[must_use]
    pub fn row(&self, number: &str) -> Option<&TableRow> {
        self.rows.iter().find(|row| row.number == number)
    }
}
