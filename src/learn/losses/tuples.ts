import { VicinalError } from "../../core/index.ts";
import { readClasses } from "../rows.ts";

/** Which rows a loss compares: two by two. Each array holds row numbers i, j, i, j …; an order within a pair has no meaning. */
export interface Pairs {
  /** Pairs of one class. */
  readonly positives: Int32Array;
  /** Pairs of different classes. */
  readonly negatives: Int32Array;
}

/** Which rows a loss compares: an anchor, one of its class, one of another. */
export interface Triplets {
  /** Row numbers anchor, positive, negative, anchor … */
  readonly triplets: Int32Array;
}

/** What miners give and losses take: any loss takes either. */
export type Tuples = Pairs | Triplets;

/** Class of each row of a batch. */
export type BatchLabels = ArrayLike<number | string>;

/** Classes as numbers. Throws BAD_INPUT unless there is one label for each row. */
export const codesOf = (labels: BatchLabels, rows: number): Uint32Array => readClasses(labels, rows, 0).codes;

/** All pairs i < j. */
export function allPairs(labels: BatchLabels): Pairs {
  const codes = codesOf(labels, labels.length);
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let i = 0; i < codes.length; i++) {
    for (let j = i + 1; j < codes.length; j++) (codes[i] === codes[j] ? positives : negatives).push(i, j);
  }
  return { positives: Int32Array.from(positives), negatives: Int32Array.from(negatives) };
}

/** All triplets: every anchor with every other row of its class and every row of another. Up to n³/4 of them. */
export function allTriplets(labels: BatchLabels): Triplets {
  const codes = codesOf(labels, labels.length);
  const n = codes.length;
  const triplets: number[] = [];
  for (let a = 0; a < n; a++) {
    for (let p = 0; p < n; p++) {
      if (p === a || codes[p] !== codes[a]) continue;
      for (let x = 0; x < n; x++) if (codes[x] !== codes[a]) triplets.push(a, p, x);
    }
  }
  return { triplets: Int32Array.from(triplets) };
}

/** Pairs as they are; triplets as the pairs (anchor, positive) and (anchor, negative), each once. */
export function pairsOf(tuples: Tuples): Pairs {
  if ("positives" in tuples) return tuples;
  const { triplets } = tuples;
  const seen = { positives: new Map<string, number[]>(), negatives: new Map<string, number[]>() };
  const note = (to: Map<string, number[]>, i: number, j: number): void => {
    const pair = i < j ? [i, j] : [j, i];
    to.set(pair.join(), pair);
  };
  for (let t = 0; t < triplets.length; t += 3) {
    note(seen.positives, triplets[t]!, triplets[t + 1]!);
    note(seen.negatives, triplets[t]!, triplets[t + 2]!);
  }
  return {
    positives: Int32Array.from([...seen.positives.values()].flat()),
    negatives: Int32Array.from([...seen.negatives.values()].flat()),
  };
}

/** Triplets as they are; pairs as every (i, j) of one class, from both ends, with every different row paired with that end. */
export function tripletsOf(tuples: Tuples): Triplets {
  if ("triplets" in tuples) return tuples;
  const others = new Map<number, number[]>();
  const note = (i: number, j: number): void => {
    const list = others.get(i);
    if (list === undefined) others.set(i, [j]);
    else list.push(j);
  };
  const { positives, negatives } = tuples;
  for (let t = 0; t < negatives.length; t += 2) {
    note(negatives[t]!, negatives[t + 1]!);
    note(negatives[t + 1]!, negatives[t]!);
  }
  const triplets: number[] = [];
  for (let t = 0; t < positives.length; t += 2) {
    const [i, j] = [positives[t]!, positives[t + 1]!];
    for (const x of others.get(i) ?? []) triplets.push(i, j, x);
    for (const x of others.get(j) ?? []) triplets.push(j, i, x);
  }
  return { triplets: Int32Array.from(triplets) };
}

/** Throws BAD_INPUT unless the tuples are whole, and of rows 0 … rows − 1. */
export function checkTuples(tuples: Tuples, rows: number): void {
  const lists = "triplets" in tuples ? [tuples.triplets] : [tuples.positives, tuples.negatives];
  const size = "triplets" in tuples ? 3 : 2;
  for (const list of lists) {
    const wrong = list.findIndex((row) => row < 0 || row >= rows);
    if (wrong < 0 && list.length % size === 0) continue;
    throw new VicinalError("BAD_INPUT", {
      what: "tuples",
      got: wrong < 0 ? `a list of ${list.length}` : `row ${list[wrong]}`,
      rule: `a multiple of ${size} long, of rows 0 to ${rows - 1}`,
    });
  }
}
