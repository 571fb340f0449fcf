import type { Matrix, RunOptions, Scalars } from "../core/index.ts";
import type { Index } from "../indexes/contract.ts";
import { type Grid, gridFor, gridPoints, type Params } from "./grid.ts";
import { type MeasureOptions, measureSearch } from "./measure.ts";
import type { Judge, Scores } from "./recall.ts";

/** One setting of one index: how good, how fast. */
export interface Point {
  /** Search parameters of this setting. */
  readonly params: Params;
  readonly recall: number;
  readonly epsilonRecall: Scores["epsilonRecall"];
  readonly relativeError: number;
  /** Queries a second, one query a call on one thread, best pass. */
  readonly qps: number;
  readonly qpsMedian: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Queries a second of one call with all queries on the threads asked for. */
  readonly batchQps?: number;
}

export interface SweepOptions extends RunOptions, Pick<MeasureOptions, "rounds" | "budgetMs" | "threads"> {
  /** Neighbours asked for; default the judge's. */
  k?: number;
}

/**
 * Measures an index at every combination of the grid's values, in order. Names the index does not
 * know are left out; with none left, it is measured once at its defaults, which are reported.
 */
export async function sweep(
  index: Index,
  queries: Matrix<Scalars>,
  judge: Judge,
  grid: Grid,
  options: SweepOptions = {},
): Promise<Point[]> {
  const known = gridFor(grid, index.searchParams);
  const settings = Object.keys(known).length === 0 ? [index.defaults] : gridPoints(known);
  const points: Point[] = [];
  for (const params of settings) points.push(await measurePoint(index, queries, judge, params, options));
  return points;
}

/** Measures and judges one setting. */
export async function measurePoint(
  index: Index,
  queries: Matrix<Scalars>,
  judge: Judge,
  params: Params,
  options: SweepOptions = {},
): Promise<Point> {
  const { k = judge.k, ...measure } = options;
  const {
    answers,
    rounds: _rounds,
    ...speed
  } = await measureSearch(index, queries, { ...measure, k, params });
  const { recall, epsilonRecall, relativeError } = judge.score(answers);
  return { params: { ...params }, recall, epsilonRecall, relativeError, ...speed };
}
