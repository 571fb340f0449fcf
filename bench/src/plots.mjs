/** Recall against speed of every family, as pictures beside RESULTS.md. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { plotRecallQps } from "../../dist/evaluate/index.js";

/** Where the picture of a set stands, as RESULTS.md links to it. @param {{ name: string }} set */
export const plotLink = (set) => `plots/${set.name}.svg`;

/** @param {string} root @param {{ name: string }} set */
export function plotPath(root, set) {
  mkdirSync(join(root, "bench", "plots"), { recursive: true });
  return join(root, "bench", plotLink(set));
}

/** @param {any} set */
export function plotOf({ name, n, d, families }) {
  const series = families.contenders
    .filter(({ sweep }) => sweep.length > 0)
    .map((one) => ({ name: one.name, points: one.sweep }));
  return plotRecallQps(series, {
    title: `Every family on ${name}`,
    subtitle: `${n.toLocaleString("en-US")} \u00d7 ${d}, one query a call on one thread; each line is an index's best settings`,
    k: 10,
    height: 720,
  });
}
