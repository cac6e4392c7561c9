//! What stands beside the road of a pulse: the one-shot that a setup states, a second clock, the output indicator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::SimEdge;
use nmes_hal_adapters::*;
use nmes_safety::selftest::ClockCount;
use nmes_safety::{Checked, Fault, Layer, Profile, Setup, State, UseClass, check, rules};

const SET_UA: u32 = 20_000;

fn with_setup<'a>(session: &Session<'a>, hardware: &Hardware, more: impl Fn(Setup) -> Setup) -> Checked<'a> {
    let plan = Plan::compile(session, hardware).unwrap();
    let setup = Setup::new(&[5_000], UseClass::FunctionalWear).unwrap();
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).unwrap();
    check(plan, &more(setup), &Profile::default()).unwrap_or_else(|denied| panic!("{denied}"))
}

fn between(least_us: u32, most_us: u32) -> impl Fn(Setup) -> Setup {
    let us = |n| Micros::from_micros(n).unwrap();
    move |setup| setup.with_one_shot_between(us(least_us), us(most_us)).unwrap()
}

/// REQ-HAL-414, REQ-HAL-449: a one-shot that lets a level stand a microsecond longer than the longest that the setup says, or
/// shorter than the shortest, is not armed, nor is one of which the setup says nothing; one between them is, and so is an output
/// that knows of none.
#[test]
fn a_one_shot_is_what_the_check_was_told() {
    let channels = [channel(setting(SET_UA, 300))];
    let hardware = hardware(late(0), 25_000, 1);
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let stated = |us: u32| between(us, us);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0).with_one_shot(500);
    let arm = |checked: &Checked<'_>| {
        let mut states = [ChannelState::new(); 1];
        let output = OneShot::new(bench.output(), bench.enable());
        let armed = Stimulator::arm(checked, &mut states, output, bench.alarm(), NoSense);
        armed.map(drop).map_err(|error| error.why)
    };
    assert_eq!(arm(&with_setup(&session, &hardware, stated(500))), Ok(()));
    for (least, most) in [(400, 500), (500, 600), (400, 600)] {
        assert_eq!(arm(&with_setup(&session, &hardware, between(least, most))), Ok(()));
    }
    let refused = arm(&with_setup(&session, &hardware, |setup| setup)).unwrap_err();
    assert_eq!(refused, ArmRefusal::OneShotUnstated { output_us: 500 });
    assert_eq!(
        refused.to_string(),
        "the output has a one-shot, of at most 500 µs, of which the setup says nothing"
    );
    let refused = arm(&with_setup(&session, &hardware, between(501, 600))).unwrap_err();
    assert_eq!(refused, ArmRefusal::OneShot { stated_us: 501, output_us: 500 });
    let refused = arm(&with_setup(&session, &hardware, stated(499))).unwrap_err();
    assert_eq!(refused, ArmRefusal::OneShot { stated_us: 499, output_us: 500 });
    assert_eq!(
        refused.to_string(),
        "the one-shot of the output lets a level stand for 500 µs, the setup says 499 µs"
    );
    let (checked, mut states) = (with_setup(&session, &hardware, stated(499)), [ChannelState::new(); 1]);
    assert!(Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).is_ok());
}

/// REQ-HAL-449: a one-shot that would cut an asymmetric pulse of 300 µs and 1,200 µs is denied by the check that is told of it, and
/// not armed behind a check that was told of a longer one, or of none.
#[test]
fn a_one_shot_that_cuts_pulses_is_not_armed() {
    let pulse =
        PulseShape { balance: Balance::Asymmetric { length_percent: 400 }, ..channel(setting(0, 0)).pulse };
    let channels = [Channel { pulse, ..channel(setting(10_000, 300)) }];
    let hardware = hardware(late(0), 25_000, 1);
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let setup = Setup::new(&[5_000], UseClass::FunctionalWear).unwrap();
    let told =
        check(Plan::compile(&session, &hardware).unwrap(), &between(400, 400)(setup), &Profile::default());
    assert!(told.unwrap_err().report().denied().any(|row| row.rule.id == rules::E_STUCK_1.id));
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0).with_one_shot(400);
    let arm = |checked: &Checked<'_>| {
        let output = OneShot::new(bench.output(), bench.enable());
        let mut states = [ChannelState::new(); 1];
        Stimulator::arm(checked, &mut states, output, bench.alarm(), NoSense).map(drop).unwrap_err().why
    };
    let untold = with_setup(&session, &hardware, |setup| setup);
    assert_eq!(arm(&untold), ArmRefusal::OneShotUnstated { output_us: 400 });
    let other = with_setup(&session, &hardware, between(1_390, 1_400));
    assert_eq!(arm(&other), ArmRefusal::OneShot { stated_us: 1_390, output_us: 400 });
}

/// REQ-HAL-449: behind the enable line of a bench that has no one-shot a level stands without end, not for no time.
#[test]
fn an_enable_line_without_a_one_shot_bounds_nothing() {
    let bench = bench(hardware(late(0), 25_000, 1), stage(1_000.0, 120.0), 0, 0);
    assert_eq!(OneShot::new(bench.output(), bench.enable()).one_shot_us(), Some(u32::MAX));
}

/// REQ-SAF-593, REQ-SAF-594: a second clock that runs twice as fast opens the output and latches; the indicator stays lit
/// for five seconds after the last pulse.
#[test]
fn a_second_clock_ends_a_session() {
    let channels = [channel(setting(SET_UA, 300))];
    let hardware = hardware(late(0), 25_000, 1);
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let checked = with_setup(&session, &hardware, |setup| setup);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let edges = std::cell::RefCell::new(Vec::<SimEdge>::new());
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[setting(SET_UA, 300)]).unwrap();
    let _ = stim.gate(GateInput::Open).unwrap();
    let second = |ticks| ClockCount { ticks, ticks_per_second: 1_000_000 };
    let began = bench.clock().now();
    for n in 0..100 {
        run_to(&mut stim, bench.clock(), began + n * 5_000, &mut Seen::default()).unwrap();
        assert!(stim.cross_check(second(7 + n * 5_000), 10_000).is_ok());
    }
    assert!(stim.indicator() && edges.borrow().len() > 40);
    run_to(&mut stim, bench.clock(), began + 500_000, &mut Seen::default()).unwrap();
    let stopped = stim.cross_check(second(7 + 520_000), 10_000).unwrap_err();
    let Cause::Guard(trip) = stopped.cause else { panic!("{stopped:?}") };
    assert_eq!((trip.fault, trip.limit), (Fault::ClockDisagrees, 10_000));
    assert_eq!((bench.level(0), stim.state()), (Level::Open, State::Fault));
    assert_eq!(stim.cross_check(second(0), 10_000), Err(stopped));
    bench.clock().advance_to(began + 5_000_000);
    assert!(stim.indicator());
    bench.clock().advance_to(began + 8_000_000);
    assert!(!stim.indicator());
}
