import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createRng } from "../core/index.ts";
import { distance } from "../metrics/index.ts";
import { BallTreeIndex, create, type DensityKernel, kernelDensity, kernelDensityAsync } from "./index.ts";
import { DENSITY_KERNELS, logKernelIntegral } from "./trees/balltree/normaliser.ts";

const D = 3;

function makeRows(n: number, seed: number): Float32Array[] {
  const rng = createRng(seed, "rows");
  return Array.from({ length: n }, () => Float32Array.from({ length: D }, () => rng.normal()));
}

const KERNELS: Readonly<Record<DensityKernel, (x: number) => number>> = {
  gaussian: (x) => Math.exp((-x * x) / 2),
  exponential: (x) => Math.exp(-x),
  tophat: (x) => (x < 1 ? 1 : 0),
  epanechnikov: (x) => Math.max(0, 1 - x * x),
  linear: (x) => Math.max(0, 1 - x),
  cosine: (x) => (x < 1 ? Math.cos((Math.PI * x) / 2) : 0),
};

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe.each(DENSITY_KERNELS)("densities of the %s kernel", (kernel) => {
  test("are within the error allowed of the direct sum, with removals and a tail", () => {
    const rows = makeRows(900, 1);
    const queries = makeRows(12, 2);
    const index = new BallTreeIndex<number>({ dimension: D, leafSize: 6 });
    index.add(rows);
    const later = makeRows(30, 3);
    for (const change of ["none", "removed and tail"]) {
      let live = rows;
      if (change !== "none") {
        index.remove([...Array(60).keys()]);
        index.add(later);
        live = [...rows.slice(60), ...later];
      }
      for (const bandwidth of [0.05, 0.4, 3]) {
        const norm = Math.exp(logKernelIntegral(kernel, D, bandwidth));
        const truth = queries.map(
          (q) => mean(live.map((row) => KERNELS[kernel](distance("l2", q, row) / bandwidth))) / norm,
        );
        for (const [atol, rtol] of [
          [0, 0],
          [0, 1e-8],
          [0, 0.01],
          [1e-3, 0],
          [0.05, 0.1],
        ] as const) {
          const found = kernelDensity(index, queries, { bandwidth, kernel, atol, rtol });
          truth.forEach((right, q) => {
            expect(Math.abs(found[q]! - right)).toBeLessThanOrEqual(atol + (rtol + 1e-12) * right + 1e-300);
          });
        }
      }
    }
    index.close();
  });

  test("integrate to 1 along a line", () => {
    const index = new BallTreeIndex<number>({ dimension: 1 });
    index.add(Array.from({ length: 80 }, (_, i) => [Math.sin(i)]));
    const step = 0.01;
    const places = Array.from({ length: 2400 }, (_, i) => [(i - 1200) * step]);
    const sum = kernelDensity(index, places, { bandwidth: 0.5, kernel }).reduce((a, b) => a + b, 0) * step;
    expect(Math.abs(sum - 1)).toBeLessThan(kernel === "tophat" ? 0.01 : 1e-3);
  });
});

describe("the integral of a kernel", () => {
  test("is that of thin shells, in any number of dimensions", () => {
    // Surface of the unit sphere: 2π^(d/2) / Γ(d/2).
    const surface = [0, 2, 2 * Math.PI, 4 * Math.PI, 2 * Math.PI ** 2, (8 * Math.PI ** 2) / 3, Math.PI ** 3];
    for (const kernel of DENSITY_KERNELS) {
      for (let d = 1; d <= 6; d++) {
        const step = 1e-3;
        let sum = 0;
        for (let r = step / 2; r < 60; r += step) sum += KERNELS[kernel](r) * r ** (d - 1) * step;
        const right = Math.log(sum * surface[d]!) + d * Math.log(0.7);
        expect(Math.abs(logKernelIntegral(kernel, d, 0.7) - right), `${kernel} ${d}`).toBeLessThan(1e-5);
      }
    }
  });
});

describe("densities", () => {
  const golden = JSON.parse(
    readFileSync(new URL("../../test/golden/kde.sklearn-1.2.1.json", import.meta.url), "utf8"),
  ) as {
    rows: number;
    cases: { d: number; kernel: DensityKernel; bandwidth: number; log: (number | null)[] }[];
  };
  const lattice = (n: number, d: number, factor: number): number[][] =>
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: d }, (_, j) => (((i * factor + j * 37 + i * i * (j + 3)) % 97) - 48) / 16),
    );

  test("are scikit-learn's, to 1e-9 of the logarithm", () => {
    const atol = 1e-9;
    for (const { d, kernel, bandwidth, log } of golden.cases) {
      const index = new BallTreeIndex<number>({ dimension: d, leafSize: 8 });
      index.add(lattice(golden.rows, d, 29));
      const queries = [...lattice(12, d, 31), Array.from({ length: d }, () => 40)];
      const found = kernelDensity(index, queries, { bandwidth, kernel, rtol: 0, log: true });
      log.forEach((want, q) => {
        if (want === null) expect(found[q]).toBe(Number.NEGATIVE_INFINITY);
        else
          expect(Math.abs(found[q]! - want), `${kernel} ${d} ${bandwidth}`).toBeLessThan(
            atol * Math.max(1, Math.abs(want)),
          );
      });
      index.close();
    }
  });

  test("far from all rows have logarithms where they themselves vanish", () => {
    const index = create("BallTree", { dimension: D });
    const rows = makeRows(200, 4);
    index.add(rows);
    const far = Float32Array.of(300, -400, 0);
    const exponents = rows.map((row) => -(distance("l2", far, row) ** 2) / (2 * 0.01 ** 2));
    const most = Math.max(...exponents);
    const right =
      most +
      Math.log(mean(exponents.map((x) => Math.exp(x - most)))) -
      logKernelIntegral("gaussian", D, 0.01);
    const found = kernelDensity(index, [far], { bandwidth: 0.01, log: true })[0]!;
    expect(Math.abs(found - right)).toBeLessThan(1e-9 * Math.abs(right));
    expect(kernelDensity(index, [far], { bandwidth: 0.01 })[0]).toBe(0);
  });

  test("under other metrics take the metric's own distance", () => {
    const rows = makeRows(300, 5);
    for (const metric of ["l1", "linf", "l2sq", "cosine"] as const) {
      const index = new BallTreeIndex<number>({ dimension: D, metric, leafSize: 5 });
      index.add(rows);
      const query = Float32Array.of(0.5, 1, -1);
      const right = mean(rows.map((row) => KERNELS.exponential(distance(metric, query, row) / 0.7)));
      const norm = Math.exp(logKernelIntegral("exponential", D, 0.7));
      const found = kernelDensity(index, [query], { bandwidth: 0.7, kernel: "exponential", rtol: 1e-6 })[0]!;
      expect(Math.abs(found * norm - right)).toBeLessThan(1e-5 * right);
      index.close();
    }
  });

  test("are the same on threads; of no rows are 0; of other indexes are refused", async () => {
    const index = new BallTreeIndex<number>({ dimension: D });
    expect([...kernelDensity(index, makeRows(1, 1), { bandwidth: 1 })]).toEqual([0]);
    index.add(makeRows(3000, 6));
    const queries = makeRows(40, 7);
    const options = { bandwidth: 0.3, rtol: 1e-3 };
    const one = kernelDensity(index, queries, options);
    expect(await kernelDensityAsync(index, queries, { ...options, threads: 2 })).toEqual(one);
    expect(() => kernelDensity(index, queries, { bandwidth: 0 })).toThrow(/bandwidth/);
    expect(() => kernelDensity(index, queries, { bandwidth: 1, kernel: "box" as "tophat" })).toThrow(
      /kernel/,
    );
    expect(() => kernelDensity(create("Flat", { dimension: D }), queries, { bandwidth: 1 })).toThrow(/Flat/);
    index.close();
  });
});
