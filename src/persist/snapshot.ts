import { VicinalError } from "../core/errors.ts";

/** A value that JSON can hold; numbers are finite. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Named facts about what is saved: options, counts, seed. Their owner checks them when opening. */
export type Facts = Readonly<Record<string, Json>>;

/** How the bytes of a section are to be read; numbers of several bytes are little-endian. */
export type SectionDtype =
  | "u8"
  | "i8"
  | "u16"
  | "i16"
  | "u32"
  | "i32"
  | "u64"
  | "i64"
  | "f16"
  | "f32"
  | "f64"
  | "utf8";

/** Bytes of one element of each section type. */
export const ELEMENT_BYTES: Readonly<Record<SectionDtype, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  f16: 2,
  f32: 4,
  f64: 8,
  utf8: 1,
};

/** One named array to save. */
export interface Section {
  readonly name: string;
  readonly dtype: SectionDtype;
  /**
   * The bytes, as a view, or a function that makes the view afresh: use that for WebAssembly memory, whose
   * views die when it grows. The length must not change while saving.
   */
  readonly data: ArrayBufferView | (() => ArrayBufferView);
}

/** What can be saved: of which kind it is, facts, and named arrays in the order in which they are read back. */
export interface Snapshot {
  readonly kind: string;
  readonly facts: Facts;
  readonly sections: readonly Section[];
}

/** One line of a file's section table. */
export interface SectionInfo {
  readonly name: string;
  readonly dtype: SectionDtype;
  /** Position in the file, a multiple of 64. */
  readonly offset: number;
  readonly byteLength: number;
  /** XXH64 of the bytes, 16 hexadecimal digits. */
  readonly checksum: string;
}

/** What a file says of itself. */
export interface SnapshotHeader {
  readonly version: number;
  readonly kind: string;
  readonly facts: Facts;
  readonly sections: readonly SectionInfo[];
  readonly fileBytes: number;
}

/** The current bytes of a section. */
export function sectionBytes({ data }: Section): Uint8Array {
  const view = typeof data === "function" ? data() : data;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** Whether that may name a kind or a section. */
export function isName(name: unknown): name is string {
  return typeof name === "string" && NAME.test(name);
}

/** Throws UNSUPPORTED on a machine whose typed arrays are not little-endian. */
export function requireLittleEndian(): void {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return;
  throw new VicinalError("UNSUPPORTED", {
    what: "Reading or writing index files on a big-endian machine",
    rule: "sections are little-endian and are used in place",
  });
}
