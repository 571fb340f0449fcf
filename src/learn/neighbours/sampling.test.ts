import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import { HnswIndex } from "../../indexes/index.ts";
import { nearest, relaxedNeighbors } from "./relaxation.ts";
import { sampleNeighbors } from "./sampling.ts";
import { softNeighbors } from "./soft.ts";

/** Probability of drawing these candidates in this order, each ∝ e^(−d / t) among those left. */
function probability(d: readonly number[], t: number, drawn: readonly number[]): number {
  let left = d.reduce((sum, x) => sum + Math.exp(-x / t), 0);
  return drawn.reduce((product, i) => {
    const own = Math.exp(-d[i]! / t);
    const now = product * (own / left);
    left -= own;
    return now;
  }, 1);
}

describe("sampleNeighbors", () => {
  const d = [0.3, 0, 0.9, 0.5];
  const draws = 20_000;
  const repeated = Array.from({ length: draws }, () => d);

  test("ordered pairs come as often as the exact sequential probabilities say (chi-square, 11 degrees)", () => {
    for (const t of [0.25, 1]) {
      const { columns } = sampleNeighbors(repeated, { k: 2, t, seed: 3 });
      const counts = new Map<string, number>();
      for (let q = 0; q < draws; q++) {
        const key = `${columns[2 * q]},${columns[2 * q + 1]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      let chiSquare = 0;
      let cells = 0;
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 4; j++) {
          if (i === j) continue;
          const expected = draws * probability(d, t, [i, j]);
          chiSquare += ((counts.get(`${i},${j}`) ?? 0) - expected) ** 2 / expected;
          cells++;
        }
      }
      expect(cells).toBe(counts.size);
      // Exceeded once in a thousand seeds.
      expect(chiSquare).toBeLessThan(31.3);
    }
  });

  test("the first draw's frequencies are the first soft neighbour's weights", () => {
    const { weights } = relaxedNeighbors(d, { t: 0.4 });
    const { columns } = sampleNeighbors(repeated, { t: 0.4, seed: 8 });
    d.forEach((_, i) => {
      const share = columns.filter((column) => column === i).length / draws;
      expect(Math.abs(share - weights[i]!)).toBeLessThan(4 * Math.sqrt(0.25 / draws));
    });
  });

  test("the colder, the oftener the k nearest in order; at 0 always, the lower number first among equals", () => {
    const hard = nearest(Float64Array.from(d), 3).join();
    const share = (t: number): number => {
      const { columns } = sampleNeighbors(repeated, { k: 3, t, seed: 1 });
      let hits = 0;
      for (let q = 0; q < draws; q++) if (columns.slice(3 * q, 3 * q + 3).join() === hard) hits++;
      return hits / draws;
    };
    const shares = [1, 0.1, 0.03, 0.005, 1e-300, 0].map(share);
    for (let i = 1; i < 4; i++) expect(shares[i]!).toBeGreaterThan(shares[i - 1]!);
    expect(shares.slice(3)).toEqual([1, 1, 1]);
    expect([...sampleNeighbors([2, 1, 1], { k: 3, t: 0 }).columns]).toEqual([1, 2, 0]);
  });

  test("nothing is drawn twice, masked candidates never; short rows end in −1; seeds repeat", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: 0, max: 5, noNaN: true }), fc.constant(Infinity)), {
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0, 1e-300, 0.1, 1, 1e300),
        fc.nat(),
        (row, k, t, seed) => {
          const options = { k, t, seed };
          const drawn = [...sampleNeighbors([row], options).columns];
          const some = drawn.filter((i) => i >= 0);
          expect(new Set(some).size).toBe(some.length);
          expect(some.length).toBe(Math.min(k, row.filter((x) => x < Infinity).length));
          expect(some.every((i) => row[i]! < Infinity)).toBe(true);
          expect(drawn.slice(some.length).every((i) => i === -1)).toBe(true);
          expect([...sampleNeighbors([row], options).columns]).toEqual(drawn);
        },
      ),
    );
  });
});

describe("softNeighbors", () => {
  const [rows, dimension] = [300, 6];
  const rng = createRng(5);
  const vectors = Array.from({ length: rows }, () =>
    Float32Array.from({ length: dimension }, () => rng.normal()),
  );
  const index = new HnswIndex<number>({ dimension, metric: "l2sq" });
  index.add(vectors);
  const queries = vectors.slice(0, 4).map((v) => v.map((x) => x + 0.1));

  test("weights are those of the relaxation over the distances found", () => {
    const soft = softNeighbors(index, queries, { k: 3, t: 0.5, candidates: 40, search: { efSearch: 200 } });
    const found = index.search(queries, { k: 40, efSearch: 200 });
    expect([...soft.found.ids]).toEqual([...found.ids]);
    const distances = { data: found.distances, rows: 4, cols: 40, stride: 40 };
    expect([...soft.weights]).toEqual([...relaxedNeighbors(distances, { k: 3, t: 0.5 }).weights]);
    const mean = soft.expect((key) => vectors[key]!, dimension);
    const want = Array.from({ length: dimension }, (_, c) =>
      found.keys(2).reduce((sum, key, i) => sum + soft.weights[(2 * 3 + 1) * 40 + i]! * vectors[key]![c]!, 0),
    );
    want.forEach((x, c) => {
      expect(mean[(2 * 3 + 1) * dimension + c]).toBeCloseTo(x, 12);
    });
  });

  test("hard, and cold in the alpha form, are the index's own k-NN", () => {
    const plain = index.search(queries, { k: 3, efSearch: 200 });
    for (const options of [{ form: "hard" }, { t: 1e-9 }] as const) {
      const soft = softNeighbors(index, queries, {
        k: 3,
        candidates: 20,
        search: { efSearch: 200 },
        ...options,
      });
      const keys = soft.expect((key) => [key], 1);
      for (let q = 0; q < 4; q++) {
        plain.keys(q).forEach((key, i) => {
          expect(keys[q * 3 + i]).toBeCloseTo(key, 9);
        });
      }
    }
  });

  test("asking for more candidates than rows leaves the rest without weight", () => {
    const few = new HnswIndex<number>({ dimension: 2, metric: "l2sq" });
    few.add([
      [0, 0],
      [1, 0],
    ]);
    const soft = softNeighbors(few, [[0.1, 0]], { k: 2, candidates: 8, t: 0.01 });
    expect([...soft.weights].every(Number.isFinite)).toBe(true);
    expect(soft.weights.reduce((a, b) => a + b)).toBeCloseTo(2, 9);
    expect(() => soft.expect(() => [1, 2], 3)).toThrow(/2 numbers/);
  });
});
