//! Shared set-up of the benches: the stimulation that is measured.

use nmes_core::{
    Channel, ChannelHardware, ConfigError, Hardware, HardwareTiming, Micros, Millis, PulseShape, Ramp, Rate,
    Schedule, Session, Setting, Train,
};

/// Four channels of symmetric 40 mA, 300 µs pulses at 40 Hz with a 100 µs gap, offset by a quarter period.
///
/// # Errors
/// Never with these numbers; the constructors say what would be wrong.
pub fn four_channels() -> Result<[Channel<'static>; 4], ConfigError> {
    let set = Setting::new(40_000, 300).unwrap_or(Setting::ZERO);
    let gap = Micros::from_micros(100).unwrap_or(Micros::ZERO);
    let channel = Channel {
        pulse: PulseShape { gap, ..PulseShape::default() },
        rate: Rate::from_hz(40)?,
        train: Train::default(),
        set,
        ceiling: set,
        ramp: Ramp::default(),
        offset: Micros::ZERO,
    };
    let mut channels = [channel; 4];
    for (channel, offset_us) in channels.iter_mut().zip([0, 6_250, 12_500, 18_750]) {
        channel.offset = Micros::from_micros(offset_us).unwrap_or(Micros::ZERO);
    }
    Ok(channels)
}

/// A 12-bit output with four channels whose edges are up to `late_ticks` late on a 1 MHz timer.
///
/// # Errors
/// As [`Hardware::new`].
pub fn hardware(late_ticks: u32) -> Result<Hardware, ConfigError> {
    let timing = HardwareTiming { late_max_ticks: late_ticks, ..HardwareTiming::ideal(1_000_000) };
    Hardware::new(timing, &[ChannelHardware::symmetric(61_035, -2_048, 2_047); 4], 0)
}

/// An hour of them.
///
/// # Errors
/// As [`Session::new`].
pub fn hour<'a>(channels: &'a [Channel<'a>]) -> Result<Session<'a>, ConfigError> {
    Session::new(channels, Schedule::Continuous, Millis::from_millis(3_600_000).unwrap_or(Millis::ZERO))
}
