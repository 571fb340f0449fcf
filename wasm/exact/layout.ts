// Structs of the exact search. The TypeScript side (src/kernels/exact.ts) fills ExactStore field by field and
// the leading fields of ExactScratch; keep the two in step. Every field of these two takes four bytes.

/** Rows per block of codes: they share one error and lie together, `[dim / 4][8 rows][4 bytes]`. */
export const GROUP: u32 = 8;
/** Queries per tile of the coded product. */
export const TILE: u32 = 4;
/** Queries per tile of the float product. */
export const SIX: u32 = 6;
/** Rows packed at a time for the float product; SIX · PANEL candidates fit. */
export const PANEL: u32 = 64;
/** Rows whose candidates are gathered before any is scored; a multiple of GROUP. */
export const BLOCK: u32 = 256;
/** Candidates that the scratch can hold: one tile over one block, or one query over TILE blocks. */
export const CANDIDATES: u32 = TILE * BLOCK;

/** Largest code dimension: ‖cq − cx‖² and |cx|² − 2·cq·cx stay within i32, as 2 · 127² · 65,535 < 2³¹. */
export const MAX_CODE_DIM: u32 = 65535;

export const METRIC_L2SQ: u32 = 0;
export const METRIC_IP: u32 = 1;

export const MODE_NEAREST: u32 = 0;
export const MODE_RANGE: u32 = 1;
export const MODE_COUNT: u32 = 2;

/** The rows and, where there are any, their codes. Shared by all threads; never written by a search. */
@unmanaged
export class ExactStore {
  /** f32 rows, zero beyond `d` up to `bytes`. */
  rows: usize;
  /** Bytes from one row to the next. */
  stride: u32;
  /** Bytes of a row that the strict kernel reads. */
  bytes: u32;
  d: u32;
  /** METRIC_L2SQ or METRIC_IP. */
  metric: u32;
  /** Groups of codes, `codeDim` · 8 bytes each. */
  codes: usize;
  /** Code dimensions: d, and one more under inner product, rounded up to a multiple of 8. */
  codeDim: u32;
  /** |cx|², i32 a row, room for whole groups. */
  sums: usize;
  /** Largest ‖x − x̂‖ of each group in steps, f32, rounded up. */
  errors: usize;
  /** f32[codeDim]: x̂ = offset + step · code. */
  offsets: usize;
  /** At least 2⁻¹⁰⁰. */
  step: f32;
  /** Inner product only: R², no less than any |x|². Rows beyond it are answered rightly but never excluded. */
  maxNorm: f32;
}

/** What one thread needs while it answers a batch of staged queries. */
@unmanaged
export class ExactScratch {
  /** Queries staged. */
  nq: u32;
  /** Neighbours kept per query. */
  k: u32;
  /** MODE_NEAREST, MODE_RANGE or MODE_COUNT. */
  mode: u32;
  /** f32 queries, laid out like rows. */
  queries: usize;
  queryStride: u32;
  /** Bitmap of rows that may not be answered (bit row & 7 of byte row >> 3), or 0. */
  skip: usize;
  /** Added to a row number to make the id that is reported. */
  idOffset: u32;
  /** Scores above this are not answered. */
  maxDistance: f32;
  /** MODE_RANGE: u64 keys and u32 query numbers of what was found. */
  outKeys: usize;
  outQueries: usize;
  outCapacity: u32;
  /** How many are there; set it to 0 once they are taken out. */
  outCount: u32;
  /** Row and tile where a search that ran out of room goes on. */
  resumeRow: u32;
  resumeTile: u32;
  /** Strict distances computed since exactBegin, modulo 2³². */
  scored: u32;
  // Sections, laid out by exactInit.
  /** u32[k] ids, then f32[k] scores, of the query finished last. */
  answers: usize;
  /** Coded queries, `queryBytes` each. */
  queryCodes: usize;
  queryBytes: u32;
  /** f32 per query: limit of ‖cq − cx‖ is alpha + beta · error. Also the limits of the float product. */
  alpha: usize;
  beta: usize;
  /** i32 per query: |cq|². */
  codeNorms: usize;
  /** Facts per query. */
  bounds: usize;
  /** u64 lists, `k` each, and their u32 lengths; in MODE_COUNT the number of rows found. */
  lists: usize;
  counts: usize;
  /** u64 keys of candidates: ordered bits of a lower value, row. */
  candidates: usize;
  candidateCounts: usize;
  /** Values of one tile, when a row of it may be a candidate. */
  tile: usize;
  /** Queries packed in sixes and rows packed in eights, f32, for the float product; row terms. */
  packedQueries: usize;
  packedRows: usize;
  rowTerms: usize;
}

/** Facts of one staged query. */
@unmanaged
export class QueryBound {
  /** ‖q′ − q̂‖ / step, rounded up: q′ is q moved into the box of representable points, q̂ its code. */
  codeError: f64;
  /** ‖q − q′‖² / step², rounded down. */
  outside: f64;
  /** |q|². */
  norm: f64;
}

/** Room that a range search needs before it looks at a tile or block. */
export const OUT_MIN: u32 = CANDIDATES;

export const BOUND_BYTES: usize = 24;
