import { VicinalError } from "../../core/index.ts";
import type { Key, Neighbors, RangeNeighbors } from "../contract.ts";

/** Where results read keys. A key table is one. */
export interface KeySource<K extends Key = Key> {
  keyOf(slot: number): K;
  /** Grows whenever a slot that may have held a key gets another. */
  readonly version: number;
}

/**
 * Reads keys for a result only while slots mean what they meant when it was made, so that an old
 * result never answers with the key of a row that took the place of another.
 */
class KeyReader<K extends Key> {
  readonly #source: KeySource<K>;
  #version: number;

  constructor(source: KeySource<K>) {
    this.#source = source;
    this.#version = source.version;
  }

  renew(): void {
    this.#version = this.#source.version;
  }

  check(): void {
    if (this.#source.version === this.#version) return;
    throw new VicinalError("BAD_INPUT", {
      what: "this result",
      got: "older than a replacement or compaction of rows of its index",
      rule: "read before that; take the keys you need first, or search again",
    });
  }

  keyOf(slot: number): K {
    return this.#source.keyOf(slot);
  }
}

function checkIndex(option: string, got: unknown, count: number): number {
  if (typeof got === "number" && Number.isInteger(got) && got >= 0 && got < count) return got;
  const rule = count === 0 ? "nothing: there are none" : `a whole number from 0 to ${count - 1}`;
  throw new VicinalError("OPTION_RANGE", { option, got, rule });
}

function keysBetween<K extends Key>(reader: KeyReader<K>, ids: Uint32Array, from: number, to: number): K[] {
  reader.check();
  const out: K[] = [];
  for (let i = from; i < to; i++) out.push(reader.keyOf(ids[i]!));
  return out;
}

function itemsBetween<K extends Key>(
  reader: KeyReader<K>,
  ids: Uint32Array,
  distances: Float32Array,
  from: number,
  to: number,
): { key: K; distance: number }[] {
  reader.check();
  const out: { key: K; distance: number }[] = [];
  for (let i = from; i < to; i++) out.push({ key: reader.keyOf(ids[i]!), distance: distances[i]! });
  return out;
}

/**
 * Neighbours of a batch of queries: row q starts at q · k in `ids` and `distances` and is counts[q]
 * long. Searches fill the arrays; nothing else is allocated. Row and place numbers out of range throw
 * OPTION_RANGE; the key of a row that was removed since throws KEY_UNKNOWN, and any key once slots
 * were given to other rows, BAD_INPUT.
 */
export class NeighborsResult<K extends Key = Key> implements Neighbors<K> {
  readonly queries: number;
  readonly k: number;
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
  readonly counts: Uint32Array;
  readonly #reader: KeyReader<K>;

  constructor(
    queries: number,
    k: number,
    source: KeySource<K>,
    ids: Uint32Array = new Uint32Array(queries * k),
    distances: Float32Array = new Float32Array(queries * k),
    counts: Uint32Array = new Uint32Array(queries),
  ) {
    this.queries = queries;
    this.k = k;
    this.ids = ids;
    this.distances = distances;
    this.counts = counts;
    this.#reader = new KeyReader(source);
  }

  /** To be called when a search fills the arrays anew: keys are read as of now. */
  renew(): void {
    this.#reader.renew();
  }

  row(q: number): { ids: Uint32Array; distances: Float32Array } {
    const from = checkIndex("q", q, this.queries) * this.k;
    const to = from + this.counts[q]!;
    return { ids: this.ids.subarray(from, to), distances: this.distances.subarray(from, to) };
  }

  keys(q = 0): K[] {
    const from = checkIndex("q", q, this.queries) * this.k;
    return keysBetween(this.#reader, this.ids, from, from + this.counts[q]!);
  }

  key(q: number, i: number): K {
    const from = checkIndex("q", q, this.queries) * this.k;
    checkIndex("i", i, this.counts[q]!);
    this.#reader.check();
    return this.#reader.keyOf(this.ids[from + i]!);
  }

  items(q = 0): { key: K; distance: number }[] {
    const from = checkIndex("q", q, this.queries) * this.k;
    return itemsBetween(this.#reader, this.ids, this.distances, from, from + this.counts[q]!);
  }
}

/** All rows within a radius: row q spans offsets[q] … offsets[q + 1). Errors as in {@link NeighborsResult}. */
export class RangeResult<K extends Key = Key> implements RangeNeighbors<K> {
  readonly queries: number;
  readonly offsets: Uint32Array;
  readonly ids: Uint32Array;
  readonly distances: Float32Array;
  readonly #reader: KeyReader<K>;

  constructor(source: KeySource<K>, offsets: Uint32Array, ids: Uint32Array, distances: Float32Array) {
    this.queries = offsets.length - 1;
    this.offsets = offsets;
    this.ids = ids;
    this.distances = distances;
    this.#reader = new KeyReader(source);
  }

  row(q: number): { ids: Uint32Array; distances: Float32Array } {
    const from = this.offsets[checkIndex("q", q, this.queries)]!;
    const to = this.offsets[q + 1]!;
    return { ids: this.ids.subarray(from, to), distances: this.distances.subarray(from, to) };
  }

  keys(q = 0): K[] {
    const from = this.offsets[checkIndex("q", q, this.queries)]!;
    return keysBetween(this.#reader, this.ids, from, this.offsets[q + 1]!);
  }

  items(q = 0): { key: K; distance: number }[] {
    const from = this.offsets[checkIndex("q", q, this.queries)]!;
    return itemsBetween(this.#reader, this.ids, this.distances, from, this.offsets[q + 1]!);
  }
}
