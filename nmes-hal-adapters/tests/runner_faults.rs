//! What the runner for interrupts keeps of what went wrong, and what it does when something is wrong.
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
use nmes_hal_adapters::sim::{Bench, FaultyError, FaultyOutput, SimAlarm, SimClock, SimOutput, StageFault};
use nmes_hal_adapters::{Alarm, Cause, Late, NoSense, Output, Sense, Stimulator};
use nmes_safety::{Admitted, AdmittedEdge, Checked, Fault, PROBE_LEVEL, Response, UseClass};
use std::cell::Cell;

fn set() -> Setting {
    setting(20_000, 300)
}

fn session_of<'a>(channels: &'a [Channel<'a>], hardware: &Hardware) -> Checked<'a> {
    let gate =
        Gate { max_on: ms(30_000), min_off: ms(50), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    let session = Session::new(channels, Schedule::Gated(gate), ms(600_000)).unwrap();
    checked(&session, hardware, UseClass::FunctionalWear)
}

/// One channel on this hardware, armed, with this output and alarm of its bench.
fn one<O: Output, A: Alarm>(
    hardware: Hardware,
    parts: impl Fn(&'static Bench) -> (O, A),
    body: impl FnOnce(Stimulator<'_, O, A, NoSense>, &SimClock),
) {
    let channels = [channel(set())];
    let checked = session_of(&channels, &hardware);
    let bench: &'static Bench = Box::leak(Box::new(bench(hardware, stage(1_000.0, 120.0), 0, 0)));
    let (output, alarm) = parts(bench);
    let mut states = [ChannelState::new(); 1];
    body(Stimulator::arm(&checked, &mut states, output, alarm, NoSense).unwrap(), bench.clock());
}

fn run_for<O: Output, A: Alarm, S: Sense>(
    stim: &mut Stimulator<'_, O, A, S>,
    clock: &SimClock,
    ticks: u64,
) -> Result<Seen, nmes_hal_adapters::Stopped> {
    let mut seen = Seen::default();
    run_to(stim, clock, clock.now() + ticks, &mut seen).map(|()| seen)
}

fn running<O: Output, A: Alarm>(stim: &mut Stimulator<'_, O, A, NoSense>, clock: &SimClock) {
    stim.start().unwrap();
    raise(stim, clock, &[set()]).unwrap();
    stim.gate(GateInput::Open).unwrap();
    run_for(stim, clock, 300_000).unwrap();
}

/// REQ-HAL-031: of several errors of the output the first is kept, also where it is that of opening it.
#[test]
fn the_first_error_of_the_output_is_kept() {
    let faulty = |from, count| {
        move |bench: &'static Bench| (FaultyOutput::new(bench.output(), from, count), bench.alarm())
    };
    // call 0 is that of arm
    one(hardware(late(0), 25_000, 1), faulty(1, 1), |mut stim, _| {
        assert!(stim.report_fault().off_failed);
        assert_eq!(stim.output_error(), Some(&FaultyError::OnPurpose { call: 1 }));
    });
    one(hardware(late(0), 25_000, 1), faulty(1, 9), |mut stim, clock| {
        let first = stim.stop(StopPolicy::HardOff).unwrap_err();
        clock.advance_to(clock.now() + 1_000);
        let again = stim.stop(StopPolicy::HardOff).unwrap_err();
        assert_eq!((again.cause, again.at_tick), (first.cause, first.at_tick), "the first time stays too");
        assert_eq!(stim.output_error(), Some(&FaultyError::OnPurpose { call: 1 }));
    });
}

/// REQ-HAL-031: where an edge comes too late the output is opened at once; an error of that is kept although a second try opens it.
#[test]
fn an_error_of_the_first_opening_is_kept() {
    let calls = Cell::new(0);
    for from in [u32::MAX, 0] {
        let parts = |bench: &'static Bench| {
            let from = if from == 0 { calls.get() } else { from };
            (FaultyOutput::new(bench.output(), from, 1), bench.alarm())
        };
        one(hardware(late(20), 25_000, 1), parts, |mut stim, clock| {
            running(&mut stim, clock);
            clock.advance_to(clock.next_alarm().unwrap() + 1_000);
            let stopped = stim.on_alarm().unwrap_err();
            assert!(matches!(stopped.cause, Cause::Engine(_)), "{stopped}");
            assert!(!stopped.off_failed);
            // the late edge, opening, and opening again
            calls.set(stim.output().calls() - 2);
            let kept = (from == 0).then(|| FaultyError::OnPurpose { call: calls.get() });
            assert_eq!(stim.output_error().copied(), kept);
        });
    }
}

/// REQ-HAL-031: a channel that cannot be opened at the end of a train stops the stimulator.
#[test]
fn a_channel_that_does_not_open_is_an_error() {
    struct Holds<'b>(SimOutput<'b, ()>);
    impl Output for Holds<'_> {
        type Error = &'static str;
        fn hardware(&self) -> &Hardware {
            self.0.hardware()
        }
        fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
            self.0.apply(edges).map_err(|_| "edges")
        }
        fn channel_off(&mut self, _channel: u8) -> Result<(), Self::Error> {
            Err("held")
        }
        fn off(&mut self) -> Result<(), Self::Error> {
            self.0.off().map_err(|_| "off")
        }
    }
    let timing = HardwareTiming { pulse_rest: Rest::DrivenZero, ..late(0) };
    one(
        hardware(timing, 25_000, 1),
        |bench| (Holds(bench.output()), bench.alarm()),
        |mut stim, clock| {
            running(&mut stim, clock);
            stim.gate(GateInput::Close { down: None }).unwrap();
            let stopped = run_for(&mut stim, clock, 1_000_000).unwrap_err_or("it ran on");
            assert_eq!((stopped.cause, stim.output_error()), (Cause::Output, Some(&"held")));
        },
    );
}

trait OrPanic<E> {
    fn unwrap_err_or(self, why: &str) -> E;
}

impl<T, E> OrPanic<E> for Result<T, E> {
    fn unwrap_err_or(self, why: &str) -> E {
        self.err().unwrap_or_else(|| panic!("{why}"))
    }
}

/// REQ-HAL-381: a failure opens the output before anything else: the alarm is still set then.
#[test]
fn the_output_is_opened_before_anything_else() {
    struct Asks<'b>(SimOutput<'b, ()>, &'b SimClock, Option<u64>);
    impl Output for Asks<'_> {
        type Error = nmes_hal_adapters::sim::SimError;
        fn hardware(&self) -> &Hardware {
            self.0.hardware()
        }
        fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), Self::Error> {
            self.0.begin(frame)
        }
        fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
            self.0.apply(edges)
        }
        fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
            self.0.channel_off(channel)
        }
        fn off(&mut self) -> Result<(), Self::Error> {
            self.2 = self.1.next_alarm();
            self.0.off()
        }
    }
    let parts = |bench: &'static Bench| (Asks(bench.output(), bench.clock(), None), bench.alarm());
    for by_fault in [true, false] {
        one(hardware(late(0), 25_000, 1), parts, |mut stim, clock| {
            running(&mut stim, clock);
            let due = stim.due();
            if by_fault {
                stim.report_fault();
            } else {
                stim.stop(StopPolicy::HardOff).unwrap();
            }
            assert!(due.is_some() && stim.output().2 == due, "{by_fault}");
        });
    }
}

/// An alarm of which each setting takes some ticks.
struct Slow(SimAlarm<'static>, &'static SimClock);

impl Alarm for Slow {
    fn now(&mut self) -> u64 {
        self.0.now()
    }
    fn set(&mut self, at_tick: u64) -> Result<(), Late> {
        self.1.advance_to(self.1.now() + 7);
        self.0.set(at_tick)
    }
    fn clear(&mut self) {
        self.0.clear();
    }
}

/// REQ-HAL-043: an edge whose time passes while its alarm is set is put out at once, not with the next call.
#[test]
fn an_edge_that_passes_while_its_alarm_is_set_is_put_out() {
    let parts = |bench: &'static Bench| (bench.output(), Slow(bench.alarm(), bench.clock()));
    one(hardware(late(20), 25_000, 1), parts, |mut stim, clock| {
        running(&mut stim, clock);
        let mut passed = 0;
        for before in (1..7).cycle().take(60) {
            let due = stim.due().unwrap();
            clock.advance_to(due - before);
            stim.keep_alive();
            stim.on_tick().unwrap();
            assert!(stim.due() > Some(due), "{before} ticks before");
            passed += 1;
        }
        assert_eq!((passed, stim.stopped()), (60, None));
        assert!((1..7).contains(&stim.stats().worst_late));
    });
}

/// REQ-HAL-475: the counts of the edge path are those of what is seen: a late onset of no level is none, a late opening is one.
#[test]
fn only_what_is_seen_is_counted_as_late() {
    let parts = |bench: &'static Bench| (bench.output(), bench.alarm());
    let timing = HardwareTiming { pulse_rest: Rest::DrivenZero, ..late(20) };
    one(hardware(timing, 25_000, 1), parts, |mut stim, clock| {
        stim.start().unwrap();
        stim.gate(GateInput::Open).unwrap();
        for _ in 0..10 {
            clock.advance_to(clock.next_alarm().unwrap() + 15);
            stim.on_alarm().unwrap();
        }
        assert_eq!((stim.stats().late, stim.stats().worst_late), (0, 0));
        stim.gate(GateInput::Close { down: None }).unwrap();
        run_for(&mut stim, clock, 1_000_000).unwrap();
        raise(&mut stim, clock, &[set()]).unwrap();
        stim.gate(GateInput::Open).unwrap();
        run_for(&mut stim, clock, 300_000).unwrap();
        stim.gate(GateInput::Close { down: None }).unwrap();
        while stim.engine().step().unwrap().changes().all(|change| change.edge.is_some()) {
            assert!(clock.fire().is_some());
            stim.on_alarm().unwrap();
        }
        assert_eq!((stim.stats().late, stim.stats().worst_late), (0, 0));
        clock.advance_to(clock.next_alarm().unwrap() + 15);
        stim.on_alarm().unwrap();
        assert_eq!((stim.stats().late, stim.stats().worst_late), (1, 15));
    });
}

/// REQ-HAL-475: deferred and dropped onsets are counted over all channels, each kind by itself.
#[test]
fn deferred_and_dropped_are_sums() {
    let us = |n| Micros::from_micros(n).unwrap();
    // two pairs, each on a source of its own: of the first the later one would wait too long, of the second not; and one alone
    let all = [(0, 40, 1), (200, 40, 1), (0, 20, 2), (500, 20, 2), (0, 40, 3)];
    let channels = all.map(|(later, hz, _)| Channel {
        offset: us(later),
        rate: Rate::from_hz(hz).unwrap(),
        ..channel(set())
    });
    let outputs = all.map(|(_, _, source)| ChannelHardware {
        source,
        ..ChannelHardware::symmetric(25_000, -4_000, 4_000)
    });
    let hardware = Hardware::new(late(0), &outputs, 0x1234).unwrap();
    let session = Session::new(&channels, Schedule::Continuous, ms(600_000)).unwrap();
    let checked = checked(&session.with_overlap(Overlap::Defer(us(400))), &hardware, UseClass::Continuous);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 5];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    raise(&mut stim, bench.clock(), &[set(); 5]).unwrap();
    let own: Vec<_> = (0..5).map(|channel| stim.counters(channel).unwrap()).collect();
    let [dropped, deferred] = [own[1].dropped, own[3].deferred];
    assert!(dropped > 90 && deferred > 90 && own[0].deferred != own[1].dropped, "{own:?}");
    let stats = stim.stats();
    assert_eq!(stats.deferred, own.iter().map(|counters| counters.deferred).sum::<u32>());
    assert_eq!(stats.dropped, own.iter().map(|counters| counters.dropped).sum::<u32>());
    assert_ne!(stats.deferred, stats.dropped);
}

/// Two channels and what is measured of them.
fn measured(body: impl FnOnce(&Bench, Checked<'_>)) {
    let channels = [channel(set()); 2];
    let hardware = hardware(late(0), 25_000, 2);
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    body(&bench, session_of(&channels, &hardware));
}

/// REQ-HAL-030: what is wrong with one channel of two is told of that channel, by what the level it ended measured too.
#[test]
fn a_fault_is_told_of_its_own_channel() {
    for (channel, fault) in [
        (0, StageFault::WrongPolarity),
        (1, StageFault::WrongPolarity),
        (1, StageFault::StuckOn),
        (1, StageFault::StuckCode { magnitude: 300 }),
    ] {
        measured(|bench, checked| {
            let mut states = [ChannelState::new(); 2];
            let armed = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense());
            let mut stim = armed.unwrap();
            stim.start().unwrap();
            raise(&mut stim, bench.clock(), &[set(), setting(5_000, 300)]).unwrap();
            stim.gate(GateInput::Open).unwrap();
            run_for(&mut stim, bench.clock(), 300_000).unwrap();
            bench.inject(channel, fault);
            let stopped = run_for(&mut stim, bench.clock(), 300_000).unwrap_err_or("it was not found");
            let Cause::Guard(trip) = stopped.cause else { panic!("{stopped}") };
            assert_eq!(trip.channel, Some(channel), "{trip:?}");
        });
    }
}

/// REQ-HAL-032: lost contact raises nothing: a level under the probe level stays.
#[test]
fn lost_contact_raises_no_level() {
    for (ua, then) in [(2_000, 2_000), (8_000, PROBE_LEVEL.as_microamps())] {
        measured(|bench, checked| {
            let mut states = [ChannelState::new(); 2];
            let armed = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense());
            let mut stim = armed.unwrap();
            stim.start().unwrap();
            raise(&mut stim, bench.clock(), &[setting(ua, 300)]).unwrap();
            stim.gate(GateInput::Open).unwrap();
            run_for(&mut stim, bench.clock(), 300_000).unwrap();
            bench.inject(0, StageFault::OpenCircuit);
            while stim.last_trip().is_none() {
                run_for(&mut stim, bench.clock(), 5_000).unwrap();
                assert!(bench.clock().now() < 30_000_000, "{ua} µA: not found");
            }
            let trip = *stim.last_trip().unwrap();
            assert_eq!((trip.fault, trip.response), (Fault::ContactLoss, Response::ProbeLevel));
            assert_eq!(stim.engine().setting(0).unwrap().amplitude.as_microamps(), then);
        });
    }
}

/// REQ-HAL-033: what a command has set is gone to again too, once the pad is back.
#[test]
fn a_commanded_level_comes_back() {
    let (high, low) = (setting(12_000, 300), setting(9_000, 300));
    measured(|bench, checked| {
        let mut states = [ChannelState::new(); 2];
        let armed = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense());
        let mut stim = armed.unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[high]).unwrap();
        stim.command(0, low).unwrap();
        stim.gate(GateInput::Open).unwrap();
        run_for(&mut stim, bench.clock(), 300_000).unwrap();
        bench.inject(0, StageFault::OpenCircuit);
        run_for(&mut stim, bench.clock(), 300_000).unwrap();
        assert_eq!(stim.engine().setting(0).unwrap().amplitude, PROBE_LEVEL);
        bench.inject(0, StageFault::None);
        run_for(&mut stim, bench.clock(), 8_000_000).unwrap();
        assert_eq!(stim.engine().setting(0), Some(low));
    });
}

/// REQ-HAL-469: a target that is stronger and narrower than the level is come to by steps of the guard's.
#[test]
fn a_narrower_target_is_reached() {
    let parts = |bench: &'static Bench| (bench.output(), bench.alarm());
    one(hardware(late(0), 25_000, 1), parts, |mut stim, clock| {
        stim.start().unwrap();
        raise(&mut stim, clock, &[setting(8_000, 300)]).unwrap();
        raise(&mut stim, clock, &[setting(12_000, 150)]).unwrap();
        raise(&mut stim, clock, &[setting(9_000, 300)]).unwrap();
    });
}

/// REQ-HAL-476: ticks of the runner keep no level from going stale; a target that is given again does.
#[test]
fn only_the_host_keeps_a_level_from_going_stale() {
    let train = Train { stale_after: ms(100), ..Train::default() };
    let channels = [Channel { train, ..channel(set()) }];
    let hardware = hardware(late(0), 25_000, 1);
    let checked = session_of(&channels, &hardware);
    for again in [false, true] {
        let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
        let mut states = [ChannelState::new(); 1];
        let mut stim =
            Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
        stim.start().unwrap();
        raise(&mut stim, bench.clock(), &[set()]).unwrap();
        stim.command(0, set()).unwrap();
        let before = stim.counters(0).unwrap().stale;
        stim.gate(GateInput::Open).unwrap();
        for _ in 0..40 {
            run_for(&mut stim, bench.clock(), 50_000).unwrap();
            if again {
                stim.aim(0, set()).unwrap();
            }
        }
        assert_eq!(stim.counters(0).unwrap().stale > before, !again);
        let pulses = stim.counters(0).unwrap().pulses;
        run_for(&mut stim, bench.clock(), 60_000).unwrap();
        assert_eq!(stim.counters(0).unwrap().pulses > pulses, again);
        assert_eq!(stim.engine().setting(0), Some(set()));
    }
    // a rise of steps that are further apart than a level is good for
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let mut stim = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), NoSense).unwrap();
    stim.start().unwrap();
    stim.aim(0, set()).unwrap();
    stim.gate(GateInput::Open).unwrap();
    for _ in 0..40 {
        run_for(&mut stim, bench.clock(), 50_000).unwrap();
        stim.aim(0, set()).unwrap();
    }
    assert!(stim.engine().setting(0).unwrap().amplitude < set().amplitude);
    assert_eq!(stim.counters(0).unwrap().stale, 0);
}
