//! What a converter's registers hold, where known.

/// Input registers and outputs of `N` channels. Unknown until written, and after each failure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracked<const N: usize> {
    input: [Option<i32>; N],
    output: [Option<i32>; N],
    latched: bool,
}

impl<const N: usize> Tracked<N> {
    pub(super) const fn new(latched: bool) -> Self {
        Self { input: [None; N], output: [None; N], latched }
    }

    /// A write has ended. Without a latch the output follows; a failed one may have reached either register.
    pub(super) fn wrote(&mut self, channel: u8, code: i32, succeeded: bool) {
        let index = usize::from(channel);
        let (Some(input), Some(output)) = (self.input.get_mut(index), self.output.get_mut(index)) else {
            return;
        };
        *input = succeeded.then_some(code);
        if !self.latched || !succeeded {
            *output = *input;
        }
    }

    pub(super) fn wrote_all(&mut self, code: i32, succeeded: bool) {
        for channel in (0..).take(N) {
            self.wrote(channel, code, succeeded);
        }
    }

    pub(super) fn latched(&mut self, succeeded: bool) {
        self.output = if succeeded { self.input } else { [None; N] };
    }

    pub(super) fn output(&self, channel: u8) -> Option<i32> {
        self.output.get(usize::from(channel)).copied().flatten()
    }

    pub(super) fn has(channel: u8) -> bool {
        usize::from(channel) < N
    }
}
