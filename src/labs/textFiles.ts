import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { isVicinalError, VicinalError } from "../core/index.ts";
import { dataRoots } from "../data/index.ts";

/** A data set of text files. */
export interface TextSet {
  readonly name: string;
  /** Folders below a data folder, the first that has all files is taken. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Where the files come from. */
  readonly fix: string;
}

/** The folder that has all files of a set. @throws VicinalError DATASET_MISSING */
export async function findTexts({ name, folders, files, fix }: TextSet, dataDir?: string): Promise<string> {
  const looked = dataRoots(dataDir).flatMap((root) => folders.map((folder) => join(root, folder)));
  for (const folder of looked) {
    const there = files.map((file) => access(join(folder, file)));
    if ((await Promise.allSettled(there)).every(({ status }) => status === "fulfilled")) return folder;
  }
  throw new VicinalError("DATASET_MISSING", { name, looked, fix });
}

/** The texts of a set's files. @throws VicinalError DATASET_MISSING */
export async function readTexts(set: TextSet, dataDir?: string): Promise<string[]> {
  const folder = await findTexts(set, dataDir);
  return Promise.all(set.files.map(async (file) => textOf(await readFile(join(folder, file)))));
}

/** Text of bytes, gzipped or not, that are UTF-8, or else ISO-8859-1, as copies of these sets are either. */
export function textOf(bytes: Uint8Array): string {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch {
    return new TextDecoder("latin1").decode(plain);
  }
}

/** Whether a failure is only that the data are not here. */
export const isMissing = (error: unknown): boolean => isVicinalError(error, "DATASET_MISSING");
