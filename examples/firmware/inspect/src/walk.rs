//! What can be reached from a function.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::frame::frame;
use crate::image::{Function, Image, Line};
use crate::name::{is_float, is_panic, readable};

/// There is no such function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotThere(pub String);

impl fmt::Display for NotThere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the image has no {}", self.0)
    }
}

impl std::error::Error for NotThere {}

/// What a walk along every call has found.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// Functions that can be reached, the first included.
    pub functions: usize,
    /// Bytes of their code.
    pub bytes: u64,
    /// The deepest stack in bytes, along calls that are seen; without what the processor itself pushes.
    pub stack: u64,
    /// The calls to the deepest point, each with the bytes of its own frame.
    pub deepest: Vec<String>,
    /// Ways to a panic: each chain of calls ends in it.
    pub panics: Vec<Vec<String>>,
    /// Ways to arithmetic on floats: a function of a library, or an instruction.
    pub floats: Vec<Vec<String>>,
    /// Functions that call through a pointer, and how often.
    pub indirect: BTreeMap<String, usize>,
    /// Functions that reach themselves, or move their stack by what is no constant: the stack is not known then.
    pub unbounded: BTreeSet<String>,
}

struct Walker<'i> {
    image: &'i Image,
    path: Vec<u64>,
    depth: BTreeMap<u64, (u64, Vec<u64>)>,
    own: BTreeMap<u64, u64>,
    walk: Walk,
}

impl Walk {
    /// Along every call and every branch to another function, from a symbol or a readable name.
    ///
    /// # Errors
    /// There is no such symbol.
    pub fn from(image: &Image, symbol: &str) -> Result<Self, NotThere> {
        let start = image.find(symbol).or_else(|| image.find_readable(symbol));
        let start = start.ok_or_else(|| NotThere(symbol.to_owned()))?;
        let mut walker = Walker {
            image,
            path: Vec::new(),
            depth: BTreeMap::new(),
            own: BTreeMap::new(),
            walk: Self::default(),
        };
        let (stack, deepest) = walker.visit(start);
        let with_frame =
            |at: &u64| format!("{} ({})", walker.name(*at), walker.own.get(at).copied().unwrap_or(0));
        let names = deepest.iter().map(with_frame).collect();
        let bytes = walker.depth.keys().map(|&at| image.bytes(at)).sum();
        Ok(Self { functions: walker.depth.len(), bytes, stack, deepest: names, ..walker.walk })
    }
}

impl Walker<'_> {
    /// The deepest stack from here on, and the way to it.
    fn visit(&mut self, start: u64) -> (u64, Vec<u64>) {
        if let Some(known) = self.depth.get(&start) {
            return known.clone();
        }
        if self.path.contains(&start) {
            let name = self.name(start);
            self.walk.unbounded.insert(name);
            return (0, Vec::new());
        }
        self.path.push(start);
        let image = self.image;
        let function = image.at(start).map(|(_, function)| function.clone()).unwrap_or_default();
        self.look(&function);
        let own = frame(image, &function).unwrap_or_else(|| {
            let name = self.name(start);
            self.walk.unbounded.insert(name);
            0
        });
        self.own.insert(start, own);
        let mut most = (0, Vec::new());
        for callee in callees(image, start, &function) {
            let below = self.visit(callee);
            if below.0 >= most.0 {
                most = below;
            }
        }
        most.1.insert(0, start);
        most.0 = most.0.saturating_add(own);
        self.path.pop();
        self.depth.insert(start, most.clone());
        most
    }

    fn look(&mut self, function: &Function) {
        let by_symbol = |is: fn(&str) -> bool| function.symbols.iter().any(|symbol| is(symbol));
        if by_symbol(is_panic) {
            let way = self.way(None);
            self.walk.panics.push(way);
        }
        if by_symbol(is_float) {
            let way = self.way(None);
            self.walk.floats.push(way);
        }
        if let Some(line) = function.lines.iter().find(|line| is_float_instruction(line)) {
            let way = self.way(Some(line));
            self.walk.floats.push(way);
        }
        let pointers = function.lines.iter().filter(|line| calls_pointer(line)).count();
        if pointers > 0 {
            let name = self.path.last().map(|&at| self.name(at)).unwrap_or_default();
            self.walk.indirect.insert(name, pointers);
        }
    }

    fn way(&self, line: Option<&Line>) -> Vec<String> {
        let mut way: Vec<String> = self.path.iter().map(|&at| self.name(at)).collect();
        way.extend(line.map(|line| format!("{} {}", line.mnemonic, line.operands)));
        way
    }

    fn name(&self, at: u64) -> String {
        let symbol = self.image.at(at).and_then(|(_, function)| function.symbols.first());
        symbol.map_or_else(|| format!("{at:#x}"), |symbol| readable(symbol))
    }
}

/// Where its calls and its branches out of itself go.
fn callees(image: &Image, start: u64, function: &Function) -> BTreeSet<u64> {
    let branches = function
        .lines
        .iter()
        .filter(|line| line.mnemonic.starts_with('b') || line.mnemonic.starts_with("cb"));
    let targets = branches.filter_map(|line| line.target).filter_map(|target| image.at(target));
    targets
        .map(|(callee, _)| callee)
        .filter(|&callee| callee != start)
        .chain(itself(start, function))
        .collect()
}

/// A call of itself, which is no branch within itself.
fn itself(start: u64, function: &Function) -> Option<u64> {
    function.lines.iter().any(|line| line.mnemonic == "bl" && line.target == Some(start)).then_some(start)
}

/// `blx r3`; and `bx r3` or `mov pc, r3`, unless it goes back or through a table of its own.
fn calls_pointer(line: &Line) -> bool {
    let register = line.operands.starts_with('r');
    (line.mnemonic == "blx" || line.mnemonic == "bx") && register
}

/// Every instruction of the floating-point unit, moves included.
fn is_float_instruction(line: &Line) -> bool {
    line.mnemonic.starts_with('v')
}
