//! A frame of every form that is off by a code, a tick or a repeat is refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::*;

/// 20 mA in codes of 0.1 mA.
const PLAIN: Rig = Rig {
    hz: 20,
    set: (20_000, 300),
    ceiling: (20_000, 300),
    gap_us: 100,
    balance: Balance::Symmetric,
    form: Form::Rectangular,
    repeat: Repeat::ONCE,
    train: Train { timing: Timing::Even, pulses_max: 0, stale_after: Millis::ZERO, pattern: None },
    dead: 0,
    gap_rest: Rest::Open,
    pulse_rest: Rest::Open,
    late: 0,
    stamp: 0,
    gains: (100_000, 100_000),
    class: UseClass::Specialist,
    schedule: Schedule::Continuous,
    seconds: 3_600,
    channels: 1,
    measured: false,
    more: |setup| setup,
    ramp_down_ms: 500,
};

const fn us(n: u32) -> Micros {
    match Micros::from_micros(n) {
        Some(us) => us,
        None => panic!("in range"),
    }
}

const fn point(permille: i16, n: u32) -> Point {
    Point { permille, width: us(n) }
}

const fn wide(form: Form<'static>, width: u32) -> Rig {
    Rig { form, set: (20_000, width), ceiling: (20_000, width), ..PLAIN }
}

const DECLARED: Balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
const PREPULSE: Rig = wide(Form::Prepulse(Prepulse { amplitude_percent: 20, width: us(150) }), 300);
const TRIPHASIC: Rig = wide(Form::Triphasic { outer_percent: 40 }, 300);
const POINTS: Rig =
    wide(Form::Points(&[point(520, 100), point(1_000, 150), point(0, 50), point(-404, 500)]), 800);
static STEPS: [i16; 5] = [3_000, 9_000, 16_384, 12_000, 4_500];
const TABLE: Rig = wide(Form::Table(&STEPS), 302);
const TRIPLET: Rig = Rig { repeat: Repeat { count: 3, gap: us(1_000) }, ..PLAIN };

/// Custom points of 800 µs.
fn points(given: &[(i16, u32)]) -> Rig {
    let points = given.iter().map(|(permille, n)| point(*permille, *n)).collect::<Vec<_>>();
    wide(Form::Points(Box::leak(points.into_boxed_slice())), 800)
}

/// What the guard of a rig says to a frame at its set level, and to nothing before it. It says the same after a legal
/// pulse, which it could be taken for.
fn admit(rig: &Rig, given: &PulseFrame<'static>) -> Result<(), Trip> {
    let checked = rig.checked();
    let (mut guard, now) = ready(checked);
    let answer = guard.admit(now, &given.starting_at(now)).map(drop);
    let (mut guard, now) = ready(checked);
    play(&mut guard, &frame(rig).starting_at(now)).unwrap();
    let mut later = *given;
    later.move_to(frame(rig).sequence() + 1, now + 100_000);
    let again = guard.admit(now + 99_000, &later).map(drop);
    assert_eq!(again.map_err(|trip| trip.fault), answer.map_err(|trip| trip.fault), "{:?}", list(given));
    answer
}

/// The frame of a rig at its set level.
fn frame(rig: &Rig) -> PulseFrame<'static> {
    let checked = rig.checked();
    checked.plan().frame(0, checked.plan().session().channels()[0].set, 0).unwrap()
}

fn refused(rig: &Rig, other: &PulseFrame<'static>, what: &str) -> Fault {
    match admit(rig, other) {
        Ok(()) => panic!("{what} was admitted: {:?}", list(other)),
        Err(trip) => trip.fault,
    }
}

/// REQ-SAF-211, REQ-SAF-500: every code and every length of a frame with up to eight segments, one up and one down; and the legal
/// frame is admitted.
#[test]
fn one_code_or_one_tick() {
    let monophasic = Rig { balance: DECLARED, ..PLAIN };
    let asymmetric = Rig { balance: Balance::Asymmetric { length_percent: 400 }, ..PLAIN };
    let declared = Rig { balance: DECLARED, ..POINTS };
    for rig in [PLAIN, asymmetric, monophasic, PREPULSE, TRIPHASIC, POINTS, declared] {
        let legal = frame(&rig);
        assert_eq!(admit(&rig, &legal), Ok(()), "{rig:?}");
        let segments = list(&legal);
        for index in 0..segments.len() {
            for up in [true, false] {
                let change = |n: u32| if up { n + 1 } else { n - 1 };
                let mut longer = segments.clone();
                longer[index].ticks = change(longer[index].ticks);
                let mut stronger = segments.clone();
                if let Level::Code(code) = &mut stronger[index].level {
                    *code = if up { *code + 1 } else { *code - 1 };
                }
                for segments in [longer, stronger].iter().filter(|s| *s != &segments) {
                    let other = remade(&legal, 0, 0, segments);
                    let answer = admit(&rig, &other);
                    // a monophasic pulse that is weaker or shorter is that of a lower setting
                    let lower = rig.form == Form::Rectangular && !rig.balance.is_balanced() && !up;
                    assert_eq!(answer.is_ok(), lower, "{:?} of {rig:?}", list(&other));
                }
            }
        }
    }
}

/// REQ-SAF-211: frames that balance, of plans that differ a little.
#[test]
fn frames_of_other_plans() {
    let others: [(&Rig, &[Rig]); 5] = [
        (
            &PREPULSE,
            &[
                wide(Form::Prepulse(Prepulse { amplitude_percent: 21, width: us(150) }), 300),
                wide(Form::Prepulse(Prepulse { amplitude_percent: 20, width: us(151) }), 300),
                Rig { gap_us: 101, ..PREPULSE },
                Rig { balance: Balance::Asymmetric { length_percent: 106 }, ..PREPULSE },
                PLAIN,
            ],
        ),
        (
            &TRIPHASIC,
            &[
                wide(Form::Triphasic { outer_percent: 41 }, 300),
                wide(Form::Triphasic { outer_percent: 39 }, 300),
                Rig { gap_us: 99, ..TRIPHASIC },
                PLAIN,
            ],
        ),
        (
            &POINTS,
            &[
                points(&[(530, 100), (1_000, 150), (0, 50), (-406, 500)]),
                points(&[(520, 101), (1_000, 150), (0, 49), (-405, 500)]),
                points(&[(1_000, 100), (520, 200), (0, 50), (-453, 450)]),
                points(&[(-520, 100), (-1_000, 150), (0, 50), (404, 500)]),
            ],
        ),
        (
            &TABLE,
            &[
                wide(Form::Table(&[3_000, 9_000, 16_384, 12_000, 4_400]), 302),
                wide(Form::Table(&[3_000, 9_000, 16_384, 4_500, 12_000]), 302),
                wide(Form::Table(&[3_000, 9_000, 16_384, 12_000]), 302),
                wide(Form::Table(&[3_000, 9_000, 16_384, 12_000, 4_500, 0]), 302),
                Rig { gap_us: 101, ..TABLE },
                Rig { balance: Balance::Asymmetric { length_percent: 100 }, ..TABLE },
                PLAIN,
            ],
        ),
        (
            &TRIPLET,
            &[
                Rig { repeat: Repeat { count: 2, gap: us(1_000) }, ..PLAIN },
                Rig { repeat: Repeat { count: 4, gap: us(1_000) }, ..PLAIN },
                Rig { repeat: Repeat { count: 3, gap: us(1_001) }, ..PLAIN },
                Rig { repeat: Repeat { count: 3, gap: us(999) }, ..PLAIN },
                Rig { repeat: Repeat { count: 3, gap: us(0) }, ..PLAIN },
                Rig { gap_us: 101, ..TRIPLET },
                PLAIN,
            ],
        ),
    ];
    for (rig, others) in others {
        assert_eq!(admit(rig, &frame(rig)), Ok(()), "{rig:?}");
        for other in others {
            assert_eq!(refused(rig, &frame(other), "another plan's"), Fault::Form, "{other:?}");
        }
    }
    // and the other way round: once where repeats are planned
    assert_eq!(refused(&PLAIN, &frame(&TRIPLET), "three for one"), Fault::Form);
}

/// REQ-SAF-211: a set level above what is authorised, a tick more of width, and a table with its polarity turned round.
#[test]
fn levels_and_widths() {
    for rig in [PREPULSE, TRIPHASIC, POINTS, TABLE, TRIPLET] {
        let stronger = |ua: u32| frame(&Rig { set: (ua, rig.set.1), ceiling: (ua, rig.set.1), ..rig });
        assert_eq!(admit(&rig, &stronger(20_049)), Ok(()), "{rig:?}");
        assert_eq!(refused(&rig, &stronger(20_100), "a code"), Fault::Amplitude, "{rig:?}");
        assert_eq!(admit(&rig, &stronger(5_000)), Ok(()), "{rig:?}");
    }
    for rig in [PREPULSE, TRIPHASIC, TABLE, TRIPLET] {
        let wider = |us: u32| frame(&Rig { set: (rig.set.0, us), ceiling: (rig.set.0, us), ..rig });
        assert_eq!(admit(&rig, &wider(rig.set.1 - 1)), Ok(()), "{rig:?}");
        assert_eq!(refused(&rig, &wider(rig.set.1 + 1), "a width"), Fault::Width, "{rig:?}");
    }
}

/// REQ-SAF-211: what custom points are set to below their own width is not theirs to ignore.
#[test]
fn narrower_points() {
    let checked = POINTS.checked();
    let (mut guard, now) = ready(checked);
    guard.set_level(now, 0, setting(20_000, 799)).unwrap();
    assert_eq!(fault(guard.admit(now, &frame(&POINTS).starting_at(now))), Fault::Width);
}

fn code(code: i32, ticks: u32) -> Segment {
    Segment { level: Level::Code(code), ticks }
}

fn open(ticks: u32) -> Segment {
    Segment { level: Level::Open, ticks }
}

/// REQ-SAF-212: what pays back is one level or two one code apart, as long as planned to 16 ticks, and no stronger than
/// that takes, to a code.
#[test]
fn repayments() {
    let rig = Rig { balance: Balance::Asymmetric { length_percent: 200 }, ..PLAIN };
    // 200 codes × 300 ticks over 600
    let cases: [(&[Segment], bool); 8] = [
        (&[code(-100, 600)], true),
        (&[code(-100, 6), code(-99, 600)], true),
        (&[code(-98, 248), code(-97, 368)], true),
        // a tick too long
        (&[code(-98, 151), code(-97, 466)], false),
        // two codes apart
        (&[code(-98, 100), code(-100, 502)], false),
        // two codes stronger than it takes
        (&[code(-102, 6), code(-101, 588)], false),
        (&[code(-200, 300)], false),
        (&[code(-100, 300), open(1), code(-100, 300)], false),
    ];
    for (paying, legal) in cases {
        let mut segments = vec![code(200, 300), open(100)];
        segments.extend(paying);
        let other = remade(&frame(&rig), 0, 0, &segments);
        assert_eq!(other.net_charge(rig.checked().plan().hardware().channel(0).unwrap()), Some(Charge::ZERO));
        let answer = admit(&rig, &other);
        assert_eq!(answer.is_ok(), legal, "{paying:?}: {answer:?}");
        assert!(legal || answer.unwrap_err().fault == Fault::Form);
    }
}

/// REQ-SAF-213: a bridge is open for its dead time between two polarities, within a pulse and from one repeat to the next.
#[test]
fn dead_time() {
    let rig = Rig { dead: 20, gap_rest: Rest::Shorted, ..PLAIN };
    let shorted = |ticks| Segment { level: Level::Shorted, ticks };
    for (gap, legal) in [
        (vec![open(20), shorted(80)], true),
        (vec![open(21), shorted(79)], true),
        (vec![shorted(80), open(20)], true),
        (vec![open(19), shorted(81)], false),
        (vec![shorted(100)], false),
    ] {
        let mut segments = vec![code(200, 300)];
        segments.extend(gap);
        segments.push(code(-200, 300));
        let answer = admit(&rig, &remade(&frame(&rig), 0, 0, &segments));
        assert_eq!(answer.is_ok(), legal, "{segments:?}");
        assert!(legal || answer.unwrap_err().fault == Fault::Form);
    }
    let repeated = |dead| Rig { dead, repeat: Repeat { count: 4, gap: us(0) }, gap_us: 0, ..PLAIN };
    assert_eq!(admit(&repeated(20), &frame(&repeated(20))), Ok(()));
    assert_eq!(refused(&repeated(20), &frame(&repeated(19)), "a tick less"), Fault::Form);
}

/// REQ-SAF-694: the dead time is left where the edge before it is late and the one after it is not; from one repeat to the next also
/// where the edge before is moved.
#[test]
fn dead_time_beside_late_edges() {
    let rig = Rig { dead: 20, late: 5, gap_us: 0, repeat: Repeat { count: 2, gap: us(0) }, ..PLAIN };
    assert_eq!(admit(&rig, &frame(&rig)), Ok(()));
    let segments = list(&frame(&rig));
    let stretch = rig.checked().plan().channel(0).unwrap().stretch_ticks();
    assert_eq!((segments[1], u64::from(segments[3].ticks)), (open(25), 25 + stretch));
    // a tick of either gap is taken, in each repeat alike
    for gaps in [vec![1, 5], vec![3]] {
        let mut short = list(&frame(&rig));
        for gap in gaps {
            short[gap].ticks -= 1;
        }
        assert_eq!(refused(&rig, &remade(&frame(&rig), 0, 0, &short), "a tick less"), Fault::Form);
    }
}

/// REQ-SAF-213: a step of a table that is no code drives nothing and opens nothing: the dead time is that of the gap, whatever
/// stands beside it.
#[test]
fn dead_time_beside_a_step_of_no_code() {
    static FALLEN: [i16; 3] = [9_000, 16_384, 0];
    let rig = |gap_us| Rig { dead: 20, gap_us, ..wide(Form::Table(&FALLEN), 300) };
    assert_eq!(admit(&rig(20), &frame(&rig(20))), Ok(()));
    let mut short = list(&frame(&rig(20)));
    let gap = short.iter().position(|s| s.level == Level::Open).unwrap();
    short[gap].ticks = 19;
    assert_eq!(refused(&rig(20), &remade(&frame(&rig(20)), 0, 0, &short), "a tick less"), Fault::Form);
}

/// REQ-SAF-211: a frame that is longer than the longest of its plan, or sums to anything but what is declared.
#[test]
fn declared_charge() {
    let rig = Rig { balance: DECLARED, ..PLAIN };
    let plain = |segments: &[Segment]| remade(&frame(&rig), 0, 0, segments);
    assert_eq!(admit(&rig, &plain(&[code(200, 300)])), Ok(()));
    assert_eq!(refused(&rig, &plain(&[code(201, 300)]), "a code"), Fault::Amplitude);
    assert_eq!(refused(&rig, &plain(&[code(-200, 300)]), "the other way"), Fault::Form);
    assert_eq!(refused(&rig, &plain(&[code(200, 300), open(100), code(-200, 300)]), "balanced"), Fault::Form);
    assert_eq!(refused(&PLAIN, &plain(&[code(200, 300)]), "monophasic"), Fault::Form);
}

/// REQ-SAF-211: a frame ends open or as the hardware rests between pulses, and no other way; a trim as well.
#[test]
fn rest_after_a_frame() {
    for pulse_rest in [Rest::Open, Rest::Shorted] {
        let checked = timed(PLAIN.checked(), |timing| timing.pulse_rest = pulse_rest);
        let legal = checked.plan().frame(0, checked.plan().session().channels()[0].set, 0).unwrap();
        assert_eq!(legal.rest(), Level::from(pulse_rest));
        for rest in [Level::Open, Level::Shorted, Level::Code(0)] {
            let (mut guard, now) = ready(checked);
            let other = PulseFrame::from_parts(0, FrameKind::Pulse, 0, now, &list(&legal), rest).unwrap();
            let expected = rest == Level::Open || rest == Level::from(pulse_rest);
            assert_eq!(guard.admit(now, &other).is_ok(), expected, "{rest:?} where it rests {pulse_rest:?}");
        }
    }
}

/// REQ-SAF-542: where a code is more one way than the other, what the plan makes is admitted whichever way it leads, and a code
/// more is not.
#[test]
fn a_code_of_each_way() {
    for gains in [(100_000, 98_000), (98_000, 100_000)] {
        for length_percent in [100, 400] {
            let usual = Rig { gains, balance: Balance::Asymmetric { length_percent }, ..PLAIN }.checked();
            for leading in [Polarity::Positive, Polarity::Negative] {
                let checked = led(usual, leading);
                let (mut guard, now) = ready(checked);
                let set = checked.plan().session().channels()[0].set;
                let legal = checked.plan().frame(0, set, now).unwrap();
                assert!(guard.admit(now, &legal).is_ok(), "{gains:?} {length_percent} {leading:?}");
                let mut more = list(&legal);
                let Level::Code(code) = &mut more[0].level else { panic!("{legal:?}") };
                *code += code.signum();
                let other = remade(&legal, legal.sequence() + 1, now, &more);
                assert!(guard.admit(now, &other).is_err(), "{gains:?} {length_percent} {leading:?}");
            }
        }
    }
}
