import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Matrix, type RunOptions, row, VicinalError } from "../../core/index.ts";
import { readVectorFile } from "../../data/index.ts";
import type { WordVectors } from "../../learn/index.ts";
import { emojiCode } from "../emoji/identity.ts";
import { floats } from "../rows.ts";

/**
 * Keywords of emoji by code, where the package `emojibase-data` is installed; undefined where it is not. Nothing
 * depends on it: it is 49 MB for one file of use here.
 */
export function installedKeywords(): Map<string, readonly string[]> | undefined {
  let list: unknown;
  try {
    const path = createRequire(import.meta.url).resolve("emojibase-data/en/data.json");
    list = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  const entries = (list as { hexcode: string; tags?: string[] }[]).map(
    ({ hexcode, tags = [] }) => [emojiCode(hexcode.toLowerCase()), tags] as const,
  );
  return new Map(entries);
}

/** Vectors of words from a file that names its rows, scaled to length 1. Throws what reading it throws, BAD_INPUT. */
export async function wordVectorsOf(path: string, run: RunOptions = {}): Promise<WordVectors> {
  const { base, words } = await readWords(path, run);
  const places = new Map(words.map((word, i) => [word.toLowerCase(), i]));
  return {
    dimension: base.cols,
    get(word) {
      const place = places.get(word);
      if (place === undefined) return undefined;
      const vector = row(base, place);
      const length = Math.hypot(...vector) || 1;
      return vector.map((value) => value / length);
    },
  };
}

async function readWords(path: string, run: RunOptions): Promise<{ base: Matrix; words: string[] }> {
  const table = await readVectorFile(path, run);
  if (table.keys === undefined) {
    const rule = "one whose rows have words as their keys";
    throw new VicinalError("BAD_INPUT", { what: `file ${path}`, got: "vectors without names", rule });
  }
  return { base: floats(table.data, table.data.rows), words: [...table.keys].map(String) };
}
