//! How a machine's states and transitions are written: once.

/// An enum of states with the names of the drawing, and the table of transitions.
macro_rules! states {
    (
        $(#[$doc:meta])* $state:ident, $(#[$table_doc:meta])* $table:ident, $drawing:literal;
        $($(#[$each:meta])* $variant:ident = $word:literal),+;
        on: $($on:ident),+;
        $($from:ident -> $to:ident),+ $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "SCREAMING_SNAKE_CASE"))]
        pub enum $state {
            $($(#[$each])* $variant),+
        }

        impl $state {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in the drawing.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// Whether output may be on.
            #[must_use]
            pub const fn is_on(self) -> bool {
                matches!(self, $(Self::$on)|+)
            }
        }

        impl core::fmt::Display for $state {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }

        $(#[$table_doc])*
        pub const $table: &[($state, $state)] = &[$(($state::$from, $state::$to)),+];

        /// The drawing at the top of this module; a test holds the table and the code against it.
        pub const DIAGRAM: &str = include_str!($drawing);
    };
}
