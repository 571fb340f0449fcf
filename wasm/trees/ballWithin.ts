// All rows within a distance. A ball is outside (no row of it is near enough), inside (all are), or looked into.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { orderedBits, sortKeys } from "../keys";
import { offerQuery } from "../offer";
import { gatherRange } from "../scan";
import { Scorer } from "../scorers";
import { Ball, beginOf, CENTRE, distanceOf, endOf, lowerRank, queryError, radiusOf, upperRank } from "./ballLayout";
import { rankAt } from "./rank";

/** Rows compared at a time; `s.sorted` has room for as many keys. */
const PIECE: i32 = 256;

@unmanaged
export class Within {
  request: Request;
  /** The largest rank that counts as near enough. */
  limit: f32;
  /** For each query the number found (u32). */
  counts: usize;
  /** Where keys of the rows found go, 0 to count only; for each query its first place (u32), and room to sort. */
  keys: usize;
  offsets: usize;
  spare: usize;
}

/** Compares rows begin … end; returns how many are found then. */
function look(s: Scratch, w: Within, keys: usize, found: i32, begin: i32, end: i32): i32 {
  const limit = (<u64>orderedBits(w.limit) << 32) | 0xffffffff;
  for (let from = begin; from < end; from += PIECE) {
    const n = gatherRange(s, w.request, 0, from, min(from + PIECE, end));
    for (let i = 0; i < n; i++) {
      const key = load<u64>(s.sorted + (<usize>i << 3));
      if (key > limit) continue;
      if (keys) store<u64>(keys + (<usize>found << 3), key);
      found++;
    }
  }
  return found;
}

/** Rows of begin … end that may be answered. */
function countAllowed(skip: usize, begin: i32, end: i32): i32 {
  if (!skip) return end - begin;
  let n = 0;
  for (let i = begin; i < end; i++) n += <i32>!((load<u8>(skip + (i >> 3)) >> <u8>(i & 7)) & 1);
  return n;
}

/** Counts, or gathers in order, what is within the limit of queries begin … end. */
export function ballWithin(s: Scratch, t: Ball, w: Within, begin: i32, end: i32): void {
  const scorer = changetype<Scorer>(s.scorer);
  const r = w.request;
  const limit = w.limit;
  for (let q = begin; q < end; q++) {
    offerQuery(s, r, q);
    const query = scorer.query;
    const error = queryError(t, query, scorer.bytes);
    const keys = w.keys == 0 ? <usize>0 : w.keys + (<usize>load<u32>(w.offsets + (<usize>q << 2)) << 3);
    let found = look(s, w, keys, 0, t.covered, t.rows);
    let top = s.pool;
    if (t.covered > 0) {
      store<u32>(top, 0);
      top += 4;
    }
    while (top > s.pool) {
      top -= 4;
      const node = load<i32>(top);
      const block = t.at(node);
      const d = distanceOf(t, rankAt(s, query, block + CENTRE));
      if (lowerRank(t, d - error, radiusOf(block)) > limit) continue;
      if (keys == 0 && upperRank(t, d + error, radiusOf(block)) <= limit) {
        found += countAllowed(r.skip, beginOf(block), endOf(block));
      } else if (node >= t.inner) found = look(s, w, keys, found, beginOf(block), endOf(block));
      else {
        store<i32>(top, 2 * node + 1);
        store<i32>(top, 2 * node + 2, 4);
        top += 8;
      }
    }
    if (keys) sortKeys(keys, found, w.spare);
    store<u32>(w.counts + (<usize>q << 2), found);
  }
}
