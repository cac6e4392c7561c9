//! Invariants of the data, over every row of the catalogue.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_protocols::{
    Action, Availability, CATALOGUE, CRANKS, Change, ChargeReturn, Condition, CycleRow, Evidence, Family,
    Innervation, OnIncludesRamps, ScheduleRow, Site, TABLE, TimingRow, WaveKind, conditions, find, of_family,
};
use nmes_safety::{UseClass, rules};

/// REQ-PRO-200: every row of the summary, and its sub-rows, by the names of the facts.
#[test]
fn every_condition_is_there() {
    let wanted = [
        "foot-drop",
        "foot-drop-ms",
        "foot-drop-exercise",
        "foot-drop-lmn",
        "bells-denervated",
        "bells-innervated",
        "bells-high-volt",
        "bells-sub-motor",
        "bells-sub-threshold",
        "bells-synkinetic",
        "acl-snyder-mackler",
        "acl-fitzgerald",
        "acl-consensus",
        "acl-feil",
        "tka-stevens-lapsley",
        "tka-avramidis",
        "tka-valdes",
        "tka-petterson",
        "tka-yoshida-motor",
        "knee-oa",
        "disuse-dirks",
        "disuse-gibson",
        "icu-weakness",
        "copd-hf",
        "chf-low",
        "stroke-wrist-cyclic",
        "stroke-wrist-emg",
        "stroke-shoulder",
        "stroke-gait",
        "ms-strength",
        "denervated-rise-1",
        "denervated-rise-2",
        "denervated-rise-3",
        "denervated-rise-4",
        "denervated-small",
        "brachial-plexus",
        "nerve-boost",
        "fes-cycle",
        "fes-row",
        "fes-stand",
        "pelvic-stress",
        "pelvic-urge",
        "pelvic-mixed",
        "ptns",
        "ttns",
        "spasm-fatigue",
        "spasticity-antagonist",
        "venous-pump",
        "oedema-hvpc",
        "oedema-motor",
        "tens-conventional",
        "tens-al",
        "tens-burst",
        "tens-brief-intense",
        "tens-modulated",
        "trophic-patterned",
        "recovery-active",
        "strength-athlete",
        "strength-older",
        "re-education",
        "warm-up",
        "dysphagia",
    ];
    for name in wanted {
        assert!(find(name).is_some(), "{name}");
    }
    assert_eq!(CATALOGUE.len(), 102);
    let grouped: usize = Family::ALL.iter().map(|family| of_family(*family).count()).sum();
    assert_eq!(grouped, CATALOGUE.len(), "every row is in one group");
    assert!(Family::ALL.iter().all(|family| of_family(*family).next().is_some()));
}

/// REQ-PRO-201 (invariant 1): least <= default <= most for every number of every row.
#[test]
fn ranges_are_ordered() {
    for row in CATALOGUE {
        for (name, range) in row.ranges() {
            assert!(range.is_ordered(), "{} {name}: {range:?}", row.name);
        }
        let (low, high) = row.typical_amplitude_ua.value;
        assert!(row.amplitude.holds(low) && row.amplitude.holds(high) && low < high, "{}", row.name);
        if let Some(step) = row.schedule.step() {
            assert!(step.hold_max.default <= step.hold_cap.default);
        }
    }
}

/// One cycle in ms, as the row's defaults have it.
fn cycle_ms(row: &Condition, cycle: &CycleRow) -> u32 {
    let ramps = cycle.ramps.up.default + cycle.ramps.down.default;
    let hold = cycle.hold_ms(cycle.on.default, ramps).unwrap_or_else(|| panic!("{}: no hold", row.name));
    ramps + hold + cycle.off.default
}

/// REQ-PRO-202 (invariant 2): contractions × (ON + OFF) are the stated minutes within a tenth; stages fill the session.
#[test]
fn contractions_fill_the_session() {
    let mut looked = 0;
    for row in CATALOGUE {
        let minutes = f64::from(row.session_length.default);
        let total = match (&row.schedule, row.dose.contractions) {
            (ScheduleRow::Cyclic(cycle), Some(count)) => f64::from(count.default * cycle_ms(row, cycle)),
            (ScheduleRow::Program(program), _) => {
                let ramps = program.ramps.up.default + program.ramps.down.default;
                let of = |s: &nmes_protocols::StageRow| {
                    u32::from(s.repeats.value) * (s.hold_ms.value + s.rest_ms.value + ramps)
                };
                f64::from(program.stages.iter().map(of).sum::<u32>())
            }
            _ => continue,
        };
        looked += 1;
        assert!((total / minutes - 1.0).abs() <= 0.1, "{}: {total} ms of {minutes} ms", row.name);
    }
    assert!(looked >= 12, "{looked}");
}

/// REQ-PRO-203 (invariant 3): the ramps fit into ON where they are in it, over the whole range of ON.
#[test]
fn ramps_fit_into_on() {
    for row in CATALOGUE {
        let Some(cycle) = row.schedule.cycle() else { continue };
        if cycle.on_includes_ramps.value != OnIncludesRamps::No {
            let ramps = cycle.ramps.up.default + cycle.ramps.down.default;
            assert!(ramps < cycle.on.min, "{}: {ramps} ms in {} ms", row.name, cycle.on.min);
        }
    }
}

/// REQ-PRO-204 (invariants 4 and 8): the longest pulse at the highest rate fits its period, in every balance that the row
/// knows; a burst of a carrier, a train of bursts and listed intervals too.
#[test]
fn pulses_fit() {
    for row in CATALOGUE {
        let kind = row.waveform.kind.value;
        let option = row.waveform.option.map(|o| o.value);
        for back in [Some(row.waveform.balance.value), option].into_iter().flatten() {
            let longest = kind.pulse_us(row.phase_width.max, row.gap.max, back);
            let period = 1_000_000_000 / u64::from(row.rate.max);
            assert!(longest <= period, "{} {back}: {longest} µs in {period} µs", row.name);
        }
        if let WaveKind::BurstAc { cycles, .. } = kind {
            assert!(cycles > 1 && row.gap.max == 0 && row.waveform.balance.value == ChargeReturn::Symmetric);
        }
        match row.timing.map(|t| t.value) {
            Some(TimingRow::Bursts { pulses, every_millihertz }) => {
                let burst = (u64::from(pulses) + 1) * 1_000_000 / u64::from(row.rate.min);
                assert!(burst <= 1_000_000 / u64::from(every_millihertz), "{}", row.name);
            }
            Some(TimingRow::Intervals(list)) => {
                let least = list.iter().map(|us| us.as_micros()).min().unwrap();
                assert_eq!(u64::from(least), 1_000_000_000 / u64::from(row.rate.default), "{}", row.name);
            }
            None => {}
        }
    }
}

/// Rows whose largest settings break a limit without being for specialists, and why.
const OVER: &[(&str, &str)] = &[(
    "fes-cycle-commercial",
    "140 mA are what the device has; the check denies what is above the 130 mA of E-PEAK-1, whatever row asks for it",
)];

/// REQ-PRO-205 (invariant 5): at its largest settings a row stays under the limits on peak, phase charge and pulse
/// energy, or it is for specialists; what is left is named, and stays under them by default.
#[test]
fn loads_are_under_the_limits_or_for_specialists() {
    let breaks = |ua: u32, us: u32| {
        let (ua, us) = (u64::from(ua), u64::from(us));
        // both phases into 500 ohm: µA² × µs × ohm = 10^-12 µJ
        let energy_uj = u128::from(ua).pow(2) * u128::from(us) * 1_000 / 1_000_000_000_000;
        ua > rules::E_PEAK_1.limit
            || ua * us > rules::E_Q_1.limit
            || energy_uj > u128::from(rules::N_EN_1.limit)
    };
    let (mut over, mut named) = (Vec::new(), Vec::new());
    for row in CATALOGUE.iter().filter(|row| breaks(row.amplitude.max, row.phase_width.max)) {
        if OVER.iter().any(|(name, _)| *name == row.name) {
            assert!(!breaks(row.amplitude.default, row.phase_width.default), "{}", row.name);
            named.push(row.name);
        } else {
            assert_eq!(row.use_class.value, UseClass::Specialist, "{}", row.name);
            assert!(row.specialist.is_some(), "{}", row.name);
            over.push(row.name);
        }
    }
    assert!(over.contains(&"denervated-rise-1") && over.contains(&"denervated-small"), "{over:?}");
    assert_eq!(named, OVER.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}

/// REQ-PRO-206 (invariant 6): rows for a nerve have phases of at most 1 ms, rows for denervated muscle of at least 10 ms;
/// no row takes a nerve that nobody tested, but those that are only felt.
#[test]
fn widths_belong_to_the_nerve() {
    for row in CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled) {
        let denervated = row.needs.accepts(Innervation::Denervated);
        assert_ne!(
            denervated,
            row.needs.accepts(Innervation::Intact) || row.needs.accepts(Innervation::PartiallyDenervated)
        );
        if denervated {
            assert!(row.phase_width.min >= 10_000, "{}", row.name);
        } else {
            assert!(row.phase_width.max <= 1_000, "{}", row.name);
        }
        if row.needs.accepts(Innervation::Unknown) {
            assert_eq!(row.needs.nerve, "sensory nerve", "{}", row.name);
        }
    }
}

/// REQ-PRO-207 (invariant 7): a row of one train has no ON and OFF, and the class for it.
#[test]
fn continuous_rows_have_no_off() {
    for row in CATALOGUE {
        if let ScheduleRow::Continuous(_) = row.schedule {
            assert!(row.ranges().all(|(name, _)| name != "on" && name != "off"));
            let class = row.use_class.value;
            assert!(matches!(class, UseClass::Continuous | UseClass::Specialist), "{}: {class}", row.name);
        }
    }
}

/// REQ-PRO-208 (invariant 9): every row is screened for something that blocks at its site, and a row without benefit
/// says so in its headline.
#[test]
fn rows_are_screened_and_honest() {
    for row in CATALOGUE {
        let asked = TABLE.iter().filter(|e| e.general || row.specific_items.contains(&e.item));
        assert!(asked.filter(|e| e.action(row.site) == Action::Block).count() >= 5, "{}", row.name);
        let shown = |f: &nmes_protocols::Finding| matches!(f.evidence, Evidence::Positive | Evidence::Mixed);
        if !row.evidence.iter().any(shown) {
            assert!(row.shows_no_benefit(), "{}: {:?}", row.name, row.headline);
        }
        if row.headline.evidence == Evidence::Positive {
            assert!(row.evidence.iter().any(|f| f.evidence == Evidence::Positive), "{}", row.name);
        }
        assert!(!row.headline.claim.contains("nothing was looked up for this row"), "{}", row.name);
        assert!(!row.title.is_empty() && row.summary.ends_with('.'), "{}", row.name);
    }
}

/// REQ-PRO-208: a headline that claims something is shared within a group of rows at most: a row whose outcome was not looked
/// up does not show another's. At least a fifth of all rows say that nobody looked.
#[test]
fn headlines_are_a_rows_own() {
    let claims = |row: &&&Condition| matches!(row.headline.evidence, Evidence::Positive | Evidence::Mixed);
    for row in CATALOGUE.iter().filter(claims) {
        for other in CATALOGUE.iter().filter(|other| other.headline.claim == row.headline.claim) {
            assert_eq!(other.family, row.family, "{} shows the headline of {}", other.name, row.name);
        }
    }
    let unseen = CATALOGUE.iter().filter(|row| row.headline.claim.contains("looked up")).count();
    assert!(unseen >= CATALOGUE.len() / 5, "{unseen}");
}

/// REQ-PRO-209 (invariant 11): no step of a progression leaves the row's range.
#[test]
fn progressions_stay_inside() {
    let mut steps = 0;
    for row in CATALOGUE {
        for step in row.progression {
            let inside = match step.change {
                Change::OnOff(on, off) => {
                    row.schedule.cycle().is_some_and(|c| c.on.holds(on) && c.off.holds(off))
                }
                Change::Session(ms) => row.session_length.holds(ms),
                Change::Width(us) => row.phase_width.holds(us),
                Change::Text(text) => !text.is_empty(),
            };
            assert!(inside, "{}: {step}", row.name);
            steps += 1;
        }
    }
    assert!(steps >= 30);
}

/// REQ-PRO-210 (invariant 12): osteoarthritis of the knee: at least 45 contractions a week.
#[test]
fn enough_contractions_a_week() {
    for row in of_family(Family::KneeOsteoarthritis) {
        let (Some(count), Some(days)) = (row.dose.contractions, row.dose.per_week) else { continue };
        let a_week = count.default * days.default * row.dose.per_day.map_or(1, |d| d.default);
        assert!(a_week >= 45, "{}: {a_week}", row.name);
    }
    assert_eq!(conditions::KNEE_OA.dose.least_per_week.map(|l| l.value), Some(45));
}

/// REQ-PRO-211 (invariant 13): long pulses, faces and throats are for specialists, with small ceilings of their own and a
/// cap on direct current that is no looser than the rule; dysphagia and the operating theatre are disabled.
#[test]
fn specialists_only() {
    for row in CATALOGUE {
        let apart = row.phase_width.max >= 10_000 || matches!(row.site, Site::Face | Site::HeadNeck);
        if apart {
            assert!(row.specialist.is_some(), "{}", row.name);
        }
        if row.site == Site::Face {
            assert!(row.amplitude.max <= 10_000, "{}", row.name);
        }
        if row.site == Site::HeadNeck || row.family == Family::Swallowing {
            assert!(matches!(row.availability, Availability::Disabled(_)) && row.amplitude.max <= 25_000);
        }
        assert!(u64::from(row.direct_cap().value) <= rules::E_DC_4.limit, "{}", row.name);
    }
    assert!(matches!(conditions::NERVE_BOOST.availability, Availability::Disabled(_)));
}

/// REQ-PRO-212: a monophasic default keeps under its direct-current cap, with the row's own pads.
#[test]
fn direct_currents_are_capped() {
    for row in CATALOGUE.iter().filter(|r| r.waveform.balance.value == ChargeReturn::Monophasic) {
        let kind = row.waveform.kind.value;
        let direct = kind.direct_ua(row.amplitude.default, row.phase_width.default, row.rate.default);
        let density = u64::from(direct) * 100 / u64::from(row.electrodes.area.default);
        assert!(density <= u64::from(row.direct_cap().value), "{}: {density} µA/cm²", row.name);
    }
}

/// REQ-PRO-222 (invariant 10): the left crank's window is the right one's half a turn later; one source states both, and
/// they agree; a window that passes zero holds angles on both sides of it.
#[test]
fn left_is_right_half_a_turn_later() {
    for source in CRANKS {
        for window in source.windows {
            assert_eq!((window.start_deg + 180) % 360, window.left_start());
            assert!(window.start_deg < 360 && window.width_deg > 0 && window.width_deg < 360);
            let inside = (0..360).filter(|angle| window.holds(*angle)).count();
            assert_eq!(inside, usize::from(window.width_deg) + 1, "{} {}", source.name, window.muscle);
        }
    }
    // the hand cycle: left 40 to 190 and 200 to 360
    let stated: Vec<_> = CRANKS[2].windows.iter().map(|w| (w.left_start(), w.left_end())).collect();
    assert_eq!(stated, [(40, 190), (200, 0)]);
    let quadriceps = CRANKS[1].windows[0];
    assert!(quadriceps.holds(350) && quadriceps.holds(39) && !quadriceps.holds(41) && !quadriceps.holds(299));
}
