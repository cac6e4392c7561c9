//! Widths of a pulse and of its phases.

use nmes_core::{Balance, Control, Form, Level, Micros, Point, Polarity, Setting};

use super::answer::Answer;
use super::facts::Facts;
use crate::metrics::{narrow, scale_up};
use crate::rules::Unit;

const OF_EACH: &str = "of each of the three phases";
const OF_ONE: &str = "of the one phase there is";
const WITH_AHEAD: &str = "the main phase with the weak one ahead of it";
const SEVERAL: &str =
    "from the shortest phase to the longest; a phase is what flows one way until a rest or the other way";

/// Phases of custom points: what flows one way until a rest or the other way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Runs {
    count: u32,
    least_us: u64,
    most_us: u64,
    /// The last phase of the leading way, and of the other.
    along_us: u64,
    against_us: u64,
}

impl Runs {
    fn of(points: &[Point]) -> Self {
        let mut runs = Self::default();
        let (mut way, mut us) = (0, 0_u64);
        for point in points {
            let turns = point.permille.signum() != way;
            if turns {
                runs.close(way, us);
            }
            let before = if turns { 0 } else { us };
            (way, us) = (point.permille.signum(), before.saturating_add(u64::from(point.width.as_micros())));
        }
        runs.close(way, us);
        runs
    }

    fn close(&mut self, way: i16, us: u64) {
        match way {
            0 => return,
            1 => self.along_us = us,
            _ => self.against_us = us,
        }
        self.least_us = if self.count == 0 { us } else { self.least_us.min(us) };
        self.most_us = self.most_us.max(us);
        self.count = self.count.saturating_add(1);
    }

    fn is_one_way(&self) -> bool {
        self.along_us == 0 || self.against_us == 0
    }

    fn answer(&self) -> (Answer, &'static str) {
        let [main_us, balancing_us] = [self.along_us, self.against_us].map(|us| [us; 2]);
        if self.count == 2 && !self.is_one_way() {
            return (Answer::Phases { main_us, balancing_us }, "");
        }
        (Answer::Range { unit: Unit::Micros, least: self.least_us, most: self.most_us }, SEVERAL)
    }
}

/// Of the points that drive there are two, as strong as one another, one each way: they sum to zero, so they last as long.
fn are_two_alike(points: &[Point]) -> bool {
    let mut driving = points.iter().map(|point| point.permille).filter(|permille| *permille != 0);
    let [first, second, third] = [driving.next(), driving.next(), driving.next()];
    third.is_none() && first.zip(second).is_some_and(|(one, other)| one == other.saturating_neg())
}

impl Facts<'_, '_> {
    /// Nothing flows against the leading way.
    pub(super) fn is_monophasic(&self) -> bool {
        match self.asked.pulse.form {
            Form::Points(points) => Runs::of(points).is_one_way(),
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } | Form::Table(_) => {
                !self.asked.pulse.balance.is_balanced()
            }
        }
    }

    /// The widths that this plan allows, in µs: of custom points the whole, else of the main phase. A width ramp, and a
    /// recruitment pattern, is silent below the least that the hardware puts out.
    pub(super) fn widths_us(&self) -> [u64; 2] {
        let set = u64::from(self.asked.set.width.as_micros());
        let shortest = self.micros(self.compiled.width_min_ticks());
        let points = self.asked.train.pattern.iter().flat_map(|pattern| pattern.points());
        let of_pattern = points.map(|point| u64::from(point.setting.width.as_micros())).min();
        let ramped = match self.asked.ramp.control {
            Control::Amplitude => set,
            Control::Width => u64::from(self.asked.ramp.floor).max(shortest),
        };
        let least = set.min(ramped).min(of_pattern.map_or(set, |width| width.max(shortest)));
        [least, u64::from(self.asked.ceiling.width.as_micros())]
    }

    /// Ticks in µs, rounded up.
    fn micros(&self, ticks: u32) -> u64 {
        narrow(scale_up(u128::from(ticks), 1_000_000, u128::from(self.hz())))
    }

    pub(super) fn width(&self) -> Answer {
        let [least, most] = self.widths_us();
        Answer::Range { unit: Unit::Micros, least, most }
    }

    /// What [`Facts::width`] is the width of, in the words of a document.
    pub(super) fn width_of(&self, [main, all]: [&'static str; 2]) -> &'static str {
        match self.asked.pulse.form {
            Form::Points(_) => all,
            Form::Triphasic { .. } => OF_EACH,
            Form::Rectangular | Form::Prepulse(_) | Form::Table(_) if self.is_monophasic() => OF_ONE,
            Form::Rectangular | Form::Prepulse(_) | Form::Table(_) => main,
        }
    }

    /// Ticks of a repeat at the ceiling's amplitude and a width: all of it with the gap to the next one, and what drives the
    /// leading way and the other.
    pub(super) fn cycle_ticks(&self, width_us: u64) -> Option<[u64; 3]> {
        let width = Micros::from_micros(u32::try_from(width_us).ok()?)?;
        let frame = self.plan.frame(self.index, Setting { width, ..self.asked.ceiling }, 0)?;
        let leads_up = self.compiled.leading() == Polarity::Positive;
        let mut ticks = [0_u64; 3];
        for segment in frame.cycle_segments() {
            let [all, along, against] = &mut ticks;
            let code = if let Level::Code(code) = segment.level { code } else { 0 };
            let way = match code {
                0 => None,
                code if (code > 0) == leads_up => Some(along),
                _ => Some(against),
            };
            for sum in [Some(all), way].into_iter().flatten() {
                *sum = sum.saturating_add(u64::from(segment.ticks));
            }
        }
        Some(ticks)
    }

    fn balancing_us(&self, width_us: u64) -> u64 {
        let hz = u128::from(self.hz());
        let ticks = narrow(scale_up(hz, width_us, 1_000_000));
        self.micros(self.compiled.balancing_ticks(u32::try_from(ticks).unwrap_or(u32::MAX)))
    }

    /// Both phases of a pulse with a weak phase ahead, in µs: that one is a part of the main phase.
    fn with_ahead_us(&self, width_us: u64) -> [u64; 2] {
        let of = |ticks: u64| narrow(scale_up(u128::from(ticks), 1_000_000, u128::from(self.hz())));
        match self.cycle_ticks(width_us) {
            Some([_, along, against]) => [of(along), of(against)],
            None => [width_us, self.balancing_us(width_us)],
        }
    }

    /// Widths of both phases, where there are two; of all, where there are more; and what there is to say.
    pub(super) fn phases(&self) -> (Answer, &'static str) {
        if self.is_monophasic() {
            return (Answer::NotApplicable("monophasic"), "");
        }
        let main_us = self.widths_us();
        match self.asked.pulse.form {
            Form::Rectangular | Form::Table(_) => {
                (Answer::Phases { main_us, balancing_us: main_us.map(|us| self.balancing_us(us)) }, "")
            }
            Form::Prepulse(_) => {
                let [[least, least_back], [most, most_back]] = main_us.map(|us| self.with_ahead_us(us));
                let balancing_us = [least_back, most_back];
                (Answer::Phases { main_us: [least, most], balancing_us }, WITH_AHEAD)
            }
            Form::Triphasic { .. } => (self.width(), ""),
            Form::Points(points) => Runs::of(points).answer(),
        }
    }

    pub(super) fn symmetrical(&self) -> Answer {
        match (self.asked.pulse.balance, self.asked.pulse.form) {
            _ if self.is_monophasic() => Answer::NotApplicable("monophasic"),
            (Balance::Symmetric, Form::Rectangular | Form::Table(_)) => {
                Answer::YesNo(self.compiled.hardware().is_exact())
            }
            (Balance::Symmetric | Balance::Asymmetric { .. }, Form::Points(points)) => {
                Answer::YesNo(self.compiled.hardware().is_exact() && are_two_alike(points))
            }
            (Balance::DeclaredDc { .. } | Balance::Symmetric | Balance::Asymmetric { .. }, _) => {
                Answer::YesNo(false)
            }
        }
    }
}
