import type { Matrix, Metric, RunOptions, Scalars } from "../core/index.ts";
import { createJudge, type Grid, groundTruth, type Point, pointAtRecall, sweep } from "../evaluate/index.ts";
import type { Index } from "../indexes/contract.ts";
import { build, create } from "../indexes/index.ts";
import { count, seconds, share, times } from "./numbers.ts";

/** One index on one data set. */
export interface StudyRow {
  /** As asked for, such as "Auto". */
  readonly index: string;
  /** What it came to. */
  readonly spec: string;
  readonly exact: boolean;
  readonly buildSeconds: number;
  readonly bytes: number;
  readonly points: readonly Point[];
  /** The fastest point that reaches the wanted recall, else the one with the highest recall. */
  readonly chosen: Point;
}

/** Several indexes measured alike on one data set. */
export interface Study {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly n: number;
  readonly d: number;
  readonly metric: Metric;
  readonly queries: number;
  readonly k: number;
  readonly targetRecall: number;
  /** Threads that built the indexes. */
  readonly threads: number;
  readonly rows: readonly StudyRow[];
}

export interface StudyInput {
  name: string;
  title: string;
  /** One sentence on what the data are. */
  note: string;
  /** Shape n × d. */
  base: Matrix<Scalars>;
  /** Shape q × d, none of them in the base. */
  queries: Matrix<Scalars>;
}

export interface StudyOptions extends RunOptions {
  seed: number;
  indexes: readonly string[];
  /** Values of efSearch to measure each graph at. */
  efSearch: readonly number[];
  /** Threads for exact ground truth and for building; queries use one. */
  threads: number;
  /** Timed passes over the queries at each point, at most. */
  rounds: number;
}

const METRIC: Metric = "l2";
const K = 10;
const TARGET = 0.95;

/**
 * Builds each index and measures it at each setting: one query a call, one thread, recall@10
 * recomputed by the judge from the rows returned.
 */
export async function runStudy(input: StudyInput, options: StudyOptions): Promise<Study> {
  const { base, queries } = input;
  const { signal, onProgress, threads } = options;
  const truth = await groundTruth(base, queries, { metric: METRIC, k: K, threads, signal, onProgress });
  const judge = createJudge(base, queries, truth, { metric: METRIC, k: K });
  const rows: StudyRow[] = [];
  for (const name of options.indexes) {
    const start = performance.now();
    const index = await make(name, base, options);
    const buildSeconds = (performance.now() - start) / 1000;
    try {
      onProgress?.({ phase: `measure ${name}`, done: 0, total: 1 });
      // Auto is measured as it tuned itself, a graph at each setting; exact search has none.
      const grid: Grid = name === "Auto" ? {} : { efSearch: options.efSearch };
      const { rounds } = options;
      const points = await sweep(index, queries, judge, grid, { rounds, budgetMs: 1000, signal });
      const best = points.reduce((a, b) => (b.recall > a.recall ? b : a));
      rows.push({
        index: name,
        spec: index.spec,
        exact: index.exact,
        buildSeconds,
        bytes: index.stats().memory.total,
        points,
        chosen: pointAtRecall(points, TARGET) ?? best,
      });
    } finally {
      index.close();
    }
  }
  const { name, title, note } = input;
  const shape = { n: base.rows, d: base.cols, queries: queries.rows };
  return { name, title, note, ...shape, metric: METRIC, k: K, targetRecall: TARGET, threads, rows };
}

async function make(name: string, base: Matrix<Scalars>, options: StudyOptions): Promise<Index> {
  const { seed, threads, signal, onProgress } = options;
  const report =
    onProgress && ((p: { done: number; total: number }) => onProgress({ ...p, phase: `build ${name}` }));
  if (name === "Auto") {
    return await build(base, {
      metric: METRIC,
      targetRecall: TARGET,
      seed,
      threads,
      signal,
      onProgress: report,
    });
  }
  const index = create(name, { dimension: base.cols, metric: METRIC, seed });
  await index.addAsync(base, { threads, signal, onProgress: report });
  return index;
}

/** The fastest approximate index that reaches the wanted recall, and how many times as fast as exact search. */
export function fastest(study: Study): (StudyRow & { faster: number }) | undefined {
  const exact = study.rows.find((row) => row.exact);
  const good = study.rows.filter((row) => !row.exact && row.chosen.recall >= study.targetRecall);
  if (exact === undefined || good.length === 0) return undefined;
  const best = good.reduce((a, b) => (b.chosen.qps > a.chosen.qps ? b : a));
  return { ...best, faster: best.chosen.qps / exact.chosen.qps };
}

/** How the rows of the table were chosen. */
export function selection({ targetRecall }: Study): string {
  return (
    `Shown is each index's fastest setting with recall of ${share(targetRecall, 2)} or more; ` +
    `Auto is shown as it tuned itself for that recall on rows of its own.`
  );
}

/** What to make of the numbers, from the numbers. */
export function verdict(study: Study): string[] {
  const out: string[] = [];
  const best = fastest(study);
  const exact = study.rows.find((row) => row.exact);
  if (study.name === "emoji" && exact !== undefined) {
    out.push(
      `${count(study.n)} rows are too few for approximate search to pay: exact search needs no building, misses ` +
        `nothing, and answers in ${(1000 / exact.chosen.qps).toFixed(1)} ms.`,
    );
    if (best !== undefined) {
      const saved = 1 / exact.chosen.qps - 1 / best.chosen.qps;
      const even =
        saved > 0
          ? `it would have to answer ${count(Number((best.buildSeconds / saved).toPrecision(2)))} queries to win that time back`
          : "and is no faster";
      out.push(`${best.index} takes ${seconds(best.buildSeconds)} to build; ${even}.`);
    }
  } else if (best !== undefined) {
    out.push(`${best.index} answers ${times(best.faster)} as fast as exact search here.`);
  }
  const target = share(study.targetRecall, 2);
  const short = study.rows.filter((row) => row.chosen.recall < study.targetRecall);
  const swept = short.filter((row) => row.index !== "Auto").map((row) => row.index);
  if (swept.length > 0) out.push(`Below recall ${target} at every setting tried: ${swept.join(" and ")}.`);
  const auto = short.find((row) => row.index === "Auto");
  if (auto !== undefined)
    out.push(
      `Auto, tuned on rows of its own, came to ${share(auto.chosen.recall, 3)} here, short of its ${target}.`,
    );
  return out;
}
