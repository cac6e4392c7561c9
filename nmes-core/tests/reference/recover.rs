//! A stop that pays the pulse under way back at once.

use nmes_core::*;

use super::{Due, Machine, Parts};

impl Machine<'_> {
    /// The pulse under way on a channel is cut one edge spacing from now, unless an edge comes before that (this is asked
    /// again after it), it leaves a declared direct current, or it is paying back by itself.
    pub(super) fn recover(&mut self, number: usize, now: i128) {
        let line = &self.lines[number];
        let mut cut = now.max(line.changed) + self.spacing;
        let (Some(pulse), Some(next)) = (&line.pulse, line.under_way.first()) else { return };
        if line.paying || next.at <= cut || !line.channel().pulse.balance.is_balanced() {
            return;
        }
        // edges are one more than levels, and the first has happened
        let segment = pulse.segments.len() - line.under_way.len();
        let within = segment % pulse.parts.each;
        if within >= pulse.parts.paying {
            self.end_with_repeat(number, segment);
            return;
        }
        let on = line.maker.current(line.level);
        let owed_at = |cut: i128| line.put_out - line.carry + on * (cut - line.changed);
        // where edges may be late, a level that pays what was carried into the pulse first goes on until it has
        if line.maker.jitter > 0 && on != 0 && owed_at(cut).signum() == -on.signum() {
            cut += owed_at(cut).abs() / on.abs() + 1;
            if cut >= next.at {
                return;
            }
        }
        let owed = owed_at(cut);
        if owed == 0 {
            return;
        }
        let towards = -owed.signum();
        let strongest = |sign: i128| {
            let codes = pulse.segments.iter().filter_map(|(level, _)| match level {
                Level::Code(code) if i128::from(*code).signum() == sign => Some(i128::from(code.abs())),
                Level::Open | Level::Shorted | Level::Code(_) => None,
            });
            codes.max().unwrap_or(1)
        };
        let cap = strongest(towards).min(strongest(-line.maker.sign()));
        let open =
            line.maker.open_before(towards, line.level, cut - line.changed, within >= pulse.parts.weak);
        // too little for one code and an edge spacing: this is asked again after the next edge
        let Some(levels) = line.maker.recover(owed, cap) else { return };
        let line = &mut self.lines[number];
        let (mut tick, mut edges) = (cut, vec![]);
        for (level, ticks) in [(Level::Open, open)].into_iter().filter(|o| o.1 > 0).chain(levels) {
            edges.push(Due::new(tick, level, None));
            tick += ticks;
        }
        edges.last_mut().unwrap().ends_at = Some(line.carry);
        edges.push(Due::new(tick, Level::Open, None));
        (line.under_way, line.paying, line.begun, line.cut) = (edges, true, cut, Some(cut));
    }

    /// With the first edge of a repayment, at `t`, the pulse is cut.
    pub(super) fn cut_by_repayment(&mut self, number: usize, t: i128) {
        let begins = |r: &PulseReceipt| r.kind == FrameKind::Pulse;
        if self.lines[number].cut.is_none() || !self.lines[number].receipt.as_ref().is_some_and(begins) {
            return;
        }
        self.note_main(number, t, true);
        let line = &mut self.lines[number];
        line.counters.trims += 1;
        line.receipt.iter_mut().for_each(|r| r.kind = FrameKind::Recover);
    }

    /// A repeat that is paying back is the last one: after it the output is open. In the gap after a repeat it is so where
    /// the next would begin.
    fn end_with_repeat(&mut self, number: usize, segment: usize) {
        let line = &mut self.lines[number];
        let Some(pulse) = &line.pulse else { return };
        let Parts { once, each, .. } = pulse.parts;
        if pulse.segments.len() == once || segment + 1 == pulse.segments.len() {
            return;
        }
        let end = (segment / each) * each + once.max(segment % each + 1);
        line.under_way.truncate(end - segment);
        line.under_way.iter_mut().last().unwrap().level = Level::Open;
        line.paying = true;
    }

    /// Of the main phase (of the first repeat) what was put out by `t`, and how many repeats have begun theirs. Its charge is
    /// as applied where it is one level, else as planned, up to where it was to be cut.
    pub(super) fn note_main(&mut self, number: usize, t: i128, cut: bool) {
        let line = &mut self.lines[number];
        let (Some(pulse), Some(receipt)) = (&line.pulse, &mut line.receipt) else { return };
        if receipt.kind == FrameKind::Recover {
            return;
        }
        let Parts { main, each, .. } = pulse.parts;
        let Some(begun) = line.stamps.get(main.0) else { return };
        let ended = line.stamps.get(main.1);
        let ticks = ended.unwrap_or(&t) - begun;
        let levels = &pulse.segments[main.0..main.1];
        let mut left = if ended.is_some() || !cut { i128::MAX } else { line.cut.unwrap_or(t) - begun };
        let charge = match levels {
            [(level, _)] => line.maker.current(*level) * ticks,
            levels => levels.iter().fold(0, |sum, (level, all)| {
                let passed = left.clamp(0, *all);
                left -= passed;
                sum + line.maker.current(*level) * passed
            }),
        };
        let begins = |n: &usize| n % each == main.0;
        receipt.repeats = (0..line.stamps.len()).filter(begins).count() as u16;
        receipt.primary_ticks = ticks as u32;
        receipt.primary_charge = Charge::from_nanoamp_ticks(charge as i64);
    }
}
