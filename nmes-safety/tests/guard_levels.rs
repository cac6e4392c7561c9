//! How strong each part of a pulse may be, how it rests, and which way it pays.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::*;

const fn us(n: u32) -> Micros {
    match Micros::from_micros(n) {
        Some(us) => us,
        None => panic!("in range"),
    }
}

/// 20 mA in codes of about 0.1 mA, 20 pulses a second.
fn rig(form: Form<'static>, width: u32) -> Rig {
    Rig {
        form,
        set: (20_000, width),
        ceiling: (20_000, width),
        hz: 20,
        class: UseClass::Specialist,
        train: Train { timing: Timing::Even, pulses_max: 0, stale_after: Millis::ZERO, pattern: None },
        ..Rig::default()
    }
}

/// Custom points.
fn points(given: &[(i16, u32)]) -> Rig {
    let width = given.iter().map(|&(_, n)| n).sum();
    let points: Vec<Point> = given.iter().map(|&(permille, n)| Point { permille, width: us(n) }).collect();
    rig(Form::Points(points.leak()), width)
}

fn set(checked: &Checked<'_>) -> Setting {
    checked.plan().session().channels()[0].set
}

/// What a guard that is at the set level says to a frame.
fn admit(checked: &'static Checked<'static>, frame: &PulseFrame<'static>) -> Option<Fault> {
    let (mut guard, now) = ready(checked);
    guard.admit(now, &frame.starting_at(now)).err().map(|trip| trip.fault)
}

fn code(code: i32, ticks: u32) -> Segment {
    Segment { level: Level::Code(code), ticks }
}

/// REQ-SAF-211, REQ-SAF-025: where a code is a little more one way than the other, what is carried may make the balancing part a
/// code stronger for a tick; a code more than that is not of the form.
#[test]
fn what_is_carried_may_take_a_code() {
    static FLAT: [i16; 2] = [16_384; 2];
    let prepulse = Form::Prepulse(Prepulse { amplitude_percent: 20, width: us(150) });
    for (form, ticks) in [(Form::Rectangular, 300), (prepulse, 330), (Form::Table(&FLAT), 300)] {
        let checked = Rig { gains: (99_999, 100_000), ..rig(form, 300) }.checked();
        let made = checked.plan().frame(0, set(checked), 0).unwrap();
        let gap = list(&made).iter().position(|s| s.level == Level::Open).unwrap();
        let pays = |n: u32, now: u64, strong: Segment, rest: Segment| {
            let segments = [&list(&made)[..=gap], &[strong, rest]].concat();
            remade(&made, n, now + u64::from(n) * 50_000, &segments)
        };
        for (strongest, expected) in [(-201, None), (-202, Some(Fault::Form))] {
            let (mut guard, now) = ready(checked);
            for n in 0..2 {
                play(&mut guard, &pays(n, now, code(-200, ticks - 1), code(-199, 1))).unwrap();
            }
            let last = pays(2, now, code(strongest, 1), code(strongest + 1, ticks - 1));
            let answer = guard.admit(now + 90_000, &last).err();
            assert_eq!(answer.map(|trip| trip.fault), expected, "{form:?} {strongest}");
        }
    }
}

/// REQ-SAF-211: a gap rests as the hardware does in gaps, or open, and no other way.
#[test]
fn how_a_gap_rests() {
    for gap_rest in [Rest::Open, Rest::Shorted, Rest::DrivenZero] {
        let checked = Rig { gap_rest, ..rig(Form::Rectangular, 300) }.checked();
        let made = checked.plan().frame(0, set(checked), 0).unwrap();
        for level in [Level::Open, Level::Shorted, Level::Code(0)] {
            let mut segments = list(&made);
            segments[1].level = level;
            let fits = level == Level::Open || level == Level::from(gap_rest);
            let expected = (!fits).then_some(Fault::Form);
            assert_eq!(
                admit(checked, &remade(&made, 0, 0, &segments)),
                expected,
                "{level:?} for {gap_rest:?}"
            );
        }
    }
}

/// REQ-SAF-211: a pulse whose main phase drives nothing is no pulse.
#[test]
fn a_main_phase_of_nothing() {
    let declared = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    let checked = Rig { balance: declared, ..rig(Form::Rectangular, 300) }.checked();
    let made = checked.plan().frame(0, set(checked), 0).unwrap();
    for level in [Level::Code(0), Level::Open, Level::Shorted] {
        let nothing = remade(&made, 0, 0, &[Segment { level, ticks: 300 }]);
        assert_eq!(admit(checked, &nothing), Some(Fault::Form), "{level:?}");
    }
    assert_eq!(admit(checked, &made), None);
}

/// REQ-SAF-211: the last of custom points pays either way, and points may drive at the set level against the leading way, where a
/// code may be more.
#[test]
fn points_of_both_ways() {
    for given in [
        [(-520, 50), (-1_000, 75), (1_000, 25), (304, 250)],
        [(520, 50), (1_000, 75), (-1_000, 25), (-304, 250)],
        [(-1_000, 50), (1_000, 75), (-1_000, 50), (100, 250)],
    ] {
        for gains in [(100_000, 100_000), (96_000, 100_000), (100_000, 96_000)] {
            let checked = Rig { gains, ..points(&given) }.checked();
            let made = checked.plan().frame(0, set(checked), 0).unwrap();
            assert_eq!(admit(checked, &made), None, "{given:?} {gains:?}: {:?}", list(&made));
        }
    }
}

/// REQ-SAF-211: a point too weak for a code drives nothing: zero, or at rest as in a gap; not shorted where gaps are open.
#[test]
fn a_faint_point() {
    let checked = points(&[(20, 100), (1_000, 150), (0, 50), (-304, 500)]).checked();
    let made = checked.plan().frame(0, setting(1_000, 800), 0).unwrap();
    assert_eq!(list(&made)[1], code(10, 150));
    for (level, expected) in [
        (Level::Code(0), None),
        (Level::Open, None),
        (Level::Shorted, Some(Fault::Form)),
        (Level::Code(1), Some(Fault::Form)),
    ] {
        let mut segments = list(&made);
        segments[0].level = level;
        assert_eq!(admit(checked, &remade(&made, 0, 0, &segments)), expected, "{level:?}");
    }
}

/// REQ-SAF-211: a table is paid back by its mirror image only where it is symmetric and the hardware exact, else by a rectangle.
#[test]
fn how_a_table_pays() {
    static STEPS: [i16; 4] = [4_000, 16_384, 12_000, 0];
    let asymmetric = Balance::Asymmetric { length_percent: 100 };
    for (balance, gains, mirrored) in [
        (Balance::Symmetric, (100_000, 100_000), true),
        (Balance::Symmetric, (100_000, 99_000), false),
        (asymmetric, (100_000, 100_000), false),
        (asymmetric, (100_000, 99_000), false),
    ] {
        let checked = Rig { balance, gains, ..rig(Form::Table(&STEPS), 300) }.checked();
        let made = checked.plan().frame(0, set(checked), 0).unwrap();
        assert_eq!(list(&made).len() == 9, mirrored, "{balance:?} {gains:?}");
        assert_eq!(admit(checked, &made), None, "{balance:?} {gains:?}");
    }
}
