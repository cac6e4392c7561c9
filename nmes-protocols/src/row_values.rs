//! Every value of a row, one after the other, for tables and for tests of the data.

use crate::condition::{Availability, Condition, Electrodes};
use crate::provenance::{Evidence, Provenance, Ranged, Unit};
use crate::schedule_row::{ScheduleRow, StageRow};
use core::fmt;

/// What a value of a row is.
#[derive(Clone, Copy)]
pub enum RowValue<'v> {
    /// A number with its range, which may be from somewhere else.
    Range(Ranged),
    /// A number.
    Number(u32, Unit, Provenance),
    /// Words, or something that shows itself as words.
    Words(&'v dyn fmt::Display, Provenance),
    /// A claim about the outcome.
    Claim(&'v str, Evidence, Provenance),
}

impl RowValue<'_> {
    /// Where it is from; for a range, where the range and the default are from.
    #[must_use]
    pub const fn provenances(&self) -> [Provenance; 2] {
        match self {
            Self::Range(range) => [range.range, range.chosen],
            Self::Number(_, _, one) | Self::Words(_, one) | Self::Claim(_, _, one) => [*one, *one],
        }
    }
}

type Look<'l> = &'l mut dyn FnMut(&'static str, RowValue<'_>);

impl Condition {
    /// Shows every value of the row with its name, in the order of a table: what the row shows, for whom it is, the
    /// pulse, the times, pads, dose, findings.
    ///
    /// ```
    /// let mut found = 0;
    /// nmes_protocols::FOOT_DROP.visit(&mut |_, value| {
    ///     found += usize::from(value.provenances().iter().any(|p| p.is_published()));
    /// });
    /// assert!(found > 10);
    /// ```
    pub fn visit(&self, look: Look<'_>) {
        let head = &self.headline;
        look("shows", RowValue::Claim(head.claim, head.evidence, head.provenance));
        if let Availability::Disabled(why) = &self.availability {
            look("disabled", RowValue::Words(&why.value, why.provenance));
        }
        self.visit_gates(look);
        self.visit_pulse(look);
        for (name, range) in self.ranges() {
            look(name, RowValue::Range(range));
        }
        self.visit_schedule(look);
        visit_pads(&self.electrodes, look);
        self.visit_texts(look);
    }

    fn visit_gates(&self, look: Look<'_>) {
        let needs = &self.needs;
        for (name, said) in [
            ("if intact", needs.if_intact),
            ("if denervated", needs.if_denervated),
            ("if partly denervated", needs.if_partial),
            ("if unknown", needs.if_unknown),
        ] {
            look(name, RowValue::Words(&said.value, said.provenance));
        }
        if let Some(gate) = &self.specialist {
            look("specialists only", RowValue::Words(&gate.why.value, gate.why.provenance));
            let cap = gate.direct_ua_per_cm2;
            look("direct current, µA/cm²", RowValue::Number(cap.value, Unit::Count, cap.provenance));
        }
        for rule in self.item_rules {
            look("answered with yes", RowValue::Words(rule, rule.why.provenance));
        }
        look("use class", RowValue::Words(&self.use_class.value, self.use_class.provenance));
    }

    fn visit_pulse(&self, look: Look<'_>) {
        let wave = &self.waveform;
        look("waveform", RowValue::Words(&wave.kind.value, wave.kind.provenance));
        look("charge return", RowValue::Words(&wave.balance.value, wave.balance.provenance));
        if let Some(other) = &wave.option {
            look("other charge return", RowValue::Words(&other.value, other.provenance));
        }
        let leading = match wave.leading.value {
            nmes_core::Polarity::Positive => "the active pad is the anode of the primary phase",
            nmes_core::Polarity::Negative => "the active pad is the cathode of the primary phase",
        };
        look("polarity", RowValue::Words(&leading, wave.leading.provenance));
        let convention = wave.width_convention;
        look("width is of", RowValue::Words(&convention.value.word(), convention.provenance));
        if let Some(timing) = &self.timing {
            look("timing", RowValue::Words(&timing.value, timing.provenance));
        }
        look("amplitude rule", RowValue::Words(&self.amplitude_rule.value, self.amplitude_rule.provenance));
        let ((low, high), band) = (self.typical_amplitude_ua.value, self.typical_amplitude_ua.provenance);
        look("usual amplitude, from", RowValue::Number(low, Unit::MicroAmps, band));
        look("usual amplitude, to", RowValue::Number(high, Unit::MicroAmps, band));
        look("ceilings", RowValue::Words(&"as set", self.ceiling.provenance));
        let (floor, of) = (self.ramp_floor.value, self.ramp_floor.provenance);
        look(
            "ramp floor, of motor threshold",
            RowValue::Number(floor.percent_of_motor_threshold, Unit::Percent, of),
        );
    }

    fn visit_schedule(&self, look: Look<'_>) {
        look("trigger", RowValue::Words(&self.trigger.value, self.trigger.provenance));
        match &self.schedule {
            ScheduleRow::Continuous(_) => {}
            ScheduleRow::Cyclic(cycle) => {
                let includes = cycle.on_includes_ramps;
                look("on includes ramps", RowValue::Words(&includes.value.word(), includes.provenance));
            }
            ScheduleRow::Program(program) => {
                let includes = program.on_includes_ramps;
                look("on includes ramps", RowValue::Words(&includes.value.word(), includes.provenance));
                program.stages.iter().for_each(|stage| visit_stage(stage, look));
            }
            ScheduleRow::Steps { step, gate } => {
                look("step trigger", RowValue::Words(&step.trigger.value, step.trigger.provenance));
                look("gate, longest opening", RowValue::Words(&gate.max_on.value, gate.max_on.provenance));
                let least = gate.min_off_ms;
                look("gate, least off", RowValue::Number(least.value, Unit::Millis, least.provenance));
                let most = gate.max_triggers_per_minute;
                let number = RowValue::Number(u32::from(most.value), Unit::Count, most.provenance);
                look("gate, openings a minute", number);
            }
            ScheduleRow::Gated(gated) => {
                let most = gated.max_triggers_per_minute;
                let number = RowValue::Number(u32::from(most.value), Unit::Count, most.provenance);
                look("openings a minute", number);
            }
        }
    }

    fn visit_texts(&self, look: Look<'_>) {
        if let Some(least) = self.dose.least_per_week {
            let number = RowValue::Number(least.value, Unit::Count, least.provenance);
            look("contractions a week, at least", number);
        }
        for said in self.dose.text {
            look("dose", RowValue::Words(&said.value, said.provenance));
        }
        for step in self.progression {
            let name = if step.from_week == 0 { "as it goes" } else { "from a week on" };
            look(name, RowValue::Words(step, step.provenance));
        }
        for (name, texts) in
            [("also reported", self.reported), ("stop", self.stop_rules), ("note", self.notes)]
        {
            for said in texts {
                look(name, RowValue::Words(&said.value, said.provenance));
            }
        }
        for finding in self.evidence {
            look("finding", RowValue::Claim(finding.claim, finding.evidence, finding.provenance));
        }
        for finding in self.related {
            look("not of this row", RowValue::Claim(finding.claim, finding.evidence, finding.provenance));
        }
    }
}

fn visit_stage(stage: &StageRow, look: Look<'_>) {
    look("stage", RowValue::Words(&stage.name, stage.hold_ms.provenance));
    look(
        "stage, at full level",
        RowValue::Number(stage.hold_ms.value, Unit::Millis, stage.hold_ms.provenance),
    );
    look("stage, rest", RowValue::Number(stage.rest_ms.value, Unit::Millis, stage.rest_ms.provenance));
    let repeats = RowValue::Number(u32::from(stage.repeats.value), Unit::Count, stage.repeats.provenance);
    look("stage, contractions", repeats);
    let level = stage.level_permille;
    look("stage, level in ‰", RowValue::Number(u32::from(level.value), Unit::Count, level.provenance));
    if let Some(rate) = stage.rate_millihertz {
        look("stage, rate", RowValue::Number(rate.value, Unit::MilliHertz, rate.provenance));
    }
}

fn visit_pads(pads: &Electrodes, look: Look<'_>) {
    look(
        "pads on a channel",
        RowValue::Number(u32::from(pads.count.value), Unit::Count, pads.count.provenance),
    );
    let least = pads.min_diameter_mm;
    look("least pad diameter", RowValue::Number(least.value, Unit::Millimetres, least.provenance));
    for (name, said) in [
        ("active pad", pads.active),
        ("other pad", pads.indifferent),
        ("placement", pads.correction),
        ("pads are used", pads.replacement),
    ] {
        look(name, RowValue::Words(&said.value, said.provenance));
    }
}
