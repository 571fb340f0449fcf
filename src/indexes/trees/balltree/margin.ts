import { choleskyFactor } from "../../../metrics/index.ts";
import { distanceOfRank } from "../../metricBlock.ts";
import type { RowStore } from "../../rows.ts";

/** How far a computed distance may be off, so that a bound made of three of them never excludes a neighbour. */
export interface StrictScale {
  /** Ranks are squares of distances. */
  readonly squared: boolean;
  /** 1 − twice the relative error. */
  readonly shrink: number;
  /** 1 + twice the relative error. */
  readonly grow: number;
}

/** Half a unit in the last place of float32. */
const UNIT = 2 ** -24;

/**
 * Errors of the strict kernels. They add d terms in 16 sums, each with at most four roundings of its own: the relative
 * error of a rank is below (d / 16 + 8) units. Metrics in
 * float64 are rounded once.
 */
export function strictScale(rows: RowStore): StrictScale {
  const { metric, dimension } = rows.options;
  const squared = ["l2", "l2sq", "cosine"].includes(metric) || distanceOfRank(rows.options) !== undefined;
  const error = 4 * (dimension / 16 + 16) * UNIT;
  return { squared, shrink: 1 - error, grow: 1 + error };
}

/**
 * The absolute error of two distances for each unit of the largest component: Mahalanobis' sums cancel, and so do whole
 * turns around a periodic axis; their error goes with the components, not with the distance.
 */
export function looseness(rows: RowStore): number {
  const { metric, metricOptions, dimension } = rows.options;
  const each = 2 ** -48 * dimension;
  if (metric === "mahalanobis") {
    return each * Math.sqrt(dimension) * Math.hypot(...choleskyFactor(metricOptions!.matrix!));
  }
  const periodic = metricOptions?.boxSize?.some((period) => period > 0);
  return periodic ? each * Math.max(1, ...(metricOptions!.weights ?? [])) : 0;
}

/**
 * What distances may be off beside that, added to radii. Squares under 2⁻¹⁴⁹ vanish, which takes at most √d · 2⁻⁷⁴ from
 * a distance.
 *
 * @param largest magnitude of a component of any row
 */
export function strictSlack(rows: RowStore, largest: number): number {
  const small = rows.options.metric === "haversine" ? 1e-6 : Math.sqrt(rows.options.dimension) * 2 ** -72;
  return small + looseness(rows) * largest;
}
