import { type Inputs, useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { JobProgress } from "../../../src/server/protocol.ts";
import type { Waiting } from "../client/index.ts";

export interface Work<T> {
  /** The last result; while new work is under way, that of the work before. */
  readonly value?: T | undefined;
  readonly error?: unknown;
  readonly pending: boolean;
  readonly progress?: JobProgress | undefined;
  /** Stops it; the error is then an abort. */
  cancel(): void;
  /** Begins again. */
  again(): void;
}

type State<T> = Omit<Work<T>, "cancel" | "again">;

/**
 * Work that depends on inputs: begun anew, and what was under way aborted, whenever one of them changes. `work` gives
 * undefined where there is nothing to do yet.
 */
export function useWork<T>(
  work: (waiting: Required<Waiting> & { signal: AbortSignal }) => Promise<T> | undefined,
  inputs: Inputs,
): Work<T> {
  const [{ of, ...state }, setState] = useState<State<T> & { of?: Inputs }>({ pending: true });
  const [round, setRound] = useState(0);
  const now: Inputs = [...inputs, round];
  const abort = useRef<AbortController | undefined>(undefined);
  useEffect(() => {
    const controller = new AbortController();
    abort.current = controller;
    // What the work before says late is not listened to.
    const tell = (next: (before: State<T>) => State<T>): void => {
      if (abort.current === controller) setState((before) => ({ ...next(before), of: now }));
    };
    const { signal } = controller;
    const begun = work({ signal, onProgress: (progress) => tell((before) => ({ ...before, progress })) });
    tell(({ value }) => ({ value, pending: begun !== undefined }));
    begun?.then(
      (value) => tell(() => ({ value, pending: false })),
      (error: unknown) => tell(() => ({ error, pending: false })),
    );
    return () => {
      abort.current = undefined;
      controller.abort();
    };
  }, now);
  // Work begins after inputs were drawn: till then the result before must not pass for theirs.
  const isBegun = of?.every((input, i) => Object.is(input, now[i])) ?? false;
  return {
    ...state,
    pending: state.pending || !isBegun,
    cancel: useCallback(() => abort.current?.abort(), []),
    again: useCallback(() => setRound((before) => before + 1), []),
  };
}
