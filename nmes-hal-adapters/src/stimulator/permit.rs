//! What has to hold before a stimulator is made.

use crate::alarm::Alarm;
use crate::outcome::ArmRefusal;
use crate::output::Output;
use crate::sense::{Contact, Sense};
use nmes_core::{ChannelState, Engine, Hardware};
use nmes_safety::{Checked, Event, Guard};

/// Engine and guard, armed; or why not.
pub(super) type Permission<'a, const N: usize, E> = Result<(Engine<'a, 'a>, Guard<'a, N>), ArmRefusal<E>>;

/// All that has to hold before a stimulator is made; each amplitude is at zero in a new engine and a new guard.
pub(crate) fn permit<'a, const N: usize, E>(
    checked: &'a Checked<'a>,
    channels: &'a mut [ChannelState],
    output: &Hardware,
    sense: &mut impl Sense,
    now: u64,
) -> Permission<'a, N, E> {
    let (engine, mut guard) = ready(checked, channels, output, now)?;
    sense.session(checked);
    sense.arming(now);
    let bad = (0..checked.plan().channel_count()).find(|&channel| sense.contact(channel) == Contact::Bad);
    if let Some(channel) = bad {
        return Err(ArmRefusal::NoContact { channel });
    }
    guard.handle(now, Event::Contact).map_err(|_| ArmRefusal::Locked)?;
    Ok((engine, guard))
}

/// The same up to the contact, which is still to be looked for.
pub(super) fn ready<'a, const N: usize, E>(
    checked: &'a Checked<'a>,
    channels: &'a mut [ChannelState],
    output: &Hardware,
    now: u64,
) -> Permission<'a, N, E> {
    let planned = checked.plan().hardware();
    if planned != output {
        let (planned_crc, output_crc) = (planned.calibration_crc(), output.calibration_crc());
        return Err(ArmRefusal::Hardware { planned_crc, output_crc });
    }
    let engine = Engine::new(checked.plan(), channels).map_err(ArmRefusal::Storage)?;
    let mut guard = Guard::sized(checked, now).map_err(ArmRefusal::Storage)?;
    for event in [Event::Passed, Event::Probe] {
        guard.handle(now, event).map_err(|_| ArmRefusal::Locked)?;
    }
    Ok((engine, guard))
}

/// The one-shot that the output knows of is the one that the check was told of: no longer than its longest, no shorter than its
/// shortest.
fn same_one_shot<E>(checked: &Checked<'_>, output_us: Option<u32>) -> Result<(), ArmRefusal<E>> {
    let Some(output_us) = output_us else { return Ok(()) };
    let setup = checked.setup();
    let Some((least, longest)) = setup.one_shot_least().zip(setup.one_shot()) else {
        return Err(ArmRefusal::OneShotUnstated { output_us });
    };
    // the nearest to the output's that the check allows for
    let stated_us = output_us.max(least.as_micros()).min(longest.as_micros());
    if stated_us == output_us { Ok(()) } else { Err(ArmRefusal::OneShot { stated_us, output_us }) }
}

/// The output was told of this plan and no other, the clock is one for it, and its one-shot is what the check was told.
pub(super) fn goes_with<O: Output>(
    checked: &Checked<'_>,
    output: &O,
    alarm: &impl Alarm,
) -> Result<(), ArmRefusal<O::Error>> {
    same_one_shot(checked, output.one_shot_us())?;
    if !output.fits(checked.plan()) {
        Err(ArmRefusal::OtherPlan)
    } else if output.repeats() && alarm.waits() {
        Err(ArmRefusal::Waits)
    } else {
        Ok(())
    }
}
