// Building a ball tree from the top. A ball is split by two rows that lie far apart: the half of its rows that is nearer to
// the one than to the other, measured by the difference of ranks, goes left. Under L2 that is the order along the line
// through both; it needs nothing but distances, so every metric is split alike. Equal differences are ordered by slot.
//
// Large balls are worked on in blocks of rows by many threads, one step at a time; small ones are finished by one call.

import { Scratch } from "../graph/layout";
import { orderedBits } from "../keys";
import { Scorer } from "../scorers";
import { Ball, CENTRE } from "./ballLayout";
import { rankAt } from "./rank";

@unmanaged
export class BallBuild {
  tree: Ball;
  /** A u64 a row: split key, slot. Balls are ranges of it. */
  work: usize;
  /** Vectors by slot. */
  rows: usize;
  rowBytes: usize;
  dimension: i32;
  /** 0 float32, 1 bytes, 2 bits, 3 latitude and longitude. */
  dtype: i32;
  /** 1 + the relative error of a computed distance, and its absolute error. */
  grow: f32;
  slack: f32;
  /** Blocks of a level: u32 node, begin, end, unused. */
  blocks: usize;
  /** For each block the farthest row found, u64. */
  farthest: usize;
  /** For each block, later for each thread, `dimension` f64 sums. */
  sums: usize;
  /** Nodes of the level: u32 first block, end of blocks, slot of the pivot, of the other pivot. */
  level: usize;
  /** Number of the level's first node. */
  first: i32;
  phase: i32;
}

@inline function slotAt(b: BallBuild, i: i32): u32 { return load<u32>(b.work + (<usize>i << 3)); }
@inline function rowAt(b: BallBuild, slot: u32): usize { return b.rows + <usize>slot * b.rowBytes; }

/**
 * Adds rows begin … end of the order to f64 sums, component by component; longitudes as they are nearest to that of row
 * `first` of the order.
 */
function addRows(b: BallBuild, first: i32, begin: i32, end: i32, sums: usize): void {
  const d = b.dimension;
  const meridian = b.dtype == 3 ? <f64>load<f32>(rowAt(b, slotAt(b, first)), 4) : 0;
  for (let i = begin; i < end; i++) {
    const row = rowAt(b, slotAt(b, i));
    for (let j = 0; j < d; j++) {
      let x: f64;
      if (b.dtype == 1) x = <f64>load<u8>(row + j);
      else if (b.dtype == 2) x = <f64>((load<u8>(row + (j >> 3)) >> <u8>(j & 7)) & 1);
      else x = <f64>load<f32>(row + (<usize>j << 2));
      if (b.dtype == 3 && j == 1) x -= 360 * nearest<f64>((x - meridian) / 360);
      const at = sums + (<usize>j << 3);
      store<f64>(at, load<f64>(at) + x);
    }
  }
}

/** Writes the mean of `n` rows: rounded for bytes, the majority for bits. */
function writeCentre(b: BallBuild, sums: usize, n: i32, centre: usize): void {
  const d = b.dimension;
  memory.fill(centre, 0, b.rowBytes);
  const scale = 1 / <f64>max(1, n);
  for (let j = 0; j < d; j++) {
    const mean = load<f64>(sums + (<usize>j << 3)) * scale;
    if (b.dtype == 1) store<u8>(centre + j, <u8>Math.floor(mean + 0.5));
    else if (b.dtype == 2) {
      const at = centre + (j >> 3);
      if (mean > 0.5) store<u8>(at, load<u8>(at) | (1 << <u8>(j & 7)));
    } else store<f32>(centre + (<usize>j << 2), <f32>mean);
  }
}

/** The row farthest from what stands at `from`: rank, and the slot in the low half, counted down so that the first wins. */
function farthestFrom(s: Scratch, b: BallBuild, from: usize, begin: i32, end: i32): u64 {
  let best: u64 = 0;
  for (let i = begin; i < end; i++) {
    const slot = slotAt(b, i);
    const rank = rankAt(s, from, rowAt(b, slot));
    const key = (<u64>orderedBits(rank) << 32) | <u64>~slot;
    if (key > best) best = key;
  }
  return best;
}

@inline function slotOf(key: u64): u32 { return ~<u32>key; }

function writeRadius(b: BallBuild, block: usize, key: u64): void {
  const rank = reinterpret<f32>(<u32>(key >> 32) & 0x7fffffff);
  const d = b.tree.squared ? Mathf.sqrt(rank) : rank;
  store<f32>(block, d * b.grow + b.slack, 8);
}

/** Gives rows begin … end the keys by which they are split. */
function splitKeys(s: Scratch, b: BallBuild, one: u32, other: u32, begin: i32, end: i32): void {
  const p = rowAt(b, one), q = rowAt(b, other);
  for (let i = begin; i < end; i++) {
    const slot = slotAt(b, i);
    const row = rowAt(b, slot);
    const x = rankAt(s, p, row) - rankAt(s, q, row);
    const key = isNaN<f32>(x) ? <f32>0 : x;
    store<u64>(b.work + (<usize>i << 3), (<u64>orderedBits(key) << 32) | <u64>slot);
  }
}

/** Brings the key that belongs at `middle` there, smaller ones before it (Hoare's selection); keys are distinct. */
function select(list: usize, begin: i32, end: i32, middle: i32): void {
  let low = begin, high = end - 1;
  while (low < high) {
    const a = load<u64>(list + (<usize>low << 3));
    const b = load<u64>(list + (<usize>((low + high) >>> 1) << 3));
    const c = load<u64>(list + (<usize>high << 3));
    const pivot = max(min(a, b), min(max(a, b), c));
    let i = low, j = high;
    while (i <= j) {
      while (load<u64>(list + (<usize>i << 3)) < pivot) i++;
      while (load<u64>(list + (<usize>j << 3)) > pivot) j--;
      if (i > j) break;
      const x = load<u64>(list + (<usize>i << 3));
      store<u64>(list + (<usize>i << 3), load<u64>(list + (<usize>j << 3)));
      store<u64>(list + (<usize>j << 3), x);
      i++;
      j--;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else return;
  }
}

/** Makes the ball of rows begin … end and all below it. */
function growBall(s: Scratch, b: BallBuild, sums: usize, node: i32, begin: i32, end: i32): void {
  const t = b.tree;
  const block = t.at(node);
  store<i32>(block, begin);
  store<i32>(block, end, 4);
  memory.fill(sums, 0, <usize>b.dimension << 3);
  addRows(b, begin, begin, end, sums);
  writeCentre(b, sums, end - begin, block + CENTRE);
  const far = farthestFrom(s, b, block + CENTRE, begin, end);
  writeRadius(b, block, far);
  if (node >= t.inner) return;
  const one = slotOf(far);
  const other = slotOf(farthestFrom(s, b, rowAt(b, one), begin, end));
  splitKeys(s, b, one, other, begin, end);
  const middle = (begin + end) >>> 1;
  select(b.work, begin, end, middle);
  growBall(s, b, sums, 2 * node + 1, begin, middle);
  growBall(s, b, sums, 2 * node + 2, middle, end);
}

/** Balls begin … end of the level, with all below them; each thread has room for sums in its scratch. */
export function ballGrow(s: Scratch, b: BallBuild, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const node = b.first + i;
    const block = b.tree.at(node);
    growBall(s, b, s.pool, node, load<i32>(block), load<i32>(block, 4));
  }
}

/** One step for blocks begin … end of a level: 0 sums, 1 farthest from the centre, 2 from the pivot, 3 split keys. */
export function ballBlocks(s: Scratch, b: BallBuild, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const at = b.blocks + (<usize>i << 4);
    const node = load<i32>(at), from = load<i32>(at, 4), to = load<i32>(at, 8);
    const level = b.level + (<usize>(node - b.first) << 4);
    if (b.phase == 0) {
      const sums = b.sums + <usize>i * (<usize>b.dimension << 3);
      memory.fill(sums, 0, <usize>b.dimension << 3);
      addRows(b, load<i32>(b.tree.at(node)), from, to, sums);
    } else if (b.phase == 3) splitKeys(s, b, load<u32>(level, 8), load<u32>(level, 12), from, to);
    else {
      const centre = b.phase == 1 ? b.tree.at(node) + CENTRE : rowAt(b, load<u32>(level, 8));
      store<u64>(b.farthest + (<usize>i << 3), farthestFrom(s, b, centre, from, to));
    }
  }
}

/** What follows a step, for balls begin … end of the level: 0 the centre, 1 radius and pivot, 2 the other pivot, 3 the split. */
export function ballNodes(_s: Scratch, b: BallBuild, begin: i32, end: i32): void {
  const t = b.tree;
  const bytes = <usize>b.dimension << 3;
  for (let i = begin; i < end; i++) {
    const node = b.first + i;
    const block = t.at(node);
    const level = b.level + (<usize>i << 4);
    const first = load<i32>(level), last = load<i32>(level, 4);
    const from = load<i32>(block), to = load<i32>(block, 4);
    if (b.phase == 0) {
      const sums = b.sums + <usize>first * bytes;
      for (let other = first + 1; other < last; other++) {
        const more = b.sums + <usize>other * bytes;
        for (let j: usize = 0; j < bytes; j += 8) store<f64>(sums + j, load<f64>(sums + j) + load<f64>(more + j));
      }
      writeCentre(b, sums, to - from, block + CENTRE);
    } else if (b.phase == 3) {
      const middle = (from + to) >>> 1;
      select(b.work, from, to, middle);
      const left = t.at(2 * node + 1), right = t.at(2 * node + 2);
      store<i32>(left, from);
      store<i32>(left, middle, 4);
      store<i32>(right, middle);
      store<i32>(right, to, 4);
    } else {
      let far: u64 = 0;
      for (let other = first; other < last; other++) far = max<u64>(far, load<u64>(b.farthest + (<usize>other << 3)));
      if (b.phase == 1) writeRadius(b, block, far);
      store<u32>(level + (b.phase == 1 ? 8 : 12), slotOf(far));
    }
  }
}
