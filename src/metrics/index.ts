import { type Metric, type MetricOptions, parseMetric } from "../core/index.ts";
import { cosine, type DistanceFunction, hamming, haversine, ip, l1, l2, l2sq, linf } from "./distances.ts";
import { mahalanobis } from "./mahalanobis.ts";
import { minkowski } from "./minkowski.ts";
import { resolveMetricOptions } from "./options.ts";
import type { Vector } from "./vector.ts";

export { METRICS, type Metric, type MetricOptions } from "../core/index.ts";
export * from "./distances.ts";
export * from "./mahalanobis.ts";
export * from "./minkowski.ts";
export * from "./options.ts";
export * from "./traits.ts";
export type { Vector } from "./vector.ts";

const BY_NAME: Readonly<Record<Exclude<Metric, "minkowski" | "mahalanobis">, DistanceFunction>> = {
  ...{ l2, l2sq, cosine, ip, l1, linf, hamming, haversine },
};

/**
 * The function that computes a metric; knows the aliases of parseMetric.
 *
 * @param options numbers that minkowski and mahalanobis take; mahalanobis needs its matrix
 * @throws VicinalError METRIC_UNKNOWN, and for bad options OPTION_RANGE, OPTION_UNKNOWN, BAD_INPUT
 */
export function distanceFunction(metric: Metric, options?: MetricOptions): DistanceFunction {
  const name = parseMetric(metric);
  if (name === "minkowski") return minkowski(options);
  const resolved = resolveMetricOptions(name, undefined, options);
  return name === "mahalanobis" ? mahalanobis(resolved!.matrix!).distance : BY_NAME[name];
}

/**
 * Distance of two vectors of one length, in float64; what each metric means is said at the function of its
 * name. For hamming the vectors are packed bits, for haversine [latitude, longitude] in degrees.
 *
 * @throws VicinalError METRIC_UNKNOWN, DIM_MISMATCH, NOT_FINITE, ZERO_VECTOR, BAD_INPUT, OPTION_RANGE
 */
export function distance(metric: Metric, a: Vector, b: Vector, options?: MetricOptions): number {
  return distanceFunction(metric, options)(a, b);
}
