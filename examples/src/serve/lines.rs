//! Lines out of a stream of anything, with a bound.

/// The longest line that is taken, in bytes, without its end.
pub const LINE_MAX: usize = 4_096;

/// What a stream came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line of text, without its end.
    Text(String),
    /// A line that is longer than [`LINE_MAX`]; it was thrown away up to its end.
    TooLong,
    /// A line that is not UTF-8.
    NotText,
}

/// Collects bytes into lines that end with a line feed, or carriage return and line feed. Holds at most [`LINE_MAX`] bytes
/// whatever comes.
///
/// ```
/// use nmes_examples::serve::lines::{Line, LineBuffer};
/// let mut buffer = LineBuffer::default();
/// let mut lines = Vec::new();
/// buffer.take(b"{\"do\":\"sta", &mut |line| lines.push(line));
/// buffer.take(b"tus\"}\r\n\xff\n", &mut |line| lines.push(line));
/// assert_eq!(lines, [Line::Text("{\"do\":\"status\"}".into()), Line::NotText]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct LineBuffer {
    held: Vec<u8>,
    too_long: bool,
}

impl LineBuffer {
    /// Takes bytes and gives each line that they end. Empty lines are none.
    pub fn take(&mut self, bytes: &[u8], give: &mut dyn FnMut(Line)) {
        for &byte in bytes {
            if byte == b'\n' {
                self.end(give);
            } else if self.held.len() < LINE_MAX {
                self.held.push(byte);
            } else {
                self.too_long = true;
            }
        }
    }

    fn end(&mut self, give: &mut dyn FnMut(Line)) {
        let mut held = std::mem::take(&mut self.held);
        if std::mem::take(&mut self.too_long) {
            return give(Line::TooLong);
        }
        if held.last() == Some(&b'\r') {
            held.pop();
        }
        match String::from_utf8(held) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => give(Line::Text(text)),
            Err(_) => give(Line::NotText),
        }
    }

    /// Bytes held at present.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }
}
