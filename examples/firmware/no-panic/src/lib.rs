//! What the link proofs share: a panic handler that cannot be linked, inputs that nothing is known about, and the
//! index that has to make the proof fail.
//!
//! Each image in `src/bin` calls the public functions of one crate with values that the compiler cannot foresee. Its
//! panic handler calls a symbol that exists nowhere. After link-time optimisation the image links only if no path
//! leads to the handler. With the feature `control` every image also indexes a table, and must not link.
//!
//! The images are never run.
#![no_std]

use core::hint::black_box;
use core::panic::PanicInfo;

#[expect(unsafe_code, reason = "declares a symbol that exists nowhere; an image that needs it does not link")]
unsafe extern "C" {
    safe fn nmes_a_panic_can_be_reached() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    nmes_a_panic_can_be_reached()
}

/// A value of which the compiler knows only the type.
pub fn any<T>(value: T) -> T {
    black_box(value)
}

/// Keeps a result, so that what made it is not removed.
pub fn keep<T>(value: T) {
    drop(black_box(value));
}

/// The end of an image.
pub fn rest() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// The negative control: with the feature `control`, an index that may be out of bounds.
pub fn control() {
    #[cfg(feature = "control")]
    {
        let table = any([1_u8, 2, 3]);
        #[expect(clippy::indexing_slicing, reason = "the panic that the proof has to find")]
        keep(table[any(2_usize)]);
    }
}
