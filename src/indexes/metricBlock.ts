import { choleskyFactor, type ResolvedMetricOptions } from "../metrics/index.ts";
import type { RowOptions } from "./rowOptions.ts";
import { pad16 } from "./space.ts";

// Metrics that take numbers beside the vectors find them in section "metric", to which Scorer.params points.

const HEAD_BYTES = 16;

/** Bytes of section "metric" for these rows; 0 where the metric needs none. */
export function metricBlockBytes({ metric, dimension }: RowOptions): number {
  if (metric === "minkowski") return HEAD_BYTES + 2 * 8 * pad4(dimension);
  if (metric === "mahalanobis") return pad16(HEAD_BYTES + 4 * dimension * (dimension + 1));
  return metric === "haversine" ? HEAD_BYTES : 0;
}

/** Fills section "metric". Throws BAD_INPUT for a matrix that no distance has. */
export function writeMetricBlock(options: RowOptions, bytes: Uint8Array): void {
  const { metric, metricOptions } = options;
  if (metric === "minkowski") writeMinkowski(metricOptions!, bytes);
  else if (metric === "mahalanobis") writeMahalanobis(metricOptions!, bytes);
  else if (metric === "haversine")
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, FORMS.haversine, true);
}

const FORMS = { one: 0, two: 1, infinite: 2, other: 3, haversine: 4, mahalanobis: 5 } as const;

/** wasm/kernels/numbers.ts: form (u32), d (u32), eight bytes unused, the columns of L from the diagonal down (f64). */
function writeMahalanobis({ matrix }: ResolvedMetricOptions, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const d = matrix!.length;
  view.setUint32(0, FORMS.mahalanobis, true);
  view.setUint32(4, d, true);
  const factor = choleskyFactor(matrix!);
  let at = HEAD_BYTES;
  for (let j = 0; j < d; j++) {
    for (let i = j; i < d; i++, at += 8) view.setFloat64(at, factor[i * d + j]!, true);
  }
}

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
  if (metric === "mahalanobis" || (metric === "minkowski" && metricOptions!.p === 2)) return Math.sqrt;
  return undefined;
}

const pad4 = (n: number): number => pad16(n * 4) / 4;
