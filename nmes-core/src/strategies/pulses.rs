//! Pulses of every form, and when they come.

use super::simply::simply;
use super::{forms, ms, us};
use crate::*;
use proptest::prelude::*;
use std::prelude::v1::*;

/// Which cases: with late edges or none, with exact outputs or calibrated ones.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Edges may be late, so phases are long enough for that.
    pub late: bool,
    /// Equal gains and no offset.
    pub exact: bool,
}

/// A pulse of any form and the width it is set to: rectangular, pre-pulse, triphasic, custom points, tables; symmetric,
/// asymmetric or with a declared direct current; once or repeated.
pub fn pulse(kind: Kind) -> impl Strategy<Value = (PulseShape<'static>, u32)> {
    let form = prop_oneof![
        4 => Just((0_u8, 0_usize)),
        1 => (Just(1_u8), 0..forms::MADE),
        1 => (Just(2_u8), 0..forms::MADE),
        2 => (Just(3_u8), 0..forms::MADE),
        2 => (Just(4_u8), 0..forms::MADE),
    ];
    let narrow = if kind.late { 200_u32 } else { 60 };
    let balance = simply((0, 100), (0_u8..8, 100_u16..=800));
    let repeat = prop_oneof![
        5 => Just((1_u16, 0_u32)),
        2 => (2_u16..=6, prop_oneof![Just(0_u32), 200_u32..1_500]),
        1 => (7_u16..=40, Just(0_u32)),
    ];
    let (form, repeat) = (simply((0, 0), form), simply((1, 0), repeat));
    (form, repeat, balance, narrow..600, 0_u32..250, any::<bool>()).prop_map(
        move |(form, repeat, balance, width, gap, negative)| {
            let balance = match balance {
                (0..=3, _) => Balance::Symmetric,
                (4..=6, length_percent) => Balance::Asymmetric { length_percent },
                _ => Balance::DeclaredDc { at_most: MicroAmps::MAX },
            };
            let (form, balance, width) = formed(form, balance, width, kind);
            let many = repeat.0 > 6 && (kind.late || width > 600 || balance.length_percent() > 200);
            let (count, apart) = if many { (1, 0) } else { repeat };
            let apart = if kind.late && count > 1 { apart.max(800) + 18 * 20 } else { apart };
            let leading = if negative { Polarity::Negative } else { Polarity::Positive };
            let repeat = Repeat { count, gap: us(apart) };
            (PulseShape { form, gap: us(gap), balance, leading, repeat }, width)
        },
    )
}

fn formed(form: (u8, usize), balance: Balance, width: u32, kind: Kind) -> (Form<'static>, Balance, u32) {
    let number = form.1;
    let percent = 1 + (number % 100) as u8;
    let balanced = if balance.is_balanced() { balance } else { Balance::Symmetric };
    match form.0 {
        0 => (Form::Rectangular, balance, width),
        1 => {
            let pre = if kind.late { 200 } else { 30 } + (number / 100) as u32 * 10;
            (Form::Prepulse(Prepulse { amplitude_percent: percent, width: us(pre) }), balanced, width)
        }
        2 => (Form::Triphasic { outer_percent: percent.min(90) }, Balance::Symmetric, width),
        3 => {
            let points = if number.is_multiple_of(2) {
                forms::points(number / 2)
            } else {
                forms::resting_points(number / 2)
            };
            let balance = if balance.is_balanced() { Balance::Symmetric } else { balance };
            (Form::Points(points), balance, points.iter().map(|p| p.width.as_micros()).sum())
        }
        _ => {
            let table = forms::table(if number < 512 { number % 4 } else { number });
            let step = if kind.late { 24 + number as u32 % 60 } else { 4 + number as u32 % 60 };
            (Form::Table(table), balance, step * table.len() as u32)
        }
    }
}

/// About how long a pulse is, with room for late edges, in microseconds.
fn room(pulse: &PulseShape<'_>, width: u32, kind: Kind) -> u32 {
    let pre = match pulse.form {
        Form::Prepulse(pre) => pre.width.as_micros(),
        Form::Rectangular | Form::Triphasic { .. } | Form::Points(_) | Form::Table(_) => 0,
    };
    let each = (width + pre) * (100 + u32::from(pulse.balance.length_percent())) / 100
        + width
        + 2 * pulse.gap.as_micros();
    let all = (each + pulse.repeat.gap.as_micros() + 100) * u32::from(pulse.repeat.count);
    all + if kind.late { 20_000 } else { 200 }
}

/// What a train is when nothing about it matters: 300 µs each way, a gap of 100 µs, 40 Hz.
pub(super) fn plain_train() -> (PulseShape<'static>, u32, Rate, Train<'static>) {
    let pulse = PulseShape { gap: us(100), ..PulseShape::default() };
    (pulse, 300, Rate::from_hz(40).unwrap(), Train::default())
}

/// A pulse with the width it is set to, its rate, and how its train is timed: evenly, in bursts, as a sweep or a list.
pub fn train(kind: Kind) -> impl Strategy<Value = (PulseShape<'static>, u32, Rate, Train<'static>)> {
    let timing = (0_u8..8, 0..forms::MADE, 500_u32..40_000);
    let bounds =
        (prop_oneof![4 => Just(0_u32), 1 => 1_u32..30], prop_oneof![4 => Just(0_u32), 1 => 20_u32..900]);
    (pulse(kind), timing, bounds).prop_map(
        move |((pulse, width), (timing, number, millihertz), (pulses_max, stale))| {
            let slowest = 1_000_000_000 / room(&pulse, widest(&pulse, width), kind);
            let millihertz = match timing {
                7 if slowest >= 1_000 => {
                    if slowest >= 10_000 {
                        10_000
                    } else {
                        1_000
                    }
                }
                _ => millihertz.min(slowest).max(1),
            };
            let rate = Rate::from_millihertz(millihertz).unwrap();
            let timing = timed(timing, number, millihertz);
            let train = Train { timing, pulses_max, stale_after: ms(stale), pattern: None };
            (pulse, width, rate, train)
        },
    )
}

/// The width of a ceiling.
pub(super) fn widest(pulse: &PulseShape<'_>, width: u32) -> u32 {
    if matches!(pulse.form, Form::Points(_)) { width } else { width + width / 8 }
}

fn timed(timing: u8, number: usize, millihertz: u32) -> Timing<'static> {
    let part = |n: usize| Rate::from_millihertz((millihertz / n as u32).max(1)).unwrap();
    match timing {
        0..=3 => Timing::Even,
        4 | 5 => {
            let pulses = 1 + (number % 6) as u16;
            Timing::Bursts(Bursts { pulses, every: part(usize::from(pulses) + 1 + number / 7 % 5) })
        }
        6 => {
            let (from, to) = (part(1 + number % 7), part(1 + number / 7 % 7));
            let law = if number.is_multiple_of(2) { SweepLaw::Linear } else { SweepLaw::Exponential };
            Timing::Sweep(Sweep { from, to, over: ms(1 + (number % 1_500) as u32), law })
        }
        _ if millihertz == 10_000 || millihertz == 1_000 => {
            Timing::List(forms::intervals(number, millihertz == 1_000))
        }
        _ => Timing::Even,
    }
}
