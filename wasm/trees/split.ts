// Splitting rows into a tree: along the side on which they spread most, at its middle (sliding midpoint: Maneewongvatana
// & Mount, "It's okay to be skinny, if your friends are fat", 1999) or so that half of them are on each side
// (Friedman, Bentley & Finkel, doi:10.1145/355744.355745). Boxes are those of the rows themselves, so a cut in the
// middle always has rows on both sides, and any split at all leaves searches right.

import { Scratch } from "../graph/layout";
import { NO_NODE, setChild, TreeBuild, treeNode, TreePiece } from "./layout";

/** Binary levels after which only halves are made: what bounds the depth whatever the rows. */
const DEEP: i32 = 48;
/** Rounds of selection after which its present place will do. */
const ROUNDS: i32 = 64;

@inline
function slotAt(b: TreeBuild, at: u32): u32 { return load<u32>(b.perm + (<usize>at << 2)); }
@inline
function valueAt(b: TreeBuild, at: u32, axis: usize): f32 {
  return load<f32>(b.rows + <usize>slotAt(b, at) * b.stride + axis);
}
@inline
function swap(b: TreeBuild, i: u32, j: u32): void {
  const at = b.perm + (<usize>i << 2), to = b.perm + (<usize>j << 2);
  const kept = load<u32>(at);
  store<u32>(at, load<u32>(to));
  store<u32>(to, kept);
}

/** Smallest and largest components of the rows begin … end, at lo and lo + bytes. */
export function boundRows(b: TreeBuild, begin: u32, end: u32, lo: usize): void {
  const hi = lo + b.bytes;
  const first = b.rows + <usize>slotAt(b, begin) * b.stride;
  memory.copy(lo, first, b.bytes);
  memory.copy(hi, first, b.bytes);
  if (b.bytes == 16) {
    let low = v128.load(lo), high = low;
    for (let i = begin + 1; i < end; i++) {
      const x = v128.load(b.rows + <usize>slotAt(b, i) * b.stride);
      low = f32x4.pmin(low, x);
      high = f32x4.pmax(high, x);
    }
    v128.store(lo, low);
    v128.store(hi, high);
    return;
  }
  for (let i = begin + 1; i < end; i++) {
    const row = b.rows + <usize>slotAt(b, i) * b.stride;
    for (let at: usize = 0; at < b.bytes; at += 16) {
      const x = v128.load(row + at);
      v128.store(lo + at, f32x4.pmin(v128.load(lo + at), x));
      v128.store(hi + at, f32x4.pmax(v128.load(hi + at), x));
    }
  }
}

/** Moves rows whose component is at most `cut` to the front; returns where the others begin. */
function partition(b: TreeBuild, begin: u32, end: u32, axis: usize, cut: f32): u32 {
  let i = begin, j = end;
  while (i < j) {
    if (valueAt(b, i, axis) <= cut) i++;
    else swap(b, i, --j);
  }
  return i;
}

/** Moves rows about until those before `nth` have no larger component than those from it on. */
function select(b: TreeBuild, begin: u32, end: u32, nth: u32, axis: usize): void {
  for (let round = 0; round < ROUNDS && end - begin > 1; round++) {
    const x = valueAt(b, begin, axis), y = valueAt(b, (begin + end) >> 1, axis), z = valueAt(b, end - 1, axis);
    const pivot = max<f32>(min<f32>(x, y), min<f32>(max<f32>(x, y), z));
    let i = begin, j = end - 1;
    for (;;) {
      while (valueAt(b, i, axis) < pivot) i++;
      while (valueAt(b, j, axis) > pivot) j--;
      if (i >= j) break;
      swap(b, i, j);
      i++;
      j--;
    }
    // All before i are at most the pivot, all from j + 1 on at least.
    if (nth < i) end = i;
    else if (nth > j) begin = j + 1;
    else return;
  }
}

/** Splits begin … end; returns where the second part begins, `begin` when all rows are the same. */
export function splitRows(b: TreeBuild, begin: u32, end: u32, depth: i32, lo: usize): u32 {
  boundRows(b, begin, end, lo);
  const hi = lo + b.bytes;
  let widest: f32 = 0;
  let axis: usize = 0;
  for (let at: usize = 0; at < b.bytes; at += 4) {
    const side = load<f32>(hi + at) - load<f32>(lo + at);
    if (side > widest) {
      widest = side;
      axis = at;
    }
  }
  if (widest == 0) return begin;
  let nth = begin + ((end - begin) >> 1);
  if (b.rule == 0 && depth < DEEP) {
    const low = load<f32>(lo + axis), high = load<f32>(hi + axis);
    const middle = low * 0.5 + high * 0.5;
    nth = partition(b, begin, end, axis, middle < high ? middle : low);
    const first = begin + b.least, last = end - b.least;
    if (nth >= first && nth <= last) return nth;
    nth = nth < first ? first : last;
  }
  select(b, begin, end, nth, axis);
  return nth;
}

/** Makes the subtree of a range, whose nodes follow each other parents first; returns its node. */
function grow(b: TreeBuild, piece: TreePiece, begin: u32, end: u32, depth: i32, lo: usize): u32 {
  const index = piece.firstNode + piece.nodes++;
  const node = treeNode(b.topology, index);
  for (let c = 0; c < 4; c++) setChild(node, c, NO_NODE, end, end);
  let c = 0;
  const middle = end - begin > b.leafSize ? splitRows(b, begin, end, depth, lo) : begin;
  if (middle == begin) setChild(node, c++, NO_NODE, begin, end);
  else {
    c = halve(b, node, c, begin, middle, depth, lo);
    c = halve(b, node, c, middle, end, depth, lo);
  }
  for (let i = 0; i < c; i++) {
    const from = load<u32>(node + (<usize>i << 2), 16), to = load<u32>(node + (<usize>i << 2), 32);
    // What could not be split has been written as a leaf with a mark.
    if (load<u32>(node + (<usize>i << 2)) == NO_NODE || to - from <= b.leafSize) {
      store<u32>(node + (<usize>i << 2), NO_NODE);
      continue;
    }
    store<u32>(node + (<usize>i << 2), grow(b, piece, from, to, depth + 2, lo));
  }
  return index;
}

/** Writes one half of a node's range as one child or two; a range that may be split again is marked by 0. */
function halve(b: TreeBuild, node: usize, c: i32, begin: u32, end: u32, depth: i32, lo: usize): i32 {
  const middle = end - begin > b.leafSize ? splitRows(b, begin, end, depth + 1, lo) : begin;
  if (middle == begin) {
    setChild(node, c, NO_NODE, begin, end);
    return c + 1;
  }
  setChild(node, c, 0, begin, middle);
  setChild(node, c + 1, 0, middle, end);
  return c + 2;
}

/** Makes the subtrees of pieces begin … end. */
export function growPieces(s: Scratch, b: TreeBuild, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const piece = changetype<TreePiece>(b.pieces + (<usize>i << 4));
    piece.nodes = 0;
    // Below the pieces the depth starts anew: they are few levels from the root.
    grow(b, piece, piece.begin, piece.end, 0, s.code);
  }
}

/** Splits one range, for the levels above the pieces; returns where its second part begins, `begin` for none. */
export function splitRange(s: Scratch, b: TreeBuild, begin: u32, end: u32, depth: i32): u32 {
  return splitRows(b, begin, end, depth, s.code);
}
