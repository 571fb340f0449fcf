// Candidates of any structure become answers here: listed rows, or a range of them, are compared with the query by the
// strict kernel of the rows' metric and dtype, and the nearest are kept in `s.sorted`. `s.kind` and `s.scorer` are those of
// a scan (src/indexes/scorers.ts, `scanScorer`).

import { fromOrderedBits, insertSorted, orderedBits } from "./keys";
import { dotBytes } from "./kernels/bytes";
import { Request } from "./graph/query";
import { Scratch } from "./graph/layout";
import { HammingBits, L1F32, L1U8, L2Codes7, L2U8, LinfF32, LinfU8, Scorer } from "./scorers";
import { CosineI8, CosineU8, IpI8, IpU8, NumbersF32, StrictIpF32, StrictL2F32 } from "./strictScorers";

/** The rank of the last of `length` keys once there are as many as wanted; infinite before. */
@inline
export function worstOffered(s: Scratch, r: Request, length: i32): f32 {
  if (length < r.k) return <f32>Infinity;
  return fromOrderedBits(<u32>(load<u64>(s.sorted + (<usize>(length - 1) << 3)) >> 32));
}

/** Whether a row may be answered: neither filtered out nor removed nor hidden. */
@inline
export function mayOffer(s: Scratch, r: Request, id: u32): bool {
  if (id == s.hide) return false;
  return r.skip == 0 || ((load<u8>(r.skip + (id >> 3)) >> <u8>(id & 7)) & 1) == 0;
}

/** Makes staged query `q` the one that rows are compared with. */
export function offerQuery(s: Scratch, r: Request, q: i32): void {
  const scorer = changetype<Scorer>(s.scorer);
  const query = r.queries + <usize>q * r.queryStride;
  scorer.query = query;
  if (s.kind == 6) scorer.queryNorm = load<i32>(query + scorer.bytes);
  else if (s.kind == 11) scorer.queryNorm = dotBytes<u8>(query, query, scorer.bytes);
  else if (s.kind == 12) scorer.queryNorm = dotBytes<i8>(query, query, scorer.bytes);
}

/** Offers a row of a known rank; returns the new length of the list. */
@inline
export function offerRank(s: Scratch, r: Request, length: i32, id: u32, rank: f32): i32 {
  return insertSorted(s.sorted, length, r.k, (<u64>orderedBits(rank) << 32) | <u64>id);
}

/** Eight rows whose skip bits are all set are passed over at once. */
function scanRange<S>(scorer: S, s: Scratch, r: Request, length: i32, begin: i32, end: i32): i32 {
  let worst = worstOffered(s, r, length);
  const hide = s.hide;
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
    if (!(rank <= worst) || id == hide) continue;
    length = offerRank(s, r, length, id, rank);
    worst = worstOffered(s, r, length);
  }
  return length;
}

function scanListed<S>(scorer: S, s: Scratch, r: Request, length: i32, ids: usize, n: i32): i32 {
  let worst = worstOffered(s, r, length);
  for (let i = 0; i < n; i++) {
    const id = load<u32>(ids + (<usize>i << 2));
    if (!mayOffer(s, r, id)) continue;
    const rank = scorer.one(id);
    if (!(rank <= worst)) continue;
    length = offerRank(s, r, length, id, rank);
    worst = worstOffered(s, r, length);
  }
  return length;
}

/** Offers rows begin … end to the `length` kept so far; returns how many are kept then. */
export function offerRange(s: Scratch, r: Request, length: i32, begin: i32, end: i32): i32 {
  switch (s.kind) {
    case 0: return scanRange<StrictL2F32>(changetype<StrictL2F32>(s.scorer), s, r, length, begin, end);
    case 1: return scanRange<L1F32>(changetype<L1F32>(s.scorer), s, r, length, begin, end);
    case 2: return scanRange<LinfF32>(changetype<LinfF32>(s.scorer), s, r, length, begin, end);
    case 3: return scanRange<L2U8>(changetype<L2U8>(s.scorer), s, r, length, begin, end);
    case 4: return scanRange<L1U8>(changetype<L1U8>(s.scorer), s, r, length, begin, end);
    case 5: return scanRange<LinfU8>(changetype<LinfU8>(s.scorer), s, r, length, begin, end);
    case 6: return scanRange<L2Codes7>(changetype<L2Codes7>(s.scorer), s, r, length, begin, end);
    case 7: return scanRange<HammingBits>(changetype<HammingBits>(s.scorer), s, r, length, begin, end);
    case 8: return scanRange<StrictIpF32>(changetype<StrictIpF32>(s.scorer), s, r, length, begin, end);
    case 9: return scanRange<IpU8>(changetype<IpU8>(s.scorer), s, r, length, begin, end);
    case 10: return scanRange<IpI8>(changetype<IpI8>(s.scorer), s, r, length, begin, end);
    case 11: return scanRange<CosineU8>(changetype<CosineU8>(s.scorer), s, r, length, begin, end);
    case 12: return scanRange<CosineI8>(changetype<CosineI8>(s.scorer), s, r, length, begin, end);
    case 13: return scanRange<NumbersF32>(changetype<NumbersF32>(s.scorer), s, r, length, begin, end);
  }
  return length;
}

/** Offers the `n` rows listed at `ids` (u32), each at most once over all calls for a query. */
export function offerRows(s: Scratch, r: Request, length: i32, ids: usize, n: i32): i32 {
  switch (s.kind) {
    case 0: return scanListed<StrictL2F32>(changetype<StrictL2F32>(s.scorer), s, r, length, ids, n);
    case 1: return scanListed<L1F32>(changetype<L1F32>(s.scorer), s, r, length, ids, n);
    case 2: return scanListed<LinfF32>(changetype<LinfF32>(s.scorer), s, r, length, ids, n);
    case 3: return scanListed<L2U8>(changetype<L2U8>(s.scorer), s, r, length, ids, n);
    case 4: return scanListed<L1U8>(changetype<L1U8>(s.scorer), s, r, length, ids, n);
    case 5: return scanListed<LinfU8>(changetype<LinfU8>(s.scorer), s, r, length, ids, n);
    case 6: return scanListed<L2Codes7>(changetype<L2Codes7>(s.scorer), s, r, length, ids, n);
    case 7: return scanListed<HammingBits>(changetype<HammingBits>(s.scorer), s, r, length, ids, n);
    case 8: return scanListed<StrictIpF32>(changetype<StrictIpF32>(s.scorer), s, r, length, ids, n);
    case 9: return scanListed<IpU8>(changetype<IpU8>(s.scorer), s, r, length, ids, n);
    case 10: return scanListed<IpI8>(changetype<IpI8>(s.scorer), s, r, length, ids, n);
    case 11: return scanListed<CosineU8>(changetype<CosineU8>(s.scorer), s, r, length, ids, n);
    case 12: return scanListed<CosineI8>(changetype<CosineI8>(s.scorer), s, r, length, ids, n);
    case 13: return scanListed<NumbersF32>(changetype<NumbersF32>(s.scorer), s, r, length, ids, n);
  }
  return length;
}

/** Writes the rows kept as the answer of query `q`. */
export function offerAnswer(s: Scratch, r: Request, q: i32, length: i32): void {
  for (let i = 0; i < length; i++) {
    const key = load<u64>(s.sorted + (<usize>i << 3));
    const at = <usize>(q * r.k + i) << 2;
    store<u32>(r.ids + at, <u32>key);
    store<f32>(r.ranks + at, fromOrderedBits(<u32>(key >> 32)));
  }
  store<u32>(r.counts + (<usize>q << 2), length);
}
