import { VicinalError } from "../../core/index.ts";
import type { Filter, Key, Mask, Metadata, VectorsInput } from "../../indexes/index.ts";
import { parseFilter } from "../../indexes/index.ts";
import { MetadataTable } from "../../indexes/parts/metadata.ts";
import { copyRows, readVectors } from "../../indexes/parts/vectors.ts";
import { compileWhere } from "../../indexes/parts/where.ts";
import type { VectorIndex } from "../../indexes/vectorIndex.ts";
import { compileQdrantFilter } from "../qdrant/filter.ts";
import { breathe } from "./breathe.ts";

/** Rows as an index stores them, end to end. */
export type StoredRows = Float32Array | Int8Array | Uint8Array;

/** A change as it can be made again on another index over the same rows. */
export type Change =
  | { readonly upsert: { ids: Key[]; rows: StoredRows; metadata?: readonly (Metadata | undefined)[] } }
  | { readonly remove: readonly Key[] }
  | { readonly describe: { ids: readonly Key[]; metadata: readonly (Metadata | undefined)[] } };

/** A filter in one of the languages that clients speak. */
export type FilterAsk =
  | { readonly language: "expression"; readonly value: string }
  | { readonly language: "conditions"; readonly value: unknown }
  | { readonly language: "qdrant"; readonly value: unknown };

/** Rows that come with a block; larger ones are added bit by bit. */
const FIRST_SLICE = 32;
/** Milliseconds that one slice of a large change may take: searches come in between. */
const SLICE_MS = 8;
const MASKS = 16;
/** Characters of a filter whose mask is kept. */
const MASK_NAME = 65_536;

/**
 * A collection's index with what a server adds: changes one after another and in slices, a record of changes while
 * a better index is built beside, and filters that were worked out once.
 */
export class Cell {
  readonly index: VectorIndex;
  #writes: Promise<unknown> = Promise.resolve();
  #log: Change[] | undefined;
  readonly #masks = new Map<string, Mask>();
  #version = 0;
  #sorted: { version: number; keys: Key[] } | undefined;

  constructor(index: VectorIndex) {
    this.index = index;
  }

  /** Whether vectors themselves are kept, and not only codes from which they cannot be had back. */
  get keepsVectors(): boolean {
    const { rows } = this.index;
    return rows.hasVectors || rows.rows === 0;
  }

  /** Runs one change after another. */
  write<T>(change: () => Promise<T> | T): Promise<T> {
    const done = this.#writes.then(change);
    this.#writes = done.catch(() => {});
    return done;
  }

  /** Adds rows, or replaces those whose keys are there. All of it is checked first; returns the keys. */
  upsert(
    vectors: VectorsInput,
    ids: Key[] | undefined,
    metadata: readonly (Metadata | undefined)[] | undefined,
  ): Promise<Key[]> {
    return this.write(async () => {
      const { dimension, dtype, keyTable, metric } = this.index;
      const reader = readVectors(vectors, dimension, dtype);
      keyTable.check(ids, reader.rows, { allowExisting: true });
      const records = MetadataTable.prepare(metadata, reader.rows);
      const rows = copyRows(reader, 0, reader.rows);
      if (metric === "cosine") checkDirections(rows, reader.width);
      const keys = ids ?? freshKeys(this.index, reader.rows);
      await this.#place(rows, keys, ids === undefined, records);
      this.#record({ upsert: { ids: keys, rows, ...(records === undefined ? {} : { metadata: records }) } });
      return keys;
    });
  }

  async #place(
    rows: StoredRows,
    keys: readonly Key[],
    automatic: boolean,
    records: readonly (Metadata | undefined)[] | undefined,
  ): Promise<void> {
    const width = keys.length === 0 ? 0 : rows.length / keys.length;
    let slice = FIRST_SLICE;
    for (let from = 0; from < keys.length; ) {
      const to = Math.min(from + slice, keys.length);
      const part = rows.subarray(from * width, to * width);
      const metadata = records?.slice(from, to);
      const start = performance.now();
      if (automatic) this.index.add(part, { metadata });
      else this.index.upsert(part, { keys: keys.slice(from, to), metadata });
      this.#version++;
      const took = performance.now() - start;
      if (took < SLICE_MS / 2) slice *= 2;
      else if (took > SLICE_MS) slice = Math.max(1, slice >> 1);
      from = to;
      if (from < keys.length) await breathe();
    }
  }

  /** Takes rows out; returns how many there were. */
  remove(keys: readonly Key[]): Promise<number> {
    return this.write(() => {
      const removed = this.index.remove(keys);
      this.#version++;
      this.#record({ remove: keys });
      return removed;
    });
  }

  /** Replaces what is kept with these keys, which are all there. */
  describe(
    describe: (key: Key, now: Metadata | undefined) => Metadata | undefined,
    keys: readonly Key[],
  ): Promise<void> {
    return this.write(() => {
      const slots = keys.map((key) => this.slotOf(key));
      const given = slots.map((slot, i) => describe(keys[i]!, this.index.metadataTable.get(slot)));
      const metadata = MetadataTable.prepare(given, given.length)!;
      for (const [i, slot] of slots.entries()) this.index.metadataTable.set(slot, metadata[i]);
      this.#version++;
      this.#record({ describe: { ids: keys, metadata } });
    });
  }

  slotOf(key: Key): number {
    const slot = this.index.keyTable.slotOf(key);
    if (slot < 0) throw new VicinalError("KEY_UNKNOWN", { key: JSON.stringify(String(key)) });
    return slot;
  }

  /** The key that a client means: large whole numbers of a file are bigints, which JSON has only as text. */
  resolve(id: Key): Key {
    const { keyTable } = this.index;
    if (typeof id !== "string" || keyTable.has(id) || !/^-?\d{1,77}$/.test(id)) return id;
    const big = BigInt(id);
    return keyTable.has(big) ? big : id;
  }

  // ---- filters and order ----

  /** The rows that a filter lets through; worked out once until something changes. */
  mask(ask: FilterAsk): Mask {
    const filter = compile(ask);
    const text = textOf(ask);
    const name = `${this.#version} ${text}`;
    const known = this.#masks.get(name);
    if (known !== undefined && known.version === this.index.version) return known;
    const mask = this.index.mask(filter);
    if (text === undefined) return mask;
    if (this.#masks.size >= MASKS) this.#masks.delete(this.#masks.keys().next().value!);
    this.#masks.set(name, mask);
    return mask;
  }

  matches(ask: FilterAsk): Key[] {
    const { bits } = this.mask(ask);
    const { keyTable, rows } = this.index;
    const keys: Key[] = [];
    for (let slot = 0; slot < rows.rows; slot++) {
      if ((bits[slot >>> 3]! & (1 << (slot & 7))) === 0) keys.push(keyTable.keyOf(slot));
    }
    return keys;
  }

  /** All keys in order: whole numbers ascending, then text. */
  sortedKeys(): readonly Key[] {
    if (this.#sorted?.version !== this.#version) {
      this.#sorted = { version: this.#version, keys: Array.from(this.index.keys()).sort(compareKeys) };
    }
    return this.#sorted.keys;
  }

  /** Whether a key comes after another in that order. */
  isAfter(key: Key, other: Key): boolean {
    return compareKeys(key, other) > 0;
  }

  // ---- handing over to a better index ----

  /** All rows in blocks, while changes wait; what changes afterwards is recorded from the last block on. */
  exportRows(blockBytes: number, send: (block: Block) => Promise<void>): Promise<void> {
    return this.write(async () => {
      const { keyTable, metadataTable, rows } = this.index;
      const automatic = keyTable.isIdentity;
      for (let slot = 0; slot < rows.rows; ) {
        const block = this.#block(slot, blockBytes);
        slot = block.next;
        const { vectors, slots } = block;
        const ids = automatic ? undefined : slots.map((each) => keyTable.keyOf(each));
        const metadata = metadataTable.count === 0 ? undefined : slots.map((each) => metadataTable.get(each));
        if (slots.length > 0) await send({ rows: vectors, count: slots.length, ids, metadata });
        await breathe();
      }
      this.#log = [];
    });
  }

  #block(from: number, blockBytes: number): { vectors: StoredRows; slots: number[]; next: number } {
    const { rows } = this.index;
    const slots: number[] = [];
    const parts: StoredRows[] = [];
    let bytes = 0;
    let next = from;
    for (; next < rows.rows && bytes < blockBytes; next++) {
      if (rows.isRemoved(next)) continue;
      const vector = rows.vector(next);
      slots.push(next);
      parts.push(vector);
      bytes += vector.byteLength;
    }
    const first = parts[0];
    const vectors =
      first === undefined
        ? new Float32Array(0)
        : new (first.constructor as Float32ArrayConstructor)(parts.length * first.length);
    for (const [i, part] of parts.entries()) vectors.set(part, i * part.length);
    return { vectors, slots, next };
  }

  /** Changes since rows were exported, or since this was last asked. */
  takeLog(): Change[] {
    const log = this.#log ?? [];
    if (this.#log !== undefined) this.#log = [];
    return log;
  }

  stopLog(): void {
    this.#log = undefined;
  }

  async replay(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      if ("upsert" in change) {
        const { ids, rows, metadata } = change.upsert;
        if (ids.length > 0) await this.upsert(rows, ids, metadata);
      } else if ("remove" in change) await this.remove(change.remove);
      else {
        const { ids, metadata } = change.describe;
        const records = new Map(ids.map((id, i) => [id, metadata[i]]));
        const there = ids.filter((id) => this.index.has(id));
        await this.describe((key) => records.get(key), there);
      }
    }
  }

  #record(change: Change): void {
    this.#log?.push(change);
  }

  close(): void {
    this.index.close();
  }
}

/** Rows on their way to another index; without keys where keys are their numbers. */
export interface Block {
  readonly rows: StoredRows;
  readonly count: number;
  readonly ids: Key[] | undefined;
  readonly metadata: (Metadata | undefined)[] | undefined;
}

/** A filter as text by which its mask is kept; undefined for what is too long to keep, or too deep to write. */
function textOf({ language, value }: FilterAsk): string | undefined {
  try {
    const text = `${language} ${JSON.stringify(value)}`;
    return text.length > MASK_NAME ? undefined : text;
  } catch {
    return undefined;
  }
}

function compile(ask: FilterAsk): Filter {
  switch (ask.language) {
    case "expression":
      return parseFilter(ask.value);
    case "conditions":
      // Refuses what is too deep before it is turned to text.
      compileWhere(ask.value as never);
      return ask.value as Filter;
    case "qdrant":
      return compileQdrantFilter(ask.value);
  }
}

/** Keys that rows added without any will get. */
function freshKeys(index: VectorIndex, count: number): Key[] {
  const keys: Key[] = [];
  for (let next = index.keyTable.nextAutomatic; keys.length < count; next++) {
    if (!index.has(next)) keys.push(next);
  }
  return keys;
}

/** Refuses the zero vector, which has no direction, before any row is placed. */
function checkDirections(rows: StoredRows, width: number): void {
  for (let row = 0; row * width < rows.length; row++) {
    if (rows.subarray(row * width, (row + 1) * width).every((value) => value === 0)) {
      throw new VicinalError("ZERO_VECTOR", { what: "vectors", row });
    }
  }
}

const RANK: Readonly<Record<string, number>> = { number: 0, bigint: 0, string: 1 };

function compareKeys(a: Key, b: Key): number {
  const ranks = RANK[typeof a]! - RANK[typeof b]!;
  return ranks !== 0 ? ranks : a < b ? -1 : a > b ? 1 : 0;
}
