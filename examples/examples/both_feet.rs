//! Foot drop on both feet: two triggers, each fed with both heels, on two channels of one session; how long each step took:
//!
//! ```text
//! cargo run --release -p nmes-examples --example both_feet -- walk.csv…            one line a walk and foot
//! cargo run --release -p nmes-examples --example both_feet -- --steps walk.csv…    one line a step
//! ```
//!
//! Without a file the walks are made: the built-in one, and slow, irregular, affected ones. Times are from heel-off to the
//! first pulse at motor threshold and at full level, as they were delivered to a simulated stage.
//!
//! A simulation, not for use on a person.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a host program that reports; nothing here is on the way to an output"
)]

use clap::Parser;
use nmes_core::{ChannelHardware, Hardware, HardwareTiming, Millis};
use nmes_examples::cli::{Cli, Command};
use nmes_examples::gait::{Affected, Foot, Walk, affected, built_in};
use nmes_examples::judge::{Judgement, Outcome, Pulse, StepVerdict, Terms};
use nmes_examples::rig::{self, Ran, Source};
use nmes_examples::scenario::Scenario;
use nmes_protocols::triggers::{GateCommands, GateTrigger};
use nmes_protocols::{GaitConfig, Heel, PollAt, Storage, Trigger};
use nmes_safety::{Layer, Setup, check, rules};
use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;

const HZ: u32 = 1_000_000;
const NA_PER_CODE: u32 = 61_035;
const FEET: [Foot; 2] = [Foot::Left, Foot::Right];
/// After the last event: the longest time-out, extension and ramp.
const TAIL_US: u64 = 7_000_000;

/// Two triggers, one a foot.
struct BothFeet {
    triggers: [Trigger; 2],
    heels: VecDeque<(u64, Foot, bool)>,
}

impl BothFeet {
    fn new(config: GaitConfig, walk: &Walk) -> Self {
        let mut triggers = [Trigger::new(config); 2];
        for (nth, trigger) in triggers.iter_mut().enumerate() {
            let first = |foot| if walk.starts_on_heel(foot) { Heel::Loaded } else { Heel::Lifted };
            trigger.start(0);
            trigger.heel(0, first(FEET[nth]));
            trigger.other_heel(0, first(FEET[nth].other()));
            trigger.resume(0);
        }
        Self { triggers, heels: walk.heels().collect() }
    }

    /// What each trigger says to something, on its own channel.
    fn each(&mut self, say: impl Fn(usize, &mut Trigger) -> GateCommands) -> GateCommands {
        let [left, right] = &mut self.triggers;
        say(0, left).on_channel(0).and(say(1, right).on_channel(1))
    }
}

impl Source for BothFeet {
    fn reading_us(&self) -> u64 {
        self.heels.front().map_or(u64::MAX, |(at, _, _)| *at)
    }

    fn read(&mut self, now_us: u64) -> GateCommands {
        let Some((_, foot, lifted)) = self.heels.pop_front() else { return GateCommands::NONE };
        let heel = if lifted { Heel::Lifted } else { Heel::Loaded };
        self.each(|nth, trigger| {
            let own = FEET[nth] == foot;
            let command =
                if own { trigger.heel_edge(now_us, heel) } else { trigger.other_heel(now_us, heel) };
            command.into()
        })
    }

    fn poll_at(&self) -> PollAt {
        let due = self.triggers.iter().filter_map(|trigger| match trigger.poll_at() {
            PollAt::At(at) => Some(at),
            PollAt::Never => None,
        });
        due.min().map_or(PollAt::Never, PollAt::At)
    }

    fn poll(&mut self, now_us: u64) -> GateCommands {
        self.each(|_, trigger| GateTrigger::poll(trigger, now_us))
    }

    fn pulse(&mut self, _: u8, _: u64) {}

    fn stop(&mut self, now_us: u64) -> GateCommands {
        self.each(|_, trigger| GateTrigger::stop(trigger, now_us))
    }
}

/// What one foot got.
struct Got {
    foot: Foot,
    judgement: Judgement,
    merged: u32,
    timeouts: u32,
}

/// The settings of `nmes run foot-drop` for two channels.
fn scenario(walk: Walk) -> Result<Scenario, Box<dyn Error>> {
    let Command::Run(args) = Cli::try_parse_from(["nmes", "run", "foot-drop"])?.command else {
        return Err("run was asked for".into());
    };
    let mut scenario = Scenario::of(&args.ask)?;
    let channel = ChannelHardware::symmetric(NA_PER_CODE, -2_048, 2_047);
    scenario.hardware = Hardware::new(HardwareTiming::ideal(HZ), &[channel; 2], 0)?;
    let setup =
        Setup::new(&[2_000; 2], scenario.row.use_class.value)?.with_rail_mv(150_000)?.with_load_ohm(1_000)?;
    scenario.setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, rules::E_SES_1.loosest)?;
    scenario.request.channels = Some(2);
    let length_ms = u32::try_from((walk.length_us() + TAIL_US).div_ceil(1_000))?;
    scenario.request.length = Millis::from_millis(length_ms);
    scenario.walk = walk;
    Ok(scenario)
}

/// Walks on both feet at once.
fn walk_on(walk: Walk) -> Result<([Got; 2], Ran), Box<dyn Error>> {
    let scenario = scenario(walk)?;
    let mut storage = Storage::new();
    let built = scenario.build(&mut storage)?;
    let config = built.gait.ok_or("no step")?;
    let plan = scenario.compile(&built)?;
    let checked = check(plan, &scenario.setup, &scenario.profile).map_err(|denied| denied.to_string())?;
    let mut both = BothFeet::new(config, &scenario.walk);
    let ran = rig::run(&scenario, &checked, &mut both, scenario.walk.length_us() + TAIL_US - 1_000_000)?;
    let got = [0, 1].map(|nth| {
        let counters = both.triggers[nth].counters();
        Got {
            foot: FEET[nth],
            judgement: judged(&scenario, &config, &ran, nth),
            merged: counters.merged,
            timeouts: counters.timeouts,
        }
    });
    Ok((got, ran))
}

fn judged(scenario: &Scenario, config: &GaitConfig, ran: &Ran, nth: usize) -> Judgement {
    let us = |time: Millis| u64::from(time.as_millis()) * 1_000;
    let times = config.times();
    let own = ran.played.pulses.iter().filter(|p| p.is_pulse() && usize::from(p.receipt.channel) == nth);
    let pulses: Vec<Pulse> = own
        .map(|p| Pulse {
            onset_us: p.receipt.onset_tick,
            level_ua: u32::try_from(
                u64::from(p.receipt.code.unsigned_abs()) * u64::from(NA_PER_CODE) / 1_000,
            )
            .unwrap_or(u32::MAX),
            full: p.receipt.full_level,
        })
        .collect();
    let terms = Terms {
        foot: FEET[nth],
        threshold_ua: scenario.threshold_ua() - NA_PER_CODE / 2_000,
        period_us: 25_000,
        debounce_us: us(times.debounce),
        vouch_us: us(times.vouch),
        tail_us: us(times.extension) + us(times.ramp_down),
        time_out_us: us(times.hold_cap) + us(times.ramp_down),
        end_us: scenario.walk.length_us() + TAIL_US,
    };
    Judgement::of(&scenario.walk, &pulses, &terms)
}

fn spread(mut times: Vec<u64>) -> String {
    times.sort_unstable();
    let ms = |at: usize| times[at] / 1_000;
    if times.is_empty() {
        "-".to_owned()
    } else {
        format!("{} / {} / {}", ms(0), ms(times.len() / 2), ms(times.len() - 1))
    }
}

fn line(name: &str, got: &Got) -> String {
    let judged = &got.judgement;
    let of = |time: fn(&StepVerdict) -> Option<u64>| spread(judged.swings().filter_map(time).collect());
    format!(
        "| {name} | {} | {} | {} / {} / {} | {} | {} | {} | {} | {} |",
        got.foot.word(),
        judged.steps.len(),
        judged.count(Outcome::OnTime),
        judged.count(Outcome::Late),
        judged.count(Outcome::Missed),
        of(|s| s.to_threshold_us),
        of(|s| s.to_full_us),
        got.merged,
        got.timeouts,
        judged.stray_pulses,
    )
}

fn steps(name: &str, got: &Got) {
    let ms = |us: Option<u64>| us.map_or("-".to_owned(), |us| (us / 1_000).to_string());
    for step in &got.judgement.steps {
        println!(
            "| {name} | {} | {} | {} | {} | {} | {:?} |",
            got.foot.word(),
            step.step.heel_off.or(step.step.toe_off).unwrap_or(0) / 1_000,
            ms(step.step.lead_us()),
            ms(step.to_threshold_us),
            ms(step.to_full_us),
            step.outcome(),
        );
    }
}

fn walks(files: &[String]) -> Result<Vec<(String, Walk)>, Box<dyn Error>> {
    if files.is_empty() {
        let slow = Affected {
            strides: 20,
            unloaded_nth: 5,
            shuffle_nth: 3,
            kerb_nth: 7,
            kerb_pause_ms: 700,
            ..Affected::default()
        };
        let made = |seed| affected(&Affected { seed, ..slow });
        let kerb = affected(&Affected {
            seed: 7,
            strides: 24,
            kerb_nth: 5,
            kerb_pause_ms: 600,
            ..Affected::default()
        });
        return Ok(vec![
            ("built-in".to_owned(), built_in(20_000_000)),
            ("affected 1".to_owned(), made(1)),
            ("affected 2".to_owned(), made(2)),
            ("affected, kerbs".to_owned(), kerb),
        ]);
    }
    let read = |file: &String| {
        let path = Path::new(file);
        let name = path.file_stem().map_or(file.clone(), |stem| stem.to_string_lossy().into_owned());
        Ok((name, Walk::read(path)?))
    };
    files.iter().map(read).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files: Vec<String> = std::env::args().skip(1).collect();
    let each_step = files.iter().any(|word| word == "--steps");
    files.retain(|word| word != "--steps");
    if each_step {
        println!(
            "| walk | foot | heel-off, ms | lead, ms | to threshold, ms | to full, ms | went |\n|---|---|---|---|---|---|---|"
        );
    } else {
        println!(
            "| walk | foot | steps | on time / late / missed | to threshold, ms: least / median / most | to full level, ms | merged | time-outs | stray pulses |\n|---|---|---|---|---|---|---|---|---|"
        );
    }
    for (name, walk) in walks(&files)? {
        for got in walk_on(walk)?.0 {
            if each_step {
                steps(&name, &got);
            } else {
                println!("{}", line(&name, &got));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// REQ-APP-130: both feet at once: every foot passes what is asked of one foot alone, on the built-in walk and on the
    /// recorded ones; nothing is stray, every pulse is paid back, and the two channels are on at the same time at moments.
    #[test]
    fn both_feet_at_once() {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/gait");
        let dir = std::env::var_os("NMES_GAIT_DIR").map_or(beside, Into::into);
        let mut files: Vec<String> = std::fs::read_dir(dir)
            .map(|entries| entries.map(|e| e.unwrap().path().display().to_string()).collect())
            .unwrap_or_default();
        files.retain(|file| file.ends_with(".csv"));
        let mut all = walks(&[]).unwrap();
        all.truncate(1);
        if !files.is_empty() {
            all.extend(walks(&files).unwrap());
        }
        for (name, walk) in all {
            let (got, ran) = walk_on(walk).unwrap();
            assert_eq!(
                (ran.played.stopped, ran.refused, ran.played.residual_na_ticks),
                (None, 0, vec![0, 0]),
                "{name}"
            );
            for got in &got {
                assert!(got.judgement.passes(), "{name} {:?}: {:#?}", got.foot, got.judgement.criteria());
                assert!(got.judgement.steps.len() >= 5, "{name}");
                assert_eq!((got.judgement.stray_pulses, got.timeouts), (0, 0), "{name}");
            }
        }
    }

    /// REQ-APP-131: affected walks on both feet: no pulse without a step; where only kerbs halt it, none is missed.
    #[test]
    fn affected_walks_on_both_feet() {
        for (name, walk) in walks(&[]).unwrap().into_iter().skip(1) {
            let (got, ran) = walk_on(walk).unwrap();
            assert_eq!((ran.played.stopped, ran.played.residual_na_ticks), (None, vec![0, 0]), "{name}");
            for got in &got {
                assert_eq!(got.judgement.stray_pulses, 0, "{name} {:?}", got.foot);
                assert!(got.judgement.steps.len() >= 15, "{name}");
                let missed = got.judgement.count(Outcome::Missed);
                assert!(missed == 0 || !name.contains("kerbs"), "{name} {:?}: {missed}", got.foot);
            }
        }
    }
}
