import { VicinalError } from "./errors.ts";

/**
 * Distances ascend: smaller is closer. The name states the number returned.
 *
 * - `l2`: √Σ(a−b)²; `l2sq`: Σ(a−b)²
 * - `cosine`: 1 − cos θ, 0 … 2; `ip`: −Σab
 * - `l1`: Σ|a−b|; `linf`: max|a−b|
 * - `hamming`: number of differing bits of packed rows
 * - `minkowski`: (Σ w|a−b|^p)^(1/p), weighted and periodic as {@link MetricOptions} say
 * - `haversine`: metres along the globe between [latitude, longitude] in degrees
 * - `mahalanobis`: √((a−b)ᵀM(a−b)), M as {@link MetricOptions} say
 */
export type Metric =
  | "l2"
  | "l2sq"
  | "cosine"
  | "ip"
  | "l1"
  | "linf"
  | "hamming"
  | "minkowski"
  | "haversine"
  | "mahalanobis";

export const METRICS: readonly Metric[] = [
  ...(["l2", "l2sq", "cosine", "ip", "l1", "linf", "hamming"] as const),
  ...(["minkowski", "haversine", "mahalanobis"] as const),
];

/** Numbers that some metrics take beside the vectors. */
export interface MetricOptions {
  /** minkowski: the power, from 1 to Infinity; default 2. */
  readonly p?: number;
  /** minkowski: a factor >= 0 for each axis (of |a−b|^p; of |a−b| where p is Infinity). */
  readonly weights?: ArrayLike<number>;
  /** minkowski: the period of each axis, or of all; 0 for an axis that does not wrap around. */
  readonly boxSize?: number | ArrayLike<number>;
  /** mahalanobis: the rows of M, usually the inverse of a covariance matrix. */
  readonly matrix?: readonly ArrayLike<number>[];
}

/** How one component is stored: float32, unsigned or signed byte, or eight to a byte. */
export type Dtype = "f32" | "u8" | "i8" | "bits";

export const DTYPES: readonly Dtype[] = ["f32", "u8", "i8", "bits"];

const ALIASES: Readonly<Record<string, Metric>> = {
  euclidean: "l2",
  sqeuclidean: "l2sq",
  angular: "cosine",
  dot: "ip",
  inner_product: "ip",
  manhattan: "l1",
  chebyshev: "linf",
};

/** The metric of that name; common aliases of other libraries are understood. */
export function parseMetric(name: unknown): Metric {
  if (typeof name === "string") {
    if ((METRICS as readonly string[]).includes(name)) return name as Metric;
    if (Object.hasOwn(ALIASES, name)) return ALIASES[name]!;
  }
  throw new VicinalError("METRIC_UNKNOWN", { got: String(name), known: METRICS });
}
