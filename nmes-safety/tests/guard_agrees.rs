//! Places where check, guard, tables and records have to agree about the same thing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod guard_support;

use guard_support::*;
use nmes_core::*;
use nmes_safety::output_table::{Answer, OutputTable};
use nmes_safety::records::{LogFlags, PulseRecord};
use nmes_safety::*;

/// Symmetric pulses for muscle without its nerve, one in two seconds.
fn direct(ua: u32, width_ms: u32) -> Result<Checked<'static>, Box<Denied<'static>>> {
    let set = setting(ua, width_ms * 1_000);
    let usual = Rig::default().checked().plan().session().channels()[0];
    let rate = Rate::new(1, 2_000_000).unwrap();
    let pulse = PulseShape { gap: Micros::ZERO, ..PulseShape::default() };
    let channels: &'static [Channel<'_>] = vec![Channel { pulse, rate, set, ceiling: set, ..usual }].leak();
    let session = Session::new(channels, Schedule::Continuous, ms(60_000)).unwrap();
    let output = ChannelHardware::symmetric(100_000, -2_048, 2_047);
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[output], 0).unwrap();
    let setup = Setup::new(&[20_000], UseClass::Specialist).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    check(plan, &setup, &Profile::named("specialist-direct-muscle").unwrap()).map_err(Box::new)
}

/// REQ-SAF-703: a pulse that the check lets be is admitted at full level: of 0.1 s and longer its energy is not bounded, of a
/// shorter one it is, by the check.
#[test]
fn the_energy_of_long_pulses() {
    for (ua, width_ms) in [(54_000, 110), (54_000, 100), (30_000, 200)] {
        let checked: &'static Checked<'static> = Box::leak(Box::new(direct(ua, width_ms).unwrap()));
        let mut guard = armed(checked, 0);
        let now = raise(&mut guard, checked, 0);
        let admitted = guard.admit(now, &pulse(checked, 1, now + 1_000)).map(|_| ());
        assert_eq!(admitted, Ok(()), "{ua} µA, {width_ms} ms");
    }
    let denied = direct(57_000, 99).unwrap_err();
    let rules: Vec<&str> = denied.report().denied().map(|row| row.rule.id).collect();
    assert_eq!(rules, ["N-EN-1"]);
}

/// REQ-SAF-704: without a least OFF time openings follow one another, and the table says so as the check does.
#[test]
fn the_longest_on_time() {
    for (min_off, longest) in [(0, 600_000), (100, 3_300)] {
        let gate = Gate {
            max_on: ms(3_000),
            min_off: ms(min_off),
            max_triggers_per_minute: 60,
            refractory: Millis::ZERO,
        };
        let usual = Rig::default().checked().plan().session().channels()[0];
        let ramp = Ramp { up: ms(300), down: ms(300), down_min: ms(260), ..Ramp::default() };
        let channels = [Channel { ramp, ..usual }];
        let session = Session::new(&channels, Schedule::Gated(gate), ms(600_000)).unwrap();
        let hardware = *Rig::default().checked().plan().hardware();
        let plan = Plan::compile(&session, &hardware).unwrap();
        let setup = Setup::new(&[20_000], UseClass::Exercise).unwrap();
        let row = *assess(&plan, &setup, &Profile::default()).row(&rules::E_DUTY_1).unwrap();
        let table = OutputTable::of(&plan, &setup, 0).unwrap();
        assert_eq!(row.value, Some(longest));
        let unit = Unit::Millis;
        let told = table.row("15").unwrap();
        assert_eq!(told.answer, Answer::Range { unit, least: 0, most: longest });
        assert_eq!(told.remark.contains("follow at once"), min_off == 0, "{}", told.remark);
    }
}

/// REQ-SAF-705: an entry is read back whatever flags were added, with those that no field decides.
#[test]
fn any_flags_are_read_back() {
    let entry = PulseRecord::of(&PulseReceipt {
        channel: 0,
        sequence: 1,
        kind: FrameKind::Pulse,
        onset_tick: 5_000,
        end_tick: 5_700,
        setting: setting(40_000, 300),
        code: -400,
        primary_ticks: 300,
        primary_charge: Charge::of(-40_000_000, 300).unwrap(),
        repeats: 1,
        ledger: Charge::ZERO,
        deferred_ticks: 0,
        full_level: false,
        cut: false,
    });
    for bits in 0..0x400 {
        let more = LogFlags::from_bits(bits).unwrap();
        let read = PulseRecord::decode(&entry.with_flags(more).encode()).unwrap();
        let decided = LogFlags::REPAYMENT | LogFlags::DEFERRED | LogFlags::MEASURED | LogFlags::TRIGGERED;
        assert_eq!(read.flags.bits(), entry.flags.bits() | (bits & !decided.bits()));
    }
}

/// A guard that probes, after three phases of no current, and the time.
fn without_contact() -> (Guard<'static>, u64) {
    let rig = Rig {
        class: UseClass::Specialist,
        set: (40_000, 200),
        ceiling: (40_000, 200),
        gap_us: 0,
        ..Rig::default()
    };
    let checked = rig.checked();
    let mut guard = Guard::new(checked, 0);
    guard.handle(0, Event::Passed).unwrap();
    guard.handle(0, Event::Probe).unwrap();
    let mut now = 1_000_000;
    for ua in [1_000, 2_000, 3_000] {
        while guard.set_level(now, 0, setting(ua, 200)).is_err() {
            now += 10_000;
        }
    }
    guard.keep_alive(now);
    let mut lost = 0;
    for n in 1..=3 {
        let onset = now + 100_000 * n;
        let frame = pulse_at(checked, setting(3_000, 200), u32::try_from(n).unwrap(), onset);
        guard.admit(onset - 100, &frame).unwrap();
        for edge in 0..frame.edge_count() {
            let t = frame.edge_tick(edge).unwrap();
            let none = Sensed {
                current_na: 0,
                voltage_mv: 90_000,
                at_tick: t - 1,
                instant: SampleInstant::PhaseEnd,
            };
            let answer = guard.edge(t, &change(&frame, edge), (edge > 0).then_some(none));
            lost += u32::from(answer.is_err_and(|trip| trip.fault == Fault::ContactLoss));
        }
    }
    assert_eq!(lost, 1);
    (guard, now + 400_000)
}

/// REQ-SAF-706: three phases of no current while probing are no contact; the check is begun again and is no fault. Where it is
/// disarmed without that answer, it stays one.
#[test]
fn no_contact_and_once_more() {
    let (mut guard, now) = without_contact();
    assert_eq!(guard.handle(now, Event::NoContact), Ok(State::Idle));
    assert_eq!(guard.handle(now, Event::Probe), Ok(State::Probing));
    guard.set_level(now + 1_000_000, 0, setting(1_000, 200)).unwrap();
    guard.keep_alive(now + 2_000_000);
    assert_eq!(guard.tick(now + 2_000_000).map(|report| report.state), Ok(State::Probing));
    let (mut guard, now) = without_contact();
    assert_eq!(guard.handle(now, Event::Disarm), Ok(State::Idle));
    assert_eq!(guard.tick(now + 2_000_000).map_err(|trip| trip.fault).err(), Some(Fault::ContactLoss));
}
