//! Foot events of a walk: reading them, and what they say about steps.
//!
//! A walk is a list of moments in microseconds at which a heel leaves the ground, toes leave it, or a heel
//! lands. Heel events are what a heel switch would report; toe-off is for judging and drawing only.

mod made;

pub use made::{Affected, affected, built_in};

use std::fmt;
use std::io::{Read, Write};
use std::path::Path;

/// The longest walk that is read: 12 hours.
pub const LONGEST_US: u64 = 43_200_000_000;

const HEADER: [&str; 3] = ["t_us", "foot", "event"];

/// One of the two feet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Foot {
    /// The left foot.
    Left,
    /// The right foot.
    Right,
}

impl Foot {
    /// The word used in files and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// What a foot does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FootEvent {
    /// The heel rises: a heel switch opens.
    HeelOff,
    /// The toes leave the ground: swing begins.
    ToeOff,
    /// The heel lands: a heel switch closes.
    HeelStrike,
}

impl FootEvent {
    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::HeelOff => "heel_off",
            Self::ToeOff => "toe_off",
            Self::HeelStrike => "heel_strike",
        }
    }
}

/// One line of a gait file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Microseconds from the start of the walk.
    pub t_us: u64,
    /// Which foot.
    pub foot: Foot,
    /// What it does.
    pub event: FootEvent,
}

/// A step of one foot as far as its events tell: any of the three may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// When the heel rose.
    pub heel_off: Option<u64>,
    /// When swing began; a lift without it is a shuffle.
    pub toe_off: Option<u64>,
    /// When the heel landed; a step without it did not load the heel, or the walk ended.
    pub strike: Option<u64>,
}

impl Step {
    /// How long before toe-off the heel rose.
    #[must_use]
    pub fn lead_us(&self) -> Option<u64> {
        self.toe_off?.checked_sub(self.heel_off?)
    }
}

/// Both feet's events, in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    name: String,
    events: Vec<Event>,
}

/// A gait file that cannot be taken: which line, which value, and what would be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaitError {
    file: String,
    line: Option<u64>,
    what: String,
}

impl fmt::Display for GaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gait file {}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for GaitError {}

/// Longer files are not read: a day of steps is well below it.
const LONGEST: u64 = 64_000_000;

impl Walk {
    /// A walk from events that are in order of time already.
    #[must_use]
    pub fn from_sorted(name: &str, events: Vec<Event>) -> Option<Self> {
        let sorted = events.is_sorted_by_key(|e| e.t_us);
        sorted.then(|| Self { name: name.to_owned(), events })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be opened, or [`Walk::parse`] refuses it.
    pub fn read(path: &Path) -> Result<Self, GaitError> {
        let name = path.display().to_string();
        let read = crate::files::bytes(path, LONGEST).map_err(|e| GaitError {
            file: name.clone(),
            line: None,
            what: format!("cannot be read ({e}); expected a CSV file with columns t_us,foot,event"),
        })?;
        Self::parse(read.as_slice(), &name)
    }

    /// Reads columns `t_us,foot,event`; lines that start with `#` are comments.
    ///
    /// # Errors
    /// Names the line, the value and what is accepted: an empty file, another header, a time that is not a
    /// whole number, a time before the one ahead of it, an unknown foot or event, one that stands twice.
    pub fn parse(reader: impl Read, name: &str) -> Result<Self, GaitError> {
        let fail = |line, what| GaitError { file: name.to_owned(), line, what };
        let mut csv = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .has_headers(false)
            .flexible(true)
            .from_reader(reader);
        let mut events: Vec<Event> = Vec::new();
        let mut has_header = false;
        for record in csv.records() {
            let record = record
                .map_err(|e| fail(e.position().map(csv::Position::line), format!("not CSV text ({e})")))?;
            let line = record.position().map(csv::Position::line);
            if !has_header {
                check_header(&record).map_err(|what| fail(line, what))?;
                has_header = true;
                continue;
            }
            let earliest = events.last().map_or(0, |e| e.t_us);
            let event = parse_event(&record, earliest).map_err(|what| fail(line, what))?;
            once(&events, &event).map_err(|what| fail(line, what))?;
            events.push(event);
        }
        if events.is_empty() {
            let what = "empty; expected a line `t_us,foot,event` and events such as `480000,right,heel_off`";
            return Err(fail(None, what.to_owned()));
        }
        Ok(Self { name: name.to_owned(), events })
    }

    /// Writes the walk as [`Walk::parse`] reads it.
    ///
    /// # Errors
    /// The writer's own.
    pub fn write(&self, writer: impl Write) -> Result<(), csv::Error> {
        let mut csv = csv::Writer::from_writer(writer);
        csv.write_record(HEADER)?;
        for event in &self.events {
            csv.write_record([event.t_us.to_string().as_str(), event.foot.word(), event.event.word()])?;
        }
        Ok(csv.flush()?)
    }

    /// Where the walk came from.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All events, in order of time.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The time of the last event.
    #[must_use]
    pub fn length_us(&self) -> u64 {
        self.events.last().map_or(0, |e| e.t_us)
    }

    /// Heel events of one foot as a heel switch reports them: time, and whether the heel is lifted.
    pub fn heel(&self, foot: Foot) -> impl Iterator<Item = (u64, bool)> + '_ {
        self.heels().filter(move |(_, of, _)| *of == foot).map(|(t_us, _, lifted)| (t_us, lifted))
    }

    /// Heel events of both feet in order: time, foot, and whether the heel is lifted.
    pub fn heels(&self) -> impl Iterator<Item = (u64, Foot, bool)> + '_ {
        self.events.iter().filter_map(|e| match e.event {
            FootEvent::HeelOff => Some((e.t_us, e.foot, true)),
            FootEvent::HeelStrike => Some((e.t_us, e.foot, false)),
            FootEvent::ToeOff => None,
        })
    }

    /// Whether the file has any event of a foot.
    #[must_use]
    pub fn has(&self, foot: Foot) -> bool {
        self.events.iter().any(|e| e.foot == foot)
    }

    /// Whether a foot has heel events and no toe-off at all, as from a switch under the heel alone.
    #[must_use]
    pub fn lacks_toe_off(&self, foot: Foot) -> bool {
        let toe_off = |e: &Event| e.foot == foot && e.event == FootEvent::ToeOff;
        self.heel(foot).next().is_some() && !self.events.iter().any(toe_off)
    }

    /// Whether the heel is on the ground when the walk begins: yes, unless the first event of the foot is a strike.
    #[must_use]
    pub fn starts_on_heel(&self, foot: Foot) -> bool {
        self.heel(foot).next().is_none_or(|(_, lifted)| lifted)
    }

    /// The steps of one foot, shuffles and unfinished ones among them.
    #[must_use]
    pub fn steps(&self, foot: Foot) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut open = Step::default();
        for event in self.events.iter().filter(|e| e.foot == foot) {
            let t = Some(event.t_us);
            match event.event {
                FootEvent::HeelOff if open != Step::default() => {
                    steps.push(std::mem::replace(&mut open, Step { heel_off: t, ..Step::default() }));
                }
                FootEvent::HeelOff => open.heel_off = t,
                FootEvent::ToeOff if open.toe_off.is_some() => {
                    steps.push(std::mem::replace(&mut open, Step { toe_off: t, ..Step::default() }));
                }
                FootEvent::ToeOff => open.toe_off = t,
                FootEvent::HeelStrike => {
                    open.strike = t;
                    steps.push(std::mem::take(&mut open));
                }
            }
        }
        steps.push(open);
        steps.retain(|s| s.heel_off.is_some() || s.toe_off.is_some());
        steps
    }

    /// What is odd about a foot's heel events, in words: nothing for a clean walk.
    #[must_use]
    pub fn oddities(&self, foot: Foot, debounce_us: u64) -> Vec<String> {
        let heel: Vec<(u64, bool)> = self.heel(foot).collect();
        let mut said = Vec::new();
        let twice = heel.windows(2).filter(|w| w[0].1 == w[1].1 && w[0].1).count();
        if let Some(at) = heel.windows(2).find(|w| w[0].1 && w[1].1).map(|w| w[1].0) {
            said.push(format!(
                "two heel-offs in a row without a strike: {twice}, first at {} s",
                seconds(at)
            ));
        }
        let bounces = heel.windows(2).filter(|w| w[1].0 - w[0].0 < debounce_us).count();
        if bounces > 0 {
            said.push(format!("{bounces} heel events closer than the {} ms debounce", debounce_us / 1_000));
        }
        if let Some(&(at, true)) = heel.last() {
            said.push(format!(
                "the walk ends mid-step: the heel is lifted at {} s and never lands",
                seconds(at)
            ));
        }
        let unloaded =
            self.steps(foot).windows(2).filter(|w| w[0].strike.is_none() && w[1].heel_off.is_none()).count();
        if unloaded > 0 {
            said.push(format!("{unloaded} steps land without loading the heel"));
        }
        said
    }
}

/// Seconds with three decimals, from microseconds.
#[must_use]
pub fn seconds(t_us: u64) -> String {
    format!("{}.{:03}", t_us / 1_000_000, t_us % 1_000_000 / 1_000)
}

fn check_header(record: &csv::StringRecord) -> Result<(), String> {
    if record.iter().eq(HEADER) {
        return Ok(());
    }
    let found: Vec<&str> = record.iter().collect();
    Err(format!("the first line is \"{}\"; expected the header t_us,foot,event", found.join(",")))
}

/// A foot does the same thing once at a time: a line that stands twice is no step.
fn once(before: &[Event], event: &Event) -> Result<(), String> {
    if !before.iter().rev().take_while(|other| other.t_us == event.t_us).any(|other| other == event) {
        return Ok(());
    }
    let Event { t_us, foot, event } = event;
    Err(format!(
        "{} of the {} foot at t_us {t_us} stands twice; accepted: each event of a foot once at a time",
        event.word(),
        foot.word()
    ))
}

fn parse_event(record: &csv::StringRecord, earliest: u64) -> Result<Event, String> {
    if record.len() != HEADER.len() {
        return Err(format!("{} fields; expected three: t_us,foot,event", record.len()));
    }
    let field = |i: usize| record.get(i).unwrap_or_default();
    let accepted = format!("accepted: a whole number of microseconds, 0 to {LONGEST_US}");
    let t_us: u64 =
        field(0).parse().map_err(|_| format!("t_us \"{}\" is not taken; {accepted}", field(0)))?;
    if t_us > LONGEST_US {
        return Err(format!("t_us \"{t_us}\" is past 12 hours; {accepted}"));
    }
    if t_us < earliest {
        return Err(format!(
            "t_us {t_us} is before the {earliest} ahead of it; accepted: events in order of time"
        ));
    }
    let foot = match field(1) {
        "left" => Foot::Left,
        "right" => Foot::Right,
        other => return Err(format!("foot \"{other}\" does not exist; accepted: left, right")),
    };
    let event = match field(2) {
        "heel_off" => FootEvent::HeelOff,
        "toe_off" => FootEvent::ToeOff,
        "heel_strike" => FootEvent::HeelStrike,
        other => {
            return Err(format!("event \"{other}\" is not known; accepted: heel_off, toe_off, heel_strike"));
        }
    };
    Ok(Event { t_us, foot, event })
}
