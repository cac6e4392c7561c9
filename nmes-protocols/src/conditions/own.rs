//! What stands for a row where a session is nobody's protocol.

use super::parts::*;
use crate::condition::Condition;
use crate::provenance::{Evidence, Sourced};
use crate::schedule_row::TriggerKind;
use nmes_safety::UseClass;

/// A researcher's own session, read from a file: no protocol, no source, no evidence. It is in no catalogue; its site, use
/// class and every number stand in the file.
pub static OWN_SESSION: Condition = Condition {
    name: "own-session",
    title: "A session of one's own",
    summary: "Every number is from a file; no protocol of the catalogue stands behind it.",
    headline: finding(
        "nobody has looked at this session",
        Evidence::None,
        ours("it is not in the catalogue"),
    ),
    use_class: Sourced::new(UseClass::Exercise, ours("the file says another one where it is another")),
    trigger: Sourced::new(TriggerKind::Cyclic, ours("the file's schedule")),
    session_length: minutes(1, 30, 1_440, ours("bounded by the check"), ours("the file's")),
    ..BASE
};
