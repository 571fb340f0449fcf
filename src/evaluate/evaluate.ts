import {
  checkK,
  checkTargetRecall,
  type Matrix,
  type Metric,
  type RunOptions,
  type Scalars,
  VicinalError,
} from "../core/index.ts";
import type { Index } from "../indexes/contract.ts";
import { buildReport } from "../indexes/index.ts";
import type { Grid, Params } from "./grid.ts";
import { createJudge, type RecallOptions, type Truth } from "./recall.ts";
import { indexShape } from "./shape.ts";
import { measurePoint, type Point, type SweepOptions, sweep } from "./sweep.ts";
import { groundTruth } from "./truth.ts";

/** How a build is to run, and what its search is to be tuned to, if anything. */
export interface BuildRun extends RunOptions {
  threads: number;
  /** Neighbours that the target is about. */
  k: number;
  targetRecall?: number;
}

/** An index to compare: a name, and how to make it; automatic keys, so that keys are row numbers. */
export interface Contestant {
  readonly name: string;
  /** An empty index, made only to learn what it knows and to refuse a wrong specification early. */
  probe(): Index;
  /** With a target, by the indexes' own build(), which tunes and reports. */
  build(base: Matrix<Scalars>, run: BuildRun): Promise<Index>;
}

export interface EvaluateOptions
  extends RunOptions,
    Pick<SweepOptions, "rounds" | "budgetMs">,
    RecallOptions {
  metric: Metric;
  /** Search parameters to try; each must be known to at least one index, the others leave it out. */
  params?: Grid;
  /** Recall that each index is tuned to while it is built, on rows of the base; never on the queries. */
  targetRecall?: number;
  /** Threads for builds, truth and the batch measurement, which is made only when this is given. */
  threads?: number;
  /** Exact neighbours, if known; otherwise they are computed. */
  truth?: Truth;
  /** Threads for computing the truth, default `threads` or 1. */
  truthThreads?: number;
  /** See {@link groundTruth}. */
  cache?: string | false;
}

/** The setting that build() chose, with the recall it showed on rows that were hidden from their own search. */
export interface Tuned {
  readonly params: Params;
  readonly recall: number;
  /** 95 % confidence interval of the recall. */
  readonly low: number;
  readonly high: number;
  /** False when even the widest search stayed below the target. */
  readonly reached: boolean;
}

/** What became of one index. */
export interface IndexResult {
  readonly index: string;
  readonly buildSeconds: number;
  /** True bytes of the finished index, see `stats().memory`. */
  readonly bytes: number;
  readonly points: readonly Point[];
  /** The setting tuned to the target recall, measured on the queries like the others. */
  readonly chosen?: Point;
  readonly tuned?: Tuned;
}

export interface Evaluation {
  readonly dataset: {
    readonly n: number;
    /** Components; bits under hamming. */
    readonly d: number;
    readonly queries: number;
    readonly metric: Metric;
    readonly k: number;
  };
  readonly results: readonly IndexResult[];
}

/**
 * Builds each index over the base in turn, and measures its recall and speed on the queries.
 *
 * @param base shape n × d, n at least 1
 * @param queries shape q × d, q at least 1
 * @throws DIM_MISMATCH, BAD_K, BAD_INPUT, OPTION_UNKNOWN, and what building throws; wrong options are
 *   refused before anything is built
 */
export async function evaluate(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  contestants: readonly Contestant[],
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { metric, signal, onProgress } = options;
  const k = checkK(options.k ?? 10);
  checkInputs(base, queries, options);
  checkParams(contestants, options.params ?? {});
  const truth =
    options.truth ??
    (await groundTruth(base, queries, {
      metric,
      k,
      threads: options.truthThreads ?? options.threads ?? 1,
      cache: options.cache,
      signal,
      onProgress,
    }));
  const judge = createJudge(base, queries, truth, { metric, k, epsilon: options.epsilon });

  const results: IndexResult[] = [];
  for (const contestant of contestants) {
    const relabel =
      onProgress &&
      ((p: { phase: string; done: number; total: number }) =>
        onProgress({ ...p, phase: `${contestant.name}: ${p.phase}` }));
    const run = { signal, onProgress: relabel };
    const start = performance.now();
    const { threads = 1, targetRecall } = options;
    const index = await contestant.build(base, { ...run, threads, k, targetRecall });
    const buildSeconds = (performance.now() - start) / 1000;
    try {
      const measure: SweepOptions = {
        ...run,
        k,
        rounds: options.rounds,
        budgetMs: options.budgetMs,
        threads: options.threads,
      };
      const bytes = index.stats().memory.total;
      const points = await sweep(index, queries, judge, options.params ?? {}, measure);
      const tuned = targetRecall === undefined ? undefined : await tunedSetting(index, targetRecall, k, run);
      const chosen =
        tuned &&
        (points.find(({ params }) => sameParams(params, tuned.params)) ??
          (await measurePoint(index, queries, judge, tuned.params, measure)));
      results.push({
        index: contestant.name,
        buildSeconds,
        bytes,
        points,
        ...(tuned ? { chosen, tuned } : {}),
      });
    } finally {
      index.close();
    }
  }
  return {
    dataset: { n: base.rows, d: indexShape(base, metric).dimension, queries: queries.rows, metric, k },
    results,
  };
}

/**
 * The setting of an index made by build() for this target. An exact index has its one; so has one over so few rows
 * that none could be held out, and it is audited.
 */
export async function tunedSetting(
  index: Index,
  targetRecall: number,
  k: number,
  run: RunOptions = {},
): Promise<Tuned> {
  const perfect = index.exact || index.size < 2;
  const { recall, low, high } = perfect
    ? { recall: 1, low: 1, high: 1 }
    : (buildReport(index)?.recall ?? (await index.audit({ ...run, k })));
  // Nothing missed passes whatever the interval says, as in tuning.
  const reached = low >= targetRecall || recall === 1;
  return { params: { ...index.defaults }, recall, low, high, reached };
}

function sameParams(a: Params, b: Params): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function checkInputs(base: Matrix<Scalars>, queries: Matrix<Scalars>, options: EvaluateOptions): void {
  for (const [what, m] of [
    ["base", base],
    ["queries", queries],
  ] as const) {
    if (m.rows === 0) throw new VicinalError("BAD_INPUT", { what, got: "no rows", rule: "at least one row" });
  }
  if (queries.cols !== base.cols) {
    throw new VicinalError("DIM_MISMATCH", { what: "queries", got: queries.cols, want: base.cols });
  }
  if (options.targetRecall !== undefined) checkTargetRecall(options.targetRecall);
}

/** Makes each index once, empty, so that a wrong specification or parameter costs no build. */
function checkParams(contestants: readonly Contestant[], params: Params | Grid): void {
  const known = new Set<string>();
  for (const contestant of contestants) {
    const index = contestant.probe();
    for (const name of index.searchParams) known.add(name);
    index.close();
  }
  for (const name of Object.keys(params)) {
    if (!known.has(name)) throw new VicinalError("OPTION_UNKNOWN", { got: name, known: [...known] });
  }
}
