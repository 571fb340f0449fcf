import { type FittableModel, Recommender } from "../../apply/index.ts";
import { createRng, permutation, type RunOptions } from "../../core/index.ts";
import type { SearchParams } from "../../indexes/index.ts";
import type { Interactions } from "../../learn/index.ts";

/** Recommendation through one index at one setting. */
export interface ProductRow {
  readonly index: string;
  readonly params: SearchParams;
  /** Share of the ten items with the largest products, without the user's own, that were answered. */
  readonly recall: number;
  /** Users a second, one at a time on one thread. */
  readonly qps: number;
  readonly buildSeconds: number;
}

const K = 10;
/** Settings beyond this are as slow as exact search of sets of this size. */
const MOST = 400;
/** Settings measured of an index. */
const POINTS = 6;
const INDEXES = ["Flat", "HNSW16", "ScaNN"];

/** Recommends to the same users through several indexes; the first is exact. */
export function measureProducts(
  model: FittableModel,
  x: Interactions,
  seed: number,
  users: number,
  { onProgress, signal }: RunOptions,
): ProductRow[] {
  const asked = permutation(x.users, createRng(seed, "asked users")).subarray(0, users);
  const out: ProductRow[] = [];
  let truth: Set<number>[] = [];
  for (const [i, index] of INDEXES.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ phase: `recommend through ${index}`, done: i, total: INDEXES.length });
    const start = performance.now();
    using recommender = new Recommender({ model, index, similarIndex: "Flat", seed }).attach(x);
    const buildSeconds = (performance.now() - start) / 1000;
    const [dial, values] = Object.entries(recommender.index.dials(K))[0] ?? [undefined, []];
    const grid: SearchParams[] =
      dial === undefined
        ? [{}]
        : spread(values.filter((value) => value <= MOST)).map((value) => ({ [dial]: value }));
    for (const search of grid) {
      const answer = (user: number): number[] =>
        recommender.recommend(user, { k: K, search }).map(({ item }) => item);
      const found = Array.from(asked, (user) => new Set(answer(user)));
      if (out.length === 0) truth = found;
      out.push({
        index,
        params: search,
        recall: overlap(truth, found),
        qps: speed(asked, answer),
        buildSeconds,
      });
    }
  }
  return out;
}

/** Six of the values, from first to last. */
function spread(values: readonly number[]): number[] {
  const last = values.length - 1;
  const places = Array.from({ length: POINTS }, (_, i) => Math.round((i * last) / (POINTS - 1)));
  return [...new Set(places)].map((at) => values[at]!);
}

function overlap(truth: readonly Set<number>[], found: readonly Set<number>[]): number {
  let [shared, all] = [0, 0];
  for (const [q, right] of truth.entries()) {
    all += right.size;
    for (const item of found[q]!) if (right.has(item)) shared++;
  }
  return all === 0 ? 1 : shared / all;
}

/** The best of three passes. */
function speed(users: Uint32Array, answer: (user: number) => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < 3; pass++) {
    const start = performance.now();
    for (const user of users) answer(user);
    best = Math.min(best, performance.now() - start);
  }
  return (users.length * 1000) / best;
}
