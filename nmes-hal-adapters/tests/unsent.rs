//! What of the pulses that were taken did not go on the wire, on simulated stimulators.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests; a panic is a failure"
)]

mod common;
#[path = "stimulators/road.rs"]
mod road;
mod stimulators;

use common::setting;
use nmes_core::*;
use nmes_hal_adapters::sim::{P24Fault, RehaStimFault, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{Exchange as _, Plays};
use nmes_hal_adapters::{PacedClock, rehastim2 as rs2, sciencemode4 as sm4};
use road::{checked_on, low, on, session_channels};
use std::cell::RefCell;

/// Pulses on the wire, by the place of their pads.
fn pulses_of(sent: &[(u64, Vec<u8>)], channel: sm4::Channel) -> usize {
    let is_pulse = |frame: &[u8]| {
        let mut decoder: sm4::Decoder = sm4::Decoder::new();
        let body = frame.iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
        let command = sm4::Command::decode(&sm4::Packet::new(&body).unwrap()).unwrap();
        matches!(command, sm4::Command::LowLevelChannel(config) if config.channel == channel)
    };
    sent.iter().filter(|(_, frame)| is_pulse(frame)).count()
}

#[derive(Clone, Copy, Debug)]
enum End {
    Silence,
    Cable,
    Off,
}

/// REQ-APP-322: whenever a session on a P24 ends, and however, the conversation says which pulses of each channel went on the wire: all
/// before the one that it names.
#[test]
fn a_p24_says_what_was_not_sent() {
    let channels = session_channels(2, setting(12_000, 250), 3_000);
    let checked = checked_on(&channels, &sm4::hardware(2).unwrap());
    let mut named = 0;
    for (after, end) in (0..40).flat_map(|ms| [(ms, End::Silence), (ms, End::Cable), (ms, End::Off)]) {
        let (cell, clock) = (RefCell::new(low()), PacedClock::new(5_000));
        let mut states = [ChannelState::new(); 2];
        let mut road = on(&cell, SimP24::new(), &checked, &mut states, &clock);
        road.line.sent.clear();
        road.stim.start().unwrap();
        road.run(1_000 + after).unwrap();
        match end {
            End::Silence => road.line.device.fault = Some(P24Fault::Silent),
            End::Cable => {
                while !clock.turn(road.line.now * 1_000, cell.borrow().is_behind()) {
                    road.line.now += 1;
                }
                road.stim.on_alarm().unwrap();
                road.line.session.lost(road.line.now);
            }
            End::Off => road.stim.stop(StopPolicy::HardOff).unwrap(),
        }
        for _ in 0..1_000 {
            let _ = road.step();
        }
        let _ = road.stim.stop(StopPolicy::HardOff);
        road.keep();
        for (channel, colour) in [(0, sm4::Channel::Red), (1, sm4::Channel::Blue)] {
            let unsent = cell.borrow().unsent(channel);
            let of = road.receipts.iter().filter(|receipt| receipt.channel == channel);
            let gone = of.filter(|receipt| unsent.is_none_or(|oldest| receipt.sequence < oldest)).count();
            assert_eq!(
                gone,
                pulses_of(&road.line.sent, colour),
                "{end:?} after {after} ms, channel {channel}"
            );
            named += usize::from(unsent.is_some());
        }
    }
    assert!(named > 40, "{named}");
}

/// REQ-APP-322: a device that repeats was sent nothing before it was started, and makes its pulses itself from then on.
#[test]
fn a_device_that_repeats_says_whether_it_was_started() {
    let channels = session_channels(1, setting(20_000, 250), 0);
    let checked = checked_on(&channels, &rs2::hardware(1).unwrap());
    for silent in [true, false] {
        let session = rs2::Session::new(rs2::Timing::default());
        let (cell, clock) = (RefCell::new(session), PacedClock::following(50_000));
        let mut states = [ChannelState::new(); 1];
        let mut road = on(&cell, SimRehaStim2::new(), &checked, &mut states, &clock);
        road.line.device.fault = silent.then_some(RehaStimFault::Silent);
        road.stim.start().unwrap();
        let ended = road.run(1_500);
        road.keep();
        let first = road.receipts[0].sequence;
        assert!(road.receipts.len() > 2);
        assert_eq!((ended.is_err(), cell.borrow().unsent(0)), (silent, silent.then_some(first)));
    }
}
