//! The other foot's heel as the trigger, on six real walks and on affected ones, judged as the heel trigger is.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

mod common;

use common::{
    Event, Foot, Moment, PERIOD_US, Pulse, Shape, Step, THRESHOLD_UA, Verdict, build, judge, pulses, regular,
    walks, with_other,
};
use nmes_core::Millis;
use nmes_protocols::triggers::GateTrigger;
use nmes_protocols::triggers::opposite::{Opposite, OppositeTimes};
use nmes_protocols::{GateCommand, Heel, PollAt, Request};

/// After a strike of the treated foot: a train ends by time, whether the foot is down or not.
fn tail_us(times: &OppositeTimes) -> u64 {
    u64::from(times.ramp_down.as_millis()) * 1_000 + 450_000
}

fn times(shape: &Shape) -> OppositeTimes {
    OppositeTimes::new(Millis::from_millis(u32::try_from(shape.down_us / 1_000).unwrap()).unwrap())
}

/// The commands that the trigger gives on the other foot's heel events, polled when it asks.
fn drive(foot: &Foot, times: OppositeTimes) -> Vec<Moment> {
    let mut trigger = Opposite::new(times).unwrap();
    let mut told = Vec::new();
    trigger.heel(0, Heel::Loaded);
    trigger.start(0);
    let run_to = |trigger: &mut Opposite, told: &mut Vec<Moment>, until: u64| {
        while let PollAt::At(at) = trigger.poll_at() {
            if at >= until {
                return;
            }
            told.extend(trigger.poll(at).iter().map(|(_, command)| Moment { t_us: at, command }));
        }
    };
    for (t, event) in &foot.other {
        let heel = match event {
            Event::HeelOff => Heel::Lifted,
            Event::Strike => Heel::Loaded,
            Event::ToeOff => continue,
        };
        run_to(&mut trigger, &mut told, *t);
        told.extend(trigger.heel(*t, heel).map(|command| Moment { t_us: *t, command }));
    }
    run_to(&mut trigger, &mut told, u64::MAX);
    assert!(!trigger.state().is_on(), "{}", foot.name);
    told
}

/// How long before toe-off the level of each step passed the motor threshold, in ms; `None` where it was not above it by then.
fn ahead_ms(foot: &Foot, pulses: &[Pulse]) -> Vec<Option<u64>> {
    let steps = foot.steps();
    let first_above = |(i, step): (usize, &Step)| {
        // of the train that is on at toe-off: back to the last pause of more than two periods
        let from = if i == 0 { 0 } else { steps[i - 1].strike };
        let before: Vec<_> = pulses.iter().filter(|p| (from..=step.toe_off).contains(&p.t_us)).collect();
        let on = before.last().is_some_and(|p| p.t_us + 2 * PERIOD_US >= step.toe_off);
        let train = before.chunk_by(|a, b| b.t_us - a.t_us <= 2 * PERIOD_US).next_back()?;
        let above = train.iter().find(|p| p.ua > THRESHOLD_UA).filter(|_| on)?;
        Some((step.toe_off - above.t_us) / 1_000)
    };
    steps.iter().enumerate().map(first_above).collect()
}

/// Pulses of no step: not between the other heel's last strike before a toe-off and the tail after the strike that follows.
fn of_no_step(foot: &Foot, pulses: &[Pulse], tail_us: u64) -> usize {
    let strikes = || foot.other.iter().filter(|(_, event)| *event == Event::Strike).map(|(t, _)| *t);
    let windows: Vec<_> = foot
        .steps()
        .iter()
        .map(|s| {
            let from = strikes().filter(|t| *t <= s.toe_off).max().unwrap_or(s.heel_off);
            from..=s.strike + tail_us + PERIOD_US
        })
        .collect();
    pulses.iter().filter(|p| !windows.iter().any(|w| w.contains(&p.t_us))).count()
}

/// A row of the table in README.md.
fn row(foot: &Foot, shape: &Shape) -> (String, Verdict) {
    let told = drive(foot, times(shape));
    let v = judge(foot, &told, shape, tail_us(&times(shape)));
    let pulses = pulses(&told, shape);
    let ahead = ahead_ms(foot, &pulses);
    let mut on_time: Vec<u64> = ahead.iter().copied().flatten().collect();
    on_time.sort_unstable();
    let [least, median, most] = [0, on_time.len() / 2, on_time.len() - 1].map(|i| on_time[i]);
    let name = foot.name.replace("trial-", "").replace("-1 ", " | ");
    let row = format!(
        "| {name} | {} | {} | {least} / {median} / {most} | {} | {} of {} | {} |",
        v.swings.0,
        on_time.len(),
        v.swings.1,
        v.stances.1,
        v.stances.0,
        of_no_step(foot, &pulses, tail_us(&times(shape)))
    );
    (row, v)
}

/// REQ-PRO-393: on six recorded walks, both sides: above threshold by toe-off in nineteen of twenty steps, full level through
/// five of six swings, 80 ms of Off before nearly every toe-off; and the table of README.md is what comes out.
#[test]
fn six_walks_by_the_other_heel() {
    let (_, shape) = build(&Request::default());
    let table = include_str!("../README.md");
    let (mut steps, mut above, mut missing) = (0, 0, Vec::new());
    for foot in walks() {
        let (row, v) = row(&foot, &shape);
        println!("{row}");
        steps += v.led;
        above += v.above;
        assert!(v.swings.1 * 6 >= v.swings.0 * 5, "{}: {v:?}", foot.name);
        assert!(v.stances_to_toe_off.1 + 1 >= v.stances_to_toe_off.0, "{}: {v:?}", foot.name);
        if !table.contains(&row) {
            missing.push(row);
        }
    }
    assert!(above * 20 >= steps * 19, "{above} of {steps}");
    assert!(missing.is_empty(), "not in README.md:\n{}", missing.join("\n"));
}

/// REQ-PRO-393: slow and affected gait, made from numbers: a cycle of 1.2 to 2 s, the other heel's strike a quarter of it before
/// toe-off. Each swing that a stride was measured before has full level throughout, and the Off before the next.
#[test]
fn affected_walks_by_the_other_heel() {
    let (_, shape) = build(&Request::default());
    for cycle in [1_200_000, 1_400_000, 1_600_000, 2_000_000] {
        for lift_percent in [40, 50, 60] {
            let swing_from = cycle * (lift_percent - 35) / 100;
            let gait = regular("affected", cycle, swing_from, cycle * lift_percent / 100, 12);
            // a second later, so that the other foot has had its first swing
            let events = gait.events.iter().map(|(t, event)| (t + 1_000_000, *event)).collect();
            let foot = with_other(Foot { events, ..gait }, cycle);
            let told = drive(&foot, times(&shape));
            let v = judge(&foot, &told, &shape, tail_us(&times(&shape)));
            assert!(v.swings.0 == 12 && v.swings.1 >= 11, "{cycle} {lift_percent}: {v:?}");
            let pulses = pulses(&told, &shape);
            assert_eq!(of_no_step(&foot, &pulses, tail_us(&times(&shape))), 0, "{cycle} {lift_percent}");
            let ahead = ahead_ms(&foot, &pulses);
            assert!(ahead.iter().all(Option::is_some), "{cycle} {lift_percent}: {ahead:?}");
        }
    }
}

/// REQ-PRO-393: an opening for each strike that follows a swing of the other foot, none else; and no train is longer than the
/// most that is set.
#[test]
fn one_train_a_strike() {
    let (_, shape) = build(&Request::default());
    for foot in walks() {
        let told = drive(&foot, times(&shape));
        let strikes = foot.other.iter().filter(|(_, event)| *event == Event::Strike).count();
        let trains: Vec<_> = told.chunks(2).collect();
        assert!(trains.len() <= strikes && trains.len() + 2 >= strikes, "{}: {strikes}", foot.name);
        for train in trains {
            let [open, close] = train else { panic!("{}: a train without an end", foot.name) };
            assert!(open.command == GateCommand::Open && matches!(close.command, GateCommand::Close { .. }));
            assert!(close.t_us - open.t_us <= 2_000_000, "{}", foot.name);
        }
    }
}

/// What comes of strikes at a steady pace: trains, and how long each was open.
fn steady(stride_us: u64, lifted_us: u64, times: OppositeTimes, late_us: u64) -> Vec<(u64, u64)> {
    let mut trigger = Opposite::new(times).unwrap();
    trigger.heel(0, Heel::Loaded);
    trigger.start(0);
    let mut told = Vec::new();
    let mut run_to = |trigger: &mut Opposite, until: u64| {
        while let PollAt::At(at) = trigger.poll_at() {
            if at + late_us >= until {
                return;
            }
            told.extend(trigger.poll(at + late_us).iter().map(|(_, command)| (at + late_us, command)));
        }
    };
    for n in 1..=20 {
        run_to(&mut trigger, n * stride_us);
        assert_eq!(trigger.heel(n * stride_us, Heel::Lifted), None);
        run_to(&mut trigger, n * stride_us + lifted_us);
        assert_eq!(trigger.heel(n * stride_us + lifted_us, Heel::Loaded), None);
    }
    run_to(&mut trigger, u64::MAX);
    told.chunks(2).map(|train| (train[0].0, train[1].0 - train[0].0)).collect()
}

/// REQ-PRO-422: where the ramp-down lasts until the next strike or beyond, every strike still has its train: it begins when
/// the ramp is over, and ends when it would have ended without that.
#[test]
fn a_train_a_strike_with_long_ramps() {
    for (stride_ms, down, stride_percent) in [
        (1_000, 400, 60),
        (1_200, 500, 60),
        (1_200, 200, 85),
        (800, 200, 60),
        (1_000, 50, 99),
        (1_000, 0, 100),
    ] {
        let stride = stride_ms * 1_000;
        let times =
            OppositeTimes { stride_percent, ..OppositeTimes::new(Millis::from_millis(down).unwrap()) };
        let trains = steady(stride, stride * 4 / 10, times, 0);
        assert_eq!(trains.len(), 20, "{stride_ms} ms, ramp {down} ms, {stride_percent} %: {trains:?}");
        for (n, (at, on)) in (1_u64..).zip(&trains).skip(3) {
            let end = n * stride + stride * 4 / 10 + 25_000 + stride * u64::from(stride_percent) / 100;
            assert_eq!(at + on, end, "train {n}: {trains:?}");
        }
    }
}

/// REQ-PRO-422: a poll that is late by less than a swing does what was due in the order in which it became due.
#[test]
fn a_late_poll_keeps_the_order() {
    let times = OppositeTimes::new(Millis::from_millis(350).unwrap());
    for late in [0, 10_000, 30_000] {
        let trains = steady(1_000_000, 400_000, times, late);
        assert_eq!(trains.len(), 20, "{late} µs late: {trains:?}");
    }
}
