import {
  checkK,
  checkNames,
  createRng,
  permutation,
  type RunOptions,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import { everyRow } from "./estimator.ts";
import type { NeighborSource, Quest } from "./neighbors.ts";

/** How rows are held out to judge k. */
export interface HeldOutOptions {
  /** Values of k to try; default 1 … 30, as far as there are rows. */
  ks?: readonly number[];
  /**
   * Parts into which rows are dealt at random; each row's neighbours come from the other parts. Default: leave one
   * out, where only the row itself is hidden.
   */
  folds?: number | undefined;
  /** Leave one out: rows to judge by, drawn at random; default all. */
  rows?: number | undefined;
  /** Draws rows and deals folds, default 0. */
  seed?: number;
}

/** How well each k did on held-out rows. */
export interface KChoice {
  /** The best k; the smallest among equals. */
  readonly k: number;
  /** In the order asked for; higher is better. */
  readonly scores: readonly { readonly k: number; readonly score: number }[];
  /** Rows judged by. */
  readonly rows: number;
}

export const HELD_OUT_NAMES: readonly string[] = ["ks", "folds", "rows", "seed"];

/** Rows held out and the searches around them, one for each at the largest k. */
export interface HeldOut {
  readonly ks: readonly number[];
  readonly quest: Quest;
  /** Row of each place of the quest. */
  readonly rows: Int32Array;
}

/** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
export function holdOut(source: NeighborSource, options: HeldOutOptions): HeldOut {
  checkNames(options, [...HELD_OUT_NAMES, "scoring", "signal", "onProgress"]);
  const n = source.rows;
  if (n < 2) {
    throw new VicinalError("OPTION_RANGE", {
      option: "fitted rows",
      got: n,
      rule: "at least 2, to hold one out",
    });
  }
  const ks = options.ks ?? Array.from({ length: Math.min(30, n - 1) }, (_, i) => i + 1);
  for (const k of ks) checkK(k);
  const k = checkK(Math.max(...ks));
  const rng = createRng(wholeNumber("seed", options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER), "hold out");
  if (options.folds !== undefined) {
    const count = wholeNumber("folds", options.folds, 2, n);
    const order = Int32Array.from(permutation(n, rng));
    const folds = Array.from({ length: count }, (_, fold) =>
      order.filter((_row, i) => i % count === fold).sort(),
    );
    const rows = Int32Array.from(folds.flatMap((fold) => [...fold]));
    return { ks, quest: source.acrossFolds(folds, { k }, "cross-validate"), rows };
  }
  const wanted = options.rows === undefined ? n : wholeNumber("rows", options.rows, 1, 0x7fffffff);
  const rows = wanted >= n ? everyRow(n) : Int32Array.from(permutation(n, rng).slice(0, wanted)).sort();
  return { ks, quest: source.aroundRows(rows, { k }, "leave one out"), rows };
}

/** The choice among scores, which are in the order of ks. */
export function chooseBest(ks: readonly number[], scores: readonly number[], rows: number): KChoice {
  let best = 0;
  for (let j = 1; j < ks.length; j++) {
    const better = scores[j]! > scores[best]! || (scores[j] === scores[best] && ks[j]! < ks[best]!);
    if (better) best = j;
  }
  return { k: ks[best]!, scores: ks.map((k, j) => ({ k, score: scores[j]! })), rows };
}

export type AsyncHeldOutOptions = HeldOutOptions & RunOptions;
