//! The figures that stand beside the value of a row.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod check_support;

use check_support::{Case, exercise, ms, us};
use nmes_core::*;
use nmes_safety::{Detail, Remark, Row, Rule, Setup, UseClass, Verdict, rules};

fn row(case: &Case, rule: &Rule) -> Row {
    *case.report().row(rule).unwrap()
}

/// REQ-SAF-648: E-F-1 counts frames, and the row says how many pulses one has and how fast they follow: 25 cycles of 400 µs.
#[test]
fn pulses_within_a_frame() {
    let burst = |count, gap| Case { repeat: Repeat { count, gap: us(gap) }, ..Case::pulse(10_000, 200, 75) };
    let one = row(&burst(25, 0), &rules::E_F_1);
    let detail = Some(Detail::Repeats { pulses: 25, within_mhz: 2_500_000 });
    assert_eq!((one.verdict, one.value, one.detail), (Verdict::Pass, Some(75_000), detail));
    assert!(one.to_string().ends_with("counts bursts: 25 pulses in each, at 2500 Hz within"), "{one}");
    let apart = row(&Case { rate: (150, 1_000_000), ..burst(2, 2_100) }, &rules::E_F_1);
    assert_eq!(apart.detail, Some(Detail::Repeats { pulses: 2, within_mhz: 400_000 }));
    assert_eq!((apart.verdict, apart.value), (Verdict::Pass, Some(150_000)));
    assert_eq!(row(&burst(1, 0), &rules::E_F_1).detail, None);
    // the nearest mHz: 3 × 100 µs are 3,333.333 Hz
    let third = Case { repeat: Repeat { count: 2, gap: us(100) }, ..Case::pulse(10_000, 100, 75) };
    assert_eq!(row(&third, &rules::E_F_1).detail, Some(Detail::Repeats { pulses: 2, within_mhz: 3_333_333 }));
    // and 600 µs 1,666.667
    let sixth = Case { repeat: Repeat { count: 2, gap: us(200) }, ..Case::pulse(10_000, 200, 75) };
    assert_eq!(row(&sixth, &rules::E_F_1).detail, Some(Detail::Repeats { pulses: 2, within_mhz: 1_666_667 }));
}

/// REQ-SAF-649: E-J-2 takes half of the electrode or what is stated if that is less, E-DC-4 what is stated; the rows say which.
#[test]
fn the_part_in_contact() {
    let at = |permille| {
        let setup = exercise(5_000).with_contact_permille(permille).unwrap();
        let setup = setup.with_declared_dc(MicroAmps::from_microamps(1_000).unwrap()).unwrap();
        Case { setup, ..Case::pulse(20_000, 300, 40) }
    };
    for (stated, taken) in [(1_000, 500), (501, 500), (500, 500), (499, 499), (1, 1)] {
        let seen = |rule| row(&at(stated), rule).detail;
        assert_eq!(seen(&rules::E_J_2), Some(Detail::Contact { permille: taken }), "{stated}");
        assert_eq!(seen(&rules::E_J2T_1), seen(&rules::E_J_2), "{stated}");
        assert_eq!(seen(&rules::E_DC_4), Some(Detail::Contact { permille: stated }), "{stated}");
    }
    let [whole, half] = [1_000, 500].map(at);
    assert_eq!(whole.row(&rules::E_J_2), half.row(&rules::E_J_2));
    assert_eq!((whole.row(&rules::E_DC_4).1, half.row(&rules::E_DC_4).1), (Some(20), Some(40)));
    assert!(row(&half, &rules::E_J_2).to_string().ends_with("; with 50 % of the area in contact"));
}

/// REQ-SAF-650: a train that begins with a step to its floor warns from where the step is steeper than E-SLEW-2 in 1 ms, and says
/// how large it is; a ramp that is too steep besides is denied.
#[test]
fn steps_to_the_floor() {
    let from = |floor, ua| {
        let case = Case { floor, up_down_min: (200, 5_000, 5_000), ..Case::pulse(ua, 300, 40) };
        let row = row(&case, &rules::E_SLEW_2);
        (row.verdict, row.remark, row.detail)
    };
    let step = |microamps| Some(Detail::Step { microamps });
    let warns = |microamps| (Verdict::Warn, Some(Remark::StepsToFloor), step(microamps));
    assert_eq!(from(0, 40_000), (Verdict::Pass, None, None));
    assert_eq!(from(400, 40_000), (Verdict::Pass, None, step(400)));
    assert_eq!(from(401, 40_000), warns(401));
    assert_eq!(from(22_500, 40_000), warns(22_500));
    // no ramp at all, and a floor above the ceiling, of which no more than the ceiling is put out
    assert_eq!(from(40_000, 40_000), warns(40_000));
    assert_eq!(from(50_000, 40_000), warns(40_000));
    assert_eq!(from(1_000, 81_001), (Verdict::Deny, None, step(1_000)));
    let wide = Case { control: Control::Width, floor: 75, ..Case::pulse(40_000, 300, 40) };
    assert_eq!(row(&wide, &rules::E_SLEW_2).detail, step(10_000));
    assert_eq!(row(&wide, &rules::E_SLEW_2).verdict, Verdict::Warn);
}

/// REQ-SAF-731: what one output that stays on comes to is at the plan's peak; where the output's range is larger, what a wrong code at the end
/// of that would come to stands beside it, with a one-shot, without and as it would be with one.
#[test]
fn a_wrong_code() {
    let reach = |codes: i32| Case {
        dac: ChannelHardware::symmetric(1_000, -codes, 10),
        leading: Polarity::Negative,
        balance: Balance::DeclaredDc { at_most: MicroAmps::from_microamps(20_000).unwrap() },
        setup: exercise(5_000).with_one_shot(us(6_500)).unwrap(),
        ..Case::pulse(20_000, 300, 40)
    };
    // 20 mA for 6.5 ms, and 20.001 mA
    let held = row(&reach(20_000), &rules::E_STUCK_1);
    assert_eq!((held.value, held.detail), (Some(130_000_000), None));
    let beyond = row(&reach(20_001), &rules::E_STUCK_1);
    assert_eq!(beyond.value, Some(130_000_000));
    assert_eq!(beyond.detail, Some(Detail::FullScale { microcoulombs: 131 }));
    let far = row(&reach(1_020_000), &rules::E_STUCK_1);
    assert!(
        far.to_string()
            .ends_with("at the plan's peak; a wrong code at the end of the output's range comes to 6630 µC"),
        "{far}"
    );
    // without a one-shot: a period, and a level
    let without = Case { setup: exercise(5_000).with_measurement(), ..reach(1_020_000) };
    let charge = |rule| (row(&without, rule).value, row(&without, rule).detail);
    let full = |microcoulombs| Some(Detail::FullScale { microcoulombs });
    assert_eq!(charge(&rules::E_STUCK_1), (Some(500_000_000), full(25_500)));
    assert_eq!(charge(&rules::E_STUCK_2), (Some(6_000_000), full(306)));
}

/// REQ-SAF-733: after the last pulse of a contraction the next one comes after the longest rest and the ramps around it, and by the end of a gated session at
/// the latest; where rests are measured, it is found in 11 ms. 1 mA at 40 Hz, so a period is 25 ms, and at 100 Hz 10 ms.
#[test]
fn stuck_over_a_rest() {
    let cycle = |hold, rest| Cycle { hold: ms(hold), rest: ms(rest) };
    let stage = |rest| Stage { cycle: cycle(1_000, rest), repeats: 2, level_permille: 1_000, rate: None };
    let stages: &[Stage] = vec![stage(3_000), stage(4_000), stage(2_000)].leak();
    let gate =
        Gate { max_on: ms(4_000), min_off: ms(100), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    let case = |schedule, hz| Case {
        schedule,
        length_ms: 60_000,
        up_down_min: (1_000, 2_000, 2_000),
        ..Case::pulse(1_000, 100, hz)
    };
    let measured = |case: Case| Case { setup: case.setup.with_measurement(), ..case };
    for (schedule, silent_ms) in [
        (Schedule::Continuous, 0),
        (Schedule::Cyclic(cycle(1_000, 2_000)), 2_000),
        (Schedule::Program(stages), 4_000),
        (Schedule::Gated(gate), 60_000),
    ] {
        let charge = |case: &Case| row(case, &rules::E_STUCK_1).value;
        // 1 s up and 2 s down
        let rests = matches!(schedule, Schedule::Cyclic(_) | Schedule::Program(_));
        let silent_ms = silent_ms + if rests { 3_000 } else { 0 };
        assert_eq!(charge(&case(schedule, 40)), Some((silent_ms + 25) * 1_000_000), "{schedule:?}");
        assert_eq!(charge(&measured(case(schedule, 40))), Some(25_000_000), "{schedule:?}");
        assert_eq!(charge(&measured(case(schedule, 100))), Some(11_000_000), "{schedule:?}");
    }
}

/// REQ-SAF-743, REQ-SAF-744: of one channel the figure is of a level that nobody ends, of several of a one-shot that each has for
/// itself, and the row says so; what denies is said first.
#[test]
fn a_one_shot_of_several_channels() {
    let held = |channels: usize, time| {
        let setup = Setup::new(&[5_000; 3][..channels], UseClass::Exercise).unwrap();
        let case = Case { channels, ..Case::pulse(20_000, 300, 40) };
        let with = Case { setup: setup.with_one_shot(us(time)).unwrap(), ..case };
        (row(&with, &rules::E_STUCK_1), row(&Case { setup, ..case }, &rules::E_STUCK_2))
    };
    for (channels, remark) in
        [(1, Some(Remark::OneShotHeld)), (2, Some(Remark::OneShotEach)), (3, Some(Remark::OneShotEach))]
    {
        let (with, without) = held(channels, 500);
        assert_eq!((with.verdict, with.value, with.remark), (Verdict::Pass, Some(10_000_000), remark));
        assert!(without.to_string().contains("on the enable line of each channel"), "{without}");
    }
    assert_eq!(held(2, 7_000).0.remark, Some(Remark::OneShotLong));
}
