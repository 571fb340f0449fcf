// k nearest neighbours through a ball tree (Omohundro, ICSI TR-89-063): depth first, the nearer ball first, or best first
// with a limit on the leaves looked into.

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { offerAnswer, offerQuery, offerRange, offerRank, mayOffer, worstOffered } from "../offer";
import { Scorer } from "../scorers";
import { transposeSum } from "../simd";
import { l2sqF32, l2sqLanesF32 } from "../kernels/f32";
import { Ball, beginOf, CENTRE, distanceOf, endOf, lowerRank, queryError, radiusOf } from "./ballLayout";
import { popSmallest, pushKey } from "./heap";
import { rankAt } from "./rank";

/** Squared distances of a query and four float32 rows `stride` apart, as the strict kernel has them. */
@inline
function ranksOfFour(query: usize, a: usize, stride: usize, bytes: usize): v128 {
  const b = a + stride, c = b + stride, d = c + stride;
  if (bytes == 16) {
    const q = v128.load(query);
    const x0 = f32x4.sub(q, v128.load(a)), x1 = f32x4.sub(q, v128.load(b));
    const x2 = f32x4.sub(q, v128.load(c)), x3 = f32x4.sub(q, v128.load(d));
    return transposeSum(f32x4.mul(x0, x0), f32x4.mul(x1, x1), f32x4.mul(x2, x2), f32x4.mul(x3, x3));
  }
  return transposeSum(
    l2sqLanesF32(query, a, bytes), l2sqLanesF32(query, b, bytes),
    l2sqLanesF32(query, c, bytes), l2sqLanesF32(query, d, bytes),
  );
}

/** Offers four rows at a time; float32 under L2. */
function offerFours(s: Scratch, r: Request, length: i32, begin: i32, end: i32): i32 {
  const scorer = changetype<Scorer>(s.scorer);
  const query = scorer.query, bytes = scorer.bytes, stride = scorer.stride;
  let worst = worstOffered(s, r, length);
  let done = begin;
  while (done < end) {
    // The last four overlap those before them.
    const first = min(done, end - 4);
    const ranks = ranksOfFour(query, scorer.at(<u32>first), stride, bytes);
    let near = i32x4.bitmask(f32x4.le(ranks, f32x4.splat(worst))) & (0xf << (done - first));
    while (near) {
      const lane = ctz<i32>(near);
      near &= near - 1;
      const rank = lane < 2
        ? (lane == 0 ? f32x4.extract_lane(ranks, 0) : f32x4.extract_lane(ranks, 1))
        : (lane == 2 ? f32x4.extract_lane(ranks, 2) : f32x4.extract_lane(ranks, 3));
      const id = <u32>(first + lane);
      if (!(rank <= worst) || !mayOffer(s, r, id)) continue;
      length = offerRank(s, r, length, id, rank);
      worst = worstOffered(s, r, length);
    }
    done = first + 4;
  }
  return length;
}

/** Offers the rows of a leaf. */
@inline
export function offerLeaf(s: Scratch, r: Request, length: i32, begin: i32, end: i32): i32 {
  if (s.kind == 0 && end - begin >= 4) return offerFours(s, r, length, begin, end);
  return offerRange(s, r, length, begin, end);
}

@inline
export function pair(bound: f32, node: i32): u64 {
  return (<u64>reinterpret<u32>(bound) << 32) | <u64>node;
}
@inline
export function boundOf(key: u64): f32 {
  return reinterpret<f32>(<u32>(key >> 32));
}

/** A ball that waits: bound, distance of its centre, node. */
const WAITING: usize = 16;

/**
 * What {@link searchAll} does, for float32 under L2: the four balls two levels down are neighbours in memory and are
 * measured at once. Those that may hold a neighbour wait, the nearest on top.
 */
function searchFours(s: Scratch, t: Ball, r: Request): i32 {
  const scorer = changetype<Scorer>(s.scorer);
  const query = scorer.query, bytes = scorer.bytes, stride = t.stride;
  const shrink = f32x4.splat(t.shrink);
  let length = 0, node = 0, top = s.pool;
  let worst = <f32>Infinity;
  for (;;) {
    if (2 * node + 1 < t.inner) {
      const first = 4 * node + 3;
      const a = t.at(first), b = a + stride, c = b + stride, d = c + stride;
      const distances = f32x4.sqrt(ranksOfFour(query, a + CENTRE, stride, bytes));
      let radii = v128.load32_zero(a + 8);
      radii = v128.load_lane<f32>(b + 8, radii, 1);
      radii = v128.load_lane<f32>(c + 8, radii, 2);
      radii = v128.load_lane<f32>(d + 8, radii, 3);
      // As in lowerRank.
      let gaps = f32x4.max(f32x4.sub(f32x4.mul(distances, shrink), radii), f32x4.splat(0));
      gaps = v128.and(gaps, f32x4.lt(distances, f32x4.splat(<f32>Infinity)));
      const bounds = f32x4.mul(f32x4.mul(gaps, gaps), shrink);
      v128.store(s.chosen, bounds);
      v128.store(s.chosen, distances, 16);
      const base = top;
      for (let kept = i32x4.bitmask(f32x4.le(bounds, f32x4.splat(worst))); kept; kept &= kept - 1) {
        const lane = ctz<i32>(kept);
        const distance = load<f32>(s.chosen + (<usize>lane << 2), 16);
        let at = top;
        while (at > base && load<f32>(at - WAITING, 4) < distance) {
          v128.store(at, v128.load(at - WAITING));
          at -= WAITING;
        }
        store<f32>(at, load<f32>(s.chosen + (<usize>lane << 2)));
        store<f32>(at, distance, 4);
        store<i32>(at, first + lane, 8);
        top += WAITING;
      }
    } else if (node < t.inner) {
      const left = 2 * node + 1;
      const a = t.at(left), b = a + stride;
      const da = Mathf.sqrt(l2sqF32(query, a + CENTRE, bytes)), db = Mathf.sqrt(l2sqF32(query, b + CENTRE, bytes));
      const far = <i32>(da <= db);
      store<f32>(top, far ? lowerRank(t, db, radiusOf(b)) : lowerRank(t, da, radiusOf(a)));
      store<i32>(top, left + far, 8);
      store<f32>(top, far ? lowerRank(t, da, radiusOf(a)) : lowerRank(t, db, radiusOf(b)), 16);
      store<i32>(top, left + 1 - far, 24);
      top += 2 * WAITING;
    } else {
      const block = t.at(node);
      length = offerLeaf(s, r, length, beginOf(block), endOf(block));
      worst = worstOffered(s, r, length);
    }
    for (;;) {
      if (top == s.pool) return length;
      top -= WAITING;
      if (load<f32>(top) > worst) continue;
      node = load<i32>(top, 8);
      break;
    }
  }
  return length;
}

/** Every ball that may hold a neighbour, the nearer of two first; `s.pool` is the stack. */
export function searchAll(s: Scratch, t: Ball, r: Request): i32 {
  if (s.kind == 0) return searchFours(s, t, r);
  const scorer = changetype<Scorer>(s.scorer);
  const query = scorer.query;
  const error = queryError(t, query, scorer.bytes);
  const inner = t.inner;
  let length = 0, node = 0, top = s.pool;
  let worst = <f32>Infinity;
  for (;;) {
    while (node < inner) {
      const left = 2 * node + 1;
      const a = t.at(left), b = a + t.stride;
      const da = distanceOf(t, rankAt(s, query, a + CENTRE)), db = distanceOf(t, rankAt(s, query, b + CENTRE));
      const ra = lowerRank(t, da - error, radiusOf(a)), rb = lowerRank(t, db - error, radiusOf(b));
      const leftFirst = da <= db;
      const far = leftFirst ? rb : ra;
      if (!(far > worst)) {
        store<u64>(top, pair(far, leftFirst ? left + 1 : left));
        top += 8;
      }
      node = leftFirst ? left : left + 1;
      if ((leftFirst ? ra : rb) > worst) {
        node = -1;
        break;
      }
    }
    if (node >= inner) {
      const block = t.at(node);
      length = offerLeaf(s, r, length, beginOf(block), endOf(block));
      worst = worstOffered(s, r, length);
    }
    for (;;) {
      if (top == s.pool) return length;
      top -= 8;
      const key = load<u64>(top);
      if (boundOf(key) > worst) continue;
      node = <i32>key;
      break;
    }
  }
  return length;
}

/**
 * The balls of nearest centre first, no more than `r.ef` leaves; `s.pool` is the heap. (By their bounds they would be
 * looked into level by level: where balls overlap, most bounds are zero.)
 */
function searchSome(s: Scratch, t: Ball, r: Request): i32 {
  const scorer = changetype<Scorer>(s.scorer);
  const query = scorer.query;
  const error = queryError(t, query, scorer.bytes);
  let length = 0, leaves = 0, waiting = 1;
  let worst = <f32>Infinity;
  store<u64>(s.pool, 0);
  while (waiting > 0) {
    const key = popSmallest(s.pool, waiting--);
    const node = <i32>key;
    const block = t.at(node);
    if (node > 0 && lowerRank(t, boundOf(key) - error, radiusOf(block)) > worst) continue;
    if (node >= t.inner) {
      length = offerLeaf(s, r, length, beginOf(block), endOf(block));
      worst = worstOffered(s, r, length);
      if (++leaves >= r.ef) break;
      continue;
    }
    for (let child = 2 * node + 1; child <= 2 * node + 2; child++) {
      const at = t.at(child);
      const distance = distanceOf(t, rankAt(s, query, at + CENTRE));
      if (!(lowerRank(t, distance - error, radiusOf(at)) > worst)) pushKey(s.pool, waiting++, pair(distance, child));
    }
  }
  return length;
}

/** Answers queries begin … end; `r.ef` is the largest number of leaves to look into. */
export function ballQuery(s: Scratch, t: Ball, r: Request, begin: i32, end: i32): void {
  for (let q = begin; q < end; q++) {
    offerQuery(s, r, q);
    let length = r.ef > t.inner ? searchAll(s, t, r) : searchSome(s, t, r);
    if (t.covered < t.rows) length = offerRange(s, r, length, t.covered, t.rows);
    offerAnswer(s, r, q, length);
  }
}
