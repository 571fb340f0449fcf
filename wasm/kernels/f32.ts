// Distances between rows of float32. Rows are padded with zeros to a multiple of 16 bytes.
//
// Strict kernels give the same bits everywhere. Their order of summation: element e is added to accumulator
// (e >> 2) & 3, lane e & 3, product and sum rounded separately; the result is hsum((s0 + s1) + (s2 + s3)),
// where hsum(v) = (v0 + v2) + (v1 + v3). `Fast` and `x4` kernels may round once and sum in another order.
import { fma, hsum, mulAdd } from "../simd";

/** The four sums whose hsum is l2sqF32. */
// @ts-ignore: decorator
@inline
export function l2sqLanesF32(a: usize, b: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = a + bytes;
  for (const main = a + (bytes & ~63); a < main; a += 64, b += 64) {
    const x0 = f32x4.sub(v128.load(a), v128.load(b));
    const x1 = f32x4.sub(v128.load(a, 16), v128.load(b, 16));
    const x2 = f32x4.sub(v128.load(a, 32), v128.load(b, 32));
    const x3 = f32x4.sub(v128.load(a, 48), v128.load(b, 48));
    s0 = mulAdd(x0, x0, s0);
    s1 = mulAdd(x1, x1, s1);
    s2 = mulAdd(x2, x2, s2);
    s3 = mulAdd(x3, x3, s3);
  }
  if (a < end) {
    const x0 = f32x4.sub(v128.load(a), v128.load(b));
    s0 = mulAdd(x0, x0, s0);
    if (a + 16 < end) {
      const x1 = f32x4.sub(v128.load(a, 16), v128.load(b, 16));
      s1 = mulAdd(x1, x1, s1);
      if (a + 32 < end) {
        const x2 = f32x4.sub(v128.load(a, 32), v128.load(b, 32));
        s2 = mulAdd(x2, x2, s2);
      }
    }
  }
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

// @ts-ignore: decorator
@inline
export function l2sqF32(a: usize, b: usize, bytes: usize): f32 {
  return hsum(l2sqLanesF32(a, b, bytes));
}

// @ts-ignore: decorator
@inline
export function dotF32(a: usize, b: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = a + bytes;
  for (const main = a + (bytes & ~63); a < main; a += 64, b += 64) {
    s0 = mulAdd(v128.load(a), v128.load(b), s0);
    s1 = mulAdd(v128.load(a, 16), v128.load(b, 16), s1);
    s2 = mulAdd(v128.load(a, 32), v128.load(b, 32), s2);
    s3 = mulAdd(v128.load(a, 48), v128.load(b, 48), s3);
  }
  if (a < end) {
    s0 = mulAdd(v128.load(a), v128.load(b), s0);
    if (a + 16 < end) {
      s1 = mulAdd(v128.load(a, 16), v128.load(b, 16), s1);
      if (a + 32 < end) s2 = mulAdd(v128.load(a, 32), v128.load(b, 32), s2);
    }
  }
  return hsum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

// @ts-ignore: decorator
@inline
function absDiff(a: usize, b: usize): v128 {
  return f32x4.abs(f32x4.sub(v128.load(a), v128.load(b)));
}

// @ts-ignore: decorator
@inline
export function l1F32(a: usize, b: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = a + bytes;
  for (const main = a + (bytes & ~63); a < main; a += 64, b += 64) {
    s0 = f32x4.add(s0, absDiff(a, b));
    s1 = f32x4.add(s1, absDiff(a + 16, b + 16));
    s2 = f32x4.add(s2, absDiff(a + 32, b + 32));
    s3 = f32x4.add(s3, absDiff(a + 48, b + 48));
  }
  if (a < end) {
    s0 = f32x4.add(s0, absDiff(a, b));
    if (a + 16 < end) {
      s1 = f32x4.add(s1, absDiff(a + 16, b + 16));
      if (a + 32 < end) s2 = f32x4.add(s2, absDiff(a + 32, b + 32));
    }
  }
  return hsum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

// @ts-ignore: decorator
@inline
function maxLane(v: v128): f32 {
  const pairs = f32x4.pmax(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/**
 * Largest |a − b|; the order does not matter, so there is no faster variant. pmax is one machine instruction
 * where max is many, and differs from it only for NaN and negative zero, which do not occur here.
 */
// @ts-ignore: decorator
@inline
export function linfF32(a: usize, b: usize, bytes: usize): f32 {
  let m0 = f32x4.splat(0);
  let m1 = m0;
  const end = a + bytes;
  for (const main = a + (bytes & ~31); a < main; a += 32, b += 32) {
    m0 = f32x4.pmax(m0, absDiff(a, b));
    m1 = f32x4.pmax(m1, absDiff(a + 16, b + 16));
  }
  if (a < end) m0 = f32x4.pmax(m0, absDiff(a, b));
  return maxLane(f32x4.pmax(m0, m1));
}

// @ts-ignore: decorator
@inline
export function l2sqF32Fast(a: usize, b: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = a + bytes;
  for (const main = a + (bytes & ~63); a < main; a += 64, b += 64) {
    const x0 = f32x4.sub(v128.load(a), v128.load(b));
    const x1 = f32x4.sub(v128.load(a, 16), v128.load(b, 16));
    const x2 = f32x4.sub(v128.load(a, 32), v128.load(b, 32));
    const x3 = f32x4.sub(v128.load(a, 48), v128.load(b, 48));
    s0 = fma(x0, x0, s0);
    s1 = fma(x1, x1, s1);
    s2 = fma(x2, x2, s2);
    s3 = fma(x3, x3, s3);
  }
  for (; a < end; a += 16, b += 16) {
    const x0 = f32x4.sub(v128.load(a), v128.load(b));
    s0 = fma(x0, x0, s0);
  }
  return hsum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

// @ts-ignore: decorator
@inline
export function dotF32Fast(a: usize, b: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = a + bytes;
  for (const main = a + (bytes & ~63); a < main; a += 64, b += 64) {
    s0 = fma(v128.load(a), v128.load(b), s0);
    s1 = fma(v128.load(a, 16), v128.load(b, 16), s1);
    s2 = fma(v128.load(a, 32), v128.load(b, 32), s2);
    s3 = fma(v128.load(a, 48), v128.load(b, 48), s3);
  }
  for (; a < end; a += 16, b += 16) s0 = fma(v128.load(a), v128.load(b), s0);
  return hsum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

export { dotF32x4, l1F32x4, l2sqF32x4, linfF32x4 } from "./f32x4";
