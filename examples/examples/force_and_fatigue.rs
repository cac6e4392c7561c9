//! Draws what the force model says: force in trains of several rates, and how its peak falls
//! in four schedules of contraction and rest:
//!
//! ```text
//! cargo run --release -p nmes-examples --example force_and_fatigue -- force-and-fatigue.svg
//! ```
//!
//! Fitted equations of one published group of people, not a muscle; what they cannot show is printed beside the picture.
#![allow(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "a picture of models on a host; nothing here is on the way to an output"
)]

use nmes_protocols::models::{CANNOT_SHOW, ModelError, Muscle, data};
use plotters::coord::Shift;
use plotters::prelude::*;

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Points = Vec<(f64, f64)>;

// Okabe and Ito's colours
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(130, 130, 130)];
const INK: RGBColor = RGBColor(40, 40, 40);
const LABEL: (&str, i32) = ("sans-serif", 15);
const SIZE: (u32, u32) = (1_200, 840);

const RATES: [(u32, &str); 4] = [(10, "10 pps"), (20, "20 pps"), (33, "33 pps"), (50, "50 pps")];

/// Contractions and rests: name, pulses a second, on s, off s, how many.
const SCHEDULES: [(&str, u32, u32, u32, u32); 4] = [
    ("50 pps, 10 s on, 50 s off", 50, 10, 50, 15),
    ("50 pps, 15 s on, 45 s off", 50, 15, 45, 15),
    ("50 pps, 5 s on, 10 s off", 50, 5, 10, 60),
    ("33 pps, 1 s on, 1 s off", 33, 1, 1, 450),
];

fn muscle(tiring: bool) -> Result<Muscle<f64>, ModelError> {
    let fatigue = tiring.then(|| data::DING_2003_FATIGUE.parameters());
    Muscle::new(data::DING_2003.parameters(), fatigue)
}

/// Force over a second of pulses and 0.4 s after.
fn one_train(rate: u32) -> Result<Points, ModelError> {
    let mut muscle = muscle(false)?;
    let mut points = Points::new();
    let per_period = (1_000 / rate).max(1);
    for period in 0..rate * 7 / 5 {
        if period < rate {
            muscle.pulse(1.0)?;
        }
        for part in 0..per_period {
            let at = (f64::from(period) + f64::from(part) / f64::from(per_period)) / f64::from(rate);
            points.push((at, muscle.force()));
            muscle.advance(1.0 / f64::from(rate * per_period))?;
        }
    }
    Ok(points)
}

/// The peak of each contraction, minutes and newtons.
fn schedule((_, rate, on, off, count): (&str, u32, u32, u32, u32)) -> Result<Points, ModelError> {
    let mut muscle = muscle(true)?;
    let mut points = Points::new();
    for contraction in 0..count {
        let mut peak = 0.0_f64;
        for _ in 0..rate * on {
            muscle.pulse(1.0)?;
            for _ in 0..10 {
                muscle.advance(0.1 / f64::from(rate))?;
                peak = peak.max(muscle.force());
            }
        }
        points.push((f64::from(contraction * (on + off)) / 60.0, peak));
        muscle.advance(f64::from(off))?;
    }
    Ok(points)
}

/// One chart: its title, what its axes say, how far they go, and its lines by name.
struct Panel<'a> {
    title: &'a str,
    across: &'a str,
    ends: (f64, f64),
    lines: Vec<(&'a str, Points)>,
}

impl Panel<'_> {
    fn draw(&self, area: &Canvas<'_>) -> Result<(), Failed> {
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, ("sans-serif", 18).into_font().color(&INK))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..self.ends.0, 0.0..self.ends.1)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(INK.mix(0.12))
            .label_style(LABEL)
            .x_desc(self.across)
            .y_desc("force, N")
            .y_label_formatter(&|newtons| format!("{newtons:.0}"))
            .draw()?;
        for ((name, points), colour) in self.lines.iter().zip(COLOURS) {
            chart
                .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE)
            .label_font(LABEL)
            .draw()?;
        Ok(())
    }
}

fn picture() -> Result<String, Failed> {
    let mut trains = Vec::new();
    for (rate, name) in RATES {
        trains.push((name, one_train(rate)?));
    }
    let mut fatigue = Vec::new();
    for which in SCHEDULES {
        fatigue.push((which.0, schedule(which)?));
    }
    let panels = [
        Panel {
            title: "Force in 1 s of pulses, without fatigue",
            across: "s",
            ends: (1.4, 350.0),
            lines: trains,
        },
        Panel {
            title: "Peak force of each contraction",
            across: "minutes",
            ends: (15.0, 350.0),
            lines: fatigue,
        },
    ];
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let note = format!("{}: a model, not a muscle; not for use on a person", data::DING_2003.name);
        root.draw(&Text::new(note, (16, 10), LABEL.into_font().color(&INK)))?;
        let (_, rest) = root.split_vertically(32);
        for (panel, area) in panels.iter().zip(rest.split_evenly((2, 1))) {
            panel.draw(&area)?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn main() -> Result<(), Failed> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "force-and-fatigue.svg".to_owned());
    std::fs::write(&path, picture()?).map_err(|error| format!("{path}: {error}"))?;
    println!("{path} written; what these models cannot show:");
    for blind in CANNOT_SHOW {
        println!(
            "- {}: {}; in people: {}; so: {}",
            blind.model, blind.model_says, blind.people.claim, blind.so
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// REQ-PRO-102, REQ-PRO-103: the lines that are drawn have the reference values: 231.2 N at 0.5 s of 20 pulses a second,
    /// 294.2 N falling to 237.4 N over 15 contractions.
    #[test]
    fn lines_are_the_models() {
        let train = one_train(20).unwrap();
        let half = train.iter().find(|(at, _)| (at - 0.5).abs() < 1e-9).unwrap();
        assert!((half.1 - 231.2).abs() < 0.05, "{half:?}");
        let peaks = schedule(SCHEDULES[0]).unwrap();
        assert!((peaks[0].1 - 294.2).abs() < 0.1 && (peaks[14].1 - 237.4).abs() < 0.1, "{peaks:?}");
    }

    /// REQ-PRO-110: the picture is whole, names every line, and says that it is a model.
    #[test]
    fn the_picture_is_whole() {
        let svg = picture().unwrap();
        assert!(svg.trim_end().ends_with("</svg>") && svg.contains("not for use on a person"));
        for name in RATES.map(|(_, name)| name).into_iter().chain(SCHEDULES.map(|which| which.0)) {
            assert!(svg.contains(name), "{name}");
        }
    }
}
