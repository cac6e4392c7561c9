//! A list with room for so many, which says so when there are more.

#[cfg(feature = "text")]
extern crate std;

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use heapless::Vec;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// At most `N` of something, in place.
///
/// ```
/// # #[cfg(feature = "files")] {
/// use nmes_protocols::files::List;
/// let list: List<u8, 2> = [1, 2].into_iter().collect();
/// assert_eq!(list.len(), 2);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T, const N: usize>(Vec<T, N>);

impl<T, const N: usize> List<T, N> {
    /// Nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One more; given back where there is no room.
    ///
    /// # Errors
    /// `N` are in it.
    pub fn push(&mut self, value: T) -> Result<(), T> {
        self.0.push(value)
    }
}

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Deref for List<T, N> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// The first `N` of them.
impl<T, const N: usize> FromIterator<T> for List<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().take(N).collect())
    }
}

impl<T: Serialize, const N: usize> Serialize for List<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// At most `N` of something, on the heap: as long as a list on a host may be, and no larger than a pointer where it is handed on.
#[cfg(feature = "text")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongList<T, const N: usize>(std::vec::Vec<T>);

#[cfg(feature = "text")]
impl<T, const N: usize> LongList<T, N> {
    /// Nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self(std::vec::Vec::new())
    }

    /// One more; given back where there is no room.
    ///
    /// # Errors
    /// `N` are in it.
    pub fn push(&mut self, value: T) -> Result<(), T> {
        if self.0.len() >= N {
            return Err(value);
        }
        self.0.push(value);
        Ok(())
    }
}

#[cfg(feature = "text")]
impl<T, const N: usize> Default for LongList<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "text")]
impl<T, const N: usize> Deref for LongList<T, N> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// The first `N` of them.
#[cfg(feature = "text")]
impl<T, const N: usize> FromIterator<T> for LongList<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().take(N).collect())
    }
}

#[cfg(feature = "text")]
impl<T: Serialize, const N: usize> Serialize for LongList<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(feature = "text")]
impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for LongList<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Read::<Self, N>(PhantomData))
    }
}

#[cfg(feature = "text")]
impl<T, const N: usize> Fill for LongList<T, N> {
    type Item = T;
    fn fill(&mut self, value: T) -> Result<(), T> {
        self.push(value)
    }
}

/// What is read item by item.
trait Fill: Default {
    type Item;
    fn fill(&mut self, value: Self::Item) -> Result<(), Self::Item>;
}

impl<T, const N: usize> Fill for List<T, N> {
    type Item = T;
    fn fill(&mut self, value: T) -> Result<(), T> {
        self.push(value)
    }
}

struct Read<L, const N: usize>(PhantomData<L>);

impl<'de, L: Fill<Item: Deserialize<'de>>, const N: usize> Visitor<'de> for Read<L, N> {
    type Value = L;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {N}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<L, A::Error> {
        let mut list = L::default();
        while let Some(item) = sequence.next_element()? {
            if list.fill(item).is_err() {
                return Err(A::Error::invalid_length(N.saturating_add(1), &self));
            }
        }
        Ok(list)
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for List<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Read::<Self, N>(PhantomData))
    }
}
