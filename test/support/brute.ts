import { createRng, type Matrix, type Metric, matrix, type Scalars } from "../../src/core/index.ts";
import { rowDistance } from "../../src/evaluate/distance.ts";
import type { Index, Key, Neighbors } from "../../src/indexes/contract.ts";

/** Seeded uniform vectors in [0, 1). */
export function randomMatrix(rows: number, cols: number, seed: number): Matrix<Float32Array> {
  const rng = createRng(seed, "test");
  return matrix(Float32Array.from({ length: rows * cols }, rng.next), cols, rows);
}

/** Rows of the base nearest to one query, by a full sort; ties by row. */
export function bruteForce(
  base: Matrix<Scalars>,
  queries: Matrix<Scalars>,
  q: number,
  metric: Metric,
  k: number,
): { id: number; distance: number }[] {
  const distance = rowDistance(queries, base, metric);
  return Array.from({ length: base.rows }, (_, id) => ({ id, distance: distance(q, id) }))
    .sort((a, b) => a.distance - b.distance || a.id - b.id)
    .slice(0, k);
}

export interface BruteOptions {
  metric?: Metric;
  /** Key of each row; default its number. */
  keyOf?: (row: number) => Key;
  /** Share of the true neighbours that a search with this efSearch keeps; default all. */
  keep?: (efSearch: number) => number;
  onSearch?: (options: object | undefined) => void;
}

/** Exact search written from the definition, with as much of the contract as measuring needs. */
export function bruteIndex(base: Matrix<Scalars>, options: BruteOptions = {}): Index {
  const { metric = "l2", keyOf = (row: number) => row, keep } = options;
  const search: Index["search"] = (queries, given) => {
    options.onSearch?.(given);
    const block = ArrayBuffer.isView(queries)
      ? matrix(queries as Float32Array, base.cols)
      : (queries as Matrix<Scalars>);
    const k = given?.k ?? 10;
    const rows = Array.from({ length: block.rows }, (_, q) => {
      const found = bruteForce(base, block, q, metric, k);
      return keep && !given?.exact ? found.slice(0, Math.round(k * keep(given?.efSearch ?? 50))) : found;
    });
    return {
      queries: block.rows,
      k,
      counts: Uint32Array.from(rows, (r) => r.length),
      keys: (q = 0) => rows[q]!.map((r) => keyOf(r.id)),
      items: (q = 0) => rows[q]!.map((r) => ({ key: keyOf(r.id), distance: r.distance })),
    } as Neighbors;
  };
  return {
    kind: "brute",
    dtype: "f32",
    metric,
    dimension: base.cols,
    size: base.rows,
    exact: keep === undefined,
    searchParams: keep ? ["efSearch"] : [],
    defaults: keep ? { efSearch: 50 } : {},
    search,
    searchAsync: async (queries: Parameters<Index["search"]>[0], given: object) => search(queries, given),
    keys: () => Array.from({ length: base.rows }, (_, row) => keyOf(row)).values(),
    get: (key: number) => base.data.slice(key * base.stride, key * base.stride + base.cols),
    stats: () => ({ memory: { total: 4 * base.rows * base.cols } }),
    close() {},
  } as unknown as Index;
}
