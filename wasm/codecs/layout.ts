// What codecs share beyond the fields of wasm/lists/codec.ts, and vectors relative to a home: the centroid of a row's list
// or, for flat codes, the codec's own centre.

import { dotF32, l2sqF32 } from "../kernels/f32";
import { Codec } from "../lists/codec";

export const CODEC_PQ: i32 = 1;
export const CODEC_FAST: i32 = 2;
export const CODEC_SQ: i32 = 3;
export const CODEC_RABITQ: i32 = 4;

/** Rows of a block. */
export const BLOCK_ROWS: i32 = 32;

/**
 * A trained codec, filled by src/indexes/lists/codecs/struct.ts. A block holds the codes of 32 rows as the scan wants them,
 * then from `tail` on f32s by row: with `constants` what a row adds to its rank whatever the query, then what else it needs.
 *
 * For l2, |q − h − r|² = |q − h|² + (|r|² + 2⟨h − μ, r⟩) − 2⟨q − μ, r⟩ with home h, coded residual r and centre μ: the bracket
 * is the constant, and tables depend on the query alone, not on the list.
 */
@unmanaged
export class Coder extends Codec {
  constants: i32;
  tail: i32;
  /** A row; may be all zero. */
  centre: usize;
  /** PQ: parts. SQ: bits. RaBitQ: groups of four components. */
  m: i32;
  /** PQ: centroids a part, 16 or 256. */
  ksub: i32;
  /** PQ: codebooks. SQ: a row of offsets, then one of steps. RaBitQ: the signs of its rotation. */
  books: usize;
  /** PQ: bytes from one codebook to the next. */
  bookBytes: usize;
  /** RaBitQ: how many standard errors its bound allows. */
  epsilon: f32;
  /** PQ: how many times more what codes miss along their row counts than what they miss across; 1 for both alike. */
  eta: f32;
}

/** Where a thread's table begins: what a query, then a list, comes to. The codec's own numbers follow. */
@unmanaged
export class Table {
  /** What all rows of the list share. */
  base: f32;
  /** Value of one step of the integer tables. */
  step: f32;
  /** Lowest values of the tables, summed. */
  low: f32;
  /** RaBitQ: what a row's error is multiplied with. */
  reach: f32;
}

/** Bytes of {@link Table}. */
export const TABLE_HEAD: usize = 16;

/** What rows of a list are coded relative to. */
@inline
export function homeOf(c: Coder, centroid: usize): usize {
  return centroid ? centroid : c.centre;
}

/** out = a − b, rows. */
export function subtractRow(c: Coder, a: usize, b: usize, out: usize): void {
  for (let at: usize = 0; at < c.bytes; at += 16) {
    v128.store(out + at, f32x4.sub(v128.load(a + at), v128.load(b + at)));
  }
}

/** out += b, rows. */
export function addRow(c: Coder, out: usize, b: usize): void {
  for (let at: usize = 0; at < c.bytes; at += 16) {
    v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(b + at)));
  }
}

/** The query as tables see it: relative to the centre, except for inner products. */
export function tableQuery(c: Coder, query: usize, out: usize): void {
  if (c.ip) memory.copy(out, query, c.bytes);
  else subtractRow(c, query, c.centre, out);
}

/**
 * |q − h|² or −⟨q, h⟩ with home h, by the strict kernel: the rank that a centroid was found by may differ in last bits
 * between builds, and with it would all that codes rank.
 */
@inline
export function homeRank(c: Coder, query: usize, home: usize): f32 {
  return c.ip ? -dotF32(query, home, c.bytes) : l2sqF32(query, home, c.bytes);
}

/** The constant of a row coded as `decoded`, which is relative to its home: |r|² + 2⟨h − μ, r⟩. */
export function rowConstant(c: Coder, decoded: usize, home: usize): f32 {
  let sum: f32 = 0;
  for (let j = 0; j < c.d; j++) {
    const at = <usize>j << 2;
    const r = load<f32>(decoded + at);
    sum += r * (r + 2 * (load<f32>(home + at) - load<f32>(c.centre + at)));
  }
  return sum;
}

/** Lane's f32 in array `i` of those behind the codes of a block. */
@inline
export function tailAt(c: Coder, block: usize, i: i32, lane: i32): usize {
  return block + <usize>c.tail + (<usize>((i << 5) + lane) << 2);
}

/**
 * Finishes four ranks: squared distances are not negative. Returns the bits of those that are at most `worst`.
 */
@inline
export function finishFour(c: Coder, rank: v128, worst: f32, out: usize): u32 {
  if (!c.ip) rank = f32x4.pmax(f32x4.splat(0), rank);
  v128.store(out, rank);
  return <u32>i32x4.bitmask(f32x4.le(rank, f32x4.splat(worst)));
}

/** Bits of the first n lanes. */
@inline
export function laneMask(n: i32): u32 {
  return n >= 32 ? 0xffffffff : (<u32>1 << n) - 1;
}
