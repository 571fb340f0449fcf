import { availableParallelism } from "node:os";
import { parentPort, SHARE_ENV, Worker } from "node:worker_threads";
import type { WorkerEvents, WorkerHandle, WorkerPort } from "./workers.ts";

/** Whether threads over shared memory can be started here. */
export function threadsSupported(): boolean {
  return typeof SharedArrayBuffer === "function";
}

/** Threads that can run at once. */
export function processorCount(): number {
  return availableParallelism();
}

/** Starts a worker that calls the function whose source text is given with its {@link WorkerPort}. */
export function spawnWorker(main: string, events: WorkerEvents): WorkerHandle {
  const code = `${main}(require("node:worker_threads").parentPort);`;
  return adoptWorker(new Worker(code, { eval: true, execArgv: [], env: SHARE_ENV }), events);
}

/** A handle to a Worker of node:worker_threads made by a caller. */
export function adoptWorker(worker: unknown, events: WorkerEvents): WorkerHandle {
  const made = worker as Worker;
  made.on("message", (data) => events.onMessage(data));
  made.on("error", (error) => events.onFailure(String(error)));
  made.on("exit", (code) => events.onFailure(`it ended with code ${code}`));
  return {
    post: (message) => made.postMessage(message),
    terminate: () => void made.terminate(),
    keepAlive: (alive) => (alive ? made.ref() : made.unref()),
  };
}

/** This thread's port to the one that started it; null on the main thread. */
export function workerPort(): WorkerPort | null {
  return parentPort as WorkerPort | null;
}
