//! The levels and lengths of one pulse at one setting.

use crate::balance::{Balancing, Payer, repay_carried, repay_units};
use crate::cell::{Body, Cell, Packed, scale};
use crate::channel_plan::ChannelPlan;
use crate::pulse::{Balance, Form, Polarity};

/// How many codes lower a pulse may be made when no balancing phase fits the one that was asked for.
const LOWER_MAX: u32 = 8;

/// One pulse at one setting; all but its place in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) cell: Cell,
    /// Code of the main phase, signed.
    pub(crate) code: i32,
    /// Nominal ledger after the pulse, in nanoampere-ticks.
    pub(crate) carry: i64,
}

/// What is known of a pulse beside its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// Code of the main phase, signed.
    pub(crate) code: i32,
    /// Nominal ledger after the pulse, in nanoampere-ticks.
    pub(crate) carry: i64,
}

/// What has been laid out so far, and what it leaves to pay, in the direction of the main phase: code × ticks, and
/// the same calibrated, in nA·ticks.
struct Draft<'p> {
    plan: &'p ChannelPlan<'p>,
    cell: &'p mut Cell,
    sign: i32,
    units: i64,
    owed_na: i64,
    /// This repeat's part of what the pulse before left, in nA·ticks in the direction of the main phase.
    carried: i64,
    exact: bool,
}

impl ChannelPlan<'_> {
    /// The pulse of about `code` codes and `width` ticks with a nominal ledger of `carry` before it. Where no
    /// balancing phase fits, a code a little lower is taken: the same one, whatever is carried.
    pub(crate) fn recipe(&self, code: u32, width: u32, carry: i64) -> Option<Recipe> {
        let mut cell = Cell::EMPTY;
        let Made { code, carry } = self.make(&mut cell, code, width, carry)?;
        Some(Recipe { cell, code, carry })
    }

    /// The same, made where it is needed. When there is none, what is in `cell` is of no use.
    pub(crate) fn make(&self, cell: &mut Cell, code: u32, width: u32, carry: i64) -> Option<Made> {
        if width < self.width_min {
            return None;
        }
        let lowest = code.saturating_sub(LOWER_MAX).max(1);
        let mut candidate = code;
        while candidate >= lowest {
            if let Some(made) = self.make_at(cell, candidate, width, carry) {
                return Some(made);
            }
            candidate = candidate.checked_sub(1)?;
        }
        None
    }

    /// The levels that a frame of this channel does not store.
    pub(crate) fn body(&self) -> Body<'_> {
        match self.channel.pulse.form {
            Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } => Body::None,
            Form::Points(_) if self.body_points == 0 => Body::None,
            Form::Points(_) => Body::Points(self.points.get(..usize::from(self.body_points)).unwrap_or(&[])),
            Form::Table(levels) => Body::Table(levels),
        }
    }

    fn make_at(&self, cell: &mut Cell, code: u32, width: u32, carry: i64) -> Option<Made> {
        let leading = self.channel.pulse.leading == Polarity::Positive;
        if code == 0 || code > self.hardware.code_limit(leading) {
            return None;
        }
        let codes = i32::try_from(code).ok()?;
        let main = if leading { codes } else { codes.checked_neg()? };
        let sign = main.signum();
        let exact = self.hardware.is_exact();
        // repeats are the same to the code, so each takes its share of what is carried
        let repeats = i64::from(self.cycles);
        let share = if repeats == 1 { carry } else { carry.checked_div(repeats)? };
        let carried = share.checked_mul(i64::from(sign))?;
        *cell = Cell { code: main, zero: self.gap_level(), cycles: self.cycles, ..Cell::EMPTY };
        let mut draft = Draft { plan: self, cell, sign, units: 0, owed_na: 0, carried, exact };
        let left = draft.lay_out(code, width)?.checked_mul(i64::from(sign))?;
        draft.between_repeats();
        let added = left.checked_sub(share)?.checked_mul(repeats)?;
        Some(Made { code: main, carry: carry.checked_add(added)? })
    }

    /// How a polarity pays back.
    pub(crate) fn payer(&self, positive: bool) -> Payer {
        Payer {
            gain_na: self.hardware.gain_na(positive),
            // paying with a negative code, a positive offset flows the way of the charge that is owed
            drift_na: i64::from(self.hardware.offset_na).saturating_mul(sign(!positive)),
            spacing: self.segment_min,
            code_limit: self.hardware.code_limit(positive),
        }
    }
}

impl Draft<'_> {
    /// One repeat; what it leaves over with its share of the carry, in nA·ticks in the direction of the main phase.
    fn lay_out(&mut self, code: u32, width: u32) -> Option<i64> {
        let plan = self.plan;
        let codes = i32::try_from(code).ok()?;
        match plan.channel.pulse.form {
            Form::Rectangular => self.main(codes, width)?,
            Form::Prepulse(prepulse) => {
                self.drive(percent(codes, prepulse.amplitude_percent), plan.pre_ticks)?;
                self.main(codes, width)?;
            }
            Form::Triphasic { outer_percent } => {
                self.drive(percent(codes, outer_percent).saturating_neg(), width)?;
                self.gap()?;
                self.main(codes, width)?;
            }
            Form::Points(_) => self.points()?,
            Form::Table(levels) => self.table(levels, width)?,
        }
        let movable = self.cell.per_cycle();
        let left = self.pay(code, width)?;
        if plan.retimes() && self.cell.per_cycle() > movable {
            self.cell.movable = self.cell.per_cycle().saturating_sub(1);
        }
        Some(left)
    }

    fn main(&mut self, code: i32, ticks: u32) -> Option<()> {
        self.cell.main = self.cell.per_cycle();
        self.cell.main_end = self.cell.main.saturating_add(1);
        self.drive(code, ticks)
    }

    /// Appends a driven level, counted in the direction of the main phase; where it rounds to none, a rest.
    fn drive(&mut self, code: i32, ticks: u32) -> Option<()> {
        let signed = code.checked_mul(self.sign)?;
        let level = if code == 0 { self.plan.gap_level() } else { Packed::driven(signed) };
        self.cell.push(level, ticks);
        self.count(level, ticks)
    }

    /// `None` when a level is outside the code range.
    fn count(&mut self, level: Packed, ticks: u32) -> Option<()> {
        let hardware = &self.plan.hardware;
        if level.code() > hardware.code_max || level.code() < hardware.code_min {
            return None;
        }
        let units =
            i64::from(level.code()).checked_mul(i64::from(ticks))?.checked_mul(i64::from(self.sign))?;
        self.units = self.units.checked_add(units)?;
        if self.exact {
            return Some(());
        }
        let na = if level.is_driven() { self.plan.hardware.current_na(level.code()) } else { 0 };
        let charge = na.checked_mul(i64::from(ticks))?.checked_mul(i64::from(self.sign))?;
        self.owed_na = self.owed_na.checked_add(charge)?;
        Some(())
    }

    /// The dead step and what is left of the gap after it.
    fn gap(&mut self) -> Option<()> {
        let plan = self.plan;
        let rest = plan.gap_ticks.saturating_sub(plan.dead_ticks);
        let level = Packed::from(crate::frame::Level::from(plan.gap_rest));
        self.cell.push(Packed::OPEN, plan.dead_ticks);
        if plan.dead_ticks == 0 || (level != Packed::OPEN && rest >= plan.segment_min) {
            self.cell.push(level, rest);
            return self.count(level, rest);
        }
        self.cell.lengthen(rest);
        Some(())
    }

    /// All points but the last, which pays.
    fn points(&mut self) -> Option<()> {
        self.cell.body_len = u16::from(self.plan.body_points);
        self.cell.main_end = u16::from(self.plan.main_points).max(1);
        self.count_body()
    }

    fn table(&mut self, levels: &[i16], width: u32) -> Option<()> {
        let steps = u16::try_from(levels.len()).ok()?;
        self.cell.body_len = steps;
        self.cell.main_end = steps;
        self.cell.step =
            width.checked_div(u32::from(steps)).filter(|&ticks| ticks >= self.plan.segment_min)?;
        self.cell.extra = u16::try_from(width.checked_rem(u32::from(steps))?).ok()?;
        self.count_body()?;
        // one polarity: nothing, when each of its levels is under half a code
        (self.units != 0).then_some(())
    }

    fn count_body(&mut self) -> Option<()> {
        let body = self.plan.body();
        for within in 0..self.cell.body_len {
            let (level, ticks) = self.cell.part(within, body)?;
            self.count(level, ticks)?;
        }
        Some(())
    }

    /// The balancing part: a mirror image, one or two rectangular levels, or nothing.
    fn pay(&mut self, code: u32, width: u32) -> Option<i64> {
        let plan = self.plan;
        let is_table = matches!(plan.channel.pulse.form, Form::Table(_));
        match plan.channel.pulse.balance {
            Balance::DeclaredDc { .. } => self.declare(),
            Balance::Symmetric if is_table && self.exact => {
                self.gap()?;
                if self.cell.strongest(self.sign, plan.body()) > plan.hardware.code_limit(self.sign < 0) {
                    return None;
                }
                self.cell.split = self.cell.stored_len();
                self.cell.mirrored = true;
                self.cell.tail = self.cell.body_len.saturating_add(u16::from(self.cell.split));
                Some(0)
            }
            Balance::Symmetric | Balance::Asymmetric { .. } => self.repay(code, width),
        }
    }

    /// A declared direct current: what is left is left. Of custom points the last is as given.
    fn declare(&mut self) -> Option<i64> {
        if let (Form::Points(_), Some(last)) = (self.plan.channel.pulse.form, self.plan.last_point()) {
            let code = scale(self.cell.code, last.fraction);
            let level = if last.fraction == 0 { self.plan.gap_level() } else { Packed::driven(code) };
            self.cell.push(level, last.ticks);
            self.count(level, last.ticks)?;
        }
        self.cell.tail = u16::MAX;
        let sum =
            if self.exact { self.units.checked_mul(self.plan.hardware.gain_na(true))? } else { self.owed_na };
        sum.checked_add(self.carried)
    }

    fn repay(&mut self, code: u32, width: u32) -> Option<i64> {
        let plan = self.plan;
        let points = matches!(plan.channel.pulse.form, Form::Points(_));
        if !points {
            self.gap()?;
        }
        let nominal = if points { plan.last_point()?.ticks } else { self.balancing_width(code, width)? };
        // the last of custom points may pay either way
        let forwards = points && if self.exact { self.units < 0 } else { self.owed_na < 0 };
        let towards = if forwards { 1 } else { -1 };
        let mut payer = plan.payer((self.sign > 0) == forwards);
        if points {
            payer.code_limit = self.most_of_last_point(&payer, forwards)?;
        }
        let against = |n: i64| if forwards { n.checked_neg() } else { Some(n) };
        let balancing = if self.exact {
            repay_units(u64::try_from(against(self.units)?).ok()?, nominal, &payer)?
        } else {
            repay_carried(against(self.owed_na)?, against(self.carried)?, nominal, &payer)?
        };
        self.cell.tail = self.cell.per_cycle();
        self.push_balancing(&balancing, towards)?;
        against(balancing.left_na_ticks)
    }

    /// The last of custom points takes the rounding of the others, and no more than that: it drives no stronger than the
    /// strongest point may, and across a dead time only its own way.
    fn most_of_last_point(&self, payer: &Payer, forwards: bool) -> Option<u32> {
        let last = self.plan.last_point()?;
        if self.plan.dead_ticks > 0 && (last.fraction > 0) != forwards {
            return None;
        }
        let main =
            self.plan.hardware.gain_na(self.cell.code > 0).checked_mul(i64::from(self.cell.code).abs())?;
        let equal = main.checked_add(payer.gain_na.checked_sub(1)?)?.checked_div(payer.gain_na)?;
        Some(u32::try_from(equal).ok()?.saturating_add(1).min(payer.code_limit))
    }

    fn push_balancing(&mut self, balancing: &Balancing, towards: i32) -> Option<()> {
        for (codes, ticks) in [balancing.first, balancing.last] {
            let level = i32::try_from(codes).ok()?.checked_mul(towards)?.checked_mul(self.sign)?;
            self.cell.push(Packed::driven(level), ticks);
        }
        Some(())
    }

    /// So long that the balancing phase is no stronger than the main phase.
    fn balancing_width(&self, code: u32, width: u32) -> Option<u32> {
        let plan = self.plan;
        let equal = match plan.channel.pulse.form {
            Form::Rectangular | Form::Triphasic { .. } | Form::Table(_) => width,
            Form::Prepulse(_) | Form::Points(_) => {
                let units = u64::try_from(self.units).ok()?;
                u32::try_from(units.div_ceil(u64::from(code.max(1)))).ok()?
            }
        };
        Some(plan.balancing_ticks(equal))
    }

    fn between_repeats(&mut self) {
        if self.cell.cycles > 1 && self.plan.repeat_gap_ticks > 0 {
            // a driven zero with an offset would be a direct current that no phase pays back
            let drifts = self.plan.hardware.offset_na != 0 && self.plan.gap_level().is_driven();
            let level = if drifts { Packed::OPEN } else { self.plan.gap_level() };
            self.cell.push(level, self.plan.repeat_gap_ticks);
            self.cell.gap_last = true;
        }
    }
}

fn percent(code: i32, percent: u8) -> i32 {
    code.saturating_mul(i32::from(percent)).saturating_add(50) / 100
}

/// +1 or −1.
pub(crate) const fn sign(positive: bool) -> i64 {
    if positive { 1 } else { -1 }
}
