//! The dose of sessions as they were played, against the edges that came out.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

mod check_support;

use check_support::{Case, ms, us};
use nmes_core::*;
use nmes_safety::records::{DoseMeter, DoseRecord, SessionEnd};

/// A second of pulses, as it came out.
struct Out {
    receipts: Vec<PulseReceipt>,
    /// Each level in nA, and when it came.
    levels: Vec<(u64, i64)>,
    counters: Counters,
}

impl Out {
    fn dose(&self) -> DoseRecord {
        let mut meter = DoseMeter::new(1_000_000);
        self.receipts.iter().for_each(|receipt| meter.add(receipt));
        meter.close(&DoseRecord::default().opened(), 1_000, SessionEnd::Completed)
    }

    /// Charge of what drove as the main phase does, in µC.
    fn main_uc(&self) -> u64 {
        let driven = self.levels.windows(2).filter(|pair| pair[0].1 > 0);
        driven.map(|pair| pair[0].1.unsigned_abs() * (pair[1].0 - pair[0].0)).sum::<u64>() / 1_000_000_000
    }
}

/// Plays 20 pulses a second of so many repeats, and pays the one under way back at `stop`.
fn played(repeat: Repeat, stop: Option<u64>) -> Out {
    let case = Case {
        schedule: Schedule::Continuous,
        length_ms: 1_000,
        up_down_min: (0, 0, 0),
        gap_us: 0,
        ceiling: (20_000, 200),
        rate: (20, 1_000_000),
        repeat,
        ..Case::new()
    };
    let channels = [case.channel()];
    let session = Session::new(&channels, case.schedule, ms(case.length_ms)).unwrap();
    let plan = Plan::compile(&session, &case.hardware()).unwrap();
    let mut storage = [ChannelState::new(); MAX_CHANNELS];
    let mut engine = Engine::new(&plan, &mut storage).unwrap();
    engine.command(0, channels[0].ceiling, 0).unwrap();
    engine.start(0);
    let (mut receipts, mut levels, mut stop) = (vec![], vec![], stop);
    while engine.offer(|_| true) {
        let Next::At(due) = engine.next() else { break };
        if let Some(at) = stop.take_if(|at| *at < due) {
            engine.stop(StopPolicy::RecoverNow, at);
            continue;
        }
        for change in engine.step().iter().flat_map(Step::changes) {
            levels.push((due, change.level.current_na(plan.channel(0).unwrap().hardware())));
        }
        engine.applied(due).unwrap();
        receipts.extend(std::iter::from_fn(|| engine.take_receipt()));
    }
    let counters = engine.counters(0).unwrap();
    Out { receipts, levels, counters }
}

/// REQ-SAF-690: the dose has the charge of every repeat's main phase. (It had that of the first one.)
#[test]
fn every_repeat_counts() {
    for (count, gap) in [(1, 0), (2, 4_000), (6, 1_000), (20, 0)] {
        let out = played(Repeat { count, gap: us(gap) }, None);
        let dose = out.dose();
        assert_eq!((dose.pulses, dose.charge_uc), (20, out.main_uc()), "{count} repeats");
        assert_eq!(dose.charge_uc, 80 * u64::from(count), "{count} repeats");
    }
    // in the third repeat of the second pulse, which goes on to its end: 6 repeats and 3, of 4 µC each
    let cut = played(Repeat { count: 6, gap: us(1_000) }, Some(50_000 + 2 * 1_400 + 250));
    assert_eq!((cut.dose().pulses, cut.dose().charge_uc, cut.main_uc()), (2, 36, 36));
}

/// REQ-SAF-691: a pulse that is paid back early is one pulse that was begun; it has no other receipt. (It was none.)
#[test]
fn a_pulse_paid_back_early_was_begun() {
    for into in [20, 100, 190, 250] {
        let out = played(Repeat::ONCE, Some(50_000 + into));
        let kinds: Vec<FrameKind> = out.receipts.iter().map(|receipt| receipt.kind).collect();
        let last = if into < 200 { FrameKind::Recover } else { FrameKind::Pulse };
        assert_eq!(kinds, [FrameKind::Pulse, last], "{into}");
        assert_eq!((out.dose().pulses, out.counters.pulses), (2, 2), "{into}");
    }
}
