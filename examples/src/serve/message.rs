//! What a client may ask for, and the words for what it asked wrongly.

use super::lines::{LINE_MAX, Line};
use serde::Deserialize;
use serde_json::{Value, json};

/// The version of the protocol. It rises when a client that follows `docs/serve.md` would have to change.
pub const VERSION: u32 = 1;
/// What a writer may send.
const ACCEPTED: &str = "one JSON object a line: {\"do\":\"arm\"}, {\"do\":\"set\",\"ch\":0,\"ua\":5000,\"us\":250,\"seq\":1}, \
     {\"do\":\"stop\"}, {\"do\":\"off\"}, {\"do\":\"ping\"}, {\"do\":\"status\"}, {\"do\":\"log\",\"last\":100}";
/// What a reader may send.
pub(crate) const READING: &str = "{\"do\":\"ping\"}, {\"do\":\"status\"}, {\"do\":\"log\",\"last\":100}";

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// Raises what is authorised to the ceilings, then starts the clock; nothing is put out until a level is set.
    Arm {},
    /// Amplitude and width of a channel from its next pulse on.
    Set {
        /// The channel, from 0.
        ch: u8,
        /// Amplitude, µA; 0 is silence.
        ua: u32,
        /// Width of the main phase, µs.
        us: u32,
        /// The client's own number, which its receipt has.
        seq: u64,
    },
    /// Ramps down and ends.
    Stop {},
    /// Opens the output at once.
    Off {},
    /// Nothing but a sign of life.
    Ping {},
    /// The state of everything.
    Status {},
    /// The newest pulses that were delivered, at most 1,000.
    Log {
        /// How many.
        last: usize,
    },
}

impl Request {
    /// Whether it changes nothing.
    #[must_use]
    pub const fn reads_only(&self) -> bool {
        matches!(self, Self::Ping {} | Self::Status {} | Self::Log { .. })
    }

    /// The request in a line.
    ///
    /// # Errors
    /// The error line to send back, which says what would be accepted.
    ///
    /// ```
    /// use nmes_examples::serve::{lines::Line, message::Request};
    /// let asked = Request::of(&Line::Text(r#"{"do":"set","ch":0,"ua":5000,"us":250,"seq":7}"#.into()));
    /// assert_eq!(asked, Ok(Request::Set { ch: 0, ua: 5_000, us: 250, seq: 7 }));
    /// let refused = Request::of(&Line::Text("GET / HTTP/1.1".into())).unwrap_err();
    /// assert!(refused["error"].is_string() && refused["accepted"].is_string());
    /// ```
    pub fn of(line: &Line) -> Result<Self, Value> {
        match line {
            Line::Text(text) => serde_json::from_str(text).map_err(|error| refused(&short(&error), text)),
            Line::TooLong => Err(error(&format!("a line of more than {LINE_MAX} bytes"), ACCEPTED)),
            Line::NotText => Err(error("a line that is not UTF-8", ACCEPTED)),
        }
    }
}

/// Without the place, which is that of one line.
fn short(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// The number of a command that was not understood is given back, where there is one.
fn refused(why: &str, text: &str) -> Value {
    let mut value = error(why, ACCEPTED);
    let seq =
        serde_json::from_str::<Value>(text).ok().and_then(|given| given.get("seq").and_then(Value::as_u64));
    if let Some(seq) = seq {
        value["seq"] = json!(seq);
    }
    value
}

/// An error line.
pub(crate) fn error(why: &str, accepted: &str) -> Value {
    json!({ "error": why, "accepted": accepted })
}

/// An error line about a command.
pub(crate) fn refused_set(seq: u64, why: &str, accepted: &str) -> Value {
    json!({ "error": why, "accepted": accepted, "seq": seq })
}
