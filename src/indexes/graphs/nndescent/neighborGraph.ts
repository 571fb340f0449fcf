import {
  type Dtype,
  type Job,
  type Metric,
  oneOf,
  parseMetric,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../../core/index.ts";
import type { Index, Key, VectorsInput } from "../../contract.ts";
import { dimensionOf, dtypeOf } from "../../dataShape.ts";
import type { NewOrder } from "../../rowIndex.ts";
import type { RowOptions } from "../../rowOptions.ts";
import type { SavedStructure } from "../../snapshot.ts";
import { CODE_METRICS, checkRowOptions, support } from "../../support.ts";
import { here, onThreads, type Tasks, usableThreads } from "../../task.ts";
import { FlatGraphIndex } from "../common/flatGraph.ts";
import { type DescentOptions, type DescentPlace, descend, descentOptions, rankStrictly } from "./descent.ts";

/** The nearest rows of every row, in compressed form: those of row i are entries offsets[i] … offsets[i + 1]. */
export interface KnnGraph<K extends Key = number> {
  /** Key of each row; row numbers where vectors were given. */
  readonly keys: readonly K[];
  /** Length: rows + 1. */
  readonly offsets: Uint32Array;
  /** Row numbers, the row itself left out. */
  readonly ids: Uint32Array;
  /** In the metric's own unit, ascending within a row. */
  readonly distances: Float32Array;
}

export interface NeighborGraphOptions {
  /** Neighbours of a row; fewer where there are no more rows. */
  k?: number;
  metric?: Metric;
  dtype?: Dtype;
  /** Components of a vector; needed only when vectors come end to end in one array. */
  dimension?: number;
  seed?: number;
  /**
   * What rows are compared by on the way: 7-bit codes, several times faster on long vectors, or the vectors. "auto" takes
   * codes from 64 components on, unless the nearest rows turn out to be as near as the steps of the codes. Distances are
   * those of the vectors in every case.
   */
  codes?: "auto" | "none" | "sq7";
}

const DEFAULTS: Required<Omit<NeighborGraphOptions, "dtype">> & Pick<NeighborGraphOptions, "dtype"> = {
  k: 15,
  metric: "l2",
  dtype: undefined,
  dimension: 0,
  seed: 42,
  codes: "auto",
};

/** Shorter vectors are compared as fast as their codes. */
const CODED_LEAST = 64;
/** Codes are too coarse where the K-th nearest row is usually nearer than so many squared steps. */
const COARSE = 1000;

/** The low word of a place without a row. */
const NO_ROW = 0xffffffff;

/** Rows without links, for their nearest rows alone. */
class BareRows extends FlatGraphIndex {
  readonly kind = "NNDescent";
  readonly spec = "NNDescent";

  constructor(rows: RowOptions, seed: number) {
    const scales = { chooseScale: 1, pruneScale: 1 };
    const graph = { M: 1, capacity: 2, efConstruction: 1, seed, flat: true, ...scales };
    super({ rows, seed, efSearch: 1, graph, seeds: false });
  }

  /** What the descent works with. */
  get place(): DescentPlace {
    return { space: this.space, rows: this.rows, bench: this.bench, graph: this.graph };
  }

  protected override *link(): Tasks<void> {}

  protected override orderAfterAdding(): NewOrder | undefined {
    return undefined;
  }

  override savedStructure(): SavedStructure {
    return this.flatStructure({});
  }
}

/** More neighbours than are wanted: the last are found less surely, and codes put some in a wrong order. */
const keptFor = (k: number): number => k + Math.max(5, Math.ceil(k / 3));

/**
 * The k nearest rows of every row, by NN-descent (Dong, Moses & Li, WWW 2011, doi:10.1145/1963405.1963487): nearly all of
 * them, in a small part of the time that comparing all pairs takes. Takes vectors, or an index, whose rows are compared by
 * its own metric. Few rows (about a hundred) are compared in full.
 *
 * @throws VicinalError UNSUPPORTED for inner product, which is no distance between rows
 * @remarks holds about 32 · k bytes a row meanwhile, beside a copy of the vectors and their codes
 */
export function neighborGraph<K extends Key = number>(
  vectors: VectorsInput | Index<K>,
  options: NeighborGraphOptions = {},
): KnnGraph<K> {
  return runSync(graphJob(vectors, options));
}

/** The same on worker threads, or between turns of the event loop. */
export async function neighborGraphAsync<K extends Key = number>(
  vectors: VectorsInput | Index<K>,
  { threads, signal, onProgress, ...options }: NeighborGraphOptions & RunOptions & { threads?: number } = {},
): Promise<KnnGraph<K>> {
  const count = usableThreads(threads);
  if (count === 1) return runAsync(graphJob(vectors, options), { signal, onProgress });
  const steps = graphSteps(vectors, options, count);
  let step = steps.next();
  try {
    while (!step.done) {
      const { index, tasks } = step.value;
      index.space.engine.share();
      await onThreads(index.space.engine, tasks, count, { signal, onProgress });
      step = steps.next();
    }
    return step.value;
  } finally {
    steps.return(undefined as never);
  }
}

function* graphJob<K extends Key>(
  vectors: VectorsInput | Index<K>,
  options: NeighborGraphOptions,
): Job<KnnGraph<K>> {
  const steps = graphSteps(vectors, options, 1);
  let step = steps.next();
  try {
    while (!step.done) {
      yield* here(step.value.index.space.engine, step.value.tasks);
      step = steps.next();
    }
    return step.value;
  } finally {
    steps.return(undefined as never);
  }
}

interface Step {
  readonly index: BareRows;
  readonly tasks: Tasks<void>;
}

/** One descent, or a second over the vectors where codes were too coarse. */
function* graphSteps<K extends Key>(
  given: VectorsInput | Index<K>,
  options: NeighborGraphOptions,
  threads: number,
): Generator<Step, KnnGraph<K>, void> {
  const { k, seed, codes, ...rest } = resolveOptions(DEFAULTS, options) as typeof DEFAULTS;
  wholeNumber("k", k, 1, 100_000);
  oneOf("codes", codes, ["auto", "none", "sq7"]);
  const { vectors, keys, ...shape } = sourceOf(given, rest);
  const { metric, dtype, dimension } = shape;
  checkRowOptions({ ...shape, seed });
  const where = support("NNDescent", metric, dtype, codes === "sq7");
  if (where !== undefined || metric === "ip") {
    const rule = where ?? "inner product is no distance between rows; use cosine";
    throw new VicinalError("UNSUPPORTED", { what: `a graph of nearest rows by ${metric}`, rule });
  }
  const coded = dtype === "f32" && CODE_METRICS.includes(metric) && dimension >= CODED_LEAST;
  const used = codes !== "auto" ? codes : coded ? "sq7" : "none";
  const index = new BareRows({ ...shape, codes: used, keepVectors: true, augment: false }, seed);
  try {
    index.add(vectors);
    const options = descentOptions(keptFor(k), index.size, seed);
    const all = Uint32Array.from({ length: index.size }, (_, i) => i);
    yield { index, tasks: ranked(index, all, options, threads) };
    if (codes !== "auto" || used === "none" || typicalRank(index, options.K) >= COARSE) {
      if (dtype === "f32") yield { index, tasks: rankStrictly(index.place, options.K, threads) };
      return readGraph<K>(index, options.K, k, keys);
    }
  } finally {
    index.close();
  }
  return yield* graphSteps(given, { ...options, codes: "none" }, threads);
}

function* ranked(
  { place }: BareRows,
  rows: Uint32Array,
  options: DescentOptions,
  threads: number,
): Tasks<void> {
  yield* descend(place, rows, options, threads);
}

interface Source<K extends Key> {
  readonly vectors: VectorsInput;
  readonly keys: readonly K[] | undefined;
  readonly dimension: number;
  readonly metric: Metric;
  readonly dtype: Dtype;
}

function sourceOf<K extends Key>(
  given: VectorsInput | Index<K>,
  { metric, dtype, dimension }: Pick<typeof DEFAULTS, "metric" | "dtype" | "dimension">,
): Source<K> {
  if (!(typeof given === "object" && given !== null && "searchParams" in given)) {
    const named = parseMetric(metric);
    const type = dtype ?? dtypeOf(given as VectorsInput, named);
    const cols = dimension || dimensionOf(given as VectorsInput, type);
    return { vectors: given as VectorsInput, keys: undefined, dimension: cols, metric: named, dtype: type };
  }
  if (given.metric === "custom") {
    const rule = "rows are compared by a metric of the library";
    throw new VicinalError("UNSUPPORTED", { what: "a graph of nearest rows by a function", rule });
  }
  const keys = [...given.keys()];
  const vectors = keys.map((key) => given.get(key));
  return { vectors, keys, dimension: given.dimension, metric: given.metric, dtype: given.dtype };
}

/** Half of the rows' K-th nearest rows are nearer than this, in squared steps of the codes. */
function typicalRank({ rows, space }: BareRows, K: number): number {
  const keys = space.f32("knn");
  const step = Math.max(1, Math.floor(rows.rows / 1000));
  const ranks: number[] = [];
  for (let row = 0; row < rows.rows; row += step) ranks.push(keys[(row * K + K - 1) * 2 + 1]!);
  return ranks.sort((a, b) => a - b)[ranks.length >> 1] ?? Number.POSITIVE_INFINITY;
}

/** Copies the first k places of each row out of section "knn". */
function readGraph<K extends Key>(
  { rows, space }: BareRows,
  K: number,
  k: number,
  keys: readonly K[] | undefined,
): KnnGraph<K> {
  const n = rows.rows;
  const words = space.u32("knn");
  const ranks = space.f32("knn");
  const offsets = new Uint32Array(n + 1);
  const ids = new Uint32Array(n * Math.min(k, K));
  const distances = new Float32Array(ids.length);
  const { metric } = rows.options;
  let at = 0;
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < Math.min(k, K); i++) {
      const key = (row * K + i) * 2;
      if (words[key] === NO_ROW) break;
      ids[at] = words[key]! >>> 1;
      const rank = ranks[key + 1]!;
      distances[at++] = metric === "l2" ? Math.sqrt(rank) : metric === "cosine" ? rank / 2 : rank;
    }
    offsets[row + 1] = at;
  }
  const names = keys ?? (Array.from({ length: n }, (_, i) => i) as unknown as readonly K[]);
  return { keys: names, offsets, ids: ids.slice(0, at), distances: distances.slice(0, at) };
}
