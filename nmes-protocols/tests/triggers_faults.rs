//! What is lost, stuck, noisy or contradictory ends output by a ramp, within the time that the table of the module states.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic is a failed test"
)]

mod triggers;

use nmes_protocols::triggers::GateTrigger;
use nmes_protocols::triggers::crank::{CrankFault, CrankRefusal, CrankState, Encoder, Forward};
use nmes_protocols::triggers::emg::{EmgFault, EmgSample, EmgState};
use nmes_protocols::triggers::opposite::OppositeState;
use nmes_protocols::triggers::switch::{Contact, Mode, SwitchState};
use nmes_protocols::triggers::tilt::{TiltFault, TiltState};
use nmes_protocols::{FOOT_DROP_STEP, GaitConfig, GaitTimes, GateCommand, Heel, Trigger};
use proptest::prelude::*;
use triggers::*;

/// The last command was a close, and its ramp is over within a time of the cause.
fn ends(log: &Log, cause_us: u64, within_us: u64) {
    let Some(off) = log.off_us() else { panic!("a gate is open: {:?}", log.told) };
    assert!(off <= cause_us + within_us, "off after {} µs, not {within_us}", off - cause_us);
    assert!(log.takes_turns(), "{:?}", log.told);
}

/// REQ-PRO-342: stop closes each trigger's gates over the ramp-down, and nothing opens after it.
#[test]
fn stop_ends_each() {
    fn stopped(mut trigger: impl GateTrigger, now: u64, mut log: Log) {
        assert!(log.off_us().is_none() && !trigger.is_off());
        let commands = trigger.stop(now);
        log.book(now, commands);
        assert!(!trigger.is_off(), "the ramp comes first");
        let opened = log.opened();
        log.run_to(&mut trigger, now + 60_000_000);
        ends(&log, now, DOWN_US);
        assert!(trigger.is_off() && log.opened() == opened);
        assert!(trigger.stop(now + 60_000_000).is_empty(), "a second stop has nothing to close");
    }
    // the heel trigger has the same face
    let times = GaitTimes {
        ramp_down: ms(DOWN_MS),
        ramp_down_min: ms(DOWN_MS),
        ..GaitTimes::of_row(&FOOT_DROP_STEP)
    };
    let (mut heel, mut log) = (Trigger::new(GaitConfig::new(times).unwrap()), Log::default());
    assert!(heel.is_off());
    heel.start(0);
    heel.heel(0, Heel::Loaded);
    assert!(heel.is_off(), "paused");
    heel.resume(0);
    heel.heel(1_000_000, Heel::Lifted);
    assert!(!heel.is_off());
    log.run_to(&mut heel, 1_100_000);
    stopped(heel, 1_100_000, log);
    let mut log = Log::default();
    let mut timer = timer();
    timer.start(0);
    log.run_to(&mut timer, 150_000);
    stopped(timer, 150_000, log);
    for mode in [Mode::Hold, Mode::Toggle, Mode::Press(ms(1_000))] {
        let (switch, now, log) = pressed(mode, 0);
        stopped(switch, now, log);
    }
    let (opposite, now, log) = struck();
    stopped(opposite, now, log);
    let (tilt, now, log) = swinging();
    stopped(tilt, now, log);
    let (emg, now, log) = trying();
    stopped(emg, now, log);
    let (crank, turner, log) = pedalling(ENCODER);
    stopped(crank, turner.now, log);
}

/// REQ-PRO-343: a broken line, a button that is held or jams, one that never settles, and silence end a switch's output;
/// it opens again only after it was let go.
#[test]
fn switches_that_fail() {
    let (mut switch, now, mut log) = pressed(Mode::Hold, 0);
    let command = switch.contact(now, Contact::LineOpen);
    log.book(now, command);
    log.run_to(&mut switch, now + 1_000_000);
    ends(&log, now, DOWN_US);
    assert_eq!(switch.state(), SwitchState::Fault);
    switch.acknowledge(now + 2_000_000);
    assert_eq!(switch.state(), SwitchState::Fault, "the line is still open");
    switch.contact(now + 2_000_000, Contact::Open);
    switch.acknowledge(now + 2_000_000);
    assert_eq!(switch.state(), SwitchState::Off);

    for mode in [Mode::Hold, Mode::Toggle] {
        let (mut switch, now, mut log) = pressed(mode, 0);
        let opened = log.told.last().unwrap().0;
        log.run_to(&mut switch, now + 60_000_000);
        ends(&log, opened, SWITCH_MAX_ON_US + DOWN_US);
        assert_eq!((switch.state(), log.opened()), (SwitchState::Release, 1), "held: it has to be let go");
        switch.contact(now + 60_000_000, Contact::Open);
        log.run_to(&mut switch, now + 60_500_000);
        assert_eq!(switch.state(), SwitchState::Release);
        switch.poll(now + 60_500_000);
        assert_eq!(switch.state(), SwitchState::Ready);
    }

    let (mut switch, now, mut log) = pressed(Mode::Hold, 0);
    let mut t = now;
    while t < now + 1_000_000 {
        log.run_to(&mut switch, t);
        let command =
            switch.contact(t, if (t - now) / 7_000 % 2 == 0 { Contact::Open } else { Contact::Closed });
        log.book(t, command);
        t += 7_000;
    }
    ends(&log, now, 250_000 + DOWN_US + 7_000);
    assert_eq!(log.opened(), 1);

    let (mut switch, now, mut log) = pressed(Mode::Hold, 40);
    log.run_to(&mut switch, now + 10_000_000);
    ends(&log, now, 40_000 + DOWN_US);
    assert_eq!(switch.state(), SwitchState::Fault);
}

/// REQ-PRO-343: a button that is closed at the start opens nothing, nor one that was never read.
#[test]
fn a_button_stuck_at_the_start() {
    for read in [false, true] {
        let (mut switch, mut log) = (triggers::switch(Mode::Hold, 0), Log::default());
        if read {
            switch.contact(0, Contact::Closed);
        }
        switch.start(0);
        log.run_to(&mut switch, 60_000_000);
        assert_eq!((switch.state(), log.opened()), (SwitchState::Release, 0));
    }
}

/// REQ-PRO-344: an open line, chatter and silence of the other heel's switch end output.
#[test]
fn other_heels_that_fail() {
    let (mut trigger, now, mut log) = struck();
    let command = trigger.heel(now, Heel::LineOpen);
    log.book(now, command);
    log.run_to(&mut trigger, now + 1_000_000);
    ends(&log, now, DOWN_US);
    assert_eq!(trigger.state(), OppositeState::Fault);

    let (mut trigger, now, mut log) = struck();
    let opened = log.told[0].0;
    log.run_to(&mut trigger, now + 60_000_000);
    ends(&log, opened, 700_000 + DOWN_US);

    let (mut trigger, now, mut log) = struck();
    for change in 1..=12 {
        let at = now + change * 30_000;
        log.run_to(&mut trigger, at);
        let command = trigger.heel(at, if change % 2 == 1 { Heel::Lifted } else { Heel::Loaded });
        log.book(at, command);
    }
    // the sixth change counts after the debounce time
    ends(&log, now, 6 * 30_000 + 25_000 + DOWN_US);
    assert_eq!(log.opened(), 1);
}

/// REQ-PRO-345: a tilt that is out of range, jumps, or comes no more ends output; so does a shank that stays behind.
#[test]
fn tilts_that_fail() {
    for (reading, fault) in [
        (Ok(101_000), TiltFault::OutOfRange),
        (Ok(40_000), TiltFault::Jump),
        (Err(TiltFault::Frozen), TiltFault::Frozen),
    ] {
        let (mut trigger, now, mut log) = swinging();
        let command = trigger.angle(now + 10_000, reading);
        log.book(now + 10_000, command);
        log.run_to(&mut trigger, now + 1_000_000);
        ends(&log, now + 10_000, DOWN_US);
        assert_eq!((trigger.state(), trigger.fault()), (TiltState::Fault, Some(fault)));
    }
    let (mut trigger, now, mut log) = swinging();
    log.run_to(&mut trigger, now + 10_000_000);
    ends(&log, now, 100_000 + DOWN_US);
    assert_eq!(trigger.fault(), Some(TiltFault::Silent));

    let (mut trigger, now, mut log) = swinging();
    let opened = log.told[0].0;
    for at in (now..now + 20_000_000).step_by(10_000) {
        log.run_to(&mut trigger, at);
        let command = trigger.angle(at, Ok(-16_000));
        log.book(at, command);
    }
    ends(&log, opened, TILT_MAX_ON_US + DOWN_US);
    assert_eq!(
        (trigger.state(), log.opened()),
        (TiltState::Stance, 1),
        "sitting: the shank has to come forward"
    );
}

/// REQ-PRO-346: a lead that is off, a rail, a dead amplifier and silence end output; each is named.
#[test]
fn emg_that_fails() {
    for (sample, fault, within) in [
        (Some(EmgSample::LeadOff), EmgFault::LeadOff, 1_000),
        (Some(EmgSample::Nanovolts(400_000_000)), EmgFault::Rail, 5_000),
        (Some(EmgSample::Nanovolts(-400_000_000)), EmgFault::Rail, 5_000),
        (Some(EmgSample::Nanovolts(1_234)), EmgFault::Dead, 82_000),
        (None, EmgFault::Silent, 100_000),
    ] {
        let (mut emg, now, mut log) = trying();
        for at in (now..now + 500_000).step_by(1_000) {
            log.run_to(&mut emg, at);
            if let Some(sample) = sample {
                let command = emg.sample(at, sample);
                log.book(at, command);
            }
        }
        ends(&log, now, within + DOWN_US);
        assert_eq!((emg.state(), emg.fault()), (EmgState::Fault, Some(fault)));
        assert_eq!(emg.acknowledge(now + 1_000_000), None);
        assert_eq!((emg.state(), emg.fault()), (EmgState::Off, Some(fault)));
    }
}

/// REQ-PRO-346: an effort, a spasm or interference that never ends opens once: it has to fall quiet before the next train.
#[test]
fn an_effort_without_an_end_opens_once() {
    let (mut emg, now, mut log) = trying();
    let mut dice = Dice(3);
    feed(&mut emg, &mut log, &mut dice, now, now + 20_000_000, 90_000);
    assert_eq!((emg.state(), log.opened()), (EmgState::Lockout, 1));
    ends(&log, log.told[0].0, 1_000_000 + DOWN_US);
    feed(&mut emg, &mut log, &mut dice, now + 20_000_000, now + 20_300_000, 4_000);
    assert_eq!(emg.state(), EmgState::Listen);
}

/// What is done to a crank that turns.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Stops,
    Slows,
    Races,
    Reverses,
    Silent,
    LostWithMotor,
    Jumps(u32),
    Trembles,
    Index,
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        Just(Harm::Stops),
        Just(Harm::Slows),
        Just(Harm::Races),
        Just(Harm::Reverses),
        Just(Harm::Silent),
        Just(Harm::LostWithMotor),
        (60_u32..960).prop_map(Harm::Jumps),
        Just(Harm::Trembles),
        Just(Harm::Index),
    ]
}

/// When the harm is done, how long it may take, and what the trigger says.
fn expected(harm: Harm) -> (u64, Option<CrankFault>) {
    match harm {
        Harm::Stops | Harm::Slows | Harm::Races | Harm::Reverses => (300_000, None),
        Harm::Silent => (50_000, Some(CrankFault::Silent)),
        Harm::LostWithMotor => (300_000, Some(CrankFault::Lost)),
        Harm::Jumps(_) => (10_000, Some(CrankFault::Jump)),
        Harm::Trembles => (100_000, Some(CrankFault::Trembling)),
        Harm::Index => (0, Some(CrankFault::Index)),
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// REQ-PRO-347: whatever happens to a crank and at whatever angle and speed: output is off within the stated time, by
    /// the ramp, and stays off while it lasts; what no crank can do is a FAULT, named, and takes the zero with it.
    #[test]
    fn cranks_that_fail(
        harm in harm(), rpm in 20_000_i64..55_000, run in 3_000_u64..6_000, first in any::<u32>(), up in any::<bool>(),
        step in prop_oneof![Just(2_000_u64), Just(5_000), Just(10_000)],
    ) {
        let forward = if up { Forward::Up } else { Forward::Down };
        let encoder = Encoder { index_mdeg: matches!(harm, Harm::Index).then_some(90_000), forward, ..ENCODER };
        let (mut crank, mut turner, mut log) = started(encoder, &WINDOWS, first);
        let motor = matches!(harm, Harm::LostWithMotor);
        crank.motor(0, motor);
        let mut marks = 0;
        while turner.now < run * MS {
            let before = turner.angle_mdeg();
            turner.drive(&mut crank, &mut log, step, step, |_| rpm);
            if before < 90_000 && turner.angle_mdeg() >= 90_000 {
                crank.index(turner.now);
                marks += 1;
            }
        }
        prop_assert!(log.takes_turns());
        prop_assert_eq!(crank.state(), CrankState::Turning, "{:?} {}", crank.fault(), marks);
        prop_assert!(log.opened() >= 1);
        let cause = turner.now;
        let after = log.told.len();
        let (within, fault) = expected(harm);
        match harm {
            Harm::Stops | Harm::LostWithMotor => turner.drive(&mut crank, &mut log, 2_000_000, step, |_| 0),
            Harm::Slows => turner.drive(&mut crank, &mut log, 2_000_000, step, |_| 5_000),
            Harm::Races => turner.drive(&mut crank, &mut log, 2_000_000, step, |_| 130_000),
            Harm::Reverses => turner.drive(&mut crank, &mut log, 2_000_000, step, |_| -rpm),
            Harm::Silent => log.run_to(&mut crank, cause + 2_000_000),
            Harm::Jumps(counts) => {
                turner.turn(step, rpm);
                let commands = crank.counts(turner.now, turner.counts().wrapping_add(counts));
                log.book(turner.now, commands);
                log.run_to(&mut crank, cause + 2_000_000);
            }
            Harm::Trembles => turner.drive(&mut crank, &mut log, 500_000, step, |t| if t / step % 2 == 0 { 50_000 } else { -50_000 }),
            Harm::Index => {
                // a quarter of a turn off
                while !(170_000..190_000).contains(&turner.angle_mdeg()) {
                    turner.turn(step, rpm);
                    let commands = crank.counts(turner.now, turner.counts());
                    log.book(turner.now, commands);
                }
                let cause = turner.now;
                let commands = crank.index(cause);
                log.book(cause, commands);
                log.run_to(&mut crank, cause + 2_000_000);
                prop_assert!(log.off_us().unwrap() <= cause + DOWN_US);
            }
        }
        let off = log.off_us();
        prop_assert!(off.is_some(), "{:?}", log.told);
        if !matches!(harm, Harm::Index) {
            prop_assert!(off.unwrap() <= cause + within + DOWN_US, "{} µs: {:?}", off.unwrap() - cause, &log.told[after..]);
        }
        let late = log.told[after..].iter().filter(|(at, _, c)| *c == GateCommand::Open && *at > cause + within);
        prop_assert!(matches!(harm, Harm::Index) || late.count() == 0, "{:?}", &log.told[after..]);
        prop_assert!(log.takes_turns());
        prop_assert_eq!(crank.fault(), fault);
        prop_assert_eq!(crank.state(), if fault.is_some() { CrankState::Fault } else { CrankState::Still });
        if let Some(fault) = fault {
            crank.acknowledge(turner.now + 3_000_000);
            let start = crank.start(turner.now + 3_000_000);
            prop_assert_eq!(start.is_ok(), fault == CrankFault::Silent, "the zero is lost with all but silence");
        }
    }

    /// REQ-PRO-347: a crank that is wired the wrong way round, or turns backwards, starts nothing.
    #[test]
    fn a_reversed_encoder_starts_nothing(rpm in 12_000_i64..60_000, first in any::<u32>(), step in 2_000_u64..12_000) {
        for (forward, rpm) in [(Forward::Up, -rpm), (Forward::Down, -rpm)] {
            let (mut crank, mut turner, mut log) = started(Encoder { forward, ..ENCODER }, &WINDOWS, first);
            turner.drive(&mut crank, &mut log, 5_000_000, step, |_| rpm);
            prop_assert_eq!((crank.state(), log.told.len()), (CrankState::Still, 0));
        }
    }
}

/// REQ-PRO-347: an index mark that is seen between two samples may stand as far off as the crank went since, and no further.
#[test]
fn an_index_between_samples() {
    let encoder = Encoder { index_mdeg: Some(0), ..ENCODER };
    // 40 turns a minute are 2.4 degrees in the 10 ms since the sample, on top of 10
    for (off_mdeg, fault) in [(0, None), (9_000, None), (20_000, Some(CrankFault::Index))] {
        let (mut crank, mut turner, mut log) = started(encoder, &WINDOWS, 0);
        let turns = |turner: &Turner| turner.place / 360_000_000;
        let mut before = turns(&turner);
        for _ in 0..600 {
            turner.drive(&mut crank, &mut log, 5_000, 5_000, |_| 40_000);
            if turns(&turner) > before && turner.angle_mdeg() >= off_mdeg {
                before = turns(&turner);
                let commands = crank.index(turner.now + 4_000);
                log.book(turner.now + 4_000, commands);
            }
        }
        assert_eq!(crank.fault(), fault, "{off_mdeg}");
    }
}

/// REQ-PRO-347: an index mark that never comes is a fault within a turn and a half.
#[test]
fn an_index_that_never_comes() {
    let encoder = Encoder { index_mdeg: Some(0), ..ENCODER };
    let (mut crank, mut turner, mut log) = started(encoder, &WINDOWS, 0);
    turner.drive(&mut crank, &mut log, 5_000_000, 5_000, |_| 40_000);
    assert_eq!(crank.fault(), Some(CrankFault::Index));
    // a turn and a half at 40 a minute
    assert!(log.off_us().unwrap() <= 2_250_000 + 10_000 + DOWN_US, "{:?}", log.told);
}

/// REQ-PRO-347: no start without a zero, and no zero while it runs or before the encoder was read.
#[test]
fn a_crank_without_a_zero() {
    let mut crank = nmes_protocols::triggers::crank::Crank::new(crank_times(ENCODER), &WINDOWS).unwrap();
    assert_eq!(crank.start(0), Err(CrankRefusal::NoZero));
    assert_eq!(crank.zero(0, 0), Err(CrankRefusal::NotRead));
    crank.counts(0, 77);
    assert_eq!(crank.zero(0, 45_000), Ok(()));
    assert_eq!(crank.angle_mdeg(), 45_000);
    assert_eq!(crank.start(0), Ok(()));
    assert_eq!(crank.zero(0, 0), Err(CrankRefusal::NotOff));
}
