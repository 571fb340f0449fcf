import { VicinalError } from "../../core/index.ts";
import type { ExportName } from "../../kernels/index.ts";
import type { VectorReader } from "../parts/vectors.ts";
import type { StructureSearch } from "../plan.ts";
import type { RangeFound } from "../rangeSearch.ts";
import type { RowStore } from "../rows.ts";
import type { Space } from "../space.ts";
import { REQUEST_BYTES, writeRequest } from "../structs.ts";
import type { Workbench } from "../workbench.ts";

/** A structure that finds all rows within a rank. */
export interface WithinSearch extends StructureSearch {
  /** `fn(scratch, structure, request, within, begin, end)`, see wasm/trees/within.ts. */
  readonly withinFn: ExportName;
}

const WITHIN_BYTES = 32;
/** Queries staged at a time. */
const WAVE = 256;
/** Rows listed by one call, unless one query alone has more. */
const LISTED = 1 << 20;

type Call = (
  scratch: number,
  tree: number,
  request: number,
  within: number,
  begin: number,
  end: number,
) => void;

/** Range searches through a tree: counts, or lists of rows. */
export class WithinSearcher {
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  /** Turns ranks into distances, in place. */
  readonly #toDistances: (ranks: Float32Array) => void;

  constructor(space: Space, rows: RowStore, bench: Workbench, toDistances: (ranks: Float32Array) => void) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    this.#toDistances = toDistances;
    space.set({ within: WITHIN_BYTES, withinRequest: REQUEST_BYTES, withinAt: 0, withinKeys: 0 });
  }

  /** How many rows are within the radius of each query. */
  count(reader: VectorReader, radius: number, skip: boolean, tree: WithinSearch): Uint32Array {
    const counts = new Uint32Array(reader.rows);
    const limit = this.#rankOf(radius);
    for (let from = 0; from < reader.rows && limit !== undefined; from += WAVE) {
      const n = Math.min(WAVE, reader.rows - from);
      counts.set(this.#count(reader, from, n, limit, skip, tree), from);
    }
    return counts;
  }

  /** The rows within the radius of each query, nearest first. */
  list(reader: VectorReader, radius: number, skip: boolean, tree: WithinSearch): RangeFound {
    const offsets = new Uint32Array(reader.rows + 1);
    const ids: Uint32Array[] = [];
    const distances: Float32Array[] = [];
    const limit = this.#rankOf(radius);
    for (let from = 0; from < reader.rows; from += WAVE) {
      const n = Math.min(WAVE, reader.rows - from);
      const counts =
        limit === undefined ? new Uint32Array(n) : this.#count(reader, from, n, limit, skip, tree);
      for (let q = 0; q < n; q++) offsets[from + q + 1] = offsets[from + q]! + counts[q]!;
      for (let begin = 0; begin < n && limit !== undefined; ) {
        let end = begin + 1;
        let total = counts[begin]!;
        while (end < n && total + counts[end]! <= LISTED) total += counts[end++]!;
        const keys = this.#list(offsets.subarray(from, from + n + 1), begin, end, limit, skip, tree);
        ids.push(Uint32Array.from({ length: total }, (_, i) => keys[2 * i]!));
        distances.push(ranksOf(keys));
        begin = end;
      }
    }
    const total = offsets[reader.rows]!;
    const found = { offsets, ids: new Uint32Array(total), distances: new Float32Array(total) };
    let at = 0;
    ids.forEach((part, i) => {
      found.ids.set(part, at);
      found.distances.set(distances[i]!, at);
      at += part.length;
    });
    this.#toDistances(found.distances);
    this.#space.set({ withinKeys: 0 });
    return found;
  }

  /** The largest rank whose distance is at most the radius; undefined when none is. */
  #rankOf(radius: number): number | undefined {
    const value = new Float32Array(1);
    const bits = new Uint32Array(value.buffer);
    // Ranks of trees are never negative, so their bits are in order.
    const within = (b: number): boolean => {
      bits[0] = b;
      this.#toDistances(value);
      return value[0]! <= radius;
    };
    if (!within(0)) return undefined;
    let low = 0;
    let high = 0x7f80_0001;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (within(middle)) low = middle;
      else high = middle;
    }
    bits[0] = low;
    return value[0]!;
  }

  /** Stages n queries and counts. */
  #count(
    reader: VectorReader,
    from: number,
    n: number,
    limit: number,
    skip: boolean,
    tree: WithinSearch,
  ): Uint32Array {
    const space = this.#space;
    space.atLeast("queries", n * this.#rows.queryStride);
    space.atLeast("counts", n * 4);
    this.#rows.stageQueries(reader, space.ptr("queries"), from, from + n);
    this.#run(0, n, limit, skip, tree, false);
    return space.u32("counts").slice(0, n);
  }

  /** Lists what the staged queries begin … end have, as pairs of words: slot and ordered bits of the rank. */
  #list(
    offsets: Uint32Array,
    begin: number,
    end: number,
    limit: number,
    skip: boolean,
    tree: WithinSearch,
  ): Uint32Array {
    const space = this.#space;
    const total = offsets[end]! - offsets[begin]!;
    if (total === 0) return new Uint32Array(0);
    space.atLeast("withinAt", WAVE * 4);
    // Keys, and room to sort them.
    space.atLeast("withinKeys", 2 * 8 * total);
    space.u32("withinAt").set(
      offsets.subarray(begin, end).map((at) => at - offsets[begin]!),
      begin,
    );
    this.#run(begin, end, limit, skip, tree, true);
    return space.u32("withinKeys").subarray(0, 2 * total);
  }

  #run(begin: number, end: number, limit: number, skip: boolean, tree: WithinSearch, listed: boolean): void {
    const space = this.#space;
    const plan = { k: 1, exact: false, ef: 0x7fff_ffff, rerank: 0, skip, matches: 0 };
    this.#bench.ensure(1, tree.room(plan));
    const structure = tree.prepare(plan);
    const scratch = tree.scratch(0);
    const request = space.ptr("withinRequest");
    writeRequest(space.engine, request, {
      ...{ queries: space.ptr("queries"), queryStride: this.#rows.queryStride },
      ...{ k: 1, ef: 0, rerank: 0, skip: skip ? space.ptr("skip") : 0, strictKind: 0 },
      ...{ rows: space.ptr("vectors"), rowStride: this.#rows.rowBytes, rowBytes: this.#rows.rowBytes },
      ...{ levels: 0, offsets: 0, inverseStep: 0, ids: 0, ranks: 0, counts: space.ptr("counts") },
    });
    const within = space.ptr("within");
    space.engine.f32[within >>> 2] = limit;
    const keys = listed ? space.ptr("withinKeys") : 0;
    const spare = keys + space.bytes("withinKeys") / 2;
    space.engine.u32.set([keys, space.ptr("withinAt"), spare, 0], (within >>> 2) + 1);
    const call = space.engine.exports[tree.withinFn] as unknown as Call;
    try {
      for (let q = begin; q < end; q++) call(scratch, structure, request, within, q, q + 1);
    } catch (cause) {
      throw new VicinalError("TRAPPED", { what: "a range search" }, { cause });
    }
  }
}

/** The ranks in the high words of keys, whose bits are ordered as numbers are. */
function ranksOf(keys: Uint32Array): Float32Array {
  const bits = Uint32Array.from({ length: keys.length / 2 }, (_, i) => {
    const high = keys[2 * i + 1]!;
    return high >>> 31 ? high & 0x7fff_ffff : ~high;
  });
  return new Float32Array(bits.buffer);
}
