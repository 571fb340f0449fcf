import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, type Matrix, matrix } from "../../core/index.ts";
import { clusterRatio, effectiveDimension } from "../index.ts";

const none = { permutations: 0, bootstrap: 0 };
const spots = matrix(Float64Array.of(0, 1, 10, 12), 1);

interface Slow {
  micro: [same: number, different: number];
  macro: [same: number, different: number];
}

/** The definition, pair by pair; copies of one row (the same number) are no pair. */
function slow(
  between: (i: number, j: number) => number,
  rows: readonly number[],
  value: (i: number) => unknown,
): Slow {
  const values = [...new Set(rows.map(value))];
  const mean = (xs: number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const pairs = rows
    .flatMap((a, x) => rows.slice(0, x).map((b) => [a, b] as const))
    .filter(([a, b]) => a !== b);
  const of = (keep: (a: unknown, b: unknown) => boolean): number[] =>
    pairs.filter(([a, b]) => keep(value(a), value(b))).map(([a, b]) => between(a, b));
  const paired = values.filter((v) => of((a, b) => a === v && b === v).length > 0);
  return {
    micro: [mean(of((a, b) => a === b)), mean(of((a, b) => a !== b))],
    macro: [
      mean(paired.map((v) => mean(of((a, b) => a === v && b === v)))),
      mean(paired.map((v) => mean(of((a, b) => (a === v) !== (b === v))))),
    ],
  };
}

const euclid =
  ({ data, cols }: Matrix<Float64Array>) =>
  (i: number, j: number): number =>
    Math.hypot(...Array.from({ length: cols }, (_, c) => data[i * cols + c]! - data[j * cols + c]!));

function normals(n: number, d: number, seed: number): Matrix<Float64Array> {
  const rng = createRng(seed, "cluster ratio test");
  return matrix(
    Float64Array.from({ length: n * d }, () => rng.normal()),
    d,
  );
}

function unit({ data, cols, rows }: Matrix<Float64Array>): Matrix<Float64Array> {
  const out = data.slice();
  for (let i = 0; i < rows; i++) {
    const row = out.subarray(i * cols, (i + 1) * cols);
    const length = Math.hypot(...row);
    for (let j = 0; j < cols; j++) row[j]! /= length;
  }
  return matrix(out, cols);
}

test("four points on a line give 1.5 over 10.5, for both averages", () => {
  const options = { ...none, minimum: 2, distance: "euclidean" } as const;
  const { properties, macro } = clusterRatio(spots, { p: ["A", "A", "B", "B"] }, options);
  for (const of of [properties.p.micro, properties.p.macro]) {
    expect(of).toMatchObject({ same: 1.5, different: 10.5, null: null, interval: null });
    expect(of.ratio).toBeCloseTo(1 / 7, 15);
  }
  expect(macro.geometric).toBeCloseTo(1 / 7, 14);
});

test("both averages are those of the definition, with few values and blanks left out", () => {
  const cases = fc.record({
    n: fc.integer({ min: 12, max: 30 }),
    d: fc.integer({ min: 1, max: 6 }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(cases, fc.constantFrom("unit", "cosine", "euclidean"), ({ n, d, seed }, distance) => {
      const rows = normals(n, d, seed);
      const rng = createRng(seed, "values");
      // Values 0, 1 and 2 are there often; 3 comes twice at most and some rows have none.
      const values = Array.from({ length: n }, (_, i) =>
        i < 9 ? i % 3 : i < 11 ? 3 : rng.next() < 0.2 ? null : rng.below(3),
      );
      const kept = [...values.keys()].filter((i) => values[i] !== null && values[i] !== 3);
      const place = euclid(distance === "euclidean" ? rows : unit(rows));
      const between = (i: number, j: number): number =>
        distance === "cosine" ? place(i, j) ** 2 / 2 : place(i, j);
      const want = slow(between, kept, (i) => values[i]);
      const found = clusterRatio(rows, { p: values }, { ...none, minimum: 3, distance }).properties.p;
      expect([found.rows, found.values]).toEqual([kept.length, 3]);
      for (const kind of ["micro", "macro"] as const) {
        expect(found[kind].same).toBeCloseTo(want[kind][0], 11);
        expect(found[kind].different).toBeCloseTo(want[kind][1], 11);
        expect(found[kind].ratio).toBeCloseTo(want[kind][0] / want[kind][1], 10);
      }
    }),
    { numRuns: 60 },
  );
});

test("the interval spans the ratios of drawn samples by the definition", () => {
  const rows = normals(20, 3, 5);
  const values = Array.from({ length: 20 }, (_, i) => (i < 12 ? "a" : "b"));
  const options = { permutations: 0, bootstrap: 1, seed: 3 };
  const found = clusterRatio(rows, { p: values }, options).properties.p;
  const rng = createRng(3, "cluster ratio bootstrap p");
  const drawn = Array.from({ length: 20 }, () => rng.below(20));
  const want = slow(euclid(unit(rows)), drawn, (i) => values[i]);
  for (const kind of ["micro", "macro"] as const) {
    expect(found[kind].interval![0]).toBeCloseTo(want[kind][0] / want[kind][1], 10);
    expect(found[kind].interval![1]).toBe(found[kind].interval![0]);
  }
});

describe("against the null", () => {
  test("values that say nothing lie among the permuted, planted clusters below all of them", () => {
    const rows = normals(120, 8, 11);
    const nothing = Array.from({ length: 120 }, (_, i) => i % 6);
    const clusters = matrix(rows.data.slice(), 8);
    for (let i = 0; i < 120; i++) clusters.data[i * 8 + (i % 6)]! += 3;
    const options = { permutations: 300, bootstrap: 200 };
    const vague = clusterRatio(rows, { p: nothing }, options).properties.p.macro;
    const clear = clusterRatio(clusters, { p: nothing }, options).properties.p.macro;
    expect(vague.null!.p).toBeGreaterThan(0.02);
    expect(vague.null!.mean).toBeCloseTo(1, 2);
    expect(clear.null!.p).toBe(1 / 301);
    expect(clear.ratio).toBeLessThan(clear.null!.low);
    expect(clear.interval![0]).toBeLessThan(clear.ratio + 0.02);
    expect(clear.interval![1]).toBeLessThan(1);
  });

  test("the same seed gives the same numbers", () => {
    const rows = normals(40, 3, 2);
    const p = Array.from({ length: 40 }, (_, i) => i % 3);
    const run = (seed: number): unknown =>
      clusterRatio(rows, { p }, { permutations: 50, bootstrap: 50, seed });
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });
});

test("the ratio ignores scale; text is compared without case, outer blanks and kinds of accents", () => {
  const rows = normals(20, 3, 9);
  const p = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? "Brontë" : "Other"));
  const q = p.map((name, i) => (i % 4 === 0 ? ` ${name.normalize("NFD").toUpperCase()}  ` : name));
  const scaled = matrix(
    rows.data.map((x) => 8 * x),
    3,
  );
  const found = clusterRatio(rows, { p, q }, none).properties;
  expect(found.q.macro).toEqual(found.p.macro);
  expect(clusterRatio(scaled, { p }, none).properties.p.macro.ratio).toBeCloseTo(found.p.macro.ratio, 12);
});

test("over properties there are the geometric and the arithmetic mean; equal rows gain nothing", () => {
  const rows = normals(30, 4, 3);
  const p = Array.from({ length: 30 }, (_, i) => i % 2);
  const q = Array.from({ length: 30 }, (_, i) => i % 3);
  const { properties, macro } = clusterRatio(rows, { p, q }, none);
  const [a, b] = [properties.p.macro.ratio, properties.q.macro.ratio];
  expect(macro.geometric).toBeCloseTo(Math.sqrt(a * b), 12);
  expect(macro.arithmetic).toBeCloseTo((a + b) / 2, 12);
  const equal = clusterRatio(matrix(new Float32Array(30).fill(1), 1), { p }, none);
  expect([equal.macro.geometric, equal.effectiveDimension]).toEqual([1, 0]);
});

test("the effective dimension is that of the eigenvalues: a line has 1, axes of variance 9 and 1 have 100 / 82", () => {
  expect(effectiveDimension(spots)).toBeCloseTo(1, 12);
  const cross = matrix(Float64Array.of(3, 0, -3, 0, 0, 1, 0, -1), 2);
  expect(effectiveDimension(cross)).toBeCloseTo(100 / 82, 12);
});

test("what cannot be compared is refused", () => {
  const p = ["A", "A", "B", "B"];
  const run = (rows: Matrix<Float64Array>, values: (string | null)[], options: object) => (): unknown =>
    clusterRatio(rows, { p: values }, { ...none, minimum: 2, ...options });
  const code = (name: string): unknown => expect.objectContaining({ code: name });
  expect(run(spots, p, {})).toThrow(code("ZERO_VECTOR"));
  expect(run(matrix(Float64Array.of(1, Number.NaN, 2, 3), 1), p, {})).toThrow(code("NOT_FINITE"));
  const plain = { distance: "euclidean" };
  expect(run(spots, ["A", "A", "A", null], plain)).toThrow(code("BAD_INPUT"));
  expect(run(spots, p.slice(1), plain)).toThrow(code("BAD_INPUT"));
  expect(run(spots, p, { ...plain, minimum: 1 })).toThrow(code("OPTION_RANGE"));
  expect(run(spots, p, { distance: "taxi" })).toThrow(code("OPTION_RANGE"));
  expect(() => clusterRatio(spots, {}, plain as object)).toThrow(code("BAD_INPUT"));
});
