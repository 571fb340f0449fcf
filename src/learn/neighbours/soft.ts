import type { RelaxationForm } from "../../autodiff/index.ts";
import { checkK, resolveOptions, VicinalError } from "../../core/index.ts";
import type { Key, Neighbors, SearchOptions, VectorsInput } from "../../indexes/contract.ts";
import { relaxedNeighbors } from "./relaxation.ts";

/** What {@link softNeighbors} searches: any index of this library. */
export interface Searchable<K extends Key = Key> {
  search(queries: VectorsInput, options?: SearchOptions<K>): Neighbors<K>;
}

export interface SoftNeighborsOptions<K extends Key = Key> {
  /** Neighbours to take softly; default 1. */
  k?: number;
  /** Temperature in units of the index's distances, one or one for each query; default 1. */
  t?: number | ArrayLike<number>;
  /** Candidates that the index looks up for each query; default 4 · k, at least 32. */
  candidates?: number;
  /** Default "alpha"; "hard" takes the first k candidates. See relaxedNeighbors. */
  form?: RelaxationForm | "hard";
  /** How to search: efSearch, nprobe, filter, … */
  search?: Omit<SearchOptions<K>, "k">;
}

/** Candidates of each query and the weights that take k of them. */
export interface SoftNeighbors<K extends Key = Key> {
  readonly found: Neighbors<K>;
  /** [queries, k, candidates] in the order of `found`; candidates that were not found have weight 0. */
  readonly weights: Float64Array;
  readonly queries: number;
  readonly k: number;
  readonly candidates: number;
  /**
   * Expected values of each soft neighbour: Σ weight · value(key), [queries, k, width] for values of that width.
   * Throws BAD_INPUT for values of unequal width.
   */
  expect(value: (key: K) => ArrayLike<number>, width: number): Float64Array;
}

const DEFAULTS: Required<Omit<SoftNeighborsOptions, "search">> = { k: 1, t: 1, candidates: 0, form: "alpha" };

/**
 * Soft k-NN over an index of any kind: it finds candidates, their distances are relaxed into weights. What lies
 * beyond the candidates would have had the least weight; with enough of them nothing changes.
 *
 * @throws VicinalError as the index's search and relaxedNeighbors do
 * @remarks The cost is that of the search, and O(k · candidates) a query
 */
export function softNeighbors<K extends Key>(
  index: Searchable<K>,
  queries: VectorsInput,
  { search, ...options }: SoftNeighborsOptions<K> = {},
): SoftNeighbors<K> {
  const given = resolveOptions(DEFAULTS, options);
  const k = checkK(given.k);
  const candidates = checkK(given.candidates === 0 ? Math.max(32, 4 * k) : given.candidates);
  const found = index.search(queries, { ...search, k: candidates });
  const width = found.k;
  const distances = new Float64Array(found.queries * width).fill(Infinity);
  for (let q = 0; q < found.queries; q++) distances.set(found.row(q).distances, q * width);
  const table = { data: distances, rows: found.queries, cols: width, stride: width };
  const { weights } = relaxedNeighbors(table, { k, t: given.t, form: given.form });
  const shape = { queries: found.queries, k, candidates: width };
  return { found, weights, ...shape, expect: (value, size) => expected(found, weights, k, value, size) };
}

function expected<K extends Key>(
  found: Neighbors<K>,
  weights: Float64Array,
  k: number,
  value: (key: K) => ArrayLike<number>,
  width: number,
): Float64Array {
  const out = new Float64Array(found.queries * k * width);
  for (let q = 0; q < found.queries; q++) {
    found.keys(q).forEach((key, i) => {
      const values = value(key);
      if (values.length !== width) {
        const got = `${values.length} numbers for key ${String(key)}`;
        throw new VicinalError("BAD_INPUT", { what: "value", got, rule: `${width} numbers` });
      }
      for (let step = 0; step < k; step++) {
        const weight = weights[(q * k + step) * found.k + i]!;
        for (let c = 0; c < width; c++) out[(q * k + step) * width + c]! += weight * values[c]!;
      }
    });
  }
  return out;
}
