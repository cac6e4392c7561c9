//! Which half of the ring was just finished, by the two flags of its DMA channel.

/// A half that DMA has finished with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half {
    /// Its place in the ring: 0 or 1.
    pub place: u8,
    /// Halves are counted from 0 as they are played; this is the number of the one that is to be filled here.
    pub next: u32,
}

/// Counts the halves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Halves {
    finished: u32,
}

impl Halves {
    /// Halves 0 and 1 are filled and none was played.
    #[must_use]
    pub const fn new() -> Self {
        Self { finished: 0 }
    }

    /// What the flags of "half transfer" and "transfer complete" mean. `None` where they are not those of the next half
    /// and of no other: one was missed.
    pub fn finish(&mut self, half_transfer: bool, transfer_complete: bool) -> Option<Half> {
        let place = u8::from(!self.finished.is_multiple_of(2));
        let expected = if place == 0 { (true, false) } else { (false, true) };
        if (half_transfer, transfer_complete) != expected {
            return None;
        }
        let next = self.finished.wrapping_add(2);
        self.finished = self.finished.wrapping_add(1);
        Some(Half { place, next })
    }

    /// Whether a channel of `ring` items, of which `left` are left to transfer, reads elsewhere than in this half.
    #[must_use]
    pub fn clear_of(half: Half, left: usize, ring: usize) -> bool {
        let at = ring.saturating_sub(left);
        let second = at >= ring / 2 && at < ring;
        second != (half.place == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Half, Halves};

    /// REQ-HAL-386: halves are taken in turn; a flag too many, the wrong one, or none is a missed half.
    #[test]
    fn in_turn_or_not_at_all() {
        let mut halves = Halves::new();
        for number in 0..1_000_u32 {
            let odd = number % 2 == 1;
            for wrong in [(odd, !odd), (true, true), (false, false)] {
                assert_eq!(halves.finish(wrong.0, wrong.1), None);
            }
            let half = halves.finish(!odd, odd);
            assert_eq!(half, Some(Half { place: u8::from(odd), next: number + 2 }));
        }
    }

    /// REQ-HAL-386: a ring of 100 is clear of the half that is not being read.
    #[test]
    fn where_the_channel_reads() {
        let clear = |place, left| Halves::clear_of(Half { place, next: 2 }, left, 100);
        // all left: it is at the first item of the first half
        assert!(!clear(0, 100) && clear(1, 100) && !clear(0, 51) && clear(1, 51));
        assert!(clear(0, 50) && !clear(1, 50) && clear(0, 1) && !clear(1, 1));
        // before the count is loaded again
        assert!(!clear(0, 0) && clear(1, 0));
    }
}
