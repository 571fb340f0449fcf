import type { Dtype, Matrix, Metric, Scalars } from "../core/index.ts";

/**
 * How an index is to be made for these vectors: float32, except under hamming, where bytes hold eight
 * packed bits each and other types one bit a component.
 */
export function indexShape(
  m: Matrix<Scalars>,
  metric: Metric,
): { dimension: number; metric: Metric; dtype: Dtype } {
  if (metric !== "hamming") return { dimension: m.cols, metric, dtype: "f32" };
  return { dimension: m.data instanceof Uint8Array ? m.cols * 8 : m.cols, metric, dtype: "bits" };
}
