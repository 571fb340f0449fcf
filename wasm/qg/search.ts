// Best-first search over blocks. Candidates stand in the pool by estimates; a row that is expanded gets its rank by the whole
// code, and its place by it. Estimates of a row's neighbours come from its block alone (Gou et al., SymphonyQG,
// arXiv:2411.12229).

import { NONE, Scratch } from "../graph/layout";
import { forgetVisited, keyRank, keyRow, poolAt, poolKey, pushPool } from "../graph/search";
import { L2Codes7 } from "../scorers";
import { Blocks, PLANES } from "./layout";

/**
 * Splits a rotated query into bit planes: component j is about δ · i, i in two's complement of six bits; word w of the planes
 * is at planes + 48w. Before them, at planes − 16, stand δ (f32) and the sum of all i (i32).
 */
export function slice(floats: usize, turned: i32, planes: usize): void {
  let most = f32x4.splat(0);
  const end = floats + (<usize>turned << 2);
  for (let at = floats; at < end; at += 16) most = f32x4.max(most, f32x4.abs(v128.load(at)));
  const largest = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)));
  const delta = largest > 0 ? largest / 31 : <f32>1;
  const inverse = f32x4.splat(1 / delta);
  let sum = i32x4.splat(0);
  let out = planes;
  for (let at = floats; at < end; ) {
    let p0: u64 = 0, p1: u64 = 0, p2: u64 = 0, p3: u64 = 0, p4: u64 = 0, p5: u64 = 0;
    for (let j: u64 = 0; j < 64; j += 4, at += 16) {
      const x = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at), inverse)));
      sum = i32x4.add(sum, x);
      p0 |= <u64>i32x4.bitmask(i32x4.shl(x, 31)) << j;
      p1 |= <u64>i32x4.bitmask(i32x4.shl(x, 30)) << j;
      p2 |= <u64>i32x4.bitmask(i32x4.shl(x, 29)) << j;
      p3 |= <u64>i32x4.bitmask(i32x4.shl(x, 28)) << j;
      p4 |= <u64>i32x4.bitmask(i32x4.shl(x, 27)) << j;
      p5 |= <u64>i32x4.bitmask(x) << j;
    }
    store<u64>(out, p0);
    store<u64>(out, p1, 8);
    store<u64>(out, p2, 16);
    store<u64>(out, p3, 24);
    store<u64>(out, p4, 32);
    store<u64>(out, p5, 40);
    out += PLANES << 3;
  }
  store<f32>(planes - 16, delta);
  store<i32>(planes - 12,
    i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3));
}

/** The sum of the query's integers where the code's bits are set. */
// @ts-ignore: decorator
@inline
function sumWhereSet(planes: usize, code: usize, bytes: usize): i32 {
  let c0: u64 = 0, c1: u64 = 0, c2: u64 = 0, c3: u64 = 0, c4: u64 = 0, c5: u64 = 0;
  for (const end = code + bytes; code < end; code += 8, planes += PLANES << 3) {
    const bits = load<u64>(code);
    c0 += popcnt<u64>(bits & load<u64>(planes));
    c1 += popcnt<u64>(bits & load<u64>(planes, 8));
    c2 += popcnt<u64>(bits & load<u64>(planes, 16));
    c3 += popcnt<u64>(bits & load<u64>(planes, 24));
    c4 += popcnt<u64>(bits & load<u64>(planes, 32));
    c5 += popcnt<u64>(bits & load<u64>(planes, 40));
  }
  return <i32>(c0 + (c1 << 1) + (c2 << 2) + (c3 << 3) + (c4 << 4)) - <i32>(c5 << 5);
}

/** Moves the key at `from`, now another, to its place; returns that place. */
// @ts-ignore: decorator
@inline
function replace(s: Scratch, from: i32, key: u64): i32 {
  let at = s.pool + (<usize>from << 3);
  const end = s.pool + (<usize>s.poolSize << 3);
  while (at + 8 < end && load<u64>(at, 8) < key) {
    store<u64>(at, load<u64>(at, 8));
    at += 8;
  }
  while (at > s.pool && load<u64>(at - 8) > key) {
    store<u64>(at, load<u64>(at - 8));
    at -= 8;
  }
  store<u64>(at, key);
  return <i32>((at - s.pool) >> 3);
}

/** Leaves up to `ef` rows in the pool, ascending by rank; `planes` are those of the scorer's query. */
export function searchBlocks(scorer: L2Codes7, g: Blocks, s: Scratch, planes: usize, entry: u32, ef: i32): void {
  forgetVisited(g.graph, s);
  const epoch = <u8>s.epoch, visited = s.visited, pending = s.pending;
  const codeBytes = g.codeBytes(), entryBytes = g.entryBytes();
  const delta = load<f32>(planes - 16);
  const sum = load<i32>(planes - 12);
  s.poolSize = 0;
  if (s.hide != NONE) store<u8>(visited + s.hide, epoch);
  store<u8>(visited + entry, epoch);
  pushPool(s, ef, poolKey(scorer.one(entry), entry));

  let current = 0;
  while (current < s.poolSize) {
    const key = poolAt(s, current);
    if (key & 1) {
      current++;
      continue;
    }
    const id = keyRow(key);
    const block = g.block(id);
    const ids = g.ids(block);
    const n = load<u32>(block);
    let write = pending;
    for (let i: u32 = 0; i < n; i++) {
      const mark = visited + load<u32>(ids + (<usize>i << 2));
      store<u32>(write, i);
      write += <usize>(load<u8>(mark) != epoch) << 3;
    }
    // What comes from the block is summed before the row's own code is needed: both are on their way at once.
    const entries = g.entries(block);
    for (let at = pending; at < write; at += 8) {
      store<i32>(at, sumWhereSet(planes, entries + <usize>load<u32>(at) * entryBytes + 8, codeBytes), 4);
    }
    const rank = scorer.one(id);
    replace(s, current, poolKey(rank, id) | 1);
    let first = current;
    let worst = s.poolSize == ef ? keyRank(poolAt(s, ef - 1)) : <f32>Infinity;
    for (let at = pending; at < write; at += 8) {
      const i = <usize>load<u32>(at);
      const signed: i32 = 2 * load<i32>(at, 4) - sum;
      const dot: f32 = delta * <f32>signed;
      const entry = entries + i * entryBytes;
      const estimate = max<f32>(rank + load<f32>(entry) + load<f32>(entry, 4) * dot, 0);
      if (!(estimate < worst)) continue;
      // A row that is too far as seen from here may be near as seen from another.
      const other = load<u32>(ids + (i << 2));
      store<u8>(visited + other, epoch);
      first = min(first, pushPool(s, ef, poolKey(estimate, other)));
      if (s.poolSize == ef) worst = keyRank(poolAt(s, ef - 1));
    }
    current = first;
  }
}
