//! Puts out trains asked for on stdin, one a line, and prints every pulse as the engine did it: for the oracle in
//! `tests/oracles/pulse2percept.py`.
//!
//! A line is `amplitude_ua width_us gap_us balance_percent pulses per_us length_ms leading`, with `+` or `-` for the
//! polarity of the main phase. The answer is `train`, then for each pulse its onset and its levels in µA with their
//! lengths in ticks of a microsecond, `tick ua:ticks ua:ticks …`; or `refused` and why.
#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    reason = "a program on the host: an overflow here ends it with a message"
)]

use nmes_core::*;
use std::io::{BufRead, Write};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// 10 µA a code, 24 bits at most; a clock of 1 MHz on which no edge is late.
fn hardware() -> Result<Hardware> {
    let output = ChannelHardware::symmetric(10_000, -32_768, 32_767);
    Ok(Hardware::new(HardwareTiming::ideal(1_000_000), &[output], 0)?)
}

fn channel(words: &[&str]) -> Result<(Channel<'static>, Millis)> {
    let [ua, us, gap, percent, pulses, per_us, length, leading] = words else {
        return Err("eight words a line".into());
    };
    let set = Setting::new(ua.parse()?, us.parse()?).ok_or("the setting is out of range")?;
    let balance = match percent.parse()? {
        100 => Balance::Symmetric,
        length_percent => Balance::Asymmetric { length_percent },
    };
    let leading = if *leading == "-" { Polarity::Negative } else { Polarity::Positive };
    let gap = Micros::from_micros(gap.parse()?).ok_or("the gap is out of range")?;
    let pulse = PulseShape { gap, balance, leading, ..PulseShape::default() };
    let rate = Rate::new(pulses.parse()?, per_us.parse()?)?;
    let (train, ramp, offset) = (Train::default(), Ramp::default(), Micros::ZERO);
    let length = Millis::from_millis(length.parse()?).ok_or("the length is out of range")?;
    Ok((Channel { pulse, rate, train, set, ceiling: set, ramp, offset }, length))
}

/// One level as it was put out, from its edge to the next.
type Held = (u64, Level);

/// Runs a train; every edge that was applied, pulse by pulse.
fn edges(plan: &Plan<'_>) -> Result<Vec<Vec<Held>>> {
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(plan, &mut storage)?;
    let set = plan.channels().next().map_or(Setting::ZERO, |c| c.channel().set);
    engine.command(0, set, 0)?;
    engine.start(0);
    let mut pulses: Vec<Vec<Held>> = vec![];
    loop {
        while let Some(frame) = engine.pending() {
            engine.accept(frame.channel(), frame.sequence());
        }
        let Next::At(at) = engine.next() else { return Ok(pulses) };
        let step = engine.step().ok_or("nothing is due")?;
        for change in step.changes() {
            if change.edge == Some(0) {
                pulses.push(vec![]);
            }
            if let Some(pulse) = pulses.last_mut() {
                pulse.push((at, change.level));
            }
        }
        engine.applied(at)?;
    }
}

fn print(out: &mut impl Write, plan: &Plan<'_>) -> Result<()> {
    writeln!(out, "train")?;
    let output = plan.hardware().channel(0).ok_or("no channel")?;
    for pulse in edges(plan)? {
        write!(out, "{}", pulse.first().map_or(0, |(tick, _)| *tick))?;
        for (held, after) in pulse.iter().zip(pulse.iter().skip(1)) {
            write!(out, " {}:{}", held.1.current_na(output) / 1_000, after.0 - held.0)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let hardware = hardware()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (channel, length) = channel(&line.split_whitespace().collect::<Vec<_>>())?;
        let channels = [channel];
        let session = Session::new(&channels, Schedule::Continuous, length);
        match session.and_then(|session| Plan::compile(&session, &hardware)) {
            Ok(plan) => print(&mut out, &plan)?,
            Err(error) => writeln!(out, "refused {error}")?,
        }
    }
    Ok(out.flush()?)
}
