import { type Matrix, row } from "../core/index.ts";

/**
 * Scalar quantization: component j becomes round((x − offsets[j]) / step), clamped to 0 … levels. There is one
 * step for all dimensions, so that distances between codes are plain integer sums.
 */
export interface ScalarQuantizer {
  /** 127 (7-bit) or 255 (8-bit). */
  readonly levels: number;
  readonly step: number;
  readonly offsets: Float32Array;
}

/** Widths of the window tried, as shares of the widest dimension. */
const SHARES = Array.from({ length: 22 }, (_, i) => 0.75 ** i);
const SAMPLE_ROWS = 512;
/** Below it the inverse of a step is no float32. */
const LEAST_STEP = 2 ** -126;

/**
 * Chooses the step with the least squared error on a sample of rows: a narrow window rounds finely and cuts
 * off outliers, a wide one the reverse. A dimension that fits the window lies in its middle; a wider one is
 * centred on its mean. Constant data gets step 1 and loses nothing.
 *
 * @param rows float32[n × d], n >= 1
 * @remarks O(n·d) plus 22 passes over up to 512 rows; deterministic
 */
export function trainScalar(rows: Matrix, levels: number): ScalarQuantizer {
  const d = rows.cols;
  const low = new Float64Array(d).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(d).fill(Number.NEGATIVE_INFINITY);
  const mean = new Float64Array(d);
  for (let i = 0; i < rows.rows; i++) {
    const x = row(rows, i);
    for (let j = 0; j < d; j++) {
      const value = x[j]!;
      if (value < low[j]!) low[j] = value;
      if (value > high[j]!) high[j] = value;
      mean[j]! += value;
    }
  }
  let widest = 0;
  for (let j = 0; j < d; j++) {
    mean[j]! /= rows.rows;
    widest = Math.max(widest, high[j]! - low[j]!);
  }
  if (!(widest > 0)) return { levels, step: 1, offsets: Float32Array.from(low) };

  const sample = sampleOf(rows);
  let best = { window: widest, error: Number.POSITIVE_INFINITY };
  for (const share of SHARES) {
    const window = widest * share;
    const error = squaredError(sample, window, levels, low, high, mean, best.error);
    if (error < best.error) best = { window, error };
  }
  const offsets = new Float32Array(d);
  for (let j = 0; j < d; j++) offsets[j] = windowStart(best.window, low[j]!, high[j]!, mean[j]!);
  return { levels, step: Math.max(LEAST_STEP, Math.fround(best.window / levels)), offsets };
}

function sampleOf(rows: Matrix): Float32Array[] {
  const n = Math.min(rows.rows, SAMPLE_ROWS);
  return Array.from({ length: n }, (_, i) => row(rows, Math.floor((i * rows.rows) / n)));
}

function windowStart(window: number, low: number, high: number, mean: number): number {
  const spread = high - low;
  if (spread <= window) return low - (window - spread) / 2;
  return Math.min(Math.max(mean - window / 2, low), high - window);
}

/** Expected squared error of rounding, plus what is cut off; stops once it exceeds `limit`. */
function squaredError(
  sample: readonly Float32Array[],
  window: number,
  levels: number,
  low: Float64Array,
  high: Float64Array,
  mean: Float64Array,
  limit: number,
): number {
  const step = window / levels;
  const rounding = (step * step) / 12;
  let error = sample.length * low.length * rounding;
  for (let j = 0; j < low.length && error < limit; j++) {
    if (high[j]! - low[j]! <= window) continue;
    const start = windowStart(window, low[j]!, high[j]!, mean[j]!);
    for (const x of sample) {
      const below = start - x[j]!;
      const above = x[j]! - start - window;
      const cut = Math.max(below, above, 0);
      error += cut * cut;
    }
  }
  return error;
}
