// Sums of a kernel over all rows, within a given error (Gray and Moore, *Nonparametric density estimation*, SDM 2003). A ball
// of n rows adds between n·K(farthest) and n·K(nearest). It is taken as the middle of both once half the difference is within
// its share of the error allowed, and what balls before it left of theirs; else its two balls are looked at.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { fromOrderedBits } from "../keys";
import { offerQuery, offerRange } from "../offer";
import { Scorer } from "../scorers";
import { Ball, beginOf, CENTRE, endOf, queryError, radiusOf } from "./ballLayout";
import { searchAll } from "./ballSearch";
import { cosQuarter, expOf } from "./maths";
import { rankAt } from "./rank";

const GAUSSIAN: i32 = 0;
const EXPONENTIAL: i32 = 1;
const TOPHAT: i32 = 2;
const EPANECHNIKOV: i32 = 3;
const LINEAR: i32 = 4;

@unmanaged
export class Density {
  request: Request;
  kernel: i32;
  /** What the metric answers for a distance x of the tree: 0 x, 1 x², 2 x² / 2. */
  measure: i32;
  /** Rows that are there of the first i (u32), or 0 when all are. */
  present: usize;
  /** For each query: the sum, and the exponent it was divided by (two f64). */
  out: usize;
  /** Rows that are there. */
  rows: i32;
  inverseBandwidth: f64;
  /** Largest absolute error of a sum, and of its logarithm's argument relative to it. */
  atol: f64;
  rtol: f64;
}

/** The distance of two float32 rows in float64 under L2, as the strict kernel has it under other metrics. */
function distance64(s: Scratch, t: Ball, a: usize, b: usize): f64 {
  if (s.kind != 0) {
    const rank = <f64>rankAt(s, a, b);
    return t.squared ? Math.sqrt(rank) : rank;
  }
  let sum = f64x2.splat(0);
  for (const end = a + changetype<Scorer>(s.scorer).bytes; a < end; a += 16, b += 16) {
    const x = v128.load(a), y = v128.load(b);
    const low = f64x2.sub(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y));
    const xh = v128.shuffle<f32>(x, x, 2, 3, 2, 3), yh = v128.shuffle<f32>(y, y, 2, 3, 2, 3);
    const high = f64x2.sub(f64x2.promote_low_f32x4(xh), f64x2.promote_low_f32x4(yh));
    sum = f64x2.add(sum, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
  }
  return Math.sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/** −log K for the kernels that never end, in bandwidths; a distance in bandwidths for the others. */
@inline
function argument(p: Density, distance: f64): f64 {
  const x = (p.measure == 0 ? distance : p.measure == 1 ? distance * distance : distance * distance * 0.5) * p.inverseBandwidth;
  return p.kernel == GAUSSIAN ? 0.5 * x * x : x;
}

/** K, divided by e^−shift. */
@inline
function kernelOf(p: Density, x: f64, shift: f64): f64 {
  if (p.kernel <= EXPONENTIAL) return expOf(min<f64>(700, shift - x));
  if (!(x < 1)) return 0;
  if (p.kernel == TOPHAT) return 1;
  if (p.kernel == EPANECHNIKOV) return 1 - x * x;
  return p.kernel == LINEAR ? 1 - x : cosQuarter(x);
}

@inline function isThere(r: Request, slot: i32): bool {
  return r.skip == 0 || ((load<u8>(r.skip + (slot >> 3)) >> <u8>(slot & 7)) & 1) == 0;
}

function sumRows(s: Scratch, t: Ball, p: Density, shift: f64, begin: i32, end: i32): f64 {
  const scorer = changetype<Scorer>(s.scorer);
  let sum: f64 = 0;
  for (let i = begin; i < end; i++) {
    if (!isThere(p.request, i)) continue;
    sum += kernelOf(p, argument(p, distance64(s, t, scorer.query, scorer.at(<u32>i))), shift);
  }
  return sum;
}

@inline
function rowsOf(p: Density, block: usize): i32 {
  const begin = beginOf(block), end = endOf(block);
  if (p.present == 0) return end - begin;
  return load<i32>(p.present + (<usize>end << 2)) - load<i32>(p.present + (<usize>begin << 2));
}

/** The same for the nearest place in a ball: no row is nearer than that which gave the shift, but for rounding. */
@inline
function mostOf(t: Ball, p: Density, x: f64, shift: f64): f64 {
  return kernelOf(p, p.kernel <= EXPONENTIAL ? max<f64>(x, shift * (1 - 8 * (1 - <f64>t.shrink))) : x, shift);
}

/** A ball that waits: node, nothing, the least that it adds, the most (f64). */
const WAITING: usize = 24;

@inline
function push(s: Scratch, t: Ball, p: Density, top: usize, node: i32, error: f64, shift: f64): f64 {
  const block = t.at(node);
  const d = distance64(s, t, changetype<Scorer>(s.scorer).query, block + CENTRE);
  const radius = <f64>radiusOf(block), shrink = <f64>t.shrink;
  const nearest = max<f64>(0, (d - error) * shrink - radius), farthest = (d + error) * (2 - shrink) + radius;
  const n = <f64>rowsOf(p, block);
  const least = n * kernelOf(p, argument(p, farthest), shift);
  store<i32>(top, node);
  store<f64>(top, least, 8);
  store<f64>(top, n * mostOf(t, p, argument(p, nearest), shift), 16);
  return least;
}

/** The sum for the query of the scorer, within what is allowed. */
function sumTree(s: Scratch, t: Ball, p: Density, shift: f64): f64 {
  const scorer = changetype<Scorer>(s.scorer);
  const error = <f64>queryError(t, scorer.query, scorer.bytes);
  const all = <f64>p.rows;
  const atol = p.atol == 0 ? 0 : p.atol / expOf(-shift);
  let sum = sumRows(s, t, p, shift, t.covered, t.rows);
  if (t.covered == 0) return sum;
  const covered = <f64>rowsOf(p, t.at(0));
  // A lower bound of the whole sum, which only grows; and half the differences of balls taken as their middle.
  let certain = sum, spent: f64 = 0;
  let done = all - covered;
  let top = s.pool;
  certain += push(s, t, p, top, 0, error, shift);
  top += WAITING;
  while (top > s.pool) {
    top -= WAITING;
    const node = load<i32>(top);
    const least = load<f64>(top, 8), most = load<f64>(top, 16);
    const block = t.at(node);
    const n = <f64>rowsOf(p, block);
    const half = max<f64>(0, most - least) * 0.5;
    const allowed = (atol + p.rtol * certain) * ((done + n) / all);
    if (half == 0 || spent + half <= allowed) {
      sum += least + half;
      spent += half;
      done += n;
    } else if (node >= t.inner) {
      const exact = sumRows(s, t, p, shift, beginOf(block), endOf(block));
      sum += exact;
      certain += max<f64>(0, exact - least);
      done += n;
    } else {
      const a = push(s, t, p, top, 2 * node + 1, error, shift);
      const nearA = load<f64>(top, 16) / max<f64>(1, <f64>rowsOf(p, t.at(2 * node + 1)));
      const b = push(s, t, p, top + WAITING, 2 * node + 2, error, shift);
      const nearB = load<f64>(top + WAITING, 16) / max<f64>(1, <f64>rowsOf(p, t.at(2 * node + 2)));
      certain += max<f64>(0, a + b - least);
      if (nearA > nearB) swap(top);
      top += 2 * WAITING;
    }
  }
  return sum;
}

/** Changes the places of the two balls that wait at `at`. */
function swap(at: usize): void {
  for (let i: usize = 0; i < WAITING; i += 8) {
    const x = load<u64>(at + i);
    store<u64>(at + i, load<u64>(at + WAITING + i));
    store<u64>(at + WAITING + i, x);
  }
}

/** Sums for queries begin … end. */
export function ballDensity(s: Scratch, t: Ball, p: Density, begin: i32, end: i32): void {
  const r = p.request;
  for (let q = begin; q < end; q++) {
    offerQuery(s, r, q);
    let shift: f64 = 0;
    if (p.kernel <= EXPONENTIAL) {
      // Relative to the nearest row no sum is too small for float64.
      let length = t.covered > 0 ? searchAll(s, t, r) : 0;
      length = offerRange(s, r, length, t.covered, t.rows);
      if (length > 0) {
        const rank = <f64>fromOrderedBits(<u32>(load<u64>(s.sorted) >> 32));
        shift = argument(p, t.squared ? Math.sqrt(rank) : rank);
      }
    }
    const sum = sumTree(s, t, p, shift);
    store<f64>(p.out + (<usize>q << 4), sum);
    store<f64>(p.out + (<usize>q << 4), shift, 8);
  }
}
