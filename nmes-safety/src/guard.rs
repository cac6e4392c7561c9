//! The guard: nothing goes out that it has not looked at, and nothing goes on that it finds wrong.

use nmes_core::{
    ChannelHardware, ChannelPlan, Charge, ConfigError, Field, Hardware, MAX_CHANNELS, MicroAmps, PulseFrame,
    Setting,
};

use crate::admitted::Admitted;
use crate::blackbox::BlackBox;
use crate::checked::Checked;
use crate::fault::{Cite, Fault, Finding, Response, Trip};
use crate::guard_clocks::Readings;
use crate::guard_sums::Sums;
use crate::interlock::{Event, Interlock, Refused, State};
use crate::limits::Limits;
use crate::rules;
use crate::sense::ContactWatch;
use crate::set_level::SetRefusal;
use crate::setup::UseClass;
use crate::terms::Terms;
use crate::watch::Watch;

/// The amplitude a channel is held at while its contact is lost: enough to measure, too little to move anybody. Our
/// choice, above twice [`NOISE_FLOOR`](crate::NOISE_FLOOR), under which a delivered current cannot be told from none.
pub const PROBE_LEVEL: MicroAmps = match MicroAmps::from_microamps(3_000) {
    Some(level) => level,
    None => MicroAmps::ZERO,
};

/// How often contact may be lost in one arming before functional wear ends too. Our choice.
pub const CONTACT_LOSSES: u8 = 3;

/// Watches one armed session, from admission to the last edge, by its own counting.
///
/// It is made from a [`Checked`] plan and trusts nothing else: charges are summed again from the frame and the
/// calibrated hardware, times are held against the grid of the admitted frame, and the ledger is its own. It reads
/// no clock and no pin. All times are ticks of one monotonic clock.
///
/// In the order of a pulse: [`Guard::admit`] the frame; put an edge out and read the clock; [`Guard::edge`] with
/// that time and what was measured. Between them, every 1 to 10 ms, [`Guard::tick`]. A set level is raised with
/// [`Guard::set_level`] *before* the engine is told; lowered, the engine is told first.
///
/// An `Err` of any of them is a [`Trip`]: act on its [`Response`]. One that [latches](Response::latches) is answered
/// to every later call, until [`Guard::reset`]; the first ones are in [`Guard::black_box`].
///
/// ```
/// # use nmes_core::*;
/// # use nmes_safety::*;
/// # let set = Setting::new(40_000, 300).unwrap();
/// # let half = Millis::from_millis(500).unwrap();
/// # let channels = [Channel { pulse: PulseShape::default(), rate: Rate::from_hz(40).unwrap(), set, ceiling: set,
/// #     train: Train::default(), ramp: Ramp { up: half, down: half, down_min: half, ..Ramp::default() }, offset: Micros::ZERO }];
/// # let session = Session::new(&channels, Schedule::Continuous, Millis::from_millis(1_000).unwrap()).unwrap();
/// # let dac = ChannelHardware::symmetric(100_000, -2_048, 2_047);
/// # let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// # let plan = Plan::compile(&session, &hardware).unwrap();
/// # let setup = Setup::new(&[2_500], UseClass::FunctionalWear).unwrap();
/// # let hour = 3_600_000;
/// # let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, hour).unwrap();
/// let checked = check(plan, &setup, &Profile::default()).unwrap();
/// let mut guard = Guard::new(&checked, 0);
/// for event in [Event::Passed, Event::Probe, Event::Contact] {
///     guard.handle(0, event).unwrap();
/// }
/// let one = Setting::new(1_000, 300).unwrap();
/// guard.set_level(0, 0, one).unwrap(); // 1 mA: one step
/// let frame = checked.plan().frame(0, one, 100).unwrap();
/// let admitted = guard.admit(0, &frame).unwrap();
/// assert_eq!(admitted.edge(0).unwrap().level(), Level::Code(10));
/// let too_strong = checked.plan().frame(0, set, 25_100).unwrap();
/// assert_eq!(guard.admit(0, &too_strong).unwrap_err().fault, Fault::Sequence); // and much else
/// ```
///
/// # Limitations
/// An edge is judged after it is out: what one wrong level does until the next call is bounded only by hardware, a
/// one-shot on the enable line. Of a measured current only what is beyond the stated noise is judged
/// ([`Setup::with_measurement_noise`](crate::Setup::with_measurement_noise), else [`NOISE_FLOOR`](crate::NOISE_FLOOR)),
/// so a leakage at rest below it is not seen; nor is any current while the output rests shorted, where charge comes back
/// by itself. While it drives, direct current (E-DC-3) is what was read, noise or not: a measurement that reads high by an offset
/// counts that offset for as long as it drives, so it has to be trimmed better than E-DC-3 over that part of a second. Without measurements the guard knows only what was commanded; where they are promised
/// ([`Setup::with_measurement`](crate::Setup::with_measurement)) their silence is a fault. R.m.s. current is watched a
/// channel by itself: what channels sum to on a shared electrode, and densities and power on an area, are the check's,
/// and hold while it runs as far as each channel delivers what is commanded (E-OC-1 lets it be 120 %). A clock that runs
/// at another rate is found by [`Guard::cross_check`] only. E-SES-1 is counted from the first pulse and anew after a
/// reset: what bounds a day is the dose record. A gated train that lasts too long is only warned about where the gate's
/// least Off is two periods or less.
#[derive(Debug)]
pub struct Guard<'a, const N: usize = MAX_CHANNELS> {
    pub(crate) checked: &'a Checked<'a>,
    pub(crate) limits: Limits,
    pub(crate) watches: [Watch<'a>; N],
    pub(crate) interlock: Interlock,
    pub(crate) black_box: BlackBox,
    /// The trip that ended output.
    pub(crate) latched: Option<Trip>,
    /// A ramp-down in hand: why, and when it has to be over.
    pub(crate) closing: Option<(Trip, u64)>,
    pub(crate) last_tick: u64,
    pub(crate) last_call: Option<u64>,
    pub(crate) still_calls: u8,
    pub(crate) last_keep_alive: u64,
    pub(crate) first_pulse: Option<u64>,
    /// The first pulse since the contact check began.
    pub(crate) probing_began: Option<u64>,
    /// Two clocks, when a comparison of them began.
    pub(crate) readings: Option<Readings>,
    /// Checksums of what never changes, and which is looked at next.
    pub(crate) sums: Sums<N>,
    pub(crate) next_sum: u8,
}

#[cfg(feature = "fault-injection")]
impl<const N: usize> nmes_core::flip::Flip for Guard<'_, N> {
    fn flip(&mut self, walk: &mut nmes_core::flip::Walk<'_>) {
        let Self {
            checked,
            limits,
            watches,
            interlock,
            black_box: _,
            latched,
            closing,
            last_tick,
            last_call,
            still_calls,
            last_keep_alive,
            first_pulse,
            probing_began,
            readings,
            sums,
            next_sum,
        } = self;
        for watch in watches.iter_mut().take(usize::from(checked.plan().channel_count())) {
            walk.part("watches", watch);
        }
        walk.part("limits", limits);
        walk.part("interlock", interlock);
        walk.part("latched", latched);
        walk.part("closing", closing);
        sums.flip(walk);
        walk.part("next_sum", next_sum);
        walk.part("last_tick", last_tick);
        walk.part("last_call", last_call);
        walk.part("still_calls", still_calls);
        walk.part("last_keep_alive", last_keep_alive);
        walk.part("first_pulse", first_pulse);
        walk.part("probing_began", probing_began);
        walk.part("readings", readings);
    }
}

impl<'a> Guard<'a> {
    /// A guard in [`State::SelfTest`] with every set level at amplitude zero, and room for as many channels as any plan has.
    /// Work: one pass over the channels, and over the intervals and tables of their pulses.
    #[must_use]
    pub fn new(checked: &'a Checked<'a>, now: u64) -> Self {
        Self::made(checked, now)
    }
}

impl<'a, const N: usize> Guard<'a, N> {
    /// The same with room for `N` channels, which is less memory.
    ///
    /// ```
    /// # use nmes_safety::{Checked, Guard};
    /// fn of_two<'a>(checked: &'a Checked<'a>, now: u64) -> Option<Guard<'a, 2>> {
    ///     Guard::sized(checked, now).ok()
    /// }
    /// assert!(size_of::<Guard<'_, 2>>() < size_of::<Guard<'_>>());
    /// ```
    ///
    /// # Errors
    /// The plan has more channels.
    pub fn sized(checked: &'a Checked<'a>, now: u64) -> Result<Self, ConfigError> {
        let count = checked.plan().channel_count();
        if usize::from(count) > N {
            let (value, limit) = (i64::try_from(N).unwrap_or(0), i64::from(count));
            let source = "room for each channel of the plan";
            return Err(ConfigError::Below { field: Field::Channels, value, limit, source });
        }
        Ok(Self::made(checked, now))
    }

    fn made(checked: &'a Checked<'a>, now: u64) -> Self {
        let limits = Limits::of(checked);
        let mut watches = [Watch::new(now, limits.ticks_per_second, Terms::NONE); N];
        for (channel, watch) in (0..checked.plan().channel_count()).zip(watches.iter_mut()) {
            watch.terms = Terms::of(checked, channel);
        }
        let sums = Sums::of(checked, &limits, &watches);
        Self {
            checked,
            limits,
            watches,
            interlock: Interlock::new(),
            black_box: BlackBox::new(),
            latched: None,
            closing: None,
            last_tick: now,
            last_call: None,
            still_calls: 0,
            last_keep_alive: now,
            first_pulse: None,
            probing_began: None,
            readings: None,
            sums,
            next_sum: 0,
        }
    }

    pub(crate) fn plan_of(&self, channel: u8) -> Option<&'a ChannelPlan<'a>> {
        self.checked.plan().channel(channel)
    }

    pub(crate) fn hardware(&self) -> &'a Hardware {
        self.checked.plan().hardware()
    }

    /// Plan, calibration and state of a channel of the plan.
    pub(crate) fn parts(
        &mut self,
        channel: u8,
    ) -> Option<(&'a ChannelPlan<'a>, &'a ChannelHardware, &mut Watch<'a>)> {
        let plan = self.plan_of(channel)?;
        let hardware = self.hardware().channel(channel)?;
        Some((plan, hardware, self.watches.get_mut(usize::from(channel))?))
    }

    pub(crate) fn each_watch(&mut self) -> impl Iterator<Item = (u8, &mut Watch<'a>)> {
        (0..self.checked.plan().channel_count()).zip(self.watches.iter_mut())
    }

    /// Looks at a whole frame before its first edge. Frames may be remade until then: a frame that is never started
    /// counts for nothing, and the last one admitted on a channel replaces it. Work: two passes over the segments of one
    /// repeat. A pulse that has the levels and lengths of the last one admitted, at the same set level, is compared with it
    /// instead: only what depends on its number and its time is looked at anew. The guard keeps the frame; copy what it
    /// answers, or ask [`Guard::admitted`] for it.
    ///
    /// An onset up to L + ε ago is not past yet: its edge can still be on time.
    ///
    /// # Errors
    /// A tick that has not come for longer than E-WD-1, counted from the last one, or from the first frame since the guard was
    /// armed. What the frame breaks first: state (N-LOCK-1), channel, number, form, code range, set level and ceiling, sum
    /// of charge (E-BAL-1), energy (N-EN-1), rate (E-F-1) or onset. The form is what the plan puts out at the frame's own
    /// main code and width: levels, lengths, gaps and repeats. For a trim or a recovery: that it pays back what the
    /// guard's own ledger holds, at no more than the balancing level of the last pulse, or of the one it cuts.
    pub fn admit(&mut self, now: u64, frame: &PulseFrame<'a>) -> Result<&Admitted<'a>, Trip> {
        let channel = frame.channel();
        if !self.admit_again(now, frame) {
            self.admit_any(now, frame)?;
        }
        // what was examined has a channel
        let missing = || Finding::new(Fault::Channel, Cite::PLAN, i64::from(channel), 0, "as channel");
        let watch = self.watches.get(usize::from(channel));
        let watch = watch.ok_or_else(|| Trip::new(&missing(), Response::OpenNow, Some(channel), now))?;
        Ok(&watch.admitted)
    }

    /// The frame of a channel that was admitted last, as long as it waits for its first edge or is under way.
    #[must_use]
    pub fn admitted(&self, channel: u8) -> Option<&Admitted<'a>> {
        let watch = self.watches.get(usize::from(channel))?;
        (watch.waits || watch.active.is_some()).then_some(&watch.admitted)
    }

    /// Raises or lowers what a channel may put out. Fixed work.
    ///
    /// A rise is at most one step (N-STEP-1) an action; rises within a second are at most E-SLEW-1; from zero, or
    /// from the probe level after a lost contact, the first step comes at once and the session's set value not
    /// before E-RAMP-1 is over. A wider pulse counts as the rise of amplitude that adds the same charge. Lowering is
    /// always taken at once; a frame that waits and is stronger or wider then is admitted no longer, unless it begins within
    /// an edge spacing and L. While contact is lost the probe level is the most, and then, in a gated session, half of the way back
    /// until the second train that begins with contact, or until one lasts as long as E-RAMP-1.
    ///
    /// # Errors
    /// Names the rule, the value, the limit as it is now, and its source. Nothing changes then. A stored level that is
    /// damaged trips.
    pub fn set_level(&mut self, now: u64, channel: u8, setting: Setting) -> Result<(), SetRefusal> {
        let now = self.noted(now);
        let refuse = |cite| SetRefusal::new(channel, cite, setting.amplitude.as_microamps(), 0, "µA");
        if let Some(damaged) = self.set_intact(channel) {
            self.trip(now, Some(channel), &damaged);
            return Err(refuse(Cite::STATE));
        }
        let permitted = self.state().permits_output() && self.latched.is_none() && self.closing.is_none();
        let limits = self.limits;
        let probing = self.probing_level(channel, setting);
        let Some((plan, _, watch)) = self.parts(channel) else { return Err(refuse(Cite::PLAN)) };
        let old = watch.set.authorised;
        let lower = setting.amplitude <= old.amplitude && setting.width <= old.width;
        if !permitted && !lower {
            return Err(refuse(Cite::LOCK));
        }
        if !lower {
            probing?;
        }
        let held =
            watch.held(limits.ramp_ticks).filter(|held| !lower && setting.amplitude.as_microamps() > *held);
        if let Some(limit) = held {
            return Err(SetRefusal { limit, ..refuse(Cite::of(&rules::E_DEL_1)) });
        }
        watch.set.request(now, channel, setting, &limits.rise(plan))?;
        if !watch.set.is_settled(now, limits.ramp_ticks) && self.state() == State::Running {
            self.interlock.handle(Event::Ramp).ok();
        }
        let raised = setting.amplitude >= old.amplitude && setting.width >= old.width;
        if !raised {
            self.withdraw(now, channel);
        }
        Ok(())
    }

    /// What [`Guard::set_level`] authorised; `None` for a channel that is not there.
    #[must_use]
    pub fn authorised(&self, channel: u8) -> Option<Setting> {
        self.plan_of(channel)?;
        self.watches.get(usize::from(channel)).map(|watch| watch.set.authorised)
    }

    /// The host is alive (E-WD-1).
    pub fn keep_alive(&mut self, now: u64) {
        self.last_keep_alive = self.noted(now);
    }

    /// Something failed that the guard cannot see: the output stage, or the runner that puts edges out. Latches and
    /// is kept in the black box like any fault. Open the output first. Fixed work.
    pub fn report_output_failure(&mut self, now: u64) -> Trip {
        self.trip(now, None, &Finding::new(Fault::Output, Cite::OUTPUT, 1, 0, ""))
    }

    /// Moves the interlock. [`Event::Disarm`] (a stop, a supply return, a change of profile) brings every set level
    /// to zero and forgets frames that wait; a pulse under way is still watched to its end. What was put out stays in the windows, and
    /// the session goes on: its length counts from its first pulse, whatever armings are between.
    ///
    /// # Errors
    /// As [`Interlock::handle`]; and [`Event::Pulse`], [`Event::Level`] and [`Event::Ramp`], which the guard sees itself.
    pub fn handle(&mut self, now: u64, event: Event) -> Result<State, Refused> {
        if matches!(event, Event::Pulse | Event::Level | Event::Ramp) {
            return Err(Refused { state: self.state(), event });
        }
        let state = self.interlock.handle(event)?;
        // energised from zero only: what was raised to look for contact does not stay
        if state == State::Idle || event == Event::Contact {
            self.zero();
        }
        if event == Event::Probe {
            self.begin_probing();
        }
        if event == Event::NoContact && self.watches.iter().all(|watch| watch.active.is_none()) {
            // that there is no contact is being answered; what was lost before this check is not
            let began = self.probing_began.unwrap_or(u64::MAX);
            let answered = |trip: &Trip| trip.fault == Fault::ContactLoss && trip.at_tick >= began;
            self.closing = self.closing.filter(|(trip, _)| !answered(trip));
        }
        if state == State::Probing || state == State::Armed {
            self.keep_alive(now);
            self.last_call = None;
        }
        Ok(state)
    }

    fn zero(&mut self) {
        for (_, watch) in self.each_watch() {
            watch.set.drop_to(MicroAmps::ZERO);
            watch.waits = false;
            watch.contact = ContactWatch::default();
            // no contraction goes on from before, no burst, and no pulses in a row
            watch.train_began = None;
            watch.next_of_group = 0;
            watch.forget_measured();
        }
    }

    /// Leaves a latched fault for [`State::SelfTest`], with every channel open, every set level at zero and frames
    /// numbered from anywhere again. Call it, as [`Guard::new`], no sooner than a dead time of the bridge after the output opened.
    /// Ledgers begin at zero, as a new engine's do. The black box stays, and so do the windows, for
    /// what was put out still counts. The clock may begin anew with it: `now` is where it stands.
    ///
    /// # Errors
    /// As [`Interlock::reset`]: nothing is latched, or by another fault.
    pub fn reset(&mut self, now: u64, acknowledged: Fault) -> Result<State, Refused> {
        let state = self.interlock.reset(acknowledged)?;
        self.off(now);
        self.zero();
        // and what was checked is still what it was when this guard was made
        let mut fresh = Self { black_box: self.black_box, sums: self.sums, ..Self::made(self.checked, now) };
        for (watch, before) in fresh.watches.iter_mut().zip(&self.watches) {
            watch.windows = before.windows;
            watch.windows.not_ahead_of(now);
        }
        *self = fresh;
        Ok(state)
    }

    /// The state of the interlock, read with its complement.
    #[must_use]
    pub fn state(&self) -> State {
        self.interlock.state()
    }

    /// The trip that ended output; `None` while nothing did.
    #[must_use]
    pub const fn latched(&self) -> Option<&Trip> {
        self.latched.as_ref()
    }

    /// The first faults.
    #[must_use]
    pub const fn black_box(&self) -> &BlackBox {
        &self.black_box
    }

    /// The charge a channel holds by the guard's own counting, up to its last level change.
    #[must_use]
    pub fn ledger(&self, channel: u8) -> Option<Charge> {
        let hardware = self.plan_of(channel)?.hardware();
        let mut watch = *self.watches.get(usize::from(channel))?;
        watch.catch_up(hardware);
        Some(Charge::from_nanoamp_ticks(watch.ledger))
    }

    /// A time that somebody says with no answer to give: it never goes back, and where it was ahead of the clock the next call
    /// that looks at the clock finds it gone back.
    pub(crate) fn noted(&mut self, now: u64) -> u64 {
        self.last_tick = self.last_tick.max(now);
        self.last_tick
    }

    /// The clock may stand still between two calls but not go back.
    pub(crate) fn clock(&mut self, now: u64) -> Option<Finding> {
        let back = self.last_tick.saturating_sub(now);
        self.last_tick = self.last_tick.max(now);
        Finding::above(Fault::ClockBackwards, Cite::CLOCK, back, 0, "ticks back")
    }

    pub(crate) fn intact(&self) -> Option<Finding> {
        Finding::unless(self.interlock.is_intact(), Fault::StateCorrupt, Cite::STATE)
    }

    pub(crate) fn set_intact(&self, channel: u8) -> Option<Finding> {
        let intact = self.watches.get(usize::from(channel)).is_none_or(|watch| watch.set.is_intact());
        Finding::unless(intact, Fault::StateCorrupt, Cite::STATE)
    }

    /// Decides what a finding means, keeps it, and latches what ends output. The first latched trip stays the answer.
    pub(crate) fn trip(&mut self, now: u64, channel: Option<u8>, finding: &Finding) -> Trip {
        if let Some(latched) = self.latched {
            return latched;
        }
        let response = finding.fault.response(self.contact_response(channel));
        let trip = Trip::new(finding, response, channel, now);
        self.black_box.record(trip);
        match response {
            Response::OpenNow => self.latch(trip),
            Response::RampDown if self.closing.is_none() => {
                self.closing = Some((trip, self.closing_deadline(now)))
            }
            Response::RampDown | Response::ProbeLevel | Response::Warn => {}
        }
        trip
    }

    pub(crate) fn latch(&mut self, trip: Trip) {
        self.latched = Some(trip);
        self.interlock.trip(trip.fault);
        self.zero();
    }

    pub(crate) fn contact_response(&self, channel: Option<u8>) -> Response {
        let losses =
            channel.and_then(|c| self.watches.get(usize::from(c))).map_or(u8::MAX, |w| w.contact.losses);
        let wear = self.checked.setup().use_class() == UseClass::FunctionalWear;
        if wear && losses < CONTACT_LOSSES { Response::ProbeLevel } else { Response::RampDown }
    }

    /// A ramp-down is over after the longest ramp and two periods.
    fn closing_deadline(&self, now: u64) -> u64 {
        let longest = |plan: &ChannelPlan<'_>| {
            plan.ramp_down_ticks().saturating_add(plan.period_ticks().saturating_mul(2))
        };
        now.saturating_add(self.checked.plan().channels().map(longest).max().unwrap_or(0))
    }
}

#[cfg(test)]
pub(crate) mod tests;
