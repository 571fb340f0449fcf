import { expect } from "vitest";
import {
  createRng,
  type Dtype,
  isVicinalError,
  type Metric,
  type VicinalError,
} from "../../src/core/index.ts";
import {
  CODE_METRICS,
  create,
  type Index,
  type Key,
  type SearchParams,
  SUPPORT,
} from "../../src/indexes/index.ts";

/** A kind of index that the contract is tried on. A new index joins every suite by a line here. */
export interface Kind {
  readonly spec: string;
  /** Row of the SUPPORT table. */
  readonly support: keyof typeof SUPPORT;
  readonly codes: boolean;
  /** Keeps the vectors however many rows there are, so that distances are those of the vectors. */
  readonly keepsVectors: boolean;
  /** Searches a graph with efSearch, unless scanning is cheaper. */
  readonly graph: boolean;
  /** Search parameters small enough that the structure is searched rather than all rows; graphs take efSearch. */
  readonly near?: SearchParams;
}

/** Search options that make a small index search its structure rather than compare all rows. */
export function nearby({ graph, near }: Kind, efSearch: number): SearchParams {
  return near ?? (graph ? { efSearch } : {});
}

export const KINDS: readonly Kind[] = [
  { spec: "Flat", support: "Flat", codes: false, keepsVectors: true, graph: false },
  { spec: "BallTree", support: "BallTree", codes: false, keepsVectors: true, graph: false },
  { spec: "HNSW8", support: "HNSW", codes: false, keepsVectors: true, graph: true },
  {
    ...{ spec: "IVF4,Flat", support: "Lists", codes: false, keepsVectors: true, graph: false },
    near: { nprobe: 2 },
  },
  { spec: "SQ8", support: "Lists", codes: true, keepsVectors: false, graph: false },
  {
    ...{ spec: "IVF4,SQ6", support: "Lists", codes: true, keepsVectors: false, graph: false },
    near: { nprobe: 2 },
  },
  {
    ...{ spec: "OPQ4,IVF4,PQ4x4fs,Refine", support: "Lists", codes: true, keepsVectors: true, graph: false },
    near: { nprobe: 2 },
  },
  {
    ...{ spec: "IVF4,RaBitQ,Refine", support: "Lists", codes: true, keepsVectors: true, graph: false },
    near: { nprobe: 2 },
  },
  {
    ...{ spec: "ScaNN", support: "ScaNN", codes: true, keepsVectors: true, graph: false },
    near: { nprobe: 3 },
  },
  {
    ...{ spec: "ScaNN4,SOAR", support: "ScaNN", codes: true, keepsVectors: true, graph: false },
    near: { nprobe: 1 },
  },
  { spec: "HNSW8,SQ7", support: "HNSW", codes: true, keepsVectors: false, graph: true },
  { spec: "HNSW8,SQ8", support: "HNSW", codes: true, keepsVectors: false, graph: true },
  { spec: "HNSW8,SQ7,Refine", support: "HNSW", codes: true, keepsVectors: true, graph: true },
  {
    ...{ spec: "KDTree", support: "KDTree", codes: false, keepsVectors: true, graph: false },
    near: { maxLeaves: 6 },
  },
  { spec: "HNSW8,SQ8,Refine", support: "HNSW", codes: true, keepsVectors: true, graph: true },
  {
    spec: "RPForest8",
    support: "RPForest",
    codes: false,
    keepsVectors: true,
    graph: false,
    near: { searchK: 40 },
  },
  { spec: "NNDescent16", support: "NNDescent", codes: false, keepsVectors: true, graph: true },
  { spec: "NNDescent16,SQ7,Refine", support: "NNDescent", codes: true, keepsVectors: true, graph: true },
  { spec: "QG16", support: "QG", codes: true, keepsVectors: true, graph: true },
  { spec: "Vamana16", support: "Vamana", codes: false, keepsVectors: true, graph: true },
  { spec: "ANNG12", support: "ANNG", codes: false, keepsVectors: true, graph: true },
  { spec: "ONNG8", support: "ONNG", codes: false, keepsVectors: true, graph: true },
];

/** One supported combination. */
export interface Case extends Kind {
  readonly metric: Metric;
  readonly dtype: Dtype;
  readonly name: string;
}

const METRICS: readonly Metric[] = ["l2", "l2sq", "cosine", "ip", "l1", "linf", "hamming"];

/** Everything that the SUPPORT table says works; what it leaves out must be refused (see badInput). */
export const CASES: readonly Case[] = KINDS.flatMap((kind) =>
  (Object.keys(SUPPORT[kind.support]) as Dtype[]).flatMap((dtype) =>
    METRICS.filter((metric) => supported(kind, dtype, metric)).map((metric) => ({
      ...kind,
      metric,
      dtype,
      name: `${kind.spec} ${metric} ${dtype}`,
    })),
  ),
);

export function supported(kind: Kind, dtype: Dtype, metric: Metric): boolean {
  if (kind.codes && (dtype !== "f32" || !CODE_METRICS.includes(metric))) return false;
  return SUPPORT[kind.support][dtype].includes(metric);
}

/** One case for each kind and dtype, under its first metric. */
export const ONE_METRIC: readonly Case[] = CASES.filter(
  (c, i) => CASES.findIndex((other) => other.spec === c.spec && other.dtype === c.dtype) === i,
);

/** One case for each kind, float32 and l2. */
export const ONE_EACH: readonly Case[] = CASES.filter((c) => c.dtype === "f32" && c.metric === "l2");

/** An empty index of a case; what only graphs know goes to them alone. */
export function make<K extends Key = Key>(
  { spec, metric, dtype, graph }: Case,
  dimension: number,
  options: { seed?: number; efSearch?: number; efConstruction?: number } = {},
): Index<K> {
  const { seed, efSearch, efConstruction } = options;
  const own = { ...(seed === undefined ? {} : { seed }), ...(graph ? { efSearch, efConstruction } : {}) };
  return create<K>(spec, { dimension, metric, dtype, ...own });
}

export type Row = Float32Array | Uint8Array | Int8Array;

export interface DataOptions {
  /** Components that vary freely; the others are mixtures of them and a little noise. */
  intrinsic?: number;
  seed?: number;
}

/** Seeded rows of low intrinsic dimension, in the representation of a dtype (bits packed). */
export function makeRows(n: number, dimension: number, dtype: Dtype, options: DataOptions = {}): Row[] {
  const { intrinsic = 6, seed = 1 } = options;
  // The mixture is that of the shape, so that rows and queries of different seeds are alike.
  const mixing = createRng(7, `mixture ${dimension} ${intrinsic}`);
  const basis = Float64Array.from({ length: intrinsic * dimension }, () => mixing.normal());
  const rng = createRng(seed, "rows");
  return Array.from({ length: n }, () => {
    const z = Float64Array.from({ length: intrinsic }, () => rng.normal());
    const x = new Float64Array(dimension);
    for (let j = 0; j < dimension; j++) {
      x[j] = 0.1 * rng.normal();
      for (let k = 0; k < intrinsic; k++) x[j]! += (z[k]! * basis[k * dimension + j]!) / Math.sqrt(intrinsic);
    }
    return toDtype(x, dtype);
  });
}

function toDtype(x: Float64Array, dtype: Dtype): Row {
  if (dtype === "f32") return Float32Array.from(x);
  if (dtype === "u8") return Uint8Array.from(x, (v) => Math.max(0, Math.min(255, Math.round(128 + 40 * v))));
  if (dtype === "i8") return Int8Array.from(x, (v) => Math.max(-127, Math.min(127, Math.round(40 * v) || 1)));
  const bits = new Uint8Array(Math.ceil(x.length / 8));
  for (let j = 0; j < x.length; j++) if (x[j]! > 0) bits[j >> 3]! |= 1 << (j & 7);
  return bits;
}

/** The metric by its definition, in float64. It shares no code with the library. */
export function trueDistance(metric: Metric, a: Row, b: Row): number {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  let squares = 0;
  let sum = 0;
  let most = 0;
  let bits = 0;
  for (let j = 0; j < a.length; j++) {
    const x = a[j]!;
    const y = b[j]!;
    dot += x * y;
    aa += x * x;
    bb += y * y;
    squares += (x - y) * (x - y);
    sum += Math.abs(x - y);
    most = Math.max(most, Math.abs(x - y));
    for (let rest = metric === "hamming" ? x ^ y : 0; rest !== 0; rest &= rest - 1) bits++;
  }
  const values: Partial<Record<Metric, number>> = {
    ...{ l2: Math.sqrt(squares), l2sq: squares, ip: -dot, l1: sum, linf: most, hamming: bits },
    cosine: 1 - dot / Math.sqrt(aa * bb),
  };
  return values[metric]!;
}

export interface Truth {
  readonly id: number;
  readonly distance: number;
}

/** Rows by true distance, then by number. */
export function bruteForce(
  metric: Metric,
  rows: readonly Row[],
  query: Row,
  k: number = rows.length,
): Truth[] {
  return rows
    .map((row, id) => ({ id, distance: trueDistance(metric, query, row) }))
    .sort((a, b) => a.distance - b.distance || a.id - b.id)
    .slice(0, k);
}

/** The largest error that float32 arithmetic may make in a distance between these two. */
export function tolerance(metric: Metric, a: Row, b: Row): number {
  const norm = (x: Row): number => Math.hypot(...x);
  const value = Math.abs(trueDistance(metric, a, b));
  // Inner products cancel: their error is relative to the norms. Cosine is one of unit vectors.
  const scale = metric === "ip" ? norm(a) * norm(b) : metric === "cosine" ? 1 : value;
  return 1e-5 * scale + (metric === "l2" ? 1e-6 * (norm(a) + norm(b)) : 0) + 1e-12;
}

/** Share of the true k nearest that were answered, ties of distance counted as found. */
export function recallOf(
  metric: Metric,
  rows: readonly Row[],
  query: Row,
  keys: readonly Key[],
  k: number,
): number {
  const truth = bruteForce(metric, rows, query, k);
  const limit = truth[truth.length - 1]!.distance;
  const margin = Math.abs(limit) * 1e-6 + 1e-9;
  const hits = keys.slice(0, k).filter((key) => {
    return trueDistance(metric, query, rows[key as number]!) <= limit + margin;
  });
  return hits.length / truth.length;
}

/** Mean recall over queries, each searched for with these options; keys are row numbers. */
export function meanRecall(
  index: Index,
  metric: Metric,
  rows: readonly Row[],
  queries: readonly Row[],
  options: { k: number; efSearch?: number },
): number {
  let sum = 0;
  for (const query of queries) {
    sum += recallOf(metric, rows, query, index.search(query, options).keys(), options.k);
  }
  return sum / queries.length;
}

/** Runs what must fail with a VicinalError, and answers the error. */
export async function failureOf(work: () => unknown, what: string = String(work)): Promise<VicinalError> {
  try {
    await work();
  } catch (error) {
    if (isVicinalError(error)) return error;
    return expect.fail(`${what} threw ${String(error)}, which has no code`);
  }
  return expect.fail(`${what} threw nothing`);
}

/** Rows packed end to end. */
export function packed<T extends Row>(rows: readonly T[]): T {
  const width = rows[0]!.length;
  const out = new (rows[0]!.constructor as new (n: number) => T)(rows.length * width);
  rows.forEach((row, i) => {
    out.set(row, i * width);
  });
  return out;
}
