// Structs and blocks of a ball tree; src/indexes/trees/balltree/layout.ts mirrors the order of the fields, four bytes each.

/**
 * A complete binary tree of balls: node i has children 2i + 1 and 2i + 2 while i < inner, the others are leaves. A node
 * is a block of `stride` bytes: u32 begin, u32 end (slots), f32 radius, f32 unused, then its centre, a row like any other.
 */
@unmanaged
export class Ball {
  nodes: usize;
  stride: usize;
  inner: i32;
  /** Rows in the tree; those from here to `rows` are scanned. */
  covered: i32;
  rows: i32;
  /** 1: ranks are squares of distances. */
  squared: i32;
  /** 1 − the relative error that a computed distance may have, twice over. */
  shrink: f32;
  /** Absolute error of distances from a query, for each unit of its largest component. */
  looseness: f32;

  @inline at(node: i32): usize { return this.nodes + <usize>node * this.stride; }
}

export const CENTRE: usize = 16;

@inline export function beginOf(block: usize): i32 { return load<i32>(block); }
@inline export function endOf(block: usize): i32 { return load<i32>(block, 4); }
@inline export function radiusOf(block: usize): f32 { return load<f32>(block, 8); }

@inline
export function distanceOf(t: Ball, rank: f32): f32 {
  return t.squared ? Mathf.sqrt(rank) : rank;
}

/** What the distances of a query may be off, beside their relative error. */
export function queryError(t: Ball, query: usize, bytes: usize): f32 {
  if (t.looseness == 0) return 0;
  let largest: f32 = 0;
  for (const end = query + bytes; query < end; query += 4) largest = max<f32>(largest, abs<f32>(load<f32>(query)));
  return t.looseness * largest;
}

/** No row of a ball has a smaller rank, however its distance is rounded; `d` is the computed distance of the centre, less its error. */
@inline
export function lowerRank(t: Ball, d: f32, radius: f32): f32 {
  const gap = d * t.shrink - radius;
  // An infinite distance is one too large for float32: it says nothing.
  if (!(gap > 0) || d == <f32>Infinity) return 0;
  return (t.squared ? gap * gap : gap) * t.shrink;
}

/** No row of a ball has a larger rank; `d` is the computed distance of the centre, and its error. */
export function upperRank(t: Ball, d: f32, radius: f32): f32 {
  const reach = d * (2 - t.shrink) + radius;
  return (t.squared ? reach * reach : reach) * (2 - t.shrink);
}
