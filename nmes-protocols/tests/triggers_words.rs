//! What all triggers answer with, and what they say.
#![allow(clippy::unwrap_used, reason = "tests: a panic is a failed test")]

use nmes_core::{MAX_CHANNELS, Millis};
use nmes_protocols::GateCommand;
use nmes_protocols::triggers::GateCommands;
use nmes_protocols::triggers::crank::CrankRefusal;
use nmes_protocols::triggers::emg::EmgFault;
use nmes_protocols::triggers::tilt::TiltFault;

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

/// REQ-PRO-398: a fault and a refusal of a trigger name the trigger, and each says something else.
#[test]
fn faults_are_told() {
    let crank = [CrankRefusal::NotRead, CrankRefusal::NotOff, CrankRefusal::NoZero].map(|r| r.to_string());
    let emg = [EmgFault::LeadOff, EmgFault::Rail, EmgFault::Dead, EmgFault::Silent].map(|f| f.to_string());
    let tilt =
        [TiltFault::OutOfRange, TiltFault::Jump, TiltFault::Frozen, TiltFault::Silent].map(|f| f.to_string());
    for (name, texts) in [("crank", &crank[..]), ("EMG", &emg[..]), ("tilt", &tilt[..])] {
        for (n, text) in texts.iter().enumerate() {
            assert!(text.starts_with(name) && text.len() > name.len() + 10, "{text}");
            assert!(texts.iter().skip(n + 1).all(|other| other != text), "{text}");
        }
    }
}
