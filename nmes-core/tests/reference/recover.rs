//! A stop that pays the pulse under way back at once.

use nmes_core::*;

use super::{Machine, Parts};

impl Machine<'_> {
    /// The pulse under way on a channel is cut one edge spacing from now, unless an edge comes before that (this is asked
    /// again after it), it leaves a declared direct current, or it is paying back by itself.
    pub(super) fn recover(&mut self, number: usize, now: i128) {
        let line = &self.lines[number];
        let cut = now.max(line.changed) + self.spacing;
        let (Some(pulse), Some((due, _))) = (&line.pulse, line.under_way.first()) else { return };
        if line.paying || *due <= cut || !line.channel().pulse.balance.is_balanced() {
            return;
        }
        // edges are one more than levels, and the first has happened
        let segment = pulse.segments.len() - line.under_way.len();
        let within = segment % pulse.parts.each;
        if within >= pulse.parts.paying {
            self.end_with_repeat(number, segment);
            return;
        }
        let passed = line.maker.charge(&pulse.segments[..segment]);
        let owed = passed + line.maker.current(line.level) * (cut - line.changed);
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
        self.note_main(number, cut);
        let line = &mut self.lines[number];
        let (mut tick, mut edges) = (cut, vec![]);
        for (level, ticks) in [(Level::Open, open)].into_iter().filter(|o| o.1 > 0).chain(levels) {
            edges.push((tick, level));
            tick += ticks;
        }
        edges.push((tick, Level::Open));
        (line.under_way, line.paying, line.begun) = (edges, true, cut);
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
        line.receipt.iter_mut().for_each(|r| r.repeats = (segment / each + 1) as u16);
        line.under_way.iter_mut().last().unwrap().1 = Level::Open;
        line.paying = true;
    }

    /// Of the main phase (of the first repeat) what was put out by `cut`, and how many repeats had begun theirs.
    pub(super) fn note_main(&mut self, number: usize, cut: i128) {
        let line = &mut self.lines[number];
        let (Some(pulse), Some(receipt)) = (&line.pulse, &mut line.receipt) else { return };
        let mut begins = i128::from(receipt.onset_tick);
        let (mut ticks, mut charge, mut repeats) = (0, 0, 0);
        let Parts { main, each, .. } = pulse.parts;
        for (segment, (level, all)) in pulse.segments.iter().enumerate() {
            let passed = (cut - begins).clamp(0, *all);
            repeats += u16::from(segment % each == main.0 && begins < cut);
            if (main.0..main.1).contains(&segment) {
                ticks += passed;
                charge += line.maker.current(*level) * passed;
            }
            begins += all;
        }
        receipt.repeats = repeats;
        receipt.primary_ticks = ticks as u32;
        receipt.primary_charge = Charge::from_nanoamp_ticks(charge as i64);
    }
}
