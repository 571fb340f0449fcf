import { cacheFolder, joinPath, keepFile, readKept, sha256 } from "#platform";
import {
  checkK,
  type Matrix,
  type Metric,
  type MetricOptions,
  type RunOptions,
  type Scalars,
  VicinalError,
} from "../core/index.ts";
import { create } from "../indexes/index.ts";
import type { Truth } from "./recall.ts";
import { indexShape } from "./shape.ts";
import { decodeTruth, encodeTruth } from "./truth-file.ts";

/** Exact neighbours with their distances; k is at most the rows of the base. */
export interface GroundTruth extends Truth {
  readonly ids: Uint32Array;
  /** In the metric's own units, shape queries × k. */
  readonly distances: Float32Array;
}

export interface GroundTruthOptions extends RunOptions {
  metric: Metric;
  /** Numbers of the metric, where it takes some. */
  metricOptions?: MetricOptions | undefined;
  /** Neighbours a query, default 100 as in ann-benchmarks; at most the rows of the base are given. */
  k?: number;
  /** Worker threads, default 1. The answer does not depend on it. */
  threads?: number;
  /**
   * Folder that keeps results by content hash; false for none. By default the user's cache folder
   * keeps those that took about a second or more; in a browser nothing is kept.
   */
  cache?: string | false;
}

/** Multiply-adds from which a result is worth keeping by default. */
const WORTH_KEEPING = 2e9;

/**
 * The exact nearest rows of the base for every query, by exhaustive search.
 *
 * @param base shape n × d
 * @param queries shape q × d
 * @returns shape q × min(k, n)
 * @throws DIM_MISMATCH, NOT_FINITE, ZERO_VECTOR, BAD_K
 * @remarks O(n·q·d), or reading one small file when the same was asked before
 */
export async function groundTruth(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  options: GroundTruthOptions,
): Promise<GroundTruth> {
  const k = Math.min(checkK(options.k ?? 100), base.rows);
  if (queries.cols !== base.cols) {
    throw new VicinalError("DIM_MISMATCH", { what: "queries", got: queries.cols, want: base.cols });
  }
  if (k === 0 || queries.rows === 0) {
    return { ids: new Uint32Array(0), distances: new Float32Array(0), queries: queries.rows, k };
  }
  const path = placeOf(base, queries, k, options);
  const bytes = path === undefined ? undefined : await readKept(path);
  const kept = bytes && decodeTruth(bytes, queries.rows, k, base.rows);
  if (kept !== undefined) return kept;
  const truth = await search(base, queries, k, options);
  if (path !== undefined) await keepFile(path, encodeTruth(truth));
  return truth;
}

async function search(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  k: number,
  options: GroundTruthOptions,
): Promise<GroundTruth> {
  const { metric, metricOptions, threads, signal, onProgress } = options;
  const index = create("Flat", { ...indexShape(base, metric), metricOptions });
  try {
    await index.addAsync(base, { signal });
    const found = await index.searchAsync(queries, {
      k,
      threads: threads ?? 1,
      signal,
      onProgress: onProgress && ((p) => onProgress({ ...p, phase: "ground truth" })),
    });
    // A fresh exact index numbers its slots as the rows came, and without a filter no row is short.
    return { ids: found.ids.slice(), distances: found.distances.slice(), queries: queries.rows, k };
  } finally {
    index.close();
  }
}

/** Where this result is kept: a name from the hash of everything it depends on. */
function placeOf(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  k: number,
  options: GroundTruthOptions,
): string | undefined {
  if (options.cache === false) return undefined;
  if (options.cache === undefined && base.rows * base.cols * queries.rows < WORTH_KEEPING) return undefined;
  const folder = options.cache ?? cacheFolder("truth");
  if (folder === undefined) return undefined;
  const hash = sha256();
  const numbers = options.metricOptions === undefined ? "" : ` ${JSON.stringify(options.metricOptions)}`;
  hash.update(new TextEncoder().encode(`truth 1 ${options.metric}${numbers} ${k}\n`));
  for (const m of [base, queries]) {
    hash.update(new TextEncoder().encode(`${m.data.constructor.name} ${m.rows} × ${m.cols}\n`));
    for (const rows of contiguous(m))
      hash.update(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
  }
  return joinPath(folder, `${hash.hex()}.truth`);
}

function* contiguous(m: Matrix<Scalars>): Generator<Scalars> {
  if (m.stride === m.cols) yield m.data.subarray(0, m.rows * m.cols);
  else for (let i = 0; i < m.rows; i++) yield m.data.subarray(i * m.stride, i * m.stride + m.cols);
}
