import { type Scalars, VicinalError } from "../core/index.ts";
import { ByteCursor } from "./cursor.ts";
import { formatOfName } from "./detect.ts";
import { decodeElements, toFloat32 } from "./elements.ts";
import { checkStored, Hdf5File } from "./formats/hdf5.ts";
import { badFormat, checkLimit, type DataLimits, resolveLimits } from "./limits.ts";
import { readVectorFile } from "./open.ts";
import {
  type ByteSource,
  fileExists,
  gunzipSource,
  looksGzipped,
  type SourceInput,
  toByteSource,
} from "./source.ts";
import { checkShape, type FormatContext } from "./table.ts";

/** The true nearest neighbours of some queries, nearest first. */
export interface GroundTruth {
  readonly queries: number;
  readonly k: number;
  /** Row numbers of the base, queries × k, row-major; -1 where a row has fewer than k. */
  readonly ids: Int32Array;
  /** Distances as stored, queries × k, where the file has them; mind their metric (rooted or not). */
  readonly distances?: Float32Array;
}

export interface TruthOptions {
  /** Name of a source without one; its ending tells the format. */
  name?: string;
  format?: "ivecs" | "ibin" | "hdf5" | "npy";
  limits?: Partial<DataLimits>;
}

/**
 * Reads ground truth: .ivecs (TEXMEX), .ibin (big-ann: u32 queries, u32 k, ids, then distances if the
 * file is long enough for them), ann-benchmarks HDF5 (`neighbors`, `distances`), or an .npy of ids.
 *
 * @throws FILE, FORMAT (an id that is not a whole number from -1 to 2³¹−1), LIMIT, DEPENDENCY_MISSING
 */
export async function readGroundTruth(input: SourceInput, options: TruthOptions = {}): Promise<GroundTruth> {
  const limits = resolveLimits(options.limits);
  const { where, fragment } = await splitName(input);
  const named = options.name ?? (typeof where === "string" ? where : undefined);
  const format = options.format ?? (named === undefined ? undefined : formatOfName(named));
  if (format === "hdf5" || format === "ibin") {
    const raw = await toByteSource(where, { ...(named === undefined ? {} : { name: named }), limits });
    const context = { limits, blockRows: 0 };
    try {
      const packed = raw.size !== undefined && looksGzipped(await raw.read(0, 3));
      const source = packed ? gunzipSource(raw, limits) : raw;
      return format === "hdf5" ? await fromHdf5(source, context, fragment) : await fromBigAnn(source, limits);
    } finally {
      await raw.close();
    }
  }
  if (format !== "ivecs" && format !== "npy" && format !== "npz") {
    throw new VicinalError("FORMAT_UNKNOWN", {
      what: `ground truth ${named ?? "without a name"}`,
      known: [".ivecs", ".ibin", ".hdf5", ".npy", ".npz"],
    });
  }
  const { name: _name, ...rest } = options;
  const table = await readVectorFile(where, {
    ...rest,
    format,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(fragment === undefined ? {} : { dataset: fragment }),
  });
  const { data, rows, cols } = table.data;
  return { queries: rows, k: cols, ids: toIds(data, named ?? "ground truth") };
}

async function splitName(input: SourceInput): Promise<{ where: SourceInput; fragment: string | undefined }> {
  if (typeof input !== "string") return { where: input, fragment: undefined };
  const hash = input.lastIndexOf("#");
  if (hash < 1 || (await fileExists(input))) return { where: input, fragment: undefined };
  return { where: input.slice(0, hash), fragment: input.slice(hash + 1) };
}

function toIds(data: Scalars, what: string): Int32Array {
  const ids = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    ids[i] = data[i]!;
    if (ids[i] !== data[i] || ids[i]! < -1) {
      throw badFormat(what, "row numbers from 0 to 2147483647 (-1 for none)", data[i]);
    }
  }
  return ids;
}

async function fromBigAnn(source: ByteSource, limits: DataLimits): Promise<GroundTruth> {
  const cursor = new ByteCursor(source);
  const head = await cursor.take(8, "header");
  const view = new DataView(head.buffer, head.byteOffset, 8);
  const queries = view.getUint32(0, true);
  const k = view.getUint32(4, true);
  checkShape(source.name, queries, k, limits);
  const cells = queries * k;
  checkLimit(`${source.name}: bytes of row numbers`, cells * 4, limits.maxBytes);
  const left = cursor.remaining;
  if (left !== undefined && left !== cells * 4 && left !== cells * 8) {
    throw badFormat(source.name, `${cells} row numbers, then as many distances or none`, `${left} bytes`);
  }
  const ids = toIds(
    decodeElements(await cursor.take(cells * 4, "row numbers"), "i4", false, source.name),
    source.name,
  );
  if (await cursor.atEnd()) return { queries, k, ids };
  const distances = decodeElements(await cursor.take(cells * 4, "distances"), "f4", false, source.name);
  await cursor.expectEnd();
  return { queries, k, ids, distances: distances as Float32Array };
}

async function fromHdf5(
  source: ByteSource,
  context: FormatContext,
  fragment: string | undefined,
): Promise<GroundTruth> {
  const file = await Hdf5File.open(source, context);
  try {
    const neighbors = file.dataset(fragment ?? "neighbors");
    checkStored(file, neighbors, context);
    const { rows, dim, element, name } = neighbors;
    const ids = toIds(decodeElements(neighbors.readRows(0, rows), element, false, name), name);
    if (fragment !== undefined || !file.names().includes("distances")) return { queries: rows, k: dim, ids };
    const stored = file.dataset("distances");
    checkStored(file, stored, context);
    if (stored.rows !== rows || stored.dim !== dim) {
      throw badFormat(
        source.name,
        `distances of shape ${rows} × ${dim} as neighbors`,
        `${stored.rows} × ${stored.dim}`,
      );
    }
    const distances = toFloat32(decodeElements(stored.readRows(0, rows), stored.element, false, stored.name));
    return { queries: rows, k: dim, ids, distances };
  } finally {
    file.close();
  }
}
