import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError, type VicinalError } from "../../core/index.ts";
import type { Key, Metadata, Where } from "../contract.ts";
import { parseFilterExpression } from "./filterExpression.ts";
import { compileWhere } from "./where.ts";

/** The filter as a function of key and metadata, whichever form it came in. */
function rowTest(text: string): (key: Key, metadata?: Metadata) => boolean {
  const filter = parseFilterExpression(text);
  if (typeof filter === "function") return filter as (key: Key, metadata?: Metadata) => boolean;
  const test = compileWhere(filter as Where);
  return (_, metadata) => test(metadata);
}

function failureOf(text: string): VicinalError | undefined {
  try {
    parseFilterExpression(text);
  } catch (error) {
    if (isVicinalError(error)) return error;
    throw error;
  }
  return undefined;
}

interface Expr {
  text: string;
  /** Binding strength: 0 for or, 1 for and, 2 for the rest. */
  level: number;
  holds(key: Key, metadata: Metadata): boolean;
}

const literal = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom("a", "b c", 'quo"te', "it's", "back\\slash", "1"),
  fc.boolean(),
);
const metadata = fc.dictionary(fc.constantFrom("x", "y.z", "my field"), literal);
const fieldText = (name: string): string => (name.includes(" ") ? `\`${name}\`` : name);

function valueText(value: unknown): string {
  if (typeof value !== "string" || value.includes("'")) return JSON.stringify(value);
  return `'${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}'`;
}

const comparison: fc.Arbitrary<Expr> = fc
  .tuple(
    fc.constantFrom("x", "y.z", "my field", "key"),
    fc.constantFrom("==", "=", "!=", "<", "<=", ">", ">="),
    literal,
  )
  .map(([name, op, value]) => {
    const operator = typeof value === "boolean" && op.length > 0 && "<>".includes(op[0]!) ? "==" : op;
    return {
      text: `${fieldText(name)} ${operator} ${valueText(value)}`,
      level: 2,
      holds: (key, row) => {
        const held: unknown = name === "key" ? key : row[name];
        if (operator === "==" || operator === "=") return held === value;
        if (operator === "!=") return held !== value;
        if (typeof held !== typeof value) return false;
        const [a, b] = [held as number, value as number];
        return operator === "<" ? a < b : operator === "<=" ? a <= b : operator === ">" ? a > b : a >= b;
      },
    };
  });
const membership: fc.Arbitrary<Expr> = fc
  .tuple(fc.constantFrom("x", "key"), fc.boolean(), fc.array(literal, { maxLength: 3 }))
  .map(([name, negated, values]) => ({
    text: `${name} ${negated ? "not " : ""}in [${values.map(valueText).join(", ")}]`,
    level: 2,
    holds: (key, row) => (values as unknown[]).includes(name === "key" ? key : row[name]) !== negated,
  }));
const bare: fc.Arbitrary<Expr> = fc.boolean().map((exists) => ({
  text: exists ? "exists(x)" : "x",
  level: 2,
  holds: (_, row) => (exists ? "x" in row : row["x"] === true),
}));
const inParentheses = (part: Expr, level: number): string =>
  part.level < level ? `(${part.text})` : part.text;
const { expr } = fc.letrec<{ expr: Expr }>((tie) => ({
  expr: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    comparison,
    membership,
    bare,
    fc.tuple(tie("expr"), tie("expr"), fc.constantFrom("and", "&&")).map(([a, b, sign]) => ({
      text: `${inParentheses(a, 1)} ${sign} ${inParentheses(b, 1)}`,
      level: 1,
      holds: (key: Key, row: Metadata) => a.holds(key, row) && b.holds(key, row),
    })),
    fc.tuple(tie("expr"), tie("expr"), fc.constantFrom("or", "||")).map(([a, b, sign]) => ({
      text: `${inParentheses(a, 0)} ${sign} ${inParentheses(b, 0)}`,
      level: 0,
      holds: (key: Key, row: Metadata) => a.holds(key, row) || b.holds(key, row),
    })),
    fc.tuple(tie("expr"), fc.constantFrom("not ", "!")).map(([a, sign]) => ({
      text: `${sign}${inParentheses(a, 2)}`,
      level: 2,
      holds: (key: Key, row: Metadata) => !a.holds(key, row),
    })),
  ),
}));

describe("parseFilterExpression", () => {
  test("means what its parts mean, joined with the usual precedence", () => {
    fc.assert(
      fc.property(expr, fc.array(fc.tuple(literal, metadata), { minLength: 1, maxLength: 6 }), (e, rows) => {
        const test = rowTest(e.text);
        for (const [key, row] of rows) {
          expect(test(key as Key, row as Metadata), e.text).toBe(e.holds(key as Key, row as Metadata));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("is a condition object without the key and a predicate with it", () => {
    const text = 'year >= 2000 and (genre == "x" or tag in ["a","b"]) and not hidden';
    expect(parseFilterExpression(text)).toEqual({
      $and: [
        { year: { $gte: 2000 } },
        { $or: [{ genre: { $eq: "x" } }, { tag: { $in: ["a", "b"] } }] },
        { $not: { hidden: { $eq: true } } },
      ],
    });
    expect(typeof parseFilterExpression("key == 3")).toBe("function");
    expect(typeof parseFilterExpression("year > 1 or not key in [1]")).toBe("function");
    expect(parseFilterExpression("`key` == 3")).toEqual({ key: { $eq: 3 } });
    expect(parseFilterExpression(' {"x": {"$gt": 1}} ')).toEqual({ x: { $gt: 1 } });
  });

  test("keys compare by type: numbers, strings and bigints are apart", () => {
    expect([5, 5n, "5"].map((key) => rowTest("key == 5")(key))).toEqual([true, false, false]);
    expect([5, 5n, "5"].map((key) => rowTest("key in [5n, '5']")(key))).toEqual([false, true, true]);
    expect([5, 5n, "5"].map((key) => rowTest("key > 4n")(key))).toEqual([false, true, false]);
  });

  test("array fields match when any member does, through text as well", () => {
    expect(rowTest('tags == "a"')(1, { tags: ["b", "a"] })).toBe(true);
    expect(rowTest('not tags == "a"')(1, { tags: ["b", "a"] })).toBe(false);
  });

  test("reads escapes, exponents, unicode names and names in backquotes", () => {
    expect(
      parseFilterExpression(String.raw`x == "é\u00e9\n\"" and größe > -1.5e3 and ${"`a b`"} == 'q\'' `),
    ).toEqual({
      $and: [{ x: { $eq: 'éé\n"' } }, { größe: { $gt: -1500 } }, { "a b": { $eq: "q'" } }],
    });
  });

  test("points at the character that is wrong", () => {
    const cases: [string, number][] = [
      ["", 0],
      ["year >=", 7],
      ["year >= and", 8],
      ["year = = 5", 7],
      ["(year > 5", 9],
      ["year > 5)", 8],
      ["year > 5 genre", 9],
      ["year in 5", 8],
      ["year in [1, ]", 12],
      ["year in [1 2]", 11],
      ["year not 5", 9],
      ['genre == "open', 9],
      ['genre == "a\\q"', 11],
      ['genre == "\\u12"', 10],
      ["genre == rock", 9],
      ["x == 5n", 5],
      ["x == 12abc", 5],
      ["x == 1.5n", 5],
      ["x == 1e999", 5],
      ["x < true", 4],
      ["x # 5", 2],
      ["key", 3],
      ["and x", 0],
      ["exists(", 7],
      ["exists(x", 8],
      ["__proto__ == 1", 0],
      ["`$gt` == 1", 0],
      ["`` == 1", 0],
      ["x == 1 or", 9],
      ["x.constructor == 1 and constructor", 23],
    ];
    for (const [text, at] of cases) {
      const failure = failureOf(text);
      expect(failure?.code, text).toBe("FILTER_SYNTAX");
      expect(failure?.params, text).toMatchObject({ expr: text, at });
    }
    expect(failureOf('{"x": }')?.code).toBe("FILTER_SYNTAX");
  });

  test("limits length, depth and clauses", () => {
    expect(failureOf(`x == "${"a".repeat(65536)}"`)?.code).toBe("LIMIT");
    expect(failureOf(`${"(".repeat(200)}x${")".repeat(200)}`)?.code).toBe("LIMIT");
    expect(failureOf(`${"not ".repeat(30_000 / 4)}x`)?.code).toBe("LIMIT");
    expect(failureOf(Array.from({ length: 1001 }, () => "key == 1").join(" or "))?.code).toBe("LIMIT");
    expect(failureOf(Array.from({ length: 1001 }, () => "x").join(" or "))?.code).toBe("LIMIT");
    const deep = 30;
    expect(failureOf(`${"(x or y and ".repeat(deep)}x${")".repeat(deep)}`)).toBeUndefined();
    expect(failureOf(`${'{"$not":'.repeat(200)}{}${"}".repeat(200)}`)?.code).toBe("LIMIT");
  });

  test("any text gives a filter or a typed error", () => {
    const bits = fc.constantFrom(
      "key",
      "x",
      "and",
      "or",
      "not",
      "in",
      "(",
      ")",
      "[",
      "]",
      ",",
      "==",
      "=",
      "<",
      "1",
      "'a'",
    );
    const anything = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(bits).map((parts) => parts.join(" ")),
    );
    fc.assert(
      fc.property(anything, (text) => {
        failureOf(text);
      }),
      { numRuns: 2000 },
    );
  });
});
