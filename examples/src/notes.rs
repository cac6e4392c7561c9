//! What a person should know before a session runs: the notes of its builder, pads that are not those of its protocol, and
//! what was measured on channels that the session does not have.

use crate::own::SessionOnDisk;
use crate::scenario::Scenario;
use crate::text::trimmed;
use nmes_protocols::{Built, Electrodes};

impl Scenario {
    /// Every note, in words.
    #[must_use]
    pub fn notes(&self, built: &Built<'_>) -> Vec<String> {
        let mut notes: Vec<String> = built.notes().map(|note| note.to_string()).collect();
        if !matches!(self.file, Some((_, SessionOnDisk::Own(_)))) {
            let channels = (0_u8..).take(built.session.channels().len());
            let mut areas: Vec<u32> = channels.filter_map(|channel| self.setup.area_mm2(channel)).collect();
            areas.sort_unstable();
            areas.dedup();
            notes.extend(areas.iter().flat_map(|area| of_pads(&self.row.electrodes, *area)));
        }
        let measured = self.person.iter().flat_map(|person| person.measured.iter().map(|m| m.channel));
        notes.extend(of_channels(measured.collect(), built.session.channels().len()));
        notes
    }

    /// Every note with what was made up of the person, for programs.
    #[must_use]
    pub fn all_notes(&self, built: &Built<'_>) -> Vec<String> {
        self.made_up().into_iter().chain(self.notes(built)).collect()
    }
}

/// Measurements of other channels, which bind nothing here: neither what was tolerated there, nor a threshold.
fn of_channels(mut measured: Vec<u8>, count: usize) -> Option<String> {
    measured.retain(|channel| usize::from(*channel) >= count);
    measured.sort_unstable();
    let all: Vec<String> = measured.iter().map(ToString::to_string).collect();
    let has = if count == 1 {
        "channel 0 alone".to_owned()
    } else {
        format!("channels 0 to {}", count.checked_sub(1)?)
    };
    (!all.is_empty()).then(|| {
        let word = if all.len() == 1 { "channel" } else { "channels" };
        format!("the subject file has measurements of {word} {}, and this session has {has}: they hold for nothing in it", all.join(", "))
    })
}

/// Pads of another size than the protocol's, and those that are too small across, were they round.
fn of_pads(pads: &Electrodes, area_mm2: u32) -> Vec<String> {
    let cm2 = |mm2: u32| trimmed(f64::from(mm2) / 100.0, 2);
    let across_mm = (f64::from(area_mm2) * 4.0 / std::f64::consts::PI).sqrt();
    let least = pads.min_diameter_mm;
    let other = (!pads.area.holds(area_mm2)).then(|| {
        let (min, max) = (cm2(pads.area.min), cm2(pads.area.max));
        format!("pads of {} cm²: the protocol has {min} to {max} cm² ({})", cm2(area_mm2), pads.area.range)
    });
    let small = (across_mm < f64::from(least.value)).then(|| {
        let (across, area) = (trimmed(across_mm, 1), cm2(area_mm2));
        format!(
            "a round pad of {area} cm² is {across} mm across, less than {} mm: the charge density is high ({})",
            least.value, least.provenance
        )
    });
    other.into_iter().chain(small).collect()
}

#[cfg(test)]
mod tests {
    use super::of_pads;
    use nmes_protocols::{CATALOGUE, FOOT_DROP};

    /// REQ-APP-272: pads of another size than the protocol's are said, and those below its least diameter, each side of it.
    #[test]
    fn pads_that_are_not_the_rows_are_said() {
        for row in CATALOGUE {
            assert_eq!(
                of_pads(&row.electrodes, row.electrodes.area.default),
                Vec::<String>::new(),
                "{}",
                row.name
            );
        }
        let pads = &FOOT_DROP.electrodes;
        let said = |area| of_pads(pads, area).len();
        // 32 mm across are 804.2 mm²
        assert_eq!((said(804), said(805), said(pads.area.min), said(pads.area.max + 1)), (2, 1, 0, 1));
    }
}
