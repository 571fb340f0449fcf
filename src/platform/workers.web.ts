import type { WorkerEvents, WorkerHandle, WorkerPort } from "./workers.ts";

/** Whether threads over shared memory can be started here: the page must be cross-origin isolated. */
export function threadsSupported(): boolean {
  return (
    typeof SharedArrayBuffer === "function" &&
    typeof Worker === "function" &&
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false
  );
}

/** Threads that can run at once. */
export function processorCount(): number {
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** Starts a worker that calls the function whose source text is given with its {@link WorkerPort}. */
export function spawnWorker(main: string, events: WorkerEvents): WorkerHandle {
  const url = URL.createObjectURL(new Blob([`${main}(self);`], { type: "text/javascript" }));
  const release = (): void => URL.revokeObjectURL(url);
  return adoptWorker(new Worker(url), {
    onMessage: (data) => {
      release();
      events.onMessage(data);
    },
    onFailure: (why) => {
      release();
      events.onFailure(why);
    },
  });
}

/** A handle to a Worker made by a caller. */
export function adoptWorker(worker: unknown, events: WorkerEvents): WorkerHandle {
  const made = worker as Worker;
  made.addEventListener("message", (event) => events.onMessage(event.data));
  made.addEventListener("messageerror", () => events.onFailure("a message could not be read"));
  made.addEventListener("error", (event) => events.onFailure(event.message || "it could not be started"));
  return {
    post: (message) => made.postMessage(message),
    terminate: () => made.terminate(),
    keepAlive: () => undefined,
  };
}

/** This thread's port to the one that started it; null on the main thread. */
export function workerPort(): WorkerPort | null {
  return typeof document === "undefined" ? (globalThis as unknown as WorkerPort) : null;
}
