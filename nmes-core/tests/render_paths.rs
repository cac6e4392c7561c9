//! The ways through the renderer besides the plain one: what it refuses, how it stops, what a fault leaves.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests: a panic here is a failed test"
)]

mod common;

use common::*;
use nmes_core::*;

const CLOCK: HardwareTiming = HardwareTiming::ideal(50_000);

/// Two channels of 40 mA, 300 µs, 40 Hz: 400 codes for 15 samples, 5 samples of gap, 15 back; 1,250 samples apart.
fn with_renderer<R>(length_ms: u32, then: impl FnOnce(&mut Renderer<'_, '_, i16>) -> R) -> R {
    with_plan(&[plain(); 2], Schedule::Continuous, length_ms, CLOCK, |plan| render_on(plan, then))
}

/// A renderer with every channel set and started at tick 0.
fn render_on<R>(plan: &Plan<'_>, then: impl FnOnce(&mut Renderer<'_, '_, i16>) -> R) -> R {
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let mut renderer = Renderer::new(Engine::new(plan, &mut storage).unwrap(), 0).unwrap();
    for (index, channel) in (0..).zip(plan.session().channels()) {
        renderer.engine_mut().command(index, channel.set, 0).unwrap();
    }
    renderer.engine_mut().start(0);
    then(&mut renderer)
}

fn all(_: &PulseFrame<'_>) -> bool {
    true
}

fn sum(samples: &[i16]) -> i64 {
    samples.iter().map(|&code| i64::from(code)).sum()
}

fn refusal<S: Sample>(timing: HardwareTiming, output: ChannelHardware) -> Option<ConfigError> {
    let channels = [plain()];
    let session = Session::new(&channels, Schedule::Continuous, ms(100)).unwrap();
    let hardware = Hardware::new(timing, &[output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let mut storage = [ChannelState::new()];
    Renderer::<S>::new(Engine::new(&plan, &mut storage).unwrap(), 0).err()
}

/// REQ-CORE-61: a plan for edges that may be late, for stamps that may be off, with codes that the sample does not hold
/// or with an offset is refused, by field, value and limit; one at each bound is taken.
#[test]
fn only_a_sample_clock_is_taken() {
    let timing = HardwareTiming::ideal(1_000_000);
    let wide = |least, most| ChannelHardware::symmetric(100_000, least, most);
    let found = |error: Option<ConfigError>| match error {
        None => None,
        Some(
            ConfigError::Below { field, value, limit, .. } | ConfigError::Above { field, value, limit, .. },
        ) => Some((field, value, limit)),
        Some(other) => panic!("{other}"),
    };
    let late = HardwareTiming { late_max_ticks: 1, ..timing };
    assert_eq!(found(refusal::<i16>(late, DAC)), Some((Field::Lateness, 1, 0)));
    let unsure = HardwareTiming { stamp_error_ticks: 1, ..timing };
    assert_eq!(found(refusal::<i32>(unsure, DAC)), Some((Field::Lateness, 2, 0)));
    assert_eq!(found(refusal::<i16>(timing, wide(-32_768, 32_767))), None);
    assert_eq!(
        found(refusal::<i16>(timing, wide(-32_769, 32_767))),
        Some((Field::CodeMin, -32_769, -32_768))
    );
    assert_eq!(found(refusal::<i16>(timing, wide(-32_768, 32_768))), Some((Field::CodeMax, 32_768, 32_767)));
    assert_eq!(found(refusal::<i32>(timing, wide(-8_388_608, 8_388_607))), None);
    let offset = ChannelHardware { offset_na: -1, ..DAC };
    assert_eq!(found(refusal::<i16>(timing, offset)), Some((Field::OffsetCurrent, 1, 0)));
}

/// REQ-CORE-61: the code of a sample is the code, at the ends of its range and not beyond.
#[test]
fn codes_are_never_clamped() {
    assert_eq!(
        [-32_769, -32_768, 32_767, 32_768].map(i16::from_code),
        [None, Some(i16::MIN), Some(i16::MAX), None]
    );
    assert_eq!([i32::MIN, i32::MAX].map(<i32 as Sample>::from_code), [Some(i32::MIN), Some(i32::MAX)]);
}

/// REQ-CORE-60: by number, where each level begins and ends: the first onset one edge spacing after the start, the
/// second on the grid; after the last pulse zero and finished.
#[test]
fn by_number() {
    with_renderer(50, |renderer| {
        let mut block = [[77_i16; 2_600]; 2];
        let rendered = renderer.render(&mut block, &mut all).unwrap();
        for samples in &block {
            for onset in [1_usize, 1_250] {
                assert_eq!(samples[onset - 1], 0);
                assert_eq!(samples[onset..onset + 15], [400; 15]);
                assert_eq!(samples[onset + 15..onset + 20], [0; 5]);
                assert_eq!(samples[onset + 20..onset + 35], [-400; 15]);
            }
            assert_eq!(samples[36..1_250], [0; 1_214]);
            assert_eq!(samples[1_285..], [0; 1_315]);
        }
        // two pulses of four edges on two channels with a latch; and looks at what comes next
        assert!((8..=12).contains(&rendered.steps), "{rendered:?}");
        assert_eq!(rendered.finished.unwrap().residual, Charge::ZERO);
        let mut more = [[77_i16; 100]; 2];
        assert_eq!(renderer.render(&mut more, &mut all).unwrap().steps, 0);
        assert_eq!(more, [[0; 100]; 2]);
    });
}

/// REQ-CORE-60: nothing comes before the start, and the first sample may have any tick.
#[test]
fn zero_before_the_start() {
    with_plan(&[plain()], Schedule::Continuous, 100, CLOCK, |plan| {
        let mut storage = [ChannelState::new()];
        let first = 1_u64 << 40;
        let mut renderer = Renderer::<i32>::new(Engine::new(plan, &mut storage).unwrap(), first).unwrap();
        let mut block = [7_i32; 3_000];
        assert_eq!(
            renderer.render_interleaved(&mut block, &mut all).map(|r| (r.steps, r.finished)),
            Ok((0, None))
        );
        assert_eq!(block, [0; 3_000]);
        let now = renderer.tick();
        assert_eq!(now, first + 3_000);
        renderer.engine_mut().command(0, plain().set, now).unwrap();
        renderer.engine_mut().start(now);
        renderer.render_interleaved(&mut block, &mut all).unwrap();
        assert_eq!(block.iter().position(|&code| code == 400), Some(1));
    });
}

/// REQ-CORE-63: stops between two blocks. From the sample they are asked at: a hard off gives zero at once and reports
/// what it left; a recovery is over, with 0 left, one sample and the same charge later; finishing ends the pulse.
#[test]
fn stops_between_blocks() {
    for (policy, left, last) in [
        (StopPolicy::HardOff, 9 * 400, 10),
        (StopPolicy::RecoverNow, 0, 10 + 1 + 10),
        (StopPolicy::FinishPulse, 0, 36),
    ] {
        with_renderer(1_000, |renderer| {
            let (mut first, mut second) = ([[0_i16; 10]; 2], [[0_i16; 3_000]; 2]);
            renderer.render(&mut first, &mut all).unwrap();
            let now = renderer.tick();
            renderer.engine_mut().stop(policy, now);
            let rendered = renderer.render(&mut second, &mut all).unwrap();
            let finished = rendered.finished.unwrap();
            assert_eq!(finished.residual, Charge::from_nanoamp_ticks(left * 100_000), "{policy:?}");
            for (first, second) in first.iter().zip(&second) {
                assert_eq!(sum(first) + sum(second), left, "{policy:?}");
                assert!(second[last - 10..].iter().all(|&code| code == 0), "{policy:?}");
                assert!(last == 10 || second[last - 11] != 0, "{policy:?}");
            }
        });
    }
}

/// REQ-CORE-63: a stop at the very sample of an onset comes before it: a block ends ahead of its last tick.
#[test]
fn a_stop_at_an_onset() {
    for policy in [StopPolicy::HardOff, StopPolicy::RecoverNow, StopPolicy::FinishPulse] {
        with_renderer(1_000, |renderer| {
            renderer.render(&mut [[0_i16; 1_250]; 2], &mut all).unwrap();
            renderer.engine_mut().stop(policy, 1_250);
            let mut block = [[5_i16; 100]; 2];
            let rendered = renderer.render(&mut block, &mut all).unwrap();
            assert_eq!((block, rendered.steps), ([[0; 100]; 2], 0), "{policy:?}");
            assert_eq!(renderer.engine().counters(0).unwrap().pulses, 1, "{policy:?}");
        });
    }
}

/// REQ-CORE-62: a refused frame: nothing of it is written; the pulse of the other channel that was under way is cut at
/// the same sample and reported; every further block is zero with the same answer; the receipt of the cut pulse comes.
#[test]
fn a_refused_frame() {
    struct Guard(Vec<PulseReceipt>);
    impl Watch<'_> for Guard {
        fn admit(&mut self, frame: &PulseFrame<'_>) -> bool {
            frame.channel() == 0 || frame.sequence() == 0
        }
        fn receipt(&mut self, receipt: &PulseReceipt) {
            self.0.push(*receipt);
        }
    }
    let late = Channel { offset: Micros::from_micros(600).unwrap(), ..plain() };
    with_plan(&[late, plain()], Schedule::Continuous, 100, CLOCK, |plan| {
        render_on(plan, |renderer| {
            let mut guard = Guard(vec![]);
            let mut block = [[5_i16; 200]; 2];
            // channel 1 ends its first pulse at sample 36, in the primary phase of channel 0, and offers its second then
            let fault = renderer.render(&mut block, &mut guard).unwrap_err();
            assert_eq!(
                fault,
                RenderFault { at_tick: 36, cause: RenderCause::Refused { channel: 1, sequence: 1 } }
            );
            assert_eq!((sum(&block[0]), sum(&block[1])), (6 * 400, 0));
            assert!(block.iter().all(|samples| samples[36..].iter().all(|&code| code == 0)));
            assert_eq!(renderer.engine().ledger(0), Some(Charge::from_nanoamp_ticks(6 * 400 * 100_000)));
            let receipts: Vec<_> = guard.0.iter().map(|r| (r.channel, r.end_tick, r.cut)).collect();
            assert_eq!(receipts, [(1, 36, false), (0, 36, true)]);
            let mut more = [5_i16; 100];
            assert_eq!(renderer.render_interleaved(&mut more, &mut guard), Err(fault));
            assert_eq!(more, [0; 100]);
            assert_eq!((renderer.fault(), renderer.tick()), (Some(fault), 250));
            assert!(renderer.engine().finished().is_some());
        });
    });
}

/// What a test has rendered of three slices, and how.
type Rendering = fn(&mut Renderer<'_, '_, i16>, &mut [&mut [i16]]) -> Result<Rendered, RenderFault>;

/// REQ-CORE-62: buffers that do not fit are a fault: all they hold is zero, and it stays.
#[test]
fn buffers_that_do_not_fit() {
    let cause = RenderCause::Layout { channels: 2 };
    let ends = |render: Rendering| {
        with_renderer(100, |renderer| {
            renderer.render(&mut [[0_i16; 10]; 2], &mut all).unwrap();
            let (mut a, mut b, mut c) = ([5_i16; 20], [5_i16; 21], [5_i16; 20]);
            let fault = render(renderer, &mut [&mut a, &mut b, &mut c]).unwrap_err();
            assert_eq!(fault, RenderFault { at_tick: 10, cause });
            assert_eq!(renderer.render(&mut [[0_i16; 10]; 2], &mut all), Err(fault));
            (a[0], b[0], b[20], c[0])
        })
    };
    assert_eq!(ends(|r, all_of| r.render(all_of, &mut all)), (0, 0, 0, 0));
    assert_eq!(ends(|r, all_of| r.render(&mut all_of[..2], &mut all)), (0, 0, 0, 5));
    assert_eq!(ends(|r, all_of| r.render(&mut all_of[..1], &mut all)), (0, 5, 5, 5));
    assert_eq!(ends(|r, all_of| r.render_interleaved(all_of[1], &mut all)), (5, 0, 0, 5));
}

/// REQ-CORE-62: a time before the next sample, given to the engine, is a fault as soon as an edge would have been
/// before it; nothing is written in its place.
#[test]
fn a_command_in_the_past() {
    with_plan(&[plain()], gated(50, 0, 60), 1_000, CLOCK, |plan| {
        render_on(plan, |renderer| {
            renderer.render(&mut [[0_i16; 100]], &mut all).unwrap();
            renderer.engine_mut().gate(GateInput::Open, 40);
            let mut block = [[5_i16; 100]];
            let fault = renderer.render(&mut block, &mut all).unwrap_err();
            let late = EngineFault::Late { channel: 0, by_ticks: 59, limit_ticks: 0 };
            assert_eq!(fault, RenderFault { at_tick: 100, cause: RenderCause::Engine(late) });
            assert_eq!(block, [[0; 100]]);
            assert!(fault.to_string().starts_with("zero from sample 100 on: channel 0"));
        });
    });
}

/// REQ-CORE-61, REQ-CORE-62: an engine that is put in place of the first, for codes that the sample does not hold, ends
/// in a fault at the code, not in a clamped sample.
#[test]
fn another_engine() {
    let output = ChannelHardware::symmetric(1_000, -100_000, 100_000);
    let channels = [plain()];
    let session = Session::new(&channels, Schedule::Continuous, ms(100)).unwrap();
    let hardware = Hardware::new(CLOCK, &[output], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let mut storage = [ChannelState::new()];
    let mut engine = Engine::new(&plan, &mut storage).unwrap();
    engine.command(0, plain().set, 0).unwrap();
    engine.start(0);
    with_plan(&[plain()], Schedule::Continuous, 100, CLOCK, |fits| {
        let mut storage = [ChannelState::new()];
        let mut renderer = Renderer::<i16>::new(Engine::new(fits, &mut storage).unwrap(), 0).unwrap();
        *renderer.engine_mut() = engine;
        let mut block = [[5_i16; 100]];
        let fault = renderer.render(&mut block, &mut all).unwrap_err();
        assert_eq!(fault, RenderFault { at_tick: 1, cause: RenderCause::Code { channel: 0, code: 40_000 } });
        assert_eq!(block, [[0; 100]]);
        assert_eq!(renderer.into_engine().finished().unwrap().residual, Charge::ZERO);
    });
}

/// REQ-CORE-64: the steps of a call are at most samples × channels, at the fastest there is: a level for each sample.
#[test]
fn work_is_bounded() {
    let set = Setting::new(40_000, 1_280).unwrap();
    let form = Form::Table(&shapes::HALF_SINE);
    let pulse = PulseShape { form, repeat: Repeat { count: 17, gap: Micros::ZERO }, ..PulseShape::default() };
    let rate = Rate::from_hz(19).unwrap();
    let fast = Channel { pulse, rate, set, ceiling: set, ..plain() };
    let timing = HardwareTiming { has_latch: false, ..CLOCK };
    with_plan(&[fast; 2], Schedule::Continuous, 1_000, timing, |plan| {
        let most = render_on(plan, |renderer| {
            let steps = |_| renderer.render(&mut [[0_i16; 100]; 2], &mut all).unwrap().steps;
            (0..500).map(steps).max()
        });
        assert_eq!(most, Some(200));
    });
}
