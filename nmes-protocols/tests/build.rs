//! From the row and a person to a session.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{millis, subject};
use nmes_core::{Balance, Control, MicroAmps, Micros, Schedule};
use nmes_protocols::{
    Answers, BalanceChoice, BuildError, BuildNote, Built, FOOT_DROP, GaitConfigError, Innervation, Item,
    Origin, Param, RangeError, Request, Subject, build_session, channel_storage,
};
use proptest::prelude::*;

fn with<T>(
    subject: &Subject,
    request: &Request,
    look: impl FnOnce(&Built<'_>) -> T,
) -> Result<T, BuildError> {
    let mut storage = channel_storage();
    build_session(&FOOT_DROP, subject, request, &Answers::all_no(), &mut storage).map(|built| look(&built))
}

fn ua(value: u32) -> Option<MicroAmps> {
    MicroAmps::from_microamps(value)
}

fn us(value: u32) -> Option<Micros> {
    Micros::from_micros(value)
}

/// REQ-PRO-007: the default session is the row; ceilings equal the set values; every value has its origin.
#[test]
fn default_session() {
    with(&subject(), &Request::default(), |built| {
        let channel = built.session.channels()[0];
        assert_eq!((channel.set.amplitude, channel.set.width), (ua(40_000).unwrap(), us(300).unwrap()));
        assert_eq!(channel.ceiling, channel.set);
        assert_eq!(u64::from(channel.rate.pulses()) * 1_000_000, 40 * u64::from(channel.rate.per_us()));
        assert_eq!((channel.pulse.gap.as_micros(), channel.pulse.balance), (100, Balance::Symmetric));
        assert_eq!(built.settings.get("amplitude").unwrap().origin.mark(), "ours");
        assert_eq!(built.settings.get("frequency").unwrap().origin.mark(), "R-m");
        assert_eq!(built.settings.get("ceiling amplitude").unwrap().value, 40_000);
        assert_eq!(built.settings.iter().count(), 28, "room for all and no row lost");
        assert_eq!(built.notes().count(), 0);
    })
    .unwrap();
}

/// REQ-PRO-006: an override shows as given, in the session and in the account.
#[test]
fn overrides_are_given() {
    let request = Request {
        amplitude: ua(55_000),
        width: us(250),
        rate_millihertz: Some(33_300),
        gap: us(0),
        balance: Some(BalanceChoice::Option),
        delay: Some(millis(40)),
        ramp_up: Some(millis(300)),
        ramp_down: Some(millis(150)),
        extension: Some(millis(120)),
        ramp_floor: Some(10_000),
        length: Some(millis(9_000)),
        ..Request::default()
    };
    with(&subject(), &request, |built| {
        let channel = built.session.channels()[0];
        assert_eq!((channel.set.amplitude.as_microamps(), channel.set.width.as_micros()), (55_000, 250));
        assert_eq!(channel.pulse.balance, Balance::Asymmetric { length_percent: 400 });
        assert_eq!(
            (channel.ramp.up, channel.ramp.down, channel.ramp.floor),
            (millis(300), millis(150), 10_000)
        );
        assert_eq!(built.session.length(), millis(9_000));
        assert_eq!(
            (built.gait.unwrap().times().delay, built.gait.unwrap().times().extension),
            (millis(40), millis(120))
        );
        let given: Vec<_> =
            built.settings.iter().filter(|a| a.origin == Origin::Given).map(|a| a.name).collect();
        // eleven that were asked for, and the two ceilings that follow from them
        assert_eq!(given.len(), 13, "{given:?}");
        assert_eq!(built.settings.get("ramp-up").unwrap().origin.to_string(), "given by you");
    })
    .unwrap();
}

/// REQ-PRO-006: each value is refused just outside its range and taken at both ends; the error names it all.
#[test]
fn every_override_is_held_against_the_row() {
    type Set = fn(&mut Request, u32);
    let cases: [(Param, Set, u32, u32); 8] = [
        (Param::Amplitude, |r, v| r.amplitude = MicroAmps::from_microamps(v), 1_000, 100_000),
        (Param::PhaseWidth, |r, v| r.width = Micros::from_micros(v), 25, 365),
        (Param::Rate, |r, v| r.rate_millihertz = Some(v), 20_000, 60_000),
        (Param::Gap, |r, v| r.gap = Micros::from_micros(v), 0, 250),
        (Param::Delay, |r, v| r.delay = Some(millis(v)), 0, 300),
        (Param::Extension, |r, v| r.extension = Some(millis(v)), 0, 1_500),
        (Param::RampDown, |r, v| r.ramp_down = Some(millis(v)), 0, 4_000),
        (Param::SessionLength, |r, v| r.length = Some(millis(v)), 1, 57_600_000),
    ];
    for (param, set, min, max) in cases {
        let outcome = |value: u32| {
            let mut request = Request::default();
            set(&mut request, value);
            with(&subject(), &request, |_| ())
        };
        assert_eq!((outcome(min), outcome(max)), (Ok(()), Ok(())), "{param:?}");
        let outside = [min.checked_sub(1), max.checked_add(1)];
        for value in outside.into_iter().flatten() {
            let error = outcome(value).unwrap_err();
            let expected = |e: &RangeError| (e.param, e.value, e.min, e.max) == (param, value, min, max);
            assert!(matches!(&error, BuildError::Range(e) if expected(e)), "{error:?}");
            let text = error.to_string();
            for part in [param.name().to_owned(), value.to_string(), format!("accepted: {min} to {max}")] {
                assert!(text.contains(&part), "{text}");
            }
        }
    }
}

/// REQ-PRO-006: 100 mA and 365 µs are inside the row; whether they may run is decided by the check, not here.
#[test]
fn the_row_itself_is_not_the_limit_of_a_device() {
    let request = Request { amplitude: ua(100_000), width: us(365), ..Request::default() };
    with(&subject(), &request, |built| {
        let ramp = built.session.channels()[0].ramp;
        assert_eq!((ramp.up, ramp.down, ramp.down_min), (millis(195), millis(251), millis(251)));
    })
    .unwrap();
}

/// REQ-PRO-008: the floor is 90 % of motor threshold; from it the ramp is the part above it of 100 ms, within 400 mA/s
/// and 50 ms, a millisecond longer where that lengthens it, as a hardware rounds; from 0 it is the row's.
#[test]
fn ramps() {
    for (amplitude, threshold, floor, up, down_min) in [
        (40_000, Some(25_000), 22_500, 50, 100),
        (60_000, Some(25_000), 22_500, 95, 151),
        (60_000, Some(10_000), 9_000, 129, 151),
        (40_000, Some(5_000), 4_500, 90, 100),
        (40_000, None, 0, 200, 100),
        (90_000, None, 0, 226, 226),
        (20_000, Some(25_000), 0, 200, 100),
    ] {
        let subject = Subject { motor_threshold: threshold.and_then(ua), ..subject() };
        let request = Request { amplitude: ua(amplitude), ..Request::default() };
        with(&subject, &request, |built| {
            let ramp = built.session.channels()[0].ramp;
            assert_eq!((ramp.floor, ramp.up.as_millis()), (floor, up), "{amplitude} {threshold:?}");
            assert_eq!(ramp.down_min.as_millis(), down_min, "{amplitude} {threshold:?}");
            assert_eq!(
                (built.gait.unwrap().times().ramp_up, built.gait.unwrap().times().ramp_down_min),
                (ramp.up, ramp.down_min)
            );
        })
        .unwrap();
    }
}

/// REQ-PRO-008: a given floor is taken up to the set value; the width has a floor of its own.
#[test]
fn floors() {
    let request = Request { ramp_floor: Some(40_000), ..Request::default() };
    assert!(with(&subject(), &request, |_| ()).is_ok());
    let request = Request { ramp_floor: Some(40_001), ..Request::default() };
    let error = with(&subject(), &request, |_| ()).unwrap_err();
    assert!(matches!(error, BuildError::Range(RangeError { param: Param::RampFloor, max: 40_000, .. })));
    let request = Request { control: Some(Control::Width), ..Request::default() };
    with(&subject(), &request, |built| {
        let ramp = built.session.channels()[0].ramp;
        assert_eq!((ramp.control, ramp.floor, ramp.up), (Control::Width, 0, millis(200)));
        assert_eq!(built.notes().collect::<Vec<_>>(), [BuildNote::RampsWidth, BuildNote::NoFloorForWidth]);
    })
    .unwrap();
    let request = Request { control: Some(Control::Width), ramp_floor: Some(301), ..Request::default() };
    assert!(with(&subject(), &request, |_| ()).is_err());
}

/// REQ-PRO-024: what is allowed and should be seen is noted.
#[test]
fn notes() {
    let unknown = Subject { motor_threshold: None, ..subject() };
    let seen = with(&unknown, &Request::default(), |b| b.notes().collect::<Vec<_>>()).unwrap();
    assert_eq!(seen, [BuildNote::MotorThresholdUnknown]);
    let low = Request { amplitude: ua(20_000), ..Request::default() };
    let seen = with(&subject(), &low, |b| b.notes().collect::<Vec<_>>()).unwrap();
    let expected =
        BuildNote::SetNotAboveThreshold { set: ua(20_000).unwrap(), threshold: ua(25_000).unwrap() };
    assert_eq!(seen, [expected]);
}

/// REQ-PRO-009: the gate allows the longest run, then a whole time-out and tail: it cuts no swing.
#[test]
fn gate_is_the_second_line() {
    for extension in [0, 250, 1_500] {
        let request = Request { extension: Some(millis(extension)), ..Request::default() };
        with(&subject(), &request, |built| {
            let Schedule::Gated(gate) = built.session.schedule() else { panic!("gated") };
            let gait = built.gait.unwrap();
            let times = gait.times();
            assert_eq!(gate.max_on.as_millis(), 10_000 + 6_000 + extension + 200);
            assert!(
                gate.max_on.as_millis()
                    >= times.merge_max.as_millis() + times.hold_cap.as_millis() + extension
            );
            assert_eq!((gate.min_off.as_millis(), gate.max_triggers_per_minute), (0, 150));
        })
        .unwrap();
    }
}

/// REQ-PRO-003, REQ-PRO-005: the gates come first, also when a value is out of range.
#[test]
fn gates_come_first() {
    let denervated = Subject { innervation: Innervation::Denervated, ..subject() };
    let wrong = Request { amplitude: ua(500_000), ..Request::default() };
    assert!(matches!(with(&denervated, &wrong, |_| ()), Err(BuildError::Innervation(_))));
    let mut storage = channel_storage();
    let answers = Answers::all_no().yes(Item::Pregnancy);
    let error = build_session(&FOOT_DROP, &subject(), &wrong, &answers, &mut storage).unwrap_err();
    assert!(matches!(error, BuildError::Screening(_)) && error.to_string().contains("pregnancy"), "{error}");
}

/// REQ-PRO-006: with impaired sensation the top of the usual band is the limit, and the error says why.
#[test]
fn impaired_sensation_lowers_the_limit() {
    let answers = Answers::all_no().yes(Item::ImpairedSensation).acknowledge(Item::ImpairedSensation);
    let outcome = |amplitude| {
        let request = Request { amplitude: ua(amplitude), ..Request::default() };
        build_session(&FOOT_DROP, &subject(), &request, &answers, &mut channel_storage()).map(|_| ())
    };
    assert_eq!(outcome(60_000), Ok(()));
    assert!(outcome(60_001).unwrap_err().to_string().contains("impaired sensation"));
}

/// REQ-PRO-006: times that exclude one another, are errors that say so.
#[test]
fn conflicts() {
    let slow = Request { ramp_up: Some(millis(3_000)), ..Request::default() };
    let error = with(&subject(), &slow, |_| ()).unwrap_err();
    assert_eq!(error, BuildError::Gait(GaitConfigError::HoldBelowRamp { hold_ms: 2_000, ramp_ms: 3_000 }));
}

proptest! {
    /// REQ-PRO-007, REQ-PRO-008: whatever is asked for, a session that is built has what was asked for, ceilings equal
    /// to it, a floor not above it, and default ramps no steeper than 400 mA/s.
    #[test]
    fn built_is_asked(
        amplitude in 1_000..=100_000_u32,
        width in 25..=365_u32,
        rate in 20_000..=60_000_u32,
        threshold in prop::option::of(1_000..120_000_u32),
    ) {
        let subject = Subject { motor_threshold: threshold.and_then(ua), ..subject() };
        let request =
            Request { amplitude: ua(amplitude), width: us(width), rate_millihertz: Some(rate), ..Request::default() };
        with(&subject, &request, |built| {
            let channel = built.session.channels()[0];
            assert_eq!((channel.set.amplitude.as_microamps(), channel.set.width.as_micros()), (amplitude, width));
            assert_eq!(channel.ceiling, channel.set);
            assert!(channel.ramp.floor < amplitude);
            if let Some(threshold) = threshold {
                assert!(channel.ramp.floor < threshold, "a floor is below motor threshold");
            }
            for time in [channel.ramp.down, channel.ramp.down_min] {
                assert!(amplitude <= time.as_millis() * 400 && time.as_millis() >= 100);
            }
            let (up, floor) = (channel.ramp.up.as_millis(), channel.ramp.floor);
            assert!(amplitude - floor <= up * 400 && up >= if floor == 0 { 100 } else { 50 });
            let shown = built.settings.get("frequency").unwrap();
            assert_eq!((shown.value, shown.origin), (rate, Origin::Given));
        }).unwrap();
    }
}
