import {
  checkK,
  type Matrix,
  type Metric,
  type RunOptions,
  type Scalars,
  VicinalError,
} from "../core/index.ts";
import type { Index } from "../indexes/contract.ts";
import type { Grid, Params } from "./grid.ts";
import { createJudge, type RecallOptions, type Truth } from "./recall.ts";
import { indexShape } from "./shape.ts";
import { measurePoint, type Point, type SweepOptions, sweep } from "./sweep.ts";
import { groundTruth } from "./truth.ts";
import { checkTarget, type Tuned, tuneSearch } from "./tune.ts";

/** How a build is to run. */
export type BuildRun = RunOptions & { threads: number };

/** An index to compare: a name, and how to make it; automatic keys, so that keys are row numbers. */
export interface Contestant {
  readonly name: string;
  /** An empty index, made only to learn what it knows and to refuse a wrong specification early. */
  probe(): Index;
  build(base: Matrix<Scalars>, run: BuildRun): Promise<Index>;
  /** The same kind of index as the one built, over other rows, with automatic keys. */
  rebuild(index: Index, rows: Matrix<Scalars>, run: BuildRun): Promise<Index>;
}

export interface EvaluateOptions
  extends RunOptions,
    Pick<SweepOptions, "rounds" | "budgetMs">,
    RecallOptions {
  metric: Metric;
  /** Search parameters to try; each must be known to at least one index, the others leave it out. */
  params?: Grid;
  /** Recall to tune each index to, on rows of the base; never on the queries. */
  targetRecall?: number;
  /** Threads for builds, truth and the batch measurement, which is made only when this is given. */
  threads?: number;
  /** Seed of the tuning sample. */
  seed?: number;
  /** Exact neighbours, if known; otherwise they are computed. */
  truth?: Truth;
  /** Threads for computing the truth, default `threads` or 1. */
  truthThreads?: number;
  /** See {@link groundTruth}. */
  cache?: string | false;
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
    const index = await contestant.build(base, { ...run, threads: options.threads ?? 1 });
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
      const target = options.targetRecall;
      const tuned =
        target === undefined
          ? undefined
          : await tuneSearch(index, target, base, {
              ...{ k, seed: options.seed, threads: options.truthThreads, ...run },
              rebuild: (rows) => contestant.rebuild(index, rows, { ...run, threads: options.threads ?? 1 }),
            });
      const chosen = tuned && (await measurePoint(index, queries, judge, tuned.params, measure));
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
  if (options.targetRecall !== undefined) checkTarget(options.targetRecall);
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
