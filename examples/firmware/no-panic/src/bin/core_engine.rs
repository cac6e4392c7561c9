//! Link proof of `nmes-core`: sessions, plans, frames and the engine.
#![no_std]
#![no_main]

use nmes_core::{
    Channel, ChannelHardware, ChannelState, Charge, Control, Cycle, Engine, Gate, GateInput, Hardware,
    HardwareTiming, MicroAmps, Micros, Millis, Onsets, Plan, PulseFrame, PulseShape, Ramp, Rate, Schedule,
    Session, Setting, Slope, StopPolicy, TraceHash, Train,
};
use no_panic::{any, control, keep, rest};

#[expect(unsafe_code, reason = "the linker looks for the entry point by its name")]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    control();
    units();
    session();
    rest()
}

fn units() {
    keep(MicroAmps::from_microamps(any(1)).and_then(|a| a.checked_add(any(MicroAmps::MAX))));
    keep(Micros::from_micros(any(1)).and_then(|a| a.checked_sub(any(Micros::MAX))));
    keep(Charge::of(any(1), any(1)).and_then(|q| q.checked_add(any(Charge::ZERO))));
    keep(any(Charge::ZERO).as_picocoulombs(any(1)));
    if let Ok(rate) = Rate::from_millihertz(any(1))
        && let Ok(mut onsets) = Onsets::new(rate, any(1))
    {
        onsets.advance();
        keep(onsets.starting_at(any(1)).tick());
    }
}

fn session() {
    let Ok(rate) = Rate::new(any(40), any(1)) else { return };
    let (setting, time) = (any(Setting::default()), any(Millis::ZERO));
    let ramp = Ramp {
        control: any(Control::Width),
        slope: any(Slope::Exponential),
        up: time,
        down: time,
        down_min: time,
        floor: any(1),
    };
    let channel = Channel {
        pulse: any(PulseShape::default()),
        rate,
        train: any(Train::default()),
        set: setting,
        ceiling: any(setting),
        ramp,
        offset: any(Micros::ZERO),
    };
    let channels = any([channel; 8]);
    let gate =
        Gate { max_on: time, min_off: time, max_triggers_per_minute: any(1), refractory: Millis::ZERO };
    for schedule in
        [Schedule::Continuous, Schedule::Cyclic(Cycle { hold: time, rest: time }), Schedule::Gated(gate)]
    {
        let some = channels.get(..any(1)).unwrap_or(&[]);
        if let (Ok(session), Some(hardware)) = (Session::new(some, any(schedule), any(time)), hardware()) {
            plan(&session, &hardware);
        }
    }
}

fn hardware() -> Option<Hardware> {
    let channels = any([ChannelHardware::default(); 8]);
    let timing = any(HardwareTiming::ideal(1));
    Hardware::new(timing, channels.get(..any(1))?, any(1)).ok()
}

fn plan(session: &Session<'_>, hardware: &Hardware) {
    match Plan::compile(session, hardware) {
        Ok(plan) => {
            keep(plan.rounding(any(0)));
            keep(plan.length_ticks());
            if let Some(frame) = plan.frame(any(0), any(Setting::default()), any(0)) {
                look_at(&frame, hardware);
            }
            engine(&plan);
        }
        Err(error) => keep(error.field()),
    }
}

fn look_at(frame: &PulseFrame<'_>, hardware: &Hardware) {
    keep((frame.edge_tick(any(0)), frame.edge_level(any(0)), frame.length_ticks()));
    if let Some(channel) = hardware.channel(frame.channel()) {
        keep((frame.net_charge(channel), frame.peak_na(channel)));
    }
}

fn engine(plan: &Plan<'_>) {
    let mut storage = [ChannelState::new(); 8];
    let Ok(mut engine) = Engine::new(plan, storage.get_mut(..any(1)).unwrap_or_default()) else { return };
    let mut hash = TraceHash::new();
    while any(true) {
        inputs(&mut engine);
        if let Some(frame) = engine.pending() {
            hash.frame(&frame);
            keep(engine.accept(any(frame.channel()), any(frame.sequence())));
        }
        if let Some(step) = engine.step() {
            for change in step.changes() {
                hash.edge(step.at_tick(), &change);
            }
            keep(engine.applied(any(step.at_tick())));
        }
        keep((engine.take_receipt(), engine.next(), engine.finished(), engine.fault()));
        keep((engine.ledger(any(0)), engine.level(any(0)), engine.counters(any(0)), engine.setting(any(0))));
    }
    keep(hash.finish());
}

fn inputs(engine: &mut Engine<'_, '_>) {
    let now = any(0);
    match any(0_u8) {
        0 => keep(engine.command(any(0), any(Setting::default()), now)),
        1 => engine.start(now),
        2 => keep(engine.gate(any(GateInput::Open), now)),
        3 => engine.stop(any(StopPolicy::RecoverNow), now),
        4 => keep(engine.command_level(any(0), any(0), now)),
        5 => keep(engine.pause(now)),
        6 => keep(engine.resume(now)),
        _ => engine.tick(now),
    }
}
