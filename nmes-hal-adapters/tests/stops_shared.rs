//! How long a stop takes where channels share a source.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, Random};
use nmes_hal_adapters::*;

const CHANNELS: usize = 4;

/// The longest from a stop to rest, of stops at 200 instants, of channels whose pulses take turns on one source.
fn slowest(policy: StopPolicy) -> (u64, u64) {
    let us = |n| Micros::from_micros(n).unwrap();
    let set = setting(10_000, 200);
    let pulse =
        PulseShape { gap: us(100), repeat: Repeat { count: 5, gap: us(1_500) }, ..PulseShape::default() };
    let (rate, apart) = (Rate::from_hz(20).unwrap(), 12_000);
    let channels: Vec<Channel<'_>> =
        (0..4).map(|n| Channel { pulse, rate, offset: us(n * apart), ..channel(set) }).collect();
    let dac = ChannelHardware { source: 1, ..ChannelHardware::symmetric(25_000, -4_000, 4_000) };
    let hardware = Hardware::new(late(15), &[dac; CHANNELS], 1).unwrap();
    let session = Session::new(&channels, Schedule::Continuous, ms(600_000)).unwrap();
    let session = session.with_overlap(Overlap::Defer(us(20_000)));
    let checked = checked(&session, &hardware, nmes_safety::UseClass::Continuous);
    let plan = checked.plan().channel(0).unwrap();
    // a pulse with all that may follow it, and the trims of each
    let bound = plan.longest_ticks() + plan.stretch_ticks() + 5 * plan.trim_ticks();
    let mut most = 0;
    for seed in 0..200 {
        let bench = Bench::new(hardware, stage(500.0, 120.0), 15, seed);
        let mut states = [const { ChannelState::new() }; CHANNELS];
        let mut stim =
            Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
        let clock = bench.clock();
        raise(&mut stim, clock, &[set; CHANNELS]).unwrap();
        stim.start().unwrap();
        let (mut seen, mut random) = (Seen::default(), Random::new(seed));
        run_to(&mut stim, clock, clock.now() + 500_000 + u64::from(random.up_to(60_000)), &mut seen).unwrap();
        let at = clock.now();
        stim.stop(policy).unwrap();
        while stim.finished().is_none() && clock.now() < at + 2_000_000 {
            run_to(&mut stim, clock, clock.now() + 1_000, &mut seen).unwrap();
        }
        let finished = stim.finished().unwrap();
        most = most.max(finished.at_tick.saturating_sub(at));
    }
    (most, bound)
}

/// REQ-CORE-177: where channels take turns on a source, a stop waits for the pulse under way and for trims, and not for pulses that come
/// no more: it was a pulse's time a channel.
#[test]
fn a_stop_waits_for_no_pulse_that_does_not_come() {
    for policy in [StopPolicy::FinishPulse, StopPolicy::RecoverNow] {
        let (most, bound) = slowest(policy);
        assert!(most <= bound, "{policy:?}: {most} of {bound} µs");
        assert!(bound < 20_000, "{bound}");
    }
}
