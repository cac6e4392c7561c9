//! The contact check before arming, on a simulated stage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, StageFault};
use nmes_hal_adapters::{ArmRefusal, ContactSense, Stimulator};
use nmes_safety::{Checked, ContactState, Probe, State, UseClass};

/// Runs the check of a session to its end, however it ends, and gives back what was measured and the strongest code.
fn look<'b>(
    checked: &Checked<'_>,
    bench: &'b Bench,
) -> (ContactSense<nmes_hal_adapters::sim::SimSense<'b>>, i64) {
    let mut states = [ChannelState::new(); MAX_CHANNELS];
    let (mut output, mut alarm) = (bench.output(), bench.alarm());
    let mut sense = ContactSense::new(checked, bench.sense());
    let probe = Probe::of(checked);
    let plan = probe.check(checked).unwrap();
    let mut probing = Stimulator::probe(&plan, &mut states, &mut output, &mut alarm, &mut sense).unwrap();
    assert_eq!(probing.state(), State::Probing);
    for (channel, asked) in (0..).zip(plan.plan().session().channels()) {
        probing.aim(channel, asked.set).unwrap();
    }
    probing.start().unwrap();
    let mut strongest = 0;
    for _ in 0..1_000 {
        let until = bench.clock().now() + 5_000;
        let ran = run_to(&mut probing, bench.clock(), until, &mut Seen::default());
        if ran.is_err() || probing.finished().is_some() {
            break;
        }
        for channel in 0..plan.plan().channel_count() {
            strongest = strongest.max(code_of(bench.level(channel)).abs());
        }
    }
    drop(probing);
    (sense, strongest)
}

fn two_channels(with: impl FnOnce(&Checked<'_>, &Bench)) {
    let set = setting(10_000, 300);
    let channels = [channel(set), channel(set)];
    let session = Session::new(&channels, gated(), ms(60_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 2);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    with(&checked, &bench(hardware, stage(1_000.0, 120.0), 0, 0));
}

/// REQ-SAF-424: pulses of at most 3 mA look for contact, then the session is armed on what they measured.
#[test]
fn probed_and_armed() {
    two_channels(|checked, bench| {
        let (sense, strongest) = look(checked, bench);
        assert!((0..=120).contains(&strongest), "{strongest} codes of 25 µA");
        for channel in 0..2 {
            assert_eq!(sense.impedance(channel).unwrap().end_ohm, Some(1_000));
            assert_eq!(sense.state(channel, bench.clock().now()), Some(ContactState::Good));
        }
        let mut states = [ChannelState::new(); 2];
        let armed =
            Stimulator::arm_probed(checked, &mut states, bench.output(), bench.alarm(), sense).unwrap();
        assert_eq!(armed.state(), State::Armed);
        assert_eq!(armed.contact().state(1, bench.clock().now()), Some(ContactState::Good));
    });
}

/// REQ-SAF-424: an electrode that is off or shorted, a channel that was not measured, and one that was measured too long ago,
/// refuse.
#[test]
fn no_contact_no_arming() {
    let mut states = [ChannelState::new(); 2];
    two_channels(|checked, bench| {
        bench.inject(1, StageFault::OpenCircuit);
        let (sense, _) = look(checked, bench);
        assert_ne!(sense.state(1, bench.clock().now()), Some(ContactState::Good));
        let refused = Stimulator::arm_probed(checked, &mut states, bench.output(), bench.alarm(), sense);
        assert_eq!(refused.unwrap_err().why, ArmRefusal::NoContact { channel: 1 });
    });
    let mut states = [ChannelState::new(); 2];
    two_channels(|checked, bench| {
        let sense = ContactSense::new(checked, bench.sense());
        let refused = Stimulator::arm_probed(checked, &mut states, bench.output(), bench.alarm(), sense);
        assert_eq!(refused.unwrap_err().why, ArmRefusal::NoContact { channel: 0 });
    });
    let mut states = [ChannelState::new(); 2];
    two_channels(|checked, bench| {
        let (sense, _) = look(checked, bench);
        bench.clock().advance_to(bench.clock().now() + 5_100_000);
        let refused = Stimulator::arm_probed(checked, &mut states, bench.output(), bench.alarm(), sense);
        assert_eq!(refused.unwrap_err().why, ArmRefusal::NoContact { channel: 0 });
    });
}
