//! Each rule on both sides of its limit.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, exercise, ms, us, wear};
use nmes_core::*;
use nmes_safety::{Layer, Profile, PulseMetrics, Rule, Setup, UseClass, Verdict, rules};

/// The case passes the rule at `at` and does not at `past`, which is one step further.
fn sides(rule: &Rule, at: (Case, u64), past: (Case, u64), verdict: Verdict) {
    assert_eq!(at.0.row(rule), (Verdict::Pass, Some(at.1)), "{} at its limit", rule.id);
    assert_eq!(past.0.row(rule), (verdict, Some(past.1)), "{} past its limit", rule.id);
}

fn denies(rule: &Rule, at: (Case, u64), past: (Case, u64)) {
    sides(rule, at, past, Verdict::Deny);
    let words = past.0.checked().unwrap_err();
    assert!(words.contains(rule.id) && words.contains(rule.source), "{words}");
}

/// REQ-SAF-004: the r.m.s. rows, one microampere of amplitude apart: 2·t·f is ¼, so the r.m.s. is half the peak.
#[test]
fn rms_rows() {
    for (rule, limit, us, hz) in [
        (&rules::N_RMS_1, 50_000, 500, 250),
        (&rules::N_RMS_2, 80_000, 125, 1_000),
        (&rules::N_RMS_3, 100_000, 50, 2_500),
        (&rules::N_RMS_X, 50_000, 500, 250),
    ] {
        let peak = u32::try_from(limit).unwrap() * 2;
        denies(rule, (Case::pulse(peak, us, hz), limit), (Case::pulse(peak + 1, us, hz), limit + 1));
    }
}

/// REQ-SAF-004: where edges may be late a second may hold a little of one pulse more: as much as an onset may be put off.
#[test]
fn rms_of_a_late_second() {
    for late_max_ticks in [0, 10] {
        let timing = HardwareTiming { late_max_ticks, ..HardwareTiming::ideal(1_000_000) };
        let case = Case { timing, ..Case::pulse(20_000, 300, 40) };
        let expected = case.plan(|plan| {
            let channel = plan.channel(0).unwrap();
            let each = PulseMetrics::worst(&plan, 0).unwrap().mean_square_na2(Rate::from_hz(40).unwrap());
            let more = if late_max_ticks == 0 { 0 } else { channel.stretch_ticks() + channel.jitter_ticks() };
            // the peak of 20 mA for so many of a million ticks
            let squared = each + 20_000_000 * 20_000_000 * u128::from(more) / 1_000_000;
            let root = (squared / 1_000_000).isqrt();
            u64::try_from(root).unwrap() + 1
        });
        assert_eq!(case.row(&rules::N_RMS_1).1, Some(expected), "late {late_max_ticks}");
    }
}

/// REQ-SAF-004: which r.m.s. row applies, one millihertz apart.
#[test]
fn rms_rows_by_rate() {
    let at = |mhz| Case { rate: (mhz, 1_000_000_000), ceiling: (10_000, 50), ..Case::pulse(1, 1, 1) };
    let ids = |mhz| {
        let report = at(mhz).report();
        let rows = [&rules::N_RMS_1, &rules::N_RMS_2, &rules::N_RMS_3];
        rows.map(|rule| report.row(rule).is_some())
    };
    assert_eq!(ids(400_000), [true, false, false]);
    assert_eq!(ids(400_001), [false, true, false]);
    assert_eq!(ids(1_500_000), [false, true, false]);
    assert_eq!(ids(1_500_001), [false, false, true]);
}

/// REQ-SAF-004: direct current, declared and as a phase of 0.1 s.
#[test]
fn direct_current() {
    let declared = |ua| Case {
        setup: exercise(100_000).with_declared_dc(MicroAmps::from_microamps(ua).unwrap()).unwrap(),
        ..Case::new()
    };
    denies(&rules::N_DC_1, (declared(80_000), 80_000), (declared(80_001), 80_001));

    let long = |ua| Case { ceiling: (ua, 100_000), rate: (1, 1_000_000), ..Case::new() };
    denies(&rules::N_DC_2, (long(80_000), 80_000), (long(80_001), 80_001));
    let just_short = Case { ceiling: (80_001, 99_999), ..long(1) };
    assert!(just_short.report().row(&rules::N_DC_2).is_none());

    let density = |ua| Case {
        setup: exercise(1_000)
            .with_contact_permille(1_000)
            .and_then(|s| s.with_declared_dc(MicroAmps::from_microamps(ua).unwrap()))
            .unwrap(),
        ..Case::new()
    };
    denies(&rules::E_DC_4, (density(5_000), 500), (density(5_001), 501));
}

/// REQ-SAF-004: energy of a pulse, 500 ohm × 2 × (100 mA)² × 30 ms; a phase of 0.1 s still counts what a shorter one
/// could deliver.
#[test]
fn energy() {
    let case = |ua| Case::pulse(ua, 30_000, 10);
    denies(&rules::N_EN_1, (case(100_000), 300_000), (case(100_001), 300_007));
    let long = Case { ceiling: (80_000, 200_000), rate: (1, 1_000_000), ..Case::new() };
    assert_eq!(long.row(&rules::N_EN_1).0, Verdict::Deny);
}

/// REQ-SAF-004: voltages.
#[test]
fn voltage() {
    let rail = |mv| Case { setup: exercise(5_000).with_rail_mv(mv).unwrap(), ..Case::new() };
    denies(&rules::N_V_1, (rail(500_000), 500_000), (rail(500_001), 500_001));

    let setup = exercise(5_000).with_rail_mv(100_000).and_then(|s| s.with_load_ohm(1_000)).unwrap();
    let needs = |ua| Case { setup, ..Case::pulse(ua, 100, 40) };
    denies(&rules::E_COMP_1, (needs(90_000), 900), (needs(90_001), 901));
}

/// REQ-SAF-004: density and power density: 50 mA r.m.s. is 2 mA/cm² on 25 cm² and 0.25 W/cm² on 5 cm².
#[test]
fn density() {
    let on = |mm2, ua| Case { setup: exercise(mm2), ..Case::pulse(ua, 500, 250) };
    let draft = Profile::named("fda-limited-output-draft").unwrap();
    let drafted = |mm2, ua| Case { profile: draft, ..on(mm2, ua) };
    denies(&rules::N_DOC_1, (on(2_500, 100_000), 2_000), (on(2_500, 100_001), 2_001));
    denies(&rules::N_DOC_1, (on(2_500, 100_000), 2_000), (on(2_499, 100_000), 2_001));
    denies(&rules::G_LO_J, (drafted(2_500, 100_000), 2_000), (drafted(2_499, 100_000), 2_001));
    denies(&rules::E_J_2, (on(5_000, 100_000), 2_000), (on(4_999, 100_000), 2_001));
    denies(&rules::G_PD_1, (on(500, 100_000), 250_000), (on(500, 100_001), 250_006));
    let contact = |permille| Case {
        setup: exercise(5_000).with_contact_permille(permille).unwrap(),
        ..Case::pulse(100_000, 500, 250)
    };
    denies(&rules::E_J_2, (contact(500), 2_000), (contact(499), 2_005));
    // no setup makes it more than half
    assert_eq!(contact(501).row(&rules::E_J_2), (Verdict::Pass, Some(2_000)));
}

/// REQ-SAF-004: the limited-output and TENS profiles.
#[test]
fn opt_in_profiles() {
    let draft = Profile::named("fda-limited-output-draft").unwrap();
    let case = |ua, us, hz| Case { profile: draft, ..Case::pulse(ua, us, hz) };
    denies(&rules::G_LO_Q, (case(68_000, 500, 40), 34_000_000), (case(68_001, 500, 40), 34_000_500));
    denies(&rules::G_LO_I, (case(100_000, 500, 100), 10_000), (case(100_001, 500, 100), 10_001));
    denies(&rules::G_LO_T, (case(10_000, 500, 40), 500), (case(10_000, 501, 40), 501));
    let tens = Profile::named("aami-ns4-style-tens").unwrap();
    let case = |ua| Case { profile: tens, ..Case::pulse(ua, 250, 40) };
    denies(&rules::G_NS4_Q, (case(50_000), 25_000_000), (case(50_001), 25_000_500));
    let base = Case::pulse(100_000, 500, 100).report();
    assert!(
        [&rules::G_LO_Q, &rules::G_LO_I, &rules::G_LO_T, &rules::G_LO_J, &rules::G_NS4_Q]
            .iter()
            .all(|rule| base.row(rule).is_none())
    );
}

/// REQ-SAF-004: peak, charge, width, rate and gap.
#[test]
fn one_pulse() {
    denies(
        &rules::E_PEAK_1,
        (Case::pulse(130_000, 100, 40), 130_000),
        (Case::pulse(130_001, 100, 40), 130_001),
    );
    denies(
        &rules::E_Q_1,
        (Case::pulse(130_000, 500, 40), 65_000_000),
        (Case::pulse(130_001, 500, 40), 65_000_500),
    );
    denies(&rules::E_W_1, (Case::pulse(10_000, 500, 40), 500), (Case::pulse(10_000, 501, 40), 501));
    let wide = Profile::custom("wide", &Profile::default()).with_limit(&rules::E_W_1, 1_000).unwrap();
    let stated = |us| Case { profile: wide, ..Case::pulse(10_000, us, 40) };
    denies(&rules::E_W_1, (stated(1_000), 1_000), (stated(1_001), 1_001));
    let rate = |mhz| Case { rate: (mhz, 1_000_000_000), ..Case::new() };
    denies(&rules::E_F_1, (rate(150_000), 150_000), (rate(150_001), 150_001));
    let gap = |gap_us| Case { gap_us, ..Case::new() };
    denies(&rules::E_IPG_1, (gap(250), 250), (gap(251), 251));
}

/// REQ-SAF-004: contraction, rest and session of an exercise.
#[test]
fn times() {
    let cycle = |hold, rest| Case {
        schedule: Schedule::Cyclic(Cycle { hold: ms(hold), rest: ms(rest) }),
        ..Case::new()
    };
    denies(&rules::E_DUTY_1, (cycle(28_000, 5_000), 30_000), (cycle(28_001, 5_000), 30_001));
    denies(&rules::E_REST_1, (cycle(5_000, 1_000), 1_000), (cycle(5_000, 999), 999));
    let length = |length_ms| Case { length_ms, ..Case::new() };
    denies(&rules::E_SES_1, (length(3_600_000), 3_600_000), (length(3_600_001), 3_600_001));
    let continuous = Case { schedule: Schedule::Continuous, length_ms: 30_000, ..Case::new() };
    assert_eq!(continuous.row(&rules::E_DUTY_1), (Verdict::Pass, Some(30_000)));
    assert_eq!(continuous.row(&rules::E_REST_1), (Verdict::Deny, Some(0)));
}

/// REQ-SAF-015: a train of a gate is over its longest time and a ramp-down after it began, however often it is opened. A gate
/// that needs no OFF time is on for as long as its triggers last; when they fill the minute, for the whole session.
#[test]
fn gates_chain() {
    let gated = |on, min_off, triggers| {
        let gate = Gate {
            max_on: ms(on),
            min_off: ms(min_off),
            max_triggers_per_minute: triggers,
            refractory: Millis::ZERO,
        };
        Case { schedule: Schedule::Gated(gate), ..Case::new() }
    };
    for (min_off, triggers) in [(1_000, 1), (1, 90), (0, 1)] {
        let one = |on| gated(on, min_off, triggers);
        denies(&rules::E_DUTY_1, (one(29_000), 30_000), (one(29_001), 30_001));
    }
    denies(&rules::E_DUTY_1, (gated(9_000, 0, 3), 30_000), (gated(9_001, 0, 3), 30_003));
    assert_eq!(gated(9_000, 0, 6).row(&rules::E_DUTY_1), (Verdict::Deny, Some(1_200_000)));
    assert_eq!(gated(8_999, 0, 6).row(&rules::E_DUTY_1), (Verdict::Deny, Some(59_994)));
    let rest = |min_off| {
        let gate = Gate {
            max_on: ms(4_000),
            min_off: ms(min_off),
            max_triggers_per_minute: 2,
            refractory: Millis::ZERO,
        };
        Case { schedule: Schedule::Gated(gate), ..Case::new() }
    };
    denies(&rules::E_REST_1, (rest(1_000), 1_000), (rest(999), 999));
}

/// REQ-SAF-004: the envelope's slope: from zero, from a floor, in width, and down by the shortest way a gate has.
#[test]
fn slopes() {
    let up = |ua, floor, up| Case { floor, up_down_min: (up, 5_000, 5_000), ..Case::pulse(ua, 300, 40) };
    denies(&rules::E_SLEW_2, (up(80_000, 0, 200), 400_000), (up(80_001, 0, 200), 400_005));
    let from = |floor| up(80_000, floor, 100).row(&rules::E_SLEW_2);
    assert_eq!(from(40_000), (Verdict::Warn, Some(400_000)));
    assert_eq!(from(39_999), (Verdict::Deny, Some(400_010)));
    denies(&rules::E_SLEW_2, (up(400, 0, 0), 400_000), (up(401, 0, 0), 401_000));
    let width = |floor| Case { control: Control::Width, ..up(80_000, floor, 100) };
    assert_eq!(width(150).row(&rules::E_SLEW_2), (Verdict::Warn, Some(400_000)));
    assert_eq!(width(149).row(&rules::E_SLEW_2), (Verdict::Deny, Some(402_667)));
    let gate =
        Gate { max_on: ms(4_000), min_off: ms(100), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    let down = |min| Case {
        schedule: Schedule::Gated(gate),
        up_down_min: (5_000, 5_000, min),
        ..Case::pulse(80_000, 300, 40)
    };
    denies(&rules::E_SLEW_2, (down(200), 400_000), (down(199), 402_011));
    let cyclic = Case { up_down_min: (5_000, 200, 0), ..Case::pulse(80_000, 300, 40) };
    assert_eq!(cyclic.row(&rules::E_SLEW_2), (Verdict::Pass, Some(400_000)));
}

/// REQ-SAF-016, REQ-SAF-581: what an output that stays on delivers is held by a one-shot; one that is there and too long for
/// it is denied. Without one the charge is printed, and warns.
#[test]
fn stuck_output() {
    let shot = |time| Case {
        setup: exercise(5_000).with_one_shot(us(time)).unwrap(),
        ..Case::pulse(130_000, 100, 40)
    };
    denies(&rules::E_STUCK_1, (shot(1_000), 130_000_000), (shot(1_001), 130_130_000));
    assert_eq!(remark_of(&shot(1_001), &rules::E_STUCK_1), Some(nmes_safety::Remark::OneShotLong));
    let none = Case { setup: exercise(5_000).with_measurement(), ..Case::pulse(130_000, 100, 40) };
    assert_eq!(none.row(&rules::E_STUCK_1), (Verdict::Warn, Some(3_250_000_000)));
    assert_eq!(remark_of(&none, &rules::E_STUCK_1), Some(nmes_safety::Remark::Unwatched));
}

/// REQ-SAF-546: a one-shot that may be over within the longest phase, with its edges as late as may be, is denied.
#[test]
fn a_one_shot_does_not_cut_pulses() {
    let slow = Balance::Asymmetric { length_percent: 400 };
    let plain = |late_max_ticks| Case {
        timing: HardwareTiming { late_max_ticks, ..HardwareTiming::ideal(1_000_000) },
        balance: slow,
        ..Case::pulse(4_000, 300, 40)
    };
    let shot = |least| exercise(5_000).with_one_shot_between(us(least), us(2_000)).unwrap();
    for late in [0, 3] {
        let level = plain(late)
            .row(&rules::E_STUCK_2)
            .1
            .map(|charge| u32::try_from(charge / 4_000).unwrap())
            .unwrap();
        assert!((1_200 + late..1_300).contains(&level), "{level}");
        let with = |least| Case { setup: shot(least), ..plain(late) };
        assert_eq!(
            with(level).row(&rules::E_STUCK_1),
            (Verdict::Pass, Some(8_000_000)),
            "the longest bounds it"
        );
        let row = with(level - 1).report();
        let row = row.row(&rules::E_STUCK_1).unwrap();
        let remark = Some(nmes_safety::Remark::OneShotShort);
        assert_eq!((row.verdict, row.value, row.remark), (Verdict::Deny, None, remark));
    }
}

fn remark_of(case: &Case, rule: &nmes_safety::Rule) -> Option<nmes_safety::Remark> {
    case.report().row(rule).unwrap().remark
}

/// REQ-SAF-530: without a one-shot the time of the watchdog counts where it is longer than the time to the next pulse, and
/// with one it does not. A period is 25 ms.
#[test]
fn stuck_until_the_watchdog() {
    let watched = |time| Case {
        setup: exercise(5_000).with_measurement().with_watchdog(ms(time)).unwrap(),
        ..Case::pulse(4_000, 100, 40)
    };
    for (time, charge) in [(1, 100_000_000), (24, 100_000_000), (25, 100_000_000), (26, 104_000_000)] {
        assert_eq!(watched(time).row(&rules::E_STUCK_1), (Verdict::Pass, Some(charge)), "{time} ms");
        assert_eq!(remark_of(&watched(time), &rules::E_STUCK_1), Some(nmes_safety::Remark::NoOneShot));
    }
    // 4 mA × 32.5 ms are the limit
    sides(&rules::E_STUCK_1, (watched(32), 128_000_000), (watched(33), 132_000_000), Verdict::Warn);
    let both = Case { setup: watched(50).setup.with_one_shot(us(500)).unwrap(), ..watched(50) };
    assert_eq!(both.row(&rules::E_STUCK_1), (Verdict::Pass, Some(2_000_000)));
}

/// REQ-SAF-531: where the timing varies, the longest interval counts: 40 pulses a second that sweep down to 20.
#[test]
fn stuck_in_a_slow_part() {
    let (from, to) = (Rate::from_hz(40).unwrap(), Rate::from_hz(20).unwrap());
    let sweep = Timing::Sweep(Sweep { from, to, over: ms(1_000), law: SweepLaw::default() });
    let setup = exercise(5_000).with_measurement();
    let case =
        |timing| Case { train: Train { timing, ..Train::default() }, setup, ..Case::pulse(1_000, 100, 40) };
    assert_eq!(case(Timing::Even).row(&rules::E_STUCK_1).1, Some(25_000_000));
    assert_eq!(case(sweep).row(&rules::E_STUCK_1).1, Some(50_000_000));
}

/// REQ-SAF-532: beside it stands what a one-shot would leave, which lasts as long as the longest level or gap with its edges
/// as late as may be; with a one-shot there is no such row.
#[test]
fn stuck_output_with_a_one_shot() {
    let case = |width| Case::pulse(130_000, width, 40);
    sides(&rules::E_STUCK_2, (case(1_000), 130_000_000), (case(1_001), 130_130_000), Verdict::Warn);
    assert_eq!(remark_of(&case(1_000), &rules::E_STUCK_2), Some(nmes_safety::Remark::WithOneShot));
    for (gap_us, time) in [(299, 300), (300, 300), (301, 301)] {
        let case = Case { gap_us, ..Case::pulse(1_000, 300, 40) };
        assert_eq!(case.row(&rules::E_STUCK_2).1, Some(time * 1_000), "{gap_us} µs");
    }
    let repeat = Repeat { count: 2, gap: us(5_000) };
    let doublet = Case { repeat, ..Case::pulse(1_000, 300, 40) };
    assert_eq!(doublet.row(&rules::E_STUCK_2).1, Some(5_000_000));
    // a balancing phase four times as long, and the few ticks it may be wider; then 3 ticks of lateness
    let slow = Balance::Asymmetric { length_percent: 400 };
    let asymmetric = Case { balance: slow, ..Case::pulse(1_000, 300, 40) };
    let (_, value) = asymmetric.row(&rules::E_STUCK_2);
    assert!(value.is_some_and(|value| (1_200_000..1_250_000).contains(&value)), "{value:?}");
    let timing = HardwareTiming { late_max_ticks: 3, ..HardwareTiming::ideal(1_000_000) };
    let late = Case { timing, gap_us: 900, ..Case::pulse(1_000, 300, 40) };
    assert_eq!(late.row(&rules::E_STUCK_2).1, Some(903_000));
    let with = Case { setup: exercise(5_000).with_one_shot(us(1_000)).unwrap(), ..case(1_000) };
    assert!(with.report().row(&rules::E_STUCK_2).is_none());
}

/// REQ-SAF-004: from where a device needs an indicator; this informs and does not deny.
#[test]
fn indicator() {
    let case = |ua| Case::pulse(ua, 500, 250);
    sides(&rules::N_IND_1, (case(20_000), 10_000), (case(20_001), 10_001), Verdict::Inform);
    sides(&rules::N_IND_1_ENERGY, (case(100_000), 10_000), (case(100_001), 10_001), Verdict::Inform);
}

/// REQ-SAF-004: a balanced pulse sums to exactly zero; polarities that differ leave less than one code × one tick,
/// which warns.
#[test]
fn balance() {
    assert_eq!(Case::new().row(&rules::E_BAL_1), (Verdict::Pass, Some(0)));
    let dac =
        ChannelHardware { na_per_code_positive: 61_035, na_per_code_negative: 60_901, ..Case::new().dac };
    let report = Case { dac, ..Case::new() }.report();
    let row = report.row(&rules::E_BAL_1).unwrap();
    assert_eq!((row.verdict, row.remark), (Verdict::Warn, Some(nmes_safety::Remark::Carried)));
    assert!(row.value.unwrap() > 0 && row.value.unwrap() < 61_035, "{row}");
    // 1 µA for 1 µs and back is balanced; declared to leave something, the same points may leave 1 nA × 1 tick
    let there_and_back = |balance| Case {
        form: Form::Points(Box::leak(Box::new([
            Point { permille: 1_000, width: us(1) },
            Point { permille: -1_000, width: us(1) },
        ]))),
        dac: ChannelHardware::symmetric(1, -1_000_000, 1_000_000),
        balance,
        ..Case::pulse(1, 2, 40)
    };
    let [balanced, declared] =
        [Balance::Symmetric, Balance::DeclaredDc { at_most: MicroAmps::MAX }].map(there_and_back);
    denies(&rules::E_BAL_1, (balanced, 0), (declared, 1));
}

/// REQ-SAF-002: every layer can bind, and the row says which did; equal limits name the first layer.
#[test]
fn layers() {
    let bind = |setup: Setup, profile: Profile| {
        let report = Case { setup, profile, ..Case::new() }.report();
        let row = report.row(&rules::E_PEAK_1).unwrap();
        (row.limit.unwrap(), row.layer)
    };
    let rule = &rules::E_PEAK_1;
    let stated = Profile::custom("ours", &Profile::default()).with_limit(rule, 110_000).unwrap();
    assert_eq!(stated.name(), "ours");
    let device = exercise(5_000).with_limit(Layer::Device, rule, 100_000).unwrap();
    let protocol = device.with_limit(Layer::Protocol, rule, 90_000).unwrap();
    let subject = protocol.with_limit(Layer::Subject, rule, 80_000).unwrap();
    assert_eq!(bind(exercise(5_000), Profile::default()), (130_000, Layer::Rule));
    assert_eq!(bind(exercise(5_000), stated), (110_000, Layer::Profile));
    assert_eq!(bind(device, stated), (100_000, Layer::Device));
    assert_eq!(bind(protocol, stated), (90_000, Layer::Protocol));
    assert_eq!(bind(subject, stated), (80_000, Layer::Subject));
    let weaker = subject.with_limit(Layer::Subject, rule, 85_000).unwrap();
    assert_eq!(bind(weaker, stated), (80_000, Layer::Subject));
    let equal = exercise(5_000).with_limit(Layer::Subject, rule, 110_000).unwrap();
    assert_eq!(bind(equal, stated), (110_000, Layer::Profile));
    let case = |ua| Case { setup: subject, profile: stated, ..Case::pulse(ua, 100, 40) };
    denies(rule, (case(80_000), 80_000), (case(80_001), 80_001));
}

/// REQ-SAF-002: a number that a profile states is the profile's, also where it is the rule's own, for every rule and use class.
#[test]
fn a_profile_that_states_the_same() {
    for rule in rules::ALL {
        let profile = Profile::default().with_limit(rule, rule.limit).unwrap();
        for class in
            [UseClass::Exercise, UseClass::FunctionalWear, UseClass::Continuous, UseClass::Specialist]
        {
            let limit = Setup::new(&[2_500], class).unwrap().limit(rule, &profile).unwrap();
            assert_eq!((limit.value, limit.layer), (rule.limit, Layer::Profile), "{} {class}", rule.id);
        }
    }
}

/// REQ-SAF-002: a rule with a least value takes the largest.
#[test]
fn layers_of_a_least_value() {
    let setup = exercise(5_000).with_limit(Layer::Protocol, &rules::E_REST_1, 3_000).unwrap();
    let case = |rest| Case {
        setup,
        schedule: Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(rest) }),
        ..Case::new()
    };
    denies(&rules::E_REST_1, (case(3_000), 3_000), (case(2_999), 2_999));
    assert!(exercise(5_000).with_limit(Layer::Protocol, &rules::E_REST_1, 999).is_err());
}

/// REQ-SAF-011: no layer loosens a rule, and none can be stated under a wrong name.
#[test]
fn no_layer_loosens() {
    for rule in rules::ALL {
        let looser = match rule.bound {
            nmes_safety::Bound::AtMost => rule.loosest + 1,
            nmes_safety::Bound::AtLeast => rule.loosest - 1,
        };
        let error = exercise(100).with_limit(Layer::Device, rule, looser).unwrap_err().to_string();
        assert!(error.contains(rule.id) && error.contains(rule.source), "{error}");
        assert!(Profile::default().with_limit(rule, looser).is_err(), "{}", rule.id);
        assert!(exercise(100).with_limit(Layer::Device, rule, rule.loosest).is_ok());
    }
    for layer in [Layer::Rule, Layer::Profile] {
        assert!(exercise(100).with_limit(layer, &rules::E_PEAK_1, 1).is_err());
    }
    let mut setup = exercise(100);
    for _ in 0..nmes_safety::MAX_STATED {
        setup = setup.with_limit(Layer::Device, &rules::E_PEAK_1, 1).unwrap();
    }
    assert!(setup.with_limit(Layer::Device, &rules::E_PEAK_1, 1).is_err());
}

/// REQ-SAF-002, REQ-SAF-547: worn use and continuous use are as long as the protocol states; exercise and a specialist's session
/// no longer than the rule, whatever a profile states.
#[test]
fn session_by_use_class() {
    let day = 57_600_000;
    let long =
        |setup: Setup, length_ms| Case { setup, length_ms, schedule: Schedule::Continuous, ..Case::new() };
    let unstated = long(wear(5_000), day).report();
    let row = unstated.row(&rules::E_SES_1).unwrap();
    assert_eq!(row.verdict, Verdict::NotEvaluated);
    let stated = wear(5_000).with_limit(Layer::Protocol, &rules::E_SES_1, u64::from(day)).unwrap();
    denies(&rules::E_SES_1, (long(stated, day), u64::from(day)), (long(stated, day + 1), u64::from(day) + 1));
    let specialist = Setup::new(&[5_000], UseClass::Specialist).unwrap();
    assert_eq!(long(specialist, 3_600_001).row(&rules::E_SES_1).0, Verdict::Deny);
    let profile =
        Profile::custom("long", &Profile::default()).with_limit(&rules::E_SES_1, 172_800_000).unwrap();
    for setup in [specialist, exercise(5_000)] {
        let case = |length_ms| Case { profile, ..long(setup, length_ms) };
        denies(&rules::E_SES_1, (case(3_600_000), 3_600_000), (case(3_600_001), 3_600_001));
    }
    assert_eq!(Case { profile, ..long(wear(5_000), day) }.row(&rules::E_SES_1).0, Verdict::Pass);
    assert_eq!(
        long(wear(5_000), 10_000).report().row(&rules::E_DUTY_1).unwrap().verdict,
        Verdict::NotEvaluated
    );
}
