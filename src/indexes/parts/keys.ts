import { VicinalError } from "../../core/index.ts";
import type { Key } from "../contract.ts";
import { KeyMap } from "./keyMap.ts";
import { checkKey, showKey } from "./keyRules.ts";
import { decodeKeys, encodeKeys, type KeyFacts, type Section } from "./keySections.ts";
import { AutomaticKeys, GeneralKeys, isSparse, type KeyStore, mapName, NONE } from "./keyStores.ts";

export type { KeyFacts, Section } from "./keySections.ts";
export { NONE } from "./keyStores.ts";

/** Largest number of rows one table can hold. */
export const MAX_SLOTS: number = 2 ** 32 - 2;

/**
 * The caller's keys and the slots they stand at. Slots are 0 … slots−1; emptied ones may be filled again.
 *
 * Rows added without keys get running numbers, which cost no memory while each equals its slot,
 * one bit a slot after removals and 8 bytes a row after renumbering. Given keys cost an array entry
 * and a hash-map entry (45–65 bytes) and the key itself. 1, 1n and "1" are three keys; −0 is 0.
 */
export class KeyTable<K extends Key = Key> {
  #store: KeyStore = new AutomaticKeys();
  #next = 0;
  #version = 0;

  /** Rows that have a key. */
  get size(): number {
    return this.#store.size;
  }

  /** Highest slot ever filled, plus one. */
  get slots(): number {
    return this.#store.slots;
  }

  /** Bytes of tables and keys; from V8's layout where they are on its heap, true within a few per cent. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** Grows whenever a slot that may have held a key gets another, so that old results can be told. */
  get version(): number {
    return this.#version;
  }

  /** True while every slot is filled and its key is its own number. */
  get isIdentity(): boolean {
    const store = this.#store;
    return store instanceof AutomaticKeys && store.isIdentity && store.size === store.slots;
  }

  /** The next running number: after the largest one given out, passing over keys that are taken. */
  get nextAutomatic(): number {
    if (this.#store instanceof AutomaticKeys) return this.#next;
    let next = this.#next;
    while (this.#store.slotOf(next) >= 0) next++;
    return next;
  }

  /** The slot of a key, or −1. */
  slotOf(key: unknown): number {
    return this.#store.slotOf(key);
  }

  has(key: unknown): boolean {
    return this.#store.slotOf(key) >= 0;
  }

  /** True when the slot holds a key. */
  isLive(slot: number): boolean {
    return this.#store.keyOf(slot) !== undefined;
  }

  /** The key at a slot. Throws KEY_UNKNOWN when the slot is empty. */
  keyOf(slot: number): K {
    const key = this.#store.keyOf(slot);
    if (key === undefined)
      throw new VicinalError("KEY_UNKNOWN", { key: `of slot ${slot}, which holds no row (any more),` });
    return key as K;
  }

  /** All keys, in slot order. */
  *keys(): IterableIterator<K> {
    for (let slot = 0; slot < this.#store.slots; slot++) {
      const key = this.#store.keyOf(slot);
      if (key !== undefined) yield key as K;
    }
  }

  /**
   * Looks over the keys for n new rows and changes nothing. Throws BAD_INPUT (not a list of n),
   * KEY_TYPE, or DUPLICATE_KEY: twice in the list, or held already unless `allowExisting`.
   */
  check(
    keys: ArrayLike<K> | undefined,
    n: number,
    { allowExisting = false }: { allowExisting?: boolean } = {},
  ): void {
    if (keys === undefined) return;
    checkList(keys, n);
    let ascending = true;
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < n; i++) {
      const key: unknown = keys[i];
      checkKey(key);
      if (!allowExisting && this.#store.slotOf(key) >= 0) {
        throw new VicinalError("DUPLICATE_KEY", { key: showKey(key) });
      }
      ascending &&= typeof key === "number" && key > last;
      if (ascending) last = key as number;
    }
    if (ascending) return;
    const seen = new KeyMap();
    for (let i = 0; i < n; i++) {
      const name = mapName(keys[i]);
      if (seen.get(name) >= 0) throw new VicinalError("DUPLICATE_KEY", { key: showKey(keys[i]) });
      seen.add(name, i);
    }
  }

  /**
   * Puts checked keys, or running numbers, at slots. A key held elsewhere moves: its old slot is
   * emptied. A slot that holds another key loses that one.
   */
  insert(slots: ArrayLike<number>, keys?: ArrayLike<K>): void {
    for (let i = 0; i < slots.length; i++) {
      const key: Key = keys === undefined ? this.nextAutomatic : normal(keys[i]!);
      this.#put(slots[i]!, key);
      if (keys === undefined) this.#next = (key as number) + 1;
    }
  }

  /** Empties a slot; false when it was empty. */
  removeSlot(slot: number): boolean {
    if (this.#store.keyOf(slot) === undefined) return false;
    this.#store.remove(slot);
    return true;
  }

  /**
   * Renumbers: old slot s becomes newSlotOfOld[s], NONE drops it. The new slots are 0 … kept−1, each
   * once; only empty slots may be dropped. Throws BAD_INPUT, changing nothing.
   */
  permute(newSlotOfOld: Uint32Array): void {
    const kept = this.#checkOrder(newSlotOfOld);
    this.#store.permute(newSlotOfOld, kept);
    if (this.#store instanceof AutomaticKeys && !this.#store.isIdentity && isSparse(this.#next, kept)) {
      this.#generalise();
    }
    this.#version++;
  }

  /** The table as facts for a JSON header and byte sections for a file. */
  toSections(): { facts: KeyFacts; sections: Section[] } {
    return encodeKeys(this.#store, this.#next);
  }

  /**
   * The table that {@link toSections} wrote. Everything is checked (lengths, offsets, tags, UTF-8,
   * duplicates) before it is used; throws FORMAT.
   */
  static fromSections<K extends Key = Key>(
    facts: unknown,
    section: (name: string) => Uint8Array | undefined,
  ): KeyTable<K> {
    const table = new KeyTable<K>();
    const { store, next } = decodeKeys(facts, section);
    table.#store = store;
    table.#next = next;
    return table;
  }

  #put(slot: number, key: Key): void {
    if (this.#store instanceof AutomaticKeys && !this.#staysAutomatic(slot, key)) this.#generalise();
    const store = this.#store;
    const old = store.slotOf(key);
    if (old === slot) return;
    if (old >= 0) this.removeSlot(old);
    if (slot < store.slots) {
      this.removeSlot(slot);
      this.#version++;
    }
    store.put(slot, key);
    if (key === this.#next) this.#next++;
  }

  /** Running numbers given out before may come back, and the next one may be given by name. */
  #staysAutomatic(slot: number, key: Key): boolean {
    if (typeof key !== "number" || key < 0 || key > this.#next || key >= MAX_SLOTS) return false;
    return !isSparse(key, Math.max(this.#store.slots, slot + 1));
  }

  #generalise(): void {
    const from = this.#store;
    const to = new GeneralKeys();
    for (let slot = 0; slot < from.slots; slot++) {
      const key = from.keyOf(slot);
      if (key !== undefined) to.put(slot, key);
    }
    to.widen(from.slots);
    this.#store = to;
  }

  #checkOrder(newSlotOfOld: Uint32Array): number {
    const slots = this.#store.slots;
    const fail = (got: string, rule: string): never => {
      throw new VicinalError("BAD_INPUT", { what: "renumbering of slots", got, rule });
    };
    if (newSlotOfOld.length !== slots) fail(`${newSlotOfOld.length} long`, `${slots} long, one entry a slot`);
    let kept = 0;
    for (const now of newSlotOfOld) if (now !== NONE) kept++;
    const taken = new Uint8Array((kept + 7) >>> 3);
    for (let old = 0; old < slots; old++) {
      const now = newSlotOfOld[old]!;
      if (now === NONE) {
        if (this.#store.keyOf(old) !== undefined) fail(`without slot ${old}`, "a slot for every live row");
        continue;
      }
      if (now >= kept) fail(`${old} → ${now}`, `a permutation of 0 … ${kept - 1}`);
      if ((taken[now >>> 3]! >> (now & 7)) & 1) fail(`${now} twice`, `a permutation of 0 … ${kept - 1}`);
      taken[now >>> 3]! |= 1 << (now & 7);
    }
    return kept;
  }
}

function normal<K extends Key>(key: K): K {
  return key === 0 ? (0 as K) : key;
}

function checkList(keys: unknown, n: number): asserts keys is ArrayLike<unknown> {
  const list = Array.isArray(keys) || (ArrayBuffer.isView(keys) && !(keys instanceof DataView));
  const got = list ? `${(keys as ArrayLike<unknown>).length} keys` : showKey(keys);
  if (!list || (keys as ArrayLike<unknown>).length !== n) {
    throw new VicinalError("BAD_INPUT", { what: "keys", got, rule: `an array of ${n}, one key a row` });
  }
}
