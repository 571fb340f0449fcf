import { createRng, type Matrix, permutation, type RunOptions } from "../../core/index.ts";
import { loadDataset } from "../../data/index.ts";
import { workThreads } from "../machine.ts";
import { accuracyOfNeighbours, type LabelledSpace } from "../neighbourAccuracy.ts";
import type { ResolvedLabOptions } from "../options.ts";
import { floats, gather } from "../rows.ts";
import type { StudyInput } from "../study.ts";
import { type Accuracy, tally } from "../vote.ts";

/** Fashion-MNIST: 28 × 28 grey pictures of clothes with ten labels. */
export interface FashionData {
  readonly train: Matrix<Float32Array>;
  readonly trainLabels: Int32Array;
  readonly test: Matrix<Float32Array>;
  readonly testLabels: Int32Array;
  readonly study: StudyInput;
}

/** What the labels 0 … 9 stand for. */
export const FASHION_CLASSES: readonly string[] = [
  ...["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"],
  ...["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
];

/** Side of a picture in pixels. */
export const FASHION_SIDE = 28;

/** k-NN accuracy on the test images, against all training images. */
export interface FashionFindings {
  readonly accuracy: readonly (Accuracy & { readonly index: string })[];
}

/**
 * The pictures; a quick run takes the first few, of the test pictures a tenth as many.
 *
 * @throws DATASET_MISSING when it is not at hand
 */
export async function loadFashion(
  { dataDir, quick, signal }: ResolvedLabOptions,
  few = 10_000,
): Promise<FashionData> {
  const limit = quick ? few : undefined;
  const { base, queries, labels, queryLabels } = await loadDataset("fashion-mnist", {
    dataDir,
    limit,
    signal,
  });
  const train = floats(base, base.rows);
  const test = floats(queries, quick ? few / 10 : queries.rows);
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

/** Training images apart from those that choices are made on. */
export interface FashionSplit {
  /** Rows of the training set that are learned from. */
  readonly learn: readonly number[];
  /** Rows of the training set kept out of learning, to choose by. */
  readonly validate: readonly number[];
}

/** A twelfth of the training images, drawn by the seed, is kept out of learning. */
export function splitFashion({ train }: FashionData, seed: number): FashionSplit {
  const order = [...permutation(train.rows, createRng(seed, "fashion validation"))];
  const held = Math.floor(train.rows / 12);
  const ascending = (rows: number[]): number[] => rows.sort((a, b) => a - b);
  return { learn: ascending(order.slice(held)), validate: ascending(order.slice(0, held)) };
}

/** Classifies the test images by their nearest training images, exactly. */
export async function fashionFindings(data: FashionData, run: RunOptions): Promise<FashionFindings> {
  const ks = [1, 5];
  const { told } = await accuracyOfNeighbours(pixelSpace(data), ks, {
    ...run,
    metric: "l2",
    threads: workThreads(),
    phase: "classify test images",
  });
  const truth = Array.from(data.testLabels.subarray(0, data.test.rows), String);
  const index = "Flat";
  return { accuracy: ks.map((k, j) => ({ index, ...tally(truth, told[j]!.map(String), k) })) };
}

/** Test images among training images, by their pixels. */
export function pixelSpace({ train, trainLabels, test, testLabels }: FashionData): LabelledSpace {
  return {
    base: train,
    baseLabels: trainLabels,
    queries: test,
    queryLabels: testLabels.subarray(0, test.rows),
  };
}
