// What the heel does: from a file of foot events, or a made walk.
import { readFileSync } from "node:fs";

/** Steps of a made walk: a slow, regular gait. */
const STEPS = 16;

/** Heel events of one foot in microseconds of session time, on the firmware's grid of milliseconds. */
export function readWalk(path, foot = "left") {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  if (header.trim() !== "t_us,foot,event") throw new Error(`${path}: not a file of foot events`);
  const events = lines.map((line) => line.trim().split(","));
  const heels = events.filter(([, f, event]) => f === foot && event.startsWith("heel"));
  return heels.map(([t, , event]) => ({ us: Math.ceil(Number(t) / 1_000) * 1_000, lifted: event === "heel_off" }));
}

/** Cycles of 1.35 to 1.50 s, the heel up for a little over half of each. */
export function madeWalk(steps = STEPS) {
  const events = [];
  let at = 500_000;
  for (let n = 0; n < steps; n++) {
    const cycle = 1_350_000 + ((n * 7) % 16) * 10_000;
    events.push({ us: at + Math.round((cycle * 0.45) / 1e4) * 1e4, lifted: true }, { us: at + cycle, lifted: false });
    at += cycle;
  }
  return events;
}

/** The same as a file for the workbench. */
export function asFile(events) {
  const lines = events.map(({ us, lifted }) => `${us},left,${lifted ? "heel_off" : "heel_strike"}`);
  return ["t_us,foot,event", ...lines, ""].join("\n");
}
