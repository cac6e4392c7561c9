// Rebuilds the current from what the pins did, and holds it against what it must be. Times in nanoseconds.

/** Nothing flows for longer between pulses, and between trains. */
const PULSE_APART = 5e6;
const TRAIN_APART = 60e6;

/** Stretches of one code, from the tape of changes. */
export function phases(tape) {
  const out = [];
  tape.forEach(({ t, code }, n) => code && tape[n + 1] && out.push({ from: t, to: tape[n + 1].t, code }));
  return out;
}

function split(list, apart) {
  const groups = [];
  for (const item of list) {
    const last = groups.at(-1)?.at(-1);
    if (last && item.from - last.to < apart) groups.at(-1).push(item);
    else groups.push([item]);
  }
  return groups;
}

/** Pulses of two phases each; what follows a pulse before the next is its trims. */
export function pulses(tape) {
  return split(phases(tape), PULSE_APART).map((group) => {
    const [first, second, ...trims] = group;
    return { first, second, trims, from: first.from, to: group.at(-1).to };
  });
}

export const trains = (list) => split(list, TRAIN_APART);

/** Charge in picocoulombs: nanoamperes × nanoseconds are 10⁻⁶ pC. */
const charge = (phase, naPerCode) => (phase.code * naPerCode * (phase.to - phase.from)) / 1e6;

const span = (values) => ({ min: Math.min(...values), max: Math.max(...values) });

/** How late the first three edges come after their grid, in ns; the last one moves on purpose. */
function lateness(train, shape) {
  const [gap, period, width] = [shape.gapUs * 1e3, shape.periodUs * 1e3, shape.widthUs * 1e3];
  const origin = train[0].from;
  return train.flatMap((pulse, n) => {
    const onset = origin + n * period;
    return [pulse.first.from - onset, pulse.first.to - onset - width, pulse.second.from - onset - width - gap];
  });
}

/** The figures of a walk, and what is wrong with it. */
export function judgeWalk(capture, shape, naPerCode) {
  const list = pulses(capture.tape);
  const wrong = capture.faults.map((f) => `${f.text} at ${f.t} ns`);
  if (list.some((p) => !p.second)) wrong.push("a pulse of one phase");
  const whole = list.filter((p) => p.second);
  const figures = { pulses: whole.length, trims: list.reduce((s, p) => s + p.trims.length, 0) };
  Object.assign(figures, chargeOfPulses(whole, shape, naPerCode, wrong), mean400(whole, shape, naPerCode, wrong));
  figures.widths = span(whole.map((p) => (p.first.to - p.first.from) / 1e3));
  const off = Math.max(figures.widths.max - shape.widthUs, shape.widthUs - figures.widths.min);
  if (off > shape.widthUs / 10) wrong.push("a leading phase off by 10 %");
  figures.dead = Math.min(...deadTimes(capture.pins)) / 1e3;
  if (figures.dead < shape.deadUs) wrong.push(`a dead time of ${figures.dead} µs`);
  const left = trains(list).map((train) => total(train.flatMap((p) => [p.first, p.second, ...p.trims]), naPerCode));
  return { figures: { ...figures, trains: left.length, left: furthest(left) }, wrong, whole };
}

const total = (parts, naPerCode) => parts.filter(Boolean).reduce((s, p) => s + charge(p, naPerCode), 0);
const furthest = (list) => list.reduce((a, q) => (Math.abs(q) > Math.abs(a) ? q : a), 0);

/** Each pulse against Σ|Δcode| × the spread of the edges; a pulse has four edges, each of its code. */
function chargeOfPulses(whole, shape, naPerCode, wrong) {
  const { min, max } = span(trains(whole).flatMap((train) => lateness(train, shape)));
  const jitter = max - min;
  const boundOf = (p) => (2 * (Math.abs(p.first.code) + Math.abs(p.second.code)) * naPerCode * jitter) / 1e6;
  const net = whole.map((p) => total([p.first, p.second], naPerCode));
  const most = furthest(net);
  net.forEach((q, n) => Math.abs(q) > boundOf(whole[n]) && wrong.push(`pulse ${n}: ${q} pC, over ${boundOf(whole[n])}`));
  return { jitter, net: most, bound: boundOf(whole[net.indexOf(most)]) };
}

/** The mean over 400 pulses at the full level, in µA: pC over µs. */
function mean400(whole, shape, naPerCode, wrong) {
  const full = whole.filter((p) => Math.abs(p.first.code) === shape.fullCode).slice(0, 400);
  const mean = total(full.flatMap((p) => [p.first, p.second]), naPerCode) / (full.length * shape.periodUs);
  if (full.length < 400) wrong.push(`only ${full.length} pulses at the full level`);
  if (Math.abs(mean) > 2) wrong.push(`a mean of ${mean} µA`);
  return { counted: full.length, mean };
}

/** How long both diagonals were open whenever the other one closes next. */
export function deadTimes(pins) {
  const out = [];
  let last = null;
  for (const { t, forward, reverse } of pins) {
    const side = forward ? 1 : reverse ? -1 : 0;
    if (side && last && last.side !== side) out.push(last.until ? t - last.until : 0);
    if (side) last = { side, until: null };
    else if (last) last.until ??= t;
  }
  return out;
}

/** The pulses of the tape against those of `nmes events`, train by train from each one's first edge. */
export function compare(whole, events, shape) {
  const wanted = pulses(events);
  const [got, want] = [trains(whole), trains(wanted)];
  const wrong = [];
  if (got.length !== want.length) wrong.push(`${got.length} trains, not ${want.length}`);
  const result = { trains: want.length, edges: 0, worst: 0, otherCode: 0, codeOff: 0, otherLength: 0, onsets: [] };
  want.forEach((train, n) => {
    const mine = got[n] ?? [];
    // opened and closed up to 1.3 ms late each, so a train may be that much longer or shorter
    if (mine.length !== train.length) result.otherLength += 1;
    if (Math.abs(mine.length - train.length) > 1) wrong.push(`train ${n}: ${mine.length} pulses, not ${train.length}`);
    if (mine.length > 0) result.onsets.push(mine[0].from - train[0].from);
    train.forEach((pulse, k) => mine[k] && compareOne(mine[k], pulse, mine[0].from - train[0].from, result));
  });
  if (result.worst > shape.jitterNs) wrong.push(`an edge ${result.worst} ns off`);
  if (result.codeOff > 40) wrong.push(`a code ${result.codeOff} off`);
  return { result: { ...result, onsets: span(result.onsets) }, wrong };
}

function compareOne(mine, wanted, shift, result) {
  for (const phase of ["first", "second"]) {
    for (const end of ["from", "to"]) {
      result.edges += 1;
      result.worst = Math.max(result.worst, Math.abs(mine[phase][end] - wanted[phase][end] - shift));
    }
    const off = Math.abs(mine[phase].code - wanted[phase].code);
    result.otherCode += off ? 1 : 0;
    result.codeOff = Math.max(result.codeOff, off);
  }
}
