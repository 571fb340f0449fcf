// The best k keys of each query. A key is `ordered bits of the score << 32 | id`: u64 order is score, then id,
// so that equal scores are answered lowest id first whatever order the rows were met in.

import { fromOrderedBits, insertSorted, orderedBits } from "../keys";
import { ExactScratch, MODE_COUNT, MODE_NEAREST, MODE_RANGE, QueryBound, BOUND_BYTES } from "./layout";

/** Up to here a list is kept sorted by insertion; longer ones are heaps with the worst key on top. */
const SORTED_MAX: u32 = 128;

/** A score that overflowed to NaN (∞ − ∞ in an inner product) counts as infinitely far. */
@inline
export function scoreKey(score: f32, id: u32): u64 {
  return (<u64>orderedBits(score == score ? score : Infinity) << 32) | <u64>id;
}

@inline
export function listOf(s: ExactScratch, q: u32): usize {
  return s.lists + <usize>q * (<usize>s.k << 3);
}

@inline
export function boundOf(s: ExactScratch, q: u32): QueryBound {
  return changetype<QueryBound>(s.bounds + <usize>q * BOUND_BYTES);
}

/** The score that a row may not exceed to be answered: that of the k-th best so far, else maxDistance. */
@inline
export function worstScore(s: ExactScratch, q: u32): f32 {
  if (s.mode != MODE_NEAREST || load<u32>(s.counts + (<usize>q << 2)) < s.k) return s.maxDistance;
  const list = listOf(s, q);
  const key = s.k <= SORTED_MAX ? load<u64>(list + (<usize>(s.k - 1) << 3)) : load<u64>(list);
  return fromOrderedBits(<u32>(key >> 32));
}

/** Puts `key` in at place `at` of a heap of n keys whose subtrees below `at` are in order; largest on top. */
export function siftDown(heap: usize, n: u32, at: u32, key: u64): void {
  for (;;) {
    let child: u32 = 2 * at + 1;
    if (child >= n) break;
    let value = load<u64>(heap + (<usize>child << 3));
    if (child + 1 < n) {
      const right = load<u64>(heap + (<usize>(child + 1) << 3));
      if (right > value) {
        value = right;
        child++;
      }
    }
    if (value <= key) break;
    store<u64>(heap + (<usize>at << 3), value);
    at = child;
  }
  store<u64>(heap + (<usize>at << 3), key);
}

function siftUp(heap: usize, at: u32, key: u64): void {
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const value = load<u64>(heap + (<usize>parent << 3));
    if (value >= key) break;
    store<u64>(heap + (<usize>at << 3), value);
    at = parent;
  }
  store<u64>(heap + (<usize>at << 3), key);
}

/** Adds a key to a list of the best `k`. Returns true when the k-th best may have changed. */
@inline
function keepBest(list: usize, countAt: usize, k: u32, key: u64): bool {
  const count = load<u32>(countAt);
  if (k <= SORTED_MAX) {
    if (count == k && key >= load<u64>(list + (<usize>(k - 1) << 3))) return false;
    store<u32>(countAt, insertSorted(list, count, k, key));
    return load<u32>(countAt) == k;
  }
  if (count < k) {
    siftUp(list, count, key);
    store<u32>(countAt, count + 1);
    return count + 1 == k;
  }
  if (key >= load<u64>(list)) return false;
  siftDown(list, k, 0, key);
  return true;
}

/** Takes in a strictly scored row. Returns true when the query's limit may have changed. */
export function accept(s: ExactScratch, q: u32, row: u32, score: f32): bool {
  const key = scoreKey(score, row + s.idOffset);
  if (fromOrderedBits(<u32>(key >> 32)) > s.maxDistance) return false;
  if (s.mode == MODE_COUNT) {
    const at = s.counts + (<usize>q << 2);
    store<u32>(at, load<u32>(at) + 1);
    return false;
  }
  if (s.mode == MODE_RANGE) {
    const at = s.outCount++;
    store<u64>(s.outKeys + (<usize>at << 3), key);
    store<u32>(s.outQueries + (<usize>at << 2), q);
    return false;
  }
  return keepBest(listOf(s, q), s.counts + (<usize>q << 2), s.k, key);
}

/** Sorts a list in place: heap sort, since a long list already is a heap. */
function sortList(list: usize, count: u32, k: u32): void {
  if (k <= SORTED_MAX) return;
  for (let n = count; n > 1; n--) {
    const last = list + (<usize>(n - 1) << 3);
    const key = load<u64>(last);
    store<u64>(last, load<u64>(list));
    siftDown(list, n - 1, 0, key);
  }
}

/**
 * Sorts the list of query q and writes its ids and scores, nearest first, to `answers`. Returns how many there
 * are. The list is no heap afterwards: nothing may be added before the next exactBegin.
 */
export function exactFinish(scratch: usize, q: u32): u32 {
  const s = changetype<ExactScratch>(scratch);
  const list = listOf(s, q), count = load<u32>(s.counts + (<usize>q << 2));
  const ids = s.answers, scores = s.answers + (<usize>s.k << 2);
  sortList(list, count, s.k);
  for (let i: u32 = 0; i < count; i++) {
    const key = load<u64>(list + (<usize>i << 3));
    store<u32>(ids + (<usize>i << 2), <u32>key);
    store<f32>(scores + (<usize>i << 2), fromOrderedBits(<u32>(key >> 32)));
  }
  return count;
}

/**
 * Adds the lists of another scratch (same queries, other rows, same k) to this one's, before either is
 * finished; in MODE_COUNT adds the counts. The ids of the two must be distinct.
 */
export function exactMerge(into: usize, from: usize): void {
  const a = changetype<ExactScratch>(into), b = changetype<ExactScratch>(from);
  for (let q: u32 = 0; q < a.nq; q++) {
    if (a.mode == MODE_COUNT) {
      const at = a.counts + (<usize>q << 2);
      store<u32>(at, load<u32>(at) + load<u32>(b.counts + (<usize>q << 2)));
      continue;
    }
    const list = listOf(b, q), count = load<u32>(b.counts + (<usize>q << 2));
    const mine = listOf(a, q), countAt = a.counts + (<usize>q << 2);
    for (let i: u32 = 0; i < count; i++) keepBest(mine, countAt, a.k, load<u64>(list + (<usize>i << 3)));
  }
  a.scored += b.scored;
}
