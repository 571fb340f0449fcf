import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { KNeighborsClassifier } from "../../src/apply/index.ts";
import type { Matrix } from "../../src/core/index.ts";
import { LMNN, layoutQuality, NCA, PCA, UMAP } from "../../src/learn/index.ts";

const folder = process.env["VICINAL_DATA"];

function images(name: string, count: number): Matrix {
  const bytes = gunzipSync(readFileSync(join(folder!, "fashion-mnist", name))).subarray(16, 16 + count * 784);
  return { data: Float32Array.from(bytes, (v) => v / 255), rows: count, cols: 784, stride: 784 };
}
const labels = (name: string, count: number): number[] => [
  ...gunzipSync(readFileSync(join(folder!, "fashion-mnist", name))).subarray(8, 8 + count),
];

describe.skipIf(!folder)(
  "Fashion-MNIST, 1,000 training and 600 test images (skipped without $VICINAL_DATA)",
  () => {
    let train: Matrix;
    let probe: Matrix;
    let y: number[];
    let truth: number[];
    beforeAll(() => {
      train = images("train-images-idx3-ubyte.gz", 1000);
      probe = images("test9k-images-idx3-ubyte.gz", 600);
      y = labels("train-labels-idx1-ubyte.gz", 1000);
      truth = labels("test9k-labels-idx1-ubyte.gz", 600);
    });
    const accuracy = (a: Matrix, b: Matrix): number => {
      const model = new KNeighborsClassifier<number>({ k: 5 }).fit(a, y);
      const score = model.score(b, truth);
      model.close();
      return score;
    };

    test("40 principal components classify as pixels do, and learned metrics in 20 better than PCA in 20", () => {
      const pca = new PCA({ nComponents: 40 }).fit(train);
      expect(pca.explainedVarianceRatio_.reduce((sum, r) => sum + r, 0)).toBeGreaterThan(0.8);
      const scale = 1 / Math.sqrt(pca.explainedVariance_[0]!);
      const scaled = (m: Matrix): Matrix => ({ ...m, data: m.data.map((v) => v * scale) });
      const [a, b] = [scaled(pca.transform(train)), scaled(pca.transform(probe))];
      const pixels = accuracy(train, probe);
      expect(Math.abs(accuracy(a, b) - pixels)).toBeLessThan(0.02);
      const few = new PCA({ nComponents: 20 }).fit(a);
      const base = accuracy(few.transform(a), few.transform(b));
      for (const model of [
        new NCA({ nComponents: 20, init: "pca", maxIterations: 10 }),
        new LMNN({ nComponents: 20, init: "pca", maxIterations: 30 }),
      ]) {
        model.fit(a, y);
        const found = accuracy(model.transform(a), model.transform(b));
        expect(found).toBeGreaterThan(base);
      }
    });

    test("a map by UMAP is trustworthy, and new images land among their own classes more often than not", () => {
      const model = new UMAP({ nEpochs: 100 }).fit(train);
      const { trustworthiness, continuity } = layoutQuality(train, model.embedding_, { k: 15, sample: 200 });
      expect(trustworthiness).toBeGreaterThan(0.96);
      expect(continuity).toBeGreaterThan(0.96);
      expect(accuracy(model.embedding_, model.transform(probe))).toBeGreaterThan(0.6);
    });
  },
);
