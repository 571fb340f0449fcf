import type { RunOptions } from "../core/index.ts";

/** Whatever starts jobs: see {@link Jobs}. */
export interface JobStarter {
  start<T>(what: string, task: (run: Required<RunOptions>) => Promise<T>): string;
}

/** Something that is being made: the job that does it, and what comes of it. */
export interface Making<T> {
  readonly job: string;
  readonly done: Promise<T>;
}

export interface MadeOptions<T> {
  /** What may be kept in all; the least recently used goes first. */
  most: number;
  /** So many, those used last, are kept whatever their size; default 1. */
  least?: number;
  /** What one thing counts for. */
  size(value: T): number;
  drop?(value: T): void;
}

/**
 * Things that take long to make, each made once by a job however many ask for it, and kept while there is room.
 */
export class Made<T> {
  readonly #jobs: JobStarter;
  readonly #options: MadeOptions<T>;
  /** In the order of their last use. */
  readonly #kept = new Map<string, T>();
  readonly #making = new Map<string, Making<T>>();

  constructor(jobs: JobStarter, options: MadeOptions<T>) {
    this.#jobs = jobs;
    this.#options = options;
  }

  /** What is kept under that name; counts as a use. */
  get(name: string): T | undefined {
    const value = this.#kept.get(name);
    if (value === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, value);
    return value;
  }

  /** Starts to make it, or joins those who wait for it already. */
  make(name: string, what: string, task: (run: Required<RunOptions>) => Promise<T>): Making<T> {
    const known = this.#making.get(name);
    if (known !== undefined) return known;
    const { promise, resolve, reject } = settleable<T>();
    const job = this.#jobs.start(what, async (run) => {
      try {
        const value = await task(run);
        this.#keep(name, value);
        resolve(value);
      } catch (error) {
        reject(error);
        throw error;
      } finally {
        this.#making.delete(name);
      }
      return null;
    });
    const making = { job, done: promise };
    this.#making.set(name, making);
    return making;
  }

  /** Lets go of everything kept. */
  clear(): void {
    for (const value of this.#kept.values()) this.#options.drop?.(value);
    this.#kept.clear();
  }

  #keep(name: string, value: T): void {
    const { most, least = 1, size, drop } = this.#options;
    this.#kept.set(name, value);
    let total = [...this.#kept.values()].reduce((sum, each) => sum + size(each), 0);
    for (const [other, each] of this.#kept) {
      if (total <= most || this.#kept.size <= least) return;
      this.#kept.delete(other);
      total -= size(each);
      drop?.(each);
    }
  }
}

/** A promise and what settles it; whoever does not wait for it need not hear of its failure. */
function settleable<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** What comes of it if that is soon; otherwise, or when it is cancelled, undefined for an answer that names the job. */
export async function soon<T>({ done }: Making<T>, milliseconds = 250): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([done, late]);
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
