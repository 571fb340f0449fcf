import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface PcaCase {
  n: number;
  d: number;
  k: number | null;
  whiten: boolean;
  components: number[][];
  mean: number[];
  variance: number[];
  ratio: number[];
  singular: number[];
  noise: number;
  transformed: number[][];
}

export interface LinearGolden {
  pca: PcaCase[];
  whitening: { zca: number[][] };
  ledoitWolf: { covariance: number[][]; shrinkage: number };
  lda: { scalings: number[][] };
  nca: {
    start: number[][];
    value: number;
    gradient: number[][];
    fits: { init: "identity" | "pca" | "lda"; value: number; accuracy: number }[];
    raw: number;
  };
  johnsonLindenstrauss: { n: number; eps: number; dim: number }[];
}

export const linearGolden: LinearGolden = JSON.parse(
  readFileSync(fileURLToPath(new URL("../golden/linear.sklearn-1.2.1.json", import.meta.url)), "utf8"),
);

/** The rows of make-linear.sklearn.py. */
export function goldenRows(n: number, d: number, factor: number): number[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from(
      { length: d },
      (_, j) => ((((i * factor + j * 37 + i * i * (j + 3)) % 97) - 48) / 16) * (1 + (j % 4)),
    ),
  );
}

/** Rows and classes of make-linear.sklearn.py. */
export function goldenLabelled(n: number, d: number, factor: number): { x: number[][]; y: number[] } {
  const y = Array.from({ length: n }, (_, i) => i % 3);
  const x = goldenRows(n, d, factor);
  x.forEach((row, i) => {
    row[0] = row[0]! / 4 + 2 * y[i]!;
    row[1] = row[1]! / 4 + (y[i] === 1 ? 3 : 0);
  });
  return { x, y };
}

/** The largest difference between two blocks of numbers. */
export function worst(got: ArrayLike<number>, want: readonly number[] | readonly number[][]): number {
  const flat = want.flat();
  if (got.length !== flat.length) return Number.POSITIVE_INFINITY;
  return flat.reduce((most, value, i) => {
    const off = Math.abs(got[i]! - value);
    return Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(most, off);
  }, 0);
}
