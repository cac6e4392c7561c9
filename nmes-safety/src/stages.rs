//! What a schedule and a timing make of a rate and a contraction: the densest, the longest, the slowest.

use nmes_core::{Channel, ChannelPlan, Gate, Millis, Overlap, Plan, Rate, Schedule, Stage, Timing};

/// The longest time at full level of any stage.
pub(crate) fn longest_hold(stages: &[Stage]) -> Millis {
    stages.iter().map(|stage| stage.cycle.hold).max().unwrap_or(Millis::ZERO)
}

/// The shortest rest between two contractions. The rest after the last one of all is none: nothing follows it.
pub(crate) fn shortest_rest(stages: &[Stage]) -> Millis {
    let Some((last, before)) = stages.split_last() else { return Millis::ZERO };
    let inner = (last.repeats > 1 || before.is_empty()).then_some(last);
    before.iter().chain(inner).map(|stage| stage.cycle.rest).min().unwrap_or(Millis::ZERO)
}

/// The longest that a schedule goes without a pulse, in ms, with the ramps around a rest, whose ends may be silent; a gate that nobody
/// opens is as long as its session.
pub(crate) fn longest_silence(plan: &Plan<'_>, asked: &Channel<'_>) -> u64 {
    let ms = |time: Millis| u64::from(time.as_millis());
    let around =
        |rest: Millis| ms(rest).saturating_add(ms(asked.ramp.up)).saturating_add(ms(asked.ramp.down));
    match plan.session().schedule() {
        Schedule::Continuous => 0,
        Schedule::Cyclic(cycle) => around(cycle.rest),
        Schedule::Program(stages) => stages.iter().map(|stage| around(stage.cycle.rest)).max().unwrap_or(0),
        Schedule::Gated(_) => ms(plan.session().length()),
    }
}

/// The time a gate counts its triggers in.
const MINUTE_MS: u64 = 60_000;

/// One opening of a gate, in ms: however often it is triggered, a train is over its longest time and a ramp-down after
/// it began. Without a least OFF time the next one follows at once, and the triggers that a minute allows bound how
/// many do; where they fill the minute nothing does.
pub(crate) fn longest_opening(plan: &Plan<'_>, gate: Gate, down: u64) -> u64 {
    let session = u64::from(plan.session().length().as_millis());
    let one = u64::from(gate.max_on.as_millis()).saturating_add(down);
    if gate.min_off > Millis::ZERO {
        return one.min(session);
    }
    let chain = one.saturating_mul(u64::from(gate.max_triggers_per_minute));
    if chain >= MINUTE_MS { session } else { chain.min(session) }
}

/// The longest a channel is on without a rest, in ms.
pub(crate) fn longest_on(plan: &Plan<'_>, asked: &Channel<'_>) -> u64 {
    let (up, down) = (u64::from(asked.ramp.up.as_millis()), u64::from(asked.ramp.down.as_millis()));
    let contraction = |hold: Millis| u64::from(hold.as_millis()).saturating_add(up).saturating_add(down);
    match plan.session().schedule() {
        Schedule::Continuous => u64::from(plan.session().length().as_millis()),
        Schedule::Cyclic(cycle) => contraction(cycle.hold),
        Schedule::Program(stages) => contraction(longest_hold(stages)),
        Schedule::Gated(gate) => longest_opening(plan, gate, down),
    }
}

pub(crate) fn stages_of<'a>(plan: &Plan<'a>) -> &'a [Stage] {
    match plan.session().schedule() {
        Schedule::Program(stages) => stages,
        Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Gated(_) => &[],
    }
}

/// Whether every pulse of a channel comes at its rate.
pub(crate) fn is_steady(plan: &Plan<'_>, channel: &ChannelPlan<'_>) -> bool {
    channel.channel().train.timing == Timing::Even && !has_own_rates(plan)
}

/// Whether some stage has a rate of its own: then the fastest of all counts, at full level.
pub(crate) fn has_own_rates(plan: &Plan<'_>) -> bool {
    stages_of(plan).iter().any(|stage| stage.rate.is_some())
}

/// Whether two channels of a plan are asked for the same pulses at the same rate, and put them out alike. When the first one
/// comes makes no difference to what a channel amounts to.
pub(crate) fn is_like(one: &ChannelPlan<'_>, other: &ChannelPlan<'_>) -> bool {
    let Channel { pulse, rate, train, set, ceiling, ramp, offset: _ } = one.channel();
    let asked = other.channel();
    let alike = (*set, *ceiling, *rate) == (asked.set, asked.ceiling, asked.rate) && *pulse == asked.pulse;
    alike && *ramp == asked.ramp && *train == asked.train && one.hardware() == other.hardware()
}

/// By how much an onset may be later than its place: after a pulse that its last edge stretches, or while another channel
/// has the source. What an input just before an onset defers it by, [`ChannelPlan::deferral_ticks`] once, is left out.
pub(crate) fn deferral(plan: &Plan<'_>, channel: &ChannelPlan<'_>) -> u64 {
    let source = channel.hardware().source;
    let sharing = plan.channels().filter(|c| source != 0 && c.hardware().source == source).count();
    let waits = match plan.session().overlap() {
        Overlap::Defer(bound) if sharing > 1 => u64::from(channel.width_ticks(bound)),
        Overlap::Defer(_) | Overlap::Forbid => 0,
    };
    let late = channel.jitter_ticks();
    let stretched = if late == 0 { 0 } else { channel.stretch_ticks().saturating_add(late) };
    waits.saturating_add(stretched)
}

/// The longest time between two onsets of a train, in ticks, rounded up.
pub(crate) fn longest_period(plan: &Plan<'_>, channel: &ChannelPlan<'_>) -> u64 {
    let hz = u64::from(plan.hardware().timing().ticks_per_second);
    let ticks = |us: u64| us.saturating_mul(hz).div_ceil(1_000_000);
    let of = |rate: Rate| ticks(u64::from(rate.per_us()).div_ceil(u64::from(rate.pulses().max(1))));
    let own = channel.period_ticks().saturating_add(1);
    let timed = match channel.channel().train.timing {
        Timing::Even => own,
        Timing::Bursts(bursts) => of(bursts.every),
        Timing::Sweep(sweep) => of(sweep.from).max(of(sweep.to)),
        Timing::List(intervals) => {
            ticks(intervals.iter().map(|us| u64::from(us.as_micros())).max().unwrap_or(0))
        }
    };
    stages_of(plan).iter().filter_map(|stage| stage.rate).map(of).fold(timed.max(own), u64::max)
}
