/** How a text becomes numbers of features. */
export interface TextFeatureOptions {
  /** Features are numbered 0 … buckets − 1 by a hash; two may share a number. */
  readonly buckets: number;
  /** Whether, beside words, runs of three to five letters within words count, so that related words share some. */
  readonly parts: boolean;
}

/** Words of a text: letters and digits, lower case, without marks such as accents. */
export function wordsOf(text: string): string[] {
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
export function textFeatures(text: string, { buckets, parts }: TextFeatureOptions): number[] {
  const out: number[] = [];
  for (const word of wordsOf(text)) {
    out.push(hash(`#${word}`) % buckets);
    if (!parts) continue;
    const letters = [...`<${word}>`];
    for (let length = 3; length <= 5; length++) {
      for (let i = 0; i + length <= letters.length; i++) {
        out.push(hash(letters.slice(i, i + length).join("")) % buckets);
      }
    }
  }
  return out;
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}
