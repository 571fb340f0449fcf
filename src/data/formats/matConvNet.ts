import { VicinalError } from "../../core/index.ts";
import { badFormat, checkLimit } from "../limits.ts";
import { type SourceInput, toByteSource } from "../source.ts";
import { freshPath, guarded, type H5, loadHdf5 } from "./hdf5.ts";

/** A tensor of a network. */
export interface NetworkTensor {
  readonly shape: readonly number[];
  values(): Float32Array;
}

type Group = InstanceType<H5["Group"]>;

const MOST_BYTES = 1 << 28;
const MOST_LAYERS = 1024;

/**
 * Convolutions of a network that MatConvNet saved (`net.layers` in a MAT file of version 7.3, which is HDF5; needs the
 * optional package h5wasm): "0.weight" of [channels out, in, row, column] and "0.bias", in the order of the layers. A
 * relu lies between two convolutions; a loss at the end is let go.
 *
 * @throws VicinalError FORMAT, UNSUPPORTED for other layers, LIMIT for more than 256 MB, DEPENDENCY_MISSING
 */
export async function readMatConvNet(input: SourceInput): Promise<Map<string, NetworkTensor>> {
  const source = await toByteSource(input);
  try {
    const { h5, files } = await loadHdf5("reading MAT files of version 7.3");
    if (source.size !== undefined) checkLimit(`${source.name}, in bytes,`, source.size, MOST_BYTES);
    const bytes = await source.read(0, source.size ?? MOST_BYTES);
    const path = freshPath();
    files.writeFile(path, bytes);
    try {
      return readLayers(h5, path, source.name);
    } finally {
      files.unlink(path);
    }
  } finally {
    await source.close();
  }
}

function readLayers(h5: H5, path: string, what: string): Map<string, NetworkTensor> {
  const file = guarded(what, "an HDF5 file", () => new h5.File(path, "r"));
  if (file.file_id < 0n) throw badFormat(what, "an HDF5 file that opens");
  try {
    return guarded(what, "a network of MatConvNet (net.layers)", () => {
      const layers = references(h5, file.get("net/layers"), what);
      const out = new Map<string, NetworkTensor>();
      let convolutions = 0;
      let before = "relu";
      for (const [i, reference] of layers.entries()) {
        const layer = file.dereference(reference);
        if (!(layer instanceof h5.Group)) throw badFormat(what, `layer ${i} is a struct`);
        const type = textOf(h5, layer, "type", what);
        if (type === "loss" && i === layers.length - 1) break;
        if (!(type === "conv" && before === "relu") && !(type === "relu" && before === "conv")) {
          throw new VicinalError("UNSUPPORTED", {
            what: `${what}: layer ${i}, ${type.slice(0, 40)} after ${before}`,
            rule: "convolutions with relu between them are read",
          });
        }
        before = type;
        if (type === "relu") continue;
        const [weight, bias] = references(h5, layer.get("weights"), what).map((each) =>
          file.dereference(each),
        );
        const name = String(convolutions++);
        out.set(`${name}.weight`, kernelOf(h5, weight, what));
        const values = numbers(h5, bias, what);
        out.set(`${name}.bias`, { shape: [values.length], values: () => values });
      }
      return out;
    });
  } finally {
    // A damaged file may refuse to close; its copy goes in any case.
    try {
      file.close();
    } catch {}
  }
}

function references(h5: H5, node: unknown, what: string): InstanceType<H5["Reference"]>[] {
  if (!(node instanceof h5.Dataset)) throw badFormat(what, "a list of references");
  const { metadata } = node;
  checkLimit(`${what}: references`, metadata.total_size, MOST_LAYERS);
  const { value } = node;
  if (!Array.isArray(value) || !value.every((each) => each instanceof h5.Reference)) {
    throw badFormat(what, "a list of references");
  }
  return value as InstanceType<H5["Reference"]>[];
}

/** Text as MATLAB keeps it: code units. */
function textOf(h5: H5, layer: Group, name: string, what: string): string {
  const node = layer.get(name);
  if (!(node instanceof h5.Dataset) || node.metadata.total_size > 64)
    throw badFormat(what, `a layer's ${name} is text`);
  const { value } = node;
  if (!(value instanceof Uint16Array)) throw badFormat(what, `a layer's ${name} is text`);
  return String.fromCharCode(...value);
}

function numbers(h5: H5, node: unknown, what: string): Float32Array {
  if (!(node instanceof h5.Dataset)) throw badFormat(what, "weights are arrays");
  const { metadata } = node;
  if (metadata.type !== 1 || metadata.vlen) throw badFormat(what, "weights are floats");
  checkLimit(`${what}: values of a layer`, metadata.total_size, 1 << 24);
  const { value } = node;
  if (!(value instanceof Float32Array) && !(value instanceof Float64Array))
    throw badFormat(what, "weights are floats");
  return Float32Array.from(value);
}

/** HDF5 has MATLAB's axes in reverse: (out,) in, column, row; MATLAB drops a single last axis. */
function kernelOf(h5: H5, node: unknown, what: string): NetworkTensor {
  const values = numbers(h5, node, what);
  const given = (node as InstanceType<H5["Dataset"]>).metadata.shape ?? [];
  const shape = [...Array<number>(Math.max(0, 4 - given.length)).fill(1), ...given];
  if (shape.length !== 4) throw badFormat(what, "kernels have four axes", `[${given.join(", ")}]`);
  const [out, channels, columns, rows] = shape as [number, number, number, number];
  const turned = new Float32Array(values.length);
  for (let m = 0; m < out * channels; m++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++)
        turned[(m * rows + y) * columns + x] = values[(m * columns + x) * rows + y]!;
    }
  }
  return { shape: [out, channels, rows, columns], values: () => turned };
}
