/** One report of a long job: `done` of `total` units of `phase`. */
export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** What every long call accepts. */
export interface RunOptions {
  /** Aborting rejects with `signal.reason`; what was completed stays valid. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** A long job written once: it yields progress at points where it may be paused or abandoned. */
export type Job<T> = Generator<Progress, T, void>;

/** Runs a job to its end on this thread, reporting as it goes. */
export function runSync<T>(job: Job<T>, { signal, onProgress }: RunOptions = {}): T {
  try {
    for (;;) {
      signal?.throwIfAborted();
      const step = job.next();
      if (step.done) return step.value;
      onProgress?.(step.value);
    }
  } finally {
    job.return(undefined as T);
  }
}

/** Runs a job, giving the event loop a turn about every 12 ms, so that abort takes effect soon. */
export async function runAsync<T>(job: Job<T>, { signal, onProgress }: RunOptions = {}): Promise<T> {
  let last = performance.now();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const step = job.next();
      if (step.done) return step.value;
      onProgress?.(step.value);
      if (performance.now() - last < 12) continue;
      await turn();
      last = performance.now();
    }
  } finally {
    job.return(undefined as T);
  }
}

/** Lets timers, input and abort events run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
