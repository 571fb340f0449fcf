import { VicinalError } from "../../core/index.ts";
import type { FieldValue, Metadata } from "../contract.ts";
import { showKey } from "./keyRules.ts";
import type { Section } from "./keySections.ts";
import { heapBytesOf, NONE } from "./keyStores.ts";

/** Most fields of one record, and most members of one array. */
export const MAX_FIELDS = 1000;

/** Most characters of one record; a number counts as four. */
export const MAX_RECORD_LENGTH: number = 1 << 21;

/** Most bytes of one record in a file: JSON takes up to six a character. */
const MAX_RECORD_BYTES = 1 << 24;

const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Why a name cannot be a field, or undefined. */
export function fieldFault(name: string): string | undefined {
  if (FORBIDDEN.has(name)) return "any name but __proto__, constructor and prototype";
  if (name.startsWith("$")) return "a name that does not begin with $, which marks operators";
  return undefined;
}

/** What the header says of the metadata. */
export interface MetadataFacts {
  readonly slots: number;
  /** Slots that hold a record. */
  readonly records: number;
}

/** A record checked, copied and frozen by this module. */
export type Prepared = readonly (Metadata | undefined)[];

/**
 * Records by slot, most of which may be absent; while all are, nothing is stored. What is given is
 * copied into frozen objects without a prototype, so that later changes by the caller have no effect
 * and no field name can reach Object.prototype.
 */
export class MetadataTable {
  #records: (Metadata | undefined)[] = [];
  #count = 0;
  #bytes = 0;
  /** One copy of each short string that values share, with the number of uses. */
  readonly #pool = new Map<string, { text: string; uses: number }>();
  #stringBytes = 0;

  /** Records held. */
  get count(): number {
    return this.#count;
  }

  /** Bytes on the heap, estimated from V8's layout. */
  get bytes(): number {
    return this.#records.length * 9 + this.#bytes + this.#stringBytes;
  }

  get(slot: number): Metadata | undefined {
    return this.#records[slot];
  }

  /**
   * Checks and copies records for n rows, changing nothing. Throws BAD_INPUT with row and field, or
   * LIMIT. Hand the answer to {@link set}, row by row.
   */
  static prepare(records: readonly (Metadata | undefined)[] | undefined, n: number): Prepared | undefined {
    if (records === undefined) return undefined;
    if (!Array.isArray(records) || records.length !== n) {
      const got = Array.isArray(records) ? `${records.length} records` : showKey(records);
      throw new VicinalError("BAD_INPUT", {
        what: "metadata",
        got,
        rule: `an array of ${n}, one record a row`,
      });
    }
    const out: (Metadata | undefined)[] = [];
    for (let row = 0; row < n; row++) out.push(copyRecord(records[row], `metadata of row ${row}`));
    return out;
  }

  /** Puts a prepared record, or none, at a slot. */
  set(slot: number, prepared: Metadata | undefined): void {
    const old = this.#records[slot];
    if (old !== undefined) {
      this.#count--;
      this.#bytes -= recordBytes(old);
      this.#share(old, -1);
    }
    if (prepared === undefined) {
      if (old !== undefined) this.#records[slot] = undefined;
      return;
    }
    while (this.#records.length < slot) this.#records.push(undefined);
    this.#records[slot] = this.#share(prepared, 1);
    this.#count++;
    this.#bytes += recordBytes(prepared);
  }

  /** Forgets the record of a slot. */
  remove(slot: number): void {
    this.set(slot, undefined);
  }

  /** Renumbers as the key table does: old slot s becomes newSlotOfOld[s], NONE drops it. */
  permute(newSlotOfOld: Uint32Array): void {
    const old = this.#records;
    if (old.length === 0) return;
    const kept: (Metadata | undefined)[] = new Array(newSlotOfOld.length).fill(undefined);
    let slots = 0;
    for (let slot = 0; slot < newSlotOfOld.length; slot++) {
      const now = newSlotOfOld[slot]!;
      if (now === NONE) {
        this.set(slot, undefined);
        continue;
      }
      slots++;
      kept[now] = old[slot];
    }
    kept.length = this.#count === 0 ? 0 : slots;
    this.#records = kept;
  }

  /**
   * Sections `metadata.offsets` (u32 little-endian, slots + 1) and `metadata.records` (a line of JSON
   * in UTF-8 for each record, nothing for an absent one); no section when there are no records.
   */
  toSections(slots: number): { facts: MetadataFacts; sections: Section[] } {
    const facts = { slots, records: this.#count };
    if (this.#count === 0) return { facts, sections: [] };
    const offsets = new Uint8Array((slots + 1) * 4);
    const view = new DataView(offsets.buffer);
    const encoder = new TextEncoder();
    const lines: Uint8Array[] = [];
    let end = 0;
    for (let slot = 0; slot < slots; slot++) {
      const record = this.#records[slot];
      if (record !== undefined) {
        const line = encoder.encode(`${JSON.stringify(record)}\n`);
        lines.push(line);
        end += line.length;
        if (end > NONE) throw new VicinalError("LIMIT", { what: "bytes of metadata", got: end, limit: NONE });
      }
      view.setUint32((slot + 1) * 4, end, true);
    }
    const bytes = new Uint8Array(end);
    let at = 0;
    for (const line of lines) {
      bytes.set(line, at);
      at += line.length;
    }
    return {
      facts,
      sections: [
        { name: "metadata.offsets", bytes: offsets },
        { name: "metadata.records", bytes },
      ],
    };
  }

  /** The table that {@link toSections} wrote, checked before it is used; throws FORMAT. */
  static fromSections(facts: unknown, section: (name: string) => Uint8Array | undefined): MetadataTable {
    const { slots, records } = checkFacts(facts);
    const table = new MetadataTable();
    if (records === 0) return table;
    const offsets = section("metadata.offsets");
    const lines = section("metadata.records");
    if (offsets === undefined || lines === undefined) fail("two sections for records");
    if (offsets.length !== (slots + 1) * 4)
      fail(`${(slots + 1) * 4} bytes of offsets`, String(offsets.length));
    const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let start = view.getUint32(0, true);
    if (start !== 0) fail("offsets that start at 0", String(start));
    for (let slot = 0; slot < slots; slot++) {
      const end = view.getUint32((slot + 1) * 4, true);
      if (end < start || end > lines.length) fail(`offsets that ascend to ${lines.length}`, String(end));
      if (end > start) table.set(slot, parseLine(lines.subarray(start, end), decoder, slot));
      start = end;
    }
    if (start !== lines.length) fail(`records of ${lines.length} bytes together`, String(start));
    if (table.#count !== records) fail(`${records} records`, String(table.#count));
    return table;
  }

  /** The record with short strings replaced by the pool's own; with −1, gives those uses back. */
  #share(record: Metadata, sign: 1 | -1): Metadata {
    const out = emptyRecord();
    let changed = false;
    for (const field of Object.keys(record)) {
      const value = record[field]!;
      out[field] = value;
      if (typeof value !== "string" || value.length > 40) continue;
      const shared = this.#pool.get(value);
      if (shared === undefined) {
        const pooled = sign === 1 && this.#pool.size < POOL_LIMIT;
        if (pooled) this.#pool.set(value, { text: value, uses: 1 });
        this.#stringBytes += sign * heapBytesOf(value) + (pooled ? POOL_ENTRY : 0);
        continue;
      }
      shared.uses += sign;
      if (shared.uses === 0) {
        this.#pool.delete(value);
        this.#stringBytes -= POOL_ENTRY + heapBytesOf(value);
      }
      out[field] = shared.text;
      changed = true;
    }
    return changed ? Object.freeze(out) : record;
  }
}

/** Strings shared at most; the values that repeat are few, and a table of them all would cost more than it saves. */
const POOL_LIMIT = 4096;

/** A map entry at its mean load and the object it holds. */
const POOL_ENTRY = 42 + 40;

function emptyRecord(): Record<string, FieldValue> {
  // Not Object.create(null): V8 makes that a hash table, nearly three times the size of this.
  return Object.setPrototypeOf({}, null) as Record<string, FieldValue>;
}

function copyRecord(given: unknown, where: string): Metadata | undefined {
  if (given === undefined) return undefined;
  const proto = typeof given === "object" && given !== null ? Object.getPrototypeOf(given) : undefined;
  const plain = proto === null || (typeof proto === "object" && Object.getPrototypeOf(proto) === null);
  if (!plain || Array.isArray(given)) {
    const got = given === null ? "null" : proto === undefined ? showKey(given) : "not a plain object";
    throw new VicinalError("BAD_INPUT", { what: where, got, rule: "a plain object of fields, or undefined" });
  }
  const names = Object.keys(given as object);
  if (names.length > MAX_FIELDS) {
    throw new VicinalError("LIMIT", {
      what: `number of fields in ${where}`,
      got: names.length,
      limit: MAX_FIELDS,
    });
  }
  const out = emptyRecord();
  let length = 0;
  for (const name of names) {
    const rule = fieldFault(name);
    if (rule !== undefined) {
      throw new VicinalError("BAD_INPUT", {
        what: `a field name in ${where}`,
        got: JSON.stringify(name),
        rule,
      });
    }
    const value = copyValue((given as Record<string, unknown>)[name], where, name);
    if (value === undefined) continue;
    out[name] = value;
    length += name.length + 1 + lengthOf(value);
  }
  if (length > MAX_RECORD_LENGTH) {
    throw new VicinalError("LIMIT", { what: `length of ${where}`, got: length, limit: MAX_RECORD_LENGTH });
  }
  return Object.freeze(out);
}

/** A field value as stored; undefined means the field is not there. */
function copyValue(value: unknown, where: string, name: string): FieldValue | undefined {
  if (value === null || value === undefined) return value;
  if (isScalar(value)) return value === 0 ? 0 : value;
  if (Array.isArray(value)) {
    if (value.length > MAX_FIELDS) {
      const what = `length of field ${JSON.stringify(name)} in ${where}`;
      throw new VicinalError("LIMIT", { what, got: value.length, limit: MAX_FIELDS });
    }
    const copy: (string | number | boolean)[] = [];
    for (let i = 0; i < value.length; i++) {
      const member: unknown = value[i];
      if (!isScalar(member)) failField(member, where, `${JSON.stringify(name)}[${i}]`);
      copy.push(member === 0 ? 0 : member);
    }
    return Object.freeze(copy);
  }
  return failField(value, where, JSON.stringify(name));
}

function lengthOf(value: FieldValue): number {
  if (typeof value === "string") return value.length + 1;
  if (typeof value !== "object" || value === null) return 5;
  return value.reduce<number>((sum, member) => sum + lengthOf(member), 1);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function failField(value: unknown, where: string, field: string): never {
  const rule =
    "a string, finite number, boolean or null, or an array of strings, finite numbers and booleans";
  const got =
    typeof value === "object" ? showKey(value) : typeof value === "number" ? `${value}` : `a ${typeof value}`;
  throw new VicinalError("BAD_INPUT", { what: `field ${field} in ${where}`, got, rule });
}

/** Bytes of a record on V8's heap, without the short strings that the pool counts. */
function recordBytes(record: Metadata): number {
  const names = Object.keys(record);
  // A literal's object has room for four fields; more go to an array that grows by three.
  let bytes = 56 + (names.length > 4 ? 16 + Math.ceil((names.length - 4) / 3) * 24 : 0);
  for (const name of names) bytes += valueBytes(record[name]!);
  return bytes;
}

function valueBytes(value: FieldValue): number {
  if (typeof value === "string") return value.length > 40 ? heapBytesOf(value) : 0;
  if (typeof value === "number") return value === (value | 0) ? 0 : 16;
  if (typeof value !== "object" || value === null) return 0;
  let bytes = 48 + value.length * 8;
  for (const member of value) {
    bytes += typeof member === "string" ? heapBytesOf(member) : valueBytes(member);
  }
  return bytes;
}

function fail(rule: string, got?: string, cause?: unknown): never {
  const params = { what: "the table of metadata", rule, ...(got === undefined ? {} : { got }) };
  throw new VicinalError("FORMAT", params, cause === undefined ? undefined : { cause });
}

function checkFacts(facts: unknown): MetadataFacts {
  if (typeof facts !== "object" || facts === null) fail("an object of facts", showKey(facts));
  const { slots, records } = facts as Record<string, unknown>;
  if (typeof slots !== "number" || !Number.isInteger(slots) || slots < 0 || slots >= NONE) {
    fail("a whole number of slots", showKey(slots));
  }
  if (typeof records !== "number" || !Number.isInteger(records) || records < 0 || records > slots) {
    fail(`from 0 to ${slots} records`, showKey(records));
  }
  return { slots, records };
}

function parseLine(bytes: Uint8Array, decoder: TextDecoder, slot: number): Metadata {
  if (bytes.length > MAX_RECORD_BYTES) fail(`records up to ${MAX_RECORD_BYTES} bytes`, String(bytes.length));
  let record: Metadata | undefined;
  try {
    record = copyRecord(JSON.parse(decoder.decode(bytes)), `slot ${slot}`);
  } catch (cause) {
    fail(`a line of JSON with a valid record at slot ${slot}`, undefined, cause);
  }
  return record!;
}
