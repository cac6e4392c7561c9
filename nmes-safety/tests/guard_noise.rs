//! A session from the engine, with late edges and noisy measurements: everything legal, no nuisance trip.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
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

/// What is random of the measurements of a run.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// Each reading by itself, as far off as is declared.
    Noisy,
    /// Each phase off as far as is declared, in the direction in which it weighs most.
    Skewed,
    /// All readings off as far as is declared, the same way.
    Offset(i64),
}

/// What a run did.
#[derive(Debug, Default)]
struct Ran {
    edges: u32,
    ticks: u32,
    pulses: u32,
    moves: u32,
    worst_ledger: u64,
}

/// A session that is run to its end.
struct Run {
    checked: &'static Checked<'static>,
    guard: Guard<'static>,
    engine: Engine<'static, 'static>,
    noise: Noise,
    reading: Reading,
    rig: Rig,
    /// When the last edge of each channel was.
    since: Vec<u64>,
    last: u64,
    ran: Ran,
}

impl Run {
    fn new(rig: Rig, seed: u64, reading: Reading) -> Self {
        let checked = rig.checked();
        let (guard, begin) = ready(checked);
        let storage: &'static mut [ChannelState] = vec![ChannelState::new(); rig.channels].leak();
        let mut engine = Engine::new(checked.plan(), storage).unwrap();
        for (channel, asked) in (0..).zip(checked.plan().session().channels()) {
            engine.command(channel, asked.set, begin).unwrap();
        }
        engine.start(begin);
        let since = vec![begin; rig.channels];
        let (noise, ran) = (Noise(seed), Ran::default());
        Self { checked, guard, engine, noise, reading, rig, since, last: begin, ran }
    }

    /// What is declared, in nA.
    fn declared(&self) -> u64 {
        u64::from(self.checked.setup().measurement_noise().as_microamps()) * 1_000
    }

    /// A measurement of the level that an edge of a channel ends.
    fn sensed(&mut self, channel: u8, t: u64) -> Sensed {
        let output = self.checked.plan().hardware().channel(channel).unwrap();
        let phase = self.engine.level(channel).unwrap().current_na(output);
        let declared = self.declared();
        let most = i64::try_from(declared).unwrap();
        let off = match self.reading {
            Reading::Noisy => self.noise.signed(declared),
            Reading::Skewed => most * if phase == 0 { 1 } else { phase.signum() * self.way() },
            Reading::Offset(na) => na,
        };
        let instant = if phase == 0 { SampleInstant::Rest } else { SampleInstant::PhaseEnd };
        // an electrode of 800 to 1,200 ohm, and a voltage that is read a volt off at most
        let ohm = 800 + self.noise.signed(200) + 200;
        let voltage = phase * ohm / 1_000_000_000 + self.noise.signed(1_000);
        let voltage_mv = i32::try_from(voltage).unwrap();
        let at_tick = (t - 1).max(self.since[usize::from(channel)]);
        Sensed { current_na: phase + off, voltage_mv, at_tick, instant }
    }

    /// One of both directions for so many seconds.
    fn way(&self) -> i64 {
        if (self.last / 7_000_000).is_multiple_of(2) { 1 } else { -1 }
    }

    fn step(&mut self, due: u64) -> Result<(), Trip> {
        let changes: Vec<_> = self.engine.step().unwrap().changes().collect();
        let t = (due + self.noise.upto(u64::from(self.rig.late))).max(self.last);
        for change in changes {
            let sensed = self.sensed(change.channel, t);
            self.guard.edge(t, &change, Some(sensed))?;
            self.ran.edges += 1;
            self.since[usize::from(change.channel)] = t;
        }
        self.engine.applied(t).unwrap();
        self.last = t;
        while let Some(receipt) = self.engine.take_receipt() {
            self.ran.pulses += 1;
            self.ran.worst_ledger = self.ran.worst_ledger.max(receipt.ledger.magnitude());
        }
        for channel in 0..u8::try_from(self.rig.channels).unwrap() {
            assert_eq!(self.guard.ledger(channel), self.engine.ledger(channel), "two countings, one ledger");
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Trip> {
        self.guard.keep_alive(self.last);
        let report = self.guard.tick(self.last)?;
        // a gate that is opened again and again is one long train; of direct current all that is read is told
        let gated = matches!(self.rig.schedule, Schedule::Gated(_));
        let told = |w: &Trip| match w.fault {
            Fault::OnTime => !gated,
            Fault::MeasuredDc => false,
            _ => true,
        };
        assert_eq!(report.warning.filter(told), None, "not even a warning");
        self.engine.tick(self.last);
        self.ran.ticks += 1;
        Ok(())
    }

    /// A set level goes down to anything, or up by a step, as the guard lets it.
    fn move_level(&mut self) {
        let channel = u8::try_from(self.noise.upto(self.rig.channels as u64 - 1)).unwrap();
        let top = self.checked.plan().session().channels()[usize::from(channel)].set;
        let now = self.engine.setting(channel).unwrap().amplitude.as_microamps();
        let most = top.amplitude.as_microamps();
        let down = self.noise.upto(19) == 0;
        let ua = if down {
            u32::try_from(self.noise.upto(now.into())).unwrap() / 500 * 500
        } else {
            (now + 500).min(most)
        };
        let want = setting(ua, top.width.as_micros());
        if self.guard.set_level(self.last, channel, want).is_ok() {
            self.engine.command(channel, want, self.last).unwrap();
            self.ran.moves += 1;
        }
    }
}

/// Runs a session to its end: edges up to L late with stamps off by up to ε, samples of every phase, ticks every few
/// milliseconds, a gate that opens and closes, set levels that move where `moves`, a stop now and then.
fn run(
    rig: Rig,
    seed: u64,
    (reading, moves): (Reading, bool),
    stop: Option<(u64, StopPolicy)>,
) -> Result<Ran, Trip> {
    let mut run = Run::new(rig, seed, reading);
    let begin = run.last;
    let (mut next_tick, mut next_gate, mut open) = (begin, begin, false);
    let mut stop = stop;
    while run.engine.finished().is_none() {
        while let Some(frame) = run.engine.pending() {
            run.guard.admit(run.last, &frame)?;
            assert!(run.engine.accept(frame.channel(), frame.sequence()));
        }
        let due = match run.engine.next() {
            Next::At(at) => at,
            Next::Never => u64::MAX,
        };
        if let Some((at, policy)) = stop.filter(|&(at, _)| begin + at < due.min(next_tick).min(next_gate)) {
            run.last = run.last.max(begin + at);
            run.engine.stop(policy, run.last);
            stop = None;
        } else if due < next_tick.min(next_gate) {
            run.step(due)?;
        } else if next_gate < next_tick {
            run.last = run.last.max(next_gate);
            next_gate += 200_000 + run.noise.upto(900_000);
            open = !open;
            run.engine.gate(if open { GateInput::Open } else { GateInput::Close { down: None } }, run.last);
        } else {
            run.last = run.last.max(next_tick);
            next_tick += 1_000 + run.noise.upto(9_000);
            run.tick()?;
            if moves {
                run.move_level();
            }
        }
    }
    Ok(run.ran)
}

/// REQ-SAF-041, REQ-SAF-720: no nuisance trip in a million legal steps, each reading as far off as is declared: weak and strong, on
/// up to three channels, while levels move and trains ramp.
#[test]
fn no_nuisance_trip() {
    let gate = Schedule::Gated(Gate {
        max_on: ms(2_000),
        min_off: ms(50),
        max_triggers_per_minute: 600,
        refractory: Millis::ZERO,
    });
    let cycle = Schedule::Cyclic(Cycle { hold: ms(800), rest: ms(700) });
    let volts = |setup: Setup| setup.with_rail_mv(90_000).unwrap();
    let base = Rig { seconds: 150, more: volts, ..Rig::default() };
    let asymmetric = Balance::Asymmetric { length_percent: 300 };
    let weak = Rig { set: (5_000, 300), ceiling: (5_000, 300), ..base };
    let better = |setup: Setup| setup.with_measurement_noise(MicroAmps::from_microamps(50).unwrap()).unwrap();
    let rigs = [
        (Rig { ..base }, false),
        (Rig { late: 12, stamp: 3, schedule: cycle, ..weak }, false),
        (Rig { late: 12, stamp: 3, schedule: gate, channels: 2, ..base }, true),
        (Rig { late: 9, schedule: cycle, balance: asymmetric, gains: (37_000, 37_000), ..base }, false),
        (Rig { gains: (100_000, 97_003), schedule: cycle, more: better, ..base }, true),
        (Rig { late: 5, stamp: 1, gains: (100_000, 97_003), schedule: gate, channels: 3, ..weak }, true),
    ];
    let mut steps = 0;
    for (seed, (rig, moves)) in (1..).zip(rigs.into_iter().cycle()).take(6 * rigs.len()) {
        let how = (Reading::Noisy, moves);
        let ran = run(rig, seed, how, None).unwrap_or_else(|trip| panic!("{rig:?}, seed {seed}: {trip}"));
        assert!(ran.pulses > 1_000 && (ran.moves > 100) == moves, "{ran:?}");
        steps += ran.edges + ran.ticks;
        let allowed = 2 * 40_000_000 * u64::from(rig.late + rig.stamp) + 100_000;
        assert!(ran.worst_ledger <= allowed, "{ran:?}");
    }
    assert!(steps >= 1_000_000, "{steps}");
}

/// REQ-SAF-720: a reading that is always off as far as is declared trips nothing, be it the same way in both phases or such that each
/// phase weighs most; not at any level that a train ramps through, and with late edges too. Direct current is what was read, so the
/// error is one that E-DC-3 takes.
#[test]
fn no_trip_by_a_constant_error() {
    let cycle = Schedule::Cyclic(Cycle { hold: ms(800), rest: ms(700) });
    let base = Rig { seconds: 20, schedule: cycle, ..Rig::default() };
    for (hz, ua) in [(20, 2_500), (20, 5_000), (20, 20_000), (10, 100_000)] {
        let balances = [Balance::Symmetric, Balance::Asymmetric { length_percent: 200 }];
        for (late, balance) in [(0, balances[0]), (12, balances[0]), (12, balances[1])] {
            let rig = Rig { hz, set: (ua, 300), ceiling: (ua, 300), late, balance, ..base };
            for reading in [Reading::Skewed, Reading::Offset(1_000_000), Reading::Offset(-1_000_000)] {
                let answer = run(rig, 7, (reading, false), None);
                let ran = answer.unwrap_or_else(|trip| panic!("{reading:?}, {rig:?}: {trip}"));
                assert!(ran.pulses > 50, "{ran:?}");
            }
        }
    }
}

/// REQ-SAF-723: a constant error up to the figure that E-DC-3 takes trips nothing; one whose mean alone is over E-DC-3 does, as direct
/// current.
#[test]
fn a_constant_error_is_direct_current() {
    let limit = rules::E_DC_3.limit;
    for (hz, us, late) in [(60, 500, 0), (100, 500, 0), (150, 400, 0), (80, 480, 12)] {
        let set = (5_000, us);
        let wide = |setup: Setup| setup.with_contact_permille(1_000).unwrap();
        let rig = Rig { hz, set, ceiling: set, late, seconds: 10, more: wide, ..Rig::default() };
        let checked = rig.checked();
        let figure =
            |ua| selftest::read_as_dc_ua(checked, 0, MicroAmps::from_microamps(ua).unwrap()).unwrap();
        let most = (1..1_000).take_while(|&ua| figure(ua) <= limit).last().unwrap();
        assert_eq!(selftest::read_as_dc_ua(checked, 1, NOISE_FLOOR), None);
        let played = |ua: u32| run(rig, 3, (Reading::Offset(i64::from(ua) * 1_000), false), None);
        let ran = played(most).unwrap_or_else(|trip| panic!("{hz} Hz {us} µs: {trip}"));
        assert!(ran.pulses > 300, "{ran:?}");
        let too_much = u32::try_from(limit).unwrap() * 1_000_000 / (hz * 2 * us) + 1;
        assert!(too_much > most && too_much < most * 5 / 4, "{most} and {too_much}: not far from it");
        assert_eq!(fault(played(too_much)), Fault::MeasuredDc, "{hz} Hz {us} µs");
    }
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
                let answer = run(rig, at, (Reading::Noisy, false), Some((at, policy)));
                let ran = answer.unwrap_or_else(|trip| panic!("{policy:?} at {at}, L = {late}: {trip}"));
                assert!(ran.pulses >= 39, "{ran:?}");
            }
        }
    }
}
