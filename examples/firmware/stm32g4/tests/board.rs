//! The image's logic on a simulated board: DMA's ring, a converter one trigger behind it, an enable line, an ADC.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by a panic"
)]

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::atomic::Ordering;

use embedded_hal::digital::{ErrorKind, ErrorType, OutputPin};
use nmes_core::{ChannelHardware, ChannelState, Hardware};
use nmes_hal_adapters::{Calibration, Line};
use nmes_protocols::channel_storage;
use nmes_stm32g4::{
    CALIBRATION, HALF, Half, Halves, Phase, Player, RING, Samples, Seen, Why, checked, hardware,
};

const LINE: Line =
    Line { current_zero: 2_048, na_per_step: 50_000, voltage_zero: 2_048, mv_per_1024: 74_752 };
/// 40 mA at 50 µA a code.
const FULL: i16 = 800;
/// Halves in a second.
const SECOND: u32 = 2_000;

/// The enable line of the stage.
struct Stage<'l>(&'l Cell<bool>);

impl ErrorType for Stage<'_> {
    type Error = Infallible;
}

impl OutputPin for Stage<'_> {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.set(false);
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.set(true);
        Ok(())
    }
}

/// What is between the converter's code and what the ADC reads.
type Fault = fn(i16) -> i32;

/// What was seen of the current while the stage was enabled, in codes.
#[derive(Default)]
struct Seen_ {
    sum: i64,
    highest: i16,
    lowest: i16,
    pulses: u32,
    /// Samples in a row, to the end of what was seen, in which current flowed.
    flowing: u32,
}

struct Bench<'p, 'l> {
    player: Player<'p, Stage<'l>>,
    enabled: &'l Cell<bool>,
    ring: &'p Samples,
    /// What the converter puts out.
    out: i16,
    played: u32,
    /// Both flags are up at every interrupt.
    missing: bool,
    fault: Fault,
    seen: Seen_,
}

impl Bench<'_, '_> {
    /// Plays a half, then is the interrupt.
    fn half(&mut self, start_closed: bool, wrong: Option<Why>) {
        let place = usize::from(self.played % 2 == 1);
        let mut readings = [0; HALF];
        for (item, reading) in readings.iter_mut().enumerate() {
            let current = if self.enabled.get() { self.out } else { 0 };
            *reading = u16::try_from(((self.fault)(current) + 2_048).clamp(0, 4_095)).unwrap();
            self.look(current);
            // twelve bits with a sign
            let word = self.ring.items()[place * HALF + item].load(Ordering::Relaxed);
            self.out = (word << 4).cast_signed() >> 4;
        }
        self.played += 1;
        let Some(half) = self.player.finish(self.missing || place == 0, self.missing || place == 1) else {
            return;
        };
        assert_eq!(half, Half { place: u8::from(place == 1), next: self.played + 1 });
        assert!(Halves::clear_of(half, RING - (1 - place) * HALF, RING), "DMA reads the other half");
        self.player.half(half, &Seen { readings: &readings, wrong, start_closed });
    }

    fn look(&mut self, current: i16) {
        self.seen.pulses += u32::from(current > 0 && self.seen.flowing == 0);
        self.seen.flowing = if current == 0 { 0 } else { self.seen.flowing + 1 };
        self.seen.sum += i64::from(current);
        self.seen.highest = self.seen.highest.max(current);
        self.seen.lowest = self.seen.lowest.min(current);
    }

    fn halves(&mut self, count: u32, start_closed: bool) {
        for _ in 0..count {
            self.half(start_closed, None);
        }
    }

    /// Presses start, and goes on until the first contraction is at its full level.
    fn at_full_level(&mut self) {
        self.halves(100, false);
        self.halves(100, true);
        while self.seen.highest < FULL {
            self.half(false, None);
            assert!(self.played < 60 * SECOND, "{:?}", self.player.phase());
        }
    }
}

fn on_a_bench(run: impl FnOnce(&mut Bench<'_, '_>)) {
    let mut storage = channel_storage();
    let mut place = None;
    let checked = checked(&mut storage, &mut place).unwrap();
    let mut states = [ChannelState::new(); 1];
    let enabled = Cell::new(true);
    let (own, calibration, ring) =
        (hardware().unwrap(), Calibration::decode(&CALIBRATION).unwrap(), Samples::new());
    assert_eq!(calibration, Calibration::new(&[LINE], own.calibration_crc()).unwrap());
    let player = Player::new(checked, &mut states, (&own, &calibration), Stage(&enabled), &ring).unwrap();
    let mut bench = Bench {
        player,
        enabled: &enabled,
        ring: &ring,
        out: 0,
        played: 0,
        missing: false,
        fault: i32::from,
        seen: Seen_::default(),
    };
    assert!(!enabled.get(), "armed, and off");
    run(&mut bench);
}

/// REQ-HAL-385: nothing is put out before the contact closes; then contractions at the row's rate, each pulse paid back;
/// between them the stage is off; closed again, the session ends within a pulse, and stays ended.
#[test]
fn a_contraction_and_the_next() {
    on_a_bench(|bench| {
        bench.halves(5 * SECOND, false);
        assert_eq!((bench.player.phase(), bench.seen.highest), (Phase::Waiting, 0));
        bench.at_full_level();
        assert_eq!(bench.player.phase(), Phase::Running);
        let pulses = bench.seen.pulses;
        bench.halves(5 * SECOND, false);
        assert_eq!(bench.seen.pulses - pulses, 5 * 50);
        // the rest of 15 s, and some of the 45 s of the pause
        bench.halves(20 * SECOND, false);
        assert!(!bench.enabled.get());
        assert_eq!((bench.seen.sum, bench.seen.highest, bench.seen.lowest), (0, FULL, -FULL));
        let pulses = bench.seen.pulses;
        bench.halves(45 * SECOND, false);
        assert!(bench.seen.pulses > pulses + 100, "the next contraction");
        bench.halves(80, true);
        bench.halves(200, false);
        assert_eq!((bench.player.phase(), bench.enabled.get()), (Phase::Off(Why::Done), false));
        assert_eq!(bench.seen.sum, 0, "what was played last was played to its end");
        let pulses = bench.seen.pulses;
        bench.halves(SECOND, true);
        assert_eq!(bench.seen.pulses, pulses);
    });
}

/// REQ-HAL-387: a current that is not the one that was played, whichever way, ends it in the half that follows.
#[test]
fn a_current_that_was_not_played() {
    let faults: [(&str, Fault); 5] = [
        ("no current: an electrode is off", |_| 0),
        ("the wrong way round", |code| -i32::from(code)),
        ("a quarter too much", |code| i32::from(code) * 5 / 4),
        ("a quarter too little", |code| i32::from(code) * 3 / 4),
        ("stuck at full scale", |_| 2_047),
    ];
    for (name, fault) in faults {
        on_a_bench(|bench| {
            bench.at_full_level();
            // from the start of a rest on, so that the next pulse is the first that is off
            while bench.out != 0 || bench.seen.flowing != 0 {
                bench.half(false, None);
            }
            let pulses = bench.seen.pulses;
            bench.fault = fault;
            bench.halves(60, false);
            assert!(matches!(bench.player.phase(), Phase::Off(Why::NotDelivered(_))), "{name}");
            assert!(!bench.enabled.get() && bench.seen.pulses <= pulses + 1, "{name}");
        });
    }
}

/// REQ-HAL-387: what a converter is off by, and a spike of two samples, end nothing.
#[test]
fn a_current_that_is_nearly_it() {
    for fault in [|code: i16| i32::from(code) * 11 / 10 + 5, |code: i16| i32::from(code) * 9 / 10 - 5] {
        on_a_bench(|bench| {
            bench.fault = fault;
            bench.at_full_level();
            bench.halves(SECOND, false);
            assert_eq!(bench.player.phase(), Phase::Running);
        });
    }
}

/// REQ-HAL-386: a half that was missed, and one that was filled too late, end it; so does all that the hardware says.
#[test]
fn missed_late_and_told() {
    on_a_bench(|bench| {
        bench.at_full_level();
        assert_eq!(bench.player.finish(true, true), None);
        assert_eq!((bench.player.phase(), bench.enabled.get()), (Phase::Off(Why::Late), false));
        bench.halves(SECOND, true);
        assert_eq!(bench.player.phase(), Phase::Off(Why::Late));
    });
    on_a_bench(|bench| {
        bench.at_full_level();
        bench.player.was_late();
        assert_eq!((bench.player.phase(), bench.enabled.get()), (Phase::Off(Why::Late), false));
    });
    for why in [Why::EmergencyStop, Why::Opened, Why::Converter] {
        on_a_bench(|bench| {
            bench.at_full_level();
            bench.half(false, Some(why));
            assert_eq!((bench.player.phase(), bench.enabled.get()), (Phase::Off(why), false));
            let pulses = bench.seen.pulses;
            bench.halves(SECOND, true);
            bench.halves(SECOND, false);
            assert_eq!((bench.player.phase(), bench.seen.pulses), (Phase::Off(why), pulses));
        });
    }
}

/// REQ-APP-342: with a line that stays high after a half was missed, or after a stop, nothing is played again and again: the next
/// sample is zero, in whichever half DMA reads, for as long as halves are missed.
#[test]
fn a_line_that_stays_high_gets_no_current() {
    for missed in [true, false] {
        on_a_bench(|bench| {
            bench.at_full_level();
            let ring = bench.ring;
            while !ring.items().iter().any(|word| i32::from(word.load(Ordering::Relaxed)) == i32::from(FULL))
            {
                bench.half(false, None);
            }
            bench.missing = true;
            if missed {
                assert_eq!(bench.player.finish(true, true), None);
            } else {
                bench.player.off(Why::EmergencyStop);
            }
            assert!(matches!(bench.player.phase(), Phase::Off(_)) && !bench.enabled.get());
            bench.enabled.set(true);
            (bench.out, bench.seen) = (0, Seen_::default());
            bench.halves(SECOND, true);
            assert_eq!((bench.seen.pulses, bench.seen.highest, bench.seen.lowest), (0, 0, 0), "{missed}");
        });
    }
}

/// A stage whose line fails so often to go low.
struct Stuck<'l>(Stage<'l>, &'l Cell<u32>);

impl ErrorType for Stuck<'_> {
    type Error = ErrorKind;
}

impl OutputPin for Stuck<'_> {
    fn set_low(&mut self) -> Result<(), ErrorKind> {
        let left = self.1.get();
        self.1.set(left.saturating_sub(1));
        if left > 0 { Err(ErrorKind::Other) } else { self.0.set_low().map_err(|never| match never {}) }
    }
    fn set_high(&mut self) -> Result<(), ErrorKind> {
        self.0.set_high().map_err(|never| match never {})
    }
}

/// REQ-HAL-445: a line that could not be set low is tried again with every half, until it is low.
#[test]
fn a_line_that_stays_high_is_tried_again() {
    let mut storage = channel_storage();
    let mut place = None;
    let checked = checked(&mut storage, &mut place).unwrap();
    let (mut states, enabled, left) = ([ChannelState::new(); 1], Cell::new(false), Cell::new(0));
    let (own, calibration) = (hardware().unwrap(), Calibration::decode(&CALIBRATION).unwrap());
    let ring = Samples::new();
    let stage = Stuck(Stage(&enabled), &left);
    let mut player = Player::new(checked, &mut states, (&own, &calibration), stage, &ring).unwrap();
    enabled.set(true);
    // each stop tries twice
    left.set(7);
    player.off(Why::EmergencyStop);
    assert_eq!((player.finish(true, true), left.get()), (None, 3), "a half that was missed");
    let readings = [2_048; HALF];
    let seen = Seen { readings: &readings, wrong: None, start_closed: false };
    for (place, next, high) in [(0, 2, true), (1, 3, false), (0, 4, false)] {
        assert!(player.half(Half { place, next }, &seen).iter().all(|sample| *sample == 0));
        assert_eq!((enabled.get(), player.phase()), (high, Phase::Off(Why::EmergencyStop)), "{next}");
    }
}

/// REQ-HAL-406: the board holds a plan against what the board itself is, and its converter's calibration against its own output:
/// another converter, a calibration of another board and a damaged one arm nothing.
#[test]
fn another_board_arms_nothing() {
    let mut storage = channel_storage();
    let mut place = None;
    let checked = checked(&mut storage, &mut place).unwrap();
    let (own, enabled, ring) = (hardware().unwrap(), Cell::new(true), Samples::new());
    let with = |hardware: &Hardware, calibration: &Calibration| {
        let mut states = [ChannelState::new(); 1];
        Player::new(checked, &mut states, (hardware, calibration), Stage(&enabled), &ring)
            .err()
            .map(|why| format!("{why:?}"))
    };
    let calibration = Calibration::decode(&CALIBRATION).unwrap();
    assert_eq!(with(&own, &calibration), None);
    let stronger = ChannelHardware::symmetric(100_000, -2_048, 2_047);
    let other = Hardware::new(*own.timing(), &[stronger], own.calibration_crc()).unwrap();
    assert!(with(&other, &calibration).unwrap().contains("Hardware"));
    let recalibrated = Hardware::new(*own.timing(), own.channels(), 7).unwrap();
    assert!(with(&recalibrated, &calibration).unwrap().contains("OtherHardware"));
    let of_another = Calibration::new(&[LINE], 7).unwrap();
    assert!(with(&own, &of_another).unwrap().contains("OtherHardware"));
    for byte in 0..CALIBRATION.len() {
        let mut damaged = CALIBRATION;
        damaged[byte] ^= 1;
        assert!(Calibration::decode(&damaged).is_err(), "byte {byte}");
    }
}
