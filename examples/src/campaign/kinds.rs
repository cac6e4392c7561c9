//! Every kind of fault, with what has to come of it.

use super::faults::{Alarming, Analogue, Fault, Sensing, Ticking};
use super::host::Pest;
use super::plant::Bus;
use super::rest::Stored;

/// What a run of a kind may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// The output opens for good, within so many ticks.
    Open(u64),
    /// It opens for good within so many ticks, or nothing that flows is worse than without the fault.
    OpenOrHarmless(u64),
    /// It opens for good within so many ticks, but for instants at which it cannot be found; why.
    OpenOrBounded(u64, &'static str),
    /// It opens for good, or is held at the probe level, within so many ticks; or so little is missing that E-DEL-1 does not
    /// count it. Whatever does not open for good does no harm: what is held no more than the probe level can, the rest no more
    /// than without the fault.
    ContactLost(u64),
    /// The session goes on, and nothing that flows is worse than without the fault.
    Harmless,
    /// It is found, or repaired, before anything is armed.
    Found,
    /// Cannot be found with what there is; why, and what it does.
    Undetectable(&'static str),
}

/// One kind.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// For the command line.
    pub name: &'static str,
    /// For people.
    pub what: &'static str,
    /// What is done.
    pub fault: Fault,
    /// What has to come of it.
    pub must: Must,
    /// For how long it is watched.
    pub watch_ticks: u64,
}

const fn kind(name: &'static str, what: &'static str, fault: Fault, must: Must, watch_ms: u64) -> Kind {
    Kind { name, what, fault, must, watch_ticks: watch_ms * 1_000 }
}

const MS: u64 = 1_000;
/// The next edge is a period away, 50 ms in the slowest session.
const EDGE: Must = Must::Open(55 * MS);
/// The same of what only a current above the noise shows: the last pulses of a ramp may be too weak.
const STRONG_EDGE: Must = Must::OpenOrHarmless(55 * MS);
/// The rest of an exercise session, with the ends of its ramps, which are too weak to show much.
const REST: u64 = 1_000 * MS + 100 * MS;
/// Three pulses, and the one that is under way.
const IN_A_ROW: u64 = 4 * 50 * MS + 10 * MS;
/// The same, with a rest among them.
const PULSES: u64 = IN_A_ROW + REST;
/// What ends by a ramp-down: the ramp and two periods, and a slow loop.
const RAMP: u64 = IN_A_ROW + 200 * MS + 100 * MS + 10 * MS;
/// E-WD-1 from the last call of the slow loop; the pulse that was admitted before, and the one after it that is not.
const UNWATCHED: Must = Must::Open(1_000 * MS + 2 * 50 * MS);
const LOST: Must = Must::ContactLost(PULSES);
const MAYBE: Must = Must::OpenOrHarmless(RAMP);

/// Every kind, in the order of the table.
pub const KINDS: [Kind; 60] = [
    kind("dac-error", "the converter answers a write with an error", Fault::Bus(Bus::Refuses), EDGE, 300),
    kind(
        "dac-dead",
        "no write reaches the converter any more, without an answer",
        Fault::Bus(Bus::Dead),
        LOST,
        1_500,
    ),
    kind("dac-stuck", "the converter is stuck at a code", Fault::Stage(Analogue::StuckCode), LOST, 800),
    kind("dac-bit", "a bit of the converter is wrong", Fault::Stage(Analogue::WrongBit), LOST, 800),
    kind(
        "bridge-one-way",
        "the bridge drives one way only",
        Fault::Stage(Analogue::OneWay),
        Must::Open(PULSES),
        1_500,
    ),
    kind(
        "bridge-leg-on",
        "a leg of the bridge stays on: shoot-through, one way is lost",
        Fault::Stage(Analogue::LegOn),
        LOST,
        1_500,
    ),
    kind("bridge-stuck-open", "the bridge stays open", Fault::Stage(Analogue::StuckOpen), LOST, 1_500),
    kind(
        "bridge-stuck-on",
        "the bridge does not open any more",
        Fault::Stage(Analogue::StuckOn),
        STRONG_EDGE,
        300,
    ),
    kind(
        "bridge-reversed",
        "the bridge is the wrong way round",
        Fault::Stage(Analogue::Reversed),
        STRONG_EDGE,
        300,
    ),
    kind("electrode-open", "a lead is off", Fault::Stage(Analogue::Open), LOST, 1_500),
    kind(
        "electrode-short",
        "the electrodes touch",
        Fault::Stage(Analogue::Short),
        Must::Undetectable(
            "the current is right and flows past the body; only the voltage shows it (E-Z-1 before arming)",
        ),
        500,
    ),
    kind("pad-peel", "a pad peels off to 0.1 to 30 % of its area", Fault::Stage(Analogue::Peel), LOST, 1_500),
    kind(
        "leak-at-rest",
        "0.1 to 0.9 mA flow while the output is open",
        Fault::Stage(Analogue::Leak),
        Must::OpenOrBounded(
            1_500 * MS + 2_400 * MS,
            "with a one-shot it flows around pulses only, and E-DC-3 may not be reached, or only in the next contraction",
        ),
        3_000,
    ),
    kind(
        "rail-sag",
        "the rail sags to 0 to 60 % of itself: clipping",
        Fault::Stage(Analogue::Sag),
        LOST,
        1_500,
    ),
    kind(
        "rail-returns",
        "the rail of the stages goes and comes back; the processor runs on",
        Fault::Stage(Analogue::RailLost),
        LOST,
        1_500,
    ),
    kind(
        "brown-out",
        "the supply of everything goes and comes back",
        Fault::BrownOut { starting: false },
        Must::Open(0),
        300,
    ),
    kind(
        "brown-out-starting",
        "the same, at any step from arming to the set level",
        Fault::BrownOut { starting: true },
        Must::Open(0),
        300,
    ),
    kind(
        "alarm-late-within",
        "every alarm comes on time or L late, and nowhere between",
        Fault::Alarm(Alarming::LateWithin),
        Must::Harmless,
        300,
    ),
    kind("alarm-late-beyond", "an alarm comes later than L", Fault::Alarm(Alarming::LateBeyond), MAYBE, 300),
    kind(
        "alarm-dead",
        "no alarm comes any more; the slow loop runs",
        Fault::Alarm(Alarming::Dead),
        MAYBE,
        600,
    ),
    kind("alarm-lost", "one alarm is lost", Fault::Alarm(Alarming::Lost), MAYBE, 600),
    kind(
        "slow-loop-dead",
        "the slow loop is dead; alarms come",
        Fault::NoSlowLoop { watched: true },
        Must::Open(101 * MS),
        300,
    ),
    kind(
        "slow-loop-unwatched",
        "the slow loop is dead, on a board without a watchdog; alarms come",
        Fault::NoSlowLoop { watched: false },
        UNWATCHED,
        1_300,
    ),
    kind(
        "processor-stopped",
        "neither alarms nor the slow loop are answered",
        Fault::NoProcessor,
        Must::Open(101 * MS),
        300,
    ),
    kind(
        "watchdog-not-fed",
        "the watchdog is not fed; all else runs",
        Fault::NotFed,
        Must::Open(101 * MS),
        300,
    ),
    kind("clock-forward", "the clock jumps forward by up to 2 s", Fault::Clock(Ticking::Forward), MAYBE, 800),
    kind(
        "clock-back",
        "the clock jumps back by up to 2 s",
        Fault::Clock(Ticking::Back),
        Must::OpenOrBounded(
            55 * MS,
            "a jump by less than the time since the clock was last read looks like a clock that is slow, once; the level that is out then \
             lasts longer by the jump, at most until the slow loop or the one-shot",
        ),
        300,
    ),
    kind(
        "clock-stopped",
        "the clock stands still; the slow loop runs",
        Fault::Clock(Ticking::Stopped),
        Must::Open(60 * MS),
        300,
    ),
    kind(
        "clock-doubled",
        "the clock runs twice as fast",
        Fault::Clock(Ticking::Doubled),
        Must::Undetectable(
            "every time is half as long; nothing in the circuit knows a second but a second clock",
        ),
        1_500,
    ),
    kind(
        "clock-halved",
        "the clock runs half as fast",
        Fault::Clock(Ticking::Halved),
        Must::Undetectable(
            "every phase is twice as long; as above. The one-shot, where it is shorter, cuts each phase",
        ),
        1_500,
    ),
    kind(
        "clock-doubled-compared",
        "twice as fast, with a second clock to compare with",
        Fault::Clock(Ticking::DoubledCompared),
        Must::Open(60 * MS),
        500,
    ),
    kind(
        "clock-halved-compared",
        "half as fast, with a second clock to compare with",
        Fault::Clock(Ticking::HalvedCompared),
        Must::Open(60 * MS),
        500,
    ),
    kind("host-silent", "the host falls silent", Fault::SilentHost, Must::Open(1_000 * MS + RAMP), 2_000),
    kind(
        "host-flood",
        "settings at random, thousands a second",
        Fault::Host(Pest::Flood),
        Must::Harmless,
        500,
    ),
    kind(
        "host-absurd",
        "settings and channels nobody could mean",
        Fault::Host(Pest::Absurd),
        Must::Harmless,
        500,
    ),
    kind(
        "trigger-chatter",
        "the trigger opens and closes at random",
        Fault::Host(Pest::Chatter),
        Must::Harmless,
        500,
    ),
    kind("trigger-stuck", "the trigger never lets go", Fault::Host(Pest::Stuck), Must::Harmless, 5_000),
    kind("edge-lost", "one write is lost, without an answer", Fault::Bus(Bus::Loses), MAYBE, 500),
    kind("edge-doubled", "one write comes twice", Fault::Bus(Bus::Doubles), Must::Harmless, 300),
    kind("edge-swapped", "a write comes after the one that follows it", Fault::Bus(Bus::Swaps), MAYBE, 500),
    kind(
        "sense-silent",
        "nothing is measured any more",
        Fault::Sense(Sensing::Silent),
        Must::Open(PULSES),
        1_500,
    ),
    kind(
        "sense-frozen",
        "the same sample again and again",
        Fault::Sense(Sensing::Frozen),
        Must::Open(PULSES),
        1_500,
    ),
    kind("sense-stuck", "the measurement is stuck at a value", Fault::Sense(Sensing::Stuck), LOST, 1_500),
    kind(
        "sense-scale",
        "the measurement is off by a factor of 0 to 3",
        Fault::Sense(Sensing::Scale),
        LOST,
        1_500,
    ),
    kind(
        "sense-reversed",
        "the measurement is the wrong way round",
        Fault::Sense(Sensing::Reversed),
        STRONG_EDGE,
        500,
    ),
    kind(
        "leads-swapped",
        "the leads of a channel are swapped",
        Fault::Stage(Analogue::SwappedLeads),
        Must::Undetectable(
            "nothing in the circuit differs; the other electrode becomes the active one, each pulse is as balanced as before, \
             but for one that is under way, which leaves up to twice its phase",
        ),
        300,
    ),
    kind("bit-interlock", "a bit of the interlock", Fault::Bit(&["interlock"], &[]), MAYBE, 500),
    kind(
        "bit-guard-limits",
        "a bit of the guard's limits and terms",
        Fault::Bit(&["limits", "terms"], &[]),
        MAYBE,
        800,
    ),
    kind(
        "bit-guard-frame",
        "a bit of the frame in the guard's hand",
        Fault::Bit(&["admitted", "known", "judged", "waits", "active"], &[]),
        MAYBE,
        800,
    ),
    kind(
        "bit-guard-level",
        "a bit of the guard's set levels",
        Fault::Bit(&["set"], &["engine", "channels"]),
        MAYBE,
        800,
    ),
    kind("bit-guard-windows", "a bit of the guard's windows", Fault::Bit(&["windows"], &[]), MAYBE, 800),
    kind(
        "bit-guard-rest",
        "any other bit of the guard",
        Fault::Bit(
            &["guard"],
            &[
                "interlock",
                "limits",
                "terms",
                "admitted",
                "known",
                "judged",
                "waits",
                "active",
                "set",
                "windows",
            ],
        ),
        MAYBE,
        800,
    ),
    kind(
        "bit-engine-channel",
        "a bit of a channel's state in the engine",
        Fault::Bit(&["channels"], &[]),
        MAYBE,
        800,
    ),
    kind(
        "bit-engine-rest",
        "a bit of the engine beside its channels",
        Fault::Bit(&["engine"], &["channels"]),
        MAYBE,
        800,
    ),
    kind(
        "bit-prepared",
        "a bit of what is prepared for the next edge",
        Fault::Bit(&["prepared", "targets", "ending"], &["guard", "engine"]),
        MAYBE,
        800,
    ),
    kind(
        "bit-checked-limits",
        "a bit of a checked plan's limits, before arming",
        Fault::AtRest(Stored::Limits),
        Must::Found,
        0,
    ),
    kind(
        "record-power-cut",
        "the supply fails at any byte of a dose record's writing",
        Fault::AtRest(Stored::PowerCut),
        Must::Found,
        0,
    ),
    kind("record-bit", "a bit of a stored dose record", Fault::AtRest(Stored::RecordBit), Must::Found, 0),
    kind("emergency-stop", "the emergency stop, at any instant", Fault::EmergencyStop, Must::Open(100), 100),
    kind("panic", "a panic or hard fault: safe_state()", Fault::Panic, Must::Open(0), 300),
];
