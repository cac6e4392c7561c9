//! Walks made from numbers, not recorded: a steady hemiparetic walk, and irregular ones for tests.
//!
//! The numbers are those of hemiparetic gait: a cycle of 1.2 to 2.0 s, 0.5 to 1.2 s from heel-off to heel strike
//! (0.4 to 0.65 of the cycle), toe-off at about 62 % of the cycle.

use super::{Event, Foot, FootEvent, Walk};

/// A small repeatable generator (xorshift64*), so that a walk is the same on every machine.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number in `low..=high`.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        low + (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % (high - low + 1)
    }
}

/// How an affected walk differs from a steady one. Every `nth` step shows it; 0 is never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Affected {
    /// Seed of the variation.
    pub seed: u64,
    /// Strides of each foot.
    pub strides: u32,
    /// Steps that land on the forefoot: no heel strike, no heel-off after it.
    pub unloaded_nth: u32,
    /// Lifts in which the toes drag: no toe-off, and a second lift right after.
    pub shuffle_nth: u32,
    /// Steps that wait at a kerb with the heel already lifted.
    pub kerb_nth: u32,
    /// How long they wait, in milliseconds.
    pub kerb_pause_ms: u64,
}

struct Stride {
    start: u64,
    heel_off: u64,
    toe_off: u64,
    strike: u64,
}

/// Times in microseconds of one stride of one foot that begins with the heel on the ground at `start`.
fn stride(start: u64, cycle: u64, heel_off_permille: u64) -> Stride {
    let heel_off = start + cycle * heel_off_permille / 1_000;
    Stride { start, heel_off, toe_off: start + cycle * 620 / 1_000, strike: start + cycle }
}

/// The other foot swings while this one stands.
fn other_foot(start: u64, cycle: u64) -> Stride {
    let [heel_off, toe_off, strike] = [0, 120, 500].map(|permille| start + cycle * permille / 1_000);
    Stride { start, heel_off: heel_off.saturating_sub(cycle / 20), toe_off, strike }
}

fn plain(events: &mut Vec<Event>, foot: Foot, s: &Stride) {
    let moments =
        [(s.heel_off, FootEvent::HeelOff), (s.toe_off, FootEvent::ToeOff), (s.strike, FootEvent::HeelStrike)];
    events.extend(moments.map(|(t_us, event)| Event { t_us, foot, event }));
}

fn finish(name: &str, mut events: Vec<Event>) -> Walk {
    events.sort_by_key(|e| e.t_us);
    Walk { name: name.to_owned(), events }
}

/// The built-in walk: a steady hemiparetic gait with a 1.35 to 1.50 s cycle, standing at both ends, at
/// least one stride and as many as fit into `length_us`.
#[must_use]
pub fn built_in(length_us: u64) -> Walk {
    let mut dice = Dice::new(2);
    let mut events = Vec::new();
    let mut start = 500_000;
    loop {
        let cycle = dice.between(135, 150) * 10_000;
        let lift = dice.between(43, 47) * 10;
        plain(&mut events, Foot::Left, &stride(start, cycle, lift));
        plain(&mut events, Foot::Right, &other_foot(start, cycle));
        start += cycle;
        if start + 1_500_000 + 1_000_000 > length_us {
            return finish("built-in walk", events);
        }
    }
}

/// A slow, irregular walk of the left foot, the right foot in step with it.
#[must_use]
pub fn affected(how: &Affected) -> Walk {
    let mut dice = Dice::new(how.seed);
    let mut events = Vec::new();
    let mut start = 1_000_000;
    let mut heel_down = true;
    for n in 1..=how.strides {
        let shows = |nth: u32| nth != 0 && n % nth == 0 && n != how.strides;
        let cycle = dice.between(120, 200) * 10_000;
        let mut s = stride(start, cycle, dice.between(40, 55) * 10);
        let pause = if shows(how.kerb_nth) { how.kerb_pause_ms * 1_000 } else { 0 };
        (s.toe_off, s.strike) = (s.toe_off + pause, s.strike + pause);
        plain(&mut events, Foot::Right, &other_foot(start, cycle));
        if shows(how.shuffle_nth) && heel_down {
            shuffle(&mut events, &s);
        }
        let mut parts = Vec::new();
        plain(&mut parts, Foot::Left, &s);
        let lands = !shows(how.unloaded_nth);
        parts.retain(|e| match e.event {
            FootEvent::HeelOff => heel_down,
            FootEvent::ToeOff => true,
            FootEvent::HeelStrike => lands,
        });
        events.append(&mut parts);
        heel_down = lands;
        start = s.strike;
    }
    finish("affected walk", events)
}

/// A lift of 150 ms early in the stride in which the toes stay on the ground.
fn shuffle(events: &mut Vec<Event>, s: &Stride) {
    let up = s.start + (s.heel_off - s.start) / 4;
    let foot = Foot::Left;
    events.push(Event { t_us: up, foot, event: FootEvent::HeelOff });
    events.push(Event { t_us: up + 150_000, foot, event: FootEvent::HeelStrike });
}
