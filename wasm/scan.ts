// Comparing a query with every row. Used where it is the fastest way (few rows, few matches), where the
// caller asks for exactness, and as the oracle of everything approximate.

import { fromOrderedBits, orderedBits, sortKeys } from "./keys";
import { Request } from "./graph/query";
import { Scratch } from "./graph/layout";
import { offerQuery, offerRange } from "./offer";
import { HammingBits, L1F32, L1U8, L2Codes7, L2U8, LinfF32, LinfU8 } from "./scorers";
import { CosineI8, CosineU8, IpI8, IpU8, NumbersF32, StrictIpF32, StrictL2F32 } from "./strictScorers";

/** Appends a key for each row begin … end that may be answered; for lists too long to keep sorted. */
function gatherRows<S>(scorer: S, r: Request, list: usize, length: i32, begin: i32, end: i32): i32 {
  for (let id = <u32>begin; id < <u32>end; id++) {
    if (r.skip && (load<u8>(r.skip + (id >> 3)) >> <u8>(id & 7)) & 1) continue;
    const rank = scorer.one(id);
    if (isNaN<f32>(rank)) continue;
    store<u64>(list + (<usize>(length++) << 3), (<u64>orderedBits(rank) << 32) | <u64>id);
  }
  return length;
}

/**
 * Scores rows begin … end for query `q`, going on with the list in `s.sorted`, whose length is the query's
 * count. `s.gather` = 1 appends without sorting: the list needs room for all rows then.
 */
export function scan(s: Scratch, r: Request, q: i32, begin: i32, end: i32): void {
  const counts = r.counts + (<usize>q << 2);
  const length = <i32>load<u32>(counts);
  offerQuery(s, r, q);
  store<u32>(counts, s.gather ? gatherRange(s, r, length, begin, end) : offerRange(s, r, length, begin, end));
}

/** Appends a key for each row begin … end that may be answered. */
function gatherRange(s: Scratch, r: Request, length: i32, begin: i32, end: i32): i32 {
  const list = s.sorted;
  switch (s.kind) {
    case 0: return gatherRows<StrictL2F32>(changetype<StrictL2F32>(s.scorer), r, list, length, begin, end);
    case 1: return gatherRows<L1F32>(changetype<L1F32>(s.scorer), r, list, length, begin, end);
    case 2: return gatherRows<LinfF32>(changetype<LinfF32>(s.scorer), r, list, length, begin, end);
    case 3: return gatherRows<L2U8>(changetype<L2U8>(s.scorer), r, list, length, begin, end);
    case 4: return gatherRows<L1U8>(changetype<L1U8>(s.scorer), r, list, length, begin, end);
    case 5: return gatherRows<LinfU8>(changetype<LinfU8>(s.scorer), r, list, length, begin, end);
    case 6: return gatherRows<L2Codes7>(changetype<L2Codes7>(s.scorer), r, list, length, begin, end);
    case 7: return gatherRows<HammingBits>(changetype<HammingBits>(s.scorer), r, list, length, begin, end);
    case 8: return gatherRows<StrictIpF32>(changetype<StrictIpF32>(s.scorer), r, list, length, begin, end);
    case 9: return gatherRows<IpU8>(changetype<IpU8>(s.scorer), r, list, length, begin, end);
    case 10: return gatherRows<IpI8>(changetype<IpI8>(s.scorer), r, list, length, begin, end);
    case 11: return gatherRows<CosineU8>(changetype<CosineU8>(s.scorer), r, list, length, begin, end);
    case 12: return gatherRows<CosineI8>(changetype<CosineI8>(s.scorer), r, list, length, begin, end);
    case 13: return gatherRows<NumbersF32>(changetype<NumbersF32>(s.scorer), r, list, length, begin, end);
  }
  return length;
}

/** Writes the first k of the scanned list as the answer of query `q`; `spare` is room to sort a gathered list. */
export function scanAnswer(s: Scratch, r: Request, q: i32, spare: usize): void {
  const counts = r.counts + (<usize>q << 2);
  const length = <i32>load<u32>(counts);
  if (s.gather) sortKeys(s.sorted, length, spare);
  const n = min(length, r.k);
  for (let i = 0; i < n; i++) {
    const key = load<u64>(s.sorted + (<usize>i << 3));
    const at = <usize>(q * r.k + i) << 2;
    store<u32>(r.ids + at, <u32>key);
    store<f32>(r.ranks + at, fromOrderedBits(<u32>(key >> 32)));
  }
  store<u32>(counts, n);
}

/** Scores all `rows` rows for queries begin … end and writes the answers; for workers, one query a call. */
export function scanAll(s: Scratch, r: Request, rows: i32, begin: i32, end: i32): void {
  for (let q = begin; q < end; q++) {
    store<u32>(r.counts + (<usize>q << 2), 0);
    scan(s, r, q, 0, rows);
    scanAnswer(s, r, q, 0);
  }
}
