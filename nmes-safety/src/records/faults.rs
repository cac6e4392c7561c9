//! The black box as bytes.

use core::fmt;

use nmes_core::MAX_CHANNELS;

use super::DecodeError;
use super::bytes::{Reader, Writer, open, require, seal};
use super::codes::{fault_code, fault_of, response_code, response_of};
use crate::blackbox::{BLACK_BOX_ENTRIES, BlackBox, FOR_ENDS};
use crate::fault::{Fault, Response, Trip};
use crate::rules::{self, Rule};

/// Length of a stored black box.
pub const BLACK_BOX_BYTES: usize = 664;
const MAGIC: [u8; 4] = *b"NMBB";
const VERSION: u8 = 2;
/// A channel byte that means all channels.
const ALL_CHANNELS: u8 = 0xFF;
/// Any number past the last channel.
const NO_CHANNEL: u8 = 0xFE;
const RULE_BYTES: usize = 16;
const UNIT_BYTES: usize = 32;

/// A short text of UTF-8, filled up with zeros.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Word<const N: usize>([u8; N]);

impl<const N: usize> Word<N> {
    /// As much of a text as there is room for, in whole characters.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut bytes = [0; N];
        let whole = (0..=text.len().min(N)).rev().find_map(|end| text.get(..end)).unwrap_or("");
        for (to, from) in bytes.iter_mut().zip(whole.bytes()) {
            *to = from;
        }
        Self(bytes)
    }

    fn read(bytes: [u8; N], name: &'static str) -> Result<Self, DecodeError> {
        let word = Self(bytes);
        require(core::str::from_utf8(&bytes).is_ok(), name)?;
        require(word.0.iter().skip(word.as_str().len()).all(|&b| b == 0), name)?;
        Ok(word)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().take_while(|byte| **byte != 0).count();
        self.0.get(..length).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or("")
    }
}

impl<const N: usize> fmt::Debug for Word<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> fmt::Display for Word<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A fault as it was stored. Where its limit is from stands in the rule of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredTrip {
    /// What was wrong.
    pub fault: Fault,
    /// What had to be done.
    pub response: Response,
    /// On which channel; `None` for all, and 0xFE for a number that no channel has.
    pub channel: Option<u8>,
    /// The value found, in `unit`.
    pub value: i64,
    /// Its limit, in `unit`.
    pub limit: i64,
    /// When it was found, in ticks.
    pub at_tick: u64,
    /// The rule's name.
    pub rule: Word<RULE_BYTES>,
    /// The unit of value and limit, or its first 32 bytes.
    pub unit: Word<UNIT_BYTES>,
}

impl StoredTrip {
    /// The rule of the table, when it is one.
    #[must_use]
    pub fn table_rule(&self) -> Option<&'static Rule> {
        rules::by_id(self.rule.as_str())
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.u8(fault_code(self.fault)).u8(response_code(self.response));
        out.u8(self.channel.unwrap_or(ALL_CHANNELS)).put([0; 5]);
        out.i64(self.value).i64(self.limit).u64(self.at_tick).put(self.rule.0).put(self.unit.0);
    }

    /// An entry, or nothing where there is none.
    fn read(fields: &mut Reader<'_>, used: bool) -> Result<Option<Self>, DecodeError> {
        if !used {
            return require(fields.take::<80>() == [0; 80], "unused").map(|()| None);
        }
        let fault = fault_of(fields.u8()).ok_or(DecodeError::Field { name: "fault" })?;
        let response = response_of(fields.u8()).ok_or(DecodeError::Field { name: "response" })?;
        let channel = Some(fields.u8()).filter(|&channel| channel != ALL_CHANNELS);
        require(channel.is_none_or(|channel| is_channel(channel) || channel == NO_CHANNEL), "channel")?;
        require(fields.take::<5>() == [0; 5], "reserved")?;
        let (value, limit, at_tick) = (fields.i64(), fields.i64(), fields.u64());
        let rule = Word::read(fields.take(), "rule")?;
        let unit = Word::read(fields.take(), "unit")?;
        Ok(Some(Self { fault, response, channel, value, limit, at_tick, rule, unit }))
    }
}

fn is_channel(channel: u8) -> bool {
    usize::from(channel) < MAX_CHANNELS
}

impl From<&Trip> for StoredTrip {
    fn from(trip: &Trip) -> Self {
        Self {
            fault: trip.fault,
            response: trip.response,
            channel: trip.channel.map(|channel| if is_channel(channel) { channel } else { NO_CHANNEL }),
            value: trip.value,
            limit: trip.limit,
            at_tick: trip.at_tick,
            rule: Word::of(trip.rule),
            unit: Word::of(trip.unit),
        }
    }
}

/// A black box out of bytes: the first faults of a run, and how many came after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredBlackBox {
    entries: [Option<StoredTrip>; BLACK_BOX_ENTRIES],
    later: u32,
    ticks_per_second: u32,
    session: u32,
}

impl From<&BlackBox> for StoredBlackBox {
    fn from(black_box: &BlackBox) -> Self {
        let mut stored = Self { later: black_box.later(), ..Self::default() };
        for (slot, trip) in stored.entries.iter_mut().zip(black_box.entries()) {
            *slot = Some(trip.into());
        }
        stored
    }
}

impl StoredBlackBox {
    /// The faults in the order they came.
    pub fn entries(&self) -> impl Iterator<Item = &StoredTrip> {
        self.entries.iter().flatten()
    }

    /// How many faults found no entry left for them.
    #[must_use]
    pub const fn later(&self) -> u32 {
        self.later
    }

    /// The same with the clock of its time stamps, in ticks a second, and the session's number as in
    /// [`DoseRecord::begun`](super::DoseRecord::begun).
    #[must_use]
    pub const fn of_session(self, ticks_per_second: u32, session: u32) -> Self {
        Self { ticks_per_second, session, ..self }
    }

    /// Ticks of one second; 0 where nobody said.
    #[must_use]
    pub const fn ticks_per_second(&self) -> u32 {
        self.ticks_per_second
    }

    /// The session's number; 0 where nobody said.
    #[must_use]
    pub const fn session(&self) -> u32 {
        self.session
    }

    /// As bytes. Fixed work.
    ///
    /// ```
    /// use nmes_safety::{BlackBox, records::StoredBlackBox};
    /// let stored = StoredBlackBox::from(&BlackBox::new()).of_session(1_000_000, 42);
    /// assert_eq!(StoredBlackBox::decode(&stored.encode()), Ok(stored));
    /// ```
    #[must_use]
    pub fn encode(&self) -> [u8; BLACK_BOX_BYTES] {
        let mut bytes = [0; BLACK_BOX_BYTES];
        let mut out = Writer::new(&mut bytes);
        let used = u8::try_from(self.entries().count()).unwrap_or(u8::MAX);
        out.put(MAGIC).u8(VERSION).u8(used).u16(0).u32(self.later);
        out.u32(self.ticks_per_second).u32(self.session);
        for entry in self.entries() {
            entry.write(&mut out);
        }
        seal(&mut bytes);
        bytes
    }

    /// The black box back.
    ///
    /// # Errors
    /// [`DecodeError`]. Never panics.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = open(bytes, BLACK_BOX_BYTES, MAGIC, VERSION)?;
        let used = usize::from(fields.u8());
        require(used <= BLACK_BOX_ENTRIES, "entries")?;
        require(fields.u16() == 0, "reserved")?;
        let later = fields.u32();
        require(later == 0 || used >= BLACK_BOX_ENTRIES.saturating_sub(FOR_ENDS), "later")?;
        let (ticks_per_second, session) = (fields.u32(), fields.u32());
        let mut stored = Self { later, ticks_per_second, session, ..Self::default() };
        for (index, slot) in stored.entries.iter_mut().enumerate() {
            *slot = StoredTrip::read(&mut fields, index < used)?;
        }
        Ok(stored)
    }
}
