import type { Scalars } from "../core/index.ts";
import { badFormat } from "./limits.ts";

/** How vectors are held after reading: `f16` are binary16 bit patterns in a Uint16Array. */
export type VectorDtype = "f32" | "f64" | "f16" | "u8" | "i8";

/** How one number is stored in a file, in NumPy's letters without byte order. */
export type ElementType = "f2" | "f4" | "f8" | "u1" | "i1" | "u2" | "i2" | "u4" | "i4" | "u8" | "i8" | "b1";

export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  f2: 2,
  f4: 4,
  f8: 8,
  u1: 1,
  i1: 1,
  u2: 2,
  i2: 2,
  u4: 4,
  i4: 4,
  u8: 8,
  i8: 8,
  b1: 1,
};

/** Bytes stay bytes; wider whole numbers go to the smallest float type that holds them exactly. */
const HELD_AS: Readonly<Record<ElementType, VectorDtype>> = {
  f2: "f16",
  f4: "f32",
  f8: "f64",
  u1: "u8",
  i1: "i8",
  b1: "u8",
  u2: "f32",
  i2: "f32",
  u4: "f64",
  i4: "f64",
  u8: "f64",
  i8: "f64",
};

export function heldAs(element: ElementType): VectorDtype {
  return HELD_AS[element];
}

export function newScalars(dtype: VectorDtype, length: number): Scalars {
  switch (dtype) {
    case "f32":
      return new Float32Array(length);
    case "f64":
      return new Float64Array(length);
    case "f16":
      return new Uint16Array(length);
    case "u8":
      return new Uint8Array(length);
    case "i8":
      return new Int8Array(length);
  }
}

export function scalarBytes(dtype: VectorDtype): number {
  return dtype === "f64" ? 8 : dtype === "f32" ? 4 : dtype === "f16" ? 2 : 1;
}

/** The dtype by which such an array is read. */
export function dtypeOf(data: Scalars): VectorDtype {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Float64Array) return "f64";
  if (data instanceof Uint16Array) return "f16";
  return data instanceof Int8Array ? "i8" : "u8";
}

const HOST_BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

/** Reverses the bytes of each element, in place. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  if (width === 1) return;
  for (let at = 0; at + width <= bytes.length; at += width) {
    for (let i = 0, j = width - 1; i < j; i++, j--) {
      const t = bytes[at + i]!;
      bytes[at + i] = bytes[at + j]!;
      bytes[at + j] = t;
    }
  }
}

/**
 * Elements out of file bytes. `bytes` must start at an aligned offset of its buffer, and may be
 * changed and kept. @throws FORMAT for a whole number beyond ±2⁵³ and for a boolean above 1
 */
export function decodeElements(
  bytes: Uint8Array,
  element: ElementType,
  bigEndian: boolean,
  what: string,
): Scalars {
  const width = ELEMENT_BYTES[element];
  if (bigEndian !== HOST_BIG_ENDIAN) swapBytes(bytes, width);
  const { buffer, byteOffset } = bytes;
  const n = bytes.length / width;
  switch (element) {
    case "f4":
      return new Float32Array(buffer, byteOffset, n);
    case "f8":
      return new Float64Array(buffer, byteOffset, n);
    case "f2":
      return new Uint16Array(buffer, byteOffset, n);
    case "u1":
      return new Uint8Array(buffer, byteOffset, n);
    case "i1":
      return new Int8Array(buffer, byteOffset, n);
    case "b1":
      for (let i = 0; i < n; i++) {
        if (bytes[i]! > 1) throw badFormat(what, "booleans of 0 or 1", bytes[i]);
      }
      return new Uint8Array(buffer, byteOffset, n);
    case "u2":
      return Float32Array.from(new Uint16Array(buffer, byteOffset, n));
    case "i2":
      return Float32Array.from(new Int16Array(buffer, byteOffset, n));
    case "u4":
      return Float64Array.from(new Uint32Array(buffer, byteOffset, n));
    case "i4":
      return Float64Array.from(new Int32Array(buffer, byteOffset, n));
    default: {
      const wide =
        element === "u8"
          ? new BigUint64Array(buffer, byteOffset, n)
          : new BigInt64Array(buffer, byteOffset, n);
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        out[i] = Number(wide[i]!);
        if (!Number.isSafeInteger(out[i]!)) {
          throw badFormat(what, "64-bit whole numbers within ±2^53", wide[i]);
        }
      }
      return out;
    }
  }
}

/** The value of one binary16 bit pattern. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let halfTable: Float32Array | undefined;

/** The scalars as float32: halves decoded, doubles rounded, bytes as numbers. A view when they already are. */
export function toFloat32(data: Scalars): Float32Array {
  if (data instanceof Float32Array) return data;
  if (!(data instanceof Uint16Array)) return Float32Array.from(data);
  if (halfTable === undefined) {
    halfTable = new Float32Array(65536);
    for (let bits = 0; bits < 65536; bits++) halfTable[bits] = halfToNumber(bits);
  }
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = halfTable[data[i]!]!;
  return out;
}
