// Structs of centroids and of work on them; the TypeScript side (src/quantize/kmeans/centroids.ts) fills them, four bytes a field.

/** Centroids as rows, and packed for products with many rows. */
@unmanaged
export class Centroids {
  /** f32 rows, `bytes` each, zero beyond `d`. */
  rows: usize;
  bytes: usize;
  d: i32;
  k: i32;
  /** Ranks are squared L2 (0) or −dot (1). */
  ip: i32;
  /** `[group of 8][d][8]`, zero where there is no centroid. */
  packed: usize;
  /** Per centroid, in whole groups: what −2·dot is added to; infinite where there is no centroid. */
  terms: usize;
  /** Largest squared norm of a centroid. */
  longest: f32;
}

/** Rows that choose their centroids. */
@unmanaged
export class Choice {
  rows: usize;
  stride: usize;
  /** u32 a row: its centroid. */
  chosen: usize;
  /** f32 a row: the strict rank of its centroid. */
  ranks: usize;
  /** u32: rows by centroid, and where each centroid's begin (one more at the end). */
  order: usize;
  starts: usize;
}

/** Centroids packed together. */
export const GROUP: i32 = 8;
/** Rows of a tile. */
export const SIX: i32 = 6;
/** Rows packed at a time. */
export const PANEL: i32 = 48;
/** Bytes of what is known of one row: best and second best rank of eight lanes, and who is best. */
export const STATE: usize = 96;
/** The centroid of a row that has none yet. */
export const NONE: u32 = 0xffffffff;
