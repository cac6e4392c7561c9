//! Many runs of a kind, and what is held against them.

use nmes_hal_adapters::sim::Random;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::kinds::{Kind, Must};
use super::road::{End, Outcome, run};
use super::scenes::{Scene, scenes};

/// How much more than planned a phase may carry and still be what it was: E-OC-1 trips above 1.2, and L, of which no plan takes
/// more than a tenth of a phase, lengthens it.
const STRONGER: f64 = 1.2 * 1.1;
/// What may be left a second, in nC: E-DC-3, 50 µA.
const LEFT_NC: f64 = 50_000.0;

/// What the runs of one kind came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Runs with the one-shot; as many were made without.
    pub runs: u32,
    /// How they ended, with the one-shot.
    pub ends: BTreeMap<End, u32>,
    /// The longest time from fault to open, in ticks, with the one-shot and without.
    pub open_ticks: [u64; 2],
    /// The most charge of one uninterrupted phase as a multiple of what the profile lets a phase have, with the one-shot
    /// and without.
    pub of_profile: [f64; 2],
    /// The same as a multiple of the plan's own phase.
    pub of_plan: [f64; 2],
    /// The largest net charge as a multiple of the plan's own phase.
    pub net: [f64; 2],
    /// The most charge of a phase while a session was held, as a multiple of a phase at the probe level.
    pub of_probe: f64,
    /// Runs without the one-shot in which current never ended.
    pub never_ended: u32,
    /// Runs that did not come to what they must, each told with its seed.
    pub holes: Vec<String>,
}

impl Tally {
    fn add(&mut self, kind: &Kind, scene: &Scene, seed: u64, outcome: &Outcome, which: usize) {
        if which == 0 {
            self.runs += 1;
            *self.ends.entry(outcome.end.clone()).or_default() += 1;
        }
        let most = |slot: &mut [f64; 2], value: f64| slot[which] = slot[which].max(value);
        most(&mut self.of_profile, outcome.out.phase_nc / scene.profile_nc);
        most(&mut self.of_plan, outcome.out.phase_nc / scene.plan_nc);
        most(&mut self.net, outcome.out.net_nc / scene.plan_nc);
        if let Some(stride) = outcome.stride.filter(|_| outcome.end == End::Held) {
            self.of_probe = self.of_probe.max(stride.phase_nc / scene.probe_nc);
        }
        if outcome.drives && !outcome.end.goes_on() {
            self.never_ended += u32::from(which == 1);
        } else if let Some(ticks) = outcome.open_ticks {
            self.open_ticks[which] = self.open_ticks[which].max(ticks);
        }
        if let Some(why) = hole(kind, scene, outcome, which == 0) {
            let with = if which == 0 { "with" } else { "without" };
            self.holes.push(format!("{} {seed:#x} {} ({with} one-shot): {why}", kind.name, scene.name));
        }
    }

    fn join(&mut self, other: Self) {
        self.runs += other.runs;
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
        for which in 0..2 {
            self.open_ticks[which] = self.open_ticks[which].max(other.open_ticks[which]);
            for (mine, its) in [
                (&mut self.of_profile, other.of_profile),
                (&mut self.of_plan, other.of_plan),
                (&mut self.net, other.net),
            ] {
                mine[which] = mine[which].max(its[which]);
            }
        }
        self.of_probe = self.of_probe.max(other.of_probe);
        self.never_ended += other.never_ended;
        self.holes.extend(other.holes);
    }
}

/// What is wrong with an outcome; `None` when it is what it must be.
fn hole(kind: &Kind, scene: &Scene, outcome: &Outcome, with_one_shot: bool) -> Option<String> {
    let phase = outcome.out.phase_nc;
    if with_one_shot && phase > 2.0 * scene.profile_nc {
        return Some(format!("{phase:.0} nC in one phase, more than twice the profile's"));
    }
    let within = match kind.must {
        Must::Undetectable(_) => return None,
        Must::Found => return (outcome.end == End::WentOn).then(|| "it was not found".to_owned()),
        Must::Harmless if outcome.end != End::WentOn => return Some(format!("it ended ({:?})", outcome.end)),
        Must::Harmless => return harm(kind, scene, outcome),
        Must::OpenOrBounded(..) if outcome.end == End::WentOn => return None,
        Must::Open(within)
        | Must::OpenOrBounded(within, _)
        | Must::OpenOrHarmless(within)
        | Must::ContactLost(within) => within,
    };
    let went_on = match (&outcome.end, kind.must) {
        (End::WentOn, Must::OpenOrHarmless(_) | Must::ContactLost(_)) => return harm(kind, scene, outcome),
        (End::Held | End::Back, Must::ContactLost(_)) => false,
        (End::WentOn | End::Held | End::Back, _) => true,
        _ => false,
    };
    if went_on {
        return Some(format!("it went on ({:?})", outcome.end));
    }
    if let Some(why) = harm_after_loss(kind, scene, outcome) {
        return Some(why);
    }
    if outcome.drives && !outcome.end.goes_on() {
        // without a one-shot nothing but the supply opens a bridge that does not open
        return with_one_shot.then(|| "current flows after the end".to_owned());
    }
    let times =
        if matches!(kind.must, Must::ContactLost(_)) { outcome.answer_ticks } else { outcome.open_ticks };
    let late = times.filter(|&ticks| ticks > within)?;
    if matches!(kind.must, Must::Open(_) | Must::OpenOrBounded(..)) {
        return Some(format!("after {late} ticks, not within {within}: {:?}", outcome.end));
    }
    // it was found later, and did nothing until then
    harm(kind, scene, outcome)
        .map(|harm| format!("after {late} ticks, not within {within}; until then {harm}"))
}

/// What flowed that would not have flowed without the fault.
fn harm(kind: &Kind, scene: &Scene, outcome: &Outcome) -> Option<String> {
    let (phase, net) = (outcome.out.strong_nc, outcome.out.net_nc);
    if phase > STRONGER * scene.plan_nc {
        return Some(format!("{phase:.0} nC in a phase of {:.0} went on unseen", scene.plan_nc));
    }
    let seconds = outcome.watched_ticks.max(kind.watch_ticks) as f64 * 1e-6;
    (net > LEFT_NC * seconds.max(1.0)).then(|| format!("{net:.0} nC were left, unseen"))
}

/// What flowed after contact was lost and does harm: anything that would while a session goes on, and in the last stride of one that
/// is held more than the probe level lets flow.
fn harm_after_loss(kind: &Kind, scene: &Scene, outcome: &Outcome) -> Option<String> {
    let stride = outcome.stride?;
    let most = STRONGER * scene.probe_nc;
    if outcome.end == End::Held && (stride.phase_nc > most || stride.stride_nc > LEFT_NC) {
        return Some(format!("held, {stride:?} with phases of at most {most:.0} nC"));
    }
    harm(kind, scene, outcome).map(|why| format!("contact was lost, and {why}"))
}

/// Runs each kind so many times, half of all seeds with each parity of session, in as many threads as there are
/// processors. The same seed gives the same tallies, whatever the number of threads.
#[must_use]
pub fn campaign(kinds: &[Kind], runs: u32, seed: u64) -> Vec<Tally> {
    const PIECE: u32 = 25;
    let scenes = scenes();
    let pieces = runs.div_ceil(PIECE);
    let total = kinds.len() * pieces as usize;
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![Tally::default(); total]));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= total {
                return;
            }
            let (kind, piece) = (&kinds[index / pieces as usize], (index % pieces as usize) as u32);
            let numbers = piece * PIECE..runs.min((piece + 1) * PIECE);
            let tally = part(kind, &scenes, numbers, seed);
            if let Ok(mut done) = done.lock() {
                done[index] = tally;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let done = done.into_inner().unwrap_or_default();
    done.chunks(pieces as usize).map(joined).collect()
}

fn joined(parts: &[Tally]) -> Tally {
    parts.iter().cloned().fold(Tally::default(), |mut sum, part| {
        sum.join(part);
        sum
    })
}

fn part(kind: &Kind, scenes: &[Scene], numbers: std::ops::Range<u32>, seed: u64) -> Tally {
    let mut tally = Tally::default();
    for number in numbers {
        // a kind's seeds do not depend on which other kinds are run
        let name =
            kind.name.bytes().fold(seed, |sum, byte| sum.wrapping_mul(0x100_0000_01B3) ^ u64::from(byte));
        let seed = Random::new(name ^ u64::from(number)).next_bits();
        let scene = &scenes[number as usize % scenes.len()];
        for which in 0..2 {
            match run(scene, kind, seed, which == 0) {
                Some(outcome) => tally.add(kind, scene, seed, &outcome, which),
                None => {
                    tally.holes.push(format!("{} {seed:#x} {}: did not come to run", kind.name, scene.name))
                }
            }
        }
    }
    tally
}
