//! `nmes serve`: control from another program, as JSON lines over TCP. The protocol is in `docs/serve.md`.

pub(crate) mod aside;
pub(crate) mod bout;
pub(crate) mod clients;
pub mod lines;
pub(crate) mod link;
pub mod message;
pub(crate) mod server;

use crate::cli::GuardArgs;
use crate::desk::end_us;
use crate::device::{DeviceArgs, DeviceWord};
use crate::failure::Failure;
use crate::parse;
use crate::setup::guarded;
use clap::Args;
use nmes_core::{
    Channel, ChannelHardware, Hardware, HardwareTiming, Micros, Millis, Plan, PulseShape, Ramp, Rate,
    Schedule, Session, Setting, Train,
};
use nmes_safety::{Checked, Layer, Profile, Setup, UseClass, check, rules};
use server::Server;
use std::net::TcpListener;
use std::path::PathBuf;

/// Arguments of `serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 takes a free one, which is printed.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7410")]
    pub listen: String,
    /// Also where other machines can reach it: whoever does so commands the stimulation.
    #[arg(long)]
    pub allow_remote: bool,
    /// Channels.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub channels: u8,
    /// Pulses a second on each channel.
    #[arg(long, value_name = "F", value_parser = parse::hertz, default_value = "40")]
    pub frequency_hz: u32,
    /// The most amplitude that may be commanded; what is checked.
    #[arg(long, value_name = "X", value_parser = parse::milliamps, default_value = "10")]
    pub ceiling_ma: u32,
    /// The most width of a phase that may be commanded; what is checked.
    #[arg(long, value_name = "N", value_parser = parse::phase_us, default_value = "300")]
    pub ceiling_us: u32,
    /// Gap between the phases.
    #[arg(long, value_name = "N", value_parser = parse::short_us, default_value = "0")]
    pub gap_us: u32,
    /// The ramp by which levels go down when the client is lost, and come back.
    #[arg(long, value_name = "N", value_parser = parse::millis, default_value = "500")]
    pub ramp_ms: u32,
    /// A command is good for so long; then its channel ramps down. `never`: a level stands for as long as the client gives a sign of
    /// life, which may come from a program whose controller hangs.
    #[arg(long, value_name = "N|never", value_parser = stale, default_value = "300")]
    pub stale_ms: Stale,
    /// Length of the session.
    #[arg(long, value_name = "S", value_parser = parse::seconds, default_value = "1800")]
    pub seconds: u32,
    /// Area of the smaller electrode of each channel.
    #[arg(long, value_name = "A", value_parser = parse::square_cm, default_value = "50")]
    pub electrode_cm2: u32,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap takes the doc comment of a flattened field for a help text")]
    pub guards: GuardArgs,
    /// A new file that gets one JSON line for each pulse and each event; one that is there already is refused.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub device: DeviceArgs,
}

/// How long a command is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// So many ms, one at least.
    After(u32),
    /// For ever: a channel never ramps down for want of a command.
    Never,
}

impl Stale {
    /// As nmes-core has it, to which zero is never.
    const fn core_ms(self) -> u32 {
        match self {
            Self::After(ms) => ms,
            Self::Never => 0,
        }
    }

    /// As `hello` says it.
    pub(crate) fn value(self) -> serde_json::Value {
        match self {
            Self::After(ms) => ms.into(),
            Self::Never => "never".into(),
        }
    }
}

fn stale(text: &str) -> Result<Stale, String> {
    if text == "never" {
        return Ok(Stale::Never);
    }
    let ms = parse::millis(text).ok().filter(|ms| *ms > 0);
    ms.map(Stale::After).ok_or_else(|| "accepted: 1 to 10000 ms, whole numbers, or the word never".to_owned())
}

/// Serves until Ctrl-C. A thread writes to standard output, so nobody may hold its lock.
pub(crate) fn serve(args: &ServeArgs) -> Result<(), Failure> {
    let listener = listener(args)?;
    let channels = channels(args)?;
    let length = Millis::from_millis(args.seconds).unwrap_or(Millis::MAX);
    let session =
        Session::new(&channels, Schedule::Continuous, length).map_err(|e| Failure::Input(e.to_string()))?;
    let hardware = hardware(args)?;
    let plan = Plan::compile(&session, &hardware).map_err(|e| Failure::Input(e.to_string()))?;
    if let Some(device) = args.device.device {
        link::fits(device, &plan)?;
    }
    let checked = checked(args, plan)?;
    let local = listener.local_addr().map_err(|error| Failure::Input(format!("--listen: {error}")))?;
    let output =
        args.device.device.map_or_else(|| "a simulated output stage".to_owned(), |d| format!("{d:?}"));
    let warning =
        if args.device.device.is_some() { crate::device::run::BANNER } else { crate::report::WARNING };
    let head =
        format!("{warning}\nlistening at {local}, protocol version {}, for {output}\n", message::VERSION);
    Server::new(args, &checked, listener)?.run(head)
}

fn listener(args: &ServeArgs) -> Result<TcpListener, Failure> {
    let refuse = |error: &dyn std::fmt::Display| {
        Failure::Input(format!(
            "--listen {}: {error}; accepted: HOST:PORT, such as 127.0.0.1:7410",
            args.listen
        ))
    };
    let listener = TcpListener::bind(&args.listen).map_err(|error| refuse(&error))?;
    let local = listener.local_addr().map_err(|error| refuse(&error))?;
    if !local.ip().is_loopback() && !args.allow_remote {
        return Err(refuse(
            &"other machines could reach it and command the stimulation; if that is meant: --allow-remote",
        ));
    }
    Ok(listener)
}

/// Channels alike, their onsets spread over the period, which a list of ScienceMode 2 does by itself.
fn channels(args: &ServeArgs) -> Result<Vec<Channel<'static>>, Failure> {
    let rate = Rate::from_millihertz(args.frequency_hz)
        .map_err(|e| Failure::Input(format!("--frequency-hz: {e}")))?;
    let ceiling = Setting::new(args.ceiling_ua(), args.ceiling_us)
        .ok_or_else(|| Failure::Input("--ceiling-ma, --ceiling-us: out of range".to_owned()))?;
    let ramp = Millis::from_millis(args.ramp_ms).unwrap_or(Millis::MAX);
    let period_us = 1_000_000_000 / args.frequency_hz.max(1);
    let spread = if args.device.device == Some(DeviceWord::Rehastim2) {
        0
    } else {
        period_us / u32::from(args.channels)
    };
    let channel = |index: u8| Channel {
        pulse: PulseShape {
            gap: Micros::from_micros(args.gap_us).unwrap_or(Micros::ZERO),
            ..PulseShape::default()
        },
        rate,
        train: Train {
            stale_after: Millis::from_millis(args.stale_ms.core_ms()).unwrap_or(Millis::MAX),
            ..Train::default()
        },
        set: ceiling,
        ceiling,
        ramp: Ramp { up: ramp, down: ramp, down_min: ramp, ..Ramp::default() },
        offset: Micros::from_micros(u32::from(index) * spread).unwrap_or(Micros::ZERO),
    };
    Ok((0..args.channels).map(channel).collect())
}

impl ServeArgs {
    const fn ceiling_ua(&self) -> u32 {
        self.ceiling_ma
    }
}

/// Of the device; else 100 µA a code.
fn hardware(args: &ServeArgs) -> Result<Hardware, Failure> {
    let count = usize::from(args.channels);
    match args.device.device {
        Some(device) => crate::device::run::hardware(device, count),
        None => {
            let channel = ChannelHardware::symmetric(100_000, -1_300, 1_300);
            Hardware::new(HardwareTiming::ideal(1_000_000), &vec![channel; count], 0)
                .map_err(|error| Failure::Input(error.to_string()))
        }
    }
}

fn checked<'a>(args: &ServeArgs, plan: Plan<'a>) -> Result<Checked<'a>, Failure> {
    let refuse = |error: &dyn std::fmt::Display| Failure::Input(format!("--electrode-cm2: {error}"));
    let areas = vec![args.electrode_cm2; usize::from(args.channels)];
    let setup = Setup::new(&areas, UseClass::Continuous).map_err(|e| refuse(&e))?;
    let setup = setup.with_rail_mv(150_000).map_err(|e| refuse(&e))?;
    // as long as asked on each channel, of which the last begins a little later
    let longest = end_us(plan.session()).div_ceil(1_000).min(rules::E_SES_1.loosest);
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, longest).map_err(|e| refuse(&e))?;
    let setup = guarded(setup, &args.guards)?;
    check(plan, &setup, &Profile::default())
        .map_err(|denied| Failure::Denied(crate::app::denied_text(&denied)))
}
