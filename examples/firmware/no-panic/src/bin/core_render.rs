//! Link proof: no panic is reachable from rendering, with anything that a guard may answer.
#![no_std]
#![no_main]

use nmes_core::{
    Change, Channel, ChannelHardware, ChannelState, Engine, GateInput, Hardware, HardwareTiming, Micros,
    Millis, Plan, PulseFrame, PulseReceipt, PulseShape, Ramp, Rate, Renderer, Sample, Schedule, Session,
    Setting, StopPolicy, Train, Watch,
};
use no_panic::{any, control, keep, rest};

#[expect(unsafe_code, reason = "the linker looks for the entry point by its name")]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    control();
    session();
    rest()
}

struct Guard;

impl Watch<'_> for Guard {
    fn admit(&mut self, frame: &PulseFrame<'_>) -> bool {
        keep(frame.onset_tick());
        any(true)
    }
    fn edge(&mut self, tick: u64, change: &Change) -> bool {
        keep((tick, change.edge));
        any(true)
    }
    fn receipt(&mut self, receipt: &PulseReceipt) {
        keep(*receipt);
    }
}

fn session() {
    let Ok(rate) = Rate::new(any(40), any(1)) else { return };
    let (set, time) = (any(Setting::default()), any(Millis::ZERO));
    let channel = Channel {
        pulse: any(PulseShape::default()),
        rate,
        train: any(Train::default()),
        set,
        ceiling: any(set),
        ramp: any(Ramp::default()),
        offset: any(Micros::ZERO),
    };
    let channels = any([channel; 8]);
    let outputs = any([ChannelHardware::default(); 8]);
    let (some, those) = (channels.get(..any(1)).unwrap_or(&[]), outputs.get(..any(1)).unwrap_or(&[]));
    let Ok(hardware) = Hardware::new(any(HardwareTiming::ideal(1)), those, any(1)) else { return };
    let Ok(session) = Session::new(some, any(Schedule::Continuous), time) else { return };
    if let Ok(plan) = Plan::compile(&session, &hardware) {
        render::<i16>(&plan);
        render::<i32>(&plan);
    }
}

fn render<S: Sample>(plan: &Plan<'_>) {
    let mut storage = [ChannelState::new(); 8];
    let Ok(engine) = Engine::new(plan, storage.get_mut(..any(1)).unwrap_or_default()) else { return };
    let Ok(mut renderer) = Renderer::<S>::new(engine, any(0)) else { return };
    let Some(old) = S::from_code(any(3)) else { return };
    let mut planes = any([[old; 64]; 8]);
    let mut flat = any([old; 512]);
    while any(true) {
        let now = any(renderer.tick());
        match any(0_u8) {
            0 => keep(renderer.engine_mut().command(any(0), any(Setting::default()), now)),
            1 => renderer.engine_mut().start(now),
            2 => keep(renderer.engine_mut().gate(any(GateInput::Open), now)),
            3 => renderer.engine_mut().stop(any(StopPolicy::RecoverNow), now),
            4 => keep(renderer.render(planes.get_mut(..any(1)).unwrap_or_default(), &mut Guard)),
            _ => keep(renderer.render_interleaved(flat.get_mut(..any(1)).unwrap_or_default(), &mut Guard)),
        }
        keep((renderer.fault(), &planes, &flat));
    }
}
