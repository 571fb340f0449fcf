import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matrix } from "../../core/index.ts";
import {
  accuracyScore,
  adjustedMutualInfoScore,
  adjustedRandScore,
  brierScore,
  calibration,
  calinskiHarabaszScore,
  confusionMatrix,
  daviesBouldinScore,
  type EntropyAverage,
  expectedCalibrationError,
  logLoss,
  normalizedMutualInfoScore,
  silhouetteScore,
} from "../index.ts";

interface Golden {
  partitions: ({ name: string; labels: number[]; clusters: number[]; ari: number } & Record<
    string,
    number
  >)[];
  separated: {
    n: number;
    d: number;
    labels: number[];
    spread: boolean;
    silhouette: number;
    daviesBouldin: number;
    calinskiHarabasz: number;
  }[];
  told: {
    n: number;
    classes: number;
    truth: number[];
    logLoss: number;
    accuracy: number;
    confusion: number[][];
    brierOfOne: number | null;
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/clustering.sklearn-1.2.1.json", import.meta.url), "utf8"),
);

const near = (got: number, want: number): void =>
  expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-12 + 1e-11 * Math.abs(want));

describe("partitions", () => {
  for (const { name, labels, clusters, ari, ...rest } of golden.partitions) {
    test(`agree as scikit-learn says: ${name}`, () => {
      near(adjustedRandScore(labels, clusters), ari);
      for (const average of ["arithmetic", "geometric", "min", "max"] as EntropyAverage[]) {
        near(normalizedMutualInfoScore(labels, clusters, average), rest[`nmi ${average}`]!);
        near(adjustedMutualInfoScore(labels, clusters, average), rest[`ami ${average}`]!);
      }
    });
  }

  test("agree as much whatever the parts are called, and whichever comes first", () => {
    const list = fc.array(fc.tuple(fc.nat(4), fc.nat(3)), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(list, (both) => {
        const [a, b] = [both.map(([x]) => x), both.map(([, y]) => y)];
        for (const score of [normalizedMutualInfoScore, adjustedMutualInfoScore, adjustedRandScore]) {
          const said = score(a, b);
          expect(score(b, a)).toBeCloseTo(said, 9);
          expect(score(a.map((x) => `part ${9 - x}`) as string[], b)).toBeCloseTo(said, 9);
          if (new Set(a).size > 1) expect(score(a, a)).toBeCloseTo(1, 9);
        }
      }),
    );
  });

  test("of different length or none are refused", () => {
    expect(() => adjustedRandScore([1, 2], [1])).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => adjustedRandScore([], [])).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => adjustedRandScore([Number.NaN], [1])).toThrow(
      expect.objectContaining({ code: "BAD_INPUT" }),
    );
  });
});

describe("classes of rows", () => {
  for (const { n, d, labels, spread, ...want } of golden.separated) {
    test(`are parted as scikit-learn says: ${n} × ${d}, ${new Set(labels).size} classes`, () => {
      const data = new Float32Array(n * d);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < d; j++) {
          const shift = spread ? labels[i]! * ((j % 2) + 1) : 0;
          data[i * d + j] = ((i * 29 + j * 37 + i * i * (j + 3)) % 97) / 16 - 3 + shift;
        }
      }
      const rows = matrix(data, d);
      near(silhouetteScore(rows, labels), want.silhouette);
      near(daviesBouldinScore(rows, labels), want.daviesBouldin);
      near(calinskiHarabaszScore(rows, labels), want.calinskiHarabasz);
    });
  }

  test("of one class, or as many as rows, part nothing", () => {
    const rows = matrix(Float32Array.of(1, 2, 3), 1);
    for (const labels of [
      [1, 1, 1],
      [1, 2, 3],
      [1, 2],
    ]) {
      for (const score of [silhouetteScore, daviesBouldinScore, calinskiHarabaszScore]) {
        expect(() => score(rows, labels)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
      }
    }
  });

  test("a sample of all rows is all rows, and a smaller one depends on the seed alone", () => {
    const rows = matrix(
      Float32Array.from({ length: 200 }, (_, i) => (i % 2) + ((i * 37) % 11) / 16),
      1,
    );
    const labels = Array.from({ length: 200 }, (_, i) => i % 2);
    expect(silhouetteScore(rows, labels, { sample: 200 })).toBe(silhouetteScore(rows, labels));
    const some = silhouetteScore(rows, labels, { sample: 40, seed: 3 });
    expect(silhouetteScore(rows, labels, { sample: 40, seed: 3 })).toBe(some);
    expect(some).toBeGreaterThan(0.4);
  });
});

function chances(n: number, classes: number): Float64Array {
  const out = new Float64Array(n * classes);
  for (let i = 0; i < n; i++) {
    let rest = 64;
    for (let c = 0; c < classes; c++) {
      const part = 1 + ((i * 5 + c * 11 + i * i * (c + 1)) % 13);
      out[i * classes + c] = part / 64;
      rest -= part;
    }
    out[i * classes]! += rest / 64;
  }
  return out;
}

describe("chances", () => {
  for (const { n, classes, truth, ...want } of golden.told) {
    test(`of ${classes} classes score as scikit-learn says`, () => {
      const p = matrix(chances(n, classes), classes);
      const names = Array.from({ length: classes }, (_, c) => c);
      const told = Array.from({ length: n }, (_, i) => {
        const row = p.data.subarray(i * classes, (i + 1) * classes);
        return row.indexOf(Math.max(...row));
      });
      near(logLoss(truth, p, names), want.logLoss);
      near(accuracyScore(truth, told), want.accuracy);
      expect(confusionMatrix(truth, told)).toEqual({ labels: names, counts: want.confusion });
      if (want.brierOfOne !== null) near(brierScore(truth, p, names) / 2, want.brierOfOne);
    });
  }

  test("that are certain and right cost nothing, certain and wrong the most there is", () => {
    const sure = matrix(Float64Array.of(1, 0, 0, 1), 2);
    expect(brierScore(["a", "b"], sure, ["a", "b"])).toBe(0);
    expect(brierScore(["b", "a"], sure, ["a", "b"])).toBe(2);
    expect(logLoss(["a", "b"], sure, ["a", "b"])).toBeLessThan(1e-15);
    expect(logLoss(["b", "a"], sure, ["a", "b"])).toBeCloseTo(-Math.log(2 ** -52), 9);
    expect(expectedCalibrationError(["b", "a"], sure, ["a", "b"])).toBe(1);
  });

  test("are compared with what came true bin by bin, the upper end within", () => {
    const p = matrix(Float64Array.of(0.6, 0.4, 0.5, 0.5, 0.9, 0.1, 0.2, 0.8, 0.35, 0.65), 2);
    const { bins, ece, mce } = calibration(["a", "b", "a", "a", "b"], p, ["a", "b"], 5);
    expect(bins.map(({ rows }) => rows)).toEqual([0, 0, 2, 2, 1]);
    expect(bins[2]).toMatchObject({ confidence: 0.55, accuracy: 0.5 });
    expect(bins[3]!.accuracy).toBe(0.5);
    near(ece, (2 * 0.05 + 2 * 0.225 + 0.1) / 5);
    near(mce, 0.225);
  });

  test("for labels that are no class, below 0 or not finite are refused", () => {
    const code = (data: number[], truth: string[], names = ["a", "b"]): string => {
      try {
        logLoss(truth, matrix(Float64Array.from(data), 2), names);
        return "nothing";
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(code([1, 0], ["c"])).toBe("BAD_INPUT");
    expect(code([1, -1], ["a"])).toBe("BAD_INPUT");
    expect(code([1, Number.NaN], ["a"])).toBe("NOT_FINITE");
    expect(code([1, 0], ["a"], ["a", "a"])).toBe("BAD_INPUT");
    expect(code([1, 0], ["a", "b"])).toBe("BAD_INPUT");
    expect(code([1, 0], ["a"])).toBe("nothing");
  });
});
