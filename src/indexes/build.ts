import {
  checkK,
  checkNames,
  checkTargetRecall,
  type Dtype,
  type Metric,
  parseMetric,
  type RunOptions,
  resolveOptions,
  VicinalError,
} from "../core/index.ts";
import { type Choice, chooseIndex } from "./auto/choose.ts";
import { bytesOf } from "./bytes.ts";
import type { AuditReport, FactoryOptions, Index, Key, Metadata, VectorsInput } from "./contract.ts";
import { create } from "./create.ts";
import { dimensionOf, dtypeOf } from "./dataShape.ts";
import { GraphIndex } from "./graphs/common/graphIndex.ts";
import type { HeldOutTuning } from "./hnsw/heldOut.ts";
import { KINDS, kindNamed } from "./kinds.ts";
import { parseSpec } from "./parts/spec.ts";
import { readVectors, type VectorReader } from "./parts/vectors.ts";
import { tuneBuilt } from "./tune/built.ts";
import type { VectorIndex } from "./vectorIndex.ts";

/** Beside what is named here, build() takes the options of create() that the kinds of index know. */
export interface BuildOptions<K extends Key = Key> extends RunOptions, Omit<FactoryOptions, "dimension"> {
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
  /** Bytes that the finished index may take, as estimate() has it; building takes more for a while. */
  memoryBudget?: number;
  keys?: readonly K[];
  metadata?: readonly (Metadata | undefined)[];
  seed?: number;
  threads?: number;
}

/** What build() decided, and how well it does. */
export interface BuildReport {
  readonly spec: string;
  readonly why: string;
  /** Recall measured on held-out rows with the chosen parameters; absent for exact indexes. */
  readonly recall?: AuditReport;
}

/** Rows that the search is tuned on; at most a tenth of all where they wait to be linked. */
const TUNING_ROWS = 500;

/** Options of build() itself, and of rows; the rest goes to the index. */
interface OwnOptions<K extends Key> extends RunOptions {
  metric: Metric;
  dtype: Dtype | undefined;
  dimension: number;
  targetRecall: number;
  k: number;
  spec: string;
  memoryBudget: number | undefined;
  keys: readonly K[] | undefined;
  metadata: readonly (Metadata | undefined)[] | undefined;
  seed: number;
  threads: number;
}

const DEFAULTS: OwnOptions<Key> = {
  metric: "l2",
  dtype: undefined,
  dimension: 0,
  targetRecall: 0.95,
  k: 10,
  spec: "Auto",
  memoryBudget: undefined,
  keys: undefined,
  metadata: undefined,
  seed: 42,
  threads: 1,
  signal: undefined,
  onProgress: undefined,
};

const reports = new WeakMap<object, BuildReport>();

/** The report of an index made by build(), if it was. */
export function buildReport(index: Index<Key>): BuildReport | undefined {
  return reports.get(index);
}

/**
 * An index over these vectors that finds `targetRecall` of the true neighbours, its search tuned on rows of its own.
 * Without a specification, `Auto` chooses by rows, dimension, metric, memory budget and target: see explain(). Where
 * what it chose misses the target, the next best is built, at last exact search. What was chosen, why, and the
 * recall measured are in {@link buildReport}.
 *
 * @throws VicinalError for bad vectors, keys or options, or a memory budget too small; the abort's reason
 */
export async function build<K extends Key = Key>(
  vectors: VectorsInput,
  given: BuildOptions<K> = {},
): Promise<Index<K>> {
  const { options, factory } = split(given);
  const metric = parseMetric(options.metric);
  const dtype = options.dtype ?? dtypeOf(vectors, metric);
  const { targetRecall } = options;
  checkK(options.k);
  checkTargetRecall(targetRecall);
  const dimension = options.dimension || dimensionOf(vectors, dtype);
  const reader = readVectors(vectors, dimension, dtype);
  const rungs = ladder({ ...options, metric, dtype, dimension }, reader.rows);
  let missed = "";
  for (let step = 0; ; step++) {
    const { spec, why } = rungs[step]!;
    const index = create<K>(spec, {
      dimension,
      metric,
      dtype,
      seed: options.seed,
      ...optionsFor(spec, options, factory),
    });
    let recall: AuditReport | undefined;
    try {
      recall = await fill(index as VectorIndex<K>, vectors, reader, options);
    } catch (error) {
      index.close();
      throw error;
    }
    if (step === rungs.length - 1 || recall === undefined || recall.recall >= targetRecall) {
      reports.set(index, { spec, why: missed + why, recall });
      return index;
    }
    missed += `${spec} reached ${recall.recall.toFixed(3)} only; `;
    index.close();
  }
}

/** Adds the rows and tunes the search; the recall that it showed, unless the index is exact. */
async function fill<K extends Key>(
  index: VectorIndex<K>,
  vectors: VectorsInput,
  reader: VectorReader,
  { keys, metadata, threads, targetRecall, k, seed, signal, onProgress }: OwnOptions<K>,
): Promise<AuditReport | undefined> {
  const tuning: HeldOutTuning = { targetRecall, k, sample: TUNING_ROWS };
  // A quantized graph is searched otherwise than the graph that it holds while it is built.
  const whileBuilding = index instanceof GraphIndex && index.kind !== "QG";
  if (whileBuilding) index.tuning = tuning;
  await index.addAsync(vectors, { keys, metadata, threads, signal, onProgress });
  if (whileBuilding) return tuning.report;
  const wanted = { targetRecall, k, seed, sample: TUNING_ROWS, signal, onProgress };
  return tuneBuilt(index, reader, keys, wanted);
}

/** Own options with their defaults, and those that go to the index. */
function split<K extends Key>(
  given: BuildOptions<K>,
): {
  options: OwnOptions<K>;
  factory: Readonly<Record<string, unknown>>;
} {
  const known = [...new Set([...Object.keys(DEFAULTS), ...KINDS.flatMap(({ options }) => options)])];
  checkNames(given, known);
  const isOwn = ([name]: [string, unknown]): boolean => Object.hasOwn(DEFAULTS, name);
  const all = Object.entries(given).filter(([, value]) => value !== undefined);
  const own = Object.fromEntries(all.filter(isOwn)) as Partial<OwnOptions<K>>;
  return {
    options: resolveOptions(DEFAULTS as OwnOptions<K>, own),
    factory: Object.fromEntries(all.filter((entry) => !isOwn(entry))),
  };
}

/** Options of the index: all of them where it was named, and those it knows where it was chosen. */
function optionsFor<K extends Key>(
  spec: string,
  options: OwnOptions<K>,
  factory: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (parseSpec(options.spec).kind !== "Auto") return factory;
  const { options: known } = kindNamed(parseSpec(spec).kind)!;
  return Object.fromEntries(Object.entries(factory).filter(([name]) => known.includes(name)));
}

/** What to build, best first; the next is taken where one misses the target. */
function ladder<K extends Key>(options: OwnOptions<K> & { dtype: Dtype }, n: number): readonly Choice[] {
  const { spec, memoryBudget, dimension, metric, dtype, targetRecall } = options;
  if (memoryBudget !== undefined && !(typeof memoryBudget === "number" && memoryBudget > 0)) {
    const rule = "a number of bytes above 0";
    throw new VicinalError("OPTION_RANGE", { option: "memoryBudget", got: memoryBudget, rule });
  }
  const shape = { n, dimension, metric, dtype };
  if (parseSpec(spec).kind === "Auto") return chooseIndex({ ...shape, targetRecall, memoryBudget }).ladder;
  const bytes = memoryBudget === undefined ? 0 : bytesOf(spec, shape).total;
  if (memoryBudget !== undefined && bytes > memoryBudget) {
    const rule = `at least ${bytes} bytes, which ${spec} takes for ${n} rows`;
    throw new VicinalError("OPTION_RANGE", { option: "memoryBudget", got: memoryBudget, rule });
  }
  return [{ spec, why: "asked for" }];
}
