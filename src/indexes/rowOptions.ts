import type { Dtype, Metric } from "../core/index.ts";
import type { ResolvedMetricOptions } from "../metrics/index.ts";

/** What a store of rows holds. */
export interface RowOptions {
  readonly dimension: number;
  readonly metric: Metric;
  /** Numbers of the metric, for those that take some. */
  readonly metricOptions?: ResolvedMetricOptions | undefined;
  readonly dtype: Dtype;
  /** Codes kept beside or instead of the vectors: none, 7-bit, 8-bit, or the structure's own. */
  readonly codes: "none" | "sq7" | "sq8" | "own";
  /** False: vectors are dropped once the codes are trained; by {@link RowStore.release} where they are the structure's. */
  readonly keepVectors: boolean;
  /** Store √(R² − |x|²) as one more component, which makes inner product a nearest-neighbour search in L2. */
  readonly augment: boolean;
}
