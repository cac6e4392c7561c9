//! How the set level may rise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Plan};
use nmes_safety::*;

fn rule<T: core::fmt::Debug>(answer: Result<T, SetRefusal>) -> Option<&'static str> {
    answer.err().map(|refusal| refusal.rule)
}

/// REQ-SAF-034: one action raises by at most 1 mA (N-STEP-1); lowering is taken at once.
#[test]
fn one_step() {
    let checked = Rig::default().checked();
    let mut guard = armed(checked, 0);
    let refusal = guard.set_level(0, 0, setting(1_001, 300)).unwrap_err();
    assert_eq!((refusal.rule, refusal.value, refusal.limit), ("N-STEP-1", 1_001, 1_000));
    assert!(refusal.to_string().contains("201.12.1.101"), "{refusal}");
    guard.set_level(0, 0, setting(1_000, 300)).unwrap();
    let now = raise(&mut guard, checked, 1_000_000);
    assert_eq!(guard.authorised(0), Some(setting(40_000, 300)));
    guard.set_level(now, 0, setting(3_000, 200)).unwrap();
    guard.set_level(now, 0, setting(0, 0)).unwrap();
}

/// REQ-SAF-036: where the time of E-RAMP-1 is no whole number of ticks, the set value comes at the tick after it.
#[test]
fn no_tick_too_soon() {
    let usual = Rig { set: (3_000, 300), ceiling: (3_000, 300), ..Rig::default() }.checked();
    let output = ChannelHardware::symmetric(100_000, -2_048, 2_047);
    let hardware = Hardware::new(HardwareTiming::ideal(32_768), &[output], 0).unwrap();
    let plan = Plan::compile(usual.plan().session(), &hardware).unwrap();
    // 65,568.77 ticks
    let setup = usual.setup().with_limit(Layer::Device, &rules::E_RAMP_1, 2_001).unwrap();
    let checked = check(plan, &setup, usual.profile()).unwrap();
    for (at, expected) in [(65_568, Some("E-RAMP-1")), (65_569, None)] {
        let mut guard = Guard::new(&checked, 0);
        for event in [Event::Passed, Event::Probe, Event::Contact] {
            guard.handle(0, event).unwrap();
        }
        guard.set_level(0, 0, setting(1_000, 300)).unwrap();
        guard.set_level(50_000, 0, setting(2_000, 300)).unwrap();
        assert_eq!(rule(guard.set_level(at, 0, setting(3_000, 300))), expected, "at {at}");
    }
}

/// REQ-SAF-035: no second holds more than 5 mA (E-SLEW-1): one step at once, the next a quarter of a second later.
#[test]
fn slew() {
    let checked = Rig::default().checked();
    for (wait, expected) in [(250_000, None), (249_999, Some("E-SLEW-1"))] {
        let mut guard = armed(checked, 0);
        guard.set_level(0, 0, setting(1_000, 300)).unwrap();
        assert_eq!(rule(guard.set_level(wait, 0, setting(2_000, 300))), expected, "after {wait}");
    }
    // as fast as it goes, in steps of a tenth of a milliampere
    let mut guard = armed(checked, 0);
    let mut taken = vec![];
    let mut ua = 0;
    for now in (0..8_000_000_u64).step_by(1_000) {
        while guard.set_level(now, 0, setting(ua + 100, 300)).is_ok() {
            ua += 100;
            taken.push((now, ua));
        }
    }
    for &(from, before) in &taken {
        let after = taken.iter().filter(|(t, _)| *t <= from + 1_000_000).map(|t| t.1).max().unwrap();
        assert!(after - before <= 5_000, "{before} to {after} µA in the second from {from}");
    }
    assert!(ua >= 30_000, "{ua}: it does rise");
}

/// REQ-SAF-035: what is asked for and is no rise takes nothing of the second: the next step comes as soon as without it.
#[test]
fn no_rise_takes_no_credit() {
    let checked = Rig::default().checked();
    let mut guard = armed(checked, 0);
    guard.set_level(0, 0, setting(1_000, 300)).unwrap();
    for now in (200..250_000).step_by(200) {
        guard.set_level(now, 0, setting(1_000, 300)).unwrap();
    }
    assert_eq!(rule(guard.set_level(249_999, 0, setting(2_000, 300))), Some("E-SLEW-1"));
    assert_eq!(rule(guard.set_level(250_000, 0, setting(2_000, 300))), None);
}

/// REQ-SAF-035: a slower rise that a layer states binds as well: no second holds more, also where it is less than one step.
#[test]
fn slower_slew() {
    for most in [300, 800, 1_200, 3_000] {
        let usual = Rig::default().checked();
        let setup = usual.setup().with_limit(Layer::Subject, &rules::E_SLEW_1, most).unwrap();
        let checked = check(*usual.plan(), &setup, usual.profile()).unwrap();
        let mut guard = Guard::new(&checked, 0);
        for event in [Event::Passed, Event::Probe, Event::Contact] {
            guard.handle(0, event).unwrap();
        }
        let (mut taken, mut ua) = (vec![(0, 0)], 0);
        for now in (0..5_000_000_u64).step_by(10_000) {
            while guard.set_level(now, 0, setting(ua + 50, 300)).is_ok() {
                ua += 50;
                taken.push((now, ua));
            }
        }
        for &(from, before) in &taken {
            let after = taken.iter().filter(|(t, _)| *t <= from + 1_000_000).map(|t| t.1).max().unwrap();
            assert!(u64::from(after - before) <= most, "{before} to {after} µA in the second from {from}");
        }
        assert!(u64::from(ua) >= most, "{ua}: it does rise");
        let once = most.min(1_000) + 1;
        let refusal = guard.set_level(20_000_000, 0, setting(ua + u32::try_from(once).unwrap(), 300));
        assert!(refusal.is_err(), "{most}");
    }
}

/// REQ-SAF-036: from zero the session's set value is reached no sooner than 2 s after the first step (E-RAMP-1).
#[test]
fn first_ramp() {
    let checked = Rig { set: (4_000, 300), ceiling: (8_000, 300), ..Rig::default() }.checked();
    let mut guard = armed(checked, 0);
    for (now, ua, expected) in [
        (500_000, 1_000, None),
        (1_499_999, 2_000, Some("E-RAMP-1")),
        (1_500_000, 2_000, None),
        (2_000_000, 3_000, None),
        (2_499_999, 4_000, Some("E-RAMP-1")),
        (2_500_000, 4_000, None),
        (2_750_000, 5_000, None),
    ] {
        assert_eq!(rule(guard.set_level(now, 0, setting(ua, 300))), expected, "{ua} µA at {now}");
    }
    guard.set_level(2_800_000, 0, setting(0, 300)).unwrap();
    guard.set_level(9_000_000, 0, setting(1_000, 300)).unwrap();
    assert_eq!(
        rule(guard.set_level(9_500_000, 0, setting(2_000, 300))),
        Some("E-RAMP-1"),
        "zero begins anew"
    );
}

/// REQ-SAF-037: never above the ceiling in amplitude or width, and a wider pulse counts as a stronger one.
#[test]
fn ceiling_and_width() {
    let checked = Rig { set: (4_000, 300), ceiling: (5_000, 400), ..Rig::default() }.checked();
    let mut guard = armed(checked, 0);
    let now = raise(&mut guard, checked, 0) + 1_000_000;
    assert_eq!(rule(guard.set_level(now, 0, setting(5_001, 300))), Some("CEILING"));
    assert_eq!(rule(guard.set_level(now, 0, setting(4_000, 401))), Some("CEILING"));
    // weaker by more charge than it is wider: no rise, and above the ceiling all the same
    assert_eq!(rule(guard.set_level(now, 0, setting(1_000, 401))), Some("CEILING"));
    // 4 mA × 300 µs is 3 mA × 400 µs: a rise of 1 mA at the new width
    let mut other = armed(checked, 0);
    let later = raise(&mut other, checked, 0) + 1_000_000;
    assert_eq!(rule(other.set_level(later, 0, setting(4_001, 400))), Some("N-STEP-1"));
    assert_eq!(rule(other.set_level(later, 0, setting(4_000, 400))), None);
    assert_eq!(rule(guard.set_level(now, 0, setting(5_000, 300))), None);
}

/// REQ-SAF-020: nothing rises unless armed, nor after a trip or a disarm; lowering is taken in any state.
#[test]
fn only_while_armed() {
    let checked = Rig::default().checked();
    let mut guard = Guard::new(checked, 0);
    assert_eq!(rule(guard.set_level(0, 0, setting(1, 300))), Some("N-LOCK-1"));
    assert_eq!(rule(guard.set_level(0, 0, setting(0, 0))), None);
    let (mut guard, now) = ready(checked);
    guard.handle(now, Event::Disarm).unwrap();
    assert_eq!(guard.authorised(0).map(|s| s.amplitude.as_microamps()), Some(0));
    assert_eq!(rule(guard.set_level(now, 0, setting(1_000, 300))), Some("N-LOCK-1"));
    assert_eq!(rule(guard.set_level(now, 1, setting(1_000, 300))), Some("PLAN"));
}

/// REQ-SAF-046: the state follows the output: armed, ramping with the first pulse, running when the rise is over.
#[test]
fn states_follow() {
    let checked = Rig { set: (4_000, 300), ceiling: (4_000, 300), ..Rig::default() }.checked();
    let mut guard = armed(checked, 0);
    guard.set_level(0, 0, setting(1_000, 300)).unwrap();
    assert_eq!(guard.state(), State::Armed);
    play(&mut guard, &pulse_at(checked, setting(1_000, 300), 0, 1_000)).unwrap();
    assert_eq!(guard.tick(10_000).unwrap().state, State::Ramping);
    guard.keep_alive(1_999_999);
    assert_eq!(guard.tick(1_999_999).unwrap().state, State::Ramping);
    assert_eq!(guard.tick(2_000_000).unwrap().state, State::Running);
    guard.set_level(2_000_000, 0, setting(900, 300)).unwrap();
    guard.set_level(2_400_000, 0, setting(1_000, 300)).unwrap();
    assert_eq!(guard.state(), State::Running, "lower, and up again within a rise that is over");
    guard.set_level(2_400_000, 0, setting(0, 300)).unwrap();
    assert_eq!(guard.state(), State::Running, "at zero");
    guard.set_level(2_900_000, 0, setting(1_000, 300)).unwrap();
    assert_eq!(guard.state(), State::Ramping, "from zero again");
}
