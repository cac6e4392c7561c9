//! With the feature `fault-injection`: every stored value of a running engine, for somebody who flips bits in it.
//!
//! Flipping bits in the private state of another crate takes either `unsafe`, a write into the process's own memory, or a
//! hook. The first is forbidden here, and both of the first two can make values that no enum has, which is undefined
//! behaviour in the test and says nothing about the device. So there is a hook, as small as it can be: it names fields and
//! changes one bit of one of them. What an integer or a `bool` holds is flipped bit by bit; an `Option` loses its value or
//! gets a stale one; an enum becomes another of its variants. References are left alone: a damaged pointer ends in a hard
//! fault, and that in `safe_state`.
//!
//! Each structure is taken apart with all its fields named, so a field that is added and not listed here does not compile.

#[cfg(target_os = "none")]
compile_error!("fault-injection is for campaigns on a host; a device is built without it");

use crate::agenda::Due;
use crate::cell::{Cell, Packed};
use crate::channel::{ChannelState, Pending, Train};
use crate::engine::{Change, Engine};
use crate::envelope::Envelope;
use crate::frame::{FrameKind, Level, PulseFrame};
use crate::session::Setting;
use crate::train::Clockwork;
use crate::units::Charge;

/// How deep the names of a stored value go.
const DEPTH: usize = 8;

/// Goes over stored values, each with the names of the fields that lead to it. What is called for each is given its path
/// and its number of bits, and may answer with a bit to flip.
pub struct Walk<'v> {
    path: [&'static str; DEPTH],
    depth: usize,
    visit: &'v mut dyn FnMut(&[&'static str], u32) -> Option<u32>,
}

impl core::fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Walk").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl<'v> Walk<'v> {
    /// A walk that asks `visit` at each stored value.
    pub fn new(visit: &'v mut dyn FnMut(&[&'static str], u32) -> Option<u32>) -> Self {
        Self { path: [""; DEPTH], depth: 0, visit }
    }

    fn path(&self) -> &[&'static str] {
        self.path.get(..self.depth).unwrap_or(&[])
    }

    /// A part, under a name.
    pub fn part<T: Flip + ?Sized>(&mut self, name: &'static str, part: &mut T) {
        let Some(slot) = self.path.get_mut(self.depth) else { return };
        *slot = name;
        self.depth = self.depth.saturating_add(1);
        part.flip(self);
        self.depth = self.depth.saturating_sub(1);
    }

    /// A stored value of so many bits: the one to flip, if any.
    pub fn leaf(&mut self, bits: u32) -> Option<u32> {
        let path = self.path.get(..self.depth).unwrap_or(&[]);
        (self.visit)(path, bits).map(|bit| bit.checked_rem(bits).unwrap_or(0))
    }
}

/// Something whose stored bits can be flipped.
pub trait Flip {
    /// What an option without a value turns into when its mark is flipped; `None` where nothing can be made up.
    #[must_use]
    fn stale() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Shows each stored value, and flips those bits that are asked for.
    fn flip(&mut self, walk: &mut Walk<'_>);
}

macro_rules! integers {
    ($($type:ty),*) => { $(
        impl Flip for $type {
            fn stale() -> Option<Self> {
                Some(0)
            }
            fn flip(&mut self, walk: &mut Walk<'_>) {
                if let Some(bit) = walk.leaf(<$type>::BITS) {
                    let one: $type = 1;
                    *self ^= one.wrapping_shl(bit);
                }
            }
        }
    )* };
}

integers!(u8, u16, u32, u64, u128, usize, i32, i64);

impl Flip for bool {
    fn stale() -> Option<Self> {
        Some(false)
    }
    fn flip(&mut self, walk: &mut Walk<'_>) {
        if walk.leaf(1).is_some() {
            *self = !*self;
        }
    }
}

impl<T: Flip> Flip for Option<T> {
    fn flip(&mut self, walk: &mut Walk<'_>) {
        if (self.is_some() || T::stale().is_some()) && walk.leaf(1).is_some() {
            *self = if self.is_some() { None } else { T::stale() };
            return;
        }
        if let Some(value) = self {
            value.flip(walk);
        }
    }
}

impl<T: Flip, const N: usize> Flip for [T; N] {
    fn flip(&mut self, walk: &mut Walk<'_>) {
        for part in self {
            part.flip(walk);
        }
    }
}

impl<A: Flip, B: Flip> Flip for (A, B) {
    fn flip(&mut self, walk: &mut Walk<'_>) {
        self.0.flip(walk);
        self.1.flip(walk);
    }
}

/// Implements [`Flip`] for a structure: the fields that hold values, and those that are left alone.
#[macro_export]
#[doc(hidden)]
macro_rules! flip_fields {
    ($type:ty { $($field:ident),* $(,)? } $(not { $($kept:ident),* $(,)? })?) => {
        impl $crate::flip::Flip for $type {
            fn flip(&mut self, walk: &mut $crate::flip::Walk<'_>) {
                let Self { $($field,)* $($($kept: _,)*)? } = self;
                $(walk.part(stringify!($field), $field);)*
            }
        }
    };
}

/// Implements [`Flip`] for an enum without values: a flip makes it the next of those named.
#[macro_export]
#[doc(hidden)]
macro_rules! flip_variants {
    ($type:ty { $first:ident $(, $rest:ident)* $(,)? }) => {
        impl $crate::flip::Flip for $type {
            fn stale() -> Option<Self> {
                Some(Self::$first)
            }
            fn flip(&mut self, walk: &mut $crate::flip::Walk<'_>) {
                const ALL: &[$type] = &[<$type>::$first $(, <$type>::$rest)*];
                if let Some(bit) = walk.leaf(u8::BITS) {
                    let at = ALL.iter().position(|one| one == self).unwrap_or(0);
                    let step = usize::try_from(bit).unwrap_or(0).checked_rem(ALL.len().saturating_sub(1).max(1));
                    let to = at.saturating_add(step.unwrap_or(0)).saturating_add(1).checked_rem(ALL.len());
                    *self = to.and_then(|n| ALL.get(n)).copied().unwrap_or(*self);
                }
            }
        }
    };
}

flip_variants!(Pending { Nothing, Silent, Pause, Off, Frame });
flip_variants!(Train { Idle, Running, Closing, Done });
flip_variants!(FrameKind { Pulse, Trim, Recover });

impl Flip for Level {
    fn flip(&mut self, walk: &mut Walk<'_>) {
        let mut packed = Packed::from(*self);
        packed.flip(walk);
        *self = packed.into();
    }
}

impl Flip for Charge {
    fn flip(&mut self, walk: &mut Walk<'_>) {
        let mut sum = self.as_nanoamp_ticks();
        sum.flip(walk);
        *self = Self::from_nanoamp_ticks(sum);
    }
}

flip_fields!(Setting { amplitude, width });
flip_fields!(Envelope { open_tick, from, hold_tick, close_tick, up_ticks, down_ticks });
flip_fields!(Cell {
    levels,
    ticks,
    stored_len,
    split,
    mirrored,
    gap_last,
    cycles,
    body_len,
    code,
    step,
    extra,
    zero,
    main,
    main_end,
    tail,
    movable
});
flip_fields!(Change { channel, sequence, edge, level });
flip_fields!(PulseFrame<'_> { channel, kind, sequence, onset_tick, rest, cell } not { body });
flip_fields!(Due { at, channels, first, is_alone });
flip_fields!(Clockwork { start, end, stopping } not { reserved });
flip_fields!(ChannelState {
    pending, accepted, plain, edge, within, left, last_repeat, recorded, next, next_ticks, late, level, moved, sequence, at, since,
    steady_until, earliest_onset, onsets, frame, owed, carry, outcome, main_began, main_level, made_for, balancing_code,
    train_pulses, planned, envelope, peak, train, trims_in_row, paused, stale, recover, limited, stage_period, contraction,
    train_end, set, set_ticks, commanded_at, train_open, queued, recovery, duck, openings
} not { receipt, receipt_ready, counters, fault });

impl Flip for Engine<'_, '_> {
    fn flip(&mut self, walk: &mut Walk<'_>) {
        let Self { plan, channels, clock, refused_triggers, agenda, fault: _ } = self;
        for state in channels.iter_mut().take(usize::from(plan.channel_count())) {
            walk.part("channels", state);
        }
        walk.part("clock", clock);
        walk.part("refused_triggers", refused_triggers);
        walk.part("agenda", agenda);
    }
}
