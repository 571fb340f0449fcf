import { replaceDataFile } from "#platform";
import { joinBytes } from "../../core/bytes.ts";
import { type Matrix, oneOf, type Scalars, VicinalError } from "../../core/index.ts";
import { formatOfName } from "../detect.ts";
import { bigAnnChunks, npyChunks, vecsChunks } from "./binary.ts";
import { csvChunks, jsonlChunks, type TextColumns } from "./text.ts";

/** Formats that can be written; HDF5 has its own {@link writeAnnBenchmarks}. */
export type WritableFormat =
  | "npy"
  | "fvecs"
  | "bvecs"
  | "ivecs"
  | "fbin"
  | "u8bin"
  | "i8bin"
  | "ibin"
  | "csv"
  | "jsonl";

export const WRITABLE_FORMATS: readonly WritableFormat[] = [
  "npy",
  "fvecs",
  "bvecs",
  "ivecs",
  "fbin",
  "u8bin",
  "i8bin",
  "ibin",
  "csv",
  "jsonl",
];

/**
 * The file's bytes, in pieces. Keys and metadata are written by csv and jsonl only.
 *
 * @throws BAD_INPUT for a value the format cannot hold unchanged (1.5 in .bvecs), or rows ≠ keys
 */
export function vectorChunks(
  matrix: Matrix<Scalars>,
  format: WritableFormat,
  columns: TextColumns = {},
): Iterable<Uint8Array> {
  for (const [name, list] of Object.entries({ keys: columns.keys, metadata: columns.metadata })) {
    if (list !== undefined && list.length !== matrix.rows) {
      throw new VicinalError("BAD_INPUT", {
        what: name,
        got: `${list.length}`,
        rule: `one a row (${matrix.rows})`,
      });
    }
  }
  switch (oneOf("format", format, WRITABLE_FORMATS)) {
    case "npy":
      return npyChunks(matrix);
    case "fvecs":
    case "bvecs":
    case "ivecs":
      return vecsChunks(matrix, format);
    case "fbin":
    case "u8bin":
    case "i8bin":
    case "ibin":
      return bigAnnChunks(matrix, format);
    case "csv":
      return csvChunks(matrix, columns);
    case "jsonl":
      return jsonlChunks(matrix, columns);
  }
}

/** A file's bytes at once. */
export function encodeVectors(
  matrix: Matrix<Scalars>,
  format: WritableFormat,
  columns: TextColumns = {},
): Uint8Array {
  const parts = [...vectorChunks(matrix, format, columns)];
  return joinBytes(parts);
}

/** Replaces a file by these bytes: written beside it, synced, renamed. @throws FILE */
export async function writeBytesTo(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    await replaceDataFile(path, chunks);
  } catch (error) {
    if (error instanceof VicinalError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new VicinalError("FILE", { path, why }, { cause: error });
  }
}

/**
 * Writes vectors to a file, atomically; the format by the name's ending unless given. An array file keeps a shape of
 * rows of more than one axis, such as [width, 3], as reading tells it.
 *
 * @throws FORMAT_UNKNOWN, BAD_INPUT, FILE
 */
export async function writeVectorFile(
  path: string,
  matrix: Matrix<Scalars>,
  options: TextColumns & { format?: WritableFormat; rowShape?: readonly number[] } = {},
): Promise<void> {
  const { format, rowShape, ...columns } = options;
  const chosen = format ?? formatOfName(path);
  if (
    chosen === undefined ||
    !(WRITABLE_FORMATS as readonly string[]).includes(chosen) ||
    /\.gz$/i.test(path)
  ) {
    throw new VicinalError("FORMAT_UNKNOWN", { what: path, known: WRITABLE_FORMATS.map((f) => `.${f}`) });
  }
  if (rowShape === undefined) {
    await writeBytesTo(path, vectorChunks(matrix, chosen as WritableFormat, columns));
    return;
  }
  if (chosen !== "npy" || rowShape.reduce((product, n) => product * n, 1) !== matrix.cols) {
    const got = `[${rowShape.join(", ")}] for rows of ${matrix.cols} in ${path}`;
    throw new VicinalError("BAD_INPUT", { what: "rowShape", got, rule: "of as many numbers, and for .npy" });
  }
  await writeBytesTo(path, npyChunks(matrix, rowShape));
}
