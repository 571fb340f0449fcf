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
import { recallInterval } from "../indexes/parts/confidence.ts";
import { rowDistance } from "./distance.ts";
import type { Params } from "./grid.ts";
import { groundTruth } from "./truth.ts";

export interface TuneOptions extends RunOptions {
  /** Neighbours a query, default 10. */
  k?: number;
  /** Rows of the index drawn as queries, default 500; each leaves itself out. */
  sample?: number;
  seed?: number;
  /** Threads for the exact neighbours of the sample, default 1. */
  threads?: number;
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
 * Finds the smallest `efSearch` whose recall, on rows drawn from the index itself, reaches the target
 * with its whole confidence interval; queries to be measured later are never looked at. An index
 * without that parameter has one setting, which is measured as it is.
 *
 * @param base what the index was built over, raw: codes cannot judge themselves
 * @param rowOf the row of the base that has a key; the key itself when keys are automatic
 * @param target recall wanted, above 0 and at most 1
 * @throws OPTION_RANGE
 * @remarks one exact search and about a dozen others of each sampled row
 */
export async function tuneSearch(
  index: Index,
  target: number,
  base: Matrix<Scalars>,
  options: TuneOptions & { rowOf?: (key: Key) => number } = {},
): Promise<Tuned> {
  checkTarget(target);
  const { k = 10, onProgress } = options;
  const examine = await examiner(index, base, options);
  if (index.exact || !index.searchParams.includes("efSearch")) {
    const found = await examine({});
    return { params: { ...index.defaults }, ...found, reached: index.exact || passes(found, target) };
  }

  let step = 0;
  const at = (efSearch: number): Promise<Interval> => {
    onProgress?.({ phase: `tune efSearch=${efSearch}`, done: step++, total: 0 });
    return examine({ efSearch });
  };
  const most = Math.max(k, Math.min(MOST_EF, index.size));
  let below = 0;
  let above = Math.min(most, Math.max(k, 10));
  let best = await at(above);
  for (let idle = 0; !passes(best, target) && above < most && idle < 2; ) {
    const wider = Math.min(most, Math.ceil(above * 1.6));
    const found = await at(wider);
    idle = found.recall - best.recall < NO_GAIN ? idle + 1 : 0;
    [below, above, best] = [above, wider, found];
  }
  const reached = passes(best, target);
  while (reached && below > 0 && above - below > Math.max(1, below * FINE_ENOUGH)) {
    const middle = Math.floor((below + above) / 2);
    const found = await at(middle);
    if (passes(found, target)) [above, best] = [middle, found];
    else below = middle;
  }
  return { params: { efSearch: above }, ...best, reached };
}

/** Refuses what is no recall to aim at. */
export function checkTarget(target: number): void {
  if (typeof target === "number" && target > 0 && target <= 1) return;
  const rule = "a number above 0 and at most 1";
  throw new VicinalError("OPTION_RANGE", { option: "targetRecall", got: target, rule });
}

interface Interval {
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

/** Draws rows and finds their exact neighbours once; answers a function that scores settings on them. */
async function examiner(
  index: Index,
  base: Matrix<Scalars>,
  options: TuneOptions & { rowOf?: (key: Key) => number },
): Promise<(params: SearchParams) => Promise<Interval>> {
  const { k = 10, sample = 500, seed = 0, threads, signal, onProgress, rowOf = Number } = options;
  const { metric } = index;
  if (metric === "custom") {
    const rule = "the judge knows the named metrics; a Flat index answers exactly and needs no tuning";
    throw new VicinalError("UNSUPPORTED", { what: "Tuning an index with a metric of one's own", rule });
  }
  const wanted = Math.min(k, base.rows - 1);
  const drawn = permutation(base.rows, createRng(seed, "tune")).subarray(0, sample);
  const queries = gather(base, drawn);
  const distance = rowDistance(queries, base, metric);
  const limits =
    wanted < 1
      ? []
      : await exactLimits(base, queries, drawn, distance, { metric, k: wanted, threads, signal, onProgress });
  const pause = breather(signal);
  return async (params) => {
    if (wanted < 1) return { recall: 1, low: 1, high: 1 };
    const recalls = new Float64Array(drawn.length);
    for (let q = 0; q < drawn.length; q++) {
      await pause();
      const rows = index
        .search(row(queries, q), { k: k + 1, ...params })
        .keys(0)
        .map(rowOf);
      const others = rows.filter((r) => r !== drawn[q]).slice(0, wanted);
      recalls[q] = others.filter((r) => distance(q, r) <= limits[q]!).length / wanted;
    }
    const { mean, low, high } = recallInterval(recalls, k);
    return { recall: mean, low, high };
  };
}

/** Distance of each drawn row's k-th neighbour other than itself, with room for rounding. */
async function exactLimits(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  drawn: Uint32Array,
  distance: (q: number, r: number) => number,
  options: RunOptions & { metric: Metric; k: number; threads?: number },
): Promise<number[]> {
  const { k } = options;
  const truth = await groundTruth(base, queries, { ...options, k: k + 1, cache: false });
  return Array.from(drawn, (own, q) => {
    const near = truth.ids.subarray(q * truth.k, (q + 1) * truth.k).filter((r) => r !== own);
    const kth = distance(q, near[Math.min(k, near.length) - 1]!);
    return kth + Math.abs(kth) * TIE;
  });
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
