// The nearest others of every row: the rows of a leaf go through the tree together. A ball is passed over when even its
// nearest possible row is farther from the leaf's ball than the k-th neighbour of each of the leaf's rows (Gray and Moore,
// *N-body problems in statistical learning*, NIPS 2000); inside, each row asks for itself.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { offerAnswer, offerRange, worstOffered } from "../offer";
import { Scorer } from "../scorers";
import { Ball, beginOf, CENTRE, distanceOf, endOf, lowerRank, queryError, radiusOf } from "./ballLayout";
import { boundOf, offerLeaf, pair, searchAll } from "./ballSearch";
import { rankAt } from "./rank";

/** Rows of a leaf that go together; `s.sorted` has room for k + 1 keys for each, `s.pending` for a length. */
const GROUP: i32 = 64;

@inline function isRemoved(r: Request, slot: i32): bool {
  return r.skip != 0 && ((load<u8>(r.skip + (slot >> 3)) >> <u8>(slot & 7)) & 1) != 0;
}

/** Makes row i of the group at `begin` the one that searches. */
@inline
function turnTo(s: Scratch, r: Request, lists: usize, begin: i32, i: i32): void {
  const scorer = changetype<Scorer>(s.scorer);
  s.sorted = lists + ((<usize>i * <usize>(r.k + 1)) << 3);
  s.hide = <u32>(begin + i);
  scorer.query = scorer.at(<u32>(begin + i));
}

/** Offers rows of a leaf to those of the group that its ball may serve; returns the farthest k-th neighbour of the group. */
function offerToGroup(s: Scratch, t: Ball, r: Request, lists: usize, begin: i32, n: i32, block: usize, own: bool): f32 {
  const scorer = changetype<Scorer>(s.scorer);
  let farthest: f32 = 0;
  for (let i = 0; i < n; i++) {
    if (isRemoved(r, begin + i)) continue;
    turnTo(s, r, lists, begin, i);
    const at = s.pending + (<usize>i << 2);
    let length = load<i32>(at);
    let worst = worstOffered(s, r, length);
    let near = own;
    if (!near) {
      const d = distanceOf(t, rankAt(s, scorer.query, block + CENTRE)) - queryError(t, scorer.query, scorer.bytes);
      near = !(lowerRank(t, d, radiusOf(block)) > worst);
    }
    if (near) {
      length = offerLeaf(s, r, length, beginOf(block), endOf(block));
      store<i32>(at, length);
      worst = worstOffered(s, r, length);
    }
    farthest = max<f32>(farthest, worst);
  }
  return farthest;
}

function searchGroup(s: Scratch, t: Ball, r: Request, lists: usize, leaf: i32, begin: i32, n: i32): void {
  const home = t.at(leaf);
  const centre = home + CENTRE, reach = radiusOf(home);
  const error = queryError(t, centre, changetype<Scorer>(s.scorer).bytes);
  for (let i = 0; i < n; i++) store<i32>(s.pending + (<usize>i << 2), 0);
  let worst = offerToGroup(s, t, r, lists, begin, n, home, true);
  let top = s.pool;
  store<u64>(top, 0);
  top += 8;
  while (top > s.pool) {
    top -= 8;
    const key = load<u64>(top);
    if (boundOf(key) > worst) continue;
    const node = <i32>key;
    if (node == leaf) continue;
    if (node >= t.inner) {
      worst = offerToGroup(s, t, r, lists, begin, n, t.at(node), false);
      continue;
    }
    const left = 2 * node + 1;
    const a = t.at(left), b = a + t.stride;
    const da = distanceOf(t, rankAt(s, centre, a + CENTRE)), db = distanceOf(t, rankAt(s, centre, b + CENTRE));
    const keyA = pair(lowerRank(t, da - error, radiusOf(a) + reach), left);
    const keyB = pair(lowerRank(t, db - error, radiusOf(b) + reach), left + 1);
    // The nearer on top.
    store<u64>(top, da <= db ? keyB : keyA);
    store<u64>(top, da <= db ? keyA : keyB, 8);
    top += 16;
  }
}

const NO_LEAF: i32 = 0x7fffffff;

/** The k nearest others of rows begin … end, counted from r.ef, that are in no leaf. */
function searchRows(s: Scratch, t: Ball, r: Request, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    turnTo(s, r, s.sorted, r.ef + i, 0);
    let length = 0;
    if (!isRemoved(r, r.ef + i)) {
      if (t.covered > 0) length = searchAll(s, t, r);
      length = offerRange(s, r, length, t.covered, t.rows);
    }
    offerAnswer(s, r, i, length);
  }
}

/**
 * The k nearest others of the rows of leaves begin … end, counted from `first`, or of rows behind the tree; the answer of a
 * slot stands at slot − r.ef.
 */
export function ballAll(s: Scratch, t: Ball, r: Request, first: i32, begin: i32, end: i32): void {
  const lists = s.sorted;
  if (first == NO_LEAF) searchRows(s, t, r, begin, end);
  else for (let leaf = t.inner + first + begin; leaf < t.inner + first + end; leaf++) {
    const block = t.at(leaf);
    for (let from = beginOf(block); from < endOf(block); from += GROUP) {
      const n = min(GROUP, endOf(block) - from);
      searchGroup(s, t, r, lists, leaf, from, n);
      for (let i = 0; i < n; i++) {
        turnTo(s, r, lists, from, i);
        let length = load<i32>(s.pending + (<usize>i << 2));
        if (isRemoved(r, from + i)) length = 0;
        else if (t.covered < t.rows) length = offerRange(s, r, length, t.covered, t.rows);
        offerAnswer(s, r, from + i - r.ef, length);
      }
    }
  }
  s.sorted = lists;
  s.hide = 0xffffffff;
}
