//! Runs a checked plan on a simulated bench: the heel events of a walk work the trigger, the trigger works the gate.

use crate::desk::{OVERTIME_US, Played, Player, TICK_US, Table, end_us};
use crate::failure::Failure;
use crate::gait::Foot;
use crate::heels::HeelTrigger;
use crate::scenario::Scenario;
use nmes_core::{GateInput, StopPolicy};
use nmes_protocols::{Counters, GaitConfig, GateCommand, Heel, PollAt, TriggerNote};
use nmes_safety::Checked;
use std::collections::VecDeque;

/// A trigger that was stopped is in OFF after at most so many calls.
const SETTLE_CALLS: u32 = 64;

/// What the trigger did.
#[derive(Clone, Debug)]
pub struct TriggerEnd {
    /// The name of the state in which it ended.
    pub state: &'static str,
    /// How often it opened the gate.
    pub openings: u32,
    /// What it counted besides; nothing where the other heel alone is read.
    pub counters: Option<Counters>,
    /// What it said, with session time in µs.
    pub notes: Vec<(u64, TriggerNote)>,
}

/// All that came out of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The output.
    pub played: Played,
    /// The trigger.
    pub trigger: TriggerEnd,
}

/// Runs it to its end. `progress` is told the session time in µs.
///
/// # Errors
/// The times do not suit the trigger, the stimulator could not be armed, or its level could not be raised. A fault during the session is no error here:
/// it is in [`Played::stopped`].
pub fn run(
    scenario: &Scenario,
    gait: &GaitConfig,
    checked: &Checked<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Run, Failure> {
    let trigger = HeelTrigger::new(gait, scenario.by_other)?;
    let mut table = Table::of(&scenario.desk(), checked);
    let player = Player::start(&mut table, checked)?;
    let mut bout = Bout { player, trigger, notes: Vec::new() };
    bout.session(scenario, checked, progress)?;
    Ok(bout.finish())
}

/// What is due next, in the order in which things of one moment are done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Heel,
    Poll,
    Stop,
    Tick,
}

/// What is still to come from outside: heel events, the stop, and the next call of the slow side.
struct Agenda {
    heel: VecDeque<(u64, Foot, bool)>,
    stop: Option<(u64, StopPolicy)>,
    tick_us: u64,
}

impl Agenda {
    /// What is due next, and when.
    fn next(&self, poll: PollAt) -> (u64, Due) {
        let poll = match poll {
            PollAt::At(us) => Some((us, Due::Poll)),
            PollAt::Never => None,
        };
        let heel = self.heel.front().map(|(us, _, _)| (*us, Due::Heel));
        let stop = self.stop.map(|(us, _)| (us, Due::Stop));
        let tick = (self.tick_us, Due::Tick);
        [poll, heel, stop].into_iter().flatten().fold(tick, std::cmp::Ord::min)
    }
}

struct Bout<'r> {
    player: Player<'r>,
    trigger: HeelTrigger,
    notes: Vec<(u64, TriggerNote)>,
}

impl Bout<'_> {
    fn session(
        &mut self,
        scenario: &Scenario,
        checked: &Checked<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let first = |foot| if scenario.walk.starts_on_heel(foot) { Heel::Loaded } else { Heel::Lifted };
        let other = scenario.other_heel.then(|| first(scenario.foot.other()));
        self.trigger.start(first(scenario.foot), other);
        let end_us = end_us(checked.plan().session());
        let read = |foot: &Foot| *foot == scenario.foot || scenario.other_heel;
        let heel = scenario.walk.heels().filter(|(_, foot, _)| read(foot)).collect();
        let mut agenda = Agenda { heel, stop: scenario.stop, tick_us: 0 };
        while !self.player.over() {
            if agenda.tick_us > end_us + OVERTIME_US {
                return Err(Failure::Faulted("the session went on past its end".to_owned()));
            }
            let (at_us, due) = agenda.next(self.trigger.poll_at());
            if self.player.fired_before(at_us) {
                continue;
            }
            self.serve(due, &mut agenda, scenario.foot);
            progress(agenda.tick_us.min(end_us));
        }
        Ok(())
    }

    fn serve(&mut self, due: Due, agenda: &mut Agenda, treated: Foot) {
        match due {
            Due::Heel => {
                if let Some((_, foot, lifted)) = agenda.heel.pop_front() {
                    let heel = if lifted { Heel::Lifted } else { Heel::Loaded };
                    let now_us = self.player.us();
                    let command = self.trigger.heel(now_us, heel, foot == treated);
                    self.obey(command);
                }
            }
            Due::Poll => {
                let command = self.trigger.poll(self.player.us());
                self.obey(command);
            }
            Due::Stop => {
                if let Some((_, policy)) = agenda.stop.take() {
                    self.stop(policy);
                }
            }
            Due::Tick => {
                agenda.tick_us += TICK_US;
                self.player.tick();
            }
        }
    }

    fn obey(&mut self, command: Option<GateCommand>) {
        self.take_notes();
        let input = match command {
            None => return,
            Some(GateCommand::Open) => GateInput::Open,
            Some(GateCommand::Hold) => GateInput::Hold,
            Some(GateCommand::Close { down }) => GateInput::Close { down: Some(down) },
        };
        let answered = self.player.stim.gate(input).map(drop);
        self.player.take(answered);
    }

    fn take_notes(&mut self) {
        let now_us = self.player.us();
        while let Some(note) = self.trigger.take_note() {
            self.notes.push((now_us, note));
        }
    }

    fn stop(&mut self, policy: StopPolicy) {
        // the stop below closes the gate; what the trigger would have it do is of no use any more
        self.trigger.stop(self.player.us());
        self.take_notes();
        self.player.stop(policy);
    }

    /// Ends the trigger too, and gathers what there is.
    fn finish(mut self) -> Run {
        let mut now_us = self.player.us();
        self.trigger.stop(now_us);
        for _ in 0..SETTLE_CALLS {
            let PollAt::At(at_us) = self.trigger.poll_at() else { break };
            now_us = now_us.max(at_us);
            self.trigger.poll(now_us);
        }
        self.take_notes();
        let trigger = TriggerEnd {
            state: self.trigger.state(),
            openings: self.trigger.openings(),
            counters: self.trigger.counters(),
            notes: self.notes,
        };
        Run { played: self.player.finish(), trigger }
    }
}
