import { describe, expect, test } from "vitest";
import { goldenLabelled, goldenRows, linearGolden, worst } from "../../../test/support/linearGolden.ts";
import { create } from "../../indexes/index.ts";
import { mahalanobis } from "../../metrics/index.ts";
import { csrToDense } from "../linalg/csr.ts";
import { Covariance } from "./covariance.ts";
import { LDA } from "./lda.ts";
import type { LinearModel } from "./linearModel.ts";
import { LMNN } from "./lmnn.ts";
import { NCA } from "./nca.ts";
import { PCA } from "./pca.ts";
import {
  GaussianRandomProjection,
  johnsonLindenstraussMinDim,
  SparseRandomProjection,
} from "./randomProjection.ts";
import { Whitening } from "./whitening.ts";

const rows = goldenRows(60, 7, 29);

function covarianceOf(m: { data: Float32Array; rows: number; cols: number }): number[][] {
  const mean = Array.from({ length: m.cols }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < m.rows; i++) sum += m.data[i * m.cols + j]!;
    return sum / m.rows;
  });
  return mean.map((a, p) =>
    mean.map((b, q) => {
      let sum = 0;
      for (let i = 0; i < m.rows; i++) sum += (m.data[i * m.cols + p]! - a) * (m.data[i * m.cols + q]! - b);
      return sum / (m.rows - 1);
    }),
  );
}
const unit = (d: number): number[][] =>
  Array.from({ length: d }, (_, i) => Array.from({ length: d }, (__, j) => (i === j ? 1 : 0)));

describe("Covariance and Whitening", () => {
  test("M is the inverse of the covariance matrix; mapped rows have covariance I", () => {
    const model = new Covariance().fit(rows);
    const m = model.getMahalanobisMatrix();
    const sigma = covarianceOf({ data: Float32Array.from(rows.flat()), rows: 60, cols: 7 });
    const product = m.map((row) =>
      unit(7).map((_, j) => row.reduce((sum, value, k) => sum + value * sigma[k]![j]!, 0)),
    );
    expect(worst(product.flat(), unit(7))).toBeLessThan(1e-9);
    expect(worst(covarianceOf(model.transform(rows)).flat(), unit(7))).toBeLessThan(1e-5);
    expect(
      worst(Covariance.fromJSON(JSON.stringify(model)).components_.data, [...model.components_.data]),
    ).toBe(0);
  });

  test("Ledoit–Wolf shrinkage is scikit-learn's, and a given share mixes in the mean variance", () => {
    const { covariance, shrinkage } = linearGolden.ledoitWolf;
    const model = new Covariance({ shrinkage: "ledoit-wolf" }).fit(rows);
    expect(Math.abs(model.shrinkage_ - shrinkage)).toBeLessThan(1e-12);
    expect(worst(model.covariance_.data, covariance)).toBeLessThan(1e-10);
    const round = new Covariance({ shrinkage: 1 }).fit(rows).covariance_;
    expect(round.data[0]).toBeCloseTo(round.data[8]!, 12);
    expect(Math.abs(round.data[1]!)).toBe(0);
  });

  test("with fewer rows than columns M is a pseudo-inverse, and finite", () => {
    const model = new Covariance().fit(goldenRows(5, 9, 29));
    expect(model.getMahalanobisMatrix().flat().every(Number.isFinite)).toBe(true);
    const mapped = covarianceOf(model.transform(goldenRows(5, 9, 29)));
    expect(mapped.reduce((sum, row, i) => sum + row[i]!, 0)).toBeCloseTo(4, 4);
  });

  test("whitening by zca has the symmetric root as its matrix, and comes back", () => {
    const zca = new Whitening().fit(rows);
    expect(worst(zca.components_.data, linearGolden.whitening.zca)).toBeLessThan(1e-10);
    for (const method of ["pca", "zca"] as const) {
      const model = new Whitening({ method }).fit(rows);
      const mapped = model.transform(rows);
      expect(worst(covarianceOf(mapped).flat(), unit(7))).toBeLessThan(1e-5);
      expect(worst(model.inverseTransform(mapped).data, rows)).toBeLessThan(1e-5);
      expect(Whitening.fromJSON(JSON.stringify(model)).transform(rows)).toEqual(mapped);
    }
    const flat = rows.map((row) => row.with(2, 1));
    expect([...new Whitening().fit(flat).transform(flat).data].every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["rows all alike", () => new Covariance().fit([[1], [1]]), "BAD_INPUT"],
    ["one row", () => new Whitening().fit([[1, 2]]), "BAD_INPUT"],
    ["a share above one", () => new Covariance({ shrinkage: 2 }), "OPTION_RANGE"],
    ["a negative epsilon", () => new Whitening({ epsilon: -1 }), "OPTION_RANGE"],
    ["nothing learned", () => new Whitening().transform([[1]]), "NOT_FITTED"],
  ])("refuses %s by code", (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe("random projections", () => {
  test("johnsonLindenstraussMinDim gives scikit-learn's numbers", () => {
    for (const { n, eps, dim } of linearGolden.johnsonLindenstrauss) {
      expect(johnsonLindenstraussMinDim(n, eps)).toBe(dim);
    }
  });

  const wide = goldenRows(12, 3000, 31);
  const spreadOf = (model: {
    fitTransform(rows: number[][]): { data: Float32Array; cols: number };
  }): number => {
    const { data, cols } = model.fitTransform(wide);
    let most = 0;
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j < i; j++) {
        const before = wide[i]!.reduce((sum, x, c) => sum + (x - wide[j]![c]!) ** 2, 0);
        let after = 0;
        for (let c = 0; c < cols; c++) after += (data[i * cols + c]! - data[j * cols + c]!) ** 2;
        if (before > 0) most = Math.max(most, Math.abs(after / before - 1));
      }
    }
    return most;
  };

  test("both kinds keep squared distances within eps at the dimension that is asked for it", () => {
    expect(new GaussianRandomProjection({ eps: 0.3 }).fit(wide).components_.rows).toBe(
      johnsonLindenstraussMinDim(12, 0.3),
    );
    expect(spreadOf(new GaussianRandomProjection({ eps: 0.3 }))).toBeLessThan(0.3);
    expect(spreadOf(new SparseRandomProjection({ eps: 0.3 }))).toBeLessThan(0.3);
  });

  test("sparse entries are ± √(1 / (density · m)) at the density asked for, and the map is theirs", () => {
    const model = new SparseRandomProjection({ nComponents: 50, density: 0.1 }).fit(wide);
    const { data } = model.components_;
    expect(data.length / 150_000).toBeCloseTo(0.1, 2);
    expect(new Set(data)).toEqual(new Set([Math.sqrt(1 / 5), -Math.sqrt(1 / 5)]));
    const dense = csrToDense(model.components_);
    const want = Array.from({ length: 50 }, (_, c) =>
      wide[3]!.reduce((sum, x, j) => sum + x * dense.data[c * 3000 + j]!, 0),
    );
    expect(worst(model.transform([wide[3]!]).data, want)).toBeLessThan(1e-3);
    expect(new SparseRandomProjection({ nComponents: 5, density: 1 }).fit(rows).components_.data.length).toBe(
      35,
    );
  });

  test("saved copies map alike, and damaged ones are refused", () => {
    for (const model of [
      new GaussianRandomProjection({ nComponents: 3 }).fit(rows),
      new SparseRandomProjection({ nComponents: 3 }).fit(rows),
    ]) {
      const kind = model.constructor as typeof GaussianRandomProjection;
      expect(kind.fromJSON(JSON.stringify(model)).transform(rows)).toEqual(model.transform(rows));
    }
    const saved = new SparseRandomProjection({ nComponents: 3 }).fit(rows).toJSON();
    const bad = { ...saved, indices: (saved["indices"] as number[]).map(() => 99) };
    expect(() => SparseRandomProjection.fromJSON(bad)).toThrow(expect.objectContaining({ code: "FORMAT" }));
  });

  test("refuses to make more dimensions than there are unless told to", () => {
    const auto = new GaussianRandomProjection();
    expect(() => auto.fit(rows)).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
    expect(new GaussianRandomProjection({ nComponents: 20 }).fit(rows).components_.rows).toBe(20);
  });
});

describe("a linear model as metric of an index", () => {
  const { x, y } = goldenLabelled(90, 6, 31);
  const probe = goldenLabelled(10, 6, 43).x;
  const models: [string, LinearModel][] = [
    ["PCA", new PCA({ nComponents: 3 }).fit(x)],
    ["whitened PCA", new PCA({ nComponents: 4, whiten: true }).fit(x)],
    ["Covariance", new Covariance().fit(x)],
    ["Whitening", new Whitening().fit(x)],
    ["LDA", new LDA().fit(x, y)],
    ["NCA", new NCA({ nComponents: 2, init: "lda", maxIterations: 5 }).fit(x, y)],
    ["LMNN", new LMNN({ maxIterations: 5 }).fit(x, y)],
    ["GaussianRandomProjection", new GaussianRandomProjection({ nComponents: 4 }).fit(x)],
    ["SparseRandomProjection", new SparseRandomProjection({ nComponents: 4, density: 0.7 }).fit(x)],
  ];

  test.each(models)(
    "%s: mapped rows under l2 and rows under mahalanobis have the same neighbours",
    (_, model) => {
      const mapped = model.transform(x);
      const near = create("HNSW", { dimension: mapped.cols });
      near.add(mapped);
      const far = create("Flat", { dimension: 6, ...model.metric() });
      far.add(x);
      const distance = mahalanobis(model.getMahalanobisMatrix()).distance;
      const left = near.search(model.transform(probe), { k: 8, exact: true });
      const right = far.search(probe, { k: 8 });
      for (let q = 0; q < probe.length; q++) {
        const [a, b] = [left.items(q), right.items(q)];
        a.forEach((item, i) => {
          const want = model.pairDistance(probe[q]!, x[item.key as number]!);
          expect(Math.abs(item.distance - want)).toBeLessThan(1e-4 * (1 + want));
          expect(Math.abs(b[i]!.distance - want)).toBeLessThan(1e-4 * (1 + want));
          const other = distance(probe[q]!, x[b[i]!.key as number]!);
          expect(Math.abs(other - want)).toBeLessThan(1e-4 * (1 + want));
        });
      }
      near.close();
      far.close();
    },
  );
});
