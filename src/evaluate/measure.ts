import {
  checkK,
  type Matrix,
  type RunOptions,
  type Scalars,
  turn,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import { toFloat32 } from "../data/elements.ts";
import type { Index, Key, SearchParams } from "../indexes/contract.ts";
import type { Answers } from "./recall.ts";

export interface MeasureOptions extends RunOptions {
  /** Neighbours a query, default 10. */
  k?: number;
  /** Search parameters such as `{ efSearch: 40 }`. */
  params?: SearchParams;
  /** Timed passes over all queries, default 5; the best counts. */
  rounds?: number;
  /** No further pass starts after this many milliseconds of them; default 5000. The first always ends. */
  budgetMs?: number;
  /** When given, all queries are also searched in one call on this many threads. */
  threads?: number;
}

/** Speed of one index at one setting, and what it answered. */
export interface Measured {
  /** Queries a second, from the best pass's mean time, as ann-benchmarks counts. */
  readonly qps: number;
  /** The same from the median pass. */
  readonly qpsMedian: number;
  /** Passes timed. */
  readonly rounds: number;
  /** Time of one query, over all passes. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Queries a second of one call with every query, best pass; only when threads were asked for. */
  readonly batchQps?: number;
  /** Rows returned for each query; keys must be the row numbers of the base. */
  readonly answers: Answers;
}

const WARM_UP_MS = 150;
const WARM_UP_QUERIES = 200;

/**
 * Times an index through its public search call: queries one at a time on this thread, a warm-up
 * first, conversion of the queries outside the clock.
 *
 * @param index its keys are the row numbers of the base, as automatic keys are
 * @param queries shape q × d
 * @throws BAD_K, OPTION_RANGE, BAD_INPUT when there is no query or a key is no row number
 */
export async function measureSearch(
  index: Index,
  queries: Matrix<Scalars>,
  options: MeasureOptions = {},
): Promise<Measured> {
  const k = checkK(options.k ?? 10);
  const rounds = wholeNumber("rounds", options.rounds ?? 5, 1, 1000);
  const budget = options.budgetMs ?? 5000;
  if (queries.rows === 0) {
    throw new VicinalError("BAD_INPUT", { what: "queries", got: "no rows", rule: "at least one query" });
  }
  const native = nativeQueries(index, queries);
  const search = { ...options.params, k };
  warmUp(index, native, search);

  const report = (done: number): void => options.onProgress?.({ phase: "measure", done, total: rounds });
  const times = new Float64Array(native.length * rounds);
  const totals: number[] = [];
  const answers: number[][] = new Array(native.length);
  let spent = 0;
  while (totals.length < rounds && (totals.length === 0 || spent < budget)) {
    options.signal?.throwIfAborted();
    report(totals.length);
    const round = times.subarray(totals.length * native.length, (totals.length + 1) * native.length);
    const total =
      totals.length === 0
        ? firstRound(index, native, search, round, answers)
        : timedRound(index, native, search, round);
    totals.push(total);
    spent += total;
    await turn();
  }
  const batchQps =
    options.threads === undefined
      ? undefined
      : await measureBatch(index, queries, search, totals.length, budget, options.threads, options.signal);
  report(rounds);

  const timed = times.subarray(0, totals.length * native.length).sort();
  totals.sort((a, b) => a - b);
  return {
    qps: perSecond(native.length, totals[0]!),
    qpsMedian: perSecond(native.length, totals[totals.length >> 1]!),
    rounds: totals.length,
    p50Ms: percentile(timed, 0.5),
    p95Ms: percentile(timed, 0.95),
    p99Ms: percentile(timed, 0.99),
    ...(batchQps === undefined ? {} : { batchQps }),
    answers,
  };
}

type Query = Float32Array | Uint8Array | Int8Array | Float64Array | Uint16Array;
type Search = SearchParams & { k: number };

/** One view or copy a query, in the type the index keeps. */
function nativeQueries(index: Index, queries: Matrix<Scalars>): Query[] {
  const out: Query[] = [];
  for (let q = 0; q < queries.rows; q++) {
    const view = queries.data.subarray(q * queries.stride, q * queries.stride + queries.cols);
    out.push(index.dtype === "f32" ? toFloat32(view) : view);
  }
  return out;
}

function warmUp(index: Index, queries: readonly Query[], search: Search): void {
  const end = performance.now() + WARM_UP_MS;
  for (let i = 0; i < WARM_UP_QUERIES; i++) {
    index.search(queries[i % queries.length]!, search);
    if (performance.now() > end) return;
  }
}

/** Sum of the rows found; kept so that no engine may drop the searches as unused. */
let consumed = 0;

function timedRound(index: Index, queries: readonly Query[], search: Search, times: Float64Array): number {
  const start = performance.now();
  let before = start;
  for (let q = 0; q < queries.length; q++) {
    const found = index.search(queries[q]!, search);
    consumed = (consumed + found.counts[0]!) | 0;
    const after = performance.now();
    times[q] = after - before;
    before = after;
  }
  return before - start;
}

/** As {@link timedRound}, keeping the answers; reading them is outside the clock. */
function firstRound(
  index: Index,
  queries: readonly Query[],
  search: Search,
  times: Float64Array,
  answers: number[][],
): number {
  let total = 0;
  for (let q = 0; q < queries.length; q++) {
    const before = performance.now();
    const found = index.search(queries[q]!, search);
    const took = performance.now() - before;
    times[q] = took;
    total += took;
    answers[q] = found.keys(0).map(rowNumber);
  }
  return total;
}

function rowNumber(key: Key): number {
  if (typeof key === "number") return key;
  throw new VicinalError("BAD_INPUT", {
    what: "key",
    got: typeof key === "bigint" ? `${key}n` : `"${key}"`,
    rule: "the number of a row of the base: build the index to measure without keys of your own",
  });
}

async function measureBatch(
  index: Index,
  queries: Matrix<Scalars>,
  search: Search,
  rounds: number,
  budget: number,
  threads: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const options = { ...search, threads, signal };
  await index.searchAsync(queries, options);
  let best = Number.POSITIVE_INFINITY;
  let spent = 0;
  for (let i = 0; i < rounds && (i === 0 || spent < budget); i++) {
    const start = performance.now();
    await index.searchAsync(queries, options);
    const took = performance.now() - start;
    best = Math.min(best, took);
    spent += took;
  }
  return perSecond(queries.rows, best);
}

/** Clocks of browsers are coarse: a pass that seems to take no time took at most one tick. */
function perSecond(count: number, ms: number): number {
  return (count * 1000) / Math.max(ms, 1e-3);
}

/** The smallest value that at least that share of the sorted values does not exceed. */
export function percentile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length))) - 1]!;
}
