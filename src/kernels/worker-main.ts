import type { WorkerPort } from "../platform/workers.ts";

/** A worker enters a shared memory with its own instance of the module. @internal */
export interface JoinMessage {
  readonly type: "join";
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** A worker takes part in a job: see PoolJob. @internal */
export interface WorkMessage {
  readonly type: "work";
  readonly fn: string;
  readonly args: readonly number[];
  readonly total: number;
  readonly chunk: number;
  readonly scratch: number;
  /** Address of two i32: number of the next chunk; whether to stop. */
  readonly control: number;
}

/** @internal */
export type ReplyMessage =
  | { readonly type: "ready" | "done" }
  | { readonly type: "failed"; readonly why: string };

/**
 * The whole program of a worker. Its source text is what a worker is started from, so it refers to nothing
 * outside itself, not even imported values.
 */
export function workerMain(port: WorkerPort): void {
  let memory: WebAssembly.Memory;
  let exports: Record<string, (...args: number[]) => unknown>;

  function work({ fn, args, total, chunk, scratch, control }: WorkMessage): void {
    const shared = new Int32Array(memory.buffer, control, 2);
    const run = exports[fn]!;
    while (Atomics.load(shared, 1) === 0) {
      const begin = Atomics.add(shared, 0, 1) * chunk;
      if (begin >= total) break;
      run(scratch, ...args, begin, Math.min(begin + chunk, total));
    }
  }

  port.onmessage = ({ data }) => {
    const message = data as JoinMessage | WorkMessage;
    try {
      if (message.type === "join") {
        memory = message.memory;
        exports = new WebAssembly.Instance(message.module, { env: { memory } }).exports as typeof exports;
        port.postMessage({ type: "ready" });
      } else {
        work(message);
        port.postMessage({ type: "done" });
      }
    } catch (error) {
      port.postMessage({ type: "failed", why: String(error) });
    }
  };
}
