//! The contact check as a plan, and what its measurements say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::*;

fn sample(voltage_mv: i32, at_tick: u64, instant: SampleInstant) -> Sensed {
    Sensed { current_na: 3_000_000, voltage_mv, at_tick, instant }
}

/// So many phases, a tenth of a second apart, of which the last ends at the time returned.
fn phases(contact: &mut Contact, from: u64, count: u64, ohm: i32) -> u64 {
    for n in 0..count {
        let at = from + n * 100_000;
        contact.take(3_000_000, &sample(ohm * 3 / 2, at + 20, SampleInstant::PhaseStart));
        contact.take(3_000_000, &sample(ohm * 3, at + 199, SampleInstant::PhaseEnd));
    }
    from + (count - 1) * 100_000 + 199
}

/// REQ-SAF-420: the contact check is a plan of its own: 3 mA for 200 µs, one channel after the other, under the
/// limits of the session's setup and its own, and under the channel's own ceiling.
#[test]
fn the_probe_is_a_checked_plan() {
    for rig in [
        Rig::default(),
        Rig { late: 10, stamp: 1, ..Rig::default() },
        Rig { gains: (100_000, 99_300), ..Rig::default() },
    ] {
        let session = rig.checked();
        let probe = Probe::of(session);
        let probing = probe.check(session).unwrap();
        assert_eq!(probing.plan().hardware(), session.plan().hardware());
        assert_eq!(probing.plan().channel_count(), session.plan().channel_count());
        for (rule, limit) in PROBE_LIMITS {
            let row = probing.report().row(rule).unwrap();
            assert!(row.value.unwrap() <= limit, "{row}");
            assert_eq!(probing.limit(rule).unwrap().value, limit, "{row}");
        }
    }
    let weak = Rig { set: (2_000, 100), ceiling: (2_000, 100), ..Rig::default() }.checked();
    let probe = Probe::of(weak);
    let probing = probe.check(weak).unwrap();
    assert_eq!(probing.report().row(&rules::E_PEAK_1).unwrap().value, Some(2_000));
    // what a layer of the session's setup says binds here too: 3 mA × 200 µs is more than half a microcoulomb
    let strong = Rig { set: (3_000, 150), ceiling: (3_000, 160), ..Rig::default() }.checked();
    let lower = |pc| {
        let setup = strong.setup().with_limit(Layer::Subject, &rules::E_Q_1, pc).unwrap();
        check(*strong.plan(), &setup, &Profile::default()).unwrap()
    };
    assert!(Probe::of(strong).check(&lower(480_000)).is_ok());
    let low = lower(480_000);
    let wider = Rig::default().checked();
    let denied = Probe::of(wider).check(&low).unwrap_err().to_string();
    assert!(denied.contains("E-Q-1") && denied.contains("contact check"), "{denied}");
}

/// REQ-SAF-420: its pulses run in [`State::Probing`] under a guard of their own, from the first milliampere to its ceiling, and
/// end with nothing owed.
#[test]
fn the_probe_runs_under_a_guard() {
    let session = Rig::default().checked();
    let probe = Probe::of(session);
    let probing = probe.check(session).unwrap();
    let mut guard = Guard::new(&probing, 0);
    let one = setting(1_000, 200);
    assert!(guard.set_level(0, 0, one).is_err(), "nothing before the check begins");
    guard.handle(0, Event::Passed).unwrap();
    guard.handle(0, Event::Probe).unwrap();
    guard.set_level(0, 0, one).unwrap();
    assert_eq!(guard.set_level(0, 0, setting(4_000, 200)).unwrap_err().rule, "CEILING");
    for n in 0..5_u32 {
        let onset = 1_000 + u64::from(n) * 100_000;
        let frame = probing.plan().frame(0, one, onset).unwrap();
        let frame = remade(&frame, n, onset, &list(&frame));
        guard.admit(onset, &frame).unwrap();
        for edge in 0..frame.edge_count() {
            guard.edge(frame.edge_tick(edge).unwrap(), &change(&frame, edge), None).unwrap();
        }
        assert_eq!((guard.state(), guard.ledger(0)), (State::Probing, Some(Charge::ZERO)));
    }
    assert_eq!(guard.handle(600_000, Event::Contact), Ok(State::Armed));
}

/// REQ-SAF-421: E-Z-1 from both sides, after three phases that agree; the start of a phase is kept beside its end.
#[test]
fn short_and_open() {
    for (ohm, expected) in [
        (99, ContactState::Short),
        (100, ContactState::Good),
        (5_000, ContactState::Good),
        (5_001, ContactState::Open),
    ] {
        let mut contact = Contact::of(Rig::default().checked());
        let end = phases(&mut contact, 0, 3, ohm);
        assert_eq!(contact.state(end), expected, "{ohm} ohm");
        assert_eq!(contact.state(end).is_in_contact(), expected == ContactState::Good);
        let ohm = u32::try_from(ohm).unwrap();
        assert_eq!(contact.impedance().end_ohm, Some(ohm));
        assert!(contact.impedance().start_ohm.unwrap().abs_diff(ohm / 2) <= 1);
    }
    let mut contact = Contact::new(1_000_000);
    let end = phases(&mut contact, 0, 2, 1_000);
    assert_eq!(contact.state(end), ContactState::Unknown, "two phases are not enough");
    let end = phases(&mut contact, end + 1, 1, 6_000);
    assert_eq!(contact.state(end), ContactState::Open, "one is, to say that there is none");
    let end = phases(&mut contact, end + 1, 2, 1_000);
    assert_eq!(contact.state(end), ContactState::Unknown, "and the count begins anew");
    let end = phases(&mut contact, end + 1, 1, 1_000);
    assert_eq!(contact.state(end), ContactState::Good);
}

/// REQ-SAF-421: no current where one is commanded is an open electrode; at rest, or at a level within the noise, nothing is
/// said.
#[test]
fn no_current_is_open() {
    let mut contact = Contact::new(1_000_000);
    let none = |instant, na| Sensed { current_na: na, voltage_mv: 30_000, at_tick: 100, instant };
    contact.take(0, &none(SampleInstant::Rest, 0));
    contact.take(3_000_000, &none(SampleInstant::Rest, 0));
    contact.take(1_000_000, &none(SampleInstant::PhaseEnd, 1_000_000));
    assert_eq!(contact.state(100), ContactState::Unknown);
    contact.take(1_000_001, &none(SampleInstant::PhaseEnd, 1_000_000));
    assert_eq!((contact.state(100), contact.impedance().end_ohm), (ContactState::Open, None));
    // the other way round: 30 V at 2 mA against the leading way is 15 kohm
    contact.take(-3_000_000, &none(SampleInstant::PhaseEnd, -2_000_000));
    assert_eq!(contact.impedance().end_ohm, Some(15_000));
}

/// REQ-SAF-421: what a layer states instead of E-Z-1 is what binds.
#[test]
fn limits_of_the_layers() {
    let rig = Rig::default().checked();
    let setup = rig.setup().with_limit(Layer::Device, &rules::E_Z_1_OPEN, 2_000).unwrap();
    let setup = setup.with_limit(Layer::Device, &rules::E_Z_1_SHORT, 300).unwrap();
    let checked = check(*rig.plan(), &setup, &Profile::default()).unwrap();
    for (ohm, expected) in [
        (299, ContactState::Short),
        (300, ContactState::Good),
        (2_000, ContactState::Good),
        (2_001, ContactState::Open),
    ] {
        let mut contact = Contact::of(&checked);
        let end = phases(&mut contact, 0, 3, ohm);
        assert_eq!(contact.state(end), expected, "{ohm} ohm");
    }
}

/// REQ-SAF-422: a measurement that is older than five seconds is taken for no contact, and phases on its two sides do not add up.
#[test]
fn old_measurements_say_nothing() {
    let mut contact = Contact::new(1_000_000);
    let end = phases(&mut contact, 0, 3, 1_000);
    assert_eq!(contact.state(end + 5_000_000), ContactState::Good);
    assert_eq!(contact.state(end + 5_000_001), ContactState::Unknown);
    let again = phases(&mut contact, end + 5_000_001 - 199, 1, 1_000);
    assert_eq!(contact.state(again), ContactState::Unknown);
    let mut other = Contact::new(1_000_000);
    let end = phases(&mut other, 0, 3, 1_000);
    let again = phases(&mut other, end + 5_000_000 - 199, 1, 1_000);
    assert_eq!(other.state(again), ContactState::Good);
}

/// So many phases of an impedance after three of 1 kohm are not told, and others are.
fn sides(quiet: (i32, u64), told: (i32, u64)) {
    for ((ohm, count), expected) in [(quiet, ContactState::Good), (told, ContactState::Rising)] {
        let mut contact = Contact::new(1_000_000);
        let end = phases(&mut contact, 0, 3, 1_000);
        let end = phases(&mut contact, end + 1, count, ohm);
        assert_eq!(contact.state(end), expected, "{count} phases of {ohm} ohm");
        assert!(contact.state(end).is_in_contact());
    }
}

/// REQ-SAF-423: an impedance over 1.5 times that at the beginning, for five seconds without one under it, is a pad that peels or
/// dries (E-Z-2); the next beginning counts anew.
#[test]
fn a_pad_that_dries() {
    let (up_to, over) = (1_500, 1_501);
    assert_eq!((over - up_to, rules::E_Z_2.limit), (1, 500));
    sides((up_to, 200), (over, 51));
    sides((over, 50), (over, 51));
    let mut contact = Contact::new(1_000_000);
    let end = phases(&mut contact, 0, 3, 1_000);
    let end = phases(&mut contact, end + 1, 40, over);
    let end = phases(&mut contact, end + 1, 1, up_to);
    let end = phases(&mut contact, end + 1, 40, over);
    assert_eq!(contact.state(end), ContactState::Good, "one under it begins the time anew");
    contact.begin();
    let end = phases(&mut contact, end + 1, 100, over);
    assert_eq!(contact.state(end), ContactState::Good);
}
