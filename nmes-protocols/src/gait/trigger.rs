//! The public face of the trigger: inputs, and what it tells.

use super::config::{GaitConfig, GaitTimes};
use super::debounce::Debounce;
use super::history::History;
use super::other::OtherHeel;
use super::work::{Phase, Then};
use super::{Counters, GateCommand, Heel, PollAt, State, TriggerNote};
use crate::triggers::Listen;

const NOTES: usize = 8;

/// The foot-drop trigger. See the [module](super) for the states.
///
/// ```
/// use nmes_protocols::{FOOT_DROP_STEP, GaitConfig, GaitTimes, GateCommand, Heel, PollAt, State, Trigger};
/// let config = GaitConfig::new(GaitTimes::of_row(&FOOT_DROP_STEP)).unwrap();
/// let mut trigger = Trigger::new(config);
/// trigger.start(0);
/// trigger.heel(0, Heel::Loaded);
/// trigger.resume(0);
/// assert_eq!(trigger.state(), State::Arm);
/// assert_eq!(trigger.heel(1_000_000, Heel::Lifted), None);
/// assert_eq!(trigger.poll_at(), PollAt::At(1_025_000)); // the debounce time
/// assert_eq!(trigger.poll(1_025_000), Some(GateCommand::Open));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    pub(super) config: GaitConfig,
    pub(super) phase: Phase,
    pub(super) heel: Option<Debounce>,
    pub(super) line_open: bool,
    pub(super) other: OtherHeel,
    pub(super) other_line_open: bool,
    listen: Listen,
    pub(super) last_us: u64,
    pub(super) last_open_us: Option<u64>,
    pub(super) run_start_us: u64,
    pub(super) ramp_end_us: u64,
    pub(super) off_since_us: Option<u64>,
    pub(super) struck_us: Option<u64>,
    pub(super) lifted_us: Option<u64>,
    pub(super) swings: History,
    pub(super) stances: History,
    pub(super) storm: Option<(u64, u8)>,
    pub(super) chatter: Option<(u64, u8)>,
    pub(super) counters: Counters,
    pub(super) command: Option<GateCommand>,
    notes: [Option<TriggerNote>; NOTES],
}

impl Trigger {
    /// A trigger in OFF, with no history.
    #[must_use]
    pub fn new(config: GaitConfig) -> Self {
        Self {
            config,
            phase: Phase::Off,
            heel: None,
            line_open: false,
            other: OtherHeel::default(),
            other_line_open: false,
            listen: Listen::default(),
            last_us: 0,
            last_open_us: None,
            run_start_us: 0,
            ramp_end_us: 0,
            off_since_us: None,
            struck_us: None,
            lifted_us: None,
            swings: History::default(),
            stances: History::default(),
            storm: None,
            chatter: None,
            counters: Counters::default(),
            command: None,
            notes: [None; NOTES],
        }
    }

    /// OFF to PAUSED. In every other state it only polls.
    pub fn start(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |t, _| {
            if matches!(t.phase, Phase::Off) {
                t.phase = if t.line_open { Phase::Off } else { Phase::Paused };
            }
        })
    }

    /// PAUSED to STANCE. With the heel down a step may follow at once; with the heel up it has to come down first.
    /// Without a switch that ever answered it stays paused and says so.
    pub fn resume(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, Self::apply_resume)
    }

    /// No more steps. Output that is on ramps down over the shortest ramp-down, then the state is PAUSED.
    pub fn pause(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, Self::apply_pause)
    }

    /// The end, also of a recording. Output that is on ramps down over the usual ramp-down, then the state is OFF. A
    /// fault stays.
    pub fn stop(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, Self::apply_stop)
    }

    /// One burst of the configured length, from PAUSED only and not within the refractory time of the last opening;
    /// else nothing happens.
    pub fn manual_test(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, Self::apply_test)
    }

    /// Leaves FAULT for OFF, if the line is closed again.
    pub fn acknowledge(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |t, _| {
            if matches!(t.phase, Phase::Fault) && !t.line_open {
                t.phase = Phase::Off;
            }
        })
    }

    /// What the switch reads now. Repeating a level changes nothing, so this takes samples as well as edges.
    pub fn heel(&mut self, now_us: u64, heel: Heel) -> Option<GateCommand> {
        self.around(now_us, |t, now| t.apply_heel(now, heel))
    }

    /// An edge of the switch from a source that reports only edges. A second edge of the same kind means that one was
    /// lost: it is counted and noted, and restarts no time-out.
    pub fn heel_edge(&mut self, now_us: u64, heel: Heel) -> Option<GateCommand> {
        self.around(now_us, |t, now| {
            let lifted = matches!(heel, Heel::Lifted);
            let repeated = t.heel.is_some_and(|h| h.raw_lifted() == lifted);
            if repeated && !matches!(heel, Heel::LineOpen) {
                t.counters.contradictions = t.counters.contradictions.saturating_add(1);
                t.note(TriggerNote::RepeatedEdge { lifted });
            }
            t.apply_heel(now, heel);
        })
    }

    /// What the switch of the other foot reads now, a level or an edge. It starts nothing by itself: when it has just
    /// struck, a lift of the treated heel starts at its first edge (EARLY) instead of after the debounce time. Never
    /// called, or with nothing but [`Heel::LineOpen`], the treated heel is debounced as always.
    pub fn other_heel(&mut self, now_us: u64, heel: Heel) -> Option<GateCommand> {
        self.around(now_us, |t, now| t.apply_other(now, heel))
    }

    /// Does what is due. Polling early changes nothing. If [`Self::poll_at`] has not moved past now, poll again.
    pub fn poll(&mut self, now_us: u64) -> Option<GateCommand> {
        self.around(now_us, |_, _| {})
    }

    /// When there is something to do next if no input comes.
    #[must_use]
    pub fn poll_at(&self) -> PollAt {
        self.listen.for_host(self.due().map_or(PollAt::Never, PollAt::At))
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.phase.state()
    }

    /// What it has counted.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// The times it works with.
    #[must_use]
    pub const fn config(&self) -> &GaitConfig {
        &self.config
    }

    /// The oldest note that was not taken yet.
    pub fn take_note(&mut self) -> Option<TriggerNote> {
        let note = self.notes.first_mut()?.take();
        self.notes.rotate_left(1);
        note
    }

    /// The time-out of the next step, in microseconds.
    #[must_use]
    pub fn hold_max_us(&self) -> u64 {
        let times = self.times();
        let Some(median) = self.swings.median() else {
            return us(times.hold_first.as_millis());
        };
        let share = median.saturating_mul(u64::from(times.hold_percent)) / 100;
        // not clamp, which panics when its bounds are reversed
        share.min(us(times.hold_cap.as_millis())).max(us(times.hold_max.as_millis()))
    }

    /// Extension and ramp-down of the next strike, in microseconds, as the last stances allow them.
    #[must_use]
    pub fn tail_us(&self) -> (u64, u64) {
        let times = self.times();
        let (extension, down) = (us(times.extension.as_millis()), us(times.ramp_down.as_millis()));
        let stance = self.stances.median().unwrap_or(us(times.stance_first.as_millis()));
        let most = stance.saturating_mul(u64::from(times.stance_share_percent)) / 100;
        let extension = extension.min(most.saturating_sub(down));
        let down = down.min(most.max(us(times.ramp_down_min.as_millis())));
        (extension, down.saturating_sub(down % 1_000)) // whole milliseconds, as a gate takes them
    }

    pub(super) const fn times(&self) -> &GaitTimes {
        self.config.times()
    }

    pub(super) fn note(&mut self, note: TriggerNote) {
        match self.notes.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some(note),
            None => self.counters.notes_lost = self.counters.notes_lost.saturating_add(1),
        }
    }

    /// What was due before, then the input, then what that makes due. The last command stands: a close that follows
    /// an open in the same call leaves nothing to open.
    fn around(&mut self, now_us: u64, input: impl FnOnce(&mut Self, u64)) -> Option<GateCommand> {
        if self.listen.own(now_us) < self.last_us {
            self.counters.contradictions = self.counters.contradictions.saturating_add(1);
            self.note(TriggerNote::ClockBackwards);
        }
        let now = self.listen.hear(now_us);
        self.last_us = now;
        if self.listen.began_again() {
            self.began_again(now);
        }
        self.advance(now);
        input(self, now);
        self.advance(now);
        self.command.take()
    }

    fn apply_resume(&mut self, now: u64) {
        let Some(heel) = self.heel else {
            if matches!(self.phase, Phase::Paused) {
                self.note(TriggerNote::NoSwitch);
            }
            return;
        };
        let full_strike = heel.stable().lifted;
        match self.phase {
            Phase::Paused => self.phase = Phase::Stance { rearm_us: now, full_strike },
            Phase::RampDown { until_us, then: Then::Paused } => {
                self.phase = Phase::RampDown { until_us, then: Then::Stance { full_strike: true } };
            }
            Phase::Off
            | Phase::Stance { .. }
            | Phase::Arm
            | Phase::Delay { .. }
            | Phase::Early { .. }
            | Phase::RampUp { .. }
            | Phase::Hold { .. }
            | Phase::Extend { .. }
            | Phase::RampDown { .. }
            | Phase::Fault
            | Phase::ManualTest { .. } => {}
        }
    }

    fn apply_pause(&mut self, now: u64) {
        let down_us = us(self.times().ramp_down_min.as_millis());
        match self.phase {
            Phase::Off | Phase::Paused | Phase::Fault => {}
            Phase::Stance { .. } | Phase::Arm | Phase::Delay { .. } => self.phase = Phase::Paused,
            Phase::Early { .. }
            | Phase::RampUp { .. }
            | Phase::Hold { .. }
            | Phase::Extend { .. }
            | Phase::ManualTest { .. } => {
                self.close(now, down_us, Then::Paused);
            }
            Phase::RampDown { until_us, then: Then::Stance { .. } | Then::FalseStart } => {
                self.phase = Phase::RampDown { until_us, then: Then::Paused };
            }
            Phase::RampDown { .. } => {}
        }
    }

    fn apply_stop(&mut self, now: u64) {
        let down_us = us(self.times().ramp_down.as_millis());
        if matches!(
            self.phase,
            Phase::Delay { .. } | Phase::Early { .. } | Phase::RampUp { .. } | Phase::Hold { .. }
        ) {
            self.note(TriggerNote::EndedMidStep);
        }
        match self.phase {
            Phase::Off | Phase::Fault | Phase::RampDown { then: Then::Fault, .. } => {}
            Phase::Paused | Phase::Stance { .. } | Phase::Arm | Phase::Delay { .. } => {
                self.phase = Phase::Off
            }
            Phase::Early { .. }
            | Phase::RampUp { .. }
            | Phase::Hold { .. }
            | Phase::Extend { .. }
            | Phase::ManualTest { .. } => {
                self.close(now, down_us, Then::Off);
            }
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, then: Then::Off },
        }
    }

    fn apply_test(&mut self, now: u64) {
        if matches!(self.phase, Phase::Paused) && self.may_open_us() <= now {
            self.counters.tests = self.counters.tests.saturating_add(1);
            let until_us = now.saturating_add(us(self.times().test_burst.as_millis()));
            self.opened(now, false);
            self.phase = Phase::ManualTest { until_us };
        }
    }

    fn apply_heel(&mut self, now: u64, heel: Heel) {
        let lifted = match heel {
            Heel::Loaded => false,
            Heel::Lifted => true,
            Heel::LineOpen => return self.apply_line_open(now),
        };
        self.line_open = false;
        match &mut self.heel {
            None => self.heel = Some(Debounce::new(lifted, now)),
            Some(debounce) => {
                let changed = debounce.raw_lifted() != lifted;
                if debounce.sample(lifted, now) {
                    self.bounced(now);
                }
                if changed {
                    self.early_edge(lifted);
                }
            }
        }
    }

    fn apply_other(&mut self, now: u64, heel: Heel) {
        let debounce_us = us(self.times().debounce.as_millis());
        match heel {
            Heel::LineOpen => {
                if !self.other_line_open {
                    self.note(TriggerNote::OtherLineOpen);
                }
                self.other.forget();
            }
            Heel::Loaded => self.other.sample(false, now, debounce_us),
            Heel::Lifted => self.other.sample(true, now, debounce_us),
        }
        self.other_line_open = matches!(heel, Heel::LineOpen);
    }

    fn apply_line_open(&mut self, now: u64) {
        if !self.line_open {
            self.note(TriggerNote::LineOpen);
        }
        self.line_open = true;
        self.heel = None;
        let down_us = us(self.times().ramp_down.as_millis());
        match self.phase {
            Phase::Off | Phase::Fault => {}
            Phase::Paused | Phase::Stance { .. } | Phase::Arm | Phase::Delay { .. } => {
                self.phase = Phase::Fault
            }
            Phase::Early { .. }
            | Phase::RampUp { .. }
            | Phase::Hold { .. }
            | Phase::Extend { .. }
            | Phase::ManualTest { .. } => {
                self.close(now, down_us, Then::Fault);
            }
            Phase::RampDown { until_us, .. } => self.phase = Phase::RampDown { until_us, then: Then::Fault },
        }
    }
}

/// Milliseconds as microseconds; at most 2^32 × 1,000.
pub(super) fn us(millis: u32) -> u64 {
    u64::from(millis).saturating_mul(1_000)
}
