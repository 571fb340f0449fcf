import { oneOf } from "../../core/index.ts";
import type { Interactions } from "./interactions.ts";

/**
 * How much an interaction counts:
 *
 * - `none`: its value; `binary`: 1; `log`: ln(1 + value); `sqrt`: √value
 * - `relative`: ln(1 + value / mean value of the user): what is much differs from one to another
 * - `tfidf`: √value · idf(user); `bm25`: value saturating, less for items that everybody has, times idf(user)
 *
 * idf(user) = ln(items) − ln(1 + items of the user): one who has a little of everything says little about any.
 */
export type Weighting = "none" | "binary" | "log" | "sqrt" | "relative" | "tfidf" | "bm25";

export const WEIGHTINGS: readonly Weighting[] = [
  "none",
  "binary",
  "log",
  "sqrt",
  "relative",
  "tfidf",
  "bm25",
];

/** Where BM25 saturates, and how much an item's sum of values (as the length of a document) divides. */
const K1 = 100;
const B = 0.8;
/** One with (nearly) everything would weigh nothing or less: kept just over zero. */
const LEAST_IDF = 1e-3;

/** What has to be known of all interactions to weigh one more. */
export interface Weights {
  readonly weighting: Weighting;
  readonly items: number;
  /** bm25: sum of each item's values over their mean, mixed with 1. */
  readonly lengths?: readonly number[];
}

/**
 * What the weights of these interactions depend on.
 *
 * @see Robertson and Walker, SIGIR 1994, for BM25; items are its documents and users its terms
 */
export function learnWeights({ items, indices, values }: Interactions, weighting: Weighting): Weights {
  oneOf("weighting", weighting, WEIGHTINGS);
  if (weighting !== "bm25") return { weighting, items };
  const sums = new Float64Array(items);
  let total = 0;
  for (let e = 0; e < indices.length; e++) {
    sums[indices[e]!]! += values[e]!;
    total += values[e]!;
  }
  const mean = total / Math.max(1, items);
  const lengths = Array.from(sums, (sum) => 1 - B + (mean > 0 ? (B * sum) / mean : 0));
  return { weighting, items, lengths };
}

/** What the weight of one of a user's items depends on beside its value. */
export interface UserFacts {
  /** Items of the user. */
  readonly count: number;
  /** Mean of their values. */
  readonly mean: number;
}

/** The weight, over 0, of an item with this value for such a user. */
export function weightOf(
  { weighting, items, lengths }: Weights,
  item: number,
  { count, mean }: UserFacts,
  value: number,
): number {
  switch (weighting) {
    case "none":
      return value;
    case "binary":
      return 1;
    case "log":
      return Math.log1p(value);
    case "sqrt":
      return Math.sqrt(value);
    case "relative":
      return Math.log1p(value / mean);
    case "tfidf":
      return Math.sqrt(value) * idf(items, count);
    case "bm25":
      return ((value * (K1 + 1)) / (K1 * lengths![item]! + value)) * idf(items, count);
  }
}

const idf = (items: number, count: number): number =>
  Math.max(LEAST_IDF, Math.log(items) - Math.log1p(count));

/** The same interactions with their weights for values. */
export function weighted(x: Interactions, by: Weighting | Weights): Interactions {
  const weights = typeof by === "string" ? learnWeights(x, by) : by;
  const values = new Float32Array(x.values.length);
  for (let u = 0; u < x.users; u++) {
    const [from, to] = [x.indptr[u]!, x.indptr[u + 1]!];
    const user = {
      count: to - from,
      mean: x.values.subarray(from, to).reduce((a, b) => a + b, 0) / (to - from),
    };
    for (let e = from; e < to; e++) values[e] = weightOf(weights, x.indices[e]!, user, x.values[e]!);
  }
  return { ...x, values };
}
