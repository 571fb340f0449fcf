import { randomUUID } from "node:crypto";
import type { Progress } from "../core/index.ts";
import { problemOf, reportUnforeseen } from "./problem.ts";
import type { JobProgress, JobStatus, Problem } from "./protocol.ts";
import { overloaded, Refusal } from "./refusal.ts";

/** A long task; it is to heed the signal and may report as often as it likes, with more than progress if it has more. */
export type Task<T, P extends Progress = Progress> = (run: {
  signal: AbortSignal;
  onProgress: (progress: P) => void;
}) => Promise<T>;

/** How a job stands, as its events tell it. */
export type JobEvent =
  | { readonly event: "progress"; readonly data: JobProgress }
  | { readonly event: "result"; readonly data: unknown }
  | { readonly event: "failed"; readonly data: Problem }
  | { readonly event: "aborted"; readonly data: Record<string, never> };

export interface JobLimits {
  /** Jobs under way at once. */
  running: number;
  /** Finished jobs whose outcome is kept. */
  kept: number;
  /** Milliseconds for which an outcome is kept. */
  keptMs: number;
  /** Milliseconds between two reports of progress. */
  reportMs: number;
}

const JOB_LIMITS: JobLimits = { running: 8, kept: 100, keptMs: 600_000, reportMs: 100 };

interface Job {
  readonly id: string;
  readonly what: string;
  readonly abort: AbortController;
  readonly listeners: Set<(event: JobEvent) => void>;
  progress: JobProgress | undefined;
  outcome: JobEvent | undefined;
  reportedAt: number;
  pending: NodeJS.Timeout | undefined;
  done: Promise<void>;
}

/** What takes long: started here, followed and cancelled by its id, its outcome kept for a while. */
export class Jobs {
  readonly #limits: JobLimits;
  readonly #jobs = new Map<string, Job>();
  #closed = false;

  constructor(limits: Partial<JobLimits> = {}) {
    this.#limits = { ...JOB_LIMITS, ...limits };
  }

  /** Starts a task and names it at once. @throws Refusal OVERLOADED with too many under way */
  start<T, P extends Progress = Progress>(what: string, task: Task<T, P>): string {
    const running = [...this.#jobs.values()].filter((job) => job.outcome === undefined).length;
    if (this.#closed) throw overloaded("The server is closing");
    if (running >= this.#limits.running) throw overloaded(`${running} jobs are under way`);
    const job: Job = {
      id: randomUUID(),
      what,
      abort: new AbortController(),
      listeners: new Set(),
      progress: undefined,
      outcome: undefined,
      reportedAt: Number.NEGATIVE_INFINITY,
      pending: undefined,
      done: Promise.resolve(),
    };
    this.#jobs.set(job.id, job);
    job.done = this.#run(job, task);
    return job.id;
  }

  /** How a job stands. @throws Refusal JOB_UNKNOWN */
  status(id: string): JobStatus {
    const { what, progress, outcome } = this.#find(id);
    const state =
      outcome === undefined ? "running" : (outcome.event as Exclude<JobEvent["event"], "progress">);
    return { job: id, what, state, ...(progress === undefined ? {} : { progress }) };
  }

  list(): JobStatus[] {
    return [...this.#jobs.keys()].map((id) => this.status(id));
  }

  /** Asks a job to stop; one that has ended stays as it ended. @throws Refusal JOB_UNKNOWN */
  cancel(id: string): void {
    this.#find(id).abort.abort();
  }

  /** Hears of a job from where it stands now to its end; returns how to stop listening. */
  follow(id: string, listener: (event: JobEvent) => void): () => void {
    const job = this.#find(id);
    if (job.progress !== undefined) listener({ event: "progress", data: job.progress });
    if (job.outcome !== undefined) {
      listener(job.outcome);
      return () => {};
    }
    job.listeners.add(listener);
    return () => job.listeners.delete(listener);
  }

  /** Resolves with the outcome of a job. */
  async outcome(id: string): Promise<JobEvent> {
    const job = this.#find(id);
    await job.done;
    return job.outcome!;
  }

  /** Stops everything, and waits until all have stopped. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { abort } of this.#jobs.values()) abort.abort();
    await Promise.all([...this.#jobs.values()].map(({ done }) => done));
  }

  #find(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined) {
      throw new Refusal("JOB_UNKNOWN", "There is no such job; outcomes are kept for some minutes only.");
    }
    return job;
  }

  async #run<T, P extends Progress>(job: Job, task: Task<T, P>): Promise<void> {
    // A job that fails at once is still to be found by whoever started it.
    await Promise.resolve();
    const { signal } = job.abort;
    try {
      signal.throwIfAborted();
      const data = await task({ signal, onProgress: (progress) => this.#report(job, progress) });
      this.#end(job, { event: "result", data: data ?? null });
    } catch (error) {
      const problem = problemOf(error);
      if (signal.aborted && problem.status === 500) this.#end(job, { event: "aborted", data: {} });
      else {
        if (problem.status === 500) reportUnforeseen(error);
        this.#end(job, { event: "failed", data: problem });
      }
    }
  }

  /** Tells listeners of progress no more often than is readable; the last report of a pause is not lost. */
  #report(job: Job, progress: Progress): void {
    if (job.outcome !== undefined) return;
    job.progress = progress;
    const wait = job.reportedAt + this.#limits.reportMs - performance.now();
    if (wait <= 0) this.#tellProgress(job);
    else job.pending ??= setTimeout(() => this.#tellProgress(job), wait);
  }

  #tellProgress(job: Job): void {
    clearTimeout(job.pending);
    job.pending = undefined;
    job.reportedAt = performance.now();
    for (const listener of job.listeners) listener({ event: "progress", data: job.progress! });
  }

  #end(job: Job, outcome: JobEvent): void {
    if (job.pending !== undefined) this.#tellProgress(job);
    job.outcome = outcome;
    for (const listener of job.listeners) listener(outcome);
    job.listeners.clear();
    setTimeout(() => this.#jobs.delete(job.id), this.#limits.keptMs).unref();
    const finished = [...this.#jobs.values()].filter((each) => each.outcome !== undefined);
    for (const { id } of finished.slice(0, Math.max(0, finished.length - this.#limits.kept)))
      this.#jobs.delete(id);
  }
}
