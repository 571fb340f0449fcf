import type { Evaluation, IndexResult } from "./evaluate.ts";
import type { Point } from "./sweep.ts";

/** What `vicinal eval --json` prints, as schema/cli.schema.json has it. */
export interface EvaluationReport {
  readonly dataset: Evaluation["dataset"];
  readonly results: readonly ResultReport[];
}

export interface ResultReport extends Pick<IndexResult, "index" | "buildSeconds" | "bytes"> {
  readonly points: readonly PointReport[];
  readonly chosen?: PointReport;
}

export type PointReport = Pick<Point, "params" | "recall" | "qps" | "p50Ms" | "p99Ms" | "batchQps">;

/** An evaluation in its frozen form, without what other versions may measure otherwise. */
export function evaluationReport({ dataset, results }: Evaluation): EvaluationReport {
  return {
    dataset,
    results: results.map(({ index, buildSeconds, bytes, points, chosen }) => ({
      index,
      buildSeconds,
      bytes,
      points: points.map(pointReport),
      ...(chosen === undefined ? {} : { chosen: pointReport(chosen) }),
    })),
  };
}

function pointReport({ params, recall, qps, p50Ms, p99Ms, batchQps }: Point): PointReport {
  return { params, recall, qps, p50Ms, p99Ms, ...(batchQps === undefined ? {} : { batchQps }) };
}
