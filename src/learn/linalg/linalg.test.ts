import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, runSync } from "../../core/index.ts";
import {
  type Dense,
  denseOf,
  identity,
  multiply,
  multiplyTransposed,
  transpose,
  transposedMultiply,
  zeros,
} from "./dense.ts";
import { symmetricEigen } from "./eigen.ts";
import { qr } from "./qr.ts";
import { denseOperator, randomizedSvd } from "./randomized.ts";
import { svd } from "./svd.ts";

function random(rows: number, cols: number, seed: number): Dense {
  const rng = createRng(seed);
  const out = zeros(rows, cols);
  for (let i = 0; i < out.data.length; i++) out.data[i] = rng.normal();
  return out;
}

function slowProduct(a: Dense, b: Dense): Dense {
  const out = zeros(a.rows, b.cols);
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.cols; j++)
      for (let k = 0; k < a.cols; k++)
        out.data[i * b.cols + j]! += a.data[i * a.stride + k]! * b.data[k * b.stride + j]!;
  return out;
}

function expectClose(got: Dense, want: Dense, tolerance: number): void {
  expect([got.rows, got.cols]).toEqual([want.rows, want.cols]);
  let worst = 0;
  for (let i = 0; i < got.data.length; i++) worst = Math.max(worst, Math.abs(got.data[i]! - want.data[i]!));
  expect(worst).toBeLessThan(tolerance);
}

const diagonal = (values: Float64Array): Dense => {
  const out = zeros(values.length, values.length);
  values.forEach((value, i) => {
    out.data[i * values.length + i] = value;
  });
  return out;
};

const shapes = fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 13 }), fc.integer());

describe("products", () => {
  test("equal three nested loops, in every arrangement and across blocks of columns", () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(1, 3, 300), ([m, n, seed], depth) => {
        const [a, b] = [random(m, depth, seed), random(depth, n, seed + 1)];
        const want = slowProduct(a, b);
        expectClose(multiply(a, b), want, 1e-12 * depth + 1e-13);
        expectClose(multiplyTransposed(a, transpose(b)), want, 1e-12 * depth + 1e-13);
        expectClose(transposedMultiply(transpose(a), b), want, 1e-12 * depth + 1e-13);
      }),
      { numRuns: 40 },
    );
  });
});

describe("symmetricEigen", () => {
  test("gives back the matrix, with orthonormal rows and values in order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer(), fc.boolean(), (n, seed, low) => {
        const half = random(n, low ? Math.ceil(n / 3) : n, seed);
        const a = multiplyTransposed(half, half);
        if (!low) for (let i = 0; i < n; i++) a.data[i * n + i]! -= 3;
        const { values, vectors } = symmetricEigen(a);
        expect([...values]).toEqual([...values].sort((x, y) => y - x));
        expectClose(multiplyTransposed(vectors, vectors), identity(n), 1e-12);
        expectClose(slowProduct(slowProduct(transpose(vectors), diagonal(values)), vectors), a, 1e-11 * n);
      }),
    );
  });

  test("finds 2 − 2 cos(iπ/(n+1)) for the second difference, whatever the scale", () => {
    const n = 60;
    for (const scale of [1, 1e150, 1e-150]) {
      const a = zeros(n, n);
      for (let i = 0; i < n; i++) {
        a.data[i * n + i] = 2 * scale;
        if (i > 0) a.data[i * n + i - 1] = -scale;
      }
      const { values } = symmetricEigen(a);
      for (let i = 0; i < n; i++) {
        const want = 2 - 2 * Math.cos(((n - i) * Math.PI) / (n + 1));
        expect(Math.abs(values[i]! / scale - want)).toBeLessThan(1e-13);
      }
    }
  });

  test("refuses other shapes and NaN by code", () => {
    expect(() => symmetricEigen(zeros(2, 3))).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => symmetricEigen(denseOf([[Number.NaN]]))).toThrow(
      expect.objectContaining({ code: "NOT_FINITE" }),
    );
  });
});

describe("qr and svd", () => {
  const matrices = fc.tuple(shapes, fc.integer({ min: 0, max: 4 })).map(([[m, n, seed], drop]) => {
    const inner = Math.max(1, Math.min(m, n) - drop);
    return slowProduct(random(m, inner, seed), random(inner, n, seed + 1));
  });

  test("qr: the product is the matrix, columns are orthonormal also where rank is missing", () => {
    fc.assert(
      fc.property(matrices, (any) => {
        const a = any.rows < any.cols ? transpose(any) : any;
        const { q, r } = qr(a);
        expectClose(transposedMultiply(q, q), identity(a.cols), 1e-12);
        expectClose(slowProduct(q, r), a, 1e-11);
        for (let i = 0; i < a.cols; i++) for (let j = 0; j < i; j++) expect(r.data[i * a.cols + j]).toBe(0);
      }),
    );
    const { q, r } = qr(zeros(3, 2));
    expectClose(transposedMultiply(q, q), identity(2), 1e-15);
    expect([...r.data]).toEqual([0, 0, 0, 0]);
  });

  test("svd: the product is the matrix, both sides are orthonormal, values descend", () => {
    fc.assert(
      fc.property(matrices, (a) => {
        const { u, s, vt } = svd(a);
        const r = Math.min(a.rows, a.cols);
        expectClose(transposedMultiply(u, u), identity(r), 1e-11);
        expectClose(multiplyTransposed(vt, vt), identity(r), 1e-11);
        expectClose(slowProduct(slowProduct(u, diagonal(s)), vt), a, 1e-11);
        expect([...s]).toEqual([...s].sort((x, y) => y - x));
      }),
    );
  });

  test("svd finds the values of a Hilbert matrix, small ones too", () => {
    // 8 × 8: the largest and the smallest, known to these digits.
    const hilbert = zeros(8, 8);
    for (let i = 0; i < 8; i++) for (let j = 0; j < 8; j++) hilbert.data[i * 8 + j] = 1 / (i + j + 1);
    const { s } = svd(hilbert);
    expect(Math.abs(s[0]! - 1.6959389969219498)).toBeLessThan(1e-14);
    expect(Math.abs(s[7]! / 1.1115389e-10 - 1)).toBeLessThan(1e-5);
  });

  test("randomizedSvd finds what svd finds where values fall off, and the same twice", () => {
    const u = qr(random(80, 20, 1)).q;
    const v = qr(random(40, 20, 2)).q;
    const values = Float64Array.from({ length: 20 }, (_, i) => 0.6 ** i);
    const a = slowProduct(slowProduct(u, diagonal(values)), transpose(v));
    const found = runSync(randomizedSvd(denseOperator(a), 5, { seed: 3 }));
    for (let i = 0; i < 5; i++) expect(Math.abs(found.s[i]! - values[i]!)).toBeLessThan(1e-12);
    const again = runSync(randomizedSvd(denseOperator(a), 5, { seed: 3 }));
    expect(again.vt.data).toEqual(found.vt.data);
    const projected = multiplyTransposed(a, found.vt);
    expectClose(slowProduct(found.u, diagonal(found.s)), projected, 1e-11);
  });
});
