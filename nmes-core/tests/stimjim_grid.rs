//! The grid that StimJim's bench sweeps: 30 periods from 250 µs to 500 ms, 30 widths from 25 µs to 4 ms and 30
//! amplitudes, on four outputs. What is put out equals what was asked, or the rounding report says by how much.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::float_arithmetic,
    reason = "tests: a panic here is a failed test; the grid is laid out in floating point"
)]

mod common;

use common::{ms, play, started};
use nmes_core::*;

/// Thirty values from one end to the other, each the same ratio above the one before, in whole units.
fn thirty(from: f64, to: f64) -> Vec<u32> {
    (0..30).map(|n| (from * (to / from).powf(f64::from(n) / 29.0)).round() as u32).collect()
}

/// One output: its clock, its code, its range. No edge is late, and one tick is the least time between two edges.
#[derive(Clone, Copy, Debug)]
struct Out {
    hz: u32,
    na: u32,
    most: i32,
}

const OUTS: [Out; 4] = [
    Out { hz: 1_000_000, na: 1_000, most: 131_071 },
    Out { hz: 1_000_000, na: 37_000, most: 2_047 },
    Out { hz: 48_000, na: 3_052, most: 32_767 },
    Out { hz: 100_000, na: 10_000, most: 16_383 },
];

impl Out {
    fn hardware(self) -> Hardware {
        let output = ChannelHardware::symmetric(self.na, -self.most, self.most);
        Hardware::new(HardwareTiming::ideal(self.hz), &[output], 0).unwrap()
    }

    /// The ticks nearest to a time; halves up.
    fn ticks(self, us: u32) -> u128 {
        (u128::from(us) * u128::from(self.hz) * 2 + 1_000_000) / 2_000_000
    }

    /// The codes nearest to an amplitude; halves up.
    fn codes(self, ua: u32) -> u128 {
        (u128::from(ua) * 2_000 + u128::from(self.na)) / (2 * u128::from(self.na))
    }

    /// Onset `n`, in whole ticks.
    fn onset(self, n: u32, period_us: u32) -> u128 {
        u128::from(n) * u128::from(period_us) * u128::from(self.hz) / 1_000_000
    }

    /// What this output cannot do, worked out beside the library: the field that the refusal names.
    fn refusal(self, period_us: u32, width_us: u32, ua: u32) -> Option<Field> {
        let (ticks, codes) = (self.ticks(width_us), self.codes(ua));
        let room = 2 * ticks + u128::from(WIDEN_MAX_TICKS) + 1;
        if ticks < 1 {
            return Some(Field::PhaseTicks);
        }
        if codes < 1 || codes > self.most as u128 {
            return Some(Field::AmplitudeCodes);
        }
        (self.onset(1, period_us) < room).then_some(Field::PulseLength)
    }
}

fn asked(period_us: u32, width_us: u32, ua: u32) -> Channel<'static> {
    let set = Setting::new(ua, width_us).unwrap();
    let (pulse, ramp, offset) = (PulseShape::default(), Ramp::default(), Micros::ZERO);
    let rate = Rate::new(1, period_us).unwrap();
    Channel { pulse, rate, train: Train::default(), set, ceiling: set, ramp, offset }
}

/// The report of a plan: each value as asked, as worked out beside the library, and no other error than that.
fn check_report(out: Out, plan: &Plan<'_>, width_us: u32, ua: u32) {
    let report = plan.rounding(0).unwrap();
    let [amplitude, width, gap, balance, ..] = report.rows() else { panic!("rows") };
    let ns = (out.ticks(width_us) * 1_000_000_000 / u128::from(out.hz)) as u64;
    assert_eq!((amplitude.requested, amplitude.unit), (u64::from(ua) * 1_000, "nA"));
    assert_eq!(u128::from(amplitude.realised), out.codes(ua) * u128::from(out.na));
    for (row, requested) in [(width, u64::from(width_us) * 1_000), (balance, u64::from(width_us) * 1_000)] {
        assert_eq!((row.requested, row.realised, row.unit), (requested, ns, "ns"), "{out:?}");
    }
    assert_eq!((gap.requested, gap.realised), (0, 0));
    assert!(amplitude.error().unsigned_abs() <= u64::from(out.na) / 2);
    assert!(width.error().unsigned_abs() <= 500_000_000 / u64::from(out.hz) + 1);
    if out.hz == 1_000_000 {
        assert_eq!(width.error(), 0, "a microsecond is a tick");
    }
    if out.na == 1_000 {
        assert_eq!(amplitude.error(), 0, "a microampere is a code");
    }
}

/// What the plan's frame puts out is what the report says, and sums to zero.
fn check_frame(out: Out, plan: &Plan<'_>, asked: &Channel<'_>) {
    let frame = plan.frame(0, asked.set, 0).unwrap();
    let (width, ua) = (asked.set.width.as_micros(), asked.set.amplitude.as_microamps());
    let (code, ticks) = (out.codes(ua) as i32, out.ticks(width) as u32);
    let level = |code| Segment { level: Level::Code(code), ticks };
    assert_eq!(frame.segments().collect::<Vec<_>>(), [level(code), level(-code)]);
    assert_eq!(frame.net_charge(&plan.hardware().channels()[0]), Some(Charge::ZERO));
}

/// REQ-CORE-87: over the whole grid each value that is put out equals the asked one or the rounding report says what
/// it became; what an output cannot do is refused for the reason worked out beside the library, and nothing else is.
#[test]
fn the_grid_is_put_out_as_the_report_says() {
    let (periods, widths) = (thirty(250.0, 500_000.0), thirty(25.0, 4_000.0));
    let amplitudes = thirty(111.0, 100_000.0);
    for out in OUTS {
        let hardware = out.hardware();
        let (mut taken, mut exact) = (0, 0);
        for (&period, &width) in periods.iter().flat_map(|p| widths.iter().map(move |w| (p, w))) {
            for &ua in &amplitudes {
                let channels = [asked(period, width, ua)];
                let session = Session::new(&channels, Schedule::Continuous, ms(1)).unwrap();
                match Plan::compile(&session, &hardware) {
                    Ok(plan) => {
                        assert_eq!(out.refusal(period, width, ua), None, "{out:?} {period} {width} {ua}");
                        check_report(out, &plan, width, ua);
                        check_frame(out, &plan, &channels[0]);
                        taken += 1;
                        exact += u32::from(plan.rounding(0).unwrap().rows().iter().all(|r| r.error() == 0));
                    }
                    Err(error) => assert_eq!(out.refusal(period, width, ua), Some(error.field()), "{error}"),
                }
            }
        }
        println!("{out:?}: {taken} of 27000 taken, {exact} of them without any rounding");
        assert!(taken > 10_000, "{out:?} takes {taken}");
        assert_eq!(out.na == 1_000, taken == exact, "{out:?}");
    }
}

/// REQ-CORE-87: the periods of the grid, by the engine itself: eleven pulses, each on the floor of its ideal time and
/// with the levels and lengths of the report, for every period and width that fit.
#[test]
fn the_periods_of_the_grid_are_put_out() {
    for out in OUTS {
        let hardware = out.hardware();
        for period in thirty(250.0, 500_000.0) {
            for width in thirty(25.0, 4_000.0).into_iter().step_by(7) {
                let ua = 5_000;
                if out.refusal(period, width, ua).is_some() {
                    continue;
                }
                let channels = [asked(period, width, ua)];
                let length = ms((period * 11).div_ceil(1_000));
                let session = Session::new(&channels, Schedule::Continuous, length).unwrap();
                let run = play(&Plan::compile(&session, &hardware).unwrap(), &started(&session), || 0);
                for (n, receipt) in (0..).zip(run.receipts.iter()) {
                    // the first stands one edge spacing after the start
                    let ideal = if n == 0 { 1 } else { out.onset(n, period) };
                    assert_eq!(u128::from(receipt.onset_tick), ideal, "{out:?} {period} µs");
                    assert_eq!(u128::from(receipt.primary_ticks), out.ticks(width));
                    assert_eq!(receipt.code as u128, out.codes(ua));
                    assert_eq!(receipt.ledger, Charge::ZERO);
                }
                assert!(run.receipts.len() >= 11, "{out:?} {period} µs: {} pulses", run.receipts.len());
            }
        }
    }
}
