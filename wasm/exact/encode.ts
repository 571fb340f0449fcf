// Codes of rows and of queries: x̂ = offset + step · code, code 0 … 127, one step for all dimensions.

import { BOUND_BYTES, ExactScratch, ExactStore, METRIC_IP, QueryBound, TILE } from "./layout";
import { setCodeLimit, upF32 } from "./bound";
import { boundOf } from "./list";

const DOUBLE_EPS: f64 = 2.220446049250313e-16; // 2⁻⁵²
/** 128 · 2⁻⁵²: f64 rounding of one residual within the box, in steps, doubled. */
const RESIDUAL_EPS: f64 = 2.8421709430404007e-14;

/** |row|² in f64: relative error at most d · 2⁻⁵³. */
@inline
export function squaredNorm(row: usize, d: u32): f64 {
  let sum = f64x2.splat(0);
  let j: u32 = 0;
  for (; j + 2 <= d; j += 2) {
    const x = f64x2.promote_low_f32x4(v128.load64_zero(row + (<usize>j << 2)));
    sum = f64x2.add(sum, f64x2.mul(x, x));
  }
  let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  if (j < d) {
    const x = <f64>load<f32>(row + (<usize>j << 2));
    total += x * x;
  }
  return total;
}

/** Nearest code of `t = x − offset`, any f64. */
@inline
function codeOf(t: f64, inverse: f64): i32 {
  return <i32>min<f64>(127, max<f64>(0, nearest<f64>(t * inverse)));
}

@inline
function codesOf(t: v128, inverse: v128): v128 {
  return f64x2.pmin(f64x2.splat(127), f64x2.pmax(f64x2.splat(0), f64x2.nearest(f64x2.mul(t, inverse))));
}

/**
 * Encodes groups begin … end−1 (rows 8·begin on); rows from n on get code 0. Writes codes, sums and errors,
 * nothing else, so threads may encode different groups. Returns how many of the rows lie beyond maxNorm (inner
 * product): those are never excluded, and many of them call for a new maxNorm. `scratch` is not used.
 *
 * Errors in f64: t = x − o is off by 2⁻⁵³ |t|, t − s·c (s·c is exact) by 2⁻⁵³ of itself, and |t| is at most
 * |t − s·c| + 127 s; so ‖x − x̂‖ ≤ computed · (1 + (d + 8) · 2⁻⁵²) + √d · 128 s · 2⁻⁵².
 */
export function exactEncode(scratch: usize, dataPtr: usize, n: u32, begin: u32, end: u32): u32 {
  const data = changetype<ExactStore>(dataPtr);
  const d = data.d, codeDim = data.codeDim, step = <f64>data.step, inverse = 1 / step;
  const offsets = data.offsets, augmented = data.metric == METRIC_IP;
  const relative = 1 + <f64>(codeDim + 8) * DOUBLE_EPS, absolute = Math.sqrt(<f64>codeDim) * RESIDUAL_EPS;
  const inverse2 = f64x2.splat(inverse), step2 = f64x2.splat(step);
  let beyond: u32 = 0;
  for (let group = begin; group < end; group++) {
    const base = data.codes + <usize>group * (<usize>codeDim << 3);
    let worst: f32 = 0;
    for (let i: u32 = 0; i < 8; i++) {
      const r = (group << 3) + i;
      let at = base + (<usize>i << 2);
      if (r >= n) {
        for (let j: u32 = 0; j < codeDim; j += 4, at += 32) store<u32>(at, 0);
        store<i32>(data.sums + (<usize>r << 2), 0);
        continue;
      }
      const row = data.rows + <usize>r * <usize>data.stride;
      let squares = f64x2.splat(0), sums = i32x4.splat(0);
      let j: u32 = 0;
      for (; j + 4 <= d; j += 4, at += 32) {
        const x = v128.load(row + (<usize>j << 2)), o = v128.load(offsets + (<usize>j << 2));
        const t0 = f64x2.sub(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(o));
        const t1 = f64x2.sub(
          f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)),
          f64x2.promote_low_f32x4(v128.shuffle<f32>(o, o, 2, 3, 2, 3)),
        );
        const c0 = codesOf(t0, inverse2), c1 = codesOf(t1, inverse2);
        const r0 = f64x2.sub(t0, f64x2.mul(step2, c0)), r1 = f64x2.sub(t1, f64x2.mul(step2, c1));
        squares = f64x2.add(squares, f64x2.add(f64x2.mul(r0, r0), f64x2.mul(r1, r1)));
        const c = v128.shuffle<i32>(i32x4.trunc_sat_f64x2_s_zero(c0), i32x4.trunc_sat_f64x2_s_zero(c1), 0, 1, 4, 5);
        sums = i32x4.add(sums, i32x4.mul(c, c));
        const c16 = i16x8.narrow_i32x4_s(c, c);
        store<i32>(at, i32x4.extract_lane(i8x16.narrow_i16x8_u(c16, c16), 0));
      }
      let square = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
      let sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) +
        i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
      // The remaining dimensions, the augmented one among them, then zeros.
      let outside = false;
      for (; j < codeDim; j += 4, at += 32) {
        let word: u32 = 0;
        for (let lane: u32 = 0; lane < 4; lane++) {
          const dim = j + lane;
          let x: f64 = 0;
          if (dim < d) x = <f64>load<f32>(row + (<usize>dim << 2));
          else if (augmented && dim == d) {
            const rest = <f64>data.maxNorm - squaredNorm(row, d);
            outside = rest < 0;
            x = Math.sqrt(max(rest, 0));
          } else continue;
          const t = x - <f64>load<f32>(offsets + (<usize>dim << 2));
          const c = codeOf(t, inverse), residual = t - step * <f64>c;
          square += residual * residual;
          sum += c * c;
          word |= <u32>c << (lane << 3);
        }
        store<u32>(at, word);
      }
      store<i32>(data.sums + (<usize>r << 2), sum);
      beyond += <u32>outside;
      worst = max(worst, outside ? <f32>Infinity : upF32((Math.sqrt(square) / step) * relative + absolute));
    }
    store<f32>(data.errors + (<usize>group << 2), worst);
  }
  return beyond;
}

/** Queries whose codes are interleaved: a tile of four, or the only one. */
@inline
function lanesOf(s: ExactScratch): u32 {
  return s.nq == 1 ? 1 : TILE;
}

/**
 * Stores code `c` of dimension `dim` of query q in the order that this build's product reads: `[tile][dim / 4]
 * [4 queries]` and then four bytes, or in the plain build four i16, the two even dimensions first.
 */
@inline
function storeQueryCode(s: ExactScratch, q: u32, dim: u32, c: i32): void {
  const lanes = lanesOf(s);
  const tile = s.queryCodes + <usize>(q / lanes) * <usize>(lanes * s.queryBytes);
  const word = <usize>((dim >> 2) * lanes + q % lanes);
  // @ts-ignore: RELAXED is a compiler flag
  if (isDefined(RELAXED)) store<u8>(tile + (word << 2) + <usize>(dim & 3), <u8>c);
  else store<i16>(tile + (word << 3) + <usize>(((dim & 1) << 2) + (dim & 2)), <i16>c);
}

/** Squared lengths below this leave differences from any offset finite. */
const SAFE_SQUARE: f64 = 1.6069380442589903e60; // 2²⁰⁰
/** More steps than this from the box count as so many: a smaller `outside` excludes less. */
const FAR: f32 = 1073741824;
const FLOAT_UNIT: f64 = 5.960464477539063e-8; // 2⁻²⁴
/** Error of one coordinate within the box, in steps: three roundings of up to 128, and as much again. */
const COORDINATE: f64 = 3.0517578125e-5; // 2⁻¹⁵

@inline
function total(v: v128): f64 {
  return <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) +
    (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3));
}

/**
 * Encodes query q; errors as for rows, the part outside the box rounded down. Whole fours go through float32, in steps: u, the
 * number of steps from the offset, is off by three roundings, so within the box by 128 · 3 · 2⁻²⁴ at most and outside by
 * that and four roundings of the distance from the box; sums of squares by (d / 4 + 2) · 2⁻²⁴ of themselves. Which
 * of two codes is taken does not matter.
 */
function encodeQuery(data: ExactStore, s: ExactScratch, q: u32): void {
  const query = s.queries + <usize>q * <usize>s.queryStride;
  const d = data.d, dims = d + <u32>(data.metric == METRIC_IP), step = <f64>data.step, inverse = 1 / step;
  const b = boundOf(s, q);
  let inside: f64 = 0, beyond: f64 = 0, sum: i32 = 0, dim: u32 = 0;
  if (b.norm < SAFE_SQUARE) {
    const inverse4 = f32x4.splat(<f32>inverse), zero = f32x4.splat(0), top = f32x4.splat(127);
    let inside4 = zero, beyond4 = zero, sums = i32x4.splat(0);
    const lanes = lanesOf(s), skip = <usize>(lanes << 2);
    let at = s.queryCodes + <usize>(q / lanes) * <usize>(lanes * s.queryBytes);
    // @ts-ignore: RELAXED is a compiler flag
    if (isDefined(RELAXED)) at += <usize>((q % lanes) << 2);
    else at += <usize>((q % lanes) << 3);
    for (; dim + 4 <= d; dim += 4) {
      const from = <usize>dim << 2;
      const u = f32x4.mul(f32x4.sub(v128.load(query + from), v128.load(data.offsets + from)), inverse4);
      const near = f32x4.pmin(top, f32x4.pmax(zero, u));
      const c = f32x4.nearest(near), residual = f32x4.sub(near, c);
      const out = f32x4.sub(f32x4.pmin(f32x4.splat(FAR), f32x4.pmax(f32x4.splat(-FAR), u)), near);
      inside4 = f32x4.add(inside4, f32x4.mul(residual, residual));
      beyond4 = f32x4.add(beyond4, f32x4.mul(out, out));
      const numbers = i32x4.trunc_sat_f32x4_s(c);
      const c16 = i16x8.narrow_i32x4_s(numbers, i32x4.splat(0));
      sums = i32x4.add(sums, i32x4.dot_i16x8_s(c16, c16));
      // @ts-ignore: RELAXED is a compiler flag
      if (isDefined(RELAXED)) {
        v128.store32_lane(at, i8x16.narrow_i16x8_u(c16, c16), 0);
        at += skip;
      } else {
        v128.store64_lane(at, v128.shuffle<i16>(c16, c16, 0, 2, 1, 3, 0, 2, 1, 3), 0);
        at += skip << 1;
      }
    }
    inside = total(inside4) * step * step;
    beyond = total(beyond4) * step * step;
    sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1);
  }
  const coarse = dim > 0;
  for (; dim < data.codeDim; dim++) {
    if (dim >= dims) {
      storeQueryCode(s, q, dim, 0);
      continue;
    }
    const x = dim < d ? <f64>load<f32>(query + (<usize>dim << 2)) : 0;
    const t = x - <f64>load<f32>(data.offsets + (<usize>dim << 2));
    const c = codeOf(t, inverse), residual = t - step * <f64>c;
    if ((c == 0 && residual < 0) || (c == 127 && residual > 0)) beyond += residual * residual;
    else inside += residual * residual;
    sum += c * c;
    storeQueryCode(s, q, dim, c);
  }
  const terms = <f64>(data.codeDim + 8), root = Math.sqrt(<f64>data.codeDim);
  const relative = terms * (coarse ? FLOAT_UNIT : DOUBLE_EPS), absolute = root * (coarse ? COORDINATE : RESIDUAL_EPS);
  const p = max((Math.sqrt(beyond) / step) * (1 - relative) - absolute, 0);
  b.codeError = (Math.sqrt(inside) / step) * (1 + relative) + absolute;
  b.outside = p * p * (1 - 4 * DOUBLE_EPS);
  store<i32>(s.codeNorms + (<usize>q << 2), sum);
}

/** Empties the lists and computes |q|² of every staged query. */
export function beginQueries(data: ExactStore, s: ExactScratch): void {
  memory.fill(s.counts, 0, <usize>s.nq << 2);
  memory.fill(s.bounds, 0, <usize>s.nq * BOUND_BYTES);
  s.outCount = 0;
  s.resumeRow = 0;
  s.resumeTile = 0;
  s.scored = 0;
  for (let q: u32 = 0; q < s.nq; q++) {
    boundOf(s, q).norm = squaredNorm(s.queries + <usize>q * <usize>s.queryStride, data.d);
  }
}

/** Codes the staged queries; places of the last tile without a query get limits that nothing passes. */
export function encodeQueries(data: ExactStore, s: ExactScratch): void {
  for (let q: u32 = 0; q < s.nq; q++) {
    encodeQuery(data, s, q);
    setCodeLimit(data, s, q);
  }
  for (let q = s.nq; q % lanesOf(s) != 0; q++) {
    for (let dim: u32 = 0; dim < data.codeDim; dim++) storeQueryCode(s, q, dim, 0);
    store<f32>(s.alpha + (<usize>q << 2), 0);
    store<f32>(s.beta + (<usize>q << 2), 0);
    // Limit −2³⁰ with dots of zero: |cx|² ≥ 0 exceeds it. (beta · ∞ is NaN, which pmax turns into 0.)
    store<i32>(s.codeNorms + (<usize>q << 2), 0x40000000);
  }
}
