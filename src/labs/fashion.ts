import type { Matrix, RunOptions } from "../core/index.ts";
import { loadDataset } from "../data/index.ts";
import { create } from "../indexes/index.ts";
import { workThreads } from "./machine.ts";
import type { ResolvedLabOptions } from "./options.ts";
import { floats, gather } from "./rows.ts";
import type { StudyInput } from "./study.ts";
import { type Accuracy, majority, tally } from "./vote.ts";

/** Fashion-MNIST: 28 × 28 grey pictures of clothes with ten labels. */
export interface FashionData {
  readonly train: Matrix<Float32Array>;
  readonly trainLabels: Int32Array;
  readonly test: Matrix<Float32Array>;
  readonly testLabels: Int32Array;
  readonly study: StudyInput;
}

/** k-NN accuracy on the test images, against all training images. */
export interface FashionFindings {
  readonly accuracy: readonly (Accuracy & { readonly index: string })[];
}

const CHUNK = 500;

/** Throws DATASET_MISSING when it is not at hand. */
export async function loadFashion({ dataDir, quick, signal }: ResolvedLabOptions): Promise<FashionData> {
  const limit = quick ? 10_000 : undefined;
  const { base, queries, labels, queryLabels } = await loadDataset("fashion-mnist", {
    dataDir,
    limit,
    signal,
  });
  const train = floats(base, base.rows);
  const test = floats(queries, quick ? 1000 : queries.rows);
  const rows = Array.from({ length: Math.min(test.rows, quick ? 200 : 500) }, (_, i) => i);
  return {
    train,
    test,
    trainLabels: labels!,
    testLabels: queryLabels!,
    study: {
      name: "fashion-mnist",
      title: "Fashion-MNIST",
      note: "28 × 28 grey pictures of clothes, 784 pixel values each; the queries are the first of the test images.",
      base: train,
      queries: gather(test, rows),
    },
  };
}

/** Classifies the test images by their nearest training images, exactly. */
export async function fashionFindings(
  { train, trainLabels, test, testLabels }: FashionData,
  { signal, onProgress }: RunOptions,
): Promise<FashionFindings> {
  const index = create<number>("Flat", { dimension: train.cols, metric: "l2" });
  const ks = [1, 5];
  const votes = ks.map((): string[] => []);
  try {
    await index.addAsync(train, { signal });
    const threads = workThreads();
    for (let start = 0; start < test.rows; start += CHUNK) {
      onProgress?.({ phase: "classify test images", done: start, total: test.rows });
      const rows = Array.from({ length: Math.min(CHUNK, test.rows - start) }, (_, i) => start + i);
      const found = await index.searchAsync(gather(test, rows), { k: Math.max(...ks), threads, signal });
      for (let i = 0; i < rows.length; i++) {
        const labels = found.keys(i).map((row) => String(trainLabels[row]));
        for (const [j, k] of ks.entries()) votes[j]!.push(majority(labels.slice(0, k)));
      }
    }
  } finally {
    index.close();
  }
  const truth = Array.from({ length: test.rows }, (_, i) => String(testLabels[i]));
  return { accuracy: ks.map((k, j) => ({ index: index.spec, ...tally(truth, votes[j]!, k) })) };
}
