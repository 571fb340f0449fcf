import {
  checkK,
  type Dtype,
  type Matrix,
  type Metric,
  type MetricOptions,
  matrix,
  oneOf,
  parseMetric,
  type RunOptions,
  resolveOptions,
  trueOrFalse,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { Index, Neighbors, VectorsInput } from "../../indexes/contract.ts";
import { dimensionOf } from "../../indexes/dataShape.ts";
import { create } from "../../indexes/index.ts";
import { copyRows, readVectors, type VectorReader } from "../../indexes/parts/vectors.ts";
import { kmeansAsync } from "../../quantize/index.ts";
import { adjustedMutualInfoScore, adjustedRandScore, normalizedMutualInfoScore } from "./agreement.ts";
import { checkLength, classSizes, encodeLabels, type Labels } from "./labels.ts";
import { rankedScores } from "./ranked.ts";
import { calinskiHarabaszScore, daviesBouldinScore, silhouetteScore } from "./separation.ts";

export interface RetrievalOptions extends RunOptions {
  /** Rows to be found, with {@link galleryLabels}; without them each query is looked for among the others. */
  gallery?: VectorsInput;
  galleryLabels?: Labels;
  /** Default l2; an index has its own. */
  metric?: Metric;
  metricOptions?: MetricOptions;
  /** Default [1, 5, 10]. */
  ks?: readonly number[];
  /**
   * Answers looked at a query; default the whole gallery. At least the largest of `ks` and the rows of the largest class
   * are. Fewer leave what lies beyond out of mAP and MRR alone, and save time.
   */
  depth?: number;
  /** Holds the gallery under its row numbers, and searches it as it is configured; default an exact search. */
  index?: Index<number>;
  /** What is averaged: queries alike (default), or the means of the classes of the queries. */
  average?: "queries" | "classes";
  /** Whether k-means clusters of the queries are compared with their labels; default true. */
  cluster?: boolean;
  /** Rows, drawn by the seed, that the silhouette compares with each other; default 2000. */
  sample?: number;
  seed?: number;
  /** Worker threads; default 1. The scores do not depend on it. */
  threads?: number;
}

/** How well classes are one cluster each. */
export interface ClusterScores {
  /** Clusters of k-means: as many as there are classes. */
  readonly k: number;
  /** k-means clusters against labels: see {@link normalizedMutualInfoScore} and its neighbours. */
  readonly nmi: number;
  readonly ami: number;
  readonly ari: number;
  /** The labels themselves as clusters. */
  readonly silhouette: number;
  readonly daviesBouldin: number;
  readonly calinskiHarabasz: number;
}

export interface RetrievalScores {
  /** Queries that were scored. */
  readonly queries: number;
  /** Queries left out, as the gallery has no row of their class. */
  readonly skipped: number;
  /** Rows that a query is compared with. */
  readonly gallery: number;
  readonly depth: number;
  /** k → share of queries with a row of their class among the k nearest. */
  readonly recall: Readonly<Record<number, number>>;
  readonly precisionAt1: number;
  readonly rPrecision: number;
  readonly mapAtR: number;
  readonly map: number;
  readonly mrr: number;
  /** Absent where it was not asked for, where vectors are no points of a Euclidean space, or classes are too few or many. */
  readonly clusters?: ClusterScores;
}

const DEFAULTS: RetrievalOptions & Required<Pick<RetrievalOptions, "ks" | "average" | "sample" | "seed">> = {
  gallery: undefined as never,
  galleryLabels: undefined as never,
  metric: undefined as never,
  metricOptions: undefined as never,
  ks: [1, 5, 10],
  depth: undefined as never,
  index: undefined as never,
  average: "queries",
  cluster: true,
  sample: 2000,
  seed: 42,
  threads: 1,
  signal: undefined as never,
  onProgress: undefined as never,
};

/** Answers of one batch of queries. */
const BATCH_ANSWERS = 1 << 21;
const MOST_BATCH = 256;

/**
 * How well the nearest rows share the label of a query: recall@k, precision@1, R-precision, MAP@R, mAP and MRR, and how
 * well k-means finds the labels. R is the number of rows of the query's class in the gallery.
 *
 * Recall@k is that of metric learning: whether any of the k nearest is of the class. MAP@R and R-precision are those of
 * Musgrave et al. Equal distances are answered by row number, as everywhere.
 *
 * @param embeddings queries, shape q × d; without a gallery each is compared with the others
 * @param labels class of each query
 * @throws VicinalError BAD_INPUT, DIM_MISMATCH, NOT_FINITE, BAD_K, OPTION_UNKNOWN, OPTION_RANGE
 * @remarks one search for `depth` neighbours a query, q·n·d in all; clustering about 25·q·k·d more
 * @see Musgrave, Belongie & Lim, A Metric Learning Reality Check, ECCV 2020, §3.1
 */
export async function evaluateRetrieval(
  embeddings: VectorsInput,
  labels: Labels,
  given: RetrievalOptions = {},
): Promise<RetrievalScores> {
  const options = resolveOptions(DEFAULTS, given);
  const { average, ks, signal } = options;
  oneOf("average", average, ["queries", "classes"]);
  trueOrFalse("cluster", options.cluster);
  if (!Array.isArray(ks)) {
    throw new VicinalError("OPTION_RANGE", { option: "ks", got: ks, rule: "a list of k, such as [1, 5]" });
  }
  for (const k of ks) checkK(k);
  signal?.throwIfAborted();
  const sides = readSides(embeddings, labels, options);
  const { queries, gallery, codes, galleryCodes, classes, alone } = sides;
  const sizes = classSizes(galleryCodes, classes);
  const most = gallery.rows - (alone ? 1 : 0);
  const wanted = options.depth === undefined ? most : wholeNumber("depth", options.depth, 1, 0x7fffffff);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const depth = Math.min(most, Math.max(wanted, largest, ...ks));
  const own = options.index === undefined;
  const index = options.index ?? (await exactIndex(sides, options));
  const sums = new Sums(ks, classes);
  try {
    const k = depth + (alone ? 1 : 0);
    const batch = Math.max(1, Math.min(MOST_BATCH, Math.floor(BATCH_ANSWERS / Math.max(1, k))));
    const flags = new Uint8Array(depth);
    for (let from = 0; depth > 0 && from < queries.rows; from += batch) {
      options.onProgress?.({ phase: "retrieve", done: from, total: queries.rows });
      const to = Math.min(queries.rows, from + batch);
      const found = await index.searchAsync(copyRows(queries, from, to), {
        k,
        threads: options.threads,
        signal,
      });
      for (let q = from; q < to; q++) {
        const code = codes[q]!;
        const R = sizes[code]! - (alone ? 1 : 0);
        if (R === 0) continue;
        const n = relevance(rowsFound(found, q - from, own), galleryCodes, code, alone ? q : -1, flags);
        sums.add(code, flags.subarray(0, n), R);
      }
    }
  } finally {
    if (own) index.close();
  }
  const clusters = options.cluster ? await clusterScores(sides, labels, options) : undefined;
  return {
    queries: sums.queries,
    skipped: queries.rows - sums.queries,
    gallery: most,
    depth,
    ...sums.means(average),
    ...(clusters === undefined ? {} : { clusters }),
  };
}

interface Sides {
  readonly queries: VectorReader;
  readonly gallery: VectorReader;
  readonly codes: Int32Array;
  readonly galleryCodes: Int32Array;
  readonly classes: number;
  readonly metric: Metric | "custom";
  readonly dtype: Dtype;
  /** Whether queries are rows of the gallery themselves, and do not count as found. */
  readonly alone: boolean;
}

function readSides(embeddings: VectorsInput, labels: Labels, options: RetrievalOptions): Sides {
  const { gallery, galleryLabels, index, metricOptions } = options;
  const metric = index?.metric ?? parseMetric(options.metric ?? "l2");
  if (index !== undefined && (options.metric !== undefined || metricOptions !== undefined)) {
    const rule = "left out: an index has its own";
    throw new VicinalError("OPTION_RANGE", { option: "metric", got: options.metric ?? "given", rule });
  }
  if ((gallery === undefined) !== (galleryLabels === undefined)) {
    const got = gallery === undefined ? "without a gallery" : "missing";
    throw new VicinalError("BAD_INPUT", { what: "galleryLabels", got, rule: "given with a gallery" });
  }
  const dtype = index?.dtype ?? (metric === "hamming" ? "bits" : "f32");
  const dimension = index?.dimension ?? dimensionOf(embeddings, dtype);
  const queries = readVectors(embeddings, dimension, dtype, "embeddings");
  const rows = gallery === undefined ? queries : readVectors(gallery, dimension, dtype, "gallery");
  const [mine, others] = encodeLabels("labels", labels, galleryLabels ?? labels);
  checkLength("labels", labels.length, queries.rows);
  if (galleryLabels !== undefined) checkLength("galleryLabels", galleryLabels.length, rows.rows);
  if (queries.rows === 0 || rows.rows === 0) {
    const what = queries.rows === 0 ? "embeddings" : "gallery";
    throw new VicinalError("BAD_INPUT", { what, got: "empty", rule: "at least one row" });
  }
  if (index !== undefined && index.size !== rows.rows) {
    const got = `of ${index.size} rows`;
    throw new VicinalError("BAD_INPUT", { what: "index", got, rule: `of the gallery's ${rows.rows}` });
  }
  return {
    queries,
    gallery: rows,
    codes: mine!.codes,
    galleryCodes: others!.codes,
    classes: mine!.classes.length,
    metric,
    dtype,
    alone: gallery === undefined,
  };
}

async function exactIndex(
  { gallery, metric, dtype }: Sides,
  { metricOptions, threads, signal }: RetrievalOptions,
): Promise<Index<number>> {
  const { dimension } = gallery;
  const named = metric as Metric;
  const index = create<number>("Flat", {
    ...{ dimension, metric: named, dtype },
    ...(metricOptions === undefined ? {} : { metricOptions }),
  });
  try {
    await index.addAsync(copyRows(gallery, 0, gallery.rows), { threads, signal });
    return index;
  } catch (error) {
    index.close();
    throw error;
  }
}

function rowsFound(found: Neighbors<number>, q: number, own: boolean): ArrayLike<number> {
  // Slots of a fresh index are row numbers; elsewhere the keys are.
  return own ? found.row(q).ids : found.keys(q);
}

/** Flags the answers of the wanted class, the query's own row left out; returns how many answers there are. */
function relevance(
  rows: ArrayLike<number>,
  galleryCodes: Int32Array,
  code: number,
  self: number,
  flags: Uint8Array,
): number {
  let n = 0;
  for (let i = 0; i < rows.length && n < flags.length; i++) {
    if (rows[i] !== self) flags[n++] = galleryCodes[rows[i]!] === code ? 1 : 0;
  }
  return n;
}

/** Scores summed up by class. */
class Sums {
  readonly #ks: readonly number[];
  readonly #counts: Float64Array;
  /** Class by class: R-precision, MAP@R, AP, reciprocal rank, then recall at each k. */
  readonly #sums: Float64Array;
  readonly #width: number;
  queries = 0;

  constructor(ks: readonly number[], classes: number) {
    this.#ks = ks;
    this.#width = 5 + ks.length;
    this.#counts = new Float64Array(classes);
    this.#sums = new Float64Array(classes * this.#width);
  }

  add(code: number, flags: Uint8Array, R: number): void {
    const { firstRank, rPrecision, apAtR, ap } = rankedScores(flags, R);
    const scores = [rPrecision, apAtR, ap, 1 / firstRank, firstRank === 1 ? 1 : 0];
    for (const k of this.#ks) scores.push(firstRank <= k ? 1 : 0);
    for (const [j, score] of scores.entries()) this.#sums[code * this.#width + j]! += score;
    this.#counts[code]!++;
    this.queries++;
  }

  means(average: "queries" | "classes"): Omit<RetrievalScores, "queries" | "skipped" | "gallery" | "depth"> {
    const seen = this.#counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const mean = (j: number): number => {
      let sum = 0;
      for (const [code, count] of this.#counts.entries()) {
        if (count > 0) sum += this.#sums[code * this.#width + j]! / (average === "classes" ? count : 1);
      }
      return sum / (average === "classes" ? seen : this.queries);
    };
    return {
      recall: Object.fromEntries(this.#ks.map((k, j) => [k, mean(5 + j)])),
      precisionAt1: mean(4),
      rPrecision: mean(0),
      mapAtR: mean(1),
      map: mean(2),
      mrr: mean(3),
    };
  }
}

async function clusterScores(
  { queries, codes, metric, dtype }: Sides,
  labels: Labels,
  { seed = 42, sample, threads, signal, onProgress }: RetrievalOptions,
): Promise<ClusterScores | undefined> {
  const k = new Set(codes).size;
  const flat = metric !== "haversine" && metric !== "custom" && dtype !== "bits";
  if (!flat || k < 2 || k >= queries.rows) return undefined;
  const rows = matrix(Float32Array.from(copyRows(queries, 0, queries.rows)), queries.dimension);
  if (metric === "cosine") toUnitLength(rows);
  const { assignments } = await kmeansAsync(rows, { k, seed, threads, signal, onProgress });
  return {
    k,
    nmi: normalizedMutualInfoScore(labels, assignments),
    ami: adjustedMutualInfoScore(labels, assignments),
    ari: adjustedRandScore(labels, assignments),
    silhouette: sampledSilhouette(rows, codes, sample, seed),
    daviesBouldin: daviesBouldinScore(rows, codes),
    calinskiHarabasz: calinskiHarabaszScore(rows, codes),
  };
}

/** NaN where a sample holds too few classes to tell. */
function sampledSilhouette(
  rows: Matrix,
  codes: Int32Array,
  sample: number | undefined,
  seed: number,
): number {
  try {
    return silhouetteScore(rows, codes, { ...(sample === undefined ? {} : { sample }), seed });
  } catch (error) {
    if (error instanceof VicinalError && error.code === "BAD_INPUT") return Number.NaN;
    throw error;
  }
}

function toUnitLength({ data, rows, cols, stride }: Matrix): void {
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * stride, i * stride + cols);
    const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let j = 0; j < cols; j++) row[j]! /= norm;
  }
}
