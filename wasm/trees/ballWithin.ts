// All rows within a distance. A ball is outside (no row of it is near enough), inside (all are), or looked into.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { offerQuery } from "../offer";
import { Scorer } from "../scorers";
import { Ball, beginOf, CENTRE, distanceOf, endOf, lowerRank, queryError, radiusOf, upperRank } from "./ballLayout";
import { rankAt } from "./rank";
import { beginWithin, countRange, endWithin, takeRange, Within } from "./within";

/** Counts, or lists in order, what is within the limit of queries begin … end. */
export function ballWithin(s: Scratch, t: Ball, r: Request, w: Within, begin: i32, end: i32): void {
  const scorer = changetype<Scorer>(s.scorer);
  const limit = w.limit;
  for (let q = begin; q < end; q++) {
    offerQuery(s, r, q);
    beginWithin(w, q);
    const query = scorer.query;
    const error = queryError(t, query, scorer.bytes);
    let found = takeRange(s, r, w, 0, t.covered, t.rows);
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
      if (w.keys == 0 && upperRank(t, d + error, radiusOf(block)) <= limit) {
        found += countRange(s, r, beginOf(block), endOf(block));
      } else if (node >= t.inner) found = takeRange(s, r, w, found, beginOf(block), endOf(block));
      else {
        store<i32>(top, 2 * node + 1);
        store<i32>(top, 2 * node + 2, 4);
        top += 8;
      }
    }
    endWithin(r, w, q, found);
  }
}
