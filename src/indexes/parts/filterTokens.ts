import { VicinalError } from "../../core/index.ts";

/** Longest filter text, in characters. */
export const MAX_EXPRESSION = 65536;

export interface Token {
  /** A bare word, a sign, a field in backquotes, a number or string, or the end of the text. */
  readonly kind: "word" | "sign" | "field" | "value" | "end";
  readonly text: string;
  readonly value?: number | string | bigint;
  readonly at: number;
}

const SPACE = /[ \t\r\n]+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_.-]*/uy;
const NUMBER = /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?n?/y;
const SIGN = /[<>=!]=|[<>=()[\],]|&&|\|\||!/y;
const ALIASES: Readonly<Record<string, string>> = { "&&": "and", "||": "or", "!": "not" };

/** Points at a character of the text and says what should be there. */
export function fail(expr: string, at: number, expected: string): never {
  throw new VicinalError("FILTER_SYNTAX", { expr, at, expected });
}

/** Splits filter text; the last token is the end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const quote = text[at]!;
    if (quote === '"' || quote === "'" || quote === "`") {
      const { value, end } = readQuoted(text, at);
      tokens.push({ kind: quote === "`" ? "field" : "value", text: value, value, at });
      at = end;
      continue;
    }
    const word = match(WORD);
    const number = word === undefined ? match(NUMBER) : undefined;
    const sign = word === undefined && number === undefined ? match(SIGN) : undefined;
    const found = word ?? number ?? sign;
    if (found === undefined) return fail(text, at, "a field, a value or an operator");
    if (word !== undefined) tokens.push({ kind: "word", text: word, at });
    else if (number !== undefined)
      tokens.push({ kind: "value", text: number, value: toNumber(text, number, at), at });
    else if (Object.hasOwn(ALIASES, found)) tokens.push({ kind: "word", text: ALIASES[found]!, at });
    else tokens.push({ kind: "sign", text: found, at });
    at += found.length;
  }
  tokens.push({ kind: "end", text: "", at });
  return tokens;
}

function toNumber(text: string, digits: string, at: number): number | bigint {
  const next = text[at + digits.length];
  if (next !== undefined && /[\p{L}\p{N}_.]/u.test(next)) fail(text, at, "a number (strings go in quotes)");
  if (digits.endsWith("n")) {
    if (!/^-?\d+n$/.test(digits)) fail(text, at, "a whole number before n");
    return BigInt(digits.slice(0, -1));
  }
  const value = Number(digits);
  if (!Number.isFinite(value)) fail(text, at, "a number below 1.8e308");
  return value;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  "/": "/",
  "\\": "\\",
  '"': '"',
  "'": "'",
  "`": "`",
};

function readQuoted(text: string, start: number): { value: string; end: number } {
  const quote = text[start]!;
  let value = "";
  let at = start + 1;
  while (at < text.length) {
    const char = text[at]!;
    if (char === quote) return { value, end: at + 1 };
    if (char !== "\\") {
      value += char;
      at++;
      continue;
    }
    const escaped = text[at + 1] ?? "";
    if (escaped === "u") {
      const hex = text.slice(at + 2, at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) fail(text, at, "four hexadecimal digits after \\u");
      value += String.fromCharCode(Number.parseInt(hex, 16));
      at += 6;
    } else {
      if (!Object.hasOwn(ESCAPES, escaped)) fail(text, at, "an escape that JSON knows, or \\' or \\`");
      value += ESCAPES[escaped]!;
      at += 2;
    }
  }
  return fail(text, start, `a closing ${quote}`);
}
