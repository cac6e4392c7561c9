//! Channels that share a current source, and beside them channels that do not.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

/// Runs channels on sources of which a wait of half a period is allowed.
fn on<R>(channels: &[Channel<'_>], sources: &[u8], then: impl FnOnce(&mut Engine<'_, '_>) -> R) -> R {
    let overlap = Overlap::Defer(us(12_000));
    let session = Session::new(channels, Schedule::Continuous, ms(1_000)).unwrap().with_overlap(overlap);
    let outputs: Vec<_> = sources.iter().map(|&source| ChannelHardware { source, ..DAC }).collect();
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &outputs, 0).unwrap();
    with_engine(&Plan::compile(&session, &hardware).unwrap(), then)
}

/// REQ-CORE-73: a channel does not wait for itself: a command before its pulse leaves the pulse where it stood.
#[test]
fn a_channel_does_not_wait_for_itself() {
    on(&[plain(), Channel { offset: us(12_000), ..plain() }], &[3, 3], |engine| {
        for turn in 0..10 {
            accept_all(engine);
            let Next::At(at) = engine.next() else { panic!("due") };
            let setting = Setting::new(30_000 + 1_000 * turn, 300).unwrap();
            engine.command(0, setting, at.saturating_sub(600)).unwrap();
            for _ in 0..4 {
                advance(engine, 0);
            }
        }
        run_out(engine, || 0);
        for channel in 0..2 {
            let counters = engine.counters(channel).unwrap();
            assert_eq!((counters.pulses, counters.dropped), (40, 0), "{channel}");
            assert!(counters.deferred <= 1, "{channel}: {counters:?}");
        }
    });
}

/// REQ-CORE-73: channels without a source that they share do not wait for one another, where others do.
#[test]
fn channels_without_a_source_wait_for_nobody() {
    on(&[plain(); 4], &[0, 3, 0, 3], |engine| {
        run_out(engine, || 0);
        let deferred = [0, 1, 2, 3].map(|channel| engine.counters(channel).unwrap().deferred);
        let pulses = [0, 1, 2, 3].map(|channel| engine.counters(channel).unwrap().pulses);
        assert_eq!((pulses, [deferred[0], deferred[2]]), ([40; 4], [1, 1]), "{deferred:?}");
        assert_eq!(deferred[3], 40);
    });
}

/// REQ-CORE-73, REQ-CORE-77: a train that ends with its most pulses has left nothing out, also where the next would have had to wait.
#[test]
fn a_train_of_so_many_pulses_drops_none() {
    let short = Channel { train: Train { pulses_max: 5, ..Train::default() }, ..plain() };
    for offset in [0, 200] {
        on(&[plain(), Channel { offset: us(offset), ..short }], &[3, 3], |engine| {
            run_out(engine, || 0);
            let counters = engine.counters(1).unwrap();
            assert_eq!((counters.pulses, counters.dropped, counters.silent), (5, 0, 0), "{offset}");
        });
    }
}
