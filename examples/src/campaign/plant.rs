//! What lies outside the software: true time, a clock that may be wrong, bus, stages, loads, one-shot and watchdog.

use nmes_core::{Hardware, Level};
use nmes_hal_adapters::SafeState;
use nmes_hal_adapters::sim::{ChannelStage, Random, StageFault};
use nmes_safety::{AdmittedEdge, SampleInstant, Sensed};
use std::cell::{Cell, RefCell};

use super::scenes::Scene;
use super::wire::{Clock, NOTHING_UA, SEEN_NA, Wire};

/// What is wrong with the bus to the converter, at the next write or from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bus {
    /// Nothing.
    #[default]
    Well,
    /// The next write is answered with an error and does nothing.
    Refuses,
    /// Every write is lost, without an answer.
    Dead,
    /// The next write is lost, without an answer.
    Loses,
    /// The next write comes twice.
    Doubles,
    /// The next write comes after the one that follows it.
    Swaps,
}

/// What is wrong with the measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Measures {
    /// Nothing.
    #[default]
    Well,
    /// Nothing comes.
    Nothing,
    /// The last sample comes again and again, time stamp and all.
    Frozen,
    /// A current, always the same, in nA, stamped as new.
    Always(i64),
    /// So much of the true value, in permille; below zero the wrong way round.
    Scaled(i64),
}

/// What is wrong with the alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bell {
    /// Nothing.
    #[default]
    Well,
    /// The next one comes so many ticks later.
    LaterBy(u64),
    /// Each comes on time, or as late as L allows.
    Extremes,
    /// The next one is lost.
    Loses,
    /// None comes any more.
    Dead,
}

thread_local! {
    // what a hard-fault handler would write to: a line, and no state of the program
    static ENABLE_LINE: Cell<bool> = const { Cell::new(true) };
}

/// The board's last resort.
#[derive(Debug)]
pub struct Board;

impl SafeState for Board {
    fn safe_state() {
        ENABLE_LINE.with(|line| line.set(false));
    }
}

#[derive(Debug)]
pub(super) struct Inside {
    pub(super) now: u64,
    pub(super) clock: Clock,
    pub(super) alarm: Option<u64>,
    /// True time of the alarm, lateness included.
    pub(super) rings: Option<u64>,
    /// A comparator that only sees equality misses what was jumped over.
    pub(super) by_equality: bool,
    pub(super) bell: Bell,
    pub(super) bus: Bus,
    pub(super) measures: Measures,
    pub(super) wires: Vec<Wire>,
    pub(super) one_shot: Option<u64>,
    pub(super) enabled_until: u64,
    pub(super) random: Random,
    pub(super) late: u32,
    pub(super) busy_until: u64,
    pub(super) powered: bool,
}

/// The plant of one run.
#[derive(Debug)]
pub struct Plant {
    pub(super) hardware: Hardware,
    pub(super) inside: RefCell<Inside>,
}

/// What came out of all channels since [`Plant::mark`].
#[derive(Clone, Copy, Debug, Default)]
pub struct CameOut {
    /// The most charge in one uninterrupted phase, in nC.
    pub phase_nc: f64,
    /// The same of currents above 1 mA. Weaker ones are judged by what they leave (E-DC-3), not as phases.
    pub strong_nc: f64,
    /// The largest net charge of a channel, in nC.
    pub net_nc: f64,
    /// The largest net charge of a channel since the mark, in nC.
    pub stride_nc: f64,
    /// The strongest current, in µA.
    pub peak_ua: f64,
    /// The last true tick at which any current flowed.
    pub flowed: u64,
}

impl CameOut {
    /// With what came out after another mark.
    #[must_use]
    pub const fn then(self, later: Self) -> Self {
        let (phase_nc, peak_ua) = (self.phase_nc.max(later.phase_nc), self.peak_ua.max(later.peak_ua));
        Self { phase_nc, strong_nc: self.strong_nc.max(later.strong_nc), peak_ua, ..later }
    }
}

impl Plant {
    /// Everything whole, at tick 0, with or without a one-shot.
    #[must_use]
    pub fn new(scene: &Scene, with_one_shot: bool, mut random: Random) -> Self {
        let hardware = *scene.checked.plan().hardware();
        let rate = hardware.timing().ticks_per_second;
        let wire = |channel: &nmes_core::ChannelHardware| Wire {
            stage: ChannelStage::new(scene.stage, *channel, rate),
            output: *channel,
            asked: Level::Open,
            fault: StageFault::None,
            swapped: false,
            run_nc: 0.0,
            worst_nc: 0.0,
            strong_nc: 0.0,
            strongest_nc: 0.0,
            total_nc: 0.0,
            marked_nc: 0.0,
            flowed: 0,
            peak_ua: 0.0,
            told: Level::Open,
            ended: None,
            frozen: None,
            held_back: None,
        };
        ENABLE_LINE.with(|line| line.set(true));
        let inside = Inside {
            now: 0,
            clock: Clock { device: 0, since: 0, num: 1, den: 1 },
            alarm: None,
            rings: None,
            by_equality: random.up_to(1) == 1,
            bell: Bell::Well,
            bus: Bus::Well,
            measures: Measures::Well,
            wires: hardware.channels().iter().map(wire).collect(),
            one_shot: with_one_shot.then_some(scene.one_shot_ticks),
            enabled_until: 0,
            late: hardware.timing().late_max_ticks,
            random,
            busy_until: 0,
            powered: true,
        };
        Self { hardware, inside: RefCell::new(inside) }
    }

    /// True time.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.inside.borrow().now
    }

    /// What the device takes for the time.
    #[must_use]
    pub fn device_now(&self) -> u64 {
        self.inside.borrow().device_now()
    }

    /// When the alarm's interrupt comes, in true time.
    #[must_use]
    pub fn rings(&self) -> Option<u64> {
        self.inside.borrow().rings
    }

    /// Goes on to a true tick; a tick in the past changes nothing.
    pub fn advance(&self, tick: u64) {
        self.inside.borrow_mut().advance(tick);
    }

    /// The alarm's interrupt is being answered. False when it was lost on the way.
    #[must_use]
    pub fn take_alarm(&self) -> bool {
        let mut inside = self.inside.borrow_mut();
        inside.rings = None;
        inside.alarm = None;
        let lost = inside.bell == Bell::Loses;
        if lost {
            inside.bell = Bell::Well;
        }
        !lost
    }

    /// From here on counts what came out: its phases, its net charge, its strongest current.
    pub fn mark(&self) {
        for wire in &mut self.inside.borrow_mut().wires {
            (wire.worst_nc, wire.marked_nc, wire.peak_ua) = (wire.run_nc.abs(), wire.total_nc, 0.0);
            wire.strongest_nc = wire.strong_nc.abs();
        }
    }

    /// What came out.
    #[must_use]
    pub fn came_out(&self) -> CameOut {
        self.inside.borrow().wires.iter().fold(CameOut::default(), |sum, wire| CameOut {
            phase_nc: sum.phase_nc.max(wire.worst_nc),
            strong_nc: sum.strong_nc.max(wire.strongest_nc),
            net_nc: sum.net_nc.max(wire.total_nc.abs()),
            stride_nc: sum.stride_nc.max((wire.total_nc - wire.marked_nc).abs()),
            peak_ua: sum.peak_ua.max(wire.peak_ua),
            flowed: sum.flowed.max(wire.flowed),
        })
    }

    /// Gives a channel's stage a fault.
    pub fn break_stage(&self, channel: usize, fault: StageFault) {
        let mut inside = self.inside.borrow_mut();
        let (now, live) = (inside.now, inside.live());
        if let Some(wire) = inside.wires.get_mut(channel) {
            wire.fault = fault;
            wire.apply_fault(now, live);
        }
    }

    /// Gives every channel's stage a fault.
    pub fn break_rail(&self, fault: StageFault) {
        for channel in 0..self.hardware.channels().len() {
            self.break_stage(channel, fault);
        }
    }

    /// Swaps the leads of a channel.
    pub fn swap_leads(&self, channel: usize) {
        let mut inside = self.inside.borrow_mut();
        let now = inside.now;
        if let Some(wire) = inside.wires.get_mut(channel) {
            wire.pass(now);
            wire.swapped = !wire.swapped;
        }
    }

    /// Sets what is wrong with the bus.
    pub fn break_bus(&self, bus: Bus) {
        self.inside.borrow_mut().bus = bus;
    }

    /// Sets what is wrong with the measurement.
    pub fn break_sense(&self, measures: Measures) {
        let mut inside = self.inside.borrow_mut();
        inside.measures = measures;
        for wire in &mut inside.wires {
            wire.frozen = wire.ended;
        }
    }

    /// Sets what is wrong with the alarm.
    pub fn break_bell(&self, bell: Bell) {
        let mut inside = self.inside.borrow_mut();
        inside.bell = bell;
        match (bell, inside.rings) {
            (Bell::Dead, _) => inside.rings = None,
            (Bell::LaterBy(ticks), Some(at)) => {
                inside.rings = Some(at + ticks);
                inside.bell = Bell::Well;
            }
            _ => {}
        }
    }

    /// The device's clock jumps.
    pub fn jump_clock(&self, by: i64) {
        self.inside.borrow_mut().change_clock(|clock| clock.device = clock.device.saturating_add_signed(by));
    }

    /// The device's clock runs `num / den` as fast as it should.
    pub fn drive_clock(&self, num: u64, den: u64) {
        self.inside.borrow_mut().change_clock(|clock| (clock.num, clock.den) = (num, den));
    }

    /// The supply goes, and every line with it.
    pub fn power(&self, on: bool) {
        let mut inside = self.inside.borrow_mut();
        inside.powered = on;
        if !on {
            (inside.alarm, inside.rings) = (None, None);
            inside.open_all();
        }
        inside.gate();
    }

    /// The processor is reset: every pin is open, whatever the stage makes of it.
    pub fn reset(&self) {
        let mut inside = self.inside.borrow_mut();
        (inside.alarm, inside.rings, inside.enabled_until) = (None, None, 0);
        inside.gate();
        inside.open_all();
    }

    /// What [`Board::safe_state`] did to the line takes effect.
    pub fn look_at_line(&self) {
        self.inside.borrow_mut().gate();
    }

    /// Whether a channel drives, or was told to drive more than its measurement may take for noise.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        let inside = self.inside.borrow();
        let told = |wire: &Wire| wire.asked.current_na(&wire.output).unsigned_abs() > SEEN_NA;
        inside.wires.iter().any(|wire| told(wire) || wire.stage.point().current_ua.abs() > NOTHING_UA)
    }

    /// Whether a channel drives.
    #[must_use]
    pub fn drives(&self) -> bool {
        let inside = self.inside.borrow();
        inside.wires.iter().any(|wire| wire.stage.point().current_ua.abs() > NOTHING_UA)
    }
}

impl Inside {
    pub(super) fn device_now(&self) -> u64 {
        self.clock.at(self.now)
    }

    /// Whether the enable line lets current through.
    pub(super) fn live(&self) -> bool {
        let line = ENABLE_LINE.with(Cell::get);
        line && self.powered && (self.one_shot.is_none() || self.now < self.enabled_until)
    }

    pub(super) fn gate(&mut self) {
        let (now, live) = (self.now, self.live());
        for wire in &mut self.wires {
            wire.apply_fault(now, live);
        }
    }

    /// The last conversion of each level that ends comes before the one-shot is armed again.
    pub(super) fn rearm(&mut self, edges: &[AdmittedEdge]) {
        for edge in edges {
            self.note_end(usize::from(edge.channel()));
        }
        if let Some(hold) = self.one_shot {
            self.enabled_until = self.now + hold;
        }
        self.gate();
    }

    /// By pins, not by the bus.
    pub(super) fn open(&mut self, channel: usize) {
        self.note_end(channel);
        let now = self.now;
        if let Some(wire) = self.wires.get_mut(channel) {
            wire.held_back = None;
            wire.put(now, Level::Open);
        }
    }

    pub(super) fn open_all(&mut self) {
        for channel in 0..self.wires.len() {
            self.open(channel);
        }
    }

    /// What is measured of the level that a write ends.
    pub(super) fn note_end(&mut self, channel: usize) {
        let now = self.now;
        if let Some(wire) = self.wires.get_mut(channel) {
            wire.pass(now);
            wire.ended = Some(wire.sample(SampleInstant::PhaseEnd));
        }
    }

    pub(super) fn advance(&mut self, tick: u64) {
        let runs_out = self.one_shot.is_some() && self.enabled_until > self.now && self.enabled_until <= tick;
        if runs_out {
            self.pass(self.enabled_until);
            self.gate();
        }
        self.pass(tick);
    }

    pub(super) fn pass(&mut self, tick: u64) {
        if tick <= self.now {
            return;
        }
        for wire in &mut self.wires {
            wire.pass(tick);
        }
        self.now = tick;
    }

    pub(super) fn change_clock(&mut self, change: impl FnOnce(&mut Clock)) {
        (self.clock.device, self.clock.since) = (self.device_now(), self.now);
        change(&mut self.clock);
        if let Some(alarm) = self.alarm {
            let missed = self.by_equality && self.clock.at(self.now) > alarm;
            self.rings = if missed { None } else { self.ring_at(alarm) };
        }
    }

    pub(super) fn ring_at(&mut self, alarm: u64) -> Option<u64> {
        if self.bell == Bell::Dead || !self.powered {
            return None;
        }
        let drawn = u64::from(self.random.up_to(self.late));
        let late = match self.bell {
            Bell::Extremes => u64::from(self.late) * u64::from(2 * drawn > u64::from(self.late)),
            Bell::LaterBy(ticks) => drawn + ticks,
            _ => drawn,
        };
        if matches!(self.bell, Bell::LaterBy(_)) {
            self.bell = Bell::Well;
        }
        self.clock.when(self.now, alarm).map(|at| at + late)
    }

    pub(super) fn write(&mut self, channel: usize, level: Level) {
        let now = self.now;
        let Some(wire) = self.wires.get_mut(channel) else { return };
        wire.pass(now);
        wire.asked = level;
        let late = wire.held_back.take();
        match self.bus {
            Bus::Dead => return,
            Bus::Loses => {
                self.bus = Bus::Well;
                return;
            }
            Bus::Swaps => {
                self.bus = Bus::Well;
                wire.held_back = Some(level);
                return;
            }
            Bus::Well | Bus::Refuses | Bus::Doubles => wire.put(now, level),
        }
        if let Some(level) = late {
            wire.put(now, level);
        }
        if self.bus == Bus::Doubles {
            self.bus = Bus::Well;
            wire.put(now, level);
        }
    }

    /// The sample of a level that was just asked for, or of the one before it.
    pub(super) fn sensed(&mut self, channel: u8, level: Option<Level>) -> Option<Sensed> {
        let wire = self.wires.get_mut(usize::from(channel))?;
        let taken = match level {
            None => wire.ended,
            Some(level) => {
                wire.told = level;
                Some(wire.sample(SampleInstant::PhaseStart))
            }
        };
        self.measured(channel, taken)
    }

    /// A sample now, of a channel that was told to rest.
    pub(super) fn sensed_at_rest(&self, channel: u8) -> Option<Sensed> {
        let wire = self.wires.get(usize::from(channel))?;
        self.measured(channel, Some(wire.sample(SampleInstant::PhaseStart)))
    }

    /// What becomes of a sample in a measurement that may be broken.
    fn measured(&self, channel: u8, taken: Option<Sensed>) -> Option<Sensed> {
        let at_tick = self.device_now();
        let wire = self.wires.get(usize::from(channel))?;
        let sample = taken.map(|sample| Sensed { at_tick, ..sample });
        match self.measures {
            Measures::Well => sample,
            Measures::Nothing => None,
            Measures::Frozen => wire.frozen,
            Measures::Always(current_na) => sample.map(|sample| Sensed { current_na, ..sample }),
            Measures::Scaled(permille) => {
                sample.map(|sample| Sensed { current_na: sample.current_na * permille / 1_000, ..sample })
            }
        }
    }
}
