//! What is stored is damaged on purpose.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

use nmes_core::{
    Change, Channel, ChannelHardware, Form, HardwareTiming, Level, Micros, Millis, Plan, Point, PulseShape,
    Ramp, Rate, Schedule, Session, Train,
};

use super::*;
use crate::{Profile, Setup, check};

/// A checked plan, its pulse, and a change that opens, for `with`.
pub(crate) fn with_checked(with: impl FnOnce(&Checked<'_>, &PulseFrame<'_>, &Change)) {
    with_pulse(PulseShape::default(), with);
}

fn with_pulse(pulse: PulseShape<'_>, with: impl FnOnce(&Checked<'_>, &PulseFrame<'_>, &Change)) {
    let set = Setting::new(5_000, 300).unwrap();
    let half = Millis::from_millis(500).unwrap();
    let ramp = Ramp { up: half, down: half, down_min: half, ..Ramp::default() };
    let rate = Rate::from_hz(40).unwrap();
    let offset = Micros::ZERO;
    let channels = [Channel { pulse, rate, train: Train::default(), set, ceiling: set, ramp, offset }];
    let minute = Millis::from_millis(60_000).unwrap();
    let session = Session::new(&channels, Schedule::Continuous, minute).unwrap();
    let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let setup = Setup::new(&[2_500], UseClass::Specialist).unwrap();
    let checked = check(plan, &setup, &Profile::default()).unwrap();
    let frame = checked.plan().frame(0, set, 10).unwrap();
    let open = Change { channel: 0, sequence: 0, edge: None, level: Level::Open };
    with(&checked, &frame, &open);
}

fn is_corrupt(guard: &Guard<'_>, trip: Option<Trip>) {
    let trip = trip.unwrap();
    assert_eq!((trip.fault, trip.response), (Fault::StateCorrupt, Response::OpenNow));
    assert_eq!(guard.state(), State::Fault);
}

/// REQ-SAF-043: a damaged state opens the output at the next admission, edge or tick.
#[test]
fn damaged_state() {
    with_checked(|checked, frame, open| {
        type Call<'a> = fn(&mut Guard<'a>, &PulseFrame<'a>, &Change) -> Option<Trip>;
        let calls: [Call<'_>; 3] = [
            |guard, frame, _| guard.admit(0, frame).err(),
            |guard, _, open| guard.edge(0, open, None).err(),
            |guard, _, _| guard.tick(0).err(),
        ];
        for call in calls {
            let mut guard = Guard::new(checked, 0);
            guard.interlock.damage();
            let trip = call(&mut guard, frame, open);
            is_corrupt(&guard, trip);
        }
    });
}

/// REQ-SAF-430: a set level that was not authorised opens the output at the next admission or tick.
#[test]
fn damaged_set_level() {
    with_checked(|checked, frame, _| {
        let one = Setting::new(1_000, 300).unwrap();
        let damages: [fn(&mut Setting); 2] = [
            |s| s.amplitude = MicroAmps::from_microamps(1_000 ^ 4_096).unwrap(),
            |s| s.width = Micros::from_micros(300 ^ 1).unwrap(),
        ];
        for damage in damages {
            for admits in [true, false] {
                let mut guard = Guard::new(checked, 0);
                guard.handle(0, Event::Passed).unwrap();
                guard.handle(0, Event::Probe).unwrap();
                guard.handle(0, Event::Contact).unwrap();
                guard.set_level(0, 0, one).unwrap();
                guard.tick(0).unwrap();
                damage(&mut guard.watches[0].set.authorised);
                let trip = if admits { guard.admit(0, frame).err() } else { guard.tick(1).err() };
                is_corrupt(&guard, trip);
            }
        }
    });
}

/// REQ-SAF-430: a set level that was damaged is no level to rise or to fall from: the next setting opens the output, and nothing
/// that is asked for is taken.
#[test]
fn damage_is_not_written_over() {
    with_checked(|checked, _, _| {
        for (asked, bit) in [(5_000, 1 << 16), (500, 1 << 4), (1_000, 1 << 9)] {
            let mut guard = Guard::new(checked, 0);
            for event in [Event::Passed, Event::Probe, Event::Contact] {
                guard.handle(0, event).unwrap();
            }
            guard.set_level(0, 0, Setting::new(1_000, 300).unwrap()).unwrap();
            guard.watches[0].set.authorised.amplitude = MicroAmps::from_microamps(1_000 ^ bit).unwrap();
            let refused = guard.set_level(20, 0, Setting::new(asked, 300).unwrap()).unwrap_err();
            assert_eq!(refused.rule, Cite::STATE.rule);
            let trip = guard.latched().copied();
            is_corrupt(&guard, trip);
            assert_eq!(guard.authorised(0).unwrap().amplitude, MicroAmps::ZERO);
        }
    });
}

/// REQ-SAF-430: a limit, or a term of a channel, that changed opens the output within a tick for each channel and one.
#[test]
fn damaged_limits() {
    with_checked(|checked, _, _| {
        let damages: [fn(&mut Guard<'_>); 6] = [
            |guard| guard.limits.measured.peak_na ^= 1 << 20,
            |guard| guard.limits.pulse_square ^= 1 << 70,
            |guard| guard.limits.late_ticks ^= 1,
            |guard| guard.limits.keep_alive_ticks ^= 1 << 40,
            |guard| guard.watches[0].terms.stretch ^= 1,
            |guard| guard.watches[0].terms.leads_up ^= true,
        ];
        for damage in damages {
            for before in 0..2 {
                let mut guard = Guard::new(checked, 0);
                for now in 0..before {
                    guard.tick(now).unwrap();
                }
                damage(&mut guard);
                let trip = (before..before + 2).find_map(|now| guard.tick(now).err());
                is_corrupt(&guard, trip);
            }
        }
    });
}

/// REQ-SAF-687: a reset takes over no term that was damaged.
#[test]
fn a_reset_has_terms_of_its_own() {
    with_checked(|checked, _, _| {
        let mut guard = Guard::new(checked, 0);
        guard.watches[0].terms.wait ^= 1 << 62;
        let trip = (0..2).find_map(|now| guard.tick(now).err());
        is_corrupt(&guard, trip);
        guard.reset(2, Fault::StateCorrupt).unwrap();
        assert!((2..8).all(|now| guard.tick(now).is_ok()), "{:?}", guard.latched());
    });
}

/// REQ-SAF-500: what is known of a pulse has a checksum. Damaged, it is worked out again when the pulse comes again; a
/// damaged frame is no longer the one that comes.
#[test]
fn damaged_knowledge() {
    with_checked(|checked, frame, _| {
        let damages: [fn(&mut Watch<'_>); 9] = [
            |watch| watch.known.net ^= 1 << 40,
            |watch| watch.known.along ^= 1,
            |watch| watch.known.driven ^= 1 << 33,
            |watch| watch.known.swing_na ^= 1 << 63,
            |watch| watch.known.strongest.negative ^= 1 << 9,
            |watch| watch.known.word ^= 1 << 31,
            |watch| watch.known.count ^= 2,
            |watch| watch.known.each ^= 1 << 15,
            |watch| watch.known.gap_last ^= true,
        ];
        let mut guard = Guard::new(checked, 0);
        for event in [Event::Passed, Event::Probe, Event::Contact] {
            guard.handle(0, event).unwrap();
        }
        let one = Setting::new(1_000, 300).unwrap();
        guard.set_level(0, 0, one).unwrap();
        let mut again = checked.plan().frame(0, one, frame.onset_tick()).unwrap();
        again.move_to(0, 10);
        guard.admit(0, &again).unwrap();
        let intact = guard.watches[0].known.sum();
        for (number, damage) in (1..).zip(damages) {
            damage(&mut guard.watches[0]);
            assert_ne!(guard.watches[0].known.sum(), intact);
            again.move_to(number, 10);
            assert!(!guard.watches[0].is_again(&again));
            guard.admit(0, &again).unwrap();
            assert_eq!(guard.watches[0].known.sum(), intact);
            again.move_to(number, 10);
            assert!(guard.watches[0].is_again(&again));
        }
    });
}

/// REQ-SAF-500: points and a table stand elsewhere, so a pulse of them is the one before it only as long as their word is what it
/// was; else it is worked out anew, from the session.
#[test]
fn what_stands_elsewhere() {
    let us = |us| Micros::from_micros(us).unwrap();
    let points = [1_000, 0, -1_000].map(|permille| Point { permille, width: us(100) });
    let table = [8_192, 16_384, 8_192];
    let forms = [(Form::Points(&points), false), (Form::Table(&table), false), (Form::Rectangular, true)];
    for (form, stored) in forms {
        with_pulse(PulseShape { form, ..PulseShape::default() }, |checked, frame, _| {
            let mut guard = Guard::new(checked, 0);
            for event in [Event::Passed, Event::Probe, Event::Contact] {
                guard.handle(0, event).unwrap();
            }
            let one = Setting::new(1_000, 300).unwrap();
            guard.set_level(0, 0, one).unwrap();
            let mut again = checked.plan().frame(0, one, frame.onset_tick()).unwrap();
            assert_eq!(again.is_stored(), stored);
            guard.admit(0, &again).unwrap();
            again.move_to(1, 10);
            assert!(guard.watches[0].is_again(&again));
            let watch = &mut guard.watches[0];
            let intact = watch.known.word;
            watch.known.word ^= 1;
            watch.known_sum = watch.known.sum();
            assert_eq!(watch.is_again(&again), stored);
            guard.admit(0, &again).unwrap();
            assert_eq!(guard.watches[0].known.word == intact, !stored);
        });
    }
}

/// REQ-SAF-675: what a profile lets a pulse leave is a charge, on a clock of whatever ticks.
#[test]
fn a_charge_in_ticks_of_the_clock() {
    with_checked(|checked, _, _| {
        for (ticks_per_second, most) in [(1_000_000, 1_500_000), (16_000_000, 24_000_000)] {
            let outputs = [*checked.plan().hardware().channel(0).unwrap()];
            let hardware = Hardware::new(HardwareTiming::ideal(ticks_per_second), &outputs, 0).unwrap();
            let plan = Plan::compile(checked.plan().session(), &hardware).unwrap();
            let stated = Profile::custom("direct", &Profile::default()).with_limit(&rules::E_BAL_1, 1_500);
            let checked = check(plan, checked.setup(), &stated.unwrap()).unwrap();
            assert_eq!(Limits::of(&checked).net, most, "{ticks_per_second}");
        }
    });
}

/// The same plan but for one thing.
fn other(
    class: UseClass,
    change: impl FnOnce(&mut Channel<'_>, &mut HardwareTiming, &mut ChannelHardware),
    with: impl FnOnce(&Checked<'_>),
) {
    let set = Setting::new(5_000, 300).unwrap();
    let half = Millis::from_millis(500).unwrap();
    let ramp = Ramp { up: half, down: half, down_min: half, ..Ramp::default() };
    let (rate, pulse) = (Rate::from_hz(40).unwrap(), PulseShape::default());
    let mut channel =
        Channel { pulse, rate, train: Train::default(), set, ceiling: set, ramp, offset: Micros::ZERO };
    let (mut timing, mut dac) =
        (HardwareTiming::ideal(1_000_000), ChannelHardware::symmetric(100_000, -2_048, 2_047));
    change(&mut channel, &mut timing, &mut dac);
    let channels = [channel; 2];
    let session =
        Session::new(&channels, Schedule::Continuous, Millis::from_millis(60_000).unwrap()).unwrap();
    let hardware = Hardware::new(timing, &[dac; 2], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let setup = Setup::new(&[2_500; 2], class).unwrap();
    let setup = setup.with_limit(crate::Layer::Protocol, &rules::E_SES_1, 60_000).unwrap();
    with(&check(plan, &setup, &Profile::default()).unwrap());
}

/// REQ-SAF-707: a plan that is not the one that was checked any more opens the output within as many ticks as there are
/// checksums; one that is the same goes on.
#[test]
fn another_plan_than_was_checked() {
    type Change = fn(&mut Channel<'_>, &mut HardwareTiming, &mut ChannelHardware);
    let changes: [Change; 12] = [
        |_, _, dac| dac.na_per_code_positive ^= 1 << 16,
        |_, _, dac| dac.na_per_code_negative ^= 1,
        |_, _, dac| dac.offset_na ^= 1,
        |_, _, dac| dac.code_max ^= 1,
        |channel, _, _| channel.ceiling = Setting::new(5_001, 300).unwrap(),
        |channel, _, _| channel.set = Setting::new(4_999, 300).unwrap(),
        |channel, _, _| channel.pulse.gap = Micros::from_micros(101).unwrap(),
        |channel, _, _| channel.pulse.leading = nmes_core::Polarity::Negative,
        |channel, _, _| channel.rate = Rate::from_hz(41).unwrap(),
        |channel, _, _| channel.ramp.down = Millis::from_millis(501).unwrap(),
        |_, timing, _| timing.stamp_error_ticks = 1,
        |_, timing, _| timing.dead_ticks = 2,
    ];
    other(
        UseClass::Specialist,
        |_, _, _| (),
        |checked| {
            for (number, change) in changes.iter().enumerate() {
                other(UseClass::Specialist, change, |damaged| {
                    let mut guard = Guard::new(checked, 0);
                    guard.checked = damaged;
                    let found = (1..=3).find_map(|tick| guard.tick(tick).err());
                    assert!(found.is_some(), "change {number}");
                    is_corrupt(&guard, found);
                });
            }
            other(
                UseClass::FunctionalWear,
                |_, _, _| (),
                |worn| {
                    let mut guard = Guard::new(checked, 0);
                    guard.checked = worn;
                    let found = (1..=3).find_map(|tick| guard.tick(tick).err());
                    is_corrupt(&guard, found);
                },
            );
            other(
                UseClass::Specialist,
                |_, _, _| (),
                |same| {
                    let mut guard = Guard::new(checked, 0);
                    guard.checked = same;
                    assert!((1..=20).all(|tick| guard.tick(tick).is_ok()));
                },
            );
        },
    );
}

/// REQ-SAF-711: a plan that changed before the guard was made is found as one that changes after it; and no reset makes it the one that
/// was checked.
#[test]
fn a_plan_that_changed_before() {
    let damage = |_: &mut Channel<'_>, _: &mut HardwareTiming, dac: &mut ChannelHardware| {
        dac.na_per_code_positive ^= 1 << 16;
    };
    other(
        UseClass::Specialist,
        |_, _, _| (),
        |checked| {
            other(UseClass::Specialist, damage, |damaged| {
                let changed = checked.with_plan(*damaged.plan());
                let mut made_of_it = Guard::new(&changed, 0);
                let mut reset = Guard::new(checked, 0);
                reset.checked = damaged;
                for guard in [&mut made_of_it, &mut reset] {
                    let found = (1..=3).find_map(|tick| guard.tick(tick).err());
                    is_corrupt(guard, found);
                    guard.reset(10, Fault::StateCorrupt).unwrap();
                    let found = (11..=13).find_map(|tick| guard.tick(tick).err());
                    is_corrupt(guard, found);
                }
            });
        },
    );
}
