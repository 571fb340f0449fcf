import { describe, expect, test } from "vitest";
import { createRng, type Metric } from "../../core/index.ts";
import { type Neighbourhood, neighbourhoodOf } from "./neighbourhood.ts";

function run(vectors: readonly Float32Array[], metric: Metric = "l2"): Neighbourhood {
  const measuring = neighbourhoodOf(vectors, {
    dimension: vectors[0]!.length,
    metric,
    dtype: "f32",
    seed: 1,
  });
  let step = measuring.next();
  while (!step.done) step = measuring.next();
  return step.value;
}

/** n points of a cube of `inner` dimensions, turned into `outer` by a random linear map. */
function embedded(n: number, inner: number, outer: number, seed: number): Float32Array[] {
  const rng = createRng(seed, "embedded");
  const map = Array.from({ length: outer * inner }, () => rng.normal());
  return Array.from({ length: n }, () => {
    const point = Array.from({ length: inner }, () => rng.next());
    return Float32Array.from({ length: outer }, (_, i) =>
      point.reduce((sum, x, j) => sum + x * map[i * inner + j]!, 0),
    );
  });
}

/** Straight from the definitions, in float64. */
function slow(vectors: readonly Float32Array[]): { dimension: number; skewness: number } {
  const n = vectors.length;
  const counts = new Array<number>(n).fill(0);
  let inverses = 0;
  for (let i = 0; i < n; i++) {
    const others = vectors
      .map((v, j) => ({ j, distance: Math.hypot(...v.map((x, c) => x - vectors[i]![c]!)) }))
      .filter(({ j }) => j !== i)
      .toSorted((a, b) => a.distance - b.distance || a.j - b.j);
    for (const { j } of others.slice(0, 10)) counts[j]!++;
    const farthest = others[19]!.distance;
    inverses +=
      others.slice(0, 19).reduce((sum, { distance }) => sum + Math.log(farthest / distance), 0) / 19;
  }
  const mean = counts.reduce((a, b) => a + b) / n;
  const moment = (p: number): number => counts.reduce((sum, c) => sum + (c - mean) ** p, 0) / n;
  return { dimension: n / inverses, skewness: moment(3) / moment(2) ** 1.5 };
}

describe("neighbourhoodOf", () => {
  test("is what the definitions say", () => {
    const vectors = embedded(150, 3, 6, 1);
    const { dimension, skewness } = slow(vectors);
    const found = run(vectors);
    expect(found.intrinsicDimension).toBeCloseTo(dimension, 3);
    expect(found.hubness).toBeCloseTo(skewness, 6);
    expect(found.sample).toBe(150);
  });

  test("finds the dimensions that a cube fills inside a larger space", () => {
    for (const inner of [1, 2, 5]) {
      const { intrinsicDimension } = run(embedded(1500, inner, 20, inner));
      expect(intrinsicDimension! / inner, String(inner)).toBeGreaterThan(0.8);
      expect(intrinsicDimension! / inner, String(inner)).toBeLessThan(1.1);
    }
  });

  test("is the same for distances and their squares, and for angles and unit vectors", () => {
    const vectors = embedded(400, 4, 10, 9);
    expect(run(vectors, "l2sq").intrinsicDimension).toBeCloseTo(run(vectors).intrinsicDimension!, 3);
    const units = vectors.map((v) => v.map((x) => x / Math.hypot(...v)));
    expect(run(vectors, "cosine").intrinsicDimension! / run(units).intrinsicDimension!).toBeCloseTo(1, 2);
    expect(run(vectors, "ip").intrinsicDimension).toBeCloseTo(run(vectors).intrinsicDimension!, 3);
  });

  test("many dimensions make hubs, few do not", () => {
    expect(run(embedded(1000, 2, 2, 4)).hubness).toBeLessThan(0.7);
    const rng = createRng(3, "wide");
    const wide = Array.from({ length: 1000 }, () => Float32Array.from({ length: 100 }, () => rng.normal()));
    expect(run(wide).hubness).toBeGreaterThan(1.4);
  });

  test("leaves out what equal rows and too few of them cannot tell", () => {
    expect(run([Float32Array.of(1, 2)])).toEqual({
      intrinsicDimension: undefined,
      hubness: undefined,
      sample: 1,
    });
    const same = Array.from({ length: 30 }, () => Float32Array.of(1, 2));
    expect(run(same).intrinsicDimension).toBeUndefined();
  });
});
