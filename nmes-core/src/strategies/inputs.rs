//! What happens from outside, when, and how late edges are.

use super::random;
use super::simply::simply;
use crate::*;
use proptest::prelude::*;
use std::prelude::v1::*;
use std::vec;

/// What happens from outside.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// [`Engine::start`].
    Start,
    /// [`Engine::command`] of a channel.
    Command(u8, Setting),
    /// [`Engine::gate`].
    Gate(GateInput),
    /// [`Engine::gate_channel`]; no strategy makes it.
    GateChannel(u8, GateInput),
    /// [`Engine::pause`].
    Pause,
    /// [`Engine::resume`].
    Resume,
    /// [`Engine::stop`].
    Stop(StopPolicy),
}

/// How late the stamps of edges are: none late, all as late as declared, or each by chance. A stamp may also be ε off,
/// either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lateness {
    /// Every edge on its tick.
    #[default]
    Never,
    /// Every edge L late.
    Most,
    /// From −ε to L + ε, from a seed.
    Random(u64),
}

impl Lateness {
    /// How late the edges of one run are, in ticks, one after the other.
    pub fn ticks(self, timing: &HardwareTiming) -> impl FnMut() -> i64 + use<> {
        let (most, error) = (i64::from(timing.late_max_ticks), i64::from(timing.stamp_error_ticks));
        let limit = timing.late_max_ticks.saturating_add(timing.stamp_error_ticks.saturating_mul(2));
        let seed = if let Self::Random(seed) = self { seed } else { 0 };
        let mut draw = random(limit, seed);
        move || match self {
            Self::Never => 0,
            Self::Most => most,
            Self::Random(_) => draw() as i64 - error,
        }
    }
}

/// Mostly by chance; shrinks to none.
pub fn lateness() -> impl Strategy<Value = Lateness> {
    let random = any::<u64>().no_shrink().prop_map(Lateness::Random);
    let any = prop_oneof![1 => Just(Lateness::Never), 1 => Just(Lateness::Most), 10 => random];
    simply(Lateness::Never, any)
}

/// A stop, and when: in millionths of what a run lasts. Shrinks to a finished pulse at the start.
pub fn stop() -> impl Strategy<Value = (StopPolicy, u32)> {
    let policy =
        prop_oneof![Just(StopPolicy::FinishPulse), Just(StopPolicy::RecoverNow), Just(StopPolicy::HardOff)];
    (policy, 0_u32..=1_000_000)
}

/// One input of [`inputs`], before it is known for which channels: milliseconds after the one before, kind, channel,
/// amplitude in thousandths, width.
pub type Input = (u32, u8, u8, u16, u8);

/// Up to twelve inputs: gate, pause and resume, lower or higher settings. Shrinks to fewer, sooner, and to openings.
pub fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let input = (0_u32..200_000, 0_u8..9, 0_u8..8, 0_u16..=1_000, 0_u8..16);
    simply(vec![], prop::collection::vec(input, 0..=12))
}

/// The script of inputs for channels: ticks and actions in order of time.
#[must_use]
pub fn script_of(inputs: &[Input], channels: &[Channel<'_>], ticks_per_second: u32) -> Vec<(u64, Action)> {
    let mut us = 0_u64;
    let at = |&(after, kind, number, part, width): &Input| {
        us += u64::from(after);
        let index = usize::from(number) % channels.len();
        let channel = (index as u8, &channels[index]);
        (us * u64::from(ticks_per_second) / 1_000_000, action(kind, channel, part, width))
    };
    inputs.iter().map(at).collect()
}

fn action(kind: u8, (index, channel): (u8, &Channel<'_>), part: u16, width: u8) -> Action {
    let Channel { set, ceiling, pulse, .. } = channel;
    match kind {
        0 | 1 => Action::Gate(GateInput::Open),
        2 => Action::Gate(GateInput::Hold),
        3 => Action::Gate(GateInput::Close { down: None }),
        4 => Action::Command(index, Setting { amplitude: MicroAmps::ZERO, ..*set }),
        5 => Action::Gate(GateInput::Toggle),
        6 => Action::Pause,
        7 => Action::Resume,
        _ => {
            let (least, most) = (set.amplitude.as_microamps() / 2, ceiling.amplitude.as_microamps());
            let ua = least + (u64::from(most - least) * u64::from(part) / 1_000) as u32;
            // the width of points is theirs
            let width_us = match width {
                0..=7 if !matches!(pulse.form, Form::Points(_)) => {
                    set.width.as_micros().saturating_sub(u32::from(width))
                }
                8..=11 => ceiling.width.as_micros(),
                _ => set.width.as_micros(),
            };
            Action::Command(index, Setting::new(ua, width_us).unwrap())
        }
    }
}

/// Sets every channel to its session value and starts, at tick 0.
pub(super) fn started(channels: &[Channel<'_>]) -> Vec<(u64, Action)> {
    let mut script: Vec<_> = (0_u8..).zip(channels).map(|(i, c)| (0, Action::Command(i, c.set))).collect();
    script.extend(vec![(0, Action::Start)]);
    script
}
