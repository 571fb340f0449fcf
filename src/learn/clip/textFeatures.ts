import { VicinalError } from "../../core/index.ts";

/** How a text becomes numbers of features. */
export interface TextFeatureOptions {
  /** Features are numbered 0 … buckets − 1 by a hash; two may share a number. */
  readonly buckets: number;
  /** Whether, beside words, runs of three to five letters within words count, so that related words share some. */
  readonly parts: boolean;
}

/** Words of a text: letters and digits, lower case, without marks such as accents. */
export function wordsOf(text: string): string[] {
  if (typeof text !== "string") {
    throw new VicinalError("BAD_INPUT", { what: "a text", got: typeof text, rule: "a string" });
  }
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/**
 * The numbers of a text's features: its words, and runs of letters of "<word>". Order does not matter; a feature
 * that occurs twice is there twice.
 */
export const textFeatures = (text: string, options: TextFeatureOptions): number[] =>
  wordsOf(text).flatMap((word) => wordFeatures(word, options));

function wordFeatures(word: string, { buckets, parts }: TextFeatureOptions): number[] {
  const out = [hash(`#${word}`) % buckets];
  if (!parts) return out;
  const letters = [...`<${word}>`];
  for (let length = 3; length <= 5; length++) {
    for (let i = 0; i + length <= letters.length; i++) {
      out.push(hash(letters.slice(i, i + length).join("")) % buckets);
    }
  }
  return out;
}

/** Words whose features are remembered at most. */
const REMEMBERED = 1 << 16;

/** {@link textFeatures} that remembers words. */
export function rememberWords(options: TextFeatureOptions): (text: string) => number[] {
  const known = new Map<string, number[]>();
  return (text) =>
    wordsOf(text).flatMap((word) => {
      let features = known.get(word);
      if (features === undefined) {
        features = wordFeatures(word, options);
        if (known.size < REMEMBERED) known.set(word, features);
      }
      return features;
    });
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}
