import { VicinalError } from "../core/index.ts";
import { bytesOf } from "./bytes.ts";
import { type Shape, sizeOf } from "./shape.ts";

/** Bytes of one element of each type of the format. */
const DTYPES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;
export type TensorType = keyof typeof DTYPES;

/** Order in which the format's own writer puts types of equal size. */
const TYPES = Object.keys(DTYPES) as TensorType[];
/** The largest header that the format allows, bytes. */
const HEADER_LIMIT = 100_000_000;

type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A tensor to write. */
export interface TensorData {
  readonly shape: Shape;
  readonly data: Numbers;
  /** Default that of the array; another of as many bytes says what its bits mean, such as F16 in a Uint16Array. */
  readonly dtype?: TensorType;
}

/** A tensor of a file. */
export interface StoredTensor {
  readonly dtype: TensorType;
  readonly shape: Shape;
  /** Its bytes, a view of the file's. */
  readonly bytes: Uint8Array;
  /**
   * Its values, a copy: float32 for F16, BF16 and F32, float64 for F64 and for whole numbers.
   * Throws UNSUPPORTED for floats of 8 bits, FORMAT for whole numbers of 64 bits beyond ± 2⁵³.
   */
  values(): Float32Array | Float64Array;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const TYPE_OF: readonly (readonly [new (length: number) => Numbers, TensorType])[] = [
  [Float32Array, "F32"],
  [Float64Array, "F64"],
  [Int8Array, "I8"],
  [Int16Array, "I16"],
  [Int32Array, "I32"],
  [Uint8Array, "U8"],
  [Uint16Array, "U16"],
  [Uint32Array, "U32"],
  [BigInt64Array, "I64"],
  [BigUint64Array, "U64"],
];

function typeOf(name: string, { data, dtype }: TensorData): TensorType {
  const found = TYPE_OF.find(([type]) => data instanceof type);
  const what = `tensor ${name}`;
  if (found === undefined)
    throw new VicinalError("BAD_INPUT", { what, got: typeof data, rule: "a typed array" });
  if (dtype === undefined || DTYPES[dtype] === data.BYTES_PER_ELEMENT) return dtype ?? found[1];
  const got = `${dtype} in elements of ${data.BYTES_PER_ELEMENT} bytes`;
  throw new VicinalError("BAD_INPUT", { what, got, rule: `of a type of as many (${TYPES.join(", ")})` });
}

/**
 * Tensors as one safetensors file: eight bytes of length, a header in JSON, then the values, little-endian.
 * Widest types first, then by name, as the format's own writer has it.
 *
 * @throws VicinalError BAD_INPUT when a tensor's values are not as many as its shape says
 * @see https://github.com/huggingface/safetensors (format of 2022, stable since)
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, TensorData>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = Object.entries(tensors).map(([name, tensor]) => {
    const { shape, data } = tensor;
    const dtype = typeOf(name, tensor);
    if (data.length !== sizeOf(shape)) {
      const got = `${data.length} values for shape [${shape.join(", ")}]`;
      throw new VicinalError("BAD_INPUT", { what: `tensor ${name}`, got, rule: "one value for each place" });
    }
    return { name, shape, data, dtype };
  });
  parts.sort((a, b) => TYPES.indexOf(b.dtype) - TYPES.indexOf(a.dtype) || (a.name < b.name ? -1 : 1));
  // Entries, not an object: numeric names would be put first.
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let end = 0;
  for (const { name, shape, data, dtype } of parts) {
    const offsets = [end, (end += data.byteLength)];
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: offsets })}`);
  }
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(8 + length + end);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.fill(0x20, 8, 8 + length).set(text, 8);
  let at = 8 + length;
  for (const { data } of parts) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}

/**
 * Tensors of a safetensors file. Nothing is copied until values are asked for; every length, type and offset is
 * checked first: offsets must follow one another without gap or overlap to the end of the file.
 *
 * @throws VicinalError FORMAT for a damaged file, LIMIT for a header over 100 MB
 */
export function readSafetensors(file: Uint8Array, what = "safetensors file"): Safetensors {
  const bytes = bytesOf(file, what);
  const fail = (rule: string, got?: string): never => {
    throw new VicinalError("FORMAT", got === undefined ? { what, rule } : { what, rule, got });
  };
  if (bytes.length < 8) fail("it has at least 8 bytes", String(bytes.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stated = view.getBigUint64(0, true);
  if (stated > BigInt(HEADER_LIMIT)) {
    const got = Number(stated);
    throw new VicinalError("LIMIT", { what: `header of the ${what} in bytes`, got, limit: HEADER_LIMIT });
  }
  const length = Number(stated);
  if (8 + length > bytes.length)
    fail("its header lies within the file", `${length} bytes of ${bytes.length}`);
  const header = parseHeader(bytes.subarray(8, 8 + length), fail);
  const values = bytes.subarray(8 + length);
  const tensors = new Map<string, StoredTensor>();
  let metadata: Record<string, string> = {};
  const found: Placed[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") metadata = checkMetadata(entry, fail);
    else found.push(checkEntry(name, entry, values.length, fail));
  }
  const order = found.toSorted((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const { name, begin, end: next } of order) {
    if (begin !== end) fail(`tensor "${name}" begins where the one before ends, at ${end}`, String(begin));
    end = next;
  }
  if (end !== values.length) fail(`its tensors fill it, ${values.length} bytes`, String(end));
  for (const { name, dtype, shape, begin, end: last } of found) {
    const own = values.subarray(begin, last);
    tensors.set(name, { dtype, shape, bytes: own, values: () => decodeValues(dtype, own, name, what) });
  }
  return { tensors, metadata };
}

type Fail = (rule: string, got?: string) => never;

interface Placed {
  readonly name: string;
  readonly dtype: TensorType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  if (bytes[0] !== 0x7b) fail("its header begins with {");
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return fail("its header is JSON in UTF-8");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    return fail("its header is an object");
  }
  return header as Record<string, unknown>;
}

function checkMetadata(entry: unknown, fail: Fail): Record<string, string> {
  const isObject = typeof entry === "object" && entry !== null && !Array.isArray(entry);
  if (!isObject || !Object.values(entry).every((value) => typeof value === "string")) {
    return fail("its metadata maps names to text");
  }
  return entry as Record<string, string>;
}

const whole = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function checkEntry(name: string, entry: unknown, limit: number, fail: Fail): Placed {
  const tensor = `tensor "${name.slice(0, 60)}"`;
  if (typeof entry !== "object" || entry === null) return fail(`${tensor} is described by an object`);
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype)) {
    return fail(`${tensor} is of a known type (${TYPES.join(", ")})`, String(dtype).slice(0, 20));
  }
  if (!Array.isArray(shape) || !shape.every(whole))
    return fail(`${tensor} has a shape of whole numbers >= 0`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole)) {
    return fail(`${tensor} has two offsets, whole numbers >= 0`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > limit) fail(`${tensor} lies within the file`, `${begin} … ${end} of ${limit}`);
  const size = sizeOf(shape) * DTYPES[dtype as TensorType];
  if (size !== end - begin) fail(`${tensor} has ${size} bytes`, String(end - begin));
  return { name, dtype: dtype as TensorType, shape: Object.freeze([...shape]), begin, end };
}

/** Little-endian elements as numbers: float32 for floats of 16 and 32 bits, else float64; a copy. @internal */
export function decodeValues(
  dtype: TensorType,
  bytes: Uint8Array,
  name: string,
  what: string,
): Float32Array | Float64Array {
  const n = bytes.length / DTYPES[dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const narrow = (read: (at: number) => number): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => read(i * DTYPES[dtype]));
  const wide = (read: (at: number) => number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => read(i * DTYPES[dtype]));
  const exact = (value: bigint): number => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    const rule = `tensor "${name}" holds whole numbers within 2⁵³`;
    throw new VicinalError("FORMAT", { what, rule, got: String(value) });
  };
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes.slice().buffer);
    case "BF16":
      return narrow((at) => fromBits(view.getUint16(at, true) << 16));
    case "F16":
      return narrow((at) => fromHalf(view.getUint16(at, true)));
    case "F64":
      return new Float64Array(bytes.slice().buffer);
    case "I64":
      return wide((at) => exact(view.getBigInt64(at, true)));
    case "U64":
      return wide((at) => exact(view.getBigUint64(at, true)));
    case "I32":
      return wide((at) => view.getInt32(at, true));
    case "U32":
      return wide((at) => view.getUint32(at, true));
    case "I16":
      return wide((at) => view.getInt16(at, true));
    case "U16":
      return wide((at) => view.getUint16(at, true));
    case "I8":
      return wide((at) => view.getInt8(at));
    case "U8":
    case "BOOL":
      return wide((at) => view.getUint8(at));
    default:
      throw new VicinalError("UNSUPPORTED", {
        what: `tensor "${name}" of ${dtype}`,
        rule: "floats of 16 bits or more, or whole numbers",
      });
  }
}

const word = new DataView(new ArrayBuffer(4));

function fromBits(bits: number): number {
  word.setInt32(0, bits);
  return word.getFloat32(0);
}

/** A binary16 as a number: sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
