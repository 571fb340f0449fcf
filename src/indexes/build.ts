import {
  checkK,
  checkTargetRecall,
  type Dtype,
  type Metric,
  parseMetric,
  type RunOptions,
  resolveOptions,
  VicinalError,
} from "../core/index.ts";
import type { AuditReport, Index, Key, Metadata, VectorsInput } from "./contract.ts";
import { create } from "./create.ts";
import type { HeldOutTuning } from "./hnsw/heldOut.ts";
import { HnswIndex } from "./hnsw/hnsw.ts";
import { parseSpec } from "./parts/spec.ts";
import { readVectors } from "./parts/vectors.ts";
import { defaultDtype, support } from "./support.ts";

export interface BuildOptions<K extends Key = Key> extends RunOptions {
  metric?: Metric;
  dtype?: Dtype;
  /** Components of a vector; needed only when vectors come end to end in one array. */
  dimension?: number;
  /** Share of true neighbours to find, on average; above 0, at most 1 (exact). Default 0.95. */
  targetRecall?: number;
  /** Neighbours that the target is about; default 10. */
  k?: number;
  /** A specification instead of the automatic choice. */
  spec?: string;
  keys?: readonly K[];
  metadata?: readonly (Metadata | undefined)[];
  seed?: number;
  threads?: number;
  efConstruction?: number;
}

/** What build() decided, and how well it does. */
export interface BuildReport {
  readonly spec: string;
  readonly why: string;
  /** Recall measured on held-out rows with the chosen parameters; absent for exact indexes. */
  readonly recall?: AuditReport;
}

/** Rows that wait to be linked until they have been searched for. */
const TUNING_ROWS = 500;

/** Fewer rows are searched exactly: fast enough, and never wrong. */
const EXACT_ROWS = 10_000;

const DEFAULTS: Required<
  Omit<BuildOptions, "signal" | "onProgress" | "keys" | "metadata" | "spec" | "dtype">
> &
  BuildOptions = {
  metric: "l2",
  dtype: undefined,
  dimension: 0,
  targetRecall: 0.95,
  k: 10,
  spec: "Auto",
  keys: undefined,
  metadata: undefined,
  seed: 42,
  threads: 1,
  efConstruction: 200,
  signal: undefined,
  onProgress: undefined,
};

const reports = new WeakMap<object, BuildReport>();

/** The report of an index made by build(), if it was. */
export function buildReport(index: Index<Key>): BuildReport | undefined {
  return reports.get(index);
}

/**
 * An index over these vectors that finds `targetRecall` of the true neighbours: exact search for few rows,
 * otherwise HNSW over codes with exact rescoring, whose `efSearch` is tuned on held-out rows. Where codes miss the
 * target, a graph over the vectors is built, and where that does, exact search is taken. What was chosen, why, and
 * the recall measured are in {@link buildReport}.
 *
 * @throws VicinalError for bad vectors, keys or options; the abort's reason
 */
export async function build<K extends Key = Key>(
  vectors: VectorsInput,
  given: BuildOptions<K> = {},
): Promise<Index<K>> {
  const options = resolveOptions(DEFAULTS as BuildOptions<K>, given);
  const metric = parseMetric(options.metric);
  const dtype = options.dtype ?? dtypeOf(vectors, metric);
  const { targetRecall = 0.95, k = 10, seed = 42, threads, signal, onProgress } = options;
  checkK(k);
  checkTargetRecall(targetRecall);
  const dimension = options.dimension || dimensionOf(vectors, dtype);
  const { rows } = readVectors(vectors, dimension, dtype);
  const ladder = choices(options.spec ?? "Auto", rows, metric, dtype, targetRecall);
  let missed = "";
  for (let step = 0; ; step++) {
    const { spec, why } = ladder[step]!;
    const isGraph = parseSpec(spec).kind === "HNSW";
    const index = create<K>(spec, {
      dimension,
      metric,
      dtype,
      seed,
      ...(isGraph ? { efConstruction: options.efConstruction } : {}),
    });
    const tuning: HeldOutTuning = { targetRecall, k, sample: TUNING_ROWS };
    if (index instanceof HnswIndex) index.tuning = tuning;
    try {
      const { keys, metadata } = options;
      await index.addAsync(vectors, { keys, metadata, threads, signal, onProgress });
    } catch (error) {
      index.close();
      throw error;
    }
    const recall = tuning.report;
    if (step === ladder.length - 1 || recall === undefined || recall.recall >= targetRecall) {
      reports.set(index, { spec, why: missed + why, recall });
      return index;
    }
    missed += `${spec} reached ${recall.recall.toFixed(3)} only; `;
    index.close();
  }
}

interface Choice {
  readonly spec: string;
  readonly why: string;
}

/** What to build, best first; the next is taken where one misses the target on held-out rows. */
function choices(spec: string, rows: number, metric: Metric, dtype: Dtype, targetRecall: number): Choice[] {
  if (parseSpec(spec).kind !== "Auto") return [{ spec, why: "asked for" }];
  const exact = (why: string): Choice => ({ spec: "Flat", why });
  if (targetRecall === 1) return [exact("a recall of 1 means exact search")];
  if (rows <= EXACT_ROWS) return [exact(`${rows} rows are compared in full faster than an index pays off`)];
  const ladder: Choice[] = [];
  if (support("HNSW", metric, dtype, true) === undefined) {
    const why = `${rows} rows: a graph over 7-bit codes, rescored by the vectors`;
    ladder.push({ spec: "HNSW16,SQ7,Refine", why });
  }
  if (support("HNSW", metric, dtype, false) === undefined) {
    ladder.push({ spec: "HNSW16", why: `${rows} rows: a graph over the vectors themselves` });
  }
  return [...ladder, exact("no graph reaches the target on this data")];
}

function dtypeOf(vectors: VectorsInput, metric: Metric): Dtype {
  if (metric === "hamming") return "bits";
  const first = ArrayBuffer.isView(vectors)
    ? vectors
    : ((vectors as { data?: unknown })?.data ?? (vectors as unknown[])?.[0]);
  const graphs = metric !== "cosine" && metric !== "ip";
  if (graphs && first instanceof Uint8Array) return "u8";
  if (graphs && first instanceof Int8Array) return "i8";
  return defaultDtype(metric);
}

function dimensionOf(vectors: VectorsInput, dtype: Dtype): number {
  const bits = dtype === "bits" ? 8 : 1;
  if (typeof vectors === "object" && vectors !== null) {
    if ("cols" in vectors && typeof vectors.cols === "number") return vectors.cols * bits;
    if (!ArrayBuffer.isView(vectors)) {
      const first = (vectors as readonly unknown[])[0];
      if (typeof first === "object" && first !== null && "length" in first && Number(first.length) > 0) {
        return Number(first.length) * (ArrayBuffer.isView(first) ? bits : 1);
      }
    }
  }
  throw new VicinalError("BAD_INPUT", {
    what: "dimension",
    got: "missing",
    rule: "given with vectors that come end to end in one array, or with none",
  });
}
