//! The page of a campaign.

use std::fmt::Write;

use super::kinds::{Kind, Must};
use super::road::End;
use super::scenes::{Scene, scenes};
use super::tally::Tally;

const HEAD: &str = "\
# Fault campaign

One fault a run, at a random instant of a running session: half of the instants anywhere in a contraction or the rest after it, half
within a pulse. A walker opens and closes the gate of the gated sessions every half a second. The whole road
runs each time, from a checked plan by engine, guard and stimulator to a simulated board, in which time, clock, alarm, bus,
stage, load, measurement, rail, one-shot, watchdog and host can each be put wrong (`examples/src/campaign`). Every run is made
twice, with a one-shot on the enable line (armed at each edge, released by `off`) and without it.

Made by `nmes-campaign`; `./ci.sh campaign` makes it anew and compares. Nothing here was measured on hardware.

A run is held against what its kind must come to, and against this in any case: **with the one-shot no uninterrupted phase
carries more than twice what the profile lets a phase have (E-Q-1, 65 µC).** Harmless means: the session goes on, nothing
that flows afterwards is stronger than a phase of the plan by more than E-OC-1 lets pass, one code and L, and what is left is below
E-DC-3. What flows below 1 mA is no phase by this; it counts in what is left.

Contact that is lost in functional wear is answered by the probe level (3 mA) and a warning, and no session is ended by that alone
before it is lost for the third time (REQ-HAL-253). Such a run goes on walking: half a second with the trigger open and half a second
without, until it latches, ten strides at the most. *Held, harmless* is what has not come back by then: in the last stride no
phase carried more than a phase at the probe level by more than E-OC-1 and L let pass, and what was left is below E-DC-3.
*Contact back, harmless* is what has, as a rail that returns: nothing that flowed was stronger than above.
";

const FOOT: &str = "
Times are of true time in ms, from when the fault could first show (current flows, or a level of more than 1 mA is asked for) to the
last current, whole strides of a lost contact between them included; the slow loop comes every 5 ms, the watchdog bites after 100 ms.
Phase charges are of one uninterrupted current of one polarity, the part before the fault included, as multiples of E-Q-1 and
of the plan's own phase at its ceiling. Net is the largest charge that a channel is left with, as a multiple of the plan's phase.
In every row an alarm comes anywhere up to L late; in *alarm-late-within* at the ends of that.
Without a one-shot a bridge that does not open never does: its row counts 20 ms from when the software gave up.

## What it does not show

- What software does after a supply that went. In the two rows *brown-out* every level opens with the supply and nothing calls the
  software again, so they show that nothing flows when the supply is back, and not that a start-up code leaves the pins alone; the
  emulated board starts its own again.
- A hard-fault handler. The row *panic* calls `safe_state()` of the campaign's own board, a line that gates every stage, and nothing
  after it: it shows that such a line needs no state of the program, and not that a device's handler is reached or that its
  `safe_state()` is right.
- Two faults at once. A flipped bit that changes nothing is a first fault that waits for a second.
- A damaged pointer, program counter or stack: those end in a hard fault, and that in `safe_state()` (the row *panic*).
- Timings of a processor. A call takes no time here but for the writes of a bus without a latch; the emulated board
  ([emulation.md](emulation.md)) has the time from the emergency stop to open.
- A board without measurement. Then the rows of stage, bridge and electrode are open to what the one-shot and the watchdog bound.
";

/// The page, as Markdown. Equal for equal arguments.
#[must_use]
pub fn page(kinds: &[Kind], tallies: &[Tally], seed: u64) -> String {
    let mut text = HEAD.to_owned();
    let runs: u32 = tallies.iter().map(|tally| tally.runs).sum();
    let holes: usize = tallies.iter().map(|tally| tally.holes.len()).sum();
    let _ = writeln!(
        text,
        "\n{} kinds, {runs} instants, each with and without one-shot; seed {seed}; runs that did not come to what they must: {holes}.",
        kinds.len()
    );
    text += &sessions();
    text += "\n| kind | what | instants | how it ended, with the one-shot | worst phase while held × probe's | must | longest to open, ms: with, without | worst phase × E-Q-1: with, without | × plan's phase: with, without | net × plan's phase: with, without |\n|---|---|---:|---|---:|---|---:|---:|---:|---:|\n";
    for (kind, tally) in kinds.iter().zip(tallies) {
        text += &row(kind, tally);
    }
    text += &undetectable(kinds);
    text += FOOT;
    text
}

fn sessions() -> String {
    let mut text =
        "\n| session | class | phase at the ceiling, µC | one-shot, µs | L, µs |\n|---|---|---:|---:|---:|\n"
            .to_owned();
    for Scene { name, checked, one_shot_ticks, plan_nc, .. } in scenes() {
        let (class, late) = (checked.setup().use_class(), checked.plan().hardware().lateness_ticks());
        let _ = writeln!(text, "| {name} | {class} | {:.1} | {one_shot_ticks} | {late} |", plan_nc / 1_000.0);
    }
    text
}

fn row(kind: &Kind, tally: &Tally) -> String {
    let ends: Vec<String> =
        tally.ends.iter().map(|(end, count)| format!("{} {count}", word(end, kind.must))).collect();
    let is_held = tally.ends.contains_key(&End::Held);
    let held = if is_held { format!("{:.2}", tally.of_probe) } else { "–".to_owned() };
    let pair = |values: [f64; 2]| format!("{:.2}, {:.2}", values[0], values[1]);
    let opened = tally.ends.keys().any(|end| !end.goes_on());
    let time = |ticks: u64| format!("{:.1}", ticks as f64 / 1_000.0);
    let without = if tally.never_ended > 0 { "never".to_owned() } else { time(tally.open_ticks[1]) };
    let times = if opened { format!("{}, {without}", time(tally.open_ticks[0])) } else { "–".to_owned() };
    format!(
        "| {} | {} | {} | {} | {held} | {} | {times} | {} | {} | {} |\n",
        kind.name,
        kind.what,
        tally.runs,
        ends.join("; "),
        must(kind.must),
        pair(tally.of_profile),
        pair(tally.of_plan),
        pair(tally.net),
    )
}

fn word(end: &End, must: Must) -> String {
    // what is not to be found is not held against what does no harm
    let harmless = if matches!(must, Must::Undetectable(_)) { "" } else { ", harmless" };
    match end {
        End::Latched(why) => format!("latched ({why})"),
        End::Reset => "reset".to_owned(),
        End::Ended => "ended by the host".to_owned(),
        End::Held => format!("held{harmless}"),
        End::Back => format!("contact back{harmless}"),
        End::WentOn => "went on".to_owned(),
        End::Kept => "what was good counts".to_owned(),
        End::NotArmed => "not armed".to_owned(),
    }
}

fn must(must: Must) -> String {
    let ms = |ticks: u64| format!("{} ms", ticks / 1_000);
    match must {
        Must::Open(0) => "open at once".to_owned(),
        Must::Open(ticks) if ticks < 1_000 => format!("open in {ticks} µs"),
        Must::Open(ticks) => format!("open in {}", ms(ticks)),
        Must::OpenOrBounded(ticks, _) => format!("open in {}, where it can be found", ms(ticks)),
        Must::OpenOrHarmless(ticks) => format!("open in {}, or harmless", ms(ticks)),
        Must::ContactLost(ticks) => {
            format!("answered in {} by opening, ramp-down or probe level; harmless unless latched", ms(ticks))
        }
        Must::Harmless => "harmless".to_owned(),
        Must::Undetectable(_) => "undetectable".to_owned(),
        Must::Found => "found".to_owned(),
    }
}

fn undetectable(kinds: &[Kind]) -> String {
    let mut text = "\n## Not to be found with what there is\n\n".to_owned();
    for kind in kinds {
        if let Must::Undetectable(why) | Must::OpenOrBounded(_, why) = kind.must {
            let _ = writeln!(text, "- *{}* ({}): {why}.", kind.name, kind.what);
        }
    }
    text
}
