//! Files of one's own sessions: there and back, refusals, gates, and the road to the check.
#![cfg(feature = "text")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic fails the test"
)]

use nmes_core::{ChannelHardware, Form, Hardware, HardwareTiming, Plan, Point};
use nmes_protocols::files::{FileRoom, OwnFile, Syntax};
use nmes_protocols::{Answers, Item, Origin, Storage};
use nmes_safety::{Profile, Setup, assess};
use proptest::prelude::*;

const FILE: &str = include_str!("../../docs/own-session.toml");

fn read(text: &str) -> Result<&'static OwnFile, String> {
    let file = OwnFile::from_text(text, Syntax::Toml).map_err(|error| error.to_string())?;
    Ok(Box::leak(Box::new(file)))
}

/// What an edit of the example comes to.
fn edited(from: &str, to: &str, answers: &Answers) -> String {
    assert!(FILE.contains(from), "{from:?}");
    let file = match read(&FILE.replacen(from, to, 1)) {
        Ok(file) => file,
        Err(error) => return error,
    };
    match file.build(answers, &mut Storage::new()) {
        Ok(_) => "built".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// REQ-PRO-394: the example goes there and back as TOML and JSON, and comes to the session that it says.
#[test]
fn there_and_back() {
    let file = read(FILE).unwrap();
    for syntax in [Syntax::Toml, Syntax::Json] {
        assert_eq!(OwnFile::from_text(&file.to_text(syntax), syntax).as_ref(), Ok(file));
    }
    let mut storage = Storage::new();
    let built = file.build(&Answers::all_no(), &mut storage).unwrap();
    let mut room = FileRoom::new();
    assert_eq!(file.session(&mut room).unwrap(), built.session);
    let [first, second] = built.session.channels() else { panic!("two channels") };
    let us = |n| nmes_core::Micros::from_micros(n).unwrap();
    let points =
        [(1_000, 200), (0, 100), (-1_000, 200)].map(|(permille, w)| Point { permille, width: us(w) });
    assert_eq!(first.pulse.form, Form::Points(&points));
    assert_eq!((first.set.amplitude.as_microamps(), second.offset.as_micros()), (30_000, 12_000));
    assert_eq!((first.ceiling, second.ceiling), (first.set, second.set), "ceilings equal the set values");
    assert!(built.settings.iter().all(|applied| applied.origin == Origin::Given));
    assert_eq!(built.settings.get("amplitude").unwrap().value, 30_000);
}

/// REQ-PRO-399: it goes there and back as bytes too, and bytes that are cut, longer, of another version or another file are an
/// error of a type.
#[cfg(feature = "postcard")]
#[test]
fn bytes_there_and_back() {
    use nmes_protocols::files::BytesError;
    let file = read(FILE).unwrap();
    let mut room = [0; 1_024];
    let bytes = file.to_bytes(&mut room).unwrap().to_vec();
    assert_eq!(OwnFile::from_bytes(&bytes).as_ref(), Ok(file));
    for length in 0..bytes.len() {
        assert_eq!(OwnFile::from_bytes(&bytes[..length]), Err(BytesError::Short), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(OwnFile::from_bytes(&longer), Err(BytesError::Long { bytes: 1 }));
    assert_eq!(file.to_bytes(&mut [0; 8]), Err(BytesError::NoRoom));
    let mut other = bytes;
    other[1] = 9;
    assert_eq!(OwnFile::from_bytes(&other), Err(BytesError::Version { found: 9, known: 1 }));
    other[0] = 3;
    assert_eq!(OwnFile::from_bytes(&other), Err(BytesError::Value));
}

/// REQ-PRO-394: on a hardware it is a plan that balances, and the check denies what it denies of any session.
#[test]
fn checked_like_all_else() {
    for (ua, denied) in [(30_000, false), (300_000, true)] {
        let file = read(&FILE.replacen("amplitude_ua = 30000", &format!("amplitude_ua = {ua}"), 1)).unwrap();
        let mut storage = Storage::new();
        let built = file.build(&Answers::all_no(), &mut storage).unwrap();
        let channel = ChannelHardware::symmetric(150_000, -4_096, 4_095);
        let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[channel; 2], 0).unwrap();
        let plan = Plan::compile(&built.session, &hardware).unwrap();
        let areas: Vec<u32> = file.channels.iter().map(|c| c.electrode_mm2).collect();
        let report = assess(&plan, &Setup::new(&areas, file.use_class).unwrap(), &Profile::default());
        let rules: Vec<_> = report.denied().map(|row| row.rule.id).collect();
        assert_eq!(!rules.is_empty(), denied, "{ua}: {rules:?}");
    }
}

/// REQ-PRO-394: a rate at which the next pulse begins within the one before it is a session on no hardware.
#[test]
fn a_period_shorter_than_the_pulse_is_refused() {
    let file = read(&FILE.replacen("rate_millihertz = 40000", "rate_millihertz = 4000000", 1)).unwrap();
    let mut storage = Storage::new();
    let built = file.build(&Answers::all_no(), &mut storage).unwrap();
    let channel = ChannelHardware::symmetric(150_000, -4_096, 4_095);
    let hardware = Hardware::new(HardwareTiming::ideal(1_000_000), &[channel; 2], 0).unwrap();
    let error = Plan::compile(&built.session, &hardware).unwrap_err();
    assert!(error.to_string().starts_with("pulse with its worst stretch and trim (ticks): "), "{error}");
}

/// REQ-PRO-395: what is no field, no value of its field, no pulse or no session is refused with the place, the value and what
/// is allowed.
#[test]
fn nonsense_is_refused() {
    let all_no = Answers::all_no();
    for (from, to, said) in [
        ("version = 1", "version = 2", "version: 2 is not known; accepted: 1"),
        (
            "nmes-own-session",
            "nmes-session",
            "format: \"nmes-session\" is another kind of file; accepted: \"nmes-own-session\"",
        ),
        ("name = \"a", "protocol = \"knee-oa\"\nname = \"a", "protocol: unknown field `protocol`"),
        (
            "amplitude_ua = 30000",
            "amplitude_ua = -1",
            "channels[0].pulse.amplitude_ua: invalid value: integer `-1`",
        ),
        (
            "amplitude_ua = 30000",
            "amplitude_ua = 1000001",
            "channels[0].pulse.amplitude_ua: 1000001 µA is above",
        ),
        ("amplitude_ua = 30000", "amplitude_ma = 30", "channels[0].pulse.amplitude_ma: unknown field"),
        ("permille = 1000,", "permille = 900,", "channels[0].pulse.wave: "),
        ("permille = 1000,", "permille = 1001,", "channels[0].pulse.wave: "),
        ("{ permille = 0, width_us = 100 },", "{ permille = 0, width_us = 99 },", "channels[0].pulse.w"),
        ("wave = \"rectangular\"", "wave = \"square\"", "channels[1].pulse.wave: unknown variant `square`"),
        (
            "wave = \"rectangular\"",
            "wave = { triphasic = { outer_percent = 50 } }",
            "channels[1].pulse.balance: ",
        ),
        ("length_percent = 400", "length_percent = 0", "channels[1].pulse.balance: "),
        ("rate_millihertz = 25000", "rate_millihertz = 0", "channels[1].rate_millihertz: "),
        ("floor = 0", "floor = 30001", "channels[0].ramp.floor: "),
        (
            "electrode_mm2 = 5000",
            "electrode_mm2 = 0",
            "channels[0].electrode_mm2: 0 mm²; accepted: 1 to 100000 mm²",
        ),
        ("electrode_mm2 = 5000", "electrode_mm2 = 100001", "channels[0].electrode_mm2: 100001 mm²; accepted"),
        ("hold_ms = 5000", "hold_ms = 0", "schedule"),
        ("length_ms = 600000", "length_ms = 0", "length_ms: "),
        ("use_class = \"exercise\"", "use_class = \"any\"", "use_class: unknown variant `any`"),
        ("site = \"thigh\"", "", "missing field `site`"),
    ] {
        let answer = edited(from, to, &all_no);
        assert!(answer.contains(said) && answer != "built", "{from:?} → {to:?}: {answer}");
    }
    let none = format!("{}channels = []\n", &FILE[..FILE.find("[schedule").unwrap()]);
    let none = format!("{none}[schedule.cyclic]\nhold_ms = 5000\nrest_ms = 20000\n");
    let error = read(&none).unwrap().build(&all_no, &mut Storage::new()).unwrap_err().to_string();
    assert!(error.starts_with("channels: "), "{error}");
    let steps = "[schedule.steps.gate]\nmax_on_ms = 1\nmin_off_ms = 1\nmax_triggers_per_minute = 1\nrefractory_ms = 1\n";
    let zeros = [
        "debounce_ms",
        "refractory_ms",
        "delay_ms",
        "extension_ms",
        "hold_max_ms",
        "hold_cap_ms",
        "hold_first_ms",
        "hold_percent",
        "stance_share_percent",
        "stance_first_ms",
        "off_min_ms",
        "merge_max_ms",
        "test_burst_ms",
        "vouch_ms",
    ]
    .map(|name| format!("{name} = 1\n"))
    .concat();
    let steps = format!("{steps}[schedule.steps.times]\n{zeros}");
    let error = edited("[schedule.cyclic]\nhold_ms = 5000\nrest_ms = 20000\n", &steps, &all_no);
    assert_eq!(error, "schedule: steps; accepted: continuous, cyclic, program or gated");
}

/// REQ-PRO-395: long pulses, a declared direct current, and pads at the face need a specialist's word, on both sides of
/// each limit; answers stand against the site as for a row.
#[test]
fn gates() {
    let all_no = Answers::all_no();
    let long = |us: u32| FILE.replacen("width_us = 250", &format!("width_us = {us}"), 1);
    let slow = |text: String| {
        let slow = text.replacen("rate_millihertz = 25000", "rate_millihertz = 4000", 1);
        slow.replacen("timing = { bursts = { pulses = 3, every_millihertz = 5000 } }", "timing = \"even\"", 1)
    };
    let built = |text: &str| match read(text).unwrap().build(&all_no, &mut Storage::new()) {
        Ok(_) => "built".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(built(&slow(long(9_999))), "built");
    let error = built(&slow(long(10_000)));
    assert!(error.starts_with("specialist: false; accepted: true, as pulses of 10 ms or more"), "{error}");
    assert_eq!(built(&slow(long(10_000)).replacen("specialist = false", "specialist = true", 1)), "built");
    let direct = "balance = { declared_dc = { at_most = 900 } }";
    let from = "balance = { asymmetric = { length_percent = 400 } }";
    assert!(edited(from, direct, &all_no).starts_with("specialist: "));
    for (site, free) in [("arm", true), ("abdomen", true), ("face", false), ("head_neck", false)] {
        let answer = edited("site = \"thigh\"", &format!("site = \"{site}\""), &all_no);
        assert_eq!(answer == "built", free, "{site}: {answer}");
    }
    assert!(edited("", "", &Answers::unanswered()).starts_with("site: screening"));
    assert!(edited("", "", &all_no.yes(Item::ElectronicImplant)).starts_with("site: screening"));
    assert_eq!(edited("", "", &all_no.yes(Item::Epilepsy).acknowledge(Item::Epilepsy)), "built");
}

/// REQ-PRO-433: pads on the chest, or on head and neck, are blocked, with and without a specialist, whatever was answered, from a
/// text and from bytes; the error says that it is the site. Pads at the face take a specialist.
#[cfg(feature = "postcard")]
#[test]
fn chest_head_and_neck_block() {
    let through = Item::ThroughHeartHeadOrNeck;
    let build = |file: &'static OwnFile, answers: &Answers| {
        file.build(answers, &mut Storage::new()).map(drop).map_err(|error| error.to_string())
    };
    for (site, asks, blocked) in [
        ("chest", "false", true),
        ("chest", "true", true),
        ("head_neck", "false", true),
        ("head_neck", "true", true),
        ("face", "true", false),
        ("abdomen", "false", false),
    ] {
        let text = FILE.replacen("site = \"thigh\"", &format!("site = \"{site}\""), 1);
        let file = read(&text.replacen("specialist = false", &format!("specialist = {asks}"), 1)).unwrap();
        let mut room = [0; 1_024];
        let of_bytes = OwnFile::from_bytes(file.to_bytes(&mut room).unwrap()).unwrap();
        let of_bytes: &'static OwnFile = Box::leak(Box::new(of_bytes));
        for answers in [Answers::all_no(), Answers::all_no().no(through)] {
            for file in [file, of_bytes] {
                let said = build(file, &answers).err().unwrap_or_default();
                assert_eq!(said.contains("the pads are there, and that blocks"), blocked, "{site}: {said}");
                assert_eq!(said.starts_with("site: screening"), blocked, "{site}: {said}");
            }
        }
    }
}

/// REQ-PRO-412: metal under the skin is acknowledged before pulses that leave a direct current, and nothing follows from it before
/// balanced ones.
#[test]
fn metal_weighs_more_under_a_direct_current() {
    let yes = Answers::all_no().yes(Item::MetalImplant);
    let balanced = "specialist = true";
    let direct = FILE.replacen("specialist = false", balanced, 1);
    let declared = "balance = { declared_dc = { at_most = 900 } }";
    let direct = direct.replacen("balance = { asymmetric = { length_percent = 400 } }", declared, 1);
    let build = |text: &str, answers: &Answers| {
        read(text).unwrap().build(answers, &mut Storage::new()).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(build(FILE, &yes), Ok(()));
    let refused = build(&direct, &yes).unwrap_err();
    assert!(refused.contains("a metal implant without electronics: to be acknowledged"), "{refused}");
    assert_eq!(build(&direct, &yes.acknowledge(Item::MetalImplant)), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(200)) })]

    /// REQ-PRO-395: whatever one number of the file becomes, it is refused, or comes to a session with exactly that number.
    #[test]
    fn any_number_is_refused_or_taken(at in any::<prop::sample::Index>(), value in prop_oneof![0..100_u64, any::<u64>()]) {
        let words: Vec<_> = FILE.match_indices("= ").filter(|(i, _)| FILE[i + 2..].starts_with(|c: char| c.is_ascii_digit())).collect();
        let (start, _) = words[at.index(words.len())];
        let end = start + 2 + FILE[start + 2..].find(|c: char| !c.is_ascii_digit()).unwrap();
        let text = format!("{}{value}{}", &FILE[..start + 2], &FILE[end..]);
        let Ok(file) = read(&text) else { return Ok(()) };
        let mut storage = Storage::new();
        let Ok(built) = file.build(&Answers::all_no(), &mut storage) else { return Ok(()) };
        for (channel, asked) in built.session.channels().iter().zip(file.channels.iter()) {
            prop_assert_eq!(channel.set.amplitude, asked.pulse.amplitude_ua);
            prop_assert_eq!(channel.set.width, asked.pulse.width_us);
            prop_assert_eq!(channel.ceiling, channel.set);
            prop_assert_eq!(channel.rate.as_millihertz(), u64::from(asked.rate_millihertz));
        }
        prop_assert_eq!(built.session.length(), file.length_ms);
    }
}

fn cases(usual: u32) -> u32 {
    std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}
