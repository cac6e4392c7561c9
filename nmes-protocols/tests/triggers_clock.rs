//! A clock that begins again, after a reset of the part that counts it or a settled time of day.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic is a failed test"
)]

mod triggers;

use nmes_protocols::triggers::GateTrigger;
use nmes_protocols::triggers::emg::EmgSample;
use nmes_protocols::triggers::switch::{Contact, Mode, Switch, SwitchState};
use nmes_protocols::{FOOT_DROP_STEP, GaitConfig, GaitTimes, GateCommand, Heel, PollAt, State, Trigger};
use triggers::*;

const HOUR_US: u64 = 3_600_000_000;

/// A heel trigger in HOLD, its clock at an hour and two seconds.
fn in_hold() -> Trigger {
    let mut trigger = Trigger::new(GaitConfig::new(GaitTimes::of_row(&FOOT_DROP_STEP)).unwrap());
    trigger.start(HOUR_US);
    trigger.heel(HOUR_US, Heel::Loaded);
    trigger.resume(HOUR_US);
    trigger.heel(HOUR_US + 1_000_000, Heel::Lifted);
    while let PollAt::At(at) = trigger.poll_at() {
        if trigger.state() == State::Hold {
            break;
        }
        trigger.poll(at);
    }
    trigger.poll(HOUR_US + 1_500_000);
    assert_eq!(trigger.state(), State::Hold);
    trigger
}

/// REQ-PRO-425: a heel trigger whose clock begins again ends output by a ramp at once, and asks for a full strike: a heel that
/// stays up opens nothing, one that was down for the refractory time and lifts does.
#[test]
fn a_heel_trigger_begins_again() {
    let mut trigger = in_hold();
    assert!(matches!(trigger.poll(0), Some(GateCommand::Close { .. })));
    for now in (0..10_000_000).step_by(10_000) {
        assert_eq!(trigger.poll(now), None, "{now}");
    }
    assert_eq!(trigger.state(), State::Stance);
    trigger.heel(10_000_000, Heel::Loaded);
    for now in (10_000_000..11_000_000).step_by(10_000) {
        assert_eq!(trigger.poll(now), None, "{now}");
    }
    assert_eq!((trigger.state(), trigger.heel(11_000_000, Heel::Lifted)), (State::Arm, None));
    assert_eq!(trigger.poll(11_025_000), Some(GateCommand::Open), "the clock that it has now counts");
}

/// REQ-PRO-425: inputs that come out of order by no more than a second, as those of a sensor that queues them, end nothing.
#[test]
fn a_little_out_of_order() {
    let mut trigger = in_hold();
    assert_eq!(trigger.poll(HOUR_US + 500_000), None);
    assert_eq!(trigger.state(), State::Hold);
    assert!(trigger.poll(HOUR_US + 499_999).is_some());
    assert_eq!(trigger.state(), State::RampDown);
}

/// A switch in ON, its clock past what may be out of order.
fn held(mode: Mode) -> (Switch, Log) {
    let (mut switch, _, mut log) = pressed(mode, 0);
    log.run_to(&mut switch, 1_000_001);
    assert_eq!((switch.poll(1_000_001).iter().count(), switch.state()), (0, SwitchState::On));
    (switch, log)
}

/// Polls it on a clock that begins again at zero: it is closed by the first call, and off a ramp later.
fn closes(mut trigger: impl GateTrigger, opened: Log) {
    let mut log = opened;
    assert!(log.off_us().is_none(), "{:?}", log.told);
    for now in (0..5_000_000).step_by(10_000) {
        let commands = trigger.poll(now);
        log.book(now, commands);
    }
    assert_eq!(log.told.last(), Some(&(0, 0, GateCommand::Close { down: ms(DOWN_MS) })));
}

/// REQ-PRO-425: a switch that is held, the other heel, the tilt and the EMG end their trains when the clock begins again, and
/// do not wait until it has caught up.
#[test]
fn other_triggers_begin_again() {
    for mode in [Mode::Hold, Mode::Toggle, Mode::Press(ms(1_000))] {
        let (switch, log) = held(mode);
        closes(switch, log);
    }
    let (opposite, _, log) = struck();
    closes(opposite, log);
    let (mut tilt, now, mut log) = swinging();
    for now in (now + 10_000..1_020_000).step_by(10_000) {
        let command = tilt.angle(now, Ok(-16_000));
        log.book(now, command);
    }
    closes(tilt, log);
    let (emg, _, log) = trying();
    closes(emg, log);
}

/// REQ-PRO-425: on the clock that began again the times are those that were set: a switch waits for its clear time and its
/// debounce time, and tells when it wants to be asked.
#[test]
fn times_on_the_new_clock() {
    let (mut switch, _) = held(Mode::Hold);
    switch.contact(0, Contact::Open);
    assert_eq!((switch.state(), switch.poll_at()), (SwitchState::RampDown, PollAt::At(25_000)));
    let mut log = Log::default();
    log.run_to(&mut switch, DOWN_US + 1);
    assert_eq!((switch.state(), switch.poll_at()), (SwitchState::Release, PollAt::At(DOWN_US + 500_000)));
    log.run_to(&mut switch, DOWN_US + 500_001);
    switch.contact(2_000_000, Contact::Closed);
    assert_eq!(switch.poll_at(), PollAt::At(2_025_000));
    log.run_to(&mut switch, 2_025_001);
    assert_eq!(log.told, [(2_025_000, 0, GateCommand::Open)]);
}

/// REQ-PRO-425: after a clock that began again the artefact of a pulse is blanked where it stands on that clock.
#[test]
fn blanked_on_the_new_clock() {
    for told in [true, false] {
        let (mut emg, now, mut log) = trying();
        let mut dice = Dice(5);
        feed(&mut emg, &mut log, &mut dice, now, now + 1_000_000, 4_000);
        feed(&mut emg, &mut log, &mut dice, 0, 4_000_000, 4_000);
        let opened = log.opened();
        for at in (4_000_000..5_000_000).step_by(1_000) {
            let pulse = at % 50_000 == 0;
            if pulse && told {
                emg.stimulated(at);
            }
            let sample = if pulse { EmgSample::Nanovolts(3_000_000) } else { muscle(&mut dice, 4_000) };
            let command = emg.sample(at, sample);
            log.book(at, command);
        }
        assert_eq!(log.opened() > opened, !told, "told of the pulses: {told}");
    }
}
