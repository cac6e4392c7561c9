// An emulated Pico on a bench: what hangs on its pins, and a tape of what they did.
//
// The DAC, the bridge, the one-shot and the load are modelled here from the pins alone. Nothing in here knows what the
// firmware means to do.
import { readFileSync } from "node:fs";
import { ConsoleLogger, GPIOPinState, LogLevel, Simulator } from "rp2040js";

const PINS = { select: 5, latch: 6, forward: 7, reverse: 8, oneShot: 9, stop: 14, start: 15, running: 25 };
const ADC = { current: 0, voltage: 1, heel: 2 };
/** The firmware's own figures: what a part of the real board is dimensioned for. */
export const BOARD = { naPerCode: 25_000, oneShotNs: 560_000, naPerStep: 50_000, mvPerStep: 73, loadOhm: 1_000 };
export const HEEL = { loaded: 1_365, lifted: 2_730, open: 4_095 };

/** The parts of an ELF image that are loaded into flash. */
function flashImage(path) {
  const elf = readFileSync(path);
  const [start, size, count] = [elf.readUInt32LE(28), elf.readUInt16LE(42), elf.readUInt16LE(44)];
  const parts = [];
  for (let n = 0; n < count; n++) {
    const at = start + n * size;
    const [type, offset, , address, bytes] = [0, 4, 8, 12, 16].map((o) => elf.readUInt32LE(at + o));
    if (type === 1 && bytes > 0) parts.push([address - 0x1000_0000, elf.subarray(offset, offset + bytes)]);
  }
  return parts;
}

export class Bench {
  constructor(image) {
    this.parts = flashImage(image);
    this.nowBase = 0;
    this.tape = []; // { t, code, why }: the current in codes, from t on
    this.pins = []; // { t, forward, reverse }
    this.faults = []; // what must never happen, from the pins alone
    this.lines = [];
    this.resets = [];
    this.adcFault = null; // (channel, value) => value
    this.heel = HEEL.loaded;
    this.stopPressed = false;
    this.startClosed = false;
    this.halted = false; // the processor executes nothing
    this.level = { code: 0, forward: false, reverse: false, input: null, output: null };
    this.oneShotUntil = -1;
    this.agenda = [];
    this.powerUp(0, []);
  }

  get now() {
    return this.nowBase + this.clock.nanos;
  }

  /** A new processor, as a reset leaves it; `reason` and the scratch registers outlive one. */
  powerUp(reason, scratch) {
    if (this.clock) this.nowBase = this.now;
    const { clock, rp2040: mcu } = new Simulator();
    this.clock = clock;
    this.mcu = mcu;
    mcu.logger = new ConsoleLogger(LogLevel.Error, false);
    for (const [offset, bytes] of this.parts) mcu.flash.set(bytes, offset);
    const word = (offset) => mcu.flashView.getUint32(offset, true);
    mcu.core.VTOR = 0x1000_0100;
    mcu.core.SP = word(0x100);
    mcu.core.PC = word(0x104) & ~1;
    // rp2040js enters an exception with bit 0 of the vector in PC; a jump table reads `mov rX, pc` and lands beside it
    const enter = mcu.core.exceptionEntry.bind(mcu.core);
    mcu.core.exceptionEntry = (number) => {
      enter(number);
      mcu.core.PC &= ~1;
    };
    const watchdog = mcu.peripherals[0x40058];
    watchdog.reason = reason;
    watchdog.scratchData.set(scratch);
    watchdog.onWatchdogTrigger = () => {
      // without this the emulated timer fires again at the same instant, for ever
      watchdog.alarm.enable = false;
      this.resetWanted = true;
    };
    this.wire(mcu);
  }

  wire(mcu) {
    const on = (pin, act) => mcu.gpio[pin].addListener((state) => act(state === GPIOPinState.High));
    let shifted = [];
    mcu.spi[0].onTransmit = (byte) => {
      shifted.push(byte);
      const bitNs = 1e9 / mcu.spi[0].clockFrequency;
      this.clock.createAlarm(() => mcu.spi[0].completeTransmit(0)).schedule(8 * bitNs);
    };
    on(PINS.select, (high) => {
      if (high && shifted.length === 2) this.dacWord((shifted[0] << 8) | shifted[1]);
      else if (high && shifted.length > 0) this.fault(`a select with ${shifted.length} bytes`);
      shifted = [];
    });
    on(PINS.latch, (high) => high || this.change("latch", { output: this.level.input }));
    on(PINS.forward, (high) => this.change("bridge", { forward: high }));
    on(PINS.reverse, (high) => this.change("bridge", { reverse: high }));
    on(PINS.oneShot, (high) => high && this.rearm());
    on(PINS.running, (high) => high && this.zero === undefined && (this.zero = this.now));
    mcu.adc.onADCRead = (channel) => {
      const value = this.convert(channel);
      this.clock.createAlarm(() => mcu.adc.completeADCRead(value, false)).schedule(2_000);
    };
    let line = "";
    mcu.uart[0].onByte = (byte) => {
      if (byte !== 10) return void (line += String.fromCharCode(byte));
      this.lines.push({ t: this.now, text: line.trim() });
      line = "";
    };
    mcu.gpio[PINS.stop].setInputValue(this.stopPressed);
    mcu.gpio[PINS.start].setInputValue(!this.startClosed);
  }

  fault(text) {
    this.faults.push({ t: this.now, text });
  }

  dacWord(word) {
    if ((word & 0xf000) === 0x3000) this.level.input = word & 0xfff;
    else if ((word & 0xf000) !== 0xb000) this.fault(`a DAC word ${word.toString(16)}`);
    else if (word & 0xfff) this.fault("a code on the DAC that nothing hangs on");
  }

  rearm() {
    this.oneShotUntil = this.now + BOARD.oneShotNs;
    const until = this.oneShotUntil;
    this.clock.createAlarm(() => this.oneShotUntil === until && this.change("one-shot", {})).schedule(BOARD.oneShotNs);
    this.change("one-shot", {});
  }

  /** What flows, in codes, from the pins as they are. */
  change(why, what) {
    const before = { forward: this.level.forward, reverse: this.level.reverse };
    Object.assign(this.level, what);
    const { forward, reverse, output } = this.level;
    if (forward !== before.forward || reverse !== before.reverse) this.pins.push({ t: this.now, forward, reverse });
    if (forward && reverse) this.fault("both diagonals closed");
    const enabled = this.now < this.oneShotUntil;
    const code = enabled && forward !== reverse ? (forward ? 1 : -1) * (output ?? 4_095) || 0 : 0;
    if (code === this.level.code) return;
    this.tape.push({ t: this.now, code, why });
    this.level.code = code;
    this.onChange?.();
  }

  convert(channel) {
    const na = this.level.code * BOARD.naPerCode;
    const clip = (v) => Math.max(0, Math.min(4_095, Math.round(v)));
    let value = 2_048;
    if (channel === ADC.heel) value = this.heel;
    if (channel === ADC.current) value = clip(2_048 + na / BOARD.naPerStep);
    if (channel === ADC.voltage) value = clip(2_048 + (na * BOARD.loadOhm) / 1e6 / BOARD.mvPerStep);
    return this.adcFault ? this.adcFault(channel, value) : value;
  }

  press() {
    this.stopPressed = true;
    this.pressedAt = this.now;
    this.mcu.gpio[PINS.stop].setInputValue(true);
  }

  /** The start contact, which closes to ground. */
  start(closed) {
    this.startClosed = closed;
    this.mcu.gpio[PINS.start].setInputValue(!closed);
  }

  /** The supply is gone for a moment: a new processor that does not know that it ran before. */
  supplyReturns() {
    this.change("supply", { forward: false, reverse: false });
    this.resets.push({ t: this.now, reason: 0 });
    this.powerUp(0, []);
  }

  /** Calls `act` at a time of the bench. */
  at(t, act) {
    this.agenda.push({ t, act });
    this.agenda.sort((a, b) => a.t - b.t);
  }

  /** All pins as a reset leaves them: inputs, pulled down. */
  reset() {
    const { reason, scratchData } = this.mcu.peripherals[0x40058];
    this.resets.push({ t: this.now, reason });
    this.change("reset", { forward: false, reverse: false });
    this.resetWanted = false;
    this.halted = false;
    this.powerUp(reason, scratchData);
  }

  /** Runs to a time of the bench, or until `stop` says so at a turn of the loop's outer part. */
  run(until, stop = () => false) {
    while (this.now < until && !stop()) {
      const next = Math.min(until, this.agenda[0]?.t ?? Infinity);
      this.stretch(next - this.nowBase);
      if (this.resetWanted) this.reset();
      while (this.agenda.length > 0 && this.agenda[0].t <= this.now) this.agenda.shift().act();
    }
  }

  /** At most a millisecond, so that the outer part gets to look. */
  stretch(end) {
    const { clock, mcu } = this;
    const { core } = mcu;
    const stop = Math.min(end, clock.nanos + 1e6);
    while (clock.nanos < stop && !this.resetWanted) {
      if (core.waiting || this.halted) {
        const toAlarm = clock.nextAlarm ? clock.nanosToNextAlarm : Infinity;
        clock.tick(Math.max(1, Math.min(toAlarm, stop - clock.nanos)));
      } else {
        // the system clock as the image has set it up
        clock.tick((core.executeInstruction() * 1e9) / mcu.clkSys);
      }
    }
  }
}
