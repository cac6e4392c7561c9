//! The short way of the guard against its long way: the same edges, one guard of two with a sample that counts for nothing,
//! which no edge on the short way may have. Beside each stands one that is given the edges as they were admitted.

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
use proptest::prelude::*;

/// From before all time: it is of no level.
const NOTHING: Sensed =
    Sensed { current_na: 0, voltage_mv: 0, at_tick: 0, instant: SampleInstant::PhaseStart };

/// Two guards that see the same, and two that see it as it was admitted.
struct Two {
    short: Guard<'static>,
    long: Guard<'static>,
    short_put: Guard<'static>,
    long_put: Guard<'static>,
    /// Edges after which something was left to count later.
    later: u32,
}

impl Two {
    fn of(checked: &'static Checked<'static>) -> (Self, u64) {
        let (short, now) = ready(checked);
        let [long, short_put, long_put] = [(); 3].map(|()| ready(checked).0);
        (Self { short, long, short_put, long_put, later: 0 }, now)
    }

    /// Calls both; the answer is the same, and so is what both have counted.
    fn both<R: PartialEq + core::fmt::Debug>(&mut self, mut call: impl FnMut(&mut Guard<'static>) -> R) -> R {
        let (short, long) = (call(&mut self.short), call(&mut self.long));
        let puts = (call(&mut self.short_put), call(&mut self.long_put));
        assert_eq!((&short, &puts.0, &puts.1), (&long, &long, &long));
        self.agree();
        short
    }

    /// An edge is out.
    fn edge(&mut self, t: u64, change: &Change) -> Result<(), Trip> {
        let put = |guard: &mut Guard<'static>, sense| {
            let admitted = guard.admitted(change.channel).zip(change.edge);
            let edge = admitted.and_then(|(admitted, number)| admitted.edge(number));
            let is_of = |edge: &AdmittedEdge| EdgeWords::of(change).is_some_and(|due| edge.is_of(&due));
            assert!(edge.is_none_or(|edge| is_of(&edge) == (edge.change() == *change)), "{edge:?}");
            match edge.filter(is_of) {
                Some(edge) => guard.edge_put(t, &edge, sense),
                None => guard.edge(t, change, sense),
            }
        };
        let (short, long) = (self.short.edge(t, change, None), self.long.edge(t, change, Some(NOTHING)));
        let puts = (put(&mut self.short_put, None), put(&mut self.long_put, Some(NOTHING)));
        assert_eq!((&short, &puts.0, &puts.1), (&long, &long, &long));
        self.agree();
        short
    }

    /// All have counted the same.
    fn agree(&mut self) {
        assert_eq!(self.short.ledger(0), self.long.ledger(0));
        let [said, all, said_put, all_put] =
            [&self.short, &self.long, &self.short_put, &self.long_put].map(|guard| format!("{guard:?}"));
        assert!(!all.contains("plain: Some("));
        assert!(said == said_put, "admitted: {}", apart(&said, &said_put));
        assert!(all == all_put, "admitted: {}", apart(&all, &all_put));
        if said.contains("plain: Some(") {
            self.later += 1;
        } else {
            assert!(said == all, "nothing is left for later: {}", apart(&said, &all));
        }
    }
}

/// Two descriptions from where they part.
fn apart(one: &str, other: &str) -> String {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(100);
    let part = |text: &str| text.get(from..(same + 60).min(text.len())).map(str::to_owned);
    format!("{:?} against {:?}", part(one), part(other))
}

/// What happens before the next edge.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    /// The edge comes late by so many permille of L.
    Late(u64),
    /// A measurement that is more than what is commanded by so many parts of 10,000, or at rest of so many microamperes.
    Measured(i64),
    Tick,
    Disarm,
    Lower,
    Recover,
    Off,
    /// In the place of the next edge, one that is not it.
    Stray(Wrong),
}

/// What is wrong with an edge.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Number,
    Sequence,
    Level,
    Channel,
    /// By a tick.
    Early,
    /// A tick of the clock was seen that is later.
    Past,
    /// The channel was opened before.
    Opened,
}

fn between() -> impl Strategy<Value = Between> {
    let wrong = prop_oneof![
        Just(Wrong::Number),
        Just(Wrong::Sequence),
        Just(Wrong::Level),
        Just(Wrong::Channel),
        Just(Wrong::Early),
        Just(Wrong::Past),
        Just(Wrong::Opened),
    ];
    prop_oneof![
        300 => Just(Between::Nothing),
        10 => (0_u64..=1_000).prop_map(Between::Late),
        1 => (0_i64..1_000).prop_map(Between::Measured),
        10 => Just(Between::Tick),
        1 => Just(Between::Disarm),
        2 => Just(Between::Lower),
        1 => Just(Between::Recover),
        1 => Just(Between::Off),
        4 => wrong.prop_map(Between::Stray),
    ]
}

fn rigs() -> impl Strategy<Value = Rig> {
    const UP_DOWN: &[Point] = &[
        Point { permille: 1_000, width: Micros::from_micros(150).unwrap() },
        Point { permille: 0, width: Micros::from_micros(40).unwrap() },
        Point { permille: -1_000, width: Micros::from_micros(150).unwrap() },
    ];
    let form = prop_oneof![4 => Just(Form::Rectangular), 1 => Just(Form::Points(UP_DOWN))];
    let balance = prop_oneof![
        4 => Just(Balance::Symmetric),
        1 => Just(Balance::Asymmetric { length_percent: 300 }),
        1 => Just(Balance::DeclaredDc { at_most: MicroAmps::from_microamps(1_000).unwrap() }),
    ];
    let rests = prop_oneof![Just(Rest::Open), Just(Rest::Shorted), Just(Rest::DrivenZero)];
    let gains = prop_oneof![Just((100_000, 100_000)), Just((100_000, 97_003))];
    let count = prop_oneof![4 => Just(1_u16), 1 => Just(2_u16)];
    (form, balance, rests, gains, count, prop_oneof![Just(0), Just(100)], prop_oneof![Just(0), Just(9)])
        .prop_map(|(form, balance, gap_rest, gains, count, gap_us, late)| {
            let points = form != Form::Rectangular;
            Rig {
                form,
                balance: if points { Balance::Symmetric } else { balance },
                gap_rest,
                gains,
                pulse_rest: gap_rest,
                gap_us: if points { 0 } else { gap_us },
                set: (40_000, if points { 340 } else { 300 }),
                ceiling: (40_000, if points { 340 } else { 300 }),
                late: if count > 1 { 0 } else { late },
                repeat: Repeat { count: if points { 1 } else { count }, ..Repeat::ONCE },
                seconds: 20,
                class: UseClass::Specialist,
                ..Rig::default()
            }
        })
}

/// An edge that looks like the next one, but for one thing.
fn stray(next: Change, due: u64, wrong: Wrong) -> (u64, Change) {
    match wrong {
        Wrong::Number => (due, Change { edge: next.edge.map(|edge| edge + 1), ..next }),
        Wrong::Sequence => (due, Change { sequence: next.sequence + 1, ..next }),
        Wrong::Level if next.level == Level::Code(3) => (due, Change { level: Level::Open, ..next }),
        Wrong::Level => (due, Change { level: Level::Code(3), ..next }),
        Wrong::Channel => (due, Change { channel: 9, ..next }),
        Wrong::Early => (due - 1, next),
        Wrong::Past | Wrong::Opened => (due, next),
    }
}

/// What was done, edges late by `always` ticks: edges, and those after which something was left for later.
fn run(rig: &Rig, script: &[Between], always: u64) -> (u32, u32) {
    let checked = rig.checked();
    let (mut two, mut now) = Two::of(checked);
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(checked.plan(), &mut storage).unwrap();
    let set = checked.plan().session().channels()[0].set;
    engine.command(0, set, now).unwrap();
    engine.start(now);
    let (mut edges, mut last) = (0, None);
    for what in script {
        while let Some(frame) = engine.pending() {
            two.both(|guard| guard.keep_alive(now));
            two.both(|guard| guard.tick(now).ok());
            let refused = two.both(|guard| guard.admit(now, &frame).err());
            if refused.is_some() || !engine.accept(frame.channel(), frame.sequence()) {
                return (edges, two.later);
            }
        }
        let (Next::At(due), Some(step)) = (engine.next(), engine.step()) else { break };
        let level = engine.level(0).unwrap();
        let mut late = always.min(u64::from(rig.late));
        let mut result = Ok(());
        match *what {
            Between::Nothing => {}
            Between::Late(permille) => late = u64::from(rig.late) * permille / 1_000,
            Between::Measured(gain) => {
                let output = checked.plan().hardware().channel(0).unwrap();
                let driven = level.current_na(output) != 0;
                let commanded = level.current_na(output);
                let current_na = if driven { commanded + commanded * gain / 10_000 } else { gain * 1_000 };
                let instant = if driven { SampleInstant::PhaseEnd } else { SampleInstant::Rest };
                now = now.max(due - 1);
                let sensed = Sensed { current_na, voltage_mv: 0, at_tick: now, instant };
                result = two.both(|guard| guard.sample(now, 0, sensed));
            }
            Between::Tick => {
                now = now.max(due - 1);
                two.both(|guard| guard.keep_alive(now));
                result = two.both(|guard| guard.tick(now).map(drop));
            }
            Between::Disarm => drop(two.both(|guard| guard.handle(now, Event::Disarm).is_ok())),
            Between::Lower => {
                let lower = setting(set.amplitude.as_microamps() / 2, set.width.as_micros());
                engine.command(0, lower, now).unwrap();
                two.both(|guard| guard.set_level(now, 0, lower).is_ok());
                continue;
            }
            Between::Recover => {
                engine.stop(StopPolicy::RecoverNow, now);
                continue;
            }
            Between::Off => {
                two.both(|guard| guard.off(now));
                return (edges, two.later);
            }
            Between::Stray(wrong) => {
                let Some(next) = step.changes().next() else { continue };
                match wrong {
                    Wrong::Past => drop(two.both(|guard| guard.tick(due + 1).map(drop))),
                    Wrong::Opened => {
                        let open = Change { edge: None, level: Level::Open, ..next };
                        two.edge(now, &open).unwrap();
                    }
                    _ => {}
                }
                let (t, stray) = stray(next, due, wrong);
                result = two.edge(t, &stray);
            }
        }
        if result.is_err() {
            return (edges, two.later);
        }
        let t = (due + late).max(now);
        for change in step.changes() {
            result = two.edge(t, &change);
            edges += 1;
        }
        last = Some(t);
        now = t;
        if result.is_err() || engine.applied(t).is_err() {
            break;
        }
    }
    assert!(edges == 0 || last.is_some());
    (edges, two.later)
}

/// REQ-SAF-501: a pulse that nobody disturbs, on the grid or with every edge late by the same, is taken the short way from its
/// first edge to its last.
#[test]
fn is_taken() {
    let quiet = [Between::Nothing; 400];
    let plain = Rig { seconds: 20, class: UseClass::Specialist, ..Rig::default() };
    for (rig, always, each) in [
        (plain, 0, (3, 4)),
        (Rig { gap_us: 0, ..plain }, 0, (2, 3)),
        (Rig { late: 9, ..plain }, 3, (3, 4)),
        (Rig { late: 9, ..plain }, 9, (3, 4)),
    ] {
        let (edges, later) = run(&rig, &quiet, always);
        // the onsets at the bottom of the ramp are silent, the first pulse arms, and the last edge leaves nothing
        let (part, whole) = each;
        let (least, most) = ((edges / whole - 2) * part, edges / whole * part);
        assert!(edges > 360 && (least..=most).contains(&later), "{later} of {edges}");
    }
    let measured = Rig { measured: true, ..plain };
    assert_eq!(run(&measured, &quiet[..8], 0).1, 0, "where a measurement is promised it is missed");
}

/// REQ-SAF-501: what is left to count later is bounded: a pulse of more than sixteen segments goes the long way.
#[test]
fn a_pulse_of_many_segments_is_not() {
    static STEPS: [i16; 9] = [2_000, 4_000, 8_000, 12_000, 16_384, 12_000, 8_000, 4_000, 2_000];
    let quiet = [Between::Nothing; 400];
    // each step, and each step of the mirror image
    for (steps, segments) in [(8, 16), (9, 18)] {
        let form = Form::Table(&STEPS[..steps]);
        let (set, ceiling, gap_us) = ((40_000, 360), (40_000, 360), 0);
        let rig =
            Rig { form, set, ceiling, gap_us, seconds: 20, class: UseClass::Specialist, ..Rig::default() };
        let frame = rig.checked().plan().frame(0, setting(40_000, 360), 10).unwrap();
        assert_eq!(frame.segment_count(), segments);
        let (edges, later) = run(&rig, &quiet, 0);
        assert!(edges > 390 && (later > 300) == (segments <= 16), "{later} of {edges}");
    }
}

/// REQ-SAF-501: whatever happens once, before whichever edge of the first pulses, both ways agree on it and on what follows.
#[test]
fn both_ways_agree_on_each_thing() {
    let wrong = [
        Wrong::Number,
        Wrong::Sequence,
        Wrong::Level,
        Wrong::Channel,
        Wrong::Early,
        Wrong::Past,
        Wrong::Opened,
    ];
    let once = [
        Between::Late(500),
        Between::Measured(0),
        Between::Measured(300),
        Between::Tick,
        Between::Disarm,
        Between::Lower,
        Between::Recover,
        Between::Off,
    ];
    let each = once.into_iter().chain(wrong.map(Between::Stray));
    let plain = Rig { seconds: 20, class: UseClass::Specialist, ..Rig::default() };
    let rigs = [(plain, 0), (Rig { late: 9, ..plain }, 4)];
    let places = if cfg!(miri) { 9..10 } else { 0..18 };
    for (what, (rig, always)) in each.flat_map(|what| rigs.map(|rig| (what, rig))) {
        for before in places.clone() {
            let mut script = vec![Between::Nothing; before];
            script.push(what);
            script.extend([Between::Nothing; 20]);
            run(&rig, &script, always);
        }
    }
}

/// So many cases, or as many as the environment says.
fn config(usual: u32) -> ProptestConfig {
    let cases = std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(256))]

    /// REQ-SAF-501: with late edges, measurements, ticks, stops and strays between, both ways answer the same and count the
    /// same, at every edge.
    #[test]
    fn both_ways_agree(
        rig in rigs(), script in proptest::collection::vec(between(), 1..400), always in prop_oneof![Just(0_u64), 0_u64..10],
    ) {
        run(&rig, &script, always);
    }
}
