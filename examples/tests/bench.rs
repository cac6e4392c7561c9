//! What the simulated stage does to a run, and what the limits say before one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]
#![allow(clippy::float_arithmetic, reason = "microamperes of a simulated stage")]

mod common;

use common::{ask, said, scratch};
use nmes_examples::app::with_run;
use nmes_safety::rules;

fn run(options: &[&str]) -> (i32, String, String) {
    let dir = scratch("bench");
    said(&[&["run", "foot-drop", "--out-dir", dir.to_str().unwrap()], options].concat())
}

/// REQ-APP-012: a rail that is too low is named as clipping, the measured d.c. is printed, and the guard trips.
#[test]
fn clipping_is_named_measured_and_trips() {
    let (status, out, err) = run(&["--load-ohm", "4000", "--rail-v", "60"]);
    assert_eq!(status, 1, "{err}");
    for phrase in
        ["compliance clipping: the rail of 60 V was too low", "160 V", "measured d.c., while on", "E-DEL-1"]
    {
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    assert!(err.contains("contact lost") && err.contains("E-DEL-1") && err.contains("800 ‰"), "{err}");
    let asked = ask(&["--load-ohm", "4000", "--rail-v", "60"]);
    with_run(&asked, |shown| {
        assert!(shown.dose.clipped > 0 && shown.dose.volts <= 60.0 + 1e-6);
        assert!(shown.balance.on_ua.abs() > 0.1, "skin and rail together leave a direct current");
        assert_eq!(shown.balance.commanded_na_ticks, 0, "what was commanded is balanced all the same");
        Ok(())
    })
    .unwrap();
}

/// REQ-APP-012: a load that the check is told of is denied before anything runs.
#[test]
fn a_declared_load_beyond_the_rail_is_denied() {
    let (status, out, err) = run(&["--checked-load-ohm", "4000", "--rail-v", "60"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("nothing was run") && err.contains("E-COMP-1") && err.contains("90 %"), "{err}");
}

/// REQ-APP-346: electrodes that touch (below E-Z-1-S) or of which one is off (above E-Z-1-O) are not armed: exit status 1, the
/// resistance, the rule and its figure, and no file; at both limits it runs. So of walks, of clocks and of listings.
#[test]
fn contact_is_looked_at_before_arming() {
    let (short, open) = (rules::E_Z_1_SHORT.limit, rules::E_Z_1_OPEN.limit);
    let dir = scratch("bench-contact");
    for (ohm, rule) in [
        (0, Some("E-Z-1-S asks for 100 ohm or more")),
        (short - 1, Some("E-Z-1-S asks for 100 ohm or more")),
        (short, None),
        (open, None),
        (open + 1, Some("E-Z-1-O allows 5000 ohm at most")),
        (1_000_000, Some("E-Z-1-O allows 5000 ohm at most")),
    ] {
        let ohms = ohm.to_string();
        for command in
            [&["run", "foot-drop"][..], &["run", "knee-oa", "--seconds", "3"], &["events", "foot-drop"]]
        {
            let out_dir = ["--out-dir", dir.to_str().unwrap()];
            let out_dir = if command[0] == "run" { &out_dir[..] } else { &[] };
            let (status, _, err) = said(&[command, &["--load-ohm", &ohms], out_dir].concat());
            let refused = err.contains("not armed: channel 0: electrodes are not in contact");
            assert_eq!(refused, rule.is_some(), "{command:?} {ohm}: {err}");
            let Some(rule) = rule else { continue };
            assert_eq!(status, 1, "{command:?} {ohm}: {err}");
            assert!(err.contains(&format!("{ohm} ohm, and {rule} (--load-ohm)")), "{command:?} {ohm}: {err}");
        }
        if rule.is_some() {
            assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0, "{ohm}");
        } else {
            std::fs::remove_dir_all(&dir).unwrap();
            std::fs::create_dir_all(&dir).unwrap();
        }
    }
}

/// REQ-APP-013: a polarity mismatch of 1 % at 40 mA × 300 µs × 40 Hz is 4.8 µA, and linear in the mismatch.
#[test]
fn polarity_mismatch_shows_as_measured_direct_current() {
    let full_level = |percent: &str| {
        let asked = ask(&["--polarity-mismatch-pct", percent]);
        with_run(&asked, |shown| {
            assert_eq!((shown.fault(), shown.balance.commanded_na_ticks), (None, 0));
            Ok((shown.balance.full_level_ua.unwrap(), shown.balance.on_ua))
        })
        .unwrap()
    };
    // 40 mA becomes 39.978 mA on this hardware, so 4.797 µA
    let (full, on) = full_level("1");
    assert!((full.abs() - 4.797).abs() < 0.005, "{full}");
    assert!(on.abs() < full.abs() && on.abs() > 0.6 * full.abs(), "ramps are weaker: {on}");
    let (other, _) = full_level("-1");
    assert!((other + full).abs() < 0.005, "the other way round: {other}");
    let (half, _) = full_level("0.5");
    assert!((2.0 * half - full).abs() < 0.005, "{half}");
    assert!(full_level("0").0.abs() < 1e-6);
    let (status, out, err) = run(&["--polarity-mismatch-pct", "1"]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("-4.8 µA"), "{out}");
}

/// REQ-APP-013: a gross mismatch trips the guard by its rule.
#[test]
fn a_gross_mismatch_trips() {
    let (status, _, err) = run(&["--polarity-mismatch-pct", "15"]);
    assert_eq!(status, 1);
    assert!(err.contains("the measured phases do not cancel") && err.contains("E-BAL-2"), "{err}");
}

/// REQ-APP-014: foot drop needs an intact peroneal nerve, and says why.
#[test]
fn a_denervated_muscle_is_refused() {
    for state in ["denervated", "unknown"] {
        let (status, out, err) = run(&["--innervation", state]);
        assert_eq!((status, out.as_str()), (1, ""));
        assert!(err.contains("needs an intact common peroneal nerve"), "{err}");
        assert!(err.contains(state) && err.contains("0.3 ms"), "{err}");
    }
}

/// REQ-APP-015: a density above its limit is denied with rule, value, limit and source; a larger electrode passes, and one of which half is enough.
#[test]
fn density_is_denied_by_rule_value_limit_and_source() {
    let strong = ["check", "foot-drop", "--amplitude-ma", "100", "--phase-us", "365", "--electrode-cm2"];
    let (status, out, err) = said(&[&strong[..], &["8"]].concat());
    assert_eq!(status, 1, "{err}");
    // √(40 × 2 × 100² mA² × 365 µs) / 8 cm²
    for phrase in ["N-DOC-1", "2.136 mA r.m.s./cm²", "2 mA r.m.s./cm²", "IEC 60601-2-10"] {
        assert!(err.contains(phrase), "{phrase}: {err}");
        assert!(out.contains(phrase), "{phrase}: {out}");
    }
    let (status, out, err) = said(&[&strong[..], &["9", "--contact-fraction", "1"]].concat());
    let row = out.lines().find(|line| line.trim_start().starts_with("N-DOC-1")).unwrap();
    assert!(row.contains("pass") && row.contains("1.899"), "{row}");
    // half of it in contact at the most, whatever is said
    assert!(
        status == 1 && err.contains("E-J-2: ") && err.contains("with 50 % of the area in contact"),
        "{err}"
    );
    let (status, _, err) = said(&[&strong[..], &["17.1", "--contact-fraction", "1"]].concat());
    assert_eq!(status, 0, "{err}");
}

/// REQ-APP-015: `check --json` has every rule with value, limit, verdict, margin and source.
#[test]
fn check_json_is_complete() {
    let (status, out, _) = said(&["check", "foot-drop", "--json"]);
    assert_eq!(status, 0);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert!(rows.len() > 15, "{}", rows.len());
    for row in rows {
        assert!(row["rule"]["id"].is_string() && row["rule"]["source"].is_string(), "{row}");
        assert!(row["verdict"].is_string() && row["rule"]["unit"].is_string(), "{row}");
    }
    let charge = rows.iter().find(|row| row["rule"]["id"] == "E-Q-1").unwrap();
    // 655 codes × 61,035 nA × 300 µs
    assert_eq!(charge["value"], 11_993_378);
    assert_eq!(charge["limit"], 65_000_000);
    assert_eq!(charge["margin_permille"], 815);
}
