//! The picture of a ride: the crank, and each muscle's windows and pulses over time.

use super::{BLUE, DrawError, GREY, INK, LABEL, SWING, VERMILION};
use plotters::prelude::*;

/// One muscle.
#[derive(Debug)]
pub struct Row {
    /// Side and muscle.
    pub name: String,
    /// When a pulse would pull inside the window, in s.
    pub due: Vec<(f64, f64)>,
    /// Onset in s and level in mA.
    pub pulses: Vec<(f64, f64)>,
}

/// All that is drawn.
#[derive(Debug)]
pub struct RidePicture {
    /// The headline.
    pub title: String,
    /// What the signs mean.
    pub subtitle: String,
    /// Session time that is drawn, in s.
    pub span_s: (f64, f64),
    /// The angle of the crank in degrees.
    pub angle: Vec<(f64, f64)>,
    /// The muscles.
    pub rows: Vec<Row>,
    /// When the encoder or the crank was harmed.
    pub harm_s: Option<f64>,
}

const WIDTH: u32 = 1_200;
const HEAD: u32 = 70;
const ANGLE: u32 = 170;
const EACH: u32 = 74;
const LEFT: u32 = 190;

impl RidePicture {
    /// The picture as an SVG document.
    ///
    /// # Errors
    /// The drawing library's own.
    pub fn to_svg(&self) -> Result<String, DrawError> {
        let count = u32::try_from(self.rows.len())?;
        let mut svg = String::new();
        {
            let size = (WIDTH, HEAD + ANGLE + EACH * count + 44);
            let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            root.fill(&WHITE)?;
            root.draw(&Text::new(self.title.clone(), (16, 12), ("sans-serif", 24).into_font().color(&INK)))?;
            root.draw(&Text::new(self.subtitle.clone(), (16, 44), LABEL.into_font().color(&INK)))?;
            let (_, rest) = root.split_vertically(HEAD);
            let (angle, mut rest) = rest.split_vertically(ANGLE);
            self.draw_angle(&angle)?;
            for (nth, row) in self.rows.iter().enumerate() {
                let last = nth + 1 == self.rows.len();
                let (area, below) = rest.split_vertically(if last { EACH + 44 } else { EACH });
                self.draw_row(&area, row, last)?;
                rest = below;
            }
            root.present()?;
        }
        Ok(svg)
    }

    fn draw_angle(&self, area: &super::Canvas<'_>) -> Result<(), DrawError> {
        let mut chart = ChartBuilder::on(area)
            .margin_right(24)
            .margin_top(8)
            .margin_left(12)
            .set_label_area_size(LabelAreaPosition::Left, LEFT - 12)
            .set_label_area_size(LabelAreaPosition::Bottom, 8)
            .build_cartesian_2d(self.span_s.0..self.span_s.1, 0.0..360.0)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_labels(5)
            .y_desc("crank, degrees")
            .label_style(LABEL)
            .light_line_style(SWING)
            .draw()?;
        // a new line after each turn
        for turn in self.angle.chunk_by(|a, b| (a.1 - b.1).abs() < 180.0) {
            chart.draw_series(LineSeries::new(turn.iter().copied(), BLUE.stroke_width(2)))?;
        }
        self.draw_harm(&mut chart, 360.0)
    }

    fn draw_harm(
        &self,
        chart: &mut ChartContext<'_, SVGBackend<'_>, super::Plane>,
        top: f64,
    ) -> Result<(), DrawError> {
        if let Some(at) = self.harm_s {
            chart.draw_series(LineSeries::new([(at, 0.0), (at, top)], VERMILION.stroke_width(2)))?;
        }
        Ok(())
    }

    fn draw_row(&self, area: &super::Canvas<'_>, row: &Row, last: bool) -> Result<(), DrawError> {
        let top = self.rows.iter().flat_map(|r| &r.pulses).map(|p| p.1).fold(1.0, f64::max) * 1.1;
        let (from, to) = self.span_s;
        let mut chart = ChartBuilder::on(area)
            .margin_right(24)
            .margin_top(6)
            .margin_left(12)
            .set_label_area_size(LabelAreaPosition::Left, LEFT - 12)
            .set_label_area_size(LabelAreaPosition::Bottom, if last { 44 } else { 4 })
            .build_cartesian_2d(from..to, 0.0..top)?;
        let due = row.due.iter().map(|(a, b)| Rectangle::new([(*a, 0.0), (*b, top)], SWING.filled()));
        chart.draw_series(due)?;
        let shown = row.pulses.iter().filter(|(at, _)| (from..to).contains(at));
        let bars = shown.map(|(at, ma)| PathElement::new([(*at, 0.0), (*at, *ma)], INK.stroke_width(1)));
        chart.draw_series(bars)?;
        self.draw_harm(&mut chart, top)?;
        let mut mesh = chart.configure_mesh();
        mesh.disable_mesh().y_labels(2).label_style(LABEL).axis_style(GREY);
        if last {
            mesh.x_labels(7).x_desc("session time, s");
        } else {
            mesh.x_labels(0);
        }
        mesh.draw()?;
        let name = Text::new(row.name.clone(), (14, 26), LABEL.into_font().color(&INK));
        area.draw(&name)?;
        Ok(())
    }
}
