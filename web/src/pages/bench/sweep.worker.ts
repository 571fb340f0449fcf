import { isVicinalError, matrix, parseMetric } from "vicinal/core";
import { checkEntry, type Evaluation, evaluationReport, sweepHeldOut } from "vicinal/evaluate";
import type { Check, FromSweeper, Sweep, ToSweeper } from "./messages.ts";

// Measures in the page, where there is no server to do it; ended by terminating it.

/** Milliseconds that passes over the queries may take for one setting: a reader waits for all of them. */
const BUDGET = 1500;

const say = (message: FromSweeper): void => postMessage(message);

addEventListener("message", async ({ data }: MessageEvent<ToSweeper>) => {
  const { task } = data;
  try {
    if (data.kind === "check") check(data);
    const report = data.kind === "sweep" ? await sweep(data) : undefined;
    say({ kind: "answer", task, ...(report && { report }) });
  } catch (error) {
    const code = isVicinalError(error) ? error.code : "INTERNAL";
    say({ kind: "failed", task, code, message: error instanceof Error ? error.message : String(error) });
  }
});

function check({ entry, dimension, metric }: Check): void {
  checkEntry(entry, matrix(new Float32Array(dimension), dimension), parseMetric(metric));
}

async function sweep({ task, vectors, entries, metric, k, queries }: Sweep) {
  const { data, rows, columns } = vectors;
  let last: Evaluation | undefined;
  const found = await sweepHeldOut(matrix(data, columns, rows), entries, {
    metric: parseMetric(metric),
    k,
    queries,
    budgetMs: BUDGET,
    onReport: (report) => {
      last = report;
    },
    onProgress: (progress) =>
      say({ kind: "progress", task, progress, report: last && evaluationReport(last) }),
  });
  return evaluationReport(found);
}
