// k-means, as TypeScript calls it. See src/quantize/kmeans/ for the order of calls.

import { l2sqF32 } from "../kernels/f32";
import { chooseBytes, chooseRows } from "./choose";
import { Centroids, Choice } from "./layout";
import { ExactScratch, ExactStore } from "../exact/layout";
import { packCentroids } from "./pack";
import { seekRows } from "./seek";

/** Bytes of a thread's scratch for rows of d dimensions: there is room for d sums of f64 in it. */
export function kmeansScratchBytes(d: i32): u32 { return <u32>chooseBytes(d); }

/** Packs groups begin … end of eight centroids. */
export function kmeansPack(_scratch: usize, c: Centroids, begin: i32, end: i32): void { packCentroids(c, begin, end); }

/** Rows begin … end choose their centroids. */
export function kmeansChoose(scratch: usize, c: Centroids, choice: Choice, begin: i32, end: i32): void {
  chooseRows(scratch, c, choice, begin, end);
}

/** Rows begin … end choose by codes of the centroids, from those they have if any. */
export function kmeansSeek(s: ExactScratch, codes: ExactStore, c: Centroids, choice: Choice, begin: i32, end: i32): void {
  seekRows(s, codes, c, choice, begin, end);
}

/** Lowers the ranks of rows begin … end to their squared distance from centroid j, where that is closer. */
export function kmeansNear(_scratch: usize, c: Centroids, choice: Choice, j: i32, begin: i32, end: i32): void {
  const centroid = c.rows + <usize>j * c.bytes;
  for (let i = begin; i < end; i++) {
    const at = choice.ranks + (<usize>i << 2);
    const rank = l2sqF32(choice.rows + <usize>i * choice.stride, centroid, c.bytes);
    if (rank < load<f32>(at)) store<f32>(at, rank);
  }
}

/** Sorts n rows by centroid, in the order of rows: fills `starts` and `order`. */
export function kmeansSort(c: Centroids, choice: Choice, n: i32): void {
  const starts = choice.starts;
  memory.fill(starts, 0, (<usize>c.k + 1) << 2);
  for (let i = 0; i < n; i++) {
    const at = starts + (<usize>(load<u32>(choice.chosen + (<usize>i << 2)) + 1) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let sum: u32 = 0;
  for (let j = 0; j <= c.k; j++) {
    const at = starts + (<usize>j << 2);
    sum += load<u32>(at);
    store<u32>(at, sum);
  }
  // Each start moves to its end, which is the next one's start: what is moved back afterwards.
  for (let i = 0; i < n; i++) {
    const at = starts + (<usize>load<u32>(choice.chosen + (<usize>i << 2)) << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u32>(choice.order + (<usize>place << 2), i);
  }
  memory.copy(starts + 4, starts, <usize>c.k << 2);
  store<u32>(starts, 0);
}

/** Adds a row to sums of f64. */
@inline
function addRow(row: usize, sums: usize, bytes: usize): void {
  for (let j: usize = 0; j < bytes; j += 16) {
    const x = v128.load(row + j), at = sums + (j << 1);
    const high = v128.shuffle<f32>(x, x, 2, 3, 2, 3);
    v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(x)));
    v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(high)), 16);
  }
}

@inline
function addLow(sum: v128, a: v128, b: v128, c: v128, d: v128): v128 {
  sum = f64x2.add(f64x2.add(sum, f64x2.promote_low_f32x4(a)), f64x2.promote_low_f32x4(b));
  return f64x2.add(f64x2.add(sum, f64x2.promote_low_f32x4(c)), f64x2.promote_low_f32x4(d));
}

@inline
function highOf(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 2, 3, 2, 3);
}

/** Adds four rows, one after the other as {@link addRow} would, while all of them are on their way from memory. */
function addFour(choice: Choice, order: usize, sums: usize, bytes: usize): void {
  const rows = choice.rows, stride = choice.stride;
  const a = rows + <usize>load<u32>(order) * stride, b = rows + <usize>load<u32>(order, 4) * stride;
  const c = rows + <usize>load<u32>(order, 8) * stride, d = rows + <usize>load<u32>(order, 12) * stride;
  for (let j: usize = 0; j < bytes; j += 16) {
    const w = v128.load(a + j), x = v128.load(b + j), y = v128.load(c + j), z = v128.load(d + j);
    const at = sums + (j << 1);
    v128.store(at, addLow(v128.load(at), w, x, y, z));
    v128.store(at, addLow(v128.load(at, 16), highOf(w), highOf(x), highOf(y), highOf(z)), 16);
  }
}

/** Centroids begin … end become the means of their rows, of length 1 under inner product; those without rows stay. */
export function kmeansMeans(scratch: usize, c: Centroids, choice: Choice, begin: i32, end: i32): void {
  const bytes = c.bytes;
  for (let j = begin; j < end; j++) {
    const first = load<u32>(choice.starts + (<usize>j << 2)), last = load<u32>(choice.starts + (<usize>j << 2), 4);
    if (first == last) continue;
    memory.fill(scratch, 0, bytes << 1);
    let i = first;
    for (; i + 4 <= last; i += 4) addFour(choice, choice.order + (<usize>i << 2), scratch, bytes);
    for (; i < last; i++) {
      addRow(choice.rows + <usize>load<u32>(choice.order + (<usize>i << 2)) * choice.stride, scratch, bytes);
    }
    let scale = 1 / <f64>(last - first);
    if (c.ip) {
      let square: f64 = 0;
      for (let at: usize = 0; at < bytes << 1; at += 8) square += load<f64>(scratch + at) * load<f64>(scratch + at);
      if (!(square > 0)) continue;
      scale = 1 / Math.sqrt(square);
    }
    const row = c.rows + <usize>j * bytes;
    for (let at: usize = 0; at < bytes; at += 4) store<f32>(row + at, <f32>(load<f64>(scratch + (at << 1)) * scale));
  }
}
