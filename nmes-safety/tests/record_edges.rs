//! Edges of the fields of stored records, and what faults say.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::{Rig, armed, ready};
use nmes_core::*;
use nmes_safety::records::*;
use nmes_safety::{BlackBox, Trip, rules};

/// An output that fails, and a host that is silent for more than a second.
fn trips() -> [Trip; 2] {
    let checked = Rig::default().checked();
    let failed = armed(checked, 0).report_output_failure(7);
    let (mut guard, now) = ready(checked);
    [failed, guard.tick(now + 1_000_001).unwrap_err()]
}

/// REQ-SAF-534: a fault says where, what, how much against how much, by which rule of which source, and when.
#[test]
fn a_fault_says_what_it_is() {
    let [failed, silent] = trips();
    let text = format!("{} ({}; {}) at tick 7", failed.fault, failed.rule, failed.source);
    assert_eq!(failed.to_string(), text);
    let Trip { fault, value, limit, unit, rule, source, at_tick, .. } = silent;
    let text = format!("{fault}: {value} against {limit} {unit} ({rule}; {source}) at tick {at_tick}");
    assert_eq!((silent.to_string(), unit.is_empty()), (text.clone(), false));
    let mut placed = silent;
    placed.channel = Some(3);
    assert_eq!(placed.to_string(), format!("channel 3: {text}"));
}

/// REQ-SAF-534: a stored rule is found in the table, and another name is not; a word reads and is padded as text.
#[test]
fn stored_words() {
    let mut black_box = BlackBox::new();
    black_box.record(trips()[0]);
    let mut stored = *StoredBlackBox::from(&black_box).entries().next().unwrap();
    assert_eq!(stored.table_rule(), None, "a failed output is no rule's");
    for rule in rules::ALL {
        stored.rule = Word::of(rule.id);
        assert_eq!(stored.table_rule(), Some(rule));
    }
    assert_eq!(format!("[{:>6}] {}", Word::<8>::of("E-1"), Word::<8>::of("µC")), "[   E-1] µC");
    assert_eq!(format!("{:?}", Word::<8>::of("E-1")), "\"E-1\"");
}

/// REQ-SAF-535: the flags of a pulse are the ten lowest bits, one each; set twice is set.
#[test]
fn flags_are_bits() {
    for bit in 0..16 {
        let flag = LogFlags::from_bits(1 << bit);
        assert_eq!(flag.is_some(), bit < 10, "bit {bit}");
        let Some(flag) = flag else { continue };
        assert_eq!((flag | flag).bits(), 1 << bit);
        assert_eq!((flag | LogFlags::SATURATED).bits(), 1 << bit | 1 << 9);
    }
    assert_eq!((LogFlags::FAULT.bits(), LogFlags::SATURATED.bits()), (1 << 8, 1 << 9));
}

/// REQ-SAF-535: the largest number that a field of the log holds is not marked, and one more is.
#[test]
fn saturation_begins_one_past_the_field() {
    let receipt = |length, deferred_ticks| PulseReceipt {
        channel: 0,
        sequence: 0,
        kind: FrameKind::Pulse,
        onset_tick: 0,
        end_tick: length,
        setting: Setting::ZERO,
        code: 0,
        primary_ticks: 0,
        primary_charge: Charge::ZERO,
        repeats: 1,
        ledger: Charge::ZERO,
        deferred_ticks,
        full_level: false,
        cut: false,
    };
    let most = u64::from(u32::MAX);
    for (length, deferred, is) in [(most, most, false), (most + 1, 0, true), (0, most + 1, true)] {
        let record = PulseRecord::of(&receipt(length, deferred));
        assert_eq!(record.flags.has(LogFlags::SATURATED), is, "{length} {deferred}");
        assert_eq!(record.flags.has(LogFlags::DEFERRED), deferred > 0, "{length} {deferred}");
    }
}

/// REQ-SAF-301: the last channel is read back, and the one past it is refused by name.
#[test]
fn the_channel_past_the_last() {
    let channels = u8::try_from(nmes_core::MAX_CHANNELS).unwrap();
    let of = |channel| ChannelRecord {
        channel,
        ticks_per_second: 1_000_000,
        na_per_code_positive: 1_000,
        na_per_code_negative: 1_000,
        offset_na: 0,
        limits_crc: 0,
        calibration_crc: 0,
        session: 1,
    };
    assert_eq!(ChannelRecord::decode(&of(channels - 1).encode()), Ok(of(channels - 1)));
    assert!(ChannelRecord::decode(&of(channels).encode()).is_err());
    let stopped = ChannelRecord { ticks_per_second: 0, ..of(0) };
    let named = Err(DecodeError::Field { name: "ticks_per_second" });
    assert_eq!(ChannelRecord::decode(&stopped.encode()), named, "a clock that stands still");
}

/// A pulse of which nothing special is said.
fn plain() -> PulseRecord {
    PulseRecord {
        channel: 0,
        kind: FrameKind::Pulse,
        sequence: 1,
        onset_tick: 2,
        length_ticks: 3,
        deferred_ticks: 0,
        set: Setting::new(1_000, 300).unwrap(),
        code: 10,
        primary_ticks: 300,
        ledger: 0,
        measured_ua: 0,
        measured_mv: 0,
        trigger: 0,
        flags: LogFlags::NONE,
    }
}

/// REQ-SAF-301: fields of a pulse that say the same thing say the same: each of them alone is refused by name.
#[test]
fn fields_that_disagree() {
    let channels = u8::try_from(nmes_core::MAX_CHANNELS).unwrap();
    let refused = [
        ("channel", PulseRecord { channel: channels, ..plain() }),
        ("measured", PulseRecord { measured_ua: 1, ..plain() }),
        ("measured", PulseRecord { measured_mv: -1, ..plain() }),
        ("trigger", PulseRecord { trigger: 1, ..plain() }),
        ("deferred_ticks", PulseRecord { deferred_ticks: 1, ..plain() }),
        ("deferred_ticks", PulseRecord { flags: LogFlags::DEFERRED, ..plain() }),
        ("kind", PulseRecord { kind: FrameKind::Trim, ..plain() }),
        ("kind", PulseRecord { flags: LogFlags::REPAYMENT, ..plain() }),
    ];
    for (name, record) in refused {
        assert_eq!(PulseRecord::decode(&record.encode()), Err(DecodeError::Field { name }), "{record:?}");
    }
    let legal = [
        plain(),
        PulseRecord { channel: channels - 1, ..plain() },
        PulseRecord { deferred_ticks: 1, flags: LogFlags::DEFERRED, ..plain() },
        PulseRecord { kind: FrameKind::Recover, flags: LogFlags::REPAYMENT, ..plain() },
        plain().with_measured(1, -1).with_trigger(1),
    ];
    for record in legal {
        assert_eq!(PulseRecord::decode(&record.encode()), Ok(record));
    }
}

/// REQ-SAF-306: each flag of the delivered log is a bit of its own, where docs/records.md has it.
#[test]
fn flags_stand_where_they_are_documented() {
    let flags = [
        LogFlags::FULL_LEVEL,
        LogFlags::CUT,
        LogFlags::REPAYMENT,
        LogFlags::DEFERRED,
        LogFlags::MEASURED,
        LogFlags::TRIGGERED,
        LogFlags::PROBE_LEVEL,
        LogFlags::WARNING,
        LogFlags::FAULT,
        LogFlags::SATURATED,
    ];
    assert_eq!(flags.map(LogFlags::bits), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    assert_eq!(LogFlags::NONE.bits(), 0);
}

/// REQ-SAF-306: flags that are added stand beside those of the receipt.
#[test]
fn flags_are_added() {
    let cut = PulseReceipt {
        channel: 0,
        sequence: 1,
        kind: FrameKind::Pulse,
        onset_tick: 0,
        end_tick: 700,
        setting: Setting::new(40_000, 300).unwrap(),
        code: 400,
        primary_ticks: 300,
        primary_charge: Charge::of(40_000_000, 300).unwrap(),
        repeats: 1,
        ledger: Charge::ZERO,
        deferred_ticks: 0,
        full_level: true,
        cut: true,
    };
    let flags = |record: PulseRecord| record.flags.bits();
    let (own, fault) = (LogFlags::FULL_LEVEL.bits() | LogFlags::CUT.bits(), LogFlags::FAULT.bits());
    assert_eq!(flags(PulseRecord::of(&cut)), own);
    assert_eq!(flags(PulseRecord::of(&cut).with_flags(LogFlags::FAULT)), own | fault);
}
