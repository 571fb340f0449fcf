// All rows within a rank of a query, counted or listed. What a search of any kind of tree writes to.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { orderedBits, sortKeys } from "../keys";
import { mayOffer } from "../offer";
import { Scorer } from "../scorers";
import { rankAt } from "./rank";

/** Filled by the TypeScript side (src/indexes/trees/within.ts), four bytes a field. */
@unmanaged
export class Within {
  /** The largest rank that counts. */
  limit: f32;
  /** Keys found, or 0 to count only. */
  keys: usize;
  /** For each query where its keys begin, u32. */
  offsets: usize;
  /** Room to sort as many keys. */
  spare: usize;
  /** Keys of the present query. */
  list: usize;
}

/** Begins with query q. */
@inline
export function beginWithin(w: Within, q: i32): void {
  if (w.keys) w.list = w.keys + (<usize>load<u32>(w.offsets + (<usize>q << 2)) << 3);
}

/** Compares the rows of a range; returns how many have been found then. */
export function takeRange(s: Scratch, r: Request, w: Within, found: u32, begin: u32, end: u32): u32 {
  const scorer = changetype<Scorer>(s.scorer);
  for (let id = begin; id < end; id++) {
    const rank = rankAt(s, scorer.query, scorer.at(id));
    if (!(rank <= w.limit) || !mayOffer(s, r, id)) continue;
    if (w.keys) store<u64>(w.list + (<usize>found << 3), (<u64>orderedBits(rank) << 32) | <u64>id);
    found++;
  }
  return found;
}

/** Counts the rows of a range that is known to be within: all but those that may not be answered. */
export function countRange(s: Scratch, r: Request, begin: u32, end: u32): u32 {
  let count = end - begin - <u32>(s.hide >= begin && s.hide < end);
  if (!r.skip) return count;
  count = 0;
  for (let id = begin; id < end; ) {
    if ((id & 31) == 0 && id + 32 <= end && (s.hide < id || s.hide >= id + 32)) {
      count += 32 - popcnt<u32>(load<u32>(r.skip + (id >> 3)));
      id += 32;
    } else count += <u32>mayOffer(s, r, id++);
  }
  return count;
}

/** Ends with query q: what was found is counted and sorted. */
export function endWithin(r: Request, w: Within, q: i32, found: u32): void {
  store<u32>(r.counts + (<usize>q << 2), found);
  if (w.keys) sortKeys(w.list, found, w.spare + (w.list - w.keys));
}
