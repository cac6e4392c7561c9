//! The judge itself: a trigger that cannot be right must not pass it.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may panic, and its helpers too"
)]

use nmes_examples::gait::{Affected, Foot, Walk, affected, built_in};
use nmes_examples::judge::{Judgement, Outcome, Pulse, Terms};

const PERIOD_US: u64 = 25_000;

fn terms() -> Terms {
    Terms {
        foot: Foot::Left,
        threshold_ua: 25_000,
        period_us: PERIOD_US,
        debounce_us: 25_000,
        vouch_us: 600_000,
        tail_us: 400_000,
        time_out_us: 2_200_000,
        end_us: u64::MAX,
    }
}

fn train(from: u64, to: u64) -> impl Iterator<Item = Pulse> {
    let step = usize::try_from(PERIOD_US).unwrap();
    (from..to).step_by(step).map(|onset_us| Pulse { onset_us, level_ua: 40_000, full: true })
}

/// Pulses from each heel-off to `after_us` after its strike, at most up to the next heel-off.
fn per_step(walk: &Walk, late_us: u64, after_us: u64) -> Vec<Pulse> {
    let steps = walk.steps(Foot::Left);
    let starts = |i: usize| steps.get(i).and_then(|s| s.heel_off).map_or(u64::MAX, |t| t + late_us);
    let ends = |i: usize| (steps[i].strike.unwrap() + after_us).min(starts(i + 1));
    (0..steps.len()).flat_map(|i| train(starts(i), ends(i))).collect()
}

fn walks() -> [Walk; 2] {
    [built_in(40_000_000), affected(&Affected { seed: 5, strides: 30, ..Affected::default() })]
}

/// REQ-APP-002: the judgement passes a trigger that follows the steps.
#[test]
fn a_trigger_that_follows_the_steps_passes() {
    for walk in walks() {
        let judgement = Judgement::of(&walk, &per_step(&walk, 20_000, 200_000), &terms());
        assert!(judgement.passes(), "{:?}", judgement.criteria());
        assert_eq!(judgement.count(Outcome::OnTime), judgement.steps.len());
        assert_eq!(judgement.worst_to_threshold_us(), Some(20_000));
        assert!((40.0..75.0).contains(&judgement.on_percent()), "{}", judgement.on_percent());
    }
}

/// REQ-APP-002: an always-on trigger fails: no Off in stances, pulses with no step.
#[test]
fn an_always_on_trigger_fails() {
    for walk in walks() {
        let judgement = Judgement::of(&walk, &train(0, walk.length_us()).collect::<Vec<_>>(), &terms());
        let [threshold, full, held, off, stray] = judgement.criteria();
        assert!(threshold.passes() && full.passes() && held.passes(), "swings are well served");
        assert!(!off.passes() && !stray.passes() && !judgement.passes());
        assert_eq!(off.have, 0);
        assert!(judgement.on_percent() > 99.0);
        assert!(judgement.stances.iter().all(|s| s.is_past_middle()));
    }
}

/// REQ-APP-002: a never-on trigger fails: every step is missed.
#[test]
fn a_never_on_trigger_fails() {
    for walk in walks() {
        let judgement = Judgement::of(&walk, &[], &terms());
        let [threshold, full, _, off, stray] = judgement.criteria();
        assert!(!threshold.passes() && !full.passes() && !judgement.passes());
        assert!(off.passes() && stray.passes(), "no output is also no output in stance");
        assert_eq!(judgement.count(Outcome::Missed), judgement.steps.len());
        assert!(judgement.on_us == 0);
    }
}

/// REQ-APP-002: a gap in swing, a late start, a long tail and a level below threshold are each seen.
#[test]
fn each_kind_of_error_is_seen_by_its_own_criterion() {
    let walk = built_in(40_000_000);
    let good = per_step(&walk, 20_000, 200_000);
    let verdict = |pulses: &[Pulse]| Judgement::of(&walk, pulses, &terms()).criteria().map(|c| c.passes());
    let toe_offs: Vec<u64> = walk.steps(Foot::Left).iter().filter_map(|s| s.toe_off).collect();
    let in_gap = |p: &Pulse| toe_offs.iter().any(|&toe| (toe + 100_000..toe + 200_000).contains(&p.onset_us));
    let gaps: Vec<Pulse> = good.iter().filter(|p| !in_gap(p)).copied().collect();
    assert_eq!(verdict(&gaps), [true, false, true, true, true], "100 ms without a pulse in each swing");
    assert!(!verdict(&per_step(&walk, 400_000, 200_000))[0], "starts after toe-off");
    assert_eq!(
        verdict(&per_step(&walk, 20_000, 700_000)),
        [true, true, true, false, false],
        "runs into the next step"
    );
    let weak: Vec<Pulse> = good.iter().map(|p| Pulse { level_ua: 20_000, ..*p }).collect();
    assert_eq!(verdict(&weak), [false, true, true, true, true], "below motor threshold");
    let is_late =
        |p: &Pulse| toe_offs.iter().any(|&toe| (toe + 200_000..toe + 800_000).contains(&p.onset_us));
    let cut: Vec<Pulse> = good.iter().filter(|p| !is_late(p)).copied().collect();
    assert_eq!(verdict(&cut), [true, false, true, true, true], "ends in mid-swing");
    let ramping: Vec<Pulse> = good.iter().map(|p| Pulse { full: false, ..*p }).collect();
    assert_eq!(verdict(&ramping), [true, false, true, true, true], "never at full level");
    let mut stray = good;
    stray.insert(0, Pulse { onset_us: 100_000, level_ua: 40_000, full: true });
    assert_eq!(verdict(&stray), [true, true, true, true, false], "one pulse while standing");
}

/// REQ-APP-002: the time from toe-off to the first full pulse is a gap like any other: two periods are none, more is; the
/// strict count has all of it against the swing.
#[test]
fn a_late_first_pulse_is_a_gap() {
    let walk = built_in(10_000_000);
    let step = walk.steps(Foot::Left)[1];
    let (toe_off, strike) = (step.toe_off.unwrap(), step.strike.unwrap());
    let swing = |late_us: u64| {
        let pulses: Vec<Pulse> = train(toe_off + late_us, strike).collect();
        Judgement::of(&walk, &pulses, &terms()).steps[1].swing.unwrap()
    };
    for (late_us, full, strictly) in [(0, true, true), (50_001, true, false), (51_001, false, false)] {
        let swing = swing(late_us);
        assert_eq!((swing.is_full(), swing.is_strictly_full()), (full, strictly), "{late_us} µs: {swing:?}");
        assert_eq!(swing.strict_full_us, swing.length_us - late_us);
    }
}

/// REQ-APP-002: a swing is announced by its own heel a debounce time before, or by a fresh strike of the other one.
#[test]
fn announced_swings() {
    let announced = |lines: &str| {
        let text = format!("t_us,foot,event\n{lines}");
        let walk = Walk::parse(text.as_bytes(), "walk.csv").unwrap();
        Judgement::of(&walk, &[], &terms()).steps[0].announced
    };
    let lift = |lead: u64| {
        format!("{},left,heel_off\n2000000,left,toe_off\n2400000,left,heel_strike\n", 2_000_000 - lead)
    };
    assert!(announced(&lift(25_000)) && !announced(&lift(24_999)));
    assert!(announced(&format!("1400000,right,heel_strike\n{}", lift(0))));
    assert!(!announced(&format!("1399999,right,heel_strike\n{}", lift(0))));
    assert!(!announced("2000000,left,toe_off\n2400000,left,heel_strike\n"), "no heel-off at all");
}

/// REQ-APP-002: a lost pulse is no gap, two are.
#[test]
fn a_gap_is_more_than_two_periods() {
    let walk = built_in(10_000_000);
    let good = per_step(&walk, 20_000, 200_000);
    let toe_off = walk.steps(Foot::Left)[1].toe_off.unwrap();
    let at = good.partition_point(|p| p.onset_us < toe_off + 100_000);
    let without = |n: usize| {
        let mut pulses = good.clone();
        pulses.drain(at..at + n);
        Judgement::of(&walk, &pulses, &terms()).steps[1].swing.unwrap()
    };
    assert_eq!((without(1).longest_gap_us, without(1).held_permille), (2 * PERIOD_US, 1_000));
    assert_eq!(without(2).longest_gap_us, 3 * PERIOD_US);
    assert!(without(2).held_permille < 950);
}

/// REQ-APP-002: after a landing without heel load there is no heel-off; output that goes on is on time.
#[test]
fn output_that_goes_on_is_on_time_without_a_heel_off() {
    let text = "t_us,foot,event\n1000000,left,heel_off\n1200000,left,toe_off\n2600000,left,toe_off\n\
                3100000,left,heel_strike\n";
    let walk = Walk::parse(text.as_bytes(), "walk.csv").unwrap();
    let outcomes = |from: u64, to: u64| {
        let pulses: Vec<Pulse> = train(from, to).collect();
        Judgement::of(&walk, &pulses, &terms()).steps.iter().map(|s| s.outcome()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(1_010_000, 3_200_000), [Outcome::OnTime, Outcome::OnTime]);
    assert_eq!(
        outcomes(1_010_000, 2_400_000),
        [Outcome::OnTime, Outcome::Missed],
        "the second swing got nothing"
    );
    assert_eq!(outcomes(2_700_000, 3_200_000), [Outcome::Missed, Outcome::Late], "100 ms after toe-off");
}

/// REQ-APP-002: output that is gone before toe-off is no step on time, and its swing is one gap.
#[test]
fn output_that_ends_before_the_swing_is_missed() {
    for walk in walks() {
        let steps = walk.steps(Foot::Left);
        let fair = |s: &&nmes_examples::gait::Step| s.lead_us().is_some_and(|lead| lead >= 150_000);
        let early: Vec<Pulse> = steps
            .iter()
            .filter(fair)
            .flat_map(|s| train(s.heel_off.unwrap(), s.toe_off.unwrap() - 2 * PERIOD_US))
            .collect();
        let judgement = Judgement::of(&walk, &early, &terms());
        assert_eq!(judgement.count(Outcome::OnTime), 0);
        let fair_swings = judgement.swings().filter(|v| fair(&&v.step));
        let mut seen = 0;
        for verdict in fair_swings {
            assert_eq!(verdict.outcome(), Outcome::Missed);
            assert!(!verdict.full_by_toe_off());
            if let Some(swing) = verdict.swing {
                assert!(swing.longest_gap_us >= swing.length_us && swing.full_us == 0, "{swing:?}");
                seen += 1;
            }
        }
        assert!(seen > 5 && !judgement.passes());
        assert!(judgement.on_percent() <= 100.0);
    }
}
