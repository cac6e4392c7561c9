//! Whole conversations over a TCP socket on this machine, with a simulated device at the far end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "tests; a panic is a failure"
)]

mod stimulators;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write};
use nmes_hal_adapters::sim::{FarEnd, P24Fault, RehaStimFault, SimP24, SimRehaStim2};
use nmes_hal_adapters::wire::{Driver, DriverError, Exchange, Poll};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};
use stimulators::{p24_update, rehastim_list};

/// A socket as an embedded-io port.
struct Port(TcpStream);

impl ErrorType for Port {
    type Error = ErrorKind;
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn kind(error: std::io::Error) -> ErrorKind {
    match error.kind() {
        std::io::ErrorKind::TimedOut => ErrorKind::TimedOut,
        _ => ErrorKind::Other,
    }
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.0.read(buffer).map_err(kind)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.0.write(bytes).map_err(kind)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.0.flush().map_err(kind)
    }
}

impl ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        self.0.set_nonblocking(true).map_err(kind)?;
        let peeked = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false).map_err(kind)?;
        match peeked {
            Ok(_) => Ok(true), // 0 is the end, which a read tells
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(kind(error)),
        }
    }
}

/// What a test tells the device's thread.
enum Tell<F> {
    Fault(F),
    Raw(Vec<u8>),
    Unplug,
}

/// The device on a socket of its own, for at most 20 s; gives it back at the end.
fn serve<D, F>(listener: TcpListener, mut device: D, told: Receiver<Tell<F>>, set: fn(&mut D, F)) -> D
where
    D: FarEnd,
{
    let (mut socket, _) = listener.accept().unwrap();
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(20) {
        let now = begin.elapsed().as_millis() as u64;
        let mut back = Vec::new();
        match told.try_recv() {
            Ok(Tell::Fault(fault)) => set(&mut device, fault),
            Ok(Tell::Raw(bytes)) => back.extend_from_slice(&bytes),
            Ok(Tell::Unplug) => return device,
            Err(_) => {}
        }
        let mut chunk = [0; 512];
        match socket.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => device.receive(&chunk[..length], now, &mut |bytes| back.extend_from_slice(bytes)),
            Err(_) => {}
        }
        device.tick(now, &mut |bytes| back.extend_from_slice(bytes));
        if socket.write_all(&back).is_err() {
            break;
        }
    }
    device
}

struct Bench<S: Exchange, D, F> {
    driver: Driver<'static, S, Port>,
    begin: Instant,
    tell: Sender<Tell<F>>,
    device: JoinHandle<D>,
    last: Result<Poll, DriverError<ErrorKind>>,
}

impl<S: Exchange, D: FarEnd + Send + 'static, F: Send + 'static> Bench<S, D, F> {
    fn new(session: S, device: D, set: fn(&mut D, F)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = channel();
        let device = spawn(move || serve(listener, device, told, set));
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        let driver = Driver::new(session, Port(socket), vec![0; S::FRAME_MAX].leak());
        Self { driver, begin: Instant::now(), tell, device, last: Ok(Poll::Wait(0)) }
    }

    /// Steps the driver until something is so, for at most 10 s.
    fn until(&mut self, mut so: impl FnMut(&S) -> bool) {
        let begin = Instant::now();
        while !so(self.driver.session()) {
            assert!(begin.elapsed() < Duration::from_secs(10), "it never was so");
            self.last = self.driver.step(self.begin.elapsed().as_millis() as u64);
            sleep(Duration::from_millis(1));
        }
    }

    fn for_ms(&mut self, ms: u64) {
        let begin = Instant::now();
        self.until(|_| begin.elapsed() >= Duration::from_millis(ms));
    }

    fn end<T>(self, fault: fn(&S) -> T) -> (T, D) {
        let fault = fault(self.driver.session());
        drop(self.driver);
        (fault, self.device.join().unwrap())
    }
}

// the longest times allowed, for a busy machine
fn p24() -> Bench<sm4::Session, SimP24, P24Fault> {
    let session = sm4::Session::mid_level(sm4::Timing::new(500, 500).unwrap());
    let mut bench = Bench::new(session, SimP24::new(), |device, fault| device.fault = Some(fault));
    bench.until(|session| session.phase() == sm4::Phase::Ready);
    bench.driver.session_mut().update(p24_update(0b11)).unwrap();
    bench.until(|session| session.phase() == sm4::Phase::Running);
    bench
}

fn rehastim() -> Bench<rs2::Session, SimRehaStim2, RehaStimFault> {
    let session = rs2::Session::new(rs2::Timing::new(600, 400).unwrap());
    let mut bench = Bench::new(session, SimRehaStim2::new(), |device, fault| device.fault = Some(fault));
    bench.until(|session| session.phase() == rs2::Phase::Ready);
    let (list, start) = rehastim_list(0b11);
    bench.driver.session_mut().start(list, start).unwrap();
    bench.until(|session| session.phase() == rs2::Phase::Running);
    bench
}

/// REQ-HAL-111: a P24 is opened, run for longer than it runs by itself, updated and stopped.
#[test]
fn a_p24_from_first_to_last() {
    let mut bench = p24();
    bench.for_ms(2_600);
    bench.driver.session_mut().update(p24_update(0b100)).unwrap();
    bench.for_ms(700);
    bench.driver.session_mut().stop();
    bench.until(|session| session.phase() == sm4::Phase::Over);
    let (fault, device) = bench.end(|session| session.fault());
    assert_eq!((fault, device.timed_out, device.stops, device.strange), (None, false, 1, 0));
    assert!(device.kept_alive >= 5, "{}", device.kept_alive);
}

/// REQ-HAL-111: an error of a P24's channel, an unplugged socket, and garbage each end with a fault that says so, and
/// where a stop can get through, it does.
#[test]
fn a_p24_that_goes_wrong() {
    let mut bench = p24();
    let fault = P24Fault::Channel(1, sm4::ChannelState::Electrode);
    bench.tell.send(Tell::Fault(fault)).unwrap();
    bench.until(|session| session.phase() == sm4::Phase::Over);
    let (fault, device) = bench.end(|session| session.fault());
    assert_eq!(fault.unwrap().to_string(), "channel 1: Electrode");
    assert_eq!((device.stops, device.active), (1, 0));

    let mut bench = p24();
    bench.tell.send(Tell::Unplug).unwrap();
    bench.until(|session| session.phase() == sm4::Phase::Over);
    assert!(bench.last.is_err(), "{:?}", bench.last);
    assert_eq!(bench.end(|session| session.fault()).0, Some(sm4::Fault::Lost));

    let mut bench = p24();
    let garbage: Vec<u8> = (0..6_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    bench.tell.send(Tell::Raw(garbage)).unwrap();
    bench.until(|session| session.phase() == sm4::Phase::Over);
    let (fault, device) = bench.end(|session| session.fault());
    assert!(matches!(fault, Some(sm4::Fault::Noise { .. })), "{fault:?}");
    assert_eq!(device.stops, 1);
}

/// REQ-HAL-111: a RehaStim 2 is opened, run for longer than it runs by itself, and stopped.
#[test]
fn a_rehastim_from_first_to_last() {
    let mut bench = rehastim();
    bench.for_ms(2_000);
    bench.driver.session_mut().stop();
    bench.until(|session| session.phase() == rs2::Phase::Over);
    let (fault, device) = bench.end(|session| session.fault());
    assert_eq!((fault, device.timed_out, device.stops, device.strange), (None, false, 1, 0));
}

/// REQ-HAL-111: the emergency switch of a RehaStim 2, an unplugged socket, and garbage each end with a fault that says
/// so, and where a stop can get through, it does.
#[test]
fn a_rehastim_that_goes_wrong() {
    let mut bench = rehastim();
    let error = rs2::StimulationError::EmergencySwitch;
    bench.tell.send(Tell::Fault(RehaStimFault::Error(error))).unwrap();
    bench.until(|session| session.phase() == rs2::Phase::Over);
    let (fault, device) = bench.end(|session| session.fault());
    assert_eq!((fault, device.stops), (Some(rs2::Fault::Device(error)), 1));

    let mut bench = rehastim();
    bench.tell.send(Tell::Unplug).unwrap();
    bench.until(|session| session.phase() == rs2::Phase::Over);
    assert!(bench.last.is_err(), "{:?}", bench.last);
    assert_eq!(bench.end(|session| session.fault()).0, Some(rs2::Fault::Lost));

    let mut bench = rehastim();
    bench.tell.send(Tell::Raw(vec![0x55; 1_500])).unwrap();
    bench.until(|session| session.phase() == rs2::Phase::Over);
    let (fault, device) = bench.end(|session| session.fault());
    assert_eq!(fault, Some(rs2::Fault::Noise { refused: 0, discarded: 1_025 }));
    assert_eq!(device.stops, 1);
}

/// REQ-HAL-113: a driver that is dropped while the device runs sends a stop first.
#[test]
fn dropping_stops() {
    let (fault, device) = p24().end(|session| session.fault());
    assert_eq!((fault, device.stops, device.active), (None, 1, 0));
    let (fault, device) = rehastim().end(|session| session.fault());
    assert_eq!((fault, device.stops, device.start), (None, 1, None));
}
