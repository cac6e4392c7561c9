//! The conformance suite can fail: an output that is right passes every property, and each defect made on purpose is
//! caught by the property that is there for it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "tests: a panic here is a failed test"
)]

use nmes_core::conformance::{Rig, Seen, cases, check, holds, properties};
use nmes_core::*;

/// What is wrong with an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
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
}

struct Model {
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
}

#[derive(Debug)]
#[expect(dead_code, reason = "what is in it is read by Debug")]
enum Fault {
    Bus,
    Stopped,
    Level(u8, Level),
}

impl Model {
    fn new(hardware: Hardware, defect: Defect) -> Self {
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
        };
        let start = if defect == Defect::StartsAtZero { Level::Code(0) } else { Level::Open };
        for channel in (0..model.hardware.channel_count()).filter(|_| defect != Defect::SilentStart) {
            model.show(0, channel, start);
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
        self.seen.push(Seen { tick, event: self.event, channel, level });
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
        for channel in 0..self.hardware.channel_count() {
            let old = self.levels[usize::from(channel)];
            if matches!(old, Level::Code(_)) {
                self.kept[usize::from(channel)] = Some(old);
            }
            if self.defect == Defect::HalfOff && channel == 1 {
                continue;
            }
            let shorts = self.defect == Defect::OffShorts;
            self.show(now, channel, if shorts { Level::Shorted } else { Level::Open });
        }
        result
    }

    fn guarded(&mut self, now: u64, result: Result<u64, Fault>) -> Result<u64, Fault> {
        let Err(fault) = result else { return result };
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
        if self.stopped || self.defect == Defect::OpensAll {
            return self.all_off(now);
        }
        if self.defect == Defect::ChannelOffUnreached {
            self.fail_in = None;
        }
        let result = self.put(now, &[(channel, Level::Open)]);
        self.guarded(now, result)
    }

    fn off(&mut self, now: u64) -> Result<u64, Fault> {
        if self.defect == Defect::OffUnreached {
            self.fail_in = None;
        }
        let result = self.all_off(now);
        self.stopped = result.is_err();
        if self.defect == Defect::SwallowsErrorsOfOff { Ok(now) } else { result }
    }

    fn end(&mut self, now: u64) {
        if self.defect != Defect::KeepsOnDrop {
            let _ = self.all_off(now);
        }
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
fn latched() -> Hardware {
    let timing = HardwareTiming { gap_rest: Rest::Shorted, ..HardwareTiming::ideal(1_000_000) };
    Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -2_048, 2_047); 2], 7).unwrap()
}

/// Without a latch, with late edges and a dead time.
fn one_by_one() -> Hardware {
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
fn calibrated() -> Hardware {
    let channel = ChannelHardware {
        na_per_code_negative: 25_100,
        offset_na: -3_000,
        ..ChannelHardware::symmetric(25_000, -3_000, 1_500)
    };
    Hardware::new(HardwareTiming::ideal(8_000_000), &[channel], 7).unwrap()
}

/// Edges are stamped to within two ticks.
fn stamped() -> Hardware {
    let timing =
        HardwareTiming { late_max_ticks: 5, stamp_error_ticks: 2, ..HardwareTiming::ideal(1_000_000) };
    Hardware::new(timing, &[ChannelHardware::symmetric(25_000, -2_048, 2_047); 2], 7).unwrap()
}

/// Two channels on one source, and one between them on its own.
fn shared() -> Hardware {
    let on = |source| ChannelHardware { source, ..ChannelHardware::symmetric(25_000, -2_048, 2_047) };
    Hardware::new(HardwareTiming::ideal(1_000_000), &[on(1), on(0), on(1)], 7).unwrap()
}

nmes_core::output_conformance!(right_with_a_latch, || Model::new(latched(), Defect::None));
nmes_core::output_conformance!(right_without_a_latch, || Model::new(one_by_one(), Defect::None));
nmes_core::output_conformance!(right_and_calibrated, || Model::new(calibrated(), Defect::None));
nmes_core::output_conformance!(right_on_a_shared_source, || Model::new(shared(), Defect::None));

/// REQ-CORE-100, REQ-CORE-163: an output without a defect passes, with a latch, without one, calibrated, and on a source that
/// only one channel can have.
#[test]
fn a_right_output_passes() {
    for hardware in [latched(), one_by_one(), calibrated(), stamped(), shared()] {
        check(|| Model::new(hardware, Defect::None), 200).unwrap_or_else(|violation| panic!("{violation}"));
    }
}

/// REQ-CORE-162: a level may come after its stamp by the declared error of stamps, not by a tick more.
#[test]
fn stamps_are_as_near_as_declared() {
    let late = |ticks| holds("plans_come_out", || Model::new(stamped(), Defect::LateAll(ticks)), cases(200));
    assert_eq!(late(2), Ok(()));
    let told = late(3).unwrap_err().to_string();
    assert!(told.contains("after the stamp"), "{told}");
}

/// REQ-CORE-101, REQ-CORE-161, REQ-HAL-408: each defect is caught by the property that is there for it, and every property catches one.
#[test]
fn each_defect_is_caught_by_its_property() {
    let table = [
        (Defect::SilentStart, "starts_open", latched()),
        (Defect::StartsAtZero, "starts_open", latched()),
        (Defect::SwappedPolarity, "codes_come_out", latched()),
        (Defect::SwappedPolarity, "plans_come_out", latched()),
        (Defect::OffByOne, "codes_come_out", latched()),
        (Defect::TenBits, "codes_come_out", calibrated()),
        (Defect::Stuck, "codes_come_out", latched()),
        (Defect::Stuck, "open_is_open", latched()),
        (Defect::ZeroForOpen, "open_is_open", latched()),
        (Defect::ZeroForOpen, "plans_come_out", latched()),
        (Defect::OpenForZero, "open_is_open", latched()),
        (Defect::OpenForShorted, "open_is_open", latched()),
        (Defect::Glitch, "only_rests_between", latched()),
        (Defect::MovesTheOther, "channels_are_apart", latched()),
        (Defect::OpensAll, "channels_are_apart", latched()),
        (Defect::OneByOne, "instants_are_together", latched()),
        (Defect::Slow, "instants_are_together", one_by_one()),
        (Defect::IgnoresOff, "off_opens", latched()),
        (Defect::IgnoresOff, "stops_leave_it_open", latched()),
        (Defect::HalfOff, "off_opens", latched()),
        (Defect::HalfOff, "off_opens", shared()),
        (Defect::OffShorts, "off_opens", latched()),
        (Defect::KeepsCodes, "off_opens", latched()),
        (Defect::DrivesAgain, "off_opens", latched()),
        (Defect::DrivesAgain, "off_opens", calibrated()),
        (Defect::OffShorts, "stops_leave_it_open", latched()),
        (Defect::KeepsOnDrop, "drop_opens", latched()),
        (Defect::KeepsOnDrop, "drop_opens", shared()),
        (Defect::Clamps, "what_does_not_fit_is_refused", latched()),
        (Defect::TakesAnyChannel, "what_does_not_fit_is_refused", latched()),
        (Defect::SwallowsErrors, "errors_are_told", latched()),
        (Defect::SwallowsErrors, "stops_leave_it_open", one_by_one()),
        (Defect::SwallowsErrorsOfOff, "errors_are_told", latched()),
        (Defect::OffUnreached, "errors_are_told", latched()),
        (Defect::OffUnreached, "errors_open", latched()),
        (Defect::ChannelOffUnreached, "nothing_follows_an_error", one_by_one()),
        (Defect::Endless, "errors_are_told", latched()),
        (Defect::StaysOnAfterError, "errors_open", latched()),
        (Defect::StaysOnAfterError, "stops_leave_it_open", latched()),
        (Defect::GoesOnAfterError, "nothing_follows_an_error", latched()),
        (Defect::GoesOnAfterError, "nothing_follows_an_error", shared()),
        (Defect::OtherHardware, "hardware_stays", latched()),
        (Defect::LosesEdges, "codes_come_out", latched()),
        (Defect::EarlyNegative, "plans_come_out", latched()),
        (Defect::LateAll(5_000), "plans_come_out", latched()),
        (Defect::LateAll(1), "plans_come_out", one_by_one()),
        (Defect::LateAll(1), "codes_come_out", latched()),
        (Defect::LateOff(1), "off_opens", latched()),
        (Defect::SkipsOpen, "plans_come_out", one_by_one()),
    ];
    let mut caught = std::collections::BTreeSet::new();
    for (defect, property, hardware) in table {
        let violation = holds(property, || Model::new(hardware, defect), cases(200)).unwrap_err();
        assert_eq!(violation.property, property);
        println!("{defect:?}: {}", violation.to_string().lines().next().unwrap());
        assert!(check(|| Model::new(hardware, defect), 200).is_err(), "{defect:?}");
        caught.insert(property);
    }
    let all: std::collections::BTreeSet<_> = properties().into_iter().collect();
    assert_eq!(caught, all, "every property has a defect that it catches");
}

/// REQ-CORE-102: what was found is told for a person: property, what was asked, what was seen; from a random session, the
/// smallest that fails.
#[test]
fn violations_read_well() {
    let swapped = || Model::new(latched(), Defect::SwappedPolarity);
    let told = holds("open_is_open", swapped, 1).unwrap_err().to_string();
    assert_eq!(told, "open_is_open: after [(0, Code(1))], channel 0 is Code(-1), not Code(1)");
    let told = holds("plans_come_out", swapped, 50).unwrap_err().to_string();
    // the first level of the first pulse of the plainest session
    assert!(told.contains("edge: Some(0)") && told.contains("Continuous for 100 ms"), "{told}");
    assert!(told.contains("no input") && told.lines().count() <= 6, "{told}");
    assert_eq!(holds("no_such", swapped, 1).unwrap_err().to_string(), "holds: no property is named no_such");
}
