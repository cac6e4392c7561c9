//! One word of all that a plan works out, for whoever looks whether it is still what it was.

use core::hash::{Hash, Hasher};

use crate::channel_plan::ChannelPlan;
use crate::plan::Plan;
use crate::pulse::{Form, PulseShape};
use crate::schedule::Schedule;
use crate::session::{Channel, Train};
use crate::timing::{Kind, OnsetPlan, Timing};

/// Folds whatever is written into one word, 32 bits at a time. Each step is one-to-one in the word so far and in what is written, so
/// where one 32 of all bits change, by however many, it is always another word; where more do, but for one time in 2³².
struct Word(u32);

impl Word {
    const START: Self = Self(0x5a5a_5a5a);

    const fn fold(&mut self, part: u32) {
        // by an odd number
        self.0 = (self.0.rotate_left(5) ^ part).wrapping_mul(0x9e37_79b1);
    }

    /// A slice by where it stands and how long it is.
    fn place<T>(&mut self, slice: &[T]) {
        slice.as_ptr().addr().hash(self);
        slice.len().hash(self);
    }
}

impl Hasher for Word {
    fn finish(&self) -> u64 {
        u64::from(self.0)
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(4) {
            let mut whole = [0; 4];
            for (to, from) in whole.iter_mut().zip(part) {
                *to = *from;
            }
            self.fold(u32::from_le_bytes(whole));
        }
    }

    fn write_u8(&mut self, part: u8) {
        self.fold(u32::from(part));
    }

    fn write_u16(&mut self, part: u16) {
        self.fold(u32::from(part));
    }

    fn write_u32(&mut self, part: u32) {
        self.fold(part);
    }

    fn write_u64(&mut self, part: u64) {
        let [a, b, c, d, e, f, g, h] = part.to_le_bytes();
        self.fold(u32::from_le_bytes([a, b, c, d]));
        self.fold(u32::from_le_bytes([e, f, g, h]));
    }
}

impl ChannelPlan<'_> {
    /// One word of everything in it, so that a guard may look whether it still is what was checked: any one bit that changes gives
    /// another word. A table of the session and a list of its intervals count by where they stand, not by what they hold. Fixed
    /// work.
    ///
    /// ```
    /// # use nmes_core::*;
    /// # let set = Setting::new(40_000, 300).unwrap();
    /// # let of = |gain| {
    /// #     let channels = [Channel { pulse: PulseShape::default(), rate: Rate::from_hz(40).unwrap(), set, ceiling: set,
    /// #         train: Train::default(), ramp: Ramp::default(), offset: Micros::ZERO }];
    /// #     let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(1_000).unwrap()).unwrap();
    /// #     let dac = ChannelHardware::symmetric(gain, -2_048, 2_047);
    /// #     let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
    /// #     Plan::compile(&session, &hardware).unwrap().channel(0).unwrap().word()
    /// # };
    /// assert_eq!(of(100_000), of(100_000)); // nanoamperes a code
    /// assert_ne!(of(100_000), of(165_536)); // one bit of it
    /// ```
    #[inline(never)]
    #[must_use]
    pub fn word(&self) -> u32 {
        let Self {
            channel,
            hardware,
            onsets,
            ticks_per_second,
            exact,
            unit_na,
            stretch,
            stale_ticks,
            wait_ticks,
            room_ticks,
            pre_ticks,
            points,
            body_points,
            main_points,
            cycles,
            repeat_gap_ticks,
            gap_ticks,
            dead_ticks,
            gap_rest,
            rests_open,
            spacing,
            segment_min,
            turn_ticks,
            lateness,
            jitter,
            stamp_error,
            width_min,
            ramp_floor,
            up_ticks,
            down_ticks,
            offset_ticks,
        } = self;
        let mut word = Word::START;
        asked(&mut word, channel);
        (hardware, ticks_per_second, exact, unit_na, stretch).hash(&mut word);
        (stale_ticks, wait_ticks, room_ticks, pre_ticks).hash(&mut word);
        (points, body_points, main_points, cycles, repeat_gap_ticks).hash(&mut word);
        (gap_ticks, dead_ticks, gap_rest, rests_open, spacing, segment_min).hash(&mut word);
        (turn_ticks, lateness, jitter, stamp_error, width_min, ramp_floor).hash(&mut word);
        (up_ticks, down_ticks, offset_ticks).hash(&mut word);
        stand(&mut word, onsets);
        word.0
    }
}

/// What the session asks of a channel.
fn asked(word: &mut Word, channel: &Channel<'_>) {
    let Channel { pulse, rate, train, set, ceiling, ramp, offset } = channel;
    let PulseShape { form, gap, balance, leading, repeat } = pulse;
    let Train { timing, pulses_max, stale_after, pattern } = train;
    match form {
        Form::Table(steps) => word.place(steps),
        Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. } | Form::Points(_) => form.hash(word),
    }
    match timing {
        Timing::List(intervals) => word.place(intervals),
        Timing::Even | Timing::Bursts(_) | Timing::Sweep(_) => timing.hash(word),
    }
    (gap, balance, leading, repeat, rate).hash(word);
    (pulses_max, stale_after, pattern, set, ceiling, ramp, offset).hash(word);
}

/// When its pulses stand, in ticks.
fn stand(word: &mut Word, onsets: &OnsetPlan<'_>) {
    let OnsetPlan { rate, kind } = onsets;
    rate.hash(word);
    match kind {
        Kind::Even => {}
        Kind::Bursts { pulses, every } => (pulses, every).hash(word),
        Kind::Sweep { plan, to } => (plan, to).hash(word),
        Kind::List { intervals, ticks_per_second } => {
            word.place(intervals);
            ticks_per_second.hash(word);
        }
    }
}

impl Plan<'_> {
    /// The same of what is not a channel's: the hardware as it was described, and schedule, length and overlap of the session.
    /// Stages of a programme count by where they stand.
    #[inline(never)]
    #[must_use]
    pub fn word(&self) -> u32 {
        let (session, mut word) = (self.session(), Word::START);
        match session.schedule() {
            Schedule::Program(stages) => word.place(stages),
            other @ (Schedule::Continuous | Schedule::Cyclic(_) | Schedule::Gated(_)) => {
                other.hash(&mut word)
            }
        }
        (session.length(), session.overlap(), self.hardware(), self.channel_count()).hash(&mut word);
        word.0
    }
}
