import type { Key } from "../contract.ts";
import { KeyMap } from "./keyMap.ts";

/** "No such slot" or "no key here" in the Uint32Arrays below, and "dropped" in a renumbering. */
export const NONE = 0xffffffff;

/** How a key table holds its pairs. Slots and keys given are valid; keys are normalised. */
export interface KeyStore {
  /** Highest slot ever filled, plus one. */
  readonly slots: number;
  readonly size: number;
  readonly bytes: number;
  /** The slot of a key, or −1; any value may be asked for. */
  slotOf(key: unknown): number;
  /** The key of a slot, or undefined when it holds none. */
  keyOf(slot: number): Key | undefined;
  /** Fills an empty slot with an absent key. */
  put(slot: number, key: Key): void;
  /** Empties a filled slot. */
  remove(slot: number): void;
  /** Old slot s becomes newSlotOfOld[s]; NONE drops it, which only an empty slot may be. */
  permute(newSlotOfOld: Uint32Array, slots: number): void;
}

/**
 * Running numbers. While each key equals its slot nothing is stored but a bit for each emptied slot;
 * a reused or renumbered slot turns that into two Uint32Arrays.
 */
export class AutomaticKeys implements KeyStore {
  slots = 0;
  size = 0;
  /** Bit set: slot emptied. Only while keys equal slots. */
  #gone: Uint8Array | undefined;
  #keyOfSlot: Uint32Array | undefined;
  #slotOfKey: Uint32Array | undefined;

  get isIdentity(): boolean {
    return this.#keyOfSlot === undefined;
  }

  /** Emptied slots as bits, least significant first; undefined when all are filled or keys differ from slots. */
  get gone(): Uint8Array | undefined {
    return this.#gone;
  }

  get bytes(): number {
    return (
      (this.#gone?.byteLength ?? 0) + (this.#keyOfSlot?.byteLength ?? 0) + (this.#slotOfKey?.byteLength ?? 0)
    );
  }

  slotOf(key: unknown): number {
    if (typeof key !== "number" || !(key >= 0) || !Number.isInteger(key)) return -1;
    if (this.#slotOfKey !== undefined) {
      if (key >= this.#slotOfKey.length) return -1;
      const slot = this.#slotOfKey[key]!;
      return slot === NONE ? -1 : slot;
    }
    return key < this.slots && !this.#isGone(key) ? (key === 0 ? 0 : key) : -1;
  }

  keyOf(slot: number): number | undefined {
    if (!(slot >= 0 && slot < this.slots)) return undefined;
    if (this.#keyOfSlot === undefined) return this.#isGone(slot) ? undefined : slot;
    const key = this.#keyOfSlot[slot]!;
    return key === NONE ? undefined : key;
  }

  put(slot: number, key: number): void {
    if (this.#keyOfSlot === undefined) {
      if (slot === key && slot === this.slots) {
        this.slots++;
        this.size++;
        return;
      }
      if (slot === key && slot < this.slots) {
        this.#gone![slot >>> 3]! &= ~(1 << (slot & 7));
        this.size++;
        return;
      }
      this.#spellOut();
    }
    this.#keyOfSlot = grown(this.#keyOfSlot!, slot + 1);
    this.#slotOfKey = grown(this.#slotOfKey!, key + 1);
    this.#keyOfSlot[slot] = key;
    this.#slotOfKey[key] = slot;
    this.slots = Math.max(this.slots, slot + 1);
    this.size++;
  }

  remove(slot: number): void {
    if (this.#keyOfSlot === undefined) {
      const need = (this.slots + 7) >>> 3;
      if (this.#gone === undefined || this.#gone.length < need) {
        const wider = new Uint8Array(need + (need >> 2));
        if (this.#gone !== undefined) wider.set(this.#gone);
        this.#gone = wider;
      }
      this.#gone[slot >>> 3]! |= 1 << (slot & 7);
    } else {
      this.#slotOfKey![this.#keyOfSlot[slot]!] = NONE;
      this.#keyOfSlot[slot] = NONE;
    }
    this.size--;
  }

  permute(newSlotOfOld: Uint32Array, slots: number): void {
    const keyOfSlot = new Uint32Array(slots).fill(NONE);
    let identity = true;
    let keys = 0;
    for (let old = 0; old < this.slots; old++) {
      const key = this.keyOf(old);
      if (key === undefined) continue;
      const now = newSlotOfOld[old]!;
      keyOfSlot[now] = key;
      identity &&= now === key;
      keys = Math.max(keys, key + 1);
    }
    this.slots = slots;
    this.#gone = undefined;
    this.#keyOfSlot = undefined;
    this.#slotOfKey = undefined;
    if (identity && this.size === slots) return;
    this.#keyOfSlot = keyOfSlot;
    this.#slotOfKey = inverse(keyOfSlot, keys);
  }

  /** Takes over pairs that were checked: no key twice, NONE for empty slots. */
  restorePairs(keyOfSlot: Uint32Array, keys: number): void {
    this.#keyOfSlot = keyOfSlot;
    this.#slotOfKey = inverse(keyOfSlot, keys);
    this.slots = keyOfSlot.length;
    this.size = 0;
    for (const key of keyOfSlot) if (key !== NONE) this.size++;
  }

  /** Takes over the identity on `slots` slots, of which those with a bit set are empty. */
  restoreIdentity(slots: number, gone: Uint8Array | undefined, goneCount: number): void {
    this.slots = slots;
    this.#gone = gone;
    this.size = slots - goneCount;
  }

  #isGone(slot: number): boolean {
    const gone = this.#gone;
    return gone !== undefined && slot >>> 3 < gone.length && (gone[slot >>> 3]! & (1 << (slot & 7))) !== 0;
  }

  #spellOut(): void {
    const keyOfSlot = new Uint32Array(this.slots);
    for (let slot = 0; slot < this.slots; slot++) keyOfSlot[slot] = this.#isGone(slot) ? NONE : slot;
    this.#keyOfSlot = keyOfSlot;
    this.#slotOfKey = keyOfSlot.slice();
    this.#gone = undefined;
  }
}

/** Whether a table from key to slot would be mostly empty; a hash map is smaller then. */
export function isSparse(keys: number, slots: number): boolean {
  return keys > 4096 && keys > 8 * slots;
}

function inverse(keyOfSlot: Uint32Array, keys: number): Uint32Array {
  const slotOfKey = new Uint32Array(keys).fill(NONE);
  for (let slot = 0; slot < keyOfSlot.length; slot++) {
    const key = keyOfSlot[slot]!;
    if (key !== NONE) slotOfKey[key] = slot;
  }
  return slotOfKey;
}

function grown(array: Uint32Array, need: number): Uint32Array {
  if (array.length >= need) return array;
  const wider = new Uint32Array(Math.max(need, array.length + (array.length >> 2) + 16)).fill(NONE);
  wider.set(array);
  return wider;
}

/** Numbers, strings and bigints in any mixture: an array by slot and a hash map. */
export class GeneralKeys implements KeyStore {
  size = 0;
  /**
   * NaN marks an empty slot: unlike undefined it leaves an array of numbers an array of raw doubles.
   */
  readonly #keyOfSlot: Key[] = [];
  readonly #map: KeyMap;
  #capacity = 0;
  #heapBytes = 0;
  #boxed = 0;
  #onlyNumbers = true;

  constructor(map: KeyMap = new KeyMap()) {
    this.#map = map;
  }

  get slots(): number {
    return this.#keyOfSlot.length;
  }

  get bytes(): number {
    const boxes = this.#onlyNumbers ? 16 : 32;
    return this.#map.bytes + this.#capacity * 8 + 48 + this.#heapBytes + this.#boxed * boxes;
  }

  slotOf(key: unknown): number {
    const name = mapName(key);
    return name === undefined ? -1 : this.#map.get(name);
  }

  keyOf(slot: number): Key | undefined {
    if (!(slot >= 0 && slot < this.#keyOfSlot.length)) return undefined;
    const key = this.#keyOfSlot[slot]!;
    return Number.isNaN(key) ? undefined : key;
  }

  put(slot: number, key: Key): void {
    const keys = this.#keyOfSlot;
    this.widen(slot);
    if (keys.length === slot) this.#push(key);
    else keys[slot] = key;
    this.#map.add(mapName(key), slot);
    this.#count(key, 1);
  }

  remove(slot: number): void {
    const key = this.#keyOfSlot[slot]!;
    this.#map.delete(mapName(key));
    this.#keyOfSlot[slot] = Number.NaN;
    this.#count(key, -1);
  }

  /** Makes at least so many slots, the new ones empty. */
  widen(slots: number): void {
    while (this.#keyOfSlot.length < slots) this.#push(Number.NaN);
  }

  permute(newSlotOfOld: Uint32Array, slots: number): void {
    const old = this.#keyOfSlot.slice();
    this.#keyOfSlot.length = 0;
    this.#capacity = 0;
    this.widen(slots);
    for (let slot = 0; slot < old.length; slot++) {
      const key = old[slot]!;
      if (Number.isNaN(key)) continue;
      this.#keyOfSlot[newSlotOfOld[slot]!] = key;
      this.#map.set(mapName(key), newSlotOfOld[slot]!);
    }
  }

  // V8 grows an array's store to one and a half times plus sixteen.
  #push(key: Key): void {
    const length = this.#keyOfSlot.push(key);
    if (length > this.#capacity) this.#capacity = length + (length >> 1) + 16;
  }

  #count(key: Key, sign: 1 | -1): void {
    this.size += sign;
    if (typeof key === "number") {
      if (key !== (key | 0)) this.#boxed += sign;
    } else {
      this.#onlyNumbers = false;
      this.#heapBytes += sign * heapBytesOf(key);
    }
  }
}

/** Bytes of a string or bigint on V8's heap: a 16-byte header and the contents in units of 8. */
export function heapBytesOf(value: string | bigint): number {
  if (typeof value === "string") {
    const wide = /[^\0-\xff]/.test(value) ? 2 : 1;
    return 16 + Math.ceil((value.length * wide) / 8) * 8;
  }
  if (fitsHash(value)) return 24;
  const digits = Math.ceil(value.toString(16).length / 16);
  return 16 + digits * 8 + 16 + Math.ceil((mapName(value) as string).length / 4) * 8;
}

const HASHED = 1n << 64n;

function fitsHash(key: bigint): boolean {
  return key < HASHED && key > -HASHED;
}

/**
 * What stands for a key in the hash map, or undefined for what can be no key. V8 hashes only the low
 * 64 bits of a bigint, so wider ones, which might all agree there, go in as strings; the half
 * surrogate in front keeps those apart from every string key, which has none.
 */
export function mapName(key: unknown): Key | undefined {
  switch (typeof key) {
    case "number":
      return key;
    case "bigint":
      return fitsHash(key) ? key : `\ud800${key.toString(36)}`;
    case "string": {
      if (key.charCodeAt(0) !== 0xd800) return key;
      const next = key.charCodeAt(1);
      return next >= 0xdc00 && next <= 0xdfff ? key : undefined;
    }
    default:
      return undefined;
  }
}
