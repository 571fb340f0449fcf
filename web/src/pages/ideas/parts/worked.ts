import { useEffect, useRef, useState } from "preact/hooks";

/** What a worker made of the latest input it got to; nothing before the first. */
export interface Worked<In, Out> {
  readonly done?: { readonly input: In; readonly output: Out };
  /** Why there is nothing new. */
  readonly error?: unknown;
}

interface Desk<In> {
  readonly worker: Worker;
  busy: In | undefined;
  waiting: In | undefined;
}

/** A worker's answers to an input that changes. While it computes, only the newest input waits: dragging never queues up. */
export function useWorked<In, Out>(start: () => Worker, input: In): Worked<In, Out> {
  const [worked, setWorked] = useState<Worked<In, Out>>({});
  const desk = useRef<Desk<In>>(undefined);
  useEffect(() => {
    const worker = start();
    const here: Desk<In> = { worker, busy: undefined, waiting: undefined };
    desk.current = here;
    worker.onmessage = ({ data }: MessageEvent<Out>) => {
      setWorked({ done: { input: here.busy!, output: data } });
      here.busy = here.waiting;
      here.waiting = undefined;
      if (here.busy !== undefined) worker.postMessage(here.busy);
    };
    worker.onerror = ({ message }) => {
      setWorked({ error: new Error(`The worker of this picture failed. ${message}`) });
    };
    return () => worker.terminate();
  }, []);
  useEffect(() => {
    const here = desk.current!;
    if (here.busy !== undefined) here.waiting = input;
    else here.worker.postMessage((here.busy = input));
  }, [input]);
  return worked;
}
