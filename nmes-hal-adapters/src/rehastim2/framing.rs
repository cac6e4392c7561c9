//! ScienceMode 2 frames: CRC-8, length, packet number, command.

use crate::wire::{Collector, EncodeError, Format, KEY, Writer, crc8, is_reserved};

/// The longest frame, bytes (STD-S27).
pub const FRAME_LONGEST: usize = 69;

/// The frame format: 0xF0, CRC-8 and length of one escaped byte each, stuffed body, 0x0F. Length and checksum are
/// those of the stuffed body.
///
/// 0x0A and 0x55 are escaped too, as STD-S27 does in data; a reader takes them either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire;

impl Format for Wire {
    const HEADER: usize = 2;

    fn body_length([_, length, _, _]: [u8; 4]) -> Option<usize> {
        Some(usize::from(length))
    }

    fn checks([sum, _, _, _]: [u8; 4], body: &[u8]) -> bool {
        crc8(body) == sum
    }

    fn header(body: &[u8]) -> Option<[u8; 4]> {
        Some([crc8(body), u8::try_from(body.len()).ok()?, 0, 0])
    }

    fn escapes(byte: u8) -> bool {
        is_reserved(byte) || byte == KEY || byte == 0x0A
    }
}

/// A collector of frames up to `N` bytes long.
pub type Decoder<const N: usize = FRAME_LONGEST> = Collector<Wire, N>;

/// The body of a frame: packet number, command, and what belongs to the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Packet number; an answer has that of its question.
    pub number: u8,
    /// Number of the command.
    pub command: u8,
    /// The rest.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a body apart.
    ///
    /// ```
    /// use nmes_hal_adapters::rehastim2::Packet;
    /// let packet = Packet::new(&[7, 11, 0, 2]).unwrap();
    /// assert_eq!((packet.number, packet.command, packet.payload), (7, 11, &[0, 2][..]));
    /// ```
    #[must_use]
    pub fn new(body: &'a [u8]) -> Option<Self> {
        let (&[number, command], payload) = body.split_first_chunk::<2>()?;
        Some(Self { number, command, payload })
    }

    /// Writes the packet as a frame.
    ///
    /// # Errors
    /// The buffer is too short, or the body is longer than 255 bytes as it is sent.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = Writer::<Wire>::new(out);
        writer.put(self.number);
        writer.put(self.command);
        writer.put_all(self.payload);
        writer.finish()
    }
}
