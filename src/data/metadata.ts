import { badFormat } from "./limits.ts";
import type { DataKey } from "./table.ts";

/** A value of a metadata field, as the indexes filter on it. */
export type FieldValue = string | number | boolean | null | readonly (string | number | boolean)[];

/** Facts kept with a key. */
export type Metadata = Readonly<Record<string, FieldValue>>;

const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);
const MAX_DEPTH = 8;

/** What a JSON number looks like; "007", "0x1f" and " 1" are words. */
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * A text field as a metadata value: what JSON would call a number (and a double can hold) becomes a
 * number, `true` and `false` booleans, an empty field is left out, all else stays text.
 */
export function textToField(text: string): FieldValue | undefined {
  if (text === "") return undefined;
  if (text === "true") return true;
  if (text === "false") return false;
  if (JSON_NUMBER.test(text)) {
    const value = Number(text);
    // A whole number too long for a double is an identifier, not a quantity.
    if (Number.isFinite(value) && (Number.isSafeInteger(value) || /[.eE]/.test(text))) return value;
  }
  return text;
}

/** A text field as a key: a whole number in plain form becomes a number, all else stays text. */
export function textToKey(text: string): DataKey {
  if (text.length <= 16 && /^(0|-?[1-9]\d*)$/.test(text)) {
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value;
  }
  return text;
}

/** A JSON value as a key. @throws FORMAT for anything but text and safe whole numbers */
export function jsonToKey(value: unknown, what: string): DataKey {
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "bigint") {
    const plain = Number(value);
    return Number.isSafeInteger(plain) ? plain : String(value);
  }
  throw badFormat(
    what,
    "a key that is text or a whole number within ±2^53 (quote longer ones)",
    String(value),
  );
}

/**
 * Columns that are neither vector nor key, as metadata:
 *
 * - text, finite numbers, booleans and null are kept as they are;
 * - an array of such values (null left out) is kept as an array, which a filter matches when any member does;
 * - an object is flattened to `outer.inner`, eight levels deep; below that, and an array that holds
 *   arrays or objects, as JSON text;
 * - fields named `metadata` or `payload` that hold an object give their fields without a prefix;
 * - `undefined` and empty text of CSV are left out; dates become ISO text, bigints numbers where safe, else text.
 *
 * The record has no prototype; `__proto__`, `constructor` and `prototype` are refused as field names.
 */
export function rowsAsMetadata(record: Readonly<Record<string, unknown>>, what: string): Metadata {
  const out: Record<string, FieldValue> = Object.create(null) as Record<string, FieldValue>;
  for (const [name, value] of Object.entries(record)) {
    const unwrapped = (name === "metadata" || name === "payload") && isPlainObject(value);
    if (unwrapped) addObject(out, "", value, what, 1);
    else addField(out, name, value, what, 1);
  }
  return out;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Date)
  );
}

function addObject(
  out: Record<string, FieldValue>,
  prefix: string,
  value: Record<string, unknown>,
  what: string,
  depth: number,
): void {
  for (const [name, inner] of Object.entries(value)) {
    refuseName(name, what);
    addField(out, prefix === "" ? name : `${prefix}.${name}`, inner, what, depth + 1);
  }
}

function refuseName(name: string, what: string): void {
  if (FORBIDDEN.has(name))
    throw badFormat(what, "field names other than __proto__, constructor, prototype", name);
}

function addField(
  out: Record<string, FieldValue>,
  name: string,
  value: unknown,
  what: string,
  depth: number,
): void {
  refuseName(name, what);
  if (value === undefined || typeof value === "function" || typeof value === "symbol") return;
  if (isPlainObject(value) && depth < MAX_DEPTH) addObject(out, name, value, what, depth);
  else out[name] = toField(value);
}

function toScalar(value: unknown): string | number | boolean | null | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : null;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    default:
      if (value === null) return null;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      return undefined;
  }
}

function toField(value: unknown): FieldValue {
  const scalar = toScalar(value);
  if (scalar !== undefined) return scalar;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.from(value as ArrayLike<unknown>, toScalar);
    if (!items.includes(undefined)) return items.filter((v) => v !== null) as (string | number | boolean)[];
  }
  return JSON.stringify(value, (_key, v) => (typeof v === "bigint" ? String(v) : v));
}
