//! What a campaign of faults reaches: every stored value of a guard, its interlock and the layers of limits.
#![cfg(feature = "fault-injection")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use std::fmt::Debug;

use guard_support::*;
use nmes_core::flip::{Flip, Walk};
use nmes_core::*;
use nmes_safety::*;

/// Path and width of each stored value, in the order of the walk.
fn leaves(part: &mut impl Flip) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    part.flip(&mut Walk::new(&mut |path, bits| {
        found.push((path.join("."), bits));
        None
    }));
    found
}

/// Flips one bit of one of them.
fn flip(part: &mut impl Flip, leaf: usize, bit: u32) {
    let mut at = 0;
    part.flip(&mut Walk::new(&mut |_, _| {
        at += 1;
        (at == leaf + 1).then_some(bit)
    }));
}

/// A walk that asks for nothing changes nothing, and every bit that it asks for changes something.
fn walks<T: Flip + Debug>(make: impl Fn() -> T) {
    let (mut part, shown) = (make(), format!("{:?}", make()));
    let all = leaves(&mut part);
    assert_eq!(format!("{part:?}"), shown);
    for (leaf, (path, bits)) in all.iter().enumerate() {
        for bit in [0, bits - 1] {
            let mut part = make();
            flip(&mut part, leaf, bit);
            assert_ne!(format!("{part:?}"), shown, "bit {bit} of {path}");
        }
    }
}

/// A guard in the middle of a pulse.
fn under_way() -> Guard<'static> {
    under_way_of(1)
}

/// The same of so many channels, on the first.
fn under_way_of(channels: usize) -> Guard<'static> {
    let checked = Rig { set: (1_000, 300), channels, ..Rig::default() }.checked();
    let (mut guard, now) = ready(checked);
    let frame = pulse(checked, 0, now + 10);
    guard.admit(now, &frame).unwrap();
    guard.edge(frame.onset_tick(), &change(&frame, 0), None).unwrap();
    guard
}

fn capped() -> (Setup, Profile) {
    let setup = Setup::new(&[5_000], UseClass::Specialist).unwrap();
    let setup = setup.with_limit(Layer::Device, &rules::E_PEAK_1, 60_000).unwrap();
    let setup = setup.with_limit(Layer::Subject, &rules::E_Q_1, 9_000_000).unwrap();
    (setup, Profile::default().with_limit(&rules::E_PEAK_1, 50_000).unwrap())
}

/// REQ-SAF-550: a walk over a guard, a setup or a profile leaves alone what it is not asked for, and changes what it is.
#[test]
fn walks_change_what_they_are_asked_for() {
    walks(under_way);
    walks(|| capped().0);
    walks(|| capped().1);
    assert_eq!(leaves(&mut Profile::default()), []);
}

/// REQ-SAF-550: a limit that is stated can be lost, and its number damaged; the rule's own then binds, or the damaged one.
#[test]
fn stated_limits_are_reached() {
    let (mut setup, mut profile) = capped();
    assert_eq!((leaves(&mut setup).len(), leaves(&mut profile).len()), (4, 2));
    flip(&mut setup, 1, 1);
    assert_eq!(setup.limit(&rules::E_PEAK_1, &Profile::default()).unwrap().value, 60_000 ^ 2);
    flip(&mut setup, 0, 0);
    assert_eq!(setup.limit(&rules::E_PEAK_1, &Profile::default()).unwrap().layer, Layer::Rule);
    assert_eq!(setup.limit(&rules::E_Q_1, &Profile::default()).unwrap().layer, Layer::Subject);
    flip(&mut profile, 0, 0);
    assert_eq!(profile.limit(&rules::E_PEAK_1).value, rules::E_PEAK_1.limit);
}

/// REQ-SAF-430: any one bit of a limit, of a term of a channel or of what is authorised that flips opens the output within a
/// tick for each channel and one.
#[test]
fn each_limit_and_term_is_looked_at() {
    let seen = [1, 2].map(limits_and_terms_of);
    assert!(seen[0] >= 20 && seen[1] >= seen[0] + 12, "{seen:?} limits and terms");
}

fn limits_and_terms_of(channels: usize) -> u32 {
    let last = u64::try_from(channels).unwrap();
    let all = leaves(&mut under_way_of(channels));
    let kept = ["limits", "watches.terms", "watches.set.authorised", "watches.set.complement"];
    let constant = |path: &str| kept.iter().any(|kept| path.starts_with(kept));
    let mut seen = 0;
    for (leaf, (path, bits)) in all.iter().enumerate().filter(|(_, (path, _))| constant(path)) {
        for (before, bit) in [(0, 0), (1, bits / 2), (0, bits - 1), (1, 0), (2, 0)] {
            let mut guard = under_way_of(channels);
            let now = leaves_now(&guard) + before;
            for earlier in now - before..now {
                guard.tick(earlier).unwrap();
            }
            flip(&mut guard, leaf, bit);
            let trip = (now..=now + last).find_map(|now| guard.tick(now).err());
            assert_eq!(trip.map(|trip| trip.fault), Some(Fault::StateCorrupt), "bit {bit} of {path}");
        }
        seen += 1;
    }
    seen
}

/// REQ-SAF-430: what is authorised on a channel is looked at before a pulse of that channel is admitted, and not only at the next tick.
#[test]
fn what_is_authorised_is_looked_at_before_a_pulse() {
    let checked = Rig { channels: 2, set: (1_000, 300), ..Rig::default() }.checked();
    let all = leaves(&mut ready(checked).0);
    let authorised =
        |path: &str| ["authorised", "complement"].iter().any(|part| path.contains(&format!("set.{part}")));
    let found = |leaf: usize, bit: u32, channel: u8| {
        let (mut guard, now) = ready(checked);
        flip(&mut guard, leaf, bit);
        let mut frame = checked.plan().frame(channel, setting(1_000, 300), now + 100).unwrap();
        frame.move_to(1, now + 100);
        guard.admit(now, &frame).err().map(|trip| (trip.fault, trip.channel))
    };
    let damage = |channel| Some((Fault::StateCorrupt, Some(channel)));
    let (mut first, mut second) = (0, 0);
    for (leaf, (path, bits)) in all.iter().enumerate().filter(|(_, (path, _))| authorised(path)) {
        match [0, 1].map(|channel| found(leaf, bits - 1, channel)) {
            [one, None] if one == damage(0) => first += 1,
            [None, two] if two == damage(1) => second += 1,
            // of a channel that the plan has not
            answers => assert_eq!(answers, [None, None], "{path}"),
        }
    }
    assert!(first > 0 && first == second, "{first} and {second}");
}

/// The tick of the edge that [`under_way`] is at.
fn leaves_now(guard: &Guard<'_>) -> u64 {
    guard.admitted(0).unwrap().frame().onset_tick()
}

/// REQ-SAF-043: a bit of the interlock's word, of its complement, or the same one of both, is found: it reads as Fault, and is
/// left by no reset that does not name the damage.
#[test]
fn a_damaged_interlock_is_not_intact() {
    for bit in 0..32 {
        for flips in [&[0][..], &[1], &[0, 1]] {
            let mut interlock = Interlock::new();
            interlock.handle(Event::Passed).unwrap();
            assert!(interlock.is_intact() && interlock.cause().is_none());
            for leaf in flips {
                flip(&mut interlock, *leaf, bit);
            }
            assert_eq!(
                (interlock.state(), interlock.is_intact()),
                (State::Fault, false),
                "bit {bit} of {flips:?}"
            );
            assert_eq!(interlock.cause(), Some(Fault::StateCorrupt));
            assert!(interlock.reset(Fault::Late).is_err());
            assert_eq!(interlock.reset(Fault::StateCorrupt), Ok(State::SelfTest));
            assert!(interlock.is_intact());
        }
    }
}

/// REQ-SAF-500: whatever bit of what is known of a pulse flips after it, the guard works it out anew when the pulse comes again,
/// and stands as it would have.
#[test]
fn damaged_knowledge_is_worked_out_anew() {
    let checked = Rig { set: (1_000, 300), ..Rig::default() }.checked();
    let again = |leaf: Option<usize>, bit: u32| {
        let (mut guard, now) = ready(checked);
        play(&mut guard, &pulse(checked, 0, now)).unwrap();
        if let Some(leaf) = leaf {
            flip(&mut guard, leaf, bit);
        }
        guard.admit(now + 20_000, &pulse(checked, 1, now + 25_000)).unwrap();
        format!("{guard:?}")
    };
    let expected = again(None, 0);
    let known = |path: &str| path.starts_with("watches.known.");
    for (leaf, (path, bits)) in
        leaves(&mut under_way()).iter().enumerate().filter(|(_, (path, _))| known(path))
    {
        for bit in 0..*bits {
            assert_eq!(again(Some(leaf), bit), expected, "bit {bit} of {path}");
        }
    }
}

/// The shortest time that the output is open between two levels of different ways.
fn open_between(segments: &[Segment]) -> u32 {
    let (mut before, mut open, mut least) = (0, 0, u32::MAX);
    for segment in segments {
        match segment.level {
            Level::Open => open += segment.ticks,
            Level::Code(code) if code != 0 => {
                if before != 0 && before != code.signum() {
                    least = least.min(open);
                }
                (before, open) = (code.signum(), 0);
            }
            Level::Code(_) | Level::Shorted => {}
        }
    }
    least
}

/// REQ-SAF-213: of all frames of repeats that differ by a bit from a legal one none is admitted that is open for less than the
/// dead time between two ways, within a repeat or from one to the next.
#[test]
fn dead_time_of_any_frame() {
    let repeat = Repeat { count: 3, gap: Micros::from_micros(40).unwrap() };
    let rig = Rig { set: (1_000, 300), dead: 20, gap_rest: Rest::DrivenZero, repeat, ..Rig::default() };
    let checked = rig.checked();
    let (mut guard, now) = ready(checked);
    let legal = checked.plan().frame(0, setting(1_000, 300), now).unwrap();
    let (mut short, mut refused) = (0, 0);
    for (leaf, (path, bits)) in leaves(&mut legal.clone()).iter().enumerate() {
        for bit in 0..*bits {
            let mut other = legal;
            flip(&mut other, leaf, bit);
            let segments: Vec<Segment> = other.segments().take(100).collect();
            let is_short = open_between(&segments) < 20;
            let answer = guard.admit(now, &other).map(drop);
            assert!(!is_short || answer.is_err(), "bit {bit} of {path}: {segments:?}");
            short += u32::from(is_short);
            refused += u32::from(answer.is_err());
            (guard, _) = ready(checked);
        }
    }
    assert!(guard.admit(now, &legal).is_ok() && short > 0 && refused > short, "{short} of {refused}");
}

/// REQ-SAF-028: a session whose begin is damaged to be long ago is over at the next tick.
#[test]
fn a_damaged_begin_ends_the_session() {
    let checked = Rig { set: (1_000, 300), seconds: 60, ..Rig::default() }.checked();
    let begin = 1 << 40;
    let mut guard = armed(checked, begin);
    let now = raise(&mut guard, checked, begin);
    play(&mut guard, &pulse(checked, 0, now)).unwrap();
    guard.tick(now + 1_000).unwrap();
    let first =
        leaves(&mut guard).iter().position(|(path, bits)| path == "first_pulse" && *bits > 1).unwrap();
    flip(&mut guard, first, 40);
    assert_eq!(guard.tick(now + 2_000).unwrap_err().fault, Fault::SessionLength);
}
