import { isVicinalError, type Progress } from "../../core/index.ts";
import type { ServerLimits } from "../limits.ts";
import { problemOf } from "../problem.ts";
import { Refusal } from "../refusal.ts";
import { breathe } from "./breathe.ts";
import type { Cell } from "./cell.ts";
import type { Failure, FromThread, Post, ToThread, Transferable } from "./messages.ts";
import { OPERATIONS } from "./operations.ts";

/** Milliseconds between two reports of progress to the other side. */
const REPORT_MS = 50;

interface Held {
  readonly cell: Cell;
  /** Calls under way. */
  active: number;
}

/** What an operation may use of the thread it runs in. */
export interface Run {
  readonly signal: AbortSignal;
  readonly limits: Readonly<ServerLimits>;
  onProgress(progress: Progress): void;
  /** Listed things are given away with the answer. */
  give(transfer: Transferable): void;
}

/** The indexes of one thread, and the calls on them. */
export class Host {
  readonly #post: Post<FromThread>;
  readonly #limits: Readonly<ServerLimits>;
  readonly #cells = new Map<number, Held>();
  readonly #calls = new Map<number, AbortController>();
  #next = 1;

  constructor(post: Post<FromThread>, limits: Readonly<ServerLimits>) {
    this.#post = post;
    this.#limits = limits;
  }

  hear(message: ToThread): void {
    if ("cancel" in message) this.#calls.get(message.cancel)?.abort();
    else void this.#answer(message.call, message.operation, message.given);
  }

  /** Keeps an index and names it. */
  keep(cell: Cell): number {
    const id = this.#next++;
    this.#cells.set(id, { cell, active: 0 });
    return id;
  }

  /** Uses an index; it is not closed meanwhile. */
  async use<T>(id: number, work: (cell: Cell) => Promise<T> | T): Promise<T> {
    const held = this.#cells.get(id);
    if (held === undefined) throw new Refusal("COLLECTION_UNKNOWN", "The collection was deleted meanwhile.");
    held.active++;
    try {
      return await work(held.cell);
    } finally {
      held.active--;
    }
  }

  /** Closes an index as soon as nothing uses it. */
  async close(id: number): Promise<void> {
    const held = this.#cells.get(id);
    if (held === undefined) return;
    this.#cells.delete(id);
    while (held.active > 0) await breathe();
    held.cell.close();
  }

  async #answer(call: number, operation: string, given: unknown): Promise<void> {
    const abort = new AbortController();
    this.#calls.set(call, abort);
    const transfer: Transferable[] = [];
    let reportedAt = Number.NEGATIVE_INFINITY;
    try {
      const run: Run = {
        signal: abort.signal,
        limits: this.#limits,
        onProgress: (progress) => {
          const isLast = progress.done === progress.total;
          if (!isLast && performance.now() - reportedAt < REPORT_MS) return;
          reportedAt = performance.now();
          this.#post({ call, progress }, []);
        },
        give: (each) => transfer.push(each),
      };
      const value = await OPERATIONS[operation]!(this, given as never, run);
      this.#post({ call, value }, transfer);
    } catch (error) {
      try {
        this.#post({ call, ...failureOf(error) }, []);
      } catch {
        // A parameter that cannot pass between threads: the problem as text can.
        this.#post({ call, problem: problemOf(error) }, []);
      }
    } finally {
      this.#calls.delete(call);
    }
  }
}

function failureOf(error: unknown): Failure {
  const problem = problemOf(error);
  if (isVicinalError(error)) return { problem, code: error.code, params: error.params };
  const stack = problem.status === 500 && error instanceof Error ? error.stack : undefined;
  return { problem, stack };
}
