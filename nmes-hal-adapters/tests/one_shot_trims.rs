//! A one-shot that the check takes cuts no level that the engine makes: no phase, and no trim.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, Random, SimEdge};
use nmes_hal_adapters::*;
use nmes_safety::{Checked, Layer, Profile, Setup, UseClass, check, rules};
use std::cell::RefCell;

/// What a run came to: levels that the one-shot cut, how many stood at all, and how many of these were trims.
struct Stood {
    cuts: u32,
    levels: usize,
    trims: usize,
}

/// Ten seconds of trains and levels that change as the seed has it, with edges from 0 to L late, on a board with the shortest
/// one-shot that the check takes.
fn run(width: u32, late: u32, off: u32, balance: Balance, seed: u64) -> Stood {
    let set = setting(20_000, width);
    let pulse = PulseShape { balance, ..PulseShape::default() };
    let ramp = Ramp {
        up: Millis::from_millis(250).unwrap(),
        down: Millis::from_millis(250).unwrap(),
        down_min: Millis::from_millis(250).unwrap(),
        ..Ramp::default()
    };
    let channels = [Channel { pulse, ramp, ..channel(set) }];
    let timing = HardwareTiming {
        late_max_ticks: late,
        stamp_error_ticks: off,
        min_edge_ticks: 1,
        ..HardwareTiming::ideal(MHZ)
    };
    let hardware = hardware(timing, 25_000, 1);
    let session = Session::new(&channels, gated(), Millis::from_millis(600_000).unwrap()).unwrap();
    let with_one_shot = |us: u32| -> Option<Checked<'_>> {
        let setup = Setup::new(&[5_000], UseClass::FunctionalWear).unwrap();
        let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).unwrap();
        let setup = setup.with_one_shot(Micros::from_micros(us).unwrap()).ok()?;
        check(Plan::compile(&session, &hardware).unwrap(), &setup, &Profile::default()).ok()
    };
    let shortest = (width..4 * width).find(|us| with_one_shot(*us).is_some()).unwrap();
    let checked = with_one_shot(shortest).unwrap();
    let bench = Bench::new(hardware, stage(1_000.0, 120.0), 0, 0).with_one_shot(u64::from(shortest));
    let edges = RefCell::new(Vec::<SimEdge>::new());
    let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(edge));
    let mut states = [ChannelState::new(); 1];
    let mut stim =
        Stimulator::arm(&checked, &mut states, OneShot::new(output, bench.enable()), bench.alarm(), NoSense)
            .unwrap();
    let clock = bench.clock();
    raise(&mut stim, clock, &[set]).unwrap();
    stim.start().unwrap();
    let mut random = Random::new(seed);
    let end = clock.now() + 10_000_000;
    let (mut slow, mut call, mut trims) = (clock.now() + SLOW, clock.now(), 0);
    let (mut rings, mut set_for) = (u64::MAX, None);
    while clock.now() < end {
        if clock.next_alarm() != set_for {
            set_for = clock.next_alarm();
            let late = match random.up_to(2) {
                0 => late,
                1 => 0,
                _ => random.up_to(late),
            };
            rings = set_for.map_or(u64::MAX, |at| at + u64::from(late));
        }
        clock.advance_to(rings.min(slow).min(call));
        if rings <= slow.min(call) {
            clock.fire().unwrap();
            (set_for, rings) = (None, u64::MAX);
            stim.on_alarm().unwrap();
        } else if slow <= call {
            slow += SLOW;
            stim.keep_alive();
            stim.on_tick().unwrap();
        } else {
            call += u64::from(random.up_to(60_000)) + 1;
            match random.up_to(3) {
                0 => drop(stim.gate(GateInput::Open).unwrap()),
                1 => drop(stim.gate(GateInput::Close { down: None }).unwrap()),
                _ => drop(stim.modulate(0, setting(random.up_to(1) * random.up_to(20_000), width))),
            }
        }
        while let Some(receipt) = stim.take_receipt() {
            trims += usize::from(receipt.kind == FrameKind::Trim);
        }
    }
    drop(stim);
    Stood { cuts: bench.one_shot_cuts(), levels: edges.borrow().len(), trims }
}

/// REQ-HAL-459: at the largest L that a plan takes, a tenth of a phase, the shortest one-shot that the check takes cuts no phase and no
/// trim.
#[test]
fn trims_are_not_cut() {
    let mut trims = 0;
    for (width, late, off) in
        [(100, 10, 0), (200, 20, 0), (300, 30, 0), (200, 18, 1), (400, 40, 0), (200, 15, 0)]
    {
        for balance in [Balance::Symmetric, Balance::Asymmetric { length_percent: 150 }] {
            for seed in [7, 8] {
                let stood = run(width, late, off, balance, seed);
                assert_eq!(stood.cuts, 0, "{width} {late} {off} {balance:?} {seed}");
                assert!(stood.levels > 300, "{}", stood.levels);
                trims += stood.trims;
            }
        }
    }
    assert!(trims > 300, "{trims}");
}
