import { describe, expect, test } from "vitest";
import { createTape } from "../../autodiff/index.ts";
import { createRng, matrix } from "../../core/index.ts";
import { allTriplets } from "../losses/index.ts";
import {
  batchHard,
  distanceWeighted,
  minedByIndex,
  multiSimilarityPairs,
  semiHard,
  tripletMargin,
} from "./index.ts";

const rng = createRng(5, "miners");
const N = 14;
const LABELS = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 3, 3, 4];
const Z = Array.from({ length: N }, () => Array.from({ length: 3 }, () => rng.normal()));
const ROWS = matrix(Float32Array.from(Z.flat()), 3);
const AS_READ = Array.from({ length: N }, (_, i) => [...ROWS.data.subarray(3 * i, 3 * i + 3)]);
const d2 = (i: number, j: number): number =>
  AS_READ[i]!.reduce((sum, x, c) => sum + (x - AS_READ[j]![c]!) ** 2, 0);
const cosine = (i: number, j: number): number => {
  const [a, b] = [AS_READ[i]!, AS_READ[j]!];
  const dot = (x: number[], y: number[]): number => x.reduce((sum, v, c) => sum + v * y[c]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};
type Triple = [a: number, p: number, n: number];
const split = (list: Int32Array, size: number): number[][] =>
  Array.from({ length: list.length / size }, (_, t) => [...list.subarray(size * t, size * t + size)]);
const triples = ({ triplets }: { triplets: Int32Array }): Triple[] => split(triplets, 3) as Triple[];
const all = triples(allTriplets(LABELS));
const sorted = (tuples: readonly number[][]): string[] => tuples.map(String).sort();

describe("triplets by their margin are those of the definition", () => {
  const gap = ([a, p, n]: Triple): number => d2(a, n) - d2(a, p);
  const rules = {
    semiHard: (t: Triple) => gap(t) > 0 && gap(t) < 1.5,
    hard: (t: Triple) => gap(t) <= 0,
    violating: (t: Triple) => gap(t) < 1.5,
    easy: (t: Triple) => gap(t) >= 1.5,
  };
  test.each(Object.entries(rules))("%s", (kind, rule) => {
    const mined = triples(tripletMargin(ROWS, LABELS, { margin: 1.5, kind: kind as keyof typeof rules }));
    expect(mined.length).toBeGreaterThan(0);
    expect(sorted(mined)).toEqual(sorted(all.filter(rule)));
  });
  test("only the nearest of them for each anchor and positive", () => {
    const mined = triples(semiHard(ROWS, LABELS, { margin: 1.5, take: "nearest" }));
    const wanted = new Map<string, Triple>();
    for (const t of all.filter(rules.semiHard)) {
      const best = wanted.get(`${t[0]},${t[1]}`);
      if (best === undefined || gap(t) < gap(best)) wanted.set(`${t[0]},${t[1]}`, t);
    }
    expect(sorted(mined)).toEqual(sorted([...wanted.values()]));
  });
  test("a batch on a tape is mined like its values", () => {
    const tape = createTape({ precision: "f32" });
    const z = tape.parameter([N, 3], ROWS.data);
    expect(semiHard(z, LABELS)).toEqual(semiHard(ROWS, LABELS));
  });
});

describe("one triplet an anchor", () => {
  const mates = (a: number): number[] =>
    LABELS.flatMap((label, j) => (j !== a && label === LABELS[a] ? [j] : []));
  const others = (a: number): number[] => LABELS.flatMap((label, j) => (label === LABELS[a] ? [] : [j]));
  const by = (a: number, rows: number[], sign: number): number | undefined =>
    rows.toSorted((i, j) => sign * (d2(a, i) - d2(a, j)) || i - j)[0];
  test.each([
    ["hard", "hard"],
    ["easy", "hard"],
    ["hard", "easy"],
    ["easy", "semiHard"],
  ] as const)("%s positive, %s negative", (positive, negative) => {
    const wanted = LABELS.flatMap((_, a): Triple[] => {
      const p = by(a, mates(a), positive === "hard" ? -1 : 1);
      if (p === undefined) return [];
      const open = negative === "semiHard" ? others(a).filter((n) => d2(a, n) > d2(a, p)) : others(a);
      const n = by(a, open, negative === "easy" ? -1 : 1);
      return n === undefined ? [] : [[a, p, n]];
    });
    expect(triples(batchHard(ROWS, LABELS, { positive, negative }))).toEqual(wanted);
  });
});

test("multi-similarity pairs are those of the definition", () => {
  const pairs: { positives: string[]; negatives: string[] } = { positives: [], negatives: [] };
  for (let i = 0; i < N; i++) {
    for (let j = i + 1; j < N; j++) {
      const same = LABELS[i] === LABELS[j];
      const counts = [i, j].some((a) => {
        const rows = LABELS.map((_, row) => row).filter((row) => row !== a);
        const mates = rows.filter((row) => LABELS[row] === LABELS[a]).map((row) => cosine(a, row));
        const others = rows.filter((row) => LABELS[row] !== LABELS[a]).map((row) => cosine(a, row));
        return same ? cosine(i, j) - 0.2 < Math.max(...others) : cosine(i, j) + 0.2 > Math.min(...mates);
      });
      if (counts) pairs[same ? "positives" : "negatives"].push(`${i},${j}`);
    }
  }
  const mined = multiSimilarityPairs(ROWS, LABELS, { epsilon: 0.2 });
  expect(split(mined.positives, 2).map(String)).toEqual(pairs.positives);
  expect(split(mined.negatives, 2).map(String)).toEqual(pairs.negatives);
});

describe("distance-weighted negatives", () => {
  // One anchor pair at the north pole, negatives at given distances from it, on the unit sphere of 8 dimensions.
  const distances = [0.3, 0.6, 0.8, 1, 1.2, 1.39, 1.5];
  const at = (distance: number, axis: number): number[] => {
    const cos = 1 - distance ** 2 / 2;
    return Array.from({ length: 8 }, (_, c) => (c === 0 ? cos : c === axis ? Math.sqrt(1 - cos ** 2) : 0));
  };
  const rows = matrix(
    Float32Array.from([at(0, 1), at(0, 1), ...distances.map((d, i) => at(d, i + 1))].flat()),
    8,
  );
  const labels = [0, 0, 1, 2, 3, 4, 5, 6, 7];
  test("come as often as the inverse of the density of their distance, with its cutoffs", () => {
    const counts = distances.map(() => 0);
    const runs = 3000;
    for (let seed = 0; seed < runs; seed++) {
      const mined = triples(distanceWeighted(rows, labels, { seed }));
      expect(mined.map(([a, p]) => [a, p])).toEqual([
        [0, 1],
        [1, 0],
      ]);
      for (const [, , n] of mined) counts[n - 2]!++;
    }
    const weights = distances.map((d) => {
      const x = Math.max(0.5, d);
      return d >= 1.4 ? 0 : 1 / (x ** 6 * (1 - x ** 2 / 4) ** 2.5);
    });
    const total = weights.reduce((a, b) => a + b, 0);
    for (const [i, count] of counts.entries()) {
      const chance = weights[i]! / total;
      const spread = Math.sqrt(2 * runs * chance * (1 - chance));
      expect(Math.abs(count - 2 * runs * chance)).toBeLessThanOrEqual(4 * spread + 1e-9);
    }
  });
  test("are none where all others are too far", () => {
    const far = matrix(Float32Array.from([at(0, 1), at(0, 1), at(1.5, 2)].flat()), 8);
    expect(distanceWeighted(far, [0, 0, 1]).triplets).toHaveLength(0);
  });
});

describe("negatives found by an index over the whole set", () => {
  const n = 300;
  const data = Float32Array.from({ length: n * 4 }, () => rng.normal());
  const labels = Array.from({ length: n }, (_, i) => i % 60);
  const far = (i: number, j: number): number => {
    let sum = 0;
    for (let c = 0; c < 4; c++) sum += (data[4 * i + c]! - data[4 * j + c]!) ** 2;
    return sum;
  };
  test("exactly, they are the nearest of other classes, past those to skip", async () => {
    const options = { spec: "Flat", k: 10, negatives: 2, skip: 1, anchors: [5, 17, 290] };
    const mined = triples(await minedByIndex(matrix(data, 4), labels, options));
    for (const [t, [a, p, x]] of mined.entries()) {
      expect(a).toBe([5, 5, 17, 17, 290, 290][t]);
      expect(labels[p]).toBe(labels[a]);
      expect(p).not.toBe(a);
      const others = labels.map((_, j) => j).filter((j) => labels[j] !== labels[a]);
      const nearest = others.toSorted((i, j) => far(a, i) - far(a, j));
      expect(x).toBe(nearest[1 + (t % 2)]);
    }
    expect(mined).toHaveLength(6);
  });
  test("by a graph, nearly all are the same", async () => {
    const exact = triples(await minedByIndex(matrix(data, 4), labels, { spec: "Flat" }));
    const graph = triples(await minedByIndex(matrix(data, 4), labels));
    const same = exact.filter(([, , x], t) => graph[t]?.[2] === x).length;
    expect(graph).toHaveLength(n);
    expect(same).toBeGreaterThan(0.95 * n);
  });
  test("positives are drawn evenly among the others of the class", async () => {
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 40; seed++) {
      const mined = await minedByIndex(
        matrix(data.slice(0, 80), 4),
        Array.from({ length: 20 }, (_, i) => i % 4),
        {
          spec: "Flat",
          anchors: [0],
          seed,
        },
      );
      const p = mined.triplets[1]!;
      counts.set(p, (counts.get(p) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([4, 8, 12, 16]);
  });
});

test("batches without partners or without others give no tuples", () => {
  for (const labels of [LABELS.map((_, i) => i), LABELS.map(() => 7)]) {
    expect(batchHard(ROWS, labels).triplets).toHaveLength(0);
    expect(tripletMargin(ROWS, labels, { kind: "violating" }).triplets).toHaveLength(0);
    expect(distanceWeighted(ROWS, labels).triplets).toHaveLength(0);
    const { positives, negatives } = multiSimilarityPairs(ROWS, labels);
    expect(positives.length + negatives.length).toBe(0);
  }
});
