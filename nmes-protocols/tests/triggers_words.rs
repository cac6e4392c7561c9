//! What all triggers answer with, and what they say.
#![allow(clippy::unwrap_used, reason = "tests: a panic is a failed test")]

use nmes_core::{MAX_CHANNELS, Millis};
use nmes_protocols::titration::{self, StopReason};
use nmes_protocols::triggers::GateCommands;
use nmes_protocols::triggers::crank::{CrankFault, CrankRefusal};
use nmes_protocols::triggers::emg::EmgFault;
use nmes_protocols::triggers::switch::{Mode, Switch, SwitchTimes};
use nmes_protocols::triggers::tilt::TiltFault;
use nmes_protocols::{GaitConfigError, GateCommand, State, TriggerNote};

const CLOSE: GateCommand = GateCommand::Close { down: Millis::ZERO };

fn told(commands: GateCommands) -> Vec<(u8, GateCommand)> {
    commands.iter().collect()
}

/// REQ-PRO-397: commands of several gates are put together channel by channel, the later one standing; those of one gate go to
/// another channel; a channel that no plan has gets nothing.
#[test]
fn commands_are_put_together() {
    let (open, hold) = (GateCommand::Open, GateCommand::Hold);
    let two = GateCommands::one(1, open).and(GateCommands::one(3, hold));
    assert_eq!(told(two), [(1, open), (3, hold)]);
    assert_eq!(told(two.and(GateCommands::one(1, CLOSE))), [(1, CLOSE), (3, hold)]);
    assert_eq!(told(GateCommands::from(Some(open)).on_channel(5)), [(5, open)]);
    assert_eq!(GateCommands::from(None).on_channel(5), GateCommands::NONE);
    assert!(GateCommands::NONE.is_empty() && !two.is_empty());
    let last = u8::try_from(MAX_CHANNELS - 1).unwrap();
    assert!(!GateCommands::one(last, open).is_empty());
    assert!(GateCommands::one(last + 1, open).is_empty());
}

/// Each text begins with what it is of, has its own cause in it, and no other text of the list has that cause.
fn name_their_cause(of: &str, told: &[(String, &str)]) {
    for (n, (text, cause)) in told.iter().enumerate() {
        assert!(text.starts_with(of) && text.contains(cause), "{text}");
        for (other, _) in told.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, t)| t) {
            assert!(!other.contains(cause), "{cause}: {other}");
        }
    }
}

/// REQ-PRO-398: each fault of EMG, tilt sensor and crank encoder, and each refusal of the crank, begins with the trigger and names
/// its cause, which no other of its kind does.
#[test]
fn faults_are_told() {
    use EmgFault::{Dead, LeadOff, Rail};
    use TiltFault::{Frozen, OutOfRange};
    name_their_cause(
        "EMG: ",
        &[
            (LeadOff.to_string(), "electrode is off"),
            (Rail.to_string(), "at its rail"),
            (Dead.to_string(), "the same value"),
            (EmgFault::Silent.to_string(), "no sample in time"),
        ],
    );
    name_their_cause(
        "tilt sensor: ",
        &[
            (OutOfRange.to_string(), "no shank and no such part"),
            (TiltFault::Jump.to_string(), "a jump"),
            (Frozen.to_string(), "the same reading"),
            (TiltFault::Silent.to_string(), "no reading in time"),
        ],
    );
    name_their_cause(
        "crank encoder: ",
        &[
            (CrankFault::Silent.to_string(), "no sample in time"),
            (CrankFault::Lost.to_string(), "no motion"),
            (CrankFault::Jump.to_string(), "more counts than"),
            (CrankFault::Trembling.to_string(), "changes too often"),
            (CrankFault::Index.to_string(), "index mark"),
        ],
    );
    name_their_cause(
        "crank: ",
        &[
            (CrankRefusal::NotRead.to_string(), "not been read"),
            (CrankRefusal::NotOff.to_string(), "while the trigger is off"),
            (CrankRefusal::NoZero.to_string(), "a known angle"),
        ],
    );
}

/// REQ-PRO-398: what a heel switch does that a person should know is named by its cause, which no other note has; a setting of a
/// hand switch that is refused is named with the trigger.
#[test]
fn switches_are_told() {
    use TriggerNote::*;
    name_their_cause(
        "",
        &[
            (NoSwitch.to_string(), "no heel switch"),
            (TimedOut { after_ms: 2_400 }.to_string(), "no heel strike within 2400 ms"),
            (RepeatedEdge { lifted: true }.to_string(), "two heel-offs in a row"),
            (RepeatedEdge { lifted: false }.to_string(), "two strikes in a row"),
            (BounceStorm.to_string(), "ten bounces"),
            (Chatter.to_string(), "faster than any foot"),
            (FalseStart.to_string(), "false start"),
            (OtherLineOpen.to_string(), "other heel switch: line open"),
            (OtherSilent.to_string(), "no strike for five steps"),
            (Merged { off_ms: 7 }.to_string(), "7 ms of Off"),
            (RunEnded.to_string(), "without an Off"),
            (EndedMidStep.to_string(), "mid-step"),
            (LineOpen.to_string(), "heel-switch line open"),
            (ClockBackwards.to_string(), "backwards"),
        ],
    );
    let ms = |ms| Millis::from_millis(ms).unwrap();
    let times = SwitchTimes::new(Mode::Hold, ms(5_000), ms(100));
    let refused = Switch::new(SwitchTimes { debounce: ms(201), ..times }).unwrap_err();
    assert_eq!(refused.to_string(), "switch, debounce: 201 ms; accepted: 1 to 200 ms");
    assert!(Switch::new(SwitchTimes { debounce: ms(200), ..times }).is_ok());
}

/// REQ-PRO-398: a state of the gait trigger or of a titration is told by the name that its drawing has; why a titration stopped and what a
/// configuration of the gait trigger has wrong by its cause, with the figures.
#[test]
fn states_and_stops_are_told() {
    assert!(State::ALL.iter().all(|state| state.to_string() == state.name() && !state.name().is_empty()));
    let states = titration::State::ALL;
    assert!(states.iter().all(|state| state.to_string() == state.name() && !state.name().is_empty()));
    use GaitConfigError::{
        HoldAboveCap, HoldBelowRamp, NoDebounce, RampDownMin, RefractoryBelowDebounce, StanceShare,
    };
    name_their_cause(
        "",
        &[
            (StopReason::Key.to_string(), "key"),
            (StopReason::Refused.to_string(), "refused"),
            (StopReason::NoAnswer.to_string(), "nobody"),
            (StopReason::NoEnd.to_string(), "not told"),
            (NoDebounce.to_string(), "debounce: 0 ms"),
            (
                RefractoryBelowDebounce { refractory_ms: 7, debounce_ms: 25 }.to_string(),
                "7 ms is below the debounce time, 25 ms",
            ),
            (HoldAboveCap { hold_ms: 6_001, cap_ms: 6_000 }.to_string(), "6001 ms is above its cap, 6000 ms"),
            (
                HoldBelowRamp { hold_ms: 99, ramp_ms: 100 }.to_string(),
                "99 ms is not above delay + ramp-up, 100 ms",
            ),
            (
                RampDownMin { min_ms: 201, usual_ms: 200 }.to_string(),
                "201 ms is above the usual ramp-down, 200 ms",
            ),
            (StanceShare { percent: 101 }.to_string(), "101 % is above 100 %"),
        ],
    );
}
