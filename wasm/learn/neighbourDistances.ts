// Squared distances of windows to their candidates, and the way back.
import { fma, transposeSum } from "../simd";
import { candidatesOf, clearMix, first, gatherMix, layMix, startOf, Windows } from "./candidates";

/** Squared distances of a window to four others. */
function fourDistances(a: usize, b0: usize, b1: usize, b2: usize, b3: usize, size: i32, run: i32, step: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const bytes = <usize>(run & ~3) * 4;
  const mask = first(run & 3);
  for (let row = 0; row < size; row++) {
    let i: usize = 0;
    for (; i < bytes; i += 16) {
      const v = v128.load(a + i);
      const d0 = f32x4.sub(v, v128.load(b0 + i));
      const d1 = f32x4.sub(v, v128.load(b1 + i));
      const d2 = f32x4.sub(v, v128.load(b2 + i));
      const d3 = f32x4.sub(v, v128.load(b3 + i));
      s0 = fma(d0, d0, s0);
      s1 = fma(d1, d1, s1);
      s2 = fma(d2, d2, s2);
      s3 = fma(d3, d3, s3);
    }
    if (run & 3) {
      const v = v128.load(a + i);
      const d0 = v128.and(f32x4.sub(v, v128.load(b0 + i)), mask);
      const d1 = v128.and(f32x4.sub(v, v128.load(b1 + i)), mask);
      const d2 = v128.and(f32x4.sub(v, v128.load(b2 + i)), mask);
      const d3 = v128.and(f32x4.sub(v, v128.load(b3 + i)), mask);
      s0 = fma(d0, d0, s0);
      s1 = fma(d1, d1, s1);
      s2 = fma(d2, d2, s2);
      s3 = fma(d3, d3, s3);
    }
    a += step;
    b0 += step;
    b1 += step;
    b2 += step;
    b3 += step;
  }
  return transposeSum(s0, s1, s2, s3);
}

/** y[window, j]; items are windows of all images. */
export function neighborDistanceRows(
  _scratch: usize,
  shape: usize,
  x: usize,
  index: usize,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Windows>(shape);
  const windows = s.down * s.across;
  const count = s.candidates;
  const step = <usize>(s.width * s.channels) * 4;
  const run = s.size * s.channels;
  for (let q = begin; q < end; q++) {
    const n = q / windows;
    const window = q - n * windows;
    const a = x + startOf(s, n, window);
    const list = candidatesOf(s, index, n, window);
    const out = y + <usize>(q * count) * 4;
    for (let j = 0; j < count; j += 4) {
      const left = min(3, count - 1 - j);
      const at = list + <usize>j * 4;
      const b0 = x + startOf(s, n, <i32>load<f32>(at));
      const b1 = x + startOf(s, n, <i32>load<f32>(at + <usize>min(1, left) * 4));
      const b2 = x + startOf(s, n, <i32>load<f32>(at + <usize>min(2, left) * 4));
      const b3 = x + startOf(s, n, <i32>load<f32>(at + <usize>left * 4));
      const four = fourDistances(a, b0, b1, b2, b3, s.size, run, step);
      const to = out + <usize>j * 4;
      if (left == 3) v128.store(to, four);
      else {
        store<f32>(to, f32x4.extract_lane(four, 0));
        if (left > 0) store<f32>(to, f32x4.extract_lane(four, 1), 4);
        if (left > 1) store<f32>(to, f32x4.extract_lane(four, 2), 8);
      }
    }
  }
}

/** da += g (a − b), db −= g (a − b) for a window and another, whose gradients may overlap. */
function pairBack(a: usize, b: usize, da: usize, db: usize, g: f32, size: i32, run: i32, step: usize): void {
  const factor = f32x4.splat(g);
  const bytes = <usize>run * 4;
  for (let row = 0; row < size; row++) {
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const v = f32x4.mul(factor, f32x4.sub(v128.load(a + i), v128.load(b + i)));
      v128.store(da + i, f32x4.add(v128.load(da + i), v));
      v128.store(db + i, f32x4.sub(v128.load(db + i), v));
    }
    for (; i < bytes; i += 4) {
      const v = g * (load<f32>(a + i) - load<f32>(b + i));
      store<f32>(da + i, load<f32>(da + i) + v);
      store<f32>(db + i, load<f32>(db + i) - v);
    }
    a += step;
    b += step;
    da += step;
    db += step;
  }
}

/**
 * dx +=; items are images. Scratch: a {@link Mix} of k = 1, for differences of blocks that several windows share
 * count once.
 */
export function neighborDistanceBack(
  scratch: usize,
  shape: usize,
  x: usize,
  index: usize,
  dy: usize,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Windows>(shape);
  const unit = s.unit;
  const run = unit * s.channels;
  const step = <usize>(s.width * s.channels) * 4;
  const mix = layMix(s, scratch);
  const tall = (s.down - 1) * s.stride + s.size;
  const wide = (s.across - 1) * s.stride + s.size;
  for (let n = begin; n < end; n++) {
    for (let y = 0; y < tall; y += unit) {
      for (let left = 0; left < wide; left += unit) {
        const used = gatherMix(s, mix, index, dy, n, y, left, false);
        const a = <usize>(((n * s.height + y) * s.width + left) * s.channels) * 4;
        for (let slot = 0; slot < used; slot++) {
          const g = <f32>2 * load<f32>(mix.weights + <usize>slot * 16);
          const b = <usize>load<u32>(mix.places + <usize>slot * 4);
          if (g != 0) pairBack(x + a, x + b, dx + a, dx + b, g, unit, run, step);
        }
        clearMix(mix, used);
      }
    }
  }
}
