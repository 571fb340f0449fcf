import fc from "fast-check";
import { expect, test } from "vitest";
import { isVicinalError } from "../core/index.ts";
import { parseFilter } from "./filter.ts";

test("and binds tighter than or, and not tighter than both", () => {
  expect(parseFilter('a = 1 or b = "x" and not c exists')).toEqual({
    $or: [{ a: { $eq: 1 } }, { $and: [{ b: { $eq: "x" } }, { $not: { c: { $exists: true } } }] }],
  });
});

test("parentheses change the order", () => {
  expect(parseFilter("(a = 1 or b = 2) and c = 3")).toEqual({
    $and: [{ $or: [{ a: { $eq: 1 } }, { b: { $eq: 2 } }] }, { c: { $eq: 3 } }],
  });
});

test.each([
  ["x != null", { x: { $ne: null } }],
  ["x<-1.5e3", { x: { $lt: -1500 } }],
  ["x <= .5", { x: { $lte: 0.5 } }],
  ["x > 'it\\'s'", { x: { $gt: "it's" } }],
  ["x >= 2", { x: { $gte: 2 } }],
  ["x == true", { x: { $eq: true } }],
  ["x in [1, 'a', false]", { x: { $in: [1, "a", false] } }],
  ["x NOT IN (1)", { x: { $nin: [1] } }],
  ["x in []", { x: { $in: [] } }],
  ["`page count` < 300", { "page count": { $lt: 300 } }],
  ["`and` = 1", { and: { $eq: 1 } }],
  ["jahr.größe = 1", { "jahr.größe": { $eq: 1 } }],
  ['{"a": {"$gt": 1}}', { a: { $gt: 1 } }],
])("%s", (expr, where) => {
  expect(parseFilter(expr)).toEqual(where);
});

test.each([
  ["", 0],
  ["a", 1],
  ["a =", 3],
  ["a = b", 4],
  ["a = 1 b = 2", 6],
  ["(a = 1", 6],
  ["a in 1", 5],
  ["a < true", 4],
  ["a = 1 and", 9],
  ["a = 'open", 4],
  ["a ~ 1", 2],
  ["{", 0],
])("%j is refused at character %i", (expr, at) => {
  try {
    parseFilter(expr);
  } catch (error) {
    expect(isVicinalError(error, "FILTER_SYNTAX") && error.params).toMatchObject({ expr, at });
    return;
  }
  throw new Error("was accepted");
});

test("any text gives a condition or a syntax error, also when nested very deep", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom("a", "=", "1", "(", ")", "not", "in", "[", "]", ",", "'x'", "and", "or", "`", "{"),
      ),
      (words) => {
        try {
          parseFilter(words.join(" "));
        } catch (error) {
          expect(isVicinalError(error, "FILTER_SYNTAX")).toBe(true);
        }
      },
    ),
  );
  expect(() => parseFilter(`${"(".repeat(100_000)}a = 1`)).toThrow(/at most 100 levels/);
});
