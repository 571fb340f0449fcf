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
import type { Index, Key, SearchParams } from "../indexes/contract.ts";
import { create, open } from "../indexes/index.ts";
import { recallInterval } from "../indexes/parts/confidence.ts";
import { rowDistance } from "./distance.ts";
import type { Params } from "./grid.ts";
import { indexShape } from "./shape.ts";

export interface TuneOptions extends RunOptions {
  /** Neighbours a query, default 10. */
  k?: number;
  /** Rows held out and searched for, default 500; at most a tenth of all. */
  sample?: number;
  seed?: number;
  /** Threads for the exact neighbours of the sample, default 1. */
  threads?: number;
  /** The key of each row of the base, where keys are not its row numbers. */
  keys?: readonly Key[];
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
 * The rows drawn are taken out of a copy of the index and searched for there. In the index itself
 * they would be too easy: a graph links each row to its own neighbours, so that finding the row finds
 * them (on 50,000 SIFT descriptors with efSearch 10 a row finds 0.95 of its neighbours, a new query 0.80).
 *
 * @param base what the index was built over, raw: codes cannot judge themselves
 * @param target recall wanted, above 0 and at most 1
 * @throws OPTION_RANGE
 * @remarks memory for a second index meanwhile; one exact search and about a dozen others a row
 */
export async function tuneSearch(
  index: Index,
  target: number,
  base: Matrix<Scalars>,
  options: TuneOptions = {},
): Promise<Tuned> {
  checkTarget(target);
  const { k = 10, sample = 500, seed = 0, onProgress } = options;
  const count = Math.min(sample, Math.floor(base.rows / 10));
  if (index.exact || count === 0) {
    return { params: { ...index.defaults }, recall: 1, low: 1, high: 1, reached: true };
  }
  const rows = permutation(base.rows, createRng(seed, "tune")).subarray(0, count);
  onProgress?.({ phase: "hold rows out", done: 0, total: 1 });
  const { examine, close } = await holdOut(index, base, rows, options);
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

/** A copy of the index without these rows, which become the queries. */
async function holdOut(
  index: Index,
  base: Matrix<Scalars>,
  rows: Uint32Array,
  options: TuneOptions,
): Promise<HeldOut> {
  const { k = 10, keys, signal } = options;
  const metric = namedMetric(index);
  const queries = gather(base, rows);
  const distance = rowDistance(queries, base, metric);
  const limits = await exactLimits(base, queries, rows, distance, { ...options, metric, k });
  const copy = await open(index.toBytes());
  copy.remove(Array.from(rows, (r) => keys?.[r] ?? r));
  copy.compact();
  const rowOfKey = keys && new Map(keys.map((key, i) => [key, i]));
  const rowOf = (key: Key): number => rowOfKey?.get(key) ?? Number(key);
  const wanted = Math.min(k, base.rows - rows.length);
  const pause = breather(signal);
  return {
    async examine(params) {
      const recalls = new Float64Array(rows.length);
      for (let q = 0; q < rows.length; q++) {
        await pause();
        const found = copy
          .search(row(queries, q), { k, ...params })
          .keys(0)
          .map(rowOf);
        recalls[q] = found.filter((r) => distance(q, r) <= limits[q]!).length / wanted;
      }
      // More rows than wanted may lie within the limit when several tie with the k-th, but k are asked for.
      const { mean, low, high } = recallInterval(
        recalls.map((r) => Math.min(1, r)),
        k,
      );
      return { recall: mean, low, high };
    },
    close: () => copy.close(),
  };
}

function namedMetric({ metric }: Index): Metric {
  if (metric !== "custom") return metric;
  const rule = "the judge knows the named metrics; a Flat index answers exactly and needs no tuning";
  throw new VicinalError("UNSUPPORTED", { what: "Tuning an index with a metric of one's own", rule });
}

/** Distance of each held-out row's k-th neighbour among the others, with room for rounding. */
async function exactLimits(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  rows: Uint32Array,
  distance: (q: number, r: number) => number,
  {
    metric,
    k,
    threads = 1,
    signal,
    onProgress,
  }: RunOptions & { metric: Metric; k: number; threads?: number },
): Promise<number[]> {
  const flat = create<number>("Flat", indexShape(base, metric));
  try {
    await flat.addAsync(base, { signal });
    flat.remove(rows);
    const found = await flat.searchAsync(queries, { k, threads, signal, onProgress });
    return Array.from(rows, (_, q) => {
      const kth = Math.max(...found.keys(q).map((r) => distance(q, r)));
      return kth + Math.abs(kth) * TIE;
    });
  } finally {
    flat.close();
  }
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
