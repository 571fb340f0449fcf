import { expect, test } from "vitest";
import { type Metric, matrix } from "../core/index.ts";
import { rowDistance } from "./distance.ts";

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
