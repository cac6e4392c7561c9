//! Trains in which a pulse is narrower than the one before, played out edge by edge, against the check.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test stops at the first surprise"
)]

mod check_support;
mod played_support;

use check_support::{Case, config, us};
use nmes_core::*;
use nmes_safety::*;
use played_support::{Lateness, Wave, magnitude, play_to, square, value};
use proptest::prelude::*;

const PLAYED_MS: u32 = 5_000;

/// Long pulses a few times a second, of a form whose beginning is not its strongest part.
#[derive(Clone, Copy, Debug)]
struct Input {
    form: Form<'static>,
    balance: Balance,
    count: u16,
    width_us: u32,
    gap_us: u32,
    rate: (u32, u32),
    late: u32,
}

fn tables() -> impl Strategy<Value = Form<'static>> {
    prop_oneof![
        Just(Form::Table(&shapes::SAWTOOTH)),
        Just(Form::Table(&shapes::TRIANGULAR)),
        Just(Form::Table(&shapes::HALF_SINE)),
        Just(Form::Table(&shapes::EXPONENTIAL)),
    ]
}

fn forms() -> impl Strategy<Value = (Form<'static>, u16)> {
    prop_oneof![
        3 => (tables(), 1_u16..3),
        1 => (0_u8..60).prop_map(|outer_percent| (Form::Triphasic { outer_percent: outer_percent.max(1) }, 1)),
        1 => (1_u8..90, 1_000_u32..20_000, 1_u16..5).prop_map(|(amplitude_percent, width, count)| {
            (Form::Prepulse(Prepulse { amplitude_percent, width: us(width) }), count)
        }),
        1 => Just((Form::Rectangular, 3)),
    ]
}

prop_compose! {
    fn inputs()(
        (form, count) in forms(), width_us in 5_000_u32..60_000, gap_us in 0_u32..2_000, pulses in 1_u32..4, off in 0_u32..200,
        length_percent in 100_u16..300, mirrored in any::<bool>(), late in prop_oneof![3 => Just(0), 1 => 1_u32..20],
    ) -> Input {
        let balance = if mirrored { Balance::Symmetric } else { Balance::Asymmetric { length_percent } };
        // tables with late edges are repaid by trims, which are not what is looked at here
        let late = if matches!(form, Form::Rectangular | Form::Prepulse(_)) { late } else { 0 };
        Input { form, balance, count, width_us, gap_us, rate: (pulses, 1_000_000 - off), late }
    }
}

impl Input {
    fn case(&self, control: Control, down: u32) -> Case {
        Case {
            form: self.form,
            balance: self.balance,
            repeat: Repeat { count: self.count, gap: us(0) },
            gap_us: self.gap_us,
            rate: self.rate,
            control,
            timing: HardwareTiming { late_max_ticks: self.late, ..HardwareTiming::ideal(1_000_000) },
            schedule: Schedule::Continuous,
            length_ms: PLAYED_MS,
            up_down_min: (0, down, 0),
            setup: Setup::new(&[2_000; 2], UseClass::Specialist).unwrap(),
            ..Case::pulse(40_000, self.width_us, 1)
        }
    }
}

/// The square of the r.m.s. current in µA² and the mean in µA: as the check counts with them, and of the worst second as it was played.
fn second(case: &Case, plan: &Plan<'_>, order: Option<(u32, Setting)>) -> Option<[(u128, u128); 2]> {
    let draft = assess(plan, &case.setup, &Profile::named("fda-limited-output-draft").unwrap());
    let wave: Wave = play_to(plan, Lateness::Longest, PLAYED_MS, &mut |_| None, order)?.swap_remove(0);
    // an onset may be deferred by the edge spacing after a command
    let window = 999_999 - u64::from(case.timing.late_max_ticks);
    let square = wave.window(window, square).unsigned_abs().div_ceil(1_000_000_000_000);
    let mean = wave.window(window, magnitude).unsigned_abs().div_ceil(1_000_000_000);
    let rms = value(&draft, &rules::N_IND_1);
    Some([(rms * rms, square), (value(&draft, &rules::G_LO_I), mean)])
}

proptest! {
    #![proptest_config(config(150))]

    /// REQ-SAF-730: no second has more than the check counts where a command makes pulses narrower, and of one rising pulse at a time
    /// that is at most 1.25 times the worst of them.
    #[test]
    fn by_a_command(input in inputs(), at_ms in 1_200_u32..2_400) {
        let case = input.case(Control::Amplitude, 0);
        let found = case.try_plan(|plan| {
            let asked = plan.session().channels()[0].ceiling;
            let narrower = |part: u32| Setting { width: us(asked.width.as_micros() * part / 16), ..asked };
            let orders = (4..16).map(|part| Some((at_ms, narrower(part)))).chain([None]);
            let all: Vec<_> = orders.filter_map(|order| second(&case, &plan, order)).collect();
            all.into_iter().reduce(|one, two| {
                let larger = |n: usize| (one[n].0, one[n].1.max(two[n].1));
                [larger(0), larger(1)]
            })
        });
        let Ok(Some(found)) = found else { return Err(TestCaseError::reject("not a plan")) };
        for (counted, played) in found {
            prop_assert!(played <= counted, "{} played, {} counted", played, counted);
            let alone = input.count == 1 && matches!(input.form, Form::Table(_));
            prop_assert!(!alone || counted * 4 <= played * 5, "{} against {}", counted, played);
        }
    }

    /// REQ-SAF-730: the same where a ramp of width does.
    #[test]
    fn by_a_ramp_of_width(input in inputs(), down in 300_u32..2_500) {
        let case = input.case(Control::Width, down);
        let Ok(Some(found)) = case.try_plan(|plan| second(&case, &plan, None)) else {
            return Err(TestCaseError::reject("not a plan"));
        };
        for (counted, played) in found {
            prop_assert!(played <= counted, "{} played, {} counted", played, counted);
        }
    }
}

/// REQ-SAF-730: exponential pulses of 100 ms that a ramp makes narrower are denied where a second of them is over a limit: 28.6 mA passed,
/// and came to 2.26 of 2 mA r.m.s./cm².
#[test]
fn rising_pulses_of_a_ramp_in_width() {
    let case = |ua| Case {
        form: Form::Table(&shapes::EXPONENTIAL),
        rate: (1, 999_990),
        gap_us: 0,
        control: Control::Width,
        slope: Slope::RaisedCosine,
        up_down_min: (2_000, 1_500, 1_500),
        schedule: Schedule::Continuous,
        length_ms: 8_000,
        profile: Profile::named("specialist-direct-muscle").unwrap(),
        setup: Setup::new(&[500; 2], UseClass::Specialist).unwrap().with_contact_permille(500).unwrap(),
        ..Case::pulse(ua, 100_000, 1)
    };
    assert_eq!(case(28_650).row(&rules::E_J_2).0, Verdict::Deny);
    let passes = case(25_200);
    assert_eq!(passes.row(&rules::E_J_2).0, Verdict::Pass);
    passes.plan(|plan| {
        let wave = play_to(&plan, Lateness::Never, 8_000, &mut |_| None, None).unwrap().swap_remove(0);
        // 2 mA r.m.s. on each of 2.5 cm², for a second
        assert!(wave.window(1_000_000, square) <= 25_000_000_000_000 * 1_000_000);
        assert!(wave.window(1_000_000, square) > 24_700_000_000_000 * 1_000_000);
    });
}

/// REQ-SAF-730: each form that can be ahead, with each number of repeats, a narrower pulse of sixteenths of the width after each second.
#[test]
fn each_form() {
    let uneven = Balance::Asymmetric { length_percent: 300 };
    let prepulse = Form::Prepulse(Prepulse { amplitude_percent: 80, width: us(6_000) });
    for (form, balance, count) in [
        (Form::Rectangular, uneven, 3),
        (prepulse, uneven, 1),
        (prepulse, uneven, 2),
        (prepulse, uneven, 3),
        (Form::Triphasic { outer_percent: 20 }, Balance::Symmetric, 1),
        (Form::Triphasic { outer_percent: 20 }, Balance::Symmetric, 2),
        (Form::Table(&shapes::SAWTOOTH), uneven, 1),
        (Form::Table(&shapes::EXPONENTIAL), Balance::Symmetric, 1),
        (Form::Table(&shapes::EXPONENTIAL), uneven, 2),
        (Form::Table(&shapes::HALF_SINE), uneven, 1),
        (
            Form::Table(&shapes::HALF_SINE),
            Balance::DeclaredDc { at_most: MicroAmps::from_microamps(20_000).unwrap() },
            2,
        ),
        (Form::Table(&shapes::TRIANGULAR), uneven, 1),
    ] {
        for pulses in 1..4 {
            let input =
                Input { form, balance, count, width_us: 12_800, gap_us: 0, rate: (pulses, 999_990), late: 0 };
            let case = input.case(Control::Amplitude, 0);
            case.plan(|plan| {
                let asked = plan.session().channels()[0].ceiling;
                for part in 3..16 {
                    let narrower = Setting { width: us(asked.width.as_micros() * part / 16), ..asked };
                    let Some(found) = second(&case, &plan, Some((1_500, narrower))) else { continue };
                    for (counted, played) in found {
                        assert!(played <= counted, "{form:?} {count} {pulses} {part}: {played} of {counted}");
                    }
                }
            });
        }
    }
}

/// REQ-SAF-730: what is strongest first is counted as it comes: a pulse a second is one pulse, or a whole row of its repeats.
#[test]
fn none_that_is_not_ahead() {
    let uneven = Balance::Asymmetric { length_percent: 300 };
    let direct = Balance::DeclaredDc { at_most: MicroAmps::from_microamps(20_000).unwrap() };
    let prepulse = Form::Prepulse(Prepulse { amplitude_percent: 50, width: us(6_000) });
    for (form, balance, count) in [
        (Form::Rectangular, uneven, 1),
        (Form::Rectangular, Balance::Symmetric, 3),
        (Form::Rectangular, direct, 3),
        (prepulse, Balance::Symmetric, 1),
    ] {
        let input =
            Input { form, balance, count, width_us: 12_800, gap_us: 0, rate: (1, 1_000_000), late: 0 };
        let case = input.case(Control::Amplitude, 0);
        case.plan(|plan| {
            for (counted, played) in second(&case, &plan, None).unwrap() {
                // the window is a tick short of the second, and a root is rounded up
                assert!(counted * 999 <= played * 1_000, "{form:?} {count}: {played} of {counted}");
            }
        });
    }
}
