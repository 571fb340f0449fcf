import { VicinalError } from "../core/index.ts";
import type { VectorReader } from "./parts/vectors.ts";
import type { Answers, Plan, SearchEngine } from "./plan.ts";
import type { RowStore } from "./rows.ts";
import type { Space } from "./space.ts";
import type { Tasks } from "./task.ts";

/** A distance of the caller's own: smaller is closer, any number but NaN. The vectors are not to be kept or changed. */
export type DistanceFunction = (a: Float32Array, b: Float32Array) => number;

/** Compares queries with every row by a function in JavaScript; some hundred times slower than a named metric. */
export class FunctionSearcher implements SearchEngine {
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #distance: DistanceFunction;

  constructor(space: Space, rows: RowStore, distance: DistanceFunction) {
    this.#space = space;
    this.#rows = rows;
    this.#distance = distance;
    space.set({ skip: 0 });
  }

  run(reader: VectorReader, plan: Plan, out: Answers): void {
    const query = new Float32Array(reader.width);
    for (let q = 0; q < reader.rows; q++) {
      reader.copyInto(query, reader.width, q, q + 1);
      out.counts[q] = this.#answer(query, plan, out, q * plan.k);
    }
  }

  // biome-ignore lint/correctness/useYield: a function can only be called on this thread
  *tasks(reader: VectorReader, plan: Plan, out: Answers): Tasks<void> {
    this.run(reader, plan, out);
  }

  #answer(query: Float32Array, plan: Plan, out: Answers, to: number): number {
    const { rows, rowBytes, options } = this.#rows;
    const distances = new Float64Array(rows);
    const slots: number[] = [];
    for (let slot = 0; slot < rows; slot++) {
      if (plan.skip && this.#space.engine.u8[this.#space.ptr("skip") + (slot >> 3)]! & (1 << (slot & 7)))
        continue;
      const at = (this.#space.ptr("vectors") + slot * rowBytes) >>> 2;
      const row = this.#space.engine.f32.subarray(at, at + options.dimension);
      const distance = this.#distance(query, row);
      if (typeof distance !== "number" || Number.isNaN(distance)) {
        throw new VicinalError("OPTION_RANGE", { option: "distance(a, b)", got: distance, rule: "a number" });
      }
      distances[slot] = distance;
      slots.push(slot);
    }
    slots.sort((a, b) => distances[a]! - distances[b]! || a - b);
    const n = Math.min(plan.k, slots.length);
    for (let i = 0; i < n; i++) {
      out.ids[to + i] = slots[i]!;
      out.distances[to + i] = distances[slots[i]!]!;
    }
    return n;
  }
}
