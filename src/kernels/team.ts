import { adoptWorker, spawnWorker, threadsSupported } from "#platform";
import { VicinalError } from "../core/errors.ts";
import { wholeNumber } from "../core/options.ts";
import type { WorkerHandle } from "../platform/workers.ts";
import type { Engine } from "./engine.ts";
import type { BuildExports, Ptr } from "./exports.ts";
import { sharable } from "./modules.ts";
import { workerFactory } from "./pool.ts";
import type { Program } from "./program.ts";
import { type ServeMessage, teamMain } from "./team-main.ts";

/** Bytes of a team's control block, which belongs to it alone. */
export const TEAM_BYTES = 512;

/**
 * The control block, in i32: the gate; the next chunk; total, chunk, function and number of arguments of the
 * job; whether a member failed; how many members are up. Arguments lie as f64 from byte 64 on, scratch addresses of threads from i32 64.
 */
const TEAM = {
  gate: 0,
  next: 1,
  total: 2,
  chunk: 3,
  fn: 4,
  count: 5,
  failed: 6,
  up: 7,
  scratch: 64,
} as const;
const MOST_ARGUMENTS = 24;
const MOST_THREADS = 64;

/** The gate: the number of members at work in its low byte, then whether it is closed, then the job's number. */
const CLOSED = 256;
const INSIDE = 255;
const NEXT_JOB = 512;

/** A member that has not finished a chunk of some milliseconds by then never will. */
const LOST_MS = 30_000;
/** Looks at the gate before the caller sleeps or asks for the time: some ten microseconds. */
const SPINS = 5000;

/** Whether this thread may sleep: a browser's main thread may not, and looks all the time instead. */
function maySleep(shared: Int32Array): boolean {
  try {
    Atomics.wait(shared, TEAM.count, Atomics.load(shared, TEAM.count) + 1);
    return true;
  } catch {
    return false;
  }
}

/**
 * Threads that work on one job together while the caller works too and waits for the end: fork and join without a
 * turn of the event loop. Members join as they start; until then, and where they cannot be started, the caller
 * does all of it. Chunks write to places of their own, so the results are the same.
 */
export class Team<E extends BuildExports = BuildExports> {
  readonly #engine: Engine<E>;
  readonly #control: Ptr;
  readonly #shared: Int32Array;
  readonly #numbers: Float64Array;
  readonly #names: readonly string[];
  readonly #numberOf: ReadonlyMap<string, number>;
  readonly #sleeps: boolean;
  readonly #lostAfterMs: number;
  #members: WorkerHandle[] = [];
  #closed = false;

  /**
   * Starts threads − 1 workers over the engine's shared memory, whose control block lies at `control`. Throws
   * UNSUPPORTED where threads cannot be had.
   */
  constructor(engine: Engine<E>, threads: number, control: Ptr, lostAfterMs: number = LOST_MS) {
    this.#lostAfterMs = lostAfterMs;
    wholeNumber("threads", threads, 1, MOST_THREADS);
    if (!engine.shared || !threadsAvailable(engine.program)) {
      throw new VicinalError("UNSUPPORTED", {
        what: "A team of threads",
        rule: "it needs shared memory and, in a browser, a cross-origin isolated page; use threads: 1",
      });
    }
    this.#engine = engine;
    this.#control = control;
    const { module, memory } = engine.shareable;
    this.#shared = new Int32Array(memory.buffer, control, TEAM_BYTES / 4);
    this.#numbers = new Float64Array(memory.buffer, control + 64, MOST_ARGUMENTS);
    this.#names = WebAssembly.Module.exports(module).map(({ name }) => name);
    this.#numberOf = new Map(this.#names.map((name, i) => [name, i]));
    this.#sleeps = maySleep(this.#shared);
    Atomics.store(this.#shared, TEAM.gate, CLOSED);
    engine.onDispose(() => this.dispose());
    for (let thread = 1; thread < threads; thread++) this.#members.push(this.#start(thread));
  }

  /** Threads at hand, the caller among them: members join as they start. */
  get threads(): number {
    return 1 + Atomics.load(this.#shared, TEAM.up);
  }

  /**
   * Calls `fn(scratch[thread], ...args, begin, end)` for chunks of 0 … total − 1, and returns when all are done.
   *
   * @throws VicinalError TRAPPED when a chunk failed or a thread was lost: the memory is not to be trusted, the team is closed
   */
  run(fn: string, scratch: readonly Ptr[], args: readonly number[], total: number, chunk: number): void {
    if (this.#closed) throw new VicinalError("CLOSED", { what: "The team of threads" });
    const call = this.#engine.exports[fn as keyof E] as unknown as (...args: number[]) => unknown;
    if (total <= chunk || this.#members.length === 0) {
      for (let begin = 0; begin < total; begin += chunk)
        call(scratch[0]!, ...args, begin, Math.min(begin + chunk, total));
      return;
    }
    const shared = this.#shared;
    this.#numbers.set(args);
    shared.set([0, total, chunk, this.#numberOf.get(fn)!, args.length], TEAM.next);
    shared.set(scratch, TEAM.scratch);
    // What was written before is seen by whoever sees the gate open.
    const before = Atomics.load(shared, TEAM.gate);
    Atomics.store(shared, TEAM.gate, (before + NEXT_JOB) & ~CLOSED & ~INSIDE);
    Atomics.notify(shared, TEAM.gate);
    let failure: unknown;
    try {
      for (;;) {
        const begin = Atomics.add(shared, TEAM.next, 1) * chunk;
        if (begin >= total) break;
        call(scratch[0]!, ...args, begin, Math.min(begin + chunk, total));
      }
    } catch (error) {
      failure = error;
      Atomics.store(shared, TEAM.next, 0x3fffffff);
    }
    Atomics.or(shared, TEAM.gate, CLOSED);
    const lost = !this.#wait();
    if (failure !== undefined || lost || Atomics.load(shared, TEAM.failed) !== 0)
      this.#fail(fn, failure, lost);
  }

  /** Ends the threads. */
  dispose(): void {
    this.#closed = true;
    for (const member of this.#members) member.terminate();
    this.#members = [];
  }

  /** Until nobody is inside any more; false when somebody never comes out. */
  #wait(): boolean {
    const shared = this.#shared;
    for (let i = 0; i < SPINS; i++) if ((Atomics.load(shared, TEAM.gate) & INSIDE) === 0) return true;
    const end = performance.now() + this.#lostAfterMs;
    for (;;) {
      const gate = Atomics.load(shared, TEAM.gate);
      if ((gate & INSIDE) === 0) return true;
      if (performance.now() > end) return false;
      if (this.#sleeps) Atomics.wait(shared, TEAM.gate, gate, this.#lostAfterMs);
    }
  }

  #fail(fn: string, cause: unknown, lost: boolean): never {
    this.dispose();
    const why = lost ? new Error(`a thread did not answer within ${this.#lostAfterMs / 1000} s`) : cause;
    throw new VicinalError("TRAPPED", { what: `${fn} in a team of threads` }, { cause: why });
  }

  #start(thread: number): WorkerHandle {
    const factory = workerFactory();
    // A worker that does not start, or ends at rest, is not missed: the others do its work.
    const events = { onMessage: () => undefined, onFailure: () => undefined };
    const handle = factory ? adoptWorker(factory(), events) : spawnWorker(teamSource(), events);
    handle.keepAlive(false);
    const { module, memory } = this.#engine.shareable;
    const message: ServeMessage = {
      ...{ type: "serve", module, memory, control: this.#control, thread, names: this.#names },
    };
    handle.post(message);
    return handle;
  }
}

/** Whether a program can run on several threads here. */
export function threadsAvailable(program: Program): boolean {
  return threadsSupported() && sharable(program);
}

/** Text of the members' program; see workerSource in pool.ts. */
function teamSource(): string {
  return `const __name = (f) => f;(${teamMain.toString()})`;
}
