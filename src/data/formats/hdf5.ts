import { joinBytes } from "../../core/bytes.ts";
import { VicinalError } from "../../core/index.ts";
import { decodeElements, ELEMENT_BYTES, type ElementType, heldAs } from "../elements.ts";
import { badFormat, checkLimit, FREE_BYTES } from "../limits.ts";
import type { ByteSource } from "../source.ts";
import {
  checkShape,
  type FormatContext,
  type OpenedFormat,
  rowsPerBlock,
  type VectorBlock,
} from "../table.ts";
import { heapsAreSound, type ReadAt } from "./hdf5Heaps.ts";
import { rowsOfShape } from "./npy.ts";

export type H5 = typeof import("h5wasm");
type H5File = InstanceType<H5["File"]>;
type H5Dataset = InstanceType<H5["Dataset"]>;

/** What of Emscripten's file system is used here. */
export interface WasmFiles {
  writeFile(path: string, bytes: Uint8Array): void;
  readFile(path: string): Uint8Array;
  unlink(path: string): void;
  lookupPath(path: string): { node: WasmNode };
}
interface WasmNode {
  usedBytes: number;
  stream_ops: Record<string, unknown>;
}

/** The optional HDF5 library, ready for use, silent about failures it reports by throwing. */
export async function loadHdf5(why: string): Promise<{ h5: H5; files: WasmFiles }> {
  let h5: H5;
  try {
    h5 = await import("h5wasm");
  } catch (error) {
    throw new VicinalError("DEPENDENCY_MISSING", { name: "h5wasm", why }, { cause: error });
  }
  const module = await h5.ready;
  module.activate_throwing_error_handler();
  return { h5, files: module.FS as unknown as WasmFiles };
}

let mounted = 0;

export function freshPath(): string {
  mounted++;
  return `/vicinal-${mounted}.h5`;
}

/** Runs a call into the HDF5 library; whatever it throws says that the file is not in order. */
export function guarded<T>(name: string, rule: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof VicinalError) throw error;
    throw new VicinalError("FORMAT", { what: name, rule, got: deepestReason(error) }, { cause: error });
  }
}

/** The library reports its stack of failures, the first cause last. */
function deepestReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const reasons = [...text.matchAll(/\(\): (.+)/g)].map((match) => match[1]!);
  return (reasons.at(-1) ?? text.split("\n")[0]!).slice(0, 160);
}

/** An HDF5 file open for reading. */
export class Hdf5File {
  readonly name: string;
  readonly size: number;
  readonly #file: H5File;
  readonly #h5: H5;
  readonly #unmount: () => void;
  readonly #read: ReadAt;

  private constructor(name: string, mounted: Mounted, h5: H5, file: H5File, unmount: () => void) {
    this.name = name;
    this.size = mounted.size;
    this.#read = mounted.read;
    this.#h5 = h5;
    this.#file = file;
    this.#unmount = unmount;
  }

  /** Reads through the source where it can be read synchronously, else holds it whole. */
  static async open(source: ByteSource, context: FormatContext): Promise<Hdf5File> {
    const { h5, files } = await loadHdf5("reading HDF5");
    const path = freshPath();
    const mounted = await mount(files, path, source, context);
    const unmount = (): void => files.unlink(path);
    try {
      const file = guarded(source.name, "an HDF5 file", () => new h5.File(path, "r"));
      if (file.file_id < 0n) throw badFormat(source.name, "an HDF5 file that opens");
      return new Hdf5File(source.name, mounted, h5, file, unmount);
    } catch (error) {
      unmount();
      throw error;
    }
  }

  /** Names of the data sets at the root. */
  names(): string[] {
    return guarded(this.name, "a readable root group", () =>
      this.#file.keys().filter((key) => this.#file.get(key) instanceof this.#h5.Dataset),
    );
  }

  /** Attributes of the root that are one text or number; texts only where the file's heaps are sound. */
  attributes(): Record<string, string | number> {
    let sound: boolean | undefined;
    const out: Record<string, string | number> = Object.create(null) as Record<string, string | number>;
    guarded(this.name, "readable attributes", () => {
      for (const [name, attribute] of Object.entries(this.#file.attrs)) {
        if (attribute.metadata.vlen) {
          sound ??= heapsAreSound(this.#read, this.size);
          if (!sound) continue;
        }
        const { value } = attribute;
        if (typeof value === "string" || typeof value === "number") out[name] = value;
        else if (typeof value === "bigint") out[name] = Number(value);
        else if (ArrayBuffer.isView(value) && (value as Uint8Array).length === 1) {
          out[name] = Number((value as Uint8Array)[0]);
        }
      }
    });
    return out;
  }

  dataset(name: string): Hdf5Matrix {
    const found = guarded(this.name, `a data set "${name}"`, () => this.#file.get(name));
    if (!(found instanceof this.#h5.Dataset)) {
      throw new VicinalError("BAD_INPUT", {
        what: `data set of ${this.name}`,
        got: JSON.stringify(name),
        rule: `one of ${this.names().slice(0, 20).join(", ")} (write file.hdf5#name)`,
      });
    }
    return describe(found, `${this.name}#${name}`);
  }

  close(): void {
    // A damaged file may refuse to close; its copy goes in any case.
    try {
      this.#file.close();
    } catch {
    } finally {
      this.#unmount();
    }
  }
}

interface Mounted {
  readonly size: number;
  readonly read: ReadAt;
}

async function mount(
  files: WasmFiles,
  path: string,
  source: ByteSource,
  context: FormatContext,
): Promise<Mounted> {
  if (source.readSync !== undefined && source.size !== undefined) {
    const { size } = source;
    const readSync = source.readSync.bind(source);
    files.writeFile(path, new Uint8Array(0));
    const { node } = files.lookupPath(path);
    Object.defineProperty(node, "usedBytes", { get: () => size, set: () => {} });
    node.stream_ops = {
      ...node.stream_ops,
      read(_stream: unknown, heap: Int8Array, offset: number, length: number, position: number): number {
        if (position >= size) return 0;
        const into = new Uint8Array(heap.buffer, heap.byteOffset + offset, Math.min(length, size - position));
        return readSync(into, position);
      },
    };
    return { size, read: readSync };
  }
  const bytes = await readWhole(source, context);
  files.writeFile(path, bytes);
  return {
    size: bytes.length,
    read(into, position) {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}

async function readWhole(source: ByteSource, { limits }: FormatContext): Promise<Uint8Array> {
  if (source.size !== undefined) {
    checkLimit(`${source.name}, in bytes,`, source.size, limits.maxBytes);
    return source.read(0, source.size);
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source.chunks()) {
    parts.push(chunk.slice());
    size += chunk.length;
    checkLimit(`${source.name}, in bytes,`, size, limits.maxBytes);
  }
  return joinBytes(parts);
}

/** A data set of numbers, its first axis counting rows. */
export interface Hdf5Matrix {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  readonly rowShape?: number[];
  readonly element: ElementType;
  /** Bytes as stored, rows [start, end). Native byte order. */
  readRows(start: number, end: number): Uint8Array;
}

function describe(dataset: H5Dataset, name: string): Hdf5Matrix {
  const metadata = guarded(name, "a readable description", () => dataset.metadata);
  const { shape, size, type, signed, littleEndian } = metadata;
  if (shape === null || metadata.virtual_sources !== undefined) {
    throw new VicinalError("UNSUPPORTED", { what: name, rule: "a plain array of numbers is needed" });
  }
  const letter = type === 1 ? "f" : type === 0 ? (signed ? "i" : "u") : type === 8 ? "b" : "";
  const element = `${letter}${size}`;
  if (!Object.hasOwn(ELEMENT_BYTES, element)) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${name}: type class ${type} of ${size} bytes`,
      rule: "floats of 2, 4, 8 bytes, whole numbers of 1 to 8 bytes, or booleans",
    });
  }
  if (!littleEndian && size > 1) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${name}: big-endian numbers`,
      rule: "store them little-endian",
    });
  }
  const { rows, dim, rowShape } = rowsOfShape(shape, name);
  const oneAxis = shape.length === 1;
  return {
    name,
    rows,
    dim,
    ...(rowShape === undefined ? {} : { rowShape }),
    element: element as ElementType,
    readRows(start, end) {
      const ranges: [number, number][] = oneAxis
        ? [[0, dim]]
        : [[start, end], ...shape.slice(1).map((n): [number, number] => [0, n])];
      const value = guarded(name, `readable rows ${start} to ${end - 1}`, () => dataset.slice(ranges));
      if (Array.isArray(value)) return Uint8Array.from(value as unknown as ArrayLike<number>);
      if (!ArrayBuffer.isView(value)) throw badFormat(name, "an array of numbers", typeof value);
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      const want = (end - start) * dim * size;
      if (bytes.length !== want)
        throw badFormat(name, `${want} bytes in rows ${start} to ${end - 1}`, bytes.length);
      return bytes;
    },
  };
}

/** The shape against the size of the file: compressed or absent data may not claim more than the ratio limit. */
export function checkStored(file: Hdf5File, matrix: Hdf5Matrix, context: FormatContext): void {
  const { limits } = context;
  checkShape(matrix.name, matrix.rows, matrix.dim, limits);
  const bytes = matrix.rows * matrix.dim * ELEMENT_BYTES[matrix.element];
  if (bytes > FREE_BYTES + file.size * limits.maxRatio) {
    const got = Math.ceil(bytes / file.size);
    throw new VicinalError("LIMIT", {
      what: `${matrix.name}: the ratio of its size to the file's`,
      got,
      limit: limits.maxRatio,
    });
  }
}

/** ann-benchmarks' layout: `train` for the base, `test` for queries, or the data set named. */
export async function openHdf5(
  source: ByteSource,
  context: FormatContext,
  wanted: string | undefined,
  role: "base" | "queries",
): Promise<OpenedFormat & { release(): void }> {
  const file = await Hdf5File.open(source, context);
  try {
    const attributes = file.attributes();
    const names = file.names();
    if (attributes["type"] === "sparse" || names.includes("size_train")) {
      throw new VicinalError("UNSUPPORTED", {
        what: `${source.name}: sparse vectors`,
        rule: "dense rows are needed",
      });
    }
    const usual = role === "base" ? "train" : "test";
    const name = wanted ?? (names.includes(usual) || names.length !== 1 ? usual : names[0]!);
    const matrix = file.dataset(name);
    checkStored(file, matrix, context);
    const { rows, dim, element, rowShape } = matrix;
    return {
      format: "hdf5",
      dtype: heldAs(element),
      dim,
      rows,
      ...(rowShape === undefined ? {} : { rowShape }),
      attributes,
      blocks: () => blocks(matrix, context),
      release: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function* blocks(matrix: Hdf5Matrix, context: FormatContext): AsyncGenerator<VectorBlock> {
  const { rows, dim, element, name } = matrix;
  const step = rowsPerBlock(context, dim * ELEMENT_BYTES[element]);
  for (let start = 0; start < rows; start += step) {
    const n = Math.min(step, rows - start);
    const bytes = matrix.readRows(start, start + n);
    // The library already put numbers into this machine's byte order, as its arrays hold them.
    const data = decodeElements(bytes, element, BIG_ENDIAN_HOST, name);
    yield { data, rows: n, cols: dim, stride: dim, start };
  }
}

const BIG_ENDIAN_HOST: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
