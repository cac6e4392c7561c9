//! The contact check before arming, on a simulated stage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, Load, Stage, StageFault};
use nmes_hal_adapters::{ArmRefusal, ContactSense, Stimulator};
use nmes_safety::{Checked, ContactState, Layer, Probe, Profile, Rule, Setup, State, UseClass, rules};

/// Runs the check of a session to its end, however it ends, and gives back what was measured and the strongest code.
fn look<'b>(
    checked: &Checked<'_>,
    bench: &'b Bench,
) -> (ContactSense<nmes_hal_adapters::sim::SimSense<'b>>, i64) {
    let mut states = [ChannelState::new(); MAX_CHANNELS];
    let (mut output, mut alarm) = (bench.output(), bench.alarm());
    let mut sense = ContactSense::new(checked, bench.sense());
    let probe = Probe::of(checked);
    let plan = probe.check(checked).unwrap();
    let mut probing = Stimulator::probe(&plan, &mut states, &mut output, &mut alarm, &mut sense).unwrap();
    assert_eq!(probing.state(), State::Probing);
    for (channel, asked) in (0..).zip(plan.plan().session().channels()) {
        probing.aim(channel, asked.set).unwrap();
    }
    probing.start().unwrap();
    let mut strongest = 0;
    for _ in 0..1_000 {
        let until = bench.clock().now() + 5_000;
        let ran = run_to(&mut probing, bench.clock(), until, &mut Seen::default());
        if ran.is_err() || probing.finished().is_some() {
            break;
        }
        for channel in 0..plan.plan().channel_count() {
            strongest = strongest.max(code_of(bench.level(channel)).abs());
        }
    }
    drop(probing);
    (sense, strongest)
}

fn two_channels(with: impl FnOnce(&Checked<'_>, &Bench)) {
    let set = setting(10_000, 300);
    let channels = [channel(set), channel(set)];
    let session = Session::new(&channels, gated(), ms(60_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 2);
    let checked = checked(&session, &hardware, UseClass::FunctionalWear);
    with(&checked, &bench(hardware, stage(1_000.0, 120.0), 0, 0));
}

/// REQ-SAF-424: pulses of at most 3 mA look for contact, then the session is armed on what they measured.
#[test]
fn probed_and_armed() {
    two_channels(|checked, bench| {
        let (sense, strongest) = look(checked, bench);
        assert!((0..=120).contains(&strongest), "{strongest} codes of 25 µA");
        for channel in 0..2 {
            assert_eq!(sense.impedance(channel).unwrap().end_ohm, Some(1_000));
            assert_eq!(sense.state(channel, bench.clock().now()), Some(ContactState::Good));
        }
        let mut states = [ChannelState::new(); 2];
        let armed =
            Stimulator::arm_probed(checked, &mut states, bench.output(), bench.alarm(), sense).unwrap();
        assert_eq!(armed.state(), State::Armed);
        assert_eq!(armed.contact().state(1, bench.clock().now()), Some(ContactState::Good));
    });
}

/// REQ-SAF-424: an electrode that is off or shorted, a channel that was not measured, and one that was measured more than 5 s
/// ago, by a tick, refuse; 5 s ago is taken.
#[test]
fn no_contact_no_arming() {
    let mut states = [ChannelState::new(); 2];
    two_channels(|checked, bench| {
        bench.inject(1, StageFault::OpenCircuit);
        let (sense, _) = look(checked, bench);
        assert_ne!(sense.state(1, bench.clock().now()), Some(ContactState::Good));
        let refused = Stimulator::arm_probed(checked, &mut states, bench.output(), bench.alarm(), sense);
        assert_eq!(refused.unwrap_err().why, ArmRefusal::NoContact { channel: 1 });
    });
    let mut states = [ChannelState::new(); 2];
    two_channels(|checked, bench| {
        let sense = ContactSense::new(checked, bench.sense());
        let refused = Stimulator::arm_probed(checked, &mut states, bench.output(), bench.alarm(), sense);
        assert_eq!(refused.unwrap_err().why, ArmRefusal::NoContact { channel: 0 });
    });
    for (later, arms) in [(0, true), (1, false)] {
        let mut states = [ChannelState::new(); 2];
        two_channels(|checked, bench| {
            let (sense, _) = look(checked, bench);
            let now = bench.clock().now();
            let known =
                |at: &u64| (0..2).all(|channel| sense.state(channel, *at) == Some(ContactState::Good));
            // the last pulse of the check was less than 50 ms ago
            let last = (now + 4_950_000..=now + 5_000_000).rev().find(known).unwrap();
            bench.clock().advance_to(last + later);
            let tried = Stimulator::arm_probed(checked, &mut states, bench.output(), bench.alarm(), sense);
            let refused = tried.err().map(|refused| refused.why);
            assert_eq!(refused, (!arms).then_some(ArmRefusal::NoContact { channel: 0 }), "{later}");
        });
    }
}

/// REQ-HAL-430: with skin as the load, which a balancing phase finds charged the other way, what is kept is the impedance at the
/// end of the leading phase, and a pad of which three fifths are left is told in the session.
#[test]
fn skin_is_judged_by_the_leading_phase() {
    let set = setting(10_000, 200);
    let channels = [channel(set)];
    let session = Session::new(&channels, cyclic(), ms(60_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let checked = checked(&session, &hardware, UseClass::Exercise);
    let skin = Load::skin(300.0, 2_000.0, 200.0).unwrap();
    let bench = bench(hardware, Stage::ideal(120.0, skin), 0, 0);
    let (sense, _) = look(&checked, &bench);
    // 300 ohm, and skin of 400 µs for 200 µs
    let leading = 300.0 + 2_000.0 * (1.0 - libm::exp(-0.5));
    let near = |ohm: Option<u32>, of: f64| (f64::from(ohm.unwrap()) - of).abs() < of * 0.01;
    assert!(near(sense.impedance(0).unwrap().end_ohm, leading), "{:?} {leading}", sense.impedance(0));
    assert!(near(sense.impedance(0).unwrap().start_ohm, 300.0), "{:?}", sense.impedance(0));
    let mut states = [ChannelState::new(); 1];
    let mut stim =
        Stimulator::arm_probed(&checked, &mut states, bench.output(), bench.alarm(), sense).unwrap();
    stim.aim(0, set).unwrap();
    stim.start().unwrap();
    let clock = bench.clock();
    let seen = &mut Seen::default();
    // into the first train, then across its rest of 10 s into the second
    run_to(&mut stim, clock, clock.now() + 4_000_000, seen).unwrap();
    assert_eq!(stim.contact().state(0, clock.now()), Some(ContactState::Good));
    bench.inject(0, StageFault::Peel { percent: 60.0 });
    run_to(&mut stim, clock, clock.now() + 14_000_000, seen).unwrap();
    assert_eq!(stim.contact().state(0, clock.now()), Some(ContactState::Good), "the rest is not counted");
    run_to(&mut stim, clock, clock.now() + 2_000_000, seen).unwrap();
    assert_eq!(stim.contact().state(0, clock.now()), Some(ContactState::Rising));
    let peeled = stim.contact().impedance(0).unwrap();
    assert!(near(peeled.end_ohm, leading / 0.6), "{peeled:?}");
}

/// REQ-HAL-431: [`Stimulator::arm`] too takes what was measured at its age on the clock: 5 s pass, longer ago and later than now
/// do not.
#[test]
fn arming_knows_the_time() {
    for (waited, passes) in [(4_900_000, true), (5_100_000, false)] {
        let mut states = [ChannelState::new(); 2];
        two_channels(|checked, bench| {
            let (sense, _) = look(checked, bench);
            bench.clock().advance_to(bench.clock().now() + waited);
            let armed = Stimulator::arm(checked, &mut states, bench.output(), bench.alarm(), sense);
            assert_eq!(armed.is_ok(), passes, "{waited}");
        });
    }
    let mut states = [ChannelState::new(); 2];
    two_channels(|checked, bench| {
        let (mut sense, _) = look(checked, bench);
        let again =
            nmes_hal_adapters::sim::Bench::new(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
        let armed = Stimulator::arm(checked, &mut states, again.output(), again.alarm(), &mut sense);
        assert_eq!(armed.unwrap_err().why, ArmRefusal::NoContact { channel: 0 }, "the clock began anew");
    });
}

/// REQ-HAL-470: contact of a clock that began anew since is not found good once the new clock comes near the old measurements.
#[test]
fn an_old_clock_is_forgotten() {
    let mut states = [ChannelState::new(); 2];
    two_channels(|checked, bench| {
        let (mut sense, _) = look(checked, bench);
        let again = Bench::new(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
        for (at, why) in [(0, "the clock began anew"), (bench.clock().now(), "and came to where it was")] {
            again.clock().advance_to(at);
            let tried = Stimulator::arm(checked, &mut states, again.output(), again.alarm(), &mut sense);
            let refused = tried.err().map(|refused| refused.why);
            assert_eq!(refused, Some(ArmRefusal::NoContact { channel: 0 }), "{why}");
        }
    });
}

/// A session of one channel with this much at most as the impedance of good contact, and as the noise of its measurement.
fn strict<'a>(channels: &'a [Channel<'a>], open_ohm: u64, noise_ua: Option<u32>) -> Checked<'a> {
    let session = Session::new(channels, gated(), ms(60_000)).unwrap();
    let plan = Plan::compile(&session, &hardware(late(0), 25_000, 1)).unwrap();
    let setup = Setup::new(&[5_000], UseClass::FunctionalWear).unwrap();
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).unwrap();
    let setup = setup.with_limit(Layer::Subject, &rules::E_Z_1_OPEN, open_ohm).unwrap();
    let noise = noise_ua.and_then(MicroAmps::from_microamps);
    let setup = noise.map_or(setup, |noise| setup.with_measurement_noise(noise).unwrap());
    nmes_safety::check(plan, &setup, &Profile::default()).unwrap_or_else(|denied| panic!("{denied}"))
}

/// REQ-HAL-452: contact is judged by the limits of the session that is armed. What was measured by those of another one, looser or with
/// another noise, refuses, by either way of arming; by the same ones it passes, also where the session is another.
#[test]
fn contact_is_judged_by_the_session_that_is_armed() {
    let channels = [channel(setting(10_000, 300))];
    let [own, same] = [(); 2].map(|()| strict(&channels, 1_500, None));
    let (loose, quiet) = (strict(&channels, 4_000, None), strict(&channels, 1_500, Some(100)));
    let refused = Some(ArmRefusal::NoContact { channel: 0 });
    for (of, ohm, why) in [
        (&own, 1_000.0, None),
        (&same, 1_000.0, None),
        (&own, 3_000.0, refused),
        (&loose, 3_000.0, refused),
        (&loose, 1_000.0, refused),
        (&quiet, 1_000.0, refused),
    ] {
        let bench = bench(*own.plan().hardware(), stage(ohm, 120.0), 0, 0);
        let (sense, _) = look(of, &bench);
        let mut states = [ChannelState::new(); 1];
        let armed = Stimulator::arm(&own, &mut states, bench.output(), bench.alarm(), sense);
        assert_eq!(armed.map(drop).map_err(|error| error.why).err(), why);
        let armed = Stimulator::arm_probed(&own, &mut states, bench.output(), bench.alarm(), sense);
        assert_eq!(armed.map(drop).map_err(|error| error.why).err(), why);
    }
}

/// What is found of 1 kohm by a contact check of a session with a figure of a person's own, and what refuses it.
fn found_with(rule: &'static Rule, value: u64) -> Result<Option<ContactState>, String> {
    let channels = [channel(setting(10_000, 300))];
    let session = Session::new(&channels, gated(), ms(60_000)).unwrap();
    let hardware = hardware(late(0), 25_000, 1);
    let plan = Plan::compile(&session, &hardware).unwrap();
    let setup = Setup::new(&[5_000], UseClass::FunctionalWear).unwrap();
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).unwrap();
    let setup = setup.with_limit(Layer::Subject, rule, value).unwrap();
    let checked = nmes_safety::check(plan, &setup, &Profile::default()).unwrap();
    Probe::of(&checked).check(&checked).map_err(|refused| refused.to_string())?;
    let bench = bench(hardware, stage(1_000.0, 120.0), 0, 0);
    let (sense, strongest) = look(&checked, &bench);
    assert_eq!(strongest, 120, "{} {value}: codes of 25 µA", rule.id);
    Ok(sense.state(0, bench.clock().now()))
}

/// REQ-HAL-471: a contact check finds good electrodes also where a person's own E-RAMP-1, E-SLEW-1 or N-STEP-1 slow its level down,
/// or is refused before it begins.
#[test]
fn a_slow_rise_is_waited_for() {
    for (rule, value) in [
        (&rules::E_RAMP_1, 2_000),
        (&rules::E_RAMP_1, 4_000),
        (&rules::E_SLEW_1, 2_000),
        (&rules::E_SLEW_1, 1_500),
        (&rules::N_STEP_1, 100),
    ] {
        assert_eq!(found_with(rule, value), Ok(Some(ContactState::Good)), "{} {value}", rule.id);
    }
    for (rule, value) in [(&rules::E_RAMP_1, 10_000), (&rules::E_SLEW_1, 1_000), (&rules::N_STEP_1, 10)] {
        let said = found_with(rule, value).unwrap_err();
        assert!(said.contains(rule.id) && said.contains("E-SES-1") && said.contains("3000 µA"), "{said}");
    }
}
