//! One pulse to scale: current and voltage.

use super::walk::{axes, dashed};
use super::{BLUE, Canvas, DrawError, EDGE, HEAD, INK, LEFT, ORANGE, PulseTrace, Swatch, VERMILION, legend};
use plotters::prelude::*;

/// Points, colour and width of a line.
type Line<'p> = (&'p [(f64, f64)], RGBColor, u32);

fn span(points: &[(f64, f64)]) -> (f64, f64) {
    let last = points.iter().map(|p| p.0).fold(1.0, f64::max);
    (-0.06 * last, 1.06 * last)
}

fn peak(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|p| p.1.abs()).fold(1e-3, f64::max)
}

impl PulseTrace {
    fn draw(
        &self,
        area: &Canvas<'_>,
        unit: &str,
        top: f64,
        lines: &[Line<'_>],
        rail: Option<f64>,
    ) -> Result<(), DrawError> {
        let (from, to) = span(&self.commanded_ma);
        let mut chart = ChartBuilder::on(area)
            .margin_right(24)
            .margin_top(36)
            .margin_bottom(8)
            .margin_left(EDGE)
            .set_label_area_size(LabelAreaPosition::Left, LEFT - EDGE)
            .set_label_area_size(LabelAreaPosition::Bottom, 44)
            .build_cartesian_2d(from..to, -top..top)?;
        axes(&mut chart, "time from the onset (µs)", unit, 7)?;
        for level in rail.into_iter().flat_map(|v| [v, -v]).filter(|v| v.abs() < top) {
            dashed(&mut chart, from, to, level)?;
        }
        for (points, colour, width) in lines {
            chart.draw_series([PathElement::new(points.to_vec(), colour.stroke_width(*width))])?;
        }
        Ok(())
    }

    pub(super) fn draw_current(&self, area: &Canvas<'_>) -> Result<(), DrawError> {
        area.draw(&Text::new("One pulse: current", (16, 8), HEAD.into_font().color(&INK)))?;
        let entries = [(Swatch::Line(ORANGE), "commanded"), (Swatch::Line(BLUE), "delivered")];
        legend(area, (240, 8), &entries)?;
        let top = 1.15 * peak(&self.commanded_ma).max(peak(&self.delivered_ma));
        let lines: [Line<'_>; 2] = [(&self.commanded_ma, ORANGE, 5), (&self.delivered_ma, BLUE, 2)];
        self.draw(area, "mA", top, &lines, None)
    }

    pub(super) fn draw_voltage(&self, area: &Canvas<'_>) -> Result<(), DrawError> {
        area.draw(&Text::new("The same pulse: voltage", (16, 8), HEAD.into_font().color(&INK)))?;
        let need = 1.15 * peak(&self.volts);
        let top = if self.rail_v < 2.2 * need { need.max(1.1 * self.rail_v) } else { need };
        let off_scale = if self.rail_v < top { "" } else { " (off scale)" };
        let rail = format!("supply rail {} V{off_scale}", self.rail_v);
        let entries = [(Swatch::Line(BLUE), "at the electrodes"), (Swatch::Dashes(VERMILION), rail.as_str())];
        legend(area, (222, 8), &entries)?;
        let lines: [Line<'_>; 1] = [(&self.volts, BLUE, 2)];
        self.draw(area, "V", top, &lines, Some(self.rail_v))
    }
}
