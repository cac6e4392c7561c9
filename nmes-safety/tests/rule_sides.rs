//! Every rule of the table is tried at its limit, which passes, and one step past it, which does not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

mod check_support;
mod guard_support;

use check_support::{Case, exercise, ms, us};
use guard_support::{Rig, armed, change, play_sensed, pulse, ready, setting};
use nmes_core::{Balance, ChannelHardware, Cycle, MicroAmps, Polarity, Schedule};
use nmes_safety::output_table::{Characteristics, is_complete};
use nmes_safety::selftest::{MeasuredFault, judge_measured};
use nmes_safety::{
    BLACK_BOX_ENTRIES, BlackBox, Bound, Contact, ContactState, Effect, Guard, Layer, Profile, Remark,
    Response, Rule, SampleInstant, Sensed, SetRefusal, Trip, Verdict, check, rules,
};

/// What was said of a value: the rule that refuses it, if one does, and value and limit where the answer has them.
#[derive(Debug)]
enum Said {
    Passes(Option<(u64, u64)>),
    Refuses { by: &'static str, value: u64, limit: u64 },
}

/// Has the check, the guard or a judge answer, in the default profile or one that has the rule, to the rule's quantity at
/// its limit (0 steps past it) or at the least step past it that can be made (1).
type Offer = fn(&'static Rule, u32) -> Said;

/// Each rule of the table, in its order. A new rule needs a line here, and nothing else in this file.
const SIDES: &[(&Rule, Offer)] = &[
    (&rules::N_RMS_1, |rule, past| planned(rule, &Case::pulse(100_000 + past, 500, 250))),
    (&rules::N_RMS_2, |rule, past| planned(rule, &Case::pulse(160_000 + past, 125, 1_000))),
    (&rules::N_RMS_3, |rule, past| planned(rule, &Case::pulse(200_000 + past, 50, 2_500))),
    (&rules::N_RMS_X, |rule, past| planned(rule, &Case::pulse(100_000 + past, 500, 250))),
    (&rules::N_DC_1, |rule, past| planned(rule, &direct(100_000, 1_000, 80_000 + past))),
    (&rules::N_DC_2, |rule, past| {
        planned(rule, &Case { rate: (1, 1_000_000), ..Case::pulse(80_000 + past, 100_000, 1) })
    }),
    (&rules::N_EN_1, |rule, past| planned(rule, &Case::pulse(100_000 + past, 30_000, 10))),
    (&rules::N_V_1, |rule, past| {
        planned(rule, &Case { setup: exercise(5_000).with_rail_mv(500_000 + past).unwrap(), ..Case::new() })
    }),
    (&rules::N_IND_1, |rule, past| planned(rule, &Case::pulse(20_000 + past, 500, 250))),
    (&rules::N_IND_1_ENERGY, |rule, past| planned(rule, &Case::pulse(100_000 + past, 500, 250))),
    (&rules::N_IND_2, measured),
    (&rules::N_MARK_1, |rule, past| {
        planned(rule, &Case { setup: exercise(100_000), ..Case::pulse(20_000 + past, 500, 250) })
    }),
    (&rules::N_DOC_1, |rule, past| planned(rule, &on(2_500 - past))),
    (&rules::N_STEP_1, |_, past| {
        let mut guard = armed(Rig::default().checked(), 0);
        answered(guard.set_level(0, 0, setting(1_000 + past, 300)))
    }),
    (&rules::N_MIN_1, |rule, past| {
        // one code of 50, or of 49
        let most = 50 - i32::try_from(past).unwrap();
        planned(rule, &Case { dac: ChannelHardware::symmetric(1_000_000, -50, most), ..Case::new() })
    }),
    (&rules::N_ACC_1, measured),
    (&rules::N_SUP_1, measured),
    (&rules::N_LOCK_1, |_, past| {
        let mut guard = Guard::new(Rig::default().checked(), 0);
        answered(guard.set_level(0, 0, setting(past, 300 * past)))
    }),
    (&rules::N_OCSC_1, measured),
    (&rules::N_LEAK_1, measured),
    (&rules::N_LEAK_1_FAULT, measured),
    (&rules::N_LEAK_2, measured),
    (&rules::N_LEAK_2_FAULT, measured),
    (&rules::N_TEMP_1, measured),
    (&rules::G_PD_1, |rule, past| {
        planned(rule, &Case { setup: exercise(500), ..Case::pulse(100_000 + past, 500, 250) })
    }),
    (&rules::G_LO_Q, |rule, past| planned(rule, &drafted(68_000 + past, 500))),
    (&rules::G_LO_I, |rule, past| planned(rule, &drafted(100_000 + past, 500))),
    (&rules::G_LO_T, |rule, past| planned(rule, &drafted(10_000, 500 + past))),
    (&rules::G_LO_J, |rule, past| {
        planned(
            rule,
            &Case { profile: Profile::named("fda-limited-output-draft").unwrap(), ..on(2_500 - past) },
        )
    }),
    (&rules::G_NS4_Q, |rule, past| {
        let profile = Profile::named("aami-ns4-style-tens").unwrap();
        planned(rule, &Case { profile, ..Case::pulse(50_000 + past, 250, 40) })
    }),
    (&rules::G_RPT_1, answers),
    (&rules::E_BAL_1, |rule, past| planned(rule, &unbalanced(past))),
    (&rules::E_BAL_2, |_, past| three_pulses(1_000, 900 - i64::from(past))),
    (&rules::E_DC_3, |_, past| uneven_for(60, 92 + i64::from(past))),
    (&rules::E_DC_4, |rule, past| planned(rule, &direct(1_000, 1_000, 5_000 + past))),
    (&rules::E_J_2, |rule, past| planned(rule, &on(5_000 - past))),
    (&rules::E_PEAK_1, |rule, past| planned(rule, &Case::pulse(130_000 + past, 100, 40))),
    (&rules::E_Q_1, |rule, past| planned(rule, &Case::pulse(130_000 + past, 500, 40))),
    (&rules::E_W_1, |rule, past| planned(rule, &Case::pulse(10_000, 500 + past, 40))),
    (&rules::E_F_1, |rule, past| {
        planned(rule, &Case { rate: (150_000 + past, 1_000_000_000), ..Case::new() })
    }),
    (&rules::E_IPG_1, |rule, past| planned(rule, &Case { gap_us: 250 + past, ..Case::new() })),
    (&rules::E_DUTY_1, |rule, past| planned(rule, &cycle(28_000 + past, 5_000))),
    (&rules::E_REST_1, |rule, past| planned(rule, &cycle(5_000, 1_000 - past))),
    (&rules::E_SES_1, |rule, past| planned(rule, &Case { length_ms: 3_600_000 + past, ..Case::new() })),
    (&rules::E_SLEW_1, |_, past| {
        let mut guard = armed(Rig::default().checked(), 0);
        guard.set_level(0, 0, setting(1_000, 300)).unwrap();
        answered(guard.set_level(250_000 - u64::from(past), 0, setting(2_000, 300)))
    }),
    (&rules::E_SLEW_2, |rule, past| {
        planned(rule, &Case { up_down_min: (200, 5_000, 5_000), ..Case::pulse(80_000 + past, 300, 40) })
    }),
    (&rules::E_RAMP_1, |_, past| {
        // 4 mA are to take two seconds from zero: 2 mA no sooner than one second after the first
        let mut guard =
            armed(Rig { set: (4_000, 300), ceiling: (8_000, 300), ..Rig::default() }.checked(), 0);
        guard.set_level(0, 0, setting(1_000, 300)).unwrap();
        answered(guard.set_level(1_000_000 - u64::from(past), 0, setting(2_000, 300)))
    }),
    (&rules::E_Z_1_SHORT, measured),
    (&rules::E_Z_1_OPEN, measured),
    (&rules::E_Z_2, dries),
    (&rules::E_COMP_1, |rule, past| {
        let setup = exercise(5_000).with_rail_mv(100_000).and_then(|s| s.with_load_ohm(1_000)).unwrap();
        planned(rule, &Case { setup, ..Case::pulse(90_000 + past, 100, 40) })
    }),
    (&rules::E_DEL_1, |_, past| three_pulses(800 - i64::from(past), 800 - i64::from(past))),
    (&rules::E_OC_1, over_current),
    (&rules::E_WD_1, |_, past| {
        let (mut guard, now) = ready(Rig::default().checked());
        tripped(guard.tick(now + 1_000_000 + u64::from(past)).map(drop))
    }),
    (&rules::E_EST_1, measured),
    (&rules::E_LOG_1, |_, past| kept(BLACK_BOX_ENTRIES + usize::try_from(past).unwrap())),
    (&rules::E_SH_1, |rule, past| {
        let profile = Profile::named("percutaneous-research").unwrap();
        planned(rule, &Case { profile, setup: exercise(10_000), ..Case::pulse(74_989 + past, 1_000, 20) })
    }),
    (&rules::E_J2T_1, |rule, past| {
        let setup = exercise(1_000);
        let schedule = Schedule::Continuous;
        planned(
            rule,
            &Case { setup, schedule, length_ms: 9_200_000 + past, ..Case::pulse(100_000, 500, 250) },
        )
    }),
    (&rules::E_STUCK_1, |rule, past| {
        let setup = exercise(5_000).with_one_shot(us(1_000 + past)).unwrap();
        planned(rule, &Case { setup, ..Case::pulse(130_000, 100, 40) })
    }),
    (&rules::E_STUCK_2, |rule, past| planned(rule, &Case::pulse(130_000, 1_000 + past, 40))),
];

/// Whether the limit itself passes, and one step past it does not, by this rule and no other.
fn both_sides(rule: &'static Rule, offer: Offer) -> Result<(), String> {
    match offer(rule, 0) {
        Said::Passes(at) if at.is_none_or(|(value, limit)| value == limit) => {}
        said => return Err(format!("{} at its limit: {said:?}", rule.id)),
    }
    match offer(rule, 1) {
        Said::Refuses { by, value, limit } if by == rule.id && value != limit => Ok(()),
        said => Err(format!("{} past its limit: {said:?}", rule.id)),
    }
}

/// REQ-SAF-330: each rule of the table, once and in its order, is tried on both sides, and holds on both.
#[test]
fn every_rule_has_two_sides() {
    let mut seen = vec![];
    for &(rule, offer) in SIDES {
        both_sides(rule, offer).unwrap_or_else(|said| panic!("{said}"));
        seen.push(rule.id);
    }
    assert_eq!(seen, rules::ALL.map(|rule| rule.id));
}

/// REQ-SAF-330: a side that is missing is found: an offer that always passes, one that is always refused, one that is
/// refused by another rule or at the limit itself, and one that does not reach the limit. A figure from a bench is a side
/// of the 12 rules that only a device can show, and of no other.
#[test]
fn one_side_is_not_enough() {
    let one_sided: [Offer; 5] = [
        |_, _| Said::Passes(None),
        |rule, _| refusal(rule.id, rule),
        |rule, past| if past == 0 { Said::Passes(None) } else { refusal("E-NONE", rule) },
        |rule, past| match past {
            0 => Said::Passes(None),
            _ => Said::Refuses { by: rule.id, value: rule.limit, limit: rule.limit },
        },
        |rule, past| {
            if past == 0 { Said::Passes(Some((rule.limit + 1, rule.limit))) } else { refusal(rule.id, rule) }
        },
    ];
    let whole: Offer = |rule, past| {
        if past == 0 { Said::Passes(Some((rule.limit, rule.limit))) } else { refusal(rule.id, rule) }
    };
    for &(rule, _) in SIDES {
        assert!(both_sides(rule, whole).is_ok());
        for offer in one_sided {
            assert!(both_sides(rule, offer).is_err(), "{}", rule.id);
        }
        assert_eq!(both_sides(rule, measured).is_ok(), is_of_the_device(rule), "{}", rule.id);
    }
    let by_a_bench = rules::ALL.iter().filter(|rule| is_of_the_device(rule)).count();
    assert_eq!((rules::ALL.len(), by_a_bench), (SIDES.len(), 12));
}

fn refusal(by: &'static str, rule: &Rule) -> Said {
    Said::Refuses { by, value: beyond(rule, rule.limit), limit: rule.limit }
}

/// The row of the rule in the check's report, and the check's own answer.
fn planned(rule: &'static Rule, case: &Case) -> Said {
    let report = case.report();
    let row = report.row(rule).unwrap_or_else(|| panic!("{} has no row", rule.id));
    let refused = match rule.effect {
        Effect::Deny => row.verdict == Verdict::Deny,
        Effect::Warn => row.verdict == Verdict::Warn || row.verdict == Verdict::Deny,
        Effect::Inform => row.verdict == Verdict::Inform,
        Effect::Trip | Effect::Bench => panic!("{} is not the check's", rule.id),
    };
    let (value, limit) = (row.value.unwrap(), row.limit.unwrap());
    let grows_with_the_width = rule == &rules::G_LO_Q;
    assert!(limit == rule.limit || grows_with_the_width, "{row}");
    assert_eq!(refused, rule.breaks(value, limit), "{row}");
    if !refused {
        return Said::Passes(Some((value, limit)));
    }
    let denied = case.checked().is_err_and(|said| said.contains(rule.id));
    assert_eq!(denied, row.verdict == Verdict::Deny, "{row}");
    Said::Refuses { by: row.rule.id, value, limit }
}

fn answered(answer: Result<(), SetRefusal>) -> Said {
    match answer {
        Ok(()) => Said::Passes(None),
        Err(refusal) => {
            Said::Refuses { by: refusal.rule, value: refusal.value.into(), limit: refusal.limit.into() }
        }
    }
}

fn tripped(answer: Result<(), Trip>) -> Said {
    match answer {
        Ok(()) => Said::Passes(None),
        Err(trip) => Said::Refuses {
            by: trip.rule,
            value: trip.value.try_into().unwrap(),
            limit: trip.limit.try_into().unwrap(),
        },
    }
}

/// The rules without a row that neither guard nor record can hold: only a bench or a board has their figure.
const OF_A_BENCH: [&Rule; 3] = [&rules::E_Z_1_SHORT, &rules::E_Z_1_OPEN, &rules::E_EST_1];

/// Whether only a device can show the figure. The check, the guard or a record has to refuse any other.
fn is_of_the_device(rule: &Rule) -> bool {
    let report = Case::new().report();
    let row = report.row(rule).and_then(|row| row.remark);
    row.is_some_and(Remark::is_of_device) || OF_A_BENCH.contains(&rule)
}

/// A figure that a bench or a board gives. Any rule can be judged so; it is no side of one that something else holds.
fn measured(rule: &'static Rule, past: u32) -> Said {
    if !is_of_the_device(rule) {
        return Said::Refuses { by: "not of a bench", value: 0, limit: 0 };
    }
    let value = if past == 0 { rule.limit } else { beyond(rule, rule.limit) };
    let checked = Rig { hz: 20, ..Rig::default() }.checked(); // a period of 50 ms
    match judge_measured(checked, rule, value) {
        Ok(_) => Said::Passes(Some((value, rule.limit))),
        Err(fault) => Said::Refuses { by: fault.rule.id, value: fault.value, limit: fault.limit },
    }
}

/// Two phases of 100 mA and 500 µs, 250 times a second, 50 mA r.m.s., on so much skin.
fn on(mm2: u32) -> Case {
    Case { setup: exercise(mm2), ..Case::pulse(100_000, 500, 250) }
}

fn drafted(ua: u32, us: u32) -> Case {
    Case { profile: Profile::named("fda-limited-output-draft").unwrap(), ..Case::pulse(ua, us, 100) }
}

/// A direct current that the setup declares, with so much of the electrode in contact.
fn direct(mm2: u32, contact_permille: u16, ua: u32) -> Case {
    let setup = exercise(mm2).with_contact_permille(contact_permille).unwrap();
    let setup = setup.with_declared_dc(MicroAmps::from_microamps(ua).unwrap()).unwrap();
    Case { setup, ..Case::new() }
}

/// A balanced pulse, or one that leaves 1 µA × 1 tick, the least there is.
fn unbalanced(past: u32) -> Case {
    match past {
        0 => Case::new(),
        _ => Case { balance: Balance::DeclaredDc { at_most: MicroAmps::MAX }, ..Case::pulse(1, 1, 1) },
    }
}

fn cycle(hold: u32, rest: u32) -> Case {
    Case { schedule: Schedule::Cyclic(Cycle { hold: ms(hold), rest: ms(rest) }), ..Case::new() }
}

/// Three pulses of which the first phases are measured at so many permille of what is commanded, and the second.
fn three_pulses(first: i64, second: i64) -> Said {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    tripped((0..3).try_for_each(|n| {
        let frame = pulse(checked, n, now + u64::from(n) * 25_000);
        play_sensed(&mut guard, checked, &frame, |edge| if edge == 3 { second } else { first })?;
        guard.tick(frame.onset_tick() + 5_000).map(drop)
    }))
}

/// So many pulses of 40 mA × 300 µs, 40 a second, of which the second phases are weaker by so many permille, 0.48 µA each.
fn uneven_for(pulses: u32, permille: i64) -> Said {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    tripped((0..pulses).try_for_each(|n| {
        let frame = pulse(checked, n, now + u64::from(n) * 25_000);
        play_sensed(&mut guard, checked, &frame, |edge| if edge == 3 { 1_000 - permille } else { 1_000 })?;
        guard.tick(frame.onset_tick() + 5_000).map(drop)
    }))
}

/// One sample at the end of a phase of 40 mA.
fn over_current(_: &'static Rule, past: u32) -> Said {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now);
    guard.admit(now, &frame).unwrap();
    guard.edge(now, &change(&frame, 0), None).unwrap();
    let current_na = 48_000_000 + i64::from(past);
    let sensed = Sensed { current_na, voltage_mv: 0, at_tick: now + 299, instant: SampleInstant::PhaseEnd };
    tripped(guard.edge(now + 300, &change(&frame, 1), Some(sensed)).map(drop))
}

/// A contact of 1 kohm that rises by the limit, in ohms for a permille, and stays there for seven seconds.
fn dries(rule: &'static Rule, past: u32) -> Said {
    let mut contact = Contact::new(1_000_000, Polarity::Positive);
    let ohm = 1_000 + rule.limit + u64::from(past);
    for n in 0..73_u64 {
        let voltage_mv = 3 * i32::try_from(if n < 3 { 1_000 } else { ohm }).unwrap();
        let at_tick = n * 100_000 + 199;
        let sensed = Sensed { current_na: 3_000_000, voltage_mv, at_tick, instant: SampleInstant::PhaseEnd };
        contact.take(3_000_000, &sensed);
    }
    match contact.state(73 * 100_000) {
        ContactState::Good => Said::Passes(Some((ohm - 1_000, rule.limit))),
        ContactState::Rising => Said::Refuses { by: rule.id, value: ohm - 1_000, limit: rule.limit },
        other => panic!("{other:?}"),
    }
}

/// What is counted in a record or a report.
fn counted(whole: Result<(), MeasuredFault>) -> Said {
    match whole {
        Ok(()) => Said::Passes(None),
        Err(MeasuredFault { rule, value, limit, .. }) => Said::Refuses { by: rule.id, value, limit },
    }
}

/// So many faults, of which the black box may only have counted some.
fn kept(faults: usize) -> Said {
    let (mut guard, now) = ready(Rig::default().checked());
    let mut trip = guard.tick(now + 1_000_001).unwrap_err();
    trip.response = Response::OpenNow;
    let mut log = BlackBox::new();
    (0..faults).for_each(|_| log.record(trip));
    counted(log.is_whole())
}

/// The list of 21 CFR 882.5891, all of it or all but so many rows.
fn answers(_: &'static Rule, past: u32) -> Said {
    let checked = Rig::default().checked();
    let list = Characteristics::of(checked.plan(), checked.setup(), 0).unwrap();
    counted(is_complete(&list.rows()[usize::try_from(past).unwrap()..]))
}

fn beyond(rule: &Rule, limit: u64) -> u64 {
    match rule.bound {
        Bound::AtMost => limit + 1,
        Bound::AtLeast => limit - 1,
    }
}

/// REQ-SAF-330: the limit itself passes, and one step past it does not, for each rule of the table.
#[test]
fn the_limit_itself_passes() {
    for rule in rules::ALL {
        let past = beyond(rule, rule.limit);
        assert!(!rule.breaks(rule.limit, rule.limit) && rule.breaks(past, rule.limit), "{}", rule.id);
        assert!(!rule.breaks(rule.loosest, rule.loosest), "{}", rule.id);
        assert!(
            rule.warn.is_none_or(|warn| !rule.breaks(warn, rule.limit)),
            "{}: warns before it trips",
            rule.id
        );
    }
}

/// REQ-SAF-331: figures that a bench or a board gives pass at the limit of N-ACC-1, E-Z-1-S, E-Z-1-O and E-EST-1 and fail
/// past it; a stricter layer binds; a warning comes before the limit.
#[test]
fn measured_figures() {
    let checked = Rig { hz: 20, ..Rig::default() }.checked(); // a period of 50 ms
    for rule in [&rules::N_ACC_1, &rules::E_Z_1_SHORT, &rules::E_Z_1_OPEN, &rules::E_EST_1] {
        assert!(judge_measured(checked, rule, rule.limit).is_ok(), "{}", rule.id);
        let fault = judge_measured(checked, rule, beyond(rule, rule.limit)).unwrap_err();
        assert_eq!((fault.rule.id, fault.limit), (rule.id, rule.limit));
        assert!(fault.to_string().contains(rule.source), "{fault}");
    }
    let warns = |permille| judge_measured(checked, &rules::N_ACC_1, permille);
    assert_eq!((warns(100), warns(101), warns(200)), (Ok(false), Ok(true), Ok(true)));
    let setup = *checked.setup();
    let setup = setup.with_limit(Layer::Device, &rules::E_EST_1, 20).unwrap();
    let setup = setup.with_limit(Layer::Subject, &rules::E_Z_1_SHORT, 300).unwrap();
    let strict = check(*checked.plan(), &setup, checked.profile()).unwrap();
    let sides = |rule, value| judge_measured(&strict, rule, value).is_ok();
    assert!(sides(&rules::E_EST_1, 20) && !sides(&rules::E_EST_1, 21));
    assert!(sides(&rules::E_Z_1_SHORT, 300) && !sides(&rules::E_Z_1_SHORT, 299));
}

/// REQ-SAF-331: the figures of the rules that a bench or a board answers, as they are in the list of limits; each passes, and one
/// unit past it does not.
#[test]
fn figures_of_the_bench() {
    let figures = [
        (&rules::N_IND_2, 0),
        (&rules::N_ACC_1, 200),
        (&rules::N_SUP_1, 100),
        (&rules::N_OCSC_1, 0),
        (&rules::N_LEAK_1, 10),
        (&rules::N_LEAK_1_FAULT, 50),
        (&rules::N_LEAK_2, 100),
        (&rules::N_LEAK_2_FAULT, 500),
        (&rules::N_TEMP_1, 43_000),
        (&rules::G_RPT_1, 0),
        (&rules::E_Z_1_SHORT, 100),
        (&rules::E_Z_1_OPEN, 5_000),
        (&rules::E_EST_1, 50),
    ];
    let checked = Rig { hz: 20, ..Rig::default() }.checked(); // a period of 50 ms
    for (rule, figure) in figures {
        assert!(judge_measured(checked, rule, figure).is_ok(), "{}", rule.id);
        let fault = judge_measured(checked, rule, beyond(rule, figure)).unwrap_err();
        assert_eq!((fault.rule.id, fault.limit), (rule.id, figure));
    }
}

/// REQ-SAF-699: an emergency stop takes no longer than the shortest period of the plan, rounded down to ms, where that is less
/// than E-EST-1.
#[test]
fn a_stop_within_a_period() {
    for (hz, most) in [(19, 50), (20, 50), (21, 47), (40, 25), (100, 10), (150, 6)] {
        let checked = Rig { hz, set: (20_000, 200), ceiling: (20_000, 200), ..Rig::default() }.checked();
        assert!(judge_measured(checked, &rules::E_EST_1, most).is_ok(), "{hz} Hz");
        let fault = judge_measured(checked, &rules::E_EST_1, most + 1).unwrap_err();
        assert_eq!((fault.rule.id, fault.value, fault.limit), ("E-EST-1", most + 1, most), "{hz} Hz");
    }
}
