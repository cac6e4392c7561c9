//! ScienceMode 4 frames: header, length, CRC-16, command and packet number.

use crate::wire::{Collector, EncodeError, Format, Writer, crc16, is_reserved};

/// The longest frame that the vendor's library takes, bytes (STD-S26).
pub const FRAME_LONGEST: usize = 1_200;

/// The longest frame of this crate's commands, bytes: eight channels of 16 points with every byte escaped.
pub const COMMAND_LONGEST: usize = 1_088;

/// The frame format: 0xF0, length and CRC-16 of two escaped bytes each, stuffed body, 0x0F. The length is that of the
/// whole frame; the checksum is over the stuffed body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire;

impl Format for Wire {
    const HEADER: usize = 4;

    fn body_length([high, low, _, _]: [u8; 4]) -> Option<usize> {
        usize::from(u16::from_be_bytes([high, low])).checked_sub(10)
    }

    fn checks([_, _, high, low]: [u8; 4], body: &[u8]) -> bool {
        crc16(body) == u16::from_be_bytes([high, low])
    }

    fn header(body: &[u8]) -> Option<[u8; 4]> {
        let length = body.len().checked_add(10).and_then(|length| u16::try_from(length).ok())?;
        let ([a, b], [c, d]) = (length.to_be_bytes(), crc16(body).to_be_bytes());
        Some([a, b, c, d])
    }

    fn escapes(byte: u8) -> bool {
        is_reserved(byte)
    }
}

/// A collector of frames up to `N` bytes long.
pub type Decoder<const N: usize = FRAME_LONGEST> = Collector<Wire, N>;

/// The body of a frame: command, packet number, and what belongs to the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Number of the command, 0 to 1,023.
    pub command: u16,
    /// Packet number, 0 to 63; an answer has that of its question.
    pub number: u8,
    /// The rest.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a body apart: ten bits of command, six of packet number.
    ///
    /// ```
    /// use nmes_hal_adapters::sciencemode4::Packet;
    /// let packet = Packet::new(&[0x04, 0x02, 0xAA]).unwrap();
    /// assert_eq!((packet.number, packet.command, packet.payload), (1, 2, &[0xAA][..]));
    /// ```
    #[must_use]
    pub fn new(body: &'a [u8]) -> Option<Self> {
        let (head, payload) = body.split_first_chunk::<2>()?;
        let [high, low] = *head;
        Some(Self { command: u16::from_be_bytes([high & 0x03, low]), number: high >> 2, payload })
    }

    /// Writes the packet as a frame. A command above 1,023 or a number above 63 loses its upper bits.
    ///
    /// # Errors
    /// The buffer is too short.
    pub fn encode(&self, out: &mut [u8]) -> Result<usize, EncodeError> {
        let mut writer = begin(self.command, self.number, out);
        writer.put_all(self.payload);
        writer.finish()
    }
}

pub(super) fn begin(command: u16, number: u8, out: &mut [u8]) -> Writer<'_, Wire> {
    let [high, low] = command.to_be_bytes();
    let mut writer = Writer::new(out);
    writer.put((number << 2) | (high & 0x03));
    writer.put(low);
    writer
}
