import { createRng, permutation, turn } from "../../core/index.ts";
import { placeOf } from "../../evaluate/index.ts";
import { type Interactions, type ItemScorer, rowOf } from "../../learn/index.ts";

/** One item of each user, taken out of what a model learns from. */
export interface HeldOut {
  readonly train: Interactions;
  /** The item of each user. */
  readonly items: Uint32Array;
}

/** Items held out, for choosing settings and for the numbers reported. */
export interface Protocol {
  /** Items of each user to choose settings by, all with the same to learn from: no item of the tests either. */
  readonly validations: readonly HeldOut[];
  /** Repeated leave-one-out: each time another item of each user, the rest to learn from. */
  readonly tests: readonly HeldOut[];
}

/** Draws distinct items of each user: some for validation and one for each test. */
export function holdOut(x: Interactions, validations: number, repeats: number, seed: number): Protocol {
  const rng = createRng(seed, "held-out items");
  const drawn = Array.from({ length: validations + repeats }, () => new Uint32Array(x.users));
  for (let u = 0; u < x.users; u++) {
    const { items } = rowOf(x, u);
    const order = permutation(items.length, rng);
    for (const [i, held] of drawn.entries()) held[u] = items[order[i]!]!;
  }
  const train = without(x, drawn);
  return {
    validations: drawn.slice(0, validations).map((items) => ({ train, items })),
    tests: drawn.slice(validations).map((items) => ({ train: without(x, [items]), items })),
  };
}

/** Interactions without one item of each user, for each list. */
function without(x: Interactions, lists: readonly Uint32Array[]): Interactions {
  const indptr = new Uint32Array(x.users + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (let u = 0; u < x.users; u++) {
    for (let e = x.indptr[u]!; e < x.indptr[u + 1]!; e++) {
      if (lists.some((items) => items[u] === x.indices[e])) continue;
      indices.push(x.indices[e]!);
      values.push(x.values[e]!);
    }
    indptr[u + 1] = indices.length;
  }
  const { users, items } = x;
  return { users, items, indptr, indices: Uint32Array.from(indices), values: Float32Array.from(values) };
}

/** The place of each user's held-out item among all items that the user is not known to have. */
export async function placesOf(
  model: ItemScorer,
  { train, items }: HeldOut,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  const places = new Uint32Array(train.users);
  for (let u = 0; u < train.users; u++) {
    if (u % 200 === 0) {
      await turn();
      signal?.throwIfAborted();
    }
    places[u] = placeOf(model.scoresOf(u), items[u]!, rowOf(train, u).items);
  }
  return places;
}

/** A mean over users with its 95 % interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;

/** The mean of one number a user, and the middle 95 % of means of users drawn with replacement. */
export function bootstrap(perUser: Float64Array, seed: number): Interval {
  const n = perUser.length;
  const rng = createRng(seed, "bootstrap of users");
  const means = new Float64Array(RESAMPLES);
  for (let r = 0; r < RESAMPLES; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += perUser[rng.below(n)]!;
    means[r] = sum / n;
  }
  means.sort();
  const mean = perUser.reduce((a, b) => a + b, 0) / n;
  return { mean, low: means[Math.floor(0.025 * RESAMPLES)]!, high: means[Math.ceil(0.975 * RESAMPLES) - 1]! };
}
