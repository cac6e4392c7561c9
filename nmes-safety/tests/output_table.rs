//! The output table and the list of characteristics against figures worked out by hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, exercise, ms, us};
use nmes_core::*;
use nmes_safety::output_table::{Answer, Characteristics, LOADS_OHM, OutputTable};
use nmes_safety::{Setup, Unit, UseClass, rules};

fn table(case: &Case) -> OutputTable {
    case.plan(|plan| OutputTable::of(&plan, &case.setup, 0).unwrap())
}

fn answer(case: &Case, number: &str) -> Answer {
    table(case).row(number).unwrap().answer
}

fn railed(mv: u32) -> Setup {
    exercise(2_000).with_rail_mv(mv).unwrap()
}

fn train(case: &Case, change: impl Fn(&mut Channel<'static>)) -> OutputTable {
    let mut channels = [case.channel()];
    change(&mut channels[0]);
    let session = Session::new(&channels, case.schedule, ms(case.length_ms)).unwrap();
    let plan = Plan::compile(&session, &case.hardware()).unwrap();
    OutputTable::of(&plan, &case.setup, 0).unwrap()
}

/// REQ-SAF-320: all seventeen rows are there, in order, row 14 with its four parts, each with an answer in words.
#[test]
fn seventeen_rows() {
    let table = table(&Case::new());
    let numbers: Vec<&str> = table.rows().iter().map(|row| row.number).collect();
    let expected = "1 2 3 4 5 6 7 8 9 10 11 12 13 14a 14b 14c 14d 15 16 17";
    assert_eq!(numbers.join(" "), expected);
    for row in table.rows() {
        assert!(!row.title.is_empty() && !row.answer.to_string().is_empty(), "{row:?}");
    }
    assert_eq!((table.channel(), table.row("18")), (0, None));
    assert!(Case::new().plan(|plan| OutputTable::of(&plan, &exercise(100), 1)).is_none());
}

/// REQ-SAF-320: the vector 130 mA, 500 µs, 50 Hz into 500, 2,000 and 10,000 ohm, on rails that clip and one that does not.
#[test]
fn into_three_loads() {
    assert_eq!(LOADS_OHM, [500, 2_000, 10_000]);
    let case = |mv| Case { setup: railed(mv), ..Case::pulse(130_000, 500, 50) };
    let volts = |values| Answer::AtLoads { unit: Unit::MilliVolts, values };
    let amps = |values| Answer::AtLoads { unit: Unit::MicroAmps, values };
    assert_eq!(answer(&case(150_000), "3"), volts([65_000, 150_000, 150_000]));
    assert_eq!(answer(&case(150_000), "4"), amps([130_000, 75_000, 15_000]));
    assert_eq!(answer(&case(2_000_000), "3"), volts([65_000, 260_000, 1_300_000]));
    assert_eq!(answer(&case(2_000_000), "4"), amps([130_000; 3]));
    assert_eq!(answer(&case(50_000), "4"), amps([100_000, 25_000, 5_000]));
    let unknown = Case { setup: exercise(2_000), ..case(150_000) };
    for number in ["3", "4"] {
        assert!(matches!(answer(&unknown, number), Answer::MakerStates(what) if what.contains("rail")));
    }
}

/// REQ-SAF-320: charge, density and power are those of the check: 65 µC, 29.07 mA r.m.s. on 20 cm².
#[test]
fn charge_density_power() {
    let case = Case { setup: railed(150_000), ..Case::pulse(130_000, 500, 50) };
    let report = case.report();
    for (number, rule) in [("11", &rules::E_Q_1), ("12", &rules::N_DOC_1), ("13", &rules::G_PD_1)] {
        let value = report.row(rule).unwrap().value.unwrap();
        assert_eq!(answer(&case, number), Answer::Figure { unit: rule.unit, value }, "row {number}");
    }
    assert_eq!(answer(&case, "11").to_string(), "65 µC");
    assert_eq!(answer(&case, "10"), Answer::Figure { unit: Unit::PicoCoulombs, value: 0 });
    let gains = ChannelHardware { na_per_code_positive: 61_035, na_per_code_negative: 60_901, ..case.dac };
    let uneven = Case { dac: ChannelHardware { code_min: -4_000, code_max: 4_000, ..gains }, ..case };
    assert!(
        matches!(answer(&uneven, "10"), Answer::Figure { value: 1..=61, .. }),
        "below one code × one tick"
    );
    assert_eq!(answer(&uneven, "8"), Answer::YesNo(false), "levels differ");
    // 29.069 mA × 29.069 mA × 500 ohm / 20 cm²
    assert!(matches!(answer(&case, "13"), Answer::Figure { value: 21_125, .. }), "{}", answer(&case, "13"));
    let one = Setup::new(&[2_000], UseClass::Exercise).unwrap();
    let bare = Case { channels: 2, ..case }.plan(|plan| OutputTable::of(&plan, &one, 1).unwrap());
    let bare = bare.row("12").unwrap().answer;
    assert!(matches!(bare, Answer::MakerStates(what) if what.contains("electrode")));
}

/// REQ-SAF-320: waveform, shape, symmetry and phase durations of each kind of pulse.
#[test]
fn kinds_of_pulse() {
    let case = Case::new();
    let phases = |main, balancing| Answer::Phases { main_us: [main; 2], balancing_us: [balancing; 2] };
    assert_eq!(answer(&case, "9"), phases(300, 300));
    assert_eq!((answer(&case, "8"), answer(&case, "2")), (Answer::YesNo(true), Answer::Words("rectangular")));
    let asymmetric = Case { balance: Balance::Asymmetric { length_percent: 400 }, ..case };
    assert_eq!(
        (answer(&asymmetric, "8"), answer(&asymmetric, "9")),
        (Answer::YesNo(false), phases(300, 1_200))
    );
    let words = |balance, form| {
        let made = train(&case, |channel| {
            channel.pulse.balance = balance;
            channel.pulse.form = form;
        });
        let words = |number| made.row(number).unwrap().answer.to_string();
        (words("1"), words("2"), words("8"))
    };
    let (wave, shape, symmetric) = words(Balance::Symmetric, Form::Triphasic { outer_percent: 50 });
    assert!(wave.contains("triphasic") && shape == "rectangular" && symmetric == "no");
    let prepulse = Form::Prepulse(Prepulse { amplitude_percent: 20, width: us(100) });
    assert!(words(Balance::Symmetric, prepulse).1.contains("ahead"));
    let at_most = MicroAmps::from_microamps(1_000).unwrap();
    let (wave, _, symmetric) = words(Balance::DeclaredDc { at_most }, Form::Rectangular);
    assert!(wave.contains("monophasic") && symmetric.contains("monophasic"));
}

/// REQ-SAF-320: widths and rates are ranges where the plan allows several.
#[test]
fn ranges() {
    let case = Case { set: Some((10_000, 200)), ..Case::new() };
    assert_eq!(answer(&case, "5"), Answer::Range { unit: Unit::Micros, least: 200, most: 300 });
    let width = Case { control: Control::Width, floor: 50, ..case };
    assert_eq!(answer(&width, "5"), Answer::Range { unit: Unit::Micros, least: 50, most: 300 });
    assert_eq!(answer(&case, "6").to_string(), "40 Hz");
    // two pulses in 2,999 s are between none and one in a thousand
    for (per_us, least) in [(2_999_000_000, 0), (2_000_000_000, 1)] {
        let seldom = Case { rate: (2, per_us), length_ms: 3_600_000, ..case };
        assert_eq!(answer(&seldom, "6"), Answer::Range { unit: Unit::MilliHertz, least, most: 1 });
    }
    let sweep = Sweep {
        from: Rate::from_hz(10).unwrap(),
        to: Rate::from_hz(40).unwrap(),
        over: ms(1_000),
        law: SweepLaw::Linear,
    };
    let swept = train(&case, |channel| channel.train.timing = Timing::Sweep(sweep));
    assert_eq!(swept.row("6").unwrap().answer.to_string(), "10 Hz to 40 Hz");
    let intervals: &'static [Micros] = Box::leak(Box::new([us(100_000), us(25_000)]));
    let listed = train(&case, |channel| channel.train.timing = Timing::List(intervals));
    assert_eq!(listed.row("6").unwrap().answer.to_string(), "10 Hz to 40 Hz");
}

/// REQ-SAF-320: stages with a rate of their own widen the range, whatever the timing of the channel: they are played evenly.
#[test]
fn rates_of_stages() {
    let cycle = Cycle { hold: ms(5_000), rest: ms(10_000) };
    let stage = |rate| Stage { cycle, repeats: 2, level_permille: 500, rate };
    let stages: &'static [Stage] =
        Box::leak(Box::new([stage(None), stage(Some(Rate::from_hz(20).unwrap()))]));
    let case = Case { schedule: Schedule::Program(stages), length_ms: 60_000, ..Case::new() };
    assert_eq!(answer(&case, "6").to_string(), "20 Hz to 40 Hz");
    let doublets = Bursts { pulses: 2, every: Rate::from_hz(15).unwrap() };
    let made = train(&case, |channel| channel.train.timing = Timing::Bursts(doublets));
    assert_eq!(made.row("6").unwrap().answer.to_string(), "20 Hz to 40 Hz");
    let law = SweepLaw::Linear;
    let sweep =
        Sweep { from: Rate::from_hz(30).unwrap(), to: Rate::from_hz(40).unwrap(), over: ms(1_000), law };
    let made = train(&case, |channel| channel.train.timing = Timing::Sweep(sweep));
    assert_eq!(made.row("6").unwrap().answer.to_string(), "20 Hz to 40 Hz");
    let intervals: &'static [Micros] = Box::leak(Box::new([us(25_000), us(30_000)]));
    let made = train(&case, |channel| channel.train.timing = Timing::List(intervals));
    assert_eq!(made.row("6").unwrap().answer.to_string(), "20 Hz to 40 Hz");
}

/// REQ-SAF-320: a recruitment pattern may ask for less width than is set, down to the least that is put out.
#[test]
fn widths_of_a_pattern() {
    let at = |command_permille, width_us| PatternPoint {
        command_permille,
        setting: Setting::new(10_000, width_us).unwrap(),
    };
    for (least, said) in [(0, 2), (75, 75)] {
        let points: &'static [PatternPoint] = Box::leak(Box::new([at(0, least), at(1_000, 300)]));
        let train = Train { pattern: Some(Pattern::new(points).unwrap()), ..Train::default() };
        let case = Case { ceiling: (10_000, 300), train, ..Case::new() };
        let least_us = case.plan(|plan| u64::from(plan.channel(0).unwrap().width_min_ticks()));
        let Answer::Range { least, most, .. } = answer(&case, "5") else { panic!("{}", answer(&case, "5")) };
        assert_eq!((least, most), (if said == 2 { least_us } else { said }, 300));
    }
}

/// REQ-SAF-688: a declared direct current is in the rows of current and voltage.
#[test]
fn declared_direct_current_is_in_the_currents() {
    let direct = MicroAmps::from_microamps(12_000).unwrap();
    let [without, with] = [railed(300_000), railed(300_000).with_declared_dc(direct).unwrap()];
    let of = |setup, number| match answer(&Case { setup, ceiling: (30_000, 100), ..Case::new() }, number) {
        Answer::AtLoads { values, .. } => values,
        other => panic!("{other}"),
    };
    for (number, more) in [("4", [12_000; 3]), ("3", [6_000, 24_000, 0])] {
        let (plain, on_direct) = (of(without, number), of(with, number));
        let rose: Vec<_> = plain.iter().zip(&on_direct).map(|(one, two)| two - one).collect();
        if number == "4" {
            assert_eq!(rose[..2], more[..2], "{plain:?} {on_direct:?}");
        } else {
            assert_eq!(rose, more, "{plain:?} {on_direct:?}");
        }
    }
}

/// REQ-SAF-320: bursts: pulses, bursts a second, duration and duty, for n-lets of the timing and repeats of the pulse.
#[test]
fn bursts() {
    let case = Case { gap_us: 0, rate: (100, 1_000_000), ceiling: (10_000, 200), ..Case::new() };
    assert!(matches!(answer(&case, "14a"), Answer::NotApplicable(_)));
    let triplets = Bursts { pulses: 3, every: Rate::from_hz(20).unwrap() };
    let made = train(&case, |channel| channel.train.timing = Timing::Bursts(triplets));
    let words =
        |table: &OutputTable| ["14a", "14b", "14c", "14d"].map(|n| table.row(n).unwrap().answer.to_string());
    // two periods of 10 ms and a pulse of 400 µs, 20 times a second
    assert_eq!(words(&made), ["3", "20 Hz", "20400 µs", "40.8 %"]);
    let repeated = train(&case, |channel| channel.pulse.repeat = Repeat { count: 10, gap: Micros::ZERO });
    assert_eq!(words(&repeated), ["10", "100 Hz", "4000 µs", "40 %"]);
}

/// REQ-SAF-613: of a pulse that is repeated the frequency is that of its repeats, 2,500 Hz of 400 µs, and row 14 has how often
/// it comes; a width that may be less makes it more.
#[test]
fn frequency_inside_a_burst() {
    let case = Case { gap_us: 0, rate: (75, 1_000_000), ceiling: (10_000, 200), ..Case::new() };
    let words = |table: &OutputTable, number: &str| {
        let row = table.row(number).unwrap();
        (row.answer.to_string(), row.remark.contains("inside a burst"))
    };
    let repeat = Repeat { count: 16, gap: Micros::ZERO };
    let carrier = train(&case, |channel| channel.pulse.repeat = repeat);
    assert_eq!(words(&carrier, "6"), ("2500 Hz".to_owned(), true));
    assert_eq!(words(&carrier, "14b"), ("75 Hz".to_owned(), false));
    let once = train(&case, |channel| channel.pulse.repeat = Repeat { count: 1, gap: us(100) });
    assert_eq!(words(&once, "6"), ("75 Hz".to_owned(), false));
    let apart = train(&case, |channel| channel.pulse.repeat = Repeat { count: 2, gap: us(600) });
    assert_eq!(words(&apart, "6").0, "1000 Hz");
    let ramped = Case { control: Control::Width, floor: 50, ..case };
    assert_eq!(words(&train(&ramped, |channel| channel.pulse.repeat = repeat), "6").0, "2500 Hz to 10000 Hz");
    // with a floor of 0 the ramp is silent below the shortest pulse of the hardware
    let spaced = HardwareTiming { min_edge_ticks: 25, ..HardwareTiming::ideal(1_000_000) };
    let silent = Case { timing: spaced, floor: 0, ..ramped };
    let from_least = train(&silent, |channel| channel.pulse.repeat = repeat);
    assert_eq!(
        (words(&from_least, "5").0, words(&from_least, "6").0),
        ("25 µs to 200 µs".to_owned(), "2500 Hz to 20000 Hz".to_owned())
    );
    let doublets = Bursts { pulses: 2, every: Rate::from_hz(15).unwrap() };
    let timed = train(&case, |channel| channel.train.timing = Timing::Bursts(doublets));
    assert_eq!(
        (words(&timed, "6"), words(&timed, "14b").0),
        (("75 Hz".to_owned(), true), "15 Hz".to_owned())
    );
    let sweep = Sweep {
        from: Rate::from_hz(10).unwrap(),
        to: Rate::from_hz(75).unwrap(),
        over: ms(1_000),
        law: SweepLaw::Linear,
    };
    let swept = train(&case, |channel| {
        channel.pulse.repeat = repeat;
        channel.train.timing = Timing::Sweep(sweep);
    });
    assert_eq!(
        (words(&swept, "6").0, words(&swept, "14b").0),
        ("2500 Hz".to_owned(), "10 Hz to 75 Hz".to_owned())
    );
}

/// REQ-SAF-614: custom points are symmetrical where two drive, as strong and as long as one another.
#[test]
fn symmetrical_points() {
    for (levels, symmetrical) in [
        ([(1_000, 300), (0, 100), (-1_000, 300)], true),
        ([(-500, 300), (0, 100), (500, 300)], true),
        ([(1_000, 300), (0, 100), (-500, 600)], false),
        ([(500, 300), (500, 300), (-1_000, 300)], false),
    ] {
        let points: &'static [Point] =
            Box::leak(levels.map(|(permille, width)| Point { permille, width: us(width) }).into());
        let width = points.iter().map(|point| point.width.as_micros()).sum();
        let case = Case { ceiling: (10_000, width), form: Form::Points(points), gap_us: 0, ..Case::new() };
        assert_eq!(answer(&case, "8"), Answer::YesNo(symmetrical), "{levels:?}");
    }
}

/// REQ-SAF-614: of custom points the width is that of the whole pulse, and the phases are worked out of the plan.
#[test]
fn phases_of_custom_points() {
    let words = |points: &'static [Point], balance| {
        let width = points.iter().map(|point| point.width.as_micros()).sum();
        let case =
            Case { ceiling: (10_000, width), form: Form::Points(points), balance, gap_us: 0, ..Case::new() };
        let table = table(&case);
        let row = |number| table.row(number).unwrap();
        assert!(row("5").remark.contains("whole pulse"), "{:?}", row("5"));
        (row("5").answer, row("9").answer, row("1").answer.to_string())
    };
    let points = |levels: &[(i16, u32)]| -> &'static [Point] {
        Box::leak(
            levels.iter().map(|(permille, width)| Point { permille: *permille, width: us(*width) }).collect(),
        )
    };
    let range = |least, most| Answer::Range { unit: Unit::Micros, least, most };
    let (width, phases, _) = words(points(&[(1_000, 200), (0, 100), (-1_000, 200)]), Balance::Symmetric);
    assert_eq!(
        (width, phases),
        (range(500, 500), Answer::Phases { main_us: [200; 2], balancing_us: [200; 2] })
    );
    // the other way ahead, and levels of one way that follow one another are one phase
    let (_, phases, _) =
        words(points(&[(-500, 100), (-250, 200), (0, 50), (1_000, 50), (500, 100)]), Balance::Symmetric);
    assert_eq!(phases, Answer::Phases { main_us: [150; 2], balancing_us: [300; 2] });
    let (_, phases, _) = words(points(&[(500, 120), (-1_000, 120), (1_000, 60)]), Balance::Symmetric);
    assert_eq!(phases, range(60, 120));
    // a rest divides a phase
    let (_, phases, _) =
        words(points(&[(1_000, 70), (0, 20), (1_000, 130), (-1_000, 200)]), Balance::Symmetric);
    assert_eq!(phases, range(70, 200));
    let dc = Balance::DeclaredDc { at_most: MicroAmps::from_microamps(1_000).unwrap() };
    let (_, phases, wave) = words(points(&[(1_000, 100), (-500, 100)]), dc);
    assert_eq!(phases, Answer::Phases { main_us: [100; 2], balancing_us: [100; 2] });
    assert!(wave.contains("not balanced"), "{wave}");
    let (_, phases, wave) = words(points(&[(1_000, 100), (500, 100)]), dc);
    assert!(phases.to_string().contains("monophasic") && wave.contains("monophasic"), "{wave}");
}

/// REQ-SAF-614: a weak phase ahead is a part of the main phase, and the phase that balances both is as long as it is put out; what
/// row 5 is the width of is said of each form.
#[test]
fn widths_of_other_forms() {
    let case = Case { gap_us: 0, ..Case::new() };
    let of = |balance, form| {
        let made = train(&case, |channel| {
            channel.pulse.balance = balance;
            channel.pulse.form = form;
        });
        (made.row("5").unwrap().remark, made.row("9").unwrap().answer)
    };
    let prepulse = Form::Prepulse(Prepulse { amplitude_percent: 20, width: us(100) });
    // 300 µs and 20 % of 100 µs
    let phases = Answer::Phases { main_us: [400; 2], balancing_us: [320; 2] };
    assert_eq!(of(Balance::Symmetric, prepulse), ("of the main phase; row 9 has both phases", phases));
    let other_way = Case { leading: Polarity::Negative, form: prepulse, ..case };
    assert_eq!(answer(&other_way, "9"), phases);
    // a gap between the two is part of neither
    for leading in [Polarity::Positive, Polarity::Negative] {
        assert_eq!(answer(&Case { gap_us: 80, leading, ..other_way }, "9"), phases, "{leading:?}");
    }
    let range = Answer::Range { unit: Unit::Micros, least: 300, most: 300 };
    let three = Form::Triphasic { outer_percent: 50 };
    assert_eq!(of(Balance::Symmetric, three), ("of each of the three phases", range));
    let at_most = MicroAmps::from_microamps(1_000).unwrap();
    let (one, phases) = of(Balance::DeclaredDc { at_most }, Form::Rectangular);
    assert!(one == "of the one phase there is" && matches!(phases, Answer::NotApplicable(_)));
}

/// REQ-SAF-320: ON and OFF times of each schedule.
#[test]
fn on_and_off() {
    let words = |schedule| {
        let case = Case { schedule, length_ms: 60_000, ..Case::new() };
        (answer(&case, "15").to_string(), answer(&case, "16").to_string())
    };
    let pair = |on: &str, off: &str| (on.to_owned(), off.to_owned());
    let cycle = Cycle { hold: ms(5_000), rest: ms(10_000) };
    assert_eq!(words(Schedule::Cyclic(cycle)), pair("7 s", "10 s"));
    assert_eq!(words(Schedule::Continuous).0, "60 s");
    assert!(words(Schedule::Continuous).1.starts_with("not applicable"));
    let gate =
        Gate { max_on: ms(4_000), min_off: ms(100), max_triggers_per_minute: 60, refractory: Millis::ZERO };
    assert_eq!(words(Schedule::Gated(gate)), pair("0 s to 5 s", "at least 0.1 s"));
    let stage = Stage { cycle, repeats: 2, level_permille: 500, rate: None };
    let stages: &'static [Stage] = Box::leak(Box::new([stage]));
    assert_eq!(words(Schedule::Program(stages)), pair("7 s", "10 s"));
    // a train that is over after five pulses is shorter, and the rest after it longer
    let counted = |schedule| {
        let case = Case { schedule, length_ms: 60_000, ..Case::new() };
        let table = train(&case, |channel| channel.train.pulses_max = 5);
        ["15", "16"].map(|number| {
            let row = table.row(number).unwrap();
            assert!(row.remark.contains("most pulses"), "{}", row.remark);
            row.answer.to_string()
        })
    };
    assert_eq!(counted(Schedule::Cyclic(cycle)), ["0 s to 7 s", "at least 10 s"]);
    assert_eq!(counted(Schedule::Program(stages)), ["0 s to 7 s", "at least 10 s"]);
    assert_eq!(counted(Schedule::Gated(gate)), ["0 s to 5 s", "at least 0.1 s"]);
    let [on, off] = counted(Schedule::Continuous);
    assert!(on == "0 s to 60 s" && off.starts_with("not applicable"), "{on}, {off}");
}

/// REQ-SAF-321: the list of 21 CFR 882.5891: every item, with the figures of the table and the mean current.
#[test]
fn characteristics() {
    let case = Case { setup: railed(150_000), ..Case::pulse(130_000, 500, 50) };
    let list = case.plan(|plan| Characteristics::of(&plan, &case.setup, 0).unwrap());
    let titles = list.rows().map(|row| row.title).join("; ");
    for item in [
        "waveform",
        "modes",
        "voltage",
        "current",
        "duration",
        "frequency",
        "net charge",
        "phase charge",
        "density",
        "average current",
        "power density",
        "impedance monitoring",
    ] {
        assert!(titles.contains(item), "{item}: {titles}");
    }
    let table = table(&case);
    for (ours, theirs) in
        [("4", "3"), ("5", "4"), ("6", "5"), ("7", "6"), ("8", "10"), ("9", "11"), ("10", "12"), ("12", "13")]
    {
        assert_eq!(list.row(ours).unwrap().answer, table.row(theirs).unwrap().answer, "{ours}");
    }
    // 2 × 65 µC × 50 Hz
    assert_eq!(list.row("11").unwrap().answer.to_string(), "6.5 mA");
    assert!(matches!(list.row("13").unwrap().answer, Answer::MakerStates(_)));
    assert!(case.plan(|plan| Characteristics::of(&plan, &case.setup, 7)).is_none());
}

/// REQ-SAF-320, REQ-SAF-321: a table and a list say which channel they are of.
#[test]
fn each_channel_by_its_number() {
    let case = Case { channels: 2, ..Case::new() };
    case.plan(|plan| {
        for channel in 0..2 {
            assert_eq!(OutputTable::of(&plan, &case.setup, channel).map(|of| of.channel()), Some(channel));
            assert_eq!(
                Characteristics::of(&plan, &case.setup, channel).map(|of| of.channel()),
                Some(channel)
            );
        }
    });
}

/// REQ-SAF-322: what only a maker can know is left to the maker, and nothing claims a clearance.
#[test]
fn nothing_is_claimed() {
    let case = Case { setup: railed(150_000), ..Case::new() };
    let table = table(&case);
    let list = case.plan(|plan| Characteristics::of(&plan, &case.setup, 0).unwrap());
    assert!(matches!(table.row("17").unwrap().answer, Answer::MakerStates(_)));
    for row in table.rows().iter().chain(list.rows()) {
        let text = format!("{} {} {}", row.title, row.answer, row.remark).to_lowercase();
        for never in ["complian", "certif", "conform", "cleared", "approved"] {
            assert!(!text.contains(never), "{text}");
        }
    }
    assert!(table.row("3").unwrap().remark.contains("__ %"), "the tolerance is a blank to fill in");
    assert!(table.row("10").unwrap().remark.contains("commanded"));
}
