//! The titration: its drawing, its moments, and what no sequence of calls may do.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_core::{ChannelHardware, Hardware, HardwareTiming, MicroAmps, Micros, Millis, Plan, Schedule};
use nmes_protocols::titration::{
    AnswerError, Command, DIAGRAM, Mark, Marks, PollAt, State, StopReason, TRANSITIONS, Titration,
    TitrationConfig,
};
use nmes_protocols::{
    Answers, Availability, BuildError, CATALOGUE, Innervation, Item, Request, Side, Storage, Subject,
    build_session, build_train, find,
};
use nmes_safety::rules;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn ua(ma: u32) -> MicroAmps {
    MicroAmps::from_microamps(ma * 1_000).unwrap()
}

fn config(ceiling_ma: u32, repeats: u8) -> TitrationConfig {
    TitrationConfig::new(ua(ceiling_ma)).unwrap().with_repeats(repeats).unwrap()
}

/// Four thresholds in mA; what somebody with them says of a train.
fn says(thresholds: [u32; 4], level: MicroAmps) -> Marks {
    let reached = |mark: &Mark| level >= ua(thresholds[Mark::ALL.iter().position(|m| m == mark).unwrap()]);
    let marks: Vec<_> = Mark::ALL.into_iter().filter(|mark| reached(mark)).collect();
    Marks::of(&marks)
}

/// Up to Done or Stopped; the amplitudes that were asked for.
fn run(titration: &mut Titration, now: &mut u64, mut say: impl FnMut(usize, MicroAmps) -> Marks) -> Vec<u32> {
    let mut asked = Vec::new();
    while let PollAt::At(due) = titration.poll_at() {
        *now = due;
        let Some(Command::Train { amplitude }) = titration.poll(*now) else { break };
        asked.push(amplitude.as_microamps());
        *now += 1_000;
        titration.train_ended(*now);
        let marks = say(titration.ascent(), amplitude);
        titration.answer(*now, marks).unwrap();
    }
    asked
}

/// REQ-PRO-320: the list under the drawing is the table, each line with a cause, and the drawing names every state.
#[test]
fn drawing_and_table_agree() {
    let (drawing, _) = DIAGRAM.split_once(" IDLE -> ").unwrap();
    for state in State::ALL {
        assert!(drawing.contains(state.name()), "{state} is not drawn");
    }
    let listed: BTreeSet<(String, String)> = DIAGRAM
        .lines()
        .filter_map(|line| line.strip_prefix(' ')?.split_once(" -> "))
        .map(|(from, rest)| {
            let (to, cause) = rest.split_once(' ').unwrap();
            assert!(!cause.trim().is_empty(), "{from} -> {to} has no cause");
            (from.trim().to_owned(), to.trim().to_owned())
        })
        .collect();
    let table: BTreeSet<_> =
        TRANSITIONS.iter().map(|(f, t)| (f.name().to_owned(), t.name().to_owned())).collect();
    assert_eq!(listed, table);
    assert_eq!(table.len(), TRANSITIONS.len());
}

/// REQ-PRO-321: moment by moment: steps of 1 mA from zero, a rest before each train, the answer before the next.
#[test]
fn a_table_of_moments() {
    use State::{Asking, Done, Resting, Stimulating};
    let mut t = Titration::new(config(2, 2));
    assert_eq!((t.state(), t.poll_at()), (State::Idle, PollAt::Never));
    t.start(0);
    for (now, expected, state) in [
        (0, None, Resting),
        (1_999, None, Resting),
        (2_000, Some(Command::Train { amplitude: ua(1) }), Stimulating),
        (2_000, None, Stimulating),
    ] {
        assert_eq!((t.poll(now), t.state()), (expected, state), "{now}");
    }
    assert_eq!(t.answer(2_500, Marks::NONE), Err(AnswerError::NotAsked { state: Stimulating }));
    t.train_ended(3_000);
    assert_eq!((t.state(), t.poll_at()), (Asking, PollAt::At(63_000)));
    t.answer(4_000, Marks::of(&[Mark::Sensory])).unwrap();
    assert_eq!((t.state(), t.poll_at()), (Resting, PollAt::At(6_000)));
    assert_eq!(t.poll(6_000), Some(Command::Train { amplitude: ua(2) }));
    t.train_ended(7_000);
    // the ceiling is reached: the first ascent is over, the second begins at zero
    t.answer(7_500, Marks::of(&[Mark::Motor])).unwrap();
    assert_eq!((t.state(), t.level(), t.ascent()), (Resting, MicroAmps::ZERO, 2));
    assert_eq!(t.poll(9_500), Some(Command::Train { amplitude: ua(1) }));
    t.train_ended(10_500);
    t.answer(10_600, Marks::of(&[Mark::Sensory, Mark::Maximum])).unwrap();
    assert_eq!((t.state(), t.poll_at()), (Done, PollAt::Never));
    let found = t.thresholds().unwrap();
    assert_eq!((found.sensory, found.motor, found.maximum), (Some(ua(1)), None, None));
    assert!(found.ceiling_reached);
}

/// REQ-PRO-322: any key, a refusal, no answer and no end of a train stop at once; what follows begins from zero, with the
/// whole ascents kept.
#[test]
fn everything_stops_it_and_it_begins_from_zero() {
    type Act = fn(&mut Titration) -> Option<Command>;
    let stops: [(Act, StopReason, State); 6] = [
        (|t| t.key(), StopReason::Key, State::Resting),
        (|t| t.key(), StopReason::Key, State::Stimulating),
        (|t| t.key(), StopReason::Key, State::Asking),
        (|t| t.refused(), StopReason::Refused, State::Stimulating),
        (|t| t.poll(u64::MAX), StopReason::NoEnd, State::Stimulating),
        (|t| t.poll(u64::MAX), StopReason::NoAnswer, State::Asking),
    ];
    for (act, reason, at) in stops {
        let mut t = Titration::new(config(30, 2));
        let mut now = 0;
        t.start(now);
        // one whole ascent, and a few trains of the second
        while t.ascent() == 1 || t.level() < ua(4) {
            let PollAt::At(due) = t.poll_at() else { panic!() };
            now = due;
            let Some(Command::Train { amplitude }) = t.poll(now) else { panic!() };
            t.train_ended(now + 1_000);
            t.answer(now + 1_000, says([5, 8, 9, 12], amplitude)).unwrap();
        }
        while t.state() != at {
            let PollAt::At(due) = t.poll_at() else { panic!() };
            now = due;
            if t.state() == State::Resting {
                assert!(t.poll(now).is_some());
            } else {
                assert_eq!(t.state(), State::Stimulating);
                t.train_ended(now - 1_500);
            }
        }
        assert_eq!((act(&mut t), t.state(), t.stopped()), (Some(Command::Off), State::Stopped, Some(reason)));
        assert_eq!((t.poll_at(), t.poll(u64::MAX), t.thresholds()), (PollAt::Never, None, None));
        assert_eq!(t.key(), None, "stopped already");
        t.start(now);
        let asked = run(&mut t, &mut now, |_, level| says([5, 8, 9, 12], level));
        assert_eq!(asked, (1..=12).map(|ma| ma * 1_000).collect::<Vec<_>>(), "from zero, one ascent");
        assert_eq!(t.thresholds().unwrap().motor, Some(ua(8)), "{reason:?}");
    }
    let mut idle = Titration::new(config(5, 1));
    assert_eq!((idle.key(), idle.refused(), idle.poll(u64::MAX)), (None, None, None));
}

/// REQ-PRO-323: of each mark the middle of all ascents; where one ascent has no such mark there is none.
#[test]
fn medians() {
    let ascents = [[4, 10, 15, 20], [8, 9, 16, 22], [5, 14, 30, 18]];
    let mut t = Titration::new(config(60, 3));
    let mut now = 0;
    t.start(now);
    run(&mut t, &mut now, |ascent, level| says(ascents[ascent - 1], level));
    let found = t.thresholds().unwrap();
    assert_eq!((found.sensory, found.motor, found.maximum), (Some(ua(5)), Some(ua(10)), Some(ua(20))));
    assert_eq!((found.functional, found.repeats, found.ceiling_reached), (None, 3, false));
    // of an even number the lower middle
    let mut t = Titration::new(config(60, 2));
    t.start(now);
    run(&mut t, &mut now, |ascent, level| says(ascents[ascent - 1], level));
    assert_eq!(t.thresholds().unwrap().sensory, Some(ua(4)));
}

/// REQ-PRO-323: a mark that comes before one that was given is refused, and changes nothing.
#[test]
fn marks_come_in_order() {
    let mut t = Titration::new(config(9, 1));
    t.start(0);
    for now in [2_000, 6_000] {
        assert!(t.poll(now).is_some());
        t.train_ended(now + 1_000);
        if now == 2_000 {
            t.answer(now + 1_000, Marks::of(&[Mark::Motor])).unwrap();
        }
    }
    let error = t.answer(7_000, Marks::of(&[Mark::Sensory])).unwrap_err();
    assert_eq!(error.to_string(), "sensory after motor; accepted: in the order of the amplitudes");
    assert_eq!(t.state(), State::Asking);
}

/// REQ-PRO-324: both sides of every value of a configuration; a step is never above that of rule N-STEP-1.
#[test]
fn configurations() {
    let good = config(30, 3);
    assert!(TitrationConfig::new(MicroAmps::from_microamps(999).unwrap()).is_err());
    assert!(TitrationConfig::new(ua(1)).is_ok());
    for (repeats, taken) in [(0, false), (1, true), (5, true), (6, false)] {
        assert_eq!(good.with_repeats(repeats).is_ok(), taken);
    }
    let step = |n| good.with_step(MicroAmps::from_microamps(n).unwrap());
    assert!(step(0).is_err() && step(1).is_ok() && step(1_000).is_ok() && step(1_001).is_err());
    for (times, taken) in [
        ((99, 1_000, 1_000), false),
        ((100, 100, 1_000), true),
        ((5_000, 5_000, 600_000), true),
        ((5_001, 6_000, 1_000), false),
        ((1_000, 999, 1_000), false),
        ((1_000, 60_001, 1_000), false),
        ((1_000, 1_000, 999), false),
        ((1_000, 1_000, 600_001), false),
    ] {
        assert_eq!(good.with_times_ms(times.0, times.1, times.2).is_ok(), taken, "{times:?}");
    }
    let error = step(1_001).unwrap_err().to_string();
    assert!(error.contains("1001") && error.contains("1 to 1000") && error.contains("N-STEP-1"), "{error}");
}

/// REQ-PRO-321, REQ-PRO-322: the step, the times, the ceiling and the ascents that are asked for are what is done: trains a step apart up
/// to the ceiling, each after its rest, ended without an answer once its time is over, or without an end a second after its length.
#[test]
fn what_is_configured_is_done() {
    let own = config(2, 2).with_step(MicroAmps::from_microamps(700).unwrap()).unwrap();
    let own = own.with_times_ms(300, 4_000, 5_000).unwrap();
    assert_eq!((own.train_ms(), own.ceiling_ua(), own.repeats()), (300, 2_000, 2));
    let (mut titration, mut now) = (Titration::new(own), 10_000);
    titration.start(now);
    assert_eq!(titration.poll_at(), PollAt::At(14_000));
    assert_eq!(run(&mut titration, &mut now, |_, _| Marks::NONE), [700, 1_400, 700, 1_400]);
    // a rest of 4 s before each, a second to the end of it
    assert_eq!((titration.state(), now), (State::Done, 10_000 + 4 * 5_000));

    let mut titration = Titration::new(own);
    titration.start(0);
    assert!(matches!(titration.poll(4_000), Some(Command::Train { .. })));
    assert_eq!(titration.poll_at(), PollAt::At(4_000 + 300 + 1_000), "no end of the train");
    titration.train_ended(4_300);
    assert_eq!(titration.poll_at(), PollAt::At(4_300 + 5_000), "no answer");
    assert_eq!(titration.poll(9_299), None);
    assert_eq!(
        (titration.poll(9_300), titration.stopped()),
        (Some(Command::Off), Some(StopReason::NoAnswer))
    );
}

fn cases(usual: u32) -> u32 {
    std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(300)) })]

    /// REQ-PRO-324: whatever is called in whatever order: never above the ceiling, never more than a step above the train
    /// before, from zero after a stop, and no change of state that is not in the table.
    #[test]
    fn no_call_leads_astray(ceiling in 1_u32..40, calls in prop::collection::vec((0_u8..7, 0_u64..70_000, any::<u8>()), 1..400)) {
        let mut t = Titration::new(config(ceiling, 2));
        let (mut now, mut last, mut state) = (0_u64, 0_u32, t.state());
        for (call, later, bits) in calls {
            now += later;
            let command = match call {
                0 => { t.start(now); None }
                1 if bits < 20 => t.key(),
                2 if bits < 20 => t.refused(),
                3 | 4 => { t.train_ended(now); None }
                5 => {
                    let marks: Vec<_> = Mark::ALL.into_iter().enumerate().filter(|(i, _)| bits >> (4 + i) == 1).map(|(_, m)| m).collect();
                    let _ = t.answer(now, Marks::of(&marks));
                    None
                }
                _ => t.poll(now),
            };
            if t.state() != state {
                prop_assert!(TRANSITIONS.contains(&(state, t.state())), "{state} -> {}", t.state());
            }
            if t.level() == MicroAmps::ZERO {
                last = 0;
            }
            match command {
                Some(Command::Train { amplitude }) => {
                    let ua = amplitude.as_microamps();
                    prop_assert!(ua <= ceiling * 1_000 && ua <= last + 1_000 && ua > 0);
                    prop_assert_eq!(t.state(), State::Stimulating);
                    last = ua;
                }
                Some(Command::Off) => {
                    prop_assert_eq!(t.state(), State::Stopped);
                    last = 0;
                }
                None => {}
            }
            state = t.state();
        }
    }

    /// REQ-PRO-323: thresholds come out in order, none above the ceiling, and each is one that an ascent had.
    #[test]
    fn thresholds_are_ordered(ceiling in 1_u32..40, repeats in 1_u8..=5, raw in prop::collection::vec(prop::array::uniform4(1_u32..45), 5)) {
        let people: Vec<_> = raw.into_iter().map(|mut four| { four.sort_unstable(); four }).collect();
        let mut t = Titration::new(config(ceiling, repeats));
        let mut now = 0;
        t.start(now);
        let asked = run(&mut t, &mut now, |ascent, level| says(people[ascent - 1], level));
        prop_assert!(asked.iter().all(|ua| *ua <= ceiling * 1_000));
        let found = t.thresholds().unwrap();
        let all = [found.sensory, found.motor, found.functional, found.maximum];
        let known: Vec<_> = all.into_iter().flatten().collect();
        prop_assert!(known.is_sorted());
        for (index, found) in all.iter().enumerate() {
            let mut had: Vec<_> = people.iter().take(usize::from(repeats)).map(|four| four[index]).collect();
            had.sort_unstable();
            // marked in every ascent: reached before the ascent ended
            let whole = people.iter().take(usize::from(repeats)).all(|four| four[index] <= ceiling.min(four[3]));
            let middle = had[(had.len() - 1) / 2];
            prop_assert_eq!(*found, whole.then(|| ua(middle)));
        }
    }
}

/// REQ-PRO-325: the train that is put out is the row's pulse on one channel, behind the row's gates and screening, within
/// its ranges, as short as asked; of every row at the top of its range.
#[test]
fn trains_are_built_like_everything_else() {
    let train = Millis::from_millis(1_000).unwrap();
    let channel = ChannelHardware::symmetric(125_000, -2_047, 2_047);
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[channel], 0).unwrap();
    for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
        let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
        let person = Subject::new(fits.into_iter().find(|i| row.needs.accepts(*i)).unwrap(), Side::Left);
        let top = row.typical_amplitude_ua.value.1;
        let request =
            Request { specialist: true, amplitude: MicroAmps::from_microamps(top), ..Request::default() };
        let mut storage = Storage::new();
        let built = match build_train(row, &person, &request, train, &Answers::all_no(), &mut storage) {
            Ok(built) => built,
            // a monophasic pulse at the top of the band may be above the row's cap on direct current, or need longer ramps
            Err(BuildError::DirectCurrent { .. } | BuildError::NoHold { .. }) => continue,
            Err(error) => panic!("{}: {error}", row.name),
        };
        let session = built.session;
        assert_eq!(
            (session.channels().len(), session.length(), session.schedule()),
            (1, train, Schedule::Continuous)
        );
        let ramp = session.channels()[0].ramp;
        assert!(
            u64::from(top) <= u64::from(ramp.up.as_millis()) * rules::E_SLEW_2.limit / 1_000,
            "{}",
            row.name
        );
        Plan::compile(&session, &hardware).unwrap();
    }
    let row = find("foot-drop").unwrap();
    let build = |request: &Request, answers: &Answers| {
        let person = Subject::new(Innervation::Intact, Side::Left);
        let mut storage = Storage::new();
        build_train(row, &person, request, train, answers, &mut storage).map(drop)
    };
    let at = |n| Request { amplitude: MicroAmps::from_microamps(n), ..Request::default() };
    assert_eq!(build(&at(1_000), &Answers::all_no()), Ok(()), "below the least of the row");
    assert!(matches!(build(&at(row.amplitude.max + 1), &Answers::all_no()), Err(BuildError::Range(_))));
    let pacemaker = Answers::all_no().yes(Item::ElectronicImplant);
    assert!(matches!(build(&at(1_000), &pacemaker), Err(BuildError::Screening(_))));
}

/// REQ-PRO-431: a train is held to what was tolerated at its own width, as a session is: of every row both set the same amplitude where
/// none is asked for.
#[test]
fn a_train_is_no_stronger_than_its_session() {
    let train = Millis::from_millis(5_000).unwrap();
    let (mut less, us) = (0, Micros::from_micros(100));
    for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
        let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
        let person = Subject::new(fits.into_iter().find(|i| row.needs.accepts(*i)).unwrap(), Side::Left);
        let tolerated = MicroAmps::from_microamps(row.amplitude.default);
        let person = Subject { tolerated, measured_width: us, ..person };
        let (request, answers) = (Request { specialist: true, ..Request::default() }, Answers::all_no());
        let (mut one, mut other) = (Storage::new(), Storage::new());
        let session = build_session(row, &person, &request, &answers, &mut one);
        let alone = build_train(row, &person, &request, train, &answers, &mut other);
        let (Ok(session), Ok(alone)) = (session, alone) else { continue };
        let [set, alone] = [session.session, alone.session].map(|session| session.channels()[0].set);
        assert_eq!(alone, set, "{}", row.name);
        less += u32::from(Some(alone.amplitude) < tolerated);
    }
    assert!(less > 20, "{less}");
}
