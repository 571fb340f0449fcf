import {
  checkNames,
  checkTargetRecall,
  createRng,
  type Dtype,
  type Metric,
  type MetricOptions,
  parseMetric,
  permutation,
  type RunOptions,
  turn,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { Index, Key, VectorInput, VectorsInput } from "../contract.ts";
import { dimensionOf, dtypeOf } from "../dataShape.ts";
import { copyRows, readVectors } from "../parts/vectors.ts";
import { VectorIndex } from "../vectorIndex.ts";
import { type Alternative, chooseIndex } from "./choose.ts";
import { type Neighbourhood, neighbourhoodOf } from "./neighbourhood.ts";

export interface ExplainOptions extends RunOptions {
  /** For vectors; an index has its own. */
  metric?: Metric;
  /** Numbers that minkowski and other metrics take. */
  metricOptions?: MetricOptions;
  dtype?: Dtype;
  /** Components of a vector; needed only when vectors come end to end in one array. */
  dimension?: number;
  /** Default 0.95. */
  targetRecall?: number;
  /** Bytes that the index may take. */
  memoryBudget?: number;
  /** Rows that intrinsic dimension and hubness are measured on, among each other; default 2000. */
  sample?: number;
  seed?: number;
}

/** What Auto would choose, and what the data is like. */
export interface Explanation extends Neighbourhood {
  readonly rows: number;
  readonly dimension: number;
  readonly metric: Metric;
  readonly dtype: Dtype;
  readonly targetRecall: number;
  readonly memoryBudget: number | undefined;
  /** What build() would try first; its bytes are an estimate. */
  readonly choice: Alternative;
  /** Everything that was weighed, best first, the choice included. */
  readonly alternatives: readonly Alternative[];
  /** What the measured facts mean, in sentences. */
  readonly notes: readonly string[];
}

const OPTIONS = [
  "metric",
  "metricOptions",
  "dtype",
  "dimension",
  "targetRecall",
  "memoryBudget",
  "sample",
  "seed",
  "signal",
  "onProgress",
] satisfies (keyof ExplainOptions)[];

/** Skewness from which some rows are neighbours of very many (Radovanović et al. call data so skewed hubby). */
const HUBBY = 1.4;

/** Rows to look at, and how to read them. */
interface Source {
  readonly rows: number;
  readonly dimension: number;
  readonly metric: Metric;
  readonly metricOptions: MetricOptions | undefined;
  readonly dtype: Dtype;
  vector(i: number): VectorInput;
}

/**
 * What `Auto` would build for these vectors, or for the rows of an index, and why; with the intrinsic dimension and
 * the hubness of the data, which tell how hard it is, and the estimated bytes of every alternative.
 *
 * @throws VicinalError for bad vectors or options, or a memory budget too small for any index; the abort's reason
 * @remarks Compares `sample` rows with each other: about as long as `sample` exact searches among as many
 */
export async function explain<K extends Key = Key>(
  data: VectorsInput | Index<K>,
  options: ExplainOptions = {},
): Promise<Explanation> {
  checkNames(options, OPTIONS);
  const { targetRecall = 0.95, memoryBudget, sample = 2000, seed = 42, signal, onProgress } = options;
  checkTargetRecall(targetRecall);
  wholeNumber("sample", sample, 3, 100_000);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  const source =
    data instanceof VectorIndex ? fromIndex(data, options) : fromVectors(data as VectorsInput, options);
  const { rows, dimension, metric, metricOptions, dtype } = source;
  const { ladder, alternatives } = chooseIndex({
    n: rows,
    dimension,
    metric,
    dtype,
    targetRecall,
    memoryBudget,
  });
  const first = ladder[0]!;
  const choice = { ...alternatives.find(({ spec }) => spec === first.spec)!, why: first.why };
  const drawn = permutation(rows, createRng(seed, "explain")).subarray(0, sample);
  const vectors = Array.from(drawn, (i) => source.vector(i));
  const measuring = neighbourhoodOf(vectors, { dimension, metric, metricOptions, dtype, seed });
  let step = measuring.next();
  while (!step.done) {
    signal?.throwIfAborted();
    onProgress?.({ phase: "explain", done: step.value, total: vectors.length });
    await turn();
    step = measuring.next();
  }
  const found = step.value;
  const facts = { rows, dimension, metric, dtype, targetRecall, memoryBudget };
  return { ...facts, ...found, choice, alternatives, notes: notesOn(found, dimension) };
}

function fromIndex<K extends Key>(index: VectorIndex<K>, options: ExplainOptions): Source {
  const { metric, dimension, dtype } = index;
  for (const name of ["metric", "metricOptions", "dtype", "dimension"] as const) {
    if (options[name] === undefined) continue;
    const rule = "left out: an index has its own";
    throw new VicinalError("OPTION_RANGE", { option: name, got: options[name], rule });
  }
  if (metric === "custom") {
    const rule = "Auto knows nothing of a distance function; name a metric";
    throw new VicinalError("UNSUPPORTED", { what: "explain() of an index with its own distance", rule });
  }
  index.requireIdle();
  const live: number[] = [];
  for (let slot = 0; slot < index.rows.rows; slot++) if (!index.rows.isRemoved(slot)) live.push(slot);
  const { metricOptions } = index;
  return {
    rows: live.length,
    dimension,
    metric,
    metricOptions,
    dtype,
    vector: (i) => index.rows.vector(live[i]!),
  };
}

function fromVectors(vectors: VectorsInput, options: ExplainOptions): Source {
  const metric = parseMetric(options.metric ?? "l2");
  const dtype = options.dtype ?? dtypeOf(vectors, metric);
  const dimension = options.dimension ?? dimensionOf(vectors, dtype);
  const reader = readVectors(vectors, dimension, dtype);
  const { metricOptions } = options;
  return {
    rows: reader.rows,
    dimension,
    metric,
    metricOptions,
    dtype,
    vector: (i) => copyRows(reader, i, i + 1),
  };
}

function notesOn({ intrinsicDimension, hubness, sample }: Neighbourhood, dimension: number): string[] {
  const notes: string[] = [];
  if (intrinsicDimension !== undefined) {
    const d = intrinsicDimension.toPrecision(2);
    notes.push(
      `Around its rows the data fills about ${d} of ${dimension} dimensions (among ${sample} rows): ${effort(intrinsicDimension)}.`,
    );
  }
  if (hubness !== undefined) {
    const meaning =
      hubness > HUBBY
        ? "some rows are among the nearest of very many, and others of none; these are the hardest to find"
        : "rows are among the nearest of others about equally often";
    notes.push(`Hubness ${hubness.toFixed(2)}: ${meaning}.`);
  }
  return notes;
}

function effort(intrinsicDimension: number): string {
  if (intrinsicDimension < 8) return "easy to search, and a tree may do it exactly";
  if (intrinsicDimension < 25)
    return "graphs and inverted files find most neighbours in a small part of the rows";
  return "hard to search, so that a high recall takes wide searches";
}
