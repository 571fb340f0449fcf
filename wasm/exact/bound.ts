// Which rows can be left out: the argument, and the limits that follow from it.
//
// Notation: u = 2⁻²⁴. x a stored row, q a query, both float32, d dimensions. D = ‖q − x‖ in real numbers.
// S is what the strict kernel answers. T is the score a row may not exceed (`worstScore`). A row may be left
// out only if S > T for certain: then it neither beats the k-th best nor ties with it, so ids do not matter.
//
// 1. The strict kernel. Whatever the order of its sum, each of the d terms goes through at most one rounded
//    subtraction (squared: twice), one rounded product and d + 31 rounded additions (padding included), each
//    a factor within 1 ± u; a product may also underflow, by at most 2⁻¹⁵⁰; sums and differences never do.
//    All terms are ≥ 0, so with g = (d + 64) · 2⁻²³, twice what is needed (d ≤ 65,535 makes g < 0.008):
//      l2sq:  S ≤ T  implies  D² ≤ (T + d · 2⁻¹⁴⁸) · (1 + g).          Overflow only makes S larger.
//      ip:    |S + q·x| ≤ g · |q| · |x| + d · 2⁻¹⁴⁸ unless something overflows, which needs |q| · |x| > 2¹²⁶;
//             there nothing is left out.
//
// 2. Inner product as a distance. A row gets one more coordinate a, the f64 value of √(R² − |x|²); the query
//    gets 0. With |x|² + a² = R² (1 + ρ), |ρ| ≤ (d + 8) · 2⁻⁵²: ‖(q, 0) − (x, a)‖² = |q|² + R² (1 + ρ) − 2 q·x. So
//      S ≤ T  implies  D² ≤ |q|² + R² (1 + (d + 8) · 2⁻⁵²) + 2 (T + g |q| R + d · 2⁻¹⁴⁸),
//    D now being the distance of the augmented points. A row with |x| > R gets error ∞: it is never left out.
//
// 3. Codes. x̂ = o + s·cx lies in the box of representable points, and so does q̂ = o + s·cq. Let q′ be q moved
//    to the nearest point of the box. As the box is convex and holds x̂: ‖q − x̂‖² ≥ ‖q − q′‖² + ‖q′ − x̂‖².
//    With e_x = ‖x − x̂‖, e_q = ‖q′ − q̂‖, p = ‖q − q′‖:  ‖q − x̂‖ ≤ D + e_x and s·‖cq − cx‖ ≤ ‖q′ − x̂‖ + e_q, so
//      s·‖cq − cx‖ ≤ √((D + e_x)² − p²) + e_q   for every row,
//    whose right side grows with D and e_x. Rows with ‖cq − cx‖ beyond it, for the D of 1 or 2 and the largest
//    e_x of their group, are left out. The left side is exact: integers.
//
// 4. The right side as a function of e = e_x / s, for one query, with t = D / s and p, e_q in steps too:
//    √((t + e)² − p²) = √((t + e − p) · (t + e + p)) ≤ ((t + e − p) · w + (t + e + p) / w) / 2 for every w > 0,
//    a line alpha + beta · e; where the root is not defined no row can be answered and any limit is right. The
//    line touches at the e₀ with w² = (t + e₀ + p) / (t + e₀ − p). For p = 0 it is the function itself. alpha and
//    beta are computed in f64 and rounded up by a relative 2⁻²², which covers the conversion to f32;
//    `codeLimits` evaluates (alpha + beta · e)² in f32 with at most 5 roundings and adds a relative 2⁻²⁰.

import { boundOf, worstScore } from "./list";
import { ExactScratch, ExactStore, METRIC_IP } from "./layout";

const TINY: f64 = 2.802596928649634e-45; // 2⁻¹⁴⁸
const FLOAT_EPS: f64 = 1.1920928955078125e-7; // 2⁻²³
const DOUBLE_EPS: f64 = 2.220446049250313e-16; // 2⁻⁵²
const ROUND_UP: f64 = 2.384185791015625e-7; // 2⁻²²
/** |q|²·|x|² beyond this may overflow float32 somewhere in an inner product: 2²⁵⁰. */
const SAFE_PRODUCT: f64 = 1.809251394333066e75;

/** An f32 no less than x. Relative error 2⁻²² upward; absolute 2⁻¹⁴⁸ near zero. */
@inline
export function upF32(x: f64): f32 {
  return <f32>(x + Math.abs(x) * ROUND_UP + TINY);
}

@inline
export function strictGamma(d: u32): f64 {
  return <f64>(d + 64) * FLOAT_EPS;
}

/**
 * Largest D² (1, 2) that a row scored at most T by the strict kernel can have; ∞ when nothing can be said.
 */
export function largestSquare(data: ExactStore, norm: f64, T: f32): f64 {
  if (T == Infinity) return Infinity;
  const d = <f64>data.d, g = strictGamma(data.d);
  if (data.metric == METRIC_IP) {
    const R2 = <f64>data.maxNorm;
    if (!(norm * R2 < SAFE_PRODUCT)) return Infinity;
    const base = norm * (1 + (d + 8) * DOUBLE_EPS) + R2 * (1 + (d + 8) * DOUBLE_EPS);
    const twice = 2 * (<f64>T + g * Math.sqrt(norm * R2) + d * TINY);
    // The sum can cancel: its own error is relative to its terms.
    return max(0, base + twice + (base + Math.abs(twice)) * (4 * DOUBLE_EPS));
  }
  if (T < 0) return 0;
  return (<f64>T + d * TINY) * (1 + g);
}

/** Sets alpha and beta of query q from the score that it may not exceed. */
export function setCodeLimit(data: ExactStore, s: ExactScratch, q: u32): void {
  const b = boundOf(s, q);
  const t = Math.sqrt(largestSquare(data, b.norm, worstScore(s, q))) / <f64>data.step;
  let alpha = t + b.codeError, beta: f64 = 1;
  if (b.outside > 0 && t != Infinity) {
    const p = Math.sqrt(b.outside);
    // A typical error of coded rows (uniform rounding), or just above where the root begins.
    const r = max(t + Math.sqrt(<f64>data.codeDim / 12), p * 1.0001);
    const w = Math.sqrt((r + p) / (r - p));
    beta = (w + 1 / w) * 0.5;
    alpha = t * beta - p * (w - 1 / w) * 0.5 + (t + p) * beta * (32 * DOUBLE_EPS) + b.codeError;
  }
  // Kept above −10³⁷ so that an infinite error still gives an infinite limit, never −∞ + ∞.
  store<f32>(s.alpha + (<usize>q << 2), upF32(max(alpha, -1e37)));
  store<f32>(s.beta + (<usize>q << 2), upF32(beta));
}

/**
 * Largest |cx|² − 2·cq·cx that four queries let pass in a group of error e: floor of the limit of ‖cq − cx‖²,
 * less |cq|². Saturates above every possible value, so an unlimited query passes everything.
 */
@inline
export function codeLimits(alpha: v128, beta: v128, codeNorms: v128, error: v128): v128 {
  const limit = f32x4.pmax(f32x4.splat(0), f32x4.add(alpha, f32x4.mul(beta, error)));
  const square = f32x4.mul(f32x4.mul(limit, limit), f32x4.splat(<f32>1.00000095367431640625));
  return i32x4.sub(i32x4.trunc_sat_f32x4_s(square), codeNorms);
}

/** The same for one query. */
@inline
export function codeLimit(alpha: f32, beta: f32, codeNorm: i32, error: f32): i32 {
  const limit = max<f32>(0, alpha + beta * error);
  return i32x4.extract_lane(i32x4.trunc_sat_f32x4_s(f32x4.splat(limit * limit * <f32>1.00000095367431640625)), 0) - codeNorm;
}
