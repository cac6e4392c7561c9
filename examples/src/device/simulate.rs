//! `nmes simulate-device`: a simulated stimulator at the far end of a pseudo-terminal or a TCP port, which shows the whole
//! conversation.

use super::DeviceWord;
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use nmes_hal_adapters::sim::{FarEnd, P24Fault, RehaStimFault, SimP24, SimRehaStim2};
use nmes_hal_adapters::{rehastim2 as rs2, sciencemode4 as sm4};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Arguments of `simulate-device`.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Which stimulator.
    #[arg(value_enum)]
    pub device: DeviceWord,
    /// Listen on this TCP address; default: a pseudo-terminal, where there are any.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// What goes wrong.
    #[arg(long, value_enum, requires = "after_ms")]
    pub fault: Option<FaultWord>,
    /// When it goes wrong: so many milliseconds after the first pulse or list.
    #[arg(long, value_name = "N", requires = "fault")]
    pub after_ms: Option<u64>,
    /// End after so many seconds, whether somebody connected or not; default: with Ctrl-C, or when a TCP connection closes.
    #[arg(long, value_name = "S")]
    pub seconds: Option<u64>,
}

/// What a simulated device does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FaultWord {
    /// It answers with an error.
    Error,
    /// It answers nothing.
    Silent,
    /// It sends broken frames, or says what it does not do.
    Garbage,
    /// It starts again, and knows nothing of what was prepared.
    Restart,
    /// The cable is pulled: the port closes.
    Unplug,
}

/// Simulates until it is told to end.
pub(crate) fn simulate(args: &SimulateArgs, out: &mut dyn Write) -> Result<(), Failure> {
    // a time that no clock has is never
    let end = args.seconds.and_then(|s| Instant::now().checked_add(Duration::from_secs(s)));
    let line = match &args.listen {
        Some(address) => tcp(address, args.device, end, out)?,
        None => Some(pseudo_terminal(args.device, out)?),
    };
    let Some(mut line) = line else { return told(out, "end: nobody connected") };
    let device: Box<dyn Told> = match args.device {
        DeviceWord::Sciencemode4 => Box::new(P24::default()),
        DeviceWord::Rehastim2 => Box::new(RehaStim::default()),
    };
    Simulation::new(args, device, end).run(&mut *line, out)
}

/// A line that gives up waiting after a few milliseconds.
trait Line: Read + Write {}
impl<T: Read + Write> Line for T {}

/// Whether it is over before anybody does anything: the time is, or Ctrl-C was pressed.
fn is_over(end: Option<Instant>) -> Result<bool, Failure> {
    let pressed = super::run::interrupts()?.load(Ordering::SeqCst) > 0;
    Ok(pressed || end.is_some_and(|end| Instant::now() > end))
}

/// Between two looks at whether somebody connects.
const LOOK: Duration = Duration::from_millis(20);

/// Nothing where nobody connected until it was over.
fn tcp(
    address: &str,
    device: DeviceWord,
    end: Option<Instant>,
    out: &mut dyn Write,
) -> Result<Option<Box<dyn Line>>, Failure> {
    let refuse =
        |error: io::Error| Failure::Input(format!("--listen {address}: {error}; accepted: HOST:PORT"));
    let listener = TcpListener::bind(address).map_err(refuse)?;
    let local = listener.local_addr().map_err(refuse)?;
    told(out, &format!("simulated {device:?} at tcp:{local}"))?;
    listener.set_nonblocking(true).map_err(refuse)?;
    let socket = loop {
        match listener.accept() {
            Ok((socket, _)) => break socket,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_over(end)? => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(LOOK),
            Err(error) => return Err(refuse(error)),
        }
    };
    let set = |socket: &TcpStream| {
        socket.set_nonblocking(false)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(Duration::from_millis(1)))
    };
    set(&socket).map_err(refuse)?;
    Ok(Some(Box::new(socket)))
}

/// A pair of which we keep both ends open, so that a host may come and go.
#[cfg(unix)]
fn pseudo_terminal(device: DeviceWord, out: &mut dyn Write) -> Result<Box<dyn Line>, Failure> {
    use rustix::fs::{Mode, OFlags, fcntl_setfl, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    let make = || -> rustix::io::Result<(PseudoTerminal, String)> {
        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&far)?;
        unlockpt(&far)?;
        let name = ptsname(&far, Vec::new())?;
        let near = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
        let mut settings = tcgetattr(&near)?;
        settings.make_raw();
        tcsetattr(&near, OptionalActions::Now, &settings)?;
        fcntl_setfl(&far, OFlags::NONBLOCK)?;
        let terminal = PseudoTerminal { far: far.into(), _near: near.into() };
        Ok((terminal, name.to_string_lossy().into_owned()))
    };
    let (terminal, name) = make().map_err(|error| Failure::Input(format!("no pseudo-terminal: {error}")))?;
    told(out, &format!("simulated {device:?} at {name}"))?;
    Ok(Box::new(terminal))
}

#[cfg(not(unix))]
fn pseudo_terminal(_device: DeviceWord, _out: &mut dyn Write) -> Result<Box<dyn Line>, Failure> {
    Err(Failure::Input("there are no pseudo-terminals here; accepted: --listen HOST:PORT".to_owned()))
}

#[cfg(unix)]
struct PseudoTerminal {
    far: std::fs::File,
    _near: std::fs::File,
}

#[cfg(unix)]
impl Read for PseudoTerminal {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.far.read(buffer);
        if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            std::thread::sleep(Duration::from_micros(500));
        }
        read
    }
}

#[cfg(unix)]
impl Write for PseudoTerminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.far.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.far.flush()
    }
}

fn told(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    crate::app::say(out, &format!("{text}\n"))?;
    out.flush().map_err(|error| Failure::Input(format!("standard output: {error}")))
}

/// A simulated device that can say what it hears and answers.
trait Told: FarEnd {
    /// Frames that end with this byte, as words.
    fn heard(&mut self, byte: u8) -> Option<String>;
    fn said(&mut self, byte: u8) -> Option<String>;
    /// Whether anything was put out yet.
    fn has_begun(&self) -> bool;
    fn go_wrong(&mut self, fault: FaultWord);
    fn summary(&self) -> String;
}

#[derive(Default)]
struct P24 {
    device: SimP24,
    heard: sm4::Decoder,
    said: sm4::Decoder,
}

impl FarEnd for P24 {
    fn receive(&mut self, bytes: &[u8], now_ms: u64, send: &mut nmes_hal_adapters::sim::Send<'_>) {
        self.device.receive(bytes, now_ms, send);
    }

    fn tick(&mut self, now_ms: u64, send: &mut nmes_hal_adapters::sim::Send<'_>) {
        self.device.tick(now_ms, send);
    }
}

impl Told for P24 {
    fn heard(&mut self, byte: u8) -> Option<String> {
        let packet = self.heard.push(byte).and_then(sm4::Packet::new)?;
        let number = packet.number;
        Some(match sm4::Command::decode(&packet) {
            Ok(sm4::Command::LowLevelChannel(config)) => {
                format!("{number:>3} LowLevelChannel {}", pulse(&config))
            }
            Ok(command) => format!("{number:>3} {command:?}"),
            Err(error) => format!("{number:>3} no command: {error}"),
        })
    }

    fn said(&mut self, byte: u8) -> Option<String> {
        let packet = self.said.push(byte).and_then(sm4::Packet::new)?;
        Some(match sm4::Reply::decode(&packet) {
            Ok(reply) => {
                format!("{:>3} {:?} {:?} {:?}", reply.number, reply.answer, reply.result, reply.body)
            }
            Err(error) => format!("{:>3} no answer: {error}", packet.number),
        })
    }

    fn has_begun(&self) -> bool {
        self.device.pulses > 0 || self.device.active != 0
    }

    fn go_wrong(&mut self, fault: FaultWord) {
        self.device.fault = match fault {
            FaultWord::Error => {
                Some(P24Fault::Reject(sm4::Kind::LowLevelChannel, sm4::ResultCode::Electrode))
            }
            FaultWord::Silent => Some(P24Fault::Silent),
            FaultWord::Garbage => Some(P24Fault::Garbage),
            FaultWord::Restart => {
                self.device = SimP24::new();
                None
            }
            FaultWord::Unplug => None,
        };
    }

    fn summary(&self) -> String {
        let SimP24 { pulses, stops, strange, state, .. } = &self.device;
        format!("{pulses} pulses, {stops} stops, {strange} strange frames, at the end {:?}", state.0)
    }
}

/// `Red Yellow 250 20000 250 -20000`: widths in µs and currents in µA.
fn pulse(config: &sm4::ChannelConfig) -> String {
    let points = config.points.as_ref().map(sm4::Points::as_slice).unwrap_or_default();
    let points: Vec<_> = points.iter().map(|p| format!("{} {}", p.width_us(), p.current_ua())).collect();
    format!("{:?} {:?} {}", config.channel, config.connector, points.join(" "))
}

#[derive(Default)]
struct RehaStim {
    device: SimRehaStim2,
    heard: rs2::Decoder,
    said: rs2::Decoder,
}

impl FarEnd for RehaStim {
    fn receive(&mut self, bytes: &[u8], now_ms: u64, send: &mut nmes_hal_adapters::sim::Send<'_>) {
        self.device.receive(bytes, now_ms, send);
    }

    fn tick(&mut self, now_ms: u64, send: &mut nmes_hal_adapters::sim::Send<'_>) {
        self.device.tick(now_ms, send);
    }
}

impl Told for RehaStim {
    fn heard(&mut self, byte: u8) -> Option<String> {
        let packet = self.heard.push(byte).and_then(rs2::Packet::new)?;
        let number = packet.number;
        Some(match rs2::Command::decode(&packet) {
            Ok(rs2::Command::StartList(start)) => format!("{number:>3} StartList {}", list(&start)),
            Ok(command) => format!("{number:>3} {command:?}"),
            Err(error) => format!("{number:>3} no command: {error}"),
        })
    }

    fn said(&mut self, byte: u8) -> Option<String> {
        let packet = self.said.push(byte).and_then(rs2::Packet::new)?;
        Some(match rs2::Reply::decode(&packet) {
            Ok(reply) => format!("{:>3} {:?}", reply.number, reply.said),
            Err(error) => format!("{:>3} nothing known: {error}", packet.number),
        })
    }

    fn has_begun(&self) -> bool {
        self.device.start.is_some_and(|start| start.active() > 0)
    }

    fn go_wrong(&mut self, fault: FaultWord) {
        self.device.fault = match fault {
            FaultWord::Error => Some(RehaStimFault::Error(rs2::StimulationError::Electrode)),
            FaultWord::Silent => Some(RehaStimFault::Silent),
            FaultWord::Garbage => Some(RehaStimFault::Lies),
            FaultWord::Restart => Some(RehaStimFault::Restart),
            FaultWord::Unplug => None,
        };
    }

    fn summary(&self) -> String {
        let SimRehaStim2 { stops, strange, watchdogs, timed_out, .. } = &self.device;
        let runs = self.has_begun();
        format!(
            "{stops} stops, {strange} strange frames, {watchdogs} watchdogs, timed out {timed_out}, runs {runs}"
        )
    }
}

/// `1 × 250 20000; 1 × 0 0`: pulses of a group, width in µs and current in µA, for each channel.
fn list(start: &rs2::Start) -> String {
    let each = start.as_slice().iter().map(|p| format!("{} {}", p.width_us(), p.current_ua()));
    each.collect::<Vec<_>>().join("; ")
}

struct Simulation<'a> {
    args: &'a SimulateArgs,
    device: Box<dyn Told>,
    begin: Instant,
    end: Option<Instant>,
    began_ms: Option<u64>,
    wrong: bool,
}

impl<'a> Simulation<'a> {
    fn new(args: &'a SimulateArgs, device: Box<dyn Told>, end: Option<Instant>) -> Self {
        Self { args, device, begin: Instant::now(), end, began_ms: None, wrong: false }
    }

    fn run(mut self, line: &mut dyn Line, out: &mut dyn Write) -> Result<(), Failure> {
        loop {
            let now = u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
            if is_over(self.end)? || self.is_unplugged(now, out)? {
                break;
            }
            let mut chunk = [0; 512];
            let heard = match line.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => &chunk[..length],
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    &[]
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => &[],
                Err(error) => {
                    told(out, &format!("{now:>7} ms ! {error}"))?;
                    break;
                }
            };
            if !self.exchange(heard, now, line, out)? {
                break;
            }
        }
        told(out, &format!("end: {}", self.device.summary()))
    }

    /// False when the line is gone.
    fn exchange(
        &mut self,
        heard: &[u8],
        now: u64,
        line: &mut dyn Line,
        out: &mut dyn Write,
    ) -> Result<bool, Failure> {
        let mut back = Vec::new();
        show(heard, '<', now, &mut |byte| self.device.heard(byte), out)?;
        self.device.receive(heard, now, &mut |bytes| back.extend_from_slice(bytes));
        self.device.tick(now, &mut |bytes| back.extend_from_slice(bytes));
        if self.device.has_begun() {
            self.began_ms.get_or_insert(now);
        }
        show(&back, '>', now, &mut |byte| self.device.said(byte), out)?;
        Ok(back.is_empty() || line.write_all(&back).and_then(|()| line.flush()).is_ok())
    }

    /// Brings the fault about when it is due; true for a pulled cable.
    fn is_unplugged(&mut self, now: u64, out: &mut dyn Write) -> Result<bool, Failure> {
        let (Some(fault), Some(after), Some(began)) = (self.args.fault, self.args.after_ms, self.began_ms)
        else {
            return Ok(false);
        };
        if self.wrong || now < began.saturating_add(after) {
            return Ok(false);
        }
        self.wrong = true;
        told(out, &format!("{now:>7} ms ! {fault:?}, on purpose"))?;
        self.device.go_wrong(fault);
        Ok(fault == FaultWord::Unplug)
    }
}

/// A line for each frame: time, direction, what it says, its bytes.
fn show(
    bytes: &[u8],
    arrow: char,
    now: u64,
    decode: &mut dyn FnMut(u8) -> Option<String>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut from = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if let Some(text) = decode(byte) {
            let frame: String = bytes[from..=index].iter().map(|byte| format!("{byte:02x}")).collect();
            told(out, &format!("{now:>7} ms {arrow} {text} [{frame}]"))?;
            from = index + 1;
        }
    }
    Ok(())
}
