import { VicinalError } from "../../core/index.ts";
import type { FieldValue, Metadata, Where } from "../contract.ts";
import { showKey } from "./keyRules.ts";
import { fieldFault } from "./metadata.ts";

/** Most conditions of one filter: fields with their operators, and members of $and and $or. */
export const MAX_CLAUSES = 1000;

/** Deepest nesting of $and, $or and $not. */
export const MAX_DEPTH = 100;

/** Most values of one $in or $nin. */
export const MAX_MEMBERS = 100_000;

/** Whether a row with this metadata matches. */
export type MetadataTest = (metadata: Metadata | undefined) => boolean;

type Scalar = string | number | boolean | null;
type ValueTest = (value: FieldValue | undefined) => boolean;

const OPERATORS = ["$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$exists"] as const;
const COMBINERS = ["$and", "$or", "$not"] as const;

/**
 * Compiles a condition on metadata. A field matches a plain value as with $eq; an array field matches
 * when any member does, and an array given to $eq only the same array. $ne and $nin match whatever
 * $eq and $in do not, so also rows without the field. $gt … $lte compare numbers with numbers and
 * strings with strings (by code unit) and match nothing else. null equals only null; $exists is true
 * for it. An empty $and matches every row, an empty $or none.
 *
 * What is given is read once, here. Throws OPTION_UNKNOWN (operator), BAD_INPUT (operand; also
 * undefined, which would otherwise drop a condition unseen), both with the path, or LIMIT.
 */
export function compileWhere(where: Where): MetadataTest {
  return compileObject(where, "", 0, { clauses: 0 });
}

function compileObject(
  where: unknown,
  path: string,
  depth: number,
  budget: { clauses: number },
): MetadataTest {
  if (depth > MAX_DEPTH)
    throw new VicinalError("LIMIT", { what: "depth of the filter", got: depth, limit: MAX_DEPTH });
  if (!isPlain(where)) fail(path, where, "an object of fields and operators");
  const tests: MetadataTest[] = [];
  for (const name of Object.keys(where)) {
    const value = where[name];
    const here = path === "" ? name : `${path}.${name}`;
    if (name === "$and" || name === "$or") {
      if (!Array.isArray(value)) fail(here, value, "an array of filters");
      const parts: MetadataTest[] = [];
      for (let i = 0; i < value.length; i++) {
        spend(budget);
        parts.push(compileObject(value[i], `${here}[${i}]`, depth + 1, budget));
      }
      tests.push(name === "$and" ? all(parts) : any(parts));
    } else if (name === "$not") {
      spend(budget);
      const part = compileObject(value, here, depth + 1, budget);
      tests.push((metadata) => !part(metadata));
    } else if (name.startsWith("$")) {
      throw new VicinalError("OPTION_UNKNOWN", { got: here, known: [...COMBINERS] });
    } else {
      tests.push(compileField(name, value, here, budget));
    }
  }
  return all(tests);
}

function all(tests: readonly MetadataTest[]): MetadataTest {
  if (tests.length === 1) return tests[0]!;
  return (metadata) => {
    for (const test of tests) if (!test(metadata)) return false;
    return true;
  };
}

function any(tests: readonly MetadataTest[]): MetadataTest {
  return (metadata) => {
    for (const test of tests) if (test(metadata)) return true;
    return false;
  };
}

function spend(budget: { clauses: number }): void {
  if (++budget.clauses > MAX_CLAUSES) {
    throw new VicinalError("LIMIT", {
      what: "number of filter clauses",
      got: budget.clauses,
      limit: MAX_CLAUSES,
    });
  }
}

function compileField(
  name: string,
  condition: unknown,
  path: string,
  budget: { clauses: number },
): MetadataTest {
  const fault = fieldFault(name);
  if (fault !== undefined) fail(`${path} (a field name)`, name, fault);
  const tests: ValueTest[] = [];
  if (isPlain(condition)) {
    for (const operator of Object.keys(condition)) {
      spend(budget);
      tests.push(compileOperator(operator, condition[operator], `${path}.${operator}`));
    }
    if (tests.length === 0) fail(path, condition, `a value or an object of ${OPERATORS.join(", ")}`);
  } else {
    spend(budget);
    tests.push(equals(condition, path));
  }
  if (tests.length === 1) {
    const test = tests[0]!;
    return (metadata) => test(metadata?.[name]);
  }
  return (metadata) => {
    const value = metadata?.[name];
    for (const test of tests) if (!test(value)) return false;
    return true;
  };
}

function compileOperator(operator: string, operand: unknown, path: string): ValueTest {
  switch (operator) {
    case "$eq":
      return equals(operand, path);
    case "$ne":
      return negate(equals(operand, path));
    case "$in":
      return oneOf(operand, path);
    case "$nin":
      return negate(oneOf(operand, path));
    case "$gt":
      return compare(operand, path, (a, b) => a > b);
    case "$gte":
      return compare(operand, path, (a, b) => a >= b);
    case "$lt":
      return compare(operand, path, (a, b) => a < b);
    case "$lte":
      return compare(operand, path, (a, b) => a <= b);
    case "$exists":
      if (typeof operand !== "boolean") fail(path, operand, "true or false");
      return (value) => (value !== undefined) === operand;
    default:
      throw new VicinalError("OPTION_UNKNOWN", { got: path, known: [...OPERATORS] });
  }
}

function negate(test: ValueTest): ValueTest {
  return (value) => !test(value);
}

function equals(operand: unknown, path: string): ValueTest {
  if (Array.isArray(operand)) {
    const want = scalars(operand, path, false);
    return (value) =>
      Array.isArray(value) && value.length === want.length && want.every((member, i) => member === value[i]);
  }
  const want = scalar(operand, path);
  return anyMember((value) => value === want);
}

function oneOf(operand: unknown, path: string): ValueTest {
  if (!Array.isArray(operand)) fail(path, operand, "an array of values");
  if (operand.length > MAX_MEMBERS) {
    throw new VicinalError("LIMIT", { what: `length of ${path}`, got: operand.length, limit: MAX_MEMBERS });
  }
  const want = new Set<unknown>(scalars(operand, path, true));
  return anyMember((value) => want.has(value));
}

function compare(
  operand: unknown,
  path: string,
  holds: (a: number | string, b: number | string) => boolean,
): ValueTest {
  const type = typeof operand;
  if ((type !== "number" && type !== "string") || Number.isNaN(operand))
    fail(path, operand, "a number or a string");
  const bound = operand as number | string;
  return anyMember((value) => typeof value === type && holds(value as number | string, bound));
}

function anyMember(test: (value: Scalar | undefined) => boolean): ValueTest {
  return (value) => {
    if (typeof value !== "object" || value === null) return test(value);
    for (const member of value) if (test(member)) return true;
    return false;
  };
}

function scalars(values: readonly unknown[], path: string, nullable: boolean): Scalar[] {
  const out: Scalar[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null && !nullable) fail(`${path}[${i}]`, null, "a string, number or boolean");
    out.push(scalar(values[i], `${path}[${i}]`));
  }
  return out;
}

function scalar(value: unknown, path: string): Scalar {
  const type = typeof value;
  if (value === null || type === "string" || type === "boolean") return value as Scalar;
  if (type === "number" && !Number.isNaN(value)) return value as number;
  return fail(path, value, "a string, number, boolean or null");
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const proto = Object.getPrototypeOf(value);
  return proto === null || Object.getPrototypeOf(proto) === null;
}

function fail(path: string, got: unknown, rule: string): never {
  throw new VicinalError("BAD_INPUT", {
    what: path === "" ? "filter" : `filter at ${path}`,
    got: showKey(got),
    rule,
  });
}
