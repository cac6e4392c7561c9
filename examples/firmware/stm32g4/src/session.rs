//! What is run: the row after a knee replacement for one person, compiled for this converter and checked.

use nmes_core::{ChannelHardware, ConfigError, Hardware, HardwareTiming, MicroAmps, Micros, Plan};
use nmes_protocols::{
    Answers, BuildError, Innervation, Request, Side, Storage, Subject, build_session,
    conditions::TKA_STEVENS_LAPSLEY,
};
use nmes_safety::{Checked, Layer, Profile, Setup, check_into, rules};

/// Samples a second: the tick of the plan, and the timer of the converter.
pub const SAMPLE_HZ: u32 = 100_000;
/// Channels that the board has: a guard has room for so many, and each takes some 1,000 bytes.
pub const CHANNELS: usize = 1;
/// Samples in a half of the ring: 500 µs.
pub const HALF: usize = 50;
/// Samples in the ring.
pub const RING: usize = 2 * HALF;
/// How long the stage stays enabled after a half was filled: two halves, and a tenth for the interrupt's own time.
pub const ONE_SHOT_US: u32 = 1_100;

const SET_UA: u32 = 40_000;
/// Twelve bits around half scale at 50 µA a code, through a stage that goes both ways.
const DAC: ChannelHardware = ChannelHardware::symmetric(50_000, -2_048, 2_047);

/// What the bench wrote of the converter, as bytes: twelve bits, no current in the middle, ±102.4 mA over the range, no voltage measured; for
/// the output whose calibration has the checksum [`OUTPUT_CRC`]. The bytes of an example: a device has its own, in its memory.
#[rustfmt::skip]
pub const CALIBRATION: [u8; 32] = [
    0x4E, 0x4D, 0x41, 0x43, 0x01, 0x01, 0x00, 0x00, 0x34, 0x37, 0x34, 0x47,
    0x00, 0x08, 0x00, 0x00, 0x50, 0xC3, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x24, 0x01, 0x00,
    0x2A, 0x09, 0x1E, 0x2D,
];
/// Checksum of the output's own calibration, by its bench.
const OUTPUT_CRC: u32 = 0x47343734;

/// Why there is nothing to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The session or the hardware.
    Config(ConfigError),
    /// The row does not take this person or this request.
    Build(BuildError),
    /// The setup does not fit.
    Setup,
    /// A rule says no.
    Denied,
}

impl From<ConfigError> for Refused {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// The hardware record of this board: the tick is the sample, so no edge is ever late.
///
/// # Errors
/// A value is out of range.
pub fn hardware() -> Result<Hardware, ConfigError> {
    Hardware::new(HardwareTiming::ideal(SAMPLE_HZ), &[DAC], OUTPUT_CRC)
}

/// Builds, compiles and checks, into a place that is not on the stack.
///
/// # Errors
/// [`Refused`] says what does not fit.
pub fn checked<'a>(
    storage: &'a mut Storage,
    place: &'a mut Option<Checked<'a>>,
) -> Result<&'a Checked<'a>, Refused> {
    let subject = Subject::new(Innervation::Intact, Side::Right);
    let request = Request { amplitude: MicroAmps::from_microamps(SET_UA), ..Request::default() };
    // the answers of the person, not these
    let answers = Answers::all_no();
    let row = &TKA_STEVENS_LAPSLEY;
    let built = build_session(row, &subject, &request, &answers, storage).map_err(Refused::Build)?;
    // by reference: a plan has 4 kB
    let plan = Plan::compile(&built.session, &hardware()?);
    let plan = plan.as_ref().map_err(|error| *error)?;
    check_into(place, plan, &setup()?, &Profile::default()).map_err(|_| Refused::Denied)
}

fn setup() -> Result<Setup, Refused> {
    let row = &TKA_STEVENS_LAPSLEY;
    let setup =
        Setup::new(&[row.electrodes.area.default], row.use_class.value).map_err(|_| Refused::Setup)?;
    let time = Micros::from_micros(ONE_SHOT_US).ok_or(Refused::Setup)?;
    let setup = setup.with_one_shot(time).map_err(|_| Refused::Setup)?;
    let length = u64::from(row.session_length.default);
    let setup = row.limit(setup).map_err(|_| Refused::Setup)?;
    setup.with_limit(Layer::Protocol, &rules::E_SES_1, length).map_err(|_| Refused::Setup)
}
