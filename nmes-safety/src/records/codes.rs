//! Numbers of faults and responses in stored bytes. They never change; a new fault takes a new number.

use crate::fault::{Fault, Response};

/// One table, both ways. A fault without a number does not compile.
macro_rules! codes {
    ($kind:ident: $to:ident, $from:ident; $($name:ident = $code:literal),+ $(,)?) => {
        pub(super) const fn $to(value: $kind) -> u8 {
            match value { $($kind::$name => $code),+ }
        }

        pub(super) const fn $from(code: u8) -> Option<$kind> {
            match code { $($code => Some($kind::$name),)+ _ => None }
        }
    };
}

codes! { Fault: fault_code, fault_of;
    Channel = 1, Form = 2, Sequence = 3, OnsetPast = 4, Rate = 5, CodeRange = 6, Amplitude = 7, Width = 8,
    Unbalanced = 9, Repayment = 10, Energy = 11, NotArmed = 12, OutOfOrder = 13, Late = 14, Early = 15,
    MissingEdge = 16, ClockBackwards = 17, ClockStopped = 18, LedgerOverflow = 19, Ledger = 20, OverCurrent = 21,
    Polarity = 22, StuckOutput = 23, ContactLoss = 24, MeasuredBalance = 25, SenseStale = 26, Rms = 27,
    MeasuredDc = 28, KeepAlive = 29, SessionLength = 30, OnTime = 31, StateCorrupt = 32, RampDownOverdue = 33,
    Output = 34, ClockDisagrees = 35, Compliance = 36, SlowSide = 37,
}

codes! { Response: response_code, response_of;
    Warn = 1, ProbeLevel = 2, RampDown = 3, OpenNow = 4,
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{format, string::String, vec::Vec};

    use super::{fault_code, fault_of, response_code, response_of};
    use crate::fault::{Fault, Response};

    /// Faults by their numbers from 1, and what docs/records.md calls them.
    const NUMBERED: [(Fault, &str); 37] = [
        (Fault::Channel, "channel"),
        (Fault::Form, "form"),
        (Fault::Sequence, "sequence"),
        (Fault::OnsetPast, "onset past"),
        (Fault::Rate, "rate"),
        (Fault::CodeRange, "code range"),
        (Fault::Amplitude, "amplitude"),
        (Fault::Width, "width"),
        (Fault::Unbalanced, "unbalanced"),
        (Fault::Repayment, "repayment"),
        (Fault::Energy, "energy"),
        (Fault::NotArmed, "not armed"),
        (Fault::OutOfOrder, "out of order"),
        (Fault::Late, "late"),
        (Fault::Early, "early"),
        (Fault::MissingEdge, "missing edge"),
        (Fault::ClockBackwards, "clock backwards"),
        (Fault::ClockStopped, "clock stopped"),
        (Fault::LedgerOverflow, "ledger overflow"),
        (Fault::Ledger, "ledger"),
        (Fault::OverCurrent, "over-current"),
        (Fault::Polarity, "polarity"),
        (Fault::StuckOutput, "stuck output"),
        (Fault::ContactLoss, "contact loss"),
        (Fault::MeasuredBalance, "measured balance"),
        (Fault::SenseStale, "sense stale"),
        (Fault::Rms, "r.m.s."),
        (Fault::MeasuredDc, "measured direct current"),
        (Fault::KeepAlive, "keep-alive"),
        (Fault::SessionLength, "session length"),
        (Fault::OnTime, "on time"),
        (Fault::StateCorrupt, "state corrupt"),
        (Fault::RampDownOverdue, "ramp-down overdue"),
        (Fault::Output, "output"),
        (Fault::ClockDisagrees, "two clocks do not agree"),
        (Fault::Compliance, "voltage near the rail (only warned of)"),
        (Fault::SlowSide, "slow side hangs"),
    ];

    /// REQ-SAF-308: each number is one fault and back, without a hole, and is that of this list and of docs/records.md.
    #[test]
    fn numbers_go_both_ways() {
        let known: Vec<u8> = (0..=u8::MAX).filter(|code| fault_of(*code).is_some()).collect();
        assert!(known.iter().copied().eq(1..=37));
        for (code, (fault, _)) in (1..).zip(NUMBERED) {
            assert_eq!((fault_of(code), fault_code(fault)), (Some(fault), code));
        }
        use Response::{OpenNow, ProbeLevel, RampDown, Warn};
        for (code, response) in (1..).zip([Warn, ProbeLevel, RampDown, OpenNow]) {
            assert_eq!((response_of(code), response_code(response)), (Some(response), code));
        }
        assert_eq!((response_of(0), response_of(5)), (None, None));
    }

    /// REQ-SAF-308: docs/records.md has the numbers of faults and responses that are written.
    #[test]
    fn the_document_has_the_numbers() {
        let document =
            include_str!("../../../docs/records.md").split_whitespace().collect::<Vec<_>>().join(" ");
        let faults: Vec<String> =
            (1..).zip(NUMBERED).map(|(code, (_, name)): (u8, _)| format!("{code} {name}")).collect();
        assert!(document.contains(&format!("Faults: {}. A number stays", faults.join(", "))));
        assert!(document.contains("| 1 warn; 2 probe level; 3 ramp down; 4 open now |"));
    }
}
