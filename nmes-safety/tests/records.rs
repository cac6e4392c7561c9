//! Records as bytes: what comes back, what is refused, and the dose of a session.
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

use guard_support::{Rig, armed, play, pulse, ready};
use nmes_core::*;
use nmes_safety::records::*;
use nmes_safety::{Crc32, Event, Guard, State};
use proptest::prelude::*;

fn dose() -> impl Strategy<Value = DoseRecord> {
    let counts = (any::<u32>(), any::<u16>(), any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>());
    // as they come: completed at most begun, faulted at most the rest
    let sums = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    (counts, sums, proptest::array::uniform8(0..=1_000_000_u32)).prop_map(|(counts, sums, levels)| {
        DoseRecord {
            limits_crc: counts.0,
            stage: counts.1,
            stage_sessions: counts.2.min(counts.4.min(counts.3)),
            begun: counts.3,
            completed: counts.4.min(counts.3),
            faulted: counts.5.min(counts.3 - counts.4.min(counts.3)),
            session_ms: sums.0,
            pulses: sums.1,
            pulse_us: sums.2,
            charge_uc: sums.3,
            last_level: levels.map(|ua| MicroAmps::from_microamps(ua).unwrap()),
        }
    })
}

fn receipt() -> impl Strategy<Value = PulseReceipt> {
    let kind = prop_oneof![Just(FrameKind::Pulse), Just(FrameKind::Trim), Just(FrameKind::Recover)];
    let ticks = (any::<u64>(), any::<u64>(), 0..3_u64 << 31);
    let set = (0..=1_000_000_u32, 0..=10_000_000_u32);
    (kind, ticks, set, any::<(u32, i32, u32, i64, i64, bool, bool)>(), 0..8_u8).prop_map(
        |(kind, (onset, length, deferred), (ua, us), rest, channel)| PulseReceipt {
            channel,
            sequence: rest.0,
            kind,
            onset_tick: onset,
            end_tick: onset.saturating_add(length >> 20),
            setting: Setting::new(ua, us).unwrap(),
            code: rest.1,
            primary_ticks: rest.2,
            primary_charge: Charge::from_nanoamp_ticks(rest.3),
            repeats: 1,
            ledger: Charge::from_nanoamp_ticks(rest.4),
            deferred_ticks: deferred,
            full_level: rest.5,
            cut: rest.6,
        },
    )
}

fn slot(record: &DoseRecord, sequence: u32) -> [u8; DOSE_BYTES] {
    let kept = Kept { record: *record, sequence: sequence - 1, slot: Slot::B, damaged: None };
    if sequence == 1 {
        return *first_write(record, OffPermit::before_any_guard()).bytes();
    }
    *next_write(&kept, record, OffPermit::before_any_guard()).unwrap().bytes()
}

fn kept(a: &[u8], b: &[u8]) -> Kept {
    match choose(a, b) {
        Ok(Found::Kept(kept)) => kept,
        other => panic!("{other:?}"),
    }
}

/// What stands at a byte while it is written.
#[derive(Clone, Copy, Debug)]
enum Memory {
    /// Bytes are replaced one after another.
    Overwritten,
    /// The slot is erased to ones first.
    Erased,
}

impl Memory {
    /// The slot after `cut` bytes of a writing and one that was only half written.
    fn cut_at(self, old: &[u8], new: &[u8], cut: usize, half: u8) -> Vec<u8> {
        let mut slot = match self {
            Self::Overwritten => old.to_vec(),
            Self::Erased => vec![0xFF; new.len()],
        };
        slot[..cut].copy_from_slice(&new[..cut]);
        if let Some(byte) = slot.get_mut(cut) {
            *byte = half;
        }
        slot
    }
}

proptest! {
    /// REQ-SAF-300: every record comes back as it went, and every accepted array of bytes is the one its record makes.
    #[test]
    fn records_come_back(record in dose(), sequence in 1..=u32::MAX) {
        let bytes = slot(&record, sequence);
        prop_assert_eq!(DoseRecord::decode(&bytes), Ok((record, sequence)));
    }

    /// REQ-SAF-306: what a receipt, a measurement and a trigger say comes back, with its flags.
    #[test]
    fn pulses_come_back(receipt in receipt(), measured in any::<Option<(i32, i32)>>(), opening in any::<Option<u16>>()) {
        let mut record = PulseRecord::of(&receipt);
        if let Some((ua, mv)) = measured {
            record = record.with_measured(ua, mv);
        }
        if let Some(opening) = opening {
            record = record.with_trigger(opening);
        }
        let bytes = record.encode();
        prop_assert_eq!(LogEntry::decode(&bytes), Ok(LogEntry::Pulse(record)));
        prop_assert_eq!(record.flags.has(LogFlags::MEASURED), measured.is_some());
        prop_assert_eq!(record.flags.has(LogFlags::TRIGGERED), opening.is_some());
        prop_assert_eq!(record.flags.has(LogFlags::CUT), receipt.cut);
        let saturated = receipt.deferred_ticks > u64::from(u32::MAX) || receipt.end_tick - receipt.onset_tick > u64::from(u32::MAX);
        prop_assert_eq!(record.flags.has(LogFlags::SATURATED), saturated);
    }

    /// REQ-SAF-302: wherever the supply fails while a slot is written, the last good record is what is read: the one
    /// before, or the new one once its last byte stands. In both kinds of memory, with any half-written byte, whichever
    /// slot is next.
    #[test]
    fn power_fails_at_every_byte(
        older in dose(), old in dose(), new in dose(), sequence in 2..u32::MAX, half in any::<u8>(), swap in any::<bool>(),
        erased in any::<bool>(),
    ) {
        let memory = if erased { Memory::Erased } else { Memory::Overwritten };
        let (stale, good) = (slot(&older, sequence - 1), slot(&old, sequence));
        let written = slot(&new, sequence + 1);
        for cut in 0..=DOSE_BYTES {
            let torn = memory.cut_at(&stale, &written, cut, half);
            let found = if swap { kept(&good, &torn) } else { kept(&torn, &good) };
            if torn == written {
                prop_assert_eq!((found.record, found.sequence), (new, sequence + 1));
            } else {
                prop_assert_eq!((found.record, found.sequence), (old, sequence), "cut at {}", cut);
            }
        }
    }

    /// REQ-SAF-301: bytes of anything are refused with a reason; with a right checksum too, unless they are a record.
    #[test]
    fn hostile_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..700), which in 0..5_u8) {
        let (length, magic): (usize, &[u8]) = match which {
            0 => (DOSE_BYTES, b"NMDS\x01\x00"),
            1 => (LOG_BYTES, b"\xD7\x01\x00\x00"),
            2 => (LOG_BYTES, b"\xD6\x01\x00\x00"),
            3 => (BLACK_BOX_BYTES, b"NMBB\x02\x02\x00\x00\x00\x00\x00\x00"),
            _ => (0, b""),
        };
        if length > 0 {
            bytes.resize(length, 0);
            bytes[..magic.len()].copy_from_slice(magic);
            let crc = Crc32::of(&bytes[..length - 4]);
            bytes[length - 4..].copy_from_slice(&crc.to_le_bytes());
        }
        if let Ok((record, sequence)) = DoseRecord::decode(&bytes) {
            prop_assert_eq!(slot(&record, sequence).to_vec(), bytes.clone());
        }
        match LogEntry::decode(&bytes) {
            Ok(LogEntry::Pulse(entry)) => prop_assert_eq!(entry.encode().to_vec(), bytes.clone()),
            Ok(LogEntry::Channel(entry)) => prop_assert_eq!(entry.encode().to_vec(), bytes.clone()),
            Err(_) => {}
        }
        if let Ok(stored) = StoredBlackBox::decode(&bytes) {
            prop_assert_eq!(stored.encode().to_vec(), bytes.clone());
        }
        let read = log_entries(&bytes).count();
        let blank = |entry: &&[u8]| entry.iter().all(|&b| b == 0) || entry.iter().all(|&b| b == 0xFF);
        let tail = bytes.chunks(LOG_BYTES).rev().take_while(blank).count();
        prop_assert_eq!(read, bytes.len().div_ceil(LOG_BYTES) - tail);
        let _ = choose(&bytes, &bytes);
    }

    /// REQ-SAF-301: one changed bit anywhere is found.
    #[test]
    fn one_bit(record in dose(), receipt in receipt(), at in 0..DOSE_BYTES, bit in 0..8_u8) {
        let mut bytes = slot(&record, 7);
        bytes[at] ^= 1 << bit;
        prop_assert!(DoseRecord::decode(&bytes).is_err());
        let mut entry = PulseRecord::of(&receipt).encode();
        entry[at % LOG_BYTES] ^= 1 << bit;
        prop_assert!(LogEntry::decode(&entry).is_err());
    }
}

/// REQ-SAF-301: each refusal by its name.
#[test]
fn refusals() {
    let good = slot(&DoseRecord::default(), 3);
    let with = |at: usize, value: u8, sealed: bool| {
        let mut bytes = good;
        bytes[at] = value;
        if sealed {
            let crc = Crc32::of(&bytes[..DOSE_BYTES - 4]);
            bytes[DOSE_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        }
        DoseRecord::decode(&bytes).unwrap_err()
    };
    assert_eq!(DoseRecord::decode(&good[1..]), Err(DecodeError::Length { expected: 100, found: 99 }));
    assert_eq!(DoseRecord::decode(&[0; DOSE_BYTES]), Err(DecodeError::Blank));
    assert_eq!(DoseRecord::decode(&[0xFF; DOSE_BYTES]), Err(DecodeError::Blank));
    assert_eq!(with(0, b'X', true), DecodeError::Magic);
    assert_eq!(with(4, 2, true), DecodeError::Version { found: 2 });
    assert!(matches!(with(4, 2, false), DecodeError::Checksum { .. }), "damage is no version");
    assert!(matches!(with(20, 1, false), DecodeError::Checksum { stored, computed } if stored != computed));
    assert_eq!(with(5, 1, true), DecodeError::Field { name: "reserved" });
    assert_eq!(with(8, 0, true), DecodeError::Field { name: "sequence" });
    assert_eq!(with(20, 1, true), DecodeError::Field { name: "completed" }, "more completed than begun");
    assert_eq!(with(24, 1, true), DecodeError::Field { name: "faulted" });
    assert_eq!(with(67, 1, true), DecodeError::Field { name: "last_level" }, "16.8 A");
    for error in [with(0, 1, true), with(4, 9, true), with(20, 1, false), with(5, 1, true)] {
        assert!(!error.to_string().is_empty());
    }
}

/// REQ-SAF-628: a session that is cut counts as begun: the record written before arming names it, and the next one has another
/// number.
#[test]
fn a_session_that_is_cut_was_begun() {
    let mut record = DoseRecord::default();
    for session in 1..=3 {
        // written before arming; then the battery is pulled
        record = DoseRecord::decode(&slot(&record.opened(), session)).unwrap().0;
        assert_eq!(record.begun, session);
    }
    let record = DoseMeter::new(1_000_000).close(&record.opened(), 0, SessionEnd::Completed);
    assert_eq!((record.begun, record.completed, record.faulted), (4, 1, 0), "three were cut");
    assert_eq!(DoseRecord { begun: u32::MAX, ..record }.opened().begun, u32::MAX);
}

/// REQ-SAF-629: more sessions ended than begun, or more of a stage than completed, is no record; where the count of those begun is
/// full it may be.
#[test]
fn counts_that_cannot_be() {
    let decoded = |begun, completed, faulted, stage_sessions| {
        let record = DoseRecord { begun, completed, faulted, stage_sessions, ..DoseRecord::default() };
        DoseRecord::decode(&slot(&record, 1)).map(|(back, _)| assert_eq!(back, record))
    };
    let field = |name| Err(DecodeError::Field { name });
    assert_eq!(decoded(1, 1, 0, 1), Ok(()));
    assert_eq!(decoded(2, 1, 1, 1), Ok(()));
    assert_eq!(decoded(1, 1, 1, 1), field("faulted"));
    assert_eq!(decoded(1, 2, 0, 0), field("completed"));
    assert_eq!(decoded(1, 0, 2, 0), field("faulted"));
    assert_eq!(decoded(9, 1, 1, 2), field("stage_sessions"));
    assert_eq!(decoded(9, 1, 1, 77), field("stage_sessions"));
    assert_eq!(decoded(u32::MAX, u32::MAX, 1, 1), Ok(()));
    assert_eq!(decoded(u32::MAX - 1, u32::MAX - 1, 1, 1), field("faulted"));
}

/// REQ-SAF-304: a lost record is not a first start; two different writings of one number are not guessed between.
#[test]
fn lost_is_not_blank() {
    let (one, blank) = (DoseRecord { begun: 9, ..DoseRecord::default() }, [0xFF; DOSE_BYTES]);
    let (second, third) = (slot(&DoseRecord::default(), 2), slot(&one, 3));
    let mut torn = third;
    torn[40] ^= 1;
    assert_eq!(choose(&blank, &[0; DOSE_BYTES]), Ok(Found::Blank));
    assert!(matches!(choose(&torn, &blank), Err(SlotError::Lost { b: DecodeError::Blank, .. })));
    assert!(matches!(choose(&torn, &torn), Err(SlotError::Lost { .. })));
    assert_eq!(choose(&slot(&one, 2), &second), Err(SlotError::SameNumber { sequence: 2 }));
    assert_eq!(kept(&second, &second).slot, Slot::A);
    assert_eq!((kept(&second, &third).slot, kept(&third, &second).slot), (Slot::B, Slot::A));
    let after = kept(&second, &torn);
    assert_eq!((after.sequence, after.slot), (2, Slot::A));
    assert!(matches!(after.damaged, Some(DecodeError::Checksum { .. })));
    assert_eq!(kept(&blank, &second).damaged, None);
    let last = Kept { sequence: u32::MAX, ..after };
    let none = next_write(&last, &one, OffPermit::before_any_guard()).map(|write| write.slot());
    assert_eq!(none.unwrap_err(), SlotError::NumbersUsedUp);
    assert_eq!(next_write(&after, &one, OffPermit::before_any_guard()).unwrap().slot(), Slot::B);
}

/// The slots after both writings, and after the first of them up to a byte.
fn anew(slots: [[u8; DOSE_BYTES]; 2], record: &DoseRecord, cut: Option<usize>) -> Result<Found, SlotError> {
    let [mut a, mut b] = slots;
    for write in anew_writes(&a, &b, record, OffPermit::before_any_guard()) {
        let to = if write.slot() == Slot::A { &mut a } else { &mut b };
        let whole = cut.unwrap_or(DOSE_BYTES);
        *to = [0xFF; DOSE_BYTES];
        to[..whole].copy_from_slice(&write.bytes()[..whole]);
        if cut.is_some() {
            break;
        }
    }
    choose(&a, &b)
}

/// REQ-SAF-630: a whole record of a version that is not known is told as that, whatever stands in the other slot; a damaged one is
/// damage.
#[test]
fn a_newer_record_is_not_damage() {
    let old = DoseRecord { begun: 3, ..DoseRecord::default() };
    let (good, blank) = (slot(&old, 5), [0xFF; DOSE_BYTES]);
    let mut newer = slot(&old, 6);
    newer[4] = 2;
    let torn = newer;
    let crc = Crc32::of(&newer[..DOSE_BYTES - 4]);
    newer[DOSE_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    for (a, b, slot) in [
        (good, newer, Slot::B),
        (newer, good, Slot::A),
        (blank, newer, Slot::B),
        (torn, newer, Slot::B),
        (newer, newer, Slot::A),
    ] {
        assert_eq!(choose(&a, &b), Err(SlotError::Newer { slot, version: 2 }));
        // until its slot is erased, wherever the supply fails
        let new = DoseRecord { stage: 9, ..DoseRecord::default() };
        assert!((0..=DOSE_BYTES).all(|cut| anew([a, b], &new, Some(cut)).is_err()));
        assert!(matches!(anew([a, b], &new, None), Ok(Found::Kept(kept)) if kept.record == new));
    }
    assert_eq!(kept(&good, &torn).sequence, 5, "one that is damaged does not hold up the other");
}

/// REQ-SAF-631: a record begins anew whatever the slots hold, and where that is cut they hold what counted before, are refused, or
/// hold the new one.
#[test]
fn beginning_anew() {
    let one = DoseRecord { begun: 9, ..DoseRecord::default() };
    let two = DoseRecord { begun: 8, ..DoseRecord::default() };
    let new = DoseRecord { stage: 9, ..DoseRecord::default() };
    let blank = [0xFF; DOSE_BYTES];
    for slots in [
        [blank, blank],
        [slot(&one, 4), slot(&two, 3)],
        [slot(&one, 3), slot(&two, 4)],
        [blank, slot(&two, 4)],
        [slot(&one, 4), slot(&two, 4)],
        [slot(&one, u32::MAX), slot(&two, u32::MAX)],
        [slot(&one, u32::MAX), slot(&two, u32::MAX - 1)],
        [[3; DOSE_BYTES], [4; DOSE_BYTES]],
        [[3; DOSE_BYTES], blank],
    ] {
        let before = choose(&slots[0], &slots[1]);
        for cut in 0..=DOSE_BYTES {
            match anew(slots, &new, Some(cut)) {
                Ok(Found::Kept(kept)) if cut < DOSE_BYTES - 4 => {
                    let counted = matches!(before, Ok(Found::Kept(was)) if was.record == kept.record);
                    assert!(counted || matches!(before, Err(SlotError::SameNumber { .. })), "{cut}");
                }
                Ok(Found::Kept(kept)) => assert!([one, two, new].contains(&kept.record), "{cut}"),
                Ok(Found::Blank) => assert!(cut == 0 && before == Ok(Found::Blank), "{cut}"),
                Err(error) => assert!(matches!(error, SlotError::Lost { .. }), "{error} {cut}"),
            }
        }
        let Ok(Found::Kept(kept)) = anew(slots, &new, None) else { panic!("{before:?}") };
        assert_eq!((kept.record, kept.damaged), (new, None));
        assert!(next_write(&kept, &new, OffPermit::before_any_guard()).is_ok());
    }
}

/// REQ-SAF-303: a record is written before arming and after the end, and never while output is on or may begin.
#[test]
fn only_while_off() {
    let checked = Rig::default().checked();
    let mut fresh = nmes_safety::Guard::new(checked, 0);
    assert!(OffPermit::of(&fresh).is_ok(), "self test");
    for (event, off) in [(Event::Passed, true), (Event::Probe, false), (Event::Contact, false)] {
        fresh.handle(0, event).unwrap();
        assert_eq!(OffPermit::of(&fresh).is_ok(), off, "{event:?}");
    }
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now + 100);
    play(&mut guard, &frame).unwrap();
    let refused = OffPermit::of(&guard).unwrap_err();
    assert_eq!((refused.state, refused.channel), (State::Ramping, None));
    guard.handle(now + 1_000, Event::Disarm).unwrap();
    assert!(OffPermit::of(&guard).is_ok(), "idle again");
    let mut faulted = armed(checked, 0);
    faulted.report_output_failure(10);
    assert!(OffPermit::of(&faulted).is_ok(), "a fault that opened everything");
}

/// REQ-SAF-303: idle is not off while the last pulse is still under way.
#[test]
fn not_inside_the_last_pulse() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now + 100);
    guard.admit(now, &frame).unwrap();
    guard.edge(now + 100, &guard_support::change(&frame, 0), None).unwrap();
    guard.handle(now + 100, Event::Disarm).unwrap();
    let refused = OffPermit::of(&guard).unwrap_err();
    assert_eq!((refused.state, refused.channel), (State::Idle, Some(0)));
    assert!(refused.to_string().contains("channel 0"), "{refused}");
    guard.off(now + 200);
    assert!(OffPermit::of(&guard).is_ok());
}

/// REQ-SAF-303: idle is not off while a trim is admitted, and a guard of fewer channels is asked the same.
#[test]
fn not_before_an_admitted_trim() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now + 100);
    guard.admit(now, &frame).unwrap();
    guard.edge(now + 100, &guard_support::change(&frame, 0), None).unwrap();
    guard.off(now + 200);
    guard.handle(now + 300, Event::Disarm).unwrap();
    let segments = [Segment { level: Level::Code(-400), ticks: 100 }];
    let trim = PulseFrame::from_parts(0, FrameKind::Trim, 2, now + 6_000, &segments, Level::Open).unwrap();
    guard.admit(now + 400, &trim).unwrap();
    let refused = OffPermit::of(&guard).unwrap_err();
    assert_eq!((refused.state, refused.channel), (State::Idle, Some(0)));
    for edge in 0..trim.edge_count() {
        guard.edge(trim.edge_tick(edge).unwrap(), &guard_support::change(&trim, edge), None).unwrap();
    }
    assert!(OffPermit::of(&guard).is_ok());
    let small: Guard<'_, 1> = Guard::sized(checked, 0).unwrap();
    assert!(OffPermit::of(&small).is_ok());
}

/// REQ-SAF-305: a dose is what the receipts sum to, rounded up once a session; counts saturate.
#[test]
fn dose_of_a_session() {
    let one = PulseReceipt {
        channel: 0,
        sequence: 0,
        kind: FrameKind::Pulse,
        onset_tick: 1_000,
        end_tick: 1_700,
        setting: Setting::new(40_000, 300).unwrap(),
        code: 400,
        primary_ticks: 300,
        primary_charge: Charge::of(-40_000_000, 300).unwrap(),
        repeats: 1,
        ledger: Charge::ZERO,
        deferred_ticks: 0,
        full_level: true,
        cut: false,
    };
    let trim = PulseReceipt {
        kind: FrameKind::Trim,
        primary_charge: Charge::ZERO,
        repeats: 0,
        end_tick: 1_010,
        ..one
    };
    let mut meter = DoseMeter::new(1_000_000);
    (0..100).for_each(|_| meter.add(&one));
    meter.add(&trim);
    let before = DoseRecord { begun: 4, completed: 3, stage_sessions: 1, ..DoseRecord::default() };
    let opened = before.opened();
    assert_eq!(opened, DoseRecord { begun: 5, ..before }, "nothing else is known before the end");
    let after = meter.close(&opened, 2_500, SessionEnd::Completed);
    assert_eq!((after.pulses, after.charge_uc, after.pulse_us), (100, 1_200, 70_010));
    assert_eq!((after.begun, after.completed, after.faulted, after.stage_sessions), (5, 4, 0, 2));
    let faulted = meter.close(&after.opened(), 100, SessionEnd::Faulted);
    assert_eq!((faulted.begun, faulted.completed, faulted.faulted, faulted.session_ms), (6, 4, 1, 2_600));
    let stopped = meter.close(&after.opened(), 0, SessionEnd::Stopped);
    assert_eq!((stopped.begun, stopped.completed, stopped.faulted), (6, 4, 0));
    let full = DoseRecord { pulses: u64::MAX - 1, charge_uc: u64::MAX, begun: u32::MAX, ..after };
    let full = meter.close(&full.opened(), u64::MAX, SessionEnd::Stopped);
    assert_eq!((full.pulses, full.charge_uc, full.begun), (u64::MAX, u64::MAX, u32::MAX));
    // a session that nobody opened is begun by its end, and the record still reads
    let unopened = DoseRecord { begun: 4, completed: 3, faulted: 1, ..DoseRecord::default() };
    for (end, begun) in [(SessionEnd::Completed, 5), (SessionEnd::Faulted, 5), (SessionEnd::Stopped, 4)] {
        let closed = meter.close(&unopened, 0, end);
        assert_eq!(closed.begun, begun);
        assert_eq!(DoseRecord::decode(&slot(&closed, 2)), Ok((closed, 2)));
    }
    // a third of a microcoulomb is one
    let little = PulseReceipt { primary_charge: Charge::of(1_000_000, 333).unwrap(), ..one };
    let mut small = DoseMeter::new(1_000_000);
    small.add(&little);
    assert_eq!(small.close(&DoseRecord::default(), 0, SessionEnd::Stopped).charge_uc, 1);
}
