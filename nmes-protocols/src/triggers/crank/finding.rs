//! Finding the window of one muscle of one person: torque with and without stimulation, all round the crank.

use super::window::Window;
use core::fmt;

/// Sectors of ten degrees.
const SECTORS: usize = 36;
const SECTOR_DEG: u16 = 10;
/// Readings a sector needs of either kind. Ours.
const LEAST: u32 = 3;
/// A muscle that helps over more than this helps nowhere in particular: the torque is not its own. Ours.
const WIDEST: u16 = 25;

/// Why no window was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NoWindow {
    /// A sector has fewer than three readings with stimulation, or without.
    TooFew {
        /// The sector's first degree.
        deg: u16,
    },
    /// The muscle helps nowhere.
    NoHelp,
    /// It seems to help almost everywhere.
    Everywhere,
    /// The share of the peak is not 1 to 99 %.
    Share {
        /// What was given.
        percent: u32,
    },
}

impl fmt::Display for NoWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { deg } => {
                write!(
                    f,
                    "window of a muscle: too few readings from {deg} degrees on, 3 of either kind are needed"
                )
            }
            Self::NoHelp => f.write_str("window of a muscle: stimulation helps nowhere"),
            Self::Everywhere => {
                f.write_str("window of a muscle: stimulation seems to help almost everywhere")
            }
            Self::Share { percent } => {
                write!(f, "window of a muscle: {percent} % of the peak; accepted: 1 to 99 %")
            }
        }
    }
}

impl core::error::Error for NoWindow {}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: i64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: i32) {
        self.sum = self.sum.saturating_add(i64::from(value));
        self.count = self.count.saturating_add(1);
    }

    fn value(&self) -> Option<i64> {
        if self.count < LEAST {
            return None;
        }
        self.sum.checked_div(i64::from(self.count))
    }
}

/// Gathers torque all round the crank while a motor turns it slowly, with the muscle stimulated in some turns and not in
/// others; the window is where stimulation adds at least a share of what it adds at best.
///
/// Angles are those of the pull, so the crank turns slowly: at 10 turns a minute a muscle that needs 0.1 s is 6 degrees
/// late, which is less than a sector.
///
/// ```
/// use nmes_protocols::triggers::crank::{Finder, Window};
/// let mut finder = Finder::new();
/// for turn in 0..6_i32 {
///     for deg in 0..360_i32 {
///         let helps = (100..170).contains(&deg) && turn % 2 == 0;
///         finder.add(deg.unsigned_abs() * 1_000, if helps { 8_000 } else { 500 }, turn % 2 == 0);
///     }
/// }
/// assert_eq!(finder.window(40), Ok(Window { start_deg: 100, width_deg: 70 }));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Finder {
    stimulated: [Mean; SECTORS],
    passive: [Mean; SECTORS],
}

impl Default for Finder {
    fn default() -> Self {
        Self::new()
    }
}

impl Finder {
    /// Nothing gathered.
    #[must_use]
    pub const fn new() -> Self {
        const NONE: Mean = Mean { sum: 0, count: 0 };
        Self { stimulated: [NONE; SECTORS], passive: [NONE; SECTORS] }
    }

    /// A reading: the angle in millidegrees, the torque in millinewton-metres (positive drives forward), and whether the
    /// muscle is stimulated.
    pub fn add(&mut self, angle_mdeg: u32, torque_mnm: i32, stimulated: bool) {
        let sector = usize::try_from(angle_mdeg % 360_000 / 10_000).unwrap_or(0);
        let means = if stimulated { &mut self.stimulated } else { &mut self.passive };
        if let Some(mean) = means.get_mut(sector) {
            mean.add(torque_mnm);
        }
    }

    /// The longest run of sectors in which stimulation adds at least `percent` of what it adds at best. Looks at each
    /// sector at most twice.
    ///
    /// # Errors
    /// Too few readings, no help, or help almost everywhere.
    pub fn window(&self, percent: u32) -> Result<Window, NoWindow> {
        if !(1..=99).contains(&percent) {
            return Err(NoWindow::Share { percent });
        }
        let gain = self.gains()?;
        let best = gain.iter().copied().max().unwrap_or(0);
        if best <= 0 {
            return Err(NoWindow::NoHelp);
        }
        let least = best.saturating_mul(i64::from(percent)) / 100;
        let helps = gain.map(|g| g >= least.max(1));
        let (start, length) = longest(&helps);
        if length > WIDEST {
            return Err(NoWindow::Everywhere);
        }
        Ok(Window {
            start_deg: start.saturating_mul(SECTOR_DEG),
            width_deg: length.saturating_mul(SECTOR_DEG),
        })
    }

    fn gains(&self) -> Result<[i64; SECTORS], NoWindow> {
        let mut gain = [0; SECTORS];
        for (sector, slot) in (0_u16..).zip(&mut gain) {
            let of = |means: &[Mean; SECTORS]| means.get(usize::from(sector)).and_then(Mean::value);
            let both = of(&self.stimulated).zip(of(&self.passive));
            let (with, without) = both.ok_or(NoWindow::TooFew { deg: sector.saturating_mul(SECTOR_DEG) })?;
            *slot = with.saturating_sub(without);
        }
        Ok(gain)
    }
}

/// Start and length of the longest run, which may pass the end.
fn longest(helps: &[bool; SECTORS]) -> (u16, u16) {
    let (mut best, mut run, mut start) = ((0, 0), 0_u16, 0_u16);
    for (place, help) in (0_u16..).zip(helps.iter().chain(helps)) {
        if !help {
            run = 0;
            continue;
        }
        if run == 0 {
            start = place;
        }
        run = run.saturating_add(1).min(36);
        if run > best.1 {
            best = (start % 36, run);
        }
    }
    best
}
