//! Reads the disassembly of a linked image for Cortex-M, as `llvm-objdump -d --no-show-raw-insn` prints it, and says what
//! can be reached from a function: panics, arithmetic on floats, calls through pointers, and the deepest stack.
//!
//! What is not seen: where a call through a pointer goes. Each is listed, to be looked at and named.
//!
//! ```
//! use nmes_inspect::{Image, Walk};
//! let listing = "
//! 00000100 <edges>:
//!      100:  push {r4, r5, r7, lr}
//!      102:  sub sp, #0x18
//!      104:  bl 0x10c <__aeabi_fadd> @ imm = #4
//!      108:  add sp, #0x18
//!      10a:  pop {r4, r5, r7, pc}
//! 0000010c <__aeabi_fadd>:
//!      10c:  bx lr
//! ";
//! let image = Image::read(listing);
//! let walk = Walk::from(&image, "edges").unwrap();
//! assert_eq!((walk.stack, walk.panics.len(), walk.floats.len()), (16 + 24, 0, 1));
//! ```

mod frame;
mod image;
mod name;
mod walk;

pub use image::{Function, Image};
pub use name::readable;
pub use walk::{NotThere, Walk};
