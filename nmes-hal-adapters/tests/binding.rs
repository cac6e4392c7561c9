//! Plans on commercial stimulators: grids, refusals, and wire frames that are the edges.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "tests; a panic is a failure"
)]

mod common;
mod stimulators;

use common::{channel, ms, setting};
use nmes_core::*;
use nmes_hal_adapters::wire::{Field as WireField, Limit, Plays, Refusal};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use proptest::prelude::*;
use stimulators::cases;

fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

fn low() -> sm4::Session {
    sm4::Session::low_level(sm4::Timing::default(), sm4::Measurement::None, sm4::HighVoltage::Standard)
}

fn mid() -> sm4::Session {
    sm4::Session::mid_level(sm4::Timing::default())
}

fn rehastim() -> rs2::Session {
    rs2::Session::new(rs2::Timing::default())
}

/// Edges as offset from the onset and current in µA; what does not change is no edge.
type Edges = Vec<(u64, i64)>;

fn edges(parts: impl Iterator<Item = (u64, i64)>) -> Edges {
    let (mut at, mut last, mut found) = (0, 0, Vec::new());
    for (width, current) in parts {
        if current != last {
            found.push((at, current));
        }
        last = current;
        at += width;
    }
    if last != 0 {
        found.push((at, 0));
    }
    found
}

/// The edges of a frame by its own account of them, edge by edge.
fn frame_edges(frame: &PulseFrame<'_>, hardware: &ChannelHardware) -> Edges {
    let grid: Vec<u64> =
        (0..frame.edge_count()).map(|i| frame.edge_tick(i).unwrap() - frame.onset_tick()).collect();
    let parts = (0..frame.segment_count()).map(|i| {
        let level = frame.edge_level(i).unwrap();
        (grid[usize::from(i) + 1] - grid[usize::from(i)], level.current_na(hardware) / 1_000)
    });
    edges(parts)
}

/// What the device would put out for the bytes of a low-level command.
fn sm4_wire(points: sm4::Points) -> Edges {
    let config = sm4::ChannelConfig {
        channel: sm4::Channel::Red,
        connector: sm4::Connector::Yellow,
        points: Some(points),
    };
    let mut frame = [0; sm4::COMMAND_LONGEST];
    let length = sm4::Command::LowLevelChannel(config).encode(1, &mut frame).unwrap();
    let mut decoder: sm4::Decoder = sm4::Decoder::new();
    let body = frame[..length].iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
    let command = sm4::Command::decode(&sm4::Packet::new(&body).unwrap()).unwrap();
    let sm4::Command::LowLevelChannel(sm4::ChannelConfig { points: Some(points), .. }) = command else {
        panic!("{command:?}")
    };
    edges(points.as_slice().iter().map(|p| (u64::from(p.width_us()), i64::from(p.current_ua()))))
}

/// The same for the bytes of a list: the device adds the opposite phase, and repeats at the list's gap.
fn rs2_wire(pulse: rs2::Pulse, list: &rs2::List) -> Edges {
    let start = rs2::Start::new(list, &[pulse]).unwrap();
    let mut frame = [0; rs2::FRAME_LONGEST];
    let length = rs2::Command::StartList(start).encode(1, &mut frame).unwrap();
    let mut decoder = rs2::Decoder::<69>::new();
    let body = frame[..length].iter().find_map(|&byte| decoder.push(byte).map(<[u8]>::to_vec)).unwrap();
    let command = rs2::Command::decode(&rs2::Packet::new(&body).unwrap()).unwrap();
    let rs2::Command::StartList(start) = command else { panic!("{command:?}") };
    let pulse = start.as_slice()[0];
    let (width, current) = (u64::from(pulse.width_us()), i64::from(pulse.current_ua()));
    let apart = u64::from(list.gap_us()) - 2 * width;
    let one = [(width, current), (width, -current), (apart, 0)];
    edges(std::iter::repeat_n(one, usize::from(body_count(&body))).flatten())
}

/// Single, doublet or triplet, read from the body itself: number, command, then the pulse.
fn body_count(body: &[u8]) -> u8 {
    body[2] + 1
}

const FOUR: [Point; 4] = [
    Point {
        permille: 1_000,
        width: match Micros::from_micros(100) {
            Some(us) => us,
            None => Micros::ZERO,
        },
    },
    Point {
        permille: -300,
        width: match Micros::from_micros(200) {
            Some(us) => us,
            None => Micros::ZERO,
        },
    },
    Point {
        permille: 0,
        width: match Micros::from_micros(50) {
            Some(us) => us,
            None => Micros::ZERO,
        },
    },
    Point {
        permille: -200,
        width: match Micros::from_micros(200) {
            Some(us) => us,
            None => Micros::ZERO,
        },
    },
];

fn form() -> impl Strategy<Value = Form<'static>> {
    prop_oneof![
        3 => Just(Form::Rectangular),
        1 => (10_u8..=100, 20_u32..200).prop_map(|(amplitude_percent, width)| Form::Prepulse(Prepulse {
            amplitude_percent,
            width: us(width),
        })),
        1 => (10_u8..=90).prop_map(|outer_percent| Form::Triphasic { outer_percent }),
        1 => Just(Form::Points(&FOUR)),
        1 => Just(Form::Table(&[FULL_SCALE / 4, FULL_SCALE / 2, FULL_SCALE, FULL_SCALE / 2])),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    pulse: PulseShape<'static>,
    set: Setting,
    hz: u32,
}

fn asked() -> impl Strategy<Value = Asked> {
    let balance = prop_oneof![
        2 => Just(Balance::Symmetric),
        1 => (100_u16..=600).prop_map(|length_percent| Balance::Asymmetric { length_percent }),
    ];
    let gap = prop_oneof![1 => Just(0_u32), 1 => 10_u32..300];
    let repeat = prop_oneof![
        3 => Just(Repeat::ONCE),
        1 => (2_u16..=3, 10_u32..6_000).prop_map(|(count, gap)| Repeat { count, gap: us(gap) }),
    ];
    let level = (1_u32..=260, 10_u32..600, 1_u32..=40);
    (form(), balance, gap, any::<bool>(), repeat, level).prop_map(
        |(form, balance, gap, negative, repeat, (code, width, hz))| {
            let leading = if negative { Polarity::Negative } else { Polarity::Positive };
            let width = if matches!(form, Form::Points(_)) { 550 } else { width };
            let pulse = PulseShape { form, balance, gap: us(gap), leading, repeat };
            Asked { pulse, set: setting(code * 500, width), hz }
        },
    )
}

fn channels(asked: &Asked) -> [Channel<'static>; 1] {
    let ramp = Ramp { up: ms(100), down: ms(100), down_min: ms(100), ..Ramp::default() };
    let rate = Rate::from_hz(asked.hz).unwrap();
    [Channel { pulse: asked.pulse, rate, ramp, ..channel(asked.set) }]
}

fn with_plan<T>(
    channels: &[Channel<'_>],
    hardware: &Hardware,
    look: impl FnOnce(&Plan<'_>) -> T,
) -> Option<T> {
    let session = Session::new(channels, Schedule::Continuous, ms(10_000)).ok()?;
    Plan::compile(&session, hardware).ok().map(|plan| look(&plan))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(1_500)))]

    /// REQ-HAL-341: of a plan that ScienceMode 4 takes, the bytes of every frame say the edges of that frame, at any
    /// setting up to the ceiling, and leave nothing; a plan with a frame that cannot be said was refused before.
    #[test]
    fn sciencemode_bytes_are_the_edges(asked in asked(), part in 1_u32..=1_000, narrower in 0_u32..=1_000) {
        let hardware = sm4::hardware(1).unwrap();
        let checked = with_plan(&channels(&asked), &hardware, |plan| {
            let bound = low().bind(plan);
            let amplitude = (asked.set.amplitude.as_microamps() * part / 1_000).max(500);
            let width = asked.set.width.as_micros();
            let fixed = matches!(asked.pulse.form, Form::Points(_));
            let width = if fixed { width } else { (width * narrower / 1_000).max(10) };
            for set in [asked.set, setting(amplitude, width)] {
                let Some(frame) = plan.frame(0, set, 77) else { continue };
                match sm4::Points::of(&frame) {
                    Ok(points) => {
                        let output = plan.hardware().channel(0).unwrap();
                        assert_eq!(sm4_wire(points), frame_edges(&frame, output));
                        assert_eq!(points.net_nc(), 0);
                        assert_eq!(u64::from(points.width_us()), frame.length_ticks());
                    }
                    Err(refusal) => assert!(bound.is_err(), "bound, and then: {refusal}"),
                }
            }
            bound.is_ok()
        });
        prop_assume!(checked.is_some());
    }

    /// REQ-HAL-342: the same of a list of ScienceMode 2, groups of up to three pulses among them.
    #[test]
    fn rehastim_bytes_are_the_edges(
        code in 1_u32..=63, width in 20_u32..=500, count in 1_u16..=3, steps in 4_u32..40, part in 1_u32..=1_000,
        negative: bool,
    ) {
        let leading = if negative { Polarity::Negative } else { Polarity::Positive };
        let hardware = rs2::hardware(1).unwrap();
        let gap = (steps * 500).saturating_sub(2 * width).max(20);
        let repeat = if count == 1 { Repeat::ONCE } else { Repeat { count, gap: us(gap) } };
        let pulse = PulseShape { repeat, leading, ..PulseShape::default() };
        let asked = Asked { pulse, set: setting(code * 2_000, width), hz: 10 };
        let fits = with_plan(&channels(&asked), &hardware, |plan| {
            let bound = rehastim().bind(plan);
            let apart = 2 * width + gap;
            let on_grid = count == 1 || (apart >= 2_000 && apart % 500 == 0);
            assert_eq!(bound.is_ok(), on_grid, "{bound:?}");
            if bound.is_err() {
                return;
            }
            let list = rs2::List::new(1, 100_000).unwrap();
            let list = if count == 1 { list } else { list.with_gap(apart).unwrap() };
            for ua in [code * 2_000, (code * 2_000 * part / 1_000).max(2_000)] {
                let frame = plan.frame(0, setting(ua, width), 0).unwrap();
                let pulse = rs2::Pulse::of(&frame, &list).unwrap();
                // the sign is the cable's
                let sign = if negative { -1 } else { 1 };
                let wire: Edges = rs2_wire(pulse, &list).iter().map(|(at, ua)| (*at, sign * ua)).collect();
                assert_eq!(wire, frame_edges(&frame, plan.hardware().channel(0).unwrap()));
            }
        });
        prop_assert!(fits.is_some());
    }
}

/// REQ-HAL-341: doublets, triplets, custom points and long shapes are among what ScienceMode 4 takes.
#[test]
fn sciencemode_takes_groups_and_shapes() {
    let repeat = |count, gap| Repeat { count, gap: us(gap) };
    let shapes = [
        (PulseShape::default(), 250, 2),
        (PulseShape { repeat: repeat(2, 4_500), ..PulseShape::default() }, 250, 6),
        (PulseShape { repeat: repeat(3, 5_000), gap: us(100), ..PulseShape::default() }, 250, 13),
        (PulseShape { form: Form::Points(&FOUR), ..PulseShape::default() }, 550, 4),
        (
            PulseShape {
                form: Form::Table(&[FULL_SCALE / 4, FULL_SCALE / 2, FULL_SCALE]),
                ..PulseShape::default()
            },
            300,
            6,
        ),
        // 10 ms each way, longer than a point
        (PulseShape::default(), 10_000, 6),
    ];
    for (pulse, width, points) in shapes {
        let asked = Asked { pulse, set: setting(20_000, width), hz: 20 };
        let made = with_plan(&channels(&asked), &sm4::hardware(1).unwrap(), |plan| {
            low().bind(plan).unwrap();
            let frame = plan.frame(0, asked.set, 0).unwrap();
            let made = sm4::Points::of(&frame).unwrap();
            assert_eq!(sm4_wire(made), frame_edges(&frame, plan.hardware().channel(0).unwrap()));
            made.as_slice().len()
        });
        assert_eq!(made, Some(points), "{pulse:?}");
    }
}

/// REQ-HAL-340: the grids as hardware; nothing above them, and no ninth channel.
#[test]
fn grids_are_hardware() {
    for (hardware, step_na, most) in
        [(sm4::hardware(8).unwrap(), 500_000_u32, 260), (rs2::hardware(8).unwrap(), 2_000_000, 63)]
    {
        assert_eq!((hardware.channel_count(), hardware.timing().ticks_per_second), (8, 1_000_000));
        assert_eq!(hardware.jitter_ticks(), 0);
        for channel in hardware.channels() {
            assert_eq!((channel.na_per_code_positive, channel.na_per_code_negative), (step_na, step_na));
            assert_eq!((channel.code_min, channel.code_max), (-most, most));
        }
        for (code, takes) in [(most as u32, true), (most as u32 + 1, false)] {
            let set = setting(code * step_na / 1_000, 250);
            let asked = Asked { pulse: PulseShape::default(), set, hz: 20 };
            assert_eq!(with_plan(&channels(&asked), &hardware, |_| ()).is_some(), takes, "{code}");
        }
        for (width, takes) in
            [(hardware.timing().min_edge_ticks, true), (hardware.timing().min_edge_ticks - 1, false)]
        {
            let asked = Asked { pulse: PulseShape::default(), set: setting(20_000, width), hz: 20 };
            assert_eq!(with_plan(&channels(&asked), &hardware, |_| ()).is_some(), takes, "{width}");
        }
    }
    for count in [0, 9, 100] {
        assert!(sm4::hardware(count).is_err() && rs2::hardware(count).is_err(), "{count}");
    }
}

/// REQ-HAL-390: what a device repeats after its link is lost is counted at the ceilings: an onset more than fit into its
/// time, groups in full, on every channel; on ScienceMode 4's low level there is nothing.
#[test]
fn pulses_that_a_device_repeats_are_counted() {
    let repeat = Repeat { count: 3, gap: us(5_000 - 500) };
    let groups =
        Asked { pulse: PulseShape { repeat, ..PulseShape::default() }, set: setting(20_000, 250), hz: 20 };
    let plain = Asked { pulse: PulseShape::default(), set: setting(40_000, 300), hz: 40 };
    // 20 mA × 250 µs are 5 µC, 40 mA × 300 µs are 12 µC
    for (asked, two, onsets, each, charge_pc) in
        [(&groups, false, 25, 3, 5_000_000), (&plain, true, 49, 1, 12_000_000)]
    {
        let one = channels(asked)[0];
        let both = [one, one];
        let used = if two { &both[..] } else { &both[..1] };
        let counted = with_plan(used, &rs2::hardware(used.len()).unwrap(), |plan| rehastim().run_on(plan));
        let run_on = counted.flatten().unwrap();
        let pulses = onsets * each * used.len() as u64;
        assert_eq!((run_on.time_ms, run_on.pulses, run_on.charge_pc), (1_200, pulses, pulses * charge_pc));
    }
    let on_p24 = |session: sm4::Session| {
        with_plan(&channels(&plain), &sm4::hardware(1).unwrap(), |plan| session.run_on(plan)).unwrap()
    };
    assert_eq!(on_p24(low()), None);
    assert_eq!(on_p24(mid()).map(|run_on| (run_on.time_ms, run_on.pulses)), Some((2_000, 81)));
}

fn refused(session: &mut impl Plays, channels: &[Channel<'_>], hardware: &Hardware) -> Option<Refusal> {
    with_plan(channels, hardware, |plan| session.bind(plan).err()).expect("it compiles")
}

/// REQ-HAL-343: what a device cannot do is refused with field, value and limit before anything is sent; on the other side
/// of each limit it is taken.
#[test]
fn refusals_name_field_value_and_limit() {
    let base = channels(&Asked { pulse: PulseShape::default(), set: setting(20_000, 250), hz: 50 })[0];
    let (p24, rs) = (sm4::hardware(8).unwrap(), rs2::hardware(8).unwrap());
    let shaped = |pulse| [Channel { pulse, ..base }];
    let rated = |millihertz| [Channel { rate: Rate::from_millihertz(millihertz).unwrap(), ..base }];
    let repeat = |count| PulseShape { repeat: Repeat { count, gap: us(1_500) }, ..base.pulse };
    let is = |refusal: Option<Refusal>, field, value, limit| {
        let refusal = refusal.expect("refused");
        assert_eq!((refusal.field, refusal.value, refusal.limit), (field, value, limit), "{refusal}");
    };
    // points: six biphasic pulses with gaps are 17 points, five are 14
    is(refused(&mut low(), &shaped(repeat(6)), &p24), WireField::Points, 17, Limit::AtMost(16));
    assert_eq!(refused(&mut low(), &shaped(repeat(5)), &p24), None);
    // a declared direct current
    let lame = PulseShape { balance: Balance::DeclaredDc { at_most: MicroAmps::MAX }, ..base.pulse };
    is(refused(&mut low(), &shaped(lame), &p24), WireField::Net, 1_000_000, Limit::AtMost(0));
    // pulses a second on the low level
    is(refused(&mut low(), &rated(500_001), &p24), WireField::Rate, 500_001, Limit::AtMost(500_000));
    assert_eq!(refused(&mut low(), &rated(500_000), &p24), None);
    // trains on the mid level: 35 Hz is on no grid, and a doublet in time is not even
    let found = refused(&mut mid(), &rated(35_000), &p24);
    is(found, WireField::Period, 28_571, Limit::MultipleOf(1));
    let odd = [Channel { rate: Rate::new(1, 25_100).unwrap(), ..base }];
    is(refused(&mut mid(), &odd, &p24), WireField::Period, 25_100, Limit::MultipleOf(250));
    assert_eq!(refused(&mut mid(), &rated(40_000), &p24), None);
    assert_eq!(refused(&mut low(), &rated(35_000), &p24), None, "the host keeps time there");
    // a list of ScienceMode 2
    is(refused(&mut rehastim(), &rated(35_000), &rs), WireField::Period, 28_571, Limit::MultipleOf(1));
    is(refused(&mut rehastim(), &odd, &rs), WireField::Period, 25_100, Limit::MultipleOf(500));
    is(refused(&mut rehastim(), &rated(200_000), &rs), WireField::Period, 5_000, Limit::AtLeast(8_000));
    let gap = PulseShape { gap: us(100), ..base.pulse };
    is(refused(&mut rehastim(), &shaped(gap), &rs), WireField::PhaseGap, 100, Limit::Equal(0));
    let longer = PulseShape { balance: Balance::Asymmetric { length_percent: 400 }, ..base.pulse };
    is(refused(&mut rehastim(), &shaped(longer), &rs), WireField::Form, 0, Limit::Equal(1));
    let triphasic = PulseShape { form: Form::Triphasic { outer_percent: 50 }, ..base.pulse };
    is(refused(&mut rehastim(), &shaped(triphasic), &rs), WireField::Form, 0, Limit::Equal(1));
    is(refused(&mut rehastim(), &shaped(repeat(4)), &rs), WireField::Points, 4, Limit::AtMost(3));
    assert_eq!(refused(&mut rehastim(), &shaped(repeat(3)), &rs), None);
    let wide = Setting { width: us(501), ..base.set };
    let wider = [Channel { set: wide, ceiling: wide, ..base }];
    is(refused(&mut rehastim(), &wider, &rs), WireField::Width, 501, Limit::AtMost(500));
    let moving = [Channel { ceiling: Setting { width: us(300), ..base.set }, pulse: repeat(2), ..base }];
    is(refused(&mut rehastim(), &moving, &rs), WireField::Width, 300, Limit::Equal(250));
    let mixed = [base, Channel { rate: Rate::from_hz(25).unwrap(), ..base }];
    is(refused(&mut rehastim(), &mixed, &rs), WireField::Period, 40_000, Limit::Equal(20_000));
    let late = [base, Channel { offset: us(5_000), ..base }];
    is(refused(&mut rehastim(), &late, &rs), WireField::Offset, 5_000, Limit::MultipleOf(20_000));
    let counted = [Channel { train: Train { pulses_max: 10, ..Train::default() }, ..base }];
    is(refused(&mut rehastim(), &counted, &rs), WireField::Trains, 10, Limit::Equal(0));
    // eight channels at 50 Hz
    let all = [base; 8];
    is(refused(&mut rehastim(), &all, &rs), WireField::Period, 20_000, Limit::AtLeast(25_000));
    assert_eq!(
        refused(&mut rehastim(), &[Channel { rate: Rate::from_hz(40).unwrap(), ..base }; 8], &rs),
        None
    );
    // another device's grid
    is(refused(&mut low(), &[base], &rs), WireField::Code, 2_000_000, Limit::Equal(500_000));
    is(refused(&mut rehastim(), &[base], &p24), WireField::Code, 500_000, Limit::Equal(2_000_000));
    let slow =
        Hardware::new(HardwareTiming::ideal(500_000), &[ChannelHardware::symmetric(500_000, -260, 260)], 0);
    is(refused(&mut low(), &[base], &slow.unwrap()), WireField::Ticks, 500_000, Limit::Equal(1_000_000));
}
