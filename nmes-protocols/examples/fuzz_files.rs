//! Feeds the readers of session and subject files with broken texts and bytes until a time is over.
//!
//! `cargo run --release -p nmes-protocols --features text,postcard --example fuzz_files -- 60 [SEED]`
//!
//! There is no feedback of coverage: inputs are files of the catalogue's rows and a subject file as TOML, JSON and bytes,
//! with bytes flipped, inserted, dropped, doubled and cut, digits changed, and parts of one file in another. What is
//! checked, besides that nothing panics: what is read is written and read again the same; a session that builds is the
//! session that stands in the file, in the ranges of its row; an error says something.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "a host tool in which a panic is the finding"
)]

use nmes_protocols::files::{FileRoom, OwnFile, SessionFile, SubjectFile, Syntax};
use nmes_protocols::{
    Answers, Availability, CATALOGUE, Condition, Date, Innervation, Request, Side, Storage, Subject,
    build_session,
};
use std::time::{Duration, Instant};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap()
    }
}

#[derive(Default)]
struct Tally {
    inputs: u64,
    read: u64,
    own: u64,
    built: u64,
    subjects: u64,
}

fn person(row: &Condition) -> Subject {
    let fits = [Innervation::Intact, Innervation::PartiallyDenervated, Innervation::Denervated];
    Subject::new(fits.into_iter().find(|i| row.needs.accepts(*i)).unwrap(), Side::Left)
}

fn seeds() -> Vec<SessionFile> {
    let enabled = CATALOGUE.iter().filter(|row| row.availability == Availability::Enabled);
    enabled
        .map(|row| {
            let request = Request { specialist: true, ..Request::default() };
            let mut storage = Storage::new();
            let built = build_session(row, &person(row), &request, &Answers::all_no(), &mut storage).unwrap();
            SessionFile::of(row, &request, &built).unwrap()
        })
        .collect()
}

const OWN: &str = include_str!("../../docs/own-session.toml");
const SUBJECT: &str = "format = \"nmes-subject\"\nversion = 1\ncode = \"P\"\ninnervation = \"intact\"\nside = \"left\"\n\
[screening]\nyes = [\"driving\"]\nacknowledged = [\"driving\"]\nothers = \"no\"\n[[measured]]\nchannel = 0\n\
date = \"2026-11-21\"\nwidth_us = 250\nsensory_ua = 12000\nmotor_ua = 25000\nmaximum_ua = 60000\nrepeats = 3\n\
ended = \"maximum\"\nelectrode = { area_mm2 = 2500, leading = \"negative\", placement = \"x\" }\n[[limits]]\n\
rule = \"E-PEAK-1\"\nvalue = 45000\n[home]\nset_by = \"C\"\ndate = \"2026-11-20\"\n";

fn mutate(random: &mut Random, input: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=random.below(3) {
        let at = random.below(input.len());
        match random.below(8) {
            0 if !input.is_empty() => input[at] ^= 1 << random.below(8),
            1 => input.insert(at, random.next() as u8),
            2 if !input.is_empty() => {
                input.remove(at);
            }
            3 => input.truncate(at),
            4 => {
                let part: Vec<u8> = input[at..(at + random.below(40)).min(input.len())].to_vec();
                input.splice(at..at, part);
            }
            5 => {
                let from = random.below(other.len());
                let to = (from + random.below(60)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                // a digit for a digit: numbers stay numbers
                let digits: Vec<usize> = (0..input.len()).filter(|i| input[*i].is_ascii_digit()).collect();
                if !digits.is_empty() {
                    input[digits[random.below(digits.len())]] = b'0' + random.below(10) as u8;
                }
            }
        }
    }
}

fn session(tally: &mut Tally, file: &SessionFile) {
    tally.read += 1;
    for syntax in [Syntax::Toml, Syntax::Json] {
        assert_eq!(SessionFile::from_text(&file.to_text(syntax), syntax).as_ref(), Ok(file));
    }
    let mut room = [0; 16_384];
    assert_eq!(SessionFile::from_bytes(file.to_bytes(&mut room).unwrap()).as_ref(), Ok(file));
    let mut lone = FileRoom::new();
    let alone = file.session(&mut lone);
    let Ok(row) = file.row() else { return };
    let mut storage = Storage::new();
    match file.build(&person(row), &Answers::all_no(), &mut storage) {
        Ok(built) => {
            assert_eq!(alone, Ok(built.session), "{}", file.to_text(Syntax::Toml));
            for channel in built.session.channels() {
                assert!(row.amplitude.holds(channel.set.amplitude.as_microamps()));
                assert!(row.phase_width.holds(channel.set.width.as_micros()));
            }
            tally.built += 1;
        }
        Err(error) => assert!(error.to_string().len() > 10),
    }
}

/// A session of one's own that was read goes there and back, and is built or refused in words.
fn own(tally: &mut Tally, file: &OwnFile) {
    tally.own += 1;
    for syntax in [Syntax::Toml, Syntax::Json] {
        assert_eq!(OwnFile::from_text(&file.to_text(syntax), syntax).as_ref(), Ok(file));
    }
    let mut room = [0; 4_096];
    assert_eq!(OwnFile::from_bytes(file.to_bytes(&mut room).unwrap()).as_ref(), Ok(file));
    match file.session(&mut FileRoom::new()) {
        Ok(_) => tally.built += 1,
        Err(error) => assert!(error.to_string().len() > 10),
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let seconds: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let seed: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    println!("files: {seconds} s, seed {seed}");
    let (mut random, files) = (Random(seed), seeds());
    let subject = SubjectFile::from_text(SUBJECT, Syntax::Toml).unwrap();
    let own_file = OwnFile::from_text(OWN, Syntax::Toml).unwrap();
    let (start, mut tally) = (Instant::now(), Tally::default());
    while start.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..64 {
            let [one, other] = [random.below(files.len()), random.below(files.len())];
            let syntax = if random.below(2) == 0 { Syntax::Toml } else { Syntax::Json };
            let other = files[other].to_text(syntax).into_bytes();
            tally.inputs += 1;
            match random.below(6) {
                0 => {
                    let mut room = [0; 16_384];
                    let mut bytes = files[one].to_bytes(&mut room).unwrap().to_vec();
                    mutate(&mut random, &mut bytes, &other);
                    match SessionFile::from_bytes(&bytes) {
                        Ok(file) => session(&mut tally, &file),
                        Err(error) => assert!(error.to_string().len() > 10),
                    }
                }
                1 => {
                    let mut text = subject.to_text(syntax).into_bytes();
                    mutate(&mut random, &mut text, &other);
                    let text = String::from_utf8_lossy(&text);
                    match SubjectFile::from_text(&text, syntax) {
                        Ok(file) => {
                            assert_eq!(
                                SubjectFile::from_text(&file.to_text(syntax), syntax),
                                Ok(file.clone())
                            );
                            let _ = (file.subject(0), file.answers(), file.limits().count());
                            tally.subjects += 1;
                        }
                        Err(error) => assert!(error.to_string().len() > 5, "{error:?}"),
                    }
                    let _ = Date::parse(&text);
                }
                2 => {
                    let mut text = own_file.to_text(syntax).into_bytes();
                    mutate(&mut random, &mut text, &other);
                    match OwnFile::from_text(&String::from_utf8_lossy(&text), syntax) {
                        Ok(file) => own(&mut tally, &file),
                        Err(error) => assert!(error.to_string().len() > 5, "{error:?}"),
                    }
                }
                3 => {
                    let mut room = [0; 4_096];
                    let mut bytes = own_file.to_bytes(&mut room).unwrap().to_vec();
                    mutate(&mut random, &mut bytes, &other);
                    match OwnFile::from_bytes(&bytes) {
                        Ok(file) => own(&mut tally, &file),
                        Err(error) => assert!(error.to_string().len() > 10),
                    }
                }
                _ => {
                    let mut text = files[one].to_text(syntax).into_bytes();
                    mutate(&mut random, &mut text, &other);
                    match SessionFile::from_text(&String::from_utf8_lossy(&text), syntax) {
                        Ok(file) => session(&mut tally, &file),
                        Err(error) => assert!(error.to_string().len() > 5, "{error:?}"),
                    }
                }
            }
        }
    }
    let Tally { inputs, read, own, built, subjects } = tally;
    println!(
        "files: {inputs} inputs, {read} sessions of rows and {own} of one's own read, {built} of them built, {subjects} subjects; no finding"
    );
}
