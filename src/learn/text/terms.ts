import { type Job, VicinalError } from "../../core/index.ts";
import type { Csr } from "../linalg/csr.ts";

const WORDS = /[\p{L}\p{N}_]{2,}/gu;

/** Runs of two or more letters, digits and underscores. */
export function wordsOf(text: string): readonly string[] {
  return text.match(WORDS) ?? [];
}

export interface TermOptions {
  readonly lowercase: boolean;
  readonly tokenizer: (text: string) => readonly string[];
  readonly stop: ReadonlySet<string>;
  readonly ngramRange: readonly [number, number];
}

/** Terms of a text: words that are no stop words, and runs of them joined by spaces. */
export function termsOf(text: string, { lowercase, tokenizer, stop, ngramRange }: TermOptions): string[] {
  const told = tokenizer(lowercase ? text.toLowerCase() : text);
  if (!Array.isArray(told) || !told.every((word) => typeof word === "string")) {
    const rule = "a list of words, which are strings";
    throw new VicinalError("BAD_INPUT", { what: "what the tokenizer gave", got: String(told), rule });
  }
  const words = told.filter((word) => !stop.has(word));
  const [low, high] = ngramRange;
  if (high === 1) return words;
  const terms: string[] = [];
  for (let length = low; length <= high; length++) {
    for (let at = 0; at + length <= words.length; at++) terms.push(words.slice(at, at + length).join(" "));
  }
  return terms;
}

export interface CountedTerms {
  readonly rows: Csr;
  /** Term of each column. */
  readonly terms: readonly string[];
}

/**
 * Counts terms text by text: columns in the order in which terms are met, or those of `places`, ascending in each row, and
 * other terms passed over.
 */
export function* countTerms(
  texts: Iterable<string>,
  termsIn: (text: string) => readonly string[],
  places: ReadonlyMap<string, number> | undefined,
): Job<CountedTerms> {
  if (typeof texts === "string" || typeof texts?.[Symbol.iterator] !== "function") {
    throw new VicinalError("BAD_INPUT", { what: "texts", got: typeof texts, rule: "a list of strings" });
  }
  const met = new Map<string, number>();
  const indptr: number[] = [0];
  const indices: number[] = [];
  const data: number[] = [];
  for (const text of texts) {
    if (typeof text !== "string") {
      const got = text === null ? "null" : typeof text;
      throw new VicinalError("BAD_INPUT", { what: `text ${indptr.length - 1}`, got, rule: "a string" });
    }
    const counts = new Map<number, number>();
    for (const term of termsIn(text)) {
      let place = (places ?? met).get(term);
      if (place === undefined) {
        if (places !== undefined) continue;
        place = met.size;
        met.set(term, place);
      }
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    const row = places === undefined ? [...counts] : [...counts].sort((a, b) => a[0] - b[0]);
    for (const [j, count] of row) {
      indices.push(j);
      data.push(count);
    }
    indptr.push(indices.length);
    if ((indptr.length & 63) === 0) yield { phase: "terms", done: indptr.length, total: indptr.length };
  }
  const rows = {
    rows: indptr.length - 1,
    cols: places?.size ?? met.size,
    indptr: Uint32Array.from(indptr),
    indices: Uint32Array.from(indices),
    data: Float64Array.from(data),
  };
  return { rows, terms: [...met.keys()] };
}
