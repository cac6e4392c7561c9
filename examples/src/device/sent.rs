//! What of a session's pulses went to a device.

use nmes_core::{Form, Plan, PulseFrame, PulseReceipt};

/// The pulses that went on the wire, each as long as it was sent: what was begun in session time and did not go out is left out, and
/// what a device was sent is not cut there. `unsent` is the oldest pulse of a channel that was not sent.
pub(crate) fn sent(
    receipts: Vec<PulseReceipt>,
    plan: &Plan<'_>,
    unsent: impl Fn(u8) -> Option<u32>,
) -> Vec<PulseReceipt> {
    let goes_out =
        |receipt: &PulseReceipt| unsent(receipt.channel).is_none_or(|oldest| receipt.sequence < oldest);
    receipts.into_iter().filter(goes_out).map(|receipt| whole(receipt, plan)).collect()
}

/// A pulse that session time has cut, with the main phase that was commanded.
fn whole(receipt: PulseReceipt, plan: &Plan<'_>) -> PulseReceipt {
    let frame = plan.frame(receipt.channel, receipt.setting, receipt.onset_tick);
    match frame.filter(|_| receipt.cut) {
        Some(frame) => PulseReceipt { primary_ticks: main_ticks(plan, &frame), cut: false, ..receipt },
        None => receipt,
    }
}

/// The main phase of a pulse, all its levels.
fn main_ticks(plan: &Plan<'_>, frame: &PulseFrame<'_>) -> u32 {
    let form = plan.channel(frame.channel()).map(|channel| channel.channel().pulse.form);
    let levels = match form {
        Some(Form::Points(points)) => points.iter().take_while(|point| point.permille > 0).count(),
        Some(Form::Table(levels)) => levels.len(),
        Some(Form::Rectangular | Form::Prepulse(_) | Form::Triphasic { .. }) | None => 1,
    };
    let main = frame.segments().skip(usize::from(frame.main_segment())).take(levels);
    main.map(|segment| segment.ticks).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests; a panic is a failure")]
mod tests {
    use super::sent;
    use nmes_core::*;
    use nmes_hal_adapters::sciencemode4;

    fn channel(form: Form<'_>) -> Channel<'_> {
        // the width of custom points is their sum, and stays
        let own = matches!(form, Form::Points(_));
        let control = if own { Control::Amplitude } else { Control::Width };
        let ramp =
            Ramp { control, up: ms(500), down: ms(500), floor: if own { 0 } else { 100 }, ..Ramp::default() };
        let set = Setting::new(20_000, if own { 350 } else { 250 }).unwrap();
        let (pulse, rate) = (PulseShape { form, ..PulseShape::default() }, Rate::from_hz(50).unwrap());
        Channel { pulse, rate, train: Train::default(), set, ceiling: set, ramp, offset: Micros::ZERO }
    }

    fn ms(n: u32) -> Millis {
        Millis::from_millis(n).unwrap()
    }

    fn us(n: u32) -> Micros {
        Micros::from_micros(n).unwrap()
    }

    /// The pulses of a plan, two channels of it, as put out.
    fn receipts(plan: &Plan<'_>) -> Vec<PulseReceipt> {
        let (mut states, mut all) = ([ChannelState::new(); 8], Vec::new());
        let mut engine = Engine::new(plan, &mut states).unwrap();
        for (index, channel) in (0_u8..).zip(plan.session().channels()) {
            engine.command(index, channel.set, 0).unwrap();
        }
        engine.start(0);
        while all.len() < 100 {
            engine.offer(|_| true);
            let Next::At(at) = engine.next() else { break };
            engine.applied(at).unwrap();
            all.extend(std::iter::from_fn(|| engine.take_receipt()));
        }
        all
    }

    /// REQ-APP-321: of every form of pulse, one that is cut in session time is as long in the record as it was sent.
    #[test]
    fn a_pulse_in_a_device_is_whole() {
        let point = |permille, n| Point { permille, width: us(n) };
        let points = [point(500, 100), point(1_000, 50), point(0, 100), point(-1_000, 100)];
        for form in [
            Form::Rectangular,
            Form::Prepulse(Prepulse { amplitude_percent: 50, width: us(100) }),
            Form::Triphasic { outer_percent: 50 },
            Form::Points(&points),
            Form::Table(&[8_192, 16_384, 12_000]),
        ] {
            let channels = [channel(form)];
            let session = Session::new(&channels, Schedule::Continuous, ms(10_000)).unwrap();
            let plan = Plan::compile(&session, &sciencemode4::hardware(1).unwrap()).unwrap();
            let whole = receipts(&plan);
            assert!(whole.len() == 100 && whole.iter().all(|pulse| pulse.primary_ticks > 0));
            let cut: Vec<_> =
                whole.iter().map(|pulse| PulseReceipt { cut: true, primary_ticks: 0, ..*pulse }).collect();
            let ticks = |all: &[PulseReceipt]| all.iter().map(|r| r.primary_ticks).collect::<Vec<_>>();
            assert_eq!(ticks(&sent(cut, &plan, |_| None)), ticks(&whole), "{form:?}");
        }
    }

    /// REQ-APP-321: a pulse that was not sent is not in the record, nor any after it of its channel.
    #[test]
    fn what_was_not_sent_is_left_out() {
        let apart = Channel { offset: us(5_000), ..channel(Form::Rectangular) };
        let channels = [channel(Form::Rectangular), apart];
        let session = Session::new(&channels, Schedule::Continuous, ms(10_000)).unwrap();
        let plan = Plan::compile(&session, &sciencemode4::hardware(2).unwrap()).unwrap();
        let all = receipts(&plan);
        let oldest = all.iter().filter(|pulse| pulse.channel == 1).nth(40).unwrap().sequence;
        let left = sent(all.clone(), &plan, |channel| (channel == 1).then_some(oldest));
        let of = |all: &[PulseReceipt], channel| all.iter().filter(|r| r.channel == channel).count();
        assert_eq!((of(&left, 0), of(&left, 1)), (of(&all, 0), 40));
        assert!(of(&all, 1) > 41);
    }
}
