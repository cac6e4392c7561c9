//! Link proof of `nmes-safety`: what reads bytes that it did not write, the self-test, and the output table.
#![no_std]
#![no_main]

use nmes_core::{
    Channel, ChannelHardware, Hardware, HardwareTiming, MicroAmps, Micros, Millis, Plan, PulseReceipt,
    PulseShape, Ramp, Rate, Schedule, Session, Setting, Train,
};
use nmes_safety::output_table::{Characteristics, OutputTable, is_complete};
use nmes_safety::records::{
    ChannelRecord, DoseMeter, DoseRecord, Found, OffPermit, PulseRecord, SessionEnd, StoredBlackBox, choose,
    first_write, log_entries, next_write,
};
use nmes_safety::selftest::{
    ClockCount, FlashCheck, LimitsSum, OpenLimits, OpenSample, check_rules, compare_clocks, impedance_ohm,
    judge_measured, judge_open, ram_test,
};
use nmes_safety::{Guard, Profile, SampleInstant, Sensed, Setup, UseClass, check, rules};
use no_panic::{any, control, keep, rest};

#[expect(unsafe_code, reason = "the linker looks for the entry point by its name")]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    control();
    let bytes = any([0_u8; 1_024]);
    keep(bytes.get(..any(1)).map(hostile));
    self_test(&bytes);
    keep(planned());
    rest()
}

fn hostile(bytes: &[u8]) {
    for entry in log_entries(bytes) {
        keep(entry);
    }
    if let Ok(stored) = StoredBlackBox::decode(bytes) {
        keep(stored.entries().filter_map(|trip| trip.table_rule()).count());
        keep(stored.encode());
    }
    let other = any([0_u8; 256]);
    if let Ok(Found::Kept(kept)) = choose(bytes, other.get(..any(1)).unwrap_or(&[])) {
        let mut meter = DoseMeter::new(any(1));
        keep(next_write(&kept, &kept.record, OffPermit::before_any_guard()).map(|write| *write.bytes()));
        keep(meter.close(&kept.record, any(0), any(SessionEnd::Stopped)));
        keep(&mut meter);
    }
    keep(*first_write(&any(DoseRecord::default()), OffPermit::before_any_guard()).bytes());
}

fn self_test(bytes: &[u8]) {
    let mut flash = FlashCheck::new(any(1), any(1), any(1));
    keep(flash.step(bytes.get(..any(1)).unwrap_or(&[])));
    let mut words = any([0_u32; 32]);
    keep(words.get_mut(..any(1)).map(ram_test));
    let count = || ClockCount { ticks: any(1), ticks_per_second: any(1) };
    keep(compare_clocks(count(), count(), any(1)));
    let samples = any([OpenSample { driven: true, current_ua: 0 }; 16]);
    let limits = OpenLimits::with_reference(any(1), any(1), any(1));
    keep(samples.get(..any(1)).map(|samples| judge_open(samples, &limits)));
    keep((check_rules(), LimitsSum::of_profile(&Profile::default())));
    let sample = Sensed { current_na: 0, voltage_mv: 0, at_tick: 0, instant: SampleInstant::Rest };
    keep(impedance_ohm(&any(sample), any(MicroAmps::ZERO)));
}

fn planned() -> Option<()> {
    let (setting, time) = (any(Setting::default()), any(Millis::ZERO));
    let channel = Channel {
        pulse: any(PulseShape::default()),
        rate: Rate::new(any(1), any(1)).ok()?,
        train: any(Train::default()),
        set: setting,
        ceiling: setting,
        ramp: any(Ramp::default()),
        offset: any(Micros::ZERO),
    };
    let channels = any([channel; 8]);
    let session = Session::new(channels.get(..any(1))?, any(Schedule::Continuous), time).ok()?;
    let outputs = any([ChannelHardware::default(); 8]);
    let hardware = Hardware::new(any(HardwareTiming::ideal(1)), outputs.get(..any(1))?, any(1)).ok()?;
    keep(ChannelRecord::of(&hardware, any(0), any(0), any(0)).map(|record| record.encode()));
    let plan = Plan::compile(&session, &hardware).ok()?;
    let setup = Setup::new(any([1_u32; 8]).get(..any(1))?, any(UseClass::Exercise)).ok()?;
    keep(OutputTable::of(&plan, &setup, any(0)));
    let list = Characteristics::of(&plan, &setup, any(0))?;
    keep(is_complete(any(list.rows()).get(any(0)..)?).is_ok());
    let checked = check(plan, &setup, &Profile::default()).ok()?;
    keep(LimitsSum::of_checked(&checked));
    keep(judge_measured(&checked, any(&rules::E_Z_1_OPEN), any(1)).is_ok());
    let guard = Guard::new(&checked, any(0));
    keep(OffPermit::of(&guard).is_ok());
    keep(any(guard.black_box()).is_whole().is_ok());
    keep(StoredBlackBox::from(guard.black_box()).encode());
    receipt(any(None))
}

fn receipt(receipt: Option<PulseReceipt>) -> Option<()> {
    let receipt = receipt?;
    let mut meter = DoseMeter::new(any(1));
    meter.add(&receipt);
    keep(PulseRecord::of(&receipt).with_measured(any(1), any(1)).with_trigger(any(1)).encode());
    keep(meter.close(&any(DoseRecord::default()), any(0), any(SessionEnd::Stopped)));
    Some(())
}
