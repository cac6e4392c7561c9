//! The numbers.

use super::{Class, Confidence, Effect, Load, Rule, Unit, Window};

const OUTPUT: &str =
    "IEC 60601-2-10 output limits (ed.1 51.104, ed.2 201.12.4.104), read in the 1984-family text";
const OUTPUT_RMS: &str = "IEC 60601-2-10 output limits (ed.1 51.104, ed.2 201.12.4.104), read in the 1984-family text; the total over a \
     pulse period while on, within a burst too, or over the worst second if that is more, is compared, never less than the a.c. part";
const OUTPUT_LONG: &str = "IEC 60601-2-10 output limits (ed.1 51.104, ed.2 201.12.4.104), not read: the d.c. limit for pulses of 0.1 s and longer";
const OUTPUT_PULSE: &str = "IEC 60601-2-10 output limits (ed.1 51.104), as quoted by makers and test houses";
const INDICATOR: &str = "IEC 60601-2-10 output indicator (ed.1 51.103, ed.2 201.12.4.103)";
const INDICATOR_RMS: &str = "IEC 60601-2-10 output indicator (ed.1 51.103, ed.2 201.12.4.103); the averaging over 5 s is recalled, medium confidence";
const LIMITED: &str = "FDA 2010 draft guidances for limited output, unverified";
const LEAKAGE: &str = "IEC 60601-1 8.4.2 and 8.7.3, Table 3, not read";
const LEAKAGE_BF: &str =
    "IEC 60601-1 Table 3 in makers' service manuals; FDA powered muscle stimulator guidance, 1999, note 2";
const R500: Load = Load::Ohms(500);
const R1000: Load = Load::Ohms(1_000);

/// Up to this rate N-RMS-1 applies, in mHz. Source: as [`N_RMS_1`].
pub const RMS_LOW_MHZ: u64 = 400_000;
/// Above [`RMS_LOW_MHZ`] and up to this rate N-RMS-2 applies, above it N-RMS-3, in mHz. Source: as [`N_RMS_2`].
pub const RMS_MID_MHZ: u64 = 1_500_000;
/// From this length on a phase is limited as direct current and no longer by its energy, in µs. Source: as
/// [`N_EN_1`].
pub const LONG_PULSE_US: u64 = 100_000;
/// How much more charge [`G_LO_Q`] allows for each microsecond of the primary phase, in pC.
pub const G_LO_Q_PC_PER_US: u64 = 28_000;

/// a.c. output at pulse rates up to 400 Hz. What is compared is the total r.m.s. current of the pulses, which is never less than its
/// a.c. part √(I² − I_dc²), over a pulse period while on or the worst second, whichever has more: the rest between two bursts makes it
/// no less. Whether the standard means pulse trains at all is an open question. A direct current that a setup declares is not in it:
/// the standard compares each with its own limit.
pub static N_RMS_1: Rule = Rule::at_most("N-RMS-1", 50_000, Unit::MicroAmpsRms)
    .of("r.m.s. current, pulse rate up to 400 Hz", "√(f·ΣI²t)")
    .over(Window::Period, R500)
    .cites(Class::Standard, Confidence::Found, OUTPUT_RMS);

/// a.c. output at pulse rates above 400 Hz and up to 1,500 Hz; as [`N_RMS_1`].
pub static N_RMS_2: Rule = Rule::at_most("N-RMS-2", 80_000, Unit::MicroAmpsRms)
    .of("r.m.s. current, pulse rate above 400 Hz and up to 1500 Hz", "√(f·ΣI²t)")
    .over(Window::Period, R500)
    .cites(Class::Standard, Confidence::Found, OUTPUT_RMS);

/// a.c. output at pulse rates above 1,500 Hz; as [`N_RMS_1`].
pub static N_RMS_3: Rule = Rule::at_most("N-RMS-3", 100_000, Unit::MicroAmpsRms)
    .of("r.m.s. current, pulse rate above 1500 Hz", "√(f·ΣI²t)")
    .over(Window::Period, R500)
    .cites(Class::Standard, Confidence::Found, OUTPUT_RMS);

/// One cap for every waveform and rate, with the direct current that a setup declares added to the r.m.s. current of the pulses.
pub static N_RMS_X: Rule = Rule::at_most("N-RMS-X", 50_000, Unit::MicroAmpsRms)
    .of("r.m.s. current, any waveform", "√(f·ΣI²t)")
    .over(Window::Period, R500)
    .cites(Class::Guidance, Confidence::Found, "makers' practice (Endomed 484 instructions for use)");

/// Declared direct current.
pub static N_DC_1: Rule = Rule::at_most("N-DC-1", 80_000, Unit::MicroAmps)
    .of("direct current", "f·|ΣIt|")
    .over(Window::Rolling(1_000), R500)
    .cites(Class::Standard, Confidence::Found, OUTPUT);

/// A phase so long that it counts as direct current; the standard says "pulse", which may mean all phases of one: that reading is open. Two
/// phases that are shorter have their energy bounded together (N-EN-1), which for a rectangle of 2 × 75 ms is 63 mA. On a shared electrode those of several sources add.
pub static N_DC_2: Rule = Rule::at_most("N-DC-2", N_DC_1.limit, Unit::MicroAmps)
    .of("peak of a phase of 0.1 s or longer", "max|I|")
    .over(Window::Pulse, R500)
    .cites(Class::Standard, Confidence::RecalledHigh, OUTPUT_LONG);

/// Energy of the phases shorter than 0.1 s, all phases of a pulse counted. On a shared electrode the currents of several sources
/// add.
pub static N_EN_1: Rule = Rule::at_most("N-EN-1", 300_000, Unit::MicroJoules)
    .of("energy of one pulse", "R·ΣI²t")
    .over(Window::Pulse, R500)
    .cites(Class::Standard, Confidence::Found, OUTPUT_PULSE);

/// Peak voltage with nothing connected: the supply rail.
pub static N_V_1: Rule = Rule::at_most("N-V-1", 500_000, Unit::MilliVolts)
    .of("peak voltage, open circuit", "rail")
    .over(Window::Instant, Load::Open)
    .cites(Class::Standard, Confidence::Found, OUTPUT_PULSE);

/// Above this current (and into 1,000 ohm so many volts) a device needs an output indicator. Judged by the worst second, which is never
/// less than five of them.
pub static N_IND_1: Rule = Rule::at_most("N-IND-1", 10_000, Unit::MicroAmpsRms)
    .of("r.m.s. current above which an output indicator is needed (into 1000 ohm: 10 V)", "√(f·ΣI²t)")
    .over(Window::Rolling(5_000), R1000)
    .cites(Class::Standard, Confidence::Found, INDICATOR_RMS)
    .effect(Effect::Inform);

/// Above this energy of one pulse a device needs an output indicator.
pub static N_IND_1_ENERGY: Rule = Rule::at_most("N-IND-1-E", 10_000, Unit::MicroJoules)
    .of("energy of one pulse above which an output indicator is needed", "R·ΣI²t")
    .over(Window::Pulse, R1000)
    .cites(Class::Standard, Confidence::Found, INDICATOR)
    .effect(Effect::Inform);

/// The indicator is on whenever there is output, also after a single fault. Here it is `TickReport::indicator`.
pub static N_IND_2: Rule = Rule::at_most("N-IND-2", 0, Unit::MicroAmps)
    .of("output while the output indicator is off, also after a single fault", "max|I|")
    .over(Window::Instant, Load::Any)
    .cites(Class::Standard, Confidence::Found, INDICATOR)
    .effect(Effect::Inform);

/// Above this current (or so many volts at the declared load) a device needs a warning mark near its connectors.
pub static N_MARK_1: Rule = Rule::at_most("N-MARK-1", 10_000, Unit::MicroAmpsRms)
    .of("r.m.s. current above which a warning mark is needed (or 10 V at the declared load)", "√(f·ΣI²t)")
    .over(Window::Rolling(5_000), Load::Real)
    .cites(
        Class::Standard,
        Confidence::RecalledMedium,
        "IEC 60601-2-10 marking (ed.1 6.1 p, ed.2 201.7.2), not read",
    )
    .effect(Effect::Inform);

/// The voltage of [`N_MARK_1`], in µA × ohm. Source: as [`N_MARK_1`].
pub const MARK_UV: u64 = 10_000_000;

/// r.m.s. density on the whole conductive area. In the standard a figure to disclose; here it denies.
pub static N_DOC_1: Rule = Rule::at_most("N-DOC-1", 2_000, Unit::MicroAmpsRmsPerCm2)
    .of("r.m.s. current density on the conductive area", "√(f·ΣI²t)/A")
    .over(Window::Period, R500)
    .cites(
        Class::Standard,
        Confidence::Found,
        "IEC 60601-2-10 instructions for use, item g, where it is to be disclosed; denied here",
    );

/// The most one action on the amplitude control changes.
pub static N_STEP_1: Rule = Rule::at_most("N-STEP-1", 1_000, Unit::MicroAmps)
    .of("change of the set amplitude in one action", "|ΔI|")
    .over(Window::Action, Load::Any)
    .cites(Class::Standard, Confidence::RecalledHigh, "IEC 60601-2-10 201.12.1.101, not read")
    .effect(Effect::Trip);

/// What is put out at the least setting that is not off: one code, with the offset of the calibration.
pub static N_MIN_1: Rule = Rule::at_most("N-MIN-1", 20, Unit::Permille)
    .of("output at the least setting that is not off against the range", "|I(1 code)|/|I(most)|")
    .cites(Class::Standard, Confidence::RecalledHigh, "IEC 60601-2-10 201.12.1.101, not read");

/// How far amplitude, width and rate may be from what is set.
pub static N_ACC_1: Rule = Rule::at_most("N-ACC-1", 200, Unit::Permille)
    .of("error of amplitude, width or rate against the set value", "|measured − set|/set")
    .over(Window::Pulse, Load::Real)
    .cites(Class::Standard, Confidence::RecalledMedium, "IEC 60601-2-10 201.12.1.102, not read")
    .warns(100)
    .effect(Effect::Bench);

/// What a supply that is 10 % off changes.
pub static N_SUP_1: Rule = Rule::at_most("N-SUP-1", 100, Unit::Permille)
    .of("change of amplitude, width or rate with the supply 10 % off", "|Δ|/set")
    .over(Window::Instant, Load::Real)
    .cites(Class::Standard, Confidence::RecalledMedium, "IEC 60601-2-10 201.12.4.101, not read")
    .effect(Effect::Bench);

/// Output begins at zero: after arming, after a fault, when the supply returns.
pub static N_LOCK_1: Rule = Rule::at_most("N-LOCK-1", 0, Unit::MicroAmps)
    .of("set amplitude when output is first energised", "I")
    .over(Window::Start, Load::Any)
    .cites(
        Class::Standard,
        Confidence::RecalledHigh,
        "IEC 60601-2-10 201.12.4.102, recalled: energised only from zero, after arming",
    )
    .effect(Effect::Trip);

/// Ten minutes open and five shorted at the maximum leave the device as it was.
pub static N_OCSC_1: Rule = Rule::at_most("N-OCSC-1", 0, Unit::Permille)
    .of("rise of the output after minutes open and shorted at the maximum, without damage", "ΔI/I")
    .over(Window::Instant, Load::Open)
    .cites(Class::Standard, Confidence::RecalledMedium, "IEC 60601-2-10 ed.1 abnormal operation, not read")
    .effect(Effect::Bench);

/// Direct auxiliary and leakage current while the output idles.
pub static N_LEAK_1: Rule = Rule::at_most("N-LEAK-1", 10, Unit::MicroAmps)
    .of("direct leakage current, output idle", "I")
    .over(Window::Instant, Load::Real)
    .cites(Class::Standard, Confidence::RecalledHigh, LEAKAGE)
    .effect(Effect::Bench);

/// The same after a single fault.
pub static N_LEAK_1_FAULT: Rule = Rule::at_most("N-LEAK-1-F", 50, Unit::MicroAmps)
    .of("direct leakage current, output idle, after a single fault", "I")
    .over(Window::Instant, Load::Real)
    .cites(Class::Standard, Confidence::RecalledHigh, LEAKAGE)
    .effect(Effect::Bench);

/// Alternating auxiliary and leakage current of a type BF part while the output idles.
pub static N_LEAK_2: Rule = Rule::at_most("N-LEAK-2", 100, Unit::MicroAmpsRms)
    .of("alternating leakage current, type BF, output idle", "I")
    .over(Window::Instant, Load::Real)
    .cites(Class::Standard, Confidence::Found, LEAKAGE_BF)
    .effect(Effect::Bench);

/// The same after a single fault.
pub static N_LEAK_2_FAULT: Rule = Rule::at_most("N-LEAK-2-F", 500, Unit::MicroAmpsRms)
    .of("alternating leakage current, type BF, output idle, after a single fault", "I")
    .over(Window::Instant, Load::Real)
    .cites(Class::Standard, Confidence::Found, LEAKAGE_BF)
    .effect(Effect::Bench);

/// Surface of what touches the skin for ten minutes or longer.
pub static N_TEMP_1: Rule = Rule::at_most("N-TEMP-1", 43_000, Unit::MilliCelsius)
    .of("surface of an applied part in contact for 10 min or longer", "T")
    .over(Window::Instant, Load::Real)
    .cites(Class::Standard, Confidence::RecalledHigh, "IEC 60601-1 11.1 Table 24, not read")
    .effect(Effect::Bench);

/// Power density on the conductive area, at the highest duty in any second.
pub static G_PD_1: Rule = Rule::at_most("G-PD-1", 250_000, Unit::MicroWattsPerCm2)
    .of("power density on the conductive area", "R·f·ΣI²t/A")
    .over(Window::Rolling(1_000), R500)
    .cites(Class::Guidance, Confidence::Found, "FDA powered muscle stimulator guidance, 1999, note 6");

/// Primary phase charge, a line over the time that the phase is at half its peak or above: 20 µC + 28 µC for each millisecond.
/// A figure that a layer states is a cap for every width.
pub static G_LO_Q: Rule = Rule::at_most("G-LO-Q", 20_000_000, Unit::PicoCoulombs)
    .of("charge of the primary phase (the limit grows with its width at half its peak)", "I·t")
    .over(Window::Pulse, R500)
    .cites(Class::Guidance, Confidence::RecalledMedium, LIMITED);

/// Mean of the absolute current. On a shared electrode those of all its channels add.
pub static G_LO_I: Rule = Rule::at_most("G-LO-I", 10_000, Unit::MicroAmps)
    .of("mean absolute current", "f·Σ|I|t")
    .over(Window::Rolling(1_000), R500)
    .cites(Class::Guidance, Confidence::RecalledMedium, LIMITED);

/// Width of the primary phase.
pub static G_LO_T: Rule = Rule::at_most("G-LO-T", 500, Unit::Micros)
    .of("width of the primary phase", "t")
    .cites(Class::Guidance, Confidence::RecalledMedium, LIMITED);

/// r.m.s. density.
pub static G_LO_J: Rule = Rule::at_most("G-LO-J", 2_000, Unit::MicroAmpsRmsPerCm2)
    .of("r.m.s. current density on the conductive area", "√(f·ΣI²t)/A")
    .over(Window::Rolling(1_000), R500)
    .cites(Class::Guidance, Confidence::RecalledMedium, LIMITED);

/// Charge of a pulse, both phases counted.
pub static G_NS4_Q: Rule = Rule::at_most("G-NS4-Q", 25_000_000, Unit::PicoCoulombs)
    .of("absolute charge of one pulse, all phases", "Σ|I|t")
    .over(Window::Pulse, R500)
    .cites(Class::Guidance, Confidence::RecalledLow, "ANSI/AAMI NS4 (TENS only), not read");

/// The figures that a report about the output has to have.
pub static G_RPT_1: Rule = Rule::at_most("G-RPT-1", 0, Unit::Items)
    .of("figures of the list of outputs that a report leaves out without a reason", "n")
    .over(Window::Session, Load::Any)
    .cites(Class::Guidance, Confidence::Found, "21 CFR 882.5891(b)(3)")
    .effect(Effect::Inform);

/// Commanded net charge of a pulse. A profile that states no figure denies pulses with a declared direct current; a
/// balanced pulse sums to zero in every profile.
pub static E_BAL_1: Rule = Rule::at_most("E-BAL-1", 0, Unit::PicoCoulombs)
    .of("commanded net charge of one pulse", "|ΣIt|")
    .ours(
        "a balanced pulse sums to zero; what is delivered has to be measured. A profile may state a figure for pulses \
         with a declared direct current, up to the highest that any profile has for E-Q-1, which binds beside it",
    )
    .up_to(6_000_000_000);

/// Measured net charge of a pulse, against its phase charge.
pub static E_BAL_2: Rule = Rule::at_most("E-BAL-2", 100, Unit::Permille)
    .of("measured net charge of one pulse against the phase charge", "|ΣIt|/Q")
    .over(Window::Pulses(3), Load::Any)
    .ours("2 % warns, 10 % trips; a fault of the stage, not of rounding")
    .trips(Some(20));

/// Measured mean direct current of a balanced train, as it is read: what a measurement is always off the same way counts too
/// ([`read_as_dc_ua`](crate::selftest::read_as_dc_ua)).
pub static E_DC_3: Rule = Rule::at_most("E-DC-3", 50, Unit::MicroAmps)
    .of("measured mean direct current", "|ΣIt|/T")
    .over(Window::Rolling(1_000), Load::Any)
    .ours("IEC 60601-1 Table 3 (auxiliary current, 10 / 50 µA), by analogy")
    .trips(Some(10));

/// Density of declared direct current, on the contact area.
pub static E_DC_4: Rule = Rule::at_most("E-DC-4", 500, Unit::MicroAmpsPerCm2)
    .of("density of declared direct current on the contact area", "f·|ΣIt|/A")
    .over(Window::Rolling(1_000), Load::Any)
    .ours("iontophoresis practice, recalled");

/// r.m.s. density on the part of the electrode that is in contact, half of it or what a setup states if that is less. Over the window of
/// N-DOC-1, whose figure it is: stricter than one second.
pub static E_J_2: Rule = Rule::at_most("E-J-2", N_DOC_1.limit, Unit::MicroAmpsRmsPerCm2)
    .of("r.m.s. current density on the contact area", "√(f·ΣI²t)/A")
    .over(Window::Period, R500)
    .ours("the figure of N-DOC-1 on a pad that is partly off");

/// Peak current of each channel, which is what a device is made for. What several channels put through one electrode at once is held by the rules
/// on r.m.s., density and energy, where their currents add.
pub static E_PEAK_1: Rule = Rule::at_most("E-PEAK-1", 130_000, Unit::MicroAmps)
    .of("peak current", "max|I|")
    .ours("the range of a commercial stimulator (ScienceMode4); lower it to the device's own");

/// Charge of the largest phase of each channel, as [`E_PEAK_1`].
pub static E_Q_1: Rule = Rule::at_most("E-Q-1", 65_000_000, Unit::PicoCoulombs)
    .of("charge of the largest phase", "max|I|t")
    .ours("130 mA for 500 µs; lower it to the device's own");

/// Width of the primary phase of surface stimulation.
pub static E_W_1: Rule = Rule::at_most("E-W-1", 500, Unit::Micros)
    .of("width of the primary phase", "t")
    .ours("surface stimulation; a profile may state up to 1000 µs")
    .up_to(1_000);

/// Pulse rate. A frame of several pulses, [`nmes_core::Repeat`], counts once: those within it follow faster, and the row says how fast.
/// A train of bursts, [`nmes_core::Bursts`], counts with the rate within a burst.
/// What is judged is the shortest interval that the timing allows, which is never less than the pulses of any second: a list with two
/// pulses 5 ms apart counts as 200 Hz, however few come.
pub static E_F_1: Rule = Rule::at_most("E-F-1", 150_000, Unit::MilliHertz)
    .of("pulse rate", "f")
    .over(Window::Rolling(1_000), Load::Any)
    .ours("surface stimulation; a frame of several pulses, such as a burst of a carrier, counts once, and its row says how fast they follow; their r.m.s., energy and charge are held by the rules on these");

/// Gap between the phases.
pub static E_IPG_1: Rule = Rule::at_most("E-IPG-1", 250, Unit::Micros)
    .of("interphase gap", "t")
    .ours("gaps of 100 to 250 µs are the range in use (Merrill 2005, recalled)");

/// Time of one contraction, use class exercise.
pub static E_DUTY_1: Rule = Rule::at_most("E-DUTY-1", 30_000, Unit::Millis)
    .of("time on in one contraction (exercise)", "t")
    .over(Window::Cycle, Load::Any)
    .ours("exercise contractions");

/// Rest between contractions, use class exercise.
pub static E_REST_1: Rule = Rule::at_least("E-REST-1", 1_000, Unit::Millis)
    .of("rest between contractions (exercise)", "t")
    .over(Window::Cycle, Load::Any)
    .ours("FDA powered muscle stimulator guidance, 1999, note 7 (a remark on effect)");

/// Length of a session. Functional wear and continuous use take the protocol's own, up to 48 h.
pub static E_SES_1: Rule = Rule::at_most("E-SES-1", 3_600_000, Unit::Millis)
    .of("length of the session", "t")
    .over(Window::Session, Load::Any)
    .ours("exercise; the protocol states it for functional wear and continuous use")
    .up_to(172_800_000);

/// Automatic change of the set amplitude.
pub static E_SLEW_1: Rule = Rule::at_most("E-SLEW-1", 5_000, Unit::MicroAmpsPerSecond)
    .of("automatic change of the set amplitude", "dI/dt")
    .over(Window::Rolling(1_000), Load::Any)
    .ours("FDA closed-loop guidance 2023 asks for a bound on the rate of change")
    .effect(Effect::Trip);

/// Slope of the envelope. What rises from a floor begins with a step to it, which warns where it is steeper than this in 1 ms.
pub static E_SLEW_2: Rule = Rule::at_most("E-SLEW-2", 400_000, Unit::MicroAmpsPerSecond)
    .of("slope of the ramp envelope at the ceiling", "(I − floor)/t")
    .over(Window::Ramp, Load::Any)
    .ours("a strong ramp of a row, 60 mA in 0.2 s for foot drop, is 300 mA/s; a third above that");

/// Time the set level takes from zero after arming, a restart or a changed level.
pub static E_RAMP_1: Rule = Rule::at_least("E-RAMP-1", 2_000, Unit::Millis)
    .of("rise of the set level from zero", "t")
    .over(Window::Start, Load::Any)
    .ours("the default of an open stimulator (OpenNerve)")
    .effect(Effect::Trip);

/// Contact check before arming: below it the electrodes are shorted.
pub static E_Z_1_SHORT: Rule = Rule::at_least("E-Z-1-S", 100, Unit::Ohms)
    .of("impedance before arming, short", "|V|/|I|")
    .over(Window::BeforeArming, Load::Real)
    .ours("the range of an open stimulator (OpenNerve)")
    .effect(Effect::Trip);

/// Contact check before arming: above it an electrode is off.
pub static E_Z_1_OPEN: Rule = Rule::at_most("E-Z-1-O", 5_000, Unit::Ohms)
    .of("impedance before arming, open", "|V|/|I|")
    .over(Window::BeforeArming, Load::Real)
    .ours("the range of an open stimulator (OpenNerve)")
    .effect(Effect::Trip);

/// Rise of the impedance while on, against what it was when output began.
pub static E_Z_2: Rule = Rule::at_most("E-Z-2", 500, Unit::Permille)
    .of("rise of the impedance while on", "Z/Z(start) − 1")
    .over(Window::Rolling(5_000), Load::Real)
    .ours("a pad that peels or dries raises it")
    .effect(Effect::Warn);

/// Voltage needed, against the supply rail.
pub static E_COMP_1: Rule = Rule::at_most("E-COMP-1", 900, Unit::Permille)
    .of("voltage needed against the supply rail", "max|I|·R/rail")
    .over(Window::Pulse, Load::Real)
    .ours("a current source needs headroom; a phase that clips is not balanced");

/// Delivered current below the set one.
pub static E_DEL_1: Rule = Rule::at_least("E-DEL-1", 800, Unit::Permille)
    .of("delivered current against the set current", "measured/set")
    .over(Window::Pulses(3), Load::Real)
    .ours("the tolerance of N-ACC-1: an electrode is off or the rail too low")
    .effect(Effect::Trip);

/// Delivered current above the set one. Above [`E_PEAK_1`] trips too.
pub static E_OC_1: Rule = Rule::at_most("E-OC-1", 1_200, Unit::Permille)
    .of("delivered current against the set current", "measured/set")
    .ours("the tolerance of N-ACC-1")
    .trips(None);

/// Silence of the host.
pub static E_WD_1: Rule = Rule::at_most("E-WD-1", 1_000, Unit::Millis)
    .of("time since the last keep-alive", "t")
    .over(Window::Instant, Load::Any)
    .ours("commercial and open stimulators stop after 1 to 2 s")
    .trips(None)
    .up_to(2_000);

/// From the emergency stop to no output.
pub static E_EST_1: Rule = Rule::at_most("E-EST-1", 50, Unit::Millis)
    .of("time from the emergency stop to no output", "t")
    .over(Window::Instant, Load::Any)
    .ours("and no more than one pulse period")
    .effect(Effect::Bench);

/// The log of events: faults are in the black box, the parameters of each pulse in the delivered log, clamps and changes of state in the
/// answers of engine and guard, which the device writes down where it keeps more.
pub static E_LOG_1: Rule = Rule::at_most("E-LOG-1", 0, Unit::Items)
    .of("faults that are not kept", "n")
    .over(Window::Session, Load::Any)
    .ours("FDA closed-loop guidance 2023 and an open stimulator (OpenNerve) log them")
    .effect(Effect::Inform);

/// Shannon's k as Q²/A = 10^k with Q in µC and A in cm², rounded down: 1.5 warns, 1.75 denies, in the profile for
/// percutaneous research. On skin it says little, and elsewhere it only informs.
pub static E_SH_1: Rule = Rule::at_most("E-SH-1", 56_234, Unit::NanoMicroCoulombsPerCm2)
    .of("charge × charge density of a phase (10^k, Shannon; k 1.5 warns, 1.75 denies)", "Q²/A")
    .ours(
        "Shannon 1992: no damage below k 1.85 in two sets of animal data, older summaries 1.75; not for skin",
    )
    .warns(31_622);

/// A measure of the heat under an electrode, the whole session counted as on.
pub static E_J2T_1: Rule = Rule::at_most("E-J2T-1", 920_000, Unit::MilliAmps2SecondsPerCm4)
    .of("square of the r.m.s. density on the contact area × time", "J²·t")
    .over(Window::Session, Load::Any)
    .ours("ring electrodes on rats and a model (Besio 2010); advisory")
    .effect(Effect::Warn);

/// What one output that stays on delivers before hardware opens it; without a one-shot, until the next pulse or until the
/// watchdog, whichever is later. After the last pulse of a contraction the next one comes after the whole rest and its ramps, and of a gated session at
/// its end at the latest, unless a measurement finds it before. A pause that somebody makes is in no figure. It warns; a one-shot
/// that is there and too long for it is denied.
pub static E_STUCK_1: Rule = Rule::at_most("E-STUCK-1", 130_000_000, Unit::PicoCoulombs)
    .of("charge of one output that stays on", "max|I|·t")
    .ours("twice E-Q-1 as it binds: a one-shot on the enable line can hold it, software alone cannot")
    .effect(Effect::Warn);

/// The same as [`E_STUCK_1`] would be with a one-shot that is just longer than the longest level or gap of the plan, for a
/// setup that has none.
pub static E_STUCK_2: Rule = Rule::at_most("E-STUCK-2", E_STUCK_1.limit, Unit::PicoCoulombs)
    .of("charge of one output that stays on, with a one-shot on the enable line", "max|I|·max t")
    .ours("as E-STUCK-1: what the hardware that is missing would come to")
    .effect(Effect::Warn);

const _: () = assert!(E_STUCK_1.limit == 2 * E_Q_1.limit, "twice the phase charge");
