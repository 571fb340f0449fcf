import { createRng, permutation, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { type Dense, productsOfRows, rowsOf } from "../linalg/dense.ts";
import { centre, squaredNorm } from "../linear/ncaObjective.ts";
import { readRows } from "../rows.ts";

export interface LayoutQualityOptions {
  /** Neighbours looked at, less than half of the rows. */
  k?: number;
  /** Rows to judge by, drawn at random; default all. Each is compared with all rows. */
  sample?: number;
  seed?: number;
}

/** How well a layout keeps neighbours; 1 is best, about 0.5 is chance. */
export interface LayoutQuality {
  /** Falls when rows that are neighbours in the layout were far apart. */
  readonly trustworthiness: number;
  /** Falls when rows that were neighbours are far apart in the layout. */
  readonly continuity: number;
}

const DEFAULTS: { k: number; sample: number | undefined; seed: number } = {
  k: 5,
  sample: undefined,
  seed: 42,
};

/**
 * Trustworthiness and continuity of a layout (Venna & Kaski 2001; the former as scikit-learn's `trustworthiness`), by squared
 * Euclidean distance in both spaces, ties by row number.
 *
 * @throws VicinalError BAD_INPUT unless both have as many rows; OPTION_RANGE unless k is below half of them
 * @remarks sample · n · (d + log n)
 */
export function layoutQuality(
  rows: VectorsInput,
  layout: VectorsInput,
  options: LayoutQualityOptions = {},
): LayoutQuality {
  const { k, sample, seed } = resolveOptions<typeof DEFAULTS>(DEFAULTS, options);
  const x = readRows(rows, "rows", 3);
  const y = readRows(layout, "layout", 3);
  const n = x.rows;
  if (y.rows !== n) {
    const rule = `${n}, one for each row of the data`;
    throw new VicinalError("BAD_INPUT", { what: "layout", got: `${y.rows} rows`, rule });
  }
  wholeNumber("k", k, 1, Math.ceil(n / 2) - 1);
  const judged =
    sample === undefined || sample >= n
      ? Uint32Array.from({ length: n }, (_, i) => i)
      : permutation(n, createRng(seed, "layoutQuality")).slice(0, wholeNumber("sample", sample, 1, n));
  centre(x);
  centre(y);
  const [inX, inY] = [new Ranker(x), new Ranker(y)];
  let intruders = 0;
  let lost = 0;
  for (const i of judged) {
    const [a, b] = [inX.rank(i), inY.rank(i)];
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      if (b[j]! <= k) intruders += Math.max(0, a[j]! - k);
      if (a[j]! <= k) lost += Math.max(0, b[j]! - k);
    }
  }
  const worst = (judged.length * k * (2 * n - 3 * k - 1)) / 2;
  return { trustworthiness: 1 - intruders / worst, continuity: 1 - lost / worst };
}

/** Ranks of all rows by distance from one, 1 for the nearest. */
class Ranker {
  readonly #x: Dense;
  readonly #norms: Float64Array;
  readonly #distances: Float64Array;
  readonly #order: Uint32Array;
  readonly #ranks: Uint32Array;

  constructor(x: Dense) {
    this.#x = x;
    this.#norms = Float64Array.from({ length: x.rows }, (_, i) => squaredNorm(x.data, i * x.cols, x.cols));
    this.#distances = new Float64Array(x.rows);
    this.#order = new Uint32Array(x.rows);
    this.#ranks = new Uint32Array(x.rows);
  }

  /** A view that the next call replaces; the row itself has rank 0. */
  rank(i: number): Uint32Array {
    const d = this.#distances.fill(0);
    const n = this.#x.rows;
    productsOfRows(rowsOf(this.#x, i, 1), this.#x, d, n);
    for (let j = 0; j < n; j++) d[j] = this.#norms[j]! - 2 * d[j]!;
    d[i] = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < n; j++) this.#order[j] = j;
    this.#order.sort((a, b) => d[a]! - d[b]! || a - b);
    for (let r = 0; r < n; r++) this.#ranks[this.#order[r]!] = r;
    return this.#ranks;
  }
}
