//! Electrodes and skin: a resistor in series with a leaky capacitor, and optionally a blocking capacitor.

/// R_s + (R_p ∥ C_p), and in series with it a blocking capacitor if there is one.
///
/// Ohms and farads. The usual first-order picture of a gel electrode on skin; the constants of [`Load::skin`] are
/// the caller's, and no model of a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    series_ohm: f64,
    skin: Option<Skin>,
    blocking_farad: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Skin {
    ohm: f64,
    farad: f64,
}

/// Voltages across the two capacitors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Charged {
    pub(crate) skin_v: f64,
    pub(crate) blocking_v: f64,
}

/// What is connected to the load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Drive {
    /// Nothing.
    Open,
    /// A current, in amperes.
    Current(f64),
    /// A voltage; 0 is a short.
    Voltage(f64),
}

fn positive(value: f64) -> Option<f64> {
    (value.is_finite() && value > 0.0).then_some(value)
}

impl Load {
    /// A resistor; `None` unless finite and above zero.
    ///
    /// ```
    /// use nmes_hal_adapters::sim::Load;
    /// assert!(Load::resistor(1_000.0).is_some());
    /// assert!(Load::resistor(0.0).is_none() && Load::resistor(f64::NAN).is_none());
    /// ```
    #[must_use]
    pub fn resistor(ohm: f64) -> Option<Self> {
        Some(Self { series_ohm: positive(ohm)?, skin: None, blocking_farad: None })
    }

    /// Tissue in series with skin; `None` unless all are finite and above zero.
    #[must_use]
    pub fn skin(series_ohm: f64, skin_ohm: f64, skin_nanofarad: f64) -> Option<Self> {
        let skin = Skin { ohm: positive(skin_ohm)?, farad: positive(skin_nanofarad)? * 1e-9 };
        Some(Self { series_ohm: positive(series_ohm)?, skin: Some(skin), blocking_farad: None })
    }

    /// The same with a blocking capacitor in series; `None` unless finite and above zero.
    #[must_use]
    pub fn with_blocking_capacitor(self, microfarad: f64) -> Option<Self> {
        Some(Self { blocking_farad: Some(positive(microfarad)? * 1e-6), ..self })
    }

    /// The same with a part of the contact area left: resistances go up and the capacitance down with it. `None`
    /// outside 0 (not included) to 100 %.
    #[must_use]
    pub fn with_contact_percent(self, percent: f64) -> Option<Self> {
        let part = positive(percent).filter(|&p| p <= 100.0)? / 100.0;
        let skin = self.skin.map(|s| Skin { ohm: s.ohm / part, farad: s.farad * part });
        Some(Self { series_ohm: self.series_ohm / part, skin, ..self })
    }

    /// The resistance once the skin has charged: that in series and the skin's, without a blocking capacitor.
    pub(crate) fn resistance_ohm(&self) -> f64 {
        self.series_ohm + self.skin.map_or(0.0, |skin| skin.ohm)
    }

    /// Voltage at the terminals while a current flows.
    pub(crate) const fn terminal_v(&self, state: Charged, amps: f64) -> f64 {
        amps * self.series_ohm + state.skin_v + state.blocking_v
    }

    /// Current that flows from a voltage at the terminals.
    pub(crate) const fn current_a(&self, state: Charged, volts: f64) -> f64 {
        (volts - state.skin_v - state.blocking_v) / self.series_ohm
    }

    /// The state after `seconds`, and the charge in coulombs that has flowed: exact, at any length.
    pub(crate) fn advance(&self, state: Charged, drive: Drive, seconds: f64) -> (Charged, f64) {
        match drive {
            Drive::Open => (Charged { skin_v: self.relaxed(state.skin_v, 0.0, seconds), ..state }, 0.0),
            Drive::Current(amps) => self.advance_current(state, amps, seconds),
            Drive::Voltage(volts) => self.advance_voltage(state, volts, seconds),
        }
    }

    fn relaxed(&self, from_v: f64, amps: f64, seconds: f64) -> f64 {
        self.skin.map_or(0.0, |skin| {
            let end = amps * skin.ohm;
            end + (from_v - end) * libm::exp(-seconds / (skin.ohm * skin.farad))
        })
    }

    fn advance_current(&self, state: Charged, amps: f64, seconds: f64) -> (Charged, f64) {
        let charge = amps * seconds;
        let skin_v = self.relaxed(state.skin_v, amps, seconds);
        let blocking_v = state.blocking_v + self.blocking_farad.map_or(0.0, |farad| charge / farad);
        (Charged { skin_v, blocking_v }, charge)
    }

    fn advance_voltage(&self, state: Charged, volts: f64, seconds: f64) -> (Charged, f64) {
        let r = self.series_ohm;
        match (self.skin, self.blocking_farad) {
            (None, None) => (state, volts / r * seconds),
            (Some(skin), None) => {
                let end = volts * skin.ohm / (r + skin.ohm);
                let tau = skin.farad * r * skin.ohm / (r + skin.ohm);
                let gone = 1.0 - libm::exp(-seconds / tau);
                let moved = (end - state.skin_v) * gone;
                let charge = ((volts - end) * seconds + (end - state.skin_v) * tau * gone) / r;
                (Charged { skin_v: state.skin_v + moved, ..state }, charge)
            }
            (None, Some(farad)) => {
                let moved = (volts - state.blocking_v) * (1.0 - libm::exp(-seconds / (r * farad)));
                (Charged { blocking_v: state.blocking_v + moved, ..state }, moved * farad)
            }
            (Some(skin), Some(farad)) => {
                let end = two_capacitors(r, skin, farad, state, volts, seconds);
                (end, (end.blocking_v - state.blocking_v) * farad)
            }
        }
    }
}

/// Both capacitors relax from a voltage: y' = A·y for y = (skin, blocking − volts), by the two (real, distinct and
/// negative) eigenvalues of A.
fn two_capacitors(r: f64, skin: Skin, farad: f64, state: Charged, volts: f64, seconds: f64) -> Charged {
    let (a12, a21) = (-1.0 / (r * skin.farad), -1.0 / (r * farad));
    let (a11, a22) = (a12 - 1.0 / (skin.ohm * skin.farad), a21);
    let mean = (a11 + a22) / 2.0;
    let root = libm::sqrt((a11 - a22) * (a11 - a22) / 4.0 + a12 * a21);
    // the slow one from the product of both, because the difference of two near-equals loses digits
    let fast = mean - root;
    let slow = (a11 * a22 - a12 * a21) / fast;
    let (ef, es) = (libm::exp(fast * seconds), libm::exp(slow * seconds));
    let (y1, y2) = (state.skin_v, state.blocking_v - volts);
    let (d1, d2) = (a11 * y1 + a12 * y2, a21 * y1 + a22 * y2);
    let part = |y: f64, d: f64| ((d - slow * y) * ef - (d - fast * y) * es) / (fast - slow);
    Charged { skin_v: part(y1, d1), blocking_v: part(y2, d2) + volts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_loads() -> [Load; 4] {
        let r = Load::resistor(400.0).unwrap();
        let rc = Load::skin(300.0, 2_000.0, 200.0).unwrap();
        [r, rc, r.with_blocking_capacitor(0.5).unwrap(), rc.with_blocking_capacitor(0.5).unwrap()]
    }

    /// Explicit Euler with very small steps: slow, plain, and made of nothing but Kirchhoff's laws.
    fn euler(load: &Load, mut state: Charged, drive: Drive, seconds: f64) -> (Charged, f64) {
        let steps = 200_000;
        let dt = seconds / f64::from(steps);
        let mut charge = 0.0;
        for _ in 0..steps {
            let amps = match drive {
                Drive::Open => 0.0,
                Drive::Current(amps) => amps,
                Drive::Voltage(volts) => load.current_a(state, volts),
            };
            if let Some(skin) = load.skin {
                state.skin_v += dt * (amps - state.skin_v / skin.ohm) / skin.farad;
            }
            if let Some(farad) = load.blocking_farad {
                state.blocking_v += dt * amps / farad;
            }
            charge += dt * amps;
        }
        (state, charge)
    }

    /// REQ-HAL-008: the closed forms agree with brute force in every mode of every load.
    #[test]
    fn closed_forms_agree_with_euler() {
        let start = Charged { skin_v: 7.0, blocking_v: -3.0 };
        for load in all_loads() {
            let has = |v: f64, there: bool| if there { v } else { 0.0 };
            let start = Charged {
                skin_v: has(start.skin_v, load.skin.is_some()),
                blocking_v: has(start.blocking_v, load.blocking_farad.is_some()),
            };
            for drive in [Drive::Open, Drive::Current(-0.02), Drive::Voltage(60.0), Drive::Voltage(0.0)] {
                for seconds in [1e-6, 100e-6, 2e-3] {
                    let (state, charge) = load.advance(start, drive, seconds);
                    let (slow_state, slow_charge) = euler(&load, start, drive, seconds);
                    let close = |a: f64, b: f64, scale: f64| (a - b).abs() < 1e-4 * scale;
                    assert!(close(state.skin_v, slow_state.skin_v, 60.0), "{load:?} {drive:?} {seconds}");
                    assert!(
                        close(state.blocking_v, slow_state.blocking_v, 60.0),
                        "{load:?} {drive:?} {seconds}"
                    );
                    assert!(
                        close(charge, slow_charge, slow_charge.abs().max(1e-9)),
                        "{load:?} {drive:?} {seconds}"
                    );
                }
            }
        }
    }

    /// REQ-HAL-008: one long step is two short ones.
    #[test]
    fn steps_add_up() {
        let start = Charged::default();
        for load in all_loads() {
            for drive in [Drive::Current(0.04), Drive::Voltage(-50.0)] {
                let (whole, charge) = load.advance(start, drive, 300e-6);
                let (half, first) = load.advance(start, drive, 100e-6);
                let (end, second) = load.advance(half, drive, 200e-6);
                assert!((whole.skin_v - end.skin_v).abs() < 1e-9);
                assert!((whole.blocking_v - end.blocking_v).abs() < 1e-9);
                assert!((charge - first - second).abs() < 1e-15);
            }
        }
    }

    /// REQ-HAL-008: after a very long time a blocking capacitor has taken all of a voltage, and nothing overflows.
    #[test]
    fn long_times_settle() {
        let [_, rc, c, both] = all_loads();
        let after = |load: Load| load.advance(Charged::default(), Drive::Voltage(60.0), 1e6).0;
        assert!((after(rc).skin_v - 60.0 * 2_000.0 / 2_300.0).abs() < 1e-9);
        for load in [c, both] {
            assert!((after(load).blocking_v - 60.0).abs() < 1e-9);
            assert!(after(load).skin_v.abs() < 1e-9);
        }
    }

    /// REQ-HAL-008: half the contact is twice the resistance.
    #[test]
    fn peeling_raises_the_resistance() {
        let half = Load::resistor(500.0).unwrap().with_contact_percent(50.0).unwrap();
        assert!((half.terminal_v(Charged::default(), 0.01) - 10.0).abs() < 1e-12);
        assert!(half.with_contact_percent(0.0).is_none());
        assert!(half.with_contact_percent(100.1).is_none());
        assert!(Load::skin(1.0, 1.0, f64::INFINITY).is_none());
        assert!(half.with_blocking_capacitor(-1.0).is_none());
    }
}
