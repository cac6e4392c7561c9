//! Plans and setups for the tests of the check. One code is 1 µA and one tick 1 µs unless said otherwise.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use nmes_core::*;
use nmes_safety::{Denied, Profile, Report, Rule, Setup, UseClass, Verdict, assess, check};

/// A session, a hardware, a setup and a profile, each with values that pass every rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) ceiling: (u32, u32),
    pub(crate) set: Option<(u32, u32)>,
    pub(crate) rate: (u32, u32),
    pub(crate) gap_us: u32,
    pub(crate) form: Form<'static>,
    pub(crate) repeat: Repeat,
    pub(crate) train: Train<'static>,
    pub(crate) slope: Slope,
    pub(crate) balance: Balance,
    pub(crate) leading: Polarity,
    pub(crate) control: Control,
    pub(crate) up_down_min: (u32, u32, u32),
    pub(crate) floor: u32,
    pub(crate) schedule: Schedule<'static>,
    pub(crate) length_ms: u32,
    pub(crate) timing: HardwareTiming,
    pub(crate) dac: ChannelHardware,
    pub(crate) channels: usize,
    pub(crate) setup: Setup,
    pub(crate) profile: Profile,
}

pub(crate) fn ms(n: u32) -> Millis {
    Millis::from_millis(n).unwrap()
}

pub(crate) fn us(n: u32) -> Micros {
    Micros::from_micros(n).unwrap()
}

pub(crate) fn exercise(area_mm2: u32) -> Setup {
    Setup::new(&[area_mm2; 2], UseClass::Exercise).unwrap()
}

pub(crate) fn wear(area_mm2: u32) -> Setup {
    Setup::new(&[area_mm2; 2], UseClass::FunctionalWear).unwrap()
}

impl Case {
    pub(crate) fn new() -> Self {
        Self {
            ceiling: (20_000, 300),
            set: None,
            rate: (40, 1_000_000),
            gap_us: 100,
            form: Form::Rectangular,
            repeat: Repeat::ONCE,
            train: Train::default(),
            slope: Slope::Linear,
            balance: Balance::Symmetric,
            leading: Polarity::Positive,
            control: Control::Amplitude,
            up_down_min: (1_000, 1_000, 1_000),
            floor: 0,
            schedule: Schedule::Cyclic(Cycle { hold: ms(5_000), rest: ms(10_000) }),
            length_ms: 1_200_000,
            timing: HardwareTiming::ideal(1_000_000),
            dac: ChannelHardware::symmetric(1_000, -8_388_608, 8_388_607),
            channels: 1,
            setup: exercise(5_000),
            profile: Profile::default(),
        }
    }

    pub(crate) fn pulse(ua: u32, us: u32, hz: u32) -> Self {
        Self { ceiling: (ua, us), rate: (hz, 1_000_000), gap_us: 0, ..Self::new() }
    }

    pub(crate) fn channel(&self) -> Channel<'static> {
        let setting = |(ua, us)| Setting::new(ua, us).unwrap();
        let (up, down, down_min) = self.up_down_min;
        Channel {
            pulse: PulseShape {
                gap: us(self.gap_us),
                balance: self.balance,
                leading: self.leading,
                form: self.form,
                repeat: self.repeat,
            },
            rate: Rate::new(self.rate.0, self.rate.1).unwrap(),
            train: self.train,
            set: setting(self.set.unwrap_or(self.ceiling)),
            ceiling: setting(self.ceiling),
            ramp: Ramp {
                control: self.control,
                up: ms(up),
                down: ms(down),
                down_min: ms(down_min),
                floor: self.floor,
                slope: self.slope,
            },
            offset: Micros::ZERO,
        }
    }

    pub(crate) fn hardware(&self) -> Hardware {
        Hardware::new(self.timing, &[self.dac; 3], 0).unwrap()
    }

    /// Compiles, and hands the plan to `with`. The refusals of `compile` are none of the check's.
    pub(crate) fn try_plan<T>(&self, with: impl FnOnce(Plan<'_>) -> T) -> Result<T, ConfigError> {
        let channels = [self.channel(); 3];
        let channels = &channels[..self.channels];
        let session = Session::new(channels, self.schedule, ms(self.length_ms))?;
        Ok(with(Plan::compile(&session, &self.hardware())?))
    }

    pub(crate) fn plan<T>(&self, with: impl FnOnce(Plan<'_>) -> T) -> T {
        self.try_plan(with).unwrap()
    }

    pub(crate) fn report(&self) -> Report {
        self.plan(|plan| assess(&plan, &self.setup, &self.profile))
    }

    /// Verdict and shown value of one rule.
    pub(crate) fn row(&self, rule: &Rule) -> (Verdict, Option<u64>) {
        let report = self.report();
        let row = report.row(rule).unwrap_or_else(|| panic!("{} has no row in {self:?}", rule.id));
        (row.verdict, row.value)
    }

    pub(crate) fn checked(&self) -> Result<(), String> {
        self.plan(|plan| {
            check(plan, &self.setup, &self.profile).map(drop).map_err(|d: Denied<'_>| d.to_string())
        })
    }
}

/// Cases for proptest: the environment's `NMES_CASES`, or `usual`.
pub(crate) fn config(usual: u32) -> proptest::test_runner::Config {
    let cases = std::env::var("NMES_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    // of some properties four of five inputs are no plan
    let max_global_rejects = cases.max(1_024).saturating_mul(16);
    proptest::test_runner::Config {
        cases,
        max_global_rejects,
        failure_persistence: None,
        ..Default::default()
    }
}
