import { VicinalError } from "../../core/index.ts";
import type { FieldValue, Key, Metadata } from "../../indexes/index.ts";

const MAX_CLAUSES = 1000;
const MAX_DEPTH = 32;
const MAX_IDS = 100_000;

type Test = (key: Key, metadata: Metadata | undefined) => boolean;
type Json = Readonly<Record<string, unknown>>;
type Scalar = string | number | boolean;

interface Budget {
  clauses: number;
}

/**
 * A filter in Qdrant's form as a predicate: must, should, must_not, min_should around match, range, has_id, is_empty, is_null
 * and values_count. A field that holds a list matches when any of its members does.
 *
 * @throws VicinalError UNSUPPORTED naming what else was asked, BAD_INPUT, LIMIT
 */
export function compileQdrantFilter(filter: unknown): Test {
  return compileFilter(filter, "filter", 0, { clauses: 0 });
}

function compileFilter(filter: unknown, at: string, depth: number, budget: Budget): Test {
  if (depth > MAX_DEPTH)
    throw new VicinalError("LIMIT", { what: `depth of ${at}`, got: depth, limit: MAX_DEPTH });
  const given = objectAt(filter, at);
  const tests: Test[] = [];
  const list = (name: string, conditions: unknown): Test[] => {
    if (conditions === null || conditions === undefined) return [];
    const all = Array.isArray(conditions) ? conditions : [conditions];
    return all.map((each, i) => compileCondition(each, `${at}.${name}[${i}]`, depth, budget));
  };
  for (const name of Object.keys(given)) {
    if (name === "must") tests.push(...list(name, given[name]));
    else if (name === "should") {
      const parts = list(name, given[name]);
      if (parts.length > 0) tests.push((key, metadata) => parts.some((part) => part(key, metadata)));
    } else if (name === "must_not") {
      for (const part of list(name, given[name])) tests.push((key, metadata) => !part(key, metadata));
    } else if (name === "min_should") {
      if (given[name] !== null) tests.push(minShould(given[name], `${at}.${name}`, list));
    } else fail(`${at}.${name}`, name, "must, should, must_not or min_should");
  }
  return (key, metadata) => tests.every((test) => test(key, metadata));
}

function minShould(value: unknown, at: string, list: (name: string, conditions: unknown) => Test[]): Test {
  const { conditions, min_count: least } = objectAt(value, at);
  if (typeof least !== "number") fail(at, typeof least, "an object of conditions and min_count, a number");
  const parts = list("min_should.conditions", conditions);
  return (key, metadata) => parts.filter((part) => part(key, metadata)).length >= least;
}

function compileCondition(condition: unknown, at: string, depth: number, budget: Budget): Test {
  if (++budget.clauses > MAX_CLAUSES) {
    throw new VicinalError("LIMIT", {
      what: "conditions of the filter",
      got: budget.clauses,
      limit: MAX_CLAUSES,
    });
  }
  const given = objectAt(condition, at);
  if ("has_id" in given) return hasId(given["has_id"], `${at}.has_id`);
  if ("is_empty" in given) {
    const field = fieldOf(given["is_empty"], `${at}.is_empty`);
    return (_, metadata) => members(metadata, field).every((value) => value === null);
  }
  if ("is_null" in given) {
    const field = fieldOf(given["is_null"], `${at}.is_null`);
    return (_, metadata) => members(metadata, field).some((value) => value === null);
  }
  if (["must", "should", "must_not", "min_should"].some((name) => name in given)) {
    return compileFilter(given, at, depth + 1, budget);
  }
  if (!("key" in given)) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${at} (${Object.keys(given).join(", ") || "empty"})`,
      rule: "conditions here are key with match, range or values_count; has_id; is_empty; is_null; nested filters",
    });
  }
  return fieldTest(given, at);
}

function fieldTest(given: Json, at: string): Test {
  const field = fieldOf(given, at);
  const tests: ((values: readonly (Scalar | null)[]) => boolean)[] = [];
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (name === "key" || value === null || value === undefined) continue;
    if (name === "match") tests.push(some(matchTest(value, `${at}.match`)));
    else if (name === "range") tests.push(some(rangeTest(value, `${at}.range`)));
    else if (name === "values_count") {
      const test = rangeTest(value, `${at}.values_count`);
      tests.push((values) => test(values.length));
    } else {
      throw new VicinalError("UNSUPPORTED", {
        what: `${at}.${name}`,
        rule: "use match, range or values_count",
      });
    }
  }
  if (tests.length === 0)
    fail(at, "a field without a condition", "a field with match, range or values_count");
  return (_, metadata) => {
    const values = members(metadata, field);
    return tests.every((test) => test(values));
  };
}

function some(test: (value: Scalar | null) => boolean): (values: readonly (Scalar | null)[]) => boolean {
  return (values) => values.some(test);
}

function matchTest(match: unknown, at: string): (value: Scalar | null) => boolean {
  const given = objectAt(match, at);
  const [name] = Object.keys(given);
  const value = name === undefined ? undefined : given[name];
  switch (name) {
    case "value":
      if (!isScalar(value)) fail(`${at}.value`, typeof value, "text, a number or a boolean");
      return (each) => each === value;
    case "any":
    case "except": {
      if (!Array.isArray(value) || !value.every(isScalar) || value.length > MAX_IDS) {
        fail(`${at}.${name}`, typeof value, `a list of at most ${MAX_IDS} texts or numbers`);
      }
      const known = new Set<unknown>(value as Scalar[]);
      return name === "any" ? (each) => known.has(each) : (each) => each !== null && !known.has(each);
    }
    case "text":
      if (typeof value !== "string") fail(`${at}.text`, typeof value, "text");
      return (each) => typeof each === "string" && each.includes(value as string);
    default:
      throw new VicinalError("UNSUPPORTED", {
        what: `${at}.${name}`,
        rule: "use value, any, except or text",
      });
  }
}

function rangeTest(range: unknown, at: string): (value: Scalar | null) => boolean {
  const given = objectAt(range, at);
  const tests: ((value: number) => boolean)[] = [];
  for (const name of Object.keys(given)) {
    const bound = given[name];
    if (bound === null || bound === undefined) continue;
    if (typeof bound !== "number") {
      throw new VicinalError("UNSUPPORTED", {
        what: `${at}.${name}, ${typeof bound},`,
        rule: "bounds are numbers",
      });
    }
    if (name === "gt") tests.push((value) => value > bound);
    else if (name === "gte") tests.push((value) => value >= bound);
    else if (name === "lt") tests.push((value) => value < bound);
    else if (name === "lte") tests.push((value) => value <= bound);
    else fail(`${at}.${name}`, name, "gt, gte, lt or lte");
  }
  return (value) => typeof value === "number" && tests.every((test) => test(value));
}

function hasId(ids: unknown, at: string): Test {
  if (!Array.isArray(ids) || ids.length > MAX_IDS || !ids.every(isScalar)) {
    fail(at, typeof ids, `a list of at most ${MAX_IDS} ids`);
  }
  const known = new Set<unknown>(ids as Scalar[]);
  return (key) => known.has(typeof key === "bigint" ? String(key) : key);
}

/** What a field holds, as a list; empty where it is not there. */
function members(metadata: Metadata | undefined, field: string): readonly (Scalar | null)[] {
  const value: FieldValue | undefined = metadata?.[field];
  if (value === undefined) return [];
  return typeof value === "object" && value !== null ? value : [value as Scalar | null];
}

/** Fields of members of lists are kept as `list[].field`, and a list itself without brackets. */
function fieldOf(value: unknown, at: string): string {
  const { key } = objectAt(value, at);
  if (typeof key !== "string" || key === "") fail(`${at}.key`, typeof key, "the name of a field");
  return (key as string).replace(/\[\]$/, "");
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function objectAt(value: unknown, at: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    fail(at, typeof value, "an object");
  return value as Json;
}

function fail(what: string, got: string, rule: string): never {
  throw new VicinalError("BAD_INPUT", { what, got, rule });
}
