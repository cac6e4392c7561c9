//! The states, and which may follow which.

use core::fmt;

/// Where the trigger is. Only in [`State::Early`], [`State::RampUp`], [`State::Hold`], [`State::Extend`],
/// [`State::RampDown`] and [`State::ManualTest`] is there output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum State {
    /// Not started.
    Off,
    /// Started, waits for `resume`; a test burst is possible.
    Paused,
    /// The heel is down, or has to come down first.
    Stance,
    /// Ready for heel-off.
    Arm,
    /// Heel-off was seen, the ramp has not started.
    Delay,
    /// The heel has just risen after the other foot took the weight: the level rises while the lift is confirmed.
    Early,
    /// The level rises.
    RampUp,
    /// Full level until heel strike or time-out.
    Hold,
    /// The level stays after heel strike.
    Extend,
    /// The level falls.
    RampDown,
    /// The switch cannot be trusted.
    Fault,
    /// One timed burst on request.
    ManualTest,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Off,
        Self::Paused,
        Self::Stance,
        Self::Arm,
        Self::Delay,
        Self::Early,
        Self::RampUp,
        Self::Hold,
        Self::Extend,
        Self::RampDown,
        Self::Fault,
        Self::ManualTest,
    ];

    /// The name in the diagram.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Paused => "PAUSED",
            Self::Stance => "STANCE",
            Self::Arm => "ARM",
            Self::Delay => "DELAY",
            Self::Early => "EARLY",
            Self::RampUp => "RAMP_UP",
            Self::Hold => "HOLD",
            Self::Extend => "EXTEND",
            Self::RampDown => "RAMP_DOWN",
            Self::Fault => "FAULT",
            Self::ManualTest => "MANUAL_TEST",
        }
    }

    /// Whether the output may be on.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(
            self,
            Self::Early | Self::RampUp | Self::Hold | Self::Extend | Self::RampDown | Self::ManualTest
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Every change of state that the trigger makes. No other is possible; a test holds the code and the diagram
/// against it.
pub const TRANSITIONS: &[(State, State)] = {
    use State::{Arm, Delay, Early, Extend, Fault, Hold, ManualTest, Off, Paused, RampDown, RampUp, Stance};
    &[
        (Off, Paused),
        (Paused, Stance),
        (Paused, ManualTest),
        (Paused, Off),
        (Paused, Fault),
        (Stance, Arm),
        (Stance, Paused),
        (Stance, Off),
        (Stance, Fault),
        (Arm, Delay),
        (Arm, Early),
        (Arm, RampUp),
        (Arm, Stance),
        (Arm, Paused),
        (Arm, Off),
        (Arm, Fault),
        (Delay, RampUp),
        (Delay, Stance),
        (Delay, Paused),
        (Delay, Off),
        (Delay, Fault),
        (Early, RampUp),
        (Early, RampDown),
        (RampUp, Hold),
        (RampUp, Extend),
        (RampUp, RampDown),
        (Hold, Extend),
        (Hold, RampDown),
        (Extend, RampUp),
        (Extend, RampDown),
        (RampDown, RampUp),
        (RampDown, Stance),
        (RampDown, Paused),
        (RampDown, Off),
        (RampDown, Fault),
        (ManualTest, RampDown),
        (Fault, Off),
    ]
};
