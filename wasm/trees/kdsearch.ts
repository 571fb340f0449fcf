// The nearest rows through a kd-tree (Friedman, Bentley & Finkel, doi:10.1145/355744.355745): nodes whose box is
// farther than the worst answer so far are passed over. Boxes are those of the rows below, which excludes more than
// the planes between them (as sums updated from cut to cut do), and four are compared at once.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { mayOffer, offerAnswer, offerQuery, offerRange, offerRank, worstOffered } from "../offer";
import { popSmallest, pushKey } from "./heap";
import { bounds4, boundsAny, Eight, Four, ranks4, Three, Two } from "./kdkernels";
import { KdTree, LEAF } from "./kdlayout";

/** Writes each component of a query four times, at s.code. */
@inline
export function spread(s: Scratch, query: usize, width: u32): void {
  for (let j: usize = 0; j < <usize>width; j++) {
    v128.store(s.code + (j << 4), v128.load32_splat(query + (j << 2)));
  }
}

/** A child of a node and the least rank in it; ordered by that. */
@inline
export function entry(bound: u32, node: usize, c: i32): u64 { return ((<u64>bound) << 32) | <u64>(node | <usize>c); }
@inline
export function entryBound(e: u64): f32 { return reinterpret<f32>(<u32>(e >> 32)); }
@inline
export function entryNode(e: u64): usize { return <usize>(<u32>e & ~3); }
@inline
export function entryChild(e: u64): usize { return (<usize>e & 3) << 2; }

/** Pushes the children with a bit in `mask` so that the nearest is popped first; returns the new top. */
@inline
export function pushNear(top: usize, mask: i32, bounds: usize, node: usize): usize {
  const base = top;
  while (mask) {
    const c = ctz(mask);
    mask &= mask - 1;
    const e = entry(load<u32>(bounds + (<usize>c << 2)), node, c);
    let at = top;
    while (at > base) {
      const other = load<u64>(at - 8);
      if (other >= e) break;
      store<u64>(at, other);
      at -= 8;
    }
    store<u64>(at, e);
    top += 8;
  }
  return top;
}

/** Offers the rows of a leaf from its blocks. */
@inline
function offerBlocks<W>(s: Scratch, r: Request, length: i32, block: usize, begin: u32, end: u32): i32 {
  const query = s.code, lanes = query + (offsetof<W>() << 4);
  let worst = worstOffered(s, r, length);
  for (let id = begin; id < end; id += 4) {
    const ranks = ranks4<W>(query, block);
    block += offsetof<W>() << 4;
    let mask = i32x4.bitmask(f32x4.le(ranks, f32x4.splat(worst)));
    if (mask == 0) continue;
    v128.store(lanes, ranks);
    do {
      const lane = ctz(mask);
      mask &= mask - 1;
      const rank = load<f32>(lanes + (<usize>lane << 2));
      if (!(rank <= worst) || !mayOffer(s, r, id + lane)) continue;
      length = offerRank(s, r, length, id + lane, rank);
      worst = worstOffered(s, r, length);
    } while (mask);
  }
  return length;
}

function searchBlocks<W>(s: Scratch, t: KdTree, r: Request, length: i32): i32 {
  const query = s.code, lanes = query + (offsetof<W>() << 4), stack = s.pool;
  let top = stack, node = t.nodes;
  while (node) {
    const bounds = bounds4<W>(query, t.low(node));
    const mask = i32x4.bitmask(f32x4.le(bounds, f32x4.splat(worstOffered(s, r, length))));
    if (mask) {
      v128.store(lanes, bounds);
      top = pushNear(top, mask, lanes, node);
    }
    node = 0;
    while (top > stack) {
      top -= 8;
      const e = load<u64>(top);
      if (entryBound(e) > worstOffered(s, r, length)) continue;
      const at = entryNode(e) + entryChild(e);
      const child = load<u32>(at);
      if (!(child & LEAF)) {
        node = t.node(child);
        break;
      }
      const block = t.blocks + <usize>(child & ~LEAF) * (offsetof<W>() << 4);
      length = offerBlocks<W>(s, r, length, block, load<u32>(at, 16), load<u32>(at, 32));
    }
  }
  return length;
}

function searchAny(s: Scratch, t: KdTree, r: Request, length: i32): i32 {
  const query = s.code, ways = query + (<usize>t.width << 4), lanes = ways + (<usize>t.width << 3), stack = s.pool;
  let top = stack, node = t.nodes;
  while (node) {
    const bounds = boundsAny(t, query, t.low(node), ways);
    const mask = i32x4.bitmask(f32x4.le(bounds, f32x4.splat(worstOffered(s, r, length))));
    if (mask) {
      v128.store(lanes, bounds);
      top = pushNear(top, mask, lanes, node);
    }
    node = 0;
    while (top > stack) {
      top -= 8;
      const e = load<u64>(top);
      if (entryBound(e) > worstOffered(s, r, length)) continue;
      const at = entryNode(e) + entryChild(e);
      const child = load<u32>(at);
      if (!(child & LEAF)) {
        node = t.node(child);
        break;
      }
      length = offerRange(s, r, length, load<u32>(at, 16), load<u32>(at, 32));
    }
  }
  return length;
}

/** Answers queries begin … end. */
export function kdQuery(s: Scratch, t: KdTree, r: Request, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const q = t.order ? <i32>load<u32>(t.order + (<usize>i << 2)) : i;
    offerQuery(s, r, q);
    spread(s, r.queries + <usize>q * r.queryStride, t.width);
    let length = offerRange(s, r, 0, t.covered, t.rows);
    if (t.maxLeaves != i32.MAX_VALUE) length = searchFew(s, t, r, length);
    else if (!t.blocks) length = searchAny(s, t, r, length);
    else if (t.width == 2) length = searchBlocks<Two>(s, t, r, length);
    else if (t.width == 3) length = searchBlocks<Three>(s, t, r, length);
    else if (t.width == 4) length = searchBlocks<Four>(s, t, r, length);
    else length = searchBlocks<Eight>(s, t, r, length);
    offerAnswer(s, r, q, length);
  }
}

/**
 * The nearest leaf first, wherever it is, until enough have been looked into (priority search: Arya & Mount, DCC 1993)
 * and there are k answers.
 */
function searchFew(s: Scratch, t: KdTree, r: Request, length: i32): i32 {
  const query = s.code, ways = query + (<usize>t.width << 4), lanes = ways + (<usize>t.width << 3), heap = s.pool;
  let node = t.nodes, n = 0, leaves = 0;
  while (node) {
    v128.store(lanes, boundsAny(t, query, t.low(node), ways));
    for (let c = 0; c < 4; c++) {
      const at = lanes + (<usize>c << 2);
      if (load<f32>(at) <= worstOffered(s, r, length)) pushKey(heap, n++, entry(load<u32>(at), node, c));
    }
    node = 0;
    while (n > 0) {
      const e = popSmallest(heap, n--);
      if (entryBound(e) > worstOffered(s, r, length)) return length;
      const at = entryNode(e) + entryChild(e);
      const child = load<u32>(at);
      if (!(child & LEAF)) {
        node = t.node(child);
        break;
      }
      if (leaves++ >= t.maxLeaves && length == r.k) return length;
      length = offerRange(s, r, length, load<u32>(at, 16), load<u32>(at, 32));
    }
  }
  return length;
}
