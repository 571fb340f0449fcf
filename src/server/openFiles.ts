import { basename } from "node:path";
import type { RunOptions } from "../core/index.ts";
import type { CollectionFacts, Collections } from "./collections/registry.ts";

export interface OpenFileOptions extends RunOptions {
  /** Of a file of vectors. */
  metric: string | undefined;
  /** Vectors from which such a file gets an index, built while they are searched exactly. */
  indexedRows: number;
}

/**
 * Makes a file that the operator named a collection: an index as it is, vectors at first for exact search. Requests
 * change the collection in memory, never the file.
 */
export async function openFile(
  collections: Collections,
  path: string,
  { metric, indexedRows, ...run }: OpenFileOptions,
): Promise<CollectionFacts> {
  const name = nameFor(path, (taken) => collections.has(taken));
  const facts = await collections.load(name, { path, metric, index: "Flat" }, run);
  const isIndex = /\.vic$/i.test(path);
  if (!isIndex && facts.size >= indexedRows) collections.startBuild(name, {});
  return facts;
}

/** The file's base name in the letters that a collection's name may have; numbered where it is taken. */
function nameFor(path: string, isTaken: (name: string) => boolean): string {
  const plain = basename(path)
    .replace(/(\.[a-z0-9]{1,8}){1,2}$/i, "")
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 56);
  const name = plain === "" ? "collection" : plain;
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? name : `${name}-${number}`;
    if (!isTaken(numbered)) return numbered;
  }
}
