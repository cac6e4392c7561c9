//! What no plan reaches.

use super::margin;
use crate::rules::{E_BAL_1, E_DEL_1};

/// REQ-SAF-004: a value that is past its limit by more than can be counted has the least margin there is, and one that is as far
/// within the largest; without a limit to divide by there is none.
#[test]
fn a_margin_beyond_counting() {
    assert_eq!(margin(&E_BAL_1, u64::MAX, 1), Some(i64::MIN));
    assert_eq!(margin(&E_DEL_1, u64::MAX, 1), Some(i64::MAX));
    // the last that can be counted: 1 − 2^63/1000 parts, times 1,000
    let most = 9_223_372_036_854_775;
    assert_eq!(margin(&E_BAL_1, most + 1, 1), Some(-1_000 * most.cast_signed()));
    assert_eq!(margin(&E_BAL_1, 2 * most, 1), Some(i64::MIN));
    // what does not fit 64 bits before it is divided does after
    assert_eq!(margin(&E_BAL_1, u64::MAX, u64::MAX / 2), Some(-1_001));
    assert_eq!(margin(&E_BAL_1, u64::MAX / 2, u64::MAX), Some(500));
    assert_eq!([1, 2, 3].map(|value| margin(&E_DEL_1, value, 2)), [Some(-500), Some(0), Some(500)]);
    assert_eq!([1, 2, 3].map(|value| margin(&E_BAL_1, value, 2)), [Some(500), Some(0), Some(-500)]);
    assert_eq!(margin(&E_BAL_1, 1, 0), None);
}
