// Choosing by 7-bit codes of the centroids (wasm/exact), whose bounds exclude most of them once the rank of one is known: that
// of the centroid a row had before, or else that of least bound. The outcome is that of strict ranks.

import { beginQueries, encodeQueries } from "../exact/encode";
import { setCodeLimit } from "../exact/bound";
import { searchCodes } from "../exact/codes";
import { accept, listOf } from "../exact/list";
import { ExactScratch, ExactStore } from "../exact/layout";
import { fromOrderedBits } from "../keys";
import { strictRank } from "../strict";
import { Centroids, Choice, NONE, PANEL } from "./layout";

/** Rows begin … end choose, from the centroid they have if any; the scratch is that of an exact search for PANEL queries and one neighbour. */
export function seekRows(s: ExactScratch, data: ExactStore, c: Centroids, choice: Choice, begin: i32, end: i32): void {
  for (let first = begin; first < end; first += PANEL) {
    const n = min(PANEL, end - first);
    s.nq = n;
    s.queries = choice.rows + <usize>first * choice.stride;
    s.queryStride = <u32>choice.stride;
    beginQueries(data, s);
    encodeQueries(data, s);
    for (let q = 0; q < n; q++) {
      const j = load<u32>(choice.chosen + (<usize>(first + q) << 2));
      if (j == NONE) continue;
      const row = s.queries + <usize>q * choice.stride;
      accept(s, q, j, strictRank(c.ip, row, c.rows + <usize>j * c.bytes, c.bytes));
      setCodeLimit(data, s, q);
    }
    searchCodes(data, s, 0, c.k);
    for (let q = 0; q < n; q++) {
      const key = load<u64>(listOf(s, q)), at = <usize>(first + q) << 2;
      store<u32>(choice.chosen + at, <u32>key);
      store<f32>(choice.ranks + at, fromOrderedBits(<u32>(key >> 32)));
    }
  }
}
