import type { ResolvedMetricOptions } from "../metrics/index.ts";
import type { RowOptions } from "./rowOptions.ts";
import { pad16 } from "./space.ts";

// Metrics that take numbers beside the vectors find them in section "metric", to which Scorer.params points.

/** Bytes of section "metric" for these rows; 0 where the metric needs none. */
export function metricBlockBytes({ metric, dimension }: RowOptions): number {
  return metric === "minkowski" ? 16 + 2 * 8 * pad4(dimension) : 0;
}

/** Fills section "metric". */
export function writeMetricBlock(options: RowOptions, bytes: Uint8Array): void {
  const { metric, metricOptions } = options;
  if (metric === "minkowski") writeMinkowski(metricOptions!, bytes);
}

const FORMS = { one: 0, two: 1, infinite: 2, other: 3 } as const;

/** wasm/kernels/minkowski.ts: form (u32), whether any axis is periodic (u32), p (f64), weights, periods (f64 an axis). */
function writeMinkowski({ p, weights, boxSize }: ResolvedMetricOptions, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const form =
    p === 1 ? FORMS.one : p === 2 ? FORMS.two : p === Number.POSITIVE_INFINITY ? FORMS.infinite : FORMS.other;
  view.setUint32(0, form, true);
  view.setUint32(4, boxSize?.some((period) => period > 0) ? 1 : 0, true);
  view.setFloat64(8, p, true);
  const axes = (bytes.byteLength - 16) / 16;
  for (let j = 0; j < axes; j++) {
    view.setFloat64(16 + 8 * j, weights === undefined ? 1 : (weights[j] ?? 0), true);
    view.setFloat64(16 + 8 * (axes + j), boxSize?.[j] ?? 0, true);
  }
}

/** What turns ranks of a metric with a block into distances; undefined where they are the same number. */
export function distanceOfRank({
  metric,
  metricOptions,
}: RowOptions): ((rank: number) => number) | undefined {
  if (metric === "minkowski" && metricOptions!.p === 2) return Math.sqrt;
  return undefined;
}

const pad4 = (n: number): number => pad16(n * 4) / 4;
