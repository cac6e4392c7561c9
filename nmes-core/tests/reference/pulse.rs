//! One pulse as a list of levels, from the documents of [`PulseShape`] and the requirements on balance.

use nmes_core::*;

/// Rounded to nearest, halves away from zero.
pub fn nearest(numerator: i128, divisor: i128) -> i128 {
    let half = if numerator < 0 { -divisor } else { divisor };
    (2 * numerator + half) / (2 * divisor)
}

/// One channel and the output it is on.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    pub channel: &'a Channel<'static>,
    pub output: &'a ChannelHardware,
    pub timing: &'a HardwareTiming,
    pub spacing: i128,
    /// L + 2 ε.
    pub jitter: i128,
    /// The bounds that the plan states.
    pub bounds: &'a ChannelPlan<'a>,
}

/// A pulse that is put out.
#[derive(Clone, Debug)]
pub struct Pulse {
    pub segments: Vec<(Level, i128)>,
    pub code: i128,
    pub main_ticks: i128,
    pub main_charge: i128,
    /// The ledger after it, in nanoampere-ticks.
    pub carry: i128,
    pub parts: Parts,
}

/// Where the parts of a pulse are, in segments.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// One repeat, without the gap after it, and with it.
    pub once: usize,
    pub each: usize,
    /// The main phase: the first of it, and the first after it.
    pub main: (usize, usize),
    /// Levels of custom points or a table, any of which may be so weak that it is a driven zero.
    pub weak: usize,
    /// The first that pays back.
    pub paying: usize,
}

impl Maker<'_> {
    /// The shortest level: late edges do not come nearer than the edge spacing.
    fn least(&self) -> i128 {
        self.spacing + self.jitter
    }
    pub fn sign(&self) -> i128 {
        if self.channel.pulse.leading == Polarity::Positive { 1 } else { -1 }
    }
    pub fn ticks(&self, us: Micros) -> i128 {
        nearest(i128::from(us.as_micros()) * i128::from(self.timing.ticks_per_second), 1_000_000)
    }
    fn gain(&self, positive: bool) -> i128 {
        i128::from(if positive { self.output.na_per_code_positive } else { self.output.na_per_code_negative })
    }
    /// The code nearest to an amplitude.
    pub fn code(&self, ua: u32) -> i128 {
        let gain = self.gain(self.sign() > 0);
        let wanted = i128::from(ua) * 1_000 - i128::from(self.output.offset_na) * self.sign();
        ((wanted + gain / 2) / gain).max(0)
    }
    fn dead(&self) -> i128 {
        if self.timing.dead_ticks == 0 {
            0
        } else {
            (i128::from(self.timing.dead_ticks) + self.jitter).max(self.least())
        }
    }
    fn gap_ticks(&self, us: Micros) -> i128 {
        match self.ticks(us) {
            0 => self.dead(),
            ticks => ticks.max(self.least()).max(self.dead()),
        }
    }
    /// The gap between two repeats: with a dead time that is left of it when the edge before it has moved.
    fn apart(&self) -> i128 {
        let gap = self.gap_ticks(self.channel.pulse.repeat.gap);
        if self.dead() == 0 { gap } else { gap.max(self.dead() + i128::from(self.bounds.stretch_ticks())) }
    }
    /// How the output rests within a pulse.
    fn zero(&self) -> Level {
        if self.dead() > 0 { Level::Open } else { Level::from(self.timing.gap_rest) }
    }
    pub fn current(&self, level: Level) -> i128 {
        match level {
            Level::Open | Level::Shorted => 0,
            Level::Code(code) => self.gain(code > 0) * i128::from(code) + i128::from(self.output.offset_na),
        }
    }

    /// The gap between two phases: open for the dead time, and after it at rest where that is long enough for an edge.
    fn gap(&self) -> Vec<(Level, i128)> {
        let (dead, all) = (self.dead(), self.gap_ticks(self.channel.pulse.gap));
        let rest = Level::from(self.timing.gap_rest);
        match (dead, all - dead) {
            (0, 0) => vec![],
            (0, gap) => vec![(rest, gap)],
            (dead, after) if rest != Level::Open && after >= self.least() => {
                vec![(Level::Open, dead), (rest, after)]
            }
            (dead, after) => vec![(Level::Open, dead + after)],
        }
    }

    /// The pulse at a code and a width; up to 8 codes lower where that one cannot be paid back, whatever may be carried.
    pub fn pulse(&self, code: i128, width: i128, carry: i128) -> Option<Pulse> {
        if width < i128::from(self.bounds.width_min_ticks()) || code < 1 {
            return None;
        }
        ((code - 8).max(1)..=code).rev().find_map(|code| self.exactly(code, width, carry))
    }

    /// Whether a setting is taken: it can be put out, and where the balancing phase may need two levels (not that of a
    /// rectangular pulse or a table that is paid back by its like) it is at least four edge spacings wide.
    pub fn takes(&self, code: i128, width: i128) -> bool {
        let shape = &self.channel.pulse;
        let plain = match shape.form {
            Form::Rectangular | Form::Table(_) => {
                shape.balance.length_percent() == 100 && self.output.is_exact()
            }
            Form::Points(_) => false,
            Form::Prepulse(_) | Form::Triphasic { .. } => true,
        };
        let wide = plain || !shape.balance.is_balanced() || width >= 4 * self.least();
        wide && self.pulse(code, width, 0).is_some()
    }

    fn exactly(&self, code: i128, width: i128, carry: i128) -> Option<Pulse> {
        let shape = &self.channel.pulse;
        let count = i128::from(shape.repeat.count);
        let (before, main) = self.phases(code, width)?;
        let share = if shape.balance.is_balanced() { carry / count } else { 0 };
        let mut once = before.clone();
        once.extend(main.clone());
        let after = self.balance(code, width, &once, share)?;
        let body = once.len();
        once.extend(after);
        // whatever pays back what an offset leaves meanwhile
        let driven = main.iter().any(|(level, _)| matches!(level, Level::Code(code) if *code != 0));
        if matches!(shape.form, Form::Table(_)) && !driven {
            return None;
        }
        if once.iter().any(|(level, _)| !self.in_range(*level)) {
            return None;
        }
        let left = share + self.charge(&once);
        let drifts = self.output.offset_na != 0 && matches!(self.zero(), Level::Code(_));
        let apart = (if drifts { Level::Open } else { self.zero() }, self.apart());
        let mut segments = once.clone();
        for _ in 1..count {
            if apart.1 > 0 {
                segments.push(apart);
            }
            segments.extend(once.clone());
        }
        let main: Vec<_> = self.main_part(main);
        let gap = if let Form::Points(_) = shape.form { 0 } else { self.gap().len() };
        let parts = Parts {
            once: once.len(),
            each: once.len() + usize::from(apart.1 > 0),
            main: (before.len(), before.len() + main.len()),
            weak: if let Form::Points(_) | Form::Table(_) = shape.form { body } else { 0 },
            paying: body + gap,
        };
        Some(Pulse {
            parts,
            segments,
            code: code * self.sign(),
            main_ticks: main.iter().map(|s| s.1).sum(),
            main_charge: self.charge(&main),
            carry: carry + count * (left - share),
        })
    }

    fn in_range(&self, level: Level) -> bool {
        !matches!(level, Level::Code(code) if code > self.output.code_max || code < self.output.code_min)
    }

    pub fn charge(&self, segments: &[(Level, i128)]) -> i128 {
        segments.iter().map(|(level, ticks)| self.current(*level) * ticks).sum()
    }

    /// A level of so many codes in the direction of the main phase.
    fn driven(&self, codes: i128) -> Level {
        Level::Code((codes * self.sign()) as i32)
    }

    /// What comes before the main phase, and the main phase; of custom points all but the last.
    #[allow(clippy::type_complexity, reason = "two lists of segments")]
    fn phases(&self, code: i128, width: i128) -> Option<(Vec<(Level, i128)>, Vec<(Level, i128)>)> {
        let percent = |percent: u8| (code * i128::from(percent) + 50) / 100;
        let or_rest = |codes: i128| if codes == 0 { self.zero() } else { self.driven(codes) };
        Some(match self.channel.pulse.form {
            Form::Rectangular => (vec![], vec![(self.driven(code), width)]),
            Form::Prepulse(pre) => {
                let before = (or_rest(percent(pre.amplitude_percent)), self.ticks(pre.width));
                (vec![before], vec![(self.driven(code), width)])
            }
            Form::Triphasic { outer_percent } => {
                let mut before = vec![(or_rest(-percent(outer_percent)), width)];
                before.extend(self.gap());
                (before, vec![(self.driven(code), width)])
            }
            Form::Points(points) => {
                let all = self.points(points, code);
                (vec![], all[..all.len() - 1].to_vec())
            }
            Form::Table(levels) => {
                let count = levels.len() as i128;
                let (step, longer) = (width / count, width % count);
                if step < self.least() {
                    return None;
                }
                let at = |(n, level): (i128, &i16)| {
                    (self.driven(nearest(code * i128::from(*level), 16_384)), step + i128::from(n < longer))
                };
                (vec![], (0..count).zip(levels).map(at).collect())
            }
        })
    }

    /// Custom points: each ends on the tick nearest to its time.
    fn points(&self, points: &[Point], code: i128) -> Vec<(Level, i128)> {
        let mut us = 0_u32;
        let mut all = vec![];
        for point in points {
            let began = self.ticks(Micros::from_micros(us).unwrap());
            us += point.width.as_micros();
            let ticks = self.ticks(Micros::from_micros(us).unwrap()) - began;
            let fraction = nearest(i128::from(point.permille) * 16_384, 1_000);
            let level =
                if point.permille == 0 { self.zero() } else { self.driven(nearest(code * fraction, 16_384)) };
            all.push((level, ticks));
        }
        all
    }

    /// Of custom points the first ones that drive the leading way, at least one.
    fn main_part(&self, main: Vec<(Level, i128)>) -> Vec<(Level, i128)> {
        let Form::Points(points) = self.channel.pulse.form else { return main };
        let leading = points.iter().take_while(|p| p.permille > 0).count().max(1);
        main.into_iter().take(leading).collect()
    }

    /// What pays a body back, and the `share` of what the pulse before left, in nanoampere-ticks.
    fn balance(
        &self,
        code: i128,
        width: i128,
        body: &[(Level, i128)],
        share: i128,
    ) -> Option<Vec<(Level, i128)>> {
        let shape = &self.channel.pulse;
        let last = match shape.form {
            Form::Points(points) => self.points(points, code).last().copied(),
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } | Form::Table(_) => None,
        };
        if !shape.balance.is_balanced() {
            return Some(last.into_iter().collect());
        }
        let mut all = if last.is_some() { vec![] } else { self.gap() };
        if let (Form::Table(_), Balance::Symmetric, true) =
            (shape.form, shape.balance, self.output.is_exact())
        {
            let mirrored = |(level, ticks): &(Level, i128)| match level {
                Level::Code(code) => (Level::Code(-code), *ticks),
                Level::Open | Level::Shorted => (*level, *ticks),
            };
            all.extend(body.iter().map(mirrored));
            return Some(all);
        }
        let owed = self.charge(body) + self.charge(&all);
        let nominal = match last {
            Some((_, ticks)) => ticks,
            None => self.nominal(code, width, body),
        };
        all.extend(self.pay(owed, share, nominal, last.is_some().then_some(code))?);
        Some(all)
    }

    fn nominal(&self, code: i128, width: i128, body: &[(Level, i128)]) -> i128 {
        let units: i128 = body
            .iter()
            .map(|(level, ticks)| if let Level::Code(c) = level { i128::from(*c) * ticks } else { 0 })
            .sum();
        let equal = if let Form::Prepulse(_) = self.channel.pulse.form {
            (units.abs() + code - 1) / code
        } else {
            width
        };
        let percent = i128::from(self.channel.pulse.balance.length_percent());
        if percent == 100 { equal } else { (equal * percent + 50) / 100 }
    }

    /// One or two levels one code apart, over the nominal width or up to 16 ticks more, so that less than one code × tick
    /// is left; each as long as the edge spacing, the shorter one first. Of a calibrated output over the first such width that
    /// pays nothing carried, and one code × tick more. Custom points have a limit, and may pay either way; what is carried from the
    /// other way is carried on.
    fn pay(
        &self,
        owed: i128,
        share: i128,
        nominal: i128,
        points: Option<i128>,
    ) -> Option<Vec<(Level, i128)>> {
        let body_units = owed * self.sign();
        // exact outputs turn on the sum, calibrated ones of custom points on the sum of codes: they are the same here
        let towards = if points.is_some() && body_units < 0 { self.sign() } else { -self.sign() };
        if let Form::Points([.., last]) = self.channel.pulse.form
            && self.dead() > 0
            && (last.permille > 0) != (towards == self.sign())
        {
            return None;
        }
        let gain = self.gain(towards > 0);
        let mut most = i128::from(if towards > 0 { self.output.code_max } else { -self.output.code_min });
        if let Some(code) = points {
            let equal = (self.gain(self.sign() > 0) * code + gain - 1) / gain;
            most = most.min(equal + 1);
        }
        let (owed, share) = (-owed * towards, -share * towards);
        let pays = |more: i128, width: i128| self.in_parts(owed + more, towards, width, most);
        (nominal..=nominal + 16)
            .filter(|w| self.output.is_exact() || (pays(0, *w).is_some() && pays(gain, *w).is_some()))
            .find_map(|width| pays(share.max(0), width))
    }

    /// The same over a width or a little more: `owed` is how much, `towards` the way that pays it back.
    fn over(&self, owed: i128, towards: i128, nominal: i128, most: i128) -> Option<Vec<(Level, i128)>> {
        (nominal..=nominal + 16).find_map(|width| self.in_parts(owed, towards, width, most))
    }

    /// The same over so many ticks.
    fn in_parts(&self, owed: i128, towards: i128, width: i128, most: i128) -> Option<Vec<(Level, i128)>> {
        let gain = self.gain(towards > 0);
        let all = owed + i128::from(self.output.offset_na) * -towards * width;
        if all < 0 {
            return None;
        }
        let units = all / gain;
        let (low, more) = (units / width, units % width);
        let parts = match (low, more) {
            (0, 0) => return None,
            (low, 0) => vec![(low, width)],
            (0, more) if more >= self.least() && self.output.offset_na == 0 => vec![(1, more)],
            (0, _) => return None,
            (_, more) if more < self.least() || width - more < self.least() => return None,
            (low, more) if more < width - more => vec![(low + 1, more), (low, width - more)],
            (low, more) => vec![(low, width - more), (low + 1, more)],
        };
        let fits = parts.iter().all(|(codes, _)| *codes <= most);
        let level = |(codes, ticks): (i128, i128)| (Level::Code((codes * towards) as i32), ticks);
        fits.then(|| parts.into_iter().map(level).collect())
    }

    /// What pays back a pulse that is cut: as short as a level of `cap` codes allows; where that will not divide, weaker
    /// and twice as long, and so on; at last one code. The levels, each with its ticks.
    pub fn recover(&self, owed: i128, cap: i128) -> Option<Vec<(Level, i128)>> {
        let towards = -owed.signum();
        let strength = |codes: i128| self.current(Level::Code((towards * codes) as i32)).abs();
        let shortest = ((owed.abs() + strength(cap) - 1) / strength(cap)).max(self.spacing);
        if self.jitter > 0 {
            return Some(vec![(Level::Code((towards * cap) as i32), shortest)]);
        }
        let mut widths = (0..8).map(|half| shortest << half);
        let found = widths.find_map(|width| self.over(owed.abs(), towards, width, cap));
        let ticks = owed.abs() / strength(1);
        let one_code = (ticks >= self.least()).then(|| vec![(Level::Code(towards as i32), ticks)]);
        found.or(one_code)
    }

    /// How long the output has to be open before it drives `towards`, when `level` is on since `on` ticks; a driven zero
    /// of a gap comes after the open step of that gap.
    pub fn open_before(&self, towards: i128, level: Level, on: i128, in_gap: bool) -> i128 {
        let left = match level {
            Level::Shorted => 0,
            Level::Code(0) if in_gap => 0,
            Level::Code(code) if i128::from(code).signum() == towards => 0,
            Level::Code(_) => self.dead(),
            Level::Open => self.dead() - on,
        };
        if left <= 0 { 0 } else { left.max(self.least()) }
    }
}
