//! Admitted edges for any level, by way of a guard each.

use nmes_core::{
    Channel, ChannelHardware, Gate, Hardware, HardwareTiming, Level, MAX_CHANNELS, Micros, Millis, Plan,
    Polarity, PulseShape, Ramp, Rate, Rest, Schedule, Session, Setting, Train,
};
use nmes_safety::{Admitted, AdmittedEdge, Checked, Event, Guard, Profile, Setup, UseClass, check};
use std::boxed::Box;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::vec::Vec;

/// The largest code there is a permission for; one is 1 µA here.
const CODE_MAX: u32 = 100_000;
/// Of every phase and gap, in microseconds.
const WIDTH_US: u32 = 60;

/// A plan for each polarity and rest.
type Plans = Vec<(Polarity, Rest, &'static Checked<'static>)>;
/// An edge, and the frame that it is of.
type Permit = (AdmittedEdge, Admitted<'static>);
type Known = HashMap<(u8, Level), Permit>;

/// The edges; `None` when there is a channel that no hardware has.
pub(super) fn of(edges: &[(u8, Level)]) -> Option<Vec<Permit>> {
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| Mutex::new(Known::new()));
    let mut known = known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let in_range = edges.iter().all(|(channel, _)| usize::from(*channel) < MAX_CHANNELS);
    in_range.then(|| {
        edges
            .iter()
            .map(|&(channel, level)| *known.entry((channel, level)).or_insert_with(|| made(channel, level)))
            .collect()
    })
}

/// A rest is the gap of a pulse of one code, a code its first phase.
fn made(channel: u8, level: Level) -> Permit {
    let (code, leading, gap) = match level {
        Level::Code(0) => (1, Polarity::Positive, Rest::DrivenZero),
        Level::Code(code @ 1..) => (code.unsigned_abs(), Polarity::Positive, Rest::Open),
        Level::Code(code) => (code.unsigned_abs(), Polarity::Negative, Rest::Open),
        Level::Shorted => (1, Polarity::Positive, Rest::Shorted),
        Level::Open => (1, Polarity::Positive, Rest::Open),
    };
    assert!(code <= CODE_MAX, "no permission for {level:?}: the suite's guards end at {CODE_MAX} codes");
    let checked = checked(leading, gap);
    let mut guard = Guard::new(checked, 0);
    for event in [Event::Passed, Event::Probe, Event::Contact] {
        guard.handle(0, event).unwrap();
    }
    let setting = |ua| Setting::new(ua, WIDTH_US).unwrap();
    // up in steps of 1 mA, four a second
    let mut now = 0;
    for step in 1..=code.div_ceil(1_000) {
        now += 2_500_000;
        guard.set_level(now, channel, setting(code.min(step * 1_000))).unwrap();
    }
    let frame = checked.plan().frame(channel, setting(code), now + 1_000).unwrap();
    let admitted = *guard.admit(now, &frame).unwrap();
    let rests = !matches!(level, Level::Code(code) if code != 0);
    let edge = admitted.edge(u16::from(rests)).unwrap();
    assert_eq!((edge.channel(), edge.level()), (channel, level));
    (edge, admitted)
}

/// A checked plan of eight channels, made once for each polarity and rest.
fn checked(leading: Polarity, gap: Rest) -> &'static Checked<'static> {
    static PLANS: OnceLock<Mutex<Plans>> = OnceLock::new();
    let plans = PLANS.get_or_init(|| Mutex::new(Vec::new()));
    let mut plans = plans.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((.., checked)) = plans.iter().find(|(l, g, _)| (*l, *g) == (leading, gap)) {
        return checked;
    }
    let checked: &'static _ = Box::leak(Box::new(check_plan(leading, gap)));
    plans.push((leading, gap, checked));
    checked
}

fn check_plan(leading: Polarity, gap_rest: Rest) -> Checked<'static> {
    let ms = |n| Millis::from_millis(n).unwrap();
    let gap = Micros::from_micros(WIDTH_US).unwrap();
    let top = Setting::new(CODE_MAX, WIDTH_US).unwrap();
    let channel = Channel {
        pulse: PulseShape { gap, leading, ..PulseShape::default() },
        rate: Rate::from_hz(1).unwrap(),
        train: Train::default(),
        set: top,
        ceiling: top,
        ramp: Ramp { up: ms(500), down: ms(500), down_min: ms(500), ..Ramp::default() },
        offset: Micros::ZERO,
    };
    let channels = Box::leak(Box::new([channel; MAX_CHANNELS]));
    let gate =
        Gate { max_on: ms(3_000), min_off: ms(100), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    let session = Session::new(channels, Schedule::Gated(gate), ms(600_000)).unwrap();
    let limit = i32::try_from(CODE_MAX).unwrap();
    let output = ChannelHardware::symmetric(1_000, -limit, limit);
    let timing = HardwareTiming { gap_rest, ..HardwareTiming::ideal(1_000_000) };
    let hardware = Hardware::new(timing, &[output; MAX_CHANNELS], 0).unwrap();
    let plan = Plan::compile(&session, &hardware).unwrap();
    let setup = Setup::new(&[10_000; MAX_CHANNELS], UseClass::FunctionalWear).unwrap();
    check(plan, &setup, &Profile::default()).unwrap_or_else(|denied| panic!("{denied}"))
}
