import { type Matrix, VicinalError, wholeNumber } from "../../core/index.ts";
import { type Interactions, interactions } from "./interactions.ts";

/** What gives every item a score for a user; larger is better. */
export interface ItemScorer {
  /** Scores of all items for a user that took part in fitting. O(items · what one costs). */
  scoresOf(user: number): Float64Array;
  /**
   * Scores of all items for anyone with these items (and values; default 1 each).
   *
   * @throws VicinalError BAD_INPUT for items that were not there when fitting, or values not over 0
   */
  scoresFor(items: ArrayLike<number>, values?: ArrayLike<number>): Float64Array;
}

/** A scorer whose scores are inner products, which an index can search. */
export interface FactorModel extends ItemScorer {
  /** One row a user. */
  readonly userFactors_: Matrix;
  /** One row an item; its inner product with a user's row is the score. */
  readonly itemFactors_: Matrix;
  /** Rows whose cosine tells how alike items are: the item factors without what is no taste, such as a bias. */
  readonly itemVectors_: Matrix;
  /** A row as of {@link userFactors_} for anyone with these items. */
  foldIn(items: ArrayLike<number>, values?: ArrayLike<number>): Float32Array;
}

/** A user's number, or OPTION_RANGE. */
export const checkUser = (user: number, users: number): number =>
  wholeNumber("user", user, 0, Math.max(0, users - 1));

/** The items of one person as interactions of one user. */
export function bag(
  items: ArrayLike<number>,
  values: ArrayLike<number> | undefined,
  count: number,
): Interactions {
  const users = new Uint8Array(items?.length ?? 0);
  return interactions(
    { users, items, ...(values === undefined ? {} : { values }) },
    { users: 1, items: count },
  );
}

/** Products of a row with every row of m, in float64. */
export function products(m: Matrix, row: ArrayLike<number>): Float64Array {
  const out = new Float64Array(m.rows);
  for (let i = 0; i < m.rows; i++) {
    let sum = 0;
    for (let j = 0; j < m.cols; j++) sum += m.data[i * m.stride + j]! * row[j]!;
    out[i] = sum;
  }
  return out;
}

/**
 * Throws DIVERGED unless what was learned is finite, also as float32.
 *
 * @param step steps taken so far
 */
export function refuseDiverged(
  model: string,
  step: number,
  loss: number,
  ...tables: readonly (Float32Array | Float64Array)[]
): void {
  const isSound = (x: number): boolean => Math.abs(x) <= LARGEST;
  if (Number.isFinite(loss) && tables.every((table) => table.every(isSound))) return;
  throw new VicinalError("DIVERGED", { what: `What ${model} learns`, step });
}

/** The largest float32. */
const LARGEST = 3.4028234663852886e38;

/** A number over or from a bound on, at most 10³⁰, whose square and cube are still finite; or OPTION_RANGE. */
export function positive(option: string, got: unknown, orZero = false): number {
  const fits = typeof got === "number" && (orZero ? got >= 0 : got > 0) && got <= 1e30;
  if (!fits) {
    throw new VicinalError("OPTION_RANGE", {
      option,
      got,
      rule: `a number ${orZero ? ">= 0" : "over 0"} and at most 1e30`,
    });
  }
  return got as number;
}
