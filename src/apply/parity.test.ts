import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { data, expectNear, golden, queries, rowsOf, WEIGHTS } from "../../test/helpers/estimators.ts";
import { createRng, matrix } from "../core/index.ts";
import type { DensityKernel } from "./index.ts";
import {
  KernelDensity,
  KNeighborsClassifier,
  LocalOutlierFactor,
  NearestCentroid,
  RadiusNeighborsClassifier,
  RadiusNeighborsRegressor,
} from "./index.ts";

type Numbers = Record<string, (number | null)[]>;
const EXACT = ["Flat", "KDTree", "BallTree"];

describe.each(EXACT)("scikit-learn's answers over %s", (index) => {
  type Radius = Numbers & { radius: never; weights: never };
  test.each(golden.radius as Radius[])("within radius $radius, weights $weights", (want) => {
    const options = { radius: want.radius as number, weights: WEIGHTS[want.weights as "uniform"], index };
    const most = new RadiusNeighborsClassifier({ ...options, outliers: "mostFrequent" });
    most.fit(data, golden.labels);
    expect(most.predict(queries)).toEqual(want["mostFrequent"]);
    expectNear(most.predictProba(queries).data, want["proba"]!);
    const label2 = new RadiusNeighborsClassifier({ ...options, outliers: { label: 2 } }).fit(
      data,
      golden.labels,
    );
    expect(label2.predict(queries)).toEqual(want["label2"]);
    const refusing = new RadiusNeighborsClassifier(options).fit(data, golden.labels);
    expect(() => refusing.predict(queries)).toThrow(/queries row 3 is beyond the radius/);
    expect(refusing.predict(queries.slice(0, 3))).toEqual(want["label2"]!.slice(0, 3));
    const regressor = new RadiusNeighborsRegressor(options).fit(data, rowsOf(golden.outputs, 2));
    expectNear(regressor.predict(queries), want["multi"]!, { rtol: 1e-5, atol: 1e-5 });
    const zero = new RadiusNeighborsRegressor({ ...options, outlierValue: 0 }).fit(
      data,
      rowsOf(golden.outputs, 2),
    );
    expectNear(
      zero.predict(queries),
      want["multi"]!.map((value) => value ?? 0),
      { rtol: 1e-5, atol: 1e-5 },
    );
    for (const model of [most, label2, refusing, regressor, zero]) model.close();
  });

  type Lof = Numbers & { k: never; contamination: never; offset: never };
  test.each(golden.lof as Lof[])("outlier factors, k $k, contamination $contamination", (want) => {
    const { k, contamination } = want;
    const model = new LocalOutlierFactor({ k, contamination, index });
    expect([...model.fitPredict(data)]).toEqual(want["fitPredict"]);
    expectNear(model.negativeOutlierFactor_, want["factors"]!, { rtol: 1e-5 });
    expectNear([model.offset_], [want.offset], { rtol: 1e-5 });
    expectNear(model.scoreSamples(queries), want["scoreSamples"]!, { rtol: 1e-5 });
    expectNear(model.decisionFunction(queries), want["decision"]!, { rtol: 1e-5, atol: 1e-5 });
    expect([...model.predict(queries)]).toEqual(want["predict"]);
    model.close();
  });
});

describe("scikit-learn's answers", () => {
  type Centroid = { metric: "l2" | "l1"; shrink: number | null; centroids: number[]; predict: number[] };
  test.each(golden.centroid as Centroid[])("nearest centroid, $metric, shrink $shrink", (want) => {
    const options = {
      metric: want.metric,
      ...(want.shrink === null ? {} : { shrinkThreshold: want.shrink }),
    };
    const model = new NearestCentroid(options).fit(data, golden.labels as number[]);
    expectNear(model.centroids_.data, want.centroids, { rtol: 1e-8, atol: 1e-8 });
    expect(model.predict(queries)).toEqual(want.predict);
    const again = NearestCentroid.fromJSON(JSON.stringify(model));
    expect(again.predict(queries)).toEqual(want.predict);
    expect(again.centroids_).toEqual(model.centroids_);
    expect(() => NearestCentroid.fromJSON({ ...model.toJSON(), classes: [1, 0] })).toThrow(/ascend/);
  });

  type Density = {
    bandwidth: number | "scott" | "silverman";
    kernel: DensityKernel;
    width: number;
    scores: number[];
  };
  test.each(golden.density as Density[])("density, kernel $kernel, bandwidth $bandwidth", (want) => {
    const model = new KernelDensity({ bandwidth: want.bandwidth, kernel: want.kernel }).fit(data);
    expect(model.bandwidth_).toBeCloseTo(want.width, 8);
    const scores = model.scoreSamples(queries).map((score) => (score === -Infinity ? Number.NaN : score));
    expectNear(scores, want.scores, { rtol: 1e-5, atol: 1e-5 });
    model.close();
  });
});

test("asynchronous calls equal the others", async () => {
  const lof = new LocalOutlierFactor({ k: 5 }).fit(data);
  const other = new LocalOutlierFactor({ k: 5, threads: 2 });
  expect(await other.fitPredictAsync(data)).toEqual(lof.fitPredict(data));
  expect(await other.scoreSamplesAsync(queries)).toEqual(lof.scoreSamples(queries));
  const radius = await new RadiusNeighborsRegressor({ radius: 4 }).fitAsync(data, golden.labels);
  expect(await radius.predictAsync(queries)).toEqual(radius.predict(queries));
  const kde = await new KernelDensity().fitAsync(data);
  expect(await kde.scoreSamplesAsync(queries)).toEqual(kde.scoreSamples(queries));
  for (const model of [lof, other, radius, kde]) model.close();
});

test("rows within the radius are those the definition names", () => {
  const model = new RadiusNeighborsRegressor({ radius: 5 }).fit(data, golden.labels);
  const found = model.radiusNeighbors(matrix(Float32Array.from(queries.flat()), 3));
  for (const [q, query] of queries.entries()) {
    const far = data.map((row) => Math.hypot(...row.map((x, j) => x - query[j]!)));
    const want = far
      .flatMap((distance, i) => (distance <= 5 ? [i] : []))
      .sort((a, b) => far[a]! - far[b]! || a - b);
    expect([...found.rows.subarray(found.starts[q], found.starts[q + 1])]).toEqual(want);
  }
  model.close();
});

test("rows drawn from a density have its moments", () => {
  for (const kernel of ["gaussian", "tophat"] as const) {
    const model = new KernelDensity({ kernel, bandwidth: 2 }).fit([
      [0, 10],
      [0, 10],
    ]);
    const { data: drawn } = model.sample(20_000, 5);
    const mean = [0, 0];
    for (let i = 0; i < drawn.length; i++) mean[i % 2]! += drawn[i]! / 20_000;
    let variance = 0;
    for (let i = 1; i < drawn.length; i += 2) variance += (drawn[i]! - mean[1]!) ** 2 / 20_000;
    expect(mean[0]).toBeCloseTo(0, 1);
    expect(mean[1]).toBeCloseTo(10, 1);
    // Within a disc of radius h each coordinate has variance h²/4.
    expect(Math.abs(variance - (kernel === "gaussian" ? 4 : 1))).toBeLessThan(0.15);
    expect(model.sample(3, 5).data).toEqual(drawn.slice(0, 6));
    model.close();
  }
});

describe("by definition", () => {
  const table = fc
    .record({ seed: fc.nat(), n: fc.integer({ min: 3, max: 25 }), k: fc.integer({ min: 1, max: 30 }) })
    .map(({ seed, n, k }) => {
      const rng = createRng(seed, "parity");
      const rows = Array.from({ length: n }, () => [rng.normal(), rng.normal()].map(Math.fround));
      return { rows, labels: rows.map(([x]) => (x! > 0 ? 1 : 0)), k };
    });
  const far = (a: number[], b: number[]): number => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!);

  test("outlier factors: the mean density of the neighbours over a row's own, at most all other rows", () => {
    fc.assert(
      fc.property(table, ({ rows, k }) => {
        const model = new LocalOutlierFactor({ k }).fit(rows);
        const kk = Math.min(k, rows.length - 1);
        expect(model.k_).toBe(kk);
        const near = rows.map((row, i) => {
          const others = rows.map((_, j) => j).filter((j) => j !== i);
          return others.sort((a, b) => far(row, rows[a]!) - far(row, rows[b]!)).slice(0, kk);
        });
        const reach = rows.map((row, i) => far(row, rows[near[i]!.at(-1)!]!));
        const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
        const density = rows.map(
          (row, i) => 1 / mean(near[i]!.map((j) => Math.max(far(row, rows[j]!), reach[j]!))),
        );
        const want = rows.map((_, i) => -mean(near[i]!.map((j) => density[j]! / density[i]!)));
        expectNear(model.negativeOutlierFactor_, want, { rtol: 1e-4 });
        model.close();
      }),
      { numRuns: 30 },
    );
  });

  test("within a radius: the commonest class and the mean, weighted or not, of rows at that distance or nearer", () => {
    fc.assert(
      fc.property(table, ({ rows, labels }) => {
        const radius = 0.8;
        const query = [0.1, -0.2];
        const inside = rows.flatMap((row, i) => (far(row, query) <= radius ? [i] : []));
        for (const weights of ["uniform", "distance"] as const) {
          const weight = (i: number): number => (weights === "uniform" ? 1 : 1 / far(rows[i]!, query));
          const total = inside.reduce((sum, i) => sum + weight(i), 0);
          const ones = inside.reduce((sum, i) => sum + labels[i]! * weight(i), 0);
          const mean = new RadiusNeighborsRegressor({ radius, weights }).fit(rows, labels);
          expectNear(mean.predict([query]), [inside.length === 0 ? null : ones / total], {
            rtol: 1e-4,
            atol: 1e-6,
          });
          mean.close();
          if (inside.length === 0 || Math.abs(ones / total - 0.5) < 1e-6) continue;
          const vote = new RadiusNeighborsClassifier({ radius, weights }).fit(rows, labels);
          expect(vote.predict([query])).toEqual([ones / total > 0.5 ? 1 : 0]);
          vote.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  test("centroids are means by class, and the nearest wins", () => {
    fc.assert(
      fc.property(table, ({ rows, labels }) => {
        fc.pre(new Set(labels).size === 2);
        const model = new NearestCentroid().fit(rows, labels);
        const means = [0, 1].map((label) => {
          const own = rows.filter((_, i) => labels[i] === label);
          return [0, 1].map((j) => own.reduce((sum, row) => sum + row[j]!, 0) / own.length);
        });
        expectNear(model.centroids_.data, means.flat(), { rtol: 1e-9, atol: 1e-9 });
        const want = rows.map((row) => (far(row, means[0]!) <= far(row, means[1]!) ? 0 : 1));
        expect(model.predict(rows)).toEqual(want);
      }),
      { numRuns: 30 },
    );
  });
});

test("no queries get no answers", () => {
  const none = matrix(new Float32Array(0), 3);
  const classifier = new KNeighborsClassifier().fit(data, golden.labels);
  expect(classifier.predict(none)).toEqual([]);
  expect(classifier.predictProba(none).rows).toBe(0);
  const radius = new RadiusNeighborsClassifier().fit(data, golden.labels);
  expect(radius.predict(none)).toEqual([]);
  const lof = new LocalOutlierFactor().fit(data);
  expect(lof.predict(none)).toEqual(new Int8Array(0));
  for (const model of [classifier, radius, lof]) model.close();
});

test("a fit aborted while it calibrates leaves the model as it was", async () => {
  const model = new KNeighborsClassifier<number>({ calibration: "smoothing", k: 1 }).fit(data, golden.labels);
  const before = model.predictProba(queries);
  const many = Array.from({ length: 600 }, (_, i) => [i % 7, i % 11, i % 13]);
  const labels = many.map(([x]) => x! % 2);
  const again = new AbortController();
  const failing = model.fitAsync(many, labels, {
    signal: again.signal,
    onProgress: ({ phase }) => {
      if (phase === "leave one out") again.abort(new Error("enough"));
    },
  });
  await expect(failing).rejects.toThrow("enough");
  expect(model.predictProba(queries)).toEqual(before);
  model.close();
});
