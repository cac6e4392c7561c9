//! Feeds decoders and conversations of both protocols with broken streams until a time is over.
//!
//! `cargo run --release -p nmes-hal-adapters --features sim --example fuzz_stimulators -- sciencemode4 60 [SEED]`
//!
//! There is no feedback of coverage: streams are whole conversations of a simulated device, well-formed answers and
//! noise, with bytes flipped, dropped, doubled, inserted and cut. What is checked, besides that nothing panics: a body
//! is 2 to N bytes and encodes again, a whole frame behind any stream is found, no conversation goes on without a stop after
//! a fault, and each ends within the stated time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "a host tool in which a panic is the finding"
)]

#[path = "../tests/stimulators/mod.rs"]
mod stimulators;

use nmes_hal_adapters::sim::{FarEnd, Random, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{Collector, Exchange, Format, Poll};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use std::time::{Duration, Instant};
use stimulators::{Line, mutate, p24_answer, p24_update, rehastim_answer, rehastim_list};

/// What was done.
#[derive(Default)]
struct Tally {
    streams: u64,
    bytes: u64,
    frames: u64,
    faults: u64,
}

/// A decoder over a stream, then a whole frame behind it.
fn decode<F: Format, const N: usize>(
    tally: &mut Tally,
    stream: &[u8],
    good: &[u8],
    again: impl Fn(&[u8], &mut [u8]) -> usize,
) {
    let mut decoder = Collector::<F, N>::new();
    let mut last = 0;
    let mut out = vec![0; 2_600];
    for (at, &byte) in (0..).zip(stream.iter().chain(good)) {
        let before = decoder.counts();
        let Some(body) = decoder.push(byte) else { continue };
        assert!(body.len() >= 2 && body.len() <= N, "{stream:02x?}");
        let body = body.to_vec();
        let length = again(&body, &mut out);
        let mut second = Collector::<F, 2_600>::new();
        let found = out[..length].iter().find_map(|&byte| second.push(byte).map(<[u8]>::to_vec));
        assert_eq!(found.as_deref(), Some(&body[..]), "{stream:02x?}");
        assert_eq!(decoder.counts().frames, before.frames + 1);
        last = at;
        tally.frames += 1;
    }
    let reached = last >= stream.len();
    assert!(reached, "a whole frame was not found behind {stream:02x?}");
}

/// A conversation that is fed a stream in pieces between its own steps.
fn converse<S: Exchange, D: FarEnd>(
    tally: &mut Tally,
    random: &mut Random,
    mut line: Line<S, D>,
    stream: &[u8],
    failed: impl Fn(&S) -> bool,
    within_ms: u64,
) {
    let mut rest = stream;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((random.up_to(40) as usize + 1).min(rest.len()));
        line.session.receive(piece, line.now);
        rest = after;
        line.run(u64::from(random.up_to(20)));
    }
    if failed(&line.session) {
        tally.faults += 1;
        line.run(within_ms);
        assert!(line.is_over(), "not over in time: {stream:02x?}");
        assert_eq!(line.session.poll(line.now, &mut [0; 1_200]), Poll::Over);
    }
}

fn stream(random: &mut Random, answer: fn(&mut Random, &mut [u8]) -> usize) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut out = [0; 1_200];
    for _ in 0..=random.up_to(12) {
        if random.up_to(5) == 0 {
            stream.extend((0..random.up_to(60)).map(|_| random.up_to(255) as u8));
        } else {
            let length = answer(random, &mut out);
            stream.extend_from_slice(&out[..length]);
        }
    }
    mutate(random, &mut stream);
    mutate(random, &mut stream);
    stream
}

fn sciencemode4(tally: &mut Tally, random: &mut Random) {
    let stream = stream(random, p24_answer);
    let mut good = [0; 64];
    let length = sm4::Command::Plain(sm4::Plain::Version).encode(3, &mut good).unwrap();
    decode::<sm4::Wire, 1_200>(tally, &stream, &good[..length], |body, out| {
        let packet = sm4::Packet::new(body).unwrap();
        let (_, _) = (sm4::Reply::decode(&packet), sm4::Command::decode(&packet));
        packet.encode(out).unwrap()
    });
    let low = random.up_to(1) == 0;
    let session = if low {
        let (nothing, supply) = (sm4::Measurement::None, sm4::HighVoltage::Standard);
        sm4::Session::low_level(sm4::Timing::default(), nothing, supply)
    } else {
        sm4::Session::mid_level(sm4::Timing::default())
    };
    let mut line = Line::new(session, SimP24::new());
    line.run(u64::from(random.up_to(12)));
    if low {
        let points = Some(sm4::Points::symmetric(250, 100, 20_000).unwrap());
        let (channel, connector) = (sm4::Channel::Blue, sm4::Connector::Green);
        line.session.pulse(sm4::ChannelConfig { channel, connector, points }).ok();
    } else {
        line.session.update(p24_update(random.up_to(255) as u8)).ok();
    }
    converse(tally, random, line, &stream, |session| session.fault().is_some(), 751);
    tally.bytes += stream.len() as u64;
}

fn rehastim2(tally: &mut Tally, random: &mut Random) {
    let stream = stream(random, rehastim_answer);
    let mut good = [0; 69];
    let length = rs2::Command::Watchdog.encode(3, &mut good).unwrap();
    decode::<rs2::Wire, 69>(tally, &stream, &good[..length], |body, out| {
        let packet = rs2::Packet::new(body).unwrap();
        let (_, _) = (rs2::Reply::decode(&packet), rs2::Command::decode(&packet));
        packet.encode(out).unwrap()
    });
    let mut line = Line::new(rs2::Session::new(rs2::Timing::default()), SimRehaStim2::new());
    line.run(u64::from(random.up_to(8)));
    let (list, start) = rehastim_list(random.up_to(254) as u8 + 1);
    line.session.start(list, start).ok();
    converse(tally, random, line, &stream, |session| session.fault().is_some(), 601);
    tally.bytes += stream.len() as u64;
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let which = arguments.next().expect("sciencemode4 or rehastim2");
    let seconds = arguments.next().map_or(60, |word| word.parse().expect("seconds"));
    let seed = arguments.next().map_or(1, |word| word.parse().expect("a seed"));
    let one = match which.as_str() {
        "sciencemode4" => sciencemode4,
        "rehastim2" => rehastim2,
        other => panic!("sciencemode4 or rehastim2, not {other}"),
    };
    let (mut tally, mut random, begin) = (Tally::default(), Random::new(seed), Instant::now());
    while begin.elapsed() < Duration::from_secs(seconds) {
        one(&mut tally, &mut random);
        tally.streams += 1;
    }
    let Tally { streams, bytes, frames, faults } = tally;
    println!(
        "{which}: {streams} streams, {bytes} bytes, {frames} whole frames, {faults} faults in {seconds} s, seed {seed}; no finding"
    );
}
