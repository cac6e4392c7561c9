//! Edges that are late: what they owe, how the last edge of a pulse moves, and trims.

use nmes_core::*;

use super::pulse::{Maker, Pulse, nearest};
use super::{Machine, Next};

/// An edge to come.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// Where it stands by plan, and when it is due.
    pub grid: i128,
    pub at: i128,
    pub level: Level,
    /// The level ends where the ledger comes to this; others end where they stand by plan.
    pub ends_at: Option<i128>,
}

impl Due {
    pub fn new(at: i128, level: Level, ends_at: Option<i128>) -> Self {
        Self { grid: at, at, level, ends_at }
    }
}

impl Maker<'_> {
    /// Whether the last edge of a pulse moves: not of custom points, nor of a table that is paid back by its mirror image, nor
    /// where nothing is paid back.
    fn retimes(&self) -> bool {
        let shape = &self.channel.pulse;
        let mirrored = shape.balance == Balance::Symmetric && self.output.is_exact();
        shape.balance.is_balanced()
            && match shape.form {
                Form::Points(_) => false,
                Form::Table(_) => !mirrored,
                Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } => true,
            }
    }

    /// The edges of a pulse, before which the ledger stands at `carry`.
    pub fn edges(&self, pulse: &Pulse, onset: i128, carry: i128, rest: Level) -> Vec<Due> {
        let (mut tick, mut ledger, mut edges) = (onset, carry, vec![]);
        for (n, (level, ticks)) in pulse.segments.iter().enumerate() {
            ledger += self.current(*level) * ticks;
            let last = n % pulse.parts.each == pulse.parts.once - 1;
            edges.push(Due::new(tick, *level, (last && self.retimes()).then_some(ledger)));
            tick += ticks;
        }
        edges.push(Due::new(tick, rest, None));
        edges
    }

    /// The strongest code of a pulse against its leading way.
    pub fn balancing(&self, pulse: &Pulse) -> i128 {
        let against = |(level, _): &(Level, i128)| match level {
            Level::Code(code) if i128::from(*code).signum() == -self.sign() => Some(i128::from(code.abs())),
            Level::Code(_) | Level::Open | Level::Shorted => None,
        };
        pulse.segments.iter().filter_map(against).max().unwrap_or(1)
    }

    /// What a pulse can take in beside its own late edges, in codes × ticks: one code of its last level × (L + 2 ε + 1).
    pub fn taken_in(&self, pulse: &Pulse) -> i128 {
        match pulse.segments[pulse.parts.once - 1].0 {
            Level::Code(code) if self.retimes() => (self.jitter + 1) * i128::from(code.abs()),
            Level::Code(_) | Level::Open | Level::Shorted => self.jitter,
        }
    }
}

impl Machine<'_> {
    /// The next edge of what is under way, at `t`.
    pub(super) fn edge(&mut self, number: usize, t: i128) {
        let edge = self.lines[number].under_way.remove(0);
        self.put_out(number, t, edge.level);
        let spacing = self.spacing;
        let line = &mut self.lines[number];
        if line.cut.is_none() && !line.under_way.is_empty() {
            line.stamps.push(t);
        }
        if let Some(next) = line.under_way.first_mut() {
            let (planned, on) = (next.grid - edge.grid, line.maker.current(edge.level));
            let due = match edge.ends_at {
                // so long that it comes out, if the next edge is as late as this one
                Some(ledger) => {
                    let left = line.put_out + on * planned - ledger;
                    edge.at + planned - if left == 0 { 0 } else { nearest(left * on.signum(), on.abs()) }
                }
                None => next.grid,
            };
            next.at = due.max(t + spacing);
        }
        self.cut_by_repayment(number, t);
        if self.lines[number].under_way.is_empty() {
            self.end_pulse(number, t, false);
            self.decide(number, t + self.turn);
        } else if self.recovering {
            self.recover(number, t);
        }
    }

    /// The record of what is over: what is left is the sum of all edges.
    pub(super) fn end_pulse(&mut self, number: usize, t: i128, cut: bool) {
        self.note_main(number, t, cut);
        let line = &mut self.lines[number];
        let ledger = Charge::from_nanoamp_ticks(line.put_out as i64);
        let receipt = line.receipt.take();
        (line.cut, line.trimming) = (None, None);
        if let (Some(pulse), Some(PulseReceipt { kind: FrameKind::Pulse, .. }), false) =
            (&line.pulse, receipt, cut || line.paying)
        {
            line.carry = pulse.carry;
        }
        self.record.receipts.extend(receipt.map(|r| PulseReceipt { end_tick: t as u64, ledger, cut, ..r }));
    }

    /// A trim, when more is owed than so many codes × ticks: of the fewest codes that take no longer than 8 (L + 2 ε), at most
    /// the last balancing code.
    pub(super) fn trim(&self, number: usize, soonest: i128, allowed: i128, rest: Level) -> Option<Next> {
        let line = &self.lines[number];
        let (maker, owed) = (&line.maker, line.put_out - line.carry);
        if maker.jitter == 0 || owed == 0 || !line.channel().pulse.balance.is_balanced() {
            return None;
        }
        let towards = -owed.signum();
        let strength = |codes: i128| maker.current(Level::Code((codes * towards) as i32)).abs();
        let units = owed.abs() / strength(1);
        if units <= allowed {
            return None;
        }
        let most = i128::from(if towards > 0 { maker.output.code_max } else { -maker.output.code_min });
        let eighth = 8 * maker.jitter;
        let codes = ((units + eighth - 1) / eighth).min(most.min(line.balancing)).max(1);
        let ticks = (owed.abs() / strength(codes)).max(self.spacing);
        let at = self.free(number, soonest, line.trim_room(ticks, self.turn));
        Some(Next::Trim { at, code: codes * towards, ticks, rest })
    }

    pub(super) fn begin_trim(
        &mut self,
        number: usize,
        t: i128,
        at: i128,
        (code, ticks, rest): (i128, i128, Level),
    ) {
        let line = &mut self.lines[number];
        let level = Level::Code(code as i32);
        line.under_way = vec![Due::new(at, level, Some(line.carry)), Due::new(at + ticks, rest, None)];
        (line.begun, line.stamps, line.pulse, line.trimming) = (at, vec![], None, Some(ticks));
        line.counters.trims += 1;
        line.receipt = Some(PulseReceipt {
            channel: line.number,
            sequence: 0,
            kind: FrameKind::Trim,
            onset_tick: t as u64,
            end_tick: 0,
            setting: Setting::ZERO,
            code: code as i32,
            primary_ticks: 0,
            primary_charge: Charge::ZERO,
            repeats: 0,
            ledger: Charge::ZERO,
            deferred_ticks: 0,
            full_level: false,
            cut: false,
        });
        self.edge(number, t);
    }
}
