//! One run: the whole road from a checked plan to current, and a fault on the way.

use nmes_core::{ChannelState, EngineFault, GateInput, MAX_CHANNELS, Schedule, Setting, StopPolicy};
use nmes_hal_adapters::sim::Random;
use nmes_hal_adapters::{Cause, SafeState, Stimulator, Stopped};
use nmes_safety::PROBE_LEVEL;
use nmes_safety::selftest::ClockCount;

use super::board::{PlantAlarm, PlantOutput, PlantSense};
use super::faults::Fault;
use super::host::Pest;
use super::kinds::Kind;
use super::plant::{Board, CameOut, Plant};
use super::scenes::Scene;

/// The slow loop comes every 5 ms of true time: it has a timer of its own.
pub(super) const SLOW: u64 = 5_000;
/// The watchdog resets the board 100 ms after it was last fed.
pub(super) const WATCHDOG: u64 = 100_000;
/// A walker's foot is up for half a second and down for as long.
const HALF_STRIDE: u64 = 500_000;
/// The longest contraction and rest of all sessions, with ramps.
const CYCLE: u32 = 2_400_000;
/// How far the two clocks may be apart.
const CLOCKS_PPM: u32 = 4_000;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The software opened the output and stays latched, for this reason.
    Latched(String),
    /// The watchdog, or the supply, reset the board; nothing comes without a new arm.
    Reset,
    /// Whoever runs the stimulator ended the session at once; nothing comes without a new arm.
    Ended,
    /// Contact was lost in functional wear and has not come back: the output is held at the probe level.
    Held,
    /// Contact was lost in functional wear and has come back.
    Back,
    /// The session went on.
    WentOn,
    /// Of what is stored: what was good counts.
    Kept,
    /// Found before anything was armed.
    NotArmed,
}

impl End {
    /// Whether output may come without a new arm.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        matches!(self, Self::WentOn | Self::Held | Self::Back)
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// True ticks from the fault until the software, or the watchdog, did something about it.
    pub answer_ticks: Option<u64>,
    /// True ticks from the fault until no current flowed any more; `None` where it went on.
    pub open_ticks: Option<u64>,
    /// Whether current flowed after the end.
    pub drives: bool,
    /// What came out from the fault on.
    pub out: CameOut,
    /// What came out in the last stride where contact was lost in functional wear.
    pub stride: Option<CameOut>,
    /// For how long it was watched.
    pub watched_ticks: u64,
}

impl Outcome {
    const NOTHING: Self = Self {
        end: End::WentOn,
        answer_ticks: None,
        open_ticks: None,
        drives: false,
        out: CameOut { phase_nc: 0.0, strong_nc: 0.0, net_nc: 0.0, stride_nc: 0.0, peak_ua: 0.0, flowed: 0 },
        stride: None,
        watched_ticks: 0,
    };
}

type Stim<'a, 'p> = Stimulator<'a, PlantOutput<'p>, PlantAlarm<'p>, PlantSense<'p>>;

/// A stimulator with those who call it.
pub(super) struct Road<'a, 'p> {
    pub(super) stim: Stim<'a, 'p>,
    pub(super) plant: &'p Plant,
    pub(super) random: Random,
    next_slow: u64,
    fed: u64,
    pub(super) pest: Option<Pest>,
    next_pest: u64,
    /// When the trigger of a gated session opens or closes next.
    next_stride: u64,
    is_open: bool,
    /// When the fault, or what came after it, first reached an electrode or a phase that can show it.
    exposed: Option<u64>,
    pub(super) alarm_served: bool,
    pub(super) slow_served: bool,
    pub(super) feeding: bool,
    pub(super) has_watchdog: bool,
    pub(super) host_alive: bool,
    /// A second clock, which counts true time, is compared with that of the edges.
    pub(super) is_compared: bool,
    pub(super) was_reset: bool,
    pub(super) was_ended: bool,
    /// When the software first did something about it.
    answered: Option<u64>,
}

/// Arms a scene, raises every set level, and opens its first train.
pub(super) fn begin<'a, 'p>(
    scene: &'a Scene,
    storage: &'a mut [ChannelState],
    plant: &'p Plant,
    random: Random,
) -> Option<Road<'a, 'p>> {
    let parts = (PlantOutput(plant), PlantAlarm(plant), PlantSense(plant));
    let stim = Stimulator::arm(&scene.checked, storage, parts.0, parts.1, parts.2).ok()?;
    Some(Road {
        stim,
        plant,
        random,
        next_slow: plant.now() + SLOW,
        fed: plant.now(),
        pest: None,
        next_pest: u64::MAX,
        next_stride: u64::MAX,
        is_open: false,
        exposed: None,
        alarm_served: true,
        slow_served: true,
        feeding: true,
        has_watchdog: true,
        host_alive: true,
        is_compared: false,
        was_reset: false,
        was_ended: false,
        answered: None,
    })
}

impl Road<'_, '_> {
    /// Every set level to where the session wants it, then the first train.
    pub(super) fn raise(&mut self, scene: &Scene) -> Option<()> {
        let channels = scene.checked.plan().session().channels();
        let targets: Vec<Setting> = channels.iter().map(|channel| channel.set).collect();
        for (channel, &target) in (0_u8..).zip(&targets) {
            self.stim.aim(channel, target).ok()?;
        }
        for _ in 0..600 {
            self.run_to(self.plant.now() + 100_000);
            let there = |(channel, set): (u8, &Setting)| self.stim.engine().setting(channel) == Some(*set);
            if (0_u8..).zip(&targets).all(there) {
                return self.open();
            }
        }
        None
    }

    fn open(&mut self) -> Option<()> {
        self.stim.start().ok()?;
        if matches!(self.stim.engine().plan().session().schedule(), Schedule::Gated(_)) {
            self.next_stride = self.plant.now();
        }
        Some(())
    }

    /// Lets the world run up to a true tick.
    pub(super) fn run_to(&mut self, until: u64) {
        while self.plant.now() < until && !self.is_over() {
            self.step(until);
        }
        self.plant.advance(until);
    }

    fn is_over(&self) -> bool {
        self.was_reset && !self.plant.drives()
    }

    /// The next thing that happens, at `until` at the latest.
    pub(super) fn step(&mut self, until: u64) {
        let rings = self.plant.rings().unwrap_or(u64::MAX);
        let sleeps = self.was_reset || !self.has_watchdog;
        let dog = if sleeps { u64::MAX } else { self.fed + WATCHDOG };
        let called = self.next_slow.min(self.next_pest).min(self.next_stride);
        let next = rings.min(called).min(dog).min(until).max(self.plant.now());
        self.plant.advance(next);
        if dog <= next {
            self.reset();
        } else if rings <= next {
            if self.plant.take_alarm() && self.alarm_served {
                let _ = self.stim.on_alarm();
            }
        } else if self.next_slow <= next {
            self.next_slow += SLOW;
            self.slow();
        } else if self.next_pest <= next {
            self.pester();
        } else if self.next_stride <= next {
            self.stride();
        }
        if self.exposed.is_none() && self.plant.is_exposed() {
            self.exposed = Some(self.plant.now());
        }
        let answers = self.stim.stopped().is_some() || self.stim.last_trip().is_some() || self.was_ended;
        if self.answered.is_none() && (answers || self.was_reset) {
            self.answered = Some(self.plant.now());
        }
    }

    fn slow(&mut self) {
        if !self.slow_served {
            return;
        }
        if self.host_alive {
            self.stim.keep_alive();
        }
        if self.stim.on_tick().is_ok() && self.feeding {
            self.fed = self.plant.now();
        }
        self.compare();
        while self.stim.take_receipt().is_some() {}
    }

    /// The clock of the edges against one with a source of its own.
    fn compare(&mut self) {
        if self.is_compared {
            let second = ClockCount { ticks: self.plant.now(), ticks_per_second: 1_000_000 };
            let _ = self.stim.cross_check(second, CLOCKS_PPM);
        }
    }

    pub(super) fn end_now(&mut self) {
        let _ = self.stim.stop(StopPolicy::HardOff);
        self.was_ended = true;
    }

    pub(super) fn reset(&mut self) {
        self.plant.reset();
        self.was_reset = true;
        self.pest = None;
        (self.next_pest, self.next_slow, self.next_stride) = (u64::MAX, u64::MAX, u64::MAX);
    }

    pub(super) fn panic(&mut self) {
        Board::safe_state();
        self.plant.look_at_line();
        // the handler does not return
        (self.alarm_served, self.slow_served) = (false, false);
    }

    /// The foot is lifted or set down.
    fn stride(&mut self) {
        self.is_open = !self.is_open;
        self.next_stride += HALF_STRIDE;
        if !self.alarm_served && !self.slow_served {
            return; // nothing of the processor is
        }
        let input = if self.is_open { GateInput::Open } else { GateInput::Close { down: None } };
        let _ = self.stim.gate(input);
    }

    fn pester(&mut self) {
        let Some(pest) = self.pest else { return };
        pest.call(&mut self.stim, &mut self.random);
        self.next_pest = self.plant.now() + pest.pause(&mut self.random);
    }

    pub(super) fn let_in(&mut self, pest: Pest) {
        self.pest = Some(pest);
        if matches!(pest, Pest::Chatter | Pest::Stuck) {
            self.next_stride = u64::MAX;
        }
        self.next_pest = self.plant.now() + 1;
    }

    fn end(&self) -> End {
        if self.was_reset {
            return End::Reset;
        }
        match self.stim.stopped() {
            Some(stopped) => End::Latched(name(stopped)),
            None if self.was_ended => End::Ended,
            None if self.lost_contact() && self.is_at_probe() => End::Held,
            None if self.lost_contact() => End::Back,
            None => End::WentOn,
        }
    }

    fn lost_contact(&self) -> bool {
        self.stim.last_trip().is_some_and(|trip| trip.fault == nmes_safety::Fault::ContactLoss)
    }

    /// Every session wants more than the probe level of each channel.
    fn is_at_probe(&self) -> bool {
        let channels = 0..self.stim.engine().plan().channel_count();
        let settings = channels.filter_map(|channel| self.stim.engine().setting(channel));
        settings.map(|set| set.amplitude).any(|amplitude| amplitude <= PROBE_LEVEL)
    }
}

fn name(stopped: &Stopped) -> String {
    match stopped.cause {
        Cause::Guard(trip) => trip.fault.to_string(),
        Cause::Output => "the output's own error".to_owned(),
        Cause::Engine(fault) => engine_word(fault).to_owned(),
        Cause::Damaged => "what was prepared is damaged".to_owned(),
        Cause::Overrun => "overrun".to_owned(),
        _ => "an edge that was not admitted".to_owned(),
    }
}

const fn engine_word(fault: EngineFault) -> &'static str {
    match fault {
        EngineFault::Late { .. } => "the engine: an edge was late",
        EngineFault::Early { .. } => "the engine: an edge was early",
        EngineFault::LedgerOverflow { .. } => "the engine: ledger",
        _ => "the engine: order",
    }
}

/// Runs one fault at an instant that the seed picks. `None` when the scene could not be brought to run, which is a
/// defect of the campaign.
#[must_use]
pub fn run(scene: &Scene, kind: &Kind, seed: u64, with_one_shot: bool) -> Option<Outcome> {
    let mut random = Random::new(seed);
    if let Fault::AtRest(stored) = kind.fault {
        return Some(Outcome { end: stored.damage(scene, &mut random), ..Outcome::NOTHING });
    }
    let plant = Plant::new(scene, with_one_shot, Random::new(random.next_bits()));
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let count = usize::from(scene.checked.plan().channel_count());
    let mut road = begin(scene, storage.get_mut(..count)?, &plant, random)?;
    if kind.fault.while_starting() {
        let part = u64::from(road.random.up_to(3_000_000));
        let _ = (road.stim.aim(0, scene.checked.plan().session().channels().first()?.set), road.stim.start());
        road.run_to(plant.now() + part);
    } else {
        road.raise(scene)?;
        seek_instant(&mut road, scene);
    }
    plant.mark();
    let at = plant.now();
    kind.fault.put_in(&mut road, scene);
    road.exposed = plant.is_exposed().then(|| plant.now());
    watch(&mut road, at + u64::from(CYCLE));
    let at = road.exposed.unwrap_or(at);
    watch(&mut road, at + kind.watch_ticks);
    let walked = road.lost_contact().then(|| walk_on(&mut road));
    let end = road.end();
    if end.goes_on() {
        finish_pulse(&mut road);
    }
    let out = walked.map_or(CameOut::default(), |(before, _)| before).then(plant.came_out());
    let open_ticks = (!end.goes_on()).then(|| out.flowed.saturating_sub(at));
    let answer_ticks = road.answered.map(|answered| answered.saturating_sub(at));
    let (drives, watched_ticks) = (plant.drives(), plant.now() - at);
    Some(Outcome {
        end,
        answer_ticks,
        open_ticks,
        drives,
        out,
        stride: walked.map(|(_, last)| last),
        watched_ticks,
    })
}

/// Half of all instants are anywhere in a contraction or the rest after it, half of them within a pulse.
fn seek_instant(road: &mut Road<'_, '_>, scene: &Scene) {
    let start = road.plant.now() + 300_000 + u64::from(road.random.up_to(CYCLE));
    road.run_to(start);
    if road.random.up_to(1) == 0 {
        return;
    }
    let limit = start + u64::from(CYCLE);
    while !road.plant.drives() && road.plant.now() < limit {
        road.step(limit);
    }
    let length = scene.checked.plan().channel(0).map_or(0, nmes_core::ChannelPlan::longest_ticks);
    let within = u64::from(road.random.up_to(u32::try_from(length).unwrap_or(u32::MAX)));
    road.run_to(road.plant.now() + within);
}

/// Until the time is over, or a little after everything has ended.
fn watch(road: &mut Road<'_, '_>, until: u64) {
    const AFTERWARDS: u64 = 20_000;
    let mut until = until;
    while road.plant.now() < until {
        let over = road.stim.stopped().is_some() || road.was_reset || road.was_ended;
        if over {
            until = until.min(road.plant.now() + AFTERWARDS);
            road.run_to(until);
            return;
        }
        road.step(until);
    }
}

/// Walks on after contact was lost, until it latches, and ten strides at the most. What came out until the last stride, and in it.
fn walk_on(road: &mut Road<'_, '_>) -> (CameOut, CameOut) {
    const STRIDES: u64 = 10;
    let (mut before, mut last) = (CameOut::default(), road.plant.came_out());
    for _ in 0..STRIDES {
        finish_pulse(road);
        if road.stim.stopped().is_some() {
            break;
        }
        before = before.then(road.plant.came_out());
        road.plant.mark();
        watch(road, road.plant.now() + 2 * HALF_STRIDE);
        last = road.plant.came_out();
    }
    (before, last)
}

/// Until a millisecond goes by without current, so that no pulse is counted in part.
fn finish_pulse(road: &mut Road<'_, '_>) {
    let limit = road.plant.now() + 60_000;
    while road.plant.now() < limit {
        let until = road.plant.now() + 1_000;
        let mut quiet = !road.plant.drives();
        while road.plant.now() < until {
            road.step(until);
            quiet = quiet && !road.plant.drives();
        }
        if quiet {
            return;
        }
    }
}
