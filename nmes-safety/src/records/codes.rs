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
    Output = 34, ClockDisagrees = 35, Compliance = 36,
}

codes! { Response: response_code, response_of;
    Warn = 1, ProbeLevel = 2, RampDown = 3, OpenNow = 4,
}

#[cfg(test)]
mod tests {
    use super::{fault_code, fault_of, response_code, response_of};

    /// REQ-SAF-308: each number is one fault and back, without a hole.
    #[test]
    fn numbers_go_both_ways() {
        let known = || (0..=u8::MAX).filter(|code| fault_of(*code).is_some());
        assert!(known().count() >= 36 && known().zip(1_u8..).all(|(code, n)| code == n));
        assert!(known().all(|code| fault_of(code).map(fault_code) == Some(code)));
        assert!((1..=4).all(|code| response_of(code).map(response_code) == Some(code)));
        assert_eq!((response_of(0), response_of(5)), (None, None));
    }
}
