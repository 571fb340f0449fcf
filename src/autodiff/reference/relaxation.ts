import type { Kernels, Relaxation } from "../kernels.ts";
import type { Memory } from "./elementwise.ts";

/** Logits are kept above this where a candidate is to be had at all, so that no two infinities meet. */
const FLOOR = -1e300;
/** Gradients are kept within ± this, where dividing by a tiny temperature would leave the range of numbers. */
const STEEPEST = 1e100;

/** What the steps of one row went through. */
export interface RelaxedRow {
  /** k × cols: what softmax was taken of, 0 at the largest. */
  readonly z: Float64Array;
  /** k × cols: the weights. */
  readonly w: Float64Array;
  /** For each step the candidate with more than half of the weight, or −1. */
  readonly most: Int32Array;
  /** For each step log Σ e^z over all but the largest. */
  readonly others: Float64Array;
}

export const relaxedRow = (k: number, cols: number): RelaxedRow => ({
  z: new Float64Array(k * cols),
  w: new Float64Array(k * cols),
  most: new Int32Array(k),
  others: new Float64Array(k),
});

/** A temperature that can be divided by, and masked logits too. */
const temperatureOf = (t: number): number => Math.min(Math.max(t, 1e-300), 1e300);

const clip = (x: number): number => Math.min(Math.max(x, -STEEPEST), STEEPEST);

/**
 * k steps over one row of distances. A step takes w = softmax(z); where a weight stays at or below half,
 * log(1 − w) is exact from w, and for the one above half it is that of the others' share of the sum.
 */
export function relaxRow(
  d: Float64Array,
  t: number,
  k: number,
  alpha: boolean,
  { z, w, most, others }: RelaxedRow,
): void {
  const cols = d.length;
  let nearest = Infinity;
  for (const each of d) nearest = Math.min(nearest, each);
  w.fill(0);
  z.fill(-Infinity);
  most.fill(-1);
  others.fill(-Infinity);
  if (nearest === Infinity) return;
  const a = d.map((each) => {
    if (each === Infinity) return -Infinity;
    return Math.max(alpha ? nearest - each : (nearest - each) / t, FLOOR);
  });
  for (let step = 0; step < k; step++) {
    const from = step * cols;
    let top = 0;
    for (let i = 1; i < cols; i++) if (a[i]! > a[top]!) top = i;
    const high = a[top]!;
    let second = -Infinity;
    for (let i = 0; i < cols; i++) {
      const each = a[i] === -Infinity ? -Infinity : (a[i]! - high) / (alpha ? t : 1);
      z[from + i] = each;
      if (i !== top) second = Math.max(second, each);
    }
    let rest = 0;
    let scaled = 0;
    for (let i = 0; i < cols; i++) {
      if (i === top || second === -Infinity) continue;
      rest += Math.exp(z[from + i]!);
      scaled += Math.exp(z[from + i]! - second);
    }
    const total = 1 + rest;
    const logRest = second === -Infinity ? second : second + Math.log(scaled);
    others[step] = logRest;
    if (rest < 1) most[step] = top;
    for (let i = 0; i < cols; i++) {
      const weight = Math.exp(z[from + i]!) / total;
      w[from + i] = weight;
      if (i === most[step]) a[i] = Math.max(high + logRest - Math.log1p(rest), FLOOR);
      else a[i]! += Math.log1p(-weight);
    }
  }
}

/**
 * Adds the gradient of one row to `dd` and returns that of its temperature. The factor w_l w_i / (1 − w_i) of
 * candidate l by way of candidate i's penalty is bounded: where w_i is more than half it is w_i times the share
 * of l among the others.
 */
export function relaxRowBack(
  d: Float64Array,
  t: number,
  k: number,
  alpha: boolean,
  { z, w, most, others }: RelaxedRow,
  dw: Float64Array,
  dd: Float64Array,
): number {
  const cols = d.length;
  // With respect to the logits after the step; none are used after the last.
  const g = new Float64Array(cols);
  let dt = 0;
  for (let step = k - 1; step >= 0; step--) {
    const from = step * cols;
    const m = most[step]!;
    let dot = 0;
    let passed = 0;
    for (let i = 0; i < cols; i++) {
      const weight = w[from + i]!;
      dot += weight * dw[from + i]!;
      if (i !== m) passed += (g[i]! * weight) / (1 - weight);
    }
    // Where no other candidate is, nothing is passed on.
    const pushed = m < 0 || others[step] === -Infinity ? 0 : g[m]! * w[from + m]!;
    for (let l = 0; l < cols; l++) {
      const weight = w[from + l]!;
      let dz = weight * (dw[from + l]! - dot);
      if (l === m) dz += weight * (passed - g[l]!);
      else {
        dz += weight * (passed - g[l]! - (g[l]! * weight) / (1 - weight));
        if (pushed !== 0) dz += pushed * Math.exp(z[from + l]! - others[step]!);
      }
      if (!alpha) g[l] = clip(g[l]! + dz);
      else {
        g[l] = clip(g[l]! + dz / t);
        if (dz !== 0 && z[from + l]! !== -Infinity) dt -= clip((dz * z[from + l]!) / t);
      }
    }
  }
  let nearest = Infinity;
  for (const each of d) nearest = Math.min(nearest, each);
  for (let l = 0; l < cols; l++) {
    if (alpha) dd[l]! -= g[l]!;
    else {
      dd[l]! -= clip(g[l]! / t);
      if (d[l] !== Infinity && g[l] !== 0) dt += clip((g[l]! / t) * ((d[l]! - nearest) / t));
    }
  }
  return clip(dt);
}

export function relaxations(memory: Memory): Pick<Kernels, "relax" | "relaxGradient"> {
  const row = (x: number, r: number, cols: number): Float64Array =>
    Float64Array.from(memory.heap.subarray(x + r * cols, x + (r + 1) * cols));
  return {
    relax(d, t, { rows, cols, k, alpha }: Relaxation, w) {
      const { heap } = memory;
      const kept = relaxedRow(k, cols);
      for (let r = 0; r < rows; r++) {
        relaxRow(row(d, r, cols), temperatureOf(heap[t + r]!), k, alpha, kept);
        heap.set(kept.w, w + r * k * cols);
      }
    },
    relaxGradient(d, t, { rows, cols, k, alpha }: Relaxation, dw, dd, dt) {
      const { heap } = memory;
      const kept = relaxedRow(k, cols);
      const own = new Float64Array(cols);
      for (let r = 0; r < rows; r++) {
        const distances = row(d, r, cols);
        const temperature = temperatureOf(heap[t + r]!);
        relaxRow(distances, temperature, k, alpha, kept);
        own.fill(0);
        const back = row(dw, r, k * cols);
        heap[dt + r]! += relaxRowBack(distances, temperature, k, alpha, kept, back, own);
        for (let i = 0; i < cols; i++) heap[dd + r * cols + i]! += own[i]!;
      }
    },
  };
}
