import { type Job, type RunOptions, turn, VicinalError, wholeNumber } from "../core/index.ts";
import type { Engine } from "./engine.ts";
import type { ExportName } from "./exports.ts";
import { acquirePool, threadsAvailable } from "./pool.ts";

/**
 * A piece of work for one thread or several: `engine.exports[fn](scratch, ...args, begin, end)` for chunks of
 * 0 … total. Items are independent, so the outcome does not depend on who does which. A task of no items only lets
 * the event loop have a turn.
 */
export interface Task {
  readonly fn: ExportName;
  /** Scratch struct of each thread. */
  readonly scratch: readonly number[];
  readonly args: readonly number[];
  readonly total: number;
  readonly chunk: number;
  readonly phase: string;
  /** What the progress report says before and after this task. */
  readonly done: number;
  readonly of: number;
  /** What the task as a whole adds to `done`; default `total`. */
  readonly adds?: number;
}

/** Work as a sequence of tasks; each is finished before the next is asked for. */
export type Tasks<T> = Generator<Task, T, void>;

/** Runs tasks on this thread. */
export function* here<T>(engine: Engine, tasks: Tasks<T>): Job<T> {
  try {
    for (;;) {
      const step = tasks.next();
      if (step.done) return step.value;
      const { fn, scratch, args, total, chunk, phase, done, of, adds = total } = step.value;
      const call = engine.exports[fn] as (...values: number[]) => unknown;
      for (let begin = 0; begin < total; begin += chunk) {
        const end = Math.min(begin + chunk, total);
        try {
          call(scratch[0]!, ...args, begin, end);
        } catch (cause) {
          throw new VicinalError("TRAPPED", { what: phase }, { cause });
        }
        yield { phase, done: Math.min(of, done + Math.floor((adds * end) / total)), total: of };
      }
      if (total === 0) yield { phase, done, total: of };
    }
  } finally {
    tasks.return(undefined as T);
  }
}

/** Runs tasks on worker threads; the engine's memory is shared. */
export async function onThreads<T>(
  engine: Engine,
  tasks: Tasks<T>,
  threads: number,
  { signal, onProgress }: RunOptions,
): Promise<T> {
  const pool = await acquirePool(engine, threads);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const step = tasks.next();
      if (step.done) return step.value;
      const { fn, scratch, args, total, chunk, phase, done, of, adds = total } = step.value;
      if (total > 0) await pool.run({ fn, scratch, args, total, chunk }, { signal });
      else await turn();
      onProgress?.({ phase, done: Math.min(of, done + adds), total: of });
    }
  } finally {
    tasks.return(undefined as T);
  }
}

/** Lets workers start while this thread prepares what they will do; {@link onThreads} meets the failure, if any. */
export function startThreads(engine: Engine, threads: number): void {
  void acquirePool(engine, threads);
}

/** The number of worker threads to use: what was asked for, or one where memory cannot be shared. */
export function usableThreads(asked: number | undefined): number {
  if (asked !== undefined) wholeNumber("threads", asked, 1, 1024);
  return asked !== undefined && asked > 1 && threadsAvailable() ? asked : 1;
}
