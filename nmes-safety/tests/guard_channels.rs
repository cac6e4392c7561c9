//! A guard of several channels: what is done to one of them, and to all.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::*;

const PERIOD: u64 = 25_000;

fn second(checked: &'static Checked<'static>, set: Setting, n: u32, at: u64) -> PulseFrame<'static> {
    let mut frame = checked.plan().frame(1, set, at).unwrap();
    frame.move_to(n, at);
    frame
}

/// REQ-SAF-020: after a disarm every channel starts from zero, and no frame of any waits.
#[test]
fn every_channel_is_brought_to_zero() {
    let checked = Rig { channels: 2, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let frame = second(checked, setting(40_000, 300), 1, now + 20_000);
    guard.admit(now, &frame).unwrap();
    for event in [Event::Disarm, Event::Probe, Event::Contact] {
        guard.handle(now + 1_000, event).unwrap();
    }
    assert_eq!([0, 1].map(|channel| guard.authorised(channel).unwrap().amplitude.as_microamps()), [0, 0]);
    assert!(guard.admitted(1).is_none());
}

/// REQ-SAF-033: a reset keeps the windows of every channel.
#[test]
fn windows_of_every_channel() {
    let checked = Rig { channels: 2, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    play(&mut guard, &second(checked, setting(40_000, 300), 1, now + 100)).unwrap();
    let before = guard.tick(now + 1_000).unwrap().rms_second_ua;
    let trip = guard.report_output_failure(now + 1_000);
    guard.reset(now + 1_000, trip.fault).unwrap();
    let after = guard.tick(now + 1_100).unwrap();
    assert!(before > 0);
    assert_eq!((after.rms_second_ua, after.indicator), (before, true));
}

/// REQ-SAF-665: a pulse of the second channel that is too strong now is withdrawn.
#[test]
fn withdrawn_on_its_own_channel() {
    let checked = Rig { channels: 2, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    guard.admit(now, &second(checked, setting(40_000, 300), 1, now + 20_000)).unwrap();
    guard.set_level(now + 10, 1, setting(1_000, 300)).unwrap();
    assert!(guard.admitted(1).is_none());
}

/// REQ-SAF-027, REQ-SAF-031: all that is opened cuts the pulses of every channel, and what they leave is in their ledgers.
#[test]
fn every_channel_is_opened() {
    let checked = Rig { channels: 2, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let frame = second(checked, setting(40_000, 300), 1, now + 100);
    guard.admit(now, &frame).unwrap();
    guard.edge(now + 100, &change(&frame, 0), None).unwrap();
    guard.off(now + 200);
    assert_eq!(guard.ledger(1), Some(Charge::from_nanoamp_ticks(40_000_000 * 100)));
    assert!(guard.admitted(1).is_none());
}

/// REQ-SAF-032: a ledger that overflows when all is opened is a fault, of the channel whose it is.
#[test]
fn an_overflow_when_all_is_opened() {
    let checked = Rig { channels: 2, ..Rig::default() }.checked();
    let most = u64::try_from(i64::MAX).unwrap() / 40_000_000;
    for (past, expected) in [(0, None), (1, Some((Fault::LedgerOverflow, Some(1))))] {
        let (mut guard, now) = ready(checked);
        let frame = second(checked, setting(40_000, 300), 1, now);
        guard.admit(now, &frame).unwrap();
        guard.edge(now, &change(&frame, 0), None).unwrap();
        guard.off(now + most + past);
        assert_eq!(guard.latched().map(|trip| (trip.fault, trip.channel)), expected, "{past}");
    }
}

/// REQ-SAF-040: contact that is lost on the second channel lowers that one, and is reported of it.
#[test]
fn the_channel_that_lost_contact() {
    let checked = Rig { measured: true, channels: 2, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    for n in 1..=3_u32 {
        let frame = second(checked, setting(40_000, 300), n, now + u64::from(n) * PERIOD);
        let _ = play_sensed(&mut guard, checked, &frame, |_| 0);
    }
    assert_eq!(
        [0, 1].map(|channel| guard.authorised(channel).unwrap().amplitude.as_microamps()),
        [40_000, 3_000]
    );
    assert_eq!(guard.tick(now + 4 * PERIOD).unwrap().contact_lost, 0b10);
}

/// REQ-SAF-040, REQ-SAF-045: the losses of each channel are its own, and each is in the black box.
#[test]
fn losses_of_the_second_channel() {
    let checked = Rig { measured: true, channels: 2, ..Rig::default() }.checked();
    let mut guard = armed(checked, 0);
    let mut now = 0;
    for ua in [1_000, 2_000, 3_000] {
        while guard.set_level(now, 1, setting(ua, 300)).is_err() {
            now += 10_000;
        }
    }
    let mut n = 0;
    let mut answers = Vec::new();
    for _ in 0..3 {
        for gain in [0, 0, 0, 1_000, 1_000, 1_000] {
            n += 1;
            now += PERIOD;
            let mut frame = checked.plan().frame(1, setting(3_000, 300), now).unwrap();
            frame.move_to(n, now);
            guard.keep_alive(now);
            guard.admit(now, &frame).unwrap();
            for edge in 0..frame.edge_count() {
                let t = frame.edge_tick(edge).unwrap();
                if let Err(trip) =
                    guard.edge(t, &change(&frame, edge), sample(checked, &frame, edge, t, gain))
                {
                    answers.push((trip.fault, trip.response));
                }
            }
        }
    }
    let lost = |response| (Fault::ContactLoss, response);
    assert_eq!(answers, [lost(Response::ProbeLevel), lost(Response::ProbeLevel), lost(Response::RampDown)]);
    assert_eq!(guard.black_box().entries().count(), 3);
}

/// REQ-SAF-666: no pulse of the first channel begins on a source that is at one of the second, and any channel lights the indicator.
#[test]
fn a_source_that_is_at_the_second_channel() {
    let rig = Rig { channels: 2, ..Rig::default() }.checked();
    let mut channels = rig.plan().session().channels().to_vec();
    channels[1].offset = Micros::from_micros(12_000).unwrap();
    let session = Session::new(channels.leak(), Schedule::Continuous, ms(3_600_000)).unwrap();
    let output = ChannelHardware { source: 1, ..ChannelHardware::symmetric(100_000, -2_048, 2_047) };
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[output, output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let checked: &'static Checked<'static> =
        Box::leak(Box::new(check(plan, rig.setup(), rig.profile()).unwrap()));
    let (mut guard, now) = ready(checked);
    let set = setting(40_000, 300);
    let (first, mut second) =
        (checked.plan().frame(0, set, now + 350).unwrap(), checked.plan().frame(1, set, now + 100).unwrap());
    second.move_to(1, now + 100);
    guard.admit(now, &first).unwrap();
    guard.admit(now, &second).unwrap();
    guard.edge(now + 100, &change(&second, 0), None).unwrap();
    // N-IND-2
    assert!(guard.indicator(now + 110));
    assert_eq!(fault(guard.edge(now + 350, &change(&first, 0), None)), Fault::OutOfOrder);
}

/// REQ-SAF-048: a ramp-down has the time of the channel with the longest ramp.
#[test]
fn the_longest_ramp() {
    let rig = Rig { channels: 2, ..Rig::default() }.checked();
    let mut channels = rig.plan().session().channels().to_vec();
    channels[1].offset = Micros::from_micros(12_000).unwrap();
    channels[1].ramp.down = ms(3_000);
    let session = Session::new(channels.leak(), Schedule::Continuous, ms(3_600_000)).unwrap();
    let plan = Plan::compile(&session, rig.plan().hardware()).unwrap();
    let checked: &'static Checked<'static> =
        Box::leak(Box::new(check(plan, rig.setup(), rig.profile()).unwrap()));
    let mut guard = armed(checked, 0);
    assert_eq!(fault(guard.tick(1_000_001)), Fault::KeepAlive);
    guard.tick(1_000_001 + 2_900_000).unwrap();
}

/// REQ-SAF-009: of two shared electrodes each is judged on its own area.
#[test]
fn two_shared_electrodes() {
    let checked = Rig { channels: 4, set: (10_000, 300), ceiling: (10_000, 300), ..Rig::default() }.checked();
    let value = |small: u32, large: u32| {
        let setup = Setup::new(&[5_000; 4], UseClass::Specialist).unwrap();
        let setup = setup.with_shared(0b0011, small).unwrap().with_shared(0b1100, large).unwrap();
        assess(checked.plan(), &setup, &Profile::default())
            .row(&rules::N_DOC_1)
            .map(|row| (row.place, row.value.unwrap()))
    };
    let (alone, beside) = (value(500, 500), value(500, 10_000));
    assert_eq!(alone, beside);
}

/// REQ-SAF-028: the session's length counts to the last pulse of any channel.
#[test]
fn the_last_pulse_of_any_channel() {
    let checked = Rig { channels: 2, seconds: 60, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let set = setting(40_000, 300);
    play(&mut guard, &pulse(checked, 0, now)).unwrap();
    let over = (1..100).find_map(|n| {
        let at = now + u64::from(n) * 1_000_000;
        tended(&mut guard, at - 1_000);
        play(&mut guard, &second(checked, set, n, at)).err()
    });
    let trip = over.unwrap();
    assert_eq!((trip.fault, trip.at_tick), (Fault::SessionLength, now + 61_000_000));
}

/// REQ-SAF-046: a session is past its ramps when those of every channel are over.
#[test]
fn ramps_of_every_channel() {
    let checked = Rig { channels: 2, ..Rig::default() }.checked();
    let mut guard = armed(checked, 0);
    let set = setting(1_000, 300);
    guard.set_level(0, 0, set).unwrap();
    play(&mut guard, &checked.plan().frame(0, set, 1_000).unwrap()).unwrap();
    let long = rules::E_RAMP_1.limit * 1_000;
    guard.keep_alive(long);
    assert_eq!(guard.tick(long).unwrap().state, State::Running);
    guard.set_level(long, 1, set).unwrap();
    let states = [long + 1, 2 * long - 1, 2 * long].map(|at| {
        guard.keep_alive(at);
        guard.tick(at).unwrap().state
    });
    assert_eq!(states, [State::Ramping, State::Ramping, State::Running]);
}

/// REQ-SAF-033: a tick tells of the channel that has the most, whichever it is.
#[test]
fn the_most_of_any_channel() {
    let told = |channel: u8| {
        let checked = Rig { channels: 2, more: quiet, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let mut frame = checked.plan().frame(channel, setting(40_000, 300), now).unwrap();
        frame.move_to(1, now);
        play(&mut guard, &frame).unwrap();
        let (opened, at_tick) = (now + 10_000, now + 400_000);
        let leak =
            |at_tick| Sensed { current_na: 30_000, voltage_mv: 0, at_tick, instant: SampleInstant::Rest };
        guard.sample(opened, channel, leak(opened)).unwrap();
        guard.sample(at_tick, channel, leak(at_tick)).unwrap();
        guard.keep_alive(at_tick);
        let report = guard.tick(at_tick).unwrap();
        (
            report.rms_second_ua,
            report.rms_five_ua,
            report.measured_dc_na,
            report.warning.map(|trip| trip.fault),
        )
    };
    let (rms, longer, dc, warned) = told(0);
    assert!(rms > 900 && longer > 400 && dc > 10_000 && warned == Some(Fault::MeasuredDc), "{:?}", told(0));
    assert_eq!(told(0), told(1));
}
