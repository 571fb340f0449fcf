import { solvePositive } from "./cholesky.ts";
import type { Interactions } from "./interactions.ts";

/** Memory that one half-step of ALS uses again and again. */
export interface AlsScratch {
  /** factors × factors */
  readonly gram: Float64Array;
  readonly system: Float64Array;
  readonly right: Float64Array;
  readonly residual: Float64Array;
  readonly direction: Float64Array;
  readonly image: Float64Array;
}

export function alsScratch(f: number): AlsScratch {
  const [square, line] = [() => new Float64Array(f * f), () => new Float64Array(f)];
  return {
    gram: square(),
    system: square(),
    right: line(),
    residual: line(),
    direction: line(),
    image: line(),
  };
}

/** YᵀY of n rows of f numbers, both triangles. */
export function gramOf(y: Float64Array, n: number, f: number, out: Float64Array): void {
  out.fill(0);
  let r = 0;
  // Four rows at a time: each number of the sum is fetched and stored a quarter as often.
  for (; r + 4 <= n; r += 4) {
    const p = r * f;
    for (let i = 0; i < f; i++) {
      const a = y[p + i]!;
      const b = y[p + f + i]!;
      const c = y[p + 2 * f + i]!;
      const d = y[p + 3 * f + i]!;
      const at = i * f;
      for (let j = 0; j <= i; j++) {
        out[at + j]! += a * y[p + j]! + b * y[p + f + j]! + c * y[p + 2 * f + j]! + d * y[p + 3 * f + j]!;
      }
    }
  }
  for (; r < n; r++) {
    for (let i = 0; i < f; i++) {
      for (let j = 0; j <= i; j++) out[i * f + j]! += y[r * f + i]! * y[r * f + j]!;
    }
  }
  for (let i = 0; i < f; i++) for (let j = 0; j < i; j++) out[j * f + i] = out[i * f + j]!;
}

/** The entries of one row: items `indices` with c − 1 `extra` beyond the confidence 1 of what was not seen. */
export interface AlsRow {
  readonly indices: ArrayLike<number>;
  readonly extra: ArrayLike<number>;
  readonly from: number;
  readonly to: number;
}

/** The row x that minimises Σ c (p − x·y)² + λ|x|², exactly, written to x[at … at + f). */
export function solveRow(
  { indices, extra, from, to }: AlsRow,
  y: Float64Array,
  f: number,
  lambda: number,
  { gram, system, right }: AlsScratch,
  x: Float64Array,
  at: number,
): boolean {
  system.set(gram);
  right.fill(0);
  for (let i = 0; i < f; i++) system[i * f + i]! += lambda;
  for (let e = from; e < to; e++) {
    const more = extra[e]!;
    const row = indices[e]! * f;
    for (let i = 0; i < f; i++) {
      const v = more * y[row + i]!;
      right[i]! += v + y[row + i]!;
      for (let j = 0; j <= i; j++) system[i * f + j]! += v * y[row + j]!;
    }
  }
  if (!solvePositive(system, right, f)) return false;
  x.set(right, at);
  return true;
}

/** The image of v under YᵀY + λI + Σ extra · y yᵀ. Loops are unrolled: sums of one chain wait for each other. */
function applySystem(
  { indices, extra, from, to }: AlsRow,
  y: Float64Array,
  f: number,
  lambda: number,
  gram: Float64Array,
  v: Float64Array,
  at: number,
  out: Float64Array,
): void {
  for (let j = 0; j < f; j++) out[j] = lambda * v[at + j]!;
  let i = 0;
  // Rows of the symmetric matrix stand for its columns.
  for (; i + 4 <= f; i += 4) {
    const a = v[at + i]!;
    const b = v[at + i + 1]!;
    const c = v[at + i + 2]!;
    const d = v[at + i + 3]!;
    const p = i * f;
    for (let j = 0; j < f; j++) {
      out[j]! +=
        a * gram[p + j]! + b * gram[p + f + j]! + c * gram[p + 2 * f + j]! + d * gram[p + 3 * f + j]!;
    }
  }
  for (; i < f; i++) for (let j = 0; j < f; j++) out[j]! += v[at + i]! * gram[i * f + j]!;
  for (let e = from; e < to; e++) {
    const row = indices[e]! * f;
    const dot = extra[e]! * dotAt(y, row, v, at, f);
    for (let j = 0; j < f; j++) out[j]! += dot * y[row + j]!;
  }
}

/** The product of a[p …] and b[q …], in four chains. */
function dotAt(a: Float64Array, p: number, b: Float64Array, q: number, f: number): number {
  let s = 0;
  let t = 0;
  let u = 0;
  let w = 0;
  let j = 0;
  for (; j + 4 <= f; j += 4) {
    s += a[p + j]! * b[q + j]!;
    t += a[p + j + 1]! * b[q + j + 1]!;
    u += a[p + j + 2]! * b[q + j + 2]!;
    w += a[p + j + 3]! * b[q + j + 3]!;
  }
  for (; j < f; j++) s += a[p + j]! * b[q + j]!;
  return s + t + (u + w);
}

/**
 * A few steps of conjugate gradients towards the same row, from where it is: each lessens the loss, at
 * O((entries + factors) · factors) a step instead of O(entries · factors² + factors³).
 *
 * @see Takács, Pilászy and Tikk, RecSys 2011
 */
export function approachRow(
  entries: AlsRow,
  y: Float64Array,
  f: number,
  lambda: number,
  { gram, right, residual, direction, image }: AlsScratch,
  x: Float64Array,
  at: number,
  steps: number,
): void {
  const { indices, extra, from, to } = entries;
  right.fill(0);
  for (let e = from; e < to; e++) {
    const c = 1 + extra[e]!;
    const row = indices[e]! * f;
    for (let i = 0; i < f; i++) right[i]! += c * y[row + i]!;
  }
  applySystem(entries, y, f, lambda, gram, x, at, image);
  let norm = 0;
  for (let i = 0; i < f; i++) {
    const r = right[i]! - image[i]!;
    residual[i] = r;
    direction[i] = r;
    norm += r * r;
  }
  for (let step = 0; step < steps && norm > 1e-20; step++) {
    applySystem(entries, y, f, lambda, gram, direction, 0, image);
    let curve = 0;
    for (let i = 0; i < f; i++) curve += direction[i]! * image[i]!;
    const stride = norm / curve;
    let next = 0;
    for (let i = 0; i < f; i++) {
      x[at + i]! += stride * direction[i]!;
      residual[i]! -= stride * image[i]!;
      next += residual[i]! * residual[i]!;
    }
    const turn = next / norm;
    for (let i = 0; i < f; i++) direction[i] = residual[i]! + turn * direction[i]!;
    norm = next;
  }
}

/**
 * Hu, Koren and Volinsky's cost over all users × items, without looking at the pairs not seen one by one:
 * Σ_all (x·y)² is the product of the two Gram matrices.
 */
export function alsLoss(
  seen: Interactions,
  extra: ArrayLike<number>,
  x: Float64Array,
  y: Float64Array,
  f: number,
  lambda: number,
): number {
  const gramX = new Float64Array(f * f);
  const gramY = new Float64Array(f * f);
  gramOf(x, seen.users, f, gramX);
  gramOf(y, seen.items, f, gramY);
  let loss = 0;
  for (let i = 0; i < f * f; i++) loss += gramX[i]! * gramY[i]!;
  for (let i = 0; i < f; i++) loss += lambda * (gramX[i * f + i]! + gramY[i * f + i]!);
  for (let u = 0; u < seen.users; u++) {
    for (let e = seen.indptr[u]!; e < seen.indptr[u + 1]!; e++) {
      const row = seen.indices[e]! * f;
      let s = 0;
      for (let j = 0; j < f; j++) s += x[u * f + j]! * y[row + j]!;
      loss += (1 + extra[e]!) * (1 - s) * (1 - s) - s * s;
    }
  }
  return loss;
}
