import { VicinalError } from "../../core/index.ts";
import { bytesOf } from "../bytes.ts";
import { decodeValues } from "../safetensors.ts";
import type { Shape } from "../shape.ts";
import { sizeOf } from "../shape.ts";
import { readObject } from "./files.ts";
import {
  asKind,
  type Dict,
  ELEMENT_SIZES,
  type Instance,
  type StorageType,
  type Strided,
  type Value,
} from "./values.ts";

/** A tensor of a file that PyTorch wrote. */
export interface TorchTensor {
  readonly dtype: StorageType;
  readonly shape: Shape;
  /**
   * Its values, row-major, a copy: float32 for F16, BF16 and F32, float64 for F64 and for whole numbers.
   * Throws FORMAT for whole numbers of 64 bits beyond ± 2⁵³.
   */
  values(): Float32Array | Float64Array;
}

export interface TorchFile {
  /** By where they are: "net.conv1.weight"; of a module, by the names of its state dictionary. */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** Texts, numbers and truth values beside them, such as an epoch; of modules numbers alone, such as "norm.eps". */
  readonly scalars: ReadonlyMap<string, string | number | bigint | boolean>;
}

export interface TorchOptions {
  /** What to call the file in messages. */
  what?: string;
  /** Full names of classes, such as "__main__.DnCNN", that are rebuilt as plain data besides those of torch.nn. */
  classes?: readonly string[];
}

/** Values in a file, counted as often as they are come upon. */
const MOST_VALUES = 200_000;
const MOST_DEPTH = 64;
const MOST_NAME = 512;

/**
 * Tensors of a file that `torch.save` wrote, in the form of PyTorch before 1.6 (`.t7`, `.pth`) or the zip archive since:
 * state dictionaries, checkpoints that hold them, whole modules. The pickle in it is read by a reader of its own that
 * never runs anything: instructions, classes and functions are those of fixed tables. Every length is checked against
 * the file first; nothing is copied until values are asked for.
 *
 * @throws VicinalError FORMAT for a damaged file, CORRUPT for a wrong checksum, UNSUPPORTED for a class, a function or an
 *   instruction that is none of the tables, LIMIT for one that goes on and on
 */
export function readTorch(
  file: Uint8Array,
  { what = "PyTorch file", classes = [] }: TorchOptions = {},
): TorchFile {
  const bytes = bytesOf(file, what);
  const walk = new Walk(what);
  walk.visit(readObject(bytes, what, new Set(classes)), "", 0);
  return { tensors: walk.tensors, scalars: walk.scalars };
}

/** Goes through an object and names what it comes upon. */
class Walk {
  readonly tensors: Map<string, TorchTensor> = new Map();
  readonly scalars: Map<string, string | number | bigint | boolean> = new Map();
  readonly #what: string;
  #visited = 0;

  constructor(what: string) {
    this.#what = what;
  }

  visit(value: Value, path: string, depth: number): void {
    this.#visited++;
    this.#within("values", this.#visited, MOST_VALUES);
    this.#within("depth of values in one another", depth, MOST_DEPTH);
    this.#within("length of a name", path.length, MOST_NAME);
    if (value === null || value instanceof Uint8Array) return;
    if (typeof value !== "object") this.scalars.set(path, value);
    else if (value.kind === "tensor") this.#add(path, value);
    else if (value.kind === "dict") this.#dict(value, path, depth);
    else if (value.kind === "object") this.#object(value, path, depth);
    else if ("items" in value) {
      for (const [i, item] of value.items.entries()) this.visit(item, nested(path, i), depth + 1);
    }
  }

  #dict({ entries }: Dict, path: string, depth: number): void {
    for (const [key, value] of entries) this.visit(value, nested(path, String(key)), depth + 1);
  }

  /** Of a module its numbers, parameters, buffers and parts; of another object all attributes. */
  #object({ attributes }: Instance, path: string, depth: number): void {
    if (attributes === undefined) return;
    const part = (name: string): Dict | undefined => asKind(attributes.entries.get(name), "dict");
    const parts = part("_modules");
    if (parts !== undefined) {
      for (const [name, value] of attributes.entries) {
        if (typeof value === "number") this.scalars.set(nested(path, String(name)), value);
      }
    }
    const kept = parts === undefined ? [attributes] : [part("_parameters"), part("_buffers"), parts];
    for (const some of kept) {
      if (some !== undefined) this.#dict(some, path, depth);
    }
  }

  #add(path: string, tensor: Strided): void {
    if (this.tensors.has(path)) {
      const rule = "its tensors have names of their own";
      throw new VicinalError("FORMAT", { what: this.#what, rule, got: path });
    }
    const { dtype } = tensor.storage;
    const values = (): Float32Array | Float64Array =>
      decodeValues(dtype, elementsOf(tensor), path, this.#what);
    this.tensors.set(path, { dtype, shape: tensor.shape, values });
  }

  #within(of: string, got: number, limit: number): void {
    if (got > limit) throw new VicinalError("LIMIT", { what: `${this.#what}: ${of}`, got, limit });
  }
}

const nested = (path: string, name: string | number): string =>
  path === "" ? String(name) : `${path}.${name}`;

/** The bytes of a tensor's elements, row-major. */
function elementsOf({ storage, offset, shape, strides }: Strided): Uint8Array {
  const bytes = storage.bytes!;
  const width = ELEMENT_SIZES[storage.dtype];
  const size = sizeOf(shape);
  let step = 1;
  let dense = true;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== step) dense = false;
    step *= shape[i]!;
  }
  if (dense || size === 0) return bytes.subarray(offset * width, (offset + size) * width);
  const out = new Uint8Array(size * width);
  const at = new Int32Array(shape.length);
  let from = offset;
  for (let i = 0; i < size; i++) {
    out.set(bytes.subarray(from * width, (from + 1) * width), i * width);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++at[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      at[axis] = 0;
    }
  }
  return out;
}
