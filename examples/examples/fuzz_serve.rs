//! Broken streams for the line decoder of `nmes serve`: `fuzz_serve SECONDS SEED`.
//!
//! What has to hold whatever comes: no panic, never more than a line held, the same lines however the stream is cut, an
//! answer that says what would be accepted, and a good line after any rubbish and a line feed is understood.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a host tool; a panic is a finding"
)]

use nmes_examples::serve::lines::{LINE_MAX, Line, LineBuffer};
use nmes_examples::serve::message::Request;
use nmes_hal_adapters::sim::Random;
use std::time::{Duration, Instant};

const GOOD: [&str; 6] = [
    r#"{"do":"set","ch":3,"ua":5000,"us":250,"seq":18446744073709551615}"#,
    r#"{"do":"arm"}"#,
    r#"{"do":"log","last":100}"#,
    r#"{"do":"status"}"#,
    r#"{"do":"ping"}"#,
    r#"{"seq":1,"us":0,"ua":0,"ch":0,"do":"set"}"#,
];
const TELLING: &[u8] = b"\n\r{}[]\",:\\\0\xff\xc3\xe2-+.eE0123456789nulltruefalse";

fn stream(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=random.up_to(6) {
        let mut line = GOOD[random.up_to(5) as usize].as_bytes().to_vec();
        for _ in 0..random.up_to(5) {
            let at = random.up_to(line.len() as u32) as usize;
            let telling = TELLING[random.up_to(TELLING.len() as u32 - 1) as usize];
            match random.up_to(5) {
                0 => line.insert(at, telling),
                1 if at < line.len() => line[at] = telling,
                2 if at < line.len() => drop(line.remove(at)),
                3 => line.truncate(at),
                4 => line.insert(at, random.up_to(255) as u8),
                _ if random.up_to(20) == 0 => {
                    line.extend(std::iter::repeat_n(telling, random.up_to(9_000) as usize))
                }
                _ => {}
            }
        }
        bytes.extend(line);
        if random.up_to(7) > 0 {
            bytes.push(b'\n');
        }
    }
    bytes
}

fn lines(bytes: &[u8], mut cut: impl FnMut() -> usize) -> Vec<Line> {
    let (mut buffer, mut found, mut rest) = (LineBuffer::default(), Vec::new(), bytes);
    while !rest.is_empty() {
        let length = cut().clamp(1, rest.len());
        buffer.take(&rest[..length], &mut |line| found.push(line));
        assert!(buffer.held() <= LINE_MAX);
        rest = &rest[length..];
    }
    buffer.take(b"\n", &mut |line| found.push(line));
    assert_eq!(buffer.held(), 0);
    let before = found.len();
    buffer.take(GOOD[0].as_bytes(), &mut |line| found.push(line));
    buffer.take(b"\r\n", &mut |line| found.push(line));
    assert!(Request::of(&found[before]).is_ok(), "a good line after anything");
    found
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let seed = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let (mut random, begin) = (Random::new(seed), Instant::now());
    let (mut streams, mut good, mut refused) = (0_u64, 0_u64, 0_u64);
    while begin.elapsed() < Duration::from_secs(seconds) {
        let bytes = stream(&mut random);
        let whole = lines(&bytes, || usize::MAX);
        assert_eq!(whole, lines(&bytes, || random.up_to(40) as usize), "however it is cut");
        for line in &whole {
            match Request::of(line) {
                Ok(_) => good += 1,
                Err(value) => {
                    assert!(value["error"].is_string() && value["accepted"].is_string(), "{value}");
                    refused += 1;
                }
            }
        }
        streams += 1;
    }
    println!("serve: {streams} streams, seed {seed}: {good} requests, {refused} refused, no finding");
    Ok(())
}
