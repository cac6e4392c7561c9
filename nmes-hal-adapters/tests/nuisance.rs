//! Legal calls at any instant, by whoever calls: no trip, and every frame that the engine makes is admitted.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, Random, SimAlarm, SimClock, SimEdge, SimOutput, SimSense};
use nmes_hal_adapters::{Alarm, Contact, Output, Sense, Stimulator, Stopped};
use nmes_safety::{Checked, Layer, NOISE_FLOOR, Profile, Sensed, Setup, UseClass, check, rules};
use proptest::prelude::*;
use std::cell::Cell;

/// What is random about a run.
#[derive(Clone, Debug)]
struct Run {
    channels: Vec<Channel<'static>>,
    schedule: Schedule<'static>,
    overlap: Overlap,
    timing: HardwareTiming,
    gains: (u32, u32),
    /// Channels on one source, from the first on; the others have their own.
    sharing: usize,
    seed: u64,
}

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn timings() -> impl Strategy<Value = HardwareTiming> {
    let rest = prop_oneof![2 => Just(Rest::Open), 1 => Just(Rest::Shorted), 1 => Just(Rest::DrivenZero)];
    let late = prop_oneof![1 => Just(0_u32), 3 => 1_u32..13];
    let dead = prop_oneof![3 => Just(0_u32), 1 => 1_u32..15];
    (late, 0_u32..3, 1_u32..25, 0_u32..3, dead, rest, any::<bool>()).prop_map(
        |(late, stamp, spacing, write, dead, rest, has_latch)| HardwareTiming {
            late_max_ticks: late,
            stamp_error_ticks: if late == 0 { 0 } else { stamp },
            min_edge_ticks: if late == 0 { spacing } else { spacing.min(late) },
            write_ticks: if has_latch { 0 } else { write.min(late) },
            dead_ticks: dead,
            pulse_rest: if dead > 0 { Rest::Open } else { rest },
            has_latch,
            ..HardwareTiming::ideal(MHZ)
        },
    )
}

fn shapes() -> impl Strategy<Value = PulseShape<'static>> {
    let plain = PulseShape { gap: us(100), ..PulseShape::default() };
    prop_oneof![
        3 => Just(plain),
        1 => Just(PulseShape { balance: Balance::Asymmetric { length_percent: 300 }, ..plain }),
        1 => Just(PulseShape { form: Form::Triphasic { outer_percent: 40 }, ..plain }),
        1 => Just(PulseShape { repeat: Repeat { count: 2, gap: us(2_000) }, ..plain }),
    ]
}

fn schedules() -> impl Strategy<Value = Schedule<'static>> {
    let gate = (100_u32..4_000, 0_u32..200, prop_oneof![Just(0_u32), 1_u32..50]);
    let gate = gate.prop_map(|(on, off, refractory)| {
        let (max_on, min_off, refractory) = (ms(on), ms(off), ms(refractory));
        Schedule::Gated(Gate { max_on, min_off, max_triggers_per_minute: 600, refractory })
    });
    prop_oneof![
        2 => gate,
        1 => Just(Schedule::Cyclic(Cycle { hold: ms(700), rest: ms(1_000) })),
        1 => Just(Schedule::Continuous),
    ]
}

fn runs() -> impl Strategy<Value = Run> {
    let each = (shapes(), 20_u32..70, 5_000_u32..25_000, 200_u32..400, 0_u32..20_000, any::<bool>());
    let overlap =
        prop_oneof![1 => Just(Overlap::Forbid), 3 => (0_u32..20_000).prop_map(|n| Overlap::Defer(us(n)))];
    let gains = prop_oneof![2 => Just((25_000, 25_000)), 1 => Just((25_000, 24_251))];
    let parts = (prop::collection::vec(each, 1..5), schedules(), overlap, timings(), gains);
    (parts, 0_usize..5, any::<bool>(), any::<u64>()).prop_map(
        |((each, schedule, overlap, timing, gains), sharing, alike, seed)| {
            let first = each[0];
            let channels = each.into_iter().map(|one| {
                let (pulse, hz, ua, us_wide, later, floor) =
                    if alike { (first.0, first.1, one.2, one.3, one.4, first.5) } else { one };
                let set = setting(ua, us_wide);
                let ramp = Ramp { floor: if floor { ua / 2 } else { 0 }, ..channel(set).ramp };
                Channel { pulse, rate: Rate::from_hz(hz).unwrap(), offset: us(later), ramp, ..channel(set) }
            });
            Run { channels: channels.collect(), schedule, overlap, timing, gains, sharing, seed }
        },
    )
}

impl Run {
    fn hardware(&self) -> Hardware {
        let output = |index| ChannelHardware {
            na_per_code_negative: self.gains.1,
            source: if index < self.sharing { 1 } else { 0 },
            ..ChannelHardware::symmetric(self.gains.0, -4_000, 4_000)
        };
        let outputs: Vec<_> = (0..self.channels.len()).map(output).collect();
        Hardware::new(self.timing, &outputs, 0x1234).unwrap()
    }

    fn describe(&self) -> String {
        let each = self.channels.iter().map(|c| {
            format!(
                "{:?} {} Hz {:?} +{} floor {}",
                c.pulse.form,
                c.rate.as_millihertz() / 1_000,
                c.set,
                c.offset,
                c.ramp.floor
            )
        });
        let channels = each.collect::<Vec<_>>().join("\n  ");
        format!(
            "{:?} {:?} {:?} shared {}\n  {:?}\n  {channels}",
            self.schedule, self.overlap, self.gains, self.sharing, self.timing
        )
    }

    /// `None` where the plan or the check refuses it.
    fn checked(&self) -> Option<Checked<'_>> {
        let session = Session::new(&self.channels, self.schedule, ms(3_599_000)).ok()?;
        let plan = Plan::compile(&session.with_overlap(self.overlap), &self.hardware()).ok()?;
        let class = match self.schedule {
            Schedule::Gated(_) => UseClass::FunctionalWear,
            Schedule::Cyclic(_) | Schedule::Program(_) => UseClass::Exercise,
            Schedule::Continuous => UseClass::Continuous,
        };
        let setup = Setup::new(&vec![8_000; self.channels.len()], class).ok()?;
        let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).ok()?;
        check(plan, &setup, &Profile::default()).ok()
    }
}

/// A measurement of which each reading is off by as much as a setup may declare.
struct Noisy<'b> {
    sense: SimSense<'b>,
    random: Random,
}

impl Noisy<'_> {
    fn off(&mut self, sensed: Sensed) -> Sensed {
        let most = NOISE_FLOOR.as_microamps() * 1_000;
        let off = i64::from(self.random.up_to(2 * most)) - i64::from(most);
        Sensed { current_na: sensed.current_na + off, ..sensed }
    }
}

impl Sense for Noisy<'_> {
    fn sample(&mut self, channel: u8, level: Level) -> Option<Sensed> {
        self.sense.sample(channel, level).map(|sensed| self.off(sensed))
    }

    fn ended(&mut self, channel: u8) -> Option<Sensed> {
        self.sense.ended(channel).map(|sensed| self.off(sensed))
    }

    fn resting(&mut self, channel: u8) -> Option<Sensed> {
        self.sense.resting(channel).map(|sensed| self.off(sensed))
    }

    fn session(&mut self, session: &Checked<'_>) {
        self.sense.session(session);
    }

    fn contact(&mut self, channel: u8) -> Contact {
        self.sense.contact(channel)
    }
}

/// A host that calls what may be called.
struct Host {
    random: Random,
    sets: Vec<Setting>,
}

impl Host {
    fn up_to(&mut self, most: u32) -> u32 {
        self.random.up_to(most)
    }

    fn call<O: Output, A: Alarm, S: Sense>(
        &mut self,
        stim: &mut Stimulator<'_, O, A, S>,
    ) -> Result<(), Stopped> {
        let channel = self.up_to(self.sets.len() as u32 - 1) as u8;
        let set = self.sets[usize::from(channel)];
        let ua = self.up_to(3).min(1) * self.up_to(set.amplitude.as_microamps());
        let width = self.up_to(1) * self.up_to(set.width.as_micros());
        let want = setting(ua, if width == 0 { set.width.as_micros() } else { width });
        let gate = match self.up_to(3) {
            0 => GateInput::Open,
            1 => GateInput::Hold,
            2 => GateInput::Toggle,
            _ => GateInput::Close { down: Millis::from_millis(self.up_to(250)) },
        };
        // a refusal is an answer too
        match self.up_to(9) {
            0 | 1 => drop(stim.command(channel, want)),
            2 => drop(stim.aim(channel, want)),
            3 => drop(stim.aim(channel, set)),
            4..=6 => drop(stim.modulate(channel, want)),
            7 => drop(stim.gate(gate)?),
            8 => drop(stim.gate_channel(channel, gate)?),
            _ => drop(if self.up_to(2) == 0 { stim.pause()? } else { stim.resume()? }),
        }
        stim.stopped().map_or(Ok(()), |stopped| Err(*stopped))
    }

    /// Ticks to the next call: in bursts or far apart, and half of all calls just before or after an edge.
    fn pause(&mut self, to_edge: Option<u64>) -> u64 {
        let near = to_edge.filter(|_| self.up_to(1) == 0);
        let most = [30, 400, 5_000, 50_000][self.up_to(3) as usize];
        match near {
            Some(ahead) => (ahead + u64::from(self.up_to(45))).saturating_sub(30).max(1),
            None => 1 + u64::from(self.up_to(most)),
        }
    }
}

/// Plays a run for so many edges; how many there were.
fn play(run: &Run, checked: &Checked<'_>, most: u32) -> Result<u32, String> {
    let bench = Bench::new(run.hardware(), stage(500.0, 120.0), 0, 0);
    let (clock, edges) = (bench.clock(), Cell::new(0_u32));
    let mut states = [ChannelState::new(); 4];
    let output = bench.output_to(|_: SimEdge| edges.set(edges.get() + 1));
    let states = &mut states[..run.channels.len()];
    let sense = Noisy { sense: bench.sense(), random: Random::new(!run.seed) };
    let mut stim = Stimulator::arm(checked, states, output, bench.alarm(), sense).unwrap();
    let mut host = Host { random: Random::new(run.seed), sets: run.channels.iter().map(|c| c.set).collect() };
    raise(&mut stim, clock, &host.sets).unwrap();
    stim.start().map_err(|stopped| format!("{stopped:?}"))?;
    let until = clock.now() + 100_000_000;
    let (mut slow, mut call) = (clock.now() + SLOW, clock.now());
    let (mut rings, mut set_for) = (u64::MAX, None);
    while clock.now() < until && edges.get() < most {
        if clock.next_alarm() != set_for {
            set_for = clock.next_alarm();
            let late = u64::from(host.up_to(run.timing.late_max_ticks));
            rings = set_for.map_or(u64::MAX, |at| at + late);
        }
        let next = rings.min(slow).min(call);
        clock.advance_to(next);
        let went = if rings <= next {
            let _ = clock.fire();
            set_for = None;
            rings = u64::MAX;
            stim.on_alarm()
        } else if slow <= next {
            slow = next + SLOW;
            stim.keep_alive();
            stim.on_tick().map(drop)
        } else {
            let to_edge = clock.next_alarm().map(|at| at.saturating_sub(next));
            call = next + host.pause(to_edge);
            host.call(&mut stim)
        };
        went.map_err(|stopped| format!("{stopped:?}, after {} edges", edges.get()))?;
        let next = stim.engine().step().map(|step| step.at_tick());
        if [stim.due(), clock.next_alarm()] != [next; 2] {
            return Err(format!(
                "{next:?} is next, {:?} prepared, alarm {:?}",
                stim.due(),
                clock.next_alarm()
            ));
        }
        if let Some(trip) = stim.last_trip() {
            return Err(format!("{trip:?}, after {} edges", edges.get()));
        }
        while stim.take_receipt().is_some() {}
    }
    Ok(edges.get())
}

/// REQ-HAL-410, REQ-HAL-250, REQ-HAL-501, REQ-SAF-570: settings, gates and pauses at random instants, most of them next to an edge, on one to four
/// channels, with edges up to L late, with and without a latch, with sources of their own and shared, and readings as far off as may be
/// declared: nothing trips, no
/// frame is refused, and what is prepared and what the alarm is set to are always what the engine has next.
#[test]
fn no_call_is_a_nuisance() {
    let edges = Cell::new(0_u64);
    let (cases, failure_persistence) = (cases(), None);
    let max_global_rejects = cases.saturating_mul(20);
    let config =
        ProptestConfig { cases, failure_persistence, max_global_rejects, ..ProptestConfig::default() };
    proptest!(config, |(run in runs())| {
        let Some(checked) = run.checked() else { return Err(TestCaseError::reject("not to be had")) };
        match play(&run, &checked, 16_000) {
            Ok(count) => edges.set(edges.get() + u64::from(count)),
            Err(why) => prop_assert!(false, "{why}\n{}", run.describe()),
        }
    });
    let least = 8_000 * u64::from(cases);
    assert!(edges.get() >= least, "{} edges", edges.get());
}

type Stim<'a, 'b> = Stimulator<'a, SimOutput<'b, ()>, SimAlarm<'b>, SimSense<'b>>;

/// One channel of 20 mA at 40 Hz, on an output with an edge spacing, running at `ua`.
fn running(timing: HardwareTiming, ua: u32, body: impl FnOnce(Stim<'_, '_>, &SimClock)) {
    let set = setting(20_000, 300);
    let (channels, hardware) = ([channel(set)], hardware(timing, 25_000, 1));
    let session = Session::new(&channels, Schedule::Continuous, ms(60_000)).unwrap();
    let checked = checked(&session, &hardware, UseClass::Continuous);
    let bench = Bench::new(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    if ua > 0 {
        raise(&mut stim, bench.clock(), &[setting(ua, 300)]).unwrap();
    }
    stim.start().unwrap();
    let until = bench.clock().now() + 1_010_000;
    run_to(&mut stim, bench.clock(), until, &mut Seen::default()).unwrap();
    body(stim, bench.clock());
}

/// REQ-HAL-411: a pulse is lowered just before it, after one whose last edge was late: it waits for the trims that it needs,
/// and the one after it comes when it should.
#[test]
fn a_pulse_is_lowered_after_a_late_edge() {
    running(late(15), 20_000, |mut stim, clock| {
        let mut last = false;
        while !last {
            last = stim.engine().step().unwrap().changes().any(|change| change.edge == Some(3));
            clock.advance_to(clock.next_alarm().unwrap() + if last { 15 } else { 0 });
            stim.on_alarm().unwrap();
        }
        clock.advance_to(clock.next_alarm().unwrap() - 5);
        stim.modulate(0, setting(25, 300)).unwrap();
        let mut seen = Seen::default();
        run_to(&mut stim, clock, clock.now() + 200_000, &mut seen).unwrap();
        let pulses: Vec<_> =
            seen.receipts.iter().filter(|r| r.kind == FrameKind::Pulse && r.code == 1).collect();
        let waited: Vec<_> = pulses.iter().map(|r| r.deferred_ticks).collect();
        assert!(
            waited.len() >= 7 && waited[0] > 100 && waited[1..].iter().all(|&ticks| ticks == 0),
            "{waited:?}"
        );
    });
}

/// REQ-HAL-412: a target is set within an edge spacing before a silent onset, and goes up from there; nothing is put out of
/// the target itself.
#[test]
fn a_target_is_set_at_a_silent_onset() {
    for ahead in [1, 10, 19, 20, 21] {
        let timing = HardwareTiming { min_edge_ticks: 20, ..late(0) };
        running(timing, 0, |mut stim, clock| {
            clock.advance_to(clock.next_alarm().unwrap() - ahead);
            stim.aim(0, setting(20_000, 300)).unwrap();
            let mut seen = Seen::default();
            run_to(&mut stim, clock, clock.now() + 500_000, &mut seen).unwrap();
            let codes: Vec<_> = seen.receipts.iter().map(|r| r.code).collect();
            assert!(codes.len() > 10 && codes[0] <= 40 && codes.is_sorted(), "{codes:?}");
        });
    }
}
