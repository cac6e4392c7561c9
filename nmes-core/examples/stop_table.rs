//! What a stop leaves, and how long it takes, at every microsecond of a pulse and for each policy, as the engine does
//! it. Prints Markdown; with the argument `csv`, every microsecond of one pulse.
//!
//! `./ci.sh tables` compares the output with `docs/stop-table.md` and `docs/stop-table.csv`.
#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    reason = "a program on the host: an overflow here ends it with a message"
)]

mod common;

use common::{Asked, Ended, asymmetric, nanocoulombs, random, run, symmetric, with_plan};
use nmes_core::*;

/// PulsePal 2.0.1, its own tick routine run on a host: a train of 200/100/200 µs pulses whose length ends so many
/// 50 µs ticks after an onset leaves this much of a phase, in percent.
const PULSEPAL: [u64; 13] = [0, 25, 50, 75, 100, 100, 100, 75, 50, 25, 0, 0, 0];
/// Its tick.
const PULSEPAL_US: u64 = 50;
/// Onset of the pulse that is stopped, in ticks of a microsecond.
const ONSET: u64 = 25_000;
/// Charge of one phase in femtocoulombs: 40 mA for 200 µs.
const PHASE: u64 = 8_000_000_000;

const POLICIES: [StopPolicy; 3] = [StopPolicy::FinishPulse, StopPolicy::RecoverNow, StopPolicy::HardOff];

const INTRO: &str = "\
# What a stop leaves, and how long it takes

Made by `NMES_TABLES=write ./ci.sh tables`; `./ci.sh tables` fails when the engine does otherwise. All of it is commanded
charge on a virtual clock of 1 MHz, 0.1 mA a code; nothing here was measured on an output.

## One pulse, beside PulsePal

40 mA, 200 µs, gap 100 µs, 200 µs back, 40 Hz, no edge late; 100 % is one phase, 8,000 nC. Every microsecond is in
[stop-table.csv](stop-table.csv). PulsePal: the tick routine of firmware 2.0.1 run on a host, a train that ends so long
after an onset; it has one way to end, at once.

";

const WORST: &str = "
## The worst over every microsecond

40 mA, 200 µs, 40 Hz; a stop at every microsecond from the onset to 50 µs after the longest pulse. With L = 15 µs each
edge is 0 to 15 µs late, at random; then at most one code × L, 1.5 nC, may be left, and trims after the pulse take it
down to that. The triphasic pulse has L = 10 µs: its balancing phase is too weak for 15, which `compile` refuses. A hard off is at rest at once. In the gap of a doublet nothing is owed and the output rests as between
phases; a recovery then opens it where the second pulse would have begun.

";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn asked(pulse: PulseShape<'static>) -> Asked {
    Asked { ua: 40_000, us: 200, hz: 40, pulse }
}

/// Stops a train `into` microseconds after an onset; edges up to `late` late, at random from a seed.
fn stopped(pulse: PulseShape<'static>, policy: StopPolicy, into: u64, late: u32) -> Result<Ended> {
    let stop = Some((policy, ONSET + into));
    with_plan(&asked(pulse), 1_000, late, |plan| run(plan, stop, random(late, into)))?
}

fn percent(ended: Ended) -> u64 {
    ended.left.unsigned_abs() * 100 / PHASE
}

fn csv() -> Result<()> {
    println!("us,pulsepal_percent,finish_nc,finish_us,recover_nc,recover_us,off_nc,off_us");
    for into in 0..=600 {
        let peer = usize::try_from(into / PULSEPAL_US).ok().and_then(|k| PULSEPAL.get(k));
        let peer = peer.filter(|_| into % PULSEPAL_US == 0).map_or(String::new(), u64::to_string);
        print!("{into},{peer}");
        for policy in POLICIES {
            let ended = stopped(symmetric(100), policy, into, 0)?;
            print!(",{},{}", nanocoulombs(ended.left).replace('−', "-"), ended.to_rest);
        }
        println!();
    }
    Ok(())
}

fn beside_pulsepal() -> Result<()> {
    print!("| stop after | PulsePal 2.0.1 |");
    println!(" finish | at rest after | recover | at rest after | hard off | at rest after |");
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (k, peer) in (0..).zip(PULSEPAL) {
        let into = k * PULSEPAL_US;
        print!("| {into} µs | {peer} % |");
        for policy in POLICIES {
            let ended = stopped(symmetric(100), policy, into, 0)?;
            print!(" {} % | {} µs |", percent(ended), ended.to_rest);
        }
        println!();
    }
    Ok(())
}

/// The worst over every microsecond of a pulse, from its onset to a little after its end.
fn worst(pulse: PulseShape<'static>, policy: StopPolicy, late: u32) -> Result<(u64, u64)> {
    let length = with_plan(&asked(pulse), 1_000, late, |plan| {
        plan.channels().next().map_or(0, ChannelPlan::longest_ticks)
    })?;
    let mut worst = (0, 0);
    for into in 0..=length + 50 {
        let ended = stopped(pulse, policy, into, late)?;
        worst = (worst.0.max(ended.left.unsigned_abs()), worst.1.max(ended.to_rest));
    }
    Ok(worst)
}

/// Name, pulse, and an L that `compile` takes.
fn shapes() -> [(&'static str, PulseShape<'static>, u32); 6] {
    let gap = symmetric(100);
    let width = Micros::from_micros(200).unwrap_or_default();
    let prepulse = Form::Prepulse(Prepulse { amplitude_percent: 20, width });
    let apart = Micros::from_micros(1_000).unwrap_or_default();
    [
        ("symmetric, 200/100/200 µs", gap, 15),
        ("symmetric, no gap", symmetric(0), 15),
        ("asymmetric, balancing phase 4 times as long", asymmetric(100, 400), 15),
        (
            "triphasic, outer phases of 50 %",
            PulseShape { form: Form::Triphasic { outer_percent: 50 }, ..gap },
            10,
        ),
        ("pre-pulse of 20 % for 200 µs", PulseShape { form: prepulse, ..gap }, 15),
        ("doublet, 1 ms apart", PulseShape { repeat: Repeat { count: 2, gap: apart }, ..gap }, 15),
    ]
}

fn worst_of_all() -> Result<()> {
    println!("| pulse | L | finish | at rest after | recover | at rest after | hard off |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (name, pulse, most) in shapes() {
        for late in [0, most] {
            let [finish, recover, off] = POLICIES.map(|policy| worst(pulse, policy, late));
            let (finish, recover, off) = (finish?, recover?, off?);
            let nc = |charge: u64| nanocoulombs(i64::try_from(charge).unwrap_or(i64::MAX));
            println!(
                "| {name} | {late} µs | {} nC | {} µs | {} nC | {} µs | {} nC |",
                nc(finish.0),
                finish.1,
                nc(recover.0),
                recover.1,
                nc(off.0)
            );
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("csv") {
        return csv();
    }
    print!("{INTRO}");
    beside_pulsepal()?;
    print!("{WORST}");
    worst_of_all()
}
