import type { Dtype, Matrix, Scalars } from "../../core/index.ts";
import { VicinalError } from "../../core/index.ts";
import type { VectorsInput } from "../contract.ts";
import {
  checkComponents,
  copyComponents,
  type Destination,
  firstNotFinite,
  kindOf,
  packBits,
  type ScalarKind,
} from "./scalars.ts";

export { type Destination, firstNotFinite, type ScalarKind } from "./scalars.ts";

/** Vectors that passed every check, still where the caller has them. */
export interface VectorReader {
  readonly rows: number;
  readonly dimension: number;
  readonly dtype: Dtype;
  /** How the components are held; of mixed lists, how the first is. */
  readonly kind: ScalarKind;
  /** Elements that one row takes in a destination: the dimension, or for bits a byte for every eight. */
  readonly width: number;
  /** The block itself when it is float32 for dtype f32, so that a caller may search it in place. */
  readonly block: Matrix<Float32Array> | undefined;
  /**
   * Copies rows from … to−1: row from + i goes to `dest[at + i * rowStride …]`. Elements between rows
   * are left alone. Throws DETACHED_BUFFER when the input was transferred or shrunk since.
   */
  copyInto(dest: Destination, rowStride: number, from: number, to: number, at?: number): void;
}

/**
 * Reads one vector, rows end to end, a matrix or a list of vectors, without copying them.
 *
 * All of it is checked here: lengths (DIM_MISMATCH), shapes and types (BAD_INPUT), transferred buffers
 * (DETACHED_BUFFER), NaN and what is infinite in float32 (NOT_FINITE), what a byte or bit cannot hold
 * (OPTION_RANGE). A Uint16Array holds binary16; a Buffer holds one component a byte. For dtype bits a
 * Uint8Array holds packed rows (⌈dimension / 8⌉ bytes, least significant bit first, unused bits 0) and
 * everything else holds components 0 or 1; a byte matrix of `dimension` columns does so too.
 *
 * Callers copy before they next give up control: the input may change after that.
 *
 * @param what names the input in messages, as in "query"
 * @remarks O(rows · dimension) for the check, about 0.5 ns a float32
 */
export function readVectors(
  input: VectorsInput,
  dimension: number,
  dtype: Dtype,
  what = "vectors",
): VectorReader {
  const kind = kindOf(input);
  if (kind !== undefined) {
    return readBlock(input as Scalars, kind, lengthOf(input as Scalars, what), dimension, dtype, what);
  }
  if (typeof input === "object" && input !== null && !ArrayBuffer.isView(input)) {
    if (isMatrix(input)) return readMatrix(input, dimension, dtype, what);
    if (isListLike(input)) {
      const list = input as ArrayLike<unknown>;
      if (list.length === 0 || isComponent(list[0])) {
        return readBlock(list as ArrayLike<number>, "array", list.length, dimension, dtype, what);
      }
      return readList(list, dimension, dtype, what);
    }
  }
  throw new VicinalError("BAD_INPUT", { what, got: nameOf(input), rule: INPUT_RULE });
}

/**
 * True for a Float32Array of exactly the dimension: one query that needs no reader. Its components
 * still need {@link firstNotFinite}. Allocates nothing.
 */
export function isPlainQuery(input: unknown, dimension: number): input is Float32Array {
  return input instanceof Float32Array && input.length === dimension;
}

/** Rows from … to−1 of a reader, end to end in an array of their own. */
export function copyRows(
  reader: VectorReader,
  from: number,
  to: number,
): Float32Array | Int8Array | Uint8Array {
  const { dtype, width } = reader;
  const kind = dtype === "f32" ? Float32Array : dtype === "i8" ? Int8Array : Uint8Array;
  const out = new kind((to - from) * width);
  reader.copyInto(out, width, from, to);
  return out;
}

/** Reads one plain query after another without allocating; each {@link take} replaces the one before. */
export class PlainQueryReader implements VectorReader {
  readonly rows = 1;
  readonly dtype = "f32";
  readonly kind = "f32";
  readonly block: Matrix<Float32Array> | undefined = undefined;
  readonly dimension: number;
  readonly width: number;
  #query: Float32Array = new Float32Array(0);

  constructor(dimension: number) {
    this.dimension = dimension;
    this.width = dimension;
  }

  /** Takes a query for which {@link isPlainQuery} holds. Throws NOT_FINITE, DETACHED_BUFFER. */
  take(query: Float32Array, what: string): this {
    // Optimized code of some engines still sees the length that a transferred array had.
    if (query.buffer.byteLength === 0) throw new VicinalError("DETACHED_BUFFER", { what });
    const column = firstNotFinite(query, "f32", 0, query.length);
    if (column >= 0) throw new VicinalError("NOT_FINITE", { what, row: 0, column, got: query[column]! });
    this.#query = query;
    return this;
  }

  copyInto(dest: Destination, _rowStride: number, from: number, to: number, at = 0): void {
    if (to === from) return;
    try {
      dest.set(this.#query, at);
    } catch (cause) {
      throw new VicinalError("DETACHED_BUFFER", { what: "queries" }, { cause });
    }
  }
}

const INPUT_RULE =
  "a vector, rows end to end, a matrix { data, rows, cols, stride }, or a list of vectors; vectors are arrays of numbers or typed arrays other than of bigints";

/** The width of a stored row in elements of its destination. */
export function storedWidth(dimension: number, dtype: Dtype): number {
  return dtype === "bits" ? Math.ceil(dimension / 8) : dimension;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Length of a typed array that is there: one over a transferred or shrunk buffer has none. */
function lengthOf(data: Scalars, what: string): number {
  if (data.length === 0) {
    try {
      data.keys(); // unlike length, this throws when the buffer is gone
    } catch (cause) {
      throw new VicinalError("DETACHED_BUFFER", { what }, { cause });
    }
  }
  return data.length;
}

function isListLike(input: object): boolean {
  if (Array.isArray(input)) return true;
  const length = (input as { length?: unknown }).length;
  return typeof length === "number" && Number.isSafeInteger(length) && length >= 0;
}

function isMatrix(input: object): input is Matrix<Scalars> {
  return !Array.isArray(input) && "data" in input && "rows" in input && "cols" in input;
}

/** A number, or what stands in a number's place by mistake; lists start with something else. */
function isComponent(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

interface Block {
  readonly data: ArrayLike<number>;
  readonly kind: ScalarKind;
  readonly rows: number;
  readonly stride: number;
  /** Elements read of each row: the dimension, or bytes when bits come packed. */
  readonly width: number;
  readonly packed: boolean;
}

function readBlock(
  data: ArrayLike<number>,
  kind: ScalarKind,
  length: number,
  dimension: number,
  dtype: Dtype,
  what: string,
): VectorReader {
  const packed = dtype === "bits" && kind === "u8";
  const width = packed ? storedWidth(dimension, dtype) : dimension;
  if (length % width !== 0) {
    throw new VicinalError("DIM_MISMATCH", { what, got: packed ? length * 8 : length, want: dimension });
  }
  const block = { data, kind, rows: length / width, stride: width, width, packed };
  checkBlock(block, dimension, dtype, what);
  return blockReader(block, dimension, dtype, what);
}

function readMatrix(m: Matrix<Scalars>, dimension: number, dtype: Dtype, what: string): VectorReader {
  const { data, rows, cols } = m;
  const stride = m.stride ?? cols;
  const kind = kindOf(data);
  if (kind === undefined) {
    const rule = "a typed array other than of bigints";
    throw new VicinalError("BAD_INPUT", { what: `${what}.data`, got: nameOf(data), rule });
  }
  const length = lengthOf(data, what);
  const sound = [rows, cols, stride].every((n) => Number.isSafeInteger(n) && n >= 0) && stride >= cols;
  if (!sound || (rows > 0 && (rows - 1) * stride + cols > length)) {
    throw new VicinalError("BAD_INPUT", {
      what,
      got: `${length} elements for ${rows} rows of ${cols} at stride ${stride}`,
      rule: "rows × stride elements with stride >= cols",
    });
  }
  const bytes = storedWidth(dimension, dtype);
  const packed = dtype === "bits" && kind === "u8" && cols === bytes;
  if (cols !== dimension && !packed)
    throw new VicinalError("DIM_MISMATCH", { what, got: cols, want: dimension });
  const block = { data, kind, rows, stride, width: cols, packed };
  checkBlock(block, dimension, dtype, what);
  return blockReader(block, dimension, dtype, what);
}

function checkBlock(block: Block, dimension: number, dtype: Dtype, what: string): void {
  const { data, kind, rows, stride, width, packed } = block;
  if (packed) {
    for (let row = 0; row < rows; row++) checkUnusedBits(data, row * stride, width, dimension, row, what);
  } else if (stride === width) {
    checkComponents(data, kind, dtype, 0, rows * width, { what, row: 0, width });
  } else {
    for (let row = 0; row < rows; row++) {
      checkComponents(data, kind, dtype, row * stride, row * stride + width, { what, row, width });
    }
  }
}

function checkUnusedBits(
  data: ArrayLike<number>,
  at: number,
  width: number,
  dimension: number,
  row: number,
  what: string,
): void {
  if (dimension % 8 === 0 || data[at + width - 1]! >> (dimension % 8) === 0) return;
  throw new VicinalError("OPTION_RANGE", {
    option: `${what} row ${row}, byte ${width - 1}`,
    got: data[at + width - 1],
    rule: `zero in the ${8 - (dimension % 8)} bits beyond the dimension`,
  });
}

function blockReader(block: Block, dimension: number, dtype: Dtype, what: string): VectorReader {
  const { data, kind, rows, stride, width, packed } = block;
  const { length } = data;
  const stored = storedWidth(dimension, dtype);
  const pack = dtype === "bits" && !packed;
  return {
    rows,
    dimension,
    dtype,
    kind,
    width: stored,
    block:
      kind === "f32" && dtype === "f32"
        ? { data: data as Float32Array, rows, cols: dimension, stride }
        : undefined,
    copyInto(dest, rowStride, from, to, at = 0) {
      checkSpan(dest, rowStride, stored, from, to, at, rows);
      if (data.length < length) throw new VicinalError("DETACHED_BUFFER", { what });
      if (from === to) return;
      if (!pack && rowStride === width && stride === width) {
        copyComponents(data, kind, from * stride, (to - from) * width, dest, at);
        return;
      }
      const copy = pack ? packBits : copyComponents;
      for (let row = from; row < to; row++, at += rowStride) {
        copy(data, kind, row * stride, width, dest, at);
      }
    },
  };
}

/** A destination too small for the rows is a fault of the library, found before it writes. */
function checkSpan(
  dest: Destination,
  rowStride: number,
  width: number,
  from: number,
  to: number,
  at: number,
  rows: number,
): void {
  const fits = from === to || (rowStride >= width && at + (to - from - 1) * rowStride + width <= dest.length);
  if (from >= 0 && from <= to && to <= rows && at >= 0 && fits) return;
  throw new VicinalError("BAD_INPUT", {
    what: "copy of rows",
    got: `rows ${from} … ${to} of ${rows} at stride ${rowStride} from ${at} into ${dest.length} elements`,
    rule: "within both",
  });
}

function readList(list: ArrayLike<unknown>, dimension: number, dtype: Dtype, what: string): VectorReader {
  const rows = list.length;
  const stored = storedWidth(dimension, dtype);
  // A copy of the list of references, so that the rows checked are the rows copied.
  const vectors: ArrayLike<number>[] = [];
  for (let row = 0; row < rows; row++) vectors.push(checkVector(list[row], row, dimension, dtype, what));
  return {
    rows,
    dimension,
    dtype,
    kind: kindOf(vectors[0]) ?? "array",
    width: stored,
    block: undefined,
    copyInto(dest, rowStride, from, to, at = 0) {
      checkSpan(dest, rowStride, stored, from, to, at, rows);
      for (let row = from; row < to; row++, at += rowStride) {
        const vector = vectors[row]!;
        const kind = kindOf(vector) ?? "array";
        const packed = dtype === "bits" && kind === "u8";
        const width = packed ? stored : dimension;
        if (vector.length < width) throw new VicinalError("DETACHED_BUFFER", { what: `${what} row ${row}` });
        if (dtype === "bits" && !packed) packBits(vector, kind, 0, width, dest, at);
        else copyComponents(vector, kind, 0, width, dest, at);
      }
    },
  };
}

function checkVector(
  vector: unknown,
  row: number,
  dimension: number,
  dtype: Dtype,
  what: string,
): ArrayLike<number> {
  const typed = kindOf(vector);
  const isList = typed !== undefined || (typeof vector === "object" && vector !== null && isListLike(vector));
  if (!isList || (typed === undefined && ArrayBuffer.isView(vector))) {
    const got = vector === undefined ? "missing" : nameOf(vector);
    throw new VicinalError("BAD_INPUT", {
      what: `${what} row ${row}`,
      got,
      rule: "a vector like the others",
    });
  }
  const numbers = vector as ArrayLike<number>;
  const kind = typed ?? "array";
  const packed = dtype === "bits" && kind === "u8";
  const width = packed ? storedWidth(dimension, dtype) : dimension;
  const length = typed === undefined ? numbers.length : lengthOf(vector as Scalars, `${what} row ${row}`);
  if (length !== width) {
    const got = packed ? length * 8 : length;
    throw new VicinalError("DIM_MISMATCH", { what: `${what} row ${row}`, got, want: dimension });
  }
  if (packed) checkUnusedBits(numbers, 0, width, dimension, row, what);
  else checkComponents(numbers, kind, dtype, 0, width, { what, row, width });
  return numbers;
}

/** A reader of the same rows in memory of its own. */
export function ownedReader(reader: VectorReader): VectorReader {
  const { dimension, dtype } = reader;
  return readVectors(copyRows(reader, 0, reader.rows), dimension, dtype, "queries");
}
