import type { ErrorCode, Progress } from "../../core/index.ts";
import type { Problem } from "../protocol.ts";

/** What the server asks of a thread that holds indexes. */
export type ToThread =
  | { readonly call: number; readonly operation: string; readonly given: unknown }
  | { readonly cancel: number };

/** What a thread answers, any number of times with progress and once with a value or a problem. */
export type FromThread =
  | { readonly call: number; readonly progress: Progress }
  | { readonly call: number; readonly value: unknown }
  | ({ readonly call: number } & Failure);

/** What went wrong, in a form that passes between threads. */
export interface Failure {
  readonly problem: Problem;
  /** Of an error of the library, from which it is made again. */
  readonly code?: ErrorCode;
  readonly params?: unknown;
  /** Of an unforeseen error, for the operator. */
  readonly stack?: string | undefined;
}

/** Sends a message, giving away what is listed. */
export type Post<M> = (message: M, transfer: readonly Transferable[]) => void;

export type Transferable = ArrayBuffer | import("node:worker_threads").MessagePort;
