//! Holds a force by amplitude, inside the ceiling of a session, prints what happens, and draws it:
//!
//! ```text
//! cargo run --release -p nmes-examples --example closed_loop -- closed-loop.svg
//! ```
//!
//! The picture has the force beside its target, the amplitude beside its ceiling, and what is left of the force scale as
//! the muscle tires; without a file name nothing is drawn.
//!
//! Everything that decides a current is in whole numbers and goes the usual road: session, plan, check, guard. The muscle
//! is a model in floating point; it only takes the place of a force sensor, whose reading the controller gets as whole
//! millinewtons. As the muscle tires the controller raises the amplitude a step at a time, and stops at the ceiling.
//!
//! A simulation of fitted equations, not for use on a person, and no advice on any.
#![allow(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "the simulated muscle of a host program; the controller is in checked integers"
)]

use nmes_core::{
    Channel, ChannelHardware, ChannelState, FrameKind, Hardware, HardwareTiming, MicroAmps, Micros, Millis,
    Plan, PulseReceipt, PulseShape, Ramp, Rate, Schedule, Session, Setting, Train,
};
use nmes_hal_adapters::Stimulator;
use nmes_hal_adapters::sim::{Bench, Load, SimAlarm, SimOutput, SimSense, Stage};
use nmes_protocols::models::{AmplitudeGain, ModelError, Muscle, data};
use nmes_safety::{Layer, Profile, Setup, UseClass, check, rules};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

const MHZ: u32 = 1_000_000;
const SLOW_US: u64 = 5_000;
/// How often the controller looks, and over which time its reading is the mean.
const LOOK_US: u64 = 250_000;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
struct Ask {
    target_mn: u32,
    ceiling_ua: u32,
    seconds: u32,
}

const ASK: Ask = Ask { target_mn: 120_000, ceiling_ua: 45_000, seconds: 90 };

/// What the controller did and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Holds,
    Raises,
    Lowers,
    /// Force is missing, and the ceiling is in the way.
    AtCeiling,
}

impl fmt::Display for Does {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::Raises => "raises",
            Self::Lowers => "lowers",
            Self::AtCeiling => "at its ceiling",
        })
    }
}

/// One step at a time, in whole numbers.
#[derive(Clone, Copy, Debug)]
struct Controller {
    target_mn: u32,
    /// No step while the force is within this of the target.
    band_mn: u32,
    step_ua: u32,
    ceiling: MicroAmps,
}

impl Controller {
    /// The next amplitude for a measured force; never above the ceiling.
    fn next(&self, now: MicroAmps, force_mn: u32) -> (MicroAmps, Does) {
        let step = MicroAmps::from_microamps(self.step_ua).unwrap_or(MicroAmps::ZERO);
        if force_mn > self.target_mn.saturating_add(self.band_mn) {
            return (now.checked_sub(step).unwrap_or(MicroAmps::ZERO), Does::Lowers);
        }
        if force_mn >= self.target_mn.saturating_sub(self.band_mn) {
            return (now.min(self.ceiling), Does::Holds);
        }
        if now >= self.ceiling {
            return (self.ceiling, Does::AtCeiling);
        }
        (now.checked_add(step).unwrap_or(self.ceiling).min(self.ceiling), Does::Raises)
    }
}

/// The model in place of a leg and a force sensor.
struct Sensor {
    muscle: Muscle<f64>,
    gain: AmplitudeGain<f64>,
    now_us: u64,
    readings: VecDeque<f64>,
}

impl Sensor {
    fn new() -> Result<Self, ModelError> {
        let tiring = Some(data::DING_2003_FATIGUE.parameters());
        let muscle = Muscle::new(data::DING_2003.parameters(), tiring)?;
        Ok(Self { muscle, gain: data::HMED_2018.model()?, now_us: 0, readings: VecDeque::new() })
    }

    fn to(&mut self, at_us: u64) -> Result<(), ModelError> {
        let micros = u32::try_from(at_us.saturating_sub(self.now_us)).unwrap_or(u32::MAX);
        self.muscle.advance(f64::from(micros) / 1e6)?;
        self.now_us = self.now_us.max(at_us);
        Ok(())
    }

    /// A pulse that came out.
    fn feel(&mut self, receipt: &PulseReceipt) -> Result<(), ModelError> {
        self.to(receipt.onset_tick)?;
        let milliamps = f64::from(receipt.setting.amplitude.as_microamps()) / 1e3;
        self.muscle.pulse(self.gain.weight(milliamps)?)
    }

    fn look(&mut self, at_us: u64) -> Result<(), ModelError> {
        self.to(at_us)?;
        self.readings.push_back(self.muscle.force());
        if self.readings.len() > usize::try_from(LOOK_US / SLOW_US).unwrap_or(usize::MAX) {
            self.readings.pop_front();
        }
        Ok(())
    }

    /// The mean of the last readings, in whole millinewtons; from here on there are only whole numbers.
    fn millinewtons(&self) -> u32 {
        let sum: f64 = self.readings.iter().sum();
        let count = u32::try_from(self.readings.len()).unwrap_or(u32::MAX).max(1);
        whole(sum * 1e3 / f64::from(count))
    }
}

#[expect(
    clippy::as_conversions,
    reason = "a cast of a float saturates; NaN, which the model never gives, is 0"
)]
fn whole(value: f64) -> u32 {
    value.round() as u32
}

/// One look of the controller.
#[derive(Clone, Copy, Debug)]
struct Row {
    at_us: u64,
    force_mn: u32,
    amplitude_ua: u32,
    does: Does,
    force_scale: f64,
}

type Stim<'a, 'b> = Stimulator<'a, SimOutput<'b, ()>, SimAlarm<'b>, SimSense<'b>>;

/// What runs: the stimulator on its simulated bench, the sensor, the controller.
struct Loop<'a, 'b> {
    bench: &'b Bench,
    stim: Stim<'a, 'b>,
    sensor: Sensor,
    controller: Controller,
    width: Micros,
    rows: Vec<Row>,
    strongest_ua: u32,
}

impl Loop<'_, '_> {
    /// Alarms, the slow loop, and a look of the controller when it is time, up to the end of the session.
    fn run(&mut self) -> Result<(), Box<dyn Error>> {
        let mut slow = self.bench.clock().now() + SLOW_US;
        let mut look = LOOK_US;
        self.stim.start()?;
        while self.stim.finished().is_none() {
            if self.bench.clock().alarm_by(slow) {
                self.stim.on_alarm()?;
            } else {
                slow = self.slow()?;
            }
            while let Some(receipt) = self.stim.take_receipt() {
                self.feel(&receipt)?;
            }
            let now = self.bench.clock().now();
            if now >= look {
                look = look.saturating_add(LOOK_US);
                self.control(now)?;
            }
        }
        Ok(())
    }

    fn slow(&mut self) -> Result<u64, Box<dyn Error>> {
        self.stim.keep_alive();
        self.stim.on_tick()?;
        let now = self.bench.clock().now();
        self.sensor.look(now)?;
        Ok(now + SLOW_US)
    }

    fn feel(&mut self, receipt: &PulseReceipt) -> Result<(), ModelError> {
        if receipt.kind != FrameKind::Pulse {
            return Ok(());
        }
        self.strongest_ua = self.strongest_ua.max(receipt.setting.amplitude.as_microamps());
        self.sensor.feel(receipt)
    }

    fn control(&mut self, at_us: u64) -> Result<(), Box<dyn Error>> {
        let force_mn = self.sensor.millinewtons();
        let now = self.stim.engine().setting(0).unwrap_or(Setting::ZERO).amplitude;
        let (amplitude, does) = self.controller.next(now, force_mn);
        if amplitude != now {
            self.stim.aim(0, Setting { amplitude, width: self.width })?;
        }
        let force_scale = self.sensor.muscle.force_scale();
        self.rows.push(Row { at_us, force_mn, amplitude_ua: now.as_microamps(), does, force_scale });
        Ok(())
    }
}

fn channel(ask: &Ask) -> Result<Channel<'static>, Box<dyn Error>> {
    let ceiling = Setting::new(ask.ceiling_ua, 300).ok_or("ceiling: not an amplitude")?;
    let half_second = Millis::from_millis(500).ok_or("ramp")?;
    Ok(Channel {
        pulse: PulseShape { gap: Micros::from_micros(100).ok_or("gap")?, ..PulseShape::default() },
        rate: Rate::from_hz(33)?,
        train: Train::default(),
        set: ceiling,
        ceiling,
        ramp: Ramp { up: half_second, down: half_second, down_min: half_second, ..Ramp::default() },
        offset: Micros::ZERO,
    })
}

/// Runs the session; every look, and the strongest pulse that came out, µA.
fn hold(ask: &Ask) -> Result<(Vec<Row>, u32), Box<dyn Error>> {
    let channels = [channel(ask)?];
    let length = Millis::from_millis(ask.seconds.saturating_mul(1_000)).ok_or("length")?;
    let session = Session::new(&channels, Schedule::Continuous, length)?;
    let output = [ChannelHardware::symmetric(20_000, -4_095, 4_095)];
    let hardware = Hardware::new(HardwareTiming::ideal(MHZ), &output, 0)?;
    let setup = Setup::new(&[9_000], UseClass::Continuous)?;
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, u64::from(length.as_millis()))?;
    let checked = check(Plan::compile(&session, &hardware)?, &setup, &Profile::default());
    let checked = checked.map_err(|denied| denied.to_string())?;
    let load = Load::skin(400.0, 600.0, 100.0).ok_or("load")?;
    let bench = Bench::new(hardware, Stage::ideal(120.0, load), 0, 1);
    let mut storage = [ChannelState::new()];
    let armed = Stimulator::arm(&checked, &mut storage, bench.output(), bench.alarm(), bench.sense());
    let stim = armed.map_err(|error| format!("not armed: {}", error.why))?;
    let controller = Controller {
        target_mn: ask.target_mn,
        band_mn: 3_000,
        step_ua: 500,
        ceiling: channels[0].ceiling.amplitude,
    };
    let mut all = Loop {
        bench: &bench,
        stim,
        sensor: Sensor::new()?,
        controller,
        width: channels[0].ceiling.width,
        rows: Vec::new(),
        strongest_ua: 0,
    };
    all.run()?;
    Ok((all.rows, all.strongest_ua))
}

fn print(ask: &Ask, rows: &[Row], strongest_ua: u32) {
    let milli = |value: u32| f64::from(value) / 1e3;
    println!("simulation: fitted equations in place of a muscle; not for use on a person");
    println!(
        "target {} N, ceiling {} mA, 33 pulses a second of 300 µs",
        milli(ask.target_mn),
        milli(ask.ceiling_ua)
    );
    println!("{:>6} {:>9} {:>13} {:>14}  controller", "t, s", "force, N", "amplitude, mA", "force scale, %");
    let scale = data::DING_2003.a_rest.value;
    for row in rows.iter().filter(|row| row.at_us % 5_000_000 < LOOK_US) {
        let seconds = row.at_us / 1_000_000;
        let (force, amplitude, left) =
            (milli(row.force_mn), milli(row.amplitude_ua), row.force_scale / scale * 100.0);
        println!("{seconds:>6} {force:>9.1} {amplitude:>13.1} {left:>14.0}  {}", row.does);
    }
    println!("strongest pulse {} mA", milli(strongest_ua));
}

/// One panel: a curve, and a line that it is held against.
struct Panel {
    what: &'static str,
    curve: fn(&Row) -> f64,
    line: Option<f64>,
    top: f64,
}

/// Force, amplitude and force scale over time, as an SVG document.
fn draw(ask: &Ask, rows: &[Row]) -> Result<String, Box<dyn Error>> {
    let (target, ceiling) = (f64::from(ask.target_mn) / 1e3, f64::from(ask.ceiling_ua) / 1e3);
    let panels = [
        Panel {
            what: "force, N",
            curve: |r| f64::from(r.force_mn) / 1e3,
            line: Some(target),
            top: target * 1.3,
        },
        Panel {
            what: "amplitude, mA",
            curve: |r| f64::from(r.amplitude_ua) / 1e3,
            line: Some(ceiling),
            top: ceiling * 1.2,
        },
        Panel {
            what: "force scale left, %",
            curve: |r| r.force_scale / data::DING_2003.a_rest.value * 100.0,
            line: None,
            top: 105.0,
        },
    ];
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (1_000, 720)).into_drawing_area();
        root.fill(&WHITE)?;
        let title = format!(
            "A force of {target} N held by amplitude, ceiling {ceiling} mA: fitted equations, no muscle"
        );
        root.draw(&Text::new(title, (16, 10), ("sans-serif", 20)))?;
        let (_, rest) = root.split_vertically(40);
        for (area, panel) in rest.split_evenly((3, 1)).iter().zip(&panels) {
            draw_panel(area, panel, rows, f64::from(ask.seconds))?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn draw_panel(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    panel: &Panel,
    rows: &[Row],
    seconds: f64,
) -> Result<(), Box<dyn Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .margin_right(28)
        .set_label_area_size(LabelAreaPosition::Left, 60)
        .set_label_area_size(LabelAreaPosition::Bottom, 38)
        .build_cartesian_2d(0.0..seconds, 0.0..panel.top)?;
    let mut mesh = chart.configure_mesh();
    mesh.disable_mesh().y_desc(panel.what).x_desc("s").label_style(("sans-serif", 15)).draw()?;
    let time = |row: &Row| f64::from(u32::try_from(row.at_us / 1_000).unwrap_or(u32::MAX)) / 1e3;
    let curve = rows.iter().map(|row| (time(row), (panel.curve)(row)));
    chart.draw_series(LineSeries::new(curve, RGBColor(0, 114, 178).stroke_width(2)))?;
    if let Some(line) = panel.line {
        let ends = [(0.0, line), (seconds, line)];
        chart.draw_series(LineSeries::new(ends, RGBColor(213, 94, 0).stroke_width(1)))?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (rows, strongest_ua) = hold(&ASK)?;
    print(&ASK, &rows, strongest_ua);
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(&path, draw(&ASK, &rows)?)?;
        println!("written: {path}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// REQ-PRO-112: whatever the force and the level, the controller steps at most once and never above its ceiling.
    #[test]
    fn never_above_the_ceiling() {
        let ceiling = MicroAmps::from_microamps(45_250).unwrap();
        let controller = Controller { target_mn: 100_000, band_mn: 2_000, step_ua: 500, ceiling };
        for ua in (0..=60_000).step_by(250) {
            let now = MicroAmps::from_microamps(ua).unwrap();
            for force_mn in [0, 97_999, 98_000, 102_000, 102_001, u32::MAX] {
                let (next, does) = controller.next(now, force_mn);
                assert!(
                    next <= ceiling || (does == Does::Lowers && next < now),
                    "{ua} µA, {force_mn} mN: {next:?}"
                );
                assert!(next.as_microamps() <= ua + 500);
                assert_eq!(does == Does::AtCeiling, force_mn < 98_000 && now >= ceiling);
            }
        }
    }

    /// REQ-PRO-112: the force is held while there is room under the ceiling; then the ceiling holds and is named.
    #[test]
    fn holds_and_then_stays_at_the_ceiling() {
        let (rows, strongest_ua) = hold(&ASK).unwrap();
        assert_eq!(strongest_ua, ASK.ceiling_ua, "it got there, and no pulse went beyond");
        let first = rows.iter().position(|row| row.does == Does::Holds).unwrap();
        let ceiling = rows.iter().position(|row| row.does == Does::AtCeiling).unwrap();
        assert!(ceiling > first + 100, "held for more than 25 s");
        for row in &rows[first..ceiling] {
            assert!(row.force_mn.abs_diff(ASK.target_mn) < ASK.target_mn / 20, "{row:?}");
        }
        let last = rows[rows.len() - 4];
        assert!(last.does == Does::AtCeiling && last.force_mn < ASK.target_mn, "{last:?}");
    }

    /// REQ-APP-136: the picture has force, amplitude and force scale, each as a curve.
    #[test]
    fn the_picture_has_three_panels() {
        let rows: Vec<Row> = (0..9)
            .map(|n| Row {
                at_us: n * 10_000_000,
                force_mn: 90_000,
                amplitude_ua: 30_000,
                does: Does::Holds,
                force_scale: 2_500.0,
            })
            .collect();
        let svg = draw(&ASK, &rows).unwrap();
        for what in ["force, N", "amplitude, mA", "force scale left, %"] {
            assert!(svg.contains(what), "{what}");
        }
        // three curves, a target and a ceiling, besides the axes
        assert!(svg.matches("<polyline").count() >= 5 && svg.trim_end().ends_with("</svg>"));
    }

    /// REQ-PRO-112: with room to spare the ceiling is never met.
    #[test]
    fn holds_all_along_with_room() {
        let ask = Ask { target_mn: 40_000, ..ASK };
        let (rows, strongest_ua) = hold(&ask).unwrap();
        assert!(strongest_ua < ask.ceiling_ua && rows.iter().all(|row| row.does != Does::AtCeiling));
        let late = &rows[rows.len() / 2..rows.len() - 8];
        assert!(late.iter().all(|row| row.force_mn.abs_diff(ask.target_mn) < ask.target_mn / 8), "{late:?}");
    }
}
