//! What measurements say of the electrodes at the edges: of noise, of silence, of a clock that began anew, of a limit.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::Rig;
use nmes_core::*;
use nmes_safety::*;

const MS: u64 = 1_000;

fn contact() -> Contact {
    Contact::new(1_000_000, Polarity::Positive)
}

/// The end of a phase of so much, in nA, of which so much arrives.
fn phase(contact: &mut Contact, at_tick: u64, commanded_na: i64, current_na: i64, voltage_mv: i32) {
    let instant = SampleInstant::PhaseEnd;
    contact.take(commanded_na, &Sensed { current_na, voltage_mv, at_tick, instant });
}

/// Contractions of 4 s at 40 Hz and 20 mA with so much between them, each begun by a phase of 1.05 mA that is 5 % low; the
/// end of the last.
fn contractions(contact: &mut Contact, from: u64, count: u64, rest: u64, ohm: i32) -> u64 {
    let mut at = from;
    for _ in 0..count {
        phase(contact, at, 1_050_000, 997_500, ohm * 998 / 1_000);
        for _ in 0..160 {
            at += 25 * MS;
            phase(contact, at, 20_000_000, 20_000_000, ohm * 20);
        }
        at += rest;
    }
    at - rest
}

/// REQ-SAF-695: a phase that is low within its tolerance is no open electrode, and a pad that dries is told although each
/// contraction of 4 s begins with such a phase; from twice the noise on, no current is an open one.
#[test]
fn a_low_phase_is_no_open_pad() {
    let mut low = contact();
    let end = contractions(&mut low, 0, 1, 25 * MS, 1_000);
    phase(&mut low, end + 25 * MS, 1_050_000, 997_500, 998);
    assert_eq!(low.state(end + 25 * MS), ContactState::Good);
    for (commanded, state) in [(1_999_999, ContactState::Good), (2_000_000, ContactState::Open)] {
        let mut none = low;
        phase(&mut none, end + 50 * MS, commanded, 1_000_000, 60_000);
        assert_eq!(none.state(end + 50 * MS), state, "{commanded} nA");
    }
    // a fifth low, as E-DEL-1 lets it be
    phase(&mut low, end + 50 * MS, 2_000_000, 1_600_000, 1_600);
    assert_eq!((low.state(end + 50 * MS), low.impedance().end_ohm), (ContactState::Good, Some(1_000)));
    for (ohm, state) in [(1_500, ContactState::Good), (1_501, ContactState::Rising)] {
        let mut dries = contact();
        let end = contractions(&mut dries, 0, 1, 25 * MS, 1_000);
        let end = contractions(&mut dries, end + 25 * MS, 2, 25 * MS, ohm);
        assert_eq!(dries.state(end), state, "{ohm} ohm");
    }
}

/// REQ-SAF-700: a current or a voltage against the one that is driven is no impedance; a voltage of nothing is a short.
#[test]
fn no_electrode_answers_backwards() {
    let cases = [
        (3_000_000, 3_000, ContactState::Good),
        (3_000_000, -1, ContactState::Open),
        (3_000_000, -3_000, ContactState::Open),
        (-3_000_000, 3_000, ContactState::Open),
        (-3_000_000, -3_000, ContactState::Open),
        (3_000_000, 0, ContactState::Short),
        (-i64::MAX, -i32::MAX, ContactState::Open),
    ];
    for (polarity, way) in [(Polarity::Positive, 1), (Polarity::Negative, -1)] {
        for (current_na, voltage_mv, state) in cases {
            let mut contact = Contact::new(1_000_000, polarity);
            for n in 1..=3 {
                phase(
                    &mut contact,
                    n * 25 * MS,
                    i64::from(way) * 3_000_000,
                    i64::from(way) * current_na,
                    way * voltage_mv,
                );
            }
            assert_eq!(contact.state(75 * MS), state, "{current_na} nA, {voltage_mv} mV, {polarity:?}");
            assert_eq!(contact.impedance().end_ohm.is_some(), state != ContactState::Open);
        }
    }
}

/// REQ-SAF-696: a silence that is longer than a measurement counts is no part of the 5 s that an impedance has to be risen for.
#[test]
fn a_rise_is_not_of_silence() {
    for (silence, state) in [(5_000 * MS, ContactState::Rising), (5_000 * MS + 1, ContactState::Good)] {
        let mut rises = contact();
        for n in 1..=5 {
            phase(&mut rises, n * 25 * MS, 3_000_000, 3_000_000, 3_000);
        }
        phase(&mut rises, 150 * MS, 3_000_000, 3_000_000, 6_000);
        let again = 150 * MS + silence;
        for n in 0..3 {
            phase(&mut rises, again + n * 25 * MS, 3_000_000, 3_000_000, 6_000);
        }
        assert_eq!(rises.state(again + 50 * MS), state, "{silence}");
    }
    // what was counted in one contraction of 4 s goes on in the next, after a rest of 10 s
    let mut dries = contact();
    let mut end = contractions(&mut dries, 0, 1, 0, 1_000);
    for state in [ContactState::Good, ContactState::Rising] {
        end = contractions(&mut dries, end + 10_000 * MS, 1, 0, 2_000);
        assert_eq!(dries.state(end), state);
    }
}

/// REQ-SAF-697: output that begins before the last measurement, or before output began the last time, is on a clock that began
/// anew: what was measured on the old one is never contact again.
#[test]
fn nothing_is_known_on_a_new_clock() {
    for (last, begun, anew, state) in [
        (2_300, 2_300, 2_300, ContactState::Good),
        (2_300, 2_300, 2_299, ContactState::Unknown),
        (2_300, 9_000, 9_000, ContactState::Good),
        (2_300, 9_000, 8_999, ContactState::Unknown),
    ] {
        let mut old = contact();
        for n in (0..3).rev() {
            phase(&mut old, (last - n * 100) * MS, 3_000_000, 3_000_000, 3_000);
        }
        old.begin(begun * MS);
        old.begin(anew * MS);
        assert_eq!(old.state(3_000 * MS), state, "{begun} ms, then {anew} ms");
        let forgotten = old.impedance() == Impedance::default();
        assert_eq!(forgotten, state == ContactState::Unknown, "{begun} ms, then {anew} ms");
    }
}

/// REQ-SAF-421: a part of an ohm past a limit is past it, on either side.
#[test]
fn a_part_of_an_ohm_counts() {
    for (mv, state, ohm) in [
        (299, ContactState::Short, 99), // 99.67 ohm
        (300, ContactState::Good, 100),
        (15_000, ContactState::Good, 5_000),
        (15_001, ContactState::Open, 5_000), // 5,000.33 ohm
        (15_002, ContactState::Open, 5_000),
    ] {
        let mut part = contact();
        (1..=3).for_each(|n| phase(&mut part, n * 100 * MS, 3_000_000, 3_000_000, mv));
        assert_eq!((part.state(300 * MS), part.impedance().end_ohm), (state, Some(ohm)), "{mv} mV");
    }
}

/// REQ-SAF-698: a contact check is as long as its level takes under E-RAMP-1 as the layers state it; where that is longer than
/// E-SES-1 leaves, it is refused with how far it came, and what slows it.
#[test]
fn the_rise_of_a_probe() {
    let rig = Rig::default().checked();
    let with = |rule, value| {
        let setup = rig.setup().with_limit(Layer::Subject, rule, value).unwrap();
        check(*rig.plan(), &setup, &Profile::default()).unwrap()
    };
    for (ramp_ms, length_ms) in [(2_000, 2_600), (2_020, 2_620), (4_000, 4_600), (4_400, 5_000)] {
        let session = with(&rules::E_RAMP_1, ramp_ms);
        let probe = Probe::of(&session);
        let length = probe.check(&session).unwrap().plan().session().length();
        assert_eq!(length, Millis::from_millis(length_ms).unwrap(), "{ramp_ms}");
    }
    for (rule, value, reached) in [(&rules::E_RAMP_1, 4_420, 2_900), (&rules::N_STEP_1, 99, 0)] {
        let session = with(rule, value);
        match Probe::of(&session).check(&session).unwrap_err() {
            ProbeError::Rise { reached_ua, level_ua: 3_000, within_ms: 4_400, why } => {
                assert_eq!((why.rule, why.source, reached_ua), (rule.id, rule.source, reached));
            }
            other => panic!("{other}"),
        }
    }
}

/// REQ-HAL-452: a contact that goes over to a session keeps what it knows where that judges as the one before, and nothing where a
/// limit, the polarity, the noise or the clock is another.
#[test]
fn over_to_another_session() {
    let usual = Rig { class: UseClass::Specialist, ..Rig::default() };
    let of = |rig: &Rig, more: fn(Setup) -> Setup| {
        let checked = rig.checked();
        let setup = more(*checked.setup());
        check(*checked.plan(), &setup, checked.profile()).unwrap()
    };
    let before = of(&usual, |setup| setup);
    let mut known = Contact::of(&before, 0);
    for n in 1..=3 {
        phase(&mut known, n * 25 * MS, 3_000_000, 3_000_000, 3_000);
    }
    let state_in = |session: &Checked<'_>| {
        let mut contact = known;
        contact.go_over_to(session, 0);
        contact.state(75 * MS)
    };
    assert_eq!(state_in(&before), ContactState::Good);
    assert_eq!(
        state_in(&of(&Rig { hz: 20, ..usual }, |setup| setup)),
        ContactState::Good,
        "the rate is nothing to it"
    );
    let others: [fn(Setup) -> Setup; 4] = [
        |setup| setup.with_limit(Layer::Subject, &rules::E_Z_1_OPEN, 1_500).unwrap(),
        |setup| setup.with_limit(Layer::Subject, &rules::E_Z_1_SHORT, 300).unwrap(),
        |setup| setup.with_limit(Layer::Subject, &rules::E_Z_2, 200).unwrap(),
        |setup| setup.with_measurement_noise(MicroAmps::from_microamps(500).unwrap()).unwrap(),
    ];
    for (number, other) in others.into_iter().enumerate() {
        assert_eq!(state_in(&of(&usual, other)), ContactState::Unknown, "{number}");
    }
}
