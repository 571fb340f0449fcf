import { VicinalError } from "../core/index.ts";
import type { FieldValue, Where } from "../indexes/contract.ts";

/**
 * A condition on metadata as typed on a command line:
 *
 *     year >= 1990 and not (lang = "en" or genre in ["poetry", 'plays'])
 *     `page count` < 300 and isbn exists
 *
 * Operators: = != < <= > >= in, not in, exists; joined by and, or, not and parentheses. A text that
 * starts with { is taken as the JSON form that the library's `filter` option has.
 *
 * @throws FILTER_SYNTAX with the place
 */
export function parseFilter(expr: string): Where {
  if (expr.trimStart().startsWith("{")) return parseJson(expr);
  const reader = createReader(expr);
  const where = parseOr(reader, 0);
  if (reader.token.kind !== "end") reader.fail('"and", "or" or the end');
  return where;
}

const DEEPEST = 100;

type Kind = "end" | "name" | "number" | "string" | "sign";
interface Token {
  readonly kind: Kind;
  readonly text: string;
  readonly at: number;
}
interface Reader {
  readonly token: Token;
  next(): Token;
  /** Passes the sign or word when it comes next. */
  take(text: string): boolean;
  fail(expected: string, at?: number): never;
}

const TOKEN =
  /\s*(?:(?<name>[\p{L}_][\p{L}\p{N}_.-]*)|(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<quoted>`[^`]+`)|(?<sign><=|>=|!=|==|[=<>()[\],]))/iuy;

function createReader(expr: string): Reader {
  let place = 0;
  let token: Token;
  const fail = (expected: string, at = token.at): never => {
    throw new VicinalError("FILTER_SYNTAX", { expr, at, expected });
  };
  const read = (): Token => {
    TOKEN.lastIndex = place;
    const match = TOKEN.exec(expr);
    if (match === null) {
      const at = place + /^\s*/.exec(expr.slice(place))![0].length;
      if (at < expr.length) fail("a field, a value or an operator", at);
      return { kind: "end", text: "", at };
    }
    place = TOKEN.lastIndex;
    const { name, number, string, quoted, sign } = match.groups!;
    const text = name ?? number ?? string ?? quoted ?? sign!;
    const at = place - text.length;
    if (quoted !== undefined) return { kind: "name", text: quoted.slice(1, -1), at };
    if (name !== undefined) return { kind: "name", text, at };
    return { kind: number !== undefined ? "number" : string !== undefined ? "string" : "sign", text, at };
  };
  token = read();
  const reader: Reader = {
    get token() {
      return token;
    },
    next() {
      const before = token;
      token = read();
      return before;
    },
    take(text) {
      const word = token.kind === "name" ? token.text.toLowerCase() : token.text;
      const quoted = token.kind === "name" && expr[token.at] === "`";
      if ((token.kind !== "name" && token.kind !== "sign") || quoted || word !== text) return false;
      token = read();
      return true;
    },
    fail,
  };
  return reader;
}

function parseOr(reader: Reader, depth: number): Where {
  const parts = [parseAnd(reader, depth)];
  while (reader.take("or")) parts.push(parseAnd(reader, depth));
  return parts.length === 1 ? parts[0]! : { $or: parts };
}

function parseAnd(reader: Reader, depth: number): Where {
  const parts = [parseUnary(reader, depth)];
  while (reader.take("and")) parts.push(parseUnary(reader, depth));
  return parts.length === 1 ? parts[0]! : { $and: parts };
}

function parseUnary(reader: Reader, depth: number): Where {
  if (depth > DEEPEST) reader.fail(`at most ${DEEPEST} levels`);
  if (reader.take("not")) return { $not: parseUnary(reader, depth + 1) };
  if (reader.take("(")) {
    const inner = parseOr(reader, depth + 1);
    if (!reader.take(")")) reader.fail('")"');
    return inner;
  }
  return parseCondition(reader);
}

const COMPARISONS = {
  "=": "$eq",
  "==": "$eq",
  "!=": "$ne",
  "<": "$lt",
  "<=": "$lte",
  ">": "$gt",
  ">=": "$gte",
};

function parseCondition(reader: Reader): Where {
  if (reader.token.kind !== "name") reader.fail("a field");
  const { text: field, at } = reader.next();
  if (field.startsWith("$")) reader.fail("a field, whose name does not begin with $", at);
  if (reader.take("exists")) return { [field]: { $exists: true } };
  if (reader.take("in")) return { [field]: { $in: parseList(reader) } };
  if (reader.take("not")) {
    if (!reader.take("in")) reader.fail('"in"');
    return { [field]: { $nin: parseList(reader) } };
  }
  for (const [sign, condition] of Object.entries(COMPARISONS)) {
    if (!reader.take(sign)) continue;
    const { at: place } = reader.token;
    const value = parseValue(reader);
    const ordered = condition !== "$eq" && condition !== "$ne";
    if (ordered && typeof value !== "number" && typeof value !== "string") {
      reader.fail("a number or a quoted text", place);
    }
    return { [field]: { [condition]: value } };
  }
  return reader.fail("one of = != < <= > >= in, not in, exists");
}

function parseList(reader: Reader): FieldValue[] {
  const close = reader.take("[") ? "]" : reader.take("(") ? ")" : reader.fail('"["');
  const values: FieldValue[] = [];
  if (reader.take(close)) return values;
  do values.push(parseValue(reader));
  while (reader.take(","));
  if (!reader.take(close)) reader.fail(`"," or "${close}"`);
  return values;
}

const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

function parseValue(reader: Reader): string | number | boolean | null {
  const { kind, text, at } = reader.token;
  if (kind === "number") return Number(reader.next().text);
  if (kind === "string") return unquote(reader.next().text);
  if (kind === "name" && Object.hasOwn(WORDS, text)) return WORDS[reader.next().text]!;
  return reader.fail('a number, "text", true, false or null', at);
}

function unquote(text: string): string {
  return text
    .slice(1, -1)
    .replace(/\\(.)/gsu, (_all, c: string) => (c === "n" ? "\n" : c === "t" ? "\t" : c));
}

function parseJson(expr: string): Where {
  try {
    return JSON.parse(expr) as Where;
  } catch {
    throw new VicinalError("FILTER_SYNTAX", { expr, at: expr.search(/\S/), expected: "valid JSON" });
  }
}
