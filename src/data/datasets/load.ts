import {
  createRng,
  type Matrix,
  type Metric,
  permutation,
  type RunOptions,
  runAsync,
  type Scalars,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { newScalars } from "../elements.ts";
import { openVectorFile, readVectorFile } from "../open.ts";
import type { DataKey, VectorTable } from "../table.ts";
import { type GroundTruth, readGroundTruth } from "../truth.ts";
import { findDataset } from "./find.ts";
import { type DatasetInfo, datasetInfo, type FileRole } from "./registry.ts";
import { SYNTHETIC_DEFAULTS, type SyntheticOptions, syntheticJob } from "./synthetic.ts";

export interface LoadDatasetOptions extends RunOptions {
  /** A folder to look in first. */
  dataDir?: string;
  /** At most this many rows of the base, the first ones; ground truth is dropped then. */
  limit?: number;
  /** For sets without queries: rows drawn by `seed` and taken out of the base; default 500, 0 for none. */
  holdOut?: number;
  seed?: number;
  /** For `synthetic`. */
  synthetic?: Partial<SyntheticOptions>;
}

/** A data set in memory. */
export interface Dataset {
  readonly info: DatasetInfo;
  readonly metric: Metric;
  readonly base: Matrix<Scalars>;
  readonly queries: Matrix<Scalars>;
  /** Published or exact neighbours of the queries, where there are any. */
  readonly truth?: GroundTruth;
  /** Class of each base row. */
  readonly labels?: Int32Array;
  readonly queryLabels?: Int32Array;
  /** Word of each base row. */
  readonly keys?: DataKey[];
  readonly queryKeys?: DataKey[];
  /** Shape of one row as a picture. */
  readonly rowShape?: readonly number[];
  /** Files read. */
  readonly files: Partial<Record<FileRole, string>>;
}

const OPTION_NAMES = ["dataDir", "limit", "holdOut", "seed", "synthetic", "signal", "onProgress"];

/**
 * Loads a named data set from the data folders, or generates it.
 *
 * @throws DATASET_UNKNOWN, DATASET_MISSING, FORMAT, LIMIT, OPTION_RANGE
 */
export async function loadDataset(name: string, options: LoadDatasetOptions = {}): Promise<Dataset> {
  const info = datasetInfo(name);
  for (const key of Object.keys(options)) {
    if (!OPTION_NAMES.includes(key))
      throw new VicinalError("OPTION_UNKNOWN", { got: key, known: OPTION_NAMES });
  }
  const { limit, holdOut = 500, seed = 1 } = options;
  if (limit !== undefined) wholeNumber("limit", limit, 1, 2 ** 31 - 1);
  wholeNumber("holdOut", holdOut, 0, 2 ** 31 - 1);
  if (name === "synthetic") return generate(info, options);

  const files = await findDataset(name, options.dataDir);
  const run = { signal: options.signal, onProgress: options.onProgress };
  const base = await readRows(files.base!, limit, run);
  const common = {
    info,
    metric: info.metric,
    files,
    ...(base.rowShape === undefined ? {} : { rowShape: base.rowShape }),
  };
  if (files.queries === undefined)
    return { ...common, ...split(base, Math.min(holdOut, base.data.rows - 1), seed) };

  const queries = await readVectorFile(files.queries, run);
  if (queries.data.cols !== base.data.cols) {
    throw new VicinalError("DIM_MISMATCH", {
      what: files.queries,
      got: queries.data.cols,
      want: base.data.cols,
    });
  }
  const complete = limit === undefined || base.data.rows < limit;
  const truth = files.truth !== undefined && complete ? await readGroundTruth(files.truth) : undefined;
  if (truth !== undefined) checkTruth(truth, queries.data.rows, base.data.rows, files.truth!);
  const labels = files.labels && (await readClasses(files.labels, base.data.rows, limit !== undefined));
  const queryLabels = files.queryLabels && (await readClasses(files.queryLabels, queries.data.rows, false));
  return {
    ...common,
    base: base.data,
    queries: queries.data,
    ...(truth === undefined ? {} : { truth }),
    ...(labels ? { labels } : {}),
    ...(queryLabels ? { queryLabels } : {}),
  };
}

async function generate(info: DatasetInfo, options: LoadDatasetOptions): Promise<Dataset> {
  const { limit, seed, synthetic } = options;
  const merged: Partial<SyntheticOptions> = {
    ...(seed === undefined ? {} : { seed }),
    ...synthetic,
  };
  if (limit !== undefined) merged.n = Math.min(limit, merged.n ?? SYNTHETIC_DEFAULTS.n);
  const data = await runAsync(syntheticJob(merged), {
    signal: options.signal,
    onProgress: options.onProgress,
  });
  return { info, metric: merged.unit ? "cosine" : info.metric, files: {}, ...data };
}

/** The whole file, or its first rows without reading the others. */
async function readRows(path: string, limit: number | undefined, run: RunOptions): Promise<VectorTable> {
  if (limit === undefined) return readVectorFile(path, run);
  const reader = await openVectorFile(path);
  const { dim, dtype, format, rowShape } = reader;
  let data = newScalars(dtype, 0);
  let rows = 0;
  const keys: DataKey[] = [];
  const parts: Scalars[] = [];
  for await (const block of reader.blocks()) {
    run.signal?.throwIfAborted();
    const take = Math.min(block.rows, limit - rows);
    parts.push(block.data.subarray(0, take * dim) as Scalars);
    if (block.keys !== undefined) keys.push(...block.keys.slice(0, take));
    rows += take;
    run.onProgress?.({ phase: "read", done: rows, total: limit });
    if (rows === limit) break;
  }
  data = newScalars(dtype, rows * dim);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return {
    data: { data, rows, cols: dim, stride: dim },
    dtype,
    format,
    duplicates: reader.duplicates,
    ...(keys.length > 0 ? { keys } : {}),
    ...(rowShape === undefined ? {} : { rowShape }),
  };
}

function checkTruth(truth: GroundTruth, queries: number, rows: number, path: string): void {
  if (truth.queries !== queries) {
    throw new VicinalError("FORMAT", {
      what: path,
      rule: `one row a query (${queries})`,
      got: String(truth.queries),
    });
  }
  const wrong = truth.ids.find((id) => id >= rows);
  if (wrong !== undefined) {
    throw new VicinalError("FORMAT", { what: path, rule: `row numbers below ${rows}`, got: String(wrong) });
  }
}

async function readClasses(path: string, rows: number, more: boolean): Promise<Int32Array> {
  const { data } = await readVectorFile(path);
  const classes = Int32Array.from(data.data);
  if (more ? classes.length < rows : classes.length !== rows) {
    throw new VicinalError("FORMAT", {
      what: path,
      rule: `one label a row (${rows})`,
      got: String(classes.length),
    });
  }
  return classes.subarray(0, rows);
}

/** Takes `count` rows drawn by the seed out of the table as queries. Order is kept on both sides. */
function split(
  table: VectorTable,
  count: number,
  seed: number,
): Pick<Dataset, "base" | "queries" | "keys" | "queryKeys"> {
  const { data: matrix, keys } = table;
  const chosen = permutation(matrix.rows, createRng(seed, "held-out queries")).subarray(0, count);
  const out = new Set(chosen);
  const rows = Array.from({ length: matrix.rows }, (_, i) => i);
  const kept = rows.filter((i) => !out.has(i));
  const taken = rows.filter((i) => out.has(i));
  const gather = (list: number[]): Matrix<Scalars> => {
    const { cols, stride } = matrix;
    const data = newScalars(table.dtype, list.length * cols);
    list.forEach((i, at) => {
      data.set(matrix.data.subarray(i * stride, i * stride + cols), at * cols);
    });
    return { data, rows: list.length, cols, stride: cols };
  };
  return {
    base: gather(kept),
    queries: gather(taken),
    ...(keys === undefined ? {} : { keys: kept.map((i) => keys[i]!), queryKeys: taken.map((i) => keys[i]!) }),
  };
}
