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
    /// Consensus settings after reconstruction of the anterior cruciate ligament.
    NUSSBAUM_ACL = "PRO-S1", "Nussbaum 2017 Physiother Can 69(5):1, table T7, PMC5683854";
    /// Consensus settings in osteoarthritis of the knee.
    NUSSBAUM_OA = "PRO-S2", "Nussbaum 2017 Physiother Can 69(5):1, table T11, PMC5683854";
    /// Settings trial by trial after knee operations.
    KNEE_TRIALS = "PRO-S3", "Sports Health 2021;13(2):116, table 5, PMC8167342";
    /// Settings trial by trial after knee replacement.
    TKA_TRIALS = "PRO-S4", "Peng 2021 Front Med, table T1, PMC8677678";
    /// Dose and response after knee replacement.
    STEVENS_DOSE = "PRO-S5", "Stevens-Lapsley 2012 Phys Ther 92:1187, abstract";
    /// The modified settings after reconstruction of the anterior cruciate ligament.
    FITZGERALD_2003 = "PRO-S6", "Fitzgerald 2003 JOSPT 33:492, record";
    /// Registered study of 40 % of the maximal force; no results posted.
    PITTSBURGH_2008 = "PRO-S7", "clinicaltrials.gov NCT00765739";
    /// Rheumatoid arthritis, and its doses.
    RHEUMATOID = "PRO-S8", "NCT00924625; abstracts of Piva 2018 Arthritis Care Res";
    /// Rheumatoid arthritis, dose and response.
    RHEUMATOID_DOSE = "PRO-S9", "acrabstracts.org 418/2018; Almeida 2019 Phys Ther 99(9)";
    /// Older men, percent of the maximal force.
    CAGGIANO_1994 = "PRO-S10", "Caggiano 1994 JOSPT 20:22, PEDro 2545";
    /// Older adults at 15 % of the maximal force.
    OLDER_15 = "PRO-S11", "IJESAB 2(13):69, Western Kentucky";
    /// Ages 75 to 96.
    BENAVENT_2014 = "PRO-S12", "Benavent-Caballer 2014 Exp Gerontol 58:159";
    /// What older adults reach at what they tolerate.
    HOOKER_1994 = "PRO-S13", "Hooker 1994, ASU record";
    /// Trials in intensive care.
    ICU_TRIALS = "PRO-S14", "review tables, html.scirp.org 1-2640094: Maffiuletti 2013, Angelopoulos, Segers, Kho 2015";
    /// Trials in chronic obstructive pulmonary disease.
    COPD_TRIALS = "PRO-S15", "Cochrane CD010821, table 4, PMC6494594";
    /// Settings of the trial of 75 against 15 Hz.
    COPD_HZ = "PRO-S16", "enraf-nonius.com page on COPD";
    /// After heart surgery, 15 Hz.
    SCHARDONG_2017 = "PRO-S17", "Schardong 2017, PMC5537479";
    /// Three trials around heart surgery.
    CARDIAC_TRIALS = "PRO-S18", "World J Cardiol 2024;16(1):27, table 3: Fischer, Schardong, Kitamura";
    /// After heart surgery, 50 Hz for an hour.
    CERQUEIRA_2019 = "PRO-S19", "Cerqueira 2019 Int J Cardiovasc Sci 32:483";
    /// Trains of varying frequency, pads of 40 x 80 mm.
    VARIABLE_TRAINS = "PRO-S20", "scite.ai extract on variable-frequency trains in intensive care and heart failure";
    /// What settings shoulders get.
    ITO_2023 = "PRO-S21", "Ito 2023, doi 10.3233/NRE-220301, growkudos";
    /// Review of shoulder settings.
    KUMAR_2024 = "PRO-S22", "Kumar 2024, world.physio";
    /// Shoulder dose.
    SHOULDER_DOSE = "PRO-S23", "bestbets 1893; otcats, Chircop";
    /// Meta-analysis of shoulder subluxation.
    LEE_2017 = "PRO-S24", "Lee 2017 Clin Rehabil, pubmed 28343442";
    /// Doses of contralaterally controlled and cyclic stimulation.
    CCFES_DOSE = "PRO-S25", "Trials 2022 s13063-022-06303-y, table 3";
    /// EMG of the other arm as the trigger.
    EMG_BRIDGE = "PRO-S26", "J Rehabil Med 49(8), EMG bridge";
    /// Wrist and finger extensors.
    YUZER_2017 = "PRO-S27", "Yuzer 2017, neurorehabdirectory";
    /// Exclusions, and 35 against 50 Hz.
    WRIST_HZ = "PRO-S28", "Sci Rep s41598-021-88607-8, table 7";
    /// Muscle without its nerve, long pulses.
    RISE = "PRO-S35", "PMC7059583, table T2: Kern 2010, Albertin 2018";
    /// Triangular pulses of 200 ms, and polarity.
    PIEBER_2015 = "PRO-S36", "Pieber 2015 JNER 12:51, PMC4458019";
    /// Denervated faces: safety, waveform, electrode distance.
    FACE_JENA = "PRO-S37", "Puls 2020 Muscle Nerve; Volk 2020; Front Rehabil Sci 2023.1205154";
    /// Trials of facial stimulation.
    FACE_TRIALS = "PRO-S38", "Loyo 2020; Targan 2000; Kim 2016; Alakram 2010; scirp 118266";
    /// Cycling doses.
    FES_CYCLING_TOOLKIT = "PRO-S39", "fescyclingtoolkit.com dosage parameters";
    /// Cycling numbers.
    FES_CYCLING = "PRO-S40", "PMC3364582; JNER 11:123; Szecsi 2007; Gorgey 2014; Gfoehler 2000; Hakansson and Hull 2009";
    /// Crank windows of a trike.
    EMA_CYCLING = "PRO-S41", "lara-unb/ema_fes_cycling at f004fa7: DynamicParams.cfg, control.py";
    /// Crank windows of a simulation.
    OPENSIM_CYCLING = "PRO-S42", "anacsousa1/opensim-fes-cycling-control at b1a93bd: profile.m, README";
    /// Crank windows of a hand cycle.
    PYSCIENCEMODE = "PRO-S43", "s2mLab/pyScienceMode at 66b8454";
    /// Stimulation of the tibial nerve.
    TIBIAL = "PRO-S53", "PMC9074788, PMC3180309, brieflands mejrh-147446";
    /// Pelvic floor.
    PELVIC = "PRO-S54", "Yamanishi 1998; Miller 1998; TensCare SurePRO p.21; NeuroTrac FAQ";
    /// Settings by goal, from teaching.
    GOAL_TABLE = "PRO-S55", "teaching summary Estim for Rehab, memorize.com, after a textbook table";
    /// High-volt stimulation of oedema, mostly in frogs.
    HIGH_VOLT = "PRO-S56", "HVPC frog studies (Bettany 1990, Taylor 1992); HVPS talk; omicsonline table";
    /// Spasticity and spasm.
    SPASTICITY = "PRO-S57", "Yang 2018 PMC6287810; Stein 2015; Park 2014 PMC4206395; everyway manual p.11";
    /// Venous flow.
    VENOUS = "PRO-S58", "Broderick 2013 PMC3643860; calf-sock preprint rs-1199890; s10439-023-03349-0";
    /// Modes of TENS.
    TENS = "PRO-S59", "BMC s13643-017-0532-5, table 1; a teaching set; Wikipedia";
    /// Recovery of athletes.
    RECOVERY = "PRO-S60", "Vanderthommen 2010 JSSM 9:164; Front Physiol 2020 00310; PMC8850927; Babault 2011";
    /// Strength of healthy people.
    STRENGTH = "PRO-S61", "Akagi 2024; Holcomb 2006";
    /// Devices for swallowing.
    DYSPHAGIA = "PRO-S62", "atempovoicecenter.com; JNER s12984-021-00884-6";
    /// Ranges of two TENS devices.
    TENS_DEVICES = "PRO-S64", "Enraf TensMed S84 p.23; TensCare Sports TENS 2; Technaid fes-docs";
    /// Electrical stimulation of peripheral nerves in surgery.
    NERVE_BOOST = "PRO-S65", "Juckett 2022 PMC9775635; ElAbd 2022 PMC8932473";
    /// More settings in osteoarthritis of the knee.
    OA_SETTINGS = "PRO-S66", "Novak 2020 pubmed 32167955; Elboim-Gabyzon 2013 pubmed 22952305";
    /// Doses after reconstruction of the anterior cruciate ligament.
    ACL_DOSE = "PRO-S67", "Lepley 2015 PMC4754794; Jo and Kim 2025";
    /// Single figures of several papers.
    SINGLE_FIGURES = "PRO-S69", "PMC9274513; JNER 2024 s12984-024-01462-2; PMC4392895; Donaldson and Yu 1998; OAC Open 7(2):100607; Spector 2016 abstract";
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
    /// Bands of current in common use; recalled.
    USUAL_CURRENTS = "LIT-CURRENTS", "bands of current in common clinical use";
    /// Trial after reconstruction of the anterior cruciate ligament; recalled.
    SNYDER_MACKLER = "LIT-SNYDER", "Snyder-Mackler 1995 J Bone Joint Surg Am 77:1166";
    /// The modified settings of it, what the record does not give; recalled.
    FITZGERALD_PAPER = "LIT-FITZGERALD", "Fitzgerald 2003 JOSPT 33:492, full text";
    /// Dose of a garment trial; recalled.
    FEIL_2011 = "LIT-FEIL", "Feil 2011 Am J Sports Med 39:1238";
    /// After knee operations; recalled.
    KNEE_PRACTICE = "LIT-KNEE", "practice after knee operations";
    /// Trial after knee replacement; recalled.
    PETTERSON_2009 = "LIT-PETTERSON", "Petterson 2009 Arthritis Rheum 61:174";
    /// Home trial in osteoarthritis; recalled.
    TALBOT_2003 = "LIT-TALBOT", "Talbot 2003 J Rheumatol 30:1571";
    /// One leg in a cast for five days; recalled.
    DIRKS_2014 = "LIT-DIRKS", "Dirks 2014 Acta Physiol 210:628";
    /// Six weeks in a cast; recalled.
    GIBSON_1988 = "LIT-GIBSON", "Gibson 1988 Clin Sci 74:61";
    /// Trial in intensive care; recalled.
    GEROVASILI_2009 = "LIT-GEROVASILI", "Gerovasili 2009 Crit Care 13:R161";
    /// Exclusions in intensive care; recalled.
    ICU_PRACTICE = "LIT-ICU", "exclusions and pauses of trials in intensive care";
    /// 75 against 15 Hz; recalled.
    DICES = "LIT-DICES", "Sillen 2014 Thorax 69:525 (DICES)";
    /// Heart failure, low frequency; recalled.
    NUHR_2004 = "LIT-NUHR", "Nuhr 2004 Eur Heart J 25:136";
    /// Heart failure, 50 Hz; recalled.
    QUITTAN_2001 = "LIT-QUITTAN", "Quittan 2001 Am J Phys Med Rehabil 80:206";
    /// Pooled review of facial stimulation; recalled.
    TEIXEIRA_2011 = "LIT-TEIXEIRA", "Teixeira 2011 Cochrane CD006283";
    /// Facial palsy; recalled.
    FACE_TEXTS = "LIT-FACE", "Mosforth and Taverner 1958; European electrotherapy texts on facial palsy";
    /// Stimulation with irregular intervals; recalled.
    TROPHIC = "LIT-TROPHIC", "Farragher, Kidd and Tallis 1987 BMJ; Oldham 1995 Clin Rehabil 9:10";
    /// Phases of the long-pulse project; recalled.
    KERN_2010 = "LIT-KERN", "Kern 2010 Neurorehabil Neural Repair 24:709, and the RISE project";
    /// Small denervated muscles; recalled.
    DENERVATED_PRACTICE = "LIT-DENERVATED", "practice with small denervated muscles";
    /// Growth of nerves; recalled.
    REGENERATION = "LIT-REGENERATION", "texts on the regeneration of peripheral nerves";
    /// Stimulation of a repaired nerve; recalled.
    GORDON_2010 = "LIT-GORDON", "Gordon 2010 Exp Neurol 223:192";
    /// Wrist, cyclic; recalled.
    POWELL_1999 = "LIT-POWELL", "Powell 1999 Stroke 30:1384";
    /// Wrist, cyclic; recalled.
    CHAE_1998 = "LIT-CHAE", "Chae 1998 Stroke 29:975";
    /// Wrist, three ways to trigger; recalled.
    WILSON_2016 = "LIT-WILSON", "Wilson 2016 Neurorehabil Neural Repair 30:978";
    /// Wrist, triggered by EMG; recalled.
    CAURAUGH_2000 = "LIT-CAURAUGH", "Cauraugh 2000 Stroke 31:1360";
    /// Shoulder; recalled.
    FAGHRI_1994 = "LIT-FAGHRI", "Faghri 1994 Arch PMR 75:73";
    /// Several channels in walking; recalled.
    GAIT_CHANNELS = "LIT-MULTICHANNEL", "practice of multichannel stimulation in walking";
    /// Multiple sclerosis; recalled.
    MS_PRACTICE = "LIT-MS", "practice in multiple sclerosis";
    /// Commercial cycles; recalled.
    FES_DEVICES = "LIT-FESDEVICES", "commercial FES cycles (RT300)";
    /// Rowing; recalled.
    ROWING = "LIT-ROWING", "Laskin 1993; Andrews; Hettinga: FES rowing";
    /// Standing; recalled.
    KRALJ = "LIT-KRALJ", "Kralj and Bajd: standing by stimulation";
    /// Stress and urge incontinence; recalled.
    CONTINENCE = "LIT-CONTINENCE", "Sand 1995 Obstet Gynecol and practice of pelvic-floor stimulation";
    /// Tibial nerve; recalled.
    TIBIAL_PRACTICE = "LIT-TIBIAL", "practice of tibial nerve stimulation";
    /// Venous pump; recalled.
    BRODERICK = "LIT-BRODERICK", "Broderick, calf stimulation for venous flow, settings";
    /// Spasticity; recalled.
    TONE_PRACTICE = "LIT-TONE", "practice in spasm and spasticity";
    /// TENS; recalled.
    TENS_PRACTICE = "LIT-TENS", "practice of TENS; DeSantana and Sluka on tolerance";
    /// Programmes of sports stimulators; recalled.
    SPORT_DEVICES = "LIT-SPORT", "programmes of Compex-type stimulators";
    /// Strength; recalled.
    FILIPOVIC_2011 = "LIT-FILIPOVIC", "Filipovic 2011 JSCR 25:3218";
    /// Strength; recalled.
    STRENGTH_PRACTICE = "LIT-STRENGTH", "practice of strength training by stimulation, wide pulses included";
    /// Older adults; recalled.
    OLDER_PRACTICE = "LIT-OLDER", "Kern 2014 type of training in older adults; abstracts on minimum useful force";
    /// Swallowing; recalled.
    DYSPHAGIA_PRACTICE = "LIT-DYSPHAGIA", "settings of VitalStim";
    /// Injuries; recalled.
    INJURY_PRACTICE = "LIT-INJURY", "practice after musculoskeletal injuries";
}
