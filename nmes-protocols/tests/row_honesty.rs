//! Classes of mistake in the data of the catalogue: whose muscle, whose finding, whose figure, for how many weeks.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_protocols::{
    AmplitudeRule, CATALOGUE, Change, Condition, Evidence, Innervation, Item, OnIncludesRamps, Provenance,
    RowValue, ScheduleRow, Site, WaveKind, check_innervation, sources,
};

/// Words for muscles, with the sites at which they are.
const MUSCLES: &[(&str, &[Site])] = &[
    ("rectus femoris", &[Site::Thigh]),
    ("vastus", &[Site::Thigh]),
    ("quadriceps", &[Site::Thigh]),
    ("hamstrings", &[Site::Thigh]),
    ("gluteus", &[Site::Thigh, Site::Abdomen]),
    ("thigh", &[Site::Thigh]),
    ("tibialis", &[Site::LowerLeg]),
    ("gastrocnemius", &[Site::LowerLeg]),
    ("soleus", &[Site::LowerLeg]),
    ("fibula", &[Site::LowerLeg]),
    ("calf", &[Site::LowerLeg]),
    ("ankle", &[Site::LowerLeg]),
    ("deltoid", &[Site::Arm]),
    ("biceps", &[Site::Arm]),
    ("supraspinatus", &[Site::Arm]),
    ("forearm", &[Site::Arm]),
    ("zygomaticus", &[Site::Face]),
    ("frontalis", &[Site::Face]),
    ("hyoid", &[Site::HeadNeck]),
    ("perianal", &[Site::PelvicFloor]),
];

fn provenances(row: &Condition) -> Vec<(&'static str, Provenance)> {
    let mut all = Vec::new();
    row.visit(&mut |name, value| all.extend(value.provenances().map(|p| (name, p))));
    all
}

/// REQ-PRO-403: pads are named on muscles of the row's sites: none of the thigh in a row of the lower leg.
#[test]
fn pads_are_on_muscles_of_the_site() {
    let mut named = 0;
    for row in CATALOGUE {
        for said in [row.electrodes.active.value, row.electrodes.indifferent.value] {
            for (muscle, at) in MUSCLES.iter().filter(|(muscle, _)| said.contains(muscle)) {
                named += 1;
                assert!(at.iter().any(|site| row.is_for(*site)), "{}: {muscle}: {said}", row.name);
            }
        }
    }
    assert!(named >= 60, "{named}");
}

/// REQ-PRO-403: a table on osteoarthritis of the knee is the source of nothing outside its group.
#[test]
fn the_table_on_osteoarthritis_is_for_osteoarthritis() {
    let mut used = 0;
    for row in CATALOGUE {
        let cites = provenances(row).iter().any(|(_, p)| p.source() == Some(sources::NUSSBAUM_OA));
        used += usize::from(cites);
        assert!(!cites || row.name.starts_with("knee-oa"), "{}", row.name);
        let pads = [row.electrodes.active.provenance, row.electrodes.indifferent.provenance];
        let of_it = pads.iter().any(|p| p.source() == Some(sources::NUSSBAUM_OA));
        assert_eq!(of_it, row.name == "knee-oa", "{}", row.name);
    }
    assert!(used >= 1);
}

/// REQ-PRO-404: the current of a review of athletes is a figure of their row alone, and its most is ours; a row for older
/// adults starts below what that row starts with.
#[test]
fn currents_of_athletes_are_for_athletes() {
    let athlete = nmes_protocols::find("strength-athlete").unwrap();
    for row in CATALOGUE {
        let current = [row.amplitude.range, row.amplitude.chosen, row.typical_amplitude_ua.provenance];
        let of_athletes = current.iter().any(|p| p.source() == Some(sources::FILIPOVIC_2011));
        assert_eq!(of_athletes, row.name == athlete.name, "{}", row.name);
        if row.name.starts_with("strength-older") {
            assert!(
                row.amplitude.default < athlete.amplitude.default
                    && row.amplitude.max < athlete.amplitude.max
            );
            assert!(row.typical_amplitude_ua.value.1 < athlete.typical_amplitude_ua.value.1);
        }
    }
    assert_eq!(athlete.amplitude.range.mark(), "ours");
}

/// REQ-PRO-435: of the currents of TENS, 30 to 60 mA of bursts and of the brief mode, and 80 mA as the most of all modes, are found;
/// every other band and range is not called found.
#[test]
fn currents_of_tens_are_found_where_the_facts_say_so() {
    let rows: Vec<_> = CATALOGUE.iter().filter(|row| row.name.starts_with("tens-")).collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let strong = ["tens-burst", "tens-brief-intense"].contains(&row.name);
        let (band, range) = (row.typical_amplitude_ua, row.amplitude);
        let found = Provenance::Found { source: sources::TENS };
        assert_eq!(band.provenance == found, strong && band.value == (30_000, 60_000), "{}", row.name);
        assert_eq!(range.range == found, strong || range.max == 80_000, "{}", row.name);
    }
}

/// REQ-PRO-405: no source states the duty of a burst current: the number of cycles in a burst is ours, in every row, and the
/// reason says so.
#[test]
fn cycles_of_a_burst_are_ours() {
    let mut bursts = 0;
    for row in CATALOGUE {
        let WaveKind::BurstAc { cycles, .. } = row.waveform.kind.value else { continue };
        bursts += 1;
        let Provenance::Ours { reason } = row.waveform.kind.provenance else {
            panic!("{}: {}", row.name, row.waveform.kind.provenance)
        };
        assert!(reason.contains(&format!("{cycles} cycles")), "{}: {reason}", row.name);
    }
    assert_eq!(bursts, 5);
}

/// REQ-PRO-406: a row of which no benefit was shown prints no positive finding as its own; a row that claims one has a finding of
/// its own for it; what is of others names them first.
#[test]
fn findings_are_the_rows_own() {
    let mut of_others = 0;
    for row in CATALOGUE {
        let positive = row.evidence.iter().any(|f| f.evidence == Evidence::Positive);
        assert!(!(row.shows_no_benefit() && positive), "{}", row.name);
        for finding in row.related {
            of_others += 1;
            let (whose, what) = finding.claim.split_once(": ").unwrap_or_else(|| panic!("{}", finding.claim));
            assert!(!whose.is_empty() && !what.is_empty());
            assert!(!row.evidence.contains(finding), "{}: {}", row.name, finding.claim);
            assert!(finding.provenance.source().is_some(), "{}", finding.claim);
        }
    }
    assert!(of_others >= 60, "{of_others}");
    let mut said = Vec::new();
    nmes_protocols::find("acl-feil").unwrap().visit(&mut |name, _| said.push(name));
    assert!(said.contains(&"not of this row") && said.contains(&"finding"));
}

/// REQ-PRO-407: no step of a progression begins, or by its words ends, after the last week of the row.
#[test]
fn progressions_end_with_the_row() {
    for row in CATALOGUE {
        let Some(weeks) = row.dose.weeks else { continue };
        for step in row.progression {
            let three = matches!(step.change, Change::Text(text) if text.contains("for three weeks"));
            let lasts = if three { 3 } else { 1 };
            let last = u32::from(step.from_week.max(1)) + lasts - 1;
            assert!(last <= weeks.max, "{}: {step} in {} weeks", row.name, weeks.max);
        }
    }
}

/// REQ-PRO-407: nothing raises the amplitude week by week, or to what is tolerated, of a row that is only felt or stays below
/// motor threshold; and "what is tolerated" is the aim only of rows whose rule that is.
#[test]
fn amplitudes_rise_only_where_the_rule_lets_them() {
    let mut raised = 0;
    for row in CATALOGUE {
        let rule = row.amplitude_rule.value;
        let felt = matches!(rule, AmplitudeRule::Sensory { .. } | AmplitudeRule::SubMotor { .. });
        for step in row.progression {
            let to_tolerance = matches!(step.change, Change::Text(text) if text.contains("raised"));
            assert!(!(felt && (to_tolerance || step.to_string().contains(" mA"))), "{}: {step}", row.name);
            if to_tolerance {
                raised += 1;
                assert_eq!(rule, AmplitudeRule::MaxTolerated, "{}: {step}", row.name);
            }
        }
    }
    assert!(raised >= 10, "{raised}");
}

/// REQ-PRO-408: a programme says whether its source counts ramps into ON; where a stage has a rate of its own, rate and times
/// have each their own origin.
#[test]
fn programmes_say_what_on_is() {
    let on = |name: &str| {
        let ScheduleRow::Program(program) = nmes_protocols::find(name).unwrap().schedule else {
            panic!("{name}")
        };
        program
    };
    let (copd, dirks) = (on("copd-hf"), on("disuse-dirks"));
    assert_eq!(
        (copd.on_includes_ramps.value, copd.on_includes_ramps.provenance.mark()),
        (OnIncludesRamps::No, "F")
    );
    assert_eq!(
        (dirks.on_includes_ramps.value, dirks.on_includes_ramps.provenance.mark()),
        (OnIncludesRamps::Yes, "R-h")
    );
    for (program, mark) in [(copd, "F"), (dirks, "R-h")] {
        assert_eq!(program.stages[0].rate_millihertz.unwrap().provenance.mark(), mark);
        assert_eq!(
            (program.stages[1].hold_ms.provenance.mark(), program.stages[1].rest_ms.provenance.mark()),
            (mark, mark)
        );
        assert_eq!(program.stages[1].repeats.provenance.mark(), "ours");
    }
}

/// REQ-PRO-408: a range of one number has one origin: both ends and the default are the same fact.
#[test]
fn one_number_has_one_origin() {
    for row in CATALOGUE {
        for (name, range) in row.ranges() {
            let published = (range.range.is_published(), range.chosen.is_published());
            if range.min == range.max && range.chosen.source().is_some() && range.range.source().is_some() {
                assert_eq!(published.0, published.1, "{} {name}", row.name);
            }
        }
    }
}

/// REQ-PRO-409, REQ-PRO-413: words for people: amplitudes in mA, times in s or ms, a nerve that can follow "an intact".
#[test]
fn words_have_units_for_people() {
    for row in CATALOGUE {
        for step in row.progression {
            let said = step.to_string();
            assert!(!said.contains("µA") && !said.contains("000 µs") && !said.contains("000 ms"), "{said}");
        }
        if let Some(timing) = row.timing {
            assert!(!timing.value.to_string().contains("mHz"), "{}", timing.value);
        }
        for state in [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated] {
            let said =
                check_innervation(row, state).err().map_or_else(String::new, |refused| refused.to_string());
            assert!(!said.contains(": it is ("), "{said}");
        }
        if row.needs.accepts(Innervation::Intact) && !row.needs.accepts(Innervation::Denervated) {
            let said = check_innervation(row, Innervation::Denervated).unwrap_err().to_string();
            assert!(!said.contains("an intact nerves"), "{said}");
        }
    }
    assert_eq!(Change::Width(100_000).to_string(), "100 ms a phase");
    assert_eq!(Change::Width(999).to_string(), "999 µs a phase");
    assert_eq!(Change::OnOff(5_000, 2_500).to_string(), "5 s on, 2.5 s off");
}

/// REQ-PRO-410: a note that gives the energy of the largest pulses is on rows that can make them; a reason that speaks of pulses
/// of 10 ms is on rows that have them.
#[test]
fn reasons_fit_the_pulses() {
    for row in CATALOGUE {
        let largest = row.notes.iter().any(|note| note.value.contains("2.3 J"));
        assert!(!largest || row.amplitude.max == 250_000, "{}", row.name);
        if let Some(gate) = row.specialist {
            assert!(!gate.why.value.contains("10 ms") || row.phase_width.max >= 10_000, "{}", row.name);
        }
    }
}

/// REQ-PRO-436: every row that runs on skin says when pads stop for the skin's sake: at a rash or irritation, and at redness that
/// lasts or a burn, whatever else it stops for.
#[test]
fn every_row_stops_for_the_skin() {
    for row in CATALOGUE {
        let said = |words: &str| row.stop_rules.iter().filter(|rule| rule.value.starts_with(words)).count();
        assert_eq!((said("rash or irritation"), said("redness for more than 24 h")), (1, 1), "{}", row.name);
    }
}

/// REQ-PRO-437: an end of a range that no source gives is not called recalled, what a source gives is not called ours, and a found
/// figure is in the row that it is of: rate and months of the long-pulse phases, walks of 20 to 30 min, five days of a week.
#[test]
fn ends_of_ranges_are_their_sources() {
    let row = |name: &str| nmes_protocols::find(name).unwrap();
    assert_eq!(row("denervated-rise-2").rate.range.mark(), "ours");
    let walk = row("stroke-gait").session_length;
    assert_eq!((walk.min, walk.max, walk.range.mark()), (1_200_000, 1_800_000, "R-m"));
    for name in ["copd-hf", "copd-lf"] {
        assert_eq!(row(name).dose.per_week.map(|days| (days.default, days.range.mark())), Some((5, "R-h")));
    }
    for (phase, months) in (1..).zip(["0 to 4", "2 to 6", "4 to 12", "8 to 24"]) {
        let rise = row(&format!("denervated-rise-{phase}"));
        let said: Vec<_> = rise.reported.iter().map(|text| (text.value, text.provenance.mark())).collect();
        assert!(
            said.iter().any(|(text, mark)| text.starts_with(&format!("months {months} ")) && *mark == "F"),
            "{said:?}"
        );
    }
}

/// The marks of a value of a row: of a range, of the range and of the default; of words that begin so, of each of them.
fn marks(row: &str, name: &str, begins: &str) -> Vec<[&'static str; 2]> {
    let mut all = Vec::new();
    nmes_protocols::find(row).unwrap().visit(&mut |at, value| {
        let said = if let RowValue::Words(words, _) = value { words.to_string() } else { String::new() };
        if at == name && said.starts_with(begins) {
            all.push(value.provenances().map(|p| p.mark()));
        }
    });
    all
}

/// REQ-PRO-443: a number stands under a source only where the facts have it there: bands and widths of faces, the logic of an EMG
/// threshold, what a trial of 13 women states, weeks of two trials in one range, the ends of a pad's area, time-outs of our choice.
#[test]
fn numbers_are_under_their_own_source() {
    let ours = ["ours", "ours"];
    let cases = [
        ("bells-denervated", "usual amplitude, from", "", ["R-m", "R-m"]),
        ("bells-sub-motor", "phase width", "", ours),
        ("bells-sub-motor", "rate", "", ours),
        ("bells-sub-threshold", "phase width", "", ours),
        ("bells-sub-threshold", "rate", "", ["F", "F"]),
        ("stroke-wrist-emg", "as it goes", "threshold 20 %", ours),
        ("stroke-wrist-emg", "also reported", "EMG 20 to 450 Hz", ours),
        ("stroke-wrist-emg", "active pad", "", ours),
        ("stroke-shoulder", "amplitude rule", "", ours),
        ("stroke-shoulder", "ramp up", "", ours),
        ("pelvic-mixed", "rate", "", ["R-m", "R-m"]),
        ("pelvic-mixed", "phase width", "", ours),
        ("pelvic-mixed", "on", "", ours),
        ("pelvic-mixed", "off", "", ours),
        ("pelvic-mixed", "session length", "", ours),
        ("pelvic-mixed", "weeks", "", ours),
        ("ptns-faecal", "phase width", "", ours),
        ("ptns-faecal", "rate", "", ours),
        ("ptns-faecal", "session length", "", ["F", "F"]),
        ("ptns", "phase width", "", ["F", "F"]),
        ("strength-athlete", "weeks", "", ours),
        ("acl-snyder-mackler", "pad area", "", ["ours", "R-m"]),
        ("ms-strength", "session length", "", ours),
        ("foot-drop", "time-out", "", ours),
        ("foot-drop", "also reported", "the lowest rate of the WalkAide", ours),
    ];
    for (row, name, begins, expected) in cases {
        assert_eq!(marks(row, name, begins), [expected], "{row} {name}");
    }
    let band = nmes_protocols::find("bells-denervated").unwrap().typical_amplitude_ua;
    assert_eq!(band.value, (2_000, 10_000));
}

/// REQ-PRO-444: what people use of current is no source for pads or channels, and neither is the practice of a row for the number
/// of its channels where the facts have that without a mark.
#[test]
fn usual_currents_are_currents() {
    let mut currents = 0;
    for row in CATALOGUE {
        row.visit(&mut |name, value| {
            let cited = value.provenances().iter().any(|p| p.source() == Some(sources::USUAL_CURRENTS));
            let current = ["amplitude", "usual amplitude, from", "usual amplitude, to"].contains(&name);
            currents += usize::from(cited);
            assert!(!cited || current, "{} {name}", row.name);
        });
    }
    assert!(currents >= 100, "{currents}");
    let sourced: Vec<_> = CATALOGUE.iter().filter(|row| row.channels.range.source().is_some()).collect();
    let known = ["foot-drop", "bells-", "disuse-dirks", "stroke-gait", "denervated-rise-", "fes-row"];
    for row in &sourced {
        assert!(known.iter().any(|name| row.name.starts_with(name)), "{}", row.name);
    }
    for row in known {
        assert!(sourced.iter().any(|other| other.name.starts_with(row)), "{row}");
    }
}

/// REQ-PRO-445: what the facts have of single rows to stop for, to aim at or to see to stands in them, with its mark; training of
/// older adults asks for a torn muscle as that of others does.
#[test]
fn rows_say_what_is_theirs() {
    let cases = [
        ("acl-snyder-mackler", "note", "aim: a torque of half of the other leg", "R-m"),
        ("acl-consensus", "from a week on", "week 1: a review after one", "F"),
        ("tka-stevens-lapsley", "from a week on", "week 1: a review after one", "F"),
        ("fes-cycle", "stop", "fewer turns a minute than some 20 to 35", "R-m"),
        ("fes-cycle-commercial", "stop", "fewer turns a minute than some 20 to 35", "R-m"),
        ("fes-cycle", "note", "before: 1 to 2 min moved by the motor", "R-m"),
        ("fes-row", "note", "the seat has a back", "ours"),
        ("fes-stand", "stop", "a knee buckles", "ours"),
        ("re-education", "stop", "pain, or other muscles", "ours"),
        ("strength-athlete", "note", "many muscles at once: see that", "R-h"),
        ("strength-older", "note", "many muscles at once: see that", "R-h"),
        ("strength-older", "note", "a target of 40 %", "F"),
    ];
    for (row, name, begins, mark) in cases {
        assert_eq!(marks(row, name, begins), [[mark, mark]], "{row}: {begins}");
    }
    for row in ["fes-cycle", "fes-cycle-commercial", "fes-row", "fes-stand", "fes-stand-training"] {
        assert_eq!(marks(row, "stop", "lesion at or above T6"), [["R-h", "R-h"]], "{row}");
    }
    for row in CATALOGUE.iter().filter(|row| row.name.starts_with("strength-")) {
        assert!(row.specific_items.contains(&Item::MuscleTear), "{}", row.name);
    }
}
