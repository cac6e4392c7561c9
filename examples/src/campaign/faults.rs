//! What is put wrong, and how.

use nmes_core::flip::{Flip, Walk};
use nmes_hal_adapters::sim::{Random, StageFault};

use super::host::Pest;
use super::plant::{Bell, Bus, Measures};
use super::rest::Stored;
use super::road::Road;
use super::scenes::Scene;

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Of the analogue side of one channel, or of the rail.
    Stage(Analogue),
    /// Of the bus to the converter.
    Bus(Bus),
    /// Of the measurement.
    Sense(Sensing),
    /// Of the alarm.
    Alarm(Alarming),
    /// Of the clock that the edges stand on.
    Clock(Ticking),
    /// From outside.
    Host(Pest),
    /// The host falls silent.
    SilentHost,
    /// The supply of everything goes, and comes back.
    BrownOut {
        /// While the levels rise, instead of in a train.
        starting: bool,
    },
    /// The slow loop is not called any more; without a watchdog on the board where it is not watched.
    NoSlowLoop {
        /// There is a watchdog.
        watched: bool,
    },
    /// Nothing of the software runs any more.
    NoProcessor,
    /// The watchdog is not fed any more; all else runs.
    NotFed,
    /// A bit of what is stored under one of these names, and under none of those.
    Bit(&'static [&'static str], &'static [&'static str]),
    /// The emergency stop, which is no fault.
    EmergencyStop,
    /// A panic or a hard fault.
    Panic,
    /// Of what is stored while nothing is armed.
    AtRest(Stored),
}

/// What may be wrong with a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a StageFault, or more of them in a row")]
pub enum Analogue {
    StuckCode,
    WrongBit,
    OneWay,
    LegOn,
    StuckOpen,
    StuckOn,
    Reversed,
    Open,
    Short,
    Peel,
    Sag,
    RailLost,
    SwappedLeads,
    Leak,
}

/// What may be wrong with a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is one of Measures, with a number drawn")]
pub enum Sensing {
    Silent,
    Frozen,
    Stuck,
    Scale,
    Reversed,
}

/// What may be wrong with the alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is one of Bell, with a number drawn")]
pub enum Alarming {
    LateWithin,
    LateBeyond,
    Dead,
    Lost,
}

/// What may be wrong with the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Ticking {
    Forward,
    Back,
    Stopped,
    Doubled,
    Halved,
    DoubledCompared,
    HalvedCompared,
}

impl Fault {
    pub(super) const fn while_starting(self) -> bool {
        matches!(self, Self::BrownOut { starting: true })
    }

    pub(super) fn put_in(self, road: &mut Road<'_, '_>, scene: &Scene) {
        match self {
            Self::Stage(analogue) => analogue.put_in(road, scene),
            Self::Bus(bus) => road.plant.break_bus(bus),
            Self::Sense(sensing) => sensing.put_in(road),
            Self::Alarm(alarming) => alarming.put_in(road, scene),
            Self::Clock(ticking) => ticking.put_in(road),
            Self::Host(pest) => road.let_in(pest),
            Self::SilentHost => road.host_alive = false,
            Self::BrownOut { .. } => brown_out(road),
            Self::NoSlowLoop { watched } => (road.slow_served, road.has_watchdog) = (false, watched),
            Self::NoProcessor => (road.alarm_served, road.slow_served) = (false, false),
            Self::NotFed => road.feeding = false,
            Self::Bit(within, without) => flip_a_bit(road, within, without),
            Self::EmergencyStop => road.end_now(),
            Self::Panic => road.panic(),
            Self::AtRest(_) => {}
        }
    }
}

fn brown_out(road: &mut Road<'_, '_>) {
    road.plant.power(false);
    road.reset();
    let away = u64::from(road.random.up_to(50_000));
    road.plant.advance(road.plant.now() + away);
    road.plant.power(true);
}

impl Analogue {
    fn put_in(self, road: &mut Road<'_, '_>, scene: &Scene) {
        let count = u32::from(scene.checked.plan().channel_count());
        let channel = usize::try_from(road.random.up_to(count - 1)).unwrap_or(0);
        match self {
            Self::Sag => road.plant.break_rail(StageFault::Sag { percent: f64::from(road.random.up_to(60)) }),
            Self::RailLost => rail_lost(road),
            Self::SwappedLeads => road.plant.swap_leads(channel),
            _ => road.plant.break_stage(channel, self.of(&mut road.random)),
        }
    }

    fn of(self, random: &mut Random) -> StageFault {
        let positive = random.up_to(1) == 0;
        match self {
            Self::StuckCode => {
                StageFault::StuckCode { magnitude: u16::try_from(random.up_to(4_095)).unwrap_or(0) }
            }
            Self::WrongBit => StageFault::WrongBit { bit: u8::try_from(random.up_to(11)).unwrap_or(0) },
            Self::OneWay => StageFault::OneWay { positive },
            Self::LegOn => StageFault::LegOn { positive },
            Self::StuckOpen => StageFault::StuckOpen,
            Self::StuckOn => StageFault::StuckOn,
            Self::Reversed => StageFault::WrongPolarity,
            Self::Open => StageFault::OpenCircuit,
            Self::Short => StageFault::ShortCircuit,
            Self::Peel => StageFault::Peel { percent: f64::from(random.up_to(299) + 1) / 10.0 },
            Self::Leak => {
                let ua = f64::from(100 + random.up_to(800));
                StageFault::Leak { ua: if positive { ua } else { -ua } }
            }
            Self::Sag | Self::RailLost | Self::SwappedLeads => StageFault::None,
        }
    }
}

/// The rail of the stages alone goes for a time and comes back; the processor runs on.
fn rail_lost(road: &mut Road<'_, '_>) {
    road.plant.break_rail(StageFault::Sag { percent: 0.0 });
    let away = u64::from(road.random.up_to(400_000)) + 1_000;
    road.run_to(road.plant.now() + away);
    road.plant.break_rail(StageFault::None);
}

impl Sensing {
    fn put_in(self, road: &mut Road<'_, '_>) {
        let random = &mut road.random;
        let measures = match self {
            Self::Silent => Measures::Nothing,
            Self::Frozen => Measures::Frozen,
            Self::Stuck => Measures::Always((i64::from(random.up_to(120_000)) - 60_000) * 1_000),
            Self::Scale => Measures::Scaled(i64::from(random.up_to(3_000))),
            Self::Reversed => Measures::Scaled(-1_000),
        };
        road.plant.break_sense(measures);
    }
}

impl Alarming {
    fn put_in(self, road: &mut Road<'_, '_>, scene: &Scene) {
        let late = scene.checked.plan().hardware().timing().late_max_ticks;
        let bell = match self {
            Self::LateWithin => Bell::Extremes,
            Self::LateBeyond => Bell::LaterBy(u64::from(late) + 1 + u64::from(road.random.up_to(2_000))),
            Self::Dead => Bell::Dead,
            Self::Lost => Bell::Loses,
        };
        road.plant.break_bell(bell);
    }
}

impl Ticking {
    fn put_in(self, road: &mut Road<'_, '_>) {
        let plant = road.plant;
        let by = i64::from(road.random.up_to(2_000_000)) + 1;
        match self {
            Self::Forward => plant.jump_clock(by),
            Self::Back => plant.jump_clock(-by),
            Self::Stopped => plant.drive_clock(0, 1),
            Self::Doubled | Self::DoubledCompared => plant.drive_clock(2, 1),
            Self::Halved | Self::HalvedCompared => plant.drive_clock(1, 2),
        }
        if matches!(self, Self::DoubledCompared | Self::HalvedCompared) {
            road.is_compared = true;
        }
    }
}

/// Finds every stored value under the names, picks one, and one of its bits.
fn flip_a_bit(road: &mut Road<'_, '_>, within: &[&str], without: &[&str]) {
    let wanted = |path: &[&str]| {
        path.iter().any(|name| within.contains(name)) && !path.iter().any(|name| without.contains(name))
    };
    let mut values = Vec::new();
    road.stim.flip(&mut Walk::new(&mut |path, bits| {
        values.push(wanted(path).then_some(bits));
        None
    }));
    let some: Vec<(usize, u32)> =
        values.iter().enumerate().filter_map(|(index, bits)| bits.map(|bits| (index, bits))).collect();
    let Some(last) = u32::try_from(some.len()).ok().and_then(|n| n.checked_sub(1)) else { return };
    let picked = usize::try_from(road.random.up_to(last)).unwrap_or(0);
    let Some(&(picked, bits)) = some.get(picked) else { return };
    let bit = road.random.up_to(bits - 1);
    let mut index = 0;
    road.stim.flip(&mut Walk::new(&mut |_, _| {
        let hit = index == picked;
        index += 1;
        hit.then_some(bit)
    }));
}
