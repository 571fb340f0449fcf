import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type RunOptions, row } from "../../core/index.ts";
import type { WordVectors } from "../../learn/index.ts";
import { emojiCode } from "../emoji/identity.ts";
import { loadVocabulary } from "../words/vocabulary.ts";

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

/** GloVe's word vectors, scaled to length 1. Throws DATASET_MISSING where the data folder has none. */
export async function gloveVectors(options: RunOptions & { dataDir?: string }): Promise<WordVectors> {
  const { words, vectors, dimension } = await loadVocabulary("glove", "GloVe", options);
  const places = new Map(words.map((word, i) => [word.toLowerCase(), i]));
  return {
    dimension,
    get(word) {
      const place = places.get(word);
      if (place === undefined || vectors === undefined) return undefined;
      const vector = row(vectors, place);
      const length = Math.hypot(...vector) || 1;
      return vector.map((value) => value / length);
    },
  };
}
