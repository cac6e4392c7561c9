//! A retriggerable one-shot on the enable line, re-armed at each edge.
//!
//! The part (a 74HC123, say) lets the output stage drive for [`ONE_SHOT_US`] after each rising edge of the pin, whatever
//! the processor does afterwards. It bounds what one level can deliver when everything in here has failed.

use embedded_hal::digital::OutputPin;
use nmes_core::Hardware;
use nmes_hal_adapters::Output;
use nmes_safety::AdmittedEdge;

/// How long the part lets one level stand: longer than the longest segment with all its lateness, no longer than needed.
pub(crate) const ONE_SHOT_US: u32 = 500;

/// An output behind the one-shot.
pub(crate) struct OneShot<O, P> {
    inner: O,
    trigger: P,
}

impl<O: Output, P: OutputPin> OneShot<O, P> {
    pub(crate) const fn new(inner: O, trigger: P) -> Self {
        Self { inner, trigger }
    }
}

/// What failed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Broken<E> {
    /// The output behind it.
    Inner(E),
    /// The pin of the one-shot; the output was opened.
    Trigger,
}

impl<O: Output, P: OutputPin> Output for OneShot<O, P> {
    type Error = Broken<O::Error>;

    fn hardware(&self) -> &Hardware {
        self.inner.hardware()
    }

    /// Armed before the level changes, so that no level stands on what an earlier edge left of the time.
    fn apply(&mut self, edges: &[AdmittedEdge]) -> Result<(), Self::Error> {
        let armed = self.trigger.set_high().and_then(|()| self.trigger.set_low());
        if armed.is_err() {
            let _ = self.inner.off();
            return Err(Broken::Trigger);
        }
        self.inner.apply(edges).map_err(Broken::Inner)
    }

    fn channel_off(&mut self, channel: u8) -> Result<(), Self::Error> {
        self.inner.channel_off(channel).map_err(Broken::Inner)
    }

    fn off(&mut self) -> Result<(), Self::Error> {
        self.inner.off().map_err(Broken::Inner)
    }
}
