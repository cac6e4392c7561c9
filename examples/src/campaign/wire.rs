//! One channel of the board, and the clock that it runs on.

use nmes_core::{ChannelHardware, Level};
use nmes_hal_adapters::sim::{ChannelStage, StageFault};
use nmes_safety::{NOISE_FLOOR, SampleInstant, Sensed};

/// Below this a current is none, in µA.
pub(super) const NOTHING_UA: f64 = 1.0;

/// What is commanded above this is told from noise by every judgement of the guard, in nA.
pub(super) const SEEN_NA: u64 = NOISE_FLOOR.as_microamps() as u64 * 1_000;

/// How the device's clock runs against true time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) device: u64,
    pub(super) since: u64,
    pub(super) num: u64,
    pub(super) den: u64,
}

impl Clock {
    pub(super) const fn at(&self, now: u64) -> u64 {
        self.device + (now - self.since) * self.num / self.den
    }

    /// When the device's clock reaches a tick; `None` when it never does.
    pub(super) const fn when(&self, now: u64, device: u64) -> Option<u64> {
        if self.at(now) >= device {
            return Some(now);
        }
        if self.num == 0 {
            return None;
        }
        Some(self.since + ((device - self.device) * self.den).div_ceil(self.num))
    }
}

/// One channel, and what came out of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire {
    pub(super) stage: ChannelStage,
    pub(super) output: ChannelHardware,
    /// The last level that was written, whether it arrived or not.
    pub(super) asked: Level,
    pub(super) fault: StageFault,
    /// The leads are the other way round: so is what the body gets, and not what the stage puts out and measures.
    pub(super) swapped: bool,
    /// Charge since the current last was none or turned round, and the most of it, in nC.
    pub(super) run_nc: f64,
    pub(super) worst_nc: f64,
    /// The same of what is above [`SEEN_NA`].
    pub(super) strong_nc: f64,
    pub(super) strongest_nc: f64,
    pub(super) total_nc: f64,
    /// The total at the last mark.
    pub(super) marked_nc: f64,
    /// The last true tick at which current flowed.
    pub(super) flowed: u64,
    pub(super) peak_ua: f64,
    /// The level that the measurement was told of last, and the sample at the end of the one before.
    pub(super) told: Level,
    pub(super) ended: Option<Sensed>,
    pub(super) frozen: Option<Sensed>,
    pub(super) held_back: Option<Level>,
}

impl Wire {
    pub(super) fn apply_fault(&mut self, now: u64, live: bool) {
        self.pass(now);
        let fault = if live { self.fault } else { StageFault::OpenCircuit };
        if self.stage.fault() != fault {
            self.stage.inject(now, fault);
        }
    }

    pub(super) fn put(&mut self, now: u64, level: Level) {
        self.stage.set(now, level);
    }

    /// As the timer of the conversions has it: of a phase while one was told of, else of a rest.
    pub(super) fn sample(&self, driven: SampleInstant) -> Sensed {
        let drives = matches!(self.told, Level::Code(code) if code != 0);
        let instant = if drives { driven } else { SampleInstant::Rest };
        Sensed { instant, ..self.stage.sensed(driven) }
    }

    /// Counts what flowed up to a tick.
    pub(super) fn pass(&mut self, tick: u64) {
        let before = self.stage.point().current_ua;
        self.stage.advance_to(tick);
        let put_out = self.stage.take_delivered().net_nc;
        let nc = if self.swapped { -put_out } else { put_out };
        let flows = before.abs() > NOTHING_UA || self.stage.point().current_ua.abs() > NOTHING_UA;
        if !flows || nc * self.run_nc < 0.0 {
            self.run_nc = 0.0;
        }
        let strong = before.abs().max(self.stage.point().current_ua.abs()) * 1e3 > SEEN_NA as f64;
        self.strong_nc = if strong && nc * self.strong_nc >= 0.0 { self.strong_nc + nc } else { 0.0 };
        self.strongest_nc = self.strongest_nc.max(self.strong_nc.abs());
        if flows {
            self.run_nc += nc;
            self.flowed = tick;
            self.peak_ua = self.peak_ua.max(before.abs());
        }
        self.total_nc += nc;
        self.worst_nc = self.worst_nc.max(self.run_nc.abs());
    }
}
