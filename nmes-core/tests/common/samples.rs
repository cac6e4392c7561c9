//! Three expansions of one run: its edges, its frames, and what the renderer gives, in blocks of any size.
#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "test support: a panic here is a failed test"
)]

use crate::common::{Action, Edge, Run, ms, plain, play, ramped, random};
use nmes_core::*;

/// Samples of each channel.
pub type Samples = Vec<Vec<i32>>;

/// One run, and what was rendered of it.
pub struct Seen {
    pub run: Run,
    pub samples: Samples,
    pub length: usize,
}

fn code(level: Level) -> i32 {
    match level {
        Level::Open | Level::Shorted => 0,
        Level::Code(code) => code,
    }
}

/// The edges of a run, each level held to the next.
pub fn from_edges(run: &Run, channels: u8, length: usize) -> Samples {
    let of = |channel: u8| {
        let edges: Vec<&Edge> = run.edges.iter().filter(|e| e.channel == channel).collect();
        let mut samples = vec![0; length];
        for (index, edge) in edges.iter().enumerate() {
            let until = edges.get(index + 1).map_or(length, |next| next.tick as usize);
            samples[edge.tick as usize..until].fill(code(edge.level));
        }
        samples
    };
    (0..channels).map(of).collect()
}

/// The frames of a run that were put out, segment by segment; zero between them.
pub fn from_frames(run: &Run, plan: &Plan<'_>, length: usize) -> Samples {
    let mut samples = vec![vec![0; length]; usize::from(plan.channel_count())];
    let begun: std::collections::HashSet<_> =
        run.edges.iter().filter_map(|e| e.frame.map(|(sequence, _)| (e.channel, sequence))).collect();
    for frame in run.frames.iter().filter(|f| begun.contains(&(f.channel(), f.sequence()))) {
        let mut at = frame.onset_tick() as usize;
        for segment in frame.segments() {
            let until = at + segment.ticks as usize;
            samples[usize::from(frame.channel())][at..until].fill(code(segment.level));
            at = until;
        }
        assert_eq!(code(frame.rest()), 0);
    }
    samples
}

/// What a test does with a renderer: where the samples of a block go.
trait Target<S: Sample> {
    fn block(&mut self, renderer: &mut Renderer<'_, '_, S>, size: usize) -> Result<Rendered, RenderFault>;
}

struct PlanarTarget<S, W> {
    samples: Vec<Vec<S>>,
    /// Room for a block, used again: blocks of one sample are many.
    block: Vec<Vec<S>>,
    watch: W,
}

impl<S: Sample, W: for<'p> Watch<'p>> Target<S> for PlanarTarget<S, W> {
    fn block(&mut self, renderer: &mut Renderer<'_, '_, S>, size: usize) -> Result<Rendered, RenderFault> {
        // what is in the block before does not matter
        let old = S::from_code(0x5a5a).unwrap();
        for part in &mut self.block {
            part.clear();
            part.resize(size, old);
        }
        let rendered = renderer.render(&mut self.block, &mut self.watch);
        for (all, block) in self.samples.iter_mut().zip(&self.block) {
            all.extend_from_slice(block);
        }
        rendered
    }
}

struct InterleavedTarget<S> {
    samples: Vec<S>,
    channels: usize,
}

impl<S: Sample> Target<S> for InterleavedTarget<S> {
    fn block(&mut self, renderer: &mut Renderer<'_, '_, S>, size: usize) -> Result<Rendered, RenderFault> {
        let mut block = vec![S::from_code(-0x5a5a).unwrap(); size * self.channels];
        let rendered = renderer.render_interleaved(&mut block, &mut |_: &PulseFrame<'_>| true);
        self.samples.extend_from_slice(&block);
        rendered
    }
}

/// Renders up to `length`, in blocks of the sizes that `next_size` gives, cut where the script acts.
fn render<S: Sample>(
    plan: &Plan<'_>,
    script: &[(u64, Action)],
    length: usize,
    mut next_size: impl FnMut() -> usize,
    target: &mut impl Target<S>,
) -> (Option<RenderFault>, Vec<Charge>, Option<Finished>) {
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let mut renderer = Renderer::<S>::new(Engine::new(plan, &mut storage).unwrap(), 0).unwrap();
    let mut script = script.iter().peekable();
    let channels = u64::from(plan.channel_count());
    loop {
        while let Some((at, action)) = script.next_if(|(at, _)| *at <= renderer.tick()) {
            // every frame that waits is looked at before something happens, as in `play`
            let _ = target.block(&mut renderer, 0);
            act(renderer.engine_mut(), *action, *at);
        }
        let now = renderer.tick() as usize;
        if now >= length {
            break;
        }
        let until = script.peek().map_or(length, |(at, _)| (*at as usize).min(length));
        let size = next_size().min(until - now);
        match target.block(&mut renderer, size) {
            Ok(rendered) => assert!(u64::from(rendered.steps) <= size as u64 * channels),
            Err(fault) => assert_eq!(renderer.fault(), Some(fault)),
        }
        assert_eq!(renderer.tick() as usize, now + size);
    }
    run_out(&mut renderer);
    let ledgers = (0..plan.channel_count()).map(|c| renderer.engine().ledger(c).unwrap()).collect();
    (renderer.fault(), ledgers, renderer.engine().finished())
}

/// Goes on until nothing more will come, for at most the longest period: every sample is zero.
fn run_out<S: Sample>(renderer: &mut Renderer<'_, '_, S>) {
    for _ in 0..200 {
        if renderer.engine().finished().is_some() {
            return;
        }
        let mut block = vec![S::ZERO; 1_000 * usize::from(renderer.engine().plan().channel_count())];
        let _ = renderer.render_interleaved(&mut block, &mut |_: &PulseFrame<'_>| true);
        assert!(block.iter().all(|&code| code == S::ZERO));
    }
}

fn act(engine: &mut Engine<'_, '_>, action: Action, now: u64) {
    match action {
        Action::Start => engine.start(now),
        Action::Command(channel, setting) => drop(engine.command(channel, setting, now)),
        Action::Gate(input) => drop(engine.gate(input, now)),
        Action::GateChannel(channel, input) => drop(engine.gate_channel(channel, input, now)),
        Action::Stop(policy) => engine.stop(policy, now),
        Action::Pause => drop(engine.pause(now)),
        Action::Resume => drop(engine.resume(now)),
    }
}

fn planar<S: Sample, W: for<'p> Watch<'p>>(plan: &Plan<'_>, watch: W) -> PlanarTarget<S, W> {
    let empty = vec![vec![]; usize::from(plan.channel_count())];
    PlanarTarget { samples: empty.clone(), block: empty, watch }
}

/// Plays a script; the samples are those of the edges, a little beyond the last one.
pub fn played(plan: &Plan<'_>, script: &[(u64, Action)]) -> Seen {
    let run = play(plan, script, || 0);
    assert_eq!(run.fault, None);
    let ticks = run.edges.iter().map(|e| e.tick).chain(script.iter().map(|(at, _)| *at));
    let last = ticks.max().unwrap_or(0).max(plan.length_ticks());
    let length = last as usize + 100;
    let samples = from_edges(&run, plan.channel_count(), length);
    Seen { run, samples, length }
}

/// The same, and renders it in blocks of 1, 7, 64, 1,000 and random sizes, planar and interleaved, as `i16` and as `i32`:
/// all the same as the edges.
pub fn all_equal(plan: &Plan<'_>, script: &[(u64, Action)], seed: u64) -> Seen {
    let Seen { run, samples: expected, length } = played(plan, script);
    for size in [1, 7, 64, 1_000] {
        let mut target = planar::<i16, _>(plan, |_: &PulseFrame<'_>| true);
        let (fault, ledgers, finished) = render(plan, script, length, || size, &mut target);
        assert_eq!((fault, &ledgers, finished), (None, &run.ledgers, run.finished));
        let wide = |samples: &Vec<i16>| samples.iter().map(|&code| i32::from(code)).collect();
        assert_same(&target.samples.iter().map(wide).collect(), &expected, size);
    }
    let mut target = planar::<i32, _>(plan, |_: &PulseFrame<'_>| true);
    let mut sizes = random(3_000, seed);
    render(plan, script, length, || sizes() as usize, &mut target);
    assert_same(&target.samples, &expected, 0);
    let channels = usize::from(plan.channel_count());
    let mut target = InterleavedTarget::<i16> { samples: vec![], channels };
    render(plan, script, length, || sizes() as usize, &mut target);
    let of = |channel| {
        target.samples.iter().skip(channel).step_by(channels).map(|&code| i32::from(code)).collect()
    };
    assert_same(&(0..channels).map(of).collect(), &expected, 0);
    Seen { run, samples: expected, length }
}

/// Two sets of samples are the same, without printing a million of them.
fn assert_same(found: &Samples, expected: &Samples, size: usize) {
    assert_eq!(found.len(), expected.len());
    for (channel, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len());
        let differs = found.iter().zip(expected).position(|(f, e)| f != e);
        assert_eq!(differs, None, "channel {channel}, blocks of {size}");
    }
}

/// Refuses a frame, or an edge, after so many.
pub struct Refuser {
    pub left: u32,
    pub edges: bool,
    pub pulses: u32,
}

impl Refuser {
    fn takes(&mut self, counts: bool) -> bool {
        if !counts {
            return true;
        }
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        true
    }
}

impl Watch<'_> for Refuser {
    fn admit(&mut self, _: &PulseFrame<'_>) -> bool {
        let counts = !self.edges;
        self.takes(counts)
    }
    fn edge(&mut self, _: u64, _: &Change) -> bool {
        let counts = self.edges;
        self.takes(counts)
    }
    fn receipt(&mut self, _: &PulseReceipt) {
        self.pulses += 1;
    }
}

/// What is rendered when `watch` refuses something: samples, fault, ledgers.
pub fn with_refusals(
    plan: &Plan<'_>,
    script: &[(u64, Action)],
    seed: u64,
    length: usize,
    watch: Refuser,
) -> (Samples, Option<RenderFault>, Vec<Charge>) {
    let mut target = planar::<i32, _>(plan, watch);
    let mut sizes = random(3_000, seed);
    let (fault, ledgers, _) = render(plan, script, length, || sizes() as usize, &mut target);
    (target.samples, fault, ledgers)
}

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

const fn point(permille: i16, us: u32) -> Point {
    let width = match Micros::from_micros(us) {
        Some(width) => width,
        None => Micros::ZERO,
    };
    Point { permille, width }
}

static ROUND: [Point; 4] = [point(500, 200), point(1_000, 200), point(0, 100), point(-1_000, 300)];
static ONE_WAY: [Point; 3] = [point(300, 100), point(0, 100), point(900, 200)];
static INTERVALS: [Micros; 3] = [ms_as_us(21), ms_as_us(45), ms_as_us(20)];
static STAGES: [Stage; 2] = [stage(150, 60, 2, 500), stage(100, 40, 1, 1_000)];

const fn ms_as_us(ms: u32) -> Micros {
    match Micros::from_micros(ms * 1_000) {
        Some(us) => us,
        None => Micros::ZERO,
    }
}

const fn stage(hold: u32, rest: u32, repeats: u16, level_permille: u16) -> Stage {
    let (Some(hold), Some(rest)) = (Millis::from_millis(hold), Millis::from_millis(rest)) else {
        panic!("small numbers");
    };
    Stage { cycle: Cycle { hold, rest }, repeats, level_permille, rate: None }
}

/// Every form and balance, repeated or not, with a name and a width in µs.
pub fn forms() -> Vec<(&'static str, PulseShape<'static>, u32)> {
    let plain = PulseShape { gap: us(100), ..PulseShape::default() };
    let asymmetric = Balance::Asymmetric { length_percent: 400 };
    let declared = Balance::DeclaredDc { at_most: MicroAmps::from_microamps(50_000).unwrap() };
    let form = |form| PulseShape { form, ..plain };
    let triphasic = Form::Triphasic { outer_percent: 50 };
    let prepulse = Form::Prepulse(Prepulse { amplitude_percent: 15, width: us(200) });
    let repeat = |count, gap| Repeat { count, gap: us(gap) };
    let negative = Polarity::Negative;
    vec![
        ("symmetric", plain, 300),
        ("asymmetric", PulseShape { balance: asymmetric, leading: negative, ..plain }, 300),
        ("pre-pulse", form(prepulse), 300),
        ("pre-pulse, asymmetric", PulseShape { balance: asymmetric, ..form(prepulse) }, 300),
        ("triphasic", form(triphasic), 300),
        ("points", form(Form::Points(&ROUND)), 800),
        ("table", PulseShape { leading: negative, ..form(Form::Table(&shapes::HALF_SINE)) }, 2_000),
        (
            "table, asymmetric",
            PulseShape { balance: asymmetric, ..form(Form::Table(&shapes::TRIANGULAR)) },
            2_000,
        ),
        ("declared d.c.", PulseShape { balance: declared, ..plain }, 300),
        ("points, declared d.c.", PulseShape { balance: declared, ..form(Form::Points(&ONE_WAY)) }, 400),
        (
            "table, declared d.c.",
            PulseShape { balance: declared, ..form(Form::Table(&shapes::SAWTOOTH)) },
            2_000,
        ),
        ("triplet", PulseShape { repeat: repeat(3, 4_000), ..plain }, 300),
        ("doublet of triphasics", PulseShape { repeat: repeat(2, 5_000), ..form(triphasic) }, 300),
        ("2.5 kHz", PulseShape { gap: Micros::ZERO, repeat: repeat(25, 0), ..plain }, 200),
        ("sines", PulseShape { repeat: repeat(3, 0), ..form(Form::Table(&shapes::HALF_SINE)) }, 2_000),
    ]
}

pub fn timings() -> [Timing<'static>; 4] {
    let hz = |n| Rate::from_hz(n).unwrap();
    [
        Timing::Even,
        Timing::Bursts(Bursts { pulses: 3, every: hz(8) }),
        Timing::Sweep(Sweep { from: hz(12), to: hz(50), over: ms(300), law: SweepLaw::Exponential }),
        Timing::List(&INTERVALS),
    ]
}

pub fn schedules() -> [Schedule<'static>; 4] {
    [
        Schedule::Continuous,
        Schedule::Cyclic(Cycle { hold: ms(150), rest: ms(70) }),
        crate::common::gated(300, 50, 60),
        Schedule::Program(&STAGES),
    ]
}

/// Two channels of one pulse, 5 ms apart; 50 Hz at most, short ramps.
pub fn pair<'a>(pulse: PulseShape<'a>, width: u32, timing: Timing<'a>) -> [Channel<'a>; 2] {
    let set = Setting::new(40_000, width).unwrap();
    let train = Train { timing, ..Train::default() };
    let rate = Rate::from_hz(50).unwrap();
    let first = Channel { pulse, rate, train, set, ceiling: set, ramp: ramped(30, 40, 10_000), ..plain() };
    [first, Channel { offset: us(5_010), ..first }]
}
