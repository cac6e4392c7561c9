//! Link proof of `nmes-protocols`: screening, the building of a session, the gait trigger, and the titration.
#![no_std]
#![no_main]

use nmes_core::{MicroAmps, Millis};
use nmes_protocols::titration::{Marks, Titration, TitrationConfig};
use nmes_protocols::{
    Answers, BalanceChoice, FOOT_DROP_STEP, GaitConfig, GaitTimes, Heel, Innervation, Request, Side, Subject,
    Trigger, build_channels, build_session, build_train, channel_storage, find, screen,
};
use no_panic::{any, control, keep, rest};

#[expect(unsafe_code, reason = "the linker looks for the entry point by its name")]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    control();
    build();
    if let Ok(config) = GaitConfig::new(any(GaitTimes::of_row(&FOOT_DROP_STEP))) {
        trigger(config);
    }
    if let Ok(config) = TitrationConfig::new(any(MicroAmps::ZERO)) {
        titrate(any(config));
    }
    rest()
}

fn titrate(config: TitrationConfig) {
    let mut titration = Titration::new(config);
    while any(true) {
        let now = any(0);
        match any(0_u8) {
            0 => titration.start(now),
            1 => keep(titration.key()),
            2 => keep(titration.refused()),
            3 => titration.train_ended(now),
            4 => keep(titration.answer(now, any(Marks::NONE))),
            _ => keep(titration.poll(now)),
        }
        keep((titration.state(), titration.level(), titration.ascent(), titration.thresholds()));
    }
}

fn build() {
    let Some(row) = find(any("a")) else { return };
    let answers = any(Answers::all_no());
    keep(screen(any(row.site), row.specific_items, &answers).outcome());
    let threshold = any(MicroAmps::from_microamps(1));
    let subject =
        Subject { motor_threshold: threshold, ..Subject::new(any(Innervation::Intact), any(Side::Left)) };
    let request = any(Request { balance: Some(BalanceChoice::Option), ..Request::default() });
    let mut storage = channel_storage();
    let subject = Subject { measured_width: any(None), ..subject };
    keep(
        build_channels(row, &[subject, any(subject)], &request, &answers, &mut storage)
            .map(|b| b.session)
            .is_ok(),
    );
    let train = any(Millis::ZERO);
    keep(build_train(row, &subject, &request, train, &answers, &mut storage).map(|b| b.session).is_ok());
    match build_session(row, &subject, &request, &answers, &mut storage) {
        Ok(built) => {
            keep(built.notes().count());
            keep(built.settings.get(any("a")).copied());
            keep(built.session);
            if let Some(gait) = built.gait {
                trigger(gait);
            }
        }
        Err(error) => keep(error),
    }
}

fn trigger(config: GaitConfig) {
    let mut trigger = Trigger::new(config);
    while any(true) {
        let now = any(0);
        keep(match any(0_u8) {
            0 => trigger.start(now),
            1 => trigger.resume(now),
            2 => trigger.pause(now),
            3 => trigger.stop(now),
            4 => trigger.manual_test(now),
            5 => trigger.acknowledge(now),
            6 => trigger.heel(now, any(Heel::Lifted)),
            7 => trigger.heel_edge(now, any(Heel::Loaded)),
            8 => trigger.other_heel(now, any(Heel::Loaded)),
            _ => trigger.poll(now),
        });
        keep((trigger.poll_at(), trigger.state(), trigger.counters(), trigger.take_note()));
        keep((trigger.hold_max_us(), trigger.tail_us()));
    }
}
