//! The public strategies: what they give is in range, compiles mostly, and shrinks to little.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

use nmes_core::strategies::*;
use nmes_core::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// A sound card, a twelve-bit board with late edges and a dead time, and a calibrated eight-channel output.
fn outputs() -> [Hardware; 3] {
    let sound = ChannelHardware::symmetric(1_600, -32_768, 32_767);
    let board = ChannelHardware::symmetric(25_000, -4_095, 4_095);
    let odd = ChannelHardware {
        na_per_code_negative: 61_000,
        offset_na: 900,
        ..ChannelHardware::symmetric(60_000, -900, 2_000)
    };
    let late = HardwareTiming {
        late_max_ticks: 12,
        stamp_error_ticks: 1,
        dead_ticks: 20,
        ..HardwareTiming::ideal(1_000_000)
    };
    [
        Hardware::new(HardwareTiming::ideal(192_000), &[sound; 2], 0).unwrap(),
        Hardware::new(late, &[board; 4], 0).unwrap(),
        Hardware::new(HardwareTiming::ideal(8_000_000), &[odd; 8], 0).unwrap(),
    ]
}

/// REQ-CORE-106: sessions for a hardware that there is compile in most cases, on every one of its channels.
#[test]
fn sessions_for_a_hardware_mostly_compile() {
    let mut runner = TestRunner::deterministic();
    for hardware in outputs() {
        let (mut compiled, mut channels) = (0, 0);
        for _ in 0..300 {
            let case = case_on(hardware).new_tree(&mut runner).unwrap().current();
            channels = channels.max(case.channels.len());
            compiled += u32::from(Plan::compile(&case.session(), &case.hardware).is_ok());
        }
        assert_eq!(channels, usize::from(hardware.channel_count()));
        assert!(compiled >= 100, "{compiled} of 300 on {hardware:?}");
    }
}

/// REQ-CORE-106: what fails always shrinks to one plain channel without a ramp, an input or a late edge, in few lines.
#[test]
fn cases_shrink_to_little() {
    let mut runner = TestRunner::deterministic();
    for late in [false, true] {
        for _ in 0..5 {
            let mut tree = case(Kind { late, exact: !late }).new_tree(&mut runner).unwrap();
            while tree.simplify() {}
            let case = tree.current();
            assert_eq!((case.channels.len(), case.inputs.len(), case.late), (1, 0, Lateness::Never));
            let channel = &case.channels[0];
            assert_eq!(channel.pulse.form, Form::Rectangular);
            assert_eq!(
                (channel.ramp, channel.offset, channel.train.timing),
                (Ramp::default(), Micros::ZERO, Timing::Even)
            );
            assert!(format!("{case:?}").lines().count() <= 5, "{case:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(nmes_core::conformance::cases(2_000)))]

    /// REQ-CORE-106: single values are within what was asked for; scripts are in order of time, and for channels there are.
    #[test]
    fn values_are_in_range(
        (ua, us, ms) in (micro_amps(5..=9), micros(1..=u32::MAX), millis(0..=3)),
        rate in rate(),
        setting in setting(Setting::new(1_000, 300).unwrap()),
        timing in hardware_timing(Kind { late: true, exact: false }),
        output in channel_hardware(Kind { late: false, exact: true }),
        (policy, millionths) in stop(),
        case in case(Kind { late: true, exact: true }),
    ) {
        prop_assert!((5..=9).contains(&ua.as_microamps()) && us >= Micros::from_micros(1).unwrap() && ms.as_millis() <= 3);
        prop_assert!(rate.pulses() >= 1 && rate.per_us() >= 1);
        prop_assert!(setting.amplitude.as_microamps() <= 1_000 && (1..=300).contains(&setting.width.as_micros()));
        prop_assert!(output.is_exact() && Hardware::new(timing, &[output], 0).is_ok());
        prop_assert!(millionths <= 1_000_000 && [StopPolicy::FinishPulse, StopPolicy::RecoverNow, StopPolicy::HardOff].contains(&policy));
        let (most, least) = (i64::from(timing.late_max_ticks + timing.stamp_error_ticks), -i64::from(timing.stamp_error_ticks));
        let mut late = case.late.ticks(&timing);
        prop_assert!((0..50).all(|_| (least..=most).contains(&late())));
        let script = case.script();
        prop_assert!(script.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        for (_, action) in script {
            if let Action::Command(channel, _) = action {
                prop_assert!(usize::from(channel) < case.channels.len());
            }
        }
    }

    /// REQ-CORE-106: pulses and schedules of every kind are taken by a session, at the width they come with.
    #[test]
    fn pulses_and_schedules_are_valid(
        (pulse, width, rate, train) in train(Kind { late: false, exact: true }), schedule in schedule(),
    ) {
        let set = Setting::new(2_000, width).unwrap();
        let channel = Channel { pulse, rate, train, set, ceiling: set, ramp: Ramp::default(), offset: Micros::ZERO };
        let hour = Millis::from_millis(3_600_000).unwrap();
        let slow = matches!(schedule, Schedule::Program(_)) && rate.as_millihertz() < 2_000;
        prop_assume!(!slow);
        let channels = [channel];
        let session = Session::new(&channels, schedule, hour);
        prop_assert!(session.is_ok(), "{:?}", session.err());
    }
}
