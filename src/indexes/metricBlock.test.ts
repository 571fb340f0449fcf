import { describe, expect, test } from "vitest";
import { createRng, isVicinalError, type MetricOptions } from "../core/index.ts";
import { distance } from "../metrics/index.ts";
import { create, open } from "./index.ts";

const INFINITE = Number.POSITIVE_INFINITY;

/** Numbers of a Minkowski metric that take each of the kernel's ways. */
const OPTIONS: readonly MetricOptions[] = [
  ...[{}, { p: 1 }, { p: 2 }, { p: INFINITE }, { p: 3 }, { p: 1.5 }, { p: 40 }],
  ...[1, 2, INFINITE, 2.5].map((p) => ({ p, weights: [2, 0, 0.25, 1, 7] })),
  ...[1, 2, INFINITE, 4].map((p) => ({ p, boxSize: [3, 0, 2, 1e-3, 50], weights: [1, 2, 3, 4, 5] })),
];

function make(n: number, seed: string): Float32Array[] {
  const rng = createRng(11, seed);
  return Array.from({ length: n }, () => Float32Array.from({ length: 5 }, () => rng.normal() * 4));
}

describe("Flat under minkowski", () => {
  test("answers what the definition says, for every power, weighted and periodic", () => {
    const rows = make(90, "rows");
    const queries = make(6, "queries");
    for (const metricOptions of OPTIONS) {
      const index = create("Flat", { dimension: 5, metric: "minkowski", metricOptions });
      index.add(rows);
      for (const query of queries) {
        const truth = rows
          .map((row) => distance("minkowski", query, row, metricOptions))
          .sort((a, b) => a - b);
        const found = index.search(query, { k: rows.length }).row(0);
        expect(new Set(found.ids).size).toBe(rows.length);
        for (let i = 0; i < rows.length; i++) {
          const claimed = found.distances[i]!;
          expect(Math.abs(claimed - truth[i]!)).toBeLessThanOrEqual(1e-6 * truth[i]!);
          const really = distance("minkowski", query, rows[found.ids[i]!]!, metricOptions);
          expect(Math.abs(claimed - really)).toBeLessThanOrEqual(1e-6 * really);
        }
      }
      index.close();
    }
  });

  test("keeps the metric's numbers in files", async () => {
    const rows = make(30, "rows");
    for (const metricOptions of OPTIONS) {
      const index = create("Flat", { dimension: 5, metric: "minkowski", metricOptions });
      index.add(rows);
      const bytes = index.toBytes();
      const again = await open(bytes);
      expect(again.metricOptions).toEqual(index.metricOptions);
      expect(again.search(rows, { k: 5 }).distances).toEqual(index.search(rows, { k: 5 }).distances);
      expect(again.toBytes()).toEqual(bytes);
    }
  });

  test("refuses numbers of the metric that are out of range, or for a metric that takes none", () => {
    const codeOf = (metric: "minkowski" | "l2", metricOptions: MetricOptions): string => {
      try {
        create("Flat", { dimension: 5, metric, metricOptions });
      } catch (error) {
        if (isVicinalError(error)) return error.code;
      }
      return "nothing";
    };
    expect(codeOf("minkowski", { p: 0.9 })).toBe("OPTION_RANGE");
    expect(codeOf("minkowski", { weights: [1, 2] })).toBe("OPTION_RANGE");
    expect(codeOf("minkowski", { matrix: [[1]] })).toBe("OPTION_UNKNOWN");
    expect(codeOf("l2", { p: 2 })).toBe("OPTION_RANGE");
  });
});

describe("Flat under haversine", () => {
  /** Points everywhere, at the poles, on the same spot, and across from each other. */
  const points = [
    ...[...Array(60).keys()].map((i) => [((i * 37) % 181) - 90, ((i * 101) % 720) - 360]),
    ...[
      [90, 0],
      [90, 77],
      [-90, 10],
      [0, 180],
      [0, -180],
      [0, 0],
      [1e-5, 1e-5],
      [51.5, -0.12],
      [-51.5, 179.88],
    ],
  ].map((point) => Float32Array.from(point));

  test("answers metres along the globe, as the definition says", () => {
    const index = create("Flat", { dimension: 2, metric: "haversine" });
    index.add(points);
    for (const query of points) {
      const truth = points.map((point) => distance("haversine", query, point)).sort((a, b) => a - b);
      const found = index.search(query, { k: points.length }).row(0);
      expect(found.ids.length).toBe(points.length);
      for (let i = 0; i < points.length; i++) {
        const really = distance("haversine", query, points[found.ids[i]!]!);
        expect(Math.abs(found.distances[i]! - really)).toBeLessThanOrEqual(1e-6 * really + 1e-6);
        expect(Math.abs(found.distances[i]! - truth[i]!)).toBeLessThanOrEqual(1e-6 * truth[i]! + 1e-6);
      }
    }
  });

  test("takes two numbers, and no latitude beyond a pole", () => {
    expect(() => create("Flat", { dimension: 3, metric: "haversine" })).toThrow(/dimension/);
    const index = create("Flat", { dimension: 2, metric: "haversine" });
    expect(() => index.add([[90.1, 0]])).toThrow(/latitude/);
    index.add([[10, 0]]);
    expect(index.size).toBe(1);
    expect(() => index.search([-91, 0])).toThrow(/latitude/);
  });
});

describe("Flat under mahalanobis", () => {
  const matrix = [
    [2, -0.5, 0, 0, 0.1],
    [-0.5, 1, 0.25, 0, 0],
    [0, 0.25, 3, 0, 0],
    [0, 0, 0, 0.01, 0],
    [0.1, 0, 0, 0, 5],
  ];

  test("answers what the definition says, also from a file", async () => {
    const rows = make(90, "rows");
    const index = create("Flat", { dimension: 5, metric: "mahalanobis", metricOptions: { matrix } });
    index.add(rows);
    const again = await open(index.toBytes());
    expect(again.metricOptions).toEqual(index.metricOptions);
    for (const query of make(6, "queries")) {
      const truth = rows.map((row) => distance("mahalanobis", query, row, { matrix })).sort((a, b) => a - b);
      const found = index.search(query, { k: rows.length }).row(0);
      for (let i = 0; i < rows.length; i++) {
        expect(Math.abs(found.distances[i]! - truth[i]!)).toBeLessThanOrEqual(1e-6 * truth[i]!);
        const really = distance("mahalanobis", query, rows[found.ids[i]!]!, { matrix });
        expect(Math.abs(found.distances[i]! - really)).toBeLessThanOrEqual(1e-6 * really);
      }
      expect(again.search(query, { k: 20 }).distances).toEqual(index.search(query, { k: 20 }).distances);
    }
  });

  test("needs a matrix that is positive semi-definite", () => {
    const make = (given: number[][] | undefined) => () =>
      create("Flat", { dimension: 2, metric: "mahalanobis", metricOptions: given && { matrix: given } });
    expect(make(undefined)).toThrow(/matrix/);
    expect(make([[1, 0, 0]])).toThrow(/matrix/);
    expect(
      make([
        [1, 2],
        [2, 1],
      ]),
    ).toThrow(/positive/);
    expect(
      make([
        [1, 2],
        [0, 1],
      ]),
    ).toThrow(/symmetric/);
    make([
      [1, 1],
      [1, 1],
    ])();
  });
});
