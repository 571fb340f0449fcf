import { VicinalError } from "../../core/index.ts";
import type { Filter, Key, Metadata, Where } from "../contract.ts";
import { fail, MAX_EXPRESSION, type Token, tokenize } from "./filterTokens.ts";
import { compileWhere, MAX_CLAUSES, MAX_DEPTH } from "./where.ts";

/** What an expression means: a condition on metadata, or, where it asks for the key, a tree around some. */
type Node =
  | { kind: "where"; where: Where }
  | { kind: "key"; test: (key: Key) => boolean }
  | { kind: "and" | "or"; parts: Node[] }
  | { kind: "not"; part: Node };

/**
 * Reads a filter written as text: comparisons of fields (`==` or `=`, `!=`, `<`, `<=`, `>`, `>=`, `in [..]`,
 * `not in [..]`), `exists(field)`, a bare field (it is true), joined by `and`, `or`, `not` (`not`
 * binds closest, then `and`) and parentheses. Values are numbers, strings in either kind of quotes,
 * true, false, null. `key` is the row's own key (also compared with bigints, as in `key == 5n`); a
 * field that is called so, or has blanks in its name, goes in backquotes. Text that begins with a
 * brace is a condition object in JSON.
 *
 * Fields compare as in {@link compileWhere}. Throws FILTER_SYNTAX with the position (in JSON where the engine tells it), LIMIT for text
 * that is too long, deep or many-claused, and for JSON the errors of compileWhere.
 *
 * @returns a condition object, or a predicate when the expression asks for the key
 */
export function parseFilterExpression<K extends Key = Key>(text: string): Filter<K> {
  if (text.length > MAX_EXPRESSION) {
    throw new VicinalError("LIMIT", {
      what: "length of the filter",
      got: text.length,
      limit: MAX_EXPRESSION,
    });
  }
  if (text.trimStart().startsWith("{")) return parseJson(text);
  const node = new Parser(text).parse();
  if (node.kind === "where") {
    compileWhere(node.where);
    return node.where;
  }
  return compileNode(node) as Filter<K>;
}

function parseJson(text: string): Where {
  let where: Where;
  try {
    where = JSON.parse(text) as Where;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const at = Number(/position (\d+)/.exec(why)?.[1] ?? 0); // not every engine and fault has one
    const expected = `a condition object in JSON (${why})`;
    throw new VicinalError("FILTER_SYNTAX", { expr: text, at, expected }, { cause });
  }
  compileWhere(where);
  return where;
}

type RowTest = (key: Key, metadata: Metadata | undefined) => boolean;

function compileNode(node: Node): RowTest {
  switch (node.kind) {
    case "where": {
      const test = compileWhere(node.where);
      return (_, metadata) => test(metadata);
    }
    case "key": {
      const { test } = node;
      return (key) => test(key);
    }
    case "not": {
      const part = compileNode(node.part);
      return (key, metadata) => !part(key, metadata);
    }
    default: {
      const parts = node.parts.map(compileNode);
      return node.kind === "and"
        ? (key, metadata) => parts.every((part) => part(key, metadata))
        : (key, metadata) => parts.some((part) => part(key, metadata));
    }
  }
}

type Value = string | number | boolean | null | bigint;

const COMPARISONS: Readonly<Record<string, string>> = {
  "==": "$eq",
  "=": "$eq",
  "!=": "$ne",
  "<": "$lt",
  "<=": "$lte",
  ">": "$gt",
  ">=": "$gte",
};

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #clauses = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): Node {
    const node = this.#or(0);
    if (this.#peek().kind !== "end") this.#fail("and, or, or the end");
    return node;
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  /** Takes the next token when it is this word or sign. */
  #take(sign: string): boolean {
    const token = this.#peek();
    if ((token.kind !== "word" && token.kind !== "sign") || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string, expected = `"${sign}"`): void {
    if (!this.#take(sign)) this.#fail(expected);
  }

  #fail(expected: string): never {
    return fail(this.#text, this.#peek().at, expected);
  }

  #or(depth: number): Node {
    const parts = [this.#and(depth)];
    while (this.#take("or")) parts.push(this.#and(depth));
    return join("or", parts);
  }

  #and(depth: number): Node {
    const parts = [this.#unary(depth)];
    while (this.#take("and")) parts.push(this.#unary(depth));
    return join("and", parts);
  }

  #unary(depth: number): Node {
    // Every level of parentheses may become two of the condition object: an $and in an $or.
    if (depth > MAX_DEPTH / 2 - 2) {
      throw new VicinalError("LIMIT", { what: "depth of the filter", got: depth, limit: MAX_DEPTH / 2 - 2 });
    }
    if (this.#take("not")) {
      const part = this.#unary(depth + 1);
      return part.kind === "where" ? { kind: "where", where: { $not: part.where } } : { kind: "not", part };
    }
    if (this.#take("(")) {
      const inner = this.#or(depth + 1);
      this.#expect(")", 'and, or, or ")"');
      return inner;
    }
    return this.#condition();
  }

  #condition(): Node {
    if (++this.#clauses > MAX_CLAUSES / 2) {
      const limit = MAX_CLAUSES / 2;
      throw new VicinalError("LIMIT", { what: "number of filter clauses", got: this.#clauses, limit });
    }
    const next = this.#tokens[this.#at + 1];
    if (
      this.#peek().text === "exists" &&
      this.#peek().kind === "word" &&
      next?.text === "(" &&
      next.kind === "sign"
    ) {
      this.#at += 2;
      const field = this.#field();
      this.#expect(")");
      return whereOf(field, { $exists: true });
    }
    const isKey = this.#peek().kind === "word" && this.#peek().text === "key";
    const field = this.#field();
    const token = this.#peek();
    const operator =
      token.kind === "sign" && Object.hasOwn(COMPARISONS, token.text) ? COMPARISONS[token.text]! : "";
    if (operator !== "") {
      this.#at++;
      const at = this.#peek();
      const value = this.#value(isKey);
      if (/^\$[gl]t/.test(operator) && (value === null || typeof value === "boolean")) {
        fail(this.#text, at.at, "a number or a string to compare with");
      }
      return isKey ? keyNode(operator, [value]) : whereOf(field, { [operator]: value });
    }
    const negated = token.kind === "word" && token.text === "not";
    if (negated) {
      this.#at++;
      this.#expect("in", '"in" after "not"');
    }
    if (negated || this.#take("in")) {
      const values = this.#list(isKey);
      if (isKey) return keyNode(negated ? "$nin" : "$in", values);
      return whereOf(field, { [negated ? "$nin" : "$in"]: values });
    }
    if (isKey) this.#fail("a comparison, in, or not in");
    return whereOf(field, { $eq: true });
  }

  #field(): string {
    const token = this.#peek();
    const named = token.kind === "field" || (token.kind === "word" && !RESERVED.has(token.text));
    if (!named) this.#fail('a field, "key", "not", "exists" or "("');
    if (NEVER_FIELDS.has(token.text) || token.text.startsWith("$") || token.text === "") {
      this.#fail("a field name (not empty, __proto__, constructor, prototype, or with a $ in front)");
    }
    this.#at++;
    return token.text;
  }

  #value(forKey: boolean): Value {
    const token = this.#peek();
    this.#at++;
    if (token.kind === "value" && (forKey || typeof token.value !== "bigint")) return token.value as Value;
    if (token.kind === "word" && token.text === "true") return true;
    if (token.kind === "word" && token.text === "false") return false;
    if (token.kind === "word" && token.text === "null") return null;
    this.#at--;
    const bigint = token.kind === "value" ? " (bigints are for keys alone)" : "";
    return this.#fail(`a number, a string in quotes, true, false or null${bigint}`);
  }

  #list(forKey: boolean): Value[] {
    this.#expect("[", 'a list such as ["a", "b"]');
    const values: Value[] = [];
    if (this.#take("]")) return values;
    do values.push(this.#value(forKey));
    while (this.#take(","));
    this.#expect("]", '"," or "]"');
    return values;
  }
}

const RESERVED: ReadonlySet<string> = new Set(["and", "or", "not", "in", "true", "false", "null"]);
const NEVER_FIELDS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

function whereOf(field: string, condition: object): Node {
  return { kind: "where", where: { [field]: condition } as Where };
}

function join(kind: "and" | "or", parts: Node[]): Node {
  if (parts.length === 1) return parts[0]!;
  const wheres = parts.flatMap((part) => (part.kind === "where" ? [part.where] : []));
  if (wheres.length < parts.length) return { kind, parts };
  return { kind: "where", where: kind === "and" ? { $and: wheres } : { $or: wheres } };
}

function keyNode(operator: string, values: readonly Value[]): Node {
  const set = new Set<unknown>(values);
  const bound = values[0];
  const comparable = (key: Key): boolean => typeof key === typeof bound;
  const tests: Readonly<Record<string, (key: Key) => boolean>> = {
    $eq: (key) => set.has(key),
    $in: (key) => set.has(key),
    $ne: (key) => !set.has(key),
    $nin: (key) => !set.has(key),
    $lt: (key) => comparable(key) && key < bound!,
    $lte: (key) => comparable(key) && key <= bound!,
    $gt: (key) => comparable(key) && key > bound!,
    $gte: (key) => comparable(key) && key >= bound!,
  };
  return { kind: "key", test: tests[operator]! };
}
