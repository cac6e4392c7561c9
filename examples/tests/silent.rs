//! What was taken without a word and did nothing, or something else, is refused.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails may panic; the numbers are small"
)]

mod common;

use common::said;
use nmes_protocols::Item;

/// REQ-APP-330: An acknowledged item that was not answered with yes is refused with both flags, whether the rest was answered or
/// not; with its yes it is taken.
#[test]
fn nothing_is_acknowledged_without_a_yes() {
    for item in Item::ALL {
        let (own, flag) = (item.flag(), format!("--{}", item.flag()));
        for rest in [&[][..], &["--unanswered"], &["--json"]] {
            let (status, out, err) = said(&[&["screen", "foot-drop", "--acknowledge", own], rest].concat());
            assert_eq!((status, out.contains("no block found")), (2, false), "{own}: {out}");
            let told = format!("{out}{err}");
            assert!(told.contains(&format!("--acknowledge {own}")) && told.contains(&flag), "{told}");
        }
        let (status, _, err) = said(&["screen", "foot-drop", &flag, "--acknowledge", own]);
        assert!(status < 2, "{own}: {err}");
    }
    let (status, _, err) = said(&["screen", "foot-drop", "--epilepsy", "--acknowledge", "pacemaker"]);
    assert!(status == 2 && err.contains("--pacemaker --acknowledge pacemaker"), "{err}");
}
