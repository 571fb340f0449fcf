import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { dataFolders, replaceDataFile } from "./data.node.ts";

/** The user's folder for what can be computed again, or undefined where there is none. */
export function cacheFolder(name: string): string | undefined {
  return join(dirname(dataFolders().cache), name);
}

/** The bytes of a kept file, or undefined when it cannot be read. */
export async function readKept(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch {
    return undefined;
  }
}

/** Keeps the bytes, replacing the file whole; answers whether that was possible. */
export async function keepFile(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await replaceDataFile(path, [bytes]);
    return true;
  } catch {
    return false;
  }
}
