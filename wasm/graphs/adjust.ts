// ONNG (Iwasaki & Miyazaki, arXiv:1810.07355): the links of a graph are made anew from lists of nearest rows, so many outwards
// and so many inwards, and links with a way round are left out.

import { sortKeys } from "../keys";
import { Graph, Scratch, setCounts, setLink } from "../graph/layout";
import { keyRow, poolAt, searchLevel } from "../graph/search";
import {
  HammingBits, L1F32, L1U8, L2Codes7, L2F32, L2U8, LinfF32, LinfU8,
} from "../scorers";
import { Descent, listOf } from "./join";

/** Candidate links of all rows; filled by the TypeScript side, four bytes a field. */
@unmanaged
export class Edges {
  /** Keys (rank bits, row) of each row's candidates, ascending once they are sorted. */
  keys: usize;
  /** Room to sort them: as many. */
  spare: usize;
  /** Where each row's candidates begin, u32, one more at the end. */
  offsets: usize;
  /** Candidates of each row without repetition, u32. */
  counts: usize;
  /** Links kept so far of each row, u32; they stand at the front of its candidates. */
  kept: usize;
  /** The same before this round. */
  before: usize;
  /** Most links that are kept. */
  limit: i32;
}

@inline function keysOf(e: Edges, id: u32): usize {
  return e.keys + (<usize>load<u32>(e.offsets + (<usize>id << 2)) << 3);
}
@inline function at32(base: usize, id: u32): u32 { return load<u32>(base + (<usize>id << 2)); }

function listRows<S>(scorer: S, s: Scratch, g: Graph, d: Descent, begin: i32, end: i32): void {
  for (let id = begin; id < end; id++) {
    scorer.useRow(id);
    searchLevel<S>(scorer, g, s, <u32>g.entry, d.K + 1, 0);
    let n = 0;
    const list = listOf(d, id);
    for (let i = 0; i < s.poolSize && n < d.K; i++) {
      const key = poolAt(s, i) & ~1;
      if (keyRow(key) != id) store<u64>(list + (<usize>(n++) << 3), key);
    }
  }
}

/** Rows begin … end search the graph for the K rows nearest to them. */
export function listNearest(s: Scratch, g: Graph, d: Descent, begin: i32, end: i32): void {
  switch (s.kind) {
    case 0: listRows<L2F32>(changetype<L2F32>(s.scorer), s, g, d, begin, end); break;
    case 1: listRows<L1F32>(changetype<L1F32>(s.scorer), s, g, d, begin, end); break;
    case 2: listRows<LinfF32>(changetype<LinfF32>(s.scorer), s, g, d, begin, end); break;
    case 3: listRows<L2U8>(changetype<L2U8>(s.scorer), s, g, d, begin, end); break;
    case 4: listRows<L1U8>(changetype<L1U8>(s.scorer), s, g, d, begin, end); break;
    case 5: listRows<LinfU8>(changetype<LinfU8>(s.scorer), s, g, d, begin, end); break;
    case 6: listRows<L2Codes7>(changetype<L2Codes7>(s.scorer), s, g, d, begin, end); break;
    case 7: listRows<HammingBits>(changetype<HammingBits>(s.scorer), s, g, d, begin, end); break;
  }
}

/** Sorts the candidates of rows begin … end and drops repetitions. */
export function sortEdges(e: Edges, begin: i32, end: i32): void {
  for (let id = begin; id < end; id++) {
    const keys = keysOf(e, id);
    const n = <i32>(at32(e.offsets, id + 1) - at32(e.offsets, id));
    sortKeys(keys, n, e.spare + (keys - e.keys));
    let count = 0;
    for (let i = 0; i < n; i++) {
      const key = load<u64>(keys + (<usize>i << 3));
      if (count > 0 && key == load<u64>(keys + (<usize>(count - 1) << 3))) continue;
      store<u64>(keys + (<usize>(count++) << 3), key);
    }
    store<u32>(e.counts + (<usize>id << 2), count);
  }
}

/** Whether some p that is kept gives a way n → p → m both of whose links are shorter than n → m. */
@inline
function hasWayRound(e: Edges, id: u32, key: u64): bool {
  const keys = keysOf(e, id);
  const rank = <u32>(key >> 32), target = <u32>key;
  const kept = at32(e.before, id);
  for (let i: u32 = 0; i < kept; i++) {
    const first = load<u64>(keys + (<usize>i << 3));
    if (<u32>(first >> 32) >= rank) return false;
    const p = <u32>first >> 1;
    const beyond = keysOf(e, p);
    const end = beyond + (<usize>at32(e.before, p) << 3);
    for (let at = beyond; at < end; at += 8) {
      const second = load<u64>(at);
      if (<u32>(second >> 32) >= rank) break;
      if (<u32>second == target) return true;
    }
  }
  return false;
}

/** One round of path adjustment: candidate `round` of rows begin … end against the links kept before this round. */
export function adjustRound(e: Edges, round: i32, begin: i32, end: i32): void {
  for (let id = begin; id < end; id++) {
    if (round >= <i32>at32(e.counts, id)) continue;
    const kept = at32(e.before, id);
    if (<i32>kept >= e.limit) continue;
    const keys = keysOf(e, id);
    const key = load<u64>(keys + (<usize>round << 3));
    if (hasWayRound(e, id, key)) continue;
    // Candidates behind this one have not been read yet; those before it have been decided.
    store<u64>(keys + (<usize>kept << 3), key);
    store<u32>(e.kept + (<usize>id << 2), kept + 1);
  }
}

/** Rows begin … end link to what was kept. */
export function linkEdges(g: Graph, e: Edges, begin: i32, end: i32): void {
  for (let id = begin; id < end; id++) {
    const keys = keysOf(e, id), list = g.list(id, 0);
    const n = <i32>at32(e.kept, id);
    for (let i = 0; i < n; i++) setLink(list, i, <u32>load<u64>(keys + (<usize>i << 3)) >> 1);
    setCounts(list, n, 0);
  }
}
