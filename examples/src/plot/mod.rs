//! The picture of a run: both feet, the level, every step's outcome, and one pulse to scale.

pub mod effort;
pub mod envelope;
mod pulse;
pub mod ride;
mod walk;
pub mod wave;

use crate::gait::Walk;
use crate::judge::{Judgement, Pulse, Terms};
use plotters::coord::Shift;
use plotters::prelude::*;

/// All that is drawn.
#[derive(Debug)]
pub struct Picture<'a> {
    /// The headline.
    pub title: String,
    /// The settings, one line.
    pub subtitle: String,
    /// Foot events.
    pub walk: &'a Walk,
    /// Delivered pulses.
    pub pulses: &'a [Pulse],
    /// What the steps got.
    pub judgement: &'a Judgement,
    /// What they were held against.
    pub terms: &'a Terms,
    /// Motor threshold.
    pub threshold_ua: u32,
    /// Full level.
    pub full_ua: u32,
    /// What a level is: its unit, and at which width where the ramps move the width.
    pub level_unit: String,
    /// When a fault or a trip ended output, in µs.
    pub cut_us: Option<u64>,
    /// Session time that is drawn large.
    pub close_up_us: (u64, u64),
    /// All session time.
    pub whole_us: u64,
    /// One pulse.
    pub pulse: PulseTrace,
}

/// One pulse as it was delivered, in microseconds from its onset.
#[derive(Clone, Debug, Default)]
pub struct PulseTrace {
    /// What was commanded, in milliamperes, at each edge.
    pub commanded_ma: Vec<(f64, f64)>,
    /// What flowed.
    pub delivered_ma: Vec<(f64, f64)>,
    /// Voltage between the electrodes, in volts.
    pub volts: Vec<(f64, f64)>,
    /// The supply rail, in volts.
    pub rail_v: f64,
}

/// Why a picture could not be drawn.
pub type DrawError = Box<dyn std::error::Error + Send + Sync>;

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane = Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>;

// Okabe and Ito's colours: told apart by all common kinds of colour vision.
pub(crate) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(crate) const SKY: RGBColor = RGBColor(86, 180, 233);
pub(crate) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(crate) const VERMILION: RGBColor = RGBColor(213, 94, 0);
pub(crate) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(crate) const INK: RGBColor = RGBColor(40, 40, 40);
pub(crate) const GREY: RGBColor = RGBColor(130, 130, 130);
pub(crate) const SWING: RGBColor = RGBColor(238, 238, 232);

const SIZE: (u32, u32) = (1_200, 1_060);
pub(crate) const LABEL: (&str, i32) = ("sans-serif", 15);
pub(crate) const HEAD: (&str, i32) = ("sans-serif", 17);
/// Width of the left margin, where units and the names of rows stand; the outermost pixels stay empty.
pub(crate) const LEFT: u32 = 76;
pub(crate) const EDGE: u32 = 12;

impl Picture<'_> {
    /// The picture as an SVG document.
    ///
    /// # Errors
    /// The drawing library's own.
    pub fn to_svg(&self) -> Result<String, DrawError> {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            root.fill(&WHITE)?;
            let (head, rest) = root.split_vertically(66);
            self.draw_head(&head)?;
            let (feet, rest) = rest.split_vertically(170);
            let (level, rest) = rest.split_vertically(310);
            let (steps, pulse) = rest.split_vertically(174);
            self.draw_feet(&feet)?;
            self.draw_level(&level)?;
            self.draw_steps(&steps)?;
            let (current, voltage) = pulse.split_horizontally(600);
            self.pulse.draw_current(&current)?;
            self.pulse.draw_voltage(&voltage)?;
            root.present()?;
        }
        Ok(svg)
    }

    fn draw_head(&self, area: &Canvas<'_>) -> Result<(), DrawError> {
        area.draw(&Text::new(self.title.clone(), (16, 12), ("sans-serif", 24).into_font().color(&INK)))?;
        area.draw(&Text::new(self.subtitle.clone(), (16, 42), LABEL.into_font().color(&INK)))?;
        Ok(())
    }
}

/// Draws a small legend in one row: a swatch and a word each, from `at` to the right.
pub(crate) fn legend(
    area: &Canvas<'_>,
    mut at: (i32, i32),
    entries: &[(Swatch, &str)],
) -> Result<(), DrawError> {
    for (swatch, word) in entries {
        swatch.draw(area, (at.0, at.1 + 8))?;
        area.draw(&Text::new((*word).to_owned(), (at.0 + 22, at.1), LABEL.into_font().color(&INK)))?;
        at.0 += 46 + i32::try_from(word.chars().count())? * 7;
    }
    Ok(())
}

/// A sign in a legend or on an axis.
#[derive(Clone, Copy)]
pub(crate) enum Swatch {
    /// A filled box.
    Box(RGBColor),
    /// A line.
    Line(RGBColor),
    /// A dashed line.
    Dashes(RGBColor),
    /// A triangle that points up.
    Up(RGBColor),
    /// A triangle that points down.
    Down(RGBColor),
    /// A dot.
    Dot(RGBColor),
    /// A cross.
    Cross(RGBColor),
    /// A diamond.
    Diamond(RGBColor),
}

impl Swatch {
    /// Draws the sign with its middle at `(x + 8, y)`.
    pub(crate) fn draw(self, area: &Canvas<'_>, (x, y): (i32, i32)) -> Result<(), DrawError> {
        let polygon = |points: &[(i32, i32)], colour: RGBColor| {
            let moved: Vec<(i32, i32)> = points.iter().map(|p| (x + 8 + p.0, y + p.1)).collect();
            area.draw(&Polygon::new(moved, colour.filled()))
        };
        match self {
            Self::Box(c) => area.draw(&Rectangle::new([(x, y - 5), (x + 16, y + 5)], c.filled()))?,
            Self::Line(c) => area.draw(&PathElement::new([(x, y), (x + 16, y)], c.stroke_width(2)))?,
            Self::Dashes(c) => {
                for from in [x, x + 6, x + 12] {
                    area.draw(&PathElement::new([(from, y), (from + 4, y)], c.stroke_width(2)))?;
                }
            }
            Self::Up(c) => polygon(&[(-6, 5), (6, 5), (0, -6)], c)?,
            Self::Down(c) => polygon(&[(-6, -5), (6, -5), (0, 6)], c)?,
            Self::Diamond(c) => polygon(&[(-6, 0), (0, -6), (6, 0), (0, 6)], c)?,
            Self::Dot(c) => area.draw(&Circle::new((x + 8, y), 5, c.filled()))?,
            Self::Cross(c) => {
                for (dx, dy) in [(5, 5), (5, -5)] {
                    let line = [(x + 8 - dx, y - dy), (x + 8 + dx, y + dy)];
                    area.draw(&PathElement::new(line, c.stroke_width(3)))?;
                }
            }
        }
        Ok(())
    }
}
