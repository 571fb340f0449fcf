// Rows within a rank through a kd-tree. A box that lies outside is passed over; one that lies inside as a whole is counted
// without looking into it.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { offerQuery } from "../offer";
import { boundsAny, reachAny } from "./kdkernels";
import { KdTree, LEAF } from "./kdlayout";
import { spread } from "./kdsearch";
import { beginWithin, countRange, endWithin, takeRange, Within } from "./within";

function walk(s: Scratch, t: KdTree, r: Request, w: Within, found: u32): u32 {
  const query = s.code, ways = query + (<usize>t.width << 4), stack = s.pool;
  const limit = f32x4.splat(w.limit);
  // Children within reach wait as the address of their word in the node.
  let top = stack, node = t.nodes;
  while (node) {
    const low = t.low(node);
    let near = i32x4.bitmask(f32x4.le(boundsAny(t, query, low, ways), limit));
    const inside = w.keys ? 0 : i32x4.bitmask(f32x4.le(reachAny(t, query, low), limit));
    while (near) {
      const c = ctz(near);
      near &= near - 1;
      const at = node + (<usize>c << 2);
      const begin = load<u32>(at, 16), end = load<u32>(at, 32);
      if ((inside >> c) & 1) found += countRange(s, r, begin, end);
      else if (load<u32>(at) & LEAF) found = takeRange(s, r, w, found, begin, end);
      else {
        store<usize>(top, at);
        top += 8;
      }
    }
    node = 0;
    if (top > stack) {
      top -= 8;
      node = t.node(load<u32>(load<usize>(top)));
    }
  }
  return found;
}

/** Counts or lists the rows within a rank of queries begin … end. */
export function kdWithin(s: Scratch, t: KdTree, r: Request, w: Within, begin: i32, end: i32): void {
  for (let q = begin; q < end; q++) {
    offerQuery(s, r, q);
    spread(s, r.queries + <usize>q * r.queryStride, t.width);
    beginWithin(w, q);
    const found = walk(s, t, r, w, takeRange(s, r, w, 0, t.covered, t.rows));
    endWithin(r, w, q, found);
  }
}
