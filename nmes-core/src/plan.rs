//! A session quantised once, against one hardware.

use crate::channel_plan::ChannelPlan;
use crate::contraction::ramps_ms;
use crate::error::{ConfigError, Field, at_least, at_most};
use crate::frame::{FrameKind, Level, PulseFrame};
use crate::hardware::{ChannelHardware, Hardware, MAX_CHANNELS};
use crate::rounding::RoundingReport;
use crate::schedule::{Cycle, Schedule, Stage, period_ms};
use crate::session::{Channel, Overlap, Session, Setting};
use crate::ticks::{micros_to_ticks_long, millis_to_ticks};
use crate::units::Millis;

/// A [`Session`] compiled for one [`Hardware`]: every value a whole number of codes or ticks, every pulse balanced.
///
/// All rounding happens in [`Plan::compile`] and is reported by [`Plan::rounding`]. A plan also answers what a pulse
/// at any setting looks like, so that a check sees the very frames that will run.
///
/// ```
/// use nmes_core::*;
/// let set = Setting::new(40_000, 300).unwrap();
/// let channels = [Channel {
///     pulse: PulseShape::default(),
///     rate: Rate::from_hz(40).unwrap(),
///     train: Train::default(),
///     set,
///     ceiling: set,
///     ramp: Ramp::default(),
///     offset: Micros::ZERO,
/// }];
/// let second = Millis::from_millis(1_000).unwrap();
/// let session = Session::new(&channels, Schedule::Continuous, second).unwrap();
/// let dac = ChannelHardware::symmetric(37_000, -2_048, 2_047);
/// let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[dac], 0).unwrap();
/// let plan = Plan::compile(&session, &hardware).unwrap();
/// let pulse = plan.frame(0, set, 0).unwrap();
/// assert_eq!(pulse.segment(0).map(|s| s.level), Some(Level::Code(1_081))); // 39.997 mA, the nearest to 40 mA
/// assert_eq!(pulse.net_charge(&dac), Some(Charge::ZERO));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan<'a> {
    session: Session<'a>,
    hardware: Hardware,
    channels: [Option<ChannelPlan<'a>>; MAX_CHANNELS],
    shares: bool,
}

impl<'a> Plan<'a> {
    /// Quantises a session for a hardware.
    ///
    /// # Errors
    /// Names the field, the value and the limit: more channels than the hardware has; a rate beyond the ticks; a
    /// code range too small for one step of the amplitude; a phase shorter than the edge spacing; L over 10 % of
    /// the phase; a closing charge over 5 % of a phase; or a period without room for the pulse, its worst stretch
    /// and the trim.
    pub fn compile(session: &Session<'a>, hardware: &Hardware) -> Result<Self, ConfigError> {
        let asked = i64::try_from(session.channels().len()).unwrap_or(i64::MAX);
        let there = i64::from(hardware.channel_count());
        at_most(Field::Channels, asked, there, "the channels of the hardware")?;
        let mut channels = [None; MAX_CHANNELS];
        let outputs = hardware.channels().get(..session.channels().len()).unwrap_or(&[]);
        let shares = shares_sources(outputs);
        for channel in session.channels() {
            fits_the_session(session, channel)?;
        }
        for ((slot, channel), output) in channels.iter_mut().zip(session.channels()).zip(hardware.channels())
        {
            let mut plan = ChannelPlan::new(channel, output, hardware)?;
            plan.validate()?;
            keeps_up(session, &plan)?;
            let shared =
                output.source != 0 && outputs.iter().filter(|o| o.source == output.source).count() > 1;
            if let (true, Overlap::Defer(most)) = (shared, session.overlap()) {
                plan.wait_ticks = micros_to_ticks_long(most, plan.ticks_per_second);
            }
            *slot = Some(plan);
        }
        let plan = Self { session: *session, hardware: *hardware, channels, shares };
        if shares && session.overlap() == Overlap::Forbid {
            plan.prove_apart()?;
        }
        Ok(plan)
    }

    /// Whether two of its channels are on one current source.
    #[must_use]
    pub const fn shares_sources(&self) -> bool {
        self.shares
    }

    pub(crate) const fn is_gated(&self) -> bool {
        matches!(self.session.schedule(), Schedule::Gated(_))
    }

    /// The session this plan was compiled from.
    #[must_use]
    pub const fn session(&self) -> &Session<'a> {
        &self.session
    }

    /// The hardware this plan was compiled for.
    #[must_use]
    pub const fn hardware(&self) -> &Hardware {
        &self.hardware
    }

    /// The channels.
    pub fn channels(&self) -> impl Iterator<Item = &ChannelPlan<'a>> {
        self.channels.iter().flatten()
    }

    /// How many channels there are.
    #[must_use]
    pub fn channel_count(&self) -> u8 {
        u8::try_from(self.session.channels().len()).unwrap_or(u8::MAX)
    }

    /// One channel; `None` past the last.
    #[must_use]
    pub fn channel(&self, index: u8) -> Option<&ChannelPlan<'a>> {
        self.channels.get(usize::from(index)).and_then(Option::as_ref)
    }

    /// The length of the session in ticks.
    #[must_use]
    pub fn length_ticks(&self) -> u64 {
        millis_to_ticks(self.session.length(), self.hardware.timing().ticks_per_second)
    }

    /// The pulse that a channel puts out at a setting, with its first edge at `onset_tick`. `None` for a channel that
    /// is not there, a setting that rounds to no code, a width under [`ChannelPlan::width_min_ticks`], or a pulse
    /// that the code range cannot pay back.
    #[must_use]
    pub fn frame(&self, channel: u8, setting: Setting, onset_tick: u64) -> Option<PulseFrame<'_>> {
        let plan = self.channel(channel)?;
        let recipe = plan.recipe(plan.code_for(setting.amplitude), plan.width_ticks(setting.width), 0)?;
        Some(PulseFrame {
            channel,
            kind: FrameKind::Pulse,
            sequence: 0,
            onset_tick,
            rest: Level::from(self.hardware.timing().pulse_rest).into(),
            cell: recipe.cell,
            body: plan.body(),
        })
    }

    /// What was asked of a channel and what it became; `None` for a channel that is not there.
    #[must_use]
    pub fn rounding(&self, channel: u8) -> Option<RoundingReport> {
        self.channel(channel).map(ChannelPlan::rounding)
    }
}

/// One contraction with its ramps has to fit into the session.
fn fits_the_session(session: &Session<'_>, channel: &Channel<'_>) -> Result<(), ConfigError> {
    let ms = |part: Millis| i64::from(part.as_millis());
    let (up, down) = (ms(channel.ramp.up), ms(channel.ramp.down));
    let needed = match session.schedule() {
        Schedule::Continuous => up.saturating_add(down),
        Schedule::Cyclic(cycle) => up.saturating_add(ms(cycle.hold)).saturating_add(down),
        Schedule::Gated(_) => down.saturating_add(1),
        Schedule::Program(stages) => return fits_the_stages(session, channel, stages),
    };
    at_most(
        Field::RampTime,
        needed,
        ms(session.length()),
        "one contraction with its ramps fits into the session",
    )
}

/// The whole programme fits, but for the rest after its last contraction; and no stage is faster than its channel.
fn fits_the_stages(
    session: &Session<'_>,
    channel: &Channel<'_>,
    stages: &[Stage],
) -> Result<(), ConfigError> {
    let ms = |part: Millis| i64::from(part.as_millis());
    let ramps =
        u64::from(channel.ramp.up.as_millis()).saturating_add(u64::from(channel.ramp.down.as_millis()));
    let all = stages.iter().fold(0_i64, |sum, stage| {
        let each = i64::try_from(period_ms(&stage.cycle, ramps)).unwrap_or(i64::MAX);
        sum.saturating_add(each.saturating_mul(i64::from(stage.repeats)))
    });
    let rest = stages.last().map_or(0, |stage| ms(stage.cycle.rest));
    let source = "the stages of a programme fit into the session";
    at_most(Field::SessionLength, all.saturating_sub(rest), ms(session.length()), source)?;
    for rate in stages.iter().filter_map(|stage| stage.rate) {
        if rate.is_faster_than(channel.rate) {
            // rounded down and up, so that the message never says that it would fit
            let limit = i64::try_from(channel.rate.millihertz_down()).unwrap_or(i64::MAX);
            let value = i64::try_from(rate.as_millihertz()).unwrap_or(i64::MAX);
            let source = "the channel's rate, which is what is checked";
            return Err(ConfigError::Above { field: Field::StageRate, value, limit, source });
        }
    }
    Ok(())
}

/// A channel passes one contraction in the time of a turn, also where the rate leaves it without an onset: shorter ones would
/// fall behind the schedule, and the session end late.
fn keeps_up(session: &Session<'_>, plan: &ChannelPlan<'_>) -> Result<(), ConfigError> {
    let shortest = |cycle: &Cycle| period_ms(cycle, ramps_ms(plan));
    let shortest = match session.schedule() {
        Schedule::Continuous | Schedule::Gated(_) => None,
        Schedule::Cyclic(cycle) => Some(shortest(&cycle)),
        Schedule::Program(stages) => stages.iter().map(|stage| shortest(&stage.cycle)).min(),
    };
    let Some(shortest) = shortest else { return Ok(()) };
    let hz = u64::from(plan.ticks_per_second);
    let turns = u64::from(plan.turn_ticks).saturating_mul(2_000).saturating_add(hz.saturating_sub(1));
    let limit = turns.checked_div(hz).and_then(|ms| i64::try_from(ms).ok()).unwrap_or(i64::MAX);
    let value = i64::try_from(shortest).unwrap_or(i64::MAX);
    at_least(
        Field::Cycle,
        value,
        limit,
        "twice the least time between two edges, or the dead time of the bridge",
    )
}

fn shares_sources(outputs: &[ChannelHardware]) -> bool {
    let mut rest = outputs;
    while let [first, others @ ..] = rest {
        if first.source != 0 && others.iter().any(|other| other.source == first.source) {
            return true;
        }
        rest = others;
    }
    false
}
