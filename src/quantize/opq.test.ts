import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clustered, dot, squared } from "../../test/helpers/codedRows.ts";
import { createRng, type Matrix, matrix, row } from "../core/index.ts";
import { orthonormalize } from "./opq.ts";
import { trainPq } from "./train.ts";
import { trainOpq, turnRows } from "./trainOpq.ts";

/** Squared error of PQ codes. */
function loss(rows: Matrix, m: number): number {
  const quantizer = trainPq(rows, { m, nbits: 4 });
  const decoded = quantizer.decode(quantizer.encode(rows));
  let sum = 0;
  for (let i = 0; i < rows.rows; i++) sum += squared(row(rows, i), row(decoded, i));
  return sum;
}

/** Rows whose first quarter of components has nearly all variance, far from the origin. */
function uneven(n: number, d: number, seed: number): Matrix {
  const rng = createRng(seed, "uneven");
  const data = Float32Array.from(
    { length: n * d },
    (_, i) => 20 + rng.normal() * ((i % d) * 4 < d ? 5 : 0.1),
  );
  return matrix(data, d, n);
}

function expectOrthonormal(rotation: Matrix, atol: number): void {
  for (let i = 0; i < rotation.rows; i++) {
    for (let j = 0; j <= i; j++) {
      const product = dot(row(rotation, i), row(rotation, j));
      expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(atol);
    }
  }
}

describe("a trained rotation", () => {
  test.each([
    [10, 10, 3],
    [16, 8, 4],
    [9, 5, 5],
  ])("has orthonormal rows: from %i to %i components in %i parts", (from, to, m) => {
    const rotation = trainOpq(clustered(300, from, 3), { m, dimension: to });
    expect([rotation.rows, rotation.cols]).toEqual([to, from]);
    expectOrthonormal(rotation, 1e-5);
  });

  test("spreads variance over parts: codes lose less than half of what they do without", () => {
    const rows = uneven(1500, 16, 1);
    const rotation = trainOpq(rows, { m: 4, nbits: 4 });
    expect(loss(turnRows(rotation, rows), 4)).toBeLessThan(0.5 * loss(rows, 4));
  });

  test("loses no more than no rotation, where there is nothing to gain", () => {
    const rng = createRng(4, "grid");
    // Parts of four points each: codes without error as they are.
    const points = Array.from({ length: 16 }, () => rng.normal());
    const data = Float32Array.from({ length: 400 * 8 }, (_, i) => points[(i % 4) * 4 + rng.below(2)]!);
    const rows = matrix(data, 8);
    const rotation = trainOpq(rows, { m: 4, nbits: 4 });
    expect(loss(turnRows(rotation, rows), 4)).toBeLessThanOrEqual(loss(rows, 4) + 1e-3);
  });

  test("to fewer components keeps the directions of variance", () => {
    const rows = uneven(800, 16, 2);
    const turned = turnRows(trainOpq(rows, { m: 4, dimension: 4 }), rows);
    let [kept, all] = [0, 0];
    for (let i = 1; i < rows.rows; i++) {
      kept += squared(row(turned, i), row(turned, i - 1));
      all += squared(row(rows, i), row(rows, i - 1));
    }
    expect(kept / all).toBeGreaterThan(0.95);
  });

  test("of constant rows is a rotation still", () => {
    expectOrthonormal(trainOpq(matrix(new Float32Array(120).fill(3), 6), { m: 2 }), 1e-5);
    expectOrthonormal(trainOpq(matrix(new Float32Array(120).fill(3), 6), { m: 2, dimension: 4 }), 1e-5);
  });

  test("is the same again for the same seed", () => {
    const rows = clustered(120, 8, 9);
    expect(trainOpq(rows, { m: 2, seed: 5 })).toEqual(trainOpq(rows, { m: 2, seed: 5 }));
  });
});

test("columns are made orthonormal whatever their rank", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 12 }),
      fc.integer(),
      (n, rank, seed) => {
        const rng = createRng(seed, "rank");
        const stride = (n + 7) & ~7;
        const left = Array.from({ length: n * Math.max(1, rank) }, () => (rank === 0 ? 0 : rng.normal()));
        const right = Array.from({ length: n * Math.max(1, rank) }, () => rng.normal());
        const data = new Float32Array(n * stride);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            for (let r = 0; r < rank; r++)
              data[i * stride + j]! += left[i * rank + r]! * right[j * rank + r]!;
          }
        }
        orthonormalize(data, { rows: n, columns: n });
        expectOrthonormal({ data, rows: n, cols: n, stride }, 1e-5);
      },
    ),
    { numRuns: 50 },
  );
});
