import { adoptWorker, spawnWorker, threadsSupported } from "#platform";
import { VicinalError } from "../core/errors.ts";
import { wholeNumber } from "../core/options.ts";
import { type Job, type RunOptions, runAsync } from "../core/progress.ts";
import type { WorkerHandle } from "../platform/workers.ts";
import type { Engine } from "./engine.ts";
import type { ExportName, Ptr } from "./exports.ts";
import { sharable } from "./modules.ts";
import { type JoinMessage, type ReplyMessage, type WorkMessage, workerMain } from "./worker-main.ts";

/**
 * Work on items 0 … total − 1, cut into chunks that threads take one after another. For each chunk
 * `fn(scratch[thread], ...args, begin, end)` is called; which thread takes which chunk is left to chance, so
 * chunks must write to places of their own.
 */
export interface PoolJob {
  readonly fn: ExportName;
  readonly args: readonly number[];
  readonly total: number;
  /** Items a call, so many that a call takes about a millisecond. */
  readonly chunk: number;
  /** One address for each thread that may take part, as `fn` wants it (0 if it wants none). */
  readonly scratch: readonly Ptr[];
  /** Name of the work in progress reports; default `fn`. */
  readonly phase?: string;
}

export interface PoolOptions {
  /** Makes a worker that runs `vicinal/worker`, where workers from source text are forbidden; default: init's. */
  workerFactory?: () => unknown;
}

let givenFactory: (() => unknown) | undefined;

/** Makes this the factory of pools that get none; undefined: workers from source text. @internal */
export function useWorkerFactory(next: (() => unknown) | undefined): void {
  givenFactory = next;
}

/** The factory that init was given, if any. @internal */
export function workerFactory(): (() => unknown) | undefined {
  return givenFactory;
}

/** Two i32 below the first address of an engine's contents: see WorkMessage. */
const CONTROL = 64;
const POLL_MS = 50;
/** A worker silent for so long runs something else; starting one takes some 50 ms. */
const JOIN_MS = 30_000;

/** Whether this runtime, with the module given to init, can run jobs on several threads; else use {@link runHere}, with the same results. */
export function threadsAvailable(): boolean {
  return threadsSupported() && sharable();
}

interface Member {
  readonly handle: WorkerHandle;
  /** Takes the reply to the message sent last. */
  settle: ((reply: ReplyMessage) => void) | undefined;
  /** Why it is gone, once it is. */
  ended: string | undefined;
}

/** Workers over one engine's shared memory. The main thread never blocks, and runs one job at a time. */
export class WorkerPool {
  readonly #engine: Engine;
  readonly #factory: (() => unknown) | undefined;
  #members: Member[] = [];
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(engine: Engine, factory: (() => unknown) | undefined) {
    this.#engine = engine;
    this.#factory = factory;
    engine.onDispose(() => this.dispose());
  }

  /** A pool of that many threads. Throws UNSUPPORTED where threads cannot be started or memory is not shared. */
  static async create(engine: Engine, threads: number, options: PoolOptions = {}): Promise<WorkerPool> {
    if (!engine.shared || !threadsAvailable()) {
      throw new VicinalError("UNSUPPORTED", {
        what: "A worker pool",
        rule: "it needs a shared engine and, in a browser, a cross-origin isolated page; work on one thread",
      });
    }
    const pool = new WorkerPool(engine, options.workerFactory ?? givenFactory);
    try {
      await pool.enlarge(threads);
    } catch (error) {
      pool.dispose();
      throw error;
    }
    return pool;
  }

  get threads(): number {
    return this.#members.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Starts workers until there are that many. Throws UNSUPPORTED when one cannot be started. */
  async enlarge(threads: number): Promise<void> {
    wholeNumber("threads", threads, 1, 1024);
    this.#requireOpen();
    const join: JoinMessage = { type: "join", ...this.#engine.shareable };
    const added: Member[] = [];
    const tooLate = setTimeout(() => {
      const why = `no answer in ${JOIN_MS / 1000} s; does its file run vicinal/worker?`;
      for (const member of added) member.settle?.({ type: "failed", why });
    }, JOIN_MS);
    try {
      while (this.threads + added.length < threads) added.push(this.#start());
      const replies = await Promise.all(added.map((member) => ask(member, join)));
      for (const reply of replies) if (reply.type === "failed") throw new Error(reply.why);
      this.#requireOpen();
    } catch (error) {
      for (const { handle } of added) handle.terminate();
      this.#requireOpen();
      throw new VicinalError(
        "UNSUPPORTED",
        {
          what: "Starting a worker thread",
          rule: `it failed (${String(error)}); pass init({ workerFactory }), or use one thread`,
        },
        { cause: error },
      );
    } finally {
      clearTimeout(tooLate);
    }
    this.#members.push(...added);
  }

  /**
   * Runs a job to its end, after those asked for before. Abort takes effect between chunks and rejects with
   * the signal's reason once all threads rest.
   *
   * @throws VicinalError TRAPPED when a chunk failed: the memory is not to be trusted, the pool is closed
   */
  run(job: PoolJob, options: RunOptions = {}): Promise<void> {
    checkJob(this.#engine, job);
    const turn = this.#last.then(() => this.#runNow(job, options));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the threads; a job under way is rejected with CLOSED. */
  dispose(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const member of this.#members) {
      member.ended ??= "the pool was closed";
      member.handle.terminate();
      member.settle?.({ type: "failed", why: member.ended });
    }
    this.#members = [];
  }

  #requireOpen(): void {
    if (this.#closed) throw new VicinalError("CLOSED", { what: "The worker pool" });
  }

  #start(): Member {
    const member: Partial<Member> = { settle: undefined, ended: undefined };
    const events = {
      onMessage: (data: unknown) => member.settle?.(data as ReplyMessage),
      onFailure: (why: string) => {
        member.ended ??= why;
        member.settle?.({ type: "failed", why });
      },
    };
    const handle = this.#factory ? adoptWorker(this.#factory(), events) : spawnWorker(workerSource(), events);
    return Object.assign(member, { handle }) as Member;
  }

  async #runNow(job: PoolJob, { signal, onProgress }: RunOptions): Promise<void> {
    this.#requireOpen();
    signal?.throwIfAborted();
    if (job.total === 0) return;
    const { fn, args, total, chunk, scratch } = job;
    const control = new Int32Array(this.#engine.shareable.memory.buffer, CONTROL, 2);
    control.fill(0);
    const stop = (): void => void Atomics.store(control, 1, 1);
    const report = (): void => {
      const done = Math.min(total, Atomics.load(control, 0) * chunk);
      onProgress?.({ phase: job.phase ?? fn, done, total });
    };

    signal?.addEventListener("abort", stop);
    const timer = onProgress === undefined ? undefined : setInterval(report, POLL_MS);
    try {
      const team = this.#members.slice(0, scratch.length);
      const work = { type: "work", fn, args, total, chunk, control: CONTROL } as const;
      const replies = await Promise.all(
        team.map(async (member, i) => {
          const reply = await ask(member, { ...work, scratch: scratch[i]! });
          if (reply.type === "failed") stop();
          return reply;
        }),
      );
      const failed = replies.find((reply) => reply.type === "failed");
      if (failed !== undefined) this.#fail(fn, failed.why);
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", stop);
    }
    signal?.throwIfAborted();
    if (onProgress !== undefined) report();
  }

  #fail(fn: string, why: string): never {
    this.#requireOpen();
    this.dispose();
    throw new VicinalError("TRAPPED", { what: `${fn} in a worker thread` }, { cause: new Error(why) });
  }
}

/** Text of a function for {@link spawnWorker}. Some bundlers mark functions by a helper not there in a worker. */
function workerSource(): string {
  return `const __name = (f) => f;(${workerMain.toString()})`;
}

/** Sends a message and resolves with the reply, or with a failure when the worker is or becomes lost. */
function ask(member: Member, message: JoinMessage | WorkMessage): Promise<ReplyMessage> {
  return new Promise((resolve) => {
    member.handle.keepAlive(true);
    member.settle = (reply) => {
      member.settle = undefined;
      member.handle.keepAlive(false);
      resolve(reply);
    };
    if (member.ended !== undefined) member.settle({ type: "failed", why: member.ended });
    else member.handle.post(message);
  });
}

function checkJob(engine: Engine, { fn, total, chunk, scratch }: PoolJob): void {
  if (typeof engine.exports[fn] !== "function") {
    throw new VicinalError("BAD_INPUT", { what: "job", got: `"${fn}"`, rule: "the name of an export" });
  }
  wholeNumber("total", total, 0, 0x7fffffff);
  wholeNumber("chunk", chunk, 1, 0x7fffffff);
  if (scratch.length === 0) {
    throw new VicinalError("BAD_INPUT", {
      what: "scratch",
      got: "empty",
      rule: "one address for each thread",
    });
  }
}

/** The chunks of a job on this thread, in order, as steps that may be paused. Throws TRAPPED. */
export function* jobSteps(engine: Engine, job: PoolJob): Job<void> {
  checkJob(engine, job);
  const { fn, args, total, chunk, scratch, phase = fn } = job;
  for (let begin = 0; begin < total; begin += chunk) {
    const end = Math.min(begin + chunk, total);
    const run = engine.exports[fn] as (...args: number[]) => unknown;
    try {
      run(scratch[0]!, ...args, begin, end);
    } catch (error) {
      throw new VicinalError("TRAPPED", { what: fn }, { cause: error });
    }
    yield { phase, done: end, total };
  }
}

/** Runs a job on this thread, with the results a pool would give. */
export function runHere(engine: Engine, job: PoolJob, options?: RunOptions): Promise<void> {
  return runAsync(jobSteps(engine, job), options);
}

const pools = new WeakMap<Engine, Promise<WorkerPool>>();

/** The pool of an engine, with at least that many threads; ends with the engine. */
export function acquirePool(engine: Engine, threads: number, options?: PoolOptions): Promise<WorkerPool> {
  const before = pools.get(engine);
  const next =
    before === undefined
      ? WorkerPool.create(engine, threads, options)
      : before.then(
          async (pool) => {
            if (pool.closed) return WorkerPool.create(engine, threads, options);
            if (pool.threads < threads) await pool.enlarge(threads);
            return pool;
          },
          () => WorkerPool.create(engine, threads, options),
        );
  pools.set(engine, next);
  next.catch(() => {
    // What failed is not kept: an enlarged pool stays as it was.
    if (pools.get(engine) !== next) return;
    if (before === undefined) pools.delete(engine);
    else pools.set(engine, before);
  });
  return next;
}

/**
 * Runs a job on up to `threads` threads: in the engine's pool when it is shared and threads can be had, else
 * here. The results are the same.
 */
export async function runThreads(
  engine: Engine,
  job: PoolJob,
  threads: number,
  options: RunOptions & PoolOptions = {},
): Promise<void> {
  const { workerFactory, ...run } = options;
  const wanted = Math.min(threads, job.scratch.length);
  if (wanted <= 1 || !engine.shared || !threadsAvailable()) return runHere(engine, job, run);
  const pool = await acquirePool(engine, wanted, { workerFactory });
  return pool.run({ ...job, scratch: job.scratch.slice(0, wanted) }, run);
}
