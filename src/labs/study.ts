import {
  createRng,
  type Matrix,
  type Metric,
  permutation,
  type RunOptions,
  type Scalars,
} from "../core/index.ts";
import {
  createJudge,
  type Grid,
  groundTruth,
  type Judge,
  type Point,
  pointAtRecall,
  sweep,
} from "../evaluate/index.ts";
import type { Index } from "../indexes/contract.ts";
import { build, create } from "../indexes/index.ts";
import { count, seconds, share, times } from "./numbers.ts";
import { gather } from "./rows.ts";

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

/** An index that takes part in a study. */
export interface Contestant {
  /** What tables and plots call it. */
  readonly name: string;
  make(base: Matrix<Scalars>, options: MakeOptions): Promise<Index>;
}

export interface MakeOptions extends RunOptions {
  readonly seed: number;
  readonly threads: number;
}

export interface StudyOptions extends RunOptions {
  seed: number;
  /** Specifications, or contestants that make themselves. */
  indexes: readonly (string | Contestant)[];
  /** The settings to measure an index at when k neighbours are wanted. */
  settings(index: Index, k: number): Grid;
  /** Threads for exact ground truth and for building; queries use one. */
  threads: number;
  /** Timed passes over the queries at each point, at most. */
  rounds: number;
  /** Neighbours wanted; default 10. */
  k?: number;
}

/** What is true of a data set, found once for all that is measured on it. */
export interface Judges {
  readonly base: Matrix<Scalars>;
  readonly queries: Matrix<Scalars>;
  /** A judge of answers of k rows. */
  of(k: number): Judge;
}

const METRIC: Metric = "l2";
const K = 10;
const TARGET = 0.95;

/** Finds the true neighbours of the queries, exactly, and makes judges of them for any k up to `most`. */
export async function judges(
  { base, queries }: Pick<StudyInput, "base" | "queries">,
  most: number,
  { threads, signal, onProgress }: Pick<StudyOptions, "threads"> & RunOptions,
): Promise<Judges> {
  const k = Math.min(most, base.rows);
  const truth = await groundTruth(base, queries, { metric: METRIC, k, threads, signal, onProgress });
  return {
    base,
    queries,
    of: (wanted) => createJudge(base, queries, truth, { metric: METRIC, k: Math.min(wanted, k) }),
  };
}

/**
 * Builds each index and measures it at each setting: one query a call, one thread, recall recomputed by the judge
 * from the rows returned.
 */
export async function runStudy(input: StudyInput, options: StudyOptions): Promise<Study> {
  const { base, queries } = input;
  const k = options.k ?? K;
  const all = await judges(input, k, options);
  const rows: StudyRow[] = [];
  for (const each of options.indexes) {
    const contestant = typeof each === "string" ? bySpec(each) : each;
    const { index, buildSeconds } = await builtIn(contestant, base, options);
    try {
      rows.push(await measureRow(contestant.name, index, buildSeconds, all, k, options));
    } finally {
      index.close();
    }
  }
  return studyOf(input, queries.rows, k, rows, options);
}

/** A study of these rows. */
export function studyOf(
  { name, title, note, base }: StudyInput,
  queries: number,
  k: number,
  rows: readonly StudyRow[],
  { threads }: Pick<StudyOptions, "threads">,
): Study {
  const shape = { n: base.rows, d: base.cols, queries };
  return { name, title, note, ...shape, metric: METRIC, k, targetRecall: TARGET, threads, rows };
}

/** Builds an index and says how long it took. */
export async function builtIn(
  contestant: Contestant,
  base: Matrix<Scalars>,
  { seed, threads, signal, onProgress }: MakeOptions,
): Promise<{ index: Index; buildSeconds: number }> {
  const phase = `build ${contestant.name}`;
  const report = onProgress && ((p: { done: number; total: number }) => onProgress({ ...p, phase }));
  const start = performance.now();
  const index = await contestant.make(base, { seed, threads, signal, onProgress: report });
  return { index, buildSeconds: (performance.now() - start) / 1000 };
}

/** One index at each of its settings, with the one that is chosen of them. */
export async function measureRow(
  name: string,
  index: Index,
  buildSeconds: number,
  all: Judges,
  k: number,
  { settings, rounds, signal, onProgress }: StudyOptions,
): Promise<StudyRow> {
  onProgress?.({ phase: `measure ${name}`, done: 0, total: 1 });
  // Auto is measured as it tuned itself.
  const grid: Grid = name === "Auto" ? {} : settings(index, k);
  const judge = all.of(k);
  const points = await sweep(index, all.queries, judge, grid, { rounds, budgetMs: 1000, signal });
  const best = points.reduce((a, b) => (b.recall > a.recall ? b : a));
  return {
    index: name,
    spec: index.spec,
    exact: index.exact,
    buildSeconds,
    bytes: index.stats().memory.total,
    points,
    chosen: pointAtRecall(points, TARGET) ?? best,
  };
}

/** The index of a specification. */
export function bySpec(spec: string, name: string = spec): Contestant {
  return {
    name,
    async make(base, { seed, threads, signal, onProgress }) {
      if (spec === "Auto") {
        const tuned = { metric: METRIC, targetRecall: TARGET, seed };
        return build(base, { ...tuned, threads, signal, onProgress });
      }
      const index = create(spec, { dimension: base.cols, metric: METRIC, seed });
      try {
        await index.addAsync(base, { threads, signal, onProgress });
        return index;
      } catch (error) {
        index.close();
        throw error;
      }
    },
  };
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

/** Some rows, drawn by the seed, taken out to be the queries. */
export function heldOut(
  vectors: Matrix<Float32Array>,
  queries: number,
  seed: number,
): Pick<StudyInput, "base" | "queries"> {
  const order = [...permutation(vectors.rows, createRng(seed, "held-out queries"))];
  return { base: gather(vectors, order.slice(queries)), queries: gather(vectors, order.slice(0, queries)) };
}
