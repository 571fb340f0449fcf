import type { Matrix, Metric, MetricOptions, Scalars } from "../core/index.ts";
import { toFloat32 } from "../data/elements.ts";
import { distanceFunction } from "../metrics/index.ts";

/** Distance between row i of one matrix and row j of another. */
export type RowDistance = (i: number, j: number) => number;

/**
 * The judge's own distance: the definition of the metric, summed in float64 over the raw vectors as
 * the caller gave them. It shares no code with the indexes it judges. O(d) a call.
 *
 * @param a shape n × d; halves (Uint16Array) are decoded first
 * @param b shape m × d; both packed bits (one byte holds eight) when the metric is hamming
 * @param options numbers of the metric, where it takes some
 */
export function rowDistance(
  a: Matrix<Scalars>,
  b: Matrix<Scalars>,
  metric: Metric,
  options?: MetricOptions,
): RowDistance {
  const x = numbers(a);
  const y = numbers(b);
  const d = a.cols;
  if (metric === "minkowski" || metric === "haversine" || metric === "mahalanobis") {
    const distance = distanceFunction(metric, options);
    const at = (m: Numbers, from: number): Numbers => m.subarray(from, from + d);
    return (i, j) => distance(at(x, i * a.stride), at(y, j * b.stride));
  }
  const sum = SUMS[metric];
  return (i, j) => sum(x, i * a.stride, y, j * b.stride, d);
}

type Numbers = Float32Array | Float64Array | Uint8Array | Int8Array;
type Sum = (x: Numbers, i: number, y: Numbers, j: number, d: number) => number;

const SUMS: Readonly<Record<Exclude<Metric, "minkowski" | "haversine" | "mahalanobis">, Sum>> = {
  l2: (x, i, y, j, d) => Math.sqrt(squares(x, i, y, j, d)),
  l2sq: squares,
  ip: (x, i, y, j, d) => -products(x, i, y, j, d),
  cosine(x, i, y, j, d) {
    const norms = Math.sqrt(products(x, i, x, i, d)) * Math.sqrt(products(y, j, y, j, d));
    return 1 - products(x, i, y, j, d) / norms;
  },
  l1(x, i, y, j, d) {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += Math.abs(x[i + c]! - y[j + c]!);
    return sum;
  },
  linf(x, i, y, j, d) {
    let most = 0;
    for (let c = 0; c < d; c++) most = Math.max(most, Math.abs(x[i + c]! - y[j + c]!));
    return most;
  },
  hamming(x, i, y, j, d) {
    let bits = 0;
    for (let c = 0; c < d; c++) {
      for (let rest = x[i + c]! ^ y[j + c]!; rest !== 0; rest &= rest - 1) bits++;
    }
    return bits;
  },
};

function squares(x: Numbers, i: number, y: Numbers, j: number, d: number): number {
  let sum = 0;
  for (let c = 0; c < d; c++) {
    const t = x[i + c]! - y[j + c]!;
    sum += t * t;
  }
  return sum;
}

function products(x: Numbers, i: number, y: Numbers, j: number, d: number): number {
  let sum = 0;
  for (let c = 0; c < d; c++) sum += x[i + c]! * y[j + c]!;
  return sum;
}

function numbers(m: Matrix<Scalars>): Numbers {
  return m.data instanceof Uint16Array ? toFloat32(m.data) : m.data;
}
