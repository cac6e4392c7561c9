//! Engine and ledger on the host: one second of four channels at 40 Hz biphasic, 640 edges, on time and late.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a bench on the host: a panic here is a failed bench"
)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use nmes_benches::{four_channels, hardware, hour};
use nmes_core::{ChannelState, Engine, Next, Plan};
use std::hint::black_box;

fn second_of_edges(c: &mut Criterion) {
    let channels = four_channels().unwrap();
    let session = hour(&channels).unwrap();
    let mut group = c.benchmark_group("edges");
    for (name, late) in [("on_time", 0_u32), ("late_by_up_to_15", 15)] {
        let plan = Plan::compile(&session, &hardware(late).unwrap()).unwrap();
        group.throughput(Throughput::Elements(640));
        group.bench_function(name, |b| {
            b.iter_batched(
                || [ChannelState::new(); 4],
                |mut storage| black_box(second(&plan, &mut storage, late)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn second(plan: &Plan<'_>, storage: &mut [ChannelState], late: u32) -> u32 {
    let mut engine = Engine::new(plan, storage).unwrap();
    for (index, channel) in (0..).zip(plan.channels()) {
        engine.command(index, channel.channel().set, 0).unwrap();
    }
    engine.start(0);
    let mut edges = 0_u32;
    while edges < 640 {
        while let Some(frame) = engine.pending() {
            engine.accept(frame.channel(), frame.sequence());
        }
        let Next::At(tick) = engine.next() else { break };
        black_box(engine.step());
        engine.applied(tick + u64::from(edges * 7 % (late + 1))).unwrap();
        edges += 1;
    }
    edges
}

fn compile(c: &mut Criterion) {
    let channels = four_channels().unwrap();
    let session = hour(&channels).unwrap();
    let hardware = hardware(15).unwrap();
    c.bench_function("compile_four_channels", |b| {
        b.iter(|| Plan::compile(black_box(&session), &hardware).unwrap())
    });
}

criterion_group!(benches, second_of_edges, compile);
criterion_main!(benches);
