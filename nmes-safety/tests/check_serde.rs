//! The report as JSON.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod check_support;

use check_support::Case;

/// REQ-SAF-014: a written report has every row with its rule, value, limit, layer, verdict, margin and remark.
#[test]
fn report_as_json() {
    let report = Case::pulse(130_001, 100, 40).report();
    let json = serde_json::to_value(report).unwrap();
    assert_eq!(json["profile"], "iec-60601-2-10-style");
    assert_eq!(json["use_class"], "exercise");
    assert_eq!(json["verdict"], "deny");
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), report.rows().count());
    let peak = rows.iter().find(|row| row["rule"]["id"] == "E-PEAK-1").unwrap();
    assert_eq!(peak["value"], 130_001);
    assert_eq!(peak["limit"], 130_000);
    assert_eq!(peak["layer"], "rule");
    assert_eq!(peak["verdict"], "deny");
    assert_eq!(peak["rule"]["unit"], "micro_amps");
    assert_eq!(peak["place"]["channel"], 0);
    assert_eq!(peak["margin_permille"], -1);
    let rail = rows.iter().find(|row| row["rule"]["id"] == "N-V-1").unwrap();
    assert_eq!((&rail["verdict"], &rail["remark"]), (&"not_evaluated".into(), &"rail_unknown".into()));
}
