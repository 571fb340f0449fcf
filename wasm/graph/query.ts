// Searching for staged queries: through the levels, then the best candidates scored again by the strict kernel.

import { fromOrderedBits, insertSorted, orderedBits } from "../keys";
import { dotCodes7 } from "../kernels/codes";
import { encodeRow } from "../quantize";
import { strictRank } from "../strict";
import { Graph, Scratch } from "./layout";
import { descend, keyRank, keyRow, padFour, poolAt, searchLevel } from "./search";

/** One call for many queries; filled by the TypeScript side, four bytes a field. */
@unmanaged
export class Request {
  /** Staged queries: f32 rows padded to 16 floats, or bytes padded to 16. */
  queries: usize;
  queryStride: usize;
  k: i32;
  ef: i32;
  /** Candidates scored again; 0 when the pool's ranks are the answer. */
  rerank: i32;
  /** Bitmap of rows that may not be answered, or 0. */
  skip: usize;
  /** Rows for rescoring. */
  strictKind: i32;
  rows: usize;
  rowStride: usize;
  rowBytes: usize;
  /** 0: the query is used as staged; 127 or 255: it is encoded to that many levels. */
  levels: i32;
  offsets: usize;
  inverseStep: f32;
  ids: usize;
  ranks: usize;
  counts: usize;
}

@inline
function mayAnswer(r: Request, id: u32): bool {
  return r.skip == 0 || ((load<u8>(r.skip + (id >> 3)) >> <u8>(id & 7)) & 1) == 0;
}

@inline
function answer(r: Request, q: i32, i: i32, id: u32, rank: f32): void {
  const at = <usize>(q * r.k + i) << 2;
  store<u32>(r.ids + at, id);
  store<f32>(r.ranks + at, rank);
}

/** The first k of the pool, as they are. */
function answerPool(s: Scratch, r: Request, q: i32): i32 {
  let n = 0;
  for (let i = 0; i < s.poolSize && n < r.k; i++) {
    const key = poolAt(s, i);
    const rank = keyRank(key);
    if (mayAnswer(r, keyRow(key))) answer(r, q, n++, keyRow(key), rank);
  }
  return n;
}

/** The best k of the pool's first `rerank`, by the strict kernel. */
export function answerRescored(s: Scratch, r: Request, q: i32, query: usize): i32 {
  let length = 0, tried = 0;
  for (let i = 0; i < s.poolSize && tried < r.rerank; i++) {
    const id = keyRow(poolAt(s, i));
    if (!mayAnswer(r, id)) continue;
    tried++;
    const rank = strictRank(r.strictKind, query, r.rows + <usize>id * r.rowStride, r.rowBytes);
    length = insertSorted(s.sorted, length, r.k, (<u64>orderedBits(rank) << 32) | <u64>id);
  }
  for (let i = 0; i < length; i++) {
    const key = load<u64>(s.sorted + (<usize>i << 3));
    answer(r, q, i, <u32>key, fromOrderedBits(<u32>(key >> 32)));
  }
  return length;
}

/** Makes the staged query the scorer's, encoding it where the scorer works on codes. */
@inline
function stage<S>(scorer: S, s: Scratch, r: Request, query: usize): void {
  if (r.levels == 0) {
    scorer.useQuery(query);
    return;
  }
  encodeRow(query, r.offsets, r.inverseStep, r.levels, s.code, <i32>scorer.bytes);
  if (r.levels == 127) store<i32>(s.code + scorer.bytes, dotCodes7(s.code, s.code, scorer.bytes));
  scorer.useQuery(s.code);
}

/** Answers queries begin … end. */
export function queryMany<S>(scorer: S, g: Graph, s: Scratch, r: Request, begin: i32, end: i32): void {
  for (let q = begin; q < end; q++) {
    const query = r.queries + <usize>q * r.queryStride;
    stage<S>(scorer, s, r, query);
    const entry = descend<S>(scorer, g, s, <u32>g.entry, g.maxLevel, 0);
    searchLevel<S>(scorer, g, s, entry, r.ef, 0);
    const n = r.rerank > 0 ? answerRescored(s, r, q, query) : answerPool(s, r, q);
    store<u32>(r.counts + (<usize>q << 2), n);
  }
}

/**
 * Ranks the `n` rows in `s.pending` (room for three more) for query 0: as the scorer sees them into
 * r.ranks[0 … n), by the strict kernel into r.ranks[n … 2n) when rescoring is asked for.
 */
export function rankPending<S>(scorer: S, s: Scratch, r: Request, n: i32): void {
  stage<S>(scorer, s, r, r.queries);
  padFour(s.pending, n);
  for (let i = 0; i < n; i += 4) {
    const at = s.pending + (<usize>i << 2);
    const ranks = scorer.four(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12));
    v128.store(r.ranks + (<usize>i << 2), ranks);
  }
  if (r.rerank == 0) return;
  for (let i = 0; i < n; i++) {
    const id = load<u32>(s.pending + (<usize>i << 2));
    const rank = strictRank(r.strictKind, r.queries, r.rows + <usize>id * r.rowStride, r.rowBytes);
    store<f32>(r.ranks + (<usize>(n + i) << 2), rank);
  }
}
