import { VicinalError } from "../../core/index.ts";
import type { Key } from "../contract.ts";

/** Longest string key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 65536;

/** Bigint keys lie strictly between ± this. */
export const BIGINT_KEY_LIMIT: bigint = 1n << 256n;

/** A key as shown in messages: strings quoted, bigints with their n, all cut to a readable length. */
export function showKey(key: unknown): string {
  if (typeof key === "bigint") return `${shorten(key.toString())}n`;
  if (typeof key === "string") return JSON.stringify(shorten(key));
  if (typeof key === "number") return Object.is(key, -0) ? "-0" : String(key);
  if (key === null || typeof key !== "object") return String(key);
  return Array.isArray(key) ? "an array" : "an object";
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What is wrong with a value as a key, or undefined when it is one. */
export function keyFault(key: unknown): string | undefined {
  switch (typeof key) {
    case "number":
      return Number.isSafeInteger(key) ? undefined : showKey(key);
    case "bigint":
      return key < BIGINT_KEY_LIMIT && key > -BIGINT_KEY_LIMIT
        ? undefined
        : `${showKey(key)} (beyond 256 bits)`;
    case "string":
      if (key.length > MAX_KEY_BYTES / 3 && utf8Length(key) > MAX_KEY_BYTES) {
        return `a string of more than ${MAX_KEY_BYTES} bytes`;
      }
      return isWellFormed(key) ? undefined : "a string with half a surrogate pair (it has no UTF-8 form)";
    default:
      return showKey(key);
  }
}

/** Refuses anything that is not a key with KEY_TYPE. */
export function checkKey(key: unknown): asserts key is Key {
  const fault = keyFault(key);
  if (fault !== undefined) throw new VicinalError("KEY_TYPE", { got: fault });
}

/** True when the string has a UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** Bytes of the UTF-8 form. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit >= 0x80) bytes += 1; // each half of a surrogate pair brings two of the four bytes
  }
  return bytes;
}
