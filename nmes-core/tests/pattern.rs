//! A recruitment pattern is straight lines between its points, and nothing else is taken.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::cases;
use nmes_core::*;
use proptest::prelude::*;

fn point(command_permille: u16, amplitude_ua: u32, width_us: u32) -> PatternPoint {
    PatternPoint { command_permille, setting: Setting::new(amplitude_ua, width_us).unwrap() }
}

fn values(setting: Setting) -> (u64, u64) {
    (u64::from(setting.amplitude.as_microamps()), u64::from(setting.width.as_micros()))
}

fn charge(setting: Setting) -> u64 {
    let (amplitude, width) = values(setting);
    amplitude * width
}

/// Points in the order of command and of charge.
fn points() -> impl Strategy<Value = Vec<PatternPoint>> {
    let inner = prop::collection::btree_set(1_u16..1_000, 0..=18);
    (inner, prop::collection::vec((0_u32..=1_000_000, 0_u32..=10_000_000), 20)).prop_map(
        |(inner, mut settings)| {
            let commands: Vec<u16> = [0].into_iter().chain(inner).chain([1_000]).collect();
            settings.truncate(commands.len());
            settings.sort_by_key(|&(amplitude, width)| u64::from(amplitude) * u64::from(width));
            commands.iter().zip(settings).map(|(&command, (a, w))| point(command, a, w)).collect()
        },
    )
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// REQ-CORE-47: the points are met exactly, between them each value is the nearest to the straight line, and the
    /// charge is never below that of the lower point but for that rounding.
    #[test]
    fn a_pattern_is_straight_lines(points in points()) {
        let pattern = Pattern::new(&points).unwrap();
        prop_assert_eq!(pattern.points(), &points[..]);
        for pair in points.windows(2) {
            let (lower, upper) = (pair[0], pair[1]);
            prop_assert_eq!(pattern.setting(lower.command_permille).unwrap(), lower.setting);
            prop_assert_eq!(pattern.setting(upper.command_permille).unwrap(), upper.setting);
            let span = u64::from(upper.command_permille - lower.command_permille);
            for command in lower.command_permille..=upper.command_permille {
                let on = u64::from(command - lower.command_permille);
                let setting = pattern.setting(command).unwrap();
                let (amplitude, width) = values(setting);
                let ((a0, w0), (a1, w1)) = (values(lower.setting), values(upper.setting));
                for (got, from, to) in [(amplitude, a0, a1), (width, w0, w1)] {
                    let line = from * (span - on) + to * on;
                    prop_assert!((got * span).abs_diff(line) * 2 <= span, "{} at {}", got, command);
                }
                // each value rounds down by half at most
                prop_assert!((2 * amplitude + 1) * (2 * width + 1) >= 4 * charge(lower.setting));
            }
        }
    }

    /// REQ-CORE-47: commands above full are refused, by name and limit.
    #[test]
    fn more_than_all_is_refused(points in points(), command in 1_001_u16..) {
        let refused = Pattern::new(&points).unwrap().setting(command).unwrap_err();
        let source = "a command is at most 1,000 per mille";
        let value = i64::from(command);
        prop_assert_eq!(refused, ConfigError::Above { field: Field::PatternCommand, value, limit: 1_000, source });
    }

    /// REQ-CORE-48: any points are taken if, and only if, they keep to the rules.
    #[test]
    fn only_patterns_are_taken(raw in prop::collection::vec((0_u16..=1_001, 0_u32..100, 0_u32..100), 0..24), sorted: bool, ends: bool) {
        let mut raw = raw;
        if sorted {
            raw.sort_unstable();
        }
        if ends && raw.len() >= 2 {
            raw[0].0 = 0;
            raw.last_mut().unwrap().0 = 1_000;
        }
        let points: Vec<PatternPoint> = raw.into_iter().map(|(c, a, w)| point(c, a, w)).collect();
        let field = if !(2..=20).contains(&points.len()) {
            Some(Field::PatternPoints)
        } else if points[0].command_permille != 0 {
            Some(Field::PatternCommand)
        } else {
            let bad_pair = points.windows(2).find_map(|pair| {
                if pair[1].command_permille <= pair[0].command_permille {
                    Some(Field::PatternCommand)
                } else {
                    (charge(pair[1].setting) < charge(pair[0].setting)).then_some(Field::PatternCharge)
                }
            });
            let last = points[points.len() - 1].command_permille;
            bad_pair.or_else(|| (last != 1_000).then_some(Field::PatternCommand))
        };
        prop_assert_eq!(Pattern::new(&points).err().map(|error| error.field()), field);
    }
}

/// REQ-CORE-48: a pattern that is wrong is wrong at compile time where it is a constant.
#[test]
fn a_pattern_can_be_a_constant() {
    const POINTS: [PatternPoint; 2] = {
        let setting = match Setting::new(30_000, 250) {
            Some(setting) => setting,
            None => panic!("in range"),
        };
        [
            PatternPoint { command_permille: 0, setting: Setting::ZERO },
            PatternPoint { command_permille: 1_000, setting },
        ]
    };
    const PATTERN: Pattern<'_> = match Pattern::new(&POINTS) {
        Ok(pattern) => pattern,
        Err(_) => panic!("a pattern"),
    };
    assert_eq!(PATTERN.setting(500).unwrap(), Setting::new(15_000, 125).unwrap());
}

/// REQ-CORE-48: the messages name value, limit and why.
#[test]
fn refusals_name_value_and_limit() {
    let rows = [
        (vec![point(0, 0, 0)], "points of a pattern: 1 is below 2"),
        (vec![point(0, 0, 0); 21], "points of a pattern: 21 is above 20"),
        (vec![point(1, 0, 0), point(1_000, 1, 1)], "pattern command (‰): 1 is above 0"),
        (vec![point(0, 0, 0), point(999, 1, 1)], "pattern command (‰): 999 is below 1000"),
        (vec![point(0, 0, 0), point(1_001, 1, 1)], "pattern command (‰): 1001 is above 1000"),
        (vec![point(0, 0, 0), point(7, 1, 1), point(7, 1, 1)], "pattern command (‰): 7 is below 8"),
        (vec![point(0, 10, 30), point(1_000, 20, 14)], "charge at a pattern point (pC): 280 is below 300"),
    ];
    for (points, start) in rows {
        let said = Pattern::new(&points).unwrap_err().to_string();
        assert!(said.starts_with(start), "{said}");
    }
}
