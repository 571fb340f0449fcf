// The coded product: integer dots of queries and rows, compared with integer limits in the registers that
// hold them. Both builds compute the same integers. Tile: four queries by eight rows, no horizontal sums.

import { codeLimit, codeLimits } from "./bound";
import { codeCandidate, groupMask, settle } from "./settle";
import { BLOCK, ExactScratch, ExactStore, GROUP, MODE_RANGE, OUT_MIN, TILE } from "./layout";

const BLOCK_BYTES: u32 = 256 * 1024;

/** acc + four-byte dots. Bytes are 0 … 127, so no implementation of the relaxed operation can differ. */
@inline
function dotBytes(codes: v128, query: v128, acc: v128): v128 {
  // @ts-ignore: RELAXED is a compiler flag
  if (isDefined(RELAXED)) return i32x4.relaxed_dot_i8x16_i7x16_add_s(query, codes, acc);
  return acc;
}

/** Even and odd bytes of the codes against the query's i16 pairs (see storeQueryCode). */
@inline
function dotHalves(even: v128, odd: v128, queryEven: v128, queryOdd: v128, acc: v128): v128 {
  return i32x4.add(
    acc,
    i32x4.add(i32x4.dot_i16x8_s(even, queryEven), i32x4.dot_i16x8_s(odd, queryOdd)),
  );
}

@inline
function valueOf(sum: v128, dot: v128): v128 {
  return i32x4.sub(sum, i32x4.add(dot, dot));
}

/** Adds the rows of one group whose value is within the limit to a list. */
@inline
function gather(list: usize, countAt: usize, value: usize, limit: i32, mask: u32, group: u32): void {
  const bound = i32x4.splat(limit);
  let bits =
    (i32x4.bitmask(i32x4.le_s(v128.load(value), bound)) |
      (i32x4.bitmask(i32x4.le_s(v128.load(value, 16), bound)) << 4)) &
    mask;
  if (!bits) return;
  let n = load<u32>(countAt);
  do {
    const i = <u32>ctz(bits);
    bits &= bits - 1;
    store<u64>(list + (<usize>n << 3), codeCandidate(load<i32>(value + (<usize>i << 2)), (group << 3) + i));
    n++;
  } while (bits);
  store<u32>(countAt, n);
}

/** The rare part of a tile: some of its 32 values may be within their limit. */
function gatherTile(s: ExactScratch, q: u32, limits: v128, mask: u32, group: u32): void {
  const lists = s.candidates, counts = s.candidateCounts, tile = s.tile;
  const bytes: usize = BLOCK << 3;
  gather(lists, counts, tile, i32x4.extract_lane(limits, 0), mask, group);
  if (q + 1 < s.nq) gather(lists + bytes, counts + 4, tile + 32, i32x4.extract_lane(limits, 1), mask, group);
  if (q + 2 < s.nq) gather(lists + 2 * bytes, counts + 8, tile + 64, i32x4.extract_lane(limits, 2), mask, group);
  if (q + 3 < s.nq) gather(lists + 3 * bytes, counts + 12, tile + 96, i32x4.extract_lane(limits, 3), mask, group);
}

/**
 * Four queries from q on against the groups that hold rows begin … end−1 (at most BLOCK). Long: the tile must
 * stay in registers, so nothing of it can be a function of its own.
 */
function tileBlock(data: ExactStore, s: ExactScratch, q: u32, begin: u32, end: u32): void {
  const codeDim = <usize>data.codeDim;
  const queries = s.queryCodes + <usize>q * <usize>s.queryBytes;
  const lane = <usize>q << 2;
  const tile = s.tile;
  v128.store(s.candidateCounts, i32x4.splat(0));
  for (let group = begin >> 3; group < (end + 7) >> 3; group++) {
    const mask = groupMask(s, group, begin, end);
    if (!mask) continue;
    let x = data.codes + <usize>group * (codeDim << 3), at = queries;
    const stop = x + (codeDim << 3);
    let a0 = i32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
    // Four dimensions a turn: V8 hoists the loads of a longer body and then spills sums.
    // @ts-ignore: RELAXED is a compiler flag
    if (isDefined(RELAXED)) {
      for (; x < stop; x += 32, at += 16) {
        const y = v128.load(x), z = v128.load(x, 16);
        let w = v128.load32_splat(at);
        a0 = dotBytes(y, w, a0);
        a1 = dotBytes(z, w, a1);
        w = v128.load32_splat(at, 4);
        b0 = dotBytes(y, w, b0);
        b1 = dotBytes(z, w, b1);
        w = v128.load32_splat(at, 8);
        c0 = dotBytes(y, w, c0);
        c1 = dotBytes(z, w, c1);
        w = v128.load32_splat(at, 12);
        d0 = dotBytes(y, w, d0);
        d1 = dotBytes(z, w, d1);
      }
    } else {
      const low = i16x8.splat(255);
      for (; x < stop; x += 32, at += 32) {
        const y = v128.load(x), z = v128.load(x, 16);
        const y0 = v128.and(y, low), y1 = i16x8.shr_u(y, 8), z0 = v128.and(z, low), z1 = i16x8.shr_u(z, 8);
        let v = v128.load32_splat(at), w = v128.load32_splat(at, 4);
        a0 = dotHalves(y0, y1, v, w, a0);
        a1 = dotHalves(z0, z1, v, w, a1);
        v = v128.load32_splat(at, 8);
        w = v128.load32_splat(at, 12);
        b0 = dotHalves(y0, y1, v, w, b0);
        b1 = dotHalves(z0, z1, v, w, b1);
        v = v128.load32_splat(at, 16);
        w = v128.load32_splat(at, 20);
        c0 = dotHalves(y0, y1, v, w, c0);
        c1 = dotHalves(z0, z1, v, w, c1);
        v = v128.load32_splat(at, 24);
        w = v128.load32_splat(at, 28);
        d0 = dotHalves(y0, y1, v, w, d0);
        d1 = dotHalves(z0, z1, v, w, d1);
      }
    }
    const sums = data.sums + (<usize>group << 5);
    const s0 = v128.load(sums), s1 = v128.load(sums, 16);
    const limits = codeLimits(
      v128.load(s.alpha + lane),
      v128.load(s.beta + lane),
      v128.load(s.codeNorms + lane),
      v128.load32_splat(data.errors + (<usize>group << 2)),
    );
    a0 = valueOf(s0, a0);
    a1 = valueOf(s1, a1);
    b0 = valueOf(s0, b0);
    b1 = valueOf(s1, b1);
    c0 = valueOf(s0, c0);
    c1 = valueOf(s1, c1);
    d0 = valueOf(s0, d0);
    d1 = valueOf(s1, d1);
    let w = v128.shuffle<i32>(limits, limits, 0, 0, 0, 0);
    let far = v128.and(i32x4.gt_s(a0, w), i32x4.gt_s(a1, w));
    w = v128.shuffle<i32>(limits, limits, 1, 1, 1, 1);
    far = v128.and(far, v128.and(i32x4.gt_s(b0, w), i32x4.gt_s(b1, w)));
    w = v128.shuffle<i32>(limits, limits, 2, 2, 2, 2);
    far = v128.and(far, v128.and(i32x4.gt_s(c0, w), i32x4.gt_s(c1, w)));
    w = v128.shuffle<i32>(limits, limits, 3, 3, 3, 3);
    far = v128.and(far, v128.and(i32x4.gt_s(d0, w), i32x4.gt_s(d1, w)));
    if (i32x4.all_true(far)) continue;
    v128.store(tile, a0);
    v128.store(tile, a1, 16);
    v128.store(tile, b0, 32);
    v128.store(tile, b1, 48);
    v128.store(tile, c0, 64);
    v128.store(tile, c1, 80);
    v128.store(tile, d0, 96);
    v128.store(tile, d1, 112);
    gatherTile(s, q, limits, mask, group);
  }
  for (let i: u32 = 0; i < TILE && q + i < s.nq; i++) {
    const n = load<u32>(s.candidateCounts + (<usize>i << 2));
    if (n) settle(data, s, q + i, s.candidates + <usize>(i * BLOCK << 3), n, true);
  }
}

/** One query against at most CANDIDATES rows; the codes pass through the registers once. */
function singleBlock(data: ExactStore, s: ExactScratch, q: u32, begin: u32, end: u32): void {
  const codeDim = <usize>data.codeDim;
  const query = s.queryCodes + <usize>q * <usize>s.queryBytes;
  const queryEnd = query + <usize>s.queryBytes;
  const lane = <usize>q << 2;
  const alpha = load<f32>(s.alpha + lane), beta = load<f32>(s.beta + lane), norm = load<i32>(s.codeNorms + lane);
  const tile = s.tile, counts = s.candidateCounts, list = s.candidates;
  store<u32>(counts, 0);
  for (let group = begin >> 3; group < (end + 7) >> 3; group++) {
    const mask = groupMask(s, group, begin, end);
    if (!mask) continue;
    let x = data.codes + <usize>group * (codeDim << 3);
    let a0 = i32x4.splat(0), a1 = a0, b0 = a0, b1 = a0;
    // @ts-ignore: RELAXED is a compiler flag
    if (isDefined(RELAXED)) {
      for (let at = query; at < queryEnd; at += 8, x += 64) {
        const v = v128.load32_splat(at), w = v128.load32_splat(at, 4);
        a0 = dotBytes(v128.load(x), v, a0);
        a1 = dotBytes(v128.load(x, 16), v, a1);
        b0 = dotBytes(v128.load(x, 32), w, b0);
        b1 = dotBytes(v128.load(x, 48), w, b1);
      }
      a0 = i32x4.add(a0, b0);
      a1 = i32x4.add(a1, b1);
    } else {
      const low = i16x8.splat(255);
      for (let at = query; at < queryEnd; at += 8, x += 32) {
        const y = v128.load(x), z = v128.load(x, 16);
        const v = v128.load32_splat(at), w = v128.load32_splat(at, 4);
        a0 = dotHalves(v128.and(y, low), i16x8.shr_u(y, 8), v, w, a0);
        a1 = dotHalves(v128.and(z, low), i16x8.shr_u(z, 8), v, w, a1);
      }
    }
    const sums = data.sums + (<usize>group << 5);
    a0 = valueOf(v128.load(sums), a0);
    a1 = valueOf(v128.load(sums, 16), a1);
    const limit = codeLimit(alpha, beta, norm, load<f32>(data.errors + (<usize>group << 2)));
    const w = i32x4.splat(limit);
    if (i32x4.all_true(v128.and(i32x4.gt_s(a0, w), i32x4.gt_s(a1, w)))) continue;
    v128.store(tile, a0);
    v128.store(tile, a1, 16);
    gather(list, counts, tile, limit, mask, group);
  }
  const n = load<u32>(counts);
  if (n) settle(data, s, q, list, n, true);
}

/**
 * All staged queries against rows begin … end−1. In MODE_RANGE it may stop early: returns 0 when the output
 * area must be emptied (set outCount to 0) before the same call is made again; else 1.
 */
export function searchCodes(data: ExactStore, s: ExactScratch, begin: u32, end: u32): u32 {
  const single = s.nq == 1;
  // A block of codes that stays in a second-level cache while the queries pass.
  const block = min(BLOCK, max(GROUP, (BLOCK_BYTES / data.codeDim) & ~7));
  let row = max(begin, s.resumeRow);
  while (row < end) {
    // Blocks begin at whole groups, whatever row the range begins at.
    const stop = min(end, (row & ~7) + block);
    for (let q = s.resumeTile; q < s.nq; q += TILE) {
      if (s.mode == MODE_RANGE && s.outCapacity - s.outCount < OUT_MIN) {
        s.resumeRow = row;
        s.resumeTile = q;
        return 0;
      }
      if (single) singleBlock(data, s, q, row, stop);
      else tileBlock(data, s, q, row, stop);
    }
    s.resumeTile = 0;
    row = stop;
  }
  s.resumeRow = 0;
  return 1;
}
