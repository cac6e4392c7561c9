//! What is stored while nothing is armed: limits, and the record of doses.

use nmes_core::flip::{Flip, Walk};
use nmes_hal_adapters::sim::Random;
use nmes_safety::records::{
    DOSE_BYTES, DoseMeter, DoseRecord, Found, Kept, OffPermit, SessionEnd, choose, first_write, next_write,
};
use nmes_safety::selftest::LimitsSum;
use nmes_safety::{Checked, rules};

use super::road::End;
use super::scenes::Scene;

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The limits of a checked plan.
    Limits,
    /// A dose record, by a supply that fails while it is written.
    PowerCut,
    /// A dose record, by a bit.
    RecordBit,
}

impl Stored {
    pub(super) fn damage(self, scene: &Scene, random: &mut Random) -> End {
        match self {
            Self::Limits => limits(scene, random),
            Self::PowerCut => power_cut(random).unwrap_or(End::WentOn),
            Self::RecordBit => record_bit(random).unwrap_or(End::WentOn),
        }
    }
}

fn below(random: &mut Random, count: usize) -> usize {
    let most = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
    usize::try_from(random.up_to(most)).unwrap_or(0)
}

/// The sum over the limits, kept when they were checked, is compared before arming.
fn limits(scene: &Scene, random: &mut Random) -> End {
    let mut checked = scene.checked;
    let kept = LimitsSum::of_checked(&checked);
    let mut count = 0;
    checked.flip(&mut Walk::new(&mut |_, _| {
        count += 1;
        None
    }));
    let (picked, bit) = (below(random, count), random.up_to(63));
    let mut index = 0;
    checked.flip(&mut Walk::new(&mut |_, bits| {
        index += 1;
        (index == picked + 1).then_some(bit % bits)
    }));
    let binding = |checked: &Checked<'_>| rules::ALL.map(|rule| checked.limit(rule).map(|limit| limit.value));
    match kept.verify_checked(&checked) {
        Err(_) => End::NotArmed,
        // a number that does not bind
        Ok(_) if binding(&checked) == binding(&scene.checked) => End::Kept,
        Ok(_) => End::WentOn,
    }
}

type Slots = [[u8; DOSE_BYTES]; 2];

/// A few records, one after the other, in two slots.
fn written(random: &mut Random) -> Option<(Slots, Kept)> {
    let mut slots = [[0xFF; DOSE_BYTES]; 2];
    let permit = OffPermit::before_any_guard;
    let first = first_write(&DoseRecord::default(), permit());
    slots[first.slot() as usize] = *first.bytes();
    for _ in 0..random.up_to(3) {
        let kept = read(&slots)?;
        let write = next_write(&kept, &after(&kept), permit()).ok()?;
        slots[write.slot() as usize] = *write.bytes();
    }
    let kept = read(&slots)?;
    Some((slots, kept))
}

fn after(kept: &Kept) -> DoseRecord {
    DoseMeter::new(1_000_000).close(&kept.record.opened(), 60_000, SessionEnd::Completed)
}

fn read(slots: &Slots) -> Option<Kept> {
    match choose(&slots[0], &slots[1]) {
        Ok(Found::Kept(kept)) => Some(kept),
        _ => None,
    }
}

fn power_cut(random: &mut Random) -> Option<End> {
    let (mut slots, before) = written(random)?;
    let new = after(&before);
    let write = next_write(&before, &new, OffPermit::before_any_guard()).ok()?;
    let slot = &mut slots[write.slot() as usize];
    // erased, then written up to where the supply fails
    *slot = [0xFF; DOSE_BYTES];
    let bytes = below(random, DOSE_BYTES + 1);
    slot[..bytes].copy_from_slice(&write.bytes()[..bytes]);
    let found = read(&slots)?;
    let wanted = if bytes == DOSE_BYTES { new } else { before.record };
    (found.record == wanted).then_some(End::Kept)
}

fn record_bit(random: &mut Random) -> Option<End> {
    let (mut slots, before) = written(random)?;
    let (slot, byte) = (below(random, 2), below(random, DOSE_BYTES));
    slots[slot][byte] ^= 1 << random.up_to(7);
    let Some(found) = read(&slots) else {
        // the only record there is: told as lost, not as a first start
        return choose(&slots[0], &slots[1]).is_err().then_some(End::NotArmed);
    };
    let older = found.sequence + 1 == before.sequence && found.damaged.is_some();
    (found.record == before.record || older).then_some(End::Kept)
}
