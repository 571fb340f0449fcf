import { VicinalError } from "../../core/index.ts";

/** How a graph's rows are coded for its search; answers are scored exactly with `refine`. */
export type CodeKind = "SQ8" | "SQ7";

/** An index specification, read. */
export type Spec =
  | { readonly kind: "Flat" }
  | { readonly kind: "Auto" }
  | {
      readonly kind: "HNSW";
      /** Links a row on the upper levels; level 0 has twice as many. As in FAISS, 32 unless given. */
      readonly M: number;
      readonly codes: CodeKind | undefined;
      readonly refine: boolean;
    };

export type SpecKind = Spec["kind"];

/** FAISS's M when a specification says only `HNSW`. */
export const DEFAULT_M = 32;
export const MIN_M = 2;
export const MAX_M = 100;

/** A token of the text, with the place of its first character. */
interface Part {
  readonly text: string;
  readonly at: number;
}

interface Core {
  /** Words, case-insensitive, that may carry a number right behind them where `number` says so. */
  readonly word: string;
  readonly number: { readonly name: string; readonly low: number; readonly high: number } | undefined;
  /** Words that may follow, in this order, each at most once. */
  readonly after: readonly Suffix[];
  make(number: number | undefined, suffixes: ReadonlyMap<string, string>): Spec;
  format(spec: Spec): string;
}

interface Suffix {
  /** Which property of the index it sets. */
  readonly slot: string;
  /** Spelling read (in lower case) → canonical word; the empty word says the default aloud. */
  readonly words: Readonly<Record<string, string>>;
  /** Another suffix that must be there already, and why. */
  readonly needs?: string;
}

const CODES: Suffix = { slot: "codes", words: { sq8: "SQ8", sq7: "SQ7", flat: "" } };
const REFINE: Suffix = {
  slot: "refine",
  words: { refine: "Refine", rflat: "Refine", "refine(flat)": "Refine" },
  needs: "codes",
};

/** One row a kind of index. A later kind adds its row here and its variant to {@link Spec}. */
const CORES: readonly Core[] = [
  {
    word: "Flat",
    number: undefined,
    after: [],
    make: () => ({ kind: "Flat" }),
    format: () => "Flat",
  },
  {
    word: "HNSW",
    number: { name: "M", low: MIN_M, high: MAX_M },
    after: [CODES, REFINE],
    make: (M, suffixes) => ({
      kind: "HNSW",
      M: M ?? DEFAULT_M,
      codes: (suffixes.get("codes") || undefined) as CodeKind | undefined,
      refine: suffixes.has("refine"),
    }),
    format: (spec) => {
      if (spec.kind !== "HNSW") return "";
      return `HNSW${spec.M}${spec.codes ? `,${spec.codes}` : ""}${spec.refine ? ",Refine" : ""}`;
    },
  },
  {
    word: "Auto",
    number: undefined,
    after: [],
    make: () => ({ kind: "Auto" }),
    format: () => "Auto",
  },
];

const MAX_LENGTH = 1000;

/**
 * Reads a specification in the words of FAISS's index_factory: `Flat`, `HNSW`, `HNSW16`,
 * `HNSW16,SQ8`, `HNSW16,SQ7,Refine` (codes, then exact scores for the best), and `Auto`. Case does
 * not matter; `HNSW32_SQ8`, `HNSW32,Flat`, `RFlat` and `Refine(Flat)` are read as FAISS means them.
 *
 * Throws SPEC_SYNTAX with the wrong token, its position and what could stand there.
 */
export function parseSpec(text: string): Spec {
  if (typeof text !== "string" || text.length > MAX_LENGTH) {
    const got = typeof text === "string" ? `${text.length} characters long` : `a ${typeof text}`;
    const rule = `a string such as "HNSW32,SQ8,Refine"`;
    throw new VicinalError("BAD_INPUT", { what: "index specification", got, rule });
  }
  const parts = split(text);
  const head = parts[0]!;
  const [, letters, digits] = /^([a-z]*)(\d*)/i.exec(head.text)!;
  const core = CORES.find(({ word }) => word.toLowerCase() === letters!.toLowerCase());
  if (core === undefined) fail(text, head, `one of ${CORES.map(showCore).join(", ")}`);
  const numberPart = { text: head.text.slice(letters!.length), at: head.at + letters!.length };
  if (numberPart.text !== digits || (core.number === undefined && digits !== "")) {
    fail(
      text,
      numberPart,
      core.number === undefined ? `nothing after ${core.word}` : `a whole number ${core.number.name}`,
    );
  }
  const number = readNumber(text, numberPart, core);
  return core.make(number, readSuffixes(text, parts.slice(1), core));
}

/** The canonical text of a specification: `HNSW` becomes `HNSW32`. */
export function formatSpec(spec: Spec): string {
  return CORES.find(({ word }) => word === spec.kind)!.format(spec);
}

function readNumber(text: string, part: Part, core: Core): number | undefined {
  if (part.text === "" || core.number === undefined) return undefined;
  const { name, low, high } = core.number;
  const value = Number(part.text);
  if (part.text.startsWith("0") || value < low || value > high) {
    fail(text, part, `${name} from ${low} to ${high}`);
  }
  return value;
}

function readSuffixes(text: string, parts: readonly Part[], core: Core): Map<string, string> {
  const found = new Map<string, string>();
  let from = 0;
  for (const part of parts) {
    const word = part.text.toLowerCase();
    const at = core.after.findIndex((suffix, i) => i >= from && Object.hasOwn(suffix.words, word));
    const suffix = core.after[at];
    if (suffix === undefined) fail(text, part, expectedAfter(core, from, found));
    if (suffix.needs !== undefined && !found.get(suffix.needs)) {
      const needed = core.after.find(({ slot }) => slot === suffix.needs)!;
      fail(text, part, `${wordsOf(needed).join(" or ")} before ${suffix.words[word]}`);
    }
    found.set(suffix.slot, suffix.words[word]!);
    from = at + 1;
  }
  return found;
}

function expectedAfter(core: Core, from: number, found: ReadonlyMap<string, string>): string {
  const open = core.after.slice(from).filter(({ needs }) => needs === undefined || found.get(needs));
  const words = open.flatMap(wordsOf);
  return words.length === 0 ? "the end" : `${words.join(", ")} or the end`;
}

function wordsOf(suffix: Suffix): string[] {
  return [...new Set(Object.values(suffix.words))].filter((word) => word !== "");
}

function showCore({ word, number }: Core): string {
  return number === undefined ? word : `${word}<${number.name}>`;
}

/** Tokens between commas, or underscores as FAISS also has them, without the blanks around them. */
function split(text: string): Part[] {
  const parts: Part[] = [];
  const pattern = /[^,_]*/y;
  for (let at = 0; at <= text.length; at++) {
    pattern.lastIndex = at;
    const raw = pattern.exec(text)![0];
    const lead = raw.length - raw.trimStart().length;
    parts.push({ text: raw.trim(), at: at + (raw.trim() === "" ? 0 : lead) });
    at += raw.length;
  }
  return parts;
}

function fail(spec: string, part: Part, expected: string): never {
  throw new VicinalError("SPEC_SYNTAX", { spec, at: part.at, token: part.text, expected });
}
