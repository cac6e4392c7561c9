//! The sessions that faults are put into.

use nmes_core::{
    Balance, Channel, ChannelHardware, Cycle, Form, Gate, Hardware, HardwareTiming, MicroAmps, Micros,
    Millis, Plan, PulseShape, Ramp, Rate, Repeat, Schedule, Session, Setting, Train,
};
use nmes_hal_adapters::sim::{Load, Stage};
use nmes_safety::{Checked, Layer, PROBE_LEVEL, Profile, Setup, UseClass, check, rules};

const MHZ: u32 = 1_000_000;
/// An hour to the end of the channel that begins last, with some left.
const LENGTH_MS: u32 = 3_599_000;
/// What the simulated measurement is said to be off.
const NOISE: MicroAmps = match MicroAmps::from_microamps(20) {
    Some(noise) => noise,
    None => MicroAmps::ZERO,
};

/// One session, checked, with the hardware it is for. Times are in ticks of 1 µs.
#[derive(Debug)]
pub struct Scene {
    /// For the tables.
    pub name: &'static str,
    /// The plan with its limits.
    pub checked: Checked<'static>,
    /// The output stage and its load.
    pub stage: Stage,
    /// The one-shot on the enable line: longer than the longest stretch between two edges of a pulse.
    pub one_shot_ticks: u64,
    /// The charge of a phase at the ceiling, in nC.
    pub plan_nc: f64,
    /// The charge of a phase at the probe level, in nC.
    pub probe_nc: f64,
    /// What the profile lets a phase have (E-Q-1), in nC.
    pub profile_nc: f64,
}

/// What makes a session.
struct Recipe {
    name: &'static str,
    shape: PulseShape<'static>,
    set: (u32, u32),
    hz: u32,
    channels: usize,
    timing: HardwareTiming,
    gains: (u32, u32),
    class: UseClass,
    stage: Stage,
    one_shot_us: u32,
}

fn millis(n: u32) -> Option<Millis> {
    Millis::from_millis(n)
}

fn micros(n: u32) -> Micros {
    Micros::from_micros(n).unwrap_or(Micros::ZERO)
}

fn plain() -> PulseShape<'static> {
    PulseShape { gap: micros(100), ..PulseShape::default() }
}

fn late(late_max_ticks: u32) -> HardwareTiming {
    HardwareTiming { late_max_ticks, ..HardwareTiming::ideal(MHZ) }
}

fn resistor(ohm: f64) -> Option<Stage> {
    Load::resistor(ohm).map(|load| Stage::ideal(150.0, load))
}

/// How many sessions there are.
const SCENES: usize = 6;

/// Every session of the campaign.
///
/// # Panics
/// When one of them is not to be had: a rule that denies it would else leave its faults out.
#[must_use]
pub fn scenes() -> Vec<Scene> {
    let recipes = recipes().unwrap_or_default();
    let made = |recipe: &Recipe| {
        let scene = scene(recipe);
        assert!(scene.is_some(), "the session `{}` is no checked plan any more", recipe.name);
        scene
    };
    let scenes: Vec<_> = recipes.iter().filter_map(made).collect();
    assert_eq!(scenes.len(), SCENES, "sessions of the campaign");
    scenes
}

fn recipes() -> Option<Vec<Recipe>> {
    let foot_drop = Recipe {
        name: "foot drop",
        shape: plain(),
        set: (20_000, 300),
        hz: 40,
        channels: 1,
        timing: late(15),
        gains: (25_000, 25_000),
        class: UseClass::FunctionalWear,
        stage: resistor(1_000.0)?,
        one_shot_us: 400,
    };
    let doublet = Repeat { count: 2, gap: micros(5_000) };
    let burst = Repeat { count: 10, gap: Micros::ZERO };
    Some(vec![
        Recipe {
            name: "doublet",
            shape: PulseShape { repeat: doublet, ..plain() },
            hz: 20,
            stage: Stage::ideal(150.0, Load::skin(300.0, 700.0, 200.0)?),
            timing: HardwareTiming { stamp_error_ticks: 3, ..late(9) },
            ..foot_drop.copy()
        },
        Recipe {
            name: "kHz burst",
            shape: PulseShape { repeat: burst, gap: Micros::ZERO, ..PulseShape::default() },
            set: (12_000, 200),
            hz: 25,
            timing: late(0),
            one_shot_us: 250,
            ..foot_drop.copy()
        },
        Recipe {
            name: "triphasic",
            shape: PulseShape { form: Form::Triphasic { outer_percent: 40 }, ..plain() },
            class: UseClass::Continuous,
            timing: late(5),
            ..foot_drop.copy()
        },
        Recipe {
            name: "asymmetric, 2 channels",
            shape: PulseShape { balance: Balance::Asymmetric { length_percent: 300 }, ..plain() },
            hz: 35,
            channels: 2,
            class: UseClass::Exercise,
            one_shot_us: 1_200,
            gains: (25_000, 24_251),
            ..foot_drop.copy()
        },
        Recipe {
            name: "quadriceps, 4 channels",
            set: (60_000, 400),
            channels: 4,
            class: UseClass::Exercise,
            timing: HardwareTiming { write_ticks: 4, min_edge_ticks: 20, has_latch: false, ..late(10) },
            one_shot_us: 520,
            ..foot_drop.copy()
        },
        foot_drop,
    ])
}

impl Recipe {
    const fn copy(&self) -> Self {
        Self { ..*self }
    }
}

fn scene(recipe: &Recipe) -> Option<Scene> {
    let channels: Option<Vec<_>> = (0..recipe.channels).map(|index| channel(recipe, index)).collect();
    let channels: &'static [Channel<'static>] = Box::leak(channels?.into_boxed_slice());
    let session = Session::new(channels, schedule(recipe.class)?, millis(LENGTH_MS)?).ok()?;
    let limit = i32::try_from(100_000_000 / recipe.gains.0).ok()?.min(4_095);
    let dac = ChannelHardware {
        na_per_code_negative: recipe.gains.1,
        ..ChannelHardware::symmetric(recipe.gains.0, -limit, limit)
    };
    let hardware = Hardware::new(recipe.timing, &vec![dac; recipe.channels], 0x1234).ok()?;
    let plan = Plan::compile(&session, &hardware).ok()?;
    let setup = Setup::new(&vec![8_000; recipe.channels], recipe.class).ok()?;
    let setup = setup.with_one_shot(micros(recipe.one_shot_us)).ok()?;
    let setup = setup.with_limit(Layer::Protocol, &rules::E_SES_1, 3_600_000).ok()?;
    let setup = setup.with_measurement_noise(NOISE).ok()?;
    let checked = check(plan, &setup, &Profile::default()).ok()?;
    let charge = |ua: u32, us: u32| f64::from(ua) * f64::from(us) * 1e-3;
    Some(Scene {
        name: recipe.name,
        stage: recipe.stage,
        one_shot_ticks: u64::from(recipe.one_shot_us),
        plan_nc: charge(recipe.set.0, recipe.set.1),
        probe_nc: charge(PROBE_LEVEL.as_microamps(), recipe.set.1),
        profile_nc: rules::E_Q_1.limit as f64 * 1e-3,
        checked,
    })
}

fn channel(recipe: &Recipe, index: usize) -> Option<Channel<'static>> {
    let set = Setting::new(recipe.set.0, recipe.set.1)?;
    Some(Channel {
        pulse: recipe.shape,
        rate: Rate::from_hz(recipe.hz).ok()?,
        train: Train::default(),
        set,
        ceiling: set,
        ramp: Ramp { up: millis(200)?, down: millis(200)?, down_min: millis(200)?, ..Ramp::default() },
        offset: micros(u32::try_from(index).ok()? * 3_000),
    })
}

fn schedule(class: UseClass) -> Option<Schedule<'static>> {
    Some(match class {
        UseClass::Exercise => Schedule::Cyclic(Cycle { hold: millis(1_000)?, rest: millis(1_000)? }),
        UseClass::Continuous => Schedule::Continuous,
        _ => Schedule::Gated(Gate {
            max_on: millis(4_000)?,
            min_off: millis(100)?,
            max_triggers_per_minute: 60,
            refractory: Millis::ZERO,
        }),
    })
}
