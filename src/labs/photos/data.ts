import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Matrix, VicinalError } from "../../core/index.ts";
import { dataRoots } from "../../data/index.ts";
import type { ResolvedLabOptions } from "../options.ts";

/** Colour photographs with ten labels; values 0 … 255, rows from the top, the colours of a pixel together. */
export interface PhotoData {
  readonly train: Matrix<Float32Array>;
  readonly trainLabels: Int32Array;
  readonly test: Matrix<Float32Array>;
  readonly testLabels: Int32Array;
}

/** What the labels 0 … 9 stand for. */
export const PHOTO_CLASSES: readonly string[] = [
  ...["airplane", "automobile", "bird", "cat", "deer"],
  ...["dog", "frog", "horse", "ship", "truck"],
];

/** Side of a photograph in pixels. */
export const PHOTO_SIDE = 32;

/** Bytes of a photograph: a label, then a plane each of red, green and blue. */
const PLANE = PHOTO_SIDE * PHOTO_SIDE;
const RECORD = 1 + 3 * PLANE;

/** Names of folders and files in which CIFAR-10 comes, in its binary form. */
const PLACES = [
  { folder: "cifar10-jpeg", train: ["train5k.bin"], test: "test1k.bin" },
  {
    folder: "cifar-10-batches-bin",
    train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
    test: "test_batch.bin",
  },
] as const;

/** Photographs beyond these many take too long to learn from here. */
const MOST_TRAIN = 5000;
const MOST_TEST = 1000;

/** CIFAR-10, or the part of it that is at hand. Throws DATASET_MISSING, FORMAT. */
export async function loadPhotos({
  dataDir,
  quick,
}: Pick<ResolvedLabOptions, "dataDir" | "quick">): Promise<PhotoData> {
  const roots = dataRoots(dataDir);
  for (const root of roots) {
    for (const { folder, train, test } of PLACES) {
      const files = await Promise.all([...train, test].map((name) => readMaybe(join(root, folder, name))));
      if (!files.every((file) => file !== undefined)) continue;
      const tests = records(files.pop()!, quick ? 200 : MOST_TEST, join(root, folder, test));
      const learns = records(Buffer.concat(files), quick ? 1000 : MOST_TRAIN, join(root, folder));
      return { train: learns.rows, trainLabels: learns.labels, test: tests.rows, testLabels: tests.labels };
    }
  }
  const looked = roots.flatMap((root) => PLACES.map(({ folder }) => join(root, folder)));
  const fix =
    "unpack cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html into a data folder (name it with --data or VICINAL_DATA)";
  throw new VicinalError("DATASET_MISSING", { name: "cifar10", looked, fix });
}

async function readMaybe(path: string): Promise<Buffer | undefined> {
  const plain = await readFile(path).catch(() => undefined);
  if (plain !== undefined) return plain;
  const packed = await readFile(`${path}.gz`).catch(() => undefined);
  if (packed === undefined) return undefined;
  try {
    return gunzipSync(packed, { maxOutputLength: 60_000 * RECORD });
  } catch (error) {
    const rule = "a gzip file of CIFAR-10's binary form";
    throw new VicinalError("FORMAT", { what: `${path}.gz`, rule }, { cause: error });
  }
}

function records(
  bytes: Uint8Array,
  most: number,
  what: string,
): { rows: Matrix<Float32Array>; labels: Int32Array } {
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    const rule = `records of ${RECORD} bytes: a label and ${PHOTO_SIDE} × ${PHOTO_SIDE} pixels in three planes`;
    throw new VicinalError("FORMAT", { what, rule, got: `${bytes.length} bytes` });
  }
  const n = Math.min(most, bytes.length / RECORD);
  const cols = 3 * PLANE;
  const data = new Float32Array(n * cols);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const at = i * RECORD;
    labels[i] = bytes[at]!;
    for (let p = 0; p < PLANE; p++) {
      for (let c = 0; c < 3; c++) data[i * cols + 3 * p + c] = bytes[at + 1 + c * PLANE + p]!;
    }
  }
  return { rows: { data, rows: n, cols, stride: cols }, labels };
}
