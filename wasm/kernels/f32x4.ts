// One query against four rows at once, for rows that are gathered or in cache: each query value is loaded
// once, and four chains of additions hide each other's latency. Lane i of the result belongs to row i and
// depends on that row alone, not on its place among the four.
import { fma, transposeSum } from "../simd";

// @ts-ignore: decorator
@inline
function addSquare(x: v128, b: usize, sum: v128): v128 {
  const difference = f32x4.sub(x, v128.load(b));
  return fma(difference, difference, sum);
}

// @ts-ignore: decorator
@inline
export function l2sqF32x4(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = s0;
  let t1 = s0;
  let t2 = s0;
  let t3 = s0;
  let at: usize = 0;
  for (const main = bytes & ~31; at < main; at += 32) {
    const x = v128.load(q + at);
    s0 = addSquare(x, b0 + at, s0);
    s1 = addSquare(x, b1 + at, s1);
    s2 = addSquare(x, b2 + at, s2);
    s3 = addSquare(x, b3 + at, s3);
    const y = v128.load(q + at, 16);
    t0 = addSquare(y, b0 + at + 16, t0);
    t1 = addSquare(y, b1 + at + 16, t1);
    t2 = addSquare(y, b2 + at + 16, t2);
    t3 = addSquare(y, b3 + at + 16, t3);
  }
  if (at < bytes) {
    const x = v128.load(q + at);
    s0 = addSquare(x, b0 + at, s0);
    s1 = addSquare(x, b1 + at, s1);
    s2 = addSquare(x, b2 + at, s2);
    s3 = addSquare(x, b3 + at, s3);
  }
  return transposeSum(f32x4.add(s0, t0), f32x4.add(s1, t1), f32x4.add(s2, t2), f32x4.add(s3, t3));
}

// @ts-ignore: decorator
@inline
export function dotF32x4(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = s0;
  let t1 = s0;
  let t2 = s0;
  let t3 = s0;
  let at: usize = 0;
  for (const main = bytes & ~31; at < main; at += 32) {
    const x = v128.load(q + at);
    s0 = fma(x, v128.load(b0 + at), s0);
    s1 = fma(x, v128.load(b1 + at), s1);
    s2 = fma(x, v128.load(b2 + at), s2);
    s3 = fma(x, v128.load(b3 + at), s3);
    const y = v128.load(q + at, 16);
    t0 = fma(y, v128.load(b0 + at, 16), t0);
    t1 = fma(y, v128.load(b1 + at, 16), t1);
    t2 = fma(y, v128.load(b2 + at, 16), t2);
    t3 = fma(y, v128.load(b3 + at, 16), t3);
  }
  if (at < bytes) {
    const x = v128.load(q + at);
    s0 = fma(x, v128.load(b0 + at), s0);
    s1 = fma(x, v128.load(b1 + at), s1);
    s2 = fma(x, v128.load(b2 + at), s2);
    s3 = fma(x, v128.load(b3 + at), s3);
  }
  return transposeSum(f32x4.add(s0, t0), f32x4.add(s1, t1), f32x4.add(s2, t2), f32x4.add(s3, t3));
}

// @ts-ignore: decorator
@inline
function absDiff(x: v128, b: usize): v128 {
  return f32x4.abs(f32x4.sub(x, v128.load(b)));
}

// @ts-ignore: decorator
@inline
export function l1F32x4(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(q + at);
    s0 = f32x4.add(s0, absDiff(x, b0 + at));
    s1 = f32x4.add(s1, absDiff(x, b1 + at));
    s2 = f32x4.add(s2, absDiff(x, b2 + at));
    s3 = f32x4.add(s3, absDiff(x, b3 + at));
  }
  return transposeSum(s0, s1, s2, s3);
}

/** Lane i = largest lane of the i-th argument. */
// @ts-ignore: decorator
@inline
function transposeMax(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.pmax(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.pmax(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.pmax(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

// @ts-ignore: decorator
@inline
export function linfF32x4(q: usize, b0: usize, b1: usize, b2: usize, b3: usize, bytes: usize): v128 {
  let m0 = f32x4.splat(0);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(q + at);
    m0 = f32x4.pmax(m0, absDiff(x, b0 + at));
    m1 = f32x4.pmax(m1, absDiff(x, b1 + at));
    m2 = f32x4.pmax(m2, absDiff(x, b2 + at));
    m3 = f32x4.pmax(m3, absDiff(x, b3 + at));
  }
  return transposeMax(m0, m1, m2, m3);
}
