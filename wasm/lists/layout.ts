// Structs of rows in lists; the TypeScript side (src/indexes/lists/lists.ts) fills them, four bytes a field.

/**
 * Lists of entries, in chained blocks: 32 row numbers (u32), then the codes of these rows. A list's blocks lie one after
 * the other as long as nothing is added.
 */
@unmanaged
export class Lists {
  nlist: i32;
  /** Centroids (wasm/kmeans/layout.ts), or 0 for one list without. */
  centroids: usize;
  /** u32 a list: its first block (NO_BLOCK when empty), and how many entries it has. */
  heads: usize;
  counts: usize;
  /** u32 a block: the block that follows in its list, and the list. */
  next: usize;
  owners: usize;
  blocks: usize;
  blockStride: usize;
  /** 0 where rows are compared themselves. */
  codec: usize;
  /** Codes depend on the list they stand in. */
  residual: i32;
  /** Codes bound the true rank. */
  bounded: i32;
  /** Dimensions and bytes of a row when it is coded. */
  d: i32;
  bytes: usize;
  /** Rows of a rotation, each `turnStride` bytes, that make the components of a coded row; 0 for none. */
  turn: usize;
  turnStride: usize;
  /** A thread's room from `Scratch.code` on: tables, turned query, ranks of centroids, ranks of a block. */
  turnedAt: usize;
  coarseAt: usize;
  ranksAt: usize;
  /** Keys in a thread's pool before those of candidates: the lists to look into. */
  probeRoom: i32;
  /** Lists that each row is in, one or two. */
  copies: i32;
}

/** Rows to be coded. */
@unmanaged
export class Coding {
  /** Address of row 0, which need not exist, and bytes between rows. */
  rows: usize;
  stride: usize;
  /** u32 triples: block, first lane, end of lanes. */
  parts: usize;
}

export const BLOCK_ROWS: i32 = 32;
/** Bytes of row numbers before a block's codes. */
export const BLOCK_IDS: usize = 128;
export const NO_BLOCK: u32 = 0xffffffff;
