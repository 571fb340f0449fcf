import { createRng, permutation, type RunOptions, turn, VicinalError } from "../core/index.ts";
import type { Index, Key, SearchParams } from "../indexes/contract.ts";
import { recallInterval } from "../indexes/parts/confidence.ts";
import type { Params } from "./grid.ts";

export interface TuneOptions extends RunOptions {
  /** Neighbours a query, default 10. */
  k?: number;
  /** Rows of the index drawn as queries, default 500; each leaves itself out. */
  sample?: number;
  seed?: number;
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

/**
 * Finds the smallest `efSearch` whose recall, on rows drawn from the index itself, reaches the target
 * with its whole confidence interval; queries to be measured later are never looked at. An index
 * without that parameter has one setting, which is measured as it is.
 *
 * @param target recall wanted, above 0 and at most 1
 * @throws OPTION_RANGE
 * @remarks one exact search and about a dozen others of each sampled row
 */
export async function tuneSearch(index: Index, target: number, options: TuneOptions = {}): Promise<Tuned> {
  checkTarget(target);
  const { k = 10, onProgress } = options;
  const examine = await examiner(index, options);
  if (index.exact || !index.searchParams.includes("efSearch")) {
    const found = await examine({});
    return { params: { ...index.defaults }, ...found, reached: index.exact || passes(found, target) };
  }

  let step = 0;
  const at = (efSearch: number): Promise<Interval> => {
    onProgress?.({ phase: `tune efSearch=${efSearch}`, done: step++, total: 0 });
    return examine({ efSearch });
  };
  let below = 0;
  let above = Math.max(k, 10);
  let best = await at(above);
  while (!passes(best, target) && above < index.size) {
    below = above;
    above = Math.min(index.size, Math.ceil(above * 1.6));
    best = await at(above);
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

interface Question {
  readonly key: Key;
  readonly query: Float32Array | Uint8Array | Int8Array;
  /** Exact distance of the k-th neighbour other than the row itself, and how many there are up to it. */
  readonly limit: number;
  readonly count: number;
}

/** Draws rows and finds their exact neighbours once; answers a function that scores settings on them. */
async function examiner(
  index: Index,
  options: TuneOptions,
): Promise<(params: SearchParams) => Promise<Interval>> {
  const { k = 10, sample = 500, seed = 0, signal } = options;
  const pause = breather(signal);
  const others = (query: Question["query"], own: Key, params: object): number[] => {
    const items = index.search(query, { k: k + 1, ...params }).items(0);
    return items
      .filter(({ key }) => key !== own)
      .map(({ distance }) => distance)
      .slice(0, k);
  };
  const keys = [...index.keys()];
  const questions: Question[] = [];
  for (const i of permutation(keys.length, createRng(seed, "tune")).subarray(0, sample)) {
    await pause();
    const key = keys[i]!;
    const query = index.get(key);
    const exact = others(query, key, { exact: true });
    if (exact.length > 0) questions.push({ key, query, limit: exact.at(-1)!, count: exact.length });
  }
  return async (params) => {
    const recalls = new Float64Array(questions.length);
    for (const [i, { key, query, limit, count }] of questions.entries()) {
      await pause();
      const found = others(query, key, params);
      const hits = found.filter((distance) => distance <= limit + Math.abs(limit) * TIE).length;
      recalls[i] = Math.min(1, hits / count);
    }
    if (recalls.length === 0) return { recall: 1, low: 1, high: 1 };
    const { mean, low, high } = recallInterval(recalls, k);
    return { recall: mean, low, high };
  };
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
