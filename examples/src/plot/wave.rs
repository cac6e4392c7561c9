//! A waveform: one pulse, and the train it stands in.

use super::walk::axes;
use super::{BLUE, Canvas, DrawError, EDGE, HEAD, INK, LABEL, LEFT};
use crate::desk::LevelChange;
use crate::wave::kinds::KindRow;
use crate::wave::played::Played;
use nmes_core::{FrameKind, Hardware, Plan};
use plotters::prelude::*;

const SIZE: (u32, u32) = (1_100, 760);

/// What is drawn: current in milliamperes over time.
#[derive(Clone, Debug)]
pub struct WavePicture {
    title: String,
    subtitle: String,
    /// One pulse, in µs from its onset.
    pulse: Vec<(f64, f64)>,
    /// The train, in ms.
    train: Vec<(f64, f64)>,
    length_ms: f64,
}

impl WavePicture {
    /// From a plan of one channel and what came out of it.
    #[must_use]
    pub fn of(row: &KindRow, plan: &Plan<'_>, played: &Played) -> Self {
        let set = plan.channel(0).map(|c| c.channel().set).unwrap_or_default();
        let per_us = f64::from(plan.hardware().timing().ticks_per_second) / 1e6;
        let length_ms = f64::from(plan.session().length().as_millis());
        Self {
            title: format!("{}: {}", row.word, row.about),
            subtitle: format!(
                "{} × {}; {} pulses in {length_ms} ms; Σ code × ticks over the train: {}",
                set.amplitude,
                set.width,
                played.pulses.len(),
                played.code_ticks
            ),
            pulse: pulse(plan, per_us),
            train: train(&played.changes, plan.hardware(), per_us * 1e3, length_ms),
            length_ms,
        }
    }

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
            head.draw(&Text::new(self.title.clone(), (16, 12), ("sans-serif", 22).into_font().color(&INK)))?;
            head.draw(&Text::new(self.subtitle.clone(), (16, 42), LABEL.into_font().color(&INK)))?;
            let (one, all) = rest.split_vertically(350);
            let last = self.pulse.last().map_or(1.0, |p| p.0).max(1.0);
            let (scale, unit) = if last > 20_000.0 { (1e-3, "ms") } else { (1.0, "µs") };
            let pulse: Vec<_> = self.pulse.iter().map(|(x, y)| (x * scale, *y)).collect();
            let (from, to) = (-0.06 * last * scale, 1.06 * last * scale);
            // nothing before it and nothing after it
            let pulse = [vec![(from, 0.0)], pulse, vec![(to, 0.0)]].concat();
            let peak = peak(&self.pulse).max(peak(&self.train));
            panel(
                &one,
                "One pulse at full level",
                &format!("time from the onset ({unit})"),
                (from, to),
                &pulse,
                peak,
            )?;
            let last = self.train.last().map_or(self.length_ms, |p| p.0);
            let to = last + 0.01 * self.length_ms;
            panel(&all, "The train", "time (ms)", (-0.01 * self.length_ms, to), &self.train, peak)?;
            root.present()?;
        }
        Ok(svg)
    }
}

fn peak(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|p| p.1.abs()).fold(1e-3, f64::max)
}

fn panel(
    area: &Canvas<'_>,
    title: &str,
    x: &str,
    (from, to): (f64, f64),
    line: &[(f64, f64)],
    peak: f64,
) -> Result<(), DrawError> {
    area.draw(&Text::new(title.to_owned(), (16, 4), HEAD.into_font().color(&INK)))?;
    let mut chart = ChartBuilder::on(area)
        .margin_right(24)
        .margin_top(30)
        .margin_bottom(6)
        .margin_left(EDGE)
        .set_label_area_size(LabelAreaPosition::Left, LEFT - EDGE)
        .set_label_area_size(LabelAreaPosition::Bottom, 44)
        .build_cartesian_2d(from..to, -1.15 * peak..1.15 * peak)?;
    axes(&mut chart, x, "mA", 7)?;
    chart.draw_series([PathElement::new(line.to_vec(), BLUE.stroke_width(2))])?;
    Ok(())
}

/// Corners of a pulse at full level.
fn pulse(plan: &Plan<'_>, per_us: f64) -> Vec<(f64, f64)> {
    let set = plan.channel(0).map(|c| c.channel().set).unwrap_or_default();
    let frame = plan.frame(0, set, 0).filter(|f| f.kind() == FrameKind::Pulse);
    let (Some(frame), Some(output)) = (frame, plan.hardware().channel(0)) else { return vec![(0.0, 0.0)] };
    let (mut corners, mut at) = (vec![(0.0, 0.0)], 0_u64);
    for segment in frame.segments() {
        let ma = segment.level.current_na(output) as f64 / 1e6;
        corners.push((at as f64 / per_us, ma));
        at += u64::from(segment.ticks);
        corners.push((at as f64 / per_us, ma));
    }
    corners.push((at as f64 / per_us, 0.0));
    corners
}

/// Corners of a train.
fn train(changes: &[LevelChange], hardware: &Hardware, per_ms: f64, length_ms: f64) -> Vec<(f64, f64)> {
    let mut corners = vec![(0.0, 0.0)];
    for change in changes {
        let at = change.tick as f64 / per_ms;
        let before = corners.last().map_or(0.0, |p| p.1);
        let ma = hardware.channel(change.channel).map_or(0.0, |c| change.level.current_na(c) as f64 / 1e6);
        corners.extend([(at, before), (at, ma)]);
    }
    // the last pulse may end after the length
    let (last, level) = corners.last().copied().unwrap_or_default();
    corners.push((last.max(length_ms), level));
    corners
}
