import type { Dtype, Matrix, Metric, MetricOptions, RunOptions, Scalars } from "../core/index.ts";

/** What a caller names a row by. Numbers are safe integers. */
export type Key = number | string | bigint;

/** A value of a metadata field; an array matches a filter when any of its members does. */
export type FieldValue = string | number | boolean | null | readonly (string | number | boolean)[];

/** Optional facts kept with a key; fields can be filtered on. */
export type Metadata = Readonly<Record<string, FieldValue>>;

/** One vector: any numeric typed array or plain array; a Uint16Array holds binary16 bit patterns. */
export type VectorInput = Scalars | readonly number[];

/** One vector, rows packed end to end (length a multiple of the dimension), a matrix, or a list of vectors. */
export type VectorsInput = VectorInput | Matrix<Scalars> | readonly VectorInput[];

/** Conditions on one metadata field. */
export interface FieldCondition {
  $eq?: FieldValue;
  $ne?: FieldValue;
  $in?: readonly FieldValue[];
  $nin?: readonly FieldValue[];
  $gt?: number | string;
  $gte?: number | string;
  $lt?: number | string;
  $lte?: number | string;
  $exists?: boolean;
}

/** A filter on metadata fields: all named fields must match; combine with $and, $or, $not. */
export interface Where {
  $and?: readonly Where[];
  $or?: readonly Where[];
  $not?: Where;
  [field: string]: FieldValue | FieldCondition | readonly Where[] | Where | undefined;
}

/** A filter evaluated once by {@link Index.mask}, to be used for many searches until the index changes. */
export interface Mask {
  readonly matches: number;
  /** One bit a slot, least significant first. @internal */
  readonly bits: Uint8Array;
  /** The index's change counter when this was made. @internal */
  readonly version: number;
}

/**
 * Which rows may be answered: a predicate on key and metadata, a set of keys, a bitmap over
 * whole-number keys (bit `key & 7` of byte `key >> 3`), a condition on metadata, or a prepared mask.
 */
export type Filter<K extends Key = Key> =
  | ((key: K, metadata: Metadata | undefined) => boolean)
  | ReadonlySet<K>
  | Uint8Array
  | Where
  | Mask;

/** Parameters of one search that only some indexes know, such as `efSearch` or `nprobe`. */
export type SearchParams = Readonly<Record<string, number>>;

export interface SearchOptions<K extends Key = Key> {
  /** Neighbours wanted, default 10; a row is shorter when fewer match. */
  k?: number;
  filter?: Filter<K>;
  /** Only neighbours at this distance or closer, in the metric's own units. */
  maxDistance?: number;
  /** Compare with every row instead of searching approximately. */
  exact?: boolean;
  /** Candidates kept while searching a graph; at least k is used. */
  efSearch?: number;
  /** Candidates scored again exactly after a search over codes. */
  rerank?: number;
  /** Lists of an inverted file to look into. */
  nprobe?: number;
  /** Candidates that a forest of trees collects. */
  searchK?: number;
  /** Leaves of an exact tree to look into, which makes it approximate. */
  maxLeaves?: number;
}

export interface AsyncSearchOptions<K extends Key = Key> extends SearchOptions<K>, RunOptions {
  /** Worker threads; default 1. Answers do not depend on it. */
  threads?: number;
}

export interface AddOptions<K extends Key = Key> {
  /** One key a row; default: whole numbers continuing after the largest automatic key. */
  keys?: readonly K[];
  /** One record a row. */
  metadata?: readonly (Metadata | undefined)[];
}

export interface AsyncAddOptions<K extends Key = Key> extends AddOptions<K>, RunOptions {
  threads?: number;
}

/** Answers, shape queries × k, sorted by distance, then by slot. Rows are as long as `counts` says. */
export interface Neighbors<K extends Key = Key> {
  readonly queries: number;
  readonly k: number;
  /** Row slots inside the index, row-major; read rows through {@link row} or {@link keys}. */
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
  readonly counts: Uint32Array;
  /** Row q, without unused places, as views. */
  row(q: number): { ids: Uint32Array; distances: Float32Array };
  /** The caller's keys of row q (default 0), nearest first. */
  keys(q?: number): K[];
  key(q: number, i: number): K;
  /** Row q (default 0) as objects. */
  items(q?: number): { key: K; distance: number }[];
}

/** All rows within a radius: like {@link Neighbors}, with rows of unequal length. */
export interface RangeNeighbors<K extends Key = Key> {
  readonly queries: number;
  /** Row q spans offsets[q] … offsets[q + 1). */
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
  row(q: number): { ids: Uint32Array; distances: Float32Array };
  keys(q?: number): K[];
  items(q?: number): { key: K; distance: number }[];
}

/** Where the bytes are. All counts are bytes. */
export interface MemoryUse {
  /** WebAssembly pages plus buffers and tables on the JavaScript side. */
  readonly total: number;
  readonly vectors: number;
  readonly codes: number;
  readonly links: number;
  readonly keys: number;
  readonly metadata: number;
  /** Scratch space, alignment, and room reserved for rows to come. */
  readonly overhead: number;
}

export interface IndexStats {
  readonly kind: string;
  readonly spec: string;
  readonly size: number;
  readonly removed: number;
  readonly capacity: number;
  readonly dimension: number;
  readonly metric: Metric | "custom";
  readonly dtype: Dtype;
  readonly memory: MemoryUse;
  /** Facts of the kind of index, such as levels or mean degree. */
  readonly details: Readonly<Record<string, number | string>>;
}

/** Whether the structure can reach everything it holds. */
export interface HealthReport {
  readonly size: number;
  readonly removed: number;
  /** Live rows that no search could reach. */
  readonly unreachable: number;
  /** Live rows that no other row links to. */
  readonly withoutInlinks: number;
  readonly ok: boolean;
}

/** Recall measured against exact search on a sample. */
export interface AuditReport {
  readonly recall: number;
  /** 95 % confidence interval of the mean recall. */
  readonly low: number;
  readonly high: number;
  readonly sample: number;
  readonly k: number;
  readonly params: SearchParams;
}

export interface AuditOptions
  extends RunOptions,
    Pick<SearchOptions, "efSearch" | "rerank" | "nprobe" | "searchK" | "maxLeaves"> {
  /** Queries drawn from the rows held (each leaves itself out); default 200. */
  sample?: number;
  k?: number;
  seed?: number;
}

/** What every index does, exact or approximate. */
export interface Index<K extends Key = Key> {
  readonly kind: string;
  /** Canonical specification, such as `HNSW16,SQ7,Refine`. */
  readonly spec: string;
  /** The metric's name, or "custom" for a distance function of the caller's. */
  readonly metric: Metric | "custom";
  /** Numbers of the metric, where it takes some. */
  readonly metricOptions: MetricOptions | undefined;
  readonly dimension: number;
  readonly dtype: Dtype;
  /** True when every answer equals brute force. */
  readonly exact: boolean;
  /** Live rows. */
  readonly size: number;
  readonly seed: number;
  /** Names of the search parameters this kind knows. */
  readonly searchParams: readonly string[];
  /** Default search parameters; change with {@link configure}. */
  readonly defaults: SearchParams;

  configure(params: Partial<Record<string, number>>): void;
  /** Values of each search parameter worth trying when k neighbours are wanted, ascending. */
  dials(k: number): Readonly<Record<string, readonly number[]>>;
  add(vectors: VectorsInput, options?: AddOptions<K>): void;
  addAsync(
    vectors: VectorsInput | AsyncIterable<VectorsInput> | Iterable<Matrix<Scalars>>,
    options?: AsyncAddOptions<K>,
  ): Promise<void>;
  upsert(vectors: VectorsInput, options: AddOptions<K> & { keys: readonly K[] }): void;
  /** Takes the keys out; unknown keys are passed over. Returns how many were removed. */
  remove(keys: K | Iterable<K>): number;
  has(key: K): boolean;
  /** A copy of the stored vector (unit length under cosine). Throws KEY_UNKNOWN. */
  get(key: K): Float32Array | Uint8Array | Int8Array;
  metadata(key: K): Metadata | undefined;
  keys(): IterableIterator<K>;
  mask(filter: Filter<K>): Mask;

  search(queries: VectorsInput, options?: SearchOptions<K>): Neighbors<K>;
  /** Searches without allocating results; `out` must come from a search of the same shape. */
  searchInto(queries: VectorsInput, out: Neighbors<K>, options?: SearchOptions<K>): void;
  searchAsync(queries: VectorsInput, options?: AsyncSearchOptions<K>): Promise<Neighbors<K>>;
  range(
    queries: VectorsInput,
    radius: number,
    options?: Omit<SearchOptions<K>, "k" | "maxDistance">,
  ): RangeNeighbors<K>;
  /** Neighbours one after another, nearest first, as far as the caller reads. */
  neighbors(
    query: VectorInput,
    options?: Omit<SearchOptions<K>, "k">,
  ): IterableIterator<{ key: K; distance: number }>;

  /** Makes room for n rows in all; only a hint. */
  reserve(n: number): void;
  /** Drops removed rows for good, zeroing their bytes, and releases what room it can. */
  compact(): void;
  stats(): IndexStats;
  health(): HealthReport;
  /** Reconnects what {@link health} finds unreachable; returns how many rows it mended. */
  repair(): number;
  audit(options?: AuditOptions): Promise<AuditReport>;
  /** Writes the index to a file, replacing it atomically. */
  save(path: string, options?: RunOptions): Promise<void>;
  /** Writes the bytes of a file to a stream and closes it. */
  write(stream: WritableStream<Uint8Array>, options?: RunOptions): Promise<void>;
  /** The index as the bytes of a file. */
  toBytes(): Uint8Array;
  close(): void;
}

/** Options of create(); an index refuses those that its kind does not know. */
export interface FactoryOptions {
  dimension: number;
  /** Default l2. */
  metric?: Metric;
  /** Flat and exact trees: numbers that minkowski and mahalanobis take. */
  metricOptions?: MetricOptions | undefined;
  /** Default f32, or bits for hamming. */
  dtype?: Dtype;
  seed?: number;
  /** Graphs: candidates kept while a row looks for its links. */
  efConstruction?: number;
  /** Graphs: candidates kept while searching. */
  efSearch?: number;
  /** Inverted files: lists to look into. */
  nprobe?: number;
  /** ScaNN: share of a row's norm from which on a product with it makes an answer. */
  threshold?: number;
  /** ScaNN with SOAR: how much second lists avoid the errors of the first. */
  lambda?: number;
  /** Forests: candidates to collect. */
  searchK?: number;
  /** Exact trees: rows of a leaf. */
  leafSize?: number;
}

export interface CreateOptions {
  dimension: number;
  metric?: Metric;
  dtype?: Dtype;
  seed?: number;
}
