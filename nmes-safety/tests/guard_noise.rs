//! A session from the engine, with late edges and noisy measurements: everything legal, no nuisance trip.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::*;

/// Numerical Recipes' linear congruential generator; its high bits.
struct Noise(u64);

impl Noise {
    /// 0 to `most`, both included.
    fn upto(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % (most + 1)
    }

    fn signed(&mut self, most: u64) -> i64 {
        i64::try_from(self.upto(2 * most)).unwrap() - i64::try_from(most).unwrap()
    }
}

/// What a run did.
#[derive(Debug, Default)]
struct Ran {
    edges: u32,
    ticks: u32,
    pulses: u32,
    worst_ledger: u64,
}

/// Runs a session to its end: edges up to L late with stamps off by up to ε, samples of every phase with noise,
/// ticks every few milliseconds, a gate that opens and closes, a set level that moves, a stop now and then.
fn run(rig: Rig, seed: u64, stop: Option<(u64, StopPolicy)>) -> Result<Ran, Trip> {
    let checked = rig.checked();
    let (mut guard, begin) = ready(checked);
    let output = *checked.plan().hardware().channel(0).unwrap();
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(checked.plan(), &mut storage).unwrap();
    let set = checked.plan().session().channels()[0].set;
    engine.command(0, set, begin).unwrap();
    engine.start(begin);
    let gated = matches!(rig.schedule, Schedule::Gated(_));
    let mut noise = Noise(seed);
    let (mut ran, mut next_tick, mut next_gate, mut open) = (Ran::default(), begin, begin, false);
    let (mut since, mut last) = (begin, begin);
    let mut stop = stop;
    while engine.finished().is_none() {
        while let Some(frame) = engine.pending() {
            guard.admit(last, &frame)?;
            assert!(engine.accept(frame.channel(), frame.sequence()));
        }
        let due = match engine.next() {
            Next::At(at) => at,
            Next::Never => u64::MAX,
        };
        if let Some((at, policy)) = stop.filter(|&(at, _)| begin + at < due.min(next_tick).min(next_gate)) {
            last = last.max(begin + at);
            engine.stop(policy, last);
            stop = None;
        } else if due < next_tick.min(next_gate) {
            let step = engine.step().unwrap();
            let late = noise.upto(u64::from(rig.late));
            let t = (due + late).max(last);
            for change in step.changes() {
                let old = engine.level(0).unwrap();
                let phase = old.current_na(&output);
                let driven = phase != 0;
                let current_na = phase * (1_000 + noise.signed(4)) / 1_000 + noise.signed(300_000);
                let instant = if driven { SampleInstant::PhaseEnd } else { SampleInstant::Rest };
                let at_tick = (t - 1).max(since);
                let sensed = Sensed { current_na, voltage_mv: 0, at_tick, instant };
                guard.edge(t, &change, Some(sensed))?;
                ran.edges += 1;
                since = t;
            }
            engine.applied(t).unwrap();
            last = t;
            while let Some(receipt) = engine.take_receipt() {
                ran.pulses += 1;
                ran.worst_ledger = ran.worst_ledger.max(receipt.ledger.magnitude());
            }
            assert_eq!(guard.ledger(0), engine.ledger(0), "two countings, one ledger");
        } else if next_gate < next_tick {
            last = last.max(next_gate);
            next_gate += 200_000 + noise.upto(900_000);
            open = !open;
            engine.gate(if open { GateInput::Open } else { GateInput::Close { down: None } }, last);
        } else {
            last = last.max(next_tick);
            next_tick += 1_000 + noise.upto(9_000);
            guard.keep_alive(last);
            let report = guard.tick(last)?;
            // a gate that is opened again and again is one long train
            let warning = report.warning.filter(|w| w.fault != Fault::OnTime || !gated);
            assert_eq!(warning, None, "not even a warning");
            engine.tick(last);
            ran.ticks += 1;
        }
    }
    Ok(ran)
}

/// REQ-SAF-041: no nuisance trip in a million noisy but legal steps.
#[test]
fn no_nuisance_trip() {
    let gate = Schedule::Gated(Gate {
        max_on: ms(2_000),
        min_off: ms(50),
        max_triggers_per_minute: 600,
        refractory: Millis::ZERO,
    });
    let cycle = Schedule::Cyclic(Cycle { hold: ms(800), rest: ms(700) });
    let base = Rig { seconds: 150, ..Rig::default() };
    let asymmetric = Balance::Asymmetric { length_percent: 300 };
    let rigs = [
        Rig { ..base },
        Rig { late: 12, stamp: 3, ..base },
        Rig { late: 12, stamp: 3, schedule: gate, ..base },
        Rig { late: 9, schedule: cycle, balance: asymmetric, gains: (37_000, 37_000), ..base },
        Rig { gains: (100_000, 97_003), schedule: cycle, ..base },
        Rig { late: 5, stamp: 1, gains: (100_000, 97_003), schedule: gate, ..base },
    ];
    let mut steps = 0;
    for (seed, rig) in (1..).zip(rigs.into_iter().cycle()).take(10 * rigs.len()) {
        let ran = run(rig, seed, None).unwrap_or_else(|trip| panic!("{rig:?}, seed {seed}: {trip}"));
        assert!(ran.pulses > 1_000, "{ran:?}");
        steps += ran.edges + ran.ticks;
        let allowed = 2 * 40_000_000 * u64::from(rig.late + rig.stamp) + 100_000;
        assert!(ran.worst_ledger <= allowed, "{ran:?}");
    }
    assert!(steps >= 1_000_000, "{steps}");
}

/// REQ-SAF-027: stops of both gentle kinds at any instant of a pulse are legal to the guard, to their very end.
#[test]
fn no_trip_at_any_stop() {
    let plain = (100_000, 100_000);
    let longer = Balance::Asymmetric { length_percent: 250 };
    for (late, stamp, gains, balance) in [
        (0, 0, plain, Balance::Symmetric),
        (0, 0, plain, longer),
        (12, 3, plain, Balance::Symmetric),
        (12, 3, (37_000, 37_000), longer),
        (5, 0, (100_000, 97_003), Balance::Symmetric),
    ] {
        let rig = Rig { late, stamp, gains, balance, seconds: 2, ..Rig::default() };
        for policy in [StopPolicy::FinishPulse, StopPolicy::RecoverNow] {
            // pulse 40 begins a second in, at full level
            for at in (1_000_000..1_001_300).step_by(7) {
                let answer = run(rig, at, Some((at, policy)));
                let ran = answer.unwrap_or_else(|trip| panic!("{policy:?} at {at}, L = {late}: {trip}"));
                assert!(ran.pulses >= 39, "{ran:?}");
            }
        }
    }
}
