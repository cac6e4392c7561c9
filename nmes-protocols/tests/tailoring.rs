//! Values made for a person: widths, forces, channels, weeks; pads, the diary, and the regrowth of nerves.
#![cfg(feature = "files")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_core::{MicroAmps, Micros, Millis};
use nmes_protocols::models::{StrengthDuration, data};
use nmes_protocols::{
    Adherence, Answers, BuildError, BuildNote, CATALOGUE, Condition, Date, DiaryEntry, Innervation, Item,
    MUSCLE_CHRONAXIE_US, Origin, PadPlace, Provenance, Regrowth, Request, SENSORY_CHRONAXIE_US, Side, Skin,
    Storage, Subject, build_channels, build_session, find, weiss_transfer, with_diary,
};
use nmes_safety::UseClass;
use proptest::prelude::*;

fn ua(n: u32) -> MicroAmps {
    MicroAmps::from_microamps(n).unwrap()
}

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn person() -> Subject {
    Subject::new(Innervation::Intact, Side::Left)
}

fn built<T>(
    name: &str,
    subject: &Subject,
    request: &Request,
    look: impl Fn(&nmes_protocols::Built<'_>) -> T,
) -> Result<T, BuildError> {
    let mut storage = Storage::new();
    build_session(find(name).unwrap(), subject, request, &Answers::all_no(), &mut storage).map(|b| look(&b))
}

/// REQ-PRO-310: the examples of the facts, and nothing at a width of zero.
#[test]
fn weiss_by_hand() {
    assert_eq!(weiss_transfer(ua(40_000), us(200), us(300), 300), Some(ua(32_000)));
    assert_eq!(weiss_transfer(ua(40_000), us(300), us(200), 300), Some(ua(50_000)));
    assert_eq!(weiss_transfer(ua(40_000), us(0), us(200), 300), None);
    assert_eq!(weiss_transfer(ua(40_000), us(200), us(0), 300), None);
    assert_eq!(weiss_transfer(ua(900_000), us(1_000), us(1), 300), None, "above 1 A");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// REQ-PRO-310: the whole numbers are those of the model in floating point, rounded down; charge never falls with the
    /// width, and there and back is no more than it was.
    #[test]
    fn weiss_agrees_with_the_model(i in 100_u32..130_000, d1 in 20_u32..1_000, d2 in 20_u32..1_000, c in 100_u32..1_000) {
        let moved = weiss_transfer(ua(i), us(d1), us(d2), c);
        let model = StrengthDuration::weiss(1.0_f64, f64::from(c)).unwrap();
        let float = f64::from(i) * model.multiple(f64::from(d2)).unwrap() / model.multiple(f64::from(d1)).unwrap();
        let Some(moved) = moved else { prop_assert!(float > 999_999.0); return Ok(()) };
        let moved_ua = f64::from(moved.as_microamps());
        prop_assert!(moved_ua <= float + 1e-6 && moved_ua > float - 1.001, "{moved_ua} {float}");
        let (was, is) = (u64::from(i) * u64::from(d1), u64::from(moved.as_microamps()) * u64::from(d2));
        // rounding down takes less than 1 µA of the width
        if d2 > d1 { prop_assert!(is + u64::from(d2) >= was); } else { prop_assert!(is <= was + u64::from(d2)); }
        let back = weiss_transfer(moved, us(d2), us(d1), c).unwrap();
        prop_assert!(back <= ua(i));
    }
}

/// REQ-PRO-310: the chronaxies of the models and of the transfer are the same numbers.
#[test]
fn one_chronaxie() {
    for (whole, model) in [
        (nmes_protocols::MOTOR_CHRONAXIE_US, data::CHRONAXIE_SURFACE),
        (nmes_protocols::SENSORY_CHRONAXIE_US, data::CHRONAXIE_SENSORY),
        (nmes_protocols::MUSCLE_CHRONAXIE_US, data::CHRONAXIE_DENERVATED),
    ] {
        assert_eq!(f64::from(whole.value), model.value);
        assert_eq!(whole.provenance, model.provenance);
    }
}

/// REQ-PRO-311: what was measured at another width is moved to the one that is set, floor and amplitude; a note says by how
/// much the charge rose; at the same width nothing moves and nothing is said.
#[test]
fn another_width_moves_what_was_measured() {
    let at_200 = Subject {
        motor_threshold: Some(ua(25_000)),
        tolerated: Some(ua(60_000)),
        measured_width: Some(us(200)),
        ..person()
    };
    built("knee-oa", &at_200, &Request::default(), |built| {
        let channel = built.session.channels()[0];
        // 300 µs: tolerated by the chronaxie that gives less: 0.743 × with 665 µs
        let sensory = weiss_transfer(ua(60_000), us(200), us(300), 665).unwrap();
        assert_eq!(channel.set.amplitude, sensory);
        assert!(channel.set.amplitude < ua(48_000));
        let note = built.notes().find(|note| matches!(note, BuildNote::Transferred { .. })).unwrap();
        assert!(note.to_string().contains("200 µs") && note.to_string().contains("1200 ‰"), "{note}");
    })
    .unwrap();
    let same = Subject { measured_width: Some(us(300)), ..at_200 };
    built("knee-oa", &same, &Request::default(), |built| {
        assert_eq!(built.session.channels()[0].set.amplitude, ua(60_000));
        assert!(!built.notes().any(|note| matches!(note, BuildNote::Transferred { .. })));
    })
    .unwrap();
    // a floor too: 90 % of the moved threshold
    let request = Request { width: Some(us(300)), amplitude: Some(ua(40_000)), ..Request::default() };
    built("foot-drop", &at_200, &request, |built| {
        assert_eq!(built.session.channels()[0].ramp.floor, 18_000, "0.9 × 20 mA");
    })
    .unwrap();
    // above the row's range it is refused, not clamped
    let strong = Subject { tolerated: Some(ua(99_000)), measured_width: Some(us(300)), ..person() };
    let narrow = Request { width: Some(us(250)), ..Request::default() };
    assert!(matches!(built("knee-oa", &strong, &narrow, |_| ()), Err(BuildError::Range(_))));
}

/// REQ-PRO-428: what was tolerated stays a bound where one of the two chronaxies leads beyond 1 A: the other one gives it. Only where
/// both do is it forgotten.
#[test]
fn what_was_tolerated_is_not_lost_beyond_an_ampere() {
    let muscle = MUSCLE_CHRONAXIE_US.value;
    for (from, to, ma) in [(100_000, 300, 20), (100_000, 300, 15), (20_000, 300, 50), (50_000, 1_000, 100)] {
        let tolerated = ua(ma * 1_000);
        let subject = Subject { tolerated: Some(tolerated), measured_width: Some(us(from)), ..person() };
        let by = |chronaxie| weiss_transfer(tolerated, us(from), us(to), chronaxie);
        let sensory = by(SENSORY_CHRONAXIE_US.value).unwrap();
        let least = by(muscle).map_or(sensory, |motor| motor.min(sensory));
        assert_eq!(subject.at_width(us(to)).tolerated, Some(least), "{ma} mA, {from} to {to} µs");
    }
    let strong = Subject { tolerated: Some(ua(900_000)), measured_width: Some(us(100_000)), ..person() };
    assert_eq!(strong.at_width(us(100)).tolerated, None);
    // and so no session is set above it by itself
    let subject = Subject { tolerated: Some(ua(20_000)), measured_width: Some(us(100_000)), ..person() };
    let request = Request { width: Some(us(300)), ..Request::default() };
    built("knee-oa", &subject, &request, |built| {
        let most = weiss_transfer(ua(20_000), us(100_000), us(300), SENSORY_CHRONAXIE_US.value).unwrap();
        assert!(built.session.channels()[0].set.amplitude <= most);
    })
    .unwrap();
}

/// REQ-PRO-411: of no row comes more than was tolerated where no amplitude is given, by its rule or its default, in any week; a note
/// says what it would have been. What is given and is more is said of the channel that it is for.
#[test]
fn no_more_than_was_tolerated() {
    let mut capped = 0;
    for row in CATALOGUE {
        let most = row.amplitude.min.midpoint(row.amplitude.default);
        let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
        let innervation = fits.into_iter().find(|state| row.needs.accepts(*state)).unwrap();
        let known = Subject {
            sensory_threshold: Some(ua(most)),
            motor_threshold: Some(ua(most)),
            effect: Some(ua(most.saturating_mul(2))),
            tolerated: Some(ua(most)),
            ..Subject::new(innervation, Side::Left)
        };
        let unknown = Subject { tolerated: known.tolerated, ..Subject::new(innervation, Side::Left) };
        for (subject, week) in [(known, 0), (known, 30), (unknown, 0), (unknown, 30)] {
            let request = row.in_week(week, &Request { specialist: true, ..Request::default() });
            let mut storage = Storage::new();
            let built = build_session(row, &subject, &request, &Answers::all_no(), &mut storage);
            let Ok(built) = built else { continue };
            let set = built.session.channels()[0].set;
            let tolerated = subject.at_width(set.width).tolerated.unwrap();
            assert!(set.amplitude <= tolerated, "{}: {}", row.name, set.amplitude);
            let told = built.notes().find(|note| matches!(note, BuildNote::NoMoreThanTolerated { .. }));
            if let Some(BuildNote::NoMoreThanTolerated { asked, set: said }) = told {
                assert!(asked > tolerated && said == set.amplitude);
                assert_eq!(built.settings.get("amplitude").unwrap().origin.mark(), "person");
                capped += 1;
            }
            assert!(!built.notes().any(|note| matches!(note, BuildNote::AboveTolerated { .. })));
        }
    }
    assert!(capped > 200, "{capped}");
    let tolerated = |n| Subject { tolerated: Some(ua(n)), ..person() };
    let request = Request { amplitude: Some(ua(60_000)), channels: Some(2), ..Request::default() };
    let mut storage = Storage::new();
    for (people, above) in [
        ([tolerated(60_000), tolerated(59_999)], Some((1, 59_999))),
        ([tolerated(59_999), tolerated(60_000)], Some((0, 59_999))),
        ([tolerated(60_000), tolerated(60_000)], None),
    ] {
        let row = find("knee-oa").unwrap();
        let built = build_channels(row, &people, &request, &Answers::all_no(), &mut storage).unwrap();
        let told = built.notes().find(|note| matches!(note, BuildNote::AboveTolerated { .. }));
        let note = above.map(|(channel, most)| BuildNote::AboveTolerated {
            channel,
            set: ua(60_000),
            tolerated: ua(most),
        });
        assert_eq!(told, note);
    }
}

/// REQ-PRO-411: an amplitude that our share of motor threshold stands in for is ours, and one that was measured is by the row's rule.
#[test]
fn our_share_of_a_threshold_is_ours() {
    let row = find("icu-weakness").unwrap();
    let by_threshold = Subject { motor_threshold: Some(ua(25_000)), ..person() };
    let seen = Subject { effect: Some(ua(31_000)), ..by_threshold };
    for (subject, set, ours) in [(by_threshold, 30_000, true), (seen, 31_000, false)] {
        built(row.name, &subject, &Request::default(), |built| {
            let applied = built.settings.get("amplitude").unwrap();
            let Origin::Measured(provenance) = applied.origin else { panic!("{applied}") };
            assert_eq!((applied.value, matches!(provenance, Provenance::Ours { .. })), (set, ours));
        })
        .unwrap();
    }
}

/// REQ-PRO-312: the share of force that was reached is recorded, and said where it is below the target; a target is never
/// taken as reached because it was asked for.
#[test]
fn forces_are_recorded() {
    let rows: Vec<&Condition> = CATALOGUE
        .iter()
        .copied()
        .filter(|row| matches!(row.amplitude_rule.value, nmes_protocols::AmplitudeRule::PercentMvic { .. }))
        .collect();
    assert!(rows.len() >= 2);
    for row in rows {
        let nmes_protocols::AmplitudeRule::PercentMvic { target, least } = row.amplitude_rule.value else {
            panic!()
        };
        let effect = ua(row.amplitude.default);
        for (percent, said) in [
            (None, Some("was not measured")),
            (Some(target), None),
            (Some(target - 1), Some("was reached")),
            (Some(least.saturating_sub(1)), Some("was not found useful")),
        ] {
            let subject = Subject { effect: Some(effect), mvic_percent: percent, ..person() };
            built(row.name, &subject, &Request::default(), |built| {
                let share =
                    built.settings.get("share of maximal force, measured").map(|applied| applied.value);
                assert_eq!(share, percent.map(u32::from), "{}", row.name);
                let notes: Vec<_> = built.notes().map(|note| note.to_string()).collect();
                let found = notes.iter().any(|note| note.contains("maximal voluntary force"));
                assert_eq!(found, said.is_some(), "{} {percent:?}: {notes:?}", row.name);
                if let Some(said) = said {
                    assert!(
                        notes.iter().any(|note| note.contains(said)),
                        "{} {percent:?}: {notes:?}",
                        row.name
                    );
                }
            })
            .unwrap();
        }
    }
}

/// REQ-PRO-313: channels of which different things were measured are set differently, at the same times; one person for
/// all is what the builder makes of one.
#[test]
fn channels_have_their_own_thresholds() {
    let row = find("knee-oa").unwrap();
    let request = Request { channels: Some(2), ..Request::default() };
    let tolerated = |n| Subject { tolerated: Some(ua(n)), ..person() };
    let mut storage = Storage::new();
    let people = [tolerated(50_000), tolerated(62_000)];
    let built = build_channels(row, &people, &request, &Answers::all_no(), &mut storage).unwrap();
    let set: Vec<_> = built.session.channels().iter().map(|c| c.set.amplitude.as_microamps()).collect();
    assert_eq!(set, [50_000, 62_000]);
    assert!(built.notes().any(|note| note == BuildNote::ChannelsDiffer));
    for row in
        CATALOGUE.iter().filter(|row| row.specialist.is_none() && row.needs.accepts(Innervation::Intact))
    {
        let (mut one, mut all) = (Storage::new(), Storage::new());
        let alone = build_session(row, &person(), &Request::default(), &Answers::all_no(), &mut one);
        let both = build_channels(row, &[person()], &Request::default(), &Answers::all_no(), &mut all);
        match (alone, both) {
            (Ok(alone), Ok(both)) => {
                assert_eq!((alone.session, alone.settings), (both.session, both.settings))
            }
            (Err(alone), Err(both)) => assert_eq!(alone, both),
            _ => panic!("{}", row.name),
        }
    }
}

/// REQ-PRO-314: what a progression changes by a week holds from that week on, where nothing else is asked for; and every
/// week of every row builds.
#[test]
fn weeks_change_what_they_say() {
    let powell = find("stroke-wrist-powell").unwrap();
    let asked = Request { off: Millis::from_millis(12_000), ..Request::default() };
    assert_eq!(powell.in_week(4, &asked).off, asked.off, "what is asked for stands");
    let mut changed = 0;
    for row in
        CATALOGUE.iter().filter(|row| row.specialist.is_none() && row.needs.accepts(Innervation::Intact))
    {
        for week in 0..=30 {
            let request = row.in_week(week, &Request::default());
            changed += u32::from(request != Request::default());
            assert!(week > 0 || request == Request::default());
            let mut storage = Storage::new();
            match build_session(row, &person(), &request, &Answers::all_no(), &mut storage) {
                Ok(_) | Err(BuildError::Disabled { .. }) => {}
                Err(error) => panic!("{} week {week}: {error}", row.name),
            }
        }
    }
    assert!(changed > 20, "{changed}");
}

/// REQ-PRO-315: pads of exercise and pain rows are not twice in the same place, those of function always are.
#[test]
fn pads_move_or_stay() {
    for row in CATALOGUE {
        let places: Vec<_> = (0..8).map(|session| row.pad_place(session)).collect();
        let moved = places.windows(2).all(|two| two[0] != two[1]);
        let stays = places.iter().all(|place| *place == places[0]);
        let exercise = matches!(row.use_class.value, UseClass::Exercise | UseClass::Continuous);
        assert_eq!(moved, exercise && row.specialist.is_none(), "{}", row.name);
        assert!(moved || stays);
        let wear = row.use_class.value == UseClass::FunctionalWear && row.specialist.is_none();
        assert_eq!(places[0] == PadPlace::MarkedMotorPoint, wear);
    }
}

fn entry(day: u8, protocol: &str, delivered_ms: u32, skin: Skin) -> DiaryEntry {
    DiaryEntry {
        date: Date::new(2026, 11, day).unwrap(),
        protocol: protocol.try_into().unwrap(),
        planned_ms: Millis::from_millis(900_000).unwrap(),
        delivered_ms: Millis::from_millis(delivered_ms).unwrap(),
        amplitude_ua: ua(60_000),
        mvic_percent: None,
        pain: Some(2),
        skin,
        event: None,
    }
}

/// REQ-PRO-316: adherence counts the sessions of a row against what it asks for.
#[test]
fn adherence_is_counted() {
    let knee = find("knee-oa").unwrap();
    let sessions: Vec<_> = [2, 4, 6, 9, 11, 15].map(|day| entry(day, "knee-oa", 450_000, Skin::Clear)).into();
    let found = Adherence::of(knee, &sessions).unwrap();
    // 14 days at three a week
    assert_eq!((found.days, found.sessions, found.asked, found.time_percent), (14, 6, Some(6), 50));
    assert_eq!(Adherence::of(find("foot-drop").unwrap(), &sessions), None);
}

/// REQ-PRO-316: skin that stops sessions answers the question for it, whatever was acknowledged before, until an entry says
/// that it is clear; nobody having looked changes nothing.
#[test]
fn the_skin_stops_sessions() {
    let before = Answers::all_no().yes(Item::SkinReaction).acknowledge(Item::SkinReaction);
    for (skin, stops) in [
        (Skin::Clear, false),
        (Skin::RedBriefly, false),
        (Skin::RedOver24h, true),
        (Skin::Irritated, true),
        (Skin::Burn, true),
    ] {
        let mut sessions = vec![entry(1, "knee-oa", 1, skin), entry(2, "knee-oa", 1, Skin::NotChecked)];
        let after = with_diary(before, &sessions);
        assert_eq!(after.is_acknowledged(Item::SkinReaction), !stops, "{skin:?}");
        let plain = with_diary(Answers::all_no(), &sessions);
        assert_eq!(plain.answer(Item::SkinReaction), Some(stops));
        let build = |answers: &Answers| {
            let mut storage = Storage::new();
            build_session(find("knee-oa").unwrap(), &person(), &Request::default(), answers, &mut storage)
                .map(drop)
        };
        assert_eq!(build(&plain).is_err(), stops);
        // red for a while is not clear
        sessions.push(entry(3, "knee-oa", 1, Skin::RedBriefly));
        assert_eq!(with_diary(Answers::all_no(), &sessions).answer(Item::SkinReaction), Some(stops));
        sessions.push(entry(3, "knee-oa", 1, Skin::Clear));
        assert_eq!(with_diary(Answers::all_no(), &sessions).answer(Item::SkinReaction), Some(false));
    }
}

/// REQ-PRO-317: the arithmetic of the facts lies inside the range at each of its distances, and a text says what it is not.
#[test]
fn regrowth_is_a_range() {
    // latency of 21 days, at 1 mm a day and at 3
    for (mm, slow, fast) in [(80, 101, 48), (100, 121, 54), (750, 771, 271), (600, 621, 221), (700, 721, 254)]
    {
        let found = Regrowth::over_mm(mm);
        assert!(found.least_days <= fast && found.most_days >= slow, "{found}");
        assert_eq!(found.most_days - slow, 7);
        assert!(
            (7..=8).contains(&(fast - found.least_days)),
            "the facts round, the range rounds down: {found}"
        );
        assert!(found.to_string().contains("not a date for a person"));
    }
    assert!(Regrowth::over_mm(337).most_days == 365 && !Regrowth::over_mm(337).may_be_too_late());
    assert!(Regrowth::over_mm(338).may_be_too_late());
    assert_eq!(Regrowth::over_mm(u32::MAX).most_days, u32::MAX, "saturates");
}

/// REQ-PRO-318: dates are days that there are, in order, and count right over a leap day.
#[test]
fn dates() {
    for (text, there) in [
        ("2026-11-21", true),
        ("2026-02-29", false),
        ("2028-02-29", true),
        ("2100-02-29", false),
        ("2000-02-29", true),
        ("1899-12-31", false),
        ("2199-12-31", true),
        ("2200-01-01", false),
        ("2026-13-01", false),
        ("2026-00-01", false),
        ("2026-1-01", false),
        ("2026-01-01-", false),
        ("+026-01-01", false),
        ("", false),
    ] {
        let day = Date::parse(text);
        assert_eq!(day.is_some(), there, "{text}");
        assert!(day.is_none_or(|day| day.to_string() == text));
    }
    let day = |text| Date::parse(text).unwrap();
    assert_eq!(day("2028-03-01").days_after(day("2028-02-28")), 2);
    assert_eq!(day("2026-01-01").days_after(day("2027-01-01")), -365);
}
