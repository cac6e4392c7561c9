//! Frames byte for byte against two independent implementations, and there and back.
//!
//! `tests/oracles/golden.txt` holds some hundred frames of theirs. With `NMES_ORACLE_FRAMES` the frames of that file
//! are compared too; `./ci.sh oracles` makes one. Where a peer is known to differ, it has to: an unlisted difference
//! fails, and so does a listed one that is gone. The list is in `docs/stimulators.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

use nmes_hal_adapters::wire::Refusal;
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use std::collections::BTreeMap;

/// Packet numbers that pyScienceMode XORs without the escape byte before them.
const RS2_BAD_NUMBERS: [u8; 5] = [0x0A, 0x0F, 0x55, 0x81, 0xF0];

/// A line of the file: what is asked, and the peer's frame.
struct Line<'a> {
    device: &'a str,
    number: u8,
    words: Vec<&'a str>,
    frame: Vec<u8>,
}

fn line(text: &str) -> Line<'_> {
    let (asked, hex) = text.split_once(" = ").unwrap();
    let mut words = asked.split(' ');
    let (device, number) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
    let frame = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect();
    Line { device, number, words: words.collect(), frame }
}

fn num<T: std::str::FromStr>(word: &str) -> T {
    word.parse().unwrap_or_else(|_| panic!("no number: {word}"))
}

fn points(word: &str) -> Result<sm4::Points, Refusal> {
    let point = |pair: &str| {
        let (us, ua) = pair.split_once(':').unwrap();
        sm4::Point::new(num(us), num(ua))
    };
    sm4::Points::new(&word.split(',').map(point).collect::<Result<Vec<_>, _>>()?)
}

fn update(words: &[&str]) -> Result<sm4::Update, Refusal> {
    let mut trains = [None; 8];
    for word in words {
        let parts: Vec<&str> = word.split('/').collect();
        let train = sm4::Train::new(num(parts[2]), num(parts[1]), points(parts[3])?)?;
        trains[num::<usize>(parts[0])] = Some(train);
    }
    sm4::Update::new(trains)
}

fn config(words: &[&str], idle: bool) -> Result<sm4::Command, Refusal> {
    let channel = sm4::Channel::from_code(num(words[0])).unwrap();
    let connector = sm4::Connector::from_code(num(words[1])).unwrap();
    let points = if idle { None } else { Some(points(words[2])?) };
    Ok(sm4::Command::LowLevelChannel(sm4::ChannelConfig { channel, connector, points }))
}

fn sm4_command(words: &[&str]) -> Result<sm4::Command, Refusal> {
    use sm4::{Command, Plain};
    Ok(match words[0] {
        "off" => return sm4_command(&words[1..]),
        "ll" => config(&words[1..], false)?,
        "ll-idle" => config(&words[1..], true)?,
        "ml" => Command::MidLevelUpdate(update(&words[1..])?),
        "ml-init" => Command::MidLevelInit { stop_all_on_error: words[1] == "1" },
        "ll-init" => Command::LowLevelInit {
            measurement: sm4::Measurement::from_code(num(words[1])).unwrap(),
            high_voltage: sm4::HighVoltage::from_code(num(words[2])).unwrap(),
        },
        "version" => Command::Plain(Plain::Version),
        "id" => Command::Plain(Plain::DeviceId),
        "status" => Command::Plain(Plain::StimStatus),
        "reset" => Command::Plain(Plain::Reset),
        "current" => Command::Plain(Plain::CurrentData),
        "ml-stop" => Command::Plain(Plain::MidLevelStop),
        "ll-stop" => Command::Plain(Plain::LowLevelStop),
        other => panic!("no command: {other}"),
    })
}

fn rs2_start(words: &[&str]) -> Result<rs2::Command, Refusal> {
    let all = (1_u16 << words.len()) - 1;
    let list = rs2::List::new(u8::try_from(all).unwrap(), 1_025_000)?;
    let pulses: Result<Vec<_>, _> = words
        .iter()
        .map(|word| {
            let parts: Vec<&str> = word.split(':').collect();
            let count = rs2::Count::from_code(num(parts[0])).unwrap();
            rs2::Pulse::new(num(parts[1]), num(parts[2]), count)
        })
        .collect();
    Ok(rs2::Command::StartList(rs2::Start::new(&list, &pulses?)?))
}

fn rs2_command(words: &[&str]) -> Result<rs2::Command, Refusal> {
    use rs2::Command;
    Ok(match words[0] {
        "init-list" => {
            let list = rs2::List::new(num(words[1]), num(words[2]))?.with_gap(num(words[3]))?;
            Command::InitList(list.with_low_frequency(num(words[4]), num(words[5]))?)
        }
        "start" => rs2_start(&words[1..])?,
        "watchdog" => Command::Watchdog,
        "get-mode" => Command::GetMode,
        "stop" => Command::StopList,
        "init-ack" => Command::InitAck(rs2::InitResult::Connected),
        other => panic!("no command: {other}"),
    })
}

/// The known difference that a line is about, if any.
fn known(line: &Line<'_>) -> Option<&'static str> {
    match (line.device, line.words[0]) {
        ("sm4", "off") => Some("sm4: the peer takes what the device does not do"),
        ("sm4", "ll-idle") => Some("sm4: the peer sends points that are not to be put out"),
        ("rs2", _) if RS2_BAD_NUMBERS.contains(&line.number) => Some("rs2: packet number not escaped"),
        ("rs2", "get-mode") => Some("rs2: command 0x0A not escaped"),
        _ => None,
    }
}

fn ours(line: &Line<'_>) -> Result<Vec<u8>, Refusal> {
    let mut out = vec![0; 1_200];
    let length = if line.device == "sm4" {
        let command = sm4_command(&line.words)?;
        let length = command.encode(line.number, &mut out).unwrap();
        let mut decoder = sm4::Decoder::<1_200>::new();
        let found = out[..length].iter().find_map(|&byte| {
            let packet = sm4::Packet::new(decoder.push(byte)?)?;
            Some((packet.number, sm4::Command::decode(&packet)))
        });
        assert_eq!(found, Some((line.number, Ok(command))), "decode(encode)");
        length
    } else {
        let command = rs2_command(&line.words)?;
        let length = command.encode(line.number, &mut out).unwrap();
        let mut decoder = rs2::Decoder::<69>::new();
        let found = out[..length].iter().find_map(|&byte| {
            let packet = rs2::Packet::new(decoder.push(byte)?)?;
            Some((packet.number, rs2::Command::decode(&packet)))
        });
        assert_eq!(found, Some((line.number, Ok(command))), "decode(encode)");
        length
    };
    out.truncate(length);
    Ok(out)
}

/// Compares every line; gives how many were equal or differed as listed.
fn compare(text: &str) -> BTreeMap<&'static str, usize> {
    let mut tally = BTreeMap::new();
    for text in text.lines().filter(|text| !text.starts_with('#')) {
        let line = line(text);
        let made = ours(&line);
        let equal = made.as_ref() == Ok(&line.frame);
        let listed = known(&line);
        let refused = made.is_err() == (line.words[0] == "off");
        assert!(refused, "refusal {made:?}: {text}");
        assert_eq!(equal, listed.is_none(), "listed as {listed:?}, ours {made:02x?}: {text}");
        let equal = if line.device == "sm4" { "sm4: equal" } else { "rs2: equal" };
        *tally.entry(listed.unwrap_or(equal)).or_default() += 1;
    }
    tally
}

/// REQ-HAL-100, REQ-HAL-101, REQ-HAL-102: every golden frame of the peers is ours, or differs as listed; decoded it is
/// what was encoded.
#[test]
fn golden_frames_are_equal() {
    let tally = compare(include_str!("oracles/golden.txt"));
    assert!(tally["sm4: equal"] >= 200 && tally["rs2: equal"] >= 150, "{tally:?}");
    assert_eq!(tally.len(), 6, "each listed difference is in the file: {tally:?}");
}

/// REQ-HAL-100, REQ-HAL-101: the same for fresh frames, where there are some.
#[test]
fn fresh_frames_are_equal() {
    let Ok(path) = std::env::var("NMES_ORACLE_FRAMES") else { return };
    let tally = compare(&std::fs::read_to_string(&path).expect("the file that NMES_ORACLE_FRAMES names"));
    for (what, count) in &tally {
        println!("{what}: {count}");
    }
    assert!(tally["sm4: equal"] >= 10_000 && tally["rs2: equal"] >= 10_000, "{tally:?}");
}

/// REQ-HAL-100: the example frame of the vendor's library.
#[test]
fn the_vendors_example() {
    let words = ["ll", "0", "0", "200:20000,100:0,200:-20000"];
    let mut out = [0; 64];
    let length = sm4_command(&words).unwrap().encode(1, &mut out).unwrap();
    let hex: String = out[..length].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "f08155814c813b81810402820c8550000644b0000c8410000f");
}

/// REQ-HAL-101: sample frames of a third implementation (STD-S36), which does not escape the command 0x0A.
#[test]
fn sample_frames_of_another() {
    let samples = [
        (0, "init-ack", "f0817f8156 00 02 00 0f", true),
        (4, "watchdog", "f0811d8157 04 04 0f", true),
        (1, "get-mode", "f081768157 01 0a 0f", false),
    ];
    for (number, word, hex, equal) in samples {
        let asked = format!("rs2 {number} {word} = {}", hex.replace(' ', ""));
        let line = line(&asked);
        assert_eq!(ours(&line).unwrap() == line.frame, equal, "{word}");
    }
}

/// REQ-HAL-105: what is off a grid is refused with its name, value, limit and source.
#[test]
fn off_the_grid_is_refused() {
    let train = |period, ramp| sm4::Train::new(period, ramp, sm4::Points::symmetric(250, 0, 20_000).unwrap());
    let list = rs2::List::new(0b11, 25_000).unwrap();
    let refusals = [
        (sm4::Point::new(9, 0).map(drop), "width 9 µs: at least 10 µs (STD-S26)"),
        (sm4::Point::new(4_096, 0).map(drop), "width 4096 µs: at most 4095 µs (STD-S26)"),
        (sm4::Point::new(10, -130_500).map(drop), "current -130500 µA: at least -130000 µA (STD-S26)"),
        (sm4::Point::new(10, 250).map(drop), "current 250 µA: only multiples of 500 µA (STD-S26)"),
        (sm4::Points::new(&[]).map(drop), "number of points 0: at least 1 (STD-S26)"),
        (train(25_000, 16).map(drop), "ramp 16 pulses: at most 15 pulses (STD-S26)"),
        (train(33_333, 0).map(drop), "period 33333 µs: only multiples of 250 µs (STD-S26)"),
        (train(8_191_750, 0).map(drop), "period 8191750 µs: only multiples of 500 µs (STD-S26)"),
        (train(500, 0).map(drop), "busy time in a second 1120000 µs: at most 999000 µs (STD-S26)"),
        (rs2::Pulse::new(19, 0, rs2::Count::Single).map(drop), "width 19 µs: at least 20 µs (STD-S34)"),
        (
            rs2::Pulse::new(250, 128_000, rs2::Count::Single).map(drop),
            "current 128000 µA: at most 126000 µA (STD-S34)",
        ),
        (rs2::List::new(0xFF, 24_500).map(drop), "period 24500 µs: at least 25000 µs (STD-S34)"),
        (list.with_gap(1_500).map(drop), "time between pulses 1500 µs: at least 2000 µs (STD-S34)"),
        (list.with_low_frequency(0b100, 1).map(drop), "channel 2: at most -1 (ours)"),
    ];
    for (refusal, text) in refusals {
        assert_eq!(refusal.unwrap_err().to_string(), text);
    }
}

/// REQ-HAL-105: the one current source is not asked for more than it can do, over all channels together.
#[test]
fn channels_share_the_source() {
    let train = sm4::Train::new(10_000, 0, sm4::Points::symmetric(600, 0, 20_000).unwrap()).unwrap();
    let channels = |n: usize| sm4::Update::new(std::array::from_fn(|i| (i < n).then_some(train)));
    assert!(channels(7).is_ok()); // 7 × (1,200 + 60) µs in 10 ms
    assert_eq!(channels(8).unwrap_err().value, 1_008_000);
}
