//! What goes wrong at an output that has a part around it.

use core::fmt;

/// A failure of an [`Output`](crate::Output) behind a part: a one-shot, a supply, lines for other instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerError<OUT, PART> {
    /// The output failed.
    Output(OUT),
    /// The part failed; the output was opened.
    Part(PART),
    /// Both failed, whichever was first.
    Both(OUT, PART),
    /// The supply is not up; nothing was put out, and the output was opened.
    NotReady,
    /// It failed before, and has not been opened since.
    Stopped,
}

impl<OUT, PART> LayerError<OUT, PART> {
    /// Both answers as one.
    pub(crate) fn both(output: Result<(), OUT>, part: Result<(), PART>) -> Result<(), Self> {
        match (output, part) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(output), Ok(())) => Err(Self::Output(output)),
            (Ok(()), Err(part)) => Err(Self::Part(part)),
            (Err(output), Err(part)) => Err(Self::Both(output, part)),
        }
    }
}

impl<OUT: fmt::Debug, PART: fmt::Debug> fmt::Display for LayerError<OUT, PART> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(output) => write!(f, "the output failed: {output:?}"),
            Self::Part(part) => write!(f, "the part around the output failed: {part:?}"),
            Self::Both(output, part) => {
                write!(f, "the output failed: {output:?}; the part around it failed: {part:?}")
            }
            Self::NotReady => f.write_str("the supply of the output is not up"),
            Self::Stopped => f.write_str("the output failed before and has not been opened since"),
        }
    }
}

impl<OUT: fmt::Debug, PART: fmt::Debug> core::error::Error for LayerError<OUT, PART> {}
