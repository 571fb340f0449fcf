// Malkov & Yashunin, arXiv:1603.09320: greedy descent through the upper levels, then algorithm 2 on one level.
// Candidates and results share one sorted pool: an entry is expanded once, and the search ends when every
// entry of the pool has been.

import { insertSorted } from "../keys";
import { Graph, NONE, Scratch, linkCount, linkAt } from "./layout";
import { pivotNode } from "./pivots";

@inline export function poolKey(rank: f32, id: u32): u64 {
  return (<u64>reinterpret<u32>(rank) << 32) | (<u64>id << 1);
}
@inline export function keyRow(key: u64): u32 { return (<u32>key) >> 1; }
@inline export function keyRank(key: u64): f32 { return reinterpret<f32>(<u32>(key >> 32)); }
@inline export function poolAt(s: Scratch, i: i32): u64 { return load<u64>(s.pool + (<usize>i << 3)); }

/** Forgets what was visited, by moving to the next epoch; the bytes are cleared once in 255 times. */
@inline
export function forgetVisited(g: Graph, s: Scratch): void {
  s.epoch++;
  if (s.epoch > 255) {
    memory.fill(s.visited, 0, <usize>g.rows);
    s.epoch = 1;
  }
}

/** Repeats the last id thrice behind the list, so that groups of four never read beyond it. */
@inline
export function padFour(list: usize, n: i32): void {
  const end = list + (<usize>n << 2);
  const last = load<u32>(end - 4);
  store<u32>(end, last);
  store<u32>(end, last, 4);
  store<u32>(end, last, 8);
}

/** Steps to the nearest linked row until none is nearer, on levels `from` down to `to` + 1. */
export function descend<S>(scorer: S, g: Graph, s: Scratch, entry: u32, from: i32, to: i32): u32 {
  const hide = s.hide;
  let best = entry;
  let rank = scorer.one(entry);
  for (let level = from; level > to; level--) {
    let moved = true;
    while (moved) {
      moved = false;
      const list = g.list(best, level);
      const n = linkCount(list);
      if (n == 0) break;
      const last = n - 1;
      for (let i = 0; i < n; i += 4) {
        const a = linkAt(list, i), b = linkAt(list, min(i + 1, last));
        const c = linkAt(list, min(i + 2, last)), d = linkAt(list, min(i + 3, last));
        const ranks = scorer.four(a, b, c, d);
        let r = f32x4.extract_lane(ranks, 0);
        if (r < rank && a != hide) { rank = r; best = a; moved = true; }
        r = f32x4.extract_lane(ranks, 1);
        if (r < rank && b != hide) { rank = r; best = b; moved = true; }
        r = f32x4.extract_lane(ranks, 2);
        if (r < rank && c != hide) { rank = r; best = c; moved = true; }
        r = f32x4.extract_lane(ranks, 3);
        if (r < rank && d != hide) { rank = r; best = d; moved = true; }
      }
    }
  }
  return best;
}

/** Puts one key into the pool; returns the place it took, or `ef` when it is too far. */
@inline
export function pushPool(s: Scratch, ef: i32, key: u64): i32 {
  const pool = s.pool;
  let size = s.poolSize;
  let at = pool + (<usize>size << 3);
  if (size == ef) {
    at -= 8;
    if (key >= load<u64>(at)) return ef;
  } else s.poolSize = size + 1;
  while (at > pool) {
    const previous = load<u64>(at - 8);
    if (previous <= key) break;
    store<u64>(at, previous);
    at -= 8;
  }
  store<u64>(at, key);
  return <i32>((at - pool) >> 3);
}

@inline
function pushSeed(s: Scratch, ef: i32, id: u32, rank: f32): void {
  const mark = s.visited + id;
  if (load<u8>(mark) == <u8>s.epoch) return;
  store<u8>(mark, <u8>s.epoch);
  pushPool(s, ef, poolKey(rank, id));
}

/**
 * Puts the pivots on the way to the query's leaf into the pool, and those on a second way: on every level the two nearest of
 * all pivots seen there lead on.
 */
function seedPool<S>(scorer: S, g: Graph, s: Scratch, ef: i32): void {
  let node: u32 = 0, other: u32 = 0;
  do {
    let best = f32.MAX_VALUE, second = f32.MAX_VALUE;
    let next: u32 = 0, after: u32 = 0;
    for (let way = 0; way < 2; way++) {
      const at = pivotNode(g.pivots, way == 0 ? node : other);
      const ranks = scorer.four(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12));
      v128.store(s.pending, ranks);
      for (let lane: usize = 0; lane < 16; lane += 4) {
        const rank = load<f32>(s.pending + lane);
        pushSeed(s, ef, load<u32>(at + lane), rank);
        const child = load<u32>(at + lane, 16);
        if (child == 0) continue;
        if (rank < best) {
          second = best; after = next;
          best = rank; next = child;
        } else if (rank < second) {
          second = rank; after = child;
        }
      }
      if (other == 0) break;
    }
    node = next;
    other = after;
    if (node == 0) { node = other; other = 0; }
  } while (node != 0);
}

/** Best-first search of one level from `entry`; leaves up to `ef` nearest rows in the pool, ascending. */
export function searchLevel<S>(scorer: S, g: Graph, s: Scratch, entry: u32, ef: i32, level: i32): void {
  forgetVisited(g, s);
  const epoch = <u8>s.epoch;
  const visited = s.visited;
  const pending = s.pending;
  s.poolSize = 0;
  if (s.hide != NONE) store<u8>(visited + s.hide, epoch);
  store<u8>(visited + entry, epoch);
  pushPool(s, ef, poolKey(scorer.one(entry), entry));
  if (level == 0 && g.pivots != 0) seedPool<S>(scorer, g, s, ef);

  const rangeK = level == 0 ? g.rangeK : 0;
  let current = 0;
  while (current < s.poolSize) {
    const key = poolAt(s, current);
    if (key & 1) {
      current++;
      continue;
    }
    if (rangeK > 0 && s.poolSize > rangeK && keyRank(key) > keyRank(poolAt(s, rangeK - 1)) * g.rangeFactor) break;
    store<u64>(s.pool + (<usize>current << 3), key | 1);

    // The unvisited are gathered first and scored four at a time: their rows are fetched side by side.
    const list = g.list(keyRow(key), level);
    let link = list + 4;
    const end = link + (<usize>linkCount(list) << 2);
    let write = pending;
    while (link < end) {
      const id = load<u32>(link);
      const mark = visited + id;
      store<u32>(write, id);
      write += <usize>(load<u8>(mark) != epoch) << 2;
      store<u8>(mark, epoch);
      link += 4;
    }
    const n = <i32>((write - pending) >> 2);
    if (n == 0) continue;
    padFour(pending, n);

    let first = ef;
    for (let i = 0; i < n; i += 4) {
      const at = pending + (<usize>i << 2);
      const a = load<u32>(at), b = load<u32>(at, 4), c = load<u32>(at, 8), d = load<u32>(at, 12);
      const ranks = scorer.four(a, b, c, d);
      if (s.poolSize == ef) {
        const worst = f32x4.splat(keyRank(poolAt(s, ef - 1)));
        if (!v128.any_true(f32x4.lt(ranks, worst))) continue;
      }
      const rest = n - i;
      first = min(first, pushPool(s, ef, poolKey(f32x4.extract_lane(ranks, 0), a)));
      if (rest > 1) first = min(first, pushPool(s, ef, poolKey(f32x4.extract_lane(ranks, 1), b)));
      if (rest > 2) first = min(first, pushPool(s, ef, poolKey(f32x4.extract_lane(ranks, 2), c)));
      if (rest > 3) first = min(first, pushPool(s, ef, poolKey(f32x4.extract_lane(ranks, 3), d)));
    }
    if (first <= current) current = first;
  }
}

/** Ranks `n` listed rows (padded to fours) against the scorer's query into an ascending list; returns its length. */
export function rankRows<S>(scorer: S, ids: usize, n: i32, list: usize, capacity: i32): i32 {
  let length = 0;
  for (let i = 0; i < n; i += 4) {
    const at = ids + (<usize>i << 2);
    const a = load<u32>(at), b = load<u32>(at, 4), c = load<u32>(at, 8), d = load<u32>(at, 12);
    const ranks = scorer.four(a, b, c, d);
    const rest = n - i;
    length = insertSorted(list, length, capacity, poolKey(f32x4.extract_lane(ranks, 0), a));
    if (rest > 1) length = insertSorted(list, length, capacity, poolKey(f32x4.extract_lane(ranks, 1), b));
    if (rest > 2) length = insertSorted(list, length, capacity, poolKey(f32x4.extract_lane(ranks, 2), c));
    if (rest > 3) length = insertSorted(list, length, capacity, poolKey(f32x4.extract_lane(ranks, 3), d));
  }
  return length;
}
