// Searching in lists: the nearest lists' rows are compared themselves, or ranked by their codes, and the best of these then
// compared or answered as they are.

import { dotF32 } from "../kernels/f32";
import { fromOrderedBits, orderedBits, sortKeys } from "../keys";
import { Centroids } from "../kmeans/layout";
import { Request } from "../graph/query";
import { Scratch } from "../graph/layout";
import { mayOffer, offerAnswer, offerQuery, offerRows, worstOffered } from "../offer";
import { keepSmallest } from "./best";
import { beginList, beginQuery, boundBlock, scanBlock } from "./codec";
import { probe } from "./coarse";
import { BLOCK_IDS, BLOCK_ROWS, Lists } from "./layout";

/** Turns a row: component j of the outcome is its product with row j of the rotation. */
export function turnRow(l: Lists, row: usize, out: usize): void {
  const count = <usize>l.bytes >> 2;
  for (let j: usize = 0; j < <usize>l.d; j++) {
    store<f32>(out + (j << 2), dotF32(row, l.turn + j * l.turnStride, l.turnStride));
  }
  for (let j = <usize>l.d; j < count; j++) store<f32>(out + (j << 2), 0);
}

@inline
function blockAt(l: Lists, block: u32): usize {
  return l.blocks + <usize>block * l.blockStride;
}

@inline
function following(l: Lists, block: u32): u32 {
  return load<u32>(l.next + (<usize>block << 2));
}

/** Offers the rows of a list. */
function offerList(l: Lists, s: Scratch, r: Request, list: i32, length: i32): i32 {
  let left = load<i32>(l.counts + (<usize>list << 2));
  let block = load<u32>(l.heads + (<usize>list << 2));
  for (; left > 0; left -= BLOCK_ROWS) {
    length = offerRows(s, r, length, blockAt(l, block), min(left, BLOCK_ROWS));
    block = following(l, block);
  }
  return length;
}

/** Offers those rows of a list whose true rank may be good enough, by what their codes say. */
function offerBounded(l: Lists, s: Scratch, r: Request, list: i32, length: i32): i32 {
  const table = s.code, ranks = s.code + l.ranksAt, ids = s.pending;
  let left = load<i32>(l.counts + (<usize>list << 2));
  let block = load<u32>(l.heads + (<usize>list << 2));
  for (; left > 0; left -= BLOCK_ROWS) {
    const at = blockAt(l, block);
    let bits = boundBlock(l.codec, table, at + BLOCK_IDS, min(left, BLOCK_ROWS), worstOffered(s, r, length), ranks);
    let n = 0;
    while (bits) {
      store<u32>(ids + (<usize>(n++) << 2), load<u32>(at + (<usize>ctz(bits) << 2)));
      bits &= bits - 1;
    }
    if (n) length = offerRows(s, r, length, ids, n);
    block = following(l, block);
  }
  return length;
}

/** Appends the keys of a list's best rows to the pool of `most`; returns its new length. The rank to beat stands behind the ranks. */
function poolList(l: Lists, s: Scratch, r: Request, list: i32, pool: usize, length: i32, most: i32): i32 {
  const table = s.code, ranks = s.code + l.ranksAt;
  let worst = load<f32>(ranks, 128);
  let left = load<i32>(l.counts + (<usize>list << 2));
  let block = load<u32>(l.heads + (<usize>list << 2));
  for (; left > 0; left -= BLOCK_ROWS) {
    const at = blockAt(l, block);
    let bits = scanBlock(l.codec, table, at + BLOCK_IDS, min(left, BLOCK_ROWS), worst, ranks);
    while (bits) {
      const lane = <usize>ctz(bits);
      bits &= bits - 1;
      const id = load<u32>(at + (lane << 2));
      if (!mayOffer(s, r, id)) continue;
      const rank = load<f32>(ranks + (lane << 2));
      store<u64>(pool + (<usize>(length++) << 3), (<u64>orderedBits(rank) << 32) | <u64>id);
    }
    if (length > 2 * most) {
      length = keepSmallest(pool, length, most);
      worst = fromOrderedBits(<u32>(load<u64>(pool + (<usize>(length - 1) << 3)) >> 32));
    }
    block = following(l, block);
  }
  store<f32>(ranks, worst, 128);
  return length;
}

/** Writes the first keys of the pool, sorted, as the answer. */
function answerPool(s: Scratch, r: Request, q: i32, pool: usize, length: i32, most: i32): void {
  const n = keepSmallest(pool, length, r.k);
  sortKeys(pool, n, pool + (<usize>(2 * most + BLOCK_ROWS) << 3));
  for (let i = 0; i < n; i++) {
    const key = load<u64>(pool + (<usize>i << 3));
    const at = <usize>(q * r.k + i) << 2;
    store<u32>(r.ids + at, <u32>key);
    store<f32>(r.ranks + at, fromOrderedBits(<u32>(key >> 32)));
  }
  store<u32>(r.counts + (<usize>q << 2), n);
}

/** Reads a byte of each cache line of a row, so that all of them are fetched at once. */
@inline
function fetchRow(r: Request, id: u32): u32 {
  const row = r.rows + <usize>id * r.rowStride;
  let sum: u32 = 0;
  for (let at: usize = 0; at < r.rowBytes; at += 64) sum += load<u8>(row + at);
  return sum;
}

/** Keeps the best key of each row; returns how many there are. */
function withoutCopies(pool: usize, n: i32, spare: usize): i32 {
  // By row, then rank.
  for (let i = 0; i < n; i++) {
    const at = pool + (<usize>i << 3);
    store<u64>(at, rotl<u64>(load<u64>(at), 32));
  }
  sortKeys(pool, n, spare);
  let kept = 0, last: u64 = u64.MAX_VALUE;
  for (let i = 0; i < n; i++) {
    const key = load<u64>(pool + (<usize>i << 3));
    if (key >> 32 == last) continue;
    last = key >> 32;
    store<u64>(pool + (<usize>(kept++) << 3), rotl<u64>(key, 32));
  }
  return kept;
}

/** Answers the first keys of the pool, or the nearest of them when compared with the query. */
function finishPool(l: Lists, s: Scratch, r: Request, q: i32, pool: usize, length: i32, most: i32): void {
  if (r.rerank == 0) {
    answerPool(s, r, q, pool, length, most);
    return;
  }
  let n = keepSmallest(pool, length, most);
  if (l.copies > 1) {
    n = withoutCopies(pool, n, pool + (<usize>(2 * most + BLOCK_ROWS) << 3));
    n = keepSmallest(pool, n, most / l.copies);
  }
  // Rows lie on pages of their own, whose addresses take long to find: both ends of every row are asked for at once.
  let left = 0, sum: u32 = 0;
  for (let i = 0; i < n; i++) {
    const row = r.rows + <usize>load<u32>(pool + (<usize>i << 3)) * r.rowStride;
    sum += <u32>load<u8>(row) + <u32>load<u8>(row + r.rowBytes - 1);
  }
  // The next row is on its way while one is compared.
  for (let i = 0; i < n; i++) {
    const at = s.pending + (<usize>i << 2);
    store<u32>(at, load<u32>(pool + (<usize>i << 3)));
    sum += fetchRow(r, load<u32>(at));
    if (i > 0) left = offerRows(s, r, left, at - 4, 1);
  }
  if (n > 0) left = offerRows(s, r, left, s.pending + (<usize>(n - 1) << 2), 1);
  offerAnswer(s, r, q, left);
  // Stored, so that the reads stay.
  store<u32>(s.pending, sum);
}

function searchOne(l: Lists, s: Scratch, r: Request, q: i32): void {
  const query = r.queries + <usize>q * r.queryStride;
  // Enough for so many rows if each is there with all its copies.
  const most = max(r.k, r.rerank) * l.copies;
  const keys = s.pool, pool = s.pool + (<usize>l.probeRoom << 3);
  let turned = query;
  if (l.turn) {
    turned = s.code + l.turnedAt;
    turnRow(l, query, turned);
  }
  let lists = 1;
  if (l.centroids) {
    lists = probe(changetype<Centroids>(l.centroids), turned, r.ef, s.code + l.coarseAt, keys, pool);
  } else store<u64>(keys, 0);
  const bounded = l.bounded && r.rerank > 0;
  const compares = l.codec == 0 || bounded;
  if (compares) offerQuery(s, r, q);
  if (l.codec) beginQuery(l.codec, turned, s.code);
  store<f32>(s.code + l.ranksAt, Infinity, 128);
  let length = 0;
  for (let i = 0; i < lists; i++) {
    const key = load<u64>(keys + (<usize>i << 3)), list = <i32>key;
    if (l.codec && (l.residual || i == 0)) {
      const c = changetype<Centroids>(l.centroids);
      const centroid = l.centroids ? c.rows + <usize>list * c.bytes : 0;
      const rank = l.centroids ? fromOrderedBits(<u32>(key >> 32)) : <f32>0;
      beginList(l.codec, turned, list, centroid, rank, s.code);
    }
    if (l.codec == 0) length = offerList(l, s, r, list, length);
    else if (bounded) length = offerBounded(l, s, r, list, length);
    else length = poolList(l, s, r, list, pool, length, most);
  }
  if (compares) offerAnswer(s, r, q, length);
  else {
    if (r.rerank > 0) offerQuery(s, r, q);
    finishPool(l, s, r, q, pool, length, most);
  }
}

/** Answers queries begin … end. */
export function searchLists(s: Scratch, l: Lists, r: Request, begin: i32, end: i32): void {
  for (let q = begin; q < end; q++) searchOne(l, s, r, q);
}
