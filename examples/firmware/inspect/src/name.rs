//! What a symbol says.

/// A mangled name as a path, without its hash; as it is where it is not mangled the old way.
///
/// ```
/// assert_eq!(nmes_inspect::readable("_ZN4core9panicking9panic_fmt17h0123456789abcdefE"), "core::panicking::panic_fmt");
/// assert_eq!(nmes_inspect::readable("__aeabi_fadd"), "__aeabi_fadd");
/// ```
#[must_use]
pub fn readable(symbol: &str) -> String {
    let Some(mut rest) = symbol.strip_prefix("_ZN") else { return symbol.to_owned() };
    let mut parts = Vec::new();
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()).filter(|&end| end > 0) {
        let (digits, after) = rest.split_at(end);
        let Some((part, then)) = digits.parse().ok().and_then(|length| after.split_at_checked(length)) else {
            break;
        };
        parts.push(part);
        rest = then;
    }
    if parts.last().is_some_and(|last| last.len() == 17 && last.starts_with('h')) {
        parts.pop();
    }
    parts.join("::")
}

/// Whether it is the way to a panic. All of them end in `core`'s, and that in the image's own handler.
pub(crate) fn is_panic(symbol: &str) -> bool {
    ["panicking", "panic_", "rust_begin_unwind", "unwrap_failed", "expect_failed"]
        .iter()
        .any(|part| symbol.contains(part))
}

/// Whether it is arithmetic on floats, by the names of the Arm ABI and of compilers' libraries.
pub(crate) fn is_float(symbol: &str) -> bool {
    let arm = symbol.strip_prefix("__aeabi_").is_some_and(|rest| {
        let conversion = ["i2f", "i2d", "ui2f", "ui2d", "l2f", "l2d", "ul2f", "ul2d"].contains(&rest);
        conversion
            || rest.starts_with('f')
            || rest.starts_with('d')
            || rest.starts_with("cf")
            || rest.starts_with("cd")
    });
    let operation = symbol.trim_start_matches('_');
    let library = symbol.starts_with("__")
        && ["add", "sub", "mul", "div", "neg", "pow", "extend", "trunc", "fix", "float", "cmp", "unord"]
            .iter()
            .any(|name| operation.starts_with(name))
        && ["sf", "df", "tf", "sf2", "df2", "sf3", "df3", "si", "di"]
            .iter()
            .any(|end| operation.ends_with(end))
        && ["sf", "df", "tf"].iter().any(|float| operation.contains(float));
    arm || library || symbol.contains("libm")
}

#[cfg(test)]
mod tests {
    use super::{is_float, is_panic};

    /// REQ-HAL-391: names of both kinds are told from names that only look like them.
    #[test]
    fn names() {
        for name in [
            "__aeabi_fadd",
            "__aeabi_dcmpun",
            "__aeabi_ul2d",
            "__aeabi_cfcmple",
            "__muldf3",
            "__floatunsisf",
            "__fixdfdi",
        ] {
            assert!(is_float(name), "{name}");
        }
        for name in [
            "__aeabi_uidiv",
            "__aeabi_ldivmod",
            "__aeabi_idiv",
            "__aeabi_lmul",
            "__udivmoddi4",
            "__muldi3",
            "memcpy",
        ] {
            assert!(!is_float(name), "{name}");
        }
        for name in
            ["_ZN4core9panicking9panic_fmt17hE", "_RNvNtCs_4core9panicking5panic", "rust_begin_unwind"]
        {
            assert!(is_panic(name), "{name}");
        }
        assert!(!is_panic("_ZN11nmes_safety5guard5Guard4trip17hE"));
    }
}
