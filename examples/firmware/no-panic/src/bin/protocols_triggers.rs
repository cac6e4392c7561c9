//! Link proof of `nmes-protocols`: the triggers besides the heel, any input at any time.
#![no_std]
#![no_main]

use nmes_core::Millis;
use nmes_protocols::Heel;
use nmes_protocols::triggers::GateTrigger;
use nmes_protocols::triggers::crank::{Crank, CrankTimes, Encoder, Finder, Forward, Window};
use nmes_protocols::triggers::emg::{Emg, EmgSample, EmgTimes};
use nmes_protocols::triggers::opposite::{Opposite, OppositeTimes};
use nmes_protocols::triggers::switch::{Contact, Mode, Switch, SwitchTimes};
use nmes_protocols::triggers::tilt::{Motion, ShankAngle, Tilt, TiltTimes};
use nmes_protocols::triggers::timer::{Timer, TimerTimes};
use no_panic::{any, control, keep, rest};

#[expect(unsafe_code, reason = "the linker looks for the entry point by its name")]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    control();
    switches();
    tilt();
    emg();
    crank();
    finder();
    rest()
}

fn time() -> Millis {
    any(Millis::ZERO)
}

/// Polls and stops, and looks at all there is to see.
fn every(trigger: &mut impl GateTrigger) {
    keep(trigger.poll(any(0)));
    if any(true) {
        keep(trigger.stop(any(0)));
    }
    keep((trigger.poll_at(), trigger.is_off()));
}

fn switches() {
    let times = TimerTimes { first: time(), on: time(), off: time(), ramp_down: time(), repeats: any(0) };
    if let Ok(mut timer) = Timer::new(times) {
        while any(true) {
            keep(timer.start(any(0)));
            every(&mut timer);
            keep((timer.state(), timer.opened()));
        }
    }
    let times = SwitchTimes { debounce: time(), ..SwitchTimes::new(any(Mode::Hold), time(), time()) };
    if let Ok(mut switch) = Switch::new(times) {
        while any(true) {
            keep(match any(0_u8) {
                0 => switch.start(any(0)),
                1 => switch.acknowledge(any(0)),
                _ => switch.contact(any(0), any(Contact::Open)),
            });
            every(&mut switch);
            keep(switch.state());
        }
    }
    let times = OppositeTimes { delay: time(), stride_percent: any(0), ..OppositeTimes::new(time()) };
    if let Ok(mut opposite) = Opposite::new(times) {
        while any(true) {
            keep(match any(0_u8) {
                0 => opposite.start(any(0)),
                1 => opposite.acknowledge(any(0)),
                _ => opposite.heel(any(0), any(Heel::Loaded)),
            });
            every(&mut opposite);
            keep((opposite.state(), opposite.on_us()));
        }
    }
}

fn tilt() {
    let times = TiltTimes {
        start_mdeg: any(0),
        end_mdeg: any(0),
        wait: time(),
        max_on: time(),
        ramp_down: time(),
        silence: time(),
    };
    let mut shank = ShankAngle::new();
    if let Ok(mut tilt) = Tilt::new(times) {
        while any(true) {
            let motion = Motion { along_mg: any(0), across_mg: any(0), turn_mdps: any(0) };
            let angle = shank.update(any(0), motion);
            keep(match any(0_u8) {
                0 => tilt.start(any(0)),
                1 => tilt.acknowledge(any(0)),
                _ => tilt.angle(any(0), angle),
            });
            keep((shank.set_upright(), shank.offset_mdps(), tilt.angle(any(0), Ok(any(0)))));
            every(&mut tilt);
            keep((tilt.state(), tilt.fault()));
        }
    }
}

fn emg() {
    if let Ok(mut emg) = Emg::new(any(EmgTimes::wrist(1_000, 1_000_000))) {
        while any(true) {
            keep(match any(0_u8) {
                0 => emg.start(any(0)),
                1 => emg.acknowledge(any(0)),
                2 => emg.sample(any(0), EmgSample::LeadOff),
                _ => emg.sample(any(0), EmgSample::Nanovolts(any(0))),
            });
            emg.stimulated(any(0));
            every(&mut emg);
            keep((
                emg.state(),
                emg.threshold_nv(),
                emg.attempt_nv(),
                emg.level_nv(),
                emg.fault(),
                emg.counters(),
            ));
        }
    }
}

fn crank() {
    let windows = [any(Window { start_deg: 0, width_deg: 10 }); 3];
    let encoder = Encoder { counts_per_turn: any(0), forward: any(Forward::Up), index_mdeg: any(Some(0)) };
    let times =
        CrankTimes { min_rpm: any(0), max_rpm: any(0), silence: time(), ..CrankTimes::new(encoder, time()) };
    if let Ok(mut crank) = Crank::new(times, &windows) {
        while any(true) {
            keep(match any(0_u8) {
                0 => crank.index(any(0)),
                1 => crank.motor(any(0), any(true)),
                2 => crank.acknowledge(any(0)),
                _ => crank.counts(any(0), any(0)),
            });
            keep((crank.zero(any(0), any(0)), crank.start(any(0))));
            every(&mut crank);
            keep((
                crank.state(),
                crank.angle_mdeg(),
                crank.speed_mdeg_s(),
                crank.fault(),
                times.lead_mdeg(any(0)),
            ));
        }
    }
}

fn finder() {
    let mut finder = Finder::new();
    while any(true) {
        finder.add(any(0), any(0), any(true));
    }
    keep(finder.window(any(0)));
}
