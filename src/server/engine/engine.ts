import { Worker } from "node:worker_threads";
import { type RunOptions, VicinalError } from "../../core/index.ts";
import type { ServerLimits } from "../limits.ts";
import { PassedOn, reportUnforeseen } from "../problem.ts";
import { Refusal } from "../refusal.ts";
import { Host } from "./host.ts";
import type { Failure, FromThread, ToThread, Transferable } from "./messages.ts";

interface Pending {
  resolve(value: never): void;
  reject(error: unknown): void;
  readonly run: RunOptions;
}

export interface CallOptions extends RunOptions {
  transfer?: readonly Transferable[];
}

/** A thread that holds indexes, seen from the server: the loop that answers HTTP never waits for a search. */
export class Engine {
  readonly #pending = new Map<number, Pending>();
  readonly #post: (message: ToThread, transfer: readonly Transferable[]) => void;
  readonly #stop: () => Promise<unknown>;
  #next = 1;
  #ended: Refusal | undefined;

  /** A thread of its own, or this one, where the program is not compiled. */
  constructor(limits: Readonly<ServerLimits>) {
    if (import.meta.url.endsWith(".ts")) {
      const host = new Host((message) => queueMicrotask(() => this.#hear(message)), limits);
      this.#post = (message) => setImmediate(() => host.hear(message));
      this.#stop = async () => {};
      return;
    }
    const worker = new Worker(new URL("./threadMain.js", import.meta.url), {
      execArgv: [],
      workerData: limits,
    });
    worker.on("message", (message: FromThread) => this.#hear(message));
    worker.on("error", (error) => this.#end(error));
    worker.on("exit", () => this.#end(undefined));
    this.#post = (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]);
    this.#stop = () => worker.terminate();
  }

  /** Asks for an operation. Aborting asks it to stop, and rejects with the signal's reason once it has. */
  call<T>(
    operation: string,
    given: unknown,
    { transfer = [], signal, onProgress }: CallOptions = {},
  ): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const call = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(call, { resolve, reject, run: { signal, onProgress } as RunOptions });
      this.#post({ call, operation, given }, transfer);
      signal?.addEventListener("abort", () => this.#post({ cancel: call }, []), { once: true });
    });
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  async stop(): Promise<void> {
    this.#ended ??= new Refusal("COLLECTION_UNKNOWN", "The collection was deleted meanwhile.");
    await this.#stop();
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }

  #hear(message: FromThread): void {
    const pending = this.#pending.get(message.call);
    if (pending === undefined) return;
    const { run, resolve, reject } = pending;
    if ("progress" in message) {
      run.onProgress?.(message.progress);
      return;
    }
    this.#pending.delete(message.call);
    if ("value" in message) resolve(message.value as never);
    else if (run.signal?.aborted) reject(run.signal.reason);
    else {
      if (message.stack !== undefined) reportUnforeseen(message.stack);
      reject(errorOf(message));
    }
  }

  /** A thread that ends by itself ran out of memory or met a fault; what it held is lost, the server goes on. */
  #end(error: unknown): void {
    if (this.#ended === undefined) reportUnforeseen(error ?? "a thread ended by itself");
    this.#ended ??= new Refusal(
      "INTERNAL",
      "The thread that held this collection has ended; create the collection again.",
    );
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

/** The error that another thread has met, as it was there. */
function errorOf({ problem, code, params }: Failure): Error {
  return code === undefined ? new PassedOn(problem) : new VicinalError(code, params as never);
}
