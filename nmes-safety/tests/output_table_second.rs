//! Densities and mean currents of the output tables against the check, at any rate and on shared electrodes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, config, exercise, ms};
use nmes_core::*;
use nmes_safety::output_table::{Answer, Characteristics, OutputTable, TableRow};
use nmes_safety::{Profile, Rule, Setup, UseClass, assess, rules};
use proptest::prelude::*;

/// Rows of the table, rows of the list, and the rule of the check with the same figure.
const SAME: [(&str, &str, &Rule); 3] =
    [("12", "10", &rules::N_DOC_1), ("13", "12", &rules::G_PD_1), ("", "11", &rules::G_LO_I)];

fn value(row: &TableRow) -> u64 {
    if let Answer::Figure { value, .. } = row.answer { value } else { u64::MAX }
}

/// The largest value over the channels of a case in a row of the table, in one of the list, and what the check has.
fn figures(case: &Case) -> Result<Vec<(u64, u64, Option<u64>)>, ConfigError> {
    let profile = Profile::named("fda-limited-output-draft").unwrap();
    case.try_plan(|plan| {
        let report = assess(&plan, &case.setup, &profile);
        let channels = 0..plan.channel_count();
        let figures = SAME.map(|(in_table, in_list, rule)| {
            let table = channels.clone().map(|n| OutputTable::of(&plan, &case.setup, n).unwrap());
            let list = channels.clone().map(|n| Characteristics::of(&plan, &case.setup, n).unwrap());
            let listed = list.map(|list| value(list.row(in_list).unwrap())).max().unwrap();
            let tabled = table.map(|table| table.row(in_table).map_or(listed, value)).max().unwrap();
            (tabled, listed, report.row(rule).unwrap().value)
        });
        figures.to_vec()
    })
}

/// The same of a case whose plan is made, each once.
fn checked(case: &Case) -> [u64; 3] {
    let found = figures(case).unwrap();
    for (tabled, listed, check) in &found {
        assert_eq!((Some(*tabled), Some(*listed)), (*check, *check), "{case:?}");
    }
    <[u64; 3]>::try_from(found.iter().map(|(tabled, ..)| *tabled).collect::<Vec<_>>()).unwrap()
}

/// REQ-SAF-610: at less than a few pulses a second the figures are those of the second that holds the most pulses: two of
/// 99.98 mA for 500 ms at 1.538 Hz, on 180 cm² into 500 ohm.
#[test]
fn two_long_pulses_in_a_second() {
    let long = Case {
        rate: (1_538, 1_000_000_000),
        setup: exercise(18_000),
        train: Train::default(),
        ..Case::pulse(100_000, 150_000, 1)
    };
    // two of 100 mA for 300 ms: 0.6 of a second; at f × one pulse it were 0.4614
    let [density, power, mean] = checked(&long);
    assert_eq!((density, mean), (431, 60_000), "√0.6 × 100 mA / 180 cm², rounded up, and 0.6 × 100 mA");
    assert_eq!(power, 16_667, "0.6 × (100 mA)² × 500 ohm / 180 cm², rounded up");
    // at 4 Hz a second holds whole periods: f × one pulse
    assert_eq!(
        checked(&Case { rate: (4, 1_000_000), ceiling: (10_000, 50_000), ..long }).get(2),
        Some(&4_000)
    );
}

/// REQ-SAF-610: onsets that may be late let more pulses into a second, and the table counts them as the check does.
#[test]
fn late_onsets_count() {
    let late = HardwareTiming { late_max_ticks: 10, ..HardwareTiming::ideal(1_000_000) };
    let case = Case { timing: late, ..Case::pulse(50_000, 300, 40) };
    assert!(checked(&case) > checked(&Case { timing: HardwareTiming::ideal(1_000_000), ..case }));
}

/// REQ-SAF-611: on a shared electrode the currents add: two channels of 50 mA, 300 µs, 40 Hz on 20 cm² have twice the density of
/// one and four times its power, and the rows say of what they are.
#[test]
fn currents_add_on_a_shared_electrode() {
    let own = Case { channels: 2, setup: exercise(2_000), ..Case::pulse(50_000, 300, 40) };
    let shared = Case { setup: own.setup.with_shared(0b11, 2_000).unwrap(), ..own };
    let ([one, watts, _], [both, more, _]) = (checked(&own), checked(&shared));
    assert_eq!((one, watts), (388, 1_500));
    assert_eq!((both, more), (775, 6_001));
    let remark = |case: &Case, number: &str| {
        case.plan(|plan| OutputTable::of(&plan, &case.setup, 1).unwrap().row(number).unwrap().remark)
    };
    for number in ["12", "13"] {
        assert!(remark(&shared, number).contains("share") && !remark(&own, number).contains("share"));
    }
    // a shared electrode so large that each channel's own one has more
    let large = Case { setup: own.setup.with_shared(0b11, 20_000).unwrap(), ..own };
    assert_eq!(checked(&large).get(..2), Some(&[one, watts][..]));
    assert!(!remark(&large, "12").contains("share"));
}

/// REQ-SAF-611: of three channels the two that share an electrode say so, and the third, whichever it is, does not.
#[test]
fn only_members_share() {
    let setup = Setup::new(&[2_000; 3], UseClass::Exercise).unwrap();
    let own = Case { channels: 3, setup, ..Case::pulse(50_000, 300, 40) };
    for mask in [0b011_u8, 0b101, 0b110] {
        let shared = Case { setup: own.setup.with_shared(mask, 2_000).unwrap(), ..own };
        let told = |channel: u8| {
            shared.plan(|plan| {
                OutputTable::of(&plan, &shared.setup, channel)
                    .unwrap()
                    .row("12")
                    .unwrap()
                    .remark
                    .contains("share")
            })
        };
        let expected = [0, 1, 2].map(|channel| mask >> channel & 1 == 1);
        assert_eq!([0, 1, 2].map(told), expected, "{mask:03b}");
    }
}

/// REQ-SAF-612, REQ-SAF-692: where stages have rates of their own the rows say that the figures are as if all had the fastest; of bursts
/// and sweeps, which are counted as they come, they do not.
#[test]
fn an_upper_bound_says_so() {
    let even = Case::pulse(20_000, 200, 100);
    let bursts = Timing::Bursts(Bursts { pulses: 7, every: Rate::from_hz(2).unwrap() });
    let burst = Case { train: Train { timing: bursts, ..Train::default() }, ..even };
    let law = SweepLaw::Linear;
    let (from, to) = (Rate::from_hz(10).unwrap(), Rate::from_hz(100).unwrap());
    let sweep = Timing::Sweep(Sweep { from, to, over: ms(1_000), law });
    let swept = Case { train: Train { timing: sweep, ..Train::default() }, ..even };
    let cycle = Cycle { hold: ms(1_000), rest: ms(1_000) };
    let stages = vec![Stage { cycle, repeats: 2, level_permille: 500, rate: Some(from) }];
    let staged = Case { schedule: Schedule::Program(stages.leak()), length_ms: 7_000, ..even };
    let bound = |case: &Case| {
        case.plan(|plan| {
            let table = OutputTable::of(&plan, &case.setup, 0).unwrap();
            let list = Characteristics::of(&plan, &case.setup, 0).unwrap();
            let rows = ["12", "13"].map(|n| *table.row(n).unwrap());
            let rows = rows.into_iter().chain(["10", "11", "12"].map(|n| *list.row(n).unwrap()));
            rows.map(|row| row.remark.contains("fastest rate of all and full level: an upper bound"))
                .collect::<Vec<_>>()
        })
    };
    let [all, none] = [true, false].map(|said| vec![said; 5]);
    assert_eq!([&even, &burst, &swept, &staged].map(bound), [none.clone(), none.clone(), none, all]);
    // 20 mA for 400 µs: 100 times a second, or 14 times, and what two ticks hold
    assert_eq!([figures(&even).unwrap()[2].0, figures(&burst).unwrap()[2].0], [800, 113]);
    let frequency = |case: &Case| {
        case.plan(|plan| *Characteristics::of(&plan, &case.setup, 0).unwrap().row("7").unwrap())
    };
    assert_eq!(frequency(&even).answer, frequency(&burst).answer);
    assert!(frequency(&burst).remark.contains("inside a burst") && frequency(&even).remark.is_empty());
}

fn timings() -> impl Strategy<Value = Timing<'static>> {
    let rate = |hz| Rate::from_hz(hz).unwrap();
    prop_oneof![
        4 => Just(Timing::Even),
        1 => Just(Timing::Bursts(Bursts { pulses: 2, every: Rate::new(1, 3_000_000).unwrap() })),
        1 => Just(Timing::Sweep(Sweep { from: rate(1), to: rate(2), over: ms(1_000), law: SweepLaw::Linear })),
    ]
}

prop_compose! {
    fn cases()(
        ua in 1_000_u32..120_000, width in 100_u32..60_000, millihertz in 300_u32..30_000, timing in timings(),
        late in 0_u32..9, sharing in 0_usize..3, areas in (100_u32..20_000, 100_u32..20_000), source in 0_u8..2,
    ) -> Case {
        let own = exercise(areas.0);
        let shared = [Ok(own), own.with_shared(0b11, areas.1), own.with_shared(0b11, areas.0)];
        let plain = Case::pulse(ua, width, 1);
        Case {
            rate: (millihertz, 1_000_000_000),
            train: Train { timing, ..Train::default() },
            timing: HardwareTiming { late_max_ticks: late, ..HardwareTiming::ideal(1_000_000) },
            dac: ChannelHardware { source, ..plain.dac },
            channels: if sharing == 0 { 1 } else { 2 },
            setup: shared[sharing].unwrap(),
            ..plain
        }
    }
}

proptest! {
    #![proptest_config(config(1_000))]

    /// REQ-SAF-610, REQ-SAF-611: whatever the rate, the timing, the lateness and the sharing, the worst channel's figures are those
    /// of the check's report.
    #[test]
    fn as_the_check_has_it(case in cases()) {
        let Ok(found) = figures(&case) else { return Err(TestCaseError::reject("not a plan")) };
        for (tabled, listed, check) in found {
            prop_assert_eq!((Some(tabled), Some(listed)), (check, check));
        }
    }
}
