//! What the check is told: pads, rail, load, what opens the output, and the limits of the protocol and the person.

use crate::cli::{Ask, GuardArgs};
use crate::failure::Failure;
use crate::own::SessionOnDisk;
use nmes_core::{Micros, Millis};
use nmes_protocols::Condition;
use nmes_protocols::files::SubjectFile;
use nmes_safety::{Layer, Setup, rules};

/// The smaller of the two usual pads of foot drop.
const WALKING_PAD_MM2: u32 = 2_000;

/// Asked for; else what is usual in walking, or the row's own pad.
fn area_mm2(ask: &Ask, row: &Condition) -> u32 {
    let usual = if row.schedule.step().is_some() { WALKING_PAD_MM2 } else { row.electrodes.area.default };
    ask.load.electrode_cm2.unwrap_or(usual)
}

/// Asked for; else those of a measurement, which are the person's; else what the file says; else usual.
pub(crate) fn areas_mm2(
    ask: &Ask,
    row: &Condition,
    count: usize,
    file: Option<&(String, SessionOnDisk)>,
    person: Option<&SubjectFile>,
) -> Vec<u32> {
    let asked = ask.load.electrode_cm2.is_some();
    let measured = |channel| Some(person?.measured(channel)?.electrode.area_mm2);
    let stated = |channel| file.and_then(|(_, file)| file.electrode_mm2(channel));
    let area = |channel| measured(channel).or(stated(channel)).filter(|_| !asked);
    (0_u8..).take(count).map(|channel| area(channel).unwrap_or_else(|| area_mm2(ask, row))).collect()
}

pub(crate) fn setup(
    ask: &Ask,
    row: &Condition,
    areas: &[u32],
    person: Option<&SubjectFile>,
) -> Result<Setup, Failure> {
    let load = &ask.load;
    let refuse = |flag: &str, error: &dyn std::fmt::Display| Failure::Input(format!("{flag}: {error}"));
    let setup = Setup::new(areas, row.use_class.value).map_err(|e| refuse("--electrode-cm2", &e))?;
    let setup = setup.with_rail_mv(load.rail_v).map_err(|e| refuse("--rail-v", &e))?;
    let setup = setup.with_load_ohm(load.checked_load_ohm).map_err(|e| refuse("--checked-load-ohm", &e))?;
    let setup = match load.contact_fraction.and_then(|permille| u16::try_from(permille).ok()) {
        Some(permille) => {
            setup.with_contact_permille(permille).map_err(|e| refuse("--contact-fraction", &e))?
        }
        None => setup,
    };
    let setup = row.limit(guarded(setup, &load.guards)?).map_err(|e| refuse(row.name, &e))?;
    let longest = u64::from(row.session_length.max);
    // a row may state less than the rule; more than it takes is the rule's to deny
    let longest = longest.min(rules::E_SES_1.loosest);
    let setup =
        setup.with_limit(Layer::Protocol, &rules::E_SES_1, longest).map_err(|e| refuse("--seconds", &e))?;
    let Some(person) = person else { return Ok(setup) };
    person.limit(setup).map_err(|e| refuse("--subject", &e))
}

/// What opens the output where the software does not.
pub(crate) fn guarded(mut setup: Setup, guards: &GuardArgs) -> Result<Setup, Failure> {
    let refuse = |flag: &str, error: &dyn std::fmt::Display| Failure::Input(format!("{flag}: {error}"));
    if let Some(time) = guards.one_shot_us.and_then(Micros::from_micros) {
        setup = setup.with_one_shot(time).map_err(|e| refuse("--one-shot-us", &e))?;
    }
    if let Some(time) = guards.watchdog_ms.and_then(Millis::from_millis) {
        setup = setup.with_watchdog(time).map_err(|e| refuse("--watchdog-ms", &e))?;
    }
    Ok(setup)
}
