// Comparing a query with every row. Used where it is the fastest way (few rows, few matches), where the
// caller asks for exactness, and as the oracle of everything approximate.

import { fromOrderedBits, insertSorted, orderedBits, sortKeys } from "./keys";
import { dotBytes } from "./kernels/bytes";
import { dotF32, l2sqF32 } from "./kernels/f32";
import { Request } from "./graph/query";
import { Scratch } from "./graph/layout";
import { HammingBits, L1F32, L1U8, L2Codes7, L2U8, LinfF32, LinfU8, Scorer } from "./scorers";

@unmanaged
class StrictL2F32 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline one(id: u32): f32 { return l2sqF32(this.query, this.at(id), this.bytes); }
}

@unmanaged
class StrictIpF32 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline one(id: u32): f32 { return -dotF32(this.query, this.at(id), this.bytes); }
}

@unmanaged
class IpU8 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline one(id: u32): f32 { return <f32>-dotBytes<u8>(this.query, this.at(id), this.bytes); }
}

@unmanaged
class IpI8 extends Scorer {
  @inline useQuery(q: usize): void { this.query = q; }
  @inline one(id: u32): f32 { return <f32>-dotBytes<i8>(this.query, this.at(id), this.bytes); }
}

/** 1 − ab / (|a||b|), all sums exact integers. */
@inline
function cosineRank(dot: i32, a: i32, b: i32): f32 {
  return <f32>max<f64>(0, 1 - <f64>dot / Math.sqrt(<f64>a * <f64>b));
}

@unmanaged
class CosineU8 extends Scorer {
  @inline useQuery(q: usize): void {
    this.query = q;
    this.queryNorm = dotBytes<u8>(q, q, this.bytes);
  }
  @inline one(id: u32): f32 {
    const row = this.at(id);
    return cosineRank(dotBytes<u8>(this.query, row, this.bytes), dotBytes<u8>(row, row, this.bytes), this.queryNorm);
  }
}

@unmanaged
class CosineI8 extends Scorer {
  @inline useQuery(q: usize): void {
    this.query = q;
    this.queryNorm = dotBytes<i8>(q, q, this.bytes);
  }
  @inline one(id: u32): f32 {
    const row = this.at(id);
    return cosineRank(dotBytes<i8>(this.query, row, this.bytes), dotBytes<i8>(row, row, this.bytes), this.queryNorm);
  }
}

/**
 * Adds to the ascending list of at most `capacity` keys what rows begin … end offer; returns the new length.
 * Eight rows whose skip bits are all set are passed over at once.
 */
function scanRows<S>(scorer: S, r: Request, list: usize, length: i32, capacity: i32, begin: i32, end: i32): i32 {
  let worst = <f32>Infinity;
  if (length == capacity) worst = fromOrderedBits(<u32>(load<u64>(list + (<usize>(length - 1) << 3)) >> 32));
  for (let id = <u32>begin; id < <u32>end; id++) {
    if (r.skip) {
      const bits = load<u8>(r.skip + (id >> 3));
      if (bits == 0xff) {
        id |= 7;
        continue;
      }
      if ((bits >> <u8>(id & 7)) & 1) continue;
    }
    const rank = scorer.one(id);
    if (!(rank <= worst)) continue;
    length = insertSorted(list, length, capacity, (<u64>orderedBits(rank) << 32) | <u64>id);
    if (length == capacity) worst = fromOrderedBits(<u32>(load<u64>(list + (<usize>(length - 1) << 3)) >> 32));
  }
  return length;
}

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

@inline
function staged(r: Request, q: i32): usize { return r.queries + <usize>q * r.queryStride; }

function scanQuery<S>(scorer: S, s: Scratch, r: Request, q: i32, begin: i32, end: i32): void {
  const counts = r.counts + (<usize>q << 2);
  scorer.useQuery(staged(r, q));
  const list = s.sorted;
  store<u32>(counts, s.gather
    ? gatherRows<S>(scorer, r, list, <i32>load<u32>(counts), begin, end)
    : scanRows<S>(scorer, r, list, <i32>load<u32>(counts), r.k, begin, end));
}

/**
 * Scores rows begin … end for query `q`, going on with the list in `s.sorted`, whose length is the query's
 * count. `s.gather` = 1 appends without sorting: the list needs room for all rows then.
 */
export function scan(s: Scratch, r: Request, q: i32, begin: i32, end: i32): void {
  switch (s.kind) {
    case 0: scanQuery<StrictL2F32>(changetype<StrictL2F32>(s.scorer), s, r, q, begin, end); break;
    case 1: scanQuery<L1F32>(changetype<L1F32>(s.scorer), s, r, q, begin, end); break;
    case 2: scanQuery<LinfF32>(changetype<LinfF32>(s.scorer), s, r, q, begin, end); break;
    case 3: scanQuery<L2U8>(changetype<L2U8>(s.scorer), s, r, q, begin, end); break;
    case 4: scanQuery<L1U8>(changetype<L1U8>(s.scorer), s, r, q, begin, end); break;
    case 5: scanQuery<LinfU8>(changetype<LinfU8>(s.scorer), s, r, q, begin, end); break;
    case 6: scanQuery<L2Codes7>(changetype<L2Codes7>(s.scorer), s, r, q, begin, end); break;
    case 7: scanQuery<HammingBits>(changetype<HammingBits>(s.scorer), s, r, q, begin, end); break;
    case 8: scanQuery<StrictIpF32>(changetype<StrictIpF32>(s.scorer), s, r, q, begin, end); break;
    case 9: scanQuery<IpU8>(changetype<IpU8>(s.scorer), s, r, q, begin, end); break;
    case 10: scanQuery<IpI8>(changetype<IpI8>(s.scorer), s, r, q, begin, end); break;
    case 11: scanQuery<CosineU8>(changetype<CosineU8>(s.scorer), s, r, q, begin, end); break;
    case 12: scanQuery<CosineI8>(changetype<CosineI8>(s.scorer), s, r, q, begin, end); break;
  }
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
