// The one loop here that exists once a scorer: everything else asks it for the ranks of a list of rows.

import { Scratch } from "../graph/layout";
import { nearestLane, pivotNode } from "../graph/pivots";
import {
  HammingBits, L1F32, L1U8, L2Codes7, L2F32, L2U8, LinfF32, LinfU8,
} from "../scorers";

function rankList<S>(scorer: S, id: u32, ids: usize, n: i32, out: usize): void {
  scorer.useRow(id);
  for (let at: usize = 0; at < <usize>n << 2; at += 16) {
    const a = load<u32>(ids + at), b = load<u32>(ids + at, 4), c = load<u32>(ids + at, 8), d = load<u32>(ids + at, 12);
    v128.store(out + at, scorer.four(a, b, c, d));
  }
}

/** Ranks of the `n` rows at `ids` (padded to fours) as seen from row `id`, as f32 into `s.sorted`. */
export function rankRow(s: Scratch, id: u32, ids: usize, n: i32): void {
  const out = s.sorted;
  switch (s.kind) {
    case 0: rankList<L2F32>(changetype<L2F32>(s.scorer), id, ids, n, out); break;
    case 1: rankList<L1F32>(changetype<L1F32>(s.scorer), id, ids, n, out); break;
    case 2: rankList<LinfF32>(changetype<LinfF32>(s.scorer), id, ids, n, out); break;
    case 3: rankList<L2U8>(changetype<L2U8>(s.scorer), id, ids, n, out); break;
    case 4: rankList<L1U8>(changetype<L1U8>(s.scorer), id, ids, n, out); break;
    case 5: rankList<LinfU8>(changetype<LinfU8>(s.scorer), id, ids, n, out); break;
    case 6: rankList<L2Codes7>(changetype<L2Codes7>(s.scorer), id, ids, n, out); break;
    case 7: rankList<HammingBits>(changetype<HammingBits>(s.scorer), id, ids, n, out); break;
  }
}

/** Rows that the pivots of a node are picked from. */
const DRAWN: i32 = 16;

/**
 * Picks the pivots of nodes begin … end from the sixteen rows drawn for each: the first, then thrice the first of those
 * at least as far from all picked before as is the mean. Copies are passed over, and parts far apart get one each.
 */
export function pickPivots(s: Scratch, pivots: usize, drawn: usize, begin: i32, end: i32): void {
  const ranks = s.sorted, nearest = s.sorted + (<usize>DRAWN << 2);
  for (let node = begin; node < end; node++) {
    const rows = drawn + <usize>(node * DRAWN << 2), out = pivotNode(pivots, node);
    memory.fill(nearest, 0x7f, <usize>DRAWN << 2);
    let place = 0;
    for (let way = 0; way < 4; way++) {
      const id = load<u32>(rows + (<usize>place << 2));
      store<u32>(out + (<usize>way << 2), id);
      if (way == 3) break;
      rankRow(s, id, rows, DRAWN);
      let sum: f64 = 0;
      for (let i: usize = 0; i < <usize>DRAWN << 2; i += 4) {
        const rank = min(load<f32>(nearest + i), load<f32>(ranks + i));
        store<f32>(nearest + i, rank);
        sum += <f64>rank;
      }
      const mean = <f32>(sum / <f64>DRAWN);
      // The mean as a float may be above the largest by a rounding: then the next one serves.
      let i = 0;
      while (i < DRAWN && (i == place || load<f32>(nearest + (<usize>i << 2)) < mean)) i++;
      place = i < DRAWN ? i : (place + 1) % DRAWN;
    }
  }
}

/** Finds for entries begin … end of a list of rows which pivot of their node is nearest. */
export function splitRows(s: Scratch, pivots: usize, rows: usize, nodes: usize, lanes: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const at = pivotNode(pivots, load<u32>(nodes + (<usize>i << 2)));
    rankRow(s, load<u32>(rows + (<usize>i << 2)), at, 4);
    store<u8>(lanes + i, <u8>nearestLane(v128.load(s.sorted)));
  }
}
