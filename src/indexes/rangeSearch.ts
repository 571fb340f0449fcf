import { checkOptions } from "../core/index.ts";
import type { Key, SearchOptions, VectorsInput } from "./contract.ts";
import type { VectorIndex } from "./vectorIndex.ts";

export interface RangeFound {
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
}

/** First number of answers asked for; it grows until the farthest answer lies beyond the radius. */
const FIRST = 32;

/**
 * All rows within a radius, query by query: nearest-neighbour searches of growing k until one reaches beyond
 * the radius. Through a graph the answer is as complete as its search; `exact` scans.
 */
export function rangeSearch<K extends Key>(
  index: VectorIndex<K>,
  queries: VectorsInput,
  radius: number,
  options: Omit<SearchOptions<K>, "k" | "maxDistance">,
): RangeFound {
  checkOptions(options);
  // A filter is evaluated once, for all queries and rounds.
  const fixed = options.filter === undefined ? options : { ...options, filter: index.mask(options.filter) };
  let k = FIRST;
  const first = index.search(queries, { ...fixed, k });
  const offsets = new Uint32Array(first.queries + 1);
  const ids: Uint32Array[] = [];
  const distances: Float32Array[] = [];
  for (let q = 0; q < first.queries; q++) {
    let row = first.row(q);
    k = FIRST;
    while (row.ids.length === k && row.distances[k - 1]! <= radius && k < index.size) {
      k = Math.min(index.size, k * 4);
      row = index.search(queryAt(queries, q, first.queries), { ...fixed, k }).row(0);
    }
    let n = row.ids.length;
    while (n > 0 && row.distances[n - 1]! > radius) n--;
    ids.push(row.ids.slice(0, n));
    distances.push(row.distances.slice(0, n));
    offsets[q + 1] = offsets[q]! + n;
  }
  return { offsets, ids: joinIds(ids, offsets), distances: joinDistances(distances, offsets) };
}

/** Query q of any input that holds `n` of them. */
function queryAt(queries: VectorsInput, q: number, n: number): VectorsInput {
  if (n === 1) return queries;
  if (typeof queries === "object" && "rows" in queries && "stride" in queries) {
    const { data, cols, stride } = queries;
    return data.subarray(q * stride, q * stride + cols);
  }
  if (ArrayBuffer.isView(queries)) {
    const width = queries.length / n;
    return (queries as Float32Array).subarray(q * width, (q + 1) * width);
  }
  const list = queries as readonly unknown[];
  if (list.length === n && typeof list[0] !== "number") return list[q] as VectorsInput;
  const width = list.length / n;
  return list.slice(q * width, (q + 1) * width) as number[];
}

function joinIds(parts: readonly Uint32Array[], offsets: Uint32Array): Uint32Array {
  const out = new Uint32Array(offsets[parts.length]!);
  parts.forEach((part, q) => {
    out.set(part, offsets[q]!);
  });
  return out;
}

function joinDistances(parts: readonly Float32Array[], offsets: Uint32Array): Float32Array {
  const out = new Float32Array(offsets[parts.length]!);
  parts.forEach((part, q) => {
    out.set(part, offsets[q]!);
  });
  return out;
}
