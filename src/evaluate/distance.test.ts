import { expect, test } from "vitest";
import { type Metric, matrix } from "../core/index.ts";
import { fromHalf, rowDistance } from "./distance.ts";

test.each<[Metric, number]>([
  ["l2", 5],
  ["l2sq", 25],
  ["l1", 7],
  ["linf", 4],
  ["ip", -(1 * 4 + 2 * 6)],
  ["cosine", 1 - 16 / (Math.sqrt(5) * Math.sqrt(52))],
])("%s of (1, 2) and (4, 6) is %d", (metric, want) => {
  const a = matrix(Float32Array.of(0, 0, 1, 2), 2);
  const b = matrix(Int8Array.of(4, 6), 2);
  expect(rowDistance(a, b, metric)(1, 0)).toBeCloseTo(want, 14);
});

test("hamming counts the bits that differ", () => {
  const a = matrix(Uint8Array.of(0b1010_0001, 0xff), 2);
  const b = matrix(Uint8Array.of(0b0010_0011, 0x00), 2);
  expect(rowDistance(a, b, "hamming")(0, 0)).toBe(2 + 8);
});

test("rows are found by their stride, and halves are decoded", () => {
  const a = matrix(Uint16Array.of(0x3c00, 0x7e00, 0xc000, 0x7e00), 1, 2, 2);
  expect(rowDistance(a, a, "l1")(0, 1)).toBe(3);
});

test.each([
  [0x0000, 0],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3555, 0.333251953125],
  [0x3c00, 1],
  [0xc000, -2],
  [0x7bff, 65504],
  [0x7c00, Number.POSITIVE_INFINITY],
  [0xfe00, Number.NaN],
])("half %i is %d", (bits, want) => {
  expect(fromHalf(bits)).toBe(want);
});

test("positive halves ascend with their bits", () => {
  for (let bits = 1; bits <= 0x7c00; bits++) expect(fromHalf(bits)).toBeGreaterThan(fromHalf(bits - 1));
});
