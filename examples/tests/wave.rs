//! `nmes wave`: every kind, as a table, edges, samples and a picture.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test"
)]

mod common;

use common::{Row, rows, said, scratch, sum};
use nmes_examples::wave::kinds::{KINDS, Kind};

/// Samples from edges: each code held to the next edge.
fn held(edges: &[Row], length: usize) -> Vec<i16> {
    let mut samples = vec![0; length];
    for pair in edges.windows(2) {
        let (from, until) = (pair[0].0 as usize, pair[1].0 as usize);
        samples[from..until].fill(i16::try_from(pair[0].1.unwrap_or(0)).unwrap());
    }
    samples
}

fn words(path: &std::path::Path) -> Vec<i16> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// REQ-APP-100: the list has every kind once, in the order of the words, with what it takes.
#[test]
fn the_list_has_every_kind() {
    let (status, out, err) = said(&["wave"]);
    assert_eq!((status, err.as_str()), (0, ""));
    for row in &KINDS {
        let line = out.lines().find(|line| line.trim_start().starts_with(&format!("{} ", row.word)));
        let line = line.unwrap_or_else(|| panic!("{} is not listed: {out}", row.word));
        assert!(
            line.contains(row.about) && row.takes.iter().all(|flag| line.contains(&format!("--{flag}"))),
            "{line}"
        );
        assert_eq!(row.kind.row().word, row.word, "the table is in the order of the kinds");
    }
    assert_eq!(<Kind as clap::ValueEnum>::value_variants().len(), KINDS.len());
}

/// REQ-APP-100, REQ-APP-101: of every kind, the table, the edges and the samples say the same: as many pulses, Σ code × ticks
/// 0 where it is balanced and as printed where it is not, the same samples as the edges held.
#[test]
fn table_edges_and_samples_of_every_kind_agree() {
    let dir = scratch("wave");
    for row in &KINDS {
        let path = dir.join(format!("{}.raw", row.word));
        let (status, csv, err) =
            said(&["wave", row.word, "--format", "csv", "--samples", path.to_str().unwrap()]);
        assert_eq!((status, err.as_str()), (0, ""), "{}", row.word);
        let edges = rows(&csv);
        let samples = words(&path);
        assert_eq!(samples.len(), row.example[4] as usize * 1_000, "{}: one a tick", row.word);
        assert!(samples == held(&edges, samples.len()), "{}: samples are not the edges", row.word);
        let code_ticks = sum(&common::spans(&edges));
        assert_eq!(samples.iter().map(|s| i64::from(*s)).sum::<i64>(), code_ticks);
        assert_eq!(code_ticks == 0, row.kind != Kind::Monophasic, "{}", row.word);
        assert_eq!(edges.last().unwrap().1, None, "{} ends open", row.word);
        let (status, table, _) = said(&["wave", row.word]);
        assert_eq!(status, 0);
        assert!(table.contains(&format!("{code_ticks} over all {} level changes", edges.len())), "{table}");
        assert_eq!(table.contains("0 in every pulse"), row.kind != Kind::Monophasic, "{table}");
        assert!(table.contains("left on the ledger: 0") || row.kind == Kind::Monophasic, "{table}");
    }
}

/// REQ-APP-100: what is asked for is what comes out: forms, timings, envelopes, polarity.
#[test]
fn flags_shape_the_wave() {
    let edges = |args: &[&str]| rows(&said(&[&["wave"], args, &["--format", "csv"]].concat()).1);
    let spans = |args: &[&str]| common::spans(&edges(args));
    // a code is 100 µA
    let unit = ["--na-per-code", "100000", "--code-min", "-4095", "--code-max", "4095"];
    let one =
        |args: &[&str]| spans(&[args, &unit[..], &["--seconds", "0.05", "--frequency-hz", "20"]].concat());
    let shape =
        |args: &[&str]| one(args).into_iter().map(|(_, ticks, code)| (code, ticks)).collect::<Vec<_>>();
    assert_eq!(shape(&["symmetric", "--polarity", "negative"]), [(-400, 300), (400, 300)]);
    assert_eq!(shape(&["asymmetric", "--length-percent", "500"]), [(400, 300), (-80, 1_500)]);
    assert_eq!(
        shape(&["pre-pulse", "--prepulse-percent", "10", "--prepulse-us", "150"])[..2],
        [(40, 150), (400, 300)]
    );
    assert_eq!(shape(&["triphasic", "--outer-percent", "25"]), [(-100, 300), (400, 300), (-300, 300)]);
    assert_eq!(
        shape(&["points", "--points", "500:100,0:50,-1000:25,-250:100"]),
        [(200, 100), (-400, 25), (-100, 100)]
    );
    assert_eq!(shape(&["monophasic", "--phase-us", "123"]), [(400, 123)]);
    assert_eq!(one(&["sextuplet", "--between-us", "2000"]).len(), 12);
    assert_eq!(one(&["russian", "--cycles", "10"]).len(), 20);
    let onsets = |args: &[&str]| -> Vec<u64> {
        let all = spans(&[args, &["--seconds", "1"]].concat());
        all.iter().filter(|span| span.2 > 0).map(|span| span.0).collect()
    };
    let listed = onsets(&["intervals", "--intervals-ms", "20,50.5", "--frequency-hz", "50"]);
    let gaps: Vec<u64> = listed.windows(2).skip(1).map(|w| w[1] - w[0]).collect();
    assert!(
        gaps.chunks(2).all(|pair| pair[0] == 50_500 && pair.get(1).is_none_or(|next| *next == 20_000)),
        "{gaps:?}"
    );
    let swept =
        onsets(&["sweep", "--from-hz", "5", "--to-hz", "50", "--sweep-ms", "900", "--law", "exponential"]);
    assert!(swept.windows(3).all(|w| w[2] - w[1] <= w[1] - w[0] + 2), "{swept:?}");
    assert_eq!(onsets(&["bursts", "--burst-pulses", "4", "--bursts-hz", "5"]).len(), 20);
    let risen = spans(
        &[&["ramp", "--ramp-up-ms", "500", "--floor-percent", "50", "--slope", "raised-cosine"], &unit[..]]
            .concat(),
    );
    let codes: Vec<i64> =
        risen.iter().filter(|span| span.2 > 0 && span.0 < 500_000).map(|span| span.2).collect();
    assert!(codes.is_sorted() && codes[0] == 200 && *codes.last().unwrap() > 395, "{codes:?}");
}

/// REQ-APP-100: a picture for each kind, with its name, its unit and both panels.
#[test]
fn every_kind_is_drawn() {
    let dir = scratch("wave");
    for row in &KINDS {
        let path = dir.join(format!("{}.svg", row.word));
        let (status, out, _) = said(&["wave", row.word, "--svg", path.to_str().unwrap()]);
        let svg = std::fs::read_to_string(&path).unwrap();
        assert!(status == 0 && out.contains("Written: ") && svg.trim_end().ends_with("</svg>"), "{out}");
        for word in [row.word, "One pulse at full level", "The train", "mA", "time"] {
            assert!(svg.contains(word), "{} does not say {word}", row.word);
        }
        assert!(svg.matches("<polyline").count() >= 2);
    }
}

/// REQ-APP-100: with late edges the train ends within one code × L, and says how many trims that took.
#[test]
fn late_edges_are_trimmed() {
    let (status, out, err) = said(&["wave", "symmetric", "--late-us", "15", "--seconds", "1"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let trims = out.split(" trims").next().unwrap().rsplit(' ').next().unwrap();
    assert!(trims.parse::<u32>().unwrap() >= 1, "{out}");
    let (status, _, err) = said(&["wave", "symmetric", "--late-us", "15", "--declared-late-us", "3"]);
    assert!(status == 1 && err.contains("--late-us is more than --declared-late-us"), "{status}: {err}");
}

/// REQ-APP-102: bad input ends with status 2, says which flag, value and limit, and writes nothing.
#[test]
fn what_cannot_be_taken_is_refused() {
    let file = scratch("wave-refused").join("none.svg");
    let svg = file.to_str().unwrap();
    let table: [(&[&str], &[&str]); 21] = [
        (&["square"], &["'square'", "symmetric"]),
        (&["symmetric", "--outer-percent", "20"], &["--outer-percent", "symmetric", "--phase-us, --gap-us"]),
        (&["points", "--phase-us", "20"], &["--phase-us", "points", "--points"]),
        (&["triphasic", "--outer-percent", "100"], &["--outer-percent", "100"]),
        (&["asymmetric", "--length-percent", "99"], &["--length-percent", "99 is below 100"]),
        (&["asymmetric", "--length-percent", "2001"], &["--length-percent", "2001 is above 2000"]),
        (&["pre-pulse", "--prepulse-percent", "0"], &["--prepulse-percent", "0 is below 1"]),
        (&["points", "--points", "1000:200,-500:300"], &["--points", "sum to zero"]),
        (&["points", "--points", "1000:200,x"], &["'1000:200,x' for '--points", "\"x\"", "level:µs"]),
        (&["points", "--points", "1001:200,-1001:200"], &["--points", "1001 is above 1000"]),
        (&["russian", "--cycles", "0"], &["--cycles", "0 is below 1"]),
        (&["russian", "--cycles", "60"], &["--frequency-hz"]),
        (&["doublet", "--between-us", "200000"], &["--frequency-hz"]),
        (&["monophasic", "--declared-dc-ma", "0.1"], &["--declared-dc-ma", "above"]),
        (&["bursts", "--bursts-hz", "80"], &["--burst-pulses, --bursts-hz"]),
        (&["sweep", "--to-hz", "60"], &["--frequency-hz, --to-hz"]),
        (&["intervals", "--intervals-ms", "5"], &["--intervals-ms"]),
        (&["symmetric", "--amplitude-ma", "200"], &["--amplitude-ma", "above"]),
        (&["symmetric", "--code-min", "0"], &["--code-min", "0 is above -1"]),
        (&["sine", "--phase-us", "10"], &["--phase-us"]),
        (&["symmetric", "--seconds", "61"], &["'61' for '--seconds", "0.001 to 60 s"]),
    ];
    for (args, phrases) in table {
        let (status, out, err) = said(&[&["wave"], args, &["--svg", svg]].concat());
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}: {err}");
        for phrase in phrases {
            assert!(err.contains(phrase), "{args:?} does not say {phrase:?}: {err}");
        }
        assert!(!file.exists(), "{args:?} wrote a picture");
    }
    let (status, out, err) = said(&["wave", "--svg", svg]);
    assert!((status, out.as_str()) == (2, "") && err.contains("--svg: of which kind?"), "{err}");
    let raw = scratch("wave-refused").join("none.raw");
    for (args, phrase) in [
        (&["--ticks-hz", "1000000000", "--seconds", "1"][..], "--samples"),
        (&["--late-us", "5"], "--samples"),
    ] {
        let args = [&["wave", "symmetric", "--samples", raw.to_str().unwrap()], args].concat();
        let (status, _, err) = said(&args);
        assert!(status == 2 && err.contains(phrase) && !raw.exists(), "{args:?}: {status} {err}");
    }
}
