import { describe, expect, test } from "vitest";
import { tastes } from "../../test/helpers/tastes.ts";
import { row } from "../core/index.ts";
import { BPR, ImplicitALS, interactions, rowOf } from "../learn/factor/index.ts";
import { Recommender } from "./recommend.ts";

const x = tastes(40, 30);
const model = new ImplicitALS({ factors: 6, alpha: 1, regularization: 1 }).fit(x);

/** The best items by the model's own scores, without some. */
function best(scores: Float64Array, without: ReadonlySet<number>, k: number): number[] {
  const left = [...scores.keys()].filter((i) => !without.has(i));
  return left.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, k);
}

describe.each(["filter", "overfetch"] as const)("Recommender that excludes by %s", (exclude) => {
  const recommender = new Recommender({ model, exclude }).attach(x);

  test("recommends what scoring all items recommends, without what the user has", () => {
    for (let u = 0; u < x.users; u++) {
      const seen = new Set(rowOf(x, u).items);
      const found = recommender.recommend(u, { k: 6 });
      expect(found.map(({ item }) => item)).toEqual(best(model.scoresOf(u), seen, 6));
      for (const { item, score } of found) expect(score).toBeCloseTo(model.scoresOf(u)[item]!, 4);
    }
  });

  test("leaves out what it is told to, or offers all", () => {
    const all = recommender.recommend(3, { k: 40, includeSeen: true });
    expect(all).toHaveLength(30);
    const without = all.slice(0, 3).map(({ item }) => item);
    const rest = recommender.recommend(3, { k: 30, includeSeen: true, without });
    expect(rest.map(({ item }) => item)).toEqual(all.slice(3).map(({ item }) => item));
  });

  test("recommends to newcomers by their items", () => {
    const own = [...rowOf(x, 5).items];
    const scores = model.scoresFor(own);
    const found = recommender.recommendFor(own, { k: 5 });
    expect(found.map(({ item }) => item)).toEqual(best(scores, new Set(own), 5));
    expect(() => recommender.recommendFor([])).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });

  test("gives items by the cosine of their rows, without the item itself", () => {
    const cosine = (a: Float32Array, b: Float32Array): number => {
      let [dot, aa, bb] = [0, 0, 0];
      for (let j = 0; j < a.length; j++) {
        dot += a[j]! * b[j]!;
        aa += a[j]! ** 2;
        bb += b[j]! ** 2;
      }
      return dot / Math.sqrt(aa * bb);
    };
    const { itemVectors_: rows } = model;
    const all = Float64Array.from({ length: 30 }, (_, j) => cosine(row(rows, 4), row(rows, j)));
    const found = recommender.similarItems(4, { k: 5 });
    expect(found.map(({ item }) => item)).toEqual(best(all, new Set([4]), 5));
    for (const { item, similarity } of found) expect(similarity).toBeCloseTo(all[item]!, 4);
  });
});

test("through a graph the best are found too, and BPR's biases count", () => {
  const wide = tastes(60, 240, 4, 12);
  const bpr = new BPR({ factors: 8, epochs: 20 });
  using recommender = new Recommender({ model: bpr, index: "HNSW16" }).fit(wide);
  let shared = 0;
  for (let u = 0; u < 60; u++) {
    const want = best(bpr.scoresOf(u), new Set(rowOf(wide, u).items), 10);
    const found = recommender.recommend(u, { search: { efSearch: 100 } });
    shared += found.filter(({ item }) => want.includes(item)).length;
  }
  expect(shared / 600).toBeGreaterThan(0.95);
});

test("fitting in turns gives the same answers", async () => {
  const options = { factors: 4, iterations: 3 };
  using one = new Recommender({ model: new ImplicitALS(options), index: "HNSW8" }).fit(x);
  const other = new Recommender({ model: new ImplicitALS(options), index: "HNSW8" });
  await other.fitAsync(x);
  expect(other.recommend(2)).toEqual(one.recommend(2));
  expect(other.similarItems(2)).toEqual(one.similarItems(2));
  other.close();
  expect(() => other.recommend(2)).toThrow(expect.objectContaining({ code: "CLOSED" }));
});

test("items that nobody had are unlike all, and are no recommendation's first", () => {
  const sparse = interactions(
    [
      [0, 0],
      [0, 1],
      [1, 1],
    ],
    { items: 3 },
  );
  using recommender = new Recommender({ model: new ImplicitALS({ factors: 2, regularization: 0.1 }) }).fit(
    sparse,
  );
  expect(() => recommender.similarItems(2)).toThrow(expect.objectContaining({ code: "KEY_UNKNOWN" }));
  expect(recommender.similarItems(0).map(({ item }) => item)).toEqual([1]);
  expect(recommender.recommend(1)[0]!.item).toBe(0);
});

test("misuse is refused", () => {
  using recommender = new Recommender({ model }).attach(x);
  expect(() => recommender.recommend(40)).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
  expect(() => recommender.recommend(0, { k: 0 })).toThrow(expect.objectContaining({ code: "BAD_K" }));
  expect(() => recommender.recommend(0, { top: 3 } as never)).toThrow(
    expect.objectContaining({ code: "OPTION_UNKNOWN" }),
  );
  expect(() => new Recommender({ model, exclude: "never" as never })).toThrow(
    expect.objectContaining({ code: "OPTION_RANGE" }),
  );
  expect(() => new Recommender({} as never)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
});
