// Which centroid is nearest. A float product in tiles of six rows by eight centroids ranks all of them, with an error that is
// bounded; among those that are closer to the best than that, strict ranks decide. So the choice is that of the strict kernels, in
// every build and on any number of threads.
//
// With u = 2⁻²⁴, a product of d terms is within (d + 16)·u·|x||c| of the true one whatever the order and the fusing, and the
// value term − 2·product within three times that of what strict ranks order by: 2|x||c| ≤ |x|² + |c|², and the strict
// kernels' own errors, a sixteenth of the product's, and the rounding of terms are in the third part. Two values may be wrong
// in opposite directions.

import { fma } from "../simd";
import { dotF32 } from "../kernels/f32";
import { fromOrderedBits, orderedBits } from "../keys";
import { strictRank } from "../strict";
import { packRows, panelBytes } from "./pack";
import { Centroids, Choice, GROUP, PANEL, SIX, STATE } from "./layout";

const UNIT: f32 = 5.9604644775390625e-8;
/** Larger norms could overflow the product: then strict ranks decide. */
const SAFE_SQUARE: f32 = 1.2676506002282294e30; // 2¹⁰⁰

@inline
function note(state: usize, v: v128, group: v128): void {
  const best = v128.load(state), second = v128.load(state, 32);
  const less = f32x4.lt(v, best);
  v128.store(state, f32x4.pmin(best, v));
  v128.store(state, f32x4.pmin(second, f32x4.pmax(best, v)), 32);
  v128.store(state, v128.bitselect(group, v128.load(state, 64), less), 64);
}

@inline
function noteRow(state: usize, t0: v128, t1: v128, p0: v128, p1: v128, group: v128): void {
  note(state, f32x4.sub(t0, f32x4.add(p0, p0)), group);
  note(state + 16, f32x4.sub(t1, f32x4.add(p1, p1)), group);
}

/** Six packed rows against one group. Long, so that the twelve sums stay in registers. */
function tile(c: Centroids, group: i32, at: usize, state: usize): void {
  const bytes = <usize>c.d << 5;
  let x = c.packed + <usize>group * bytes;
  const stop = x + bytes;
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0;
  let d0 = a0, d1 = a0, e0 = a0, e1 = a0, f0 = a0, f1 = a0;
  while (x < stop) {
    const y = v128.load(x), z = v128.load(x, 16);
    let w = v128.load32_splat(at);
    a0 = fma(y, w, a0);
    a1 = fma(z, w, a1);
    w = v128.load32_splat(at, 4);
    b0 = fma(y, w, b0);
    b1 = fma(z, w, b1);
    w = v128.load32_splat(at, 8);
    c0 = fma(y, w, c0);
    c1 = fma(z, w, c1);
    w = v128.load32_splat(at, 12);
    d0 = fma(y, w, d0);
    d1 = fma(z, w, d1);
    w = v128.load32_splat(at, 16);
    e0 = fma(y, w, e0);
    e1 = fma(z, w, e1);
    w = v128.load32_splat(at, 20);
    f0 = fma(y, w, f0);
    f1 = fma(z, w, f1);
    at += 24;
    x += 32;
  }
  const terms = c.terms + (<usize>group << 5);
  const t0 = v128.load(terms), t1 = v128.load(terms, 16), number = i32x4.splat(group);
  noteRow(state, t0, t1, a0, a1, number);
  noteRow(state + STATE, t0, t1, b0, b1, number);
  noteRow(state + 2 * STATE, t0, t1, c0, c1, number);
  noteRow(state + 3 * STATE, t0, t1, d0, d1, number);
  noteRow(state + 4 * STATE, t0, t1, e0, e1, number);
  noteRow(state + 5 * STATE, t0, t1, f0, f1, number);
}

/** Takes a centroid into account: the key of the nearest so far, strict rank and number. */
@inline
function strictKey(c: Centroids, row: usize, j: i32, key: u64): u64 {
  const rank = strictRank(c.ip, row, c.rows + <usize>j * c.bytes, c.bytes);
  // A sum that overflowed to no number counts as infinite.
  const other = (<u64>orderedBits(rank == rank ? rank : Infinity) << 32) | <u64>j;
  return min(key, other);
}

/** The key of the centroid of least strict rank, the first of them. */
function nearest(c: Centroids, row: usize, state: usize): u64 {
  let key = u64.MAX_VALUE;
  const norm = dotF32(row, row, c.bytes);
  if (!(norm <= SAFE_SQUARE && c.longest <= SAFE_SQUARE)) {
    for (let j = 0; j < c.k; j++) key = strictKey(c, row, j, key);
    return key;
  }
  const lowest = f32x4.pmin(v128.load(state), v128.load(state, 16));
  const pairs = f32x4.pmin(lowest, v128.shuffle<f32>(lowest, lowest, 2, 3, 0, 1));
  const best = min(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
  const limit: f32 = best + 6 * <f32>(c.d + 16) * UNIT * (norm + c.longest);
  for (let lane = 0; lane < GROUP; lane++) {
    const at = state + (<usize>lane << 2);
    if (load<f32>(at) > limit) continue;
    if (load<f32>(at, 32) > limit) key = strictKey(c, row, load<i32>(at, 64) * GROUP + lane, key);
    // Two of this lane may be the nearest: all of it are compared.
    else for (let j = lane; j < c.k; j += GROUP) key = strictKey(c, row, j, key);
  }
  return key;
}

/** Bytes of a thread's scratch. */
export function chooseBytes(d: i32): usize {
  return ((panelBytes(d) + 15) & ~15) + <usize>PANEL * STATE;
}

/** Rows begin … end choose. */
export function chooseRows(scratch: usize, c: Centroids, choice: Choice, begin: i32, end: i32): void {
  const states = scratch + ((panelBytes(c.d) + 15) & ~15);
  const groups = (c.k + GROUP - 1) / GROUP, sixBytes = <usize>c.d * 24;
  const infinite = f32x4.splat(Infinity), zero = i32x4.splat(0);
  for (let first = begin; first < end; first += PANEL) {
    const n = min(PANEL, end - first);
    const rows = choice.rows + <usize>first * choice.stride;
    packRows(rows, choice.stride, n, c.d, scratch);
    const stop = states + <usize>PANEL * STATE;
    for (let state = states; state < stop; state += STATE) {
      v128.store(state, infinite);
      v128.store(state, infinite, 16);
      v128.store(state, infinite, 32);
      v128.store(state, infinite, 48);
      v128.store(state, zero, 64);
      v128.store(state, zero, 80);
    }
    for (let group = 0; group < groups; group++) {
      let at = scratch, state = states;
      for (let i = 0; i < n; i += SIX, at += sixBytes, state += <usize>SIX * STATE) tile(c, group, at, state);
    }
    for (let i = 0; i < n; i++) {
      const row = rows + <usize>i * choice.stride;
      const key = nearest(c, row, states + <usize>i * STATE), at = <usize>(first + i) << 2;
      store<u32>(choice.chosen + at, <u32>key);
      store<f32>(choice.ranks + at, fromOrderedBits(<u32>(key >> 32)));
    }
  }
}
