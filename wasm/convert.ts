// Rows on their way in: conversion to float32, checks, normalisation. No padding is needed here; counts are
// elements, and source and target must not overlap unless they are equal.

/** Index of the first NaN or infinity among `count` floats at p, or −1. */
export function checkFiniteF32(p: usize, count: u32): i32 {
  const exponent = i32x4.splat(0x7f800000);
  let i: u32 = 0;
  for (const main = count & ~3; i < main; i += 4) {
    const bits = v128.and(v128.load(p + (<usize>i << 2)), exponent);
    if (v128.any_true(i32x4.eq(bits, exponent))) break;
  }
  for (; i < count; i++) {
    if ((load<u32>(p + (<usize>i << 2)) & 0x7f800000) == 0x7f800000) return <i32>i;
  }
  return -1;
}

/**
 * Scales d floats at p to unit length and returns the length they had, 0 for a zero vector, which stays.
 * Squares are summed in float64: element e into lane e & 1 of accumulator (e >> 1) & 1, the sum being
 * (s0 + s1) lane 0 + lane 1; the last d & 3 elements are added one by one. So nothing overflows or
 * vanishes, and bits are the same everywhere.
 */
export function normalizeF32(p: usize, d: u32): f32 {
  const main = p + (<usize>(d & ~3) << 2);
  const end = p + (<usize>d << 2);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let at = p;
  for (; at < main; at += 16) {
    const x = f64x2.promote_low_f32x4(v128.load64_zero(at));
    const y = f64x2.promote_low_f32x4(v128.load64_zero(at, 8));
    s0 = f64x2.add(s0, f64x2.mul(x, x));
    s1 = f64x2.add(s1, f64x2.mul(y, y));
  }
  s0 = f64x2.add(s0, s1);
  let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; at < end; at += 4) {
    const x = <f64>load<f32>(at);
    sum += x * x;
  }
  if (sum == 0) return 0;
  const norm = sqrt<f64>(sum);
  const scale = 1 / norm;
  for (at = p; at < end; at += 4) store<f32>(at, <f32>(<f64>load<f32>(at) * scale));
  return <f32>norm;
}

/** normalizeF32 of rows begin … end − 1; row i's former length goes to norms + 4·i. A job for workers. */
export function normalizeRowsF32(
  _scratch: usize,
  base: usize,
  stride: usize,
  d: u32,
  norms: usize,
  begin: u32,
  end: u32,
): void {
  for (let i = begin; i < end; i++) {
    store<f32>(norms + (<usize>i << 2), normalizeF32(base + <usize>i * stride, d));
  }
}

/** Four binary16 patterns in the low halves of 32-bit lanes, as floats. */
// @ts-ignore: decorator
@inline
function halves(bits: v128): v128 {
  const magnitude = v128.and(bits, i32x4.splat(0x7fff));
  // Shifted into place, the exponent is short by 112: one product mends it, subnormals too.
  const value = f32x4.mul(i32x4.shl(magnitude, 13), f32x4.splat(reinterpret<f32>(0x77800000)));
  const special = i32x4.gt_s(magnitude, i32x4.splat(0x7bff));
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
  return v128.or(v128.or(value, sign), v128.and(special, i32x4.splat(0x7f800000)));
}

/** Binary16 to float32, exact. */
export function halfToF32(src: usize, dst: usize, count: u32): void {
  let i: usize = 0;
  for (const main = <usize>(count & ~3); i < main; i += 4) {
    v128.store(dst + (i << 2), halves(v128.load_ext<u16>(src + (i << 1))));
  }
  for (; i < <usize>count; i++) {
    v128.store32_lane(dst + (i << 2), halves(i32x4.splat(load<u16>(src + (i << 1)))), 0);
  }
}

/** Float64 to float32, rounded to nearest; what is too large becomes infinite. */
export function f64ToF32(src: usize, dst: usize, count: u32): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    store<f32>(dst + (i << 2), <f32>load<f64>(src + (i << 3)));
  }
}

// @ts-ignore: decorator
@inline
function bytesToF32<T>(src: usize, dst: usize, count: u32): void {
  for (let i: usize = 0; i < <usize>count; i++) store<f32>(dst + (i << 2), <f32>load<T>(src + i));
}

export function u8ToF32(src: usize, dst: usize, count: u32): void {
  bytesToF32<u8>(src, dst, count);
}

export function i8ToF32(src: usize, dst: usize, count: u32): void {
  bytesToF32<i8>(src, dst, count);
}

/** Widens unsigned bytes to i16, as `l2sqCodes8` wants its query. */
export function u8ToI16(src: usize, dst: usize, count: u32): void {
  for (let i: usize = 0; i < <usize>count; i++) store<u16>(dst + (i << 1), load<u8>(src + i));
}
