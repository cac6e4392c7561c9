//! What is run: the foot-drop row for one person, compiled for this board and checked.

use nmes_core::{
    Channel, ChannelHardware, ChannelState, ConfigError, Hardware, HardwareTiming, MicroAmps, Micros, Millis,
    Plan, Session,
};
use nmes_protocols::{
    Answers, FOOT_DROP, GaitConfig, Innervation, Request, Side, Storage, Subject, build_session,
};
use nmes_safety::{Checked, Layer, Profile, Setup, check_into, rules};

const SET_UA: u32 = 40_000;
const MOTOR_THRESHOLD_UA: u32 = 25_000;
const LENGTH_MS: u32 = 3_600_000;
/// An MCP4922 at 25 µA a code.
const DAC: ChannelHardware = ChannelHardware::symmetric(25_000, -4_095, 4_095);

/// The bridge stays open for so long before it drives the other way, and before a trim: what this processor takes to
/// have the trim after a pulse admitted. A bridge itself needs a microsecond or two.
const DEAD_US: u32 = 120;
/// As asked for, so that nothing rounds it: the dead time, L and twice ε. The row's own is 100 µs.
const GAP_US: u32 = 150;

/// How long the one-shot on the enable line (a 74HC123, say; 560 µs ± 20 %) lets one level stand, at the least and at the most.
/// A phase of this plan stands for up to 422 µs, late and paying back (E-STUCK-2): the check denies a part that may be shorter.
const ONE_SHOT_LEAST_US: u32 = 448;
pub(crate) const ONE_SHOT_MOST_US: u32 = 672;

/// The timing of this board; `docs/emulation.md` has the measurements behind it.
const TIMING: HardwareTiming = HardwareTiming {
    late_max_ticks: 26,
    stamp_error_ticks: 2,
    min_edge_ticks: 30,
    dead_ticks: DEAD_US,
    ..HardwareTiming::ideal(1_000_000)
};

/// From a command to its first edge: what engine, guard and trigger take for it on this processor, and a margin.
const COMMAND_TO_EDGE: Micros = match Micros::from_micros(400) {
    Some(time) => time,
    None => Micros::ZERO,
};

/// What the bench wrote of the converter, as bytes: twelve bits, no current and no voltage in the middle, ±102.4 mA and ±150 V
/// over the range; for the output whose calibration has the checksum [`OUTPUT_CRC`]. The bytes of an example: a device has its
/// own, in its memory.
#[rustfmt::skip]
pub(crate) const CALIBRATION: [u8; 32] = [
    0x4E, 0x4D, 0x41, 0x43, 0x01, 0x01, 0x00, 0x00, 0x6F, 0x63, 0x69, 0x50,
    0x00, 0x08, 0x00, 0x00, 0x50, 0xC3, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x24, 0x01, 0x00,
    0x04, 0x45, 0x36, 0x2D,
];
/// Checksum of the output's own calibration, by its bench.
const OUTPUT_CRC: u32 = 0x5069636F;

/// Why there is nothing to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The session or the hardware.
    Config(ConfigError),
    /// The row does not take this person or this request.
    Build,
    /// The setup does not fit.
    Setup,
    /// A rule says no.
    Denied,
    /// It was asked for twice.
    Twice,
}

impl From<ConfigError> for Refused {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// What the stimulator and the trigger are made from.
pub(crate) struct Ready {
    pub(crate) checked: &'static Checked<'static>,
    pub(crate) states: &'static mut [ChannelState],
    pub(crate) gait: GaitConfig,
}

/// The hardware record of this board.
pub(crate) fn hardware() -> Result<Hardware, ConfigError> {
    Hardware::new(TIMING, &[DAC], OUTPUT_CRC)
}

/// Builds, compiles and checks; once.
pub(crate) fn ready() -> Result<Ready, Refused> {
    let storage = cortex_m::singleton!(: Storage = Storage::new());
    let states = cortex_m::singleton!(: [ChannelState; 1] = [ChannelState::new(); 1]);
    let (Some(storage), Some(states)) = (storage, states) else { return Err(Refused::Twice) };
    let subject = Subject {
        motor_threshold: MicroAmps::from_microamps(MOTOR_THRESHOLD_UA),
        ..Subject::new(Innervation::Intact, Side::Left)
    };
    let request = Request {
        amplitude: MicroAmps::from_microamps(SET_UA),
        gap: Micros::from_micros(GAP_US),
        length: Millis::from_millis(LENGTH_MS),
        ..Request::default()
    };
    let built = build_session(&FOOT_DROP, &subject, &request, &Answers::all_no(), storage)
        .map_err(|_| Refused::Build)?;
    let channels = [Channel { offset: COMMAND_TO_EDGE, ..*channel(&built.session)? }];
    let channels = cortex_m::singleton!(: [Channel<'static>; 1] = channels).ok_or(Refused::Twice)?;
    let session = Session::new(channels, built.session.schedule(), built.session.length())?;
    // by reference: a plan has 4 kB
    let plan = Plan::compile(&session, &hardware()?);
    let plan = plan.as_ref().map_err(|error| *error)?;
    let place = cortex_m::singleton!(: Option<Checked<'static>> = None).ok_or(Refused::Twice)?;
    let checked = check_into(place, plan, &setup()?, &Profile::default()).map_err(|_| Refused::Denied)?;
    Ok(Ready { checked, states, gait: built.gait.ok_or(Refused::Build)? })
}

fn channel<'s>(session: &'s Session<'static>) -> Result<&'s Channel<'static>, Refused> {
    session.channels().first().ok_or(Refused::Build)
}

fn setup() -> Result<Setup, Refused> {
    let area = FOOT_DROP.electrodes.area.default;
    let setup = Setup::new(&[area], FOOT_DROP.use_class.value).map_err(|_| Refused::Setup)?;
    let [least, most] = [ONE_SHOT_LEAST_US, ONE_SHOT_MOST_US].map(Micros::from_micros);
    let (least, most) = least.zip(most).ok_or(Refused::Setup)?;
    let setup = setup.with_one_shot_between(least, most).map_err(|_| Refused::Setup)?.with_measurement();
    let length = u64::from(FOOT_DROP.session_length.max);
    let setup = FOOT_DROP.limit(setup).map_err(|_| Refused::Setup)?;
    setup.with_limit(Layer::Protocol, &rules::E_SES_1, length).map_err(|_| Refused::Setup)
}
