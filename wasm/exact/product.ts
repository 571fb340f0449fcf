// Batches without codes: a float32 matrix product in tiles of six queries by eight rows, packed on both sides,
// decides which rows are worth a strict distance.

import { floatCandidate, groupMask, settle } from "./settle";
import { rowTerm, setProductLimit } from "./product-limit";
import { squaredNorm } from "./encode";
import { fma } from "../simd";
import { ExactScratch, ExactStore, MODE_RANGE, OUT_MIN, PANEL, SIX } from "./layout";

/** Queries in sixes: `[six][dim][6]`. */
export function packQueries(data: ExactStore, s: ExactScratch): void {
  const dims = data.bytes >> 2;
  let out = s.packedQueries;
  for (let first: u32 = 0; first < s.nq; first += SIX) {
    for (let j: u32 = 0; j < dims; j++) {
      for (let i: u32 = 0; i < SIX; i++, out += 4) {
        const q = first + i;
        const at = s.queries + <usize>q * <usize>s.queryStride + (<usize>j << 2);
        store<f32>(out, q < s.nq ? load<f32>(at) : <f32>0);
      }
    }
  }
  for (let q: u32 = 0; q < s.nq; q++) setProductLimit(data, s, q);
  // Places without a query pass nothing but NaN, and are looked at last of all.
  for (let q = s.nq; q % SIX != 0; q++) store<f32>(s.alpha + (<usize>q << 2), -Infinity);
}

/** Stores the 4 × 4 block of rows a … d transposed, `stride` bytes apart. */
@inline
function storeTransposed(out: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(out, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 32);
  v128.store(out, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), 64);
  v128.store(out, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), 96);
}

/** Packs the groups that hold rows begin … end−1 in eights, `[group][dim][8]`; rows past the end repeat the last. */
function packRows(data: ExactStore, s: ExactScratch, begin: u32, end: u32): void {
  const bytes = data.bytes, stride = <usize>data.stride;
  let out = s.packedRows, terms = s.rowTerms;
  for (let group = begin >> 3; group < (end + 7) >> 3; group++) {
    for (let half: u32 = 0; half < 8; half += 4) {
      const r = (group << 3) + half, last = end - 1;
      const r0 = data.rows + <usize>min(r, last) * stride, r1 = data.rows + <usize>min(r + 1, last) * stride;
      const r2 = data.rows + <usize>min(r + 2, last) * stride, r3 = data.rows + <usize>min(r + 3, last) * stride;
      let to = out + <usize>(half << 2);
      for (let j: usize = 0; j < <usize>bytes; j += 16, to += 128) {
        storeTransposed(to, v128.load(r0 + j), v128.load(r1 + j), v128.load(r2 + j), v128.load(r3 + j));
      }
      store<f32>(terms, rowTerm(data, squaredNorm(r0, data.d)));
      store<f32>(terms, rowTerm(data, squaredNorm(r1, data.d)), 4);
      store<f32>(terms, rowTerm(data, squaredNorm(r2, data.d)), 8);
      store<f32>(terms, rowTerm(data, squaredNorm(r3, data.d)), 12);
      terms += 16;
    }
    out += <usize>bytes << 3;
  }
}

@inline
function gather(s: ExactScratch, lane: u32, q: u32, value: usize, mask: u32, group: u32): void {
  const limit = f32x4.splat(load<f32>(s.alpha + (<usize>q << 2)));
  let bits = ~(
    i32x4.bitmask(f32x4.gt(v128.load(value), limit)) |
    (i32x4.bitmask(f32x4.gt(v128.load(value, 16), limit)) << 4)
  ) & mask;
  if (!bits) return;
  const countAt = s.candidateCounts + (<usize>lane << 2);
  const list = s.candidates + <usize>(lane * PANEL << 3);
  let n = load<u32>(countAt);
  do {
    const i = <u32>ctz(bits);
    bits &= bits - 1;
    const v = load<f32>(value + (<usize>i << 2));
    store<u64>(list + (<usize>n << 3), floatCandidate(v == v ? v : -Infinity, (group << 3) + i));
    n++;
  } while (bits);
  store<u32>(countAt, n);
}

/** rowTerm − 2p of one query and four rows. */
@inline
function valueOf(term: v128, p: v128): v128 {
  return f32x4.sub(term, f32x4.add(p, p));
}

@inline
function above(lo: v128, hi: v128, limitAt: usize): v128 {
  const limit = v128.load32_splat(limitAt);
  return v128.and(f32x4.gt(lo, limit), f32x4.gt(hi, limit));
}

/** Six queries against the packed panel. Long, so that the twelve sums stay in registers. */
function sixPanel(data: ExactStore, s: ExactScratch, q: u32, begin: u32, end: u32): void {
  const bytes = <usize>data.bytes, tile = s.tile;
  const queries = s.packedQueries + <usize>q * bytes;
  const limits = s.alpha + (<usize>q << 2);
  memory.fill(s.candidateCounts, 0, 32);
  let x = s.packedRows, terms = s.rowTerms;
  for (let group = begin >> 3; group < (end + 7) >> 3; group++, terms += 32) {
    const stop = x + (bytes << 3);
    const mask = groupMask(s, group, begin, end);
    if (!mask) {
      x = stop;
      continue;
    }
    let at = queries;
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
    const t0 = v128.load(terms), t1 = v128.load(terms, 16);
    a0 = valueOf(t0, a0);
    a1 = valueOf(t1, a1);
    b0 = valueOf(t0, b0);
    b1 = valueOf(t1, b1);
    c0 = valueOf(t0, c0);
    c1 = valueOf(t1, c1);
    d0 = valueOf(t0, d0);
    d1 = valueOf(t1, d1);
    e0 = valueOf(t0, e0);
    e1 = valueOf(t1, e1);
    f0 = valueOf(t0, f0);
    f1 = valueOf(t1, f1);
    let far = v128.and(above(a0, a1, limits), above(b0, b1, limits + 4));
    far = v128.and(far, v128.and(above(c0, c1, limits + 8), above(d0, d1, limits + 12)));
    far = v128.and(far, v128.and(above(e0, e1, limits + 16), above(f0, f1, limits + 20)));
    if (i32x4.all_true(far)) continue;
    v128.store(tile, a0);
    v128.store(tile, a1, 16);
    v128.store(tile, b0, 32);
    v128.store(tile, b1, 48);
    v128.store(tile, c0, 64);
    v128.store(tile, c1, 80);
    v128.store(tile, d0, 96);
    v128.store(tile, d1, 112);
    v128.store(tile, e0, 128);
    v128.store(tile, e1, 144);
    v128.store(tile, f0, 160);
    v128.store(tile, f1, 176);
    for (let i: u32 = 0; i < SIX && q + i < s.nq; i++) gather(s, i, q + i, tile + <usize>(i << 5), mask, group);
  }
  for (let i: u32 = 0; i < SIX && q + i < s.nq; i++) {
    const n = load<u32>(s.candidateCounts + (<usize>i << 2));
    if (n) settle(data, s, q + i, s.candidates + <usize>(i * PANEL << 3), n, false);
  }
}

/** All staged queries against rows begin … end−1; stops and resumes like searchCodes. */
export function searchProduct(data: ExactStore, s: ExactScratch, begin: u32, end: u32): u32 {
  let row = max(begin, s.resumeRow);
  while (row < end) {
    const stop = min(end, (row & ~7) + PANEL);
    packRows(data, s, row, stop);
    for (let q = s.resumeTile; q < s.nq; q += SIX) {
      if (s.mode == MODE_RANGE && s.outCapacity - s.outCount < OUT_MIN) {
        s.resumeRow = row;
        s.resumeTile = q;
        return 0;
      }
      sixPanel(data, s, q, row, stop);
    }
    s.resumeTile = 0;
    row = stop;
  }
  s.resumeRow = 0;
  return 1;
}
