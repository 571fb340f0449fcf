import fc from "fast-check";
import { expect, test } from "vitest";
import { createRng, type Matrix, matrix, row } from "../../core/index.ts";
import { kmeans, kmeansAsync } from "./kmeans.ts";

/** Blobs around `centres` places. */
function blobs(n: number, d: number, centres: number, seed: number, offset = 0): Matrix {
  const rng = createRng(seed, "blobs");
  const means = Float64Array.from({ length: centres * d }, () => 10 * rng.normal() + offset);
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const c = rng.below(centres);
    for (let j = 0; j < d; j++) data[i * d + j] = means[c * d + j]! + rng.normal();
  }
  return matrix(data, d);
}

const square = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, j) => sum + (x - b[j]!) ** 2, 0);
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, j) => sum + x * b[j]!, 0);

/** A round by the definition: everyone to the nearest centroid, centroids to the means. */
function lloydRound(x: Matrix, centroids: Matrix): { assignments: number[]; means: Float32Array } {
  const { rows: k, cols: d } = centroids;
  const assignments = Array.from({ length: x.rows }, (_, i) => {
    const ranks = Array.from({ length: k }, (_, j) => square(row(x, i), row(centroids, j)));
    return ranks.indexOf(Math.min(...ranks));
  });
  const means = Float32Array.from({ length: k * d }, (_, at) => {
    const j = Math.floor(at / d);
    const members = assignments.flatMap((c, i) => (c === j ? [row(x, i)[at % d]!] : []));
    return members.length === 0 ? centroids.data[at]! : members.reduce((a, b) => a + b) / members.length;
  });
  return { assignments, means };
}

test("every vector is with its nearest centroid, and a further round by the definition moves little", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 1000 }),
      fc.constantFrom("k-means++" as const, "sample" as const),
      (k, d, seed, init) => {
        const x = blobs(150, d, 6, seed);
        const found = kmeans(x, { k, seed, init, iterations: 200 });
        const slow = lloydRound(x, found.centroids);
        let inertia = 0;
        found.assignments.forEach((c, i) => {
          const here = square(row(x, i), row(found.centroids, c));
          const best = square(row(x, i), row(found.centroids, slow.assignments[i]!));
          expect(here - best).toBeLessThanOrEqual(1e-5 * best);
          inertia += here;
        });
        expect(Math.abs(found.inertia - inertia)).toBeLessThanOrEqual(1e-4 * inertia + 1e-6);
        // Converged: the means of the definition are the centroids.
        if (found.iterations < 200 && found.repaired === 0) {
          slow.means.forEach((x, i) => {
            expect(Math.abs(x - found.centroids.data[i]!)).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(x)));
          });
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("far from the origin, where products cancel, vectors still find their nearest centroid", () => {
  const x = blobs(300, 12, 5, 3, 4000);
  const { assignments, centroids } = kmeans(x, { k: 5 });
  const slow = lloydRound(x, centroids);
  assignments.forEach((c, i) => {
    const margin = 1e-4 * square(row(x, i), row(centroids, slow.assignments[i]!));
    expect(square(row(x, i), row(centroids, c))).toBeLessThanOrEqual(
      square(row(x, i), row(centroids, slow.assignments[i]!)) + margin,
    );
  });
});

test("more rounds never raise the inertia", () => {
  const x = blobs(400, 8, 12, 5);
  let before = Number.POSITIVE_INFINITY;
  for (const iterations of [1, 2, 4, 8, 16]) {
    const { inertia, repaired } = kmeans(x, { k: 12, iterations });
    expect(repaired).toBe(0);
    expect(inertia).toBeLessThanOrEqual(before * (1 + 1e-6));
    before = inertia;
  }
});

test("k-means++ finds well separated blobs that a sample misses", () => {
  const x = blobs(600, 6, 20, 8);
  expect(kmeans(x, { k: 20, iterations: 5 }).inertia).toBeLessThan(
    kmeans(x, { k: 20, iterations: 5, init: "sample" }).inertia,
  );
});

test("under ip centroids have length 1 and each vector the one of largest product", () => {
  const x = blobs(300, 10, 7, 2);
  const { centroids, assignments, inertia } = kmeans(x, { k: 7, metric: "ip" });
  for (let j = 0; j < 7; j++)
    expect(Math.abs(dot(row(centroids, j), row(centroids, j)) - 1)).toBeLessThan(1e-5);
  let sum = 0;
  assignments.forEach((c, i) => {
    const products = Array.from({ length: 7 }, (_, j) => dot(row(x, i), row(centroids, j)));
    expect(products[c]!).toBeGreaterThanOrEqual(Math.max(...products) - 1e-3);
    sum -= products[c]!;
  });
  expect(Math.abs(inertia - sum)).toBeLessThanOrEqual(1e-4 * Math.abs(sum));
});

test("equal vectors fill all centroids, though rows can only be in one", () => {
  const x = matrix(new Float32Array(64 * 3).fill(2), 3);
  const { centroids, assignments, inertia, repaired } = kmeans(x, { k: 4 });
  expect(repaired).toBeGreaterThan(0);
  expect(centroids.data.every(Number.isFinite)).toBe(true);
  expect(new Set(assignments).size).toBe(1);
  expect(inertia).toBeLessThan(1e-3);
});

test("balanced clusters are more alike in size", () => {
  const rng = createRng(4, "skew");
  // Most vectors in one place.
  const x = matrix(
    Float32Array.from({ length: 1200 * 4 }, (_, i) => rng.normal() * (Math.floor(i / 4) % 4 === 0 ? 8 : 1)),
    4,
  );
  const longest = (balanced: boolean): number => {
    const sizes = new Array<number>(16).fill(0);
    for (const c of kmeans(x, { k: 16, balanced, iterations: 60 }).assignments) sizes[c]!++;
    return Math.max(...sizes);
  };
  expect(longest(true)).toBeLessThan(0.6 * longest(false));
});

test("threads do not change the outcome", async () => {
  const x = blobs(5000, 20, 30, 1);
  const options = { k: 40, iterations: 6, seed: 9 };
  const one = kmeans(x, options);
  const phases = new Set<string>();
  const three = await kmeansAsync(x, { ...options, threads: 3, onProgress: (p) => phases.add(p.phase) });
  expect(three).toEqual(one);
  expect([...phases]).toEqual(["k-means++", "k-means", "assign"]);
});

test("an abort rejects with its reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const onProgress = (): void => controller.abort(reason);
  const x = blobs(2000, 16, 4, 1);
  await expect(kmeansAsync(x, { k: 8, signal: controller.signal, onProgress })).rejects.toBe(reason);
});

test("of more vectors than the sample all choose", () => {
  const x = blobs(3000, 6, 5, 6);
  const { trainedOn, assignments, centroids, warnings } = kmeans(x, { k: 5, sample: 50 });
  expect(trainedOn).toBe(250);
  expect(assignments).toEqual(Uint32Array.from(lloydRound(x, centroids).assignments));
  expect(warnings).toEqual([]);
  expect(kmeans(x, { k: 100, iterations: 1 }).warnings).toHaveLength(1);
});

test("bad input is refused", () => {
  const x = blobs(10, 4, 2, 1);
  const code = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(code(() => kmeans(x, { k: 11 }))).toBe("OPTION_RANGE");
  expect(code(() => kmeans(x, { k: 0 }))).toBe("OPTION_RANGE");
  expect(code(() => kmeans(x, { k: 2, iterations: 0 }))).toBe("OPTION_RANGE");
  expect(code(() => kmeans(x, { k: 2, nope: 1 } as never))).toBe("OPTION_UNKNOWN");
  expect(code(() => kmeans({ ...x, rows: 20 }, { k: 2 }))).toBe("BAD_INPUT");
  expect(code(() => kmeans(matrix(Float32Array.of(1, Number.NaN), 2), { k: 1 }))).toBe("NOT_FINITE");
});

test.each(["l2", "ip"] as const)(
  "rounds that choose by codes of centroids end where the definition says, on any number of threads (%s)",
  async (metric) => {
    const x = blobs(1500, 48, 60, 12, 5);
    const options = { k: 40, iterations: 7, metric, init: "sample" } as const;
    const found = kmeans(x, options);
    // One round more, by the definition, from the centroids of six.
    const before = kmeans(x, { ...options, iterations: 6 });
    const members = Array.from({ length: 40 }, () => new Float64Array(48));
    before.assignments.forEach((c, i) => {
      row(x, i).forEach((value, j) => {
        members[c]![j]! += value;
      });
    });
    const sizes = members.map((_, c) => before.assignments.filter((a) => a === c).length);
    expect(found.repaired).toBe(before.repaired);
    members.forEach((sum, c) => {
      const scale = metric === "ip" ? Math.hypot(...sum) : sizes[c]!;
      row(found.centroids, c).forEach((value, j) => {
        expect(Math.abs(value - sum[j]! / scale)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(value)));
      });
    });
    expect(await kmeansAsync(x, { ...options, threads: 2 })).toEqual(found);
  },
);
