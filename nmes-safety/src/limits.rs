//! The layered limits as the guard compares them: ticks, codes and sums, worked out once.

use nmes_core::{ChannelPlan, Hardware, Plan};

use crate::checked::Checked;
use crate::crc32::Crc32;
use crate::rules::{self, Rule};
use crate::sense::{Tolerances, nanoamps};
use crate::set_level::{RiseLimits, narrow};
use crate::stages::is_steady;
use crate::windows;

/// The load N-EN-1 is meant for, in ohm, when the rule does not name one.
const ENERGY_OHMS: u32 = 500;

/// Limits of all channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) ticks_per_second: u32,
    /// L + ε.
    pub(crate) late_ticks: u64,
    /// L + 2 ε: by how much the stamped length of a segment may differ from the planned one.
    pub(crate) jitter_ticks: u64,
    pub(crate) stamp_error_ticks: u64,
    pub(crate) spacing_ticks: u64,
    /// What measurements are held against; E-PEAK-1 bounds what is commanded too.
    pub(crate) measured: Tolerances,
    /// N-EN-1 as Σ I²t of one pulse, nA² × ticks.
    pub(crate) pulse_square: u128,
    /// E-BAL-1 for pulses with a declared direct current, nA × ticks.
    pub(crate) net: u64,
    /// E-DC-3 over one second, nA × ticks: warning, trip.
    pub(crate) dc_warn: u64,
    pub(crate) dc_trip: u64,
    /// E-WD-1.
    pub(crate) keep_alive_ticks: u64,
    /// The plan's length, or E-SES-1 if that is shorter.
    pub(crate) session_ticks: u64,
    step_ua: u32,
    slew_ua: u32,
    /// E-RAMP-1.
    pub(crate) ramp_ticks: u64,
}

fn limit(checked: &Checked<'_>, rule: &Rule) -> u64 {
    checked.setup().limit(rule, checked.profile()).map_or(rule.limit, |limit| limit.value)
}

/// Where a rule warns: never past where it trips.
fn warn(checked: &Checked<'_>, rule: &Rule) -> u64 {
    let trips = limit(checked, rule);
    rule.warn.map_or(trips, |warns| rule.stricter(warns, trips))
}

fn tolerances(checked: &Checked<'_>) -> Tolerances {
    // of at most 2^32 mV, and the rule is a part of it
    let clips = |rail: u32| u64::from(rail).saturating_mul(limit(checked, &rules::E_COMP_1)) / 1_000;
    Tolerances {
        peak_na: limit(checked, &rules::E_PEAK_1).saturating_mul(1_000),
        over_permille: limit(checked, &rules::E_OC_1).saturating_sub(1_000),
        least_permille: limit(checked, &rules::E_DEL_1),
        balance_warn: warn(checked, &rules::E_BAL_2),
        balance_trip: limit(checked, &rules::E_BAL_2),
        noise_na: nanoamps(checked.setup().measurement_noise()),
        clip_mv: checked.setup().rail_mv().map_or(u32::MAX, |rail| narrow(clips(rail))),
    }
}

/// In ticks, rounded down: of what may last no longer.
fn millis(ms: u64, hz: u32) -> u64 {
    ms.saturating_mul(u64::from(hz)) / 1_000
}

/// In ticks, rounded up: of what has to last at least as long.
fn millis_up(ms: u64, hz: u32) -> u64 {
    ms.saturating_mul(u64::from(hz)).saturating_add(999) / 1_000
}

#[cfg(feature = "fault-injection")]
nmes_core::flip_fields!(Limits {
    ticks_per_second,
    late_ticks,
    jitter_ticks,
    stamp_error_ticks,
    spacing_ticks,
    measured,
    pulse_square,
    net,
    dc_warn,
    dc_trip,
    keep_alive_ticks,
    session_ticks,
    step_ua,
    slew_ua,
    ramp_ticks
});

impl Limits {
    pub(crate) fn of(checked: &Checked<'_>) -> Self {
        let hardware: &Hardware = checked.plan().hardware();
        let timing = hardware.timing();
        let hz = timing.ticks_per_second;
        let stamp_error_ticks = u64::from(timing.stamp_error_ticks);
        // 1 µA of direct current over one second
        let micro = u64::from(hz).saturating_mul(1_000);
        let ohms = u64::from(rules::N_EN_1.load.ohms().unwrap_or(ENERGY_OHMS));
        // µJ / ohm = 10^-6 A²s = 10^6 µA² × s
        let squared_us =
            limit(checked, &rules::N_EN_1).saturating_mul(1_000_000).checked_div(ohms).unwrap_or(0);
        let declared = checked.setup().limit(&rules::E_SES_1, checked.profile());
        let session = declared.map_or(u64::MAX, |limit| millis(limit.value, hz));
        let turns = checked.plan().channels().filter(|channel| takes_turns(channel));
        let session = session.saturating_add(turns.map(|channel| channel.offset_ticks()).max().unwrap_or(0));
        Self {
            ticks_per_second: hz,
            late_ticks: u64::from(hardware.lateness_ticks()).saturating_add(stamp_error_ticks),
            jitter_ticks: u64::from(hardware.jitter_ticks()),
            stamp_error_ticks,
            spacing_ticks: u64::from(hardware.edge_spacing_ticks()),
            measured: tolerances(checked),
            pulse_square: u128::from(squared_us).saturating_mul(u128::from(hz)).saturating_mul(1_000_000),
            net: limit(checked, &rules::E_BAL_1).saturating_mul(u64::from(hz)) / 1_000,
            dc_warn: warn(checked, &rules::E_DC_3).saturating_mul(micro),
            dc_trip: limit(checked, &rules::E_DC_3).saturating_mul(micro),
            keep_alive_ticks: millis(limit(checked, &rules::E_WD_1), hz),
            session_ticks: Self::planned_ticks(checked.plan()).min(session),
            step_ua: narrow(limit(checked, &rules::N_STEP_1)),
            slew_ua: narrow(limit(checked, &rules::E_SLEW_1)),
            ramp_ticks: millis_up(limit(checked, &rules::E_RAMP_1), hz),
        }
    }

    /// From the first onset of a session to its end: channels may begin later than the first.
    pub(crate) fn planned_ticks(plan: &Plan<'_>) -> u64 {
        let offset = plan.channels().map(|channel| channel.offset_ticks()).max().unwrap_or(0);
        plan.length_ticks().saturating_add(offset)
    }

    /// A checksum over all of them, which are never changed.
    pub(crate) fn sum(&self) -> u32 {
        let small = [self.ticks_per_second, self.step_ua, self.slew_ua].map(u64::from);
        let times = [self.late_ticks, self.jitter_ticks, self.stamp_error_ticks, self.spacing_ticks];
        let longer = [self.keep_alive_ticks, self.session_ticks, self.ramp_ticks];
        let amounts = [self.net, self.dc_warn, self.dc_trip];
        let square = Crc32::new().update(&self.pulse_square.to_le_bytes());
        let measured = self.measured.words();
        let words = small.iter().chain(&times).chain(&longer).chain(&amounts).chain(&measured);
        words.fold(square, |sum, word| sum.update(&word.to_le_bytes())).value()
    }

    pub(crate) fn rise(&self, plan: &ChannelPlan<'_>) -> RiseLimits {
        RiseLimits {
            ticks_per_second: self.ticks_per_second,
            step_ua: self.step_ua,
            slew_ua: self.slew_ua,
            ramp_ticks: self.ramp_ticks,
            target_ua: plan.channel().set.amplitude.as_microamps(),
            ceiling: plan.channel().ceiling,
        }
    }
}

/// A channel that begins within its first period: its offset only keeps it out of the way of others.
pub(crate) fn takes_turns(channel: &ChannelPlan<'_>) -> bool {
    channel.offset_ticks() < channel.period_ticks()
}

/// The r.m.s. row of a channel: the strictest of the row for its rate (the lowest row where that varies) and the cap for
/// all waveforms, as the rule,
/// its limit in µA, and Σ I²t over one second.
pub(crate) fn rms_row(checked: &Checked<'_>, plan: &ChannelPlan<'_>) -> (&'static Rule, u64, u64) {
    let rate = plan.rate();
    // mHz: below 2^32 × 10^9
    let scaled = u64::from(rate.pulses()).saturating_mul(1_000_000_000);
    let mhz = scaled.checked_div(u64::from(rate.per_us())).unwrap_or(u64::MAX);
    let row: &'static Rule = if mhz <= rules::RMS_LOW_MHZ || !is_steady(checked.plan(), plan) {
        &rules::N_RMS_1
    } else if mhz <= rules::RMS_MID_MHZ {
        &rules::N_RMS_2
    } else {
        &rules::N_RMS_3
    };
    let (own, cap) = (limit(checked, row), limit(checked, &rules::N_RMS_X));
    let (rule, microamps) = if own <= cap { (row, own) } else { (&rules::N_RMS_X, cap) };
    let second = u64::from(checked.plan().hardware().timing().ticks_per_second);
    let nanoamps = i64::try_from(microamps.saturating_mul(1_000)).unwrap_or(i64::MAX);
    (rule, microamps, windows::squared(nanoamps, second))
}
