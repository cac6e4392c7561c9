//! The ring of samples and the ring of readings, and the two DMA channels that go round in them.
//!
//! Both are atomics, because DMA is another hand on them: the processor only touches the half that DMA is not in.

use core::sync::atomic::{AtomicU16, Ordering, fence};

use nmes_stm32g4::{HALF, RING, Samples};
use stm32_metapac as pac;
use stm32_metapac::bdma::vals::{Dir, Pl, Size};

/// Channels of DMA1, from 0; as many of its multiplexer.
const SAMPLES_CHANNEL: usize = 0;
const READINGS_CHANNEL: usize = 1;
/// Requests of the multiplexer (RM0440).
const ADC1_REQUEST: u8 = 5;
const DAC1_CH1_REQUEST: u8 = 6;

/// What is played.
pub(crate) static SAMPLES: Samples = Samples::new();
static READINGS: [AtomicU16; RING] = [const { AtomicU16::new(0) }; RING];

/// Sets both channels up, round and round; nothing moves before the converters ask. `None` where an address does not fit.
pub(crate) fn set_up() -> Option<()> {
    let dac = pac::DAC1.dhr12r(0).as_ptr().expose_provenance();
    let adc = pac::ADC1.dr().as_ptr().expose_provenance();
    channel(SAMPLES_CHANNEL, DAC1_CH1_REQUEST, dac, SAMPLES.items(), Dir::FROM_MEMORY)?;
    channel(READINGS_CHANNEL, ADC1_REQUEST, adc, &READINGS, Dir::FROM_PERIPHERAL)
}

fn channel(n: usize, request: u8, register: usize, ring: &'static [AtomicU16; RING], dir: Dir) -> Option<()> {
    pac::DMAMUX1.ccr(n).write(|w| w.set_dmareq_id(request));
    let channel = pac::DMA1.ch(n);
    channel.par().write_value(u32::try_from(register).ok()?);
    channel.mar().write_value(u32::try_from(ring.as_ptr().expose_provenance()).ok()?);
    let items = u16::try_from(RING).ok()?;
    channel.ndtr().write(|w| w.set_ndt(items));
    channel.cr().write(|w| {
        w.set_dir(dir);
        w.set_circ(true);
        w.set_minc(true);
        // registers are written as words, which a half-word is extended to
        w.set_psize(Size::BITS32);
        w.set_msize(Size::BITS16);
        w.set_pl(Pl::VERY_HIGH);
        // the readings come last of a sample, so their halves are the ones that count
        w.set_htie(n == READINGS_CHANNEL);
        w.set_tcie(n == READINGS_CHANNEL);
    });
    fence(Ordering::Release);
    channel.cr().modify(|w| w.set_en(true));
    Some(())
}

/// The flags of half transfer and transfer complete of the readings, taken.
pub(crate) fn take_flags() -> (bool, bool) {
    let flags = pac::DMA1.isr().read();
    let taken = (flags.htif(READINGS_CHANNEL), flags.tcif(READINGS_CHANNEL));
    pac::DMA1.ifcr().write(|w| {
        w.set_htif(READINGS_CHANNEL, taken.0);
        w.set_tcif(READINGS_CHANNEL, taken.1);
    });
    fence(Ordering::Acquire);
    taken
}

/// The readings of a half.
pub(crate) fn readings(place: u8) -> [u16; HALF] {
    let mut readings = [0; HALF];
    for (reading, place) in readings.iter_mut().zip(half_of(&READINGS, place)) {
        *reading = place.load(Ordering::Relaxed);
    }
    readings
}

fn half_of(ring: &'static [AtomicU16; RING], place: u8) -> impl Iterator<Item = &'static AtomicU16> {
    ring.iter().skip(if place == 0 { 0 } else { HALF }).take(HALF)
}

/// How many samples are left to fetch before the channel begins again.
pub(crate) fn left() -> usize {
    usize::from(pac::DMA1.ch(SAMPLES_CHANNEL).ndtr().read().ndt())
}

/// The converter asked in vain, a reading was lost, or a channel failed.
pub(crate) fn failed() -> bool {
    let flags = pac::DMA1.isr().read();
    pac::DAC1.sr().read().dmaudr(0)
        || pac::ADC1.isr().read().ovr()
        || flags.teif(SAMPLES_CHANNEL)
        || flags.teif(READINGS_CHANNEL)
}
