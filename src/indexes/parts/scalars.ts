import type { Dtype } from "../../core/index.ts";
import { VicinalError } from "../../core/index.ts";

/** How the components of an input are held; `array` is anything else that holds numbers. */
export type ScalarKind = "f32" | "f64" | "u8" | "i8" | "f16" | "array";

/** Where stored components go; the dtype decides which. */
export type Destination = Float32Array | Uint8Array | Int8Array;

const KINDS: Readonly<Record<string, ScalarKind>> = {
  Float32Array: "f32",
  Float64Array: "f64",
  Uint8Array: "u8",
  Uint8ClampedArray: "u8",
  Int8Array: "i8",
  Uint16Array: "f16",
  Float16Array: "array",
  Int16Array: "array",
  Int32Array: "array",
  Uint32Array: "array",
};

/** The kind of a typed array of any realm, or undefined for other values and for arrays of bigints. */
export function kindOf(data: unknown): ScalarKind | undefined {
  if (!ArrayBuffer.isView(data)) return undefined;
  const name = (data as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag];
  return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

/** The number that an IEEE binary16 bit pattern stands for. */
export function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

let halves: Float32Array | undefined;

/** All binary16 values by bit pattern; 256 KB, made at the first half that is read. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToNumber(bits));
  return halves;
}

/** Position of the first component that is not finite in float32, or −1. A short run allocates nothing. */
export function firstNotFinite(data: ArrayLike<number>, kind: ScalarKind, from: number, to: number): number {
  if (kind === "u8" || kind === "i8") return -1;
  if (kind === "f32") {
    const block = data as Float32Array;
    if (to - from > 512) {
      const bits = new Int32Array(block.buffer, block.byteOffset, block.length);
      if (allBelowInfinity(bits, from, to)) return -1;
    }
    if (sumsToZero(block, from, to)) return -1;
    for (let i = from; i < to; i++) if (!Number.isFinite(block[i]!)) return i;
  } else if (kind === "f16") {
    for (let i = from; i < to; i++) if ((data[i]! & 0x7c00) === 0x7c00) return i;
  } else {
    // Rounding first: a float64 beyond the float32 range becomes infinite.
    for (let i = from; i < to; i++) if (!Number.isFinite(Math.fround(data[i]!))) return i;
  }
  return -1;
}

/** x · 0 is zero for finite x and NaN otherwise; four sums, so that additions do not wait for each other. */
function sumsToZero(data: Float32Array, from: number, to: number): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    a += data[i]! * 0;
    b += data[i + 1]! * 0;
    c += data[i + 2]! * 0;
    d += data[i + 3]! * 0;
  }
  for (; i < to; i++) a += data[i]! * 0;
  return a + b + c + d === 0;
}

/** Adding one to the exponent carries into the sign bit exactly when the exponent is all ones. */
function allBelowInfinity(bits: Int32Array, from: number, to: number): boolean {
  let carry = 0;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    carry |=
      ((bits[i]! & 0x7fffffff) + 0x00800000) |
      ((bits[i + 1]! & 0x7fffffff) + 0x00800000) |
      ((bits[i + 2]! & 0x7fffffff) + 0x00800000) |
      ((bits[i + 3]! & 0x7fffffff) + 0x00800000);
  }
  for (; i < to; i++) carry |= (bits[i]! & 0x7fffffff) + 0x00800000;
  return carry >= 0;
}

/** A run of components of one row or of many rows end to end, for messages. */
export interface Place {
  readonly what: string;
  /** Row of the first component. */
  readonly row: number;
  /** Components a row; positions are split by it. */
  readonly width: number;
}

/**
 * Checks components from … to−1 for storage as a dtype: numbers, finite in float32, and whole and
 * within range for bytes and bits. Throws BAD_INPUT, NOT_FINITE or OPTION_RANGE with row and column.
 */
export function checkComponents(
  data: ArrayLike<number>,
  kind: ScalarKind,
  dtype: Dtype,
  from: number,
  to: number,
  place: Place,
): void {
  if (kind === "array") {
    for (let i = from; i < to; i++) if (typeof data[i] !== "number") failType(data[i], i - from, place);
  }
  const bad = firstNotFinite(data, kind, from, to);
  if (bad >= 0) {
    const [row, column] = split(bad - from, place);
    const got = kind === "f16" ? halfToNumber(data[bad]!) : data[bad]!;
    throw new VicinalError("NOT_FINITE", { what: place.what, row, column, got });
  }
  if (dtype === "f32" || (dtype === "u8" && kind === "u8") || (dtype === "i8" && kind === "i8")) return;
  const low = dtype === "i8" ? -128 : 0;
  const high = dtype === "i8" ? 127 : dtype === "u8" ? 255 : 1;
  for (let i = from; i < to; i++) {
    const value = kind === "f16" ? halfToNumber(data[i]!) : data[i]!;
    if (value >= low && value <= high && Number.isInteger(value)) continue;
    const [row, column] = split(i - from, place);
    throw new VicinalError("OPTION_RANGE", {
      option: `${place.what} row ${row}, component ${column}`,
      got: value,
      rule: `a whole number from ${low} to ${high}, as dtype ${dtype} holds`,
    });
  }
}

function split(position: number, place: Place): [number, number] {
  return [place.row + Math.floor(position / place.width), position % place.width];
}

function failType(value: unknown, position: number, place: Place): never {
  const [row, column] = split(position, place);
  throw new VicinalError("BAD_INPUT", {
    what: `${place.what} row ${row}, component ${column}`,
    got: value === undefined ? "missing" : value === null ? "null" : `a ${typeof value}`,
    rule: "a number",
  });
}

/** Writes checked components as numbers; halves are decoded. */
export function copyComponents(
  data: ArrayLike<number>,
  kind: ScalarKind,
  from: number,
  count: number,
  into: Destination,
  at: number,
): void {
  if (kind === "f16") {
    const table = halfTable();
    for (let i = 0; i < count; i++) into[at + i] = table[data[from + i]!]!;
  } else if (kind !== "array" && count > 48) {
    into.set((data as Float32Array).subarray(from, from + count), at);
  } else {
    // A view costs more than it saves on a short row.
    for (let i = 0; i < count; i++) into[at + i] = data[from + i]!;
  }
}

/** Writes checked components 0 or 1 as bits, the first in the least significant bit; unused bits are 0. */
export function packBits(
  data: ArrayLike<number>,
  kind: ScalarKind,
  from: number,
  count: number,
  into: Destination,
  at: number,
): void {
  const one = kind === "f16" ? 0x3c00 : 1;
  for (let start = 0; start < count; start += 8) {
    let byte = 0;
    for (let j = 0; j < 8 && start + j < count; j++) if (data[from + start + j] === one) byte |= 1 << j;
    into[at + (start >> 3)] = byte;
  }
}
