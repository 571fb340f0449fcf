import type { Engine } from "../kernels/index.ts";

// The structs of wasm/graph/{layout,query}.ts and wasm/scorers.ts, four bytes a field, in their order.

/** Scorer classes of wasm/scorers.ts: the order of cases in wasm/graph/exports.ts. */
export const GRAPH_SCORERS = {
  l2F32: 0,
  l1F32: 1,
  linfF32: 2,
  l2U8: 3,
  l1U8: 4,
  linfU8: 5,
  l2Codes7: 6,
  hamming: 7,
} as const;

export type GraphScorer = keyof typeof GRAPH_SCORERS;
export type ScanScorer = GraphScorer | ("ipF32" | "ipU8" | "ipI8" | "cosineU8" | "cosineI8" | "numbers");

/** Scorer classes of wasm/scan.ts: the graph's, with strict kernels, and more. */
export const SCAN_SCORERS: Readonly<Record<ScanScorer, number>> = {
  ...GRAPH_SCORERS,
  ipF32: 8,
  ipU8: 9,
  ipI8: 10,
  cosineU8: 11,
  cosineI8: 12,
  numbers: 13,
};

/** Strict kernels that answers are rescored with (wasm/strict.ts). */
export const STRICT_KINDS = { l2: 0, ip: 1, l1: 2, linf: 3 } as const;

export const SCRATCH_BYTES = 64;
export const SCORER_BYTES = 64;

export interface ScorerFields {
  base: number;
  stride: number;
  bytes: number;
  norms: number;
  /** Address of the metric's own numbers, for metrics that take some. */
  params?: number;
}

export interface ScratchFields {
  kind: number;
  scorer: number;
  visited: number;
  pool: number;
  pending: number;
  chosen: number;
  sorted: number;
  code: number;
  gather: boolean;
}

export function writeScorer(engine: Engine, ptr: number, f: ScorerFields): void {
  const w = engine.u32;
  const at = ptr >>> 2;
  w[at] = f.base;
  w[at + 1] = f.stride;
  w[at + 2] = f.bytes;
  w[at + 3] = f.norms;
  w[at + 4] = 0;
  w[at + 5] = 0;
  w[at + 6] = f.params ?? 0;
}

/** The epoch of the visited bytes stays as it is. */
export function writeScratch(engine: Engine, ptr: number, f: ScratchFields): void {
  const w = engine.u32;
  const at = ptr >>> 2;
  w[at] = f.kind;
  w[at + 1] = f.scorer;
  w[at + 2] = f.visited;
  w[at + 4] = f.pool;
  w[at + 6] = f.pending;
  w[at + 7] = f.chosen;
  w[at + 8] = f.sorted;
  w[at + 9] = f.code;
  w[at + 10] = f.gather ? 1 : 0;
  w[at + 11] = NOTHING_HIDDEN;
}

const NOTHING_HIDDEN = 0xffffffff;

/** Makes searches through this scratch behave as if the row were not there; undefined shows all again. */
export function hideRow(engine: Engine, ptr: number, slot: number | undefined): void {
  engine.u32[(ptr >>> 2) + 11] = slot ?? NOTHING_HIDDEN;
}

/** Starts the visited epochs over; the bytes must be zero. */
export function resetEpoch(engine: Engine, ptr: number): void {
  engine.u32[(ptr >>> 2) + 3] = 0;
}

/** The mark that the last search left on what it visited. */
export function currentEpoch(engine: Engine, ptr: number): number {
  return engine.u32[(ptr >>> 2) + 3]!;
}

export const REQUEST_BYTES = 128;

export interface RequestFields {
  queries: number;
  queryStride: number;
  k: number;
  ef: number;
  rerank: number;
  skip: number;
  strictKind: number;
  rows: number;
  rowStride: number;
  rowBytes: number;
  levels: number;
  offsets: number;
  inverseStep: number;
  ids: number;
  ranks: number;
  counts: number;
}

export function writeRequest(engine: Engine, ptr: number, f: RequestFields): void {
  const w = engine.u32;
  const x = engine.f32;
  const at = ptr >>> 2;
  w[at] = f.queries;
  w[at + 1] = f.queryStride;
  w[at + 2] = f.k;
  w[at + 3] = f.ef;
  w[at + 4] = f.rerank;
  w[at + 5] = f.skip;
  w[at + 6] = f.strictKind;
  w[at + 7] = f.rows;
  w[at + 8] = f.rowStride;
  w[at + 9] = f.rowBytes;
  w[at + 10] = f.levels;
  w[at + 11] = f.offsets;
  x[at + 12] = f.inverseStep;
  w[at + 13] = f.ids;
  w[at + 14] = f.ranks;
  w[at + 15] = f.counts;
}
