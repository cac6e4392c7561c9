//! Feeds the guard with sequences of calls, or the decoders of records with broken bytes, until a time is over.
//!
//! `cargo run --release -p nmes-safety --example fuzz_safety -- guard 60 [SEED]`
//!
//! There is no feedback of coverage: calls are those of a whole session with frames, edges, times and measurements changed,
//! bytes are whole records with bits, bytes and lengths changed and, half of the time, their sum made right again. What is
//! checked of the guard, besides that nothing panics: it holds the charge that was put out; what it admits is no stronger
//! than what is authorised, sums to what it may and is admitted only where output is permitted; what is authorised rises by
//! no more than a step and never above the ceiling; what has latched stays and answers every call. Of the decoders: what is
//! taken encodes to the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "a host tool in which a panic is the finding"
)]

#[path = "../tests/guard_support/mod.rs"]
mod guard_support;

use guard_support::{Rig, list, raise, remade, setting};
use nmes_core::*;
use nmes_safety::records::*;
use nmes_safety::*;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A small difference, either way.
    fn near(&mut self) -> i64 {
        self.below(7) as i64 - 3
    }
}

/// What was done.
#[derive(Default)]
struct Tally {
    runs: u64,
    calls: u64,
    taken: u64,
    refused: u64,
    /// How often each fault was the first of a run.
    faults: BTreeMap<String, u64>,
}

/// Sessions of several forms, on hardware that is on time, late, and calibrated.
fn sessions() -> Vec<&'static Checked<'static>> {
    static STEPS: [i16; 5] = [3_000, 9_000, 16_384, 12_000, 4_500];
    let us = |n| Micros::from_micros(n).unwrap();
    let wide =
        Rig { set: (20_000, 400), ceiling: (20_000, 450), class: UseClass::Specialist, ..Rig::default() };
    [
        Rig::default(),
        Rig { late: 20, stamp: 2, ..Rig::default() },
        Rig { gains: (100_000, 99_300), late: 10, ..Rig::default() },
        Rig { repeat: Repeat { count: 3, gap: us(1_000) }, ..wide },
        Rig { form: Form::Triphasic { outer_percent: 40 }, ..wide },
        Rig { form: Form::Table(&STEPS), set: (20_000, 302), ceiling: (20_000, 450), ..wide },
        Rig { balance: Balance::Asymmetric { length_percent: 300 }, late: 8, ..wide },
    ]
    .iter()
    .map(Rig::checked)
    .collect()
}

/// One guard, and what has to hold of it.
struct Run<'r> {
    random: &'r mut Random,
    checked: &'static Checked<'static>,
    guard: Guard<'static>,
    now: u64,
    sequence: u32,
    /// When the rate allows the next pulse.
    next_onset: u64,
    /// The frame that was admitted last, and its next edge.
    frame: Option<(PulseFrame<'static>, u16)>,
    level: Level,
    since: u64,
    ledger: i64,
    latched: Option<Trip>,
}

impl<'r> Run<'r> {
    fn new(random: &'r mut Random, checked: &'static Checked<'static>) -> Self {
        let mut guard = Guard::new(checked, 0);
        for event in [Event::Passed, Event::Probe, Event::Contact] {
            guard.handle(0, event).unwrap();
        }
        let now = if random.one_in(10) { 0 } else { raise(&mut guard, checked, 0) };
        let (frame, latched) = (None, None);
        Self {
            random,
            checked,
            guard,
            now,
            sequence: 0,
            next_onset: 0,
            frame,
            level: Level::Open,
            since: 0,
            ledger: 0,
            latched,
        }
    }

    fn output(&self) -> &'static ChannelHardware {
        self.checked.plan().hardware().channel(0).unwrap()
    }

    fn keep<T: core::fmt::Debug>(&mut self, answer: &Result<T, Trip>) {
        if let Err(trip) = answer {
            if let Some(first) = self.latched {
                assert_eq!(*trip, first, "the first fault is the answer");
            }
            if trip.response == Response::OpenNow {
                self.latched.get_or_insert(*trip);
            }
        } else {
            assert!(self.latched.is_none(), "{answer:?} after a latched fault");
        }
    }

    fn step(&mut self, tally: &mut Tally) {
        tally.calls += 1;
        match self.random.below(41) {
            0..=5 => self.admit(tally),
            6..=29 => self.edge(),
            30..=32 => self.tick(),
            33 | 34 => self.set_level(),
            35 => self.sample(),
            36 => self.guard.keep_alive(self.now),
            37 => self.handle(),
            38 => self.off(),
            39 => self.look_beside(),
            _ => self.reset(),
        }
        self.hold();
    }

    /// A frame of the plan, as it is or with a segment, number or onset changed.
    fn admit(&mut self, tally: &mut Tally) {
        if self.frame.is_some() && !self.random.one_in(40) {
            return self.edge();
        }
        self.guard.keep_alive(self.now);
        let authorised = self.guard.authorised(0).unwrap();
        let early = if self.random.one_in(30) { self.random.below(25_000) } else { 0 };
        let onset = self.now.max(self.next_onset).saturating_sub(early);
        let made = self.checked.plan().frame(0, authorised, onset);
        let asked = self.checked.plan().session().channels()[0].ceiling;
        let strong = self.random.one_in(200);
        let made = made.or_else(|| self.checked.plan().frame(0, asked, onset).filter(|_| strong));
        let Some(made) = made else { return self.set_level() };
        self.sequence += if self.random.one_in(40) { 0 } else { 1 };
        let frame = if self.random.one_in(12) { self.changed(&made) } else { numbered(&made, self.sequence) };
        let before = self.guard.state();
        let admitted = self.guard.admit(self.now, &frame).map(drop);
        self.keep(&admitted);
        if admitted.is_err() {
            tally.refused += 1;
            return;
        }
        tally.taken += 1;
        self.judge(&frame, authorised, before);
        self.next_onset = frame.onset_tick() + 25_000;
        self.frame = Some((frame, 0));
    }

    fn changed(&mut self, made: &PulseFrame<'static>) -> PulseFrame<'static> {
        let mut segments = list(made);
        segments.truncate(MAX_SEGMENTS);
        let index = self.random.below(segments.len() as u64) as usize;
        match self.random.below(5) {
            0 => {
                segments[index].ticks =
                    segments[index].ticks.saturating_add_signed(self.random.near() as i32).max(1)
            }
            1 => {
                if let Level::Code(code) = &mut segments[index].level {
                    *code += self.random.near() as i32;
                }
            }
            2 => drop(segments.remove(index)),
            3 => segments.swap(index, 0),
            _ => {
                segments[index].level =
                    [Level::Open, Level::Shorted, Level::Code(0)][self.random.below(3) as usize]
            }
        }
        let kinds = [made.kind(), FrameKind::Trim, FrameKind::Recover];
        let kind = kinds[if self.random.one_in(2) { self.random.below(3) as usize } else { 0 }];
        let onset = made.onset_tick();
        PulseFrame::from_parts(0, kind, self.sequence, onset, &segments, made.rest())
            .unwrap_or_else(|| numbered(made, self.sequence))
    }

    /// What was admitted, summed up segment by segment.
    fn judge(&self, frame: &PulseFrame<'_>, authorised: Setting, before: State) {
        assert!(before.permits_output() || frame.kind() != FrameKind::Pulse, "admitted in {before:?}");
        let output = self.output();
        let (mut net, mut peak) = (0_i64, 0_u64);
        for segment in frame.segments() {
            net += segment.level.current_na(output) * i64::from(segment.ticks);
            peak = peak.max(segment.level.current_na(output).unsigned_abs());
        }
        let code = u64::from(output.na_per_code_positive.max(output.na_per_code_negative));
        if frame.kind() == FrameKind::Pulse {
            assert!(before != State::Probing || peak <= 4_000_000, "{peak} nA while probing");
            let most = u64::from(authorised.amplitude.as_microamps()) * 1_000 + 2 * code;
            assert!(peak <= most, "{peak} nA admitted at {most}: {frame:?}");
            let left = if output.is_exact() { 0 } else { code * u64::from(frame.cycles()) };
            assert!(net.unsigned_abs() <= 2 * left, "{net} nA·ticks admitted: {frame:?}");
        } else {
            assert!(net != 0, "a repayment of nothing");
        }
    }

    /// The next edge of the frame in hand, on its grid or off it, as it should be or with its level or number changed.
    fn edge(&mut self) {
        let Some((frame, edge)) = self.frame else { return };
        let Some(due) = frame.edge_tick(edge) else {
            self.frame = None;
            return;
        };
        let off = if self.random.one_in(40) { self.random.below(60) } else { 0 };
        let t = if self.random.one_in(400) { due.saturating_sub(off) } else { due + off };
        let mut change = guard_support::change(&frame, edge);
        match self.random.below(600) {
            0 => change.level = Level::Code(self.random.near() as i32 * 100),
            1 => change.edge = None,
            2 => change.edge = Some(edge + 1),
            3 => change.sequence += 1,
            _ => {}
        }
        let sense = self.sensed(t);
        let answer = self.guard.edge(t, &change, sense);
        self.keep(&answer);
        self.change_level(t, change.level);
        self.frame = Some((frame, edge + 1));
    }

    fn sensed(&mut self, t: u64) -> Option<Sensed> {
        if !self.random.one_in(3) {
            return None;
        }
        let commanded = self.level.current_na(self.output());
        let permille = if self.random.one_in(50) { self.random.below(2_500) as i64 - 500 } else { 1_000 };
        let instants = [SampleInstant::PhaseStart, SampleInstant::PhaseEnd, SampleInstant::Rest];
        let driven = matches!(self.level, Level::Code(code) if code != 0);
        let instant = if driven { instants[self.random.below(2) as usize] } else { SampleInstant::Rest };
        let at_tick = t.saturating_sub(self.random.below(3));
        Some(Sensed { current_na: commanded * permille / 1_000, voltage_mv: 0, at_tick, instant })
    }

    fn change_level(&mut self, t: u64, level: Level) {
        let ticks = t.saturating_sub(self.since);
        self.ledger += self.level.current_na(self.output()) * i64::try_from(ticks).unwrap();
        (self.level, self.since, self.now) = (level, t, self.now.max(t));
    }

    fn tick(&mut self) {
        let wait =
            if self.random.one_in(30) { self.random.below(2_000_000) } else { self.random.below(3_000) };
        // mostly not past the next edge
        let edge = self.frame.and_then(|(frame, edge)| frame.edge_tick(edge));
        let due = edge.filter(|_| !self.random.one_in(100)).unwrap_or(u64::MAX);
        self.now = (self.now + wait).min(due).max(self.now);
        let answer = self.guard.tick(self.now);
        if self.latched.is_none() && answer.as_ref().is_err_and(|trip| trip.response != Response::OpenNow) {
            return;
        }
        self.keep(&answer);
    }

    fn set_level(&mut self) {
        let before = self.guard.authorised(0).unwrap();
        let ua =
            before.amplitude.as_microamps().saturating_add_signed((self.random.below(3_000) as i32) - 1_000);
        let width = self.checked.plan().session().channels()[0].ceiling.width.as_micros();
        let width = if self.random.one_in(4) { width - 1 + self.random.below(3) as u32 } else { width };
        let raised = self.guard.set_level(self.now, 0, setting(ua, width)).is_ok();
        let after = self.guard.authorised(0).unwrap();
        assert!(raised || after == before, "refused, and changed");
        assert!(
            after.amplitude.as_microamps() <= before.amplitude.as_microamps() + 1_000,
            "more than a step"
        );
    }

    fn sample(&mut self) {
        if let Some(sensed) = self.sensed(self.now) {
            let answer = self.guard.sample(self.now, 0, sensed);
            self.keep(&answer);
        }
    }

    /// The indicator, and a second clock that mostly agrees.
    fn look_beside(&mut self) {
        assert!(self.guard.indicator(self.now) || !matches!(self.level, Level::Code(code) if code != 0));
        let off = if self.random.one_in(100) { self.random.below(2_000_000) } else { 0 };
        let second = selftest::ClockCount { ticks: self.now + off, ticks_per_second: 1_000_000 };
        let answer = self.guard.cross_check(self.now, second, 10_000);
        self.keep(&answer);
    }

    fn handle(&mut self) {
        let events =
            [Event::Passed, Event::Probe, Event::Contact, Event::NoContact, Event::Disarm, Event::Level];
        if self.random.one_in(4) {
            let _ = self.guard.handle(self.now, events[self.random.below(6) as usize]);
        }
    }

    fn off(&mut self) {
        if self.random.one_in(10) {
            self.guard.off(self.now);
            self.change_level(self.now, Level::Open);
            self.frame = None;
        }
    }

    fn reset(&mut self) {
        let Some(latched) = self.latched.filter(|_| self.random.one_in(2)) else { return };
        let now = self.now.max(latched.at_tick);
        if self.guard.reset(now, latched.fault).is_ok() {
            (self.level, self.since, self.now, self.ledger) = (Level::Open, now, now, 0);
            (self.latched, self.frame) = (None, None);
            for event in [Event::Passed, Event::Probe, Event::Contact] {
                self.guard.handle(now, event).unwrap();
            }
        }
    }

    /// What holds after every call.
    fn hold(&mut self) {
        self.latched = self.latched.or_else(|| self.guard.latched().copied());
        let authorised = self.guard.authorised(0).unwrap();
        let ceiling = self.checked.plan().session().channels()[0].ceiling;
        assert!(authorised.amplitude <= ceiling.amplitude && authorised.width <= ceiling.width);
        if self.latched.is_some() {
            assert_eq!(self.guard.state(), State::Fault);
            assert_eq!(authorised.amplitude, MicroAmps::ZERO);
        }
        assert_eq!(
            self.guard.ledger(0),
            Some(Charge::from_nanoamp_ticks(self.ledger)),
            "the guard's own ledger"
        );
    }
}

/// The plan's frame with a number of its own, where its repeats are stored.
fn numbered(made: &PulseFrame<'static>, sequence: u32) -> PulseFrame<'static> {
    if usize::from(made.segment_count()) <= MAX_SEGMENTS {
        remade(made, sequence, made.onset_tick(), &list(made))
    } else {
        *made
    }
}

fn guard(tally: &mut Tally, random: &mut Random, sessions: &[&'static Checked<'static>]) {
    let checked = sessions[random.below(sessions.len() as u64) as usize];
    let mut run = Run::new(random, checked);
    for _ in 0..300 {
        run.step(tally);
    }
    if let Some(trip) = run.latched {
        *tally.faults.entry(format!("{:?}", trip.fault)).or_default() += 1;
    }
}

/// A record of each kind with random fields.
fn whole(random: &mut Random) -> Vec<u8> {
    let mut word = || random.next() as u32;
    match word() % 4 {
        0 => {
            let (begun, small) = (word(), |n: u32| MicroAmps::from_microamps(n % 1_000).unwrap());
            let mut record = DoseRecord {
                limits_crc: word(),
                begun,
                completed: word().min(begun),
                ..DoseRecord::default()
            };
            record.last_level[1] = small(word());
            first_write(&record, OffPermit::before_any_guard()).bytes().to_vec()
        }
        1 => {
            let hardware = Hardware::new(
                HardwareTiming::ideal(1_000 + word() % 1_000_000),
                &[ChannelHardware::symmetric(1 + word() % 100_000, -2_048, 2_047)],
                word(),
            );
            ChannelRecord::of(&hardware.unwrap(), 0, word(), word()).unwrap().encode().to_vec()
        }
        2 => StoredBlackBox::default().encode().to_vec(),
        _ => (0..LOG_BYTES).map(|_| word() as u8).collect(),
    }
}

fn broken(random: &mut Random) -> Vec<u8> {
    let mut bytes = whole(random);
    for _ in 0..random.below(6) {
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes[at] = 0,
            _ => bytes[at] = 0xff,
        }
    }
    if random.one_in(10) {
        bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
    }
    if random.one_in(2) && bytes.len() > 4 {
        let body = bytes.len() - 4;
        let sum = Crc32::of(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&sum);
    }
    bytes
}

fn records(tally: &mut Tally, random: &mut Random) {
    let bytes = broken(random);
    let same = |again: &[u8]| assert_eq!(again, &bytes[..], "{bytes:02x?}");
    let mut taken = false;
    if let Ok(record) = ChannelRecord::decode(&bytes) {
        same(&record.encode());
        taken = true;
    }
    if let Ok(record) = PulseRecord::decode(&bytes) {
        same(&record.encode());
        taken = true;
    }
    if let Ok(stored) = StoredBlackBox::decode(&bytes) {
        same(&stored.encode());
        taken = true;
    }
    if let Ok((record, sequence)) = DoseRecord::decode(&bytes) {
        let kept = choose(&bytes, &[0xff; DOSE_BYTES]).unwrap();
        let Found::Kept(kept) = kept else { panic!("{bytes:02x?}") };
        assert_eq!((kept.record, kept.sequence), (record, sequence));
        if sequence < u32::MAX {
            let next = next_write(&kept, &record, OffPermit::before_any_guard()).unwrap();
            assert_eq!(DoseRecord::decode(next.bytes()), Ok((record, sequence + 1)));
        }
        taken = true;
    }
    let other = broken(random);
    let _ = choose(&bytes, &other);
    let log: Vec<u8> = bytes.iter().chain(&other).copied().collect();
    assert!(log_entries(&log).count() <= log.len() / LOG_BYTES + 1);
    tally.calls += 1;
    tally.taken += u64::from(taken);
    tally.refused += u64::from(!taken);
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let which = arguments.next().expect("guard or records");
    let seconds = arguments.next().map_or(60, |word| word.parse().expect("seconds"));
    let seed = arguments.next().map_or(1, |word| word.parse().expect("a seed"));
    let (mut tally, mut random, begin) = (Tally::default(), Random(seed), Instant::now());
    let sessions = sessions();
    while begin.elapsed() < Duration::from_secs(seconds) {
        match which.as_str() {
            "guard" => guard(&mut tally, &mut random, &sessions),
            "records" => records(&mut tally, &mut random),
            other => panic!("guard or records, not {other}"),
        }
        tally.runs += 1;
    }
    let Tally { runs, calls, taken, refused, faults } = tally;
    println!(
        "{which}: {runs} runs, {calls} calls, {taken} taken, {refused} refused in {seconds} s, seed {seed}; no finding"
    );
    for (fault, times) in faults {
        println!("  {fault}: {times}");
    }
}
