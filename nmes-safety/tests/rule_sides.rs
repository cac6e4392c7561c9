//! Every rule of the table has a test on both sides of its limit: which one, and that it is there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::Rig;
use nmes_safety::selftest::judge_measured;
use nmes_safety::{Bound, Layer, Rule, check, rules};

/// Rule, file of tests, test. The test has a case at the limit, or on its right side, that passes, and one past it that
/// does not. `./ci.sh trace` compares the first column with the rule table.
const SIDES: [(&str, &str, &str); 60] = [
    ("N-RMS-1", "check_limits.rs", "rms_rows"),
    ("N-RMS-2", "check_limits.rs", "rms_rows"),
    ("N-RMS-3", "check_limits.rs", "rms_rows"),
    ("N-RMS-X", "check_limits.rs", "rms_rows"),
    ("N-DC-1", "check_limits.rs", "direct_current"),
    ("N-DC-2", "check_limits.rs", "direct_current"),
    ("N-EN-1", "check_limits.rs", "energy"),
    ("N-V-1", "check_limits.rs", "voltage"),
    ("N-IND-1", "check_limits.rs", "indicator"),
    ("N-IND-1-E", "check_limits.rs", "indicator"),
    ("N-IND-2", "rules_held.rs", "the_indicator_is_on_with_output"),
    ("N-MARK-1", "check_advice.rs", "a_warning_mark"),
    ("N-DOC-1", "check_limits.rs", "density"),
    ("N-STEP-1", "guard_set.rs", "one_step"),
    ("N-MIN-1", "check_advice.rs", "the_least_setting"),
    ("N-ACC-1", "rule_sides.rs", "measured_figures"),
    ("N-SUP-1", "rules_held.rs", "shown_on_the_device"),
    ("N-LOCK-1", "rules_held.rs", "output_begins_at_zero"),
    ("N-OCSC-1", "rules_held.rs", "shown_on_the_device"),
    ("N-LEAK-1", "rules_held.rs", "shown_on_the_device"),
    ("N-LEAK-1-F", "rules_held.rs", "shown_on_the_device"),
    ("N-LEAK-2", "rules_held.rs", "shown_on_the_device"),
    ("N-LEAK-2-F", "rules_held.rs", "shown_on_the_device"),
    ("N-TEMP-1", "rules_held.rs", "shown_on_the_device"),
    ("G-PD-1", "check_limits.rs", "density"),
    ("G-LO-Q", "check_limits.rs", "opt_in_profiles"),
    ("G-LO-I", "check_limits.rs", "opt_in_profiles"),
    ("G-LO-T", "check_limits.rs", "opt_in_profiles"),
    ("G-LO-J", "check_limits.rs", "density"),
    ("G-NS4-Q", "check_limits.rs", "opt_in_profiles"),
    ("G-RPT-1", "rules_held.rs", "each_figure_has_its_answer"),
    ("E-BAL-1", "check_limits.rs", "balance"),
    ("E-BAL-2", "guard_sense.rs", "measured_balance"),
    ("E-DC-3", "guard_sense.rs", "measured_dc"),
    ("E-DC-4", "check_limits.rs", "direct_current"),
    ("E-J-2", "check_limits.rs", "density"),
    ("E-PEAK-1", "check_limits.rs", "one_pulse"),
    ("E-Q-1", "check_limits.rs", "one_pulse"),
    ("E-W-1", "check_limits.rs", "one_pulse"),
    ("E-F-1", "check_limits.rs", "one_pulse"),
    ("E-IPG-1", "check_limits.rs", "one_pulse"),
    ("E-DUTY-1", "check_limits.rs", "times"),
    ("E-REST-1", "check_limits.rs", "times"),
    ("E-SES-1", "check_limits.rs", "times"),
    ("E-SLEW-1", "guard_set.rs", "slew"),
    ("E-SLEW-2", "check_limits.rs", "slopes"),
    ("E-RAMP-1", "guard_set.rs", "first_ramp"),
    ("E-Z-1-S", "rule_sides.rs", "measured_figures"),
    ("E-Z-1-O", "rule_sides.rs", "measured_figures"),
    ("E-Z-2", "contact.rs", "a_pad_that_dries"),
    ("E-COMP-1", "check_limits.rs", "voltage"),
    ("E-DEL-1", "guard_sense.rs", "contact_is_lost_after_three"),
    ("E-OC-1", "guard_sense.rs", "over_current"),
    ("E-WD-1", "guard_tick.rs", "keep_alive"),
    ("E-EST-1", "rule_sides.rs", "measured_figures"),
    ("E-LOG-1", "rules_held.rs", "faults_are_kept"),
    ("E-SH-1", "profiles.rs", "shannon"),
    ("E-J2T-1", "check_advice.rs", "heat"),
    ("E-STUCK-1", "check_limits.rs", "stuck_output"),
    ("E-STUCK-2", "check_limits.rs", "stuck_output_with_a_one_shot"),
];

/// A test with its comment, out of a file's text.
fn body<'t>(text: &'t str, test: &str) -> &'t str {
    let start = text.find(&format!("fn {test}(")).unwrap_or_else(|| panic!("no test {test}"));
    let end = start + text[start..].find("\n}\n").unwrap_or_else(|| panic!("{test} does not end"));
    let begin = text[..start].rfind("\n\n").unwrap_or(0);
    &text[begin..end]
}

/// The name of a rule's static.
fn static_of(id: &str) -> String {
    let table = include_str!("../src/rules/table.rs");
    let before = table.split(&format!("(\"{id}\"")).next().unwrap();
    before.rsplit("pub static ").next().unwrap().split(':').next().unwrap().to_owned()
}

/// REQ-SAF-330: the list has each rule of the table once, in its order, and each test is there, is a test, cites a
/// requirement and names the rule.
#[test]
fn each_rule_has_its_test() {
    let listed: Vec<&str> = SIDES.iter().map(|(id, ..)| *id).collect();
    let table: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
    assert_eq!(listed, table);
    for (id, file, test) in SIDES {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let body = body(&text, test);
        assert!(body.contains("#[test]") && body.contains("REQ-SAF-"), "{file} {test}");
        assert!(body.contains(&static_of(id)) || body.contains(id), "{file} {test} does not name {id}");
    }
}

/// REQ-SAF-330: where the check judges, the test goes through the helper that looks at both sides; where the guard does,
/// there is an answer that refuses and one that does not.
#[test]
fn each_test_looks_at_both_sides() {
    for (id, file, test) in SIDES {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let body = body(&text, test);
        let through_helper = ["denies(", "sides("].iter().any(|helper| body.contains(helper));
        let passes =
            ["None", "is_ok()", "Verdict::Pass", ".unwrap();", "Ok("].iter().any(|word| body.contains(word));
        let refuses = ["Some(\"", "unwrap_err()", "Verdict::Warn", "Err(", "let trip = "]
            .iter()
            .any(|word| body.contains(word));
        assert!(through_helper || (passes && refuses), "{id}: {file} {test}");
    }
}

/// REQ-SAF-330: the limit itself passes, and one step past it does not, for each rule of the table.
#[test]
fn the_limit_itself_passes() {
    for rule in rules::ALL {
        let past = past(rule, rule.limit);
        assert!(!rule.breaks(rule.limit, rule.limit) && rule.breaks(past, rule.limit), "{}", rule.id);
        assert!(!rule.breaks(rule.loosest, rule.loosest), "{}", rule.id);
        assert!(
            rule.warn.is_none_or(|warn| !rule.breaks(warn, rule.limit)),
            "{}: warns before it trips",
            rule.id
        );
    }
}

fn past(rule: &Rule, limit: u64) -> u64 {
    match rule.bound {
        Bound::AtMost => limit + 1,
        Bound::AtLeast => limit - 1,
    }
}

/// REQ-SAF-331: figures that a bench or a board gives pass at the limit of N-ACC-1, E-Z-1-S, E-Z-1-O and E-EST-1 and fail
/// past it; a stricter layer binds; a warning comes before the limit.
#[test]
fn measured_figures() {
    let checked = Rig::default().checked();
    for rule in [&rules::N_ACC_1, &rules::E_Z_1_SHORT, &rules::E_Z_1_OPEN, &rules::E_EST_1] {
        assert!(judge_measured(checked, rule, rule.limit).is_ok(), "{}", rule.id);
        let fault = judge_measured(checked, rule, past(rule, rule.limit)).unwrap_err();
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
