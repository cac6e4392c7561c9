//! Rendering on the host: a second of four channels in blocks of 100 ms, against a `memset` of the same buffers, at
//! 40 Hz on 48 kHz and as bursts of a 2.5 kHz carrier on 50 kHz; and the edges of the same second without samples.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a bench on the host: a panic here is a failed bench"
)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nmes_core::{
    Channel, ChannelHardware, ChannelState, Engine, Hardware, HardwareTiming, Micros, Millis, Next, Plan,
    PulseFrame, PulseShape, Ramp, Rate, Renderer, Repeat, Schedule, Session, Setting, Train,
};
use std::hint::black_box;

const CHANNELS: usize = 4;
const BLOCKS: u64 = 10;

/// What is rendered: its name, its sample rate, its pulse and how often.
struct Subject {
    name: &'static str,
    hz: u32,
    width_us: u32,
    pulse: PulseShape<'static>,
    rate_hz: u32,
}

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn subjects() -> [Subject; 2] {
    let biphasic = PulseShape { gap: us(100), ..PulseShape::default() };
    let carrier = PulseShape { repeat: Repeat { count: 25, gap: Micros::ZERO }, ..PulseShape::default() };
    [
        Subject { name: "40_hz", hz: 48_000, width_us: 300, pulse: biphasic, rate_hz: 40 },
        // 10 ms of 2.5 kHz and 10 ms of nothing
        Subject { name: "2500_hz_bursts", hz: 50_000, width_us: 200, pulse: carrier, rate_hz: 50 },
    ]
}

fn with_plan(subject: &Subject, bench: impl FnOnce(&Plan<'_>)) {
    let set = Setting::new(40_000, subject.width_us).unwrap();
    let channel = |index: u32| Channel {
        pulse: subject.pulse,
        rate: Rate::from_hz(subject.rate_hz).unwrap(),
        train: Train::default(),
        set,
        ceiling: set,
        ramp: Ramp::default(),
        offset: us(index * 1_000_000 / subject.rate_hz / 4),
    };
    let channels = [0, 1, 2, 3].map(channel);
    let hour = Millis::from_millis(3_600_000).unwrap();
    let session = Session::new(&channels, Schedule::Continuous, hour).unwrap();
    let output = ChannelHardware::symmetric(4_000, -32_768, 32_767);
    let hardware = Hardware::new(HardwareTiming::ideal(subject.hz), &[output; CHANNELS], 0).unwrap();
    bench(&Plan::compile(&session, &hardware).unwrap());
}

fn started<'p, 's>(plan: &'p Plan<'p>, storage: &'s mut [ChannelState; CHANNELS]) -> Engine<'p, 's> {
    let mut engine = Engine::new(plan, storage).unwrap();
    for (index, channel) in (0..).zip(plan.channels()) {
        engine.command(index, channel.channel().set, 0).unwrap();
    }
    engine.start(0);
    engine
}

/// The edges of a second; how many there were.
fn edges_of_a_second(plan: &Plan<'_>) -> u32 {
    let mut storage = [ChannelState::new(); CHANNELS];
    let mut engine = started(plan, &mut storage);
    let end = u64::from(plan.hardware().timing().ticks_per_second);
    let mut edges = 0;
    loop {
        while let Some(frame) = engine.pending() {
            engine.accept(frame.channel(), frame.sequence());
        }
        let Next::At(tick) = engine.next() else { break };
        if tick >= end {
            break;
        }
        edges += black_box(engine.step()).map_or(0, |step| u32::try_from(step.changes().count()).unwrap());
        engine.applied(tick).unwrap();
    }
    edges
}

fn all(_: &PulseFrame<'_>) -> bool {
    true
}

/// A second in blocks of a tenth, one slice a channel.
fn planar(plan: &Plan<'_>, block: &mut [Vec<i16>; CHANNELS]) {
    let mut storage = [ChannelState::new(); CHANNELS];
    let mut renderer = Renderer::<i16>::new(started(plan, &mut storage), 0).unwrap();
    for _ in 0..BLOCKS {
        renderer.render(block, &mut all).unwrap();
        black_box(&mut *block);
    }
}

/// The same with the channels side by side.
fn interleaved(plan: &Plan<'_>, block: &mut [i16]) {
    let mut storage = [ChannelState::new(); CHANNELS];
    let mut renderer = Renderer::<i16>::new(started(plan, &mut storage), 0).unwrap();
    for _ in 0..BLOCKS {
        renderer.render_interleaved(block, &mut all).unwrap();
        black_box(&mut *block);
    }
}

fn render(c: &mut Criterion) {
    let mut group = c.benchmark_group("render_a_second_of_four_channels");
    for subject in subjects() {
        with_plan(&subject, |plan| {
            let samples = usize::try_from(subject.hz / 10).unwrap();
            let mut block = [(); CHANNELS].map(|()| vec![0_i16; samples]);
            let mut side_by_side = vec![0_i16; samples * CHANNELS];
            group.throughput(Throughput::Elements(u64::from(subject.hz) * 4));
            group.bench_function(BenchmarkId::new("memset", subject.name), |b| {
                b.iter(|| {
                    for _ in 0..BLOCKS {
                        black_box(&mut block).iter_mut().for_each(|channel| channel.fill(0));
                    }
                });
            });
            group.bench_function(BenchmarkId::new("planar_i16", subject.name), |b| {
                b.iter(|| planar(plan, black_box(&mut block)));
            });
            group.bench_function(BenchmarkId::new("interleaved_i16", subject.name), |b| {
                b.iter(|| interleaved(plan, black_box(&mut side_by_side)));
            });
        });
    }
    group.finish();
}

fn edges(c: &mut Criterion) {
    let mut group = c.benchmark_group("edges_of_a_second_of_four_channels");
    for subject in subjects() {
        with_plan(&subject, |plan| {
            group.throughput(Throughput::Elements(u64::from(edges_of_a_second(plan))));
            group.bench_function(subject.name, |b| b.iter(|| edges_of_a_second(plan)));
        });
    }
    group.finish();
}

criterion_group!(benches, render, edges);
criterion_main!(benches);
