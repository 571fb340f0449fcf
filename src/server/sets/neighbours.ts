import { type Matrix, type Metric, matrix, row, VicinalError } from "../../core/index.ts";
import { recallAtK } from "../../evaluate/index.ts";
import type { Index, Neighbors } from "../../indexes/contract.ts";
import { create, formatSpec, parseSpec } from "../../indexes/index.ts";
import { type JobStarter, Made, type Making } from "../made.ts";
import type { NeighboursAnswer, RankedRows } from "../protocol.ts";
import { type BuiltIndex, buildIndex } from "./buildIndex.ts";
import type { Vectors } from "./dataSet.ts";

/** What an index is built over. */
export interface IndexedSpace {
  /** Names set and feature, and which making of it. */
  readonly name: string;
  readonly vectors: Vectors;
  readonly metric: Metric;
}

/** Bytes of all indexes kept at a time. */
const MOST_BYTES = 2 ** 30;
/** A search is repeated for its best time, the first being slow, while all of that takes no longer, milliseconds. */
const REPEAT_MS = 30;
const REPEATS = 6;

/** The indexes of one server, built when first asked for; the least recently used are let go. */
export function createIndexes(jobs: JobStarter, most: number = MOST_BYTES): Made<BuiltIndex> {
  return new Made(jobs, {
    most,
    // An answer needs two at once.
    least: 2,
    size: ({ index }) => index.stats().memory.total,
    drop: ({ index }) => index.close(),
  });
}

/** The index of that specification if it is there, or else how its building goes. Throws SPEC_SYNTAX, UNSUPPORTED. */
export function indexOf(
  indexes: Made<BuiltIndex>,
  { name, vectors, metric }: IndexedSpace,
  given: string,
): BuiltIndex | Making<BuiltIndex> {
  const spec = formatSpec(parseSpec(given));
  const key = `${name} ${metric} ${spec}`;
  const known = indexes.get(key);
  if (known !== undefined) return known;
  // A combination that cannot be is refused before a job is begun.
  if (spec !== "Auto") create(spec, { dimension: vectors.cols, metric }).close();
  return indexes.make(key, `build ${spec} over ${name}`, (run) => buildIndex(vectors, metric, spec, run));
}

/** What is looked for. */
export interface Query {
  readonly vector: Float32Array;
  /** The row that the query is, which is no neighbour of itself. */
  readonly row?: number | undefined;
  readonly k: number;
  readonly params: Readonly<Record<string, number>>;
}

/** Exact and approximate neighbours side by side. Throws OPTION_UNKNOWN, OPTION_RANGE for the search's parameters. */
export function compareNeighbours(
  { vectors, metric }: IndexedSpace,
  exact: BuiltIndex,
  approximate: BuiltIndex,
  query: Query,
): NeighboursAnswer {
  checkParams(approximate.index, query.params);
  const near = timed(approximate.index, query, query.params);
  const truth = exact === approximate ? near : timed(exact.index, query, {});
  const { index, seconds } = approximate;
  return {
    exact: truth,
    approximate: near,
    recall: recallOf(vectors, metric, query.vector, truth, near),
    built: { seconds, bytes: index.stats().memory.total, spec: index.spec },
  };
}

/** Other options of a search would make the two answers to different questions. */
function checkParams({ searchParams }: Index<number>, params: Query["params"]): void {
  for (const got of Object.keys(params)) {
    if (!searchParams.includes(got)) throw new VicinalError("OPTION_UNKNOWN", { got, known: searchParams });
  }
}

/** Searches a few times; without the query's own row, and no more than k. */
function timed(index: Index<number>, { vector, row: own, k }: Query, params: Query["params"]): RankedRows {
  // Under inner product a row need not be the nearest to itself, but it is one of k + 1 or does not matter.
  const options = { ...params, k: own === undefined ? k : k + 1 };
  let best = Number.POSITIVE_INFINITY;
  let spent = 0;
  let found: Neighbors<number> | undefined;
  for (let i = 0; i < REPEATS && (i < 2 || spent < REPEAT_MS); i++) {
    const start = performance.now();
    found = index.search(vector, options);
    const took = performance.now() - start;
    best = Math.min(best, took);
    spent += took;
  }
  const others = found!.items().filter(({ key }) => key !== own);
  const kept = others.slice(0, k);
  return {
    rows: kept.map(({ key }) => key),
    distances: kept.map(({ distance }) => distance),
    milliseconds: best,
  };
}

/** Share of the exact neighbours found, counted by distances that are worked out anew: ties count whichever came. */
function recallOf(
  vectors: Vectors,
  metric: Metric,
  vector: Float32Array,
  exact: RankedRows,
  near: RankedRows,
): number {
  const k = exact.rows.length;
  if (k === 0) return 1;
  const truth = { ids: Uint32Array.from(exact.rows), queries: 1, k };
  // Rounding of float32 sums, no more: what is farther is a miss.
  const epsilon = 1e-6 * Math.max(1e-3, Math.abs(exact.distances[k - 1]!));
  return recallAtK(vectors, matrix(vector, vector.length, 1), truth, [near.rows], { metric, k, epsilon });
}

/** The vector of a row as float32. Throws OPTION_RANGE for a row that is not there. */
export function vectorOf(vectors: Vectors, at: number): Float32Array {
  if (!Number.isInteger(at) || at < 0 || at >= vectors.rows) {
    throw new VicinalError("OPTION_RANGE", { option: "row", got: at, rule: `0 to ${vectors.rows - 1}` });
  }
  return Float32Array.from(row(vectors as Matrix<Float32Array>, at));
}
