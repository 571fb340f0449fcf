// Transcendental functions of four numbers at once, within a few units in the last place over the whole range,
// with the limits of IEEE 754. Range reduction after Cody & Waite; the polynomials are those of the Cephes library
// (Moshier 1992).
import { fma } from "../simd";

/** Where the numbers of this file lie, below the heap: loading one costs less than making it out of instructions. */
const TABLE: usize = 3072;

// @ts-ignore: decorator
@inline
function number(i: usize): v128 {
  return v128.load_splat<f32>(TABLE + 4 * i);
}

/** Writes the table; once for each memory, before any function that needs it. */
export function prepareFunctions(): void {
  store<f32>(TABLE, <f32>89, 0);
  store<f32>(TABLE, <f32>-104, 4);
  store<f32>(TABLE, <f32>12582912, 8);
  store<f32>(TABLE, <f32>1.4426950408889634, 12);
  store<f32>(TABLE, <f32>0.693359375, 16);
  store<f32>(TABLE, <f32>-2.12194440054690583e-4, 20);
  store<f32>(TABLE, <f32>1.9875691500e-4, 24);
  store<f32>(TABLE, <f32>1.3981999507e-3, 28);
  store<f32>(TABLE, <f32>8.3334519073e-3, 32);
  store<f32>(TABLE, <f32>4.1665795894e-2, 36);
  store<f32>(TABLE, <f32>1.6666665459e-1, 40);
  store<f32>(TABLE, <f32>0.5, 44);
  store<f32>(TABLE, <f32>1, 48);
  store<f32>(TABLE, <f32>1.17549435e-38, 52);
  store<f32>(TABLE, <f32>8388608, 56);
  store<f32>(TABLE, <f32>23, 60);
  store<f32>(TABLE, <f32>7.0376836292e-2, 64);
  store<f32>(TABLE, <f32>-1.1514610310e-1, 68);
  store<f32>(TABLE, <f32>1.1676998740e-1, 72);
  store<f32>(TABLE, <f32>-1.2420140846e-1, 76);
  store<f32>(TABLE, <f32>1.4249322787e-1, 80);
  store<f32>(TABLE, <f32>-1.6668057665e-1, 84);
  store<f32>(TABLE, <f32>2.0000714765e-1, 88);
  store<f32>(TABLE, <f32>-2.4999993993e-1, 92);
  store<f32>(TABLE, <f32>3.3333331174e-1, 96);
  store<f32>(TABLE, <f32>-0.5, 100);
  store<f32>(TABLE, <f32>-5.70498872745e-3, 104);
  store<f32>(TABLE, <f32>2.06390887954e-2, 108);
  store<f32>(TABLE, <f32>-5.37397155531e-2, 112);
  store<f32>(TABLE, <f32>1.33314422036e-1, 116);
  store<f32>(TABLE, <f32>-3.33332819422e-1, 120);
  store<f32>(TABLE, <f32>2, 124);
  store<f32>(TABLE, <f32>0.625, 128);
  // Bits rather than numbers, from here on.
  store<i32>(TABLE, 0x4b400000, 132);
  store<i32>(TABLE, 127, 136);
  store<i32>(TABLE, 0x3f3504f3, 140);
  store<i32>(TABLE, <i32>0xff800000, 144);
}

/** e to the x; the subnormal results, too. At most 2 units off. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  // These keep NaN, and are one instruction each where min and max are several.
  x = f32x4.pmax(f32x4.pmin(x, number(0)), number(1));
  // Added to this, a number is rounded to a whole one, which stands in the low bits then.
  const round = number(2);
  const moved = f32x4.add(f32x4.mul(x, number(3)), round);
  const n = f32x4.sub(moved, round);
  // ln 2 in two parts, the first with so few bits that its products are exact.
  let r = f32x4.sub(x, f32x4.mul(n, number(4)));
  r = f32x4.sub(r, f32x4.mul(n, number(5)));
  let p = fma(number(6), r, number(7));
  p = fma(p, r, number(8));
  p = fma(p, r, number(9));
  p = fma(p, r, number(10));
  p = fma(p, r, number(11));
  p = f32x4.add(fma(f32x4.mul(r, r), p, r), number(12));
  // Two factors, since n may lie outside the exponents of normal numbers.
  const whole = i32x4.sub(moved, number(33));
  const half = i32x4.shr_s(whole, 1);
  const one = number(34);
  p = f32x4.mul(p, i32x4.shl(i32x4.add(half, one), 23));
  return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.sub(whole, half), one), 23));
}

/** Natural logarithm, at most 2 units off; −∞ at 0, NaN below. */
// @ts-ignore: decorator
@inline
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, number(13));
  const scaled = v128.bitselect(f32x4.mul(x, number(14)), x, tiny);
  // The mantissa between √½ and √2.
  const shifted = i32x4.sub(scaled, number(35));
  let exponent = f32x4.convert_i32x4_s(i32x4.shr_s(shifted, 23));
  const m = i32x4.sub(scaled, v128.and(shifted, number(36)));
  exponent = f32x4.sub(exponent, v128.and(tiny, number(15)));
  const r = f32x4.sub(m, number(12));
  const square = f32x4.mul(r, r);
  let p = fma(number(16), r, number(17));
  p = fma(p, r, number(18));
  p = fma(p, r, number(19));
  p = fma(p, r, number(20));
  p = fma(p, r, number(21));
  p = fma(p, r, number(22));
  p = fma(p, r, number(23));
  p = fma(p, r, number(24));
  p = f32x4.mul(f32x4.mul(p, r), square);
  p = fma(exponent, number(5), p);
  p = f32x4.add(r, fma(square, number(25), p));
  p = fma(exponent, number(4), p);
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
  const one = number(12);
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
  let p = fma(number(26), square, number(27));
  p = fma(p, square, number(28));
  p = fma(p, square, number(29));
  p = fma(p, square, number(30));
  const near = fma(f32x4.mul(p, square), x, x);
  const one = number(12);
  const e = exp4(f32x4.add(magnitude, magnitude));
  const far = f32x4.sub(one, f32x4.div(number(31), f32x4.add(e, one)));
  const signed = v128.or(far, v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(near, signed, f32x4.lt(magnitude, number(32)));
}

/** 1 / (1 + e^−x), right to the last digits on both sides. */
// @ts-ignore: decorator
@inline
export function sigmoid4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const one = number(12);
  const top = v128.bitselect(one, e, f32x4.ge(x, f32x4.splat(0)));
  return f32x4.div(top, f32x4.add(one, e));
}
