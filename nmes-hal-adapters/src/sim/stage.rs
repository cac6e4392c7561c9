//! A current source with a supply rail, and what it delivers into a [`Load`].

use crate::sim::Load;
use crate::sim::load::{Charged, Drive};
use nmes_core::{ChannelHardware, Level};
use nmes_safety::{SampleInstant, Sensed};

/// What the analogue side of one channel is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Supply rail, in volts.
    pub rail_v: f64,
    /// What the source itself needs of it, in volts.
    pub headroom_v: f64,
    /// How much stronger the negative phase is than commanded, in percent; may be negative.
    pub mismatch_percent: f64,
    /// Constant error while driven that the calibration does not know of, in microamperes.
    pub offset_ua: f64,
    /// What it drives.
    pub load: Load,
}

impl Stage {
    /// An exact source with a rail, into a load.
    #[must_use]
    pub const fn ideal(rail_v: f64, load: Load) -> Self {
        Self { rail_v, headroom_v: 0.0, mismatch_percent: 0.0, offset_ua: 0.0, load }
    }

    /// The most voltage at the terminals.
    #[must_use]
    pub const fn limit_v(&self) -> f64 {
        (self.rail_v - self.headroom_v).max(0.0)
    }

    /// The most mean d.c. in microamperes that could flow through a blocking capacitor over a time: it can only
    /// charge up to the rail, once, so the mean falls with the time, to zero. Microfarads and seconds.
    ///
    /// ```
    /// use nmes_hal_adapters::sim::{Load, Stage};
    /// let stage = Stage::ideal(60.0, Load::resistor(1_000.0).unwrap());
    /// assert!((stage.blocked_dc_ua(1.0, 60.0) - 1.0).abs() < 1e-9); // 60 µC in 60 s
    /// ```
    #[must_use]
    pub const fn blocked_dc_ua(&self, microfarad: f64, seconds: f64) -> f64 {
        microfarad * self.limit_v() / seconds
    }

    /// The current the source tries to make, in amperes.
    fn wanted_a(&self, nanoamps: i64) -> f64 {
        let commanded = from_nanoamps(nanoamps);
        let gain = if commanded < 0.0 { 1.0 + self.mismatch_percent / 100.0 } else { 1.0 };
        commanded * gain + self.offset_ua * 1e-6
    }
}

/// A fault on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum StageFault {
    /// None.
    #[default]
    None,
    /// A lead is off: no current, and the source runs to its rail.
    OpenCircuit,
    /// The electrodes touch: the current flows, past the body, at no voltage.
    ShortCircuit,
    /// A pad peels off: this much of its area is left, above 0 to 100 %.
    Peel {
        /// Percent left.
        percent: f64,
    },
    /// The output does not open or short any more: it stays as driven.
    StuckOn,
    /// Every code other than 0 comes out with this magnitude.
    StuckCode {
        /// The magnitude.
        magnitude: u16,
    },
    /// The bridge is the wrong way round.
    WrongPolarity,
    /// A bit of every code's magnitude is the wrong one.
    WrongBit {
        /// Which; 0 is worth one code.
        bit: u8,
    },
    /// The bridge drives one way only, whatever is asked.
    OneWay {
        /// Which.
        positive: bool,
    },
    /// A leg of the bridge stays on. The other way then goes from the supply through both legs, past the body.
    LegOn {
        /// The way that still works.
        positive: bool,
    },
    /// The bridge stays open.
    StuckOpen,
    /// The rail is down to this much of itself, 0 to 100 %.
    Sag {
        /// Percent left.
        percent: f64,
    },
    /// This much flows while the output is open.
    Leak {
        /// Microamperes, above or below zero.
        ua: f64,
    },
    /// Writes are refused with an error, and the level stays. `off` still works.
    WriteError,
}

/// What a channel delivered since it was last asked, which a host does once a pulse.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delivered {
    /// Charge in the direction first commanded, in nanocoulombs; above or below zero as it flowed.
    pub primary_nc: f64,
    /// Charge in the other direction, in nanocoulombs, with the opposite sign.
    pub balance_nc: f64,
    /// All charge, in nanocoulombs: what is left in the body.
    pub net_nc: f64,
    /// Lowest voltage at the terminals while driven.
    pub min_v: f64,
    /// Highest voltage at the terminals while driven.
    pub max_v: f64,
    /// Largest current, as a magnitude in microamperes.
    pub peak_ua: f64,
    /// Whether the rail kept the source from making its current.
    pub clipped: bool,
    leading: f64,
}

/// Mean direct current, in microamperes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanDc {
    /// Over the time that trains were on: edges less than [`ChannelStage::TRAIN_GAP_S`] apart are one train, and
    /// after its last pulse a train goes on for as long as its longest gap, so that n pulses count n periods.
    pub on_ua: f64,
    /// Over all the time since the first edge.
    pub whole_ua: f64,
}

/// Current and voltage at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Microamperes that flow.
    pub current_ua: f64,
    /// Volts at the terminals.
    pub voltage_v: f64,
}

/// One channel: its stage, the level it is at, and what has come out. Plain data; the host moves it in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelStage {
    stage: Stage,
    hardware: ChannelHardware,
    tick_s: f64,
    fault: StageFault,
    /// What was commanded, and what it became by a fault.
    commanded: Level,
    level: Level,
    /// Open, whatever the level: a one-shot has run out.
    gated: bool,
    state: Charged,
    last_tick: u64,
    first_tick: Option<u64>,
    /// Of the last edge: what a one-shot or a fault does between two is none.
    edge_tick: u64,
    delivered: Delivered,
    total_c: f64,
    on_s: f64,
    gap_s: f64,
    ended: Option<Sensed>,
}

impl ChannelStage {
    /// Edges further apart than this, in seconds, are of two trains.
    pub const TRAIN_GAP_S: f64 = 0.3;

    /// An open channel at tick 0.
    #[must_use]
    pub fn new(stage: Stage, hardware: ChannelHardware, ticks_per_second: u32) -> Self {
        Self {
            stage,
            hardware,
            tick_s: 1.0 / f64::from(ticks_per_second),
            fault: StageFault::None,
            commanded: Level::Open,
            level: Level::Open,
            gated: false,
            state: Charged::default(),
            last_tick: 0,
            first_tick: None,
            edge_tick: 0,
            delivered: Delivered::default(),
            total_c: 0.0,
            on_s: 0.0,
            gap_s: 0.0,
            ended: None,
        }
    }

    /// The level it really is at.
    #[must_use]
    pub const fn level(&self) -> Level {
        if self.gated { Level::Open } else { self.level }
    }

    /// Whether it is open, and stays so when a one-shot is armed again.
    pub(crate) fn is_off(&self) -> bool {
        self.commanded == Level::Open && self.level() == Level::Open
    }

    /// Opens it at a tick whatever it is told and whatever fault it has, or lets it go on with what it was told last.
    pub fn gate(&mut self, tick: u64, open: bool) {
        if self.gated != open {
            self.advance_to(tick);
            self.gated = open;
            self.watch(self.point());
        }
    }

    /// The fault it has.
    #[must_use]
    pub const fn fault(&self) -> StageFault {
        self.fault
    }

    /// Gives it a fault at a tick, or takes it away. What was commanded last is put out again as the fault has it; twice the
    /// same fault is once.
    pub fn inject(&mut self, tick: u64, fault: StageFault) {
        self.advance_to(tick);
        self.fault = fault;
        self.level = self.distorted(self.commanded);
    }

    /// Takes a level at a tick.
    pub fn set(&mut self, tick: u64, level: Level) {
        self.count_time(tick);
        self.advance_to(tick);
        self.ended = Some(self.sensed(SampleInstant::PhaseEnd));
        self.first_tick = self.first_tick.or(Some(tick));
        self.edge_tick = tick;
        if self.delivered.leading == 0.0
            && let Level::Code(code) = level
        {
            self.delivered.leading = f64::from(code.signum());
        }
        self.commanded = level;
        self.level = self.distorted(level);
        self.watch(self.point());
    }

    /// Goes on to a tick at the present level.
    pub fn advance_to(&mut self, tick: u64) {
        let seconds = ticks(tick.saturating_sub(self.last_tick)) * self.tick_s;
        self.last_tick = self.last_tick.max(tick);
        let mut rest = seconds;
        let mut clipped = self.wants_more();
        // a source goes in and out of its rail at most a few times in one segment
        for _ in 0..8 {
            if rest <= 0.0 {
                break;
            }
            let length = self.mode_length(clipped, rest);
            self.integrate(self.drive(clipped), length);
            self.watch(self.point());
            rest -= length;
            clipped = !clipped;
        }
    }

    /// Current and voltage now.
    #[must_use]
    pub fn point(&self) -> Point {
        let (amps, volts) = match (self.fault, self.drive(self.wants_more())) {
            (StageFault::OpenCircuit, _) => {
                (0.0, self.wanted().map_or(0.0, |i| if i == 0.0 { 0.0 } else { self.limit_v().copysign(i) }))
            }
            (StageFault::ShortCircuit, Drive::Current(amps)) => (amps, 0.0),
            (_, Drive::Open) => (0.0, self.load().terminal_v(self.state, 0.0)),
            (_, Drive::Current(amps)) => (amps, self.load().terminal_v(self.state, amps)),
            (_, Drive::Voltage(volts)) => (self.load().current_a(self.state, volts), volts),
        };
        Point { current_ua: amps * 1e6, voltage_v: volts }
    }

    /// What was delivered since this was last called.
    pub fn take_delivered(&mut self) -> Delivered {
        core::mem::take(&mut self.delivered)
    }

    /// Mean direct current up to the last edge or advance.
    #[must_use]
    pub fn mean_dc(&self) -> MeanDc {
        let whole_s =
            self.first_tick.map_or(0.0, |first| ticks(self.last_tick.saturating_sub(first)) * self.tick_s);
        let mean = |seconds: f64| if seconds > 0.0 { self.total_c / seconds * 1e6 } else { 0.0 };
        MeanDc { on_ua: mean(self.on_s + self.gap_s), whole_ua: mean(whole_s) }
    }

    /// A measurement now. It is of a rest, not of `driven`, where no current is commanded.
    #[must_use]
    pub fn sensed(&self, driven: SampleInstant) -> Sensed {
        let point = self.point();
        let drives = matches!(self.commanded, Level::Code(code) if code != 0);
        Sensed {
            current_na: whole(point.current_ua * 1e3),
            voltage_mv: i32::try_from(whole(point.voltage_v * 1e3)).unwrap_or(i32::MAX),
            at_tick: self.last_tick,
            instant: if drives { driven } else { SampleInstant::Rest },
        }
    }

    /// The resistance between the electrodes as they are, in whole ohms; `None` where a lead is off.
    #[must_use]
    pub fn resistance_ohm(&self) -> Option<u64> {
        if self.fault == StageFault::OpenCircuit {
            None
        } else if self.fault == StageFault::ShortCircuit {
            Some(0)
        } else {
            u64::try_from(whole(self.load().resistance_ohm())).ok()
        }
    }

    /// The measurement at the end of the level before the last edge.
    pub(crate) const fn ended(&self) -> Option<Sensed> {
        self.ended
    }

    fn distorted(&self, level: Level) -> Level {
        match (self.fault, level) {
            (StageFault::StuckOn, Level::Open | Level::Shorted) => self.level,
            (StageFault::StuckCode { magnitude }, Level::Code(code)) => {
                Level::Code(i32::from(magnitude).saturating_mul(code.signum()))
            }
            (StageFault::WrongPolarity, Level::Code(code)) => Level::Code(code.saturating_neg()),
            (StageFault::WrongBit { bit }, Level::Code(code)) if code != 0 => {
                let magnitude = code.unsigned_abs() ^ 1_u32.wrapping_shl(u32::from(bit));
                Level::Code(i32::try_from(magnitude).unwrap_or(i32::MAX).saturating_mul(code.signum()))
            }
            (StageFault::OneWay { positive }, Level::Code(code)) => Level::Code(if positive {
                code.saturating_abs()
            } else {
                code.saturating_abs().saturating_neg()
            }),
            (StageFault::LegOn { positive }, Level::Code(code)) if code != 0 && (code > 0) != positive => {
                Level::Open
            }
            (StageFault::StuckOpen, _) => Level::Open,
            (_, level) => level,
        }
    }

    fn limit_v(&self) -> f64 {
        let StageFault::Sag { percent } = self.fault else { return self.stage.limit_v() };
        self.stage.limit_v() * (percent / 100.0).clamp(0.0, 1.0)
    }

    fn load(&self) -> Load {
        let StageFault::Peel { percent } = self.fault else { return self.stage.load };
        self.stage.load.with_contact_percent(percent).unwrap_or(self.stage.load)
    }

    /// The current the source tries to make; `None` while nothing is driven.
    fn wanted(&self) -> Option<f64> {
        let Level::Code(code) = self.level() else { return None };
        Some(self.stage.wanted_a(self.hardware.current_na(code)))
    }

    /// Whether the current wanted needs more than the rail.
    fn wants_more(&self) -> bool {
        let needs = |amps| self.load().terminal_v(self.state, amps).abs() > self.limit_v() * (1.0 + 1e-12);
        self.fault != StageFault::ShortCircuit && self.wanted().is_some_and(needs)
    }

    fn drive(&self, clipped: bool) -> Drive {
        match (self.level(), self.wanted()) {
            (Level::Open, _) => {
                if let StageFault::Leak { ua } = self.fault {
                    Drive::Current(ua * 1e-6)
                } else {
                    Drive::Open
                }
            }
            (Level::Shorted, _) | (Level::Code(_), None) => Drive::Voltage(0.0),
            (Level::Code(_), Some(_)) if self.fault == StageFault::OpenCircuit => Drive::Open,
            (Level::Code(_), Some(amps)) if clipped => {
                Drive::Voltage(self.limit_v().copysign(self.load().terminal_v(self.state, amps)))
            }
            (Level::Code(_), Some(amps)) => Drive::Current(amps),
        }
    }

    /// How long the source stays in or out of its rail, at most `rest` seconds.
    fn mode_length(&self, clipped: bool, rest: f64) -> f64 {
        let drive = self.drive(clipped);
        if matches!(drive, Drive::Open) || self.fault == StageFault::ShortCircuit || self.wanted().is_none() {
            return rest;
        }
        let stays = |seconds: f64| {
            let mut later = *self;
            (later.state, _) = self.load().advance(self.state, drive, seconds);
            later.wants_more() == clipped
        };
        if stays(rest) {
            return rest;
        }
        let (mut low, mut high) = (0.0, rest);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if stays(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    fn integrate(&mut self, drive: Drive, seconds: f64) {
        let (state, charge) = match (self.fault, drive) {
            // past the load: its capacitors relax as if left alone
            (StageFault::ShortCircuit, Drive::Current(amps)) => {
                (self.load().advance(self.state, Drive::Open, seconds).0, amps * seconds)
            }
            (_, drive) => self.load().advance(self.state, drive, seconds),
        };
        self.state = state;
        self.total_c += charge;
        let nc = charge * 1e9;
        self.delivered.net_nc += nc;
        if nc * self.delivered.leading >= 0.0 {
            self.delivered.primary_nc += nc;
        } else {
            self.delivered.balance_nc += nc;
        }
    }

    /// Keeps the extremes while driven.
    fn watch(&mut self, point: Point) {
        let Some(wanted) = self.wanted() else { return };
        let d = &mut self.delivered;
        d.min_v = d.min_v.min(point.voltage_v);
        d.max_v = d.max_v.max(point.voltage_v);
        d.peak_ua = d.peak_ua.max(point.current_ua.abs());
        d.clipped |= (point.current_ua - wanted * 1e6).abs() > 1e-6 * wanted.abs() * 1e6;
    }

    fn count_time(&mut self, tick: u64) {
        if self.first_tick.is_none() {
            return;
        }
        let seconds = ticks(tick.saturating_sub(self.edge_tick)) * self.tick_s;
        if seconds < Self::TRAIN_GAP_S {
            self.on_s += seconds;
            self.gap_s = self.gap_s.max(seconds);
        } else {
            self.on_s += self.gap_s;
            self.gap_s = 0.0;
        }
    }
}

#[expect(clippy::as_conversions, reason = "exact below 2^53 ticks, 285 years at 1 MHz")]
const fn ticks(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::as_conversions, reason = "exact below 2^53 nA, nine million amperes")]
const fn from_nanoamps(nanoamps: i64) -> f64 {
    nanoamps as f64 * 1e-9
}

#[expect(
    clippy::as_conversions,
    reason = "saturates, and a measurement off the scale is as alarming at its end"
)]
fn whole(value: f64) -> i64 {
    libm::round(value) as i64
}
