//! What a calibrated channel carries from pulse to pulse.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;
use proptest::prelude::*;

fn pulses() -> impl Strategy<Value = PulseShape<'static>> {
    let gap = Micros::from_micros(100).unwrap();
    let plain = PulseShape { gap, ..PulseShape::default() };
    let asymmetric = (100_u16..500).prop_map(move |length_percent| PulseShape {
        balance: Balance::Asymmetric { length_percent },
        ..plain
    });
    let triphasic = (10_u8..90)
        .prop_map(move |outer_percent| PulseShape { form: Form::Triphasic { outer_percent }, ..plain });
    let repeat = prop_oneof![3 => Just(1_u16), 1 => 2_u16..5];
    (prop_oneof![3 => asymmetric, 1 => triphasic], any::<bool>(), repeat).prop_map(
        move |(pulse, up, count)| {
            let leading = if up { Polarity::Positive } else { Polarity::Negative };
            PulseShape { leading, repeat: Repeat { count, gap }, ..pulse }
        },
    )
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-CORE-153: a setting that is taken is put out at every onset, whatever a pulse leaves for the next one to carry: few codes,
    /// short phases and edges far apart, on outputs with two gains and an offset.
    #[test]
    fn a_setting_that_is_taken_is_never_silent(
        pulse in pulses(), codes in 1_u32..16, width in 8_u32..200, min_edge_ticks in 1_u32..12,
        gains in (90_000_u32..110_000, 90_000_u32..110_000), offset_na in -40_000_i32..40_000,
    ) {
        let set = Setting::new(codes * 100, width).unwrap();
        let channels = [Channel { pulse, set, ceiling: set, ..plain() }];
        let output = ChannelHardware { na_per_code_negative: gains.1, offset_na, ..ChannelHardware::symmetric(gains.0, -200, 200) };
        let timing = HardwareTiming { min_edge_ticks, ..HardwareTiming::ideal(1_000_000) };
        let session = Session::new(&channels, Schedule::Continuous, ms(2_000)).unwrap();
        let plan = Hardware::new(timing, &[output], 0).and_then(|hardware| Plan::compile(&session, &hardware));
        let Ok(plan) = plan else { return Err(TestCaseError::reject("not to be had")) };
        let run = play_on(&plan, &[], || 0);
        prop_assert_eq!((run.counters[0].pulses, run.counters[0].silent), (80, 0));
    }
}

/// REQ-CORE-78: less than full is never refused by a recruitment pattern, down to nothing: where few codes or a short phase cannot be
/// paid back, in levels an edge spacing long, it is silence.
#[test]
fn a_pattern_is_never_refused_for_being_low() {
    let [none, full] = [(0, 0, 0), (1_000, 8_000, 120)].map(|(command_permille, ua, us)| PatternPoint {
        command_permille,
        setting: Setting::new(ua, us).unwrap(),
    });
    let points = [none, full];
    let train = Train { pattern: Some(Pattern::new(&points).unwrap()), ..Train::default() };
    let pulse = PulseShape { balance: Balance::Asymmetric { length_percent: 330 }, ..plain().pulse };
    let channels = [Channel { pulse, train, set: full.setting, ceiling: full.setting, ..plain() }];
    let output = ChannelHardware { na_per_code_negative: 101_329, ..DAC };
    let timing = HardwareTiming { min_edge_ticks: 12, ..HardwareTiming::ideal(1_000_000) };
    let session = Session::new(&channels, Schedule::Continuous, ms(1_000)).unwrap();
    let plan = Plan::compile(&session, &Hardware::new(timing, &[output], 0).unwrap()).unwrap();
    with_engine(&plan, |engine| {
        let codes: Vec<_> = (0..=1_000).map(|n| engine.command_level(0, n, 0).unwrap().codes).collect();
        assert_eq!((codes.first(), codes.last()), (Some(&0), Some(&80)));
        let silent = codes.iter().filter(|codes| **codes == 0).count();
        assert!(silent < 500, "{silent}");
    });
}
