//! Repeats, declared direct current, long tables, slopes, timings and programmes, on both sides of each limit.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, exercise, ms, us};
use nmes_core::*;
use nmes_safety::{Profile, Remark, Rule, Setup, UseClass, Verdict, assess, rules};

/// The case passes the rule at `at` and is denied at `past`, which is one step further.
fn denies(rule: &Rule, at: (Case, u64), past: (Case, u64)) {
    assert_eq!(at.0.row(rule), (Verdict::Pass, Some(at.1)), "{} at its limit", rule.id);
    assert_eq!(past.0.row(rule), (Verdict::Deny, Some(past.1)), "{} past its limit", rule.id);
}

/// REQ-SAF-204: the squares, the absolute charge and the energy of a pulse count once a repeat; its phase charge, peak
/// and width once. Five of 100 µs have the r.m.s. of one of 500 µs.
#[test]
fn repeats() {
    let times = |count, gap| Repeat { count, gap: us(gap) };
    let five = |ua, gap| Case { repeat: times(5, gap), ..Case::pulse(ua, 100, 250) };
    denies(&rules::N_RMS_1, (five(100_000, 0), 50_000), (five(100_001, 0), 50_001));
    denies(&rules::N_RMS_1, (five(100_000, 50), 50_000), (five(100_001, 50), 50_001));
    let once = Case { repeat: Repeat::ONCE, ..five(100_000, 0) };
    for rule in [&rules::E_Q_1, &rules::E_PEAK_1, &rules::E_W_1] {
        assert_eq!(five(100_000, 0).row(rule), once.row(rule), "{}", rule.id);
    }
    let energy = |case: Case| case.row(&rules::N_EN_1).1.unwrap();
    assert_eq!(energy(five(100_000, 0)), 5 * energy(once));
    let draft = Profile::named("aami-ns4-style-tens").unwrap();
    let absolute = |ua| Case { profile: draft, repeat: times(10, 0), ..Case::pulse(ua, 100, 40) };
    denies(&rules::G_NS4_Q, (absolute(12_500), 25_000_000), (absolute(12_501), 25_002_000));
}

/// REQ-SAF-204: phases that follow one another without a gap, repeat after repeat, are one.
#[test]
fn repeats_without_a_gap() {
    let at_most = MicroAmps::MAX;
    let monophasic = Case { balance: Balance::DeclaredDc { at_most }, ..Case::pulse(10_000, 100, 10) };
    let joined = |gap| Case { repeat: Repeat { count: 6, gap: us(gap) }, ..monophasic };
    assert_eq!(joined(0).row(&rules::E_W_1), (Verdict::Deny, Some(600)));
    assert_eq!(joined(1).row(&rules::E_W_1), (Verdict::Pass, Some(100)));
    assert_eq!(joined(0).row(&rules::E_Q_1).1, Some(6_000_000));
    assert_eq!(joined(1).row(&rules::E_Q_1).1, Some(1_000_000));
    // a triphasic pulse ends the way it begins
    let outer = Form::Triphasic { outer_percent: 50 };
    let triphasic =
        Case { form: outer, repeat: Repeat { count: 25, gap: us(0) }, ..Case::pulse(10_000, 200, 10) };
    assert_eq!(triphasic.row(&rules::E_Q_1).1, Some(2_000_000));
}

fn declared(ua: u32, us: u32, hz: u32) -> Case {
    let balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    Case { balance, setup: exercise(100_000), ..Case::pulse(ua, us, hz) }
}

fn allowing(case: Case, net: u64) -> Case {
    let profile =
        Profile::custom("monophasic", &Profile::default()).with_limit(&rules::E_BAL_1, net).unwrap();
    Case { profile, ..case }
}

/// REQ-SAF-205, REQ-SAF-675: a declared direct current is denied by every profile that does not state how much, and by the figure of
/// one that does; the protocol, the device and the subject cannot allow it.
#[test]
fn declared_direct_current_is_denied() {
    let case = declared(20_000, 300, 40);
    assert_eq!(case.row(&rules::E_BAL_1), (Verdict::Deny, Some(6_000_000))); // 20 mA × 300 µs
    assert!(case.checked().unwrap_err().contains("E-BAL-1"));
    for name in Profile::NAMES {
        let profile = Profile::named(name).unwrap();
        assert_eq!(Case { profile, ..case }.row(&rules::E_BAL_1).0, Verdict::Deny, "{name}");
    }
    denies(&rules::E_BAL_1, (allowing(case, 6_000_000), 6_000_000), (allowing(case, 5_999_999), 6_000_000));
    assert!(allowing(case, 6_000_000).checked().is_ok());
    // whatever the clock
    for hz in [100_000, 16_000_000] {
        let case = Case { timing: HardwareTiming::ideal(hz), ..case };
        denies(
            &rules::E_BAL_1,
            (allowing(case, 6_000_000), 6_000_000),
            (allowing(case, 5_999_999), 6_000_000),
        );
    }
    let setup = exercise(5_000).with_limit(nmes_safety::Layer::Protocol, &rules::E_BAL_1, 6_000_000).unwrap();
    assert_eq!(Case { setup, ..case }.row(&rules::E_BAL_1).0, Verdict::Deny);
    let stated = Profile::custom("monophasic", &Profile::default());
    assert!(stated.with_limit(&rules::E_BAL_1, rules::E_BAL_1.loosest + 1).is_err());
}

/// REQ-SAF-205: a balanced pulse sums to zero whatever a profile allows to others.
#[test]
fn the_figure_is_not_for_balanced_pulses() {
    let case = allowing(Case::pulse(20_000, 300, 40), 6_000_000);
    let report = case.report();
    let row = report.row(&rules::E_BAL_1).unwrap();
    assert_eq!((row.verdict, row.value, row.limit), (Verdict::Pass, Some(0), Some(0)));
}

/// REQ-SAF-205: of a pulse that leaves what its profile allows and one that carries less than a code × a tick, the one that
/// warns is shown, though the other leaves far more.
#[test]
fn the_harder_verdict_is_shown() {
    let direct = allowing(declared(20_000, 300, 40), 6_000_000);
    let channels = [direct.channel(), Case::pulse(20_000, 300, 40).channel()];
    let session = Session::new(&channels, direct.schedule, ms(direct.length_ms)).unwrap();
    let uneven = ChannelHardware {
        na_per_code_negative: 1_003,
        ..ChannelHardware::symmetric(1_009, -100_000, 100_000)
    };
    let outputs = [ChannelHardware::symmetric(1_000, -100_000, 100_000), uneven];
    let hardware = Hardware::new(direct.timing, &outputs, 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let report = assess(&plan, &direct.setup, &direct.profile);
    let row = report.row(&rules::E_BAL_1).unwrap();
    assert_eq!((row.channel(), row.verdict), (Some(1), Verdict::Warn), "{row}");
    assert!(row.value.is_some_and(|value| value > 0 && value < 1_009), "{row}");
}

/// REQ-SAF-205: the mean direct current of the pulses, f·|ΣIt|, is held against N-DC-1 and, on the contact area, against
/// E-DC-4; it adds to what the setup declares.
#[test]
fn declared_direct_current_is_seen() {
    // 100 mA × 100 µs × 40 Hz are 0.4 mA
    let case = declared(100_000, 100, 40);
    assert_eq!(case.row(&rules::N_DC_1), (Verdict::Pass, Some(400)));
    let own = exercise(100_000).with_declared_dc(MicroAmps::from_microamps(5).unwrap()).unwrap();
    assert_eq!(Case { setup: own, ..case }.row(&rules::N_DC_1), (Verdict::Pass, Some(405)));
    let twice = Case { repeat: Repeat { count: 2, gap: us(500) }, ..case };
    assert_eq!(twice.row(&rules::N_DC_1), (Verdict::Pass, Some(800)));
    // 2 mA on 4 cm² of contact are 0.5 mA/cm²
    let density = |ua| Case { setup: exercise(800), ..declared(ua, 200, 100) };
    denies(&rules::E_DC_4, (density(100_000), 500), (density(100_001), 501));
    let late = HardwareTiming { late_max_ticks: 10, ..HardwareTiming::ideal(1_000_000) };
    let late = Case { timing: late, ..case };
    assert!(late.row(&rules::N_DC_1).1.unwrap() >= 440, "a pulse that ends late leaves more");
    assert_eq!(Case::pulse(100_000, 100, 40).report().row(&rules::N_DC_1).unwrap().value, Some(0));
}

/// REQ-SAF-206: the steps of a table are one phase: from 0.1 s on it counts as direct current, whatever its steps last.
#[test]
fn long_tables() {
    static STAIR: [i16; 4] = [4_096, 8_192, 16_384, 8_192];
    let long = |ua, us| Case { form: Form::Table(&STAIR), rate: (1, 1_000_000), ..Case::pulse(ua, us, 1) };
    denies(&rules::N_DC_2, (long(80_000, 100_000), 80_000), (long(80_001, 100_000), 80_001));
    assert!(long(80_001, 99_999).report().row(&rules::N_DC_2).is_none());
    // half of 40 mA × 400 µs and what the last step has less
    assert_eq!(long(40_000, 400).row(&rules::E_Q_1).1, Some(9_000_000));
    denies(&rules::E_W_1, (long(40_000, 500), 500), (long(40_000, 501), 501));
    // ends that rest do not part it from itself
    static PARTED: [i16; 3] = [16_384, 0, 16_384];
    let parted = Case { form: Form::Table(&PARTED), ..long(80_000, 100_000) };
    assert_eq!(parted.row(&rules::N_DC_2), (Verdict::Pass, Some(80_000)));
}

/// REQ-SAF-708: half a second of 150 Hz and half a second of rest have the same r.m.s. current and density as bursts and as contractions:
/// that of the time on, which two Hz less bring within its limit.
#[test]
fn time_on_of_bursts() {
    for (hz, verdict) in [(148, Verdict::Deny), (147, Verdict::Pass)] {
        let wear = check_support::wear(5_000);
        let case =
            Case { setup: wear, up_down_min: (0, 0, 0), length_ms: 60_000, ..Case::pulse(130_000, 500, hz) };
        let timing = Timing::Bursts(Bursts { pulses: 75, every: Rate::from_hz(1).unwrap() });
        let bursts = Case {
            train: Train { timing, ..Train::default() },
            schedule: Schedule::Continuous,
            up_down_min: (1_000, 1_000, 1_000),
            ..case
        };
        let contractions =
            Case { schedule: Schedule::Cyclic(Cycle { hold: ms(500), rest: ms(500) }), ..case };
        for rule in [&rules::N_RMS_1, &rules::N_RMS_X, &rules::N_DOC_1, &rules::E_J_2] {
            let (one, other) = (bursts.row(rule), contractions.row(rule));
            assert_eq!(one.0, other.0, "{}", rule.id);
            assert!(one.1.unwrap().abs_diff(other.1.unwrap()) <= 1, "{}: {one:?} {other:?}", rule.id);
        }
        assert_eq!(bursts.row(&rules::N_RMS_1).0, verdict);
        // over a second the rest counts
        assert!(bursts.row(&rules::G_PD_1).1 < contractions.row(&rules::G_PD_1).1);
    }
}

/// REQ-SAF-207, REQ-SAF-692, REQ-SAF-701, REQ-SAF-708: where the rate varies the strictest r.m.s. row applies, of stages with the sums
/// of their fastest rate, of bursts with a period within one; over seconds with those of the pulses there are.
#[test]
fn timings() {
    let every = Rate::from_hz(100).unwrap();
    let bursts = Timing::Bursts(Bursts { pulses: 2, every });
    let case = Case { ceiling: (10_000, 50), ..Case::pulse(1, 1, 1_000) };
    let uneven = Case { train: Train { timing: bursts, ..Train::default() }, ..case };
    let which = |case: Case| {
        let report = case.report();
        [&rules::N_RMS_1, &rules::N_RMS_2, &rules::N_RMS_3]
            .map(|rule| report.row(rule).and_then(|row| row.value))
    };
    let [_, even, _] = which(case);
    assert!(even.is_some());
    assert_eq!(which(case), [None, even, None]);
    assert_eq!(which(uneven), [even, None, None]);
    // 200 pulses of 10 mA for 100 µs a second, and what two ticks hold
    assert_eq!(uneven.row(&rules::N_IND_1), (Verdict::Pass, Some(1_415)));
    assert_eq!(uneven.row(&rules::E_F_1), case.row(&rules::E_F_1));
    let slow = [Stage {
        cycle: Cycle { hold: ms(1_000), rest: ms(1_000) },
        repeats: 3,
        level_permille: 1_000,
        rate: Some(Rate::from_hz(10).unwrap()),
    }];
    let slow: &'static [Stage] = Box::leak(Box::new(slow));
    // 10 a second for 1,000: a tenth of it
    assert_eq!(
        (even, which(Case { schedule: Schedule::Program(slow), ..case })),
        (Some(3_163), [Some(317), None, None])
    );
}

/// REQ-SAF-208: a ramp counts with its steepest part: 1, 1.571 and 3.158 times the mean.
#[test]
fn slopes() {
    let ramp = |slope, up| Case { slope, up_down_min: (up, 1_000, 1_000), ..Case::new() };
    for (slope, at, past) in [
        (Slope::Linear, (50, 400_000), (49, 408_164)),
        (Slope::RaisedCosine, (79, 397_722), (78, 402_821)),
        (Slope::Exponential, (158, 399_747), (157, 402_293)),
    ] {
        denies(&rules::E_SLEW_2, (ramp(slope, at.0), at.1), (ramp(slope, past.0), past.1));
    }
}

fn programme(stages: &[(u32, u32, u16)]) -> Case {
    let stage = |(hold, rest, repeats): &(u32, u32, u16)| Stage {
        cycle: Cycle { hold: ms(*hold), rest: ms(*rest) },
        repeats: *repeats,
        level_permille: 500,
        rate: None,
    };
    let stages: &'static [Stage] = Box::leak(stages.iter().map(stage).collect::<Vec<_>>().into_boxed_slice());
    Case { schedule: Schedule::Program(stages), ..Case::new() }
}

/// REQ-SAF-209: a programme counts with its longest contraction and its shortest rest between two; the rest after the
/// last contraction of all is between none.
#[test]
fn programmes() {
    // a second of ramp each way
    let hold = |ms| programme(&[(5_000, 10_000, 3), (ms, 10_000, 2), (5_000, 10_000, 2)]);
    denies(&rules::E_DUTY_1, (hold(28_000), 30_000), (hold(28_001), 30_001));
    let rest = |ms| programme(&[(5_000, 10_000, 3), (5_000, ms, 2), (5_000, 0, 1)]);
    denies(&rules::E_REST_1, (rest(1_000), 1_000), (rest(999), 999));
    let last = |repeats| programme(&[(5_000, 10_000, 3), (5_000, 0, repeats)]);
    assert_eq!(last(1).row(&rules::E_REST_1).0, Verdict::Pass);
    assert_eq!(last(2).row(&rules::E_REST_1), (Verdict::Deny, Some(0)));
    assert_eq!(hold(5_000).row(&rules::E_SES_1), Case::new().row(&rules::E_SES_1));
    let linear = programme(&[(5_000, 10_000, 3)]).row(&rules::E_SLEW_2);
    assert_eq!(linear, Case::new().row(&rules::E_SLEW_2), "the level of a stage is at most the ceiling");
}

/// REQ-SAF-218: a rest within custom points is a gap.
#[test]
fn rests_within_points() {
    let case = |rest: u32| {
        let point = |permille, n: u32| Point { permille, width: us(n) };
        let points = vec![point(1_000, 100), point(0, rest - 100), point(0, 100), point(-500, 200)];
        let width = points.iter().map(|p| p.width.as_micros()).sum();
        let points: &'static [Point] = Box::leak(points.into_boxed_slice());
        Case { form: Form::Points(points), ..Case::pulse(20_000, width, 40) }
    };
    denies(&rules::E_IPG_1, (case(250), 250), (case(251), 251));
}

/// REQ-SAF-647: what a table drives nothing for is a gap: within it, and after it with the gap and with what a mirrored one begins
/// with.
#[test]
fn rests_within_tables() {
    static LATE: [i16; 4] = [0, 0, FULL_SCALE, 8_192];
    static EARLY: [i16; 10] = [FULL_SCALE, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    static PARTED: [i16; 4] = [FULL_SCALE, 0, 0, 8_192];
    let table = |levels: &'static [i16], width, gap_us| Case {
        form: Form::Table(levels),
        gap_us,
        ..Case::pulse(20_000, width, 40)
    };
    let gap = |case: Case| case.row(&rules::E_IPG_1);
    assert_eq!(gap(table(&EARLY, 5_000, 100)), (Verdict::Deny, Some(4_600)));
    denies(&rules::E_IPG_1, (table(&EARLY, 100, 160), 250), (table(&EARLY, 100, 161), 251));
    denies(&rules::E_IPG_1, (table(&LATE, 400, 50), 250), (table(&LATE, 400, 51), 251));
    denies(&rules::E_IPG_1, (table(&PARTED, 500, 0), 250), (table(&PARTED, 502, 0), 251));
    // the first two of four steps are a tick longer
    assert_eq!(gap(table(&LATE, 402, 0)).1, Some(202));
    // paid back by a level, or not at all
    let balance = Balance::Asymmetric { length_percent: 100 };
    assert_eq!(gap(Case { balance, ..table(&LATE, 400, 50) }).1, Some(50));
    let balance = Balance::DeclaredDc { at_most: MicroAmps::MAX };
    assert_eq!(gap(Case { balance, ..table(&EARLY, 100, 0) }).1, Some(0));
    assert_eq!(gap(Case { balance, ..table(&PARTED, 502, 0) }).1, Some(251));
}

/// REQ-SAF-400: an onset that waits for a source makes the second longer that its pulses are counted in: 252 whole periods of
/// 4 ms and one pulse more. A channel that is alone on a source, or has one of its own, never waits.
#[test]
fn waiting_for_a_source() {
    let rms = |channels: usize, source: u8, overlap: Overlap| {
        let case = Case::pulse(50_000, 500, 250);
        let apart = |us_later| Channel { offset: us(us_later), ..case.channel() };
        let list = [apart(0), apart(2_000)];
        let cycle = Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(10_000) });
        let session = Session::new(&list[..channels], cycle, ms(60_000)).unwrap().with_overlap(overlap);
        let dac = ChannelHardware { source, ..case.dac };
        let hardware = Hardware::new(case.timing, &[dac; 2], 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        assess(&plan, &case.setup, &case.profile).row(&rules::N_RMS_X).unwrap().value
    };
    let wait = Overlap::Defer(us(10_000));
    assert_eq!(rms(2, 1, wait), Some(25_150));
    assert_eq!(rms(2, 1, Overlap::Forbid), Some(25_000));
    assert_eq!(rms(1, 1, wait), Some(25_000));
    assert_eq!(rms(2, 0, wait), Some(25_000));
}

/// REQ-SAF-400: on an electrode that channels share, the squares of those on one source add up, because they take turns; the
/// r.m.s. currents of the others add as if they flowed at once.
#[test]
fn sources_on_a_shared_electrode() {
    let shared = |sources: &[u8]| {
        let case = Case::pulse(50_000, 500, 40);
        let count = u32::try_from(sources.len()).unwrap();
        let list: Vec<_> = (0..count).map(|n| Channel { offset: us(n * 2_000), ..case.channel() }).collect();
        let session = Session::new(&list, case.schedule, ms(60_000)).unwrap();
        let outputs: Vec<_> = sources.iter().map(|&source| ChannelHardware { source, ..case.dac }).collect();
        let hardware = Hardware::new(case.timing, &outputs, 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let setup = Setup::new(&vec![5_000; sources.len()], UseClass::Exercise).unwrap();
        let setup = setup.with_shared(u8::MAX >> (8 - count), 5_000).unwrap();
        assess(&plan, &setup, &case.profile).row(&rules::N_RMS_X).unwrap().value.unwrap()
    };
    // 10 mA each: 50 mA × √(2 × 500 µs × 40 Hz)
    assert_eq!(shared(&[0, 0]), 20_000);
    assert_eq!(shared(&[1, 2]), 20_000);
    assert_eq!(shared(&[1, 1]), 14_143);
    assert_eq!(shared(&[1, 1, 2]), 24_143);
    assert_eq!(shared(&[1, 2, 1]), 24_143);
    assert_eq!(shared(&[1, 1, 0]), 24_143);
    assert_eq!(shared(&[0, 0, 0]), 30_000);
}

/// REQ-SAF-646: a session lasts until the channel that begins last ends; what begins within a millisecond counts whole, and an
/// offset of less than a period, here of 4 ms, is none.
#[test]
fn a_channel_that_begins_late() {
    let report = |length_ms, offsets: [u32; 2]| {
        let case = Case { setup: exercise(5_000), ..Case::pulse(80_000, 500, 250) };
        let list = offsets.map(|offset| Channel { offset: us(offset), ..case.channel() });
        let session = Session::new(&list, case.schedule, ms(length_ms)).unwrap();
        let hardware = Hardware::new(case.timing, &[case.dac; 2], 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        assess(&plan, &case.setup, &case.profile)
    };
    let lasts = |length, offsets| {
        let report = report(length, offsets);
        let row = report.row(&rules::E_SES_1).unwrap();
        (row.verdict, row.value.unwrap())
    };
    assert_eq!(lasts(3_600_000, [0, 0]), (Verdict::Pass, 3_600_000));
    assert_eq!(lasts(3_600_000, [0, 3_999]), (Verdict::Pass, 3_600_000));
    assert_eq!(lasts(3_600_000, [0, 4_000]), (Verdict::Deny, 3_600_004));
    assert_eq!(lasts(3_600_000, [0, 4_001]), (Verdict::Deny, 3_600_005));
    assert_eq!(lasts(3_590_000, [10_000_000, 5]), (Verdict::Pass, 3_600_000));
    assert_eq!(lasts(3_590_000, [10_000_001, 5]), (Verdict::Deny, 3_600_001));
    // and so does what it heats: (1.6 mA/cm²)²
    let heat = |offset| report(1_000_000, [0, offset]).row(&rules::E_J2T_1).unwrap().value.unwrap();
    assert_eq!((heat(0), heat(10_000_000)), (2_560, 2_586));
}

/// REQ-SAF-644: on an electrode that channels share, what flows at once adds: long phases and, as currents, the energy of short
/// ones, those of one source taken once; means add whoever takes turns.
#[test]
fn what_adds_on_a_shared_electrode() {
    let draft = Profile::named("fda-limited-output-draft").unwrap();
    let shared = |case: Case, apart_us: u32, sources: &[u8]| {
        let count = u32::try_from(sources.len()).unwrap();
        let at = |n: u32| Channel { offset: us(n * apart_us), ..case.channel() };
        let list: Vec<_> = (0..count).map(at).collect();
        let session = Session::new(&list, case.schedule, ms(60_000)).unwrap();
        let outputs: Vec<_> = sources.iter().map(|&source| ChannelHardware { source, ..case.dac }).collect();
        let hardware = Hardware::new(case.timing, &outputs, 0).unwrap();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let setup = Setup::new(&vec![5_000; sources.len()], UseClass::Exercise).unwrap();
        assess(&plan, &setup.with_shared(u8::MAX >> (8 - count), 5_000).unwrap(), &draft)
    };
    let row = |report: nmes_safety::Report, rule: &Rule| {
        let row = report.row(rule).unwrap();
        (row.verdict, row.value.unwrap(), row.place)
    };
    let (both, first) = (nmes_safety::Place::Shared(0b11), nmes_safety::Place::Channel(0));
    let long = |ua, sources| row(shared(Case::pulse(ua, 100_000, 1), 300_000, sources), &rules::N_DC_2);
    assert_eq!(long(40_000, &[1, 2]), (Verdict::Pass, 80_000, both));
    assert_eq!(long(40_001, &[0, 0]), (Verdict::Deny, 80_002, both));
    assert_eq!(long(40_001, &[1, 1]), (Verdict::Pass, 40_001, first));
    assert_eq!(long(30_000, &[1, 2, 1]).1, 60_000);
    // 500 ohm × 2 × (2 × 50 mA)² × 30 ms
    let energy = |ua, sources| row(shared(Case::pulse(ua, 30_000, 2), 200_000, sources), &rules::N_EN_1);
    assert_eq!(energy(49_999, &[0, 0]), (Verdict::Pass, 299_989, both));
    assert_eq!(energy(50_001, &[1, 2]), (Verdict::Deny, 300_013, both));
    assert_eq!(energy(50_001, &[1, 1]), (Verdict::Pass, 75_004, both));
    // 50 mA × 2 × 500 µs × 100 a second, twice
    let mean = |ua, sources| row(shared(Case::pulse(ua, 500, 100), 2_000, sources), &rules::G_LO_I);
    for sources in [&[0, 0], &[1, 2], &[1, 1]] {
        assert_eq!(mean(50_000, sources), (Verdict::Pass, 10_000, both));
        assert_eq!(mean(50_001, sources), (Verdict::Deny, 10_001, both));
    }
}

/// REQ-SAF-004: a ramp is as steep as the current that its codes make, the way that the channel leads.
#[test]
fn a_ramp_by_its_codes() {
    // 7 codes of 3 mA, or 5 of 4 mA, in a second
    let gains =
        ChannelHardware { na_per_code_negative: 4_000_000, ..ChannelHardware::symmetric(3_000_000, -50, 50) };
    for (leading, slope) in [(Polarity::Positive, 21_000), (Polarity::Negative, 20_000)] {
        let case = Case { dac: gains, leading, ..Case::pulse(20_000, 300, 40) };
        assert_eq!(case.row(&rules::E_SLEW_2).1, Some(slope), "{leading:?}");
    }
}

/// REQ-SAF-004: a figure that informs says what it means, and says nothing where it does not.
#[test]
fn what_a_figure_means() {
    let remark = |ua| Case::pulse(ua, 500, 250).report().row(&rules::N_IND_1).unwrap().remark;
    assert_eq!((remark(20_000), remark(20_001)), (None, Some(Remark::IndicatorNeeded)));
}

/// REQ-SAF-004: that no direct current is declared is said of its row, which then holds none.
#[test]
fn no_direct_current() {
    let row = |setup: Setup| *Case { setup, ..Case::new() }.report().row(&rules::N_DC_1).unwrap();
    let none = row(Case::new().setup);
    assert_eq!((none.value, none.verdict, none.remark), (Some(0), Verdict::Pass, Some(Remark::NoDcDeclared)));
    let one = row(Case::new().setup.with_declared_dc(MicroAmps::from_microamps(1).unwrap()).unwrap());
    assert_eq!((one.value, one.remark), (Some(1), None));
}

/// REQ-SAF-004: unequal polarities that happen to sum to zero carry nothing, and pass; what the pulse leaves as it is set counts
/// where it is more than at the ceiling.
#[test]
fn what_is_carried() {
    let balance = |positive, set| {
        let even = ChannelHardware::symmetric(50_000, -4_000, 4_000);
        let dac = ChannelHardware { na_per_code_positive: positive, ..even };
        let case = Case { dac, set: Some(set), ..Case::pulse(20_000, 300, 40) };
        let row = *case.report().row(&rules::E_BAL_1).unwrap();
        (row.value.unwrap(), row.verdict, row.remark)
    };
    assert_eq!(balance(100_000, (20_000, 300)), (0, Verdict::Pass, None));
    let (ceiling, verdict, remark) = balance(50_007, (20_000, 300));
    assert!(ceiling > 0 && verdict == Verdict::Warn && remark == Some(Remark::Carried));
    let sets = (1..200).map(|n| balance(50_007, (20_000 - n * 50, 300)).0).collect::<Vec<_>>();
    assert!(sets.iter().all(|left| *left >= ceiling) && sets.iter().any(|left| *left > ceiling), "{ceiling}");
}
