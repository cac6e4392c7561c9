// Runs the images on the emulated board and holds what their pins did against what was meant.
//
//   node main.mjs IMAGE DISTURBED_IMAGE NMES [GAIT.csv...]
//
// The tables of docs/emulation.md go to the output; recorded walks and what is wrong to the error output.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { BOARD, HEEL } from "./bench.mjs";
import { compare, judgeWalk } from "./check.mjs";
import { WRONG, afterSupply, begin, disturbed, opened, walked } from "./scenarios.mjs";
import { asFile, madeWalk, readWalk } from "./walk.mjs";

/** What the image asks for, and what it declares of its timing (session.rs). */
const SHAPE = { fullCode: 1_600, widthUs: 300, gapUs: 150, periodUs: 25_000, deadUs: 120, lateUs: 26, jitterNs: 26e3 };

const [image, disturbedImage, nmes, ...gaits] = process.argv.slice(2);
const wrong = [];
const blame = (name, list) => wrong.push(...list.map((text) => `${name}: ${text}`));
const started = process.hrtime.bigint();

/** The edges that the workbench makes of the same walk, as a tape. */
function events(walk) {
  const folder = mkdtempSync(join(tmpdir(), "nmes-"));
  const file = join(folder, "walk.csv");
  writeFileSync(file, asFile(walk));
  const stage = ["--na-per-code", BOARD.naPerCode, "--code-min", -4_095, "--code-max", 4_095];
  const ask = ["--trigger", "heel", "--gap-us", SHAPE.gapUs, "--declared-late-us", SHAPE.lateUs, ...stage];
  const out = execFileSync(nmes, ["events", "foot-drop", "--gait", file, ...ask.map(String)], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const lines = out.trim().split("\n").slice(1);
  return lines.map((line) => line.split(",")).map(([, us, , code]) => ({ t: us * 1e3, code: Number(code) }));
}

const round = (n, digits = 1) => n.toFixed(digits).replace("-0.0", "0.0").replace("-", "−");

function figuresOf(name, walk, path) {
  const bench = walked(path, walk);
  const { figures, wrong: bad, whole } = judgeWalk(bench, SHAPE, BOARD.naPerCode);
  blame(name, bad);
  if (bench.resets.length > 0) blame(name, [`${bench.resets.length} resets; ${bench.lines.at(-1)?.text}`]);
  if (!(bench.stats[0] <= SHAPE.lateUs + 2) || bench.stats[1] || bench.stats[2]) blame(name, [`counted ${bench.stats}`]);
  const { result, wrong: differ } = compare(whole, events(walk), SHAPE);
  blame(name, differ);
  return { name, figures, result: { ...result, zero: bench.zero, stats: bench.stats } };
}

function walkTable(runs) {
  const rows = [
    ["pulses; trains; trims", ({ figures: f }) => `${f.pulses}; ${f.trains}; ${f.trims}`],
    ["spread of the edges on the grid", ({ figures: f }) => `${round(f.jitter / 1e3, 2)} µs`],
    ["leading phase, of 300 µs", ({ figures: f }) => `${round(f.widths.min, 2)} to ${round(f.widths.max, 2)} µs`],
    ["largest net charge of a pulse", ({ figures: f }) => `${round(f.net / 1e3, 2)} nC`],
    ["its bound, Σ\\|Δcode\\| × spread", ({ figures: f }) => `${round(f.bound / 1e3, 2)} nC`],
    ["mean current of the first 400 at 40 mA", ({ figures: f }) => `${round(f.mean, 3)} µA (${f.counted})`],
    ["largest charge left by a train", ({ figures: f }) => `${round(f.left / 1e3, 2)} nC`],
    ["shortest dead time, of 120 µs", ({ figures: f }) => `${round(f.dead)} µs`],
    ["edges held against `nmes events`", ({ result: r }) => `${r.edges} in ${r.trains} trains`],
    ["trains a pulse longer or shorter", ({ result: r }) => `${r.otherLength}`],
    ["furthest from it", ({ result: r }) => `${round(r.worst / 1e3, 2)} µs`],
    ["phases with another code, most off by", ({ result: r }) => `${r.otherCode}, ${r.codeOff}`],
    ["latest edge by the image's own count, of L = 26", ({ result: r }) => `${r.stats[0]} µs`],
    ["first edge of a train after its own", ({ result: r }) =>
      `${round((r.onsets.min - r.zero) / 1e6, 2)} to ${round((r.onsets.max - r.zero) / 1e6, 2)} ms`],
  ];
  const head = ["", ...runs.map((r) => r.name)];
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(([t, of]) => line([t, ...runs.map(of)]))].join("\n");
}

function wrongTable() {
  const lines = ["| what goes wrong | current flows for | allowed | then |", "|---|---|---|---|"];
  for (const { name, act, delayUs, within, resets, also } of WRONG) {
    const bench = disturbed(image, act, delayUs);
    const end = opened(bench);
    if (!(end.us <= within)) blame(name, [`open after ${end.us} µs, not ${within}`]);
    if (end.again) blame(name, ["current again"]);
    if (end.resets !== resets) blame(name, [`${end.resets} resets, not ${resets}`]);
    if (!also(bench)) blame(name, [`said: ${bench.lines.map((l) => l.text).join("; ")}`]);
    blame(name, bench.faults.map((f) => f.text));
    const then = resets ? `reset by the watchdog; open, latched` : "open, latched";
    lines.push(`| ${name} | ${round(end.us)} µs | ${within} µs | ${then} |`);
  }
  return lines.join("\n");
}

/** The heel's wire breaks within a step: a ramp-down of whole pulses, then nothing. */
function brokenWire() {
  const bench = begin(image, [{ us: 200_000, lifted: true }, { us: 3e6, lifted: false }, { us: 4e6, lifted: true }]);
  bench.at(bench.zero + 6e8, () => (bench.heel = HEEL.open));
  bench.run(bench.zero + 5e9);
  const last = bench.tape.at(-1).t - bench.zero - 6e8;
  blame("broken wire", bench.faults.map((f) => f.text));
  if (last > 4e8 || bench.tape.at(-1).code !== 0) blame("broken wire", [`output ${last / 1e6} ms later`]);
  return `The wire of the heel switch breaks within a step: the last edge comes ${round(last / 1e6, 0)} ms later.`;
}

/** A board that starts again with the supply is armed, and waits for a person. */
function supply() {
  const { flowed, after, said, faults } = afterSupply(image);
  blame("supply", faults.map((f) => f.text));
  if (flowed === 0) blame("supply", ["nothing flowed before"]);
  if (after > 0 || said.join() !== "Armed") blame("supply", [`${after} changes after it, said: ${said.join("; ")}`]);
  return "The supply goes and comes back within a step, and nobody closes the start contact: armed, and no current for 20 s.";
}

const made = madeWalk();
const runs = [figuresOf("made walk", made, image), figuresOf("the same, interrupts masked", made, disturbedImage)];
console.log([walkTable(runs), wrongTable(), brokenWire(), supply()].join("\n\n"));
const recorded = gaits.map((path) => figuresOf(basename(path, ".csv"), readWalk(path), image));
if (recorded.length > 0) console.error(walkTable(recorded));
console.error(`${Number((process.hrtime.bigint() - started) / 1_000_000n) / 1e3} s`);
for (const text of wrong) console.error(`WRONG: ${text}`);
process.exit(wrong.length > 0 ? 1 : 0);
