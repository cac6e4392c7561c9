// Sessions on the bench: a walk, and things that go wrong.
import { BOARD, Bench, HEEL } from "./bench.mjs";

/** The level is up and session time zero is reached by then, in ns. */
const READY = 20e9;
/** Heel events are set so long before the firmware's own millisecond. */
const AHEAD = 5e5;

/** The start contact is closed for so long, in ns. */
const PRESS = 1e8;

/** A bench whose session has begun, because the start contact was closed; with the heel events to come. */
export function begin(image, walk) {
  const bench = new Bench(image);
  bench.run(READY, () => said(bench, "Armed"));
  bench.run(bench.now + PRESS);
  bench.start(true);
  bench.run(bench.now + PRESS);
  bench.start(false);
  bench.run(READY, () => bench.zero !== undefined);
  if (bench.zero === undefined) throw new Error(`no session: ${bench.lines.map((l) => l.text).join("; ")}`);
  for (const { us, lifted } of walk) {
    bench.at(bench.zero + us * 1e3 - AHEAD, () => (bench.heel = lifted ? HEEL.lifted : HEEL.loaded));
  }
  return bench;
}

/** A walk to its end; then the stop is pressed, so that the image says what it counted. */
export function walked(image, walk) {
  const bench = begin(image, walk);
  bench.run(bench.zero + walk.at(-1).us * 1e3 + 2e9);
  bench.press();
  bench.run(bench.now + 5e7);
  const counted = bench.lines.map(({ text }) => /worst_late: (\d+).*deferred: (\d+), dropped: (\d+)/.exec(text));
  bench.stats = counted.find(Boolean)?.slice(1).map(Number) ?? [];
  return bench;
}

/** One step, and `act` some time into the leading phase of its tenth pulse; then 300 ms more. */
export function disturbed(image, act, delayUs = 130) {
  const bench = begin(image, [{ us: 200_000, lifted: true }]);
  const end = bench.zero + 1.5e9;
  // a pulse is four changes of the tape
  bench.onChange = () => {
    if (bench.tape.length !== 37) return;
    bench.onChange = null;
    bench.clock.createAlarm(() => ((bench.actedAt = bench.now), act(bench))).schedule(delayUs * 1e3);
  };
  bench.run(end, () => bench.actedAt !== undefined);
  if (bench.actedAt === undefined) throw new Error("no tenth pulse");
  bench.run(bench.actedAt + 3e8);
  return bench;
}

/** The supply goes and comes back within a step; the contact was released long ago. What is said after that, and what flows. */
export function afterSupply(image) {
  const bench = begin(image, [{ us: 200_000, lifted: true }]);
  bench.run(bench.zero + 6e8);
  const [flowed, at, lines] = [bench.tape.length, bench.now, bench.lines.length];
  bench.supplyReturns();
  bench.run(at + READY);
  const after = bench.tape.filter(({ t, code }) => t > at && code !== 0).length;
  return { flowed, after, said: bench.lines.slice(lines).map(({ text }) => text), faults: bench.faults };
}

/** How long current flowed after the disturbance, in µs, and whether any came after that. */
export function opened(bench) {
  const after = bench.tape.filter(({ t }) => t >= bench.actedAt);
  const first = after.find(({ code }) => code === 0);
  const again = after.some(({ code }) => code !== 0);
  return { us: first ? (first.t - bench.actedAt) / 1e3 : Infinity, again, resets: bench.resets.length };
}

const said = (bench, text) => bench.lines.some((line) => line.text.includes(text));

/** Things that go wrong: what is done, how long current may flow after it, and what else has to be. */
export const WRONG = [
  { name: "emergency stop pressed while an edge is waited for", act: (b) => b.press(), within: 120, resets: 0,
    also: (b) => said(b, "Halted") },
  { name: "emergency stop pressed just after an edge", act: (b) => b.press(), delayUs: 3, within: 120, resets: 0,
    also: (b) => said(b, "Halted") },
  { name: "processor stands still within a phase", act: (b) => (b.halted = true), within: BOARD.oneShotNs / 1_000, resets: 1,
    also: (b) => said(b, "AfterWatchdog") },
  { name: "current converter stuck at full scale", act: (b) => (b.adcFault = (c, v) => (c === 0 ? 4_095 : v)),
    within: 330, resets: 1, also: (b) => said(b, "Stopped") && said(b, "AfterWatchdog") },
  { name: "current reads the wrong way round", act: (b) => (b.adcFault = (c, v) => (c === 0 ? 4_096 - v : v)),
    within: 330, resets: 1, also: (b) => said(b, "Polarity") && said(b, "AfterWatchdog") },
];
