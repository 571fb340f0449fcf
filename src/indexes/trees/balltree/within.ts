import { distanceOfRank } from "../../metricBlock.ts";
import type { VectorReader } from "../../parts/vectors.ts";
import type { RangeFound } from "../../rangeSearch.ts";
import type { RowStore } from "../../rows.ts";
import type { Space } from "../../space.ts";
import type { Workbench } from "../../workbench.ts";
import { distanceOf, largestRank, stageRequest } from "./request.ts";
import type { Balls } from "./tree.ts";

/** Bytes of the Within struct (wasm/trees/ballWithin.ts). */
const WITHIN_BYTES = 32;
/** Keys that are compared with the limit at a time. */
const PIECE = 256;
/** Queries staged together, and called together: a call should last no longer than a few milliseconds. */
const WAVE = 1024;
const CHUNK = 16;
/** Room for the rows found by the queries of a wave, in keys; one query may take more. */
const KEYS = 1 << 20;

/** What is within a radius of queries, through the balls of a tree. */
export class WithinBalls {
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  readonly #balls: Balls;
  readonly #distance: (rank: number) => number;

  constructor(space: Space, rows: RowStore, bench: Workbench, balls: Balls) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    this.#balls = balls;
    this.#distance = distanceOf(rows, distanceOfRank(rows.options));
    space.set({ ballWithin: WITHIN_BYTES, ballOffsets: 0, gather: 0 });
  }

  /** Rows within the radius of each query; those in section "skip" do not count when there are any. */
  count(reader: VectorReader, radius: number, skip: boolean): Uint32Array {
    const limit = largestRank(this.#distance, radius);
    const counts = new Uint32Array(reader.rows);
    for (let from = 0; from < reader.rows && limit >= 0; from += WAVE) {
      const to = Math.min(from + WAVE, reader.rows);
      this.#run(reader, from, to, limit, skip, undefined);
      counts.set(this.#counts(to - from), from);
    }
    return counts;
  }

  /** The rows themselves, nearest first: counted, then gathered. */
  find(reader: VectorReader, radius: number, skip: boolean): RangeFound {
    const limit = largestRank(this.#distance, radius);
    const counts = this.count(reader, radius, skip);
    const offsets = new Uint32Array(reader.rows + 1);
    for (let q = 0; q < reader.rows; q++) offsets[q + 1] = offsets[q]! + counts[q]!;
    const ids = new Uint32Array(offsets[reader.rows]!);
    const distances = new Float32Array(ids.length);
    let from = 0;
    while (from < reader.rows && ids.length > 0) {
      let to = from + 1;
      while (to < reader.rows && to - from < WAVE && offsets[to + 1]! - offsets[from]! <= KEYS) to++;
      const first = offsets[from]!;
      const at = this.#run(reader, from, to, limit, skip, offsets.subarray(from, to + 1));
      const { u32 } = this.#space.engine;
      for (let i = first; i < offsets[to]!; i++) {
        const key = (at >>> 2) + 2 * (i - first);
        ids[i] = u32[key]!;
        word[0] = u32[key + 1]! & 0x7fffffff;
        distances[i] = this.#distance(float[0]!);
      }
      from = to;
    }
    return { offsets, ids, distances };
  }

  /** Counts, or gathers where places are given; returns the address of the keys. */
  #run(
    reader: VectorReader,
    from: number,
    to: number,
    limit: number,
    skip: boolean,
    offsets: Uint32Array | undefined,
  ): number {
    const space = this.#space;
    const n = to - from;
    const keys = offsets === undefined ? 0 : offsets[n]! - offsets[0]!;
    this.#bench.ensure(1, { pool: this.#balls.levels + 4, sorted: PIECE + 1, code: 16 });
    space.atLeast("ballOffsets", n * 4);
    if (offsets !== undefined) space.atLeast("gather", 16 * keys);
    const request = stageRequest(space, this.#rows, reader, from, to, { answers: 0, k: 1, ef: 0, skip });
    const scratch = this.#balls.scratch(0);
    const tree = this.#balls.prepare();
    if (offsets !== undefined) {
      const places = space.u32("ballOffsets");
      for (let q = 0; q < n; q++) places[q] = offsets[q]! - offsets[0]!;
    }
    const within = space.ptr("ballWithin");
    const w = space.engine.u32;
    w[within >>> 2] = request;
    space.engine.f32[(within >>> 2) + 1] = limit;
    w[(within >>> 2) + 2] = space.ptr("counts");
    w[(within >>> 2) + 3] = offsets === undefined ? 0 : space.ptr("gather");
    w[(within >>> 2) + 4] = space.ptr("ballOffsets");
    w[(within >>> 2) + 5] = space.ptr("gather") + 8 * keys;
    const { ballWithin } = space.engine.exports;
    for (let q = 0; q < n; q += CHUNK) ballWithin(scratch, tree, within, q, Math.min(q + CHUNK, n));
    return space.ptr("gather");
  }

  #counts(n: number): Uint32Array {
    return this.#space.u32("counts").subarray(0, n);
  }
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);
