import type { EvaluationReport, SweepEntry } from "vicinal/evaluate";
import type { SweepProgress, SweepReport, SweepRequest } from "../../../../src/server/protocol.ts";
import { type Source, SourceError } from "../../client/index.ts";
import type { FromSweeper, ToSweeper } from "./messages.ts";

type WithoutTask<M> = M extends unknown ? Omit<M, "task"> : never;

interface Sweeping {
  readonly signal: AbortSignal;
  onProgress(progress: SweepProgress): void;
}

/** Runs a sweep where the reader's source says: by the server, or by a worker of the page. */
export async function runSweep(source: Source, request: SweepRequest, run: Sweeping): Promise<SweepReport> {
  if (source.engine === "server") {
    return source.run<SweepReport>("sweeps", request, run);
  }
  const { set, feature, metric, k, queries, indexes } = request;
  const vectors = await source.vectors(set, feature, run);
  const sweep = { kind: "sweep", vectors, entries: indexes, metric, k, queries } as const;
  return (await ask(startWorker(), sweep, run, true))!;
}

let checker: Worker | undefined;

/**
 * Whether an index can be measured; the library itself says, in a worker that is kept.
 *
 * @throws SourceError with the library's code
 */
export async function checkInPage(entry: SweepEntry, dimension: number, metric: string): Promise<void> {
  checker ??= startWorker();
  await ask(checker, { kind: "check", entry, dimension, metric }, {}, false);
}

function startWorker(): Worker {
  return new Worker(new URL("./sweep.worker.ts", import.meta.url), { type: "module" });
}

let tasks = 0;

function ask(
  worker: Worker,
  message: WithoutTask<ToSweeper>,
  { signal, onProgress }: Partial<Sweeping>,
  isLast: boolean,
): Promise<EvaluationReport | undefined> {
  const task = ++tasks;
  return new Promise<EvaluationReport | undefined>((resolve, reject) => {
    const listen = ({ data }: MessageEvent<FromSweeper>): void => {
      if (data.task !== task) return;
      if (data.kind === "progress") {
        const { progress, report } = data;
        onProgress?.({ ...progress, ...(report && { report }) });
        return;
      }
      worker.removeEventListener("message", listen);
      if (data.kind === "answer") resolve(data.report);
      else reject(new SourceError(data.code, data.message));
    };
    worker.addEventListener("message", listen);
    worker.addEventListener("error", () =>
      reject(new SourceError("INTERNAL", "The page's engine could not start.")),
    );
    signal?.addEventListener("abort", () => reject(signal.reason));
    signal?.throwIfAborted();
    worker.postMessage({ ...message, task });
  }).finally(() => {
    if (isLast) worker.terminate();
  });
}
