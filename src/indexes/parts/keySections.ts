import { VicinalError } from "../../core/index.ts";
import type { Key } from "../contract.ts";
import { BIGINT_KEY_LIMIT, keyFault, showKey } from "./keyRules.ts";
import { AutomaticKeys, GeneralKeys, isSparse, type KeyStore, NONE } from "./keyStores.ts";

/** A named run of bytes of a file. */
export interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * What the header says of the keys. `identity`: key = slot, with section `keys.gone` (a bit for each
 * emptied slot) when there are any; `pairs`: section `keys.numbers`, u32 a slot; `general`: sections
 * `keys.tags` (u8 a slot), `keys.offsets` (u32, slots + 1) and `keys.values`. Little-endian.
 */
export interface KeyFacts {
  readonly form: "identity" | "pairs" | "general";
  readonly slots: number;
  readonly size: number;
  /** The running number that the next row without a key gets, at the least. */
  readonly next: number;
}

const EMPTY = 0;
const NUMBER = 1; // float64
const STRING = 2; // UTF-8
const BIGINT = 3; // sign byte (0 or 1), then the magnitude, least significant byte first, no zero at the end

export function encodeKeys(store: KeyStore, next: number): { facts: KeyFacts; sections: Section[] } {
  const { slots, size } = store;
  if (store instanceof AutomaticKeys && store.isIdentity) {
    const sections: Section[] = [];
    if (size < slots) {
      const gone = new Uint8Array((slots + 7) >> 3);
      gone.set(store.gone!.subarray(0, gone.length));
      sections.push({ name: "keys.gone", bytes: gone });
    }
    return { facts: { form: "identity", slots, size, next }, sections };
  }
  if (store instanceof AutomaticKeys) {
    const bytes = new Uint8Array(slots * 4);
    const view = new DataView(bytes.buffer);
    for (let slot = 0; slot < slots; slot++) view.setUint32(slot * 4, store.keyOf(slot) ?? NONE, true);
    return { facts: { form: "pairs", slots, size, next }, sections: [{ name: "keys.numbers", bytes }] };
  }
  return { facts: { form: "general", slots, size, next }, sections: encodeGeneral(store) };
}

function encodeGeneral(store: KeyStore): Section[] {
  const { slots } = store;
  const tags = new Uint8Array(slots);
  const offsets = new Uint8Array((slots + 1) * 4);
  const offsetView = new DataView(offsets.buffer);
  const encoder = new TextEncoder();
  let values = new Uint8Array(slots * 8 + 16);
  let end = 0;
  for (let slot = 0; slot < slots; slot++) {
    const key = store.keyOf(slot);
    const room = typeof key === "string" ? key.length * 3 : 40;
    if (end + room > values.length) {
      const wider = new Uint8Array(Math.ceil((end + room) * 1.5));
      wider.set(values.subarray(0, end));
      values = wider;
    }
    if (typeof key === "number") {
      tags[slot] = NUMBER;
      new DataView(values.buffer).setFloat64(end, key, true);
      end += 8;
    } else if (typeof key === "string") {
      tags[slot] = STRING;
      end += encoder.encodeInto(key, values.subarray(end)).written;
    } else if (typeof key === "bigint") {
      tags[slot] = BIGINT;
      end += writeBigint(key, values, end);
    }
    if (end > NONE) throw new VicinalError("LIMIT", { what: "bytes of keys", got: end, limit: NONE });
    offsetView.setUint32((slot + 1) * 4, end, true);
  }
  return [
    { name: "keys.tags", bytes: tags },
    { name: "keys.offsets", bytes: offsets },
    { name: "keys.values", bytes: values.slice(0, end) },
  ];
}

function writeBigint(key: bigint, into: Uint8Array, at: number): number {
  let rest = key < 0n ? -key : key;
  into[at] = key < 0n ? 1 : 0;
  let length = 1;
  for (; rest > 0n; rest >>= 8n) into[at + length++] = Number(rest & 255n);
  return length;
}

function readBigint(bytes: Uint8Array): bigint | undefined {
  const sign = bytes[0];
  if (sign === undefined || sign > 1 || bytes.length > 33) return undefined;
  let value = 0n;
  for (let i = bytes.length - 1; i > 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  const canonical = bytes.length === 1 ? sign === 0 : bytes[bytes.length - 1] !== 0;
  return canonical && value < BIGINT_KEY_LIMIT ? (sign === 1 ? -value : value) : undefined;
}

function fail(rule: string, got?: string): never {
  throw new VicinalError("FORMAT", {
    what: "the table of keys",
    rule,
    ...(got === undefined ? {} : { got }),
  });
}

/** Reads what {@link encodeKeys} wrote; throws FORMAT before anything invalid is used. */
export function decodeKeys(
  facts: unknown,
  section: (name: string) => Uint8Array | undefined,
): { store: KeyStore; next: number } {
  const { form, slots, size, next } = checkFacts(facts);
  let store: KeyStore;
  if (form === "identity") {
    if (next < slots) fail(`a next number of at least ${slots}`, String(next));
    store = decodeIdentity(slots, size, section("keys.gone"));
  } else if (form === "pairs") {
    store = decodePairs(slots, next, need(section, "keys.numbers", slots * 4));
  } else {
    store = decodeGeneral(slots, section);
  }
  if (store.size !== size) fail(`as many keys as the header says (${size})`, String(store.size));
  return { store, next };
}

function checkFacts(facts: unknown): KeyFacts {
  if (typeof facts !== "object" || facts === null) fail("an object of facts", showKey(facts));
  const { form, slots, size, next } = facts as Record<string, unknown>;
  if (form !== "identity" && form !== "pairs" && form !== "general") fail("a known form", showKey(form));
  const whole = (name: string, value: unknown, high: number): number => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > high) {
      fail(`${name} a whole number from 0 to ${high}`, showKey(value));
    }
    return value;
  };
  const slotCount = whole("slots", slots, NONE - 1);
  return {
    form,
    slots: slotCount,
    size: whole("size", size, slotCount),
    next: whole("next", next, Number.MAX_SAFE_INTEGER),
  };
}

function need(
  section: (name: string) => Uint8Array | undefined,
  name: string,
  length: number | undefined,
): Uint8Array {
  const bytes = section(name);
  if (bytes === undefined) fail(`a section ${name}`);
  if (length !== undefined && bytes.length !== length) {
    fail(`${length} bytes of ${name}`, String(bytes.length));
  }
  return bytes;
}

function decodeIdentity(slots: number, size: number, gone: Uint8Array | undefined): AutomaticKeys {
  const store = new AutomaticKeys();
  if (gone === undefined) {
    if (size !== slots) fail("a section keys.gone when slots are empty");
    store.restoreIdentity(slots, undefined, 0);
    return store;
  }
  if (gone.length !== (slots + 7) >>> 3) {
    fail(`${(slots + 7) >>> 3} bytes of keys.gone`, String(gone.length));
  }
  let count = 0;
  for (const byte of gone) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  if ((slots & 7) !== 0 && gone[gone.length - 1]! >> (slots & 7) !== 0) fail("no bits after the last slot");
  store.restoreIdentity(slots, gone.slice(), count);
  return store;
}

function decodePairs(slots: number, next: number, bytes: Uint8Array): AutomaticKeys {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keyOfSlot = new Uint32Array(slots);
  let keys = 0;
  for (let slot = 0; slot < slots; slot++) {
    const key = view.getUint32(slot * 4, true);
    keyOfSlot[slot] = key;
    if (key !== NONE) keys = Math.max(keys, key + 1);
  }
  // Writers use the general form for these; here a small file would ask for a large table.
  if (keys > next || isSparse(keys - 1, slots)) fail("running numbers within bounds", String(keys - 1));
  const seen = new Uint8Array((keys + 7) >>> 3);
  for (const key of keyOfSlot) {
    if (key === NONE) continue;
    if ((seen[key >>> 3]! >> (key & 7)) & 1) fail("every key once", String(key));
    seen[key >>> 3]! |= 1 << (key & 7);
  }
  const store = new AutomaticKeys();
  store.restorePairs(keyOfSlot, keys);
  return store;
}

function decodeGeneral(slots: number, section: (name: string) => Uint8Array | undefined): GeneralKeys {
  const tags = need(section, "keys.tags", slots);
  const offsets = need(section, "keys.offsets", (slots + 1) * 4);
  const values = need(section, "keys.values", undefined);
  const offsetView = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const valueView = new DataView(values.buffer, values.byteOffset, values.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const store = new GeneralKeys();
  let start = offsetView.getUint32(0, true);
  if (start !== 0) fail("offsets that start at 0", String(start));
  for (let slot = 0; slot < slots; slot++) {
    const end = offsetView.getUint32((slot + 1) * 4, true);
    if (end < start || end > values.length) fail(`offsets that ascend to ${values.length}`, String(end));
    const key = decodeOne(tags[slot]!, values.subarray(start, end), valueView, start, decoder);
    start = end;
    if (key === undefined) continue;
    if (store.slotOf(key) >= 0) fail("every key once", showKey(key));
    store.put(slot, key);
  }
  if (start !== values.length) fail(`keys of ${values.length} bytes together`, String(start));
  store.widen(slots);
  return store;
}

function decodeOne(
  tag: number,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  decoder: TextDecoder,
): Key | undefined {
  if (tag === EMPTY) {
    if (bytes.length !== 0) fail("no bytes for an empty slot");
    return undefined;
  }
  let key: Key | undefined;
  if (tag === NUMBER && bytes.length === 8) key = view.getFloat64(at, true);
  else if (tag === BIGINT) key = readBigint(bytes);
  else if (tag === STRING) {
    try {
      key = decoder.decode(bytes);
    } catch (cause) {
      throw new VicinalError(
        "FORMAT",
        { what: "the table of keys", rule: "string keys in UTF-8" },
        { cause },
      );
    }
  }
  if (key === undefined) fail("tags and lengths that agree", `tag ${tag} with ${bytes.length} bytes`);
  const fault = keyFault(key);
  if (fault !== undefined || Object.is(key, -0)) fail("valid keys", fault ?? "-0");
  return key;
}
