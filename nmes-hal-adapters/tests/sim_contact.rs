//! What the simulated measurement says of electrodes before arming.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::*;
use nmes_core::{ChannelState, Plan, Session};
use nmes_hal_adapters::sim::{Bench, Load, Stage, StageFault};
use nmes_hal_adapters::{ArmRefusal, ContactSense, Sense, Stimulator};
use nmes_safety::{Checked, Layer, Profile, Rule, Setup, UseClass, rules};

/// Of a person with a limit of their own, or without one.
fn session<'a>(channels: &'a [nmes_core::Channel<'a>], own: Option<(&'static Rule, u64)>) -> Checked<'a> {
    let session = Session::new(channels, gated(), ms(60_000)).unwrap();
    let plan = Plan::compile(&session, &hardware(late(0), 25_000, 1)).unwrap();
    let setup = Setup::new(&[5_000], UseClass::FunctionalWear).unwrap();
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).unwrap();
    let setup = own.map_or(setup, |(rule, value)| setup.with_limit(Layer::Subject, rule, value).unwrap());
    nmes_safety::check(plan, &setup, &Profile::default()).unwrap_or_else(|denied| panic!("{denied}"))
}

/// What refuses to arm with this load and this fault.
fn refused(checked: &Checked<'_>, load: Load, fault: StageFault) -> Option<String> {
    let bench = Bench::new(*checked.plan().hardware(), Stage::ideal(120.0, load), 0, 0);
    bench.inject(0, fault);
    let mut states = [ChannelState::new(); 1];
    let armed = Stimulator::arm(checked, &mut states, bench.output(), bench.alarm(), bench.sense());
    let why = armed.map(drop).map_err(|error| error.why).err()?;
    assert_eq!(why, ArmRefusal::NoContact { channel: 0 });
    Some(why.to_string())
}

/// REQ-APP-346: the simulated contact follows the resistance, of a resistor and of a skin as it is once charged: it is refused
/// below E-Z-1-S and above E-Z-1-O, by one ohm, and with a lead off, electrodes that touch, and what is left of a pad.
#[test]
fn contact_follows_the_load() {
    let channels = [channel(setting(10_000, 300))];
    let checked = session(&channels, None);
    let (short, open) = (rules::E_Z_1_SHORT.limit, rules::E_Z_1_OPEN.limit);
    for (ohm, good) in [(short - 1, false), (short, true), (1_000, true), (open, true), (open + 1, false)] {
        let ohm = f64::from(u32::try_from(ohm).unwrap());
        let plain = Load::resistor(ohm).unwrap();
        let skin = Load::skin(0.4 * ohm, 0.6 * ohm, 100.0).unwrap();
        for load in [plain, skin, skin.with_blocking_capacitor(1.0).unwrap()] {
            assert_eq!(refused(&checked, load, StageFault::None).is_none(), good, "{load:?}");
        }
    }
    let load = Load::resistor(1_000.0).unwrap();
    for (fault, good) in [
        (StageFault::None, true),
        (StageFault::OpenCircuit, false),
        (StageFault::ShortCircuit, false),
        (StageFault::Peel { percent: 21.0 }, true),
        (StageFault::Peel { percent: 19.0 }, false),
        (StageFault::WrongPolarity, true),
    ] {
        assert_eq!(refused(&checked, load, fault).is_none(), good, "{fault:?}");
    }
}

/// REQ-APP-346: a person's own limits of contact are those that it is held against.
#[test]
fn contact_is_held_against_the_session() {
    let channels = [channel(setting(10_000, 300))];
    for (rule, ohm, good) in [
        ((&rules::E_Z_1_OPEN, 2_000), 2_000.0, true),
        ((&rules::E_Z_1_OPEN, 2_000), 2_001.0, false),
        ((&rules::E_Z_1_SHORT, 300), 300.0, true),
        ((&rules::E_Z_1_SHORT, 300), 299.0, false),
    ] {
        let checked = session(&channels, Some(rule));
        let load = Load::resistor(ohm).unwrap();
        assert_eq!(refused(&checked, load, StageFault::None).is_none(), good, "{ohm}");
    }
}

/// REQ-APP-346: electrodes that begin to touch after arming are no matter of this answer: the session goes on.
#[test]
fn a_short_after_arming_is_not_looked_at() {
    let channels = [channel(setting(10_000, 300))];
    let checked = session(&channels, None);
    let bench = Bench::new(*checked.plan().hardware(), stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 1];
    let armed = Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense());
    let mut stim = armed.map_err(|error| error.why).unwrap();
    bench.inject(0, StageFault::ShortCircuit);
    assert_eq!(bench.resistance_ohm(0), Some(0));
    run_to(&mut stim, bench.clock(), 1_000_000, &mut Seen::default()).unwrap();
}

/// REQ-HAL-452: a measurement that keeps contact tells the one that it keeps it of which session is armed, and when.
#[test]
fn what_is_told_of_a_session_is_passed_on() {
    #[derive(Default)]
    struct Told(Vec<u64>);
    impl Sense for &mut Told {
        fn sample(&mut self, _channel: u8, _level: nmes_core::Level) -> Option<nmes_safety::Sensed> {
            None
        }
        fn session(&mut self, session: &Checked<'_>) {
            self.0.push(u64::from(session.plan().channel_count()));
        }
        fn arming(&mut self, now: u64) {
            self.0.push(now);
        }
    }
    let channels = [channel(setting(20_000, 300))];
    let checked = session(&channels, None);
    let mut told = Told::default();
    let mut sense = ContactSense::new(&checked, &mut told);
    sense.session(&checked);
    sense.arming(77);
    assert_eq!(told.0, [1, 77]);
}
