import { VicinalError } from "../../core/index.ts";

/** A word, or whatever a sequence is made of. */
export type Token = string | number;

/** Sequences of tokens, such as sentences of words or baskets of items. May be iterated more than once. */
export type Sequences<T extends Token = Token> = Iterable<readonly T[] | ArrayLike<T>>;

/** Sequences as numbers of tokens, one after another. */
export interface Corpus<T extends Token> {
  /** Most frequent first; equals in order of appearance. */
  readonly tokens: readonly T[];
  readonly counts: Float64Array;
  /** Tokens of sequence s: words[starts[s]] … words[starts[s + 1] − 1]; rare ones are gone. */
  readonly words: Uint32Array;
  readonly starts: Uint32Array;
}

/** @throws VicinalError BAD_INPUT for what is no sequence of tokens, EMPTY_INDEX when too few are left */
export function readCorpus<T extends Token>(sequences: Sequences<T>, minCount: number): Corpus<T> {
  const counts = new Map<T, number>();
  const all: (readonly T[] | ArrayLike<T>)[] = [];
  if (typeof sequences !== "object" || sequences === null || !(Symbol.iterator in sequences)) {
    throw bad(typeof sequences, "a list of sequences");
  }
  for (const sequence of sequences) {
    if (typeof sequence !== "object" || sequence === null || !Number.isInteger(sequence.length)) {
      throw bad(JSON.stringify(sequence)?.slice(0, 40) ?? "undefined", "sequences of tokens (arrays)");
    }
    for (let i = 0; i < sequence.length; i++) {
      const token = sequence[i]!;
      if (typeof token !== "string" && !(typeof token === "number" && Number.isFinite(token))) {
        throw bad(`token ${String(token)}`, "strings or finite numbers");
      }
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    all.push(sequence);
  }
  const kept = [...counts].filter(([, count]) => count >= minCount).sort((a, b) => b[1] - a[1]);
  if (kept.length < 2)
    throw new VicinalError("EMPTY_INDEX", { what: `A vocabulary of tokens met ${minCount} times or more` });
  const numbers = new Map(kept.map(([token], i) => [token, i]));
  const words: number[] = [];
  const starts: number[] = [0];
  for (const sequence of all) {
    for (let i = 0; i < sequence.length; i++) {
      const number = numbers.get(sequence[i]!);
      if (number !== undefined) words.push(number);
    }
    starts.push(words.length);
  }
  return {
    tokens: kept.map(([token]) => token),
    counts: Float64Array.from(kept, ([, count]) => count),
    words: Uint32Array.from(words),
    starts: Uint32Array.from(starts),
  };
}

function bad(got: string, rule: string): VicinalError {
  return new VicinalError("BAD_INPUT", { what: "sequences", got, rule });
}
