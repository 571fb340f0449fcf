import type { EvaluationReport, SweepEntry } from "vicinal/evaluate";
import type { JobProgress } from "../../../../src/server/protocol.ts";
import type { Vectors } from "../../client/index.ts";

/** Whether an index with these parameters could be measured on vectors of that shape. */
export interface Check {
  readonly kind: "check";
  readonly task: number;
  readonly entry: SweepEntry;
  readonly dimension: number;
  readonly metric: string;
}

export interface Sweep {
  readonly kind: "sweep";
  readonly task: number;
  readonly vectors: Vectors;
  readonly entries: readonly SweepEntry[];
  readonly metric: string;
  readonly k: number;
  readonly queries: number;
}

export type ToSweeper = Check | Sweep;

export type FromSweeper = { readonly task: number } & (
  | {
      readonly kind: "progress";
      readonly progress: JobProgress;
      readonly report: EvaluationReport | undefined;
    }
  | { readonly kind: "answer"; readonly report?: EvaluationReport }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
);
