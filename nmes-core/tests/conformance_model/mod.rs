//! An output as a list of levels, and what can be wrong with one.

use nmes_core::conformance::{Rig, Seen};
use nmes_core::*;

/// What is wrong with an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    None,
    /// Says nothing at construction.
    SilentStart,
    StartsAtZero,
    SwappedPolarity,
    /// Only code 100 is one too low.
    OffByOne,
    /// A code above 1,000 does not fit into ten bits.
    TenBits,
    Stuck,
    ZeroForOpen,
    OpenForZero,
    OpenForShorted,
    /// The new polarity before the new code.
    Glitch,
    MovesTheOther,
    /// `channel_off` opens all.
    OpensAll,
    OneByOne,
    Slow,
    IgnoresOff,
    /// `off` leaves the second channel.
    HalfOff,
    KeepsOnDrop,
    Clamps,
    TakesAnyChannel,
    SwallowsErrors,
    SwallowsErrorsOfOff,
    StaysOnAfterError,
    GoesOnAfterError,
    OtherHardware,
    /// Every hundredth edge is lost.
    LosesEdges,
    /// Negative codes come one tick early.
    EarlyNegative,
    /// Goes from one polarity to the other where a dead time is declared, by leaving the open step out.
    SkipsOpen,
    /// `off` after a phase shorts.
    OffShorts,
    /// The rig lets no transfer of `off` fail.
    OffUnreached,
    /// Nor of `channel_off`.
    ChannelOffUnreached,
    /// More transfers than are looked at.
    Endless,
    /// The code registers stay at `off`, and the next `apply` switches every channel on again.
    KeepsCodes,
    /// Drives the last channel again for a moment, 10 ticks after `off`.
    DrivesAgain,
    /// Every level comes so many ticks after the stamp.
    LateAll(u64),
    /// Those of `off` do.
    LateOff(u64),
    /// A full scale before it is open, within construction.
    DrivesWithinStart,
    /// The strongest code the other way on the way to open: within `off`,
    DrivesWithinOff,
    /// within `channel_off`,
    DrivesWithinChannelOff,
    /// within drop,
    DrivesWithinDrop,
    /// within an error of `apply`,
    DrivesWithinError,
    /// and another code on the way to several codes of one instant.
    DrivesWithinInstant,
    /// A set-point stays behind an open channel: nobody writes it at construction,
    UnwrittenSetPoint,
    /// nor makes it zero at `off` and errors,
    KeepsSetPoint,
    /// nor at a drop.
    KeepsSetPointOnDrop,
    /// Drop gives up at an error,
    DropGivesUp,
    /// or does nothing after one.
    StoppedDropDoesNothing,
    /// `channel_off` after an error opens one,
    OpensOneAfterError,
    /// or takes levels again.
    ChannelOffEndsError,
    /// `channel_off` takes any channel.
    OpensAnyChannel,
}

/// An output of which one thing is wrong at most.
pub(crate) struct Model {
    hardware: Hardware,
    defect: Defect,
    levels: [Level; 8],
    seen: Vec<Seen>,
    event: u64,
    fail_in: Option<u32>,
    failed: bool,
    stopped: bool,
    applied: u32,
    kept: [Option<Level>; 8],
    again_at: Option<u64>,
    set_points: [Option<i32>; 8],
    ended: bool,
}

#[derive(Debug)]
#[expect(dead_code, reason = "what is in it is read by Debug")]
pub(crate) enum Fault {
    Bus,
    Stopped,
    Level(u8, Level),
}

impl Model {
    pub(crate) fn new(hardware: Hardware, defect: Defect) -> Self {
        let mut model = Self {
            hardware,
            defect,
            levels: [Level::Open; 8],
            seen: vec![],
            event: 0,
            fail_in: None,
            failed: false,
            stopped: false,
            applied: 0,
            kept: [None; 8],
            again_at: None,
            set_points: [None; 8],
            ended: false,
        };
        let start = if defect == Defect::StartsAtZero { Level::Code(0) } else { Level::Open };
        for channel in (0..model.hardware.channel_count()).filter(|_| defect != Defect::SilentStart) {
            if defect == Defect::DrivesWithinStart {
                model.show(0, channel, Level::Code(100));
            }
            model.show(0, channel, start);
        }
        if defect == Defect::UnwrittenSetPoint {
            model.set_points = [None; 8];
        }
        model
    }

    fn transfer(&mut self) -> Result<(), Fault> {
        self.event += 1;
        match self.fail_in {
            Some(0) => {
                (self.fail_in, self.failed) = (None, true);
                Err(Fault::Bus)
            }
            left => {
                self.fail_in = left.map(|n| n - 1);
                Ok(())
            }
        }
    }

    fn show(&mut self, tick: u64, channel: u8, level: Level) {
        let late = if let Defect::LateAll(ticks) = self.defect { ticks } else { 0 };
        let tick = tick + late;
        self.levels[usize::from(channel)] = level;
        self.set_points[usize::from(channel)] = Some(if let Level::Code(code) = level { code } else { 0 });
        self.seen.push(Seen { tick, event: self.event, channel, level });
    }

    /// A driven channel drives the other way for a moment.
    fn glitch(&mut self, now: u64, of: Defect) {
        let channels = if self.defect == of { self.hardware.channel_count() } else { 0 };
        for channel in 0..channels {
            if let Level::Code(code @ (..=-1 | 1..)) = self.levels[usize::from(channel)] {
                self.event += 1;
                self.show(now, channel, Level::Code(if code > 0 { -2_000 } else { 1_500 }));
            }
        }
    }

    fn fits(&self, channel: u8, level: Level) -> bool {
        let Some(own) = self.hardware.channel(channel) else { return self.defect == Defect::TakesAnyChannel };
        match level {
            Level::Code(code) => {
                self.defect == Defect::Clamps || (own.code_min..=own.code_max).contains(&code)
            }
            Level::Open | Level::Shorted => true,
        }
    }

    /// What a level becomes.
    fn made(&self, channel: u8, level: Level) -> Level {
        let old = self.levels[usize::from(channel)];
        match (self.defect, level) {
            (Defect::SwappedPolarity, Level::Code(code)) => Level::Code(-code),
            (Defect::OffByOne, Level::Code(100)) => Level::Code(99),
            (Defect::TenBits, Level::Code(code)) => Level::Code(code % 1_024),
            (Defect::Stuck, Level::Code(code)) if code != 0 && old == Level::Code(1) => old,
            (Defect::ZeroForOpen, Level::Open) => Level::Code(0),
            (Defect::OpenForZero, Level::Code(0)) | (Defect::OpenForShorted, Level::Shorted) => Level::Open,
            (Defect::Clamps, Level::Code(code)) => Level::Code(code.clamp(-2_000, 2_000)),
            (Defect::SkipsOpen, Level::Open) if matches!(old, Level::Code(1..)) => old,
            (_, level) => level,
        }
    }

    /// Two channels on the source of this one would have codes.
    fn source_is_taken(&self, channel: u8, edges: &[(u8, Level)]) -> bool {
        let source = |c: u8| self.hardware.channel(c).map_or(0, |own| own.source);
        let next = |c: u8| {
            let asked = edges.iter().rev().find(|(to, _)| *to == c);
            asked.map_or(self.levels[usize::from(c)], |(_, level)| *level)
        };
        let with_code = |c: &u8| source(*c) == source(channel) && matches!(next(*c), Level::Code(_));
        source(channel) != 0 && (0..self.hardware.channel_count()).filter(with_code).count() > 1
    }

    /// What a defect makes of an `off` before.
    fn come_back(&mut self, now: u64, edges: &[(u8, Level)]) {
        if let Some(at) = self.again_at.take().filter(|_| self.defect == Defect::DrivesAgain) {
            for level in [Level::Code(77), Level::Open] {
                self.event += 1;
                self.show(at.min(now), self.hardware.channel_count() - 1, level);
            }
        }
        let keeps = self.defect == Defect::KeepsCodes;
        for (channel, kept) in (0_u8..).zip(std::mem::take(&mut self.kept)) {
            let asked = edges.iter().any(|(c, _)| *c == channel);
            if let Some(level) = kept.filter(|_| keeps && !asked) {
                self.show(now, channel, level);
            }
        }
    }

    fn put(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<u64, Fault> {
        if self.stopped {
            return Err(Fault::Stopped);
        }
        if let Some((channel, level)) = edges.iter().find(|(c, l)| !self.fits(*c, *l)) {
            return Err(Fault::Level(*channel, *level));
        }
        for _ in 0..if self.defect == Defect::Endless { 1_500 } else { 0 } {
            self.transfer()?;
        }
        if let Some(&(channel, level)) = edges.iter().find(|(c, _)| self.source_is_taken(*c, edges)) {
            return Err(Fault::Level(channel, level));
        }
        self.come_back(now, edges);
        let mut time = now;
        let latched = self.hardware.timing().has_latch && self.defect != Defect::OneByOne;
        for (turn, &(channel, level)) in edges.iter().filter(|(c, _)| *c < 8).enumerate() {
            if turn == 0 || !latched {
                self.transfer()?;
            }
            if turn > 0 && !latched && self.defect != Defect::OneByOne {
                let slow = if self.defect == Defect::Slow { 2 } else { 1 };
                time += slow * u64::from(self.hardware.timing().write_ticks);
            }
            self.applied += 1;
            if self.defect == Defect::LosesEdges && self.applied.is_multiple_of(100) && self.applied > 5_000 {
                continue;
            }
            let made = self.made(channel, level);
            if self.defect == Defect::DrivesWithinInstant && edges.len() > 1 {
                self.show(time, channel, Level::Code(77));
            }
            if let (Defect::Glitch, Level::Code(old), Level::Code(new)) =
                (self.defect, self.levels[usize::from(channel)], made)
            {
                self.show(time, channel, Level::Code(old.abs() * new.signum()));
            }
            let early = self.defect == Defect::EarlyNegative && matches!(made, Level::Code(..0));
            self.show(time.saturating_sub(early.into()), channel, made);
            if self.defect == Defect::MovesTheOther && made == Level::Code(1) {
                self.show(time, (channel + 1) % 2, Level::Code(0));
            }
        }
        Ok(time)
    }

    fn all_off(&mut self, now: u64) -> Result<u64, Fault> {
        let result = self.transfer().map(|()| now);
        if self.defect == Defect::IgnoresOff {
            return result;
        }
        self.again_at = Some(now + 10);
        let now = now + if let Defect::LateOff(ticks) = self.defect { ticks } else { 0 };
        let set_points = self.set_points;
        // which an `off` that failed may leave
        let careless = matches!(self.defect, Defect::StoppedDropDoesNothing | Defect::OpensOneAfterError);
        let shorts = self.defect == Defect::OffShorts || careless && result.is_err();
        for channel in 0..self.hardware.channel_count() {
            let old = self.levels[usize::from(channel)];
            if matches!(old, Level::Code(_)) {
                self.kept[usize::from(channel)] = Some(old);
            }
            if self.defect == Defect::HalfOff && channel == 1 {
                continue;
            }
            self.show(now, channel, if shorts { Level::Shorted } else { Level::Open });
        }
        let keeps = if self.ended { Defect::KeepsSetPointOnDrop } else { Defect::KeepsSetPoint };
        self.set_points = if self.defect == keeps { set_points } else { self.set_points };
        result
    }

    fn guarded(&mut self, now: u64, result: Result<u64, Fault>) -> Result<u64, Fault> {
        let Err(fault) = result else { return result };
        self.glitch(now, Defect::DrivesWithinError);
        let swallows = self.defect == Defect::SwallowsErrors && matches!(fault, Fault::Bus);
        if self.defect != Defect::StaysOnAfterError {
            let _ = self.all_off(now);
        }
        self.stopped = self.defect != Defect::GoesOnAfterError;
        if swallows { Ok(now) } else { Err(fault) }
    }
}

impl Rig for Model {
    type Error = Fault;

    fn hardware(&self) -> Hardware {
        let other = self.defect == Defect::OtherHardware && self.applied > 3;
        let crc = if other { 1 } else { self.hardware.calibration_crc() };
        Hardware::new(*self.hardware.timing(), self.hardware.channels(), crc).unwrap()
    }

    fn apply(&mut self, now: u64, edges: &[(u8, Level)]) -> Result<u64, Fault> {
        let result = self.put(now, edges);
        self.guarded(now, result)
    }

    fn channel_off(&mut self, now: u64, channel: u8) -> Result<u64, Fault> {
        if self.defect == Defect::OpensAnyChannel && channel >= self.hardware.channel_count() {
            return Ok(now);
        }
        if self.stopped && self.defect == Defect::OpensOneAfterError {
            self.show(now, channel, Level::Open);
            return Ok(now);
        }
        self.stopped &= self.defect != Defect::ChannelOffEndsError;
        if self.stopped || self.defect == Defect::OpensAll {
            return self.all_off(now);
        }
        if self.defect == Defect::ChannelOffUnreached {
            self.fail_in = None;
        }
        self.glitch(now, Defect::DrivesWithinChannelOff);
        let result = self.put(now, &[(channel, Level::Open)]);
        self.guarded(now, result)
    }

    fn off(&mut self, now: u64) -> Result<u64, Fault> {
        if self.defect == Defect::OffUnreached {
            self.fail_in = None;
        }
        self.glitch(now, Defect::DrivesWithinOff);
        let result = self.all_off(now);
        self.stopped = result.is_err();
        if self.defect == Defect::SwallowsErrorsOfOff { Ok(now) } else { result }
    }

    fn end(&mut self, now: u64) {
        self.glitch(now, Defect::DrivesWithinDrop);
        self.ended = true;
        let does_nothing = self.defect == Defect::KeepsOnDrop
            || self.defect == Defect::StoppedDropDoesNothing && self.stopped
            || self.defect == Defect::DropGivesUp && self.transfer().is_err();
        if !does_nothing {
            let _ = self.all_off(now);
        }
    }

    fn set_point(&self, channel: u8) -> Option<i32> {
        self.set_points[usize::from(channel)]
    }

    fn fail_after(&mut self, transfers: u32) {
        (self.fail_in, self.failed) = (Some(transfers), false);
    }

    fn failed(&self) -> bool {
        self.failed
    }

    fn seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }
}

/// Two channels of 12 bits with a latch, which rest shorted in the gap.
pub(crate) fn latched() -> Hardware {
    let timing = HardwareTiming { gap_rest: Rest::Shorted, ..HardwareTiming::ideal(1_000_000) };
    Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -2_048, 2_047); 2], 7).unwrap()
}

/// Without a latch, with late edges and a dead time.
pub(crate) fn one_by_one() -> Hardware {
    let timing = HardwareTiming {
        late_max_ticks: 3,
        write_ticks: 2,
        dead_ticks: 5,
        has_latch: false,
        ..HardwareTiming::ideal(1_000_000)
    };
    Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -2_048, 2_047); 2], 7).unwrap()
}

/// One channel with unequal gains, an offset and an odd range.
pub(crate) fn calibrated() -> Hardware {
    let channel = ChannelHardware {
        na_per_code_negative: 25_100,
        offset_na: -3_000,
        ..ChannelHardware::symmetric(25_000, -3_000, 1_500)
    };
    Hardware::new(HardwareTiming::ideal(8_000_000), &[channel], 7).unwrap()
}

/// Edges are stamped to within two ticks.
pub(crate) fn stamped() -> Hardware {
    let timing =
        HardwareTiming { late_max_ticks: 5, stamp_error_ticks: 2, ..HardwareTiming::ideal(1_000_000) };
    Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -2_048, 2_047); 2], 7).unwrap()
}

/// Two channels on one source, and one between them on its own.
pub(crate) fn shared() -> Hardware {
    let on = |source| ChannelHardware { source, ..ChannelHardware::symmetric(25_000, -2_048, 2_047) };
    Hardware::new(HardwareTiming::ideal(1_000_000), &[on(1), on(0), on(1)], 7).unwrap()
}
