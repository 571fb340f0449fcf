import { KNeighborsClassifier } from "../apply/index.ts";
import type { Matrix, Metric, RunOptions } from "../core/index.ts";

/** Rows whose class is known, and rows to be told by them. */
export interface LabelledSpace {
  readonly base: Matrix<Float32Array>;
  readonly baseLabels: ArrayLike<number>;
  readonly queries: Matrix<Float32Array>;
  readonly queryLabels: ArrayLike<number>;
}

/** How often k nearest rows told the class. */
export interface KAccuracy {
  readonly k: number;
  readonly accuracy: number;
}

export interface NeighbourAccuracyOptions extends RunOptions {
  metric: Metric;
  threads: number;
  /** What is being done, for reports of progress. */
  phase?: string;
}

/** Accuracy for each k, and the classes told: one list for each k, in the order of the queries. */
export interface NeighbourAccuracy {
  readonly rows: readonly KAccuracy[];
  readonly told: readonly (readonly number[])[];
}

/** Tells each query's class by the commonest among its k nearest, exactly; the lowest of equals. */
export async function accuracyOfNeighbours(
  { base, baseLabels, queries, queryLabels }: LabelledSpace,
  ks: readonly number[],
  { metric, threads, phase = "tell by neighbours", signal, onProgress }: NeighbourAccuracyOptions,
): Promise<NeighbourAccuracy> {
  const classifier = new KNeighborsClassifier<number>({ metric, threads });
  const report = onProgress && ((p: { done: number; total: number }): void => onProgress({ ...p, phase }));
  try {
    await classifier.fitAsync(base, baseLabels, { signal });
    const told = await classifier.predictEachAsync(queries, ks, { signal, onProgress: report });
    return { rows: ks.map((k, j) => ({ k, accuracy: shareEqual(told[j]!, queryLabels) })), told };
  } finally {
    classifier.close();
  }
}

/** Share of places where both lists agree. */
export function shareEqual(told: ArrayLike<number>, truth: ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < told.length; i++) if (told[i] === truth[i]) right++;
  return told.length === 0 ? 0 : right / told.length;
}

/** The k of highest accuracy; of equals the first. */
export function bestOf(rows: readonly KAccuracy[]): KAccuracy {
  return rows.reduce((best, each) => (each.accuracy > best.accuracy ? each : best));
}
