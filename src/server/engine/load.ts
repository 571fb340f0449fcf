import { type Dtype, type Metric, VicinalError } from "../../core/index.ts";
import { readVectorFile, VECTOR_FORMATS, type VectorFormat } from "../../data/index.ts";
import { build, type Index, type Key, open } from "../../indexes/index.ts";
import type { BuildAsk } from "../collections/asks.ts";
import type { Run } from "./host.ts";

/** Formats that are read without packages of others, which a client's bytes do not reach. */
const UPLOAD_FORMATS: readonly string[] = [
  "vic",
  ...VECTOR_FORMATS.filter((format) => format !== "hdf5" && format !== "parquet"),
];

export interface FileAsk extends BuildAsk {
  /** A client's bytes, or a path that the operator named. */
  readonly bytes?: ArrayBuffer;
  readonly path?: string;
  readonly format?: string | undefined;
  readonly metric?: string | undefined;
  readonly dtype?: Dtype | undefined;
}

/** Opens an index, or reads vectors and builds one; `Auto` where none was asked for. */
export async function loadFile(ask: FileAsk, run: Run): Promise<Index> {
  const { signal, onProgress, limits } = run;
  const { bytes, path } = ask;
  const input = bytes === undefined ? path! : new Uint8Array(bytes);
  const format = typeof input === "string" ? formatOfPath(input) : uploadFormat(ask.format, input);
  if (format === "vic") return open(input, { signal, onProgress });
  const table = await readVectorFile(input, {
    ...(format === undefined ? {} : { format: format as VectorFormat }),
    ...(bytes === undefined
      ? {}
      : { name: "upload", limits: { maxBytes: limits.bodyBytes * 4, maxDim: limits.dimension } }),
    role: "base",
    signal,
    onProgress,
  });
  const { index: spec, targetRecall, k, seed, threads, options, metric, dtype } = ask;
  const known = { spec, targetRecall, k, seed, threads, metric: metric as Metric | undefined, dtype };
  const given = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
  return build<Key>(table.data, {
    ...options,
    ...given,
    keys: table.keys,
    metadata: table.metadata,
    signal,
    onProgress,
  });
}

function formatOfPath(path: string): "vic" | undefined {
  return /\.vic$/i.test(path) ? "vic" : undefined;
}

/** The format of bytes: as told, or by how they begin. @throws VicinalError FORMAT_UNKNOWN */
function uploadFormat(told: string | undefined, bytes: Uint8Array): string {
  if (told !== undefined) {
    if (UPLOAD_FORMATS.includes(told)) return told;
    throw new VicinalError("FORMAT_UNKNOWN", { what: "the upload", known: UPLOAD_FORMATS });
  }
  const starts = (...head: number[]): boolean => head.every((byte, i) => bytes[i] === byte);
  if (starts(0x8a, 0x56, 0x49, 0x43)) return "vic";
  if (starts(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)) return "npy";
  if (starts(0x50, 0x4b, 3, 4)) return "npz";
  throw new VicinalError("FORMAT_UNKNOWN", {
    what: "the upload (say which with ?format=)",
    known: UPLOAD_FORMATS,
  });
}
