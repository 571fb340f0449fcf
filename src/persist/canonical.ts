import type { Json } from "./snapshot.ts";

/** Deepest nesting of arrays and objects that a header may have. */
export const MAX_DEPTH = 32;

/**
 * JSON text in the one form of RFC 8785: no spaces, object keys in order of their UTF-16 code units, numbers
 * as ECMAScript writes them. One value has one text, so a reader can refuse every other spelling, duplicate
 * keys included. Throws RangeError for what JSON cannot hold.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    if (!isWellFormed(value)) throw new RangeError("a string with a lone surrogate");
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`the number ${value}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item) => canonicalJson(item, depth + 1)).join(",")}]`;
  }
  if (typeof value === "object") {
    const members = Object.keys(value)
      .sort()
      .map((key) => {
        if (key === "__proto__") throw new RangeError('the key "__proto__"');
        return `${canonicalJson(key)}:${canonicalJson((value as Record<string, unknown>)[key], depth + 1)}`;
      });
    return `{${members.join(",")}}`;
  }
  throw new RangeError(`a value of type ${typeof value}`);
}

/** Strings of lone surrogates have no UTF-8 form. */
function isWellFormed(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
    i++;
  }
  return true;
}

/** Deepest nesting of brackets outside strings: known before parsing, so that a parser never recurses far. */
function nesting(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i]!;
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b || c === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x7d || c === 0x5d) depth--;
  }
  return deepest;
}

/** The value of canonical JSON in UTF-8. Throws RangeError, SyntaxError or TypeError for anything else. */
export function parseCanonical(bytes: Uint8Array): Json {
  if (nesting(bytes) > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = JSON.parse(text) as Json;
  if (canonicalJson(value) !== text) throw new RangeError("not in canonical form");
  return value;
}
