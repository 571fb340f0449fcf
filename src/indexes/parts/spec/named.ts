import { type Range, readNumber, type Token, type TokenReader } from "./tokens.ts";
import { type CodeKind, DEFAULT_M, type GraphCodes, MAX_M, MAX_NLIST, MIN_M, type Spec } from "./types.ts";

/** A kind of index that is a word, perhaps with a number right behind it, and words after it. */
export interface Named {
  readonly word: string;
  readonly number: Range | undefined;
  /** Words that may follow, in this order, each at most once. */
  readonly after: readonly Suffix[];
  make(number: number | undefined, suffixes: ReadonlyMap<string, string>): Spec;
}

interface Suffix {
  /** Which property of the index it sets. */
  readonly slot: string;
  /** Spelling read (in lower case) → canonical word; the empty word says the default aloud. */
  readonly words: Readonly<Record<string, string>>;
  /** Another suffix that must be there already. */
  readonly needs?: string;
}

const CODES: Suffix = { slot: "codes", words: { sq8: "SQ8", sq7: "SQ7", flat: "" } };
const REFINE: Suffix = {
  slot: "refine",
  words: { refine: "Refine", rflat: "Refine", "refine(flat)": "Refine" },
  needs: "codes",
};
const SOAR: Suffix = { slot: "soar", words: { soar: "SOAR" } };

const range = (name: string, low: number, high: number): Range => ({ name, low, high });

const codesIn = (suffixes: ReadonlyMap<string, string>): GraphCodes => ({
  codes: (suffixes.get("codes") || undefined) as CodeKind | undefined,
  refine: suffixes.has("refine"),
});

/** One row a kind. */
export const NAMED: readonly Named[] = [
  { word: "Flat", number: undefined, after: [], make: () => ({ kind: "Flat" }) },
  {
    word: "HNSW",
    number: range("M", MIN_M, MAX_M),
    after: [CODES, REFINE],
    make: (M, suffixes) => ({
      kind: "HNSW",
      M: M ?? DEFAULT_M,
      ...codesIn(suffixes),
    }),
  },
  { word: "KDTree", number: undefined, after: [], make: () => ({ kind: "KDTree" }) },
  { word: "BallTree", number: undefined, after: [], make: () => ({ kind: "BallTree" }) },
  {
    word: "RPForest",
    number: range("trees", 1, 1000),
    after: [],
    make: (trees) => ({ kind: "RPForest", trees: trees ?? 50 }),
  },
  {
    word: "NNDescent",
    number: range("K", 2, 500),
    after: [CODES, REFINE],
    make: (K, suffixes) => ({ kind: "NNDescent", K: K ?? 30, ...codesIn(suffixes) }),
  },
  {
    word: "ANNG",
    number: range("edges", 2, 500),
    after: [CODES, REFINE],
    make: (edges, suffixes) => ({ kind: "ANNG", edges: edges ?? 10, ...codesIn(suffixes) }),
  },
  {
    word: "ONNG",
    number: range("edges", 2, 500),
    after: [CODES, REFINE],
    make: (edges, suffixes) => ({ kind: "ONNG", edges: edges ?? 10, ...codesIn(suffixes) }),
  },
  {
    word: "Vamana",
    number: range("R", 4, 500),
    after: [CODES, REFINE],
    make: (R, suffixes) => ({ kind: "Vamana", R: R ?? 64, ...codesIn(suffixes) }),
  },
  { word: "QG", number: range("M", 2, 500), after: [], make: (M) => ({ kind: "QG", M: M ?? 32 }) },
  {
    word: "ScaNN",
    number: { ...range("nlist", 1, MAX_NLIST), scaled: true },
    after: [SOAR],
    make: (nlist, suffixes) => ({ kind: "ScaNN", nlist, soar: suffixes.has("soar") }),
  },
  { word: "Auto", number: undefined, after: [], make: () => ({ kind: "Auto" }) },
];

/** Reads a specification whose first word names its kind. */
export function readNamed(reader: TokenReader, head: Token, named: Named): Spec {
  const length = named.word.length;
  if (named.number === undefined && head.text.length > length) {
    reader.fail(head, `nothing after ${named.word}`, length);
  }
  const number = named.number && readNumber(reader, head, length, named.number);
  return named.make(number, readSuffixes(reader, named));
}

function readSuffixes(reader: TokenReader, named: Named): Map<string, string> {
  const found = new Map<string, string>();
  let from = 0;
  for (let token = reader.next; token !== undefined; token = reader.next) {
    const word = token.text.toLowerCase();
    const at = named.after.findIndex((suffix, i) => i >= from && Object.hasOwn(suffix.words, word));
    const suffix = named.after[at];
    if (suffix === undefined) reader.fail(token, expectedAfter(named, from, found));
    if (suffix.needs !== undefined && !found.get(suffix.needs)) {
      const needed = named.after.find(({ slot }) => slot === suffix.needs)!;
      reader.fail(token, `${wordsOf(needed).join(" or ")} before ${suffix.words[word]}`);
    }
    found.set(suffix.slot, suffix.words[word]!);
    from = at + 1;
    reader.take();
  }
  return found;
}

function expectedAfter(named: Named, from: number, found: ReadonlyMap<string, string>): string {
  const open = named.after.slice(from).filter(({ needs }) => needs === undefined || found.get(needs));
  const words = open.flatMap(wordsOf);
  return words.length === 0 ? "the end" : `${words.join(", ")} or the end`;
}

function wordsOf(suffix: Suffix): string[] {
  return [...new Set(Object.values(suffix.words))].filter((word) => word !== "");
}

export function showNamed({ word, number }: Named): string {
  return number === undefined ? word : `${word}<${number.name}>`;
}
