//! Where records are kept: writings that are cut, damage, somebody else's record, and an EEPROM on its bus.
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
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::i2c::{Mock as I2cMock, Transaction as I2cTx};
use nmes_hal_adapters::sim::SimStore;
use nmes_hal_adapters::*;
use nmes_safety::records::{DOSE_BYTES, DoseRecord, Found, Kept, OffPermit, Slot, SlotError};
use proptest::prelude::*;

fn record(seconds: u32) -> DoseRecord {
    DoseRecord { session_ms: u64::from(seconds) * 1_000, ..DoseRecord::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// REQ-HAL-282: whatever number of writings are cut at whatever byte, `load` finds the newest record that `save`
    /// answered with, or one that was being written after it; never an older one, never garbage.
    #[test]
    fn cut_writings_never_lose_the_record_before(
        cuts in proptest::collection::vec(proptest::option::of(0..=DOSE_BYTES), 1..12),
    ) {
        let mut store = SimStore::new();
        let first = save(&mut store, &Found::Blank, &record(0), OffPermit::before_any_guard()).unwrap();
        let mut sure = first;
        for (cut, number) in cuts.into_iter().zip(1_u32..) {
            let found = load(&mut store).unwrap();
            if let Some(bytes) = cut {
                store.fail_after(bytes);
            }
            let saved = save(&mut store, &found, &record(number), OffPermit::before_any_guard());
            prop_assert_eq!(saved.is_ok(), cut.is_none());
            let Found::Kept(kept) = load(&mut store).unwrap() else { panic!("blank") };
            let is_new = kept.record == record(number);
            prop_assert!(is_new || kept.record == sure.record);
            // a whole writing counts, answered or not; one cut before its checksum does not
            prop_assert!(is_new || cut.is_some_and(|bytes| bytes < DOSE_BYTES));
            prop_assert!(!is_new || cut.is_none_or(|bytes| bytes > DOSE_BYTES - 4));
            sure = kept;
        }
    }

    /// REQ-HAL-282: a flipped bit in the slot that counts brings back the record before, and says so.
    #[test]
    fn a_flipped_bit_is_found(byte in 0..DOSE_BYTES, bit in 0_u8..8) {
        let mut store = SimStore::new();
        let one = save(&mut store, &Found::Blank, &record(1), OffPermit::before_any_guard()).unwrap();
        let two = save(&mut store, &Found::Kept(one), &record(2), OffPermit::before_any_guard()).unwrap();
        store.flip(two.slot, byte, 1 << bit);
        let Found::Kept(kept) = load(&mut store).unwrap() else { panic!("blank") };
        prop_assert_eq!((kept.record, kept.slot), (record(1), one.slot));
        prop_assert!(kept.damaged.is_some());
        store.flip(one.slot, byte, 1 << bit);
        let lost = matches!(load(&mut store), Err(StoreError::Slots(SlotError::Lost { .. })));
        prop_assert!(lost);
    }
}

/// REQ-HAL-432: a record made from what was found before somebody else saved is refused and nothing is written; damage to the other
/// slot alone does not make it stale.
#[test]
fn what_was_found_long_ago_is_refused() {
    let off = OffPermit::before_any_guard;
    let mut store = SimStore::new();
    let one = save(&mut store, &Found::Blank, &record(1), off()).unwrap();
    let two = save(&mut store, &Found::Kept(one), &record(2), off()).unwrap();
    for stale in [Found::Blank, Found::Kept(one)] {
        assert_eq!(save(&mut store, &stale, &record(9), off()), Err(StoreError::Stale));
        assert_eq!((load(&mut store), store.writings()), (Ok(Found::Kept(two)), 2));
    }
    // the same record and number in the other slot are not the same either
    let moved = Found::Kept(Kept { slot: one.slot, ..two });
    assert_eq!(save(&mut store, &moved, &record(9), off()), Err(StoreError::Stale));
    store.flip(one.slot, 30, 1);
    let three = save(&mut store, &Found::Kept(two), &record(3), off()).unwrap();
    assert_eq!(load(&mut store), Ok(Found::Kept(three)));
    assert!(!StoreError::<()>::Stale.to_string().is_empty());
}

/// REQ-HAL-432: nor is the same record, saved twice more by somebody else, what was found: its number differs.
#[test]
fn the_same_record_of_later_is_not_what_was_found() {
    let off = OffPermit::before_any_guard;
    let mut store = SimStore::new();
    let one = save(&mut store, &Found::Blank, &record(1), off()).unwrap();
    let two = save(&mut store, &Found::Kept(one), &record(1), off()).unwrap();
    let three = save(&mut store, &Found::Kept(two), &record(1), off()).unwrap();
    assert_eq!((three.record, three.slot), (one.record, one.slot));
    assert_eq!(save(&mut store, &Found::Kept(one), &record(9), off()), Err(StoreError::Stale));
    assert_eq!((load(&mut store), store.writings()), (Ok(Found::Kept(three)), 3));
}

/// A part of which one address line is broken: both slots are one.
struct OnePlace([u8; DOSE_BYTES]);

impl Store for OnePlace {
    type Error = std::convert::Infallible;
    fn read(&mut self, _slot: Slot) -> Result<[u8; DOSE_BYTES], Self::Error> {
        Ok(self.0)
    }
    fn write(&mut self, write: &nmes_safety::records::SlotWrite<'_>) -> Result<(), Self::Error> {
        self.0 = *write.bytes();
        Ok(())
    }
}

/// REQ-HAL-282, REQ-HAL-433: a memory in which both slots are one place keeps no record beside the one that is written, and says so.
#[test]
fn two_slots_in_one_place_are_found() {
    let off = OffPermit::before_any_guard;
    let mut place = OnePlace([0xFF; DOSE_BYTES]);
    let kept = (0..4).try_fold(Found::Blank, |found, number| {
        save(&mut place, &found, &record(number), off()).map(Found::Kept)
    });
    assert!(kept.is_err(), "{kept:?}");
}

/// REQ-HAL-283: each piece that is written has the part's longest write cycle before the next one.
#[test]
fn each_piece_has_its_write_cycle() {
    struct Waits(u32);
    impl embedded_hal::delay::DelayNs for &mut Waits {
        fn delay_ns(&mut self, ns: u32) {
            self.0 += ns;
        }
    }
    let mut waits = Waits(0);
    let write = nmes_safety::records::first_write(&record(7), OffPermit::before_any_guard());
    let mut bus = I2cMock::new(&eeprom_writes(Slot::A, write.bytes(), 0));
    I2cEeprom::new(&mut bus, &mut waits, 0x50, 0).write(&write).unwrap();
    assert_eq!(waits.0, u32::try_from(DOSE_BYTES.div_ceil(32)).unwrap() * 5_000_000);
    bus.done();
}

/// REQ-HAL-433: what stood in either slot before is not there any more after a store was begun anew.
#[test]
fn nothing_of_before_stays() {
    let off = OffPermit::before_any_guard;
    let mut store = SimStore::new();
    let one = save(&mut store, &Found::Blank, &record(1), off()).unwrap();
    save(&mut store, &Found::Kept(one), &record(2), off()).unwrap();
    let before = [Slot::A, Slot::B].map(|slot| store.read(slot).unwrap());
    let began = begin_anew(&mut store, &record(7), off()).unwrap();
    let after = [Slot::A, Slot::B].map(|slot| store.read(slot).unwrap());
    assert!(after.iter().all(|bytes| !before.contains(bytes)), "{began:?}");
    assert_eq!(began.record, record(7));
}

/// REQ-HAL-433: a store that refuses, because its record is lost or two writings have one number, can be begun anew, and so can
/// one that does not; a part that does not keep what it is given is told.
#[test]
fn a_store_begins_anew() {
    let off = OffPermit::before_any_guard;
    let same_number = || {
        let mut store = SimStore::new();
        store.write(&nmes_safety::records::first_write(&record(1), off())).unwrap();
        let before = Kept { record: record(1), sequence: 0, slot: Slot::A, damaged: None };
        store.write(&nmes_safety::records::next_write(&before, &record(2), off()).unwrap()).unwrap();
        store
    };
    let mut lost = SimStore::new();
    lost.fail_after(40);
    assert!(save(&mut lost, &Found::Blank, &record(1), off()).is_err());
    let mut kept = SimStore::new();
    save(&mut kept, &Found::Blank, &record(1), off()).unwrap();
    assert_eq!(load(&mut same_number()), Err(StoreError::Slots(SlotError::SameNumber { sequence: 1 })));
    for mut store in [same_number(), lost, kept, SimStore::new()] {
        if load(&mut store).is_err() {
            let refused = save(&mut store, &Found::Blank, &record(7), off());
            assert!(matches!(refused, Err(StoreError::Slots(_))), "{refused:?}");
        }
        let began = begin_anew(&mut store, &record(7), off()).unwrap();
        assert_eq!((began.record, load(&mut store)), (record(7), Ok(Found::Kept(began))));
        let next = save(&mut store, &Found::Kept(began), &record(8), off()).unwrap();
        assert_eq!(next.record, record(8));
        store.fail_after(DOSE_BYTES);
        assert!(begin_anew(&mut store, &record(1), off()).is_err(), "the supply failed");
    }
    let mut bytes = *nmes_safety::records::first_write(&record(7), off()).bytes();
    let blank = [0xFF; DOSE_BYTES];
    let mut all = vec![eeprom_read(Slot::A, &blank, 0), eeprom_read(Slot::B, &blank, 0)];
    all.extend(eeprom_writes(Slot::A, &bytes, 0));
    bytes[3] ^= 1;
    all.push(eeprom_read(Slot::A, &bytes, 0));
    let mut bus = I2cMock::new(&all);
    let mut store = I2cEeprom::new(&mut bus, NoopDelay::new(), 0x50, 0);
    assert_eq!(begin_anew(&mut store, &record(7), off()), Err(StoreError::NotKept { slot: Slot::A }));
    bus.done();
}

/// A part that answers as written, for `bytes` at 128 × page.
fn eeprom_writes(slot: Slot, bytes: &[u8; DOSE_BYTES], page: u16) -> Vec<I2cTx> {
    let base = page * 128 + if slot == Slot::A { 0 } else { 128 };
    let piece = |(chunk, at): (&[u8], u16)| I2cTx::write(0x50, [&at.to_be_bytes()[..], chunk].concat());
    bytes.chunks(32).zip((base..).step_by(32)).map(piece).collect()
}

fn eeprom_read(slot: Slot, bytes: &[u8; DOSE_BYTES], page: u16) -> I2cTx {
    let base: u16 = page * 128 + if slot == Slot::A { 0 } else { 128 };
    I2cTx::write_read(0x50, base.to_be_bytes().to_vec(), bytes.to_vec())
}

/// REQ-HAL-283: the EEPROM is written in pieces that no page boundary splits, read back, and every bus error at every
/// transaction is told, with nothing sent after it.
#[test]
fn an_eeprom_is_written_in_pages() {
    let blank = [0xFF; DOSE_BYTES];
    let bytes = *nmes_safety::records::first_write(&record(7), OffPermit::before_any_guard()).bytes();
    for page in [0_u16, 3, 255] {
        let mut all = vec![eeprom_read(Slot::A, &blank, page), eeprom_read(Slot::B, &blank, page)];
        all.extend(eeprom_writes(Slot::A, &bytes, page));
        all.extend([
            eeprom_read(Slot::A, &bytes, page),
            eeprom_read(Slot::A, &bytes, page),
            eeprom_read(Slot::B, &blank, page),
        ]);
        let mut bus = I2cMock::new(&all);
        let mut store = I2cEeprom::new(&mut bus, NoopDelay::new(), 0x50, u8::try_from(page).unwrap());
        let kept = save(&mut store, &Found::Blank, &record(7), OffPermit::before_any_guard()).unwrap();
        assert_eq!((kept.slot, kept.record), (Slot::A, record(7)));
        bus.done();
        for k in 0..all.len() {
            let error = embedded_hal::i2c::ErrorKind::Bus;
            let mut upto = all[..=k].to_vec();
            upto[k] = upto[k].clone().with_error(error);
            let mut bus = I2cMock::new(&upto);
            let mut store = I2cEeprom::new(&mut bus, NoopDelay::new(), 0x50, u8::try_from(page).unwrap());
            let saved = save(&mut store, &Found::Blank, &record(7), OffPermit::before_any_guard());
            assert_eq!(saved, Err(StoreError::Memory(error)), "transaction {k}");
            bus.done();
        }
    }
    // a part that does not keep what it is given
    let mut damaged = bytes;
    damaged[50] ^= 1;
    let mut all = vec![eeprom_read(Slot::A, &blank, 0), eeprom_read(Slot::B, &blank, 0)];
    all.extend(eeprom_writes(Slot::A, &bytes, 0));
    all.push(eeprom_read(Slot::A, &damaged, 0));
    let mut bus = I2cMock::new(&all);
    let mut store = I2cEeprom::new(&mut bus, NoopDelay::new(), 0x50, 0);
    let saved = save(&mut store, &Found::Blank, &record(7), OffPermit::before_any_guard());
    assert_eq!(saved, Err(StoreError::NotKept { slot: Slot::A }));
    bus.done();
}
