//! Every row for a typical person, compiled for three output stages and held against its profile.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_core::{ChannelHardware, Hardware, HardwareTiming, MicroAmps, Plan};
use nmes_protocols::{
    Answers, Availability, BuildError, CATALOGUE, ChargeReturn, Condition, Innervation, Request, ScheduleRow,
    Side, Storage, Subject, WaveKind, build_session,
};
use nmes_safety::{Layer, Profile, Report, Setup, UseClass, Verdict, assess, rules};
use std::collections::BTreeMap;

/// A timer of 1 µs and a 12-bit converter; sound-like blocks of 10 µs; the grid of a commercial stimulator: 1 µs and
/// steps of 0.5 mA up to 130 mA.
fn hardwares() -> [(&'static str, Hardware); 3] {
    let make = |hz, na, codes: i32| {
        let channel = ChannelHardware::symmetric(na, -codes, codes);
        Hardware::new(HardwareTiming::ideal(hz), &[channel; 8], 0).unwrap()
    };
    [
        ("timer 1 MHz", make(1_000_000, 61_035, 2_047)),
        ("DMA 100 kHz", make(100_000, 61_035, 2_047)),
        ("ScienceMode", make(1_000_000, 500_000, 260)),
    ]
}

/// Somebody whom the row is for.
fn person(row: &Condition) -> Subject {
    let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
    let innervation = fits.into_iter().find(|i| row.needs.accepts(*i)).unwrap();
    Subject::new(innervation, Side::Left)
}

fn specialist() -> Request {
    Request { specialist: true, ..Request::default() }
}

/// REQ-PRO-213: every enabled row builds for a typical person; and compiles on three hardwares.
#[test]
fn every_row_builds_and_compiles() {
    for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
        let mut storage = Storage::new();
        let built = build_session(row, &person(row), &specialist(), &Answers::all_no(), &mut storage)
            .unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(built.gait.is_some(), row.schedule.step().is_some());
        let channels = built.session.channels();
        assert_eq!(u32::try_from(channels.len()).unwrap(), row.channels.default);
        assert_eq!(channels[0].set.amplitude.as_microamps(), row.amplitude.default, "{}", row.name);
        assert_eq!(channels[0].ceiling, channels[0].set);
        for (name, hardware) in hardwares() {
            if let Err(error) = Plan::compile(&built.session, &hardware) {
                panic!("{} on {name}: {error}", row.name);
            }
        }
    }
}

/// REQ-PRO-213: what a hardware cannot do is refused with the reason: 250 mA past its codes; bursts of a carrier where
/// edges may be late, as there is no gap to repay them in.
#[test]
fn hardwares_refuse_with_a_reason() {
    let row = nmes_protocols::find("denervated-rise-1").unwrap();
    let request = Request { amplitude: MicroAmps::from_microamps(250_000), ..specialist() };
    let mut storage = Storage::new();
    let built = build_session(row, &person(row), &request, &Answers::all_no(), &mut storage).unwrap();
    for (name, hardware) in hardwares() {
        let error = Plan::compile(&built.session, &hardware).unwrap_err();
        assert!(error.to_string().contains("the code range of the hardware"), "{name}: {error}");
    }
    let channel = ChannelHardware::symmetric(61_035, -2_047, 2_047);
    let late = HardwareTiming { late_max_ticks: 2, ..HardwareTiming::ideal(1_000_000) };
    let late = Hardware::new(late, &[channel; 8], 0).unwrap();
    let mut bursts = 0;
    for row in CATALOGUE.iter().filter(|row| matches!(row.waveform.kind.value, WaveKind::BurstAc { .. })) {
        let mut storage = Storage::new();
        let built =
            build_session(row, &person(row), &specialist(), &Answers::all_no(), &mut storage).unwrap();
        let error = Plan::compile(&built.session, &late).unwrap_err();
        assert!(error.to_string().contains("late edges of a repeated pulse"), "{}: {error}", row.name);
        bursts += 1;
    }
    assert_eq!(bursts, 5);
}

/// Which rules of the general profile deny a row, with its own pads.
const DENIED: &[(&str, &[&str])] = &[
    // long pulses for denervated muscle: charge and width; the rows are for specialists
    ("bells-denervated", &["E-Q-1", "E-W-1"]),
    // monophasic: the general profile takes no net charge of a pulse, one for such pulses has to state it
    ("bells-high-volt", &["E-BAL-1"]),
    ("brachial-plexus", &["E-BAL-1", "E-Q-1", "E-W-1"]),
    // four hours, two hours at a time: contractions of that class end after an hour
    ("chf-nuhr", &["E-SES-1"]),
    // 0.7 ms and 1 ms: a profile may state up to 1 ms, the general one does not
    ("chf-quittan", &["E-W-1"]),
    // direct stimulation of muscle: energy, charge and width of a pulse; r.m.s. over the worst second
    ("denervated-rise-1", &["N-RMS-1", "N-RMS-X", "N-EN-1", "E-Q-1", "E-W-1"]),
    ("denervated-rise-2", &["N-RMS-1", "N-RMS-X", "E-Q-1", "E-W-1"]),
    ("denervated-rise-3", &["N-RMS-1", "N-RMS-X", "E-Q-1", "E-W-1"]),
    ("denervated-rise-4", &["N-RMS-1", "N-RMS-X", "E-Q-1", "E-W-1"]),
    ("denervated-small", &["E-BAL-1", "E-Q-1", "E-W-1"]),
    ("foot-drop-lmn", &["E-BAL-1", "E-Q-1", "E-W-1"]),
    // the first pulses of a train at 200 a second
    ("icu-variable-train", &["E-F-1"]),
    ("oedema-hvpc", &["E-BAL-1"]),
    // a needle has the area of a needle, half of it in contact
    ("ptns", &["E-J-2"]),
    ("ptns-faecal", &["E-J-2"]),
    ("spasm-high-volt", &["E-BAL-1"]),
    ("strength-wide-pulse", &["E-W-1"]),
    ("tka-avramidis", &["E-SES-1"]),
    ("tka-yoshida-motor", &["E-W-1"]),
    ("tka-yoshida-sensory", &["E-W-1"]),
];

/// REQ-PRO-214: on each of the three hardwares a row passes the general profile with its own pads, use class and session
/// length, or is denied by the rules of the list. The rows for denervated muscle are: charge, energy, width; monophasic ones
/// for their net charge. What is not evaluated is known.
#[test]
fn rows_pass_their_profile_or_are_denied_as_listed() {
    for (name, hardware) in hardwares() {
        denied_as_listed(name, &hardware);
    }
}

/// What only a device can show.
const OF_DEVICE: [&str; 9] = [
    "N-IND-2",
    "N-ACC-1",
    "N-SUP-1",
    "N-OCSC-1",
    "N-LEAK-1",
    "N-LEAK-1-F",
    "N-LEAK-2",
    "N-LEAK-2-F",
    "N-TEMP-1",
];

/// What the check cannot say of a row without a rail and a device, and what does not bind it: a direct current that is not
/// declared; contractions and rests where there are none, or where a trigger makes them.
fn not_evaluated(row: &Condition) -> Vec<&'static str> {
    let monophasic = row.waveform.balance.value == ChargeReturn::Monophasic;
    let contracts = matches!(row.use_class.value, UseClass::Exercise);
    let no_dc = (!monophasic).then_some("E-DC-4");
    let no_rest = (!contracts).then_some(["E-DUTY-1", "E-REST-1"]);
    let before = ["N-V-1"].into_iter().chain(OF_DEVICE);
    before.chain(no_dc).chain(no_rest.into_iter().flatten()).chain(["E-COMP-1"]).collect()
}

fn denied_as_listed(name: &str, hardware: &Hardware) {
    let mut denied: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut looked = 0;
    for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
        let report = report(row, hardware, &Profile::default());
        looked += 1;
        let unknown = report.rows().filter(|r| r.verdict == Verdict::NotEvaluated).map(|r| r.rule.id);
        assert_eq!(unknown.collect::<Vec<_>>(), not_evaluated(row), "{name}: {}", row.name);
        let ids: Vec<_> = report.denied().map(|r| r.rule.id).collect();
        if !ids.is_empty() {
            denied.insert(row.name, ids);
        }
    }
    let expected: BTreeMap<&str, Vec<&str>> = DENIED.iter().map(|(row, ids)| (*row, ids.to_vec())).collect();
    assert_eq!(denied, expected, "{name}");
    assert_eq!(looked, CATALOGUE.len() - 3);
}

/// What a profile says of a row as it stands, with its own pads, use class and longest session.
fn report(row: &'static Condition, hardware: &Hardware, profile: &Profile) -> Report {
    let mut storage = Storage::new();
    let built = build_session(row, &person(row), &specialist(), &Answers::all_no(), &mut storage).unwrap();
    let plan = Plan::compile(&built.session, hardware).unwrap();
    let areas = vec![row.electrodes.area.default; built.session.channels().len()];
    let setup = Setup::new(&areas, row.use_class.value).unwrap();
    let setup = setup
        .with_limit(Layer::Protocol, &rules::E_SES_1, u64::from(row.session_length.max))
        .unwrap_or(setup);
    assess(&plan, &row.limit(setup).unwrap(), profile)
}

/// REQ-PRO-434: the cap of a row on direct current is held against the pad in use, on the part of it in contact, with the row's
/// figure and as the protocol's limit: 36 µA are over 250 µA/cm² on half of 0.28 cm², and not on half of 0.29 cm².
#[test]
fn the_cap_on_direct_current_follows_the_pad() {
    let row = nmes_protocols::find("bells-high-volt").unwrap();
    assert!(u64::from(row.direct_cap().value) < rules::E_DC_4.limit);
    let mut storage = Storage::new();
    let built = build_session(row, &person(row), &specialist(), &Answers::all_no(), &mut storage).unwrap();
    let (_, hardware) = hardwares()[0];
    let plan = Plan::compile(&built.session, &hardware).unwrap();
    for (mm2, verdict) in [(28, Verdict::Deny), (29, Verdict::Pass), (600, Verdict::Pass)] {
        let setup = row.limit(Setup::new(&[mm2], row.use_class.value).unwrap()).unwrap();
        let report = assess(&plan, &setup, &Profile::default());
        let found = report.rows().find(|found| found.rule.id == "E-DC-4").unwrap();
        assert_eq!((found.verdict, found.layer), (verdict, Layer::Protocol), "{mm2} mm²: {found}");
        assert!(found.limit_amount().unwrap().to_string().contains("0.25 mA/cm²"), "{found}");
    }
}

/// REQ-PRO-434: every row's cap is one that a setup takes, and a row without a tighter one leaves the rule's.
#[test]
fn every_cap_is_taken() {
    let mut stated = 0;
    for row in CATALOGUE {
        let setup = Setup::new(&[2_500], row.use_class.value).unwrap();
        let limited = row.limit(setup).unwrap();
        let tighter = u64::from(row.direct_cap().value) < rules::E_DC_4.limit;
        assert_eq!(limited != setup, tighter, "{}", row.name);
        stated += usize::from(tighter);
    }
    assert!(stated > 5, "{stated}");
}

/// REQ-SAF-646: of channels that alternate the last one ends within the longest session of the row, and the settings say by how
/// much each is shorter: 60 minutes less half a cycle.
#[test]
fn channels_that_alternate_end_in_time() {
    let row = nmes_protocols::find("icu-weakness").unwrap();
    let lasts = |ms: u32| {
        let mut storage = Storage::new();
        let request = Request { length: nmes_core::Millis::from_millis(ms), ..specialist() };
        let built = build_session(row, &person(row), &request, &Answers::all_no(), &mut storage).unwrap();
        let offset = built.session.channels().last().unwrap().offset.as_micros();
        assert!(offset > 0);
        let said = built.settings.iter().any(|applied| applied.to_string().contains("of each channel"));
        (built.session.length().as_millis(), offset.div_ceil(1_000), said)
    };
    let (_, later, _) = lasts(1_800_000);
    let most = row.session_length.max;
    assert_eq!(lasts(most), (most - later, later, true));
    assert_eq!(lasts(most - later), (most - later, later, false));
    assert_eq!(lasts(most - later - 1), (most - later - 1, later, false));
}

/// Of the rows for direct stimulation of muscle, which rules of the profile that is for it deny, as they stand; none: it runs.
const DIRECT_MUSCLE: &[(&str, &[&str])] = &[
    ("bells-denervated", &[]),
    // monophasic: no built-in profile takes a net charge
    ("brachial-plexus", &["E-BAL-1"]),
    // outside the general output limits at their own 100 mA: r.m.s., energy, and 7.5 mC a phase
    ("denervated-rise-1", &["N-RMS-1", "N-RMS-X", "N-EN-1", "E-Q-1"]),
    ("denervated-rise-2", &["N-RMS-1", "N-RMS-X"]),
    ("denervated-rise-3", &["N-RMS-1", "N-RMS-X"]),
    ("denervated-rise-4", &["N-RMS-1", "N-RMS-X"]),
    ("denervated-small", &["E-BAL-1"]),
    ("foot-drop-lmn", &["E-BAL-1"]),
];

/// REQ-SAF-586: with the profile for direct muscle each row of a specialist's class runs as it stands or is denied by the rules of the
/// list; what denies is never its width, and always denies in the general profile too. Rows of other classes are all denied.
#[test]
fn the_profile_for_direct_muscle() {
    let profile = Profile::named("specialist-direct-muscle").unwrap();
    for (name, hardware) in hardwares() {
        let mut seen: Vec<(&str, Vec<&str>)> = Vec::new();
        for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
            let report = report(row, &hardware, &profile);
            let denied: Vec<_> = report.denied().map(|r| r.rule.id).collect();
            if row.use_class.value == UseClass::Specialist {
                let general = self::report(row, &hardware, &Profile::default());
                assert!(denied.iter().all(|id| general.denied().any(|r| r.rule.id == *id)), "{}", row.name);
                seen.push((row.name, denied));
            } else {
                assert!(denied.contains(&"E-W-1"), "{}", row.name);
            }
        }
        seen.sort_unstable();
        let listed: Vec<_> = DIRECT_MUSCLE.iter().map(|(row, ids)| (*row, ids.to_vec())).collect();
        assert_eq!(seen, listed, "{name}");
    }
}

/// REQ-PRO-215: without a specialist's word the rows behind that gate are refused with the reason; disabled rows always.
#[test]
fn gates_refuse_with_a_reason() {
    for row in CATALOGUE {
        let mut storage = Storage::new();
        let outcome = build_session(row, &person(row), &Request::default(), &Answers::all_no(), &mut storage);
        match (row.availability, row.specialist) {
            (Availability::Disabled(_), _) => assert!(matches!(outcome, Err(BuildError::Disabled { .. }))),
            (Availability::Enabled, Some(_)) => {
                let error = outcome.unwrap_err();
                assert!(matches!(error, BuildError::SpecialistOnly { .. }), "{}: {error}", row.name);
                assert!(error.to_string().contains("is for specialists: "), "{error}");
            }
            (Availability::Enabled, None) => assert!(outcome.is_ok(), "{}", row.name),
        }
    }
}

/// REQ-PRO-216: the amplitude is the one asked for, else what the rule comes to with what was measured, else the row's
/// default with a note; beyond the row's range it is refused, not clamped.
#[test]
fn amplitude_rules_resolve() {
    let ua = MicroAmps::from_microamps;
    let cases = [
        ("oedema-hvpc", 36_000, Some("motor")),
        ("pelvic-stress", 30_000, Some("sensory")),
        ("tens-conventional", 20_000, Some("sensory")),
        ("knee-oa", 55_000, Some("tolerated")),
        ("foot-drop-exercise", 33_000, Some("effect")),
        ("icu-weakness", 33_000, Some("effect")),
        ("knee-oa", 70_000, None),
    ];
    for (name, expected, measured) in cases {
        let row = nmes_protocols::find(name).unwrap();
        let mut subject = person(row);
        if measured.is_some() {
            subject.motor_threshold = ua(40_000);
            subject.sensory_threshold = ua(10_000);
            subject.tolerated = ua(55_000);
            subject.effect = ua(33_000);
        }
        let mut storage = Storage::new();
        let built =
            build_session(row, &subject, &Request::default(), &Answers::all_no(), &mut storage).unwrap();
        let applied = built.settings.get("amplitude").unwrap();
        assert_eq!(applied.value, expected, "{name}");
        assert_eq!(applied.origin.mark() == "person", measured.is_some(), "{name}");
        assert_eq!(built.notes().any(|n| n.to_string().contains("not measured")), measured.is_none());
    }
    let row = nmes_protocols::find("knee-oa").unwrap();
    let subject = Subject { tolerated: ua(101_000), ..person(row) };
    let mut storage = Storage::new();
    let error =
        build_session(row, &subject, &Request::default(), &Answers::all_no(), &mut storage).unwrap_err();
    assert!(error.to_string().contains("101000"), "{error}");
}

/// REQ-PRO-217: a monophasic pulse declares the direct current of its own set values, and is refused above the row's cap
/// for its pads; the balanced choice of the same row declares none.
#[test]
fn direct_current_is_declared_and_capped() {
    let row = nmes_protocols::find("denervated-small").unwrap();
    let build = |request: &Request| {
        let mut storage = Storage::new();
        build_session(row, &person(row), request, &Answers::all_no(), &mut storage).map(|built| {
            (
                built.session.channels()[0].pulse.balance,
                built.settings.get("declared direct current").copied(),
            )
        })
    };
    let (balance, applied) = build(&specialist()).unwrap();
    // 20 mA, half of it on average over 200 ms, every two seconds: 1 mA, and 2 %
    assert_eq!(applied.unwrap().value, 1_021);
    assert_eq!(
        balance,
        nmes_core::Balance::DeclaredDc { at_most: MicroAmps::from_microamps(1_021).unwrap() }
    );
    let other = Request { balance: Some(nmes_protocols::BalanceChoice::Option), ..specialist() };
    assert_eq!(build(&other).unwrap(), (nmes_core::Balance::Symmetric, None));
    let bells = nmes_protocols::find("bells-denervated").unwrap();
    let strong = Request {
        amplitude: MicroAmps::from_microamps(10_000),
        rate_millihertz: Some(1_600),
        balance: Some(nmes_protocols::BalanceChoice::Option),
        ..specialist()
    };
    let mut storage = Storage::new();
    let error = build_session(bells, &person(bells), &strong, &Answers::all_no(), &mut storage).unwrap_err();
    assert!(matches!(error, BuildError::DirectCurrent { most: 250, .. }), "{error}");
}

/// REQ-PRO-218: contractions come out as the row counts them: ramps inside ON or beside it, the second half of the
/// channels in the rest of the first where the row says so; stages fill the session.
#[test]
fn schedules_come_out_as_stated() {
    use nmes_core::Schedule;
    let build = |name: &str, look: &mut dyn FnMut(&nmes_core::Session<'_>)| {
        let row = nmes_protocols::find(name).unwrap();
        let mut storage = Storage::new();
        let built =
            build_session(row, &person(row), &specialist(), &Answers::all_no(), &mut storage).unwrap();
        look(&built.session);
    };
    build("knee-oa", &mut |session| {
        let Schedule::Cyclic(cycle) = session.schedule() else { panic!("cyclic") };
        assert_eq!((cycle.hold.as_millis(), cycle.rest.as_millis()), (7_000, 50_000));
    });
    build("icu-weakness", &mut |session| {
        let Schedule::Cyclic(cycle) = session.schedule() else { panic!("cyclic") };
        assert_eq!((cycle.hold.as_millis(), cycle.rest.as_millis()), (6_000, 12_000));
        let offsets: Vec<_> = session.channels().iter().map(|c| c.offset.as_micros()).collect();
        assert_eq!(offsets, [0, 0, 9_750_000, 9_750_000]);
    });
    build("copd-hf", &mut |session| {
        let Schedule::Program(stages) = session.schedule() else { panic!("a programme") };
        assert_eq!((stages.len(), stages[1].repeats, stages[0].level_permille), (2, 68, 500));
    });
    for row in CATALOGUE.iter().filter(|r| matches!(r.schedule, ScheduleRow::Gated(_))) {
        build(row.name, &mut |session| assert!(matches!(session.schedule(), Schedule::Gated(_))));
    }
}
