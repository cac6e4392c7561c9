//! What opens and closes the gate of a session: triggers as sans-I/O state machines.
//!
//! Each takes times in microseconds of one monotonic clock and readings as whole numbers, does a bounded amount of work
//! in a call, and answers with what gates are to do. None reads a clock or a pin, none opens a gate out of OFF, and each
//! is drawn: a test holds drawing, table of transitions and code against one another.
//!
//! | trigger | opens at | closes at | module |
//! |---|---|---|---|
//! | timer | its own times | its own times | [`timer`] |
//! | switch of a hand, of the other arm, of a seat | the contact | the contact, or after a time | [`switch`] |
//! | heel switch, with the other heel as a witness | heel-off | heel strike and an extension | [`gait`](crate::gait) |
//! | heel of the other foot | its strike | a share of its stride | [`opposite`] |
//! | tilt of the shank | the shank behind the vertical | the shank before it | [`tilt`] |
//! | EMG | a threshold that follows the person | after a time | [`emg`] |
//! | angle of a crank | a window, ahead of it by a time | before its end | [`crank`] |
//!
//! Both feet are two gait triggers, each fed with the other's heel, on two channels of one session
//! (`Engine::gate_channel`).
//!
//! # What ends output, and by when
//! A close is a ramp; the times are from the cause to the end of the ramp, with the trigger polled when it asks for it.
//! `down` is the ramp-down; tests hold every line.
//!
//! | trigger | cause | off within |
//! |---|---|---|
//! | any | stop | `down` |
//! | any | the host polls no more | the longest ON of the session's own gate, and its ramp |
//! | switch, other heel, tilt, EMG, heel | a clock that begins again, going back by more than a second | `down` |
//! | switch | open line | `down` |
//! | switch | button held, stuck or jammed | `max_on` + `down` |
//! | switch | contact that never settles | 0.25 s + `down` |
//! | switch | no samples, where samples are promised | `silence` + `down` |
//! | other heel | open line, chatter | `down` after the sixth change |
//! | other heel | silence, stuck | `on_max` + `down` |
//! | tilt | out of range, impossible turn, no samples | 0.1 s + `down` |
//! | tilt | sitting down, shank stays behind | `max_on` + `down` |
//! | EMG | lead off, rail, dead amplifier, no samples | 0.1 s + `down` |
//! | EMG | interference | `on` + `down`; then none, as it never falls quiet |
//! | crank | too slow, too fast, backwards | 0.3 s + `down` |
//! | crank | no samples, no motion while a motor turns | 0.3 s + `down` |
//! | crank | a jump, a line that trembles, an index where none should be | `down` |
//!
//! # Limitations
//! A host that polls late acts late. A signal that lies without contradicting itself is believed; only the bounds that
//! the session's gate declares hold then.

mod command;
mod listen;
mod one_gate;
mod setting;
#[macro_use]
mod states;
pub mod crank;
pub mod emg;
pub mod opposite;
pub mod switch;
pub mod tilt;
pub mod timer;

pub use command::{GateCommands, GateTrigger};
pub use setting::SettingError;

pub(crate) use listen::{Listen, us};
