import { VicinalError } from "./errors.ts";

/**
 * Distances ascend: smaller is closer. The name states the number returned.
 *
 * - `l2`: √Σ(a−b)²; `l2sq`: Σ(a−b)²
 * - `cosine`: 1 − cos θ, 0 … 2; `ip`: −Σab
 * - `l1`: Σ|a−b|; `linf`: max|a−b|
 * - `hamming`: number of differing bits of packed rows
 */
export type Metric = "l2" | "l2sq" | "cosine" | "ip" | "l1" | "linf" | "hamming";

export const METRICS: readonly Metric[] = ["l2", "l2sq", "cosine", "ip", "l1", "linf", "hamming"];

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
