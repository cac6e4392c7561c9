//! The run itself: the loop that a runner makes around engine and guard, on a clock that is counted up.

use nmes_core::{
    Change, ChannelHardware, ChannelState, ConfigError, Engine, EngineFault, FrameKind, GateAnswer,
    GateInput, Hardware, HardwareTiming, Level, MicroAmps, Millis, Next, Plan, Setting, StopPolicy,
    TraceHash,
};
use nmes_protocols::{
    Answers, FOOT_DROP, GateCommand, Innervation, PollAt, Request, Side, Subject, Trigger, build_session,
    channel_storage,
};
use nmes_safety::{Checked, Event, Guard, Layer, Profile, SetRefusal, Setup, Trip, check, rules};

use crate::walk::{END_US, FIRST_STEP_US, HEEL, Lateness, STOP_US};

/// L of the scripted output, in ticks of a microsecond.
const LATE_MAX: u32 = 15;
/// How often the guard is ticked and kept alive.
const TICK_US: u64 = 5_000;
/// How often the amplitude is raised, and by how much, until it is at its set value.
const RAISE_US: u64 = 250_000;
const RAISE_UA: u32 = 1_000;
const SET_UA: u32 = 24_000;
const MOTOR_THRESHOLD_UA: u32 = 14_000;
const LENGTH_MS: u32 = 60_000;
/// 12 bits over ±50 mA.
const DAC: ChannelHardware = ChannelHardware::symmetric(24_415, -2_048, 2_047);

/// What the run was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Over every frame and every applied edge.
    pub hash: u64,
    /// Pulses put out.
    pub pulses: u32,
    /// Trims and recoveries put out.
    pub trims: u32,
    /// Edges applied after their time.
    pub late_edges: u32,
    /// Openings of the gate.
    pub steps: u32,
}

/// Why the run did not go as scripted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A session, a plan or a command was refused.
    Config(ConfigError),
    /// The row, the setup or the interlock did not take what the script gives it.
    Script,
    /// The check denied the plan.
    Denied,
    /// The guard refused a set level.
    Level(SetRefusal),
    /// The guard tripped.
    Trip(Trip),
    /// The engine faulted.
    Fault(EngineFault),
    /// The run ended with a channel that was not open, or with this much charge, in nanoampere-ticks.
    Residual(i64),
}

impl From<ConfigError> for Broken {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<SetRefusal> for Broken {
    fn from(refusal: SetRefusal) -> Self {
        Self::Level(refusal)
    }
}

impl From<Trip> for Broken {
    fn from(trip: Trip) -> Self {
        Self::Trip(trip)
    }
}

impl From<EngineFault> for Broken {
    fn from(fault: EngineFault) -> Self {
        Self::Fault(fault)
    }
}

/// Runs the script from build to end.
///
/// # Errors
/// Anything that does not go as scripted: a refusal, a trip, a fault, a residual.
pub fn scripted_run() -> Result<Outcome, Broken> {
    let subject = Subject {
        motor_threshold: MicroAmps::from_microamps(MOTOR_THRESHOLD_UA),
        ..Subject::new(Innervation::Intact, Side::Left)
    };
    let request = Request {
        amplitude: MicroAmps::from_microamps(SET_UA),
        length: Millis::from_millis(LENGTH_MS),
        ..Request::default()
    };
    let mut storage = channel_storage();
    let built = build_session(&FOOT_DROP, &subject, &request, &Answers::all_no(), &mut storage)
        .map_err(|_| Broken::Script)?;
    let plan = Plan::compile(&built.session, &hardware()?)?;
    let checked = check(plan, &setup()?, &Profile::default()).map_err(|_| Broken::Denied)?;
    let mut states = [ChannelState::new(); 1];
    let gait = built.gait.ok_or(Broken::Script)?;
    let mut script = Script::new(&checked, &mut states, Trigger::new(gait))?;
    script.run()
}

fn hardware() -> Result<Hardware, Broken> {
    let timing = HardwareTiming { late_max_ticks: LATE_MAX, ..HardwareTiming::ideal(1_000_000) };
    Ok(Hardware::new(timing, &[DAC], 0)?)
}

fn setup() -> Result<Setup, Broken> {
    let area = FOOT_DROP.electrodes.area.default;
    let setup = Setup::new(&[area], FOOT_DROP.use_class.value).map_err(|_| Broken::Script)?;
    let length = u64::from(FOOT_DROP.session_length.default);
    setup.with_limit(Layer::Protocol, &rules::E_SES_1, length).map_err(|_| Broken::Script)
}

/// Everything that runs, and how far the script is.
struct Script<'a> {
    engine: Engine<'a, 'a>,
    guard: Guard<'a>,
    trigger: Trigger,
    hash: TraceHash,
    lateness: Lateness,
    outcome: Outcome,
    now: u64,
    heel_next: usize,
    tick_next: u64,
    raise_next: u64,
    level_ua: u32,
    width: nmes_core::Micros,
    stopped: bool,
}

impl<'a> Script<'a> {
    fn new(
        checked: &'a Checked<'a>,
        states: &'a mut [ChannelState],
        trigger: Trigger,
    ) -> Result<Self, Broken> {
        let plan = checked.plan();
        let width = plan.session().channels().first().ok_or(Broken::Script)?.set.width;
        Ok(Self {
            engine: Engine::new(plan, states)?,
            guard: Guard::new(checked, 0),
            trigger,
            hash: TraceHash::new(),
            lateness: Lateness::new(),
            outcome: Outcome::default(),
            now: 0,
            heel_next: 0,
            tick_next: 0,
            raise_next: RAISE_US,
            level_ua: 0,
            width,
            stopped: false,
        })
    }

    fn run(&mut self) -> Result<Outcome, Broken> {
        for event in [Event::Passed, Event::Probe, Event::Contact] {
            self.guard.handle(0, event).map_err(|_| Broken::Script)?;
        }
        self.engine.start(0);
        let first = self.trigger.start(0);
        self.gate(first);
        while self.now < END_US {
            self.admit()?;
            let outside = self.next_outside();
            match self.engine.next() {
                Next::At(tick) if tick <= outside => self.edge(tick)?,
                Next::At(_) | Next::Never => {
                    self.now = self.now.max(outside);
                    self.outside()?;
                }
            }
        }
        self.finish()
    }

    /// Frames that wait are admitted; each goes into the hash.
    fn admit(&mut self) -> Result<(), Broken> {
        while let Some(frame) = self.engine.pending() {
            let admitted = self.guard.admit(self.now, &frame)?;
            self.hash.frame(admitted.frame());
            if !self.engine.accept(frame.channel(), frame.sequence()) {
                return Err(Broken::Script);
            }
        }
        Ok(())
    }

    /// One step of the engine, as late as the script says.
    fn edge(&mut self, due: u64) -> Result<(), Broken> {
        let step = self.engine.step().ok_or(Broken::Script)?;
        // one channel: one change at most
        let change = step.changes().next();
        let late = if change.is_none() { 0 } else { self.lateness.next(LATE_MAX) };
        self.now = self.now.max(due.saturating_add(late));
        if self.now > due {
            self.outcome.late_edges = self.outcome.late_edges.saturating_add(1);
        }
        if let Some(change) = &change {
            self.put_out(change);
        }
        self.engine.applied(self.now)?;
        if let Some(change) = &change {
            self.guard.edge(self.now, change, None)?;
        }
        while let Some(receipt) = self.engine.take_receipt() {
            let count = match receipt.kind {
                FrameKind::Pulse => &mut self.outcome.pulses,
                FrameKind::Trim | FrameKind::Recover => &mut self.outcome.trims,
            };
            *count = count.saturating_add(1);
        }
        Ok(())
    }

    /// Where a board would write to its converter.
    fn put_out(&mut self, change: &Change) {
        self.hash.edge(self.now, change);
    }

    /// When something comes from outside next.
    fn next_outside(&self) -> u64 {
        let heel = HEEL.get(self.heel_next).map_or(u64::MAX, |(at, _)| *at);
        let trigger = match self.trigger.poll_at() {
            PollAt::At(at) => at.max(self.now),
            PollAt::Never => u64::MAX,
        };
        let stop = if self.stopped { u64::MAX } else { STOP_US };
        heel.min(trigger).min(self.tick_next).min(self.raise_next).min(stop)
    }

    fn outside(&mut self) -> Result<(), Broken> {
        let now = self.now;
        if now >= self.tick_next {
            self.tick_next = self.tick_next.saturating_add(TICK_US);
            self.guard.keep_alive(now);
            self.guard.tick(now)?;
            self.engine.tick(now);
        }
        if now >= self.raise_next {
            self.raise(now)?;
        }
        let stopping = now >= STOP_US && !self.stopped;
        if stopping {
            self.stopped = true;
            self.engine.stop(StopPolicy::RecoverNow, now);
        }
        self.heel(now);
        Ok(())
    }

    /// A step up of the amplitude: first the guard allows it, then the engine is told.
    fn raise(&mut self, now: u64) -> Result<(), Broken> {
        self.level_ua = self.level_ua.saturating_add(RAISE_UA).min(SET_UA);
        self.raise_next = if self.level_ua == SET_UA { u64::MAX } else { now.saturating_add(RAISE_US) };
        let amplitude = MicroAmps::from_microamps(self.level_ua).ok_or(Broken::Script)?;
        let setting = Setting { amplitude, width: self.width };
        self.guard.set_level(now, 0, setting)?;
        self.engine.command(0, setting, now)?;
        Ok(())
    }

    /// What the heel does at `now`, and what the trigger makes of it.
    fn heel(&mut self, now: u64) {
        let polled = self.trigger.poll(now);
        self.gate(polled);
        if let Some((at, heel)) = HEEL.get(self.heel_next).filter(|(at, _)| *at <= now) {
            self.heel_next = self.heel_next.saturating_add(1);
            let command = self.trigger.heel(*at, *heel);
            self.gate(command);
            if self.heel_next == 1 {
                let resumed = self.trigger.resume(now);
                self.gate(resumed);
            }
        }
    }

    fn gate(&mut self, command: Option<GateCommand>) {
        let input = match command {
            None => return,
            Some(GateCommand::Open) => GateInput::Open,
            Some(GateCommand::Hold) => GateInput::Hold,
            Some(GateCommand::Close { down }) => GateInput::Close { down: Some(down) },
        };
        let answer = self.engine.gate(input, self.now);
        if matches!(answer, GateAnswer::Started { .. } | GateAnswer::Waiting { .. } | GateAnswer::Continued)
            && input == GateInput::Open
        {
            self.outcome.steps = self.outcome.steps.saturating_add(1);
        }
    }

    /// Every channel open, at most one code × L left, and the same by the guard's own counting.
    fn finish(&mut self) -> Result<Outcome, Broken> {
        let finished = self.engine.finished().ok_or(Broken::Script)?;
        let left = finished.residual;
        let limit = u64::from(DAC.na_per_code_positive).saturating_mul(u64::from(LATE_MAX));
        let counted = self.guard.ledger(0).ok_or(Broken::Script)?;
        if left.magnitude() > limit || counted != left || self.engine.level(0) != Some(Level::Open) {
            return Err(Broken::Residual(left.as_nanoamp_ticks()));
        }
        self.outcome.hash = self.hash.finish();
        Ok(self.outcome)
    }
}

// the amplitude is at its set value before the first step
const _: () = assert!(SET_UA / RAISE_UA <= 27 && FIRST_STEP_US == 7_000_000);
