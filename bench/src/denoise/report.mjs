/** The denoising bench's tables and goals. */
import { table } from "../report.mjs";

const seconds = (/** @type {number} */ value) => `${value.toFixed(2)} s`;
const times = (/** @type {number} */ value) => `${value.toFixed(2)}×`;
const ranged = ({ median, min, max }, show) => `${show(median)} (${min.toFixed(2)}–${max.toFixed(2)})`;
const gigabytes = (/** @type {number} */ bytes) => `${(bytes / 1e9).toFixed(2)} GB`;

/** @param {any} denoise what race.mjs found */
export function denoisingSection({ results, large }) {
  return [
    "## Denoising",
    "One picture a call. Processor time of one thread on one core; two threads against one by the clock, on two cores (says little where others work on them).",
    table(
      ["", "one thread, CPU", "share of the core", "one thread, clock", "two threads, clock", "faster"],
      results.map(({ title, cpu, busy, clock, ratio }) => [
        title,
        ranged(cpu, seconds),
        `${(100 * busy).toFixed(0)} %`,
        ...clock.map(seconds),
        ranged(ratio, times),
      ]),
    ),
    `${large.title}, one run in a process of its own: ${seconds(large.cpu)} of one thread, the process held ${gigabytes(large.held)} at most.`,
  ].join("\n\n");
}

/** @param {any} denoise @param {typeof import("../goals.mjs").judge} judge */
export function denoisingVerdicts({ results, large }, judge) {
  const value = ({ name }, /** @type {number} */ value) => [{ set: name, value }];
  return [
    ...results
      .filter((each) => each.seconds !== undefined)
      .map((each) =>
        judge(`One thread: ${each.title}`, value(each, each.cpu.median), each.seconds, "at most", seconds),
      ),
    judge(
      "Two threads vs one, denoising",
      results.map((each) => ({ set: each.name, value: each.ratio.median })),
      1.6,
      "at least",
    ),
    judge(
      `Memory of the process: ${large.title}`,
      value(large, large.held),
      large.bytes,
      "at most",
      gigabytes,
    ),
  ];
}
