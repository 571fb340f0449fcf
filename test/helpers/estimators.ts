import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Weights } from "../../src/apply/index.ts";

/** What test/golden/make-estimators.sklearn.py wrote; its rows are made here by the same formula. */
// biome-ignore lint/suspicious/noExplicitAny: the file's shape is told by its generator
export const golden: any = JSON.parse(
  readFileSync(fileURLToPath(new URL("../golden/estimators.sklearn-1.2.1.json", import.meta.url)), "utf8"),
);

function formula(n: number, d: number, salt: number): number[][] {
  const component = (i: number, j: number): number =>
    (((i * 7919 + j * 104729 + i * i * (31 + j + salt) + 17 * salt) % 9973) - 4986) / 512;
  return Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => component(i, j)));
}

export const data: number[][] = formula(golden.n, golden.d, 0);
export const queries: number[][] = formula(golden.q, golden.d, 5);
data[0] = [30, 30, 30];
data[1] = [30, 30, 30];
queries[0] = data[0];
queries[1] = data[7]!;
queries[2] = data[50]!;
queries[3] = [25, -25, 0];

/** The outputs of scikit-learn end to end, as rows. */
export function rowsOf(values: readonly number[], cols: number): number[][] {
  return Array.from({ length: values.length / cols }, (_, i) => values.slice(i * cols, (i + 1) * cols));
}

/** Equal within rtol of the larger values and atol; null stands for NaN. */
export function expectNear(
  got: ArrayLike<number>,
  want: readonly (number | null)[],
  { rtol = 2e-6, atol = 1e-7 }: { rtol?: number; atol?: number } = {},
): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const w = want[i] ?? Number.NaN;
    const near = Number.isNaN(w) ? Number.isNaN(got[i]) : Math.abs(got[i]! - w) <= atol + rtol * Math.abs(w);
    if (!near) expect.fail(`value ${i} is ${got[i]}, expected ${w}`);
  }
}

export const WEIGHTS: Record<"uniform" | "distance" | "function", Weights> = {
  uniform: "uniform",
  distance: "distance",
  function: (distances) => distances.map((d) => 1 / (1 + d * d)),
};
