import { type Matrix, type Scalars, VicinalError } from "../../core/index.ts";
import { dtypeOf, type ElementType, swapBytes, toFloat32, type VectorDtype } from "../elements.ts";

const CHUNK_BYTES = 1 << 20;
const HOST_BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
const NPY_DESCR: Readonly<Record<VectorDtype, string>> = {
  f32: "<f4",
  f64: "<f8",
  f16: "<f2",
  u8: "|u1",
  i8: "|i1",
};

/** Little-endian bytes of some elements; a copy. */
function toBytes(part: Scalars | Int32Array): Uint8Array {
  const bytes = new Uint8Array(part.byteLength);
  bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  if (HOST_BIG_ENDIAN) swapBytes(bytes, part.BYTES_PER_ELEMENT);
  return bytes;
}

function* rowChunks(matrix: Matrix<Scalars>): Generator<Uint8Array> {
  const { data, rows, cols, stride } = matrix;
  const step = Math.max(1, Math.floor(CHUNK_BYTES / (cols * data.BYTES_PER_ELEMENT)));
  for (let start = 0; start < rows; start += step) {
    const n = Math.min(step, rows - start);
    if (stride === cols) {
      yield toBytes(data.subarray(start * cols, (start + n) * cols) as Scalars);
      continue;
    }
    const packed = data.slice(0, 0).constructor as new (length: number) => Scalars;
    const part = new packed(n * cols);
    for (let i = 0; i < n; i++) {
      const at = (start + i) * stride;
      part.set(data.subarray(at, at + cols), i * cols);
    }
    yield toBytes(part);
  }
}

/** NumPy's array format, version 1.0, row-major, little-endian, dtype as held; rows may have a shape. */
export function* npyChunks(
  matrix: Matrix<Scalars>,
  rowShape: readonly number[] = [matrix.cols],
): Generator<Uint8Array> {
  const descr = NPY_DESCR[dtypeOf(matrix.data)];
  const shape = [matrix.rows, ...rowShape].join(", ");
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  // Magic, version and length take 10 bytes; data begin at a multiple of 64.
  const size = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const head = new Uint8Array(size).fill(32);
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (size - 10) & 255, (size - 10) >> 8]);
  head.set(new TextEncoder().encode(dict), 10);
  head[size - 1] = 10;
  yield head;
  yield* rowChunks(matrix);
}

/** The matrix in the element type a format demands, where no value changes by that. */
function inElement(matrix: Matrix<Scalars>, element: ElementType, format: string): Matrix<Scalars> {
  const { data } = matrix;
  if (element === "f4") return data instanceof Float32Array ? matrix : { ...matrix, data: toFloat32(data) };
  if (element === "u1" && data instanceof Uint8Array) return matrix;
  if (element === "i1" && data instanceof Int8Array) return matrix;
  const values = data instanceof Uint16Array ? toFloat32(data) : data;
  const [low, high] =
    element === "u1" ? [0, 255] : element === "i1" ? [-128, 127] : [-(2 ** 31), 2 ** 31 - 1];
  const at = values.findIndex((v: number) => !Number.isInteger(v) || v < low || v > high);
  if (at >= 0) {
    throw new VicinalError("BAD_INPUT", {
      what: `element ${at} of vectors for .${format}`,
      got: String(values[at]),
      rule: `a whole number from ${low} to ${high}; choose .npy or .fvecs for others`,
    });
  }
  if (element === "u1") return { ...matrix, data: Uint8Array.from(values) };
  if (element === "i1") return { ...matrix, data: Int8Array.from(values) };
  return { ...matrix, data: Float64Array.from(values) };
}

const VECS: Readonly<Record<string, ElementType>> = { fvecs: "f4", bvecs: "u1", ivecs: "i4" };
const BIG_ANN: Readonly<Record<string, ElementType>> = { fbin: "f4", u8bin: "u1", i8bin: "i1", ibin: "i4" };

/** Packed little-endian rows of the element type; int32 is held as float64 until here. */
function* elementChunks(matrix: Matrix<Scalars>, element: ElementType): Generator<Uint8Array> {
  if (element !== "i4") {
    yield* rowChunks(matrix);
    return;
  }
  for (let i = 0; i < matrix.rows; i++) {
    yield toBytes(Int32Array.from(matrix.data.subarray(i * matrix.stride, i * matrix.stride + matrix.cols)));
  }
}

/** TEXMEX rows: the dimension as int32, then the components. */
export function* vecsChunks(matrix: Matrix<Scalars>, format: string): Generator<Uint8Array> {
  const element = VECS[format]!;
  const typed = inElement(matrix, element, format);
  const lead = toBytes(Int32Array.of(matrix.cols));
  const rowBytes = matrix.cols * (element === "u1" ? 1 : 4);
  const step = Math.max(1, Math.floor(CHUNK_BYTES / (rowBytes + 4)));
  for (let start = 0; start < matrix.rows; start += step) {
    const rows = Math.min(step, matrix.rows - start);
    const data = typed.data.subarray(start * typed.stride) as Scalars;
    const out = new Uint8Array(rows * (rowBytes + 4));
    let done = 0;
    for (const bytes of elementChunks({ ...typed, data, rows }, element)) {
      for (let at = 0; at < bytes.length; at += rowBytes, done++) {
        out.set(lead, done * (rowBytes + 4));
        out.set(bytes.subarray(at, at + rowBytes), done * (rowBytes + 4) + 4);
      }
    }
    yield out;
  }
}

/** big-ann-benchmarks: u32 rows, u32 dimension, rows. */
export function* bigAnnChunks(matrix: Matrix<Scalars>, format: string): Generator<Uint8Array> {
  const element = BIG_ANN[format]!;
  const typed = inElement(matrix, element, format);
  yield toBytes(Int32Array.of(matrix.rows, matrix.cols));
  yield* elementChunks(typed, element);
}
