//! Functions, and what stands in them.

use std::collections::BTreeMap;

use crate::name::readable;

/// One line of a listing.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) mnemonic: String,
    pub(crate) operands: String,
    /// The address that stands behind it: of a branch, or of a constant that is loaded.
    pub(crate) target: Option<u64>,
}

/// A function, by where it starts.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// Its symbols, as they are.
    pub symbols: Vec<String>,
    pub(crate) lines: Vec<Line>,
}

/// The functions of an image.
#[derive(Clone, Debug, Default)]
pub struct Image {
    functions: BTreeMap<u64, Function>,
    words: BTreeMap<u64, u32>,
}

impl Image {
    /// Reads a listing; lines that mean nothing to it are left out.
    #[must_use]
    pub fn read(listing: &str) -> Self {
        let mut image = Self::default();
        let mut current = None;
        for line in listing.lines() {
            if let Some((address, symbol)) = heading(line) {
                // `$t`, `$d`: the same function goes on
                if !symbol.starts_with('$') {
                    image.functions.entry(address).or_default().symbols.push(symbol.to_owned());
                    current = Some(address);
                }
            } else if let Some((address, text)) = item(line) {
                image.take(current, address, text);
            }
        }
        image.functions.values_mut().for_each(without_padding);
        image
    }

    fn take(&mut self, current: Option<u64>, address: u64, text: &str) {
        if let Some((_, word)) = text.split_once(".word") {
            let word = word.trim().strip_prefix("0x").and_then(|hex| u32::from_str_radix(hex, 16).ok());
            self.words.extend(word.map(|word| (address, word)));
        }
        let Some(function) = current.and_then(|start| self.functions.get_mut(&start)) else { return };
        if !text.contains(".word") && !text.contains(".short") && !text.contains(".byte") {
            function.lines.push(instruction(text));
        }
    }

    /// Whether there is anything in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// Where a symbol stands.
    #[must_use]
    pub fn find(&self, symbol: &str) -> Option<u64> {
        let has = |function: &Function| function.symbols.iter().any(|name| name == symbol);
        self.functions.iter().find(|(_, function)| has(function)).map(|(&address, _)| address)
    }

    /// The function that an address is in, and where that starts.
    #[must_use]
    pub fn at(&self, address: u64) -> Option<(u64, &Function)> {
        self.functions.range(..=address).next_back().map(|(&start, function)| (start, function))
    }

    /// How many bytes there are from the start of a function to the next.
    #[must_use]
    pub fn bytes(&self, start: u64) -> u64 {
        let next = self.functions.range(start.saturating_add(1)..).next();
        next.map_or(0, |(&next, _)| next.saturating_sub(start))
    }

    /// Where a function stands whose readable name this is: the first of them.
    #[must_use]
    pub fn find_readable(&self, name: &str) -> Option<u64> {
        let has = |function: &Function| function.symbols.iter().any(|symbol| readable(symbol) == name);
        self.functions.iter().find(|(_, function)| has(function)).map(|(&address, _)| address)
    }

    pub(crate) fn word(&self, address: u64) -> Option<u32> {
        self.words.get(&address).copied()
    }
}

/// What linkers fill up with, 0xd4, reads as a branch.
fn without_padding(function: &mut Function) {
    while function.lines.last().is_some_and(|line| line.mnemonic == "bmi") {
        function.lines.pop();
    }
}

/// `10000100 <main>:`
fn heading(line: &str) -> Option<(u64, &str)> {
    let (address, rest) = line.split_once(" <")?;
    let symbol = rest.strip_suffix(">:")?;
    Some((u64::from_str_radix(address, 16).ok()?, symbol))
}

/// `10000104:   bl 0x10000200 <other> @ imm = #248`
fn item(line: &str) -> Option<(u64, &str)> {
    let (address, text) = line.split_once(':')?;
    Some((u64::from_str_radix(address.trim(), 16).ok()?, text.trim()))
}

fn instruction(text: &str) -> Line {
    let (mnemonic, operands) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let operands = operands.trim();
    let plain = operands.split(['@', '<', ';']).next().unwrap_or("").trim();
    Line { mnemonic: mnemonic.to_owned(), operands: plain.to_owned(), target: target(operands) }
}

/// The first address that is followed by a symbol.
fn target(operands: &str) -> Option<u64> {
    let before = operands.split_once('<')?.0.trim_end();
    let hex = before.rsplit([' ', '\t', ',']).next()?.strip_prefix("0x")?;
    u64::from_str_radix(hex, 16).ok()
}
