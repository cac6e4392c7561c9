//! Channels that are alike are summed up once: the report is the one that each channel by itself would make.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, config, ms, us};
use nmes_core::*;
use nmes_safety::{Place, Profile, Report, Row, Setup, UseClass, assess};
use proptest::prelude::*;

/// A channel, the output it is on, and its electrode.
#[derive(Clone, Copy, Debug)]
struct Part {
    asked: Channel<'static>,
    dac: ChannelHardware,
    area: u32,
}

/// What one channel may have that the others have not; each of them alone changes a row.
#[derive(Clone, Copy, Debug)]
enum Twist {
    None,
    Later,
    Stronger,
    Wider,
    SetLower,
    Faster,
    Bursts,
    Gap,
    Steeper,
    Coarser,
    Smaller,
}

const TWISTS: [Twist; 11] = [
    Twist::None,
    Twist::Later,
    Twist::Stronger,
    Twist::Wider,
    Twist::SetLower,
    Twist::Faster,
    Twist::Bursts,
    Twist::Gap,
    Twist::Steeper,
    Twist::Coarser,
    Twist::Smaller,
];

fn part(twist: Twist) -> Part {
    let case = Case { set: Some((20_000, 300)), ..Case::new() };
    // unequal, so that what a pulse leaves depends on its level
    let dac = ChannelHardware { na_per_code_negative: 1_013, ..case.dac };
    let mut part = Part { asked: case.channel(), dac, area: 5_000 };
    let asked = &mut part.asked;
    match twist {
        Twist::None => {}
        Twist::Later => asked.offset = us(7_000),
        Twist::Stronger => asked.ceiling.amplitude = MicroAmps::from_microamps(21_000).unwrap(),
        Twist::Wider => asked.ceiling.width = us(310),
        // leaves 1,004 nA·ticks where the ceiling leaves 1,000
        Twist::SetLower => asked.set = Setting::new(19_970, 291).unwrap(),
        Twist::Faster => asked.rate = Rate::from_hz(41).unwrap(),
        Twist::Bursts => {
            asked.train.timing = Timing::Bursts(Bursts { pulses: 2, every: Rate::from_hz(5).unwrap() });
        }
        Twist::Gap => asked.pulse.gap = us(120),
        Twist::Steeper => asked.ramp.up = ms(900),
        Twist::Coarser => part.dac.na_per_code_positive = 1_009,
        Twist::Smaller => part.area = 4_000,
    }
    part
}

fn report(parts: &[Part], profile: &Profile) -> Report {
    let case = Case::new();
    let (asked, dacs): (Vec<_>, Vec<_>) = parts.iter().map(|part| (part.asked, part.dac)).unzip();
    let areas: Vec<_> = parts.iter().map(|part| part.area).collect();
    let session = Session::new(&asked, case.schedule, ms(case.length_ms)).unwrap();
    let hardware = Hardware::new(case.timing, &dacs, 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let setup = Setup::new(&areas, UseClass::Exercise).unwrap();
    assess(&plan, &setup, profile)
}

/// Of a rule on one channel: the harder verdict, the smaller margin, the larger value. What is at one place only is the
/// same wherever it is.
fn hardness(row: &Row) -> impl Ord + use<> {
    (row.verdict, core::cmp::Reverse(row.margin_permille), row.value)
}

fn check_against_each(twists: &[Twist], profile: &Profile) -> Result<(), TestCaseError> {
    let parts: Vec<_> = twists.iter().map(|twist| part(*twist)).collect();
    let alone: Vec<_> = parts.iter().map(|one| report(&[*one], profile)).collect();
    for row in report(&parts, profile).rows() {
        let singles: Vec<_> = alone.iter().map(|report| *report.row(row.rule).unwrap()).collect();
        let worst = singles.iter().map(hardness).max().unwrap();
        prop_assert!(hardness(row) == worst, "{row}\nof {twists:?}: {singles:?}");
        if let Place::Channel(channel) = row.place {
            let mut single = singles[usize::from(channel)];
            single.place = row.place;
            prop_assert_eq!(*row, single, "the row of the channel that is named");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(400))]

    /// REQ-SAF-549: whatever channels are alike, and in whatever one of them differs, each rule has the row of the channel
    /// that comes off worst by itself.
    #[test]
    fn a_report_is_that_of_the_worst_channel(
        twists in proptest::collection::vec(proptest::sample::select(&TWISTS[..]), 1..=8), fda in any::<bool>(),
    ) {
        let profile = Profile::named(Profile::NAMES[usize::from(fda)]).unwrap();
        check_against_each(&twists, &profile)?;
    }
}

/// REQ-SAF-549: each difference alone, behind a channel without it and ahead of one.
#[test]
fn no_difference_is_overlooked() {
    for twist in TWISTS {
        for twists in [[Twist::None, twist], [twist, Twist::None]] {
            check_against_each(&twists, &Profile::default()).unwrap();
        }
    }
}

/// REQ-SAF-549: of channels that are alike the first is named, or the one on the smaller electrode.
#[test]
fn the_first_of_those_alike_is_named() {
    let place = |twists: &[Twist], rule| {
        let parts: Vec<_> = twists.iter().map(|twist| part(*twist)).collect();
        report(&parts, &Profile::default()).row(rule).unwrap().place
    };
    let peak = &nmes_safety::rules::E_PEAK_1;
    let density = &nmes_safety::rules::E_J_2;
    assert_eq!(place(&[Twist::None, Twist::Later, Twist::Smaller], peak), Place::Channel(0));
    assert_eq!(place(&[Twist::None, Twist::Later, Twist::Smaller], density), Place::Channel(2));
    assert_eq!(place(&[Twist::None, Twist::Stronger, Twist::Stronger], peak), Place::Channel(1));
}

/// REQ-SAF-549: where a limit grows with the width of a pulse, the channel with less room is shown, not the one with more charge.
#[test]
fn less_room_comes_before_more_charge() {
    let of = |ua, width| {
        let mut part = part(Twist::None);
        part.asked.ceiling = Setting::new(ua, width).unwrap();
        part.asked.set = part.asked.ceiling;
        part
    };
    // 15 µC of 34 µC, and 13 µC of 22.8 µC
    let (roomy, tight) = (of(30_000, 500), of(130_000, 100));
    let profile = Profile::named("fda-limited-output-draft").unwrap();
    for (parts, place) in [([roomy, tight], Place::Channel(1)), ([tight, roomy], Place::Channel(0))] {
        let report = report(&parts, &profile);
        let row = report.row(&nmes_safety::rules::G_LO_Q).unwrap();
        assert_eq!((row.place, row.value), (place, Some(13_000_000)), "{row}");
    }
}
