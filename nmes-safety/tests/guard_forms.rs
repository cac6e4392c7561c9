//! Every form of a pulse through engine and guard: what the engine makes is admitted, whatever comes from outside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test stops at the first surprise"
)]

mod check_support;
mod forms_support;
mod guard_support;

use forms_support::{Pulse, is_late_beyond_core, pulses};
use guard_support::{armed, ms, raise, setting};
use nmes_core::*;
use nmes_safety::*;
use proptest::prelude::*;

/// What is random about a run.
#[derive(Clone, Debug)]
struct Run {
    pulse: Pulse,
    ua: u32,
    gap_us: u32,
    negative: bool,
    gains: (u32, u32),
    offset: i32,
    timing: HardwareTiming,
    train: Train<'static>,
    rate: u32,
    schedule: Schedule<'static>,
    slope: Slope,
    /// When (ms), and to how much of the set amplitude (‰).
    commands: Vec<(u32, u32)>,
    gate: Vec<u32>,
    stop: (u32, StopPolicy),
    /// Not then, but so many ticks into the first pulse from then on.
    into: Option<u32>,
    seed: u64,
}

fn kept<T>(values: Vec<T>) -> &'static [T] {
    Box::leak(values.into_boxed_slice())
}

fn hardware() -> impl Strategy<Value = HardwareTiming> {
    let rest = prop_oneof![Just(Rest::Open), Just(Rest::Shorted), Just(Rest::DrivenZero)];
    (0_u32..6, 0_u32..2, 1_u32..4, prop_oneof![4 => Just(0_u32), 1 => 1_u32..10], rest, any::<bool>())
        .prop_map(|(late, stamp, spacing, dead, rest, exact)| {
            let late = if exact { 0 } else { late.max(spacing) };
            HardwareTiming {
                late_max_ticks: late,
                stamp_error_ticks: if exact { 0 } else { stamp },
                min_edge_ticks: spacing,
                dead_ticks: dead,
                gap_rest: rest,
                pulse_rest: if dead > 0 || rest == Rest::DrivenZero { Rest::Open } else { rest },
                ..HardwareTiming::ideal(1_000_000)
            }
        })
}

/// Timings with no interval shorter than the period of `rate`.
fn trains(rate: u32) -> impl Strategy<Value = Train<'static>> {
    let least = 1_000_000_u32.div_ceil(rate);
    let hz = move |n: u32| Rate::from_hz(n.clamp(1, rate)).unwrap();
    let timing = prop_oneof![
        3 => Just(Timing::Even),
        1 => (1_u16..4).prop_map(move |pulses| {
            let every = hz(rate / (u32::from(pulses) + 1));
            Timing::Bursts(Bursts { pulses, every })
        }),
        1 => (1..=rate, 1..=rate, 100_u32..2_000, any::<bool>()).prop_map(move |(from, to, over, linear)| {
            let law = if linear { SweepLaw::Linear } else { SweepLaw::Exponential };
            Timing::Sweep(Sweep { from: hz(from), to: hz(to), over: ms(over), law })
        }),
        1 => prop::collection::vec(least..4 * least, 1..6).prop_map(|intervals| {
            Timing::List(kept(intervals.into_iter().map(|us| Micros::from_micros(us).unwrap()).collect()))
        }),
    ];
    (timing, prop_oneof![3 => Just(0_u32), 1 => 1_u32..30]).prop_map(|(timing, pulses_max)| Train {
        timing,
        pulses_max,
        ..Train::default()
    })
}

fn schedules(rate: u32) -> impl Strategy<Value = Schedule<'static>> {
    let cycle = || (1_u32..400, 0_u32..400).prop_map(|(hold, rest)| Cycle { hold: ms(hold), rest: ms(rest) });
    let stage = (cycle(), 1_u16..3, 1_u16..=1_000, prop::option::of(1..=rate)).prop_map(
        |(cycle, repeats, level_permille, rate)| {
            let rate = rate.map(|hz| Rate::from_hz(hz).unwrap());
            Stage { cycle, repeats, level_permille, rate }
        },
    );
    let gate = (50_u32..900, 0_u32..200, 0_u32..50).prop_map(|(on, off, refractory)| Gate {
        max_on: ms(on),
        min_off: ms(off),
        max_triggers_per_minute: 600,
        refractory: ms(refractory),
    });
    prop_oneof![
        2 => Just(Schedule::Continuous),
        1 => cycle().prop_map(Schedule::Cyclic),
        1 => prop::collection::vec(stage, 1..4).prop_map(|stages| Schedule::Program(kept(stages))),
        1 => gate.prop_map(Schedule::Gated),
    ]
}

fn runs() -> impl Strategy<Value = Run> {
    let slope = prop_oneof![Just(Slope::Linear), Just(Slope::RaisedCosine), Just(Slope::Exponential)];
    let policy =
        prop_oneof![Just(StopPolicy::FinishPulse), Just(StopPolicy::RecoverNow), Just(StopPolicy::HardOff)];
    let gains = prop_oneof![
        2 => (5_000_u32..100_000).prop_map(|gain| ((gain, gain), 0)),
        1 => (5_000_u32..100_000, 9_000_u32..11_000, -400_i32..400)
            .prop_map(|(gain, percent, offset)| ((gain, gain / 10 * percent / 1_000), offset)),
        // up to nearly half a code
        1 => (5_000_i32..100_000, -490_i32..490)
            .prop_map(|(gain, permille)| ((gain.unsigned_abs(), gain.unsigned_abs()), gain * permille / 1_000)),
    ];
    (5_u32..60).prop_flat_map(move |rate| {
        (
            (pulses(), 500_u32..30_000, 0_u32..200, any::<bool>(), gains.clone(), hardware()),
            (trains(rate), schedules(rate), slope.clone()),
            (
                prop::collection::vec((0_u32..3_000, 0_u32..=1_000), 0..6),
                prop::collection::vec(0_u32..3_000, 0..12),
                (0_u32..4_000, policy.clone(), prop::option::of(0_u32..1_500)),
                any::<u64>(),
            ),
        )
            .prop_map(
                move |(one, (train, schedule, slope), (commands, gate, (stop_ms, policy, into), seed))| {
                    let (pulse, ua, gap_us, negative, (gains, offset), timing) = one;
                    Run {
                        pulse,
                        ua,
                        gap_us,
                        negative,
                        gains,
                        offset,
                        timing,
                        train,
                        rate,
                        schedule,
                        slope,
                        commands,
                        gate,
                        stop: (stop_ms, policy),
                        into,
                        seed,
                    }
                },
            )
    })
}

impl Run {
    /// What nmes-core compiles and does not put out well yet: the engine faults, or the guard refuses the frame.
    fn is_beyond_core(&self) -> bool {
        let exact = self.offset == 0 && self.gains.0 == self.gains.1;
        let repeats = self.pulse.repeat.count > 1;
        // what an offset leaves in a driven gap between two repeats is not counted
        (self.offset != 0 && self.timing.gap_rest == Rest::DrivenZero && repeats)
            || (self.timing.late_max_ticks > 0 && is_late_beyond_core(&self.pulse, exact))
            || (self.timing.dead_ticks > 0 && self.is_dead_beyond_core(exact && !repeats))
    }

    fn is_dead_beyond_core(&self, plain: bool) -> bool {
        match self.pulse.form {
            // nine segments have no place for the gap between two repeats
            Form::Triphasic { .. } => !plain,
            // the last point turns round at few codes, with no time open before it
            Form::Points(points) => {
                let ahead = &points[..points.len() - 1];
                ahead.iter().any(|p| p.permille > 0) && ahead.iter().any(|p| p.permille < 0)
            }
            _ => false,
        }
    }

    /// `None` where the plan or the check refuses it.
    fn checked(&self) -> Option<&'static Checked<'static>> {
        if self.is_beyond_core() {
            return None;
        }
        let set = setting(self.ua, self.pulse.width_us);
        let channel = Channel {
            pulse: PulseShape {
                form: self.pulse.form,
                gap: Micros::from_micros(self.gap_us).unwrap(),
                balance: self.pulse.balance,
                leading: if self.negative { Polarity::Negative } else { Polarity::Positive },
                repeat: self.pulse.repeat,
            },
            rate: Rate::from_hz(self.rate).unwrap(),
            train: self.train,
            set,
            ceiling: set,
            ramp: Ramp {
                slope: self.slope,
                up: ms(250),
                down: ms(250),
                down_min: ms(250),
                ..Ramp::default()
            },
            offset: Micros::ZERO,
        };
        let channels = kept(vec![channel]);
        let session = Session::new(channels, self.schedule, ms(5_000)).ok()?;
        let limit = i32::try_from(40_000_000 / self.gains.0.min(self.gains.1)).unwrap();
        let output = ChannelHardware {
            na_per_code_negative: self.gains.1,
            offset_na: self.offset,
            ..ChannelHardware::symmetric(self.gains.0, -limit, limit)
        };
        let hardware = Hardware::new(self.timing, &[output], 0).ok()?;
        let plan = Plan::compile(&session, &hardware).ok()?;
        let setup = Setup::new(&[60_000], UseClass::Specialist).unwrap();
        let profile = Profile::custom("test", &Profile::default()).with_limit(&rules::E_W_1, 1_000).unwrap();
        let profile = profile.with_limit(&rules::E_BAL_1, 6_000_000_000).unwrap();
        let checked = check(plan, &setup, &profile).ok()?;
        Some(Box::leak(Box::new(checked)))
    }
}

struct Noise(u64);

impl Noise {
    /// From `low` to `high`.
    fn within(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + ((self.0 >> 33) as i64) % (high - low + 1)
    }
}

/// What a run came to.
#[derive(Debug, Default)]
struct Ran {
    pulses: u32,
    repaid: u32,
    edges: u64,
}

/// Plays a run; an error is a trip, or an engine's fault.
fn play(run: &Run, checked: &'static Checked<'static>) -> Result<Ran, String> {
    let mut guard = armed(checked, 0);
    let begin = raise(&mut guard, checked, 0);
    let mut storage = [ChannelState::new(); 1];
    let mut engine = Engine::new(checked.plan(), &mut storage).unwrap();
    let set = checked.plan().session().channels()[0].set;
    engine.command(0, set, begin).unwrap();
    engine.start(begin);
    let (mut noise, mut ran, mut last) = (Noise(run.seed | 1), Ran::default(), begin);
    let (early, late) = (i64::from(run.timing.stamp_error_ticks), i64::from(run.timing.late_max_ticks));
    let at = |ms: u32| begin + u64::from(ms) * 1_000;
    let mut outside: Vec<(u64, Outside)> = Vec::new();
    outside.extend(run.commands.iter().map(|(ms, permille)| (at(*ms), Outside::Command(*permille))));
    outside.extend(run.gate.iter().map(|ms| (at(*ms), Outside::Gate)));
    if run.into.is_none() {
        outside.push((at(run.stop.0), Outside::Stop));
    }
    outside.extend((0..6_000_u32).step_by(5).map(|ms| (at(ms), Outside::Tick)));
    outside.sort_by_key(|(at, _)| *at);
    let mut outside = outside.into_iter().peekable();
    let (mut into, mut stop_at) = (run.into, None);
    loop {
        while let Some(frame) = engine.pending() {
            guard.admit(last, &frame).map_err(|trip| format!("{trip} of {frame:?}"))?;
            ran.pulses += u32::from(frame.kind() == FrameKind::Pulse);
            ran.repaid += u32::from(frame.kind() != FrameKind::Pulse);
            assert!(engine.accept(frame.channel(), frame.sequence()));
        }
        let due = match engine.next() {
            Next::At(tick) => tick,
            Next::Never => u64::MAX,
        };
        if let Some((when, what)) = outside.next_if(|(when, _)| *when <= due.max(last)) {
            last = last.max(when);
            act(&mut engine, &mut guard, run, what, last)?;
            continue;
        }
        if let Some(when) = stop_at.take_if(|when| *when <= due.max(last)) {
            last = last.max(when);
            act(&mut engine, &mut guard, run, Outside::Stop, last)?;
            continue;
        }
        if due == u64::MAX {
            break;
        }
        let changes: Vec<Change> = engine.step().iter().flat_map(Step::changes).collect();
        let shift = if changes.is_empty() { 0 } else { noise.within(-early, late + early) };
        last = due.saturating_add_signed(shift).max(last);
        engine.applied(last).map_err(|fault| format!("{fault}"))?;
        for change in changes {
            ran.edges += 1;
            if change.edge == Some(0) && last >= at(run.stop.0) {
                stop_at = stop_at.or(into.take().map(|ticks| last + u64::from(ticks)));
            }
            guard.edge(last, &change, None).map_err(|trip| format!("edge {change:?}: {trip}"))?;
        }
        let (mine, theirs) = (guard.ledger(0).unwrap(), engine.ledger(0).unwrap());
        if mine != theirs {
            return Err(format!("ledgers differ: {mine:?} {theirs:?}"));
        }
    }
    Ok(ran)
}

#[derive(Clone, Copy, Debug)]
enum Outside {
    Tick,
    Command(u32),
    Gate,
    Stop,
}

fn act(
    engine: &mut Engine<'_, '_>,
    guard: &mut Guard<'_>,
    run: &Run,
    what: Outside,
    now: u64,
) -> Result<(), String> {
    match what {
        Outside::Tick => {
            guard.keep_alive(now);
            engine.tick(now);
            guard.tick(now).map(drop).map_err(|trip| format!("tick: {trip}"))?;
        }
        Outside::Command(permille) => {
            let next = setting(run.ua * permille / 1_000, run.pulse.width_us);
            if engine.setting(0).is_some_and(|old| next.amplitude <= old.amplitude) {
                if engine.command(0, next, now).is_ok() {
                    guard.set_level(now, 0, next).unwrap();
                }
            } else if guard.set_level(now, 0, next).is_ok() {
                let _ = engine.command(0, next, now);
            }
        }
        Outside::Gate => {
            engine.gate(GateInput::Toggle, now);
        }
        Outside::Stop => {
            engine.stop(run.stop.1, now);
            if run.stop.1 == StopPolicy::HardOff {
                guard.off(now);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(400))]

    /// REQ-SAF-210: whatever the form, balance, repeat, timing, schedule and slope, and whatever is commanded, gated and
    /// stopped: every frame that the engine makes is admitted, no legal edge trips, and both ledgers are the same.
    #[test]
    fn what_the_engine_makes_is_admitted(run in runs()) {
        let Some(checked) = run.checked() else { return Err(TestCaseError::reject("not a plan")) };
        let ran = play(&run, checked);
        prop_assert!(ran.is_ok(), "{}", ran.unwrap_err());
    }
}

/// Cases for proptest: `least`, or more by the environment.
fn config(least: u32) -> ProptestConfig {
    let asked = std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    let cases = least.max(asked);
    ProptestConfig {
        cases,
        max_global_rejects: cases * 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
