import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectNear } from "../../test/helpers/estimators.ts";
import { createRng, type Matrix, matrix } from "../core/index.ts";
import { logLoss } from "./calibrate.ts";
import {
  KNeighborsClassifier,
  KNeighborsDensity,
  KNeighborsDensityClassifier,
  KNeighborsRegressor,
} from "./index.ts";

/** Two overlapping clouds and their labels. */
function clouds(n: number, d: number, seed: number): { rows: number[][]; labels: string[] } {
  const rng = createRng(seed, "clouds");
  const labels = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? "far" : "near"));
  const rows = labels.map((label) =>
    Array.from({ length: d }, () => rng.normal() + (label === "far" ? 1 : 0)),
  );
  return { rows, labels };
}

const without = <T>(list: readonly T[], out: (i: number) => boolean): T[] => list.filter((_, i) => !out(i));

describe("choice of k", () => {
  const { rows, labels } = clouds(60, 2, 4);
  const values = rows.map(([x, y]) => Math.sin(x!) + y!);
  const ks = [1, 4, 9];

  test.each(["Flat", "KDTree", "HNSW8"])(
    "leave-one-out over %s scores as models without the row do",
    (index) => {
      const model = new KNeighborsClassifier<string>({ index }).fit(rows, labels);
      const choice = model.chooseK({ ks });
      for (const { k, score } of choice.scores) {
        const right = rows.filter((row, i) => {
          const other = new KNeighborsClassifier<string>({ k });
          other.fit(
            without(rows, (j) => j === i),
            without(labels, (j) => j === i),
          );
          const [label] = other.predict([row]);
          other.close();
          return label === labels[i];
        });
        expect(score).toBeCloseTo(right.length / rows.length, 12);
      }
      const best = Math.max(...choice.scores.map(({ score }) => score));
      expect(choice.k).toBe(choice.scores.find(({ score }) => score === best)!.k);
      expect(model.k_).toBe(choice.k);
      expect(choice.rows).toBe(60);
      model.close();
    },
  );

  test("cross-validation scores as models without the row's fold do", () => {
    const n = rows.length;
    const model = new KNeighborsRegressor({ weights: "distance" }).fit(rows, values);
    const choice = model.chooseK({ ks, folds: n });
    // As many folds as rows is leaving one out.
    const left = model.chooseK({ ks }).scores;
    for (const [j, { score }] of choice.scores.entries()) expect(score).toBeCloseTo(left[j]!.score, 12);
    for (const { k, score } of choice.scores) {
      let residual = 0;
      for (const [i, row] of rows.entries()) {
        const other = new KNeighborsRegressor({ k, weights: "distance" });
        other.fit(
          without(rows, (j) => j === i),
          without(values, (j) => j === i),
        );
        residual += (other.predict([row])[0]! - values[i]!) ** 2;
        other.close();
      }
      const mean = values.reduce((a, b) => a + b) / n;
      const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      expect(score).toBeCloseTo(1 - residual / total, 10);
    }
    model.close();
  });

  test("folds part the rows: no row is judged by its own fold, so duplicates in one fold do not help", () => {
    // Two rows at each place with a label of their own: only the twin knows it.
    const places = Array.from({ length: 40 }, (_, i) => [Math.floor(i / 2) * 10, (i % 2) * 0.1]);
    const twins = places.map((_, i) => (Math.floor(i / 2) % 2 === 0 ? "even" : "odd"));
    const model = new KNeighborsClassifier<string>({ k: 1 }).fit(places, twins);
    expect(model.chooseK({ ks: [1] }).scores[0]!.score).toBe(1);
    const { score } = model.chooseK({ ks: [1], folds: 2, seed: 1 }).scores[0]!;
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(0.9);
    model.close();
  });

  test("a sample of rows, the seed and threads: the same choice each time", async () => {
    const model = new KNeighborsClassifier<string>({ threads: 2 }).fit(rows, labels);
    const choice = model.chooseK({ rows: 30, seed: 7 });
    expect(choice.rows).toBe(30);
    expect(choice.scores.map(({ k }) => k)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(await model.chooseKAsync({ rows: 30, seed: 7 })).toEqual(choice);
    model.close();
  });
});

describe("calibration", () => {
  const { rows, labels } = clouds(300, 2, 9);
  const later = clouds(300, 2, 10);
  const loss = (model: KNeighborsClassifier<string>): number => {
    const truth = later.labels.map((label) => model.classes_.indexOf(label));
    return logLoss(model.predictProba(later.rows).data, 2, truth);
  };

  test("smoothing adds α votes spread evenly; with temperature the shares are raised to 1/T", () => {
    const raw = new KNeighborsClassifier<string>({ k: 7 }).fit(rows, labels);
    const shares = raw.predictProba(later.rows).data;
    for (const calibration of ["smoothing", "temperature"] as const) {
      const model = new KNeighborsClassifier<string>({ k: 7, calibration }).fit(rows, labels);
      const { smoothing, temperature } = model.calibration_!;
      const powers = shares.map(
        (share) => ((7 * share + smoothing / 2) / (7 + smoothing)) ** (1 / temperature),
      );
      const want = Array.from(powers, (power, i) => power / (power + powers[i ^ 1]!));
      expectNear(model.predictProba(later.rows).data, want, { rtol: 1e-9 });
      expect(model.predict(later.rows)).toEqual(raw.predict(later.rows));
      model.close();
    }
    raw.close();
  });

  test("what is learned is least among its neighbours, and lowers the loss of new rows", () => {
    const raw = new KNeighborsClassifier<string>({ k: 5 }).fit(rows, labels);
    const smooth = new KNeighborsClassifier<string>({ k: 5, calibration: "smoothing" }).fit(rows, labels);
    const both = new KNeighborsClassifier<string>({ k: 5, calibration: "temperature" }).fit(rows, labels);
    expect(loss(smooth)).toBeLessThan(loss(raw));
    expect(loss(both)).toBeLessThan(loss(raw));
    expect(both.calibration_!.logLoss).toBeLessThanOrEqual(smooth.calibration_!.logLoss + 1e-9);
    // The loss that was reported is that of left-out rows.
    const near = raw.kneighbors(undefined, 5);
    const lossAt = (alpha: number): number => {
      const sum = labels.reduce((total, label, i) => {
        const votes = [...near.rows.subarray(5 * i, 5 * i + 5)].filter((j) => labels[j] === label).length;
        return total - Math.log((votes + alpha / 2) / (5 + alpha));
      }, 0);
      return sum / labels.length;
    };
    const { smoothing, logLoss: reported } = smooth.calibration_!;
    expect(reported).toBeCloseTo(lossAt(smoothing), 10);
    for (const factor of [0.5, 0.9, 1.1, 2]) expect(lossAt(smoothing * factor)).toBeGreaterThan(reported);
    for (const model of [raw, smooth, both]) model.close();
  });

  test("choosing k by log loss calibrates for the k chosen", () => {
    const model = new KNeighborsClassifier<string>({ calibration: "smoothing" }).fit(rows, labels);
    const choice = model.chooseK({ ks: [1, 5, 25], scoring: "logLoss" });
    expect(choice.scores.find(({ k }) => k === choice.k)!.score).toBeCloseTo(-model.calibration_!.logLoss, 9);
    expect(choice.k).not.toBe(1);
    model.close();
  });
});

describe("densities by growing a ball", () => {
  const unitBall = { l2: Math.PI, l1: 2, linf: 4 };
  test.each(["l2", "l1", "linf"] as const)("%s: k rows over n times the area of the ball", (metric) => {
    const { rows } = clouds(60, 2, 3);
    const model = new KNeighborsDensity({ k: 4, metric }).fit(rows);
    const queries = clouds(10, 2, 8).rows;
    const want = queries.map((query) => {
      const gaps = rows.map((row) => row.map((x, j) => Math.abs(x - query[j]!)));
      const far = gaps.map(([a, b]) =>
        metric === "l2" ? Math.hypot(a!, b!) : metric === "l1" ? a! + b! : Math.max(a!, b!),
      );
      const radius = far.sort((a, b) => a - b)[3]!;
      return Math.log(4 / (60 * unitBall[metric] * radius ** 2));
    });
    expectNear(model.scoreSamples(queries), want, { rtol: 1e-5, atol: 1e-5 });
    model.close();
  });

  test("Bayes' rule over classes of unequal size and given priors", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 6 }), (seed, k) => {
        const { rows, labels } = clouds(40, 2, seed);
        const queries = clouds(5, 2, seed + 1).rows;
        for (const priors of [undefined, [0.1, 0.9]]) {
          const model = new KNeighborsDensityClassifier<string>({ k, ...(priors && { priors }) }).fit(
            rows,
            labels,
          );
          const proba = model.predictProba(queries);
          for (const [q, query] of queries.entries()) {
            const weights = model.classes_.map((label, c) => {
              const own = rows.filter((_, i) => labels[i] === label);
              const far = own
                .map((row) => Math.hypot(row[0]! - query[0]!, row[1]! - query[1]!))
                .sort((a, b) => a - b);
              return ((priors?.[c] ?? own.length / 40) * k) / (own.length * Math.PI * far[k - 1]! ** 2);
            });
            const total = weights.reduce((a, b) => a + b);
            expectNear(
              proba.data.subarray(2 * q, 2 * q + 2),
              weights.map((w) => w / total),
              { rtol: 1e-5, atol: 1e-6 },
            );
          }
          expect(model.predict(queries)).toEqual(
            queries.map((_, q) => model.classes_[proba.data[2 * q]! >= proba.data[2 * q + 1]! ? 0 : 1]),
          );
          model.close();
        }
      }),
      { numRuns: 15 },
    );
  });

  test("784 dimensions neither overflow nor vanish in logarithms, and rows met decide", () => {
    const rng = createRng(2, "many dimensions");
    const rows: Matrix = matrix(
      Float32Array.from({ length: 60 * 784 }, (_, i) => rng.normal() + Math.floor(i / 784 / 30) * 0.3),
      784,
    );
    const labels = Array.from({ length: 60 }, (_, i) => (i < 30 ? 0 : 1));
    const model = new KNeighborsDensityClassifier({ k: 3 }).fit(rows, labels);
    const logs = model.predictLogProba(rows).data;
    expect(logs.every(Number.isFinite)).toBe(true);
    expect(model.score(rows, labels)).toBeGreaterThan(0.8);
    const met = new KNeighborsDensityClassifier({ k: 1, priors: [0.25, 0.75] }).fit(
      [[0], [1], [1]],
      [0, 0, 1],
    );
    expectNear(met.predictProba([[0], [1]]).data, [1, 0, 0.25, 0.75]);
    for (const each of [model, met]) each.close();
  });

  test("metrics whose balls have no known volume are refused", () => {
    expect(() => new KNeighborsDensity({ metric: "cosine" }).fit([[1, 2]])).toThrow(/volume/);
  });
});
