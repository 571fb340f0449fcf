// Transcendental functions of four numbers at once, within a few units in the last place over the whole range,
// with the limits of IEEE 754. Range reduction
// after Cody & Waite; the polynomials are those of the Cephes library (Moshier 1992).
import { fma } from "../simd";

/** e to the x; the subnormal results, too. At most 2 units off. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  x = f32x4.min(f32x4.max(x, f32x4.splat(-104)), f32x4.splat(89));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.4426950408889634)));
  // ln 2 in two parts, the first with so few bits that its products are exact.
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440054690583e-4)));
  let p = fma(f32x4.splat(1.9875691500e-4), r, f32x4.splat(1.3981999507e-3));
  p = fma(p, r, f32x4.splat(8.3334519073e-3));
  p = fma(p, r, f32x4.splat(4.1665795894e-2));
  p = fma(p, r, f32x4.splat(1.6666665459e-1));
  p = fma(p, r, f32x4.splat(0.5));
  p = f32x4.add(fma(f32x4.mul(r, r), p, r), f32x4.splat(1));
  // Two factors, since n may lie outside the exponents of normal numbers.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const one = i32x4.splat(127);
  p = f32x4.mul(p, i32x4.shl(i32x4.add(half, one), 23));
  return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.sub(whole, half), one), 23));
}

/** Natural logarithm, at most 2 units off; −∞ at 0, NaN below. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  // The mantissa between √½ and √2.
  const shifted = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  let exponent = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  const m = i32x4.sub(scaled, v128.and(shifted, i32x4.splat(<i32>0xff800000)));
  exponent = f32x4.sub(exponent, v128.and(tiny, f32x4.splat(23)));
  const r = f32x4.sub(m, f32x4.splat(1));
  const square = f32x4.mul(r, r);
  let p = fma(f32x4.splat(7.0376836292e-2), r, f32x4.splat(-1.1514610310e-1));
  p = fma(p, r, f32x4.splat(1.1676998740e-1));
  p = fma(p, r, f32x4.splat(-1.2420140846e-1));
  p = fma(p, r, f32x4.splat(1.4249322787e-1));
  p = fma(p, r, f32x4.splat(-1.6668057665e-1));
  p = fma(p, r, f32x4.splat(2.0000714765e-1));
  p = fma(p, r, f32x4.splat(-2.4999993993e-1));
  p = fma(p, r, f32x4.splat(3.3333331174e-1));
  p = f32x4.mul(f32x4.mul(p, r), square);
  p = fma(exponent, f32x4.splat(-2.12194440054690583e-4), p);
  p = f32x4.add(r, fma(square, f32x4.splat(-0.5), p));
  p = fma(exponent, f32x4.splat(0.693359375), p);
  p = v128.bitselect(f32x4.splat(-Infinity), p, f32x4.eq(x, f32x4.splat(0)));
  // Not positive, or NaN: NaN. Infinity stays.
  const proper = f32x4.ge(x, f32x4.splat(0));
  p = v128.bitselect(p, f32x4.splat(NaN), proper);
  return v128.bitselect(x, p, f32x4.eq(x, f32x4.splat(Infinity)));
}

/** log(1 + e) for 0 <= e <= 1. */
// @ts-ignore: decorator
@inline
export function logPlus4(e: v128): v128 {
  const one = f32x4.splat(1);
  const u = f32x4.add(one, e);
  // What the sum lost is made good by the slope of the logarithm.
  const lost = f32x4.sub(e, f32x4.sub(u, one));
  return f32x4.add(log4(u), f32x4.div(lost, u));
}

/** Hyperbolic tangent, at most 3 units off. */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = fma(f32x4.splat(-5.70498872745e-3), square, f32x4.splat(2.06390887954e-2));
  p = fma(p, square, f32x4.splat(-5.37397155531e-2));
  p = fma(p, square, f32x4.splat(1.33314422036e-1));
  p = fma(p, square, f32x4.splat(-3.33332819422e-1));
  const near = fma(f32x4.mul(p, square), x, x);
  const one = f32x4.splat(1);
  const e = exp4(f32x4.add(magnitude, magnitude));
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)));
  const signed = v128.or(far, v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(near, signed, f32x4.lt(magnitude, f32x4.splat(0.625)));
}

/** 1 / (1 + e^−x), right to the last digits on both sides. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const one = f32x4.splat(1);
  const top = v128.bitselect(one, e, f32x4.ge(x, f32x4.splat(0)));
  return f32x4.div(top, f32x4.add(one, e));
}
