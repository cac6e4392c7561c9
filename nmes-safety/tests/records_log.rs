//! The delivered log as bytes, for other languages too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

use nmes_core::*;
use nmes_safety::Crc32;
use nmes_safety::records::*;

/// A session's log as the document's example has it: one channel, three pulses, one of them cut, the last one damaged.
fn log() -> Vec<u8> {
    let hardware = Hardware::new(
        HardwareTiming::ideal(1_000_000),
        &[ChannelHardware::symmetric(100_000, -2_048, 2_047)],
        7,
    );
    let channel = ChannelRecord::of(&hardware.unwrap(), 0, 0x1234_5678, 42).unwrap();
    let pulse = PulseReceipt {
        channel: 0,
        sequence: 1,
        kind: FrameKind::Pulse,
        onset_tick: 5_000_000_000,
        end_tick: 5_000_000_700,
        setting: Setting::new(40_000, 300).unwrap(),
        code: -400,
        primary_ticks: 300,
        primary_charge: Charge::of(-40_000_000, 300).unwrap(),
        repeats: 1,
        ledger: Charge::from_nanoamp_ticks(-5),
        deferred_ticks: 12,
        full_level: true,
        cut: false,
    };
    let cut = PulseReceipt { sequence: 2, cut: true, deferred_ticks: 0, ..pulse };
    let mut bytes = channel.encode().to_vec();
    bytes.extend(PulseRecord::of(&pulse).with_measured(-39_800, -21_300).with_trigger(3).encode());
    bytes.extend(PulseRecord::of(&cut).with_flags(LogFlags::FAULT).encode());
    bytes.extend(PulseRecord::of(&cut).encode());
    *bytes.last_mut().unwrap() ^= 1;
    bytes
}

/// REQ-SAF-306: the fields stand where docs/records.md says, byte by byte.
#[test]
fn log_layout() {
    let bytes = log();
    let (channel, pulse) = (&bytes[..64], &bytes[64..128]);
    assert_eq!(channel[..4], [0xD6, 1, 0, 0]);
    assert_eq!(channel[4..8], 1_000_000_u32.to_le_bytes());
    assert_eq!(channel[8..12], 100_000_u32.to_le_bytes());
    assert_eq!(channel[20..24], 0x1234_5678_u32.to_le_bytes());
    assert_eq!(channel[28..32], 42_u32.to_le_bytes());
    assert_eq!(pulse[..8], [0xD7, 1, 0, 0, 1, 0, 0, 0]);
    assert_eq!(pulse[8..16], 5_000_000_000_u64.to_le_bytes());
    assert_eq!(pulse[16..24], [188, 2, 0, 0, 12, 0, 0, 0]);
    assert_eq!(pulse[24..28], 40_000_u32.to_le_bytes());
    assert_eq!(pulse[28..32], 300_u32.to_le_bytes());
    assert_eq!(pulse[32..36], (-400_i32).to_le_bytes());
    assert_eq!(pulse[36..40], 300_u32.to_le_bytes());
    assert_eq!(pulse[40..48], (-5_i64).to_le_bytes());
    assert_eq!(pulse[48..52], (-39_800_i32).to_le_bytes());
    assert_eq!(pulse[52..56], (-21_300_i32).to_le_bytes());
    assert_eq!(pulse[56..60], [3, 0, 0b0011_1001, 0]);
    assert_eq!(pulse[60..], Crc32::of(&pulse[..60]).to_le_bytes());
    let read: Vec<_> = log_entries(&bytes).collect();
    assert!(
        matches!(read[0], Ok(LogEntry::Channel(entry)) if entry.session == 42 && entry.calibration_crc == 7)
    );
    assert!(matches!(read[3], Err(DecodeError::Checksum { .. })));
}

/// REQ-SAF-632: what was not written yet, all ones or all zeros to the end, is the end of the log; a blank entry before a written one
/// is an entry.
#[test]
fn a_blank_tail_is_the_end() {
    let written = log();
    for (blank, tail) in [(0xFF, 64), (0xFF, 4_096), (0, 64), (0, 130), (0xFF, 6)] {
        let mut bytes = written.clone();
        bytes.extend(vec![blank; tail]);
        assert_eq!(log_entries(&bytes).count(), 4, "{blank} {tail}");
        bytes.extend(&written);
        assert!(log_entries(&bytes).count() > 8, "{blank} {tail}");
    }
    let mut both = [vec![0xFF; 64], vec![0; 64]].concat();
    assert_eq!(log_entries(&both).count(), 0);
    both[127] = 1;
    assert_eq!(log_entries(&both).count(), 2);
}

/// REQ-SAF-307: the Python of docs/records.md reads the log that Rust writes.
#[test]
fn python_reads_the_log() {
    let document = include_str!("../../docs/records.md");
    let script = document.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (program, data) = (folder.join("read_log.py"), folder.join("delivered.log"));
    std::fs::write(&program, script).unwrap();
    let page = [log(), vec![0xFF; 300]].concat(); // REQ-SAF-632: the rest of an erased page
    std::fs::write(&data, page).unwrap();
    let output = match std::process::Command::new("python3").arg(&program).arg(&data).output() {
        Ok(output) => output,
        Err(error) if std::env::var("CI").as_deref() != Ok("true") => {
            eprintln!("python3 did not run ({error}), so the document's program was not tried");
            return;
        }
        Err(error) => panic!("python3: {error}"),
    };
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].contains("session 42") && lines[0].contains("1000000 ticks a second"), "{text}");
    assert!(lines[1].contains("5000.000000 s") && lines[1].contains("-40.000 mA"), "{text}");
    assert!(lines[1].contains("measured -39.800 mA") && lines[1].contains("trigger 3"), "{text}");
    assert!(lines[2].contains("cut") && lines[2].contains("fault"), "{text}");
    assert!(lines[3].contains("damaged"), "{text}");
}
