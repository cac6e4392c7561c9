//! Link proof of `nmes-safety`: the check, the guard and the interlock.
#![no_std]
#![no_main]

use nmes_core::{
    Change, Channel, ChannelHardware, FrameKind, Hardware, HardwareTiming, Level, MicroAmps, Micros, Millis,
    Plan, PulseFrame, PulseShape, Ramp, Rate, Schedule, Segment, Session, Setting, Train,
};
use nmes_safety::selftest::ClockCount;
use nmes_safety::{
    Event, Fault, Guard, Layer, Profile, SampleInstant, Sensed, Setup, UseClass, check, rules,
};
use no_panic::{any, control, keep, rest};

#[expect(unsafe_code, reason = "the linker looks for the entry point by its name")]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    control();
    checked();
    rest()
}

fn checked() -> Option<()> {
    let (setting, time) = (any(Setting::default()), any(Millis::ZERO));
    let channel = Channel {
        pulse: any(PulseShape::default()),
        rate: Rate::new(any(1), any(1)).ok()?,
        train: any(Train::default()),
        set: setting,
        ceiling: setting,
        ramp: any(Ramp::default()),
        offset: any(Micros::ZERO),
    };
    let channels = any([channel; 8]);
    let session = Session::new(channels.get(..any(1))?, any(Schedule::Continuous), time).ok()?;
    let outputs = any([ChannelHardware::default(); 8]);
    let hardware = Hardware::new(any(HardwareTiming::ideal(1)), outputs.get(..any(1))?, any(1)).ok()?;
    let plan = Plan::compile(&session, &hardware).ok()?;
    match check(plan, &setup()?, &profile()?) {
        Ok(checked) => {
            keep(checked.report().verdict());
            keep(checked.limit(&rules::E_PEAK_1));
            guard(&mut Guard::new(&checked, any(0)));
            keep(Guard::<2>::sized(&checked, any(0)).map(|mut two| guard(&mut two)));
        }
        Err(denied) => {
            for row in denied.report().denied() {
                keep((row.value_amount(), row.limit_amount(), row.channel()));
            }
            keep(denied.into_plan());
        }
    }
    Some(())
}

fn setup() -> Option<Setup> {
    let areas = any([1_u32; 8]);
    let setup = Setup::new(areas.get(..any(1))?, any(UseClass::Exercise)).ok()?;
    let setup = setup.with_contact_permille(any(1)).ok()?.with_shared(any(1), any(1)).ok()?;
    let setup = setup.with_rail_mv(any(1)).ok()?.with_load_ohm(any(1)).ok()?;
    let setup = setup.with_measurement_noise(any(MicroAmps::ZERO)).ok()?;
    setup.with_limit(any(Layer::Device), &rules::E_PEAK_1, any(1)).ok()
}

fn profile() -> Option<Profile> {
    let named = [Profile::named(any("a"))?, Profile::default()];
    named.get(any(0_usize))?.with_limit(&rules::E_Q_1, any(1)).ok()
}

fn guard<const N: usize>(guard: &mut Guard<'_, N>) {
    while any(true) {
        let now = any(0);
        match any(0_u8) {
            0 => keep(frame().map(|frame| guard.admit(now, &frame).map(|a| (*a.frame(), a.edge(any(0)))))),
            1 => keep(guard.edge(now, &change(), any(Some(sensed())))),
            2 => keep(guard.tick(now)),
            3 => keep(guard.set_level(now, any(0), any(Setting::default()))),
            4 => keep(guard.handle(now, any(Event::Passed))),
            5 => keep(guard.reset(now, any(Fault::Form))),
            6 => keep(guard.sample(now, any(0), sensed())),
            7 => guard.keep_alive(now),
            8 => keep(guard.cross_check(now, any(ClockCount { ticks: 0, ticks_per_second: 0 }), any(0))),
            9 => keep(guard.indicator(now)),
            _ => guard.off(now),
        }
        keep((guard.state(), guard.latched().copied(), guard.ledger(any(0)), guard.authorised(any(0))));
        keep(guard.admitted(any(0)).copied());
    }
}

fn frame() -> Option<PulseFrame<'static>> {
    let segments = any([Segment::default(); 6]);
    let kind = any(FrameKind::Pulse);
    PulseFrame::from_parts(any(0), kind, any(0), any(0), segments.get(..any(1))?, any(Level::Open))
}

fn change() -> Change {
    any(Change { channel: 0, sequence: 0, edge: None, level: Level::Open })
}

fn sensed() -> Sensed {
    any(Sensed { current_na: 0, voltage_mv: 0, at_tick: 0, instant: SampleInstant::Rest })
}
