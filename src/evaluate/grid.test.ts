import { expect, test } from "vitest";
import { gridFor, gridPoints, parseGrid } from "./grid.ts";

test("items of one name are joined, without repeats", () => {
  expect(parseGrid(["efSearch=20,40", "nprobe=1e2", "efSearch=40, 80"])).toEqual({
    efSearch: [20, 40, 80],
    nprobe: [100],
  });
});

test.each([
  "",
  "efSearch",
  "efSearch=",
  "=1",
  "efSearch=a",
  "efSearch=1,",
  "efSearch=0x10",
  "efSearch=1e999",
  "a b=1",
])("%j is refused", (item) => {
  expect(() => parseGrid([item])).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test("every combination comes once, the last name varying fastest", () => {
  expect(gridPoints({ a: [1, 2], b: [3, 4] })).toEqual([
    { a: 1, b: 3 },
    { a: 1, b: 4 },
    { a: 2, b: 3 },
    { a: 2, b: 4 },
  ]);
  expect(gridPoints({})).toEqual([{}]);
});

test("names an index does not know are left out", () => {
  expect(gridFor({ efSearch: [1], nprobe: [2] }, ["nprobe", "rerank"])).toEqual({ nprobe: [2] });
});
