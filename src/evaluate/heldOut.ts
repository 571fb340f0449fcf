import {
  checkK,
  type Matrix,
  type Metric,
  matrix,
  type Progress,
  type RunOptions,
  type Scalars,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import type { Index } from "../indexes/contract.ts";
import { build, create, parseSpec } from "../indexes/index.ts";
import type { Evaluation, IndexResult } from "./evaluate.ts";
import { type Grid, gridFor, gridPoints } from "./grid.ts";
import { createJudge } from "./recall.ts";
import { indexShape } from "./shape.ts";
import { measurePoint, type Point, type SweepOptions } from "./sweep.ts";
import { groundTruth } from "./truth.ts";

/** An index to compare, and the values of its search parameters to try; with none, its defaults. */
export interface SweepEntry {
  readonly index: string;
  readonly params: Grid;
}

export interface HeldOutOptions extends RunOptions, Pick<SweepOptions, "rounds" | "budgetMs"> {
  metric: Metric;
  /** Default 10. */
  k?: number;
  /** Rows held back as queries, default 200; at least one row stays. */
  queries?: number;
  /** Threads for builds and the exact neighbours, default 1. */
  threads?: number;
  /** Of builds. */
  seed?: number;
  /** After each build and each setting measured: all that there is so far. */
  onReport?: (report: Evaluation) => void;
}

/** Settings of one sweep: more would keep a reader waiting for hours. */
export const MOST_SETTINGS = 500;

/**
 * Measures indexes on vectors that come without queries: some rows, spread evenly, are held back to be looked for among
 * the others.
 *
 * @param rows shape n × d
 * @throws SPEC_SYNTAX, UNSUPPORTED, OPTION_UNKNOWN, OPTION_RANGE, BAD_K and BAD_INPUT before anything is built
 */
export async function sweepHeldOut(
  rows: Matrix<Scalars>,
  entries: readonly SweepEntry[],
  options: HeldOutOptions,
): Promise<Evaluation> {
  const { metric, signal, threads = 1 } = options;
  const k = checkK(options.k ?? 10);
  const count = wholeNumber("queries", options.queries ?? 200, 1, Math.max(1, rows.rows - 1));
  const settings = entries.map((entry) => checkEntry(entry, rows, metric));
  checkCount(settings);
  const { base, queries } = split(rows, count);
  const told = stages(1 + settings.reduce((sum, each) => sum + 1 + each.length, 0), options);
  const truth = await groundTruth(base, queries, { metric, k, threads, signal, onProgress: told.within("") });
  const judge = createJudge(base, queries, truth, { metric, k });
  const dataset = { n: base.rows, d: indexShape(base, metric).dimension, queries: count, metric, k };
  const results: IndexResult[] = [];
  for (const [i, { index: name }] of entries.entries()) {
    const start = performance.now();
    const run = { signal, threads, seed: options.seed, onProgress: told.within(`${name}: `) };
    const index = await built(name, base, metric, run);
    const buildSeconds = (performance.now() - start) / 1000;
    try {
      const bytes = index.stats().memory.total;
      const points: Point[] = [];
      const tell = (): void => {
        results[i] = { index: name, buildSeconds, bytes, points: points.slice() };
        options.onReport?.({ dataset, results: results.slice() });
      };
      tell();
      for (const params of settings[i]!) {
        const { rounds, budgetMs } = options;
        const measure = { signal, rounds, budgetMs, k, onProgress: told.within(`${name}: `) };
        points.push(await measurePoint(index, queries, judge, params ?? index.defaults, measure));
        tell();
      }
    } finally {
      index.close();
    }
  }
  return { dataset, results };
}

/**
 * The settings to measure, undefined for the defaults. Makes an empty index, since only that knows its parameters.
 *
 * @throws SPEC_SYNTAX, UNSUPPORTED, OPTION_UNKNOWN
 */
export function checkEntry(
  { index, params }: SweepEntry,
  rows: Matrix<Scalars>,
  metric: Metric,
): (Readonly<Record<string, number>> | undefined)[] {
  // What Auto becomes depends on the rows; it knows what the graph it may choose knows.
  const stand = create(isAuto(index) ? "HNSW16" : index, indexShape(rows, metric));
  const known = stand.searchParams;
  stand.close();
  for (const name of Object.keys(params)) {
    if (!known.includes(name)) throw new VicinalError("OPTION_UNKNOWN", { got: name, known: [...known] });
    for (const value of params[name]!) wholeNumber(name, value, 1, 0x7fffffff);
  }
  const tried = Object.fromEntries(
    Object.entries(gridFor(params, known)).filter(([, values]) => values.length > 0),
  );
  return Object.keys(tried).length === 0 ? [undefined] : gridPoints(tried);
}

function isAuto(spec: string): boolean {
  return parseSpec(spec).kind === "Auto";
}

function checkCount(settings: readonly (readonly unknown[])[]): void {
  const got = settings.reduce((sum, each) => sum + each.length, 0);
  if (got > 0 && got <= MOST_SETTINGS) return;
  throw new VicinalError("BAD_INPUT", {
    what: "the sweep",
    got: `${got} settings`,
    rule: `1 to ${MOST_SETTINGS} settings in all`,
  });
}

function split(rows: Matrix<Scalars>, count: number): { base: Matrix<Scalars>; queries: Matrix<Scalars> } {
  const held = new Set<number>();
  for (let i = 0; i < count; i++) held.add(Math.floor(((i + 0.5) * rows.rows) / count));
  const of = (size: number): Matrix<Scalars> => {
    const Elements = rows.data.constructor as Float32ArrayConstructor;
    return matrix(new Elements(size * rows.cols), rows.cols, size);
  };
  const [base, queries] = [of(rows.rows - count), of(count)];
  let [b, q] = [0, 0];
  for (let row = 0; row < rows.rows; row++) {
    const values = rows.data.subarray(row * rows.stride, row * rows.stride + rows.cols) as Float32Array;
    const [to, at] = held.has(row) ? [queries, q++] : [base, b++];
    (to.data as Float32Array).set(values, at * rows.cols);
  }
  return { base, queries };
}

interface BuildRun extends RunOptions {
  readonly threads: number;
  readonly seed: number | undefined;
}

async function built(spec: string, base: Matrix<Scalars>, metric: Metric, run: BuildRun): Promise<Index> {
  const { seed, threads, signal, onProgress } = run;
  const shape = indexShape(base, metric);
  if (isAuto(spec)) return build(base, { spec, metric, seed, threads, signal, onProgress });
  const index = create(spec, { ...shape, seed });
  try {
    await index.addAsync(base, { threads, signal, onProgress });
    return index;
  } catch (error) {
    index.close();
    throw error;
  }
}

/** Progress of stages in turn as that of one whole: each is worth a hundred. */
function stages(
  count: number,
  { onProgress }: RunOptions,
): { within(prefix: string): ((progress: Progress) => void) | undefined } {
  let begun = -1;
  return {
    within(prefix) {
      const stage = ++begun;
      return (
        onProgress &&
        (({ phase, done, total }) =>
          onProgress({
            phase: `${prefix}${phase}`,
            done: 100 * stage + Math.floor((100 * done) / Math.max(1, total)),
            total: 100 * count,
          }))
      );
    },
  };
}
