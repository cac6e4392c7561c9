//! The picture of EMG-triggered trains: level and threshold over time, and the pulses below.

use super::{BLUE, DrawError, INK, LABEL, SWING, VERMILION};
use plotters::prelude::*;

/// All that is drawn.
#[derive(Debug)]
pub struct EffortPicture {
    /// The headline.
    pub title: String,
    /// What came of it.
    pub subtitle: String,
    /// Session time that is drawn, from 0, in s.
    pub length_s: f64,
    /// Efforts: begin and end in s.
    pub efforts: Vec<(f64, f64)>,
    /// Level of the EMG in µV.
    pub level: Vec<(f64, f64)>,
    /// Threshold in µV.
    pub threshold: Vec<(f64, f64)>,
    /// Onset in s and level in mA.
    pub pulses: Vec<(f64, f64)>,
}

impl EffortPicture {
    /// The picture as an SVG document.
    ///
    /// # Errors
    /// The drawing library's own.
    pub fn to_svg(&self) -> Result<String, DrawError> {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, (1_200, 560)).into_drawing_area();
            root.fill(&WHITE)?;
            root.draw(&Text::new(self.title.clone(), (16, 12), ("sans-serif", 24).into_font().color(&INK)))?;
            root.draw(&Text::new(self.subtitle.clone(), (16, 44), LABEL.into_font().color(&INK)))?;
            let (_, rest) = root.split_vertically(70);
            let (level, pulses) = rest.split_vertically(270);
            let most = self.level.iter().chain(&self.threshold).map(|p| p.1).fold(1.0, f64::max) * 1.1;
            let mut chart = self.panel(&level, most, "EMG level, µV", false)?;
            // nothing is detected while a train runs
            for heard in self.level.chunk_by(|a, b| b.0 - a.0 < 0.1) {
                chart.draw_series(LineSeries::new(heard.iter().copied(), BLUE.stroke_width(1)))?;
            }
            chart.draw_series(LineSeries::new(self.threshold.iter().copied(), VERMILION.stroke_width(2)))?;
            let word = Text::new("threshold", (90, 4), LABEL.into_font().color(&VERMILION));
            level.draw(&word)?;
            let most = self.pulses.iter().map(|p| p.1).fold(1.0, f64::max) * 1.1;
            let mut chart = self.panel(&pulses, most, "pulses, mA", true)?;
            let bars = self.pulses.iter().map(|(t, ma)| PathElement::new([(*t, 0.0), (*t, *ma)], INK));
            chart.draw_series(bars)?;
            root.present()?;
        }
        Ok(svg)
    }

    fn panel<'a>(
        &self,
        area: &super::Canvas<'a>,
        most: f64,
        word: &str,
        last: bool,
    ) -> Result<ChartContext<'a, SVGBackend<'a>, super::Plane>, DrawError> {
        let mut chart = ChartBuilder::on(area)
            .margin_right(24)
            .margin_top(22)
            .margin_left(12)
            .set_label_area_size(LabelAreaPosition::Left, 64)
            .set_label_area_size(LabelAreaPosition::Bottom, 40)
            .build_cartesian_2d(0.0..self.length_s, 0.0..most)?;
        let efforts =
            self.efforts.iter().map(|(a, b)| Rectangle::new([(*a, 0.0), (*b, most)], SWING.filled()));
        chart.draw_series(efforts)?;
        let mut mesh = chart.configure_mesh();
        mesh.disable_mesh().y_labels(5).x_labels(10).y_desc(word).label_style(LABEL);
        if last {
            mesh.x_desc("session time, s");
        }
        mesh.draw()?;
        Ok(chart)
    }
}
