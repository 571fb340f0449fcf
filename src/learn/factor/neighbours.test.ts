import { expect, test } from "vitest";
import { tastes } from "../../../test/helpers/tastes.ts";
import { createRng, runSync } from "../../core/index.ts";
import { Ease } from "./ease.ts";
import { type Interactions, interactions, rowOf, transposed } from "./interactions.ts";
import { inverseJob } from "./inverse.ts";
import { ItemKnn } from "./itemKnn.ts";
import { Popularity } from "./popularity.ts";
import { weighted } from "./weighting.ts";

function dense(x: Interactions): number[][] {
  return Array.from({ length: x.users }, (_, u) => {
    const line = new Array<number>(x.items).fill(0);
    const { items, values } = rowOf(x, u);
    items.forEach((item, e) => {
      line[item] = values[e]!;
    });
    return line;
  });
}

test.each([
  [{ neighbors: 4, weighting: "bm25", shrink: 0 }],
  [{ neighbors: Number.POSITIVE_INFINITY, weighting: "log", shrink: 3 }],
  [{ neighbors: 2, weighting: "tfidf", shrink: 10 }],
  [{ neighbors: 3, weighting: "bm25", shrink: 1, profile: "binary" }],
] as const)("ItemKnn scores as the definition says (%o)", (options) => {
  const x = tastes(25, 15);
  const w = dense(weighted(x, options.weighting));
  const column = (i: number): number[] => w.map((line) => line[i]!);
  const dot = (a: number[], b: number[]): number => a.reduce((s, v, i) => s + v * b[i]!, 0);
  const similar = Array.from({ length: 15 }, (_, i) => {
    const all = Array.from({ length: 15 }, (_, j) => {
      if (i === j) return 0;
      const [a, b] = [column(i), column(j)];
      return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) + options.shrink);
    });
    const kept = all
      .map((s, j) => ({ s, j }))
      .sort((a, b) => b.s - a.s || a.j - b.j)
      .slice(0, options.neighbors === Number.POSITIVE_INFINITY ? 15 : options.neighbors);
    return all.map((s, j) => (kept.some((one) => one.j === j) ? s : 0));
  });
  const model = new ItemKnn(options).fit(x);
  for (const u of [0, 7, 24]) {
    const scores = model.scoresOf(u);
    for (let j = 0; j < 15; j++) {
      const binary = "profile" in options;
      const want = w[u]!.reduce((sum, v, i) => sum + (binary ? Math.sign(v) : v) * similar[i]![j]!, 0);
      expect(scores[j]).toBeCloseTo(want, 4);
    }
    const { items, values } = rowOf(x, u);
    expect(model.scoresFor(items, values)).toEqual(scores);
  }
});

/** Solves by Gauss's elimination with pivots, for comparison. */
function inverse(a: number[][]): number[][] {
  const n = a.length;
  const m = a.map((line, i) => [...line, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  for (let p = 0; p < n; p++) {
    const best = m.slice(p).reduce((b, line, i) => (Math.abs(line[p]!) > Math.abs(m[b]![p]!) ? p + i : b), p);
    [m[p], m[best]] = [m[best]!, m[p]!];
    m[p] = m[p]!.map((v) => v / m[p]![p]!);
    for (let r = 0; r < n; r++) if (r !== p) m[r] = m[r]!.map((v, j) => v - m[r]![p]! * m[p]![j]!);
  }
  return m.map((line) => line.slice(n));
}

test("the blocked inverse is the inverse, for sizes around its panels", () => {
  for (const n of [1, 2, 47, 48, 49, 100]) {
    const rng = createRng(n, "spd");
    const b = Array.from({ length: n }, () => Array.from({ length: n }, () => rng.normal()));
    const a = b.map((r, i) => b.map((s, j) => r.reduce((sum, v, k) => sum + v * s[k]!, i === j ? 1 : 0)));
    const got = runSync(inverseJob(Float64Array.from(a.flat()), n, "invert"));
    const want = inverse(a).flat();
    got.forEach((v, i) => {
      expect(Math.abs(v - want[i]!)).toBeLessThan(1e-9);
    });
  }
});

test("what is not positive definite is refused", () => {
  expect(() => runSync(inverseJob(Float64Array.of(1, 2, 2, 1), 2, "invert"))).toThrow(
    expect.objectContaining({ code: "BAD_INPUT" }),
  );
});

test.each([
  ["fewer users", tastes(10, 15)],
  ["fewer items", tastes(25, 12)],
])("Ease is Steck's closed form, with %s", (_, x) => {
  const w = dense(weighted(x, "log"));
  const n = x.items;
  const gram = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => w.reduce((s, line) => s + line[i]! * line[j]!, i === j ? 5 : 0)),
  );
  const p = inverse(gram);
  const model = new Ease({ regularization: 5, weighting: "log" }).fit(x);
  const b = model.coefficients_;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) expect(b[i * n + j]).toBeCloseTo(i === j ? 0 : -p[i]![j]! / p[j]![j]!, 5);
  }
  const scores = model.scoresOf(3);
  for (let j = 0; j < n; j++) {
    expect(scores[j]).toBeCloseTo(
      w[3]!.reduce((s, v, i) => s + v * b[i * n + j]!, 0),
      4,
    );
  }
});

test("popularity counts users, not values, and is the same for all", () => {
  const x = interactions([
    [0, 1, 50],
    [1, 1, 1],
    [2, 0, 9],
  ]);
  const model = new Popularity().fit(x);
  expect([...model.counts_]).toEqual([1, 2]);
  expect(model.scoresOf(2)).toEqual(model.scoresFor([0]));
  expect([...transposed(x).indptr]).toEqual([0, 1, 3]);
  expect(() => new Popularity().counts_).toThrow(expect.objectContaining({ code: "NOT_FITTED" }));
});

test("options out of range and items unknown are refused", () => {
  const x = tastes(8, 9);
  expect(() => new ItemKnn({ neighbors: 0 })).toThrow(expect.objectContaining({ code: "BAD_K" }));
  expect(() => new ItemKnn({ shrink: -1 })).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
  expect(() => new Ease({ regularization: 0 })).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
  for (const model of [new ItemKnn().fit(x), new Ease().fit(x), new Popularity().fit(x)]) {
    expect(() => model.scoresFor([9])).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => model.scoresOf(8)).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
  }
});
