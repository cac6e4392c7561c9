//! A serial port or a TCP socket as an `embedded-io` port that never waits for bytes.

use crate::failure::Failure;
use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use serial2::{CharSize, Parity, SerialPort, Settings, StopBits};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a write may take before the port counts as gone.
const WRITE_TIME: Duration = Duration::from_millis(200);

/// A port to a device, 8 bits and one stop bit.
#[derive(Debug)]
pub(crate) struct Port {
    line: Line,
    held: Vec<u8>,
    closed: bool,
}

#[derive(Debug)]
enum Line {
    Serial(SerialPort),
    Tcp(TcpStream),
}

/// How a serial port is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineSettings {
    /// Bits a second.
    pub(crate) baud: u32,
    /// Whether each byte has a parity bit, an even one.
    pub(crate) even_parity: bool,
}

impl Port {
    /// Opens `tcp:HOST:PORT`, or else the path or name of a serial port. A pseudo-terminal has no parity, and gets none.
    ///
    /// # Errors
    /// Says which port, what is wrong, and what would be accepted.
    pub(crate) fn open(name: &str, settings: LineSettings) -> Result<Self, Failure> {
        let refuse = |error: io::Error| {
            Failure::Input(format!(
                "--port {name}: {error}; accepted: a serial port such as /dev/ttyACM0 or COM3, or tcp:HOST:PORT"
            ))
        };
        let line = match name.strip_prefix("tcp:") {
            Some(address) => Line::Tcp(tcp(address).map_err(refuse)?),
            None => Line::Serial(serial(name, settings).map_err(refuse)?),
        };
        Ok(Self { line, held: Vec::new(), closed: false })
    }

    /// What is there, without waiting.
    fn fetch(&mut self) -> io::Result<()> {
        let mut chunk = [0; 512];
        let read = match &mut self.line {
            Line::Serial(port) => port.read(&mut chunk),
            Line::Tcp(socket) => socket.read(&mut chunk),
        };
        match read {
            Ok(0) => self.closed = true,
            Ok(length) => self.held.extend_from_slice(&chunk[..length]),
            Err(error) if is_waiting(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn tcp(address: &str) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn serial(name: &str, wanted: LineSettings) -> io::Result<SerialPort> {
    let path = std::fs::canonicalize(name).unwrap_or_else(|_| name.into());
    let parity = if wanted.even_parity && !is_pseudo(&path) { Parity::Even } else { Parity::None };
    let mut port = SerialPort::open(&path, |mut settings: Settings| {
        settings.set_raw();
        settings.set_baud_rate(wanted.baud)?;
        settings.set_char_size(CharSize::Bits8);
        settings.set_stop_bits(StopBits::One);
        settings.set_parity(parity);
        Ok(settings)
    })?;
    port.set_read_timeout(Duration::ZERO)?;
    port.set_write_timeout(WRITE_TIME)?;
    Ok(port)
}

fn is_pseudo(path: &Path) -> bool {
    path.starts_with("/dev/pts")
}

fn is_waiting(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn kind(error: io::Error) -> ErrorKind {
    if is_waiting(&error) { ErrorKind::TimedOut } else { ErrorKind::Other }
}

impl ErrorType for Port {
    type Error = ErrorKind;
}

impl ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        if self.held.is_empty() && !self.closed {
            self.fetch().map_err(kind)?;
        }
        Ok(!self.held.is_empty() || self.closed)
    }
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let length = self.held.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.held[..length]);
        self.held.drain(..length);
        Ok(length)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let begin = Instant::now();
        loop {
            let written = match &mut self.line {
                Line::Serial(port) => port.write(bytes),
                Line::Tcp(socket) => socket.write(bytes),
            };
            match written {
                Err(error) if is_waiting(&error) && begin.elapsed() < WRITE_TIME => {
                    std::thread::sleep(Duration::from_micros(200));
                }
                written => return written.map_err(kind),
            }
        }
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
