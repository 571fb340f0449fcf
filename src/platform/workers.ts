/** What a worker tells the thread that started it. */
export interface WorkerEvents {
  onMessage(data: unknown): void;
  /** The worker failed outside its own error handling, or ended. */
  onFailure(why: string): void;
}

/** A running worker, whatever the runtime calls its methods. */
export interface WorkerHandle {
  post(message: unknown): void;
  terminate(): void;
  /** Lets the process end while the worker waits (false), or not (true). */
  keepAlive(alive: boolean): void;
}

/** The far end, inside a worker: `self`, or the parent's port in Node. */
export interface WorkerPort {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
}
