//! Instructions of the engine on the host, counted by Valgrind: each kind of edge, a frame made anew, a second of four
//! channels, and `compile`. `./ci.sh gungraun` fetches the runner and runs it.
//!
//! Counts of x86-64 in the bench profile: for comparing one version with another. What an edge costs on a Cortex-M is
//! counted by `./ci.sh counts`.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench on the host: a panic here is a failed bench"
)]

use gungraun::{library_benchmark, library_benchmark_group, main};
use nmes_benches::{four_channels, hardware, hour};
use nmes_core::{ChannelState, Engine, Hardware, Next, Plan, Session, Setting};
use std::hint::black_box;

type Running = Engine<'static, 'static>;

fn session() -> Session<'static> {
    hour(Box::leak(Box::new(four_channels().unwrap()))).unwrap()
}

/// Four channels, set and started, edges up to `late` ticks late.
fn started(late: u32) -> Running {
    let plan: &Plan<'_> = Box::leak(Box::new(Plan::compile(&session(), &hardware(late).unwrap()).unwrap()));
    let mut engine = Engine::new(plan, Box::leak(Box::new([ChannelState::new(); 4]))).unwrap();
    for (index, channel) in (0..).zip(plan.channels()) {
        engine.command(index, channel.channel().set, 0).unwrap();
    }
    engine.start(0);
    engine
}

/// Puts out `edges` edges, each late by `late`.
fn put_out(engine: &mut Running, edges: u32, late: u64) {
    for _ in 0..edges {
        accept(engine);
        let Next::At(tick) = engine.next() else { return };
        black_box(engine.step());
        engine.applied(tick + late).unwrap();
    }
}

fn accept(engine: &mut Running) {
    while let Some(frame) = engine.pending() {
        engine.accept(frame.channel(), frame.sequence());
    }
}

/// An engine whose next edge is number `edge` of a pulse, and when it is put out. `ahead` is how late the one before it
/// was, by which the pulse is off its charge.
fn before(edge: u32, late_max: u32, ahead: u64, late: u64) -> (Running, u64) {
    let mut engine = started(late_max);
    put_out(&mut engine, 16 + edge.saturating_sub(1), 0);
    put_out(&mut engine, u32::from(edge > 0), ahead);
    accept(&mut engine);
    let Next::At(tick) = engine.next() else { return (engine, 0) };
    (engine, tick + late)
}

// One edge: what comes, and what becomes of it. Its last edge makes the next frame of the channel.
#[library_benchmark]
#[bench::onset(args = (0, 0, 0, 0), setup = before)]
#[bench::end_of_phase(args = (1, 0, 0, 0), setup = before)]
#[bench::balancing_phase(args = (2, 0, 0, 0), setup = before)]
#[bench::last_and_next_frame(args = (3, 0, 0, 0), setup = before)]
#[bench::late_end_of_phase(args = (1, 15, 0, 9), setup = before)]
#[bench::late_balancing_phase(args = (2, 15, 9, 9), setup = before)]
#[bench::late_last_and_next_frame(args = (3, 15, 9, 9), setup = before)]
fn edge((mut engine, tick): (Running, u64)) -> Running {
    black_box(engine.next());
    black_box(engine.step());
    engine.applied(black_box(tick)).unwrap();
    engine
}

fn at_onset() -> (Running, u64) {
    before(0, 0, 0, 0)
}

// A command, which makes the frame that waits anew, with a balancing phase of its own.
#[library_benchmark]
#[bench::another_amplitude(setup = at_onset)]
fn command((mut engine, tick): (Running, u64)) -> Running {
    let setting = Setting::new(33_300, 280).unwrap();
    black_box(engine.command(black_box(1), setting, tick).unwrap());
    engine
}

// Looking at the frame that waits, and accepting it.
#[library_benchmark]
#[bench::next_frame(args = (3, 0, 0, 0), setup = after)]
fn admit(mut engine: Running) -> Running {
    accept(&mut engine);
    engine
}

fn after(edge: u32, late_max: u32, ahead: u64, late: u64) -> Running {
    let (mut engine, tick) = before(edge, late_max, ahead, late);
    engine.applied(tick).unwrap();
    engine
}

// Four channels at 40 Hz, biphasic, one second: 640 edges.
#[library_benchmark]
#[bench::on_time(args = (0), setup = started)]
fn second(mut engine: Running) -> Running {
    put_out(&mut engine, 640, 0);
    engine
}

fn parts() -> (Session<'static>, Hardware) {
    (session(), hardware(15).unwrap())
}

#[library_benchmark]
#[bench::four_channels(setup = parts)]
fn compile((session, hardware): (Session<'static>, Hardware)) -> Plan<'static> {
    Plan::compile(black_box(&session), black_box(&hardware)).unwrap()
}

library_benchmark_group!(name = engine, benchmarks = [edge, command, admit, second]);
library_benchmark_group!(name = plan, benchmarks = [compile]);
main!(library_benchmark_groups = [engine, plan]);
