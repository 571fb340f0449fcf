// Non-local means (Buades, Coll & Morel 2005) in bands of rows. `image` points at pixel (0, 0) of a picture that is
// continued by `reach` pixels on all sides, in rows `stride` elements apart; sums lie in rows `pitch` elements apart.
import { exp4 } from "../functions";

/** What is averaged, written by TypeScript. */
@unmanaged
class Means {
  width: i32;
  height: i32;
  stride: i32;
  pitch: i32;
  /** How far a patch goes from its centre, in each direction. */
  reach: i32;
  /** How far patches are looked for. */
  radius: i32;
  /** Rows of a band. */
  band: i32;
}

// A thread's scratch: a line of squares, then rows, `pitch` elements each, of distances, weights and sums.

/** Bytes that a thread needs. */
export function meansScratch(shape: usize): i32 {
  const s = changetype<Means>(shape);
  return (s.pitch + 4 * s.reach + 16) * 4 + (s.band + 4 * s.reach) * s.pitch * 4 + 2 * (s.band + 2 * s.reach) * s.pitch * 4;
}

// @ts-ignore: decorator
@inline
function lineBytes(s: Means): usize {
  return <usize>(s.pitch + 4 * s.reach + 16) * 4;
}

/**
 * Weights exp(−max(scale · D − shift, 0)) of pixels x0 … x1 − 1 of rows y0 … y1 − 1 for the patches at the offset, D being
 * the sum of squared differences; 0 where that is under exp(−64), so that one over a sum of them is a number. Rows of
 * `out` begin at x0; up to three entries behind x1 are zero. Exported so that it is compiled on its own.
 */
export function patchWeights(
  scratch: usize,
  shape: usize,
  image: usize,
  offset: i32,
  x0: i32,
  x1: i32,
  y0: i32,
  y1: i32,
  scale: f32,
  shift: f32,
  out: usize,
): void {
  const s = changetype<Means>(shape);
  const size = <usize>(2 * s.reach + 1) * 4;
  const row = <usize>s.pitch * 4;
  const bytes = <usize>(x1 - x0) * 4;
  const lines = scratch + lineBytes(s);
  let to = lines;
  for (let y = y0 - s.reach; y < y1 + s.reach; y++, to += row) {
    const a = image + <usize>(y * s.stride + x0 - s.reach) * 4;
    const b = a + <usize>offset * 4;
    for (let p: usize = 0; p < bytes + size; p += 16) {
      const d = f32x4.sub(v128.load(a + p), v128.load(b + p));
      v128.store(scratch + p, f32x4.mul(d, d));
    }
    for (let p: usize = 0; p < bytes; p += 16) {
      let sum = v128.load(scratch + p);
      for (let i: usize = 4; i < size; i += 4) sum = f32x4.add(sum, v128.load(scratch + p + i));
      v128.store(to + p, sum);
    }
  }
  const down = <usize>(2 * s.reach + 1) * row;
  const factor = f32x4.splat(scale);
  const less = f32x4.splat(shift);
  const zero = f32x4.splat(0);
  const far = f32x4.splat(64);
  let from = lines;
  for (let y = y0; y < y1; y++, from += row, out += row) {
    for (let p: usize = 0; p < bytes; p += 16) {
      let sum = v128.load(from + p);
      for (let i = row; i < down; i += row) sum = f32x4.add(sum, v128.load(from + p + i));
      const over = f32x4.pmax(zero, f32x4.sub(f32x4.mul(sum, factor), less));
      v128.store(out + p, v128.and(exp4(f32x4.neg(over)), f32x4.lt(over, far)));
    }
    for (let p = bytes; (p & 15) !== 0; p += 4) store<f32>(out + p, 0);
  }
}

/**
 * Sums of weights, of weighted pixels, and the largest weight, over all patches but the one itself.
 * Items are bands, from band `first` on.
 */
export function meansOfPixels(
  scratch: usize,
  shape: usize,
  image: usize,
  scale: f32,
  shift: f32,
  sums: usize,
  largest: usize,
  values: usize,
  first: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Means>(shape);
  const row = <usize>s.pitch * 4;
  const weights = scratch + lineBytes(s) + <usize>(s.band + 4 * s.reach) * row;
  for (let item = begin; item < end; item++) {
    const top = (first + item) * s.band;
    const bottom = min(top + s.band, s.height);
    for (let dy = -s.radius; dy <= s.radius; dy++) {
      const y0 = max(top, -dy);
      const y1 = min(bottom, s.height - dy);
      if (y0 >= y1) continue;
      for (let dx = -s.radius; dx <= s.radius; dx++) {
        const x0 = max(0, -dx);
        const x1 = min(s.width, s.width - dx);
        if (x0 >= x1 || (dx === 0 && dy === 0)) continue;
        patchWeights(scratch, shape, image, dy * s.stride + dx, x0, x1, y0, y1, scale, shift, weights);
        for (let y = y0; y < y1; y++) {
          const at = <usize>(y * s.pitch + x0) * 4;
          const pixels = image + <usize>((y + dy) * s.stride + x0 + dx) * 4;
          addPixels(weights + <usize>(y - y0) * row, pixels, sums + at, largest + at, values + at, <usize>(x1 - x0) * 4);
        }
      }
    }
  }
}

/** Exported so that it is compiled on its own. */
export function addPixels(w: usize, pixels: usize, sums: usize, largest: usize, values: usize, bytes: usize): void {
  for (let p: usize = 0; p < bytes; p += 16) {
    const weight = v128.load(w + p);
    v128.store(sums + p, f32x4.add(v128.load(sums + p), weight));
    v128.store(largest + p, f32x4.pmax(v128.load(largest + p), weight));
    v128.store(values + p, f32x4.add(v128.load(values + p), f32x4.mul(weight, v128.load(pixels + p))));
  }
}

/**
 * Sums, over the patches that cover a pixel, of what each patch's mean says of it. `shares` are one over patches' sums of
 * weights, `own` the weights of patches for themselves. Items are bands, from band `first` on.
 */
export function meansOfPatches(
  scratch: usize,
  shape: usize,
  image: usize,
  scale: f32,
  shift: f32,
  shares: usize,
  own: usize,
  values: usize,
  first: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Means>(shape);
  const row = <usize>s.pitch * 4;
  const reach = s.reach;
  const weights = scratch + lineBytes(s) + <usize>(s.band + 4 * reach) * row;
  const across = weights + <usize>(s.band + 2 * reach) * row;
  for (let item = begin; item < end; item++) {
    const top = (first + item) * s.band;
    const bottom = min(top + s.band, s.height);
    for (let dy = -s.radius; dy <= s.radius; dy++) {
      // Rows of patches that cover the band and have a partner.
      const y0 = max(max(top - reach, 0), -dy);
      const y1 = min(min(bottom + reach, s.height), s.height - dy);
      if (y0 >= y1) continue;
      for (let dx = -s.radius; dx <= s.radius; dx++) {
        const x0 = max(0, -dx);
        const x1 = min(s.width, s.width - dx);
        if (x0 >= x1) continue;
        const itself = dx === 0 && dy === 0;
        if (!itself) patchWeights(scratch, shape, image, dy * s.stride + dx, x0, x1, y0, y1, scale, shift, weights);
        for (let y = y0; y < y1; y++) {
          const at = <usize>(y * s.pitch + x0) * 4;
          const to = <usize>(y - y0) * row;
          const from = itself ? own + at : weights + to;
          spread(scratch, shape, from, shares + at, x0, x1, across + to);
        }
        for (let y = max(top, y0 - reach); y < min(bottom, y1 + reach); y++) {
          const first = max(y - reach, y0) - y0;
          const last = min(y + reach, y1 - 1) - y0;
          const left = max(0, x0 - reach);
          const pixels = image + <usize>((y + dy) * s.stride + left + dx) * 4;
          const count = min(s.width, x1 + reach) - left;
          addPatches(across + <usize>(first * s.pitch + left) * 4, last - first, row, pixels, values + <usize>(y * s.pitch + left) * 4, count);
        }
      }
    }
  }
}

/** Sums over 2 · reach + 1 entries of weights times shares, for x from 0 on, behind x1 + reach unspecified. */
export function spread(scratch: usize, shape: usize, weights: usize, shares: usize, x0: i32, x1: i32, out: usize): void {
  const s = changetype<Means>(shape);
  const size = <usize>(2 * s.reach + 1) * 4;
  const zero = f32x4.splat(0);
  // Entry x of the line stands at x + reach, with zeros on both sides of x0 … x1 − 1.
  const left = max(0, x0 - s.reach);
  const start = scratch + <usize>(x0 - left + s.reach) * 4;
  for (let p = scratch; p < start; p += 16) v128.store(p, zero);
  const bytes = <usize>(x1 - x0) * 4;
  for (let p: usize = 0; p < bytes; p += 16) {
    v128.store(start + p, f32x4.mul(v128.load(weights + p), v128.load(shares + p)));
  }
  const stop = start + bytes;
  const finish = stop + size + 16;
  for (let p = stop; p < finish; p += 16) v128.store(p, zero);
  const count = <usize>(min(s.width, x1 + s.reach) - left) * 4;
  out += <usize>left * 4;
  for (let p: usize = 0; p < count; p += 16) {
    let sum = v128.load(scratch + p);
    for (let i: usize = 4; i < size; i += 4) sum = f32x4.add(sum, v128.load(scratch + p + i));
    v128.store(out + p, sum);
  }
}

/** Adds rows `rows + 1` below one another, times pixels. The last entries one by one: behind them lie others' rows. */
export function addPatches(across: usize, rows: i32, row: usize, pixels: usize, values: usize, count: i32): void {
  const end = <usize>(rows + 1) * row;
  const bytes = <usize>count * 4;
  let p: usize = 0;
  for (; p + 16 <= bytes; p += 16) {
    let sum = v128.load(across + p);
    for (let i = row; i < end; i += row) sum = f32x4.add(sum, v128.load(across + p + i));
    v128.store(values + p, f32x4.add(v128.load(values + p), f32x4.mul(sum, v128.load(pixels + p))));
  }
  for (; p < bytes; p += 4) {
    let sum = load<f32>(across + p);
    for (let i = row; i < end; i += row) sum += load<f32>(across + p + i);
    store<f32>(values + p, load<f32>(values + p) + sum * load<f32>(pixels + p));
  }
}
