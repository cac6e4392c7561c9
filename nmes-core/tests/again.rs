//! Whether a frame is another one again, for every form of pulse.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "tests: a panic here is a failed test"
)]

use nmes_core::*;
use proptest::prelude::*;

const TRIANGLE: [i16; 8] = [2_048, 6_144, 10_240, 14_336, 14_336, 10_240, 6_144, 2_048];
/// The same levels in another place: a constant may be put where the first is, a variable may not.
static ELSEWHERE: [i16; 8] = TRIANGLE;
static HERE: [i16; 8] = TRIANGLE;

const fn us(us: u32) -> Micros {
    match Micros::from_micros(us) {
        Some(us) => us,
        None => Micros::ZERO,
    }
}

static POINTS: [Point; 3] = [
    Point { permille: 1_000, width: us(150) },
    Point { permille: 0, width: us(50) },
    Point { permille: -750, width: us(200) },
];

fn setting(ua: u32, width: u32) -> Setting {
    Setting::new(ua, width).unwrap()
}

/// A plan of one channel, with `with` called on it.
fn with_plan(form: Form<'_>, repeat: Repeat, with: impl FnOnce(&Plan<'_>)) {
    let set = setting(40_000, 400);
    let pulse = PulseShape { form, gap: us(100), repeat, ..PulseShape::default() };
    let channels = [Channel {
        pulse,
        rate: Rate::from_hz(20).unwrap(),
        train: Train::default(),
        set,
        ceiling: set,
        ramp: Ramp::default(),
        offset: Micros::ZERO,
    }];
    let second = Millis::from_millis(1_000).unwrap();
    let session = Session::new(&channels, Schedule::Continuous, second).unwrap();
    let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
    with(&Plan::compile(&session, &hardware).unwrap());
}

fn put_out(frame: &PulseFrame<'_>) -> (Vec<Segment>, Level) {
    (frame.segments().collect(), frame.rest())
}

fn forms() -> impl Strategy<Value = Form<'static>> {
    prop_oneof![
        Just(Form::Rectangular),
        Just(Form::Triphasic { outer_percent: 50 }),
        Just(Form::Points(&POINTS)),
        Just(Form::Table(&HERE)),
    ]
}

proptest! {
    /// REQ-CORE-149: of one plan, a frame is another one again where both put out the same, of one set code, whatever their
    /// numbers and times, and never where they do not; whether levels are stored is a matter of the form.
    #[test]
    fn is_what_puts_out_the_same(
        form in forms(),
        count in 1_u16..3,
        one in (2_000_u32..40_000, 300_u32..400),
        by in (-150_i32..150, -2_i32..3),
    ) {
        let repeat = Repeat { count, gap: us(200) };
        let amplitude = one.0.saturating_add_signed(by.0).min(40_000);
        let other = setting(amplitude, one.1.saturating_add_signed(by.1).min(400));
        with_plan(form, repeat, |plan| {
            let first = plan.frame(0, setting(one.0, one.1), 1_000).unwrap();
            let mut second = plan.frame(0, other, 2_000).unwrap();
            second.move_to(7, 3_000);
            let (says, same) = (first.is_repeated_by(&second), put_out(&first) == put_out(&second));
            assert!(same || !says);
            // two set codes may come to the same steps of a table: that is worked out anew
            let code = |amplitude| plan.channel(0).unwrap().code_for(MicroAmps::from_microamps(amplitude).unwrap());
            assert!(says || !same || (!first.is_stored() && code(one.0) != code(amplitude)));
            assert_eq!(second.is_repeated_by(&first), first.is_repeated_by(&second));
            assert_eq!(first.is_stored(), !matches!(form, Form::Points(_) | Form::Table(_)));
        });
    }
}

/// REQ-CORE-149: the same levels in another table, or of points of another plan, are no frame again: what stands in a table is
/// not looked at.
#[test]
fn is_of_one_table() {
    let all = [Form::Table(&HERE), Form::Table(&ELSEWHERE), Form::Points(&POINTS), Form::Rectangular];
    let set = setting(40_000, 400);
    for (a, one) in all.into_iter().enumerate() {
        for (b, other) in all.into_iter().enumerate() {
            with_plan(one, Repeat::default(), |plan| {
                with_plan(other, Repeat::default(), |like| {
                    let [first, second] = [plan, like].map(|plan| plan.frame(0, set, 1_000).unwrap());
                    // points stand in the plan, a table in the session
                    let alike = a == b && !matches!(one, Form::Points(_));
                    assert_eq!(first.is_repeated_by(&second), alike, "{one:?}, {other:?}");
                    assert!(first.is_repeated_by(&first.starting_at(5)));
                });
            });
        }
    }
}
