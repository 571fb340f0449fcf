import {
  createRng,
  type Matrix,
  type Metric,
  permutation,
  type RunOptions,
  row,
  type Scalars,
  turn,
  VicinalError,
} from "../core/index.ts";
import type { Index, SearchParams } from "../indexes/contract.ts";
import { recallInterval } from "../indexes/parts/confidence.ts";
import { rowDistance } from "./distance.ts";
import type { Params } from "./grid.ts";
import { groundTruth } from "./truth.ts";

export interface TuneOptions extends RunOptions {
  /** Neighbours a query, default 10. */
  k?: number;
  /** Rows held out and searched for, default 500; at most a tenth of all. */
  sample?: number;
  seed?: number;
  /** Threads for the exact neighbours of the sample, default 1. */
  threads?: number;
  /** Builds the same kind of index over other rows, with automatic keys; it is closed afterwards. */
  rebuild(rows: Matrix<Scalars>): Promise<Index>;
}

/** The cheapest setting found, with the recall it showed on the sample. */
export interface Tuned {
  readonly params: Params;
  readonly recall: number;
  /** 95 % confidence interval of the recall. */
  readonly low: number;
  readonly high: number;
  /** False when even the widest search stayed below the target. */
  readonly reached: boolean;
}

/** Tuning stops when the next smaller candidate differs by less than this share. */
const FINE_ENOUGH = 0.06;
/** The widest search tried; beyond it, comparing every row is the better way. */
const MOST_EF = 4096;
/** Two widenings that gain less than this have found where the recall ends. */
const NO_GAIN = 5e-4;

/**
 * Finds the smallest `efSearch` whose recall on held-out rows reaches the target with its whole
 * confidence interval; queries to be measured later are never looked at. An index without that
 * parameter has one setting, which is measured as it is.
 *
 * The rows drawn are left out of a second index, which is what is searched. In the index itself they
 * would be too easy: a graph links each row to its own neighbours, so that finding the row finds them
 * (on 50,000 SIFT descriptors with efSearch 10 a row finds 0.95 of its neighbours, a new query 0.80).
 * Removing them afterwards helps little, for mending links their neighbours to each other.
 *
 * @param base what the index was built over, raw: codes cannot judge themselves
 * @param target recall wanted, above 0 and at most 1
 * @throws OPTION_RANGE
 * @remarks time and memory of a second build; one exact search and about a dozen others a row
 */
export async function tuneSearch(
  index: Index,
  target: number,
  base: Matrix<Scalars>,
  options: TuneOptions,
): Promise<Tuned> {
  checkTarget(target);
  const { k = 10, sample = 500, seed = 0, onProgress } = options;
  const count = Math.min(sample, Math.floor(base.rows / 10));
  if (index.exact || count === 0) {
    return { params: { ...index.defaults }, recall: 1, low: 1, high: 1, reached: true };
  }
  const rows = permutation(base.rows, createRng(seed, "tune")).subarray(0, count);
  const { examine, close } = await holdOut(namedMetric(index), base, rows, options);
  try {
    if (!index.searchParams.includes("efSearch")) {
      const found = await examine({});
      return { params: { ...index.defaults }, ...found, reached: passes(found, target) };
    }
    let step = 0;
    const { value, found } = await smallestPassing(
      (efSearch) => {
        onProgress?.({ phase: `tune efSearch=${efSearch}`, done: step++, total: 0 });
        return examine({ efSearch });
      },
      { target, from: Math.max(k, 10), most: Math.max(k, Math.min(MOST_EF, index.size)) },
    );
    return { params: { efSearch: value }, ...found, reached: passes(found, target) };
  } finally {
    close();
  }
}

/**
 * The smallest value, within 6 %, that passes; where none does, the widest that still gained something.
 *
 * @internal
 */
export async function smallestPassing(
  examine: (value: number) => Promise<Interval>,
  { target, from, most }: { target: number; from: number; most: number },
): Promise<{ value: number; found: Interval }> {
  let below = 0;
  let value = Math.min(most, from);
  let found = await examine(value);
  for (let idle = 0; !passes(found, target) && value < most && idle < 2; ) {
    const wider = Math.min(most, Math.ceil(value * 1.6));
    const next = await examine(wider);
    idle = next.recall - found.recall < NO_GAIN ? idle + 1 : 0;
    [below, value, found] = [value, wider, next];
  }
  while (passes(found, target) && below > 0 && value - below > Math.max(1, below * FINE_ENOUGH)) {
    const middle = Math.floor((below + value) / 2);
    const next = await examine(middle);
    if (passes(next, target)) [value, found] = [middle, next];
    else below = middle;
  }
  return { value, found };
}

/** Refuses what is no recall to aim at. */
export function checkTarget(target: number): void {
  if (typeof target === "number" && target > 0 && target <= 1) return;
  const rule = "a number above 0 and at most 1";
  throw new VicinalError("OPTION_RANGE", { option: "targetRecall", got: target, rule });
}

/** A recall and its 95 % confidence interval. @internal */
export interface Interval {
  readonly recall: number;
  readonly low: number;
  readonly high: number;
}

/** A perfect sample passes whatever its interval says: no wider search can show more. */
function passes({ recall, low }: Interval, target: number): boolean {
  return low >= target || recall === 1;
}

/** Distances this close to the k-th tie with it: they differ by rounding alone. */
const TIE = 1e-6;

interface HeldOut {
  /** Recall of searches for the held-out rows with these parameters. */
  examine(params: SearchParams): Promise<Interval>;
  close(): void;
}

/** An index without these rows, which become the queries. */
async function holdOut(
  metric: Metric,
  base: Matrix<Scalars>,
  rows: Uint32Array,
  options: TuneOptions,
): Promise<HeldOut> {
  const { k = 10, threads, signal, onProgress, rebuild } = options;
  const queries = gather(base, rows);
  const others = gather(base, without(base.rows, rows));
  const wanted = Math.min(k, others.rows);
  const truth = await groundTruth(others, queries, { metric, k, threads, signal, onProgress, cache: false });
  const distance = rowDistance(queries, others, metric);
  const limits = Array.from(rows, (_, q) => {
    const kth = distance(q, truth.ids[(q + 1) * truth.k - 1]!);
    return kth + Math.abs(kth) * TIE;
  });
  const index = await rebuild(others);
  const pause = breather(signal);
  return {
    async examine(params) {
      const recalls = new Float64Array(rows.length);
      for (let q = 0; q < rows.length; q++) {
        await pause();
        const found = index.search(row(queries, q), { k, ...params }).keys(0) as number[];
        recalls[q] = found.filter((r) => distance(q, r) <= limits[q]!).length / wanted;
      }
      const { mean, low, high } = recallInterval(recalls, k);
      return { recall: mean, low, high };
    },
    close: () => index.close(),
  };
}

/** 0 … n−1 without the rows given. */
function without(n: number, rows: Uint32Array): Uint32Array {
  const out = new Set(rows);
  return Uint32Array.from({ length: n }, (_, i) => i).filter((i) => !out.has(i));
}

function namedMetric({ metric }: Index): Metric {
  if (metric !== "custom") return metric;
  const rule = "the judge knows the named metrics; a Flat index answers exactly and needs no tuning";
  throw new VicinalError("UNSUPPORTED", { what: "Tuning an index with a metric of one's own", rule });
}

function gather(m: Matrix<Scalars>, rows: Uint32Array): Matrix<Scalars> {
  const data = m.data.constructor as new (n: number) => Scalars;
  const out = { data: new data(rows.length * m.cols), rows: rows.length, cols: m.cols, stride: m.cols };
  for (let i = 0; i < rows.length; i++) out.data.set(row(m, rows[i]!), i * m.cols);
  return out;
}

/** Lets events run about every 12 ms, and stops when asked to. */
function breather(signal: AbortSignal | undefined): () => Promise<void> {
  let last = performance.now();
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - last < 12) return;
    await turn();
    last = performance.now();
  };
}
