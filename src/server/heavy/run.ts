import { Worker } from "node:worker_threads";
import { type ErrorCode, type Progress, type RunOptions, VicinalError } from "../../core/index.ts";
import { HEAVY_TASKS, type HeavyInput, type HeavyName, type HeavyOutput, type HeavyTask } from "./tasks.ts";

/** What the thread says. */
export type HeavyMessage =
  | { readonly progress: Progress }
  | { readonly result: unknown }
  | { readonly failed: { readonly message: string; readonly code?: string; readonly params?: unknown } };

/** Compiled, the thread's program lies beside this file; sources can only run where they are. */
const PROGRAM = import.meta.url.endsWith(".js") ? new URL("./main.js", import.meta.url) : undefined;

/**
 * Runs a task on a thread of its own, so that the server answers meanwhile; an abort ends the thread at once. Threads
 * take no part where the library runs from its sources, as in its tests.
 */
export async function runHeavy<N extends HeavyName>(
  name: N,
  input: HeavyInput<N>,
  run: RunOptions,
): Promise<HeavyOutput<N>> {
  run.signal?.throwIfAborted();
  if (PROGRAM === undefined) {
    const task = HEAVY_TASKS[name] as HeavyTask<HeavyInput<N>, HeavyOutput<N>>;
    return task(input, run);
  }
  return onThread(new Worker(PROGRAM, { workerData: { name, input } }), run) as Promise<HeavyOutput<N>>;
}

function onThread(worker: Worker, { signal, onProgress }: RunOptions): Promise<unknown> {
  let stop = (): void => {};
  return new Promise<unknown>((resolve, reject) => {
    stop = () => reject(signal!.reason);
    signal?.addEventListener("abort", stop);
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`A thread of the server ended with code ${code}.`)));
    worker.on("message", (message: HeavyMessage) => {
      if ("progress" in message) onProgress?.(message.progress);
      else if ("result" in message) resolve(message.result);
      else reject(errorOf(message.failed));
    });
  }).finally(() => {
    signal?.removeEventListener("abort", stop);
    void worker.terminate();
  });
}

/** The error as it was thrown there. */
function errorOf({ message, code, params }: Extract<HeavyMessage, { failed: unknown }>["failed"]): Error {
  return code === undefined ? new Error(message) : new VicinalError(code as ErrorCode, params as never);
}
