//! Outputs that take whole frames, the clock that goes with them, and levels moved within what is authorised.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod common;

use common::*;
use nmes_core::*;
use nmes_hal_adapters::sim::{Bench, SimOutput};
use nmes_hal_adapters::{Alarm, Cause, CommandError, Output, PacedClock, Stimulator};
use nmes_safety::{Admitted, AdmittedEdge, UseClass};
use std::cell::RefCell;

/// What an output was told.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Begin { channel: u8, sequence: u32, edges: u16 },
    Edge(u8, Level),
}

/// Writes down what it is told; fails the begin of one frame.
struct Watched<'b, 't> {
    inner: SimOutput<'b, ()>,
    told: &'t RefCell<Vec<Told>>,
    fails_at: usize,
}

impl Output for Watched<'_, '_> {
    type Error = &'static str;

    fn hardware(&self) -> &Hardware {
        self.inner.hardware()
    }

    fn begin(&mut self, frame: &Admitted<'_>) -> Result<(), Self::Error> {
        let frame = frame.frame();
        let (channel, sequence, edges) = (frame.channel(), frame.sequence(), frame.edge_count());
        let mut told = self.told.borrow_mut();
        told.push(Told::Begin { channel, sequence, edges });
        let begun = told.iter().filter(|told| matches!(told, Told::Begin { .. })).count();
        if begun == self.fails_at { Err("on purpose") } else { Ok(()) }
    }

    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
        self.told.borrow_mut().extend(edges.iter().map(|edge| Told::Edge(edge.channel(), edge.level())));
        self.inner.apply(edges).map_err(|_| "inner")
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
        self.inner.channel_off(channel).map_err(|_| "inner")
    }

    fn off(&mut self) -> Result<(), Self::Error> {
        self.inner.off().map_err(|_| "inner")
    }
}

fn two_channels() -> [Channel<'static>; 2] {
    let set = setting(5_000, 300);
    [channel(set), Channel { offset: Micros::from_micros(7_000).unwrap(), ..channel(set) }]
}

fn run(fails_at: usize, body: impl FnOnce(&RefCell<Vec<Told>>, Vec<PulseReceipt>, Option<Cause>)) {
    let (told, channels) = (RefCell::new(Vec::new()), two_channels());
    let hardware = hardware(HardwareTiming::ideal(MHZ), 25_000, 2);
    let session = Session::new(&channels, cyclic(), ms(60_000)).unwrap();
    let checked = checked(&session, &hardware, UseClass::Exercise);
    let bench = Bench::new(hardware, stage(1_000.0, 120.0), 0, 0);
    let output = Watched { inner: bench.output(), told: &told, fails_at };
    let mut states = [ChannelState::new(); 2];
    let mut stim = Stimulator::arm(&checked, &mut states, output, bench.alarm(), bench.sense()).unwrap();
    let sets: Vec<Setting> = channels.iter().map(|c| c.set).collect();
    raise(&mut stim, bench.clock(), &sets).unwrap();
    let mut seen = Seen::default();
    stim.start().unwrap();
    let until = bench.clock().now() + 2_000_000;
    let ended = run_to(&mut stim, bench.clock(), until, &mut seen);
    body(&told, seen.receipts, ended.err().map(|stopped| stopped.cause));
}

/// REQ-HAL-351: an output is given every frame whole, once, before its first edge; then come that frame's edges and no others.
#[test]
fn every_frame_is_given_before_its_first_edge() {
    run(usize::MAX, |told, receipts, stopped| {
        assert_eq!(stopped, None);
        let mut left = [(0_u32, 0_u16); 2];
        let mut begun = Vec::new();
        for told in told.borrow().iter() {
            match *told {
                Told::Begin { channel, sequence, edges } => {
                    assert_eq!(left[usize::from(channel)].1, 0, "the frame before has all its edges");
                    left[usize::from(channel)] = (sequence, edges);
                    begun.push((channel, sequence));
                }
                Told::Edge(channel, _) => {
                    let left = &mut left[usize::from(channel)].1;
                    *left = left.checked_sub(1).expect("an edge of a frame that was given");
                }
            }
        }
        let played: Vec<_> = receipts.iter().map(|receipt| (receipt.channel, receipt.sequence)).collect();
        assert!(begun.len() > 140 && played.iter().all(|frame| begun.contains(frame)));
        assert!(begun.len() - played.len() <= 2, "those under way");
    });
}

/// REQ-HAL-351: a frame that the output cannot take stops the stimulator, and none of its edges comes out.
#[test]
fn a_frame_that_is_refused_has_no_edge() {
    run(10, |told, _, stopped| {
        assert_eq!(stopped, Some(Cause::Output));
        assert!(matches!(told.borrow().last(), Some(Told::Begin { .. })), "and nothing after it");
    });
}

/// REQ-HAL-352: within what is authorised a level goes up and down at once, and what is authorised stays; above it, on no
/// channel, and once the session ends, it is refused and nothing changes.
#[test]
fn levels_move_within_what_is_authorised() {
    let channels = two_channels();
    let hardware = hardware(HardwareTiming::ideal(MHZ), 25_000, 2);
    let session = Session::new(&channels, Schedule::Continuous, ms(60_000)).unwrap();
    let checked = checked(&session, &hardware, UseClass::Continuous);
    let bench = Bench::new(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 2];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    let most = setting(4_000, 300);
    let refused = Err(CommandError::NotAuthorised { channel: 0, most: Setting::ZERO });
    assert_eq!(stim.modulate(0, setting(100, 300)), refused, "nothing was raised yet");
    raise(&mut stim, bench.clock(), &[most, most]).unwrap();
    stim.start().unwrap();
    let mut seen = Seen::default();
    let mut expected = Vec::new();
    for ua in [4_000, 100, 3_900, 0, 4_000, 50] {
        let receipt = stim.modulate(0, setting(ua, 200)).unwrap();
        assert_eq!(receipt.codes, ua / 25);
        expected.push(ua);
        run_to(&mut stim, bench.clock(), bench.clock().now() + 100_000, &mut seen).unwrap();
        assert_eq!(stim.guard().authorised(0), Some(most));
    }
    let mut levels: Vec<u32> = seen
        .receipts
        .iter()
        .filter(|r| r.channel == 0 && r.full_level)
        .map(|r| r.code.unsigned_abs() * 25)
        .collect();
    levels.dedup();
    assert!(levels.ends_with(&[100, 3_900, 4_000, 50]), "{levels:?}");
    for above in [setting(4_025, 300), setting(4_000, 301)] {
        assert_eq!(stim.modulate(0, above), Err(CommandError::NotAuthorised { channel: 0, most }));
    }
    assert!(stim.modulate(2, setting(100, 300)).is_err());
    assert_eq!(stim.engine().setting(0), Some(setting(50, 200)));
    stim.stop(StopPolicy::FinishPulse).unwrap();
    assert_eq!(stim.modulate(0, setting(25, 200)), Err(CommandError::Ending));
}

/// REQ-HAL-352: a pause ramps every channel down from where it is and keeps it silent; a resume ramps it up again.
#[test]
fn a_pause_ramps_down_and_a_resume_up() {
    let channels = two_channels();
    let hardware = hardware(HardwareTiming::ideal(MHZ), 25_000, 2);
    let session = Session::new(&channels, Schedule::Continuous, ms(60_000)).unwrap();
    let checked = checked(&session, &hardware, UseClass::Continuous);
    let bench = Bench::new(hardware, stage(1_000.0, 120.0), 0, 0);
    let mut states = [ChannelState::new(); 2];
    let mut stim =
        Stimulator::arm(&checked, &mut states, bench.output(), bench.alarm(), bench.sense()).unwrap();
    let sets: Vec<Setting> = channels.iter().map(|c| c.set).collect();
    raise(&mut stim, bench.clock(), &sets).unwrap();
    stim.start().unwrap();
    let codes = |stim: &mut Stimulator<'_, _, _, _>, ms: u64| {
        let mut seen = Seen::default();
        run_to(stim, bench.clock(), bench.clock().now() + ms * 1_000, &mut seen).unwrap();
        seen.receipts.iter().filter(|r| r.channel == 1).map(|r| r.code).collect::<Vec<_>>()
    };
    codes(&mut stim, 1_000);
    assert_eq!((stim.pause(), stim.pause()), (Ok(true), Ok(false)));
    let down = codes(&mut stim, 300);
    assert!(down.len() >= 6 && down.windows(2).all(|pair| pair[1] < pair[0]), "{down:?}");
    assert!(codes(&mut stim, 500).is_empty());
    assert_eq!((stim.resume(), stim.resume()), (Ok(true), Ok(false)));
    let up = codes(&mut stim, 300);
    assert!(up.windows(2).all(|pair| pair[1] >= pair[0]) && up.last() == Some(&200), "{up:?}");
}

/// REQ-HAL-353: a paced clock never goes back, tells a time that is now or past as late, stands at the alarm's tick when it
/// is due, and is held just before it while the output is busy.
#[test]
fn a_paced_clock() {
    let clock = PacedClock::new(5_000);
    assert!(!clock.turn(100, false));
    assert!(!clock.turn(50, false));
    assert_eq!(clock.now(), 100);
    let mut alarm = clock.alarm();
    assert_eq!(alarm.set(100).unwrap_err().by_ticks, 0);
    assert_eq!((alarm.set(60).unwrap_err().by_ticks, clock.due_at()), (40, None));
    alarm.set(1_000).unwrap();
    assert!(!clock.turn(1_500, true) && clock.is_held());
    assert_eq!((clock.now(), alarm.now(), clock.due_at()), (999, 999, Some(1_000)));
    assert!(clock.turn(6_000, false) && !clock.is_held());
    assert_eq!((clock.now(), clock.stalls(), clock.worst_late()), (1_000, 0, 5_000), "as late as it bears");
    alarm.set(2_000).unwrap();
    assert!(clock.turn(7_001, false));
    assert_eq!(
        (clock.now(), clock.stalls(), clock.waited()),
        (2_000, 1, 5_001),
        "a tick more: time has waited"
    );
    alarm.set(3_000).unwrap();
    assert_eq!((clock.due_at(), clock.host_tick(3_000)), (Some(8_001), 8_001));
    assert!(!clock.turn(8_000, false) && clock.turn(8_001, false));
    alarm.set(4_000).unwrap();
    alarm.clear();
    assert!(!clock.turn(20_000, true));
    assert_eq!(clock.now(), 14_999);
}
