//! The picture of a session: the level of every channel over all of it, and the first trains large.

use super::walk::{axes, dashed};
use super::{BLUE, Canvas, DrawError, EDGE, HEAD, INK, LABEL, LEFT, Swatch, VERMILION, legend};
use plotters::prelude::*;

const WIDTH: u32 = 1_200;
const TOP: u32 = 94;
/// One channel, and what the axis of time takes below the last of them.
const EACH: u32 = 150;
const BELOW: u32 = 44;
/// What the whole session takes of the width; the rest is the close-up.
const WHOLE: u32 = 720;
/// A level is drawn once in so many columns, the highest of each.
const COLUMNS: f64 = 560.0;
/// With fewer pulses than columns over this a train is drawn pulse by pulse.
const SPARSE: usize = 3;

/// One channel.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// What a level is: its unit, and at which width where the ramps move the width.
    pub unit: String,
    /// Full level.
    pub full: f64,
    /// Train by train: onset in s and level.
    pub trains: Vec<Vec<(f64, f64)>>,
}

/// All that is drawn.
#[derive(Clone, Debug)]
pub struct EnvelopePicture {
    /// The headline.
    pub title: String,
    /// The settings, one line.
    pub subtitle: String,
    /// Session time that is drawn small, in s.
    pub whole_s: f64,
    /// Session time that is drawn large, in s.
    pub close_up_s: (f64, f64),
    /// The channels.
    pub rows: Vec<Row>,
}

impl EnvelopePicture {
    /// The picture as an SVG document.
    ///
    /// # Errors
    /// The drawing library's own.
    pub fn to_svg(&self) -> Result<String, DrawError> {
        let count = u32::try_from(self.rows.len())?;
        let mut svg = String::new();
        {
            let size = (WIDTH, TOP + EACH * count + BELOW);
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            root.fill(&WHITE)?;
            let (head, mut rest) = root.split_vertically(TOP);
            self.draw_head(&head)?;
            for (nth, row) in self.rows.iter().enumerate() {
                let last = nth + 1 == self.rows.len();
                let (area, below) = rest.split_vertically(if last { EACH + BELOW } else { EACH });
                let (whole, close) = area.split_horizontally(WHOLE);
                self.draw(&whole, row, (0.0, self.whole_s), last)?;
                self.draw(&close, row, self.close_up_s, last)?;
                rest = below;
            }
            root.present()?;
        }
        Ok(svg)
    }

    fn draw_head(&self, area: &Canvas<'_>) -> Result<(), DrawError> {
        area.draw(&Text::new(self.title.clone(), (16, 12), ("sans-serif", 24).into_font().color(&INK)))?;
        area.draw(&Text::new(self.subtitle.clone(), (16, 42), LABEL.into_font().color(&INK)))?;
        area.draw(&Text::new("The session", (16, 68), HEAD.into_font().color(&INK)))?;
        let entries = [
            (Swatch::Box(BLUE), "level of the pulses as delivered"),
            (Swatch::Dashes(VERMILION), "set level"),
        ];
        legend(area, (130, 69), &entries)?;
        let at = i32::try_from(WHOLE)?;
        area.draw(&Text::new("Its beginning, large", (at + 16, 68), HEAD.into_font().color(&INK)))?;
        Ok(())
    }

    fn draw(
        &self,
        area: &Canvas<'_>,
        row: &Row,
        (from, to): (f64, f64),
        last: bool,
    ) -> Result<(), DrawError> {
        area.draw(&Text::new(
            row.name.clone(),
            (i32::try_from(LEFT)? + 6, 2),
            LABEL.into_font().color(&INK),
        ))?;
        let highest = row.trains.iter().flatten().map(|pulse| pulse.1).fold(row.full, f64::max);
        let mut chart = ChartBuilder::on(area)
            .margin_right(24)
            .margin_top(22)
            .margin_left(EDGE)
            .set_label_area_size(LabelAreaPosition::Left, LEFT - EDGE)
            .set_label_area_size(LabelAreaPosition::Bottom, if last { BELOW } else { 8 })
            .build_cartesian_2d(from..to, 0.0..1.12 * highest.max(1e-3))?;
        axes(&mut chart, if last { "session time (s)" } else { "" }, &row.unit, 4)?;
        for train in &row.trains {
            let inside: Vec<_> =
                train.iter().copied().filter(|pulse| (from..=to).contains(&pulse.0)).collect();
            let levels = levels(&inside, (from, to));
            if is_sparse(&inside, (from, to)) {
                let bars = levels.iter().map(|(t, level)| PathElement::new([(*t, 0.0), (*t, *level)], BLUE));
                chart.draw_series(bars)?;
            } else if let (Some(first), Some(end)) = (levels.first(), levels.last()) {
                let outline = [&[(first.0, 0.0)], &levels[..], &[(end.0, 0.0)]].concat();
                chart.draw_series([Polygon::new(outline.clone(), BLUE.mix(0.55))])?;
                chart.draw_series([PathElement::new(outline, BLUE)])?;
            }
        }
        dashed(&mut chart, from, to, row.full)
    }
}

/// Whether the pulses stand so far apart that each is seen.
fn is_sparse(pulses: &[(f64, f64)], (from, to): (f64, f64)) -> bool {
    let (Some(first), Some(last)) = (pulses.first(), pulses.last()) else { return true };
    let columns = (last.0 - first.0) / (to - from) * COLUMNS;
    (pulses.len() as f64) * (SPARSE as f64) < columns
}

/// The highest level of each column, at its pulse.
fn levels(pulses: &[(f64, f64)], (from, to): (f64, f64)) -> Vec<(f64, f64)> {
    let column = |pulse: &(f64, f64)| ((pulse.0 - from) / (to - from) * COLUMNS).floor();
    let columns = pulses.chunk_by(|a, b| (column(a) - column(b)).abs() < 0.5);
    columns.filter_map(|column| column.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a })).collect()
}

#[cfg(test)]
mod tests {
    use super::{is_sparse, levels};

    /// REQ-APP-238: what is drawn of a train is the highest level of each column, in order; nothing else is made up.
    #[test]
    fn columns_keep_their_highest_level() {
        let train: Vec<(f64, f64)> =
            (0..9_000_u32).map(|n| (f64::from(n) / 50.0, f64::from(n % 100))).collect();
        let drawn = levels(&train, (0.0, 180.0));
        assert!(drawn.len() <= 561 && drawn.windows(2).all(|two| two[0].0 < two[1].0));
        assert!(drawn.iter().all(|point| train.contains(point)));
        assert!(drawn.iter().filter(|point| point.1 > 98.5).count() >= 89);
        assert!(!is_sparse(&train, (0.0, 180.0)));
        let twitches: Vec<(f64, f64)> = (0..60_u32).map(|n| (f64::from(n), 30.0)).collect();
        assert_eq!(levels(&twitches, (0.0, 60.0)), twitches);
        assert!(is_sparse(&twitches, (0.0, 60.0)));
    }
}
