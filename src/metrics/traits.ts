import type { Dtype, Metric } from "../core/index.ts";

/** Facts of a metric that an index relies on. */
export interface MetricTraits {
  /** Never negative, symmetric, zero for equal vectors, and no detour is shorter (triangle inequality). */
  readonly trueMetric: boolean;
  /** Rows and queries are brought to unit length first; zero vectors are refused. */
  readonly needsUnitNorm: boolean;
  /** How rows may be stored. */
  readonly supports: readonly Dtype[];
}

const NUMBERS: readonly Dtype[] = ["f32", "u8", "i8"];

/** Facts by metric. Squares and cosine break the triangle inequality; ip is not even bounded below. */
export const METRIC_TRAITS: Readonly<Record<Metric, MetricTraits>> = {
  l2: { trueMetric: true, needsUnitNorm: false, supports: NUMBERS },
  l2sq: { trueMetric: false, needsUnitNorm: false, supports: NUMBERS },
  cosine: { trueMetric: false, needsUnitNorm: true, supports: NUMBERS },
  ip: { trueMetric: false, needsUnitNorm: false, supports: NUMBERS },
  l1: { trueMetric: true, needsUnitNorm: false, supports: NUMBERS },
  linf: { trueMetric: true, needsUnitNorm: false, supports: NUMBERS },
  minkowski: { trueMetric: true, needsUnitNorm: false, supports: ["f32"] },
  haversine: { trueMetric: true, needsUnitNorm: false, supports: ["f32"] },
  mahalanobis: { trueMetric: true, needsUnitNorm: false, supports: ["f32"] },
  hamming: { trueMetric: true, needsUnitNorm: false, supports: ["bits"] },
};
