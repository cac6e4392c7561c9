//! The tilt of the shank: the trigger at chosen moments, and the angle from its sensors.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::unreachable,
    clippy::as_conversions,
    clippy::float_arithmetic,
    reason = "tests: a panic is a failed test"
)]

mod triggers;

use nmes_protocols::GateCommand;
use nmes_protocols::triggers::tilt::{Motion, ShankAngle, Tilt, TiltFault, TiltState, TiltTimes};
use triggers::*;

const OPEN: Option<GateCommand> = Some(GateCommand::Open);

fn close() -> Option<GateCommand> {
    Some(GateCommand::Close { down: ms(DOWN_MS) })
}

/// REQ-PRO-345: the gate opens at the angle of the start, closes at that of the end, and between the two nothing happens.
#[test]
fn tilt_moments() {
    let mut trigger = tilt();
    trigger.start(0);
    let mut now = 0;
    let mut to = |trigger: &mut Tilt, mdeg: i32| {
        now += 20_000;
        (trigger.angle(now, Ok(mdeg)), trigger.state())
    };
    assert_eq!(
        to(&mut trigger, -16_000),
        (None, TiltState::Stance),
        "behind at the start: it has to come forward"
    );
    assert_eq!(to(&mut trigger, 0), (None, TiltState::Stance));
    assert_eq!(to(&mut trigger, 9_999), (None, TiltState::Stance));
    assert_eq!(to(&mut trigger, 10_000), (None, TiltState::Armed));
    assert_eq!(to(&mut trigger, -10_000), (None, TiltState::Armed));
    assert_eq!(to(&mut trigger, -14_999), (None, TiltState::Armed));
    assert_eq!(to(&mut trigger, -15_000), (OPEN, TiltState::Swing));
    assert_eq!(to(&mut trigger, -16_000), (None, TiltState::Swing));
    assert_eq!(to(&mut trigger, 9_000), (None, TiltState::Swing));
    assert_eq!(to(&mut trigger, 10_000), (close(), TiltState::RampDown));
    // 200 ms of ramp and 150 ms of wait
    for _ in 0..10 {
        to(&mut trigger, 11_000);
    }
    assert_eq!(trigger.state(), TiltState::Stance);
    for _ in 0..7 {
        assert_eq!(to(&mut trigger, 11_000), (None, TiltState::Stance));
    }
    assert_eq!(to(&mut trigger, 11_000), (None, TiltState::Armed));
}

/// REQ-PRO-345: what a shank can do is believed: 1,000 degrees a second and 5 degrees of noise.
#[test]
fn tilt_limits() {
    for (mdeg, fault) in [(15_000, None), (15_001, Some(TiltFault::Jump)), (-15_001, Some(TiltFault::Jump))] {
        let mut trigger = tilt();
        trigger.start(0);
        trigger.angle(0, Ok(0));
        trigger.angle(10_000, Ok(mdeg));
        assert_eq!(trigger.fault(), fault, "{mdeg}");
    }
    for (mdeg, fault) in [(100_000, None), (-100_001, Some(TiltFault::OutOfRange))] {
        let mut trigger = tilt();
        trigger.start(0);
        trigger.angle(0, Ok(mdeg));
        assert_eq!(trigger.fault(), fault, "{mdeg}");
    }
}

fn leaning(mdeg: f64, turn_mdps: i32, dice: &mut Dice) -> Motion {
    let (sin, cos) = (mdeg / 1_000.0).to_radians().sin_cos();
    let mg = |g: f64| (g * 1_000.0) as i32;
    Motion { along_mg: mg(cos) + dice.noise() / 500, across_mg: mg(sin) + dice.noise() / 500, turn_mdps }
}

/// REQ-PRO-349: the angle of the shank follows a swinging leg to within 2 degrees, with a gyroscope that is off by 3 degrees
/// a second, with shocks that the accelerometer feels, and with a sensor put on 8 degrees askew.
#[test]
fn shank_angle_in_walking() {
    let (mut shank, mut dice) = (ShankAngle::new(), Dice(4));
    let offset = 3_000;
    let mut worst = 0_i32;
    for step in 0..6_000_u32 {
        let now = u64::from(step) * 10_000;
        let t = f64::from(step) * 0.01;
        // standing for 20 s, then 30 degrees to either side every 1.25 s
        let walks = step >= 2_000;
        let (phase, rate) = ((t - 20.0) * std::f64::consts::TAU / 1.25, std::f64::consts::TAU / 1.25);
        let mdeg = if walks { 30_000.0 * phase.sin() } else { 0.0 };
        let turn = if walks { 30_000.0 * rate * phase.cos() } else { 0.0 } as i32;
        let mut motion = leaning(mdeg + 8_000.0, turn + offset, &mut dice);
        if walks && step % 125 < 15 {
            motion.along_mg += 900 - 60 * i32::try_from(step % 125).unwrap();
        }
        let angle = shank.update(now, motion).unwrap();
        if step == 1_900 {
            assert_eq!(shank.set_upright(), Ok(()));
        }
        if walks {
            worst = worst.max((angle - mdeg as i32).abs());
        }
    }
    assert!(worst < 2_000, "{worst} mdeg");
    assert!((shank.offset_mdps() - offset).abs() < 700, "{}", shank.offset_mdps());
}

/// REQ-PRO-349: readings that cannot be are refused on both sides of each limit, a part that hangs within half a second; a
/// sensor that sits wrongly is not made upright.
#[test]
fn shank_angle_refuses() {
    let still = Motion { along_mg: 1_000, across_mg: 0, turn_mdps: 0 };
    for (motion, refused) in [
        (Motion { along_mg: 16_500, ..still }, false),
        (Motion { along_mg: -16_501, ..still }, true),
        (Motion { across_mg: 16_501, ..still }, true),
        (Motion { turn_mdps: 2_100_000, ..still }, false),
        (Motion { turn_mdps: -2_100_001, ..still }, true),
    ] {
        assert_eq!(ShankAngle::new().update(0, motion).is_err(), refused, "{motion:?}");
    }
    let mut shank = ShankAngle::new();
    let mut hangs = None;
    for now in (0..1_000_000).step_by(10_000) {
        if shank.update(now, still) == Err(TiltFault::Frozen) {
            hangs.get_or_insert(now);
        }
    }
    assert_eq!(hangs, Some(500_000));
    for (across_mg, along_mg, upright) in [(500, 870, Ok(())), (530, 848, Err(()))] {
        let mut shank = ShankAngle::new();
        shank.update(0, Motion { along_mg, across_mg, turn_mdps: 0 }).unwrap();
        assert_eq!(shank.set_upright().map_err(drop), upright, "{across_mg}");
    }
}

/// REQ-PRO-349: the first angle is that of gravity, all the way round, to within 10 millidegrees of the reading's own steps.
#[test]
fn first_angle_all_round() {
    for deg in -180..=180 {
        let (sin, cos) = f64::from(deg).to_radians().sin_cos();
        let mg = |g: f64| (g * 10_000.0).round() as i32;
        let motion = Motion { along_mg: mg(cos), across_mg: mg(sin), turn_mdps: 0 };
        let angle = ShankAngle::new().update(0, motion).unwrap();
        let off = (angle - deg * 1_000).rem_euclid(360_000);
        assert!(off.min(360_000 - off) <= 10, "{deg}: {angle}");
    }
}

/// REQ-PRO-349: after a gap of readings the angle starts afresh from gravity, however it stood before.
#[test]
fn a_gap_starts_afresh() {
    let lean = |across_mg: i32, along_mg: i32| Motion { along_mg, across_mg, turn_mdps: 0 };
    for (gap_us, fresh) in [(10_000, false), (60_000_000, true)] {
        let mut shank = ShankAngle::new();
        shank.update(0, lean(0, 1_000)).unwrap();
        let angle = shank.update(gap_us, lean(1_000, 0)).unwrap();
        assert_eq!(angle > 80_000, fresh, "{gap_us}: {angle}");
    }
}

/// How far the knee is before the ankle, in degrees, by percent of a stride from heel strike: the curve of textbooks for
/// level walking, to a few degrees, not a recording.
const SHANK: [(u64, i64); 11] = [
    (0, -20),
    (10, -5),
    (30, 8),
    (40, 14),
    (50, 27),
    (60, 48),
    (67, 58),
    (80, 25),
    (90, -8),
    (97, -21),
    (100, -20),
];

/// That angle as the trigger takes it, in millidegrees: positive with the ankle before the knee.
fn textbook(in_stride_us: u64, stride_us: u64) -> i32 {
    let at = i64::try_from(in_stride_us * 100_000 / stride_us).unwrap();
    let part = SHANK.windows(2).find(|w| at <= i64::try_from(w[1].0).unwrap() * 1_000).unwrap();
    let [(from, low), (to, high)] = [part[0], part[1]];
    let (from, to) = (i64::try_from(from).unwrap() * 1_000, i64::try_from(to).unwrap() * 1_000);
    i32::try_from(-(low * 1_000 + (high - low) * 1_000 * (at - from) / (to - from))).unwrap()
}

/// Twenty strides: when the gate opened and closed, in percent of the stride in which it did.
fn walk(stride_us: u64, end_mdeg: i32, wait: u32) -> Vec<(u64, GateCommand)> {
    let times = TiltTimes {
        start_mdeg: -15_000,
        end_mdeg,
        wait: ms(wait),
        max_on: ms(2_000),
        ramp_down: ms(DOWN_MS),
        silence: ms(100),
    };
    let (mut trigger, mut told) = (Tilt::new(times).unwrap(), Vec::new());
    trigger.start(0);
    for now in (0..20 * stride_us).step_by(5_000) {
        let angle = textbook(now % stride_us, stride_us);
        let percent = now % stride_us * 100 / stride_us;
        told.extend(trigger.angle(now, Ok(angle)).map(|command| (percent, command)));
    }
    told
}

/// REQ-PRO-420: on the curve of a textbook with the ankle before the knee positive, the gate opens after heel rise and
/// before toe-off, is open through the swing, and closes before the heel strikes.
#[test]
fn phases_of_gait() {
    for stride_us in [900_000, 1_200_000, 2_000_000] {
        let told = walk(stride_us, 10_000, 100);
        assert!(told.len() >= 20, "{told:?}");
        for (percent, command) in told {
            let phase = if command == GateCommand::Open { 40..=60 } else { 85..=99 };
            assert!(phase.contains(&percent), "{stride_us} µs: {command:?} at {percent} % of the stride");
        }
    }
}

/// REQ-PRO-421: every stride has its train, with the end at any angle that a swing passes and a wait of up to a second: the
/// shank that ended the last train was before the vertical.
#[test]
fn a_train_in_every_stride() {
    for stride_us in [1_200_000, 1_500_000] {
        for (end_mdeg, wait) in [(10_000, 0), (10_000, 100), (5_000, 100), (0, 100), (0, 500), (0, 700)] {
            let opened =
                walk(stride_us, end_mdeg, wait).iter().filter(|(_, c)| *c == GateCommand::Open).count();
            assert_eq!(opened, 20, "stride {stride_us} µs, end {end_mdeg} mdeg, wait {wait} ms");
        }
    }
}

/// REQ-PRO-421: a shank that came before the vertical while the level fell or in the wait arms the trigger when the wait is
/// over; after a train that ended by the longest ON it has to come there first.
#[test]
fn before_the_vertical_in_the_wait() {
    for (came, state) in
        [(Some(60_000), TiltState::Armed), (Some(300_000), TiltState::Armed), (None, TiltState::Stance)]
    {
        let (mut trigger, from, mut log) = swinging();
        let mut over = None;
        let mut now = from;
        while over.is_none_or(|at| now < at + 600_000) {
            now += 10_000;
            let deg = match over
                .zip(came)
                .map(|(at, came)| i64::try_from(now).unwrap() - i64::try_from(at + came).unwrap())
            {
                // forward to 11 degrees and back, as fast as a shank turns
                Some(off) if off.abs() < 60_000 => 11 - i32::try_from(off.abs() / 10_000).unwrap() * 5,
                _ => -14,
            };
            log.run_to(&mut trigger, now);
            let command = trigger.angle(now, Ok(deg * 1_000));
            log.book(now, command);
            over = over.or((trigger.state() == TiltState::RampDown).then_some(now));
        }
        assert_eq!((trigger.state(), log.opened()), (state, 1), "{came:?}");
    }
}
