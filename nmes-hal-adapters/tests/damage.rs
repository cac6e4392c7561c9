//! What the campaign of faults once found, kept small.
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

mod common;

use common::*;
use nmes_core::flip::{Flip, Walk};
use nmes_core::*;
use nmes_hal_adapters::sim::{SimEdge, StageFault};
use nmes_hal_adapters::{Cause, CommandError, Stimulator, Ticked};
use nmes_safety::{Fault, PROBE_LEVEL, Response, State, UseClass};
use std::cell::RefCell;

/// REQ-HAL-250: a command that is refused after it took a level back (wider, and under one code) ends in silence on the next
/// pulse and not in a frame that nobody admitted.
#[test]
fn a_refused_command_does_not_end_the_session() {
    let set = setting(10_000, 300);
    let channels = [Channel { rate: Rate::from_hz(40).unwrap(), ..channel(set) }];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(15), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    for wait in (0..25_000).step_by(97) {
        let bench = bench(hardware, stage(1_000.0, 120.0), 15, wait);
        let mut states = [ChannelState::new(); 1];
        let mut stim =
            Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
        let (clock, seen) = (bench.clock(), &mut Seen::default());
        stim.start().unwrap();
        raise(&mut stim, clock, &[setting(10_000, 200)]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        run_to(&mut stim, clock, clock.now() + 500_000 + wait, seen).unwrap();
        let refused = stim.command(0, setting(5, 300));
        assert!(matches!(refused, Err(CommandError::Plan(_))), "{refused:?}");
        run_to(&mut stim, clock, clock.now() + 300_000, seen).unwrap();
        assert_eq!(stim.stopped(), None, "after {wait} ticks");
    }
}

/// REQ-HAL-251: whatever bit of what is prepared for an edge flips before it is due, no level is put out that is not one of
/// the pulse.
#[test]
fn what_is_prepared_is_looked_at_before_it_is_put_out() {
    let set = setting(5_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let (mut flips, mut found) = (0, 0);
    for picked in 0.. {
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
        let edges = RefCell::new(Vec::new());
        let output = bench.output_to(|edge: SimEdge| edges.borrow_mut().push(code_of(edge.level)));
        let mut states = [ChannelState::new(); 1];
        let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
        let (clock, seen) = (bench.clock(), &mut Seen::default());
        stim.start().unwrap();
        raise(&mut stim, clock, &[set]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        while bench.level(0) == Level::Open {
            run_to(&mut stim, clock, clock.now() + 1, seen).unwrap();
        }
        let mut bits = 0;
        stim.flip(&mut Walk::new(&mut |path, width| {
            let here = path[0] == "prepared";
            let bit = (here && (bits..bits + width).contains(&picked)).then(|| picked - bits);
            bits += if here { width } else { 0 };
            bit
        }));
        if picked >= bits {
            break;
        }
        flips += 1;
        let now = clock.now();
        let damaged = run_to(&mut stim, clock, now + 30_000, seen).err();
        found += u32::from(damaged.is_some_and(|stopped| stopped.cause == Cause::Damaged));
        drop(stim);
        let strongest = edges.borrow().iter().map(|code| code.abs()).max().unwrap();
        assert!(strongest <= 200, "bit {picked}: {strongest} codes");
    }
    assert!(flips > 200 && found > 30, "{flips} bits, {found} found");
}

/// REQ-HAL-251: how many edges and which openings are prepared is part of that word: each changed bit of them, and of the word
/// itself, is found before anything is put out.
#[test]
fn how_much_is_prepared_is_looked_at_too() {
    let set = setting(5_000, 300);
    let channels = [channel(set)];
    let session = Session::new(&channels, gated(), ms(600_000)).unwrap();
    let timing = HardwareTiming { pulse_rest: Rest::DrivenZero, ..late(0) };
    let hardware = hardware(timing, 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    for (part, bits) in [("edges_len", 8), ("offs", 8), ("word", 32)] {
        for (bit, at_end) in (0..bits).flat_map(|bit| [(bit, false), (bit, true)]) {
            let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
            let mut states = [ChannelState::new(); 1];
            let mut stim =
                Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
            let (clock, seen) = (bench.clock(), &mut Seen::default());
            stim.start().unwrap();
            raise(&mut stim, clock, &[set]).unwrap();
            stim.gate(GateInput::Open).unwrap();
            run_to(&mut stim, clock, clock.now() + 300_000, seen).unwrap();
            // before an edge within a pulse, and before the opening at the end of the train
            if at_end {
                stim.gate(GateInput::Close { down: None }).unwrap();
            }
            while stim.engine().step().unwrap().changes().any(|change| change.edge.is_some()) == at_end {
                let _ = clock.fire();
                stim.on_alarm().unwrap();
            }
            stim.flip(&mut Walk::new(&mut |path, _| (path == ["prepared", part]).then_some(bit)));
            let _ = clock.fire();
            let stopped = stim.on_alarm().unwrap_err();
            assert_eq!(stopped.cause, Cause::Damaged, "{part} {bit} {at_end}");
        }
    }
}

/// REQ-HAL-253: in functional wear a pad that comes off again and again is answered by the probe level and a new rise, which
/// takes the time of two steps, and the third time by a ramp-down that latches.
#[test]
fn the_third_loss_of_contact_ends_it() {
    let set = setting(20_000, 300);
    let channels = [channel(set)];
    let gate =
        Gate { max_on: ms(30_000), min_off: ms(50), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    let session = Session::new(&channels, Schedule::Gated(gate), ms(600_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    let (clock, seen) = (bench.clock(), &mut Seen::default());
    stim.start().unwrap();
    raise(&mut stim, clock, &[set]).unwrap();
    stim.gate(GateInput::Open).unwrap();
    run_to(&mut stim, clock, clock.now() + 500_000, seen).unwrap();
    for _ in 0..2 {
        bench.inject(0, StageFault::OpenCircuit);
        run_to(&mut stim, clock, clock.now() + 200_000, seen).unwrap();
        let trip = *stim.last_trip().unwrap();
        assert_eq!((trip.fault, trip.response), (Fault::ContactLoss, Response::ProbeLevel));
        assert_eq!(stim.engine().setting(0).unwrap().amplitude, PROBE_LEVEL);
        let Ok(Ticked::Well(report)) = stim.on_tick() else { panic!("{:?}", stim.stopped()) };
        assert_eq!((report.contact_lost, report.warning.map(|w| w.fault)), (1, Some(Fault::ContactLoss)));
        bench.inject(0, StageFault::None);
        let back = clock.now();
        while stim.engine().setting(0) != Some(set) {
            run_to(&mut stim, clock, clock.now() + 5_000, seen).unwrap();
        }
        // E-RAMP-1: two steps of a second each
        assert!(clock.now() - back >= 2_000_000, "{}", clock.now() - back);
    }
    bench.inject(0, StageFault::OpenCircuit);
    let stopped = run_to(&mut stim, clock, clock.now() + 1_000_000, seen).unwrap_err();
    let Cause::Guard(trip) = stopped.cause else { panic!("{stopped}") };
    assert_eq!((trip.fault, stim.state(), bench.level(0)), (Fault::ContactLoss, State::Fault, Level::Open));
}
