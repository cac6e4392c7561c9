//! How deep a function's own frame gets, by what it does to its stack pointer.
//!
//! Read from top to bottom: what takes stack adds up, what gives it back before a return is undone after it, because the
//! code that follows is reached from elsewhere. So the depth is never too small; where a compiler saves registers in two
//! places of one function (shrink-wrapping) it may be too large.

use std::collections::BTreeMap;

use crate::image::{Function, Image, Line};

/// Bytes, or `None` where the stack pointer is moved by what is not a constant.
pub(crate) fn frame(image: &Image, function: &Function) -> Option<u64> {
    let mut depth = Depth::default();
    let mut constants = BTreeMap::new();
    for line in &function.lines {
        remember(image, line, &mut constants);
        match moved(line, &constants)? {
            0 => {}
            bytes if bytes > 0 => depth.take(bytes.unsigned_abs()),
            bytes => depth.give(bytes.unsigned_abs()),
        }
        if leaves(line) {
            depth.after_return();
        }
    }
    Some(depth.most)
}

#[derive(Default)]
struct Depth {
    now: u64,
    most: u64,
    /// The depth before the epilogue that is under way.
    before: Option<u64>,
}

impl Depth {
    fn take(&mut self, bytes: u64) {
        self.now = self.now.saturating_add(bytes);
        self.most = self.most.max(self.now);
    }

    fn give(&mut self, bytes: u64) {
        self.before.get_or_insert(self.now);
        self.now = self.now.saturating_sub(bytes);
    }

    fn after_return(&mut self) {
        if let Some(before) = self.before.take() {
            self.now = before;
        }
    }
}

/// A return, or a branch that is always taken.
fn leaves(line: &Line) -> bool {
    let name = line.mnemonic.trim_end_matches(".w").trim_end_matches(".n");
    let loads_pc = (name.starts_with("pop") || name.starts_with("ldm")) && line.operands.contains("pc");
    loads_pc || name == "b" || name == "bx" || (name.starts_with("ldr") && line.operands.starts_with("pc"))
}

/// Registers that hold a constant.
fn remember(image: &Image, line: &Line, constants: &mut BTreeMap<String, i64>) {
    let Some((register, rest)) = line.operands.split_once(',') else { return };
    let (register, rest) = (register.trim().to_owned(), rest.trim());
    let value = match line.mnemonic.trim_end_matches(".w") {
        "ldr" => line.target.and_then(|at| image.word(at)).map(|word| i64::from(word.cast_signed())),
        "mov" | "movs" | "movw" => number(rest),
        "movt" => match (constants.get(&register), number(rest)) {
            (Some(low), Some(high)) => Some(high.saturating_mul(0x1_0000).saturating_add(*low)),
            _ => None,
        },
        "lsls" => match (rest.split_once(','), constants.get(&register)) {
            (Some((_, by)), Some(value)) => number(by.trim())
                .and_then(|by| value.checked_mul(1_i64.checked_shl(u32::try_from(by).ok()?)?)),
            _ => None,
        },
        // whatever else it does, nothing is known of it afterwards
        _ => None,
    };
    match value {
        Some(value) => constants.insert(register, value),
        None => constants.remove(&register),
    };
}

/// Bytes by which the stack grows with a line; less than zero where it shrinks. `None` where nobody can say.
fn moved(line: &Line, constants: &BTreeMap<String, i64>) -> Option<i64> {
    let name = line.mnemonic.trim_end_matches(".w").trim_end_matches(".n");
    let operands = line.operands.as_str();
    match name {
        "push" | "vpush" => Some(saved(operands, name == "vpush")),
        "pop" | "vpop" => Some(saved(operands, name == "vpop").saturating_neg()),
        "stmdb" if operands.starts_with("sp!") => Some(saved(operands, false)),
        "ldm" | "ldmia" if operands.starts_with("sp!") => Some(saved(operands, false).saturating_neg()),
        "str" | "strd" | "ldr" | "ldrd" if operands.contains("[sp") && written_back(operands) => {
            stepped(operands)
        }
        "sub" | "subw" | "add" | "addw" if operands.starts_with("sp,") => {
            let last = operands.rsplit(',').next()?.trim();
            let bytes = number(last).or_else(|| constants.get(last).copied())?;
            Some(if name.starts_with("sub") { bytes } else { bytes.saturating_neg() })
        }
        // back to where a frame pointer was made: never deeper
        "mov" if operands.starts_with("sp,") => Some(0),
        _ => Some(0),
    }
}

fn written_back(operands: &str) -> bool {
    operands.ends_with("]!") || operands.contains("], #")
}

/// `str lr, [sp, #-8]!` takes 8, `ldr lr, [sp], #8` gives them back.
fn stepped(operands: &str) -> Option<i64> {
    let at = operands.rsplit('#').next()?.trim_end_matches(['!', ']']);
    number(at).map(i64::saturating_neg)
}

/// Bytes of a list of registers.
fn saved(operands: &str, doubles: bool) -> i64 {
    let list = operands.split(['{', '}']).nth(1).unwrap_or("");
    let count: i64 = list.split(',').map(registers).sum();
    count.saturating_mul(if doubles { 8 } else { 4 })
}

fn registers(entry: &str) -> i64 {
    let number_of = |name: &str| name.trim().trim_start_matches(['r', 'd', 's']).parse::<i64>().ok();
    match entry.split_once('-') {
        Some((first, last)) => match (number_of(first), number_of(last)) {
            (Some(first), Some(last)) => last.saturating_sub(first).saturating_add(1),
            _ => 1,
        },
        None => i64::from(!entry.trim().is_empty()),
    }
}

/// `#24`, `#0x18`, `#-8`
fn number(text: &str) -> Option<i64> {
    let text = text.strip_prefix('#').unwrap_or(text).trim();
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let value = match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok()?,
        None => text.parse().ok()?,
    };
    value.checked_mul(sign)
}
