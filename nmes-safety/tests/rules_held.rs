//! Rules that no plan breaks: the guard, the records and the reports hold them, or a bench gives their figure.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_safety::output_table::{Answer, Characteristics, TableRow, is_complete};
use nmes_safety::selftest::judge_measured;
use nmes_safety::*;

/// REQ-SAF-578: figures that a bench gives for N-SUP-1, N-OCSC-1, N-LEAK-1, N-LEAK-1-F, N-LEAK-2, N-LEAK-2-F and N-TEMP-1 pass at
/// the limit and fail past it.
#[test]
fn shown_on_the_device() {
    let checked = Rig::default().checked();
    for (rule, limit) in [
        (&rules::N_SUP_1, 100),
        (&rules::N_OCSC_1, 0),
        (&rules::N_LEAK_1, 10),
        (&rules::N_LEAK_1_FAULT, 50),
        (&rules::N_LEAK_2, 100),
        (&rules::N_LEAK_2_FAULT, 500),
        (&rules::N_TEMP_1, 43_000),
    ] {
        assert!(judge_measured(checked, rule, limit).is_ok(), "{}", rule.id);
        let fault = judge_measured(checked, rule, limit + 1).unwrap_err();
        assert_eq!((fault.rule.id, fault.value, fault.limit), (rule.id, limit + 1, limit));
        assert!(fault.to_string().starts_with(rule.id) && fault.to_string().contains(rule.source), "{fault}");
    }
    assert_eq!(rules::N_TEMP_1.amount(43_001).to_string(), "43.001 °C");
}

/// REQ-SAF-579: N-LOCK-1: armed, every channel is authorised for nothing; before that, after a disarm and after a fault nothing
/// rises, and the refusal names the rule of the table and its source.
#[test]
fn output_begins_at_zero() {
    let checked = Rig::default().checked();
    let rise = |guard: &mut Guard<'_>, now| guard.set_level(now, 0, setting(1_000, 300));
    let mut guard = Guard::new(checked, 0);
    let refused = rise(&mut guard, 0).unwrap_err();
    assert!(refused.to_string().contains("N-LOCK-1"), "{refused}");
    assert!(refused.to_string().contains(rules::N_LOCK_1.source), "{refused}");
    let mut guard = armed(checked, 0);
    assert_eq!(
        guard.authorised(0).map(|set| u64::from(set.amplitude.as_microamps())),
        Some(rules::N_LOCK_1.limit)
    );
    assert!(rise(&mut guard, 500_000).is_ok());
    guard.handle(600_000, Event::Disarm).unwrap();
    assert_eq!(guard.authorised(0).map(|set| set.amplitude.as_microamps()), Some(0));
    assert!(rise(&mut guard, 700_000).is_err());
}

/// REQ-SAF-579: N-IND-2: from the first pulse to five seconds after the last the indicator is on, and then off.
#[test]
fn the_indicator_is_on_with_output() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let lit = |guard: &mut Guard<'_>, at| {
        guard.keep_alive(at);
        guard.tick(at).map(|report| report.indicator)
    };
    // output beside a dark indicator is what the rule forbids
    let judged = |lit: bool, output_ua: u64| {
        let dark = if lit { 0 } else { output_ua };
        if rules::N_IND_2.breaks(dark, rules::N_IND_2.limit) { Err(dark) } else { Ok(()) }
    };
    assert_eq!((judged(true, 40_000), judged(false, 0), judged(false, 1)), (Ok(()), Ok(()), Err(1)));
    assert_eq!(lit(&mut guard, now), Ok(false), "nothing has been put out");
    play(&mut guard, &pulse(checked, 0, now + 10)).unwrap();
    assert_eq!(lit(&mut guard, now + 2_000), Ok(true));
    assert_eq!(lit(&mut guard, now + 5_000_000), Ok(true));
    assert_eq!(lit(&mut guard, now + 7_000_000), Ok(false));
}

/// REQ-SAF-580: E-LOG-1: every fault is kept while there is room, and those after that are counted: none is lost without a word.
#[test]
fn faults_are_kept() {
    let (mut guard, now) = ready(Rig::default().checked());
    let mut trip = guard.tick(now + 1_000_001).unwrap_err();
    trip.response = Response::OpenNow;
    let mut log = BlackBox::new();
    for faults in 1..=BLACK_BOX_ENTRIES + 3 {
        log.record(trip);
        let lost = u64::try_from(faults - log.entries().count()).unwrap();
        assert_eq!(u64::from(log.later()), lost);
        let whole = log.is_whole().map_err(|fault| (fault.rule.id, fault.value, fault.limit));
        let is_room = faults <= BLACK_BOX_ENTRIES;
        assert_eq!(whole, if is_room { Ok(()) } else { Err(("E-LOG-1", lost, 0)) }, "{faults}");
    }
    assert_eq!(log.first(), Some(&trip));
    assert!(Some("E-WD-1") == log.first().map(|trip| trip.rule));
}

/// REQ-SAF-580: G-RPT-1: each of the thirteen lines of 21 CFR 882.5891 has an answer or says who has it, and a channel that is not
/// there has no list. A report may have them in any order and more beside them; a line that is not there, twice there instead
/// of another, or without a word is left out.
#[test]
fn each_figure_has_its_answer() {
    let checked = Rig::default().checked();
    let list = |channel| Characteristics::of(checked.plan(), checked.setup(), channel);
    let rows = *list(0).unwrap().rows();
    let left_out = |report: &[TableRow]| is_complete(report).map_err(|fault| (fault.rule.id, fault.value));
    assert_eq!((rows.len(), list(1), left_out(&rows)), (13, None, Ok(())));
    let mut more = [rows.as_slice(), &[TableRow { number: "14b", ..rows[0] }]].concat();
    more.reverse();
    assert_eq!(left_out(&more), Ok(()));
    let but = |row: TableRow| {
        let mut rows = rows;
        rows[6] = row;
        rows
    };
    for row in [
        TableRow { number: "6", ..rows[6] },
        TableRow { title: "", ..rows[6] },
        TableRow { answer: Answer::Words(""), ..rows[6] },
        TableRow { answer: Answer::MakerStates(""), ..rows[6] },
        TableRow { answer: Answer::NotApplicable(""), ..rows[6] },
    ] {
        assert_eq!(left_out(&but(row)), Err(("G-RPT-1", 1)), "{row:?}");
    }
    for answer in [
        Answer::MakerStates("the mode"),
        Answer::NotApplicable("no battery"),
        Answer::Count(0),
        Answer::YesNo(false),
    ] {
        assert_eq!(left_out(&but(TableRow { answer, ..rows[6] })), Ok(()), "{answer:?}");
    }
    assert_eq!((left_out(&rows[2..]), left_out(&[])), (Err(("G-RPT-1", 2)), Err(("G-RPT-1", 13))));
}

/// REQ-SAF-578: a rule is in the report of a check, or held while a session runs or on the bench, and not both.
#[test]
fn a_rule_is_checked_or_held() {
    let checked = Rig::default().checked();
    let is_held = |rule: &Rule| held_at_run_time().any(|held| held == rule);
    let rows = || checked.report().rows().map(|row| row.rule);
    assert_eq!(rows().find(|rule| is_held(rule)), None);
    assert!(is_held(&rules::N_LOCK_1) && is_held(&rules::E_LOG_1) && !is_held(&rules::N_RMS_1));
    assert_eq!(held_at_run_time().filter(|held| !rules::ALL.contains(held)).count(), 0);
}
