//! The documents that values of this crate name. Tags starting with `PRO` are the parameter literature, `STD` the
//! standards and contraindication lists. A document recalled and not read is tagged `LIT`.

use crate::provenance::Source;

macro_rules! sources {
    ($($(#[$doc:meta])* $name:ident = $tag:literal, $title:literal;)*) => {
        $($(#[$doc])* pub const $name: Source = Source { tag: $tag, title: $title };)*
        /// Every source that this crate names, for a list at the end of a report.
        pub const ALL: &[Source] = &[$($name),*];
    };
}

sources! {
    /// Maker's manual of a single-channel drop-foot stimulator.
    ODFS_MANUAL = "PRO-S29", "ODFS Pace manual, easymanua.ls, pages 13, 22 and 23";
    /// Descriptions of the same stimulator by clinics.
    ODFS_CLINICS = "PRO-S30", "ODFS envelope and indications: physio-direct.ca, proffessa.co.za, fesmobility.com";
    /// Maker's manuals of a tilt-triggered drop-foot stimulator.
    WALKAIDE_MANUALS = "PRO-S31", "WalkAide manuals (manualspro, manualshive, manualzilla)";
    /// Heel rise on, heel strike off as the standard trigger.
    AZEVEDO_2014 = "PRO-S32", "Azevedo Coste 2014, PMC4266978";
    /// Outcomes in multiple sclerosis.
    STREET_MILLER = "PRO-S33", "Street 2015 Arch PMR 96:667; Miller 2016 Disabil Rehabil Assist Technol";
    /// Two-channel stimulation in stroke.
    KESAR_2009 = "PRO-S34", "Kesar 2009 Stroke, PMC2827197";
    /// Open implementations of the muscle models.
    COCOFEST = "PRO-S44", "pyomeca/cocofest at 0eb2354: Ding 2003, 2007, Hmed 2018, Marion 2009, Riener 1998";
    /// Another open implementation.
    MUSCLE_FORCE_MODEL = "PRO-S45", "anth0nyhle/MuscleForceModel at a009fa3: Wexler and Ding values";
    /// Values of 2003 as a later paper quotes them.
    DING_QUOTED = "PRO-S46", "PMC9936668 table 2, quoting Ding 2003";
    /// Trains with a doublet at the start.
    BICKEL_2004 = "PRO-S47", "Bickel 2004 JRRD 41(1):33";
    /// Several electrodes that share the work.
    DISTRIBUTED = "PRO-S49", "Laubacher 2017 EJAP 117:1787; Laubacher 2018 JNER; Sayenko 2014 PMC3950614; PMC6370345";
    /// Strength-duration of human axons.
    MOGYOROS_1996 = "PRO-S50", "Mogyoros 1996 Brain 119:439";
    /// Contraindication lists of makers and a review.
    CONTRAINDICATION_LISTS = "PRO-S63", "Enraf Endomed 484 IFU p.25; EVA manual p.6; Compex manuals; Badger 2017 PMC6453072";
    /// Warnings of a consumer stimulator.
    COMPEX_WARNINGS = "PRO-S68", "Compex Sport Elite manual openings and Compex Australia pages";
    /// A clinic's own page.
    CLINIC_PAGE = "PRO-C002", "clinic page 002, the patient information this project started from";
    /// Instructions-for-use list of the particular standard, read in an extract.
    IEC_IFU = "STD-S2", "AS 60601.2.10:2018 extract, instructions-for-use list a) to h)";
    /// Guidance of 1999 for powered muscle stimulators.
    FDA_1999 = "STD-S8", "FDA Guidance Document for Powered Muscle Stimulator 510(k)s, 9 June 1999";
    /// Contraindications in three makers' manuals.
    MAKER_MANUALS = "STD-S24", "EVA manual p.6; Direct Supply DSDC2CA manual p.7; BioMedical Impulse TENS D5 manual";
    /// Contraindication recommendations of physiotherapists; recalled, not read.
    HOUGHTON_2010 = "STD-S25", "Houghton, Nussbaum, Hoens 2010, Physiother Can 62(5), PMC3031347";
    /// Technical data of drop-foot stimulators; recalled.
    DEVICE_DATA = "LIT-DEVICES", "technical data of ODFS, WalkAide and L300 drop-foot stimulators";
    /// What people use; recalled.
    FOOT_DROP_PRACTICE = "LIT-PRACTICE", "clinical practice with peroneal stimulators";
    /// Gait timing; recalled.
    GAIT_TEXTBOOK = "LIT-GAIT", "textbook gait timing, healthy and hemiparetic";
    /// Early history of the method; recalled through a review.
    LYONS_2002 = "LIT-LYONS", "Liberson 1961 via Lyons 2002 IEEE TNSRE 10:260, doi 10.1109/TNSRE.2002.806832";
    /// Pooled walking speed; recalled.
    KOTTINK_2004 = "LIT-KOTTINK", "Kottink 2004 Artif Organs 28:577";
    /// Randomised trial; recalled.
    BURRIDGE_1997 = "LIT-BURRIDGE", "Burridge 1997 Clin Rehabil 11:201";
    /// Cohort; recalled.
    TAYLOR_1999 = "LIT-TAYLOR", "Taylor 1999 Arch PMR 80:1577";
    /// The interphase gap; recalled.
    MERRILL_2005 = "LIT-MERRILL", "Merrill, Bikson, Jefferys 2005 J Neurosci Methods 141:171";
    /// Practice in spinal cord injury; recalled.
    SCI_PRACTICE = "LIT-SCI", "practice of spinal-cord-injury clinics on autonomic dysreflexia";
    /// Recruitment curve by phase width; recalled.
    RIENER = "LIT-RIENER", "Riener and Fuhr 1998; Durfee and MacLean 1989";
    /// Chronaxie under surface electrodes; recalled.
    SURFACE_CHRONAXIE = "LIT-CHRONAXIE", "textbook chronaxies of innervated and denervated muscle";
    /// Bedside test of innervation; recalled.
    ELECTRODIAGNOSIS = "LIT-EDX", "classical electrodiagnosis: response to short and to long pulses";
}
