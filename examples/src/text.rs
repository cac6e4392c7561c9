//! Plain text for people: aligned tables, and colour only where it can be shown.

use clap::builder::styling::{AnsiColor, Style};
use std::fmt::Write as _;
use std::io::IsTerminal;

/// Whether and how words are coloured.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// Colour when standard output is a terminal and `NO_COLOR` is not set.
    #[must_use]
    pub fn for_stdout() -> Self {
        Self { on: !is_refused() && std::io::stdout().is_terminal() }
    }

    /// The same for standard error.
    #[must_use]
    pub fn for_stderr() -> Self {
        Self { on: !is_refused() && std::io::stderr().is_terminal() }
    }

    /// No colour.
    #[must_use]
    pub const fn never() -> Self {
        Self { on: false }
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A headline.
    #[must_use]
    pub fn head(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// All is well.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// Worth a look.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    /// Refused, faulted or missed.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }
}

fn is_refused() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// A table whose columns are as wide as their widest cell.
#[derive(Clone, Debug, Default)]
pub struct Table {
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a header; a header that begins with `>` aligns its column to the right.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        let right = header.iter().map(|h| h.starts_with('>')).collect();
        let names = header.iter().map(|h| h.trim_start_matches('>').to_owned()).collect();
        Self { right, rows: vec![names] }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The table as lines, each indented by two blanks; `paint` may colour a finished line.
    #[must_use]
    pub fn lines(&self, paint: impl Fn(&[String], String) -> String) -> String {
        let columns = self.right.len();
        let width = |i: usize| self.rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|i| width(i).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::from(" ");
            for (i, cell) in row.iter().enumerate() {
                let width = widths.get(i).copied().unwrap_or(0);
                let to_right = self.right.get(i).copied().unwrap_or(false);
                line += &if to_right { format!(" {cell:>width$} ") } else { format!(" {cell:<width$} ") };
            }
            let _ = writeln!(text, "{}", paint(row, line.trim_end().to_owned()));
        }
        text
    }

    /// The table without colour.
    #[must_use]
    pub fn plain(&self) -> String {
        self.lines(|_, line| line)
    }
}

/// A number of thousandths with up to `decimals` decimals, without needless zeros.
#[must_use]
pub fn thousandths(value: u64, decimals: usize) -> String {
    trimmed(value as f64 / 1e3, decimals)
}

/// A text of somebody else's, for a terminal: characters that would control it are shown as such.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A number with up to `decimals` decimals, without needless zeros.
#[must_use]
pub fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Paint, Table, thousandths, trimmed};

    /// REQ-APP-248.
    #[test]
    fn columns_line_up_and_numbers_are_short() {
        let mut table = Table::new(&["rule", ">µA"]);
        table.row(["N-1".into(), "5".into()]);
        table.row(["E-long".into(), "1000".into()]);
        assert_eq!(table.plain(), "  rule      µA\n  N-1        5\n  E-long  1000\n");
        assert_eq!((thousandths(40_000, 3), thousandths(22_500, 1)), ("40".into(), "22.5".into()));
        assert_eq!(
            (trimmed(-0.001, 2), trimmed(4.80, 2), trimmed(12.0, 0)),
            ("0".into(), "4.8".into(), "12".into())
        );
    }

    /// REQ-APP-248.
    #[test]
    fn no_colour_means_no_escapes() {
        assert_eq!(Paint::never().bad("deny"), "deny");
        assert!(Paint { on: true }.bad("deny").contains('\u{1b}'));
    }
}
