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

/// REQ-SAF-672: a figure of the session's own profile binds the contact check too, where it is stricter; those of a profile that is
/// for one use class loosen nothing.
#[test]
fn the_probe_keeps_the_profile_of_the_session() {
    let rig = Rig { set: (3_000, 200), ceiling: (3_000, 200), ..Rig::default() }.checked();
    let with = |profile: &Profile| check(*rig.plan(), rig.setup(), profile).unwrap();
    let clinic =
        |most| Profile::custom("clinic", &Profile::default()).with_limit(&rules::E_Q_1, most).unwrap();
    let exact = with(&clinic(600_000)); // 3 mA × 200 µs
    let probe = Probe::of(&exact);
    assert_eq!(probe.check(&exact).unwrap().limit(&rules::E_Q_1).unwrap().value, 600_000);
    // the session itself has half the charge
    let low = Rig { set: (1_500, 200), ceiling: (1_500, 200), ..Rig::default() }.checked();
    let less = check(*low.plan(), low.setup(), &clinic(599_999)).unwrap();
    let denied = probe.check(&less).unwrap_err().to_string();
    assert!(denied.contains("E-Q-1") && denied.contains("0.599999 µC"), "{denied}");

    let fda = with(&Profile::named("fda-limited-output-draft").unwrap());
    assert!(Probe::of(&fda).check(&fda).unwrap().report().row(&rules::G_LO_Q).is_some());
    let setup = Setup::new(&[2_500], UseClass::Specialist).unwrap();
    let muscle = Profile::named("specialist-direct-muscle").unwrap();
    let muscle = check(*rig.plan(), &setup, &muscle.with_limit(&rules::E_W_1, 100_000).unwrap()).unwrap();
    let probe = Probe::of(&muscle);
    for (rule, limit) in PROBE_LIMITS {
        assert_eq!(probe.check(&muscle).unwrap().limit(rule).unwrap().value, limit);
    }
    assert_eq!(probe.check(&muscle).unwrap().report().profile(), "contact-check");
}

/// REQ-SAF-672: a profile with as many figures as it may state leaves room for those of the contact check, and one with a slower rate
/// slows it down, for as many pulses.
#[test]
fn the_probe_fits_every_profile() {
    let twelve: [(&Rule, u64); MAX_STATED] = [
        (&rules::N_RMS_X, 40_000),
        (&rules::E_DC_3, 40),
        (&rules::E_IPG_1, 200),
        (&rules::G_PD_1, 200_000),
        (&rules::E_J_2, 1_500),
        (&rules::E_SLEW_2, 300_000),
        (&rules::N_EN_1, 200_000),
        (&rules::N_DOC_1, 1_500),
        (&rules::E_DC_4, 100),
        (&rules::N_DC_1, 70_000),
        (&rules::E_OC_1, 1_100),
        (&rules::E_COMP_1, 800),
    ];
    let rig = Rig { hz: 2, set: (20_000, 200), ceiling: (20_000, 200), ..Rig::default() }.checked();
    let own = Profile::custom("own", &Profile::default());
    let full = twelve.into_iter().try_fold(own, |own, (rule, value)| own.with_limit(rule, value)).unwrap();
    assert!(matches!(full.with_limit(&rules::E_Q_1, 1), Err(LimitError::Full { .. })));
    let session = check(*rig.plan(), rig.setup(), &full).unwrap();
    let probe = Probe::of(&session);
    for (rule, limit) in PROBE_LIMITS {
        assert_eq!(probe.check(&session).unwrap().limit(rule).unwrap().value, limit);
    }
    for (mhz, period_us, length_ms) in [
        (150_000, 100_000, 2_600),
        (10_000, 100_000, 2_600),
        (9_000, 111_112, 2_660),
        (3_000, 333_334, 3_770),
    ] {
        let session = check(*rig.plan(), rig.setup(), &own.with_limit(&rules::E_F_1, mhz).unwrap()).unwrap();
        let probe = Probe::of(&session);
        let probing = probe.check(&session).unwrap();
        assert_eq!(probing.plan().channel(0).unwrap().rate(), Rate::new(1, period_us).unwrap(), "{mhz}");
        assert_eq!(probing.plan().session().length(), ms(length_ms), "{mhz}");
    }
    // five pulses take longer than a contact check may last
    let slow = Rig { hz: 1, ..Rig::default() }.checked();
    let session = check(*slow.plan(), slow.setup(), &own.with_limit(&rules::E_F_1, 1_700).unwrap()).unwrap();
    let denied = Probe::of(&session).check(&session).unwrap_err().to_string();
    assert!(denied.contains("E-SES-1"), "{denied}");
}

/// REQ-SAF-673: whatever plan a guard was made from, while it probes pulses come no faster than a contact check's, for no longer,
/// and do not repeat.
#[test]
fn probing_with_the_plan_of_the_session() {
    let probing = |checked: &'static Checked<'static>| {
        let mut guard = Guard::new(checked, 0);
        guard.handle(0, Event::Passed).unwrap();
        guard.handle(0, Event::Probe).unwrap();
        guard.set_level(0, 0, setting(1_000, 200)).unwrap();
        guard
    };
    let checked = Rig::default().checked();
    let frame = |n, onset| pulse_at(checked, setting(1_000, 200), n, onset);
    let refused = |trip: Result<(), Trip>| trip.map_err(|trip| (trip.fault, trip.rule));
    // an input may put an onset off by so much
    let wait = checked.plan().channel(0).unwrap().deferral_ticks();
    for (apart, told) in [(100_000 - wait, Ok(())), (99_999 - wait, Err((Fault::Rate, "PROBING")))] {
        let mut guard = probing(checked);
        play(&mut guard, &frame(1, 1_000)).unwrap();
        assert_eq!(refused(play(&mut guard, &frame(2, 1_000 + apart))), told, "{apart}");
    }
    for (last, told) in [(5_000_000, Ok(())), (5_000_001, Err((Fault::SessionLength, "PROBING")))] {
        let mut guard = probing(checked);
        for n in 0..50_u32 {
            tended(&mut guard, u64::from(n) * 100_000);
            play(&mut guard, &frame(n + 1, 1_000 + u64::from(n) * 100_000)).unwrap();
        }
        tended(&mut guard, last);
        assert_eq!(refused(play(&mut guard, &frame(100, 1_000 + last))), told, "{last}");
    }
    // the time begins anew with the next check
    let mut guard = probing(checked);
    play(&mut guard, &frame(1, 1_000)).unwrap();
    guard.handle(20_000, Event::Disarm).unwrap();
    guard.handle(9_000_000, Event::Probe).unwrap();
    guard.set_level(9_000_000, 0, setting(1_000, 200)).unwrap();
    play(&mut guard, &frame(2, 9_000_100)).unwrap();

    let twice = Repeat { count: 2, gap: Micros::from_micros(100).unwrap() };
    let checked = Rig { repeat: twice, ..Rig::default() }.checked();
    let frame = checked.plan().frame(0, setting(1_000, 200), 1_000).unwrap();
    assert_eq!(refused(play(&mut probing(checked), &frame)), Err((Fault::Form, "PROBING")));
    assert_eq!(play(&mut armed(checked, 0), &frame).map_err(|trip| trip.rule), Err("SET-LEVEL"));
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
        let mut contact = Contact::of(Rig::default().checked(), 0);
        let end = phases(&mut contact, 0, 3, ohm);
        assert_eq!(contact.state(end), expected, "{ohm} ohm");
        assert_eq!(contact.state(end).is_in_contact(), expected == ContactState::Good);
        let ohm = u32::try_from(ohm).unwrap();
        assert_eq!(contact.impedance().end_ohm, Some(ohm));
        assert!(contact.impedance().start_ohm.unwrap().abs_diff(ohm / 2) <= 1);
    }
    let mut contact = Contact::new(1_000_000, Polarity::Positive);
    let end = phases(&mut contact, 0, 2, 1_000);
    assert_eq!(contact.state(end), ContactState::Unknown, "two phases are not enough");
    let end = phases(&mut contact, end + 1, 1, 6_000);
    assert_eq!(contact.state(end), ContactState::Open, "one is, to say that there is none");
    let end = phases(&mut contact, end + 1, 2, 1_000);
    assert_eq!(contact.state(end), ContactState::Unknown, "and the count begins anew");
    let end = phases(&mut contact, end + 1, 1, 1_000);
    assert_eq!(contact.state(end), ContactState::Good);
}

/// REQ-SAF-421: no current where one is commanded is an open electrode; at rest, or at a level under twice the noise, nothing
/// is said.
#[test]
fn no_current_is_open() {
    let mut contact = Contact::new(1_000_000, Polarity::Positive);
    let none = |instant, na| Sensed { current_na: na, voltage_mv: 30_000, at_tick: 100, instant };
    contact.take(0, &none(SampleInstant::Rest, 0));
    contact.take(3_000_000, &none(SampleInstant::Rest, 0));
    contact.take(1_999_999, &none(SampleInstant::PhaseEnd, 1_000_000));
    assert_eq!(contact.state(100), ContactState::Unknown);
    contact.take(2_000_000, &none(SampleInstant::PhaseEnd, 1_000_000));
    assert_eq!((contact.state(100), contact.impedance().end_ohm), (ContactState::Open, None));
    // 30 V at 2 mA is 15 kohm
    let later = Sensed { at_tick: 200, ..none(SampleInstant::PhaseEnd, 2_000_000) };
    contact.take(3_000_000, &later);
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
        let mut contact = Contact::of(&checked, 0);
        let end = phases(&mut contact, 0, 3, ohm);
        assert_eq!(contact.state(end), expected, "{ohm} ohm");
    }
    let setup = rig.setup().with_limit(Layer::Device, &rules::E_Z_2, 200).unwrap();
    let checked = check(*rig.plan(), &setup, &Profile::default()).unwrap();
    for (ohm, expected) in [(1_200, ContactState::Good), (1_201, ContactState::Rising)] {
        let mut contact = Contact::of(&checked, 0);
        let end = phases(&mut contact, 0, 3, 1_000);
        let end = phases(&mut contact, end + 1, 51, ohm);
        assert_eq!(contact.state(end), expected, "{ohm} ohm");
    }
}

/// REQ-SAF-422: a measurement that is older than five seconds is taken for no contact, and phases on its two sides do not add up.
#[test]
fn old_measurements_say_nothing() {
    let mut contact = Contact::new(1_000_000, Polarity::Positive);
    let end = phases(&mut contact, 0, 3, 1_000);
    assert_eq!(contact.state(end + 5_000_000), ContactState::Good);
    assert_eq!(contact.state(end + 5_000_001), ContactState::Unknown);
    let again = phases(&mut contact, end + 5_000_001 - 199, 1, 1_000);
    assert_eq!(contact.state(again), ContactState::Unknown);
    let mut other = Contact::new(1_000_000, Polarity::Positive);
    let end = phases(&mut other, 0, 3, 1_000);
    let again = phases(&mut other, end + 5_000_000 - 199, 1, 1_000);
    assert_eq!(other.state(again), ContactState::Good);
}

/// So many phases of an impedance after three of 1 kohm are not told, and others are.
fn sides(quiet: (i32, u64), told: (i32, u64)) {
    for ((ohm, count), expected) in [(quiet, ContactState::Good), (told, ContactState::Rising)] {
        let mut contact = Contact::new(1_000_000, Polarity::Positive);
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
    let mut contact = Contact::new(1_000_000, Polarity::Positive);
    let end = phases(&mut contact, 0, 3, 1_000);
    let end = phases(&mut contact, end + 1, 40, over);
    let end = phases(&mut contact, end + 1, 1, up_to);
    let end = phases(&mut contact, end + 1, 40, over);
    assert_eq!(contact.state(end), ContactState::Good, "one under it begins the time anew");
    contact.begin(end);
    let end = phases(&mut contact, end + 1, 100, over);
    assert_eq!(contact.state(end), ContactState::Good);
}

/// REQ-SAF-620: of a pulse the phase in the leading polarity is judged, and no other, whichever polarity that is.
#[test]
fn the_leading_phase_is_judged() {
    for (leading, sign) in [(Polarity::Positive, 1), (Polarity::Negative, -1)] {
        let mut contact = Contact::new(1_000_000, leading);
        let mut take = |at_tick, sign: i32, ohm: i32, instant| {
            let current_na = i64::from(sign) * 3_000_000;
            let voltage_mv = sign * ohm * 3;
            contact.take(current_na, &Sensed { current_na, voltage_mv, at_tick, instant });
        };
        for n in 0..60 {
            let (at, ohm) = (n * 100_000, if n < 3 { 900 } else { 1_400 });
            take(at + 20, sign, 300, SampleInstant::PhaseStart);
            take(at + 199, sign, ohm, SampleInstant::PhaseEnd);
            take(at + 220, -sign, 50, SampleInstant::PhaseStart);
            take(at + 399, -sign, ohm / 2, SampleInstant::PhaseEnd);
        }
        let impedance = contact.impedance();
        assert_eq!((impedance.start_ohm, impedance.end_ohm), (Some(300), Some(1_400)), "{leading:?}");
        assert_eq!(contact.state(5_900_400), ContactState::Rising, "{leading:?}");
    }
    for leading in [Polarity::Positive, Polarity::Negative] {
        let rig = led(Rig::default().checked(), leading);
        let mut contact = Contact::of(rig, 0);
        let end = phases(&mut contact, 0, 3, 1_000);
        let expected = if leading == Polarity::Positive { ContactState::Good } else { ContactState::Unknown };
        assert_eq!(contact.state(end), expected, "{leading:?}");
    }
}

/// REQ-SAF-621: a measurement stamped later than now is none; the same stamp again is the same measurement; an earlier one
/// begins the count anew.
#[test]
fn stamps_that_cannot_be() {
    let positive = || Contact::new(1_000_000, Polarity::Positive);
    let mut contact = positive();
    let end = phases(&mut contact, 0, 3, 1_000);
    assert_eq!(contact.state(end - 1), ContactState::Unknown, "one tick ahead");
    assert_eq!(contact.state(end), ContactState::Good);
    for _ in 0..9 {
        contact.take(3_000_000, &sample(3_000, u64::MAX, SampleInstant::PhaseEnd));
    }
    assert_eq!(contact.state(end), ContactState::Unknown, "stamped at the end of time");
    let end = phases(&mut contact, end + 1, 2, 1_000);
    assert_eq!(contact.state(end), ContactState::Unknown, "a new count of two");
    let end = phases(&mut contact, end + 1, 1, 1_000);
    assert_eq!(contact.state(end), ContactState::Good);
    // the clock begins anew
    assert_eq!(contact.state(0), ContactState::Unknown);
    let end = phases(&mut contact, 0, 2, 1_000);
    assert_eq!(contact.state(end), ContactState::Unknown);
    let end = phases(&mut contact, end + 1, 1, 1_000);
    assert_eq!(contact.state(end), ContactState::Good);
    // and so does the time that an impedance is risen for
    let mut dries = positive();
    let end = phases(&mut dries, 100_000_000, 3, 1_000);
    phases(&mut dries, end + 1, 60, 1_600);
    let end = phases(&mut dries, 0, 53, 1_600);
    assert_eq!(dries.state(end), ContactState::Rising);
    // the first instant of a clock is one like any other
    let mut first = positive();
    for at_tick in [0, 1, 2] {
        first.take(3_000_000, &sample(3_000, at_tick, SampleInstant::PhaseEnd));
    }
    assert_eq!(first.state(2), ContactState::Good);
    // one reading, handed over again and again
    let mut frozen = positive();
    for at_tick in [199, 199, 199, 199, 200, 200] {
        frozen.take(3_000_000, &sample(3_000, at_tick, SampleInstant::PhaseEnd));
        assert_eq!(frozen.state(250), ContactState::Unknown);
    }
    frozen.take(3_000_000, &sample(3_000, 201, SampleInstant::PhaseEnd));
    assert_eq!(frozen.state(250), ContactState::Good);
}

/// REQ-SAF-622: the trend is held against a phase that says that there is contact, not against an open one, and one that says
/// there is none begins its time anew.
#[test]
fn the_trend_is_of_contact() {
    let mut contact = Contact::new(1_000_000, Polarity::Positive);
    let end = phases(&mut contact, 0, 20, 6_000);
    let end = phases(&mut contact, end + 1, 3, 1_000);
    let end = phases(&mut contact, end + 1, 60, 1_600);
    assert_eq!(contact.state(end), ContactState::Rising, "over 1.5 times 1 kohm, not 6");
    let end = phases(&mut contact, end + 1, 1, 6_000);
    let end = phases(&mut contact, end + 1, 49, 1_600);
    assert_eq!(contact.state(end), ContactState::Good);
    let end = phases(&mut contact, end + 1, 10, 1_600);
    assert_eq!(contact.state(end), ContactState::Rising);
}

/// REQ-SAF-622: the trend is held against what three phases in a row say, not against the first of them, which says nothing yet.
#[test]
fn the_trend_begins_where_phases_agree() {
    let mut contact = Contact::new(1_000_000, Polarity::Positive);
    let end = phases(&mut contact, 0, 2, 1_000);
    let end = phases(&mut contact, end + 1, 60, 1_600);
    assert_eq!(contact.state(end), ContactState::Good);
    let end = phases(&mut contact, end + 1, 60, 2_401);
    assert_eq!(contact.state(end), ContactState::Rising, "over 1.5 times 1.6 kohm");
}

/// REQ-SAF-623: with a noise that the setup states, phases of twice that are judged and those just under it are not.
#[test]
fn small_currents_with_a_stated_noise() {
    let rig = Rig::default().checked();
    let setup = rig.setup().with_measurement_noise(MicroAmps::from_microamps(100).unwrap()).unwrap();
    let checked = check(*rig.plan(), &setup, &Profile::default()).unwrap();
    let judged = |mut contact: Contact, na: i64| {
        for at_tick in 1..4 {
            let voltage_mv = i32::try_from(na / 1_000).unwrap(); // 1 kohm
            let instant = SampleInstant::PhaseEnd;
            contact.take(na, &Sensed { current_na: na, voltage_mv, at_tick, instant });
        }
        contact.state(3)
    };
    assert_eq!(judged(Contact::of(&checked, 0), 199_999), ContactState::Unknown);
    assert_eq!(judged(Contact::of(&checked, 0), 200_000), ContactState::Good);
    assert_eq!(judged(Contact::of(rig, 0), 1_999_999), ContactState::Unknown);
    assert_eq!(judged(Contact::of(rig, 0), 2_000_000), ContactState::Good);
    // no current where one above the noise is commanded
    let mut open = Contact::of(&checked, 0);
    open.take(
        500_000,
        &Sensed { current_na: 100_000, voltage_mv: 9_000, at_tick: 1, instant: SampleInstant::PhaseEnd },
    );
    assert_eq!((open.state(1), open.impedance().end_ohm), (ContactState::Open, None));
}

/// REQ-SAF-624: pulses of the contact check that are put out at less than twice the noise of the measurement are refused; those of
/// a code more are not, and with a smaller noise a channel of less has them too.
#[test]
fn a_probe_in_the_noise() {
    let rig = |ua| Rig { set: (ua, 200), ceiling: (ua, 200), gains: (10_000, 10_000), ..Rig::default() };
    let small = rig(1_990).checked();
    let probe = Probe::of(small);
    match probe.check(small).unwrap_err() {
        ProbeError::Noise { channel: 0, current_na: 1_990_000, noise_na: 1_000_000 } => {}
        other => panic!("{other}"),
    }
    let said = probe.check(small).unwrap_err().to_string();
    assert!(said.contains("1990000 nA") && said.contains("twice") && said.contains("1000000 nA"), "{said}");
    let more = rig(2_000).checked();
    assert!(Probe::of(more).check(more).is_ok());
    for (ua, passes) in [(995, true), (996, false)] {
        let noise = MicroAmps::from_microamps(ua).unwrap();
        let setup = small.setup().with_measurement_noise(noise).unwrap();
        let told = check(*small.plan(), &setup, &Profile::default()).unwrap();
        assert_eq!(Probe::of(&told).check(&told).is_ok(), passes, "{ua}");
    }
    // what counts is what the way that leads puts out: with codes of 10.1 and 9.9 µA, 2 mA is 1.998 mA one way
    for (leading, passes) in [(Polarity::Positive, true), (Polarity::Negative, false)] {
        let uneven = led(Rig { gains: (10_010, 9_990), ..rig(2_002) }.checked(), leading);
        assert_eq!(Probe::of(uneven).check(uneven).is_ok(), passes, "{leading:?}");
    }
    // 2.2 mA is put out as 1.8 mA where a code is 0.9 mA
    let coarse = Rig { gains: (900_000, 900_000), ..rig(2_200) }.checked();
    assert!(matches!(Probe::of(coarse).check(coarse), Err(ProbeError::Noise { .. })));
}
