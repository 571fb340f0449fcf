import { type Matrix, type RunOptions, row, turn } from "../../core/index.ts";
import type { Index, SearchParams } from "../../indexes/index.ts";
import { spread } from "../ann/families.ts";

/** One position of the knob. */
export interface KnobPoint {
  /** Value of the dial; 0 for exhaustive search, which has none. */
  readonly value: number;
  /** Share of the exact ten that were answered. */
  readonly overlap: number;
  /** Queries a second, one a call on one thread. */
  readonly qps: number;
  /** How many times as fast as exhaustive search. */
  readonly faster: number;
}

/** Accuracy against speed of one index, as its search parameter is turned. */
export interface Knob {
  readonly index: string;
  /** The parameter, such as `searchK`. */
  readonly dial: string | undefined;
  readonly points: readonly KnobPoint[];
}

const POSITIONS = 7;
const PASSES = 2;

/** Searches for the queries at several positions of the index's first search parameter. */
export async function turnKnob(
  index: Index<number>,
  queries: Matrix<Float32Array>,
  truth: readonly (readonly number[])[],
  k: number,
  { signal, onProgress }: RunOptions,
): Promise<Knob> {
  const exhaustive = speedOf(index, queries, k, { exact: true });
  const [dial, values] = Object.entries(spread(index, k, POSITIONS))[0] ?? [undefined, [0]];
  const points: KnobPoint[] = [];
  for (const value of values) {
    signal?.throwIfAborted();
    onProgress?.({ phase: `search ${index.spec}`, done: points.length, total: values.length });
    const params: SearchParams = dial === undefined ? {} : { [dial]: value };
    const overlap = overlapAt(index, queries, truth, k, params);
    const qps = speedOf(index, queries, k, params);
    points.push({ value, overlap, qps, faster: qps / exhaustive });
    await turn();
  }
  return { index: index.spec, dial, points };
}

function overlapAt(
  index: Index<number>,
  queries: Matrix<Float32Array>,
  truth: readonly (readonly number[])[],
  k: number,
  params: SearchParams,
): number {
  let sum = 0;
  for (let q = 0; q < queries.rows; q++) {
    const found = index.search(row(queries, q), { k, ...params }).keys();
    sum += found.filter((key) => truth[q]!.includes(key)).length / truth[q]!.length;
  }
  return sum / queries.rows;
}

function speedOf(
  index: Index<number>,
  queries: Matrix<Float32Array>,
  k: number,
  options: SearchParams | { exact: true },
): number {
  let best = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < PASSES; pass++) {
    const start = performance.now();
    for (let q = 0; q < queries.rows; q++) index.search(row(queries, q), { k, ...options });
    best = Math.min(best, performance.now() - start);
  }
  return (queries.rows * 1000) / best;
}
