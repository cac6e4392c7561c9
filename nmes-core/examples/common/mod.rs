//! One pulse, one output and a virtual clock, for the examples that print tables.
#![allow(dead_code, reason = "each example uses a part of this")]

use nmes_core::*;

/// 0.1 mA a code, 12 bits, equal gains.
pub(crate) const DAC: ChannelHardware = ChannelHardware::symmetric(100_000, -2_048, 2_047);

/// What is tried: an amplitude, a width, a rate and the shape of the pulse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) ua: u32,
    pub(crate) us: u32,
    pub(crate) hz: u32,
    pub(crate) pulse: PulseShape<'static>,
}

/// How one run ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ended {
    /// The largest ledger after a pulse, and the ledger at the end, in nA·ticks: femtocoulombs at 1 MHz.
    pub(crate) after_a_pulse: u64,
    pub(crate) left: i64,
    /// Ticks from the stop, or from the end of the last pulse, until the output is open for good.
    pub(crate) to_rest: u64,
    /// Trims of the last train.
    pub(crate) trims: u32,
}

/// A stop: by which policy, and when.
pub(crate) type Stop = Option<(StopPolicy, u64)>;

pub(crate) fn symmetric(gap_us: u32) -> PulseShape<'static> {
    PulseShape { gap: Micros::from_micros(gap_us).unwrap_or_default(), ..PulseShape::default() }
}

pub(crate) fn asymmetric(gap_us: u32, length_percent: u16) -> PulseShape<'static> {
    PulseShape { balance: Balance::Asymmetric { length_percent }, ..symmetric(gap_us) }
}

/// A clock of 1 MHz whose edges are up to `late` ticks late.
pub(crate) fn hardware(late: u32) -> Result<Hardware, ConfigError> {
    Hardware::new(HardwareTiming { late_max_ticks: late, ..HardwareTiming::ideal(1_000_000) }, &[DAC], 0)
}

/// Compiles one channel that runs for `ms`, and hands the plan on.
pub(crate) fn with_plan<R>(
    asked: &Asked,
    ms: u32,
    late: u32,
    then: impl FnOnce(&Plan<'_>) -> R,
) -> Result<R, ConfigError> {
    let set = Setting::new(asked.ua, asked.us).unwrap_or_default();
    let (train, ramp, offset) = (Train::default(), Ramp::default(), Micros::ZERO);
    let rate = Rate::from_hz(asked.hz)?;
    let channels = [Channel { pulse: asked.pulse, rate, train, set, ceiling: set, ramp, offset }];
    let length = Millis::from_millis(ms).unwrap_or_default();
    let session = Session::new(&channels, Schedule::Continuous, length)?;
    Ok(then(&Plan::compile(&session, &hardware(late)?)?))
}

/// Runs a plan from tick 0 until nothing is due, each edge late by what `late` says.
pub(crate) fn run(
    plan: &Plan<'_>,
    mut stop: Stop,
    mut late: impl FnMut() -> u64,
) -> Result<Ended, Box<dyn std::error::Error>> {
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(plan, &mut storage)?;
    engine.command(0, plan.channels().next().map_or(Setting::ZERO, |c| c.channel().set), 0)?;
    engine.start(0);
    let (mut now, mut stopped, mut last_end, mut ended) = (0_u64, None, 0, Ended::default());
    loop {
        while let Some(frame) = engine.pending() {
            engine.accept(frame.channel(), frame.sequence());
        }
        let next = match engine.next() {
            Next::At(at) => at,
            Next::Never => u64::MAX,
        };
        if let Some((policy, at)) = stop.take_if(|(_, at)| *at <= next.max(now)) {
            now = now.max(at);
            stopped = Some(now);
            engine.stop(policy, now);
            continue;
        }
        if next == u64::MAX {
            break;
        }
        now = now.max(next.saturating_add(late()));
        engine.applied(now)?;
        while let Some(receipt) = engine.take_receipt() {
            if receipt.kind == FrameKind::Pulse {
                ended.after_a_pulse = ended.after_a_pulse.max(receipt.ledger.magnitude());
                last_end = receipt.end_tick;
            }
        }
    }
    let finished = engine.finished().ok_or("the session is not over")?;
    ended.left = finished.residual.as_nanoamp_ticks();
    ended.to_rest = finished.at_tick.saturating_sub(stopped.unwrap_or(last_end));
    ended.trims = engine.counters(0).map_or(0, |c| c.trims);
    Ok(ended)
}

/// Up to `most`, from a seed: a linear congruence, so that a table is the same wherever it is made.
pub(crate) fn random(most: u32, seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33).checked_rem(u64::from(most).saturating_add(1)).unwrap_or(0)
    }
}

/// Femtocoulombs as nanocoulombs, with as many places as it takes.
pub(crate) fn nanocoulombs(femto: i64) -> String {
    let (whole, part) = (femto.unsigned_abs() / 1_000_000, femto.unsigned_abs() % 1_000_000);
    let sign = if femto < 0 { "−" } else { "" };
    let text = format!("{sign}{whole}.{part:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
