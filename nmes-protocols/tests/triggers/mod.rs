//! What the tests of all triggers share: a runner on a virtual clock, and machines brought to where they put out.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_core::Millis;
use nmes_protocols::triggers::crank::{Crank, CrankTimes, Encoder, Forward, Window};
use nmes_protocols::triggers::emg::{Emg, EmgSample, EmgTimes, ThresholdStart};
use nmes_protocols::triggers::opposite::{Opposite, OppositeTimes};
use nmes_protocols::triggers::switch::{Contact, Mode, Switch, SwitchTimes};
use nmes_protocols::triggers::tilt::{Tilt, TiltTimes};
use nmes_protocols::triggers::timer::{Timer, TimerTimes};
use nmes_protocols::triggers::{GateCommands, GateTrigger};
use nmes_protocols::{GateCommand, Heel, PollAt};

pub const DOWN_MS: u32 = 200;
pub const DOWN_US: u64 = 200_000;
pub const MS: u64 = 1_000;

/// So many cases, or as many as `NMES_CASES` asks for.
pub fn cases(usual: u32) -> proptest::test_runner::Config {
    let cases = std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}

pub fn ms(value: u32) -> Millis {
    Millis::from_millis(value).unwrap()
}

/// A small generator; the seed is the test's.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// About ± 1, in thousandths, like noise.
    pub fn noise(&mut self) -> i32 {
        let sum: i64 = (0..4).map(|_| i64::try_from(self.roll(1_001)).unwrap()).sum();
        i32::try_from(sum - 2_000).unwrap()
    }
}

/// What gates were told, and when.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub told: Vec<(u64, u8, GateCommand)>,
}

impl Log {
    pub fn book(&mut self, now: u64, commands: impl Into<GateCommands>) {
        self.told.extend(commands.into().iter().map(|(channel, command)| (now, channel, command)));
    }

    /// Polls whenever the trigger asks for it, before `until`.
    pub fn run_to(&mut self, trigger: &mut impl GateTrigger, until: u64) {
        for _ in 0..1_000_000 {
            let PollAt::At(at) = trigger.poll_at() else { return };
            if at >= until {
                return;
            }
            let commands = trigger.poll(at);
            self.book(at, commands);
        }
        panic!("polls do not move on");
    }

    pub fn opened(&self) -> usize {
        self.told.iter().filter(|(_, _, c)| *c == GateCommand::Open).count()
    }

    /// When the last gate had ramped down, if all are closed.
    pub fn off_us(&self) -> Option<u64> {
        let mut open = [false; 8];
        let mut off = 0;
        for (at, channel, command) in &self.told {
            match command {
                GateCommand::Open | GateCommand::Hold => open[usize::from(*channel)] = true,
                GateCommand::Close { down } => {
                    open[usize::from(*channel)] = false;
                    off = off.max(at.saturating_add(u64::from(down.as_millis()) * MS));
                }
            }
        }
        (!open.contains(&true)).then_some(off)
    }

    /// Between two opens of a channel there is a close. (Where an opening and its end fall into one call the close stands
    /// alone.)
    pub fn takes_turns(&self) -> bool {
        (0..8).all(|channel| {
            let of: Vec<_> = self.told.iter().filter(|(_, c, _)| *c == channel).map(|(_, _, g)| *g).collect();
            of.windows(2).all(|w| w[0] != GateCommand::Open || w[1] != GateCommand::Open)
        })
    }
}

pub fn timer() -> Timer {
    Timer::new(TimerTimes { first: ms(100), on: ms(300), off: ms(250), ramp_down: ms(DOWN_MS), repeats: 3 })
        .unwrap()
}

pub const SWITCH_MAX_ON_US: u64 = 3_000_000;

pub fn switch(mode: Mode, silence: u32) -> Switch {
    let times = SwitchTimes { silence: ms(silence), ..SwitchTimes::new(mode, ms(3_000), ms(DOWN_MS)) };
    Switch::new(times).unwrap()
}

/// In ON since the time that comes with it, with the contact closed.
pub fn pressed(mode: Mode, silence: u32) -> (Switch, u64, Log) {
    let (mut switch, mut log) = (switch(mode, silence), Log::default());
    switch.contact(0, Contact::Open);
    switch.start(0);
    for now in (0..=500_000).step_by(10_000) {
        log.run_to(&mut switch, now);
        switch.contact(now, Contact::Open);
    }
    let mut now = 510_000;
    while log.opened() == 0 {
        let command = switch.contact(now, Contact::Closed);
        log.book(now, command);
        now += 5_000;
        assert!(now < 1_000_000, "a press opens");
    }
    (switch, now, log)
}

pub fn opposite() -> Opposite {
    Opposite::new(OppositeTimes::new(ms(DOWN_MS))).unwrap()
}

/// In ON just after the other heel struck.
pub fn struck() -> (Opposite, u64, Log) {
    let (mut trigger, mut log) = (opposite(), Log::default());
    trigger.heel(0, Heel::Loaded);
    trigger.start(0);
    trigger.heel(1_000_000, Heel::Lifted);
    log.run_to(&mut trigger, 1_400_000);
    trigger.heel(1_400_000, Heel::Loaded);
    log.run_to(&mut trigger, 1_430_000);
    assert_eq!(log.opened(), 1);
    (trigger, 1_430_000, log)
}

pub const TILT_MAX_ON_US: u64 = 2_000_000;

pub fn tilt() -> Tilt {
    Tilt::new(TiltTimes {
        start_mdeg: -15_000,
        end_mdeg: 10_000,
        wait: ms(150),
        max_on: ms(2_000),
        ramp_down: ms(DOWN_MS),
        silence: ms(100),
    })
    .unwrap()
}

/// In SWING with the shank behind.
pub fn swinging() -> (Tilt, u64, Log) {
    let (mut trigger, mut log) = (tilt(), Log::default());
    trigger.start(0);
    let mut now = 0;
    for deg in (0..=12).chain((-16..12).rev()) {
        now += 10_000;
        let command = trigger.angle(now, Ok(deg * 1_000));
        log.book(now, command);
    }
    assert_eq!(log.opened(), 1);
    (trigger, now, log)
}

pub fn emg_times() -> EmgTimes {
    EmgTimes {
        on: ms(1_000),
        ramp_down: ms(DOWN_MS),
        lockout: ms(1_000),
        attempt: ms(3_000),
        start: ThresholdStart::Given(20_000),
        ..EmgTimes::wrist(1_000, 400_000_000)
    }
}

/// Noise of an amplifier and a muscle: `nv` at about one standard deviation of 0.57.
pub fn muscle(dice: &mut Dice, nv: i32) -> EmgSample {
    EmgSample::Nanovolts(dice.noise() * nv / 1_000)
}

/// Feeds samples of a kilohertz from `from` to `until`.
pub fn feed(emg: &mut Emg, log: &mut Log, dice: &mut Dice, from: u64, until: u64, nv: i32) {
    for now in (from..until).step_by(1_000) {
        let command = emg.sample(now, muscle(dice, nv));
        log.book(now, command);
    }
}

/// In ON after an effort.
pub fn trying() -> (Emg, u64, Log) {
    let (mut emg, mut log, mut dice) = (Emg::new(emg_times()).unwrap(), Log::default(), Dice(7));
    emg.start(0);
    feed(&mut emg, &mut log, &mut dice, 0, 3_000_000, 4_000);
    let mut now = 3_000_000;
    while log.opened() == 0 {
        feed(&mut emg, &mut log, &mut dice, now, now + 1_000, 90_000);
        now += 1_000;
        assert!(now < 4_000_000, "an effort opens");
    }
    (emg, now, log)
}

pub const ENCODER: Encoder = Encoder { counts_per_turn: 1_024, forward: Forward::Up, index_mdeg: None };
pub const WINDOWS: [Window; 2] =
    [Window { start_deg: 280, width_deg: 140 }, Window { start_deg: 100, width_deg: 140 }];

pub fn crank_times(encoder: Encoder) -> CrankTimes {
    CrankTimes::new(encoder, ms(DOWN_MS))
}

/// A crank that a test turns: where it is in millionths of a turn, and its counter.
#[derive(Clone, Copy, Debug)]
pub struct Turner {
    pub now: u64,
    /// In thousandths of a millidegree.
    pub place: i128,
    pub first: u32,
    pub encoder: Encoder,
}

impl Turner {
    pub fn new(encoder: Encoder, first: u32) -> Self {
        Self { now: 0, place: 0, first, encoder }
    }

    /// What its counter reads.
    pub fn counts(&self) -> u32 {
        let counts = (self.place * i128::from(self.encoder.counts_per_turn)).div_euclid(360_000_000);
        let counts = match self.encoder.forward {
            Forward::Up => counts,
            Forward::Down => -counts,
        };
        self.first.wrapping_add_signed(i32::try_from(counts).unwrap())
    }

    pub fn angle_mdeg(&self) -> u64 {
        u64::try_from(self.place.rem_euclid(360_000_000) / 1_000).unwrap()
    }

    /// Turns at so many thousandths of a turn a minute for a time; forward is positive.
    pub fn turn(&mut self, us: u64, milli_rpm: i64) {
        // a turn a minute is 6 thousandths of a millidegree in a microsecond
        self.place += i128::from(milli_rpm) * i128::from(us) * 6 / 1_000;
        self.now += us;
    }

    /// Turns and is sampled every `step` µs, with the trigger polled when it asks.
    pub fn drive(
        &mut self,
        crank: &mut Crank<'_>,
        log: &mut Log,
        us: u64,
        step: u64,
        milli_rpm: impl Fn(u64) -> i64,
    ) {
        let end = self.now + us;
        while self.now < end {
            self.turn(step, milli_rpm(self.now));
            log.run_to(crank, self.now);
            let commands = crank.counts(self.now, self.counts());
            log.book(self.now, commands);
        }
    }
}

/// A crank trigger that was started, with its zero at the first sample.
pub fn started(encoder: Encoder, windows: &[Window], first: u32) -> (Crank<'_>, Turner, Log) {
    let mut crank = Crank::new(crank_times(encoder), windows).unwrap();
    let turner = Turner::new(encoder, first);
    crank.counts(0, turner.counts());
    crank.zero(0, 0).unwrap();
    crank.start(0).unwrap();
    (crank, turner, Log::default())
}

/// Turning at 40 a minute, with the first gate open.
pub fn pedalling(encoder: Encoder) -> (Crank<'static>, Turner, Log) {
    let (mut crank, mut turner, mut log) = started(encoder, &WINDOWS, 5);
    while !matches!(log.told.last(), Some((_, 0, GateCommand::Open))) {
        turner.drive(&mut crank, &mut log, 5_000, 5_000, |_| 40_000);
        assert!(turner.now < 10_000_000, "it gets there");
    }
    (crank, turner, log)
}
