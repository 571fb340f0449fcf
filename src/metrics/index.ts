import { type Metric, parseMetric } from "../core/index.ts";
import { cosine, type DistanceFunction, hamming, haversine, ip, l1, l2, l2sq, linf } from "./distances.ts";
import type { Vector } from "./vector.ts";

export { METRICS, type Metric } from "../core/index.ts";
export * from "./distances.ts";
export * from "./mahalanobis.ts";
export * from "./traits.ts";
export type { Vector } from "./vector.ts";

const BY_NAME: Readonly<Record<Metric, DistanceFunction>> = { l2, l2sq, cosine, ip, l1, linf, hamming };

/** The function that computes a metric. Throws METRIC_UNKNOWN; knows the aliases of parseMetric. */
export function distanceFunction(metric: Metric | "haversine"): DistanceFunction {
  return metric === "haversine" ? haversine : BY_NAME[parseMetric(metric)];
}

/**
 * Distance of two vectors of one length, in float64; what each metric means is said at the function of its
 * name. For hamming the vectors are packed bits, for haversine [latitude, longitude] in degrees.
 *
 * @throws VicinalError METRIC_UNKNOWN, DIM_MISMATCH, NOT_FINITE, ZERO_VECTOR, BAD_INPUT, OPTION_RANGE
 */
export function distance(metric: Metric | "haversine", a: Vector, b: Vector): number {
  return distanceFunction(metric)(a, b);
}
