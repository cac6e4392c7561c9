//! The conformance suite can fail: an output that is right passes every property, and each defect made on purpose is
//! caught by the property that is there for it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod conformance_model;

use conformance_model::{Defect, Model, calibrated, latched, one_by_one, shared, stamped};
use nmes_core::conformance::{cases, check, holds, properties};

nmes_core::output_conformance!(right_with_a_latch, || Model::new(latched(), Defect::None));
nmes_core::output_conformance!(right_without_a_latch, || Model::new(one_by_one(), Defect::None));
nmes_core::output_conformance!(right_and_calibrated, || Model::new(calibrated(), Defect::None));
nmes_core::output_conformance!(right_on_a_shared_source, || Model::new(shared(), Defect::None));

/// REQ-CORE-100, REQ-CORE-163: an output without a defect passes, with a latch, without one, calibrated, and on a source that
/// only one channel can have.
#[test]
fn a_right_output_passes() {
    for hardware in [latched(), one_by_one(), calibrated(), stamped(), shared()] {
        check(|| Model::new(hardware, Defect::None), 200).unwrap_or_else(|violation| panic!("{violation}"));
    }
}

/// REQ-CORE-162: a level may come after its stamp by the declared error of stamps, not by a tick more.
#[test]
fn stamps_are_as_near_as_declared() {
    let late = |ticks| holds("plans_come_out", || Model::new(stamped(), Defect::LateAll(ticks)), cases(200));
    assert_eq!(late(2), Ok(()));
    let told = late(3).unwrap_err().to_string();
    assert!(told.contains("after the stamp"), "{told}");
}

/// REQ-CORE-101, REQ-CORE-161, REQ-HAL-408, REQ-HAL-460, REQ-HAL-461, REQ-HAL-463, REQ-HAL-464: each defect is caught by the
/// property that is there for it, and every property catches one.
#[test]
fn each_defect_is_caught_by_its_property() {
    let table = [
        (Defect::SilentStart, "starts_open", latched()),
        (Defect::StartsAtZero, "starts_open", latched()),
        (Defect::SwappedPolarity, "codes_come_out", latched()),
        (Defect::SwappedPolarity, "plans_come_out", latched()),
        (Defect::OffByOne, "codes_come_out", latched()),
        (Defect::TenBits, "codes_come_out", calibrated()),
        (Defect::Stuck, "codes_come_out", latched()),
        (Defect::Stuck, "open_is_open", latched()),
        (Defect::ZeroForOpen, "open_is_open", latched()),
        (Defect::ZeroForOpen, "plans_come_out", latched()),
        (Defect::OpenForZero, "open_is_open", latched()),
        (Defect::OpenForShorted, "open_is_open", latched()),
        (Defect::Glitch, "only_rests_between", latched()),
        (Defect::MovesTheOther, "channels_are_apart", latched()),
        (Defect::OpensAll, "channels_are_apart", latched()),
        (Defect::OneByOne, "instants_are_together", latched()),
        (Defect::Slow, "instants_are_together", one_by_one()),
        (Defect::IgnoresOff, "off_opens", latched()),
        (Defect::IgnoresOff, "stops_leave_it_open", latched()),
        (Defect::HalfOff, "off_opens", latched()),
        (Defect::HalfOff, "off_opens", shared()),
        (Defect::OffShorts, "off_opens", latched()),
        (Defect::KeepsCodes, "off_opens", latched()),
        (Defect::DrivesAgain, "off_opens", latched()),
        (Defect::DrivesAgain, "off_opens", calibrated()),
        (Defect::OffShorts, "stops_leave_it_open", latched()),
        (Defect::KeepsOnDrop, "drop_opens", latched()),
        (Defect::KeepsOnDrop, "drop_opens", shared()),
        (Defect::Clamps, "what_does_not_fit_is_refused", latched()),
        (Defect::TakesAnyChannel, "what_does_not_fit_is_refused", latched()),
        (Defect::SwallowsErrors, "errors_are_told", latched()),
        (Defect::SwallowsErrors, "stops_leave_it_open", one_by_one()),
        (Defect::SwallowsErrorsOfOff, "errors_are_told", latched()),
        (Defect::OffUnreached, "errors_are_told", latched()),
        (Defect::OffUnreached, "errors_open", latched()),
        (Defect::ChannelOffUnreached, "nothing_follows_an_error", one_by_one()),
        (Defect::Endless, "errors_are_told", latched()),
        (Defect::StaysOnAfterError, "errors_open", latched()),
        (Defect::StaysOnAfterError, "stops_leave_it_open", latched()),
        (Defect::GoesOnAfterError, "nothing_follows_an_error", latched()),
        (Defect::GoesOnAfterError, "nothing_follows_an_error", shared()),
        (Defect::OtherHardware, "hardware_stays", latched()),
        (Defect::LosesEdges, "codes_come_out", latched()),
        (Defect::EarlyNegative, "plans_come_out", latched()),
        (Defect::LateAll(5_000), "plans_come_out", latched()),
        (Defect::LateAll(1), "plans_come_out", one_by_one()),
        (Defect::LateAll(1), "codes_come_out", latched()),
        (Defect::LateOff(1), "off_opens", latched()),
        (Defect::SkipsOpen, "plans_come_out", one_by_one()),
        (Defect::UnwrittenSetPoint, "starts_open", latched()),
        (Defect::UnwrittenSetPoint, "starts_open", shared()),
        (Defect::KeepsSetPoint, "off_opens", latched()),
        (Defect::KeepsSetPoint, "errors_open", calibrated()),
        (Defect::KeepsSetPoint, "what_does_not_fit_is_refused", latched()),
        (Defect::KeepsSetPointOnDrop, "drop_opens", latched()),
        (Defect::DropGivesUp, "drop_opens_despite_errors", latched()),
        (Defect::DropGivesUp, "drop_opens_despite_errors", calibrated()),
        (Defect::StoppedDropDoesNothing, "drop_opens_despite_errors", one_by_one()),
        (Defect::OpensOneAfterError, "nothing_follows_an_error", latched()),
        (Defect::OpensOneAfterError, "nothing_follows_an_error", shared()),
        (Defect::ChannelOffEndsError, "nothing_follows_an_error", calibrated()),
        (Defect::OpensAnyChannel, "what_does_not_fit_is_refused", latched()),
        (Defect::OpensAnyChannel, "what_does_not_fit_is_refused", shared()),
    ];
    let mut caught = std::collections::BTreeSet::new();
    for (defect, property, hardware) in table {
        let violation = holds(property, || Model::new(hardware, defect), cases(200)).unwrap_err();
        assert_eq!(violation.property, property);
        println!("{defect:?}: {}", violation.to_string().lines().next().unwrap());
        assert!(check(|| Model::new(hardware, defect), 200).is_err(), "{defect:?}");
        caught.insert(property);
    }
    let all: std::collections::BTreeSet<_> = properties().into_iter().collect();
    assert_eq!(caught, all, "every property has a defect that it catches");
}

/// REQ-CORE-167: what drives for a moment within a call is caught, though the last level of the call is right: within construction,
/// within each way to open, and within an instant of several channels.
#[test]
fn what_drives_within_a_call_is_caught() {
    let table = [
        (Defect::DrivesWithinStart, "starts_open", "within construction, Seen"),
        (Defect::DrivesWithinOff, "off_opens", "within off from"),
        (Defect::DrivesWithinChannelOff, "only_rests_between", "within an opening from Code(1), Seen"),
        (Defect::DrivesWithinDrop, "drop_opens", "within drop from"),
        (Defect::DrivesWithinError, "errors_open", "after transfer 0 of Apply failed, Seen"),
        (Defect::DrivesWithinInstant, "instants_are_together", "Code(77)"),
    ];
    // two levels of one instant are rare in random sessions
    let caught = |hardware, (defect, property, told): (Defect, &str, &str)| {
        let held = holds(property, || Model::new(hardware, defect), 2_000);
        let violation = held.map_or_else(|violation| violation.to_string(), |()| "it passed".into());
        let count = hardware.channel_count();
        assert!(violation.contains(told), "{defect:?} on {count} channels, {property}: {violation}");
    };
    for row in table {
        for hardware in [latched(), one_by_one(), shared()] {
            caught(hardware, row);
        }
    }
    caught(latched(), (Defect::DrivesWithinInstant, "plans_come_out", "Code(77)"));
}

/// REQ-CORE-102: what was found is told for a person: property, what was asked, what was seen; from a random session, the
/// smallest that fails.
#[test]
fn violations_read_well() {
    let swapped = || Model::new(latched(), Defect::SwappedPolarity);
    let told = holds("open_is_open", swapped, 1).unwrap_err().to_string();
    assert_eq!(told, "open_is_open: after [(0, Code(1))], channel 0 is Code(-1), not Code(1)");
    let told = holds("plans_come_out", swapped, 50).unwrap_err().to_string();
    // the first level of the first pulse of the plainest session
    assert!(told.contains("edge: Some(0)") && told.contains("Continuous for 100 ms"), "{told}");
    assert!(told.contains("no input") && told.lines().count() <= 6, "{told}");
    assert_eq!(holds("no_such", swapped, 1).unwrap_err().to_string(), "holds: no property is named no_such");
}
