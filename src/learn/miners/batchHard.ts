import { oneOf, resolveOptions } from "../../core/index.ts";
import type { BatchLabels, Triplets } from "../losses/tuples.ts";
import { type Embeddings, type Table, tableOf } from "./distances.ts";

export interface BatchHardOptions {
  /** `hard` (default): the farthest of the class. `easy`: the nearest, which lets a class fall into several clusters. */
  positive?: "hard" | "easy";
  /** `hard` (default): the nearest of other classes. `semiHard`: the nearest beyond the positive. `easy`: the farthest. */
  negative?: "hard" | "semiHard" | "easy";
}

export const BATCH_HARD_DEFAULTS: Required<BatchHardOptions> = { positive: "hard", negative: "hard" };

/**
 * One triplet for each row that has another of its class and one of another: by default its farthest positive and its
 * nearest negative. Among equals the lower row is taken. Rows without a semi-hard negative give none.
 *
 * @param z shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_UNKNOWN, OPTION_RANGE
 * @remarks n²·d / 2 multiplications
 * @see Hermans, Beyer & Leibe, In Defense of the Triplet Loss, 2017 (hard); Xuan, Stylianou & Pless, Improved Embeddings with Easy Positive Triplet Mining, WACV 2020
 */
export function batchHard(z: Embeddings, labels: BatchLabels, given: BatchHardOptions = {}): Triplets {
  const options = resolveOptions(BATCH_HARD_DEFAULTS, given);
  oneOf("positive", options.positive, ["hard", "easy"]);
  oneOf("negative", options.negative, ["hard", "semiHard", "easy"]);
  const table = tableOf(z, labels, "squared");
  const triplets: number[] = [];
  for (let a = 0; a < table.n; a++) {
    const p = pick(table, a, true, options.positive === "hard", -1);
    if (p < 0) continue;
    const beyond = options.negative === "semiHard" ? table.distances[a * table.n + p]! : -1;
    const x = pick(table, a, false, options.negative === "easy", beyond);
    if (x >= 0) triplets.push(a, p, x);
  }
  return { triplets: Int32Array.from(triplets) };
}

/** The farthest or nearest row of row a's class, or of others, that is farther than `beyond`; −1 if there is none. */
function pick(
  { n, codes, distances }: Table,
  a: number,
  same: boolean,
  farthest: boolean,
  beyond: number,
): number {
  let best = -1;
  for (let j = 0; j < n; j++) {
    if (j === a || (codes[j] === codes[a]) !== same || distances[a * n + j]! <= beyond) continue;
    if (best < 0) best = j;
    const ahead = distances[a * n + j]! - distances[a * n + best]!;
    if (farthest ? ahead > 0 : ahead < 0) best = j;
  }
  return best;
}
