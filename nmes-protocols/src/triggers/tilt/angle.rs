//! From an accelerometer and a gyroscope on the shank to its angle, in whole numbers.

use crate::triggers::Listen;
use core::fmt;

/// The accelerometer pulls the angle towards its own with this time constant. Ours.
const PULL_US: i64 = 1_000_000;
/// An error of a degree moves the estimated offset of the gyroscope by a tenth of a degree per second every second: with
/// [`PULL_US`] that settles in about ten seconds without swinging. Ours.
const OFFSET_US: i64 = 10_000_000;
/// The offset of a gyroscope is less than this, in millidegrees per second. Ours: consumer parts are within 10 °/s.
const OFFSET_MAX: i64 = 20_000;
/// The accelerometer is believed where it reads 0.85 to 1.15 g, in mg² / 2^0. Ours.
const STILL: core::ops::RangeInclusive<i64> = 722_500..=1_322_500;
/// Most that a reading may be. Ours: above the largest range of usual parts.
const MOST_MG: i32 = 16_500;
const MOST_MDPS: i32 = 2_100_000;
/// Readings that are all the same for this long come from a part that hangs. Ours.
const FROZEN_US: u64 = 500_000;
/// Time without a reading after which the angle starts afresh, and the longest step that is integrated.
const GAP_US: u64 = 100_000;
/// An offset of the mounting beyond this is a sensor put on wrongly, in millidegrees. Ours.
const MOUNT_MAX: i32 = 30_000;

/// One reading of a sensor on the shank. Axes are arranged by the host so that the ankle before the knee makes `across_mg`
/// positive, and the foot on its way forward `turn_mdps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Motion {
    /// Acceleration along the shank, upwards, in thousandths of g: 1,000 when it stands.
    pub along_mg: i32,
    /// Acceleration across the shank in the plane of walking, in thousandths of g.
    pub across_mg: i32,
    /// How fast it turns, in thousandths of a degree per second.
    pub turn_mdps: i32,
}

/// Readings that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TiltFault {
    /// Beyond the range of any such part, or of any shank.
    OutOfRange,
    /// The shank cannot turn as fast as from the last reading to this one.
    Jump,
    /// Half a second of readings that are all the same: the part hangs.
    Frozen,
    /// No reading for too long.
    Silent,
}

impl fmt::Display for TiltFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfRange => "tilt sensor: a reading that no shank and no such part gives",
            Self::Jump => "tilt sensor: a jump that no shank can make",
            Self::Frozen => "tilt sensor: the same reading for half a second, it hangs",
            Self::Silent => "tilt sensor: no reading in time",
        })
    }
}

/// The angle of the shank from readings of an accelerometer and a gyroscope.
///
/// The gyroscope is integrated; where the accelerometer reads about 1 g it pulls the angle towards its own, and what it
/// keeps having to pull is taken as the gyroscope's offset. So neither the shocks of walking nor a gyroscope that drifts
/// carries the angle away. Division by constants only.
///
/// ```
/// use nmes_protocols::triggers::tilt::{Motion, ShankAngle};
/// let mut shank = ShankAngle::new();
/// let reaching = Motion { along_mg: 985, across_mg: 174, turn_mdps: 0 };
/// let angle = shank.update(0, reaching).unwrap();
/// assert!((10_000 - angle).abs() < 100, "{angle}"); // the ankle before the knee, by 10 degrees
/// ```
///
/// # Limitations
/// Without a still moment for tens of seconds the angle drifts by what the gyroscope's offset has changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShankAngle {
    listen: Listen,
    started: bool,
    /// In millionths of a millidegree, before the offset of the mounting.
    raw: i64,
    /// The gyroscope's offset in millionths of a millidegree per second.
    offset: i64,
    mount_mdeg: i32,
    last: Option<Motion>,
    changed_us: u64,
}

const MILLIONTHS: i64 = 1_000_000;

impl ShankAngle {
    /// A sensor that has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a reading; the angle in millidegrees, positive with the ankle before the knee.
    ///
    /// # Errors
    /// The reading cannot be; the angle starts afresh with the next one that can.
    pub fn update(&mut self, now_us: u64, motion: Motion) -> Result<i32, TiltFault> {
        let before_us = self.listen.last_us();
        let now = self.listen.hear(now_us);
        if let Some(fault) = self.fault(now, motion) {
            self.started = false;
            return Err(fault);
        }
        let step_us = now.saturating_sub(before_us);
        let lean = i64::from(atan2_mdeg(motion.across_mg, motion.along_mg)).saturating_mul(MILLIONTHS);
        if !self.started || step_us > GAP_US {
            self.started = true;
            self.raw = lean;
        } else {
            self.integrate(i64::try_from(step_us).unwrap_or(i64::MAX), lean, motion);
        }
        Ok(self.mdeg())
    }

    /// The person stands upright now: the present angle is zero from here on.
    ///
    /// # Errors
    /// The angle that would be taken away, in millidegrees, where it is more than 30 degrees: the sensor sits wrongly.
    pub fn set_upright(&mut self) -> Result<(), i32> {
        let angle = self.mdeg().saturating_add(self.mount_mdeg);
        if angle.saturating_abs() > MOUNT_MAX {
            return Err(angle);
        }
        self.mount_mdeg = angle;
        Ok(())
    }

    /// What the gyroscope reads at rest, as far as it is known, in millidegrees per second.
    #[must_use]
    pub fn offset_mdps(&self) -> i32 {
        i32::try_from(self.offset / MILLIONTHS).unwrap_or(0)
    }

    fn mdeg(&self) -> i32 {
        i32::try_from(self.raw / MILLIONTHS).unwrap_or(0).saturating_sub(self.mount_mdeg)
    }

    fn fault(&mut self, now: u64, motion: Motion) -> Option<TiltFault> {
        let Motion { along_mg, across_mg, turn_mdps } = motion;
        if self.last != Some(motion) {
            self.last = Some(motion);
            self.changed_us = now;
        }
        let most = [along_mg, across_mg].map(i32::saturating_abs);
        if most.iter().any(|a| *a > MOST_MG) || turn_mdps.saturating_abs() > MOST_MDPS {
            return Some(TiltFault::OutOfRange);
        }
        (now.saturating_sub(self.changed_us) >= FROZEN_US).then_some(TiltFault::Frozen)
    }

    /// `step_us` is at most [`GAP_US`], so no product comes near the ends of an `i64`.
    fn integrate(&mut self, step_us: i64, lean: i64, motion: Motion) {
        let turned = i64::from(motion.turn_mdps).saturating_mul(step_us);
        let drifted = (self.offset / MILLIONTHS).saturating_mul(step_us);
        self.raw = self.raw.saturating_add(turned.saturating_sub(drifted));
        let [x, y] = [motion.along_mg, motion.across_mg].map(i64::from);
        if !STILL.contains(&x.saturating_mul(x).saturating_add(y.saturating_mul(y))) {
            return;
        }
        // half a turn at most, however the two came to differ
        let error = lean.saturating_sub(self.raw);
        self.raw = self.raw.saturating_add((error / PULL_US).saturating_mul(step_us));
        let most = OFFSET_MAX.saturating_mul(MILLIONTHS);
        let offset = self.offset.saturating_sub((error / OFFSET_US).saturating_mul(step_us));
        self.offset = offset.max(most.saturating_neg()).min(most);
    }
}

/// Angles whose tangents are 1, 1/2, 1/4 and so on, in millionths of a degree.
const ANGLES: [i64; 16] = [
    45_000_000, 26_565_051, 14_036_243, 7_125_016, 3_576_334, 1_789_911, 895_174, 447_614, 223_811, 111_906,
    55_953, 27_976, 13_988, 6_994, 3_497, 1_749,
];

/// The angle of a vector from the `x` axis in millidegrees, to within four of them; 0 for no vector. Sixteen turns of a
/// CORDIC.
fn atan2_mdeg(y: i32, x: i32) -> i32 {
    let (mut x, mut y) = (i64::from(x).wrapping_shl(20), i64::from(y).wrapping_shl(20));
    let mut angle = 0_i64;
    if x < 0 {
        angle = if y < 0 { -180_000_000 } else { 180_000_000 };
        (x, y) = (x.saturating_neg(), y.saturating_neg());
    }
    if x == 0 && y == 0 {
        return 0;
    }
    for (shift, turn) in (0_u32..).zip(ANGLES) {
        let (across, along) = (x.wrapping_shr(shift), y.wrapping_shr(shift));
        if y > 0 {
            (x, y) = (x.saturating_add(along), y.saturating_sub(across));
            angle = angle.saturating_add(turn);
        } else {
            (x, y) = (x.saturating_sub(along), y.saturating_add(across));
            angle = angle.saturating_sub(turn);
        }
    }
    i32::try_from(angle / 1_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    /// REQ-PRO-349: the angle of a vector is that of floating point, to within four millidegrees, in all directions.
    #[test]
    fn angles_of_vectors() {
        for (x, y) in
            (-40..=40).flat_map(|x| (-40..=40).map(move |y| (x * 397, y * 411))).filter(|v| *v != (0, 0))
        {
            let wanted = f64::from(y).atan2(f64::from(x)).to_degrees() * 1_000.0;
            let off = (f64::from(atan2_mdeg(y, x)) - wanted).abs();
            // straight backwards is half a turn either way
            let back = y == 0 && x < 0 && (off - 360_000.0).abs() < 4.0;
            assert!(off < 4.0 || back, "{x} {y}: {off}");
        }
        assert_eq!(atan2_mdeg(0, 0), 0);
    }
}
