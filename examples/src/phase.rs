//! What flowed in the phases of a pulse. A frame is measured as a whole, with every repeat of a burst and every phase of one
//! direction; what is told of a pulse is its main phase, once.

use crate::desk::LevelChange;
use nmes_core::{ChannelHardware, FrameKind, Hardware, Level, PulseReceipt};
use nmes_hal_adapters::sim::Delivered;

/// The main phase of a frame, of a trim its first level, and what flowed against it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phases {
    /// What flowed the way of the main phase, for what was commanded that way.
    pub share: f64,
    /// Mean current of the main phase, in µA.
    pub main_ua: f64,
    /// Its charge, in nC; of a trim all that flowed in that direction.
    pub main_nc: f64,
    /// Charge in the other direction, in nC, of a burst for one repeat.
    pub against_nc: f64,
}

impl Phases {
    /// As it was commanded, times the charge that flowed its way for the charge that was commanded that way. `edges` are those of
    /// the frame. Nothing where the main phase did not begin.
    pub(crate) fn of(
        hardware: &Hardware,
        edges: &[LevelChange],
        receipt: &PulseReceipt,
        delivered: &Delivered,
    ) -> Option<Self> {
        let output = hardware.channel(receipt.channel)?;
        let main_na = main_na(output, receipt)?;
        let ticks_hz = f64::from(hardware.timing().ticks_per_second);
        let leading = edges.iter().find_map(|edge| match edge.level {
            Level::Code(code) if code != 0 => Some(code),
            Level::Open | Level::Shorted | Level::Code(_) => None,
        })?;
        let (along_nc, against_nc) = if (leading > 0) == (main_na > 0.0) {
            (delivered.primary_nc, delivered.balance_nc)
        } else {
            (delivered.balance_nc, delivered.primary_nc)
        };
        let commanded_nc = commanded(output, edges, main_na > 0.0) / ticks_hz;
        let share = (commanded_nc != 0.0).then(|| along_nc / commanded_nc)?;
        let main_nc = match receipt.kind {
            FrameKind::Trim => along_nc,
            FrameKind::Pulse | FrameKind::Recover => {
                receipt.primary_charge.as_nanoamp_ticks() as f64 / ticks_hz * share
            }
        };
        let against_nc = against_nc / f64::from(receipt.repeats.max(1));
        Some(Self { share, main_ua: main_na / 1e3 * share, main_nc, against_nc })
    }
}

/// The mean current that was commanded.
fn main_na(output: &ChannelHardware, receipt: &PulseReceipt) -> Option<f64> {
    match (receipt.kind, receipt.primary_ticks) {
        (FrameKind::Trim, _) => Some(output.current_na(receipt.code) as f64),
        (FrameKind::Pulse | FrameKind::Recover, 0) => None,
        (FrameKind::Pulse | FrameKind::Recover, ticks) => {
            Some(receipt.primary_charge.as_nanoamp_ticks() as f64 / f64::from(ticks))
        }
    }
}

/// All that was commanded in a direction, in nA·ticks.
fn commanded(output: &ChannelHardware, edges: &[LevelChange], above_zero: bool) -> f64 {
    let levels = edges.iter().zip(edges.iter().skip(1));
    let charges =
        levels.map(|(edge, next)| edge.level.current_na(output) as f64 * (next.tick - edge.tick) as f64);
    charges.filter(|charge| (*charge > 0.0) == above_zero).sum()
}
