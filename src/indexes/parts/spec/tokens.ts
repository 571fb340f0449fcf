import { VicinalError } from "../../../core/index.ts";
import { lackingHint } from "./lacking.ts";

/** A word of a specification. */
export interface Token {
  readonly text: string;
  /** Place of its first character in the specification. */
  readonly at: number;
  /** An underscore, not a comma, is before it. */
  readonly glued: boolean;
}

/** Words between commas, or underscores as FAISS also has them, without the blanks around them. */
export function splitSpec(spec: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at <= spec.length; ) {
    let end = at;
    while (end < spec.length && spec[end] !== "," && spec[end] !== "_") end++;
    const raw = spec.slice(at, end);
    const text = raw.trim();
    const lead = text === "" ? 0 : raw.length - raw.trimStart().length;
    tokens.push({ text, at: at + lead, glued: spec[at - 1] === "_" });
    at = end + 1;
  }
  return tokens;
}

/** A specification half read. */
export class TokenReader {
  readonly spec: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(spec: string, tokens: readonly Token[]) {
    this.spec = spec;
    this.#tokens = tokens;
  }

  get next(): Token | undefined {
    return this.#tokens[this.#next];
  }

  take(): Token {
    return this.#tokens[this.#next++]!;
  }

  /** The end of the text, where something is missing. */
  get end(): Token {
    return { text: "", at: this.spec.length, glued: false };
  }

  /** Throws SPEC_SYNTAX at this token, or at the part of it that begins after `skip` characters. */
  fail(token: Token, expected: string, skip = 0): never {
    const hint = skip === 0 ? lackingHint(token.text) : undefined;
    throw new VicinalError("SPEC_SYNTAX", {
      spec: this.spec,
      at: token.at + skip,
      token: token.text.slice(skip),
      expected: hint ?? expected,
    });
  }

  /** Throws unless all has been read. */
  finish(expected: string): void {
    if (this.next !== undefined) this.fail(this.next, expected);
  }
}

export interface Range {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** FAISS's k = 1024 and M = 1024² behind the number. */
  readonly scaled?: boolean;
}

/**
 * The number in a token behind its first `skip` characters, up to `end`; undefined when there is none. What
 * else stands there is an error.
 */
export function readNumber(
  reader: TokenReader,
  token: Token,
  skip: number,
  range: Range,
  end: number = token.text.length,
): number | undefined {
  const text = token.text.slice(skip, end);
  if (text === "") return undefined;
  const { name, low, high, scaled } = range;
  const found = (scaled === true ? /^(\d+)([km]?)$/i : /^(\d+)()$/).exec(text);
  if (found === null) {
    reader.fail(token, `a whole number ${name}${scaled === true ? ", which k or M may follow" : ""}`, skip);
  }
  const [, digits, scale] = found;
  const value = Number(digits) * { "": 1, k: 1024, m: 1024 * 1024 }[scale!.toLowerCase()]!;
  if (text.startsWith("0") || value < low || value > high) {
    reader.fail(token, `${name} from ${low} to ${high}`, skip);
  }
  return value;
}
