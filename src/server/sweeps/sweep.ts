import type { Metric, Progress, RunOptions } from "../../core/index.ts";
import {
  type EvaluationReport,
  evaluationReport,
  type SweepEntry,
  sweepHeldOut,
} from "../../evaluate/index.ts";
import { workThreads } from "../../labs/machine.ts";
import { floats } from "../../labs/rows.ts";
import type { SweepProgress } from "../protocol.ts";
import type { Vectors } from "../sets/dataSet.ts";

export interface SweepInput {
  readonly vectors: Vectors;
  readonly metric: Metric;
  readonly k: number;
  readonly queries: number;
  readonly entries: readonly SweepEntry[];
}

/** Passes over the queries at each setting, while they take no longer than the budget. */
const ROUNDS = 3;
const BUDGET_MS = 1500;

/** Measures indexes over rows held back, telling with every report of progress all that is known so far. */
export async function sweepIndexes(input: SweepInput, run: RunOptions): Promise<EvaluationReport> {
  const { vectors, metric, k, queries, entries } = input;
  let report: EvaluationReport | undefined;
  let last: Progress = { phase: "prepare", done: 0, total: 1 };
  const tell = (progress: Progress): void => {
    last = progress;
    const told: SweepProgress = report === undefined ? progress : { ...progress, report };
    run.onProgress?.(told);
  };
  // Codes stand for float32 vectors, so bytes are measured as such.
  const rows = floats(vectors, vectors.rows);
  const found = await sweepHeldOut(rows, entries, {
    ...{ metric, k, queries, threads: workThreads(), rounds: ROUNDS, budgetMs: BUDGET_MS },
    signal: run.signal,
    onProgress: tell,
    onReport(evaluation) {
      report = evaluationReport(evaluation);
      tell(last);
    },
  });
  return evaluationReport(found);
}
