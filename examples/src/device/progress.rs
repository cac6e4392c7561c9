//! How far a session on a stimulator is: one line on standard error, on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

/// A line that is drawn over itself. Where standard error is no terminal nothing is drawn.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// The second that was drawn last.
    drawn: Option<u64>,
}

impl Progress {
    pub(crate) fn of(end_us: u64) -> Self {
        let bar = ProgressBar::new(end_us / 1_000_000);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {msg}") {
            bar.set_style(style);
        }
        Self { bar, drawn: None }
    }

    pub(crate) fn none() -> Self {
        Self { bar: ProgressBar::hidden(), drawn: None }
    }

    /// Session time and pulses so far; drawn once a second, because the loop that calls it has edges to make.
    pub(crate) fn is_at(&mut self, now_us: u64, pulses: usize, stopping: bool) {
        let second = now_us / 1_000_000;
        if self.drawn == Some(second) {
            return;
        }
        self.drawn = Some(second);
        self.bar.set_position(second);
        self.bar.set_message(line(second, self.bar.length().unwrap_or(0), pulses, stopping));
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn line(second: u64, of: u64, pulses: usize, stopping: bool) -> String {
    let ending = if stopping { ", stopping" } else { "" };
    format!("{second} of {of} s, {pulses} pulses as commanded{ending}")
}

#[cfg(test)]
mod tests {
    use super::{Progress, line};
    use indicatif::{ProgressDrawTarget, TermLike};
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A terminal that keeps what is written.
    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            100
        }
        fn move_cursor_up(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _n: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// REQ-APP-185: the line says how far the session is and how many pulses went out, second by second; without one
    /// nothing is written.
    #[test]
    fn a_line_a_second() {
        let paper = Paper::default();
        let mut progress = Progress::of(90_000_000);
        progress.bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(paper.clone())));
        progress.is_at(12_000_000, 480, false);
        progress.is_at(12_999_999, 519, false);
        progress.bar.tick();
        let written = paper.0.lock().unwrap().clone();
        assert!(written.contains("12 of 90 s, 480 pulses as commanded"), "{written}");
        assert!(!written.contains("519"), "{written}");
        assert_eq!(line(13, 90, 520, true), "13 of 90 s, 520 pulses as commanded, stopping");
        assert!(Progress::none().bar.is_hidden());
    }
}
