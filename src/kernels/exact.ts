/**
 * Exact search over float32 rows in an engine's memory: plain scan, 7-bit codes that bound each distance from
 * below, or a float product for batches. All three answer the strict kernel's bits (`l2sqF32`, `0 − dotF32`),
 * ordered by score, then id; the path, batching and number of threads never show. Scores are squared L2 or −q·x;
 * cosine is l2sq or ip over unit vectors.
 *
 * Hand-over. The caller owns the memory and gives addresses of sections (16-byte aligned, little more needed):
 *
 * 1. rows: n × stride bytes, each zero from 4·d up to `bytes` (a multiple of 16).
 * 2. For codes, the sections of {@link exactCodeSizes}: about d + 4.5 bytes a row. Train once with
 *    {@link trainExact} (writes the offsets, returns step and maxNorm), then {@link encodeExact} whatever rows
 *    are new or changed; it rewrites whole groups of eight rows.
 * 3. store: {@link EXACT_STORE_BYTES}, filled by {@link writeExactStore} — again whenever a section moves or is
 *    retrained. Threads share it.
 * 4. scratch, one per thread: {@link exactScratchBytes} for the largest shape that will be staged.
 *
 * Then, for a batch of queries that lie in memory like rows: {@link beginExact}, {@link searchExact} over any
 * row ranges in any order and chunks, {@link finishExact} per query. Several threads: beginExact in each one's
 * scratch, disjoint row ranges, `exactMerge` into one, finish there; or the same rows and disjoint queries.
 */
import { VicinalError } from "../core/errors.ts";
import type { Engine } from "./engine.ts";
import type { RangeSink } from "./exact-range.ts";
import { type CodeBounds, trainBounds } from "./exact-train.ts";
import type { ExactExports } from "./exports/exact.ts";
import type { Ptr } from "./exports.ts";

export type ExactMetric = "l2sq" | "ip";

/**
 * How rows are excluded: not at all, by codes, or by a float product, which pays from about a dozen queries on.
 * Codes win where there are any, but for data of which one dimension swamps the others: {@link scoredExact} near
 * queries × rows tells.
 */
export type ExactPath = "scan" | "codes" | "product";

/** Rows as the engine sees them. */
export interface ExactRows {
  readonly rows: Ptr;
  /** Bytes from one row to the next, a multiple of 4. */
  readonly stride: number;
  /** Bytes of a row that are compared: a multiple of 16, zero beyond the dimension. */
  readonly bytes: number;
  readonly dimension: number;
  readonly metric: ExactMetric;
}

/** Addresses of the sections of {@link exactCodeSizes}, and what {@link trainExact} returned. */
export interface ExactCodes {
  readonly codes: Ptr;
  readonly sums: Ptr;
  readonly errors: Ptr;
  readonly offsets: Ptr;
  readonly step: number;
  /** R² of the augmented dimension, inner product only; else 0. */
  readonly maxNorm: number;
}

/** What a scratch must have room for. */
export interface ExactShape {
  readonly path: ExactPath;
  /** Queries staged together. */
  readonly queries: number;
  /** Neighbours per query; no more than there are rows. 0 for range searches and counts. */
  readonly k: number;
  /** Results that a range search collects before it is drained; at least {@link EXACT_RANGE_ROOM}. */
  readonly room?: number;
}

export interface ExactQueries extends ExactShape {
  /** Address of the first query, laid out like a row. */
  readonly at: Ptr;
  /** Bytes from one query to the next. */
  readonly stride: number;
  readonly mode?: "nearest" | "range" | "count";
  /** Bitmap of rows that may not be answered, bit `row & 7` of byte `row >> 3`; 0 for none. */
  readonly skip?: Ptr;
  /** Added to row numbers to make ids; default 0. */
  readonly idOffset?: number;
  /** Largest score answered (squared distance, or −q·x), default Infinity. */
  readonly maxScore?: number;
}

export const EXACT_STORE_BYTES = 48;
/** Least room of a range search. */
export const EXACT_RANGE_ROOM = 1024;
/** Largest dimension that codes can have (one less under inner product). */
export const EXACT_MAX_DIMENSION = 65528;
const GROUP = 8;

const PATHS: Record<ExactPath, number> = { scan: 0, codes: 1, product: 2 };
const MODES = { nearest: 0, range: 1, count: 2 } as const;

// Word offsets of the fields of ExactScratch (wasm/exact/layout.ts).
const MODE = 2;
const QUERIES = 3;
const QUERY_STRIDE = 4;
const SKIP = 5;
const ID_OFFSET = 6;
const MAX_SCORE = 7;
const SCORED = 14;
const ANSWERS = 15;
const COUNTS = 23;

const calls = (engine: Engine): ExactExports => engine.exports;

/** Code dimensions: d, one more under inner product, in whole eights. */
export function exactCodeDim(dimension: number, metric: ExactMetric): number {
  return Math.ceil((dimension + (metric === "ip" ? 1 : 0)) / 8) * 8;
}

/** Bytes of the sections that codes of n rows need. */
export function exactCodeSizes(
  n: number,
  dimension: number,
  metric: ExactMetric,
): { codes: number; sums: number; errors: number; offsets: number } {
  const codeDim = exactCodeDim(dimension, metric);
  const groups = Math.ceil(n / GROUP);
  return {
    codes: groups * GROUP * codeDim,
    sums: groups * GROUP * 4,
    errors: groups * 4,
    offsets: codeDim * 4,
  };
}

/** Bytes of the sections together. */
export function exactCodeBytes(n: number, dimension: number, metric: ExactMetric): number {
  const { codes, sums, errors, offsets } = exactCodeSizes(n, dimension, metric);
  return codes + sums + errors + offsets;
}

function layoutOf(rows: ExactRows, shape: ExactShape): [number, number, number, number, number] {
  return [
    shape.path === "codes" ? exactCodeDim(rows.dimension, rows.metric) : 0,
    shape.path === "product" ? rows.bytes : 0,
    shape.queries,
    shape.k,
    shape.room ?? 0,
  ];
}

/** Bytes of a scratch for that shape: 8·k and about 1 to 2·d a query, and 10 KiB; 4·d more for the product. */
export function exactScratchBytes(engine: Engine, rows: ExactRows, shape: ExactShape): number {
  return calls(engine).exactScratchBytes(...layoutOf(rows, shape));
}

/** Fills a store. Throws UNSUPPORTED where codes would overflow their sums. */
export function writeExactStore(engine: Engine, at: Ptr, rows: ExactRows, codes?: ExactCodes): void {
  const codeDim = exactCodeDim(rows.dimension, rows.metric);
  if (codes !== undefined && codeDim > EXACT_MAX_DIMENSION) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${rows.dimension} dimensions with codes`,
      rule: `at most ${EXACT_MAX_DIMENSION}; use the plain scan`,
    });
  }
  const { metric, stride, bytes, dimension } = rows;
  const words = [rows.rows, stride, bytes, dimension, metric === "ip" ? 1 : 0];
  if (codes === undefined) words.push(0, codeDim, 0, 0, 0);
  else words.push(codes.codes, codeDim, codes.sums, codes.errors, codes.offsets);
  engine.u32.set(words, at >>> 2);
  engine.f32[(at >>> 2) + 10] = codes?.step ?? 1;
  engine.f32[(at >>> 2) + 11] = codes?.maxNorm ?? 0;
}

/** Sample of at most this many numbers. */
const SAMPLE_ELEMENTS = 1 << 19;

/**
 * Learns offsets and step from rows spread evenly over n rows, and writes the offsets. Deterministic.
 *
 * @param maxNorm inner product: the largest |x|² of all rows, as a number; rows beyond it stay right but slow
 * @returns step and maxNorm for {@link ExactCodes}
 */
export function trainExact(
  engine: Engine,
  rows: ExactRows,
  n: number,
  offsets: Ptr,
  maxNorm = 0,
): { step: number; maxNorm: number } {
  const d = rows.dimension;
  const dims = d + (rows.metric === "ip" ? 1 : 0);
  const count = Math.max(1, Math.min(n, 1024, Math.max(64, Math.floor(SAMPLE_ELEMENTS / dims))));
  const norm = floatAbove(maxNorm);
  const sample = new Float64Array(count * dims);
  const f32 = engine.f32;
  for (let i = 0; i < count && n > 0; i++) {
    const from = (rows.rows + Math.floor((i * n) / count) * rows.stride) / 4;
    let square = 0;
    for (let j = 0; j < d; j++) {
      const x = f32[from + j]!;
      sample[i * dims + j] = x;
      square += x * x;
    }
    if (dims > d) sample[i * dims + d] = Math.sqrt(Math.max(norm - square, 0));
  }
  const bounds: CodeBounds = trainBounds(sample, count, dims, dims, exactCodeDim(d, rows.metric));
  engine.f32.set(bounds.offsets, offsets / 4);
  return { step: bounds.step, maxNorm: norm };
}

/** A float32 no less than x, finite. */
function floatAbove(x: number): number {
  return Math.min(Math.fround(x * (1 + 2 ** -22)), 3.4028234663852886e38);
}

/** Groups encoded in one call: about a millisecond. */
const ENCODE_ELEMENTS = 1 << 19;

/**
 * Encodes the groups of eight that hold rows begin … end−1, of n rows in all. A pool may instead call the export
 * `exactEncode(any, store, n, beginGroup, endGroup)` from several threads.
 *
 * @returns rows with |x|² over maxNorm: many of them (inner product) call for training anew
 */
export function encodeExact(
  engine: Engine,
  store: Ptr,
  rows: ExactRows,
  n: number,
  begin: number,
  end: number,
): number {
  const stop = Math.ceil(end / GROUP);
  const step = Math.max(1, Math.floor(ENCODE_ELEMENTS / (GROUP * rows.dimension)));
  let beyond = 0;
  for (let group = Math.floor(begin / GROUP); group < stop; group += step) {
    beyond += calls(engine).exactEncode(0, store, n, group, Math.min(group + step, stop));
  }
  return beyond;
}

/** Largest float32 not above x: scores are float32, so the cut means the same. */
function floatBelow(x: number): number {
  const y = Math.fround(x);
  if (!(y > x)) return y;
  const bits = new Int32Array(new Float32Array([y]).buffer);
  // y > x, so y is not −∞; stepping down: magnitude shrinks above zero, grows below.
  bits[0] = y > 0 ? bits[0]! - 1 : y === 0 ? -0x7fffffff : bits[0]! + 1;
  return new Float32Array(bits.buffer)[0]!;
}

/**
 * Lays out the scratch, stages the queries and empties the results.
 *
 * @throws VicinalError BAD_K (mode "nearest"), OPTION_RANGE (room of a range search)
 */
export function beginExact(
  engine: Engine,
  store: Ptr,
  scratch: Ptr,
  rows: ExactRows,
  queries: ExactQueries,
): void {
  const mode = queries.mode ?? "nearest";
  if (mode === "nearest" && !(queries.k >= 1)) throw new VicinalError("BAD_K", { got: queries.k });
  if (mode === "range" && !((queries.room ?? 0) >= EXACT_RANGE_ROOM)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "room",
      got: queries.room,
      rule: `at least ${EXACT_RANGE_ROOM}`,
    });
  }
  calls(engine).exactInit(scratch, ...layoutOf(rows, queries));
  const base = scratch >>> 2;
  const words = engine.u32;
  words[base + MODE] = MODES[mode];
  words[base + QUERIES] = queries.at;
  words[base + QUERY_STRIDE] = queries.stride;
  words[base + SKIP] = queries.skip ?? 0;
  words[base + ID_OFFSET] = queries.idOffset ?? 0;
  engine.f32[base + MAX_SCORE] = floatBelow(queries.maxScore ?? Number.POSITIVE_INFINITY);
  calls(engine).exactBegin(scratch, store, PATHS[queries.path]);
}

/** Multiply-adds in about a millisecond, a low guess. */
const CHUNK_WORK: Record<ExactPath, number> = { scan: 3e6, codes: 3e7, product: 1.5e7 };
const CHUNK_ROWS = 256;

/** Rows for one call of `exactSearch`: long calls are never moved to the optimising compiler. */
export function exactChunkRows(rows: ExactRows, shape: ExactShape): number {
  const work = CHUNK_WORK[shape.path] / (shape.queries * rows.dimension);
  return Math.max(1, Math.floor(work / CHUNK_ROWS)) * CHUNK_ROWS;
}

/**
 * Searches rows begin … end−1 in short calls, adding to the results since {@link beginExact}.
 *
 * @param drain range searches: called when the room is full and at the end; see {@link RangeSink}
 */
export function searchExact(
  engine: Engine,
  store: Ptr,
  scratch: Ptr,
  rows: ExactRows,
  shape: ExactShape,
  begin: number,
  end: number,
  drain?: RangeSink,
): void {
  const path = PATHS[shape.path];
  const step = exactChunkRows(rows, shape);
  for (let row = begin; row < end; ) {
    // Chunks end at multiples of the step, hence at whole groups.
    const stop = Math.min(end, (Math.floor(row / step) + 1) * step);
    while (calls(engine).exactSearch(scratch, store, path, row, stop) === 0) {
      if (drain === undefined) {
        throw new VicinalError("BAD_INPUT", {
          what: "drain",
          got: "undefined",
          rule: "given for range searches",
        });
      }
      drain.take(engine, scratch);
    }
    row = stop;
  }
  drain?.take(engine, scratch);
}

/**
 * Sorts the answers of query q and copies them to `ids` and `scores` from `to` on. Once per query.
 *
 * @returns how many there are
 */
export function finishExact(
  engine: Engine,
  scratch: Ptr,
  q: number,
  k: number,
  ids: Uint32Array,
  scores: Float32Array,
  to = 0,
): number {
  const count = calls(engine).exactFinish(scratch, q);
  const from = engine.u32[(scratch >>> 2) + ANSWERS]! >>> 2;
  ids.set(engine.u32.subarray(from, from + count), to);
  scores.set(engine.f32.subarray(from + k, from + k + count), to);
  return count;
}

/** Rows found for query q by mode "count". */
export function countExact(engine: Engine, scratch: Ptr, q: number): number {
  return engine.u32[(engine.u32[(scratch >>> 2) + COUNTS]! >>> 2) + q]!;
}

/** Strict distances computed since {@link beginExact}, modulo 2³². */
export function scoredExact(engine: Engine, scratch: Ptr): number {
  return engine.u32[(scratch >>> 2) + SCORED]!;
}
