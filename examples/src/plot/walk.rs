//! The three panels over time: feet, level, and every step's outcome.

use super::{
    BLUE, Canvas, DrawError, EDGE, GREEN, GREY, HEAD, INK, LABEL, LEFT, ORANGE, Picture, SKY, SWING, Swatch,
    VERMILION, legend,
};
use crate::gait::{Foot, FootEvent, Step};
use crate::judge::{Outcome, Pulse, StepVerdict};
use crate::text::trimmed;
use plotters::coord::ranged1d::{BoldPoints, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

const RIGHT: u32 = 24;
/// With more steps than this only those that were not on time get a sign in the row of all steps.
const SIGNS: usize = 120;

fn s(t_us: u64) -> f64 {
    t_us as f64 / 1e6
}

impl Outcome {
    fn swatch(self) -> Swatch {
        match self {
            Self::OnTime => Swatch::Dot(BLUE),
            Self::Late => Swatch::Up(ORANGE),
            Self::Missed => Swatch::Cross(VERMILION),
            Self::Shuffle => Swatch::Diamond(GREY),
        }
    }
}

impl Picture<'_> {
    fn close_up(&self) -> (f64, f64) {
        (s(self.close_up_us.0), s(self.close_up_us.1))
    }

    fn shown<'s>(&self, steps: &'s [Step]) -> impl Iterator<Item = (f64, f64)> + 's {
        let (from, to) = self.close_up();
        let swings = steps.iter().filter_map(|step| step.toe_off.zip(step.strike));
        swings.map(move |(a, b)| (s(a).max(from), s(b).min(to))).filter(|(a, b)| a < b)
    }

    /// Light bands where the treated foot swings.
    fn draw_swings(&self, chart: &mut Chart<'_, '_>, top: f64) -> Result<(), DrawError> {
        let steps = self.walk.steps(self.terms.foot);
        chart.draw_series(
            self.shown(&steps).map(|(a, b)| Rectangle::new([(a, 0.0), (b, top)], SWING.filled())),
        )?;
        Ok(())
    }

    pub(super) fn draw_feet(&self, area: &Canvas<'_>) -> Result<(), DrawError> {
        area.draw(&Text::new("Feet", (16, 6), HEAD.into_font().color(&INK)))?;
        let entries = [
            (Swatch::Box(GREEN), "heel on the ground"),
            (Swatch::Box(SKY), "heel up, toes on the ground"),
            (Swatch::Box(SWING), "swing of the treated foot"),
            (Swatch::Up(INK), "heel-off"),
            (Swatch::Dot(INK), "toe-off"),
            (Swatch::Down(INK), "heel strike"),
        ];
        legend(area, (i32::try_from(LEFT)?, 6), &entries)?;
        let (from, to) = self.close_up();
        let mut chart = ChartBuilder::on(area)
            .margin_right(RIGHT)
            .margin_top(34)
            .margin_left(EDGE)
            .set_label_area_size(LabelAreaPosition::Left, LEFT - EDGE)
            .set_label_area_size(LabelAreaPosition::Bottom, 8)
            .build_cartesian_2d(from..to, 0.0..2.0)?;
        self.draw_swings(&mut chart, 2.0)?;
        for (foot, row) in [(self.terms.foot, 1.0), (self.terms.foot.other(), 0.0)] {
            let (x, y) = chart.backend_coord(&(from, row + 0.5));
            let (left, top) = area.get_pixel_range();
            let at = (x - left.start - 8, y - top.start);
            if self.walk.has(foot) {
                self.draw_contact(&mut chart, foot, row)?;
            } else {
                let style = LABEL.into_font().color(&GREY).pos(left_middle());
                let text = format!("no event of the {} foot in the walk", foot.word());
                area.draw(&Text::new(text, (at.0 + 20, at.1), style))?;
            }
            let style = LABEL.into_font().color(&INK).pos(right_middle());
            let word =
                if foot == self.terms.foot { format!("{}*", foot.word()) } else { foot.word().to_owned() };
            area.draw(&Text::new(word, at, style))?;
        }
        Ok(())
    }

    /// One foot's row: heel and toes on the ground as bars, its events as signs.
    fn draw_contact(&self, chart: &mut Chart<'_, '_>, foot: Foot, row: f64) -> Result<(), DrawError> {
        let (from, to) = self.close_up();
        let bar = |a: f64, b: f64, colour: RGBColor| {
            let (a, b) = (a.max(from), b.min(to));
            (a < b).then(|| Rectangle::new([(a, row + 0.18), (b, row + 0.58)], colour.filled()))
        };
        let mut heel_down = self.walk.starts_on_heel(foot).then_some(0.0);
        let mut heel_up: Option<f64> = None;
        let mut bars = Vec::new();
        for event in self.walk.events().iter().filter(|e| e.foot == foot) {
            let t = s(event.t_us);
            bars.extend(heel_down.take().and_then(|a| bar(a, t, GREEN)));
            bars.extend(heel_up.take().and_then(|a| bar(a, t, SKY)));
            match event.event {
                FootEvent::HeelOff => heel_up = Some(t),
                FootEvent::ToeOff => {}
                FootEvent::HeelStrike => heel_down = Some(t),
            }
        }
        bars.extend(heel_down.and_then(|a| bar(a, to, GREEN)));
        bars.extend(heel_up.and_then(|a| bar(a, to, SKY)));
        chart.draw_series(bars)?;
        self.draw_events(chart, foot, row + 0.78)
    }

    fn draw_events(&self, chart: &Chart<'_, '_>, foot: Foot, y: f64) -> Result<(), DrawError> {
        let (from, to) = self.close_up();
        let area = chart.plotting_area().strip_coord_spec();
        let (left, top) = area.get_pixel_range();
        let shown = self.walk.events().iter().filter(|e| e.foot == foot && (from..=to).contains(&s(e.t_us)));
        for event in shown {
            let (px, py) = chart.backend_coord(&(s(event.t_us), y));
            let swatch = match event.event {
                FootEvent::HeelOff => Swatch::Up(INK),
                FootEvent::ToeOff => Swatch::Dot(INK),
                FootEvent::HeelStrike => Swatch::Down(INK),
            };
            swatch.draw(&area, (px - left.start - 8, py - top.start))?;
        }
        Ok(())
    }

    pub(super) fn draw_level(&self, area: &Canvas<'_>) -> Result<(), DrawError> {
        area.draw(&Text::new("Level", (16, 8), HEAD.into_font().color(&INK)))?;
        let entries = [
            (Swatch::Line(BLUE), "pulse at full level"),
            (Swatch::Line(SKY), "pulse below full level"),
            (Swatch::Dashes(VERMILION), "motor threshold"),
            (Swatch::Dot(BLUE), "step on time"),
            (Swatch::Up(ORANGE), "late"),
            (Swatch::Cross(VERMILION), "missed"),
            (Swatch::Diamond(GREY), "shuffle"),
        ];
        legend(area, (i32::try_from(LEFT)?, 8), &entries)?;
        let (from, to) = self.close_up();
        let top = f64::from(self.full_ua.max(self.threshold_ua)) / 1e3 * 1.3;
        let mut chart = ChartBuilder::on(area)
            .margin_right(RIGHT)
            .margin_top(36)
            .margin_left(EDGE)
            .set_label_area_size(LabelAreaPosition::Left, LEFT - EDGE)
            .set_label_area_size(LabelAreaPosition::Bottom, 44)
            .build_cartesian_2d(from..to, 0.0..top)?;
        self.draw_swings(&mut chart, top)?;
        axes(&mut chart, "session time (s)", &self.level_unit, 6)?;
        self.draw_pulses(&mut chart, from, to)?;
        let threshold = f64::from(self.threshold_ua) / 1e3;
        dashed(&mut chart, from, to, threshold)?;
        self.draw_outcomes(&chart, top)?;
        self.draw_cut(&mut chart, (from, to), top)
    }

    fn draw_pulses(&self, chart: &mut Chart<'_, '_>, from: f64, to: f64) -> Result<(), DrawError> {
        let shown = self.pulses.iter().filter(|p| (from..=to).contains(&s(p.onset_us)));
        chart.draw_series(shown.map(|p| {
            let (t, level) = (s(p.onset_us), f64::from(p.level_ua) / 1e3);
            let colour = if p.full { BLUE } else { SKY };
            PathElement::new([(t, 0.0), (t, level)], colour.stroke_width(2))
        }))?;
        Ok(())
    }

    /// Pulses that follow one another at the same kind of level, as one shape: for a whole session.
    fn draw_blocks(&self, chart: &mut Chart<'_, '_>) -> Result<(), DrawError> {
        let apart = 2 * self.terms.period_us;
        let joins = |a: &Pulse, b: &Pulse| a.full == b.full && b.onset_us - a.onset_us <= apart;
        chart.draw_series(self.pulses.chunk_by(joins).filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            let end = s(last.onset_us + self.terms.period_us);
            let mut outline = vec![(s(first.onset_us), 0.0)];
            outline.extend(run.iter().map(|p| (s(p.onset_us), f64::from(p.level_ua) / 1e3)));
            // where it is flat the corners are enough
            outline.dedup_by(|this, before| this.1 == before.1 && this.0 != s(last.onset_us));
            outline.extend([(end, f64::from(last.level_ua) / 1e3), (end, 0.0)]);
            let colour = if first.full { BLUE } else { SKY };
            Some(Polygon::new(outline, colour.filled()))
        }))?;
        Ok(())
    }

    /// A line where a fault ended the run, with the word for it on the side that has room.
    fn draw_cut(&self, chart: &mut Chart<'_, '_>, (from, to): (f64, f64), top: f64) -> Result<(), DrawError> {
        let Some(at) = self.cut_us.map(s).filter(|at| (from..=to).contains(at)) else { return Ok(()) };
        chart.draw_series([PathElement::new([(at, 0.0), (at, top)], VERMILION.stroke_width(3))])?;
        let area = chart.plotting_area().strip_coord_spec();
        let (left, upper) = area.get_pixel_range();
        let (px, py) = chart.backend_coord(&(at, top * 0.72));
        let is_left = at > f64::midpoint(from, to);
        let style =
            LABEL.into_font().color(&VERMILION).pos(if is_left { right_middle() } else { left_middle() });
        let x = px - left.start + if is_left { -8 } else { 8 };
        area.draw(&Text::new("output ended by a fault", (x, py - upper.start), style))?;
        Ok(())
    }

    /// A sign above each step, and for one that went wrong, by how much.
    fn draw_outcomes(&self, chart: &Chart<'_, '_>, top: f64) -> Result<(), DrawError> {
        let (from, to) = self.close_up();
        let area = chart.plotting_area().strip_coord_spec();
        let (left, upper) = area.get_pixel_range();
        for verdict in &self.judgement.steps {
            let at = moment(&verdict.step);
            if !(from..=to).contains(&at) {
                continue;
            }
            let (px, py) = chart.backend_coord(&(at, top * 0.93));
            let (x, y) = (px - left.start, py - upper.start);
            verdict.outcome().swatch().draw(&area, (x - 8, y))?;
            if let Some(word) = self.remark(verdict) {
                area.draw(&Text::new(word, (x + 10, y - 8), LABEL.into_font().color(&INK)))?;
            }
        }
        Ok(())
    }

    /// By how much a late step was late: from toe-off to motor threshold. Or that its swing was cut.
    fn remark(&self, verdict: &StepVerdict) -> Option<String> {
        if verdict.swing.is_some_and(|swing| swing.longest_gap_us > 2 * self.terms.period_us) {
            return Some("cut".to_owned());
        }
        let after = verdict.step.heel_off? + verdict.to_threshold_us?;
        let late = after.checked_sub(verdict.step.toe_off?)?;
        (verdict.outcome() == Outcome::Late).then(|| format!("+{} ms", late / 1_000))
    }

    pub(super) fn draw_steps(&self, area: &Canvas<'_>) -> Result<(), DrawError> {
        let count = |o| self.judgement.count(o);
        let head = format!(
            "All {} steps: {} on time, {} late, {} missed, {} shuffled (framed: the part drawn above)",
            self.judgement.steps.len(),
            count(Outcome::OnTime),
            count(Outcome::Late),
            count(Outcome::Missed),
            count(Outcome::Shuffle)
        );
        area.draw(&Text::new(head, (16, 8), HEAD.into_font().color(&INK)))?;
        let top = f64::from(self.full_ua.max(self.threshold_ua)) / 1e3 * 1.45;
        let mut chart = ChartBuilder::on(area)
            .margin_right(RIGHT)
            .margin_top(36)
            .margin_left(EDGE)
            .set_label_area_size(LabelAreaPosition::Left, LEFT - EDGE)
            .set_label_area_size(LabelAreaPosition::Bottom, 44)
            .build_cartesian_2d(0.0..s(self.whole_us), 0.0..top)?;
        axes(&mut chart, "session time (s)", self.level_unit.split(' ').next().unwrap_or_default(), 3)?;
        self.draw_blocks(&mut chart)?;
        let (from, to) = self.close_up();
        chart.draw_series([Rectangle::new([(from, 0.0), (to, top)], INK.stroke_width(1))])?;
        self.draw_cut(&mut chart, (0.0, s(self.whole_us)), top)?;
        let strip = chart.plotting_area().strip_coord_spec();
        let (left, upper) = strip.get_pixel_range();
        let all = &self.judgement.steps;
        let wanted = |v: &&StepVerdict| all.len() <= SIGNS || v.outcome() != Outcome::OnTime;
        for verdict in all.iter().filter(wanted) {
            let (px, py) = chart.backend_coord(&(moment(&verdict.step), top * 0.86));
            verdict.outcome().swatch().draw(&strip, (px - left.start - 8, py - upper.start))?;
        }
        Ok(())
    }
}

fn left_middle() -> plotters::style::text_anchor::Pos {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    Pos::new(HPos::Left, VPos::Center)
}

fn right_middle() -> plotters::style::text_anchor::Pos {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    Pos::new(HPos::Right, VPos::Center)
}

fn moment(step: &Step) -> f64 {
    s(step.toe_off.or(step.heel_off).unwrap_or(0))
}

pub(super) fn axes(chart: &mut Chart<'_, '_>, x: &str, y: &str, y_labels: usize) -> Result<(), DrawError> {
    let x_labels = if x.is_empty() { 0 } else { 12 };
    let across = decimals(&RangedCoordf64::from(chart.x_range()), x_labels);
    let up = decimals(&RangedCoordf64::from(chart.y_range()), y_labels);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(215, 215, 215).stroke_width(1))
        .axis_style(GREY)
        .x_labels(x_labels)
        .y_labels(y_labels)
        .x_label_formatter(&|value| trimmed(*value, across))
        .y_label_formatter(&|value| trimmed(*value, up))
        .x_desc(x)
        .y_desc(y)
        .label_style(LABEL.into_font().color(&INK))
        .axis_desc_style(LABEL.into_font().color(&INK))
        .draw()?;
    Ok(())
}

/// As many decimals as the numbers of an axis have at the most.
fn decimals(axis: &RangedCoordf64, labels: usize) -> usize {
    const MOST: u8 = 9;
    let numbers = axis.key_points(BoldPoints(labels));
    let step = numbers.windows(2).map(|two| two[1] - two[0]).fold(f64::INFINITY, f64::min);
    let is_whole = |decimals: &u8| {
        let scaled = step * 10_f64.powi(i32::from(*decimals));
        scaled.round() >= 1.0 && (scaled - scaled.round()).abs() < 1e-3
    };
    usize::from((1..MOST).find(is_whole).unwrap_or(if step.is_finite() { MOST } else { 1 }))
}

/// A dashed line across a chart.
pub(super) fn dashed(chart: &mut Chart<'_, '_>, from: f64, to: f64, y: f64) -> Result<(), DrawError> {
    const DASHES: u32 = 70;
    let step = (to - from) / f64::from(DASHES);
    chart.draw_series((0..DASHES).map(|i| {
        let a = from + step * f64::from(i);
        PathElement::new([(a, y), (a + step * 0.55, y)], VERMILION.stroke_width(2))
    }))?;
    Ok(())
}
