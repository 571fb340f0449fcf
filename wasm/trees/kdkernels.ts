// Four at a time: ranks of four rows, and the least and the largest rank that rows in four boxes can have. For a few
// widths sums are made in the order of the strict kernels (wasm/kernels/f32.ts), whose rounding keeps order: the rank of
// a row in a box is then never less than the box's bound, to the last bit.

import { Minkowski, minkowskiWays } from "../kernels/minkowski";
import { KD_L1, KD_L2, KD_MINKOWSKI, KdTree } from "./kdlayout";

// Widths as types, whose size is the number: generic code is compiled once for each.
@unmanaged export class Two { a: u16; }
@unmanaged export class Three { a: u8; b: u8; c: u8; }
@unmanaged export class Four { a: u32; }
@unmanaged export class Eight { a: u64; }

@inline
function square(t: v128): v128 { return f32x4.mul(t, t); }

/** How far q lies outside lo … hi. NaN stays NaN: pmax(a, b) is a unless a < b. */
@inline
function gap(q: v128, lo: v128, hi: v128): v128 {
  return f32x4.pmax(f32x4.pmax(f32x4.sub(lo, q), f32x4.sub(q, hi)), f32x4.splat(0));
}

/** How far q can be from anything in lo … hi. */
@inline
function reach(q: v128, lo: v128, hi: v128): v128 {
  return f32x4.pmax(f32x4.sub(hi, q), f32x4.sub(q, lo));
}

// Component j of four rows or boxes lies at byte 16j; the query's components are there four times each.

@inline
function differ(q: usize, x: usize, at: usize): v128 {
  return square(f32x4.sub(v128.load(q + at), v128.load(x + at)));
}
@inline
function outside(q: usize, low: usize, high: usize, at: usize): v128 {
  return square(gap(v128.load(q + at), v128.load(low + at), v128.load(high + at)));
}

/** Squared distances of the query from four rows. */
@inline
export function ranks4<W>(q: usize, x: usize): v128 {
  const t0 = differ(q, x, 0), t1 = differ(q, x, 16);
  if (offsetof<W>() == 2) return f32x4.add(t0, t1);
  const t2 = differ(q, x, 32);
  if (offsetof<W>() == 3) return f32x4.add(f32x4.add(t0, t2), t1);
  const t3 = differ(q, x, 48);
  if (offsetof<W>() == 4) return f32x4.add(f32x4.add(t0, t2), f32x4.add(t1, t3));
  const s0 = f32x4.add(t0, differ(q, x, 64)), s1 = f32x4.add(t1, differ(q, x, 80));
  const s2 = f32x4.add(t2, differ(q, x, 96)), s3 = f32x4.add(t3, differ(q, x, 112));
  return f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3));
}

/** The least squared distances from four boxes. */
@inline
export function bounds4<W>(q: usize, low: usize): v128 {
  const high = low + (offsetof<W>() << 4);
  const t0 = outside(q, low, high, 0), t1 = outside(q, low, high, 16);
  if (offsetof<W>() == 2) return f32x4.add(t0, t1);
  const t2 = outside(q, low, high, 32);
  if (offsetof<W>() == 3) return f32x4.add(f32x4.add(t0, t2), t1);
  const t3 = outside(q, low, high, 48);
  if (offsetof<W>() == 4) return f32x4.add(f32x4.add(t0, t2), f32x4.add(t1, t3));
  const s0 = f32x4.add(t0, outside(q, low, high, 64)), s1 = f32x4.add(t1, outside(q, low, high, 80));
  const s2 = f32x4.add(t2, outside(q, low, high, 96)), s3 = f32x4.add(t3, outside(q, low, high, 112));
  return f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3));
}

/** Sums that overflow where a rank might not count as this. */
const LARGE: f32 = 3e38;

/** Least ranks in four boxes, for any width and metric; `ways` is room for a number (f64) a component. */
export function boundsAny(t: KdTree, q: usize, low: usize, ways: usize): v128 {
  const size = <usize>t.width << 4;
  const high = low + size;
  if (t.metric == KD_MINKOWSKI) return minkowskiBounds(t, q, low, ways);
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < size; at += 16) {
    const g = gap(v128.load(q + at), v128.load(low + at), v128.load(high + at));
    if (t.metric == KD_L2) sum = f32x4.add(sum, square(g));
    else sum = t.metric == KD_L1 ? f32x4.add(sum, g) : f32x4.pmax(g, sum);
  }
  return f32x4.mul(f32x4.pmin(sum, f32x4.splat(LARGE)), f32x4.splat(t.slack));
}

/** Largest ranks in four boxes; infinite where they are not worth computing. */
export function reachAny(t: KdTree, q: usize, low: usize): v128 {
  const size = <usize>t.width << 4;
  const high = low + size;
  if (t.metric == KD_MINKOWSKI) return f32x4.splat(<f32>Infinity);
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < size; at += 16) {
    const g = reach(v128.load(q + at), v128.load(low + at), v128.load(high + at));
    if (t.metric == KD_L2) sum = f32x4.add(sum, square(g));
    else sum = t.metric == KD_L1 ? f32x4.add(sum, g) : f32x4.pmax(g, sum);
  }
  return f32x4.div(sum, f32x4.splat(t.slack));
}

/** The way from q to the range lo … hi on a circle of that period; a little less, as remainders are rounded. */
function wayAround(q: f64, lo: f64, hi: f64, period: f64): f64 {
  const width = hi - lo;
  if (width >= period) return 0;
  const t = q - lo;
  const from = t - period * floor<f64>(t / period);
  if (from <= width) return 0;
  const error = 1e-14 * (abs<f64>(q) + abs<f64>(lo) + abs<f64>(hi) + period);
  return max<f64>(0, min<f64>(from - width, period - from) - error);
}

function minkowskiBounds(t: KdTree, q: usize, low: usize, ways: usize): v128 {
  const m = changetype<Minkowski>(t.params);
  const axes = <usize>t.width;
  const lanes = ways + (axes << 3);
  for (let c: usize = 0; c < 4; c++) {
    const at = low + (c << 2), to = at + (axes << 4);
    if (isNaN<f32>(load<f32>(at))) {
      store<f32>(lanes + (c << 2), <f32>NaN);
      continue;
    }
    for (let j: usize = 0; j < axes; j++) {
      const x = <f64>load<f32>(q + (j << 4));
      const lo = <f64>load<f32>(at + (j << 4)), hi = <f64>load<f32>(to + (j << 4));
      const period = m.periodic ? m.period(j, axes) : 0;
      const way = period > 0 ? wayAround(x, lo, hi, period) : max<f64>(0, max<f64>(lo - x, x - hi));
      store<f64>(ways + (j << 3), way);
    }
    store<f32>(lanes + (c << 2), <f32>(minkowskiWays(m, ways, axes) * (1 - 1e-6)));
  }
  return v128.load(lanes);
}
