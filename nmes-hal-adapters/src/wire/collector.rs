//! Frames out of a stream of bytes that may hold anything.

use super::{ESCAPE, KEY, START, STOP, is_reserved};
use core::marker::PhantomData;

/// What differs between the two protocols.
pub trait Format {
    /// Bytes of the header, each sent escaped: 1 to 4.
    const HEADER: usize;

    /// The length of the stuffed body that a header declares.
    fn body_length(header: [u8; 4]) -> Option<usize>;

    /// Whether the header's checksum is that of the stuffed body.
    fn checks(header: [u8; 4], body: &[u8]) -> bool;

    /// The header of a stuffed body; `None` when it is too long for the format.
    fn header(body: &[u8]) -> Option<[u8; 4]>;

    /// Whether a byte of the body is sent escaped.
    fn escapes(byte: u8) -> bool;
}

/// What a collector has seen since it was made or since [`Collector::forgive`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whole frames.
    pub frames: u32,
    /// Frames that began and were not right: a bad escape, length, stop byte or checksum.
    pub refused: u32,
    /// Bytes that belong to no frame.
    pub discarded: u32,
}

enum Verdict {
    More,
    Whole,
    Refused,
}

/// Where in a frame the next byte stands.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    at: usize,
    header: [u8; 4],
    escaped: bool,
    declared: usize,
    seen: usize,
    escapes: usize,
}

impl Scan {
    fn step<F: Format>(&mut self, byte: u8, room: usize) -> Verdict {
        let at = self.at;
        self.at = at.saturating_add(1);
        let header_end = F::HEADER.saturating_mul(2);
        if at == 0 {
            return if byte == START { Verdict::More } else { Verdict::Refused };
        }
        if at > header_end {
            return self.body(byte);
        }
        if at & 1 == 1 {
            return if byte == ESCAPE { Verdict::More } else { Verdict::Refused };
        }
        if let Some(slot) = self.header.get_mut((at >> 1).saturating_sub(1)) {
            *slot = byte ^ KEY;
        }
        if at == header_end { self.declare::<F>(room) } else { Verdict::More }
    }

    fn declare<F: Format>(&mut self, room: usize) -> Verdict {
        let around = F::HEADER.saturating_mul(2).saturating_add(2);
        match F::body_length(self.header) {
            Some(length) if length >= 2 && length.saturating_add(around) <= room => {
                self.declared = length;
                Verdict::More
            }
            _ => Verdict::Refused,
        }
    }

    fn body(&mut self, byte: u8) -> Verdict {
        if self.seen == self.declared {
            // two bytes, command and number, are the least that means anything
            let whole = byte == STOP && !self.escaped && self.seen.saturating_sub(self.escapes) >= 2;
            return if whole { Verdict::Whole } else { Verdict::Refused };
        }
        self.seen = self.seen.saturating_add(1);
        match (self.escaped, byte) {
            (true, _) if is_reserved(byte) => Verdict::Refused,
            (true, _) => {
                self.escaped = false;
                Verdict::More
            }
            (false, START | STOP) => Verdict::Refused,
            (false, ESCAPE) => {
                self.escaped = true;
                self.escapes = self.escapes.saturating_add(1);
                Verdict::More
            }
            (false, _) => Verdict::More,
        }
    }
}

/// Takes bytes one at a time and gives bodies of whole frames, unstuffed.
///
/// `N` is the longest frame in bytes; a longer one is refused as soon as its header declares it. After a refusal the
/// bytes kept are looked through again from behind their first, so that a frame that stands inside a broken one is
/// found. Only a header can hold a START that is not one, so a byte is looked at no more than `HEADER + 1` times
/// inside a body, and a call that refuses costs at most that many times N steps.
///
/// ```
/// use nmes_hal_adapters::sciencemode4::Wire;
/// use nmes_hal_adapters::wire::Collector;
/// let mut collector = Collector::<Wire, 64>::new();
/// let stream = [0x00, 0xF0, 0xF0, 0x81, 0x55, 0x81, 0x59, 0x81, 0xB7, 0x81, 0x84, 0xF8, 0x3E, 0x0F];
/// let found = stream.iter().filter(|&&byte| collector.push(byte).is_some()).count();
/// assert_eq!((found, collector.counts().refused), (0, 2)); // one START too many, and a checksum that is not right
/// ```
#[derive(Debug)]
pub struct Collector<F, const N: usize> {
    raw: [u8; N],
    length: usize,
    scan: Scan,
    counts: Counts,
    format: PhantomData<F>,
}

impl<F: Format, const N: usize> Collector<F, N> {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self { raw: [0; N], length: 0, scan: Scan::default(), counts: Counts::default(), format: PhantomData }
    }

    /// What was seen so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Sets the counts back, after a frame that was of use.
    pub fn forgive(&mut self) {
        self.counts = Counts::default();
    }

    /// Takes a byte; gives the unstuffed body of the frame that it ends. At least two bytes, at most `N`.
    pub fn push(&mut self, byte: u8) -> Option<&[u8]> {
        if self.length == 0 && byte != START {
            self.discard(1);
            return None;
        }
        let mut verdict = self.append(byte);
        while matches!(verdict, Verdict::Refused) {
            self.counts.refused = self.counts.refused.saturating_add(1);
            verdict = self.rescan();
        }
        if matches!(verdict, Verdict::Whole) { Some(self.finish()) } else { None }
    }

    fn append(&mut self, byte: u8) -> Verdict {
        let Some(slot) = self.raw.get_mut(self.length) else { return Verdict::Refused };
        *slot = byte;
        self.length = self.length.saturating_add(1);
        self.judge(byte)
    }

    fn judge(&mut self, byte: u8) -> Verdict {
        match self.scan.step::<F>(byte, N) {
            Verdict::Whole if !F::checks(self.scan.header, self.body()) => Verdict::Refused,
            verdict @ (Verdict::More | Verdict::Whole | Verdict::Refused) => verdict,
        }
    }

    fn body(&self) -> &[u8] {
        let begin = F::HEADER.saturating_mul(2).saturating_add(1);
        self.raw.get(begin..begin.saturating_add(self.scan.declared)).unwrap_or_default()
    }

    /// Forgets up to the next START behind the first byte and judges what is kept from there.
    fn rescan(&mut self) -> Verdict {
        let kept = self.raw.get(1..self.length).unwrap_or_default();
        let next = kept.iter().position(|&byte| byte == START).map_or(self.length, |i| i.saturating_add(1));
        self.discard(next);
        self.raw.copy_within(next.min(self.length)..self.length, 0);
        self.length = self.length.saturating_sub(next);
        self.scan = Scan::default();
        for index in 0..self.length {
            let byte = self.raw.get(index).copied().unwrap_or_default();
            match self.judge(byte) {
                Verdict::More => {}
                verdict @ (Verdict::Whole | Verdict::Refused) => return verdict,
            }
        }
        Verdict::More
    }

    fn finish(&mut self) -> &[u8] {
        let begin = F::HEADER.saturating_mul(2).saturating_add(1);
        let end = begin.saturating_add(self.scan.declared);
        let mut to = 0_usize;
        let mut key = 0;
        for from in begin..end {
            let byte = self.raw.get(from).copied().unwrap_or_default();
            if byte == ESCAPE && key == 0 {
                key = KEY;
                continue;
            }
            if let Some(slot) = self.raw.get_mut(to) {
                *slot = byte ^ key;
            }
            to = to.saturating_add(1);
            key = 0;
        }
        self.counts.frames = self.counts.frames.saturating_add(1);
        self.length = 0;
        self.scan = Scan::default();
        self.raw.get(..to).unwrap_or_default()
    }

    fn discard(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.counts.discarded = self.counts.discarded.saturating_add(bytes);
    }
}

impl<F: Format, const N: usize> Default for Collector<F, N> {
    fn default() -> Self {
        Self::new()
    }
}
