import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { goldenRows, worst } from "../../../test/support/linearGolden.ts";
import { createRng, runSync } from "../../core/index.ts";
import { neighborGraph } from "../../indexes/index.ts";
import { type Csr, csrToDense } from "../linalg/csr.ts";
import { symmetricEigen } from "../linalg/eigen.ts";
import { fitCurve } from "./curve.ts";
import { fuzzyUnion, isConnected, type KnnRows, memberships, smoothDistances } from "./fuzzy.ts";
import { classicalMds } from "./mds.ts";
import { spectralLayout } from "./spectral.ts";
import { layoutQuality } from "./trustworthiness.ts";
import { UMAP } from "./umap.ts";

interface UmapGolden {
  k: number;
  ids: number[][];
  distances: number[][];
  cases: {
    localConnectivity: number;
    setOpMixRatio: number;
    sigmas: number[];
    rhos: number[];
    entries: [number, number, number][];
  }[];
  layouts: { trustworthiness: number; continuity: number }[];
  curves: { minDist: number; spread: number; a: number; b: number }[];
}
interface LayoutGolden {
  curves: { minDist: number; spread: number; a: number; b: number }[];
  quality: { layout: "first" | "sum"; k: number; trustworthiness: number; continuity: number }[];
}
const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/${name}`, import.meta.url), "utf8"));
const golden = read<UmapGolden>("umap.umap-js-1.4.0.json");
const sklearn = read<LayoutGolden>("layout.sklearn-1.2.1.json");

const knnOf = ({ ids, distances }: { ids: number[][]; distances: number[][] }): KnnRows => ({
  offsets: Uint32Array.from({ length: ids.length + 1 }, (_, i) => i * (ids[0]?.length ?? 0)),
  ids: Uint32Array.from(ids.flat()),
  distances: distances.flat(),
});

/** Clusters of that many dimensions, a fixed number of rows each. */
function clusters(count: number, each: number, d: number, seed: number): { x: number[][]; y: number[] } {
  const rng = createRng(seed);
  const centres = Array.from({ length: count }, () => Array.from({ length: d }, () => rng.normal() * 6));
  const y = Array.from({ length: count * each }, (_, i) => i % count);
  return { x: y.map((c) => centres[c]!.map((at) => at + rng.normal())), y };
}

describe("the curve of a layout", () => {
  test("is the one that SciPy's least squares finds", () => {
    for (const { minDist, spread, a, b } of sklearn.curves) {
      const found = fitCurve(minDist, spread);
      expect(Math.abs(found.a / a - 1)).toBeLessThan(1e-6);
      expect(Math.abs(found.b / b - 1)).toBeLessThan(1e-6);
    }
  });

  test("is near umap-js's, whose solver stops early", () => {
    for (const { minDist, spread, a, b } of golden.curves) {
      const found = fitCurve(minDist, spread);
      expect(Math.abs(found.a / a - 1)).toBeLessThan(0.06);
      expect(Math.abs(found.b / b - 1)).toBeLessThan(0.04);
    }
  });

  test("refuses what no curve has", () => {
    for (const [minDist, spread] of [
      [-0.1, 1],
      [0.1, 0],
      [4, 1],
      [Number.NaN, 1],
    ]) {
      expect(() => fitCurve(minDist!, spread!)).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
    }
  });
});

describe("the fuzzy graph", () => {
  const knn = knnOf(golden);

  test("has umap-js's bandwidths and memberships", () => {
    for (const { localConnectivity, setOpMixRatio, sigmas, rhos, entries } of golden.cases) {
      const found = smoothDistances(knn, golden.k, localConnectivity);
      expect(worst(found.sigmas, sigmas)).toBeLessThan(1e-9);
      expect(worst(found.rhos, rhos)).toBeLessThan(1e-12);
      const graph = csrToDense(fuzzyUnion(knn, memberships(knn, found), setOpMixRatio));
      const want = new Float64Array(36 * 36);
      for (const [i, j, value] of entries) want[i * 36 + j] = want[j * 36 + i] = value;
      expect(worst(graph.data, [...want])).toBeLessThan(1e-9);
    }
  });

  test("bisection reaches log₂ k wherever distances differ", () => {
    const { x } = clusters(3, 30, 5, 1);
    const graph = neighborGraph(x, { k: 9 });
    const found = smoothDistances(graph, 10, 1);
    const weights = memberships(graph, found);
    for (let i = 0; i < 90; i++) {
      let sum = 0;
      for (let at = graph.offsets[i]!; at < graph.offsets[i + 1]!; at++) sum += weights[at]!;
      expect(Math.abs(sum - Math.log2(10))).toBeLessThan(2e-5);
    }
  });

  test("isConnected tells parts apart", () => {
    const far = knnOf({ ids: [[1], [0], [3], [2]], distances: [[1], [1], [1], [1]] });
    const near = knnOf({ ids: [[1], [2], [3], [2]], distances: [[1], [1], [1], [1]] });
    const graphOf = (rows: KnnRows): Csr => fuzzyUnion(rows, new Float64Array(4).fill(0.5), 1);
    expect([isConnected(graphOf(far)), isConnected(graphOf(near))]).toEqual([false, true]);
  });
});

test("the spectral start is the eigenvectors that a full decomposition finds", () => {
  const rng = createRng(4);
  const ring = Array.from({ length: 240 }, (_, i) => {
    const t = (i / 240) * 2 * Math.PI;
    return [3 * Math.cos(t), 2 * Math.sin(t), 0.02 * rng.normal()];
  });
  const knn = neighborGraph(ring, { k: 9 });
  const graph = fuzzyUnion(knn, memberships(knn, smoothDistances(knn, 10, 1)), 1);
  expect(isConnected(graph)).toBe(true);
  const dense = csrToDense(graph);
  const degree = Array.from({ length: 240 }, (_, i) =>
    dense.data.subarray(i * 240, i * 240 + 240).reduce((s, w) => s + w, 0),
  );
  for (let i = 0; i < 240; i++) {
    for (let j = 0; j < 240; j++) dense.data[i * 240 + j]! /= Math.sqrt(degree[i]! * degree[j]!);
  }
  const { vectors } = symmetricEigen(dense);
  const found = runSync(spectralLayout(graph, 2, 1));
  // The two of a ring have nearly the same value: compare the planes.
  for (let c = 0; c < 2; c++) {
    let inside = 0;
    for (let e = 1; e <= 2; e++) {
      let along = 0;
      for (let i = 0; i < 240; i++) along += found.data[i * 2 + c]! * vectors.data[e * 240 + i]!;
      inside += along * along;
    }
    expect(inside).toBeCloseTo(1, 5);
  }
});

describe("layoutQuality", () => {
  const x = goldenRows(60, 7, 29);
  const layouts = {
    first: x.map((row) => row.slice(0, 2)),
    sum: x.map((row) => [
      row.slice(0, 4).reduce((s, v) => s + v, 0),
      row.slice(3).reduce((s, v) => s + v, 0),
    ]),
  };

  test("has scikit-learn's trustworthiness, and continuity as that of the spaces exchanged", () => {
    for (const { layout, k, trustworthiness, continuity } of sklearn.quality) {
      const found = layoutQuality(x, layouts[layout], { k });
      // Equal distances among these rows are ranked in another order there.
      expect(Math.abs(found.trustworthiness - trustworthiness)).toBeLessThan(2e-3);
      expect(Math.abs(found.continuity - continuity)).toBeLessThan(2e-3);
    }
  });

  test("is 1 for the rows themselves, and a sample of them estimates the whole", () => {
    expect(layoutQuality(x, x)).toEqual({ trustworthiness: 1, continuity: 1 });
    const all = layoutQuality(x, layouts.sum).trustworthiness;
    expect(Math.abs(layoutQuality(x, layouts.sum, { sample: 40 }).trustworthiness - all)).toBeLessThan(0.05);
    expect(() => layoutQuality(x, layouts.sum, { k: 30 })).toThrow(
      expect.objectContaining({ code: "OPTION_RANGE" }),
    );
  });
});

describe("UMAP", () => {
  const { x, y } = clusters(4, 60, 12, 2);

  test("keeps neighbours: trustworthiness and continuity above 0.92, classes apart", () => {
    for (const init of ["spectral", "pca", "random"] as const) {
      const layout = new UMAP({ init, nEpochs: 200 }).fitTransform(x);
      const { trustworthiness, continuity } = layoutQuality(x, layout, { k: 10 });
      expect(trustworthiness).toBeGreaterThan(0.92);
      expect(continuity).toBeGreaterThan(0.92);
      const near = neighborGraph(layout, { k: 5 });
      let same = 0;
      near.ids.forEach((j, at) => {
        if (y[j] === y[Math.floor(at / 5)]) same++;
      });
      expect(same / near.ids.length).toBeGreaterThan(0.99);
    }
  });

  test("keeps neighbours as well as umap-js does, by the mean of five seeds", () => {
    const arms = Array.from({ length: 180 }, (_, i) => {
      const t = Math.floor(i / 3) / 12;
      const c = i % 3;
      return [Math.cos(t + 2 * c), Math.sin(t + 2 * c), Math.cos(2 * t), t / 2, c, Math.sin(3 * t + c)];
    });
    const mean = (values: number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
    const found = [1, 2, 3, 4, 5].map((seed) =>
      layoutQuality(arms, new UMAP({ nNeighbors: 12, nEpochs: 300, seed }).fit(arms).embedding_, { k: 10 }),
    );
    for (const measure of ["trustworthiness", "continuity"] as const) {
      const ours = mean(found.map((one) => one[measure]));
      const theirs = mean(golden.layouts.map((one) => one[measure]));
      expect(ours).toBeGreaterThan(theirs - 0.005);
    }
  });

  test("unrolls a ring: neighbours along it stay neighbours", () => {
    const ring = Array.from({ length: 300 }, (_, i) => {
      const t = (i / 300) * 2 * Math.PI;
      return [Math.cos(t), Math.sin(t), Math.cos(2 * t), Math.sin(3 * t)].map((v) => v * 5);
    });
    const model = new UMAP({ nNeighbors: 8, nEpochs: 300 }).fit(ring);
    expect(isConnected(model.graph_)).toBe(true);
    expect(layoutQuality(ring, model.embedding_, { k: 5 }).trustworthiness).toBeGreaterThan(0.98);
  });

  test("fit, fitAsync, start and step give the same bytes for a seed, and others for another", async () => {
    const options = { nEpochs: 40, seed: 7 };
    const whole = new UMAP(options).fit(x);
    const async = await new UMAP(options).fitAsync(x);
    expect(async.embedding_).toEqual(whole.embedding_);
    expect((await new UMAP(options).fitAsync(x, { threads: 2 })).embedding_).toEqual(whole.embedding_);
    const stepped = new UMAP(options);
    expect(stepped.start(x)).toBe(40);
    expect(stepped.step()).toBe(1);
    expect(stepped.step(100)).toBe(40);
    expect(stepped.embedding_).toEqual(whole.embedding_);
    const graph = neighborGraph(x, { k: 14, seed: 7 });
    const fromGraph = new UMAP({ ...options, init: "random" }).fit(graph);
    expect(fromGraph.embedding_).toEqual(new UMAP({ ...options, init: "random" }).fit(x).embedding_);
    expect(new UMAP({ ...options, seed: 8 }).fit(x).embedding_).not.toEqual(whole.embedding_);
  });

  test("places new rows with their own, leaves the layout alone, and a saved copy does the same", () => {
    const model = new UMAP({ nEpochs: 150 }).fit(x);
    const before = model.embedding_.data.slice();
    const fresh = clusters(4, 75, 12, 2);
    const placed = model.transform(fresh.x.slice(240));
    expect(model.embedding_.data).toEqual(before);
    let right = 0;
    for (let i = 0; i < placed.rows; i++) {
      let best = Number.POSITIVE_INFINITY;
      let at = 0;
      for (let j = 0; j < 240; j++) {
        const off =
          (placed.data[i * 2]! - before[j * 2]!) ** 2 + (placed.data[i * 2 + 1]! - before[j * 2 + 1]!) ** 2;
        if (off < best) [best, at] = [off, j];
      }
      if (y[at] === fresh.y[240 + i]) right++;
    }
    expect(right / placed.rows).toBeGreaterThan(0.98);
    const again = UMAP.fromJSON(JSON.stringify(model));
    expect(again.embedding_).toEqual(model.embedding_);
    expect(again.transform(fresh.x.slice(240))).toEqual(placed);
    expect(() => again.graph_).toThrow(expect.objectContaining({ code: "NOT_FITTED" }));
    expect(model.transform([]).rows).toBe(0);
  });

  test("lays out in one and in three components, under cosine, and from places given", () => {
    for (const nComponents of [1, 3]) {
      const model = new UMAP({ nComponents, nEpochs: 60, metric: "cosine" }).fit(x);
      expect([model.embedding_.rows, model.embedding_.cols]).toEqual([240, nComponents]);
      expect(layoutQuality(x, model.embedding_, { k: 10 }).trustworthiness).toBeGreaterThan(0.8);
    }
    const init = x.map((row) => [row[0]!, row[1]!]);
    expect(new UMAP({ init, nEpochs: 1, learningRate: 1e-9 }).fit(x).embedding_.data[5]).toBeCloseTo(
      init[2]![1]!,
      5,
    );
  });

  test("stays finite where rows are alike, are few, or are wide apart", () => {
    const cases = [
      [[1], [1]],
      [[1], [2], [3]],
      Array.from({ length: 30 }, () => [4, 4]),
      [...Array.from({ length: 20 }, () => [0, 0]), ...Array.from({ length: 20 }, () => [1e15, 1])],
      Array.from({ length: 50 }, (_, i) => [i < 25 ? 0 : i, 1e-20 * i]),
    ];
    for (const rows of cases) {
      for (const init of ["spectral", "pca"] as const) {
        const { data } = new UMAP({ nEpochs: 20, init }).fit(rows).embedding_;
        expect(data.every(Number.isFinite)).toBe(true);
        expect(data.length).toBe(rows.length * 2);
      }
    }
  });

  test("stops on abort and keeps the layout it had; progress names its phases", async () => {
    const model = new UMAP({ nEpochs: 30 }).fit(x);
    const before = model.embedding_;
    const stop = new AbortController();
    const phases = new Set<string>();
    const run = model.fitAsync(x, {
      signal: stop.signal,
      onProgress: ({ phase }) => {
        phases.add(phase);
        if (phase === "layout") stop.abort(new Error("enough"));
      },
    });
    await expect(run).rejects.toThrow("enough");
    expect(model.embedding_).toBe(before);
    expect([...phases].at(-1)).toBe("layout");
    expect(phases.size).toBeGreaterThan(2);
  });

  test.each([
    ["one row", () => new UMAP().fit([[1, 2]]), "BAD_INPUT"],
    ["NaN", () => new UMAP().fit([[1], [Number.NaN], [2]]), "NOT_FINITE"],
    ["inner product", () => new UMAP({ metric: "ip" }), "UNSUPPORTED"],
    ["a single neighbour", () => new UMAP({ nNeighbors: 1 }), "OPTION_RANGE"],
    ["an option misspelled", () => new UMAP({ minDistance: 0.1 } as object), "OPTION_UNKNOWN"],
    ["start places for other rows", () => new UMAP({ init: [[1, 2]] }).fit(x), "BAD_INPUT"],
    [
      "a damaged graph",
      () =>
        new UMAP().fit({ offsets: Uint32Array.of(0, 1, 2), ids: Uint32Array.of(1, 5), distances: [1, 1] }),
      "BAD_INPUT",
    ],
    ["nothing learned", () => new UMAP().transform([[1]]), "NOT_FITTED"],
    [
      "new rows after a graph",
      () => new UMAP({ nEpochs: 1 }).fit(neighborGraph(x, { k: 5 })).transform(x),
      "UNSUPPORTED",
    ],
    [
      "other files",
      () => UMAP.fromJSON({ format: "vicinal/UMAP", version: 1, samples: 2, rows: null, embedding: "AAAA" }),
      "FORMAT",
    ],
  ])("refuses %s by code", (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe("classicalMds", () => {
  test("gives distances back in as many components as they need", () => {
    const points = goldenRows(25, 2, 29);
    const distances = points.map((a) => points.map((b) => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!)));
    const { embedding, explained } = classicalMds(distances);
    expect(explained).toBeCloseTo(1, 9);
    const found = points.map((_, i) =>
      points.map((__, j) =>
        Math.hypot(
          embedding.data[i * 2]! - embedding.data[j * 2]!,
          embedding.data[i * 2 + 1]! - embedding.data[j * 2 + 1]!,
        ),
      ),
    );
    expect(worst(found.flat(), distances)).toBeLessThan(1e-4);
    expect(classicalMds(distances, { nComponents: 1 }).explained).toBeLessThan(0.99);
  });

  test("refuses matrices that are no distances", () => {
    const code = expect.objectContaining({ code: "BAD_INPUT" });
    expect(() =>
      classicalMds([
        [0, 1],
        [2, 0],
      ]),
    ).toThrow(code);
    expect(() =>
      classicalMds([
        [1, 1],
        [1, 0],
      ]),
    ).toThrow(code);
    expect(() =>
      classicalMds([
        [0, 1, 2],
        [1, 0, 2],
      ]),
    ).toThrow(code);
    expect(() =>
      classicalMds([
        [0, 0],
        [0, 0],
      ]),
    ).toThrow(code);
  });
});
