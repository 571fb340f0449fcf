import { describe, expect, test } from "vitest";
import { goldenRows, linearGolden, worst } from "../../../test/support/linearGolden.ts";
import { createRng } from "../../core/index.ts";
import { PCA } from "./pca.ts";

function normalRows(n: number, d: number, seed: number, scale: (j: number) => number): number[][] {
  const rng = createRng(seed);
  return Array.from({ length: n }, () => Array.from({ length: d }, (_, j) => rng.normal() * scale(j)));
}

describe("PCA", () => {
  test("learns what scikit-learn learns, with more rows than columns and with fewer", () => {
    for (const { n, d, k, whiten, ...want } of linearGolden.pca) {
      const rows = goldenRows(n, d, 29);
      const model = new PCA({ ...(k === null ? {} : { nComponents: k }), whiten }).fit(rows);
      expect(model.components_.rows).toBe(want.components.length);
      expect(worst(model.components_.data, want.components)).toBeLessThan(1e-10);
      expect(worst(model.mean_, want.mean)).toBeLessThan(1e-12);
      expect(worst(model.explainedVariance_, want.variance)).toBeLessThan(1e-10);
      expect(worst(model.explainedVarianceRatio_, want.ratio)).toBeLessThan(1e-12);
      expect(worst(model.singularValues_, want.singular)).toBeLessThan(1e-9);
      expect(Math.abs(model.noiseVariance_ - want.noise)).toBeLessThan(1e-10);
      expect(worst(model.transform(rows.slice(0, 5)).data, want.transformed)).toBeLessThan(2e-6);
    }
  });

  test("the randomized solver agrees with the exact one where variances fall off", () => {
    const rows = normalRows(200, 40, 1, (j) => 0.7 ** j);
    const exact = new PCA({ nComponents: 5 }).fit(rows);
    const sketched = new PCA({ nComponents: 5, solver: "randomized" }).fit(rows);
    expect(worst(sketched.components_.data, [...exact.components_.data])).toBeLessThan(1e-6);
    expect(worst(sketched.explainedVarianceRatio_, [...exact.explainedVarianceRatio_])).toBeLessThan(1e-9);
  });

  test("inverseTransform gives rows back where all directions are kept, whitened or not", () => {
    const rows = normalRows(30, 6, 2, (j) => j + 1);
    for (const whiten of [false, true]) {
      const model = new PCA({ whiten }).fit(rows);
      expect(worst(model.inverseTransform(model.transform(rows)).data, rows)).toBeLessThan(1e-5);
    }
  });

  test("a constant column gets no weight, and whitening it gives 0", () => {
    const rows = normalRows(50, 4, 3, (j) => (j === 2 ? 0 : 1)).map((row) => row.with(2, 7));
    const model = new PCA({ whiten: true }).fit(rows);
    const out = model.transform(rows);
    expect([...out.data].every(Number.isFinite)).toBe(true);
    for (let i = 0; i < 50; i++) expect(out.data[i * 4 + 3]).toBe(0);
    expect(model.explainedVariance_[3]).toBeLessThan(1e-12);
  });

  test("float64 rows, float32 blocks and lists give the same model; fitAsync and saved copies too", async () => {
    const rows = goldenRows(60, 7, 29);
    const model = new PCA({ nComponents: 3 }).fit(rows);
    const data = Float32Array.from(rows.flat());
    const block = new PCA({ nComponents: 3 }).fit({ data, rows: 60, cols: 7, stride: 7 });
    expect(block.components_).toEqual(model.components_);
    const phases: string[] = [];
    const async = await new PCA({ nComponents: 3 }).fitAsync(rows, {
      onProgress: ({ phase }) => phases.push(phase),
    });
    expect(async.toJSON()).toEqual(model.toJSON());
    expect(phases).toContain("covariance");
    const read = PCA.fromJSON(JSON.stringify(model));
    expect(read.transform(rows)).toEqual(model.transform(rows));
    expect(read.toJSON()).toEqual(model.toJSON());
  });

  test("abort leaves what was learned before", async () => {
    const rows = goldenRows(60, 7, 29);
    const model = new PCA({ nComponents: 2 }).fit(rows);
    const before = model.components_;
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(model.fitAsync(goldenRows(60, 7, 31), { signal })).rejects.toThrow("enough");
    expect(model.components_).toBe(before);
  });

  test("refuses by code: nothing learned, one row, rows alike, NaN, too many directions, damaged files", () => {
    const code = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const rows = goldenRows(10, 3, 29);
    expect(code(() => new PCA().transform(rows))).toBe("NOT_FITTED");
    expect(code(() => new PCA().fit([[1, 2]]))).toBe("BAD_INPUT");
    expect(code(() => new PCA().fit(Array.from({ length: 5 }, () => [1, 2])))).toBe("BAD_INPUT");
    expect(code(() => new PCA().fit([...rows, [0, Number.NaN, 0]]))).toBe("NOT_FINITE");
    expect(code(() => new PCA({ nComponents: 4 }).fit(rows))).toBe("OPTION_RANGE");
    expect(code(() => new PCA({ nComponents: 0 }))).toBe("OPTION_RANGE");
    expect(code(() => new PCA({ components: 4 } as object))).toBe("OPTION_UNKNOWN");
    const saved = new PCA().fit(rows).toJSON();
    expect(code(() => PCA.fromJSON({ ...saved, format: "vicinal/NCA" }))).toBe("FORMAT");
    expect(code(() => PCA.fromJSON({ ...saved, version: 2 }))).toBe("FORMAT_VERSION");
    expect(code(() => PCA.fromJSON({ ...saved, mean: [1, 2] }))).toBe("FORMAT");
    expect(code(() => PCA.fromJSON({ ...saved, mean: [1, 2, null] }))).toBe("FORMAT");
    expect(code(() => PCA.fromJSON("{"))).toBe("FORMAT");
    expect(code(() => new PCA().fit(rows).transform([[1, 2]]))).toBe("DIM_MISMATCH");
  });
});
