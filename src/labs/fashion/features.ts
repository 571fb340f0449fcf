import type { Matrix } from "../../core/index.ts";
import type { Learned } from "../learned.ts";
import {
  accuracyOfNeighbours,
  bestOf,
  type KAccuracy,
  type LabelledSpace,
  type NeighbourAccuracyOptions,
} from "../neighbourAccuracy.ts";
import { gather } from "../rows.ts";
import type { FashionData, FashionSplit } from "./data.ts";
import type { FeatureAccuracy } from "./results.ts";

/** Features of all pictures, and what neighbours among them tell. */
export interface FeatureSpace {
  readonly space: LabelledSpace;
  /** For each metric, with its k chosen on the pictures kept out of learning; the best of them first. */
  readonly byMetric: readonly FeatureAccuracy[];
}

type Run = Omit<NeighbourAccuracyOptions, "metric" | "phase">;

/** Training and test pictures as a network sees them before its last layer. */
export async function featureSpace(
  learned: Pick<Learned, "features">,
  data: FashionData,
  split: FashionSplit,
  ks: readonly number[],
  run: Run,
): Promise<FeatureSpace> {
  const { signal } = run;
  const base = await learned.features(data.train, { signal });
  const queries = await learned.features(data.test, { signal });
  const { trainLabels: baseLabels, testLabels } = data;
  const space = { base, baseLabels, queries, queryLabels: testLabels.subarray(0, data.test.rows) };
  const byMetric: FeatureAccuracy[] = [];
  for (const metric of ["cosine", "l2"] as const) {
    const held = heldOutOf(base, baseLabels, split);
    const { k, accuracy } = bestOf((await accuracyOfNeighbours(held, ks, { ...run, metric })).rows);
    const [test] = (await accuracyOfNeighbours(space, [k], { ...run, metric })).rows;
    byMetric.push({ k, metric, validation: accuracy, test: test!.accuracy });
  }
  return { space, byMetric: byMetric.sort((a, b) => b.validation - a.validation) };
}

/** Pictures kept out of learning, among those learned from. */
function heldOutOf(
  rows: Matrix<Float32Array>,
  labels: ArrayLike<number>,
  { learn, validate }: FashionSplit,
): LabelledSpace {
  const labelsOf = (some: readonly number[]): number[] => some.map((i) => labels[i]!);
  return {
    base: gather(rows, learn),
    baseLabels: labelsOf(learn),
    queries: gather(rows, validate),
    queryLabels: labelsOf(validate),
  };
}

/** Accuracy on the test pictures for several k, and what each was told with one k of them. */
export async function testAccuracy(
  space: LabelledSpace,
  metric: "cosine" | "l2",
  ks: readonly number[],
  toldBy: number,
  run: Run,
): Promise<{ accuracy: readonly KAccuracy[]; told: readonly number[] }> {
  const all = ks.includes(toldBy) ? ks : [...ks, toldBy];
  const { rows, told } = await accuracyOfNeighbours(space, all, {
    ...run,
    metric,
    phase: "tell the test pictures",
  });
  return { accuracy: rows.slice(0, ks.length), told: told[all.indexOf(toldBy)]! };
}
