import type { Engine } from "./engine.ts";
import type { Ptr } from "./exports.ts";

// Word offsets of fields of ExactScratch (wasm/exact/layout.ts).
const OUT_KEYS = 8;
const OUT_QUERIES = 9;
const OUT_COUNT = 11;

/** Collects what range searches find, also from several threads. */
export class RangeSink {
  #keys = new BigUint64Array(1024);
  #queries = new Uint32Array(1024);
  #count = 0;

  /** Takes what a scratch holds and empties it. `firstQuery` is added to its query numbers. */
  take(engine: Engine, scratch: Ptr, firstQuery = 0): void {
    const words = engine.u32;
    const base = scratch >>> 2;
    const count = words[base + OUT_COUNT]!;
    words[base + OUT_COUNT] = 0;
    if (count === 0) return;
    this.#reserve(this.#count + count);
    const from = words[base + OUT_KEYS]! >>> 2;
    new Uint32Array(this.#keys.buffer).set(words.subarray(from, from + 2 * count), 2 * this.#count);
    const queries = words[base + OUT_QUERIES]! >>> 2;
    for (let i = 0; i < count; i++) this.#queries[this.#count + i] = words[queries + i]! + firstQuery;
    this.#count += count;
  }

  #reserve(count: number): void {
    if (count <= this.#queries.length) return;
    const room = Math.max(count, 2 * this.#queries.length);
    const keys = new BigUint64Array(room);
    keys.set(this.#keys);
    this.#keys = keys;
    const queries = new Uint32Array(room);
    queries.set(this.#queries);
    this.#queries = queries;
  }

  /** Everything taken, by query, sorted by score, then id. Row q spans offsets[q] … offsets[q + 1). */
  finish(queries: number): { offsets: Uint32Array; ids: Uint32Array; scores: Float32Array } {
    const offsets = new Uint32Array(queries + 1);
    for (let i = 0; i < this.#count; i++) offsets[this.#queries[i]! + 1]! += 1;
    for (let q = 0; q < queries; q++) offsets[q + 1]! += offsets[q]!;
    const next = offsets.slice();
    const keys = new BigUint64Array(this.#count);
    for (let i = 0; i < this.#count; i++) keys[next[this.#queries[i]!]++] = this.#keys[i]!;
    for (let q = 0; q < queries; q++) keys.subarray(offsets[q], offsets[q + 1]).sort();
    const halves = new Uint32Array(keys.buffer);
    const ids = new Uint32Array(this.#count);
    const bits = new Uint32Array(this.#count);
    for (let i = 0; i < this.#count; i++) {
      ids[i] = halves[2 * i]!;
      const high = halves[2 * i + 1]!;
      bits[i] = high & 0x80000000 ? high & 0x7fffffff : ~high;
    }
    return { offsets, ids, scores: new Float32Array(bits.buffer) };
  }
}
