//! Rows and settings as data for other programs.
#![cfg(feature = "serde")]

mod common;

use common::subject;
use nmes_protocols::{Answers, FOOT_DROP, Request, build_session, channel_storage, screen};

/// REQ-PRO-026: a row serialises with a provenance beside each number.
#[test]
fn row_serialises_with_provenance() {
    let row = serde_json::to_value(FOOT_DROP).unwrap();
    assert_eq!(row["name"], "foot-drop");
    assert_eq!(row["rate"]["default"], 40_000);
    assert_eq!(row["rate"]["chosen"]["recalled"]["confidence"], "medium");
    assert_eq!(row["electrodes"]["min_diameter_mm"]["provenance"]["found"]["source"]["tag"], "PRO-S29");
    assert_eq!(row["use_class"]["value"], "functional_wear");
}

/// REQ-PRO-026: settings serialise as a list with origins; a request reads back and refuses unknown fields.
#[test]
fn settings_and_requests() {
    let mut storage = channel_storage();
    let request: Request = serde_json::from_str(r#"{"amplitude": 30000, "control": "amplitude"}"#).unwrap();
    let built = build_session(&FOOT_DROP, &subject(), &request, &Answers::all_no(), &mut storage).unwrap();
    let settings = serde_json::to_value(built.settings).unwrap();
    assert_eq!(settings[0]["name"], "amplitude");
    assert_eq!(
        (settings[0]["value"].as_u64(), settings[0]["origin"].as_str()),
        (Some(30_000), Some("given"))
    );
    assert!(serde_json::from_str::<Request>(r#"{"amplitud": 1}"#).is_err());
    assert!(
        serde_json::from_str::<Request>(r#"{"amplitude": 2000000}"#).is_err(),
        "a unit holds at most 1 A"
    );
}

/// REQ-PRO-026: findings of a screening serialise item by item.
#[test]
fn screening_serialises() {
    let screening = screen(FOOT_DROP.site, FOOT_DROP.specific_items, &Answers::unanswered());
    let whole = serde_json::to_value(screening).unwrap();
    assert_eq!(whole["unanswered"][0], "electronic_implant");
    assert_eq!(whole["blocking"].as_array().map(Vec::len), Some(0));
    let (entry, why) = screening.findings().next().unwrap();
    assert_eq!(serde_json::to_value(why).unwrap(), "not_answered");
    assert_eq!(serde_json::to_value(entry).unwrap()["item"], "electronic_implant");
}
