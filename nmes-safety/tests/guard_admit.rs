//! What the guard admits, on both sides of each limit, and every way a frame can be corrupted.

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
use proptest::prelude::*;

const CALIBRATED: Rig = Rig {
    hz: 40,
    set: (40_000, 300),
    ceiling: (40_000, 300),
    gap_us: 100,
    balance: Balance::Symmetric,
    form: Form::Rectangular,
    repeat: Repeat::ONCE,
    train: Train { timing: Timing::Even, pulses_max: 0, stale_after: Millis::ZERO, pattern: None },
    dead: 0,
    gap_rest: Rest::Open,
    pulse_rest: Rest::Open,
    late: 0,
    stamp: 0,
    gains: (100_000, 97_003),
    class: UseClass::FunctionalWear,
    schedule: Schedule::Continuous,
    seconds: 3_600,
    ramp_down_ms: 500,
    channels: 1,
    measured: false,
    more: |setup| setup,
};

/// REQ-SAF-020: nothing is admitted before arming, and nothing after a trip.
#[test]
fn only_while_armed() {
    let checked = Rig::default().checked();
    let mut guard = Guard::new(checked, 0);
    let frame = pulse(checked, 0, 1_000);
    let trip = guard.admit(0, &frame).unwrap_err();
    assert_eq!((trip.fault, trip.rule, trip.response), (Fault::NotArmed, "N-LOCK-1", Response::OpenNow));
    let (mut guard, now) = ready(checked);
    assert!(guard.admit(now, &pulse(checked, 0, now + 100)).is_ok());
    let trip = guard.admit(now, &pulse(checked, 0, now + 100)).unwrap_err();
    assert_eq!(trip.fault, Fault::Sequence);
    assert_eq!(guard.state(), State::Fault);
    assert_eq!(guard.admit(now, &pulse(checked, 1, now + 100)), Err(trip), "the first trip stays the answer");
    assert_eq!(guard.latched(), Some(&trip));
}

/// REQ-SAF-020: after a reset everything starts again from zero, and the black box is kept.
#[test]
fn reset_starts_from_zero() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let trip = guard.admit(now, &pulse(checked, 0, now - 1)).unwrap_err();
    assert!(guard.reset(now, Fault::Late).is_err());
    assert_eq!(guard.reset(now, trip.fault), Ok(State::SelfTest));
    assert_eq!(guard.black_box().first(), Some(&trip));
    for event in [Event::Passed, Event::Probe, Event::Contact] {
        guard.handle(now, event).unwrap();
    }
    assert_eq!(guard.authorised(0), Some(Setting::ZERO));
    let frame = pulse_at(checked, setting(1_000, 300), 0, now + 1_000);
    assert_eq!(fault(guard.admit(now, &frame)), Fault::Amplitude);
}

/// REQ-SAF-020: what was put out before a reset still counts in the last second and the last five, and nothing is owed.
#[test]
fn reset_keeps_the_windows() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    for n in 0..4 {
        play(&mut guard, &pulse(checked, n, now + u64::from(n) * 25_000)).unwrap();
    }
    let end = now + 100_000;
    let before = guard.tick(end).unwrap();
    let trip = guard.report_output_failure(end);
    guard.reset(end, trip.fault).unwrap();
    let after = guard.tick(end + 1).unwrap();
    assert!(before.rms_second_ua > 0);
    assert_eq!((after.rms_second_ua, after.rms_five_ua), (before.rms_second_ua, before.rms_five_ua));
    assert_eq!((guard.ledger(0), guard.admitted(0)), (Some(Charge::ZERO), None));
}

/// REQ-SAF-021: the sequence rises strictly, also over frames that were never started.
#[test]
fn sequence_rises() {
    let checked = Rig::default().checked();
    for (second, admitted) in [(4, false), (5, false), (6, true), (60, true)] {
        let (mut guard, now) = ready(checked);
        guard.admit(now, &pulse(checked, 5, now + 50)).unwrap();
        let answer = guard.admit(now, &pulse(checked, second, now + 50));
        assert_eq!(answer.is_ok(), admitted, "{second} after 5");
    }
}

/// REQ-SAF-021: a channel that is not in the plan.
#[test]
fn channel_exists() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    let made = pulse(checked, 0, now);
    let stray = PulseFrame::from_parts(1, made.kind(), 0, now, &list(&made), made.rest()).unwrap();
    assert_eq!(fault(guard.admit(now, &stray)), Fault::Channel);
}

/// REQ-SAF-022: an onset is not past; L + ε of lateness can still be on time.
#[test]
fn onset_is_not_past() {
    for (late, stamp) in [(0, 0), (5, 2)] {
        let checked = Rig { late, stamp, ..Rig::default() }.checked();
        let slack = u64::from(late + stamp);
        let (mut guard, now) = ready(checked);
        assert!(guard.admit(now, &pulse(checked, 0, now - slack)).is_ok());
        assert_eq!(fault(guard.admit(now, &pulse(checked, 1, now - slack - 1))), Fault::OnsetPast);
    }
}

/// REQ-SAF-022: a pulse is not nearer than a period to the last pulse that was started, less the edge spacing that the first of
/// a session waits.
#[test]
fn rate_is_kept() {
    let checked = Rig::default().checked();
    for (distance, admitted) in
        [(25_000, true), (24_999, true), (24_998, false), (1_000, false), (26_000, true)]
    {
        let (mut guard, now) = ready(checked);
        play(&mut guard, &pulse(checked, 0, now + 10)).unwrap();
        let next = pulse(checked, 1, now + 10 + distance);
        let answer = guard.admit(now + 10 + distance.min(700), &next);
        assert_eq!(answer.is_ok(), admitted, "{distance}");
        if let Err(trip) = answer {
            assert_eq!(trip.fault, Fault::Rate);
        }
    }
}

/// The usual plan on an output with an edge spacing, one channel for each source; with a wait where they share one.
fn sharing(spacing: u32, wait_us: u32, sources: &[u8]) -> &'static Checked<'static> {
    let usual = Rig::default().checked();
    let channel = usual.plan().session().channels()[0];
    let count = sources.len();
    // without a wait they have to stand apart
    let apart = |n| Channel {
        offset: Micros::from_micros(if wait_us == 0 { n * 10_000 } else { 0 }).unwrap(),
        ..channel
    };
    let channels: &'static [Channel] = (0_u32..).map(apart).take(count).collect::<Vec<_>>().leak();
    let session = Session::new(channels, Schedule::Continuous, ms(3_600_000)).unwrap();
    let wait = Micros::from_micros(wait_us).unwrap();
    let session = if wait_us == 0 { session } else { session.with_overlap(Overlap::Defer(wait)) };
    let timing = HardwareTiming { min_edge_ticks: spacing, ..HardwareTiming::ideal(1_000_000) };
    let usual = *usual.plan().hardware().channel(0).unwrap();
    let outputs: Vec<_> = sources.iter().map(|&source| ChannelHardware { source, ..usual }).collect();
    let hardware = Hardware::new(timing, &outputs, 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let setup = Setup::new(&vec![2_500; count], UseClass::FunctionalWear).unwrap();
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_601_000).unwrap();
    Box::leak(Box::new(check(plan, &setup, &Profile::default()).unwrap()))
}

/// REQ-SAF-022: a pulse that waited for a command, or for a source that it shares and the session lets it wait for, may be
/// followed by one that did not; by no more than that.
#[test]
fn rate_bears_a_wait() {
    let cases: [(u32, u32, &[u8], u64); 8] = [
        (1, 0, &[1], 1),
        (10, 0, &[1], 10),
        (1, 700, &[1, 1], 700),
        (10, 700, &[1, 1], 700),
        (10, 20_000, &[1, 1], 20_000),
        // nobody else is on its source, or it has one of its own
        (1, 700, &[1], 1),
        (1, 700, &[1, 2], 1),
        (1, 700, &[0, 1, 1], 1),
    ];
    for (spacing, wait_us, sources, slack) in cases {
        let checked = sharing(spacing, wait_us, sources);
        for (soon, admitted) in [(slack, true), (slack + 1, false)] {
            let (mut guard, now) = ready(checked);
            play(&mut guard, &pulse(checked, 0, now + 10)).unwrap();
            let next = pulse(checked, 1, now + 10 + 25_000 - soon);
            let answer = guard.admit(now + 800, &next).map_err(|trip| trip.fault);
            assert_eq!(answer.err(), (!admitted).then_some(Fault::Rate), "{soon} on {sources:?}");
        }
    }
}

/// REQ-SAF-022: where the plan keeps the channels of a source apart an input to one may still bring its pulse between, so that the
/// next of the other comes sooner by what is left of a period; alone on its source it does not.
#[test]
fn rate_bears_a_pulse_between() {
    for (sources, bears) in [(&[1, 1][..], true), (&[1, 2], false), (&[0, 0], false), (&[1], false)] {
        let checked = sharing(1, 0, sources);
        let (mut guard, now) = ready(checked);
        play(&mut guard, &pulse(checked, 0, now + 10)).unwrap();
        let answer = guard.admit(now + 800, &pulse(checked, 1, now + 10 + 5_000)).map_err(|trip| trip.fault);
        assert_eq!(answer.err(), (!bears).then_some(Fault::Rate), "{sources:?}");
    }
}

/// How many of the pulses of a train that come `distance` apart are admitted, of twelve.
fn admitted_of_twelve(checked: &'static Checked<'static>, distance: u64) -> u32 {
    let (mut guard, now) = ready(checked);
    let admits = |&n: &u32| {
        let trip = play(&mut guard, &pulse(checked, n, now + 10 + u64::from(n) * distance)).err();
        assert!(trip.is_none_or(|trip| trip.fault == Fault::Rate), "{trip:?}");
        trip.is_none()
    };
    u32::try_from((0..12).take_while(admits).count()).unwrap()
}

/// REQ-SAF-570: where edges may be late a pulse may have waited for trims, which a weaker one than the last needs; the next
/// comes sooner by that and no more.
#[test]
fn rate_bears_trims() {
    for (late, stamp, slack) in [(12, 3, 7 * (18 * 18 + 2) + 1), (1, 0, 7 * 20 + 1)] {
        let checked = Rig { late, stamp, ..Rig::default() }.checked();
        for (soon, admitted) in [(slack, true), (slack + 1, false)] {
            let (mut guard, now) = ready(checked);
            play(&mut guard, &pulse(checked, 0, now + 10)).unwrap();
            let answer = guard.admit(now + 800, &pulse(checked, 1, now + 10 + 25_000 - soon));
            let fault = answer.err().map(|trip| trip.fault);
            assert_eq!(fault, (!admitted).then_some(Fault::Rate), "{late}: {soon}");
        }
    }
}

/// REQ-SAF-570: waits do not add up: of a train that is too fast by as little as a tick in each period, as many pulses are
/// admitted as a single wait is long; of one of twice the rate, two, however long a wait may be.
#[test]
fn a_rate_that_is_too_high_is_found() {
    let late = Rig { late: 12, stamp: 3, ..Rig::default() }.checked();
    for (checked, wait) in [
        (sharing(1, 0, &[1]), 1),
        (sharing(10, 0, &[1]), 10),
        (late, 2_283),
        (sharing(1, 20_000, &[1, 1]), 20_000),
    ] {
        for faster in [1_u32, 5, 300, 2_500] {
            assert_eq!(admitted_of_twelve(checked, 25_000 - u64::from(faster)), (wait / faster + 1).min(12));
        }
        assert_eq!(admitted_of_twelve(checked, 12_500), if wait < 12_500 { 1 } else { 2 });
        assert_eq!(admitted_of_twelve(checked, 25_000), 12);
    }
}

/// REQ-SAF-022: a frame that was admitted and never started does not count for the rate.
#[test]
fn withdrawn_frames_do_not_count() {
    let checked = Rig::default().checked();
    let (mut guard, now) = ready(checked);
    for n in 0..20 {
        guard.admit(now + n, &pulse(checked, u32::try_from(n).unwrap(), now + n + 1)).unwrap();
    }
    play(&mut guard, &pulse(checked, 20, now + 30)).unwrap();
}

/// REQ-SAF-023: the primary phase is at most the code nearest to the set level, and the set level binds below the ceiling.
#[test]
fn level_is_authorised() {
    let checked = Rig::default().checked();
    // 10 mA set: 100 codes
    for (code, admitted) in [(99, true), (100, true), (101, false), (400, false)] {
        let mut guard = armed(checked, 0);
        let mut now = 0;
        for ua in 1..=10 {
            while guard.set_level(now, 0, setting(ua * 1_000, 300)).is_err() {
                now += 10_000;
            }
        }
        let segments = symmetric(code, 300);
        let answer = guard.admit(now, &remade(&pulse(checked, 0, now), 0, now, &segments));
        assert_eq!(answer.is_ok(), admitted, "code {code}");
        assert!(answer.is_ok() || fault(answer) == Fault::Amplitude);
    }
}

fn symmetric(code: i32, width: u32) -> [Segment; 3] {
    [
        Segment { level: Level::Code(code), ticks: width },
        Segment { level: Level::Open, ticks: 100 },
        Segment { level: Level::Code(-code), ticks: width },
    ]
}

/// REQ-SAF-023: the ceiling binds to the code, the width to the tick, codes to the calibrated range.
#[test]
fn ceiling_and_range() {
    let checked = Rig::default().checked();
    let cases = [
        (symmetric(400, 300), None),
        (symmetric(401, 300), Some(Fault::Amplitude)),
        (symmetric(400, 301), Some(Fault::Width)),
        (symmetric(400, 299), None),
        (symmetric(2_048, 300), Some(Fault::CodeRange)),
        (symmetric(2_047, 300), Some(Fault::Amplitude)),
        (symmetric(-400, 300), Some(Fault::Form)),
    ];
    for (segments, expected) in cases {
        let (mut guard, now) = ready(checked);
        let answer = guard.admit(now, &remade(&pulse(checked, 0, now), 0, now, &segments));
        assert_eq!(answer.err().map(|trip| trip.fault), expected, "{segments:?}");
    }
}

/// REQ-SAF-024: energy of a frame is at most N-EN-1.
#[test]
fn energy_of_a_frame() {
    // a setup may lower no energy so far that a checked plan breaks it, so the guard is shown the rule by a
    // device limit of exactly the pulse's energy: 500 ohm × 2 × (10 mA)² × 300 µs = 30 µJ
    for (limit_uj, admitted) in [(30, true), (29, false)] {
        let checked = Rig { set: (10_000, 300), ceiling: (10_000, 300), ..Rig::default() }.checked();
        let setup = *checked.setup();
        let setup = setup.with_limit(Layer::Device, &rules::N_EN_1, limit_uj).unwrap();
        let answer = check(*checked.plan(), &setup, &Profile::default());
        assert_eq!(answer.is_ok(), admitted, "the check and the guard agree on {limit_uj}");
        let Ok(tight) = answer else { continue };
        let tight: &'static Checked<'static> = Box::leak(Box::new(tight));
        let (mut guard, now) = ready(tight);
        assert!(guard.admit(now, &pulse(tight, 0, now)).is_ok());
        // the same charge paid back in less time, by one code more, is of the form, and over the energy
        let [main, gap, _] = symmetric(100, 300);
        let paid = |code, ticks| Segment { level: Level::Code(code), ticks };
        let answer = guard.admit(
            now,
            &remade(&pulse(tight, 1, now), 1, now, &[main, gap, paid(-101, 100), paid(-100, 199)]),
        );
        let trip = answer.unwrap_err();
        assert_eq!(trip.fault, Fault::Energy);
        assert_eq!((trip.value, trip.limit, trip.unit), (60_101_000_000, 60_000_000_000, "µA²·ticks"));
    }
}

/// REQ-SAF-542: where one code is coarse, no pulse is above the peak that was checked nor above the code nearest to the set level.
#[test]
fn coarse_codes_bind() {
    // 40.9 mA in codes of 2 mA is 20 of them; 21 were 42 mA
    let rig =
        Rig { set: (40_900, 300), ceiling: (40_900, 300), gains: (2_000_000, 2_000_000), ..Rig::default() };
    let checked = rig.checked();
    for (code, admitted) in [(20, true), (21, false)] {
        let (mut guard, now) = ready(checked);
        let answer = guard.admit(now, &remade(&pulse(checked, 0, now), 0, now, &symmetric(code, 300)));
        assert_eq!(answer.is_ok(), admitted, "code {code}");
        assert!(answer.is_ok() || fault(answer) == Fault::Amplitude);
    }
}

/// REQ-SAF-025: on calibrated hardware the frames begun sum to less than one code × one tick, however many.
#[test]
fn nominal_charge_never_accumulates() {
    let checked = CALIBRATED.checked();
    let output = *checked.plan().hardware().channel(0).unwrap();
    let (mut guard, now) = ready(checked);
    let first = pulse(checked, 0, now + 100);
    let net = first.net_charge(&output).unwrap().as_nanoamp_ticks();
    assert_ne!(net, 0, "this pair of gains does not cancel exactly");
    // each pulse alone is under a code × tick; the same one again and again is not
    let mut refused = None;
    for n in 0..200_u32 {
        let onset = now + 100 + u64::from(n) * 25_000;
        if let Err(trip) = play(&mut guard, &pulse(checked, n, onset)) {
            refused = Some((n, trip));
            break;
        }
    }
    let (n, trip) = refused.expect("the same remainder every time adds up");
    assert_eq!(trip.fault, Fault::Unbalanced);
    assert_eq!(trip.limit, 99_999);
    assert_eq!(trip.value, i64::from(n + 1) * net.abs());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// REQ-SAF-026: a legal frame is admitted; any change of one code or one length that unbalances it is refused.
    #[test]
    fn corrupted_frames_are_refused(
        ua in 1_000_u32..=40_000, us in 40_u32..=300, index in 0_usize..4,
        flip_code in any::<bool>(), bit in 0_u32..12,
    ) {
        let checked = Rig { balance: Balance::Asymmetric { length_percent: 400 }, ..Rig::default() }.checked();
        let (mut guard, now) = ready(checked);
        let legal = pulse_at(checked, setting(ua, us), 0, now);
        prop_assert!(guard.admit(now, &legal).is_ok());
        let mut segments = list(&legal);
        let slot = index.min(segments.len() - 1);
        let segment = &mut segments[slot];
        match (&mut segment.level, flip_code) {
            (Level::Code(code), true) => *code ^= 1 << bit,
            _ => segment.ticks = (segment.ticks ^ (1 << bit)).max(1),
        }
        let corrupted = remade(&legal, 1, now, &segments);
        prop_assume!(segments != list(&legal));
        let answer = guard.admit(now, &corrupted);
        prop_assert!(answer.is_err(), "{:?}", segments);
        prop_assert_eq!(guard.state(), State::Fault);
    }

    /// REQ-SAF-026: a frame is admitted exactly when it sums to zero, is within the set level, and pays back in time.
    #[test]
    fn admitted_is_balanced(code in 1_i32..=410, width in 1_u32..=302, k in 1_i32..=2, extra in 0_u32..=1) {
        let checked = Rig::default().checked();
        let output = *checked.plan().hardware().channel(0).unwrap();
        let (mut guard, now) = ready(checked);
        let paid = width * k.unsigned_abs() + extra;
        let segments = [
            Segment { level: Level::Code(code), ticks: width },
            Segment { level: Level::Open, ticks: 100 },
            Segment { level: Level::Code(-((code / k).max(1))), ticks: paid },
        ];
        let frame = PulseFrame::from_parts(0, FrameKind::Pulse, 0, now, &segments, Level::Open).unwrap();
        let balanced = frame.net_charge(&output) == Some(Charge::ZERO);
        let legal = balanced && code <= 400 && width <= 300 && paid <= width + 16;
        prop_assert_eq!(guard.admit(now, &frame).is_ok(), legal);
    }
}

/// REQ-SAF-026: forms that balance and are still no pulse of the plan.
#[test]
fn balanced_but_wrong() {
    let checked = Rig::default().checked();
    let c = |code, ticks| Segment { level: Level::Code(code), ticks };
    let open = |ticks| Segment { level: Level::Open, ticks };
    let wrong: [&[Segment]; 7] = [
        &[c(-400, 300), open(100), c(400, 300)],
        &[c(400, 300), c(-400, 300)],
        &[c(400, 300), open(101), c(-400, 300)],
        &[c(400, 300), open(100), c(-200, 600)],
        &[c(400, 150), open(100), c(-200, 150), c(-100, 150), c(-100, 150)],
        &[open(100), c(400, 300), c(-400, 300)],
        &[c(400, 300), open(100), c(-400, 300), open(5)],
    ];
    for segments in wrong {
        let (mut guard, now) = ready(checked);
        let answer = guard.admit(now, &remade(&pulse(checked, 0, now), 0, now, segments));
        assert_eq!(fault(answer), Fault::Form, "{segments:?}");
    }
    let (mut guard, now) = ready(checked);
    let made = pulse(checked, 0, now);
    let driven = PulseFrame::from_parts(0, FrameKind::Pulse, 0, now, &list(&made), Level::Code(1)).unwrap();
    assert_eq!(fault(guard.admit(now, &driven)), Fault::Form, "it would rest at a driven code");
}

/// REQ-SAF-023: both ends of the calibrated range bind to the code.
#[test]
fn codes_of_both_ways() {
    let checked = Rig::default().checked();
    for (code, outside) in
        [(-2_048, false), (-2_049, true), (-2_060, true), (2_047, false), (2_048, true), (2_060, true)]
    {
        let (mut guard, now) = ready(checked);
        let segments = [Segment { level: Level::Code(code), ticks: 300 }];
        let answer = guard.admit(now, &remade(&pulse(checked, 0, now), 0, now, &segments));
        assert_eq!(fault(answer) == Fault::CodeRange, outside, "{code}");
    }
}

/// REQ-SAF-028: no pulse begins after the planned session, counted from the first pulse.
#[test]
fn session_length() {
    let checked = Rig { seconds: 10, ..Rig::default() }.checked();
    for (after, admitted) in [(10_000_000, true), (10_000_001, false)] {
        let (mut guard, now) = ready(checked);
        play(&mut guard, &pulse(checked, 0, now)).unwrap();
        tended(&mut guard, now + after);
        let answer = guard.admit(now + after, &pulse(checked, 1, now + after));
        assert_eq!(answer.is_ok(), admitted);
        assert!(answer.is_ok() || fault(answer) == Fault::SessionLength);
    }
}
