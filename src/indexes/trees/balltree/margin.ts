import type { RowStore } from "../../rows.ts";

/** How far a computed distance may be off, so that a bound made of three of them never excludes a neighbour. */
export interface StrictScale {
  /** Ranks are squares of distances. */
  readonly squared: boolean;
  /** 1 − twice the relative error. */
  readonly shrink: number;
  /** 1 + twice the relative error. */
  readonly grow: number;
  /** Absolute error of three distances, where squares are too small for float32. */
  readonly slack: number;
}

/** Half a unit in the last place of float32. */
const UNIT = 2 ** -24;

/**
 * Errors of the strict kernels. They add d terms in 16 sums, each with at most four roundings of its own: the relative
 * error of a rank is below (d / 16 + 8) units. Squares under 2⁻¹⁴⁹ vanish, which takes at most √d · 2⁻⁷⁴ from a distance.
 */
export function strictScale(rows: RowStore): StrictScale {
  const { metric, dimension } = rows.options;
  const squared = metric === "l2" || metric === "l2sq" || metric === "cosine";
  const error = 4 * (dimension / 16 + 16) * UNIT;
  return {
    squared,
    shrink: 1 - error,
    grow: 1 + error,
    slack: squared ? Math.sqrt(dimension) * 2 ** -72 : 0,
  };
}
