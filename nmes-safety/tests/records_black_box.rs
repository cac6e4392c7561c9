//! The black box as bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::{Rig, armed, pulse};
use nmes_safety::records::*;
use nmes_safety::{BLACK_BOX_ENTRIES, BlackBox, Crc32, Response, Trip, rules};

fn boxed(trips: usize) -> BlackBox {
    let checked = Rig::default().checked();
    let mut black_box = BlackBox::new();
    for n in 0..u64::try_from(trips).unwrap() {
        let mut guard = armed(checked, 0);
        let trip = match n % 2 {
            0 => guard.report_output_failure(n),
            _ => guard.admit(n, &pulse(checked, 0, 5_000)).unwrap_err(),
        };
        black_box.record(trip);
    }
    black_box
}

/// REQ-SAF-308: the fields of the black box and of its entries stand where docs/records.md says, byte by byte.
#[test]
fn black_box_layout() {
    let live = boxed(BLACK_BOX_ENTRIES + 3);
    let bytes = StoredBlackBox::from(&live).of_session(16_000_000, 7).encode();
    assert_eq!(bytes.len(), 664);
    assert_eq!(
        (&bytes[..4], &bytes[4..8], &bytes[8..12]),
        (&b"NMBB"[..], &[2, 8, 0, 0][..], &[3, 0, 0, 0][..])
    );
    assert_eq!(bytes[12..20], [0, 0x24, 0xF4, 0, 7, 0, 0, 0]);
    for (n, trip) in live.entries().enumerate() {
        let entry = &bytes[20 + n * 80..][..80];
        let fault = if n % 2 == 0 { 34 } else { 7 };
        assert_eq!(entry[..8], [fault, 4, trip.channel.unwrap_or(0xFF), 0, 0, 0, 0, 0], "{trip:?}");
        assert_eq!(
            (&entry[8..16], &entry[16..24]),
            (&trip.value.to_le_bytes()[..], &trip.limit.to_le_bytes()[..])
        );
        assert_eq!(entry[24..32], trip.at_tick.to_le_bytes());
        let filled = |text: &str, len: usize| [text.as_bytes(), &vec![0; len - text.len()]].concat();
        assert_eq!(
            (entry[32..48].to_vec(), entry[48..].to_vec()),
            (filled(trip.rule, 16), filled(trip.unit, 32))
        );
    }
    assert_eq!(bytes[660..], Crc32::of(&bytes[..660]).to_le_bytes());
    let one = StoredBlackBox::from(&boxed(1)).encode();
    assert_eq!((one[5], &one[8..12], one[100..660].iter().all(|byte| *byte == 0)), (1, &[0; 4][..], true));
}

/// REQ-SAF-308: the black box comes back with fault, response, value, limit, time, rule and unit, in its order.
#[test]
fn black_box_comes_back() {
    for trips in 0..=BLACK_BOX_ENTRIES + 2 {
        let live = boxed(trips);
        let session = u32::try_from(trips).unwrap();
        let bytes = StoredBlackBox::from(&live).of_session(16_000_000, session).encode();
        let stored = StoredBlackBox::decode(&bytes).unwrap();
        assert_eq!((stored.ticks_per_second(), stored.session()), (16_000_000, session));
        assert_eq!((&bytes[12..16], &bytes[16..20]), (&[0, 0x24, 0xF4, 0][..], &session.to_le_bytes()[..]));
        assert_eq!(stored.entries().count(), trips.min(BLACK_BOX_ENTRIES));
        assert_eq!(stored.later(), live.later());
        for (kept, trip) in stored.entries().zip(live.entries()) {
            assert_eq!((kept.fault, kept.response, kept.channel), (trip.fault, trip.response, trip.channel));
            assert_eq!((kept.value, kept.limit, kept.at_tick), (trip.value, trip.limit, trip.at_tick));
            assert_eq!((kept.rule.as_str(), kept.unit.as_str()), (trip.rule, trip.unit));
            assert_eq!(kept.table_rule(), trip.table_rule());
        }
        for at in 0..BLACK_BOX_BYTES {
            let mut damaged = bytes;
            damaged[at] ^= 0x10;
            assert!(StoredBlackBox::decode(&damaged).is_err(), "byte {at}");
        }
    }
    assert!(rules::ALL.iter().all(|rule| Word::<16>::of(rule.id).as_str() == rule.id));
    assert_eq!(Word::<4>::of("ab\u{2030}").as_str(), "ab", "whole characters");
}

/// REQ-SAF-625: faults that do not end output take no more than half of the entries, those that end it by a ramp leave the last
/// one to a fault that opens it at once, and what finds no room is counted; the order is that in which they came.
#[test]
fn what_ended_output_is_kept() {
    let ends = armed(Rig::default().checked(), 0).report_output_failure(1_000);
    let mut log = BlackBox::new();
    let mut say = |at_tick, response| {
        log.record(changed(ends, |trip| (trip.response, trip.at_tick) = (response, at_tick)))
    };
    (0..10).for_each(|n| say(n, if n % 2 == 0 { Response::ProbeLevel } else { Response::Warn }));
    (10..20).for_each(|n| say(n, Response::RampDown));
    (20..24).for_each(|n| say(n, Response::OpenNow));
    let kept: Vec<u64> = log.entries().map(|trip| trip.at_tick).collect();
    assert_eq!((kept, log.later()), (vec![0, 1, 2, 3, 10, 11, 12, 20], 24 - 8));
    let stored = StoredBlackBox::from(&log);
    assert_eq!(StoredBlackBox::decode(&stored.encode()), Ok(stored));
    // half of the entries used, and faults that found no room
    let mut half = BlackBox::new();
    (0..9).for_each(|_| half.record(changed(ends, |trip| trip.response = Response::ProbeLevel)));
    let bytes = StoredBlackBox::from(&half).encode();
    assert_eq!((bytes[5], bytes[8]), (4, 5));
    assert!(StoredBlackBox::decode(&bytes).is_ok());
    let mut fewer = BlackBox::new();
    (0..3).for_each(|_| fewer.record(ends));
    let mut bytes = StoredBlackBox::from(&fewer).encode();
    bytes[8] = 1;
    assert_eq!(StoredBlackBox::decode(&sealed(bytes)), Err(DecodeError::Field { name: "later" }));
}

fn changed(mut trip: Trip, change: impl FnOnce(&mut Trip)) -> Trip {
    change(&mut trip);
    trip
}

fn sealed(mut bytes: [u8; BLACK_BOX_BYTES]) -> [u8; BLACK_BOX_BYTES] {
    let crc = Crc32::of(&bytes[..BLACK_BOX_BYTES - 4]).to_le_bytes();
    bytes[BLACK_BOX_BYTES - 4..].copy_from_slice(&crc);
    bytes
}

/// REQ-SAF-626: a stored fault is of one of eight channels, of all, or of a number that no channel has; 255 as a channel's number
/// does not read as all.
#[test]
fn channels_of_stored_faults() {
    let trip = armed(Rig::default().checked(), 0).report_output_failure(1);
    let stored = |channel| {
        let mut log = BlackBox::new();
        log.record(changed(trip, |trip| trip.channel = channel));
        StoredBlackBox::from(&log).encode()
    };
    for (channel, byte) in [(None, 0xFF), (Some(0), 0), (Some(7), 7), (Some(8), 0xFE), (Some(255), 0xFE)] {
        let bytes = stored(channel);
        assert_eq!(bytes[22], byte, "{channel:?}");
        let back = StoredBlackBox::decode(&bytes).unwrap().entries().next().unwrap().channel;
        assert_eq!(back, channel.map(|_| byte), "{channel:?}");
    }
    for byte in [8, 200, 0xFD] {
        let mut bytes = stored(Some(0));
        bytes[22] = byte;
        assert_eq!(StoredBlackBox::decode(&sealed(bytes)), Err(DecodeError::Field { name: "channel" }));
    }
}
