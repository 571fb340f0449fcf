import { distance, type Point } from "../points.ts";

/** Entered, measured whole, or set aside without measuring. */
export type State = "open" | "done" | "pruned";

/** A part of a structure as it is drawn. */
export type Shape = (
  | { readonly kind: "area"; readonly outline: readonly Point[] }
  | { readonly kind: "ball"; readonly centre: Point; readonly radius: number }
  | { readonly kind: "link"; readonly from: number; readonly to: number }
) & {
  /** Tree of a forest, or layer of a graph; one is in sight at a time. */
  readonly layer: number;
  /** Drawn even before a search comes by. */
  readonly resting: boolean;
};

/** One step of a search, in words and in marks on shapes. */
export interface Step {
  readonly say: string;
  /** Points whose distance to the query was computed. */
  readonly measured: readonly number[];
  /** Distances computed to what is no point: centres of balls and lists. */
  readonly extra: number;
  readonly marks: readonly (readonly [shape: number, state: State])[];
  readonly layer: number;
  /** The nearest points so far, nearest first. */
  readonly best: readonly number[];
  /** The point a walk stands on. */
  readonly at?: number;
}

/** An index of a few hundred points that tells how it searches. */
export interface Searcher {
  readonly shapes: readonly Shape[];
  /** Middles of balls or lists, where there are any. */
  readonly centres: readonly Point[];
  /** All steps of one search; the last one's `best` is the answer. */
  search(query: Point, k: number, effort: number): Step[];
}

/** Distances that a search computed up to and with step `last`. */
export const distancesOf = (steps: readonly Step[], last: number = steps.length - 1): number =>
  steps.slice(0, last + 1).reduce((sum, { measured, extra }) => sum + measured.length + extra, 0);

/** The k nearest of the points measured so far. */
export interface Shortlist {
  /** Measures these points. */
  measure(ids: readonly number[]): void;
  /** Distance of the k-th nearest; infinite until there are k. */
  worst(): number;
  ids(): number[];
}

export function shortlist(points: readonly Point[], query: Point, k: number): Shortlist {
  const kept: { id: number; away: number }[] = [];
  return {
    measure(ids) {
      for (const id of ids) kept.push({ id, away: distance(points[id]!, query) });
      kept.sort((a, b) => a.away - b.away || a.id - b.id);
      kept.splice(k);
    },
    worst: () => (kept.length < k ? Number.POSITIVE_INFINITY : kept[k - 1]!.away),
    ids: () => kept.map(({ id }) => id),
  };
}

/** "1 point", "2 points". */
export const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? "" : "s"}`;

/** Along which axis these points spread more, and their numbers in order along it. */
export function widest(
  points: readonly Point[],
  ids: readonly number[],
): { axis: "x" | "y"; order: number[] } {
  const spread = (axis: "x" | "y"): number => {
    const values = ids.map((id) => points[id]![axis]);
    return Math.max(...values) - Math.min(...values);
  };
  const axis = spread("x") >= spread("y") ? "x" : "y";
  return { axis, order: ids.toSorted((i, j) => points[i]![axis] - points[j]![axis]) };
}
