//! Listings of what images do, and what has to be found in them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by a panic"
)]

use nmes_inspect::{Image, Walk};

/// An interrupt of a Cortex-M4F, which calls a function that saves registers, makes room and branches on at its end.
const SOUND: &str = "
08000000 <DMA1_CHANNEL2>:
 8000000:      \tpush\t{r4, r5, r6, r7, lr}
 8000002:      \tsub\tsp, #12
 8000004:      \tbl\t0x8000020 <_ZN4nmes4fill17h0123456789abcdefE> @ imm = #24
 8000008:      \tcbz\tr0, 0x800000e <DMA1_CHANNEL2+0xe> @ imm = #2
 800000a:      \tadd\tsp, #12
 800000c:      \tpop\t{r4, r5, r6, r7, pc}
 800000e:      \tbl\t0x8000040 <_ZN4nmes4rest17h0123456789abcdefE> @ imm = #46
 8000012:      \tadd\tsp, #12
 8000014:      \tpop\t{r4, r5, r6, r7, pc}
 8000016:      \tbmi\t0x7ffffc2 <DMA1_CHANNEL2-0x3e> @ imm = #-88

08000020 <_ZN4nmes4fill17h0123456789abcdefE>:
 8000020:      \tpush.w\t{r4, r5, r6, r7, r8, lr}
 8000024:      \tsubw\tsp, sp, #1008
 8000028:      \tadd.w\tsp, sp, #1008
 800002c:      \tpop.w\t{r4, r5, r6, r7, r8, lr}
 8000030:      \tb.w\t0x8000040 <_ZN4nmes4rest17h0123456789abcdefE> @ imm = #12

08000040 <_ZN4nmes4rest17h0123456789abcdefE>:
 8000040:      \tstr\tlr, [sp, #-8]!
 8000044:      \tldr\tpc, [sp], #8

08000050 <_ZN4core9panicking9panic_fmt17h0123456789abcdefE>:
 8000050:      \tb\t0x8000050 <_ZN4core9panicking9panic_fmt17h0123456789abcdefE> @ imm = #-4
 
08000060 <__aeabi_fmul>:
 8000060:      \tbx\tlr
";

fn walk(listing: &str) -> Walk {
    Walk::from(&Image::read(listing), "DMA1_CHANNEL2").unwrap()
}

/// The same, with another instruction at an address of `rest`.
fn doctored(instruction: &str) -> Walk {
    let sound = "8000044:      \tldr\tpc, [sp], #8";
    assert!(SOUND.contains(sound));
    walk(&SOUND.replace(sound, &format!("8000042:      \t{instruction}\n {sound}")))
}

/// REQ-HAL-391: what is there and cannot be reached is not found; the stack is that of the deepest calls.
#[test]
fn a_sound_image() {
    let walk = walk(SOUND);
    assert_eq!(
        (walk.panics.len(), walk.floats.len(), walk.indirect.len(), walk.unbounded.len()),
        (0, 0, 0, 0)
    );
    assert_eq!(walk.functions, 3);
    // the tail of `fill` calls `rest` at its own depth at most
    assert_eq!(walk.stack, (20 + 12) + (24 + 1_008) + 8);
    assert!(Walk::from(&Image::read(SOUND), "TIM1").is_err());
}

/// REQ-HAL-391: a call of the panic handler, of float arithmetic, through a pointer, of itself, an instruction of the
/// floating-point unit, and a stack pointer that nobody knows, each two calls down, are found.
#[test]
fn each_thing_that_must_not_be() {
    let panic = doctored("bl\t0x8000050 <_ZN4core9panicking9panic_fmt17h0123456789abcdefE> @ imm = #12");
    assert_eq!(panic.panics.first().unwrap().last().unwrap(), "core::panicking::panic_fmt");
    let tail = doctored("beq.w\t0x8000050 <_ZN4core9panicking9panic_fmt17h0123456789abcdefE> @ imm = #12");
    assert!(!tail.panics.is_empty());
    let float = doctored("bl\t0x8000060 <__aeabi_fmul> @ imm = #12");
    assert_eq!(float.floats.first().unwrap().last().unwrap(), "__aeabi_fmul");
    let unit = doctored("vmul.f32\ts0, s0, s1");
    assert_eq!(unit.floats.first().unwrap().last().unwrap(), "vmul.f32 s0, s0, s1");
    assert_eq!(doctored("blx\tr3").indirect.get("nmes::rest"), Some(&1));
    assert!(
        doctored("bl\t0x8000020 <_ZN4nmes4fill17h0123456789abcdefE> @ imm = #-36")
            .unbounded
            .contains("nmes::fill")
    );
    assert!(doctored("sub\tsp, r2").unbounded.contains("nmes::rest"));
    assert!(
        doctored("bl\t0x8000040 <_ZN4nmes4rest17h0123456789abcdefE> @ imm = #-6")
            .unbounded
            .contains("nmes::rest")
    );
}

/// REQ-HAL-391: the frames of a Cortex-M0+, whose large ones are constants beside the code.
#[test]
fn frames_of_a_small_core() {
    let listing = "
10000100 <start>:
10000100:      \tpush\t{r4, r5, r6, r7, lr}
10000102:      \tldr\tr6, [pc, #28]           @ 0x10000120 <$d>
10000104:      \tadd\tsp, r6
10000106:      \tmovs\tr5, #1
10000108:      \tlsls\tr5, r5, #8
1000010a:      \tsub\tsp, r5
1000010c:      \tpop\t{r4, r5, r6, r7, pc}

10000120 <$d>:
10000120:\t3c ff ff ff\t.word\t0xffffff3c

10000124 <$t>:
10000124:      \tnop
";
    let walk = Walk::from(&Image::read(listing), "start").unwrap();
    assert!(walk.unbounded.is_empty());
    assert_eq!(walk.stack, 20 + 196 + 256);
}
